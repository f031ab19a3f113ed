//! Rows of `sessions`: one a session, however often it is refreshed.

use super::users::{self, User, select};
use super::{Tx, Value};
use crate::error::Result;
use crate::user::Id;

/// A session and whose it is.
pub(crate) struct Session {
    pub user: User,
    pub epoch: i64,
    pub generation: i64,
    pub idle_at: i64,
    pub expires_at: i64,
    pub is_revoked: bool,
}

impl Session {
    /// Why the session lets nobody in at `now`, or nothing where it does.
    pub(crate) fn end(&self, now: i64) -> Option<&'static str> {
        if self.is_revoked || self.epoch != self.user.epoch {
            Some("revoked")
        } else if !self.user.public.is_active {
            Some("inactive_user")
        } else if now >= self.expires_at || now >= self.idle_at {
            Some("expired_session")
        } else {
            None
        }
    }
}

/// The session with its user, if there is one.
pub(crate) fn find(tx: &mut Tx, id: Id) -> Result<Option<Session>> {
    const SQL: &str = concat!(
        select!(
            "sessions s JOIN users u ON u.id = s.user_id",
            "s.epoch, s.generation, s.idle_at, s.expires_at, s.revoked_at"
        ),
        "WHERE s.id = ?1 ORDER BY r.role"
    );
    let mut users = Vec::new();
    let mut columns = (0, 0, 0, 0, false);
    tx.query(SQL, &[Value::Bytes(id.as_bytes())], |row| {
        let is_revoked = row.optional_integer(14)?.is_some();
        columns = (row.integer(10)?, row.integer(11)?, row.integer(12)?, row.integer(13)?, is_revoked);
        users::push(&mut users, row)
    })?;
    let (epoch, generation, idle_at, expires_at, is_revoked) = columns;
    Ok(users.pop().map(|user| Session { user, epoch, generation, idle_at, expires_at, is_revoked }))
}

/// A session that is about to be.
pub(crate) struct NewSession<'a> {
    pub id: Id,
    pub user_id: Id,
    pub epoch: i64,
    pub created_at: i64,
    pub idle_at: i64,
    pub expires_at: i64,
    pub ip: Option<&'a str>,
    pub user_agent: Option<&'a str>,
    pub device_id: Option<&'a str>,
}

/// Keeps a new session, at generation 0.
pub(crate) fn insert(tx: &mut Tx, new: &NewSession) -> Result<()> {
    tx.execute(
        "INSERT INTO sessions (id, user_id, epoch, generation, created_at, idle_at, expires_at, ip, \
         user_agent, device_id) VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9)",
        &[
            Value::Bytes(new.id.as_bytes()),
            Value::Bytes(new.user_id.as_bytes()),
            Value::Integer(new.epoch),
            Value::Integer(new.created_at),
            Value::Integer(new.idle_at),
            Value::Integer(new.expires_at),
            Value::optional_text(new.ip),
            Value::optional_text(new.user_agent),
            Value::optional_text(new.device_id),
        ],
    )?;
    Ok(())
}

/// Ends a session; ending it again changes nothing.
pub(crate) fn revoke(tx: &mut Tx, id: Id, now: i64) -> Result<()> {
    tx.execute(
        "UPDATE sessions SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
        &[Value::Bytes(id.as_bytes()), Value::Integer(now)],
    )?;
    Ok(())
}
