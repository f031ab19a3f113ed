//! Retiring keys at once: `rotate_keys` with `retire`.
//!
//! With a secret key and a copy of the store, an attacker has the signing keys, can make refresh tokens, and
//! can read waiting mails and the seeds of authenticator apps. One transaction invalidates all of these and
//! everything that they opened. Only the sessions, of which there may be very many, end in short transactions
//! before it, and the last of them in it. Other processes compare the stored retirement with their own, in
//! the statement that reads a session or beside what they open: operations that ask the store follow at once,
//! `verify` within a minute.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::Serialize;

use super::audit::{Audit, Kind, event};
use super::backends::Backend;
use super::chain;
use super::factors::totp;
use super::key_ring::{KeyRing, Turned, begin, new_key};
use super::outbox;
use super::retired_keys;
use super::settings;
use crate::crypto::pepper;
use crate::crypto::secrets::{KeyId, no_key};
use crate::error::{Code, Error, Result};
use crate::store::events::Event;
use crate::store::keys::Stamp;
use crate::store::row::Sealed;
use crate::store::{
    Durability, Tx, keys, mails, one_time_secrets, organizations, second_factors, sessions, trusted_devices,
    users,
};
use crate::types::id::Id;
use crate::types::parse_error::ParseError;
use crate::types::text::text_type;

/// When a key stops verifying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retire {
    /// At once, because it leaked.
    Now,
}

impl FromStr for Retire {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Retire, ParseError> {
        if text == "now" { Ok(Retire::Now) } else { Err(ParseError::new("expected now")) }
    }
}

text_type!(Retire, "enum": ["now"]);

/// The retired keys, and the data that ended with them.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "RetiredSecrets")]
#[non_exhaustive]
pub struct Retired {
    /// The number of signing keys: all that signed or verified.
    pub signing_keys: usize,
    /// The number of secret keys: all that this process was given, except the first.
    pub secret_keys: usize,
    /// The number of sessions that ended.
    pub sessions: usize,
    /// The number of mailed tokens and challenges that can no longer be redeemed.
    pub one_time_secrets: usize,
    /// The number of mails with such a token, which are no longer sent.
    pub mails: usize,
    /// The number of authenticator apps whose codes no longer work.
    pub totp_seeds: usize,
}

/// The result of a retirement.
pub(crate) struct Retirement {
    /// The new signing key.
    pub turned: Turned,
    pub retired: Retired,
}

/// How many rows a short transaction covers.
const BATCH: usize = 500;

/// A function that lists rows after an id.
type List<T> = fn(&mut Tx, Id, usize) -> Result<Vec<Sealed<T>>>;

/// Retires keys, if the settings still have this stamp.
pub(crate) struct Retiring<'e> {
    pub keys: &'e KeyRing,
    pub audit: &'e Audit,
    pub stamp: Stamp,
}

impl Retiring<'_> {
    /// Retires the signing keys of one backend. Its sessions go on and get new tokens by refreshing.
    pub(crate) fn of_backend(&self, backend: &Backend) -> Result<Retirement> {
        let now = self.keys.clock.now();
        let key = new_key(&self.keys.secrets, backend)?;
        let (previous, retired) = self.keys.store.write(Durability::Full, |tx| {
            retired_keys::follow(tx, &self.keys.secrets)?;
            settings::unchanged(tx, self.stamp)?;
            let previous = backend.current(&keys::all(tx)?).map(|key| key.kid.clone());
            let signing_keys = keys::delete_of(tx, &backend.name)?;
            begin(tx, &self.keys.secrets, &key, true, now)?;
            keys::retire_at_once(tx, &[])?;
            let retired = Retired { signing_keys, ..Retired::default() };
            self.record_retired(tx, &retired, now)?;
            Ok((previous, retired))
        })?;
        // If the store does not answer now, the next operation that asks it follows.
        let _ = self.keys.reload();
        Ok(Retirement { turned: Turned { kid: key.kid, previous }, retired })
    }

    /// Retires every signing key, every secret key except the current one, and everything made with them.
    pub(crate) fn of_everything(&self, backends: &[Backend], keep_totp: bool) -> Result<Retirement> {
        self.keys.store.read(|tx| self.leaving(tx))?;
        self.reseal()?;
        let now = self.keys.clock.now();
        let default = self.keys.backend(None)?;
        let backends = backends.iter().filter(|backend| backend.fixed.is_none());
        let made =
            backends.map(|backend| new_key(&self.keys.secrets, backend)).collect::<Result<Vec<_>>>()?;
        let ended = self.end_sessions(now)?;
        let (previous, retired) = self.keys.store.write(Durability::Full, |tx| {
            let secret_keys = self.leaving(tx)?;
            settings::unchanged(tx, self.stamp)?;
            settings::reseal(tx, &self.keys.secrets)?;
            chain::reseal(tx, &self.keys.secrets)?;
            let previous = default.current(&keys::all(tx)?).map(|key| key.kid.clone());
            let signing_keys = keys::delete_every(tx)?;
            made.iter().try_for_each(|key| begin(tx, &self.keys.secrets, key, true, now))?;
            keys::retire_at_once(tx, &secret_keys)?;
            trusted_devices::delete_every(tx)?;
            organizations::delete_every_invitation(tx)?;
            let retired = Retired {
                signing_keys,
                secret_keys: secret_keys.len(),
                sessions: ended + sessions::revoke_every(tx, now)?,
                one_time_secrets: one_time_secrets::delete_every(tx)?,
                mails: outbox::forget_every_token(tx)?,
                totp_seeds: if keep_totp { 0 } else { second_factors::forget_seeds(tx)? },
            };
            self.record_retired(tx, &retired, now)?;
            Ok((previous, retired))
        })?;
        // Seals what another process sealed meanwhile with a retired key. If the store does not answer, the
        // next operation that asks it follows, and retiring again seals the rest.
        let _ = self.keys.reload().and_then(|()| self.reseal());
        let kid = made.into_iter().find(|key| key.backend == default.name).map(|key| key.kid);
        Ok(Retirement { turned: Turned { kid: kid.unwrap_or_default(), previous }, retired })
    }

    /// Returns the secret keys to retire: all but the first. Refuses if the first is not the newest, or
    /// another never was the first: with the list in the wrong order the leaked key would stay, and the new
    /// one would be lost for good.
    fn leaving(&self, tx: &mut Tx) -> Result<Vec<KeyId>> {
        retired_keys::follow(tx, &self.keys.secrets)?;
        let known = keys::secret_keys(tx)?;
        let mut ids = self.keys.secrets.ids();
        let current = ids.next().ok_or_else(no_key)?;
        let leaving: Vec<KeyId> = ids.collect();
        let is_known = |id: &KeyId| known.iter().any(|known| known.id == *id);
        if known.last().is_none_or(|newest| newest.id != current) || !leaving.iter().all(is_known) {
            let detail = "the first of secret_keys is not the newest, or another never was the first";
            return Err(Error::at(Code::InvalidRequest, "/retire", detail));
        }
        Ok(leaving)
    }

    fn record_retired(&self, tx: &mut Tx, retired: &Retired, now: i64) -> Result<()> {
        let Retired { signing_keys, secret_keys, sessions, one_time_secrets, mails, totp_seeds } = retired;
        let detail = format!(
            "signing_keys={signing_keys} secret_keys={secret_keys} sessions={sessions} \
             one_time_secrets={one_time_secrets} mails={mails} totp_seeds={totp_seeds}"
        );
        self.audit.record(tx, now, Event { detail: Some(&detail), ..event(Kind::KeysRetired, None) })
    }

    /// Seals anew, with the current secret key, the data that are still needed and that another key sealed:
    /// password hashes, seeds, mails. It uses short transactions, so that others can write.
    fn reseal(&self) -> Result<()> {
        let secrets = &self.keys.secrets;
        self.each_batch(users::sealed_hashes, |tx, id, old| match pepper::reseal(secrets, id, &old)? {
            Some(new) => users::upgrade_hash(tx, id, &old, &new),
            None => Ok(()),
        })?;
        self.each_batch(users::sealed_past_passwords, |tx, id, old| {
            match pepper::reseal(secrets, id, &old)? {
                Some(new) => users::reseal_past_passwords(tx, id, &old, &new),
                None => Ok(()),
            }
        })?;
        self.each_batch(second_factors::sealed_totp, |tx, id, old| {
            match secrets.reseal(&totp::owner(id), &old)? {
                Some(new) => second_factors::reseal_totp(tx, id, &old, &new),
                None => Ok(()),
            }
        })?;
        self.each_batch(mails::sealed, |tx, id, old| match secrets.reseal(&outbox::owner(id), &old)? {
            Some(new) => mails::reseal(tx, id, &old, &new),
            None => Ok(()),
        })
    }

    /// Ends every session in short transactions, because one for all of a large store would exceed the
    /// store's timeout. Returns the number.
    fn end_sessions(&self, now: i64) -> Result<usize> {
        let mut ended = 0;
        let mut after = Id::from_bytes([0; 16]);
        loop {
            let ids = self
                .keys
                .store
                .write(Durability::Full, |tx| sessions::revoke_after(tx, after, BATCH, now))?;
            ended += ids.len();
            match ids.last() {
                Some(last) => after = *last,
                None => return Ok(ended),
            }
        }
    }

    /// Calls `each` with every row that `list` returns, batch by batch.
    fn each_batch<T>(&self, list: List<T>, each: impl Fn(&mut Tx, Id, T) -> Result<()>) -> Result<()> {
        let mut after = Id::from_bytes([0; 16]);
        loop {
            let last = self.keys.store.write(Durability::Full, |tx| {
                retired_keys::follow(tx, &self.keys.secrets)?;
                let rows = list(tx, after, BATCH)?;
                let last = rows.last().map(|row| row.id).filter(|_| rows.len() == BATCH);
                rows.into_iter().try_for_each(|row| each(tx, row.id, row.sealed))?;
                Ok(last)
            })?;
            match last {
                Some(id) => after = id,
                None => return Ok(()),
            }
        }
    }
}
