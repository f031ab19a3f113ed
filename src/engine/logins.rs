//! What comes after a first factor: a second one, a new password, or the session.

use super::step::Step;
use std::sync::Arc;

use super::audit::{Audit, Kind, event};
use super::factors::{Factors, Proof};
use super::key_ring::KeyRing;
use super::one_time::{Found, Making, OneTime, Purpose};
use super::sessions::{Entry, Session, Sessions};
use crate::error::{Code, Error, Result, SecondFactors, StepUp};
use crate::json;
use crate::store::events::Event;
use crate::store::users::User;
use crate::store::{Tx, damaged};

/// Leads logins on to their sessions.
pub(crate) struct Logins {
    pub audit: Arc<Audit>,
    pub factors: Arc<Factors>,
    pub keys: Arc<KeyRing>,
    pub one_time: Arc<OneTime>,
    pub sessions: Arc<Sessions>,
}

impl Logins {
    /// What comes after the right password, or whatever else is a first factor: a second factor, where the account
    /// has or needs one.
    pub(crate) fn after_password(
        &self,
        tx: &mut Tx,
        user: User,
        proof: Option<&Proof>,
        entry: &Entry,
        now_ms: i64,
    ) -> Result<Step<Session<'_>>> {
        let (factors, now) = (self.factors.of(tx, user.public.id)?, now_ms / 1000);
        if !factors.any() && !self.factors.are_required_of(&user.public) {
            return self.after_second_factor(tx, user, entry.clone(), now_ms);
        }
        let Some(proof) = proof.filter(|_| factors.any()) else {
            return self.step_up(tx, &user, Wanted::SecondFactor(factors), entry, now).map(Step::Refused);
        };
        match self.factors.prove(tx, user.public.id, proof, &entry.client, now)? {
            Step::Done(()) => self.after_second_factor(tx, user, entry.clone().with(proof.methods()), now_ms),
            Step::Refused(refused) => Ok(Step::Refused(refused)),
        }
    }

    /// What comes when all is proven: a new password, where it is by the password that must be changed, or the
    /// session.
    pub(crate) fn after_second_factor(
        &self,
        tx: &mut Tx,
        user: User,
        entry: Entry,
        now_ms: i64,
    ) -> Result<Step<Session<'_>>> {
        match user.must_change_password && entry.amr.members().contains(&"pwd") {
            true => self.step_up(tx, &user, Wanted::PasswordChange, &entry, now_ms / 1000).map(Step::Refused),
            false => self.sessions.open(tx, user, &entry, now_ms).map(Step::Done),
        }
    }

    /// What a login that waits for its next step is for.
    pub(crate) fn waiting(&self, found: &Found) -> Result<Entry> {
        let entry: Entry = serde_json::from_slice(&found.data).map_err(|_| damaged())?;
        match self.keys.backend(Some(&entry.backend)) {
            Ok(_) => Ok(entry),
            Err(_) => Err(Error::new(Code::InvalidChallenge, "unknown_backend")),
        }
    }

    /// The answer to what was right and is not enough.
    fn step_up(&self, tx: &mut Tx, user: &User, wanted: Wanted, entry: &Entry, now: i64) -> Result<Error> {
        let (code, purpose, second_factors) = match wanted {
            Wanted::SecondFactor(factors) => {
                (Code::SecondFactorRequired, Purpose::SecondFactor, Some(factors))
            }
            Wanted::PasswordChange => (Code::PasswordChangeRequired, Purpose::PasswordChange, None),
        };
        let (data, ip) = (json::render(entry)?, entry.client.ip());
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
        let event = event(Kind::StepUpRequired, user.public.id);
        self.audit.record(tx, now, Event { ip: ip.as_deref(), detail: Some(code.name()), ..event })?;
        let step_up = StepUp {
            status: code.name(),
            challenge: challenge.into(),
            expires_in: CHALLENGE_SECONDS,
            user_id: user.public.id,
            second_factors,
            webauthn_options,
        };
        Ok(Error::step_up(code, step_up))
    }
}

/// How long the next step of a login may take.
const CHALLENGE_SECONDS: i64 = 600;

/// How many logins of one user may wait for their next step.
const CHALLENGES: u32 = 3;

/// How many proofs may be offered with one challenge.
const CHALLENGE_ATTEMPTS: u32 = 10;

/// What a login still wants.
enum Wanted {
    SecondFactor(SecondFactors),
    PasswordChange,
}
