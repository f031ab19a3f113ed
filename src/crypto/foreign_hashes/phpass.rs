//! Forms of phpass' portable hashes ("Portable PHP password hashing framework"): WordPress, phpBB, and Drupal
//! 7 with SHA-512.

use zeroize::Zeroizing;

use super::digest::{Digest, is_readable};
use super::text::{HASH64, base16, hash64, is_hash64};

pub(in crate::crypto) struct Phpass {
    digest: Digest,
    /// Whether the MD5 of the password is hashed: Drupal hashed again what earlier versions had stored.
    reads_md5: bool,
    pub log_rounds: u32,
    salt: String,
    output: String,
}

impl Phpass {
    /// Parses `$P$B<8 of salt><22 of output>`, the same with `$H$`, and `$S$D<8 of salt><43 of output>`, also
    /// with `U` before it.
    pub(super) fn parse(text: &str) -> Option<Phpass> {
        let (reads_md5, text) = text.strip_prefix('U').map_or((false, text), |rest| (true, rest));
        let (digest, output_len) = match text.get(..3)? {
            "$P$" | "$H$" => (Digest::Md5, 22),
            "$S$" => (Digest::Sha512, 43),
            _ => return None,
        };
        let (rounds, salt, output) = (text.get(3..4)?, text.get(4..12)?, text.get(12..)?);
        let log_rounds = HASH64.iter().position(|digit| [*digit] == *rounds.as_bytes())? as u32;
        let valid = (7..=30).contains(&log_rounds) && is_hash64(salt, 8) && is_hash64(output, output_len);
        valid.then(|| Phpass { digest, reads_md5, log_rounds, salt: salt.into(), output: output.into() })
    }

    pub(super) fn scheme(&self) -> &'static str {
        if self.digest == Digest::Md5 { "phpass" } else { "drupal" }
    }

    /// Returns the output; none for a password that is too long.
    pub(super) fn hash(&self, password: &[u8]) -> Option<Vec<u8>> {
        if !is_readable(password, 1 << self.log_rounds) {
            return None;
        }
        let md5 = self.reads_md5.then(|| Zeroizing::new(base16(&Digest::Md5.of(password))));
        let password = md5.as_ref().map_or(password, |md5| md5);
        let mut text = Zeroizing::new(Vec::with_capacity(self.digest.output_len() + password.len()));
        text.extend_from_slice(self.salt.as_bytes());
        text.extend_from_slice(password);
        let mut last = self.digest.of(&text);
        for _ in 0..1_u32 << self.log_rounds {
            text.clear();
            text.extend_from_slice(&last);
            text.extend_from_slice(password);
            last = self.digest.of(&text);
        }
        let mut output = hash64(&last);
        output.truncate(self.output.len());
        Some(output)
    }

    pub(super) fn output(&self) -> &[u8] {
        self.output.as_bytes()
    }
}
