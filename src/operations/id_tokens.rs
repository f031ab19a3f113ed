//! Logging in with an ID token of an OpenID provider: `login_with_id_token`. Issuer and subject identify a
//! user. An address links an account only if both sides have verified it (OpenID Connect Core sections
//! 3.1.3.7 and 5.7).

use crate::engine::step::Step;
use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::login::LoginResponse;
use crate::config::ProviderName;
use crate::crypto::id_token::IdClaims;
use crate::engine::Engine;
use crate::engine::audit::{Kind, event};
use crate::engine::providers::Provider;
use crate::engine::sessions::Entry;
use crate::error::{Code, Error, Result};
use crate::mail;
use crate::store::events::Event;
use crate::store::identities::{self, Identity};
use crate::store::users::{self, By, NewUser, User};
use crate::store::{Durability, Tx, unexpected};
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::login::Login;
use crate::types::secret::Secret;
use crate::types::strict::Object;
use crate::types::token::Token;
use crate::types::user::{Amr, Email, Locale, PublicUser, Scope, Username};

/// Authenticates a user by an ID token and opens a session.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LoginWithIdTokenRequest<'a> {
    /// The name of the issuer in `id_token_providers`; optional if there is only one.
    pub provider: Option<ProviderName>,
    /// The ID token (OpenID Connect Core section 2); not an access token.
    #[serde(borrow)]
    pub id_token: Token<'a>,
    /// The nonce that the host sent with its authentication request. The token must repeat it, so that it
    /// answers this browser's request and no other.
    pub nonce: Option<Secret>,
    /// The backend that the session's tokens are for; default: `default`.
    pub backend: Option<String>,
    /// The scopes of the access token, separated by spaces. The engine grants what the host asks for.
    pub scope: Option<Scope>,
    /// The client's connection, where known.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub client: Option<Client>,
}

/// An opened session. Keep both tokens secret.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct LoginWithIdTokenResponse {
    #[expect(missing_docs, reason = "its fields have docs of their own")]
    #[serde(flatten)]
    pub login: LoginResponse,
    /// Whether this login created the account.
    pub created: bool,
}

impl Engine {
    /// Logs in by an ID token. If issuer and subject are linked to an account, that account is entered.
    /// Otherwise, if the provider is trusted with addresses and says that the address is verified, the
    /// account with this address is linked. An account that never verified the address first loses everything
    /// that opened it before. Otherwise a new account is created, if the provider may register users.
    ///
    /// Failures: `invalid_token`, `invalid_credentials`, `email_taken`, `too_many_attempts`, `invalid_request`,
    /// `auth_service_unavailable`, `store_unavailable`.
    pub fn login_with_id_token(
        &self,
        request: LoginWithIdTokenRequest,
    ) -> Result<Login<LoginWithIdTokenResponse>> {
        let LoginWithIdTokenRequest { provider, id_token, nonce, backend, scope, client } = request;
        let provider = self.providers.named(provider.as_ref())?;
        let mut entry = Entry {
            backend: self.keys.backend(backend.as_deref())?.name.clone(),
            scope,
            client: client.unwrap_or_default(),
            // Only the provider knows how the user authenticated.
            amr: Amr::default(),
            provider: None,
            trusts_device: false,
        };
        let claims = self.providers.claims_of(provider, &id_token, nonce.as_ref());
        entry.provider = claims.as_ref().ok().map(|claims| provider.login(claims));
        let entered = claims.and_then(|claims| {
            let now_ms = self.clock.now_ms();
            let newcomer = Newcomer::new(provider, &claims, now_ms)?;
            let (login, created) = self.mailing.write(|tx| {
                let now = now_ms / 1000;
                let Account { user, created } = self.account_of(tx, provider, &claims, &newcomer, now)?;
                self.throttle.admit_client(tx, Some(user.public.id), &entry.client, now)?;
                // An account that was created now stays from here on, so that its address can be verified.
                match self.may_enter(&user) {
                    Ok(()) => {
                        Ok((self.logins.after_password(tx, user, None, None, &entry, now_ms)?, created))
                    }
                    Err(error) => Ok((Step::Refused(error.about(Some(user.public.id), None)), created)),
                }
            })?;
            login.result()?.try_map(|session| {
                let login = self.sessions.first_tokens(session)?.into();
                Ok(LoginWithIdTokenResponse { login, created })
            })
        });
        entered.or_else(|error| {
            if [Code::InvalidToken, Code::InvalidCredentials, Code::EmailTaken].contains(&error.code) {
                self.id_token_refused(&entry.client, &error)?;
            }
            Err(error)
        })
    }

    /// Returns the account for the claims.
    fn account_of(
        &self,
        tx: &mut Tx,
        provider: &Provider,
        claims: &IdClaims,
        newcomer: &Newcomer,
        now: i64,
    ) -> Result<Account> {
        let identity = Identity { issuer: &claims.iss, subject: &claims.sub };
        if let Some(id) = identities::find(tx, identity)? {
            let user = users::find(tx, By::Id(id))?.ok_or_else(unexpected)?;
            return Ok(Account { user, created: false });
        }
        let owner = newcomer.email.as_ref().map(|email| users::find(tx, By::Email(&email.key())));
        let owner = owner.transpose()?.flatten();
        let is_held = owner.as_ref().map(|owner| self.is_held(tx, owner)).transpose()?.unwrap_or(false);
        let (id, created) = match (owner, &newcomer.email) {
            (Some(owner), Some(email))
                if newcomer.email_is_verified && owner.has_mailbox(email) && !is_held =>
            {
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

    /// Counts a failure for its source and logs its reason. Failure: `too_many_attempts`.
    fn id_token_refused(&self, client: &Client, error: &Error) -> Result<()> {
        let now = self.clock.now();
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
}

/// The account for the claims of an ID token.
struct Account {
    user: User,
    /// Whether it was created now.
    created: bool,
}

/// The identity of the claims with the data that can be trusted, and the account to create for it.
struct Newcomer {
    id: Id,
    username: Username,
    email: Option<Email>,
    /// The provider says so and is trusted with it.
    email_is_verified: bool,
    locale: Option<Locale>,
}

impl Newcomer {
    fn new(provider: &Provider, claims: &IdClaims, now_ms: i64) -> Result<Newcomer> {
        let email: Option<Email> = claims.email.as_ref().and_then(|email| email.parse().ok());
        Ok(Newcomer {
            id: Id::new(now_ms)?,
            username: username(claims.preferred_username.as_deref())?,
            email_is_verified: email.is_some() && provider.vouches_for_addresses && claims.email_verified,
            email,
            locale: claims.locale.as_ref().and_then(|locale| locale.parse().ok()),
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
