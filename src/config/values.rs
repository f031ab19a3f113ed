//! The texts and numbers of configuration keys, which are valid by construction.

use std::path::PathBuf;
use std::str::FromStr;

use serde::Serialize;

use crate::types::parse_error::ParseError;
use crate::types::secret::Secret;
use crate::types::user::ascii_domain;
use crate::types::whole::{Seconds, Whole};

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

/// How many sessions of its own a user may have at once; 0: any number.
pub type MaxSessionsPerUser = Whole<0, 1000, 0>;

/// How many passwords of an account, the present one included, may not be chosen again.
pub type PasswordHistory = Whole<0, 24, 0>;

/// After how many days a password must be changed; 0: never.
pub type PasswordMaxAgeDays = Whole<0, 3_650, 0>;

/// How many days an event is kept.
pub type RetentionDays = Whole<1, 36_500, 400>;
