//! Authenticating again within a session: `reauthenticate`.

use crate::engine::step::Step;
use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::engine::audit::{Kind, event};
use crate::engine::factors::Proof;
use crate::engine::factors::passkeys::PasskeyProof;
use crate::engine::passwords::Admitted;
use crate::engine::sessions::Continued;
use crate::engine::tokens::Bearer;
use crate::error::{Code, Error, Result};
use crate::password::Password;
use crate::store::events::Event;
use crate::store::users::{self, By};
use crate::store::{Durability, Tx, sessions};
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::secret::Secret;
use crate::types::token::Token;
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
        let asked = Asked { bearer, session_id, client };
        let proven = match (password, Proof::among(two_fa_code, None, webauthn_response.map(passkey))?) {
            (Some(password), None) => self.by_password(&asked, &password),
            (None, Some(proof)) => self.by_second_factor(&asked, &proof),
            _ => {
                let expected = "expected one of password, two_fa_code, webauthn_response";
                return Err(Error::new(Code::InvalidRequest, expected));
            }
        };
        let about = |error: Error| error.about(Some(asked.bearer.user.id), Some(session_id));
        let continued = proven.map_err(about)?;
        // No scopes beyond those of the offered token.
        let claims = continued.claims(asked.bearer.scope.as_deref());
        Ok(ReauthenticateResponse {
            access_token: self.sessions.access_token(continued.backend, &claims)?,
            expires_in: claims.exp - claims.iat,
            persistent: continued.session.persistent,
        })
    }

    fn by_password(&self, asked: &Asked, password: &Secret) -> Result<Continued<'_>> {
        let Asked { bearer, client, .. } = asked;
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
                    self.reauthenticated(tx, asked, &["pwd"], now)
                })
            });
        let proven = proven.and_then(Step::result);
        proven.or_else(|error| {
            if error.code == Code::InvalidCredentials {
                let kind = Kind::ReauthenticationFailed;
                self.passwords.guess_failed(kind, Some(user_id), client, &attempt, &error)?;
            }
            Err(error)
        })
    }

    fn by_second_factor(&self, asked: &Asked, proof: &Proof) -> Result<Continued<'_>> {
        let Asked { bearer, client, .. } = asked;
        let now = self.clock.now();
        let proven = self.store.write(Durability::Full, |tx| {
            match self.factors.prove(tx, bearer.user.id, proof, client, now)? {
                Step::Done(()) => self.reauthenticated(tx, asked, proof.methods(), now),
                Step::Refused(refused) => Ok(Step::Refused(refused)),
            }
        })?;
        proven.result()
    }

    /// Records the reauthentication in the session, if it is still alive and its token can be made.
    fn reauthenticated(
        &self,
        tx: &mut Tx,
        asked: &Asked,
        methods: &[&'static str],
        now: i64,
    ) -> Result<Step<Continued<'_>>> {
        let Asked { bearer, session_id, client } = asked;
        let session = sessions::find(tx, *session_id)?;
        let mut session = session.ok_or(Error::new(Code::InvalidToken, "unknown_session"))?;
        if let Some(reason) = session.end(now, &self.config) {
            return Err(Error::new(Code::InvalidToken, reason));
        }
        session.auth_time = now;
        session.proofs = session.proofs.with(methods, now);
        // More than one factor. A password beside a factor that was proven earlier does not prove that factor
        // again.
        if methods != ["pwd"] && session.proofs.amr().members().len() > methods.len() {
            session.proofs = session.proofs.with(&["mfa"], now);
        }
        let own = self.sessions.own_claims(tx, *session_id, &session)?;
        let backend = self.keys.backend(Some(&session.backend))?;
        let continued = Continued::new(*session_id, session, backend, own, now);
        // The proof was right and is used. A session that gets no token stays as it is.
        if let Err(refused) = self.sessions.refuse_long(backend, &continued.claims(bearer.scope.as_deref())) {
            return Ok(Step::Refused(refused));
        }
        sessions::reauthenticate(tx, *session_id, now, &continued.session.proofs)?;
        let ip = client.ip_text();
        let detail = methods.join(" ");
        let event = event(Kind::Reauthenticated, bearer.user.id);
        let event =
            Event { session_id: Some(*session_id), ip: ip.as_deref(), detail: Some(&detail), ..event };
        self.audit.record(tx, now, event)?;
        Ok(Step::Done(continued))
    }
}

/// A session whose user gives a proof.
struct Asked {
    bearer: Bearer,
    session_id: Id,
    client: Client,
}
