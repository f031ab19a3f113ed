//! Sequences in a password: characters at equal distances, such as `abcd` and `9753`.

use super::part::{Cheapest, Part, Pattern};

const MOST_DISTANCE: i64 = 5;

/// Finds the parts of a text that are sequences, of three characters and more, or of two neighbours.
pub(super) fn parts(text: &[char], parts: &mut Cheapest) {
    let mut start = 0;
    while let Some(distance) = distance(text, start) {
        let run = (start..).take_while(|place| self::distance(text, *place) == Some(distance)).count();
        let length = run + 1;
        if (length > 2 || distance.abs() == 1) && (1..=MOST_DISTANCE).contains(&distance.abs()) {
            let guesses = guesses(text[start], length, distance);
            parts.add(Part { start, end: start + length, pattern: Pattern::Sequence, guesses });
        }
        start += run;
    }
}

/// Returns the distance from a character to the next one.
fn distance(text: &[char], place: usize) -> Option<i64> {
    let [one, other] = text.get(place..place + 2)? else { return None };
    Some(i64::from(u32::from(*other)) - i64::from(u32::from(*one)))
}

fn guesses(first: char, length: usize, distance: i64) -> f64 {
    let starts = match first {
        'a' | 'A' | 'z' | 'Z' | '0' | '1' | '9' => 4.0,
        '2'..='8' => 10.0,
        _ => 26.0,
    };
    let directions = if distance > 0 { 1.0 } else { 2.0 };
    starts * directions * length as f64
}
