//! Changes of an account: `update_user`.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{UserResponse, another_admin, is_admin};
use crate::engine::accounts::{bounded, in_order, refuse_taken_external_id};
use crate::engine::audit::{Kind, event};
use crate::engine::{Engine, organizations, outbox};
use crate::error::{Code, Error, Result};
use crate::json;
use crate::store::events::Event;
use crate::store::users::{self, By, Canonical};
use crate::store::{Tx, mails, one_time_secrets, unexpected, waiting_accounts};
use crate::types::id::Id;
use crate::types::strict::Object;
use crate::types::user::{Email, ExternalId, Locale, Offered, PublicUser, Role, Username};

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
    /// Whether the address counts as verified, because the caller checked it by other means. False makes tokens void
    /// that were mailed before. Password,
    /// sessions and factors stay, even if another person set them up: see `reclaim`. Refused if another
    /// account verified this address; an account that claims it unverified loses the claim.
    pub email_verified: Option<bool>,
    /// With `email_verified`, for an account whose user never proved an address: removes everything that
    /// opened it before, because another person may have made it: password, sessions, second factors,
    /// passkeys and identities. An earlier `email_verified` by a caller is not such a proof. Default: false.
    pub reclaim: Option<bool>,
    /// The language of mails to this user.
    pub locale: Option<Locale>,
    /// The host's own id of the account, which no other account has: 1 to 255 bytes without control characters,
    /// compared to the letter. An empty text removes it.
    pub external_id: Option<Offered>,
    /// Whether the account may log in. Setting it to false ends the account's sessions; setting it to true
    /// also unlocks an account that failed logins had locked.
    pub is_active: Option<bool>,
    /// The new roles, which replace the old ones.
    pub roles: Option<Vec<Role>>,
    /// Roles to add; not with `roles`.
    pub add_roles: Option<Vec<Role>>,
    /// Roles to remove, also from those added; not with `roles`.
    pub remove_roles: Option<Vec<Role>>,
    /// The new attributes, which replace the old ones; `merge_attributes` changes single ones.
    pub attributes: Option<Object>,
    /// Whether the next login by password requires a new password. Sessions stay.
    pub must_change_password: Option<bool>,
    /// Whether to unlock an account that failures had locked, for every name, on every device and for codes
    /// of an app. Whether it may log in stays as it is.
    pub unlock: Option<bool>,
}

impl Engine {
    /// Changes an account, with the revocations that follow, all or nothing.
    ///
    /// Failures: `user_not_found`, `username_taken`, `email_taken`, `external_id_taken`, `permission_denied`,
    /// `invalid_request`, `store_unavailable`.
    pub fn update_user(&self, request: UpdateUserRequest) -> Result<UserResponse> {
        let changes = Changes::of(request)?;
        let now = self.clock.now();
        let user = self.mailing.write(|tx| {
            let mut account = Changing::read(tx, &changes)?;
            account.rename(tx, &changes)?;
            self.readdress(tx, &mut account, &changes)?;
            self.set_verified(tx, &mut account, &changes, now)?;
            account.identify(tx, &changes)?;
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
}

/// The changes of a request, which go together.
struct Changes {
    request: UpdateUserRequest,
    roles: Option<Vec<Role>>,
    added: Vec<Role>,
    removed: Vec<Role>,
    attributes: Option<Object>,
    external_id: Option<NewExternalId>,
    reclaims: bool,
    unlocks: bool,
}

/// What becomes of an external id.
enum NewExternalId {
    Set(ExternalId),
    Removed,
}

impl NewExternalId {
    fn of(text: &str) -> Result<NewExternalId> {
        match text.is_empty() {
            true => Ok(NewExternalId::Removed),
            false => text
                .parse()
                .map(NewExternalId::Set)
                .map_err(|error| Error::from(error).at_field("/external_id")),
        }
    }
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
        let external_id = request.external_id.take();
        let external_id = external_id.map(|text| NewExternalId::of(text.as_str())).transpose()?;
        let reclaims = request.reclaim.unwrap_or(false);
        if reclaims && request.email_verified != Some(true) {
            return Err(Error::at(Code::InvalidRequest, "/reclaim", "only with email_verified"));
        }
        let unlocks = request.unlock == Some(true) || request.is_active == Some(true);
        Ok(Changes { request, roles, added, removed, attributes, external_id, reclaims, unlocks })
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

    fn identify(&mut self, tx: &mut Tx, changes: &Changes) -> Result<()> {
        match &changes.external_id {
            None => {}
            Some(NewExternalId::Removed) => self.user.external_id = None,
            Some(NewExternalId::Set(external_id)) => {
                refuse_taken_external_id(tx, external_id, self.user.id)?;
                self.user.external_id = Some(external_id.clone());
            }
        }
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
        self.accounts.may_log_in(&account.user)?;
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
        account.user.email = Some(email.clone());
        account.user.email_verified = false;
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
        // When a role begins to demand a second factor, at all or at every login, sessions and pending logins without
        // one end.
        let demands_factor = self.factors.are_required_of(user) && !self.factors.are_required_of(before);
        let trusts_no_more =
            self.trusted_devices.are_open_to(before) && !self.trusted_devices.are_open_to(user);
        if (before.is_active && !user.is_active) || demands_factor || trusts_no_more {
            self.sessions.revoke_everything(tx, user.id, now)?;
        }
        Ok(())
    }

    /// Forgets mails that the change makes void, tells the user, and writes the event.
    fn tell_update(&self, tx: &mut Tx, account: &Changing, changes: &Changes, now: i64) -> Result<()> {
        let user = &account.user;
        let mut changed = changed_fields(&account.before, user)?;
        if changed.contains(&"email") || changed.contains(&"email_unverified") {
            // Mailed tokens belong to the old address, or to a mailbox that is no longer the user's.
            one_time_secrets::delete_all(tx, user.id)?;
            outbox::forget_tokens(tx, user.id)?;
            if changed.contains(&"email") {
                organizations::withdraw_all(tx, user.id)?;
            }
            // The account no longer waits for the reader of that address, and does not end with that wait.
            waiting_accounts::forget_of(tx, user.id)?;
        }
        if user.email_verified {
            mails::delete_kind(tx, user.id, crate::mail::Kind::VerifyEmail.name())?;
        }
        if changed.contains(&"username") || changed.contains(&"email") {
            self.mailing.outbox.tell(tx, crate::mail::Kind::AccountChanged, &account.before, now)?;
        }
        if changed.contains(&"is_active") && !user.is_active {
            self.mailing.outbox.tell(tx, crate::mail::Kind::AccountLocked, &account.before, now)?;
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
        ("external_id", before.external_id != after.external_id),
    ];
    Ok(fields.into_iter().filter(|(_, is_changed)| *is_changed).map(|(name, _)| name).collect())
}
