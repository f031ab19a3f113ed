//! The passwords of accounts: choice, storage, verification, replacement.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::audit::{Audit, Kind, event};
use super::background::Mailing;
use super::log::Reporter;
use super::retired_keys;
use super::sessions::Sessions;
use super::shared::Shared;
use super::throttle::{Attempt, Throttle};
use crate::breached::Breached;
use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::hasher::Hasher;
use crate::crypto::pepper;
use crate::crypto::secrets::Secrets;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::mail;
use crate::password::{self, Assessment, BreachedLogin, Context, Password};
use crate::settings::Settings;
use crate::store::events::Event;
use crate::store::users::{self, By, NewPassword, User};
use crate::store::{Durability, Store, Tx};
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::secret::Secret;
use crate::types::user::{Email, Username};
use crate::types::weakness::Weakness;

/// Validates, hashes and replaces passwords.
pub(crate) struct Passwords {
    pub audit: Arc<Audit>,
    pub breached: Option<Breached>,
    pub clock: Arc<Clock>,
    pub config: Arc<Config>,
    /// Whether the log has a record that the file cannot be read, since it last could.
    pub has_told_breached: AtomicBool,
    pub hasher: Arc<Hasher>,
    pub mailing: Arc<Mailing>,
    pub reporter: Arc<Reporter>,
    pub secrets: Arc<Secrets>,
    pub sessions: Arc<Sessions>,
    pub settings: Arc<Settings>,
    pub store: Arc<Store>,
    pub throttle: Arc<Throttle>,
}

impl Passwords {
    pub(crate) fn new(
        shared: &Shared,
        (hasher, breached): (Hasher, Option<Breached>),
        audit: &Arc<Audit>,
        mailing: &Arc<Mailing>,
        reporter: &Arc<Reporter>,
        sessions: &Arc<Sessions>,
        throttle: &Arc<Throttle>,
    ) -> Passwords {
        Passwords {
            audit: Arc::clone(audit),
            breached,
            clock: Arc::clone(&shared.clock),
            config: Arc::clone(&shared.config),
            has_told_breached: AtomicBool::new(false),
            hasher: Arc::new(hasher),
            mailing: Arc::clone(mailing),
            reporter: Arc::clone(reporter),
            secrets: Arc::clone(&shared.secrets),
            sessions: Arc::clone(sessions),
            settings: Arc::clone(&shared.settings),
            store: Arc::clone(&shared.store),
            throttle: Arc::clone(throttle),
        }
    }

    /// Parses a password chosen for an account of this name and address. Failures: `invalid_request`,
    /// `weak_password`, `invalid_config`.
    pub(crate) fn chosen(
        &self,
        secret: &Secret,
        username: &Username,
        email: Option<&Email>,
        field: &str,
    ) -> Result<Password> {
        let address = email.map_or("", Email::as_str);
        let local_part = address.split('@').next().unwrap_or_default();
        let context = [
            (Weakness::ContainsUsername, username.as_str()),
            (Weakness::ContainsEmail, address),
            (Weakness::ContainsEmail, local_part),
        ];
        let password = Password::offered(secret, &self.config.password, field)?;
        match self.assess(secret, &context)?.weaknesses.as_slice() {
            [] => Ok(password),
            weaknesses => Err(Password::weak(weaknesses, field)),
        }
    }

    /// Assesses a password to be chosen, beside these words of its account. Failure: `invalid_config`.
    pub(crate) fn assess(&self, secret: &Secret, context: &[Context]) -> Result<Assessment> {
        let issuer = (Weakness::ContainsIssuer, self.settings.issuer.as_str());
        let context: Vec<Context> = context.iter().copied().chain([issuer]).collect();
        let mut assessment = password::assess(secret, &self.config.password, &context);
        let password = Password::offered(secret, &self.config.password, "");
        if let Ok(password) = password
            && self.is_breached(&password)?
        {
            assessment.score = 0;
            assessment.weaknesses.push(Weakness::Breached);
        }
        Ok(assessment)
    }

    /// Whether a password is one of those that leaked, as it was typed or in its normal form. Failure:
    /// `invalid_config`.
    fn is_breached(&self, password: &Password) -> Result<bool> {
        let Some(breached) = &self.breached else { return Ok(false) };
        let forms = [Some(password.as_bytes()), password.as_typed()];
        for form in forms.into_iter().flatten() {
            if breached.has(form).map_err(unreadable)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Checks the file of passwords that leaked, if one is configured. Returns whether there is one. Failure:
    /// `invalid_config`.
    pub(crate) fn check_breached(&self) -> Result<bool> {
        self.breached.as_ref().map(Breached::check).transpose().map_err(unreadable).map(|file| file.is_some())
    }

    /// Whether a login by this password, which is right, says that it leaked. A file that cannot be read keeps no
    /// user out, and is reported once.
    pub(crate) fn is_breached_at_login(&self, password: &Password) -> bool {
        let is_asked = self.config.password.breached_login != BreachedLogin::Ignore;
        if !is_asked {
            return false;
        }
        let found = self.is_breached(password);
        let was_told = self.has_told_breached.swap(found.is_err(), Ordering::Relaxed);
        found.unwrap_or_else(|error| {
            if !was_told {
                self.reporter.unreadable_breached(&error);
            }
            false
        })
    }

    /// Records a login by a password that leaked, and requires a new one if that is configured, in the caller's
    /// transaction.
    pub(crate) fn note_breach(&self, tx: &mut Tx, user: &mut User, client: &Client, now: i64) -> Result<()> {
        let id = user.public.id;
        if self.config.password.breached_login == BreachedLogin::Change && !user.must_change_password {
            users::must_change_password(tx, id, true)?;
            user.must_change_password = true;
        }
        let ip = client.ip_text();
        self.audit.record_one_of_many(
            tx,
            now,
            Event { ip: ip.as_deref(), ..event(Kind::PasswordBreached, id) },
        )
    }

    /// Hashes a password for an account, in the form in which the store keeps it.
    pub(crate) fn kept_hash(&self, account: Id, password: &Password) -> Result<String> {
        self.as_kept(account, &self.hasher.hash(password)?)
    }

    /// Returns the hash of an account without its seal; none if no key opens it.
    pub(crate) fn hash_of<'u>(&self, user: &'u User) -> Option<Cow<'u, str>> {
        pepper::open(&self.secrets, user.public.id, user.password_hash.as_deref()?)
    }

    /// Returns a replacement for a hash, now that its password is known: one of the current cost, or the same
    /// in the configured form. None if the hash is as configured, or if a new one cannot be computed now: the
    /// next login tries again.
    pub(crate) fn better_hash(
        &self,
        user: &User,
        verified: &VerifiedHash,
        password: &Password,
    ) -> Option<String> {
        let kept = user.password_hash.as_deref()?;
        match verified.needs_rehash {
            true => self.kept_hash(user.public.id, password).ok(),
            false if pepper::is_current(&self.secrets, kept, self.settings.pepper) => None,
            false => self.as_kept(user.public.id, &verified.hash).ok(),
        }
    }

    /// Returns the stored form of a hash: sealed, if a pepper is configured.
    pub(crate) fn as_kept(&self, account: Id, hash: &str) -> Result<String> {
        match self.settings.pepper {
            true => pepper::seal(&self.secrets, account, hash),
            false => Ok(hash.to_owned()),
        }
    }

    /// Returns a stored form as it is to be written, in the caller's transaction: another process may have retired the
    /// key that sealed it.
    pub(crate) fn to_write<'h>(&self, tx: &mut Tx, account: Id, kept: &'h str) -> Result<Cow<'h, str>> {
        if !pepper::is_sealed(kept) {
            return Ok(kept.into());
        }
        retired_keys::follow(tx, &self.secrets)?;
        Ok(pepper::reseal(&self.secrets, account, kept)?.map_or(kept.into(), Cow::Owned))
    }

    /// Returns the hashes of the passwords that the user may not choose again, the present one first. Empty unless
    /// `password.history` is set.
    pub(crate) fn used(&self, tx: &mut Tx, user: &User) -> Result<Vec<String>> {
        let most = self.settings.password_history.get();
        if most == 0 {
            return Ok(Vec::new());
        }
        let past = self.past(tx, user.public.id)?;
        let present = self.hash_of(user).map(Cow::into_owned);
        Ok(present.into_iter().chain(past).take(most).collect())
    }

    /// Refuses a new password that is one of the last ones. Each takes a place in the queue for hashes, one after the
    /// other. Only for a caller who has proven to be the user. Failures: `weak_password`, `hash_queue_full`.
    pub(crate) fn refuse_used(&self, used: &[String], new: &Password, field: &str) -> Result<()> {
        for hash in used {
            if self.hasher.verify(new, Some(hash))?.valid {
                return Err(Password::weak(&[Weakness::UsedBefore], field));
            }
        }
        Ok(())
    }

    /// Returns the past passwords of an account as they are kept beside its next password: one less than
    /// `password.history`. None if none are to be kept.
    fn past_after(&self, tx: &mut Tx, user_id: Id) -> Result<Option<String>> {
        let most = self.settings.password_history.get().saturating_sub(1);
        let Some(user) = users::find(tx, By::Id(user_id))?.filter(|_| most > 0) else { return Ok(None) };
        let past = self.used(tx, &user)?;
        let past: Vec<&str> = past.iter().map(String::as_str).collect();
        self.past_as_kept(user_id, &past)
    }

    /// Returns how many hashes of past passwords are kept.
    pub(crate) fn most_past(&self) -> usize {
        self.settings.password_history.get().saturating_sub(1)
    }

    /// Returns the stored form of the hashes of past passwords, the newest first: as many as are to be kept.
    pub(crate) fn past_as_kept(&self, account: Id, past: &[&str]) -> Result<Option<String>> {
        match past.get(..self.most_past().min(past.len())) {
            None | Some([]) => Ok(None),
            Some(past) => self.as_kept(account, &json::render(&past)?).map(Some),
        }
    }

    /// Gives the past passwords the configured form, as [`Passwords::better_hash`] does for the present one.
    pub(crate) fn reseal_past(&self, tx: &mut Tx, user_id: Id) -> Result<()> {
        let Some(kept) = users::past_passwords(tx, user_id)? else { return Ok(()) };
        if pepper::is_current(&self.secrets, &kept, self.settings.pepper) {
            return Ok(());
        }
        let Some(past) = pepper::open(&self.secrets, user_id, &kept) else { return Ok(()) };
        users::reseal_past_passwords(tx, user_id, &kept, &self.as_kept(user_id, &past)?)
    }

    /// Returns the hashes of the past passwords that are kept, the newest first.
    pub(crate) fn past(&self, tx: &mut Tx, user_id: Id) -> Result<Vec<String>> {
        let kept = users::past_passwords(tx, user_id)?;
        Ok(kept.and_then(|kept| self.open_past(user_id, &kept)).unwrap_or_default())
    }

    /// Returns the hashes of past passwords; none if no key opens them.
    fn open_past(&self, user_id: Id, kept: &str) -> Option<Vec<String>> {
        serde_json::from_str(&pepper::open(&self.secrets, user_id, kept)?).ok()
    }

    /// Replaces a password in the caller's transaction, ends every session opened with the old one, and tells
    /// the user by mail. Returns the number of sessions that ended.
    pub(crate) fn replace(
        &self,
        tx: &mut Tx,
        user_id: Id,
        kept_hash: &str,
        expires_at: Option<i64>,
        now: i64,
    ) -> Result<usize> {
        let hash = self.to_write(tx, user_id, kept_hash)?;
        let past = self.past_after(tx, user_id)?;
        let new = NewPassword { hash: &hash, past: past.as_deref(), expires_at, set_at: now };
        users::set_password(tx, user_id, &new)?;
        if let Some(user) = users::find(tx, By::Id(user_id))?
            && let Some(email) = &user.public.email
        {
            self.mailing.outbox.put_notice(
                tx,
                mail::Kind::PasswordChanged,
                &user.public,
                email,
                None,
                now,
            )?;
        }
        self.sessions.revoke_everything(tx, user_id, now)
    }

    /// Admits the user, if the password is right and the user may log in.
    pub(crate) fn verified(
        &self,
        user: Option<User>,
        password: &Password,
        attempt: &Attempt,
    ) -> Result<Admitted> {
        let hash = user.as_ref().filter(|_| !attempt.account_is_closed).and_then(|user| self.hash_of(user));
        let verdict = self.hasher.verify(password, hash.as_deref());
        let verdict = verdict.inspect_err(|_| self.throttle.take_back_attempt(attempt))?;
        let hash = hash.map(Cow::into_owned);
        let user = admit(user, hash.is_some(), verdict.valid, attempt.account_is_closed)?;
        if user.password_expires_at.is_some_and(|end| self.clock.now() >= end) {
            return Err(Error::new(Code::InvalidCredentials, "temporary_password_expired"));
        }
        let hash = VerifiedHash { hash: hash.unwrap_or_default(), needs_rehash: verdict.needs_rehash };
        Ok(Admitted { user, hash })
    }

    /// Records why a guess at a password was refused and what it locked, with equal work for every reason.
    pub(crate) fn guess_failed(
        &self,
        kind: Kind,
        account: Option<Id>,
        client: &Client,
        attempt: &Attempt,
        error: &Error,
    ) -> Result<()> {
        let now = self.clock.now();
        let ip = client.ip_text();
        let of = |kind, detail| Event { ip: ip.as_deref(), detail, ..event(kind, account) };
        self.store.write(Durability::Relaxed, |tx| {
            self.audit.record_one_of_many(tx, now, of(kind, error.detail.as_deref()))?;
            let mut locks = attempt.locks();
            locks.try_for_each(|what| self.audit.record_one_of_many(tx, now, of(Kind::Throttled, Some(what))))
        })
    }
}

/// Opens the file of passwords that leaked, if one is configured. Failure: `invalid_config`.
pub(crate) fn breached(config: &Config) -> Result<Option<Breached>> {
    config.password.breached.as_deref().map(Breached::open).transpose().map_err(unreadable)
}

fn unreadable(error: io::Error) -> Error {
    Error::at(Code::InvalidConfig, "/password/breached", format!("the file cannot be used: {error}"))
}

/// A user whose password was right, and its hash.
pub(crate) struct Admitted {
    pub user: User,
    pub hash: VerifiedHash,
}

/// The hash of a password that was right.
pub(crate) struct VerifiedHash {
    pub hash: String,
    /// Whether the hash was made with another algorithm or cost than the current one.
    pub needs_rehash: bool,
}

/// Returns the account if it may log in. The reason of a refusal is for the host's logs only.
fn admit(user: Option<User>, has_hash: bool, password_is_valid: bool, is_closed: bool) -> Result<User> {
    let refused = |reason| Err(Error::new(Code::InvalidCredentials, reason));
    match user {
        None => refused("unknown_user"),
        Some(_) if is_closed => refused("locked"),
        Some(user) if user.password_hash.is_none() => refused("no_password"),
        Some(_) if !has_hash => refused("sealed_by_unknown_key"),
        Some(_) if !password_is_valid => refused("wrong_password"),
        Some(user) if !user.public.is_active => refused("inactive_user"),
        Some(user) => Ok(user),
    }
}
