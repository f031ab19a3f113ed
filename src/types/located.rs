//! Deserializes JSON text so that a failure names its place. Requests, the configuration and documents are
//! all read in this one way: each type is compiled for one deserializer.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use serde::Deserialize;
use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Visitor};

/// The maximum length of a name in an error.
pub(crate) const MAX_NAME: usize = 64;

/// The fault of a JSON text, and the JSON pointer (RFC 6901) of its place, as far as its names may be
/// repeated.
#[derive(Default)]
pub(crate) struct Flaw {
    pub place: String,
    /// serde's words, without the place in the text.
    pub message: String,
}

/// Parses an object as a `T`.
pub(crate) fn from_text<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Flaw> {
    let steps = Steps::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let read = object(Located { inner: &mut json, steps: &steps });
    read.and_then(|value| json.end().map(|()| value)).map_err(|error| flaw(&error, &steps))
}

fn flaw(error: &serde_json::Error, steps: &Steps) -> Flaw {
    let message = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&suffix).unwrap_or(&message).to_owned();
    Flaw { place: pointer(&steps.borrow()), message }
}

/// The names and indices that lead to a failure, the deepest first: each object and list adds its own while the
/// failure passes through it.
type Steps = RefCell<Vec<String>>;

fn pointer(steps: &[String]) -> String {
    let named = steps.iter().rev().take_while(|step| step.chars().count() <= MAX_NAME);
    named.fold(String::new(), |parent, step| child(&parent, step))
}

/// Returns the JSON pointer of a member.
pub(crate) fn child(parent: &str, key: &str) -> String {
    format!("{parent}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// Parses a structure from a JSON object only; serde by itself also accepts a list of its members.
pub(crate) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(ObjectOnly(deserializer))
}

struct ObjectOnly<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for ObjectOnly<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(visitor)
    }
    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A JSON string, borrowed from the input if it contains no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

/// A wrapper of every deserializer, visitor and access that reads a part of the text.
struct Located<'s, T> {
    inner: T,
    steps: &'s Steps,
}

macro_rules! forward_to_the_same_method {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(Located { inner: visitor, steps: self.steps })
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Located<'_, D> {
    type Error = D::Error;

    forward_to_the_same_method! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_option deserialize_unit deserialize_seq deserialize_map
        deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, Located { inner: visitor, steps: self.steps })
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_newtype_struct(name, Located { inner: visitor, steps: self.steps })
    }
    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_tuple(len, Located { inner: visitor, steps: self.steps })
    }
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_tuple_struct(name, len, Located { inner: visitor, steps: self.steps })
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_struct(name, fields, Located { inner: visitor, steps: self.steps })
    }
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_enum(name, variants, Located { inner: visitor, steps: self.steps })
    }
}

macro_rules! forward_values {
    ($($method:ident: $value:ty)*) => {
        $(fn $method<E: serde::de::Error>(self, value: $value) -> Result<V::Value, E> {
            self.inner.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Located<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.inner.expecting(f)
    }

    forward_values! {
        visit_bool: bool visit_i64: i64 visit_i128: i128 visit_u64: u64 visit_u128: u128 visit_f64: f64
        visit_str: &str visit_borrowed_str: &'de str visit_string: String visit_bytes: &[u8]
        visit_borrowed_bytes: &'de [u8] visit_byte_buf: Vec<u8>
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }
    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }
    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Located { inner, steps: self.steps })
    }
    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Located { inner, steps: self.steps })
    }
    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        self.inner.visit_seq(Items { items, index: 0, steps: self.steps })
    }
    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Members { members, name: Cow::default(), steps: self.steps })
    }
    // No enum in the text contains a value, so there is no place within one.
    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(variant)
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Located<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Located { inner, steps: self.steps })
    }
}

struct Items<'s, A> {
    items: A,
    index: usize,
    steps: &'s Steps,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Items<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let item = self.items.next_element_seed(Located { inner: seed, steps: self.steps });
        let item = item.inspect_err(|_| step(self.steps, &self.index));
        self.index += 1;
        item
    }
    fn size_hint(&self) -> Option<usize> {
        self.items.size_hint()
    }
}

struct Members<'s, 'de, A> {
    members: A,
    /// The name of the member that is being read.
    name: Cow<'de, str>,
    steps: &'s Steps,
}

/// Adds the name or index of a failed member. It is compiled once for all types.
#[cold]
#[inline(never)]
fn step(steps: &Steps, name: &dyn ToString) {
    steps.borrow_mut().push(name.to_string());
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<'_, 'de, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let Some(Text(name)) = self.members.next_key()? else { return Ok(None) };
        self.name = name;
        let key = match &self.name {
            Cow::Borrowed(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
            Cow::Owned(name) => seed.deserialize(StrDeserializer::new(name)),
        };
        key.map(Some).inspect_err(|_| step(self.steps, &self.name))
    }
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let value = self.members.next_value_seed(Located { inner: seed, steps: self.steps });
        value.inspect_err(|_| step(self.steps, &self.name))
    }
    fn size_hint(&self) -> Option<usize> {
        self.members.size_hint()
    }
}
