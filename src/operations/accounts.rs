//! Accounts: `register`, `get_user`, `list_users`, `update_user`, `delete_user`.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::account_status::{AccountStatus, Statuses};
use crate::engine::accounts::{bounded, in_order};
use crate::engine::audit::{Kind, event};
use crate::engine::throttle::locks::LockedAccounts;
use crate::engine::{Engine, outbox};
use crate::error::{Code, Error, Result};
use crate::json;
use crate::store::events::{self, Event};
use crate::store::users::{self, By, Canonical, Listing, NewUser};
use crate::store::{Durability, Tx, mails, one_time_secrets, unexpected};
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::secret::{IssuedSecret, Secret};
use crate::types::strict::Object;
use crate::types::user::{Email, Locale, Offered, PublicUser, Role, Username};

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

/// Finds one account. Give exactly one of `id`, `username`, `email`, `query`.
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

/// Changes an account. Members that are absent stay as they are.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UpdateUserRequest {
    /// The user's id.
    pub id: Id,
    /// The new name.
    pub username: Option<Username>,
    /// The new address. It counts as unverified, unless it is the same to the letter or `email_verified` is
    /// true.
    pub email: Option<Email>,
    /// Whether the address counts as verified, because the caller checked it by other means. Password,
    /// sessions and factors stay, even if another person set them up: see `reclaim`. Refused if another
    /// account verified this address; an account that claims it unverified loses the claim.
    pub email_verified: Option<bool>,
    /// With `email_verified`, for an account whose user never proved an address: removes everything that
    /// opened it before, because another person may have made it: password, sessions, second factors,
    /// passkeys and identities. An earlier `email_verified` by a caller is not such a proof. Default: false.
    pub reclaim: Option<bool>,
    /// The language of mails to this user.
    pub locale: Option<Locale>,
    /// Whether the account may log in. Setting it to false ends the account's sessions; setting it to true
    /// also unlocks an account that failed logins had locked.
    pub is_active: Option<bool>,
    /// The new roles, which replace the old ones.
    pub roles: Option<Vec<Role>>,
    /// Roles to add; not with `roles`.
    pub add_roles: Option<Vec<Role>>,
    /// Roles to remove, also from those added; not with `roles`.
    pub remove_roles: Option<Vec<Role>>,
    /// The new attributes, which replace the old ones.
    pub attributes: Option<Object>,
    /// Whether the next login by password requires a new password. Sessions stay.
    pub must_change_password: Option<bool>,
    /// Whether to unlock an account that failures had locked, for every name, on every device and for codes
    /// of an app. Whether it may log in stays as it is.
    pub unlock: Option<bool>,
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

/// The administrators' role. The last active account with this role can neither lose it, nor be deactivated,
/// nor be deleted.
const ADMIN: &str = "admin";

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
            roles,
            attributes,
            locale,
            created_at: now,
        };
        let username_key = user.username.key();
        // Where addresses are concealed, an account claims its address by verifying it.
        let email_key = user.email.as_ref().filter(|_| !registration.conceal_existing).map(Email::key);
        let verification = self.mailing.write(|tx| {
            refuse_taken(tx, &username_key, email_key.as_deref())?;
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
        let GetUserRequest { id, username, email, query, status } = request;
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
        match (id, username, email, query) {
            (Some(id), None, None, None) => find(By::Id(id.parse().map_err(nobody)?)),
            (None, Some(username), None, None) => by_name(username.as_str()),
            (None, None, Some(email), None) => by_email(email.as_str()),
            // A name holds no "@" and an address does, so at most one of the two can match.
            (None, None, None, Some(query)) if query.as_str().contains('@') => by_email(query.as_str()),
            (None, None, None, Some(query)) => by_name(query.as_str()),
            _ => Err(Error::new(Code::InvalidRequest, "expected exactly one of id, username, email, query")),
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
        };
        let now = self.clock.now();
        let LockedAccounts { users, next } = self
            .store
            .read(|tx| self.throttle.lanes.locked_accounts(tx, request.after, limit, now, is_wanted))?;
        Ok(ListUsersResponse { users, next })
    }

    /// Changes an account, with the revocations that follow, all or nothing.
    ///
    /// Failures: `user_not_found`, `username_taken`, `email_taken`, `permission_denied`,
    /// `invalid_request`, `store_unavailable`.
    pub fn update_user(&self, request: UpdateUserRequest) -> Result<UserResponse> {
        let changes = Changes::of(request)?;
        let now = self.clock.now();
        let user = self.store.write(Durability::Full, |tx| {
            let mut account = Changing::read(tx, &changes)?;
            account.rename(tx, &changes)?;
            self.readdress(tx, &mut account, &changes)?;
            self.set_verified(tx, &mut account, &changes, now)?;
            account.set_others(&changes)?;
            if is_admin(&account.before) && !is_admin(&account.user) {
                another_admin(tx, account.user.id)?;
            }
            let Changing { user, username_key, email_key, .. } = &account;
            users::update(tx, user, username_key, email_key.as_deref())?;
            self.unlock_or_end(tx, &account, &changes, now)?;
            self.tell_update(tx, &account, &changes, now)?;
            Ok(account.user)
        })?;
        Ok(UserResponse { user })
    }

    /// Deletes an account and everything that is kept about it, all or nothing.
    ///
    /// Failures: `user_not_found`, `permission_denied`, `store_constraint` (rows of the host's own tables refer to the
    /// account), `store_unavailable`.
    pub fn delete_user(&self, request: DeleteUserRequest) -> Result<DeleteUserResponse> {
        let now = self.clock.now();
        self.store.write(Durability::Full, |tx| {
            let user = users::find(tx, By::Id(request.id))?.ok_or(Error::from(Code::UserNotFound))?;
            if is_admin(&user.public) {
                another_admin(tx, request.id)?;
            }
            self.throttle.forget_guesses(tx, request.id)?;
            self.throttle.forget_attempts(tx, request.id, &[])?;
            users::delete(tx, request.id)?;
            events::forget_addresses(tx, request.id)?;
            self.audit.record(tx, now, event(Kind::UserDeleted, request.id))
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

/// The changes of a request, which go together.
struct Changes {
    request: UpdateUserRequest,
    roles: Option<Vec<Role>>,
    added: Vec<Role>,
    removed: Vec<Role>,
    attributes: Option<Object>,
    reclaims: bool,
    unlocks: bool,
}

impl Changes {
    fn of(mut request: UpdateUserRequest) -> Result<Changes> {
        let added = request.add_roles.take().unwrap_or_default();
        let removed = request.remove_roles.take().unwrap_or_default();
        if request.roles.is_some() && !(added.is_empty() && removed.is_empty()) {
            return Err(Error::at(Code::InvalidRequest, "/roles", "not with add_roles or remove_roles"));
        }
        let roles = request.roles.take().map(in_order).transpose()?;
        let attributes = request.attributes.take().map(bounded).transpose()?;
        let reclaims = request.reclaim.unwrap_or(false);
        if reclaims && request.email_verified != Some(true) {
            return Err(Error::at(Code::InvalidRequest, "/reclaim", "only with email_verified"));
        }
        let unlocks = request.unlock == Some(true) || request.is_active == Some(true);
        Ok(Changes { request, roles, added, removed, attributes, reclaims, unlocks })
    }
}

/// An account before and after its changes.
struct Changing {
    before: PublicUser,
    must_change_password: bool,
    user: PublicUser,
    username_key: String,
    /// The address, if the account claims it.
    email_key: Option<String>,
}

impl Changing {
    fn read(tx: &mut Tx, changes: &Changes) -> Result<Changing> {
        let id = changes.request.id;
        let before = users::find(tx, By::Id(id))?.ok_or(Error::from(Code::UserNotFound))?;
        if changes.reclaims && before.has_proven {
            let why = "the user of the account has proven an address";
            return Err(Error::at(Code::InvalidRequest, "/reclaim", why));
        }
        let Canonical { username: username_key, email: email_key, .. } =
            users::canonical(tx, id)?.ok_or_else(unexpected)?;
        Ok(Changing {
            must_change_password: before.must_change_password,
            user: before.public.clone(),
            before: before.public,
            username_key,
            email_key,
        })
    }

    fn rename(&mut self, tx: &mut Tx, changes: &Changes) -> Result<()> {
        let Some(username) = &changes.request.username else { return Ok(()) };
        let key = username.key();
        if key != self.username_key && users::is_taken(tx, By::Username(&key))? {
            return Err(Error::at(Code::UsernameTaken, "/username", "taken"));
        }
        (self.user.username, self.username_key) = (username.clone(), key);
        Ok(())
    }

    /// Sets what no other account and no key depends on: language, activity, roles and attributes.
    fn set_others(&mut self, changes: &Changes) -> Result<()> {
        let Changes { request, roles, added, removed, attributes, .. } = changes;
        let user = &mut self.user;
        if request.locale.is_some() {
            user.locale.clone_from(&request.locale);
        }
        user.is_active = request.is_active.unwrap_or(user.is_active);
        user.roles = match roles {
            Some(roles) => roles.clone(),
            None => {
                let roles = user.roles.iter().chain(added).filter(|role| !removed.contains(role));
                in_order(roles.cloned().collect())?
            }
        };
        if let Some(attributes) = attributes {
            user.attributes = attributes.clone();
        }
        Ok(())
    }
}

/// The steps of `update_user` that need other parts of the engine.
impl Engine {
    fn readdress(&self, tx: &mut Tx, account: &mut Changing, changes: &Changes) -> Result<()> {
        let UpdateUserRequest { email: Some(email), email_verified, .. } = &changes.request else {
            return Ok(());
        };
        // The verification holds for the address to the letter: another spelling may be another mailbox.
        if account.before.email.as_ref() == Some(email) {
            return Ok(());
        }
        let conceal = self.config.registration.conceal_existing;
        let key = email.key();
        // The account loses its claim to an address that another account has verified since. An address that
        // counts as verified takes the claim in the next step.
        let is_claimed = account.email_key.as_ref() == Some(&key) || *email_verified == Some(true);
        if !is_claimed && !conceal && users::is_taken(tx, By::Email(&key))? {
            return Err(Error::at(Code::EmailTaken, "/email", "taken"));
        }
        (account.user.email, account.user.email_verified) = (Some(email.clone()), false);
        account.email_key = Some(key).filter(|_| !conceal);
        Ok(())
    }

    fn set_verified(&self, tx: &mut Tx, account: &mut Changing, changes: &Changes, now: i64) -> Result<()> {
        let Some(is_verified) = changes.request.email_verified else { return Ok(()) };
        let Some(key) = account.user.email.as_ref().map(Email::key) else {
            let why = "the account has no address";
            return Err(Error::at(Code::InvalidRequest, "/email_verified", why));
        };
        if is_verified {
            let taken = |error: Error| Error { field: Some("/email_verified".to_owned()), ..error };
            self.accounts.take_claim(tx, account.user.id, &key, now).map_err(taken)?;
        }
        account.user.email_verified = is_verified;
        let conceal = self.config.registration.conceal_existing;
        let is_claimed = is_verified || (!conceal && account.email_key.is_some());
        account.email_key = is_claimed.then_some(key);
        Ok(())
    }

    /// Unlocks the account, or ends what the change no longer allows.
    fn unlock_or_end(&self, tx: &mut Tx, account: &Changing, changes: &Changes, now: i64) -> Result<()> {
        let Changing { before, user, .. } = account;
        if changes.unlocks {
            self.throttle.forget_guesses(tx, user.id)?;
            self.accounts.unlock(tx, user.id)?;
        }
        if changes.reclaims {
            self.accounts.reclaim(tx, user.id, now)?;
        }
        // When a role begins to demand a second factor, sessions and pending logins without one end.
        let demands_factor = self.factors.are_required_of(user) && !self.factors.are_required_of(before);
        if (before.is_active && !user.is_active) || demands_factor {
            self.sessions.revoke_everything(tx, user.id, now)?;
        }
        Ok(())
    }

    /// Forgets mails that the change makes void, and writes its event.
    fn tell_update(&self, tx: &mut Tx, account: &Changing, changes: &Changes, now: i64) -> Result<()> {
        let user = &account.user;
        let mut changed = changed_fields(&account.before, user)?;
        if changed.contains(&"email") {
            // Mailed tokens belong to the old address.
            one_time_secrets::delete_all(tx, user.id)?;
            outbox::forget_tokens(tx, user.id)?;
        }
        if user.email_verified {
            mails::delete_kind(tx, user.id, crate::mail::Kind::VerifyEmail.name())?;
        }
        let wanted = changes.request.must_change_password;
        if let Some(wanted) = wanted.filter(|wanted| *wanted != account.must_change_password) {
            users::must_change_password(tx, user.id, wanted)?;
            changed.push("must_change_password");
        }
        changed.extend(changes.unlocks.then_some("unlocked"));
        if changed.is_empty() {
            return Ok(());
        }
        let detail = changed.join(" ");
        let event = Event { detail: Some(&detail), ..event(Kind::UserUpdated, user.id) };
        self.audit.record(tx, now, event)
    }
}

fn is_admin(user: &PublicUser) -> bool {
    user.is_active && user.roles.iter().any(|role| role.as_str() == ADMIN)
}

/// Returns the names of the fields that differ.
fn changed_fields(before: &PublicUser, after: &PublicUser) -> Result<Vec<&'static str>> {
    let attributes = |user: &PublicUser| json::render(&user.attributes);
    let fields = [
        ("username", before.username != after.username),
        ("email", before.email != after.email),
        ("email_verified", !before.email_verified && after.email_verified),
        ("email_unverified", before.email_verified && !after.email_verified),
        ("is_active", before.is_active != after.is_active),
        ("roles", before.roles != after.roles),
        ("attributes", attributes(before)? != attributes(after)?),
        ("locale", before.locale != after.locale),
    ];
    Ok(fields.into_iter().filter(|(_, is_changed)| *is_changed).map(|(name, _)| name).collect())
}

/// Fails unless an active admin other than this account remains.
fn another_admin(tx: &mut Tx, but: Id) -> Result<()> {
    match users::has_other_active(tx, ADMIN, but)? {
        true => Ok(()),
        false => Err(Error::new(Code::PermissionDenied, "last_admin").about(Some(but), None)),
    }
}
