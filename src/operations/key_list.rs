//! `list_keys`: which keys there are, and what still needs an older secret key.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::crypto::pepper;
use crate::crypto::secrets::KeyId;
use crate::engine::Engine;
use crate::error::Result;
use crate::store::keys::{self, KnownSecret, Needs};

/// Asks for the keys.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListKeysRequest {}

/// The keys, without what is secret of them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListKeysResponse {
    /// The signing keys in the store; for each backend those that sign first. The fixed secret of a compatibility backend
    /// is not there.
    pub signing_keys: Vec<SigningKey>,
    /// The secret keys that were ever the first, in the order in which they came; the last is the newest.
    pub secret_keys: Vec<SecretKey>,
}

/// A key that signs access tokens, or only verifies them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SigningKey {
    /// Its id: `kid` in the header of the tokens that it signed.
    pub kid: String,
    /// The name of its backend.
    pub backend: String,
    /// `HS256` is secret; the others are in `jwks`, too.
    pub algorithm: String,
    /// When it was made, in Unix seconds.
    pub created_at: i64,
    /// Until when it verifies, in Unix seconds; absent while it signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

/// A secret key.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SecretKey {
    /// A name that tells nothing of it.
    pub id: String,
    /// When it was first the current one, in Unix seconds.
    pub since: i64,
    /// What this process does with it.
    pub state: SecretKeyState,
    /// What needs it in the list, where it is not the current one. It may go once all of these are 0 and every process has
    /// the newer key first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed_by: Option<NeededBy>,
}

/// What a process does with a secret key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretKeyState {
    /// It is the newest of the store, which seals anew, in whatever order this process lists its keys.
    Current,
    /// It is an older one, and opens what it sealed.
    Listed,
    /// This process was not given it.
    Missing,
    /// It was retired: it finds recovery codes, and does nothing else.
    Retired,
}

/// What needs an older secret key.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NeededBy {
    /// Password hashes that it sealed (`password.pepper`). Each is sealed anew at the next login.
    pub password_hashes: i64,
    /// Seeds of authenticator apps that it sealed.
    pub totp_seeds: i64,
    /// Mails that wait.
    pub mails: i64,
    /// Recovery codes that were made under it.
    pub recovery_codes: i64,
    /// Live sessions that were refreshed last while it was the current one. Without it their users log in again.
    pub sessions: i64,
}

impl Engine {
    /// Lists signing keys and secret keys. Where there are older secret keys it looks at every account and session.
    ///
    /// Failures: `store_unavailable`.
    pub fn list_keys(&self, _: ListKeysRequest) -> Result<ListKeysResponse> {
        let now = self.clock.now();
        self.store.read(|tx| {
            self.keys.follow_secret_keys(tx)?;
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
                let (state, until) = (state(id), known.get(index + 1).map_or(now, |next| next.since));
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
                keys::rows(tx)?.into_iter().filter(|key| key.expires_at.is_none_or(|at| now < at));
            Ok(ListKeysResponse { signing_keys: signing_keys.map(SigningKey::from).collect(), secret_keys })
        })
    }
}

impl From<keys::KeyRow> for SigningKey {
    fn from(key: keys::KeyRow) -> SigningKey {
        let keys::KeyRow { kid, backend, algorithm, created_at, expires_at } = key;
        SigningKey { kid, backend, algorithm, created_at, expires_at }
    }
}

impl From<Needs> for NeededBy {
    fn from(needs: Needs) -> NeededBy {
        let Needs { password_hashes, totp_seeds, mails, recovery_codes, sessions } = needs;
        NeededBy { password_hashes, totp_seeds, mails, recovery_codes, sessions }
    }
}
