//! Logins by the users of providers: the account of an identity, and its session. Issuer and subject identify a
//! user. An address links an account only if both sides have verified it (OpenID Connect Core sections 3.1.3.7 and
//! 5.7).

use std::sync::Arc;

use super::accounts::Accounts;
use super::audit::{Audit, Kind, event};
use super::background::Mailing;
use super::factors::Factors;
use super::logins::Logins;
use super::providers::Provider;
use super::sessions::{Entry, FirstTokens, Session, Sessions};
use super::step::Step;
use super::throttle::Throttle;
use crate::config::Config;
use crate::crypto::id_token::ProviderUser;
use crate::error::{Code, Error, Result};
use crate::mail;
use crate::store::events::Event;
use crate::store::identities::{self, Identity};
use crate::store::users::{self, By, NewUser, User};
use crate::store::{Durability, Store, Tx, unexpected};
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::login::Login;
use crate::types::strict::Object;
use crate::types::user::{Email, Locale, PublicUser, Username};

/// Finds or makes the account of a provider's user, and lets the user in.
pub(crate) struct ProviderLogins {
    pub accounts: Arc<Accounts>,
    pub audit: Arc<Audit>,
    pub config: Arc<Config>,
    pub factors: Arc<Factors>,
    pub logins: Arc<Logins>,
    pub mailing: Arc<Mailing>,
    pub sessions: Arc<Sessions>,
    pub store: Arc<Store>,
    pub throttle: Arc<Throttle>,
}

/// The most identities that a user links to an account.
const MOST: usize = 20;

/// A login before it is committed. Its account was found or made.
pub(crate) struct Entered<'e> {
    login: Step<Login<Session<'e>>>,
    created: bool,
}

impl ProviderLogins {
    /// Lets the user of a provider in, in the caller's transaction.
    ///
    /// Failures: `invalid_credentials`, `email_taken`, `too_many_attempts`.
    pub(crate) fn enter(
        &self,
        tx: &mut Tx,
        provider: &Provider,
        provider_user: &ProviderUser,
        newcomer: &Newcomer,
        entry: &Entry,
        now_ms: i64,
    ) -> Result<Entered<'_>> {
        let now = now_ms / 1000;
        let Account { user, created } = self.account_of(tx, provider, provider_user, newcomer, now)?;
        self.throttle.admit_client(tx, Some(user.public.id), &entry.client, now)?;
        // An account that was created now stays from here on, so that its address can be verified.
        let login = match self.may_enter(&user) {
            Ok(()) => self.logins.after_password(tx, user, None, None, entry, now_ms)?,
            Err(error) => {
                let error = error.about(Some(user.public.id), None);
                self.record_refusal(tx, &entry.client, &error, now)?;
                Step::Refused(error)
            }
        };
        Ok(Entered { login, created })
    }

    /// Logs the reason of a refusal that is committed, and counts it for its source.
    fn record_refusal(&self, tx: &mut Tx, client: &Client, error: &Error, now: i64) -> Result<()> {
        let ip = client.ip_text();
        let user_id = error.about.as_ref().and_then(|about| about.user_id);
        let of = |kind, detail| Event { ip: ip.as_deref(), detail, ..event(kind, user_id) };
        self.audit.record_one_of_many(tx, now, of(Kind::LoginFailed, error.detail.as_deref()))?;
        match self.throttle.source_failed(tx, client.ip, now)? {
            true => self.audit.record_one_of_many(tx, now, of(Kind::Throttled, Some("source"))),
            false => Ok(()),
        }
    }

    /// Makes the tokens of a login that was committed, and says whether it created the account.
    pub(crate) fn first_tokens(&self, entered: Entered) -> Result<Login<(FirstTokens, bool)>> {
        let Entered { login, created } = entered;
        login.result()?.try_map(|session| Ok((self.sessions.first_tokens(session)?, created)))
    }

    /// Links a provider's user to an account, in the caller's transaction. Failures: `already_configured`, if the
    /// user opens another account; `permission_denied`, if the account has too many identities.
    pub(crate) fn link(
        &self,
        tx: &mut Tx,
        provider: &Provider,
        provider_user: &ProviderUser,
        account: &PublicUser,
        now: i64,
    ) -> Result<()> {
        let identity = Identity { issuer: &provider_user.iss, subject: &provider_user.sub };
        match identities::find(tx, identity)? {
            Some(owner) if owner == account.id => Ok(()),
            Some(_) => {
                let elsewhere = Error::new(Code::AlreadyConfigured, "linked_elsewhere");
                Err(elsewhere.about(Some(account.id), None))
            }
            None if identities::list(tx, account.id)?.len() >= MOST => {
                Err(Error::new(Code::PermissionDenied, "too_many_identities").about(Some(account.id), None))
            }
            None => {
                identities::insert(tx, identity, account.id, now)?;
                let event = event(Kind::IdentityLinked, account.id);
                self.audit.record(tx, now, Event { detail: Some(provider.name()), ..event })?;
                self.mailing.outbox.tell(tx, mail::Kind::IdentityLinked, account, now)
            }
        }
    }

    /// Counts a refusal for its source and logs its reason. Failure: `too_many_attempts`.
    pub(crate) fn refused(&self, client: &Client, error: &Error, now: i64) -> Result<()> {
        let is_refusal =
            matches!(error.code, Code::InvalidToken | Code::InvalidCredentials | Code::EmailTaken);
        if !is_refusal {
            return Ok(());
        }
        let ip = client.ip_text();
        let user_id = error.about.as_ref().and_then(|about| about.user_id);
        self.store.write(Durability::Relaxed, |tx| {
            self.throttle.count_failure(tx, client.ip, now)?;
            let detail = error.detail.as_deref();
            self.audit.record_one_of_many(
                tx,
                now,
                Event { ip: ip.as_deref(), detail, ..event(Kind::LoginFailed, user_id) },
            )
        })
    }

    /// Returns the account of a provider's user.
    fn account_of(
        &self,
        tx: &mut Tx,
        provider: &Provider,
        provider_user: &ProviderUser,
        newcomer: &Newcomer,
        now: i64,
    ) -> Result<Account> {
        let identity = Identity { issuer: &provider_user.iss, subject: &provider_user.sub };
        if let Some(id) = identities::find(tx, identity)? {
            let user = users::find(tx, By::Id(id))?.ok_or_else(unexpected)?;
            return Ok(Account { user, created: false });
        }
        let owner = newcomer.email.as_ref().map(|email| users::find(tx, By::Email(&email.key())));
        let owner = owner.transpose()?.flatten();
        let is_held = owner.as_ref().map(|owner| self.is_held(tx, owner)).transpose()?.unwrap_or(false);
        // What a user unlinked, only a user links again.
        let unlinked = owner.as_ref().map(|owner| identities::was_unlinked(tx, identity, owner.public.id));
        let may_be_linked = newcomer.email_is_verified && !is_held && !unlinked.transpose()?.unwrap_or(false);
        let (id, created) = match (owner, &newcomer.email) {
            (Some(owner), Some(email)) if may_be_linked && owner.has_mailbox(email) => {
                (self.linked(tx, owner, email, now)?, false)
            }
            (owner, _) => (self.registered(tx, provider, newcomer, owner.is_some(), now)?, true),
        };
        identities::insert(tx, identity, id, now)?;
        let event = event(Kind::IdentityLinked, id);
        self.audit.record(tx, now, Event { detail: Some(provider.name.as_str()), ..event })?;
        let user = users::find(tx, By::Id(id))?.ok_or_else(unexpected)?;
        if !created {
            self.mailing.outbox.tell(tx, mail::Kind::IdentityLinked, &user.public, now)?;
        }
        Ok(Account { user, created })
    }

    /// Prepares the account with this address for being linked to the identity that has verified the address.
    fn linked(&self, tx: &mut Tx, mut owner: User, email: &Email, now: i64) -> Result<Id> {
        let id = owner.public.id;
        if !owner.public.is_active {
            return Err(Error::new(Code::InvalidCredentials, "inactive_user").about(Some(id), None));
        }
        if !owner.public.email_verified {
            // Another person may have created the account and waited for this login.
            self.accounts.reclaim(tx, id, now)?;
            owner.public.email = Some(email.clone());
            self.accounts.claim(tx, &mut owner, now)?;
        }
        Ok(id)
    }

    /// Whether the account's factors certainly belong to its owner although its present address is
    /// unverified: an earlier address was proven, and the readers of an address's mail cannot remove a
    /// factor.
    fn is_held(&self, tx: &mut Tx, owner: &User) -> Result<bool> {
        let may_be = owner.was_verified && !owner.public.email_verified;
        Ok(may_be && self.factors.of(tx, owner.public.id)?.any())
    }

    /// Creates an account without a password. Its address is treated as by `register`, except that it may be
    /// verified.
    fn registered(
        &self,
        tx: &mut Tx,
        provider: &Provider,
        newcomer: &Newcomer,
        is_taken: bool,
        now: i64,
    ) -> Result<Id> {
        let registration = &self.config.registration;
        let email = newcomer.email.as_ref();
        let refused = |reason| Err(Error::new(Code::InvalidCredentials, reason));
        let Some(roles) = &provider.roles_of_new else { return refused("unknown_identity") };
        if email.is_none() && registration.require_email {
            return refused("no_email");
        }
        if is_taken && !registration.conceal_existing {
            return Err(Error::new(Code::EmailTaken, "taken"));
        }
        let email_verified = newcomer.email_is_verified && !is_taken;
        let is_claimed = email_verified || !registration.conceal_existing;
        let user = PublicUser {
            id: newcomer.id,
            username: newcomer.username.clone(),
            email: email.cloned(),
            email_verified,
            is_active: true,
            is_service_account: false,
            roles: roles.clone(),
            attributes: Object::default(),
            locale: newcomer.locale.clone(),
            external_id: None,
            created_at: now,
        };
        let username_key = user.username.key();
        let email_key = email.filter(|_| is_claimed).map(Email::key);
        let new = NewUser {
            public: &user,
            username_key: &username_key,
            email_key: email_key.as_deref(),
            password_hash: None,
        };
        users::insert(tx, &new)?;
        if email_verified {
            users::has_proven_email(tx, new.public.id)?;
        }
        self.audit.record(tx, now, event(Kind::Registered, user.id))?;
        if !email_verified {
            let new = users::find(tx, By::Id(user.id))?.ok_or_else(unexpected)?;
            self.accounts.greet(tx, &new, newcomer.locale.as_ref(), None, now)?;
        }
        Ok(user.id)
    }

    /// Whether an authenticated user may enter now.
    fn may_enter(&self, user: &User) -> Result<()> {
        let refused = |reason| Err(Error::new(Code::InvalidCredentials, reason));
        if !user.public.is_active {
            refused("inactive_user")
        } else if self.config.require_verified_email && !user.public.email_verified {
            refused("unverified_email")
        } else {
            Ok(())
        }
    }
}

/// The account of a provider's user.
struct Account {
    user: User,
    /// Whether it was created now.
    created: bool,
}

/// What of a provider's words can be trusted, and the account to create for the user.
pub(crate) struct Newcomer {
    id: Id,
    username: Username,
    email: Option<Email>,
    /// The provider says so and is trusted with it.
    email_is_verified: bool,
    locale: Option<Locale>,
}

impl Newcomer {
    pub(crate) fn new(provider: &Provider, user: &ProviderUser, now_ms: i64) -> Result<Newcomer> {
        let email: Option<Email> = user.email.as_ref().and_then(|email| email.parse().ok());
        Ok(Newcomer {
            id: Id::new(now_ms)?,
            username: username(user.preferred_username.as_deref())?,
            email_is_verified: email.is_some() && provider.vouches_for_addresses && user.email_verified,
            email,
            locale: user.locale.as_ref().and_then(|locale| locale.parse().ok()),
        })
    }
}

/// Returns an unused name: the provider's name for the user and 40 random bits. The bits keep names from
/// being taken in advance, and addresses from becoming names.
fn username(preferred: Option<&str>) -> Result<Username> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let suffix: String = crate::types::random::random::<8>()?
        .iter()
        .map(|byte| LETTERS[usize::from(byte % 32)] as char)
        .collect();
    let stem = preferred.filter(|name| name.chars().count() <= 40 && name.parse::<Username>().is_ok());
    // A name may be invalid if it begins and ends in different scripts.
    let names = [stem.unwrap_or(STEM), STEM].map(|stem| format!("{stem}-{suffix}"));
    let name = names.iter().find_map(|name| name.parse().ok());
    name.ok_or(Error::new(Code::Internal, "username"))
}

/// The beginning of a name if the provider gives none.
const STEM: &str = "user";

impl User {
    /// Whether this is the account's address, to the letter.
    fn has_mailbox(&self, email: &Email) -> bool {
        self.public.email.as_ref().is_some_and(|own| own.is_mailbox_of(email))
    }
}
