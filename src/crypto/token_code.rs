//! Codes that stand for tokens in memory: GMAC (NIST SP 800-38D) of a whole token under a random key. Two tokens have
//! the same code by a chance of 1 in 2^118 at most, and who does not know the key cannot look for such two.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::error::{Code, Error, Result};
use crate::types::random::random;

/// Makes codes under a key of its own.
pub(crate) struct Coder(LessSafeKey);

/// The code of a token.
#[derive(Clone, Copy)]
pub(crate) struct TokenCode([u64; 2]);

impl Coder {
    pub(crate) fn new() -> Result<Coder> {
        let key = Zeroizing::new(random::<32>()?);
        let key = UnboundKey::new(&AES_256_GCM, &*key).map_err(|_| Error::new(Code::Internal, "coder"))?;
        Ok(Coder(LessSafeKey::new(key)))
    }

    /// Returns the code of a token.
    pub(crate) fn code(&self, token: &str) -> Option<TokenCode> {
        // A nonce protects codes that others see. These are only compared, in this process, so one nonce serves all.
        let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(token), &mut []).ok()?;
        let (halves, _) = tag.as_ref().as_chunks();
        let [a, b] = halves else { return None };
        Some(TokenCode([*a, *b].map(u64::from_ne_bytes)))
    }
}

impl TokenCode {
    /// Returns the code with these halves.
    pub(crate) fn of(halves: [u64; 2]) -> TokenCode {
        TokenCode(halves)
    }

    pub(crate) fn halves(self) -> [u64; 2] {
        self.0
    }

    /// Compares both codes as a whole, however much of them differs.
    pub(crate) fn is(self, other: TokenCode) -> bool {
        let [[a, b], [c, d]] = [self.0, other.0];
        (a ^ c) | (b ^ d) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::Coder;

    #[test]
    fn a_code_is_that_of_the_whole_token_under_one_key() {
        let coder = Coder::new().unwrap();
        let token = "a".repeat(500);
        let code = coder.code(&token).unwrap();
        assert!(coder.code(&token).unwrap().is(code));
        for at in 0..token.len() {
            assert!(!coder.code(&token[..at]).unwrap().is(code));
            assert!(!coder.code(&[&token[..at], "b", &token[at + 1..]].concat()).unwrap().is(code));
        }
        assert!(!Coder::new().unwrap().code(&token).unwrap().is(code));
    }
}
