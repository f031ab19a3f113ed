//! Counts and times calls, in memory and without locks.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::error::Status;
use crate::types::spread::Spread;

/// The upper bound of the first bucket is 2^FIRST nanoseconds: about a microsecond.
const FIRST: u32 = 10;

/// The number of buckets with an upper bound; that of the last is 2^34 nanoseconds, about 17 seconds.
const BOUNDED: usize = 25;

/// Of operations as fast as reading the clock, one call in this many is timed.
const TIMED_ONE_IN: u64 = 16;

/// How many operations can be counted.
pub(crate) const PLACES: usize = 128;

/// The counters of every operation, without locks. Threads count apart, because a counter that they share
/// would cost more than a call of `verify` should; a copy is made for the first thread that counts in it.
pub(crate) struct Counters(Spread<OnceLock<Box<[OfOperation]>>>);

/// The counters of one operation, on cache lines of their own.
#[derive(Default)]
#[repr(align(64))]
struct OfOperation {
    name: OnceLock<&'static str>,
    /// Calls by status.
    outcomes: [AtomicU64; Status::ALL.len()],
    nanoseconds: AtomicU64,
    /// Calls by duration; the last bucket has no bound.
    buckets: [AtomicU64; BOUNDED + 1],
}

impl Default for Counters {
    fn default() -> Counters {
        Counters(Spread::new(OnceLock::new))
    }
}

impl Counters {
    /// Begins a call of the operation at this index; of a `fast` operation only a few calls are timed.
    pub(crate) fn begin(&self, place: usize, name: &'static str, is_fast: bool) -> Call<'_> {
        let make = || (0..PLACES).map(|_| OfOperation::default()).collect();
        let counters = &self.0.own().get_or_init(make)[place];
        counters.name.get_or_init(|| name);
        let ended = |status: Status| counters.outcomes[status as usize].load(Ordering::Relaxed);
        let is_timed = !is_fast || (ended(Status::Ok) + ended(Status::Denied)).is_multiple_of(TIMED_ONE_IN);
        Call { counters, began: is_timed.then(Instant::now), status: Status::Internal }
    }

    /// Returns the counters of the operations that were called, in the order of their indices.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        let copies: Vec<&[OfOperation]> = self.0.all().filter_map(OnceLock::get).map(Box::as_ref).collect();
        let take = |place: usize| {
            let counters = copies.iter().filter_map(|copy| Some((copy[place].name.get()?, &copy[place])));
            counters.fold(None, |sum: Option<Taken>, (name, counters)| {
                let mut sum = sum.unwrap_or_else(|| Taken::none(name));
                sum.add(counters);
                Some(sum)
            })
        };
        let called = |taken: &Taken| taken.outcomes.iter().any(|count| *count > 0);
        (0..PLACES).filter_map(take).filter(called).collect()
    }
}

/// A call in progress. It is counted when it is dropped: as a bug, unless its outcome was given.
pub(crate) struct Call<'a> {
    counters: &'a OfOperation,
    began: Option<Instant>,
    pub status: Status,
}

impl Call<'_> {
    /// It was not a call.
    pub(crate) fn forget(self) {
        std::mem::forget(self);
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if let Some(began) = self.began {
            self.counters.time(began.elapsed());
        }
        self.counters.outcomes[self.status as usize].fetch_add(1, Ordering::Relaxed);
    }
}

impl OfOperation {
    fn time(&self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.buckets[bucket(nanoseconds)].fetch_add(1, Ordering::Relaxed);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }
}

/// Returns the bucket of a duration: the one with the smallest bound that is not below it.
fn bucket(nanoseconds: u64) -> usize {
    let power = u64::BITS - nanoseconds.saturating_sub(1).leading_zeros();
    (power.saturating_sub(FIRST) as usize).min(BOUNDED)
}

/// Returns the upper bound of a bucket.
pub(crate) fn up_to_seconds(bucket: usize) -> Option<f64> {
    (bucket < BOUNDED).then(|| seconds(1 << (bucket + FIRST as usize)))
}

pub(crate) fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// The counters of an operation at one moment.
pub(crate) struct Taken {
    pub operation: &'static str,
    pub outcomes: [u64; Status::ALL.len()],
    pub nanoseconds: u64,
    pub buckets: [u64; BOUNDED + 1],
}

impl Taken {
    fn none(operation: &'static str) -> Taken {
        Taken { operation, outcomes: Default::default(), nanoseconds: 0, buckets: [0; BOUNDED + 1] }
    }

    fn add(&mut self, counters: &OfOperation) {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let add = |sums: &mut [u64], counters: &[AtomicU64]| {
            sums.iter_mut().zip(counters).for_each(|(sum, counter)| *sum += load(counter));
        };
        add(&mut self.outcomes, &counters.outcomes);
        add(&mut self.buckets, &counters.buckets);
        self.nanoseconds += load(&counters.nanoseconds);
    }
}
