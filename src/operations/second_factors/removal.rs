//! The way back for users who lost their factors: `remove_second_factors`. It is the act of a privileged caller, and
//! the audit log and the user hear of it (ASVS 6.4.4).

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::engine::audit::{Kind as EventKind, event};
use crate::error::{Code, Error, Result};
use crate::mail;
use crate::store::events::Event;
use crate::store::users::{self, By};
use crate::store::{Tx, passkeys, second_factors};
use crate::types::id::Id;
use crate::types::user::ActingReason;

/// Removes the second factors of an account without a proof of its user: a privileged act. Verify who asks by other
/// means before.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RemoveSecondFactorsRequest {
    /// The user's id.
    pub user_id: Id,
    /// The factors to remove; default: all of them. The recovery codes go with the last other factor.
    pub factors: Option<Vec<FactorKind>>,
    /// Why, for the audit log.
    pub reason: ActingReason,
}

/// A kind of second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FactorKind {
    /// The authenticator app.
    Totp,
    /// Every passkey.
    Passkeys,
    /// The recovery codes.
    RecoveryCodes,
}

/// What was removed. If that was anything, every session has ended.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RemoveSecondFactorsResponse {
    /// Whether an authenticator app was removed.
    pub totp: bool,
    /// The number of passkeys that were removed.
    pub passkeys: i64,
    /// The number of recovery codes that were removed.
    pub recovery_codes: i64,
    /// The number of sessions that ended.
    pub revoked_sessions: usize,
}

impl Engine {
    /// Removes second factors and ends every session and token of the account, all or nothing. The audit log names
    /// the actor and the reason, and the user gets a mail. If the account must have a factor, its user sets one up
    /// in the next login. Without a factor to remove nothing changes.
    ///
    /// Failures: `user_not_found`, `invalid_request`, `store_unavailable`.
    pub fn remove_second_factors(
        &self,
        request: RemoveSecondFactorsRequest,
    ) -> Result<RemoveSecondFactorsResponse> {
        let RemoveSecondFactorsRequest { user_id, factors, reason } = request;
        if factors.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::at(Code::InvalidRequest, "/factors", "expected at least one"));
        }
        let is_meant = |kind| factors.as_ref().is_none_or(|factors| factors.contains(&kind));
        let now = self.clock.now();
        self.mailing.write(|tx| {
            let user = users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))?;
            let removed = self.remove_factors(tx, user_id, is_meant)?;
            if removed == RemoveSecondFactorsResponse::default() {
                return Ok(removed);
            }
            let detail = format!("{}: {}", removed.names(), reason.as_str());
            let event = event(EventKind::SecondFactorsRemoved, user_id);
            self.audit.record(tx, now, Event { detail: Some(&detail), ..event })?;
            self.mailing.outbox.tell(tx, mail::Kind::SecondFactorRemoved, &user.public, now)?;
            let revoked_sessions = self.sessions.revoke_everything(tx, user_id, now)?;
            Ok(RemoveSecondFactorsResponse { revoked_sessions, ..removed })
        })
    }

    fn remove_factors(
        &self,
        tx: &mut Tx,
        user_id: Id,
        is_meant: impl Fn(FactorKind) -> bool,
    ) -> Result<RemoveSecondFactorsResponse> {
        let mut removed = RemoveSecondFactorsResponse::default();
        let had = second_factors::count(tx, user_id)?;
        if is_meant(FactorKind::Totp) {
            removed.totp = second_factors::delete_totp(tx, user_id)?;
            second_factors::delete_pending_totp(tx, user_id)?;
            self.throttle.forget_guesses(tx, user_id)?;
        }
        if is_meant(FactorKind::Passkeys) {
            passkeys::delete_all(tx, user_id)?;
            removed.passkeys = had.passkeys;
        }
        if is_meant(FactorKind::RecoveryCodes) || !self.factors.of(tx, user_id)?.any() {
            second_factors::delete_recovery_codes(tx, user_id)?;
            removed.recovery_codes = had.recovery_codes;
        }
        Ok(removed)
    }
}

impl RemoveSecondFactorsResponse {
    /// The names of what was removed.
    fn names(&self) -> String {
        let names = [
            ("totp", self.totp),
            ("passkeys", self.passkeys > 0),
            ("recovery_codes", self.recovery_codes > 0),
        ];
        let names: Vec<_> = names.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect();
        names.join(" ")
    }
}
