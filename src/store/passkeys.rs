//! Rows of `passkeys`, and of `spent_challenges`: challenges that were redeemed and have yet to expire.

use super::row::{Row, damaged};
use super::tx::{Share, Tx};
use super::value::Value;
use crate::crypto::webauthn::State;
use crate::error::Result;
use crate::types::id::Id;

/// A stored credential.
#[derive(Clone)]
pub(crate) struct Passkey {
    pub credential_id: Vec<u8>,
    pub user_id: Id,
    /// The user handle that its authenticator gives, if another system made the credential with a handle of its own.
    pub user_handle: Option<Vec<u8>>,
    pub label: Option<String>,
    /// A COSE_Key.
    pub public_key: Vec<u8>,
    pub aaguid: [u8; 16],
    pub sign_count: u32,
    pub user_verified: bool,
    /// None until the first use, if the system that made the credential did not tell.
    pub backup_eligible: Option<bool>,
    pub backed_up: bool,
    /// Separated by spaces.
    pub transports: String,
    pub created_at: i64,
    pub last_used_at: Option<i64>,
}

macro_rules! select {
    () => {
        "SELECT credential_id, user_id, label, public_key, aaguid, sign_count, user_verified, backup_eligible, \
         backed_up, transports, created_at, last_used_at, user_handle FROM passkeys "
    };
}

/// Returns the credential with this id, of any user.
pub(crate) fn find(tx: &mut Tx, credential_id: &[u8]) -> Result<Option<Passkey>> {
    const SQL: &str = concat!(select!(), "WHERE credential_id = ?1");
    tx.first(SQL, &[Value::Bytes(credential_id)], read)
}

/// Lists the credentials of a user, the oldest first.
pub(crate) fn list(tx: &mut Tx, user_id: Id) -> Result<Vec<Passkey>> {
    const SQL: &str = concat!(select!(), "WHERE user_id = ?1 ORDER BY created_at, credential_id");
    tx.all(SQL, &[Value::Bytes(user_id.as_bytes())], read)
}

/// Counts the credentials of a user.
pub(crate) fn count(tx: &mut Tx, user_id: Id) -> Result<i64> {
    const SQL: &str = "SELECT count(*) FROM passkeys WHERE user_id = ?1";
    tx.first(SQL, &[Value::Bytes(user_id.as_bytes())], |row| row.integer(0))?.ok_or_else(damaged)
}

/// Stores a credential. Returns false if any user has a credential with this id.
pub(crate) fn insert(tx: &mut Tx, passkey: &Passkey) -> Result<bool> {
    let inserted = tx.execute(
        "INSERT INTO passkeys (credential_id, user_id, label, public_key, aaguid, sign_count, user_verified, \
         backup_eligible, backed_up, transports, created_at, last_used_at, user_handle) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT (credential_id) DO NOTHING",
        &[
            Value::Bytes(&passkey.credential_id),
            Value::Bytes(passkey.user_id.as_bytes()),
            Value::optional_text(passkey.label.as_deref()),
            Value::Bytes(&passkey.public_key),
            Value::Bytes(&passkey.aaguid),
            Value::Integer(passkey.sign_count.into()),
            Value::Integer(passkey.user_verified.into()),
            passkey.backup_eligible.map_or(Value::Null, |is| Value::Integer(is.into())),
            Value::Integer(passkey.backed_up.into()),
            Value::Text(&passkey.transports),
            Value::Integer(passkey.created_at),
            passkey.last_used_at.map_or(Value::Null, Value::Integer),
            passkey.user_handle.as_deref().map_or(Value::Null, Value::Bytes),
        ],
    )?;
    Ok(inserted == 1)
}

/// Records the authenticator's report of a login.
pub(crate) fn used(tx: &mut Tx, credential_id: &[u8], state: State, now: i64) -> Result<()> {
    tx.run(
        "UPDATE passkeys SET sign_count = ?2, user_verified = ?3, backed_up = ?4, last_used_at = ?5, \
         backup_eligible = ?6 WHERE credential_id = ?1",
        &[
            Value::Bytes(credential_id),
            Value::Integer(state.sign_count.into()),
            Value::Integer(state.user_verified.into()),
            Value::Integer(state.backed_up.into()),
            Value::Integer(now),
            Value::Integer(state.backup_eligible.into()),
        ],
    )
}

/// Sets the label of a user's credential. Returns whether the user has it.
pub(crate) fn rename(tx: &mut Tx, user_id: Id, credential_id: &[u8], label: &str) -> Result<bool> {
    const SQL: &str = "UPDATE passkeys SET label = ?3 WHERE credential_id = ?2 AND user_id = ?1";
    let values = [Value::Bytes(user_id.as_bytes()), Value::Bytes(credential_id), Value::Text(label)];
    Ok(tx.execute(SQL, &values)? == 1)
}

/// Removes a credential from a user. Returns whether the user had it.
pub(crate) fn delete(tx: &mut Tx, user_id: Id, credential_id: &[u8]) -> Result<bool> {
    const SQL: &str = "DELETE FROM passkeys WHERE credential_id = ?2 AND user_id = ?1";
    Ok(tx.execute(SQL, &[Value::Bytes(user_id.as_bytes()), Value::Bytes(credential_id)])? == 1)
}

/// Removes every credential from a user.
pub(crate) fn delete_all(tx: &mut Tx, user_id: Id) -> Result<()> {
    tx.run("DELETE FROM passkeys WHERE user_id = ?1", &[Value::Bytes(user_id.as_bytes())])
}

/// Spends a challenge. Returns false if it was spent before.
pub(crate) fn spend(tx: &mut Tx, challenge: Id, expires_at: i64) -> Result<bool> {
    const SQL: &str =
        "INSERT INTO spent_challenges (id, expires_at) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING";
    Ok(tx.execute(SQL, &[Value::Bytes(challenge.as_bytes()), Value::Integer(expires_at)])? == 1)
}

/// Returns whether a challenge was spent.
pub(crate) fn is_spent(tx: &mut Tx, challenge: Id) -> Result<bool> {
    const SQL: &str = "SELECT 1 FROM spent_challenges WHERE id = ?1";
    Ok(tx.first(SQL, &[Value::Bytes(challenge.as_bytes())], |row| row.integer(0))?.is_some())
}

/// Deletes spent challenges that have expired.
pub(crate) fn forget_expired(tx: &mut Tx, now: i64, share: Share) -> Result<usize> {
    tx.forget(
        "DELETE FROM spent_challenges WHERE id IN \
         (SELECT id FROM spent_challenges WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        Value::Integer(now),
        share,
    )
}

fn read(row: &Row) -> Result<Passkey> {
    Ok(Passkey {
        credential_id: row.bytes(0)?,
        user_id: row.id(1)?,
        label: row.optional_text(2)?,
        public_key: row.bytes(3)?,
        aaguid: row.array(4)?,
        sign_count: u32::try_from(row.integer(5)?).map_err(|_| damaged())?,
        user_verified: row.boolean(6)?,
        backup_eligible: row.optional_integer(7)?.map(|is| is != 0),
        backed_up: row.boolean(8)?,
        transports: row.text(9)?,
        created_at: row.integer(10)?,
        last_used_at: row.optional_integer(11)?,
        user_handle: row.optional_bytes(12)?,
    })
}
