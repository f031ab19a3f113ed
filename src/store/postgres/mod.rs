//! PostgreSQL, and what speaks as it does: any number of processes on one store. Writes are serializable
//! transactions, run again where the server asks for it; every wait ends with `limits.store_timeout_ms`.

mod tls;
mod url;
mod wire;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::DataRowBody;
use rustls::ClientConfig;

use self::url::{Mode, Url, wrong};
use self::wire::{Connection, Failure, SqlState};
use super::events::Order;
use super::pool::Pool;
use super::schema::{self, Found, Plan};
use super::{Durability, Row, Server, Tx, Value, damaged};
use crate::crypto;
use crate::error::{Code, Error, Result};

/// Whoever migrates holds this lock ("dwrd"), so that the others wait.
const MIGRATING: &str = "SELECT pg_advisory_xact_lock(1685549668)";

pub(crate) struct Postgres {
    pool: Pool<Connection>,
    order: Order,
    server: Address,
    timeout: Duration,
    /// The schema that opening found.
    pub(super) found: i64,
}

impl Postgres {
    pub(super) fn open(url: &str, connections: usize, timeout: Duration, plan: Plan) -> Result<Postgres> {
        let url = Url::parse(url)?;
        let tls = tls::config(&url.tls)?;
        let server = Address { url, tls, last: AtomicUsize::new(0), timeout };
        let (pool, order) = (Pool::new(connections), Order::default());
        let mut store = Postgres { pool, order, server, timeout, found: 0 };
        let deadline = Instant::now() + timeout;
        // The one place where a refusal is the configuration's fault.
        let connect = || store.server.connect(deadline).map_err(|failure| misconfigured(&failure));
        let found = store.pool.with(deadline, connect, |connection| migrate(connection, plan, deadline))?;
        store.found = found;
        Ok(store)
    }

    pub(super) fn server(&self) -> Result<Server> {
        self.with(Instant::now() + self.timeout, |connection, _| {
            Ok(Server {
                version: connection.server_version().to_owned(),
                is_local: connection.is_local(),
                is_encrypted: connection.is_encrypted(),
                is_verified: self.server.url.tls.mode >= Mode::VerifyCa,
            })
        })
    }

    pub(super) fn read<T>(&self, f: impl FnOnce(&mut Tx) -> Result<T>) -> Result<T> {
        self.with(Instant::now() + self.timeout, |connection, deadline| {
            f(&mut Tx::Postgres(Statements {
                alone: Some((self, deadline)),
                ..Statements::new(connection, &self.order)
            }))
        })
    }

    /// Runs `f` in a transaction until it is committed: again after a conflict with another one, and again
    /// on a new connection when the one it had was lost before it was told to commit.
    pub(super) fn write<T>(
        &self,
        durability: Durability,
        mut f: impl FnMut(&mut Tx) -> Result<T>,
    ) -> Result<T> {
        self.with(Instant::now() + self.timeout, |connection, deadline| {
            for attempt in 0.. {
                match transaction(connection, &self.order, durability, &mut f) {
                    Ok(result) => return result,
                    Err(Interrupted::Conflict(failure)) => {
                        pause(attempt, deadline).map_err(|_| failed(&failure))?
                    }
                    Err(Interrupted::Lost(failure)) => {
                        pause(attempt, deadline).map_err(|_| failed(&failure))?;
                        self.reconnect(connection, deadline)?;
                    }
                }
            }
            Err(damaged())
        })
    }

    fn with<T>(&self, deadline: Instant, f: impl FnOnce(&mut Connection, Instant) -> Result<T>) -> Result<T> {
        let connect = || self.server.connect(deadline).map_err(|failure| failed(&failure));
        self.pool.with(deadline, connect, |connection| {
            connection.set_deadline(deadline);
            if !connection.is_alive() {
                self.reconnect(connection, deadline)?;
            }
            let result = f(connection, deadline);
            if connection.is_lost() {
                // What was open beside it is probably lost, too.
                self.pool.close_idle();
            }
            result
        })
    }

    fn reconnect(&self, connection: &mut Connection, deadline: Instant) -> Result<()> {
        self.pool.close_idle();
        *connection = self.server.connect(deadline).map_err(|failure| failed(&failure))?;
        Ok(())
    }
}

/// Why a transaction did not come to its end.
enum Interrupted {
    Conflict(Failure),
    Lost(Failure),
}

/// Runs `f` in a transaction of its own. It is committed when this returns a value.
fn transaction<T>(
    connection: &mut Connection,
    order: &Order,
    durability: Durability,
    f: &mut impl FnMut(&mut Tx) -> Result<T>,
) -> std::result::Result<Result<T>, Interrupted> {
    let begun =
        connection.queue_control("BEGIN ISOLATION LEVEL SERIALIZABLE").and_then(|()| match durability {
            Durability::Relaxed => connection.queue_relaxed(),
            Durability::Full => Ok(()),
        });
    begun.map_err(Interrupted::Lost)?;
    let mut tx = Tx::Postgres(Statements::new(connection, order));
    let result = f(&mut tx);
    let (failure, past) = match tx {
        Tx::Postgres(statements) => (statements.failure, statements.past),
        Tx::Sqlite(_) => (None, Vec::new()),
    };
    match (result, failure) {
        (Ok(value), None) => commit(connection).map(|committed| {
            committed.map(|()| {
                tidy(connection, &past);
                value
            })
        }),
        (_, Some(failure)) => interrupted(connection, failure).map(Err),
        (Err(error), None) => {
            roll_back(connection);
            Ok(Err(error))
        }
    }
}

fn commit(connection: &mut Connection) -> std::result::Result<Result<()>, Interrupted> {
    connection.queue_control("COMMIT").map_err(Interrupted::Lost)?;
    match connection.send() {
        _ if connection.has_committed() => Ok(Ok(())),
        Ok(_) => Ok(Err(Error::new(Code::StoreUnavailable, "rolled back"))),
        Err(failure @ Failure::Refused(_)) => interrupted(connection, failure).map(Err),
        Err(Failure::Lost(why)) => {
            let detail = format!("postgres: commit outcome unknown: {why}");
            Ok(Err(Error::new(Code::StoreUnavailable, detail)))
        }
    }
}

/// Now and then, for the others too, deletes what is past its time. It may fail: the next one tries again.
fn tidy(connection: &mut Connection, past: &[(&'static str, Vec<u8>)]) {
    let is_due = crypto::random::<1>().is_ok_and(|random| random[0] < 32);
    if past.is_empty() || !is_due || connection.is_lost() {
        return;
    }
    let done = connection
        .queue_control("BEGIN ISOLATION LEVEL READ COMMITTED")
        .and_then(|()| connection.queue_relaxed())
        .and_then(|()| {
            past.iter()
                .try_for_each(|(sql, past)| connection.queue(sql, &[Value::Bytes(past), Value::Integer(32)]))
        })
        .and_then(|()| connection.queue_control("COMMIT"))
        .and_then(|()| connection.send());
    if let Err(Failure::Refused(_)) = done {
        roll_back(connection);
    }
}

/// What to do about a failed statement; the error, where nothing is to be done.
fn interrupted(connection: &mut Connection, failure: Failure) -> std::result::Result<Error, Interrupted> {
    match &failure {
        Failure::Lost("timeout") => Ok(failed(&failure)),
        Failure::Lost(_) => Err(Interrupted::Lost(failure)),
        Failure::Refused(state) => {
            roll_back(connection);
            match state.as_str() {
                // Two that cannot both be, in any order; also two that make the same row: the one that is
                // run again finds it.
                "40001" | "40P01" | "23505" => Err(Interrupted::Conflict(failure)),
                _ => Ok(failed(&failure)),
            }
        }
    }
}

/// Where this fails the connection is not used again.
fn roll_back(connection: &mut Connection) {
    let _ = connection.queue_control("ROLLBACK").and_then(|()| connection.send());
}

/// Waits a little before the next try, longer each time, and at random, so that two do not meet again.
/// Failure: there is no time left.
fn pause(attempt: u32, deadline: Instant) -> Result<()> {
    let random = u64::from(u16::from_be_bytes(crypto::random()?));
    let longest = 1_000 << attempt.min(6);
    let pause = Duration::from_micros((random * longest) >> 16);
    if Instant::now() + pause >= deadline {
        return Err(Code::StoreUnavailable.into());
    }
    thread::sleep(pause);
    Ok(())
}

/// How to reach the server.
struct Address {
    url: Url,
    tls: Option<Arc<ClientConfig>>,
    /// The host that answered last is asked first.
    last: AtomicUsize,
    timeout: Duration,
}

impl Address {
    fn connect(&self, deadline: Instant) -> std::result::Result<Connection, Failure> {
        let (count, last) = (self.url.hosts.len(), self.last.load(Ordering::Relaxed));
        let mut failure = Failure::Lost("no host");
        for index in 0..count {
            let host = (last + index) % count;
            let left = deadline.saturating_duration_since(Instant::now()) / (count - index) as u32;
            let left = self.url.connect_timeout.map_or(left, |most| left.min(most));
            match self.connect_to(host, Instant::now() + left) {
                Ok(mut connection) => {
                    self.last.store(host, Ordering::Relaxed);
                    connection.set_deadline(deadline);
                    return Ok(connection);
                }
                Err(other) => failure = other,
            }
        }
        Err(failure)
    }

    /// As `sslmode` asks, with and without TLS.
    fn connect_to(&self, host: usize, deadline: Instant) -> std::result::Result<Connection, Failure> {
        let host = &self.url.hosts[host];
        let open = |tls| Connection::open(host, &self.url, tls, deadline);
        let tls = self.tls.as_ref();
        let mut connection = match (self.url.tls.mode, host) {
            (Mode::Allow, url::Host::Tcp(..)) => open(None).or_else(|failure| match failure {
                Failure::Refused(state) if is_login(state) => open(tls),
                failure => Err(failure),
            }),
            (Mode::Prefer, url::Host::Tcp(..)) => open(tls).or_else(|failure| match failure {
                Failure::Refused(state) if is_login(state) => open(None),
                Failure::Lost(why) if why.starts_with("tls") => open(None),
                failure => Err(failure),
            }),
            _ => open(tls),
        }?;
        self.prepare(&mut connection)?;
        Ok(connection)
    }

    /// Bounds that hold where this end can no longer see to it, and plans that suit small rows by key.
    fn prepare(&self, connection: &mut Connection) -> std::result::Result<(), Failure> {
        let milliseconds = self.timeout.as_millis();
        connection.run(&format!(
            "SET statement_timeout = {milliseconds}; SET lock_timeout = {milliseconds}; \
             SET idle_in_transaction_session_timeout = {milliseconds}"
        ))?;
        // Not every server that speaks as PostgreSQL does has these. A sequential scan of a small table would
        // conflict with every write to it, where one of an index conflicts with its neighbours only.
        accepts(connection, "SET enable_seqscan = off")?;
        accepts(connection, "SET plan_cache_mode = force_generic_plan")?;
        accepts(connection, "SET jit = off")?;
        // What is acknowledged is on the disk, however the server is set up.
        let durable = "SELECT set_config('synchronous_commit', 'on', false) \
                       WHERE current_setting('synchronous_commit') = 'off'";
        connection.can_relax = accepts(connection, durable)?;
        if self.url.read_write {
            let reply = connection.run("SHOW transaction_read_only")?;
            if reply.rows.first().is_some_and(|row| row.buffer().ends_with(b"on")) {
                return Err(Failure::Lost("the server only reads"));
            }
        }
        Ok(())
    }
}

/// Whether the server knows what it is asked for.
fn accepts(connection: &mut Connection, sql: &str) -> std::result::Result<bool, Failure> {
    match connection.run(sql) {
        Ok(_) => Ok(true),
        Err(Failure::Refused(_)) => Ok(false),
        Err(lost) => Err(lost),
    }
}

fn is_login(state: SqlState) -> bool {
    state.as_str().starts_with("28")
}

/// Brings the schema up to date, in one transaction; the schema that it found. Any number of processes may do so at
/// once: whoever comes first migrates, and the others wait for it.
fn migrate(connection: &mut Connection, plan: Plan, deadline: Instant) -> Result<i64> {
    let first = found(connection)?;
    let mut before = first;
    for attempt in 0.. {
        if plan.missing(before)?.is_empty() {
            return Ok(first.version);
        }
        // A store that is made is waited for no longer than for anything else.
        let until = if before.version == 0 { deadline } else { Instant::now() + schema::PATIENCE };
        connection.set_deadline(until);
        let failure = match take_steps(connection, plan, until) {
            Ok(taken) => return taken.map(|()| first.version),
            Err(failure) => failure,
        };
        if connection.is_lost() {
            return Err(failed(&failure));
        }
        roll_back(connection);
        connection.set_deadline(deadline);
        // On a server without such locks another process may have been faster, or be about to be.
        let after = found(connection)?;
        let is_overtaken = after.version > before.version;
        match &failure {
            Failure::Refused(state)
                if is_overtaken
                    || matches!(
                        state.as_str(),
                        "40001" | "40P01" | "23505" | "42P07" | "42701" | "42710" | "XX000"
                    ) =>
            {
                pause(attempt, deadline).map_err(|_| failed(&failure))?;
            }
            _ => return Err(misconfigured(&failure)),
        }
        before = after;
    }
    Err(damaged())
}

/// Takes the steps that are missing once nobody else is doing so. The version is read under the lock.
fn take_steps(
    connection: &mut Connection,
    plan: Plan,
    until: Instant,
) -> std::result::Result<Result<()>, Failure> {
    let milliseconds = until.saturating_duration_since(Instant::now()).as_millis().max(1);
    // Read committed: the snapshot of anything stricter would be from before the wait.
    connection.run(&format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = {milliseconds}; \
         SET LOCAL lock_timeout = {milliseconds}"
    ))?;
    connection.run("SAVEPOINT unlocked")?;
    match connection.run(MIGRATING) {
        Ok(_) => {}
        // No such function, or not supported: then one of several fails, and looks again.
        Err(Failure::Refused(state)) if ["42883", "0A000"].contains(&state.as_str()) => {
            connection.run("ROLLBACK TO SAVEPOINT unlocked")?;
        }
        Err(failure) => return Err(failure),
    }
    let missing = found(connection).and_then(|found| Ok((found, plan.missing(found)?)));
    let (before, missing) = match missing {
        Ok(found) => found,
        Err(error) => {
            roll_back(connection);
            return Ok(Err(error));
        }
    };
    if before.version == 0 {
        connection.run(schema::TABLE)?;
    }
    for (version, step) in missing {
        connection.run(step.postgres)?;
        let additive = i64::from(step.is_additive);
        connection.run(&format!(
            "INSERT INTO doorward_schema (version, additive) VALUES ({version}, {additive})"
        ))?;
    }
    connection.run("COMMIT")?;
    match connection.has_committed() {
        true => Ok(Ok(())),
        false => Err(Failure::Lost("rolled back")),
    }
}

/// The steps of the store. Failure: `invalid_config`, for tables of another program.
fn found(connection: &mut Connection) -> Result<Found> {
    let mut numbers = |sql| -> Result<[Option<i64>; 2]> {
        let mut numbers = [None; 2];
        let order = Order::default();
        let mut statements = Statements::new(connection, &order);
        statements.query(sql, &[], |row| {
            numbers = [row.optional_integer(0)?, row.optional_integer(1)?];
            Ok(())
        })?;
        Ok(numbers)
    };
    let tables = "SELECT count(*), count(CASE WHEN tablename = 'doorward_schema' THEN 1 END) \
                  FROM pg_catalog.pg_tables WHERE schemaname = current_schema()";
    match numbers(tables)? {
        [Some(0), _] => Ok(Found::default()),
        [_, Some(0)] => {
            Err(wrong("a database of another program: doorward needs one, or a schema, of its own"))
        }
        _ => {
            let [version, needed] = numbers(schema::FOUND)?;
            Ok(Found { version: version.unwrap_or(0), needed: needed.unwrap_or(0) })
        }
    }
}

/// Statements on one connection.
pub(crate) struct Statements<'a> {
    connection: &'a mut Connection,
    order: &'a Order,
    /// The first failure: after it the transaction is over, whatever its function makes of it.
    failure: Option<Failure>,
    /// Where each statement stands alone, and can be sent again to a server that came back.
    alone: Option<(&'a Postgres, Instant)>,
    /// What to delete after the transaction: statements and the time before which rows are past theirs, as
    /// it is sent.
    past: Vec<(&'static str, Vec<u8>)>,
}

impl<'a> Statements<'a> {
    fn new(connection: &'a mut Connection, order: &'a Order) -> Statements<'a> {
        Statements { connection, order, failure: None, alone: None, past: Vec::new() }
    }

    pub(super) fn order(&self) -> &Order {
        self.order
    }

    pub(super) fn forget(&mut self, sql: &'static str, past: Value) -> Result<()> {
        self.past.push(match past {
            Value::Null => return Ok(()),
            Value::Integer(number) => (sql, number.to_be_bytes().to_vec()),
            Value::Text(text) => (sql, text.as_bytes().to_vec()),
            Value::Bytes(bytes) => (sql, bytes.to_vec()),
        });
        Ok(())
    }

    /// Runs a statement without waiting for it, where the next one can bring its outcome along.
    pub(super) fn run(&mut self, sql: &'static str, parameters: &[Value]) -> Result<()> {
        if self.alone.is_some() {
            return self.execute(sql, parameters).map(|_| ());
        }
        self.go_on()?;
        let queued = self.connection.queue(sql, parameters);
        queued.map_err(|failure| self.failed(failure))
    }

    pub(super) fn execute(&mut self, sql: &'static str, parameters: &[Value]) -> Result<usize> {
        self.send(sql, parameters).map(|reply| reply.count)
    }

    pub(super) fn query(
        &mut self,
        sql: &'static str,
        parameters: &[Value],
        mut each: impl FnMut(&Row) -> Result<()>,
    ) -> Result<()> {
        let reply = self.send(sql, parameters)?;
        let mut ranges = Vec::new();
        for row in &reply.rows {
            ranges.clear();
            let mut columns = row.ranges();
            while let Some(range) = columns.next().map_err(|_| damaged())? {
                ranges.push(range);
            }
            each(&Row::Postgres(Columns { row, ranges: &ranges }))?;
        }
        Ok(())
    }

    fn send(&mut self, sql: &'static str, parameters: &[Value]) -> Result<wire::Reply> {
        self.go_on()?;
        let send = |connection: &mut Connection| {
            connection.queue(sql, parameters)?;
            connection.send()
        };
        let mut reply = send(self.connection);
        if let (Err(Failure::Lost(why)), Some((store, deadline))) = (&reply, self.alone)
            && *why != "timeout"
        {
            store.reconnect(self.connection, deadline)?;
            reply = send(self.connection);
        }
        reply.map_err(|failure| self.failed(failure))
    }

    fn go_on(&self) -> Result<()> {
        self.failure.as_ref().map_or(Ok(()), |failure| Err(failed(failure)))
    }

    fn failed(&mut self, failure: Failure) -> Error {
        let error = failed(&failure);
        if self.alone.is_none() {
            self.failure = Some(failure);
        }
        error
    }
}

/// The columns of the current row, in the binary format.
pub(crate) struct Columns<'a> {
    row: &'a DataRowBody,
    ranges: &'a [Option<Range<usize>>],
}

impl<'a> Columns<'a> {
    pub(super) fn integer(&self, column: usize) -> Result<Option<i64>> {
        let Some(bytes) = self.bytes(column)? else { return Ok(None) };
        match bytes.try_into().map(i64::from_be_bytes) {
            Ok(number) => Ok(Some(number)),
            Err(_) => {
                bytes.try_into().map(|bytes| Some(i32::from_be_bytes(bytes).into())).map_err(|_| damaged())
            }
        }
    }

    pub(super) fn text(&self, column: usize) -> Result<Option<&'a str>> {
        self.bytes(column)?.map(|text| str::from_utf8(text).map_err(|_| damaged())).transpose()
    }

    pub(super) fn bytes(&self, column: usize) -> Result<Option<&'a [u8]>> {
        match self.ranges.get(column).ok_or_else(damaged)? {
            Some(range) => self.row.buffer().get(range.clone()).map(Some).ok_or_else(damaged),
            None => Ok(None),
        }
    }
}

/// The SQLSTATE, never the server's text, which could quote a value.
fn failed(failure: &Failure) -> Error {
    let detail = match failure {
        Failure::Refused(state) => format!("postgres: {}", state.as_str()),
        Failure::Lost(why) => format!("postgres: {why}"),
    };
    Error::new(Code::StoreUnavailable, detail)
}

/// At opening a refusal to let us in, or to let us make tables, is a matter of the configuration.
fn misconfigured(failure: &Failure) -> Error {
    let reason = match failure {
        Failure::Refused(state) => match state.as_str() {
            "3D000" => "no such database",
            "3F000" => "no schema to make tables in",
            "42501" => "not allowed to make tables",
            _ if is_login(*state) => "the server does not let this user in",
            _ => return failed(failure),
        },
        Failure::Lost("password missing") => "the server asks for a password",
        Failure::Lost(_) => return failed(failure),
    };
    wrong(format!("postgres: {reason}"))
}
