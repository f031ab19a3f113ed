//! Sessions: `refresh`, `logout`, `list_sessions`, `revoke_session`, `revoke_user_sessions`,
//! `revoke_all_sessions`, `revoke_token`; changes of one.

pub(crate) mod update;

use crate::engine::sessions::{Continued, SessionClaims};
use crate::engine::step::Step;
use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::crypto::api_key;
use crate::crypto::refresh_token::RefreshToken;
use crate::engine::audit::{Kind, event};
use crate::engine::backends::Backend;
use crate::engine::key_ring::LONGEST_LEEWAY;
use crate::engine::rotation::{self, Rotation};
use crate::engine::tokens::{Issued, token_id};
use crate::engine::{Engine, outbox};
use crate::error::{Code, Error, Result};
use crate::store::events::Event;
use crate::store::users::{self, By};
use crate::store::{
    Durability, Share, Tx, keys, one_time_secrets, organizations, revoked_tokens, sessions, trusted_devices,
};
use crate::types::id::Id;
use crate::types::secret::IssuedSecret;
use crate::types::token::Token;
use crate::types::user::{Act, Amr, ProviderLogin, Scope};

/// Gets the next tokens of a session.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RefreshRequest<'a> {
    /// The newest refresh token.
    #[serde(borrow)]
    pub refresh_token: Token<'a>,
    /// Fewer scopes than the session has, for this access token (RFC 6749 section 6).
    pub scope: Option<Scope>,
}

/// The next tokens. The refresh token that was given is spent.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RefreshResponse {
    /// The next access token.
    pub access_token: Token<'static>,
    /// The next refresh token. All callers that offer the same token get the same next one.
    pub refresh_token: Token<'static>,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// The life of the access token in seconds.
    pub expires_in: i64,
    /// The life of the refresh token in seconds.
    pub refresh_expires_in: i64,
    /// Whether the user stays logged in when the browser is closed, if the login's `lifetime` said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistent: Option<bool>,
}

/// Ends a session. Give either token.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct LogoutRequest<'a> {
    /// The access token.
    #[serde(borrow)]
    pub token: Option<Token<'a>>,
    /// The refresh token.
    #[serde(borrow)]
    pub refresh_token: Option<Token<'a>>,
    /// Whether to end every session of the user.
    pub everywhere: Option<bool>,
    /// Whether to change nothing and only confirm. The client then forgets its tokens, which stay valid until
    /// they expire.
    pub stateless: Option<bool>,
}

/// The session ended.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct LogoutResponse {
    /// The next step for the client.
    pub message: &'static str,
}

/// Lists the live sessions of a user.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ListSessionsRequest {
    /// The user's id.
    pub user_id: Id,
    /// The session from which the user asks, if one does: `session_id` of `authenticate`.
    pub current_session_id: Option<Id>,
}

/// Sessions, the oldest first.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ListSessionsResponse {
    /// The sessions.
    pub sessions: Vec<SessionInfo>,
}

/// A session, for its user's own list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Session")]
#[non_exhaustive]
pub struct SessionInfo {
    /// The session's id: `sid` in tokens.
    pub id: Id,
    /// Whether it is the session of `current_session_id`.
    pub current: bool,
    /// The backend that its tokens are for.
    pub backend: String,
    /// When the session was opened.
    pub created_at: i64,
    /// When the session was last refreshed, or else opened.
    pub refreshed_at: i64,
    /// When the session ends unless it is refreshed.
    pub expires_at: i64,
    /// The label, if the session has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The organization that the session is in, if the login was for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<Id>,
    /// The methods by which the user authenticated (RFC 8176).
    pub amr: Amr,
    /// The login at an identity provider that opened the session, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderLogin>,
    /// The person who acts as the user in this session, if it is not the user's own (`impersonate`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<Act>,
    /// The IP address that opened the session. Left out, as the next two, where another person acts as the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The `User-Agent` that opened the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The device that opened the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<IssuedSecret>,
}

/// Ends one session.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RevokeSessionRequest {
    /// The session's id.
    pub session_id: Id,
}

/// Ends every session of a user.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RevokeUserSessionsRequest {
    /// The user's id.
    pub user_id: Id,
    /// The session to keep: the one that the user asks from.
    pub except_session_id: Option<Id>,
}

/// Ends every session of every user.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct RevokeAllSessionsRequest {}

/// The number of sessions that ended.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RevokedResponse {
    /// The number of live sessions that ended.
    pub revoked: usize,
}

/// Revokes a token with its session, or by itself if it belongs to none (RFC 7009).
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct RevokeTokenRequest<'a> {
    /// An access or a refresh token.
    #[serde(borrow)]
    pub token: Option<Token<'a>>,
    /// `access_token` or `refresh_token`; optional, and any text is accepted.
    pub token_type_hint: Option<String>,
    /// The `jti` of a token of `issue_token` instead, from its answer or the event `token_issued`.
    #[schemars(regex(pattern = "^[A-Za-z0-9_-]{22}$"))]
    pub jti: Option<String>,
    /// The backend that issued the token of this `jti`; default: `default`.
    pub backend: Option<String>,
}

/// The token is revoked, or there was nothing to revoke.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RevokeTokenResponse {}

/// The longest time that `session_max_seconds` and `leeway_seconds` together let a token live.
const LONGEST_LIFE: i64 = 315_360_000;

/// The number of accounts that one transaction handles. It bounds how long other writers wait.
const BATCH: usize = 500;

const DISCARD: &str = "Logged out. Discard the tokens.";

impl Engine {
    /// Exchanges a refresh token for the next pair (RFC 6749 section 6, RFC 9700 section 4.14.2). Concurrent
    /// calls with one token get the same successor. A later repetition also gets it while the successor is
    /// unused, up to three times in thirty days; each writes an event. The fourth repetition, or an older
    /// token, ends the session, because the token was stolen or is being replayed.
    ///
    /// Failures: `invalid_token`, `invalid_request` (more scopes than the session has, or roles and claims make a token
    /// that is too long), `store_unavailable`.
    pub fn refresh(&self, request: RefreshRequest) -> Result<RefreshResponse> {
        let offered = RefreshToken::open(&request.refresh_token, &self.secrets)?;
        let now = self.clock.now();
        let refreshed = self.store.write(Durability::Full, |tx| self.rotated(tx, &request, &offered, now));
        let about = |error: Error| error.about(None, Some(offered.session_id));
        let rotated = refreshed.and_then(Step::result).map_err(about)?;
        let Rotated { continued, next } = &rotated;
        let session = &continued.session;
        self.keys.follow(&session.retirement);
        let generation = u32::try_from(*next).map_err(|_| Error::new(Code::InvalidToken, "worn_out"))?;
        let claims = rotated.claims(&request);
        Ok(RefreshResponse {
            access_token: self.sessions.access_token(continued.backend, &claims)?,
            refresh_token: RefreshToken { session_id: offered.session_id, generation }.seal(&self.secrets)?,
            token_type: "Bearer",
            expires_in: claims.exp - now,
            refresh_expires_in: session.idle_at - now,
            persistent: session.persistent,
        })
    }

    /// Finds the session of a refresh token and treats the token by its generation.
    fn rotated(
        &self,
        tx: &mut Tx,
        request: &RefreshRequest,
        offered: &RefreshToken,
        now: i64,
    ) -> Result<Step<Rotated<'_>>> {
        let session_id = offered.session_id;
        let mut session = sessions::find(tx, session_id)?.ok_or(unknown_session())?;
        self.tokens.still_sealed(&request.refresh_token, &session.retirement)?;
        let user_id = session.user.public.id;
        let refused = |reason| Error::new(Code::InvalidToken, reason).about(Some(user_id), None);
        if let Some(reason) = session.end(now, &self.config) {
            return Err(refused(reason));
        }
        let backend = self.keys.backend(Some(&session.backend)).map_err(|_| refused("unknown_backend"))?;
        if !backend.can_refresh {
            return Err(refused("not_refreshable"));
        }
        let generation = i64::from(offered.generation);
        let grace = self.config.refresh_grace_seconds.seconds();
        let rotation = Rotation::of(generation, &session.generations, now, grace);
        if rotation == Rotation::Reused {
            // The revocation must be committed, so the transaction does not fail.
            sessions::revoke(tx, session_id, now)?;
            let detail = (generation == session.generations.newest - 1).then_some("repeated");
            let event = event(Kind::RefreshTokenReused, user_id);
            self.audit.record(tx, now, Event { session_id: Some(session_id), detail, ..event })?;
            return Ok(Step::Refused(refused("reused")));
        }
        let granted = session.scope.as_deref().unwrap_or_default();
        if request.scope.as_ref().is_some_and(|scope| !scope.is_within(granted)) {
            return Err(Error::at(Code::InvalidRequest, "/scope", "more than the session has"));
        }
        let own = self.sessions.own_claims(tx, session_id, &session)?;
        if rotation == Rotation::Next {
            session.idle_at = (now + backend.idle_seconds(session.idle_seconds)).min(session.expires_at);
        }
        let continued = Continued::new(session_id, session, backend, own, now);
        let rotated = Rotated { continued, next: generation + 1 };
        // Before the session changes, so that its token can be offered again.
        self.sessions.refuse_long(backend, &rotated.claims(request))?;
        let session = &rotated.continued.session;
        if rotation == Rotation::Next {
            sessions::advance(tx, session_id, rotated.next, now, session.idle_at)?;
        } else if rotation == Rotation::Repeat {
            self.refresh_repeated(tx, session_id, session, now)?;
        }
        Ok(Step::Done(rotated))
    }

    /// Handles the previous token of a session, whose successor is unused: the same successor is returned.
    fn refresh_repeated(
        &self,
        tx: &mut Tx,
        session_id: Id,
        session: &sessions::Session,
        now: i64,
    ) -> Result<()> {
        let mut repeats: Vec<i64> = rotation::counted(&session.generations.repeats, now).collect();
        repeats.push(now);
        sessions::put_repeats(tx, session_id, &repeats)?;
        let detail = repeats.len().to_string();
        let event = event(Kind::RefreshRepeated, session.user.public.id);
        let event = Event { session_id: Some(session_id), detail: Some(&detail), ..event };
        self.audit.record(tx, now, event)
    }

    /// Ends the session of a token, or every session of its user. An ended session is not a failure. An
    /// expired access token, and that of a person who acts as the user, still ends its own session, but not the
    /// others.
    ///
    /// Failures: `invalid_token`, `permission_denied` (`everywhere` by a person who acts as the user),
    /// `invalid_request`, `store_unavailable`.
    pub fn logout(&self, request: LogoutRequest) -> Result<LogoutResponse> {
        let LogoutRequest { token, refresh_token, everywhere, stateless } = request;
        let everywhere = everywhere.unwrap_or(false);
        let stateless = stateless.unwrap_or(false);
        if stateless {
            return match everywhere {
                true => Err(Error::at(Code::InvalidRequest, "/stateless", "excludes everywhere")),
                false => Ok(LogoutResponse { message: DISCARD }),
            };
        }
        let leaving = match (&token, &refresh_token) {
            (Some(token), None) => Leaving::by_access_token(&self.tokens.issued(token)?)?,
            (None, Some(token)) => Leaving::by_refresh_token(&self.opened(token)?),
            _ => return Err(Error::new(Code::InvalidRequest, "expected one of token, refresh_token")),
        };
        let now = self.clock.now();
        let left = self.store.write(Durability::Full, |tx| {
            let left = match everywhere {
                true => self.log_out_everywhere(tx, &leaving, now)?,
                false => Step::Done(()),
            };
            // A token that may no longer end the other sessions still ends its own.
            self.sessions.revoke_presented(tx, Kind::LoggedOut, leaving.session_id, now)?;
            Ok(left)
        })?;
        left.result().map(|()| LogoutResponse { message: DISCARD })
    }

    /// Ends every session of the user of a session. Refuses if its token is not good enough for that.
    fn log_out_everywhere(&self, tx: &mut Tx, leaving: &Leaving, now: i64) -> Result<Step<()>> {
        let session_id = leaving.session_id;
        let session = sessions::find(tx, session_id)?.ok_or(unknown_session())?;
        let user_id = session.user.public.id;
        let grace = self.config.refresh_grace_seconds.seconds();
        let is_spent = leaving.generation.is_some_and(|generation| {
            Rotation::of(generation, &session.generations, now, grace) == Rotation::Reused
        });
        let reason = session.end(now, &self.config).or(is_spent.then_some("reused"));
        if session.actor.is_some() && reason.is_none() {
            let error = Error::new(Code::PermissionDenied, "impersonated");
            return Ok(Step::Refused(error.about(Some(user_id), Some(session_id))));
        }
        if let Some(reason) = reason.or(leaving.is_expired.then_some("expired")) {
            let error = Error::new(Code::InvalidToken, reason);
            return Ok(Step::Refused(error.about(Some(user_id), Some(session_id))));
        }
        self.sessions.revoke_everything(tx, user_id, now)?;
        let event = event(Kind::LoggedOut, user_id);
        self.audit.record(tx, now, Event { session_id: Some(session_id), ..event })?;
        Ok(Step::Done(()))
    }

    /// Lists the live sessions of a user.
    ///
    /// Failures: `user_not_found`, `store_unavailable`.
    pub fn list_sessions(&self, request: ListSessionsRequest) -> Result<ListSessionsResponse> {
        let now = self.clock.now();
        let listed = self.store.read(|tx| {
            known(tx, request.user_id)?;
            let mut listed = Vec::new();
            for session in sessions::list(tx, request.user_id, MOST_LISTED, now)? {
                if session.act.is_none() || self.is_alive(tx, session.id, now)? {
                    listed.push(session);
                }
            }
            Ok(listed)
        })?;
        let sessions =
            listed.into_iter().map(|session| SessionInfo::of(session, request.current_session_id)).collect();
        Ok(ListSessionsResponse { sessions })
    }

    fn is_alive(&self, tx: &mut Tx, session_id: Id, now: i64) -> Result<bool> {
        let session = sessions::find(tx, session_id)?;
        Ok(session.is_some_and(|session| session.end(now, &self.config).is_none()))
    }

    /// Ends one session. An ended or unknown session is not a failure.
    ///
    /// Failures: `store_unavailable`.
    pub fn revoke_session(&self, request: RevokeSessionRequest) -> Result<RevokedResponse> {
        let now = self.clock.now();
        let is_revoked = self.store.write(Durability::Full, |tx| {
            let Some(revoked) = sessions::revoke(tx, request.session_id, now)? else { return Ok(false) };
            let event = event(Kind::SessionRevoked, revoked.user_id);
            self.audit.record(tx, now, Event { session_id: Some(request.session_id), ..event })?;
            Ok(true)
        })?;
        Ok(RevokedResponse { revoked: is_revoked.into() })
    }

    /// Ends every session of a user, except one if requested. Without an exception it also revokes every
    /// token that belongs to no session. Idempotent.
    ///
    /// Failures: `user_not_found`, `permission_denied` (the exception is a session in which a person acts as the user),
    /// `store_unavailable`.
    pub fn revoke_user_sessions(&self, request: RevokeUserSessionsRequest) -> Result<RevokedResponse> {
        let now = self.clock.now();
        let revoked = self.store.write(Durability::Full, |tx| {
            known(tx, request.user_id)?;
            match request.except_session_id {
                None => self.sessions.revoke_everything(tx, request.user_id, now),
                Some(session_id) => {
                    // The user's own sessions do not end for a person who acts as the user.
                    if sessions::find(tx, session_id)?.is_some_and(|session| session.actor.is_some()) {
                        let error = Error::new(Code::PermissionDenied, "impersonated");
                        return Err(error.about(Some(request.user_id), Some(session_id)));
                    }
                    self.sessions.revoke_others(tx, request.user_id, session_id, now)
                }
            }
        })?;
        Ok(RevokedResponse { revoked })
    }

    /// Ends every session of every user, and revokes every token that belongs to no session and every
    /// challenge and mailed token, in short transactions. The last of them writes one event. After a failure
    /// some may have ended: call again.
    ///
    /// Failures: `store_unavailable`.
    pub fn revoke_all_sessions(&self, _: RevokeAllSessionsRequest) -> Result<RevokedResponse> {
        let now = self.clock.now();
        let mut revoked = 0;
        let mut after = Id::from_bytes([0; 16]);
        while let Some(last) = self.store.read(|tx| users::last_of_batch(tx, after, BATCH))? {
            revoked += self.store.write(Durability::Full, |tx| {
                let revoked = sessions::revoke_between(tx, after, last, now)?;
                users::bump_epochs(tx, after, last, now)?;
                Ok(revoked)
            })?;
            after = last;
        }
        self.store.write(Durability::Full, |tx| {
            one_time_secrets::delete_every(tx)?;
            organizations::delete_every_invitation(tx)?;
            trusted_devices::delete_every(tx)?;
            outbox::forget_every_token(tx)?;
            let detail = revoked.to_string();
            self.audit.record(tx, now, Event { detail: Some(&detail), ..event(Kind::SessionsRevoked, None) })
        })?;
        Ok(RevokedResponse { revoked })
    }

    /// Revokes a token together with its session (RFC 7009), or alone if it belongs to none. Live checks
    /// refuse it from then on; `verify` does not. An unknown, expired or revoked token is not a failure.
    ///
    /// Failures: `invalid_request`, `store_unavailable`.
    pub fn revoke_token(&self, request: RevokeTokenRequest) -> Result<RevokeTokenResponse> {
        let RevokeTokenRequest { token, jti, backend, .. } = request;
        let revoked = match (token, jti) {
            (Some(token), None) if backend.is_none() => self.revoke(&token),
            (None, Some(jti)) => self.revoke_jti(&jti, backend.as_deref()),
            _ => Err(Error::new(Code::InvalidRequest, "expected token, or jti with its backend")),
        };
        match revoked {
            Err(error) if error.code == Code::InvalidToken => Ok(RevokeTokenResponse {}),
            revoked => revoked.map(|()| RevokeTokenResponse {}),
        }
    }

    fn revoke(&self, token: &Token) -> Result<()> {
        if api_key::is_meant(token.expose()) {
            return self.api_keys.revoke_by_text(token.expose());
        }
        if !token.expose().contains('.') {
            return self.end_session(self.opened(token)?.session_id);
        }
        let issued = self.tokens.issued(token)?;
        match (issued.session_id, &issued.jti) {
            (Some(session_id), _) => self.end_session(session_id),
            (None, _) if issued.is_expired => Ok(()),
            (None, Some(jti)) => {
                let end = issued.expires_at.saturating_add(LONGEST_LEEWAY);
                self.revoke_alone(issued.backend, jti, issued.user_id, end)
            }
            (None, None) => Err(Error::at(Code::InvalidRequest, "/token", "has neither sid nor jti")),
        }
    }

    /// Revokes a token by its `jti`. The revocation lasts as long as any token can live.
    fn revoke_jti(&self, jti: &str, backend: Option<&str>) -> Result<()> {
        if !is_own_jti(jti) {
            return Err(Error::at(Code::InvalidRequest, "/jti", "expected 22 characters of base64url"));
        }
        let end = self.clock.now() + LONGEST_LIFE + LONGEST_LEEWAY;
        self.revoke_alone(self.keys.backend(backend)?, jti, None, end)
    }

    fn revoke_alone(&self, backend: &Backend, jti: &str, user_id: Option<Id>, end: i64) -> Result<()> {
        let now = self.clock.now();
        let id = token_id(backend, jti);
        // Tokens of another library may have any text as `jti`.
        let detail = if is_own_jti(jti) { format!("{} {jti}", backend.name) } else { backend.name.clone() };
        self.store.write(Durability::Full, |tx| {
            revoked_tokens::forget_expired(tx, now, Share::AFew)?;
            let is_new = revoked_tokens::put(tx, &id, end)?;
            if is_new {
                self.audit.record(
                    tx,
                    now,
                    Event { detail: Some(&detail), ..event(Kind::TokenRevoked, user_id) },
                )?;
            }
            Ok(())
        })
    }

    fn end_session(&self, session_id: Id) -> Result<()> {
        let now = self.clock.now();
        let end = |tx: &mut Tx| self.sessions.revoke_presented(tx, Kind::SessionRevoked, session_id, now);
        self.store.write(Durability::Full, end)
    }

    /// Opens a refresh token, if an active secret key sealed it.
    fn opened(&self, token: &Token) -> Result<RefreshToken> {
        let opened = RefreshToken::open(token, &self.secrets)?;
        self.tokens.still_sealed(token, &self.store.read(keys::retirement)?)?;
        Ok(opened)
    }
}

impl SessionInfo {
    /// Describes a session, and whether it is the one from which its user asks.
    fn of(session: sessions::Kept, current: Option<Id>) -> SessionInfo {
        SessionInfo {
            id: session.id,
            current: current == Some(session.id),
            backend: session.backend,
            created_at: session.created_at,
            refreshed_at: session.refreshed_at,
            expires_at: session.expires_at,
            label: session.label,
            organization_id: session.organization_id,
            amr: session.amr,
            provider: session.provider,
            act: session.act,
            ip: session.ip,
            user_agent: session.user_agent,
            device_id: session.device_id.map(IssuedSecret::new),
        }
    }
}

/// How many sessions of a user are listed.
const MOST_LISTED: usize = 1000;

/// A session that was refreshed.
struct Rotated<'e> {
    continued: Continued<'e>,
    /// The generation of its next refresh token.
    next: i64,
}

impl Rotated<'_> {
    /// Returns the claims of the next access token.
    fn claims<'a>(&'a self, request: &'a RefreshRequest) -> SessionClaims<'a> {
        let granted = self.continued.session.scope.as_deref();
        self.continued.claims(request.scope.as_ref().map(Scope::as_str).or(granted))
    }
}

/// A session that logs out, as its token names it.
struct Leaving {
    session_id: Id,
    /// The generation of a refresh token.
    generation: Option<i64>,
    is_expired: bool,
}

impl Leaving {
    fn by_access_token(issued: &Issued) -> Result<Leaving> {
        let session_id = issued.session_id.ok_or(Error::new(Code::InvalidToken, "no_session"))?;
        Ok(Leaving { session_id, generation: None, is_expired: issued.is_expired })
    }

    fn by_refresh_token(token: &RefreshToken) -> Leaving {
        let generation = Some(token.generation.into());
        Leaving { session_id: token.session_id, generation, is_expired: false }
    }
}

fn known(tx: &mut Tx, user_id: Id) -> Result<()> {
    if users::is_taken(tx, By::Id(user_id))? { Ok(()) } else { Err(Code::UserNotFound.into()) }
}

/// Whether this engine may have issued the `jti`.
fn is_own_jti(jti: &str) -> bool {
    jti.len() == 22 && crate::types::base64url::from_base64url(jti).is_some()
}

fn unknown_session() -> Error {
    Error::new(Code::InvalidToken, "unknown_session")
}
