//! Trusted devices: a token takes the place of the second factor for a time. It is of no use without the password.
//! The store keeps a keyed code of token and user. The known devices of `throttle` are something else: they exempt a
//! client from locks, and prove nothing.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::audit::{Audit, Kind, event};
use super::retired_keys;
use super::shared::Shared;
use crate::config::{self, Config};
use crate::crypto::secrets::{Purpose, Secrets};
use crate::error::{Code, Error, Result};
use crate::store::events::Event;
use crate::store::trusted_devices::{self as rows, TrustedDevice};
use crate::store::users::User;
use crate::store::{Share, Tx};
use crate::types::base64url::{base64url, from_base64url};
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::random::random;
use crate::types::secret::Secret;
use crate::types::user::PublicUser;

/// How many devices a user may trust; another one takes the place of the oldest.
const MOST: i64 = 10;

const TOKEN_LEN: usize = 32;

/// The length of `TOKEN_LEN` bytes in base64url.
const TEXT_LEN: usize = 43;

/// A device that was trusted just now.
pub(crate) struct Trusted {
    pub token: Secret,
    pub expires_in: i64,
}

/// Makes, accepts and revokes trusted devices.
pub(crate) struct TrustedDevices {
    pub audit: Arc<Audit>,
    pub config: Arc<Config>,
    pub secrets: Arc<Secrets>,
}

impl TrustedDevices {
    pub(crate) fn new(shared: &Shared, audit: &Arc<Audit>) -> TrustedDevices {
        TrustedDevices {
            audit: Arc::clone(audit),
            config: Arc::clone(&shared.config),
            secrets: Arc::clone(&shared.secrets),
        }
    }

    /// Returns the rules. Failure: `invalid_config`.
    pub(crate) fn rules(&self) -> Result<&config::TrustedDevices> {
        let not_configured = || Error::at(Code::InvalidConfig, "/trusted_devices", "not configured");
        self.config.trusted_devices.as_ref().ok_or_else(not_configured)
    }

    /// Trusts the device of a login, in the caller's transaction, unless the rules forbid it for the user.
    pub(crate) fn trust(
        &self,
        tx: &mut Tx,
        user: &User,
        client: &Client,
        now_ms: i64,
    ) -> Result<Option<Trusted>> {
        let Some(rules) = self.rules_for(&user.public) else { return Ok(None) };
        let now = now_ms / 1000;
        let expires_in = rules.lifetime_seconds.seconds();
        let token = Zeroizing::new(random::<TOKEN_LEN>()?);
        let user_id = user.public.id;
        let device = TrustedDevice {
            id: Id::new(now_ms)?,
            user_id,
            epoch: user.epoch,
            user_agent: client.user_agent_text().map(str::to_owned),
            created_at: now,
            expires_at: now + expires_in,
            last_used_at: None,
        };
        rows::forget_expired(tx, now, Share::AFew)?;
        retired_keys::follow(tx, &self.secrets)?;
        let code = self.secrets.mac(Purpose::TrustedDevice, &message(user_id, &*token))?;
        rows::put(tx, &device, &code, MOST)?;
        self.record(tx, Kind::DeviceTrusted, user_id, device.id, client, now)?;
        Ok(Some(Trusted { token: Secret::new(base64url(&*token)), expires_in }))
    }

    /// Returns whether a token takes the place of the user's second factor, in the caller's transaction.
    pub(crate) fn accepts(
        &self,
        tx: &mut Tx,
        user: &User,
        token: &Secret,
        client: &Client,
        now: i64,
    ) -> Result<bool> {
        if !self.are_open_to(&user.public) {
            return Ok(false);
        }
        let text = token.expose();
        let bytes = (text.len() == TEXT_LEN).then(|| from_base64url(text)).flatten().map(Zeroizing::new);
        let Some(bytes) = bytes else { return Ok(false) };
        // The key of the code may have been retired by another process.
        retired_keys::follow(tx, &self.secrets)?;
        let codes = self.secrets.macs(Purpose::TrustedDevice, &message(user.public.id, &bytes));
        let mut found = None;
        for code in codes {
            found = rows::find(tx, &code)?;
            if found.is_some() {
                break;
            }
        }
        let Some(device) = found.filter(|device| self.is_live(device, user, now)) else { return Ok(false) };
        rows::used(tx, device.id, now)?;
        self.record(tx, Kind::TrustedDeviceUsed, user.public.id, device.id, client, now)?;
        Ok(true)
    }

    /// Lists the devices that a user trusts, the oldest first.
    pub(crate) fn list(&self, tx: &mut Tx, user: &User, now: i64) -> Result<Vec<TrustedDevice>> {
        let mut devices = rows::list(tx, user.public.id)?;
        devices.retain(|device| self.is_live(device, user, now));
        Ok(devices)
    }

    /// Revokes the trust in one device of a user, or in all, in the caller's transaction. Returns their number. Dead
    /// ones count, too: the clock may be wrong now.
    pub(crate) fn revoke(&self, tx: &mut Tx, user_id: Id, only: Option<Id>, now: i64) -> Result<usize> {
        let mut revoked = 0;
        for device in rows::list(tx, user_id)? {
            if only.is_none_or(|only| only == device.id) && rows::delete(tx, user_id, device.id)? {
                self.record(tx, Kind::TrustedDeviceRevoked, user_id, device.id, &Client::default(), now)?;
                revoked += 1;
            }
        }
        Ok(revoked)
    }

    /// Returns whether the rules let the user trust devices.
    pub(crate) fn are_open_to(&self, user: &PublicUser) -> bool {
        self.rules_for(user).is_some()
    }

    fn is_live(&self, device: &TrustedDevice, user: &User, now: i64) -> bool {
        let Some(rules) = self.rules_for(&user.public) else { return false };
        // A device that was trusted in the future was trusted while a clock was wrong.
        let latest = now + self.config.leeway_seconds.seconds();
        // The configured lifetime may be shorter now.
        let end = device.expires_at.min(device.created_at.saturating_add(rules.lifetime_seconds.seconds()));
        device.epoch == user.epoch && device.created_at <= latest && now < end
    }

    /// Returns the rules for a user, who may trust devices by them.
    fn rules_for(&self, user: &PublicUser) -> Option<&config::TrustedDevices> {
        let rules = self.config.trusted_devices.as_ref();
        rules.filter(|rules| !rules.except_roles.iter().any(|role| user.roles.contains(role)))
    }

    fn record(
        &self,
        tx: &mut Tx,
        kind: Kind,
        user_id: Id,
        device: Id,
        client: &Client,
        now: i64,
    ) -> Result<()> {
        let ip = client.ip_text();
        let detail = device.to_string();
        let event = Event { ip: ip.as_deref(), detail: Some(&detail), ..event(kind, user_id) };
        self.audit.record(tx, now, event)
    }
}

/// A token is only ever found for its own user.
fn message(user_id: Id, token: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([user_id.as_bytes(), token].concat())
}
