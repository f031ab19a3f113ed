//! Whole numbers within bounds, and switches, each with its default.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use super::parse_error::ParseError;

/// A whole number from `MIN` to `MAX`, `DEFAULT` when absent.
///
/// ```
/// use doorward::config::Throttle;
///
/// let throttle = Throttle::new().account_failures(5_u64.try_into()?);
/// assert_eq!(throttle.account_failures.get(), 5);
/// assert_eq!(throttle.source_failures.get(), 100);
/// # Ok::<(), doorward::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Whole<const MIN: u64, const MAX: u64, const DEFAULT: u64>(u64);

impl<const MIN: u64, const MAX: u64, const DEFAULT: u64> Whole<MIN, MAX, DEFAULT> {
    /// Returns the number as a size.
    pub fn get(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// Returns the number as a count, for sums with counts of the store.
    pub fn count(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }
}

impl<const MIN: u64, const MAX: u64, const DEFAULT: u64> Default for Whole<MIN, MAX, DEFAULT> {
    fn default() -> Self {
        Whole(DEFAULT)
    }
}

impl<const MIN: u64, const MAX: u64, const DEFAULT: u64> TryFrom<u64> for Whole<MIN, MAX, DEFAULT> {
    type Error = ParseError;

    fn try_from(number: u64) -> Result<Self, ParseError> {
        match number {
            number if (MIN..=MAX).contains(&number) => Ok(Whole(number)),
            _ => Err(ParseError::new(format!("expected a whole number from {MIN} to {MAX}"))),
        }
    }
}

impl<'de, const MIN: u64, const MAX: u64, const DEFAULT: u64> Deserialize<'de> for Whole<MIN, MAX, DEFAULT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

impl<const MIN: u64, const MAX: u64, const DEFAULT: u64> JsonSchema for Whole<MIN, MAX, DEFAULT> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Whole_{MIN}_{MAX}_{DEFAULT}").into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": MIN, "maximum": MAX, "default": DEFAULT})
    }
}

/// A duration in whole seconds, from `MIN` to `MAX`, `DEFAULT` when absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Seconds<const MIN: u64, const MAX: u64, const DEFAULT: u64>(Whole<MIN, MAX, DEFAULT>);

impl<const MIN: u64, const MAX: u64, const DEFAULT: u64> TryFrom<u64> for Seconds<MIN, MAX, DEFAULT> {
    type Error = ParseError;

    fn try_from(seconds: u64) -> Result<Self, ParseError> {
        seconds.try_into().map(Seconds)
    }
}

impl<const MIN: u64, const MAX: u64, const DEFAULT: u64> Seconds<MIN, MAX, DEFAULT> {
    /// Returns the seconds, for sums with times.
    pub fn seconds(self) -> i64 {
        self.0.count()
    }
}

/// A switch that is on by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct On(bool);

impl On {
    /// Returns whether it is on.
    pub fn is_on(self) -> bool {
        self.0
    }
}

impl From<bool> for On {
    fn from(is_on: bool) -> On {
        On(is_on)
    }
}

impl Default for On {
    fn default() -> On {
        On(true)
    }
}

impl JsonSchema for On {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "On".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "boolean", "default": true})
    }
}
