//! Argon2id (RFC 9106, version 0x13) with one lane, in the vector instructions of x86-64, because logins wait
//! for it. The crate `argon2` computes all other hashes, and these if the processor lacks the instructions.
//! The tests compare both.
//!
//! A block is a matrix of 8 rows of 16 words. A new block is mixed from the block before it and from a
//! reference. The first word of the block before tells the place of the reference, and the cores wait for
//! memory there. So that word is computed before the others, and the reference is fetched while these are
//! computed.

#![expect(unsafe_code, reason = "a processor may lack the instructions, and vectors are copied from words")]

use std::arch::x86_64::*;
use std::mem::transmute;

use argon2::Block;
use blake2::{Blake2b256, Blake2b512, Digest};
use zeroize::Zeroizing;

/// The length of a hash.
const OUTPUT_LEN: usize = 32;

/// The parts of a pass (section 3.4).
const SLICES: usize = 4;

/// The number of places that one block of addresses gives (section 3.4.1.2).
const ADDRESSES: usize = 128;

/// The number of Argon2id (section 3.2).
const ARGON2ID: u32 = 2;

/// The code for instructions that this processor has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kernel(Instructions);

#[derive(Clone, Copy, Debug)]
enum Instructions {
    Avx2,
    /// AVX-512 on 256 bits, for its rotations and registers.
    Avx512Vl,
}

impl Kernel {
    /// Returns the fastest kernel of this processor. Debug builds have none: without optimization it is
    /// slower than the crate, which programs optimize there, too (see the documentation of `doorward`).
    pub(super) fn fastest() -> Option<Kernel> {
        Kernel::available().next().filter(|_| !cfg!(debug_assertions))
    }

    /// Returns the kernels that this processor can run, the fastest first.
    pub(super) fn available() -> impl Iterator<Item = Kernel> {
        let avx2 = is_x86_feature_detected!("avx2");
        let avx512 = avx2 && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl");
        let fastest = avx512.then_some(Kernel(Instructions::Avx512Vl));
        fastest.into_iter().chain(avx2.then_some(Kernel(Instructions::Avx2)))
    }

    /// Hashes a password with `iterations` passes over `memory_kib` blocks. Returns none if RFC 9106 does not
    /// allow these numbers, or if there are fewer blocks.
    pub(super) fn hash(
        self,
        password: &[u8],
        salt: &[u8],
        memory_kib: u32,
        iterations: u32,
        blocks: &mut [Block],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let segment = memory_kib as usize / SLICES;
        let blocks = blocks.get_mut(..segment * SLICES).filter(|_| segment >= 2 && iterations >= 1)?;
        let seed = seed(password, salt, memory_kib, iterations)?;
        for (index, block) in (0_u32..).zip(&mut blocks[..2]) {
            expand(&seed, index, block);
        }
        match self.0 {
            // SAFETY: only `available` makes a kernel, and it found the instructions.
            Instructions::Avx2 => unsafe { avx2::fill(blocks, segment, iterations)? },
            // SAFETY: as above.
            Instructions::Avx512Vl => unsafe { avx512vl::fill(blocks, segment, iterations)? },
        }
        let mut digest = Blake2b256::new().chain_update((OUTPUT_LEN as u32).to_le_bytes());
        for word in blocks.last()?.as_ref() {
            digest.update(word.to_le_bytes());
        }
        if iterations == 1 {
            // No later pass wrote over the blocks of the seed, by which a guess is checked in no time.
            blocks[..2].fill(Block::new());
        }
        Some(Zeroizing::new(digest.finalize().to_vec()))
    }
}

/// H0 (section 3.2).
fn seed(password: &[u8], salt: &[u8], memory_kib: u32, iterations: u32) -> Option<Zeroizing<[u8; 64]>> {
    let mut digest = Blake2b512::new();
    for number in [1, OUTPUT_LEN as u32, memory_kib, iterations, 0x13, ARGON2ID] {
        digest.update(number.to_le_bytes());
    }
    // No secret and no associated data follow.
    for text in [password, salt, &[], &[]] {
        digest.update(u32::try_from(text.len()).ok()?.to_le_bytes());
        digest.update(text);
    }
    Some(Zeroizing::new(digest.finalize().into()))
}

/// H' of 1024 bytes (section 3.3): the first halves of 30 hashes, each of the one before, and another one
/// whole.
fn expand(seed: &[u8; 64], index: u32, block: &mut Block) {
    let mut digest = Blake2b512::new().chain_update((Block::SIZE as u32).to_le_bytes()).chain_update(seed);
    digest.update(index.to_le_bytes());
    digest.update(0_u32.to_le_bytes());
    let mut hash = digest.finalize();
    let (halves, last) = block.as_mut().split_at_mut(120);
    for half in halves.chunks_exact_mut(4) {
        read(&hash, half);
        hash = Blake2b512::digest(hash);
    }
    read(&hash, last);
}

fn read(bytes: &[u8], words: &mut [u64]) {
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
}

/// A quarter of a pass.
#[derive(Clone, Copy)]
struct Slice {
    pass: u32,
    number: usize,
}

impl Slice {
    /// Returns whether the places of references do not depend on the password, but on addresses: in the first
    /// half of the first pass.
    fn is_independent(self) -> bool {
        self.pass == 0 && self.number < SLICES / 2
    }

    /// Returns the place of the reference that `word` tells for a block of the slice (section 3.4.2). A slice
    /// has `segment` blocks.
    fn reference(self, segment: usize, block: usize, word: u64) -> usize {
        let lane = SLICES * segment;
        // The number of blocks to choose from: all that are made, without the one before.
        let choice = if self.pass == 0 { self.number * segment } else { lane - segment } + block - 1;
        let low = word & 0xffff_ffff;
        let back = (choice as u64 * ((low * low) >> 32)) >> 32;
        let is_at_start = self.pass == 0 || self.number == SLICES - 1;
        let start = if is_at_start { 0 } else { (self.number + 1) * segment };
        let place = start + choice - 1 - back as usize;
        if place < lane { place } else { place - lane }
    }
}

/// A block after the rounds on rows and before those on columns: four pairs of rows.
type Rows = [[__m256i; 8]; 4];

/// Returns the sum of `a`, `b` and twice the product of their lower halves (section 3.6).
#[inline]
#[target_feature(enable = "avx2")]
fn add(a: __m256i, b: __m256i) -> __m256i {
    let product = _mm256_mul_epu32(a, b);
    _mm256_add_epi64(_mm256_add_epi64(a, b), _mm256_add_epi64(product, product))
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(words: &[u64; 4]) -> __m256i {
    // SAFETY: both types have 32 bytes, and any bytes are a value of both.
    unsafe { transmute(*words) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn stored(vector: __m256i) -> [u64; 4] {
    // SAFETY: as above.
    unsafe { transmute(vector) }
}

/// Fetches a block into the nearest cache.
#[allow(unused_unsafe, reason = "newer compilers know that a prefetch is safe")]
#[inline]
#[target_feature(enable = "avx2")]
fn fetch(block: &Block) {
    for line in block.as_ref().as_chunks::<8>().0 {
        // SAFETY: a prefetch has no effect on values, and the line is borrowed.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
}

fn vectors(block: &Block) -> &[[u64; 4]] {
    block.as_ref().as_chunks().0
}

/// Rotates words to the right. AVX2 has no rotation, but it moves whole bytes.
macro_rules! avx2_rotate {
    (32, $words:expr) => {
        _mm256_shuffle_epi32::<0b10_11_00_01>($words)
    };
    (24, $words:expr) => {
        _mm256_shuffle_epi8(
            $words,
            _mm256_broadcastsi128_si256(_mm_setr_epi8(3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10)),
        )
    };
    (16, $words:expr) => {
        _mm256_shuffle_epi8(
            $words,
            _mm256_broadcastsi128_si256(_mm_setr_epi8(2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9)),
        )
    };
    (63, $words:expr) => {
        _mm256_xor_si256(_mm256_srli_epi64::<63>($words), _mm256_add_epi64($words, $words))
    };
}

macro_rules! avx512vl_rotate {
    ($bits:tt, $words:expr) => {
        _mm256_ror_epi64::<$bits>($words)
    };
}

/// The function GB (section 3.6) on four words at once. The steps of two rounds alternate, because each waits
/// for the one before it.
macro_rules! mix {
    ($rotate:ident $(, [$a:ident, $b:ident, $c:ident, $d:ident])*) => {
        $($a = add($a, $b);)*
        $($d = $rotate!(32, _mm256_xor_si256($d, $a));)*
        $($c = add($c, $d);)*
        $($b = $rotate!(24, _mm256_xor_si256($b, $c));)*
        $($a = add($a, $b);)*
        $($d = $rotate!(16, _mm256_xor_si256($d, $a));)*
        $($c = add($c, $d);)*
        $($b = $rotate!(63, _mm256_xor_si256($b, $c));)*
    };
}

/// Turns vectors by one place to the right, to the left, and by two places. So the diagonals of a round
/// become its columns. Its second vector, which is ready last, stays.
macro_rules! turn {
    ($([$right:ident, $left:ident, $two:ident]),*) => {
        $($right = _mm256_permute4x64_epi64::<0b10_01_00_11>($right);)*
        $($two = _mm256_permute4x64_epi64::<0b01_00_11_10>($two);)*
        $($left = _mm256_permute4x64_epi64::<0b00_11_10_01>($left);)*
    };
}

macro_rules! kernel {
    ($name:ident, $features:literal, $rotate:ident) => {
        mod $name {
            use super::*;

            /// Fills the memory after its first two blocks (section 3.2). A slice has `segment` blocks.
            #[target_feature(enable = $features)]
            pub(super) fn fill(blocks: &mut [Block], segment: usize, iterations: u32) -> Option<()> {
                let mut rows = [[_mm256_setzero_si256(); 8]; 4];
                let mut addresses = Block::new();
                let mut before = 1;
                for pass in 0..iterations {
                    for number in 0..SLICES {
                        let slice = Slice { pass, number };
                        let is_independent = slice.is_independent();
                        let first = if pass == 0 && number == 0 { 2 } else { 0 };
                        for index in first..segment {
                            if is_independent && (index == first || index % ADDRESSES == 0) {
                                let [number, lane, counter] =
                                    [number, blocks.len(), index / ADDRESSES + 1].map(|number| number as u64);
                                let mut input = Block::new();
                                input.as_mut()[2..7].copy_from_slice(&[
                                    number,
                                    lane,
                                    iterations.into(),
                                    ARGON2ID.into(),
                                    counter,
                                ]);
                                addresses = compressed(&compressed(&input, &mut rows), &mut rows);
                            }
                            let reference = |index: usize, before: &Block| {
                                let words = if is_independent { addresses.as_ref() } else { before.as_ref() };
                                let word = if is_independent { index % ADDRESSES } else { 0 };
                                slice.reference(segment, index, words[word])
                            };
                            let place = number * segment + index;
                            let old = reference(index, &blocks[before]);
                            let [block, last, old] = blocks.get_disjoint_mut([place, before, old]).ok()?;
                            mix_rows(last, old, block, pass > 0, &mut rows);
                            mix_columns(&rows, 0, block);
                            // Where a slice or its addresses end, this is a guess at the wrong place.
                            let next = reference(index + 1, block);
                            fetch(&blocks[next]);
                            for pair in 1..4 {
                                mix_columns(&rows, pair, &mut blocks[place]);
                            }
                            before = place;
                        }
                    }
                }
                Some(())
            }

            /// Returns G of a block and zeros.
            #[target_feature(enable = $features)]
            fn compressed(input: &Block, rows: &mut Rows) -> Block {
                let mut block = Block::new();
                mix_rows(input, &Block::new(), &mut block, false, rows);
                for pair in 0..4 {
                    mix_columns(rows, pair, &mut block);
                }
                block
            }

            /// The first half of G (section 3.5): the rounds on rows. `block` gets the sum of both inputs
            /// and, from the second pass on, of its old value. The second half adds to it.
            #[target_feature(enable = $features)]
            fn mix_rows(last: &Block, old: &Block, block: &mut Block, is_added: bool, rows: &mut Rows) {
                let inputs = vectors(last).as_chunks::<8>().0.iter().zip(vectors(old).as_chunks::<8>().0);
                let blocks = block.as_mut().as_chunks_mut::<4>().0.as_chunks_mut::<8>().0;
                for (((last, old), block), rows) in inputs.zip(blocks).zip(rows) {
                    for (((last, old), block), row) in last.iter().zip(old).zip(block).zip(&mut *rows) {
                        *row = _mm256_xor_si256(load(last), load(old));
                        *block = stored(if is_added { _mm256_xor_si256(*row, load(block)) } else { *row });
                    }
                    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *rows;
                    mix!($rotate, [a, b, c, d], [e, f, g, h]);
                    turn!([a, c, d], [e, g, h]);
                    mix!($rotate, [a, b, c, d], [e, f, g, h]);
                    turn!([c, a, d], [g, e, h]);
                    *rows = [a, b, c, d, e, f, g, h];
                }
            }

            /// A quarter of the second half of G: the rounds on two columns. Each is two words wide.
            #[target_feature(enable = $features)]
            fn mix_columns(rows: &Rows, pair: usize, block: &mut Block) {
                let [[mut a, mut e], [mut b, mut f], [mut c, mut g], [mut d, mut h]] =
                    rows.map(|rows| [rows[pair], rows[pair + 4]]);
                mix!($rotate, [a, b, c, d], [e, f, g, h]);
                // Diagonals become columns: `b` and `d` turn by a word, and `c` by two.
                (b, f) = (_mm256_alignr_epi8::<8>(f, b), _mm256_alignr_epi8::<8>(b, f));
                (d, h) = (_mm256_alignr_epi8::<8>(d, h), _mm256_alignr_epi8::<8>(h, d));
                mix!($rotate, [a, b, g, d], [e, f, c, h]);
                (b, f) = (_mm256_alignr_epi8::<8>(b, f), _mm256_alignr_epi8::<8>(f, b));
                (d, h) = (_mm256_alignr_epi8::<8>(h, d), _mm256_alignr_epi8::<8>(d, h));
                let block = block.as_mut().as_chunks_mut::<4>().0;
                for (mixed, words) in
                    [a, e, b, f, c, g, d, h].into_iter().zip(block[pair..].iter_mut().step_by(4))
                {
                    *words = stored(_mm256_xor_si256(mixed, load(words)));
                }
            }
        }
    };
}

kernel!(avx2, "avx2", avx2_rotate);
kernel!(avx512vl, "avx2,avx512f,avx512vl", avx512vl_rotate);

#[cfg(test)]
mod tests {
    use argon2::{Algorithm, Argon2, Params, Version};

    use super::*;

    fn by_the_crate(password: &[u8], salt: &[u8], memory_kib: u32, iterations: u32) -> [u8; OUTPUT_LEN] {
        let params = Params::new(memory_kib, iterations, 1, Some(OUTPUT_LEN)).unwrap();
        let mut output = [0; OUTPUT_LEN];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(password, salt, &mut output)
            .unwrap();
        output
    }

    /// Compares a kernel with the crate.
    fn compare(kernel: Kernel, password: &[u8], salt: &[u8], memory_kib: u32, iterations: u32) {
        // What an earlier hash left does not matter.
        let mut left = Block::new();
        left.as_mut().fill(0xa5a5_a5a5_a5a5_a5a5);
        let mut blocks = vec![left; memory_kib as usize + 3];
        let hash = kernel.hash(password, salt, memory_kib, iterations, &mut blocks).unwrap();
        let expected = by_the_crate(password, salt, memory_kib, iterations);
        assert_eq!(*hash, expected, "{kernel:?}, m={memory_kib}, t={iterations}");
        let mut seed_block = Block::new();
        expand(&seed(password, salt, memory_kib, iterations).unwrap(), 0, &mut seed_block);
        assert!(blocks.iter().all(|block| block.as_ref() != seed_block.as_ref()), "m={memory_kib}");
    }

    #[test]
    fn each_kernel_computes_what_the_crate_computes() {
        for kernel in Kernel::available() {
            // Every remainder of the memory, and addresses for one, two and three times 128 blocks.
            for memory_kib in (8..24).chain([511, 516, 520, 1030, 1100]) {
                let seed = crate::types::random::random::<64>().unwrap();
                let (password, salt) = seed.split_at(usize::from(seed[0] % 57));
                compare(kernel, password, salt, memory_kib, 1 + memory_kib % 3);
            }
            for len in [0, 1, 127, 128, 129, 1024] {
                compare(kernel, &vec![b'p'; len], &vec![b's'; 8 + len % 60], 8, 2);
            }
        }
    }

    /// The result of the reference implementation, in its tests.
    #[test]
    fn each_kernel_computes_what_the_reference_implementation_computes() {
        let expected = "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe";
        for kernel in Kernel::available() {
            let mut blocks = vec![Block::new(); 256];
            let hash = kernel.hash(b"password", b"somesalt", 256, 2, &mut blocks).unwrap();
            assert_eq!(data_encoding::HEXLOWER.encode(&hash), expected, "{kernel:?}");
        }
    }

    #[test]
    fn too_little_memory_is_refused() {
        for kernel in Kernel::available() {
            let mut blocks = vec![Block::new(); 8];
            assert!(kernel.hash(b"password", b"somesalt", 12, 1, &mut blocks).is_none());
            assert!(kernel.hash(b"password", b"somesalt", 7, 1, &mut blocks).is_none());
            assert!(kernel.hash(b"password", b"somesalt", 8, 0, &mut blocks).is_none());
        }
    }
}
