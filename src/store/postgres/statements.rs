//! Statements on one connection.

use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::DataRowBody;

use super::address::Purpose;
use super::connections::Connections;
use super::failures::{Failure, Remedy};
use super::moving;
use super::transactions::{MOST_TRIES, given_up, roll_back};
use super::wire::{Connection, Isolation, Reply};
use crate::error::{Error, Result};
use crate::store::event_log::EventLog;
use crate::store::row::{self, Row, damaged, unexpected};
use crate::store::tables;
use crate::store::tx::{self, Durability};
use crate::store::value::Value;

/// The longest time for which statements that block others wait for a lock before the others go first. It is
/// shorter than a server's deadlock timeout, so that no transaction is aborted for a deadlock.
const POLITE: &str = "200ms";

/// The most tries of such a statement.
const MOST_POLITE_TRIES: usize = 300;

/// Statements on one connection.
pub(super) struct Statements<'a> {
    connection: &'a mut Connection,
    log: &'a EventLog,
    /// The first failure. The transaction is over after it, even if its caller goes on.
    pub failure: Option<Failure>,
    /// Set if each statement is a transaction of its own, which can be sent again after the server returns.
    pub alone: Option<(&'a Connections, Instant)>,
    /// The deletions to run after the transaction.
    pub past: Vec<Past>,
}

/// A statement that deletes expired rows, and its parameters as they are sent.
pub(super) struct Past {
    sql: &'static str,
    time: Vec<u8>,
    stamp: Option<Vec<u8>>,
}

impl<'a> Statements<'a> {
    pub(super) fn new(connection: &'a mut Connection, log: &'a EventLog) -> Statements<'a> {
        Statements { connection, log, failure: None, alone: None, past: Vec::new() }
    }

    fn send(&mut self, sql: &'static str, parameters: &[Value]) -> Result<Reply> {
        self.go_on()?;
        let Some((connections, deadline)) = self.alone else {
            let reply = self.connection.queue(sql, parameters).and_then(|()| self.connection.send());
            return reply.map_err(|failure| self.failed(failure));
        };
        let mut tries = 0;
        loop {
            let queued = self.connection.queue_alone(sql, parameters);
            let failure = match queued.and_then(|()| self.connection.send()) {
                Ok(reply) => return Ok(reply),
                Err(failure) => given_up(self.connection, failure),
            };
            tries += 1;
            if failure.remedy() != Remedy::Elsewhere || tries > MOST_TRIES {
                return Err(connections.explained(self.connection, &failure));
            }
            connections.look_again(self.connection, &failure, Purpose::Any, deadline)?;
        }
    }

    fn go_on(&self) -> Result<()> {
        self.failure.as_ref().map_or(Ok(()), |failure| Err(failure.error()))
    }

    fn failed(&mut self, failure: Failure) -> Error {
        let error = failure.error();
        if self.alone.is_none() {
            self.failure = Some(failure);
        }
        error
    }
}

impl tx::Statements for Statements<'_> {
    /// Runs a statement without waiting for it, if its outcome can come with the next one's.
    fn run(&mut self, sql: &'static str, parameters: &[Value]) -> Result<()> {
        if self.alone.is_some() {
            return self.execute(sql, parameters).map(drop);
        }
        self.go_on()?;
        let queued = self.connection.queue(sql, parameters);
        queued.map_err(|failure| self.failed(failure))
    }

    fn execute(&mut self, sql: &'static str, parameters: &[Value]) -> Result<usize> {
        self.send(sql, parameters).map(|reply| reply.count)
    }

    fn query(
        &mut self,
        sql: &'static str,
        parameters: &[Value],
        each: &mut dyn FnMut(&Row) -> Result<()>,
    ) -> Result<()> {
        let reply = self.send(sql, parameters)?;
        let mut ranges = Vec::new();
        for row in &reply.rows {
            ranges.clear();
            let mut columns = row.ranges();
            while let Some(range) = columns.next().map_err(|_| unexpected())? {
                ranges.push(range);
            }
            each(&Row::new(&Columns { row, ranges: &ranges }))?;
        }
        Ok(())
    }

    fn is_on_server(&self) -> bool {
        true
    }

    fn event_log(&self) -> Option<&EventLog> {
        Some(self.log)
    }

    fn forget_later(&mut self, sql: &'static str, past: Value, stamp: Option<&[u8]>) -> bool {
        let time = match past {
            Value::Null => return true,
            Value::Integer(number) => number.to_be_bytes().to_vec(),
            Value::Text(text) => text.as_bytes().to_vec(),
            Value::Bytes(bytes) => bytes.to_vec(),
        };
        self.past.push(Past { sql, time, stamp: stamp.map(<[u8]>::to_vec) });
        true
    }

    fn script(&mut self, sql: &str) -> Result<()> {
        self.go_on()?;
        let done = self.connection.send().and_then(|_| self.connection.run(sql));
        done.map(drop).map_err(|failure| self.failed(failure))
    }

    fn script_beside_readers(&mut self, sql: &str) -> Result<()> {
        self.script("SAVEPOINT polite")?;
        for attempt in 1.. {
            let done = self.connection.run(&format!("SET LOCAL lock_timeout = '{POLITE}'; {sql}"));
            match done {
                Ok(_) => break,
                Err(Failure::Refused(state))
                    if attempt < MOST_POLITE_TRIES && ["55P03", "40P01"].contains(&state.as_str()) =>
                {
                    self.script("ROLLBACK TO SAVEPOINT polite")?;
                    thread::sleep(Duration::from_millis(20));
                }
                Err(failure) => return Err(self.failed(failure)),
            }
        }
        self.script("RELEASE SAVEPOINT polite")
    }

    fn prepare_writer_lock(&mut self, prepares: bool) -> Result<()> {
        self.script_beside_readers(&moving::preparation(prepares))
    }

    fn lock_writers_out(&mut self) -> Result<()> {
        self.script(&moving::lock())
    }

    fn lock_tables(&mut self) -> Result<()> {
        let tables = tables::names().collect::<Vec<_>>().join(", ");
        self.script(&format!("LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"))
    }
}

/// Deletes expired rows now and then, for other transactions too. It may fail: the next one tries again.
pub(super) fn tidy(connection: &mut Connection, past: &[Past]) {
    let is_due = crate::types::random::random::<1>().is_ok_and(|random| random[0] < 32);
    if past.is_empty() || !is_due || connection.is_lost() {
        return;
    }
    let done = connection
        .queue_begin(Isolation::ReadCommitted, Durability::Relaxed)
        .and_then(|()| {
            past.iter().try_for_each(|Past { sql, time, stamp }| {
                let mut parameters = vec![Value::Bytes(time), Value::Integer(32)];
                parameters.extend(stamp.as_deref().map(Value::Bytes));
                connection.queue(sql, &parameters)
            })
        })
        .and_then(|()| connection.queue_control("COMMIT"))
        .and_then(|()| connection.send());
    if let Err(Failure::Refused(_)) = done {
        roll_back(connection);
    }
}

/// The columns of the current row, in the binary format.
struct Columns<'a> {
    row: &'a DataRowBody,
    ranges: &'a [Option<Range<usize>>],
}

impl row::Columns for Columns<'_> {
    fn integer(&self, column: usize) -> Result<Option<i64>> {
        let Some(bytes) = self.bytes(column)? else { return Ok(None) };
        match bytes.try_into().map(i64::from_be_bytes) {
            Ok(number) => Ok(Some(number)),
            Err(_) => {
                bytes.try_into().map(|bytes| Some(i32::from_be_bytes(bytes).into())).map_err(|_| damaged())
            }
        }
    }

    fn text(&self, column: usize) -> Result<Option<&str>> {
        self.bytes(column)?.map(|text| str::from_utf8(text).map_err(|_| damaged())).transpose()
    }

    fn bytes(&self, column: usize) -> Result<Option<&[u8]>> {
        match self.ranges.get(column).ok_or_else(unexpected)? {
            Some(range) => self.row.buffer().get(range.clone()).map(Some).ok_or_else(unexpected),
            None => Ok(None),
        }
    }
}
