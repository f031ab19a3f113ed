//! An authentication engine: users, passwords, sessions and tokens, the same for every language.
//!
//! A host opens an [`Engine`] with a [`Config`], calls its operations, and owns everything else: its
//! web framework, its pages, its policies. In Rust the operations are methods; through the C ABI and
//! the bindings they are names with JSON in and out ([`Engine::call`]). [`operations`] is their table.
//!
//! ```
//! use doorward::{Config, Engine, Hooks};
//!
//! let config = Config::parse(r#"{"store": "sqlite::memory:"}"#)?;
//! let engine = Engine::open(config, Hooks::default())?;
//! engine.call("register", r#"{"username": "ada", "email": "ada@example.com", "password": "eight wise words"}"#)?;
//! let reply = engine.call("login", r#"{"username": "ada", "password": "eight wise words"}"#)?;
//! assert!(reply.contains("access_token"));
//! # Ok::<(), doorward::Error>(())
//! ```
//!
//! # What lives where
//!
//! Dependencies go in one direction: [`capi`] or a binding → [`operations`] → [`engine`] → `store`, `crypto`,
//! `outbound` → the shared types.
//!
//! - [`capi`]: the C ABI; the only module with `unsafe`, but for a few lines in `crypto` and `store`
//! - [`operations`]: the table of operations, and one file per capability: its requests, its responses, the methods
//!   that answer
//! - [`engine`]: what an engine is made of
//! - `store`: rows and transactions, in SQLite and PostgreSQL
//! - `crypto`: password hashes, the codecs of tokens, sealing
//! - `outbound`: what leaves the process: HTTP, SMTP
//! - [`config`], [`settings`]: one JSON object, and the part of it that the store holds
//! - [`error`], [`json`], [`clock`], [`password`], [`totp`], [`mail`], [`requests`]: what all of these share
//! - [`types`]: values that exist only valid, and know nothing of the rest
//! - [`restore`]: a backup in the place of a store
//!
//! A test (`tests/it/structure.rs`) holds the direction, and that no files import each other in a circle. The
//! administrator's command is a crate of its own, `command/`.

#![deny(unsafe_code)]
#![warn(missing_docs)]

#[cfg(feature = "capi")]
pub mod capi;
pub mod clock;
pub mod config;
mod contain;
mod crypto;
pub mod engine;
pub mod error;
mod host;
pub mod json;
pub mod mail;
pub mod operations;
mod outbound;
pub mod password;
mod precis;
pub mod requests;
pub mod restore;
mod secret_key;
pub mod settings;
mod store;
pub mod totp;
pub mod types;

pub use clock::Clock;
pub use config::Config;
pub use contain::contain;
pub use engine::acting::acting;
pub use engine::{Hooks, Level};
pub use error::{Code, Error, Result, Status};
pub use host::Engine;
pub use operations::describe::describe;
pub use restore::restore;
pub use secret_key::new_secret_key_file;
pub use store::copy::Moved;
pub use store::moves::{migrate, unseal};
pub use store::{Watch, migrate_schema};

/// The version of the C ABI: the number in the shared library's SONAME.
pub const ABI: u32 = 1;
