//! Rows of `identities`: users at providers, and the accounts that they open. An unlinked one is as if it were not
//! there, except for [`was_unlinked`].

use super::tx::Tx;
use super::value::Value;
use crate::error::Result;
use crate::types::id::Id;

/// A user at a provider.
#[derive(Clone, Copy)]
pub(crate) struct Identity<'a> {
    pub issuer: &'a str,
    pub subject: &'a str,
}

/// Returns the id of the account that the identity opens.
pub(crate) fn find(tx: &mut Tx, identity: Identity) -> Result<Option<Id>> {
    const SQL: &str =
        "SELECT user_id FROM identities WHERE issuer = ?1 AND subject = ?2 AND unlinked_at IS NULL";
    let found =
        tx.first(SQL, &[Value::Text(identity.issuer), Value::Text(identity.subject)], |row| row.array(0))?;
    Ok(found.map(Id::from_bytes))
}

/// Returns whether the identity was unlinked from this account. What happens to it elsewhere does not change that.
pub(crate) fn was_unlinked(tx: &mut Tx, identity: Identity, user_id: Id) -> Result<bool> {
    const SQL: &str = "SELECT 1 FROM identities \
                       WHERE issuer = ?1 AND subject = ?2 AND user_id = ?3 AND unlinked_at IS NOT NULL";
    let values =
        [Value::Text(identity.issuer), Value::Text(identity.subject), Value::Bytes(user_id.as_bytes())];
    Ok(tx.first(SQL, &values, |_| Ok(()))?.is_some())
}

/// Links an identity to an account.
pub(crate) fn insert(tx: &mut Tx, identity: Identity, user_id: Id, now: i64) -> Result<()> {
    tx.run(
        "DELETE FROM identities \
         WHERE issuer = ?1 AND subject = ?2 AND user_id = ?3 AND unlinked_at IS NOT NULL",
        &[Value::Text(identity.issuer), Value::Text(identity.subject), Value::Bytes(user_id.as_bytes())],
    )?;
    tx.run(
        "INSERT INTO identities (issuer, subject, user_id, created_at) VALUES (?1, ?2, ?3, ?4)",
        &[
            Value::Text(identity.issuer),
            Value::Text(identity.subject),
            Value::Bytes(user_id.as_bytes()),
            Value::Integer(now),
        ],
    )
}

/// An identity that opens an account.
pub(crate) struct Linked {
    pub issuer: String,
    pub subject: String,
    pub created_at: i64,
}

/// Lists the identities that open an account.
pub(crate) fn list(tx: &mut Tx, user_id: Id) -> Result<Vec<Linked>> {
    const SQL: &str = "SELECT issuer, subject, created_at FROM identities \
                       WHERE user_id = ?1 AND unlinked_at IS NULL ORDER BY created_at, issuer, subject";
    tx.all(SQL, &[Value::Bytes(user_id.as_bytes())], |row| {
        Ok(Linked { issuer: row.text(0)?, subject: row.text(1)?, created_at: row.integer(2)? })
    })
}

/// Lists all identities of an account, with the times at which some were unlinked.
pub(crate) fn list_all(tx: &mut Tx, user_id: Id) -> Result<Vec<(Linked, Option<i64>)>> {
    const SQL: &str = "SELECT issuer, subject, created_at, unlinked_at FROM identities \
                       WHERE user_id = ?1 ORDER BY created_at, issuer, subject";
    tx.all(SQL, &[Value::Bytes(user_id.as_bytes())], |row| {
        let linked = Linked { issuer: row.text(0)?, subject: row.text(1)?, created_at: row.integer(2)? };
        Ok((linked, row.optional_integer(3)?))
    })
}

/// Unlinks an identity from an account. Returns whether it was linked to this account.
pub(crate) fn unlink(tx: &mut Tx, identity: Identity, user_id: Id, now: i64) -> Result<bool> {
    const SQL: &str = "UPDATE identities SET unlinked_at = ?4 \
                       WHERE issuer = ?1 AND subject = ?2 AND user_id = ?3 AND unlinked_at IS NULL";
    let values = [
        Value::Text(identity.issuer),
        Value::Text(identity.subject),
        Value::Bytes(user_id.as_bytes()),
        Value::Integer(now),
    ];
    Ok(tx.execute(SQL, &values)? == 1)
}

/// Deletes every identity of an account, unlinked ones, too.
pub(crate) fn delete_all(tx: &mut Tx, user_id: Id) -> Result<()> {
    tx.run("DELETE FROM identities WHERE user_id = ?1", &[Value::Bytes(user_id.as_bytes())])
}
