//! Rows of `events`: the audit log, in the order in which it was written.

use super::{Tx, Value};
use crate::error::Result;
use crate::user::Id;

/// What happened.
#[derive(Clone, Copy, Default)]
pub(crate) struct Event<'a> {
    pub kind: &'a str,
    pub user_id: Option<Id>,
    pub session_id: Option<Id>,
    pub ip: Option<&'a str>,
    pub detail: Option<&'a str>,
}

/// Two clocks that differ by no more than this are taken to be one.
const ONE_MOMENT_MS: i64 = 10_000;

/// Adds an event, in the transaction of what it tells. The address of an account that is gone is not kept.
pub(crate) fn append(tx: &mut Tx, now: i64, event: &Event) -> Result<()> {
    let newest = tx.first("SELECT id FROM events ORDER BY id DESC LIMIT 1", &[], |row| row.array(0))?;
    let mut id = Id::new(now * 1000)?;
    // Who reads on after the newest id that they know misses nothing: what is written later has a higher
    // one, unless the clock was set (RFC 9562 section 6.2).
    if let Some(newest) = newest.map(Id::from_bytes)
        && id <= newest
        && newest.unix_ms() - now * 1000 < ONE_MOMENT_MS
    {
        id = newest.next();
    }
    tx.execute(
        "INSERT INTO events (id, at, kind, user_id, session_id, ip, detail) VALUES (?1, ?2, ?3, ?4, ?5, \
         CASE WHEN ?4 IS NULL OR EXISTS (SELECT 1 FROM users WHERE id = ?4) THEN ?6 END, ?7)",
        &[
            Value::Bytes(id.as_bytes()),
            Value::Integer(now),
            Value::Text(event.kind),
            event.user_id.as_ref().map_or(Value::Null, |id| Value::Bytes(id.as_bytes())),
            event.session_id.as_ref().map_or(Value::Null, |id| Value::Bytes(id.as_bytes())),
            Value::optional_text(event.ip),
            Value::optional_text(event.detail),
        ],
    )?;
    Ok(())
}

/// Forgets a few events that happened before `oldest`.
pub(crate) fn forget_expired(tx: &mut Tx, oldest: i64) -> Result<()> {
    tx.execute(
        "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE id < ?1 ORDER BY id LIMIT 4)",
        &[Value::Bytes(Id::first_at(oldest * 1000).as_bytes())],
    )?;
    Ok(())
}

/// Forgets from where a user came.
pub(crate) fn forget_addresses(tx: &mut Tx, user_id: Id) -> Result<()> {
    tx.execute(
        "UPDATE events SET ip = NULL WHERE user_id = ?1 AND ip IS NOT NULL",
        &[Value::Bytes(user_id.as_bytes())],
    )?;
    Ok(())
}

/// Which events to list.
pub(crate) struct Listing<'a> {
    pub user_id: Option<Id>,
    pub kind: Option<&'a str>,
    pub after: Option<Id>,
    pub oldest: i64,
    pub limit: usize,
}

/// An event as it is kept.
pub(crate) struct Listed {
    pub id: Id,
    pub at: i64,
    pub kind: String,
    pub user_id: Option<Id>,
    pub session_id: Option<Id>,
    pub ip: Option<String>,
    pub detail: Option<String>,
}

/// Events in the order of the log.
pub(crate) fn list(tx: &mut Tx, listing: &Listing) -> Result<Vec<Listed>> {
    macro_rules! select {
        ($which:literal) => {
            concat!(
                "SELECT id, at, kind, user_id, session_id, ip, detail FROM events WHERE ",
                $which,
                "id > ?1 AND at >= ?2 AND (?3 IS NULL OR kind = ?3) ORDER BY id LIMIT ?4"
            )
        };
    }
    let after = listing.after.map_or([0; 16], |id| *id.as_bytes());
    let all = [
        Value::Bytes(&after),
        Value::Integer(listing.oldest),
        Value::optional_text(listing.kind),
        Value::Integer(listing.limit as i64),
        listing.user_id.as_ref().map_or(Value::Null, |id| Value::Bytes(id.as_bytes())),
    ];
    let (sql, parameters) = match listing.user_id {
        Some(_) => (select!("user_id = ?5 AND "), &all[..]),
        None => (select!(""), &all[..4]),
    };
    let mut listed = Vec::new();
    tx.query(sql, parameters, |row| {
        listed.push(Listed {
            id: Id::from_bytes(row.array(0)?),
            at: row.integer(1)?,
            kind: row.text(2)?,
            user_id: row.optional_array(3)?.map(Id::from_bytes),
            session_id: row.optional_array(4)?.map(Id::from_bytes),
            ip: row.optional_text(5)?,
            detail: row.optional_text(6)?,
        });
        Ok(())
    })?;
    Ok(listed)
}
