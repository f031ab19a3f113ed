//! The values of configuration keys, which are valid by construction.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::password::Secret;
use crate::user::{Role, ascii_domain};

/// A whole number from `MIN` to `MAX`, `DEFAULT` when absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Whole<const MIN: u64, const MAX: u64, const DEFAULT: u64>(u64);

impl<const MIN: u64, const MAX: u64, const DEFAULT: u64> Whole<MIN, MAX, DEFAULT> {
    /// Returns the number as a size.
    pub fn get(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// Returns the number as a count, for sums with counts of the store.
    pub fn count(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// Returns the number as a duration in seconds, for sums with times.
    pub fn seconds(self) -> i64 {
        self.count()
    }
}

impl<const MIN: u64, const MAX: u64, const DEFAULT: u64> Default for Whole<MIN, MAX, DEFAULT> {
    fn default() -> Self {
        Whole(DEFAULT)
    }
}

impl<'de, const MIN: u64, const MAX: u64, const DEFAULT: u64> Deserialize<'de> for Whole<MIN, MAX, DEFAULT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            number if (MIN..=MAX).contains(&number) => Ok(Whole(number)),
            _ => Err(serde::de::Error::custom(format_args!("expected a whole number from {MIN} to {MAX}"))),
        }
    }
}

impl<const MIN: u64, const MAX: u64, const DEFAULT: u64> JsonSchema for Whole<MIN, MAX, DEFAULT> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Whole_{MIN}_{MAX}_{DEFAULT}").into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": MIN, "maximum": MAX, "default": DEFAULT})
    }
}

/// A switch that is on by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct On(bool);

impl On {
    /// Returns whether it is on.
    pub fn is_on(self) -> bool {
        self.0
    }
}

impl From<bool> for On {
    fn from(is_on: bool) -> On {
        On(is_on)
    }
}

impl Default for On {
    fn default() -> On {
        On(true)
    }
}

impl JsonSchema for On {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "On".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "boolean", "default": true})
    }
}

/// The location of the store.
#[derive(Clone, Debug)]
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
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<StoreUrl, &'static str> {
        const EXPECTED: &str = "expected sqlite:PATH, sqlite::memory: or postgres://…";
        match text.split_once(':') {
            Some(("sqlite", ":memory:")) => Ok(StoreUrl::SqliteMemory),
            // Other software reads these forms differently, and each is also a valid file name.
            Some(("sqlite", path)) if path.starts_with("//") => Err(
                "sqlite:// is not known: sqlite:a.db is below the current folder, sqlite:/srv/a.db below the root",
            ),
            Some(("sqlite", path)) if path.contains('?') => {
                Err("sqlite: is followed by a path, which takes no parameters after a question mark")
            }
            Some(("sqlite", path)) if path.starts_with("file:") => {
                Err("sqlite: is followed by a path, not by a URI: leave file: out, or write ./file:")
            }
            Some(("sqlite", path)) if !path.is_empty() && !path.starts_with(':') && !path.contains('\0') => {
                Ok(StoreUrl::SqliteFile(PathBuf::from(path)))
            }
            Some(("postgres" | "postgresql", _)) => Ok(StoreUrl::Postgres(Secret::new(text))),
            _ => Err(EXPECTED),
        }
    }
}

crate::user::text_type!(StoreUrl, "default": "sqlite:doorward.db", "x-secret": true);

/// The URL of a service: `https://…`; `http://…` only if the host is `localhost` or a loopback address,
/// because a token is worth as much as a password. Neither user nor fragment.
#[derive(Clone)]
pub struct ServiceUrl(String);

impl ServiceUrl {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<ServiceUrl, &'static str> {
        const EXPECTED: &str = "expected https://HOST… or, for a loopback host, http://HOST…";
        let is_text = text.len() <= 2048 && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        let (scheme, rest) = text.split_once("://").filter(|_| is_text).ok_or(EXPECTED)?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        // A name, or an address in brackets (RFC 3986 section 3.2.2), and an optional port.
        let (host, port) = match authority.rfind(':').filter(|colon| authority.find(']') < Some(*colon)) {
            Some(colon) => (&authority[..colon], Some(&authority[colon + 1..])),
            None => (authority, None),
        };
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let (is_host, is_loopback) = match address.map(str::parse::<Ipv6Addr>) {
            Some(address) => (address.is_ok(), address.is_ok_and(|address| address.is_loopback())),
            None => {
                let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
                let is_loopback = host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
                (
                    !host.is_empty() && host.bytes().all(is_name),
                    is_loopback || host.eq_ignore_ascii_case("localhost"),
                )
            }
        };
        let is_port = port.is_none_or(|port| {
            port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        match scheme {
            _ if !is_host || !is_port => Err(EXPECTED),
            "https" => Ok(ServiceUrl(text.to_owned())),
            "http" if is_loopback => Ok(ServiceUrl(text.to_owned())),
            _ => Err(EXPECTED),
        }
    }
}

/// Shows the URL without its query, in which some services expect a key.
impl fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.0.split('?').next().unwrap_or_default())
    }
}

crate::user::text_type!(ServiceUrl, "format": "uri", "maxLength": 2048);

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
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<RpId, &'static str> {
        let is_domain = ascii_domain(text).is_some_and(|ascii| !text.is_empty() && ascii == text);
        let valid = is_domain && text.parse::<Ipv4Addr>().is_err();
        if valid { Ok(RpId(text.to_owned())) } else { Err("expected a domain, in lower case") }
    }
}

crate::user::text_type!(RpId, "minLength": 1, "maxLength": 253);

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
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<RpName, &'static str> {
        let valid = (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if valid { Ok(RpName(text.to_owned())) } else { Err("expected a name of 1 to 64 characters") }
    }
}

crate::user::text_type!(RpName, "minLength": 1, "maxLength": 64);

/// An origin as browsers write it, or the origin of an Android app: the hash of its signing certificate.
#[derive(Clone, Debug)]
pub struct Origin(String);

impl Origin {
    /// Returns the text, which is compared exactly.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Origin, &'static str> {
        let is_app = text.strip_prefix("android:apk-key-hash:").is_some_and(|hash| {
            hash.len() == 43 && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        });
        // Nothing may follow host and port, and the spelling must be a browser's (RFC 6454 section 6.2).
        let is_page = text.parse::<ServiceUrl>().is_ok()
            && text.split_once("://").is_some_and(|(_, rest)| !rest.contains(['/', '?']))
            && !text.bytes().any(|byte| byte.is_ascii_uppercase())
            && !(text.starts_with("https:") && text.ends_with(":443"))
            && !(text.starts_with("http:") && text.ends_with(":80"));
        match is_app || is_page {
            true => Ok(Origin(text.to_owned())),
            false => {
                Err("expected an origin: https://HOST or, for a loopback host, http://HOST, in lower case")
            }
        }
    }
}

crate::user::text_type!(Origin, "minLength": 1, "maxLength": 2048);

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
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<BearerToken, &'static str> {
        let inner = text.trim_end_matches('=');
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        let valid = !inner.is_empty() && text.len() <= 8192 && inner.bytes().all(allowed);
        if valid {
            Ok(BearerToken(Secret::new(text)))
        } else {
            Err("expected a token of RFC 6750 section 2.1")
        }
    }
}

crate::user::text_type!(BearerToken, "minLength": 1, "maxLength": 8192, "writeOnly": true, "x-secret": true);

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
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<BasicUsername, &'static str> {
        let valid = text.len() <= 1024 && !text.chars().any(|c| c == ':' || c.is_control());
        if valid { Ok(BasicUsername(text.to_owned())) } else { Err("expected a name without a colon") }
    }
}

crate::user::text_type!(BasicUsername, "maxLength": 1024);

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
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Issuer, &'static str> {
        let valid = (1..=1024).contains(&text.len()) && !text.chars().any(char::is_control);
        if valid { Ok(Issuer(text.to_owned())) } else { Err("expected an issuer of 1 to 1024 bytes") }
    }
}

crate::user::text_type!(Issuer, "minLength": 1, "default": "doorward");

/// `aud`: one text or several, none of them empty.
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

impl Default for Audience {
    fn default() -> Audience {
        Audience(vec!["doorward".to_owned()])
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Audience, D::Error> {
        let members = match Value::deserialize(deserializer)? {
            Value::String(one) => vec![Value::String(one)],
            Value::Array(several) => several,
            _ => Vec::new(),
        };
        let members: Option<Vec<String>> = members
            .into_iter()
            .map(|member| match member {
                Value::String(text) if !text.is_empty() => Some(text),
                _ => None,
            })
            .collect();
        match members {
            Some(members) if !members.is_empty() => Ok(Audience(members)),
            _ => Err(serde::de::Error::custom("expected a text or a list of texts, none of them empty")),
        }
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
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<AppliesTo, D::Error> {
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
    type Err = ();

    fn from_str(name: &str) -> std::result::Result<SigningAlgorithm, ()> {
        SigningAlgorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name).ok_or(())
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}
