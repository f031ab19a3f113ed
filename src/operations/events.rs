//! The audit log: `events`, and how the other rooms write to it.

use std::net::IpAddr;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::engine::acting::actor;
use crate::engine::settings::Retention;
use crate::error::{Code, Error, Result};
use crate::store::events::{self, Event, Listed, Place, Which};
use crate::store::{Share, Tx};
use crate::user::{Actor, Id, text_type};

/// Reads the audit log.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EventsRequest {
    /// Only what concerns this account, which may be gone.
    pub user_id: Option<Id>,
    /// Only this kind.
    pub kind: Option<Kind>,
    /// Only what came from this address, as the host gave it.
    #[schemars(with = "Option<String>")]
    pub ip: Option<IpAddr>,
    /// Only what this actor did.
    pub actor: Option<Actor>,
    /// Only what happened at this time or later, in Unix seconds.
    pub since: Option<i64>,
    /// Only what happened at this time or before, in Unix seconds.
    pub until: Option<i64>,
    /// In which order: `written` (default), in which every event comes after those that were there before it, whatever
    /// clocks say; `oldest` or `newest` first, by time.
    pub order: Option<EventOrder>,
    /// Only what comes after this event, in the order that is asked for: `next` of the page before, or `resume` of an
    /// earlier answer. Of an event that the log does not have any more, everything that is left comes after it.
    pub after: Option<Id>,
    /// How many to return: 1 to 1000, default 100.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u32>,
}

/// In which order events are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventOrder {
    /// As they came into the log.
    #[default]
    Written,
    /// By time.
    Oldest,
    /// By time, backwards.
    Newest,
}

impl FromStr for EventOrder {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<EventOrder, &'static str> {
        match text {
            "written" => Ok(EventOrder::Written),
            "oldest" => Ok(EventOrder::Oldest),
            "newest" => Ok(EventOrder::Newest),
            _ => Err("expected written, oldest or newest"),
        }
    }
}

text_type!(EventOrder, "enum": ["written", "oldest", "newest"]);

/// A page of the audit log.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventsResponse {
    /// The events.
    pub events: Vec<EventInfo>,
    /// Where the next page begins, when there may be one: give it as `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Id>,
    /// How far the log was read in the order `written`: given as `after`, it brings exactly what came into the log later.
    /// Absent while the log is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume: Option<Id>,
}

/// What happened.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventInfo {
    /// Its id, ordered by time.
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
    /// Who did it, where it was not the account itself, as far as the host said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
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
            actor: event.actor,
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

/// How many events are given places at once.
pub(crate) const PLACES: usize = 1000;

impl Engine {
    /// Reads the audit log.
    ///
    /// Failures: `invalid_request`, `store_unavailable`.
    pub fn events(&self, request: EventsRequest) -> Result<EventsResponse> {
        let limit = request.limit.unwrap_or(100) as usize;
        if !(1..=1000).contains(&limit) {
            return Err(Error::at(Code::InvalidRequest, "/limit", "expected 1 to 1000"));
        }
        let ip = request.ip.map(|ip| ip.to_string());
        let which = Which {
            user_id: request.user_id,
            kind: request.kind.map(Kind::name),
            ip: ip.as_deref(),
            actor: request.actor.as_ref().map(Actor::as_str),
            since: request.since,
            until: request.until,
            oldest: self.retention.oldest(self.clock.now()),
        };
        let order = request.order.unwrap_or_default();
        let (listed, resume) = match order {
            EventOrder::Written => self.list_written(&which, request.after, limit)?,
            EventOrder::Oldest | EventOrder::Newest => {
                while self.give_places()? {}
                self.store.read(|tx| {
                    // What comes later is not listed, or it is and comes again: nothing is lost.
                    let last = events::last(tx)?;
                    let is_newest_first = order == EventOrder::Newest;
                    let listed = events::list_by_time(tx, &which, request.after, is_newest_first, limit)?;
                    Ok((listed, last.map(|(id, _)| id)))
                })?
            }
        };
        let events: Vec<EventInfo> = listed.into_iter().map(EventInfo::from).collect();
        let next = events.last().filter(|_| events.len() == limit).map(|event| event.id);
        Ok(EventsResponse { events, next, resume })
    }

    /// Events after another one in the order of the log, and how far that was read.
    fn list_written(
        &self,
        which: &Which,
        after: Option<Id>,
        limit: usize,
    ) -> Result<(Vec<Listed>, Option<Id>)> {
        loop {
            let is_behind = self.give_places()?;
            let (listed, resume) = self.store.read(|tx| {
                let place = after.map_or(Ok(Place::Unknown), |after| events::place_of(tx, after))?;
                let position = match place {
                    Place::At(position) => position,
                    // What is gone was before everything that is left.
                    Place::Unknown => 0,
                    Place::None => return Ok((Vec::new(), after)),
                };
                let last = events::last(tx)?;
                let listed = events::list_by_place(tx, which, position, limit)?;
                // What came meanwhile may be beyond the last one.
                let end = listed.last().and_then(|event| Some((event.id, event.position?)));
                let resume = match listed.len() == limit {
                    true => end,
                    false => [end, last].into_iter().flatten().max_by_key(|(_, position)| *position),
                };
                Ok((listed, resume.map(|(id, _)| id)))
            })?;
            if listed.len() == limit || !is_behind {
                return Ok((listed, resume));
            }
        }
    }

    /// Gives places in the log to events that were committed and have none yet, and links those that have to the chain,
    /// where one is kept; whether there may be more without a place. Who may only read the store gives none.
    pub(crate) fn give_places(&self) -> Result<bool> {
        let is_due = self.store.read(|tx| Ok(events::any_without_place(tx)? || self.is_link_due(tx)?))?;
        if !is_due {
            return Ok(false);
        }
        let oldest = self.retention.oldest(self.clock.now());
        let placed = self.store.write_in_turn(|tx| {
            let head = events::lock(tx)?;
            let placed = events::place(tx, PLACES)?;
            self.link(tx, &head, oldest)?;
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
}

impl Engine {
    /// As [`Engine::record`], for what anybody can cause who proves nothing: where there were many of its kind about
    /// this account, or about nobody, it is skipped.
    pub(crate) fn record_one_of_many(&self, tx: &mut Tx, now: i64, event: Event) -> Result<()> {
        let is_noteworthy = self.throttle.is_noteworthy(tx, &event, now)?;
        self.retention.forget(tx, now, Share::AFew)?;
        let actor = actor();
        let event = Event { actor: actor.as_ref().map(Actor::as_str), ..event };
        events::append_if(tx, is_noteworthy, now, &event)
    }
}

/// As [`Engine::record`], for what is not an engine.
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
