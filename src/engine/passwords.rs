//! Passwords: `hash_password`, `verify_password`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Engine;
use crate::error::Result;
use crate::password::{Password, Secret};

/// Hashes a password.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HashPasswordRequest {
    /// The password, not longer than `password.max_bytes`. The policy for new passwords is not applied.
    pub password: Secret,
}

/// A hash.
#[derive(Serialize, JsonSchema)]
pub struct HashPasswordResponse {
    /// Argon2id in PHC string format.
    pub hash: String,
}

/// Verifies a password against a hash.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyPasswordRequest {
    /// The password.
    pub password: Secret,
    /// The hash: Argon2 in PHC string format; bcrypt, scrypt or PBKDF2 in the forms of passlib, Django, Werkzeug
    /// and Firebase.
    pub hash: Secret,
}

/// What the verification found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VerifyPasswordResponse {
    /// Whether the password is the one that was hashed. False for a malformed hash and for one whose
    /// cost is out of bounds.
    pub valid: bool,
    /// Whether the hash should be made anew with the current cost.
    pub needs_rehash: bool,
}

/// Whoever has the hash can guess at leisure: it is not shown.
impl fmt::Debug for HashPasswordResponse {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("HashPasswordResponse").finish_non_exhaustive()
    }
}

impl Engine {
    /// Hashes a password with the configured cost and a salt of its own.
    ///
    /// Failures: `invalid_request`, `hash_queue_full`.
    pub fn hash_password(&self, request: HashPasswordRequest) -> Result<HashPasswordResponse> {
        let password = Password::offered(&request.password, &self.config.password, "/password")?;
        Ok(HashPasswordResponse { hash: self.hasher.hash(&password)? })
    }

    /// Verifies a password; a hash that cannot be read is no failure but `valid: false`.
    ///
    /// Failures: `invalid_request`, `hash_queue_full`.
    pub fn verify_password(&self, request: VerifyPasswordRequest) -> Result<VerifyPasswordResponse> {
        let password = Password::offered(&request.password, &self.config.password, "/password")?;
        let verdict = self.hasher.verify(&password, Some(request.hash.expose()))?;
        Ok(VerifyPasswordResponse { valid: verdict.valid, needs_rehash: verdict.needs_rehash })
    }
}
