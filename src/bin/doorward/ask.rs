//! What is asked of whoever sits at the terminal.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use crate::failure::{Failure, Outcome};
use crate::show;

/// The longest line that is read as a password.
const LONGEST: u64 = 65_536;

/// A new password: typed twice and not shown, or the first line of standard input.
pub fn new_password(whose: &str) -> Outcome<String> {
    if !io::stdin().is_terminal() {
        let mut line = String::new();
        io::stdin().lock().take(LONGEST).read_line(&mut line)?;
        let line = line.strip_suffix('\n').unwrap_or(&line);
        return Ok(line.strip_suffix('\r').unwrap_or(line).to_owned());
    }
    let password = rpassword::prompt_password(format!("New password for {}: ", show::safe(whose)))?;
    match rpassword::prompt_password("The same again: ")? == password {
        true => Ok(password),
        false => Err(Failure::Usage("the two passwords differ".to_owned())),
    }
}

/// Whether this is meant: said by `--yes`, else asked.
pub fn confirm(question: &str, yes: bool) -> Outcome {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage("not confirmed: --yes says that it is meant".to_owned()));
    }
    write!(io::stderr(), "{} [y/N] ", show::safe(question))?;
    let mut answer = String::new();
    io::stdin().lock().take(LONGEST).read_line(&mut answer)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::Usage("not confirmed, nothing is changed".to_owned())),
    }
}
