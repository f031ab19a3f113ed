//! The audit log: `events`, and how the other rooms write to it.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Engine;
use crate::config::Audit;
use crate::error::{Code, Error, Result};
use crate::store::events::{self, Event, Listed, Listing};
use crate::store::{Share, Tx};
use crate::user::{Id, text_type};

/// Reads the audit log, in the order in which it was written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EventsRequest {
    /// Only what concerns this account, which may be gone.
    pub user_id: Option<Id>,
    /// Only this kind.
    pub kind: Option<Kind>,
    /// Only what was written after this event: `next` of the page before, or the last `id` that is known.
    pub after: Option<Id>,
    /// How many to return: 1 to 1000, default 100.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u32>,
}

/// A page of the audit log.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventsResponse {
    /// The events, the oldest first.
    pub events: Vec<EventInfo>,
    /// Where the next page begins, when there may be one: give it as `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Id>,
}

/// What happened.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventInfo {
    /// Its id; later events have higher ones.
    pub id: Id,
    /// When it happened, in Unix seconds.
    pub at: i64,
    /// What it was: one of the kinds that `kind` of the request names.
    pub kind: String,
    /// Whom it concerns, where there is or was such an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Id>,
    /// Which session it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Id>,
    /// From where it came, as far as the host said; forgotten with the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// More, by kind: the reason, the backend, the names of the fields that were changed. For the host only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl From<Listed> for EventInfo {
    fn from(event: Listed) -> EventInfo {
        EventInfo {
            id: event.id,
            at: event.at,
            kind: event.kind,
            user_id: event.user_id,
            session_id: event.session_id,
            ip: event.ip,
            detail: event.detail,
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal;)*) => {
        /// What can happen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// The name that the log keeps.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)* }
            }
        }

        impl FromStr for Kind {
            type Err = &'static str;

            fn from_str(name: &str) -> std::result::Result<Kind, &'static str> {
                match name { $($name => Ok(Kind::$kind),)* _ => Err("expected a kind of event") }
            }
        }

        text_type!(Kind, "enum": [$($name),*]);
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
    /// An account that had never verified an address went to who reads its mail, by an ID token, a mailed link or an
    /// administrator:
    /// password, sessions, second factors, passkeys and identities are gone.
    AccountReclaimed = "account_reclaimed";
    /// A token without a session was issued; `detail` is the backend, the `jti`, and when the token expires. The user is the
    /// account that is its `sub`, if there is one.
    TokenIssued = "token_issued";
    /// A token without a session was revoked by itself; `detail` is the backend and the `jti`.
    TokenRevoked = "token_revoked";
    /// A new signing key; `detail` names the backend and the key.
    KeysRotated = "keys_rotated";
    /// A backup took the place of the store: what happened after it is not in this log.
    StoreRestored = "store_restored";
    /// Keys were retired at once; `detail` says how many, and what ended with them.
    KeysRetired = "keys_retired";
}

impl Engine {
    /// Reads the audit log.
    ///
    /// Failures: `invalid_request`, `store_unavailable`.
    pub fn events(&self, request: EventsRequest) -> Result<EventsResponse> {
        let limit = request.limit.unwrap_or(100) as usize;
        if !(1..=1000).contains(&limit) {
            return Err(Error::at(Code::InvalidRequest, "/limit", "expected 1 to 1000"));
        }
        let listing = Listing {
            user_id: request.user_id,
            kind: request.kind.map(Kind::name),
            after: request.after,
            oldest: oldest_event(&self.config.audit, self.clock.now()),
            limit,
        };
        let listed = self.store.read(|tx| events::list(tx, &listing))?;
        let events: Vec<EventInfo> = listed.into_iter().map(EventInfo::from).collect();
        let next = events.last().filter(|_| events.len() == limit).map(|event| event.id);
        Ok(EventsResponse { events, next })
    }

    /// Writes an event in the transaction of the act, so that neither is without the other, and forgets a
    /// few that are past their time.
    pub(super) fn record(&self, tx: &mut Tx, now: i64, event: Event) -> Result<()> {
        record(tx, &self.config.audit, now, event)
    }
}

impl Engine {
    /// As [`Engine::record`], for what anybody can cause who proves nothing: where there were many of its kind about
    /// this account, or about nobody, it is skipped. The statements are the same in every case.
    pub(super) fn record_one_of_many(&self, tx: &mut Tx, now: i64, event: Event) -> Result<()> {
        let is_noteworthy = self.is_noteworthy(tx, &event, now)?;
        events::forget_expired(tx, oldest_event(&self.config.audit, now), Share::AFew)?;
        let id = events::append(tx, now, &event)?;
        events::delete(tx, if is_noteworthy { Id::new(now * 1000)? } else { id })
    }
}

/// As [`Engine::record`], for what is not an engine.
pub(super) fn record(tx: &mut Tx, audit: &Audit, now: i64, event: Event) -> Result<()> {
    events::forget_expired(tx, oldest_event(audit, now), Share::AFew)?;
    events::append(tx, now, &event).map(drop)
}

/// What happened before this is past its time.
pub(super) fn oldest_event(audit: &Audit, now: i64) -> i64 {
    (now - audit.retention_days.seconds() * 86_400).max(0)
}

/// An event of this kind, about this account.
pub(super) fn event<'a>(kind: Kind, user_id: impl Into<Option<Id>>) -> Event<'a> {
    Event { kind: kind.name(), user_id: user_id.into(), ..Event::default() }
}
