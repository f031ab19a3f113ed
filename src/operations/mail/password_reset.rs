//! Forgotten passwords: `request_password_reset`, `reset_password`.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::Deserialize;

use super::addresses::SentResponse;
use crate::engine::Engine;
use crate::engine::accounts::Mailed;
use crate::engine::audit::{Kind as EventKind, event};
use crate::engine::one_time::Purpose;
use crate::error::{Code, Error, Result};
use crate::mail::Kind;
use crate::operations::accounts::UserResponse;
use crate::store::events::Event;
use crate::store::users::{self, By};
use crate::store::{Durability, Tx, identities, second_factors};
use crate::types::client::Client;
use crate::types::secret::Secret;
use crate::types::token::Token;
use crate::types::user::{Email, Locale};

/// Requests a mail with a token that sets a new password.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RequestPasswordResetRequest {
    /// The address of the account.
    pub email: Email,
    /// The language of the mail. Default: that of the account.
    pub locale: Option<Locale>,
    /// The client's connection: too many mails for one network address are refused.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub client: Option<Client>,
}

/// Sets a new password by a mailed token.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ResetPasswordRequest<'a> {
    /// The mailed token.
    #[serde(borrow)]
    pub token: Token<'a>,
    /// The new password.
    pub new_password: Secret,
}

impl Engine {
    /// Mails a token that sets a new password. Whether the account exists is not disclosed: the answer and
    /// the work are the same. An address gets at most one such mail a minute, and fewer after repeated
    /// requests.
    ///
    /// Failures: `too_many_attempts`, `store_unavailable`.
    pub fn request_password_reset(&self, request: RequestPasswordResetRequest) -> Result<SentResponse> {
        let RequestPasswordResetRequest { email, locale, client } = request;
        let now = self.clock.now();
        let key = email.key();
        let client = client.unwrap_or_default();
        let kind = Kind::ResetPassword;
        let locale = locale.as_ref();
        self.mailing.write(|tx| {
            self.throttle.count_mail_request(tx, client.ip, now)?;
            let user = users::find(tx, By::Email(&key))?.filter(|user| user.public.is_active);
            let id = user.as_ref().map(|user| user.public.id);
            if !self.throttle.may_mail(tx, kind, id, &key, client.ip, now)? {
                return Ok(());
            }
            // The mail goes to the address as the account spells it: another spelling with the same key may
            // be another person's.
            let own = user.as_ref().and_then(|user| user.public.email.as_ref());
            self.mailing.outbox.put_token(tx, kind, user.as_ref(), own.unwrap_or(&email), locale, now)?;
            let ip = client.ip_text();
            let event = event(EventKind::MailRequested, id);
            let event = Event { ip: ip.as_deref(), detail: Some(kind.name()), ..event };
            self.audit.record_one_of_many(tx, now, event)
        })?;
        Ok(SentResponse { sent: true })
    }

    /// Sets a new password by a mailed token. It ends every session, opens none, and removes no second
    /// factor. It unlocks an account that failed logins had locked, and verifies the address to which the
    /// token went. If the user had never proven an address, another person may have set the account up:
    /// identities are then unlinked, and as long as the account has a second factor, which stays, the address
    /// does not count as proven.
    ///
    /// Failures: `invalid_token`, `weak_password`, `invalid_request`, `hash_queue_full`, `store_unavailable`.
    pub fn reset_password(&self, request: ResetPasswordRequest) -> Result<UserResponse> {
        let now = self.clock.now();
        let among = [Purpose::ResetPassword];
        let ResetPasswordRequest { token, new_password } = request;
        let (found, user, used) = self.store.read(|tx| {
            let Mailed { found, user, .. } = self.accounts.mailed(tx, &token, &among, now)?;
            let used = self.passwords.used(tx, &user)?;
            Ok((found, user.public, used))
        })?;
        // A refused password does not use up the token, except that ten are compared with those that were used.
        let password =
            self.passwords.chosen(&new_password, &user.username, user.email.as_ref(), "/new_password")?;
        if !used.is_empty() {
            let count = |tx: &mut Tx| self.one_time.take_attempt(tx, token.expose(), &among, now).map(drop);
            self.store.write(Durability::Relaxed, count)?;
        }
        self.passwords.refuse_used(&used, &password, "/new_password")?;
        let hash = self.passwords.kept_hash(found.user_id, &password)?;
        let user = self.mailing.write(|tx| {
            let Mailed { found, mut user, .. } = self.accounts.mailed(tx, &token, &among, now)?;
            self.one_time.redeem(tx, token.expose(), &among, now)?;
            // An administrator may have marked the address as verified, which does not prove who set the
            // account up.
            let has_proven = user.has_proven;
            if !has_proven {
                identities::delete_all(tx, found.user_id)?;
                second_factors::delete_pending_totp(tx, found.user_id)?;
            }
            // The owner of the mailbox is not yet known to own the remaining factors.
            if has_proven || !self.factors.of(tx, found.user_id)?.any() {
                self.accounts.claim(tx, &mut user, now).map_err(|error| match error.code {
                    // No other account had the address when the mail was sent.
                    Code::EmailTaken => Error::new(Code::InvalidMailToken, "address_taken"),
                    _ => error,
                })?;
            }
            self.audit.record(tx, now, event(EventKind::PasswordReset, found.user_id))?;
            self.passwords.replace(tx, found.user_id, &hash, None, now)?;
            // This must happen before the known devices are forgotten.
            self.throttle.ease_guesses(tx, found.user_id)?;
            self.accounts.unlock(tx, found.user_id)?;
            Ok(user.public)
        })?;
        Ok(UserResponse { user })
    }
}
