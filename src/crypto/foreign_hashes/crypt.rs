//! Forms of crypt(3) with MD5 and SHA-2: md5crypt (Poul-Henning Kamp) and SHA-crypt (Ulrich Drepper,
//! "Unix crypt using SHA-256 and SHA-512").

use std::iter;

use zeroize::Zeroizing;

use super::digest::Digest;
use super::text::{hash64, is_hash64, number, parts};

/// As libxcrypt limits them. The work grows with the length.
pub(super) const MOST_PASSWORD: usize = 512;

#[derive(Debug, PartialEq)]
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

    /// Returns the output for a password of at most 512 bytes; none for a longer one.
    pub(super) fn hash(&self, password: &[u8]) -> Option<Vec<u8>> {
        let salt = self.salt.as_bytes();
        if password.len() > MOST_PASSWORD {
            return None;
        }
        let output = match self.digest {
            Digest::Md5 => self.rounds(self.first(password), password, salt),
            digest => {
                let first = self.first(password);
                let salts = 16 + usize::from(first[0]);
                let password = repeated(&digest.of(&password.repeat(password.len())), password.len());
                let salt = repeated(&digest.of(&salt.repeat(salts)), salt.len());
                self.rounds(first, &password, &salt)
            }
        };
        Some(hash64(&self.order().map(|index| output[index]).collect::<Vec<u8>>()))
    }

    /// Returns the digest before the rounds.
    fn first(&self, password: &[u8]) -> Zeroizing<Vec<u8>> {
        let salt = self.salt.as_bytes();
        let mut other = self.digest.of(&Zeroizing::new([password, salt, password].concat()));
        let mark = if self.digest == Digest::Md5 { self.mark.as_bytes() } else { &[] };
        let mut text = Zeroizing::new([password, mark, salt, &repeated(&other, password.len())].concat());
        let mut lengths = password.len();
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

    /// Returns the order in which the bytes of the last digest are written.
    fn order(&self) -> impl Iterator<Item = usize> {
        let (first, count, rest): ([usize; 3], _, &[usize]) = match self.digest {
            Digest::Md5 => ([12, 6, 0], 4, &[5, 10, 4, 11]),
            Digest::Sha256 => ([20, 10, 0], 10, &[30, 31]),
            _ => ([42, 21, 0], 21, &[63]),
        };
        let next = move |[third, second, first]: [usize; 3]| match self.digest {
            Digest::Md5 => [third + 1, second + 1, first + 1],
            Digest::Sha256 => [second + 1, first + 1, third + 1],
            _ => [first + 1, third + 1, second + 1],
        };
        iter::successors(Some(first), move |triple| Some(next(*triple)))
            .take(count)
            .flatten()
            .chain(rest.iter().copied())
    }

    pub(super) fn output(&self) -> &[u8] {
        self.output.as_bytes()
    }
}

/// Repeats a text up to a length.
fn repeated(text: &[u8], len: usize) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.iter().copied().cycle().take(len).collect())
}
