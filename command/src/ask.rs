//! What is asked of whoever sits at the terminal.

use std::io::{self, BufRead, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::Arc;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGQUIT, SIGTSTP};

use crate::failure::{Failure, Outcome};
use crate::signals::Input;
use crate::{show, signals};

/// The longest line that is read as a password.
const LONGEST: u64 = 65_536;

/// A new password: typed twice and not shown, or the first line of standard input.
pub fn new_password(whose: &str) -> Outcome<String> {
    if !io::stdin().is_terminal() {
        let line = line(io::stdin().lock())?;
        let none =
            "no password: standard input is no terminal, and empty; its first line would be the password";
        return line.ok_or_else(|| Failure::NotConfirmed(none.to_owned()));
    }
    let hidden = Hidden::begin()?;
    let typed = |question: &str| {
        let answer = typed(question)?;
        answer.ok_or_else(|| Failure::NotConfirmed("no password, nothing is changed".to_owned()))
    };
    let password = typed(&format!("New password for {}: ", show::safe(whose)))?;
    let again = typed("The same again: ")?;
    drop(hidden);
    match again == password {
        true => Ok(password),
        false => Err(Failure::NotConfirmed("the two passwords differ, nothing is changed".to_owned())),
    }
}

/// Whether this is meant: said by `--yes`, else asked.
pub fn confirm(question: &str, yes: bool) -> Outcome {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::NotConfirmed("not confirmed: --yes says that it is meant".to_owned()));
    }
    match typed(&format!("{} [y/N] ", show::safe(question)))?.unwrap_or_default().trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::NotConfirmed("not confirmed, nothing is changed".to_owned())),
    }
}

/// What is typed after a question; nothing at the end of input.
fn typed(question: &str) -> Outcome<Option<String>> {
    let signals = signals::watch()?;
    write!(io::stderr(), "{question}")?;
    line(io::BufReader::new(Input(signals))).map_err(|failure| {
        if signals::arrived().is_none() {
            return failure;
        }
        // What is said next begins a line.
        let _ = writeln!(io::stderr());
        Failure::Interrupted("interrupted, nothing is changed".to_owned())
    })
}

/// The first line, without what ends it.
fn line(input: impl BufRead) -> Outcome<Option<String>> {
    let mut line = String::new();
    if input.take(LONGEST).read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(Some(line.strip_suffix('\r').unwrap_or(line).to_owned()))
}

/// The terminal shows nothing of what is typed until this is dropped, which the watched signals let happen.
struct Hidden(Termios);

impl Hidden {
    fn begin() -> Outcome<Hidden> {
        signals::watch()?;
        // Ctrl-Z and Ctrl-\ would leave a terminal that shows nothing: they do nothing.
        for signal in [SIGTSTP, SIGQUIT] {
            signal_hook::flag::register(signal, Arc::default())?;
        }
        let shown = tcgetattr(io::stdin().as_fd()).map_err(io::Error::from)?;
        let mut hidden = shown.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        hidden.local_modes.insert(LocalModes::ECHONL);
        // What was typed before was shown, and counts for nothing.
        tcsetattr(io::stdin().as_fd(), OptionalActions::Flush, &hidden).map_err(io::Error::from)?;
        Ok(Hidden(shown))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin().as_fd(), OptionalActions::Now, &self.0);
    }
}
