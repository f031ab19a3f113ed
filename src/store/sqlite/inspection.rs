//! Checks of whole databases.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};

use super::connections::immutable;
use super::failures::{self, INTERRUPTED, failed};
use super::log;
use super::migration::{found, names};
use super::paths::has_log;
use super::statements::Statements;
use crate::error::{Code, Error, Result};
use crate::store::keys;
use crate::store::schema::{Plan, refuse_incomplete};
use crate::store::tx::Tx;
use crate::store::watch::{Look, Watch};

/// The number of instructions of SQLite's virtual machine between two calls of the watch: a few milliseconds.
const BETWEEN_WATCHES: i32 = 100_000;
/// Runs `f` while `goes_on`.
pub(super) fn watched<T>(
    connection: &mut Connection,
    mut goes_on: impl FnMut() -> bool + Send + 'static,
    f: impl FnOnce(&Connection) -> Result<T>,
) -> Result<T> {
    connection.progress_handler(BETWEEN_WATCHES, Some(move || !goes_on())).map_err(failed)?;
    let result = f(connection);
    connection.progress_handler(0, None::<fn() -> bool>).map_err(failed)?;
    result
}

/// Checks a whole database. Returns the first fault, in SQLite's words, which quote no value.
pub(super) fn fault(
    connection: &mut Connection,
    goes_on: impl FnMut() -> bool + Send + 'static,
) -> Result<Option<String>> {
    let found: String = watched(connection, goes_on, |connection| {
        let found = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0));
        found.or_else(|error| failures::damage(&error).map(str::to_owned).ok_or_else(|| failed(error)))
    })?;
    // SQLite puts a heading above faults of pages.
    let fault = found.strip_prefix("*** in database main ***\n").unwrap_or(&found);
    Ok((fault != "ok").then(|| fault.replace('\n', "; ")))
}

/// Checks a file that cannot be opened as a store, while `goes_on`. Returns the first fault, if there is one.
pub(crate) fn damage(path: &Path, goes_on: impl FnMut() -> bool + Send + 'static) -> Option<String> {
    let path = path.canonicalize().ok()?;
    // A log that belongs to another file damages nothing yet.
    let _looked_at = log::check(&path).ok()?;
    let only_read = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match has_log(&path) {
        true => Connection::open_with_flags(&path, only_read),
        false => Connection::open_with_flags(immutable(&path), only_read | OpenFlags::SQLITE_OPEN_URI),
    };
    fault(&mut connection.ok()?, goes_on).ok().flatten()
}

/// Opens a database that no other connection has open, and checks all of it.
fn open_whole(path: &Path, watch: &Watch) -> Result<Connection> {
    let mut connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
    let watch = Arc::clone(watch);
    match fault(&mut connection, move || watch("verify", 0, 0))? {
        Some(fault) => Err(Error::at(Code::InvalidConfig, "/store", format!("the file is damaged: {fault}"))),
        None => Ok(connection),
    }
}

/// Checks a database that no other connection has open, and lets `look` read it.
pub(super) fn look_at(path: &Path, watch: &Watch, look: Look) -> Result<()> {
    look(&mut Tx::new(&mut Statements(&open_whole(path, watch)?)))
}

/// Refuses a file that is not an intact store. No other connection has it open. Failures: `invalid_request`,
/// `schema_too_new`, `store_unavailable`.
pub(super) fn inspect(path: &Path, watch: &Watch) -> Result<()> {
    let refused = |why: String| Error::at(Code::InvalidRequest, "/backup", why);
    let inspected = open_whole(path, watch).and_then(|connection| {
        let found = found(&connection)?;
        if found.version == 0 {
            return Err(refused("an empty database".to_owned()));
        }
        if Plan::new(true).missing(found)?.is_empty() {
            refuse_incomplete(&names(&connection)?)?;
        }
        match keys::meta(&mut Tx::new(&mut Statements(&connection)), keys::KEY_PROOF)? {
            Some(_) => Ok(()),
            None => Err(refused("a store that was never opened".to_owned())),
        }
    });
    inspected.map_err(|error| match error.code {
        Code::SchemaTooNew => error,
        _ if error.detail.as_deref() == Some(INTERRUPTED) => error,
        _ if error.field.as_deref() == Some("/backup") => error,
        _ => refused(error.detail.unwrap_or_default().into_owned()),
    })
}
