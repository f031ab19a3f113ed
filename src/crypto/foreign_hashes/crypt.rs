//! Forms of crypt(3) with MD5 and SHA-2: md5crypt (Poul-Henning Kamp) and SHA-crypt (Ulrich Drepper,
//! "Unix crypt using SHA-256 and SHA-512").

use zeroize::Zeroizing;

use super::digest::{Digest, is_readable};
use super::text::{hash64, is_hash64, number, parts};

/// The orders in which the bytes of the last digest are written.
const MD5_ORDER: [usize; 16] = [12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11];
const SHA256_ORDER: [usize; 32] = [
    20, 10, 0, 11, 1, 21, 2, 22, 12, 23, 13, 3, 14, 4, 24, 5, 25, 15, 26, 16, 6, 17, 7, 27, 8, 28, 18, 29,
    19, 9, 30, 31,
];
const SHA512_ORDER: [usize; 64] = [
    42, 21, 0, 1, 43, 22, 23, 2, 44, 45, 24, 3, 4, 46, 25, 26, 5, 47, 48, 27, 6, 7, 49, 28, 29, 8, 50, 51,
    30, 9, 10, 52, 31, 32, 11, 53, 54, 33, 12, 13, 55, 34, 35, 14, 56, 57, 36, 15, 16, 58, 37, 38, 17, 59,
    60, 39, 18, 19, 61, 40, 41, 20, 62, 63,
];

pub(in crate::crypto) struct Crypt {
    digest: Digest,
    /// The beginning of the text, of which md5crypt's is hashed, too.
    mark: &'static str,
    pub rounds: u32,
    salt: String,
    output: String,
}

impl Crypt {
    /// Parses `$1$<salt>$<output>` (or `$apr1$…` of Apache), `$5$<salt>$<output>` and `$6$<salt>$<output>`,
    /// the latter two also with `rounds=656000$` before the salt.
    pub(super) fn parse(text: &str) -> Option<Crypt> {
        let marks =
            [("$1$", Digest::Md5), ("$apr1$", Digest::Md5), ("$5$", Digest::Sha256), ("$6$", Digest::Sha512)];
        let (mark, digest) = marks.into_iter().find(|(mark, _)| text.starts_with(mark))?;
        let rest = &text[mark.len()..];
        let (rounds, rest) = match rest.strip_prefix("rounds=").filter(|_| digest != Digest::Md5) {
            Some(rest) => {
                let (rounds, rest) = rest.split_once('$')?;
                (number(rounds).filter(|rounds| (1_000..1_000_000_000).contains(rounds))?, rest)
            }
            None => (if digest == Digest::Md5 { 1_000 } else { 5_000 }, rest),
        };
        let [salt, output] = parts(rest, '$')?;
        let (salt_len, output_len) = match digest {
            Digest::Md5 => (8, 22),
            Digest::Sha256 => (16, 43),
            _ => (16, 86),
        };
        let valid = salt.len() <= salt_len && is_hash64(output, output_len);
        valid.then(|| Crypt { digest, mark, rounds, salt: salt.into(), output: output.into() })
    }

    pub(super) fn scheme(&self) -> &'static str {
        match self.digest {
            Digest::Md5 => "md5crypt",
            Digest::Sha256 => "sha256_crypt",
            _ => "sha512_crypt",
        }
    }

    /// Returns the output; none for a password that is too long.
    pub(super) fn hash(&self, password: &[u8]) -> Option<Vec<u8>> {
        let salt = self.salt.as_bytes();
        if !is_readable(password, self.rounds) {
            return None;
        }
        let output = match self.digest {
            Digest::Md5 => self.rounds(self.first(password), password, salt),
            digest => {
                let first = self.first(password);
                let salts = 16 + usize::from(first[0]);
                let password_digest = digest.of(&Zeroizing::new(password.repeat(password.len())));
                let password = repeated(&password_digest, password.len());
                let salt = repeated(&digest.of(&salt.repeat(salts)), salt.len());
                self.rounds(first, &password, &salt)
            }
        };
        let order: &[usize] = match self.digest {
            Digest::Md5 => &MD5_ORDER,
            Digest::Sha256 => &SHA256_ORDER,
            _ => &SHA512_ORDER,
        };
        Some(hash64(&order.iter().map(|index| output[*index]).collect::<Vec<u8>>()))
    }

    /// Returns the digest before the rounds.
    fn first(&self, password: &[u8]) -> Zeroizing<Vec<u8>> {
        let salt = self.salt.as_bytes();
        let mut other = self.digest.of(&Zeroizing::new([password, salt, password].concat()));
        let mark = if self.digest == Digest::Md5 { self.mark.as_bytes() } else { &[] };
        let mut lengths = password.len();
        // The text never grows out of its memory, which would be freed as it is.
        let most = (2 + (usize::BITS - lengths.leading_zeros()) as usize) * lengths.max(other.len())
            + mark.len()
            + salt.len();
        let mut text = Zeroizing::new(Vec::with_capacity(most));
        for part in [password, mark, salt, &repeated(&other, lengths)] {
            text.extend_from_slice(part);
        }
        let mut other_text = password;
        if self.digest == Digest::Md5 {
            // Its author cleared the digest by mistake, so a byte of NUL is taken, and one of the password.
            other = Zeroizing::new(vec![0]);
            other_text = &password[..password.len().min(1)];
        }
        while lengths > 0 {
            text.extend_from_slice(if lengths & 1 == 1 { &other } else { other_text });
            lengths >>= 1;
        }
        self.digest.of(&text)
    }

    fn rounds(&self, first: Zeroizing<Vec<u8>>, password: &[u8], salt: &[u8]) -> Zeroizing<Vec<u8>> {
        let most = 2 * password.len().max(first.len()) + salt.len() + password.len();
        let mut text = Zeroizing::new(Vec::with_capacity(most));
        let mut last = first;
        for round in 0..self.rounds {
            text.clear();
            text.extend_from_slice(if round % 2 == 1 { password } else { &last });
            text.extend_from_slice(if round % 3 > 0 { salt } else { &[] });
            text.extend_from_slice(if round % 7 > 0 { password } else { &[] });
            text.extend_from_slice(if round % 2 == 1 { &last } else { password });
            last = self.digest.of(&text);
        }
        last
    }

    pub(super) fn output(&self) -> &[u8] {
        self.output.as_bytes()
    }
}

/// Repeats a text up to a length.
fn repeated(text: &[u8], len: usize) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.iter().copied().cycle().take(len).collect())
}
