//! The failure to parse a value.

use std::borrow::Cow;

/// A text or number that is not a valid value of the type. It says what was expected, and never repeats what
/// was given, which may be a secret.
///
/// ```
/// use doorward::Username;
///
/// let error = "ada lovelace".parse::<Username>().unwrap_err();
/// assert!(error.to_string().starts_with("expected a username"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(Cow<'static, str>);

impl ParseError {
    /// Says what was expected, without the value.
    pub(crate) fn new(expected: impl Into<Cow<'static, str>>) -> ParseError {
        ParseError(expected.into())
    }
}

impl From<ParseError> for Cow<'static, str> {
    fn from(error: ParseError) -> Cow<'static, str> {
        error.0
    }
}
