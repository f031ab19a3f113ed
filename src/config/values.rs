//! The values of configuration keys, which are valid by construction.

use crate::types::parse_error::ParseError;
use crate::types::whole::{Seconds, Whole};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::types::secret::Secret;
use crate::types::user::{Role, ascii_domain};

/// The location of the store.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StoreUrl {
    /// `sqlite:PATH`: one file.
    SqliteFile(PathBuf),
    /// `sqlite::memory:`: gone with the engine.
    SqliteMemory,
    /// `postgres://…`, a secret: it may hold a password.
    Postgres(Secret),
}

impl Default for StoreUrl {
    fn default() -> StoreUrl {
        StoreUrl::SqliteFile(PathBuf::from("doorward.db"))
    }
}

impl FromStr for StoreUrl {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<StoreUrl, ParseError> {
        const EXPECTED: &str = "expected sqlite:PATH, sqlite::memory: or postgres://…";
        match text.split_once(':') {
            Some(("sqlite", ":memory:")) => Ok(StoreUrl::SqliteMemory),
            // Other software reads these forms differently, and each is also a valid file name.
            Some(("sqlite", path)) if path.starts_with("//") => Err(ParseError::new(
                "sqlite:// is not known: sqlite:a.db is below the current folder, sqlite:/srv/a.db below the root",
            )),
            Some(("sqlite", path)) if path.contains('?') => Err(ParseError::new(
                "sqlite: is followed by a path, which takes no parameters after a question mark",
            )),
            Some(("sqlite", path)) if path.starts_with("file:") => Err(ParseError::new(
                "sqlite: is followed by a path, not by a URI: leave file: out, or write ./file:",
            )),
            Some(("sqlite", path)) if !path.is_empty() && !path.starts_with(':') && !path.contains('\0') => {
                Ok(StoreUrl::SqliteFile(PathBuf::from(path)))
            }
            Some(("postgres" | "postgresql", _)) => Ok(StoreUrl::Postgres(Secret::new(text))),
            _ => Err(ParseError::new(EXPECTED)),
        }
    }
}

crate::types::text::text_type!(StoreUrl, "default": "sqlite:doorward.db", "x-secret": true);

/// A domain in lower case, as an A-label.
#[derive(Clone, Debug)]
pub struct RpId(String);

impl RpId {
    /// Returns the domain.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RpId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<RpId, ParseError> {
        let is_domain = ascii_domain(text).is_some_and(|ascii| !text.is_empty() && ascii == text);
        match is_domain {
            true => Ok(RpId(text.to_owned())),
            false => Err(ParseError::new("expected a domain, in lower case")),
        }
    }
}

crate::types::text::text_type!(RpId, "minLength": 1, "maxLength": 253);

/// The name of a service in authenticators: 1 to 64 characters.
#[derive(Clone, Debug)]
pub struct RpName(String);

impl RpName {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RpName {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<RpName, ParseError> {
        let valid = (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if valid {
            Ok(RpName(text.to_owned()))
        } else {
            Err(ParseError::new("expected a name of 1 to 64 characters"))
        }
    }
}

crate::types::text::text_type!(RpName, "minLength": 1, "maxLength": 64);

/// An access token as a header transports it: `b64token` of RFC 6750 section 2.1.
#[derive(Clone, Debug)]
pub struct BearerToken(Secret);

impl BearerToken {
    /// Returns the text.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl FromStr for BearerToken {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<BearerToken, ParseError> {
        let inner = text.trim_end_matches('=');
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        let valid = !inner.is_empty() && text.len() <= 8192 && inner.bytes().all(allowed);
        if valid {
            Ok(BearerToken(Secret::new(text)))
        } else {
            Err(ParseError::new("expected a token of RFC 6750 section 2.1"))
        }
    }
}

crate::types::text::text_type!(BearerToken, "minLength": 1, "maxLength": 8192, "writeOnly": true, "x-secret": true);

/// A user-id of RFC 7617, which contains no colon.
#[derive(Clone, Debug)]
pub struct BasicUsername(String);

impl BasicUsername {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BasicUsername {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<BasicUsername, ParseError> {
        let valid = text.len() <= 1024 && !text.chars().any(|c| c == ':' || c.is_control());
        if valid {
            Ok(BasicUsername(text.to_owned()))
        } else {
            Err(ParseError::new("expected a name without a colon"))
        }
    }
}

crate::types::text::text_type!(BasicUsername, "maxLength": 1024);

/// `iss`: not empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Issuer(String);

impl Issuer {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Issuer {
    fn default() -> Issuer {
        Issuer("doorward".to_owned())
    }
}

impl FromStr for Issuer {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Issuer, ParseError> {
        let valid = (1..=1024).contains(&text.len()) && !text.chars().any(char::is_control);
        if valid {
            Ok(Issuer(text.to_owned()))
        } else {
            Err(ParseError::new("expected an issuer of 1 to 1024 bytes"))
        }
    }
}

crate::types::text::text_type!(Issuer, "minLength": 1, "default": "doorward");

/// `aud`: one text or several, none of them empty or with a NUL character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Audience(Vec<String>);

impl Audience {
    /// Returns the members, at least one.
    pub fn members(&self) -> &[String] {
        &self.0
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

/// The signature algorithm of tokens (RFC 7518).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// HMAC with SHA-256.
    #[default]
    #[serde(rename = "HS256")]
    Hs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519 (RFC 8037).
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256, 2048 bits.
    #[serde(rename = "PS256")]
    Ps256,
}

impl SigningAlgorithm {
    const ALL: [SigningAlgorithm; 5] = [
        SigningAlgorithm::Hs256,
        SigningAlgorithm::Es256,
        SigningAlgorithm::EdDsa,
        SigningAlgorithm::Rs256,
        SigningAlgorithm::Ps256,
    ];

    fn name(self) -> &'static str {
        match self {
            SigningAlgorithm::Hs256 => "HS256",
            SigningAlgorithm::Es256 => "ES256",
            SigningAlgorithm::EdDsa => "EdDSA",
            SigningAlgorithm::Rs256 => "RS256",
            SigningAlgorithm::Ps256 => "PS256",
        }
    }
}

impl FromStr for SigningAlgorithm {
    type Err = ParseError;

    fn from_str(name: &str) -> Result<SigningAlgorithm, ParseError> {
        SigningAlgorithm::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or(ParseError::new("expected one of HS256, ES256, EdDSA, RS256, PS256"))
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name of a backend: letters, digits, `-` and `_`; not `default`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct BackendName(String);

impl BackendName {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BackendName {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<BackendName, ParseError> {
        let valid = is_name(text) && text != "default";
        if valid { Ok(BackendName(text.to_owned())) } else { Err(ParseError::new(BACKEND_NAME)) }
    }
}

const BACKEND_NAME: &str = "expected 1 to 64 of ASCII letters, digits, `-` and `_`; `default` is described by the keys beside `backends`";

crate::types::text::text_type!(BackendName, "minLength": 1, "maxLength": 64);

pub(super) fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// The lifetime of an access token.
pub type AccessTokenSeconds = Seconds<1, 2_592_000, 900>;

/// The lifetime of an unused refresh token.
pub type RefreshTokenSeconds = Seconds<1, 31_536_000, 2_592_000>;

/// The lifetime of a session.
pub type SessionMaxSeconds = Seconds<1, 315_360_000, 7_776_000>;

/// How many days an event is kept.
pub type RetentionDays = Whole<1, 36_500, 400>;
