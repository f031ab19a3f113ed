//! One request in, one verdict out: `authenticate_request`.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::tokens::{AuthenticateRequest, AuthenticateResponse};
use crate::engine::Engine;
use crate::error::{Code, Error, Result};
use crate::json::{self, Text};
use crate::requests::Requests;
use crate::token::Token;

/// Asks whether a request to the host may pass, by the rules under `requests` in the configuration. The token
/// is `token`; without it that of `authorization`; without that the configured cookie.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthenticateRequestRequest<'a> {
    /// The method, in any case.
    pub method: String,
    /// The path as the router sees it; a query is cut off. One that two readers could take for different
    /// paths is never skipped.
    pub path: String,
    /// The kind of the connection, as `requests.connections` names it; default: `http`.
    pub connection: Option<String>,
    /// The value of the `Authorization` header, or of the one that `requests.header` names: `Bearer <token>`
    /// (RFC 6750).
    #[serde(borrow)]
    pub authorization: Option<Token<'a>>,
    /// The access token, where the host has it already.
    #[serde(borrow)]
    pub token: Option<Token<'a>>,
    /// The cookies by their names.
    #[serde(borrow)]
    #[schemars(extend("x-secret" = true))]
    pub cookies: Option<Cookies<'a>>,
    /// The value of the `Origin` field, where there is one: which page sent the request (RFC 6454). It decides
    /// whether the cookie counts.
    pub origin: Option<String>,
    /// The value of the `Host` field: host and port that the request was sent to. Its own pages may send the
    /// cookie, unless `requests.origins` says whose may.
    pub host: Option<String>,
    /// Whether the route opted out of authentication.
    pub excluded: Option<bool>,
    /// Rules in the place of those of the configuration, in the same form. They are compiled once and kept while
    /// they are in use; at most 16 KiB.
    #[serde(borrow)]
    #[schemars(with = "Option<Requests>")]
    pub rules: Option<Rules<'a>>,
    /// Whose token it must be; default: `default`.
    pub backend: Option<String>,
}

/// The verdict: the request passes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AuthenticateRequestResponse {
    /// Whether the request needs no authentication; nobody was asked for then, and nothing else is said.
    pub skipped: bool,
    /// Who is there.
    #[serde(flatten)]
    pub authenticated: Option<AuthenticateResponse>,
}

impl Engine {
    /// Says whether a request may pass and who sent it. A connection of an unlisted kind never does.
    ///
    /// Failures: `not_authenticated`, `invalid_authorization_header`, `invalid_token`,
    /// `user_not_found`, `permission_denied`, `invalid_request`, `store_unavailable`.
    pub fn authenticate_request(
        &self,
        request: AuthenticateRequestRequest,
    ) -> Result<AuthenticateRequestResponse> {
        let own = request.rules.as_ref().map(|rules| self.rule_sets.compiled(rules)).transpose()?;
        let rules = own.as_deref().unwrap_or(&self.config.requests);
        // A request that names no backend of ours is refused even where its token would not be looked at.
        self.keys.backend(request.backend.as_deref())?;
        if !rules.admits(request.connection.as_deref().unwrap_or("http")) {
            return Err(Error::new(Code::NotAuthenticated, "unlisted_connection"));
        }
        if rules.skips(&request.method, &request.path, request.excluded == Some(true)) {
            return Ok(AuthenticateRequestResponse { skipped: true, authenticated: None });
        }
        let cookie = || request.cookies?.named(rules.cookie.as_ref()?.as_str());
        let (token, authorization) = match (request.token, request.authorization) {
            (Some(token), _) => (Some(token), None),
            (None, Some(header)) => (None, Some(header)),
            (None, None) => {
                let token = cookie();
                // Browsers send a cookie unasked, with a WebSocket of whatever page (RFC 6455 section 10.2).
                if token.is_some() && !rules.trusts(request.origin.as_deref(), request.host.as_deref()) {
                    return Err(Error::new(Code::PermissionDenied, "foreign_origin"));
                }
                (token, None)
            }
        };
        let offered = AuthenticateRequest { token, authorization, backend: request.backend };
        Ok(AuthenticateRequestResponse { skipped: false, authenticated: Some(self.authenticate(offered)?) })
    }
}

/// Rules as a request brings them: an object like `requests` of the configuration, not read yet.
#[derive(Clone, Debug)]
pub struct Rules<'a>(Cow<'a, str>);

impl<'a> Rules<'a> {
    /// Takes the JSON text of the object.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Rules<'a> {
        Rules(text.into())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Rules<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Rules<'a>, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Rules::new(raw.get()))
    }
}

/// The rules that requests brought, compiled, by their text. A host has a few sets, one for each middleware.
#[derive(Default)]
pub(crate) struct RuleSets(RwLock<VecDeque<(String, Arc<Requests>)>>);

impl RuleSets {
    const MAX_SETS: usize = 16;
    const MAX_BYTES: usize = 16 << 10;

    fn compiled(&self, Rules(text): &Rules) -> Result<Arc<Requests>> {
        let known = |sets: &VecDeque<(String, Arc<Requests>)>| {
            sets.iter().find(|(known, _)| known == text).map(|(_, rules)| Arc::clone(rules))
        };
        if let Some(rules) = known(&self.0.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(rules);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(Error::at(Code::InvalidRequest, "/rules", "more than 16 KiB"));
        }
        let rules = json::parse_without_nulls(text, Code::InvalidRequest)
            .map_err(|error| Error { field: error.field.map(|field| format!("/rules{field}")), ..error })?;
        let rules = Arc::new(rules);
        let mut sets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known(&sets).is_none() {
            sets.truncate(Self::MAX_SETS - 1);
            sets.push_front((text.clone().into_owned(), Arc::clone(&rules)));
        }
        Ok(rules)
    }
}

/// The cookies of a request (RFC 6265), each name once. Their values may be tokens: they are not shown.
#[derive(Debug)]
pub struct Cookies<'a>(BTreeMap<Cow<'a, str>, Token<'a>>);

impl<'a> Cookies<'a> {
    fn named(mut self, name: &str) -> Option<Token<'a>> {
        self.0.remove(name)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Cookies<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Cookies<'a>, D::Error> {
        deserializer.deserialize_map(CookiesVisitor).map(Cookies)
    }
}

struct CookiesVisitor;

impl<'de> Visitor<'de> for CookiesVisitor {
    type Value = BTreeMap<Cow<'de, str>, Token<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object of texts")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> std::result::Result<Self::Value, A::Error> {
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
        json_schema!({"type": "object", "additionalProperties": {"type": "string"}})
    }
}
