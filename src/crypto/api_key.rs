//! The text of an API key: `dw_`, 43 random letters and digits, and six that check them. Scanners of source code
//! find keys by the prefix, and the check tells a key from a text that looks like one.

use zeroize::Zeroizing;

use crate::error::{Code, Error, Result};
use crate::types::random::random;

/// The beginning of every API key. No token of the engine has it.
const PREFIX: &str = "dw_";

/// The random characters: 43 of 62 are 256 bits.
const RANDOM_LEN: usize = 43;

/// The characters of the check: CRC-32 in base 62.
const CHECK_LEN: usize = 6;

/// How much of a key is shown, so that its owner recognizes it. 220 random bits stay unknown.
const SHOWN_LEN: usize = PREFIX.len() + 6;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Returns whether a text is meant as an API key.
pub(crate) fn is_meant(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// Makes an API key.
pub(crate) fn new() -> Result<Zeroizing<String>> {
    let mut key = Zeroizing::new(String::with_capacity(PREFIX.len() + RANDOM_LEN + CHECK_LEN));
    key.push_str(PREFIX);
    while key.len() < PREFIX.len() + RANDOM_LEN {
        let bytes = Zeroizing::new(random::<RANDOM_LEN>()?);
        let missing = PREFIX.len() + RANDOM_LEN - key.len();
        // Bytes from 248 on would make the first digits more likely than the others.
        let even = bytes.iter().filter(|byte| **byte < 248);
        key.extend(even.take(missing).map(|byte| digit((*byte).into())));
    }
    let check = check(&key[PREFIX.len()..]);
    key.extend(check);
    Ok(key)
}

/// Returns the beginning of a key, which may be shown.
pub(crate) fn shown(key: &str) -> &str {
    key.get(..SHOWN_LEN).unwrap_or_default()
}

/// Refuses a text that is no API key, without a look into the store. Failure: `invalid_token`.
pub(crate) fn check_form(text: &str) -> Result<()> {
    let random = text.strip_prefix(PREFIX).filter(|rest| rest.len() == RANDOM_LEN + CHECK_LEN);
    let parts = random.and_then(|rest| rest.split_at_checked(RANDOM_LEN));
    match parts {
        Some((random, end)) if end.chars().eq(check(random)) => Ok(()),
        _ => Err(Error::new(Code::InvalidToken, "malformed_api_key")),
    }
}

/// Returns the CRC-32 of the random characters (ISO/IEC 8802-3) in base 62.
fn check(random: &str) -> [char; CHECK_LEN] {
    let mut rest = crc32(random.as_bytes());
    let mut digits = ['0'; CHECK_LEN];
    for place in digits.iter_mut().rev() {
        *place = digit(rest);
        rest /= 62;
    }
    digits
}

fn digit(number: u32) -> char {
    DIGITS.get(number as usize % DIGITS.len()).copied().unwrap_or_default().into()
}

fn crc32(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    let shifted = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
    let with = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| shifted(crc));
    !bytes.iter().fold(u32::MAX, with)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_that_of_the_standard() {
        // The check value of CRC-32/ISO-HDLC, also in base 62.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(String::from_iter(check("123456789")), "3jZRME");
    }

    #[test]
    fn a_key_has_its_form_and_no_other_text_does() {
        let key = new().unwrap();
        assert_eq!(key.len(), 52);
        assert!(is_meant(&key));
        check_form(&key).unwrap();
        assert_ne!(*key, *new().unwrap());
        for at in 0..key.len() {
            let mut other = key.as_bytes().to_vec();
            other[at] = if other[at] == b'x' { b'y' } else { b'x' };
            check_form(str::from_utf8(&other).unwrap()).unwrap_err();
            check_form(&key[..at]).unwrap_err();
        }
        check_form(&format!("{}é{}", &key[..45], &key[47..])).unwrap_err();
        check_form(&format!("{}0", *key)).unwrap_err();
    }

    #[test]
    fn every_digit_is_equally_likely() {
        let keys: String = (0..400).map(|_| new().unwrap()[3..46].to_owned()).collect();
        for digit in DIGITS {
            // 277 are expected; so few or so many come once in 10^12 times.
            let count = keys.bytes().filter(|byte| byte == digit).count();
            assert!((160..400).contains(&count), "{}: {count}", char::from(*digit));
        }
    }
}
