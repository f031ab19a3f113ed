//! Why a password may not be chosen.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

macro_rules! weaknesses {
    ($($(#[$doc:meta])* $weakness:ident = $name:literal;)*) => {
        /// Why a password may not be chosen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Weakness { $($(#[$doc])* $weakness,)* }

        impl Weakness {
            /// Returns the code, which may be shown.
            pub fn name(self) -> &'static str {
                match self { $(Weakness::$weakness => $name,)* }
            }
        }

        impl JsonSchema for Weakness {
            fn schema_name() -> Cow<'static, str> {
                "PasswordWeakness".into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "enum": [$($name),*],
                    "description": "A reason why a password is too weak.",
                })
            }
        }
    };
}

weaknesses! {
    /// It has fewer code points than `password.min_length`.
    TooShort = "too_short";
    /// It has more bytes than `password.max_bytes`.
    TooLong = "too_long";
    /// It contains control characters.
    InvalidCharacters = "invalid_characters";
    /// It is a common password, word or name.
    Common = "common";
    /// It repeats the same characters.
    Repetition = "repetition";
    /// It follows the alphabet or a keyboard.
    Sequence = "sequence";
    /// It is a date or a year.
    Date = "date";
    /// It is little more than the account's name.
    ContainsUsername = "contains_username";
    /// It is little more than the account's address.
    ContainsEmail = "contains_email";
    /// It is little more than the name of the service.
    ContainsIssuer = "contains_issuer";
    /// It is little more than a word that the host gave.
    ContainsUserInput = "contains_user_input";
    /// It is so short or regular that it is guessed soon.
    EasilyGuessed = "easily_guessed";
    /// It is one of the passwords that leaked (`password.breached`).
    Breached = "breached";
    /// It is the account's present password.
    SameAsOld = "same_as_old";
    /// It is one of the account's last passwords (`password.history`).
    UsedBefore = "used_before";
}

impl Serialize for Weakness {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
