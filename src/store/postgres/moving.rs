//! A store that is moved away: how its writers are kept out meanwhile, and how it says where it went.

use std::thread;
use std::time::Duration;

use super::address::texts;
use super::failures::{Failure, MOVING, NO_TABLE};
use super::url::{Host, Url};
use super::wire::Connection;
use super::{Statements, ask};
use crate::error::{Error, Result};
use crate::store::moves::Note;
use crate::store::{copy, schema};

/// Whoever moves the store holds this lock ("dwre"), and each writer beside it.
const LOCK: &str = "1685549669";

/// How long statements that others wait behind wait for others, before they let them go first: shorter than a server
/// takes to look for deadlocks, so that nobody's transaction is given up for one.
const POLITE: &str = "200ms";

/// How often they try.
const MOST_TRIES: usize = 300;

impl Statements<'_> {
    /// From then on each statement of a writer looks whether somebody moves the store. Tables are not locked for
    /// that: writers would wait, and keep out of the tables that they have read already whoever renames them.
    pub(crate) fn prepare_to_keep_writers_out(&mut self, prepares: bool) -> Result<()> {
        let drop = |table| format!("DROP TRIGGER IF EXISTS doorward_moving ON {table};");
        let create = |table| {
            format!(
                "CREATE TRIGGER doorward_moving BEFORE INSERT OR UPDATE OR DELETE ON {table} \
                 FOR EACH STATEMENT EXECUTE FUNCTION doorward_moving();"
            )
        };
        let function = format!(
            "CREATE OR REPLACE FUNCTION doorward_moving() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
               IF NOT pg_try_advisory_xact_lock_shared({LOCK}) THEN \
                 RAISE EXCEPTION 'the store is being moved' USING ERRCODE = '{MOVING}'; \
               END IF; \
               RETURN NULL; \
             END $$;"
        );
        let mut sql: String = copy::tables().map(drop).collect();
        match prepares {
            true => sql = sql + &function + &copy::tables().map(create).collect::<String>(),
            false => sql += "DROP FUNCTION IF EXISTS doorward_moving();",
        }
        self.script_beside_readers(&sql)
    }

    /// Waits for those who write; nobody begins to. The server notices soon when this machine is gone without a word.
    pub(crate) fn keep_writers_out(&mut self) -> Result<()> {
        self.script(&format!(
            "SET LOCAL tcp_keepalives_idle = 10; SET LOCAL tcp_keepalives_interval = 10; \
             SET LOCAL tcp_keepalives_count = 3; SELECT pg_advisory_xact_lock({LOCK})"
        ))
    }

    pub(crate) fn keep_everybody_out(&mut self) -> Result<()> {
        let tables = copy::tables().collect::<Vec<_>>().join(", ");
        self.script(&format!("LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"))
    }

    pub(crate) fn script(&mut self, sql: &str) -> Result<()> {
        self.go_on()?;
        let done = self.connection.send().and_then(|_| self.connection.run(sql));
        done.map(drop).map_err(|failure| self.failed(failure))
    }

    pub(crate) fn script_beside_readers(&mut self, sql: &str) -> Result<()> {
        self.script("SAVEPOINT polite")?;
        for attempt in 1.. {
            let done = self.connection.run(&format!("SET LOCAL lock_timeout = '{POLITE}'; {sql}"));
            match done {
                Ok(_) => break,
                Err(Failure::Refused(state))
                    if attempt < MOST_TRIES && ["55P03", "40P01"].contains(&state.as_str()) =>
                {
                    self.script("ROLLBACK TO SAVEPOINT polite")?;
                    thread::sleep(Duration::from_millis(20));
                }
                Err(failure) => return Err(self.failed(failure)),
            }
        }
        self.script("RELEASE SAVEPOINT polite")
    }
}

/// What the store says of a move. Nobody has a transaction open on the connection.
pub(super) fn note(connection: &mut Connection) -> Result<Option<Note>, Failure> {
    let reply = ask(connection, schema::NOTE)?;
    let text = texts(&reply).and_then(|mut texts| texts.pop()).unwrap_or_default();
    Note::parse(&text).map_err(|_| Failure::Lost("a row is damaged"))
}

/// What a store that is moved, or was, says of it, where that is what failed.
pub(super) fn refusal(connection: &mut Connection, failure: &Failure) -> Option<Error> {
    let Failure::Refused(state) = failure else { return None };
    if ![MOVING, NO_TABLE].contains(&state.as_str()) {
        return None;
    }
    let note = note(connection).ok().flatten()?;
    (state.as_str() == MOVING || note.is_left()).then(|| note.refusal())
}

/// Where the store is, without who opens it and how.
pub(in crate::store) fn place(url: &str) -> Result<String> {
    let url = Url::parse(url)?;
    let hosts = url.hosts.iter().map(|host| match host {
        Host::Tcp { name, port, .. } => format!("{name}:{port}"),
        Host::Unix(path) => path.display().to_string(),
    });
    Ok(format!("postgres://{}/{}", hosts.collect::<Vec<_>>().join(","), url.database))
}
