//! The hash functions inside old password hashes (FIPS 180-4, RFC 1321).

use aws_lc_rs::digest;
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

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
