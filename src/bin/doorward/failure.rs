//! Why a command failed, and how it says so.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use doorward::Error;

use crate::show;

/// EX_USAGE of sysexits.h: no status has this number.
pub const USAGE: u8 = 64;

/// What a shell says of a command that ended by SIGINT or SIGPIPE.
const INTERRUPTED: u8 = 130;
const NO_READER: u8 = 141;

pub type Outcome<T = ()> = Result<T, Failure>;

pub enum Failure {
    /// A status.
    Engine(Error),
    /// The command line, a file that it names, or what was typed is wrong.
    Usage(String),
    /// Somebody pressed Ctrl-C, and this is how far it got.
    Interrupted(String),
    /// Who read the output has gone.
    NoReader,
}

impl Failure {
    pub fn file(name: &str, error: &io::Error) -> Failure {
        Failure::Usage(format!("{name}: {error}"))
    }

    /// Nobody is left to tell when this fails.
    pub fn report(self, json: bool, out: &mut impl Write) -> ExitCode {
        let say = |text: &str| drop(writeln!(io::stderr(), "doorward: {}", show::safe(text)));
        match self {
            Failure::Engine(error) if json => {
                let _ = writeln!(out, "{}", show::json(&error.to_json())).and_then(|()| out.flush());
                ExitCode::from(error.status() as u8)
            }
            Failure::Engine(error) => {
                let field = error.field.as_ref().map(|field| format!(" ({field})")).unwrap_or_default();
                say(&format!("{error}{field}"));
                ExitCode::from(error.status() as u8)
            }
            Failure::Usage(text) => {
                say(&text);
                USAGE.into()
            }
            Failure::Interrupted(text) => {
                say(&text);
                INTERRUPTED.into()
            }
            Failure::NoReader => NO_READER.into(),
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
        match error.kind() {
            ErrorKind::BrokenPipe => Failure::NoReader,
            _ => Failure::Usage(error.to_string()),
        }
    }
}
