//! Passwords as people type them: parsed once, normalized (RFC 8265 section 4.2, OpaqueString), never
//! truncated, wiped on drop.

use std::path::PathBuf;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::error::{Code, Error, Result};
use crate::strength::part::{MOST, Pattern};
use crate::strength::{self, Estimate};
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
    let beginning = collected(password.chars().take(MOST), 4 * MOST);
    let estimate = strength::estimate(&beginning, &words);
    let mut weaknesses = Vec::new();
    if password.chars().count() < policy.min_length.get() {
        weaknesses.push(Weakness::TooShort);
    }
    if policy.blocklist && estimate.guesses < FIRST_GUESSES {
        weaknesses.extend(patterns(&estimate, &context));
    }
    Assessment { score: estimate.score(), weaknesses }
}

/// The number of guesses within which a password counts as easily guessed.
const FIRST_GUESSES: f64 = 100_000.0;

/// Returns the patterns that an easily guessed password consists of.
fn patterns(estimate: &Estimate, context: &[Context]) -> Vec<Weakness> {
    let mut found = Vec::new();
    // Parts of one or two letters say nothing about the whole.
    for part in estimate.parts.iter().filter(|part| part.end - part.start > 2) {
        let weakness = match part.pattern {
            Pattern::Word(own) => {
                own.and_then(|index| context.get(index)).map_or(Weakness::Common, |(weakness, _)| *weakness)
            }
            Pattern::Repetition => Weakness::Repetition,
            Pattern::Sequence | Pattern::Keyboard => Weakness::Sequence,
            Pattern::Date => Weakness::Date,
            Pattern::Unknown => continue,
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
