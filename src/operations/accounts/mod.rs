//! Accounts: `register`, `get_user`, `list_users`, `delete_user`; `search_users`, `update_user`,
//! `merge_attributes` and `lock_user` have files of their own.

pub(crate) mod attributes;
pub(crate) mod lock;
pub(crate) mod search;
pub(crate) mod update;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::engine::account_status::{AccountStatus, Statuses};
use crate::engine::accounts::{bounded, in_order};
use crate::engine::audit::{Kind, event};
use crate::engine::organizations::other_owners;
use crate::engine::throttle::locks::LockedAccounts;
use crate::error::{Code, Error, Result};
use crate::mail;
use crate::store::events::Event;
use crate::store::users::{self, By, Listing, NewUser};
use crate::store::{Tx, unexpected};
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::secret::{IssuedSecret, Secret};
use crate::types::strict::Object;
use crate::types::user::{ADMIN, Email, ExternalId, Locale, Offered, PublicUser, Role, Username};

/// Creates an account.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-body" = ["username", "email", "password"]))]
#[non_exhaustive]
pub struct RegisterRequest {
    /// The name to log in with; RFC 8265 UsernameCaseMapped, without `@`.
    pub username: Username,
    /// The e-mail address; required unless `registration.require_email` is off.
    pub email: Option<Email>,
    /// The password. The engine keeps only its Argon2id hash.
    pub password: Secret,
    /// The roles; default: `registration.default_roles`.
    pub roles: Option<Vec<Role>>,
    /// Other data that the host keeps with the account: at most 16 KiB.
    pub attributes: Option<Object>,
    /// The language of mails to this user (BCP 47).
    pub locale: Option<Locale>,
    /// The client's connection: too many registrations from one network address are refused.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub client: Option<Client>,
}

/// An account.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct UserResponse {
    /// The account.
    pub user: PublicUser,
}

/// The new account.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RegisterResponse {
    /// The account.
    pub user: PublicUser,
    /// A challenge for `verify_email`: it proves, together with the mailed token, that the account belongs to
    /// the browser that registered it. It is valid for a week; keep it in a cookie that scripts cannot read.
    /// Absent without an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<IssuedSecret>,
}

/// Finds one account. Give exactly one of `id`, `username`, `email`, `external_id`, `query`.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct GetUserRequest {
    /// The account's id.
    pub id: Option<String>,
    /// The account's username.
    pub username: Option<Offered>,
    /// The account's e-mail address.
    pub email: Option<Offered>,
    /// The host's own id of the account, to the letter.
    pub external_id: Option<Offered>,
    /// The account's username or else its e-mail address.
    pub query: Option<Offered>,
    /// Whether to return the account's state, for administrators; default: false.
    pub status: Option<bool>,
}

/// The account.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct GetUserResponse {
    /// The account.
    pub user: PublicUser,
    /// The account's state, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<AccountStatus>,
}

/// Lists accounts in the order of their ids, which is that of their creation, to the millisecond.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ListUsersRequest {
    /// Only active accounts, or only inactive ones.
    pub is_active: Option<bool>,
    /// Only accounts with this role.
    pub role: Option<Role>,
    /// Only service accounts, or only accounts of people.
    pub is_service_account: Option<bool>,
    /// Only accounts that a lock keeps a user out of now (see `status` of `get_user`). One call compares up
    /// to 20,000 accounts with the locks, so a page may have fewer accounts than `limit`, or none, and still
    /// a `next`.
    pub locked: Option<bool>,
    /// The number of accounts to skip; not with `locked`.
    #[schemars(range(max = 1_000_000_000))]
    pub skip: Option<u32>,
    /// The most to return: 1 to 1000, default 100.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u32>,
    /// Only accounts after this id: `next` of the previous page.
    pub after: Option<Id>,
}

/// A page of accounts.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ListUsersResponse {
    /// The accounts.
    pub users: Vec<PublicUser>,
    /// The id to give as `after` for the next page; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Id>,
}

/// Deletes an account and everything about it.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DeleteUserRequest {
    /// The user's id.
    pub id: Id,
}

/// The account was deleted.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct DeleteUserResponse {
    /// Always true.
    pub deleted: bool,
}

impl Engine {
    /// Creates an account. The name and the address are unique by their canonical form, also between
    /// processes.
    ///
    /// Failures: `invalid_request`, `weak_password`, `username_taken`, `email_taken`, `too_many_attempts`,
    /// `hash_queue_full`, `store_unavailable`.
    pub fn register(&self, request: RegisterRequest) -> Result<RegisterResponse> {
        let RegisterRequest { username, email, password, roles, attributes, locale, client } = request;
        let registration = &self.config.registration;
        if email.is_none() && registration.require_email {
            return Err(Error::at(Code::InvalidRequest, "/email", "missing field `email`"));
        }
        let attributes = bounded(attributes.unwrap_or_default())?;
        let roles = in_order(roles.unwrap_or_else(|| registration.default_roles.clone()))?;
        let password = self.passwords.chosen(&password, &username, email.as_ref(), "/password")?;

        // The attempt is counted and the password hashed before any lookup, so that a taken name costs as
        // much as a free one.
        let client = client.unwrap_or_default();
        self.throttle.count_registration(client.ip, self.clock.now())?;
        let id = Id::new(self.clock.now_ms())?;
        let hash = self.passwords.kept_hash(id, &password)?;
        let now = self.clock.now();
        let user = PublicUser {
            id,
            username,
            email,
            email_verified: false,
            is_active: true,
            is_service_account: false,
            roles,
            attributes,
            locale,
            external_id: None,
            created_at: now,
        };
        let username_key = user.username.key();
        // Where addresses are concealed, an account claims its address by verifying it.
        let email_key = user.email.as_ref().filter(|_| !registration.conceal_existing).map(Email::key);
        let verification = self.mailing.write(|tx| {
            refuse_taken(tx, &username_key, email_key.as_deref())?;
            let hash = self.passwords.to_write(tx, id, &hash)?;
            let new = NewUser {
                public: &user,
                username_key: &username_key,
                email_key: email_key.as_deref(),
                password_hash: Some(&hash),
            };
            users::insert(tx, &new)?;
            let ip = client.ip_text();
            self.audit.record(tx, now, Event { ip: ip.as_deref(), ..event(Kind::Registered, user.id) })?;
            let new = users::find(tx, By::Id(user.id))?.ok_or_else(unexpected)?;
            self.accounts.greet(tx, &new, user.locale.as_ref(), client.ip, now)?;
            let email = user.email.as_ref();
            email.map(|email| self.proofs.verification(&new, email, now)).transpose()
        })?;
        Ok(RegisterResponse { user, verification: verification.map(IssuedSecret::from) })
    }

    /// Finds an account. Names and addresses are compared by their canonical form.
    ///
    /// Failures: `invalid_request`, `user_not_found`, `store_unavailable`.
    pub fn get_user(&self, request: GetUserRequest) -> Result<GetUserResponse> {
        let GetUserRequest { id, username, email, external_id, query, status } = request;
        let with_status = status.unwrap_or(false);
        let now = self.clock.now();
        let statuses = Statuses {
            config: &self.config,
            factors: &self.factors,
            passwords: &self.passwords,
            providers: &self.providers,
            throttle: &self.throttle,
        };
        let find = |by: By| {
            self.store.read(|tx| {
                let user = users::find(tx, by)?.ok_or(Error::from(Code::UserNotFound))?;
                let status = with_status.then(|| statuses.of(tx, &user, now)).transpose()?;
                Ok(GetUserResponse { user: user.public, status })
            })
        };
        let nobody = |_| Error::from(Code::UserNotFound);
        let by_name = |name: &str| find(By::Username(&name.parse::<Username>().map_err(nobody)?.key()));
        let by_email = |address: &str| find(By::Email(&address.parse::<Email>().map_err(nobody)?.key()));
        match (id, username, email, external_id, query) {
            (Some(id), None, None, None, None) => find(By::Id(id.parse().map_err(nobody)?)),
            (None, Some(username), None, None, None) => by_name(username.as_str()),
            (None, None, Some(email), None, None) => by_email(email.as_str()),
            (None, None, None, Some(id), None) => {
                find(By::ExternalId(id.as_str().parse::<ExternalId>().map_err(nobody)?.as_str()))
            }
            // A name holds no "@" and an address does, so at most one of the two can match.
            (None, None, None, None, Some(query)) if query.as_str().contains('@') => by_email(query.as_str()),
            (None, None, None, None, Some(query)) => by_name(query.as_str()),
            _ => {
                let why = "expected exactly one of id, username, email, external_id, query";
                Err(Error::new(Code::InvalidRequest, why))
            }
        }
    }

    /// Lists accounts.
    ///
    /// Failures: `invalid_request`, `store_unavailable`.
    pub fn list_users(&self, request: ListUsersRequest) -> Result<ListUsersResponse> {
        let limit = request.limit.unwrap_or(100) as usize;
        if !(1..=1000).contains(&limit) {
            return Err(Error::at(Code::InvalidRequest, "/limit", "expected 1 to 1000"));
        }
        if request.locked == Some(true) {
            return self.list_locked(request, limit);
        }
        let listing = Listing {
            is_active: request.is_active,
            role: request.role.as_ref().map(Role::as_str),
            is_service_account: request.is_service_account,
            after: request.after,
            skip: request.skip.unwrap_or(0) as usize,
            limit,
        };
        let found = self.store.read(|tx| users::list(tx, &listing))?;
        let users: Vec<PublicUser> = found.into_iter().map(|user| user.public).collect();
        let next = users.last().filter(|_| users.len() == limit).map(|user| user.id);
        Ok(ListUsersResponse { users, next })
    }

    fn list_locked(&self, request: ListUsersRequest, limit: usize) -> Result<ListUsersResponse> {
        if request.skip.is_some() {
            return Err(Error::at(Code::InvalidRequest, "/skip", "not with locked"));
        }
        let is_wanted = |user: &PublicUser| {
            request.is_active.is_none_or(|is_active| user.is_active == is_active)
                && request.role.as_ref().is_none_or(|role| user.roles.contains(role))
                && request.is_service_account.is_none_or(|is| user.is_service_account == is)
        };
        let now = self.clock.now();
        let LockedAccounts { users, next } = self
            .store
            .read(|tx| self.throttle.lanes.locked_accounts(tx, request.after, limit, now, is_wanted))?;
        Ok(ListUsersResponse { users, next })
    }

    /// Deletes an account and everything that is kept about it, all or nothing. One mail tells its user;
    /// notices of earlier changes of the name or the address still go out.
    ///
    /// Failures: `user_not_found`, `permission_denied` (the last active administrator, or the last owner of an
    /// organization), `store_constraint` (rows of the host's own tables refer to the
    /// account), `store_unavailable`.
    pub fn delete_user(&self, request: DeleteUserRequest) -> Result<DeleteUserResponse> {
        let now = self.clock.now();
        self.mailing.write(|tx| {
            let user = users::find(tx, By::Id(request.id))?.ok_or(Error::from(Code::UserNotFound))?;
            if is_admin(&user.public) {
                another_admin(tx, request.id)?;
            }
            other_owners(tx, request.id)?;
            self.mailing.outbox.tell(tx, mail::Kind::AccountDeleted, &user.public, now)?;
            self.accounts.delete(tx, request.id, None, now)
        })?;
        Ok(DeleteUserResponse { deleted: true })
    }
}

fn refuse_taken(tx: &mut Tx, username_key: &str, email_key: Option<&str>) -> Result<()> {
    if users::is_taken(tx, By::Username(username_key))? {
        return Err(Error::at(Code::UsernameTaken, "/username", "taken"));
    }
    match email_key {
        Some(key) if users::is_taken(tx, By::Email(key))? => {
            Err(Error::at(Code::EmailTaken, "/email", "taken"))
        }
        _ => Ok(()),
    }
}

fn is_admin(user: &PublicUser) -> bool {
    user.is_active && !user.is_service_account && user.roles.iter().any(|role| role.as_str() == ADMIN)
}

/// Fails unless an active admin other than this account remains.
fn another_admin(tx: &mut Tx, but: Id) -> Result<()> {
    match users::has_other_active(tx, ADMIN, but)? {
        true => Ok(()),
        false => Err(Error::new(Code::PermissionDenied, "last_admin").about(Some(but), None)),
    }
}
