//! The notations in which other systems write numbers and bytes.

use base64_simd::{STANDARD, STANDARD_NO_PAD};

/// Splits a text into exactly `N` parts.
pub(super) fn parts<const N: usize>(text: &str, separator: char) -> Option<[&str; N]> {
    let mut parts = text.split(separator);
    let mut found = [""; N];
    for part in &mut found {
        *part = parts.next()?;
    }
    parts.next().is_none().then_some(found)
}

/// Splits `{id}rest`, as LDAP, Dovecot and Spring write it, and puts the id in lower case.
pub(super) fn braced(text: &str) -> Option<(String, &str)> {
    let (id, rest) = text.strip_prefix('{')?.split_once('}')?;
    Some((id.to_ascii_lowercase(), rest))
}

/// Parses a decimal number in its canonical spelling: no sign, no leading zero.
pub(in crate::crypto) fn number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    plain.then(|| text.parse().ok()).flatten()
}

pub(super) fn named(text: &str, name: &str) -> Option<u32> {
    number(text.strip_prefix(name)?)
}

/// Returns the logarithm of a power of two.
pub(super) fn log2(text: &str) -> Option<u32> {
    number(text).filter(|number| number.is_power_of_two()).map(u32::ilog2)
}

pub(super) fn base16(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| b"0123456789abcdef"[usize::from(digit)])
        .collect()
}

/// Decodes lower-case hexadecimal.
pub(super) fn from_base16(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    if rest.is_empty() { bytes } else { None }
}

/// Decodes base64 with its padding.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode_to_vec(text).ok()
}

/// Decodes base64 with its padding or without.
pub(super) fn from_either_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode_to_vec(text).ok().or_else(|| from_base64(text))
}

/// Decodes passlib's base64: without padding, and with `.` for `+`.
pub(super) fn from_adapted_base64(text: &str) -> Option<Vec<u8>> {
    let is_adapted = !text.contains('+');
    is_adapted.then(|| STANDARD_NO_PAD.decode_to_vec(text.replace('.', "+")).ok()).flatten()
}

/// The digits of crypt(3).
pub(super) const HASH64: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Writes bytes as crypt(3) and phpass do: the lowest six bits first.
pub(super) fn hash64(bytes: &[u8]) -> Vec<u8> {
    let digits = bytes.chunks(3).flat_map(|chunk| {
        let value = chunk.iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte));
        (0..=chunk.len()).map(move |place| HASH64[value >> (6 * place) & 63])
    });
    digits.collect()
}

/// Reads what [`hash64`] writes.
pub(super) fn from_hash64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for digits in text.as_bytes().chunks(4) {
        let mut value = 0;
        for (place, digit) in digits.iter().enumerate() {
            value |= HASH64.iter().position(|it| it == digit)? << (6 * place);
        }
        let len = digits.len() - 1;
        let is_whole = len > 0 && value >> (8 * len) == 0;
        bytes.extend_from_slice(is_whole.then_some(&value.to_le_bytes()[..len])?);
    }
    Some(bytes)
}

/// Returns whether a text consists of this many digits of crypt(3).
pub(super) fn is_hash64(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|byte| HASH64.contains(&byte))
}
