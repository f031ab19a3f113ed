//! Passkeys (Web Authentication Level 3): `list_passkeys`, `update_passkey`, `remove_passkey`; their registration,
//! login by them, and what their authenticators are told.

pub(crate) mod login;
pub(crate) mod registration;
pub(crate) mod signals;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::config::Passkeys;
use crate::engine::Engine;
use crate::engine::audit::{Kind, event};
use crate::engine::factors::passkeys::{KIND, words};
use crate::error::{Code, Error, Result};
use crate::store::Durability;
use crate::store::passkeys::{self as rows, Passkey};
use crate::store::users::{self, By};
use crate::types::id::Id;
use crate::types::webauthn::{Bytes, Label};

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

/// Gives a passkey another name.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UpdatePasskeyRequest {
    /// The user's id.
    pub user_id: Id,
    /// The credential's id.
    pub credential_id: Bytes,
    /// The user's name for the passkey: 1 to 64 characters.
    pub label: Label,
}

/// The passkey with its new name.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct UpdatePasskeyResponse {
    /// The passkey.
    pub credential: PasskeyInfo,
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
    /// The name of that model in `passkeys.authenticator_names`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authenticator: Option<String>,
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
        let party = self.config.passkeys.as_ref();
        let passkeys = listed.into_iter().map(|passkey| PasskeyInfo::of(passkey, party)).collect();
        Ok(ListPasskeysResponse { passkeys })
    }

    /// Gives a passkey another name. Sessions continue.
    ///
    /// Failures: `passkey_not_found`, `invalid_request`, `store_unavailable`.
    pub fn update_passkey(&self, request: UpdatePasskeyRequest) -> Result<UpdatePasskeyResponse> {
        let UpdatePasskeyRequest { user_id, credential_id, label } = request;
        let now = self.clock.now();
        let passkey = self.store.write(Durability::Full, |tx| {
            let not_found = || Error::from(Code::PasskeyNotFound).about(Some(user_id), None);
            if !rows::rename(tx, user_id, &credential_id.0, label.as_str())? {
                return Err(not_found());
            }
            self.audit.record(tx, now, event(Kind::PasskeyRenamed, user_id))?;
            rows::find(tx, &credential_id.0)?.ok_or_else(not_found)
        })?;
        let credential = PasskeyInfo::of(passkey, self.config.passkeys.as_ref());
        Ok(UpdatePasskeyResponse { credential })
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

impl PasskeyInfo {
    /// Describes a passkey, with the name of its authenticator.
    pub(crate) fn of(passkey: Passkey, party: Option<&Passkeys>) -> PasskeyInfo {
        let aaguid = Uuid::from_bytes(passkey.aaguid);
        PasskeyInfo {
            id: Bytes(passkey.credential_id),
            label: passkey.label,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
            backup_eligible: passkey.backup_eligible.unwrap_or(false),
            backed_up: passkey.backed_up,
            transports: words(&passkey.transports),
            authenticator: party.and_then(|party| party.authenticator_names.get(&aaguid).cloned()),
            aaguid: aaguid.to_string(),
        }
    }
}
