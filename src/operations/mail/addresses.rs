//! Addresses: `request_email_verification`, `request_email_change`, `verify_email`, `check_mail_token`.
//! Verifying an address takes two proofs: of the mailbox, by the mailed token, and of the account.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::ProviderName;
use crate::engine::Engine;
use crate::engine::account_proof::AccountProof;
use crate::engine::accounts::Mailed;
use crate::engine::audit::{Kind as EventKind, event};
use crate::engine::one_time::Purpose;
use crate::engine::organizations::{self, Invited};
use crate::error::{Code, Error, Result};
use crate::mail::Kind;
use crate::operations::accounts::UserResponse;
use crate::store::events::Event;
use crate::store::mails;
use crate::store::users::{self, By};
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::secret::{IssuedSecret, Secret};
use crate::types::token::Token;
use crate::types::user::{Email, Locale, Offered};

/// Requests a mail that verifies the address of an account. Give one of `token`, `user_id`, `verification`,
/// `username` with `password`, and `email`.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RequestEmailVerificationRequest<'a> {
    /// A live access token of the account.
    #[serde(borrow)]
    pub token: Option<Token<'a>>,
    /// The backend that `token` is for; default: `default`.
    pub backend: Option<String>,
    /// The account's id, if the host has authenticated the user.
    pub user_id: Option<Id>,
    /// The challenge that `register` returned.
    pub verification: Option<Secret>,
    /// The username or the address, for users who cannot log in before the address is verified.
    pub username: Option<Offered>,
    /// The password; a wrong one counts as a failed login.
    pub password: Option<Secret>,
    /// An address. By itself it names no account with an unverified address: nothing is mailed, and the
    /// answer is the same for every address.
    pub email: Option<Email>,
    /// The language of the mail. Default: that of the account.
    pub locale: Option<Locale>,
    /// The client's connection: too many mails for one network address are refused.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub client: Option<Client>,
}

/// Requests another address for an account. `token` or `user_id` names the account.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RequestEmailChangeRequest<'a> {
    /// A live access token of the user. A person who acts as the user is refused.
    #[serde(borrow)]
    pub token: Option<Token<'a>>,
    /// The backend that `token` is for; default: `default`.
    pub backend: Option<String>,
    /// The account's id, if the host has authenticated the user.
    pub user_id: Option<Id>,
    /// The new address.
    pub new_email: Email,
    /// The language of the mails. Default: that of the account.
    pub locale: Option<Locale>,
}

/// The same answer whether or not a mail was sent.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct SentResponse {
    /// Always true.
    pub sent: bool,
}

/// The same answer whether or not another account has the address.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RequestEmailChangeResponse {
    /// Always true.
    pub sent: bool,
    /// A challenge for `verify_email`: it proves, together with the mailed token, that the account belongs to
    /// the browser that asked. It is valid for a week; keep it in a cookie that scripts cannot read.
    pub verification: IssuedSecret,
}

/// Redeems a mailed token, with one proof of the account: `access_token`, `username` with `password`,
/// `verification`, or `id_token`. Without a proof the request is refused, unless `mail.click_verifies` is set
/// and the account never verified an address.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct VerifyEmailRequest<'a> {
    /// The mailed token, of either purpose.
    #[serde(borrow)]
    pub token: Token<'a>,
    /// A live access token of the account.
    #[serde(borrow)]
    pub access_token: Option<Token<'a>>,
    /// The backend that `access_token` is for; default: `default`.
    pub backend: Option<String>,
    /// The username or the address of the account.
    pub username: Option<Offered>,
    /// The account's password; a wrong one counts as a failed login.
    pub password: Option<Secret>,
    /// The challenge that `register` or `request_email_change` returned for this address.
    pub verification: Option<Secret>,
    /// An ID token of an identity that opens the account, for users who cannot log in before the address is
    /// verified.
    #[serde(borrow)]
    pub id_token: Option<Token<'a>>,
    /// The provider of the ID token; default: the only one.
    pub provider: Option<ProviderName>,
    /// The nonce that the ID token must repeat.
    pub nonce: Option<Secret>,
    /// The client's connection, where known.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub client: Option<Client>,
}

/// Tells what a mailed token is for, without redeeming it.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CheckMailTokenRequest<'a> {
    /// The mailed token.
    #[serde(borrow)]
    pub token: Token<'a>,
}

/// A token that can be redeemed.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct CheckMailTokenResponse {
    /// The token's purpose: `verify_email`, `reset_password`, `change_email`, `login`, `invitation`, or `membership`: an
    /// invitation to an organization, for an account that logs in and accepts it with `access_token`.
    pub purpose: &'static str,
    /// When the token expires.
    pub expires_at: i64,
}

impl Engine {
    /// Mails a token to an account's unverified address. An account gets at most one such mail a minute, and
    /// fewer after repeated requests. Mails of other accounts to the same address do not count.
    ///
    /// Failures: `invalid_request`, `invalid_token`, `user_not_found`, `invalid_credentials`, `invalid_challenge`,
    /// `too_many_attempts`, `hash_queue_full`, `store_unavailable`.
    pub fn request_email_verification(
        &self,
        request: RequestEmailVerificationRequest,
    ) -> Result<SentResponse> {
        let RequestEmailVerificationRequest {
            token,
            backend,
            user_id,
            verification,
            username,
            password,
            email,
            locale,
            client,
        } = request;
        let client = client.unwrap_or_default();
        let sent = Ok(SentResponse { sent: true });
        let proof = AccountProof::among(token, backend, username, password, verification, None)?;
        let proven = match (proof, user_id, email) {
            (Some(proof), None, None) => Some(self.proofs.prove(proof, None, &client)?),
            (None, Some(_), None) => None,
            (None, None, Some(_)) => {
                let now = self.clock.now();
                self.mailing.write(|tx| self.throttle.count_mail_request(tx, client.ip, now))?;
                return sent;
            }
            _ => {
                let expected = "expected one of token, user_id, verification, username with password, email";
                return Err(Error::new(Code::InvalidRequest, expected));
            }
        };
        let now = self.clock.now();
        let asked = self.mailing.write(|tx| {
            self.throttle.count_mail_request(tx, client.ip, now)?;
            let id = proven.as_ref().map(|proven| proven.user_id).or(user_id);
            let user = id.map(|id| users::find(tx, By::Id(id))).transpose()?.flatten();
            let user = user.ok_or(Error::from(Code::UserNotFound))?;
            if let Some(proven) = &proven {
                self.proofs.rely_on(tx, proven, &user, user.public.email.as_ref(), now)?;
            }
            if !self.accounts.mail_verification(tx, &user, locale.as_ref(), client.ip, now)? {
                return Ok(());
            }
            let ip = client.ip_text();
            let detail = Some(Kind::VerifyEmail.name());
            let event = event(EventKind::MailRequested, user.public.id);
            self.audit.record_one_of_many(tx, now, Event { ip: ip.as_deref(), detail, ..event })
        });
        asked.inspect_err(|_| proven.iter().for_each(|proven| self.proofs.take_back(proven)))?;
        sent
    }

    /// Mails a token to the new address and a notice to the old one. The address is changed by `verify_email`.
    ///
    /// Failures: `invalid_token`, `user_not_found`, `permission_denied` (a service account, the token of a person who acts
    /// as the user, or no proof in the last 15 minutes), `email_taken`, `too_many_attempts`, `invalid_request`, `store_unavailable`.
    pub fn request_email_change(
        &self,
        request: RequestEmailChangeRequest,
    ) -> Result<RequestEmailChangeResponse> {
        let RequestEmailChangeRequest { token, backend, user_id, new_email, locale } = request;
        let (user_id, bearer) = self.tokens.account_to_change(token, backend.as_deref(), user_id)?;
        let now = self.clock.now();
        let key = new_email.key();
        let locale = locale.as_ref();
        let verification = self.mailing.write(|tx| {
            if let Some(bearer) = &bearer {
                self.factors.require_fresh_proof(tx, bearer, now)?;
            }
            let user = users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))?;
            self.accounts.may_log_in(&user.public)?;
            if user.public.email.as_ref().is_some_and(|email| email.is_mailbox_of(&new_email)) {
                return Err(Error::at(Code::InvalidRequest, "/new_email", "the account has it already"));
            }
            let owner = users::find(tx, By::Email(&key))?.filter(|owner| owner.public.id != user_id);
            let is_claimed = owner.is_some() && !self.config.verifies_addresses();
            let owner = owner.filter(|owner| owner.public.email_verified);
            // Where addresses are verified, an address that is only claimed goes to the first account that
            // proves it.
            if (is_claimed || owner.is_some()) && !self.config.registration.conceal_existing {
                return Err(Error::at(Code::EmailTaken, "/new_email", "taken"));
            }
            self.throttle.count_address_change(tx, user_id, now)?;
            let verification = self.proofs.verification(&user, &new_email, now)?;
            if !self.throttle.may_mail(tx, Kind::ChangeEmail, Some(user_id), &key, None, now)? {
                return Ok(verification);
            }
            self.mailing.outbox.put_token(
                tx,
                Kind::ChangeEmail,
                owner.is_none().then_some(&user),
                &new_email,
                locale,
                now,
            )?;
            self.accounts.tell_owner(tx, owner.as_ref(), &key, locale, now)?;
            if let Some(old) = &user.public.email {
                self.mailing.outbox.put_notice(
                    tx,
                    Kind::EmailChangeRequested,
                    &user.public,
                    old,
                    locale,
                    now,
                )?;
            }
            let detail = Some(Kind::ChangeEmail.name());
            self.audit.record(tx, now, Event { detail, ..event(EventKind::MailRequested, user_id) })?;
            Ok(verification)
        })?;
        Ok(RequestEmailChangeResponse { sent: true, verification: verification.into() })
    }

    /// Redeems a mailed token together with a proof of the account, and verifies the address. A new address
    /// takes the place of the old one and ends every session. A refused proof does not use up the token. If
    /// `mail.click_verifies` is set, the token alone verifies the address of an account that never verified
    /// one; everything that opened the account before is removed.
    ///
    /// Failures: `invalid_token`, `not_authenticated` (no proof), `permission_denied` and `user_not_found` (of the access
    /// token), `invalid_credentials`, `invalid_challenge`, `email_taken`, `too_many_attempts`, `invalid_request`,
    /// `hash_queue_full`, `auth_service_unavailable` (of the ID token), `store_unavailable`.
    pub fn verify_email(&self, request: VerifyEmailRequest) -> Result<UserResponse> {
        let VerifyEmailRequest { token, access_token, username, password, verification, .. } = request;
        let VerifyEmailRequest { backend, id_token, provider, nonce, client, .. } = request;
        let now = self.clock.now();
        let client = client.unwrap_or_default();
        let among = [Purpose::VerifyEmail, Purpose::ChangeEmail];
        let id_token = id_token.map(|token| AccountProof::IdToken(token, provider, nonce));
        let proof = AccountProof::among(access_token, backend, username, password, verification, id_token)?;
        let Mailed { found, .. } = self.store.read(|tx| self.accounts.mailed(tx, &token, &among, now))?;
        let proven = match proof {
            Some(proof) => Some(self.proofs.prove(proof, Some(found.user_id), &client)?),
            None => None,
        };
        let user = self.mailing.write(|tx| {
            let Mailed { found, mut user, address } = self.accounts.mailed(tx, &token, &among, now)?;
            self.one_time.redeem(tx, token.expose(), &among, now)?;
            let id = user.public.id;
            match &proven {
                Some(proven) => self.proofs.rely_on(tx, proven, &user, Some(&address), now)?,
                // A user who verified an address before has proven the account, and can do so again.
                None if self.config.mail.click_verifies && !user.was_verified => {
                    self.accounts.reclaim(tx, id, now)?;
                }
                None => {
                    let error = Error::new(Code::NotAuthenticated, "no_proof_of_account");
                    return Err(error.about(Some(id), None));
                }
            }
            if found.purpose == Purpose::ChangeEmail {
                let old = user.public.email.replace(address);
                self.accounts.claim(tx, &mut user, now)?;
                self.sessions.revoke_everything(tx, id, now)?;
                organizations::withdraw_all(tx, id)?;
                if let Some(old) = &old {
                    self.mailing.outbox.put_notice(tx, Kind::EmailChanged, &user.public, old, None, now)?;
                }
                self.audit.record(tx, now, event(EventKind::EmailChanged, id))?;
            } else {
                self.accounts.claim(tx, &mut user, now)?;
                mails::delete_kind(tx, id, Kind::VerifyEmail.name())?;
                self.audit.record(tx, now, event(EventKind::EmailVerified, id))?;
            }
            Ok(user.public)
        });
        let user = user.inspect_err(|_| proven.iter().for_each(|proven| self.proofs.take_back(proven)))?;
        Ok(UserResponse { user })
    }

    /// Checks a mailed token without redeeming it, because mail scanners follow links, too.
    ///
    /// Failures: `invalid_token`, `store_unavailable`.
    pub fn check_mail_token(&self, request: CheckMailTokenRequest) -> Result<CheckMailTokenResponse> {
        let now = self.clock.now();
        let among = [
            Purpose::VerifyEmail,
            Purpose::ChangeEmail,
            Purpose::ResetPassword,
            Purpose::Login,
            Purpose::Invitation,
            Purpose::Membership,
        ];
        self.store.read(|tx| {
            let Mailed { found, user, address } = self.accounts.mailed(tx, &request.token, &among, now)?;
            let purpose = match found.purpose {
                Purpose::Membership => {
                    organizations::invitation(tx, &Invited::of(&found)?, now)?;
                    // A person without an account accepts it as an invitation to one.
                    match organizations::makes_account(tx, &user, &address)? {
                        true => Purpose::Invitation,
                        false => Purpose::Membership,
                    }
                }
                purpose => purpose,
            };
            Ok(CheckMailTokenResponse { purpose: purpose.name(), expires_at: found.expires_at })
        })
    }
}
