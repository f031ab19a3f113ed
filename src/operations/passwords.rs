//! Passwords: `hash_password`, `verify_password`, `check_password`, `change_password`, `set_password`, and
//! the replacement of an account's password.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::accounts::UserResponse;
use crate::engine::Engine;
use crate::engine::audit::{Kind, event};
use crate::engine::passwords::Admitted;
use crate::engine::throttle::Attempt;
use crate::error::{Code, Error, Result};
use crate::password::{Assessment, MOST_WORDS, Password};
use crate::store::events::Event;
use crate::store::sessions;
use crate::store::users::{self, By, User};
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::secret::{IssuedSecret, Secret};
use crate::types::token::Token;
use crate::types::user::Offered;
use crate::types::weakness::Weakness;

/// Hashes a password.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HashPasswordRequest {
    /// The password, not longer than `password.max_bytes`. The policy for new passwords does not apply.
    pub password: Secret,
}

/// A password hash.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct HashPasswordResponse {
    /// Argon2id in PHC string format.
    pub hash: IssuedSecret,
}

/// Verifies a password against a hash.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct VerifyPasswordRequest {
    /// The password.
    pub password: Secret,
    /// The hash: Argon2, bcrypt, scrypt, PBKDF2 or an older one in the form of the system that made it
    /// (docs/imports.md).
    pub hash: Secret,
}

/// The result of the verification.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct VerifyPasswordResponse {
    /// Whether the hash is of this password. False for a malformed hash and for one whose cost is out of
    /// bounds.
    pub valid: bool,
    /// Whether the password should be hashed again with the present cost.
    pub needs_rehash: bool,
}

/// Judges a password that a user may choose. The engine keeps and counts nothing.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CheckPasswordRequest {
    /// The password.
    pub password: Secret,
    /// Words that an attacker would try first, such as the user's names: at most 100.
    #[schemars(length(max = 100))]
    pub user_inputs: Option<Vec<Offered>>,
}

/// The policy's verdict on a password.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct CheckPasswordResponse {
    /// Whether the password may be chosen.
    pub acceptable: bool,
    /// How hard the password is to guess, from 0 to 4 (zxcvbn): for a meter beside the field.
    pub score: u8,
    /// Why the password may not be chosen; they may be shown to the user.
    pub reasons: Vec<Weakness>,
}

/// Changes a password for a user who knows the old one. `token` or `user_id` names the user.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-body" = ["old_password", "new_password"]))]
#[non_exhaustive]
pub struct ChangePasswordRequest<'a> {
    /// A live access token of the user.
    #[serde(borrow)]
    pub token: Option<Token<'a>>,
    /// The backend that `token` is for; default: `default`.
    pub backend: Option<String>,
    /// The user's id, if the host has authenticated the user.
    pub user_id: Option<Id>,
    /// The present password; a wrong one counts as a failed login.
    pub old_password: Secret,
    /// The new password.
    pub new_password: Secret,
    /// The client's connection, where known.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub client: Option<Client>,
}

/// The password was changed and every session ended, the caller's included: log in again.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ChangePasswordResponse {
    /// The number of sessions that ended.
    pub revoked_sessions: usize,
}

/// Sets a user's password without the old one: a privileged act. It ends every session and unlocks an account
/// that failed logins had locked.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SetPasswordRequest {
    /// The user's id.
    pub user_id: Id,
    /// The new password. It is not compared with the present and earlier ones, so the caller learns nothing about
    /// these.
    pub new_password: Secret,
    /// Whether the user must change it at the next login, within `password.temporary_seconds`; default: true,
    /// so that only the user knows the next password.
    pub temporary: Option<bool>,
}

impl Engine {
    /// Hashes a password with the configured cost and a random salt.
    ///
    /// Failures: `invalid_request`, `hash_queue_full`.
    pub fn hash_password(&self, request: HashPasswordRequest) -> Result<HashPasswordResponse> {
        let password = Password::offered(&request.password, &self.config.password, "/password")?;
        Ok(HashPasswordResponse { hash: IssuedSecret::new(self.passwords.hasher.hash(&password)?) })
    }

    /// Verifies a password. An unreadable hash gives `valid: false` and is not a failure.
    ///
    /// Failures: `invalid_request`, `hash_queue_full`.
    pub fn verify_password(&self, request: VerifyPasswordRequest) -> Result<VerifyPasswordResponse> {
        let password = Password::offered(&request.password, &self.config.password, "/password")?;
        let verdict = self.passwords.hasher.verify(&password, Some(request.hash.expose()))?;
        Ok(VerifyPasswordResponse { valid: verdict.valid, needs_rehash: verdict.needs_rehash })
    }

    /// Checks a password by the rules of the operations that set one.
    ///
    /// Failures: `invalid_request`, `invalid_config` (the file of `password.breached` cannot be read any more).
    pub fn check_password(&self, request: CheckPasswordRequest) -> Result<CheckPasswordResponse> {
        let inputs = request.user_inputs.unwrap_or_default();
        if inputs.len() > MOST_WORDS {
            let limit = format!("more than {MOST_WORDS}");
            return Err(Error::at(Code::InvalidRequest, "/user_inputs", limit));
        }
        let context: Vec<_> =
            inputs.iter().map(|input| (Weakness::ContainsUserInput, input.as_str())).collect();
        let Assessment { score, weaknesses } = self.passwords.assess(&request.password, &context)?;
        Ok(CheckPasswordResponse { acceptable: weaknesses.is_empty(), score, reasons: weaknesses })
    }

    /// Changes a password, ends every session and token of the user, and invalidates the mailed tokens, all
    /// or nothing (ASVS 7.4.3). Wrong old passwords are counted like those of `login`.
    ///
    /// Failures: `invalid_credentials`, `invalid_token`, `user_not_found`, `permission_denied` (the token is that of a
    /// person who acts as the user), `weak_password`, `too_many_attempts`, `invalid_request`, `hash_queue_full`, `store_unavailable`.
    pub fn change_password(&self, request: ChangePasswordRequest) -> Result<ChangePasswordResponse> {
        let ChangePasswordRequest { token, backend, user_id, old_password, new_password, client } = request;
        let client = client.unwrap_or_default();
        let (user_id, bearer) = self.tokens.account_to_change(token, backend.as_deref(), user_id)?;
        let session_id = bearer.and_then(|bearer| bearer.session_id);
        let old = Password::offered(&old_password, &self.config.password, "/old_password")?;
        let now = self.clock.now();
        let (user, used, device) = self.store.read(|tx| {
            let user = users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))?;
            let used = self.passwords.used(tx, &user)?;
            Ok((user, used, self.throttle.known_device(tx, Some(user_id), &client, now)?))
        })?;
        let username = &user.public.username;
        let email = user.public.email.as_ref();
        let new = self.passwords.chosen(&new_password, username, email, "/new_password")?;

        let attempt = self.throttle.count_attempt(Some(user_id), &username.key(), client.ip, device);
        let attempt = attempt.map_err(|error| error.about(Some(user_id), session_id))?;
        let changed =
            self.passwords.verified(Some(user), &old, &attempt).and_then(|Admitted { user, .. }| {
                // From here on the old password is right, so a failure is not a guess.
                let hash = match new.is(&old) {
                    true => Err(Password::weak(&[Weakness::SameAsOld], "/new_password")),
                    false => {
                        let chosen = self.passwords.refuse_used(&used, &new, "/new_password");
                        chosen.and_then(|()| self.passwords.kept_hash(user_id, &new))
                    }
                };
                let hash = hash.inspect_err(|_| self.throttle.take_back_attempt(&attempt))?;
                self.commit_change(&user, session_id, &hash, &client, &attempt)
            });
        let revoked_sessions = changed.or_else(|error| {
            if error.code == Code::InvalidCredentials {
                self.passwords.guess_failed(
                    Kind::PasswordChangeFailed,
                    Some(user_id),
                    &client,
                    &attempt,
                    &error,
                )?;
            }
            Err(error.about(Some(user_id), session_id))
        })?;
        Ok(ChangePasswordResponse { revoked_sessions })
    }

    /// Sets a password without the old one, and ends what [`Engine::change_password`] ends, all or nothing.
    ///
    /// Failures: `user_not_found`, `permission_denied` (a service account), `weak_password`, `invalid_request`,
    /// `hash_queue_full`, `store_unavailable`.
    pub fn set_password(&self, request: SetPasswordRequest) -> Result<UserResponse> {
        let SetPasswordRequest { user_id, new_password, temporary } = request;
        let temporary = temporary.unwrap_or(true);
        let user = self.store.read(|tx| users::find(tx, By::Id(user_id)))?;
        let user = user.ok_or(Error::from(Code::UserNotFound))?.public;
        self.accounts.may_log_in(&user)?;
        let new =
            self.passwords.chosen(&new_password, &user.username, user.email.as_ref(), "/new_password")?;
        let hash = self.passwords.kept_hash(user_id, &new)?;
        let now = self.clock.now();
        let user = self.mailing.write(|tx| {
            let user = users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))?;
            let detail = temporary.then_some("temporary");
            self.audit.record(tx, now, Event { detail, ..event(Kind::PasswordSet, user_id) })?;
            let expires_at = temporary.then(|| now + self.config.password.temporary_seconds.seconds());
            self.passwords.replace(tx, user_id, &hash, expires_at, now)?;
            self.accounts.unlock(tx, user_id)?;
            Ok(user.public)
        })?;
        Ok(UserResponse { user })
    }
}

impl Engine {
    /// Replaces the password, if the account and the session are as they were when the old one was verified.
    /// Returns how many sessions ended.
    fn commit_change(
        &self,
        user: &User,
        session_id: Option<Id>,
        hash: &str,
        client: &Client,
        attempt: &Attempt,
    ) -> Result<usize> {
        let user_id = user.public.id;
        let now = self.clock.now();
        self.mailing.write(|tx| {
            let is_unchanged = |now: &User| now.public.is_active && now.epoch == user.epoch;
            if !users::find(tx, By::Id(user_id))?.is_some_and(|now| is_unchanged(&now)) {
                return Err(Error::new(Code::InvalidCredentials, "changed_meanwhile"));
            }
            if let Some(id) = session_id
                && let Some(reason) =
                    sessions::find(tx, id)?.map_or(Some("revoked"), |it| it.end(now, &self.config))
            {
                return Err(Error::new(Code::InvalidToken, reason));
            }
            attempt.succeeded(tx)?;
            let ip = client.ip_text();
            let event = Event { session_id, ip: ip.as_deref(), ..event(Kind::PasswordChanged, user_id) };
            self.audit.record(tx, now, event)?;
            self.passwords.replace(tx, user_id, hash, None, now)
        })
    }
}
