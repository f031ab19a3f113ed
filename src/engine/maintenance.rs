//! What keeps a store healthy: `maintain`, `backup`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Engine;
use super::events::oldest_event;
use crate::error::{Code, Error, Result};
use crate::store::{
    Durability, Share, Tx, events, keys, known_devices, one_time_secrets, sessions, throttles,
};

/// Purges what is past its time. Ordinary writes do a little of it; a job that calls this now and then does
/// the rest.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MaintainRequest {
    /// When to stop, in milliseconds: 1 to 60000, default 1000. The batch that runs then is finished.
    #[schemars(range(min = 1, max = 60_000))]
    pub budget_ms: Option<u32>,
}

/// What was purged.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MaintainResponse {
    /// How many of each kind.
    pub purged: Purged,
    /// Whether nothing is left; else call again.
    pub complete: bool,
}

/// How many of each kind were purged.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Purged {
    /// Sessions that ended a day ago or more.
    pub sessions: usize,
    /// Counts of failed attempts.
    pub throttles: usize,
    /// One-time secrets that nobody redeemed.
    pub one_time_secrets: usize,
    /// Devices on which nobody logged in for a long time.
    pub known_devices: usize,
    /// Mails that could not be sent in time.
    pub mails: usize,
    /// Signing keys that verify nothing any more.
    pub keys: usize,
    /// Events older than `audit.retention_days`.
    pub events: usize,
}

/// Copies the store into a file, while it is in use.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupRequest {
    /// The file to make, with mode 0600. None may have this name.
    pub path: PathBuf,
}

/// The copy is on the disk.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BackupResponse {
    /// How long the file is.
    pub bytes: u64,
}

/// How many rows a batch has: other writers wait no longer than it takes.
const BATCH: usize = 500;

/// Deletes so many rows of a kind; how many there were.
type Purge = fn(&Engine, &mut Tx, now: i64, Share) -> Result<usize>;

/// Where it is counted.
type Count = fn(&mut Purged) -> &mut usize;

/// The kinds; mails before events, because what is given up is logged.
const KINDS: [(Purge, Count); 7] = [
    (|_, tx, now, share| sessions::forget_ended(tx, now, share), |purged| &mut purged.sessions),
    (|_, tx, now, share| throttles::forget_expired(tx, now, share), |purged| &mut purged.throttles),
    (
        |_, tx, now, share| one_time_secrets::forget_expired(tx, now, share),
        |purged| &mut purged.one_time_secrets,
    ),
    (|_, tx, now, share| known_devices::forget_expired(tx, now, share), |purged| &mut purged.known_devices),
    (|engine, tx, now, share| engine.outbox.forget_expired(tx, now, share), |purged| &mut purged.mails),
    (|_, tx, now, share| keys::forget_expired(tx, now, share), |purged| &mut purged.keys),
    (
        |engine, tx, now, share| events::forget_expired(tx, oldest_event(&engine.config.audit, now), share),
        |purged| &mut purged.events,
    ),
];

impl Engine {
    /// Purges what is past its time, in short transactions of their own, until nothing is left or the time is
    /// up. What is purged was dead before.
    ///
    /// Failures: `invalid_request`, `store_unavailable`.
    pub fn maintain(&self, request: MaintainRequest) -> Result<MaintainResponse> {
        let budget_ms = request.budget_ms.unwrap_or(1000);
        if !(1..=60_000).contains(&budget_ms) {
            return Err(Error::at(Code::InvalidRequest, "/budget_ms", "expected 1 to 60000"));
        }
        let end = Instant::now() + Duration::from_millis(budget_ms.into());
        let now = self.clock.now();
        let mut purged = Purged::default();
        for (purge, count) in KINDS {
            loop {
                // What a power cut brings back is purged again.
                let share = Share::Batch(BATCH);
                let rows = self.store.write(Durability::Relaxed, |tx| purge(self, tx, now, share))?;
                *count(&mut purged) += rows;
                if rows < BATCH {
                    break;
                }
                if Instant::now() >= end {
                    return Ok(MaintainResponse { purged, complete: false });
                }
            }
        }
        Ok(MaintainResponse { purged, complete: true })
    }

    /// Copies a SQLite store, as it is at one moment, into a new file while others read and write. The copy
    /// is opened with the same secret key, which is not in it. A failure leaves no file.
    ///
    /// Failures: `invalid_request`, `feature_not_built`, `store_unavailable`.
    pub fn backup(&self, request: BackupRequest) -> Result<BackupResponse> {
        Ok(BackupResponse { bytes: self.store.backup(&request.path)? })
    }
}
