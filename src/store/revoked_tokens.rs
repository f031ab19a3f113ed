//! Rows of `revoked_tokens`: tokens without a session that were revoked one by one.

use super::tx::{Share, Tx};
use super::value::Value;
use crate::error::Result;

/// Revokes a token. Returns false if it was revoked before.
pub(crate) fn put(tx: &mut Tx, id: &[u8; 32], expires_at: i64) -> Result<bool> {
    const SQL: &str =
        "INSERT INTO revoked_tokens (id, expires_at) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING";
    Ok(tx.execute(SQL, &[Value::Bytes(id), Value::Integer(expires_at)])? == 1)
}

/// Whether the token is revoked.
pub(crate) fn contains(tx: &mut Tx, id: &[u8; 32]) -> Result<bool> {
    Ok(tx.first("SELECT 1 FROM revoked_tokens WHERE id = ?1", &[Value::Bytes(id)], |_| Ok(()))?.is_some())
}

/// Deletes tokens that have expired.
pub(crate) fn forget_expired(tx: &mut Tx, now: i64, share: Share) -> Result<usize> {
    tx.forget(
        "DELETE FROM revoked_tokens WHERE id IN \
         (SELECT id FROM revoked_tokens WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        Value::Integer(now),
        share,
    )
}
