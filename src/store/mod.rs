//! Rows and transactions. SQL is written once, in the subset that SQLite and PostgreSQL
//! share; what differs between them stays in their own files and migrations.

mod checkpoints;
mod copy;
pub(crate) mod events;
pub(crate) mod figures;
pub(crate) mod identities;
pub(crate) mod keys;
pub(crate) mod known_devices;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod locks;
mod log;
pub(crate) mod mails;
pub(crate) mod moves;
pub(crate) mod one_time_secrets;
pub(crate) mod passkeys;
mod pool;
#[cfg(feature = "postgres")]
mod postgres;
pub(crate) mod rehearsal;
mod replace;
pub(crate) mod revoked_tokens;
mod schema;
pub(crate) mod second_factors;
pub(crate) mod sessions;
mod sqlite;
pub(crate) mod throttles;
pub(crate) mod users;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use copy::Moved;
pub use moves::{migrate, unseal};
pub(crate) use replace::Place;
pub(crate) use sqlite::{damage, unusable};

use self::schema::{Creation, Found, Plan};
use crate::clock::Stopped;
use crate::config::{Config, StoreUrl};
use crate::error::{Code, Error, Result};
use crate::user::Id;

/// Hears how far something is that takes long: what is done, how much of it, and of how much; 0 where that is not known.
/// It goes on while this answers `true`.
pub type Watch = Arc<dyn Fn(&'static str, u64, u64) -> bool + Send + Sync>;

/// What a look through a whole store found.
pub(crate) enum Checked {
    Whole,
    /// Nothing, in the part that was looked at.
    InPart,
    /// A fault, in the store's words.
    Damaged(String),
    /// It is not looked through: its server does that.
    Nothing,
}

/// Sees what is in a copy.
pub(crate) type Look<'l> = &'l mut dyn FnMut(&mut Tx) -> Result<()>;

/// The open store.
pub(crate) enum Store {
    Sqlite(Box<sqlite::Sqlite>),
    #[cfg(feature = "postgres")]
    Postgres(Box<postgres::Postgres>),
}

/// Brings the schema of a store up to date, as opening does unless `migrate` is false; its versions before and
/// after. A database on a server that has none yet is at 0.
///
/// Failures: as of [`Engine::open`](crate::Engine::open).
pub fn migrate_schema(config: &Config) -> Result<(i64, i64)> {
    let creation = match config.store {
        // The database is there.
        StoreUrl::Postgres(_) => Creation::Allowed,
        _ => Creation::of(config),
    };
    let store = Store::connect_as(config, Plan { creation, ..Plan::new(true) })?;
    Ok((store.found(), store.schema()?.0.version))
}

/// The server that a store is on.
pub(crate) struct Server {
    pub version: String,
    /// On this machine.
    pub is_local: bool,
    pub is_encrypted: bool,
    /// Its certificate was looked at.
    pub is_verified: bool,
    /// A pooler stands before it.
    pub is_pooled: bool,
    /// That was seen to pool transactions. Where it was not, it may still.
    pub shares_processes: bool,
    /// How far its clock is ahead of this machine's, as far as the way there and back lets one say.
    pub ahead_ms: i64,
}

/// Whether an acknowledged write must survive a power cut. Every write survives the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Durability {
    /// It may be forgotten with the machine: counters of failed attempts.
    Relaxed,
    /// It may not: everything else.
    Full,
}

/// How much of what is past its time a transaction deletes.
#[derive(Clone, Copy)]
pub(crate) enum Share {
    /// A few rows, beside what it is for.
    AFew,
    /// So many rows, and nothing else.
    Batch(usize),
}

impl Share {
    fn rows(self) -> i64 {
        match self {
            Share::AFew => 4,
            Share::Batch(rows) => rows as i64,
        }
    }
}

impl Store {
    /// Opens the store and, where the configuration lets it, makes one and brings its schema up to date.
    pub(crate) fn open(config: &Config) -> Result<Store> {
        let plan = Plan {
            creation: Creation::of(config),
            may_only_read: config.may_only_read,
            ..Plan::new(config.migrate.is_on())
        };
        Store::connect_as(config, plan)
    }

    fn connect_as(config: &Config, plan: Plan) -> Result<Store> {
        let timeout = Duration::from_millis(config.limits.store_timeout_ms.get() as u64);
        Store::connect(&config.store, config.limits.store_connections.get(), timeout, plan)
    }

    fn connect(url: &StoreUrl, connections: usize, timeout: Duration, plan: Plan) -> Result<Store> {
        let sqlite = |store| Store::Sqlite(Box::new(store));
        match url {
            StoreUrl::SqliteFile(path) => sqlite::Sqlite::open(path, connections, timeout, plan).map(sqlite),
            StoreUrl::SqliteMemory => sqlite::Sqlite::memory(timeout, plan).map(sqlite),
            #[cfg(feature = "postgres")]
            StoreUrl::Postgres(url) => postgres::Postgres::open(url.expose(), connections, timeout, plan)
                .map(|store| Store::Postgres(Box::new(store))),
            #[cfg(not(feature = "postgres"))]
            StoreUrl::Postgres(_) => Err(Error::at(Code::FeatureNotBuilt, "/store", "PostgreSQL")),
        }
    }

    /// The schema of the store as it is, and the newest that this version knows.
    pub(crate) fn schema(&self) -> Result<(Found, i64)> {
        let found = self.read(|tx| {
            tx.first(schema::FOUND, &[], |row| {
                let needed = row.optional_integer(1)?.unwrap_or(0);
                Ok(Found { version: row.integer(0)?, needed })
            })
        })?;
        Ok((found.ok_or_else(damaged)?, Plan::new(true).newest()))
    }

    /// The schema that opening found.
    fn found(&self) -> i64 {
        match self {
            Store::Sqlite(store) => store.found,
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.found,
        }
    }

    /// The server that the store is on, if it is on one.
    pub(crate) fn server(&self) -> Result<Option<Server>> {
        match self {
            Store::Sqlite(_) => Ok(None),
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.server().map(Some),
        }
    }

    /// Whether the store can be used, as opening found. Failures as there.
    pub(crate) fn examine(&self) -> Result<()> {
        match self {
            Store::Sqlite(store) => store.examine(),
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.examine(),
        }
    }

    /// Whether anything can be written: not where a file was opened only to be read.
    pub(crate) fn may_write(&self) -> bool {
        match self {
            Store::Sqlite(store) => store.may_write().is_ok(),
            #[cfg(feature = "postgres")]
            Store::Postgres(_) => true,
        }
    }

    /// How long the write-ahead log of a SQLite file is, in bytes.
    pub(crate) fn log_length(&self) -> Result<Option<u64>> {
        match self {
            Store::Sqlite(store) => store.log_length(),
            #[cfg(feature = "postgres")]
            Store::Postgres(_) => Ok(None),
        }
    }

    /// Looks through all of a SQLite file, every page, row and index, while `goes_on`.
    pub(crate) fn fault(&self, goes_on: impl FnMut() -> bool + Send + 'static) -> Result<Checked> {
        match self {
            Store::Sqlite(store) => store.fault(goes_on),
            #[cfg(feature = "postgres")]
            Store::Postgres(_) => Ok(Checked::Nothing),
        }
    }

    /// Copies the store into a new file; how long that is. `look` sees what is in it before it has its name, after a
    /// look through all of it.
    pub(crate) fn backup(&self, path: &Path, watch: &Watch, look: Option<Look>) -> Result<u64> {
        match self {
            Store::Sqlite(store) => store.backup(path, watch, look),
            #[cfg(feature = "postgres")]
            Store::Postgres(_) => Err(Error::new(Code::FeatureNotBuilt, "for PostgreSQL there is pg_dump")),
        }
    }

    /// Runs statements that read, each seeing what was committed before it began.
    pub(crate) fn read<T>(&self, f: impl FnOnce(&mut Tx) -> Result<T>) -> Result<T> {
        self.read_until(self.deadline(), f)
    }

    /// As [`Store::read`], with what is left of the time that a caller has who waited before.
    pub(crate) fn read_until<T>(&self, deadline: Instant, f: impl FnOnce(&mut Tx) -> Result<T>) -> Result<T> {
        let f = |tx: &mut Tx| {
            let _stopped = Stopped::now();
            f(tx)
        };
        match self {
            Store::Sqlite(store) => store.read(deadline, f),
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.read(deadline, f),
        }
    }

    /// Until when a call that begins now waits for the store.
    pub(crate) fn deadline(&self) -> Instant {
        let timeout = match self {
            Store::Sqlite(store) => store.timeout,
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.timeout,
        };
        Instant::now() + timeout
    }

    /// Runs `f` in a transaction of its own: all of it is kept, or, when `f` fails, nothing. It may
    /// be run again where the database asks for a retry. When this returns `Ok`, it is committed.
    pub(crate) fn write<T>(
        &self,
        durability: Durability,
        mut f: impl FnMut(&mut Tx) -> Result<T>,
    ) -> Result<T> {
        let f = |tx: &mut Tx| {
            let _stopped = Stopped::now();
            f(tx)
        };
        match self {
            Store::Sqlite(store) => store.write(durability, f),
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.write(durability, f),
        }
    }
}

impl Store {
    /// As [`Store::write`], for what one does at a time: each statement of `f` sees what was committed before it, and
    /// `f` begins with a lock of its own. It is in no other writer's way.
    pub(crate) fn write_in_turn<T>(&self, f: impl FnMut(&mut Tx) -> Result<T>) -> Result<T> {
        match self {
            Store::Sqlite(_) => self.write(Durability::Full, f),
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => {
                let mut f = f;
                store.write_in_turn(|tx| {
                    let _stopped = Stopped::now();
                    f(tx)
                })
            }
        }
    }
}

/// Statements inside one transaction or read.
pub(crate) enum Tx<'a> {
    Sqlite(sqlite::Statements<'a>),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Statements<'a>),
}

impl Tx<'_> {
    /// Runs a statement that changes rows. Its failure may come to light only with a later statement or
    /// at the end of the transaction, so that it need not be waited for.
    pub(crate) fn run(&mut self, sql: &'static str, parameters: &[Value]) -> Result<()> {
        match self {
            Tx::Sqlite(statements) => statements.execute(sql, parameters).map(|_| ()),
            #[cfg(feature = "postgres")]
            Tx::Postgres(statements) => statements.run(sql, parameters),
        }
    }

    /// Housekeeping: deletes rows that are past their time, by a statement whose ?1 is that time and whose ?2
    /// says how many. How many it deleted, as far as that is known. Where writers do not take turns they would be
    /// in each other's way with a few rows each, so that now and then one does it for the others, after its own
    /// transaction.
    fn forget(&mut self, sql: &'static str, past: Value, share: Share) -> Result<usize> {
        self.forget_while(sql, past, None, share)
    }

    /// As [`Tx::forget`], by a statement whose ?3 is `stamp`: under which settings these rows are past their time.
    fn forget_while(
        &mut self,
        sql: &'static str,
        past: Value,
        stamp: Option<&[u8]>,
        share: Share,
    ) -> Result<usize> {
        match (self, share) {
            #[cfg(feature = "postgres")]
            (Tx::Postgres(statements), Share::AFew) => statements.forget(sql, past, stamp).map(|()| 0),
            (tx, share) => {
                let mut parameters = vec![past, Value::Integer(share.rows())];
                parameters.extend(stamp.map(Value::Bytes));
                tx.execute(sql, &parameters)
            }
        }
    }

    /// What the engine knows of the audit log where writers do not take turns; where they do, the newest row that one
    /// sees is the newest there is.
    fn log(&self) -> Option<&events::Log> {
        match self {
            Tx::Sqlite(_) => None,
            #[cfg(feature = "postgres")]
            Tx::Postgres(statements) => Some(statements.log()),
        }
    }

    /// Runs a statement that changes rows; how many it changed.
    pub(crate) fn execute(&mut self, sql: &'static str, parameters: &[Value]) -> Result<usize> {
        match self {
            Tx::Sqlite(statements) => statements.execute(sql, parameters),
            #[cfg(feature = "postgres")]
            Tx::Postgres(statements) => statements.execute(sql, parameters),
        }
    }

    /// Runs statements without parameters, separated by semicolons.
    fn script(&mut self, sql: &str) -> Result<()> {
        match self {
            Tx::Sqlite(statements) => statements.script(sql),
            #[cfg(feature = "postgres")]
            Tx::Postgres(statements) => statements.script(sql),
        }
    }

    /// As [`Tx::script`], for what waits until nobody reads the tables. Nobody waits long for it in turn.
    fn script_beside_readers(&mut self, sql: &str) -> Result<()> {
        match self {
            Tx::Sqlite(statements) => statements.script(sql),
            #[cfg(feature = "postgres")]
            Tx::Postgres(statements) => statements.script_beside_readers(sql),
        }
    }

    fn is_on_server(&self) -> bool {
        !matches!(self, Tx::Sqlite(_))
    }

    /// Until the end of the transaction nobody else writes to the store, which
    /// [`Tx::prepare_to_keep_writers_out`] has prepared. SQLite has one writer at a time in any case.
    fn keep_writers_out(&mut self) -> Result<()> {
        match self {
            Tx::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Tx::Postgres(statements) => statements.keep_writers_out(),
        }
    }

    /// Prepares it, or takes away what was prepared.
    #[cfg_attr(not(feature = "postgres"), allow(unused_variables, reason = "SQLite needs nothing"))]
    fn prepare_to_keep_writers_out(&mut self, prepares: bool) -> Result<()> {
        match self {
            Tx::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Tx::Postgres(statements) => statements.prepare_to_keep_writers_out(prepares),
        }
    }

    /// Until the end of the transaction nobody else reads or writes the tables.
    fn keep_everybody_out(&mut self) -> Result<()> {
        match self {
            Tx::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Tx::Postgres(statements) => statements.keep_everybody_out(),
        }
    }

    /// Calls `each` with every row, in order.
    pub(crate) fn query(
        &mut self,
        sql: &'static str,
        parameters: &[Value],
        each: impl FnMut(&Row) -> Result<()>,
    ) -> Result<()> {
        match self {
            Tx::Sqlite(statements) => statements.query(sql, parameters, each),
            #[cfg(feature = "postgres")]
            Tx::Postgres(statements) => statements.query(sql, parameters, each),
        }
    }

    /// The rows after an id, `limit` of them, by a statement whose ?1 and ?2 these are: the id and a text or bytes of each.
    fn after<T>(
        &mut self,
        sql: &'static str,
        id: Id,
        limit: usize,
        mut read: impl FnMut(&Row) -> Result<T>,
    ) -> Result<Vec<(Id, T)>> {
        let mut rows = Vec::new();
        self.query(sql, &[Value::Bytes(id.as_bytes()), Value::Integer(limit as i64)], |row| {
            rows.push((Id::from_bytes(row.array(0)?), read(row)?));
            Ok(())
        })?;
        Ok(rows)
    }

    /// The first row, read by `read`, if there is one.
    pub(crate) fn first<T>(
        &mut self,
        sql: &'static str,
        parameters: &[Value],
        mut read: impl FnMut(&Row) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut first = None;
        self.query(sql, parameters, |row| {
            if first.is_none() {
                first = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(first)
    }
}

/// A parameter of a statement.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Null,
    Integer(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    pub(crate) fn optional_text(text: Option<&'a str>) -> Value<'a> {
        text.map_or(Value::Null, Value::Text)
    }
}

/// A row of a result; columns are counted from 0.
pub(crate) enum Row<'a> {
    Sqlite(sqlite::Columns<'a>),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Columns<'a>),
}

impl Row<'_> {
    pub(crate) fn integer(&self, column: usize) -> Result<i64> {
        self.optional_integer(column)?.ok_or_else(damaged)
    }

    pub(crate) fn boolean(&self, column: usize) -> Result<bool> {
        self.integer(column).map(|number| number != 0)
    }

    pub(crate) fn text(&self, column: usize) -> Result<String> {
        self.optional_text(column)?.ok_or_else(damaged)
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<Vec<u8>> {
        self.optional_bytes(column)?.ok_or_else(damaged)
    }

    pub(crate) fn optional_bytes(&self, column: usize) -> Result<Option<Vec<u8>>> {
        Ok(self.slice(column)?.map(<[u8]>::to_vec))
    }

    pub(crate) fn array<const N: usize>(&self, column: usize) -> Result<[u8; N]> {
        self.optional_array(column)?.ok_or_else(damaged)
    }

    pub(crate) fn optional_array<const N: usize>(&self, column: usize) -> Result<Option<[u8; N]>> {
        self.slice(column)?.map(|bytes| bytes.try_into().map_err(|_| damaged())).transpose()
    }

    pub(crate) fn optional_integer(&self, column: usize) -> Result<Option<i64>> {
        match self {
            Row::Sqlite(columns) => columns.integer(column),
            #[cfg(feature = "postgres")]
            Row::Postgres(columns) => columns.integer(column),
        }
    }

    pub(crate) fn optional_text(&self, column: usize) -> Result<Option<String>> {
        let text = match self {
            Row::Sqlite(columns) => columns.text(column),
            #[cfg(feature = "postgres")]
            Row::Postgres(columns) => columns.text(column),
        };
        text.map(|text| text.map(str::to_owned))
    }

    fn slice(&self, column: usize) -> Result<Option<&[u8]>> {
        match self {
            Row::Sqlite(columns) => columns.bytes(column),
            #[cfg(feature = "postgres")]
            Row::Postgres(columns) => columns.bytes(column),
        }
    }
}

/// A row that this library did not write.
pub(crate) fn damaged() -> Error {
    Error::new(Code::StoreUnavailable, "a row is damaged")
}
