//! Sessions: `logout`, and what `login` opens.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Engine;
use super::login::{Client, LoginResponse};
use super::tokens::{AccessClaims, BACKEND, Token};
use crate::crypto::secrets::{Purpose, Secrets};
use crate::crypto::{self, base64url, from_base64url};
use crate::error::{Code, Error, Result};
use crate::store::sessions::{self, NewSession};
use crate::store::{Durability, Tx, users};
use crate::user::{Id, PublicUser};

/// Ends a session. Either token will do.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogoutRequest<'a> {
    /// The access token.
    #[serde(borrow)]
    pub token: Option<Token<'a>>,
    /// The refresh token.
    #[serde(borrow)]
    pub refresh_token: Option<Token<'a>>,
    /// End every session of the user.
    pub everywhere: Option<bool>,
    /// Change nothing, only confirm: the client forgets its tokens, which stay valid until they expire.
    pub stateless: Option<bool>,
}

/// Logged out.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogoutResponse {
    /// Tells the client what to do.
    pub message: &'static str,
}

const DISCARD: &str = "Logged out. Discard the tokens.";

impl Engine {
    /// Ends the session of a token, or every session of its user. Ending an ended session is no
    /// failure; but a session that is over can no longer end the others.
    ///
    /// Failures: `invalid_token`, `invalid_request`, `store_unavailable`.
    pub fn logout(&self, request: LogoutRequest) -> Result<LogoutResponse> {
        let LogoutRequest { token, refresh_token, everywhere, stateless } = request;
        let (everywhere, stateless) = (everywhere.unwrap_or(false), stateless.unwrap_or(false));
        if stateless {
            return match everywhere {
                true => Err(Error::at(Code::InvalidRequest, "/stateless", "excludes everywhere")),
                false => Ok(LogoutResponse { message: DISCARD }),
            };
        }
        let session_id = match (&token, &refresh_token) {
            (Some(token), None) => self.session_of(token)?,
            (None, Some(token)) => RefreshToken::open(token, &self.secrets)?.session_id,
            _ => return Err(Error::new(Code::InvalidRequest, "expected one of token, refresh_token")),
        };
        let now = self.clock.now();
        self.store.write(Durability::Full, |tx| {
            if everywhere {
                let session = sessions::find(tx, session_id)?.ok_or(unknown_session())?;
                if let Some(reason) = session.end(now) {
                    return Err(Error::new(Code::InvalidToken, reason));
                }
                users::bump_epoch(tx, session.user.public.id)?;
            }
            sessions::revoke(tx, session_id, now)
        })?;
        Ok(LogoutResponse { message: DISCARD })
    }

    fn session_of(&self, token: &Token) -> Result<Id> {
        let text = self.signed(token)?;
        let claims = self.accepted(&text)?;
        claims.session_id()?.ok_or(Error::new(Code::InvalidToken, "no_session"))
    }
}

/// A session as it begins.
pub(super) struct Session {
    id: Id,
    user_id: Id,
    epoch: i64,
    created_at: i64,
    idle_at: i64,
    expires_at: i64,
}

impl Engine {
    pub(super) fn new_session(&self, user_id: Id, epoch: i64) -> Result<Session> {
        let now = self.clock.now();
        let expires_at = now + self.config.session_max_seconds.seconds();
        let idle_at = (now + self.config.refresh_token_seconds.seconds()).min(expires_at);
        Ok(Session { id: Id::new(now)?, user_id, epoch, created_at: now, idle_at, expires_at })
    }

    pub(super) fn keep_session(&self, tx: &mut Tx, session: &Session, client: &Client) -> Result<()> {
        let ip = client.ip.map(|ip| ip.to_string());
        let new = NewSession {
            id: session.id,
            user_id: session.user_id,
            epoch: session.epoch,
            created_at: session.created_at,
            idle_at: session.idle_at,
            expires_at: session.expires_at,
            ip: ip.as_deref(),
            user_agent: client.user_agent(),
            device_id: client.device_id(),
        };
        sessions::insert(tx, &new)
    }

    /// The first tokens of a session.
    pub(super) fn tokens_of(&self, session: Session, user: PublicUser) -> Result<LoginResponse> {
        let expires_at =
            (session.created_at + self.config.access_token_seconds.seconds()).min(session.expires_at);
        let claims = AccessClaims {
            sub: &user.id.to_string(),
            iat: session.created_at,
            exp: expires_at,
            jti: &base64url(&crypto::random::<16>()?),
            sid: Some(session.id),
            auth_time: Some(session.created_at),
            amr: Some(&["pwd"]),
        };
        let refresh_token = RefreshToken { session_id: session.id, generation: 0 };
        Ok(LoginResponse {
            access_token: self.sign(&claims, None)?,
            token_type: "Bearer",
            expires_in: expires_at - session.created_at,
            refresh_token: refresh_token.seal(&self.secrets)?,
            refresh_expires_in: session.idle_at - session.created_at,
            session_id: session.id,
            backend: BACKEND,
            user,
        })
    }
}

/// A refresh token: the session, its generation, and a code over both, so that refreshing adds no
/// rows and a forged token costs no look-up.
pub(super) struct RefreshToken {
    pub session_id: Id,
    pub generation: u32,
}

impl RefreshToken {
    const MESSAGE_LEN: usize = 20;

    pub(super) fn seal(&self, secrets: &Secrets) -> Result<Token<'static>> {
        let message = [&self.session_id.as_bytes()[..], &self.generation.to_be_bytes()].concat();
        let code = secrets.mac(Purpose::RefreshToken, &message)?;
        Ok(Token::new(base64url(&[&message[..], &code].concat())))
    }

    pub(super) fn open(token: &Token, secrets: &Secrets) -> Result<RefreshToken> {
        let malformed = || Error::new(Code::InvalidToken, "malformed");
        if token.expose().len() > 128 {
            return Err(malformed());
        }
        let bytes = from_base64url(token.expose()).ok_or_else(malformed)?;
        let (message, code) = bytes.split_at_checked(Self::MESSAGE_LEN).ok_or_else(malformed)?;
        if !secrets.verify_mac(Purpose::RefreshToken, message, code) {
            return Err(Error::new(Code::InvalidToken, "bad_signature"));
        }
        let (id, generation) = message.split_at(16);
        Ok(RefreshToken {
            session_id: Id::from_bytes(id.try_into().map_err(|_| malformed())?),
            generation: u32::from_be_bytes(generation.try_into().map_err(|_| malformed())?),
        })
    }
}

fn unknown_session() -> Error {
    Error::new(Code::InvalidToken, "unknown_session")
}
