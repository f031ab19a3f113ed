//! Checkpoints write the log back into the database, so that the log begins anew and stays short even with
//! busy readers.
//!
//! SQLite begins its log anew only if no reader uses it at the moment of a write. If readers overlap, that
//! moment never comes, and every page that is read is looked up in a growing log. So beyond a certain length
//! a thread with its own connection writes back as much as it can, which blocks no other connection. Then it
//! waits for readers: for a moment in which no writer runs, and not at all while a reader is far behind.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::{Connection, InterruptHandle, Row};

use super::failures::failed;
use super::files::Files;
use crate::contain;
use crate::error::Result;
use crate::store::mutex::lock;

/// From this length on each commit writes the log back, as SQLite does by default: 4 MB.
pub(super) const FRAMES: u32 = 1000;

/// Beyond this length a thread writes the log back: 16 MB. A longer file is cut when the log begins anew.
pub(super) const MANY_FRAMES: u32 = 4000;

/// Beyond this length a log file is long: 32 MB.
pub(super) const LONG: u64 = 33_554_432;

/// The longest time that writers wait for readers.
const STALL: Duration = Duration::from_millis(100);

/// The pause after an attempt.
const PAUSE: Duration = Duration::from_secs(1);

/// Keeps the log of a store short. It ends with the store.
pub(super) struct Keeper {
    files: Arc<Files>,
    /// A thread is not inherited: in a forked child there is none.
    process: u32,
    running: Option<JoinHandle<()>>,
    signal: Arc<Signal>,
    next: Instant,
}

#[derive(Default)]
pub(super) struct Signal {
    must_end: AtomicBool,
    interrupt: Mutex<Option<InterruptHandle>>,
}

impl Keeper {
    pub fn new(files: Arc<Files>) -> Keeper {
        Keeper { files, process: process::id(), running: None, signal: Arc::default(), next: Instant::now() }
    }

    /// Starts the thread: the log is too long.
    pub fn wake(&mut self) {
        let is_running = self.running.as_ref().is_some_and(|thread| !thread.is_finished());
        if is_running || self.process != process::id() || Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + PAUSE;
        let files = Arc::clone(&self.files);
        let signal = Arc::clone(&self.signal);
        let body = move || drop(contain(|| signal.shorten(&files)));
        // If no thread can be started, the next commit tries again.
        self.running = thread::Builder::new().name("doorward-log".to_owned()).spawn(body).ok();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let Some(thread) = self.running.take() else { return };
        if self.process != process::id() {
            std::mem::forget((thread, Arc::clone(&self.signal)));
            return;
        }
        self.signal.must_end.store(true, Ordering::SeqCst);
        if let Some(interrupt) = &*lock(&self.signal.interrupt) {
            interrupt.interrupt();
        }
        let _ = thread.join();
    }
}

impl Signal {
    pub fn shorten(&self, files: &Files) -> Result<()> {
        let connection = files.connect_again(Duration::ZERO)?;
        *lock(&self.interrupt) = Some(connection.get_interrupt_handle());
        // `must_end` is set before the handle is used: either the handle is seen there, or `must_end` here.
        let shortened = match self.must_end.load(Ordering::SeqCst) {
            true => Ok(()),
            false => shorten(&connection),
        };
        *lock(&self.interrupt) = None;
        shortened
    }
}

/// Writes the log back and begins it anew, if readers allow it.
pub(super) fn shorten(connection: &Connection) -> Result<()> {
    let log = checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)")?;
    // A reader that is far behind does not end in a moment.
    if log.frames - log.written <= i64::from(FRAMES) {
        connection.busy_timeout(STALL).map_err(failed)?;
        checkpoint(connection, "PRAGMA wal_checkpoint(TRUNCATE)")?;
    }
    Ok(())
}

/// The state of the log after a checkpoint.
pub(super) struct Checkpointed {
    frames: i64,
    /// The number of frames that are written back.
    written: i64,
}

/// Runs a checkpoint.
pub(super) fn checkpoint(connection: &Connection, sql: &str) -> Result<Checkpointed> {
    let read = |row: &Row| Ok(Checkpointed { frames: row.get(1)?, written: row.get(2)? });
    connection.query_row(sql, [], read).map_err(failed)
}
