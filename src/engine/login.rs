//! Logging in: `login`.

use std::net::IpAddr;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Engine;
use super::events::{Kind, event};
use super::keys::Backend;
use super::throttle::Attempt;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::password::{Password, Secret};
use crate::store::Durability;
use crate::store::events::Event;
use crate::store::users::{self, By, User};
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

/// The other end of the connection.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Client {
    /// The address: failures are counted for it.
    #[schemars(with = "Option<String>")]
    pub ip: Option<IpAddr>,
    /// The `User-Agent` header, shown with the session; cut after 512 characters.
    pub user_agent: Option<UserAgent>,
    /// What the host knows the device by.
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
#[derive(Clone, Debug)]
pub struct UserAgent(String);

impl FromStr for UserAgent {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<UserAgent, &'static str> {
        Ok(UserAgent(text.chars().filter(|c| !c.is_control()).take(512).collect()))
    }
}

text_type!(UserAgent,);

/// What a host knows a device by: 1 to 128 visible ASCII characters.
#[derive(Clone, Debug)]
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
    /// that was guessed at too often by another of its names, or 100 times in a row.
    ///
    /// Failures: `invalid_credentials`, `too_many_attempts`, `invalid_request`, `hash_queue_full`,
    /// `store_unavailable`.
    pub fn login(&self, request: LoginRequest) -> Result<LoginResponse> {
        let LoginRequest { username, password, backend, scope, client } = request;
        let client = client.unwrap_or_default();
        let backend = self.backend(backend.as_deref())?;
        let password = Password::offered(&password, &self.config.password, "/password")?;
        let identifier = Identifier::parse(username.as_str());
        let user = self.store.read(|tx| match &identifier {
            Identifier::Username(key) => users::find(tx, By::Username(key)),
            Identifier::Email(key) => users::find(tx, By::Email(key)),
            Identifier::Neither(_) => Ok(None),
        })?;

        let account = user.as_ref().map(|user| user.public.id);
        let attempt = self.count_attempt(account, identifier.as_str(), client.ip)?;
        self.enter(user, &password, backend, scope, &client, &attempt).or_else(|error| {
            if error.code == Code::InvalidCredentials {
                self.login_failed(account, &client, &attempt, &error)?;
            }
            Err(error)
        })
    }

    /// Lets the user in whose password it is.
    fn enter(
        &self,
        user: Option<User>,
        password: &Password,
        backend: &Backend,
        scope: Option<Scope>,
        client: &Client,
        attempt: &Attempt,
    ) -> Result<LoginResponse> {
        let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
        let hash = hash.filter(|_| !attempt.account_is_closed);
        let verdict = self.hasher.verify(password, hash).inspect_err(|_| self.take_back_attempt(attempt))?;
        let user = admit(user, verdict.valid, attempt.account_is_closed)?;
        // An upgrade that cannot be had now is made at the next login.
        let upgraded = verdict.needs_rehash.then(|| self.hasher.hash(password)).and_then(Result::ok);

        let session = self.new_session(backend, user.public.id, user.epoch, scope)?;
        let user = self.store.write(Durability::Full, |tx| {
            // The account may have changed while the hash was computed. A new password is a new epoch; a
            // better hash of the same one, by a login beside this, is not.
            let found = users::find(tx, By::Id(user.public.id))?;
            let unchanged = |now: &User| now.public.is_active && now.epoch == user.epoch;
            let Some(now) = found.filter(unchanged) else {
                return Err(Error::new(Code::InvalidCredentials, "changed_meanwhile"));
            };
            attempt.succeeded(tx)?;
            if let (Some(old), Some(new)) = (&user.password_hash, &upgraded) {
                users::upgrade_hash(tx, user.public.id, old, new)?;
            }
            self.keep_session(tx, &session, client)?;
            Ok(now.public)
        })?;
        self.tokens_of(session, user)
    }

    /// Writes to the log why a login was refused, and what it locked: the same work for all.
    fn login_failed(
        &self,
        account: Option<Id>,
        client: &Client,
        attempt: &Attempt,
        error: &Error,
    ) -> Result<()> {
        let (now, ip) = (self.clock.now(), client.ip());
        let of = |kind, detail| Event { ip: ip.as_deref(), detail, ..event(kind, account) };
        self.store.write(Durability::Relaxed, |tx| {
            self.record(tx, now, of(Kind::LoginFailed, error.detail.as_deref()))?;
            attempt.locks().try_for_each(|what| self.record(tx, now, of(Kind::Throttled, Some(what))))
        })
    }
}

/// The account, if it may enter; the reason why not is for the host's logs.
fn admit(user: Option<User>, password_is_valid: bool, is_closed: bool) -> Result<User> {
    let refused = |reason| Err(Error::new(Code::InvalidCredentials, reason));
    match user {
        None => refused("unknown_user"),
        Some(_) if is_closed => refused("locked"),
        Some(user) if user.password_hash.is_none() => refused("no_password"),
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
