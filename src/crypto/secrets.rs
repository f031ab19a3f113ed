//! Keys derived from the host's secret key (HKDF-SHA256, RFC 5869, one label per purpose): the key that seals
//! stored data (AES-256-GCM) and the keys of message authentication codes.

use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::error::{Code, Error, Result};
use crate::types::random::random;

/// The host's secret keys. The first is current; the others still open and verify what they made. A key that
/// was retired at once makes, opens and verifies nothing more, except that it still finds recovery codes
/// and API keys, which are random.
pub(crate) struct Secrets(Vec<Derived>);

/// The name of a secret key, which does not disclose the key.
pub(crate) type KeyId = [u8; 4];

/// The purpose of a message authentication code. A code of one purpose is never valid for another.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// Refresh tokens.
    RefreshToken,
    /// Keys of rows that must not disclose what they are about.
    LookUp,
    /// Secrets that are redeemed once.
    OneTimeSecret,
    /// Recovery codes.
    RecoveryCode,
    /// API keys.
    ApiKey,
    /// Tokens of trusted devices.
    TrustedDevice,
    /// Challenges of WebAuthn, and invented credentials.
    Passkey,
}

struct Derived {
    id: KeyId,
    is_retired: AtomicBool,
    seal: LessSafeKey,
    refresh_token: hmac::Key,
    look_up: hmac::Key,
    one_time_secret: hmac::Key,
    recovery_code: hmac::Key,
    api_key: hmac::Key,
    trusted_device: hmac::Key,
    passkey: hmac::Key,
}

/// Sealed bytes begin with the id of the sealing key and a nonce; the ciphertext and its tag follow.
const HEADER_LEN: usize = 4 + NONCE_LEN;

impl Secrets {
    /// Derives all keys; `secrets` is not empty.
    pub(crate) fn new(secrets: &[Zeroizing<Vec<u8>>]) -> Result<Secrets> {
        secrets.iter().map(|secret| Derived::new(secret)).collect::<Result<_>>().map(Secrets)
    }

    /// Encrypts `plain` for one `owner` (associated data), with the current key.
    pub(crate) fn seal(&self, owner: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let key = self.current()?;
        let nonce = random::<NONCE_LEN>()?;
        let mut text = Zeroizing::new(plain.to_vec());
        let tag = key
            .seal
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(owner), &mut text)
            .map_err(|_| Error::new(Code::Internal, "sealing"))?;
        Ok([&key.id, &nonce[..], &text, tag.as_ref()].concat())
    }

    /// Returns whether the current key sealed this.
    pub(crate) fn is_current(&self, sealed: &[u8]) -> bool {
        self.current().is_ok_and(|key| sealed.starts_with(&key.id))
    }

    /// Decrypts what [`Secrets::seal`] sealed for the same `owner`; none if it was not.
    pub(crate) fn open(&self, owner: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.in_force().find_map(|key| key.open(owner, sealed))
    }

    /// Seals by the current key what another of the keys, retired or not, sealed.
    pub(crate) fn reseal(&self, owner: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>> {
        if self.is_current(sealed) {
            return Ok(None);
        }
        let plain = self.0.iter().find_map(|key| key.open(owner, sealed));
        plain.map(|plain| self.seal(owner, &plain)).transpose()
    }

    /// Takes the keys with these ids out of use, for good.
    pub(crate) fn retire(&self, ids: &[KeyId]) {
        let retired = self.0.iter().filter(|key| ids.contains(&key.id));
        retired.for_each(|key| key.is_retired.store(true, Ordering::Relaxed));
    }

    /// Returns the keys in use, the current one first.
    pub(crate) fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.in_force().map(|key| key.id)
    }

    /// Returns the code of `message` under the current key. A row that is found by it begins with the id of
    /// the key, so that rows of removed keys can be recognized.
    pub(crate) fn mac(&self, purpose: Purpose, message: &[u8]) -> Result<[u8; 32]> {
        self.current()?.mac(purpose, message)
    }

    /// Returns the code of `message` under the oldest key, which stays the same while that key is in use.
    pub(crate) fn lasting_mac(&self, purpose: Purpose, message: &[u8]) -> Result<[u8; 32]> {
        self.macs(purpose, message).pop().ok_or_else(no_key)
    }

    /// Returns the codes of `message` under each of the keys, the current one first, to find rows written
    /// under any of them.
    pub(crate) fn macs(&self, purpose: Purpose, message: &[u8]) -> Vec<[u8; 32]> {
        // Even with the secret key, a recovery code of 80 bits or an API key of 256 has to be guessed.
        let is_random = matches!(purpose, Purpose::RecoveryCode | Purpose::ApiKey);
        let is_found_by = |key: &&Derived| key.is_in_force() || is_random;
        self.0.iter().filter(is_found_by).filter_map(|key| key.mac(purpose, message).ok()).collect()
    }

    /// Returns whether `tag` is the code of `message` under any of the keys.
    pub(crate) fn verify_mac(&self, purpose: Purpose, message: &[u8], tag: &[u8]) -> bool {
        self.in_force().any(|key| hmac::verify(key.mac_key(purpose), message, tag).is_ok())
    }

    fn current(&self) -> Result<&Derived> {
        self.in_force().next().ok_or_else(no_key)
    }

    fn in_force(&self) -> impl Iterator<Item = &Derived> {
        self.0.iter().filter(|key| key.is_in_force())
    }
}

/// Another process retired the required key.
pub(crate) fn no_key() -> Error {
    Error::new(Code::StoreUnavailable, "retired_secret_key")
}

impl Derived {
    fn new(secret: &[u8]) -> Result<Derived> {
        let root = Salt::new(HKDF_SHA256, b"doorward").extract(secret);
        let seal = derive(&root, "seal")?;
        let seal =
            UnboundKey::new(&AES_256_GCM, &*seal).map_err(|_| Error::new(Code::Internal, "seal key"))?;
        let [a, b, c, d, ..] = *derive(&root, "key id")?;
        Ok(Derived {
            id: [a, b, c, d],
            is_retired: AtomicBool::new(false),
            seal: LessSafeKey::new(seal),
            refresh_token: hmac::Key::new(hmac::HMAC_SHA256, &*derive(&root, "refresh token")?),
            look_up: hmac::Key::new(hmac::HMAC_SHA256, &*derive(&root, "look-up")?),
            one_time_secret: hmac::Key::new(hmac::HMAC_SHA256, &*derive(&root, "one-time secret")?),
            recovery_code: hmac::Key::new(hmac::HMAC_SHA256, &*derive(&root, "recovery code")?),
            api_key: hmac::Key::new(hmac::HMAC_SHA256, &*derive(&root, "API key")?),
            trusted_device: hmac::Key::new(hmac::HMAC_SHA256, &*derive(&root, "trusted device")?),
            passkey: hmac::Key::new(hmac::HMAC_SHA256, &*derive(&root, "passkey")?),
        })
    }

    fn is_in_force(&self) -> bool {
        !self.is_retired.load(Ordering::Relaxed)
    }

    fn open(&self, owner: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (header, text) = sealed.split_at_checked(HEADER_LEN)?;
        let nonce = header.strip_prefix(&self.id)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = Zeroizing::new(text.to_vec());
        let len = self.seal.open_in_place(nonce, Aad::from(owner), &mut text).ok()?.len();
        text.truncate(len);
        Some(text)
    }

    /// Codes that outlive the key begin with its id.
    fn mac(&self, purpose: Purpose, message: &[u8]) -> Result<[u8; 32]> {
        let tag = hmac::sign(self.mac_key(purpose), message);
        let mut code: [u8; 32] =
            tag.as_ref().try_into().map_err(|_| Error::new(Code::Internal, "mac length"))?;
        if matches!(purpose, Purpose::LookUp | Purpose::RecoveryCode | Purpose::ApiKey) {
            code[..4].copy_from_slice(&self.id);
        }
        Ok(code)
    }

    fn mac_key(&self, purpose: Purpose) -> &hmac::Key {
        match purpose {
            Purpose::RefreshToken => &self.refresh_token,
            Purpose::LookUp => &self.look_up,
            Purpose::OneTimeSecret => &self.one_time_secret,
            Purpose::RecoveryCode => &self.recovery_code,
            Purpose::ApiKey => &self.api_key,
            Purpose::TrustedDevice => &self.trusted_device,
            Purpose::Passkey => &self.passkey,
        }
    }
}

fn derive(root: &Prk, label: &str) -> Result<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    root.expand(&[label.as_bytes()], HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut *key))
        .map_err(|_| Error::new(Code::Internal, "key derivation"))?;
    Ok(key)
}
