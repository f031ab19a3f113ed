//! Whole numbers within bounds, and switches, each with its default.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

/// A whole number from `MIN` to `MAX`, `DEFAULT` when absent.
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

impl<'de, const MIN: u64, const MAX: u64, const DEFAULT: u64> Deserialize<'de> for Whole<MIN, MAX, DEFAULT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            number if (MIN..=MAX).contains(&number) => Ok(Whole(number)),
            _ => Err(serde::de::Error::custom(format_args!("expected a whole number from {MIN} to {MAX}"))),
        }
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
