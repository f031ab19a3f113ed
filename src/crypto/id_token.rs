//! The claims of an ID token (OpenID Connect Core section 2). Claims that decide are parsed as strictly as
//! the signature is verified: a wrong type never counts as absent. Claims that only describe the user are
//! dropped if they are invalid.

use serde_json::Value;

use super::claims::NumericDate;
use super::jws::Flaw;
use crate::error::Code;
use crate::json;
use crate::types::strict::Object;

/// The claims that decide, and those that describe the user.
pub(crate) struct IdClaims {
    pub(crate) user: ProviderUser,
    pub(crate) aud: Vec<String>,
    pub(crate) azp: Option<String>,
    pub(crate) exp: i64,
    pub(crate) iat: i64,
    pub(crate) nbf: Option<i64>,
    /// The nonce. A value that is not text matches no request.
    pub(crate) nonce: Option<String>,
    /// The tenant of Microsoft Entra.
    pub(crate) tid: Option<String>,
}

/// A user of a provider, and what the provider says about them and their login.
pub(crate) struct ProviderUser {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) email: Option<String>,
    pub(crate) email_verified: bool,
    pub(crate) preferred_username: Option<String>,
    pub(crate) locale: Option<String>,
    pub(crate) acr: Option<String>,
    pub(crate) amr: Vec<String>,
    pub(crate) auth_time: Option<i64>,
}

/// The range of a clock.
const CLOCK: std::ops::Range<i64> = 0..1 << 40;

impl IdClaims {
    /// `email_verified` is the name of the claim that says that the address is verified.
    pub(crate) fn parse(text: &str, email_verified: &str) -> Result<IdClaims, Flaw> {
        let Object(claims) = json::parse(text, Code::InvalidToken).map_err(|_| Flaw("malformed_claims"))?;
        let wrong = Flaw("malformed_claims");
        let claim = |name: &str| claims.get(name).filter(|claim| !claim.is_null());
        // A security event, such as a logout token, which a provider signs for the same audience and often with
        // the same `typ` (RFC 8417 section 2.2, OpenID Connect Back-Channel Logout section 2.4).
        if claim("events").is_some() {
            return Err(Flaw("wrong_type"));
        }
        let text = |name: &str| match claim(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong),
        };
        let time = |name: &str| match claim(name) {
            None => Ok(None),
            Some(claim) => NumericDate::of(claim).filter(|it| CLOCK.contains(it)).ok_or(wrong).map(Some),
        };
        let texts = |claim: Option<&Value>| {
            let texts = claim?.as_array()?.iter().map(|member| member.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<String>>>()
        };
        let aud = match claim("aud") {
            Some(Value::String(one)) => Some(vec![one.clone()]),
            several => texts(several),
        };
        // These are stored with the session, so their length is limited.
        let describes = |name: &str| text(name).ok().flatten().filter(|text| (1..=255).contains(&text.len()));
        let is_method = |method: &String| (1..=64).contains(&method.len());
        let amr = texts(claim("amr")).filter(|amr| amr.len() <= 16 && amr.iter().all(is_method));
        let user = ProviderUser {
            iss: text("iss")?.ok_or(wrong)?,
            // Section 2: at most 255 ASCII characters; some providers use other characters, too.
            sub: text("sub")?.filter(|sub| (1..=255).contains(&sub.len())).ok_or(wrong)?,
            email: describes("email"),
            email_verified: claim(email_verified).is_some_and(is_true),
            preferred_username: describes("preferred_username"),
            locale: describes("locale"),
            acr: describes("acr"),
            amr: amr.unwrap_or_default(),
            auth_time: time("auth_time").unwrap_or_default(),
        };
        Ok(IdClaims {
            user,
            aud: aud.ok_or(wrong)?,
            azp: text("azp")?,
            exp: time("exp")?.ok_or(wrong)?,
            iat: time("iat")?.ok_or(wrong)?,
            nbf: time("nbf")?,
            nonce: text("nonce").unwrap_or_default(),
            tid: describes("tid"),
        })
    }
}

/// Returns whether a claim says yes. Apple writes it as a text, and Microsoft Entra as a number in a text, too.
pub(crate) fn is_true(claim: &Value) -> bool {
    *claim == true || *claim == "true" || *claim == "1"
}
