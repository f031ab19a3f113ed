//! Statements on one connection, each prepared once.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, params_from_iter};

use super::failures::failed;
use super::migration::note;
use crate::error::{Error, Result};
use crate::store::move_note::Note;
use crate::store::row::{self, Row, damaged};
use crate::store::tx;
use crate::store::value::Value;

/// Statements on one connection, each prepared once.
pub(super) struct Statements<'a>(pub &'a Connection);

impl tx::Statements for Statements<'_> {
    fn execute(&mut self, sql: &'static str, parameters: &[Value]) -> Result<usize> {
        let failed = |error| self.failed(error);
        let mut statement = self.0.prepare_cached(sql).map_err(failed)?;
        statement.execute(params_from_iter(parameters)).map_err(failed)
    }

    fn script(&mut self, sql: &str) -> Result<()> {
        self.0.execute_batch(sql).map_err(failed)
    }

    fn query(
        &mut self,
        sql: &'static str,
        parameters: &[Value],
        each: &mut dyn FnMut(&Row) -> Result<()>,
    ) -> Result<()> {
        let failed = |error| self.failed(error);
        let mut statement = self.0.prepare_cached(sql).map_err(failed)?;
        let mut rows = statement.query(params_from_iter(parameters)).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            each(&Row::new(&Columns(row)))?;
        }
        Ok(())
    }
}

impl Statements<'_> {
    /// As [`failed`]. SQLite has no special code for a missing table: the store may have been moved.
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
struct Columns<'a>(&'a rusqlite::Row<'a>);

impl row::Columns for Columns<'_> {
    fn integer(&self, column: usize) -> Result<Option<i64>> {
        match self.value(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(number) => Ok(Some(number)),
            _ => Err(damaged()),
        }
    }

    fn text(&self, column: usize) -> Result<Option<&str>> {
        match self.value(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(text) => str::from_utf8(text).map(Some).map_err(|_| damaged()),
            _ => Err(damaged()),
        }
    }

    fn bytes(&self, column: usize) -> Result<Option<&[u8]>> {
        match self.value(column)? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(bytes) => Ok(Some(bytes)),
            _ => Err(damaged()),
        }
    }
}

impl Columns<'_> {
    fn value(&self, column: usize) -> Result<ValueRef<'_>> {
        self.0.get_ref(column).map_err(failed)
    }
}
