//! Authenticating HTTP requests: `authenticate_request`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use doorward_derive::Build;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::tokens::AuthenticateResponse;
use crate::crypto::api_key;
use crate::engine::Engine;
use crate::error::{Code, Error, Result};
use crate::requests::{Requests, Rules};
use crate::types::client::Client;
use crate::types::strict::Text;
use crate::types::token::Token;

/// Decides whether a request to the host may pass, by the rules under `requests` in the configuration. The
/// engine takes the token from `token`, else from `authorization`, else an API key from `api_key`, else a token from
/// the configured cookie.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AuthenticateRequestRequest<'a> {
    /// The HTTP method, in any case.
    pub method: String,
    /// The path as the router sees it; a query is cut off. A path that two readers could take for different
    /// paths is never skipped.
    pub path: String,
    /// The kind of connection, as `requests.connections` names it; default: `http`.
    pub connection: Option<String>,
    /// The value of the `Authorization` header, or of the header that `requests.header` names: `Bearer
    /// <token>` (RFC 6750), where the token may be an API key.
    #[serde(borrow)]
    pub authorization: Option<Token<'a>>,
    /// The access token or API key, if the host has it already.
    #[serde(borrow)]
    pub token: Option<Token<'a>>,
    /// The value of the `X-API-Key` header. It counts if there is no `token` and no `authorization`, and if it begins
    /// with `dw_`: other software uses this header, too.
    #[serde(borrow)]
    pub api_key: Option<Token<'a>>,
    /// The cookies by name.
    #[serde(borrow)]
    pub cookies: Option<Cookies<'a>>,
    /// The value of the `Origin` header, if there is one: the page that sent the request (RFC 6454). It
    /// decides whether the cookie counts.
    pub origin: Option<String>,
    /// The value of the `Host` header: the host and port that the request was sent to. Pages of this host may
    /// send the cookie, unless `requests.origins` lists others.
    pub host: Option<String>,
    /// Whether to check only that the page that sent the request may send cookies. The response is then
    /// `skipped`.
    #[schemars(extend("x-strict" = true))]
    pub only_origin: Option<bool>,
    /// Whether the route opted out of authentication.
    #[schemars(extend("x-strict" = true))]
    pub excluded: Option<bool>,
    /// Rules that replace those of the configuration, in the same form. The engine compiles them once and
    /// keeps them while they are in use; at most 16 KiB.
    #[serde(borrow)]
    #[schemars(with = "Option<Requests>")]
    pub rules: Option<Rules<'a>>,
    /// The backend that must have issued the token, or that the API key is for; default: `default`.
    pub backend: Option<String>,
    /// The client's connection, where known: too many unknown API keys from one network address are refused.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub client: Option<Client>,
}

/// The request may pass.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend(
    "if" = {"properties": {"skipped": {"const": false}}},
    "then" = {"required": ["user", "credential"]},
))]
#[non_exhaustive]
pub struct AuthenticateRequestResponse {
    /// Whether the request needs no authentication; the other members are then absent.
    pub skipped: bool,
    /// The user of the request.
    #[serde(flatten)]
    pub authenticated: Option<AuthenticateResponse>,
}

impl Engine {
    /// Decides whether a request may pass, and identifies its user. A connection of an unlisted kind may not
    /// pass.
    ///
    /// Failures: `not_authenticated`, `invalid_authorization_header`, `invalid_token`, `user_not_found`,
    /// `permission_denied`, `too_many_attempts` (an unknown API key), `invalid_request`, `store_unavailable`.
    pub fn authenticate_request(
        &self,
        request: AuthenticateRequestRequest,
    ) -> Result<AuthenticateRequestResponse> {
        let own = request.rules.as_ref().map(|rules| self.rule_sets.compiled(rules)).transpose()?;
        let rules = own.as_deref().unwrap_or(&self.config.requests);
        // A request with an unknown backend is refused even if its token would not be checked.
        self.keys.backend(request.backend.as_deref())?;
        if !rules.admits(request.connection.as_deref().unwrap_or("http")) {
            return Err(Error::new(Code::NotAuthenticated, "unlisted_connection"));
        }
        let skipped = AuthenticateRequestResponse { skipped: true, authenticated: None };
        let check_origin = || match rules.trusts(request.origin.as_deref(), request.host.as_deref()) {
            true => Ok(()),
            false => Err(Error::new(Code::PermissionDenied, "foreign_origin")),
        };
        if request.only_origin == Some(true) {
            return check_origin().map(|()| skipped);
        }
        if rules.skips(&request.method, &request.path, request.excluded == Some(true)) {
            return Ok(skipped);
        }
        let backend = request.backend.as_deref();
        let client = request.client.as_ref();
        let cookie = || request.cookies?.named(rules.cookie.as_ref()?.as_str());
        let api_key = request.api_key.filter(|key| api_key::is_meant(key.expose()));
        let accepted = match (request.token, request.authorization, api_key) {
            (Some(token), _, _) | (None, None, Some(token)) => {
                self.credentials.authenticate(Some(token), None, backend, client)?
            }
            (None, Some(header), _) => self.credentials.authenticate(None, Some(header), backend, client)?,
            (None, None, None) => {
                let token = cookie().ok_or(Error::from(Code::NotAuthenticated))?;
                // Browsers also send cookies with WebSockets that another site's page opens (RFC 6455 section
                // 10.2).
                check_origin()?;
                self.credentials.authenticate_token(&token, backend)?
            }
        };
        Ok(AuthenticateRequestResponse { skipped: false, authenticated: Some(accepted.into()) })
    }
}

/// The cookies of a request (RFC 6265), each name once. The values may be tokens, so they are not shown.
#[derive(Debug)]
pub struct Cookies<'a>(BTreeMap<Cow<'a, str>, Token<'a>>);

impl<'a> From<BTreeMap<Cow<'a, str>, Token<'a>>> for Cookies<'a> {
    fn from(cookies: BTreeMap<Cow<'a, str>, Token<'a>>) -> Cookies<'a> {
        Cookies(cookies)
    }
}

impl<'a> Cookies<'a> {
    fn named(mut self, name: &str) -> Option<Token<'a>> {
        self.0.remove(name)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Cookies<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Cookies<'a>, D::Error> {
        deserializer.deserialize_map(CookiesVisitor).map(Cookies)
    }
}

struct CookiesVisitor;

impl<'de> Visitor<'de> for CookiesVisitor {
    type Value = BTreeMap<Cow<'de, str>, Token<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object of texts")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut cookies = Self::Value::new();
        while let Some(Text(name)) = entries.next_key()? {
            if cookies.insert(name, entries.next_value()?).is_some() {
                return Err(A::Error::custom("duplicate key"));
            }
        }
        Ok(cookies)
    }
}

impl JsonSchema for Cookies<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Cookies".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "additionalProperties": {"type": "string"}, "x-secret": true})
    }
}
