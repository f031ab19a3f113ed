//! Access tokens: how they are signed, and how their users are identified.

use std::borrow::Cow;
use std::sync::Arc;

use memchr::{memchr, memrchr};
use serde::Serialize;
use serde_json::{Map, Value};

use super::backends::Backend;
use super::claims::Claims;
use super::claims_template::Template;
use super::key_ring::{KeyRing, Signed};
use super::shared::Shared;
use super::verified_tokens::{Grounds, VerifiedTokens};
use crate::clock::Clock;
use crate::config::{Config, SubjectClaim};
use crate::crypto;
use crate::crypto::claims::Registered;
use crate::crypto::jws::MAX_TOKEN_BYTES;
use crate::crypto::refresh_token::RefreshToken;
use crate::crypto::secrets::Secrets;
use crate::crypto::token_code::TokenCode;
use crate::error::{Code, Error, Result};
use crate::settings::Settings;
use crate::store::keys::{self, Retirement};
use crate::store::sessions::Placed;
use crate::store::users::{self, By, User};
use crate::store::{Store, revoked_tokens, sessions};
use crate::types::base64url::text_from_base64url;
use crate::types::id::Id;
use crate::types::token::Token;
use crate::types::user::{Act, OrganizationRoles, Proofs, ProviderLogin, PublicUser, Role};

/// The claims of an access token, as they are written.
#[derive(Serialize)]
struct Payload<'a> {
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    aud: Value,
    client_id: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_epoch: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<&'a [&'a str]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'a ProviderLogin>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<&'a [Role]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org_id: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org_roles: Option<&'a [Role]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Act>,
    #[serde(flatten)]
    own: Option<&'a Map<String, Value>>,
}

/// Signs and verifies access tokens.
pub(crate) struct Tokens {
    pub clock: Arc<Clock>,
    pub config: Arc<Config>,
    pub keys: Arc<KeyRing>,
    pub secrets: Arc<Secrets>,
    pub settings: Arc<Settings>,
    pub store: Arc<Store>,
    /// The templates of the backends' claims, by the index of the backend.
    templates: Vec<Template>,
    /// The tokens that [`Tokens::verify`] accepted; none if none are to be remembered.
    verified: Option<VerifiedTokens>,
}

impl Tokens {
    pub(crate) fn new(shared: &Shared, keys: &Arc<KeyRing>) -> Result<Tokens> {
        let template = |backend: &Backend| Template::new(&shared.settings.issuer, backend);
        let remembered = Some(shared.config.limits.verified_tokens.get()).filter(|count| *count > 0);
        Ok(Tokens {
            clock: Arc::clone(&shared.clock),
            config: Arc::clone(&shared.config),
            keys: Arc::clone(keys),
            secrets: Arc::clone(&shared.secrets),
            settings: Arc::clone(&shared.settings),
            store: Arc::clone(&shared.store),
            templates: keys.backends.iter().map(template).collect(),
            verified: remembered.map(VerifiedTokens::new).transpose()?,
        })
    }

    /// Identifies the user of a live token.
    pub(crate) fn authenticate(&self, token: &Token, backend: &Backend) -> Result<Authenticated> {
        let signed = self.keys.signed(token.expose(), Some(backend))?;
        let verified = self.verified(&signed)?;
        let Subject { user, session_id, organization, act, .. } = self.subject(token, &verified)?;
        let claims = Claims::new(signed.text, signed.backend.subject_claim);
        Ok(Authenticated { user, session_id, organization, act, claims })
    }

    /// Signs an access token of this backend.
    pub(crate) fn sign(
        &self,
        backend: &Backend,
        claims: &AccessClaims,
        own: Option<&Map<String, Value>>,
    ) -> Result<Token<'static>> {
        let payload = self.payload(backend, claims, own)?;
        Ok(Token::new(self.keys.signing_key(backend)?.key.sign(&payload)?))
    }

    /// Returns the length of the access token with these claims, by the key that this process knows to sign.
    pub(crate) fn length(
        &self,
        backend: &Backend,
        claims: &AccessClaims,
        own: Option<&Map<String, Value>>,
    ) -> Result<usize> {
        let payload = self.payload(backend, claims, own)?;
        Ok(self.keys.known_signing_key(backend).map_or(0, |signing| signing.key.token_len(&payload)))
    }

    /// Returns the claims of an access token as they are signed, a JSON text.
    fn payload(
        &self,
        backend: &Backend,
        claims: &AccessClaims,
        own: Option<&Map<String, Value>>,
    ) -> Result<String> {
        let payload = Payload {
            iss: self.settings.issuer.as_str(),
            sub: Some(claims.sub).filter(|_| backend.subject_claim == SubjectClaim::Sub),
            user_id: Some(claims.sub).filter(|_| backend.subject_claim == SubjectClaim::UserId),
            aud: backend.audience.claim(),
            client_id: &backend.name,
            iat: claims.iat,
            exp: claims.exp,
            jti: claims.jti,
            account_epoch: claims.account_epoch,
            sid: claims.sid,
            auth_time: claims.auth_time,
            amr: claims.amr,
            provider: claims.provider,
            scope: claims.scope,
            roles: claims.roles,
            org_id: claims.organization.map(|organization| organization.id),
            org_roles: claims.organization.map(|organization| organization.roles.as_slice()),
            act: claims.act,
            own,
        };
        crate::json::render(&payload)
    }

    /// Verifies the claims of a token, after its signature: they are for its backend and valid now.
    pub(crate) fn verified<'s>(&self, signed: &'s Signed) -> Result<Verified<'s>> {
        let claims = self.accepted(&signed.text, signed.backend)?;
        match self.is_expired(&claims) {
            true => Err(about(&claims)(Error::new(Code::InvalidToken, "expired"))),
            false => Ok(Verified { claims, backend: signed.backend, signed }),
        }
    }

    /// Verifies a token by signature and claims alone, without the store. Returns none if the token names an unknown key
    /// or a look for other keys is due. A token that was accepted is not verified again while nothing has changed that
    /// the answer depends on.
    pub(crate) fn verify_at_once(&self, token: &str, backend: &Backend) -> Result<Option<Claims>> {
        let verified = self.verified.as_ref().filter(|_| token.len() <= MAX_TOKEN_BYTES);
        let code = verified.map(|verified| verified.code(token));
        if let Some(claims) = code.and_then(|code| self.remembered(code, token, backend)) {
            return Ok(Some(claims));
        }
        let Some(signed) = self.keys.signed_by_known(token, Some(backend))? else { return Ok(None) };
        // In claims of our own making `verified` checks nothing else.
        let leeway = self.config.leeway_seconds.seconds();
        let times = self.templates[signed.backend.index].read(&signed.text);
        let (exp, from) = match times.filter(|times| times.are_valid(signed.at, leeway)) {
            Some(times) => (times.exp, signed.at),
            // The claims were judged after the signature, perhaps in a later second.
            None => (self.verified(&signed)?.claims.exp, self.clock.now()),
        };
        if let (Some(verified), Some(code)) = (verified, code) {
            let until = exp.saturating_add(leeway).min(signed.key_expires_at.unwrap_or(i64::MAX));
            let (ring, backend) = (signed.generation(), signed.backend.index);
            verified.add(code, Grounds { ring, backend, from, until });
        }
        Ok(Some(Claims::new(signed.text, signed.backend.subject_claim)))
    }

    /// Verifies the claims of a token as [`Tokens::verified`] does. Returns them as they were signed.
    pub(crate) fn verified_claims(&self, signed: Signed) -> Result<Claims> {
        self.verified(&signed)?;
        Ok(Claims::new(signed.text, signed.backend.subject_claim))
    }

    /// Returns the claims of a token that was accepted before, on grounds that still hold.
    fn remembered(&self, code: TokenCode, token: &str, backend: &Backend) -> Option<Claims> {
        let (now, ring) = self.keys.present()?;
        let is_verified = self.verified.as_ref()?.contains(code, ring, backend.index, now);
        let (begin, end) = (memchr(b'.', token.as_bytes())?, memrchr(b'.', token.as_bytes())?);
        let claims = token.get(begin + 1..end).filter(|_| is_verified)?;
        Some(Claims::new(text_from_base64url(claims)?, backend.subject_claim))
    }

    /// Verifies a token by the keys that the store has now, even if it has expired: revoking it needs no more.
    pub(crate) fn issued(&self, token: &Token) -> Result<Issued<'_>> {
        let signed = self.keys.signed(token.expose(), None)?;
        self.keys.still_signed(token.expose(), &signed, &self.store.read(keys::retirement)?)?;
        let claims = self.accepted(&signed.text, signed.backend)?;
        Ok(Issued {
            backend: signed.backend,
            user_id: claims.sub.parse().ok(),
            session_id: claims.session_id()?,
            is_expired: self.is_expired(&claims),
            expires_at: claims.exp,
            jti: claims.jti.map(Cow::into_owned),
        })
    }

    fn is_expired(&self, claims: &Registered) -> bool {
        claims.exp.saturating_add(self.config.leeway_seconds.seconds()) <= self.clock.now()
    }

    /// Returns claims that are for this backend, even if they have expired.
    fn accepted<'t>(&self, text: &'t str, backend: &Backend) -> Result<Registered<'t>> {
        let Ok(claims) = Registered::parse(text, backend.subject_claim) else {
            return Err(Error::new(Code::InvalidToken, "malformed_claims"));
        };
        let refused = |reason: &'static str| Err(about(&claims)(Error::new(Code::InvalidToken, reason)));
        let is_ours = |iss: &Cow<str>| iss == self.settings.issuer.as_str();
        let now = self.clock.now();
        let leeway = self.config.leeway_seconds.seconds();
        let expected = backend.audience.members();
        if !claims.iss.as_ref().map_or(backend.fixed.is_some(), is_ours) {
            refused("wrong_issuer")
        } else if !claims.aud.iter().any(|member| expected.iter().any(|name| name == member)) {
            refused("wrong_audience")
        } else if claims.nbf.is_some_and(|nbf| nbf > now.saturating_add(leeway)) {
            refused("not_yet_valid")
        } else if claims.iat.is_some_and(|iat| iat > now.saturating_add(leeway)) {
            refused("issued_in_the_future")
        } else {
            Ok(claims)
        }
    }

    /// Returns the account and the session of a token, if both are alive.
    pub(crate) fn subject(&self, token: &Token, verified: &Verified) -> Result<Subject> {
        let claims = &verified.claims;
        let subject = || {
            let user_id = claims.sub.parse().map_err(|_| Error::from(Code::TokenUserNotFound))?;
            match claims.session_id()? {
                Some(session_id) => self.subject_of_session(token, verified, user_id, session_id),
                None => self.subject_without_session(token, verified, user_id),
            }
        };
        subject().map_err(about(claims))
    }

    /// Returns the account of a token without a session, unless the token was revoked alone or with the account.
    fn subject_without_session(&self, token: &Token, verified: &Verified, user_id: Id) -> Result<Subject> {
        let Verified { claims, backend, signed } = verified;
        let refused = |reason: &'static str| Err(Error::new(Code::InvalidToken, reason));
        let id = claims.jti.as_ref().map(|jti| token_id(backend, jti));
        let mut is_revoked = false;
        let (retirement, user) = self.store.read(|tx| {
            is_revoked =
                id.as_ref().map(|id| revoked_tokens::contains(tx, id)).transpose()?.unwrap_or_default();
            Ok((keys::retirement(tx)?, users::find(tx, By::Id(user_id))?))
        })?;
        self.keys.still_signed(token.expose(), signed, &retirement)?;
        let user = user.ok_or(Error::from(Code::TokenUserNotFound))?;
        // Tokens of other libraries may lack their time of issue; it then follows from the lifetime that
        // the configuration gives them. Their clock is not ours.
        let now = self.clock.now();
        let leeway = self.config.leeway_seconds.seconds();
        let issued_at = claims.iat.unwrap_or(claims.exp - backend.access_token_seconds);
        let slack = if backend.fixed.is_some() { leeway } else { 0 };
        let is_older = match claims.account_epoch {
            Some(epoch) => epoch != user.token_epoch,
            None => issued_at <= user.epoch_at + slack,
        };
        if !user.public.is_active {
            refused("inactive_user")
        } else if issued_at > now + leeway {
            refused("lives_longer_than_configured")
        } else if is_older || is_revoked {
            refused("revoked")
        } else {
            let proofs = Proofs::default();
            let (organization, provider, act) = (None, None, None);
            Ok(Subject { user: user.public, session_id: None, proofs, organization, provider, act })
        }
    }

    /// Returns the account and the session of a token, if both are alive.
    fn subject_of_session(
        &self,
        token: &Token,
        verified: &Verified,
        user_id: Id,
        session_id: Id,
    ) -> Result<Subject> {
        let Verified { backend, signed, .. } = verified;
        let refused = |reason: &'static str| Err(Error::new(Code::InvalidToken, reason));
        let session = self.store.read(|tx| sessions::find(tx, session_id))?;
        if let Some(session) = &session {
            self.keys.still_signed(token.expose(), signed, &session.retirement)?;
        }
        match session {
            Some(session) if session.user.public.id != user_id || session.backend != backend.name => {
                refused("foreign_session")
            }
            Some(session) => match session.end(self.clock.now(), &self.config) {
                Some(reason) => refused(reason),
                None => Ok(Subject {
                    user: session.user.public,
                    session_id: Some(session_id),
                    proofs: session.proofs,
                    organization: session.organization.and_then(Placed::roles),
                    act: session.actor.map(|actor| actor.act),
                    provider: session.provider,
                }),
            },
            // The session was deleted with its user, or purged.
            None => self.account(user_id).and_then(|_| refused("unknown_session")),
        }
    }

    fn account(&self, id: Id) -> Result<User> {
        let user = self.store.read(|tx| users::find(tx, By::Id(id)))?;
        user.ok_or(Code::TokenUserNotFound.into())
    }

    /// Identifies the user of a live token of this backend.
    pub(crate) fn bearer(&self, token: &Token, backend: &Backend) -> Result<Bearer> {
        let signed = self.keys.signed(token.expose(), Some(backend))?;
        let verified = self.verified(&signed)?;
        let Subject { user, session_id, proofs, organization, provider, act } =
            self.subject(token, &verified)?;
        let claims = verified.claims;
        let scope = claims.scope.map(Cow::into_owned);
        let auth_time = claims.auth_time;
        let organization_id = organization.map(|organization| organization.id);
        Ok(Bearer {
            user,
            session_id,
            scope,
            auth_time,
            proofs,
            organization_id,
            provider,
            act,
            is_api_key: false,
            key_roles: None,
        })
    }

    /// Identifies the user of a live token of this backend, for what only that user may do. Failure:
    /// `permission_denied`, if another person acts as the user.
    pub(crate) fn bearer_in_person(&self, token: &Token, backend: &Backend) -> Result<Bearer> {
        let bearer = self.bearer(token, backend)?;
        match bearer.act {
            None => Ok(bearer),
            Some(_) => Err(Error::new(Code::PermissionDenied, "impersonated")
                .about(Some(bearer.user.id), bearer.session_id)),
        }
    }

    /// Returns the account of a token of this backend with its session, or the account that the host names, for what
    /// only its user may do.
    pub(crate) fn account_to_change(
        &self,
        token: Option<Token>,
        backend: Option<&str>,
        user_id: Option<Id>,
    ) -> Result<(Id, Option<Bearer>)> {
        match (token, user_id) {
            (Some(token), None) => {
                let bearer = self.bearer_in_person(&token, self.keys.backend(backend)?)?;
                Ok((bearer.user.id, Some(bearer)))
            }
            (None, Some(_)) if backend.is_some() => Err(only_with_token()),
            (None, Some(user_id)) => Ok((user_id, None)),
            _ => Err(Error::new(Code::InvalidRequest, "expected one of token, user_id")),
        }
    }

    /// Opens a refresh token again, by the secret keys that the store now has in force.
    pub(crate) fn still_sealed(&self, token: &Token, retirement: &Retirement) -> Result<()> {
        self.secrets.retire(&retirement.secret_keys());
        RefreshToken::open(token, &self.secrets).map(drop)
    }
}

/// A token whose signature and claims were verified. Only [`Tokens`] makes one, so that no caller forgets the claims.
pub(crate) struct Verified<'s> {
    pub claims: Registered<'s>,
    pub backend: &'s Backend,
    signed: &'s Signed<'s>,
}

/// A token that was issued here, even if it has expired.
pub(crate) struct Issued<'e> {
    pub backend: &'e Backend,
    /// The account; none if `sub` is not an id.
    pub user_id: Option<Id>,
    pub session_id: Option<Id>,
    pub jti: Option<String>,
    pub expires_at: i64,
    pub is_expired: bool,
}

/// The user of a token, and what the token itself says.
pub(crate) struct Bearer {
    pub user: PublicUser,
    pub session_id: Option<Id>,
    pub scope: Option<String>,
    pub auth_time: Option<i64>,
    /// The proofs of the session; empty without a session.
    pub proofs: Proofs,
    /// The organization of the session, if the login was for one.
    pub organization_id: Option<Id>,
    /// The person who acts as the user, if another one does.
    pub act: Option<Act>,
    /// The login at a provider that opened the session, if one did.
    pub provider: Option<ProviderLogin>,
    /// Whether it is an API key, which proves nothing about a person.
    pub is_api_key: bool,
    /// The roles that an API key has, if it has not all of its account.
    pub key_roles: Option<Vec<Role>>,
}

/// The user of a live token, its session and its claims.
pub(crate) struct Authenticated {
    pub user: PublicUser,
    pub session_id: Option<Id>,
    pub organization: Option<OrganizationRoles>,
    pub act: Option<Act>,
    pub claims: Claims,
}

/// The account that a token is about, and its session, both alive.
pub(crate) struct Subject {
    pub user: PublicUser,
    pub session_id: Option<Id>,
    pub proofs: Proofs,
    /// The organization of the session, and the user's roles there now.
    pub organization: Option<OrganizationRoles>,
    /// The person who acts as the user, if another one does.
    pub act: Option<Act>,
    pub provider: Option<ProviderLogin>,
}

/// The claims that the engine makes; `iss`, `aud` and `client_id` come from the configuration.
pub(crate) struct AccessClaims<'a> {
    pub sub: &'a str,
    pub iat: i64,
    pub exp: i64,
    pub jti: &'a str,
    /// The account's epoch, for a token without a session.
    pub account_epoch: Option<i64>,
    pub sid: Option<Id>,
    pub auth_time: Option<i64>,
    pub amr: Option<&'a [&'a str]>,
    pub provider: Option<&'a ProviderLogin>,
    pub scope: Option<&'a str>,
    pub roles: Option<&'a [Role]>,
    /// The organization of the session, and its user's roles there.
    pub organization: Option<&'a OrganizationRoles>,
    pub act: Option<Act>,
}

/// The id under which a token without a session is revoked.
pub(crate) fn token_id(backend: &Backend, jti: &str) -> [u8; 32] {
    crypto::sha256(format!("{} {jti}", backend.name).as_bytes())
}

/// The refusal of a backend where no token is given.
pub(crate) fn only_with_token() -> Error {
    Error::at(Code::InvalidRequest, "/backend", "only with token")
}

/// Adds the account and the session of a token that was signed here to a failure.
fn about(claims: &Registered) -> impl Fn(Error) -> Error {
    let user_id = claims.sub.parse().ok();
    let session_id = claims.session_id().ok().flatten();
    move |error| error.about(user_id, session_id)
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::Payload;
    use crate::engine::own_claims::OwnClaims;
    use crate::types::id::Id;
    use crate::types::strict::Object;
    use crate::types::user::{Act, ProviderLogin, Role};

    /// A host's claim of the same name would stand beside the engine's, and readers differ in which one they take.
    #[test]
    fn a_session_gets_no_second_claim_of_any_name() {
        let sub = Id::from_bytes([1; 16]);
        let role: Role = "editor".parse().unwrap();
        let provider: ProviderLogin = serde_json::from_value(json!({"name": "id"})).unwrap();
        let payload = Payload {
            iss: "doorward",
            sub: Some("a"),
            user_id: Some("a"),
            aud: Value::Null,
            client_id: "default",
            iat: 1,
            exp: 2,
            jti: "x",
            account_epoch: Some(1),
            sid: Some(sub),
            auth_time: Some(1),
            amr: Some(&["pwd"]),
            provider: Some(&provider),
            scope: Some("a"),
            roles: Some(std::slice::from_ref(&role)),
            org_id: Some(sub),
            org_roles: Some(std::slice::from_ref(&role)),
            act: Some(Act { sub }),
            own: None,
        };
        let Value::Object(written) = serde_json::to_value(&payload).unwrap() else { panic!("no object") };
        assert_eq!(written.len(), 18);
        for name in written.keys() {
            let spelt =
                [name.clone(), name.to_uppercase(), name.replace('s', "ſ"), name.replacen('a', "A", 1)];
            for name in spelt {
                let claims = Object(Map::from_iter([(name.clone(), Value::Null)]));
                let field = OwnClaims::of(claims).err().and_then(|error| error.field).unwrap();
                assert_eq!(field, format!("/claims/{name}"));
            }
        }
    }
}
