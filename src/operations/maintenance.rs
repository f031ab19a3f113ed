//! Maintenance of the store: `maintain`, `backup`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::crypto::secrets::KeyId;
use crate::engine::Engine;
use crate::engine::opening::proof;
use crate::engine::sessions::KEPT_SECONDS;
use crate::error::{Code, Error, Result};
use crate::store::{
    Durability, Look, Share, Tx, Watch, api_keys, keys, known_devices, one_time_secrets, organizations,
    passkeys, revoked_tokens, sessions, throttles, trusted_devices,
};

/// Purges expired data. Ordinary writes do a little of it; a scheduled job that calls this operation does the
/// rest.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct MaintainRequest {
    /// The time to spend, in milliseconds: 1 to 60000, default 1000. The engine finishes the batch that runs
    /// when the time is up.
    #[schemars(range(min = 1, max = 60_000))]
    pub budget_ms: Option<u32>,
}

/// The result of a purge.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct MaintainResponse {
    /// The number of purged rows by kind.
    pub purged: Purged,
    /// Whether nothing is left; if false, call again.
    pub complete: bool,
}

/// The number of purged rows by kind.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "PurgedRows")]
#[non_exhaustive]
pub struct Purged {
    /// Sessions that ended a day ago or more.
    pub sessions: usize,
    /// Counts of failed attempts.
    pub throttles: usize,
    /// One-time secrets that expired unused.
    pub one_time_secrets: usize,
    /// Used challenges of logins by passkey.
    pub spent_challenges: usize,
    /// Devices without a login for a long time.
    pub known_devices: usize,
    /// Mails that could not be sent in time.
    pub mails: usize,
    /// Trusted devices that have expired.
    pub trusted_devices: usize,
    /// API keys that expired a day ago or more.
    pub api_keys: usize,
    /// Signing keys that no longer verify anything.
    pub keys: usize,
    /// Revoked tokens that have expired.
    pub revoked_tokens: usize,
    /// Accounts of invitations and of logins by mail that waited for their owner in vain.
    pub waiting_accounts: usize,
    /// Invitations to organizations that have expired.
    pub invitations: usize,
    /// Events older than `audit.retention_days` of the store.
    pub events: usize,
}

/// Copies the store into a file, while it is in use.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BackupRequest {
    /// The path of the file to make, with mode 0600. No file may have this name.
    pub path: PathBuf,
    /// Whether to verify the copy before it gets its name: every page, row and index, and that the secret key
    /// opens it. This takes about as long as the copy. Default: false.
    pub verify: Option<bool>,
}

/// A copy on the disk.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct BackupResponse {
    /// The length of the file.
    pub bytes: u64,
    /// The contents of the copy, if it was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
}

/// The contents of a copy.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "VerifiedBackup")]
#[non_exhaustive]
pub struct Verified {
    /// The number of accounts.
    pub users: i64,
    /// The number of live sessions.
    pub sessions: i64,
    /// The number of events in the audit log.
    pub events: i64,
}

/// The number of rows that one transaction deletes. It bounds how long other writers wait.
const BATCH: usize = 500;

impl Engine {
    /// Purges expired rows in short transactions, until none is left or the time is up. The rows were invalid
    /// before.
    ///
    /// Failures: `invalid_request`, `store_unavailable`.
    pub fn maintain(&self, request: MaintainRequest) -> Result<MaintainResponse> {
        let budget_ms = request.budget_ms.unwrap_or(1000);
        if !(1..=60_000).contains(&budget_ms) {
            return Err(Error::at(Code::InvalidRequest, "/budget_ms", "expected 1 to 60000"));
        }
        self.store.read(|tx| self.retention.follow_store(tx, &self.secrets))?;
        let now = self.clock.now();
        let share = Share::Batch(BATCH);
        let mut purge = Purge {
            engine: self,
            end: Instant::now() + Duration::from_millis(budget_ms.into()),
            is_complete: true,
        };
        // An expired event gets its place and its link in the chain before it is deleted.
        while purge.is_complete && self.audit.give_places()? {
            purge.is_complete = Instant::now() < purge.end;
        }
        let purged = Purged {
            sessions: purge.all(|tx| sessions::forget_ended(tx, now - KEPT_SECONDS, share))?,
            throttles: purge.all(|tx| throttles::forget_expired(tx, now, share))?
                + purge.lasting_throttles(share)?,
            one_time_secrets: purge.all(|tx| one_time_secrets::forget_expired(tx, now, share))?,
            spent_challenges: purge.all(|tx| passkeys::forget_expired(tx, now, share))?,
            known_devices: purge.all(|tx| known_devices::forget_expired(tx, now, share))?,
            trusted_devices: purge.all(|tx| trusted_devices::forget_expired(tx, now, share))?,
            // A mail that is given up is logged.
            mails: purge.all(|tx| self.mailing.outbox.forget_expired(tx, now, share))?,
            api_keys: purge.all(|tx| api_keys::forget_expired(tx, now - KEPT_SECONDS, share))?,
            keys: purge.all(|tx| keys::forget_expired(tx, now, share))?,
            revoked_tokens: purge.all(|tx| revoked_tokens::forget_expired(tx, now, share))?,
            waiting_accounts: purge.waiting_accounts(now)?,
            invitations: purge.all(|tx| organizations::forget_expired(tx, now, share))?,
            events: purge.all(|tx| self.retention.forget(tx, now, share))?,
        };
        Ok(MaintainResponse { purged, complete: purge.is_complete })
    }

    /// Copies a SQLite store, as it is at one moment, into a new file while others read and write. Opening
    /// the copy needs the same secret key, which the copy does not contain. A failed backup leaves no file.
    ///
    /// Failures: `invalid_request`, `feature_not_built`, `store_unavailable`.
    pub fn backup(&self, request: BackupRequest) -> Result<BackupResponse> {
        self.backup_watched(request, &(Arc::new(|_, _, _| true) as Watch))
    }

    /// As [`Engine::backup`]. The progress is passed to `watch`, which cancels the backup by returning
    /// `false`.
    ///
    /// Failures: as there.
    pub fn backup_watched(&self, request: BackupRequest, watch: &Watch) -> Result<BackupResponse> {
        let mut verified = None;
        let now = self.clock.now();
        let mut look = |tx: &mut Tx| {
            if proof(tx, &self.secrets)?.is_none() {
                return Err(Error::new(Code::StoreUnavailable, "the copy has no proof of the secret key"));
            }
            let sessions = sessions::count_alive(tx, now)?;
            let mut count = |sql| tx.first(sql, &[], |row| row.integer(0)).map(Option::unwrap_or_default);
            verified = Some(Verified {
                users: count("SELECT count(*) FROM users")?,
                sessions,
                events: count("SELECT count(*) FROM events")?,
            });
            Ok(())
        };
        let is_verified = request.verify.unwrap_or(false);
        let look = is_verified.then_some(&mut look as Look);
        let bytes = self.store.backup(&request.path, watch, look)?;
        Ok(BackupResponse { bytes, verified })
    }
}

struct Purge<'e> {
    engine: &'e Engine,
    end: Instant,
    is_complete: bool,
}

impl Purge<'_> {
    /// Deletes the counters of accounts that were made under secret keys that no longer exist. These counters
    /// have no end and can no longer be found. Their ids begin with the key's id.
    fn lasting_throttles(&mut self, share: Share) -> Result<usize> {
        let mut keys: Vec<KeyId> = self.engine.secrets.ids().collect();
        // A process with only retired keys does not know the keys of other processes.
        if keys.is_empty() {
            return Ok(0);
        }
        keys.sort_unstable();
        let mut rows = 0;
        let mut from = Vec::new();
        for key in keys {
            rows += self.all(|tx| throttles::forget_lasting(tx, &from, &key, share))?;
            // Skips all ids that begin with the key's id.
            from = [&key[..], &[0xff; 29]].concat();
        }
        Ok(rows + self.all(|tx| throttles::forget_lasting(tx, &from, &[0xff; 33], share))?)
    }

    fn waiting_accounts(&mut self, now: i64) -> Result<usize> {
        let mut rows = 0;
        while self.is_complete {
            let (found, deleted) = self.engine.accounts.forget_expired(now, Share::Batch(BATCH))?;
            rows += deleted;
            if found < BATCH {
                break;
            }
            self.is_complete = Instant::now() < self.end;
        }
        Ok(rows)
    }

    /// Deletes rows of one kind in batches, until a batch is not full or the time is up. Returns the number
    /// of rows.
    fn all(&mut self, mut batch: impl FnMut(&mut Tx) -> Result<usize>) -> Result<usize> {
        let mut rows = 0;
        while self.is_complete {
            // Rows that a power failure restores are purged again.
            let deleted = self.engine.store.write(Durability::Relaxed, &mut batch)?;
            rows += deleted;
            if deleted < BATCH {
                break;
            }
            self.is_complete = Instant::now() < self.end;
        }
        Ok(rows)
    }
}
