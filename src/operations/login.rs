//! Logging in: `login`, `complete_login`.

use crate::client::Client;
use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::passkeys::PasskeyProof;
use super::second_factor::Proof;
use crate::engine::Engine;
use crate::engine::audit::{Kind, event};
use crate::engine::one_time::{Found, Making, Purpose};
use crate::engine::sessions::{Entry, FirstTokens, Session};
use crate::engine::throttle::Attempt;
use crate::error::{Code, Error, Result, SecondFactors, StepUp};
use crate::json;
use crate::password::{Password, Secret, Weakness};
use crate::store::events::Event;
use crate::store::users::{self, By, User};
use crate::store::{Durability, Tx, damaged};
use crate::token::Token;
use crate::user::{Amr, Email, Id, Offered, PublicUser, Scope, Username};
use crate::webauthn::AuthenticationResponse;

/// Proves who one is and opens a session.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The username or the e-mail address.
    pub username: Offered,
    /// The password.
    pub password: Secret,
    /// For which backend; default: `default`.
    pub backend: Option<String>,
    /// What the access token may be used for, separated by spaces. The engine grants what the host asks: a
    /// host that passes on a client's wish decides first what it may have.
    pub scope: Option<Scope>,
    /// From where the user comes, as far as the host knows.
    #[serde(default, deserialize_with = "json::optional_object")]
    pub client: Option<Client>,
    /// The code of the account's authenticator app. Where the account has no second factor it is not looked at.
    pub two_fa_code: Option<Secret>,
    /// Or one of its recovery codes, which is used up.
    pub recovery_code: Option<Secret>,
    /// Or what one of its passkeys answers to a challenge of `begin_passkey_login`, which is spent: the credential's
    /// `toJSON()`.
    #[serde(default, deserialize_with = "json::optional_open_object")]
    pub webauthn_response: Option<AuthenticationResponse>,
}

/// Takes the step that a login still wanted. One proof is given: the one that was asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteLoginRequest {
    /// The challenge of that login. It is spent when this succeeds, and bears ten attempts.
    pub challenge: Secret,
    /// The code of the authenticator app.
    pub two_fa_code: Option<Secret>,
    /// A recovery code, which is used up.
    pub recovery_code: Option<Secret>,
    /// What `navigator.credentials.get` gave for the `webauthn_options` of that login: the credential's `toJSON()`.
    #[serde(default, deserialize_with = "json::optional_open_object")]
    pub webauthn_response: Option<AuthenticationResponse>,
    /// The next password, where the password must be changed.
    pub new_password: Option<Secret>,
}

/// A session was opened. Keep both tokens secret.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LoginResponse {
    /// Proves who one is (RFC 9068); send it as `Authorization: Bearer …`.
    pub access_token: Token<'static>,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// The life of the access token in seconds.
    pub expires_in: i64,
    /// Gets the next access token; absent where the backend does not refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Token<'static>>,
    /// The life of the refresh token in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_expires_in: Option<i64>,
    /// The session: `sid` in the token.
    pub session_id: Id,
    /// The backend that the token is for.
    pub backend: String,
    /// Who logged in.
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
    /// Logs in by password. An unknown user, a wrong password, an inactive account and one without a
    /// password get the same answer after the same work: one hash and one counted failure. So does an account
    /// that was guessed at too often by another of its names, or 100 times in a row. What more is wanted is
    /// told only after the right password, with a challenge for `complete_login`.
    ///
    /// Failures: `invalid_credentials`, `second_factor_required`, `invalid_code`, `password_change_required`,
    /// `too_many_attempts`, `invalid_request`, `hash_queue_full`, `store_unavailable`.
    pub fn login(&self, request: LoginRequest) -> Result<LoginResponse> {
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
            let user = self.identified(tx, &identifier)?;
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
        self.enter(user, &password, proof.as_ref(), &entry, &attempt).or_else(|error| {
            if error.code == Code::InvalidCredentials {
                self.guess_failed(Kind::LoginFailed, account, &entry.client, &attempt, &error)?;
            }
            Err(about(error))
        })
    }

    /// Takes the next step of a login: a second factor, or a new password. It opens the session, or a password that
    /// must be changed is the step after.
    ///
    /// Failures: `invalid_challenge`, `invalid_code`, `password_change_required`, `too_many_attempts`,
    /// `weak_password`, `invalid_request`, `hash_queue_full`, `store_unavailable`.
    pub fn complete_login(&self, request: CompleteLoginRequest) -> Result<LoginResponse> {
        let CompleteLoginRequest { challenge, new_password, .. } = request;
        let passkey =
            |response| PasskeyProof { response, challenge: Some(challenge.clone()), is_alone: false };
        let passkey = request.webauthn_response.map(passkey);
        match (Proof::among(request.two_fa_code, request.recovery_code, passkey)?, new_password) {
            (Some(proof), None) => self.complete_by_second_factor(&challenge, &proof),
            (None, Some(new_password)) => self.complete_by_new_password(&challenge, &new_password),
            _ => Err(Error::new(
                Code::InvalidRequest,
                "expected one of two_fa_code, recovery_code, webauthn_response, new_password",
            )),
        }
    }

    /// Each attempt is counted with the challenge and for the account, in the transaction that looks at the proof.
    fn complete_by_second_factor(&self, challenge: &Secret, proof: &Proof) -> Result<LoginResponse> {
        let (challenge, purpose, now_ms) =
            (challenge.expose(), &[Purpose::SecondFactor], self.clock.now_ms());
        let now = now_ms / 1000;
        let completed = self.store.write(Durability::Full, |tx| {
            let found = self.one_time.take_attempt(tx, challenge, purpose, now)?;
            let user = users::find(tx, By::Id(found.user_id))?.ok_or_else(unknown_challenge)?;
            let entry = self.waiting(&found)?;
            if let Err(refused) = self.prove(tx, found.user_id, proof, &entry.client, now)? {
                // While the account is locked nothing is looked at, and no attempt taken.
                return if refused.code == Code::TooManyAttempts { Err(refused) } else { Ok(Err(refused)) };
            }
            self.one_time.redeem(tx, challenge, purpose, now)?;
            self.after_second_factor(tx, user, entry.with(proof.methods()), now_ms)
        })?;
        Ok(self.sessions.first_tokens(completed?)?.into())
    }

    /// A password that must be changed is replaced, with everything that was opened with it, all or nothing.
    fn complete_by_new_password(&self, challenge: &Secret, new_password: &Secret) -> Result<LoginResponse> {
        let (challenge, purpose, now) = (challenge.expose(), &[Purpose::PasswordChange], self.clock.now());
        let (found, user) = self.store.read(|tx| {
            let found = self.one_time.peek(tx, challenge, purpose, now)?;
            let user = users::find(tx, By::Id(found.user_id))?.ok_or_else(unknown_challenge)?;
            Ok((found, user))
        })?;
        let (username, email) = (&user.public.username, user.public.email.as_ref());
        let new = self.chosen_password(new_password, username, email, "/new_password")?;
        let entry = self.waiting(&found)?;

        // Each attempt is two hashes.
        let count = |tx: &mut Tx| self.one_time.take_attempt(tx, challenge, purpose, now).map(drop);
        self.store.write(Durability::Relaxed, count)?;
        if self.hasher.verify(&new, self.hash_of(&user).as_deref())?.valid {
            return Err(Password::weak(&[Weakness::SameAsOld], "/new_password"));
        }
        let hash = self.kept_hash(user.public.id, &new)?;
        let now_ms = self.clock.now_ms();
        let now = now_ms / 1000;
        let session = self.mailing.write(|tx| {
            let id = self.one_time.redeem(tx, challenge, purpose, now)?.user_id;
            let ip = entry.client.ip();
            self.audit.record(tx, now, Event { ip: ip.as_deref(), ..event(Kind::PasswordChanged, id) })?;
            self.replace_password(tx, id, &hash, None, now)?;
            // The session is of the epoch that begins with the new password.
            let user = users::find(tx, By::Id(id))?.ok_or_else(unknown_challenge)?;
            self.sessions.open(tx, user, &entry, now_ms)
        })?;
        Ok(self.sessions.first_tokens(session)?.into())
    }

    /// The user who has this name or address.
    pub(crate) fn identified(&self, tx: &mut Tx, identifier: &Identifier) -> Result<Option<User>> {
        match identifier {
            Identifier::Username(key) => users::find(tx, By::Username(key)),
            Identifier::Email(key) => users::find(tx, By::Email(key)),
            Identifier::Neither(_) => Ok(None),
        }
    }

    /// Lets the user in whose password it is.
    fn enter(
        &self,
        user: Option<User>,
        password: &Password,
        proof: Option<&Proof>,
        entry: &Entry,
        attempt: &Attempt,
    ) -> Result<LoginResponse> {
        let (user, hash) = self.verified(user, password, attempt)?;
        if self.config.require_verified_email && !user.public.email_verified {
            return Err(Error::new(Code::InvalidCredentials, "unverified_email"));
        }
        let better_hash = self.better_hash(&user, &hash, password);
        let now_ms = self.clock.now_ms();
        let entered = self.store.write(Durability::Full, |tx| {
            // The account may have changed while the hash was computed. A new password is a new epoch; a
            // better hash of the same one, by a login beside this, is not.
            let found = users::find(tx, By::Id(user.public.id))?;
            let unchanged = |now: &User| now.public.is_active && now.epoch == user.epoch;
            let Some(found) = found.filter(unchanged) else {
                return Err(Error::new(Code::InvalidCredentials, "changed_meanwhile"));
            };
            attempt.succeeded(tx)?;
            if let (Some(old), Some(better)) = (&user.password_hash, &better_hash) {
                users::upgrade_hash(tx, user.public.id, old, better)?;
            }
            self.after_password(tx, found, proof, entry, now_ms)
        })?;
        Ok(self.sessions.first_tokens(entered?)?.into())
    }

    /// What comes after the right password, or whatever else is a first factor: a second factor, where the account
    /// has or needs one.
    pub(crate) fn after_password(
        &self,
        tx: &mut Tx,
        user: User,
        proof: Option<&Proof>,
        entry: &Entry,
        now_ms: i64,
    ) -> Result<Result<Session<'_>, Error>> {
        let (factors, now) = (self.second_factors(tx, user.public.id)?, now_ms / 1000);
        if !factors.any() && !self.needs_second_factor(&user.public) {
            return self.after_second_factor(tx, user, entry.clone(), now_ms);
        }
        let Some(proof) = proof.filter(|_| factors.any()) else {
            return self.step_up(tx, &user, Step::SecondFactor(factors), entry, now).map(Err);
        };
        match self.prove(tx, user.public.id, proof, &entry.client, now)? {
            Ok(()) => self.after_second_factor(tx, user, entry.clone().with(proof.methods()), now_ms),
            Err(refused) => Ok(Err(refused)),
        }
    }

    /// What comes when all is proven: a new password, where it is by the password that must be changed, or the
    /// session.
    fn after_second_factor(
        &self,
        tx: &mut Tx,
        user: User,
        entry: Entry,
        now_ms: i64,
    ) -> Result<Result<Session<'_>, Error>> {
        match user.must_change_password && entry.amr.members().contains(&"pwd") {
            true => self.step_up(tx, &user, Step::PasswordChange, &entry, now_ms / 1000).map(Err),
            false => self.sessions.open(tx, user, &entry, now_ms).map(Ok),
        }
    }

    /// What a login that waits for its next step is for.
    fn waiting(&self, found: &Found) -> Result<Entry> {
        let entry: Entry = serde_json::from_slice(&found.data).map_err(|_| damaged())?;
        match self.keys.backend(Some(&entry.backend)) {
            Ok(_) => Ok(entry),
            Err(_) => Err(Error::new(Code::InvalidChallenge, "unknown_backend")),
        }
    }

    /// The user, if the password is theirs and they may enter, and its hash.
    pub(crate) fn verified(
        &self,
        user: Option<User>,
        password: &Password,
        attempt: &Attempt,
    ) -> Result<(User, VerifiedHash)> {
        let hash = user.as_ref().filter(|_| !attempt.account_is_closed).and_then(|user| self.hash_of(user));
        let verdict = self.hasher.verify(password, hash.as_deref());
        let verdict = verdict.inspect_err(|_| self.throttle.take_back_attempt(attempt))?;
        let hash = hash.map(Cow::into_owned);
        let user = admit(user, hash.is_some(), verdict.valid, attempt.account_is_closed)?;
        if user.password_expires_at.is_some_and(|end| self.clock.now() >= end) {
            return Err(Error::new(Code::InvalidCredentials, "temporary_password_expired"));
        }
        Ok((user, VerifiedHash { hash: hash.unwrap_or_default(), needs_rehash: verdict.needs_rehash }))
    }

    /// The answer to what was right and is not enough.
    fn step_up(&self, tx: &mut Tx, user: &User, step: Step, entry: &Entry, now: i64) -> Result<Error> {
        let (code, purpose, second_factors) = match step {
            Step::SecondFactor(factors) => (Code::SecondFactorRequired, Purpose::SecondFactor, Some(factors)),
            Step::PasswordChange => (Code::PasswordChangeRequired, Purpose::PasswordChange, None),
        };
        let (data, ip) = (json::render(entry)?, entry.client.ip());
        let making = Making {
            purpose,
            lifetime_seconds: CHALLENGE_SECONDS,
            most: CHALLENGES,
            attempts: CHALLENGE_ATTEMPTS,
            data: data.as_bytes(),
        };
        let challenge = self.one_time.make(tx, user, now, &making)?;
        let webauthn_options = match second_factors {
            Some(factors) if factors.webauthn_supported => {
                self.second_factor_options(tx, user.public.id, &challenge)?
            }
            _ => None,
        };
        let event = event(Kind::StepUpRequired, user.public.id);
        self.audit.record(tx, now, Event { ip: ip.as_deref(), detail: Some(code.name()), ..event })?;
        let step_up = StepUp {
            status: code.name(),
            challenge,
            expires_in: CHALLENGE_SECONDS,
            user_id: user.public.id,
            second_factors,
            webauthn_options,
        };
        Ok(Error::step_up(code, step_up))
    }

    /// Writes to the log why a guess at a password was refused, and what it locked: the same work for all.
    pub(crate) fn guess_failed(
        &self,
        kind: Kind,
        account: Option<Id>,
        client: &Client,
        attempt: &Attempt,
        error: &Error,
    ) -> Result<()> {
        let (now, ip) = (self.clock.now(), client.ip());
        let of = |kind, detail| Event { ip: ip.as_deref(), detail, ..event(kind, account) };
        self.store.write(Durability::Relaxed, |tx| {
            self.audit.record_one_of_many(tx, now, of(kind, error.detail.as_deref()))?;
            let mut locks = attempt.locks();
            locks.try_for_each(|what| self.audit.record_one_of_many(tx, now, of(Kind::Throttled, Some(what))))
        })
    }
}

/// The hash of a password that was right.
pub(crate) struct VerifiedHash {
    pub hash: String,
    /// It was not made with the current algorithm and cost.
    pub needs_rehash: bool,
}

/// How long the next step of a login may take.
const CHALLENGE_SECONDS: i64 = 600;

/// How many logins of one user may wait for their next step.
const CHALLENGES: u32 = 3;

/// How many proofs may be offered with one challenge.
const CHALLENGE_ATTEMPTS: u32 = 10;

/// What a login still wants.
enum Step {
    SecondFactor(SecondFactors),
    PasswordChange,
}

fn unknown_challenge() -> Error {
    Error::new(Code::InvalidChallenge, "unknown")
}

/// The account, if it may enter; the reason why not is for the host's logs.
fn admit(user: Option<User>, has_hash: bool, password_is_valid: bool, is_closed: bool) -> Result<User> {
    let refused = |reason| Err(Error::new(Code::InvalidCredentials, reason));
    match user {
        None => refused("unknown_user"),
        Some(_) if is_closed => refused("locked"),
        Some(user) if user.password_hash.is_none() => refused("no_password"),
        Some(_) if !has_hash => refused("sealed_by_unknown_key"),
        Some(_) if !password_is_valid => refused("wrong_password"),
        Some(user) if !user.public.is_active => refused("inactive_user"),
        Some(user) => Ok(user),
    }
}

/// What was offered as a name, in canonical form.
pub(crate) enum Identifier {
    Username(String),
    Email(String),
    /// No account can have it.
    Neither(String),
}

impl Identifier {
    pub(crate) fn parse(text: &str) -> Identifier {
        if let Ok(name) = text.parse::<Username>() {
            Identifier::Username(name.key())
        } else if let Ok(address) = text.parse::<Email>() {
            Identifier::Email(address.key())
        } else {
            Identifier::Neither(text.to_owned())
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Identifier::Username(text) | Identifier::Email(text) | Identifier::Neither(text) => text,
        }
    }
}
