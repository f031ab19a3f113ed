//! Why a command failed, and how it reports that.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use doorward::{Error, Status};
use serde_json::{Value, json};

use crate::signals::Interrupted;
use crate::{show, signals};

/// EX_USAGE of sysexits.h: no status has this number.
pub const USAGE: u8 = 64;

/// EX_DATAERR of sysexits.h.
const DATA: u8 = 65;

/// The exit code that shells report for a command ended by SIGPIPE.
const NO_READER: u8 = 141;

pub type Outcome<T = ()> = Result<T, Failure>;

pub enum Failure {
    /// The engine refused.
    Engine(Error),
    /// No live session has this id.
    NoSession,
    /// The log has no chain, for this reason.
    NoChain(&'static str),
    /// The log is not as it was written.
    LogChanged,
    /// The command line is wrong.
    Usage(String),
    /// A file on the command line, or standard input or output, cannot be read or written.
    File(String),
    /// A question was not confirmed, or could not be asked.
    NotConfirmed(String),
    /// A signal arrived; this much was done.
    Interrupted(String),
    /// The reader of the output has gone.
    NoReader,
}

impl Failure {
    pub fn file(name: &str, error: &io::Error) -> Failure {
        Failure::File(format!("{name}: {}", reason(error)))
    }

    /// Reports the failure, with the argument that caused it. If this fails, it cannot be reported.
    pub fn report(self, origin: Option<&str>, json: bool, out: &mut impl Write) -> ExitCode {
        match &self {
            Failure::NoReader => {}
            failure if json && failure.write_body(origin, out).is_ok() => {}
            failure => drop(writeln!(io::stderr(), "doorward: {}", show::safe(&failure.text(origin)))),
        }
        match self {
            Failure::Engine(error) => ExitCode::from(error.status() as u8),
            // If a file cannot be used, the configuration or the command line names a wrong one.
            Failure::File(_) => ExitCode::from(Status::Config as u8),
            Failure::NoSession | Failure::NoChain(_) => ExitCode::from(Status::NotFound as u8),
            Failure::LogChanged => DATA.into(),
            Failure::Usage(_) | Failure::NotConfirmed(_) => USAGE.into(),
            Failure::Interrupted(_) => signals::end(),
            Failure::NoReader => NO_READER.into(),
        }
    }

    fn write_body(&self, origin: Option<&str>, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}", show::json(&self.body(origin)))?;
        out.flush()
    }

    fn text(&self, origin: Option<&str>) -> String {
        match self {
            Failure::Engine(error) => {
                let place = origin.or(error.field.as_deref()).filter(|place| !place.is_empty());
                format!("{}{}", told(error), place.map(|place| format!(" ({place})")).unwrap_or_default())
            }
            Failure::NoSession => "no live session has this id (SESSION)".to_owned(),
            Failure::NoChain(why) => (*why).to_owned(),
            Failure::LogChanged => "the audit log was changed".to_owned(),
            Failure::Usage(text)
            | Failure::File(text)
            | Failure::NotConfirmed(text)
            | Failure::Interrupted(text) => text.clone(),
            Failure::NoReader => String::new(),
        }
    }

    /// Returns the failure in the form of a status; the command's own failures have codes of their own.
    fn body(&self, origin: Option<&str>) -> String {
        let (code, message) = match self {
            Failure::Engine(error) => {
                let Some(origin) = origin else { return error.to_json() };
                let mut body: Value = serde_json::from_str(&error.to_json()).unwrap_or_default();
                body["error"]["argument"] = json!(origin);
                return body.to_string();
            }
            Failure::NoSession => ("session_not_found", "There is no such session."),
            Failure::NoChain(_) => ("no_chain", "The audit log has no chain."),
            Failure::LogChanged => ("log_changed", "The audit log was changed."),
            Failure::Usage(_) => ("usage", "The command line is wrong."),
            Failure::File(_) => ("file", "A file cannot be read or written."),
            Failure::NotConfirmed(_) => ("not_confirmed", "The question was not confirmed."),
            Failure::Interrupted(_) => ("interrupted", "A signal ended the command."),
            Failure::NoReader => ("no_reader", "The output has no reader."),
        };
        json!({"error": {"code": code, "message": message, "detail": self.text(None)}}).to_string()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Engine(error)
    }
}

impl From<Interrupted> for Failure {
    fn from(Interrupted(done): Interrupted) -> Failure {
        Failure::Interrupted(done)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            ErrorKind::BrokenPipe => Failure::NoReader,
            _ if signals::arrived().is_some() => Failure::Interrupted("interrupted".to_owned()),
            _ => Failure::File(reason(&error)),
        }
    }
}

/// Returns the code and the detail: operators are told why.
pub fn told(error: &Error) -> String {
    let detail = error.detail.as_deref().map(|detail| format!(": {detail}"));
    format!("{}{}", error.code.name(), detail.unwrap_or_default())
}

/// Returns the system's message without its number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
