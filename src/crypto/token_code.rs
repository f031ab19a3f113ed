//! Codes that stand for tokens in memory: POLYVAL (RFC 8452 section 3) of a whole token and its length under a random
//! key. Two tokens have the same code by a chance of 1 in 2^117 at most, and only a reader of the key could look for such
//! two. Unlike those of a MAC, codes must stay secret: they tell of the key.

use polyval::universal_hash::UniversalHash;
use polyval::{Block, Polyval};
use zeroize::Zeroizing;

use crate::error::Result;
use crate::types::random::random;

/// Makes codes under a key of its own.
pub(crate) struct Coder(Polyval);

/// The code of a token.
#[derive(Clone, Copy)]
pub(crate) struct TokenCode(u128);

impl Coder {
    pub(crate) fn new() -> Result<Coder> {
        Ok(Coder::of(&Zeroizing::new(random()?)))
    }

    fn of(key: &[u8; 16]) -> Coder {
        Coder(Polyval::new(key.into()))
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
    use polyval::universal_hash::UniversalHash;

    use super::{Coder, TokenCode};

    const KEY: [u8; 16] = 0x2562_9347_5892_4276_1d31_f826_ba4b_757b_u128.to_be_bytes();

    /// RFC 8452 appendix A.
    #[test]
    fn the_hash_is_that_of_the_rfc() {
        let blocks =
            [0x4f4f_9566_8c83_dfb6_4017_62bb_2d01_a262, 0xd1a2_4ddd_2721_d006_bbe4_5f20_d3c9_f362_u128];
        let mut hash = Coder::of(&KEY).0.clone();
        hash.update(&blocks.map(|block| block.to_be_bytes().into()));
        let result = u128::from_be_bytes(hash.finalize().into());
        assert_eq!(result, 0xf7a3_b47b_8461_19fa_e5b7_866c_f5e5_b77e);
    }

    /// The last block is the length. The code was calculated with whole numbers, after the definition of the RFC.
    #[test]
    fn a_code_is_the_hash_of_a_token_and_its_length() {
        let code = Coder::of(&KEY).code("eyJhbGciOiJFZERTQSJ9");
        assert_eq!(code.whole(), 0x3b29_a775_497d_fb4c_6c95_c403_39c0_ceba);
    }

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
