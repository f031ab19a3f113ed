//! Accounts: their names, addresses, limits and ownership.

use std::net::IpAddr;
use std::sync::Arc;

use serde::Deserialize;

use super::acting::acting;
use super::api_keys;
use super::audit::{Audit, Kind as EventKind, event};
use super::background::Mailing;
use super::factors::Factors;
use super::one_time::{Found, OneTime, Purpose};
use super::pending::Pending;
use super::sessions::Sessions;
use super::shared::Shared;
use super::throttle::Throttle;
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::mail::Kind;
use crate::store::events::Event;
use crate::store::users::{self, By, Canonical, User};
use crate::store::waiting_accounts::{self, Expired};
use crate::store::{Durability, Share, Store, Tx, damaged, events, identities, mails, unexpected};
use crate::types::id::Id;
use crate::types::strict::Object;
use crate::types::token::Token;
use crate::types::user::{Email, ExternalId, Locale, PublicUser, Role, Username};

/// Unlocks accounts, reclaims them, and verifies their addresses.
pub(crate) struct Accounts {
    pub audit: Arc<Audit>,
    pub config: Arc<Config>,
    pub factors: Arc<Factors>,
    pub mailing: Arc<Mailing>,
    pub one_time: Arc<OneTime>,
    pub sessions: Arc<Sessions>,
    pub store: Arc<Store>,
    pub throttle: Arc<Throttle>,
}

/// A live mailed token.
pub(crate) struct Mailed {
    pub found: Found,
    /// The user, as stored now.
    pub user: User,
    /// The address that the token was mailed to.
    pub address: Email,
}

/// The data of a mailed token that is more than an address.
#[derive(Deserialize)]
struct Addressed {
    address: String,
}

impl Accounts {
    pub(crate) fn new(
        shared: &Shared,
        audit: &Arc<Audit>,
        factors: &Arc<Factors>,
        mailing: &Arc<Mailing>,
        one_time: &Arc<OneTime>,
        sessions: &Arc<Sessions>,
        throttle: &Arc<Throttle>,
    ) -> Accounts {
        Accounts {
            audit: Arc::clone(audit),
            config: Arc::clone(&shared.config),
            factors: Arc::clone(factors),
            mailing: Arc::clone(mailing),
            one_time: Arc::clone(one_time),
            sessions: Arc::clone(sessions),
            store: Arc::clone(&shared.store),
            throttle: Arc::clone(throttle),
        }
    }

    /// Refuses what gives an account a way to log in, if it is a service account. Failure: `permission_denied`.
    pub(crate) fn may_log_in(&self, user: &PublicUser) -> Result<()> {
        match user.is_service_account {
            true => Err(Error::new(Code::PermissionDenied, "service_account").about(Some(user.id), None)),
            false => Ok(()),
        }
    }

    /// Unlocks an account after too many failed attempts, under each of its current names.
    pub(crate) fn unlock(&self, tx: &mut Tx, id: Id) -> Result<()> {
        let Canonical { username, email, .. } = users::canonical(tx, id)?.ok_or_else(unexpected)?;
        let names: Vec<&str> = [Some(username.as_str()), email.as_deref()].into_iter().flatten().collect();
        self.throttle.forget_attempts(tx, id, &names)
    }

    /// Sends the mail for a new account, if registration is configured to do so.
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

    /// Deletes an account and everything that is kept about it, in the caller's transaction. Notices of earlier
    /// changes of the name or the address still go out.
    pub(crate) fn delete(&self, tx: &mut Tx, id: Id, detail: Option<&str>, now: i64) -> Result<()> {
        self.throttle.forget_guesses(tx, id)?;
        self.throttle.forget_attempts(tx, id, &[])?;
        mails::delete_all_but(tx, id, Kind::OUTLIVING.map(Kind::name))?;
        users::delete(tx, id)?;
        events::forget_addresses(tx, id)?;
        self.audit.record(tx, now, Event { detail, ..event(EventKind::UserDeleted, id) })
    }

    /// Deletes the oldest accounts that waited in vain, each by a transaction of its own. An account that rows of the
    /// host refer to stays. Returns how many were found, and how many of them no other process had deleted.
    pub(crate) fn forget_expired(&self, now: i64, share: Share) -> Result<(usize, usize)> {
        let expired = self.store.read(|tx| waiting_accounts::expired(tx, now, share))?;
        let mut deleted = 0;
        for waiting in &expired {
            let forget = |tx: &mut Tx| self.forget_waiting(tx, waiting, now);
            // The actor of the call has nothing to do with it.
            let was_there = acting(None, || match self.store.write(Durability::Relaxed, forget) {
                Err(error) if error.code == Code::StoreConstraint => {
                    self.store.write(Durability::Relaxed, |tx| waiting_accounts::forget(tx, &waiting.id, now))
                }
                outcome => outcome,
            })?;
            deleted += usize::from(was_there);
        }
        Ok((expired.len(), deleted))
    }

    /// Deletes the account of an expired row, if it still waits, and the row. Returns whether the row was there.
    fn forget_waiting(&self, tx: &mut Tx, expired: &Expired, now: i64) -> Result<bool> {
        let was_there = waiting_accounts::forget(tx, &expired.id, now)?;
        if was_there
            && let Some(user) = users::find(tx, By::Id(expired.user_id))?
            && Pending::is_unused(tx, &user)?
        {
            self.delete(tx, expired.user_id, Some("waited_in_vain"), now)?;
        }
        Ok(was_there)
    }

    /// Removes everything that opens an account which never verified an address: another person has proven
    /// that the mailbox is theirs, and the person who registered the account never did.
    pub(crate) fn reclaim(&self, tx: &mut Tx, id: Id, now: i64) -> Result<()> {
        self.audit.record(tx, now, event(EventKind::AccountReclaimed, id))?;
        users::delete_password(tx, id)?;
        identities::delete_all(tx, id)?;
        self.factors.wipe(tx, id, now)?;
        api_keys::revoke_all(&self.audit, tx, id, now)?;
        self.unlock(tx, id)?;
        self.sessions.revoke_everything(tx, id, now).map(drop)
    }

    /// Sends a verification mail to the address of an account that has yet to verify it. If another account
    /// has verified the address, its owner gets a notice instead. Returns whether anything was mailed.
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

    /// Tells the owner of an address, if there is one, that it was requested for another account. Without an
    /// owner, the same mail is written about a stand-in and taken back, so that the statements are the same.
    pub(crate) fn tell_owner(
        &self,
        tx: &mut Tx,
        owner: Option<&User>,
        address_key: &str,
        locale: Option<&Locale>,
        now: i64,
    ) -> Result<()> {
        let kind = Kind::AccountExists;
        let id = owner.map(|owner| owner.public.id);
        // Without concealment, the caller is told at once that the address is taken.
        if !self.config.registration.conceal_existing {
            return Ok(());
        }
        if !self.throttle.may_mail(tx, kind, id, address_key, None, now)? {
            return Ok(());
        }
        let stand_in = users::any(tx)?;
        let address = Email::stored(address_key.to_owned());
        let Some(addressee) = owner.or(stand_in.as_ref()) else { return Ok(()) };
        let own = owner.and_then(|owner| owner.public.email.as_ref());
        let mail = self.mailing.outbox.put_message(
            tx,
            kind,
            &addressee.public,
            own.unwrap_or(&address),
            locale,
            now,
        )?;
        mails::delete(tx, if own.is_some() { Id::new(now * 1000)? } else { mail })
    }

    /// Reads a live mailed token. A token that was mailed to an address that the account no longer has is
    /// refused.
    pub(crate) fn mailed(&self, tx: &mut Tx, token: &Token, among: &[Purpose], now: i64) -> Result<Mailed> {
        let found = self.one_time.peek(tx, token.expose(), among, now)?;
        let user = users::find(tx, By::Id(found.user_id))?.ok_or_else(unexpected)?;
        let address = match found.purpose {
            Purpose::Login | Purpose::Membership => {
                let Addressed { address } = serde_json::from_slice(&found.data).map_err(|_| damaged())?;
                address
            }
            _ => str::from_utf8(&found.data).map_err(|_| damaged())?.to_owned(),
        };
        let address = Email::stored(address);
        let is_own = user.public.email.as_ref() == Some(&address);
        match is_own || found.purpose == Purpose::ChangeEmail {
            true => Ok(Mailed { found, user, address }),
            false => Err(Error::new(Code::InvalidMailToken, "address_changed")),
        }
    }

    /// Withdraws other accounts' claims to an address, if none of them has verified it. Failure:
    /// `email_taken`.
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

    /// Marks the user's address as verified. No other account may have verified it; an account that only
    /// claimed it loses that claim and nothing else.
    pub(crate) fn claim(&self, tx: &mut Tx, user: &mut User, now: i64) -> Result<()> {
        let Some(key) = user.public.email.as_ref().map(Email::key) else { return Ok(()) };
        self.take_claim(tx, user.public.id, &key, now)?;
        let names = users::canonical(tx, user.public.id)?.ok_or_else(unexpected)?;
        user.public.email_verified = true;
        users::update(tx, &user.public, &names.username, Some(&key))?;
        users::has_proven_email(tx, user.public.id)
    }
}

/// A name offered to a login, in canonical form.
pub(crate) enum Identifier {
    Username(String),
    Email(String),
    /// A text that no account can have as its name.
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

    /// Returns the account that has this name or address.
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

/// Fails if another account than this one has the external id: `external_id_taken`.
pub(crate) fn refuse_taken_external_id(tx: &mut Tx, external_id: &ExternalId, id: Id) -> Result<()> {
    match users::find(tx, By::ExternalId(external_id.as_str()))? {
        Some(owner) if owner.public.id != id => {
            Err(Error::at(Code::ExternalIdTaken, "/external_id", "taken"))
        }
        _ => Ok(()),
    }
}

/// The maximum size of an account's attributes, as JSON.
const MAX_ATTRIBUTES: usize = 16_384;

/// The maximum number of an account's roles.
const MAX_ROLES: usize = 64;

/// Returns the attributes if they are within the allowed size.
pub(crate) fn bounded(attributes: Object) -> Result<Object> {
    match json::render(&attributes)?.len() {
        0..=MAX_ATTRIBUTES => Ok(attributes),
        _ => Err(Error::at(Code::InvalidRequest, "/attributes", format!("more than {MAX_ATTRIBUTES} bytes"))),
    }
}

/// Returns the roles in alphabetical order, without repetition, if they are within the allowed number.
pub(crate) fn in_order(mut roles: Vec<Role>) -> Result<Vec<Role>> {
    roles.sort();
    roles.dedup();
    match roles.len() {
        0..=MAX_ROLES => Ok(roles),
        _ => Err(Error::at(Code::InvalidRequest, "/roles", format!("more than {MAX_ROLES} roles"))),
    }
}
