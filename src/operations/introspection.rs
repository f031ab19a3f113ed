//! Checking tokens of another service: `introspect_remote`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use doorward_derive::Build;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::engine::Engine;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::types::strict::Object;
use crate::types::token::Token;

/// Asks the configured `introspection_service` about a token (RFC 7662).
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct IntrospectRemoteRequest<'a> {
    /// A token of the other service.
    #[serde(borrow)]
    pub token: Token<'a>,
    /// The kind of token, for the service: `access_token` or `refresh_token`.
    pub token_type_hint: Option<String>,
}

/// The service's answer about a valid token, without its member `reason`, which is for the service alone.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct IntrospectRemoteResponse(
    /// The members as they were written, so that long numbers keep their digits.
    pub BTreeMap<String, Box<RawValue>>,
);

impl JsonSchema for IntrospectRemoteResponse {
    fn schema_name() -> Cow<'static, str> {
        "IntrospectRemoteResponse".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "The service's own answer about a valid token (RFC 7662 section 2.2), without `reason`, which is for \
                its host only.",
            "properties": {"active": {"type": "boolean", "const": true, "description": "Always true: the token is valid now."}},
            "required": ["active"],
            "additionalProperties": true,
        })
    }
}

impl Engine {
    /// Asks the configured service whether a token is valid now. Only an answer of the service is a verdict;
    /// every other outcome is an error.
    ///
    /// Failures: `invalid_token`, `auth_service_unavailable`, `invalid_config` where no service is
    /// configured, `feature_not_built`.
    pub fn introspect_remote(&self, request: IntrospectRemoteRequest) -> Result<IntrospectRemoteResponse> {
        if cfg!(not(feature = "http")) {
            return Err(Code::FeatureNotBuilt.into());
        }
        let Some(service) = &self.remote_service else {
            return Err(Error::at(Code::InvalidConfig, "/introspection_service", "not configured"));
        };
        if request.token.expose().is_empty() {
            return Err(Error::new(Code::InvalidToken, "missing"));
        }
        let answer = service.ask(request.token.expose(), request.token_type_hint.as_deref())?;
        let not_json = || Error::new(Code::AuthServiceUnavailable, "not_json");
        // The answer is parsed as strictly as a request, before it is passed on unchanged.
        let Object(read) = json::parse(&answer, Code::AuthServiceUnavailable).map_err(|_| not_json())?;
        match read.get("active") {
            Some(Value::Bool(true)) => {}
            Some(Value::Bool(false)) => return Err(Error::new(Code::InvalidToken, "inactive")),
            _ => return Err(Error::new(Code::AuthServiceUnavailable, "no_verdict")),
        }
        let mut members: BTreeMap<_, _> = serde_json::from_str(&answer).map_err(|_| not_json())?;
        members.remove("reason");
        Ok(IntrospectRemoteResponse(members))
    }
}
