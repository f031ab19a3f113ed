//! What a request to a host offers: an access token or an API key.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::api_keys::{ApiKeys, Identified};
use super::backends::Backend;
use super::claims::Claims;
use super::key_ring::KeyRing;
use super::tokens::{Authenticated, Bearer, Tokens};
use crate::crypto::api_key;
use crate::error::{Code, Error, Result};
use crate::store::api_keys::ApiKey;
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::token::Token;
use crate::types::user::{Act, OrganizationRoles, Proofs, PublicUser};

/// The kind of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CredentialKind {
    /// An access token of a session.
    Session,
    /// An access token without a session: of `issue_token`, or of another library.
    Token,
    /// An API key.
    ApiKey,
}

/// Identifies users by either kind of credential.
pub(crate) struct Credentials {
    pub api_keys: Arc<ApiKeys>,
    pub keys: Arc<KeyRing>,
    pub tokens: Arc<Tokens>,
}

/// The user of a live credential.
pub(crate) struct Accepted {
    pub user: PublicUser,
    pub kind: CredentialKind,
    pub session_id: Option<Id>,
    /// The organization of the session, and the user's roles there now.
    pub organization: Option<OrganizationRoles>,
    /// The person who acts as the user, if another one does.
    pub act: Option<Act>,
    /// The claims of a token.
    pub claims: Option<Claims>,
    /// The API key, if it is one.
    pub api_key: Option<ApiKey>,
}

impl Credentials {
    /// Identifies the user of a live credential, which is given by itself or as the value of an `Authorization` field.
    /// Failure: `too_many_attempts`, for an unknown API key from a source of too many.
    pub(crate) fn authenticate(
        &self,
        token: Option<Token>,
        authorization: Option<Token>,
        backend: Option<&str>,
        client: Option<&Client>,
    ) -> Result<Accepted> {
        let backend = self.keys.backend(backend)?;
        let token = match (token, authorization) {
            (Some(token), None) => token,
            (None, Some(header)) => bearer(header)?,
            (None, None) => return Err(Code::NotAuthenticated.into()),
            (Some(_), Some(_)) => {
                return Err(Error::new(Code::InvalidRequest, "both token and authorization"));
            }
        };
        match api_key::is_meant(token.expose()) {
            true => {
                let source = client.and_then(|client| client.ip);
                self.api_keys.identify_from(token.expose(), backend, source).map(Accepted::from)
            }
            false => self.tokens.authenticate(&token, backend).map(Accepted::from),
        }
    }

    /// Identifies the user of a live access token, where API keys are not accepted.
    pub(crate) fn authenticate_token(&self, token: &Token, backend: Option<&str>) -> Result<Accepted> {
        self.tokens.authenticate(token, self.keys.backend(backend)?).map(Accepted::from)
    }

    /// Returns the user of a live credential, and what the credential itself says.
    pub(crate) fn bearer(&self, token: &Token, backend: &Backend) -> Result<Bearer> {
        if !api_key::is_meant(token.expose()) {
            return self.tokens.bearer(token, backend);
        }
        let Identified { user, key } = self.api_keys.identify(token.expose(), Some(backend))?;
        Ok(Bearer {
            user,
            session_id: None,
            scope: key.scope,
            auth_time: None,
            proofs: Proofs::default(),
            organization_id: None,
            act: None,
            provider: None,
            is_api_key: true,
            key_roles: key.roles,
        })
    }
}

impl From<Authenticated> for Accepted {
    fn from(authenticated: Authenticated) -> Accepted {
        let Authenticated { user, session_id, organization, act, claims } = authenticated;
        let kind = session_id.map_or(CredentialKind::Token, |_| CredentialKind::Session);
        Accepted { user, kind, session_id, organization, act, claims: Some(claims), api_key: None }
    }
}

impl From<Identified> for Accepted {
    fn from(identified: Identified) -> Accepted {
        let Identified { user, key } = identified;
        let kind = CredentialKind::ApiKey;
        let (session_id, organization, act) = (None, None, None);
        Accepted { user, kind, session_id, organization, act, claims: None, api_key: Some(key) }
    }
}

/// The token of an `Authorization` header (RFC 6750 section 2.1; the scheme in any case, RFC 9110
/// section 11.1).
fn bearer(header: Token) -> Result<Token> {
    let malformed = || Error::from(Code::InvalidAuthorizationHeader);
    let (scheme, token) = header.expose().split_once(' ').ok_or_else(malformed)?;
    let token = token.trim_matches(' ');
    if !scheme.eq_ignore_ascii_case("Bearer") || token.is_empty() || token.contains(' ') {
        return Err(malformed());
    }
    Ok(Token::new(token.to_owned()))
}
