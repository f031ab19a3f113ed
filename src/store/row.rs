//! Rows of results, whichever store they come from.

use crate::error::{Code, Error, Result};
use crate::types::id::Id;

/// A row of a result; columns are counted from 0.
pub(crate) struct Row<'a>(&'a dyn Columns);

/// The columns of a row, as a store reads them. Reading a column as another type is an error.
pub(super) trait Columns {
    fn integer(&self, column: usize) -> Result<Option<i64>>;

    fn text(&self, column: usize) -> Result<Option<&str>>;

    fn bytes(&self, column: usize) -> Result<Option<&[u8]>>;
}

impl<'a> Row<'a> {
    pub(super) fn new(columns: &'a dyn Columns) -> Row<'a> {
        Row(columns)
    }

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
        Ok(self.0.bytes(column)?.map(<[u8]>::to_vec))
    }

    pub(crate) fn array<const N: usize>(&self, column: usize) -> Result<[u8; N]> {
        self.optional_array(column)?.ok_or_else(damaged)
    }

    pub(crate) fn optional_array<const N: usize>(&self, column: usize) -> Result<Option<[u8; N]>> {
        self.0.bytes(column)?.map(|bytes| bytes.try_into().map_err(|_| damaged())).transpose()
    }

    pub(crate) fn id(&self, column: usize) -> Result<Id> {
        self.array(column).map(Id::from_bytes)
    }

    pub(crate) fn optional_id(&self, column: usize) -> Result<Option<Id>> {
        Ok(self.optional_array(column)?.map(Id::from_bytes))
    }

    pub(crate) fn optional_integer(&self, column: usize) -> Result<Option<i64>> {
        self.0.integer(column)
    }

    pub(crate) fn optional_text(&self, column: usize) -> Result<Option<String>> {
        Ok(self.0.text(column)?.map(str::to_owned))
    }
}

/// A sealed value of one row, and the id of the row.
pub(crate) struct Sealed<T> {
    pub id: Id,
    pub sealed: T,
}

impl Sealed<Vec<u8>> {
    /// Reads the row's id and the sealed bytes.
    pub(super) fn read(row: &Row) -> Result<Sealed<Vec<u8>>> {
        Ok(Sealed { id: row.id(0)?, sealed: row.bytes(1)? })
    }
}

const DAMAGED: &str = "a row is damaged: put a backup in the store's place, or repair the row";

/// Names the table of a damaged row: that from which the statement reads.
pub(super) fn in_its_table(error: Error, sql: &str) -> Error {
    let table = sql
        .split_once(" FROM ")
        .and_then(|(_, rest)| rest.split(|end: char| !(end.is_alphanumeric() || end == '_')).next());
    match table.filter(|table| !table.is_empty()) {
        Some(table) if error.detail.as_deref() == Some(DAMAGED) => {
            let detail = DAMAGED.replacen("a row", &format!("a row of {table}"), 1);
            Error { detail: Some(detail.into()), ..error }
        }
        _ => error,
    }
}

/// The error for a row that this library did not write. Trying again does not help.
pub(crate) fn damaged() -> Error {
    Error::at(Code::InvalidConfig, "/store", DAMAGED)
}

/// The error for a reply that makes no sense, or a row that has just disappeared.
pub(crate) fn unexpected() -> Error {
    Error::new(Code::StoreUnavailable, "the store gave an unexpected answer")
}
