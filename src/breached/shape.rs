//! The geometry of one segment: where the three cells of a key are, and what they add up to.

/// The cells of a block, at most.
pub(super) const MOST_BLOCK_LEN: u64 = 1 << 18;

/// The blocks of a segment, at most: more than one of the longest that are made needs.
pub(super) const MOST_BLOCKS: u64 = 1 << 20;

/// How the cells of a segment are laid out: in blocks, of which three in a row have the cells of a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub seed: u64,
    /// The cells of a block, a power of two.
    pub block_len: u64,
    /// The blocks in which the first cell of a key may be. Two more follow.
    pub blocks: u64,
}

impl Shape {
    /// Returns the layout for so many keys (the paper's section 3, for three cells a key).
    pub(super) fn of(keys: usize, seed: u64) -> Shape {
        let keys = (keys.max(2)) as f64;
        let power = (keys.ln() / 3.33_f64.ln() + 2.25).floor() as u32;
        let block_len = MOST_BLOCK_LEN.min(1 << power.min(18));
        let factor = (0.875 + 0.25 * 1e6_f64.ln() / keys.ln()).max(1.125);
        let blocks = ((keys * factor).round() as u64).div_ceil(block_len);
        Shape { seed, block_len, blocks: blocks.saturating_sub(2).max(1) }
    }

    pub(super) fn cells(self) -> u64 {
        (self.blocks + 2) * self.block_len
    }

    /// Returns the hash of a key (the last steps of MurmurHash3).
    pub(super) fn hash(self, key: u64) -> u64 {
        let mut hash = key.wrapping_add(self.seed);
        hash = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash = (hash ^ hash >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        hash ^ hash >> 33
    }

    /// Returns the three cells of a hash, each in a block of its own.
    pub(super) fn places(self, hash: u64) -> [u64; 3] {
        let span = u128::from(self.blocks * self.block_len);
        let first = ((u128::from(hash) * span) >> 64) as u64;
        let mask = self.block_len - 1;
        [first, (first + self.block_len) ^ (hash >> 18 & mask), (first + 2 * self.block_len) ^ (hash & mask)]
    }
}

/// Returns what the three cells of a hash add up to.
pub(super) fn fingerprint(hash: u64) -> u16 {
    (hash ^ hash >> 32) as u16
}
