//! base64url without padding (RFC 4648 section 5, RFC 7515 appendix C).

use base64_simd::URL_SAFE_NO_PAD;

/// Encodes bytes as base64url.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// Returns the length of so many bytes in base64url.
pub(crate) const fn base64url_len(bytes: usize) -> usize {
    URL_SAFE_NO_PAD.encoded_length(bytes)
}

/// Decodes the one canonical spelling: padding, white space and unused bits are refused.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode_to_vec(text).ok()
}

/// Decodes a text as [`from_base64url`] does, with room for the NUL at the end of a text of C.
pub(crate) fn text_from_base64url(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4 + 1);
    URL_SAFE_NO_PAD.decode_append(text, &mut bytes).ok()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{base64url, from_base64url, text_from_base64url};

    #[test]
    fn base64url_has_one_spelling() {
        assert_eq!(from_base64url("-_8"), Some(vec![0xfb, 0xff]));
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
        // Padding, white space, the other alphabet, unused bits, an impossible length.
        for text in ["-_8=", "-_8 ", "-_8\n", " -_8", "+/8", "-_9", "-_8A-", "-", "-_8\0"] {
            assert_eq!(from_base64url(text), None, "{text:?}");
        }
    }
    #[test]
    fn a_text_has_room_for_a_nul_and_no_more() {
        for length in 0..100 {
            let text = "a".repeat(length);
            let decoded = text_from_base64url(&base64url(text.as_bytes())).unwrap();
            assert_eq!((&decoded, decoded.capacity()), (&text, length + 1));
        }
    }
}
