//! Rows of `events`: the audit log, in the order in which it was written.

use std::sync::{Mutex, PoisonError};

use super::{Share, Tx, Value};
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

/// The order of the events that one engine writes.
#[derive(Default)]
pub(crate) struct Order(Mutex<Option<Id>>);

impl Order {
    fn next(&self, now_ms: i64) -> Result<Id> {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = after(*newest, now_ms)?;
        *newest = Some(id);
        Ok(id)
    }
}

/// A new id (RFC 9562 section 6.2), above the newest unless the clock was set.
fn after(newest: Option<Id>, now_ms: i64) -> Result<Id> {
    let id = Id::new(now_ms)?;
    Ok(match newest {
        Some(newest) if id <= newest && newest.unix_ms() - now_ms < ONE_MOMENT_MS => newest.next(),
        _ => id,
    })
}

/// Adds an event, in the transaction of what it tells; its id. The address of an account that is gone is not kept.
pub(crate) fn append(tx: &mut Tx, now: i64, event: &Event) -> Result<Id> {
    let id = match tx.order() {
        Some(order) => order.next(now * 1000)?,
        // Writers take turns: who reads on after the newest id that they know misses nothing.
        None => {
            let newest = "SELECT id FROM events ORDER BY id DESC LIMIT 1";
            after(tx.first(newest, &[], |row| row.array(0).map(Id::from_bytes))?, now * 1000)?
        }
    };
    macro_rules! insert {
        ($ip:literal) => {
            concat!(
                "INSERT INTO events (id, at, kind, user_id, session_id, ip, detail) VALUES (?1, ?2, ?3, ?4, ?5, ",
                $ip,
                ", ?7)"
            )
        };
    }
    tx.run(
        match event.user_id {
            Some(_) => insert!("CASE WHEN EXISTS (SELECT 1 FROM users WHERE id = ?4) THEN ?6 END"),
            None => insert!("?6"),
        },
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
    Ok(id)
}

/// Takes an event back, in the transaction that added it.
pub(crate) fn delete(tx: &mut Tx, id: Id) -> Result<()> {
    tx.run("DELETE FROM events WHERE id = ?1", &[Value::Bytes(id.as_bytes())])
}

/// Forgets events that happened before `oldest`.
pub(crate) fn forget_expired(tx: &mut Tx, oldest: i64, share: Share) -> Result<usize> {
    tx.forget(
        "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE id < ?1 ORDER BY id LIMIT ?2)",
        Value::Bytes(Id::first_at(oldest * 1000).as_bytes()),
        share,
    )
}

/// Forgets from where a user came.
pub(crate) fn forget_addresses(tx: &mut Tx, user_id: Id) -> Result<()> {
    tx.run(
        "UPDATE events SET ip = NULL WHERE user_id = ?1 AND ip IS NOT NULL",
        &[Value::Bytes(user_id.as_bytes())],
    )
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
                "id > ?1 AND at >= ?2 ORDER BY id LIMIT ?3"
            )
        };
    }
    let after = listing.after.map_or([0; 16], |id| *id.as_bytes());
    let mut parameters =
        vec![Value::Bytes(&after), Value::Integer(listing.oldest), Value::Integer(listing.limit as i64)];
    parameters.extend(listing.user_id.as_ref().map(|id| Value::Bytes(id.as_bytes())));
    parameters.extend(listing.kind.map(Value::Text));
    let sql = match (listing.user_id, listing.kind) {
        (None, None) => select!(""),
        (Some(_), None) => select!("user_id = ?4 AND "),
        (None, Some(_)) => select!("kind = ?4 AND "),
        (Some(_), Some(_)) => select!("user_id = ?4 AND kind = ?5 AND "),
    };
    let mut listed = Vec::new();
    tx.query(sql, &parameters, |row| {
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

/// When a user logged in last, as far as their newest thousand events tell.
pub(crate) fn last_login(tx: &mut Tx, user_id: Id) -> Result<Option<i64>> {
    const SQL: &str = "SELECT at FROM (SELECT id, at, kind FROM events WHERE user_id = ?1 ORDER BY id DESC LIMIT 1000) AS newest \
                       WHERE kind = 'logged_in' ORDER BY id DESC LIMIT 1";
    tx.first(SQL, &[Value::Bytes(user_id.as_bytes())], |row| row.integer(0))
}
