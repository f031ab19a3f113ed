//! Copies rows from one store to another, table by table, and compares them.

use std::fmt::Write;
use std::ops::ControlFlow;

use aws_lc_rs::digest;

use super::row::{Row, unexpected};
use super::tables::Kind::{self, Bytes, Integer, Text};
use super::tables::{self, Table};
use super::tx::Tx;
use super::value::Value;
use crate::error::{Code, Error, Result};

/// The progress of moving one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Moved {
    /// The table's name.
    pub table: &'static str,
    /// The number of rows moved so far.
    pub rows: u64,
    /// The number of rows in all.
    pub of: u64,
}

/// Empties every table. On a server, TRUNCATE also removes the files that earlier attempts filled, and a
/// transaction that is rolled back removes its own, so that no attempt is slower than the first.
pub(super) fn clear(tx: &mut Tx) -> Result<()> {
    let names = tables::names();
    if tx.is_on_server() && !is_referred_to(tx)? {
        return tx.script(&format!("TRUNCATE {}", names.collect::<Vec<_>>().join(", ")));
    }
    let delete = names.rev().map(|name| format!("DELETE FROM {name};"));
    tx.script(&delete.collect::<String>())
}

/// Whether tables of the host refer to this library's tables: TRUNCATE is not possible then.
fn is_referred_to(tx: &mut Tx) -> Result<bool> {
    let names = tables::names().map(|table| format!("'{table}'::regclass"));
    let names = names.collect::<Vec<_>>().join(", ");
    let sql = keep(format!(
        "SELECT count(*) FROM pg_catalog.pg_constraint WHERE contype = 'f' AND confrelid IN ({names}) \
         AND conrelid NOT IN ({names})"
    ));
    Ok(tx.first(sql, &[], |row| row.integer(0))?.ok_or_else(unexpected)? > 0)
}

/// Renames every table to a name that no engine uses. Engines that have the store open are refused at once,
/// too, and other engines' statements do not become slower.
pub(super) fn hide(tx: &mut Tx) -> Result<()> {
    rename(tx, |name| format!("ALTER TABLE {name} RENAME TO {HIDDEN}{name};"))
}

/// Undoes [`hide`].
pub(super) fn show(tx: &mut Tx) -> Result<()> {
    rename(tx, |name| format!("ALTER TABLE {HIDDEN}{name} RENAME TO {name};"))
}

/// The prefix of hidden tables' names.
const HIDDEN: &str = "moved_";

fn rename(tx: &mut Tx, sql: impl Fn(&str) -> String) -> Result<()> {
    tx.script_beside_readers(&tables::names().map(sql).collect::<String>())
}

/// The number of rows in one statement.
const PAGE: usize = 256;

/// Names the target as what failed, if nothing else is named.
pub(super) fn in_target(error: Error) -> Error {
    if error.field.is_none() { error.at_field("/to") } else { error }
}

impl Table {
    /// Copies the rows into the same, empty table of another store, and compares the two.
    pub(super) fn copy(
        &self,
        from: &mut Tx,
        to: &mut Tx,
        progress: &mut impl FnMut(Moved) -> ControlFlow<()>,
    ) -> Result<Moved> {
        let mut tell = |moved| match progress(moved) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::new(Code::StoreUnavailable, "interrupted")),
        };
        let of = self.count(from)?;
        let mut moved = Moved { table: self.name, rows: 0, of };
        let page = self.insert(PAGE);
        let single = self.insert(1);
        let sent = self.walk(from, |rows| {
            // The rows of the last page, which is not full, are inserted one by one.
            let (sql, step) = if rows.len() == PAGE { (page, PAGE) } else { (single, 1) };
            for rows in rows.chunks(step) {
                let cells: Vec<Value> = rows.iter().flatten().map(Cell::value).collect();
                to.run(sql, &cells).map_err(in_target)?;
            }
            moved.rows += rows.len() as u64;
            tell(moved)
        })?;
        if to.is_on_server() {
            // With plans for an empty table the server would scan the whole table for every row that refers
            // to it, and for every page that is compared.
            to.script(&format!("ANALYZE {}", self.name))?;
        }
        let arrived = self.walk(to, |_| tell(moved))?;
        if sent != arrived || self.count(to)? != of {
            return Err(Error::new(Code::StoreUnavailable, "the copied rows differ from the source's"));
        }
        Ok(moved)
    }

    /// Returns the progress of a table that was moved completely.
    pub(super) fn moved(&self, tx: &mut Tx) -> Result<Moved> {
        let rows = self.count(tx)?;
        Ok(Moved { table: self.name, rows, of: rows })
    }

    /// Calls `each` with the rows, page by page in the order of the key. Returns the sum of the rows'
    /// digests.
    fn walk(&self, tx: &mut Tx, mut each: impl FnMut(&[Vec<Cell>]) -> Result<()>) -> Result<u128> {
        let first = self.select(false);
        let next = self.select(true);
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
        let rows = tx.first(sql, &[], |row| row.integer(0))?.ok_or_else(unexpected)?;
        u64::try_from(rows).map_err(|_| unexpected())
    }

    fn select(&self, continues: bool) -> &'static str {
        let columns = names(self.columns);
        let key = names(&self.columns[..self.key]);
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

/// Keeps a statement as long as the program; there are a few for each table.
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

/// Digests a row. The sum of digests does not depend on the databases' order.
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
    use std::time::Duration;

    use super::tables::TABLES;
    use super::*;
    use crate::config::StoreUrl;
    use crate::store::Store;
    use crate::store::schema::Plan;

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
