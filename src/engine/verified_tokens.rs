//! Remembers tokens that `verify` accepted, so that their signatures are not verified again as long as nothing has
//! changed that the answer depends on.
//!
//! No token is kept, only the code of a whole token under a random key (`crypto/token_code.rs`).
//!
//! Threads read without a lock. A place has a version, which is odd while it is written; what was read under two
//! versions is dropped.

use std::array::from_fn;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU64, fence};

use crate::crypto::token_code::{Coder, TokenCode};
use crate::error::Result;

/// How many places a token may have.
const WAYS: usize = 4;

/// Tokens that were accepted, as many as there are places.
pub(crate) struct VerifiedTokens {
    coder: Coder,
    /// Chooses the places of a code. They must tell nothing of the code.
    choice: RandomState,
    sets: Box<[[Place; WAYS]]>,
}

/// What a verified token depends on.
#[derive(Clone, Copy)]
pub(crate) struct Grounds {
    /// The generation of the ring whose key signed it.
    pub ring: u64,
    /// The index of the backend that issued it.
    pub backend: usize,
    /// When it was verified. It may not be valid yet at an earlier time.
    pub from: i64,
    /// When it is no longer valid.
    pub until: i64,
}

/// An accepted token, on a cache line of its own.
#[derive(Default)]
#[repr(align(64))]
struct Place {
    version: AtomicU64,
    words: [AtomicU64; 6],
}

impl VerifiedTokens {
    /// Makes room for `count` tokens.
    pub(crate) fn new(count: usize) -> Result<VerifiedTokens> {
        Ok(VerifiedTokens {
            coder: Coder::new()?,
            choice: RandomState::new(),
            sets: (0..count.div_ceil(WAYS).max(1)).map(|_| Default::default()).collect(),
        })
    }

    /// Returns the code of a token, by which it is found and added.
    pub(crate) fn code(&self, token: &str) -> TokenCode {
        self.coder.code(token)
    }

    /// Returns whether a token was accepted on the same grounds, and is still valid `now`.
    pub(crate) fn contains(&self, code: TokenCode, ring: u64, backend: usize, now: i64) -> bool {
        let holds = |(kept, grounds): &(TokenCode, Grounds)| {
            kept.is(code) && grounds.hold(ring, now) && grounds.backend == backend
        };
        self.set(code).iter().filter_map(Place::read).any(|kept| holds(&kept))
    }

    /// Adds a token that was accepted, in the place of one that is no longer valid, or of any.
    pub(crate) fn add(&self, code: TokenCode, grounds: Grounds) {
        let set = self.set(code);
        let is_free =
            |place: &&Place| place.read().is_some_and(|(_, kept)| !kept.hold(grounds.ring, grounds.from));
        let any = self.choice.hash_one(grounds.until) as usize % WAYS;
        let place = set.iter().find(is_free).unwrap_or(&set[any]);
        place.write(code, grounds);
    }

    fn set(&self, code: TokenCode) -> &[Place; WAYS] {
        &self.sets[self.choice.hash_one(code.whole()) as usize % self.sets.len()]
    }
}

impl Grounds {
    fn hold(&self, ring: u64, now: i64) -> bool {
        self.ring == ring && self.from <= now && now < self.until
    }
}

impl Place {
    /// Returns what is here; none while it is being written.
    fn read(&self) -> Option<(TokenCode, Grounds)> {
        let version = self.version.load(Acquire);
        let [a, b, ring, backend, from, until] = from_fn(|index| self.words[index].load(Relaxed));
        fence(Acquire);
        let is_whole = version.is_multiple_of(2) && self.version.load(Relaxed) == version;
        let grounds =
            Grounds { ring, backend: backend as usize, from: from.cast_signed(), until: until.cast_signed() };
        is_whole.then_some((TokenCode::of([a, b]), grounds))
    }

    /// Replaces what is here, unless another thread is just doing so.
    fn write(&self, code: TokenCode, grounds: Grounds) {
        let [a, b] = code.halves();
        let Grounds { ring, backend, from, until } = grounds;
        let version = self.version.load(Relaxed);
        let is_mine = version.is_multiple_of(2)
            && self.version.compare_exchange(version, version + 1, Acquire, Relaxed).is_ok();
        if is_mine {
            fence(Release);
            let words = [a, b, ring, backend as u64, from.cast_unsigned(), until.cast_unsigned()];
            self.words.iter().zip(words).for_each(|(place, word)| place.store(word, Relaxed));
            self.version.store(version + 2, Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Grounds, VerifiedTokens};

    const GROUNDS: Grounds = Grounds { ring: 3, backend: 1, from: 100, until: 200 };

    fn added(count: usize, tokens: &[&str]) -> VerifiedTokens {
        let verified = VerifiedTokens::new(count).unwrap();
        tokens.iter().for_each(|token| verified.add(verified.code(token), GROUNDS));
        verified
    }

    fn contains(verified: &VerifiedTokens, token: &str, ring: u64, backend: usize, now: i64) -> bool {
        verified.contains(verified.code(token), ring, backend, now)
    }

    #[test]
    fn a_token_is_found_on_its_grounds_only() {
        let verified = added(4_096, &["a.b.c"]);
        assert!(contains(&verified, "a.b.c", 3, 1, 100) && contains(&verified, "a.b.c", 3, 1, 199));
        for (ring, backend, now) in [(2, 1, 150), (4, 1, 150), (3, 0, 150), (3, 1, 99), (3, 1, 200)] {
            assert!(!contains(&verified, "a.b.c", ring, backend, now), "{ring} {backend} {now}");
        }
        for other in ["", "a.b.d", "b.b.c", "a.b.c\0", "a.b.", "a.b.cc", "A.b.c"] {
            assert!(!contains(&verified, other, 3, 1, 150), "{other}");
        }
        assert!(!contains(&added(4_096, &[]), "a.b.c", 3, 1, 150));
        assert!(!contains(&added(4_096, &[]), "a.b.c", 0, 0, 0));
    }

    #[test]
    fn what_is_no_longer_valid_makes_room_first() {
        let verified = added(4, &["1", "2", "3", "4"]);
        let later = Grounds { from: 200, until: 300, ..GROUNDS };
        for token in ["5", "6", "7", "8"] {
            verified.add(verified.code(token), later);
        }
        assert!(["5", "6", "7", "8"].iter().all(|token| contains(&verified, token, 3, 1, 250)));
        verified.add(verified.code("9"), later);
        let kept = ["5", "6", "7", "8", "9"].iter().filter(|token| contains(&verified, token, 3, 1, 250));
        assert_eq!(kept.count(), 4);
        assert!(contains(&verified, "9", 3, 1, 250));
    }

    /// Threads that write and read the same places at once find only tokens that were added.
    #[test]
    fn no_token_is_put_together_from_two() {
        let verified = VerifiedTokens::new(4).unwrap();
        let tokens: Vec<String> = (0..64).map(|number| number.to_string()).collect();
        let codes: Vec<_> = tokens.iter().map(|token| verified.code(token)).collect();
        std::thread::scope(|scope| {
            for backend in 0..2 {
                let (verified, codes) = (&verified, &codes);
                scope.spawn(move || {
                    for code in codes.iter().cycle().skip(backend).step_by(2).take(20_000) {
                        verified.add(*code, Grounds { backend, ..GROUNDS });
                    }
                });
            }
            for _ in 0..20_000 {
                for (index, code) in codes.iter().enumerate().take(2) {
                    assert!(!verified.contains(*code, 3, 1 - index, 150));
                }
            }
        });
    }
}
