//! Tokens: `verify`, `authenticate`, `introspect`, `issue_token`.

use std::borrow::Cow;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::api_keys::ApiKeyInfo;
use crate::crypto::api_key;
use crate::crypto::jws;
use crate::crypto::refresh_token::RefreshToken;
use crate::engine::Engine;
use crate::engine::api_keys::Identified;
use crate::engine::audit::{Kind, event};
use crate::engine::backends::Backend;
use crate::engine::claims::{Claims, as_signed_if_any, refuse_reserved};
use crate::engine::credentials::{Accepted, CredentialKind};
use crate::engine::tokens::{AccessClaims, Subject};
use crate::error::{Code, Error, Result};
use crate::store::events::Event;
use crate::store::sessions::Placed;
use crate::store::users::{self, By};
use crate::store::{Durability, keys, sessions};
use crate::types::base64url::base64url;
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::strict::{HostOnly, Object};
use crate::types::token::Token;
use crate::types::user::{Act, OrganizationRoles, PublicUser, Role, Scope};

/// Verifies an access token by signature and claims alone, without the store: a session that was
/// revoked still passes until the token expires.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct VerifyRequest<'a> {
    /// The access token.
    #[serde(borrow)]
    pub token: Token<'a>,
    /// The backend that must have issued the token; default: `default`.
    pub backend: Option<String>,
}

/// Identifies the user of a live access token or API key: the account is active, and the session has not ended or
/// the key was not revoked.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct AuthenticateRequest<'a> {
    /// The access token or API key.
    #[serde(borrow)]
    pub token: Option<Token<'a>>,
    /// The value of an `Authorization` header instead: `Bearer <token>` (RFC 6750).
    #[serde(borrow)]
    pub authorization: Option<Token<'a>>,
    /// The backend that must have issued the token, or that the API key is for; default: `default`.
    pub backend: Option<String>,
    /// The client's connection, where known: too many unknown API keys from one network address are refused.
    #[serde(deserialize_with = "crate::types::strict::optional_object")]
    pub client: Option<Client>,
}

/// The user of a live token or API key.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct AuthenticateResponse {
    /// The account as it is now. With an API key that has fewer roles, these are its `roles`.
    pub user: PublicUser,
    /// The kind of the credential.
    pub credential: CredentialKind,
    /// The session's id, if the token belongs to a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Id>,
    /// The organization that the session is in, if the login was for one, and the user's roles there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationRoles>,
    /// The person who acts as the user, if another one does (RFC 8693 section 4.1). The host lets that person change
    /// no password, factor, address or API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<Act>,
    /// The token's claims; absent for an API key.
    #[serde(serialize_with = "as_signed_if_any", skip_serializing_if = "Option::is_none")]
    pub claims: Option<Claims>,
    /// The API key, without the key itself, if the credential is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<ApiKeyInfo>,
}

/// Checks a token or API key for another service (RFC 7662), as of now.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-body" = ["token"]))]
#[non_exhaustive]
pub struct IntrospectRequest<'a> {
    /// An access token, a refresh token or an API key.
    #[serde(borrow)]
    pub token: Token<'a>,
    /// `access_token` or `refresh_token`; optional, and any text is accepted.
    pub token_type_hint: Option<String>,
    /// The service that asks: a token for another audience is not active.
    pub audience: Option<String>,
}

/// The token's state. An inactive token discloses nothing else.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(extend(
    "if" = {"properties": {"active": {"const": true}}},
    "then" = {"required": ["user", "sub", "client_id", "aud", "token_type"]},
))]
#[non_exhaustive]
pub struct IntrospectResponse {
    /// Whether the token is valid now.
    pub active: bool,
    /// Why the token is not active. It is for the host only: do not pass it on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<HostOnly<Cow<'static, str>>>,
    /// The account as it is now. With an API key that has fewer roles, these are its `roles`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<PublicUser>,
    /// The id of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The session's id, if the token belongs to a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<Id>,
    /// The scopes, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The backend that issued the token, or that the API key is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// When the token expires, in Unix seconds; absent for an API key that does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// When the token was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// The issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The token's audience.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<Vec<String>>,
    /// `Bearer`, `refresh_token` or `api_key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    /// The organization that the session is in, if the login was for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_id: Option<Id>,
    /// The user's roles in that organization now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_roles: Option<Vec<Role>>,
    /// The person who acts as the user, if another one does (RFC 8693 section 4.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<Act>,
    /// The API key, without the key itself, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<ApiKeyInfo>,
}

/// Issues an access token that belongs to no session. If `sub` is not the id of an account, `verify` accepts
/// the token, but the live checks (`authenticate`, `introspect`, `authorize`) do not.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct IssueTokenRequest {
    /// The claims: `sub`, a text, and any of the host's own. The claims that the engine makes (`iss`,
    /// `aud`, `exp`, `nbf`, `iat`, `jti`, `sid`, `client_id`, `auth_time`, `acr`, `amr`, `provider`, `cnf`,
    /// `org_id`, `org_roles`, `act`, `account_epoch`) are refused.
    pub claims: Object,
    /// The token's lifetime; default `access_token_seconds`, at most `session_max_seconds`.
    #[schemars(range(min = 1))]
    pub lifetime_seconds: Option<u64>,
    /// The backend that issues the token; default: `default`.
    pub backend: Option<String>,
}

/// An access token.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct IssueTokenResponse {
    /// The access token.
    pub token: Token<'static>,
    /// When the token expires, in Unix seconds.
    pub expires_at: i64,
    /// The token's id, by which `revoke_token` revokes it.
    pub jti: String,
}

impl From<Accepted> for AuthenticateResponse {
    fn from(accepted: Accepted) -> AuthenticateResponse {
        let Accepted { user, kind: credential, session_id, organization, act, claims, api_key } = accepted;
        let api_key = api_key.map(ApiKeyInfo::from);
        AuthenticateResponse { user, credential, session_id, organization, act, claims, api_key }
    }
}

impl Engine {
    /// Verifies an access token by signature and claims (RFC 8725, RFC 9068). It reads the store only if the
    /// token names an unknown key, which another process may have made, and once a minute to find keys that
    /// another process retired. It refuses an API key, which only the store knows.
    ///
    /// Failures: `invalid_token`, `invalid_request`, `store_unavailable`.
    pub fn verify(&self, request: VerifyRequest) -> Result<Claims> {
        match self.verify_at_once(&request)? {
            Some(claims) => Ok(claims),
            None => {
                let backend = self.keys.backend(request.backend.as_deref())?;
                let token = request.token.expose();
                let signed = self.keys.signed(token, Some(backend)).map_err(refused_unless_token(token))?;
                self.tokens.verified_claims(signed)
            }
        }
    }

    /// As [`Engine::verify`], but never waits: returns `None` if `verify` would read the store.
    ///
    /// Failures: `invalid_token`, `invalid_request`.
    pub fn verify_at_once(&self, request: &VerifyRequest) -> Result<Option<Claims>> {
        // Bindings come here without JSON. They must answer as those that write it.
        self.refuse_too_long(request.length())?;
        let backend = self.keys.backend(request.backend.as_deref())?;
        let token = request.token.expose();
        self.tokens.verify_at_once(token, backend).map_err(refused_unless_token(token))
    }

    /// Verifies the token of the request `{"token":"…"}`, as programs write it, without parsing JSON. Returns none
    /// if the request is written in another way.
    pub(super) fn verify_plain(&self, request: &str) -> Option<Result<Claims>> {
        let token = request.strip_prefix(r#"{"token":""#)?.strip_suffix(r#""}"#)?;
        let answer = self.verify(VerifyRequest::new(token));
        // What was verified is base64url and dots. Any other text may not be the token that JSON makes of it.
        let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        (answer.is_ok() || token.bytes().all(is_plain)).then_some(answer)
    }

    /// Identifies the user of a live access token or API key: the account is active, and the session has not ended
    /// or the key was not revoked.
    ///
    /// Failures: `not_authenticated`, `invalid_authorization_header`, `invalid_token`, `user_not_found`,
    /// `too_many_attempts` (an unknown API key), `invalid_request`, `store_unavailable`.
    pub fn authenticate(&self, request: AuthenticateRequest) -> Result<AuthenticateResponse> {
        let AuthenticateRequest { token, authorization, backend, client } = request;
        self.credentials
            .authenticate(token, authorization, backend.as_deref(), client.as_ref())
            .map(AuthenticateResponse::from)
    }

    /// Checks whether a token or API key is valid now. A problem with the token is not a failure. If the store does not
    /// answer, the operation fails without a verdict.
    ///
    /// Failures: `invalid_request`, `store_unavailable`.
    pub fn introspect(&self, request: IntrospectRequest) -> Result<IntrospectResponse> {
        let audience = request.audience.as_deref();
        // A JWS contains dots. A refresh token is base64url, which has none, and begins with the time of its session.
        let answer = match request.token.expose() {
            text if api_key::is_meant(text) => self.introspect_api_key(text, audience),
            text if text.contains('.') => self.introspect_access_token(&request.token, audience),
            _ => self.introspect_refresh_token(&request.token, audience),
        };
        answer.or_else(|error| match error.code {
            Code::InvalidToken => Ok(inactive(error.detail)),
            Code::TokenUserNotFound => Ok(inactive(Some("unknown_user".into()))),
            _ => Err(error),
        })
    }

    /// Issues an access token with the host's own claims, for a service or a user. It is revoked by
    /// `revoke_token`, and by everything that revokes all of the account's tokens.
    ///
    /// Failures: `invalid_request`, `store_unavailable`.
    pub fn issue_token(&self, request: IssueTokenRequest) -> Result<IssueTokenResponse> {
        let IssueTokenRequest { claims: Object(mut claims), backend, lifetime_seconds } = request;
        refuse_reserved(&claims, &[])?;
        let backend = self.keys.backend(backend.as_deref())?;
        let sub = take_subject(&mut claims, backend)?;
        let lifetime = self.lifetime_of_issued(lifetime_seconds, backend)?;
        let now = self.clock.now();
        let user_id = sub.parse::<Id>().ok();
        let (retirement, user) = self.store.read(|tx| {
            let user = user_id.map(|id| users::find(tx, By::Id(id))).transpose()?;
            Ok((keys::retirement(tx)?, user.flatten()))
        })?;
        self.keys.follow(&retirement);
        let jti = base64url(&crate::types::random::random::<16>()?);
        let registered = AccessClaims {
            sub: &sub,
            iat: now,
            exp: now + lifetime,
            jti: &jti,
            account_epoch: user.as_ref().map(|user| user.token_epoch),
            sid: None,
            auth_time: None,
            amr: None,
            provider: None,
            scope: None,
            roles: None,
            organization: None,
            act: None,
        };
        let token = self.tokens.sign(backend, &registered, Some(&claims))?;
        if token.expose().len() > jws::MAX_TOKEN_BYTES {
            return Err(Error::at(Code::InvalidRequest, "/claims", "the token would be too long"));
        }
        let expires_at = registered.exp;
        let detail = format!("{} {jti} {expires_at}", backend.name);
        let event = event(Kind::TokenIssued, user.map(|user| user.public.id));
        self.store.write(Durability::Full, |tx| {
            self.audit.record(tx, now, Event { detail: Some(&detail), ..event })
        })?;
        Ok(IssueTokenResponse { token, expires_at, jti })
    }
}

impl VerifyRequest<'_> {
    /// Returns how many bytes the request has in JSON, without white space and escapes.
    fn length(&self) -> usize {
        let backend = self.backend.as_ref().map_or(0, |name| r#","backend":"""#.len() + name.len());
        r#"{"token":""}"#.len() + self.token.expose().len() + backend
    }
}

/// Names the reason in the refusal of an API key as a token.
fn refused_unless_token(token: &str) -> impl Fn(Error) -> Error {
    let is_api_key = api_key::is_meant(token);
    move |error| if is_api_key { Error::new(Code::InvalidToken, "api_key") } else { error }
}

fn invalid_claim(name: &str, detail: &'static str) -> Error {
    Error::at(Code::InvalidRequest, format!("/claims/{name}"), detail)
}

/// Takes the subject from the host's claims, and checks the other claims with a meaning of their own.
fn take_subject(claims: &mut Map<String, Value>, backend: &Backend) -> Result<String> {
    let sub = match claims.remove("sub") {
        Some(Value::String(sub)) if !sub.is_empty() => sub,
        _ => return Err(invalid_claim("sub", "expected a text that is not empty")),
    };
    // The backend writes it from `sub`.
    refuse_reserved(claims, &["sub", backend.subject_claim.name()])?;
    match claims.get("scope") {
        None => Ok(sub),
        Some(Value::String(scope)) if scope.parse::<Scope>().is_ok() => Ok(sub),
        Some(_) => Err(invalid_claim("scope", "expected scopes separated by spaces")),
    }
}

impl Engine {
    /// Returns the lifetime of an issued token in seconds.
    fn lifetime_of_issued(&self, wanted: Option<u64>, backend: &Backend) -> Result<i64> {
        let longest = self.settings.session_max_seconds.seconds();
        match wanted.map(i64::try_from) {
            None => Ok(backend.access_token_seconds),
            Some(Ok(seconds)) if (1..=longest).contains(&seconds) => Ok(seconds),
            Some(_) => {
                let rule = "expected 1 to session_max_seconds";
                Err(Error::at(Code::InvalidRequest, "/lifetime_seconds", rule))
            }
        }
    }

    fn introspect_access_token(&self, token: &Token, audience: Option<&str>) -> Result<IntrospectResponse> {
        let signed = self.keys.signed(token.expose(), None)?;
        let verified = self.tokens.verified(&signed)?;
        if audience.is_some_and(|audience| !verified.claims.aud.iter().any(|member| member == audience)) {
            return Ok(inactive(Some("wrong_audience".into())));
        }
        let Subject { user, session_id: sid, organization, act, .. } =
            self.tokens.subject(token, &verified)?;
        let (org_id, org_roles) = organization.map(|it| (it.id, it.roles)).unzip();
        let claims = verified.claims;
        Ok(IntrospectResponse {
            active: true,
            reason: None,
            user: Some(user),
            sub: Some(claims.sub.into_owned()),
            sid,
            scope: claims.scope.map(Cow::into_owned),
            client_id: Some(verified.backend.name.clone()),
            exp: Some(claims.exp),
            iat: claims.iat,
            iss: claims.iss.map(Cow::into_owned),
            aud: Some(claims.aud.into_iter().map(Cow::into_owned).collect()),
            token_type: Some("Bearer"),
            org_id,
            org_roles,
            act,
            api_key: None,
        })
    }

    fn introspect_api_key(&self, text: &str, audience: Option<&str>) -> Result<IntrospectResponse> {
        let Identified { user, key } = self.api_keys.identify(text, None)?;
        let Ok(backend) = self.keys.backend(Some(&key.backend)) else {
            return Ok(inactive(Some("unknown_backend".into())));
        };
        let members = backend.audience.members();
        if audience.is_some_and(|audience| !members.iter().any(|member| member == audience)) {
            return Ok(inactive(Some("wrong_audience".into())));
        }
        Ok(IntrospectResponse {
            active: true,
            sub: Some(user.id.to_string()),
            user: Some(user),
            scope: key.scope.clone(),
            client_id: Some(backend.name.clone()),
            exp: key.expires_at,
            iat: Some(key.created_at),
            iss: Some(self.settings.issuer.as_str().to_owned()),
            aud: Some(members.to_vec()),
            token_type: Some("api_key"),
            api_key: Some(key.into()),
            ..IntrospectResponse::default()
        })
    }

    fn introspect_refresh_token(&self, token: &Token, audience: Option<&str>) -> Result<IntrospectResponse> {
        let RefreshToken { session_id, generation } = RefreshToken::open(token, &self.secrets)?;
        let Some(session) = self.store.read(|tx| sessions::find(tx, session_id))? else {
            return Ok(inactive(Some("unknown_session".into())));
        };
        self.tokens.still_sealed(token, &session.retirement)?;
        if let Some(reason) = session.end(self.clock.now(), &self.config) {
            return Ok(inactive(Some(reason.into())));
        }
        let Ok(backend) = self.keys.backend(Some(&session.backend)) else {
            return Ok(inactive(Some("unknown_backend".into())));
        };
        let members = backend.audience.members();
        if !backend.can_refresh {
            return Ok(inactive(Some("not_refreshable".into())));
        }
        if session.generations.newest != i64::from(generation) {
            return Ok(inactive(Some("superseded".into())));
        }
        if audience.is_some_and(|audience| !members.iter().any(|member| member == audience)) {
            return Ok(inactive(Some("wrong_audience".into())));
        }
        let organization = session.organization.and_then(Placed::roles);
        let (org_id, org_roles) = organization.map(|it| (it.id, it.roles)).unzip();
        Ok(IntrospectResponse {
            active: true,
            sub: Some(session.user.public.id.to_string()),
            user: Some(session.user.public),
            sid: Some(session_id),
            client_id: Some(backend.name.clone()),
            exp: Some(session.idle_at.min(session.expires_at)),
            iss: Some(self.settings.issuer.as_str().to_owned()),
            aud: Some(members.to_vec()),
            token_type: Some("refresh_token"),
            org_id,
            org_roles,
            act: session.actor.map(|actor| actor.act),
            ..IntrospectResponse::default()
        })
    }
}

fn inactive(reason: Option<Cow<'static, str>>) -> IntrospectResponse {
    IntrospectResponse { active: false, reason: reason.map(HostOnly), ..IntrospectResponse::default() }
}
