//! Codes that are mailed and typed in again.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::random::{NoRandomness, random};

/// A mailed code: eight letters of an alphabet without vowels, which is easy to type and spells no words
/// (RFC 8628 section 6.1). It has 34 bits, so guesses at it must be counted.
#[derive(Serialize, Deserialize)]
pub(crate) struct MailCode(String);

impl Drop for MailCode {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

const LEN: usize = 8;

impl MailCode {
    pub(crate) fn new() -> Result<MailCode, NoRandomness> {
        let mut code = MailCode(String::with_capacity(LEN));
        while code.0.len() < LEN {
            // 240 is a multiple of 20, so that every letter is equally likely.
            let [byte] = random::<1>()?;
            if byte < 240 {
                code.0.push(ALPHABET[usize::from(byte) % ALPHABET.len()].into());
            }
        }
        Ok(code)
    }

    /// Returns the code in two groups, as people read it: `WDJB-MJHT`.
    pub(crate) fn shown(&self) -> String {
        let (first, second) = self.0.split_at_checked(LEN / 2).unwrap_or((&self.0, ""));
        format!("{first}-{second}")
    }

    /// Returns whether a person typed this code. Case and characters that no code has are ignored.
    pub(crate) fn is(&self, typed: &str) -> bool {
        let letters = typed.bytes().map(|byte| byte.to_ascii_uppercase());
        // A longer text is wrong, however long it is.
        let letters: Zeroizing<Vec<u8>> =
            Zeroizing::new(letters.filter(|byte| ALPHABET.contains(byte)).take(LEN + 1).collect());
        verify_slices_are_equal(self.0.as_bytes(), &letters).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ALPHABET, LEN, MailCode};

    #[test]
    fn people_type_a_code_as_they_like() {
        let code = MailCode::new().unwrap();
        let shown = code.shown();
        let letters = shown.replace('-', "");
        for typed in
            [&shown, &letters, &shown.to_lowercase(), &format!(" {letters}\n"), &shown.replace('-', " – ")]
        {
            assert!(code.is(typed), "{typed}");
        }
        let other = if letters.starts_with('B') { "C" } else { "B" };
        let long = format!("{letters}B");
        for typed in ["", &letters[1..], &long, &format!("{other}{}", &letters[1..])] {
            assert!(!code.is(typed), "{typed}");
        }
    }

    #[test]
    fn a_code_is_of_the_whole_alphabet() {
        let codes: Vec<String> = (0..200).map(|_| MailCode::new().unwrap().shown()).collect();
        assert!(codes.iter().all(|code| code.len() == LEN + 1 && code.as_bytes()[4] == b'-'));
        let letters: BTreeSet<u8> =
            codes.iter().flat_map(|code| code.bytes()).filter(|byte| *byte != b'-').collect();
        assert_eq!(letters, ALPHABET.iter().copied().collect());
    }
}
