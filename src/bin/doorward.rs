//! The administrator's command: what the library can do, from a shell. Secrets come from files and standard input,
//! never from arguments, which every user of the machine can read.

use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use doorward::config::StoreUrl;
use doorward::{Code, Config, Engine, Error, Hooks, Moved};
use serde_json::{Map, Value, json};

/// Administers a doorward store: users, passwords, sessions and tokens.
///
/// The exit code is the status of the answer: 0 OK, 1 DENIED, 2 STEP_UP, 3 FORBIDDEN, 4 INVALID_REQUEST, 5 NOT_FOUND,
/// 6 CONFLICT, 7 THROTTLED, 8 UNAVAILABLE, 9 CONFIG, 10 MISUSE, 11 INTERNAL; and 64 where the command line is wrong.
#[derive(Parser)]
#[command(name = "doorward", version, verbatim_doc_comment)]
struct Line {
    #[command(flatten)]
    source: Source,
    /// Print JSON instead of text for people.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

/// Which engine to open.
#[derive(Args)]
struct Source {
    /// A file with the configuration that the host opens the engine with, as JSON.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The store, instead of the configuration's: sqlite:PATH, postgres://…, or @FILE that holds it.
    #[arg(long, global = true, value_name = "URL")]
    store: Option<String>,
    /// The file with the secret key, instead of the configuration's.
    #[arg(long, global = true, value_name = "FILE")]
    secret_key_file: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Run an operation: JSON in, JSON out.
    Call {
        /// Its name, as the reference spells it.
        operation: String,
        /// The request; `-` reads it from standard input, where passwords belong.
        #[arg(default_value = "{}")]
        request: String,
    },
    /// Judge the configuration on this machine; fails with CONFIG when there is a problem.
    Doctor,
    /// Move everything in one store into another that is empty.
    ///
    /// Ids, tokens and sessions keep working with the same secret key. Stop the hosts first: what they write to the old
    /// store meanwhile is not moved.
    Migrate {
        /// The store to read: sqlite:PATH, postgres://…, or @FILE that holds it.
        #[arg(long, value_name = "URL")]
        from: String,
        /// The empty store to fill.
        #[arg(long, value_name = "URL")]
        to: String,
    },
}

/// EX_USAGE of sysexits.h: no status has this number.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let line = match Line::try_parse() {
        Ok(line) => line,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { USAGE.into() } else { ExitCode::SUCCESS };
        }
    };
    let mut out = io::stdout().lock();
    let result = match &line.command {
        Command::Call { operation, request } => call(&line, operation, request, &mut out),
        Command::Doctor => doctor(&line, &mut out),
        Command::Migrate { from, to } => migrate(&line, from, to, &mut out),
    };
    match result.and_then(|()| out.flush().map_err(Failure::from)) {
        Ok(()) => ExitCode::SUCCESS,
        // `call` answers in JSON whatever happens.
        Err(failure) => failure.report(line.json || matches!(line.command, Command::Call { .. })),
    }
}

fn call(line: &Line, operation: &str, request: &str, out: &mut impl Write) -> Result<(), Failure> {
    let engine = line.source.open()?;
    let request = match request {
        "-" => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text)?;
            text
        }
        request => request.to_owned(),
    };
    Ok(writeln!(out, "{}", engine.call(operation, &request)?)?)
}

fn doctor(line: &Line, out: &mut impl Write) -> Result<(), Failure> {
    let text = line.source.open()?.call("doctor", "{}")?;
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    let findings = answer["findings"].as_array().cloned().unwrap_or_default();
    if line.json {
        writeln!(out, "{text}")?;
    } else {
        for finding in &findings {
            let part = |name: &str| finding[name].as_str().unwrap_or_default();
            writeln!(out, "{:8} {:20} {}", part("severity"), part("check"), part("message"))?;
        }
    }
    let problems = findings.iter().filter(|finding| finding["severity"] == "problem").count();
    match problems {
        0 => Ok(()),
        count => Err(Failure::from(Error::new(Code::InvalidConfig, format!("problems found: {count}")))),
    }
}

fn migrate(line: &Line, from: &str, to: &str, out: &mut impl Write) -> Result<(), Failure> {
    let (from, to) = (store_url(from, "/from")?, store_url(to, "/to")?);
    let mut bar = Bar { shown: io::stderr().is_terminal(), tenth: u64::MAX };
    let moved = doorward::migrate(&from, &to, |moved| bar.show(moved))?;
    bar.clear();
    if line.json {
        let rows: Map<String, Value> =
            moved.iter().map(|moved| (moved.table.to_owned(), json!(moved.rows))).collect();
        writeln!(out, "{}", json!({ "moved": rows }))?;
    } else {
        for moved in &moved {
            writeln!(out, "{:12} {:>12}", moved.table, moved.rows)?;
        }
        writeln!(out, "Moved and compared. Open the new store with the same secret key.")?;
    }
    Ok(())
}

impl Source {
    fn open(&self) -> Result<Engine, Failure> {
        let text = match &self.config {
            Some(path) => fs::read_to_string(path).map_err(|error| Failure::file("--config", &error))?,
            None => "{}".to_owned(),
        };
        // The engine reads the text itself where nothing is set above it: it alone judges it.
        if self.store.is_none() && self.secret_key_file.is_none() {
            return Ok(Engine::open(Config::parse(&text)?, Hooks::default())?);
        }
        Config::parse(&text)?;
        let mut config: Map<String, Value> = serde_json::from_str(&text).unwrap_or_default();
        if let Some(store) = &self.store {
            config.insert("store".to_owned(), json!(named_or_in_file(store, "--store")?));
        }
        if let Some(path) = &self.secret_key_file {
            for key in ["secret_key", "secret_keys"] {
                config.remove(key);
            }
            config.insert("secret_key_file".to_owned(), json!(path));
        }
        let config = Config::parse(&Value::Object(config).to_string())?;
        Ok(Engine::open(config, Hooks::default())?)
    }
}

fn store_url(text: &str, field: &'static str) -> Result<StoreUrl, Failure> {
    let expected = |reason| Failure::from(Error::at(Code::InvalidConfig, field, reason));
    named_or_in_file(text, field)?.parse().map_err(expected)
}

/// A text, or, after `@`, the file that holds it.
fn named_or_in_file(text: &str, option: &str) -> Result<String, Failure> {
    match text.strip_prefix('@') {
        Some(path) => {
            let text = fs::read_to_string(path).map_err(|error| Failure::file(option, &error))?;
            Ok(text.trim_end().to_owned())
        }
        None => Ok(text.to_owned()),
    }
}

/// How far it is, on a terminal.
struct Bar {
    shown: bool,
    tenth: u64,
}

impl Bar {
    fn show(&mut self, moved: Moved) {
        let tenth = moved.rows * 1000 / moved.of.max(1);
        if self.shown && tenth != self.tenth {
            self.tenth = tenth;
            let filled = (tenth / 25) as usize;
            let (bar, percent) = ("#".repeat(filled), tenth as f64 / 10.0);
            eprint!("\r{:12} [{bar:40}] {percent:5.1} % of {} rows\x1b[K", moved.table, moved.of);
        }
    }

    fn clear(&self) {
        if self.shown {
            eprint!("\r\x1b[K");
        }
    }
}

/// Why a command failed.
enum Failure {
    Engine(Error),
    Io(String),
}

impl Failure {
    fn file(option: &str, error: &io::Error) -> Failure {
        Failure::Io(format!("{option}: {error}"))
    }

    fn report(self, json: bool) -> ExitCode {
        match self {
            Failure::Engine(error) => {
                // Nobody is left to tell when this fails.
                let _ = if json {
                    writeln!(io::stdout(), "{}", error.to_json())
                } else {
                    writeln!(io::stderr(), "doorward: {error}")
                };
                ExitCode::from(error.status() as u8)
            }
            Failure::Io(text) => {
                let _ = writeln!(io::stderr(), "doorward: {text}");
                USAGE.into()
            }
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Engine(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Io(error.to_string())
    }
}
