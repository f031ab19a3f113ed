//! Words in a password: as they are, backwards, or with signs that stand for letters.

use zeroize::Zeroizing;

use super::part::{Cheapest, MOST, Part, Pattern, exchanges};
use super::words;

/// A text in lower case.
pub(super) type Lower = Zeroizing<Vec<char>>;

/// The signs that stand for each letter.
const SIGNS: [(char, &str); 12] = [
    ('a', "4@"),
    ('b', "8"),
    ('c', "({[<"),
    ('e', "3"),
    ('g', "69"),
    ('i', "1!|"),
    ('l', "1|7"),
    ('o', "0"),
    ('s', "$5"),
    ('t', "+7"),
    ('x', "%"),
    ('z', "2"),
];

/// As many as a text of all ten digits has. Without a limit their number explodes.
const MOST_READINGS: usize = 16;

/// What signs in a text stand for.
type Reading = Vec<(char, char)>;

/// A word in a text.
struct Found {
    start: usize,
    end: usize,
    /// Its place among the words by how common they are.
    rank: usize,
    /// The caller's word that it is.
    own: Option<usize>,
}

/// Finds the parts of a text that are words.
pub(super) fn parts(text: &[char], own: &[Lower], parts: &mut Cheapest) {
    let lower = lowercase(text);
    let whole: Vec<&[char]> = own.iter().map(|word| word.as_slice()).collect();
    let own = whole.as_slice();
    words(&lower, own, |word| parts.add(part(text, word, word.start, 1.0)));
    let backwards: Lower = Zeroizing::new(lower.iter().rev().copied().collect());
    // Of a long word that is written backwards, the end is estimated.
    let ends: Vec<&[char]> = own.iter().map(|word| &word[word.len().saturating_sub(MOST)..]).collect();
    words(&backwards, &ends, |word| parts.add(part(text, word, text.len() - word.end, 2.0)));
    for reading in readings(text) {
        let letter = |c: &char| reading.iter().find(|(sign, _)| sign == c).map_or(*c, |(_, letter)| *letter);
        let read: Lower = Zeroizing::new(lower.iter().map(letter).collect());
        words(&read, own, |word| {
            // A single sign is no word.
            if word.end - word.start > 1
                && let Some(ways) = signs(&lower[word.start..word.end], &reading)
            {
                parts.add(part(text, word, word.start, ways));
            }
        });
    }
}

/// Returns characters in lower case, one for each. The two small letters sigma are one.
pub(super) fn lowercase(text: &[char]) -> Lower {
    let letter = |c: &char| match c.to_lowercase().next() {
        Some('ς') => 'σ',
        lower => lower.unwrap_or(*c),
    };
    Zeroizing::new(text.iter().map(letter).collect())
}

/// Finds words in a text. If it is the beginning of a longer one, it may end within a word of the caller.
fn words(lower: &[char], own: &[&[char]], mut found: impl FnMut(&Found)) {
    // No common word has other characters.
    let ascii = lower.iter().map(|c| u8::try_from(*c).ok().filter(u8::is_ascii).unwrap_or(u8::MAX));
    let ascii: Zeroizing<Vec<u8>> = Zeroizing::new(ascii.collect());
    for start in 0..lower.len() {
        let rest = &lower[start..];
        for (length, rank) in words::beginnings(&ascii[start..]) {
            let own = own.iter().position(|word| **word == rest[..length]);
            found(&Found { start, end: start + length, rank, own });
        }
        let most = if lower.len() < MOST { usize::MAX } else { rest.len() };
        let own = own.iter().map(|word| &word[..word.len().min(most)]).enumerate();
        let own = own.filter(|(_, word)| !word.is_empty() && rest.starts_with(word));
        for (index, word) in own {
            found(&Found { start, end: start + word.len(), rank: index + 1, own: Some(index) });
        }
    }
}

/// Makes a part of a word, which begins there in the text as typed, and is written in so many ways.
fn part(text: &[char], word: &Found, start: usize, ways: f64) -> Part {
    let end = start + word.end - word.start;
    let guesses = word.rank as f64 * capitals(&text[start..end]) * ways;
    Part { start, end, pattern: Pattern::Word(word.own), guesses }
}

/// Returns in how many ways the capitals of a word may stand. A first, a last, or all letters are usual.
fn capitals(word: &[char]) -> f64 {
    let upper = word.iter().filter(|c| c.is_uppercase()).count();
    let lower = word.iter().filter(|c| c.is_lowercase()).count();
    let is_at_an_end = [word.first(), word.last()].into_iter().flatten().any(|c| c.is_uppercase());
    match upper {
        0 => 1.0,
        1 if is_at_an_end => 2.0,
        _ if lower == 0 => 2.0,
        _ => exchanges(upper, lower),
    }
}

/// Returns in how many ways signs may stand for letters of a word; none if no sign does.
fn signs(word: &[char], reading: &Reading) -> Option<f64> {
    let count = |c: char| word.iter().filter(|one| **one == c).count();
    let used = reading.iter().filter(|(sign, _)| word.contains(sign));
    let ways = used.map(|(sign, letter)| match count(*letter) {
        0 => 2.0,
        letters => exchanges(letters, count(*sign)),
    });
    ways.reduce(|product, ways| product * ways)
}

/// Returns the readings of a text in which signs stand for letters. If there are too many, signs that come
/// late stand for themselves.
fn readings(text: &[char]) -> Vec<Reading> {
    let mut signs = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut readings = Vec::new();
    for c in text {
        if signs.contains(c) || !SIGNS.iter().any(|(_, signs)| signs.contains(*c)) {
            continue;
        }
        signs.push(*c);
        let more = readings_of(&signs);
        if more.len() > MOST_READINGS {
            signs.pop();
        } else {
            readings = more;
        }
    }
    readings
}

/// Returns the readings of these signs: in each, every letter has one of its signs, and a sign of two letters
/// stands for one of them.
fn readings_of(signs: &[char]) -> Vec<Reading> {
    let mut readings = vec![Reading::new()];
    for (letter, own) in SIGNS {
        let signs = own.chars().filter(|sign| signs.contains(sign));
        let mut next = Vec::new();
        for (sign, reading) in signs.flat_map(|sign| readings.iter().map(move |reading| (sign, reading))) {
            let mut other = reading.clone();
            other.retain(|(taken, _)| *taken != sign);
            if other.len() < reading.len() {
                next.push(reading.clone());
            }
            other.push((sign, letter));
            other.sort_unstable();
            next.push(other);
        }
        if !next.is_empty() {
            next.sort_unstable();
            next.dedup();
            readings = next;
        }
    }
    readings
}

#[cfg(test)]
mod tests {
    use super::{MOST_READINGS, SIGNS, readings, readings_of};

    #[test]
    fn no_text_has_many_readings() {
        let mut every: Vec<char> = SIGNS.iter().flat_map(|(_, signs)| signs.chars()).collect();
        every.sort_unstable();
        every.dedup();
        assert!(readings_of(&every).len() > 10 * MOST_READINGS);
        // In various orders, each beginning with other signs.
        for step in [1, 3, 7, 9, 11, 13, 17, 19] {
            for start in 0..every.len() {
                let place = |at: usize| every[(start + at * step) % every.len()];
                let text: Vec<char> = (0..every.len()).map(place).collect();
                assert!((1..=MOST_READINGS).contains(&readings(&text).len()), "{text:?}");
            }
        }
    }

    #[test]
    fn every_sign_that_people_type_is_read() {
        for text in [
            "p@$$w0rd",
            "passw0rd!",
            "1234567890",
            "0987654321",
            "!@#$%^&*()",
            "qwerty!@#$%^",
            "Tr0ub4dor&3",
            "tr0ub4d0r{7}",
            "l33t h4x0r",
            "2026-11-29 12:30:45",
        ] {
            let text: Vec<char> = text.chars().collect();
            assert_eq!(readings(&text), readings_of(&text), "{text:?}");
        }
    }
}
