//! yescrypt (Alexander Peslyak, "yescrypt - scalable KDF and password hashing scheme") in memory that the
//! caller owns, as crypt(3) calls it: with the default flags, in one lane, without a ROM and without
//! additional time.

use std::num::NonZeroU32;

use argon2::Block;
use aws_lc_rs::{hmac, pbkdf2};
use zeroize::Zeroizing;

use super::scrypt::{self, Cost, Words};
use super::sha256;

pub(super) const OUTPUT_LEN: usize = 32;

type Output = Zeroizing<[u8; OUTPUT_LEN]>;

/// The number of words of 64 bits in a substitution box.
const BOX: usize = 512;

/// Derives the hash of a password. `memory` has at least `cost.memory_kib()` blocks, and `cost.p` is 1.
pub(super) fn yescrypt(password: &[u8], salt: &[u8], cost: Cost, memory: &mut [Block]) -> Output {
    // A costly hash begins with one of a 64th of its cost.
    if cost.log_n >= 8 && u64::from(cost.r) << cost.log_n >= 0x20000 {
        let first = Cost { log_n: cost.log_n - 6, ..cost };
        let first = derived(b"yescrypt-prehash", password, salt, first, memory);
        return stored_key(&*derived(b"yescrypt", &*first, salt, cost, memory));
    }
    stored_key(&*derived(b"yescrypt", password, salt, cost, memory))
}

/// The last steps, which are those of SCRAM (RFC 5802).
fn stored_key(key: &[u8]) -> Output {
    Zeroizing::new(sha256(&*keyed(key, b"Client Key")))
}

fn derived(label: &[u8], password: &[u8], salt: &[u8], cost: Cost, memory: &mut [Block]) -> Output {
    let derive = |key: &[u8], salt: &[u8], output: &mut [u8]| {
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, NonZeroU32::MIN, salt, key, output);
    };
    let mut lane = Zeroizing::new(vec![0; cost.r as usize * 128]);
    derive(&*keyed(label, password), salt, &mut lane);
    let key = Zeroizing::new(lane[..32].to_vec());
    let mut boxes = Boxes::new(&mut lane);
    let key = keyed(&lane[lane.len() - 64..], &key);
    let mut words = scrypt::read(&lane);
    words.iter_mut().for_each(shuffle);
    mix(&mut words, &mut boxes, cost.log_n, memory);
    words.iter_mut().for_each(unshuffle);
    scrypt::write(&words, &mut lane);
    let mut output = Zeroizing::new([0; OUTPUT_LEN]);
    derive(&*key, &lane, &mut *output);
    output
}

/// HMAC-SHA-256.
fn keyed(key: &[u8], text: &[u8]) -> Output {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text);
    let mut output = Zeroizing::new([0; OUTPUT_LEN]);
    output.copy_from_slice(tag.as_ref());
    output
}

/// SMix with the flag `YESCRYPT_RW`: the lane is mixed with earlier ones already while the memory is filled,
/// and the memory changes afterwards, too.
fn mix(lane: &mut [Words], boxes: &mut Boxes, log_n: u32, memory: &mut [Block]) {
    let n = 1_usize << log_n;
    let integer = |lane: &[Words]| lane[lane.len() - 1][0] as usize;
    for step in 0..n {
        scrypt::keep(memory, step, lane);
        if step > 1 {
            // Wrap: the last lanes before this one, as many as the largest power of two.
            let choice = 1 << step.ilog2();
            scrypt::add(memory, (integer(lane) & (choice - 1)) + step - choice, lane);
        }
        mix_block(lane, boxes);
    }
    for _ in 0..n.div_ceil(3).next_multiple_of(2) {
        let place = integer(lane) & (n - 1);
        scrypt::add(memory, place, lane);
        scrypt::keep(memory, place, lane);
        mix_block(lane, boxes);
    }
}

/// BlockMix with pwxform.
fn mix_block(lane: &mut [Words], boxes: &mut Boxes) {
    let Some(mut words) = lane.last().copied() else { return };
    for piece in lane.iter_mut() {
        for (word, other) in words.iter_mut().zip(&*piece) {
            *word ^= other;
        }
        boxes.transform(&mut words);
        *piece = words;
    }
    unshuffle(&mut words);
    scrypt::salsa20(&mut words, 2);
    shuffle(&mut words);
    lane[lane.len() - 1] = words;
}

/// The substitution boxes, which change with each use.
struct Boxes {
    boxes: [Zeroizing<Vec<u64>>; 3],
    /// The place in the last box that is written next.
    next: usize,
}

impl Boxes {
    /// Fills the boxes by SMix of the first 128 bytes of a lane, and changes these.
    fn new(lane: &mut [u8]) -> Boxes {
        let mut filled = Zeroizing::new(Vec::with_capacity(3 * BOX));
        let mut words = scrypt::read(&lane[..128]);
        let mut next = Zeroizing::new(vec![[0; 16]; 2]);
        while filled.len() < 3 * BOX {
            for mut piece in words.iter().copied() {
                shuffle(&mut piece);
                filled
                    .extend(piece.chunks_exact(2).map(|pair| u64::from(pair[1]) << 32 | u64::from(pair[0])));
            }
            scrypt::mix_block(&words, &mut next);
            std::mem::swap(&mut words, &mut next);
        }
        scrypt::write(&words, lane);
        let part = |number: usize| Zeroizing::new(filled[number * BOX..][..BOX].to_vec());
        Boxes { boxes: [part(2), part(1), part(0)], next: 0 }
    }

    /// pwxform.
    fn transform(&mut self, words: &mut Words) {
        let [first, second, third] = &mut self.boxes;
        for round in 0..6 {
            for four in words.chunks_exact_mut(4) {
                let [one, other] = [four[0], four[1]].map(|word| (word & 0xff0) as usize / 8);
                for (index, pair) in four.chunks_exact_mut(2).enumerate() {
                    let product = u64::from(pair[1]) * u64::from(pair[0]);
                    let value = product.wrapping_add(first[one + index]) ^ second[other + index];
                    (pair[0], pair[1]) = (value as u32, (value >> 32) as u32);
                    if (1..5).contains(&round) {
                        third[self.next] = value;
                        self.next += 1;
                    }
                }
            }
        }
        self.boxes.rotate_right(1);
        self.next %= BOX;
    }
}

/// Puts words into the order in which pwxform reads them.
fn shuffle(words: &mut Words) {
    let old = *words;
    *words = std::array::from_fn(|index| old[index * 5 % 16]);
}

fn unshuffle(words: &mut Words) {
    let old = *words;
    for (index, word) in old.into_iter().enumerate() {
        words[index * 5 % 16] = word;
    }
}
