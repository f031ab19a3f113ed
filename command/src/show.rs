//! Text for people. Texts chosen by users must not control the terminal.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use serde_json::Value;

/// Escapes characters that control a terminal: control characters, and those that change the direction of
/// writing.
pub fn safe(text: &str) -> Cow<'_, str> {
    escaped(text, |c| format!("\\u{{{:x}}}", u32::from(c)))
}

/// Escapes the same characters in JSON, where they occur in strings only.
pub fn json(text: &str) -> Cow<'_, str> {
    escaped(text, |c| format!("\\u{:04x}", u32::from(c)))
}

fn escaped(text: &str, escape: impl Fn(char) -> String) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    text.chars().map(|c| if steers(c) { escape(c) } else { c.to_string() }).collect()
}

/// Returns whether a character controls the terminal. All such characters are below U+10000.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns the path of a file for a message. A URL that was given by mistake may contain a password, and is left
/// out.
pub fn path(path: &Path) -> String {
    let path = path.display().to_string();
    if path.contains("://") { "(a URL, not a file)".to_owned() } else { path }
}

/// Returns an option that names a store, without an address that may contain a password.
pub fn store_option(name: &str, value: &str) -> String {
    match value.starts_with('@') || value.starts_with("sqlite:") {
        true => format!("{name} {}", path(Path::new(value))),
        false => name.to_owned(),
    }
}

/// Returns a value as a word; empty if it is absent.
pub fn word(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => safe(text).into_owned(),
        Value::Array(items) => items.iter().map(word).collect::<Vec<_>>().join(", "),
        value => safe(&value.to_string()).into_owned(),
    }
}

/// Returns the text, or a substitute for an empty one.
pub fn or(text: String, none: &str) -> String {
    if text.is_empty() { none.to_owned() } else { text }
}

/// Formats Unix seconds as RFC 3339.
pub fn time(at: &Value) -> String {
    let Some(at) = at.as_i64() else { return String::new() };
    let days = at.div_euclid(86_400);
    let seconds = at.rem_euclid(86_400);
    // Days since 1 March of the year 0, in eras of 400 years.
    let era = (days + 719_468).div_euclid(146_097);
    let day = (days + 719_468).rem_euclid(146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + i64::from(month <= 2);
    let hour = seconds / 3600;
    let minute = seconds / 60 % 60;
    let second = seconds % 60;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// A table, with columns as wide as the first rows need.
pub struct Table<const N: usize> {
    names: [&'static str; N],
    widths: Option<[usize; N]>,
}

impl<const N: usize> Table<N> {
    pub fn new(names: [&'static str; N]) -> Table<N> {
        Table { names, widths: None }
    }

    /// Prints more rows, with the names before the first ones.
    pub fn print(&mut self, out: &mut dyn Write, rows: &[[String; N]]) -> io::Result<()> {
        let width = |text: &str| text.chars().count();
        let widths = match self.widths {
            Some(widths) => widths,
            None => {
                let mut widths = self.names.map(width);
                for row in rows {
                    widths.iter_mut().zip(row).for_each(|(most, cell)| *most = width(cell).max(*most));
                }
                self.widths = Some(widths);
                print_row(out, &self.names.map(str::to_owned), &widths)?;
                widths
            }
        };
        rows.iter().try_for_each(|row| print_row(out, row, &widths))
    }
}

fn print_row<const N: usize>(out: &mut dyn Write, row: &[String; N], widths: &[usize; N]) -> io::Result<()> {
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths) {
        line += &format!("{cell:width$}  ");
    }
    writeln!(out, "{}", line.trim_end())
}

/// A value that is not a tenth of a percent, for an unknown total.
const UNKNOWN: u64 = 1001;

/// A progress bar on a terminal.
pub struct Bar {
    shown: bool,
    tenth: u64,
}

impl Bar {
    pub fn new() -> Bar {
        Bar { shown: io::stderr().is_terminal(), tenth: u64::MAX }
    }

    pub fn show(&mut self, what: &str, done: u64, of: u64, about: &str) {
        // The total may be unknown.
        let tenth = (done.min(of) * 1000).checked_div(of).unwrap_or(UNKNOWN);
        if self.shown && tenth != self.tenth {
            self.tenth = tenth;
            if tenth == UNKNOWN {
                eprint!("\r{what}…\x1b[K");
                return;
            }
            let filled = (tenth / 25) as usize;
            let bar = "#".repeat(filled);
            let percent = tenth as f64 / 10.0;
            eprint!("\r{what:12} [{bar:40}] {percent:5.1} % {about}\x1b[K");
        }
    }

    /// Clears the bar until it is shown again.
    pub fn clear(&mut self) {
        if self.shown && self.tenth != u64::MAX {
            self.tenth = u64::MAX;
            eprint!("\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{json as escaped, safe, time};

    #[test]
    fn times_are_dates() {
        for (at, expected) in [
            (0_i64, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(time(&json!(at)), expected);
        }
    }

    #[test]
    fn nothing_steers_the_terminal() {
        let text = "a\u{1b}[2J\u{9b}\n\u{202e}ö\u{7f}";
        assert_eq!(safe(text), "a\\u{1b}[2J\\u{9b}\\u{a}\\u{202e}ö\\u{7f}");
        let value = json!({ "a": text });
        let shown = escaped(&value.to_string()).into_owned();
        assert!(!shown.contains(|c: char| c.is_control() || c == '\u{202e}'));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
