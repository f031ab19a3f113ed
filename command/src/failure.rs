//! Why a command failed, and how it says so.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use doorward::Error;
use serde_json::json;

use crate::{show, signals};

/// EX_USAGE of sysexits.h: no status has this number.
pub const USAGE: u8 = 64;

/// What a shell says of a command that ended by SIGPIPE.
const NO_READER: u8 = 141;

pub type Outcome<T = ()> = Result<T, Failure>;

pub enum Failure {
    /// A status.
    Engine(Error),
    /// The command line is wrong.
    Usage(String),
    /// A file that it names, or standard input or output, cannot be read or written.
    File(String),
    /// What was asked was not confirmed, or nobody could be asked.
    NotConfirmed(String),
    /// A signal arrived, and this is how far it got.
    Interrupted(String),
    /// Who read the output has gone.
    NoReader,
}

impl Failure {
    pub fn file(name: &str, error: &io::Error) -> Failure {
        Failure::File(format!("{name}: {error}"))
    }

    /// Nobody is left to tell when this fails.
    pub fn report(self, json: bool, out: &mut impl Write) -> ExitCode {
        match &self {
            Failure::NoReader => {}
            failure if json => {
                let _ = writeln!(out, "{}", show::json(&failure.body())).and_then(|()| out.flush());
            }
            failure => drop(writeln!(io::stderr(), "doorward: {}", show::safe(&failure.text()))),
        }
        match self {
            Failure::Engine(error) => ExitCode::from(error.status() as u8),
            Failure::Usage(_) | Failure::File(_) | Failure::NotConfirmed(_) => USAGE.into(),
            Failure::Interrupted(_) => signals::end(),
            Failure::NoReader => NO_READER.into(),
        }
    }

    fn text(&self) -> String {
        match self {
            Failure::Engine(error) => {
                let field = error.field.as_ref().map(|field| format!(" ({field})")).unwrap_or_default();
                format!("{error}{field}")
            }
            Failure::Usage(text)
            | Failure::File(text)
            | Failure::NotConfirmed(text)
            | Failure::Interrupted(text) => text.clone(),
            Failure::NoReader => String::new(),
        }
    }

    /// As the body of a status; what is the command's own has codes of its own.
    fn body(&self) -> String {
        let (code, message) = match self {
            Failure::Engine(error) => return error.to_json(),
            Failure::Usage(_) => ("usage", "The command line is wrong."),
            Failure::File(_) => ("file", "A file cannot be read or written."),
            Failure::NotConfirmed(_) => ("not_confirmed", "What was asked was not confirmed."),
            Failure::Interrupted(_) => ("interrupted", "A signal ended the command."),
            Failure::NoReader => ("no_reader", "Nobody reads the output."),
        };
        json!({"error": {"code": code, "message": message, "detail": self.text()}}).to_string()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Engine(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            ErrorKind::BrokenPipe => Failure::NoReader,
            _ if signals::arrived().is_some() => Failure::Interrupted("interrupted".to_owned()),
            _ => Failure::File(error.to_string()),
        }
    }
}
