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

/// What failures are counted for.
pub(super) struct Lanes {
    account: [u8; 32],
    /// Whether the account exists: its count is kept until it succeeds, a stranger's name is forgotten.
    is_known: bool,
    source: Option<[u8; 32]>,
}

impl Engine {
    /// The lanes of one attempt at `account`, or at a name that nobody has.
    pub(super) fn lanes(&self, account: Option<Id>, name: &str, source: Option<IpAddr>) -> Result<Lanes> {
        let id = |text: String| self.secrets.mac(Purpose::LookUp, text.as_bytes());
        Ok(Lanes {
            account: match account {
                Some(account) => id(format!("account {account}"))?,
                None => id(format!("name {name}"))?,
            },
            is_known: account.is_some(),
            source: source.map(|ip| id(format!("source {}", network(ip)))).transpose()?,
        })
    }

    /// Counts an attempt as failed. Failure: `too_many_attempts`.
    pub(super) fn count_attempt(&self, lanes: &Lanes) -> Result<()> {
        let now = self.clock.now();
        let config = &self.config.throttle;
        let forgotten_at = now + config.window_seconds.seconds() + config.lock_max_seconds.seconds();
        self.store.write(Durability::Relaxed, |tx| {
            throttles::forget_expired(tx, now)?;
            let account = throttles::find(tx, &lanes.account)?.unwrap_or_default();
            if account.in_a_row >= MOST_IN_A_ROW {
                return Err(throttled(config.lock_max_seconds.seconds()));
            }
            let counted = self.count(account, config.account_failures.seconds(), now)?;
            let expires_at = if lanes.is_known { i64::MAX } else { forgotten_at };
            throttles::put(tx, &lanes.account, Throttle { expires_at, ..counted })?;
            if let Some(id) = &lanes.source {
                let source = throttles::find(tx, id)?.unwrap_or_default();
                let counted = self.count(source, config.source_failures.seconds(), now)?;
                throttles::put(tx, id, Throttle { expires_at: forgotten_at, ..counted })?;
            }
            Ok(())
        })
    }

    /// Takes the attempt back: it succeeded. The account starts anew, the source has one failure less.
    pub(super) fn forgive_attempt(&self, tx: &mut Tx, lanes: &Lanes) -> Result<()> {
        throttles::delete(tx, &lanes.account)?;
        if let Some(id) = &lanes.source
            && let Some(source) = throttles::find(tx, id)?
        {
            throttles::put(tx, id, Throttle { failures: (source.failures - 1).max(0), ..source })?;
        }
        Ok(())
    }

    /// One failure more. From the `limit`th on each locks, twice as long as the one before.
    fn count(&self, before: Throttle, limit: i64, now: i64) -> Result<Throttle> {
        let config = &self.config.throttle;
        let lock_max = config.lock_max_seconds.seconds();
        // A lock set by a clock that ran ahead ends with the longest lock there is.
        let locked_until = before.locked_until.min(now + lock_max);
        if locked_until > now {
            return Err(throttled(locked_until - now));
        }
        let forgotten = before.failed_at.max(before.locked_until) + config.window_seconds.seconds() <= now;
        let failures = if forgotten { 1 } else { before.failures + 1 };
        let lock = match failures - limit {
            beyond @ 0..=16 => (config.lock_seconds.seconds() << beyond).min(lock_max),
            17.. => lock_max,
            _ => 0,
        };
        Ok(Throttle {
            failures,
            in_a_row: before.in_a_row + 1,
            failed_at: now,
            locked_until: now + lock,
            ..before
        })
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
