//! A part of a password that follows a pattern.

use zeroize::{DefaultIsZeroes, Zeroizing};

/// How many characters of a password are estimated: further ones do not weaken it, and cost much work. A text of as
/// many counts as the beginning of a longer one.
pub(crate) const MOST: usize = 33;

/// A part of a password, and how many guesses find it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Part {
    /// The place of its first character.
    pub start: usize,
    /// The place behind its last character.
    pub end: usize,
    pub pattern: Pattern,
    pub guesses: f64,
}

impl DefaultIsZeroes for Part {}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// A common word, or the caller's word with this index.
    Word(Option<usize>),
    /// Neighbouring keys.
    Keyboard,
    Repetition,
    Sequence,
    /// A date, or a year.
    Date,
    /// None: all characters are tried.
    #[default]
    Unknown,
}

/// The cheapest part at each place of a text. It is wiped on drop and never grows, because it tells of the text.
pub(super) struct Cheapest {
    parts: Zeroizing<Vec<Option<Part>>>,
    /// The length of the text.
    length: usize,
}

impl Cheapest {
    /// Of a text of this length.
    pub(super) fn new(length: usize) -> Cheapest {
        Cheapest { parts: Zeroizing::new(vec![None; length * (length + 1) / 2]), length }
    }

    /// Adds a part, unless there is one at its place that is as cheap. A part of a longer text takes some guesses,
    /// because the attacker does not know where it begins.
    pub(super) fn add(&mut self, part: Part) {
        let length = part.end - part.start;
        let least = if length < self.length { least(length) } else { 1.0 };
        let part = Part { guesses: part.guesses.max(least), ..part };
        if let Some(place) = self.parts.get_mut(part.end * (part.end - 1) / 2 + part.start)
            && place.is_none_or(|other| part.guesses < other.guesses)
        {
            *place = Some(part);
        }
    }

    /// Returns the parts that end at a place, the longest first.
    pub(super) fn ending(&self, end: usize) -> impl Iterator<Item = Part> {
        self.parts[end * (end - 1) / 2..end * (end + 1) / 2].iter().copied().flatten()
    }
}

/// Returns the guesses that a part of a longer text takes at least.
pub(super) fn least(length: usize) -> f64 {
    if length == 1 { 10.0 } else { 50.0 }
}

/// Returns in how many ways some of these things can be exchanged for those of the other kind, at most as
/// many as there are of the rarer kind.
pub(super) fn exchanges(ones: usize, others: usize) -> f64 {
    (1..=ones.min(others)).map(|chosen| combinations(ones + others, chosen)).sum()
}

/// Returns the number of choices of some things out of many.
pub(super) fn combinations(all: usize, chosen: usize) -> f64 {
    (0..chosen).fold(1.0, |product, index| product * all.saturating_sub(index) as f64 / (index + 1) as f64)
}
