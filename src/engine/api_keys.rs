//! API keys: how they are made, and how their accounts are identified. The store keeps a keyed code of each.

use std::net::IpAddr;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::audit::{Audit, Kind, event};
use super::backends::Backend;
use super::retired_keys;
use super::shared::Shared;
use super::throttle::Throttle;
use crate::clock::Clock;
use crate::crypto::api_key;
use crate::crypto::secrets::{Purpose, Secrets};
use crate::error::{Code, Error, Result};
use crate::store::api_keys::{self, ApiKey, Found};
use crate::store::events::Event;
use crate::store::{Durability, Store, Tx};
use crate::types::id::Id;
use crate::types::user::PublicUser;

/// How often the time of the last use is written, at most.
const USE_SECONDS: i64 = 60;

/// Makes, finds and revokes API keys.
pub(crate) struct ApiKeys {
    pub audit: Arc<Audit>,
    pub clock: Arc<Clock>,
    pub secrets: Arc<Secrets>,
    pub store: Arc<Store>,
    pub throttle: Arc<Throttle>,
}

impl ApiKeys {
    pub(crate) fn new(shared: &Shared, audit: &Arc<Audit>, throttle: &Arc<Throttle>) -> ApiKeys {
        ApiKeys {
            audit: Arc::clone(audit),
            clock: Arc::clone(&shared.clock),
            secrets: Arc::clone(&shared.secrets),
            store: Arc::clone(&shared.store),
            throttle: Arc::clone(throttle),
        }
    }

    /// Stores a key in the caller's transaction, under the code of its `text`.
    pub(crate) fn put(&self, tx: &mut Tx, key: &ApiKey, text: &str, now: i64) -> Result<()> {
        retired_keys::follow_and_hold(tx, &self.secrets)?;
        api_keys::insert(tx, key, &self.code(text)?)?;
        self.record(tx, Kind::ApiKeyCreated, key, now)
    }

    /// Makes the text of a new key.
    pub(crate) fn text(&self) -> Result<Zeroizing<String>> {
        api_key::new()
    }

    /// Identifies the account of a live key of this backend, or of any. The account has the roles that the key has,
    /// too. Every unknown key costs the same look-up, and nothing is written about it.
    ///
    /// Failure: `invalid_token`.
    pub(crate) fn identify(&self, text: &str, backend: Option<&Backend>) -> Result<Identified> {
        self.accepted(self.find(text)?, text, backend)
    }

    /// Identifies the account of a live key of this backend, and counts an unknown key for its source. The key is looked
    /// up first, because strangers with the same address must not lock its owner out.
    ///
    /// Failures: `invalid_token`, `too_many_attempts`.
    pub(crate) fn identify_from(
        &self,
        text: &str,
        backend: &Backend,
        source: Option<IpAddr>,
    ) -> Result<Identified> {
        let found = self.find(text);
        if let (Err(error), Some(ip)) = (&found, source)
            && error.code == Code::InvalidToken
            && self.throttle.count_unknown_key(ip)?
        {
            let now = self.clock.now();
            let ip = ip.to_string();
            self.store.write(Durability::Relaxed, |tx| {
                let event = Event { ip: Some(&ip), detail: Some("api_keys"), ..event(Kind::Throttled, None) };
                self.audit.record_one_of_many(tx, now, event)
            })?;
        }
        self.accepted(found?, text, Some(backend))
    }

    /// Returns the account of a key that was found, if the key lives.
    fn accepted(
        &self,
        (found, is_current): (Found, bool),
        text: &str,
        backend: Option<&Backend>,
    ) -> Result<Identified> {
        let Found { key, user } = found;
        let now = self.clock.now();
        let refused = |reason: &'static str| {
            Err(Error::new(Code::InvalidToken, reason).about(Some(user.public.id), None))
        };
        if key.has_expired(now) {
            return refused("expired");
        } else if !user.public.is_active {
            return refused("inactive_user");
        } else if backend.is_some_and(|backend| backend.name != key.backend) {
            return refused("wrong_backend");
        }
        let past = now - USE_SECONDS;
        if !is_current || key.last_used_at.is_none_or(|at| at <= past) {
            // A key works on, although its use cannot be written.
            let _ = self.store.write(Durability::Relaxed, |tx| {
                retired_keys::follow(tx, &self.secrets)?;
                api_keys::used(tx, key.id, &self.code(text)?, past, now)
            });
        }
        let mut user = user.public;
        if let Some(roles) = &key.roles {
            user.roles.retain(|role| roles.contains(role));
        }
        Ok(Identified { user, key })
    }

    /// Revokes a key by itself. An unknown key is not a failure.
    pub(crate) fn revoke_by_text(&self, text: &str) -> Result<()> {
        let (Found { key, .. }, _) = self.find(text)?;
        let now = self.clock.now();
        self.store.write(Durability::Full, |tx| self.revoke(tx, &key, now).map(drop))
    }

    /// Revokes a key in the caller's transaction. Returns whether it was there.
    pub(crate) fn revoke(&self, tx: &mut Tx, key: &ApiKey, now: i64) -> Result<bool> {
        let was_there = api_keys::delete(tx, key.id)?;
        if was_there {
            self.record(tx, Kind::ApiKeyRevoked, key, now)?;
        }
        Ok(was_there)
    }

    pub(crate) fn record(&self, tx: &mut Tx, kind: Kind, key: &ApiKey, now: i64) -> Result<()> {
        let detail = key.id.to_string();
        self.audit.record(tx, now, Event { detail: Some(&detail), ..event(kind, key.user_id) })
    }

    /// Returns the key and whether the current secret key made its code.
    fn find(&self, text: &str) -> Result<(Found, bool)> {
        api_key::check_form(text)?;
        let current = self.code(text)?;
        let codes = self.secrets.macs(Purpose::ApiKey, text.as_bytes());
        let found = self.store.read(|tx| {
            let found = codes.iter().find_map(|code| {
                let found = api_keys::find(tx, code).transpose()?;
                Some(found.map(|found| (found, *code == current)))
            });
            found.transpose()
        })?;
        found.ok_or(Error::new(Code::InvalidToken, "unknown_api_key"))
    }

    fn code(&self, text: &str) -> Result<[u8; 32]> {
        self.secrets.mac(Purpose::ApiKey, text.as_bytes())
    }
}

/// Revokes every key of an account in the caller's transaction.
pub(crate) fn revoke_all(audit: &Audit, tx: &mut Tx, user_id: Id, now: i64) -> Result<()> {
    for key in api_keys::list(tx, user_id)? {
        if api_keys::delete(tx, key.id)? {
            let detail = key.id.to_string();
            let event = event(Kind::ApiKeyRevoked, user_id);
            audit.record(tx, now, Event { detail: Some(&detail), ..event })?;
        }
    }
    Ok(())
}

impl ApiKey {
    /// Returns whether the key is expired at `now`.
    pub(crate) fn has_expired(&self, now: i64) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// A live key, and its account with the roles of the key.
pub(crate) struct Identified {
    pub user: PublicUser,
    pub key: ApiKey,
}
