//! Strict JSON: no duplicate keys, no unknown fields, bounded nesting, and no error that repeats a value of
//! the input.

use crate::types::empties::{document, exchanged};
use crate::types::located::{Flaw, child, from_text};
use crate::types::strict::{MAX_NAME, from_object};
use crate::types::written::Written;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{CowStrDeserializer, MapAccessDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::{Code, Error, Result};
use crate::types::login::Login;

/// Parses `text`, an object, as a `T`. A failure has code `invalid_json`, or `schema_code` if `text` is JSON
/// (RFC 8259).
pub(crate) fn parse<'a, T: Deserialize<'a>>(text: &'a str, schema_code: Code) -> Result<T> {
    let value = from_text(text).map_err(|flaw| explain(text, flaw, schema_code))?;
    // Documents that others signed or returned may contain anything besides the fields that are read.
    match wide_integer(text).filter(|_| schema_code == Code::InvalidRequest) {
        Some(place) => Err(Error::new(schema_code, format!("an integer beyond 64 bits, byte {place}"))),
        None => Ok(value),
    }
}

/// Finds an integer of more than 64 bits in a JSON text, because it would come back as another number.
fn wide_integer(text: &str) -> Option<usize> {
    const SHORTEST: usize = 19;
    let bytes = text.as_bytes();
    // Hardly any text has so many digits in a row.
    if !has_row_of_digits(bytes, SHORTEST) {
        return None;
    }
    let mut at = 0;
    let mut is_in_text = false;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => is_in_text = !is_in_text,
            b'\\' => at += 1,
            b'-' | b'0'..=b'9' if !is_in_text => {
                let is_of_number = |byte: &&u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
                let length = bytes[at..].iter().take_while(is_of_number).count();
                let number = &text[at..at + length];
                let is_integer = !number.contains(['.', 'e', 'E']);
                if is_integer && number.parse::<i64>().is_err() && number.parse::<u64>().is_err() {
                    return Some(at);
                }
                at += length - 1;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Returns whether so many digits follow each other. Such a row covers one of every so many bytes.
fn has_row_of_digits(bytes: &[u8], length: usize) -> bool {
    let is_digit = |byte: &&u8| byte.is_ascii_digit();
    (length - 1..bytes.len()).step_by(length).any(|at| {
        let after = bytes[at..].iter().take_while(is_digit).count();
        after > 0 && after + bytes[..at].iter().rev().take_while(is_digit).count() >= length
    })
}

/// Returns the text with the empty lists and objects that `parse` expects. `error` is the failure of `parse` for the
/// original text.
pub(crate) fn with_other_empties(
    text: &str,
    error: Error,
    parse: &dyn Fn(&str) -> Result<()>,
) -> Result<Zeroizing<String>> {
    exchanged(text, error, |error| error.field.as_deref(), parse)
}

/// Parses like [`parse`], but treats `null` as absent everywhere.
pub(crate) fn parse_without_nulls<T: DeserializeOwned>(text: &str, schema_code: Code) -> Result<T> {
    from_object(parse(document(text), schema_code)?).map_err(|flaw| schema_error(flaw, schema_code))
}

/// Parses a structure, and one member besides its own.
pub(crate) fn with_member<'de, D, M, T>(
    deserializer: D,
    member: &'static str,
) -> Result<(Option<M>, T), D::Error>
where
    D: Deserializer<'de>,
    M: Deserialize<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_map(WithMember { member, types: PhantomData })
}

struct WithMember<M, T> {
    member: &'static str,
    types: PhantomData<(M, T)>,
}

impl<'de, M: Deserialize<'de>, T: Deserialize<'de>> Visitor<'de> for WithMember<M, T> {
    type Value = (Option<M>, T);

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        let others = Others { map, member: self.member, found: &mut found };
        let value = T::deserialize(MapAccessDeserializer::new(others))?;
        Ok((found.flatten(), value))
    }
}

/// The members of a map except one, which is stored when it is met.
struct Others<'a, A, M> {
    map: A,
    member: &'static str,
    found: &'a mut Option<Option<M>>,
}

impl<'de, A: MapAccess<'de>, M: Deserialize<'de>> MapAccess<'de> for Others<'_, A, M> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let mut seed = Some(seed);
        while let Some(key) = self.map.next_key_seed(OtherKey { member: self.member, seed: &mut seed })? {
            if key.is_some() {
                return Ok(key);
            }
            if self.found.is_some() {
                return Err(A::Error::duplicate_field(self.member));
            }
            *self.found = Some(self.map.next_value()?);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// Parses a key by its seed, except for the name of one member, for which it returns none.
struct OtherKey<'a, K> {
    member: &'static str,
    seed: &'a mut Option<K>,
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for OtherKey<'_, K> {
    type Value = Option<K::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let key = Cow::<str>::deserialize(deserializer)?;
        match self.seed.take_if(|_| key != self.member) {
            Some(seed) => seed.deserialize(CowStrDeserializer::new(key)).map(Some),
            None => Ok(None),
        }
    }
}

/// Serializes a response.
pub(crate) fn render<T: Serialize>(value: &T) -> Result<String> {
    let mut written = Written::default();
    serde_json::to_writer(&mut written, value).map_err(|_| unwritable())?;
    written.into_text().map_err(|_| unwritable())
}

fn unwritable() -> Error {
    Error::new(Code::Internal, "serialization")
}

/// Says whether a text is not JSON, or JSON with a flaw.
fn explain(text: &str, flaw: Flaw, schema_code: Code) -> Error {
    match serde_json::from_str::<IgnoredAny>(text) {
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            Error::new(Code::InvalidJson, place)
        }
        Ok(_) => schema_error(flaw, schema_code),
    }
}

/// Describes a flaw and its place without repeating a value, as serde's own texts do.
fn schema_error(flaw: Flaw, code: Code) -> Error {
    let Flaw { place, message } = flaw;
    let message = message.as_str();
    let name = || message.split('`').nth(1).unwrap_or_default().chars().take(MAX_NAME).collect::<String>();
    let (field, detail) = match (message.split_once(" field `"), message.rsplit_once(", expected ")) {
        // The path already ends with the unknown name, unless that is too long to be repeated.
        (Some(("unknown", _)), _) => (place, format!("unknown field `{}`{}", name(), meant(message))),
        (Some((what @ ("missing" | "duplicate"), _)), _) => {
            (child(&place, &name()), format!("{what} field `{}`", name()))
        }
        (_, Some((_, expected))) => (place, format!("expected {}", json_word(expected))),
        _ => (place, message.to_owned()),
    };
    Error::at(code, field, detail)
}

/// Suggests the known name that is most similar to an unknown one, for mistyped names.
fn meant(message: &str) -> String {
    const ALIKE: f64 = 0.8;
    let Some((unknown, known)) = message.rsplit_once("`, expected ") else { return String::new() };
    let unknown: String =
        unknown.split_once('`').map_or("", |(_, name)| name).chars().take(MAX_NAME).collect();
    let known = known.split('`').skip(1).step_by(2);
    let nearest = known.map(|name| (strsim::jaro(name, &unknown), name)).max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        Some((likeness, name)) if likeness > ALIKE => format!("; did you mean `{name}`?"),
        _ => String::new(),
    }
}

/// Translates serde's expectation into JSON's terms.
fn json_word(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list",
        "a map" => "an object",
        "i32" | "i64" | "u32" | "u64" => "an integer within its bounds",
        other => other,
    }
}

/// The response of an operation.
pub(crate) trait Response: Sized {
    /// Renders the response, or fails with what stands for it in JSON.
    fn into_json(self) -> Result<String>;

    /// Returns the failure that stands for the response in JSON, if one does.
    fn failure(&self) -> Option<Error> {
        None
    }
}

/// The next step of a login has the body of a failure.
impl<S: Serialize> Response for Login<S> {
    fn into_json(self) -> Result<String> {
        match self {
            Login::Session(session) => render(&session),
            Login::StepUp(step) => Err(step.into()),
        }
    }

    fn failure(&self) -> Option<Error> {
        match self {
            Login::Session(_) => None,
            Login::StepUp(step) => Some(Error::from(step.clone())),
        }
    }
}

impl<T: Serialize> Response for T {
    fn into_json(self) -> Result<String> {
        render(&self)
    }
}
