//! Functions that build requests from values and read values from responses, for callers without a JSON
//! library.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::c_char;
use std::slice;

use serde::de::DeserializeSeed;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::boundary::{handed_over, text};
use super::types::{
    DOORWARD_IS_ABSENT, DOORWARD_IS_BOOLEAN, DOORWARD_IS_INTEGER, DOORWARD_IS_JSON, DOORWARD_IS_TEXT,
    doorward_member,
};
use crate::contain::contain;
use crate::types::located::child;
use crate::types::strict::{MAX_NAME, Strict, Text};
use crate::types::written::Written;

/// Builds the JSON object of `count` members. `doorward_json(DOORWARD_TEXT("username", name), …)` calls it
/// and counts. The result is never NULL and is the caller's until doorward_free.
///
/// A value cannot break out of its place. A duplicate name, a NULL, a text that is not UTF-8, a DOORWARD_JSON
/// that is not JSON, and nesting deeper than 32 are refused: the result then gives the reason, for logs, such
/// as "not JSON: /client/ip: NULL". That text is not JSON, so every operation refuses it with invalid_json,
/// and a builder refuses it as a value, too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_object(members: *const doorward_member, count: usize) -> *mut c_char {
    // SAFETY: the header's rules.
    unsafe { built(Shape::Object, members, count) }
}

/// Builds the JSON list of the values of `count` members, whose names are not read.
/// `doorward_json_list(DOORWARD_TEXT(NULL, role), …)` calls it. Otherwise it works as doorward_object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_list(members: *const doorward_member, count: usize) -> *mut c_char {
    // SAFETY: the header's rules.
    unsafe { built(Shape::List, members, count) }
}

/// Reads a text from JSON. `pointer` is a JSON pointer (RFC 6901), such as "/user/id" or "/users/0/username";
/// "" is the whole. The result is the caller's until doorward_free. It is NULL if the member is absent, null
/// or of another type, if the text contains a NUL, and if `json` is NULL or not JSON.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_text(json: *const c_char, pointer: *const c_char) -> *mut c_char {
    // SAFETY: the header's rules.
    let read = unsafe { read(json, pointer, |raw| string(raw).filter(|text| !text.contains('\0'))) };
    read.map_or(std::ptr::null_mut(), |text| handed_over(&text))
}

/// Reads an integer as doorward_text reads a text. Returns `otherwise` if there is none, or if it has a
/// fraction or an exponent, or does not fit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_integer(
    json: *const c_char,
    pointer: *const c_char,
    otherwise: i64,
) -> i64 {
    // SAFETY: the header's rules.
    unsafe { read(json, pointer, |raw| raw.parse().ok()) }.unwrap_or(otherwise)
}

/// Reads a boolean, 1 or 0, as doorward_text reads a text. Returns `otherwise` if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_boolean(
    json: *const c_char,
    pointer: *const c_char,
    otherwise: i32,
) -> i32 {
    // SAFETY: the header's rules.
    let read = unsafe { read(json, pointer, |raw| raw.parse::<bool>().ok()) };
    read.map_or(otherwise, i32::from)
}

/// Reads any value as JSON, as doorward_text reads a text: an object or a list to pass on or to read from.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_value(json: *const c_char, pointer: *const c_char) -> *mut c_char {
    // SAFETY: the header's rules.
    unsafe { read(json, pointer, Some) }.map_or(std::ptr::null_mut(), handed_over)
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Object,
    List,
}

/// A refused member: its place, and the reason.
struct Refused(String, &'static str);

/// # Safety
/// `members` is NULL or points to `count` members whose texts satisfy the header's rules.
unsafe fn built(shape: Shape, members: *const doorward_member, count: usize) -> *mut c_char {
    let json = contain(|| {
        let members = match (count, members.is_null()) {
            (0, _) => Ok(&[][..]),
            (_, true) => Err(Refused(String::new(), "NULL")),
            // SAFETY: the caller of this function guarantees it.
            (_, false) => Ok(unsafe { slice::from_raw_parts(members, count) }),
        };
        // SAFETY: the caller of this function guarantees it.
        let json = members.and_then(|members| unsafe { build(shape, members) });
        Ok(json.unwrap_or_else(|Refused(place, why)| format!("not JSON: {place}: {why}").into()))
    });
    handed_over(json.as_deref().map_or("not JSON: internal", String::as_str))
}

/// # Safety
/// The texts of the members satisfy the header's rules.
unsafe fn build(shape: Shape, members: &[doorward_member]) -> Result<Zeroizing<String>, Refused> {
    let (open, close) = if shape == Shape::Object { ("{", "}") } else { ("[", "]") };
    let mut json = Written::default();
    let mut names = BTreeSet::new();
    let mut separator = "";
    json.extend(open.as_bytes());
    for (index, member) in members.iter().enumerate().filter(|(_, member)| member.kind != DOORWARD_IS_ABSENT)
    {
        json.extend(separator.as_bytes());
        separator = ",";
        let mut place = child("", &index.to_string());
        if shape == Shape::Object {
            // SAFETY: the caller of this function guarantees it.
            let name = match unsafe { text(member.name, "name") } {
                Ok(name) => name.ok_or(Refused(place, "a name that is NULL"))?,
                Err(_) => return Err(Refused(place, "a name that is not UTF-8")),
            };
            place = child("", &name.chars().take(MAX_NAME).collect::<String>());
            if !names.insert(name) {
                return Err(Refused(place, "stands twice"));
            }
            serde_json::to_writer(&mut json, name).map_err(|_| Refused(String::new(), "internal"))?;
            json.extend(b":");
        }
        // SAFETY: the caller of this function guarantees it.
        unsafe { push_value(&mut json, member) }.map_err(|why| Refused(place, why))?;
    }
    json.extend(close.as_bytes());
    json.into_text().map(Zeroizing::new).map_err(|_| Refused(String::new(), "internal"))
}

/// # Safety
/// The text of the member satisfies the header's rules.
unsafe fn push_value(json: &mut Written, member: &doorward_member) -> Result<(), &'static str> {
    // SAFETY: the caller of this function guarantees it.
    let text = || unsafe { text_of(member) };
    match member.kind {
        DOORWARD_IS_TEXT => serde_json::to_writer(json, text()?).map_err(|_| "internal")?,
        DOORWARD_IS_JSON => json.extend(strict(text()?).ok_or("not JSON")?.as_bytes()),
        DOORWARD_IS_INTEGER => json.extend(member.integer.to_string().as_bytes()),
        DOORWARD_IS_BOOLEAN => json.extend(if member.integer == 0 { &b"false"[..] } else { b"true" }),
        _ => return Err("of an unknown kind"),
    }
    Ok(())
}

/// # Safety
/// `member.text` is NULL or points to `member.length` bytes.
unsafe fn text_of(member: &doorward_member) -> Result<&str, &'static str> {
    if member.text.is_null() {
        return Err("NULL");
    }
    // SAFETY: the caller of this function guarantees it.
    let bytes = unsafe { slice::from_raw_parts(member.text.cast::<u8>(), member.length) };
    str::from_utf8(bytes).map_err(|_| "not UTF-8")
}

/// Applies `leaf` to the JSON of the value at `pointer`, if there is one.
///
/// # Safety
/// `json` and `pointer` satisfy the header's rules, for `'a`.
unsafe fn read<'a, T>(
    json: *const c_char,
    pointer: *const c_char,
    leaf: impl FnOnce(&'a str) -> Option<T>,
) -> Option<T> {
    let found = contain(|| {
        // SAFETY: the caller of this function guarantees it.
        let texts = unsafe { text(json, "json")?.zip(text(pointer, "pointer")?) };
        Ok(texts.and_then(|(json, pointer)| value_at(json, pointer)).and_then(leaf))
    });
    found.ok().flatten()
}

/// Returns the JSON text of the value at a JSON pointer (RFC 6901), unless it is `null`. The last of several
/// equal names counts.
fn value_at<'a>(json: &'a str, pointer: &str) -> Option<&'a str> {
    let mut tokens = pointer.split('/').map(|token| token.replace("~1", "/").replace("~0", "~"));
    if tokens.next().is_some_and(|before| !before.is_empty()) {
        return None;
    }
    let whole: &RawValue = serde_json::from_str(json).ok()?;
    let found = tokens.try_fold(whole, |value, token| member(value, &token))?;
    (found.get() != "null").then(|| found.get())
}

/// Returns the text of a JSON string.
fn string(json: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str(json).ok().map(|Text(text)| text)
}

/// Returns the JSON of a value that is parsed strictly at its place in an object.
fn strict(json: &str) -> Option<&str> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    Strict(2).deserialize(&mut deserializer).and_then(|_| deserializer.end()).ok().map(|()| json.trim())
}

fn member<'a>(value: &'a RawValue, token: &str) -> Option<&'a RawValue> {
    let json = value.get();
    let index = || token.parse().ok().filter(|index: &usize| index.to_string() == token);
    match json.as_bytes().first()? {
        b'{' => serde_json::from_str::<BTreeMap<String, &RawValue>>(json).ok()?.remove(token),
        b'[' => serde_json::from_str::<Vec<&RawValue>>(json).ok()?.get(index()?).copied(),
        _ => None,
    }
}
