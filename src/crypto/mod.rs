//! Everything that computes with secrets. It does not know the store or requests.

mod bcrypt;
pub(crate) mod claims;
mod foreign_hashes;
pub(crate) mod hasher;
pub(crate) mod id_token;
pub(crate) mod jwks;
pub(crate) mod jws;
mod memory;
pub(crate) mod pepper;
mod public_key;
pub(crate) mod refresh_token;
mod scrypt;
pub(crate) mod secrets;
pub(crate) mod webauthn;

use base64_simd::URL_SAFE_NO_PAD;

use crate::error::{Code, Error, Result};

/// Returns bytes from the operating system's generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::new(Code::Internal, "no randomness"))?;
    Ok(bytes)
}

/// Computes SHA-256 (FIPS 180-4).
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    digest
}

/// Encodes as base64url without padding (RFC 4648 section 5, RFC 7515 appendix C).
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// Decodes the canonical spelling only: padding, white space and unused bits are refused.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode_to_vec(text).ok()
}

#[cfg(test)]
mod tests {
    use super::{base64url, from_base64url};

    #[test]
    fn base64url_has_one_spelling() {
        assert_eq!(from_base64url("-_8"), Some(vec![0xfb, 0xff]));
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
        // Padding, white space, the other alphabet, unused bits, an impossible length.
        for text in ["-_8=", "-_8 ", "-_8\n", " -_8", "+/8", "-_9", "-_8A-", "-", "-_8\0"] {
            assert_eq!(from_base64url(text), None, "{text:?}");
        }
    }
}
