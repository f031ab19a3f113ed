//! PostgreSQL, and what speaks as it does: any number of processes on one store. Writes are serializable
//! transactions, run again where the server asks for it; every wait ends with `limits.store_timeout_ms`.

mod address;
mod failures;
mod moving;
mod tls;
mod url;
mod wire;

use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::DataRowBody;

use self::address::{Address, Purpose, texts};
use self::failures::{Failure, PGPOOL, Remedy};
pub(super) use self::moving::place;
use self::url::{Mode, wrong};
use self::wire::{Connection, Isolation, Reply};
use super::events::Log;
use super::pool::Pool;
use super::schema::{self, Found, Plan};
use super::{Durability, Row, Server, Tx, Value, copy, damaged};
use crate::clock::Clock;
use crate::crypto;
use crate::error::{Code, Error, Result};

/// Whoever migrates holds this lock ("dwrd"), so that the others wait.
const MIGRATING: &str = "SELECT pg_advisory_xact_lock(1685549668)";

pub(crate) struct Postgres {
    pool: Pool<Connection>,
    log: Log,
    server: Address,
    pub(super) timeout: Duration,
    plan: Plan,
    /// Fails where a newer engine has taken a step that shuts this one out, and keeps such a step waiting.
    gate: String,
    /// The schema that opening found.
    pub(super) found: i64,
}

impl Postgres {
    pub(super) fn open(url: &str, connections: usize, timeout: Duration, plan: Plan) -> Result<Postgres> {
        let server = Address::new(url, timeout)?;
        let (pool, log) = (Pool::new(connections), Log::default());
        let gate = format!("SELECT {} FROM doorward_schema WHERE false", gate(plan.needed()));
        let mut store = Postgres { pool, log, server, timeout, plan, gate, found: 0 };
        let deadline = Instant::now() + timeout;
        // What is opened can be used: it writes, and so it is wanted for that.
        let connect =
            || store.server.connect(Purpose::Writing, deadline).map_err(|failure| failure.error_at_opening());
        let found = store.pool.with(deadline, connect, |connection| {
            asks_the_primary(connection)?;
            let found = migrate(connection, plan, deadline)?;
            let note = moving::note(connection).map_err(|failure| failure.error_at_opening())?;
            match note {
                // Its tables have other names.
                Some(note) if plan.admits_moved && note.is_left() => return Ok(found),
                Some(note) if !plan.admits_moved => note.admit()?,
                _ => {}
            }
            store.log.set_append_only(is_append_only(connection)?);
            privileges(connection).map(|()| found)
        })?;
        store.found = found;
        Ok(store)
    }

    /// Whether the store can still be used. Failures as at opening.
    pub(super) fn examine(&self) -> Result<()> {
        let deadline = Instant::now() + self.timeout;
        let mut connection =
            self.server.connect(Purpose::Writing, deadline).map_err(|failure| failure.error_at_opening())?;
        asks_the_primary(&mut connection)?;
        let note = moving::note(&mut connection).map_err(|failure| failure.error_at_opening())?;
        note.map_or(Ok(()), |note| note.admit())?;
        privileges(&mut connection)
    }

    pub(super) fn server(&self) -> Result<Server> {
        self.with(Instant::now() + self.timeout, |connection, deadline| {
            let ahead_ms = clock_ahead(connection)?;
            Ok(Server {
                ahead_ms,
                version: connection.server_version().to_owned(),
                is_local: connection.is_local(),
                is_encrypted: connection.is_encrypted(),
                is_verified: self.server.url.tls.mode >= Mode::VerifyCa,
                is_pooled: self.server.is_pooled(),
                shares_processes: self.server.is_pooled() && self.shares_processes(connection, deadline),
            })
        })
    }

    /// Whether a pooler gives one process of the server to two connections that are open: it pools transactions. One
    /// that has a choice of processes may pool transactions and not be seen to.
    fn shares_processes(&self, connection: &mut Connection, deadline: Instant) -> bool {
        // One that pools sessions may have none for another connection.
        let soon = Instant::now() + Duration::from_secs(1);
        let Ok(mut other) = self.server.connect(Purpose::Writing, deadline.min(soon)) else { return false };
        let process = |connection: &mut Connection| {
            let reply = ask(connection, "SELECT pg_backend_pid()").ok()?;
            texts(&reply)?.into_iter().next()
        };
        (0..4).any(|_| process(connection).is_some_and(|own| process(&mut other) == Some(own)))
    }

    /// How many rows the server expects of a statement that it explains.
    pub(super) fn expected(&self, explain: &str) -> Result<Option<i64>> {
        let plan = self.text(explain)?;
        let rows = plan.split_once(" rows=").map(|(_, rest)| rest.split(' ').next().unwrap_or_default());
        Ok(rows.and_then(|rows| rows.parse().ok()))
    }

    /// What the tables take on the server's disk, with their indexes.
    pub(super) fn bytes(&self) -> Result<u64> {
        let tables = copy::tables().map(|table| format!("'{table}'")).collect::<Vec<_>>().join(", ");
        let bytes = self.text(&format!(
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_catalog.pg_class \
             WHERE relname IN ({tables}) AND relnamespace = current_schema()::regnamespace"
        ))?;
        bytes.parse().map_err(|_| damaged())
    }

    /// The first column of the first row of a query.
    fn text(&self, sql: &str) -> Result<String> {
        self.with(Instant::now() + self.timeout, |connection, _| {
            let reply = ask(connection, sql).map_err(|failure| self.explained(connection, &failure))?;
            texts(&reply).and_then(|texts| texts.into_iter().next()).ok_or_else(damaged)
        })
    }

    pub(super) fn read<T>(&self, deadline: Instant, f: impl FnOnce(&mut Tx) -> Result<T>) -> Result<T> {
        self.with(deadline, |connection, deadline| {
            f(&mut Tx::Postgres(Statements {
                alone: Some((self, deadline)),
                ..Statements::new(connection, &self.log)
            }))
        })
    }

    /// Runs `f` in a transaction until it is committed: again after a conflict with another one, and again
    /// on a new connection when the one it had was lost before it was told to commit.
    pub(super) fn write<T>(&self, durability: Durability, f: impl FnMut(&mut Tx) -> Result<T>) -> Result<T> {
        self.write_isolated(Isolation::Serializable, durability, f)
    }

    pub(super) fn write_in_turn<T>(&self, f: impl FnMut(&mut Tx) -> Result<T>) -> Result<T> {
        self.write_isolated(Isolation::ReadCommitted, Durability::Full, f)
    }

    fn write_isolated<T>(
        &self,
        isolation: Isolation,
        durability: Durability,
        mut f: impl FnMut(&mut Tx) -> Result<T>,
    ) -> Result<T> {
        self.with(Instant::now() + self.timeout, |connection, deadline| {
            for attempt in 0.. {
                let failure = match self.transaction(connection, isolation, durability, &mut f) {
                    Ok(result) => return result,
                    Err(failure) => failure,
                };
                let is_tried_enough = match failure.remedy() {
                    Remedy::Again => false,
                    Remedy::AgainBriefly | Remedy::Elsewhere => attempt >= MOST_TRIES,
                    Remedy::None => true,
                };
                if is_tried_enough || pause(attempt, deadline).is_err() {
                    return Err(self.explained(connection, &failure));
                }
                if failure.remedy() == Remedy::Elsewhere {
                    self.look_again(connection, &failure, Purpose::Writing, deadline)?;
                }
            }
            Err(damaged())
        })
    }

    fn with<T>(&self, deadline: Instant, f: impl FnOnce(&mut Connection, Instant) -> Result<T>) -> Result<T> {
        let connect = || self.server.connect(Purpose::Any, deadline).map_err(|failure| failure.error());
        self.pool.with(deadline, connect, |connection| {
            connection.set_deadline(deadline);
            if !connection.is_alive() {
                self.reconnect(connection, Purpose::Any, deadline)?;
            }
            let result = f(connection, deadline);
            if connection.is_lost() {
                // What was open beside it is probably lost, too.
                self.pool.close_idle();
            }
            result
        })
    }

    /// Runs `f` in a transaction of its own. It is committed when this returns a value. Failure: it came to no end.
    fn transaction<T>(
        &self,
        connection: &mut Connection,
        isolation: Isolation,
        durability: Durability,
        f: &mut impl FnMut(&mut Tx) -> Result<T>,
    ) -> Result<Result<T>, Failure> {
        connection.queue_begin(isolation, durability)?;
        connection.queue_control(&self.gate)?;
        let mut tx = Tx::Postgres(Statements::new(connection, &self.log));
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
            (_, Some(failure)) => Err(given_up(connection, failure)),
            (Err(error), None) => {
                roll_back(connection);
                Ok(Err(error))
            }
        }
    }

    /// The error of a failure, for the host. What is missing for an engine that a newer one has shut out is told by
    /// the steps; a store that is moved, or was, says where to.
    fn explained(&self, connection: &mut Connection, failure: &Failure) -> Error {
        if let Some(moves) = moving::refusal(connection, failure) {
            return moves;
        }
        let is_missing = matches!(failure, Failure::Refused(state) if state.as_str().starts_with("42"));
        if is_missing
            && let Ok(Found { needed, .. }) = found(connection)
            && needed > self.plan.newest()
        {
            return Error::new(Code::StoreUnavailable, format!("schema_too_new: schema {needed} is needed"));
        }
        failure.error()
    }

    /// Another connection, for what this one failed to do.
    fn look_again(
        &self,
        connection: &mut Connection,
        failure: &Failure,
        purpose: Purpose,
        deadline: Instant,
    ) -> Result<()> {
        if failure.shows_a_pooler() {
            self.server.set_pooled();
        }
        self.reconnect(connection, purpose, deadline)
    }

    fn reconnect(&self, connection: &mut Connection, purpose: Purpose, deadline: Instant) -> Result<()> {
        self.pool.close_idle();
        *connection = self.server.connect(purpose, deadline).map_err(|failure| failure.error())?;
        Ok(())
    }
}

/// How often something is tried whose failure may be for good.
const MOST_TRIES: u32 = 8;

fn commit(connection: &mut Connection) -> Result<Result<()>, Failure> {
    connection.queue_control("COMMIT")?;
    match connection.send() {
        _ if connection.has_committed() => Ok(Ok(())),
        Ok(_) => Ok(Err(Error::new(Code::StoreUnavailable, "rolled back"))),
        Err(failure @ (Failure::Refused(_) | Failure::Unusable(_))) => Err(given_up(connection, failure)),
        Err(Failure::Lost(why)) => {
            let detail = format!("postgres: commit outcome unknown: {why}");
            Ok(Err(Error::new(Code::StoreUnavailable, detail)))
        }
    }
}

/// Now and then, for the others too, deletes what is past its time. It may fail: the next one tries again.
fn tidy(connection: &mut Connection, past: &[Past]) {
    let is_due = crypto::random::<1>().is_ok_and(|random| random[0] < 32);
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

/// A failure after which nothing is left of the transaction.
fn given_up(connection: &mut Connection, failure: Failure) -> Failure {
    if connection.is_in_transaction() {
        roll_back(connection);
    }
    failure
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

/// Refuses pgpool-II, which sends reads to standbys and may answer them from a cache: it alone knows its version.
fn asks_the_primary(connection: &mut Connection) -> Result<()> {
    match connection.run("SHOW pool_version") {
        Ok(_) => Err(Failure::Unusable(PGPOOL).error()),
        Err(Failure::Refused(_)) => Ok(()),
        Err(failure) => Err(failure.error()),
    }
}

/// Whether the role may add to the audit log, and not shorten it.
fn is_append_only(connection: &mut Connection) -> Result<bool> {
    let sql = "SELECT CASE WHEN has_table_privilege('events', 'DELETE') THEN 0 ELSE 1 END";
    let reply = ask(connection, sql).map_err(|failure| failure.error_at_opening())?;
    Ok(matches!(texts(&reply).as_deref(), Some([text]) if text == "1"))
}

/// How many milliseconds the server's clock is ahead of this machine's. Half the way there and back is taken as the way
/// there.
fn clock_ahead(connection: &mut Connection) -> Result<i64> {
    let (clock, before) = (Clock::system(), Instant::now());
    let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let reply = ask(connection, sql).map_err(|failure| failure.error())?;
    let way = i64::try_from(before.elapsed().as_millis()).unwrap_or(i64::MAX) / 2;
    let there = texts(&reply).and_then(|texts| texts.first()?.parse::<i64>().ok()).ok_or_else(damaged)?;
    Ok(there - (clock.now_ms() - way))
}

/// Refuses a role that may not do with the rows of a table what the engine does; all that it may not is told. The
/// audit log may be append-only.
fn privileges(connection: &mut Connection) -> Result<()> {
    let tables = copy::tables().map(|table| format!("('{table}')")).collect::<Vec<_>>().join(", ");
    let missing = format!(
        "SELECT coalesce(string_agg(rights || ' on ' || tables, '; ' ORDER BY rights, tables), '') FROM ( \
         SELECT rights, string_agg(table_, ', ' ORDER BY table_) AS tables FROM ( \
         SELECT table_, string_agg(right_, ', ' ORDER BY right_) AS rights FROM (VALUES {tables}) AS t (table_), \
         (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) AS r (right_) \
         WHERE NOT (table_ = 'events' AND right_ IN ('UPDATE', 'DELETE')) \
         AND NOT has_table_privilege(table_, right_) GROUP BY table_) AS of_each GROUP BY rights) AS together"
    );
    let reply = ask(connection, &missing).map_err(|failure| failure.error_at_opening())?;
    match texts(&reply).as_deref() {
        Some([missing]) if !missing.is_empty() => {
            Err(wrong(format!("postgres: the role has not the privilege {missing}")))
        }
        _ => Ok(()),
    }
}

/// Runs a query that is not prepared, in the transaction that is open or in one of its own.
fn ask(connection: &mut Connection, sql: &str) -> Result<Reply, Failure> {
    if connection.is_in_transaction() {
        return connection.run(sql);
    }
    connection.begin(Isolation::ReadCommitted)?;
    let reply = connection.run(sql);
    roll_back(connection);
    reply
}

/// The column of `doorward_schema` that an engine finds only if it knows so many steps: its name is looked up in the
/// catalogue as it is when the lock on the table is granted, whatever a transaction's snapshot is.
fn gate(needed: i64) -> String {
    format!("needs_{needed}")
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
            return Err(failure.error());
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
                pause(attempt, deadline).map_err(|_| failure.error())?;
            }
            _ => return Err(failure.error_at_opening()),
        }
        before = after;
    }
    Err(damaged())
}

/// Takes the steps that are missing once nobody else is doing so. The version is read under the lock.
fn take_steps(connection: &mut Connection, plan: Plan, until: Instant) -> Result<Result<()>, Failure> {
    let milliseconds = until.saturating_duration_since(Instant::now()).as_millis().max(1);
    // Read committed: the snapshot of anything stricter would be from before the wait.
    connection.begin(Isolation::ReadCommitted)?;
    connection.run(&format!(
        "SET LOCAL statement_timeout = {milliseconds}; SET LOCAL lock_timeout = {milliseconds}"
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
    } else if moving::note(connection)?.is_some_and(|note| note.is_left()) {
        // Its tables have other names. It takes the steps when it is given back.
        roll_back(connection);
        return Ok(Ok(()));
    }
    // Before the steps: it waits for whoever writes, and whoever comes then waits for the steps, and is shut out.
    match (before.needed, plan.needed()) {
        (0, needed) => {
            connection.run(&format!("ALTER TABLE doorward_schema ADD COLUMN {} BOOLEAN", gate(needed)))?;
        }
        (before, needed) if before < needed => {
            let (before, needed) = (gate(before), gate(needed));
            connection.run(&format!("ALTER TABLE doorward_schema RENAME COLUMN {before} TO {needed}"))?;
        }
        _ => {}
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
    let mut numbers = |sql: &str| -> Result<[i64; 2]> {
        let reply = ask(connection, sql).map_err(|failure| failure.error_at_opening())?;
        let texts = texts(&reply).ok_or_else(damaged)?;
        let numbers =
            texts.iter().map(|text| text.parse().map_err(|_| damaged())).collect::<Result<Vec<_>>>()?;
        numbers.try_into().map_err(|_| damaged())
    };
    let tables = "SELECT count(*), count(CASE WHEN tablename = 'doorward_schema' THEN 1 END) \
                  FROM pg_catalog.pg_tables WHERE schemaname = current_schema()";
    match numbers(tables)? {
        [0, _] => Ok(Found::default()),
        [_, 0] => Err(wrong("a database of another program: doorward needs one, or a schema, of its own")),
        _ => {
            let steps = schema::FOUND;
            let [version, needed] =
                numbers(&format!("SELECT coalesce(a, 0), coalesce(b, 0) FROM ({steps}) AS found (a, b)"))?;
            Ok(Found { version, needed })
        }
    }
}

/// Statements on one connection.
pub(crate) struct Statements<'a> {
    connection: &'a mut Connection,
    log: &'a Log,
    /// The first failure: after it the transaction is over, whatever its function makes of it.
    failure: Option<Failure>,
    /// Where each statement stands alone, and can be sent again to a server that came back.
    alone: Option<(&'a Postgres, Instant)>,
    /// What to delete after the transaction.
    past: Vec<Past>,
}

/// A statement that deletes what is past its time, and its parameters, as they are sent.
struct Past {
    sql: &'static str,
    time: Vec<u8>,
    stamp: Option<Vec<u8>>,
}

impl<'a> Statements<'a> {
    fn new(connection: &'a mut Connection, log: &'a Log) -> Statements<'a> {
        Statements { connection, log, failure: None, alone: None, past: Vec::new() }
    }

    pub(super) fn log(&self) -> &Log {
        self.log
    }

    pub(super) fn forget(&mut self, sql: &'static str, past: Value, stamp: Option<&[u8]>) -> Result<()> {
        let time = match past {
            Value::Null => return Ok(()),
            Value::Integer(number) => number.to_be_bytes().to_vec(),
            Value::Text(text) => text.as_bytes().to_vec(),
            Value::Bytes(bytes) => bytes.to_vec(),
        };
        self.past.push(Past { sql, time, stamp: stamp.map(<[u8]>::to_vec) });
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
        let Some((store, deadline)) = self.alone else {
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
                return Err(store.explained(self.connection, &failure));
            }
            store.look_again(self.connection, &failure, Purpose::Any, deadline)?;
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
