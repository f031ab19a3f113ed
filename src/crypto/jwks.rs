//! The public keys of another issuer, a JWK Set (RFC 7517), and the verification of the ID tokens that they
//! signed. As in `jws`, the key determines the algorithm, and the header has to agree.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
};
use serde_json::Value;

use super::jws::{Flaw, Header, MAX_TOKEN_BYTES, UNKNOWN_KEY};
use super::public_key;
use crate::config::IdTokenAlgorithm;
use crate::types::base64url::from_base64url;
use crate::types::strict::Object;

/// How many keys of a set are read; real sets have a few.
const MAX_KEYS: usize = 100;

/// How many keys are tried if a token does not name its key.
const MAX_TRIES: usize = 10;

/// The `typ` of an ID token, if it has one. Access tokens have `at+jwt` (RFC 9068), and other kinds have
/// their own.
const TYPE: &str = "JWT";

/// The keys of a set that verify one of the allowed algorithms; at least one.
pub(crate) struct Jwks(Vec<PublicKey>);

/// The content of a verified token.
pub(crate) struct Signed {
    /// The claims, as JSON.
    pub claims: String,
    /// The issuer that the key belongs to, if its JWK names one: Microsoft Entra publishes the keys of many
    /// issuers in one set.
    pub key_issuer: Option<String>,
}

struct PublicKey {
    issuer: Option<String>,
    kid: Option<String>,
    algorithm: IdTokenAlgorithm,
    key: ParsedPublicKey,
}

/// A set that was parsed.
pub(crate) struct ReadSet {
    /// The usable keys, or why there are none.
    pub keys: Result<Jwks, Flaw>,
    /// The members that should be keys but are not usable.
    pub bad: Vec<BadMember>,
}

/// The keys that may have signed a token.
struct Signers<'k> {
    keys: Vec<&'k PublicKey>,
    /// Whether the token's header names them.
    are_named: bool,
}

/// A member of a set that is not a usable key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadMember {
    pub index: usize,
    pub reason: &'static str,
}

impl Jwks {
    /// Parses a set for `algorithms`. Members that are not usable do not affect the others. Members that are
    /// not keys are ignored (RFC 7517 section 5).
    pub(crate) fn read(Object(set): &Object, algorithms: &[IdTokenAlgorithm]) -> ReadSet {
        let flawed = |reason| ReadSet { keys: Err(Flaw(reason)), bad: Vec::new() };
        let Some(Value::Array(jwks)) = set.get("keys") else { return flawed("no_key_set") };
        if jwks.len() > MAX_KEYS {
            return flawed("too_many_keys");
        }
        let mut keys = Vec::new();
        let mut bad = Vec::new();
        for (index, jwk) in jwks.iter().enumerate() {
            match usable(jwk, algorithms) {
                Ok(usable) => keys.extend(usable),
                Err(reason) => bad.push(BadMember { index, reason }),
            }
        }
        let keys = if keys.is_empty() { Err(Flaw("no_usable_key")) } else { Ok(Jwks(keys)) };
        ReadSet { keys, bad }
    }

    /// Returns the claims of an ID token that one of the keys signed.
    pub(crate) fn verify(&self, token: &str) -> Result<Signed, Flaw> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Flaw("too_long"));
        }
        let (input, signature) = token.rsplit_once('.').ok_or(Flaw("malformed"))?;
        let (header, claims) = input.split_once('.').ok_or(Flaw("malformed"))?;
        let signature = from_base64url(signature).ok_or(Flaw("malformed_signature"))?;
        let header = Header::parse(header)?;
        if header.typ.is_some() && !header.is_of_type(TYPE) {
            return Err(Flaw("wrong_type"));
        }
        let Signers { keys, are_named } = self.signers(&header)?;
        let signed = |signer: &&&PublicKey| signer.key.verify_sig(input.as_bytes(), &signature).is_ok();
        // An unnamed key may belong to a newer set.
        let unsigned = if are_named { Flaw("bad_signature") } else { UNKNOWN_KEY };
        let key_issuer = keys.iter().find(signed).ok_or(unsigned)?.issuer.clone();
        let claims = from_base64url(claims).ok_or(Flaw("malformed_claims"))?;
        let claims = String::from_utf8(claims).map_err(|_| Flaw("malformed_claims"))?;
        Ok(Signed { claims, key_issuer })
    }

    /// Returns the keys that may have signed a token with this header: the keys with its `kid`; if none has
    /// it, the keys without a name; if the header has none, all keys.
    fn signers(&self, header: &Header) -> Result<Signers<'_>, Flaw> {
        let of = |kid: &Option<String>| self.0.iter().filter(|key| key.kid == *kid).collect::<Vec<_>>();
        let (found, are_named) = match &header.kid {
            None => (self.0.iter().collect(), false),
            Some(_) => match of(&header.kid) {
                named if named.is_empty() => (of(&None), false),
                named => (named, true),
            },
        };
        let agrees = |key: &&PublicKey| header.alg.as_deref().is_some_and(|alg| key.algorithm.is_named(alg));
        let keys: Vec<&PublicKey> = found.into_iter().filter(agrees).collect();
        match keys.len() {
            0 if header.kid.is_some() && !are_named => Err(UNKNOWN_KEY),
            0 => Err(Flaw("wrong_algorithm")),
            1..=MAX_TRIES => Ok(Signers { keys, are_named }),
            _ => Err(Flaw("ambiguous_key")),
        }
    }
}

/// Returns the keys that a member of a set represents, one for each of the algorithms that it may be used
/// with (RFC 7517 section 4, RFC 7518 section 6, RFC 8037); none, if it has another purpose. A member of the
/// wrong type does not count as absent, but `null` does.
fn usable(jwk: &Value, algorithms: &[IdTokenAlgorithm]) -> Result<Vec<PublicKey>, public_key::Flaw> {
    let jwk = jwk.as_object().ok_or("not_an_object")?;
    let member = |name: &str| jwk.get(name).filter(|value| !value.is_null());
    let text = |name: &str| match member(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err("wrong_type"),
    };
    let bytes = |name: &str| text(name)?.and_then(padded_base64url).ok_or("malformed");
    let is_to_verify = match member("key_ops") {
        None => true,
        Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "verify"),
        Some(_) => return Err("wrong_type"),
    };
    if ["d", "k"].iter().any(|name| member(name).is_some()) {
        // Every reader of the set could sign with it.
        return Err("secret_key");
    }
    let kty = text("kty")?;
    let crv = text("crv")?;
    let kid = text("kid")?;
    let alg = text("alg")?;
    if !is_to_verify || text("use")?.is_some_and(|purpose| purpose != "sig") {
        return Ok(Vec::new());
    }
    let mut keys = Vec::new();
    for algorithm in algorithms.iter().filter(|algorithm| alg.is_none_or(|alg| algorithm.is_named(alg))) {
        let key = match (algorithm, kty.ok_or("no_type")?, crv) {
            (IdTokenAlgorithm::Rs256, "RSA", _) => {
                public_key::rsa(&bytes("n")?, &bytes("e")?, &RSA_PKCS1_2048_8192_SHA256)?
            }
            (IdTokenAlgorithm::Ps256, "RSA", _) => {
                public_key::rsa(&bytes("n")?, &bytes("e")?, &RSA_PSS_2048_8192_SHA256)?
            }
            (IdTokenAlgorithm::Es256, "EC", Some("P-256")) => {
                public_key::p256(&bytes("x")?, &bytes("y")?, &ECDSA_P256_SHA256_FIXED)?
            }
            (IdTokenAlgorithm::EdDsa, "OKP", Some("Ed25519")) => public_key::ed25519(&bytes("x")?)?,
            _ => continue,
        };
        let issuer = jwk.get("issuer").and_then(Value::as_str).map(str::to_owned);
        keys.push(PublicKey { issuer, kid: kid.map(str::to_owned), algorithm: *algorithm, key });
    }
    Ok(keys)
}

/// Decodes like [`from_base64url`], but tolerates the padding that some providers add (RFC 7515 section 2 has
/// none).
fn padded_base64url(text: &str) -> Option<Vec<u8>> {
    let unpadded = text.trim_end_matches('=');
    let padding = text.len() - unpadded.len();
    if padding == 0 || (padding <= 2 && text.len().is_multiple_of(4)) {
        from_base64url(unpadded)
    } else {
        None
    }
}
