//! Secret texts: not shown, not copied, wiped on drop.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::strict::Text;

/// A secret text of a request or a configuration. It is not shown in `Debug`, and wiped on drop.
#[derive(Clone)]
pub struct Secret(pub(crate) Zeroizing<String>);

impl Secret {
    /// Takes ownership of the text.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(Zeroizing::new(text.into()))
    }

    /// Returns the text.
    ///
    /// ```
    /// use doorward::Secret;
    ///
    /// let secret = Secret::new("eight wise words");
    /// assert_eq!(secret.expose(), "eight wise words");
    /// assert!(!format!("{secret:?}").contains("wise"));
    /// ```
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Secret {
    fn from(text: T) -> Secret {
        Secret::new(text)
    }
}

/// What a response gave goes into the next request.
impl From<&IssuedSecret> for Secret {
    fn from(issued: &IssuedSecret) -> Secret {
        issued.0.clone()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
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
        json_schema!({"type": "string", "writeOnly": true, "x-secret": true})
    }
}

/// A secret that a response gives to the host. It is not shown in `Debug`.
#[derive(Clone, Debug)]
pub struct IssuedSecret(Secret);

impl IssuedSecret {
    /// Takes ownership of the text.
    pub fn new(text: impl Into<String>) -> IssuedSecret {
        IssuedSecret(Secret::new(text))
    }

    /// Returns the text.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl From<Secret> for IssuedSecret {
    fn from(secret: Secret) -> IssuedSecret {
        IssuedSecret(secret)
    }
}

impl Serialize for IssuedSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl JsonSchema for IssuedSecret {
    fn schema_name() -> Cow<'static, str> {
        "IssuedSecret".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "x-secret": true})
    }
}

/// Collects the characters of a secret into a text with sufficient capacity: a growing text would leave
/// unwiped copies behind.
pub(crate) fn collected(characters: impl Iterator<Item = char>, bytes: usize) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes));
    text.extend(characters);
    text
}
