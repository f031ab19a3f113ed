//! Converts JSON text to Python objects, without a tree in between.

use std::fmt;

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Returns the Python object that `text` describes.
pub fn from_json<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Object(py).deserialize(&mut deserializer).map_err(|error| PyValueError::new_err(error.to_string()))
}

type Built<'py, E> = Result<Bound<'py, PyAny>, E>;

#[derive(Clone, Copy)]
struct Object<'py>(Python<'py>);

impl<'py, 'de> DeserializeSeed<'de> for Object<'py> {
    type Value = Bound<'py, PyAny>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Built<'py, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'py, 'de> Visitor<'de> for Object<'py> {
    type Value = Bound<'py, PyAny>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Built<'py, E> {
        Ok(self.0.None().into_bound(self.0))
    }
    fn visit_bool<E>(self, value: bool) -> Built<'py, E> {
        Ok(PyBool::new(self.0, value).to_owned().into_any())
    }
    fn visit_i64<E>(self, value: i64) -> Built<'py, E> {
        Ok(PyInt::new(self.0, value).into_any())
    }
    fn visit_u64<E>(self, value: u64) -> Built<'py, E> {
        Ok(PyInt::new(self.0, value).into_any())
    }
    fn visit_f64<E>(self, value: f64) -> Built<'py, E> {
        Ok(PyFloat::new(self.0, value).into_any())
    }
    fn visit_str<E>(self, value: &str) -> Built<'py, E> {
        Ok(PyString::new(self.0, value).into_any())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Built<'py, A::Error> {
        let list = PyList::empty(self.0);
        while let Some(item) = items.next_element_seed(self)? {
            list.append(item).map_err(A::Error::custom)?;
        }
        Ok(list.into_any())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Built<'py, A::Error> {
        let dict = PyDict::new(self.0);
        while let Some(key) = entries.next_key_seed(Key(self.0))? {
            dict.set_item(key, entries.next_value_seed(self)?).map_err(A::Error::custom)?;
        }
        Ok(dict.into_any())
    }
}

struct Key<'py>(Python<'py>);

impl<'py, 'de> DeserializeSeed<'de> for Key<'py> {
    type Value = Bound<'py, PyString>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

/// The names of the claims that every token has are created once.
macro_rules! key {
    ($py:expr, $key:expr, $($name:literal)*) => {
        match $key {
            $($name => intern!($py, $name).clone(),)*
            other => PyString::new($py, other),
        }
    };
}

impl<'py> Visitor<'_> for Key<'py> {
    type Value = Bound<'py, PyString>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(
            key!(self.0, key, "iss" "sub" "aud" "client_id" "iat" "exp" "nbf" "jti" "sid" "auth_time" "amr" "scope"),
        )
    }
}
