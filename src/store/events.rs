//! Rows of `events`, the audit log, and of `event_order`, which has the parts of an event that change.
//!
//! Transactions that write events do not wait for each other, so an event may become visible long after an
//! event with a higher id. In SQLite, with one writer at a time, an event gets its place in the log when it
//! is written. In PostgreSQL a reader of the log first gives places to the committed events that have none,
//! one reader at a time ([`place`]), so that an event that becomes visible later comes later in the log. A
//! reader that knows a place therefore knows everything before it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Mutex;

use super::event_log::{EventLog, ONE_MOMENT_MS, after};
use super::keys::{self, Stamp};
use super::mutex::lock as locked;
use super::row::{Row, damaged};
use super::tx::{Share, Tx};
use super::value::Value;
use crate::error::Result;
use crate::types::id::Id;

/// An event that is about to be written.
#[derive(Clone, Copy, Default)]
pub(crate) struct Event<'a> {
    pub kind: &'a str,
    pub user_id: Option<Id>,
    pub session_id: Option<Id>,
    pub ip: Option<&'a str>,
    pub actor: Option<&'a str>,
    pub detail: Option<&'a str>,
}

/// The name in `meta` of the head of the chain. Its row is the lock of the reader that gives places.
const HEAD: &str = "event_order";

/// Adds an event, in the transaction of the change that it records. Returns its id. For an account that is
/// being deleted, no client address is stored.
pub(crate) fn append(tx: &mut Tx, now: i64, event: &Event) -> Result<Id> {
    let id = match tx.event_log() {
        Some(log) => log.next(now * 1000)?,
        None => {
            let newest = "SELECT id FROM events ORDER BY id DESC LIMIT 1";
            after(tx.first(newest, &[], |row| row.array(0).map(Id::from_bytes))?, now * 1000)?
        }
    };
    let user_id = event.user_id.as_ref().map_or(Value::Null, |id| Value::Bytes(id.as_bytes()));
    tx.run(
        "INSERT INTO events (id, at, kind, user_id, session_id, actor, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            Value::Bytes(id.as_bytes()),
            Value::Integer(now),
            Value::Text(event.kind),
            user_id,
            event.session_id.as_ref().map_or(Value::Null, |id| Value::Bytes(id.as_bytes())),
            Value::optional_text(event.actor),
            Value::optional_text(event.detail),
        ],
    )?;
    macro_rules! insert {
        ($position:literal, $ip:literal) => {
            concat!(
                "INSERT INTO event_order (event_id, position, ip) VALUES (?1, ",
                $position,
                ", ",
                $ip,
                ")"
            )
        };
        ($position:literal) => {
            match event.user_id {
                Some(_) => {
                    insert!($position, "CASE WHEN EXISTS (SELECT 1 FROM users WHERE id = ?3) THEN ?2 END")
                }
                None => insert!($position, "?2"),
            }
        };
    }
    let sql = match tx.event_log() {
        Some(_) => insert!("NULL"),
        None => insert!("(SELECT coalesce(max(position), 0) + 1 FROM event_order)"),
    };
    let parameters = [Value::Bytes(id.as_bytes()), Value::optional_text(event.ip), user_id];
    tx.run(sql, &parameters[..if event.user_id.is_some() { 3 } else { 2 }])?;
    Ok(id)
}

/// As [`append`], but removes the event again unless it `is_kept`. Both cases run the same statements, except
/// where events cannot be deleted.
pub(crate) fn append_if(tx: &mut Tx, is_kept: bool, now: i64, event: &Event) -> Result<()> {
    if tx.event_log().is_some_and(EventLog::is_append_only) {
        return if is_kept { append(tx, now, event).map(drop) } else { Ok(()) };
    }
    let id = append(tx, now, event)?;
    let id = if is_kept { Id::new(now * 1000)? } else { id };
    tx.run("DELETE FROM events WHERE id = ?1", &[Value::Bytes(id.as_bytes())])?;
    tx.run("DELETE FROM event_order WHERE event_id = ?1", &[Value::Bytes(id.as_bytes())])
}

/// Whether the database role may only add to the log.
pub(crate) fn is_append_only(tx: &Tx) -> bool {
    tx.event_log().is_some_and(EventLog::is_append_only)
}

/// Deletes events from before `oldest`, if the store's settings are those of this stamp, and the beginning of
/// the order for the deleted events. Its last two rows stay: they prove that the chain begins where the
/// expired events ended.
pub(crate) fn forget_expired(tx: &mut Tx, oldest: i64, settings: Stamp, share: Share) -> Result<usize> {
    if is_append_only(tx) {
        return Ok(0);
    }
    let oldest = Id::first_at(oldest * 1000);
    let forgotten = tx.forget_while(
        "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE id < ?1 ORDER BY id LIMIT ?2) \
         AND EXISTS (SELECT 1 FROM meta WHERE name = 'settings' AND substr(value, 1, 16) = ?3)",
        Value::Bytes(oldest.as_bytes()),
        Some(settings.as_bytes()),
        share,
    )?;
    tx.forget(
        "WITH first AS (SELECT event_id, position FROM event_order WHERE position IS NOT NULL \
                        ORDER BY position LIMIT ?2), \
              kept AS (SELECT min(position) AS position FROM first \
                       WHERE event_id >= ?1 OR EXISTS (SELECT 1 FROM events WHERE id = event_id)) \
         DELETE FROM event_order WHERE position < (SELECT first.position FROM first \
           WHERE first.position < coalesce((SELECT kept.position FROM kept), 9223372036854775807) \
           ORDER BY first.position DESC LIMIT 1 OFFSET 1)",
        Value::Bytes(oldest.as_bytes()),
        share,
    )?;
    // If readers give places, some rows may never have got one.
    if tx.event_log().is_some() {
        tx.forget(
            "DELETE FROM event_order WHERE event_id IN (SELECT event_id FROM event_order \
               WHERE position IS NULL AND event_id < ?1 \
                 AND NOT EXISTS (SELECT 1 FROM events WHERE id = event_id) ORDER BY event_id LIMIT ?2)",
            Value::Bytes(oldest.as_bytes()),
            share,
        )?;
    }
    Ok(forgotten)
}

/// Counts the events from one time until before another.
pub(crate) fn count_between(tx: &mut Tx, from: i64, until: i64) -> Result<i64> {
    const SQL: &str = "SELECT count(*) FROM events WHERE id >= ?1 AND id < ?2";
    let [from, until] = [from, until].map(|at| Id::first_at(at * 1000));
    let ends = [Value::Bytes(from.as_bytes()), Value::Bytes(until.as_bytes())];
    tx.first(SQL, &ends, |row| row.integer(0))?.ok_or_else(damaged)
}

/// Deletes the client addresses of a user's events.
pub(crate) fn forget_addresses(tx: &mut Tx, user_id: Id) -> Result<()> {
    tx.run(
        "UPDATE event_order SET ip = NULL WHERE event_id IN (SELECT id FROM events WHERE user_id = ?1) \
         AND ip IS NOT NULL",
        &[Value::Bytes(user_id.as_bytes())],
    )
}

/// Waits until no other transaction gives places, and keeps others from it until the transaction ends.
/// Returns the head of the chain, as [`head`].
pub(crate) fn lock(tx: &mut Tx) -> Result<Vec<u8>> {
    tx.run(
        "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = meta.value",
        &[Value::Text(HEAD), Value::Bytes(&[])],
    )?;
    head(tx)
}

/// Returns the sealed head of the chain, which is empty if it was deleted.
pub(crate) fn head(tx: &mut Tx) -> Result<Vec<u8>> {
    Ok(keys::meta(tx, HEAD)?.unwrap_or_default())
}

pub(crate) fn put_head(tx: &mut Tx, head: &[u8]) -> Result<()> {
    keys::put_meta(tx, HEAD, head)
}

/// Whether an event has no place yet.
pub(crate) fn any_without_place(tx: &mut Tx) -> Result<bool> {
    let sql = "SELECT 1 FROM event_order WHERE position IS NULL LIMIT 1";
    tx.first(sql, &[], |_| Ok(())).map(|found| found.is_some())
}

/// Gives the next places to events that have none, in the order of their ids. Returns how many. The
/// transaction holds the [`lock`] and is read committed: it sees what was committed before each statement.
pub(crate) fn place(tx: &mut Tx, limit: usize) -> Result<usize> {
    tx.execute(
        "UPDATE event_order SET position = placed.position FROM \
           (SELECT next.event_id, row_number() OVER (ORDER BY next.event_id) \
              + (SELECT coalesce(max(position), 0) FROM event_order) AS position \
            FROM (SELECT event_id FROM event_order WHERE position IS NULL ORDER BY event_id LIMIT ?1) AS next) AS placed \
         WHERE event_order.event_id = placed.event_id",
        &[Value::Integer(limit as i64)],
    )
}

/// An event that has a place.
#[derive(Clone, Copy)]
pub(crate) struct Placed {
    pub id: Id,
    pub position: i64,
}

fn read_placed(row: &Row) -> Result<Placed> {
    Ok(Placed { id: row.id(0)?, position: row.integer(1)? })
}

/// Returns the last event of the log that has a place.
pub(crate) fn last(tx: &mut Tx) -> Result<Option<Placed>> {
    let sql = "SELECT event_id, position FROM event_order WHERE position IS NOT NULL ORDER BY position DESC LIMIT 1";
    tx.first(sql, &[], read_placed)
}

/// Whether the log has no event.
pub(crate) fn is_empty(tx: &mut Tx) -> Result<bool> {
    let sql = "SELECT 1 FROM event_order LIMIT 1";
    tx.first(sql, &[], |_| Ok(())).map(|found| found.is_none())
}

/// Returns the last event of the log that has a link.
pub(crate) fn last_linked(tx: &mut Tx) -> Result<Option<Placed>> {
    let sql = "SELECT event_id, position FROM event_order \
               WHERE position IS NOT NULL AND (digest IS NOT NULL OR link IS NOT NULL) ORDER BY position DESC LIMIT 1";
    tx.first(sql, &[], read_placed)
}

/// The place of an event.
pub(crate) enum Place {
    At(i64),
    /// The event has no place yet.
    None,
    /// The log has no such event, or no longer.
    Unknown,
}

pub(crate) fn place_of(tx: &mut Tx, id: Id) -> Result<Place> {
    let sql = "SELECT position FROM event_order WHERE event_id = ?1";
    let place = tx.first(sql, &[Value::Bytes(id.as_bytes())], |row| row.optional_integer(0))?;
    Ok(match place {
        Some(Some(position)) => Place::At(position),
        Some(None) => Place::None,
        None => Place::Unknown,
    })
}

/// A filter of events. Times are inclusive.
#[derive(Clone, Copy, Default)]
pub(crate) struct Filter<'a> {
    pub user_id: Option<Id>,
    pub kind: Option<&'a str>,
    pub ip: Option<&'a str>,
    pub actor: Option<&'a str>,
    pub since: Option<i64>,
    pub until: Option<i64>,
    /// Events before this time have expired.
    pub oldest: i64,
}

/// A stored event.
pub(crate) struct Listed {
    pub id: Id,
    pub at: i64,
    pub kind: String,
    pub user_id: Option<Id>,
    pub session_id: Option<Id>,
    pub ip: Option<String>,
    pub actor: Option<String>,
    pub detail: Option<String>,
    pub position: Option<i64>,
}

/// The number of places to read for each event that is wanted, and the most in all, before an index is used.
const WINDOW: i64 = 500;
const MOST_PLACES: i64 = 100_000;

/// Lists events after `position` in the order of their places. Events without a place are not listed.
pub(crate) fn list_by_place(tx: &mut Tx, which: &Filter, position: i64, limit: usize) -> Result<Vec<Listed>> {
    let after = ("o.position >", Value::Integer(position));
    if !which.is_selective() {
        return which.list(tx, BY_PLACE, &[after], "o.position", limit);
    }
    // If many events match, the first places already contain some; if few match, an index finds all of them.
    let end = position.saturating_add((WINDOW * limit as i64).min(MOST_PLACES));
    let listed =
        which.list(tx, BY_PLACE, &[after, ("o.position <=", Value::Integer(end))], "o.position", limit)?;
    if listed.len() == limit || last(tx)?.is_none_or(|last| last.position <= end) {
        return Ok(listed);
    }
    let (first, beyond) = which.ids();
    let bounds =
        [after, ("e.id >=", Value::Bytes(first.as_bytes())), ("e.id <", Value::Bytes(beyond.as_bytes()))];
    match which.ip {
        Some(_) => which.list(tx, BY_PLACE, &bounds[..1], "o.position", limit),
        None => which.list(tx, BY_INDEX, &bounds, "o.position", limit),
    }
}

/// Lists events by time, with or without places: those after `after`, or before it with `is_newest_first`.
pub(crate) fn list_by_time(
    tx: &mut Tx,
    which: &Filter,
    after: Option<Id>,
    is_newest_first: bool,
    limit: usize,
) -> Result<Vec<Listed>> {
    let (mut first, mut beyond) = which.ids();
    match after {
        Some(after) if is_newest_first => beyond = beyond.min(after),
        Some(after) => first = first.max(after.next()),
        None => {}
    }
    let first = Value::Bytes(first.as_bytes());
    let beyond = Value::Bytes(beyond.as_bytes());
    let (from, bounds, order) = match (which.ip, is_newest_first) {
        (Some(_), false) => (BY_PLACE, [("o.event_id >=", first), ("o.event_id <", beyond)], "o.event_id"),
        (Some(_), true) => {
            (BY_PLACE, [("o.event_id >=", first), ("o.event_id <", beyond)], "o.event_id DESC")
        }
        (None, false) => (BY_TIME, [("e.id >=", first), ("e.id <", beyond)], "e.id"),
        (None, true) => (BY_TIME, [("e.id >=", first), ("e.id <", beyond)], "e.id DESC"),
    };
    which.list(tx, from, &bounds, order, limit)
}

/// The table in which a search begins. CROSS JOIN: SQLite reads the tables in this order.
const BY_PLACE: &str = "event_order o CROSS JOIN events e WHERE e.id = o.event_id AND";
const BY_INDEX: &str = "events e CROSS JOIN event_order o WHERE o.event_id = e.id AND";
const BY_TIME: &str = "events e LEFT JOIN event_order o ON o.event_id = e.id WHERE";

impl Filter<'_> {
    /// Whether the filter excludes more than expired events.
    fn is_selective(&self) -> bool {
        self.user_id.is_some()
            || [self.kind, self.ip, self.actor].iter().any(Option::is_some)
            || [self.since, self.until].iter().any(Option::is_some)
    }

    /// Returns the range of ids that such events may have: from the first, and below the second. An id may be
    /// of a slightly later time than its event.
    fn ids(&self) -> (Id, Id) {
        let since = self.since.map_or(self.oldest, |since| since.max(self.oldest));
        let beyond = self
            .until
            .map(|until| until.saturating_add(1).saturating_mul(1000).saturating_add(ONE_MOMENT_MS));
        (Id::first_at(since.saturating_mul(1000)), beyond.map_or(Id::from_bytes([0xff; 16]), Id::first_at))
    }

    fn list(
        &self,
        tx: &mut Tx,
        from: &str,
        bounds: &[(&str, Value)],
        order: &str,
        limit: usize,
    ) -> Result<Vec<Listed>> {
        let since = self.since.map_or(self.oldest, |since| since.max(self.oldest));
        let mut conditions = vec![("e.at >=", Value::Integer(since))];
        conditions.extend(self.until.map(|until| ("e.at <=", Value::Integer(until))));
        conditions.extend(self.user_id.as_ref().map(|id| ("e.user_id =", Value::Bytes(id.as_bytes()))));
        conditions.extend(self.kind.map(|kind| ("e.kind =", Value::Text(kind))));
        conditions.extend(self.ip.map(|ip| ("o.ip =", Value::Text(ip))));
        conditions.extend(self.actor.map(|actor| ("e.actor =", Value::Text(actor))));
        conditions.extend(bounds);
        let mut sql = format!(
            "SELECT e.id, e.at, e.kind, e.user_id, e.session_id, e.actor, e.detail, o.ip, o.position FROM {from} "
        );
        for (number, (condition, _)) in (1..).zip(&conditions) {
            let _ = write!(sql, "{}{condition} ?{number}", if number == 1 { "" } else { " AND " });
        }
        let _ = write!(sql, " ORDER BY {order} LIMIT ?{}", conditions.len() + 1);
        let mut parameters: Vec<Value> = conditions.into_iter().map(|(_, value)| value).collect();
        parameters.push(Value::Integer(limit as i64));
        tx.all(kept(sql), &parameters, read)
    }
}

/// Stores the digest of an event and its link of the chain.
pub(crate) fn put_link(tx: &mut Tx, id: Id, digest: &[u8], link: &[u8]) -> Result<()> {
    tx.run(
        "UPDATE event_order SET digest = ?2, link = ?3 WHERE event_id = ?1",
        &[Value::Bytes(id.as_bytes()), Value::Bytes(digest), Value::Bytes(link)],
    )
}

/// A link of the chain, and its event, unless that was deleted.
pub(crate) struct Linked {
    pub event_id: Id,
    pub position: i64,
    pub digest: Option<[u8; 32]>,
    pub link: Option<[u8; 32]>,
    pub event: Option<Listed>,
}

/// Lists the links after a place, up to another one.
pub(crate) fn list_links(tx: &mut Tx, after: i64, until: i64, limit: usize) -> Result<Vec<Linked>> {
    tx.all(
        "SELECT e.id, e.at, e.kind, e.user_id, e.session_id, e.actor, e.detail, o.ip, o.position, \
                o.event_id, o.digest, o.link \
         FROM event_order o LEFT JOIN events e ON e.id = o.event_id \
         WHERE o.position > ?1 AND o.position <= ?2 ORDER BY o.position LIMIT ?3",
        &[Value::Integer(after), Value::Integer(until), Value::Integer(limit as i64)],
        |row| {
            let is_there = row.optional_bytes(0)?.is_some();
            Ok(Linked {
                event: if is_there { Some(read(row)?) } else { None },
                position: row.integer(8)?,
                event_id: row.id(9)?,
                digest: row.optional_array(10)?,
                link: row.optional_array(11)?,
            })
        },
    )
}

/// Lists events that are not in the order of the log. The engine writes none.
pub(crate) fn list_unlisted(tx: &mut Tx, limit: usize) -> Result<Vec<Id>> {
    tx.all(
        "SELECT id FROM events WHERE NOT EXISTS (SELECT 1 FROM event_order WHERE event_id = id) ORDER BY id LIMIT ?1",
        &[Value::Integer(limit as i64)],
        |row| row.id(0),
    )
}

fn read(row: &Row) -> Result<Listed> {
    Ok(Listed {
        id: row.id(0)?,
        at: row.integer(1)?,
        kind: row.text(2)?,
        user_id: row.optional_id(3)?,
        session_id: row.optional_id(4)?,
        actor: row.optional_text(5)?,
        detail: row.optional_text(6)?,
        ip: row.optional_text(7)?,
        position: row.optional_integer(8)?,
    })
}

/// Keeps the text of a statement as long as the program: there is one for each combination of conditions.
fn kept(sql: String) -> &'static str {
    static KEPT: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let mut all = locked(&KEPT);
    match all.get(sql.as_str()) {
        Some(sql) => sql,
        None => {
            let sql = &*sql.leak();
            all.insert(sql);
            sql
        }
    }
}

/// Returns the time of a user's last login, as far as their newest thousand events tell.
pub(crate) fn last_login(tx: &mut Tx, user_id: Id) -> Result<Option<i64>> {
    const SQL: &str = "SELECT at FROM (SELECT id, at, kind FROM events WHERE user_id = ?1 ORDER BY id DESC LIMIT 1000) AS newest \
                       WHERE kind = 'logged_in' ORDER BY id DESC LIMIT 1";
    tx.first(SQL, &[Value::Bytes(user_id.as_bytes())], |row| row.integer(0))
}

/// Returns when the account that had this id was deleted, as far as its newest thousand events tell.
pub(crate) fn deleted_at(tx: &mut Tx, user_id: Id) -> Result<Option<i64>> {
    const SQL: &str = "SELECT at FROM (SELECT id, at, kind FROM events WHERE user_id = ?1 ORDER BY id DESC LIMIT 1000) AS newest \
                       WHERE kind = 'user_deleted' ORDER BY id DESC LIMIT 1";
    tx.first(SQL, &[Value::Bytes(user_id.as_bytes())], |row| row.integer(0))
}
