//! Authenticating again within a session: `reauthenticate`.

use crate::engine::step::Step;
use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::engine::audit::{Kind, event};
use crate::engine::factors::Proof;
use crate::engine::factors::passkeys::PasskeyProof;
use crate::engine::own_claims::OwnClaims;
use crate::engine::passwords::Admitted;
use crate::engine::sessions::SessionClaims;
use crate::engine::tokens::Bearer;
use crate::error::{Code, Error, Result};
use crate::password::Password;
use crate::store::events::Event;
use crate::store::sessions::Placed;
use crate::store::users::{self, By};
use crate::store::{Durability, Tx, sessions};
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::secret::Secret;
use crate::types::token::Token;
use crate::types::user::{Amr, OrganizationRoles, ProviderLogin};
use crate::types::webauthn::AuthenticationResponse;

/// Authenticates the user of a session again, before an important act. Give one proof; the host decides which
/// are enough.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ReauthenticateRequest<'a> {
    /// An access token of the session.
    #[serde(borrow)]
    pub token: Token<'a>,
    /// The backend that `token` is for; default: `default`.
    pub backend: Option<String>,
    /// The password; a wrong one counts as a failed login.
    pub password: Option<Secret>,
    /// The code of the authenticator app instead.
    pub two_fa_code: Option<Secret>,
    /// A passkey's answer to a challenge of `begin_passkey_login` instead, which is spent: the credential's
    /// `toJSON()`. The authenticator must have verified its user.
    #[serde(default, deserialize_with = "crate::types::strict::optional_open_object")]
    pub webauthn_response: Option<AuthenticationResponse>,
    /// The client's connection, where known.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub client: Option<Client>,
}

/// A fresh access token of the same session.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ReauthenticateResponse {
    /// The access token, whose `auth_time` is now. The previous token stays valid, with its own `auth_time`.
    pub access_token: Token<'static>,
    /// The token's lifetime in seconds.
    pub expires_in: i64,
    /// Whether the user stays logged in when the browser is closed, if the login's `lifetime` said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistent: Option<bool>,
}

impl Engine {
    /// Authenticates the user of a session again, by password or second factor. Returns a token that
    /// `authorize` accepts for `max_age_seconds`. The session continues, and its later tokens carry the new
    /// time of authentication.
    ///
    /// Failures: `invalid_token`, `user_not_found`, `permission_denied` (the token is that of a person who acts as the
    /// user), `invalid_credentials`, `invalid_code`, `too_many_attempts`,
    /// `invalid_request`, `hash_queue_full`, `store_unavailable`.
    pub fn reauthenticate(&self, request: ReauthenticateRequest) -> Result<ReauthenticateResponse> {
        let ReauthenticateRequest { token, backend, password, two_fa_code, webauthn_response, client } =
            request;
        let passkey = |response| PasskeyProof { response, challenge: None, is_alone: true };
        let client = client.unwrap_or_default();
        let bearer = self.tokens.bearer_in_person(&token, self.keys.backend(backend.as_deref())?)?;
        let Some(session_id) = bearer.session_id else {
            return Err(Error::new(Code::InvalidToken, "no_session").about(Some(bearer.user.id), None));
        };
        let proven = match (password, Proof::among(two_fa_code, None, webauthn_response.map(passkey))?) {
            (Some(password), None) => self.by_password(&bearer, session_id, &password, &client),
            (None, Some(proof)) => self.by_second_factor(&bearer, session_id, &proof, &client),
            _ => {
                let expected = "expected one of password, two_fa_code, webauthn_response";
                return Err(Error::new(Code::InvalidRequest, expected));
            }
        };
        let Proven { amr, provider, now, expires_at, backend, organization, own, persistent } =
            proven.map_err(|error| error.about(Some(bearer.user.id), Some(session_id)))?;
        let backend = self.keys.backend(Some(&backend))?;
        let expires_at = (now + backend.access_token_seconds).min(expires_at);
        let claims = SessionClaims {
            user: &bearer.user,
            sid: session_id,
            // No scopes beyond those of the offered token.
            scope: bearer.scope.as_deref(),
            auth_time: Some(now),
            amr: &amr,
            provider: provider.as_ref(),
            act: None,
            organization: organization.as_ref(),
            own: &own,
            iat: now,
            exp: expires_at,
        };
        Ok(ReauthenticateResponse {
            access_token: self.sessions.access_token(backend, &claims)?,
            expires_in: expires_at - now,
            persistent,
        })
    }

    fn by_password(
        &self,
        bearer: &Bearer,
        session_id: Id,
        password: &Secret,
        client: &Client,
    ) -> Result<Proven> {
        let password = Password::offered(password, &self.config.password, "/password")?;
        let user_id = bearer.user.id;
        let now = self.clock.now();
        let (user, device) = self.store.read(|tx| {
            let device = self.throttle.known_device(tx, Some(user_id), client, now)?;
            Ok((users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::TokenUserNotFound))?, device))
        })?;
        let attempt =
            self.throttle.count_attempt(Some(user_id), &user.public.username.key(), client.ip, device)?;
        let proven =
            self.passwords.verified(Some(user), &password, &attempt).and_then(|Admitted { user, .. }| {
                let now = self.clock.now();
                self.store.write(Durability::Full, |tx| {
                    // The verified hash may have been replaced meanwhile. Then the session has ended, too.
                    let is_unchanged =
                        users::find(tx, By::Id(user_id))?.is_some_and(|it| it.epoch == user.epoch);
                    if !is_unchanged {
                        return Err(Error::new(Code::InvalidToken, "revoked"));
                    }
                    attempt.succeeded(tx)?;
                    self.reauthenticated(tx, session_id, &["pwd"], client, now)
                })
            });
        proven.or_else(|error| {
            if error.code == Code::InvalidCredentials {
                let kind = Kind::ReauthenticationFailed;
                self.passwords.guess_failed(kind, Some(user_id), client, &attempt, &error)?;
            }
            Err(error)
        })
    }

    fn by_second_factor(
        &self,
        bearer: &Bearer,
        session_id: Id,
        proof: &Proof,
        client: &Client,
    ) -> Result<Proven> {
        let now = self.clock.now();
        let proven = self.store.write(Durability::Full, |tx| {
            match self.factors.prove(tx, bearer.user.id, proof, client, now)? {
                Step::Done(()) => {
                    self.reauthenticated(tx, session_id, proof.methods(), client, now).map(Step::Done)
                }
                Step::Refused(refused) => Ok(Step::Refused(refused)),
            }
        })?;
        proven.result()
    }

    /// Records the reauthentication in the session, if it is still alive.
    fn reauthenticated(
        &self,
        tx: &mut Tx,
        session_id: Id,
        methods: &[&'static str],
        client: &Client,
        now: i64,
    ) -> Result<Proven> {
        let session = sessions::find(tx, session_id)?;
        let session = session.ok_or(Error::new(Code::InvalidToken, "unknown_session"))?;
        if let Some(reason) = session.end(now, &self.config) {
            return Err(Error::new(Code::InvalidToken, reason));
        }
        let mut proofs = session.proofs.with(methods, now);
        // More than one factor. A password beside a factor that was proven earlier does not prove that factor
        // again.
        if methods != ["pwd"] && proofs.amr().members().len() > methods.len() {
            proofs = proofs.with(&["mfa"], now);
        }
        let own = self.sessions.own_claims(tx, session_id, &session)?;
        sessions::reauthenticate(tx, session_id, now, &proofs)?;
        let ip = client.ip_text();
        let detail = methods.join(" ");
        let event = event(Kind::Reauthenticated, session.user.public.id);
        let event = Event { session_id: Some(session_id), ip: ip.as_deref(), detail: Some(&detail), ..event };
        self.audit.record(tx, now, event)?;
        let expires_at = session.expires_at.min(session.idle_at);
        Ok(Proven {
            amr: proofs.amr(),
            provider: session.provider,
            now,
            expires_at,
            backend: session.backend,
            organization: session.organization.and_then(Placed::roles),
            own,
            persistent: session.persistent,
        })
    }
}

/// The state of a session after its user authenticated again.
struct Proven {
    amr: Amr,
    provider: Option<ProviderLogin>,
    now: i64,
    expires_at: i64,
    backend: String,
    organization: Option<OrganizationRoles>,
    own: OwnClaims,
    persistent: Option<bool>,
}
