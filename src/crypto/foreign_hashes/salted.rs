//! One digest of a password and a salt, as LDAP servers keep it (RFC 2307 section 5.3).

use zeroize::Zeroizing;

use super::digest::Digest;
use super::text::{braced, from_base64};

pub(in crate::crypto) struct Salted {
    digest: Digest,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Salted {
    /// Parses `{SSHA}<output and salt>`, and `{SHA}<output>`.
    pub(super) fn parse(text: &str) -> Option<Salted> {
        let (id, rest) = braced(text)?;
        let (is_salted, name) = match id.strip_prefix('s') {
            Some(name @ ("sha" | "sha256" | "sha384" | "sha512" | "md5")) => (true, name),
            _ => (false, id.as_str()),
        };
        let digest = match name {
            "md5" => Digest::Md5,
            "sha" => Digest::Sha1,
            "sha256" => Digest::Sha256,
            "sha384" => Digest::Sha384,
            "sha512" => Digest::Sha512,
            _ => return None,
        };
        let mut output = from_base64(rest).filter(|bytes| bytes.len() >= digest.output_len())?;
        let salt = output.split_off(digest.output_len());
        (salt.is_empty() != is_salted).then_some(Salted { digest, salt, output })
    }

    pub(super) fn scheme(&self) -> &'static str {
        match self.digest {
            Digest::Md5 => "ldap_md5",
            Digest::Sha1 => "ldap_sha1",
            Digest::Sha256 => "ldap_sha256",
            Digest::Sha384 => "ldap_sha384",
            Digest::Sha512 => "ldap_sha512",
        }
    }

    pub(super) fn hash(&self, password: &[u8]) -> Zeroizing<Vec<u8>> {
        self.digest.of(&Zeroizing::new([password, &self.salt].concat()))
    }

    pub(super) fn output(&self) -> &[u8] {
        &self.output
    }
}
