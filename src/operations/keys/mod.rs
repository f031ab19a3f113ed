//! Signing keys: `jwks`, `rotate_keys`.

pub(crate) mod list;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::backends::backends;
use crate::engine::key_ring::Turned;
use crate::engine::retirement::{Retire, Retired, Retirement, Retiring};
use crate::engine::{Engine, settings};
use crate::error::{Code, Error, Result};
use crate::types::strict::Object;

/// Returns the public keys.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct JwksRequest {}

/// A JWK Set (RFC 7517 section 5). Publish it for services that verify tokens themselves.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct JwksResponse {
    /// The public keys of every backend; a backend that signs with an HMAC has none.
    #[schemars(with = "Vec<Object>")]
    pub keys: Vec<Value>,
}

/// Makes a new signing key.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct RotateKeysRequest {
    /// The backend whose key is replaced; default: `default`, or with `retire` all of them.
    pub backend: Option<String>,
    /// `now`, after a leak: the signing keys of the backend stop verifying at once. Without `backend` this
    /// applies to all backends, and also retires everything that a leaked secret key opens together with a
    /// copy of the store: every secret key but the first of `secret_keys`, every session, mailed token and
    /// challenge, the waiting mails with a token, and the seeds of authenticator apps. The first key must be
    /// the newest, and each of the others must have been the first before: a list in the wrong order is
    /// refused.
    pub retire: Option<Retire>,
    /// Whether authenticator apps stay valid, because no copy of the store leaked. Only with `retire` and
    /// without `backend`.
    pub keep_totp: Option<bool>,
}

/// The new signing key.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RotateKeysResponse {
    /// The id of the new signing key, of the backend or of `default`.
    pub kid: String,
    /// The id of the previous signing key. It verifies until everything that it signed has expired, or, if it
    /// was retired, nothing any more.
    pub previous: Option<String>,
    /// The retired keys, if keys were to be retired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired: Option<Retired>,
}

impl Engine {
    /// Returns the public keys that verify tokens. Old keys are included as long as they verify.
    ///
    /// Failures: `store_unavailable`.
    pub fn jwks(&self, _: JwksRequest) -> Result<JwksResponse> {
        Ok(JwksResponse { keys: self.keys.public()? })
    }

    /// Makes a new signing key. Tokens of the old key stay valid until they expire. Other processes verify
    /// with the new key at once, and sign with it within a minute. A retired key is refused by live checks at
    /// once in every process, and by `verify` in another process within a minute.
    ///
    /// Failures: `invalid_request`, `store_unavailable`.
    pub fn rotate_keys(&self, request: RotateKeysRequest) -> Result<RotateKeysResponse> {
        let RotateKeysRequest { backend: name, retire, keep_totp } = request;
        if keep_totp.is_some() && (retire.is_none() || name.is_some()) {
            return Err(Error::at(Code::InvalidRequest, "/keep_totp", "only with retire, without backend"));
        }
        // The settings are read from the store, because another process may have changed the algorithm.
        let recorded = self.store.read(|tx| settings::now(tx, &self.secrets, &self.settings))?;
        let backends = backends(&recorded.settings)?;
        let own = self.keys.backend(name.as_deref())?;
        let backend = backends.iter().find(|backend| backend.name == own.name).unwrap_or(own);
        if backend.fixed.is_some() {
            return Err(Error::at(Code::InvalidRequest, "/backend", "its secret is fixed by the settings"));
        }
        let retiring = Retiring { keys: &self.keys, audit: &self.audit, stamp: recorded.stamp };
        let Retirement { turned: Turned { kid, previous }, retired } = match (retire, name) {
            (None, _) => {
                let Turned { kid, previous } = self.keys.rotate(backend, &recorded)?;
                return Ok(RotateKeysResponse { kid, previous, retired: None });
            }
            (Some(Retire::Now), Some(_)) => retiring.of_backend(backend)?,
            (Some(Retire::Now), None) => retiring.of_everything(&backends, keep_totp.unwrap_or(false))?,
        };
        Ok(RotateKeysResponse { kid, previous, retired: Some(retired) })
    }
}
