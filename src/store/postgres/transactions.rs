//! How transactions begin, end and are repeated.

use std::thread;
use std::time::{Duration, Instant};

use super::failures::Failure;
use super::wire::{Connection, Isolation, Reply};
use crate::error::{Code, Error, Result};

/// The most attempts at a transaction that may never succeed.
pub(super) const MOST_TRIES: u32 = 8;

/// How a transaction ended.
pub(super) enum End {
    Committed,
    /// It was not committed, or its outcome is unknown. Running it again does not help.
    Failed(Error),
}

impl End {
    pub(super) fn result(self) -> Result<()> {
        match self {
            End::Committed => Ok(()),
            End::Failed(error) => Err(error),
        }
    }
}

/// Commits. Failure: nothing was committed, and the transaction may be run again.
pub(super) fn commit(connection: &mut Connection) -> Result<End, Failure> {
    connection.queue_control("COMMIT")?;
    match connection.send() {
        _ if connection.has_committed() => Ok(End::Committed),
        Ok(_) => Ok(End::Failed(Error::new(Code::StoreUnavailable, "rolled back"))),
        Err(failure @ (Failure::Refused(_) | Failure::Unusable(_))) => Err(given_up(connection, failure)),
        Err(Failure::Lost(why)) => {
            let detail = format!("postgres: commit outcome unknown: {why}");
            Ok(End::Failed(Error::new(Code::StoreUnavailable, detail)))
        }
    }
}

/// Rolls the transaction back after a failure.
pub(super) fn given_up(connection: &mut Connection, failure: Failure) -> Failure {
    if connection.is_in_transaction() {
        roll_back(connection);
    }
    failure
}

/// Rolls the transaction back. If this fails, the connection is not used again.
pub(super) fn roll_back(connection: &mut Connection) {
    let _ = connection.queue_control("ROLLBACK").and_then(|()| connection.send());
}

/// Waits before the next attempt, longer each time, and for a random time, so that two callers do not collide
/// again.
pub(super) fn pause(attempt: u32, deadline: Instant) -> Result<()> {
    let random = u64::from(u16::from_be_bytes(crate::types::random::random()?));
    let longest = 1_000 << attempt.min(6);
    let pause = Duration::from_micros((random * longest) >> 16);
    if Instant::now() + pause >= deadline {
        return Err(Code::StoreUnavailable.into());
    }
    thread::sleep(pause);
    Ok(())
}

/// Runs a query without preparing it, in the open transaction or in one of its own.
pub(super) fn ask(connection: &mut Connection, sql: &str) -> Result<Reply, Failure> {
    if connection.is_in_transaction() {
        return connection.run(sql);
    }
    connection.begin(Isolation::ReadCommitted)?;
    let reply = connection.run(sql);
    roll_back(connection);
    reply
}
