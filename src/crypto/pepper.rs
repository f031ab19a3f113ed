//! Pepper: the hash of an account's password, sealed under the secret key with the account as associated
//! data. NIST SP 800-63B-4 section 3.1.1.2 allows a keyed hash or encryption with a key that is not in the
//! store. Encryption was chosen so that hashes of other systems can be sealed as they are, a new secret key
//! does not require passwords, and a sealed hash is valid for its own account only. Unsealed hashes are still
//! accepted, because otherwise no pepper could be introduced.

use std::borrow::Cow;

use super::secrets::{KeyId, Secrets};
use crate::error::Result;
use crate::types::base64url::{base64url, from_base64url};
use crate::types::id::Id;

/// The prefix of a sealed hash. No PHC string begins like this, so the form is unambiguous.
const MARK: &str = "$sealed$";

/// Returns the stored form of a hash.
pub(crate) fn seal(secrets: &Secrets, account: Id, hash: &str) -> Result<String> {
    Ok(format!("{MARK}{}", base64url(&secrets.seal(&owner(account), hash.as_bytes())?)))
}

/// Returns the hash from its stored form; none if another key sealed it, or for another account.
pub(crate) fn open<'a>(secrets: &Secrets, account: Id, kept: &'a str) -> Option<Cow<'a, str>> {
    let Some(sealed) = kept.strip_prefix(MARK) else { return Some(kept.into()) };
    let hash = secrets.open(&owner(account), &from_base64url(sealed)?)?;
    str::from_utf8(&hash).ok().map(|hash| hash.to_owned().into())
}

/// Returns the beginning of every hash that this key sealed: the whole digits of its id.
pub(crate) fn beginning(key: KeyId) -> String {
    format!("{MARK}{}", &base64url(&key)[..5])
}

/// Returns whether a stored hash is sealed.
pub(crate) fn is_sealed(kept: &str) -> bool {
    kept.starts_with(MARK)
}

/// Returns whether a new hash would be stored in this form, under this key.
pub(crate) fn is_current(secrets: &Secrets, kept: &str, is_wanted: bool) -> bool {
    match kept.strip_prefix(MARK) {
        Some(sealed) => is_wanted && from_base64url(sealed).is_some_and(|sealed| secrets.is_current(&sealed)),
        None => !is_wanted,
    }
}

/// Seals a hash by the current key, if another of the keys, retired or not, sealed it.
pub(crate) fn reseal(secrets: &Secrets, account: Id, kept: &str) -> Result<Option<String>> {
    let sealed = kept.strip_prefix(MARK).and_then(from_base64url).unwrap_or_default();
    let anew = secrets.reseal(&owner(account), &sealed)?;
    Ok(anew.map(|sealed| format!("{MARK}{}", base64url(&sealed))))
}

fn owner(account: Id) -> String {
    format!("password {account}")
}
