//! Forms of PBKDF2 (RFC 8018 section 5.2): passlib, PHC, Django, Werkzeug, ASP.NET Core Identity, Gitea,
//! Spring, Atlassian, 389 Directory Server.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2;

use super::text::{
    braced, from_adapted_base64, from_base16, from_base64, from_either_base64, named, number, parts,
};

pub(in crate::crypto) struct Pbkdf2 {
    prf: Prf,
    pub iterations: NonZeroU32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

/// HMAC with this hash function.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Prf {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Pbkdf2 {
    pub(super) fn parse(text: &str) -> Option<Pbkdf2> {
        if let Some(rest) = text.strip_prefix("$pbkdf2") {
            let (prf, rest) = rest.split_once('$')?;
            return if prf.is_empty() {
                passlib(Prf::Sha1, rest)
            } else {
                passlib(Prf::named(prf.strip_prefix('-')?)?, rest)
            };
        }
        if let Some((id, rest)) = braced(text) {
            return in_braces(&id, rest);
        }
        let Some((scheme, rest)) = text.split_once('$') else { return aspnet(&from_base64(text)?) };
        match (scheme.strip_prefix("pbkdf2_"), scheme.strip_prefix("pbkdf2:")) {
            (Some(prf), _) => django(Prf::named(prf)?, rest),
            (_, Some(cost)) => werkzeug(cost, rest),
            _ => gitea(rest).filter(|_| scheme == "pbkdf2"),
        }
    }

    pub(super) fn scheme(&self) -> &'static str {
        match self.prf {
            Prf::Sha1 => "pbkdf2_sha1",
            Prf::Sha256 => "pbkdf2_sha256",
            Prf::Sha384 => "pbkdf2_sha384",
            Prf::Sha512 => "pbkdf2_sha512",
        }
    }

    /// Returns the work in iterations: each block of the output takes them all.
    pub(super) fn work(&self) -> u64 {
        let blocks = self.output.len().div_ceil(self.prf.output_len());
        u64::from(self.iterations.get()) * blocks as u64
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        pbkdf2::verify(self.prf.algorithm(), self.iterations, &self.salt, password, &self.output).is_ok()
    }
}

impl Prf {
    fn named(name: &str) -> Option<Prf> {
        match name {
            "sha1" => Some(Prf::Sha1),
            "sha256" => Some(Prf::Sha256),
            "sha384" => Some(Prf::Sha384),
            "sha512" => Some(Prf::Sha512),
            _ => None,
        }
    }

    fn algorithm(self) -> pbkdf2::Algorithm {
        match self {
            Prf::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Prf::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Prf::Sha384 => pbkdf2::PBKDF2_HMAC_SHA384,
            Prf::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }

    fn output_len(self) -> usize {
        match self {
            Prf::Sha1 => 20,
            Prf::Sha256 => 32,
            Prf::Sha384 => 48,
            Prf::Sha512 => 64,
        }
    }
}

/// `29000$<salt>$<output>` in passlib's base64, or, in PHC string format, `i=600000,l=32$<salt>$<output>`.
fn passlib(prf: Prf, rest: &str) -> Option<Pbkdf2> {
    let [cost, salt, output] = parts(rest, '$')?;
    let Some(cost) = cost.strip_prefix("i=") else {
        return whole(prf, number(cost)?, from_adapted_base64(salt)?, from_adapted_base64(output)?);
    };
    let output = from_either_base64(output)?;
    let (iterations, len) = cost.split_once(',').map_or((cost, None), |(cost, len)| (cost, Some(len)));
    if let Some(len) = len
        && named(len, "l=")? as usize != output.len()
    {
        return None;
    }
    checked(prf, number(iterations)?, from_either_base64(salt)?, output)
}

/// `870000$<salt as text>$<output>`.
fn django(prf: Prf, rest: &str) -> Option<Pbkdf2> {
    let [iterations, salt, output] = parts(rest, '$')?;
    whole(prf, number(iterations)?, salt.into(), from_base64(output)?)
}

/// `sha256:1000000` and `<salt as text>$<output in hexadecimal>`.
fn werkzeug(cost: &str, rest: &str) -> Option<Pbkdf2> {
    let [prf, iterations] = parts(cost, ':')?;
    let [salt, output] = parts(rest, '$')?;
    checked(Prf::named(prf)?, number(iterations)?, salt.into(), from_base16(output)?)
}

/// `50000$50$<salt>$<output>`: the column with the algorithm, that with the salt and that with the hash.
fn gitea(rest: &str) -> Option<Pbkdf2> {
    let [iterations, len, salt, output] = parts(rest, '$')?;
    let output = from_base16(output).filter(|output| number(len) == Some(output.len() as u32))?;
    checked(Prf::Sha256, number(iterations)?, gitea_salt(salt)?, output)
}

/// Gitea's old salts are ten characters, and the new ones are in hexadecimal.
pub(super) fn gitea_salt(text: &str) -> Option<Vec<u8>> {
    let salt = if text.len() == 10 { Some(text.into()) } else { from_base16(text) };
    salt.filter(|salt| !salt.is_empty())
}

/// `{PKCS5S2}` of Atlassian, `{pbkdf2}` of Spring, `{PBKDF2_SHA256}` of 389 Directory Server: salt and output
/// at once.
fn in_braces(id: &str, rest: &str) -> Option<Pbkdf2> {
    let (prf, iterations, bytes, salt_len, output_len) = match id {
        "pkcs5s2" => (Prf::Sha1, 10_000, from_base64(rest)?, 16, 32),
        "pbkdf2" => (Prf::Sha1, 185_000, from_base16(rest)?, 8, 32),
        "pbkdf2@springsecurity_v5_8" => (Prf::Sha256, 310_000, from_base16(rest)?, 16, 32),
        "pbkdf2_sha256" => {
            let mut bytes = from_base64(rest)?;
            let (iterations, _) = bytes.split_first_chunk().filter(|_| bytes.len() > 4)?;
            (Prf::Sha256, u32::from_be_bytes(*iterations), bytes.split_off(4), 64, 256)
        }
        _ => return None,
    };
    let (salt, output) = bytes.split_at_checked(salt_len)?;
    (output.len() == output_len).then(|| checked(prf, iterations, salt.into(), output.into())).flatten()
}

/// A byte for the version, then in the second version salt and output; in the third the PRF, the iterations,
/// the length of the salt, and both.
fn aspnet(bytes: &[u8]) -> Option<Pbkdf2> {
    match bytes.split_first()? {
        (0, rest) if rest.len() == 48 => {
            let (salt, output) = rest.split_at(16);
            checked(Prf::Sha1, 1_000, salt.into(), output.into())
        }
        (1, rest) => {
            let (numbers, rest) = rest.split_at_checked(12)?;
            let [prf, iterations, salt_len] =
                [0, 4, 8].map(|at| u32::from_be_bytes(std::array::from_fn(|byte| numbers[at + byte])));
            let prf = *[Prf::Sha1, Prf::Sha256, Prf::Sha512].get(prf as usize)?;
            let (salt, output) =
                rest.split_at_checked(salt_len as usize).filter(|(salt, _)| salt.len() >= 16)?;
            checked(prf, iterations, salt.into(), output.into())
        }
        _ => None,
    }
}

/// Checks a hash of a system that writes as much as the digest has. A truncated output would verify, too.
fn whole(prf: Prf, iterations: u32, salt: Vec<u8>, output: Vec<u8>) -> Option<Pbkdf2> {
    checked(prf, iterations, salt, output).filter(|hash| hash.output.len() == prf.output_len())
}

fn checked(prf: Prf, iterations: u32, salt: Vec<u8>, output: Vec<u8>) -> Option<Pbkdf2> {
    let iterations = NonZeroU32::new(iterations)?;
    (output.len() >= 16).then_some(Pbkdf2 { prf, iterations, salt, output })
}
