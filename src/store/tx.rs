//! Transactions: statements that are kept together or not at all, in either store.

use super::event_log::EventLog;
use super::row::{Row, in_its_table};
use super::value::Value;
use crate::error::Result;
use crate::types::id::Id;

/// The work of a transaction. A store may call it again if the database asks for a retry.
pub(super) type Work<'w> = &'w mut dyn FnMut(&mut Tx) -> Result<()>;

/// Whether an acknowledged write must survive a power failure. Every write survives the end of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Durability {
    /// A power failure may undo the write: counters of failed attempts.
    Relaxed,
    /// A power failure must not undo the write: everything else.
    Full,
}

/// How many expired rows a transaction deletes.
#[derive(Clone, Copy)]
pub(crate) enum Share {
    /// A few, in addition to its own work.
    AFew,
    /// This many: deleting them is its work.
    Batch(usize),
}

impl Share {
    pub(super) fn rows(self) -> i64 {
        match self {
            Share::AFew => 4,
            Share::Batch(rows) => rows as i64,
        }
    }
}

/// Runs statements in one transaction. The defaults are for a store with one writer at a time.
pub(super) trait Statements {
    /// Runs a statement that changes rows. Returns how many it changed.
    fn execute(&mut self, sql: &'static str, parameters: &[Value]) -> Result<usize>;

    /// Calls `each` with every row, in order.
    fn query(
        &mut self,
        sql: &'static str,
        parameters: &[Value],
        each: &mut dyn FnMut(&Row) -> Result<()>,
    ) -> Result<()>;

    /// Runs statements without parameters, separated by semicolons.
    fn script(&mut self, sql: &str) -> Result<()>;

    /// See [`Tx::run`].
    fn run(&mut self, sql: &'static str, parameters: &[Value]) -> Result<()> {
        self.execute(sql, parameters).map(drop)
    }

    /// Whether other machines write to the store, too.
    fn is_on_server(&self) -> bool {
        false
    }

    /// See [`Tx::event_log`].
    fn event_log(&self) -> Option<&EventLog> {
        None
    }

    /// Runs a statement of [`Tx::forget`] after the transaction, if the store leaves it until then. Returns
    /// whether it does.
    fn forget_later(&mut self, _sql: &'static str, _past: Value, _stamp: Option<&[u8]>) -> bool {
        false
    }

    /// See [`Tx::script_beside_readers`].
    fn script_beside_readers(&mut self, sql: &str) -> Result<()> {
        self.script(sql)
    }

    /// See [`Tx::lock_writers_out`].
    fn lock_writers_out(&mut self) -> Result<()> {
        Ok(())
    }

    /// See [`Tx::prepare_writer_lock`].
    fn prepare_writer_lock(&mut self, _prepares: bool) -> Result<()> {
        Ok(())
    }

    /// See [`Tx::lock_tables`].
    fn lock_tables(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Statements inside one transaction or read.
pub(crate) struct Tx<'a> {
    statements: &'a mut dyn Statements,
    /// Whether it has read which secret keys are retired.
    has_followed: bool,
}

impl<'a> Tx<'a> {
    pub(super) fn new(statements: &'a mut dyn Statements) -> Tx<'a> {
        Tx { statements, has_followed: false }
    }

    /// Returns whether this is the first call: which secret keys are retired is read once in a transaction.
    pub(crate) fn is_to_follow(&mut self) -> bool {
        !std::mem::replace(&mut self.has_followed, true)
    }

    /// Runs a statement that changes rows. Its failure may appear only with a later statement or at the end
    /// of the transaction, so that the caller need not wait for it.
    pub(crate) fn run(&mut self, sql: &'static str, parameters: &[Value]) -> Result<()> {
        self.statements.run(sql, parameters)
    }

    /// Deletes expired rows, by a statement whose ?1 is the time and whose ?2 is the number of rows. Returns
    /// how many it deleted, as far as that is known.
    ///
    /// On a server, where transactions that delete the same few rows would conflict, one of many transactions
    /// does it for the others, after it has committed.
    pub(super) fn forget(&mut self, sql: &'static str, past: Value, share: Share) -> Result<usize> {
        self.forget_while(sql, past, None, share)
    }

    /// As [`Tx::forget`], by a statement whose ?3 is `stamp`: the settings under which these rows are
    /// expired.
    pub(super) fn forget_while(
        &mut self,
        sql: &'static str,
        past: Value,
        stamp: Option<&[u8]>,
        share: Share,
    ) -> Result<usize> {
        if matches!(share, Share::AFew) && self.statements.forget_later(sql, past, stamp) {
            return Ok(0);
        }
        let mut parameters = vec![past, Value::Integer(share.rows())];
        parameters.extend(stamp.map(Value::Bytes));
        self.execute(sql, &parameters)
    }

    /// The engine's knowledge of the audit log, if several writers may write at once. Otherwise the newest
    /// row that a transaction sees is the newest there is.
    pub(super) fn event_log(&self) -> Option<&EventLog> {
        self.statements.event_log()
    }

    /// Runs a statement that changes rows. Returns how many it changed.
    pub(crate) fn execute(&mut self, sql: &'static str, parameters: &[Value]) -> Result<usize> {
        self.statements.execute(sql, parameters)
    }

    /// Runs statements without parameters, separated by semicolons.
    pub(super) fn script(&mut self, sql: &str) -> Result<()> {
        self.statements.script(sql)
    }

    /// As [`Tx::script`], for statements that wait until no other transaction reads the tables. Others wait
    /// behind them for a moment only.
    pub(super) fn script_beside_readers(&mut self, sql: &str) -> Result<()> {
        self.statements.script_beside_readers(sql)
    }

    /// Whether other machines write to the store, too.
    pub(super) fn is_on_server(&self) -> bool {
        self.statements.is_on_server()
    }

    /// Keeps all others from writing to the store until the transaction ends.
    /// [`Tx::prepare_writer_lock`] comes before it. SQLite has one writer at a time in any case.
    pub(super) fn lock_writers_out(&mut self) -> Result<()> {
        self.statements.lock_writers_out()
    }

    /// Prepares [`Tx::lock_writers_out`], or removes what was prepared.
    pub(super) fn prepare_writer_lock(&mut self, prepares: bool) -> Result<()> {
        self.statements.prepare_writer_lock(prepares)
    }

    /// Keeps all others from reading or writing the tables until the transaction ends.
    pub(super) fn lock_tables(&mut self) -> Result<()> {
        self.statements.lock_tables()
    }

    /// Calls `each` with every row, in order.
    pub(crate) fn query(
        &mut self,
        sql: &'static str,
        parameters: &[Value],
        mut each: impl FnMut(&Row) -> Result<()>,
    ) -> Result<()> {
        self.statements.query(sql, parameters, &mut each).map_err(|error| in_its_table(error, sql))
    }

    /// Reads every row, in order.
    pub(super) fn all<T>(
        &mut self,
        sql: &'static str,
        parameters: &[Value],
        mut read: impl FnMut(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        self.query(sql, parameters, |row| {
            rows.push(read(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Reads `limit` rows after an id, by a statement whose ?1 is the id and whose ?2 is the limit.
    pub(super) fn after<T>(
        &mut self,
        sql: &'static str,
        id: Id,
        limit: usize,
        read: impl FnMut(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.all(sql, &[Value::Bytes(id.as_bytes()), Value::Integer(limit as i64)], read)
    }

    /// Reads the first row, if there is one.
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
