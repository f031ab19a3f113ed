//! The engine as a host holds it. Its operations are methods that the table generates (`operations/mod.rs`): each call is
//! counted, timed, and logged when it fails, as one through JSON is.

use crate::config::{Config, Difference, Settings};
use crate::engine;
use crate::engine::Hooks;
use crate::error::Result;
use crate::operations::imports::Rehearsal;
use crate::operations::maintenance::{BackupRequest, BackupResponse};
use crate::operations::rows;
use crate::operations::tokens::{Claims, VerifyRequest};
use crate::store::Watch;

/// An open engine: share it between threads by reference.
pub struct Engine(pub(crate) engine::Engine);

impl Engine {
    /// Opens the store, makes what a new one needs, and loads the keys. The settings of a store that is there are its
    /// own: a configuration that gives others is refused, unless it says `change_settings`.
    ///
    /// Failures: `invalid_config`, `feature_not_built`, `wrong_secret_key`, `schema_too_new`,
    /// `store_unavailable`.
    pub fn open(config: Config, hooks: Hooks) -> Result<Engine> {
        engine::Engine::open(config, hooks).map(Engine)
    }

    /// Runs an operation by name: JSON in, JSON out. What every binding builds on.
    ///
    /// Failures: `unknown_operation`, and those of the operation.
    pub fn call(&self, operation: &str, request: &str) -> Result<String> {
        self.0.call(operation, request)
    }

    /// Verifies a token as [`Engine::verify`] does, and never waits: answers `None`, and counts nothing, where `verify`
    /// would look into the store.
    ///
    /// Failures: `invalid_token`, `invalid_request`.
    pub fn verify_at_once(&self, request: &VerifyRequest) -> Result<Option<Claims>> {
        self.0.observe_answer(&rows::verify, || self.0.verify_at_once(request))
    }

    /// Copies the store as [`Engine::backup`] does; `watch` hears how far it is, and ends it where it answers `false`.
    ///
    /// Failures: as there.
    pub fn backup_watched(&self, request: BackupRequest, watch: &Watch) -> Result<BackupResponse> {
        self.0.observe(&rows::backup, || self.0.backup_watched(request, watch))
    }

    /// Begins a dry run of more accounts than one call of [`Engine::import_users`] takes.
    ///
    /// Failures: `store_unavailable`.
    pub fn rehearse_imports(&self) -> Result<Rehearsal<'_>> {
        self.0.rehearse_imports()
    }

    /// The settings that this engine was opened with.
    pub fn settings(&self) -> &Settings {
        self.0.settings()
    }

    /// What a configuration gives other than the store has it.
    ///
    /// Failures: `invalid_config`, where it could not be the settings of a store.
    pub fn differences(&self, config: &Config) -> Result<Vec<Difference>> {
        self.0.differences(config)
    }

    /// Counts the events of the audit log that would be purged if the store had the settings of a configuration.
    ///
    /// Failures: `store_unavailable`.
    pub fn events_to_purge(&self, config: &Config) -> Result<i64> {
        self.0.events_to_purge(config)
    }
}
