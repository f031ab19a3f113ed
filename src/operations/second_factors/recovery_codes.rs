//! Recovery codes: `generate_recovery_codes`, `recovery_codes_status`. A recovery code opens an account after
//! its other factors are lost; each can be used once. The store keeps only a keyed hash of each.

use crate::engine::factors::recovery_codes::RecoveryCode;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::engine::tokens::only_with_token;
use crate::error::{Code, Error, Result};
use crate::mail;
use crate::store::users::{self, By};
use crate::store::{Tx, second_factors, sessions};
use crate::types::id::Id;
use crate::types::token::Token;
use crate::types::user::ActingReason;

/// Replaces the recovery codes of an account: for its user, by a `token` whose session gave a second factor in the
/// last fifteen minutes (`reauthenticate`); or by `user_id` and `reason`, for a privileged caller.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct GenerateRecoveryCodesRequest<'a> {
    /// A live access token of the user.
    #[serde(borrow)]
    pub token: Option<Token<'a>>,
    /// The backend that `token` is for; default: `default`.
    pub backend: Option<String>,
    /// The user's id, if a privileged caller acts without the user.
    pub user_id: Option<Id>,
    /// With `user_id`: why, for the audit log.
    pub reason: Option<ActingReason>,
}

/// New recovery codes, shown only now. Every session has ended.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct GenerateRecoveryCodesResponse {
    /// Ten codes; each can be used once.
    pub codes: Vec<RecoveryCode>,
}

/// Counts the unused recovery codes of an account.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RecoveryCodesStatusRequest {
    /// The user's id.
    pub user_id: Id,
}

/// The number of unused recovery codes.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RecoveryCodesStatusResponse {
    /// The number of unused codes.
    pub remaining: i64,
}

impl Engine {
    /// Replaces the recovery codes of an account that has a second factor, ends every session, and tells the user by
    /// mail.
    ///
    /// Failures: `invalid_token`, `user_not_found`, `permission_denied` (the account has no second factor, the
    /// token's session gave none lately, or a person acts as the user in it), `invalid_request`, `store_unavailable`.
    pub fn generate_recovery_codes(
        &self,
        request: GenerateRecoveryCodesRequest,
    ) -> Result<GenerateRecoveryCodesResponse> {
        let now = self.clock.now();
        let GenerateRecoveryCodesRequest { token, backend, user_id, reason } = request;
        let (user_id, session_id, reason) = match (token, user_id, reason) {
            (Some(token), None, None) => {
                let backend = self.keys.backend(backend.as_deref())?;
                let bearer = self.tokens.bearer_in_person(&token, backend)?;
                let session_id = bearer.session_id.filter(|_| {
                    let time = bearer.proofs.time_of("mfa");
                    time.is_some_and(|time| self.factors.is_fresh(time, now))
                });
                let refused = Error::new(Code::PermissionDenied, "reauthentication_required");
                let refused = refused.about(Some(bearer.user.id), bearer.session_id);
                (bearer.user.id, Some(session_id.ok_or(refused)?), None)
            }
            (None, Some(_), Some(_)) if backend.is_some() => return Err(only_with_token()),
            (None, Some(user_id), Some(reason)) => (user_id, None, Some(reason)),
            _ => return Err(Error::new(Code::InvalidRequest, "expected token, or user_id and reason")),
        };
        let codes = self.mailing.write(|tx| {
            let user = users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))?;
            if let Some(id) = session_id
                && let Some(end) =
                    sessions::find(tx, id)?.map_or(Some("revoked"), |it| it.end(now, &self.config))
            {
                return Err(Error::new(Code::InvalidToken, end).about(Some(user_id), session_id));
            }
            if !self.factors.of(tx, user_id)?.any() {
                let error = Error::new(Code::PermissionDenied, "no_second_factor");
                return Err(error.about(Some(user_id), None));
            }
            self.sessions.revoke_everything(tx, user_id, now)?;
            self.mailing.outbox.tell(tx, mail::Kind::RecoveryCodesGenerated, &user.public, now)?;
            let reason = reason.as_ref().map(ActingReason::as_str);
            self.factors.recovery_codes.renew(tx, user_id, reason, now)
        })?;
        Ok(GenerateRecoveryCodesResponse { codes })
    }

    /// Returns the number of remaining recovery codes.
    ///
    /// Failures: `user_not_found`, `store_unavailable`.
    pub fn recovery_codes_status(
        &self,
        request: RecoveryCodesStatusRequest,
    ) -> Result<RecoveryCodesStatusResponse> {
        let count = self.store.read(|tx| {
            known(tx, request.user_id)?;
            second_factors::count(tx, request.user_id)
        })?;
        Ok(RecoveryCodesStatusResponse { remaining: count.recovery_codes })
    }
}

fn known(tx: &mut Tx, user_id: Id) -> Result<()> {
    if users::is_taken(tx, By::Id(user_id))? { Ok(()) } else { Err(Code::UserNotFound.into()) }
}
