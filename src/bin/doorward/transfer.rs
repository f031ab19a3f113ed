//! `import` and `export`: accounts as NDJSON, one JSON object a line.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use doorward::{Code, Error};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::Context;
use crate::actor;
use crate::door::Door;
use crate::failure::{Failure, Outcome};
use crate::show::{self, Bar, word};
use crate::signals::{self, Input, Signals};

#[derive(Args)]
pub struct Import {
    /// NDJSON, each line an account as `import_users` takes it; `-` is standard input.
    file: PathBuf,
    /// Create nothing, only report.
    #[arg(long)]
    dry_run: bool,
    /// What a problem with an account does: `fail` ends the import before its batch, `skip` leaves the account out.
    #[arg(long, value_enum, default_value_t = OnConflict::Fail)]
    on_conflict: OnConflict,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnConflict {
    Fail,
    Skip,
}

/// How many accounts one call imports, in one transaction.
const BATCH: usize = 1000;

impl Import {
    pub fn run(self, context: &mut Context) -> Outcome {
        let longest = context.source.config()?.limits.request_bytes.get();
        let signals = signals::watch()?;
        let mut lines = Lines::open(&self.file, longest, signals)?;
        let door = context.source.open()?;
        let (mut done, mut bar) = (Done::default(), Bar::new());
        let result = self.import(&door, &mut lines, signals, &mut done, &mut bar, context);
        bar.clear();
        done.tell(self.dry_run, result.is_ok(), context)?;
        let Err(failure) = result else {
            let is_refused = self.on_conflict == OnConflict::Fail && done.problems > 0;
            return if is_refused { Err(refused(done.problems).into()) } else { Ok(()) };
        };
        Err(failure)
    }

    fn import(
        &self,
        door: &Door,
        lines: &mut Lines,
        signals: &Signals,
        done: &mut Done,
        bar: &mut Bar,
        context: &mut Context,
    ) -> Outcome {
        while let Some(batch) = lines.batch()? {
            signals.check(|| "interrupted".to_owned())?;
            let report = self.send(door, &batch)?;
            let problems = report["problems"].as_array().map_or(&[][..], Vec::as_slice);
            if !problems.is_empty() {
                bar.clear();
            }
            for problem in problems {
                let line = problem["index"].as_u64().and_then(|index| batch.numbers.get(index as usize));
                let (line, code) = (line.copied().unwrap_or_default(), &problem["code"]);
                match context.json {
                    true => writeln!(context.out, "{}", json!({"line": line, "code": code}))?,
                    false => writeln!(context.out, "line {line}: {}", word(code))?,
                }
            }
            done.problems += problems.len();
            if !problems.is_empty() && self.on_conflict == OnConflict::Fail && !self.dry_run {
                return Err(refused(problems.len()).into());
            }
            done.add(&report, &batch);
            let about = format!("{} accounts", done.imported);
            bar.show("import", lines.read, lines.length, &about);
        }
        Ok(())
    }

    /// The lines go as they stand: the engine alone judges them.
    fn send(&self, door: &Door, batch: &Batch) -> Outcome<Value> {
        let on_conflict = if self.on_conflict == OnConflict::Fail { "fail" } else { "skip" };
        let request = format!(
            r#"{{"actor":{},"dry_run":{},"on_conflict":"{on_conflict}","users":[{}]}}"#,
            json!(actor::name()),
            self.dry_run,
            batch.text
        );
        match door.engine.call("import_users", &request) {
            Ok(report) => Ok(serde_json::from_str(&report).unwrap_or_default()),
            Err(mut error) => {
                let field = error.field.take().unwrap_or_default();
                let mut path = field.strip_prefix("/users/").unwrap_or_default().splitn(2, '/');
                let line = path.next().and_then(|index| batch.numbers.get(index.parse::<usize>().ok()?));
                let Some(line) = line else { return Err(Error { field: Some(field), ..error }.into()) };
                let member = path.next().map(|member| format!(" {member}")).unwrap_or_default();
                let why = error.detail.as_deref().unwrap_or("refused");
                Err(Error::new(error.code, format!("line {line}:{member} {why}")).into())
            }
        }
    }
}

fn refused(problems: usize) -> Error {
    Error::new(Code::InvalidRequest, format!("problems found: {problems}"))
}

/// What is done so far.
#[derive(Default)]
struct Done {
    imported: u64,
    skipped: u64,
    problems: usize,
    hashes: BTreeMap<String, u64>,
    /// The last line that is.
    line: u64,
}

impl Done {
    fn add(&mut self, report: &Value, batch: &Batch) {
        let count = |value: &Value| value.as_u64().unwrap_or(0);
        self.imported += count(&report["imported"]);
        self.skipped += count(&report["skipped"]);
        for (scheme, hashes) in report["hashes"].as_object().into_iter().flatten() {
            *self.hashes.entry(scheme.clone()).or_default() += count(hashes);
        }
        self.line = batch.numbers.last().copied().unwrap_or(self.line);
    }

    fn tell(&self, dry_run: bool, is_whole: bool, context: &mut Context) -> Outcome {
        let Done { imported, skipped, hashes, line, .. } = self;
        if context.json {
            let summary = json!({"imported": imported, "skipped": skipped, "hashes": hashes, "lines": line,
                "complete": is_whole});
            return Ok(writeln!(context.out, "{summary}")?);
        }
        let would = if dry_run { "Would be imported" } else { "Imported" };
        writeln!(context.out, "{would}: {imported}, skipped: {skipped}, of the lines up to {line}.")?;
        if !hashes.is_empty() {
            let hashes: Vec<_> = hashes.iter().map(|(scheme, count)| format!("{scheme} {count}")).collect();
            writeln!(context.out, "Password hashes: {}.", hashes.join(", "))?;
        }
        if !is_whole && !dry_run && *imported > 0 {
            let how = "To go on, import the whole file again with --on-conflict skip: what is there is passed over.";
            writeln!(context.out, "{how}")?;
        }
        Ok(())
    }
}

/// The lines of a file, numbered from 1.
struct Lines {
    name: String,
    reader: Box<dyn BufRead>,
    number: u64,
    /// Bytes read, and how many there are, as far as that is known.
    read: u64,
    length: u64,
    longest: usize,
    /// A line that was too much for the batch before.
    kept: Option<String>,
}

/// Accounts for one call: JSON texts with commas between them, and the number of each one's line.
#[derive(Default)]
struct Batch {
    text: String,
    numbers: Vec<u64>,
}

impl Lines {
    /// Failure: the file is none that holds NDJSON.
    fn open(path: &PathBuf, request_bytes: usize, signals: &'static Signals) -> Outcome<Lines> {
        let name = path.display().to_string();
        let unreadable = |error: io::Error| Failure::file(&name, &error);
        let (mut reader, length): (Box<dyn BufRead>, u64) = if name == "-" {
            (Box::new(BufReader::new(Input(signals))), 0)
        } else {
            let file = File::open(path).map_err(unreadable)?;
            let metadata = file.metadata().map_err(unreadable)?;
            (Box::new(BufReader::new(file)), if metadata.is_file() { metadata.len() } else { 0 })
        };
        let begins = reader.fill_buf().map_err(unreadable)?;
        let bom = begins.starts_with(b"\xef\xbb\xbf");
        if let Some(form) = other_form(&begins[if bom { 3 } else { 0 }..]) {
            let why = format!(
                "{name}: {form}; expected NDJSON: one JSON object a line, as {{\"username\":\"ada\",\"email\":\"ada@example.com\"}}"
            );
            return Err(Error::new(Code::InvalidRequest, why).into());
        }
        if bom {
            reader.consume(3);
        }
        // What the request has beside its accounts is shorter than this.
        let longest = request_bytes.saturating_sub(100);
        Ok(Lines { name, reader, number: 0, read: 0, length, longest, kept: None })
    }

    /// The next accounts, as many as one call takes.
    fn batch(&mut self) -> Outcome<Option<Batch>> {
        let mut batch = Batch::default();
        while batch.numbers.len() < BATCH {
            let Some(line) = self.kept.take().map_or_else(|| self.account(), |line| Ok(Some(line)))? else {
                break;
            };
            if batch.text.len() + line.len() + 1 > self.longest && !batch.numbers.is_empty() {
                self.kept = Some(line);
                break;
            }
            if !batch.numbers.is_empty() {
                batch.text.push(',');
            }
            batch.text += &line;
            batch.numbers.push(self.number);
        }
        Ok((!batch.numbers.is_empty()).then_some(batch))
    }

    /// The next line that is not blank: a JSON object.
    fn account(&mut self) -> Outcome<Option<String>> {
        loop {
            let mut line = Vec::new();
            let read = self.reader.by_ref().take(self.longest as u64 + 1).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            self.read += read as u64;
            if read > self.longest {
                return Err(self.wrong(&format!("longer than {} bytes (limits.request_bytes)", self.longest)));
            }
            let line = String::from_utf8(line).map_err(|_| self.wrong("not UTF-8"))?;
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            if !line.starts_with('{') {
                return Err(self.wrong("expected a JSON object"));
            }
            return match serde_json::from_str::<&RawValue>(line) {
                Ok(object) => Ok(Some(object.get().to_owned())),
                Err(error) => Err(self.wrong(&format!("no JSON, from column {} on", error.column()))),
            };
        }
    }

    fn wrong(&self, why: &str) -> Failure {
        let why = format!("{}, line {}: {why}", self.name, self.number);
        Error::new(Code::InvalidRequest, why).into()
    }
}

/// What a file is by its beginning, when that is not NDJSON.
fn other_form(begins: &[u8]) -> Option<&'static str> {
    let text = begins.trim_ascii_start();
    let first_line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    match text {
        _ if begins.starts_with(b"PK\x03\x04") || begins.starts_with(b"\xd0\xcf\x11\xe0") => {
            Some("this is an Excel file or another archive")
        }
        _ if begins.starts_with(b"\xff\xfe") || begins.starts_with(b"\xfe\xff") => Some("this is UTF-16"),
        [b'[', ..] => Some("this is a JSON array"),
        [] | [b'{', ..] => None,
        _ if first_line.iter().any(|byte| b",;\t".contains(byte)) => Some("this looks like CSV"),
        _ => None,
    }
}

/// Writes all accounts in the form that import reads.
pub fn export(context: &mut Context) -> Outcome {
    const FORM: [&str; 7] =
        ["username", "email", "email_verified", "is_active", "roles", "attributes", "locale"];
    let door = context.source.open()?;
    let (signals, mut exported) = (signals::watch()?, 0);
    door.pages("list_users", json!({}), "users", |users| {
        signals.check(|| format!("interrupted, accounts written so far: {exported}"))?;
        exported += users.len();
        users.iter().try_for_each(|user| {
            let members = FORM.iter().filter(|name| !user[**name].is_null());
            let line: Value = members.map(|name| ((*name).to_owned(), user[*name].clone())).collect();
            Ok(writeln!(context.out, "{}", show::json(&line.to_string()))?)
        })
    })?;
    writeln!(io::stderr(), "Accounts exported: {exported}, without passwords.")?;
    Ok(())
}
