//! Logging in: `login`, `complete_login`.

use std::borrow::Cow;
use std::net::IpAddr;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Engine;
use super::events::{Kind, event};
use super::one_time::{Making, Purpose};
use super::throttle::Attempt;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::password::{Password, Secret, Weakness};
use crate::store::events::Event;
use crate::store::users::{self, By, User};
use crate::store::{Durability, Tx, damaged};
use crate::token::Token;
use crate::user::{Email, Id, Offered, PublicUser, Scope, Username, text_type};

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
}

/// Takes the step that a login still wanted. One proof is given: the one that was asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteLoginRequest {
    /// The challenge of that login. It is spent when this succeeds, and bears ten attempts.
    pub challenge: Secret,
    /// The next password, where the password must be changed.
    pub new_password: Option<Secret>,
}

/// The other end of the connection.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Client {
    /// The address: failures are counted for it.
    #[schemars(with = "Option<String>")]
    pub ip: Option<IpAddr>,
    /// The `User-Agent` header, shown with the session; cut after 512 characters.
    pub user_agent: Option<UserAgent>,
    /// What the host knows the device by: made at random. Where the account logged in before on this device,
    /// failures elsewhere do not lock its owner out.
    pub device_id: Option<DeviceId>,
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

/// A `User-Agent` header: without control characters, at most 512 characters.
#[derive(Clone, Debug, Serialize)]
pub struct UserAgent(String);

impl FromStr for UserAgent {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<UserAgent, &'static str> {
        Ok(UserAgent(text.chars().filter(|c| !c.is_control()).take(512).collect()))
    }
}

text_type!(UserAgent,);

/// What a host knows a device by: 1 to 128 visible ASCII characters.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceId(String);

impl FromStr for DeviceId {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<DeviceId, &'static str> {
        let valid = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if valid { Ok(DeviceId(text.to_owned())) } else { Err("expected 1 to 128 visible ASCII characters") }
    }
}

text_type!(DeviceId, "minLength": 1, "maxLength": 128);

impl Client {
    pub(super) fn ip(&self) -> Option<String> {
        self.ip.map(|ip| ip.to_string())
    }

    pub(super) fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_ref().map(|UserAgent(text)| text.as_str())
    }

    pub(super) fn device_id(&self) -> Option<&str> {
        self.device_id.as_ref().map(|DeviceId(text)| text.as_str())
    }
}

impl Engine {
    /// Logs in by password. An unknown user, a wrong password, an inactive account and one without a
    /// password get the same answer after the same work: one hash and one counted failure. So does an account
    /// that was guessed at too often by another of its names, or 100 times in a row. What more is wanted is
    /// told only after the right password, with a challenge for `complete_login`.
    ///
    /// Failures: `invalid_credentials`, `password_change_required`, `too_many_attempts`, `invalid_request`,
    /// `hash_queue_full`, `store_unavailable`.
    pub fn login(&self, request: LoginRequest) -> Result<LoginResponse> {
        let LoginRequest { username, password, backend, scope, client } = request;
        let entry = Entry {
            backend: self.backend(backend.as_deref())?.name.clone(),
            scope,
            client: client.unwrap_or_default(),
        };
        let password = Password::offered(&password, &self.config.password, "/password")?;
        let identifier = Identifier::parse(username.as_str());
        let (user, device) = self.store.read(|tx| {
            let user = match &identifier {
                Identifier::Username(key) => users::find(tx, By::Username(key))?,
                Identifier::Email(key) => users::find(tx, By::Email(key))?,
                Identifier::Neither(_) => None,
            };
            let device = self.known_device(tx, user.as_ref().map(|user| user.public.id), &entry.client)?;
            Ok((user, device))
        })?;

        let account = user.as_ref().map(|user| user.public.id);
        let about = |error: Error| error.about(account, None);
        let attempt = self.count_attempt(account, identifier.as_str(), entry.client.ip, device);
        let attempt = attempt.map_err(about)?;
        self.enter(user, &password, &entry, &attempt).or_else(|error| {
            if error.code == Code::InvalidCredentials {
                self.guess_failed(Kind::LoginFailed, account, &entry.client, &attempt, &error)?;
            }
            Err(about(error))
        })
    }

    /// Takes the next step of a login and opens its session. A password that must be changed is replaced, with
    /// everything that was opened with it, all or nothing.
    ///
    /// Failures: `invalid_challenge`, `weak_password`, `invalid_request`, `hash_queue_full`,
    /// `store_unavailable`.
    pub fn complete_login(&self, request: CompleteLoginRequest) -> Result<LoginResponse> {
        let Some(new_password) = request.new_password else {
            return Err(Error::at(Code::InvalidRequest, "/new_password", "missing field `new_password`"));
        };
        let (challenge, purpose) = (request.challenge.expose(), &[Purpose::PasswordChange]);
        let unknown = || Error::new(Code::InvalidChallenge, "unknown");
        let (found, user) = self.store.read(|tx| {
            let found = self.peek_secret(tx, challenge, purpose, self.clock.now())?;
            let user = users::find(tx, By::Id(found.user_id))?.ok_or_else(unknown)?;
            Ok((found, user))
        })?;
        let (username, email) = (&user.public.username, user.public.email.as_ref());
        let new = self.chosen_password(&new_password, username, email, "/new_password")?;
        let entry: Entry = serde_json::from_slice(&found.data).map_err(|_| damaged())?;
        let unknown_backend = |_| Error::new(Code::InvalidChallenge, "unknown_backend");
        let backend = self.backend(Some(&entry.backend)).map_err(unknown_backend)?;

        // Each attempt is two hashes.
        let count = |tx: &mut Tx| self.take_attempt(tx, challenge, purpose, self.clock.now()).map(drop);
        self.store.write(Durability::Relaxed, count)?;
        if self.hasher.verify(&new, self.hash_of(&user).as_deref())?.valid {
            return Err(Password::weak(&[Weakness::SameAsOld], "/new_password"));
        }
        let hash = self.kept_hash(user.public.id, &new)?;
        let (session, user) = self.write_with_mail(|tx| {
            let now = self.clock.now();
            let id = self.redeem_secret(tx, challenge, purpose, now)?.user_id;
            let ip = entry.client.ip();
            self.record(tx, now, Event { ip: ip.as_deref(), ..event(Kind::PasswordChanged, id) })?;
            self.replace_password(tx, id, &hash, false, now)?;
            // The session is of the epoch that begins with the new password.
            let user = users::find(tx, By::Id(id))?.ok_or_else(unknown)?;
            let session = self.new_session(backend, id, user.epoch, entry.scope.clone())?;
            self.keep_session(tx, &session, &entry.client)?;
            Ok((session, user.public))
        })?;
        self.tokens_of(session, user)
    }

    /// Lets the user in whose password it is.
    fn enter(
        &self,
        user: Option<User>,
        password: &Password,
        entry: &Entry,
        attempt: &Attempt,
    ) -> Result<LoginResponse> {
        let (user, hash) = self.verified(user, password, attempt)?;
        if self.config.require_verified_email && !user.public.email_verified {
            return Err(Error::new(Code::InvalidCredentials, "unverified_email"));
        }
        let better_hash = self.better_hash(&user, &hash, password);
        let backend = self.backend(Some(&entry.backend))?;
        let session = self.new_session(backend, user.public.id, user.epoch, entry.scope.clone())?;
        let entered = self.store.write(Durability::Full, |tx| {
            // The account may have changed while the hash was computed. A new password is a new epoch; a
            // better hash of the same one, by a login beside this, is not.
            let found = users::find(tx, By::Id(user.public.id))?;
            let unchanged = |now: &User| now.public.is_active && now.epoch == user.epoch;
            let Some(now) = found.filter(unchanged) else {
                return Err(Error::new(Code::InvalidCredentials, "changed_meanwhile"));
            };
            attempt.succeeded(tx)?;
            if let (Some(old), Some(better)) = (&user.password_hash, &better_hash) {
                users::upgrade_hash(tx, user.public.id, old, better)?;
            }
            if now.must_change_password {
                return self.step_up(tx, &now, entry).map(Err);
            }
            self.keep_session(tx, &session, &entry.client)?;
            Ok(Ok(now.public))
        })?;
        self.tokens_of(session, entered?)
    }

    /// The user, if the password is theirs and they may enter, and its hash.
    pub(super) fn verified(
        &self,
        user: Option<User>,
        password: &Password,
        attempt: &Attempt,
    ) -> Result<(User, VerifiedHash)> {
        let hash = user.as_ref().filter(|_| !attempt.account_is_closed).and_then(|user| self.hash_of(user));
        let verdict = self.hasher.verify(password, hash.as_deref());
        let verdict = verdict.inspect_err(|_| self.take_back_attempt(attempt))?;
        let hash = hash.map(Cow::into_owned);
        let user = admit(user, hash.is_some(), verdict.valid, attempt.account_is_closed)?;
        Ok((user, VerifiedHash { hash: hash.unwrap_or_default(), needs_rehash: verdict.needs_rehash }))
    }

    /// The answer to a right password that must be changed.
    fn step_up(&self, tx: &mut Tx, user: &User, entry: &Entry) -> Result<Error> {
        let (now, code, ip) = (self.clock.now(), Code::PasswordChangeRequired, entry.client.ip());
        let data = json::render(entry)?;
        let making = Making {
            purpose: Purpose::PasswordChange,
            lifetime_seconds: CHALLENGE_SECONDS,
            most: CHALLENGES,
            attempts: CHALLENGE_ATTEMPTS,
            data: data.as_bytes(),
        };
        let challenge = self.make_secret(tx, user, now, &making)?;
        let event = event(Kind::StepUpRequired, user.public.id);
        self.record(tx, now, Event { ip: ip.as_deref(), detail: Some(code.name()), ..event })?;
        Ok(Error::step_up(code, challenge, CHALLENGE_SECONDS, user.public.id))
    }

    /// Writes to the log why a guess at a password was refused, and what it locked: the same work for all.
    pub(super) fn guess_failed(
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
            self.record(tx, now, of(kind, error.detail.as_deref()))?;
            attempt.locks().try_for_each(|what| self.record(tx, now, of(Kind::Throttled, Some(what))))
        })
    }
}

/// The hash of a password that was right.
pub(super) struct VerifiedHash {
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

/// What a session will be opened for: kept with the challenge while a login waits for its next step.
#[derive(Serialize, Deserialize)]
struct Entry {
    backend: String,
    scope: Option<Scope>,
    client: Client,
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
enum Identifier {
    Username(String),
    Email(String),
    /// No account can have it.
    Neither(String),
}

impl Identifier {
    fn parse(text: &str) -> Identifier {
        if let Ok(name) = text.parse::<Username>() {
            Identifier::Username(name.key())
        } else if let Ok(address) = text.parse::<Email>() {
            Identifier::Email(address.key())
        } else {
            Identifier::Neither(text.to_owned())
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Identifier::Username(text) | Identifier::Email(text) | Identifier::Neither(text) => text,
        }
    }
}
