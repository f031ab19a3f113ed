//! Repetitions in a password.

use super::part::{Cheapest, Part, Pattern};

/// Finds the parts of a text that repeat something. `guesses` estimates what is repeated.
pub(super) fn parts(text: &[char], parts: &mut Cheapest, guesses: impl Fn(&[char]) -> f64) {
    let mut start = 0;
    while start < text.len() {
        let rest = &text[start..];
        let repeated = |length: &usize| times(rest, *length) > 1;
        let lengths = 1..=rest.len() / 2;
        let (Some(shortest), Some(longest)) =
            (lengths.clone().find(repeated), lengths.clone().rev().find(repeated))
        else {
            start += 1;
            continue;
        };
        // Of "aabaab" the longest is all, and of "aaaaa" the shortest is. What the longest repeats may repeat
        // itself something.
        let [short, long] = [shortest, longest].map(|length| length * times(rest, length));
        let whole = short.max(long);
        let is_all = |length: &usize| whole.is_multiple_of(*length) && times(rest, *length) >= whole / length;
        let unit = lengths.clone().find(is_all).unwrap_or(shortest);
        let guesses = guesses(&rest[..unit]) * (whole / unit) as f64;
        parts.add(Part { start, end: start + whole, pattern: Pattern::Repetition, guesses });
        start += whole;
    }
}

/// Returns how many times a text begins with as many of its characters.
fn times(text: &[char], length: usize) -> usize {
    text.chunks_exact(length).take_while(|chunk| *chunk == &text[..length]).count()
}
