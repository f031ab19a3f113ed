//! Ids.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use uuid::{Builder, Uuid};

use super::random::{NoRandomness, random};
use super::text::text_type;
use crate::types::parse_error::ParseError;

/// A UUID (RFC 9562) of a user, a session, and so on: of version 7, unless a user was imported with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Id(Uuid);

impl Id {
    /// Makes an id that is ordered by this time in Unix milliseconds.
    pub(crate) fn new(now_ms: i64) -> Result<Id, NoRandomness> {
        let millis = u64::try_from(now_ms).unwrap_or(0);
        Ok(Id(Builder::from_unix_timestamp_millis(millis, &random()?).into_uuid()))
    }

    /// Returns the id as stored.
    ///
    /// ```
    /// use doorward::Id;
    ///
    /// let id: Id = "01890a5d-ac96-774b-bcce-b302099a8057".parse()?;
    /// assert_eq!(id.as_bytes().len(), 16);
    /// # Ok::<(), doorward::ParseError>(())
    /// ```
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Id {
        Id(Uuid::from_bytes(bytes))
    }

    /// Returns an id not above any id of this time or later.
    pub(crate) fn first_at(unix_ms: i64) -> Id {
        let millis = u64::try_from(unix_ms).unwrap_or(0);
        Id(Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid())
    }

    /// Returns the time by which the id is ordered.
    pub(crate) fn unix_ms(self) -> i64 {
        let [a, b, c, d, e, f, ..] = *self.0.as_bytes();
        i64::from_be_bytes([0, 0, a, b, c, d, e, f])
    }

    /// Returns the next higher id of the same time; the counter of its last 62 bits does not overflow.
    pub(crate) fn next(self) -> Id {
        Id(Uuid::from_u128(self.0.as_u128().wrapping_add(1)))
    }
}

impl FromStr for Id {
    type Err = ParseError;

    /// Parses the canonical spelling only: 36 characters, lower case, hyphens.
    fn from_str(text: &str) -> Result<Id, ParseError> {
        let id = Uuid::try_parse(text).map_err(|_| ParseError::new("expected an id"))?;
        let canonical = id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text;
        if canonical { Ok(Id(id)) } else { Err(ParseError::new("expected an id")) }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

text_type!(Id, "format": "uuid");
