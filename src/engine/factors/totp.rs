//! Authenticator apps as factors (RFC 6238).

use std::sync::Arc;

use crate::config::Config;
use crate::crypto::secrets::Secrets;
use crate::engine::retired_keys;
use crate::error::Result;
use crate::settings::Settings;
use crate::store::second_factors::{self, StoredSeed};
use crate::store::{Tx, damaged};
use crate::totp::{Parameters, Seed, ServiceName};
use crate::types::id::Id;
use crate::types::secret::Secret;

/// The factor's name in events.
pub(crate) const KIND: &str = "totp";

/// Verifies codes of authenticator apps.
pub(crate) struct Apps {
    pub config: Arc<Config>,
    pub secrets: Arc<Secrets>,
    pub settings: Arc<Settings>,
}

impl Apps {
    /// Uses up a code of the account's app, or returns why it is refused. Each step is valid once, and none
    /// after a later one, even if the clock was set back (RFC 6238 section 5.2).
    pub(crate) fn redeem(
        &self,
        tx: &mut Tx,
        user_id: Id,
        code: &Secret,
        now: i64,
    ) -> Result<Option<&'static str>> {
        let Some(totp) = second_factors::totp(tx, user_id)? else { return Ok(Some("not_set_up")) };
        let sealed = &totp.seed.sealed;
        let (step, seed) = match self.step_of(user_id, &totp.seed, totp.last_step, code, now)? {
            Ok(found) => found,
            Err(objection) => return Ok(Some(objection)),
        };
        if !second_factors::use_step(tx, user_id, step)? {
            return Ok(Some("used_code"));
        }
        // The first use seals the seed with the newer secret key.
        retired_keys::follow(tx, &self.secrets)?;
        if !self.secrets.is_current(sealed) {
            let resealed = self.secrets.seal(&owner(user_id), seed.bytes())?;
            second_factors::reseal_totp(tx, user_id, sealed, &resealed)?;
        }
        Ok(None)
    }

    /// Puts the pending app in use by its first code, which is used up. The app in use is replaced.
    /// Returns why the code is refused.
    pub(crate) fn confirm(
        &self,
        tx: &mut Tx,
        user_id: Id,
        pending: &StoredSeed,
        code: &Secret,
        now: i64,
    ) -> Result<Option<&'static str>> {
        match self.step_of(user_id, pending, -1, code, now)? {
            Ok((step, _)) => {
                let is_confirmed = second_factors::confirm_totp(tx, user_id, step, now)?;
                Ok((!is_confirmed).then_some("not_set_up"))
            }
            Err(objection) => Ok(Some(objection)),
        }
    }

    /// Returns the step of a code after `last`, with the seed; or why the code is refused.
    fn step_of(
        &self,
        user_id: Id,
        stored: &StoredSeed,
        last: i64,
        code: &Secret,
        now: i64,
    ) -> Result<Result<(i64, Seed), &'static str>> {
        if stored.sealed.is_empty() {
            return Ok(Err("retired_seed"));
        }
        let Some(seed) = self.secrets.open(&owner(user_id), &stored.sealed).map(Seed::stored) else {
            return Ok(Err("sealed_by_unknown_key"));
        };
        let parameters = match (u32::try_from(stored.digits), stored.period_seconds) {
            (Ok(digits @ 6..=8), period_seconds @ 1..) => Parameters { digits, period_seconds },
            _ => return Err(damaged()),
        };
        let skew = self.config.totp.skew_steps.count();
        let step_after = |last| parameters.step_of(&seed, code.expose(), now, skew, last);
        match step_after(last) {
            Some(step) => Ok(Ok((step, seed))),
            None if step_after(-1).is_some() => Ok(Err("used_code")),
            None => Ok(Err("wrong_code")),
        }
    }

    /// Returns why every code of the account's app is refused, if its seed cannot be used.
    pub(crate) fn unusable_seed(&self, tx: &mut Tx, user_id: Id) -> Result<Option<&'static str>> {
        let Some(totp) = second_factors::totp(tx, user_id)? else { return Ok(None) };
        Ok(match totp.seed.sealed.is_empty() {
            true => Some("retired_seed"),
            false if self.secrets.open(&owner(user_id), &totp.seed.sealed).is_none() => {
                Some("app_sealed_by_unknown_key")
            }
            false => None,
        })
    }

    pub(crate) fn parameters(&self) -> Parameters {
        let config = &self.config.totp;
        let digits = u32::try_from(config.digits.get()).unwrap_or(6);
        Parameters { digits, period_seconds: config.period_seconds.seconds() }
    }

    pub(crate) fn issuer(&self) -> ServiceName {
        let own = self.config.totp.issuer.clone();
        own.unwrap_or_else(|| ServiceName::of(self.settings.issuer.as_str()))
    }
}

/// The context to which the seed is sealed: the seed of one user does not open for another.
pub(crate) fn owner(user_id: Id) -> String {
    format!("totp {user_id}")
}
