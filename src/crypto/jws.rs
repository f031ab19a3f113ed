//! JSON Web Signatures in compact serialization (RFC 7515), as strict as RFC 8725 asks. The key and
//! the algorithm come from the key ring by `kid`; the header can only agree with it.

use std::borrow::Cow;
use std::fmt;

use aws_lc_rs::hmac;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{base64url, from_base64url, random};
use crate::config::SigningAlgorithm;
use crate::error::{Code, Error, Result};
use crate::json::{Strict, Text};

/// `typ` of an access token (RFC 9068 section 2.1).
const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// The longest token that is looked at. Real ones have a few hundred bytes.
pub(crate) const MAX_TOKEN_BYTES: usize = 16_384;

/// The longest header of another's making that is read.
const MAX_HEADER_BYTES: usize = 1_024;

/// A signing key, parsed once.
pub(crate) struct Key {
    kid: String,
    algorithm: SigningAlgorithm,
    hmac: hmac::Key,
    /// The encoded header of every access token that this key signs.
    header: String,
}

/// Why a token is refused: for the host's logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flaw(pub &'static str);

impl Key {
    /// A key of `kid` from the bytes that [`Key::generate`] made.
    pub(crate) fn new(kid: String, algorithm: SigningAlgorithm, secret: &[u8]) -> Key {
        let header = format!(r#"{{"alg":"{algorithm}","kid":"{kid}","typ":"{ACCESS_TOKEN_TYPE}"}}"#);
        let hmac = match algorithm {
            SigningAlgorithm::Hs256 => hmac::Key::new(hmac::HMAC_SHA256, secret),
        };
        Key { kid, algorithm, hmac, header: base64url(header.as_bytes()) }
    }

    /// A new `kid` and the secret bytes of a new key.
    pub(crate) fn generate() -> Result<(String, Zeroizing<Vec<u8>>)> {
        Ok((base64url(&random::<9>()?), Zeroizing::new(random::<32>()?.to_vec())))
    }

    /// The access token with these claims, a JSON text.
    pub(crate) fn sign(&self, claims: &str) -> String {
        let mut token = format!("{}.{}", self.header, base64url(claims.as_bytes()));
        let signature = hmac::sign(&self.hmac, token.as_bytes());
        token.push('.');
        token.push_str(&base64url(signature.as_ref()));
        token
    }
}

/// The claims, a text, of an access token that one of the `keys` signed.
pub(crate) fn verify(token: &str, keys: &[Key]) -> std::result::Result<String, Flaw> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(Flaw("too_long"));
    }
    let (input, signature) = token.rsplit_once('.').ok_or(Flaw("malformed"))?;
    let (header, claims) = input.split_once('.').ok_or(Flaw("malformed"))?;
    // A header of our own making is known to the letter; any other is read.
    let key = match keys.iter().find(|key| key.header == header) {
        Some(key) => key,
        None => Header::parse(header)?.key(keys)?,
    };
    let signature = from_base64url(signature).ok_or(Flaw("malformed_signature"))?;
    hmac::verify(&key.hmac, input.as_bytes(), &signature).map_err(|_| Flaw("bad_signature"))?;
    let claims = from_base64url(claims).ok_or(Flaw("malformed_claims"))?;
    String::from_utf8(claims).map_err(|_| Flaw("malformed_claims"))
}

/// What a JOSE header says that matters. `jku`, `jwk`, `x5u` and the like are not even kept: keys
/// come from the ring.
#[derive(Default)]
struct Header {
    alg: Option<String>,
    typ: Option<String>,
    kid: Option<String>,
    has_extension: bool,
}

impl Header {
    fn parse(segment: &str) -> std::result::Result<Header, Flaw> {
        if segment.len() > MAX_HEADER_BYTES {
            return Err(Flaw("too_long"));
        }
        let bytes = from_base64url(segment).ok_or(Flaw("malformed_header"))?;
        serde_json::from_slice(&bytes).map_err(|_| Flaw("malformed_header"))
    }

    fn key(self, keys: &[Key]) -> std::result::Result<&Key, Flaw> {
        if self.has_extension {
            return Err(Flaw("critical_extension"));
        }
        let typ = self.typ.ok_or(Flaw("wrong_type"))?.to_ascii_lowercase();
        if typ.strip_prefix("application/").unwrap_or(&typ) != ACCESS_TOKEN_TYPE {
            return Err(Flaw("wrong_type"));
        }
        let kid = self.kid.ok_or(Flaw("unknown_key"))?;
        let key = keys.iter().find(|key| key.kid == kid).ok_or(Flaw("unknown_key"))?;
        let agrees = self.alg.is_some_and(|alg| alg == key.algorithm.to_string());
        if agrees { Ok(key) } else { Err(Flaw("wrong_algorithm")) }
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Header, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JOSE header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> std::result::Result<Header, A::Error> {
        let mut header = Header::default();
        let mut seen: Vec<Cow<'de, str>> = Vec::new();
        while let Some(Text(name)) = entries.next_key()? {
            if seen.contains(&name) {
                return Err(serde::de::Error::custom("duplicate key"));
            }
            match name.as_ref() {
                "alg" => header.alg = Some(entries.next_value()?),
                "typ" => header.typ = Some(entries.next_value()?),
                "kid" => header.kid = Some(entries.next_value()?),
                // We understand no extension, and `b64` (RFC 7797) changes what was signed.
                "crit" | "b64" => {
                    header.has_extension = true;
                    entries.next_value_seed(Strict(2))?;
                }
                _ => {
                    let _: Value = entries.next_value_seed(Strict(2))?;
                }
            }
            seen.push(name);
        }
        Ok(header)
    }
}

/// An error of a token, never more than `invalid_token` to the user.
impl From<Flaw> for Error {
    fn from(Flaw(reason): Flaw) -> Error {
        Error::new(Code::InvalidToken, reason)
    }
}
