//! The claims of a JSON Web Token (RFC 7519), parsed as strictly as its signature is verified.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::config::SubjectClaim;
use crate::error::{Code, Error, Result};
use crate::types::id::Id;
use crate::types::strict::{Strict, Text};

/// The claims that decide about a token. Each has the right type: a wrong type never counts as absent (RFC
/// 8725 section 3.1). All other claims only have to be JSON without duplicate keys.
pub(crate) struct Registered<'t> {
    pub(crate) iss: Option<Cow<'t, str>>,
    pub(crate) sub: Cow<'t, str>,
    pub(crate) aud: Vec<Cow<'t, str>>,
    pub(crate) exp: i64,
    pub(crate) nbf: Option<i64>,
    pub(crate) iat: Option<i64>,
    sid: Option<Cow<'t, str>>,
    pub(crate) scope: Option<Cow<'t, str>>,
    pub(crate) auth_time: Option<i64>,
    pub(crate) jti: Option<Cow<'t, str>>,
    pub(crate) account_epoch: Option<i64>,
}

impl<'t> Registered<'t> {
    pub(crate) fn parse(text: &'t str, subject_claim: SubjectClaim) -> serde_json::Result<Registered<'t>> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let claims = deserializer.deserialize_map(RegisteredVisitor(subject_claim))?;
        deserializer.end().map(|()| claims)
    }

    /// Returns the session that the token belongs to, if there is one.
    pub(crate) fn session_id(&self) -> Result<Option<Id>> {
        let parse =
            |sid: &Cow<str>| sid.parse().map_err(|_| Error::new(Code::InvalidToken, "malformed_claims"));
        self.sid.as_ref().map(parse).transpose()
    }
}

struct RegisteredVisitor(SubjectClaim);

impl<'de> Visitor<'de> for RegisteredVisitor {
    type Value = Registered<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a claims set")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Registered<'de>, A::Error> {
        use serde::de::Error;
        let mut iss = None;
        let mut sub = None;
        let mut aud = None;
        let mut exp = None;
        let mut nbf = None;
        let mut iat = None;
        let mut sid = None;
        let mut scope = None;
        let mut client_id = None;
        let subject_claim = self.0.name();
        let mut jti = None;
        let mut auth_time = None;
        let mut amr = None;
        let mut account_epoch = None;
        let mut others: Vec<Cow<'de, str>> = Vec::new();
        while let Some(Text(name)) = entries.next_key()? {
            let is_first = match name.as_ref() {
                name if name == subject_claim => sub.replace(entries.next_value::<Text>()?.0).is_none(),
                "iss" => iss.replace(entries.next_value::<Text>()?.0).is_none(),
                "aud" => aud.replace(entries.next_value::<Members>()?.0).is_none(),
                "exp" => exp.replace(entries.next_value::<NumericDate>()?.0).is_none(),
                "nbf" => nbf.replace(entries.next_value::<NumericDate>()?.0).is_none(),
                "iat" => iat.replace(entries.next_value::<NumericDate>()?.0).is_none(),
                "sid" => sid.replace(entries.next_value::<Text>()?.0).is_none(),
                "scope" => scope.replace(entries.next_value::<Text>()?.0).is_none(),
                "client_id" => client_id.replace(entries.next_value::<Text>()?.0).is_none(),
                "jti" => jti.replace(entries.next_value::<Text>()?.0).is_none(),
                "auth_time" => auth_time.replace(entries.next_value::<NumericDate>()?.0).is_none(),
                "account_epoch" => account_epoch.replace(entries.next_value::<i64>()?).is_none(),
                "amr" => amr.replace(entries.next_value::<Members>()?.0).is_none(),
                _ => {
                    entries.next_value_seed(Strict(2))?;
                    let is_first = !others.contains(&name);
                    others.push(name);
                    is_first
                }
            };
            if !is_first {
                return Err(A::Error::custom("duplicate key"));
            }
        }
        Ok(Registered {
            iss,
            sub: sub.filter(|sub| !sub.is_empty()).ok_or_else(|| A::Error::missing_field("sub"))?,
            aud: aud.ok_or_else(|| A::Error::missing_field("aud"))?,
            exp: exp.ok_or_else(|| A::Error::missing_field("exp"))?,
            nbf,
            iat,
            sid,
            scope,
            auth_time,
            jti,
            account_epoch,
        })
    }
}

/// Seconds since 1970; a fraction (RFC 7519 section 2) is cut off.
pub(crate) struct NumericDate(pub i64);

impl NumericDate {
    /// Reads the date of a claim.
    pub(crate) fn of(claim: &Value) -> Option<i64> {
        NumericDate::deserialize(claim).ok().map(|NumericDate(seconds)| seconds)
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NumericDate, D::Error> {
        deserializer.deserialize_any(NumericDateVisitor)
    }
}

struct NumericDateVisitor;

impl Visitor<'_> for NumericDateVisitor {
    type Value = NumericDate;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a number of seconds")
    }
    fn visit_i64<E>(self, seconds: i64) -> Result<NumericDate, E> {
        Ok(NumericDate(seconds))
    }
    fn visit_u64<E: serde::de::Error>(self, seconds: u64) -> Result<NumericDate, E> {
        i64::try_from(seconds).map(NumericDate).map_err(E::custom)
    }
    fn visit_f64<E: serde::de::Error>(self, seconds: f64) -> Result<NumericDate, E> {
        // Beyond this a float is no longer exactly the number that was written.
        const EXACT: f64 = (1_i64 << 53) as f64;
        match seconds.abs() < EXACT {
            true => Ok(NumericDate(seconds.floor() as i64)),
            false => Err(E::custom("out of range")),
        }
    }
}

/// `aud`: one text or a list of texts (RFC 7519 section 4.1.3).
struct Members<'t>(Vec<Cow<'t, str>>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Members<'de>, D::Error> {
        deserializer.deserialize_any(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }
    fn visit_borrowed_str<E>(self, one: &'de str) -> Result<Members<'de>, E> {
        Ok(Members(vec![one.into()]))
    }
    fn visit_str<E>(self, one: &str) -> Result<Members<'de>, E> {
        Ok(Members(vec![one.to_owned().into()]))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(Text(member)) = seq.next_element()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
