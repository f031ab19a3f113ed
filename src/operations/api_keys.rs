//! API keys and service accounts: `create_service_account`, `create_api_key`, `list_api_keys`, `update_api_key`,
//! `revoke_api_key`.

use std::str::FromStr;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::accounts::UserResponse;
use crate::crypto::api_key;
use crate::engine::Engine;
use crate::engine::accounts::in_order;
use crate::engine::audit::{Kind, event};
use crate::engine::sessions::KEPT_SECONDS;
use crate::error::{Code, Error, Result};
use crate::mail;
use crate::store::api_keys::{self as rows, ApiKey};
use crate::store::users::{self, By, NewUser, User};
use crate::store::{Durability, Share, Tx};
use crate::types::id::Id;
use crate::types::parse_error::ParseError;
use crate::types::secret::IssuedSecret;
use crate::types::strict::Object;
use crate::types::text::text_type;
use crate::types::user::{PublicUser, Role, Scope, Username};

/// Creates an account for a program. It has no password, address or second factor, and nothing can give it one.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CreateServiceAccountRequest {
    /// The name, a username that no account has.
    pub name: Username,
    /// The roles.
    pub roles: Vec<Role>,
}

/// Creates an API key of a person's account or of a service account. Give exactly one of `user_id` and
/// `service_account_id`. The host must have authenticated the person just now, because a key opens the account.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CreateApiKeyRequest {
    /// The id of a person's account.
    pub user_id: Option<Id>,
    /// The id of a service account.
    pub service_account_id: Option<Id>,
    /// The owner's name for the key: 1 to 64 characters.
    pub name: ApiKeyName,
    /// The scopes of the key; default: none.
    pub scopes: Option<Vec<Scope>>,
    /// The roles of its account that the key has; default: those that the account has at the time of each use.
    pub roles: Option<Vec<Role>>,
    /// When the key expires, in Unix seconds; default: never.
    pub expires_at: Option<i64>,
    /// The backend that the key is for; default: `default`.
    pub backend: Option<String>,
}

/// The new key.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct CreateApiKeyResponse {
    /// The key itself. It is shown only now: the store keeps a code of it.
    pub key: IssuedSecret,
    /// The key as lists show it.
    pub api_key: ApiKeyInfo,
}

/// Lists the API keys of an account.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ListApiKeysRequest {
    /// The id of a person's account or of a service account.
    pub user_id: Id,
}

/// The keys that have not expired, the oldest first.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ListApiKeysResponse {
    /// The keys.
    pub api_keys: Vec<ApiKeyInfo>,
}

/// Changes an API key. Members that are absent stay as they are.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UpdateApiKeyRequest {
    /// The key's id.
    pub api_key_id: Id,
    /// The account that must have the key. Give it if the id comes from a client.
    pub user_id: Option<Id>,
    /// The new name.
    pub name: Option<ApiKeyName>,
    /// The new scopes, which replace the old ones.
    pub scopes: Option<Vec<Scope>>,
    /// The new roles, which replace the old ones.
    pub roles: Option<Vec<Role>>,
    /// When the key expires, in Unix seconds.
    pub expires_at: Option<i64>,
}

/// The key after its change.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct UpdateApiKeyResponse {
    /// The key.
    pub api_key: ApiKeyInfo,
}

/// Revokes an API key.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RevokeApiKeyRequest {
    /// The key's id.
    pub api_key_id: Id,
    /// The account that must have the key. Give it if the id comes from a client.
    pub user_id: Option<Id>,
}

/// No account has the key any more.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RevokeApiKeyResponse {
    /// Whether the account had the key.
    pub revoked: bool,
}

/// An API key, without the key itself.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiKey")]
#[non_exhaustive]
pub struct ApiKeyInfo {
    /// The key's id.
    pub id: Id,
    /// The id of its account.
    pub user_id: Id,
    /// The owner's name for the key.
    pub name: String,
    /// The first characters of the key, by which its owner recognizes it.
    pub beginning: String,
    /// The backend that the key is for.
    pub backend: String,
    /// The scopes.
    pub scopes: Vec<String>,
    /// The roles of its account that the key has; absent if it has all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-absent" = true))]
    pub roles: Option<Vec<Role>>,
    /// When the key was created.
    pub created_at: i64,
    /// When the key expires; absent if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// When the key was last used, to the minute; absent if it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<i64>,
}

/// The owner's name for an API key: 1 to 64 characters without control characters.
#[derive(Clone, Debug)]
pub struct ApiKeyName(String);

impl ApiKeyName {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ApiKeyName {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<ApiKeyName, ParseError> {
        let valid = (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if valid {
            Ok(ApiKeyName(text.to_owned()))
        } else {
            Err(ParseError::new("expected 1 to 64 characters"))
        }
    }
}

text_type!(ApiKeyName, "minLength": 1, "maxLength": 64);

/// The most keys of an account.
const MOST: i64 = 100;

impl Engine {
    /// Creates a service account. It cannot log in by any way: it only has API keys.
    ///
    /// Failures: `username_taken`, `invalid_request`, `store_unavailable`.
    pub fn create_service_account(&self, request: CreateServiceAccountRequest) -> Result<UserResponse> {
        let CreateServiceAccountRequest { name, roles } = request;
        let now = self.clock.now();
        let username_key = name.key();
        let user = PublicUser {
            id: Id::new(self.clock.now_ms())?,
            username: name,
            email: None,
            email_verified: false,
            is_active: true,
            is_service_account: true,
            roles: in_order(roles)?,
            attributes: Object::default(),
            locale: None,
            external_id: None,
            created_at: now,
        };
        self.store.write(Durability::Full, |tx| {
            if users::is_taken(tx, By::Username(&username_key))? {
                return Err(Error::at(Code::UsernameTaken, "/name", "taken"));
            }
            let new =
                NewUser { public: &user, username_key: &username_key, email_key: None, password_hash: None };
            users::insert(tx, &new)?;
            self.audit.record(tx, now, event(Kind::ServiceAccountCreated, user.id))
        })?;
        Ok(UserResponse { user })
    }

    /// Creates an API key. Its roles are among those of its account. A person gets a mail.
    ///
    /// Failures: `user_not_found`, `email_not_verified`, `permission_denied` (the account is not active, has 100 keys,
    /// or has not one of the roles), `invalid_request`, `store_unavailable`.
    pub fn create_api_key(&self, request: CreateApiKeyRequest) -> Result<CreateApiKeyResponse> {
        let CreateApiKeyRequest { name, scopes, roles, expires_at, backend, .. } = request;
        let (owner, is_service_account) = match (request.user_id, request.service_account_id) {
            (Some(id), None) => (id, false),
            (None, Some(id)) => (id, true),
            _ => {
                let why = "expected exactly one of user_id, service_account_id";
                return Err(Error::new(Code::InvalidRequest, why));
            }
        };
        let now = self.clock.now();
        in_future(expires_at, now)?;
        let text = self.api_keys.text()?;
        let key = ApiKey {
            id: Id::new(self.clock.now_ms())?,
            user_id: owner,
            name: name.0,
            beginning: api_key::shown(&text).to_owned(),
            backend: self.keys.backend(backend.as_deref())?.name.clone(),
            scope: joined(scopes)?,
            roles: roles.map(in_order).transpose()?,
            created_at: now,
            expires_at,
            last_used_at: None,
        };
        self.mailing.write(|tx| {
            let user = account(tx, owner)?;
            if user.public.is_service_account != is_service_account {
                return Err(Code::UserNotFound.into());
            }
            // A lock revokes the keys: none may be made behind it, by a session that was authenticated before.
            if !user.public.is_active {
                return Err(Error::new(Code::PermissionDenied, "inactive_user").about(Some(owner), None));
            }
            self.factors.may_be_taken_by(&user.public)?;
            are_roles_of(&user.public, key.roles.as_deref())?;
            if rows::count(tx, owner, now)? >= MOST {
                return Err(Error::new(Code::PermissionDenied, "too_many_api_keys").about(Some(owner), None));
            }
            rows::forget_expired(tx, now - KEPT_SECONDS, Share::AFew)?;
            self.api_keys.put(tx, &key, &text, now)?;
            self.mailing.outbox.tell(tx, mail::Kind::ApiKeyCreated, &user.public, now)
        })?;
        Ok(CreateApiKeyResponse { key: IssuedSecret::new(text.as_str()), api_key: key.into() })
    }

    /// Lists the API keys of an account.
    ///
    /// Failures: `user_not_found`, `store_unavailable`.
    pub fn list_api_keys(&self, request: ListApiKeysRequest) -> Result<ListApiKeysResponse> {
        let now = self.clock.now();
        let listed = self.store.read(|tx| {
            account(tx, request.user_id)?;
            rows::list(tx, request.user_id)
        })?;
        let live = listed.into_iter().filter(|key| !key.has_expired(now));
        Ok(ListApiKeysResponse { api_keys: live.map(ApiKeyInfo::from).collect() })
    }

    /// Changes an API key. The key itself stays the same. A person gets a mail if the key may do more than before, or
    /// is valid for longer.
    ///
    /// Failures: `api_key_not_found`, `permission_denied` (the account has not one of the roles), `invalid_request`,
    /// `store_unavailable`.
    pub fn update_api_key(&self, request: UpdateApiKeyRequest) -> Result<UpdateApiKeyResponse> {
        let UpdateApiKeyRequest { api_key_id, user_id, name, scopes, roles, expires_at } = request;
        let now = self.clock.now();
        in_future(expires_at, now)?;
        let scope = scopes.map(|scopes| joined(Some(scopes))).transpose()?;
        let roles = roles.map(in_order).transpose()?;
        let key = self.mailing.write(|tx| {
            let before = own(tx, api_key_id, user_id)?.filter(|key| !key.has_expired(now));
            let before = before.ok_or(Error::from(Code::ApiKeyNotFound))?;
            let owner = account(tx, before.user_id)?.public;
            are_roles_of(&owner, roles.as_deref())?;
            let key = ApiKey {
                name: name.as_ref().map_or_else(|| before.name.clone(), |name| name.0.clone()),
                scope: scope.clone().unwrap_or_else(|| before.scope.clone()),
                roles: roles.clone().or_else(|| before.roles.clone()),
                expires_at: expires_at.or(before.expires_at),
                ..before.clone()
            };
            rows::update(tx, &key)?;
            self.api_keys.record(tx, Kind::ApiKeyUpdated, &key, now)?;
            if key.is_wider_than(&before) {
                self.mailing.outbox.tell(tx, mail::Kind::ApiKeyWidened, &owner, now)?;
            }
            Ok(key)
        })?;
        Ok(UpdateApiKeyResponse { api_key: key.into() })
    }

    /// Revokes an API key. The next call that offers it is refused, in every process. An unknown or revoked key is
    /// not a failure.
    ///
    /// Failures: `store_unavailable`.
    pub fn revoke_api_key(&self, request: RevokeApiKeyRequest) -> Result<RevokeApiKeyResponse> {
        let now = self.clock.now();
        let revoked =
            self.store.write(Durability::Full, |tx| match own(tx, request.api_key_id, request.user_id)? {
                Some(key) => self.api_keys.revoke(tx, &key, now),
                None => Ok(false),
            })?;
        Ok(RevokeApiKeyResponse { revoked })
    }
}

impl ApiKey {
    /// Whether the key may do what it could not do before, or is valid for longer.
    fn is_wider_than(&self, before: &ApiKey) -> bool {
        let scopes = before.scopes();
        let has_new_scope = self.scopes().iter().any(|scope| !scopes.contains(scope));
        let has_new_role = before.roles.as_ref().is_some_and(|roles| {
            self.roles.as_ref().is_none_or(|wider| wider.iter().any(|role| !roles.contains(role)))
        });
        let ends = |key: &ApiKey| key.expires_at.unwrap_or(i64::MAX);
        has_new_scope || has_new_role || ends(self) > ends(before)
    }

    fn scopes(&self) -> Vec<&str> {
        self.scope.as_deref().unwrap_or_default().split_whitespace().collect()
    }
}

fn account(tx: &mut Tx, id: Id) -> Result<User> {
    users::find(tx, By::Id(id))?.ok_or(Code::UserNotFound.into())
}

/// Returns the key with this id, if the account has it.
fn own(tx: &mut Tx, id: Id, user_id: Option<Id>) -> Result<Option<ApiKey>> {
    let key = rows::by_id(tx, id)?;
    Ok(key.filter(|key| user_id.is_none_or(|user_id| key.user_id == user_id)))
}

fn in_future(expires_at: Option<i64>, now: i64) -> Result<()> {
    match expires_at.is_none_or(|at| at > now) {
        true => Ok(()),
        false => Err(Error::at(Code::InvalidRequest, "/expires_at", "expected a time in the future")),
    }
}

/// Refuses roles that the account does not have: a key must not be wider than its account.
fn are_roles_of(user: &PublicUser, roles: Option<&[Role]>) -> Result<()> {
    match roles.unwrap_or_default().iter().all(|role| user.roles.contains(role)) {
        true => Ok(()),
        false => {
            let error = Error::at(Code::PermissionDenied, "/roles", "not a role of the account");
            Err(error.about(Some(user.id), None))
        }
    }
}

/// Returns the scopes as one text; none for an empty list.
fn joined(scopes: Option<Vec<Scope>>) -> Result<Option<String>> {
    let scopes = scopes.unwrap_or_default();
    let text = scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ");
    match text.as_str() {
        "" => Ok(None),
        _ if text.parse::<Scope>().is_ok() => Ok(Some(text)),
        _ => Err(Error::at(Code::InvalidRequest, "/scopes", "longer than 1024 characters")),
    }
}

impl From<ApiKey> for ApiKeyInfo {
    fn from(key: ApiKey) -> ApiKeyInfo {
        let scopes = key.scopes().into_iter().map(str::to_owned).collect();
        ApiKeyInfo {
            id: key.id,
            user_id: key.user_id,
            name: key.name,
            beginning: key.beginning,
            backend: key.backend,
            scopes,
            roles: key.roles,
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
        }
    }
}
