//! `import` and `export`: accounts as NDJSON, one JSON object per line.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use doorward::{Code, Error, ImportUsersRequest, ImportUsersResponse, ImportedUser};
use serde_json::{Value, json};

use crate::Context;
use crate::actor;
use crate::failure::{Failure, Outcome};
use crate::host::Host;
use crate::show::{self, Bar, word};
use crate::signals::{self, Input, Signals};

#[derive(Args)]
pub struct Import {
    /// A file of NDJSON, each line an account as `import_users` accepts it; `-` is standard input.
    file: PathBuf,
    /// Create nothing, but report what the import would do, to the end of the file.
    #[arg(long)]
    dry_run: bool,
    /// What to do about a problem with a line: `fail` ends the import before its batch, `skip` leaves the
    /// line out.
    #[arg(long, value_enum, default_value_t = OnConflict::Fail)]
    on_conflict: OnConflict,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnConflict {
    Fail,
    Skip,
}

/// How many lines are imported in one transaction.
const BATCH: usize = 1000;

/// How many accounts with a `check` are in one transaction: as many as a call takes.
const CHECKS: usize = 20;

/// How many invalid lines are reported one by one.
const MOST_MALFORMED: u64 = 1000;

impl Import {
    pub fn run(self, context: &mut Context) -> Outcome {
        let longest = context.source.config()?.limits.request_bytes.get();
        let signals = signals::watch()?;
        let mut lines = Lines::open(&self.file, longest, signals)?;
        let host = context.source.open()?;
        let mut done = Done::default();
        let mut bar = Bar::new();
        let result = self.import(&host, &mut lines, signals, &mut done, &mut bar, context);
        bar.clear();
        let is_whole = result.is_ok() && (self.dry_run || !done.is_stopped);
        done.tell(&self, is_whole, context)?;
        result?;
        match (self.on_conflict, done.problems, done.malformed) {
            (OnConflict::Fail, problems, malformed) if problems + malformed > 0 => {
                Err(refused(problems + malformed).into())
            }
            (OnConflict::Skip, _, malformed) if malformed > 0 => {
                Err(Error::new(Code::InvalidRequest, format!("invalid lines: {malformed}")).into())
            }
            _ => Ok(()),
        }
    }

    fn import(
        &self,
        host: &Host,
        lines: &mut Lines,
        signals: &Signals,
        done: &mut Done,
        bar: &mut Bar,
        context: &mut Context,
    ) -> Outcome {
        let mut rehearsal = self.dry_run.then(|| host.engine.rehearse_imports()).transpose()?;
        while let Some(batch) = lines.batch()? {
            signals.check(|| "interrupted".to_owned())?;
            let Batch { users, numbers, malformed, last } = batch;
            let is_refused = self.on_conflict == OnConflict::Fail && !malformed.is_empty();
            let report = match &mut rehearsal {
                Some(rehearsal) => rehearsal.import_users(users)?,
                None => self.send(host, users, is_refused)?,
            };
            let has_problems = !malformed.is_empty() || !report.problems.is_empty();
            if has_problems {
                bar.clear();
            }
            done.problems(&malformed, &report, &numbers, context)?;
            done.is_stopped |= has_problems && self.on_conflict == OnConflict::Fail;
            if done.is_stopped && !self.dry_run {
                return Ok(());
            }
            done.add(&report, malformed.len() as u64, last);
            bar.show("import", lines.read, lines.length, &format!("{} accounts", done.imported));
        }
        Ok(())
    }

    /// Imports one batch in a transaction.
    fn send(&self, host: &Host, users: Vec<ImportedUser>, is_refused: bool) -> Outcome<ImportUsersResponse> {
        let on_conflict = match self.on_conflict {
            OnConflict::Fail => doorward::OnConflict::Fail,
            OnConflict::Skip => doorward::OnConflict::Skip,
        };
        let request = ImportUsersRequest::new(users).dry_run(is_refused).on_conflict(on_conflict);
        let import = || host.engine.import_users(request);
        Ok(doorward::acting(actor::current(), import)?)
    }
}

fn refused(problems: u64) -> Error {
    Error::new(Code::InvalidRequest, format!("problems found: {problems}"))
}

/// The progress so far.
#[derive(Default)]
struct Done {
    imported: u64,
    present: u64,
    skipped: u64,
    problems: u64,
    malformed: u64,
    hashes: BTreeMap<String, u64>,
    /// The last line that was processed.
    line: u64,
    /// Whether `fail` has ended the import, or would have.
    is_stopped: bool,
    /// How many accounts would be imported without the lines that have problems, if `fail` would have ended
    /// it.
    good: u64,
}

impl Done {
    /// Reports the problems of a batch, in the order of its lines.
    fn problems(
        &mut self,
        malformed: &[Malformed],
        report: &ImportUsersResponse,
        numbers: &[u64],
        context: &mut Context,
    ) -> Outcome {
        let mut told: Vec<(u64, String)> = Vec::new();
        for Malformed { line, column, why } in malformed {
            self.malformed += 1;
            if self.malformed > MOST_MALFORMED {
                continue;
            }
            let problem = json!({"line": line, "column": column, "code": "malformed", "detail": why});
            let text = match context.json {
                true => show::json(&problem.to_string()).into_owned(),
                false => format!("line {line}, column {column}: {}", show::safe(why)),
            };
            told.push((*line, text));
        }
        for problem in &report.problems {
            let line = numbers.get(problem.index).copied().unwrap_or_default();
            let code = json!(problem.code);
            let text = match (context.json, &problem.reason) {
                (true, None) => json!({"line": line, "code": code}).to_string(),
                (true, Some(why)) => json!({"line": line, "code": code, "reason": why}).to_string(),
                (false, None) => format!("line {line}: {}", word(&code)),
                (false, Some(why)) => format!("line {line}: {} ({why})", word(&code)),
            };
            told.push((line, text));
        }
        self.problems += report.problems.len() as u64;
        told.sort_by_key(|(line, _)| *line);
        told.into_iter().try_for_each(|(_, text)| Ok(writeln!(context.out, "{text}")?))
    }

    fn add(&mut self, report: &ImportUsersResponse, malformed: u64, last: u64) {
        self.good += report.imported as u64;
        if self.is_stopped {
            return;
        }
        self.imported += report.imported as u64;
        self.present += report.present as u64;
        self.skipped += report.skipped as u64 + malformed;
        for (scheme, hashes) in &report.hashes {
            *self.hashes.entry((*scheme).to_owned()).or_default() += *hashes as u64;
        }
        self.line = last;
    }

    fn tell(&self, import: &Import, is_whole: bool, context: &mut Context) -> Outcome {
        let Done { imported, present, skipped, hashes, line, malformed, .. } = self;
        if *malformed > MOST_MALFORMED && !context.json {
            writeln!(context.out, "Further invalid lines: {}.", malformed - MOST_MALFORMED)?;
        }
        if context.json {
            let summary = json!({"imported": imported, "present": present, "skipped": skipped, "hashes": hashes,
                "malformed": malformed, "lines": line, "complete": is_whole});
            return Ok(writeln!(context.out, "{summary}")?);
        }
        let there = if *present > 0 { format!(", there already: {present}") } else { String::new() };
        let counts = format!("{imported}{there}, skipped: {skipped}, of the lines up to {line}");
        match (import.dry_run, self.is_stopped) {
            (false, _) => writeln!(context.out, "Imported: {counts}.")?,
            (true, false) => writeln!(context.out, "Nothing is written yet. Would be imported: {counts}.")?,
            (true, true) => writeln!(
                context.out,
                "Nothing is written yet. The import would end before the first batch with a problem: imported: {counts}."
            )?,
        }
        if !hashes.is_empty() {
            let hashes: Vec<_> = hashes.iter().map(|(scheme, count)| format!("{scheme} {count}")).collect();
            writeln!(context.out, "Password hashes: {}.", hashes.join(", "))?;
        }
        if self.is_stopped && import.dry_run {
            writeln!(
                context.out,
                "With --on-conflict skip it would go on to the end of the file: imported: {}.",
                self.good
            )?;
        } else if self.is_stopped {
            writeln!(
                context.out,
                "The import ended before the first batch with a problem; --dry-run reports all problems of the file."
            )?;
        }
        if !is_whole && !import.dry_run && *imported > 0 {
            let how = "To go on, import the whole file again: existing accounts are skipped.";
            writeln!(context.out, "{how}")?;
        }
        Ok(())
    }
}

/// The lines of a file, numbered from 1.
struct Lines {
    reader: Box<dyn BufRead>,
    number: u64,
    /// The bytes read, and the total, if known.
    read: u64,
    length: u64,
    longest: usize,
}

/// The accounts for one transaction, the line number of each, and the invalid lines between them.
#[derive(Default)]
struct Batch {
    users: Vec<ImportedUser>,
    numbers: Vec<u64>,
    malformed: Vec<Malformed>,
    /// The number of its last line.
    last: u64,
}

/// An invalid line.
struct Malformed {
    line: u64,
    /// In bytes, from 1.
    column: usize,
    why: String,
}

impl Lines {
    /// Failure: the file is not NDJSON.
    fn open(path: &PathBuf, request_bytes: usize, signals: &'static Signals) -> Outcome<Lines> {
        let name = show::path(path);
        let unreadable = |error: io::Error| Failure::file(&format!("FILE {name}"), &error);
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
                "FILE {name}: {form}; expected NDJSON: one JSON object a line, as {{\"username\":\"ada\",\"email\":\"ada@example.com\"}}"
            );
            return Err(Error::new(Code::InvalidRequest, why).into());
        }
        if bom {
            reader.consume(3);
        }
        Ok(Lines { reader, number: 0, read: 0, length, longest: request_bytes })
    }

    /// Returns the next lines: at most one transaction's number, with at most a call's passwords to compare, and at
    /// most one request's bytes.
    fn batch(&mut self) -> Outcome<Option<Batch>> {
        let mut batch = Batch::default();
        let begin = self.read;
        let mut checks = 0;
        while batch.numbers.len() + batch.malformed.len() < BATCH
            && checks < CHECKS
            && self.read - begin < self.longest as u64
            && let Some(account) = self.account()?
        {
            batch.last = self.number;
            match account {
                Ok(user) => {
                    checks += usize::from(user.check.is_some());
                    batch.users.push(user);
                    batch.numbers.push(self.number);
                }
                Err(malformed) => batch.malformed.push(malformed),
            }
        }
        Ok((batch.last > 0).then_some(batch))
    }

    /// Returns the next line that is not blank.
    fn account(&mut self) -> Outcome<Option<Result<ImportedUser, Malformed>>> {
        loop {
            let mut line = self.piece()?;
            if line.is_empty() {
                return Ok(None);
            }
            self.number += 1;
            let number = self.number;
            let malformed = |column, why: String| Ok(Some(Err(Malformed { line: number, column, why })));
            if line.len() > self.longest {
                while line.len() > self.longest && !line.ends_with(b"\n") {
                    line = self.piece()?;
                }
                let why = format!("longer than {} bytes (limits.request_bytes)", self.longest);
                return malformed(self.longest, why);
            }
            let text = match str::from_utf8(&line) {
                Ok(text) => text,
                Err(error) => return malformed(error.valid_up_to() + 1, "not UTF-8".to_owned()),
            };
            let begin = text.len() - text.trim_start().len();
            match text.trim() {
                "" => {}
                text if !text.starts_with('{') => {
                    return malformed(begin + 1, "expected a JSON object".to_owned());
                }
                text => {
                    let parsed = ImportedUser::parse(text);
                    let Err(error) = parsed else { return Ok(parsed.ok().map(Ok)) };
                    // The position at which the parser noticed the flaw.
                    let column =
                        serde_json::from_str::<ImportedUser>(text).err().map_or(0, |error| error.column());
                    return malformed(begin + column.max(1), why(&error));
                }
            }
        }
    }

    /// Returns the rest of the line, or one byte more than a line may have.
    fn piece(&mut self) -> Outcome<Vec<u8>> {
        let mut line = Vec::new();
        self.read += self.reader.by_ref().take(self.longest as u64 + 1).read_until(b'\n', &mut line)? as u64;
        Ok(line)
    }
}

/// Describes the flaw of a line without repeating its values.
fn why(error: &Error) -> String {
    match (error.code, &error.field, &error.detail) {
        (Code::InvalidJson, ..) => "not JSON".to_owned(),
        (_, Some(field), Some(detail)) if field.len() > 1 => format!("{}: {detail}", &field[1..]),
        (_, _, Some(detail)) => detail.to_string(),
        _ => "not an account".to_owned(),
    }
}

/// The first bytes of files of gzip, zstd, xz and bzip2.
const COMPRESSED: [&[u8]; 4] = [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", b"BZh"];

/// Recognizes other formats by the beginning of the file.
fn other_form(begins: &[u8]) -> Option<&'static str> {
    let text = begins.trim_ascii_start();
    let first_line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    match text {
        _ if begins.starts_with(b"PK\x03\x04") || begins.starts_with(b"\xd0\xcf\x11\xe0") => {
            Some("this is an Excel file or another archive")
        }
        _ if COMPRESSED.iter().any(|magic| begins.starts_with(magic)) => Some("this is compressed"),
        _ if begins.starts_with(b"\xff\xfe") || begins.starts_with(b"\xfe\xff") => Some("this is UTF-16"),
        _ if first_line.contains(&0) => Some("this is not text"),
        [b'[', ..] => Some("this is a JSON array"),
        [] | [b'{', ..] => None,
        _ if first_line.iter().any(|byte| b",;\t".contains(byte)) => Some("this looks like CSV"),
        _ => None,
    }
}

#[derive(Args)]
pub struct Export {
    /// Write the hashes of passwords, too. The audit log tells it.
    #[arg(long)]
    with_hashes: bool,
    /// Write second factors with their secrets, passkeys and identities, too. The audit log tells it.
    #[arg(long)]
    with_factors: bool,
}

impl Export {
    /// Writes all accounts in the format of import.
    pub fn run(self, context: &mut Context) -> Outcome {
        let Export { with_hashes, with_factors } = self;
        let host = context.source.open()?;
        let signals = signals::watch()?;
        let mut exported = 0;
        let request = json!({"with_hashes": with_hashes, "with_factors": with_factors});
        host.pages("export_users", request, "users", |users| {
            signals.check(|| format!("interrupted, accounts written so far: {exported}"))?;
            exported += users.len();
            users.iter().try_for_each(|user| {
                let members = user.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
                let line: Value = members.map(|(name, value)| (name.clone(), value.clone())).collect();
                Ok(writeln!(context.out, "{}", show::json(&line.to_string()))?)
            })
        })?;
        context.out.flush()?;
        let secrets = match (with_hashes, with_factors) {
            (true, true) => "with passwords and second factors: keep the file secret",
            (true, false) => "with passwords, without second factors: keep the file secret",
            (false, true) => "with second factors, without passwords: keep the file secret",
            (false, false) => "without passwords and second factors",
        };
        writeln!(io::stderr(), "Accounts exported: {exported}, {secrets}.")?;
        Ok(())
    }
}
