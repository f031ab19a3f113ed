//! Secrets that are redeemed once: mailed tokens and the challenges of a login. The store keeps a code of
//! each (HMAC under a key derived from the secret key) and its data, sealed.
//!
//! A secret is dead once it is redeemed, expired or replaced, its user is deactivated, or the user's epoch
//! changed, as it does with a changed password, address or factor. A mailed token of an invitation to an
//! organization opens no account that is in use, and lasts as long as the invitation. The transaction that redeems checks all of
//! this, so that only one of any number of callers succeeds.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::retired_keys;
use crate::crypto::secrets;
use crate::crypto::secrets::Secrets;
use crate::error::{Code, Error, Result};
use crate::store::one_time_secrets::{self as rows, Kept, New};
use crate::store::users::User;
use crate::store::{Share, Tx, damaged};
use crate::types::base64url::{base64url, from_base64url};
use crate::types::id::Id;
use crate::types::secret::Secret;

/// The purpose of a secret. A secret of one purpose is never accepted for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The password was right and a second factor is required.
    SecondFactor,
    /// The password was right, and the account must have a second factor and has none.
    Enrolment,
    /// The password was right and must be changed.
    PasswordChange,
    /// A passkey is being made.
    PasskeyRegistration,
    /// Mailed: its bearer has proven the address.
    VerifyEmail,
    /// Mailed: its bearer may set a new password.
    ResetPassword,
    /// Mailed to the new address: its bearer may complete the change.
    ChangeEmail,
    /// Mailed: its bearer may log in.
    Login,
    /// Mailed: its bearer may take the account that waits for them.
    Invitation,
    /// Mailed: its bearer may become a member of an organization.
    Membership,
}

impl Purpose {
    const ALL: [Purpose; 10] = [
        Purpose::SecondFactor,
        Purpose::Enrolment,
        Purpose::PasswordChange,
        Purpose::PasskeyRegistration,
        Purpose::VerifyEmail,
        Purpose::ResetPassword,
        Purpose::ChangeEmail,
        Purpose::Login,
        Purpose::Invitation,
        Purpose::Membership,
    ];

    /// The name as the store and `check_mail_token` spell it.
    pub fn name(self) -> &'static str {
        match self {
            Purpose::SecondFactor => "second_factor",
            Purpose::Enrolment => "enrolment",
            Purpose::PasswordChange => "password_change",
            Purpose::PasskeyRegistration => "passkey_registration",
            Purpose::VerifyEmail => "verify_email",
            Purpose::ResetPassword => "reset_password",
            Purpose::ChangeEmail => "change_email",
            Purpose::Login => "login",
            Purpose::Invitation => "invitation",
            Purpose::Membership => "membership",
        }
    }

    /// The code with which a secret of this purpose is refused.
    fn code(self) -> Code {
        match self {
            Purpose::SecondFactor
            | Purpose::Enrolment
            | Purpose::PasswordChange
            | Purpose::PasskeyRegistration => Code::InvalidChallenge,
            Purpose::VerifyEmail
            | Purpose::ResetPassword
            | Purpose::ChangeEmail
            | Purpose::Login
            | Purpose::Invitation
            | Purpose::Membership => Code::InvalidMailToken,
        }
    }
}

/// A secret to be made.
pub(crate) struct Making<'a> {
    pub purpose: Purpose,
    pub lifetime_seconds: i64,
    /// How many secrets of this purpose the user may have; a new one replaces the oldest.
    pub most: u32,
    /// How many proofs may be offered with it; 0 if the secret is itself the proof.
    pub attempts: u32,
    /// The data that is sealed with it.
    pub data: &'a [u8],
}

/// A live secret's data.
pub(crate) struct Found {
    pub purpose: Purpose,
    pub user_id: Id,
    pub data: Zeroizing<Vec<u8>>,
    pub expires_at: i64,
    id: [u8; 32],
}

/// Makes and redeems these secrets.
pub(crate) struct OneTime {
    pub secrets: Arc<Secrets>,
}

impl OneTime {
    /// Makes a secret, 32 random bytes in base64url, for a user as read in this transaction.
    pub(crate) fn make(&self, tx: &mut Tx, user: &User, now: i64, making: &Making) -> Result<Secret> {
        let user_id = user.public.id;
        let secret = Zeroizing::new(crate::types::random::random::<SECRET_LEN>()?);
        retired_keys::follow(tx, &self.secrets)?;
        let id = self.secrets.mac(secrets::Purpose::OneTimeSecret, &*secret)?;
        rows::forget_expired(tx, now, Share::AFew)?;
        let others = i64::from(making.most) - 1;
        rows::keep_newest(tx, user_id, making.purpose.name(), others.max(0))?;
        let new = New {
            id: &id,
            purpose: making.purpose.name(),
            user_id,
            epoch: user.epoch,
            sealed: &self.secrets.seal(&owner(&id), making.data)?,
            attempts: making.attempts.into(),
            created_at: now,
            expires_at: now + making.lifetime_seconds,
        };
        rows::insert(tx, &new)?;
        Ok(Secret::new(base64url(&*secret)))
    }

    /// Takes back a secret that was made in this transaction. Without one it does the same work, so that both
    /// cases take equal time.
    pub(crate) fn take_back(&self, tx: &mut Tx, secret: Option<&Secret>) -> Result<()> {
        rows::discard(tx, &self.row_id(secret)?)
    }

    /// Returns the id of the row of a secret that was made now. Without one it returns the id of none, after
    /// the same work.
    pub(crate) fn row_id(&self, secret: Option<&Secret>) -> Result<[u8; 32]> {
        let bytes = match secret {
            Some(secret) => from_base64url(secret.expose()).ok_or_else(damaged)?,
            None => crate::types::random::random::<SECRET_LEN>()?.to_vec(),
        };
        self.secrets.mac(secrets::Purpose::OneTimeSecret, &Zeroizing::new(bytes))
    }

    /// Counts one guess at what is sealed with the secret of a row, and then looks. It returns why there is
    /// nothing to compare the guess with, after the same statements as otherwise.
    pub(crate) fn guess(
        &self,
        tx: &mut Tx,
        id: &[u8; 32],
        purpose: Purpose,
        now: i64,
    ) -> Result<Result<Found, &'static str>> {
        let is_counted = rows::take_attempt(tx, id)?;
        match rows::find(tx, id)? {
            None => Ok(Err("unknown")),
            Some(_) if !is_counted => Ok(Err("no_attempts_left")),
            Some(kept) => self.live(*id, kept, &[purpose], now),
        }
    }

    /// Deletes a secret that was found in this transaction: only the first caller succeeds.
    pub(crate) fn consume(&self, tx: &mut Tx, found: &Found) -> Result<()> {
        match rows::delete(tx, &found.id)? {
            true => Ok(()),
            false => Err(Error::new(found.purpose.code(), "unknown")),
        }
    }

    fn live(
        &self,
        id: [u8; 32],
        kept: Kept,
        among: &[Purpose],
        now: i64,
    ) -> Result<Result<Found, &'static str>> {
        let purpose = Purpose::ALL.into_iter().find(|purpose| purpose.name() == kept.purpose);
        let Some(purpose) = purpose.filter(|purpose| among.contains(purpose)) else {
            return Ok(Err("wrong_purpose"));
        };
        if let Some(reason) = end(&kept, now) {
            return Ok(Err(reason));
        }
        let data = self.secrets.open(&owner(&id), &kept.sealed).ok_or_else(damaged)?;
        Ok(Ok(Found { purpose, user_id: kept.user_id, data, expires_at: kept.expires_at, id }))
    }

    /// Returns a live secret's data, if it is for one of these purposes, and leaves the secret as it is.
    ///
    /// Failure: the purpose's, `invalid_challenge` or `invalid_token`.
    pub(crate) fn peek(&self, tx: &mut Tx, text: &str, among: &[Purpose], now: i64) -> Result<Found> {
        let code = among.first().map_or(Code::InvalidMailToken, |purpose| purpose.code());
        let dead = |reason: &'static str| Err(Error::new(code, reason));
        // Any other length was not made here and may be megabytes.
        let bytes = (text.len() == TEXT_LEN).then(|| from_base64url(text)).flatten().map(Zeroizing::new);
        let Some(bytes) = bytes else { return dead("malformed") };
        let mut found = None;
        for id in self.secrets.macs(secrets::Purpose::OneTimeSecret, &bytes) {
            if let Some(kept) = rows::find(tx, &id)? {
                found = Some((id, kept));
                break;
            }
        }
        let Some((id, kept)) = found else { return dead("unknown") };
        self.live(id, kept, among, now)?.or_else(dead)
    }

    /// Returns whether a user has a live secret of this purpose.
    pub(crate) fn is_awaited(&self, tx: &mut Tx, user_id: Id, purpose: Purpose, now: i64) -> Result<bool> {
        let kept = rows::list(tx, user_id)?;
        Ok(kept.iter().any(|kept| kept.purpose == purpose.name() && end(kept, now).is_none()))
    }

    /// Does what [`OneTime::peek`] does and counts one attempt: of any number of callers, no more succeed
    /// than the secret allows. After the last attempt only its taker can still redeem the secret.
    pub(crate) fn take_attempt(&self, tx: &mut Tx, text: &str, among: &[Purpose], now: i64) -> Result<Found> {
        let found = self.peek(tx, text, among, now)?;
        match rows::take_attempt(tx, &found.id)? {
            true => Ok(found),
            false => Err(Error::new(found.purpose.code(), "no_attempts_left")),
        }
    }

    /// Does what [`OneTime::peek`] does and deletes the secret: only the first caller succeeds, and only if
    /// this transaction commits.
    pub(crate) fn redeem(&self, tx: &mut Tx, text: &str, among: &[Purpose], now: i64) -> Result<Found> {
        let found = self.peek(tx, text, among, now)?;
        self.consume(tx, &found)?;
        Ok(found)
    }
}

const SECRET_LEN: usize = 32;

/// The length of `SECRET_LEN` bytes in base64url.
const TEXT_LEN: usize = 43;

/// The context to which the data is sealed: the data of one row does not open in another.
fn owner(id: &[u8; 32]) -> String {
    format!("one-time secret {}", base64url(id))
}

/// Returns why a secret is dead, or nothing if it is alive.
fn end(kept: &Kept, now: i64) -> Option<&'static str> {
    if now >= kept.expires_at {
        Some("expired")
    } else if kept.epoch != kept.user_epoch && kept.purpose != Purpose::Membership.name() {
        Some("revoked")
    } else if !kept.user_is_active {
        Some("inactive_user")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::thread;

    use serde_json::json;

    use super::{Found, Making, Purpose};
    use crate::engine::{Engine, Hooks};
    use crate::error::Code;
    use crate::store::users::{self, By};
    use crate::store::{Durability, Tx};
    use crate::types::id::Id;
    use crate::{Clock, Config, Result};

    const NOW: i64 = 1_800_000_000;

    /// An engine with one account.
    struct Stage {
        engine: Engine,
        user: Id,
        now: Arc<AtomicI64>,
    }

    impl Stage {
        fn new() -> Stage {
            Stage::open(json!({"store": "sqlite::memory:"}))
        }

        fn open(mut config: serde_json::Value) -> Stage {
            config["password"] = json!({"memory_kib": 8, "iterations": 1});
            let now = Arc::new(AtomicI64::new(NOW * 1000));
            let hand = Arc::clone(&now);
            let clock = Clock::custom(move || hand.load(Ordering::SeqCst));
            let config = Config::parse(&config.to_string()).unwrap();
            let engine = Engine::open(config, Hooks { clock, log: None }).unwrap();
            let ada = r#"{"username":"ada","email":"ada@example.com","password":"eight wise words"}"#;
            let _ = engine.call("register", ada);
            let user = engine.store.read(|tx| users::find(tx, By::Username("ada"))).unwrap().unwrap();
            Stage { engine, user: user.public.id, now }
        }

        fn write<T>(&self, f: impl FnMut(&mut Tx) -> Result<T>) -> Result<T> {
            self.engine.store.write(Durability::Full, f)
        }

        fn make(&self, purpose: Purpose) -> String {
            self.make_one_of(purpose, 1)
        }

        fn make_one_of(&self, purpose: Purpose, most: u32) -> String {
            let making = Making { purpose, lifetime_seconds: 60, most, attempts: 3, data: b"to whom" };
            let now = self.engine.clock.now();
            let made = self.write(|tx| {
                let user = users::find(tx, By::Id(self.user))?.unwrap();
                self.engine.one_time.make(tx, &user, now, &making)
            });
            made.unwrap().expose().to_owned()
        }

        fn peek(&self, text: &str, among: &[Purpose]) -> Result<Found> {
            let now = self.engine.clock.now();
            self.engine.store.read(|tx| self.engine.one_time.peek(tx, text, among, now))
        }

        fn take_attempt(&self, text: &str) -> Result<Found> {
            let now = self.engine.clock.now();
            self.write(|tx| self.engine.one_time.take_attempt(tx, text, &[Purpose::PasswordChange], now))
        }

        fn redeem(&self, text: &str, among: &[Purpose]) -> Result<Found> {
            let now = self.engine.clock.now();
            self.write(|tx| self.engine.one_time.redeem(tx, text, among, now))
        }

        fn rows(&self) -> i64 {
            let count = "SELECT count(*) FROM one_time_secrets";
            self.engine.store.read(|tx| tx.first(count, &[], |row| row.integer(0))).unwrap().unwrap()
        }

        fn update(&self, what: serde_json::Value) {
            let mut request = what;
            request["id"] = json!(self.user.to_string());
            self.engine.call("update_user", &request.to_string()).unwrap();
        }
    }

    /// Why a secret was refused.
    fn reason(result: Result<Found>) -> (Code, String) {
        let error = result.err().unwrap();
        (error.code, error.detail.unwrap().into_owned())
    }

    fn challenge(reason: &str) -> (Code, String) {
        (Code::InvalidChallenge, reason.to_owned())
    }

    const CHANGE: &[Purpose] = &[Purpose::PasswordChange];

    #[test]
    fn a_secret_is_redeemed_once() {
        let stage = Stage::new();
        let text = stage.make(Purpose::PasswordChange);
        for _ in 0..2 {
            assert_eq!(*stage.peek(&text, CHANGE).unwrap().data, b"to whom");
        }
        let found = stage.redeem(&text, CHANGE).unwrap();
        assert_eq!((found.purpose, found.user_id), (Purpose::PasswordChange, stage.user));
        assert_eq!((found.expires_at, found.data.as_slice()), (NOW + 60, &b"to whom"[..]));
        assert_eq!(reason(stage.redeem(&text, CHANGE)), challenge("unknown"));
        assert_eq!(reason(stage.peek(&text, CHANGE)), challenge("unknown"));
        assert_eq!(stage.rows(), 0);
    }

    #[test]
    fn one_of_many_threads_redeems_it() {
        let stage = Stage::new();
        let text = stage.make(Purpose::PasswordChange);
        let won = thread::scope(|scope| {
            let each: Vec<_> = (0..64).map(|_| scope.spawn(|| stage.redeem(&text, CHANGE).is_ok())).collect();
            each.into_iter().map(|thread| thread.join().unwrap()).filter(|won| *won).count()
        });
        assert_eq!(won, 1);
    }

    #[test]
    fn no_more_threads_get_an_attempt_than_there_are() {
        let stage = Stage::new();
        let text = stage.make(Purpose::PasswordChange);
        let taken = thread::scope(|scope| {
            let each: Vec<_> = (0..64).map(|_| scope.spawn(|| stage.take_attempt(&text).is_ok())).collect();
            each.into_iter().map(|thread| thread.join().unwrap()).filter(|taken| *taken).count()
        });
        assert_eq!(taken, 3);
        assert_eq!(reason(stage.take_attempt(&text)), challenge("no_attempts_left"));
        // The caller that took the last attempt may still be right.
        assert!(stage.redeem(&text, CHANGE).is_ok());
    }

    #[test]
    fn a_redemption_that_is_not_kept_consumes_nothing() {
        let stage = Stage::new();
        let text = stage.make(Purpose::PasswordChange);
        let failed: Result<()> = stage.write(|tx| {
            stage.engine.one_time.redeem(tx, &text, CHANGE, NOW)?;
            Err(Code::StoreUnavailable.into())
        });
        assert_eq!(failed.unwrap_err().code, Code::StoreUnavailable);
        assert!(stage.redeem(&text, CHANGE).is_ok());
    }

    #[test]
    fn it_expires() {
        let stage = Stage::new();
        let text = stage.make(Purpose::PasswordChange);
        stage.now.store((NOW + 60) * 1000 - 1, Ordering::SeqCst);
        assert!(stage.peek(&text, CHANGE).is_ok());
        stage.now.store((NOW + 60) * 1000, Ordering::SeqCst);
        assert_eq!(reason(stage.redeem(&text, CHANGE)), challenge("expired"));
        assert_eq!(reason(stage.take_attempt(&text)), challenge("expired"));
        assert_eq!(stage.rows(), 1);
        // The next secret replaces it.
        stage.make(Purpose::VerifyEmail);
        assert_eq!(stage.rows(), 1);
    }

    #[test]
    fn what_ends_every_session_ends_it() {
        let stage = Stage::new();
        let text = stage.make(Purpose::PasswordChange);
        // Another process, which saw the previous epoch, wrote this row.
        stage.write(|tx| users::bump_epoch(tx, stage.user, NOW)).unwrap();
        assert_eq!(reason(stage.redeem(&text, CHANGE)), challenge("revoked"));
        let text = stage.make(Purpose::PasswordChange);
        let revoke = json!({"user_id": stage.user.to_string()}).to_string();
        stage.engine.call("revoke_user_sessions", &revoke).unwrap();
        assert_eq!(stage.rows(), 0);
        assert_eq!(reason(stage.redeem(&text, CHANGE)), challenge("unknown"));
    }

    #[test]
    fn a_user_who_is_switched_off_redeems_nothing() {
        let stage = Stage::new();
        stage.update(json!({"is_active": false}));
        let text = stage.make(Purpose::PasswordChange);
        assert_eq!(reason(stage.redeem(&text, CHANGE)), challenge("inactive_user"));
        stage.update(json!({"is_active": true}));
        assert!(stage.redeem(&text, CHANGE).is_ok());
    }

    #[test]
    fn a_deleted_user_leaves_none() {
        let stage = Stage::new();
        let text = stage.make(Purpose::PasswordChange);
        let delete = json!({"id": stage.user.to_string()}).to_string();
        stage.engine.call("delete_user", &delete).unwrap();
        assert_eq!(reason(stage.redeem(&text, CHANGE)), challenge("unknown"));
        assert_eq!(stage.rows(), 0);
    }

    #[test]
    fn none_passes_for_another_purpose() {
        let stage = Stage::new();
        for made in Purpose::ALL {
            let text = stage.make(made);
            for other in Purpose::ALL.into_iter().filter(|other| *other != made) {
                let (code, why) = reason(stage.redeem(&text, &[other]));
                assert_eq!((code, why.as_str()), (other.code(), "wrong_purpose"));
            }
            assert_eq!(stage.redeem(&text, &Purpose::ALL).unwrap().purpose, made);
        }
    }

    #[test]
    fn a_new_one_replaces_the_oldest() {
        let stage = Stage::new();
        let verify = &[Purpose::VerifyEmail];
        let texts: Vec<String> = (0..4)
            .map(|_| {
                stage.now.fetch_add(1000, Ordering::SeqCst);
                stage.make_one_of(Purpose::VerifyEmail, 3)
            })
            .collect();
        let other = stage.make(Purpose::ResetPassword);
        let alive: Vec<bool> = texts.iter().map(|text| stage.peek(text, verify).is_ok()).collect();
        assert_eq!(alive, [false, true, true, true]);
        let newest = stage.make(Purpose::VerifyEmail);
        assert!(texts.iter().all(|text| stage.peek(text, verify).is_err()));
        assert!(stage.peek(&newest, verify).is_ok());
        assert!(stage.peek(&other, &[Purpose::ResetPassword]).is_ok());
    }

    #[test]
    fn texts_that_are_none() {
        let stage = Stage::new();
        let other = Stage::new();
        let text = stage.make(Purpose::PasswordChange);
        let foreign = other.make(Purpose::PasswordChange);
        assert_eq!(reason(stage.redeem(&foreign, CHANGE)), challenge("unknown"));
        let long = "A".repeat(1 << 20);
        for bad in ["", &text[1..], &text[..42], &format!("{text}="), &format!(" {}", &text[1..]), &long, "ü"]
        {
            assert_eq!(reason(stage.redeem(bad, CHANGE)), challenge("malformed"), "{bad:.50}");
        }
        let mut flipped = text.clone().into_bytes();
        flipped[0] = if flipped[0] == b'A' { b'B' } else { b'A' };
        let flipped = String::from_utf8(flipped).unwrap();
        assert_eq!(reason(stage.redeem(&flipped, CHANGE)), challenge("unknown"));
        assert!(stage.redeem(&text, CHANGE).is_ok());
    }

    #[test]
    fn an_older_secret_key_still_redeems() {
        let folder = tempfile::tempdir().unwrap();
        let store = format!("sqlite:{}", folder.path().join("store.db").display());
        let [old, new] = ["an old key of thirty-two bytes or more", "a new key of thirty-two bytes or more"];
        let text = Stage::open(json!({"store": store, "secret_keys": [old]})).make(Purpose::PasswordChange);
        let stage = Stage::open(json!({"store": store, "secret_keys": [new, old]}));
        assert_eq!(*stage.redeem(&text, CHANGE).unwrap().data, b"to whom");
        let text = stage.make(Purpose::PasswordChange);
        drop(stage);
        let stage = Stage::open(json!({"store": store, "secret_keys": [new]}));
        assert!(stage.redeem(&text, CHANGE).is_ok());
    }

    #[test]
    fn neither_text_nor_data_is_kept_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let stage = Stage::open(json!({"store": format!("sqlite:{}", path.display())}));
        let text = stage.make(Purpose::ResetPassword);
        let bytes = crate::types::base64url::from_base64url(&text).unwrap();
        let holds = |file: &[u8], part: &[u8]| file.windows(part.len()).any(|window| window == part);
        for file in ["store.db", "store.db-wal"] {
            let file = std::fs::read(folder.path().join(file)).unwrap();
            for part in [text.as_bytes(), &bytes, b"to whom"] {
                assert!(!holds(&file, part));
            }
        }
        assert!(stage.redeem(&text, &[Purpose::ResetPassword]).is_ok());
    }
}
