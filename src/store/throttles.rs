//! Rows of `throttles`: failed attempts by a keyed code of whom or where they concern.

use super::{Tx, Value};
use crate::error::Result;

/// The count of one lane.
#[derive(Clone, Copy, Default)]
pub(crate) struct Throttle {
    /// Recent failures.
    pub failures: i64,
    /// All failures since the last success.
    pub in_a_row: i64,
    /// When the last one was.
    pub failed_at: i64,
    pub locked_until: i64,
    /// When the row may be forgotten.
    pub expires_at: i64,
}

pub(crate) fn find(tx: &mut Tx, id: &[u8]) -> Result<Option<Throttle>> {
    const SQL: &str =
        "SELECT failures, in_a_row, failed_at, locked_until, expires_at FROM throttles WHERE id = ?1";
    tx.first(SQL, &[Value::Bytes(id)], |row| {
        Ok(Throttle {
            failures: row.integer(0)?,
            in_a_row: row.integer(1)?,
            failed_at: row.integer(2)?,
            locked_until: row.integer(3)?,
            expires_at: row.integer(4)?,
        })
    })
}

pub(crate) fn put(tx: &mut Tx, id: &[u8], throttle: Throttle) -> Result<()> {
    tx.execute(
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
    )?;
    Ok(())
}

pub(crate) fn delete(tx: &mut Tx, id: &[u8]) -> Result<()> {
    tx.execute("DELETE FROM throttles WHERE id = ?1", &[Value::Bytes(id)])?;
    Ok(())
}

/// Forgets a few rows that are past their time, so that strangers' guesses do not fill the disk.
pub(crate) fn forget_expired(tx: &mut Tx, now: i64) -> Result<()> {
    tx.execute(
        "DELETE FROM throttles WHERE id IN \
         (SELECT id FROM throttles WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 4)",
        &[Value::Integer(now)],
    )?;
    Ok(())
}
