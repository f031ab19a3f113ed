//! A pool with a maximum of connections, opened when they are first needed, each used by one caller at a
//! time.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::error::{Code, Error, Result};

/// A connection in a pool.
pub(super) trait Connection {
    /// Whether the next caller may use it.
    fn is_reusable(&self) -> bool;
}

pub(super) struct Pool<C> {
    most: usize,
    state: Mutex<State<C>>,
    returned: Condvar,
}

struct State<C> {
    idle: Vec<C>,
    open: usize,
    waiting: usize,
    /// The number of callers served since a waiting one was.
    overtaken: usize,
}

/// A caller that arrives when a connection is free takes it, which saves waking a waiting one. At most this
/// many callers may overtake the waiting ones.
const MOST_OVERTAKEN: usize = 64;

impl<C: Connection> Pool<C> {
    pub(super) fn new(most: usize) -> Pool<C> {
        let state = State { idle: Vec::new(), open: 0, waiting: 0, overtaken: 0 };
        Pool { most, state: Mutex::new(state), returned: Condvar::new() }
    }

    /// Runs `f` with a connection: the one that was returned last, or a new one. Waits for one until
    /// `deadline`.
    pub(super) fn with<T>(
        &self,
        deadline: Instant,
        connect: impl FnOnce() -> Result<C>,
        f: impl FnOnce(&mut C) -> Result<T>,
    ) -> Result<T> {
        let mut connection = match self.take(deadline)? {
            Some(connection) => connection,
            None => connect().inspect_err(|_| self.give_back(None))?,
        };
        let result = panic::catch_unwind(AssertUnwindSafe(|| f(&mut connection)));
        self.give_back(Some(connection).filter(C::is_reusable));
        result.unwrap_or_else(|panic| panic::resume_unwind(panic))
    }

    /// Closes the idle connections.
    #[cfg(feature = "postgres")]
    pub(super) fn close_idle(&self) {
        let mut state = self.lock();
        let idle = std::mem::take(&mut state.idle);
        state.open -= idle.len();
        drop(state);
        self.returned.notify_all();
    }

    /// Returns an idle connection, or `None`: the caller may open one.
    fn take(&self, deadline: Instant) -> Result<Option<C>> {
        let all_busy = |state: &mut State<C>| state.idle.is_empty() && state.open >= self.most;
        let mut state = self.lock();
        if state.waiting > 0 && state.overtaken < MOST_OVERTAKEN {
            state.overtaken += 1;
        }
        let mut lets_others_first = state.overtaken == MOST_OVERTAKEN;
        if lets_others_first || all_busy(&mut state) {
            state.waiting += 1;
            let left = deadline.saturating_duration_since(Instant::now());
            let waits = |state: &mut State<C>| std::mem::take(&mut lets_others_first) || all_busy(state);
            (state, _) =
                self.returned.wait_timeout_while(state, left, waits).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
            state.overtaken = 0;
        }
        if state.idle.is_empty() && state.open >= self.most {
            return Err(Error::new(Code::StoreUnavailable, "all connections busy"));
        }
        let idle = state.idle.pop();
        state.open += usize::from(idle.is_none());
        Ok(idle)
    }

    fn give_back(&self, connection: Option<C>) {
        let mut state = self.lock();
        match connection {
            Some(connection) => state.idle.push(connection),
            None => state.open -= 1,
        }
        // A wake-up costs a system call even if no caller waits.
        let is_awaited = state.waiting > 0;
        drop(state);
        if is_awaited {
            self.returned.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
