//! Words that people choose, with their ranks: common passwords, words of the English Wikipedia and of films,
//! names. They are read where they are, and nothing is built of them.
//!
//! `words.bin` is made of the lists of zxcvbn (MIT, see `words.txt`) by `tests/vectors/strength.mjs`. The
//! words are sorted. Of each it has the number of letters that are as in the word before, the others with a
//! zero, and the rank; numbers and letters in Huffman codes. Every 32 words a block begins, at a whole byte,
//! which needs nothing of the words before.

use std::cmp::Ordering;
use std::iter;

static FILE: &[u8] = include_bytes!("words.bin");

/// The words of a block.
const BLOCK: usize = 32;
/// The longest code.
const MOST_BITS: u32 = 8;
const RANK_BITS: u32 = 15;
const LONGEST: usize = 23;

/// Returns the words that a text begins with, as their lengths and ranks, the longest first. They are of
/// ASCII in lower case.
pub(super) fn beginnings(text: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let words = Words::read();
    let mut rest = text;
    iter::from_fn(move || {
        while !rest.is_empty() {
            let word = words.last_up_to(rest)?;
            // A longer word that the text begins with would stand between this one and the text.
            let common = word.letters().iter().zip(rest).take_while(|(letter, byte)| letter == byte).count();
            rest = &rest[..common.min(word.length.saturating_sub(1))];
            if common == word.length {
                return Some((common, word.rank));
            }
        }
        None
    })
}

struct Word {
    bytes: [u8; LONGEST],
    length: usize,
    rank: usize,
}

impl Word {
    fn letters(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The parts of the file. Numbers have four bytes, the highest first.
struct Words {
    /// For each byte, the symbol with whose code it begins, and the length of the code.
    shared: &'static [u8],
    letters: &'static [u8],
    number: usize,
    /// For each block the beginning of its first word, as a number, and its place in `blocks`.
    index: &'static [u8],
    blocks: &'static [u8],
}

impl Words {
    fn read() -> Words {
        let (shared, rest) = FILE.split_at(2 << MOST_BITS);
        let (letters, rest) = rest.split_at(2 << MOST_BITS);
        let number = four(rest) as usize;
        let (index, blocks) = rest[4..].split_at(8 * number.div_ceil(BLOCK));
        Words { shared, letters, number, index, blocks }
    }

    /// Returns the last word that is not after a text.
    fn last_up_to(&self, text: &[u8]) -> Option<Word> {
        let beginning = [0, 1, 2, 3].map(|index| text.get(index).copied().unwrap_or(0));
        let beginning = u32::from_be_bytes(beginning);
        let (mut low, mut high) = (0, self.number.div_ceil(BLOCK));
        while low < high {
            let middle = low.midpoint(high);
            let is_after = match four(&self.index[8 * middle..]).cmp(&beginning) {
                Ordering::Less => false,
                Ordering::Equal => self.block(middle).next()?.letters() > text,
                Ordering::Greater => true,
            };
            if is_after { high = middle } else { low = middle + 1 }
        }
        self.block(low.checked_sub(1)?).take_while(|word| word.letters() <= text).last()
    }

    /// Returns the words of a block.
    fn block(&self, index: usize) -> impl Iterator<Item = Word> {
        let mut bits = Bits { bytes: self.blocks, at: 8 * four(&self.index[8 * index + 4..]) as usize };
        let mut bytes = [0; LONGEST];
        iter::repeat_n((), BLOCK.min(self.number - BLOCK * index)).map(move |()| {
            let mut length = usize::from(bits.symbol(self.shared));
            loop {
                match bits.symbol(self.letters) {
                    0 => break,
                    letter => bytes[length] = letter,
                }
                length += 1;
            }
            let rank = bits.next(RANK_BITS);
            bits.at += RANK_BITS as usize;
            Word { bytes, length, rank }
        })
    }
}

fn four(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// Bits from a place on.
struct Bits {
    bytes: &'static [u8],
    at: usize,
}

impl Bits {
    /// Returns the next bits, at most 25, as a number.
    fn next(&self, bits: u32) -> usize {
        (four(&self.bytes[self.at / 8..]) << (self.at % 8) >> (u32::BITS - bits)) as usize
    }

    fn symbol(&mut self, code: &[u8]) -> u8 {
        let entry = 2 * self.next(MOST_BITS);
        self.at += usize::from(code[entry + 1]);
        code[entry]
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, LONGEST, Words, beginnings};

    #[test]
    fn every_word_is_found() {
        let words = Words::read();
        let blocks = 0..words.number.div_ceil(BLOCK);
        let all: Vec<(Vec<u8>, usize)> = blocks
            .flat_map(|index| words.block(index))
            .map(|word| (word.letters().to_vec(), word.rank))
            .collect();
        assert_eq!(all.len(), 93_855);
        assert!(all.is_sorted_by(|one, other| one.0 < other.0));
        assert_eq!(all.iter().map(|(word, _)| word.len()).max(), Some(LONGEST));
        // As many as the lists have: passwords, Wikipedia, films, surnames, names of women and men.
        let mut ranks: Vec<usize> = all.iter().map(|(_, rank)| *rank).collect();
        let mut lists: Vec<usize> =
            [30_000, 30_000, 19_160, 10_000, 3_712, 983].into_iter().flat_map(|length| 1..=length).collect();
        ranks.sort_unstable();
        lists.sort_unstable();
        assert!(ranks == lists);
        for (word, rank) in all.iter().step_by(7) {
            assert_eq!(beginnings(word).next(), Some((word.len(), *rank)), "{word:?}");
        }
    }

    #[test]
    fn a_text_begins_with_several_words() {
        let found = |text: &str| beginnings(text.as_bytes()).collect::<Vec<_>>();
        let lengths = |text: &str| found(text).into_iter().map(|(length, _)| length).collect::<Vec<_>>();
        assert_eq!(found("password"), [(8, 2), (7, 1005), (6, 19_202), (5, 24_105), (4, 61)]);
        assert_eq!(lengths("motherboard!"), [11, 6, 5, 4]);
        for text in ["", "é", " the"] {
            assert!(lengths(text).is_empty(), "{text:?}");
        }
    }
}
