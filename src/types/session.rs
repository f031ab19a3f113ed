//! What a host gives a session: its life and its label.

use std::str::FromStr;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parse_error::ParseError;
use super::text::text_type;

/// The life of a session, if it is to be shorter than the configuration allows.
///
/// ```
/// use doorward::{LoginRequest, SessionLifetime};
///
/// let on_a_shared_computer = SessionLifetime::new().absolute_seconds(3600).persistent(false);
/// let request = LoginRequest::new("ada", "eight wise words").lifetime(on_a_shared_computer);
/// ```
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SessionLifetime {
    /// How long an unused refresh token is valid: at most as long as the backend's (`refresh_token_seconds`). Default:
    /// as long.
    #[schemars(range(min = 1))]
    pub idle_seconds: Option<u64>,
    /// When the session ends, however often it is refreshed: at most after `session_max_seconds`. Default: then.
    #[schemars(range(min = 1))]
    pub absolute_seconds: Option<u64>,
    /// Whether the user stays logged in when the browser is closed. The engine keeps it and repeats it in each
    /// response with tokens of the session; with `false` the host sets cookies without `Max-Age`.
    pub persistent: Option<bool>,
}

/// The label of a session, for its user's list: 1 to 100 characters without control characters.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct SessionLabel(String);

impl SessionLabel {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SessionLabel {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<SessionLabel, ParseError> {
        let valid = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        match valid {
            true => Ok(SessionLabel(text.to_owned())),
            false => Err(ParseError::new("expected 1 to 100 characters without control characters")),
        }
    }
}

text_type!(SessionLabel, "minLength": 1, "maxLength": 100);
