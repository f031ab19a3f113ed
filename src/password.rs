//! Passwords as people type them: read once, normalized (RFC 8265 section 4.2, OpaqueString), never
//! truncated, wiped on drop.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::config::PasswordPolicy;
use crate::error::{Code, Error, Result};
use crate::json::Text;

/// A secret text of a request or configuration: not shown, not copied, wiped on drop.
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
    /// when it is shorter than the policy asks or easily guessed. `context` are words that an
    /// attacker would try first: the account's name, address, the service's name.
    pub(crate) fn chosen(
        secret: &Secret,
        policy: &PasswordPolicy,
        context: &[&str],
        field: &str,
    ) -> Result<Password> {
        let password = Password::offered(secret, policy, field)?;
        if password.normal.chars().count() < policy.min_length.get() {
            let limit = format!("shorter than {} characters", policy.min_length.get());
            return Err(Error::at(Code::WeakPassword, field, limit));
        }
        if policy.blocklist && is_blocked(&password.normal, context) {
            return Err(Error::at(Code::WeakPassword, field, "common or easily guessed"));
        }
        Ok(password)
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

/// Whether the whole password is what a guesser tries first: a common password or word, a sequence,
/// a repetition, or one of the `context` words. Passphrases that merely contain such a word pass.
fn is_blocked(password: &str, context: &[&str]) -> bool {
    const FIRST_GUESSES: u64 = 100_000;
    zxcvbn::zxcvbn(password, context).guesses() < FIRST_GUESSES
}
