//! Login at a provider: `begin_provider_login`, `next_provider_request`, `finish_provider_login`. A login begins
//! without any authentication, so it writes nothing: its transaction is sealed and comes back with the browser, and
//! the store keeps only the redeemed ones.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{ProviderName, ServiceUrl};
use crate::crypto::id_token::ProviderUser;
use crate::engine::Engine;
use crate::engine::backends::Backend;
use crate::engine::provider_client::{Asked, Redeemed};
use crate::engine::provider_exchange::Exchange;
use crate::engine::provider_logins::Newcomer;
use crate::engine::providers::Provider;
use crate::engine::retired_keys;
use crate::engine::sessions::{Continued, Entry, FirstTokens};
use crate::engine::terms::Terms;
use crate::engine::tokens::Bearer;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::operations::login::LoginResponse;
use crate::store::sessions;
use crate::store::{Share, Tx, damaged, passkeys as spent};
use crate::types::base64url::{base64url, from_base64url};
use crate::types::client::Client;
use crate::types::exchange::{ProviderRequest, ProviderResponse};
use crate::types::form::field;
use crate::types::id::Id;
use crate::types::login::Login;
use crate::types::random::random;
use crate::types::secret::{IssuedSecret, Secret};
use crate::types::session::{SessionLabel, SessionLifetime};
use crate::types::strict::Object;
use crate::types::token::Token;
use crate::types::user::{Amr, Offered, Scope};

/// Begins a login at a provider.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BeginProviderLoginRequest<'a> {
    /// The name of the provider in `id_token_providers`; optional if there is only one.
    pub provider: Option<ProviderName>,
    /// The URL of this service to which the provider sends the browser back; the provider must know it. Use
    /// another one for each provider.
    pub redirect_uri: ServiceUrl,
    /// An access token of the account to which the identity is linked. Without it the identity logs in. Its user must
    /// have authenticated in the last fifteen minutes (`reauthenticate`), by a second factor if a login demands one.
    #[serde(borrow)]
    pub user_token: Option<Token<'a>>,
    /// The backend that the session's tokens are for, and `user_token` too; default: `default`.
    pub backend: Option<String>,
    /// The scopes of the access token, as in `login`.
    pub scope: Option<Scope>,
    /// The organization that the session is in, as in `login`; not for linking.
    pub organization_id: Option<Id>,
    /// What the provider asks the user for (`prompt` of OpenID Connect Core section 3.1.2.1). Like `acr_values` and
    /// `max_age_seconds`, only for a provider with ID tokens.
    pub prompt: Option<ProviderPrompt>,
    /// The name that the user probably logs in with.
    pub login_hint: Option<Offered>,
    /// The authentication context classes that are wished for, separated by spaces. The provider may ignore them:
    /// see `provider` of `authorize`.
    pub acr_values: Option<Scope>,
    /// How long ago the user may have authenticated at the provider. The ID token must prove it.
    pub max_age_seconds: Option<u32>,
}

/// What a provider asks the user for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProviderPrompt {
    /// Nothing: the login fails if the user would have to be asked.
    None,
    /// To authenticate again.
    Login,
    /// To consent again.
    Consent,
    /// To choose an account.
    SelectAccount,
}

/// A login that begins; finish it within fifteen minutes.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct BeginProviderLoginResponse {
    /// The URL to which to send the browser.
    pub authorization_url: IssuedSecret,
    /// The transaction for `finish_provider_login`. Keep it in this browser, in a cookie that scripts cannot read,
    /// and nowhere else. A login that succeeds spends it.
    pub transaction: IssuedSecret,
    /// The `state` with which the browser comes back, by which the host finds the transaction if the browser has
    /// several.
    pub state: IssuedSecret,
}

/// Asks for the next request to a provider.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NextProviderRequestRequest {
    /// The transaction of `begin_provider_login`.
    pub transaction: Secret,
    /// The query of the URL with which the browser came back, or the form that it posted, unchanged.
    pub query: Secret,
    /// The URL at which the browser really came back, without its query. Another one than that of
    /// `begin_provider_login` is refused.
    pub redirect_uri: ServiceUrl,
    /// The responses so far, in the order of the requests: from the provider itself, never through a browser.
    #[serde(default, deserialize_with = "crate::types::strict::optional_objects")]
    pub received: Vec<ProviderResponse>,
}

/// The next request.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct NextProviderRequestResponse {
    /// The request to send, without following redirects. Absent if `finish_provider_login` needs no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send: Option<ProviderRequest>,
}

/// Finishes a login at a provider.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FinishProviderLoginRequest<'a> {
    /// The transaction of `begin_provider_login`, from the browser that came back.
    pub transaction: Secret,
    /// The query of the URL with which the browser came back, or the form that it posted, unchanged.
    pub query: Secret,
    /// The URL at which the browser really came back, without its query. Another one than that of
    /// `begin_provider_login` is refused.
    pub redirect_uri: ServiceUrl,
    /// The access token of this browser's user, if there is one. A login that began with `user_token` needs one of
    /// the same session; others ignore it.
    #[serde(borrow)]
    pub user_token: Option<Token<'a>>,
    /// If the host sends the requests (`exchange`): the responses, in the order of the requests. They open any
    /// account, so they must come from the provider itself, never through a browser.
    #[serde(default, deserialize_with = "crate::types::strict::optional_objects")]
    pub received: Vec<ProviderResponse>,
    /// The client's connection, where known.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub client: Option<Client>,
    /// The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine are refused.
    /// A login that began with `user_token` opens no session: its session keeps what it has, whatever is given here
    /// and in the next two.
    pub claims: Option<Object>,
    /// A shorter life of the session than the configuration gives it.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub lifetime: Option<SessionLifetime>,
    /// A label for the session in the user's list, such as the name of the device.
    pub label: Option<SessionLabel>,
}

/// An opened session, or that of `user_token`. Keep the tokens secret.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct FinishProviderLoginResponse {
    #[expect(missing_docs, reason = "its fields have docs of their own")]
    #[serde(flatten)]
    pub login: LoginResponse,
    /// Whether this login created the account.
    pub created: bool,
    /// Whether the identity was linked to the account of `user_token`. Then the session is the one of that token, with
    /// a new access token and no other refresh token.
    pub linked: bool,
}

/// A login that is under way, sealed.
#[derive(Serialize, Deserialize)]
struct Transaction {
    id: Id,
    provider: String,
    /// The issuer of the provider then.
    issuer: String,
    redirect_uri: String,
    state: String,
    nonce: String,
    verifier: String,
    backend: String,
    scope: Option<Scope>,
    organization_id: Option<Id>,
    link: Option<Link>,
    max_age_seconds: Option<u32>,
    expires_at: i64,
}

/// The account that an identity is linked to, and the session that asked for it.
#[derive(Serialize, Deserialize)]
struct Link {
    user_id: Id,
    session_id: Id,
}

/// What the browser brings back, and where.
struct Returned {
    redirect_uri: ServiceUrl,
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// How long a login at a provider may take.
const TRANSACTION_SECONDS: i64 = 900;

/// How much longer a redeemed transaction is remembered, for clocks that go back.
const SPENT_SECONDS: i64 = 86_400;

/// The context to which the transaction is sealed: nothing sealed for another purpose passes for one.
const TRANSACTION: &str = "provider login";

/// The maximum length of a transaction made here.
const MAX_TRANSACTION: usize = 8192;

impl Engine {
    /// Begins a login at a provider: returns the URL to send the browser to, and the transaction that binds the
    /// way back to this browser. It writes nothing. With `user_token`, the identity will be linked to that account.
    ///
    /// Failures: `invalid_request`, `invalid_token` and `user_not_found` (of `user_token`), `permission_denied` (the user
    /// of `user_token` did not authenticate lately, or a person acts as them), `email_not_verified`,
    /// `auth_service_unavailable`, `invalid_config`, `feature_not_built`, `store_unavailable`.
    pub fn begin_provider_login(
        &self,
        request: BeginProviderLoginRequest,
    ) -> Result<BeginProviderLoginResponse> {
        let provider = self.providers.named(request.provider.as_ref())?;
        let client = provider.client()?;
        let unfit = [
            ("/prompt", request.prompt.is_some()),
            ("/acr_values", request.acr_values.is_some()),
            ("/max_age_seconds", request.max_age_seconds.is_some()),
        ];
        if let Some((field, _)) = unfit.iter().find(|(_, given)| *given && client.userinfo.is_some()) {
            return Err(Error::at(Code::InvalidRequest, *field, "the provider has no ID tokens"));
        }
        let backend = self.keys.backend(request.backend.as_deref())?;
        let link = request.user_token.as_ref().map(|token| self.link_for(token, backend)).transpose()?;
        let now_ms = self.clock.now_ms();
        let text = || random::<32>().map(|bytes| base64url(&bytes));
        let transaction = Transaction {
            id: Id::new(now_ms)?,
            provider: provider.name().to_owned(),
            issuer: provider.issuer().to_owned(),
            redirect_uri: request.redirect_uri.as_str().to_owned(),
            state: text()?,
            nonce: text()?,
            verifier: text()?,
            backend: backend.name.clone(),
            scope: request.scope,
            organization_id: request.organization_id,
            link,
            max_age_seconds: request.max_age_seconds,
            expires_at: now_ms / 1000 + TRANSACTION_SECONDS,
        };
        let max_age = request.max_age_seconds.map(|seconds| seconds.to_string());
        let hints = [
            ("prompt", request.prompt.map(ProviderPrompt::name)),
            ("login_hint", request.login_hint.as_ref().map(Offered::as_str)),
            ("acr_values", request.acr_values.as_ref().map(Scope::as_str)),
            ("max_age", max_age.as_deref()),
        ];
        let asked = Asked {
            redirect_uri: &transaction.redirect_uri,
            state: &transaction.state,
            nonce: &transaction.nonce,
            verifier: &transaction.verifier,
            hints: hints.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
        };
        let authorization_url = client.authorization_url(&asked, &self.clock, provider.deadline())?;
        let sealed = self.secrets.seal(TRANSACTION, json::render(&transaction)?.as_bytes())?;
        Ok(BeginProviderLoginResponse {
            authorization_url: IssuedSecret::new(authorization_url),
            transaction: IssuedSecret::new(base64url(&sealed)),
            state: IssuedSecret::new(transaction.state),
        })
    }

    /// Returns the next request that the host sends to a provider, for a provider with `"exchange": "host"`. Call it
    /// with each response, until there is no request.
    ///
    /// Failures: `invalid_request`, `invalid_challenge`, `invalid_config` (the engine sends the requests),
    /// `store_unavailable`.
    pub fn next_provider_request(
        &self,
        request: NextProviderRequestRequest,
    ) -> Result<NextProviderRequestResponse> {
        let NextProviderRequestRequest { transaction, query, redirect_uri, received } = request;
        let returned = Returned::read(&query, redirect_uri)?;
        let transaction = self.transaction(&transaction, &Client::default())?;
        let provider = self.asked_provider(&transaction)?;
        let mut exchange = provider.exchange(received);
        if exchange.is_own() {
            let field = format!("/id_token_providers/{}/exchange", provider.name());
            return Err(Error::at(Code::InvalidConfig, field, "expected host"));
        }
        match self.user_of_return(provider, &transaction, &returned, &mut exchange) {
            Err(error) if error.code == Code::InvalidChallenge => Err(error),
            // `finish_provider_login` refuses, and counts it.
            _ => Ok(NextProviderRequestResponse { send: exchange.wanted() }),
        }
    }

    /// Finishes a login at a provider when the browser comes back: exchanges the code, verifies what the provider
    /// says, and lets its user in as `login_with_id_token` does, or links it to the account of `user_token`. An
    /// identity that opens another account is not linked.
    ///
    /// Failures: `invalid_challenge` (the transaction is unknown, expired or spent, or the response is not to it),
    /// `invalid_credentials` (the provider refused, or no account may be opened), `invalid_token`, `user_not_found`
    /// (of `user_token`), `permission_denied` (the account has 20 identities, a person acts as the user, or as of `login`), `email_taken`, `email_not_verified`,
    /// `already_configured`, `too_many_attempts`, `invalid_request`, `invalid_config`, `auth_service_unavailable`,
    /// `store_unavailable`.
    pub fn finish_provider_login(
        &self,
        request: FinishProviderLoginRequest,
    ) -> Result<Login<FinishProviderLoginResponse>> {
        let FinishProviderLoginRequest {
            transaction, query, redirect_uri, user_token, received, client, ..
        } = request;
        let client = client.unwrap_or_default();
        let returned = Returned::read(&query, redirect_uri)?;
        let transaction = self.transaction(&transaction, &client)?;
        let link = transaction.link.as_ref();
        let bearer = link.map(|link| self.bearer_of(&transaction, link, user_token.as_ref())).transpose()?;
        let provider = self.asked_provider(&transaction)?;
        let backend = self.keys.backend(Some(&transaction.backend))?;
        let terms = self.sessions.terms(backend, request.claims, request.lifetime, request.label)?;
        let entry = transaction.entry(client, terms);
        let mut exchange = provider.exchange(received);
        let user = self.user_of_return(provider, &transaction, &returned, &mut exchange);
        let finished = user.and_then(|user| match link.zip(bearer) {
            Some((link, bearer)) => {
                self.link_identity(&transaction, link, bearer, provider, &user).map(Login::Session)
            }
            None => self.enter_by_provider(&transaction, provider, &user, &entry),
        });
        // Without a code there is nothing to guess: the user cancelled, or would have had to be asked. A browser that
        // sends its code twice is not refused by the provider for a forged one.
        let is_guess = returned.code.is_some() && returned.error.is_none();
        finished.or_else(|error| match is_guess && !self.is_spent(&transaction)? {
            true => self.provider_logins.refused(&entry.client, &error, self.clock.now()).and(Err(error)),
            false => Err(error),
        })
    }

    /// Reads an access token of the account to which an identity is to be linked.
    fn link_for(&self, token: &Token, backend: &Backend) -> Result<Link> {
        let bearer = self.tokens.bearer_in_person(token, backend);
        let bearer = bearer.map_err(|error| error.at_field("/user_token"))?;
        let user_id = bearer.user.id;
        let no_session =
            || Error::at(Code::InvalidToken, "/user_token", "no_session").about(Some(user_id), None);
        let session_id = bearer.session_id.ok_or_else(no_session)?;
        let now = self.clock.now();
        self.store.read(|tx| self.factors.require_fresh_proof(tx, &bearer, now))?;
        self.factors.may_be_taken_by(&bearer.user)?;
        Ok(Link { user_id, session_id })
    }

    /// Reads the access token with which the user comes back from the provider. It must be of the session that asked
    /// for the link. The transaction alone proves nothing: another person may have put it into this browser.
    fn bearer_of(&self, transaction: &Transaction, link: &Link, token: Option<&Token>) -> Result<Bearer> {
        let missing = || Error::at(Code::InvalidRequest, "/user_token", "missing");
        let backend = self.keys.backend(Some(&transaction.backend))?;
        let bearer = self.tokens.bearer_in_person(token.ok_or_else(missing)?, backend);
        let bearer = bearer.map_err(|error| error.at_field("/user_token"))?;
        match bearer.session_id == Some(link.session_id) && bearer.user.id == link.user_id {
            true => Ok(bearer),
            false => Err(Error::new(Code::InvalidChallenge, "another_session")
                .about(Some(bearer.user.id), bearer.session_id)),
        }
    }

    /// Opens a transaction that is neither expired nor spent. Failures: `invalid_challenge`, `too_many_attempts`.
    fn transaction(&self, text: &Secret, client: &Client) -> Result<Transaction> {
        let dead = |reason: &'static str| Error::new(Code::InvalidChallenge, reason);
        let text = text.expose();
        let sealed = (text.len() <= MAX_TRANSACTION).then(|| from_base64url(text)).flatten();
        let sealed = sealed.ok_or(dead("unknown"))?;
        let open = || self.secrets.open(TRANSACTION, &sealed).ok_or(dead("unknown"));
        let opened: Transaction = serde_json::from_slice(&open()?).map_err(|_| damaged())?;
        let now = self.clock.now();
        if now >= opened.expires_at {
            return Err(dead("expired"));
        }
        let is_spent = self.store.read(|tx| {
            retired_keys::follow(tx, &self.secrets)?;
            let account = opened.link.as_ref().map(|link| link.user_id);
            self.throttle.admit_client(tx, account, client, now)?;
            spent::is_spent(tx, opened.id)
        })?;
        // The key that sealed it may have been retired meanwhile.
        open()?;
        if is_spent { Err(dead("spent")) } else { Ok(opened) }
    }

    fn is_spent(&self, transaction: &Transaction) -> Result<bool> {
        self.store.read(|tx| spent::is_spent(tx, transaction.id))
    }

    /// Returns the provider of a transaction, if it is still configured.
    fn asked_provider(&self, transaction: &Transaction) -> Result<&Provider> {
        let unknown = || Error::new(Code::InvalidChallenge, "unknown_provider");
        self.keys
            .backend(Some(&transaction.backend))
            .map_err(|_| Error::new(Code::InvalidChallenge, "unknown_backend"))?;
        let name: ProviderName = transaction.provider.parse().map_err(|_| damaged())?;
        let provider = self.providers.named(Some(&name)).map_err(|_| unknown())?;
        if provider.issuer() == transaction.issuer { Ok(provider) } else { Err(unknown()) }
    }

    /// Checks that a response is to this transaction and from its provider, and returns the user that the
    /// provider names for it.
    fn user_of_return(
        &self,
        provider: &Provider,
        transaction: &Transaction,
        returned: &Returned,
        exchange: &mut Exchange,
    ) -> Result<ProviderUser> {
        let client = provider.client()?;
        let foreign = |reason: &'static str| Err(Error::new(Code::InvalidChallenge, reason));
        if returned.state.as_ref() != Some(&transaction.state) {
            return foreign("wrong_state");
        }
        // Mix-up (RFC 9207, RFC 9700 section 4.4): the code of one provider must not be sent to another.
        if returned.redirect_uri.as_str() != transaction.redirect_uri {
            return foreign("another_redirect_uri");
        }
        match &returned.iss {
            Some(iss) if !provider.has_issued_as(iss) => return foreign("wrong_issuer"),
            None if client.requires_iss(&self.clock, exchange.deadline)? => return foreign("no_issuer"),
            _ => {}
        }
        if let Some(error) = &returned.error {
            return Err(refusal(error));
        }
        let no_code = || Error::new(Code::InvalidCredentials, "no_code");
        let redeemed = Redeemed {
            code: returned.code.as_deref().ok_or_else(no_code)?,
            redirect_uri: &transaction.redirect_uri,
            nonce: &Secret::new(transaction.nonce.as_str()),
            verifier: &transaction.verifier,
        };
        let user = self.providers.user_by_code(provider, &redeemed, exchange)?;
        let oldest = transaction
            .max_age_seconds
            .map(|most| self.clock.now() - i64::from(most) - self.config.leeway_seconds.seconds());
        match oldest {
            // OpenID Connect Core section 3.1.3.7, rule 12.
            Some(oldest) if user.auth_time.is_none_or(|time| time < oldest) => {
                Err(Error::new(Code::InvalidToken, "authenticated_too_long_ago"))
            }
            _ => Ok(user),
        }
    }

    fn enter_by_provider(
        &self,
        transaction: &Transaction,
        provider: &Provider,
        user: &ProviderUser,
        entry: &Entry,
    ) -> Result<Login<FinishProviderLoginResponse>> {
        let entry = Entry { provider: Some(provider.login(user)), ..entry.clone() };
        let now_ms = self.clock.now_ms();
        let newcomer = Newcomer::new(provider, user, now_ms)?;
        let entered = self.mailing.write(|tx| {
            spend(tx, transaction, now_ms / 1000)?;
            self.provider_logins.enter(tx, provider, user, &newcomer, &entry, now_ms)
        })?;
        self.provider_logins.first_tokens(entered)?.try_map(|(first, created)| {
            Ok(FinishProviderLoginResponse { login: first.into(), created, linked: false })
        })
    }

    fn link_identity(
        &self,
        transaction: &Transaction,
        link: &Link,
        bearer: Bearer,
        provider: &Provider,
        user: &ProviderUser,
    ) -> Result<FinishProviderLoginResponse> {
        let now = self.clock.now();
        let scope = bearer.scope.as_deref();
        let continued = self.mailing.write(|tx| {
            spend(tx, transaction, now)?;
            let ended = |reason: &'static str| {
                Error::new(Code::InvalidToken, reason).about(Some(link.user_id), Some(link.session_id))
            };
            let mut session = sessions::find(tx, link.session_id)?.ok_or_else(|| ended("unknown_session"))?;
            if let Some(reason) = session.end(now, &self.config) {
                return Err(ended(reason));
            }
            // A factor may have been added since the begin.
            self.factors.require_fresh_proof(tx, &bearer, now)?;
            self.factors.may_be_taken_by(&session.user.public)?;
            self.provider_logins.link(tx, provider, user, &session.user.public, now)?;
            let own = self.sessions.own_claims(tx, link.session_id, &session)?;
            let backend = self.keys.backend(Some(&session.backend))?;
            // The user did not authenticate again.
            session.auth_time = bearer.auth_time.unwrap_or(session.auth_time);
            let continued = Continued::new(link.session_id, session, backend, own, now);
            self.sessions.refuse_long(backend, &continued.claims(scope))?;
            Ok(continued)
        })?;
        let login = self.tokens_of(continued, scope)?.into();
        Ok(FinishProviderLoginResponse { login, created: false, linked: true })
    }

    /// Makes an access token for a session.
    fn tokens_of(&self, continued: Continued, scope: Option<&str>) -> Result<FirstTokens> {
        let claims = continued.claims(scope);
        let (access_token, expires_in) =
            (self.sessions.access_token(continued.backend, &claims)?, claims.exp - claims.iat);
        let organization_id = claims.organization.map(|organization| organization.id);
        let Continued { id, session, .. } = continued;
        Ok(FirstTokens {
            access_token,
            expires_in,
            refresh_token: None,
            refresh_expires_in: None,
            persistent: session.persistent,
            organization_id,
            trusted_device: None,
            session_id: id,
            backend: session.backend,
            user: session.user.public,
        })
    }
}

impl Transaction {
    /// Returns the login of a browser that came back.
    fn entry(&self, client: Client, terms: Terms) -> Entry {
        Entry {
            backend: self.backend.clone(),
            scope: self.scope.clone(),
            client,
            // Only the provider knows how the user authenticated.
            amr: Amr::default(),
            provider: None,
            trusts_device: false,
            terms,
            organization_id: self.organization_id,
        }
    }
}

impl ProviderPrompt {
    fn name(self) -> &'static str {
        match self {
            ProviderPrompt::None => "none",
            ProviderPrompt::Login => "login",
            ProviderPrompt::Consent => "consent",
            ProviderPrompt::SelectAccount => "select_account",
        }
    }
}

impl Returned {
    /// Failure: `invalid_request`.
    fn read(query: &Secret, redirect_uri: ServiceUrl) -> Result<Returned> {
        let query = query.expose();
        let query = query.strip_prefix('?').unwrap_or(query);
        let bad = || Error::at(Code::InvalidRequest, "/query", "expected a query, with each parameter once");
        let read = |name| field(query, name).ok_or_else(bad);
        let (code, state, iss, error) = (read("code")?, read("state")?, read("iss")?, read("error")?);
        Ok(Returned { redirect_uri, code, state, iss, error })
    }
}

/// Spends a transaction. Only one of several concurrent callers succeeds. Failure: `invalid_challenge`.
fn spend(tx: &mut Tx, transaction: &Transaction, now: i64) -> Result<()> {
    let dead = |reason: &'static str| Err(Error::new(Code::InvalidChallenge, reason));
    if now >= transaction.expires_at {
        return dead("expired");
    }
    spent::forget_expired(tx, now, Share::AFew)?;
    match spent::spend(tx, transaction.id, transaction.expires_at + SPENT_SECONDS)? {
        true => Ok(()),
        false => dead("spent"),
    }
}

/// Translates the error of an authorization response (RFC 6749 section 4.1.2.1).
fn refusal(error: &str) -> Error {
    match error {
        "server_error" | "temporarily_unavailable" => {
            Error::new(Code::AuthServiceUnavailable, "provider_error")
        }
        // The user did not want to, or cannot without being asked.
        "access_denied" | "user_cancelled_authorize" => Error::new(Code::InvalidCredentials, "access_denied"),
        "login_required" => Error::new(Code::InvalidCredentials, "login_required"),
        "interaction_required" => Error::new(Code::InvalidCredentials, "interaction_required"),
        "consent_required" => Error::new(Code::InvalidCredentials, "consent_required"),
        "account_selection_required" => Error::new(Code::InvalidCredentials, "account_selection_required"),
        _ => Error::new(Code::InvalidCredentials, "provider_refused"),
    }
}
