//! Rows of `totp`, `pending_totp` and `recovery_codes`.

use super::row::{Row, Sealed, damaged};
use super::tx::Tx;
use super::value::Value;
use crate::error::Result;
use crate::types::id::Id;

/// The number of second factors of each kind that an account has.
pub(crate) struct Count {
    pub totp: i64,
    pub passkeys: i64,
    pub recovery_codes: i64,
}

/// Counts the active factors. An unconfirmed seed does not count.
pub(crate) fn count(tx: &mut Tx, user_id: Id) -> Result<Count> {
    const SQL: &str = "SELECT (SELECT count(*) FROM totp WHERE user_id = ?1), \
                       (SELECT count(*) FROM passkeys WHERE user_id = ?1), \
                       (SELECT count(*) FROM recovery_codes WHERE user_id = ?1)";
    let found = tx.first(SQL, &[Value::Bytes(user_id.as_bytes())], |row| {
        Ok(Count { totp: row.integer(0)?, passkeys: row.integer(1)?, recovery_codes: row.integer(2)? })
    })?;
    found.ok_or_else(damaged)
}

/// A stored seed, and the parameters given to the app.
pub(crate) struct StoredSeed {
    pub sealed: Vec<u8>,
    pub digits: i64,
    pub period_seconds: i64,
    pub created_at: i64,
}

/// An app in use.
pub(crate) struct Totp {
    pub seed: StoredSeed,
    /// The last time step of which a code was accepted.
    pub last_step: i64,
    pub confirmed_at: i64,
}

pub(crate) fn totp(tx: &mut Tx, user_id: Id) -> Result<Option<Totp>> {
    const SQL: &str = "SELECT sealed, digits, period_seconds, created_at, last_step, confirmed_at \
                       FROM totp WHERE user_id = ?1";
    tx.first(SQL, &[Value::Bytes(user_id.as_bytes())], |row| {
        Ok(Totp { seed: seed(row)?, last_step: row.integer(4)?, confirmed_at: row.integer(5)? })
    })
}

/// Returns the seed of an app that is set up and not confirmed.
pub(crate) fn pending_totp(tx: &mut Tx, user_id: Id) -> Result<Option<StoredSeed>> {
    const SQL: &str =
        "SELECT sealed, digits, period_seconds, created_at FROM pending_totp WHERE user_id = ?1";
    tx.first(SQL, &[Value::Bytes(user_id.as_bytes())], seed)
}

fn seed(row: &Row) -> Result<StoredSeed> {
    Ok(StoredSeed {
        sealed: row.bytes(0)?,
        digits: row.integer(1)?,
        period_seconds: row.integer(2)?,
        created_at: row.integer(3)?,
    })
}

/// Stores an unconfirmed seed, which replaces an earlier unconfirmed one.
pub(crate) fn put_pending(tx: &mut Tx, user_id: Id, seed: &StoredSeed) -> Result<()> {
    tx.run(
        "INSERT INTO pending_totp (user_id, sealed, digits, period_seconds, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, \
         digits = excluded.digits, period_seconds = excluded.period_seconds, created_at = excluded.created_at",
        &[
            Value::Bytes(user_id.as_bytes()),
            Value::Bytes(&seed.sealed),
            Value::Integer(seed.digits),
            Value::Integer(seed.period_seconds),
            Value::Integer(seed.created_at),
        ],
    )
}

/// Puts the pending seed in use, which replaces the one in use. Codes up to this step are used up.
/// Returns false if no seed was pending.
pub(crate) fn confirm_totp(tx: &mut Tx, user_id: Id, step: i64, now: i64) -> Result<bool> {
    const SQL: &str = "INSERT INTO totp (user_id, sealed, digits, period_seconds, last_step, created_at, confirmed_at) \
                       SELECT user_id, sealed, digits, period_seconds, ?2, created_at, ?3 FROM pending_totp \
                       WHERE user_id = ?1";
    let id = Value::Bytes(user_id.as_bytes());
    tx.run("DELETE FROM totp WHERE user_id = ?1", &[id])?;
    let confirmed = tx.execute(SQL, &[id, Value::Integer(step), Value::Integer(now)])? == 1;
    delete_pending_totp(tx, user_id)?;
    Ok(confirmed)
}

/// Stores the app of an account that has none.
pub(crate) fn insert_totp(tx: &mut Tx, user_id: Id, totp: &Totp) -> Result<()> {
    tx.run(
        "INSERT INTO totp (user_id, sealed, digits, period_seconds, last_step, created_at, confirmed_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            Value::Bytes(user_id.as_bytes()),
            Value::Bytes(&totp.seed.sealed),
            Value::Integer(totp.seed.digits),
            Value::Integer(totp.seed.period_seconds),
            Value::Integer(totp.last_step),
            Value::Integer(totp.seed.created_at),
            Value::Integer(totp.confirmed_at),
        ],
    )
}

/// Uses up a time step and all before it. Returns false if it was used up before.
pub(crate) fn use_step(tx: &mut Tx, user_id: Id, step: i64) -> Result<bool> {
    const SQL: &str = "UPDATE totp SET last_step = ?2 WHERE user_id = ?1 AND last_step < ?2";
    Ok(tx.execute(SQL, &[Value::Bytes(user_id.as_bytes()), Value::Integer(step)])? == 1)
}

/// Lists the sealed seeds, in the order of their users' ids.
pub(crate) fn sealed_totp(tx: &mut Tx, after: Id, limit: usize) -> Result<Vec<Sealed<Vec<u8>>>> {
    const SQL: &str = "SELECT user_id, sealed FROM totp WHERE user_id > ?1 ORDER BY user_id LIMIT ?2";
    tx.after(SQL, after, limit, Sealed::read)
}

/// Replaces a seed by the same seed sealed anew, unless it was replaced by another.
pub(crate) fn reseal_totp(tx: &mut Tx, user_id: Id, old: &[u8], new: &[u8]) -> Result<()> {
    tx.run(
        "UPDATE totp SET sealed = ?3 WHERE user_id = ?1 AND sealed = ?2",
        &[Value::Bytes(user_id.as_bytes()), Value::Bytes(old), Value::Bytes(new)],
    )
}

/// Deletes every seed. A confirmed authenticator app remains a required factor of its account, but no code is
/// accepted. Returns how many seeds.
pub(crate) fn forget_seeds(tx: &mut Tx) -> Result<usize> {
    let waiting = tx.execute("DELETE FROM pending_totp", &[])?;
    Ok(waiting + tx.execute("UPDATE totp SET sealed = ?1 WHERE sealed <> ?1", &[Value::Bytes(&[])])?)
}

/// Deletes an account's app. Returns whether it had one.
pub(crate) fn delete_totp(tx: &mut Tx, user_id: Id) -> Result<bool> {
    Ok(tx.execute("DELETE FROM totp WHERE user_id = ?1", &[Value::Bytes(user_id.as_bytes())])? == 1)
}

/// Deletes an unconfirmed seed.
pub(crate) fn delete_pending_totp(tx: &mut Tx, user_id: Id) -> Result<()> {
    tx.run("DELETE FROM pending_totp WHERE user_id = ?1", &[Value::Bytes(user_id.as_bytes())])
}

/// Stores a recovery code by its id, a keyed hash.
pub(crate) fn insert_recovery_code(tx: &mut Tx, id: &[u8; 32], user_id: Id, now: i64) -> Result<()> {
    tx.run(
        "INSERT INTO recovery_codes (id, user_id, created_at) VALUES (?1, ?2, ?3)",
        &[Value::Bytes(id), Value::Bytes(user_id.as_bytes()), Value::Integer(now)],
    )
}

/// Returns the account that has a recovery code.
pub(crate) fn user_of_recovery_code(tx: &mut Tx, id: &[u8; 32]) -> Result<Option<Id>> {
    const SQL: &str = "SELECT user_id FROM recovery_codes WHERE id = ?1";
    tx.first(SQL, &[Value::Bytes(id)], |row| row.id(0))
}

/// Lists the ids of a user's recovery codes.
pub(crate) fn recovery_codes(tx: &mut Tx, user_id: Id) -> Result<Vec<[u8; 32]>> {
    const SQL: &str = "SELECT id FROM recovery_codes WHERE user_id = ?1 ORDER BY id";
    tx.all(SQL, &[Value::Bytes(user_id.as_bytes())], |row| row.array(0))
}

/// Deletes a recovery code. Returns whether the user had it.
pub(crate) fn delete_recovery_code(tx: &mut Tx, id: &[u8; 32], user_id: Id) -> Result<bool> {
    const SQL: &str = "DELETE FROM recovery_codes WHERE id = ?1 AND user_id = ?2";
    Ok(tx.execute(SQL, &[Value::Bytes(id), Value::Bytes(user_id.as_bytes())])? == 1)
}

pub(crate) fn delete_recovery_codes(tx: &mut Tx, user_id: Id) -> Result<()> {
    tx.run("DELETE FROM recovery_codes WHERE user_id = ?1", &[Value::Bytes(user_id.as_bytes())])
}
