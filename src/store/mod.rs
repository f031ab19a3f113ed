//! Rows and transactions. SQL is written once, in the subset that SQLite and PostgreSQL share. The
//! differences are in their own folders and migrations.

pub(crate) mod api_keys;
pub(crate) mod copy;
mod event_log;
pub(crate) mod events;
pub(crate) mod figures;
pub(crate) mod identities;
pub(crate) mod keys;
pub(crate) mod known_devices;
pub(crate) mod mails;
mod move_note;
pub(crate) mod moves;
mod mutex;
pub(crate) mod one_time_secrets;
pub(crate) mod organizations;
pub(crate) mod passkeys;
mod pool;
#[cfg(feature = "postgres")]
mod postgres;
pub(crate) mod rehearsal;
pub(crate) mod revoked_tokens;
pub(crate) mod row;
pub(crate) mod schema;
pub(crate) mod second_factors;
mod server;
pub(crate) mod sessions;
mod sqlite;
mod tables;
pub(crate) mod throttles;
pub(crate) mod trusted_devices;
mod tx;
pub(crate) mod user_search;
pub(crate) mod users;
mod value;
pub(crate) mod waiting_accounts;
mod watch;

use std::path::Path;
use std::time::{Duration, Instant};

pub(crate) use row::{damaged, unexpected};
pub(crate) use server::Server;
pub(crate) use sqlite::inspection::damage;
pub(crate) use sqlite::paths::unusable;
pub(crate) use sqlite::replace::Place;
pub(crate) use tx::{Durability, Share, Tx};
pub use watch::Watch;
pub(crate) use watch::{Checked, Look};

use self::schema::{Creation, Found, Plan};
use self::tx::Work;
use crate::clock::Stopped;
use crate::config::{Config, StoreUrl};
use crate::error::{Code, Error, Result};

/// The open store.
pub(crate) enum Store {
    Sqlite(Box<sqlite::Sqlite>),
    #[cfg(feature = "postgres")]
    Postgres(Box<postgres::Postgres>),
}

/// The versions of a schema that [`migrate_schema`] brought up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migrated {
    /// The version before; 0 if a database on a server had no schema yet.
    pub before: i64,
    /// The version after.
    pub after: i64,
}

/// Brings the schema of a store up to date, as opening does unless `migrate` is false.
///
/// Failures: as of [`Engine::open`](crate::Engine::open).
///
/// ```no_run
/// use doorward::Config;
///
/// let migrated = doorward::migrate_schema(&Config::parse(r#"{"store": "sqlite:app.db"}"#)?)?;
/// println!("schema {} → {}", migrated.before, migrated.after);
/// # Ok::<(), doorward::Error>(())
/// ```
pub fn migrate_schema(config: &Config) -> Result<Migrated> {
    let creation = match config.store {
        // The database is there.
        StoreUrl::Postgres(_) => Creation::Allowed,
        _ => Creation::of(config),
    };
    let store = Store::connect_as(config, Plan { creation, ..Plan::new(true) })?;
    Ok(Migrated { before: store.found(), after: store.schema()?.0.version })
}

impl Store {
    /// Opens the store. Where the configuration allows it, this makes the store and brings its schema up to
    /// date.
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

    /// Returns the schema of the store as it is now, and the newest version that this engine knows.
    pub(crate) fn schema(&self) -> Result<(Found, i64)> {
        let found = self.read(|tx| {
            tx.first(schema::FOUND, &[], |row| {
                let needed = row.optional_integer(1)?.unwrap_or(0);
                Ok(Found { version: row.integer(0)?, needed })
            })
        })?;
        Ok((found.ok_or_else(damaged)?, Plan::new(true).newest()))
    }

    /// The version of the schema that opening found.
    fn found(&self) -> i64 {
        match self {
            Store::Sqlite(store) => store.found,
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.found,
        }
    }

    /// Describes the server that the store is on, if it is on one.
    pub(crate) fn server(&self) -> Result<Option<Server>> {
        match self {
            Store::Sqlite(_) => Ok(None),
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.server().map(Some),
        }
    }

    /// Checks whether the store can be used, as opening does. Failures as there.
    pub(crate) fn examine(&self) -> Result<()> {
        match self {
            Store::Sqlite(store) => store.examine(),
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.examine(),
        }
    }

    /// Whether the store can be written. A file may have been opened for reading only.
    pub(crate) fn may_write(&self) -> bool {
        match self {
            Store::Sqlite(store) => store.may_write().is_ok(),
            #[cfg(feature = "postgres")]
            Store::Postgres(_) => true,
        }
    }

    /// Whether a failed write shows that this process may only read the store. Damage does not show that.
    pub(crate) fn may_only_read(&self, error: &Error) -> bool {
        match self {
            Store::Sqlite(store) => error.code == Code::InvalidConfig && store.may_write().is_err(),
            #[cfg(feature = "postgres")]
            Store::Postgres(_) => postgres::lacks_privilege(error),
        }
    }

    /// The length of a SQLite file's write-ahead log, in bytes.
    pub(crate) fn log_length(&self) -> Result<Option<u64>> {
        match self {
            Store::Sqlite(store) => store.log_length(),
            #[cfg(feature = "postgres")]
            Store::Postgres(_) => Ok(None),
        }
    }

    /// Checks every page, row and index of a SQLite file, while `goes_on`.
    pub(crate) fn fault(&self, goes_on: impl FnMut() -> bool + Send + 'static) -> Result<Checked> {
        match self {
            Store::Sqlite(store) => store.fault(goes_on),
            #[cfg(feature = "postgres")]
            Store::Postgres(_) => Ok(Checked::Nothing),
        }
    }

    /// Copies the store into a new file and checks the whole copy. `look` reads what is in it before the file
    /// gets its name. Returns the file's length.
    pub(crate) fn backup(&self, path: &Path, watch: &Watch, look: Option<Look>) -> Result<u64> {
        match self {
            Store::Sqlite(store) => store.backup(path, watch, look),
            #[cfg(feature = "postgres")]
            Store::Postgres(_) => Err(Error::new(Code::FeatureNotBuilt, "for PostgreSQL use pg_dump")),
        }
    }

    /// Runs statements that read, each seeing what was committed before it began.
    pub(crate) fn read<T>(&self, f: impl FnOnce(&mut Tx) -> Result<T>) -> Result<T> {
        self.read_until(self.deadline(), f)
    }

    /// As [`Store::read`], but the wait ends at `deadline`, because the caller has waited before.
    pub(crate) fn read_until<T>(&self, deadline: Instant, f: impl FnOnce(&mut Tx) -> Result<T>) -> Result<T> {
        let mut f = Some(f);
        let mut value = None;
        self.run_read(deadline, &mut |tx| {
            let f = f.take().ok_or_else(damaged)?;
            value = Some(f(tx)?);
            Ok(())
        })?;
        value.ok_or_else(damaged)
    }

    /// As [`Store::read_until`], compiled once.
    fn run_read(&self, deadline: Instant, work: Work) -> Result<()> {
        let work = &mut |tx: &mut Tx| {
            let _stopped = Stopped::now();
            work(tx)
        };
        match self {
            Store::Sqlite(store) => store.read(deadline, work),
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.read(deadline, work),
        }
    }

    /// The time until which a call that begins now waits for the store.
    pub(crate) fn deadline(&self) -> Instant {
        let timeout = match self {
            Store::Sqlite(store) => store.timeout,
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.timeout,
        };
        Instant::now() + timeout
    }

    /// Runs `f` in a transaction of its own: all of it is kept, or nothing, when `f` fails. The store may run
    /// `f` again where the database asks for a retry. The transaction is committed when this returns `Ok`.
    pub(crate) fn write<T>(
        &self,
        durability: Durability,
        mut f: impl FnMut(&mut Tx) -> Result<T>,
    ) -> Result<T> {
        let mut value = None;
        self.run_write(durability, &mut |tx| {
            value = Some(f(tx)?);
            Ok(())
        })?;
        value.ok_or_else(damaged)
    }

    /// As [`Store::write`], compiled once.
    fn run_write(&self, durability: Durability, work: Work) -> Result<()> {
        let work = &mut |tx: &mut Tx| {
            let _stopped = Stopped::now();
            work(tx)
        };
        match self {
            Store::Sqlite(store) => store.write(durability, work),
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.write(durability, work),
        }
    }

    /// As [`Store::write`], for work that only one process does at a time: each statement of `f` sees
    /// everything that was committed before it, and `f` begins by taking a lock of its own. It does not
    /// hinder other writers.
    pub(crate) fn write_in_turn<T>(&self, mut f: impl FnMut(&mut Tx) -> Result<T>) -> Result<T> {
        let mut value = None;
        self.run_write_in_turn(&mut |tx| {
            value = Some(f(tx)?);
            Ok(())
        })?;
        value.ok_or_else(damaged)
    }

    fn run_write_in_turn(&self, work: Work) -> Result<()> {
        match self {
            Store::Sqlite(_) => self.run_write(Durability::Full, work),
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => store.write_in_turn(&mut |tx| {
                let _stopped = Stopped::now();
                work(tx)
            }),
        }
    }
}
