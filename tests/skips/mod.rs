//! Tests that cannot run everywhere.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Says once on standard error that something is not run: `println!` and `eprintln!` are kept back when a test passes.
/// In continuous integration, which sets CI and where everything can run, it is a failure.
pub fn not_run(what: &str, why: &str) {
    let text = format!("{what}: not run, {why}");
    assert!(std::env::var_os("CI").is_none_or(|value| value.is_empty()), "{text}");
    if SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(text.clone()) {
        drop(writeln!(std::io::stderr(), "{text}"));
    }
}
