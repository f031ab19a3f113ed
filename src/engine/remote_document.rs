//! A document of a provider: its keys, its metadata. It is fetched when it is needed, by one caller for all who
//! wait, and at most once in [`PAUSE_SECONDS`], however many strangers ask for what it does not have. While the
//! provider does not answer, the known document is used. A fetch fails for the caller alone if the caller's time ended
//! that was nearly over when it began.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::error::{Code, Error, Result};
use crate::outbound::deadline::Deadline;

/// How long a fetched document counts as the provider's newest. A withdrawn key verifies for as long.
const FRESH_SECONDS: i64 = 600;

/// The time between two fetches.
const PAUSE_SECONDS: i64 = 10;

/// A document that is fetched.
pub(crate) struct RemoteDocument<T> {
    fetch: Box<dyn Fn(Deadline) -> Result<T> + Send + Sync>,
    state: Mutex<State<T>>,
    landed: Condvar,
}

struct State<T> {
    known: Option<Arc<T>>,
    /// When the known document was requested.
    fetched_at: i64,
    /// When it was last requested, and why that failed.
    tried_at: Option<i64>,
    failure: Option<Error>,
    /// Whether a fetch is in progress.
    is_fetching: bool,
}

impl<T> RemoteDocument<T> {
    pub(crate) fn new(fetch: impl Fn(Deadline) -> Result<T> + Send + Sync + 'static) -> RemoteDocument<T> {
        let state = State { known: None, fetched_at: 0, tried_at: None, failure: None, is_fetching: false };
        RemoteDocument { fetch: Box::new(fetch), state: Mutex::new(state), landed: Condvar::new() }
    }

    /// Returns the document, if it was fetched.
    pub(crate) fn known(&self) -> Option<Arc<T>> {
        self.lock().known.clone()
    }

    /// Returns the newest document that can be had now. The caller already found the `insufficient` one not to
    /// suffice.
    ///
    /// Failure: `auth_service_unavailable`, if there is none, or only the insufficient one.
    pub(crate) fn newest(
        &self,
        insufficient: Option<&Arc<T>>,
        clock: &Clock,
        deadline: Deadline,
    ) -> Result<Arc<T>> {
        loop {
            // The clock may be the host's code, so no lock is held while it runs.
            let now = clock.now();
            let mut state = self.lock();
            // A time noted by a clock that ran ahead does not count.
            let within = |since: i64, seconds: i64| (since..since + seconds).contains(&now);
            let is_fresh = within(state.fetched_at, FRESH_SECONDS);
            let has_paused = !state.tried_at.is_some_and(|tried_at| within(tried_at, PAUSE_SECONDS));
            let left = deadline.left();
            let known = state.known.clone();
            let will_do =
                known.clone().filter(|it| !insufficient.is_some_and(|other| Arc::ptr_eq(other, it)));
            match will_do {
                Some(document) if is_fresh || state.is_fetching || !has_paused || left.is_err() => {
                    return Ok(document);
                }
                _ if state.is_fetching => {
                    drop(self.landed.wait_timeout(state, left?).unwrap_or_else(PoisonError::into_inner));
                }
                _ if has_paused => {
                    // A fetch without time would fail for all others, too.
                    left?;
                    state.is_fetching = true;
                    state.tried_at = Some(now);
                    drop(state);
                    self.fetch(now, deadline);
                }
                _ => {
                    let failure = state.failure.clone();
                    let nothing = || Error::from(Code::AuthServiceUnavailable);
                    return failure.map_or_else(|| known.ok_or_else(nothing), Err);
                }
            }
        }
    }

    /// Fetches the document, on behalf of all callers who wait.
    fn fetch(&self, now: i64, deadline: Deadline) {
        let was_late = deadline.is_late();
        let mut landing = Landing { document: self, now, fetched: Some(Err(Code::Internal.into())) };
        let fetched = (self.fetch)(deadline).map(Arc::new);
        let lacked_time = fetched.is_err() && was_late && deadline.left().is_err();
        landing.fetched = (!lacked_time).then_some(fetched);
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a fetch however it came out, even by a panic, so that its waiters go on.
struct Landing<'a, T> {
    document: &'a RemoteDocument<T>,
    now: i64,
    /// None if the caller lacked time.
    fetched: Option<Result<Arc<T>>>,
}

impl<T> Drop for Landing<'_, T> {
    fn drop(&mut self) {
        let mut state = self.document.lock();
        state.is_fetching = false;
        match &self.fetched {
            Some(Ok(document)) => {
                (state.known, state.fetched_at, state.failure) = (Some(Arc::clone(document)), self.now, None);
            }
            Some(Err(error)) => state.failure = Some(error.clone()),
            // The next caller may fetch at once.
            None => state.tried_at = None,
        }
        drop(state);
        self.document.landed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Barrier, LazyLock};
    use std::thread;
    use std::time::Duration;

    use super::RemoteDocument;
    use crate::clock::Clock;
    use crate::outbound::deadline::Deadline;

    /// The others neither fail with it nor wait for the next fetch.
    #[test]
    fn a_fetch_that_began_late_fails_for_its_caller_alone() {
        static FETCHES: AtomicUsize = AtomicUsize::new(0);
        let document = RemoteDocument::new(|deadline| {
            if FETCHES.fetch_add(1, Ordering::SeqCst) > 0 {
                return Ok(());
            }
            thread::sleep(deadline.left()?);
            deadline.left().map(drop)
        });
        let clock = Clock::custom(|| 0);
        let late = document.newest(None, &clock, Deadline::late(Duration::from_millis(5)));
        assert_eq!(late.unwrap_err().detail.as_deref(), Some("timeout"));
        document.newest(None, &clock, Deadline::after(Duration::from_secs(600))).unwrap();
    }

    /// It neither fetches, which would fail for all others, nor waits for the fetch of another caller.
    #[test]
    fn a_caller_without_time_gets_what_is_there() {
        static GATE: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
        static FETCHES: AtomicUsize = AtomicUsize::new(0);
        let document = RemoteDocument::new(|_| {
            FETCHES.fetch_add(1, Ordering::SeqCst);
            GATE.wait();
            GATE.wait();
            Ok(())
        });
        let clock = Clock::custom(|| 0);
        let (late, early) = (Deadline::after(Duration::ZERO), Deadline::after(Duration::from_secs(600)));
        let reason = |deadline| document.newest(None, &clock, deadline).err().and_then(|error| error.detail);
        assert_eq!(reason(late).as_deref(), Some("timeout"));
        assert_eq!(FETCHES.load(Ordering::SeqCst), 0);
        thread::scope(|scope| {
            let fetching = scope.spawn(|| reason(early));
            GATE.wait();
            assert_eq!(reason(late).as_deref(), Some("timeout"));
            GATE.wait();
            assert_eq!(fetching.join().unwrap(), None);
        });
        assert_eq!(reason(late), None);
        assert_eq!(FETCHES.load(Ordering::SeqCst), 1);
    }
}
