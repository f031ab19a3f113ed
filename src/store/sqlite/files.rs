//! The files that a store has open, and whether their names still refer to them.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::connections::{connect, connect_to_read};
use super::log;
use super::paths::{has_log, longer, no_file};
use crate::error::{Code, Error, Result};

/// The files that were opened, identified by device and inode.
pub(super) struct Files {
    pub path: PathBuf,
    pub database: FileId,
    log: Log,
    /// Why this process may not write them, if they were opened for reading only.
    pub only_reads: Option<String>,
    /// Kept open as long as the store: see [`log::check`].
    _looked_at: Option<File>,
}

impl Files {
    pub(super) fn of(path: PathBuf, looked_at: Option<File>) -> Result<Files> {
        let log = longer(&path, "-wal");
        let file = File::open(&log).map_err(|_| moved("is gone"))?;
        let log = Log::Open { is: identity(&log)?, file };
        Ok(Files { database: identity(&path)?, log, path, only_reads: None, _looked_at: looked_at })
    }

    /// As [`Files::connect`] for files that this process may not write, for the reason `why`. Without a log
    /// only the database is read, as long as no process writes. A log that is not empty is never ignored.
    pub(super) fn as_they_are(path: PathBuf, looked_at: Option<File>, why: String) -> Result<Files> {
        if has_log(&path) && longer(&path, "-shm").exists() {
            return Ok(Files { only_reads: Some(why), ..Files::of(path, looked_at)? });
        }
        if has_log(&path) {
            let log = longer(&path, "-wal");
            let why = format!(
                "{} has changes, which cannot be read without a file -shm beside it, and this process may make none: \
                 open the store once where it can be written",
                log.display()
            );
            return Err(Error::at(Code::InvalidConfig, "/store", why));
        }
        let journal = longer(&path, "-journal");
        if fs::metadata(&journal).is_ok_and(|journal| journal.len() > 0) {
            let why = format!(
                "{} has what takes a change back that came to no end, and this process may not do that: open the store \
                 once where it can be written",
                journal.display()
            );
            return Err(Error::at(Code::InvalidConfig, "/store", why));
        }
        let file = File::open(&path).map_err(|error| no_file(&error))?;
        let log = Log::None { state: State::of(&path, &file)?, file };
        Ok(Files { database: identity(&path)?, log, path, only_reads: Some(why), _looked_at: looked_at })
    }

    pub(super) fn connect(&self, timeout: Duration) -> Result<Connection> {
        match (&self.only_reads, &self.log) {
            (None, _) => connect(&self.path, timeout),
            (Some(_), log) => connect_to_read(&self.path, matches!(log, Log::None { .. }), timeout),
        }
    }

    /// As [`Files::connect`], but only to these files: another file of this name must not be mixed with their
    /// log.
    pub(super) fn connect_again(&self, timeout: Duration) -> Result<Connection> {
        self.check()?;
        let connection = self.connect(timeout)?;
        self.check()?;
        Ok(connection)
    }

    /// Returns a value that differs between the present log and the next one.
    pub(super) fn generation(&self) -> Option<[u8; 8]> {
        match &self.log {
            Log::Open { file, .. } => log::generation(file),
            Log::None { .. } => None,
        }
    }

    /// Refuses files that have lost their names. Data written to a file without a name are lost with the
    /// process, and no other process sees them.
    pub(super) fn check(&self) -> Result<()> {
        let is_same = match &self.log {
            Log::Open { is, .. } => identity(&longer(&self.path, "-wal"))? == *is,
            // SQLite takes no lock on such a file and does not notice changes.
            Log::None { state, file } => !has_log(&self.path) && State::of(&self.path, file)? == *state,
        };
        match is_same && identity(&self.path)? == self.database {
            true => Ok(()),
            false if self.only_reads.is_some() => Err(moved("was changed or replaced while it was read")),
            false => Err(moved("was replaced")),
        }
    }
}

enum Log {
    Open {
        is: FileId,
        file: File,
    },
    /// There was no log, and the database was in this state.
    None {
        state: State,
        file: File,
    },
}

/// The attributes that change when a file is written: its length, its times, and, in case the file system's
/// clock has not moved since, the mark in its header.
#[derive(PartialEq, Eq)]
struct State {
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    header: [u8; 100],
}

impl State {
    fn of(path: &Path, file: &File) -> Result<State> {
        let mut header = [0; 100];
        file.read_exact_at(&mut header, 0).map_err(|_| moved("is cut off"))?;
        let status = fs::metadata(path).map_err(|_| moved("is gone"))?;
        Ok(State {
            length: status.len(),
            modified: (status.mtime(), status.mtime_nsec()),
            changed: (status.ctime(), status.ctime_nsec()),
            header,
        })
    }
}
/// Identifies a file, whatever its name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

pub(super) fn identity(path: &Path) -> Result<FileId> {
    let status = fs::metadata(path).map_err(|_| moved("is gone"))?;
    Ok(FileId { device: status.dev(), inode: status.ino() })
}

fn moved(how: &str) -> Error {
    let detail = format!("the database file or its write-ahead log {how}: open the store anew");
    Error::new(Code::StoreUnavailable, detail)
}
