//! Logging in with an ID token of an OpenID provider: `login_with_id_token`. Issuer and subject identify a
//! user. An address links an account only if both sides have verified it (OpenID Connect Core sections
//! 3.1.3.7 and 5.7).

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::login::LoginResponse;
use crate::config::ProviderName;
use crate::engine::Engine;
use crate::engine::provider_logins::Newcomer;
use crate::engine::sessions::Entry;
use crate::error::Result;
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::login::Login;
use crate::types::secret::Secret;
use crate::types::session::{SessionLabel, SessionLifetime};
use crate::types::strict::Object;
use crate::types::token::Token;
use crate::types::user::{Amr, Scope};

/// Authenticates a user by an ID token and opens a session.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LoginWithIdTokenRequest<'a> {
    /// The name of the issuer in `id_token_providers`; optional if there is only one.
    pub provider: Option<ProviderName>,
    /// The ID token (OpenID Connect Core section 2); not an access token.
    #[serde(borrow)]
    pub id_token: Token<'a>,
    /// The nonce that the host sent with its authentication request. The token must repeat it, so that it
    /// answers this browser's request and no other.
    pub nonce: Option<Secret>,
    /// The backend that the session's tokens are for; default: `default`.
    pub backend: Option<String>,
    /// The scopes of the access token, separated by spaces. The engine grants what the host asks for.
    pub scope: Option<Scope>,
    /// The organization that the session is in, as in `login`.
    pub organization_id: Option<Id>,
    /// The client's connection, where known.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub client: Option<Client>,
    /// The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine are refused.
    pub claims: Option<Object>,
    /// A shorter life of the session than the configuration gives it.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub lifetime: Option<SessionLifetime>,
    /// A label for the session in the user's list, such as the name of the device.
    pub label: Option<SessionLabel>,
}

/// An opened session. Keep both tokens secret.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct LoginWithIdTokenResponse {
    #[expect(missing_docs, reason = "its fields have docs of their own")]
    #[serde(flatten)]
    pub login: LoginResponse,
    /// Whether this login created the account.
    pub created: bool,
}

impl Engine {
    /// Logs in by an ID token. If issuer and subject are linked to an account, that account is entered.
    /// Otherwise, if the provider is trusted with addresses and says that the address is verified, the
    /// account with this address is linked. An account that never verified the address first loses everything
    /// that opened it before. Otherwise a new account is created, if the provider may register users.
    ///
    /// Failures: `invalid_token`, `invalid_credentials`, `permission_denied` (as of `login`), `email_taken`, `too_many_attempts`, `invalid_request`,
    /// `auth_service_unavailable`, `store_unavailable`.
    pub fn login_with_id_token(
        &self,
        request: LoginWithIdTokenRequest,
    ) -> Result<Login<LoginWithIdTokenResponse>> {
        let LoginWithIdTokenRequest { provider, id_token, nonce, backend, scope, client, .. } = request;
        let backend = self.keys.backend(backend.as_deref())?;
        let provider = self.providers.named(provider.as_ref())?;
        let mut entry = Entry {
            backend: backend.name.clone(),
            scope,
            client: client.unwrap_or_default(),
            // Only the provider knows how the user authenticated.
            amr: Amr::default(),
            provider: None,
            trusts_device: false,
            terms: self.sessions.terms(backend, request.claims, request.lifetime, request.label)?,
            organization_id: request.organization_id,
        };
        let user = self.providers.user_of(provider, &id_token, nonce.as_ref());
        entry.provider = user.as_ref().ok().map(|user| provider.login(user));
        let now_ms = self.clock.now_ms();
        let entered = user.and_then(|user| {
            let newcomer = Newcomer::new(provider, &user, now_ms)?;
            self.mailing
                .write(|tx| self.provider_logins.enter(tx, provider, &user, &newcomer, &entry, now_ms))
        });
        let entered = entered.or_else(|error| {
            self.provider_logins.refused(&entry.client, &error, now_ms / 1000)?;
            Err(error)
        })?;
        // A refusal that was committed is recorded.
        self.provider_logins
            .first_tokens(entered)?
            .try_map(|(first, created)| Ok(LoginWithIdTokenResponse { login: first.into(), created }))
    }
}
