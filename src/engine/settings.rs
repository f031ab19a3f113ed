//! The settings of a store, which are the same for every process. The store keeps them, sealed by the secret
//! key, from its creation on; a process that opens it later follows them, and is refused if its configuration
//! gives others.

use std::sync::{PoisonError, RwLock};

use crate::config::Config;
use crate::crypto::secrets::Secrets;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::settings::{Difference, Settings};
use crate::store::keys::{self as sealed, Stamp};
use crate::store::{Share, Tx, damaged, events};
use zeroize::Zeroizing;

/// The context to which the settings are sealed.
const OWNER: &str = "settings";

/// The settings as stored.
pub(crate) struct Recorded {
    pub settings: Settings,
    pub stamp: Stamp,
}

/// Returns the settings of the store; none in a new store. Failure: `wrong_secret_key`.
pub(crate) fn recorded(tx: &mut Tx, secrets: &Secrets) -> Result<Option<Recorded>> {
    let Some(sealed) = sealed::settings(tx)? else { return Ok(None) };
    let plain = secrets.open(OWNER, &sealed).ok_or(Error::from(Code::WrongSecretKey))?;
    let settings = serde_json::from_slice(&plain).map_err(|_| damaged())?;
    Ok(Some(Recorded { settings, stamp: Stamp::of(&sealed) }))
}

/// Stores the settings, in the caller's transaction.
pub(crate) fn record(tx: &mut Tx, secrets: &Secrets, settings: Settings) -> Result<Recorded> {
    let plain = Zeroizing::new(json::render(&settings)?);
    let sealed = secrets.seal(OWNER, plain.as_bytes())?;
    sealed::put_settings(tx, &sealed)?;
    Ok(Recorded { settings, stamp: Stamp::of(&sealed) })
}

/// Seals the settings anew, in the caller's transaction, if another than the current secret key sealed them.
pub(crate) fn reseal(tx: &mut Tx, secrets: &Secrets) -> Result<()> {
    let Some(sealed) = sealed::settings(tx)? else { return Ok(()) };
    match secrets.reseal(OWNER, &sealed)? {
        Some(sealed) => sealed::put_settings(tx, &sealed),
        None => Ok(()),
    }
}

/// The effect of a configuration on the settings of a store: they stay or they change.
pub(crate) enum Opening {
    Follows(Recorded),
    Changes(Settings, Vec<Difference>),
}

impl Opening {
    /// Failure: `invalid_config`, if the configuration differs and may not change the settings.
    pub fn of(recorded: Recorded, config: &Config) -> Result<Opening> {
        let wanted = recorded.settings.with(config);
        let differences = recorded.settings.differences(&wanted);
        match differences.first() {
            None => Ok(Opening::Follows(recorded)),
            Some(_) if config.change_settings => Ok(Opening::Changes(wanted, differences)),
            Some(first) => {
                let others: Vec<_> = differences.iter().skip(1).map(|other| other.field.as_str()).collect();
                let others =
                    if others.is_empty() { String::new() } else { format!("; also {}", others.join(", ")) };
                let Difference { field, store, given } = first;
                let detail = format!(
                    "the store has {store}, the configuration gives {given}{others}: leave it out to follow the store, \
                     or change the store (change_settings, doorward settings adopt)"
                );
                Err(Error::at(Code::InvalidConfig, field, detail))
            }
        }
    }
}

/// Returns the time before which events are expired under these settings.
pub(super) fn oldest(settings: &Settings, now: i64) -> i64 {
    (now - retention_seconds(settings)).max(0)
}

fn retention_seconds(settings: &Settings) -> i64 {
    settings.retention_days.count() * 86_400
}

/// How long events are kept, as last read from the store.
pub(crate) struct Retention(RwLock<Known>);

/// The retention that settings say.
#[derive(Clone, Copy)]
struct Known {
    stamp: Stamp,
    seconds: i64,
}

impl Retention {
    pub fn new(recorded: &Recorded) -> Retention {
        Retention(RwLock::new(Retention::said(recorded)))
    }

    fn follow(&self, recorded: &Recorded) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Retention::said(recorded);
    }

    /// Reads the retention from the store, in this transaction.
    pub fn follow_store(&self, tx: &mut Tx, secrets: &Secrets) -> Result<()> {
        match recorded(tx, secrets) {
            Ok(Some(recorded)) => self.follow(&recorded),
            // With a secret key that this process does not have yet it purges nothing.
            Ok(None) | Err(Error { code: Code::WrongSecretKey, .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Returns the time before which events are expired.
    pub fn oldest(&self, now: i64) -> i64 {
        (now - self.known().seconds).max(0)
    }

    /// Deletes expired events, if the store's settings are still those that are known here: another process
    /// may have changed them.
    pub fn forget(&self, tx: &mut Tx, now: i64, share: Share) -> Result<usize> {
        events::forget_expired(tx, self.oldest(now), self.known().stamp, share)
    }

    fn known(&self) -> Known {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn said(recorded: &Recorded) -> Known {
        Known { stamp: recorded.stamp, seconds: retention_seconds(&recorded.settings) }
    }
}

/// Returns the settings as stored now, because another process may have changed them; the `known` ones, if it
/// has changed the secret key, too.
pub(crate) fn now(tx: &mut Tx, secrets: &Secrets, known: &Settings) -> Result<Recorded> {
    match recorded(tx, secrets) {
        Ok(Some(recorded)) => Ok(recorded),
        Ok(None) => Err(damaged()),
        Err(error) if error.code == Code::WrongSecretKey => {
            let stamp = sealed::settings(tx)?.map(|sealed| Stamp::of(&sealed)).ok_or_else(damaged)?;
            Ok(Recorded { settings: known.clone(), stamp })
        }
        Err(error) => Err(error),
    }
}

/// Refuses to go on if the settings changed since they were read. Failure: `store_unavailable`.
pub(crate) fn unchanged(tx: &mut Tx, stamp: Stamp) -> Result<()> {
    match sealed::settings(tx)?.map(|sealed| Stamp::of(&sealed)) {
        Some(found) if found == stamp => Ok(()),
        _ => Err(Error::new(Code::StoreUnavailable, "the settings changed meanwhile")),
    }
}
