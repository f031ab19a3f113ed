//! The tests of the engine that share one binary, so that few are linked. Tests that need their own process,
//! allocator or build are separate.

mod accounts;
mod hashes;
mod id_tokens;
mod imports;
mod json;
mod mail;
mod observability;
mod passkeys;
#[cfg(feature = "http")]
mod provider_presets;
#[cfg(feature = "http")]
mod providers;
mod remote;
mod rust_api;
#[cfg(any(feature = "http", feature = "smtp"))]
#[path = "../services/mod.rs"]
mod services;
#[path = "../stores/mod.rs"]
mod stores;
mod structure;
mod tokens;

use std::process::Command;

/// Runs a test alone in a process of its own. `with` sets its environment.
fn alone(test: &str, with: impl FnOnce(&mut Command)) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    with(child.args(["--exact", "--include-ignored", test]));
    let done = child.output().unwrap();
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && told.contains("1 passed"), "{told}");
}
