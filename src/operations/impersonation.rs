//! Acting as another user, such as in support: `impersonate`. It is off unless the configuration names the roles that
//! allow it, and it leaves a trail: an event, a mail, an entry in the user's list of sessions, and `act` in every
//! token (RFC 8693 section 4.1).

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::Deserialize;

use super::login::LoginResponse;
use crate::config::Impersonation;
use crate::engine::Engine;
use crate::engine::sessions::{Acting, Entry};
use crate::engine::terms::Terms;
use crate::error::{Code, Error, Result};
use crate::store::users::{self, By};
use crate::store::{Tx, sessions};
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::token::Token;
use crate::types::user::{Act, ActingReason, Amr, PublicUser, Scope};

/// Opens a session in which the user of a token acts as another user.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ImpersonateRequest<'a> {
    /// An access token of the person who is to act, from a session of their own. The person must have authenticated in
    /// the last 15 minutes, by a second factor if their logins need one (`reauthenticate`).
    #[serde(borrow)]
    pub actor_token: Token<'a>,
    /// The backend that `actor_token` is for; default: `default`.
    pub actor_backend: Option<String>,
    /// The id of the user that the person acts as.
    pub user_id: Id,
    /// Why, for the audit log.
    pub reason: ActingReason,
    /// When the session ends, however often it is refreshed; default 900.
    #[schemars(range(min = 1, max = 3600))]
    pub lifetime_seconds: Option<u64>,
    /// The backend that the session's tokens are for; default: `default`.
    pub backend: Option<String>,
    /// The scopes of the access token, separated by spaces. The engine grants what the host asks for.
    pub scope: Option<Scope>,
    /// The connection of the person's client, where known.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub client: Option<Client>,
}

/// The longest time that a person acts as a user in one session.
const LONGEST_SECONDS: u64 = 3600;

/// How long a person acts as a user, unless the request says otherwise.
const DEFAULT_SECONDS: u64 = 900;

impl Engine {
    /// Opens a session in which the user of a token acts as another user. The configuration names the roles that
    /// allow it. The session ends at its time, with the person's own session, and when the person loses the role or
    /// their account is not active. It proves nothing about the user: what only the user may do is refused with its
    /// token, and `authorize` refuses every condition of a fresh proof. Operations that take a `user_id` cannot see in
    /// which session the host was asked. The user is told by mail, where notices go.
    ///
    /// Failures: `invalid_token`, `user_not_found`, `permission_denied` (the person lacks the role or gave no fresh
    /// proof, or the user is protected), `invalid_config` where the configuration does not allow it,
    /// `invalid_request`, `store_unavailable`.
    pub fn impersonate(&self, request: ImpersonateRequest) -> Result<LoginResponse> {
        let ImpersonateRequest { actor_token, actor_backend, user_id, reason, .. } = request;
        let ImpersonateRequest { lifetime_seconds, backend, scope, client, .. } = request;
        let off = || Error::at(Code::InvalidConfig, "/impersonation", "not configured");
        let rules = self.config.impersonation.as_ref().ok_or_else(off)?;
        let lifetime = lifetime(lifetime_seconds)?;
        let entry = Entry {
            backend: self.keys.backend(backend.as_deref())?.name.clone(),
            scope,
            client: client.unwrap_or_default(),
            // Nothing was proven about the user.
            amr: Amr::default(),
            provider: None,
            trusts_device: false,
            terms: Terms::default(),
            organization_id: None,
        };
        let actor_backend = self.keys.backend(actor_backend.as_deref());
        let actor_backend = actor_backend.map_err(|error| error.at_field("/actor_backend"))?;
        let bearer = self.tokens.bearer_in_person(&actor_token, actor_backend)?;
        let actor = bearer.user.id;
        let session_id = bearer.session_id;
        let about = |error: Error| error.about(Some(actor), session_id);
        let session_id = session_id.ok_or_else(|| about(Error::new(Code::InvalidToken, "no_session")))?;
        let now_ms = self.clock.now_ms();
        let now = now_ms / 1000;
        let session = self.mailing.write(|tx| {
            let own =
                sessions::find(tx, session_id)?.ok_or(Error::new(Code::InvalidToken, "unknown_session"))?;
            if let Some(reason) = own.end(now, &self.config) {
                return Err(Error::new(Code::InvalidToken, reason));
            }
            let may_act = rules.allow(&own.user.public);
            may_act.then_some(()).ok_or(Error::new(Code::PermissionDenied, "missing_role"))?;
            self.factors.require_fresh_proof(tx, &bearer, now)?;
            let user = user_of(tx, rules, &own.user.public, user_id)?;
            let acting = Acting {
                act: Act { sub: actor },
                session_id,
                reason: reason.clone(),
                expires_at: (now + lifetime).min(own.expires_at),
            };
            self.sessions.open_as(tx, user, &entry, &acting, now_ms)
        });
        self.sessions.first_tokens(session.map_err(about)?).map(LoginResponse::from)
    }
}

/// Returns the user that a person is to act as. Failures: `permission_denied`, `user_not_found`.
fn user_of(tx: &mut Tx, rules: &Impersonation, actor: &PublicUser, user_id: Id) -> Result<users::User> {
    let refused = |reason| Err(Error::new(Code::PermissionDenied, reason));
    let user = users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))?;
    if !rules.permit(actor, &user.public) {
        return refused("protected_user");
    }
    match user.public.is_active {
        true => Ok(user),
        false => refused("inactive_user"),
    }
}

fn lifetime(wanted: Option<u64>) -> Result<i64> {
    let seconds = wanted.unwrap_or(DEFAULT_SECONDS);
    let is_allowed = (1..=LONGEST_SECONDS).contains(&seconds);
    let seconds = i64::try_from(seconds).ok().filter(|_| is_allowed);
    seconds.ok_or(Error::at(Code::InvalidRequest, "/lifetime_seconds", "expected 1 to 3600"))
}
