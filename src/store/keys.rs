//! Rows of `keys` and `meta`: what the secret key seals for the engine itself.

use super::{Tx, Value};
use crate::error::Result;

/// A sealed signing key.
pub(crate) struct SealedKey {
    pub kid: String,
    pub algorithm: String,
    pub sealed: Vec<u8>,
}

/// Every signing key, the newest first.
pub(crate) fn all(tx: &mut Tx) -> Result<Vec<SealedKey>> {
    let mut keys = Vec::new();
    tx.query("SELECT kid, algorithm, sealed FROM keys ORDER BY created_at DESC, kid", &[], |row| {
        keys.push(SealedKey { kid: row.text(0)?, algorithm: row.text(1)?, sealed: row.bytes(2)? });
        Ok(())
    })?;
    Ok(keys)
}

pub(crate) fn insert(tx: &mut Tx, key: &SealedKey, now: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO keys (kid, algorithm, sealed, created_at) VALUES (?1, ?2, ?3, ?4)",
        &[Value::Text(&key.kid), Value::Text(&key.algorithm), Value::Bytes(&key.sealed), Value::Integer(now)],
    )?;
    Ok(())
}

/// What `meta` holds under `name`.
pub(crate) fn meta(tx: &mut Tx, name: &str) -> Result<Option<Vec<u8>>> {
    tx.first("SELECT value FROM meta WHERE name = ?1", &[Value::Text(name)], |row| row.bytes(0))
}

pub(crate) fn insert_meta(tx: &mut Tx, name: &str, value: &[u8]) -> Result<()> {
    tx.execute("INSERT INTO meta (name, value) VALUES (?1, ?2)", &[Value::Text(name), Value::Bytes(value)])?;
    Ok(())
}
