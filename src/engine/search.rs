//! Shares one search among all callers who need it. Strangers can cause searches, so searches do not queue:
//! while one runs, all other callers wait for it, each up to its own deadline. A failed search stands for all
//! that would begin in the pause after it, and the number of searches in one pause is bounded.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Code, Error, Result};

/// How many searches may begin in one pause.
const MOST: u32 = 10;

/// The searches for one thing.
pub(crate) struct Search {
    pause: Duration,
    state: Mutex<State>,
    ended: Condvar,
}

struct State {
    is_running: bool,
    /// The number of searches begun so far.
    begun: u64,
    /// When the current pause began.
    paused_at: Instant,
    /// How many searches began in the current pause.
    in_pause: u32,
    /// When the last search failed, and why.
    failure: Option<(Instant, Error)>,
}

impl Search {
    pub(crate) fn new(pause: Duration) -> Search {
        let state =
            State { is_running: false, begun: 0, paused_at: Instant::now(), in_pause: 0, failure: None };
        Search { pause, state: Mutex::new(state), ended: Condvar::new() }
    }

    /// Runs `search`, or waits for another caller's search that began after this call, unless `is_found`
    /// reports that none is needed any more. Waiting and searching share one `deadline`, which is passed to
    /// the search. No lock is held while it runs. Does nothing if too many searches began just now.
    ///
    /// Failures: that of the search; `store_unavailable`, if another caller's search outlasts the deadline.
    pub(crate) fn run(
        &self,
        deadline: Instant,
        is_found: impl Fn() -> bool,
        search: impl FnOnce(Instant) -> Result<()>,
    ) -> Result<()> {
        let mut state = self.lock();
        // A search that already runs may have looked too early.
        let before = state.begun;
        loop {
            if is_found() || (state.begun > before && !state.is_running) {
                return Ok(());
            }
            if let Some((at, error)) = &state.failure
                && at.elapsed() < self.pause
            {
                return Err(error.clone());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::new(Code::StoreUnavailable, "a search takes too long"));
            }
            if !state.is_running {
                break;
            }
            state = self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        if !state.may_begin(self.pause) {
            return Ok(());
        }
        state.is_running = true;
        state.begun += 1;
        drop(state);
        let mut running = Running { search: self, result: Err(Code::Internal.into()) };
        running.result = search(deadline);
        running.result.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn may_begin(&mut self, pause: Duration) -> bool {
        if self.paused_at.elapsed() >= pause {
            self.paused_at = Instant::now();
            self.in_pause = 0;
        }
        self.in_pause += 1;
        self.in_pause <= MOST
    }
}

/// Ends a search for those who wait, however it came out, even by a panic.
struct Running<'a> {
    search: &'a Search,
    result: Result<()>,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut state = self.search.lock();
        state.is_running = false;
        state.failure = self.result.as_ref().err().map(|error| (Instant::now(), error.clone()));
        drop(state);
        self.search.ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::{MOST, Search};
    use crate::error::{Code, Error, Result};

    const LONG: Duration = Duration::from_secs(3600);

    fn failed(_: Instant) -> Result<()> {
        Err(Code::StoreUnavailable.into())
    }

    fn late() -> Instant {
        Instant::now() + LONG
    }

    fn never(_: Instant) -> Result<()> {
        panic!("searched")
    }

    fn counted(count: &AtomicU32) -> Result<()> {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn code(result: Result<()>) -> Code {
        result.unwrap_err().code
    }

    #[test]
    fn a_failed_search_is_remembered() {
        let search = Search::new(LONG);
        assert_eq!(code(search.run(late(), || false, failed)), Code::StoreUnavailable);
        for _ in 0..50 {
            assert_eq!(code(search.run(late(), || false, never)), Code::StoreUnavailable);
        }
        // No search is needed for what is already there.
        assert!(search.run(late(), || true, never).is_ok());
        let search = Search::new(Duration::ZERO);
        assert!(search.run(late(), || false, failed).is_err());
        assert!(search.run(late(), || false, |_| Ok(())).is_ok());
    }

    #[test]
    fn so_many_begin_in_a_pause() {
        let search = Search::new(LONG);
        let count = AtomicU32::new(0);
        for _ in 0..50 {
            search.run(late(), || false, |_| counted(&count)).unwrap();
        }
        assert_eq!(count.into_inner(), MOST);
    }

    #[test]
    fn a_search_that_began_earlier_is_not_enough() {
        let search = Search::new(LONG);
        let count = AtomicU32::new(0);
        let waiting = AtomicU32::new(0);
        let (begun, has_begun) = channel();
        let (go_on, may_go_on) = channel::<()>();
        let here = Barrier::new(21);
        thread::scope(|scope| {
            let first = scope.spawn(|| {
                let search = &search;
                search.run(
                    late(),
                    || false,
                    move |_| {
                        begun.send(()).unwrap();
                        may_go_on.recv().unwrap();
                        Ok(())
                    },
                )
            });
            has_begun.recv().unwrap();
            let others: Vec<_> = (0..20)
                .map(|_| {
                    scope.spawn(|| {
                        let own = late();
                        here.wait();
                        // The time spent waiting for another search is not given again.
                        search.run(
                            own,
                            || {
                                waiting.fetch_add(1, Ordering::SeqCst);
                                false
                            },
                            |deadline| {
                                assert_eq!(deadline, own);
                                counted(&count)
                            },
                        )
                    })
                })
                .collect();
            here.wait();
            // Only this call's deadline is over, and no lock is held meanwhile.
            assert_eq!(code(search.run(Instant::now(), || false, never)), Code::StoreUnavailable);
            while waiting.load(Ordering::SeqCst) < 20 {
                thread::yield_now();
            }
            go_on.send(()).unwrap();
            first.join().unwrap().unwrap();
            others.into_iter().for_each(|other| other.join().unwrap().unwrap());
        });
        // The search that was running did not suffice for callers who came after it began; one more did, for
        // all of them.
        assert_eq!(count.into_inner(), 1);
    }

    #[test]
    fn who_waited_to_the_end_begins_no_search() {
        let search = Search::new(LONG);
        assert_eq!(code(search.run(Instant::now(), || false, never)), Code::StoreUnavailable);
        // This does not count as a failed search.
        assert!(search.run(late(), || false, |_| Ok(())).is_ok());
    }

    #[test]
    fn a_failure_is_that_of_all_who_wait() {
        let search = Search::new(LONG);
        let (begun, has_begun) = channel();
        let (go_on, may_go_on) = channel::<()>();
        thread::scope(|scope| {
            let first = scope.spawn(|| {
                search.run(
                    late(),
                    || false,
                    move |_| {
                        begun.send(()).unwrap();
                        may_go_on.recv().unwrap();
                        Err(Error::new(Code::StoreUnavailable, "gone"))
                    },
                )
            });
            has_begun.recv().unwrap();
            let others: Vec<_> =
                (0..20).map(|_| scope.spawn(|| search.run(late(), || false, never))).collect();
            go_on.send(()).unwrap();
            assert_eq!(code(first.join().unwrap()), Code::StoreUnavailable);
            for other in others {
                assert_eq!(other.join().unwrap().unwrap_err().detail.unwrap(), "gone");
            }
        });
    }

    #[test]
    fn a_panic_ends_a_search() {
        let search = Search::new(Duration::ZERO);
        let panicked = thread::scope(|scope| scope.spawn(|| search.run(late(), || false, never)).join());
        assert!(panicked.is_err());
        assert!(search.run(late(), || false, |_| Ok(())).is_ok());
    }
}
