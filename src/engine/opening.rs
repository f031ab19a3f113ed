//! How a store is opened: read as it is, or given what it lacks.

use super::audit::{Kind, append, event};
use super::backends::{self, Backend};
use super::chain;
use super::key_ring::{self, Ring};
use super::retired_keys;
use super::settings::{self, Opening, Recorded};
use crate::config::{Config, StoreUrl};
use crate::crypto::secrets::{KeyId, Secrets};
use crate::error::{Code, Error, Result};
use crate::secret_key;
use crate::settings::{Difference, Settings};
use crate::store::events::Event;
use crate::store::keys::{self as sealed, KEY_PROOF};
use crate::store::{Durability, Store, Tx, damaged, moves};

/// Returns whether the configuration allows a store to be created. A store in memory is always new.
fn may_create(config: &Config) -> bool {
    config.create != Some(false) || matches!(config.store, StoreUrl::SqliteMemory)
}

fn no_store() -> Error {
    Error::at(Code::InvalidConfig, "/store", "there are tables, but no store in them yet")
}

/// The data that are read from a store when it is opened.
pub(crate) struct Opened {
    pub recorded: Recorded,
    pub backends: Vec<Backend>,
    pub ring: Ring,
}

/// Loads the secret keys, of which a new store may create the first. Failure: `wrong_secret_key`, if each of
/// them was retired.
pub(crate) fn load_secrets(store: &Store, config: &Config) -> Result<Secrets> {
    let is_new = store.read(|tx| sealed::meta(tx, KEY_PROOF))?.is_none();
    if is_new && !may_create(config) {
        return Err(no_store());
    }
    let secrets = Secrets::new(&secret_key::load(config, is_new)?)?;
    secrets.retire(&store.read(sealed::retirement)?.secret_keys());
    if secrets.ids().next().is_none() {
        return Err(Error::new(Code::WrongSecretKey, "the secret key was retired"));
    }
    Ok(secrets)
}

/// Reads the store, and makes what it lacks.
pub(crate) fn read_or_make(store: &Store, secrets: &Secrets, config: &Config, now: i64) -> Result<Opened> {
    match store.read(|tx| opened(tx, secrets, config, store.may_write()))? {
        Some(opened) => Ok(opened),
        None => make(store, secrets, config, now),
    }
}

/// Reads an existing store. Returns none if the store is new or incomplete, sealed by an older key, or to be
/// changed. Otherwise opening only reads, so that a store in use is not disturbed.
fn opened(tx: &mut Tx, secrets: &Secrets, config: &Config, may_write: bool) -> Result<Option<Opened>> {
    let Some(proof) = proof(tx, secrets)? else { return Ok(None) };
    let Some(recorded) = settings::recorded(tx, secrets)? else { return Ok(None) };
    let Opening::Follows(recorded) = Opening::of(recorded, config)? else { return Ok(None) };
    if may_write && is_to_seal(tx, secrets, &proof)? {
        return Ok(None);
    }
    let backends = backends::backends(&recorded.settings)?;
    let ring = key_ring::load(tx, secrets, &backends)?;
    // A move may have filled the store since this process connected.
    moves::admit(tx)?;
    Ok(ring.map(|ring| Opened { recorded, backends, ring }))
}

/// Creates what the store lacks, seals it by the newest key, and changes the settings if the configuration
/// says so.
fn make(store: &Store, secrets: &Secrets, config: &Config, now: i64) -> Result<Opened> {
    let wanted = store.read(|tx| settings::recorded(tx, secrets))?.map(|recorded| recorded.settings);
    let backends = backends::backends(&wanted.unwrap_or_default().with(config))?;
    let made = key_ring::make_missing(store, secrets, &backends)?;
    store.write(Durability::Full, |tx| {
        moves::admit(tx)?;
        retired_keys::follow(tx, secrets)?;
        let proof = proof(tx, secrets)?;
        if proof.as_ref().map_or(Ok(true), |proof| is_to_seal(tx, secrets, proof))? {
            // In a new store the others count as older.
            let came = if proof.is_none() { usize::MAX } else { 1 };
            let came: Vec<KeyId> = secrets.ids().take(came).collect();
            sealed::add_secret_keys(tx, came.into_iter().rev(), now)?;
            sealed::put_meta(tx, KEY_PROOF, &secrets.seal(KEY_PROOF, b"doorward")?)?;
            key_ring::reseal(tx, secrets)?;
            settings::reseal(tx, secrets)?;
            chain::reseal(tx, secrets)?;
        }
        let before = settings::recorded(tx, secrets)?;
        // A store is created with both. Without its settings it would take those of the next process that opens it.
        if proof.is_some() != before.is_some() {
            return Err(damaged());
        }
        // Tokens signed under the earlier settings live as long as those said.
        let longest = before.as_ref().map_or(0, |before| key_ring::retire_at(&before.settings, now));
        let oldest = before.as_ref().map_or(0, |before| settings::oldest(&before.settings, now));
        let recorded = match before {
            None if !may_create(config) => return Err(no_store()),
            None => {
                chain::make_head(tx, secrets)?;
                settings::record(tx, secrets, Settings::default().with(config))?
            }
            Some(recorded) => match Opening::of(recorded, config)? {
                Opening::Follows(recorded) => recorded,
                Opening::Changes(settings, differences) => {
                    tell_change(tx, &differences, now)?;
                    chain::keep_oldest(tx, secrets, oldest)?;
                    settings::record(tx, secrets, settings)?
                }
            },
        };
        let backends = backends::backends(&recorded.settings)?;
        let retire_at = key_ring::retire_at(&recorded.settings, now).max(longest);
        let ring = key_ring::complete(tx, secrets, &backends, &made, retire_at, now)?;
        Ok(Opened { recorded, backends, ring })
    })
}

/// Writes the event of a change, in the caller's transaction.
fn tell_change(tx: &mut Tx, differences: &[Difference], now: i64) -> Result<()> {
    let fields: Vec<_> = differences.iter().map(|difference| difference.field.as_str()).collect();
    let detail = fields.join(" ");
    append(tx, now, Event { detail: Some(&detail), ..event(Kind::SettingsChanged, None) })
}

/// Returns whether the current secret key is newer than the key that sealed the store. A key that was current
/// before seals nothing anew, so that a process with an outdated order of `secret_keys` does not revert the
/// store.
fn is_to_seal(tx: &mut Tx, secrets: &Secrets, proof: &[u8]) -> Result<bool> {
    let known = sealed::secret_keys(tx)?;
    let is_newer = secrets.ids().next().is_some_and(|current| known.iter().all(|known| known.id != current));
    Ok(is_newer && !secrets.is_current(proof))
}

/// Returns the proof that the secret key is the store's; none in a new store. Failure: `wrong_secret_key`.
pub(crate) fn proof(tx: &mut Tx, secrets: &Secrets) -> Result<Option<Vec<u8>>> {
    match sealed::meta(tx, KEY_PROOF)? {
        Some(proof) if secrets.open(KEY_PROOF, &proof).is_none() => {
            let newest = sealed::secret_keys(tx)?.pop().map(|key| data_encoding::HEXLOWER.encode(&key.id));
            let given: Vec<_> = secrets.ids().map(|id| data_encoding::HEXLOWER.encode(&id)).collect();
            let detail = format!(
                "the store has the secret key {}, and given is {}",
                newest.as_deref().unwrap_or("of another store"),
                given.join(", ")
            );
            Err(Error::new(Code::WrongSecretKey, detail))
        }
        proof => Ok(proof),
    }
}
