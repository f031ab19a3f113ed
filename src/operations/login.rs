//! Logging in: `login`, `complete_login`.

use crate::engine::accounts::Identifier;
use crate::engine::step::Step;
use crate::types::client::Client;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::engine::audit::{Kind, event};
use crate::engine::factors::Proof;
use crate::engine::factors::passkeys::PasskeyProof;
use crate::engine::one_time::Purpose;
use crate::engine::passwords::Admitted;
use crate::engine::sessions::{Entry, FirstTokens, Session};
use crate::engine::throttle::Attempt;
use crate::error::{Code, Error, Result};
use crate::password::Password;
use crate::store::events::Event;
use crate::store::users::{self, By, User};
use crate::store::{Durability, Tx};
use crate::types::id::Id;
use crate::types::login::Login;
use crate::types::secret::Secret;
use crate::types::token::Token;
use crate::types::user::{Amr, Offered, PublicUser, Scope};
use crate::types::weakness::Weakness;
use crate::types::webauthn::AuthenticationResponse;

/// Authenticates a user by password and opens a session.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-body" = ["username", "password"]))]
#[non_exhaustive]
pub struct LoginRequest {
    /// The username or the e-mail address.
    pub username: Offered,
    /// The password.
    pub password: Secret,
    /// The backend that the session's tokens are for; default: `default`.
    pub backend: Option<String>,
    /// The scopes of the access token, separated by spaces. The engine grants what the host asks for: a host
    /// that passes on a client's wish decides first what the client may have.
    pub scope: Option<Scope>,
    /// The client's connection, where known.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub client: Option<Client>,
    /// The code of the account's authenticator app. Ignored if the account has no second factor.
    pub two_fa_code: Option<Secret>,
    /// A recovery code instead, which is used up.
    pub recovery_code: Option<Secret>,
    /// A passkey's answer to a challenge of `begin_passkey_login` instead, which is spent: the credential's
    /// `toJSON()`.
    #[serde(default, deserialize_with = "crate::types::strict::optional_open_object")]
    pub webauthn_response: Option<AuthenticationResponse>,
}

/// Takes the next step of a login. Give the one proof that the login asked for.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CompleteLoginRequest {
    /// The login's challenge. It can be used once and allows ten attempts.
    pub challenge: Secret,
    /// The code of the authenticator app.
    pub two_fa_code: Option<Secret>,
    /// A recovery code, which is used up.
    pub recovery_code: Option<Secret>,
    /// The answer of `navigator.credentials.get` to the login's `webauthn_options`: the credential's
    /// `toJSON()`.
    #[serde(default, deserialize_with = "crate::types::strict::optional_open_object")]
    pub webauthn_response: Option<AuthenticationResponse>,
    /// The new password, if the password must be changed.
    pub new_password: Option<Secret>,
}

/// An opened session. Keep both tokens secret.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct LoginResponse {
    /// The access token (RFC 9068); send it as `Authorization: Bearer …`.
    pub access_token: Token<'static>,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// The life of the access token in seconds.
    pub expires_in: i64,
    /// The refresh token, which gets the next access token; absent if the backend does not refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Token<'static>>,
    /// The life of the refresh token in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_expires_in: Option<i64>,
    /// The session's id: `sid` in the token.
    pub session_id: Id,
    /// The backend that the token is for.
    pub backend: String,
    /// The user who logged in.
    pub user: PublicUser,
}

impl From<FirstTokens> for LoginResponse {
    fn from(first: FirstTokens) -> LoginResponse {
        LoginResponse {
            access_token: first.access_token,
            token_type: "Bearer",
            expires_in: first.expires_in,
            refresh_token: first.refresh_token,
            refresh_expires_in: first.refresh_expires_in,
            session_id: first.session_id,
            backend: first.backend,
            user: first.user,
        }
    }
}

impl Engine {
    /// Logs in by password. An unknown user, a wrong password, an inactive account and an account without a
    /// password get the same answer after the same work: one hash and one counted failure. So does an account
    /// that was locked under another of its names, or after 100 failures in a row. A required further step is
    /// disclosed only after the right password, with a challenge for `complete_login`.
    ///
    /// Failures: `invalid_credentials`, `invalid_code`, `too_many_attempts`, `invalid_request`, `hash_queue_full`,
    /// `store_unavailable`.
    pub fn login(&self, request: LoginRequest) -> Result<Login<LoginResponse>> {
        let LoginRequest { username, password, backend, scope, client, .. } = request;
        let passkey = |response| PasskeyProof { response, challenge: None, is_alone: false };
        let passkey = request.webauthn_response.map(passkey);
        let proof = Proof::among(request.two_fa_code, request.recovery_code, passkey)?;
        let entry = Entry {
            backend: self.keys.backend(backend.as_deref())?.name.clone(),
            scope,
            client: client.unwrap_or_default(),
            amr: Amr::password(),
            provider: None,
        };
        let password = Password::offered(&password, &self.config.password, "/password")?;
        let identifier = Identifier::parse(username.as_str());
        let now = self.clock.now();
        let (user, device) = self.store.read(|tx| {
            let user = identifier.find(tx)?;
            let device = self.throttle.known_device(
                tx,
                user.as_ref().map(|user| user.public.id),
                &entry.client,
                now,
            )?;
            Ok((user, device))
        })?;

        let account = user.as_ref().map(|user| user.public.id);
        let about = |error: Error| error.about(account, None);
        let attempt = self.throttle.count_attempt(account, identifier.as_str(), entry.client.ip, device);
        let attempt = attempt.map_err(about)?;
        let entered = self.enter(user, &password, proof.as_ref(), &entry, &attempt).or_else(|error| {
            if error.code == Code::InvalidCredentials {
                self.passwords.guess_failed(Kind::LoginFailed, account, &entry.client, &attempt, &error)?;
            }
            Err(about(error))
        });
        entered?.try_map(|session| self.logged_in(session))
    }

    /// Takes the next step of a login: a second factor, or a new password. It opens the session, unless the
    /// password must be changed next.
    ///
    /// Failures: `invalid_challenge`, `invalid_code`, `too_many_attempts`, `weak_password`, `invalid_request`,
    /// `hash_queue_full`, `store_unavailable`.
    pub fn complete_login(&self, request: CompleteLoginRequest) -> Result<Login<LoginResponse>> {
        let CompleteLoginRequest { challenge, new_password, .. } = request;
        let passkey =
            |response| PasskeyProof { response, challenge: Some(challenge.clone()), is_alone: false };
        let passkey = request.webauthn_response.map(passkey);
        match (Proof::among(request.two_fa_code, request.recovery_code, passkey)?, new_password) {
            (Some(proof), None) => {
                let login = self.complete_by_second_factor(&challenge, &proof)?;
                login.try_map(|session| self.logged_in(session))
            }
            (None, Some(new_password)) => {
                let session = self.complete_by_new_password(&challenge, &new_password)?;
                self.logged_in(session).map(Login::Session)
            }
            _ => Err(Error::new(
                Code::InvalidRequest,
                "expected one of two_fa_code, recovery_code, webauthn_response, new_password",
            )),
        }
    }

    /// Each attempt is counted for the challenge and for the account, in the transaction that checks the
    /// proof.
    fn complete_by_second_factor(&self, challenge: &Secret, proof: &Proof) -> Result<Login<Session<'_>>> {
        let challenge = challenge.expose();
        let purpose = &[Purpose::SecondFactor];
        let now_ms = self.clock.now_ms();
        let now = now_ms / 1000;
        let completed = self.store.write(Durability::Full, |tx| {
            let found = self.one_time.take_attempt(tx, challenge, purpose, now)?;
            let user = users::find(tx, By::Id(found.user_id))?.ok_or_else(unknown_challenge)?;
            let entry = self.logins.waiting(&found)?;
            if let Step::Refused(refused) =
                self.factors.prove(tx, found.user_id, proof, &entry.client, now)?
            {
                // While the account is locked, no proof is checked and no attempt is used.
                return if refused.code == Code::TooManyAttempts {
                    Err(refused)
                } else {
                    Ok(Step::Refused(refused))
                };
            }
            self.one_time.redeem(tx, challenge, purpose, now)?;
            self.logins.after_second_factor(tx, user, entry.with(proof.methods()), now_ms).map(Step::Done)
        })?;
        completed.result()
    }

    /// Replaces a password that must be changed and revokes everything that was opened with it, all or
    /// nothing.
    fn complete_by_new_password(&self, challenge: &Secret, new_password: &Secret) -> Result<Session<'_>> {
        let challenge = challenge.expose();
        let purpose = &[Purpose::PasswordChange];
        let now = self.clock.now();
        let (found, user) = self.store.read(|tx| {
            let found = self.one_time.peek(tx, challenge, purpose, now)?;
            let user = users::find(tx, By::Id(found.user_id))?.ok_or_else(unknown_challenge)?;
            Ok((found, user))
        })?;
        let username = &user.public.username;
        let email = user.public.email.as_ref();
        let new = self.passwords.chosen(new_password, username, email, "/new_password")?;
        let entry = self.logins.waiting(&found)?;

        // Each attempt costs two hashes.
        let count = |tx: &mut Tx| self.one_time.take_attempt(tx, challenge, purpose, now).map(drop);
        self.store.write(Durability::Relaxed, count)?;
        if self.passwords.hasher.verify(&new, self.passwords.hash_of(&user).as_deref())?.valid {
            return Err(Password::weak(&[Weakness::SameAsOld], "/new_password"));
        }
        let hash = self.passwords.kept_hash(user.public.id, &new)?;
        let now_ms = self.clock.now_ms();
        let now = now_ms / 1000;
        self.mailing.write(|tx| {
            let id = self.one_time.redeem(tx, challenge, purpose, now)?.user_id;
            let ip = entry.client.ip_text();
            self.audit.record(tx, now, Event { ip: ip.as_deref(), ..event(Kind::PasswordChanged, id) })?;
            self.passwords.replace(tx, id, &hash, None, now)?;
            // The session belongs to the epoch that begins with the new password.
            let user = users::find(tx, By::Id(id))?.ok_or_else(unknown_challenge)?;
            self.sessions.open(tx, user, &entry, now_ms)
        })
    }

    /// Completes the login of the password's owner.
    fn enter(
        &self,
        user: Option<User>,
        password: &Password,
        proof: Option<&Proof>,
        entry: &Entry,
        attempt: &Attempt,
    ) -> Result<Login<Session<'_>>> {
        let Admitted { user, hash } = self.passwords.verified(user, password, attempt)?;
        if self.config.require_verified_email && !user.public.email_verified {
            return Err(Error::new(Code::InvalidCredentials, "unverified_email"));
        }
        let better_hash = self.passwords.better_hash(&user, &hash, password);
        let now_ms = self.clock.now_ms();
        let entered = self.store.write(Durability::Full, |tx| {
            // The account may have changed while the hash was computed. A new password starts a new epoch. A
            // better hash of the same password, from a concurrent login, does not.
            let found = users::find(tx, By::Id(user.public.id))?;
            let unchanged = |now: &User| now.public.is_active && now.epoch == user.epoch;
            let Some(found) = found.filter(unchanged) else {
                return Err(Error::new(Code::InvalidCredentials, "changed_meanwhile"));
            };
            attempt.succeeded(tx)?;
            if let (Some(old), Some(better)) = (&user.password_hash, &better_hash) {
                users::upgrade_hash(tx, user.public.id, old, better)?;
            }
            self.logins.after_password(tx, found, proof, entry, now_ms)
        })?;
        entered.result()
    }

    /// Returns the response with the first tokens of a session.
    fn logged_in(&self, session: Session) -> Result<LoginResponse> {
        self.sessions.first_tokens(session).map(LoginResponse::from)
    }
}

fn unknown_challenge() -> Error {
    Error::new(Code::InvalidChallenge, "unknown")
}
