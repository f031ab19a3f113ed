//! SQLite: one file or memory. Write-ahead log, `synchronous=FULL`, one writer whose waiting callers
//! are committed as a group, readers with connections of their own.

mod failures;

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, params_from_iter};
use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::io::Errno;

use super::checkpoints::{self, FRAMES, Keeper, MANY_FRAMES};
use super::log::{self, Mark};
use super::moves::Note;
use super::pool::{self, Pool};
use super::schema::{self, Found, Plan};
use super::{Checked, Durability, Look, Row, Tx, Value, Watch, damaged, keys};
use crate::crypto;
use crate::error::{Code, Error, Result};
use failures::INTERRUPTED;
pub(super) use failures::failed;

/// Marks the file as ours ("dwrd"), so that no other program's database is touched.
const APPLICATION_ID: i32 = 0x6477_7264;

/// How long one waits before asking again whether another process has done writing. It writes many times meanwhile:
/// each change of the writer costs both their caches.
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

/// After how many instructions of SQLite's machine one looks whether it goes on: a few milliseconds.
const BETWEEN_WATCHES: i32 = 100_000;

/// How many writers share one commit at most.
const GROUP_SIZE: usize = 256;

pub(crate) struct Sqlite {
    writer: Mutex<Writer>,
    /// How many callers want the writer.
    waiting: AtomicUsize,
    /// A store in memory has one connection: the writer's.
    readers: Option<Pool<Reader>>,
    files: Option<Arc<Files>>,
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    _locks: Option<super::locks::Kept>,
    pub(super) timeout: Duration,
    /// The schema that opening found.
    pub(super) found: i64,
}

impl Sqlite {
    pub(super) fn open(path: &Path, readers: usize, timeout: Duration, plan: Plan) -> Result<Sqlite> {
        if let Some(why) = unusable(path) {
            return match plan.may_only_read && is_readable(path) {
                true => Sqlite::open_to_read(path, readers, timeout, plan, why),
                false => Err(Error::at(Code::InvalidConfig, "/store", why)),
            };
        }
        let looked_at = log::check(&path.canonicalize().unwrap_or_else(|_| path.to_owned()))?;
        let nothing = format!("{}: there is no such file", path.display());
        match plan.creation.refusal(&nothing) {
            None if plan.migrates => create_private(path)?,
            refusal if !path.exists() => {
                return Err(refusal.unwrap_or_else(|| Error::at(Code::InvalidConfig, "/store", nothing)));
            }
            _ => {}
        }
        // The name that SQLite itself would find. Absolute: readers are opened later, when the host may have changed
        // its folder; and SQLite reads what begins with "file:" as a URI.
        let path = path.canonicalize().map_err(|error| no_file(&error))?;
        #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
        let locks = super::locks::keep(&path);
        let opened = identity(&path)?;
        let connection = connect(&path, timeout)?;
        #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
        if !super::locks::are_kept(&path) {
            return Err(Error::new(Code::StoreUnavailable, "the file was replaced while it was opened"));
        }
        // Nothing is written, not even the journal mode, before it is known whose the file is.
        plan.missing(found(&connection)?)?;
        write_ahead(&connection, timeout)?;
        let found = migrate(&connection, plan, timeout)?;
        if let Some(note) = note(&connection)?.filter(|_| !plan.admits_moved) {
            note.admit()?;
        }
        writable(&connection)?;
        let files = Some(Arc::new(Files::of(path, looked_at)?));
        if files.as_ref().is_some_and(|files| files.database != opened) {
            return Err(Error::new(Code::StoreUnavailable, "the file was replaced while it was opened"));
        }
        let writer = Writer::new(connection, plan, files.clone())?;
        Ok(Sqlite {
            writer: Mutex::new(writer),
            waiting: AtomicUsize::new(0),
            readers: Some(Pool::new(readers)),
            files,
            #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
            _locks: Some(locks),
            timeout,
            found,
        })
    }

    /// Opens a file that this process may not write, `why`. Nothing changes in it or beside it.
    fn open_to_read(
        path: &Path,
        readers: usize,
        timeout: Duration,
        plan: Plan,
        why: String,
    ) -> Result<Sqlite> {
        let path = path.canonicalize().map_err(|error| no_file(&error))?;
        let looked_at = log::check(&path)?;
        #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
        let locks = super::locks::keep(&path);
        let files = Arc::new(Files { only_reads: Some(why), ..Files::as_they_are(path, looked_at)? });
        let connection = files.connect(timeout)?;
        #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
        if !super::locks::are_kept(&files.path) {
            return Err(Error::new(Code::StoreUnavailable, "the file was replaced while it was opened"));
        }
        let found = found(&connection)?;
        Plan { migrates: false, ..plan }.missing(found)?;
        if let Some(note) = note(&connection)?.filter(|_| !plan.admits_moved) {
            note.admit()?;
        }
        files.check()?;
        Ok(Sqlite {
            writer: Mutex::new(Writer::new(connection, plan, None)?),
            waiting: AtomicUsize::new(0),
            readers: Some(Pool::new(readers)),
            files: Some(files),
            #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
            _locks: Some(locks),
            timeout,
            found: found.version,
        })
    }

    pub(super) fn memory(timeout: Duration, plan: Plan) -> Result<Sqlite> {
        let connection = Connection::open_in_memory().map_err(failed)?;
        prepare(&connection, timeout)?;
        let found = migrate(&connection, Plan { migrates: true, ..plan }, timeout)?;
        let writer = Writer::new(connection, plan, None)?;
        Ok(Sqlite {
            writer: Mutex::new(writer),
            waiting: AtomicUsize::new(0),
            readers: None,
            files: None,
            #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
            _locks: None,
            timeout,
            found,
        })
    }

    /// Where the store is, if it is not in memory.
    pub(super) fn path(&self) -> Option<&Path> {
        self.files.as_ref().map(|files| files.path.as_path())
    }

    /// Whether the store can still be used, by a connection of its own. Failures: as at opening.
    pub(super) fn examine(&self) -> Result<()> {
        match &self.files {
            Some(_) => {
                self.may_write()?;
                let connection = self.connect_again()?;
                note(&connection)?.map_or(Ok(()), |note| note.admit())?;
                writable(&connection)
            }
            None => Ok(()),
        }
    }

    /// Refuses what writes, where the file was opened only to be read.
    pub(super) fn may_write(&self) -> Result<()> {
        match self.files.as_ref().and_then(|files| files.only_reads.as_ref()) {
            Some(why) => {
                let why = format!("{why}, so that this store can only be read here");
                Err(Error::at(Code::InvalidConfig, "/store", why))
            }
            None => Ok(()),
        }
    }

    /// How long the log is, in bytes, after what can be written back is, where it is long.
    pub(super) fn log_length(&self) -> Result<Option<u64>> {
        let Some(files) = &self.files else { return Ok(None) };
        let length = || fs::metadata(longer(&files.path, "-wal")).map_or(0, |log| log.len());
        if length() > checkpoints::LONG && self.may_write().is_ok() {
            checkpoints::shorten(&self.connect_again()?)?;
        }
        Ok(Some(length()))
    }

    /// Looks through all of the file while `goes_on`: the first fault that is found.
    pub(super) fn fault(&self, goes_on: impl FnMut() -> bool + Send + 'static) -> Result<Checked> {
        let Some(files) = &self.files else { return Ok(Checked::Nothing) };
        let found = fault(&mut self.connect_again()?, goes_on);
        files.check()?;
        match found {
            Ok(None) => Ok(Checked::Whole),
            Ok(Some(fault)) => Ok(Checked::Damaged(fault)),
            Err(error) if error.detail.as_deref() == Some(INTERRUPTED) => Ok(Checked::InPart),
            Err(error) => Err(error),
        }
    }

    pub(super) fn read<T>(&self, deadline: Instant, f: impl FnOnce(&mut Tx) -> Result<T>) -> Result<T> {
        match &self.readers {
            Some(readers) => {
                let value = readers.with(
                    deadline,
                    || self.connect_again().and_then(Reader::new),
                    |reader| f(&mut Tx::Sqlite(Statements(&reader.0))),
                );
                self.files.as_ref().map_or(Ok(()), |files| files.check())?;
                value
            }
            None => f(&mut Tx::Sqlite(Statements(&lock(&self.writer).connection))),
        }
    }

    /// Another connection to the files that are open.
    fn connect_again(&self) -> Result<Connection> {
        self.files.as_ref().ok_or_else(damaged)?.connect_again(self.timeout)
    }

    /// Copies the store as it is at one moment into a new file, for its owner's eyes only; how long that is. The
    /// file has its name only once all of it is on the disk, and `look` has seen it.
    pub(super) fn backup(&self, path: &Path, watch: &Watch, look: Option<Look>) -> Result<u64> {
        let path = std::path::absolute(path).map_err(|error| no_backup(&error))?;
        if path.symlink_metadata().is_ok() {
            return Err(no_backup(&ErrorKind::AlreadyExists.into()));
        }
        let draft = longer(&path, &format!(".{}", crypto::base64url(&crypto::random::<9>()?)));
        create_new(&draft).map_err(|error| no_backup(&error))?;
        let copied = self.copy_into(&draft, watch).and_then(|()| {
            if let Some(look) = look {
                look_at(&draft, watch, look)?;
            }
            let mark = Mark::new()?;
            publish(&draft, &path, mark).map_err(|error| no_backup(&error))
        });
        if copied.is_err() {
            // SQLite may have left its journal.
            let _ = (fs::remove_file(&draft), fs::remove_file(longer(&draft, "-journal")));
        }
        copied
    }

    /// Writes into an empty file. Others go on: a copy reads what was committed before it began.
    fn copy_into(&self, empty: &Path, watch: &Watch) -> Result<()> {
        let name = empty.to_str().ok_or(Error::from(Code::InvalidRequest))?;
        let copy = |connection: &mut Connection| {
            let of = (pragma(connection, "page_count")? - pragma(connection, "freelist_count")?)
                * pragma(connection, "page_size")?;
            let (watch, draft) = (Arc::clone(watch), empty.to_owned());
            let copied = move || fs::metadata(&draft).map_or(0, |draft| draft.len());
            watched(
                connection,
                move || watch("backup", copied().min(of), of),
                |connection| connection.execute("VACUUM INTO ?1", [name]).map(drop).map_err(failed),
            )?;
            // That asks for no table by its name.
            note(connection)?.filter(Note::is_left).map_or(Ok(()), |note| Err(note.refusal()))
        };
        match &self.files {
            // Readers may not write, not even there.
            Some(files) => copy(&mut self.connect_again()?).and_then(|()| files.check()),
            None => copy(&mut lock(&self.writer).connection),
        }
    }

    /// Group commit: each caller runs its own `f` on the one connection, inside a savepoint of a
    /// transaction that stays open while others wait for the writer. The last of them commits for
    /// all, and all learn the outcome.
    pub(super) fn write<T>(&self, durability: Durability, f: impl FnMut(&mut Tx) -> Result<T>) -> Result<T> {
        self.may_write()?;
        let deadline = Instant::now() + self.timeout;
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut writer = lock(&self.writer);
        self.waiting.fetch_sub(1, Ordering::SeqCst);

        let joined = panic::catch_unwind(AssertUnwindSafe(|| writer.join(durability, deadline, f)));
        if self.waiting.load(Ordering::SeqCst) == 0 || self.readers.is_none() || joined.is_err() {
            writer.commit();
        }
        drop(writer);

        let (result, outcome) = joined.unwrap_or_else(|panic| panic::resume_unwind(panic))?;
        outcome.wait()?;
        result
    }
}

/// The connection that writes, and the transaction that is open on it.
struct Writer {
    connection: Connection,
    plan: Plan,
    /// Where the store is, if it is not in memory.
    files: Option<Arc<Files>>,
    durability: Durability,
    group: Option<Group>,
    /// What the log was when the transaction began.
    generation: Option<[u8; 8]>,
    /// The log was begun anew, and does not say yet whose it is.
    is_unmarked: bool,
    /// How many frames the log had after the last commit; 0 where that is looked at already.
    frames: Arc<AtomicU32>,
    keeper: Option<Keeper>,
}

/// Callers whose writes are committed together.
struct Group {
    outcome: Arc<Outcome>,
    members: usize,
}

/// Whether a group was committed.
#[derive(Default)]
struct Outcome {
    result: Mutex<Option<Result<()>>>,
    decided: Condvar,
}

impl Writer {
    fn new(mut connection: Connection, plan: Plan, files: Option<Arc<Files>>) -> Result<Writer> {
        connection.busy_timeout(Duration::ZERO).map_err(failed)?; // `begin` waits by itself.
        let frames = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&frames);
        let hook = move |_: &mut Wal, frames: i32| {
            seen.store(frames.max(0).cast_unsigned(), Ordering::Relaxed);
            Ok(())
        };
        // In the place of SQLite's own, which writes back after each commit from the same length on.
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

    /// Runs `f` as a member of the open group, or of a new one.
    fn join<T>(
        &mut self,
        durability: Durability,
        deadline: Instant,
        mut f: impl FnMut(&mut Tx) -> Result<T>,
    ) -> Result<(Result<T>, Arc<Outcome>)> {
        if self.durability < durability
            || self.group.as_ref().is_some_and(|group| group.members >= GROUP_SIZE)
        {
            self.commit();
        }
        if self.group.is_none() {
            self.begin(durability, deadline)?;
        }
        let result = self.savepoint(&mut f);
        if self.connection.is_autocommit() {
            // Full disk, no memory, I/O error: SQLite rolled the whole transaction back.
            self.decide(Err(Error::new(Code::StoreUnavailable, "rolled back")));
            return Err(result.err().unwrap_or_else(damaged));
        }
        let group = self.group.as_mut().ok_or_else(damaged)?;
        group.members += 1;
        Ok((result, Arc::clone(&group.outcome)))
    }

    fn begin(&mut self, durability: Durability, deadline: Instant) -> Result<()> {
        if self.durability != durability {
            let level = if durability == Durability::Full { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", level).map_err(failed)?;
            self.durability = durability;
        }
        // SQLite's own waiting looks ever more seldom: beside a process that writes without pause it would take
        // seconds to be let in.
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

    /// Whether this engine may still write: a newer one may have taken a step meanwhile that shuts it out.
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

    fn savepoint<T>(&self, f: &mut impl FnMut(&mut Tx) -> Result<T>) -> Result<T> {
        self.run("SAVEPOINT member")?;
        let undo = Undo(self);
        let value = f(&mut Tx::Sqlite(Statements(&self.connection)))?;
        self.run("RELEASE member")?;
        std::mem::forget(undo);
        Ok(value)
    }

    fn check_files(&self) -> Result<()> {
        self.files.as_ref().map_or(Ok(()), |files| files.check())
    }

    /// Commits the open group, if there is one, and tells its members.
    fn commit(&mut self) {
        if self.group.is_some() {
            let mut committed = self.run("COMMIT").and_then(|()| self.check_files());
            // What the host's rules forbid one of several for ever, the others may try again.
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

    /// Lets a log that was begun anew say whose it is. Where another process writes, the next commit tries again.
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
            // What another one writes back is not written back here.
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

/// Takes a member's statements back when it failed or panicked.
struct Undo<'a>(&'a Writer);

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        if !self.0.connection.is_autocommit()
            && self.0.run("ROLLBACK TO member").and_then(|()| self.0.run("RELEASE member")).is_err()
        {
            // What cannot be taken back alone is taken back with the whole group.
            let _ = self.0.run("ROLLBACK");
        }
    }
}

impl Outcome {
    fn wait(&self) -> Result<()> {
        let mut result = lock(&self.result);
        loop {
            match &*result {
                Some(result) => return result.clone(),
                None => result = self.decided.wait(result).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// The files that were opened, each by device and inode.
pub(super) struct Files {
    path: PathBuf,
    database: (u64, u64),
    log: Log,
    /// Why this process may not write them, where they were opened all the same.
    only_reads: Option<String>,
    /// Open as long as the store is.
    _looked_at: Option<File>,
}

impl Files {
    fn of(path: PathBuf, looked_at: Option<File>) -> Result<Files> {
        let log = longer(&path, "-wal");
        let file = File::open(&log).map_err(|_| moved("is gone"))?;
        let log = Log::Open { is: identity(&log)?, file };
        Ok(Files { database: identity(&path)?, log, path, only_reads: None, _looked_at: looked_at })
    }

    /// The same of files that this process may not write. Without a log the database alone is read, as long as nobody
    /// writes. A log that is not empty is never passed over.
    fn as_they_are(path: PathBuf, looked_at: Option<File>) -> Result<Files> {
        if has_log(&path) && longer(&path, "-shm").exists() {
            return Files::of(path, looked_at);
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
        Ok(Files { database: identity(&path)?, log, path, only_reads: None, _looked_at: looked_at })
    }

    fn connect(&self, timeout: Duration) -> Result<Connection> {
        match (&self.only_reads, &self.log) {
            (None, _) => connect(&self.path, timeout),
            (Some(_), log) => connect_to_read(&self.path, matches!(log, Log::None { .. }), timeout),
        }
    }

    /// As [`Files::connect`], to these files and to no others: with another one of that name the log of these would be
    /// mixed.
    pub(super) fn connect_again(&self, timeout: Duration) -> Result<Connection> {
        self.check()?;
        let connection = self.connect(timeout)?;
        self.check()?;
        Ok(connection)
    }

    /// What tells the log as it is from the next one.
    fn generation(&self) -> Option<[u8; 8]> {
        match &self.log {
            Log::Open { file, .. } => log::generation(file),
            Log::None { .. } => None,
        }
    }

    /// Whether their names still lead to them. What is written to a file without a name is lost with the process, and
    /// what is read there is known to nobody else.
    fn check(&self) -> Result<()> {
        let is_same = match &self.log {
            Log::Open { is, .. } => identity(&longer(&self.path, "-wal"))? == *is,
            // SQLite takes no lock on such a file and does not look for changes.
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
        is: (u64, u64),
        file: File,
    },
    /// There was none, and the database was as this says.
    None {
        state: State,
        file: File,
    },
}

/// What differs after a file was written: its length, its times, and, where the clock that these are taken from has not
/// moved since, the mark in its header.
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

/// Whether there is a log with changes, or one that a process has open, which has its index beside it.
fn has_log(path: &Path) -> bool {
    let is_open = || longer(path, "-shm").exists();
    fs::metadata(longer(path, "-wal")).is_ok_and(|log| log.len() > 0 || is_open())
}

fn identity(path: &Path) -> Result<(u64, u64)> {
    fs::metadata(path).map(|status| (status.dev(), status.ino())).map_err(|_| moved("is gone"))
}

fn moved(how: &str) -> Error {
    let detail = format!("the database file or its write-ahead log {how}: open the store anew");
    Error::new(Code::StoreUnavailable, detail)
}

/// A connection that only reads.
struct Reader(Connection);

impl pool::Connection for Reader {
    fn is_reusable(&self) -> bool {
        true
    }
}

impl Reader {
    fn new(connection: Connection) -> Result<Reader> {
        connection.pragma_update(None, "query_only", true).map_err(failed)?;
        Ok(Reader(connection))
    }
}

/// Statements on one connection, prepared once.
pub(crate) struct Statements<'a>(&'a Connection);

impl Statements<'_> {
    pub(super) fn execute(&mut self, sql: &'static str, parameters: &[Value]) -> Result<usize> {
        let failed = |error| self.failed(error);
        let mut statement = self.0.prepare_cached(sql).map_err(failed)?;
        statement.execute(params_from_iter(parameters)).map_err(failed)
    }

    pub(super) fn script(&mut self, sql: &str) -> Result<()> {
        self.0.execute_batch(sql).map_err(failed)
    }

    pub(super) fn query(
        &mut self,
        sql: &'static str,
        parameters: &[Value],
        mut each: impl FnMut(&Row) -> Result<()>,
    ) -> Result<()> {
        let failed = |error| self.failed(error);
        let mut statement = self.0.prepare_cached(sql).map_err(failed)?;
        let mut rows = statement.query(params_from_iter(parameters)).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            each(&Row::Sqlite(Columns(row)))?;
        }
        Ok(())
    }

    /// As [`failed`]. What SQLite has no better word for is a table that is not there: the store may have been moved.
    fn failed(&self, error: rusqlite::Error) -> Error {
        let is_other = error.sqlite_error_code() == Some(ErrorCode::Unknown);
        let note = if is_other { note(self.0).ok().flatten() } else { None };
        note.filter(Note::is_left).map_or_else(|| failed(error), |note| note.refusal())
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// The columns of the current row.
pub(crate) struct Columns<'a>(&'a rusqlite::Row<'a>);

impl<'a> Columns<'a> {
    pub(super) fn integer(&self, column: usize) -> Result<Option<i64>> {
        match self.value(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(number) => Ok(Some(number)),
            _ => Err(damaged()),
        }
    }

    pub(super) fn text(&self, column: usize) -> Result<Option<&'a str>> {
        match self.value(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(text) => str::from_utf8(text).map(Some).map_err(|_| damaged()),
            _ => Err(damaged()),
        }
    }

    pub(super) fn bytes(&self, column: usize) -> Result<Option<&'a [u8]>> {
        match self.value(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(bytes) => Ok(Some(bytes)),
            _ => Err(damaged()),
        }
    }

    fn value(&self, column: usize) -> Result<ValueRef<'a>> {
        self.0.get_ref(column).map_err(failed)
    }
}

fn pragma(connection: &Connection, name: &str) -> Result<u64> {
    let value = connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(failed)?;
    Ok(value.max(0).cast_unsigned())
}

/// Runs `f` while `goes_on`.
fn watched<T>(
    connection: &mut Connection,
    mut goes_on: impl FnMut() -> bool + Send + 'static,
    f: impl FnOnce(&Connection) -> Result<T>,
) -> Result<T> {
    connection.progress_handler(BETWEEN_WATCHES, Some(move || !goes_on())).map_err(failed)?;
    let result = f(connection);
    connection.progress_handler(0, None::<fn() -> bool>).map_err(failed)?;
    result
}

/// Looks through a whole database: the first fault that is found, in SQLite's words, which quote no value.
fn fault(
    connection: &mut Connection,
    goes_on: impl FnMut() -> bool + Send + 'static,
) -> Result<Option<String>> {
    let found: String = watched(connection, goes_on, |connection| {
        let found = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0));
        found.or_else(|error| failures::damage(&error).map(str::to_owned).ok_or_else(|| failed(error)))
    })?;
    Ok((found != "ok").then_some(found))
}

/// Looks through a file on which no store can be opened, while `goes_on`: the first fault, if one is found.
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

/// Looks through a database that nobody else has open, and lets `look` see what is in it.
fn look_at(path: &Path, watch: &Watch, look: Look) -> Result<()> {
    let mut connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
    let watch = Arc::clone(watch);
    if let Some(fault) = fault(&mut connection, move || watch("verify", 0, 0))? {
        return Err(Error::at(Code::InvalidConfig, "/store", format!("the file is damaged: {fault}")));
    }
    look(&mut Tx::Sqlite(Statements(&connection)))
}

/// Whether a file that nobody else has open is a store, and whole. Failures: `invalid_request`, `schema_too_new`,
/// `store_unavailable`.
pub(super) fn inspect(path: &Path, watch: &Watch) -> Result<()> {
    let refused = |why: String| Error::at(Code::InvalidRequest, "/backup", why);
    look_at(path, watch, &mut |tx| {
        let found = match tx {
            Tx::Sqlite(Statements(connection)) => found(connection)?,
            #[cfg(feature = "postgres")]
            Tx::Postgres(_) => return Err(damaged()),
        };
        if found.version == 0 {
            return Err(refused("an empty database".to_owned()));
        }
        Plan::new(true).missing(found)?;
        match keys::meta(tx, keys::KEY_PROOF)? {
            Some(_) => Ok(()),
            None => Err(refused("a store that was never opened".to_owned())),
        }
    })
    .map_err(|error| match error.code {
        Code::SchemaTooNew => error,
        _ if error.detail.as_deref() == Some(INTERRUPTED) => error,
        _ if error.field.as_deref() == Some("/backup") => error,
        _ => refused(error.detail.unwrap_or_default().into_owned()),
    })
}

/// The path with more at its end.
pub(super) fn longer(path: &Path, more: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(more);
    path.into()
}

/// Gives a whole file its name, if nobody else has it; how long it is. With a mark of its own: no log of the store's
/// goes with it.
fn publish(draft: &Path, path: &Path, mark: Mark) -> std::io::Result<u64> {
    let file = OpenOptions::new().read(true).write(true).open(draft)?;
    mark.write(&file)?;
    file.sync_all()?;
    // Nobody else can take the name now, and not every file system has hard links.
    create_new(path)?;
    let folder = path.parent().unwrap_or(path);
    let renamed = fs::rename(draft, path).and_then(|()| File::open(folder)?.sync_all());
    if renamed.is_err() {
        let _ = fs::remove_file(path);
    }
    renamed.and_then(|()| Ok(file.metadata()?.len()))
}

/// A name that is taken or cannot be had stays so; anything else may pass.
fn no_backup(error: &std::io::Error) -> Error {
    use ErrorKind::{
        AlreadyExists, InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound,
        PermissionDenied, ReadOnlyFilesystem,
    };
    let why = match error.kind() {
        AlreadyExists => "there is a file of this name",
        NotFound | NotADirectory => "the folder does not exist",
        InvalidFilename | InvalidInput | IsADirectory => "no name of a file",
        PermissionDenied | ReadOnlyFilesystem => "no file may be made there",
        kind => return Error::new(Code::StoreUnavailable, format!("cannot write the backup: {kind}")),
    };
    Error::at(Code::InvalidRequest, "/path", why)
}

/// Makes an empty file for its owner's eyes only.
fn create_new(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Makes the file, if there is none, for its owner's eyes only; SQLite gives its companions the same mode.
fn create_private(path: &Path) -> Result<()> {
    match create_new(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(no_file(&error)),
    }
}

/// The file was there, or could be made, a moment before.
fn no_file(error: &std::io::Error) -> Error {
    Error::new(Code::StoreUnavailable, format!("cannot create the file: {}", error.kind()))
}

/// What of a path no retry mends: rights that are missing, a folder that is not there; `None` where nothing is in
/// the way. No file is opened for it.
pub(crate) fn unusable(path: &Path) -> Option<String> {
    let path = std::path::absolute(path).ok()?;
    let because = |path: &Path, why: &str| Some(format!("{}: {why}", path.display()));
    let Some(folder) = path.parent() else { return because(&path, "not a file") };
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return because(folder, "the folder does not exist");
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return because(folder, "the folder may not be entered");
        }
        _ => return because(folder, "not a folder"),
    }
    match (path.symlink_metadata(), fs::metadata(&path)) {
        (_, Ok(found)) if !found.is_file() => return because(&path, "not a file"),
        (Ok(_), Err(error)) if error.kind() == ErrorKind::NotFound => {
            return because(&path, "a link that leads nowhere");
        }
        _ => {}
    }
    for name in [path.clone(), longer(&path, "-wal"), longer(&path, "-shm")] {
        match may_use(&name, Access::empty()) {
            Some(why) if name.exists() => return because(&name, why),
            _ => {}
        }
    }
    // SQLite makes the log beside the file.
    may_use(folder, Access::EXEC_OK).and_then(|why| because(folder, why))
}

/// Why this process may not read and write there, and whatever `more` is.
fn may_use(path: &Path, more: Access) -> Option<&'static str> {
    match accessat(CWD, path, Access::READ_OK | Access::WRITE_OK | more, AtFlags::EACCESS) {
        Err(Errno::ACCESS | Errno::PERM) => Some("this user may not read and write it"),
        Err(Errno::ROFS) => Some("the file system is read-only"),
        _ => None,
    }
}

/// Whether this process may read a file and what is beside it.
fn is_readable(path: &Path) -> bool {
    let companions = [longer(path, "-wal"), longer(path, "-shm")];
    let may_read = |path: &Path| accessat(CWD, path, Access::READ_OK, AtFlags::EACCESS);
    path.is_file()
        && may_read(path).is_ok()
        && companions.iter().all(|name| matches!(may_read(name), Ok(()) | Err(Errno::NOENT)))
}

/// Tries the lock of whoever writes: if another one has it, the store can be written.
fn writable(connection: &Connection) -> Result<()> {
    connection.busy_timeout(Duration::ZERO).map_err(failed)?;
    match connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK") {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
        result => result.map_err(failed),
    }
}

pub(super) fn connect(path: &Path, timeout: Duration) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    // Asked before the first statement: that would leave companions with the file's mode, in which nobody
    // can write when the file is made writable again.
    if connection.is_readonly("main").map_err(failed)? {
        return Err(Error::new(Code::StoreUnavailable, "the file is read-only"));
    }
    prepare(&connection, timeout)?;
    Ok(connection)
}

/// A connection to a file that this process may not write. `is_alone`: nobody has it open, so that no log and no lock
/// is looked for.
fn connect_to_read(path: &Path, is_alone: bool, timeout: Duration) -> Result<Connection> {
    let only_read = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match is_alone {
        true => Connection::open_with_flags(immutable(path), only_read | OpenFlags::SQLITE_OPEN_URI),
        false => Connection::open_with_flags(path, only_read),
    };
    let connection = connection.map_err(failed)?;
    // The last one who closes would write the log back.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(failed)?;
    prepare(&connection, timeout)?;
    Ok(connection)
}

/// The URI by which SQLite reads a file as one that nobody changes.
fn immutable(path: &Path) -> String {
    let escaped = path.as_os_str().as_bytes().iter().map(|&byte| match byte {
        b'/' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02x}"),
    });
    format!("file:{}?immutable=1", escaped.collect::<String>())
}

fn write_ahead(connection: &Connection, timeout: Duration) -> Result<()> {
    let deadline = Instant::now() + timeout;
    let set = || connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0));
    let mut mode: rusqlite::Result<String> = set();
    // Of several who change the mode of a new file at once SQLite lets one through, and tells the others
    // to try again without waiting itself.
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

fn prepare(connection: &Connection, timeout: Duration) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(128);
    connection.busy_timeout(timeout).map_err(failed)?;
    // One plan for each statement: else every new parameter may have it prepared anew.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed)?;
    // What is deleted is overwritten: an account that is gone is not to be found in the file.
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; \
             PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 16777216",
        )
        .map_err(failed)
}

/// Brings the schema up to date, in one transaction; the schema that it found. One that is up to date needs no
/// lock; else whoever comes first migrates, and the others wait for it.
fn migrate(connection: &Connection, plan: Plan, timeout: Duration) -> Result<i64> {
    let before = found(connection)?;
    if plan.missing(before)?.is_empty() {
        return Ok(before.version);
    }
    let patience = if before.version == 0 { timeout } else { schema::PATIENCE };
    connection.busy_timeout(patience).map_err(failed)?;
    // A table that is made anew must not take along the rows that refer to it. Inside a transaction this cannot
    // be set.
    connection.pragma_update(None, "foreign_keys", false).map_err(failed)?;
    let migrated = transaction(connection, "BEGIN IMMEDIATE", || take_steps(connection, plan));
    connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
    connection.busy_timeout(timeout).map_err(failed)?;
    migrated.map(|()| before.version)
}

/// Inside a transaction that nobody else can write beside.
fn take_steps(connection: &Connection, plan: Plan) -> Result<()> {
    let before = found_in_transaction(connection)?;
    let run = |sql| connection.execute_batch(sql).map_err(failed);
    if before.version > 0 && note(connection)?.is_some_and(|note| note.is_left()) {
        // Its tables have other names. It takes the steps when it is given back.
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
        _ => Err(damaged()),
    }
}

/// The steps of the store. Failure: `invalid_config`, for the database of another program.
fn found(connection: &Connection) -> Result<Found> {
    transaction(connection, "BEGIN", || found_in_transaction(connection))
}

/// As [`found`], inside a transaction, so that all it reads is of one moment.
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

fn numbers(connection: &Connection) -> Result<Found> {
    let mut statement = connection.prepare_cached(schema::FOUND).map_err(failed)?;
    let read = |row: &rusqlite::Row| Ok((row.get(0)?, row.get(1)?));
    let (version, needed): (Option<i64>, Option<i64>) = statement.query_row([], read).map_err(failed)?;
    Ok(Found { version: version.ok_or_else(damaged)?, needed: needed.unwrap_or(0) })
}

/// Puts the next mark into the database.
fn mark(connection: &Connection) -> Result<()> {
    let old = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
    let new = Mark::from_header(old).next()?;
    connection.pragma_update(None, "user_version", new.in_header()).map_err(failed)
}

/// What the store says of a move.
fn note(connection: &Connection) -> Result<Option<Note>> {
    let text: String = connection.query_row(schema::NOTE, [], |row| row.get(0)).map_err(failed)?;
    Note::parse(&text)
}

fn transaction<T>(connection: &Connection, begin: &str, f: impl FnOnce() -> Result<T>) -> Result<T> {
    connection.execute_batch(begin).map_err(failed)?;
    let result = f();
    let ended = connection.execute_batch(if result.is_ok() { "COMMIT" } else { "ROLLBACK" }).map_err(failed);
    result.and_then(|value| ended.map(|()| value))
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A file that was opened only to be read, without a log: SQLite does not see that another one writes it.
    #[test]
    fn what_changes_while_it_is_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a #?%.db");
        let open = || Sqlite::open(&path, 1, SECOND, Plan::new(true)).unwrap();
        let to_read = || Sqlite::open_to_read(&path, 1, SECOND, Plan::new(true), "why".to_owned());
        let deadline = || Instant::now() + SECOND;
        let schema =
            |store: &Sqlite| store.read(deadline(), |tx| tx.first(schema::FOUND, &[], |row| row.integer(0)));
        drop(open());
        let reading = to_read().unwrap();
        assert!(schema(&reading).unwrap().is_some_and(|found| found > 0));
        let refused = reading.write(Durability::Full, |_| Ok(())).unwrap_err();
        assert_eq!((refused.code, refused.field.as_deref()), (Code::InvalidConfig, Some("/store")));

        let writing = open();
        assert_eq!(schema(&reading).unwrap_err().code, Code::StoreUnavailable, "somebody has it open");
        let now = to_read().unwrap();
        assert!(schema(&now).unwrap().is_some(), "beside it");
        writing
            .write(Durability::Full, |tx| tx.run("UPDATE doorward_schema SET additive = 1 - additive", &[]))
            .unwrap();
        assert!(schema(&now).unwrap().is_some(), "its log is read");
        drop((now, writing));
        assert_eq!(schema(&reading).unwrap_err().code, Code::StoreUnavailable, "it was written");
    }

    /// The thread that keeps the log short leaves the log of another file alone.
    #[test]
    fn what_is_put_in_the_place_of_the_file_is_not_checkpointed() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (store, other) = (writer(&here), writer(&there));
        other.write(Durability::Full, put("other")).unwrap();
        let names = ["store.db", "store.db-wal"];
        for name in names {
            fs::rename(here.path().join(name), here.path().join(format!("old-{name}"))).unwrap();
            fs::copy(there.path().join(name), here.path().join(name)).unwrap();
        }
        let files = || names.map(|name| fs::read(here.path().join(name)).unwrap());
        let before = files();
        let shortened = checkpoints::Signal::default().shorten(store.files.as_ref().unwrap());
        assert_eq!(shortened.unwrap_err().code, Code::StoreUnavailable);
        assert!(before == files());
    }

    fn writer(folder: &tempfile::TempDir) -> Sqlite {
        Sqlite::open(&folder.path().join("store.db"), 1, SECOND, Plan::new(true)).unwrap()
    }

    fn put(name: &'static str) -> impl FnMut(&mut Tx) -> Result<()> {
        let sql = "INSERT INTO meta (name, value) VALUES (?1, x'00')";
        move |tx| tx.execute(sql, &[Value::Text(name)]).map(drop)
    }

    fn names(store: &Sqlite) -> Vec<String> {
        let mut names = Vec::new();
        let read = |row: &Row| {
            names.push(row.text(0)?);
            Ok(())
        };
        store
            .read(Instant::now() + store.timeout, |tx: &mut Tx| {
                tx.query("SELECT name FROM meta ORDER BY name", &[], read)
            })
            .unwrap();
        names
    }

    /// What may be forgotten with the machine is committed by itself: it does not lend its durability to what may
    /// not.
    #[test]
    fn a_full_write_does_not_join_a_relaxed_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = writer(&folder);
        let mut writer = lock(&store.writer);
        let level = |tx: &mut Tx| tx.first("PRAGMA synchronous", &[], |row| row.integer(0));
        let deadline = Instant::now() + SECOND;
        let (result, relaxed) = writer.join(Durability::Relaxed, deadline, put("relaxed")).unwrap();
        result.unwrap();
        assert!(lock(&relaxed.result).is_none(), "held open");
        let (result, full) = writer.join(Durability::Full, deadline, level).unwrap();
        assert_eq!(result.unwrap(), Some(2), "FULL");
        assert!(lock(&relaxed.result).is_some(), "committed before");
        // The reverse may be: it is as durable as the group.
        let (result, joined) = writer.join(Durability::Relaxed, deadline, level).unwrap();
        assert_eq!(result.unwrap(), Some(2));
        assert!(Arc::ptr_eq(&full, &joined));
        writer.commit();
        full.wait().unwrap();
    }

    /// SQLite takes the whole transaction back where it has no memory, no room or no disk: then every member of the
    /// group is told so, those that had come to their end included.
    #[test]
    fn a_group_that_is_taken_back_in_a_member() {
        let folder = tempfile::tempdir().unwrap();
        let store = writer(&folder);
        let mut writer = lock(&store.writer);
        let deadline = Instant::now() + SECOND;
        let (result, first) = writer.join(Durability::Full, deadline, put("first")).unwrap();
        result.unwrap();
        let taken_back = writer.join(Durability::Full, deadline, |tx| {
            put("second")(tx)?;
            tx.execute("ROLLBACK", &[])
        });
        assert_eq!(taken_back.err().unwrap().code, Code::StoreUnavailable);
        assert_eq!(first.wait().unwrap_err().code, Code::StoreUnavailable);
        drop(writer);
        store.write(Durability::Full, put("third")).unwrap();
        assert_eq!(names(&store), ["third"]);
    }
}
