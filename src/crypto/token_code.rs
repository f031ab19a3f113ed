//! Codes that stand for tokens in memory: POLYVAL (RFC 8452 section 3) of a whole token and its length under a random
//! key. Two tokens have the same code by a chance of 1 in 2^117 at most, and only a reader of the key could look for such
//! two. Unlike those of a MAC, codes must stay secret: they tell of the key.

use polyval::universal_hash::UniversalHash;
use polyval::{Block, Polyval};

use crate::error::Result;
use crate::types::random::random;

/// Makes codes under a key of its own.
pub(crate) struct Coder(Polyval);

/// The code of a token.
#[derive(Clone, Copy)]
pub(crate) struct TokenCode(u128);

impl Coder {
    pub(crate) fn new() -> Result<Coder> {
        Ok(Coder(Polyval::new(&random::<16>()?.into())))
    }

    /// Returns the code of a token.
    pub(crate) fn code(&self, token: &str) -> TokenCode {
        let mut hash = self.0.clone();
        hash.update_padded(token.as_bytes());
        hash.update(&[Block::from((token.len() as u128).to_le_bytes())]);
        TokenCode(u128::from_le_bytes(hash.finalize().into()))
    }
}

impl TokenCode {
    /// Returns the code with these halves.
    pub(crate) fn of([low, high]: [u64; 2]) -> TokenCode {
        TokenCode(u128::from(high) << 64 | u128::from(low))
    }

    pub(crate) fn halves(self) -> [u64; 2] {
        [self.0 as u64, (self.0 >> 64) as u64]
    }

    pub(crate) fn whole(self) -> u128 {
        self.0
    }

    /// Compares both codes as a whole, however much of them differs.
    pub(crate) fn is(self, other: TokenCode) -> bool {
        self.0 ^ other.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::{Coder, TokenCode};

    #[test]
    fn a_code_is_that_of_the_whole_token_under_one_key() {
        let coder = Coder::new().unwrap();
        let token = "a".repeat(500);
        let code = coder.code(&token);
        assert!(coder.code(&token).is(code));
        for at in 0..token.len() {
            assert!(!coder.code(&token[..at]).is(code));
            assert!(!coder.code(&[&token[..at], "b", &token[at + 1..]].concat()).is(code));
        }
        for added in ["\0", "a", "aaaaaaaaaaaa", "\0\0\0\0\0\0\0\0\0\0\0\0"] {
            assert!(!coder.code(&[&token, added].concat()).is(code));
        }
        assert!(!Coder::new().unwrap().code(&token).is(code));
        assert!(TokenCode::of(code.halves()).is(code));
    }
}
