//! Rows of `mails`: mails that wait to be sent.

use super::row::{Row, Sealed};
use super::tx::{Share, Tx};
use super::value::Value;
use crate::error::Result;
use crate::types::id::Id;

/// A new mail.
pub(crate) struct New<'a> {
    pub id: Id,
    pub user_id: Id,
    pub kind: &'a str,
    pub sealed: &'a [u8],
    pub locale: Option<&'a str>,
    pub created_at: i64,
    pub expires_at: i64,
}

pub(crate) fn insert(tx: &mut Tx, new: &New) -> Result<()> {
    tx.run(
        "INSERT INTO mails (id, user_id, kind, sealed, locale, created_at, expires_at, due_at, attempts) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?6, 0)",
        &[
            Value::Bytes(new.id.as_bytes()),
            Value::Bytes(new.user_id.as_bytes()),
            Value::Text(new.kind),
            Value::Bytes(new.sealed),
            Value::optional_text(new.locale),
            Value::Integer(new.created_at),
            Value::Integer(new.expires_at),
        ],
    )
}

/// A waiting mail and its user's name.
pub(crate) struct Waiting {
    pub id: Id,
    pub user_id: Id,
    pub kind: String,
    pub sealed: Vec<u8>,
    pub created_at: i64,
    pub expires_at: i64,
    /// The number of times it was taken.
    pub attempts: i64,
    pub last_error: Option<String>,
    /// The user's name, unless the account was deleted.
    pub username: Option<String>,
    /// The language of the mail, or else of its user.
    pub locale: Option<String>,
}

macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT m.id, m.user_id, m.kind, m.sealed, m.created_at, m.expires_at, m.attempts, m.last_error, ",
            "u.username, COALESCE(m.locale, u.locale) FROM mails m LEFT JOIN users u ON u.id = m.user_id WHERE ",
            $which
        )
    };
}

/// Lists mails that are due, those that have been due for the longest time first.
pub(crate) fn due(tx: &mut Tx, now: i64, limit: usize) -> Result<Vec<Waiting>> {
    const SQL: &str = select!("m.due_at <= ?1 AND m.expires_at > ?1 ORDER BY m.due_at, m.id LIMIT ?2");
    tx.all(SQL, &[Value::Integer(now), Value::Integer(limit as i64)], read)
}

/// Lists expired mails.
pub(crate) fn expired(tx: &mut Tx, now: i64, share: Share) -> Result<Vec<Waiting>> {
    const SQL: &str = select!("m.expires_at <= ?1 ORDER BY m.expires_at LIMIT ?2");
    tx.all(SQL, &[Value::Integer(now), Value::Integer(share.rows())], read)
}

pub(crate) fn find(tx: &mut Tx, id: Id) -> Result<Option<Waiting>> {
    tx.first(select!("m.id = ?1"), &[Value::Bytes(id.as_bytes())], read)
}

/// Lists the mails that wait for a user, the oldest first.
pub(crate) fn waiting_for(tx: &mut Tx, user_id: Id) -> Result<Vec<Waiting>> {
    const SQL: &str = select!("m.user_id = ?1 ORDER BY m.created_at, m.kind LIMIT 1000");
    tx.all(SQL, &[Value::Bytes(user_id.as_bytes())], read)
}

/// Whether any mail waits, due or not.
pub(crate) fn any(tx: &mut Tx) -> Result<bool> {
    Ok(tx.first("SELECT 1 FROM mails LIMIT 1", &[], |_| Ok(()))?.is_some())
}

/// Returns when the oldest waiting mail was written, if one waits.
pub(crate) fn oldest(tx: &mut Tx) -> Result<Option<i64>> {
    tx.first("SELECT created_at FROM mails ORDER BY id LIMIT 1", &[], |row| row.integer(0))
}

/// Leases a mail to one sender until `lease_ends_at`.
pub(crate) fn lease(tx: &mut Tx, id: Id, lease_ends_at: i64) -> Result<()> {
    tx.run(
        "UPDATE mails SET due_at = ?2, attempts = attempts + 1 WHERE id = ?1",
        &[Value::Bytes(id.as_bytes()), Value::Integer(lease_ends_at)],
    )
}

/// Puts a mail off that could not be sent.
pub(crate) fn defer(tx: &mut Tx, id: Id, due_at: i64, error: Option<&str>) -> Result<()> {
    tx.run(
        "UPDATE mails SET due_at = ?2, last_error = ?3 WHERE id = ?1",
        &[Value::Bytes(id.as_bytes()), Value::Integer(due_at), Value::optional_text(error)],
    )
}

/// Deletes a mail that was sent or never will be.
pub(crate) fn delete(tx: &mut Tx, id: Id) -> Result<()> {
    tx.run("DELETE FROM mails WHERE id = ?1", &[Value::Bytes(id.as_bytes())])
}

/// Deletes a user's waiting mails, except those of these kinds.
pub(crate) fn delete_all_but(tx: &mut Tx, user_id: Id, kinds: [&str; 3]) -> Result<()> {
    let [first, second, third] = kinds.map(Value::Text);
    tx.run(
        "DELETE FROM mails WHERE user_id = ?1 AND kind NOT IN (?2, ?3, ?4)",
        &[Value::Bytes(user_id.as_bytes()), first, second, third],
    )
}

/// Deletes a user's waiting mails of one kind.
pub(crate) fn delete_kind(tx: &mut Tx, user_id: Id, kind: &str) -> Result<()> {
    tx.run(
        "DELETE FROM mails WHERE user_id = ?1 AND kind = ?2",
        &[Value::Bytes(user_id.as_bytes()), Value::Text(kind)],
    )
}

/// Deletes all waiting mails of one kind. Returns how many.
pub(crate) fn delete_every(tx: &mut Tx, kind: &str) -> Result<usize> {
    tx.execute("DELETE FROM mails WHERE kind = ?1", &[Value::Text(kind)])
}

/// Lists the sealed contents of mails, in the order of their ids.
pub(crate) fn sealed(tx: &mut Tx, after: Id, limit: usize) -> Result<Vec<Sealed<Vec<u8>>>> {
    const SQL: &str = "SELECT id, sealed FROM mails WHERE id > ?1 ORDER BY id LIMIT ?2";
    tx.after(SQL, after, limit, Sealed::read)
}

pub(crate) fn reseal(tx: &mut Tx, id: Id, old: &[u8], new: &[u8]) -> Result<()> {
    tx.run(
        "UPDATE mails SET sealed = ?3 WHERE id = ?1 AND sealed = ?2",
        &[Value::Bytes(id.as_bytes()), Value::Bytes(old), Value::Bytes(new)],
    )
}

fn read(row: &Row) -> Result<Waiting> {
    Ok(Waiting {
        id: row.id(0)?,
        user_id: row.id(1)?,
        kind: row.text(2)?,
        sealed: row.bytes(3)?,
        created_at: row.integer(4)?,
        expires_at: row.integer(5)?,
        attempts: row.integer(6)?,
        last_error: row.optional_text(7)?,
        username: row.optional_text(8)?,
        locale: row.optional_text(9)?,
    })
}
