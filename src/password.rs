//! Passwords as people type them: read once, normalized (RFC 8265 section 4.2, OpaqueString), never
//! truncated, wiped on drop.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;
use zxcvbn::Entropy;
use zxcvbn::matching::patterns::MatchPattern;

use crate::config::PasswordPolicy;
use crate::error::{Code, Error, Result};
use crate::json::Text;

/// A secret text, of a request or a configuration: not shown, not copied, wiped on drop.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(Zeroizing::new(text.into()))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Secret, D::Error> {
        Text::deserialize(deserializer).map(|text| Secret::new(text.0))
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "writeOnly": true})
    }
}

/// A password in its normal form, not longer than the policy's `max_bytes`.
pub struct Password {
    normal: Zeroizing<String>,
    /// What was typed, where it is not that.
    typed: Option<Zeroizing<String>>,
}

impl Password {
    /// Reads a password that is offered as proof. Failure: `invalid_request`, for a text that is
    /// too long or that no password can be.
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

    /// Reads a password that someone chose. Failure: `invalid_request` as above, `weak_password`
    /// with the reasons of [`assess`].
    pub(crate) fn chosen(
        secret: &Secret,
        policy: &PasswordPolicy,
        context: &[Context],
        field: &str,
    ) -> Result<Password> {
        let password = Password::offered(secret, policy, field)?;
        match assess(secret, policy, context).weaknesses.as_slice() {
            [] => Ok(password),
            weaknesses => Err(Password::weak(weaknesses, field)),
        }
    }

    /// Why a password is refused.
    pub(crate) fn weak(weaknesses: &[Weakness], field: &str) -> Error {
        let reasons: Vec<_> = weaknesses.iter().map(|weakness| weakness.name()).collect();
        Error { detail: Some(reasons.join(" ").into()), reasons, ..Error::at(Code::WeakPassword, field, "") }
    }

    /// Whether both are the same password.
    pub(crate) fn is(&self, other: &Password) -> bool {
        self.normal == other.normal
    }

    /// The bytes that are hashed.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.normal.as_bytes()
    }

    /// The bytes that other systems hashed, where they are others.
    pub(crate) fn as_typed(&self) -> Option<&[u8]> {
        self.typed.as_ref().map(|typed| typed.as_bytes())
    }
}

/// RFC 8265 section 4.2.2: other spaces become U+0020, then NFC; control characters and the empty
/// string are refused. Wider than the FreeformClass, of which nothing but control characters is refused: so
/// what a phone types is a password, joiners inside emoji and code points that are newer than the tables
/// included.
fn opaque_string(text: &str) -> Option<Zeroizing<String>> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return None;
    }
    let is_other_space = |c: char| c.is_whitespace() && !matches!(c, '\u{2028}' | '\u{2029}');
    let spaced = text.chars().map(|c| if is_other_space(c) { ' ' } else { c });
    Some(Zeroizing::new(spaced.nfc().collect()))
}

/// A word that an attacker would try first, and what a password made of it is.
pub(crate) type Context<'a> = (Weakness, &'a str);

macro_rules! weaknesses {
    ($($(#[$doc:meta])* $weakness:ident = $name:literal;)*) => {
        /// Why a password may not be chosen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Weakness { $($(#[$doc])* $weakness,)* }

        impl Weakness {
            /// The code, which may be shown.
            pub fn name(self) -> &'static str {
                match self { $(Weakness::$weakness => $name,)* }
            }
        }

        impl JsonSchema for Weakness {
            fn schema_name() -> Cow<'static, str> {
                "Weakness".into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "enum": [$($name),*]})
            }
        }
    };
}

weaknesses! {
    /// Fewer code points than `password.min_length`.
    TooShort = "too_short";
    /// More bytes than `password.max_bytes`.
    TooLong = "too_long";
    /// Control characters.
    InvalidCharacters = "invalid_characters";
    /// A common password, word or name.
    Common = "common";
    /// The same again and again.
    Repetition = "repetition";
    /// Characters in a row, of the alphabet or of a keyboard.
    Sequence = "sequence";
    /// A date or a year.
    Date = "date";
    /// Little more than the account's name.
    ContainsUsername = "contains_username";
    /// Little more than the account's address.
    ContainsEmail = "contains_email";
    /// Little more than the name of the service.
    ContainsIssuer = "contains_issuer";
    /// Little more than a word that the host gave.
    ContainsUserInput = "contains_user_input";
    /// So short or regular that it is guessed soon.
    EasilyGuessed = "easily_guessed";
    /// The password that the account has already.
    SameAsOld = "same_as_old";
}

impl Serialize for Weakness {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What is to be said of a password that someone wants to choose.
pub(crate) struct Assessment {
    /// From 0, guessed at once, to 4.
    pub score: u8,
    /// None, where it may be chosen.
    pub weaknesses: Vec<Weakness>,
}

/// Judges a password whole: one that merely contains a common word may be chosen. `context` are words that
/// an attacker would try first: the account's name, its address, the service's name.
pub(crate) fn assess(secret: &Secret, policy: &PasswordPolicy, context: &[Context]) -> Assessment {
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
    let entropy = zxcvbn::zxcvbn(&password, &words);
    let mut weaknesses = Vec::new();
    if password.chars().count() < policy.min_length.get() {
        weaknesses.push(Weakness::TooShort);
    }
    if policy.blocklist && entropy.guesses() < FIRST_GUESSES {
        weaknesses.extend(patterns(&entropy, context));
    }
    Assessment { score: entropy.score().into(), weaknesses }
}

/// What a guesser tries first.
const FIRST_GUESSES: u64 = 100_000;

/// What a password that is easily guessed is made of.
fn patterns(entropy: &Entropy, context: &[Context]) -> Vec<Weakness> {
    let mut found = Vec::new();
    // A letter or two say nothing of the whole.
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
