//! The engine that a host uses. The table generates its operations as methods (`operations/mod.rs`): each
//! call is counted, timed, and logged if it fails, like calls through JSON.

use crate::config::Config;
use crate::engine;
use crate::engine::Hooks;
use crate::engine::claims::Claims;
use crate::error::Result;
use crate::operations::imports::Rehearsal;
use crate::operations::maintenance::{BackupRequest, BackupResponse};
use crate::operations::rows;
use crate::operations::tokens::VerifyRequest;
use crate::settings::{Difference, Settings};
use crate::store::Watch;

/// An open engine. Threads share it by reference.
pub struct Engine(pub(crate) engine::Engine);

impl Engine {
    /// Opens the store, creates what a new store needs, and loads the keys. An existing store keeps its own
    /// settings: a configuration with other settings is refused, unless it has `change_settings`.
    ///
    /// Failures: [`InvalidConfig`](crate::Code::InvalidConfig), [`FeatureNotBuilt`](crate::Code::FeatureNotBuilt),
    /// [`WrongSecretKey`](crate::Code::WrongSecretKey), [`SchemaTooNew`](crate::Code::SchemaTooNew),
    /// [`StoreUnavailable`](crate::Code::StoreUnavailable).
    ///
    /// ```
    /// use doorward::{Config, Engine, Hooks};
    ///
    /// let config = Config::parse(r#"{"store": "sqlite::memory:"}"#)?;
    /// let engine = Engine::open(config, Hooks::new())?;
    /// # Ok::<(), doorward::Error>(())
    /// ```
    pub fn open(config: Config, hooks: Hooks) -> Result<Engine> {
        engine::Engine::open(config, hooks).map(Engine)
    }

    /// Runs an operation by name, JSON in, JSON out. Every binding builds on this.
    ///
    /// Failures: [`UnknownOperation`](crate::Code::UnknownOperation), and those of the operation.
    ///
    /// ```
    /// # let engine = doorward::Engine::open(
    /// #     doorward::Config::new().store("sqlite::memory:".parse()?), doorward::Hooks::new())?;
    /// let user = engine.call("register", r#"{"username": "ada", "email": "ada@example.com", "password": "eight wise words"}"#)?;
    /// assert!(user.contains(r#""username":"ada""#));
    /// # Ok::<(), doorward::Error>(())
    /// ```
    pub fn call(&self, operation: &str, request: &str) -> Result<String> {
        self.0.call(operation, request)
    }

    /// Verifies a token as [`Engine::verify`] does, but never waits: where `verify` would read the store, it
    /// returns `None` and counts nothing.
    ///
    /// Failures: [`InvalidToken`](crate::Code::InvalidToken), [`InvalidRequest`](crate::Code::InvalidRequest).
    ///
    /// ```
    /// # use doorward::*;
    /// # let engine = doorward::Engine::open(
    /// #     doorward::Config::new().store("sqlite::memory:".parse()?), doorward::Hooks::new())?;
    /// match engine.verify_at_once(&VerifyRequest::new("not.a.token")) {
    ///     Ok(Some(claims)) => println!("{claims:?}"),
    ///     Ok(None) => { /* call `verify` where threads may block */ }
    ///     Err(error) => assert_eq!(error.code, Code::InvalidToken),
    /// }
    /// # Ok::<(), doorward::Error>(())
    /// ```
    pub fn verify_at_once(&self, request: &VerifyRequest) -> Result<Option<Claims>> {
        self.0.observe_answer(&rows::verify, || self.0.verify_at_once(request))
    }

    /// Copies the store as [`Engine::backup`] does. `watch` is told of the progress; if it returns `false`,
    /// the backup ends.
    ///
    /// Failures: as there.
    ///
    /// ```
    /// # use doorward::*;
    /// # let engine = doorward::Engine::open(
    /// #     doorward::Config::new().store("sqlite::memory:".parse()?), doorward::Hooks::new())?;
    /// let cancel: Watch = std::sync::Arc::new(|_, _, _| false);
    /// assert!(engine.backup_watched(BackupRequest::new("/backups/app.db"), &cancel).is_err());
    /// # Ok::<(), doorward::Error>(())
    /// ```
    pub fn backup_watched(&self, request: BackupRequest, watch: &Watch) -> Result<BackupResponse> {
        self.0.observe(&rows::backup, || self.0.backup_watched(request, watch))
    }

    /// Begins a dry run for more accounts than one call of [`Engine::import_users`] takes.
    ///
    /// Failures: [`StoreUnavailable`](crate::Code::StoreUnavailable).
    pub fn rehearse_imports(&self) -> Result<Rehearsal<'_>> {
        self.0.rehearse_imports()
    }

    /// Returns the settings of the store as they were when this engine was opened: the issuer, the lifetimes of
    /// tokens, and so on, also those that the configuration left out.
    ///
    /// ```
    /// # let engine = doorward::Engine::open(
    /// #     doorward::Config::new().store("sqlite::memory:".parse()?), doorward::Hooks::new())?;
    /// println!("{:?}", engine.settings().access_token_seconds);
    /// # Ok::<(), doorward::Error>(())
    /// ```
    pub fn settings(&self) -> &Settings {
        self.0.settings()
    }

    /// Returns the settings in which a configuration differs from the store.
    ///
    /// Failures: [`InvalidConfig`](crate::Code::InvalidConfig), if no store could have these settings.
    ///
    /// ```
    /// # let engine = doorward::Engine::open(
    /// #     doorward::Config::new().store("sqlite::memory:".parse()?), doorward::Hooks::new())?;
    /// assert!(engine.differences(&doorward::Config::new().store("sqlite::memory:".parse()?))?.is_empty());
    /// # Ok::<(), doorward::Error>(())
    /// ```
    pub fn differences(&self, config: &Config) -> Result<Vec<Difference>> {
        self.0.differences(config)
    }

    /// Counts the events of the audit log that would be purged under the settings of a configuration.
    ///
    /// Failures: [`StoreUnavailable`](crate::Code::StoreUnavailable).
    pub fn events_to_purge(&self, config: &Config) -> Result<i64> {
        self.0.events_to_purge(config)
    }
}
