//! Tests that cannot run everywhere.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Reports once on standard error that a test is not run: `println!` and `eprintln!` are suppressed when a
/// test passes. In continuous integration, which sets CI and where everything can run, it is a failure.
pub fn not_run(what: &str, why: &str) {
    let text = format!("{what}: not run, {why}");
    assert!(std::env::var_os("CI").is_none_or(|value| value.is_empty()), "{text}");
    if SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(text.clone()) {
        drop(writeln!(std::io::stderr(), "{text}"));
    }
}
