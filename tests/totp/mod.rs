//! An authenticator app, for tests.

use aws_lc_rs::hmac;

/// Returns the code of 6 digits for a secret in base32, at this time (RFC 6238).
pub fn code(secret: &str, unix_seconds: i64) -> String {
    let seed = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &seed);
    let tag = hmac::sign(&key, &(unix_seconds / 30).to_be_bytes());
    let offset = usize::from(tag.as_ref()[19] & 15);
    let number = u32::from_be_bytes(tag.as_ref()[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}
