//! The state of an account, for administrators: `status` of `get_user`. It tells why the user cannot log in.

use schemars::JsonSchema;
use serde::Serialize;

use super::factors::Factors;
use super::passwords::Passwords;
use super::providers::Providers;
use super::sessions::over;
use super::throttle::Throttle;
use super::throttle::locks::AccountLock;
use crate::config::Config;
use crate::crypto::hasher::Unverifiable;
use crate::crypto::pepper;
use crate::error::Result;
use crate::store::second_factors::{self, Count};
use crate::store::users::{self, Canonical, User};
use crate::store::{Tx, events, identities, mails, sessions, unexpected};
use crate::types::id::Id;

/// The state of an account, for administrators: do not pass it on to the user or a browser.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AccountStatus {
    /// The reasons why the right password, or the factor after it, would be refused now; empty if the account
    /// itself gives none: `locked`, `no_password`, `sealed_by_unknown_key`, `password_hash_too_costly`,
    /// `invalid_password_hash`, `inactive_user`, `temporary_password_expired`, `unverified_email`;
    /// `second_factor_missing` (the account must have a second factor and has none); for codes of an app
    /// `second_factor_locked`, `retired_seed`, `app_sealed_by_unknown_key`. A locked source is not listed,
    /// because it belongs to no account.
    pub obstacles: Vec<&'static str>,
    /// The names by which a login finds the account: `username`, and `email` if the account has claimed its
    /// address.
    pub found_by: Vec<&'static str>,
    /// The locks in force.
    pub locks: Vec<AccountLock>,
    /// The password; absent if the account has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordStatus>,
    /// Whether the next login by password requires a new password.
    pub must_change_password: bool,
    /// Whether the account ever verified an address, the present one or an earlier one.
    pub was_verified: bool,
    /// Whether the user ever proved an address, by a mail or an ID token, not by an administrator's word. Until
    /// then, an administrator may reclaim the account (`reclaim` of `update_user`).
    pub has_proven: bool,
    /// Whether a login requires a verified address (`require_verified_email`).
    pub verification_required: bool,
    /// The second factors.
    pub second_factors: SecondFactorStatus,
    /// The number of live sessions.
    pub sessions: i64,
    /// When a session was last opened, as far as sessions and the newest thousand events of the account show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_login_at: Option<i64>,
    /// The providers whose ID tokens log in to the account: their names in the configuration, or else their
    /// issuers.
    pub identities: Vec<String>,
    /// The mails to the user that wait to be sent, the oldest first.
    pub mails: Vec<WaitingMail>,
}

/// The state of a password.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct PasswordStatus {
    /// The scheme of its hash: `argon2id`, `bcrypt`, … Absent if the hash cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<&'static str>,
    /// The cost of its hash: `m=19456,t=2,p=1`. Absent if the hash cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<String>,
    /// Whether a secret key seals the hash.
    pub peppered: bool,
    /// When the password expires, if an administrator set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

/// The second factors of an account.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct SecondFactorStatus {
    /// Whether an authenticator app is active.
    pub totp: bool,
    /// The number of passkeys.
    pub passkeys: i64,
    /// The number of unused recovery codes.
    pub recovery_codes: i64,
    /// Whether the account must have a second factor (`require_second_factor`).
    pub required: bool,
}

/// A mail that waits to be sent.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct WaitingMail {
    /// The kind of mail.
    #[schemars(extend("x-values" = "MailKind"))]
    pub kind: String,
    /// When the mail was written.
    pub created_at: i64,
    /// The number of attempts to send the mail.
    pub attempts: i64,
    /// Why the last attempt failed, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// Reads the states of accounts.
pub(crate) struct Statuses<'e> {
    pub config: &'e Config,
    pub factors: &'e Factors,
    pub passwords: &'e Passwords,
    pub providers: &'e Providers,
    pub throttle: &'e Throttle,
}

impl Statuses<'_> {
    /// Returns the state of an account, as this read of the store finds it.
    pub(crate) fn of(&self, tx: &mut Tx, user: &User, now: i64) -> Result<AccountStatus> {
        let id = user.public.id;
        let Canonical { username, email, .. } = users::canonical(tx, id)?.ok_or_else(unexpected)?;
        let locks = self.throttle.lanes.locks_of(tx, id, &username, email.as_deref(), now)?;
        let count = second_factors::count(tx, id)?;
        let mut obstacles = self.obstacles_before_factors(user, &locks, now);
        obstacles.extend(self.obstacles_of_factors(tx, user, &count, &locks)?);
        let names = [("username", true), ("email", email.is_some())].into_iter();
        Ok(AccountStatus {
            obstacles,
            found_by: names.filter(|(_, finds)| *finds).map(|(name, _)| name).collect(),
            locks,
            password: self.password_status(user),
            must_change_password: user.must_change_password
                || self.passwords.settings.is_outdated(user.password_set_at, now),
            was_verified: user.was_verified,
            has_proven: user.has_proven,
            verification_required: self.config.require_verified_email,
            second_factors: SecondFactorStatus {
                totp: count.totp > 0,
                passkeys: count.passkeys,
                recovery_codes: count.recovery_codes,
                required: self.factors.are_required_of(&user.public),
            },
            sessions: self.live_sessions(tx, id, now)?,
            last_login_at: sessions::newest(tx, id)?.max(events::last_login(tx, id)?),
            identities: self.provider_names(tx, id)?,
            mails: mails::waiting_for(tx, id)?.into_iter().map(WaitingMail::from).collect(),
        })
    }

    /// Counts the sessions of an account that are not refused.
    fn live_sessions(&self, tx: &mut Tx, id: Id, now: i64) -> Result<i64> {
        let acting = sessions::acting_as(tx, id, now)?;
        Ok(sessions::count(tx, id, now)? - over(tx, &acting, self.config, now)?)
    }

    /// Returns the refusals that a login meets up to its first factor, in the order in which `login` makes
    /// them.
    fn obstacles_before_factors(&self, user: &User, locks: &[AccountLock], now: i64) -> Vec<&'static str> {
        let hash = self.passwords.hash_of(user);
        let unverifiable = hash.as_deref().and_then(|hash| self.passwords.hasher.scheme(hash).err());
        let obstacles = [
            ("locked", locks.iter().any(AccountLock::is_of_password)),
            ("no_password", user.password_hash.is_none()),
            ("sealed_by_unknown_key", user.password_hash.is_some() && hash.is_none()),
            ("password_hash_too_costly", matches!(unverifiable, Some(Unverifiable::TooCostly(_)))),
            ("invalid_password_hash", unverifiable == Some(Unverifiable::Malformed)),
            ("inactive_user", !user.public.is_active),
            ("temporary_password_expired", user.password_expires_at.is_some_and(|end| now >= end)),
            ("unverified_email", self.config.require_verified_email && !user.public.email_verified),
        ];
        obstacles.into_iter().filter(|(_, stands)| *stands).map(|(name, _)| name).collect()
    }

    /// Returns the refusals that a login meets after the password.
    fn obstacles_of_factors(
        &self,
        tx: &mut Tx,
        user: &User,
        count: &Count,
        locks: &[AccountLock],
    ) -> Result<Vec<&'static str>> {
        let mut obstacles = Vec::new();
        if self.factors.are_required_of(&user.public) && !self.factors.of(tx, user.public.id)?.any() {
            obstacles.push("second_factor_missing");
        }
        if count.totp > 0 {
            obstacles.extend(locks.iter().any(AccountLock::is_of_app).then_some("second_factor_locked"));
            obstacles.extend(self.factors.apps.unusable_seed(tx, user.public.id)?);
        }
        Ok(obstacles)
    }

    fn password_status(&self, user: &User) -> Option<PasswordStatus> {
        let kept = user.password_hash.as_deref()?;
        let hash = self.passwords.hash_of(user);
        let description = hash.as_deref().and_then(|hash| self.passwords.hasher.describe(hash));
        Some(PasswordStatus {
            scheme: description.as_ref().map(|hash| hash.scheme),
            parameters: description.map(|hash| hash.parameters),
            peppered: pepper::is_sealed(kept),
            expires_at: user.password_expires_at,
        })
    }

    /// Returns the providers of the account's identities, each once.
    fn provider_names(&self, tx: &mut Tx, id: Id) -> Result<Vec<String>> {
        let mut names: Vec<String> = identities::list(tx, id)?
            .into_iter()
            .map(|identities::Linked { issuer, .. }| match self.providers.of_issuer(&issuer) {
                Some(provider) => provider.name().to_owned(),
                None => issuer,
            })
            .collect();
        names.sort();
        names.dedup();
        Ok(names)
    }
}

impl From<mails::Waiting> for WaitingMail {
    fn from(mail: mails::Waiting) -> WaitingMail {
        let mails::Waiting { kind, created_at, attempts, last_error, .. } = mail;
        WaitingMail { kind, created_at, attempts, last_error }
    }
}
