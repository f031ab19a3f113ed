//! Rows of `throttles`: counts of failed attempts. The ids are keyed hashes of the account, name or address.

use std::collections::HashSet;

use super::tx::{Share, Tx};
use super::value::Value;
use crate::error::Result;

/// The expiry of a row that stays until an attempt succeeds.
pub(crate) const NEVER: i64 = i64::MAX;

/// The length of an id's beginning, the lane's place. Of the lanes that share a place the store keeps the one
/// that was written last. Lanes that must all be kept have random places, so that they share none.
pub(crate) const PLACE_LEN: usize = 12;

/// The count of one lane.
#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    /// The number of recent failures.
    pub failures: i64,
    /// The number of failures since the last success.
    pub in_a_row: i64,
    /// When the last failure was.
    pub failed_at: i64,
    pub locked_until: i64,
    /// When the row may be deleted.
    pub expires_at: i64,
}

/// Returns the count of a lane, if there is one.
pub(crate) fn find(tx: &mut Tx, id: &[u8; 32]) -> Result<Option<Count>> {
    find_all(tx, [id; 3]).map(|[found, ..]| found)
}

/// Returns the counts of these lanes, by one statement.
pub(crate) fn find_all(tx: &mut Tx, ids: [&[u8; 32]; 3]) -> Result<[Option<Count>; 3]> {
    const SQL: &str = "SELECT id, failures, in_a_row, failed_at, locked_until, expires_at FROM throttles \
                       WHERE id IN (?1, ?2, ?3)";
    let mut found = [None; 3];
    tx.query(SQL, &ids.map(|id| Value::Bytes(id)), |row| {
        let id = row.array(0)?;
        let throttle = Count {
            failures: row.integer(1)?,
            in_a_row: row.integer(2)?,
            failed_at: row.integer(3)?,
            locked_until: row.integer(4)?,
            expires_at: row.integer(5)?,
        };
        for (lane, found) in ids.iter().zip(&mut found) {
            if **lane == id {
                *found = Some(throttle);
            }
        }
        Ok(())
    })?;
    Ok(found)
}

/// Returns the ids of all lanes that are locked at `now`, or have `most` failures in a row. There are few
/// such lanes compared with accounts, because each took as many failures as a lock needs.
pub(crate) fn closed(tx: &mut Tx, now: i64, most: i64) -> Result<HashSet<[u8; 32]>> {
    const SQL: &str = "SELECT id FROM throttles WHERE locked_until > ?1 OR in_a_row >= ?2";
    let mut closed = HashSet::new();
    tx.query(SQL, &[Value::Integer(now), Value::Integer(most)], |row| {
        closed.insert(row.array(0)?);
        Ok(())
    })?;
    Ok(closed)
}

pub(crate) fn put(tx: &mut Tx, id: &[u8; 32], throttle: Count) -> Result<()> {
    let [mut first, mut last] = [*id; 2];
    first[PLACE_LEN..].fill(0);
    last[PLACE_LEN..].fill(0xff);
    tx.run(
        "DELETE FROM throttles WHERE id >= ?1 AND id <= ?2 AND id <> ?3",
        &[Value::Bytes(&first), Value::Bytes(&last), Value::Bytes(id)],
    )?;
    tx.run(
        "INSERT INTO throttles (id, failures, in_a_row, failed_at, locked_until, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET failures = excluded.failures, \
         in_a_row = excluded.in_a_row, failed_at = excluded.failed_at, locked_until = excluded.locked_until, expires_at = excluded.expires_at",
        &[
            Value::Bytes(id),
            Value::Integer(throttle.failures),
            Value::Integer(throttle.in_a_row),
            Value::Integer(throttle.failed_at),
            Value::Integer(throttle.locked_until),
            Value::Integer(throttle.expires_at),
        ],
    )
}

/// Subtracts one failure. This ends a lock until `locked_until` that the same attempt set, and a lock that no
/// longer has the `limit` of failures.
pub(crate) fn take_back(tx: &mut Tx, id: &[u8], limit: i64, locked_until: i64) -> Result<()> {
    tx.run(
        "UPDATE throttles SET failures = CASE WHEN failures > 0 THEN failures - 1 ELSE 0 END, \
         in_a_row = CASE WHEN in_a_row > 0 THEN in_a_row - 1 ELSE 0 END, \
         locked_until = CASE WHEN failures - 1 < ?2 OR locked_until = ?3 THEN 0 ELSE locked_until END \
         WHERE id = ?1",
        &[Value::Bytes(id), Value::Integer(limit), Value::Integer(locked_until)],
    )
}

/// Resets the lane's count of failures in a row.
pub(crate) fn start_row_anew(tx: &mut Tx, id: &[u8]) -> Result<()> {
    tx.run("UPDATE throttles SET in_a_row = 0 WHERE id = ?1", &[Value::Bytes(id)])
}

pub(crate) fn delete(tx: &mut Tx, id: &[u8]) -> Result<()> {
    tx.run("DELETE FROM throttles WHERE id = ?1", &[Value::Bytes(id)])
}

/// Deletes expired rows, so that guesses do not fill the disk.
pub(crate) fn forget_expired(tx: &mut Tx, now: i64, share: Share) -> Result<usize> {
    tx.forget(
        "DELETE FROM throttles WHERE id IN \
         (SELECT id FROM throttles WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        Value::Integer(now),
        share,
    )
}

/// Deletes rows without an expiry whose ids lie between these two.
pub(crate) fn forget_lasting(tx: &mut Tx, from: &[u8], to: &[u8], share: Share) -> Result<usize> {
    tx.execute(
        "DELETE FROM throttles WHERE id IN (SELECT id FROM throttles \
         WHERE expires_at = ?1 AND id >= ?2 AND id < ?3 ORDER BY id LIMIT ?4)",
        &[Value::Integer(NEVER), Value::Bytes(from), Value::Bytes(to), Value::Integer(share.rows())],
    )
}
