//! The hash functions inside old password hashes (FIPS 180-4, RFC 1321).

use aws_lc_rs::digest;
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

/// The maximum length of a password for SHA-crypt, md5crypt, phpass and Drupal, as libxcrypt limits it.
const MOST_PASSWORD: usize = 512;

/// The maximum of their rounds, times the length of the password, because each round reads the password.
const MOST_READ: u64 = 1 << 27;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Digest {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    pub(super) fn of(self, text: &[u8]) -> Zeroizing<Vec<u8>> {
        let sha = |algorithm| digest::digest(algorithm, text).as_ref().to_vec();
        Zeroizing::new(match self {
            Digest::Md5 => Md5::digest(text).to_vec(),
            Digest::Sha1 => sha(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            Digest::Sha256 => sha(&digest::SHA256),
            Digest::Sha384 => sha(&digest::SHA384),
            Digest::Sha512 => sha(&digest::SHA512),
        })
    }

    pub(super) fn output_len(self) -> usize {
        match self {
            Digest::Md5 => 16,
            Digest::Sha1 => 20,
            Digest::Sha256 => 32,
            Digest::Sha384 => 48,
            Digest::Sha512 => 64,
        }
    }
}

/// Returns whether a password is short enough to be read in each of so many rounds.
pub(super) fn is_readable(password: &[u8], rounds: u32) -> bool {
    password.len() <= MOST_PASSWORD && password.len() as u64 * u64::from(rounds) <= MOST_READ
}
