//! Restoring a backup: [`restore`].

use doorward_derive::Build;
use std::path::{Path, PathBuf};

use crate::config::{Config, StoreUrl};
use crate::engine::audit::{Kind, event};
use crate::engine::retirement::{Retire, Retired};
use crate::engine::{Engine, Hooks};
use crate::error::{Code, Error, Result};
use crate::mail::Delivery;
use crate::operations::keys::RotateKeysRequest;
use crate::operations::sessions::RevokeAllSessionsRequest;
use crate::store::{Durability, Place, Watch};
use crate::types::whole::On;

/// How a backup is restored.
#[derive(Clone, Debug, Build)]
#[non_exhaustive]
pub struct Restoring {
    /// The ending that is appended to the names of the replaced files.
    pub kept_ending: String,
    /// Whether the backup's sessions, tokens without a session, challenges and mailed tokens end.
    pub end_all_sessions: Option<bool>,
    /// Whether the backup's keys are retired, as [`rotate_keys`](crate::Engine::rotate_keys) does with `retire`.
    pub retire_keys: Option<bool>,
}

/// The result of a restore.
#[derive(Debug)]
#[non_exhaustive]
pub struct Restored {
    /// The path of the replaced store.
    pub kept: Option<PathBuf>,
    /// The number of sessions that ended, if they were to end.
    pub sessions: Option<usize>,
    /// The keys that were retired, if they were to be.
    pub retired: Option<Retired>,
}

/// Replaces a SQLite store that no process has open by a backup. The backup is first copied, checked, and
/// opened with the secret key. At every moment the store is either the old one or the new one, and the
/// replaced files are kept. `watch` is told of the progress; if it returns `false`, the restore ends without
/// changes.
///
/// Failures: `invalid_request` (the file is not a backup), `feature_not_built` (the store is not a SQLite
/// file), those of [`open`](crate::Engine::open), `store_unavailable` (among others, while another process has the store
/// open).
pub fn restore(config: &Config, backup: &Path, how: &Restoring, watch: &Watch) -> Result<Restored> {
    let path = match &config.store {
        StoreUrl::SqliteFile(path) => path,
        StoreUrl::SqliteMemory => {
            return Err(Error::new(Code::FeatureNotBuilt, "a store in memory cannot be restored"));
        }
        StoreUrl::Postgres(_) => {
            return Err(Error::new(Code::FeatureNotBuilt, "for PostgreSQL use pg_restore"));
        }
    };
    let place = Place::of(path)?;
    let draft = place.draft(backup, watch)?;
    let mut config = config.clone();
    if config.secret_key_files.is_none() {
        // By default the file lies beside the store.
        config.secret_key_file = config.named_key_files().pop().map(|(_, path)| path);
    }
    config.store = StoreUrl::SqliteFile(draft.file());
    config.mail.delivery = Delivery::Manual;
    // The restored store has the backup's settings; an older backup is migrated.
    config.follow_store();
    config.migrate = On::from(true);
    let mut restored = Restored { kept: None, sessions: None, retired: None };
    let engine = Engine::open(config, Hooks::default())?;
    if how.retire_keys == Some(true) {
        let request = RotateKeysRequest { retire: Some(Retire::Now), ..RotateKeysRequest::default() };
        restored.retired = engine.rotate_keys(request)?.retired;
    }
    if how.end_all_sessions == Some(true) {
        restored.sessions = Some(engine.revoke_all_sessions(RevokeAllSessionsRequest {})?.revoked);
    }
    let now = engine.clock.now();
    engine
        .store
        .write(Durability::Full, |tx| engine.audit.record(tx, now, event(Kind::StoreRestored, None)))?;
    drop(engine);
    if !watch("put in place", 0, 1) {
        return Err(Error::new(Code::StoreUnavailable, "interrupted"));
    }
    restored.kept = place.put(&draft, &how.kept_ending)?;
    Ok(restored)
}
