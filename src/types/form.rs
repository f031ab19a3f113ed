//! Percent-encoding (RFC 3986 section 2.1), and forms of it (`application/x-www-form-urlencoded`).

use std::fmt::Write as _;

use zeroize::Zeroizing;

/// Escapes all but the unreserved characters.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Writes a form.
pub(crate) fn form(fields: &[(&str, &str)]) -> Zeroizing<String> {
    let fields: Vec<Zeroizing<String>> = fields
        .iter()
        .map(|(name, value)| Zeroizing::new(format!("{name}={}", percent_encoded(value))))
        .collect();
    let fields: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
    Zeroizing::new(fields.join("&"))
}

/// Reads a field of a form. None if the form has it twice (RFC 6749 section 3.1) or in a spelling that is none;
/// `Some(None)` if the form does not have it.
pub(crate) fn field(form: &str, name: &str) -> Option<Option<String>> {
    let mut found = None;
    for pair in form.split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if decoded(key)? != name {
            continue;
        }
        if found.replace(decoded(value)?).is_some() {
            return None;
        }
    }
    Some(found)
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
        bytes.push(match byte {
            b'%' => u8::try_from(digit()? * 16 + digit()?).ok()?,
            b'+' => b' ',
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{field, form};

    #[test]
    fn a_form_is_read_as_it_was_written() {
        let value = "a+b &=%ü€";
        let written = form(&[("state", value), ("code", "")]);
        assert_eq!(field(&written, "state"), Some(Some(value.to_owned())));
        assert_eq!(field(&written, "code"), Some(Some(String::new())));
        assert_eq!(field(&written, "iss"), Some(None));
    }

    #[test]
    fn a_field_has_one_value_and_one_spelling() {
        assert_eq!(field("a+=1&b=2+3&c", "b"), Some(Some("2 3".to_owned())));
        assert_eq!(field("a+=1&c", "c"), Some(Some(String::new())));
        // Twice, twice under two spellings, and no percent-encoding.
        for form in ["b=1&b=1", "b=1&%62=2", "b=%", "b=%4", "b=%zz", "%=1", "b=%ff"] {
            assert_eq!(field(form, "b"), None, "{form}");
        }
    }
}
