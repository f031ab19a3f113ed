//! Everything that computes with secrets. It does not know the store or requests.

pub(crate) mod api_key;
#[cfg(target_arch = "x86_64")]
mod argon2id;
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
mod spki;
pub(crate) mod token_code;
pub(crate) mod webauthn;
mod yescrypt;

/// Computes SHA-256 (FIPS 180-4).
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    digest
}
