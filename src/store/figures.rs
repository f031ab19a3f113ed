//! The size of a store, for its operator: counts, and bytes on the disk.

use std::path::Path;

use super::Store;
use super::tx::Tx;
use super::value::Value;
use crate::error::Result;

/// The figures of a store.
pub(crate) struct Figures {
    /// Each figure, in the order of [`COUNTS`].
    pub counts: [Count; COUNTS.len()],
    /// When the oldest waiting mail was written.
    pub oldest_mail: Option<i64>,
    pub size: Size,
}

/// The number of rows of one kind.
#[derive(Clone, Copy)]
pub(crate) struct Count {
    pub name: &'static str,
    pub rows: i64,
    /// Whether the number is the server's estimate.
    pub is_estimate: bool,
}

/// The disk space of a store.
#[derive(Clone, Copy, Default)]
pub(crate) struct Size {
    pub bytes: u64,
    /// The length of a SQLite file's write-ahead log.
    pub log_bytes: Option<u64>,
    /// The space left for a SQLite file to users other than root.
    pub free_bytes: Option<u64>,
}

/// A figure: its name, the statement that counts it, and the one that asks the server for an estimate.
pub(super) struct Counted {
    name: &'static str,
    count: &'static str,
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "a SQLite file counts its rows"))]
    pub expect: &'static str,
    /// Whether ?1 of the statement is the time.
    is_of_now: bool,
}

macro_rules! counted {
    ($name:literal, $rows:literal, $is_of_now:literal) => {
        Counted {
            name: $name,
            count: concat!("SELECT count(*) FROM ", $rows),
            expect: concat!("EXPLAIN SELECT 1 FROM ", $rows),
            is_of_now: $is_of_now,
        }
    };
}

const COUNTS: [Counted; 6] = [
    counted!("active_accounts", "users WHERE is_active = 1", false),
    counted!("disabled_accounts", "users WHERE is_active = 0", false),
    counted!("sessions", "sessions WHERE revoked_at IS NULL AND idle_at > ?1 AND expires_at > ?1", true),
    counted!("events", "events", false),
    counted!("mails", "mails", false),
    counted!("keys", "keys", false),
];

/// If a server expects more rows than this, they are not counted.
#[cfg(feature = "postgres")]
const MOST_COUNTED: i64 = 100_000;

impl Store {
    /// Returns the figures. A SQLite file counts its rows; a server counts those of which there are few, and
    /// estimates the others.
    pub(crate) fn figures(&self, now: i64) -> Result<Figures> {
        let mut counts = [Count { name: "", rows: 0, is_estimate: false }; COUNTS.len()];
        for (count, counted) in counts.iter_mut().zip(&COUNTS) {
            *count = match self.expected(counted, now)? {
                Some(rows) => Count { name: counted.name, rows, is_estimate: true },
                None => {
                    let rows = self.read(|tx| counted.rows(tx, now))?;
                    Count { name: counted.name, rows, is_estimate: false }
                }
            };
        }
        let oldest_mail = self.read(super::mails::oldest)?;
        Ok(Figures { counts, oldest_mail, size: self.size()? })
    }

    /// Returns the number of rows that a server expects, if there are too many to count.
    #[cfg_attr(not(feature = "postgres"), expect(unused_variables, reason = "a SQLite file counts its rows"))]
    fn expected(&self, counted: &Counted, now: i64) -> Result<Option<i64>> {
        match self {
            Store::Sqlite(_) => Ok(None),
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => {
                let rows = store.expected(&counted.expect.replace("?1", &now.to_string()))?;
                Ok(rows.filter(|rows| *rows > MOST_COUNTED))
            }
        }
    }

    /// Returns the disk space of the store.
    pub(crate) fn size(&self) -> Result<Size> {
        match self {
            Store::Sqlite(store) => match store.path() {
                Some(path) => Ok(of_file(path)),
                None => self.read(in_memory),
            },
            #[cfg(feature = "postgres")]
            Store::Postgres(store) => Ok(Size { bytes: store.bytes()?, ..Size::default() }),
        }
    }
}

impl Counted {
    fn rows(&self, tx: &mut Tx, now: i64) -> Result<i64> {
        let now = [Value::Integer(now)];
        let parameters = if self.is_of_now { &now[..] } else { &[] };
        Ok(tx.first(self.count, parameters, |row| row.integer(0))?.unwrap_or(0))
    }
}

fn of_file(path: &Path) -> Size {
    let length = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        std::fs::metadata(name).map_or(0, |file| file.len())
    };
    let free = rustix::fs::statvfs(path).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    Size { bytes: length(""), log_bytes: Some(length("-wal")), free_bytes: free }
}

fn in_memory(tx: &mut Tx) -> Result<Size> {
    let sql = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
    let bytes = tx.first(sql, &[], |row| row.integer(0))?.unwrap_or(0);
    Ok(Size { bytes: u64::try_from(bytes).unwrap_or(0), ..Size::default() })
}
