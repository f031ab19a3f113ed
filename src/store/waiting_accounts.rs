//! Rows of `waiting_accounts`: accounts that wait for the reader of a mail. The ids are keyed codes of addresses.

use super::tx::{Share, Tx};
use super::value::Value;
use crate::error::Result;
use crate::types::id::Id;

/// Returns the account that waits for the reader of an address, if there is one.
pub(crate) fn find(tx: &mut Tx, id: &[u8; 32]) -> Result<Option<Id>> {
    const SQL: &str = "SELECT user_id FROM waiting_accounts WHERE id = ?1";
    tx.first(SQL, &[Value::Bytes(id)], |row| row.id(0))
}

/// Returns whether an account is recorded as waiting.
pub(crate) fn has(tx: &mut Tx, user_id: Id) -> Result<bool> {
    const SQL: &str = "SELECT 1 FROM waiting_accounts WHERE user_id = ?1";
    Ok(tx.first(SQL, &[Value::Bytes(user_id.as_bytes())], |_| Ok(()))?.is_some())
}

/// Records that an account waits until a time, at least.
pub(crate) fn put(tx: &mut Tx, id: &[u8; 32], user_id: Id, expires_at: i64) -> Result<()> {
    tx.run(
        "INSERT INTO waiting_accounts (id, user_id, expires_at) VALUES (?1, ?2, ?3) \
         ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, expires_at = CASE \
         WHEN waiting_accounts.expires_at > excluded.expires_at THEN waiting_accounts.expires_at \
         ELSE excluded.expires_at END",
        &[Value::Bytes(id), Value::Bytes(user_id.as_bytes()), Value::Integer(expires_at)],
    )
}

/// A row that has expired.
pub(crate) struct Expired {
    pub id: [u8; 32],
    pub user_id: Id,
}

/// Lists rows that have expired, the oldest first.
pub(crate) fn expired(tx: &mut Tx, now: i64, share: Share) -> Result<Vec<Expired>> {
    const SQL: &str = "SELECT id, user_id FROM waiting_accounts WHERE expires_at <= ?1 \
                       ORDER BY expires_at LIMIT ?2";
    let values = [Value::Integer(now), Value::Integer(share.rows())];
    tx.all(SQL, &values, |row| Ok(Expired { id: row.array(0)?, user_id: row.id(1)? }))
}

/// Deletes a row, if it has expired. Returns whether it was there.
pub(crate) fn forget(tx: &mut Tx, id: &[u8; 32], now: i64) -> Result<bool> {
    const SQL: &str = "DELETE FROM waiting_accounts WHERE id = ?1 AND expires_at <= ?2";
    Ok(tx.execute(SQL, &[Value::Bytes(id), Value::Integer(now)])? == 1)
}

/// Deletes the rows of an account.
pub(crate) fn forget_of(tx: &mut Tx, user_id: Id) -> Result<()> {
    const SQL: &str = "DELETE FROM waiting_accounts WHERE user_id = ?1";
    tx.run(SQL, &[Value::Bytes(user_id.as_bytes())])
}
