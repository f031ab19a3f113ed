//! Figures for the operator: `stats`, and the counters behind it. They live with the engine, in memory.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Engine;
use crate::error::{Result, Status};
use crate::operations::{OPERATIONS, Operation, rows};

/// Asks for the figures since the engine was opened.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StatsRequest {}

/// The figures of this engine, since it was opened.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StatsResponse {
    /// The operations that were called, in the order of the reference.
    pub operations: Vec<OperationStats>,
    /// The places where passwords are hashed.
    pub hash_queue: HashQueue,
    /// All of this in the text format of Prometheus: what a scraper is answered, as
    /// `text/plain; version=0.0.4`.
    pub prometheus: String,
}

/// The figures of an operation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OperationStats {
    /// Which.
    pub operation: &'static str,
    /// How its calls ended.
    pub outcomes: Vec<Outcome>,
    /// How long they took.
    pub latency: Latency,
}

/// How many calls ended like this.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Outcome {
    /// The name of the status.
    pub status: &'static str,
    /// How many.
    pub count: u64,
}

/// How long calls took.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Latency {
    /// How many calls were timed: all of them, but of `verify` about one in 16.
    pub count: u64,
    /// How long they took together.
    pub sum_seconds: f64,
    /// Their histogram.
    pub buckets: Vec<Bucket>,
}

/// The calls of about one duration: each bucket reaches twice as far as the one before it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Bucket {
    /// Calls in this bucket took no longer; absent for the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up_to_seconds: Option<f64>,
    /// How many.
    pub count: u64,
}

/// The places where passwords are hashed, now.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct HashQueue {
    /// How many hashes may run at once.
    pub slots: usize,
    /// How many run.
    pub busy: usize,
    /// How many callers wait for one.
    pub waiting: usize,
}

impl Engine {
    /// Says how often operations were called, how they ended, and how long they took.
    pub fn stats(&self, _: StatsRequest) -> Result<StatsResponse> {
        let taken = self.counters.taken();
        let (slots, busy, waiting) = self.hasher.load();
        let hash_queue = HashQueue { slots, busy, waiting };
        let prometheus = Exposition { taken: &taken, hash_queue }.to_string();
        let operations = taken.into_iter().map(OperationStats::from).collect();
        Ok(StatsResponse { operations, hash_queue, prometheus })
    }
}

/// The upper bound of the first bucket is 2^FIRST nanoseconds: about a microsecond.
const FIRST: u32 = 10;

/// Buckets with an upper bound, the last of them 2^34 nanoseconds: about 17 seconds.
const BOUNDED: usize = 25;

/// Of an operation as fast as reading the clock, one call in so many is timed.
const TIMED_ONE_IN: u64 = 16;

/// The counters of every operation, without locks.
pub(super) struct Counters(Box<[OfOperation]>);

/// On cache lines of its own.
#[derive(Default)]
#[repr(align(64))]
struct OfOperation {
    /// By status.
    outcomes: [AtomicU64; Status::ALL.len()],
    nanoseconds: AtomicU64,
    /// By duration; the last is without bound.
    buckets: [AtomicU64; BOUNDED + 1],
}

impl Default for Counters {
    fn default() -> Counters {
        Counters(OPERATIONS.iter().map(|_| OfOperation::default()).collect())
    }
}

impl Counters {
    /// A call begins.
    pub(super) fn begin(&self, operation: &Operation) -> Call<'_> {
        let counters = &self.0[operation.index];
        let ended = |status: Status| counters.outcomes[status as usize].load(Ordering::Relaxed);
        let is_timed = operation.index != rows::verify.index
            || (ended(Status::Ok) + ended(Status::Denied)).is_multiple_of(TIMED_ONE_IN);
        Call { counters, began: is_timed.then(Instant::now), status: Status::Internal }
    }

    /// The counters of the operations that were called.
    fn taken(&self) -> Vec<Taken> {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let take = |(operation, counters): (&&Operation, &OfOperation)| Taken {
            operation: operation.name,
            outcomes: counters.outcomes.each_ref().map(load),
            nanoseconds: load(&counters.nanoseconds),
            buckets: counters.buckets.each_ref().map(load),
        };
        let all = OPERATIONS.iter().zip(&self.0).map(take);
        all.filter(|taken| taken.outcomes.iter().any(|count| *count > 0)).collect()
    }
}

/// A call that runs; it is counted when it is dropped, as a bug unless it is said how it ended.
pub(super) struct Call<'a> {
    counters: &'a OfOperation,
    began: Option<Instant>,
    pub status: Status,
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

/// The bucket of a duration: that of the smallest bound that is not below it.
fn bucket(nanoseconds: u64) -> usize {
    let power = u64::BITS - nanoseconds.saturating_sub(1).leading_zeros();
    (power.saturating_sub(FIRST) as usize).min(BOUNDED)
}

/// The upper bound of a bucket.
fn up_to_seconds(bucket: usize) -> Option<f64> {
    (bucket < BOUNDED).then(|| seconds(1 << (bucket + FIRST as usize)))
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// The counters of an operation at one moment.
struct Taken {
    operation: &'static str,
    outcomes: [u64; Status::ALL.len()],
    nanoseconds: u64,
    buckets: [u64; BOUNDED + 1],
}

impl Taken {
    fn outcomes(&self) -> impl Iterator<Item = Outcome> {
        let all = Status::ALL.iter().zip(self.outcomes);
        all.filter(|(_, count)| *count > 0).map(|(status, count)| Outcome { status: status.name(), count })
    }
}

impl From<Taken> for OperationStats {
    fn from(taken: Taken) -> OperationStats {
        let buckets = taken.buckets.into_iter().enumerate();
        OperationStats {
            operation: taken.operation,
            outcomes: taken.outcomes().collect(),
            latency: Latency {
                count: taken.buckets.iter().sum(),
                sum_seconds: seconds(taken.nanoseconds),
                buckets: buckets
                    .map(|(index, count)| Bucket { up_to_seconds: up_to_seconds(index), count })
                    .collect(),
            },
        }
    }
}

/// The text format of Prometheus, version 0.0.4.
struct Exposition<'a> {
    taken: &'a [Taken],
    hash_queue: HashQueue,
}

impl fmt::Display for Exposition<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        family(f, "doorward_info", "gauge", "The version of the library.")?;
        writeln!(f, "doorward_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"))?;

        family(f, "doorward_operations_total", "counter", "Calls by operation and status.")?;
        for taken in self.taken {
            for Outcome { status, count } in taken.outcomes() {
                let operation = taken.operation;
                writeln!(
                    f,
                    "doorward_operations_total{{operation=\"{operation}\",status=\"{status}\"}} {count}"
                )?;
            }
        }

        let name = "doorward_operation_duration_seconds";
        family(f, name, "histogram", "How long calls took; of verify about one in 16 is timed.")?;
        for Taken { operation, nanoseconds, buckets, .. } in self.taken {
            let mut count = 0;
            for (index, in_bucket) in buckets.iter().enumerate() {
                count += in_bucket;
                let le = up_to_seconds(index).map_or("+Inf".to_owned(), |bound| bound.to_string());
                writeln!(f, "{name}_bucket{{operation=\"{operation}\",le=\"{le}\"}} {count}")?;
            }
            writeln!(f, "{name}_sum{{operation=\"{operation}\"}} {}", seconds(*nanoseconds))?;
            writeln!(f, "{name}_count{{operation=\"{operation}\"}} {count}")?;
        }

        let HashQueue { slots, busy, waiting } = self.hash_queue;
        for (name, help, value) in [
            ("doorward_hash_slots", "How many password hashes may run at once.", slots),
            ("doorward_hash_busy", "How many password hashes run.", busy),
            ("doorward_hash_waiting", "How many callers wait for a password hash.", waiting),
        ] {
            family(f, name, "gauge", help)?;
            writeln!(f, "{name} {value}")?;
        }
        Ok(())
    }
}

fn family(f: &mut fmt::Formatter, name: &str, kind: &str, help: &str) -> fmt::Result {
    writeln!(f, "# HELP {name} {help}\n# TYPE {name} {kind}")
}
