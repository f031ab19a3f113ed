//! The one connection that writes. Callers that wait for it are committed as a group.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode};

use super::checkpoints::{self, FRAMES, Keeper, MANY_FRAMES};
use super::connections::transaction;
use super::failures::failed;
use super::files::Files;
use super::log::Mark;
use super::migration::{note, numbers};
use super::statements::Statements;
use crate::error::{Code, Error, Result};
use crate::store::mutex::lock;
use crate::store::row::unexpected;
use crate::store::schema::Plan;
use crate::store::tx::{Durability, Statements as _, Tx, Work};

/// The pause before asking again whether another process has finished writing. That process writes many times
/// meanwhile: each change of the writer costs both processes their caches.
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);
/// The most writers that share one commit.
const GROUP_SIZE: usize = 256;
/// The connection that writes, and the transaction that is open on it.
pub(super) struct Writer {
    pub connection: Connection,
    plan: Plan,
    /// The open files, unless the store is in memory.
    files: Option<Arc<Files>>,
    durability: Durability,
    group: Option<Group>,
    /// The log's generation when the transaction began.
    generation: Option<[u8; 8]>,
    /// Whether the log was begun anew and has no mark yet.
    is_unmarked: bool,
    /// The number of frames in the log after the last commit; 0 once they were handled.
    frames: Arc<AtomicU32>,
    keeper: Option<Keeper>,
}

/// Callers whose writes are committed together.
struct Group {
    outcome: Arc<Outcome>,
    members: usize,
}

/// The results of one member of a group.
pub(super) struct Joined {
    /// The result of its work.
    pub result: Result<()>,
    /// The outcome of the whole group.
    pub outcome: Arc<Outcome>,
}

/// Whether a group was committed.
#[derive(Default)]
pub(super) struct Outcome {
    pub result: Mutex<Option<Result<()>>>,
    decided: Condvar,
}

impl Writer {
    pub(super) fn new(mut connection: Connection, plan: Plan, files: Option<Arc<Files>>) -> Result<Writer> {
        connection.busy_timeout(Duration::ZERO).map_err(failed)?; // `begin` waits by itself.
        let frames = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&frames);
        let hook = move |_: &mut Wal, frames: i32| {
            seen.store(frames.max(0).cast_unsigned(), Ordering::Relaxed);
            Ok(())
        };
        // This replaces SQLite's own hook, which writes back after each commit from the same length on.
        connection.wal_hook(Some(hook)).map_err(failed)?;
        let keeper = files.clone().map(Keeper::new);
        Ok(Writer {
            connection,
            plan,
            files,
            durability: Durability::Full,
            group: None,
            generation: None,
            is_unmarked: false,
            frames,
            keeper,
        })
    }

    /// Runs `work` as a member of the open group, or of a new one.
    pub(super) fn join(&mut self, durability: Durability, deadline: Instant, work: Work) -> Result<Joined> {
        if self.durability < durability
            || self.group.as_ref().is_some_and(|group| group.members >= GROUP_SIZE)
        {
            self.commit();
        }
        if self.group.is_none() {
            self.begin(durability, deadline)?;
        }
        let result = self.savepoint(work);
        if self.connection.is_autocommit() {
            // The disk is full or failed, or memory ran out: SQLite rolled the whole transaction back.
            self.decide(Err(Error::new(Code::StoreUnavailable, "rolled back")));
            return Err(result.err().unwrap_or_else(unexpected));
        }
        let group = self.group.as_mut().ok_or_else(unexpected)?;
        group.members += 1;
        Ok(Joined { result, outcome: Arc::clone(&group.outcome) })
    }

    fn begin(&mut self, durability: Durability, deadline: Instant) -> Result<()> {
        if self.durability != durability {
            let level = if durability == Durability::Full { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", level).map_err(failed)?;
            self.durability = durability;
        }
        // SQLite's own waiting asks less and less often: beside a process that writes without pause it would
        // take seconds.
        while let Err(error) =
            self.connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.execute([]))
        {
            if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) {
                return Err(failed(error));
            } else if Instant::now() >= deadline {
                let moves = note(&self.connection).ok().flatten().map(|note| note.refusal());
                return Err(moves.unwrap_or_else(|| Error::new(Code::StoreUnavailable, "busy")));
            }
            thread::sleep(BETWEEN_LOOKS);
        }
        if let Err(error) = self.inspect() {
            let _ = self.run("ROLLBACK");
            return Err(error);
        }
        self.generation = self.generation();
        self.group = Some(Group { outcome: Arc::default(), members: 0 });
        Ok(())
    }

    fn generation(&self) -> Option<[u8; 8]> {
        self.files.as_ref().and_then(|files| files.generation())
    }

    /// Checks whether this engine may still write: a newer engine may have run a step that shuts it out.
    fn inspect(&self) -> Result<()> {
        self.check_files()?;
        let needed = numbers(&self.connection)?.needed;
        match needed > self.plan.newest() {
            true => {
                Err(Error::new(Code::StoreUnavailable, format!("schema_too_new: schema {needed} is needed")))
            }
            false => Ok(()),
        }
    }

    fn savepoint(&self, work: Work) -> Result<()> {
        self.run("SAVEPOINT member")?;
        let undo = Undo(self);
        work(&mut Tx::new(&mut Statements(&self.connection)))?;
        self.run("RELEASE member")?;
        std::mem::forget(undo);
        Ok(())
    }

    fn check_files(&self) -> Result<()> {
        self.files.as_ref().map_or(Ok(()), |files| files.check())
    }

    /// Commits the open group, if there is one, and tells its members.
    pub(super) fn commit(&mut self) {
        if self.group.is_some() {
            let mut committed = self.run("COMMIT").and_then(|()| self.check_files());
            // A constraint of the host forbids the write of one member; the others may try again.
            let is_shared = self.group.as_ref().is_some_and(|group| group.members > 1);
            if is_shared && committed.as_ref().is_err_and(|error| error.code == Code::StoreConstraint) {
                committed = Err(Error::new(Code::StoreUnavailable, "rolled back"));
            }
            if committed.is_err() && !self.connection.is_autocommit() {
                let _ = self.run("ROLLBACK");
            }
            self.decide(committed);
            self.mark();
            self.keep_log_short();
        }
    }

    /// Marks a log that was begun anew. If another process writes, the next commit tries again.
    fn mark(&mut self) {
        self.is_unmarked |= self.generation() != self.generation;
        if self.is_unmarked {
            self.is_unmarked =
                transaction(&self.connection, "BEGIN IMMEDIATE", || mark(&self.connection)).is_err();
        }
    }

    fn keep_log_short(&mut self) {
        match (self.frames.swap(0, Ordering::Relaxed), &mut self.keeper) {
            (..FRAMES, _) | (_, None) => {}
            // If another connection writes back, there is nothing to do here.
            (..=MANY_FRAMES, _) => {
                drop(checkpoints::checkpoint(&self.connection, "PRAGMA wal_checkpoint(PASSIVE)"));
            }
            (_, Some(keeper)) => keeper.wake(),
        }
    }

    fn decide(&mut self, result: Result<()>) {
        if let Some(group) = self.group.take() {
            *lock(&group.outcome.result) = Some(result);
            group.outcome.decided.notify_all();
        }
    }

    fn run(&self, sql: &'static str) -> Result<()> {
        Statements(&self.connection).execute(sql, &[]).map(|_| ())
    }
}

/// Rolls a member's statements back when it failed or panicked.
struct Undo<'a>(&'a Writer);

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        if !self.0.connection.is_autocommit()
            && self.0.run("ROLLBACK TO member").and_then(|()| self.0.run("RELEASE member")).is_err()
        {
            // If the member cannot be rolled back alone, the whole group is.
            let _ = self.0.run("ROLLBACK");
        }
    }
}

impl Outcome {
    pub(super) fn wait(&self) -> Result<()> {
        let mut result = lock(&self.result);
        loop {
            match &*result {
                Some(result) => return result.clone(),
                None => result = self.decided.wait(result).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// Puts the next mark into the database.
fn mark(connection: &Connection) -> Result<()> {
    let old = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
    let new = Mark::from_header(old).next()?;
    connection.pragma_update(None, "user_version", new.in_header()).map_err(failed)
}
