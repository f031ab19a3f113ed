//! Accounts: their names and addresses, what they may have, and whose they are.

use std::net::IpAddr;
use std::sync::Arc;

use super::audit::{Audit, Kind as EventKind, event};
use super::background::Mailing;
use super::factors::Factors;
use super::one_time::{Found, OneTime, Purpose};
use super::sessions::Sessions;
use super::throttle::Throttle;
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::json::{self, Object};
use crate::mail::Kind;
use crate::store::events::Event;
use crate::store::users::{self, By, User};
use crate::store::{Tx, damaged, identities, mails};
use crate::token::Token;
use crate::user::{Email, Id, Locale, Role, Username};

/// Opens accounts, takes them away, and proves their addresses.
pub(crate) struct Accounts {
    pub audit: Arc<Audit>,
    pub config: Arc<Config>,
    pub factors: Arc<Factors>,
    pub mailing: Arc<Mailing>,
    pub one_time: Arc<OneTime>,
    pub sessions: Arc<Sessions>,
    pub throttle: Arc<Throttle>,
}

impl Accounts {
    /// Opens an account that was closed after too many failed attempts, by each of its names as they are now.
    pub(crate) fn unlock(&self, tx: &mut Tx, id: Id) -> Result<()> {
        let (username, email) = users::canonical(tx, id)?.ok_or_else(damaged)?;
        let names: Vec<&str> = [Some(username.as_str()), email.as_deref()].into_iter().flatten().collect();
        self.throttle.forget_attempts(tx, id, &names)
    }

    /// Mails the address of a new account, where registering does so.
    pub(crate) fn greet(
        &self,
        tx: &mut Tx,
        user: &User,
        locale: Option<&Locale>,
        source: Option<IpAddr>,
        now: i64,
    ) -> Result<()> {
        match self.config.mail.links.verify_email {
            Some(_) => self.mail_verification(tx, user, locale, source, now).map(drop),
            None => Ok(()),
        }
    }

    /// Takes away all that opens or holds an account that never verified an address: somebody has proven that the
    /// mailbox is theirs, and who set the account up never did.
    pub(crate) fn reclaim(&self, tx: &mut Tx, id: Id, now: i64) -> Result<()> {
        self.audit.record(tx, now, event(EventKind::AccountReclaimed, id))?;
        users::delete_password(tx, id)?;
        identities::delete_all(tx, id)?;
        self.factors.wipe(tx, id, now)?;
        self.unlock(tx, id)?;
        self.sessions.revoke_everything(tx, id, now).map(drop)
    }

    /// Mails the address of an account that has yet to verify it: a token, or, where another account has verified it,
    /// a notice to that one. Whether anything was mailed.
    pub(crate) fn mail_verification(
        &self,
        tx: &mut Tx,
        user: &User,
        locale: Option<&Locale>,
        source: Option<IpAddr>,
        now: i64,
    ) -> Result<bool> {
        let public = &user.public;
        let Some(email) = public.email.as_ref().filter(|_| public.is_active && !public.email_verified) else {
            return Ok(false);
        };
        let key = email.key();
        if !self.throttle.may_mail(tx, Kind::VerifyEmail, Some(public.id), &key, source, now)? {
            return Ok(false);
        }
        let owner = users::find(tx, By::Email(&key))?;
        let owner = owner.filter(|owner| owner.public.id != public.id && owner.public.email_verified);
        self.mailing.outbox.put_token(
            tx,
            Kind::VerifyEmail,
            owner.is_none().then_some(user),
            email,
            locale,
            now,
        )?;
        self.tell_owner(tx, owner.as_ref(), &key, locale, now)?;
        Ok(true)
    }

    /// Tells the owner of an address, if there is one, that somebody wanted it for another account. For nobody the
    /// same is written, about somebody, and taken back: the statements are the same.
    pub(crate) fn tell_owner(
        &self,
        tx: &mut Tx,
        owner: Option<&User>,
        address_key: &str,
        locale: Option<&Locale>,
        now: i64,
    ) -> Result<()> {
        let (kind, id) = (Kind::AccountExists, owner.map(|owner| owner.public.id));
        // Elsewhere an address that is taken is told at once.
        if !self.config.registration.conceal_existing {
            return Ok(());
        }
        if !self.throttle.may_mail(tx, kind, id, address_key, None, now)? {
            return Ok(());
        }
        let (stand_in, address) = (users::any(tx)?, Email::stored(address_key.to_owned()));
        let Some(somebody) = owner.or(stand_in.as_ref()) else { return Ok(()) };
        let own = owner.and_then(|owner| owner.public.email.as_ref());
        let mail =
            self.mailing.outbox.put_notice(tx, kind, somebody, own.unwrap_or(&address), locale, now)?;
        mails::delete(tx, if own.is_some() { Id::new(now * 1000)? } else { mail })
    }

    /// What a mailed token is about, if it is good: the user as they are now, and the address that it was
    /// mailed to. One that was mailed to an address that the account no longer has is not.
    pub(crate) fn mailed(
        &self,
        tx: &mut Tx,
        token: &Token,
        among: &[Purpose],
        now: i64,
    ) -> Result<(Found, User, Email)> {
        let found = self.one_time.peek(tx, token.expose(), among, now)?;
        let user = users::find(tx, By::Id(found.user_id))?.ok_or_else(damaged)?;
        let address = Email::stored(str::from_utf8(&found.data).map_err(|_| damaged())?.to_owned());
        let is_own = user.public.email.as_ref() == Some(&address);
        match is_own || found.purpose == Purpose::ChangeEmail {
            true => Ok((found, user, address)),
            false => Err(Error::new(Code::InvalidMailToken, "address_changed")),
        }
    }

    /// Takes their claim to an address from other accounts, where none of them has verified it. Failure: `email_taken`.
    pub(crate) fn take_claim(&self, tx: &mut Tx, id: Id, key: &str, now: i64) -> Result<()> {
        match users::find(tx, By::Email(key))?.filter(|owner| owner.public.id != id) {
            Some(owner) if owner.public.email_verified => Err(Error::new(Code::EmailTaken, "taken")),
            Some(owner) => {
                users::give_up_email(tx, owner.public.id)?;
                let lost = event(EventKind::UserUpdated, owner.public.id);
                self.audit.record(tx, now, Event { detail: Some("email_claim_lost"), ..lost })
            }
            None => Ok(()),
        }
    }

    /// The address is the user's: it is verified. No other account may have verified it; one that only claimed it
    /// loses that claim and nothing else.
    pub(crate) fn claim(&self, tx: &mut Tx, user: &mut User, now: i64) -> Result<()> {
        let Some(key) = user.public.email.as_ref().map(Email::key) else { return Ok(()) };
        self.take_claim(tx, user.public.id, &key, now)?;
        let (username_key, _) = users::canonical(tx, user.public.id)?.ok_or_else(damaged)?;
        user.public.email_verified = true;
        users::update(tx, &user.public, &username_key, Some(&key))?;
        users::has_proven_email(tx, user.public.id)
    }
}

/// What was offered as a name, in canonical form.
pub(crate) enum Identifier {
    Username(String),
    Email(String),
    /// No account can have it.
    Neither(String),
}

impl Identifier {
    pub(crate) fn parse(text: &str) -> Identifier {
        if let Ok(name) = text.parse::<Username>() {
            Identifier::Username(name.key())
        } else if let Ok(address) = text.parse::<Email>() {
            Identifier::Email(address.key())
        } else {
            Identifier::Neither(text.to_owned())
        }
    }

    /// The account that has this name or address.
    pub(crate) fn find(&self, tx: &mut Tx) -> Result<Option<User>> {
        match self {
            Identifier::Username(key) => users::find(tx, By::Username(key)),
            Identifier::Email(key) => users::find(tx, By::Email(key)),
            Identifier::Neither(_) => Ok(None),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Identifier::Username(text) | Identifier::Email(text) | Identifier::Neither(text) => text,
        }
    }
}

/// The most bytes that the attributes of one account may have as JSON.
const MAX_ATTRIBUTES: usize = 16_384;

/// The most roles that one account may have.
const MAX_ROLES: usize = 64;

/// Attributes of no more than the allowed size.
pub(crate) fn bounded(attributes: Object) -> Result<Object> {
    match json::render(&attributes)?.len() {
        0..=MAX_ATTRIBUTES => Ok(attributes),
        _ => Err(Error::at(Code::InvalidRequest, "/attributes", format!("more than {MAX_ATTRIBUTES} bytes"))),
    }
}

/// Roles in alphabetical order, each once, no more than the allowed number.
pub(crate) fn in_order(mut roles: Vec<Role>) -> Result<Vec<Role>> {
    roles.sort();
    roles.dedup();
    match roles.len() {
        0..=MAX_ROLES => Ok(roles),
        _ => Err(Error::at(Code::InvalidRequest, "/roles", format!("more than {MAX_ROLES} roles"))),
    }
}
