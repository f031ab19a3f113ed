//! Connections to a database, set up as the engine needs them.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::failures::failed;
use crate::error::{Code, Error, Result};
use crate::store::pool;

/// A connection that only reads.
pub(super) struct Reader(pub Connection);

impl pool::Connection for Reader {
    fn is_reusable(&self) -> bool {
        true
    }
}

impl Reader {
    pub(super) fn new(connection: Connection) -> Result<Reader> {
        connection.pragma_update(None, "query_only", true).map_err(failed)?;
        Ok(Reader(connection))
    }
}

/// Tries the writer's lock: if another process holds it, the store can be written.
pub(super) fn writable(connection: &Connection) -> Result<()> {
    connection.busy_timeout(Duration::ZERO).map_err(failed)?;
    match connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK") {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
        result => result.map_err(failed),
    }
}

pub(super) fn connect(path: &Path, timeout: Duration) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    // This comes before the first statement, which would create companion files with the file's mode: they
    // would stay unwritable when the file is made writable again.
    if connection.is_readonly("main").map_err(failed)? {
        return Err(Error::new(Code::StoreUnavailable, "the file is read-only"));
    }
    prepare(&connection, timeout)?;
    Ok(connection)
}

/// Opens a file that this process may not write. `is_alone`: no process has it open, so neither a log nor a
/// lock is looked for.
pub(super) fn connect_to_read(path: &Path, is_alone: bool, timeout: Duration) -> Result<Connection> {
    let only_read = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match is_alone {
        true => Connection::open_with_flags(immutable(path), only_read | OpenFlags::SQLITE_OPEN_URI),
        false => Connection::open_with_flags(path, only_read),
    };
    let connection = connection.map_err(failed)?;
    // The last connection that closes would write the log back.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(failed)?;
    prepare(&connection, timeout)?;
    Ok(connection)
}

/// Returns the URI for which SQLite reads a file as immutable.
pub(super) fn immutable(path: &Path) -> String {
    let escaped = path.as_os_str().as_bytes().iter().map(|&byte| match byte {
        b'/' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02x}"),
    });
    format!("file:{}?immutable=1", escaped.collect::<String>())
}

pub(super) fn write_ahead(connection: &Connection, timeout: Duration) -> Result<()> {
    let deadline = Instant::now() + timeout;
    let set = || connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0));
    let mut mode: rusqlite::Result<String> = set();
    // If several connections change the mode of a new file at once, SQLite lets one of them through and tells
    // the others to try again, without waiting.
    while let Err(error) = &mode
        && error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
        && Instant::now() < deadline
    {
        thread::sleep(Duration::from_millis(2));
        mode = set();
    }
    let mode = mode.map_err(failed)?;
    if mode != "wal" {
        return Err(Error::new(Code::StoreUnavailable, "no write-ahead log on this file system"));
    }
    Ok(())
}

pub(super) fn prepare(connection: &Connection, timeout: Duration) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(128);
    connection.busy_timeout(timeout).map_err(failed)?;
    // One plan for each statement: otherwise every new parameter may cause another preparation.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed)?;
    // Deleted data are overwritten: a deleted account must not be found in the file.
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; \
             PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 16777216",
        )
        .map_err(failed)
}

pub(super) fn transaction<T>(
    connection: &Connection,
    begin: &str,
    f: impl FnOnce() -> Result<T>,
) -> Result<T> {
    connection.execute_batch(begin).map_err(failed)?;
    let result = f();
    let ended = connection.execute_batch(if result.is_ok() { "COMMIT" } else { "ROLLBACK" }).map_err(failed);
    result.and_then(|value| ended.map(|()| value))
}
