//! scrypt (RFC 7914) in memory that the caller owns: the crate of this name allocates its own, and aborts if
//! there is none.

use std::num::NonZeroU32;

use argon2::Block;
use aws_lc_rs::pbkdf2;
use zeroize::Zeroizing;

/// The cost of a derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    /// The logarithm of N.
    pub log_n: u32,
    pub r: u32,
    pub p: u32,
}

impl Cost {
    /// Returns the memory in KiB, without a remainder of less than one per lane.
    pub(super) fn memory_kib(self) -> u64 {
        (u64::from(self.r) << self.log_n.min(32)).div_ceil(8)
    }
}

/// The 64 bytes that Salsa20/8 mixes.
pub(super) type Words = [u32; 16];

/// The number of 64-byte pieces in a block of memory.
const PIECES: usize = Block::SIZE / 64;

/// Derives `output` (RFC 7914 section 6). `memory` has at least `cost.memory_kib()` blocks.
pub(super) fn scrypt(password: &[u8], salt: &[u8], cost: Cost, memory: &mut [Block], output: &mut [u8]) {
    let derive = |salt: &[u8], output: &mut [u8]| {
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, NonZeroU32::MIN, salt, password, output);
    };
    let lane_len = cost.r as usize * 128;
    let mut lanes = Zeroizing::new(vec![0; lane_len * cost.p as usize]);
    derive(salt, &mut lanes);
    for lane in lanes.chunks_exact_mut(lane_len) {
        let mut words = read(lane);
        mix(&mut words, cost.log_n, memory);
        write(&words, lane);
    }
    derive(&lanes, output);
}

/// scryptROMix (section 5).
fn mix(lane: &mut Vec<Words>, log_n: u32, memory: &mut [Block]) {
    let len = lane.len();
    let n = 1_usize << log_n;
    let mut next = Zeroizing::new(vec![[0; 16]; len]);
    for step in 0..n {
        keep(memory, step, lane);
        mix_block(lane, &mut next);
        std::mem::swap(lane, &mut next);
    }
    for _ in 0..n {
        // Integerify: N is a power of two, at most 2^31, so the lowest word suffices.
        let step = lane[len - 1][0] as usize & (n - 1);
        add(memory, step, lane);
        mix_block(lane, &mut next);
        std::mem::swap(lane, &mut next);
    }
}

/// Keeps a lane at a place of the memory: V_i (section 5).
pub(super) fn keep(memory: &mut [Block], place: usize, lane: &[Words]) {
    for (index, words) in lane.iter().enumerate() {
        let piece = place * lane.len() + index;
        let kept = &mut memory[piece / PIECES].as_mut()[piece % PIECES * 8..][..8];
        for (kept, pair) in kept.iter_mut().zip(words.chunks_exact(2)) {
            *kept = u64::from(pair[0]) | u64::from(pair[1]) << 32;
        }
    }
}

/// Adds what is kept at a place, without carry.
pub(super) fn add(memory: &[Block], place: usize, lane: &mut [Words]) {
    let len = lane.len();
    for (index, words) in lane.iter_mut().enumerate() {
        let piece = place * len + index;
        let kept = &memory[piece / PIECES].as_ref()[piece % PIECES * 8..][..8];
        for (kept, pair) in kept.iter().zip(words.chunks_exact_mut(2)) {
            pair[0] ^= *kept as u32;
            pair[1] ^= (*kept >> 32) as u32;
        }
    }
}

/// scryptBlockMix (section 4): the even pieces, then the odd ones.
pub(super) fn mix_block(lane: &[Words], next: &mut [Words]) {
    let half = lane.len() / 2;
    let mut words = lane[lane.len() - 1];
    for (index, piece) in lane.iter().enumerate() {
        for (word, other) in words.iter_mut().zip(piece) {
            *word ^= other;
        }
        salsa20(&mut words, 8);
        next[index / 2 + index % 2 * half] = words;
    }
}

/// Salsa20 (section 3).
pub(super) fn salsa20(words: &mut Words, rounds: usize) {
    let mut x = *words;
    macro_rules! quarter {
        ($a:literal, $b:literal, $c:literal, $d:literal) => {
            x[$b] ^= x[$a].wrapping_add(x[$d]).rotate_left(7);
            x[$c] ^= x[$b].wrapping_add(x[$a]).rotate_left(9);
            x[$d] ^= x[$c].wrapping_add(x[$b]).rotate_left(13);
            x[$a] ^= x[$d].wrapping_add(x[$c]).rotate_left(18);
        };
    }
    for _ in 0..rounds / 2 {
        quarter!(0, 4, 8, 12);
        quarter!(5, 9, 13, 1);
        quarter!(10, 14, 2, 6);
        quarter!(15, 3, 7, 11);
        quarter!(0, 1, 2, 3);
        quarter!(5, 6, 7, 4);
        quarter!(10, 11, 8, 9);
        quarter!(15, 12, 13, 14);
    }
    for (word, mixed) in words.iter_mut().zip(x) {
        *word = word.wrapping_add(mixed);
    }
}

/// Returns the words of a lane.
pub(super) fn read(lane: &[u8]) -> Zeroizing<Vec<Words>> {
    let word = |bytes: &[u8]| u32::from_le_bytes(std::array::from_fn(|index| bytes[index]));
    let words = |piece: &[u8]| std::array::from_fn(|index| word(&piece[index * 4..]));
    Zeroizing::new(lane.chunks_exact(64).map(words).collect())
}

pub(super) fn write(words: &[Words], lane: &mut [u8]) {
    for (word, bytes) in words.iter().flatten().zip(lane.chunks_exact_mut(4)) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
}
