//! Recovery codes: `generate_recovery_codes`, `recovery_codes_status`. A recovery code opens an account after
//! its other factors are lost; each can be used once. The store keeps only a keyed hash of each.

use crate::engine::factors::recovery_codes::RecoveryCode;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::error::{Code, Error, Result};
use crate::store::users::{self, By};
use crate::store::{Durability, Tx, second_factors};
use crate::types::id::Id;

/// Replaces the recovery codes of an account. The host must have authenticated its user just now.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GenerateRecoveryCodesRequest {
    /// The user's id.
    pub user_id: Id,
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
    /// Replaces the recovery codes of an account that has a second factor, and ends every session.
    ///
    /// Failures: `user_not_found`, `permission_denied`, `store_unavailable`.
    pub fn generate_recovery_codes(
        &self,
        request: GenerateRecoveryCodesRequest,
    ) -> Result<GenerateRecoveryCodesResponse> {
        let user_id = request.user_id;
        let now = self.clock.now();
        let codes = self.store.write(Durability::Full, |tx| {
            known(tx, user_id)?;
            if !self.factors.of(tx, user_id)?.any() {
                let error = Error::new(Code::PermissionDenied, "no_second_factor");
                return Err(error.about(Some(user_id), None));
            }
            self.sessions.revoke_everything(tx, user_id, now)?;
            self.factors.recovery_codes.renew(tx, user_id, now)
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
