//! Throttles: an attempt is counted as failed before the proof is looked at, in one transaction, and
//! taken back when it succeeds. So no number of threads or processes gets more guesses than allowed.

use std::net::IpAddr;

use super::Engine;
use crate::crypto::secrets::Purpose;
use crate::error::{Code, Error, Result};
use crate::store::throttles::{self, Throttle};
use crate::store::{Durability, Tx};
use crate::user::Id;

/// No authenticator is guessed at more often than this without a success in between, however slowly
/// (NIST SP 800-63B-4 section 3.2.2).
const MOST_IN_A_ROW: i64 = 100;

/// An attempt: it counts as failed until it is taken back.
pub(super) struct Attempt {
    account: Lane,
    source: Option<Lane>,
}

/// What failures are counted for: an account, a name that nobody has, or a source.
struct Lane {
    id: [u8; 32],
    /// Failures before it is locked.
    limit: i64,
    most_in_a_row: i64,
    /// When its count may be forgotten.
    expires_at: i64,
    /// Until when this attempt locked it, if it did.
    locked_until: i64,
    /// Whether it did, or was the last that is allowed in a row.
    locks: bool,
}

impl Engine {
    /// Counts an attempt at `account`, or at a name that nobody has, as failed. Failure:
    /// `too_many_attempts`.
    pub(super) fn count_attempt(
        &self,
        account: Option<Id>,
        name: &str,
        source: Option<IpAddr>,
    ) -> Result<Attempt> {
        let config = &self.config.throttle;
        let now = self.clock.now();
        let forgotten_at = now + config.window_seconds.seconds() + config.lock_max_seconds.seconds();
        let id = |text: String| self.secrets.mac(Purpose::LookUp, text.as_bytes());
        let mut attempt = Attempt {
            account: Lane {
                id: id(account.map_or(format!("name {name}"), |id| format!("account {id}")))?,
                limit: config.account_failures.seconds(),
                most_in_a_row: MOST_IN_A_ROW,
                // The count of an account is kept until it succeeds, that of a stranger's name is not.
                expires_at: if account.is_some() { i64::MAX } else { forgotten_at },
                locked_until: 0,
                locks: false,
            },
            source: None,
        };
        if let Some(ip) = source {
            attempt.source = Some(Lane {
                id: id(format!("source {}", network(ip)))?,
                limit: config.source_failures.seconds(),
                most_in_a_row: i64::MAX,
                expires_at: forgotten_at,
                locked_until: 0,
                locks: false,
            });
        }
        let refused_for = self.store.write(Durability::Relaxed, |tx| {
            let mut counts = Vec::with_capacity(2);
            for lane in attempt.lanes() {
                let kept = throttles::find(tx, &lane.id)?.unwrap_or_default();
                let count = self.as_of(now, kept);
                if count.in_a_row >= lane.most_in_a_row {
                    return Ok(Some(config.lock_max_seconds.seconds()));
                }
                if count.locked_until > now {
                    if count.failed_at != kept.failed_at {
                        throttles::put(tx, &lane.id, Throttle { expires_at: lane.expires_at, ..count })?;
                    }
                    return Ok(Some(count.locked_until - now));
                }
                counts.push(self.one_more(count, lane, now));
            }
            throttles::forget_expired(tx, now)?;
            for (lane, count) in attempt.lanes_mut().zip(counts) {
                throttles::put(tx, &lane.id, count)?;
                lane.locked_until = count.locked_until;
                lane.locks = count.locked_until > 0 || count.in_a_row >= lane.most_in_a_row;
            }
            Ok(None)
        })?;
        match refused_for {
            Some(seconds) => Err(throttled(seconds)),
            None => Ok(attempt),
        }
    }

    /// Takes an attempt back whose proof nobody looked at. Where the store does not answer it stays
    /// counted.
    pub(super) fn take_back_attempt(&self, attempt: &Attempt) {
        let _ = self
            .store
            .write(Durability::Relaxed, |tx| attempt.lanes().try_for_each(|lane| lane.take_back(tx)));
    }

    /// Forgets every failure of an account that is deleted.
    pub(super) fn forget_attempts(&self, tx: &mut Tx, account: Id) -> Result<()> {
        throttles::delete(tx, &self.secrets.mac(Purpose::LookUp, format!("account {account}").as_bytes())?)
    }

    /// The count with its times not after `now`: a lock set by a clock that ran ahead lasts, from now on,
    /// as long as it was meant to.
    fn as_of(&self, now: i64, kept: Throttle) -> Throttle {
        let ahead = kept.failed_at.saturating_sub(now).max(0);
        let failed_at = kept.failed_at - ahead;
        let longest = failed_at.saturating_add(self.config.throttle.lock_max_seconds.seconds());
        let locked_until = kept.locked_until.saturating_sub(ahead).min(longest);
        Throttle { failed_at, locked_until, ..kept }
    }

    /// One failure more. From the lane's limit on each locks, twice as long as the one before.
    fn one_more(&self, before: Throttle, lane: &Lane, now: i64) -> Throttle {
        let config = &self.config.throttle;
        let last = before.failed_at.max(before.locked_until);
        let is_forgotten = last.saturating_add(config.window_seconds.seconds()) <= now;
        let failures = if is_forgotten { 1 } else { before.failures.saturating_add(1) };
        let lock_max = config.lock_max_seconds.seconds();
        let locked_until = match failures - lane.limit {
            beyond @ 0..=16 => now + (config.lock_seconds.seconds() << beyond).min(lock_max),
            17.. => now + lock_max,
            _ => 0,
        };
        Throttle {
            failures,
            in_a_row: before.in_a_row.saturating_add(1),
            failed_at: now,
            locked_until,
            expires_at: lane.expires_at,
        }
    }
}

impl Attempt {
    /// Takes the attempt back: it succeeded. The account starts anew, the source has one failure less.
    pub(super) fn succeeded(&self, tx: &mut Tx) -> Result<()> {
        throttles::delete(tx, &self.account.id)?;
        self.source.iter().try_for_each(|lane| lane.take_back(tx))
    }

    /// What the attempt locked: `account`, `source`.
    pub(super) fn locks(&self) -> impl Iterator<Item = &'static str> {
        self.lanes().zip(["account", "source"]).filter(|(lane, _)| lane.locks).map(|(_, name)| name)
    }

    fn lanes(&self) -> impl Iterator<Item = &Lane> {
        std::iter::once(&self.account).chain(&self.source)
    }

    fn lanes_mut(&mut self) -> impl Iterator<Item = &mut Lane> {
        std::iter::once(&mut self.account).chain(&mut self.source)
    }
}

impl Lane {
    /// One failure less. A lock goes with the attempt that set it, and with the failures it needs.
    fn take_back(&self, tx: &mut Tx) -> Result<()> {
        let Some(count) = throttles::find(tx, &self.id)? else { return Ok(()) };
        let failures = (count.failures - 1).max(0);
        let is_over = failures < self.limit || count.locked_until == self.locked_until;
        let locked_until = if is_over { 0 } else { count.locked_until };
        let in_a_row = (count.in_a_row - 1).max(0);
        throttles::put(tx, &self.id, Throttle { failures, in_a_row, locked_until, ..count })
    }
}

fn throttled(seconds: i64) -> Error {
    Error { retry_after_seconds: u64::try_from(seconds).ok(), ..Code::TooManyAttempts.into() }
}

/// One subscriber: an IPv4 address, or the /64 that an IPv6 subscriber is given at least.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() >> 64 << 64).into()),
        ip => ip,
    }
}
