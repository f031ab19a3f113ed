//! The audit log: its kinds of events, and how it is written.

use std::str::FromStr;
use std::sync::Arc;

use super::acting::actor;
use super::chain::{Chain, ChainHead, PLACES, Verdict};
use super::settings::Retention;
use super::shared::Shared;
use super::throttle::Throttle;
use crate::clock::Clock;
use crate::error::Result;
use crate::store::events::{self, Event};
use crate::store::{Share, Store, Tx};
use crate::types::id::Id;
use crate::types::parse_error::ParseError;
use crate::types::text::text_type;
use crate::types::user::Actor;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal;)*) => {
        /// The kind of an event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind,)*];

            /// The name in the log.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)* }
            }
        }

        impl FromStr for Kind {
            type Err = ParseError;

            fn from_str(name: &str) -> Result<Kind, ParseError> {
                match name { $($name => Ok(Kind::$kind),)* _ => Err(ParseError::new("expected a kind of event")) }
            }
        }

        text_type!(shape "EventKind", Kind, "enum": [$($name),*], "description": "A kind of event of the audit log.");
    };
}

kinds! {
    /// An account was created.
    Registered = "registered";
    /// A person was invited to an account.
    Invited = "invited";
    /// A session was opened; `detail` is the backend.
    LoggedIn = "logged_in";
    /// A session was opened in which another person, the actor, acts as the user; `detail` is the reason.
    Impersonated = "impersonated";
    /// A login was refused; `detail` says why.
    LoginFailed = "login_failed";
    /// A password was right and the login requires more, as `detail` says.
    StepUpRequired = "step_up_required";
    /// A password was changed by its user; every session ended.
    PasswordChanged = "password_changed";
    /// A change of a password was refused; `detail` says why.
    PasswordChangeFailed = "password_change_failed";
    /// A password was set by an administrator, `temporary` where `detail` says so; every session ended.
    PasswordSet = "password_set";
    /// A right password was offered that leaked (`password.breached_login`); the login may require more.
    PasswordBreached = "password_breached";
    /// A passkey got another name.
    PasskeyRenamed = "passkey_renamed";
    /// The counter of a passkey that may be on several devices went back, so that one of the devices may be a
    /// copy.
    PasskeyCounterRegressed = "passkey_counter_regressed";
    /// Failures locked an `account`, its `second_factor` or a `source`, as `detail` says; refusals during the
    /// lock are not logged.
    Throttled = "throttled";
    /// A user proved their identity again; `detail` names the proof.
    Reauthenticated = "reauthenticated";
    /// A proof offered in a session was refused; `detail` says why.
    ReauthenticationFailed = "reauthentication_failed";
    /// A second factor came into force, `detail` is its kind; every session ended.
    SecondFactorAdded = "second_factor_added";
    /// A second factor was removed, `detail` is its kind; every session ended. `unverified_email`: all of
    /// them were removed, because the account had never verified an address and was claimed by the reader of
    /// its mail.
    SecondFactorRemoved = "second_factor_removed";
    /// A privileged caller removed second factors; `detail` names them and gives the reason. Every session ended.
    SecondFactorsRemoved = "second_factors_removed";
    /// A second factor was refused; `detail` says why.
    SecondFactorFailed = "second_factor_failed";
    /// New recovery codes replaced the earlier ones; every session ended. `detail` is the reason of a privileged
    /// caller.
    RecoveryCodesGenerated = "recovery_codes_generated";
    /// A recovery code was used.
    RecoveryCodeUsed = "recovery_code_used";
    /// A user trusted a device at the second factor; `detail` is its id.
    DeviceTrusted = "device_trusted";
    /// A trusted device took the place of a second factor; `detail` is its id.
    TrustedDeviceUsed = "trusted_device_used";
    /// The trust in a device was revoked; `detail` is its id.
    TrustedDeviceRevoked = "trusted_device_revoked";
    /// A session was ended by its own token.
    LoggedOut = "logged_out";
    /// A session got another label or other claims; `detail` says which of them.
    SessionUpdated = "session_updated";
    /// A session was ended; `max_sessions_per_user` as `detail`: by a newer session.
    SessionRevoked = "session_revoked";
    /// The sessions of an account were ended, `detail` of them; if no account is named, those of every
    /// account.
    SessionsRevoked = "sessions_revoked";
    /// The refresh token before the newest was offered again, outside the grace window: either a reply was
    /// lost or the token was copied. `detail` is the number of repeats in thirty days; a session tolerates
    /// three.
    RefreshRepeated = "refresh_repeated";
    /// A spent refresh token was offered, which ended its session; `repeated` if it was the token before the
    /// newest, once too often.
    RefreshTokenReused = "refresh_token_reused";
    /// An account was changed; `detail` names the fields.
    UserUpdated = "user_updated";
    /// A privileged caller locked an account; `detail` is the reason. Every session ended.
    AccountLocked = "account_locked";
    /// An account was deleted.
    UserDeleted = "user_deleted";
    /// Accounts of another system were imported; `detail` is their number.
    UsersImported = "users_imported";
    /// Accounts were read with secrets, `hashes` or `factors` as `detail` says.
    UsersExported = "users_exported";
    /// A mail was requested, `detail` is its kind; the user is given only if there is one to send it to.
    MailRequested = "mail_requested";
    /// A mail was sent; `detail` is its kind.
    MailSent = "mail_sent";
    /// A mail was given up; `detail` is its kind and the last reason.
    MailFailed = "mail_failed";
    /// A user proved that the address is theirs.
    EmailVerified = "email_verified";
    /// A user proved that another address is theirs; it replaced the earlier one.
    EmailChanged = "email_changed";
    /// A mailed link set a new password; every session ended.
    PasswordReset = "password_reset";
    /// A user of a provider was linked to an account; `detail` is the provider.
    IdentityLinked = "identity_linked";
    /// A user of a provider opens an account no more; `detail` is the provider. Every session ended.
    IdentityUnlinked = "identity_unlinked";
    /// An account that had never verified an address was claimed by the reader of its mail, by an ID token, a
    /// mailed link or an administrator: password, sessions, second factors, passkeys and identities were
    /// removed.
    AccountReclaimed = "account_reclaimed";
    /// A token without a session was issued; `detail` is the backend, the `jti`, and the token's expiry. The
    /// user is the account that is its `sub`, if there is one.
    TokenIssued = "token_issued";
    /// A token without a session was revoked on its own; `detail` is the backend and the `jti`. The user is
    /// the account that is its `sub`, if the token itself was given; for a `jti` alone it is known from
    /// `token_issued` only.
    TokenRevoked = "token_revoked";
    /// A service account was created.
    ServiceAccountCreated = "service_account_created";
    /// An API key was created; `detail` is its id.
    ApiKeyCreated = "api_key_created";
    /// An API key was changed; `detail` is its id.
    ApiKeyUpdated = "api_key_updated";
    /// An API key was revoked; `detail` is its id.
    ApiKeyRevoked = "api_key_revoked";
    /// An organization was created, with the account as its owner; `detail` is its id.
    OrganizationCreated = "organization_created";
    /// An organization was changed; `detail` is its id.
    OrganizationUpdated = "organization_updated";
    /// An organization was deleted; `detail` is its id.
    OrganizationDeleted = "organization_deleted";
    /// An account became a member of an organization; `detail` is the organization's id.
    MemberAdded = "member_added";
    /// A member has other roles in an organization; `detail` is the organization's id.
    MemberUpdated = "member_updated";
    /// An account is no member of an organization any more; `detail` is the organization's id.
    MemberRemoved = "member_removed";
    /// A person was invited to an organization; `detail` is its id. The account has the address, or waits for its
    /// reader.
    MemberInvited = "member_invited";
    /// An invitation to an organization was revoked; `detail` is the organization's id.
    InvitationRevoked = "invitation_revoked";
    /// A signing key was made; `detail` names the backend and the key.
    KeysRotated = "keys_rotated";
    /// A backup replaced the store: what happened after the backup is not in this log.
    StoreRestored = "store_restored";
    /// Keys were retired at once; `detail` gives their number and what ended with them.
    KeysRetired = "keys_retired";
    /// Settings of the store were changed; `detail` lists them as pointers into the configuration.
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
    pub(crate) fn new(shared: &Shared, throttle: &Arc<Throttle>) -> Audit {
        Audit {
            chain: Chain { is_kept: shared.settings.chain, secrets: Arc::clone(&shared.secrets) },
            clock: Arc::clone(&shared.clock),
            retention: Arc::clone(&shared.retention),
            store: Arc::clone(&shared.store),
            throttle: Arc::clone(throttle),
        }
    }

    /// Returns the time before which events are past their retention.
    pub(crate) fn oldest(&self) -> i64 {
        self.retention.oldest(self.clock.now())
    }

    /// Links the events that are not linked yet, then verifies the chain.
    pub(crate) fn verify(&self, wanted: Option<&ChainHead>) -> Result<Verdict> {
        let mut before = None;
        let is_stuck = loop {
            let placing = self.place()?;
            let (is_due, head) = self.store.read(|tx| Ok((self.chain.is_due(tx)?, events::head(tx)?)))?;
            match placing {
                // The links of other processes are verified.
                Placing::MayOnlyRead => break false,
                Placing::Done if !is_due => break false,
                Placing::Done if before.as_ref() == Some(&head) => break true,
                Placing::Done | Placing::Behind => before = Some(head),
            }
        };
        // Another process may have changed the retention.
        self.store.read(|tx| self.retention.follow_store(tx, &self.chain.secrets))?;
        let mut verdict = self.chain.verify(&self.store, self.oldest(), wanted)?;
        if is_stuck && verdict.problems.is_empty() {
            verdict.problem("head", None, None);
        }
        Ok(verdict)
    }

    /// Numbers events that were committed without a place in the log, and links numbered events to the chain
    /// if one is kept. Returns whether more may wait for a place. A role that may only read the store changes
    /// nothing.
    pub(crate) fn give_places(&self) -> Result<bool> {
        Ok(matches!(self.place()?, Placing::Behind))
    }

    fn place(&self) -> Result<Placing> {
        let is_due = self.store.read(|tx| Ok(events::any_without_place(tx)? || self.chain.is_due(tx)?))?;
        if !is_due {
            return Ok(Placing::Done);
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
            Ok(PLACES) => Ok(Placing::Behind),
            Ok(_) => Ok(Placing::Done),
            Err(error) if self.store.may_only_read(&error) => Ok(Placing::MayOnlyRead),
            Err(error) => Err(error),
        }
    }

    /// Writes an event in the transaction of the act, so that both are kept or neither, and forgets a few
    /// expired events.
    pub(crate) fn record(&self, tx: &mut Tx, now: i64, event: Event) -> Result<()> {
        record(tx, &self.retention, now, event)
    }
    /// Writes an event that needs no proof to cause: like [`Audit::record`], but skipped after many of its kind about
    /// this account, or about none.
    pub(crate) fn record_one_of_many(&self, tx: &mut Tx, now: i64, event: Event) -> Result<()> {
        let is_noteworthy = self.throttle.is_noteworthy(tx, &event, now)?;
        self.retention.forget(tx, now, Share::AFew)?;
        let actor = actor();
        let actor = event.actor.or(actor.as_ref().map(Actor::as_str));
        let event = Event { actor, ..event };
        events::append_if(tx, is_noteworthy, now, &event)
    }
}

/// The events without a place after an attempt to give places.
enum Placing {
    /// More may wait.
    Behind,
    Done,
    /// This role may only read the store.
    MayOnlyRead,
}

/// Does what [`Audit::record`] does, for callers without an engine.
pub(crate) fn record(tx: &mut Tx, retention: &Retention, now: i64, event: Event) -> Result<()> {
    retention.forget(tx, now, Share::AFew)?;
    append(tx, now, event)
}

/// Writes an event together with its actor: the one that the engine knows, or else that of this call.
pub(crate) fn append(tx: &mut Tx, now: i64, event: Event) -> Result<()> {
    let actor = actor();
    let actor = event.actor.or(actor.as_ref().map(Actor::as_str));
    events::append(tx, now, &Event { actor, ..event }).map(drop)
}

/// Returns an event of this kind about this account.
pub(crate) fn event<'a>(kind: Kind, user_id: impl Into<Option<Id>>) -> Event<'a> {
    Event { kind: kind.name(), user_id: user_id.into(), ..Event::default() }
}
