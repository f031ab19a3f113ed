//! The workshop: everything that computes with secrets. It knows no store and no request.

pub(crate) mod hasher;
pub(crate) mod jws;
mod memory;
pub(crate) mod secrets;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::{Code, Error, Result};

/// Bytes from the operating system's generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::new(Code::Internal, "no randomness"))?;
    Ok(bytes)
}

/// base64url without padding (RFC 4648 section 5, RFC 7515 appendix C).
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of the one canonical spelling: padding, white space and unused bits are refused.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
