//! Password hashes of other systems, as their tables contain them, parsed into a type that is always valid,
//! and verified. docs/imports.md lists the formats.

use std::num::NonZeroU32;

use argon2::Block;
use aws_lc_rs::cipher::{AES_256, AES_256_KEY_LEN, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hmac, pbkdf2};
use base64_simd::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use zeroize::Zeroizing;

use super::bcrypt::{self, bcrypt};
use super::scrypt::{self, scrypt};
use crate::error::{Code, Error, Result};

/// The maximum length of a hash.
const MOST_TEXT: usize = 512;

/// A hash that can be verified.
#[derive(Debug, PartialEq)]
pub(super) enum ForeignHash {
    Bcrypt {
        reads: BcryptReads,
        cost: u32,
        salt: [u8; bcrypt::SALT_LEN],
        output: [u8; bcrypt::OUTPUT_LEN],
    },
    Pbkdf2 {
        digest: Digest,
        iterations: NonZeroU32,
        salt: Vec<u8>,
        output: Vec<u8>,
    },
    Scrypt {
        cost: scrypt::Cost,
        salt: Vec<u8>,
        output: Vec<u8>,
        /// Firebase stores this key, encrypted with the derived one.
        signer_key: Option<Zeroizing<Vec<u8>>>,
    },
}

/// How a password is prepared for bcrypt.
#[derive(Debug, PartialEq)]
pub(super) enum BcryptReads {
    /// Its first 72 bytes.
    Password,
    /// SHA-256 in hexadecimal: Django.
    Sha256Hex,
    /// SHA-256 in base64: passlib's first version.
    Sha256Base64,
    /// HMAC-SHA-256 in base64, under the salt as text: passlib's second version.
    HmacBase64(String),
}

/// The hash function inside PBKDF2 (RFC 8018 section 5.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

impl ForeignHash {
    /// Parses the formats of modular crypt, passlib, Django, Werkzeug and Firebase.
    pub(super) fn parse(text: &str) -> Option<ForeignHash> {
        // A salt may be any text, but PostgreSQL cannot store NUL.
        if text.len() > MOST_TEXT || text.chars().any(char::is_control) {
            return None;
        }
        if let Some(rest) = text.strip_prefix('$') {
            let (scheme, rest) = rest.split_once('$')?;
            return match scheme {
                "2a" | "2b" | "2y" => modular_bcrypt(rest, BcryptReads::Password),
                "bcrypt-sha256" => passlib_bcrypt(rest),
                "scrypt" => passlib_scrypt(rest),
                "fbscrypt" => firebase_scrypt(rest),
                "pbkdf2" => passlib_pbkdf2(Digest::Sha1, rest),
                "pbkdf2-sha256" => passlib_pbkdf2(Digest::Sha256, rest),
                "pbkdf2-sha512" => passlib_pbkdf2(Digest::Sha512, rest),
                _ => None,
            };
        }
        let (scheme, rest) = text.split_once('$')?;
        match scheme {
            "bcrypt" => modular_bcrypt(after_version(rest)?, BcryptReads::Password),
            "bcrypt_sha256" => modular_bcrypt(after_version(rest)?, BcryptReads::Sha256Hex),
            "scrypt" => django_scrypt(rest),
            _ => match (scheme.strip_prefix("pbkdf2_"), scheme.split_once(':')) {
                (Some(digest), _) => django_pbkdf2(Digest::named(digest)?, rest),
                (_, Some(("scrypt", cost))) => werkzeug_scrypt(cost, rest),
                (_, Some(("pbkdf2", cost))) => werkzeug_pbkdf2(cost, rest),
                _ => None,
            },
        }
    }

    /// Returns the name of the scheme, for people and reports.
    pub(super) fn scheme(&self) -> &'static str {
        match self {
            ForeignHash::Bcrypt { reads: BcryptReads::Password, .. } => "bcrypt",
            ForeignHash::Bcrypt { .. } => "bcrypt_sha256",
            ForeignHash::Pbkdf2 { digest: Digest::Sha1, .. } => "pbkdf2_sha1",
            ForeignHash::Pbkdf2 { digest: Digest::Sha256, .. } => "pbkdf2_sha256",
            ForeignHash::Pbkdf2 { digest: Digest::Sha512, .. } => "pbkdf2_sha512",
            ForeignHash::Scrypt { signer_key: None, .. } => "scrypt",
            ForeignHash::Scrypt { signer_key: Some(_), .. } => "firebase_scrypt",
        }
    }

    /// Returns the cost.
    pub(super) fn parameters(&self) -> String {
        match self {
            ForeignHash::Bcrypt { cost, .. } => format!("cost={cost}"),
            ForeignHash::Pbkdf2 { iterations, .. } => format!("iterations={iterations}"),
            ForeignHash::Scrypt { cost: scrypt::Cost { log_n, r, p }, .. } => {
                format!("ln={log_n},r={r},p={p}")
            }
        }
    }

    /// Returns the memory that a verification takes, in KiB.
    pub(super) fn memory_kib(&self) -> u64 {
        match self {
            ForeignHash::Scrypt { cost, .. } => cost.memory_kib(),
            _ => 0,
        }
    }

    /// Returns whether the hash is cheap enough to verify, because its author may be hostile. The limits cost
    /// at most a few seconds of an ordinary processor: cost 14 of bcrypt, 5 million iterations of PBKDF2, 512
    /// MiB of memory accesses by scrypt.
    pub(super) fn is_bearable(&self, most_kib: u32) -> bool {
        match self {
            ForeignHash::Bcrypt { cost, .. } => *cost <= 14,
            ForeignHash::Pbkdf2 { iterations, .. } => iterations.get() <= 5_000_000,
            ForeignHash::Scrypt { cost, .. } => {
                cost.memory_kib() <= most_kib.into()
                    && cost.r <= 64
                    && cost.p <= 16
                    && cost.memory_kib() * u64::from(cost.p) <= 524_288
            }
        }
    }

    /// Returns whether the hash is the password's. `memory` has at least `memory_kib()` blocks.
    pub(super) fn verify(&self, password: &[u8], memory: &mut [Block]) -> Result<bool> {
        let is_equal = match self {
            ForeignHash::Bcrypt { reads, cost, salt, output } => {
                let password = reads.of(password);
                verify_slices_are_equal(&bcrypt(&password, *cost, salt), output)
            }
            ForeignHash::Pbkdf2 { digest, iterations, salt, output } => {
                pbkdf2::verify(digest.pbkdf2(), *iterations, salt, password, output)
            }
            ForeignHash::Scrypt { cost, salt, output, signer_key } => {
                let mut derived = Zeroizing::new(match signer_key {
                    None => vec![0; output.len()],
                    Some(_) => vec![0; AES_256_KEY_LEN],
                });
                scrypt(password, salt, *cost, memory, &mut derived);
                if let Some(signer_key) = signer_key {
                    derived = encrypted(signer_key, &derived)?;
                }
                verify_slices_are_equal(&derived, output)
            }
        };
        Ok(is_equal.is_ok())
    }
}

impl BcryptReads {
    fn of(&self, password: &[u8]) -> Zeroizing<Vec<u8>> {
        let sha256 = || digest::digest(&digest::SHA256, password);
        Zeroizing::new(match self {
            BcryptReads::Password => password.to_vec(),
            BcryptReads::Sha256Hex => base16(sha256().as_ref()),
            BcryptReads::Sha256Base64 => STANDARD.encode_type(sha256().as_ref()),
            BcryptReads::HmacBase64(salt) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, salt.as_bytes());
                STANDARD.encode_type(hmac::sign(&key, password).as_ref())
            }
        })
    }
}

impl Digest {
    fn named(name: &str) -> Option<Digest> {
        match name {
            "sha1" => Some(Digest::Sha1),
            "sha256" => Some(Digest::Sha256),
            "sha512" => Some(Digest::Sha512),
            _ => None,
        }
    }

    fn pbkdf2(self) -> pbkdf2::Algorithm {
        match self {
            Digest::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Digest::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Digest::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }

    fn output_len(self) -> usize {
        match self {
            Digest::Sha1 => 20,
            Digest::Sha256 => 32,
            Digest::Sha512 => 64,
        }
    }
}

/// Strips the prefix of a modular crypt text, `$2b$…`, which Django stores whole.
fn after_version(text: &str) -> Option<&str> {
    ["$2a$", "$2b$", "$2y$"].iter().find_map(|version| text.strip_prefix(version))
}

/// `12$<22 of salt><31 of output>`.
fn modular_bcrypt(rest: &str, reads: BcryptReads) -> Option<ForeignHash> {
    let (cost, rest) = rest.split_once('$')?;
    let (salt, output) = rest.split_at_checked(22)?;
    bcrypt_hash(
        reads,
        number(cost.strip_prefix('0').unwrap_or(cost)).filter(|_| cost.len() == 2)?,
        salt,
        output,
    )
}

/// `v=2,t=2b,r=12$<salt>$<output>`, or `2b,12$<salt>$<output>`; passlib writes no other type in the former,
/// and also `2a` in the latter.
fn passlib_bcrypt(rest: &str) -> Option<ForeignHash> {
    let [parameters, salt, output] = parts(rest, '$')?;
    if let Some(["v=2", "t=2b", cost]) = parts(parameters, ',') {
        return bcrypt_hash(BcryptReads::HmacBase64(salt.to_owned()), named(cost, "r=")?, salt, output);
    }
    match parts(parameters, ',')? {
        ["2a" | "2b", cost] => bcrypt_hash(BcryptReads::Sha256Base64, number(cost)?, salt, output),
        _ => None,
    }
}

fn bcrypt_hash(reads: BcryptReads, cost: u32, salt: &str, output: &str) -> Option<ForeignHash> {
    // Bits beyond the salt have no meaning, and some libraries set them.
    let (salt, _) = bcrypt::decode(salt).filter(|_| salt.len() == 22)?;
    let (output, rest) = bcrypt::decode(output)?;
    let valid = (4..=31).contains(&cost) && rest == 0;
    valid.then_some(ForeignHash::Bcrypt { reads, cost, salt, output })
}

/// `29000$<salt>$<output>`, with `.` for `+` in base64.
fn passlib_pbkdf2(digest: Digest, rest: &str) -> Option<ForeignHash> {
    let [iterations, salt, output] = parts(rest, '$')?;
    let adapted = |text: &str| {
        let is_adapted = !text.contains('+');
        is_adapted.then(|| STANDARD_NO_PAD.decode_to_vec(text.replace('.', "+")).ok()).flatten()
    };
    pbkdf2_hash(digest, iterations, adapted(salt)?, adapted(output)?)
}

/// `870000$<salt as text>$<output>`.
fn django_pbkdf2(digest: Digest, rest: &str) -> Option<ForeignHash> {
    let [iterations, salt, output] = parts(rest, '$')?;
    pbkdf2_hash(digest, iterations, salt.into(), STANDARD.decode_to_vec(output).ok()?)
}

/// `sha256:1000000` and `<salt as text>$<output in hexadecimal>`.
fn werkzeug_pbkdf2(cost: &str, rest: &str) -> Option<ForeignHash> {
    let [digest, iterations] = parts(cost, ':')?;
    let [salt, output] = parts(rest, '$')?;
    pbkdf2_hash(Digest::named(digest)?, iterations, salt.into(), from_base16(output)?)
}

fn pbkdf2_hash(digest: Digest, iterations: &str, salt: Vec<u8>, output: Vec<u8>) -> Option<ForeignHash> {
    let iterations = NonZeroU32::new(number(iterations)?)?;
    let valid = output.len() == digest.output_len();
    valid.then_some(ForeignHash::Pbkdf2 { digest, iterations, salt, output })
}

/// `ln=16,r=8,p=1$<salt>$<output>`.
fn passlib_scrypt(rest: &str) -> Option<ForeignHash> {
    let [cost, salt, output] = parts(rest, '$')?;
    let [log_n, r, p] = parts(cost, ',')?;
    let cost = scrypt::Cost { log_n: named(log_n, "ln=")?, r: named(r, "r=")?, p: named(p, "p=")? };
    let base64 = |text: &str| STANDARD_NO_PAD.decode_to_vec(text).ok();
    scrypt_hash(cost, base64(salt)?, base64(output)?, None)
}

/// `16384$<salt as text>$8$5$<output>`.
fn django_scrypt(rest: &str) -> Option<ForeignHash> {
    let [n, salt, r, p, output] = parts(rest, '$')?;
    let cost = scrypt::Cost { log_n: log2(n)?, r: number(r)?, p: number(p)? };
    scrypt_hash(cost, salt.into(), STANDARD.decode_to_vec(output).ok()?, None)
}

/// `32768:8:1` and `<salt as text>$<output in hexadecimal>`.
fn werkzeug_scrypt(cost: &str, rest: &str) -> Option<ForeignHash> {
    let [n, r, p] = parts(cost, ':')?;
    let [salt, output] = parts(rest, '$')?;
    let cost = scrypt::Cost { log_n: log2(n)?, r: number(r)?, p: number(p)? };
    scrypt_hash(cost, salt.into(), from_base16(output)?, None)
}

/// `v=1,n=14,r=8,p=1,ss=<salt separator>,sk=<signer key>$<salt>$<output>`: Firebase's export of an account
/// together with the parameters of its project, each in either base64 with padding.
fn firebase_scrypt(rest: &str) -> Option<ForeignHash> {
    let base64 = |text: &str| STANDARD.decode_to_vec(text).or_else(|_| URL_SAFE.decode_to_vec(text)).ok();
    let [parameters, salt, output] = parts(rest, '$')?;
    let ["v=1", n, r, "p=1", separator, signer_key] = parts(parameters, ',')? else { return None };
    let cost = scrypt::Cost { log_n: named(n, "n=")?, r: named(r, "r=")?, p: 1 };
    let mut salt = base64(salt)?;
    salt.extend(base64(separator.strip_prefix("ss=")?)?);
    let signer_key = Zeroizing::new(base64(signer_key.strip_prefix("sk=")?)?);
    let output = base64(output)?;
    let valid = output.len() == signer_key.len();
    valid.then(|| scrypt_hash(cost, salt, output, Some(signer_key))).flatten()
}

fn scrypt_hash(
    cost: scrypt::Cost,
    salt: Vec<u8>,
    output: Vec<u8>,
    signer_key: Option<Zeroizing<Vec<u8>>>,
) -> Option<ForeignHash> {
    // RFC 7914 section 6. A truncated output would verify, too, so only the usual lengths are accepted.
    let valid = (1..=31).contains(&cost.log_n)
        && (1..1 << 30).contains(&(u64::from(cost.r) * u64::from(cost.p)))
        && match &signer_key {
            None => matches!(output.len(), 32 | 64),
            Some(_) => output.len() >= 16,
        };
    valid.then_some(ForeignHash::Scrypt { cost, salt, output, signer_key })
}

/// Encrypts with AES-256 in counter mode, starting at zero.
fn encrypted(plain: &[u8], key: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(plain.to_vec());
    UnboundCipherKey::new(&AES_256, key)
        .and_then(EncryptingKey::ctr)
        .and_then(|key| key.less_safe_encrypt(&mut text, EncryptionContext::Iv128([0; 16].into())))
        .map_err(|_| Error::new(Code::Internal, "cipher"))?;
    Ok(text)
}

/// Splits a text into exactly `N` parts.
fn parts<const N: usize>(text: &str, separator: char) -> Option<[&str; N]> {
    let mut parts = text.split(separator);
    let mut found = [""; N];
    for part in &mut found {
        *part = parts.next()?;
    }
    parts.next().is_none().then_some(found)
}

/// Parses a decimal number in its canonical spelling: no sign, no leading zero.
pub(super) fn number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    plain.then(|| text.parse().ok()).flatten()
}

fn named(text: &str, name: &str) -> Option<u32> {
    number(text.strip_prefix(name)?)
}

/// Returns the logarithm of a power of two.
fn log2(text: &str) -> Option<u32> {
    number(text).filter(|number| number.is_power_of_two()).map(u32::ilog2)
}

fn base16(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| b"0123456789abcdef"[usize::from(digit)])
        .collect()
}

/// Decodes lower-case hexadecimal, as Python writes it.
fn from_base16(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    if rest.is_empty() { bytes } else { None }
}
