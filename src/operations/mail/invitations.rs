//! Invitations: `invite_user`, `accept_invitation`. The account waits, without a password and without a claim to its
//! address, until the reader of the mail accepts.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::ProviderName;
use crate::crypto::id_token::ProviderUser;
use crate::engine::Engine;
use crate::engine::accounts::{Mailed, bounded, in_order, refuse_taken_external_id};
use crate::engine::audit::{Kind as EventKind, event};
use crate::engine::factors::passkeys::{KIND, Wish};
use crate::engine::factors::recovery_codes::RecoveryCode;
use crate::engine::one_time::Purpose;
use crate::engine::organizations::{self, Invited};
use crate::engine::outbox::INVITATION_SECONDS;
use crate::engine::pending::{INVITED_SECONDS, Newcomer, Pending};
use crate::engine::tokens::only_with_token;
use crate::error::{Code, Error, Result};
use crate::mail::Kind;
use crate::store::events::Event;
use crate::store::identities::{self, Identity};
use crate::store::organizations::Invitation;
use crate::store::passkeys::{self, Passkey};
use crate::store::users::{self, By, NewPassword, User};
use crate::store::{Share, Tx, sessions, unexpected};
use crate::types::id::Id;
use crate::types::secret::Secret;
use crate::types::strict::Object;
use crate::types::token::Token;
use crate::types::user::{Email, ExternalId, Locale, PublicUser, Role, Username};
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
    /// The host's own id of the account, which no other account has.
    pub external_id: Option<ExternalId>,
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
/// needed. An account that is in use accepts an invitation to an organization by its `access_token` alone.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AcceptInvitationRequest<'a> {
    /// The mailed token.
    #[serde(borrow)]
    pub token: Token<'a>,
    /// A live access token of an account that has verified the address: for an invitation to an organization.
    #[serde(borrow)]
    pub access_token: Option<Token<'a>>,
    /// The backend that `access_token` is for; default: `default`.
    pub backend: Option<String>,
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
    /// The organization of which the account is a member now, if the invitation was to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<Id>,
    /// With a passkey: codes that replace it where it is a second factor; each can be used once. They are shown only
    /// now.
    pub recovery_codes: Vec<RecoveryCode>,
}

/// An account that waits for the reader of an invitation.
struct Waiting {
    user: User,
    /// The invitation to an organization, if it is one.
    invitation: Option<Invitation>,
}

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
    /// Failures: `invalid_request`, `email_taken`, `external_id_taken`, `permission_denied` (the account that waits
    /// is locked), `store_unavailable`.
    pub fn invite_user(&self, request: InviteUserRequest) -> Result<InviteUserResponse> {
        let InviteUserRequest { email, roles, attributes, locale, external_id } = request;
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
            let waits_seconds = INVITED_SECONDS;
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
            if let Some(external_id) = &external_id {
                refuse_taken_external_id(tx, external_id, id)?;
            }
            user.external_id.clone_from(&external_id);
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
    /// no session. Another account that only claimed the address loses the claim. If the invitation is to an
    /// organization, the account becomes a member; one that is in use does so by its access token.
    ///
    /// Failures: `invalid_request`, `invalid_token` (of the mail, or at `/id_token` or `/access_token`),
    /// `not_authenticated` (an account that is in use has the address), `user_not_found` and `permission_denied` (of the
    /// access token, or its account has not verified the address), `weak_password`, `invalid_credentials` (the passkey is
    /// not what it should be), `invalid_config`, `username_taken`, `already_configured`, `already_member`,
    /// `auth_service_unavailable`, `hash_queue_full`, `store_unavailable`.
    pub fn accept_invitation(&self, request: AcceptInvitationRequest) -> Result<AcceptInvitationResponse> {
        if request.access_token.is_some() {
            return self.accept_by_token(request);
        } else if request.backend.is_some() {
            return Err(only_with_token());
        }
        let username = request.username.clone();
        let token = Token::new(request.token.expose().to_owned());
        let now = self.clock.now();
        // What is refused does not use up the token.
        let Waiting { user: User { public, .. }, .. } =
            self.store.read(|tx| self.invited(tx, &token, now))?;
        let way_in = self.way_in(request, &public, now)?;
        let now = self.clock.now();
        self.mailing.write(|tx| {
            let Waiting { mut user, invitation } = self.invited(tx, &token, now)?;
            let id = user.public.id;
            if invitation.is_some() {
                self.end_invitation(tx, &mut user.public, now)?;
            }
            self.one_time.redeem(tx, token.expose(), &[Purpose::Invitation, Purpose::Membership], now)?;
            if let Some(username) = &username {
                rename(tx, &mut user.public, username)?;
            }
            self.accounts.claim(tx, &mut user, now).map_err(|error| match error.code {
                Code::EmailTaken => Error::new(Code::InvalidMailToken, "address_taken"),
                _ => error,
            })?;
            self.audit.record(tx, now, event(EventKind::Registered, id))?;
            let recovery_codes = self.open_way(tx, &user.public, &way_in, now)?;
            if let Some(invitation) = &invitation {
                organizations::join(&self.audit, tx, invitation, id, now)?;
            }
            let organization_id = invitation.map(|invitation| invitation.organization_id);
            Ok(AcceptInvitationResponse { user: user.public, organization_id, recovery_codes })
        })
    }

    /// Takes from an account that waited what its invitation gave, if that is over.
    pub(super) fn end_invitation(&self, tx: &mut Tx, user: &mut PublicUser, now: i64) -> Result<()> {
        if !self.one_time.is_awaited(tx, user.id, Purpose::Invitation, now)? {
            user.roles.clone_from(&self.config.registration.default_roles);
            user.attributes = Object::default();
            user.external_id = None;
        }
        Ok(())
    }

    /// Makes the account of an access token a member of an organization. The mail proves the address, and the token the
    /// account.
    fn accept_by_token(&self, request: AcceptInvitationRequest) -> Result<AcceptInvitationResponse> {
        let AcceptInvitationRequest { token, access_token, username, password, id_token, .. } = request;
        let AcceptInvitationRequest { backend, webauthn_registration, provider, nonce, .. } = request;
        let others = [username.is_some(), password.is_some(), id_token.is_some(), provider.is_some()];
        let is_alone = !others.contains(&true) && webauthn_registration.is_none() && nonce.is_none();
        let Some(access_token) = access_token.filter(|_| is_alone) else {
            return Err(Error::at(Code::InvalidRequest, "/access_token", "with token alone"));
        };
        let at_token = |error: Error| error.at_field("/access_token");
        let backend = self.keys.backend(backend.as_deref())?;
        let bearer = self.tokens.bearer_in_person(&access_token, backend).map_err(at_token)?;
        let ended = |reason| Error::at(Code::InvalidToken, "/access_token", reason);
        let about = |error: Error| error.about(Some(bearer.user.id), bearer.session_id);
        let session_id = bearer.session_id.ok_or_else(|| about(ended("no_session")))?;
        let now = self.clock.now();
        let accepted = self.mailing.write(|tx| {
            let session = sessions::find(tx, session_id)?.ok_or_else(|| ended("unknown_session"))?;
            if let Some(reason) = session.end(now, &self.config) {
                return Err(ended(reason));
            }
            let found = self.one_time.redeem(tx, token.expose(), &[Purpose::Membership], now)?;
            let invited = Invited::of(&found)?;
            let invitation = organizations::invitation(tx, &invited, now)?;
            let user = session.user.public;
            let address = Email::stored(invited.address);
            let is_own = user.email.as_ref().is_some_and(|own| own.is_mailbox_of(&address));
            if !is_own || !user.email_verified {
                return Err(Error::at(Code::PermissionDenied, "/access_token", "another_address"));
            }
            if !organizations::join(&self.audit, tx, &invitation, user.id, now)? {
                return Err(Code::AlreadyMember.into());
            }
            let organization_id = invitation.organization_id;
            self.mailing.outbox.tell_member(
                tx,
                &self.throttle,
                Kind::MemberAdded,
                &user,
                organization_id,
                now,
            )?;
            let organization_id = Some(organization_id);
            Ok(AcceptInvitationResponse { user, organization_id, recovery_codes: Vec::new() })
        });
        accepted.map_err(about)
    }

    /// Returns what is to open an account.
    fn way_in(&self, request: AcceptInvitationRequest, user: &PublicUser, now: i64) -> Result<WayIn> {
        let AcceptInvitationRequest { token, username, password, id_token, provider, nonce, .. } = request;
        let name = username.as_ref().unwrap_or(&user.username);
        Ok(match (password, id_token, request.webauthn_registration) {
            (Some(password), None, None) => {
                let password = self.passwords.chosen(&password, name, user.email.as_ref(), "/password")?;
                WayIn::Password(self.passwords.kept_hash(user.id, &password)?)
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
                let passkey = self.factors.passkeys.made(user.id, &challenge, registration, wish, now)?;
                WayIn::Passkey(Box::new(passkey))
            }
            (None, None, None) if self.config.mailed_login.is_some() => WayIn::Mail,
            _ => {
                let expected = "expected one of password, webauthn_registration, id_token";
                return Err(Error::new(Code::InvalidRequest, expected));
            }
        })
    }

    /// Returns the account of an invitation that was not accepted yet.
    fn invited(&self, tx: &mut Tx, token: &Token, now: i64) -> Result<Waiting> {
        let among = [Purpose::Invitation, Purpose::Membership];
        let Mailed { found, user, address } = self.accounts.mailed(tx, token, &among, now)?;
        if found.purpose == Purpose::Invitation {
            return match Pending::waits(tx, &user)? {
                true => Ok(Waiting { user, invitation: None }),
                false => Err(Error::new(Code::InvalidMailToken, "accepted")),
            };
        }
        let invitation = Some(organizations::invitation(tx, &Invited::of(&found)?, now)?);
        match organizations::makes_account(tx, &user, &address)? {
            true => Ok(Waiting { user, invitation }),
            // The mail opens no account that is in use.
            false => {
                Err(Error::new(Code::NotAuthenticated, "account_in_use").about(Some(user.public.id), None))
            }
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
            WayIn::Password(hash) => {
                let hash = self.passwords.to_write(tx, user.id, hash)?;
                let new = NewPassword { hash: &hash, past: None, expires_at: None, set_at: now };
                users::set_password(tx, user.id, &new)?;
            }
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
