//! How hard a password is to guess: zxcvbn (Wheeler, "zxcvbn: Low-Budget Password Strength Estimation",
//! USENIX Security 2016). An attacker who knows what people choose tries words, keys beside each other,
//! repetitions, sequences and dates, common ones first. A password takes as many guesses as its cheapest
//! division into such parts.

use unicode_normalization::UnicodeNormalization;
use zeroize::{DefaultIsZeroes, Zeroizing};

use dictionary::Lower;
use part::{Cheapest, Part, Pattern, least};

mod date;
mod dictionary;
mod keyboard;
pub(crate) mod part;
mod repetition;
mod sequence;
mod words;

/// How many guesses find a text, and the parts by which they do.
pub(crate) struct Estimate {
    pub guesses: f64,
    pub parts: Zeroizing<Vec<Part>>,
}

impl Estimate {
    /// Returns the score from 0, guessed at once, to 4.
    pub(crate) fn score(&self) -> u8 {
        // Five more than round numbers, because a word alone takes one guess more than its rank.
        [1e3, 1e6, 1e8, 1e10].into_iter().map(|most| u8::from(self.guesses >= most + 5.0)).sum()
    }
}

/// A dot above, the second character of "\u{130}" in lower case. It is passed over: so each character has one in
/// lower case.
const DOT: char = '\u{307}';

/// Estimates a text, beside words that an attacker would try first. The work grows faster than the square of its
/// length, and with the number of words: callers limit both.
pub(crate) fn estimate(text: &str, words: &[&str]) -> Estimate {
    let characters = |text: &str, length| {
        let mut characters = Zeroizing::new(Vec::with_capacity(length));
        characters.extend(text.nfc().filter(|c| *c != DOT).take(length));
        characters
    };
    let words: Vec<Lower> =
        words.iter().map(|word| dictionary::lowercase(&characters(word, 3 * word.len()))).collect();
    cheapest(&characters(text, 3 * text.len()), &words)
}

/// The last part of a sequence of parts that cover the beginning of a text.
#[derive(Clone, Copy, Default)]
struct Last {
    part: Part,
    /// The guesses of all parts, multiplied.
    product: f64,
    guesses: f64,
}

impl DefaultIsZeroes for Last {}

/// The cheapest sequences that cover a beginning of a text, by their number of parts.
type Sequences = Zeroizing<Vec<Option<Last>>>;

/// Finds the parts that take the fewest guesses, by dynamic programming over the beginnings of the text.
fn cheapest(text: &[char], words: &[Lower]) -> Estimate {
    let mut parts = Cheapest::new(text.len());
    dictionary::parts(text, words, &mut parts);
    keyboard::parts(text, &mut parts);
    repetition::parts(text, &mut parts, |base| cheapest(base, words).guesses);
    sequence::parts(text, &mut parts);
    date::parts(text, &mut parts);
    let mut sequences = vec![Sequences::default()];
    for end in 1..=text.len() {
        let mut ending = Zeroizing::new(vec![None; end + 1]);
        let unknown = (0..end).map(|start| unknown(start, end));
        for part in parts.ending(end).chain(unknown) {
            append(&mut ending, &sequences[part.start], part);
        }
        sequences.push(ending);
    }
    unwound(&sequences)
}

/// Appends a part to each sequence that ends where it begins, and keeps those that are cheaper than any that
/// is not longer.
fn append(ending: &mut Sequences, before: &Sequences, part: Part) {
    let first = (part.start == 0).then_some((0, 1.0));
    let others = numbered(before)
        // Characters without a pattern are one part.
        .filter(|(_, last)| (last.part.pattern, part.pattern) != (Pattern::Unknown, Pattern::Unknown))
        .map(|(number, last)| (number, last.product));
    for (number, product) in first.into_iter().chain(others) {
        let number = number + 1;
        let product = product * part.guesses;
        let guesses = in_any_order(number) * product + shorter_first(number);
        if !ending[..=number].iter().flatten().any(|other| other.guesses <= guesses) {
            ending[number] = Some(Last { part, product, guesses });
        }
    }
}

fn numbered(sequences: &Sequences) -> impl Iterator<Item = (usize, &Last)> {
    sequences.iter().enumerate().filter_map(|(number, last)| Some((number, last.as_ref()?)))
}

/// The attacker does not know the order of the parts.
fn in_any_order(parts: usize) -> f64 {
    (1..=parts).map(|number| number as f64).product()
}

/// The attacker tries sequences of fewer parts first, of which each has at least 10,000 guesses.
fn shorter_first(parts: usize) -> f64 {
    1e4_f64.powf(parts as f64 - 1.0)
}

fn unknown(start: usize, end: usize) -> Part {
    let length = end - start;
    // One guess more than for a part with a pattern, which is preferred.
    let guesses = 10_f64.powf(length as f64).min(f64::MAX).max(least(length) + 1.0);
    Part { start, end, pattern: Pattern::Unknown, guesses }
}

/// Returns the cheapest sequence that covers the whole text, part by part from its end.
fn unwound(sequences: &[Sequences]) -> Estimate {
    let all = sequences.last().into_iter().flat_map(numbered);
    let best = all.min_by(|(_, one), (_, other)| one.guesses.total_cmp(&other.guesses));
    let Some((number, last)) = best else { return Estimate { guesses: 1.0, parts: Zeroizing::default() } };
    let mut parts = Zeroizing::new(Vec::with_capacity(number));
    parts.push(last.part);
    for number in (1..number).rev() {
        let end = parts.last().map_or(0, |part| part.start);
        parts.extend(sequences[end].get(number).copied().flatten().map(|last| last.part));
    }
    parts.reverse();
    Estimate { guesses: last.guesses, parts }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::part::{MOST, Part, Pattern};
    use super::{Estimate, estimate};

    fn described(parts: &[Part]) -> String {
        let name = |pattern| match pattern {
            Pattern::Word(_) => "word",
            Pattern::Keyboard => "keyboard",
            Pattern::Repetition => "repetition",
            Pattern::Sequence => "sequence",
            Pattern::Date => "date",
            Pattern::Unknown => "unknown",
        };
        let one = |part: &Part| format!("{} {}", name(part.pattern), part.end - part.start);
        parts.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// What the authors' own implementation makes of the same passwords: tests/vectors/strength.mjs.
    #[test]
    fn passwords_take_as_many_guesses_as_by_the_reference() {
        let vectors: Value = serde_json::from_str(include_str!("../../tests/vectors/strength.json")).unwrap();
        let inputs = vectors["inputs"].as_array().unwrap();
        let inputs: Vec<&str> = inputs.iter().map(|input| input.as_str().unwrap()).collect();
        let rows = vectors["rows"].as_array().unwrap();
        assert!(rows.len() > 2_000);
        let mut differ = Vec::new();
        for row in rows {
            let password = row[0].as_str().unwrap();
            let ours = estimate(password, &inputs);
            let guesses = row[1].as_f64().unwrap();
            // Powers are rounded differently, by which either of two large products may be the smaller one.
            let is_equal = (ours.guesses - guesses).abs() <= guesses * 1e-12;
            let is_alike = described(&ours.parts) == row[3] || guesses > 1e15;
            if !is_equal || !is_alike || ours.score() != row[2] {
                differ.push(format!("{row}: {} {}", ours.guesses, described(&ours.parts)));
            }
        }
        assert!(differ.is_empty(), "{} of {}:\n{}", differ.len(), rows.len(), differ.join("\n"));
    }

    #[test]
    fn the_callers_words_are_told() {
        let estimate = estimate("ecalevoL3ng1neAda", &["engine", "ada.lovelace", "Ada", "lovelace"]);
        let own: Vec<Pattern> = estimate.parts.iter().map(|part| part.pattern).collect();
        assert_eq!(own, [3, 0, 2].map(|index| Pattern::Word(Some(index))));
    }

    #[test]
    fn a_long_word_of_the_caller_is_found_in_what_is_estimated_of_it() {
        let word = "maximilian.mustermann@example-company.com";
        let backwards: String = word.chars().rev().collect();
        for text in [word, &backwards, &word.replace('a', "4"), &format!("x{word}")] {
            let text: String = text.chars().take(MOST).collect();
            let estimate = estimate(&text, &["ada", word]);
            assert!(estimate.guesses < 100_000.0, "{text}: {}", estimate.guesses);
            assert!(estimate.parts.iter().any(|part| part.pattern == Pattern::Word(Some(1))));
        }
    }

    #[test]
    fn any_text_is_estimated() {
        for text in ["", " ", "\0\n\r\n", "İİİİ", "ΑΣΣ", "\u{1f431}\u{1f436}\u{1f431}\u{1f436}"] {
            let Estimate { guesses, .. } = estimate(text, &["", "ΑΣΣ", "i̇"]);
            assert!(guesses >= 1.0, "{text:?}");
        }
        assert_eq!(estimate("ΟΔΥΣΣΕΥΣ", &["οδυσσευς"]).guesses, 3.0);
        assert_eq!(estimate("İ", &["i\u{307}"]).guesses, 3.0);
        assert_eq!(estimate("", &[]).parts.len(), 0);
        assert_eq!(estimate(&"é".repeat(400), &[]).score(), 1);
    }
}
