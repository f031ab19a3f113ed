//! The checks of a relying party (Web Authentication Level 3): a registration (section 7.1) and an assertion
//! (section 7.2), as bytes. The caller decides whose credential it is, whether it is known, and how its
//! counter moved.
//!
//! Attestation is not requested. `none` is expected, and `packed` with the credential's own key is verified.
//! A statement of another kind, which some clients send unasked, is treated as none: nothing is concluded
//! from it.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use minicbor::Decoder;
use serde_json::{Map, Value};

use super::{public_key, spki};
use crate::config::Passkeys;
use crate::types::base64url::{base64url, from_base64url};
use crate::types::strict::Object;

/// The algorithms that are offered and accepted, the preferred one first (COSE, RFC 9053, RFC 8812): ES256,
/// EdDSA with Ed25519, RS256.
pub(crate) const ALGORITHMS: [i64; 3] = [ES256, EDDSA, RS256];

const ES256: i64 = -7;
const EDDSA: i64 = -8;
const RS256: i64 = -257;

/// The maximum length of a credential's id (section 7.1, step 25); the minimum is 1.
pub(crate) const MAX_CREDENTIAL_ID: usize = 1023;

/// The maximum length of client data, attestation object, authenticator data and signature, which are far
/// shorter in practice.
const MAX_PART: usize = 65_536;

/// Why a response is refused, for the host's logs.
pub(crate) type Flaw = &'static str;

/// The expectations that a response has to meet.
pub(crate) struct Expected<'a> {
    pub party: &'a Passkeys,
    /// The challenge; a derived one under each of the secret keys.
    pub challenges: &'a [Vec<u8>],
    /// Whether the user must have been present: always but in a conditional creation.
    pub user_presence: bool,
    /// Whether the user must have been verified, not only be present.
    pub user_verification: bool,
}

/// The result of `navigator.credentials.create`.
pub(crate) struct Registration<'a> {
    pub credential_id: &'a [u8],
    pub client_data_json: &'a [u8],
    pub attestation_object: &'a [u8],
}

/// The result of `navigator.credentials.get`.
pub(crate) struct Assertion<'a> {
    pub client_data_json: &'a [u8],
    pub authenticator_data: &'a [u8],
    pub signature: &'a [u8],
}

/// A newly created credential.
#[derive(Debug)]
pub(crate) struct NewCredential {
    /// A COSE_Key (RFC 9052 section 7).
    pub public_key: Vec<u8>,
    pub aaguid: [u8; 16],
    pub state: State,
}

/// The state that an authenticator reports with each response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub sign_count: u32,
    pub user_verified: bool,
    /// Whether the credential may be on several devices: a synchronized passkey.
    pub backup_eligible: bool,
    /// Whether it is on several devices now.
    pub backed_up: bool,
}

/// Verifies a registration (section 7.1, steps 5 to 25).
pub(crate) fn register(response: &Registration, expected: &Expected) -> Result<NewCredential, Flaw> {
    let hash = client_data(response.client_data_json, "webauthn.create", expected)?;
    let object = AttestationObject::parse(bounded(response.attestation_object)?)?;
    let data = AuthenticatorData::parse(object.auth_data)?;
    let state = data.agreeing_with(expected)?;
    let credential = data.credential.ok_or("no_credential")?;
    let has_valid_length = (1..=MAX_CREDENTIAL_ID).contains(&credential.id.len());
    if credential.id != response.credential_id || !has_valid_length {
        return Err("credential_id");
    }
    let key = PublicKey::parse(credential.public_key)?;
    match object.statement {
        Statement::None => {}
        Statement::Itself { algorithm, signature } => {
            if algorithm != key.algorithm {
                return Err("attestation_algorithm");
            }
            key.verify(&[object.auth_data, &hash].concat(), signature)
                .map_err(|_| "attestation_signature")?;
        }
    }
    Ok(NewCredential { public_key: credential.public_key.to_vec(), aaguid: credential.aaguid, state })
}

/// Verifies an assertion by the credential's public key (section 7.2, steps 8 to 21).
pub(crate) fn authenticate(
    response: &Assertion,
    public_key: &[u8],
    expected: &Expected,
) -> Result<State, Flaw> {
    let hash = client_data(response.client_data_json, "webauthn.get", expected)?;
    let authenticator_data = bounded(response.authenticator_data)?;
    let state = AuthenticatorData::parse(authenticator_data)?.agreeing_with(expected)?;
    let signed = [authenticator_data, &hash].concat();
    PublicKey::parse(public_key)?.verify(&signed, bounded(response.signature)?)?;
    Ok(state)
}

/// Returns a credential's public key as a COSE_Key, which it is or which stands for it (SubjectPublicKeyInfo).
pub(crate) fn credential_key(bytes: &[u8]) -> Result<Vec<u8>, Flaw> {
    let cose = match spki::is_spki(bytes) {
        true => spki::cose_key(bytes).ok_or("public_key")?,
        false => bytes.to_vec(),
    };
    PublicKey::parse(&cose).map(|_| cose)
}

/// Returns the backup eligibility in authenticator data, before they are verified.
pub(crate) fn is_backup_eligible(authenticator_data: &[u8]) -> bool {
    authenticator_data.get(32).is_some_and(|flags| flags & BACKUP_ELIGIBLE != 0)
}

/// Returns the challenge that client data claim to answer.
pub(crate) fn challenge_of(client_data_json: &[u8]) -> Result<String, Flaw> {
    let data = parsed(client_data_json)?;
    data.get("challenge").and_then(Value::as_str).map(str::to_owned).ok_or("client_data")
}

fn bounded(part: &[u8]) -> Result<&[u8], Flaw> {
    if part.len() <= MAX_PART { Ok(part) } else { Err("too_long") }
}

/// Returns the hash of client data (section 5.8.1), after checking that they were made for this ceremony by
/// one of the configured pages, and not in a frame of a foreign page.
fn client_data(text: &[u8], ceremony: &str, expected: &Expected) -> Result<[u8; 32], Flaw> {
    let data = parsed(text)?;
    let text_of = |name| data.get(name).and_then(Value::as_str).ok_or("client_data");
    if text_of("type")? != ceremony {
        return Err("type");
    }
    let challenge = text_of("challenge")?;
    if !expected.challenges.iter().any(|expected| base64url(expected) == challenge) {
        return Err("challenge");
    }
    let origin = text_of("origin")?;
    if !expected.party.origins.iter().any(|expected| expected.as_str() == origin) {
        return Err("origin");
    }
    let is_framed = !matches!(data.get("crossOrigin"), None | Some(Value::Bool(false)));
    if is_framed || data.contains_key("topOrigin") {
        return Err("cross_origin");
    }
    sha256(text)
}

/// Parses strictly, so that a duplicate key cannot mean one thing to the client and another here.
fn parsed(client_data_json: &[u8]) -> Result<Map<String, Value>, Flaw> {
    let data: Object = serde_json::from_slice(bounded(client_data_json)?).map_err(|_| "client_data")?;
    Ok(data.0)
}

fn sha256(text: &[u8]) -> Result<[u8; 32], Flaw> {
    digest(&SHA256, text).as_ref().try_into().map_err(|_| "digest")
}

/// An attestation object (section 6.5.4).
struct AttestationObject<'a> {
    auth_data: &'a [u8],
    statement: Statement<'a>,
}

enum Statement<'a> {
    None,
    /// The statement is signed with the credential's own key.
    Itself {
        algorithm: i64,
        signature: &'a [u8],
    },
}

impl<'a> AttestationObject<'a> {
    fn parse(bytes: &'a [u8]) -> Result<AttestationObject<'a>, Flaw> {
        const FLAW: Flaw = "attestation_object";
        let mut format = None;
        let mut statement = None;
        let mut auth_data = None;
        let mut decoder = Decoder::new(bytes);
        for _ in 0..entries(&mut decoder, FLAW)? {
            let is_first = match decoder.str().map_err(|_| FLAW)? {
                "fmt" => format.replace(decoder.str().map_err(|_| FLAW)?).is_none(),
                "attStmt" => {
                    let start = decoder.position();
                    skip(&mut decoder, FLAW)?;
                    statement.replace(bytes.get(start..decoder.position()).ok_or(FLAW)?).is_none()
                }
                "authData" => auth_data.replace(decoder.bytes().map_err(|_| FLAW)?).is_none(),
                _ => false,
            };
            if !is_first {
                return Err(FLAW);
            }
        }
        let (Some(format), Some(statement), Some(auth_data)) = (format, statement, auth_data) else {
            return Err(FLAW);
        };
        if decoder.position() != bytes.len() {
            return Err(FLAW);
        }
        Ok(AttestationObject { auth_data, statement: Statement::parse(format, statement)? })
    }
}

impl<'a> Statement<'a> {
    fn parse(format: &str, bytes: &'a [u8]) -> Result<Statement<'a>, Flaw> {
        const FLAW: Flaw = "attestation_statement";
        let mut decoder = Decoder::new(bytes);
        // Section 8.9: the only statement that is a list, of other statements.
        if format == "compound" {
            return decoder.array().map(|_| Statement::None).map_err(|_| FLAW);
        }
        let count = entries(&mut decoder, FLAW)?;
        match format {
            // Section 8.7.
            "none" if count == 0 => Ok(Statement::None),
            "none" => Err(FLAW),
            // Section 8.2.
            "packed" if !names(decoder.clone(), count).any(|name| name == "x5c") => {
                let mut algorithm = None;
                let mut signature = None;
                for _ in 0..count {
                    let is_first = match decoder.str().map_err(|_| FLAW)? {
                        "alg" => algorithm.replace(decoder.i64().map_err(|_| FLAW)?).is_none(),
                        "sig" => signature.replace(decoder.bytes().map_err(|_| FLAW)?).is_none(),
                        _ => false,
                    };
                    if !is_first {
                        return Err(FLAW);
                    }
                }
                let (Some(algorithm), Some(signature)) = (algorithm, signature) else { return Err(FLAW) };
                Ok(Statement::Itself { algorithm, signature })
            }
            _ if FORMATS.contains(&format) => Ok(Statement::None),
            _ => Err("attestation_unsupported"),
        }
    }
}

/// The other formats of statements that identify a manufacturer (section 8; IANA's registry, RFC 8809).
const FORMATS: [&str; 6] = ["android-key", "android-safetynet", "apple", "fido-u2f", "packed", "tpm"];

/// Returns the names of a map's members, up to the first that is not text.
fn names(mut decoder: Decoder<'_>, count: u64) -> impl Iterator<Item = &str> {
    (0..count).map_while(move |_| {
        let name = decoder.str().ok()?;
        decoder.skip().ok().map(|()| name)
    })
}

/// Authenticator data (section 6.1).
struct AuthenticatorData<'a> {
    rp_id_hash: &'a [u8; 32],
    flags: u8,
    sign_count: u32,
    credential: Option<AttestedCredential<'a>>,
}

/// Attested credential data (section 6.5.1).
struct AttestedCredential<'a> {
    aaguid: [u8; 16],
    id: &'a [u8],
    public_key: &'a [u8],
}

/// The bits of the flags.
const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;

impl<'a> AuthenticatorData<'a> {
    fn parse(bytes: &'a [u8]) -> Result<AuthenticatorData<'a>, Flaw> {
        const FLAW: Flaw = "authenticator_data";
        let (rp_id_hash, rest) = bytes.split_first_chunk::<32>().ok_or(FLAW)?;
        let ([flags], rest) = rest.split_first_chunk::<1>().ok_or(FLAW)?;
        let (sign_count, mut rest) = rest.split_first_chunk::<4>().ok_or(FLAW)?;
        let mut credential = None;
        if flags & HAS_CREDENTIAL != 0 {
            let (aaguid, after) = rest.split_first_chunk::<16>().ok_or(FLAW)?;
            let (len, after) = after.split_first_chunk::<2>().ok_or(FLAW)?;
            let (id, after) = after.split_at_checked(u16::from_be_bytes(*len).into()).ok_or(FLAW)?;
            let (public_key, after) = after.split_at_checked(map_len(after, FLAW)?).ok_or(FLAW)?;
            credential = Some(AttestedCredential { aaguid: *aaguid, id, public_key });
            rest = after;
        }
        if flags & HAS_EXTENSIONS != 0 {
            rest = rest.get(map_len(rest, FLAW)?..).ok_or(FLAW)?;
        }
        if !rest.is_empty() {
            return Err(FLAW);
        }
        let sign_count = u32::from_be_bytes(*sign_count);
        Ok(AuthenticatorData { rp_id_hash, flags: *flags, sign_count, credential })
    }

    /// Returns the reported state, if the data were made for this relying party with the user present.
    fn agreeing_with(&self, expected: &Expected) -> Result<State, Flaw> {
        let has = |flag| self.flags & flag != 0;
        if *self.rp_id_hash != sha256(expected.party.rp_id.as_str().as_bytes())? {
            Err("rp_id")
        } else if expected.user_presence && !has(USER_PRESENT) {
            Err("user_not_present")
        } else if expected.user_verification && !has(USER_VERIFIED) {
            Err("user_not_verified")
        } else if has(BACKED_UP) && !has(BACKUP_ELIGIBLE) {
            Err("backup_flags")
        } else {
            Ok(State {
                sign_count: self.sign_count,
                user_verified: has(USER_VERIFIED),
                backup_eligible: has(BACKUP_ELIGIBLE),
                backed_up: has(BACKED_UP),
            })
        }
    }
}

/// The public key of a credential.
struct PublicKey {
    algorithm: i64,
    key: ParsedPublicKey,
}

/// Labels of a COSE_Key (RFC 9052 section 7.1, RFC 9053 section 7, RFC 8230 section 4).
const KEY_TYPE: i64 = 1;
const ALGORITHM: i64 = 3;
const CURVE_OR_N: i64 = -1;
const X_OR_E: i64 = -2;
const Y: i64 = -3;

impl PublicKey {
    /// Parses a COSE_Key of one of the offered algorithms.
    fn parse(cose: &[u8]) -> Result<PublicKey, Flaw> {
        const FLAW: Flaw = "public_key";
        let mut decoder = Decoder::new(cose);
        let mut labels = Vec::new();
        let mut key_type = None;
        let mut algorithm = None;
        let mut curve = None;
        let mut n = None;
        let mut x_or_e = None;
        let mut y = None;
        for _ in 0..entries(&mut decoder, FLAW)? {
            let label = decoder.i64().map_err(|_| FLAW)?;
            if labels.contains(&label) || labels.len() == MAX_LABELS {
                return Err(FLAW);
            }
            labels.push(label);
            match label {
                KEY_TYPE => key_type = Some(decoder.i64().map_err(|_| FLAW)?),
                ALGORITHM => algorithm = Some(decoder.i64().map_err(|_| FLAW)?),
                // The modulus of an RSA key, or the curve of any other.
                CURVE_OR_N if key_type == Some(3) => n = Some(decoder.bytes().map_err(|_| FLAW)?),
                CURVE_OR_N => curve = Some(decoder.i64().map_err(|_| FLAW)?),
                X_OR_E => x_or_e = Some(decoder.bytes().map_err(|_| FLAW)?),
                Y => y = Some(decoder.bytes().map_err(|_| FLAW)?),
                _ => skip(&mut decoder, FLAW)?,
            }
        }
        if decoder.position() != cose.len() {
            return Err(FLAW);
        }
        let key = match (algorithm, key_type, curve, n, x_or_e, y) {
            // An elliptic-curve key: P-256, the point uncompressed.
            (Some(ES256), Some(2), Some(1), None, Some(x), Some(y)) => {
                public_key::p256(x, y, &ECDSA_P256_SHA256_ASN1)
            }
            // An octet key pair: Ed25519.
            (Some(EDDSA), Some(1), Some(6), None, Some(x), None) => public_key::ed25519(x),
            (Some(RS256), Some(3), None, Some(n), Some(e), None) => {
                public_key::rsa(n, e, &RSA_PKCS1_2048_8192_SHA256)
            }
            (Some(algorithm), ..) if !ALGORITHMS.contains(&algorithm) => return Err("algorithm"),
            _ => return Err(FLAW),
        };
        let algorithm = algorithm.ok_or(FLAW)?;
        Ok(PublicKey { algorithm, key: key.map_err(|_| FLAW)? })
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Flaw> {
        self.key.verify_sig(message, signature).map_err(|_| "signature")
    }
}

/// How many members a COSE_Key may have; no supported key needs more than five.
const MAX_LABELS: usize = 16;

/// Returns the number of a map's members; maps of indefinite length are not canonical (CTAP 2.1 section 8).
fn entries(decoder: &mut Decoder, flaw: Flaw) -> Result<u64, Flaw> {
    decoder.map().ok().flatten().ok_or(flaw)
}

/// Returns the length of the CBOR map at the beginning of the bytes.
fn map_len(bytes: &[u8], flaw: Flaw) -> Result<usize, Flaw> {
    let mut decoder = Decoder::new(bytes);
    entries(&mut decoder.clone(), flaw)?;
    skip(&mut decoder, flaw)?;
    Ok(decoder.position())
}

/// Skips one item. Nesting is harmless, because nothing of the item is kept.
fn skip(decoder: &mut Decoder, flaw: Flaw) -> Result<(), Flaw> {
    decoder.skip().map_err(|_| flaw)
}

/// Returns an arbitrary key, so that a response with an unknown credential, which is refused in any case,
/// takes as long as others.
pub(crate) fn any_key() -> Vec<u8> {
    // The base point of P-256 (FIPS 186-4, D.1.2.3).
    const X: &str = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY";
    const Y: &str = "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";
    let part = |text| from_base64url(text).unwrap_or_default();
    [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32][..], &part(X), &[0x22, 0x58, 32], &part(Y)].concat()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Assertion, Expected, Registration, authenticate, register};
    use crate::Config;

    fn bytes(value: &Value) -> Vec<u8> {
        let hex = value.as_str().unwrap().as_bytes();
        hex.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    /// The specification's own examples (section 16), derived by tests/vectors/webauthn.py.
    #[test]
    fn vectors() {
        let passkeys =
            json!({"rp_id": "example.org", "rp_name": "Example", "origins": ["https://example.org"]});
        let config = Config::parse(&json!({"passkeys": passkeys}).to_string()).unwrap();
        let vectors: Vec<Value> =
            serde_json::from_str(include_str!("../../tests/vectors/webauthn.json")).unwrap();
        assert_eq!(vectors.len(), 5);
        fn expected<'a>(config: &'a Config, challenges: &'a [Vec<u8>]) -> Expected<'a> {
            Expected {
                party: config.passkeys.as_ref().unwrap(),
                challenges,
                user_presence: true,
                user_verification: false,
            }
        }
        for vector in vectors {
            let challenges = |ceremony: &str| vec![bytes(&vector[ceremony]["challenge"])];
            let client_data =
                |ceremony: &str| vector[ceremony]["client_data_json"].as_str().unwrap().as_bytes().to_vec();
            let public_key = bytes(&vector["public_key"]);

            if !vector["registration"]["attestation_object"].is_null() {
                let registration = Registration {
                    credential_id: &bytes(&vector["credential_id"]),
                    client_data_json: &client_data("registration"),
                    attestation_object: &bytes(&vector["registration"]["attestation_object"]),
                };
                let challenges = challenges("registration");
                let made = register(&registration, &expected(&config, &challenges)).unwrap();
                assert_eq!(made.public_key, public_key, "{}", vector["name"]);
            }
            let mut signature = bytes(&vector["authentication"]["signature"]);
            let challenges = challenges("authentication");
            let answer = |signature: &[u8]| {
                let assertion = Assertion {
                    client_data_json: &client_data("authentication"),
                    authenticator_data: &bytes(&vector["authentication"]["authenticator_data"]),
                    signature,
                };
                authenticate(&assertion, &public_key, &expected(&config, &challenges))
                    .map(|state| state.sign_count)
            };
            assert_eq!(answer(&signature), Ok(0), "{}", vector["name"]);
            *signature.last_mut().unwrap() ^= 1;
            assert_eq!(answer(&signature), Err("signature"), "{}", vector["name"]);
        }
    }
}
