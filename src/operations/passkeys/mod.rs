//! Passkeys (Web Authentication Level 3): `list_passkeys`, `remove_passkey`; their registration, and login by them.

pub(crate) mod login;
pub(crate) mod registration;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::engine::Engine;
use crate::engine::factors::passkeys::{KIND, words};
use crate::error::{Code, Error, Result};
use crate::store::passkeys::{self as rows, Passkey};
use crate::store::users::{self, By};
use crate::types::id::Id;
use crate::types::webauthn::Bytes;

/// Lists the passkeys of an account.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ListPasskeysRequest {
    /// The user's id.
    pub user_id: Id,
}

/// Passkeys, the oldest first.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ListPasskeysResponse {
    /// The passkeys.
    pub passkeys: Vec<PasskeyInfo>,
}

/// Removes a passkey. The host must have authenticated its user just now.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RemovePasskeyRequest {
    /// The user's id.
    pub user_id: Id,
    /// The credential's id.
    pub credential_id: Bytes,
}

/// The passkey is gone. If it existed, every session has ended.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RemovePasskeyResponse {
    /// Whether the account had the passkey.
    pub removed: bool,
}

/// A passkey, for its user's own list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Passkey")]
#[non_exhaustive]
pub struct PasskeyInfo {
    /// The credential's id.
    pub id: Bytes,
    /// The user's name for the passkey.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// When the passkey was registered.
    pub created_at: i64,
    /// When the passkey was last used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<i64>,
    /// Whether the passkey may be on several devices, because it is synchronized.
    pub backup_eligible: bool,
    /// Whether the passkey is on several devices now, as far as known.
    pub backed_up: bool,
    /// The transports that reach its authenticator: `internal`, `hybrid`, `usb`, `nfc`, `ble`, …
    pub transports: Vec<String>,
    /// The model of authenticator, if it tells; not verified.
    pub aaguid: String,
}

impl Engine {
    /// Lists the passkeys of an account.
    ///
    /// Failures: `user_not_found`, `store_unavailable`.
    pub fn list_passkeys(&self, request: ListPasskeysRequest) -> Result<ListPasskeysResponse> {
        let listed = self.store.read(|tx| {
            users::find(tx, By::Id(request.user_id))?.ok_or(Error::from(Code::UserNotFound))?;
            rows::list(tx, request.user_id)
        })?;
        Ok(ListPasskeysResponse { passkeys: listed.into_iter().map(PasskeyInfo::from).collect() })
    }

    /// Removes a passkey, and ends every session and token of the account, all or nothing. Removing a passkey
    /// that the account does not have is not a failure.
    ///
    /// Failures: `user_not_found`, `permission_denied` (nothing else opens the account, or it must have a second factor
    /// and has no other), `store_unavailable`.
    pub fn remove_passkey(&self, request: RemovePasskeyRequest) -> Result<RemovePasskeyResponse> {
        let RemovePasskeyRequest { user_id, credential_id } = request;
        let now = self.clock.now();
        let removed = self.mailing.write(|tx| {
            let user = users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))?;
            if !rows::delete(tx, user_id, &credential_id.0)? {
                return Ok(false);
            }
            self.ways_in.remain(tx, &user)?;
            self.factors.removed(tx, &user.public, KIND, now)?;
            Ok(true)
        })?;
        Ok(RemovePasskeyResponse { removed })
    }
}

impl From<Passkey> for PasskeyInfo {
    fn from(passkey: Passkey) -> PasskeyInfo {
        PasskeyInfo {
            id: Bytes(passkey.credential_id),
            label: passkey.label,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
            backup_eligible: passkey.backup_eligible,
            backed_up: passkey.backed_up,
            transports: words(&passkey.transports),
            aaguid: Uuid::from_bytes(passkey.aaguid).to_string(),
        }
    }
}
