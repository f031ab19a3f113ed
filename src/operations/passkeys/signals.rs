//! What pages and authenticators are told about passkeys: `passkey_signals` (Web Authentication Level 3, section
//! 5.1.10, signal methods), `related_origins` (section 5.11).

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::engine::factors::passkeys::handle;
use crate::error::{Code, Error, Result};
use crate::store::passkeys as rows;
use crate::store::users::{self, By};
use crate::types::id::Id;
use crate::types::webauthn::Bytes;

/// Asks what the page tells the authenticator of the user who is logged in, so that it forgets passkeys that are gone:
/// after a login, or a change of the account.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PasskeySignalsRequest {
    /// The user's id.
    pub user_id: Id,
}

/// The arguments for the methods of `PublicKeyCredential`.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct PasskeySignalsResponse {
    /// For `signalAllAcceptedCredentials`.
    pub all_accepted_credentials: AllAcceptedCredentials,
    /// For `signalCurrentUserDetails`.
    pub current_user_details: CurrentUserDetails,
}

/// AllAcceptedCredentialsOptions.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-passed-on" = true))]
#[non_exhaustive]
pub struct AllAcceptedCredentials {
    /// `passkeys.rp_id`.
    pub rp_id: String,
    /// The user handle.
    pub user_id: Bytes,
    /// The ids of the account's passkeys.
    pub all_accepted_credential_ids: Vec<Bytes>,
}

/// CurrentUserDetailsOptions.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-passed-on" = true))]
#[non_exhaustive]
pub struct CurrentUserDetails {
    /// `passkeys.rp_id`.
    pub rp_id: String,
    /// The user handle.
    pub user_id: Bytes,
    /// The username.
    pub name: String,
    /// The username.
    pub display_name: String,
}

/// Asks for the origins that may use the passkeys.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct RelatedOriginsRequest {}

/// The document for `https://<rp_id>/.well-known/webauthn`.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RelatedOriginsResponse {
    /// The origins of web pages in `passkeys.origins`.
    pub origins: Vec<String>,
}

impl Engine {
    /// Returns what the page tells the authenticator.
    ///
    /// Failures: `user_not_found`, `invalid_request`, `invalid_config`, `store_unavailable`.
    pub fn passkey_signals(&self, request: PasskeySignalsRequest) -> Result<PasskeySignalsResponse> {
        let PasskeySignalsRequest { user_id } = request;
        let rp_id = self.factors.passkeys.relying_party()?.rp_id.as_str().to_owned();
        let (user, passkeys) = self.store.read(|tx| {
            let user = users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))?;
            Ok((user.public, rows::list(tx, user_id)?))
        })?;
        let name = user.username.as_str();
        Ok(PasskeySignalsResponse {
            all_accepted_credentials: AllAcceptedCredentials {
                rp_id: rp_id.clone(),
                user_id: handle(user_id),
                all_accepted_credential_ids: passkeys.into_iter().map(|it| Bytes(it.credential_id)).collect(),
            },
            current_user_details: CurrentUserDetails {
                rp_id,
                user_id: handle(user_id),
                name: name.to_owned(),
                display_name: name.to_owned(),
            },
        })
    }

    /// Returns the origins for pages outside of the domain of the passkeys (Related Origin Requests). Those of
    /// applications are left out.
    ///
    /// Failures: `invalid_config`.
    pub fn related_origins(&self, _: RelatedOriginsRequest) -> Result<RelatedOriginsResponse> {
        let origins = self.factors.passkeys.relying_party()?.origins.iter();
        let of_pages = origins.map(|origin| origin.as_str().to_owned()).filter(|it| it.starts_with("http"));
        Ok(RelatedOriginsResponse { origins: of_pages.collect() })
    }
}
