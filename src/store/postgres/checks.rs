//! Checks of a server before the engine uses it.

use std::time::Instant;

use super::failures::{Failure, PGPOOL};
use super::transactions::ask;
use super::url::wrong;
use super::wire::Connection;
use crate::clock::Clock;
use crate::error::Result;
use crate::store::row::unexpected;
use crate::store::{schema, tables};

/// Refuses pgpool-II, which sends reads to standbys and may answer them from a cache: only pgpool-II knows
/// its version.
pub(super) fn asks_the_primary(connection: &mut Connection) -> Result<()> {
    match connection.run("SHOW pool_version") {
        Ok(_) => Err(Failure::Unusable(PGPOOL).error()),
        Err(Failure::Refused(_)) => Ok(()),
        Err(failure) => Err(failure.error()),
    }
}

/// Whether the role may add to the audit log, but not delete from it.
pub(super) fn is_append_only(connection: &mut Connection) -> Result<bool> {
    let sql = "SELECT CASE WHEN has_table_privilege('events', 'DELETE') THEN 0 ELSE 1 END";
    let reply = ask(connection, sql).map_err(|failure| failure.error_at_opening())?;
    Ok(matches!(reply.texts().as_deref(), Some([text]) if text == "1"))
}

/// Refuses a database that lacks a part of the schema.
pub(super) fn complete(connection: &mut Connection) -> Result<()> {
    let reply = ask(connection, schema::POSTGRES_NAMES).map_err(|failure| failure.error_at_opening())?;
    let names = reply.texts().and_then(|texts| texts.into_iter().next()).ok_or_else(unexpected)?;
    schema::refuse_incomplete(&names)
}

/// Returns how many milliseconds the server's clock is ahead of this machine's. Half the round trip is taken
/// as the way there.
pub(super) fn clock_ahead(connection: &mut Connection) -> Result<i64> {
    let clock = Clock::system();
    let before = Instant::now();
    let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let reply = ask(connection, sql).map_err(|failure| failure.error())?;
    let way = i64::try_from(before.elapsed().as_millis()).unwrap_or(i64::MAX) / 2;
    let there = reply.texts().and_then(|texts| texts.first()?.parse::<i64>().ok()).ok_or_else(unexpected)?;
    Ok(there - (clock.now_ms() - way))
}

/// Refuses a role that lacks a privilege that the engine needs. The error names all missing privileges. The
/// audit log may be append-only.
pub(super) fn privileges(connection: &mut Connection) -> Result<()> {
    let tables = tables::names().map(|table| format!("('{table}')")).collect::<Vec<_>>().join(", ");
    let missing = format!(
        "SELECT coalesce(string_agg(rights || ' on ' || tables, '; ' ORDER BY rights, tables), '') FROM ( \
         SELECT rights, string_agg(table_, ', ' ORDER BY table_) AS tables FROM ( \
         SELECT table_, string_agg(right_, ', ' ORDER BY right_) AS rights FROM (VALUES {tables}) AS t (table_), \
         (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) AS r (right_) \
         WHERE NOT (table_ = 'events' AND right_ IN ('UPDATE', 'DELETE')) \
         AND NOT has_table_privilege(table_, right_) GROUP BY table_) AS of_each GROUP BY rights) AS together"
    );
    let reply = match ask(connection, &missing) {
        Ok(reply) => reply,
        Err(failure) => {
            // The server names no missing table.
            complete(connection)?;
            return Err(failure.error_at_opening());
        }
    };
    match reply.texts().as_deref() {
        Some([missing]) if !missing.is_empty() => {
            Err(wrong(format!("postgres: the role lacks the privilege {missing}")))
        }
        _ => Ok(()),
    }
}
