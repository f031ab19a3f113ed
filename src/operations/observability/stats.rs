//! Figures for operators: `stats`.

use std::fmt;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::crypto::hasher::Load;
use crate::engine::Engine;
use crate::engine::counters::{Taken, seconds, up_to_seconds};
use crate::engine::sessions::over;
use crate::error::{Result, Status};
use crate::store::figures::Figures;
use crate::store::sessions;

/// Returns figures since the engine was opened.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct StatsRequest {
    /// Whether to include the store's figures, which takes a few reads; default: false.
    pub store: Option<bool>,
}

/// The figures of this engine since it was opened.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct StatsResponse {
    /// The operations that were called, in the order of the reference.
    pub operations: Vec<OperationStats>,
    /// The queue for password hashes.
    pub hash_queue: HashQueue,
    /// The store's figures, if they were asked for: the same for every engine on the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreStats>,
    /// All figures in the text format of Prometheus: answer a scraper with it, as `text/plain;
    /// version=0.0.4`.
    pub prometheus: String,
}

/// The figures of a store.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct StoreStats {
    /// The number of accounts that may log in.
    pub active_accounts: i64,
    /// The number of accounts that may not log in.
    pub disabled_accounts: i64,
    /// The number of live sessions: neither revoked nor expired, nor those in which a person may no longer act as the
    /// user.
    pub sessions: i64,
    /// The number of events in the audit log.
    pub events: i64,
    /// The number of mails that wait to be sent.
    pub mails: i64,
    /// When the oldest waiting mail was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_mail_at: Option<i64>,
    /// The number of signing keys, with those that only verify.
    pub keys: i64,
    /// The size of the SQLite file, or of the tables on the server with their indexes.
    pub bytes: u64,
    /// The length of the SQLite file's write-ahead log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_bytes: Option<u64>,
    /// The free space on the disk of the SQLite file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_bytes: Option<u64>,
    /// The counts that a PostgreSQL server estimates: those above 100,000. The others are exact.
    pub estimated: Vec<&'static str>,
}

/// The figures of one operation.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct OperationStats {
    /// The operation's name.
    pub operation: &'static str,
    /// The outcomes of its calls.
    pub outcomes: Vec<Outcome>,
    /// The durations of its calls.
    pub latency: Latency,
}

/// The number of calls with one outcome.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OperationOutcome")]
#[non_exhaustive]
pub struct Outcome {
    /// The name of the status.
    pub status: &'static str,
    /// The number of calls.
    pub count: u64,
}

/// The durations of calls.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Latency {
    /// The number of timed calls: all of them, but about one in 16 for `verify`.
    pub count: u64,
    /// The sum of the durations.
    pub sum_seconds: f64,
    /// A histogram.
    pub buckets: Vec<Bucket>,
}

/// The calls of about one duration. Each bucket reaches twice as far as the previous one.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LatencyBucket")]
#[non_exhaustive]
pub struct Bucket {
    /// The longest duration in this bucket; absent for the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up_to_seconds: Option<f64>,
    /// The number of calls.
    pub count: u64,
}

/// The queue for password hashes, now.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[schemars(rename = "HashQueueStats")]
#[non_exhaustive]
pub struct HashQueue {
    /// The number of hashes that may run at once.
    pub slots: usize,
    /// The number of hashes that run.
    pub busy: usize,
    /// The number of callers that wait.
    pub waiting: usize,
}

impl Engine {
    /// Returns how often operations were called, how they ended and how long they took, and on request the
    /// figures of the store.
    ///
    /// Failures: `store_unavailable`, with `store` alone.
    pub fn stats(&self, request: StatsRequest) -> Result<StatsResponse> {
        let now = self.clock.now();
        let store = request.store.unwrap_or(false);
        let store = store.then(|| self.store_stats(now)).transpose()?;
        let taken = self.counters.taken();
        let Load { slots, busy, waiting } = self.passwords.hasher.load();
        let hash_queue = HashQueue { slots, busy, waiting };
        let prometheus = Exposition { taken: &taken, hash_queue, store: store.as_ref(), now }.to_string();
        let operations = taken.into_iter().map(OperationStats::from).collect();
        Ok(StatsResponse { operations, hash_queue, store, prometheus })
    }

    /// Returns the figures of the store. Without an estimate, the sessions do not include those that are refused because
    /// a person may no longer act as the user.
    fn store_stats(&self, now: i64) -> Result<StoreStats> {
        let mut stats = StoreStats::from(self.store.figures(now)?);
        if !stats.estimated.contains(&"sessions") {
            let refused = self.store.read(|tx| {
                let acting = sessions::acting(tx, now)?;
                over(tx, &acting, &self.config, now)
            })?;
            // One of them may have ended since it was counted.
            stats.sessions = (stats.sessions - refused).max(0);
        }
        Ok(stats)
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

/// A writer of the text format of Prometheus, version 0.0.4.
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
        family(f, name, "histogram", "Durations of calls; about one in 16 of verify is timed.")?;
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
            ("doorward_hash_slots", "The number of password hashes that may run at once.", slots),
            ("doorward_hash_busy", "The number of running password hashes.", busy),
            ("doorward_hash_waiting", "The number of callers that wait for a password hash.", waiting),
        ] {
            family(f, name, "gauge", help)?;
            writeln!(f, "{name} {value}")?;
        }
        self.store.map_or(Ok(()), |store| expose(f, store, self.now))
    }
}

/// Writes the figures of a store.
fn expose(f: &mut fmt::Formatter, store: &StoreStats, now: i64) -> fmt::Result {
    family(f, "doorward_accounts", "gauge", "Accounts that may and may not log in.")?;
    writeln!(f, "doorward_accounts{{state=\"active\"}} {}", store.active_accounts)?;
    writeln!(f, "doorward_accounts{{state=\"disabled\"}} {}", store.disabled_accounts)?;
    let bytes = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    let waits = store.oldest_mail_at.map_or(0, |since| (now - since).max(0));
    for (name, help, value) in [
        ("doorward_sessions", "Live sessions.", Some(store.sessions)),
        ("doorward_events", "Events in the audit log.", Some(store.events)),
        ("doorward_mails", "Mails that wait to be sent.", Some(store.mails)),
        ("doorward_oldest_mail_seconds", "The time for which the oldest mail has waited.", Some(waits)),
        ("doorward_keys", "Signing keys.", Some(store.keys)),
        ("doorward_store_bytes", "The size of the store on its disk.", Some(bytes(store.bytes))),
        ("doorward_store_log_bytes", "The write-ahead log of a SQLite file.", store.log_bytes.map(bytes)),
        (
            "doorward_store_free_bytes",
            "The free space on the disk of a SQLite file.",
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
