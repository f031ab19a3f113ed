//! Forms of bcrypt: modular crypt, Django, passlib, WordPress, Devise.

use aws_lc_rs::{digest, hmac};
use base64_simd::STANDARD;
use zeroize::Zeroizing;

use super::text::{base16, from_base64, named, number, parts};
use crate::crypto::bcrypt::{self, MOST_READ, OUTPUT_LEN, SALT_LEN};

pub(in crate::crypto) struct Bcrypt {
    reads: Reads,
    pub cost: u32,
    salt: [u8; SALT_LEN],
    output: [u8; OUTPUT_LEN],
}

/// How a password is prepared.
enum Reads {
    /// As it is, with a NUL at its end.
    Password,
    /// Without a NUL: the first version, `$2$`.
    WithoutNul,
    /// With the bug of crypt_blowfish up to 1.0.4, `$2x$`.
    SignedBytes,
    /// SHA-256 in hexadecimal: Django.
    Sha256Hex,
    /// SHA-256 in base64: passlib's first version.
    Sha256Base64,
    /// HMAC-SHA-256 in base64, under the salt as text: passlib's second version.
    HmacSha256(String),
    /// HMAC-SHA-384 in base64, under a constant: WordPress since 6.8.
    HmacSha384,
    /// Followed by a pepper: Devise.
    Peppered(Zeroizing<Vec<u8>>),
}

impl Bcrypt {
    pub(super) fn parse(text: &str) -> Option<Bcrypt> {
        if let Some(rest) = text.strip_prefix("$bcrypt-sha256$") {
            return passlib(rest);
        }
        if let Some(rest) = text.strip_prefix("$devise$") {
            let (pepper, _) = rest.split_once('$')?;
            let reads = Reads::Peppered(Zeroizing::new(from_base64(pepper)?));
            return modular(&rest[pepper.len()..], reads);
        }
        match (text.strip_prefix("$wp"), text.split_once('$')?) {
            (Some(rest), _) => modular(rest, Reads::HmacSha384),
            (_, ("", _)) => modular(text, Reads::Password),
            (_, ("bcrypt", rest)) => modular(rest, Reads::Password),
            (_, ("bcrypt_sha256", rest)) => modular(rest, Reads::Sha256Hex),
            _ => None,
        }
    }

    pub(super) fn scheme(&self) -> &'static str {
        match self.reads {
            Reads::Password | Reads::WithoutNul | Reads::SignedBytes => "bcrypt",
            Reads::Sha256Hex | Reads::Sha256Base64 | Reads::HmacSha256(_) => "bcrypt_sha256",
            Reads::HmacSha384 => "bcrypt_sha384",
            Reads::Peppered(_) => "bcrypt_pepper",
        }
    }

    pub(super) fn hash(&self, password: &[u8]) -> [u8; OUTPUT_LEN] {
        bcrypt::bcrypt(&self.reads.key(password), self.cost, &self.salt)
    }

    pub(super) fn output(&self) -> &[u8] {
        &self.output
    }
}

impl Reads {
    /// Returns the key of Blowfish.
    fn key(&self, password: &[u8]) -> Zeroizing<Vec<u8>> {
        let sha256 = || digest::digest(&digest::SHA256, password);
        let hmac = |algorithm, key: &[u8]| {
            let tag = hmac::sign(&hmac::Key::new(algorithm, key), password);
            STANDARD.encode_type::<Vec<u8>>(tag.as_ref())
        };
        let text = Zeroizing::new(match self {
            Reads::Password | Reads::WithoutNul | Reads::SignedBytes => password.to_vec(),
            Reads::Sha256Hex => base16(sha256().as_ref()),
            Reads::Sha256Base64 => STANDARD.encode_type(sha256().as_ref()),
            Reads::HmacSha256(salt) => hmac(hmac::HMAC_SHA256, salt.as_bytes()),
            Reads::HmacSha384 => hmac(hmac::HMAC_SHA384, b"wp-sha384"),
            Reads::Peppered(pepper) => [password, pepper].concat(),
        });
        match self {
            Reads::WithoutNul => Zeroizing::new(text.iter().copied().take(MOST_READ).collect()),
            Reads::SignedBytes => signed(&bcrypt::key(&text)),
            _ => bcrypt::key(&text),
        }
    }
}

/// Returns the key that the bug made of another: a byte from 0x80 on counted as negative, and its sign
/// replaced the bytes before it in its word.
fn signed(key: &[u8]) -> Zeroizing<Vec<u8>> {
    let byte = |place: usize| i32::from(key[place % key.len()] as i8) as u32;
    let words = (0..MOST_READ / 4).map(|word| (0..4).fold(0, |value, at| value << 8 | byte(4 * word + at)));
    Zeroizing::new(words.flat_map(u32::to_be_bytes).collect())
}

/// `$2b$12$<22 of salt><31 of output>`.
fn modular(text: &str, reads: Reads) -> Option<Bcrypt> {
    let [version, cost, rest] = parts(text.strip_prefix('$')?, '$')?;
    let reads = match (version, reads) {
        ("2a" | "2b" | "2y", reads) => reads,
        ("2", Reads::Password) => Reads::WithoutNul,
        ("2x", Reads::Password) => Reads::SignedBytes,
        _ => return None,
    };
    let (salt, output) = rest.split_at_checked(22)?;
    let cost = number(cost.strip_prefix('0').unwrap_or(cost)).filter(|_| cost.len() == 2)?;
    checked(reads, cost, salt, output)
}

/// `v=2,t=2b,r=12$<salt>$<output>`, or `2b,12$<salt>$<output>`; passlib writes no other type in the former,
/// and also `2a` in the latter.
fn passlib(rest: &str) -> Option<Bcrypt> {
    let [parameters, salt, output] = parts(rest, '$')?;
    if let Some(["v=2", "t=2b", cost]) = parts(parameters, ',') {
        return checked(Reads::HmacSha256(salt.to_owned()), named(cost, "r=")?, salt, output);
    }
    match parts(parameters, ',')? {
        ["2a" | "2b", cost] => checked(Reads::Sha256Base64, number(cost)?, salt, output),
        _ => None,
    }
}

fn checked(reads: Reads, cost: u32, salt: &str, output: &str) -> Option<Bcrypt> {
    // Bits beyond the salt have no meaning, and some libraries set them.
    let (salt, _) = bcrypt::decode(salt).filter(|_| salt.len() == 22)?;
    let (output, rest) = bcrypt::decode(output)?;
    let valid = (4..=31).contains(&cost) && rest == 0;
    valid.then_some(Bcrypt { reads, cost, salt, output })
}
