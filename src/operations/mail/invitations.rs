//! Invitations: `invite_user`, `accept_invitation`. The account waits, without a password and without a claim to its
//! address, until the reader of the mail accepts.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::ProviderName;
use crate::crypto::id_token::ProviderUser;
use crate::engine::Engine;
use crate::engine::accounts::{Mailed, bounded, in_order};
use crate::engine::audit::{Kind as EventKind, event};
use crate::engine::factors::passkeys::{KIND, Wish};
use crate::engine::factors::recovery_codes::RecoveryCode;
use crate::engine::one_time::Purpose;
use crate::engine::outbox::INVITATION_SECONDS;
use crate::engine::pending::Newcomer;
use crate::error::{Code, Error, Result};
use crate::mail::Kind;
use crate::store::events::Event;
use crate::store::identities::{self, Identity};
use crate::store::passkeys::{self, Passkey};
use crate::store::users::{self, By, User};
use crate::store::{Share, Tx, unexpected};
use crate::types::secret::Secret;
use crate::types::strict::Object;
use crate::types::token::Token;
use crate::types::user::{Email, Locale, PublicUser, Role, Username};
use crate::types::webauthn::RegistrationResponse;

/// Invites a person, who chooses a name and a password.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct InviteUserRequest {
    /// The address, which no account may have verified.
    pub email: Email,
    /// The roles; default: `registration.default_roles`.
    pub roles: Option<Vec<Role>>,
    /// Other data that the host keeps with the account: at most 16 KiB.
    pub attributes: Option<Object>,
    /// The language of mails to this user (BCP 47).
    pub locale: Option<Locale>,
}

/// The account of an invitation.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct InviteUserResponse {
    /// The account, which waits for its user. Delete it to withdraw the invitation.
    pub user: PublicUser,
    /// When the invitation expires.
    pub expires_at: i64,
}

/// Accepts an invitation. Give one of `password`, `webauthn_registration` and `id_token`; with `mailed_login` none is
/// needed.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AcceptInvitationRequest<'a> {
    /// The mailed token.
    #[serde(borrow)]
    pub token: Token<'a>,
    /// The name to log in with. Default: a random one.
    pub username: Option<Username>,
    /// The password.
    pub password: Option<Secret>,
    /// The passkey that is to open the account: the answer of `navigator.credentials.create` to what
    /// `begin_passkey_registration` made for this invitation. The authenticator must have verified its user.
    #[serde(default, deserialize_with = "crate::types::strict::optional_open_object")]
    pub webauthn_registration: Option<RegistrationResponse>,
    /// An ID token of the identity that is to open the account.
    #[serde(borrow)]
    pub id_token: Option<Token<'a>>,
    /// The provider of the ID token; default: the only one.
    pub provider: Option<ProviderName>,
    /// The nonce that the ID token must repeat.
    pub nonce: Option<Secret>,
}

/// The account, which can be logged in to from now on.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct AcceptInvitationResponse {
    /// The account.
    pub user: PublicUser,
    /// With a passkey: codes that replace it where it is a second factor; each can be used once. They are shown only
    /// now.
    pub recovery_codes: Vec<RecoveryCode>,
}

/// How long an account waits after its last invitation.
const WAITS_SECONDS: i64 = 30 * 86_400;

/// What is to open the account of an invitation.
enum WayIn {
    /// The hash of a password.
    Password(String),
    Passkey(Box<Passkey>),
    /// An identity, and the name of its provider.
    Identity(Box<ProviderUser>, String),
    /// The mailbox alone.
    Mail,
}

impl Engine {
    /// Invites a person by a mail to an address. The account has the roles at once, and no login opens it
    /// before the invitation is accepted. A further invitation of the same address replaces the one before. An
    /// account that waits for 30 days after its last invitation is deleted.
    ///
    /// Failures: `invalid_request`, `email_taken`, `permission_denied` (the account that waits is locked),
    /// `store_unavailable`.
    pub fn invite_user(&self, request: InviteUserRequest) -> Result<InviteUserResponse> {
        let InviteUserRequest { email, roles, attributes, locale } = request;
        let attributes = bounded(attributes.unwrap_or_default())?;
        let roles = in_order(roles.unwrap_or_else(|| self.config.registration.default_roles.clone()))?;
        let now_ms = self.clock.now_ms();
        let now = now_ms / 1000;
        self.accounts.forget_expired(now, Share::AFew)?;
        let user = self.mailing.write(|tx| {
            let owner = users::find(tx, By::Email(&email.key()))?;
            if owner.is_some_and(|owner| owner.public.email_verified) {
                return Err(Error::at(Code::EmailTaken, "/email", "taken"));
            }
            let waits_seconds = WAITS_SECONDS;
            let newcomer = Newcomer { email: &email, locale: locale.as_ref(), roles: &roles, waits_seconds };
            let waiting = self.pending.account(tx, &newcomer, true, now_ms)?;
            waiting.settle(tx, now_ms)?;
            let id = waiting.user.public.id;
            // The token would be dead, because the host locked the account.
            if !waiting.user.public.is_active {
                return Err(Error::new(Code::PermissionDenied, "inactive_user").about(Some(id), None));
            }
            let mut user = waiting.user.public;
            user.email = Some(email.clone());
            user.roles.clone_from(&roles);
            user.attributes.clone_from(&attributes);
            user.locale.clone_from(&locale);
            users::update(tx, &user, &user.username.key(), None)?;
            // What was mailed to the address before is not what the person is invited to.
            self.sessions.revoke_everything(tx, id, now)?;
            let user = users::find(tx, By::Id(id))?.ok_or_else(unexpected)?;
            self.mailing.outbox.put_token(tx, Kind::Invitation, Some(&user), &email, locale.as_ref(), now)?;
            self.audit.record(tx, now, event(EventKind::Invited, id))?;
            Ok(user.public)
        })?;
        Ok(InviteUserResponse { user, expires_at: now + INVITATION_SECONDS })
    }

    /// Accepts an invitation: its address counts as verified, and the account gets a name and a way in. It opens
    /// no session. Another account that only claimed the address loses the claim.
    ///
    /// Failures: `invalid_request`, `invalid_token` (of the mail, or at `/id_token`), `weak_password`,
    /// `invalid_credentials` (the passkey is not what it should be), `invalid_config`, `username_taken`,
    /// `already_configured`, `auth_service_unavailable`, `hash_queue_full`, `store_unavailable`.
    pub fn accept_invitation(&self, request: AcceptInvitationRequest) -> Result<AcceptInvitationResponse> {
        let AcceptInvitationRequest { token, username, password, id_token, provider, nonce, .. } = request;
        let now = self.clock.now();
        // What is refused does not use up the token.
        let User { public, .. } = self.store.read(|tx| self.invited(tx, &token, now))?;
        let name = username.as_ref().unwrap_or(&public.username);
        let way_in = match (password, id_token, request.webauthn_registration) {
            (Some(password), None, None) => {
                let password = self.passwords.chosen(&password, name, public.email.as_ref(), "/password")?;
                WayIn::Password(self.passwords.kept_hash(public.id, &password)?)
            }
            (None, Some(id_token), None) => {
                let provider = self.providers.named(provider.as_ref())?;
                let claims = self.providers.user_of(provider, &id_token, nonce.as_ref());
                let claims = claims.map_err(|error| error.at_field("/id_token"))?;
                WayIn::Identity(Box::new(claims), provider.name().to_owned())
            }
            (None, None, Some(registration)) => {
                let challenge = Secret::new(token.expose());
                let wish = Wish { must_verify: true, ..Wish::default() };
                let passkey = self.factors.passkeys.made(public.id, &challenge, registration, wish, now)?;
                WayIn::Passkey(Box::new(passkey))
            }
            (None, None, None) if self.config.mailed_login.is_some() => WayIn::Mail,
            _ => {
                let expected = "expected one of password, webauthn_registration, id_token";
                return Err(Error::new(Code::InvalidRequest, expected));
            }
        };
        let now = self.clock.now();
        let (user, recovery_codes) = self.mailing.write(|tx| {
            let mut user = self.invited(tx, &token, now)?;
            self.one_time.redeem(tx, token.expose(), &[Purpose::Invitation], now)?;
            if let Some(username) = &username {
                rename(tx, &mut user.public, username)?;
            }
            self.accounts.claim(tx, &mut user, now).map_err(|error| match error.code {
                Code::EmailTaken => Error::new(Code::InvalidMailToken, "address_taken"),
                _ => error,
            })?;
            self.audit.record(tx, now, event(EventKind::Registered, user.public.id))?;
            let recovery_codes = self.open_way(tx, &user.public, &way_in, now)?;
            Ok((user.public, recovery_codes))
        })?;
        Ok(AcceptInvitationResponse { user, recovery_codes })
    }

    /// Returns the account of an invitation that was not accepted yet.
    fn invited(&self, tx: &mut Tx, token: &Token, now: i64) -> Result<User> {
        let Mailed { user, .. } = self.accounts.mailed(tx, token, &[Purpose::Invitation], now)?;
        match user.public.email_verified {
            true => Err(Error::new(Code::InvalidMailToken, "accepted")),
            false => Ok(user),
        }
    }

    /// Returns the recovery codes that a passkey brings.
    fn open_way(
        &self,
        tx: &mut Tx,
        user: &PublicUser,
        way_in: &WayIn,
        now: i64,
    ) -> Result<Vec<RecoveryCode>> {
        match way_in {
            WayIn::Password(hash) => users::set_password(tx, user.id, hash, None)?,
            WayIn::Identity(claims, provider) => {
                let identity = Identity { issuer: &claims.iss, subject: &claims.sub };
                if identities::find(tx, identity)?.is_some() {
                    return Err(Error::at(Code::AlreadyConfigured, "/id_token", "linked_elsewhere"));
                }
                identities::insert(tx, identity, user.id, now)?;
                let event = event(EventKind::IdentityLinked, user.id);
                self.audit.record(tx, now, Event { detail: Some(provider), ..event })?;
            }
            WayIn::Passkey(passkey) => {
                if !passkeys::insert(tx, passkey)? {
                    return Err(Error::at(
                        Code::AlreadyConfigured,
                        "/webauthn_registration",
                        "credential_id",
                    ));
                }
                let event = event(EventKind::SecondFactorAdded, user.id);
                self.audit.record(tx, now, Event { detail: Some(KIND), ..event })?;
                return self.factors.recovery_codes.renew(tx, user.id, None, now);
            }
            WayIn::Mail => {}
        }
        Ok(Vec::new())
    }
}

fn rename(tx: &mut Tx, user: &mut PublicUser, username: &Username) -> Result<()> {
    let key = username.key();
    if key != user.username.key() && users::is_taken(tx, By::Username(&key))? {
        return Err(Error::at(Code::UsernameTaken, "/username", "taken"));
    }
    user.username = username.clone();
    users::update(tx, user, &key, None)
}
