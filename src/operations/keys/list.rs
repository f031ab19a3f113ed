//! Listing keys: `list_keys` returns all keys, and what still needs an older secret key.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::crypto::pepper;
use crate::crypto::secrets::KeyId;
use crate::engine::Engine;
use crate::engine::retired_keys;
use crate::error::Result;
use crate::store::keys::{self, KnownSecret, Needs};

/// Lists the keys.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ListKeysRequest {}

/// The keys, without their secrets.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ListKeysResponse {
    /// The signing keys in the store; for each backend the signing one first. The fixed secret of a
    /// compatibility backend is not listed.
    pub signing_keys: Vec<SigningKey>,
    /// The secret keys that were ever the first of the list, in order of their first use; the last is the
    /// newest.
    pub secret_keys: Vec<SecretKey>,
}

/// A key that signs access tokens or only verifies them.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct SigningKey {
    /// The key's id: `kid` in the header of the tokens that it signed.
    pub kid: String,
    /// The backend's name.
    pub backend: String,
    /// The algorithm. `jwks` does not publish `HS256` keys.
    pub algorithm: String,
    /// When the key was made, in Unix seconds.
    pub created_at: i64,
    /// When the key stops verifying, in Unix seconds; absent while it signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

/// A secret key.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct SecretKey {
    /// The key's id, which tells nothing about the key.
    pub id: String,
    /// When the key first became current, in Unix seconds.
    pub since: i64,
    /// The use of the key in this process.
    pub state: SecretKeyState,
    /// The data that needs the key in the list, if it is not the current one. The key may be removed once all
    /// of these are 0 and the newer key is first in every process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed_by: Option<NeededBy>,
}

/// The use of a secret key in a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SecretKeyState {
    /// The newest key of the store. It seals new data, even if it is not the first in this process's list.
    Current,
    /// An older key, which opens what it sealed.
    Listed,
    /// A key that this process was not given.
    Missing,
    /// A retired key, which only finds recovery codes and API keys.
    Retired,
}

/// The data that needs an older secret key.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct NeededBy {
    /// The number of password hashes that it sealed (`password.pepper`). The next login seals each anew.
    pub password_hashes: i64,
    /// The number of authenticator seeds that it sealed.
    pub totp_seeds: i64,
    /// The number of waiting mails.
    pub mails: i64,
    /// The number of recovery codes made under it.
    pub recovery_codes: i64,
    /// The number of API keys whose code was made under it. The next use of each makes the code anew.
    pub api_keys: i64,
    /// The number of live sessions that were last refreshed while it was current, or have claims that it sealed.
    /// Without the key their users must log in again.
    pub sessions: i64,
}

impl Engine {
    /// Lists signing keys and secret keys. If there are older secret keys, it reads every account and
    /// session.
    ///
    /// Failures: `store_unavailable`.
    pub fn list_keys(&self, _: ListKeysRequest) -> Result<ListKeysResponse> {
        let now = self.clock.now();
        self.store.read(|tx| {
            retired_keys::follow(tx, &self.secrets)?;
            let in_force: Vec<KeyId> = self.secrets.ids().collect();
            let retired = keys::retirement(tx)?.secret_keys();
            let known = keys::secret_keys(tx)?;
            let newest = known.last().map(|key| key.id);
            let state = |id: &KeyId| match in_force.contains(id) {
                _ if retired.contains(id) => SecretKeyState::Retired,
                false => SecretKeyState::Missing,
                true if newest == Some(*id) => SecretKeyState::Current,
                true => SecretKeyState::Listed,
            };
            let mut secret_keys = Vec::new();
            for (index, KnownSecret { id, since }) in known.iter().enumerate() {
                let state = state(id);
                let until = known.get(index + 1).map_or(now, |next| next.since);
                let needs = match state {
                    SecretKeyState::Current => None,
                    _ => Some(keys::needs(tx, *id, &pepper::beginning(*id), *since..until, now)?),
                };
                let id = data_encoding::HEXLOWER.encode(id);
                secret_keys.push(SecretKey {
                    id,
                    since: *since,
                    state,
                    needed_by: needs.map(NeededBy::from),
                });
            }
            let signing_keys =
                keys::all(tx)?.into_iter().filter(|key| key.expires_at.is_none_or(|at| now < at));
            Ok(ListKeysResponse { signing_keys: signing_keys.map(SigningKey::from).collect(), secret_keys })
        })
    }
}

impl From<keys::SealedKey> for SigningKey {
    fn from(key: keys::SealedKey) -> SigningKey {
        let keys::SealedKey { kid, backend, algorithm, created_at, expires_at, .. } = key;
        SigningKey { kid, backend, algorithm, created_at, expires_at }
    }
}

impl From<Needs> for NeededBy {
    fn from(needs: Needs) -> NeededBy {
        let Needs { password_hashes, totp_seeds, mails, recovery_codes, api_keys, sessions } = needs;
        NeededBy { password_hashes, totp_seeds, mails, recovery_codes, api_keys, sessions }
    }
}
