//! Addresses: `request_email_verification`, `request_email_change`, `verify_email`, `check_mail_token`. An address
//! is a user's when they redeem what was mailed to it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Engine;
use super::accounts::UserResponse;
use super::events::{Kind as EventKind, event};
use super::login::Client;
use super::one_time::{Found, Purpose};
use crate::error::{Code, Error, Result};
use crate::json;
use crate::mail::Kind;
use crate::store::events::Event;
use crate::store::mails;
use crate::store::users::{self, By, User};
use crate::store::{Tx, damaged};
use crate::token::Token;
use crate::user::{Email, Id, Locale};

/// Asks for a mail to an address.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestEmailVerificationRequest {
    /// The address.
    pub email: Email,
    /// The language of the mail. Default: that of the account.
    pub locale: Option<Locale>,
    /// From where the user comes: too many mails from one address of the network are refused.
    #[serde(default, deserialize_with = "json::optional_object")]
    pub client: Option<Client>,
}

/// Asks for another address for an account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestEmailChangeRequest {
    /// Whose.
    pub user_id: Id,
    /// The address to be.
    pub new_email: Email,
    /// The language of the mails. Default: that of the account.
    pub locale: Option<Locale>,
}

/// Answered alike whether or not there was anybody to send it to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SentResponse {
    /// Always true.
    pub sent: bool,
}

/// Redeems a token that was mailed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyEmailRequest<'a> {
    /// The token, of either purpose.
    #[serde(borrow)]
    pub token: Token<'a>,
}

/// Looks at a token that was mailed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckMailTokenRequest<'a> {
    /// The token.
    #[serde(borrow)]
    pub token: Token<'a>,
}

/// It is good.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckMailTokenResponse {
    /// What for: `verify_email`, `reset_password` or `change_email`.
    pub purpose: &'static str,
    /// Until when.
    pub expires_at: i64,
}

impl Engine {
    /// Mails a token to an address that an account has yet to verify. Whether there is one, nobody is told:
    /// answer and work are the same. An address gets one such mail a minute, and fewer when they are asked
    /// for again and again.
    ///
    /// Failures: `too_many_attempts`, `store_unavailable`.
    pub fn request_email_verification(
        &self,
        request: RequestEmailVerificationRequest,
    ) -> Result<SentResponse> {
        let RequestEmailVerificationRequest { email, locale, client } = request;
        self.answer_by_mail(Kind::VerifyEmail, &email, locale.as_ref(), client, users::find_unverified)
    }

    /// Mails a token to the new address and a notice to the old one. The address is changed by `verify_email`.
    ///
    /// Failures: `user_not_found`, `email_taken`, `too_many_attempts`, `invalid_request`, `store_unavailable`.
    pub fn request_email_change(&self, request: RequestEmailChangeRequest) -> Result<SentResponse> {
        let RequestEmailChangeRequest { user_id, new_email, locale } = request;
        let (now, key, locale) = (self.clock.now(), new_email.key(), locale.as_ref());
        self.write_with_mail(|tx| {
            let user = users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))?;
            if user.public.email.as_ref().is_some_and(|email| email.key() == key) {
                return Err(Error::at(Code::InvalidRequest, "/new_email", "the account has it already"));
            }
            let owner = users::find(tx, By::Email(&key))?;
            if owner.is_some() && !self.config.registration.conceal_existing {
                return Err(Error::at(Code::EmailTaken, "/new_email", "taken"));
            }
            self.count_address_change(tx, user_id, now)?;
            if !self.may_mail(tx, Kind::ChangeEmail.name(), &key, now)? {
                return Ok(());
            }
            self.put_token_mail(
                tx,
                Kind::ChangeEmail,
                owner.is_none().then_some(&user),
                &new_email,
                locale,
                now,
            )?;
            if let Some(owner) = &owner {
                self.tell_owner(tx, owner, locale, now)?;
            }
            if let Some(old) = &user.public.email {
                self.put_mail(tx, Kind::EmailChangeRequested, &user, old, locale, now)?;
            }
            let detail = Some(Kind::ChangeEmail.name());
            self.record(tx, now, Event { detail, ..event(EventKind::MailRequested, user_id) })
        })?;
        Ok(SentResponse { sent: true })
    }

    /// Redeems the token of a mail: its address is verified, and, where it is a new one, takes the place of the
    /// old one, which ends every session.
    ///
    /// Failures: `invalid_token`, `email_taken`, `store_unavailable`.
    pub fn verify_email(&self, request: VerifyEmailRequest) -> Result<UserResponse> {
        let now = self.clock.now();
        let among = [Purpose::VerifyEmail, Purpose::ChangeEmail];
        let user = self.write_with_mail(|tx| {
            let (found, mut user, address) = self.mailed(tx, &request.token, &among, now)?;
            self.redeem_secret(tx, request.token.expose(), &among, now)?;
            if found.purpose == Purpose::ChangeEmail {
                let old = user.public.email.replace(address);
                self.claim_email(tx, &mut user)?;
                self.revoke_everything(tx, user.public.id, now)?;
                if let Some(old) = &old {
                    self.put_mail(tx, Kind::EmailChanged, &user, old, None, now)?;
                }
                self.record(tx, now, event(EventKind::EmailChanged, user.public.id))?;
            } else {
                self.claim_email(tx, &mut user)?;
                mails::delete_kind(tx, user.public.id, Kind::VerifyEmail.name())?;
                self.record(tx, now, event(EventKind::EmailVerified, user.public.id))?;
            }
            Ok(user.public)
        })?;
        Ok(UserResponse { user })
    }

    /// Looks at the token of a mail without redeeming it: programs that scan mail follow links, too.
    ///
    /// Failures: `invalid_token`, `store_unavailable`.
    pub fn check_mail_token(&self, request: CheckMailTokenRequest) -> Result<CheckMailTokenResponse> {
        let now = self.clock.now();
        let among = [Purpose::VerifyEmail, Purpose::ChangeEmail, Purpose::ResetPassword];
        let (found, ..) = self.store.read(|tx| self.mailed(tx, &request.token, &among, now))?;
        Ok(CheckMailTokenResponse { purpose: found.purpose.name(), expires_at: found.expires_at })
    }

    /// Mails a token to whom `find` finds by the address, with the same answer and the same work where it
    /// finds nobody.
    pub(super) fn answer_by_mail(
        &self,
        kind: Kind,
        email: &Email,
        locale: Option<&Locale>,
        client: Option<Client>,
        find: impl Fn(&mut Tx, &str) -> Result<Option<User>>,
    ) -> Result<SentResponse> {
        let (now, key, client) = (self.clock.now(), email.key(), client.unwrap_or_default());
        self.write_with_mail(|tx| {
            self.count_mail_request(tx, client.ip, now)?;
            if !self.may_mail(tx, kind.name(), &key, now)? {
                return Ok(());
            }
            let user = find(tx, &key)?;
            // To the address as the account has it: another one that is compared as equal may be somebody else's.
            let own = user.as_ref().and_then(|user| user.public.email.as_ref());
            self.put_token_mail(tx, kind, user.as_ref(), own.unwrap_or(email), locale, now)?;
            let ip = client.ip();
            let event = event(EventKind::MailRequested, user.map(|user| user.public.id));
            self.record(tx, now, Event { ip: ip.as_deref(), detail: Some(kind.name()), ..event })
        })?;
        Ok(SentResponse { sent: true })
    }

    /// What a new account's address gets: a token, or, where it is another account's already, a notice.
    pub(super) fn greet(&self, tx: &mut Tx, id: Id, locale: Option<&Locale>, now: i64) -> Result<()> {
        if self.config.mail.links.verify_email.is_none() {
            return Ok(());
        }
        let user = users::find(tx, By::Id(id))?.ok_or_else(damaged)?;
        let Some(email) = &user.public.email else { return Ok(()) };
        let key = email.key();
        if !self.may_mail(tx, Kind::VerifyEmail.name(), &key, now)? {
            return Ok(());
        }
        let owner = users::find(tx, By::Email(&key))?.filter(|owner| owner.public.id != id);
        self.put_token_mail(tx, Kind::VerifyEmail, owner.is_none().then_some(&user), email, locale, now)?;
        owner.map_or(Ok(()), |owner| self.tell_owner(tx, &owner, locale, now))
    }

    /// Tells the owner of an address that somebody wanted it for another account.
    fn tell_owner(&self, tx: &mut Tx, owner: &User, locale: Option<&Locale>, now: i64) -> Result<()> {
        let Some(email) = &owner.public.email else { return Ok(()) };
        self.put_mail(tx, Kind::AccountExists, owner, email, locale, now)
    }

    /// What a mailed token is about, if it is good: the user as they are now, and the address that it was
    /// mailed to. One that was mailed to an address that the account no longer has is not.
    pub(super) fn mailed(
        &self,
        tx: &mut Tx,
        token: &Token,
        among: &[Purpose],
        now: i64,
    ) -> Result<(Found, User, Email)> {
        let found = self.peek_secret(tx, token.expose(), among, now)?;
        let user = users::find(tx, By::Id(found.user_id))?.ok_or_else(damaged)?;
        let address = Email::stored(str::from_utf8(&found.data).map_err(|_| damaged())?.to_owned());
        let key = address.key();
        let is_own = user.public.email.as_ref().is_some_and(|email| email.key() == key);
        match is_own || found.purpose == Purpose::ChangeEmail {
            true => Ok((found, user, address)),
            false => Err(Error::new(Code::InvalidToken, "address_changed")),
        }
    }

    /// The address is the user's: it is verified, and no other account may have it.
    pub(super) fn claim_email(&self, tx: &mut Tx, user: &mut User) -> Result<()> {
        let Some(key) = user.public.email.as_ref().map(Email::key) else { return Ok(()) };
        let owner = users::find(tx, By::Email(&key))?;
        if owner.is_some_and(|owner| owner.public.id != user.public.id) {
            return Err(Error::new(Code::EmailTaken, "taken"));
        }
        let (username_key, _) = users::canonical(tx, user.public.id)?.ok_or_else(damaged)?;
        user.public.email_verified = true;
        users::update(tx, &user.public, &username_key, Some(&key))
    }
}
