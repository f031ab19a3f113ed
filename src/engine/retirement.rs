//! Keys that are dead at once: `rotate_keys` with `retire`.
//!
//! Somebody with a secret key and a copy of the store has the signing keys, makes refresh tokens, reads what waits in the
//! outbox and knows the seeds of authenticator apps. All of that is taken away in one transaction, and with it what
//! it opened; but sessions, of which there may be very many, end before it in short ones, and the last of them in it.
//! Other processes compare what was retired with what they know, in the statement that reads a
//! session or beside what they open: the live questions follow at once, `verify` within a minute.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::Serialize;

use super::audit::{Audit, Kind, event};
use super::backends::Backend;
use super::chain;
use super::factors::totp;
use super::key_ring::{KeyRing, Turned, begin, new_key};
use super::outbox;
use super::settings;
use crate::crypto::pepper;
use crate::crypto::secrets::{KeyId, no_key};
use crate::error::{Code, Error, Result};
use crate::store::events::Event;
use crate::store::keys::Stamp;
use crate::store::{Durability, Tx, keys, mails, one_time_secrets, second_factors, sessions, users};
use crate::user::{Id, text_type};

/// When a key stops to verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retire {
    /// At once: it leaked.
    Now,
}

impl FromStr for Retire {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Retire, &'static str> {
        if text == "now" { Ok(Retire::Now) } else { Err("expected now") }
    }
}

text_type!(Retire, "enum": ["now"]);

/// What was retired, and what ended with it.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "RetiredSecrets")]
pub struct Retired {
    /// Signing keys: all that signed or verified.
    pub signing_keys: usize,
    /// Secret keys: all that this process was given, but the first.
    pub secret_keys: usize,
    /// Sessions that ended.
    pub sessions: usize,
    /// Mailed tokens and challenges that can no longer be redeemed.
    pub one_time_secrets: usize,
    /// Mails with such a token, which are not sent any more.
    pub mails: usize,
    /// Authenticator apps whose codes are not right any more.
    pub totp_seeds: usize,
}

/// How many rows one of the short transactions looks at.
const BATCH: usize = 500;

/// Lists rows after an id.
type List<T> = fn(&mut Tx, Id, usize) -> Result<Vec<(Id, T)>>;

/// Retires keys, while the settings are those of this stamp.
pub(crate) struct Retiring<'e> {
    pub keys: &'e KeyRing,
    pub audit: &'e Audit,
    pub stamp: Stamp,
}

impl Retiring<'_> {
    /// Retires the signing keys of one backend. Its sessions go on: they are refreshed.
    pub(crate) fn of_backend(&self, backend: &Backend) -> Result<(Turned, Option<Retired>)> {
        let (now, key) = (self.keys.clock.now(), new_key(&self.keys.secrets, backend)?);
        let (previous, retired) = self.keys.store.write(Durability::Full, |tx| {
            self.keys.follow_secret_keys(tx)?;
            settings::unchanged(tx, self.stamp)?;
            let previous = backend.current(&keys::all(tx)?).map(|key| key.kid.clone());
            let signing_keys = keys::delete_of(tx, &backend.name)?;
            begin(tx, &self.keys.secrets, &key, true, now)?;
            keys::retire_at_once(tx, &[])?;
            let retired = Retired { signing_keys, ..Retired::default() };
            self.record_retired(tx, &retired, now)?;
            Ok((previous, retired))
        })?;
        // Where the store does not answer now, whatever asks it next follows.
        let _ = self.keys.reload();
        Ok((Turned { kid: key.kid, previous }, Some(retired)))
    }

    /// Retires every signing key, every secret key but the current one, and what they made.
    pub(crate) fn of_everything(
        &self,
        backends: &[Backend],
        keep_totp: bool,
    ) -> Result<(Turned, Option<Retired>)> {
        self.keys.store.read(|tx| self.leaving(tx))?;
        self.reseal()?;
        let (now, default) = (self.keys.clock.now(), self.keys.backend(None)?);
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
        // What another process sealed meanwhile with a key that is retired now. Where the store does not answer,
        // whatever asks it next follows, and retiring again seals the rest.
        let _ = self.keys.reload().and_then(|()| self.reseal());
        let kid = made.into_iter().find(|key| key.backend == default.name).map(|key| key.kid);
        Ok((Turned { kid: kid.unwrap_or_default(), previous }, Some(retired)))
    }

    /// The secret keys that are retired: all but the first. Not where the first is not the newest, or another never was
    /// the first: with the list in the wrong order the key that leaked would stay, and the new one be lost for good.
    fn leaving(&self, tx: &mut Tx) -> Result<Vec<KeyId>> {
        self.keys.follow_secret_keys(tx)?;
        let (known, mut ids) = (keys::secret_keys(tx)?, self.keys.secrets.ids());
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

    /// Seals with the current secret key what another one sealed and is still needed: hashes of passwords, seeds,
    /// mails. In short transactions, so that others can write.
    fn reseal(&self) -> Result<()> {
        let secrets = &self.keys.secrets;
        self.each_batch(users::sealed_hashes, |tx, id, old| match pepper::reseal(secrets, id, &old)? {
            Some(new) => users::upgrade_hash(tx, id, &old, &new),
            None => Ok(()),
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

    /// Ends every session, in short transactions: one for all of a large store takes longer than a store is waited for.
    /// How many.
    fn end_sessions(&self, now: i64) -> Result<usize> {
        let (mut ended, mut after) = (0, Id::from_bytes([0; 16]));
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

    /// Lets `each` look at all rows that `list` lists after an id.
    fn each_batch<T>(&self, list: List<T>, each: impl Fn(&mut Tx, Id, T) -> Result<()>) -> Result<()> {
        let mut after = Id::from_bytes([0; 16]);
        loop {
            let last = self.keys.store.write(Durability::Full, |tx| {
                self.keys.follow_secret_keys(tx)?;
                let rows = list(tx, after, BATCH)?;
                let last = rows.last().map(|(id, _)| *id).filter(|_| rows.len() == BATCH);
                rows.into_iter().try_for_each(|(id, row)| each(tx, id, row))?;
                Ok(last)
            })?;
            match last {
                Some(id) => after = id,
                None => return Ok(()),
            }
        }
    }
}
