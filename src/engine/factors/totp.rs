//! Authenticator apps as factors (RFC 6238).

use std::sync::Arc;

use crate::config::Config;
use crate::crypto::secrets::Secrets;
use crate::error::Result;
use crate::settings::Settings;
use crate::store::second_factors::{self, Totp};
use crate::store::{Tx, damaged};
use crate::totp::{Parameters, Seed, ServiceName};
use crate::types::id::Id;
use crate::types::secret::Secret;

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
        match second_factors::totp(tx, user_id)?.filter(|totp| totp.confirmed_at.is_some()) {
            Some(totp) => self.redeem_step(tx, user_id, &totp, code, now),
            None => Ok(Some("not_set_up")),
        }
    }

    pub(crate) fn redeem_step(
        &self,
        tx: &mut Tx,
        user_id: Id,
        totp: &Totp,
        code: &Secret,
        now: i64,
    ) -> Result<Option<&'static str>> {
        if totp.sealed.is_empty() {
            return Ok(Some("retired_seed"));
        }
        let Some(seed) = self.secrets.open(&owner(user_id), &totp.sealed).map(Seed::stored) else {
            return Ok(Some("sealed_by_unknown_key"));
        };
        let parameters = match (u32::try_from(totp.digits), totp.period_seconds) {
            (Ok(digits @ 6..=8), period_seconds @ 1..) => Parameters { digits, period_seconds },
            _ => return Err(damaged()),
        };
        let skew = self.config.totp.skew_steps.count();
        let step_after = |last| parameters.step_of(&seed, code.expose(), now, skew, last);
        let Some(step) = step_after(totp.last_step) else {
            return Ok(Some(if step_after(-1).is_some() { "used_code" } else { "wrong_code" }));
        };
        if !second_factors::use_step(tx, user_id, step)? {
            return Ok(Some("used_code"));
        }
        // The first use seals the seed with the newer secret key.
        if !self.secrets.is_current(&totp.sealed) {
            let sealed = self.secrets.seal(&owner(user_id), seed.bytes())?;
            second_factors::reseal_totp(tx, user_id, &totp.sealed, &sealed)?;
        }
        Ok(None)
    }

    /// Returns why every code of the account's app is refused, if its seed cannot be used.
    pub(crate) fn unusable_seed(&self, tx: &mut Tx, user_id: Id) -> Result<Option<&'static str>> {
        let Some(totp) = second_factors::totp(tx, user_id)? else { return Ok(None) };
        Ok(match totp.sealed.is_empty() {
            true => Some("retired_seed"),
            false if self.secrets.open(&owner(user_id), &totp.sealed).is_none() => {
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
