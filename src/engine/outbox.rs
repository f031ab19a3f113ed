//! The outbox. A mail is put into it in the transaction of what it tells, so that neither is without the other, and
//! leaves it when it was sent, when its token expired, or after three days.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::audit::{Kind as EventKind, event, record};
use super::one_time::{self, Making, OneTime};
use super::settings::Retention;
use crate::clock::Clock;
use crate::config::{Config, Issuer};
use crate::crypto::secrets::Secrets;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::mail::{Kind, Mailbox, Rendered, Templates};
use crate::outbound::{self, smtp::Postman};
use crate::password::Secret;
use crate::store::events::Event;
use crate::store::mails::{self, New, Waiting};
use crate::store::users::{self, User};
use crate::store::{Durability, Share, Store, Tx, damaged};
use crate::user::{Email, Id, Locale};

/// How long the token of a mail lives.
fn lifetime(kind: Kind) -> i64 {
    match kind {
        Kind::ResetPassword => 3600,
        Kind::VerifyEmail | Kind::ChangeEmail => 86_400,
        _ => KEPT,
    }
}

/// A mail is given up after three days.
const KEPT: i64 = 3 * 86_400;

/// A token mailed before stays good, but for so many.
const TOKENS_AT_ONCE: u32 = 3;

/// The mails that wait, and what is needed to write them.
pub(crate) struct Outbox {
    one_time: Arc<OneTime>,
    store: Arc<Store>,
    secrets: Arc<Secrets>,
    clock: Arc<Clock>,
    retention: Arc<Retention>,
    pub from: Option<Mailbox>,
    templates: Templates,
    pub(crate) postman: Option<Postman>,
    /// Why the server refused what came from here, until it took a mail again.
    unwelcome: Mutex<Option<String>>,
}

/// A mail that is about to wait.
struct Letter<'a> {
    kind: Kind,
    user_id: Id,
    to: &'a Email,
    token: Option<&'a Secret>,
    locale: Option<&'a Locale>,
}

/// What is sealed of a mail.
#[derive(Serialize, Deserialize)]
struct Content<'a> {
    #[serde(borrow)]
    to: Cow<'a, str>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    token: Option<Cow<'a, str>>,
}

/// A mail that was taken, to be sent.
pub(crate) struct Taken {
    pub waiting: Waiting,
    pub kind: Kind,
    pub to: Email,
    pub token: Option<Zeroizing<String>>,
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

/// Takes the mails to a user back whose tokens are all dead.
pub(crate) fn forget_tokens(tx: &mut Tx, user_id: Id) -> Result<()> {
    let kinds = Kind::ALL.iter().filter(|kind| kind.has_token());
    kinds.into_iter().try_for_each(|kind| mails::delete_kind(tx, user_id, kind.name()))
}

/// Takes every mail back that has a token; how many.
pub(crate) fn forget_every_token(tx: &mut Tx) -> Result<usize> {
    let kinds = Kind::ALL.iter().filter(|kind| kind.has_token());
    kinds.map(|kind| mails::delete_every(tx, kind.name())).sum()
}

/// What became of a mail.
pub(crate) enum Fate<'a> {
    Sent,
    /// Not now, for this reason.
    Deferred(&'a str),
    /// Never, for this reason.
    Refused(&'a str),
}

impl Outbox {
    pub(crate) fn new(
        config: &Config,
        issuer: &Issuer,
        retention: Arc<Retention>,
        one_time: Arc<OneTime>,
        store: Arc<Store>,
        secrets: Arc<Secrets>,
        clock: Arc<Clock>,
    ) -> Result<Outbox> {
        let sender = config.mail.smtp.as_ref().zip(config.mail.from.as_ref());
        let postman = sender.map(|(smtp, from)| Postman::new(smtp, from)).transpose()?;
        Ok(Outbox {
            postman,
            one_time,
            store,
            secrets,
            clock,
            retention,
            from: config.mail.from.clone(),
            templates: Templates::new(&config.mail, issuer.as_str())?,
            unwelcome: Mutex::default(),
        })
    }

    /// The server refused what came from here, or took a mail.
    pub(crate) fn is_unwelcome(&self, reason: Option<&str>) {
        *self.unwelcome.lock().unwrap_or_else(PoisonError::into_inner) = reason.map(str::to_owned);
    }

    /// Why the server refuses what comes from here, if it does.
    pub(crate) fn unwelcome(&self) -> Option<String> {
        self.unwelcome.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes a mail to a user, in the transaction of what it tells; its id.
    pub(crate) fn put_notice(
        &self,
        tx: &mut Tx,
        kind: Kind,
        user: &User,
        to: &Email,
        locale: Option<&Locale>,
        now: i64,
    ) -> Result<Id> {
        let letter = Letter { kind, user_id: user.public.id, to, token: None, locale };
        self.put(tx, now, &letter)
    }

    /// Writes a mail with a token about the address `to`. For nobody the same is written, about somebody, and
    /// taken back: the statements are the same.
    pub(crate) fn put_token(
        &self,
        tx: &mut Tx,
        kind: Kind,
        user: Option<&User>,
        to: &Email,
        locale: Option<&Locale>,
        now: i64,
    ) -> Result<()> {
        let stand_in = users::any(tx)?;
        let Some(somebody) = user.or(stand_in.as_ref()) else { return Ok(()) };
        let making = Making {
            purpose: purpose(kind)?,
            lifetime_seconds: lifetime(kind),
            // Of somebody else nothing is replaced.
            most: if user.is_some() { TOKENS_AT_ONCE } else { u32::MAX },
            attempts: 0,
            data: to.as_str().as_bytes(),
        };
        let token = self.one_time.make(tx, somebody, now, &making)?;
        let letter = Letter { kind, user_id: somebody.public.id, to, token: Some(&token), locale };
        let id = self.put(tx, now, &letter)?;
        let is_taken_back = user.is_none();
        self.one_time.take_back(tx, is_taken_back.then_some(&token))?;
        mails::delete(tx, if is_taken_back { id } else { Id::new(now * 1000)? })
    }

    fn put(&self, tx: &mut Tx, now: i64, letter: &Letter) -> Result<Id> {
        let id = Id::new(now * 1000)?;
        let token = letter.token.map(|token| Cow::Borrowed(token.expose()));
        let content = Content { to: Cow::Borrowed(letter.to.as_str()), token };
        let content = Zeroizing::new(json::render(&content)?);
        let new = New {
            id,
            user_id: letter.user_id,
            kind: letter.kind.name(),
            sealed: &self.secrets.seal(&owner(id), content.as_bytes())?,
            locale: letter.locale.map(Locale::as_str),
            created_at: now,
            expires_at: now + lifetime(letter.kind),
        };
        mails::insert(tx, &new)?;
        Ok(id)
    }

    /// Writes what may put a mail here.
    pub(crate) fn write<T>(&self, f: impl FnMut(&mut Tx) -> Result<T>) -> Result<T> {
        self.store.write(Durability::Full, f)
    }

    /// Takes due mails: until the lease ends nobody else gets them.
    pub(crate) fn take(&self, limit: usize, lease_seconds: i64) -> Result<Vec<Taken>> {
        let now = self.clock.now();
        // After a power cut a mail may be sent twice; that it is sent is kept by its acknowledgement.
        self.store.write(Durability::Relaxed, |tx| {
            let mut taken = Vec::new();
            for mut waiting in mails::due(tx, now, limit)? {
                mails::lease(tx, waiting.id, now + lease_seconds)?;
                waiting.attempts += 1;
                // A kind of a newer version is left to it.
                let Ok(kind) = waiting.kind.parse() else { continue };
                match self.open(kind, waiting)? {
                    Ok(mail) => taken.push(mail),
                    // It was sealed with a key that is gone.
                    Err(waiting) => self.give_up(tx, &waiting, "unreadable", now)?,
                }
            }
            Ok(taken)
        })
    }

    /// Keeps what became of a mail; whether it was still there.
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

    /// RFC 5322 section 3.6.4.
    pub(crate) fn message_id(&self, id: Id) -> Option<String> {
        let (_, domain) = self.from.as_ref()?.address.route()?;
        Some(format!("<{id}@{domain}>"))
    }

    /// Opens and writes a mail.
    fn open(&self, kind: Kind, waiting: Waiting) -> Result<Result<Taken, Waiting>> {
        let Some(content) = self.secrets.open(&owner(waiting.id), &waiting.sealed) else {
            return Ok(Err(waiting));
        };
        let Content { to, token } = serde_json::from_slice(&content).map_err(|_| damaged())?;
        let rendered =
            self.templates.render(kind, waiting.locale.as_deref(), &waiting.username, token.as_deref())?;
        let to = Email::stored(to.into_owned());
        let token = token.map(|token| Zeroizing::new(token.into_owned()));
        Ok(Ok(Taken { waiting, kind, to, token, rendered }))
    }

    /// Gives up mails that are past their time, in a transaction of its own: those who put mails must not be in
    /// each other's way.
    pub(crate) fn tidy(&self, share: Share) -> Result<()> {
        let now = self.clock.now();
        self.store.write(Durability::Relaxed, |tx| self.forget_expired(tx, now, share)).map(drop)
    }

    /// Gives up mails that are past their time; how many.
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

/// To whom the content is sealed: no row's content opens in another.
pub(crate) fn owner(id: Id) -> String {
    format!("mail {id}")
}

/// How long a mail waits after so many attempts: a minute, then twice as long each time, up to six hours.
fn backoff(attempts: i64) -> i64 {
    (60 << attempts.saturating_sub(1).clamp(0, 9)).min(6 * 3600)
}

fn purpose(kind: Kind) -> Result<one_time::Purpose> {
    match kind {
        Kind::VerifyEmail => Ok(one_time::Purpose::VerifyEmail),
        Kind::ResetPassword => Ok(one_time::Purpose::ResetPassword),
        Kind::ChangeEmail => Ok(one_time::Purpose::ChangeEmail),
        _ => Err(Error::new(Code::Internal, "a mail without a token")),
    }
}
