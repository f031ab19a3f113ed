//! A part of a password that follows a pattern.

/// How many characters of a password are estimated: further ones do not weaken it, and cost much work. A text of as
/// many counts as the beginning of a longer one.
pub(crate) const MOST: usize = 33;

/// A part of a password, and how many guesses find it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// The place of its first character.
    pub start: usize,
    /// The place behind its last character.
    pub end: usize,
    pub pattern: Pattern,
    pub guesses: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    Unknown,
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
