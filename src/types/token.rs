//! Tokens as opaque texts.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A token. Its text is a secret: it is not shown in `Debug`, and wiped if owned.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Token<'a> {
    /// Takes the raw text; nothing is parsed yet.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Token<'a> {
        Token(text.into())
    }

    /// Returns the text.
    ///
    /// ```
    /// use doorward::Token;
    ///
    /// let token = Token::new("a.b.c");
    /// assert_eq!(token.expose(), "a.b.c");
    /// assert!(!format!("{token:?}").contains("a.b.c"));
    /// ```
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for Token<'a> {
    fn from(text: &'a str) -> Token<'a> {
        Token::new(text)
    }
}

impl From<String> for Token<'_> {
    fn from(text: String) -> Self {
        Token::new(text)
    }
}

impl<'a> From<&'a Token<'_>> for Token<'a> {
    fn from(token: &'a Token<'_>) -> Token<'a> {
        Token::new(token.expose())
    }
}

impl Drop for Token<'_> {
    fn drop(&mut self) {
        if let Cow::Owned(text) = &mut self.0 {
            // As a whole: the crate zeroize writes one byte after the other.
            let mut bytes = std::mem::take(text).into_bytes();
            bytes.fill(0);
            // Keeps the compiler from removing the write, which is never read.
            std::hint::black_box(&mut bytes);
        }
    }
}

impl fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl JsonSchema for Token<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Token".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "x-secret": true})
    }
}
