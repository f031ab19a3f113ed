//! Connections to one server, each used by one caller at a time, and replaced when they are lost.

use std::time::Instant;

use super::address::{Address, Purpose};
use super::failures::Failure;
use super::migration::found;
use super::moving;
use super::wire::Connection;
use crate::error::{Code, Error, Result};
use crate::store::pool::Pool;
use crate::store::schema::{Found, Plan};

pub(super) struct Connections {
    pub pool: Pool<Connection>,
    pub server: Address,
    pub plan: Plan,
}

impl Connections {
    pub(super) fn with<T>(
        &self,
        deadline: Instant,
        f: impl FnOnce(&mut Connection, Instant) -> Result<T>,
    ) -> Result<T> {
        let connect = || self.server.connect(Purpose::Any, deadline).map_err(|failure| failure.error());
        self.pool.with(deadline, connect, |connection| {
            connection.set_deadline(deadline);
            if !connection.is_alive() {
                self.reconnect(connection, Purpose::Any, deadline)?;
            }
            let result = f(connection, deadline);
            if connection.is_lost() {
                // The other open connections are probably lost, too.
                self.pool.close_idle();
            }
            result
        })
    }

    /// Returns the error of a failure, for the host. The steps of the schema show whether a newer engine has
    /// shut this one out. A store that is being moved, or was, reports where to.
    pub(super) fn explained(&self, connection: &mut Connection, failure: &Failure) -> Error {
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

    /// Replaces a connection by another, for work at which this one failed.
    pub(super) fn look_again(
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
