//! Rows of `known_devices`: the devices on which users logged in. The id is a keyed hash of account and
//! device, which are stored nowhere.

use super::tx::{Share, Tx};
use super::value::Value;
use crate::error::Result;
use crate::types::id::Id;

/// Whether the device is known.
pub(crate) fn is_known(tx: &mut Tx, id: &[u8], now: i64) -> Result<bool> {
    let sql = "SELECT id FROM known_devices WHERE id = ?1 AND expires_at > ?2";
    Ok(tx.first(sql, &[Value::Bytes(id), Value::Integer(now)], |_| Ok(()))?.is_some())
}

/// Returns the time until which each device of a user is known.
pub(crate) fn list(tx: &mut Tx, user_id: Id) -> Result<Vec<i64>> {
    let sql = "SELECT expires_at FROM known_devices WHERE user_id = ?1 ORDER BY expires_at";
    tx.all(sql, &[Value::Bytes(user_id.as_bytes())], |row| row.integer(0))
}

/// Stores the device of a user until `expires_at`, and deletes the least recently used ones beyond `most`.
pub(crate) fn put(tx: &mut Tx, id: &[u8], user_id: Id, expires_at: i64, most: i64) -> Result<()> {
    let user_id = Value::Bytes(user_id.as_bytes());
    tx.execute(
        "INSERT INTO known_devices (id, user_id, expires_at) VALUES (?1, ?2, ?3) \
         ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at",
        &[Value::Bytes(id), user_id, Value::Integer(expires_at)],
    )?;
    tx.execute(
        "DELETE FROM known_devices WHERE user_id = ?1 AND id NOT IN \
         (SELECT id FROM known_devices WHERE user_id = ?1 ORDER BY expires_at DESC, id LIMIT ?2)",
        &[user_id, Value::Integer(most)],
    )?;
    Ok(())
}

/// Deletes every device of a user. Returns their ids.
pub(crate) fn delete_all(tx: &mut Tx, user_id: Id) -> Result<Vec<[u8; 32]>> {
    let sql = "DELETE FROM known_devices WHERE user_id = ?1 RETURNING id";
    tx.all(sql, &[Value::Bytes(user_id.as_bytes())], |row| row.array(0))
}

/// Lists the ids of a user's devices.
pub(crate) fn ids(tx: &mut Tx, user_id: Id) -> Result<Vec<[u8; 32]>> {
    let sql = "SELECT id FROM known_devices WHERE user_id = ?1 ORDER BY id";
    tx.all(sql, &[Value::Bytes(user_id.as_bytes())], |row| row.array(0))
}

/// A device and its user.
pub(crate) struct Device {
    pub id: [u8; 32],
    pub user_id: Id,
}

/// Lists the devices of the users from one id to another.
pub(crate) fn walk(tx: &mut Tx, from: Id, to: Id) -> Result<Vec<Device>> {
    let sql =
        "SELECT user_id, id FROM known_devices WHERE user_id >= ?1 AND user_id <= ?2 ORDER BY user_id, id";
    tx.all(sql, &[Value::Bytes(from.as_bytes()), Value::Bytes(to.as_bytes())], |row| {
        Ok(Device { user_id: row.id(0)?, id: row.array(1)? })
    })
}

/// Deletes devices without a login for too long.
pub(crate) fn forget_expired(tx: &mut Tx, now: i64, share: Share) -> Result<usize> {
    tx.forget(
        "DELETE FROM known_devices WHERE id IN \
         (SELECT id FROM known_devices WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        Value::Integer(now),
        share,
    )
}
