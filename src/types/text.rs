//! Texts that exist only valid.

/// Implements a JSON string that is parsed with `FromStr`, so that an invalid one never becomes a value.
macro_rules! text_type {
    // A named shape of its own in the description.
    (shape $name:literal, $type:ident, $($schema:tt)*) => {
        $crate::types::text::text_type!(@ $name, false, $type, $($schema)*);
    };
    (@ $name:expr, $is_inline:literal, $type:ident, $($schema:tt)*) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                <crate::types::strict::Text as serde::Deserialize>::deserialize(deserializer)?.0.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
            fn inline_schema() -> bool {
                $is_inline
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", $($schema)*})
            }
        }
    };
    ($type:ident, $($schema:tt)*) => {
        $crate::types::text::text_type!(@ stringify!($type), true, $type, $($schema)*);
    };
}

pub(crate) use text_type;
