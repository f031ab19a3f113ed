//! The outbox. A mail is written in the transaction of its occasion, so that both are kept or neither. It
//! leaves the outbox when it was sent, when its token expired, or after three days.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::audit::{Kind as EventKind, event, record};
use super::one_time::{self, Making, OneTime};
use super::retired_keys;
use super::settings::Retention;
use super::shared::Shared;
use super::throttle::Throttle;
use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::secrets::Secrets;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::mail::templates::{Rendered, Shown, Templates};
use crate::mail::{Kind, Mailbox};
use crate::outbound::{self, smtp::Postman};
use crate::store::events::Event;
use crate::store::mails::{self, New, Waiting};
use crate::store::users::{self, By, User};
use crate::store::{Durability, Share, Store, Tx, damaged, organizations};
use crate::types::id::Id;
use crate::types::mail_code::MailCode;
use crate::types::secret::Secret;
use crate::types::user::{Email, Locale, PublicUser};

/// Returns the lifetime of the token in a mail.
fn lifetime(kind: Kind) -> i64 {
    match kind {
        Kind::ResetPassword => 3600,
        Kind::VerifyEmail | Kind::ChangeEmail => 86_400,
        Kind::Login => LOGIN_SECONDS,
        Kind::Invitation | Kind::MemberInvitation => INVITATION_SECONDS,
        _ => KEPT,
    }
}

/// The lifetime of a mailed login (NIST SP 800-63B-4 section 3.1.3.2 allows ten minutes).
pub(crate) const LOGIN_SECONDS: i64 = 600;

/// The lifetime of an invitation.
pub(crate) const INVITATION_SECONDS: i64 = 7 * 86_400;

/// How long a mail is kept before it is given up.
const KEPT: i64 = 3 * 86_400;

/// How many mailed tokens of one purpose stay valid at once.
const TOKENS_AT_ONCE: u32 = 3;

/// How many passwords may be compared with those that were used, by one token of a reset.
const RESET_ATTEMPTS: u32 = 10;

/// The waiting mails, and everything needed to write them.
pub(crate) struct Outbox {
    one_time: Arc<OneTime>,
    store: Arc<Store>,
    secrets: Arc<Secrets>,
    clock: Arc<Clock>,
    retention: Arc<Retention>,
    config: Arc<Config>,
    pub from: Option<Mailbox>,
    templates: Templates,
    pub(crate) postman: Option<Postman>,
    /// Why the server refused everything from this engine, until it accepted a mail again.
    unwelcome: Mutex<Option<String>>,
    /// How many mails this engine has put.
    written: AtomicU64,
    /// The id of the newest of them.
    newest: Mutex<Option<Id>>,
}

/// A mail to be written.
struct Letter<'a> {
    kind: Kind,
    user: &'a PublicUser,
    to: &'a Email,
    token: Option<&'a Secret>,
    code: Option<&'a MailCode>,
    organization: Option<&'a str>,
    locale: Option<&'a Locale>,
}

/// What stands behind the token of a mail.
#[derive(Clone, Copy)]
pub(crate) struct Behind<'a> {
    /// The data that is sealed with the token.
    pub data: &'a [u8],
    /// How many tokens of its purpose stay valid at once.
    pub most: u32,
    /// How many guesses at the code the token survives.
    pub attempts: u32,
    /// The code that the mail shows.
    pub code: Option<&'a MailCode>,
    /// The name of the organization that the mail is about.
    pub organization: Option<&'a str>,
}

/// The sealed content of a mail.
#[derive(Serialize, Deserialize)]
struct Content<'a> {
    #[serde(borrow)]
    to: Cow<'a, str>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    token: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    code: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    organization: Option<Cow<'a, str>>,
    /// The user's name, if the account is gone when the mail is sent.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    username: Option<Cow<'a, str>>,
    /// The user's language, in the same case.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    locale: Option<Cow<'a, str>>,
}

/// A mail that was leased for sending.
pub(crate) struct Taken {
    pub waiting: Waiting,
    pub kind: Kind,
    pub to: Email,
    pub token: Option<Zeroizing<String>>,
    pub code: Option<Zeroizing<String>>,
    pub rendered: Rendered,
}

impl Taken {
    pub(crate) fn letter<'a>(&'a self, message_id: Option<&'a str>) -> outbound::Letter<'a> {
        let Rendered { subject, text, html, .. } = &self.rendered;
        outbound::Letter {
            message_id,
            to: &self.to,
            subject,
            text,
            html,
            created_at: self.waiting.created_at,
        }
    }
}

/// Deletes the unsent mails of a user after all tokens died: not those of invitations to organizations.
pub(crate) fn forget_tokens(tx: &mut Tx, user_id: Id) -> Result<()> {
    let kinds = Kind::ALL.iter().filter(|kind| kind.has_token() && **kind != Kind::MemberInvitation);
    kinds.into_iter().try_for_each(|kind| mails::delete_kind(tx, user_id, kind.name()))
}

/// Deletes every unsent mail that has a token. Returns their number.
pub(crate) fn forget_every_token(tx: &mut Tx) -> Result<usize> {
    let kinds = Kind::ALL.iter().filter(|kind| kind.has_token());
    kinds.map(|kind| mails::delete_every(tx, kind.name())).sum()
}

/// The outcome of sending a mail.
pub(crate) enum Fate<'a> {
    Sent,
    /// To be tried again, for this reason.
    Deferred(&'a str),
    /// Given up, for this reason.
    Refused(&'a str),
}

impl Outbox {
    pub(crate) fn new(shared: &Shared, one_time: &Arc<OneTime>) -> Result<Outbox> {
        let mail = &shared.config.mail;
        let sender = mail.smtp.as_ref().zip(mail.from.as_ref());
        let postman = sender.map(|(smtp, from)| Postman::new(smtp, from)).transpose()?;
        Ok(Outbox {
            postman,
            one_time: Arc::clone(one_time),
            store: Arc::clone(&shared.store),
            secrets: Arc::clone(&shared.secrets),
            clock: Arc::clone(&shared.clock),
            retention: Arc::clone(&shared.retention),
            config: Arc::clone(&shared.config),
            from: mail.from.clone(),
            templates: Templates::new(mail, shared.settings.issuer.as_str())?,
            unwelcome: Mutex::default(),
            written: AtomicU64::default(),
            newest: Mutex::default(),
        })
    }

    /// Records why the server refused everything from this engine, or that it accepted a mail.
    pub(crate) fn is_unwelcome(&self, reason: Option<&str>) {
        *self.unwelcome.lock().unwrap_or_else(PoisonError::into_inner) = reason.map(str::to_owned);
    }

    /// Returns why the server refuses everything from this engine, if it does.
    pub(crate) fn unwelcome(&self) -> Option<String> {
        self.unwelcome.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells a user of a change to the account, in the transaction of the change. An address that is yet to be
    /// verified may be another person's, so that nothing is sent to it.
    pub(crate) fn tell(&self, tx: &mut Tx, kind: Kind, user: &PublicUser, now: i64) -> Result<()> {
        match self.told_at(user) {
            Some(email) => self.put_notice(tx, kind, user, email, None, now),
            None => Ok(()),
        }
    }

    /// Does what [`Outbox::tell`] does, about an organization, unless too many such notices went to the user.
    pub(crate) fn tell_member(
        &self,
        tx: &mut Tx,
        throttle: &Throttle,
        kind: Kind,
        user: &PublicUser,
        organization: Id,
        now: i64,
    ) -> Result<()> {
        let Some(to) = self.told_at(user).filter(|_| self.is_on(kind)) else { return Ok(()) };
        if !throttle.may_tell_member(tx, organization, user.id, now)? {
            return Ok(());
        }
        let organization = organizations::find(tx, organization)?;
        let organization = organization.as_ref().map(|organization| organization.name.as_str());
        let letter = Letter { kind, user, to, token: None, code: None, organization, locale: None };
        self.put(tx, now, &letter).map(drop)
    }

    /// Returns the address to which notices go.
    fn told_at<'u>(&self, user: &'u PublicUser) -> Option<&'u Email> {
        user.email.as_ref().filter(|_| user.email_verified || !self.config.verifies_addresses())
    }

    fn is_on(&self, kind: Kind) -> bool {
        self.config.mail.notices.get(&kind) != Some(&false)
    }

    /// Does what [`Outbox::tell`] does, for the account with this id.
    pub(crate) fn tell_owner(&self, tx: &mut Tx, kind: Kind, user_id: Id, now: i64) -> Result<()> {
        match users::find(tx, By::Id(user_id))? {
            Some(user) => self.tell(tx, kind, &user.public, now),
            None => Ok(()),
        }
    }

    /// Writes a notice to this address of a user, unless its kind is switched off.
    pub(crate) fn put_notice(
        &self,
        tx: &mut Tx,
        kind: Kind,
        user: &PublicUser,
        to: &Email,
        locale: Option<&Locale>,
        now: i64,
    ) -> Result<()> {
        match self.is_on(kind) {
            true => self.put_message(tx, kind, user, to, locale, now).map(drop),
            false => Ok(()),
        }
    }

    /// Writes a mail without a token in the transaction of its occasion. Returns its id.
    pub(crate) fn put_message(
        &self,
        tx: &mut Tx,
        kind: Kind,
        user: &PublicUser,
        to: &Email,
        locale: Option<&Locale>,
        now: i64,
    ) -> Result<Id> {
        let letter = Letter { kind, user, to, token: None, code: None, organization: None, locale };
        self.put(tx, now, &letter)
    }

    /// Writes a mail with a token about the address `to`. Without a user, the same is written about a
    /// stand-in and taken back, so that the statements are the same.
    pub(crate) fn put_token(
        &self,
        tx: &mut Tx,
        kind: Kind,
        user: Option<&User>,
        to: &Email,
        locale: Option<&Locale>,
        now: i64,
    ) -> Result<()> {
        let data = to.as_str().as_bytes();
        // Each attempt compares a password with those that were used.
        let attempts = if kind == Kind::ResetPassword { RESET_ATTEMPTS } else { 0 };
        let behind = Behind { data, most: TOKENS_AT_ONCE, attempts, code: None, organization: None };
        self.put_token_for(tx, kind, user, to, locale, &behind, now).map(drop)
    }

    /// Does what [`Outbox::put_token`] does, with this behind the token. Returns the id of the token's row,
    /// which is gone without a user.
    #[expect(clippy::too_many_arguments, reason = "the parts of a mail")]
    pub(crate) fn put_token_for(
        &self,
        tx: &mut Tx,
        kind: Kind,
        user: Option<&User>,
        to: &Email,
        locale: Option<&Locale>,
        behind: &Behind,
        now: i64,
    ) -> Result<[u8; 32]> {
        let stand_in = users::any(tx)?;
        let Some(addressee) = user.or(stand_in.as_ref()) else { return self.one_time.row_id(None) };
        let making = Making {
            purpose: purpose(kind)?,
            lifetime_seconds: lifetime(kind),
            // The stand-in's other tokens are not replaced.
            most: if user.is_some() { behind.most } else { u32::MAX },
            attempts: behind.attempts,
            data: behind.data,
        };
        let token = self.one_time.make(tx, addressee, now, &making)?;
        let (token, Behind { code, organization, .. }) = (Some(&token), *behind);
        let letter = Letter { kind, user: &addressee.public, to, token, code, organization, locale };
        let id = self.put(tx, now, &letter)?;
        let is_taken_back = user.is_none();
        self.one_time.take_back(tx, token.filter(|_| is_taken_back))?;
        mails::delete(tx, if is_taken_back { id } else { Id::new(now * 1000)? })?;
        self.one_time.row_id(token)
    }

    fn put(&self, tx: &mut Tx, now: i64, letter: &Letter) -> Result<Id> {
        retired_keys::follow(tx, &self.secrets)?;
        let id = self.next_id(now)?;
        let token = letter.token.map(|token| Cow::Borrowed(token.expose()));
        let code = letter.code.map(|code| Cow::Owned(code.shown()));
        // The row of the user that says it may be gone by then.
        let outlives = Kind::OUTLIVING.contains(&letter.kind);
        let username = outlives.then(|| Cow::Borrowed(letter.user.username.as_str()));
        let locale = letter.user.locale.as_ref().filter(|_| outlives);
        let locale = locale.map(|locale| Cow::Borrowed(locale.as_str()));
        let organization = letter.organization.map(Cow::Borrowed);
        let to = Cow::Borrowed(letter.to.as_str());
        let content = Content { to, token, code, organization, username, locale };
        let content = Zeroizing::new(json::render(&content)?);
        let new = New {
            id,
            user_id: letter.user.id,
            kind: letter.kind.name(),
            sealed: &self.secrets.seal(&owner(id), content.as_bytes())?,
            locale: letter.locale.map(Locale::as_str),
            created_at: now,
            expires_at: now + lifetime(letter.kind),
        };
        mails::insert(tx, &new)?;
        self.written.fetch_add(1, Ordering::Relaxed);
        Ok(id)
    }

    /// Returns an id above that of every earlier mail of this second, because mails are sent in the order of their ids.
    fn next_id(&self, now: i64) -> Result<Id> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let id = match *newest {
            Some(newest) if newest.unix_ms() == now * 1000 => newest.next(),
            _ => Id::new(now * 1000)?,
        };
        *newest = Some(id);
        Ok(id)
    }

    /// Returns how many mails this engine has put.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Runs a transaction that may write mails.
    pub(crate) fn write<T>(&self, f: impl FnMut(&mut Tx) -> Result<T>) -> Result<T> {
        self.store.write(Durability::Full, f)
    }

    /// Leases due mails to the caller until the lease ends.
    pub(crate) fn take(&self, limit: usize, lease_seconds: i64) -> Result<Vec<Taken>> {
        let now = self.clock.now();
        // After a power cut a mail may be sent twice; its acknowledgement records durably that it was sent.
        self.store.write(Durability::Relaxed, |tx| {
            let mut taken = Vec::new();
            for mut waiting in mails::due(tx, now, limit)? {
                mails::lease(tx, waiting.id, now + lease_seconds)?;
                waiting.attempts += 1;
                // A mail of a kind from a newer version is left to that version.
                let Ok(kind) = waiting.kind.parse() else { continue };
                match self.open(kind, waiting)? {
                    Ok(mail) => taken.push(mail),
                    // The mail was sealed with a key that is gone.
                    Err(waiting) => self.give_up(tx, &waiting, "unreadable", now)?,
                }
            }
            Ok(taken)
        })
    }

    /// Records the outcome of a mail. Returns whether it was still there.
    pub(crate) fn settle(&self, id: Id, fate: &Fate) -> Result<bool> {
        let now = self.clock.now();
        self.store.write(Durability::Full, |tx| {
            let Some(waiting) = mails::find(tx, id)? else { return Ok(false) };
            match fate {
                Fate::Sent => {
                    mails::delete(tx, id)?;
                    let event = event(EventKind::MailSent, waiting.user_id);
                    record(tx, &self.retention, now, Event { detail: Some(&waiting.kind), ..event })?;
                }
                Fate::Refused(reason) => self.give_up(tx, &waiting, reason, now)?,
                Fate::Deferred(reason) => {
                    mails::defer(tx, id, now + backoff(waiting.attempts), Some(reason))?;
                }
            }
            Ok(true)
        })
    }

    /// Returns the Message-ID (RFC 5322 section 3.6.4).
    pub(crate) fn message_id(&self, id: Id) -> Option<String> {
        let (_, domain) = self.from.as_ref()?.address.route()?;
        Some(format!("<{id}@{domain}>"))
    }

    /// Opens a mail's content and composes the mail.
    fn open(&self, kind: Kind, waiting: Waiting) -> Result<Result<Taken, Waiting>> {
        let Some(content) = self.secrets.open(&owner(waiting.id), &waiting.sealed) else {
            return Ok(Err(waiting));
        };
        let Content { to, token, code, organization, username, locale } =
            serde_json::from_slice(&content).map_err(|_| damaged())?;
        let username = username.as_deref().or(waiting.username.as_deref()).unwrap_or_default();
        let locale = locale.as_deref().or(waiting.locale.as_deref());
        let shown = Shown {
            username,
            token: token.as_deref(),
            code: code.as_deref(),
            organization: organization.as_deref(),
        };
        let rendered = self.templates.render(kind, locale, &shown)?;
        let to = Email::stored(to.into_owned());
        let token = token.map(|token| Zeroizing::new(token.into_owned()));
        let code = code.map(|code| Zeroizing::new(code.into_owned()));
        Ok(Ok(Taken { waiting, kind, to, token, code, rendered }))
    }

    /// Gives up expired mails, in a transaction of its own, so that writers of mails do not obstruct each
    /// other.
    pub(crate) fn tidy(&self, share: Share) -> Result<()> {
        let now = self.clock.now();
        self.store.write(Durability::Relaxed, |tx| self.forget_expired(tx, now, share)).map(drop)
    }

    /// Gives up expired mails. Returns their number.
    pub(crate) fn forget_expired(&self, tx: &mut Tx, now: i64, share: Share) -> Result<usize> {
        let expired = mails::expired(tx, now, share)?;
        for waiting in &expired {
            self.give_up(tx, waiting, waiting.last_error.as_deref().unwrap_or("expired"), now)?;
        }
        Ok(expired.len())
    }

    fn give_up(&self, tx: &mut Tx, waiting: &Waiting, reason: &str, now: i64) -> Result<()> {
        mails::delete(tx, waiting.id)?;
        let detail = format!("{} {reason}", waiting.kind);
        let event = event(EventKind::MailFailed, waiting.user_id);
        record(tx, &self.retention, now, Event { detail: Some(&detail), ..event })
    }
}

/// The context to which the content is sealed: the content of one mail does not open in another.
pub(crate) fn owner(id: Id) -> String {
    format!("mail {id}")
}

/// Returns how long a mail waits after this many attempts: a minute, then twice as long each time, up to six
/// hours.
fn backoff(attempts: i64) -> i64 {
    (60 << attempts.saturating_sub(1).clamp(0, 9)).min(6 * 3600)
}

fn purpose(kind: Kind) -> Result<one_time::Purpose> {
    match kind {
        Kind::VerifyEmail => Ok(one_time::Purpose::VerifyEmail),
        Kind::ResetPassword => Ok(one_time::Purpose::ResetPassword),
        Kind::ChangeEmail => Ok(one_time::Purpose::ChangeEmail),
        Kind::Login => Ok(one_time::Purpose::Login),
        Kind::Invitation => Ok(one_time::Purpose::Invitation),
        Kind::MemberInvitation => Ok(one_time::Purpose::Membership),
        _ => Err(Error::new(Code::Internal, "a mail without a token")),
    }
}
