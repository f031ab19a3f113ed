//! The claims of an ID token (OpenID Connect Core section 2), read as strictly as its signature is: duplicate keys
//! are refused, and a claim of the wrong type is never one that is absent.

use serde_json::Value;

use super::jws::Flaw;
use crate::error::Code;
use crate::json::{self, Object};

/// The claims that decide, and those that say who it is.
pub(crate) struct IdClaims {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) aud: Vec<String>,
    pub(crate) azp: Option<String>,
    pub(crate) exp: i64,
    pub(crate) iat: i64,
    pub(crate) nbf: Option<i64>,
    pub(crate) nonce: Option<String>,
    pub(crate) email: Option<String>,
    /// Only where it is `true`: some providers write texts, and not even `"true"` is one.
    pub(crate) email_verified: bool,
    pub(crate) preferred_username: Option<String>,
    pub(crate) locale: Option<String>,
}

impl IdClaims {
    pub(crate) fn parse(text: &str) -> std::result::Result<IdClaims, Flaw> {
        let Object(claims) = json::parse(text, Code::InvalidToken).map_err(|_| Flaw("malformed_claims"))?;
        let wrong = Flaw("malformed_claims");
        let text = |name: &str| match claims.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong),
        };
        let time = |name: &str| match claims.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => seconds(number).ok_or(wrong).map(Some),
            Some(_) => Err(wrong),
        };
        let aud = match claims.get("aud") {
            Some(Value::String(one)) => Some(vec![one.clone()]),
            Some(Value::Array(several)) => {
                several.iter().map(|member| member.as_str().map(str::to_owned)).collect()
            }
            _ => None,
        };
        Ok(IdClaims {
            iss: text("iss")?.ok_or(wrong)?,
            // Section 2: at most 255 ASCII characters; some providers are freer with the characters.
            sub: text("sub")?.filter(|sub| (1..=255).contains(&sub.len())).ok_or(wrong)?,
            aud: aud.ok_or(wrong)?,
            azp: text("azp")?,
            exp: time("exp")?.ok_or(wrong)?,
            iat: time("iat")?.ok_or(wrong)?,
            nbf: time("nbf")?,
            nonce: text("nonce")?,
            email: text("email")?,
            email_verified: claims.get("email_verified") == Some(&Value::Bool(true)),
            preferred_username: text("preferred_username")?,
            locale: text("locale")?,
        })
    }
}

/// A NumericDate, which may have a fraction (RFC 7519 section 2). Beyond the clock's range it is nothing.
fn seconds(number: &serde_json::Number) -> Option<i64> {
    const RANGE: std::ops::Range<i64> = 0..1 << 40;
    let fraction = || number.as_f64().map(|seconds| seconds.floor() as i64);
    number.as_i64().or_else(fraction).filter(|seconds| RANGE.contains(seconds))
}
