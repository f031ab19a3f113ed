//! Hashes that are not verified, and forms that are spoiled: what they are, for the host.

use super::text::{braced, is_hash64};
use super::wrapped::is_of_other_type;

/// Returns what a text that is no hash seems to be, and why it cannot be verified. It quotes nothing of the
/// text.
pub(in crate::crypto) fn recognized(text: &str) -> Option<&'static str> {
    let braces = braced(text);
    let text = braces.as_ref().filter(|(id, _)| id == "crypt").map_or(text, |(_, rest)| rest);
    by_beginning(text).or_else(|| by_json(text)).or_else(|| by_digits(text)).or_else(|| by_braces(&braces?.0))
}

fn by_json(text: &str) -> Option<&'static str> {
    let is_json = text.strip_prefix('{')?.trim_ascii_start().starts_with('"');
    is_json.then(|| {
        if is_of_other_type(text) {
            "a credential of Keycloak of another type than `password`, such as an old password"
        } else {
            "begins like JSON, but is no credential of Keycloak with a known algorithm"
        }
    })
}

fn by_beginning(text: &str) -> Option<&'static str> {
    const BEGINNINGS: [(&str, &str); 16] = [
        ("$y$", "begins like yescrypt, but is malformed, cut off, or with other flags than the default"),
        ("$gy$", "gost-yescrypt: not supported"),
        ("$7$", "scrypt of crypt(3): not supported"),
        ("$sha1$", "sha1crypt of NetBSD: not supported"),
        ("$md5", "MD5 of SunOS: not supported"),
        ("$3$", "an NT hash: not supported, because it has neither salt nor cost"),
        ("_", "extended DES: not supported"),
        ("!", "an account that is locked, or a password marked as unusable: leave out the hash"),
        ("*", "an account that is locked, or an unsalted digest of MySQL: leave out the hash"),
        ("$sealed$", "sealed by the secret key of another store"),
        ("$argon2", "begins like Argon2, but is malformed or cut off"),
        ("$2", "begins like bcrypt, but is malformed or cut off"),
        ("$pbkdf2", "begins like PBKDF2, but is malformed or cut off"),
        ("pbkdf2", "begins like PBKDF2, but is malformed or cut off"),
        ("$scrypt", "begins like scrypt, but is malformed or cut off"),
        ("scrypt", "begins like scrypt, but is malformed or cut off"),
    ];
    BEGINNINGS.iter().find(|(beginning, _)| text.starts_with(beginning)).map(|(_, what)| *what)
}

fn by_braces(id: &str) -> Option<&'static str> {
    Some(match id {
        "noop" | "plain" | "cleartext" => "a plain password: give it to `set_password` and not as a hash",
        "sasl" => "a reference to another server, which has the password",
        "sha-1" | "sha-256" | "md4" => "a fast digest of old Spring versions: not supported",
        _ => "an id in braces, but an unknown one, or a malformed hash behind it",
    })
}

fn by_digits(text: &str) -> Option<&'static str> {
    let is_base16 = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if text.rsplit_once(':').is_some_and(|(_, digits)| digits.len() == 128 && is_base16(digits)) {
        return Some("digits behind a salt, but another salt than those of better-auth and Lucia");
    }
    match text.len() {
        32 | 40 | 64 | 128 if is_base16(text) => Some("a fast digest without salt and cost: not supported"),
        13 if is_hash64(text, 13) => Some("DES of crypt(3): not supported, because it reads 8 characters"),
        _ => None,
    }
}
