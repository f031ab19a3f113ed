//! Prompts at the terminal.

use std::io::{self, BufRead, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::Arc;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGQUIT, SIGTSTP};

use crate::failure::{Failure, Outcome};
use crate::signals::Input;
use crate::{show, signals};

/// The maximum length of a line that is read as a password.
const LONGEST: u64 = 65_536;

/// Asks for a new password: typed twice without echo, or the first line of standard input.
pub fn new_password(account: &str) -> Outcome<String> {
    if !io::stdin().is_terminal() {
        let line = line(io::stdin().lock())?;
        let none =
            "no password: standard input is not a terminal, and empty; its first line would be the password";
        return line.ok_or_else(|| Failure::NotConfirmed(none.to_owned()));
    }
    let hidden = Hidden::begin()?;
    let typed = |question: &str| {
        let answer = typed(question)?;
        answer.ok_or_else(|| Failure::NotConfirmed("no password, nothing is changed".to_owned()))
    };
    let password = typed(&format!("New password for {}: ", show::safe(account)))?;
    let again = typed("The password again: ")?;
    drop(hidden);
    match again == password {
        true => Ok(password),
        false => Err(Failure::NotConfirmed("the two passwords differ, nothing is changed".to_owned())),
    }
}

/// Asks for confirmation, unless `--yes` was given.
pub fn confirm(question: &str, yes: bool) -> Outcome {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::NotConfirmed("not confirmed: add --yes to confirm".to_owned()));
    }
    match typed(&format!("{} [y/N] ", show::safe(question)))?.unwrap_or_default().trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::NotConfirmed("not confirmed, nothing is changed".to_owned())),
    }
}

/// Returns the answer to a question; none at the end of input.
fn typed(question: &str) -> Outcome<Option<String>> {
    let signals = signals::watch()?;
    write!(io::stderr(), "{question}")?;
    line(io::BufReader::new(Input(signals))).map_err(|failure| {
        if signals::arrived().is_none() {
            return failure;
        }
        // Begins a new line for the next message.
        let _ = writeln!(io::stderr());
        Failure::Interrupted("interrupted, nothing is changed".to_owned())
    })
}

/// Returns the first line without its end.
fn line(input: impl BufRead) -> Outcome<Option<String>> {
    let mut line = String::new();
    if input.take(LONGEST).read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(Some(line.strip_suffix('\r').unwrap_or(line).to_owned()))
}

/// Hides what is typed at the terminal until this is dropped, which also happens after a watched signal.
struct Hidden(Termios);

impl Hidden {
    fn begin() -> Outcome<Hidden> {
        signals::watch()?;
        // Ctrl-Z and Ctrl-\ would leave the terminal without echo, so they are ignored.
        for signal in [SIGTSTP, SIGQUIT] {
            signal_hook::flag::register(signal, Arc::default())?;
        }
        let shown = tcgetattr(io::stdin().as_fd()).map_err(io::Error::from)?;
        let mut hidden = shown.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        hidden.local_modes.insert(LocalModes::ECHONL);
        // Text typed before was visible and is discarded.
        tcsetattr(io::stdin().as_fd(), OptionalActions::Flush, &hidden).map_err(io::Error::from)?;
        Ok(Hidden(shown))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin().as_fd(), OptionalActions::Now, &self.0);
    }
}
