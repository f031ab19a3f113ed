//! SQLite, in one file or in memory: a write-ahead log, `synchronous=FULL`, one writer whose waiting callers
//! are committed as a group, and readers with connections of their own.

mod backup;
mod checkpoints;
mod connections;
pub(super) mod failures;
mod files;
pub(super) mod inspection;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod locks;
mod log;
mod migration;
pub(super) mod paths;
pub(super) mod replace;
mod statements;
mod writer;

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use self::connections::{Reader, connect, prepare, writable, write_ahead};
use self::failures::{INTERRUPTED, failed};
use self::files::{Files, identity};
use self::inspection::fault;
use self::migration::{found, migrate, names, note};
use self::paths::{create_private, is_readable, longer, no_file, unusable};
use self::statements::Statements;
use self::writer::Writer;
use super::mutex::lock;
use super::pool::Pool;
use super::row::unexpected;
use super::schema::{Plan, refuse_incomplete};
use super::tx::{Durability, Tx, Work};
use super::watch::{Checked, Look, Watch};
use crate::error::{Code, Error, Result};

pub(crate) struct Sqlite {
    writer: Mutex<Writer>,
    /// The number of callers that wait for the writer.
    waiting: AtomicUsize,
    /// `None` in memory: there is one connection, the writer's.
    readers: Option<Pool<Reader>>,
    files: Option<Arc<Files>>,
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    _locks: Option<locks::Kept>,
    pub(super) timeout: Duration,
    /// The version of the schema that opening found.
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
        let path = existing(path, plan)?;
        #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
        let locks = locks::keep(&path);
        let opened = identity(&path)?;
        let connection = connect(&path, timeout)?;
        #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
        if !locks::are_kept(&path) {
            return Err(Error::new(Code::StoreUnavailable, "the file was replaced while it was opened"));
        }
        // Nothing is written, not even the journal mode, before the file is known to be a store.
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

    /// Opens a file that this process may not write, for the reason `why`. Nothing changes in it or beside
    /// it.
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
        let locks = locks::keep(&path);
        let files = Arc::new(Files::as_they_are(path, looked_at, why)?);
        let connection = files.connect(timeout)?;
        #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
        if !locks::are_kept(&files.path) {
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

    /// The path of the store, if it is not in memory.
    pub(super) fn path(&self) -> Option<&Path> {
        self.files.as_ref().map(|files| files.path.as_path())
    }

    /// Checks whether the store can still be used, by a connection of its own. Failures: as at opening.
    pub(super) fn examine(&self) -> Result<()> {
        match &self.files {
            Some(_) => {
                self.may_write()?;
                let connection = self.connect_again()?;
                note(&connection)?.map_or(Ok(()), |note| note.admit())?;
                writable(&connection)?;
                refuse_incomplete(&names(&connection)?)
            }
            None => Ok(()),
        }
    }

    /// Refuses to write if the file was opened for reading only.
    pub(super) fn may_write(&self) -> Result<()> {
        match self.files.as_ref().and_then(|files| files.only_reads.as_ref()) {
            Some(why) => {
                let why = format!("{why}, so that this store can only be read here");
                Err(Error::at(Code::InvalidConfig, "/store", why))
            }
            None => Ok(()),
        }
    }

    /// Returns the length of the log in bytes. A long log is written back first.
    pub(super) fn log_length(&self) -> Result<Option<u64>> {
        let Some(files) = &self.files else { return Ok(None) };
        let length = || fs::metadata(longer(&files.path, "-wal")).map_or(0, |log| log.len());
        if length() > checkpoints::LONG && self.may_write().is_ok() {
            checkpoints::shorten(&self.connect_again()?)?;
        }
        Ok(Some(length()))
    }

    /// Checks the whole file while `goes_on`.
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

    pub(super) fn read(&self, deadline: Instant, work: Work) -> Result<()> {
        match &self.readers {
            Some(readers) => {
                let read = readers.with(
                    deadline,
                    || self.connect_again().and_then(Reader::new),
                    |reader| work(&mut Tx::new(&mut Statements(&reader.0))),
                );
                self.files.as_ref().map_or(Ok(()), |files| files.check())?;
                read
            }
            None => work(&mut Tx::new(&mut Statements(&lock(&self.writer).connection))),
        }
    }

    /// Opens another connection to the open files.
    fn connect_again(&self) -> Result<Connection> {
        self.files.as_ref().ok_or_else(unexpected)?.connect_again(self.timeout)
    }

    /// Copies the store as it is at one moment into a new file that only its owner can read. Returns the
    /// file's length.
    pub(super) fn backup(&self, path: &Path, watch: &Watch, look: Option<Look>) -> Result<u64> {
        backup::make(path, watch, look, |empty| match &self.files {
            // Readers may not write, not even there.
            Some(files) => {
                backup::copy(&mut self.connect_again()?, empty, watch).and_then(|()| files.check())
            }
            None => backup::copy(&mut lock(&self.writer).connection, empty, watch),
        })
    }

    /// Commits in groups: each caller runs its own work on the one connection, inside a savepoint of a
    /// transaction that stays open while others wait for the writer. The last of them commits for all, and
    /// all learn the outcome.
    pub(super) fn write(&self, durability: Durability, work: Work) -> Result<()> {
        self.may_write()?;
        let deadline = Instant::now() + self.timeout;
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut writer = lock(&self.writer);
        self.waiting.fetch_sub(1, Ordering::SeqCst);

        let joined = panic::catch_unwind(AssertUnwindSafe(|| writer.join(durability, deadline, work)));
        if self.waiting.load(Ordering::SeqCst) == 0 || self.readers.is_none() || joined.is_err() {
            writer.commit();
        }
        drop(writer);

        let joined = joined.unwrap_or_else(|panic| panic::resume_unwind(panic))?;
        joined.outcome.wait()?;
        joined.result
    }
}

/// Returns the path of the file, which is made if the plan allows it.
fn existing(path: &Path, plan: Plan) -> Result<PathBuf> {
    let nothing = format!("{}: there is no such file", path.display());
    match plan.creation.refusal(&nothing) {
        None if plan.migrates => create_private(path)?,
        refusal if !path.exists() => {
            return Err(refusal.unwrap_or_else(|| Error::at(Code::InvalidConfig, "/store", nothing)));
        }
        _ => {}
    }
    // This is the name that SQLite itself would find. It is absolute, because readers are opened later,
    // when the host may have changed its folder, and because SQLite reads what begins with "file:" as a
    // URI.
    path.canonicalize().map_err(|error| no_file(&error))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::store::row::Row;
    use crate::store::schema;
    use crate::store::value::Value;

    const SECOND: Duration = Duration::from_secs(1);

    /// SQLite does not notice another process's writes to a file without a log that it opened for reading
    /// only.
    #[test]
    fn what_changes_while_it_is_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a #?%.db");
        let open = || Sqlite::open(&path, 1, SECOND, Plan::new(true)).unwrap();
        let to_read = || Sqlite::open_to_read(&path, 1, SECOND, Plan::new(true), "why".to_owned());
        let deadline = || Instant::now() + SECOND;
        let schema = |store: &Sqlite| {
            let mut found = None;
            store
                .read(deadline(), &mut |tx| {
                    found = tx.first(schema::FOUND, &[], |row| row.integer(0))?;
                    Ok(())
                })
                .map(|()| found)
        };
        drop(open());
        let reading = to_read().unwrap();
        assert!(schema(&reading).unwrap().is_some_and(|found| found > 0));
        let refused = reading.write(Durability::Full, &mut |_| Ok(())).unwrap_err();
        assert_eq!((refused.code, refused.field.as_deref()), (Code::InvalidConfig, Some("/store")));

        let writing = open();
        assert_eq!(schema(&reading).unwrap_err().code, Code::StoreUnavailable, "somebody has it open");
        let now = to_read().unwrap();
        assert!(schema(&now).unwrap().is_some(), "beside it");
        writing
            .write(Durability::Full, &mut |tx| {
                tx.run("UPDATE doorward_schema SET additive = 1 - additive", &[])
            })
            .unwrap();
        assert!(schema(&now).unwrap().is_some(), "its log is read");
        drop((now, writing));
        assert_eq!(schema(&reading).unwrap_err().code, Code::StoreUnavailable, "it was written");
    }

    /// The thread that keeps the log short leaves the log of another file alone.
    #[test]
    fn what_is_put_in_the_place_of_the_file_is_not_checkpointed() {
        let here = tempfile::tempdir().unwrap();
        let there = tempfile::tempdir().unwrap();
        let store = writer(&here);
        let other = writer(&there);
        other.write(Durability::Full, &mut put("other")).unwrap();
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
        let mut read = |row: &Row| {
            names.push(row.text(0)?);
            Ok(())
        };
        store
            .read(Instant::now() + store.timeout, &mut |tx: &mut Tx| {
                tx.query("SELECT name FROM meta ORDER BY name", &[], &mut read)
            })
            .unwrap();
        names
    }

    /// Relaxed writes have commits of their own: a full write must not become relaxed by joining them.
    #[test]
    fn a_full_write_does_not_join_a_relaxed_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = writer(&folder);
        let mut writer = lock(&store.writer);
        let found = Cell::new(None);
        let level = &mut |tx: &mut Tx| {
            found.set(tx.first("PRAGMA synchronous", &[], |row| row.integer(0))?);
            Ok(())
        };
        let deadline = Instant::now() + SECOND;
        let relaxed = writer.join(Durability::Relaxed, deadline, &mut put("relaxed")).unwrap();
        relaxed.result.unwrap();
        let relaxed = relaxed.outcome;
        assert!(lock(&relaxed.result).is_none(), "held open");
        let full = writer.join(Durability::Full, deadline, level).unwrap();
        full.result.unwrap();
        assert_eq!(found.take(), Some(2), "FULL");
        assert!(lock(&relaxed.result).is_some(), "committed before");
        // A relaxed write may join a full one: it becomes as durable as the group.
        let joined = writer.join(Durability::Relaxed, deadline, level).unwrap();
        joined.result.unwrap();
        assert_eq!(found.take(), Some(2));
        assert!(Arc::ptr_eq(&full.outcome, &joined.outcome));
        writer.commit();
        full.outcome.wait().unwrap();
    }

    /// SQLite rolls the whole transaction back if memory, space or the disk fails. Then every member of the
    /// group gets this failure, including those that had finished.
    #[test]
    fn a_group_that_is_taken_back_in_a_member() {
        let folder = tempfile::tempdir().unwrap();
        let store = writer(&folder);
        let mut writer = lock(&store.writer);
        let deadline = Instant::now() + SECOND;
        let first = writer.join(Durability::Full, deadline, &mut put("first")).unwrap();
        first.result.unwrap();
        let taken_back = writer.join(Durability::Full, deadline, &mut |tx| {
            put("second")(tx)?;
            tx.run("ROLLBACK", &[])
        });
        assert_eq!(taken_back.err().unwrap().code, Code::StoreUnavailable);
        assert_eq!(first.outcome.wait().unwrap_err().code, Code::StoreUnavailable);
        drop(writer);
        store.write(Durability::Full, &mut put("third")).unwrap();
        assert_eq!(names(&store), ["third"]);
    }
}
