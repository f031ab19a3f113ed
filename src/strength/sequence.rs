//! Sequences in a password: characters at equal distances, such as `abcd` and `9753`.

use super::part::{Part, Pattern};

const MOST_DISTANCE: i64 = 5;

/// Returns the parts of a text that are sequences, of three characters and more, or of two neighbours.
pub(super) fn parts(text: &[char]) -> Vec<Part> {
    let distances: Vec<i64> =
        text.windows(2).map(|pair| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0]))).collect();
    let mut parts = Vec::new();
    let mut start = 0;
    for run in distances.chunk_by(|one, other| one == other) {
        let (length, distance) = (run.len() + 1, run[0]);
        if (length > 2 || distance.abs() == 1) && (1..=MOST_DISTANCE).contains(&distance.abs()) {
            let guesses = guesses(text[start], length, distance);
            parts.push(Part { start, end: start + length, pattern: Pattern::Sequence, guesses });
        }
        start += run.len();
    }
    parts
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
