//! Empty lists and empty objects stand for each other, because some languages (PHP, Lua) do not distinguish them.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// How many empty lists and objects of a text may be exchanged for each other.
const MOST: usize = 16;

/// Returns `{}` for a document that is an empty list, and any other document unchanged.
pub(crate) fn document(text: &str) -> &str {
    let inner = text.trim_ascii().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if inner.is_some_and(|inner| inner.trim_ascii().is_empty()) { "{}" } else { text }
}

/// Replaces `[]` by `{}`, or the reverse, wherever `parse` expects the other. `error` is the failure of `parse` for
/// the original text, and `place` returns the JSON pointer of a failure. It is compiled once for all types.
pub(crate) fn exchanged<E>(
    text: &str,
    error: E,
    place: fn(&E) -> Option<&str>,
    parse: &dyn Fn(&str) -> Result<(), E>,
) -> Result<Zeroizing<String>, E> {
    let mut mended = Zeroizing::new(text.to_owned());
    let mut refused = Err(error);
    for _ in 0..MOST {
        let Err(error) = refused else { break };
        mended = place(&error).and_then(|place| with_other(&mended, place)).ok_or(error)?;
        refused = parse(&mended);
    }
    refused.map(|()| mended)
}

/// Returns the text with the other empty value at this place, if there is one.
fn with_other(text: &str, place: &str) -> Option<Zeroizing<String>> {
    let mut found: &RawValue = serde_json::from_str(text).ok()?;
    // The document itself is always an object.
    for segment in Some(place).filter(|place| !place.is_empty())?.split('/').skip(1) {
        let name = segment.replace("~1", "/").replace("~0", "~");
        found = match found.get().as_bytes().first() {
            Some(b'{') => {
                serde_json::from_str::<BTreeMap<String, &RawValue>>(found.get()).ok()?.remove(&name)?
            }
            _ => {
                serde_json::from_str::<Vec<&RawValue>>(found.get()).ok()?.get(name.parse::<usize>().ok()?)?
            }
        };
    }
    let inner = found.get().get(1..found.get().len() - 1)?;
    let other = match found.get().as_bytes().first() {
        Some(b'[') if inner.trim_ascii().is_empty() => "{}",
        Some(b'{') if inner.trim_ascii().is_empty() => "[]",
        _ => return None,
    };
    let start = found.get().as_ptr() as usize - text.as_ptr() as usize;
    let before = text.get(..start)?;
    let after = text.get(start + found.get().len()..)?;
    Some(Zeroizing::new([before, other, after].concat()))
}
