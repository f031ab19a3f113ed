//! Rows of `keys` and `meta`: the engine's own sealed data.

use std::ops::Range;

use super::tx::{Share, Tx};
use super::value::Value;
use crate::crypto::secrets::KeyId;
use crate::error::Result;

/// The name in `meta` of a sealed text that only the right secret key opens. Every store that was opened once
/// has it.
pub(crate) const KEY_PROOF: &str = "secret_key_proof";

/// The name in `meta` of the record of immediate retirements: their number (8 bytes), and the ids of the
/// retired secret keys. A process that knows another value reloads its keys.
const RETIREMENT: &str = "retired_keys";

/// The name in `meta` of the secret keys that were ever current, in the order in which they were introduced:
/// the id of each, and the time (8 bytes).
const SECRET_KEYS: &str = "secret_keys";

/// The name in `meta` of the store's sealed settings.
const SETTINGS: &str = "settings";

/// Identifies one version of the sealed settings: the id of the secret key and the nonce.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp([u8; 16]);

impl Stamp {
    pub fn of(sealed: &[u8]) -> Stamp {
        Stamp(sealed.first_chunk().copied().unwrap_or_default())
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Returns the sealed settings of the store.
pub(crate) fn settings(tx: &mut Tx) -> Result<Option<Vec<u8>>> {
    meta(tx, SETTINGS)
}

/// Replaces the sealed settings.
pub(crate) fn put_settings(tx: &mut Tx, sealed: &[u8]) -> Result<()> {
    put_meta(tx, SETTINGS, sealed)
}

/// The record of immediate retirements.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Retirement(Vec<u8>);

impl Retirement {
    /// Reads the value in `meta`, which is missing if nothing was retired.
    pub fn stored(value: Option<Vec<u8>>) -> Retirement {
        Retirement(value.unwrap_or_default())
    }

    /// The ids of the secret keys that were retired.
    pub fn secret_keys(&self) -> Vec<KeyId> {
        self.0.get(8..).unwrap_or_default().as_chunks().0.to_vec()
    }

    /// Returns the next retirement, with more secret keys.
    fn with(&self, more: &[KeyId]) -> Retirement {
        let count = self.0.first_chunk().map_or(0, |count| u64::from_be_bytes(*count));
        let mut ids = self.secret_keys();
        ids.extend(more.iter().filter(|id| !self.secret_keys().contains(id)));
        Retirement([&count.wrapping_add(1).to_be_bytes()[..], ids.as_flattened()].concat())
    }
}

/// A stored signing key.
#[derive(Clone)]
pub(crate) struct SealedKey {
    pub kid: String,
    pub backend: String,
    pub algorithm: String,
    pub sealed: Vec<u8>,
    pub created_at: i64,
    /// The time until which the key verifies; `None` for a key that signs.
    pub expires_at: Option<i64>,
}

/// Returns every signing key; for each backend those that sign come first.
pub(crate) fn all(tx: &mut Tx) -> Result<Vec<SealedKey>> {
    let sql = "SELECT kid, backend, algorithm, sealed, created_at, expires_at FROM keys \
               ORDER BY backend, expires_at IS NOT NULL, expires_at DESC, kid";
    tx.all(sql, &[], |row| {
        Ok(SealedKey {
            kid: row.text(0)?,
            backend: row.text(1)?,
            algorithm: row.text(2)?,
            sealed: row.bytes(3)?,
            created_at: row.integer(4)?,
            expires_at: row.optional_integer(5)?,
        })
    })
}

/// A new signing key.
pub(crate) struct NewKey {
    pub kid: String,
    pub backend: String,
    pub algorithm: String,
    pub sealed: Vec<u8>,
}

/// Stores a new key, which signs from now on.
pub(crate) fn insert(tx: &mut Tx, key: &NewKey, now: i64) -> Result<()> {
    tx.run(
        "INSERT INTO keys (kid, backend, algorithm, sealed, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        &[
            Value::Text(&key.kid),
            Value::Text(&key.backend),
            Value::Text(&key.algorithm),
            Value::Bytes(&key.sealed),
            Value::Integer(now),
        ],
    )
}

/// Stops a backend's keys from signing; they verify until `retire_at`.
pub(crate) fn retire(tx: &mut Tx, backend: &str, retire_at: i64, now: i64) -> Result<()> {
    forget_expired(tx, now, Share::Batch(100))?;
    tx.run(
        "UPDATE keys SET expires_at = ?2 WHERE backend = ?1 AND expires_at IS NULL",
        &[Value::Text(backend), Value::Integer(retire_at)],
    )
}

/// Deletes the keys of a backend, whether they sign or only verify. Returns how many.
pub(crate) fn delete_of(tx: &mut Tx, backend: &str) -> Result<usize> {
    tx.execute("DELETE FROM keys WHERE backend = ?1", &[Value::Text(backend)])
}

/// Deletes every key, including those of backends that are configured elsewhere. Returns how many.
pub(crate) fn delete_every(tx: &mut Tx) -> Result<usize> {
    tx.execute("DELETE FROM keys", &[])
}

/// Returns the record of immediate retirements.
pub(crate) fn retirement(tx: &mut Tx) -> Result<Retirement> {
    meta(tx, RETIREMENT).map(Retirement::stored)
}

/// Tells every process that keys were retired, including these secret keys. Waits for those that hold them.
pub(crate) fn retire_at_once(tx: &mut Tx, secret_keys: &[KeyId]) -> Result<()> {
    tx.run("UPDATE meta SET value = value WHERE name = ?1", &[Value::Text(SECRET_KEYS)])?;
    let retirement = retirement(tx)?.with(secret_keys);
    put_meta(tx, RETIREMENT, &retirement.0)
}

/// Keeps others from retiring secret keys until the transaction ends. SQLite has one writer at a time in any case.
pub(crate) fn hold_secret_keys(tx: &mut Tx) -> Result<()> {
    match tx.is_on_server() {
        true => {
            tx.query("SELECT 1 FROM meta WHERE name = ?1 FOR SHARE", &[Value::Text(SECRET_KEYS)], |_| Ok(()))
        }
        false => Ok(()),
    }
}

/// A secret key that was current at some time.
pub(crate) struct KnownSecret {
    pub id: KeyId,
    pub since: i64,
}

/// Returns the secret keys that were ever current, in the order in which they were introduced.
pub(crate) fn secret_keys(tx: &mut Tx) -> Result<Vec<KnownSecret>> {
    let all = meta(tx, SECRET_KEYS)?.unwrap_or_default();
    let (all, _) = all.as_chunks::<12>();
    Ok(all
        .iter()
        .map(|[a, b, c, d, since @ ..]| KnownSecret {
            id: [*a, *b, *c, *d],
            since: i64::from_be_bytes(*since),
        })
        .collect())
}

/// Records that these secret keys were introduced now, in this order. One that is already recorded keeps its
/// place.
pub(crate) fn add_secret_keys(tx: &mut Tx, ids: impl Iterator<Item = KeyId>, now: i64) -> Result<()> {
    let mut all = secret_keys(tx)?;
    for id in ids {
        if !all.iter().any(|known| known.id == id) {
            all.push(KnownSecret { id, since: now });
        }
    }
    let bytes = |known: &KnownSecret| [&known.id[..], &known.since.to_be_bytes()].concat();
    put_meta(tx, SECRET_KEYS, &all.iter().flat_map(bytes).collect::<Vec<u8>>())
}

/// The number of rows that need a secret key which is no longer the current one.
pub(crate) struct Needs {
    pub password_hashes: i64,
    pub totp_seeds: i64,
    pub mails: i64,
    pub recovery_codes: i64,
    pub api_keys: i64,
    pub sessions: i64,
}

/// Counts the rows that need the secret key with this id, which was current in the range `current`: rows that
/// it sealed or named, and live sessions that were last refreshed in that time or whose claims it sealed. Sealed hashes
/// begin with the 13 letters of `hashes`.
pub(crate) fn needs(tx: &mut Tx, id: KeyId, hashes: &str, current: Range<i64>, now: i64) -> Result<Needs> {
    let mut count = |sql: &'static str, values: &[Value]| -> Result<i64> {
        Ok(tx.first(sql, values, |row| row.integer(0))?.unwrap_or_default())
    };
    Ok(Needs {
        password_hashes: count(
            "SELECT count(*) FROM users WHERE substr(password_hash, 1, 13) = ?1 OR substr(past_passwords, 1, 13) = ?1",
            &[Value::Text(hashes)],
        )?,
        totp_seeds: count("SELECT count(*) FROM totp WHERE substr(sealed, 1, 4) = ?1", &[Value::Bytes(&id)])?,
        mails: count("SELECT count(*) FROM mails WHERE substr(sealed, 1, 4) = ?1", &[Value::Bytes(&id)])?,
        recovery_codes: count(
            "SELECT count(*) FROM recovery_codes WHERE substr(id, 1, 4) = ?1",
            &[Value::Bytes(&id)],
        )?,
        api_keys: count("SELECT count(*) FROM api_keys WHERE substr(code, 1, 4) = ?1", &[Value::Bytes(&id)])?,
        sessions: count(
            "SELECT count(*) FROM sessions WHERE revoked_at IS NULL AND expires_at > ?1 AND idle_at > ?1 \
             AND (rotated_at >= ?2 AND rotated_at < ?3 OR substr(claims, 1, 4) = ?4)",
            &[
                Value::Integer(now),
                Value::Integer(current.start),
                Value::Integer(current.end),
                Value::Bytes(&id),
            ],
        )?,
    })
}

/// Deletes keys that no longer verify anything.
pub(crate) fn forget_expired(tx: &mut Tx, now: i64, share: Share) -> Result<usize> {
    tx.forget(
        "DELETE FROM keys WHERE kid IN (SELECT kid FROM keys WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        Value::Integer(now),
        share,
    )
}

/// Replaces a sealed key by the same key sealed anew.
pub(crate) fn reseal(tx: &mut Tx, kid: &str, sealed: &[u8]) -> Result<()> {
    tx.run("UPDATE keys SET sealed = ?2 WHERE kid = ?1", &[Value::Text(kid), Value::Bytes(sealed)])
}

/// Returns the value in `meta` of this name.
pub(crate) fn meta(tx: &mut Tx, name: &str) -> Result<Option<Vec<u8>>> {
    tx.first("SELECT value FROM meta WHERE name = ?1", &[Value::Text(name)], |row| row.bytes(0))
}

pub(crate) fn put_meta(tx: &mut Tx, name: &str, value: &[u8]) -> Result<()> {
    tx.run(
        "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        &[Value::Text(name), Value::Bytes(value)],
    )
}
