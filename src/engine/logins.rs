//! The steps after a first factor: a second factor, a new password, or the session.

use super::step::Step;
use std::sync::Arc;

use super::audit::{Audit, Kind, event};
use super::factors::{Factors, Proof};
use super::key_ring::KeyRing;
use super::one_time::{Found, Making, OneTime, Purpose};
use super::pending::Pending;
use super::sessions::{Entry, Session, Sessions};
use super::trusted_devices::TrustedDevices;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::settings::Settings;
use crate::store::events::Event;
use crate::store::users::{self, By, User};
use crate::store::{Tx, damaged};
use crate::types::id::Id;
use crate::types::login::{Login, NextStep, SecondFactors, StepUp};
use crate::types::secret::Secret;

/// The account that gets a factor: named by the host, by the challenge of a login that must enrol, or by the mailed
/// token of an invitation.
pub(crate) enum Named {
    Id(Id),
    Login(Secret),
    Invitation(Secret),
}

impl Named {
    /// Failure: `invalid_request`, unless exactly one is given.
    pub(crate) fn among(user_id: Option<Id>, challenge: Option<Secret>) -> Result<Named> {
        match (user_id, challenge) {
            (Some(user_id), None) => Ok(Named::Id(user_id)),
            (None, Some(challenge)) => Ok(Named::Login(challenge)),
            _ => Err(Error::new(Code::InvalidRequest, "expected one of user_id, challenge")),
        }
    }
}

/// Takes logins from the first factor to the session.
pub(crate) struct Logins {
    pub audit: Arc<Audit>,
    pub factors: Arc<Factors>,
    pub keys: Arc<KeyRing>,
    pub one_time: Arc<OneTime>,
    pub sessions: Arc<Sessions>,
    pub settings: Arc<Settings>,
    pub trusted_devices: Arc<TrustedDevices>,
}

impl Logins {
    pub(crate) fn new(
        settings: &Arc<Settings>,
        audit: &Arc<Audit>,
        factors: &Arc<Factors>,
        keys: &Arc<KeyRing>,
        one_time: &Arc<OneTime>,
        sessions: &Arc<Sessions>,
        trusted_devices: &Arc<TrustedDevices>,
    ) -> Logins {
        Logins {
            audit: Arc::clone(audit),
            factors: Arc::clone(factors),
            keys: Arc::clone(keys),
            one_time: Arc::clone(one_time),
            sessions: Arc::clone(sessions),
            settings: Arc::clone(settings),
            trusted_devices: Arc::clone(trusted_devices),
        }
    }

    /// Continues a login after the right password or another first factor: with a second factor, if the account has
    /// or needs one. If the account has one, the token of a `trusted` device takes its place; it adds no method.
    pub(crate) fn after_password(
        &self,
        tx: &mut Tx,
        user: User,
        proof: Option<&Proof>,
        trusted: Option<&Secret>,
        entry: &Entry,
        now_ms: i64,
    ) -> Result<Step<Login<Session<'_>>>> {
        let factors = self.factors.demanded_of(tx, &user.public)?;
        let now = now_ms / 1000;
        if !factors.any() && !self.factors.are_required_of(&user.public) {
            return self.after_second_factor(tx, user, entry.clone(), now_ms);
        }
        let Some(proof) = proof.filter(|_| factors.any()) else {
            if let Some(token) = trusted.filter(|_| factors.any())
                && self.trusted_devices.accepts(tx, &user, token, &entry.client, now)?
            {
                return self.after_second_factor(tx, user, entry.clone(), now_ms);
            }
            return self.step_up(tx, &user, Some(factors), entry, now).map(Step::Done);
        };
        if let Step::Refused(refused) = self.factors.prove(tx, user.public.id, proof, &entry.client, now)? {
            return Ok(Step::Refused(refused));
        }
        self.after_second_factor(tx, user, entry.clone().with(proof.methods()), now_ms)
    }

    /// Completes a login after the second factor: with a new password, if the login was by a password that
    /// must be changed or is too old, or with the session.
    pub(crate) fn after_second_factor(
        &self,
        tx: &mut Tx,
        user: User,
        entry: Entry,
        now_ms: i64,
    ) -> Result<Step<Login<Session<'_>>>> {
        let is_outdated = self.settings.is_outdated(user.password_set_at, now_ms / 1000);
        let must_change = user.must_change_password || is_outdated;
        match must_change && entry.amr.members().contains(&"pwd") {
            true => self.step_up(tx, &user, None, &entry, now_ms / 1000).map(Step::Done),
            false => Ok(self.sessions.open(tx, user, &entry, now_ms)?.map(Login::Session)),
        }
    }

    /// Returns the account that gets a factor. Failures: `user_not_found`, `invalid_challenge`, `invalid_token`.
    pub(crate) fn named(&self, tx: &mut Tx, named: &Named, now: i64) -> Result<User> {
        match named {
            Named::Id(user_id) => users::find(tx, By::Id(*user_id))?.ok_or(Error::from(Code::UserNotFound)),
            Named::Login(challenge) => {
                let found = self.one_time.peek(tx, challenge.expose(), &[Purpose::Enrolment], now)?;
                let unknown = || Error::new(Code::InvalidChallenge, "unknown");
                users::find(tx, By::Id(found.user_id))?.ok_or_else(unknown)
            }
            Named::Invitation(token) => {
                let among = [Purpose::Invitation, Purpose::Membership];
                let found = self.one_time.peek(tx, token.expose(), &among, now)?;
                let refused = |reason: &'static str| Error::new(Code::InvalidMailToken, reason);
                let user = users::find(tx, By::Id(found.user_id))?.ok_or(refused("unknown"))?;
                // An invitation to an organization is no way into an account that is in use.
                match Pending::waits(tx, &user)? {
                    true => Ok(user),
                    false => Err(refused("accepted")),
                }
            }
        }
    }

    /// Returns the login that a challenge belongs to.
    pub(crate) fn waiting(&self, found: &Found) -> Result<Entry> {
        let entry: Entry = serde_json::from_slice(&found.data).map_err(|_| damaged())?;
        match self.keys.backend(Some(&entry.backend)) {
            Ok(_) => Ok(entry),
            Err(_) => Err(Error::new(Code::InvalidChallenge, "unknown_backend")),
        }
    }

    /// Requires the next step of a login: one of these second factors, or else a new password.
    fn step_up<S>(
        &self,
        tx: &mut Tx,
        user: &User,
        second_factors: Option<SecondFactors>,
        entry: &Entry,
        now: i64,
    ) -> Result<Login<S>> {
        let (status, purpose) = match second_factors {
            Some(factors) if factors.any() => (NextStep::SecondFactor, Purpose::SecondFactor),
            Some(_) => (NextStep::SecondFactor, Purpose::Enrolment),
            None => (NextStep::PasswordChange, Purpose::PasswordChange),
        };
        let data = json::render(entry)?;
        let making = Making {
            purpose,
            lifetime_seconds: CHALLENGE_SECONDS,
            most: CHALLENGES,
            attempts: CHALLENGE_ATTEMPTS,
            data: data.as_bytes(),
        };
        let challenge = self.one_time.make(tx, user, now, &making)?;
        let webauthn_options = match second_factors {
            Some(factors) if factors.webauthn_supported => {
                self.factors.passkeys.options(tx, user.public.id, &challenge)?
            }
            _ => None,
        };
        let ip = entry.client.ip_text();
        let detail = Code::from(status).name();
        let event = event(Kind::StepUpRequired, user.public.id);
        self.audit.record(tx, now, Event { ip: ip.as_deref(), detail: Some(detail), ..event })?;
        Ok(Login::StepUp(Box::new(StepUp {
            status,
            challenge: challenge.into(),
            expires_in: CHALLENGE_SECONDS,
            user_id: user.public.id,
            second_factors,
            webauthn_options,
            recovery_codes: Vec::new(),
        })))
    }
}

/// How long the next step of a login may take.
const CHALLENGE_SECONDS: i64 = 600;

/// How many logins of one user may wait for their next step.
const CHALLENGES: u32 = 3;

/// How many proofs may be offered with one challenge.
const CHALLENGE_ATTEMPTS: u32 = 10;
