//! The C ABI. `include/doorward.h` is generated from this folder, including its comments, so they are written
//! for its readers. `boundary` contains the checks that every function makes.
//!
//! - `types`: hooks, the engine's handle
//! - `statuses`: the classes of outcomes, generated
//! - `lifecycle`: version, open, call, close, release, free
//! - `values`: requests from values, values from responses
//! - `named`: one function for each operation, generated
//! - `boundary`: NULL, fork, re-entry, close, panic

#![expect(unsafe_code, reason = "the C ABI takes pointers")]

mod boundary;
mod lifecycle;
mod named;
mod statuses;
mod types;
mod values;

pub use lifecycle::*;
pub use named::*;
pub use statuses::*;
pub use types::*;
pub use values::*;
