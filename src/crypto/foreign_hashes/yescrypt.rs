//! yescrypt as crypt(3) writes it, the default of today's Linux.

use argon2::Block;

use super::text::{HASH64, from_hash64, hash64, is_hash64, parts};
use crate::crypto::scrypt::Cost;
use crate::crypto::yescrypt::{OUTPUT_LEN, yescrypt};

pub(in crate::crypto) struct Yescrypt {
    pub cost: Cost,
    salt: Vec<u8>,
    output: String,
}

impl Yescrypt {
    /// Parses `$y$j9T$<salt>$<output>`: `j` stands for the default flags, `9` for the logarithm of N, `T` for
    /// r.
    pub(super) fn parse(text: &str) -> Option<Yescrypt> {
        let [cost, salt, output] = parts(text.strip_prefix("$y$j")?, '$')?;
        let digit = |byte: u8| HASH64.iter().position(|digit| *digit == byte).filter(|value| *value < 48);
        let [log_n, r] = cost.as_bytes() else { return None };
        let cost = Cost { log_n: digit(*log_n)? as u32 + 1, r: digit(*r)? as u32 + 1, p: 1 };
        let salt = from_hash64(salt).filter(|salt| salt.len() <= 64)?;
        let valid = cost.log_n < 32 && is_hash64(output, 43);
        valid.then(|| Yescrypt { cost, salt, output: output.into() })
    }

    /// `memory` has at least `cost.memory_kib()` blocks.
    pub(super) fn hash(&self, password: &[u8], memory: &mut [Block]) -> Vec<u8> {
        let output: [u8; OUTPUT_LEN] = *yescrypt(password, &self.salt, self.cost, memory);
        hash64(&output)
    }

    pub(super) fn output(&self) -> &[u8] {
        self.output.as_bytes()
    }
}
