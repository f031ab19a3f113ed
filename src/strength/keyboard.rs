//! Neighbouring keys in a password.

use super::part::{Cheapest, Part, Pattern, combinations, exchanges};

struct Keyboard {
    /// The characters of the keys, and those with the shift key, row by row; a space is no key.
    rows: &'static [(&'static str, &'static str)],
    /// The ways to the neighbours of a key: to the right, and down.
    ways: &'static [(isize, isize)],
    /// The number of characters.
    keys: f64,
    /// The neighbours of a key, on average.
    neighbours: f64,
}

/// Each row stands half a key to the right of the one above it.
const SLANTED: &[(isize, isize)] = &[(-1, 0), (0, -1), (1, -1), (1, 0), (0, 1), (-1, 1)];
const ALIGNED: &[(isize, isize)] = &[(-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1)];

const QWERTY: Keyboard = Keyboard {
    rows: &[
        ("`1234567890-=", "~!@#$%^&*()_+"),
        (" qwertyuiop[]\\", " QWERTYUIOP{}|"),
        (" asdfghjkl;'", " ASDFGHJKL:\""),
        (" zxcvbnm,./", " ZXCVBNM<>?"),
    ],
    ways: SLANTED,
    keys: 94.0,
    neighbours: 432.0 / 94.0,
};
const DVORAK: Keyboard = Keyboard {
    rows: &[
        ("`1234567890[]", "~!@#$%^&*(){}"),
        (" ',.pyfgcrl/=\\", " \"<>PYFGCRL?+|"),
        (" aoeuidhtns-", " AOEUIDHTNS_"),
        (" ;qjkxbmwvz", " :QJKXBMWVZ"),
    ],
    ..QWERTY
};
const KEYPAD: Keyboard = Keyboard {
    rows: &[(" /*-", ""), ("789+", ""), ("456", ""), ("123", ""), (" 0.", "")],
    ways: ALIGNED,
    keys: 15.0,
    neighbours: 76.0 / 15.0,
};
const MAC_KEYPAD: Keyboard =
    Keyboard { rows: &[(" =/*", ""), ("789-", ""), ("456+", ""), ("123", ""), (" 0.", "")], ..KEYPAD };

/// Finds the parts of a text, of three keys and more, that are typed on neighbouring keys.
pub(super) fn parts(text: &[char], parts: &mut Cheapest) {
    for keyboard in [QWERTY, DVORAK, KEYPAD, MAC_KEYPAD] {
        keyboard.parts(text, parts);
    }
}

impl Keyboard {
    fn parts(&self, text: &[char], parts: &mut Cheapest) {
        let mut start = 0;
        while start < text.len() {
            let mut end = start + 1;
            let mut shifted = usize::from(self.key(text[start]).is_some_and(|(_, is_shifted)| is_shifted));
            let (mut turns, mut last) = (0, None);
            while let Some((way, is_shifted)) = text.get(end).and_then(|c| self.step(text[end - 1], *c)) {
                turns += usize::from(last != Some(way));
                shifted += usize::from(is_shifted);
                last = Some(way);
                end += 1;
            }
            if end - start > 2 {
                let guesses = self.guesses(end - start, turns, shifted);
                parts.add(Part { start, end, pattern: Pattern::Keyboard, guesses });
            }
            start = end;
        }
    }

    /// Returns the way from a key to its neighbour, and whether the shift key is down there.
    fn step(&self, from: char, to: char) -> Option<(usize, bool)> {
        let ((x, y), _) = self.key(from)?;
        let ((to_x, to_y), is_shifted) = self.key(to)?;
        let way = self.ways.iter().position(|way| *way == (to_x - x, to_y - y))?;
        Some((way, is_shifted))
    }

    /// Returns the place of a key, and whether the shift key is down for its character.
    fn key(&self, c: char) -> Option<((isize, isize), bool)> {
        (0..).zip(self.rows).filter(|_| c != ' ').find_map(|(y, (plain, shifted))| {
            let found = |row: &str| (0..).zip(row.chars()).find(|(_, key)| *key == c).map(|(x, _)| (x, y));
            found(plain).map(|place| (place, false)).or_else(|| found(shifted).map(|place| (place, true)))
        })
    }

    /// Returns the number of ways over as many keys or fewer, with as many turns or fewer.
    fn guesses(&self, length: usize, turns: usize, shifted: usize) -> f64 {
        let mut guesses = 0.0;
        for (length, turns) in
            (2..=length).flat_map(|length| (1..length.min(turns + 1)).map(move |n| (length, n)))
        {
            guesses += combinations(length - 1, turns - 1) * self.keys * self.neighbours.powf(turns as f64);
        }
        match (shifted, length - shifted) {
            (0, _) => guesses,
            (_, 0) => guesses * 2.0,
            (shifted, plain) => guesses * exchanges(shifted, plain),
        }
    }
}
