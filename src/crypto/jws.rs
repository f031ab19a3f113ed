//! JSON Web Signatures in compact serialization (RFC 7515), as strict as RFC 8725 requires. The key ring
//! determines the key and the algorithm, and the header has to agree.

use std::borrow::Cow;
use std::fmt;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256,
    RsaEncoding, RsaKeyPair, VerificationAlgorithm,
};
use aws_lc_rs::{error, hmac};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::config::SigningAlgorithm;
use crate::error::{Code, Error, Result};
use crate::types::base64url::{base64url, base64url_len, from_base64url, text_from_base64url};
use crate::types::random::random;
use crate::types::secret::collected;
use crate::types::strict::{Strict, Text};

/// The `typ` of an access token (RFC 9068 section 2.1).
const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// The `typ` of tokens that other libraries issue.
const COMPATIBLE_TYPE: &str = "JWT";

/// The maximum length of a token. Real ones have a few hundred bytes.
pub(crate) const MAX_TOKEN_BYTES: usize = 16_384;

/// The maximum length of a header that was made elsewhere.
const MAX_HEADER_BYTES: usize = 1_024;

/// A signing key, parsed once.
pub(crate) struct Key {
    /// The key's name. None for the fixed key of a compatibility backend, whose tokens name no key.
    kid: Option<String>,
    algorithm: SigningAlgorithm,
    material: Material,
    /// The encoded header of every token that this key signs.
    header: String,
}

#[expect(clippy::large_enum_variant, reason = "a ring has few keys, and the large one is on the hot path")]
enum Material {
    Hmac(hmac::Key),
    Ecdsa(EcdsaKeyPair, ParsedPublicKey),
    Ed25519(Ed25519KeyPair, ParsedPublicKey),
    Rsa(RsaKeyPair, ParsedPublicKey, &'static dyn RsaEncoding),
}

/// Why a token is refused, for the host's logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flaw(pub &'static str);

/// The header names no key of the ring: the ring may be outdated.
pub(crate) const UNKNOWN_KEY: Flaw = Flaw("unknown_key");

/// The parts of a new key.
pub(crate) struct Generated {
    pub kid: String,
    /// An HMAC key, or PKCS #8.
    pub secret: Zeroizing<Vec<u8>>,
}

impl Key {
    /// Makes the key of this `kid` from the bytes of [`Key::generate`].
    pub(crate) fn new(kid: &str, algorithm: SigningAlgorithm, secret: &[u8]) -> Result<Key> {
        let header = json!({"alg": algorithm.to_string(), "kid": kid, "typ": ACCESS_TOKEN_TYPE});
        let material =
            Material::new(algorithm, secret).map_err(|_| Error::new(Code::Internal, "signing key"))?;
        let header = base64url(header.to_string().as_bytes());
        Ok(Key { kid: Some(kid.to_owned()), algorithm, material, header })
    }

    /// Makes the fixed key of a compatibility backend: HS256 with the host's secret, `typ` JWT, no `kid`.
    pub(crate) fn compatible(secret: &[u8]) -> Key {
        let header = json!({"alg": "HS256", "typ": COMPATIBLE_TYPE});
        Key {
            kid: None,
            algorithm: SigningAlgorithm::Hs256,
            material: Material::Hmac(hmac::Key::new(hmac::HMAC_SHA256, secret)),
            header: base64url(header.to_string().as_bytes()),
        }
    }

    /// Makes the key by which this service authenticates itself to another (RFC 7523), from PKCS #8 in PEM (RFC
    /// 7468). The key determines the algorithm.
    pub(crate) fn of_client(kid: Option<&str>, pem: &str) -> Option<Key> {
        const ALGORITHMS: [SigningAlgorithm; 3] =
            [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa, SigningAlgorithm::Rs256];
        let (_, text) = pem.split_once("-----BEGIN PRIVATE KEY-----")?;
        let (text, _) = text.split_once("-----END PRIVATE KEY-----")?;
        let text: Zeroizing<String> =
            collected(text.chars().filter(|character| !character.is_ascii_whitespace()), text.len());
        let pkcs8 = Zeroizing::new(base64_simd::STANDARD.decode_to_vec(text.as_bytes()).ok()?);
        let (algorithm, material) = ALGORITHMS
            .iter()
            .find_map(|algorithm| Some((*algorithm, Material::new(*algorithm, &pkcs8).ok()?)))?;
        let mut header = json!({"alg": algorithm.to_string(), "typ": COMPATIBLE_TYPE});
        if let Some(kid) = kid {
            header["kid"] = kid.into();
        }
        let header = base64url(header.to_string().as_bytes());
        Some(Key { kid: kid.map(str::to_owned), algorithm, material, header })
    }

    /// Generates a new key.
    pub(crate) fn generate(algorithm: SigningAlgorithm) -> Result<Generated> {
        let secret = match algorithm {
            SigningAlgorithm::Hs256 => Ok(random::<32>()?.to_vec()),
            SigningAlgorithm::Es256 => {
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                    .map(|document| document.as_ref().to_vec())
            }
            SigningAlgorithm::EdDsa => Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
                .map(|document| document.as_ref().to_vec()),
            SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 => RsaKeyPair::generate(KeySize::Rsa2048)
                .and_then(|pair| pair.as_der())
                .map(|document| document.as_ref().to_vec()),
        };
        let secret = secret.map_err(|_| Error::new(Code::Internal, "key generation"))?;
        Ok(Generated { kid: base64url(&random::<9>()?), secret: Zeroizing::new(secret) })
    }

    /// Returns the name by which tokens refer to the key.
    pub(crate) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Returns the token with these claims, a JSON text.
    pub(crate) fn sign(&self, claims: &str) -> Result<String> {
        let input = Zeroizing::new(format!("{}.{}", self.header, base64url(claims.as_bytes())));
        let signature = self.material.sign(input.as_bytes());
        let signature = Zeroizing::new(signature.map_err(|_| Error::new(Code::Internal, "signing"))?);
        let signature = Zeroizing::new(base64url(&signature));
        // One allocation: a growing text would leave its beginning behind in memory.
        Ok([input.as_str(), ".", &signature].concat())
    }

    /// Returns the length of the token with these claims.
    pub(crate) fn token_len(&self, claims: &str) -> usize {
        let signature = match &self.material {
            Material::Hmac(_) => 32,
            Material::Ecdsa(..) | Material::Ed25519(..) => 64,
            Material::Rsa(pair, ..) => pair.public_modulus_len(),
        };
        self.header.len() + 1 + base64url_len(claims.len()) + 1 + base64url_len(signature)
    }

    /// Returns the public half as a JWK (RFC 7517, RFC 7518 section 6, RFC 8037); none for a symmetric key.
    pub(crate) fn jwk(&self) -> Option<Value> {
        let kid = self.kid.as_deref()?;
        let mut jwk = match &self.material {
            Material::Hmac(_) => return None,
            Material::Ecdsa(pair, _) => {
                // An uncompressed point: 4, x, y.
                let (x, y) = pair.public_key().as_ref().get(1..)?.split_at_checked(32)?;
                json!({"kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y)})
            }
            Material::Ed25519(pair, _) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(pair.public_key().as_ref())})
            }
            Material::Rsa(pair, ..) => {
                let key = pair.public_key();
                let n = key.modulus().big_endian_without_leading_zero();
                let e = key.exponent().big_endian_without_leading_zero();
                json!({"kty": "RSA", "n": base64url(n), "e": base64url(e)})
            }
        };
        jwk["kid"] = kid.into();
        jwk["alg"] = self.algorithm.to_string().into();
        jwk["use"] = "sig".into();
        Some(jwk)
    }
}

impl Material {
    fn new(algorithm: SigningAlgorithm, secret: &[u8]) -> Result<Material, error::KeyRejected> {
        let rsa = |verification, encoding| {
            let pair = RsaKeyPair::from_pkcs8(secret)?;
            let public = parsed(verification, pair.public_key().as_ref())?;
            Ok(Material::Rsa(pair, public, encoding))
        };
        match algorithm {
            SigningAlgorithm::Hs256 => Ok(Material::Hmac(hmac::Key::new(hmac::HMAC_SHA256, secret))),
            SigningAlgorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, secret)?;
                let public = parsed(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref())?;
                Ok(Material::Ecdsa(pair, public))
            }
            SigningAlgorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(secret)?;
                let public = parsed(&ED25519, pair.public_key().as_ref())?;
                Ok(Material::Ed25519(pair, public))
            }
            SigningAlgorithm::Rs256 => rsa(&RSA_PKCS1_2048_8192_SHA256, &RSA_PKCS1_SHA256),
            SigningAlgorithm::Ps256 => rsa(&RSA_PSS_2048_8192_SHA256, &RSA_PSS_SHA256),
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, error::Unspecified> {
        let random = SystemRandom::new();
        match self {
            Material::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            Material::Ecdsa(pair, _) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
            Material::Ed25519(pair, _) => Ok(pair.sign(message).as_ref().to_vec()),
            Material::Rsa(pair, _, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature)?;
                Ok(signature)
            }
        }
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), error::Unspecified> {
        match self {
            Material::Hmac(key) => hmac::verify(key, message, signature),
            Material::Ecdsa(_, public) | Material::Ed25519(_, public) | Material::Rsa(_, public, _) => {
                public.verify_sig(message, signature)
            }
        }
    }
}

fn parsed(
    algorithm: &'static impl VerificationAlgorithm,
    bytes: &[u8],
) -> Result<ParsedPublicKey, error::KeyRejected> {
    ParsedPublicKey::new(algorithm, bytes)
}

/// A token that a key signed.
pub(crate) struct Verified<'k, K> {
    /// A JSON text.
    pub claims: String,
    pub signer: &'k K,
}

/// Verifies that one of the `keys` signed the token.
pub(crate) fn verify<'k, K: AsRef<Key> + 'k>(
    token: &str,
    keys: impl Iterator<Item = &'k K> + Clone,
) -> Result<Verified<'k, K>, Flaw> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(Flaw("too_long"));
    }
    let (input, signature) = token.rsplit_once('.').ok_or(Flaw("malformed"))?;
    let (header, claims) = input.split_once('.').ok_or(Flaw("malformed"))?;
    let signature = from_base64url(signature).ok_or(Flaw("malformed_signature"))?;
    let has_signed = |key: &&'k K| key.as_ref().material.verify(input.as_bytes(), &signature).is_ok();
    // Headers made here are known exactly; any other is parsed.
    let mut known = keys.clone().filter(|key| key.as_ref().header == header).peekable();
    let signer = match known.peek() {
        Some(_) => known.find(has_signed),
        None => candidates(header, keys)?.into_iter().find(has_signed),
    };
    let signer = signer.ok_or(Flaw("bad_signature"))?;
    let claims = text_from_base64url(claims).ok_or(Flaw("malformed_claims"))?;
    Ok(Verified { claims, signer })
}

/// Returns the keys that may have signed a token with this header: the key that it names, or the fixed keys
/// of compatibility backends, whose tokens name none.
fn candidates<'k, K: AsRef<Key> + 'k>(
    header: &str,
    keys: impl Iterator<Item = &'k K> + Clone,
) -> Result<Vec<&'k K>, Flaw> {
    let header = Header::parse(header)?;
    let is_named = |key: &&K| key.as_ref().kid.is_some() && key.as_ref().kid == header.kid;
    if let Some(key) = keys.clone().find(is_named) {
        return header.agrees(key.as_ref()).map(|()| vec![key]);
    }
    let fixed: Vec<&K> =
        keys.filter(|key| key.as_ref().kid.is_none() && header.agrees(key.as_ref()).is_ok()).collect();
    if fixed.is_empty() { Err(UNKNOWN_KEY) } else { Ok(fixed) }
}

/// The relevant members of a JOSE header. `jku`, `jwk`, `x5u` and the like are ignored: keys come from the
/// ring.
#[derive(Default)]
pub(super) struct Header {
    pub alg: Option<String>,
    pub typ: Option<String>,
    pub kid: Option<String>,
    has_extension: bool,
}

impl Header {
    pub fn parse(segment: &str) -> Result<Header, Flaw> {
        if segment.len() > MAX_HEADER_BYTES {
            return Err(Flaw("too_long"));
        }
        let bytes = from_base64url(segment).ok_or(Flaw("malformed_header"))?;
        let header: Header = serde_json::from_slice(&bytes).map_err(|_| Flaw("malformed_header"))?;
        if header.has_extension { Err(Flaw("critical_extension")) } else { Ok(header) }
    }

    /// Checks that type and algorithm are those of the key.
    fn agrees(&self, key: &Key) -> Result<(), Flaw> {
        let expected = if key.kid.is_some() { ACCESS_TOKEN_TYPE } else { COMPATIBLE_TYPE };
        if !self.is_of_type(expected) {
            Err(Flaw("wrong_type"))
        } else if self.alg.as_ref().is_none_or(|alg| *alg != key.algorithm.to_string()) {
            Err(Flaw("wrong_algorithm"))
        } else {
            Ok(())
        }
    }

    /// Returns whether the type is this one (RFC 7515 section 4.1.9).
    pub fn is_of_type(&self, expected: &str) -> bool {
        let typ = self.typ.as_deref().unwrap_or_default();
        let typ = match typ.split_at_checked(12) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
            _ => typ,
        };
        typ.eq_ignore_ascii_case(expected)
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Header, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JOSE header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Header, A::Error> {
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
                // No extension is supported, and `b64` (RFC 7797) changes what was signed.
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

/// A flaw of a token. The user sees only `invalid_token`.
impl From<Flaw> for Error {
    fn from(Flaw(reason): Flaw) -> Error {
        Error::new(Code::InvalidToken, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::Key;
    use crate::config::SigningAlgorithm;

    #[test]
    fn a_token_is_as_long_as_it_was_said_to_be() {
        for algorithm in [
            SigningAlgorithm::Hs256,
            SigningAlgorithm::Es256,
            SigningAlgorithm::EdDsa,
            SigningAlgorithm::Rs256,
            SigningAlgorithm::Ps256,
        ] {
            let generated = Key::generate(algorithm).unwrap();
            let key = Key::new(&generated.kid, algorithm, &generated.secret).unwrap();
            for claims in ["{}", "{ }", "{  }", "{   }"] {
                assert_eq!(key.sign(claims).unwrap().len(), key.token_len(claims), "{algorithm}");
            }
        }
    }
}
