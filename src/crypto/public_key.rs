//! Public keys made elsewhere: those of passkeys and of providers of ID tokens. All are checked here: a key
//! is refused if it can never verify, or if signatures for it can be made without the private key.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{ParsedPublicKey, RsaPublicKeyComponents, VerificationAlgorithm};
use curve25519_dalek::edwards::CompressedEdwardsY;

/// Why a key is refused, for the host's logs.
pub(crate) type Flaw = &'static str;

/// Parses an RSA key of 2048 to 8192 bits (RFC 8017 section 3.1), after a partial validation as in NIST SP
/// 800-89 section 5.3.3. Leading zeros are ignored.
pub(crate) fn rsa(
    n: &[u8],
    e: &[u8],
    algorithm: &'static dyn VerificationAlgorithm,
) -> Result<ParsedPublicKey, Flaw> {
    let n = without_zeros(n);
    let e = without_zeros(e);
    let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
    if !(2048..=8192).contains(&bits) {
        return Err("rsa_size");
    }
    // With the exponent 1 anyone can sign; an even exponent has no inverse.
    if e.len() > 4 || e == [1] || !is_odd(e) {
        return Err("rsa_exponent");
    }
    let remainders: Vec<(u32, u32)> = small_primes().map(|prime| (prime, remainder(n, prime))).collect();
    if !is_odd(n) || remainders.iter().any(|(_, remainder)| *remainder == 0) {
        return Err("rsa_small_factor");
    }
    if remainders.iter().take_while(|(prime, _)| *prime <= 167).all(|(prime, it)| is_power(*it, *prime)) {
        return Err("rsa_roca");
    }
    let der = RsaPublicKeyComponents { n, e }.as_der().map_err(|_| "rsa")?;
    ParsedPublicKey::new(algorithm, der.as_ref()).map_err(|_| "rsa")
}

/// Parses a point of P-256 (SEC 1 section 2.3.4, uncompressed).
pub(crate) fn p256(
    x: &[u8],
    y: &[u8],
    algorithm: &'static dyn VerificationAlgorithm,
) -> Result<ParsedPublicKey, Flaw> {
    match (x.len(), y.len()) {
        (32, 32) => ParsedPublicKey::new(algorithm, [&[4], x, y].concat()).map_err(|_| "not_a_point"),
        _ => Err("not_a_point"),
    }
}

/// Parses a point of Ed25519 in its canonical encoding (RFC 8032 section 5.1.3) that is in the group of the
/// base point (NIST SP 800-186 appendix D.1.3): signatures for a point of small order fit many messages,
/// without a private key.
pub(crate) fn ed25519(x: &[u8]) -> Result<ParsedPublicKey, Flaw> {
    let encoded = CompressedEdwardsY::from_slice(x).map_err(|_| "not_a_point")?;
    let point = encoded.decompress().ok_or("not_a_point")?;
    if point.compress() != encoded {
        Err("not_canonical")
    } else if point.is_small_order() || !point.is_torsion_free() {
        Err("small_order")
    } else {
        ParsedPublicKey::new(&aws_lc_rs::signature::ED25519, x).map_err(|_| "not_a_point")
    }
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|byte| byte % 2 == 1)
}

fn remainder(number: &[u8], divisor: u32) -> u32 {
    number.iter().fold(0, |rest, byte| (rest << 8 | u32::from(*byte)) % divisor)
}

/// The odd primes below 752, as many as NIST SP 800-89 requires.
fn small_primes() -> impl Iterator<Item = u32> {
    let has_divisor =
        |it: u32| (3..).step_by(2).take_while(|by| by * by <= it).any(|by| it.is_multiple_of(by));
    (3..752).step_by(2).filter(move |it| !has_divisor(*it))
}

/// Returns whether a remainder is a power of 65537 modulo a prime. The moduli of Infineon's library (ROCA,
/// CVE-2017-15361) are such powers modulo each of the first primes; hardly one in a hundred million other
/// moduli is (Nemec et al., "The Return of Coppersmith's Attack", section 2.2).
fn is_power(it: u32, prime: u32) -> bool {
    let next = |power: &u32| Some(power * (65_537 % prime) % prime);
    std::iter::successors(Some(1), next).take(prime as usize).any(|power| power == it)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256};

    use super::{ed25519, rsa};

    /// Each flaw is detected by its own check; the library's own refusals are not relied on.
    #[test]
    fn exponents_and_moduli_that_are_none() {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let n = pair.public_key().modulus().big_endian_without_leading_zero();
        let flaw = |n: &[u8], e: &[u8]| rsa(n, e, &RSA_PKCS1_2048_8192_SHA256).err();
        assert_eq!(flaw(n, &[1, 0, 1]), None);
        assert_eq!(flaw(&[&[0], n].concat(), &[0, 1, 0, 1]), None);
        for e in [&[1][..], &[0, 1], &[2], &[1, 0, 0], &[], &[0], &[1, 0, 0, 0, 1]] {
            assert_eq!(flaw(n, e), Some("rsa_exponent"), "{e:?}");
        }
        let even = [&n[..n.len() - 1], &[n[n.len() - 1] & 0xfe]].concat();
        assert_eq!(flaw(&even, &[1, 0, 1]), Some("rsa_small_factor"));
    }

    /// The field has 19 elements with two encodings of a point (RFC 8032 section 5.1.3).
    #[test]
    fn points_in_another_spelling_are_none() {
        let mut points = 0;
        for (y, sign) in (0..19).flat_map(|y| [(y, 0), (y, 0x80)]) {
            let mut encoded = [0xff; 32];
            (encoded[0], encoded[31]) = (0xed + y, 0x7f | sign);
            match ed25519(&encoded).err() {
                Some("not_canonical") => points += 1,
                flaw => assert_eq!(flaw, Some("not_a_point"), "{y}"),
            }
        }
        assert!(points > 8);
    }
}
