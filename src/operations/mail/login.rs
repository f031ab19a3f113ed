//! Logins by mail: `request_login_code`, `login_with_mail_token`, and the mailed code of `complete_login`. The mail
//! has a code, which is bound by a challenge to the browser that asked, and a link, which works in any browser. Both
//! stand for one row of the store, so that the use of one ends the other. What a stranger sees of a request, and of
//! guesses at a code, is the same for every address.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::MailedLogin;
use crate::engine::Engine;
use crate::engine::audit::{Kind as EventKind, event};
use crate::engine::one_time::{Found, Purpose};
use crate::engine::outbox::{Behind, LOGIN_SECONDS};
use crate::engine::pending::{Newcomer, Pending};
use crate::engine::sessions::{Entry, Session};
use crate::engine::step::Step;
use crate::engine::throttle::CodeGuesses;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::mail::Kind;
use crate::operations::login::LoginResponse;
use crate::store::events::Event;
use crate::store::users::{self, By};
use crate::store::{Share, Tx, damaged, unexpected};
use crate::types::base64url::{base64url, from_base64url};
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::login::Login;
use crate::types::mail_code::MailCode;
use crate::types::secret::{IssuedSecret, Secret};
use crate::types::session::{SessionLabel, SessionLifetime};
use crate::types::strict::Object;
use crate::types::token::Token;
use crate::types::user::{Amr, Email, Locale, Scope};

/// Requests a mail with a code and a link that log in.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RequestLoginCodeRequest {
    /// The address. Only an account that has verified it gets a mail.
    pub email: Email,
    /// Whether an account may be created for the address; needs `mailed_login.create`. It has no password, and
    /// it is found by its address once the mail was used.
    pub create: Option<bool>,
    /// The backend that the session's tokens are for; default: `default`.
    pub backend: Option<String>,
    /// The scopes of the access token, separated by spaces. The engine grants what the host asks for.
    pub scope: Option<Scope>,
    /// The organization that the session is in, as in `login`.
    pub organization_id: Option<Id>,
    /// The language of the mail. Default: that of the account.
    pub locale: Option<Locale>,
    /// The client's connection: too many mails for one network address are refused. Pass it on, so that a
    /// stranger elsewhere cannot use up the mails of a user.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub client: Option<Client>,
    /// The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine are refused.
    /// `scope`, `organization_id` and these three are for the session that the code opens, in the browser that asks.
    /// Another person may open the link, so `login_with_mail_token` has its own.
    pub claims: Option<Object>,
    /// A shorter life of the session than the configuration gives it.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub lifetime: Option<SessionLifetime>,
    /// A label for the session in the user's list, such as the name of the device.
    pub label: Option<SessionLabel>,
}

/// The same answer whether or not a mail was sent.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RequestLoginCodeResponse {
    /// The challenge for `complete_login`, which ties the mailed code to the browser that asked: keep it in a
    /// cookie that scripts cannot read.
    pub challenge: IssuedSecret,
    /// How long the code and the link are valid, in seconds.
    pub expires_in: i64,
}

/// Logs in by a mailed link.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LoginWithMailTokenRequest<'a> {
    /// The token of the link.
    #[serde(borrow)]
    pub token: Token<'a>,
    /// The connection of the client that opened the link, where known.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub client: Option<Client>,
    /// The scopes of the access token, separated by spaces. The engine grants what the host asks for.
    pub scope: Option<Scope>,
    /// The organization that the session is in, as in `login`.
    pub organization_id: Option<Id>,
    /// The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine are refused.
    pub claims: Option<Object>,
    /// A shorter life of the session than the configuration gives it.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub lifetime: Option<SessionLifetime>,
    /// A label for the session in the user's list, such as the name of the device.
    pub label: Option<SessionLabel>,
}

/// What a mailed login is about, sealed with its token.
#[derive(Serialize, Deserialize)]
struct MailedEntry {
    address: String,
    code: MailCode,
    /// Whether the account waits for the reader of its address.
    creates: bool,
    entry: Entry,
}

/// The content of a browser's challenge, sealed. It is the same for an address without an account.
#[derive(Serialize, Deserialize)]
struct Asked {
    /// The id of the row of the mailed token.
    row: String,
    address_key: String,
    client: Client,
    expires_at: i64,
}

/// The context to which the challenge is sealed.
const CHALLENGE: &str = "mailed login";

/// The maximum length of a challenge made here.
const MAX_CHALLENGE: usize = 2048;

/// How many mailed logins of one account may wait: more than all throttles let through within their lifetime, so that
/// no stranger's request replaces the user's.
const LOGINS_AT_ONCE: u32 = 64;

/// How long an account that was made for the reader of a mail waits: longer than the mail is valid, so that a further
/// request finds it.
const WAITS_SECONDS: i64 = 86_400;

/// How many guesses at a code are compared with it.
const GUESSES: u32 = 5;

impl Engine {
    /// Mails a code and a link that log in, to the address of an account that has verified it. Whether there is
    /// such an account is not disclosed: the answer and the work are the same. A source gets a few mails for an
    /// address in a row, and fewer after repeated requests.
    ///
    /// Failures: `invalid_config`, `too_many_attempts`, `invalid_request`, `store_unavailable`.
    pub fn request_login_code(&self, request: RequestLoginCodeRequest) -> Result<RequestLoginCodeResponse> {
        let RequestLoginCodeRequest { email, create, backend, scope, locale, client, .. } = request;
        let MailedLogin { create: may_create } = self.mailed_login()?;
        let create = create.unwrap_or(false);
        if create && !may_create {
            return Err(Error::at(Code::InvalidConfig, "/mailed_login/create", "not allowed"));
        }
        let client = client.unwrap_or_default();
        let backend = self.keys.backend(backend.as_deref())?;
        let entry = Entry {
            backend: backend.name.clone(),
            scope,
            client: client.clone(),
            amr: Amr::email(),
            provider: None,
            trusts_device: false,
            terms: self.sessions.terms(backend, request.claims, request.lifetime, request.label)?,
            organization_id: request.organization_id,
        };
        let now_ms = self.clock.now_ms();
        let now = now_ms / 1000;
        let row = self.mailing.write(|tx| {
            self.throttle.count_mail_request(tx, client.ip, now)?;
            if create {
                self.throttle.count_newcomer(tx, client.ip, now)?;
            }
            self.mail_login(tx, &email, create, locale.as_ref(), &entry, now_ms)
        })?;
        if create {
            // A request that is refused does no such work. The mail is written, so that a failure is left to the next.
            let _ = self.accounts.forget_expired(now, Share::AFew);
        }
        let asked = Asked {
            row: base64url(&row),
            address_key: email.key(),
            client: Client { user_agent: None, ..client },
            expires_at: now + LOGIN_SECONDS,
        };
        let sealed = self.secrets.seal(CHALLENGE, json::render(&asked)?.as_bytes())?;
        Ok(RequestLoginCodeResponse {
            challenge: IssuedSecret::new(base64url(&sealed)),
            expires_in: LOGIN_SECONDS,
        })
    }

    /// Logs in by the token of a mailed link. An account with a second factor needs it, too. A host calls this
    /// when the user confirms the login on the page of the link, not when the page is opened: mail scanners open
    /// links, too.
    ///
    /// Failures: `invalid_config`, `invalid_token`, `permission_denied` (as of `login`), `invalid_request`,
    /// `store_unavailable`.
    pub fn login_with_mail_token(&self, request: LoginWithMailTokenRequest) -> Result<Login<LoginResponse>> {
        let LoginWithMailTokenRequest { token, client, scope, organization_id, .. } = request;
        let LoginWithMailTokenRequest { claims, lifetime, label, .. } = request;
        self.mailed_login()?;
        let client = client.unwrap_or_default();
        let now_ms = self.clock.now_ms();
        let entered = self.mailing.write(|tx| {
            let found = self.one_time.redeem(tx, token.expose(), &[Purpose::Login], now_ms / 1000)?;
            let mailed = MailedEntry::of(&found)?;
            // A stranger may have asked, so that only what this request gives the session counts, but for the backend.
            let unknown = |_| Error::new(Code::InvalidMailToken, "unknown_backend");
            let backend = self.keys.backend(Some(&mailed.entry.backend)).map_err(unknown)?;
            let terms = self.sessions.terms(backend, claims.clone(), lifetime, label.clone())?;
            let (client, scope) = (client.clone(), scope.clone());
            let entry = Entry { client, scope, organization_id, terms, ..mailed.entry };
            let mailed = MailedEntry { entry, ..mailed };
            // The link proves what the code proves, so that strangers' wrong codes no longer count.
            let guesses =
                self.throttle.code_guesses(tx, Some(found.user_id), &mailed.address, None, now_ms / 1000)?;
            guesses.guesses.forget(tx)?;
            self.enter_by_mail(tx, found.user_id, &mailed, Code::InvalidMailToken, now_ms)
        })?;
        entered.result()?.try_map(|session| self.sessions.first_tokens(session).map(LoginResponse::from))
    }

    /// Writes the mail of a login. Returns the id of the row of its token: of none, if no mail goes out.
    fn mail_login(
        &self,
        tx: &mut Tx,
        email: &Email,
        create: bool,
        locale: Option<&Locale>,
        entry: &Entry,
        now_ms: i64,
    ) -> Result<[u8; 32]> {
        let now = now_ms / 1000;
        let client = &entry.client;
        let key = email.key();
        let owner = users::find(tx, By::Email(&key))?.filter(|owner| owner.public.email_verified);
        let id = owner.as_ref().map(|owner| owner.public.id);
        let device = self.throttle.known_device(tx, id, client, now)?;
        if !self.throttle.may_mail_login(tx, &key, client.ip, device, now)? {
            return self.one_time.row_id(None);
        }
        let roles = &self.config.registration.default_roles;
        let newcomer = Newcomer { email, locale, roles, waits_seconds: WAITS_SECONDS };
        let is_free = owner.is_none();
        let waiting = create.then(|| self.pending.account(tx, &newcomer, is_free, now_ms)).transpose()?;
        let creates = is_free && waiting.is_some();
        let addressee = waiting.as_ref().filter(|_| creates).map(|waiting| &waiting.user).or(owner.as_ref());
        let addressee = addressee.filter(|user| user.public.is_active);
        // The mail goes to the address as the account spells it.
        let to = addressee.and_then(|user| user.public.email.as_ref()).unwrap_or(email);
        let address = to.as_str().to_owned();
        let mailed = MailedEntry { address, code: MailCode::new()?, creates, entry: entry.clone() };
        let data = json::render(&mailed)?;
        let behind = Behind {
            data: data.as_bytes(),
            most: LOGINS_AT_ONCE,
            attempts: GUESSES,
            code: Some(&mailed.code),
            organization: None,
        };
        let row = self.mailing.outbox.put_token_for(tx, Kind::Login, addressee, to, locale, &behind, now)?;
        waiting.iter().try_for_each(|waiting| waiting.settle(tx, now_ms))?;
        let ip = client.ip_text();
        let event = event(EventKind::MailRequested, addressee.map(|user| user.public.id));
        let event = Event { ip: ip.as_deref(), detail: Some(Kind::Login.name()), ..event };
        self.audit.record_one_of_many(tx, now, event)?;
        Ok(row)
    }

    /// Completes a mailed login by the code, in the browser that asked. A guess is counted before the code is
    /// looked at. Every refusal is the same, so that it does not disclose whether the address has an account.
    pub(in crate::operations) fn complete_by_mail_code(
        &self,
        challenge: &Secret,
        code: &Secret,
    ) -> Result<Login<Session<'_>>> {
        let now_ms = self.clock.now_ms();
        let now = now_ms / 1000;
        let Asked { row, address_key, client, .. } = self.asked(challenge, now)?;
        let row = from_base64url(&row).and_then(|row| row.try_into().ok()).ok_or_else(damaged)?;
        let completed = self.mailing.write(|tx| {
            let found = self.one_time.guess(tx, &row, Purpose::Login, now)?;
            let account = found.as_ref().ok().map(|found| found.user_id);
            self.throttle.admit_client(tx, account, &client, now)?;
            let device = self.throttle.known_device(tx, account, &client, now)?;
            let guesses = self.throttle.code_guesses(tx, account, &address_key, device, now)?;
            let reason = match found {
                Ok(found) if !guesses.is_locked => {
                    let mailed = MailedEntry::of(&found)?;
                    if mailed.code.is(code.expose()) {
                        self.one_time.consume(tx, &found)?;
                        guesses.guesses.forget(tx)?;
                        return self.enter_by_mail(tx, found.user_id, &mailed, Code::InvalidCode, now_ms);
                    }
                    "wrong_code"
                }
                Ok(_) => "locked",
                Err(reason) => reason,
            };
            let source = Client { ip: client.ip.filter(|_| device.is_none()), ..Client::default() };
            self.code_refused(tx, account, guesses, reason, &source, now).map(Step::Refused)
        })?;
        completed.result()
    }

    fn code_refused(
        &self,
        tx: &mut Tx,
        account: Option<Id>,
        guesses: CodeGuesses,
        reason: &'static str,
        client: &Client,
        now: i64,
    ) -> Result<Error> {
        let ip = client.ip_text();
        let locks = [
            (self.throttle.count_code_guess(tx, guesses, now)?, "mail_code"),
            (self.throttle.source_failed(tx, client.ip, now)?, "source"),
        ];
        for (_, what) in locks.into_iter().filter(|(locks, _)| *locks) {
            let event = event(EventKind::Throttled, account);
            self.audit.record(tx, now, Event { ip: ip.as_deref(), detail: Some(what), ..event })?;
        }
        let event = event(EventKind::LoginFailed, account);
        self.audit.record_one_of_many(tx, now, Event { ip: ip.as_deref(), detail: Some(reason), ..event })?;
        Ok(Error::new(Code::InvalidCode, reason).about(account, None))
    }

    /// Lets the reader of a mail into the account, as far as the mailbox proves it: an account that waited for its
    /// owner is registered now, and any other one must still have verified the address.
    fn enter_by_mail(
        &self,
        tx: &mut Tx,
        id: Id,
        mailed: &MailedEntry,
        refusal: Code,
        now_ms: i64,
    ) -> Result<Step<Login<Session<'_>>>> {
        let now = now_ms / 1000;
        let refused = |reason| Err(Error::new(refusal, reason).about(Some(id), None));
        let mut user = users::find(tx, By::Id(id))?.ok_or_else(unexpected)?;
        if user.public.email.as_ref().map(Email::as_str) != Some(&mailed.address) {
            return refused("address_changed");
        }
        if self.keys.backend(Some(&mailed.entry.backend)).is_err() {
            return refused("unknown_backend");
        }
        if !user.public.email_verified {
            if !mailed.creates || !Pending::waits(tx, &user)? {
                return refused("unverified_email");
            }
            self.end_invitation(tx, &mut user.public, now)?;
            match self.accounts.claim(tx, &mut user, now) {
                Err(error) if error.code == Code::EmailTaken => return refused("address_taken"),
                claimed => claimed?,
            }
            self.audit.record(tx, now, event(EventKind::Registered, id))?;
        }
        self.logins.after_password(tx, user, None, None, &mailed.entry, now_ms)
    }

    /// Opens the challenge of a browser. What is refused here depends on nothing that the store keeps.
    fn asked(&self, challenge: &Secret, now: i64) -> Result<Asked> {
        let dead = |reason: &'static str| Error::new(Code::InvalidChallenge, reason);
        if self.config.mailed_login.is_none() {
            return Err(dead("mailed_login_is_off"));
        }
        let text = challenge.expose();
        let sealed = (text.len() <= MAX_CHALLENGE).then(|| from_base64url(text)).flatten();
        let opened =
            sealed.and_then(|sealed| self.secrets.open(CHALLENGE, &sealed)).ok_or(dead("unknown"))?;
        let asked: Asked = serde_json::from_slice(&opened).map_err(|_| damaged())?;
        match asked.expires_at > now {
            true => Ok(asked),
            false => Err(dead("expired")),
        }
    }

    fn mailed_login(&self) -> Result<&MailedLogin> {
        let off = || Error::at(Code::InvalidConfig, "/mailed_login", "not configured");
        self.config.mailed_login.as_ref().ok_or_else(off)
    }
}

impl MailedEntry {
    fn of(found: &Found) -> Result<MailedEntry> {
        serde_json::from_slice(&found.data).map_err(|_| damaged())
    }
}
