//! Moving: everything that one store holds, into another that is empty, in one snapshot and one
//! transaction, and compared before it is committed.

use std::cell::RefCell;
use std::fmt::Write;
use std::time::Duration;

use aws_lc_rs::digest;

use super::keys::{self, KEY_PROOF};
use super::schema::{Creation, Plan};
use super::{Durability, Row, Store, Tx, Value, damaged};
use crate::config::StoreUrl;
use crate::error::{Code, Error, Result};

/// A table, and how many of its rows were moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Its name.
    pub table: &'static str,
    /// Rows so far.
    pub rows: u64,
    /// Rows in all.
    pub of: u64,
}

/// Moves everything in `from`, which stays as it is, into `to`, which must be empty; both stores are sealed by
/// the same secret key then. `progress` hears of every few hundred rows. All of it is there when this returns
/// `Ok`, compared row by row, or nothing is. A SQLite file takes no writes of others meanwhile.
///
/// Failures: `invalid_config` (no store in `from`, or something in `to`), `schema_too_new`, `feature_not_built`,
/// `store_unavailable`.
pub fn migrate(from: &StoreUrl, to: &StoreUrl, mut progress: impl FnMut(Moved)) -> Result<Vec<Moved>> {
    let source = open(from, true)?;
    // What a newer version keeps beside the rest, this one would leave behind.
    let (schema, newest) = source.schema()?;
    if schema.version > newest {
        let detail = format!("schema {}, known are {newest}", schema.version);
        return Err(Error::new(Code::SchemaTooNew, detail));
    }
    let is_empty = |store: &Store| store.read(|tx| Ok(keys::meta(tx, KEY_PROOF)?.is_none()));
    if is_empty(&source)? {
        return Err(Error::at(Code::InvalidConfig, "/from", "an empty store"));
    }
    let target = open(to, false)?;
    if !is_empty(&target)? {
        return Err(in_use());
    }
    // Either transaction may be run again. Once the target is committed, it is not filled again.
    let moved = RefCell::new(None);
    source.write(Durability::Full, |from| {
        let mut done = moved.borrow_mut();
        if done.is_none() {
            *done = Some(target.write(Durability::Full, |to| {
                // Somebody may have opened it meanwhile.
                if keys::meta(to, KEY_PROOF)?.is_some() {
                    return Err(in_use());
                }
                TABLES.iter().map(|table| table.copy(from, to, &mut progress)).collect::<Result<Vec<_>>>()
            })?);
        }
        Ok(())
    })?;
    moved.into_inner().ok_or_else(damaged)
}

/// The names of the tables.
#[cfg(feature = "postgres")]
pub(super) fn tables() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|table| table.name)
}

fn in_use() -> Error {
    Error::at(Code::InvalidConfig, "/to", "a store that is in use")
}

/// However long it takes: other calls' bounds are not for this one.
const TIMEOUT: Duration = Duration::from_secs(7 * 86_400);

fn open(url: &StoreUrl, must_exist: bool) -> Result<Store> {
    match url {
        StoreUrl::SqliteMemory => Err(Error::new(Code::InvalidConfig, "memory is gone with the process")),
        StoreUrl::SqliteFile(path) if must_exist && !path.exists() => {
            Err(Error::at(Code::InvalidConfig, "/from", "there is no such file"))
        }
        url => {
            let creation = if must_exist { Creation::Forbidden } else { Creation::Allowed };
            let opened = Store::connect(url, 1, TIMEOUT, Plan { creation, ..Plan::new(true) });
            let field = if must_exist { "/from" } else { "/to" };
            opened.map_err(|error| match error.field.as_deref() {
                Some("/store") => Error { field: Some(field.to_owned()), ..error },
                _ => error,
            })
        }
    }
}

/// What is moved of a table: every column, those of its key first.
struct Table {
    name: &'static str,
    key: usize,
    columns: &'static [(&'static str, Kind)],
}

#[derive(Clone, Copy)]
enum Kind {
    Integer,
    Text,
    Bytes,
}

use Kind::{Bytes, Integer, Text};

/// All tables, those that others refer to first. A test compares them with the schema.
const TABLES: &[Table] = &[
    Table { name: "meta", key: 1, columns: &[("name", Text), ("value", Bytes)] },
    Table {
        name: "users",
        key: 1,
        columns: &[
            ("id", Bytes),
            ("username", Text),
            ("username_key", Text),
            ("email", Text),
            ("email_key", Text),
            ("email_verified", Integer),
            ("was_verified", Integer),
            ("is_active", Integer),
            ("password_hash", Text),
            ("must_change_password", Integer),
            ("password_expires_at", Integer),
            ("attributes", Text),
            ("locale", Text),
            ("epoch", Integer),
            ("epoch_at", Integer),
            ("token_epoch", Integer),
            ("created_at", Integer),
        ],
    },
    Table { name: "user_roles", key: 2, columns: &[("user_id", Bytes), ("role", Text)] },
    Table {
        name: "identities",
        key: 2,
        columns: &[("issuer", Text), ("subject", Text), ("user_id", Bytes), ("created_at", Integer)],
    },
    Table {
        name: "sessions",
        key: 1,
        columns: &[
            ("id", Bytes),
            ("backend", Text),
            ("user_id", Bytes),
            ("epoch", Integer),
            ("generation", Integer),
            ("rotated_at", Integer),
            ("replaced_at", Integer),
            ("repeats", Text),
            ("auth_time", Integer),
            ("amr", Text),
            ("provider", Text),
            ("scope", Text),
            ("created_at", Integer),
            ("idle_at", Integer),
            ("expires_at", Integer),
            ("revoked_at", Integer),
            ("ip", Text),
            ("user_agent", Text),
            ("device_id", Text),
        ],
    },
    Table {
        name: "known_devices",
        key: 1,
        columns: &[("id", Bytes), ("user_id", Bytes), ("expires_at", Integer)],
    },
    Table {
        name: "one_time_secrets",
        key: 1,
        columns: &[
            ("id", Bytes),
            ("purpose", Text),
            ("user_id", Bytes),
            ("epoch", Integer),
            ("sealed", Bytes),
            ("attempts_left", Integer),
            ("created_at", Integer),
            ("expires_at", Integer),
        ],
    },
    Table {
        name: "passkeys",
        key: 1,
        columns: &[
            ("credential_id", Bytes),
            ("user_id", Bytes),
            ("label", Text),
            ("public_key", Bytes),
            ("aaguid", Bytes),
            ("sign_count", Integer),
            ("user_verified", Integer),
            ("backup_eligible", Integer),
            ("backed_up", Integer),
            ("transports", Text),
            ("created_at", Integer),
            ("last_used_at", Integer),
        ],
    },
    Table { name: "spent_challenges", key: 1, columns: &[("id", Bytes), ("expires_at", Integer)] },
    Table {
        name: "mails",
        key: 1,
        columns: &[
            ("id", Bytes),
            ("user_id", Bytes),
            ("kind", Text),
            ("sealed", Bytes),
            ("locale", Text),
            ("created_at", Integer),
            ("expires_at", Integer),
            ("due_at", Integer),
            ("attempts", Integer),
            ("last_error", Text),
        ],
    },
    Table {
        name: "totp",
        key: 1,
        columns: &[
            ("user_id", Bytes),
            ("sealed", Bytes),
            ("digits", Integer),
            ("period_seconds", Integer),
            ("last_step", Integer),
            ("created_at", Integer),
            ("confirmed_at", Integer),
        ],
    },
    Table {
        name: "recovery_codes",
        key: 1,
        columns: &[("id", Bytes), ("user_id", Bytes), ("created_at", Integer)],
    },
    Table {
        name: "keys",
        key: 1,
        columns: &[
            ("kid", Text),
            ("backend", Text),
            ("algorithm", Text),
            ("sealed", Bytes),
            ("created_at", Integer),
            ("expires_at", Integer),
        ],
    },
    Table {
        name: "events",
        key: 1,
        columns: &[
            ("id", Bytes),
            ("at", Integer),
            ("kind", Text),
            ("user_id", Bytes),
            ("session_id", Bytes),
            ("actor", Text),
            ("detail", Text),
        ],
    },
    Table {
        name: "event_order",
        key: 1,
        columns: &[
            ("event_id", Bytes),
            ("position", Integer),
            ("ip", Text),
            ("digest", Bytes),
            ("link", Bytes),
        ],
    },
    Table { name: "revoked_tokens", key: 1, columns: &[("id", Bytes), ("expires_at", Integer)] },
    Table {
        name: "throttles",
        key: 1,
        columns: &[
            ("id", Bytes),
            ("failures", Integer),
            ("in_a_row", Integer),
            ("failed_at", Integer),
            ("locked_until", Integer),
            ("expires_at", Integer),
        ],
    },
];

/// How many rows travel in one statement.
const PAGE: usize = 256;

impl Table {
    fn copy(&self, from: &mut Tx, to: &mut Tx, progress: &mut impl FnMut(Moved)) -> Result<Moved> {
        let of = self.count(from)?;
        let mut moved = Moved { table: self.name, rows: 0, of };
        let (page, single) = (self.insert(PAGE), self.insert(1));
        let sent = self.walk(from, |rows| {
            // A page that is not full goes row by row: there is one at most.
            let (sql, step) = if rows.len() == PAGE { (page, PAGE) } else { (single, 1) };
            for rows in rows.chunks(step) {
                let cells: Vec<Value> = rows.iter().flatten().map(Cell::value).collect();
                to.run(sql, &cells)?;
            }
            moved.rows += rows.len() as u64;
            progress(moved);
            Ok(())
        })?;
        let arrived = self.walk(to, |_| Ok(()))?;
        if sent != arrived || self.count(to)? != of {
            return Err(Error::new(Code::StoreUnavailable, "what arrived is not what was sent"));
        }
        Ok(moved)
    }

    /// Calls `each` with the rows, page by page in the order of the key. The sum of the rows' digests.
    fn walk(&self, tx: &mut Tx, mut each: impl FnMut(&[Vec<Cell>]) -> Result<()>) -> Result<u128> {
        let (first, next) = (self.select(false), self.select(true));
        let mut sum = 0_u128;
        let mut page: Vec<Vec<Cell>> = Vec::new();
        loop {
            let after: Vec<Cell> = page.last().map_or(Vec::new(), |row| row[..self.key].to_vec());
            let after: Vec<Value> = after.iter().map(Cell::value).collect();
            let mut rows = Vec::with_capacity(PAGE);
            tx.query(if after.is_empty() { first } else { next }, &after, |row| {
                rows.push(self.row(row)?);
                Ok(())
            })?;
            if rows.is_empty() {
                return Ok(sum);
            }
            sum = rows.iter().fold(sum, |sum, row| sum.wrapping_add(digest(row)));
            each(&rows)?;
            page = rows;
        }
    }

    fn row(&self, row: &Row) -> Result<Vec<Cell>> {
        let cell = |(column, (_, kind)): (usize, &(&str, Kind))| {
            Ok(match kind {
                Integer => row.optional_integer(column)?.map_or(Cell::Null, Cell::Integer),
                Text => row.optional_text(column)?.map_or(Cell::Null, Cell::Text),
                Bytes => row.optional_bytes(column)?.map_or(Cell::Null, Cell::Bytes),
            })
        };
        self.columns.iter().enumerate().map(cell).collect()
    }

    fn count(&self, tx: &mut Tx) -> Result<u64> {
        let sql = keep(format!("SELECT count(*) FROM {}", self.name));
        let rows = tx.first(sql, &[], |row| row.integer(0))?.ok_or_else(damaged)?;
        u64::try_from(rows).map_err(|_| damaged())
    }

    fn select(&self, continues: bool) -> &'static str {
        let (columns, key) = (names(self.columns), names(&self.columns[..self.key]));
        let after =
            if continues { format!("WHERE ({key}) > ({})", parameters(0, self.key)) } else { String::new() };
        keep(format!("SELECT {columns} FROM {} {after} ORDER BY {key} LIMIT {PAGE}", self.name))
    }

    fn insert(&self, rows: usize) -> &'static str {
        let width = self.columns.len();
        let mut sql = format!("INSERT INTO {} ({}) VALUES ", self.name, names(self.columns));
        for row in 0..rows {
            let comma = if row == 0 { "" } else { ", " };
            let _ = write!(sql, "{comma}({})", parameters(row * width, width));
        }
        keep(sql)
    }
}

fn names(columns: &[(&str, Kind)]) -> String {
    columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn parameters(after: usize, count: usize) -> String {
    (after + 1..=after + count).map(|number| format!("?{number}")).collect::<Vec<_>>().join(", ")
}

/// Statements live as long as the program; these are a handful for each table.
fn keep(sql: String) -> &'static str {
    sql.leak()
}

#[derive(Clone)]
enum Cell {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Cell {
    fn value(&self) -> Value<'_> {
        match self {
            Cell::Null => Value::Null,
            Cell::Integer(number) => Value::Integer(*number),
            Cell::Text(text) => Value::Text(text),
            Cell::Bytes(bytes) => Value::Bytes(bytes),
        }
    }
}

/// Rows that differ have different digests; their sum does not depend on the databases' order.
fn digest(row: &[Cell]) -> u128 {
    let mut context = digest::Context::new(&digest::SHA256);
    for cell in row {
        let (kind, bytes): (u8, &[u8]) = match cell {
            Cell::Null => (0, &[]),
            Cell::Integer(number) => (1, &number.to_be_bytes()),
            Cell::Text(text) => (2, text.as_bytes()),
            Cell::Bytes(bytes) => (3, bytes),
        };
        context.update(&[kind]);
        context.update(&(bytes.len() as u64).to_be_bytes());
        context.update(bytes);
    }
    let digest = context.finish();
    let mut half = [0; 16];
    half.copy_from_slice(&digest.as_ref()[..16]);
    u128::from_be_bytes(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_of_every_table_is_moved() {
        let store =
            Store::connect(&StoreUrl::SqliteMemory, 1, Duration::from_secs(1), Plan::new(true)).unwrap();
        let mut found = Vec::new();
        let sql = "SELECT t.name, c.name, c.type, c.pk FROM sqlite_schema t, pragma_table_info(t.name) c \
                   WHERE t.type = 'table' AND t.name <> 'doorward_schema' ORDER BY t.name, c.cid";
        let read = |row: &Row| {
            found.push((row.text(0)?, row.text(1)?, row.text(2)?, row.integer(3)? as usize));
            Ok(())
        };
        store.read(|tx| tx.query(sql, &[], read)).unwrap();
        let mut moved = Vec::new();
        for table in TABLES {
            for (index, (column, kind)) in table.columns.iter().enumerate() {
                let kind = match kind {
                    Integer => "INTEGER",
                    Text => "TEXT",
                    Bytes => "BLOB",
                };
                let key = if index < table.key { index + 1 } else { 0 };
                moved.push((table.name.to_owned(), (*column).to_owned(), kind.to_owned(), key));
            }
        }
        found.sort();
        moved.sort();
        assert_eq!(moved, found);
    }
}
