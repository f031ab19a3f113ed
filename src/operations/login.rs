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
use crate::engine::factors::passkeys::{KIND, PasskeyProof, Wish, methods};
use crate::engine::factors::recovery_codes::RecoveryCode;
use crate::engine::one_time::Purpose;
use crate::engine::passwords::Admitted;
use crate::engine::sessions::{Entry, FirstTokens, Session};
use crate::engine::throttle::Attempt;
use crate::error::{Code, Error, Result};
use crate::password::Password;
use crate::store::events::Event;
use crate::store::users::{self, By, User};
use crate::store::{Durability, Tx, passkeys};
use crate::types::id::Id;
use crate::types::login::{Login, StepUp};
use crate::types::secret::{IssuedSecret, Secret};
use crate::types::session::{SessionLabel, SessionLifetime};
use crate::types::strict::Object;
use crate::types::token::Token;
use crate::types::user::{Amr, Offered, PublicUser, Scope};
use crate::types::weakness::Weakness;
use crate::types::webauthn::{AuthenticationResponse, RegistrationResponse};

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
    /// The organization that the session is in. Its user must be a member: otherwise the right proof is refused with
    /// `permission_denied`. The tokens have `org_id` and `org_roles`.
    pub organization_id: Option<Id>,
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
    /// The token of a trusted device, which `complete_login` returned. If it is valid, no second factor is required,
    /// and the tokens' `amr` names none. An invalid token is ignored.
    pub trusted_device_token: Option<Secret>,
    /// The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine are refused.
    pub claims: Option<Object>,
    /// A shorter life of the session than the configuration gives it.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub lifetime: Option<SessionLifetime>,
    /// A label for the session in the user's list, such as the name of the device.
    pub label: Option<SessionLabel>,
}

/// Takes the next step of a login. Give the one proof that the login asked for.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CompleteLoginRequest {
    /// The login's challenge. It can be used once and allows ten attempts.
    pub challenge: Secret,
    /// The code of the authenticator app, also of one that `setup_totp` made for this challenge.
    pub two_fa_code: Option<Secret>,
    /// A recovery code, which is used up.
    pub recovery_code: Option<Secret>,
    /// The answer of `navigator.credentials.get` to the login's `webauthn_options`: the credential's
    /// `toJSON()`.
    #[serde(default, deserialize_with = "crate::types::strict::optional_open_object")]
    pub webauthn_response: Option<AuthenticationResponse>,
    /// The answer of `navigator.credentials.create` to what `begin_passkey_registration` made for this challenge: the
    /// credential's `toJSON()`.
    #[serde(default, deserialize_with = "crate::types::strict::optional_open_object")]
    pub webauthn_registration: Option<RegistrationResponse>,
    /// The new password, if the password must be changed.
    pub new_password: Option<Secret>,
    /// The mailed code, if the challenge is of `request_login_code`. It allows five attempts, and refuses
    /// every wrong or spent code alike.
    pub mail_code: Option<Secret>,
    /// Whether the user trusts this device: the response then has a token that takes the place of the second factor
    /// in later logins by password on it. Only beside a second factor; needs `trusted_devices`. Ignored if the login began
    /// without a password.
    pub trust_device: Option<bool>,
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
    /// The organization that the session is in, if the login was for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<Id>,
    /// The user who logged in.
    pub user: PublicUser,
    /// Whether the user stays logged in when the browser is closed, if the login's `lifetime` said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistent: Option<bool>,
    /// If this login gave the account its first second factor: the recovery codes. They are shown only now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recovery_codes: Vec<RecoveryCode>,
    /// With `trust_device`: the token for `trusted_device_token` of `login`, for a cookie that scripts cannot read.
    /// Absent if the user may trust no device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_device_token: Option<IssuedSecret>,
    /// The life of that token in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_device_expires_in: Option<i64>,
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
            organization_id: first.organization_id,
            user: first.user,
            persistent: first.persistent,
            recovery_codes: Vec::new(),
            trusted_device_expires_in: first.trusted_device.as_ref().map(|trusted| trusted.expires_in),
            trusted_device_token: first.trusted_device.map(|trusted| trusted.token.into()),
        }
    }
}

impl Engine {
    /// Logs in by password. An unknown user, a wrong password, an inactive account and an account without a
    /// password get the same answer after the same work: one hash and one counted failure. So does an account
    /// that was locked under another of its names, or after 100 failures in a row. A required further step is
    /// disclosed only after the right password, with a challenge for `complete_login`.
    ///
    /// Failures: `invalid_credentials`, `invalid_code`, `permission_denied` (the user is no member of the organization),
    /// `too_many_attempts`, `invalid_request`, `hash_queue_full`, `store_unavailable`.
    pub fn login(&self, request: LoginRequest) -> Result<Login<LoginResponse>> {
        let LoginRequest { username, password, backend, scope, client, trusted_device_token, .. } = request;
        let passkey = |response| PasskeyProof { response, challenge: None, is_alone: false };
        let passkey = request.webauthn_response.map(passkey);
        let proof = Proof::among(request.two_fa_code, request.recovery_code, passkey)?;
        let beside = Beside { proof: proof.as_ref(), trusted: trusted_device_token.as_ref() };
        let backend = self.keys.backend(backend.as_deref())?;
        let entry = Entry {
            backend: backend.name.clone(),
            scope,
            client: client.unwrap_or_default(),
            amr: Amr::password(),
            provider: None,
            trusts_device: false,
            terms: self.sessions.terms(backend, request.claims, request.lifetime, request.label)?,
            organization_id: request.organization_id,
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
        let entered = self.enter(user, &password, &beside, &entry, &attempt).or_else(|error| {
            if error.code == Code::InvalidCredentials {
                self.passwords.guess_failed(Kind::LoginFailed, account, &entry.client, &attempt, &error)?;
            }
            Err(about(error))
        });
        entered?.try_map(|session| self.logged_in(session))
    }

    /// Takes the next step of a login: a second factor, a new password, or a mailed code. It opens the session,
    /// unless the password must be changed next, or a second factor is required after a mailed code. If the account
    /// must have a second factor and has none, the proof is the new factor's, which comes into force.
    ///
    /// Failures: `invalid_challenge`, `invalid_code`, `invalid_credentials` and `already_configured` (of
    /// `webauthn_registration`), `email_not_verified`, `permission_denied` (the user is no member of the
    /// organization), `too_many_attempts`, `weak_password`, `invalid_request`, `invalid_config`, `hash_queue_full`, `store_unavailable`.
    pub fn complete_login(&self, request: CompleteLoginRequest) -> Result<Login<LoginResponse>> {
        let CompleteLoginRequest { challenge, webauthn_registration, new_password, mail_code, .. } = request;
        let trusts_device = request.trust_device.unwrap_or(false);
        if trusts_device {
            if new_password.is_some() || mail_code.is_some() {
                let rule = "only beside a second factor";
                return Err(Error::at(Code::InvalidRequest, "/trust_device", rule));
            }
            self.trusted_devices.rules()?;
        }
        let passkey =
            |response| PasskeyProof { response, challenge: Some(challenge.clone()), is_alone: false };
        let passkey = request.webauthn_response.map(passkey);
        let proof = Proof::among(request.two_fa_code, request.recovery_code, passkey)?;
        match (proof, webauthn_registration, new_password, mail_code) {
            (Some(proof), None, None, None) => {
                self.logged_in_with(self.complete_by_second_factor(&challenge, &proof, trusts_device)?)
            }
            (None, Some(registration), None, None) => {
                self.logged_in_with(self.complete_by_new_passkey(&challenge, registration, trusts_device)?)
            }
            (None, None, None, Some(code)) => {
                let login = self.complete_by_mail_code(&challenge, &code)?;
                login.try_map(|session| self.logged_in(session))
            }
            (None, None, Some(new_password), None) => {
                let session = self.complete_by_new_password(&challenge, &new_password)?;
                self.logged_in(session).map(Login::Session)
            }
            _ => Err(Error::new(
                Code::InvalidRequest,
                "expected one of two_fa_code, recovery_code, webauthn_response, webauthn_registration, \
                 new_password, mail_code",
            )),
        }
    }

    /// Each attempt is counted for the challenge and for the account, in the transaction that checks the
    /// proof.
    fn complete_by_second_factor(
        &self,
        challenge: &Secret,
        proof: &Proof,
        trusts_device: bool,
    ) -> Result<Completed<'_>> {
        let challenge = challenge.expose();
        let purposes = &[Purpose::SecondFactor, Purpose::Enrolment];
        let now_ms = self.clock.now_ms();
        let now = now_ms / 1000;
        let completed = self.mailing.write(|tx| {
            let found = self.one_time.take_attempt(tx, challenge, purposes, now)?;
            let user = users::find(tx, By::Id(found.user_id))?.ok_or_else(unknown_challenge)?;
            let entry = self.logins.waiting(&found)?;
            let proven = match (found.purpose, proof) {
                (Purpose::Enrolment, Proof::Totp(code)) => {
                    self.factors.confirm_app(tx, &user.public, code, &entry.client, now)?
                }
                (Purpose::Enrolment, _) => {
                    Step::Refused(self.factors.failed(tx, found.user_id, "not_set_up", &entry.client, now)?)
                }
                _ => match self.factors.prove(tx, found.user_id, proof, &entry.client, now)? {
                    Step::Done(()) => Step::Done(Vec::new()),
                    Step::Refused(refused) => Step::Refused(refused),
                },
            };
            let recovery_codes = match proven {
                Step::Done(recovery_codes) => recovery_codes,
                // While the account is locked, no proof is checked and no attempt is used.
                Step::Refused(refused) if refused.code == Code::TooManyAttempts => return Err(refused),
                Step::Refused(refused) => return Ok(Step::Refused(refused)),
            };
            // A new factor has ended every challenge, this one included.
            if found.purpose == Purpose::SecondFactor {
                self.one_time.redeem(tx, challenge, purposes, now)?;
            }
            let entry = Entry { trusts_device, ..entry.with(proof.methods()) };
            self.completed(tx, found.user_id, entry, recovery_codes, now_ms)
        })?;
        completed.result()
    }

    /// Registers the first passkey of an account that must have a second factor, and completes the login by it,
    /// all or nothing.
    fn complete_by_new_passkey(
        &self,
        challenge: &Secret,
        registration: RegistrationResponse,
        trusts_device: bool,
    ) -> Result<Completed<'_>> {
        self.factors.passkeys.relying_party()?;
        let purpose = &[Purpose::Enrolment];
        let now_ms = self.clock.now_ms();
        let now = now_ms / 1000;
        let found = self.store.read(|tx| self.one_time.peek(tx, challenge.expose(), purpose, now))?;
        let entry = self.logins.waiting(&found)?;
        let passkey =
            self.factors.passkeys.made(found.user_id, challenge, registration, Wish::default(), now)?;
        let completed = self.mailing.write(|tx| {
            let user_id = self.one_time.redeem(tx, challenge.expose(), purpose, now)?.user_id;
            let user = users::find(tx, By::Id(user_id))?.ok_or_else(unknown_challenge)?;
            self.factors.may_be_taken_by(&user.public)?;
            if !passkeys::insert(tx, &passkey)? {
                let error = Error::new(Code::AlreadyConfigured, "credential_id");
                return Err(error.about(Some(user_id), None));
            }
            let recovery_codes = self.factors.added(tx, user.public.id, KIND, None, now)?;
            let entry = entry.clone().with(methods(passkey.backup_eligible.unwrap_or(false)));
            let entry = Entry { trusts_device, ..entry };
            self.completed(tx, user_id, entry, recovery_codes, now_ms)
        })?;
        completed.result()
    }

    /// Completes a login after its second factor. A factor that is new has ended the account's epoch, so that the user
    /// is read again.
    fn completed(
        &self,
        tx: &mut Tx,
        user_id: Id,
        entry: Entry,
        recovery_codes: Vec<RecoveryCode>,
        now_ms: i64,
    ) -> Result<Step<Completed<'_>>> {
        let user = users::find(tx, By::Id(user_id))?.ok_or_else(unknown_challenge)?;
        let login = self.logins.after_second_factor(tx, user, entry, now_ms)?;
        match login {
            // What was set up stays only with the login, because its recovery codes are shown only now.
            Step::Refused(refused) if !recovery_codes.is_empty() => Err(refused),
            login => Ok(login.map(|login| Completed { login, recovery_codes })),
        }
    }

    /// Replaces a password that must be changed and revokes everything that was opened with it, all or
    /// nothing.
    fn complete_by_new_password(&self, challenge: &Secret, new_password: &Secret) -> Result<Session<'_>> {
        let challenge = challenge.expose();
        let purpose = &[Purpose::PasswordChange];
        let now = self.clock.now();
        let (found, user, used) = self.store.read(|tx| {
            let found = self.one_time.peek(tx, challenge, purpose, now)?;
            let user = users::find(tx, By::Id(found.user_id))?.ok_or_else(unknown_challenge)?;
            let used = self.passwords.used(tx, &user)?;
            Ok((found, user, used))
        })?;
        let username = &user.public.username;
        let email = user.public.email.as_ref();
        let new = self.passwords.chosen(new_password, username, email, "/new_password")?;
        let entry = self.logins.waiting(&found)?;

        // Each attempt costs two hashes, and one for each password that was used.
        let count = |tx: &mut Tx| self.one_time.take_attempt(tx, challenge, purpose, now).map(drop);
        self.store.write(Durability::Relaxed, count)?;
        if self.passwords.hasher.verify(&new, self.passwords.hash_of(&user).as_deref())?.valid {
            return Err(Password::weak(&[Weakness::SameAsOld], "/new_password"));
        }
        self.passwords.refuse_used(&used, &new, "/new_password")?;
        let hash = self.passwords.kept_hash(user.public.id, &new)?;
        let now_ms = self.clock.now_ms();
        let now = now_ms / 1000;
        let opened = self.mailing.write(|tx| {
            let id = self.one_time.redeem(tx, challenge, purpose, now)?.user_id;
            let ip = entry.client.ip_text();
            self.audit.record(tx, now, Event { ip: ip.as_deref(), ..event(Kind::PasswordChanged, id) })?;
            self.passwords.replace(tx, id, &hash, None, now)?;
            // The session belongs to the epoch that begins with the new password.
            let user = users::find(tx, By::Id(id))?.ok_or_else(unknown_challenge)?;
            self.sessions.open(tx, user, &entry, now_ms)
        })?;
        opened.result()
    }

    /// Completes the login of the password's owner.
    fn enter(
        &self,
        user: Option<User>,
        password: &Password,
        beside: &Beside,
        entry: &Entry,
        attempt: &Attempt,
    ) -> Result<Login<Session<'_>>> {
        let Admitted { user, hash } = self.passwords.verified(user, password, attempt)?;
        if self.config.require_verified_email && !user.public.email_verified {
            return Err(Error::new(Code::InvalidCredentials, "unverified_email"));
        }
        let better_hash = self.passwords.better_hash(&user, &hash, password);
        let is_breached = self.passwords.is_breached_at_login(password);
        let now_ms = self.clock.now_ms();
        let entered = self.store.write(Durability::Full, |tx| {
            // The account may have changed while the hash was computed. A new password starts a new epoch. A
            // better hash of the same password, from a concurrent login, does not.
            let found = users::find(tx, By::Id(user.public.id))?;
            let unchanged = |now: &User| now.public.is_active && now.epoch == user.epoch;
            let Some(mut found) = found.filter(unchanged) else {
                return Err(Error::new(Code::InvalidCredentials, "changed_meanwhile"));
            };
            attempt.succeeded(tx)?;
            if is_breached {
                self.passwords.note_breach(tx, &mut found, &entry.client, now_ms / 1000)?;
            }
            if let (Some(old), Some(better)) = (&user.password_hash, &better_hash) {
                let better = self.passwords.to_write(tx, user.public.id, better)?;
                users::upgrade_hash(tx, user.public.id, old, &better)?;
                self.passwords.reseal_past(tx, user.public.id)?;
            }
            self.logins.after_password(tx, found, beside.proof, beside.trusted, entry, now_ms)
        })?;
        entered.result()
    }

    /// Returns the response with the first tokens of a session or the next step, and the new recovery codes.
    fn logged_in_with(&self, completed: Completed) -> Result<Login<LoginResponse>> {
        let Completed { login, recovery_codes } = completed;
        match login {
            Login::Session(session) => {
                let response = self.logged_in(session)?;
                Ok(Login::Session(LoginResponse { recovery_codes, ..response }))
            }
            Login::StepUp(step) => {
                let recovery_codes =
                    recovery_codes.iter().map(|code| IssuedSecret::new(code.expose())).collect();
                Ok(Login::StepUp(Box::new(StepUp { recovery_codes, ..*step })))
            }
        }
    }

    /// Returns the response with the first tokens of a session.
    fn logged_in(&self, session: Session) -> Result<LoginResponse> {
        self.sessions.first_tokens(session).map(LoginResponse::from)
    }
}

/// What a login by password offers beside it.
struct Beside<'a> {
    proof: Option<&'a Proof>,
    /// The token of a trusted device.
    trusted: Option<&'a Secret>,
}

/// A login after its second factor, and the recovery codes if the factor was the account's first.
struct Completed<'e> {
    login: Login<Session<'e>>,
    recovery_codes: Vec<RecoveryCode>,
}

fn unknown_challenge() -> Error {
    Error::new(Code::InvalidChallenge, "unknown")
}
