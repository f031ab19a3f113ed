//! Rows of `trusted_devices`: the devices on which users need no second factor for a time.

use super::row::Row;
use super::tx::{Share, Tx};
use super::value::Value;
use crate::error::Result;
use crate::types::id::Id;

/// A stored device, without its code.
pub(crate) struct TrustedDevice {
    pub id: Id,
    pub user_id: Id,
    /// The user's epoch at the time of the trust.
    pub epoch: i64,
    pub user_agent: Option<String>,
    pub created_at: i64,
    pub expires_at: i64,
    pub last_used_at: Option<i64>,
}

macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT id, user_id, epoch, user_agent, created_at, expires_at, last_used_at FROM trusted_devices ",
            $which
        )
    };
}

/// Returns the device with this code.
pub(crate) fn find(tx: &mut Tx, code: &[u8; 32]) -> Result<Option<TrustedDevice>> {
    tx.first(select!("WHERE code = ?1"), &[Value::Bytes(code)], read)
}

/// Lists the devices of a user, the oldest first.
pub(crate) fn list(tx: &mut Tx, user_id: Id) -> Result<Vec<TrustedDevice>> {
    tx.all(select!("WHERE user_id = ?1 ORDER BY id"), &[Value::Bytes(user_id.as_bytes())], read)
}

/// Stores a device in the place of the oldest ones of its user, who keeps at most `most`.
pub(crate) fn put(tx: &mut Tx, device: &TrustedDevice, code: &[u8; 32], most: i64) -> Result<()> {
    let user_id = Value::Bytes(device.user_id.as_bytes());
    tx.run(
        "DELETE FROM trusted_devices WHERE user_id = ?1 AND id NOT IN \
         (SELECT id FROM trusted_devices WHERE user_id = ?1 ORDER BY created_at DESC, id DESC LIMIT ?2)",
        &[user_id, Value::Integer(most - 1)],
    )?;
    tx.run(
        "INSERT INTO trusted_devices (id, code, user_id, epoch, user_agent, created_at, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            Value::Bytes(device.id.as_bytes()),
            Value::Bytes(code),
            user_id,
            Value::Integer(device.epoch),
            Value::optional_text(device.user_agent.as_deref()),
            Value::Integer(device.created_at),
            Value::Integer(device.expires_at),
        ],
    )
}

/// Records a login on a device.
pub(crate) fn used(tx: &mut Tx, id: Id, now: i64) -> Result<()> {
    const SQL: &str = "UPDATE trusted_devices SET last_used_at = ?2 WHERE id = ?1";
    tx.run(SQL, &[Value::Bytes(id.as_bytes()), Value::Integer(now)])
}

/// Deletes a device of a user. Returns whether it was there.
pub(crate) fn delete(tx: &mut Tx, user_id: Id, id: Id) -> Result<bool> {
    const SQL: &str = "DELETE FROM trusted_devices WHERE id = ?2 AND user_id = ?1";
    Ok(tx.execute(SQL, &[Value::Bytes(user_id.as_bytes()), Value::Bytes(id.as_bytes())])? == 1)
}

/// Deletes every device of a user.
pub(crate) fn delete_all(tx: &mut Tx, user_id: Id) -> Result<()> {
    tx.run("DELETE FROM trusted_devices WHERE user_id = ?1", &[Value::Bytes(user_id.as_bytes())])
}

/// Deletes every device of every user.
pub(crate) fn delete_every(tx: &mut Tx) -> Result<()> {
    tx.run("DELETE FROM trusted_devices", &[])
}

/// Deletes expired devices.
pub(crate) fn forget_expired(tx: &mut Tx, now: i64, share: Share) -> Result<usize> {
    tx.forget(
        "DELETE FROM trusted_devices WHERE id IN \
         (SELECT id FROM trusted_devices WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        Value::Integer(now),
        share,
    )
}

fn read(row: &Row) -> Result<TrustedDevice> {
    Ok(TrustedDevice {
        id: row.id(0)?,
        user_id: row.id(1)?,
        epoch: row.integer(2)?,
        user_agent: row.optional_text(3)?,
        created_at: row.integer(4)?,
        expires_at: row.integer(5)?,
        last_used_at: row.optional_integer(6)?,
    })
}
