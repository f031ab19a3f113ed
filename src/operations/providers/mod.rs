//! Logins at providers (OpenID Connect, OAuth 2.0): their way from the browser and back, and the identities that they
//! link to accounts: `list_identities`, `unlink_identity`.

pub(crate) mod login;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::engine::audit::{Kind, event};
use crate::error::{Code, Error, Result};
use crate::store::events::Event;
use crate::store::identities::{self, Identity};
use crate::store::users::{self, By};
use crate::types::id::Id;

/// Lists the identities that open an account.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ListIdentitiesRequest {
    /// The user's id.
    pub user_id: Id,
}

/// Identities, the oldest first.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ListIdentitiesResponse {
    /// The identities.
    pub identities: Vec<LinkedIdentity>,
}

/// A user of a provider who is let into an account.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct LinkedIdentity {
    /// The provider's name in `id_token_providers`; absent if it is not configured any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The provider's issuer: `iss`.
    pub issuer: String,
    /// The user's id at the provider: `sub`.
    pub subject: String,
    /// When the identity was linked to the account.
    pub created_at: i64,
}

/// Unlinks an identity from an account. The host must have authenticated its user just now.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UnlinkIdentityRequest {
    /// The user's id.
    pub user_id: Id,
    /// The provider's issuer, as `list_identities` has it.
    pub issuer: String,
    /// The user's id at the provider.
    pub subject: String,
}

/// The identity opens the account no more. If it did before, every session has ended.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct UnlinkIdentityResponse {
    /// Whether the identity was linked to the account.
    pub unlinked: bool,
}

impl Engine {
    /// Lists the identities of providers that open an account.
    ///
    /// Failures: `user_not_found`, `store_unavailable`.
    pub fn list_identities(&self, request: ListIdentitiesRequest) -> Result<ListIdentitiesResponse> {
        let linked = self.store.read(|tx| {
            users::find(tx, By::Id(request.user_id))?.ok_or(Error::from(Code::UserNotFound))?;
            identities::list(tx, request.user_id)
        })?;
        let identity = |linked: identities::Linked| LinkedIdentity {
            provider: self.providers.of_issuer(&linked.issuer).map(|provider| provider.name().to_owned()),
            issuer: linked.issuer,
            subject: linked.subject,
            created_at: linked.created_at,
        };
        Ok(ListIdentitiesResponse { identities: linked.into_iter().map(identity).collect() })
    }

    /// Unlinks an identity, and ends every session and token of the account, all or nothing. Its address does not
    /// link it again. Unlinking an identity that the account does not have is not a failure.
    ///
    /// Failures: `user_not_found`, `permission_denied` (nothing else opens the account), `store_unavailable`.
    pub fn unlink_identity(&self, request: UnlinkIdentityRequest) -> Result<UnlinkIdentityResponse> {
        let UnlinkIdentityRequest { user_id, issuer, subject } = request;
        let identity = Identity { issuer: &issuer, subject: &subject };
        let now = self.clock.now();
        let unlinked = self.mailing.write(|tx| {
            let user = users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))?;
            if !identities::unlink(tx, identity, user_id, now)? {
                return Ok(false);
            }
            self.ways_in.remain(tx, &user)?;
            self.sessions.revoke_everything(tx, user_id, now)?;
            let provider = self.providers.of_issuer(&issuer).map(|provider| provider.name());
            let event = event(Kind::IdentityUnlinked, user_id);
            self.audit.record(tx, now, Event { detail: provider, ..event })?;
            Ok(true)
        })?;
        Ok(UnlinkIdentityResponse { unlinked })
    }
}
