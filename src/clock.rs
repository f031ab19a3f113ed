//! The only source of time. The host may supply it (`doorward_hooks.now_ms`), so that tests can move time.

use std::time::{SystemTime, UNIX_EPOCH};

#[cfg(debug_assertions)]
thread_local! {
    static IS_STOPPED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Marks that the thread holds a connection of the store, during which no clock may be read: a host's hook
/// may wait for a lock whose holder waits for the connection. Builds with debug assertions panic if one is
/// read.
pub(crate) struct Stopped(());

impl Stopped {
    pub(crate) fn now() -> Stopped {
        #[cfg(debug_assertions)]
        IS_STOPPED.set(true);
        Stopped(())
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        #[cfg(debug_assertions)]
        IS_STOPPED.set(false);
    }
}

/// A clock that returns Unix time in milliseconds.
pub struct Clock(Option<Box<dyn Fn() -> i64 + Send + Sync>>);

impl Clock {
    /// Returns the machine's clock.
    pub fn system() -> Clock {
        Clock(None)
    }

    /// Returns a clock of the host: `now_ms` returns Unix time in milliseconds.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicI64, Ordering};
    ///
    /// use doorward::{Clock, Hooks};
    ///
    /// let now = Arc::new(AtomicI64::new(1_800_000_000_000));
    /// let shown = Arc::clone(&now);
    /// let hooks = Hooks::new().clock(Clock::custom(move || shown.load(Ordering::Relaxed)));
    /// now.fetch_add(60_000, Ordering::Relaxed); // a minute later, without waiting
    /// ```
    pub fn custom(now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Clock {
        Clock(Some(Box::new(now_ms)))
    }

    /// Returns Unix time in whole seconds. A time before 1970 or beyond the year 9999 is clamped, so that
    /// sums with configured lifetimes cannot overflow.
    pub(crate) fn now(&self) -> i64 {
        self.now_ms() / 1000
    }

    /// Returns Unix time in milliseconds, for ids.
    pub(crate) fn now_ms(&self) -> i64 {
        const YEAR_10000: i64 = 253_402_300_800_000;
        self.read().clamp(0, YEAR_10000)
    }

    /// Returns how many seconds this clock is ahead of the machine's.
    pub(crate) fn ahead_seconds(&self) -> i64 {
        self.now() - Clock::system().now()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    fn read(&self) -> i64 {
        #[cfg(debug_assertions)]
        assert!(!IS_STOPPED.get(), "the clock, which may be the host's, is read before a transaction");
        match &self.0 {
            Some(now_ms) => now_ms(),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
        }
    }
}
