//! The schema of a SQLite file: finding its steps, and running the missing ones.

use std::time::Duration;

use rusqlite::Connection;

use super::connections::transaction;
use super::failures::failed;
use crate::error::{Code, Error, Result};
use crate::store::move_note::Note;
use crate::store::row::{damaged, unexpected};
use crate::store::schema::{self, Found, Plan};

/// Marks the file as doorward's ("dwrd"), so that the database of another program is not touched.
const APPLICATION_ID: i32 = 0x6477_7264;
/// Brings the schema up to date, in one transaction. Returns the version that it found. A schema that is up
/// to date needs no lock; otherwise the first process migrates, and the others wait for it.
pub(super) fn migrate(connection: &Connection, plan: Plan, timeout: Duration) -> Result<i64> {
    let before = found(connection)?;
    if plan.missing(before)?.is_empty() {
        return Ok(before.version);
    }
    let patience = if before.version == 0 { timeout } else { schema::PATIENCE };
    connection.busy_timeout(patience).map_err(failed)?;
    // Rebuilding a table must not delete the rows that refer to it. This cannot be set inside a transaction.
    connection.pragma_update(None, "foreign_keys", false).map_err(failed)?;
    let migrated = transaction(connection, "BEGIN IMMEDIATE", || take_steps(connection, plan));
    connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
    connection.busy_timeout(timeout).map_err(failed)?;
    migrated.map(|()| before.version)
}

/// Runs the missing steps, inside a transaction that holds the writer's lock.
fn take_steps(connection: &Connection, plan: Plan) -> Result<()> {
    let before = found_in_transaction(connection)?;
    let run = |sql| connection.execute_batch(sql).map_err(failed);
    if before.version > 0 && note(connection)?.is_some_and(|note| note.is_left()) {
        // The tables have other names. The steps are run when the store is given back to its engines.
        return Ok(());
    }
    if before.version == 0 {
        run(schema::TABLE)?;
        connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    }
    for (version, step) in plan.missing(before)? {
        run(step.sqlite)?;
        connection
            .execute(
                "INSERT INTO doorward_schema (version, additive) VALUES (?1, ?2)",
                (version, step.is_additive),
            )
            .map_err(failed)?;
    }
    let orphans = "SELECT count(*) FROM pragma_foreign_key_check";
    match connection.query_row(orphans, [], |row| row.get::<_, i64>(0)).map_err(failed)? {
        0 => Ok(()),
        _ => Err(unexpected()),
    }
}

/// Reads the steps of the store. Failure: `invalid_config`, for the database of another program.
pub(super) fn found(connection: &Connection) -> Result<Found> {
    transaction(connection, "BEGIN", || found_in_transaction(connection))
}

/// As [`found`], inside a transaction, so that everything is read at one moment.
fn found_in_transaction(connection: &Connection) -> Result<Found> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(failed);
    let what = (
        number("SELECT count(*) FROM sqlite_schema")?,
        number("PRAGMA application_id")?,
        number("PRAGMA user_version")?,
    );
    match what {
        (0, 0, 0) => Ok(Found::default()),
        (_, ours, _) if ours == i64::from(APPLICATION_ID) => numbers(connection),
        _ => Err(Error::at(Code::InvalidConfig, "/store", "a database of another program")),
    }
}

pub(super) fn numbers(connection: &Connection) -> Result<Found> {
    let mut statement = connection.prepare_cached(schema::FOUND).map_err(failed)?;
    let read = |row: &rusqlite::Row| Ok((row.get(0)?, row.get(1)?));
    let (version, needed): (Option<i64>, Option<i64>) = statement.query_row([], read).map_err(failed)?;
    Ok(Found { version: version.ok_or_else(damaged)?, needed: needed.unwrap_or(0) })
}

/// Reads the names of everything in the schema, for [`schema::refuse_incomplete`].
pub(super) fn names(connection: &Connection) -> Result<String> {
    connection.query_row(schema::SQLITE_NAMES, [], |row| row.get(0)).map_err(failed)
}

/// Reads the store's note of a move.
pub(super) fn note(connection: &Connection) -> Result<Option<Note>> {
    let text: String = connection.query_row(schema::NOTE, [], |row| row.get(0)).map_err(failed)?;
    Note::parse(&text)
}
