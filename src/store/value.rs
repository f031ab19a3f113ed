//! Parameters of statements.

/// A parameter of a statement.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Null,
    Integer(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    pub(crate) fn optional_text(text: Option<&'a str>) -> Value<'a> {
        text.map_or(Value::Null, Value::Text)
    }

    pub(crate) fn optional_integer(number: Option<i64>) -> Value<'a> {
        number.map_or(Value::Null, Value::Integer)
    }

    pub(crate) fn optional_bytes(bytes: Option<&'a [u8]>) -> Value<'a> {
        bytes.map_or(Value::Null, Value::Bytes)
    }
}
