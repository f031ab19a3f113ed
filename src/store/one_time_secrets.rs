//! Rows of `one_time_secrets`. The id is a keyed hash of the secret.

use super::row::Row;
use super::tx::{Share, Tx};
use super::value::Value;
use crate::error::Result;
use crate::types::id::Id;

/// A stored secret and the state of its user.
pub(crate) struct Kept {
    pub purpose: String,
    pub user_id: Id,
    pub epoch: i64,
    pub sealed: Vec<u8>,
    pub created_at: i64,
    pub expires_at: i64,
    pub user_epoch: i64,
    pub user_is_active: bool,
}

macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT s.purpose, s.user_id, s.epoch, s.sealed, s.created_at, s.expires_at, u.epoch, u.is_active ",
            "FROM one_time_secrets s JOIN users u ON u.id = s.user_id WHERE ",
            $which
        )
    };
}

pub(crate) fn find(tx: &mut Tx, id: &[u8; 32]) -> Result<Option<Kept>> {
    tx.first(select!("s.id = ?1"), &[Value::Bytes(id)], read)
}

/// Lists the secrets of a user, the oldest first.
pub(crate) fn list(tx: &mut Tx, user_id: Id) -> Result<Vec<Kept>> {
    const SQL: &str = select!("s.user_id = ?1 ORDER BY s.created_at, s.purpose LIMIT 1000");
    tx.all(SQL, &[Value::Bytes(user_id.as_bytes())], read)
}

fn read(row: &Row) -> Result<Kept> {
    Ok(Kept {
        purpose: row.text(0)?,
        user_id: row.id(1)?,
        epoch: row.integer(2)?,
        sealed: row.bytes(3)?,
        created_at: row.integer(4)?,
        expires_at: row.integer(5)?,
        user_epoch: row.integer(6)?,
        user_is_active: row.boolean(7)?,
    })
}

/// A new secret.
pub(crate) struct New<'a> {
    pub id: &'a [u8; 32],
    pub purpose: &'a str,
    pub user_id: Id,
    pub epoch: i64,
    pub sealed: &'a [u8],
    pub attempts: i64,
    pub created_at: i64,
    pub expires_at: i64,
}

pub(crate) fn insert(tx: &mut Tx, new: &New) -> Result<()> {
    tx.run(
        "INSERT INTO one_time_secrets (id, purpose, user_id, epoch, sealed, attempts_left, created_at, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &[
            Value::Bytes(new.id),
            Value::Text(new.purpose),
            Value::Bytes(new.user_id.as_bytes()),
            Value::Integer(new.epoch),
            Value::Bytes(new.sealed),
            Value::Integer(new.attempts),
            Value::Integer(new.created_at),
            Value::Integer(new.expires_at),
        ],
    )
}

/// Takes one of the remaining attempts. Returns false if there is none.
pub(crate) fn take_attempt(tx: &mut Tx, id: &[u8; 32]) -> Result<bool> {
    const SQL: &str =
        "UPDATE one_time_secrets SET attempts_left = attempts_left - 1 WHERE id = ?1 AND attempts_left > 0";
    Ok(tx.execute(SQL, &[Value::Bytes(id)])? == 1)
}

/// Deletes the secret. Returns whether it was there.
pub(crate) fn delete(tx: &mut Tx, id: &[u8; 32]) -> Result<bool> {
    Ok(tx.execute("DELETE FROM one_time_secrets WHERE id = ?1", &[Value::Bytes(id)])? == 1)
}

/// Deletes the secret, if it is there.
pub(crate) fn discard(tx: &mut Tx, id: &[u8; 32]) -> Result<()> {
    tx.run("DELETE FROM one_time_secrets WHERE id = ?1", &[Value::Bytes(id)])
}

/// Deletes every secret of a user, apart from those of invitations to organizations, which go with their invitations.
pub(crate) fn delete_all(tx: &mut Tx, user_id: Id) -> Result<()> {
    tx.run(
        "DELETE FROM one_time_secrets WHERE user_id = ?1 AND purpose <> 'membership'",
        &[Value::Bytes(user_id.as_bytes())],
    )
}

/// Deletes every secret of all users. Returns how many.
pub(crate) fn delete_every(tx: &mut Tx) -> Result<usize> {
    tx.execute("DELETE FROM one_time_secrets", &[])
}

/// Deletes all secrets of a user and purpose but the newest.
pub(crate) fn keep_newest(tx: &mut Tx, user_id: Id, purpose: &str, most: i64) -> Result<()> {
    tx.run(
        "DELETE FROM one_time_secrets WHERE user_id = ?1 AND purpose = ?2 AND id NOT IN \
         (SELECT id FROM one_time_secrets WHERE user_id = ?1 AND purpose = ?2 \
         ORDER BY created_at DESC, id LIMIT ?3)",
        &[Value::Bytes(user_id.as_bytes()), Value::Text(purpose), Value::Integer(most)],
    )
}

/// Deletes expired secrets, so that unused ones do not fill the disk.
pub(crate) fn forget_expired(tx: &mut Tx, now: i64, share: Share) -> Result<usize> {
    tx.forget(
        "DELETE FROM one_time_secrets WHERE id IN \
         (SELECT id FROM one_time_secrets WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        Value::Integer(now),
        share,
    )
}
