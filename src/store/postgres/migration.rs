//! The schema on a server: finding its steps, and running the missing ones.

use std::time::Instant;

use super::failures::Failure;
use super::moving;
use super::transactions::{End, ask, pause, roll_back};
use super::url::wrong;
use super::wire::{Connection, Isolation};
use crate::error::Result;
use crate::store::row::unexpected;
use crate::store::schema::{self, Found, Plan};

/// The process that migrates holds this lock ("dwrd"), so that the others wait.
const MIGRATING: &str = "SELECT pg_advisory_xact_lock(1685549668)";

/// The name of the column of `doorward_schema` that an engine finds only if it knows this many steps. The
/// server looks it up in the catalogue when it grants the lock on the table, independently of the
/// transaction's snapshot.
pub(super) fn gate(needed: i64) -> String {
    format!("needs_{needed}")
}

/// Brings the schema up to date, in one transaction. Returns the version that it found. Any number of
/// processes may do so at once: the first one migrates, and the others wait for it.
pub(super) fn migrate(connection: &mut Connection, plan: Plan, deadline: Instant) -> Result<i64> {
    let first = found(connection)?;
    let mut before = first;
    for attempt in 0.. {
        if plan.missing(before)?.is_empty() {
            return Ok(first.version);
        }
        // Creating a store has the same time limit as any other call.
        let until = if before.version == 0 { deadline } else { Instant::now() + schema::PATIENCE };
        connection.set_deadline(until);
        let failure = match take_steps(connection, plan, until) {
            Ok(taken) => return taken.result().map(|()| first.version),
            Err(failure) => failure,
        };
        if connection.is_lost() {
            return Err(failure.error());
        }
        roll_back(connection);
        connection.set_deadline(deadline);
        // On a server without advisory locks another process may have been faster, or may be about to be.
        let after = found(connection)?;
        let is_overtaken = after.version > before.version;
        match &failure {
            Failure::Refused(state)
                if is_overtaken
                    || matches!(
                        state.as_str(),
                        "40001" | "40P01" | "23505" | "42P07" | "42701" | "42710" | "XX000"
                    ) =>
            {
                pause(attempt, deadline).map_err(|_| failure.error())?;
            }
            _ => return Err(failure.error_at_opening()),
        }
        before = after;
    }
    Err(unexpected())
}

/// Runs the missing steps under the lock. The version is read under the lock, too.
fn take_steps(connection: &mut Connection, plan: Plan, until: Instant) -> Result<End, Failure> {
    let milliseconds = until.saturating_duration_since(Instant::now()).as_millis().max(1);
    // Read committed: a stricter level's snapshot would be from before the wait.
    connection.begin(Isolation::ReadCommitted)?;
    connection.run(&format!(
        "SET LOCAL statement_timeout = {milliseconds}; SET LOCAL lock_timeout = {milliseconds}"
    ))?;
    take_lock(connection)?;
    let missing = found(connection).and_then(|found| Ok((found, plan.missing(found)?)));
    let (before, missing) = match missing {
        Ok(found) => found,
        Err(error) => {
            roll_back(connection);
            return Ok(End::Failed(error));
        }
    };
    if before.version == 0 {
        connection.run(schema::TABLE)?;
    } else if moving::note(connection)?.is_some_and(|note| note.is_left()) {
        // The tables have other names. The steps are run when the store is given back to its engines.
        roll_back(connection);
        return Ok(End::Committed);
    }
    shut_out_older(connection, before, plan)?;
    for (version, step) in missing {
        connection.run(step.postgres)?;
        let additive = i64::from(step.is_additive);
        connection.run(&format!(
            "INSERT INTO doorward_schema (version, additive) VALUES ({version}, {additive})"
        ))?;
    }
    connection.run("COMMIT")?;
    match connection.has_committed() {
        true => Ok(End::Committed),
        false => Err(Failure::Lost("rolled back")),
    }
}

/// Takes the lock of migrations, for this transaction.
fn take_lock(connection: &mut Connection) -> Result<(), Failure> {
    connection.run("SAVEPOINT unlocked")?;
    match connection.run(MIGRATING) {
        Ok(_) => Ok(()),
        // If the server has no such function, one of several processes fails and tries again.
        Err(Failure::Refused(state)) if ["42883", "0A000"].contains(&state.as_str()) => {
            connection.run("ROLLBACK TO SAVEPOINT unlocked").map(drop)
        }
        Err(failure) => Err(failure),
    }
}

/// Raises the gate that shuts out engines which cannot write to the new schema.
fn shut_out_older(connection: &mut Connection, before: Found, plan: Plan) -> Result<(), Failure> {
    // This comes before the steps: it waits for present writers, and later ones wait for the steps and are
    // shut out.
    match (before.needed, plan.needed()) {
        (0, needed) => {
            connection.run(&format!("ALTER TABLE doorward_schema ADD COLUMN {} BOOLEAN", gate(needed)))?;
        }
        (before, needed) if before < needed => {
            let before = gate(before);
            let needed = gate(needed);
            connection.run(&format!("ALTER TABLE doorward_schema RENAME COLUMN {before} TO {needed}"))?;
        }
        _ => {}
    }
    Ok(())
}

/// Reads the steps of the store. Failure: `invalid_config`, for tables of another program.
pub(super) fn found(connection: &mut Connection) -> Result<Found> {
    let mut numbers = |sql: &str| -> Result<[i64; 2]> {
        let reply = ask(connection, sql).map_err(|failure| failure.error_at_opening())?;
        let texts = reply.texts().ok_or_else(unexpected)?;
        let numbers =
            texts.iter().map(|text| text.parse().map_err(|_| unexpected())).collect::<Result<Vec<_>>>()?;
        numbers.try_into().map_err(|_| unexpected())
    };
    let tables = "SELECT count(*), count(CASE WHEN tablename = 'doorward_schema' THEN 1 END) \
                  FROM pg_catalog.pg_tables WHERE schemaname = current_schema()";
    match numbers(tables)? {
        [0, _] => Ok(Found::default()),
        [_, 0] => Err(wrong("a database of another program: doorward needs one, or a schema, of its own")),
        _ => {
            let steps = schema::FOUND;
            let [version, needed] =
                numbers(&format!("SELECT coalesce(a, 0), coalesce(b, 0) FROM ({steps}) AS found (a, b)"))?;
            Ok(Found { version, needed })
        }
    }
}
