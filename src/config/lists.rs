//! The values of configuration keys that take one value or a list.

use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::types::parse_error::ParseError;
use crate::types::user::Role;

/// `aud`: one text or several, none of them empty or with a NUL character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Audience(Vec<String>);

impl Audience {
    /// Returns the members, at least one.
    pub fn members(&self) -> &[String] {
        &self.0
    }

    /// Returns the value of `aud` in a token: a text, or a list of several (RFC 7519 section 4.1.3).
    pub(crate) fn claim(&self) -> Value {
        match self.members() {
            [one] => one.as_str().into(),
            several => several.into(),
        }
    }

    /// Returns the default audience of a named backend's tokens.
    pub(crate) fn named(&self, backend: &str) -> Audience {
        let first = self.0.first().map_or("doorward", String::as_str);
        Audience(vec![format!("{first}:{backend}")])
    }
}

impl TryFrom<Vec<String>> for Audience {
    type Error = ParseError;

    fn try_from(members: Vec<String>) -> Result<Audience, ParseError> {
        let is_valid = |member: &String| !member.is_empty() && !member.contains('\0');
        match !members.is_empty() && members.iter().all(is_valid) {
            true => Ok(Audience(members)),
            false => Err(ParseError::new("expected a text or a list of texts, none of them empty")),
        }
    }
}

impl FromStr for Audience {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Audience, ParseError> {
        vec![text.to_owned()].try_into()
    }
}

impl Default for Audience {
    fn default() -> Audience {
        Audience(vec!["doorward".to_owned()])
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Audience, D::Error> {
        let members = match Value::deserialize(deserializer)? {
            Value::String(one) => vec![Value::String(one)],
            Value::Array(several) => several,
            _ => Vec::new(),
        };
        // What is no text becomes an empty one, which is refused.
        let texts = members.into_iter().map(|member| member.as_str().unwrap_or_default().to_owned());
        texts.collect::<Vec<_>>().try_into().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Audience {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Audience".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
        ]})
    }
}

/// The users that a rule applies to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AppliesTo {
    /// `false`.
    #[default]
    None,
    /// `true`.
    All,
    /// The users with one of these roles.
    Roles(Vec<Role>),
}

impl AppliesTo {
    /// Returns whether the rule applies to a user with these roles.
    pub fn includes(&self, roles: &[Role]) -> bool {
        match self {
            AppliesTo::None => false,
            AppliesTo::All => true,
            AppliesTo::Roles(listed) => roles.iter().any(|role| listed.contains(role)),
        }
    }
}

impl<'de> Deserialize<'de> for AppliesTo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<AppliesTo, D::Error> {
        let role = |role: Value| role.as_str().and_then(|role| role.parse().ok());
        let read = match Value::deserialize(deserializer)? {
            Value::Bool(false) => Some(AppliesTo::None),
            Value::Bool(true) => Some(AppliesTo::All),
            Value::Array(roles) => roles.into_iter().map(role).collect::<Option<_>>().map(AppliesTo::Roles),
            _ => None,
        };
        read.ok_or(serde::de::Error::custom("expected true, false or a list of roles"))
    }
}

impl JsonSchema for AppliesTo {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AppliesTo".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"default": false, "anyOf": [
            {"type": "boolean"},
            {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 64}},
        ]})
    }
}
