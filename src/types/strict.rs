//! JSON values that are read strictly: objects only where an object is wanted, no duplicate keys, no NUL characters,
//! bounded nesting.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use super::empties::exchanged;
use super::located::{Flaw, from_text};
pub(crate) use super::located::{MAX_NAME, Text, object};
use super::merge_patch::merged;
use super::parse_error::ParseError;
use super::written::Written;

/// Parses like [`object`]; `null` means none.
pub(crate) fn optional_object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(Option::<Inner<T>>::deserialize(deserializer)?.map(|Inner(value)| value))
}

/// Parses like [`object`], for each item of a list.
pub(crate) fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Vec::<Inner<T>>::deserialize(deserializer)?.into_iter().map(|Inner(value)| value).collect())
}

/// Parses like [`objects`]; `null` means none.
pub(crate) fn optional_objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let items = Option::<Vec<Inner<T>>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(items.into_iter().map(|Inner(value)| value).collect())
}

/// Parses like [`object`], but ignores nulls and unknown members: the text is from other software, which may
/// come to write more. Everything in it is still parsed strictly.
pub(crate) fn open_object<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<T, D::Error> {
    from_object(Object::deserialize(deserializer)?).map_err(|flaw| D::Error::custom(flaw.message))
}

/// Parses like [`open_object`]; `null` means none.
pub(crate) fn optional_open_object<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let object = Option::<Object>::deserialize(deserializer)?;
    object.map(from_object).transpose().map_err(|flaw| D::Error::custom(flaw.message))
}

/// Parses an object in which `null` means absent, and empty lists and objects stand for each other.
pub(crate) fn from_object<T: DeserializeOwned>(object: Object) -> Result<T, Flaw> {
    let mut value = Value::Object(object.0);
    remove_nulls(&mut value);
    let text = text_of(&value);
    // What is read has its own copies of secrets.
    wipe(&mut value);
    let text = text.ok_or_else(Flaw::default)?;
    // By the text, so that a type is compiled for texts only.
    from_text(&text).or_else(|flaw| {
        from_text(&exchanged(&text, flaw, place_of_value, &|text| from_text::<T>(text).map(drop))?)
    })
}

/// Returns the place of a value that is not as the type expects. A missing member has the place of its parent.
fn place_of_value(flaw: &Flaw) -> Option<&str> {
    Some(flaw.place.as_str()).filter(|_| !flaw.message.starts_with("missing field"))
}

fn text_of(value: &Value) -> Option<Zeroizing<String>> {
    let mut written = Written::default();
    serde_json::to_writer(&mut written, value).ok()?;
    written.into_text().ok().map(Zeroizing::new)
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn remove_nulls(value: &mut Value) {
    if let Value::Object(map) = value {
        map.retain(|_, value| !value.is_null());
        map.values_mut().for_each(remove_nulls);
    }
}

struct Inner<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Inner<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Inner<T>, D::Error> {
        object(deserializer).map(Inner)
    }
}

/// How deep a body may nest.
pub const MAX_DEPTH: usize = 32;

/// A JSON object with neither duplicate keys, nor NUL characters, nor nesting deeper than 32.
///
/// ```
/// use doorward::Object;
/// use serde_json::json;
///
/// let attributes = Object::try_from(json!({"department": "analysis"}))?;
/// assert_eq!(attributes.members()["department"], "analysis");
/// assert!(Object::try_from(json!(["no", "object"])).is_err());
/// # Ok::<(), doorward::ParseError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Object(pub(crate) Map<String, Value>);

impl Object {
    /// Returns the members.
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Returns the object after a JSON Merge Patch (RFC 7396).
    pub(crate) fn merged(self, patch: Object) -> Object {
        Object(merged(self.0, patch.0))
    }
}

impl TryFrom<Value> for Object {
    type Error = ParseError;

    fn try_from(value: Value) -> Result<Object, ParseError> {
        const EXPECTED: &str = "expected an object without NUL characters, nested at most 32 deep";
        Object::deserialize(value).map_err(|_| ParseError::new(EXPECTED))
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object, D::Error> {
        match Strict(1).deserialize(deserializer)? {
            Value::Object(map) => Ok(Object(map)),
            _ => Err(D::Error::custom("expected an object")),
        }
    }
}

impl JsonSchema for Object {
    fn schema_name() -> Cow<'static, str> {
        "Object".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "additionalProperties": true})
    }
}

/// A value in a response that is for the host only and must never be passed on to a client.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct HostOnly<T>(pub T);

impl<T: JsonSchema> JsonSchema for HostOnly<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("HostOnly_{}", T::schema_name()).into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        schema.insert("x-host-only".to_owned(), true.into());
        schema
    }
}

/// Any JSON value at the given depth, parsed strictly.
pub(crate) struct Strict(pub usize);

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        no_nul(value).map(|()| value.into())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Strict(inner))? {
            items.push(item);
        }
        Ok(items.into())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            no_nul(&key)?;
            let value = entries.next_value_seed(Strict(inner))?;
            if map.insert(key, value).is_some() {
                return Err(A::Error::custom("duplicate key"));
            }
        }
        Ok(map.into())
    }
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<usize, E> {
        if self.0 >= MAX_DEPTH { Err(E::custom("nested too deeply")) } else { Ok(self.0 + 1) }
    }
}

/// PostgreSQL text and C strings cannot hold NUL, so no stored text may.
fn no_nul<E: serde::de::Error>(text: &str) -> Result<(), E> {
    if text.contains('\0') { Err(E::custom("NUL character")) } else { Ok(()) }
}
