//! Passwords as people type them: parsed once, normalized (RFC 8265 section 4.2, OpaqueString), never
//! truncated, wiped on drop.

use std::path::PathBuf;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;
use zxcvbn::Entropy;
use zxcvbn::matching::patterns::MatchPattern;

use crate::error::{Code, Error, Result};
use crate::types::secret::{Secret, collected};
use crate::types::user::Offered;
use crate::types::weakness::Weakness;
use crate::types::whole::{Seconds, Whole};

/// Cost of the password hash (Argon2id, RFC 9106) and the policy for new passwords.
#[derive(Clone, Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "PasswordConfig")]
#[non_exhaustive]
pub struct PasswordPolicy {
    /// The memory of one hash in KiB.
    pub memory_kib: Whole<8, 4_194_304, 19_456>,
    /// The number of passes over that memory.
    pub iterations: Whole<1, 64, 2>,
    /// The number of lanes.
    pub parallelism: Whole<1, 64, 1>,
    /// The minimum length of a new password, in code points.
    pub min_length: Whole<8, 128, 8>,
    /// The maximum length of a password, in bytes of UTF-8; a longer one is refused, never truncated.
    pub max_bytes: Whole<64, 4096, 1024>,
    /// Whether common passwords, sequences, repetitions and the account's own name are refused.
    pub blocklist: bool,
    /// Words that an attacker would try first, such as names of the service, at most 100: no password may be little
    /// more than one of them. The account's names and the issuer are such words in any case.
    #[schemars(length(max = 100))]
    pub context_words: Vec<Offered>,
    /// A file of passwords that leaked, made by `doorward breached build`: none of them may be chosen. It is opened
    /// with the engine. Default: none.
    pub breached: Option<PathBuf>,
    /// What a login does by a password that is in that file.
    pub breached_login: BreachedLogin,
    /// Whether password hashes are sealed under the secret key, so that a copy of the store alone does not
    /// allow guessing. After a change, each hash follows at the next login. Default: the store's; for a new
    /// store false.
    pub pepper: Option<bool>,
    /// How many passwords of an account, the present one included, its user may not choose again. Their hashes are
    /// kept, and each is one more hash for every new password. Default: the store's; for a new store 0.
    pub history: Option<Whole<0, 24, 0>>,
    /// After how many days a login by password requires a new one; 0: never. Default: the store's; for a new store
    /// 0.
    pub max_age_days: Option<Whole<0, 3_650, 0>>,
    /// The lifetime of a temporary password (`set_password`), within which the user has to replace it.
    pub temporary_seconds: Seconds<60, 31_536_000, 604_800>,
    /// How many hashes run at once in the process; each takes `memory_kib`. Engines of one process share
    /// these places, as many as the largest request among them. Default: the number of processors.
    pub max_concurrent: Option<Whole<1, 1024, 1>>,
    /// How many more callers may wait; further ones get `hash_queue_full`.
    pub max_queued: Whole<0, 100_000, 256>,
}

impl Default for PasswordPolicy {
    fn default() -> PasswordPolicy {
        PasswordPolicy {
            memory_kib: Whole::default(),
            iterations: Whole::default(),
            parallelism: Whole::default(),
            min_length: Whole::default(),
            max_bytes: Whole::default(),
            blocklist: true,
            context_words: Vec::new(),
            breached: None,
            breached_login: BreachedLogin::default(),
            pepper: None,
            history: None,
            max_age_days: None,
            temporary_seconds: Seconds::default(),
            max_concurrent: None,
            max_queued: Whole::default(),
        }
    }
}

/// What a login does by a password that leaked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BreachedLogin {
    /// Nothing more.
    #[default]
    Ignore,
    /// It writes an event.
    Record,
    /// It writes an event, and requires a new password.
    Change,
}

impl PasswordPolicy {
    /// Checks the rules between members. Failure: `invalid_config`.
    pub(crate) fn check(&self) -> Result<()> {
        let invalid = |place, rule: String| Err(Error::at(Code::InvalidConfig, place, rule));
        if self.memory_kib.get() < 8 * self.parallelism.get() {
            let rule = "less than 8 KiB for each lane (RFC 9106 section 3.1)";
            return invalid("/password/memory_kib", rule.to_owned());
        }
        if self.context_words.len() > MOST_WORDS {
            return invalid("/password/context_words", format!("more than {MOST_WORDS}"));
        }
        if self.breached.is_none() && self.breached_login != BreachedLogin::Ignore {
            return invalid("/password/breached_login", "only with breached".to_owned());
        }
        Ok(())
    }
}

/// The most words that a password is compared with, of the configuration and of a request.
pub(crate) const MOST_WORDS: usize = 100;

/// A password in its normal form, not longer than the policy's `max_bytes`.
pub struct Password {
    normal: Zeroizing<String>,
    /// The password as typed, if it differs from its normal form.
    typed: Option<Zeroizing<String>>,
}

impl Password {
    /// Parses a password that is offered as a proof. Failure: `invalid_request`, for a text that is too long
    /// or cannot be a password.
    pub(crate) fn offered(secret: &Secret, policy: &PasswordPolicy, field: &str) -> Result<Password> {
        if secret.expose().len() > policy.max_bytes.get() {
            let limit = format!("longer than {} bytes", policy.max_bytes.get());
            return Err(Error::at(Code::InvalidRequest, field, limit));
        }
        match opaque_string(secret.expose()) {
            Some(normal) => {
                let typed = Some(secret.0.clone()).filter(|typed| *typed != normal);
                Ok(Password { normal, typed })
            }
            None => Err(Error::at(Code::InvalidRequest, field, "empty, or with control characters")),
        }
    }

    /// Makes the failure of a weak password.
    pub(crate) fn weak(weaknesses: &[Weakness], field: &str) -> Error {
        let names: Vec<_> = weaknesses.iter().map(|weakness| weakness.name()).collect();
        let reasons = weaknesses.to_vec();
        Error { reasons, ..Error::at(Code::WeakPassword, field, names.join(" ")) }
    }

    /// Returns whether both are the same password.
    pub(crate) fn is(&self, other: &Password) -> bool {
        self.normal == other.normal
    }

    /// Returns the bytes that are hashed.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.normal.as_bytes()
    }

    /// Returns the bytes that other systems hashed, if they differ.
    pub(crate) fn as_typed(&self) -> Option<&[u8]> {
        self.typed.as_ref().map(|typed| typed.as_bytes())
    }
}

/// Normalizes a password (RFC 8265 section 4.2.2): other spaces become U+0020, then NFC; control characters and the
/// empty string are refused. More is accepted than the FreeformClass, from which only control characters stay
/// excluded, so that everything a phone can type is a password, including joiners inside emoji and code points
/// newer than the tables.
fn opaque_string(text: &str) -> Option<Zeroizing<String>> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return None;
    }
    let is_other_space = |c: char| c.is_whitespace() && !matches!(c, '\u{2028}' | '\u{2029}');
    let spaced = text.chars().map(|c| if is_other_space(c) { ' ' } else { c });
    // NFC makes at most three times as many bytes of a text (UAX 15 section 12).
    Some(collected(spaced.nfc(), 3 * text.len()))
}

/// A word that an attacker would try first, and the weakness of a password made of it.
pub(crate) type Context<'a> = (Weakness, &'a str);

/// The assessment of a password to be chosen.
pub(crate) struct Assessment {
    /// From 0, guessed at once, to 4.
    pub score: u8,
    /// Empty if the password may be chosen.
    pub weaknesses: Vec<Weakness>,
}

/// Assesses a password as a whole: one that merely contains a common word is accepted. `context` contains
/// words that an attacker would try first: the account's name, its address, the service's name.
pub(crate) fn assess(secret: &Secret, policy: &PasswordPolicy, context: &[Context]) -> Assessment {
    let own = policy.context_words.iter().map(|word| (Weakness::ContainsUserInput, word.as_str()));
    let context: Vec<Context> = context.iter().copied().chain(own).collect();
    let refused = |weakness| Assessment { score: 0, weaknesses: vec![weakness] };
    if secret.expose().len() > policy.max_bytes.get() {
        return refused(Weakness::TooLong);
    }
    if secret.expose().is_empty() {
        return refused(Weakness::TooShort);
    }
    let Some(password) = opaque_string(secret.expose()) else {
        return refused(Weakness::InvalidCharacters);
    };
    let words: Vec<&str> = context.iter().map(|(_, word)| *word).collect();
    let entropy = zxcvbn::zxcvbn(&judged(&password), &words);
    let mut weaknesses = Vec::new();
    if password.chars().count() < policy.min_length.get() {
        weaknesses.push(Weakness::TooShort);
    }
    if policy.blocklist && entropy.guesses() < FIRST_GUESSES {
        weaknesses.extend(patterns(&entropy, &context));
    }
    Assessment { score: entropy.score().into(), weaknesses }
}

/// Returns the part of a password that is assessed: its first characters, in a spelling that takes a few
/// milliseconds. zxcvbn reads `p@$$w0rd` as `password`: it looks for words in every reading of a text, and
/// each character that stands for a letter multiplies the readings. Where there would be too many, these
/// characters are replaced by signs without meaning.
fn judged(password: &str) -> Zeroizing<String> {
    let mut stand_ins = Vec::new();
    let judge = |c: char| {
        if !STAND_INS.iter().any(|one| one.contains(c)) || stand_ins.contains(&c) {
            return c;
        }
        stand_ins.push(c);
        if readings(&stand_ins) <= MOST_READINGS {
            return c;
        }
        stand_ins.pop();
        char::from_u32(PRIVATE_USE + u32::from(c)).unwrap_or(c)
    };
    collected(password.chars().take(MOST_JUDGED).map(judge), 4 * MOST_JUDGED)
}

/// Returns an upper bound of the readings of a text in which these characters stand for letters: one for each
/// choice of a character per letter, and of a letter per character that stands for two.
fn readings(stand_ins: &[char]) -> usize {
    let choices = |letter: &str| letter.chars().filter(|c| stand_ins.contains(c)).count().max(1);
    let of_two = |c: char| STAND_INS.iter().filter(|letter| letter.contains(c)).count() > 1;
    let two = stand_ins.iter().filter(|c| of_two(**c)).count();
    STAND_INS.iter().map(|letter| choices(letter)).product::<usize>() << two
}

/// The characters that stand for a, b, c, e, g, i, l, o, s, t, x and z.
const STAND_INS: [&str; 12] = ["4@", "8", "({[<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2"];

/// As many as a text of all ten digits has.
const MOST_READINGS: usize = 16;

/// The first of the code points without meaning.
const PRIVATE_USE: u32 = 0xE000;

/// How many characters are assessed. The work grows with their square, and further characters do not weaken a
/// password.
const MOST_JUDGED: usize = 32;

/// The number of guesses within which a password counts as easily guessed.
const FIRST_GUESSES: u64 = 100_000;

/// Returns the patterns that an easily guessed password consists of.
fn patterns(entropy: &Entropy, context: &[Context]) -> Vec<Weakness> {
    let mut found = Vec::new();
    // Parts of one or two letters say nothing about the whole.
    for part in entropy.sequence().iter().filter(|part| part.token.chars().count() > 2) {
        let weakness = match &part.pattern {
            MatchPattern::Dictionary(word) => context
                .iter()
                .find(|(_, known)| known.to_lowercase() == word.matched_word)
                .map_or(Weakness::Common, |(weakness, _)| *weakness),
            MatchPattern::Repeat(_) => Weakness::Repetition,
            MatchPattern::Sequence(_) | MatchPattern::Spatial(_) => Weakness::Sequence,
            MatchPattern::Date(_) | MatchPattern::Regex(_) => Weakness::Date,
            MatchPattern::BruteForce => continue,
        };
        if !found.contains(&weakness) {
            found.push(weakness);
        }
    }
    if found.is_empty() {
        found.push(Weakness::EasilyGuessed);
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{MOST_JUDGED, MOST_READINGS, STAND_INS, judged};

    /// Returns every character that stands for a letter.
    fn every() -> Vec<char> {
        STAND_INS.iter().flat_map(|letter| letter.chars()).collect::<HashSet<_>>().into_iter().collect()
    }

    /// Returns the number of readings that zxcvbn makes.
    fn readings(text: &str) -> usize {
        let letters =
            STAND_INS.map(|letter| letter.chars().filter(|c| text.contains(*c)).collect::<Vec<_>>());
        let mut readings: Vec<Vec<(char, usize)>> = vec![vec![]];
        for (letter, stand_ins) in letters.iter().enumerate().filter(|(_, stand_ins)| !stand_ins.is_empty()) {
            let mut next = Vec::new();
            for (c, reading) in stand_ins.iter().flat_map(|c| readings.iter().map(move |one| (*c, one))) {
                let mut other = reading.clone();
                if let Some(at) = reading.iter().position(|(taken, _)| *taken == c) {
                    next.push(reading.clone());
                    other.remove(at);
                }
                other.push((c, letter));
                next.push(other);
            }
            readings = next;
        }
        readings.len()
    }

    #[test]
    fn no_password_has_many_readings() {
        let mut every = every();
        every.sort_unstable();
        let all: String = every.iter().collect();
        assert!(readings(&all) > 10 * MOST_READINGS, "without a bound: {}", readings(&all));
        // In various orders, each beginning with other characters.
        for step in [1, 3, 7, 9, 11, 13, 17, 19] {
            for start in 0..every.len() {
                let text: String =
                    (0..every.len()).map(|at| every[(start + at * step) % every.len()]).collect();
                assert!(readings(&judged(&text)) <= MOST_READINGS, "{text}: {}", readings(&judged(&text)));
            }
        }
    }

    #[test]
    fn what_people_type_is_judged_as_it_is() {
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
            "correct horse battery staple",
            "2026-11-29 12:30:45",
        ] {
            assert_eq!(*judged(text), text);
        }
    }

    #[test]
    fn only_the_beginning_is_judged() {
        let long = "é".repeat(MOST_JUDGED + 1);
        assert_eq!(judged(&long).chars().count(), MOST_JUDGED);
    }
}
