//! Rows of `api_keys`.

use super::row::{Row, damaged};
use super::tx::{Share, Tx};
use super::users::{self, User, select};
use super::value::Value;
use crate::error::Result;
use crate::types::id::Id;
use crate::types::user::Role;

/// A stored API key, without its code.
#[derive(Clone)]
pub(crate) struct ApiKey {
    pub id: Id,
    pub user_id: Id,
    pub name: String,
    /// The beginning of the key, by which its owner recognizes it.
    pub beginning: String,
    pub backend: String,
    pub scope: Option<String>,
    /// The roles that the key has of its account; none: all of them.
    pub roles: Option<Vec<Role>>,
    pub created_at: i64,
    pub expires_at: Option<i64>,
    pub last_used_at: Option<i64>,
}

/// A key that was found by its code, and its account.
pub(crate) struct Found {
    pub key: ApiKey,
    pub user: User,
}

macro_rules! columns {
    () => {
        "k.id, k.user_id, k.name, k.beginning, k.backend, k.scope, k.roles, k.created_at, k.expires_at, \
         k.last_used_at"
    };
}

macro_rules! select_key {
    ($which:literal) => {
        concat!("SELECT ", columns!(), " FROM api_keys k WHERE ", $which)
    };
}

/// Returns the key with this code, and its account.
pub(crate) fn find(tx: &mut Tx, code: &[u8; 32]) -> Result<Option<Found>> {
    const SQL: &str = concat!(
        select!("api_keys k JOIN users u ON u.id = k.user_id", columns!()),
        "WHERE k.code = ?1 ORDER BY r.role"
    );
    // Each row has one role of the user; the key's columns are the same in all.
    let mut found: Option<Found> = None;
    tx.query(SQL, &[Value::Bytes(code)], |row| {
        match &mut found {
            Some(found) => users::add_role(&mut found.user, row)?,
            None => found = Some(Found { key: read(row, users::COLUMNS)?, user: users::read(row)? }),
        }
        Ok(())
    })?;
    Ok(found)
}

/// Returns the key with this id.
pub(crate) fn by_id(tx: &mut Tx, id: Id) -> Result<Option<ApiKey>> {
    tx.first(select_key!("k.id = ?1"), &[Value::Bytes(id.as_bytes())], |row| read(row, 0))
}

/// Lists the keys of an account, the oldest first.
pub(crate) fn list(tx: &mut Tx, user_id: Id) -> Result<Vec<ApiKey>> {
    const SQL: &str = select_key!("k.user_id = ?1 ORDER BY k.id");
    tx.all(SQL, &[Value::Bytes(user_id.as_bytes())], |row| read(row, 0))
}

/// Counts the keys of an account that have not expired.
pub(crate) fn count(tx: &mut Tx, user_id: Id, now: i64) -> Result<i64> {
    const SQL: &str =
        "SELECT count(*) FROM api_keys WHERE user_id = ?1 AND (expires_at IS NULL OR expires_at > ?2)";
    let values = [Value::Bytes(user_id.as_bytes()), Value::Integer(now)];
    tx.first(SQL, &values, |row| row.integer(0))?.ok_or_else(damaged)
}

/// Stores a new key.
pub(crate) fn insert(tx: &mut Tx, key: &ApiKey, code: &[u8; 32]) -> Result<()> {
    let roles = joined(key.roles.as_deref());
    tx.run(
        "INSERT INTO api_keys (id, code, user_id, name, beginning, backend, scope, roles, created_at, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &[
            Value::Bytes(key.id.as_bytes()),
            Value::Bytes(code),
            Value::Bytes(key.user_id.as_bytes()),
            Value::Text(&key.name),
            Value::Text(&key.beginning),
            Value::Text(&key.backend),
            Value::optional_text(key.scope.as_deref()),
            Value::optional_text(roles.as_deref()),
            Value::Integer(key.created_at),
            key.expires_at.map_or(Value::Null, Value::Integer),
        ],
    )
}

/// Updates what of a key may change.
pub(crate) fn update(tx: &mut Tx, key: &ApiKey) -> Result<()> {
    let roles = joined(key.roles.as_deref());
    tx.run(
        "UPDATE api_keys SET name = ?2, scope = ?3, roles = ?4, expires_at = ?5 WHERE id = ?1",
        &[
            Value::Bytes(key.id.as_bytes()),
            Value::Text(&key.name),
            Value::optional_text(key.scope.as_deref()),
            Value::optional_text(roles.as_deref()),
            key.expires_at.map_or(Value::Null, Value::Integer),
        ],
    )
}

/// Records a use of a key, unless another call recorded one after `past`, and stores the code of the current
/// secret key in the place of an older one.
pub(crate) fn used(tx: &mut Tx, id: Id, code: &[u8; 32], past: i64, now: i64) -> Result<()> {
    tx.run(
        "UPDATE api_keys SET last_used_at = ?4, code = ?2 \
         WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at <= ?3 OR code <> ?2)",
        &[Value::Bytes(id.as_bytes()), Value::Bytes(code), Value::Integer(past), Value::Integer(now)],
    )
}

/// Deletes a key. Returns whether it was there.
pub(crate) fn delete(tx: &mut Tx, id: Id) -> Result<bool> {
    Ok(tx.execute("DELETE FROM api_keys WHERE id = ?1", &[Value::Bytes(id.as_bytes())])? == 1)
}

/// Deletes keys that had expired by a time.
pub(crate) fn forget_expired(tx: &mut Tx, expired_by: i64, share: Share) -> Result<usize> {
    tx.forget(
        "DELETE FROM api_keys WHERE id IN \
         (SELECT id FROM api_keys WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        Value::Integer(expired_by),
        share,
    )
}

/// Roles contain no spaces.
fn joined(roles: Option<&[Role]>) -> Option<String> {
    roles.map(|roles| roles.iter().map(Role::as_str).collect::<Vec<_>>().join(" "))
}

fn read(row: &Row, first: usize) -> Result<ApiKey> {
    let column = |column| first + column;
    let roles = row.optional_text(column(6))?;
    let role = |role: &str| Role::stored(role.to_owned());
    Ok(ApiKey {
        id: row.id(column(0))?,
        user_id: row.id(column(1))?,
        name: row.text(column(2))?,
        beginning: row.text(column(3))?,
        backend: row.text(column(4))?,
        scope: row.optional_text(column(5))?,
        roles: roles.map(|roles| roles.split_whitespace().map(role).collect()),
        created_at: row.integer(column(7))?,
        expires_at: row.optional_integer(column(8))?,
        last_used_at: row.optional_integer(column(9))?,
    })
}
