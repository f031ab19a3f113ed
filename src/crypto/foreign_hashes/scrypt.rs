//! Forms of scrypt (RFC 7914): passlib, Kratos, Django, Werkzeug, Firebase, better-auth, Lucia, Spring,
//! Gitea.

use argon2::Block;
use aws_lc_rs::cipher::{AES_256, AES_256_KEY_LEN, EncryptingKey, EncryptionContext, UnboundCipherKey};
use base64_simd::{STANDARD, URL_SAFE};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::pbkdf2::gitea_salt;
use super::text::{braced, from_base16, from_base64, from_either_base64, log2, named, number, parts};
use crate::crypto::scrypt::{self, Cost};
use crate::error::{Code, Error, Result};
use crate::types::secret::collected;

pub(in crate::crypto) struct Scrypt {
    pub cost: Cost,
    salt: Vec<u8>,
    output: Vec<u8>,
    /// Firebase stores this key, encrypted with the derived one.
    signer_key: Option<Zeroizing<Vec<u8>>>,
    /// Whether the password is put in NFKC first.
    composes: bool,
}

impl Scrypt {
    pub(super) fn parse(text: &str) -> Option<Scrypt> {
        let text = match braced(text) {
            Some((id, rest)) if matches!(id.as_str(), "scrypt" | "scrypt@springsecurity_v5_8") => rest,
            _ => text,
        };
        if let Some(rest) = text.strip_prefix('$') {
            let (scheme, rest) = rest.split_once('$')?;
            return match scheme {
                "scrypt" => passlib(rest),
                "fbscrypt" => firebase(rest),
                _ => spring(scheme, rest),
            };
        }
        match text.split_once('$') {
            Some(("scrypt", rest)) => django(rest).or_else(|| gitea(rest)),
            Some((scheme, rest)) => werkzeug(scheme.strip_prefix("scrypt:")?, rest),
            None => lucia(text),
        }
    }

    pub(super) fn scheme(&self) -> &'static str {
        if self.signer_key.is_some() { "firebase_scrypt" } else { "scrypt" }
    }

    /// `memory` has at least `cost.memory_kib()` blocks.
    pub(super) fn hash(&self, password: &[u8], memory: &mut [Block]) -> Result<Zeroizing<Vec<u8>>> {
        let composed = str::from_utf8(password).ok().filter(|_| self.composes);
        // NFKC makes at most eleven times as many bytes of a text (UAX 15 section 12).
        let composed = composed.map(|text| collected(text.nfkc(), 11 * text.len()));
        let password = composed.as_ref().map_or(password, |text| text.as_bytes());
        let len = if self.signer_key.is_some() { AES_256_KEY_LEN } else { self.output.len() };
        let mut derived = Zeroizing::new(vec![0; len]);
        scrypt::scrypt(password, &self.salt, self.cost, memory, &mut derived);
        match &self.signer_key {
            Some(signer_key) => encrypted(signer_key, &derived),
            None => Ok(derived),
        }
    }

    pub(super) fn output(&self) -> &[u8] {
        &self.output
    }
}

/// `ln=16,r=8,p=1$<salt>$<output>`. Kratos pads, and writes N itself.
fn passlib(rest: &str) -> Option<Scrypt> {
    let [cost, salt, output] = parts(rest, '$')?;
    let [log_n, r, p] = parts(cost, ',')?;
    let log_n = match named(log_n, "ln=")? {
        log_n @ ..32 => log_n,
        n => n.is_power_of_two().then(|| n.ilog2())?,
    };
    let cost = Cost { log_n, r: named(r, "r=")?, p: named(p, "p=")? };
    checked(cost, from_either_base64(salt)?, from_either_base64(output)?)
}

/// `16384$<salt as text>$8$5$<output>`.
fn django(rest: &str) -> Option<Scrypt> {
    let [n, salt, r, p, output] = parts(rest, '$')?;
    let cost = Cost { log_n: log2(n)?, r: number(r)?, p: number(p)? };
    checked(cost, salt.into(), from_base64(output)?)
}

/// `65536$16$2$50$<salt>$<output>`: the column with the algorithm, that with the salt and that with the hash.
fn gitea(rest: &str) -> Option<Scrypt> {
    let [n, r, p, "50", salt, output] = parts(rest, '$')? else { return None };
    let cost = Cost { log_n: log2(n)?, r: number(r)?, p: number(p)? };
    checked(cost, gitea_salt(salt)?, from_base16(output)?)
}

/// `32768:8:1` and `<salt as text>$<output in hexadecimal>`.
fn werkzeug(cost: &str, rest: &str) -> Option<Scrypt> {
    let [n, r, p] = parts(cost, ':')?;
    let [salt, output] = parts(rest, '$')?;
    let cost = Cost { log_n: log2(n)?, r: number(r)?, p: number(p)? };
    checked(cost, salt.into(), from_base16(output)?)
}

/// `<salt as text>:<output in hexadecimal>` of better-auth and Lucia, or Lucia's `s2:…`. Lucia's salts were
/// 16 letters and digits, with r 8 until `s2:` was written; now salts are 16 bytes in hexadecimal.
fn lucia(text: &str) -> Option<Scrypt> {
    let (is_second, text) = text.strip_prefix("s2:").map_or((false, text), |rest| (true, rest));
    let [salt, output] = parts(text, ':')?;
    let is_alphanumeric = salt.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let r = match salt.len() {
        32 if from_base16(salt).is_some() => 16,
        16 if is_second && is_alphanumeric => 16,
        16 if is_alphanumeric => 8,
        _ => return None,
    };
    let output = from_base16(output).filter(|output| output.len() == 64)?;
    let hash = checked(Cost { log_n: 14, r, p: 1 }, salt.into(), output)?;
    Some(Scrypt { composes: true, ..hash })
}

/// `e0801` (the logarithm of N, then r and p in two digits each) and `<salt>$<output>`.
fn spring(cost: &str, rest: &str) -> Option<Scrypt> {
    let [log_n, r, p] = <[u8; 3]>::try_from(from_base16(&format!("{cost:0>6}"))?).ok()?.map(u32::from);
    let [salt, output] = parts(rest, '$')?;
    checked(Cost { log_n, r, p }, from_base64(salt)?, from_base64(output)?).filter(|_| !cost.starts_with('0'))
}

/// `v=1,n=14,r=8,p=1,ss=<salt separator>,sk=<signer key>$<salt>$<hash>`: Firebase's export of an account
/// together with the parameters of its project, each in either base64 with padding.
fn firebase(rest: &str) -> Option<Scrypt> {
    let base64 = |text: &str| STANDARD.decode_to_vec(text).or_else(|_| URL_SAFE.decode_to_vec(text)).ok();
    let [parameters, salt, output] = parts(rest, '$')?;
    let ["v=1", n, r, "p=1", separator, signer_key] = parts(parameters, ',')? else { return None };
    let cost = Cost { log_n: named(n, "n=")?, r: named(r, "r=")?, p: 1 };
    let mut salt = base64(salt)?;
    salt.extend(base64(separator.strip_prefix("ss=")?)?);
    let signer_key = Zeroizing::new(base64(signer_key.strip_prefix("sk=")?)?);
    let output = base64(output)?;
    let valid = is_valid(cost) && output.len() == signer_key.len() && output.len() >= 16;
    valid.then_some(Scrypt { cost, salt, output, signer_key: Some(signer_key), composes: false })
}

/// A truncated output would verify, too, so only the usual lengths are accepted.
fn checked(cost: Cost, salt: Vec<u8>, output: Vec<u8>) -> Option<Scrypt> {
    let valid = is_valid(cost) && matches!(output.len(), 32 | 50 | 64);
    valid.then_some(Scrypt { cost, salt, output, signer_key: None, composes: false })
}

/// RFC 7914 section 6.
fn is_valid(cost: Cost) -> bool {
    (1..=31).contains(&cost.log_n) && (1..1 << 30).contains(&(u64::from(cost.r) * u64::from(cost.p)))
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
