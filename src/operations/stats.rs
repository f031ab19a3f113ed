//! Figures for the operator: `stats`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::engine::counters::{Taken, seconds, up_to_seconds};
use crate::error::{Result, Status};
use crate::store::figures::Figures;

/// Asks for the figures since the engine was opened.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StatsRequest {
    /// Whether to tell those of the store, too, which takes a few reads of it; default: false.
    pub store: Option<bool>,
}

/// The figures of this engine, since it was opened.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StatsResponse {
    /// The operations that were called, in the order of the reference.
    pub operations: Vec<OperationStats>,
    /// The places where passwords are hashed.
    pub hash_queue: HashQueue,
    /// What the store holds, where that was asked for: the same for every engine on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreStats>,
    /// All of this in the text format of Prometheus: what a scraper is answered, as
    /// `text/plain; version=0.0.4`.
    pub prometheus: String,
}

/// What a store holds.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StoreStats {
    /// How many accounts may log in.
    pub active_accounts: i64,
    /// How many may not.
    pub disabled_accounts: i64,
    /// How many sessions are alive: not revoked, and not past their time.
    pub sessions: i64,
    /// How many events the audit log has.
    pub events: i64,
    /// How many mails wait to be sent.
    pub mails: i64,
    /// Since when the oldest of them waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_mail_at: Option<i64>,
    /// How many signing keys there are, those that only verify included.
    pub keys: i64,
    /// What the store takes: the SQLite file, or the tables on the server with their indexes.
    pub bytes: u64,
    /// The length of the SQLite file's write-ahead log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_bytes: Option<u64>,
    /// What is free on the disk of the SQLite file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_bytes: Option<u64>,
    /// Which of the counts are what a PostgreSQL server expects: those of more than 100,000. The others were counted.
    pub estimated: Vec<&'static str>,
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
#[schemars(rename = "OperationOutcome")]
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
#[schemars(rename = "LatencyBucket")]
pub struct Bucket {
    /// Calls in this bucket took no longer; absent for the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up_to_seconds: Option<f64>,
    /// How many.
    pub count: u64,
}

/// The places where passwords are hashed, now.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[schemars(rename = "HashQueueStats")]
pub struct HashQueue {
    /// How many hashes may run at once.
    pub slots: usize,
    /// How many run.
    pub busy: usize,
    /// How many callers wait for one.
    pub waiting: usize,
}

impl Engine {
    /// Says how often operations were called, how they ended, and how long they took; of the store how much it holds,
    /// where that is asked for.
    ///
    /// Failures: `store_unavailable`, with `store` alone.
    pub fn stats(&self, request: StatsRequest) -> Result<StatsResponse> {
        let now = self.clock.now();
        let store = request.store.unwrap_or(false);
        let store = store.then(|| self.store.figures(now).map(StoreStats::from)).transpose()?;
        let taken = self.counters.taken();
        let (slots, busy, waiting) = self.passwords.hasher.load();
        let hash_queue = HashQueue { slots, busy, waiting };
        let prometheus = Exposition { taken: &taken, hash_queue, store: store.as_ref(), now }.to_string();
        let operations = taken.into_iter().map(OperationStats::from).collect();
        Ok(StatsResponse { operations, hash_queue, store, prometheus })
    }
}

impl From<Figures> for StoreStats {
    fn from(figures: Figures) -> StoreStats {
        let Figures { counts, oldest_mail, size } = figures;
        let [active_accounts, disabled_accounts, sessions, events, mails, keys] =
            counts.map(|count| count.rows);
        StoreStats {
            active_accounts,
            disabled_accounts,
            sessions,
            events,
            mails,
            oldest_mail_at: oldest_mail,
            keys,
            bytes: size.bytes,
            log_bytes: size.log_bytes,
            free_bytes: size.free_bytes,
            estimated: counts.iter().filter(|count| count.is_estimate).map(|count| count.name).collect(),
        }
    }
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
    store: Option<&'a StoreStats>,
    now: i64,
}

impl fmt::Display for Exposition<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        family(f, "doorward_info", "gauge", "The version of the library.")?;
        writeln!(f, "doorward_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"))?;

        family(f, "doorward_operations_total", "counter", "Calls by operation and status.")?;
        for taken in self.taken {
            let operation = taken.operation;
            for Outcome { status, count } in taken.outcomes() {
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
        self.store.map_or(Ok(()), |store| expose(f, store, self.now))
    }
}

/// The figures of a store.
fn expose(f: &mut fmt::Formatter, store: &StoreStats, now: i64) -> fmt::Result {
    family(f, "doorward_accounts", "gauge", "Accounts by whether they may log in.")?;
    writeln!(f, "doorward_accounts{{state=\"active\"}} {}", store.active_accounts)?;
    writeln!(f, "doorward_accounts{{state=\"disabled\"}} {}", store.disabled_accounts)?;
    let bytes = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    let waits = store.oldest_mail_at.map_or(0, |since| (now - since).max(0));
    for (name, help, value) in [
        ("doorward_sessions", "Sessions that are alive.", Some(store.sessions)),
        ("doorward_events", "Events in the audit log.", Some(store.events)),
        ("doorward_mails", "Mails that wait to be sent.", Some(store.mails)),
        ("doorward_oldest_mail_seconds", "For how long the oldest mail waits.", Some(waits)),
        ("doorward_keys", "Signing keys.", Some(store.keys)),
        ("doorward_store_bytes", "What the store takes on its disk.", Some(bytes(store.bytes))),
        ("doorward_store_log_bytes", "The write-ahead log of a SQLite file.", store.log_bytes.map(bytes)),
        (
            "doorward_store_free_bytes",
            "What is free on the disk of a SQLite file.",
            store.free_bytes.map(bytes),
        ),
    ] {
        if let Some(value) = value {
            family(f, name, "gauge", help)?;
            writeln!(f, "{name} {value}")?;
        }
    }
    Ok(())
}

fn family(f: &mut fmt::Formatter, name: &str, kind: &str, help: &str) -> fmt::Result {
    writeln!(f, "# HELP {name} {help}\n# TYPE {name} {kind}")
}
