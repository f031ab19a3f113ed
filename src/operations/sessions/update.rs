//! Changes of a session: `update_session`.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SessionInfo;
use crate::crypto::secrets::Secrets;
use crate::engine::Engine;
use crate::engine::audit::{Kind, event};
use crate::engine::backends::Backend;
use crate::engine::own_claims::OwnClaims;
use crate::engine::sessions::Continued;
use crate::engine::tokens::only_with_token;
use crate::error::{Code, Error, Result};
use crate::store::events::Event;
use crate::store::sessions::{self, Session};
use crate::store::{Durability, Tx, unexpected};
use crate::types::id::Id;
use crate::types::session::SessionLabel;
use crate::types::strict::Object;
use crate::types::token::Token;
use crate::types::user::Offered;

/// Changes a session. Members that are absent stay as they are; at least one of `label` and `claims` is needed.
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
    /// The new label, as of a login; empty: none.
    pub label: Option<Offered>,
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
    /// Gives a session another label or other claims. The session continues, with the same tokens. A request that
    /// changes nothing writes nothing.
    ///
    /// Failures: `invalid_token`, `user_not_found` (of `token`), `session_not_found` (of `session_id`: it is unknown,
    /// has ended, or is another account's), `permission_denied` (another person acts as the user in the session),
    /// `invalid_request`, `store_unavailable`.
    pub fn update_session(&self, request: UpdateSessionRequest) -> Result<UpdateSessionResponse> {
        let UpdateSessionRequest { token, backend, session_id, user_id, label, claims } = request;
        let changes = Changes::of(label, claims)?;
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
            let live = self.live(tx, &named, now)?;
            self.secrets.retire(&live.retirement.secret_keys());
            let changed = changes.make(tx, named.id, &self.secrets)?;
            if !changed.is_empty() {
                let event = Event {
                    session_id: Some(named.id),
                    detail: Some(&changed.join(" ")),
                    ..event(Kind::SessionUpdated, live.user.public.id)
                };
                self.audit.record(tx, now, event)?;
            }
            if changed.contains(&"claims") {
                self.refuse_long_claims(named.id, live, &changes, now)?;
            }
            sessions::kept(tx, named.id)?.ok_or_else(unexpected)
        })?;
        Ok(UpdateSessionResponse { session: SessionInfo::of(session, named.is_by_token.then_some(named.id)) })
    }

    /// Refuses claims with which no token of the session could be made.
    fn refuse_long_claims(&self, id: Id, live: Session, changes: &Changes, now: i64) -> Result<()> {
        let own = changes.claims.clone().unwrap_or_default();
        // A session of a backend that is not configured any more gets no token.
        let Ok(backend) = self.keys.backend(Some(&live.backend)) else { return Ok(()) };
        let continued = Continued::new(id, live, backend, own, now);
        self.sessions.refuse_long(backend, &continued.claims(continued.session.scope.as_deref()))
    }

    /// Returns the session of a token, if its user is the one who acts.
    fn session_of(&self, token: &Token, backend: &Backend) -> Result<Named> {
        let bearer = self.tokens.bearer_in_person(token, backend)?;
        let user_id = Some(bearer.user.id);
        let no_session = || Error::new(Code::InvalidToken, "no_session").about(user_id, None);
        let id = bearer.session_id.ok_or_else(no_session)?;
        Ok(Named { id, user_id, is_by_token: true })
    }

    /// Returns a session that is to be changed, in the caller's transaction.
    fn live(&self, tx: &mut Tx, named: &Named, now: i64) -> Result<Session> {
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
            None => Ok(session),
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

/// What becomes of a session.
struct Changes {
    /// None in it removes the label.
    label: Option<Option<SessionLabel>>,
    claims: Option<OwnClaims>,
}

impl Changes {
    /// Failure: `invalid_request`.
    fn of(label: Option<Offered>, claims: Option<Object>) -> Result<Changes> {
        if label.is_none() && claims.is_none() {
            return Err(Error::new(Code::InvalidRequest, "expected label or claims"));
        }
        let parsed = |text: Offered| match text.as_str() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|error| Error::from(error).at_field("/label")),
        };
        Ok(Changes { label: label.map(parsed).transpose()?, claims: claims.map(OwnClaims::of).transpose()? })
    }

    /// Changes what differs, in the caller's transaction. Returns its names.
    fn make(&self, tx: &mut Tx, id: Id, secrets: &Secrets) -> Result<Vec<&'static str>> {
        let mut changed = Vec::new();
        if let Some(label) = &self.label {
            let label = label.as_ref().map(SessionLabel::as_str);
            if sessions::kept(tx, id)?.ok_or_else(unexpected)?.label.as_deref() != label {
                sessions::put_label(tx, id, label)?;
                changed.push("label");
            }
        }
        if let Some(claims) = &self.claims {
            // Claims that no key opens are replaced.
            let before = OwnClaims::open(secrets, id, sessions::claims(tx, id)?.as_deref());
            if before.as_ref() != Some(claims) {
                sessions::put_claims(tx, id, claims.seal(secrets, id)?.as_deref())?;
                changed.push("claims");
            }
        }
        Ok(changed)
    }
}
