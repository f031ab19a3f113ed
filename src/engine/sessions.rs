//! Sessions: how they open, their tokens, and how they end.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::audit::{Audit, Kind, event};
use super::backends::Backend;
use super::key_ring::KeyRing;
use super::organizations;
use super::outbox::{self, Outbox};
use super::own_claims::OwnClaims;
use super::step::Step;
use super::terms::Terms;
use super::throttle::Throttle;
use super::tokens::{AccessClaims, Tokens};
use super::trusted_devices::{Trusted, TrustedDevices};
use crate::config::Config;
use crate::crypto::jws::MAX_TOKEN_BYTES;
use crate::crypto::refresh_token::RefreshToken;
use crate::crypto::secrets::Secrets;
use crate::error::{Code, Error, Result};
use crate::mail;
use crate::settings::Settings;
use crate::store::events::Event;
use crate::store::keys::{self, Retirement};
use crate::store::sessions::{self, NewSession, Placed};
use crate::store::users::{self, User};
use crate::store::{Share, Tx, one_time_secrets, trusted_devices};
use crate::types::base64url::base64url;
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::session::{SessionLabel, SessionLifetime};
use crate::types::strict::Object;
use crate::types::token::Token;
use crate::types::user::{Act, ActingReason, Amr, OrganizationRoles, ProviderLogin, PublicUser, Scope};

/// How long a session is kept after its end. Until it is deleted, its tokens are refused with the reason. Sessions are
/// deleted so that logins do not fill the disk.
pub(crate) const KEPT_SECONDS: i64 = 86_400;

impl sessions::Session {
    /// Returns the reason why the session is over at `now`, if it is. A session in which another person acts as the
    /// user ends with that person's own session, and with their permission.
    pub(crate) fn end(&self, now: i64, config: &Config) -> Option<&'static str> {
        let may_act = |actor: &sessions::Actor| {
            let own = actor.session.as_ref().filter(|own| own.own_end(now).is_none());
            own.zip(config.impersonation.as_ref())
                .is_some_and(|(own, rules)| rules.permit(&own.user.public, &self.user.public))
        };
        let is_abandoned = self.actor.as_ref().is_some_and(|actor| !may_act(actor));
        self.own_end(now).or(is_abandoned.then_some("impersonation_ended"))
    }

    /// Returns the reason why the session is over at `now`, apart from an actor.
    fn own_end(&self, now: i64) -> Option<&'static str> {
        if self.is_revoked || self.epoch != self.user.epoch {
            Some("revoked")
        } else if !self.user.public.is_active {
            Some("inactive_user")
        } else if self.organization.as_ref().is_some_and(|organization| organization.membership.is_none()) {
            Some("not_a_member")
        } else if now >= self.expires_at || now >= self.idle_at {
            Some("expired_session")
        } else {
            None
        }
    }
}

/// Counts those of these sessions that are over.
pub(crate) fn over(tx: &mut Tx, ids: &[Id], config: &Config, now: i64) -> Result<i64> {
    let mut over = 0;
    for id in ids {
        let session = sessions::find(tx, *id)?;
        over += i64::from(session.is_none_or(|session| session.end(now, config).is_some()));
    }
    Ok(over)
}

/// Opens and ends sessions.
pub(crate) struct Sessions {
    pub audit: Arc<Audit>,
    pub keys: Arc<KeyRing>,
    pub outbox: Arc<Outbox>,
    pub secrets: Arc<Secrets>,
    pub settings: Arc<Settings>,
    pub throttle: Arc<Throttle>,
    pub tokens: Arc<Tokens>,
    pub trusted_devices: Arc<TrustedDevices>,
}

impl Sessions {
    /// Ends every session of a user, every token of theirs without a session, every one-time secret and the trust in
    /// every device, in the caller's transaction.
    pub(crate) fn revoke_everything(&self, tx: &mut Tx, user_id: Id, now: i64) -> Result<usize> {
        let revoked = sessions::revoke_all(tx, user_id, None, now)?;
        users::bump_epoch(tx, user_id, now)?;
        one_time_secrets::delete_all(tx, user_id)?;
        trusted_devices::delete_all(tx, user_id)?;
        outbox::forget_tokens(tx, user_id)?;
        self.sessions_revoked(tx, user_id, revoked, now)
    }

    /// Ends every session of a user except one, in the caller's transaction. A login whose password was
    /// checked before cannot open a session afterwards.
    pub(crate) fn revoke_others(&self, tx: &mut Tx, user_id: Id, except: Id, now: i64) -> Result<usize> {
        let revoked = sessions::revoke_all(tx, user_id, Some(except), now)?;
        sessions::carry_over(tx, user_id, except)?;
        users::next_epoch(tx, user_id)?;
        // The secrets and devices are dead by the epoch, and a mail with a dead token need not be sent.
        one_time_secrets::delete_all(tx, user_id)?;
        trusted_devices::delete_all(tx, user_id)?;
        outbox::forget_tokens(tx, user_id)?;
        self.sessions_revoked(tx, user_id, revoked, now)
    }

    /// Records that sessions in an organization ended with a membership.
    pub(crate) fn ended_with_membership(
        &self,
        tx: &mut Tx,
        user_id: Id,
        ended: usize,
        now: i64,
    ) -> Result<()> {
        match ended {
            0 => Ok(()),
            _ => self.sessions_revoked(tx, user_id, ended, now).map(drop),
        }
    }

    fn sessions_revoked(&self, tx: &mut Tx, user_id: Id, revoked: usize, now: i64) -> Result<usize> {
        let detail = revoked.to_string();
        self.audit.record(
            tx,
            now,
            Event { detail: Some(&detail), ..event(Kind::SessionsRevoked, user_id) },
        )?;
        Ok(revoked)
    }

    /// Ends a session by its token. If a person acts as the user in it, that person is the actor.
    pub(crate) fn revoke_presented(&self, tx: &mut Tx, kind: Kind, session_id: Id, now: i64) -> Result<()> {
        let Some(revoked) = sessions::revoke(tx, session_id, now)? else { return Ok(()) };
        let actor = revoked.act.map(|act| act.sub.to_string());
        let event = event(kind, revoked.user_id);
        self.audit.record(tx, now, Event { session_id: Some(session_id), actor: actor.as_deref(), ..event })
    }

    /// Opens a session in the caller's transaction, for a user who has given every proof. The session belongs
    /// to the epoch of `user`, so that an end of all sessions in between prevents it.
    pub(crate) fn open<'e>(
        &'e self,
        tx: &mut Tx,
        user: User,
        entry: &Entry,
        now_ms: i64,
    ) -> Result<Step<Session<'e>>> {
        // Nothing gives a service account a way to log in; if something did, it would end here.
        if user.public.is_service_account {
            return Err(Error::new(Code::InvalidCredentials, "service_account"));
        }
        let now = now_ms / 1000;
        if self.throttle.keep_device(tx, user.public.id, &entry.client, now)? && user.public.email_verified {
            self.outbox.tell(tx, mail::Kind::NewDevice, &user.public, now)?;
        }
        let ip = entry.client.ip_text();
        let organization = match organizations::of_login(tx, entry.organization_id, user.public.id)? {
            Step::Done(organization) => organization,
            // Every proof was right, so that nothing counts as a guess.
            Step::Refused(refused) => {
                let event = event(Kind::LoginFailed, user.public.id);
                let detail = refused.detail.as_deref();
                self.audit.record_one_of_many(tx, now, Event { ip: ip.as_deref(), detail, ..event })?;
                return Ok(Step::Refused(refused));
            }
        };
        let wanted = self.wanted(tx, user, entry, organization, None, now_ms)?;
        // Every proof was used, and no other session ends for one that gets no token.
        if let Err(refused) = self.refuse_long(wanted.session.backend, &wanted.session.claims()) {
            return Ok(Step::Refused(refused));
        }
        self.make_room(tx, wanted.session.user.id, now)?;
        let session = self.begin(tx, wanted, entry, now_ms)?;
        let event = Event {
            session_id: Some(session.id),
            ip: ip.as_deref(),
            detail: Some(&session.backend.name),
            ..event(Kind::LoggedIn, session.user.id)
        };
        self.audit.record(tx, now, event)?;
        Ok(Step::Done(session))
    }

    /// Ends the sessions of a user for which a new one leaves no place, the least recently used first, in the caller's
    /// transaction.
    fn make_room(&self, tx: &mut Tx, user_id: Id, now: i64) -> Result<()> {
        let most = self.settings.max_sessions_per_user.count();
        if most == 0 {
            return Ok(());
        }
        // Several, if the setting is new or lower than before.
        for ended in sessions::end_oldest(tx, user_id, most - 1, now)? {
            let event = event(Kind::SessionRevoked, user_id);
            let detail = Some("max_sessions_per_user");
            self.audit.record(tx, now, Event { session_id: Some(ended), detail, ..event })?;
        }
        Ok(())
    }

    /// Opens a session in which the user of another session acts as this user, in the caller's transaction. The user
    /// is told.
    pub(crate) fn open_as<'e>(
        &'e self,
        tx: &mut Tx,
        user: User,
        entry: &Entry,
        acting: &Acting,
        now_ms: i64,
    ) -> Result<Session<'e>> {
        let now = now_ms / 1000;
        let organization = organizations::of_login(tx, entry.organization_id, user.public.id)?.result()?;
        let wanted = self.wanted(tx, user, entry, organization, Some(acting), now_ms)?;
        self.refuse_long(wanted.session.backend, &wanted.session.claims())?;
        let session = self.begin(tx, wanted, entry, now_ms)?;
        let ip = entry.client.ip_text();
        let actor = acting.act.sub.to_string();
        let event = Event {
            session_id: Some(session.id),
            ip: ip.as_deref(),
            actor: Some(&actor),
            detail: Some(acting.reason.as_str()),
            ..event(Kind::Impersonated, session.user.id)
        };
        self.audit.record(tx, now, event)?;
        self.outbox.tell(tx, mail::Kind::Impersonated, &session.user, now)?;
        Ok(session)
    }

    /// Returns a session that is yet to be stored.
    fn wanted<'e>(
        &'e self,
        tx: &mut Tx,
        user: User,
        entry: &Entry,
        organization: Option<OrganizationRoles>,
        acting: Option<&Acting>,
        now_ms: i64,
    ) -> Result<Wanted<'e>> {
        let backend = self.keys.backend(Some(&entry.backend))?;
        let now = now_ms / 1000;
        // A secret key that another process retired seals no claims.
        let retirement = keys::retirement(tx)?;
        self.secrets.retire(&retirement.secret_keys());
        let terms = &entry.terms;
        let longest = self.settings.session_max_seconds.seconds();
        let longest = now + terms.absolute_seconds.map_or(longest, |wanted| wanted.min(longest));
        let expires_at = acting.map_or(longest, |acting| acting.expires_at);
        let session = Session {
            id: Id::new(now_ms)?,
            backend,
            user: user.public.clone(),
            amr: entry.amr.clone(),
            provider: entry.provider.clone(),
            created_at: now,
            idle_at: (now + backend.idle_seconds(terms.idle_seconds)).min(expires_at),
            expires_at,
            scope: entry.scope.clone(),
            terms: terms.clone(),
            organization,
            actor: acting.map(|acting| (acting.act, acting.session_id)),
            retirement,
            trusted_device: None,
        };
        Ok(Wanted { session, user })
    }

    /// Stores a new session.
    fn begin<'e>(
        &'e self,
        tx: &mut Tx,
        wanted: Wanted<'e>,
        entry: &Entry,
        now_ms: i64,
    ) -> Result<Session<'e>> {
        let Wanted { session, user } = wanted;
        let now = now_ms / 1000;
        // Other logins than those by password take no token of a trusted device.
        let trusted_device = match entry.trusts_device && entry.amr.members().contains(&"pwd") {
            true => self.trusted_devices.trust(tx, &user, &entry.client, now_ms)?,
            false => None,
        };
        if trusted_device.is_some() {
            self.outbox.tell(tx, mail::Kind::DeviceTrusted, &user.public, now)?;
        }
        sessions::forget_ended(tx, now - KEPT_SECONDS, Share::AFew)?;
        session.insert(tx, user.epoch, entry, &self.secrets)?;
        Ok(Session { trusted_device, ..session })
    }

    /// Makes the first tokens of a session.
    pub(crate) fn first_tokens(&self, session: Session) -> Result<FirstTokens> {
        let backend = session.backend;
        let now = session.created_at;
        self.keys.follow(&session.retirement);
        let access_token = self.access_token(backend, &session.claims())?;
        let refresh_token = RefreshToken { session_id: session.id, generation: 0 };
        let refresh_token = backend.can_refresh.then(|| refresh_token.seal(&self.secrets)).transpose()?;
        Ok(FirstTokens {
            access_token,
            expires_in: session.first_end() - now,
            refresh_expires_in: refresh_token.as_ref().map(|_| session.idle_at - now),
            refresh_token,
            session_id: session.id,
            backend: backend.name.clone(),
            user: session.user,
            persistent: session.terms.persistent,
            organization_id: session.organization.map(|organization| organization.id),
            trusted_device: session.trusted_device,
        })
    }

    /// Failure: `invalid_request`, if roles, scopes and claims together make a token that would be refused.
    pub(crate) fn access_token(&self, backend: &Backend, session: &SessionClaims) -> Result<Token<'static>> {
        let (sub, jti) = (session.user.id.to_string(), new_jti()?);
        let amr = session.amr.members();
        let claims = session.of_token(&sub, &jti, &amr);
        let token = self.tokens.sign(backend, &claims, Some(session.own.members()))?;
        refuse_length(token.expose().len())?;
        Ok(token)
    }

    /// Fails as [`Sessions::access_token`] does if the token would be refused for its length: in a transaction, which
    /// then opens or changes no session.
    pub(crate) fn refuse_long(&self, backend: &Backend, session: &SessionClaims) -> Result<()> {
        let (sub, jti) = (session.user.id.to_string(), new_jti()?);
        let amr = session.amr.members();
        let claims = session.of_token(&sub, &jti, &amr);
        refuse_length(self.tokens.length(backend, &claims, Some(session.own.members()))?)
    }

    /// Returns the terms of a session for a backend. Failure: `invalid_request`.
    pub(crate) fn terms(
        &self,
        backend: &Backend,
        claims: Option<Object>,
        lifetime: Option<SessionLifetime>,
        label: Option<SessionLabel>,
    ) -> Result<Terms> {
        Terms::of(claims, lifetime, label, backend, &self.settings)
    }

    /// Returns the host's own claims of a session, in the caller's transaction, and seals them anew if another than the
    /// current secret key did. Failure: `invalid_token`, because without them no token of the session may be made.
    pub(crate) fn own_claims(
        &self,
        tx: &mut Tx,
        session_id: Id,
        session: &sessions::Session,
    ) -> Result<OwnClaims> {
        self.secrets.retire(&session.retirement.secret_keys());
        let sealed = if session.has_claims { sessions::claims(tx, session_id)? } else { None };
        let unknown = || Error::new(Code::InvalidToken, "claims_sealed_by_unknown_key");
        let claims = OwnClaims::open(&self.secrets, session_id, sealed.as_deref()).ok_or_else(unknown)?;
        if sealed.is_some_and(|sealed| !self.secrets.is_current(&sealed)) {
            sessions::put_claims(tx, session_id, claims.seal(&self.secrets, session_id)?.as_deref())?;
        }
        Ok(claims)
    }
}

/// The login for which a session will be opened. Stored with the challenge while a login waits for its next
/// step.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub backend: String,
    pub scope: Option<Scope>,
    pub client: Client,
    /// The methods proven so far.
    pub amr: Amr,
    /// The provider of the ID token, for a login by one.
    pub provider: Option<ProviderLogin>,
    /// Whether its user gave a second factor and trusts the device.
    #[serde(default)]
    pub trusts_device: bool,
    #[serde(default)]
    pub terms: Terms,
    /// The organization that the login is for.
    #[serde(default)]
    pub organization_id: Option<Id>,
}

impl Entry {
    /// Adds methods that were proven, too; the login then has more than one factor.
    pub(crate) fn with(self, methods: &[&'static str]) -> Entry {
        Entry { amr: self.amr.with(methods).with(&["mfa"]), ..self }
    }
}

/// A person who is to act as another user.
pub(crate) struct Acting {
    pub act: Act,
    /// The person's own session.
    pub session_id: Id,
    pub reason: ActingReason,
    /// When the person stops acting at the latest.
    pub expires_at: i64,
}

/// A session that was opened.
pub(crate) struct Session<'e> {
    id: Id,
    backend: &'e Backend,
    user: PublicUser,
    amr: Amr,
    provider: Option<ProviderLogin>,
    created_at: i64,
    idle_at: i64,
    expires_at: i64,
    scope: Option<Scope>,
    terms: Terms,
    organization: Option<OrganizationRoles>,
    /// The person who acts as the user, and the session from which they do.
    actor: Option<(Act, Id)>,
    retirement: Retirement,
    trusted_device: Option<Trusted>,
}

/// A session that is yet to be stored, and its user.
struct Wanted<'e> {
    session: Session<'e>,
    user: User,
}

impl Session<'_> {
    /// Returns when the first access token expires.
    fn first_end(&self) -> i64 {
        (self.created_at + self.backend.access_token_seconds).min(self.idle_at)
    }

    /// Returns the claims of the first access token.
    fn claims(&self) -> SessionClaims<'_> {
        SessionClaims {
            user: &self.user,
            sid: self.id,
            scope: self.scope.as_ref().map(Scope::as_str),
            auth_time: self.actor.is_none().then_some(self.created_at),
            amr: &self.amr,
            provider: self.provider.as_ref(),
            act: self.actor.map(|(act, _)| act),
            organization: self.organization.as_ref(),
            own: &self.terms.claims,
            iat: self.created_at,
            exp: self.first_end(),
        }
    }

    fn insert(&self, tx: &mut Tx, epoch: i64, entry: &Entry, secrets: &Secrets) -> Result<()> {
        let ip = entry.client.ip_text();
        let claims = self.terms.claims.seal(secrets, self.id)?;
        let new = NewSession {
            id: self.id,
            backend: &self.backend.name,
            user_id: self.user.id,
            epoch,
            created_at: self.created_at,
            amr: &self.amr,
            provider: self.provider.as_ref(),
            idle_at: self.idle_at,
            expires_at: self.expires_at,
            scope: self.scope.as_ref().map(Scope::as_str),
            ip: ip.as_deref(),
            user_agent: entry.client.user_agent_text(),
            device_id: entry.client.device_id_text(),
            actor: self.actor.map(|(act, session_id)| (act.sub, session_id)),
            label: self.terms.label.as_ref().map(SessionLabel::as_str),
            claims: claims.as_deref(),
            idle_seconds: self.terms.idle_seconds,
            persistent: self.terms.persistent,
            organization_id: self.organization.as_ref().map(|organization| organization.id),
        };
        sessions::insert(tx, &new)
    }
}

/// The claims about a session in an access token.
pub(crate) struct SessionClaims<'a> {
    pub user: &'a PublicUser,
    pub sid: Id,
    pub scope: Option<&'a str>,
    /// When the user authenticated; none if another person acts as the user.
    pub auth_time: Option<i64>,
    pub amr: &'a Amr,
    pub provider: Option<&'a ProviderLogin>,
    pub act: Option<Act>,
    /// The organization of the session, and the user's roles there.
    pub organization: Option<&'a OrganizationRoles>,
    /// The host's own claims.
    pub own: &'a OwnClaims,
    pub iat: i64,
    pub exp: i64,
}

impl<'a> SessionClaims<'a> {
    /// Returns the claims as those of a token.
    fn of_token(&self, sub: &'a str, jti: &'a str, amr: &'a [&'a str]) -> AccessClaims<'a> {
        AccessClaims {
            sub,
            iat: self.iat,
            exp: self.exp,
            jti,
            account_epoch: None,
            sid: Some(self.sid),
            auth_time: self.auth_time,
            amr: Some(amr).filter(|amr| !amr.is_empty()),
            provider: self.provider,
            scope: self.scope,
            roles: Some(&self.user.roles).filter(|roles| !roles.is_empty()).map(Vec::as_slice),
            organization: self.organization,
            act: self.act,
        }
    }
}

/// A stored session that gets another access token.
pub(crate) struct Continued<'e> {
    pub id: Id,
    pub session: sessions::Session,
    pub backend: &'e Backend,
    /// When the token is made.
    pub now: i64,
    own: OwnClaims,
    amr: Amr,
    organization: Option<OrganizationRoles>,
}

impl<'e> Continued<'e> {
    pub(crate) fn new(
        id: Id,
        mut session: sessions::Session,
        backend: &'e Backend,
        own: OwnClaims,
        now: i64,
    ) -> Continued<'e> {
        let amr = session.proofs.amr();
        let organization = session.organization.take().and_then(Placed::roles);
        Continued { id, session, backend, now, own, amr, organization }
    }

    /// Returns the claims of the token, which has these scopes.
    pub(crate) fn claims<'a>(&'a self, scope: Option<&'a str>) -> SessionClaims<'a> {
        let session = &self.session;
        let end = session.idle_at.min(session.expires_at);
        SessionClaims {
            user: &session.user.public,
            sid: self.id,
            scope,
            auth_time: session.actor.is_none().then_some(session.auth_time),
            amr: &self.amr,
            provider: session.provider.as_ref(),
            act: session.actor.as_ref().map(|actor| actor.act),
            organization: self.organization.as_ref(),
            own: &self.own,
            iat: self.now,
            exp: (self.now + self.backend.access_token_seconds).min(end),
        }
    }
}

fn new_jti() -> Result<String> {
    Ok(base64url(&crate::types::random::random::<16>()?))
}

fn refuse_length(length: usize) -> Result<()> {
    match length {
        0..=MAX_TOKEN_BYTES => Ok(()),
        _ => Err(Error::at(Code::InvalidRequest, "/claims", "the token would be too long")),
    }
}

/// The first tokens of a session, and its user.
pub(crate) struct FirstTokens {
    pub access_token: Token<'static>,
    pub expires_in: i64,
    pub refresh_token: Option<Token<'static>>,
    pub refresh_expires_in: Option<i64>,
    pub session_id: Id,
    pub backend: String,
    pub user: PublicUser,
    pub persistent: Option<bool>,
    pub organization_id: Option<Id>,
    pub trusted_device: Option<Trusted>,
}
