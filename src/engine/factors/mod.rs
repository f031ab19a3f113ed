//! Second factors: which of them an account has, whether it must have one, and how one is proven. A new kind
//! of factor needs a variant of [`Proof`], a member of [`SecondFactors`], and its rows.

pub(crate) mod passkeys;
pub(crate) mod recovery_codes;
pub(crate) mod totp;

use super::step::Step;
use std::sync::Arc;

use self::passkeys::{PasskeyProof, PasskeyProofs};
use self::recovery_codes::{RecoveryCode, RecoveryCodes};
use self::totp::Apps;
use super::audit::{Audit, Kind, event};
use super::outbox::Outbox;
use super::sessions::Sessions;
use super::shared::Shared;
use super::throttle::Throttle;
use super::tokens::Bearer;
use crate::config::{Config, PasskeyFactor};
use crate::error::{Code, Error, Result};
use crate::mail;
use crate::settings::Settings;
use crate::store::events::Event;
use crate::store::{Tx, passkeys as passkey_rows, second_factors, sessions};
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::login::SecondFactors;
use crate::types::secret::Secret;
use crate::types::user::PublicUser;

/// How long a proof counts as given just now.
const FRESH_SECONDS: i64 = 900;

/// A proof of a second factor.
pub(crate) enum Proof {
    /// A code of an authenticator app.
    Totp(Secret),
    RecoveryCode(Secret),
    Passkey(Box<PasskeyProof>),
}

impl Proof {
    /// Returns the one proof among those that a request may carry. Failure: `invalid_request`, for more than
    /// one.
    pub(crate) fn among(
        two_fa_code: Option<Secret>,
        recovery_code: Option<Secret>,
        passkey: Option<PasskeyProof>,
    ) -> Result<Option<Proof>> {
        match (two_fa_code, recovery_code, passkey) {
            (None, None, None) => Ok(None),
            (Some(code), None, None) => Ok(Some(Proof::Totp(code))),
            (None, Some(code), None) => Ok(Some(Proof::RecoveryCode(code))),
            (None, None, Some(passkey)) => Ok(Some(Proof::Passkey(Box::new(passkey)))),
            _ => Err(Error::new(
                Code::InvalidRequest,
                "more than one of two_fa_code, recovery_code, webauthn_response",
            )),
        }
    }

    /// The names of the proof in a token (RFC 8176). A recovery code is a one-time password, too.
    pub(crate) fn methods(&self) -> &'static [&'static str] {
        match self {
            Proof::Totp(_) | Proof::RecoveryCode(_) => &["otp"],
            Proof::Passkey(passkey) => passkey.methods(),
        }
    }
}

/// The second factors of accounts.
pub(crate) struct Factors {
    pub apps: Apps,
    pub audit: Arc<Audit>,
    pub config: Arc<Config>,
    pub outbox: Arc<Outbox>,
    pub passkeys: PasskeyProofs,
    pub recovery_codes: RecoveryCodes,
    pub sessions: Arc<Sessions>,
    pub settings: Arc<Settings>,
    pub throttle: Arc<Throttle>,
}

impl Factors {
    pub(crate) fn new(
        shared: &Shared,
        audit: &Arc<Audit>,
        outbox: &Arc<Outbox>,
        sessions: &Arc<Sessions>,
        throttle: &Arc<Throttle>,
    ) -> Factors {
        Factors {
            apps: Apps {
                config: Arc::clone(&shared.config),
                secrets: Arc::clone(&shared.secrets),
                settings: Arc::clone(&shared.settings),
            },
            audit: Arc::clone(audit),
            config: Arc::clone(&shared.config),
            outbox: Arc::clone(outbox),
            passkeys: PasskeyProofs {
                audit: Arc::clone(audit),
                config: Arc::clone(&shared.config),
                secrets: Arc::clone(&shared.secrets),
            },
            recovery_codes: RecoveryCodes {
                audit: Arc::clone(audit),
                outbox: Arc::clone(outbox),
                secrets: Arc::clone(&shared.secrets),
            },
            sessions: Arc::clone(sessions),
            settings: Arc::clone(&shared.settings),
            throttle: Arc::clone(throttle),
        }
    }

    /// Returns the second factors of an account that are in force.
    pub(crate) fn of(&self, tx: &mut Tx, user_id: Id) -> Result<SecondFactors> {
        let count = second_factors::count(tx, user_id)?;
        Ok(SecondFactors {
            totp_supported: count.totp > 0,
            webauthn_supported: count.passkeys > 0,
            recovery_codes_supported: count.recovery_codes > 0,
        })
    }

    /// Returns the second factors that a login by password demands. Where passkeys are only another way in, they are
    /// factors of an account that has an app, or must have a factor.
    pub(crate) fn demanded_of(&self, tx: &mut Tx, user: &PublicUser) -> Result<SecondFactors> {
        let factors = self.of(tx, user.id)?;
        let are_factors = !self.are_ways_in() || factors.totp_supported || self.are_required_of(user);
        Ok(SecondFactors { webauthn_supported: factors.webauthn_supported && are_factors, ..factors })
    }

    /// Returns whether passkeys are only another way in.
    fn are_ways_in(&self) -> bool {
        self.settings.passkey_factor == PasskeyFactor::Never
    }

    /// Refuses a passkey that the browser makes without asking its user, if later logins would demand a second factor
    /// because of it. Failure: `permission_denied`.
    pub(crate) fn may_be_made_unasked(&self, tx: &mut Tx, user: &PublicUser) -> Result<()> {
        match self.are_ways_in() || self.demanded_of(tx, user)?.any() {
            true => Ok(()),
            false => Err(Error::new(Code::PermissionDenied, "no_second_factor").about(Some(user.id), None)),
        }
    }

    /// Requires that the session of a token lives and that its user gave a fresh proof: a second factor, if a login
    /// demands one, or else any proof, in the last 15 minutes. Failure: `permission_denied`.
    pub(crate) fn require_fresh_proof(&self, tx: &mut Tx, bearer: &Bearer, now: i64) -> Result<()> {
        if self.has_fresh_proof(tx, bearer, now)? {
            return Ok(());
        }
        let refused = Error::new(Code::PermissionDenied, "reauthentication_required");
        Err(refused.about(Some(bearer.user.id), bearer.session_id))
    }

    fn has_fresh_proof(&self, tx: &mut Tx, bearer: &Bearer, now: i64) -> Result<bool> {
        let Some(session_id) = bearer.session_id else { return Ok(false) };
        let session = sessions::find(tx, session_id)?.filter(|it| it.end(now, &self.config).is_none());
        let Some(session) = session else { return Ok(false) };
        let time = match self.demanded_of(tx, &bearer.user)?.any() {
            true => session.proofs.time_of("mfa"),
            // The holder of a backend's secret can claim any time. An older token of the session keeps its own.
            false => bearer.auth_time.min(Some(session.auth_time)),
        };
        Ok(time.is_some_and(|time| self.is_fresh(time, now)))
    }

    /// Returns whether a proof was given just now. A time in the future was written while a clock was wrong.
    pub(crate) fn is_fresh(&self, time: i64, now: i64) -> bool {
        let latest = now + self.config.leeway_seconds.seconds();
        (now - FRESH_SECONDS..=latest).contains(&time)
    }

    /// Returns whether the account must have a second factor.
    pub(crate) fn are_required_of(&self, user: &PublicUser) -> bool {
        self.config.require_second_factor.includes(&user.roles)
    }

    /// Refuses to add a factor to an account whose address is yet to be verified: a stranger who registered
    /// with another's address would otherwise keep access to the account. Where addresses are not verified,
    /// and for an account without one, it may be added. Failure: `email_not_verified`.
    pub(crate) fn may_be_taken_by(&self, user: &PublicUser) -> Result<()> {
        match self.config.verifies_addresses() && user.email.is_some() && !user.email_verified {
            true => Err(Error::from(Code::EmailNotVerified).about(Some(user.id), None)),
            false => Ok(()),
        }
    }

    /// Checks a proof, in the caller's transaction, which is committed in either case. A right proof is used
    /// up. Only codes of an app, and short recovery codes of another system, can be guessed. They have a lock,
    /// which does not affect other proofs; a right one of these removes it.
    ///
    /// It refuses with `invalid_code` or `too_many_attempts`.
    pub(crate) fn prove(
        &self,
        tx: &mut Tx,
        user_id: Id,
        proof: &Proof,
        client: &Client,
        now: i64,
    ) -> Result<Step<()>> {
        let objection = match proof {
            Proof::Totp(code) => {
                let look = |tx: &mut Tx| self.apps.redeem(tx, user_id, code, now);
                return self.guess(tx, user_id, client, now, look);
            }
            Proof::RecoveryCode(code) if RecoveryCode::can_be_guessed(code) => {
                let look = |tx: &mut Tx| self.recovery_codes.redeem(tx, user_id, code, client, now);
                return self.guess(tx, user_id, client, now, look);
            }
            Proof::RecoveryCode(code) => self.recovery_codes.redeem(tx, user_id, code, client, now)?,
            Proof::Passkey(passkey) => self.passkeys.redeem(tx, user_id, passkey, client, now)?,
        };
        match objection {
            None => self.throttle.forget_guesses(tx, user_id).map(Step::Done),
            Some(reason) => self.failed(tx, user_id, reason, client, now).map(Step::Refused),
        }
    }

    /// Runs `look`, which may be a guess at a code of an app, and counts a failure if it returns an
    /// objection, in one transaction: of any number of callers, the throttle allows no more.
    pub(crate) fn guess(
        &self,
        tx: &mut Tx,
        user_id: Id,
        client: &Client,
        now: i64,
        look: impl FnOnce(&mut Tx) -> Result<Option<&'static str>>,
    ) -> Result<Step<()>> {
        let device = self.throttle.known_device(tx, Some(user_id), client, now)?;
        let guesses = match self.throttle.guesses(tx, user_id, device, now)? {
            Step::Done(guesses) => guesses,
            Step::Refused(throttled) => return Ok(Step::Refused(throttled.about(Some(user_id), None))),
        };
        // An account that was guessed at too often refuses even the right code.
        let objection = if guesses.are_too_many() { Some("locked") } else { look(tx)? };
        match objection {
            None => guesses.forget(tx).map(Step::Done),
            Some(reason) => {
                let refused = self.failed(tx, user_id, reason, client, now)?;
                if self.throttle.count_guess(tx, guesses, now)? {
                    let ip = client.ip_text();
                    let detail = Some("second_factor");
                    let event = Event { ip: ip.as_deref(), detail, ..event(Kind::Throttled, user_id) };
                    self.audit.record(tx, now, event)?;
                }
                Ok(Step::Refused(refused))
            }
        }
    }

    /// Puts the pending app of an account in use by its first code. It replaces the app in use and ends what was
    /// opened before. Returns the recovery codes that the first factor brings.
    ///
    /// It refuses with `invalid_code` or `too_many_attempts`. Failures: `email_not_verified`, `already_configured`.
    pub(crate) fn confirm_app(
        &self,
        tx: &mut Tx,
        user: &PublicUser,
        code: &Secret,
        client: &Client,
        now: i64,
    ) -> Result<Step<Vec<RecoveryCode>>> {
        self.may_be_taken_by(user)?;
        let is_replaced = self.of(tx, user.id)?.totp_supported;
        let Some(pending) = second_factors::pending_totp(tx, user.id)? else {
            return match is_replaced {
                true => Err(Error::new(Code::AlreadyConfigured, totp::KIND).about(Some(user.id), None)),
                false => self.failed(tx, user.id, "not_set_up", client, now).map(Step::Refused),
            };
        };
        let look = |tx: &mut Tx| self.apps.confirm(tx, user.id, &pending, code, now);
        if let Step::Refused(refused) = self.guess(tx, user.id, client, now, look)? {
            return Ok(Step::Refused(refused));
        }
        if is_replaced {
            let event = event(Kind::SecondFactorRemoved, user.id);
            self.audit.record(tx, now, Event { detail: Some(totp::KIND), ..event })?;
        }
        self.added(tx, user.id, totp::KIND, None, now).map(Step::Done)
    }

    /// Records that a second factor was refused, and returns the refusal.
    pub(crate) fn failed(
        &self,
        tx: &mut Tx,
        user_id: Id,
        reason: &'static str,
        client: &Client,
        now: i64,
    ) -> Result<Error> {
        let ip = client.ip_text();
        let event = event(Kind::SecondFactorFailed, user_id);
        self.audit.record_one_of_many(tx, now, Event { ip: ip.as_deref(), detail: Some(reason), ..event })?;
        Ok(Error::new(Code::InvalidCode, reason).about(Some(user_id), None))
    }

    /// Ends what was opened without a factor that came into force, except a session that is to continue. The first
    /// factor brings recovery codes.
    pub(crate) fn added(
        &self,
        tx: &mut Tx,
        user_id: Id,
        kind: &'static str,
        kept_session: Option<Id>,
        now: i64,
    ) -> Result<Vec<RecoveryCode>> {
        self.audit.record(
            tx,
            now,
            Event { detail: Some(kind), ..event(Kind::SecondFactorAdded, user_id) },
        )?;
        match kept_session {
            Some(session_id) => self.sessions.revoke_others(tx, user_id, session_id, now)?,
            None => self.sessions.revoke_everything(tx, user_id, now)?,
        };
        self.outbox.tell_owner(tx, mail::Kind::SecondFactorAdded, user_id, now)?;
        match self.of(tx, user_id)?.recovery_codes_supported {
            true => Ok(Vec::new()),
            false => self.recovery_codes.renew(tx, user_id, None, now),
        }
    }

    /// Ends what was opened with a factor that was removed. The recovery codes go with the last factor.
    /// Failure: `permission_denied`, if the account must have a factor and has none left.
    pub(crate) fn removed(&self, tx: &mut Tx, user: &PublicUser, kind: &'static str, now: i64) -> Result<()> {
        if !self.of(tx, user.id)?.any() {
            if self.are_required_of(user) {
                let error = Error::new(Code::PermissionDenied, "last_second_factor");
                return Err(error.about(Some(user.id), None));
            }
            second_factors::delete_recovery_codes(tx, user.id)?;
        }
        self.audit.record(
            tx,
            now,
            Event { detail: Some(kind), ..event(Kind::SecondFactorRemoved, user.id) },
        )?;
        self.outbox.tell_owner(tx, mail::Kind::SecondFactorRemoved, user.id, now)?;
        self.sessions.revoke_everything(tx, user.id, now).map(drop)
    }

    /// Removes every factor, because another person may have set them up.
    pub(crate) fn wipe(&self, tx: &mut Tx, user_id: Id, now: i64) -> Result<()> {
        let had_any = self.of(tx, user_id)?.any();
        second_factors::delete_totp(tx, user_id)?;
        second_factors::delete_pending_totp(tx, user_id)?;
        self.throttle.forget_guesses(tx, user_id)?;
        passkey_rows::delete_all(tx, user_id)?;
        second_factors::delete_recovery_codes(tx, user_id)?;
        if had_any {
            let detail = Some("unverified_email");
            self.audit.record(tx, now, Event { detail, ..event(Kind::SecondFactorRemoved, user_id) })?;
        }
        Ok(())
    }
}
