//! A store that is being moved: locking its writers out meanwhile, and reporting its new place.

use super::failures::{Failure, MOVING, NO_TABLE};
use super::transactions::ask;
use super::wire::Connection;
use crate::error::Error;
use crate::store::move_note::Note;
use crate::store::{schema, tables};

/// The process that moves the store holds this lock ("dwre"); every writer takes a share of it.
const LOCK: &str = "1685549669";

/// Returns the statements that make every later write check whether the store is being moved, or the
/// statements that remove the check. They do not lock tables: writers would wait, and block the process that
/// renames tables which they have already read.
pub(super) fn preparation(prepares: bool) -> String {
    let drop = |table| format!("DROP TRIGGER IF EXISTS doorward_moving ON {table};");
    let create = |table| {
        format!(
            "CREATE TRIGGER doorward_moving BEFORE INSERT OR UPDATE OR DELETE ON {table} \
             FOR EACH STATEMENT EXECUTE FUNCTION doorward_moving();"
        )
    };
    let function = format!(
        "CREATE OR REPLACE FUNCTION doorward_moving() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF NOT pg_try_advisory_xact_lock_shared({LOCK}) THEN \
             RAISE EXCEPTION 'the store is being moved' USING ERRCODE = '{MOVING}'; \
           END IF; \
           RETURN NULL; \
         END $$;"
    );
    let mut sql: String = tables::names().map(drop).collect();
    match prepares {
        true => sql = sql + &function + &tables::names().map(create).collect::<String>(),
        false => sql += "DROP FUNCTION IF EXISTS doorward_moving();",
    }
    sql
}

/// Returns the statements that wait for present writers and keep others from beginning. The server soon
/// notices if this machine vanishes.
pub(super) fn lock() -> String {
    format!(
        "SET LOCAL tcp_keepalives_idle = 10; SET LOCAL tcp_keepalives_interval = 10; \
         SET LOCAL tcp_keepalives_count = 3; SELECT pg_advisory_xact_lock({LOCK})"
    )
}

/// Reads the store's note of a move. No transaction is open on the connection.
pub(super) fn note(connection: &mut Connection) -> Result<Option<Note>, Failure> {
    let reply = ask(connection, schema::NOTE)?;
    let text = reply.texts().and_then(|mut texts| texts.pop()).unwrap_or_default();
    Note::parse(&text).map_err(|_| Failure::Lost("a row is damaged"))
}

/// Returns the error of a store that is being moved, or was, if this made a statement fail.
pub(super) fn refusal(connection: &mut Connection, failure: &Failure) -> Option<Error> {
    let Failure::Refused(state) = failure else { return None };
    if ![MOVING, NO_TABLE].contains(&state.as_str()) {
        return None;
    }
    let note = note(connection).ok().flatten()?;
    (state.as_str() == MOVING || note.is_left()).then(|| note.refusal())
}
