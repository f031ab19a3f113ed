//! PostgreSQL, and servers that speak its protocol: any number of processes on one store. Writes are
//! serializable transactions, run again where the server asks for it; every wait ends with
//! `limits.store_timeout_ms`.

mod address;
mod checks;
mod connections;
mod failures;
mod migration;
mod moving;
mod statements;
mod tls;
mod transactions;
pub(super) mod url;
mod wire;

use std::time::{Duration, Instant};

use self::address::{Address, Purpose};
use self::checks::{asks_the_primary, clock_ahead, complete, is_append_only, privileges};
use self::connections::Connections;
use self::failures::{Failure, Remedy};
use self::migration::{gate, migrate};
use self::statements::{Statements, tidy};
use self::transactions::{End, MOST_TRIES, ask, commit, given_up, pause, roll_back};
use self::url::Mode;
use self::wire::{Connection, Isolation};
use super::event_log::EventLog;
use super::pool::Pool;
use super::row::unexpected;
use super::schema::Plan;
use super::server::Server;
use super::tables;
use super::tx::{Durability, Tx, Work};
use crate::error::{Error, Result};

/// The SQLSTATE for a missing privilege.
const NO_PRIVILEGE: &str = "42501";

/// Whether a failure is a missing privilege, for example to write.
pub(super) fn lacks_privilege(error: &Error) -> bool {
    error.detail.as_deref().is_some_and(|detail| detail.contains(NO_PRIVILEGE))
}

pub(crate) struct Postgres {
    connections: Connections,
    log: EventLog,
    pub(super) timeout: Duration,
    /// A statement that fails if a newer engine has taken a step that shuts this one out, and that keeps such
    /// a step waiting.
    gate: String,
    /// The version of the schema that opening found.
    pub(super) found: i64,
}

impl Postgres {
    pub(super) fn open(url: &str, connections: usize, timeout: Duration, plan: Plan) -> Result<Postgres> {
        let server = Address::new(url, timeout)?;
        let log = EventLog::default();
        let connections = Connections { pool: Pool::new(connections), server, plan };
        let gate = format!("SELECT {} FROM doorward_schema WHERE false", gate(plan.needed()));
        let mut store = Postgres { connections, log, timeout, gate, found: 0 };
        let deadline = Instant::now() + timeout;
        // An opened store must be usable, so the server must be able to write.
        let connect = || {
            store
                .connections
                .server
                .connect(Purpose::Writing, deadline)
                .map_err(|failure| failure.error_at_opening())
        };
        let found = store.connections.pool.with(deadline, connect, |connection| {
            asks_the_primary(connection)?;
            let found = migrate(connection, plan, deadline)?;
            let note = moving::note(connection).map_err(|failure| failure.error_at_opening())?;
            match note {
                // The tables have other names.
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

    /// Checks whether the store can still be used. Failures: as at opening.
    pub(super) fn examine(&self) -> Result<()> {
        let deadline = Instant::now() + self.timeout;
        let mut connection = self
            .connections
            .server
            .connect(Purpose::Writing, deadline)
            .map_err(|failure| failure.error_at_opening())?;
        asks_the_primary(&mut connection)?;
        let note = moving::note(&mut connection).map_err(|failure| failure.error_at_opening())?;
        note.map_or(Ok(()), |note| note.admit())?;
        complete(&mut connection)?;
        privileges(&mut connection)
    }

    pub(super) fn server(&self) -> Result<Server> {
        self.connections.with(Instant::now() + self.timeout, |connection, deadline| {
            let ahead_ms = clock_ahead(connection)?;
            Ok(Server {
                ahead_ms,
                version: connection.server_version().to_owned(),
                is_local: connection.is_local(),
                is_encrypted: connection.is_encrypted(),
                is_verified: self.connections.server.url.tls.mode >= Mode::VerifyCa,
                is_pooled: self.connections.server.is_pooled(),
                shares_processes: self.connections.server.is_pooled()
                    && self.shares_processes(connection, deadline),
            })
        })
    }

    /// Whether a pooler gives two open connections the same process of the server: then it pools
    /// transactions. A pooler with several processes may pool transactions undetected.
    fn shares_processes(&self, connection: &mut Connection, deadline: Instant) -> bool {
        // A pooler of sessions may have no process for another connection.
        let soon = Instant::now() + Duration::from_secs(1);
        let Ok(mut other) = self.connections.server.connect(Purpose::Writing, deadline.min(soon)) else {
            return false;
        };
        let process = |connection: &mut Connection| {
            let reply = ask(connection, "SELECT pg_backend_pid()").ok()?;
            reply.texts()?.into_iter().next()
        };
        (0..4).any(|_| process(connection).is_some_and(|own| process(&mut other) == Some(own)))
    }

    /// Returns the number of rows that the server expects of a statement that it explains.
    pub(super) fn expected(&self, explain: &str) -> Result<Option<i64>> {
        let plan = self.text(explain)?;
        let rows = plan.split_once(" rows=").map(|(_, rest)| rest.split(' ').next().unwrap_or_default());
        Ok(rows.and_then(|rows| rows.parse().ok()))
    }

    /// Returns the size of the tables on the server's disk, with their indexes.
    pub(super) fn bytes(&self) -> Result<u64> {
        let tables = tables::names().map(|table| format!("'{table}'")).collect::<Vec<_>>().join(", ");
        let bytes = self.text(&format!(
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_catalog.pg_class \
             WHERE relname IN ({tables}) AND relnamespace = current_schema()::regnamespace"
        ))?;
        bytes.parse().map_err(|_| unexpected())
    }

    /// Returns the first column of a query's first row.
    fn text(&self, sql: &str) -> Result<String> {
        self.connections.with(Instant::now() + self.timeout, |connection, _| {
            let reply =
                ask(connection, sql).map_err(|failure| self.connections.explained(connection, &failure))?;
            reply.texts().and_then(|texts| texts.into_iter().next()).ok_or_else(unexpected)
        })
    }

    pub(super) fn read(&self, deadline: Instant, work: Work) -> Result<()> {
        self.connections.with(deadline, |connection, deadline| {
            let mut statements = Statements::new(connection, &self.log);
            statements.alone = Some((&self.connections, deadline));
            work(&mut Tx::new(&mut statements))
        })
    }

    /// Runs `work` in a transaction until it is committed: again after a conflict with another transaction,
    /// and again on a new connection if the connection was lost before it was told to commit.
    pub(super) fn write(&self, durability: Durability, work: Work) -> Result<()> {
        self.write_isolated(Isolation::Serializable, durability, work)
    }

    pub(super) fn write_in_turn(&self, work: Work) -> Result<()> {
        self.write_isolated(Isolation::ReadCommitted, Durability::Full, work)
    }

    fn write_isolated(&self, isolation: Isolation, durability: Durability, work: Work) -> Result<()> {
        self.connections.with(Instant::now() + self.timeout, |connection, deadline| {
            for attempt in 0.. {
                let failure = match self.transaction(connection, isolation, durability, work) {
                    Ok(end) => return end.result(),
                    Err(failure) => failure,
                };
                let is_tried_enough = match failure.remedy() {
                    Remedy::Again => false,
                    Remedy::AgainBriefly | Remedy::Elsewhere => attempt >= MOST_TRIES,
                    Remedy::None => true,
                };
                if is_tried_enough || pause(attempt, deadline).is_err() {
                    return Err(self.connections.explained(connection, &failure));
                }
                if failure.remedy() == Remedy::Elsewhere {
                    self.connections.look_again(connection, &failure, Purpose::Writing, deadline)?;
                }
            }
            Err(unexpected())
        })
    }

    /// Runs `work` in one transaction. Failure: nothing was committed, and the transaction may be run again.
    fn transaction(
        &self,
        connection: &mut Connection,
        isolation: Isolation,
        durability: Durability,
        work: Work,
    ) -> Result<End, Failure> {
        connection.queue_begin(isolation, durability)?;
        connection.queue_control(&self.gate)?;
        let mut statements = Statements::new(connection, &self.log);
        let result = work(&mut Tx::new(&mut statements));
        let Statements { failure, past, .. } = statements;
        match (result, failure) {
            (Ok(()), None) => {
                let end = commit(connection)?;
                if matches!(end, End::Committed) {
                    tidy(connection, &past);
                }
                Ok(end)
            }
            (_, Some(failure)) => Err(given_up(connection, failure)),
            (Err(error), None) => {
                roll_back(connection);
                Ok(End::Failed(error))
            }
        }
    }
}
