//! Moves everything from one store into another, empty one, and compares the two before it commits. The
//! source is refused from then on. Otherwise an engine could go on writing or reading there, unknown to the
//! new store.
//!
//! Two stores have no common transaction, so each keeps a note of the move:
//!
//! 1. The source notes that it is about to be left. Nothing else changes yet; an attempt that is killed later
//!    leaves only this note.
//! 2. Writers of the source are locked out, for as long as the moving process is connected.
//! 3. The target is filled and compared, and notes that it must not be opened yet. Committed.
//! 4. The source notes that it was left. Its tables get names that no engine uses. Committed.
//! 5. The target becomes a store like any other.
//!
//! A move that is killed before step 4 leaves a source in use; the next attempt fills the target anew. A move
//! that is killed after step 4 leaves only step 5, which the next attempt does.

use std::cell::Cell;
use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use super::Store;
use super::copy::{self, Moved};
use super::keys::{self, KEY_PROOF};
use super::move_note::{Note, State};
#[cfg(feature = "postgres")]
use super::postgres::url;
use super::row::unexpected;
use super::schema::{Creation, Plan};
use super::sqlite::paths::longer;
use super::tables::TABLES;
use super::tx::{Durability, Tx};
use crate::config::StoreUrl;
use crate::error::{Code, Error, Result};

/// Refuses a store that was moved, or that a move has not finished. Failure: `invalid_config`.
pub(crate) fn admit(tx: &mut Tx) -> Result<()> {
    Note::read(tx)?.map_or(Ok(()), |note| note.admit())
}

/// Moves everything in `from` into `to`, which must be empty; both stores are sealed by the same secret key
/// then. If this returns `Ok`, all of it is there, compared row by row, and `from` can no longer be opened;
/// otherwise `from` is as it was, and `to` is empty. Meanwhile others cannot write to `from`. If an earlier
/// call was killed, this one begins anew or finishes the rest.
///
/// `progress` is called every few hundred rows. If it returns [`ControlFlow::Break`], everything is taken
/// back and the move fails with `store_unavailable`.
///
/// Failures: `invalid_config` (no store in `from`, or something in `to`), `schema_too_new`,
/// `feature_not_built`, `store_unavailable`.
pub fn migrate(
    from: &StoreUrl,
    to: &StoreUrl,
    progress: impl FnMut(Moved) -> ControlFlow<()>,
) -> Result<Vec<Moved>> {
    let source = open(from, "/from", false)?;
    // A newer version may have added tables that this version would not copy.
    let (schema, newest) = source.schema()?;
    if schema.version > newest {
        let detail = format!("schema {}, known are {newest}", schema.version);
        return Err(Error::new(Code::SchemaTooNew, detail));
    }
    match source.read(Note::read)? {
        Some(note) if note.state == State::Left => return finish(&note, to),
        Some(note) => note.admit().map_err(|error| error.at_field("/from"))?,
        None => {}
    }
    if is_empty(&source)? {
        return Err(Error::at(Code::InvalidConfig, "/from", "an empty store"));
    }
    let new_file = new_file(to);
    let attempt = Attempt { from: place(from)?, to: place(to)?, may_be_committed: Cell::new(false) };
    let target = open(to, "/to", true)?;
    let moved = attempt.run(&source, &target, progress);
    if moved.is_err() && !attempt.may_be_committed.get() {
        // The file is deleted under the writer's lock, and only while it is still empty: another process may
        // have filled it.
        let _ = new_file.map(|file| {
            target.write(Durability::Full, |to| {
                if Note::read(to)?.is_none() && keys::meta(to, KEY_PROOF)?.is_none() {
                    for ending in ["", "-wal", "-shm"] {
                        let _ = fs::remove_file(longer(&file, ending));
                    }
                }
                Ok(())
            })
        });
    }
    moved
}

/// Allows engines to open a moved store again, and returns the store that it was moved to, if it was. Data
/// written there since stay there. After a killed move, this removes the note.
///
/// Failures: `invalid_config`, `schema_too_new`, `feature_not_built`, `store_unavailable`.
pub fn unseal(store: &StoreUrl) -> Result<Option<String>> {
    let opened = open(store, "/from", false)?;
    let note = opened.read(Note::read)?;
    match &note {
        Some(note) if note.state == State::Arriving => {
            note.admit().map_err(|error| error.at_field("/from"))?;
        }
        Some(note) => withdraw(&opened, note)?,
        None => {}
    }
    Ok(note.filter(Note::is_left).map(|note| note.store))
}

/// One call of [`migrate`].
struct Attempt {
    from: String,
    to: String,
    /// Whether the target may hold everything.
    may_be_committed: Cell<bool>,
}

impl Attempt {
    fn run(
        &self,
        source: &Store,
        target: &Store,
        mut progress: impl FnMut(Moved) -> ControlFlow<()>,
    ) -> Result<Vec<Moved>> {
        let before = source.read(Note::read)?;
        target.read(|to| self.check(to, before.as_ref()))?;
        // An engine that is refused meanwhile reports where the store moves to.
        let leaving = self.announce(source)?;
        let moved = source.write_in_turn(|from| {
            from.lock_writers_out()?;
            if Note::read(from)?.as_ref() != Some(&leaving) {
                return Err(Error::at(Code::InvalidConfig, "/from", "another process has moved it"));
            }
            let is_left = Cell::new(false);
            let filled = target.write_in_turn(|to| {
                if is_left.replace(false) {
                    // The previous attempt was rolled back in the target, but not in the source.
                    copy::show(from)?;
                }
                to.lock_tables()?;
                self.check(to, Some(&leaving))?;
                copy::clear(to)?;
                let moved = TABLES.iter().map(|table| table.copy(from, to, &mut progress));
                let moved = moved.collect::<Result<Vec<_>>>()?;
                let arriving = Note { state: State::Arriving, store: self.from.clone(), ..leaving.clone() };
                Note::keep(Some(&arriving), to)?;
                // Everything in the source that can fail comes before the target is committed.
                Note::keep(Some(&Note { state: State::Left, ..leaving.clone() }), from)?;
                copy::hide(from)?;
                is_left.set(true);
                self.may_be_committed.set(true);
                Ok(moved)
            });
            // After that only the target's commit can fail.
            filled.map_err(|error| if is_left.get() { copy::in_target(error) } else { error })
        });
        if moved.is_err() && !self.may_be_committed.get() {
            // This may fail: a remaining note and its triggers do no harm.
            let _ = withdraw(source, &leaving);
        }
        let moved = moved?;
        target.write(Durability::Full, |to| Note::keep(None, to))?;
        Ok(moved)
    }

    /// Notes in the source that it is about to be left.
    fn announce(&self, source: &Store) -> Result<Note> {
        let id = crate::types::base64url::base64url(&crate::types::random::random::<16>()?);
        source.write_in_turn(|tx| {
            // Waits for another process that moves the store.
            tx.lock_writers_out()?;
            let before = Note::read(tx)?;
            if let Some(note) = &before {
                note.admit().map_err(|error| error.at_field("/from"))?;
            }
            // This is repeated after an attempt that was killed: a table may have been added since.
            tx.prepare_writer_lock(true)?;
            // The target of the previous attempt has the same id.
            let id = before.map_or_else(|| id.clone(), |note| note.id);
            let note = Note { state: State::Leaving, id, store: self.to.clone() };
            Note::keep(Some(&note), tx)?;
            Ok(note)
        })
    }

    /// Refuses a target that may not be filled. It may if it was never opened, or if a previous attempt
    /// filled it.
    fn check(&self, to: &mut Tx, leaving: Option<&Note>) -> Result<()> {
        match Note::read(to)? {
            // It was never opened, and its source is still in use.
            Some(note)
                if note.state == State::Arriving
                    && (note.store == self.from || leaving.is_some_and(|from| from.id == note.id)) =>
            {
                return Ok(());
            }
            Some(note) => note.admit().map_err(|error| error.at_field("/to"))?,
            None => {}
        }
        if keys::meta(to, KEY_PROOF)?.is_none() {
            return Ok(());
        }
        let users = "SELECT count(*) FROM users";
        let accounts = to.first(users, &[], |row| row.integer(0))?.ok_or_else(unexpected)?;
        let why = format!(
            "not empty: the store was opened before and has {accounts} accounts; name a new file or database"
        );
        Err(Error::at(Code::InvalidConfig, "/to", why))
    }
}

/// Finishes a move that was killed after its target was filled and its source was left.
fn finish(left: &Note, to: &StoreUrl) -> Result<Vec<Moved>> {
    let elsewhere = || left.admit().map_err(|error| error.at_field("/from"));
    if new_file(to).is_some() {
        elsewhere()?;
    }
    let target = open(to, "/to", false).or_else(|error| {
        // Another place, without a store: the store went elsewhere.
        if error.code == Code::InvalidConfig && place(to)? != left.store {
            elsewhere()?;
        }
        Err(error)
    })?;
    if !target.read(Note::read)?.is_some_and(|note| note.state == State::Arriving && note.id == left.id) {
        elsewhere()?;
    }
    target.write(Durability::Full, |tx| {
        let moved = TABLES.iter().map(|table| table.moved(tx)).collect::<Result<Vec<_>>>()?;
        Note::keep(None, tx)?;
        Ok(moved)
    })
}

/// Undoes the announcement that the store is about to be left, if its note is still the `expected` one:
/// another process's changes are not undone.
fn withdraw(store: &Store, expected: &Note) -> Result<()> {
    store.write_in_turn(|tx| {
        tx.lock_writers_out()?;
        if Note::read(tx)?.as_ref() != Some(expected) {
            return Err(Error::at(Code::InvalidConfig, "/from", "another process moves it, or has moved it"));
        }
        if expected.is_left() {
            copy::show(tx)?;
        }
        tx.prepare_writer_lock(false)?;
        Note::keep(None, tx)
    })
}

fn is_empty(store: &Store) -> Result<bool> {
    store.read(|tx| Ok(keys::meta(tx, KEY_PROOF)?.is_none()))
}

/// A move has no time limit: the bounds of other calls do not apply.
const TIMEOUT: Duration = Duration::from_secs(7 * 86_400);

fn open(url: &StoreUrl, field: &'static str, may_make: bool) -> Result<Store> {
    match url {
        StoreUrl::SqliteMemory => {
            Err(Error::at(Code::InvalidConfig, field, "a store in memory ends with its process"))
        }
        StoreUrl::SqliteFile(path) if !may_make && !path.exists() => {
            Err(Error::at(Code::InvalidConfig, field, "there is no such file"))
        }
        url => {
            let creation = if may_make { Creation::Allowed } else { Creation::Forbidden };
            let plan = Plan { creation, admits_moved: true, ..Plan::new(true) };
            Store::connect(url, 1, TIMEOUT, plan).map_err(|error| match error.field.as_deref() {
                Some("/store") | None => error.at_field(field),
                _ => error,
            })
        }
    }
}

/// Returns the file that opening would create.
fn new_file(url: &StoreUrl) -> Option<PathBuf> {
    match url {
        StoreUrl::SqliteFile(path) if !path.exists() => Some(path.clone()),
        _ => None,
    }
}

/// Returns the location of a store, without credentials and options.
fn place(url: &StoreUrl) -> Result<String> {
    match url {
        StoreUrl::SqliteFile(path) => {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            Ok(format!("sqlite:{}", path.display()))
        }
        StoreUrl::SqliteMemory => Ok("memory".to_owned()),
        #[cfg(feature = "postgres")]
        StoreUrl::Postgres(url) => url::place(url.expose()),
        #[cfg(not(feature = "postgres"))]
        StoreUrl::Postgres(_) => Err(Error::at(Code::FeatureNotBuilt, "/store", "PostgreSQL")),
    }
}
