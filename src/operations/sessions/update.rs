//! Changes of a session: `update_session`.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SessionInfo;
use crate::engine::Engine;
use crate::engine::audit::{Kind, event};
use crate::engine::backends::Backend;
use crate::engine::own_claims::OwnClaims;
use crate::engine::tokens::only_with_token;
use crate::error::{Code, Error, Result};
use crate::store::events::Event;
use crate::store::{Durability, Tx, sessions, unexpected};
use crate::types::id::Id;
use crate::types::session::SessionLabel;
use crate::types::strict::Object;
use crate::types::token::Token;

/// Changes a session. Members that are absent stay as they are.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct UpdateSessionRequest<'a> {
    /// An access token of the session.
    #[serde(borrow)]
    pub token: Option<Token<'a>>,
    /// The backend that `token` is for; default: `default`.
    pub backend: Option<String>,
    /// The session's id instead.
    pub session_id: Option<Id>,
    /// With `session_id`: the account that must have the session. Give it if the id comes from a client.
    pub user_id: Option<Id>,
    /// The new label.
    pub label: Option<SessionLabel>,
    /// The new claims of the host, which replace all the old ones: `{}` removes them. The session's next access token
    /// has them; tokens that were issued before keep theirs.
    pub claims: Option<Object>,
}

/// The session after its change.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct UpdateSessionResponse {
    /// The session.
    pub session: SessionInfo,
}

impl Engine {
    /// Gives a session another label or other claims. The session continues, with the same tokens.
    ///
    /// Failures: `invalid_token`, `user_not_found` (of `token`), `session_not_found` (of `session_id`: it is unknown,
    /// has ended, or is another account's), `permission_denied` (another person acts as the user in the session),
    /// `invalid_request`, `store_unavailable`.
    pub fn update_session(&self, request: UpdateSessionRequest) -> Result<UpdateSessionResponse> {
        let UpdateSessionRequest { token, backend, session_id, user_id, label, claims } = request;
        let claims = claims.map(OwnClaims::of).transpose()?;
        let named = match (token, session_id) {
            (Some(token), None) if user_id.is_none() => {
                self.session_of(&token, self.keys.backend(backend.as_deref())?)?
            }
            (None, Some(_)) if backend.is_some() => return Err(only_with_token()),
            (None, Some(id)) => Named { id, user_id, is_by_token: false },
            _ => {
                return Err(Error::new(
                    Code::InvalidRequest,
                    "expected token, or session_id with its user_id",
                ));
            }
        };
        let now = self.clock.now();
        let session = self.store.write(Durability::Full, |tx| {
            let user_id = self.user_of_live(tx, &named, now)?;
            if let Some(label) = &label {
                sessions::put_label(tx, named.id, label.as_str())?;
            }
            if let Some(claims) = &claims {
                sessions::put_claims(tx, named.id, claims.seal(&self.secrets, named.id)?.as_deref())?;
            }
            let changed = [("label", label.is_some()), ("claims", claims.is_some())];
            let changed: Vec<_> = changed.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect();
            let event = Event {
                session_id: Some(named.id),
                detail: Some(&changed.join(" ")),
                ..event(Kind::SessionUpdated, user_id)
            };
            self.audit.record(tx, now, event)?;
            sessions::kept(tx, named.id)?.ok_or_else(unexpected)
        })?;
        Ok(UpdateSessionResponse { session: SessionInfo::of(session, named.is_by_token.then_some(named.id)) })
    }

    /// Returns the session of a token, if its user is the one who acts.
    fn session_of(&self, token: &Token, backend: &Backend) -> Result<Named> {
        let bearer = self.tokens.bearer_in_person(token, backend)?;
        let user_id = Some(bearer.user.id);
        let no_session = || Error::new(Code::InvalidToken, "no_session").about(user_id, None);
        let id = bearer.session_id.ok_or_else(no_session)?;
        Ok(Named { id, user_id, is_by_token: true })
    }

    /// Returns the user of a session that is to be changed, in the caller's transaction.
    fn user_of_live(&self, tx: &mut Tx, named: &Named, now: i64) -> Result<Id> {
        let dead = |reason: &'static str| match named.is_by_token {
            true => Error::new(Code::InvalidToken, reason),
            false => Error::new(Code::SessionNotFound, reason),
        };
        let dead = |reason| dead(reason).about(named.user_id, Some(named.id));
        let session = sessions::find(tx, named.id)?.ok_or_else(|| dead("unknown_session"))?;
        let user_id = session.user.public.id;
        if named.user_id.is_some_and(|owner| owner != user_id) {
            return Err(dead("another_account"));
        }
        match session.end(now, &self.config) {
            Some(reason) => Err(dead(reason)),
            None if session.actor.is_some() => {
                Err(Error::new(Code::PermissionDenied, "impersonated").about(Some(user_id), Some(named.id)))
            }
            None => Ok(user_id),
        }
    }
}

/// The session of a request.
struct Named {
    id: Id,
    /// The account that must have the session, if one is named.
    user_id: Option<Id>,
    is_by_token: bool,
}
