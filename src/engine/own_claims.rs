//! The host's own claims in the tokens of a session. The store keeps them sealed, bound to the session.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::claims::refuse_reserved;
use crate::crypto::secrets::Secrets;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::types::id::Id;
use crate::types::strict::Object;

/// The maximum size of the claims as JSON text.
const MAX_BYTES: usize = 4096;

/// Claims that are only the engine's in the tokens of a session, besides those of every token. `permissions`, because
/// no token contains permissions; `may_act` (RFC 8693 section 4.4), `typ`, and `events` and `nonce`, which make a token of
/// another kind (RFC 8417, OpenID Connect Core), because other services trust them.
const RESERVED: [&str; 9] =
    ["sub", "user_id", "scope", "roles", "permissions", "may_act", "typ", "events", "nonce"];

/// Claims that a host gave a session; none if it is empty.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct OwnClaims(Object);

impl OwnClaims {
    /// Failure: `invalid_request`, if a claim is the engine's or the claims are too long.
    pub(crate) fn of(claims: Object) -> Result<OwnClaims> {
        refuse_reserved(claims.members(), &RESERVED)?;
        match json::render(&claims)?.len() {
            0..=MAX_BYTES => Ok(OwnClaims(claims)),
            _ => Err(Error::at(Code::InvalidRequest, "/claims", format!("more than {MAX_BYTES} bytes"))),
        }
    }

    /// Returns the claims by their names.
    pub(crate) fn members(&self) -> &Map<String, Value> {
        self.0.members()
    }

    /// Returns the claims as an object, if there are any.
    pub(crate) fn into_object(self) -> Option<Object> {
        Some(self.0).filter(|claims| !claims.members().is_empty())
    }

    /// Seals the claims for one session; none if there are none.
    pub(crate) fn seal(&self, secrets: &Secrets, session_id: Id) -> Result<Option<Vec<u8>>> {
        if self.members().is_empty() {
            return Ok(None);
        }
        let text = json::render(&self.0)?;
        secrets.seal(&owner(session_id), text.as_bytes()).map(Some)
    }

    /// Opens what [`OwnClaims::seal`] sealed for this session; none if it was changed, or sealed for another session
    /// or by an unknown key.
    pub(crate) fn open(secrets: &Secrets, session_id: Id, sealed: Option<&[u8]>) -> Option<OwnClaims> {
        let Some(sealed) = sealed else { return Some(OwnClaims::default()) };
        let text = secrets.open(&owner(session_id), sealed)?;
        serde_json::from_slice(&text).ok().map(OwnClaims)
    }
}

/// The context to which the claims are sealed: those of one session do not open for another.
fn owner(session_id: Id) -> String {
    format!("claims of session {session_id}")
}
