//! The public keys of another issuer, a JWK Set (RFC 7517), and the ID tokens that they signed. As in `jws` the
//! algorithm is the key's: the header can only agree with it.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents, VerificationAlgorithm,
};
use serde_json::{Map, Value};

use super::from_base64url;
use super::jws::{Flaw, Header, MAX_TOKEN_BYTES, UNKNOWN_KEY};
use crate::config::IdTokenAlgorithm;
use crate::json::Object;

/// The most keys of a set that are read; real ones have a few.
const MAX_KEYS: usize = 100;

/// `typ` of an ID token, where it has one. That of an access token is `at+jwt` (RFC 9068), of others theirs.
const TYPE: &str = "JWT";

/// The keys of a set that can verify by the allowed algorithms: at least one.
pub(crate) struct Jwks(Vec<PublicKey>);

struct PublicKey {
    kid: Option<String>,
    algorithm: IdTokenAlgorithm,
    key: ParsedPublicKey,
}

impl Jwks {
    /// Reads a set. What is in it beside keys for `algorithms` is passed over (RFC 7517 section 5): secret keys,
    /// too, because who reads the set could sign with them.
    pub(crate) fn read(
        Object(set): &Object,
        algorithms: &[IdTokenAlgorithm],
    ) -> std::result::Result<Jwks, Flaw> {
        let Some(Value::Array(jwks)) = set.get("keys") else { return Err(Flaw("no_key_set")) };
        if jwks.len() > MAX_KEYS {
            return Err(Flaw("too_many_keys"));
        }
        let jwks = jwks.iter().filter_map(Value::as_object);
        let keys = jwks.flat_map(|jwk| algorithms.iter().filter_map(|algorithm| usable(jwk, *algorithm)));
        let keys: Vec<PublicKey> = keys.collect();
        if keys.is_empty() { Err(Flaw("no_usable_key")) } else { Ok(Jwks(keys)) }
    }

    /// The claims, a text, of an ID token that one of the keys signed.
    pub(crate) fn verify(&self, token: &str) -> std::result::Result<String, Flaw> {
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
        let key = self.signer(&header)?;
        key.key.verify_sig(input.as_bytes(), &signature).map_err(|_| match header.kid {
            Some(_) => Flaw("bad_signature"),
            // It may be that of a newer set.
            None => UNKNOWN_KEY,
        })?;
        let claims = from_base64url(claims).ok_or(Flaw("malformed_claims"))?;
        String::from_utf8(claims).map_err(|_| Flaw("malformed_claims"))
    }

    /// The key that the header names; one that names none needs a set in which only one can be meant (OIDC Core
    /// section 10.1).
    fn signer(&self, header: &Header) -> std::result::Result<&PublicKey, Flaw> {
        let is_named = |key: &&PublicKey| header.kid.is_none() || header.kid == key.kid;
        let named: Vec<&PublicKey> = self.0.iter().filter(is_named).collect();
        let agrees = |key: &&&PublicKey| header.alg.as_deref().is_some_and(|alg| key.algorithm.is_named(alg));
        match *named.iter().filter(agrees).collect::<Vec<_>>() {
            [key] => Ok(key),
            [] if named.is_empty() => Err(UNKNOWN_KEY),
            [] => Err(Flaw("wrong_algorithm")),
            _ => Err(Flaw("ambiguous_key")),
        }
    }
}

/// The key, if it is one for this algorithm (RFC 7517 section 4, RFC 7518 section 6, RFC 8037). A member of the
/// wrong type is not one that is absent.
fn usable(jwk: &Map<String, Value>, algorithm: IdTokenAlgorithm) -> Option<PublicKey> {
    let text = |name: &str| match jwk.get(name) {
        None => Some(None),
        Some(Value::String(text)) => Some(Some(text.as_str())),
        Some(_) => None,
    };
    let bytes = |name: &str| from_base64url(text(name)??);
    let is_public = ["d", "k"].iter().all(|name| !jwk.contains_key(*name));
    let is_to_verify = match jwk.get("key_ops") {
        None => true,
        Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "verify"),
        Some(_) => false,
    };
    let is_to_sign = text("use")?.is_none_or(|purpose| purpose == "sig") && is_to_verify;
    if !is_public || !is_to_sign || !text("alg")?.is_none_or(|alg| algorithm.is_named(alg)) {
        return None;
    }
    let is_of = |kty: &str, crv: Option<&str>| Some(text("kty")? == Some(kty) && text("crv")? == crv);
    let rsa = |verification: &'static dyn VerificationAlgorithm| {
        let unsigned = |name: &str| bytes(name).map(|bytes| bytes.into_iter().skip_while(|byte| *byte == 0));
        let (n, e) = (unsigned("n")?.collect::<Vec<_>>(), unsigned("e")?.collect::<Vec<_>>());
        let der = RsaPublicKeyComponents { n, e }.as_der().ok()?;
        ParsedPublicKey::new(verification, der.as_ref()).ok()
    };
    let key = match algorithm {
        IdTokenAlgorithm::Rs256 if is_of("RSA", None)? => rsa(&RSA_PKCS1_2048_8192_SHA256),
        IdTokenAlgorithm::Ps256 if is_of("RSA", None)? => rsa(&RSA_PSS_2048_8192_SHA256),
        IdTokenAlgorithm::Es256 if is_of("EC", Some("P-256"))? => {
            let (x, y) = (bytes("x")?, bytes("y")?);
            let point = (x.len() == 32 && y.len() == 32).then(|| [&[4], &x[..], &y].concat())?;
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok()
        }
        IdTokenAlgorithm::EdDsa if is_of("OKP", Some("Ed25519"))? => {
            let x = bytes("x").filter(|x| x.len() == 32)?;
            ParsedPublicKey::new(&ED25519, x).ok()
        }
        _ => None,
    };
    Some(PublicKey { kid: text("kid")?.map(str::to_owned), algorithm, key: key? })
}
