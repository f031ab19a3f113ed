//! Locking an account that may be in the wrong hands: `lock_user`.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{another_admin, is_admin};
use crate::engine::audit::{Kind, event};
use crate::engine::{Engine, api_keys, organizations};
use crate::error::{Code, Error, Result};
use crate::mail;
use crate::store::events::Event;
use crate::store::users::{self, By, Canonical};
use crate::store::{second_factors, unexpected};
use crate::types::id::Id;
use crate::types::user::{ActingReason, PublicUser};

/// Locks an account: a privileged act. `update_user` with `is_active` opens it again.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LockUserRequest {
    /// The user's id.
    pub user_id: Id,
    /// Why, for the audit log.
    pub reason: ActingReason,
}

/// The account is locked.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct LockUserResponse {
    /// The account.
    pub user: PublicUser,
    /// The number of sessions that ended.
    pub revoked_sessions: usize,
}

impl Engine {
    /// Keeps an account from logging in, and ends its sessions, tokens, API keys, mailed tokens, pending logins, the
    /// invitations to organizations that it got or made, and an authenticator app that is not confirmed, all or nothing.
    /// Its password, factors, identities and memberships stay. The audit log names the actor and the reason, and the user
    /// gets a mail.
    ///
    /// Failures: `user_not_found`, `permission_denied`, `store_unavailable`.
    pub fn lock_user(&self, request: LockUserRequest) -> Result<LockUserResponse> {
        let LockUserRequest { user_id, reason } = request;
        let now = self.clock.now();
        self.mailing.write(|tx| {
            let mut user = users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))?.public;
            if is_admin(&user) {
                another_admin(tx, user_id)?;
            }
            let Canonical { username, email, .. } = users::canonical(tx, user_id)?.ok_or_else(unexpected)?;
            user.is_active = false;
            users::update(tx, &user, &username, email.as_deref())?;
            second_factors::delete_pending_totp(tx, user_id)?;
            organizations::withdraw_of_locked(tx, user_id)?;
            let locked = event(Kind::AccountLocked, user_id);
            self.audit.record(tx, now, Event { detail: Some(reason.as_str()), ..locked })?;
            self.mailing.outbox.tell(tx, mail::Kind::AccountLocked, &user, now)?;
            api_keys::revoke_all(&self.audit, tx, user_id, now)?;
            let revoked_sessions = self.sessions.revoke_everything(tx, user_id, now)?;
            Ok(LockUserResponse { user, revoked_sessions })
        })
    }
}
