//! The audit log: what can happen, and how it is written.

use std::str::FromStr;
use std::sync::Arc;

use super::acting::actor;
use super::chain::{Chain, ChainHead, PLACES, Verdict};
use super::settings::Retention;
use super::throttle::Throttle;
use crate::clock::Clock;
use crate::error::{Code, Result};
use crate::store::events::{self, Event};
use crate::store::{Share, Store, Tx};
use crate::user::{Actor, Id, text_type};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal;)*) => {
        /// What can happen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind,)*];

            /// The name that the log keeps.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)* }
            }
        }

        impl FromStr for Kind {
            type Err = &'static str;

            fn from_str(name: &str) -> Result<Kind, &'static str> {
                match name { $($name => Ok(Kind::$kind),)* _ => Err("expected a kind of event") }
            }
        }

        text_type!(shape "EventKind", Kind, "enum": [$($name),*], "description": "A kind of event of the audit log.");
    };
}

kinds! {
    /// An account was created.
    Registered = "registered";
    /// A session was opened; `detail` is the backend.
    LoggedIn = "logged_in";
    /// A login was refused; `detail` says why.
    LoginFailed = "login_failed";
    /// A password was right and a login wants more, as `detail` says.
    StepUpRequired = "step_up_required";
    /// A password was changed by its user; every session ended.
    PasswordChanged = "password_changed";
    /// A change of a password was refused; `detail` says why.
    PasswordChangeFailed = "password_change_failed";
    /// A password was set by somebody else, `temporary` where `detail` says so; every session ended.
    PasswordSet = "password_set";
    /// The counter of a passkey that may be on several devices went back: one of them may be somebody else's.
    PasskeyCounterRegressed = "passkey_counter_regressed";
    /// Failures locked an `account`, its `second_factor` or a `source`, as `detail` says; what is refused while the
    /// lock lasts is not logged.
    Throttled = "throttled";
    /// A user proved again who they are; `detail` says by what.
    Reauthenticated = "reauthenticated";
    /// A proof was refused that somebody offered in a session; `detail` says why.
    ReauthenticationFailed = "reauthentication_failed";
    /// A second factor came into force, `detail` is its kind; every session ended.
    SecondFactorAdded = "second_factor_added";
    /// A second factor was taken away, `detail` is its kind; every session ended. `unverified_email`: all of them,
    /// because the account, which never verified an address, went to who reads its mail.
    SecondFactorRemoved = "second_factor_removed";
    /// A second factor was refused; `detail` says why.
    SecondFactorFailed = "second_factor_failed";
    /// Recovery codes took the place of those before; every session ended.
    RecoveryCodesGenerated = "recovery_codes_generated";
    /// A recovery code was used.
    RecoveryCodeUsed = "recovery_code_used";
    /// A session ended by its own token.
    LoggedOut = "logged_out";
    /// A session was ended.
    SessionRevoked = "session_revoked";
    /// The sessions of an account were ended, `detail` of them; those of everybody where no account is named.
    SessionsRevoked = "sessions_revoked";
    /// The refresh token before the newest was offered again, outside the grace window: a reply was lost, or somebody
    /// else has the token too. `detail` is the number of repeats in thirty days; a session bears three.
    RefreshRepeated = "refresh_repeated";
    /// A spent refresh token was offered, which ended its session: `repeated` where it was the one before the newest,
    /// once too often.
    RefreshTokenReused = "refresh_token_reused";
    /// An account was changed; `detail` names the fields.
    UserUpdated = "user_updated";
    /// An account was deleted.
    UserDeleted = "user_deleted";
    /// Accounts of another system were created, `detail` of them.
    UsersImported = "users_imported";
    /// Somebody asked for a mail, `detail` is its kind; there is a user only where there is one to send it to.
    MailRequested = "mail_requested";
    /// A mail was sent; `detail` is its kind.
    MailSent = "mail_sent";
    /// A mail was given up; `detail` is its kind and the last reason.
    MailFailed = "mail_failed";
    /// A user proved that the address is theirs.
    EmailVerified = "email_verified";
    /// A user proved that another address is theirs, which took the place of the one before.
    EmailChanged = "email_changed";
    /// A mailed link set a new password; every session ended.
    PasswordReset = "password_reset";
    /// Somebody who logs in by ID token was linked to an account; `detail` is the provider.
    IdentityLinked = "identity_linked";
    /// An account whose user had never proven an address went to who reads its mail, by an ID token, a mailed link or an
    /// administrator: password, sessions, second factors, passkeys and identities are gone.
    AccountReclaimed = "account_reclaimed";
    /// A token without a session was issued; `detail` is the backend, the `jti`, and when the token expires. The user is the
    /// account that is its `sub`, if there is one.
    TokenIssued = "token_issued";
    /// A token without a session was revoked by itself; `detail` is the backend and the `jti`. The user is the account that
    /// is its `sub`, where the token itself was given; by a `jti` alone it is known from `token_issued` only.
    TokenRevoked = "token_revoked";
    /// A new signing key; `detail` names the backend and the key.
    KeysRotated = "keys_rotated";
    /// A backup took the place of the store: what happened after it is not in this log.
    StoreRestored = "store_restored";
    /// Keys were retired at once; `detail` says how many, and what ended with them.
    KeysRetired = "keys_retired";
    /// Settings of the store were changed; `detail` names them, by the pointers of the configuration.
    SettingsChanged = "settings_changed";
}

/// Writes the audit log.
pub(crate) struct Audit {
    pub chain: Chain,
    pub clock: Arc<Clock>,
    pub retention: Arc<Retention>,
    pub store: Arc<Store>,
    pub throttle: Arc<Throttle>,
}

impl Audit {
    /// What happened before this is past its time.
    pub(crate) fn oldest(&self) -> i64 {
        self.retention.oldest(self.clock.now())
    }

    /// Verifies the chain, after what is yet to be linked was linked.
    pub(crate) fn verify(&self, wanted: Option<&ChainHead>) -> Result<Verdict> {
        let mut before = None;
        loop {
            let is_behind = self.give_places()?;
            let (is_due, head) = self.store.read(|tx| Ok((self.chain.is_due(tx)?, events::head(tx)?)))?;
            // Who may only read the store links nothing.
            if !is_behind && (!is_due || before.as_ref() == Some(&head)) {
                break;
            }
            before = Some(head);
        }
        // Another process may have changed how long events are kept.
        self.store.read(|tx| self.retention.follow_store(tx, &self.chain.secrets))?;
        self.chain.verify(&self.store, self.oldest(), wanted)
    }

    /// Gives places in the log to events that were committed and have none yet, and links those that have to the chain,
    /// where one is kept; whether there may be more without a place. Who may only read the store gives none.
    pub(crate) fn give_places(&self) -> Result<bool> {
        let is_due = self.store.read(|tx| Ok(events::any_without_place(tx)? || self.chain.is_due(tx)?))?;
        if !is_due {
            return Ok(false);
        }
        let now = self.clock.now();
        let placed = self.store.write_in_turn(|tx| {
            let head = events::lock(tx)?;
            let placed = events::place(tx, PLACES)?;
            if self.chain.is_kept {
                self.retention.follow_store(tx, &self.chain.secrets)?;
                self.chain.link(tx, &head, self.retention.oldest(now))?;
            }
            Ok(placed)
        });
        match placed {
            Ok(placed) => Ok(placed == PLACES),
            Err(error) if error.code == Code::InvalidConfig => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes an event in the transaction of the act, so that neither is without the other, and forgets a
    /// few that are past their time.
    pub(crate) fn record(&self, tx: &mut Tx, now: i64, event: Event) -> Result<()> {
        record(tx, &self.retention, now, event)
    }
    /// As [`Audit::record`], for what anybody can cause who proves nothing: where there were many of its kind about
    /// this account, or about nobody, it is skipped.
    pub(crate) fn record_one_of_many(&self, tx: &mut Tx, now: i64, event: Event) -> Result<()> {
        let is_noteworthy = self.throttle.is_noteworthy(tx, &event, now)?;
        self.retention.forget(tx, now, Share::AFew)?;
        let actor = actor();
        let event = Event { actor: actor.as_ref().map(Actor::as_str), ..event };
        events::append_if(tx, is_noteworthy, now, &event)
    }
}

/// As [`Audit::record`], for what is not an engine.
pub(crate) fn record(tx: &mut Tx, retention: &Retention, now: i64, event: Event) -> Result<()> {
    retention.forget(tx, now, Share::AFew)?;
    append(tx, now, event)
}

/// Writes an event, with who acts in this call.
pub(crate) fn append(tx: &mut Tx, now: i64, event: Event) -> Result<()> {
    let actor = actor();
    events::append(tx, now, &Event { actor: actor.as_ref().map(Actor::as_str), ..event }).map(drop)
}

/// An event of this kind, about this account.
pub(crate) fn event<'a>(kind: Kind, user_id: impl Into<Option<Id>>) -> Event<'a> {
    Event { kind: kind.name(), user_id: user_id.into(), ..Event::default() }
}
