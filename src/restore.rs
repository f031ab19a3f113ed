//! A backup in the place of a store: [`restore`].

use std::path::{Path, PathBuf};

use crate::config::{Config, On, StoreUrl};
use crate::engine::audit::{Kind, event};
use crate::engine::retirement::{Retire, Retired};
use crate::engine::{Engine, Hooks};
use crate::error::{Code, Error, Result};
use crate::mail::Delivery;
use crate::operations::keys::RotateKeysRequest;
use crate::operations::sessions::RevokeAllSessionsRequest;
use crate::secret_key;
use crate::store::{Durability, Place, Watch};

/// How a backup is restored.
#[derive(Clone, Debug)]
pub struct Restoring {
    /// What the name of what was there ends with from then on.
    pub kept_ending: String,
    /// Whether the backup's sessions, tokens without a session, challenges and mailed tokens end.
    pub end_all_sessions: bool,
    /// Whether the backup's keys are retired, as [`Engine::rotate_keys`] does with `retire`.
    pub retire_keys: bool,
}

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// What was there before, under its new name.
    pub kept: Option<PathBuf>,
    /// How many sessions ended, where they were to.
    pub sessions: Option<usize>,
    /// What was retired, where it was to.
    pub retired: Option<Retired>,
}

/// Puts a backup in the place of a SQLite store, which nobody has open. The backup is copied, looked through, and opened
/// with the secret key first; the store is the old one or the new one at any moment, and what was there is kept.
/// `watch` hears how far it is, and ends it where it answers `false`: nothing is changed then.
///
/// Failures: `invalid_request` (the backup is none), `feature_not_built` (not a SQLite file), those of
/// [`Engine::open`], `store_unavailable` (among others, while somebody has the store open).
pub fn restore(config: &Config, backup: &Path, how: &Restoring, watch: &Watch) -> Result<Restored> {
    let StoreUrl::SqliteFile(path) = &config.store else {
        return Err(Error::new(Code::FeatureNotBuilt, "only a SQLite file is restored so"));
    };
    let place = Place::of(path)?;
    let draft = place.draft(backup, watch)?;
    let mut config = config.clone();
    if config.secret_key_files.is_none() {
        // By default it lies beside the store.
        config.secret_key_file = secret_key::files(&config).pop().map(|(_, path)| path);
    }
    config.store = StoreUrl::SqliteFile(draft.file());
    config.mail.delivery = Delivery::Manual;
    // It comes back with its own settings; a backup of an older version is brought up to date.
    config.follow_store();
    config.migrate = On::from(true);
    let mut restored = Restored { kept: None, sessions: None, retired: None };
    let engine = Engine::open(config, Hooks::default())?;
    if how.retire_keys {
        let request = RotateKeysRequest { retire: Some(Retire::Now), ..RotateKeysRequest::default() };
        restored.retired = engine.rotate_keys(request)?.retired;
    }
    if how.end_all_sessions {
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
