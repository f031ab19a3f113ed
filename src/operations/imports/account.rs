//! One account of another system: as it is given, and as the store will keep it.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::Deserialize;

use super::credentials::{Credentials, Given, ImportedIdentity, ImportedPasskey, ImportedTotp, Reader};
use super::problems::{Found, Problem, Problems};
use crate::crypto::hasher::Unverifiable;
use crate::engine::Engine;
use crate::engine::accounts::{bounded, in_order};
use crate::engine::pending::invented_name;
use crate::error::{Code, Result};
use crate::json;
use crate::password::Password;
use crate::store::users::{self, By, Moved, NewUser};
use crate::store::{Tx, events, identities, passkeys, second_factors};
use crate::types::id::Id;
use crate::types::secret::Secret;
use crate::types::strict::Object;
use crate::types::user::{Email, Offered, PublicUser, Role};

/// An account of another system. A fault in it is reported as a problem of the account and does not refuse
/// the request. An empty `id`, `username`, `email`, `password_hash`, `locale` or `external_id` means none.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ImportedUser {
    /// The id, which becomes `sub`: a UUID of any version, in lower case with hyphens. Default: a new one.
    pub id: Option<Offered>,
    /// The name to log in with. Default: an invented one, for an account with an address.
    pub username: Option<Offered>,
    /// The e-mail address.
    pub email: Option<Offered>,
    /// Whether the other system had proof that the address belongs to the user.
    pub email_verified: Option<bool>,
    /// Whether the user proved an address to an engine of this kind, so that a reset by mail leaves identities alone.
    /// Default: false.
    pub email_proven: Option<bool>,
    /// Whether an address of the account was verified before, though `email_verified` is false. Default: false.
    pub email_was_verified: Option<bool>,
    /// Whether no other account may claim the address before it verified it. Default: true, unless
    /// `registration.conceal_existing` is on. A verified address is always claimed.
    pub email_claimed: Option<bool>,
    /// The hash of the other system. Without it the account has no password until one is set.
    pub password_hash: Option<Secret>,
    /// Whether the next login by password requires a new password; default: false.
    pub must_change_password: Option<bool>,
    /// When the password was set. Default: now.
    pub password_set_at: Option<i64>,
    /// When the password expires; it must be changed before then.
    pub password_expires_at: Option<i64>,
    /// The hashes of earlier passwords that may not be chosen again (`password.history`), the newest first.
    pub past_password_hashes: Option<Vec<Secret>>,
    /// A password to compare with the hash, in a dry run, too. An import has at most 20 of them.
    #[serde(deserialize_with = "crate::types::strict::optional_object")]
    pub check: Option<ImportCheck>,
    /// The roles; default: `registration.default_roles`, and none for a service account.
    pub roles: Option<Vec<Offered>>,
    /// Other data that the host keeps with the account: at most 16 KiB.
    pub attributes: Option<Object>,
    /// Whether the account may log in; default: true.
    pub is_active: Option<bool>,
    /// Whether the account is a program's, without an address and a way to log in; default: false.
    pub is_service_account: Option<bool>,
    /// The language of mails to this user (BCP 47).
    pub locale: Option<Offered>,
    /// The host's own id of the account, which no other account has: 1 to 255 bytes without control characters.
    pub external_id: Option<Offered>,
    /// When the account was created, in Unix seconds. Default: now.
    pub created_at: Option<i64>,
    /// When all tokens of the account were last revoked: what a backend issued until then opens nothing. Default: when
    /// an account of this store with the same `id` was deleted, if the log still says so.
    pub tokens_revoked_at: Option<i64>,
    /// The authenticator app.
    #[serde(deserialize_with = "crate::types::strict::optional_object")]
    pub totp: Option<ImportedTotp>,
    /// Recovery codes as the user has them: each 8 or more ASCII letters and digits, and with spaces and hyphens at most
    /// 64. The store keeps only keyed codes of them.
    pub recovery_codes: Option<Vec<Secret>>,
    /// The same of an export of an engine with this secret key, for the same `id`.
    pub recovery_code_hashes: Option<Vec<Secret>>,
    /// The users of identity providers that log in to the account.
    #[serde(deserialize_with = "crate::types::strict::optional_objects")]
    pub identities: Vec<ImportedIdentity>,
    /// The passkeys.
    #[serde(deserialize_with = "crate::types::strict::optional_objects")]
    pub passkeys: Vec<ImportedPasskey>,
}

/// A password that an account is known to have.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ImportCheck {
    /// The password. It is compared with the hash, and not kept.
    pub password: Secret,
}

impl ImportedUser {
    /// Parses an account from JSON text, as `import_users` parses those of its list.
    ///
    /// Failures: `invalid_json`, `invalid_request`.
    pub fn parse(text: &str) -> Result<ImportedUser> {
        let parse = |text: &str| json::parse::<ImportedUser>(text, Code::InvalidRequest);
        parse(text).or_else(|error| {
            let mended = json::with_other_empties(text, error, &|text| parse(text).map(drop))?;
            parse(&mended)
        })
    }

    /// Takes out texts that are empty: many tools write a missing value so.
    fn drop_empty_texts(&mut self) {
        let texts =
            [&mut self.id, &mut self.username, &mut self.email, &mut self.locale, &mut self.external_id];
        for text in texts {
            text.take_if(|text| text.as_str().is_empty());
        }
        self.password_hash.take_if(|text| text.expose().is_empty());
    }

    /// Takes out what opens the account besides its password.
    fn take_credentials(&mut self) -> Given {
        Given {
            totp: self.totp.take(),
            recovery_codes: self.recovery_codes.take().unwrap_or_default(),
            recovery_code_hashes: self.recovery_code_hashes.take().unwrap_or_default(),
            identities: std::mem::take(&mut self.identities),
            passkeys: std::mem::take(&mut self.passkeys),
        }
    }
}

/// A valid account, or its problems.
pub(super) type Candidate = Result<Account, Vec<Found>>;

/// An account as the store will keep it.
pub(super) struct Account {
    pub public: PublicUser,
    /// Whether the username was given, and not invented.
    pub is_named: bool,
    pub username_key: String,
    pub scheme: Option<&'static str>,
    /// What no other account may have, besides the name.
    pub claims: Vec<Claim>,
    email_key: Option<String>,
    password: Kept,
    /// Whether an address was verified before, and whether by its user.
    was_verified: bool,
    has_proven: bool,
    credentials: Credentials,
    tokens_revoked_at: Option<i64>,
    /// Tokens with another number are dead: those of an earlier account that had the same id.
    token_epoch: i64,
}

/// A password as the store keeps it.
#[derive(Default)]
struct Kept {
    hash: Option<String>,
    past: Option<String>,
    must_change: bool,
    set_at: Option<i64>,
    expires_at: Option<i64>,
}

/// What only one account may have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Claim {
    Id(Id),
    Address(String),
    ExternalId(String),
    RecoveryCode([u8; 32]),
    Identity { issuer: String, subject: String },
    Passkey(Vec<u8>),
}

impl Claim {
    /// Returns the claim as a text of its own.
    pub(super) fn text(&self) -> String {
        format!("{self:?}")
    }

    /// Returns the problems with a claim that an earlier account of the request has, and one of the store.
    pub(super) fn problems(&self) -> (Problem, Problem) {
        match self {
            Claim::Id(_) => (Problem::IdRepeated, Problem::IdTaken),
            Claim::Address(_) => (Problem::EmailRepeated, Problem::EmailTaken),
            Claim::ExternalId(_) => (Problem::ExternalIdRepeated, Problem::ExternalIdTaken),
            Claim::RecoveryCode(_) => (Problem::RecoveryCodesRepeated, Problem::RecoveryCodesTaken),
            Claim::Identity { .. } => (Problem::IdentityRepeated, Problem::IdentityTaken),
            Claim::Passkey(_) => (Problem::PasskeyRepeated, Problem::PasskeyTaken),
        }
    }

    /// Whether an import of an account without a name is recognized by it.
    fn identifies(&self) -> bool {
        matches!(self, Claim::Id(_) | Claim::Address(_))
    }

    /// Returns the id of the account of the store that has it.
    pub(super) fn holder(&self, tx: &mut Tx) -> Result<Option<Id>> {
        let by = match self {
            Claim::Id(id) => By::Id(*id),
            Claim::Address(key) => By::Email(key),
            Claim::ExternalId(id) => By::ExternalId(id),
            Claim::RecoveryCode(id) => return second_factors::user_of_recovery_code(tx, id),
            Claim::Identity { issuer, subject } => {
                return identities::find(tx, identities::Identity { issuer, subject });
            }
            Claim::Passkey(id) => return Ok(passkeys::find(tx, id)?.map(|passkey| passkey.user_id)),
        };
        Ok(users::find(tx, by)?.map(|user| user.public.id))
    }
}

impl Account {
    /// Returns what identifies the account, if it has no name of its own.
    pub(super) fn identifying(&self) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.identifies())
    }

    /// Returns the id, if it was given.
    pub(super) fn given_id(&self) -> Option<Id> {
        self.claims.iter().find_map(|claim| match claim {
            Claim::Id(id) => Some(*id),
            _ => None,
        })
    }

    /// Lists what no other account may have, besides the name. Recovery codes are an account's by its id.
    fn all_claims(&self, given_id: Option<Id>) -> Vec<Claim> {
        let id = given_id.map(Claim::Id);
        let address = self.email_key.clone().map(Claim::Address);
        let external_id = self.public.external_id.as_ref();
        let external_id = external_id.map(|id| Claim::ExternalId(id.as_str().to_owned()));
        let Credentials { recovery_codes, identities, passkeys, .. } = &self.credentials;
        let codes = recovery_codes.iter().filter(|_| given_id.is_some()).map(|id| Claim::RecoveryCode(*id));
        let linked = identities.iter().filter(|it| it.unlinked_at.is_none());
        let identities =
            linked.map(|it| Claim::Identity { issuer: it.issuer.clone(), subject: it.subject.clone() });
        let passkeys = passkeys.iter().map(|it| Claim::Passkey(it.credential_id.clone()));
        let texts = id.into_iter().chain(address).chain(external_id);
        texts.chain(codes).chain(identities).chain(passkeys).collect()
    }

    pub(super) fn insert(&self, tx: &mut Tx, now: i64) -> Result<()> {
        let id = self.public.id;
        let new = NewUser {
            public: &self.public,
            username_key: &self.username_key,
            email_key: self.email_key.as_deref(),
            password_hash: self.password.hash.as_deref(),
        };
        let Kept { past, must_change, set_at, expires_at, .. } = &self.password;
        let moved = Moved {
            must_change_password: *must_change,
            past_passwords: past.as_deref(),
            password_set_at: *set_at,
            password_expires_at: *expires_at,
            was_verified: self.was_verified,
            has_proven: self.has_proven,
            epoch_at: self.tokens_dead_until(tx)?.unwrap_or(0),
            token_epoch: self.token_epoch,
        };
        users::move_in(tx, &new, &moved)?;
        self.credentials.insert(tx, id, now)
    }

    /// Returns the time until which tokens were revoked, here or before. An earlier account that had the same id may
    /// have been deleted.
    fn tokens_dead_until(&self, tx: &mut Tx) -> Result<Option<i64>> {
        let deleted_at = self.given_id().map(|id| events::deleted_at(tx, id)).transpose()?.flatten();
        Ok(self.tokens_revoked_at.max(deleted_at))
    }
}

/// Reads one account.
pub(super) struct Reading<'a> {
    engine: &'a Engine,
    now: i64,
    /// The latest time that is not in the future: clocks differ.
    latest: i64,
    problems: Problems,
}

impl<'a> Reading<'a> {
    pub(super) fn new(engine: &'a Engine, now: i64) -> Reading<'a> {
        let latest = now + engine.config.leeway_seconds.seconds();
        Reading { engine, now, latest, problems: Problems::default() }
    }

    /// Builds the account for an imported one, or lists its own problems. Failures: `hash_queue_full`,
    /// `store_unavailable`.
    pub(super) fn account(mut self, mut user: ImportedUser) -> Result<Candidate> {
        user.drop_empty_texts();
        let given = user.take_credentials();
        let given_id = self.id(&user);
        let id = given_id.map_or_else(|| Id::new(self.engine.clock.now_ms()), Ok)?;
        self.refuse_what_does_not_fit(&user, &given);
        let scheme = user.password_hash.as_ref().and_then(|hash| self.scheme(hash));
        self.check(&user, scheme.is_some())?;
        let password = self.password(id, &user)?;
        let reader = Reader {
            config: &self.engine.config,
            factors: &self.engine.factors,
            providers: &self.engine.providers,
            user_id: id,
            has_given_id: given_id.is_some(),
            now: self.now,
            latest: self.latest,
        };
        let credentials = reader.read(given, &mut self.problems)?;
        let is_named = user.username.is_some();
        let has_proven = user.email_proven.unwrap_or(false);
        let was_verified = user.email_was_verified.unwrap_or(false);
        let tokens_revoked_at = self.problems.time(user.tokens_revoked_at, self.latest);
        let may_claim =
            user.email_claimed.unwrap_or(true) && !self.engine.config.registration.conceal_existing;
        let Some(public) = self.public(id, user)?.filter(|_| self.problems.0.is_empty()) else {
            return Ok(Err(self.problems.in_order()));
        };
        let may_claim = may_claim || public.email_verified;
        let mut account = Account {
            username_key: public.username.key(),
            email_key: public.email.as_ref().filter(|_| may_claim).map(Email::key),
            public,
            is_named,
            scheme,
            claims: Vec::new(),
            password,
            was_verified,
            has_proven,
            credentials,
            tokens_revoked_at,
            token_epoch: given_id.map_or(0, |_| self.now),
        };
        account.claims = account.all_claims(given_id);
        match is_named || account.identifying().is_some() {
            true => Ok(Ok(account)),
            false => {
                let reason = "expected a username or an id, because the address is not claimed";
                self.problems.because(Problem::MissingUsername, reason);
                Ok(Err(self.problems.in_order()))
            }
        }
    }

    /// Returns the id, if one is given. Lists of accounts begin after the nil UUID and end before the max UUID.
    fn id(&mut self, user: &ImportedUser) -> Option<Id> {
        let id = user.id.as_ref()?.as_str().parse::<Id>().ok();
        let id = id.filter(|id| ![[0; 16], [0xff; 16]].contains(id.as_bytes()));
        if id.is_none() {
            self.problems.because(Problem::InvalidId, "expected a UUID in lower case with hyphens");
        }
        id
    }

    fn refuse_what_does_not_fit(&mut self, user: &ImportedUser, given: &Given) {
        let is_verified = user.email_verified == Some(true);
        let is_service_account = user.is_service_account == Some(true);
        let may_log_in = user.email.is_some() || is_verified || user.password_hash.is_some();
        let may_log_in = may_log_in || user.must_change_password == Some(true) || !given.is_empty();
        if is_service_account && may_log_in {
            self.problems.add(Problem::InvalidServiceAccount);
        }
        if user.email.is_none() && !is_service_account && is_verified {
            self.problems.add(Problem::MissingEmail);
        }
        if user.username.is_none() && user.email.is_none() {
            self.problems.because(Problem::MissingUsername, "expected a username or an address");
        }
        // As when a factor is set up: a stranger may have opened the account with another's address.
        let was_planted =
            given.has_factors() || (user.password_hash.is_some() && !given.identities.is_empty());
        let was_verified = user.email_proven == Some(true) || user.email_was_verified == Some(true);
        let is_verified = is_verified || was_verified || user.email.is_none();
        if was_planted && !is_verified && self.engine.config.verifies_addresses() {
            self.problems.add(Problem::EmailNotVerified);
        }
    }

    /// Returns the scheme of a password hash, if the engine can verify it.
    fn scheme(&mut self, hash: &Secret) -> Option<&'static str> {
        let hasher = &self.engine.passwords.hasher;
        let problem = |why| match why {
            Unverifiable::Malformed => Problem::InvalidPasswordHash,
            Unverifiable::TooCostly(_) => Problem::PasswordHashTooCostly,
        };
        let scheme = hasher.scheme(hash.expose());
        scheme.map_err(|why| self.problems.told(problem(why), hasher.refusal(hash.expose()))).ok()
    }

    /// Compares the password that the account is known to have with its hash.
    fn check(&mut self, user: &ImportedUser, is_verifiable: bool) -> Result<()> {
        let Some(check) = &user.check else { return Ok(()) };
        let passwords = &self.engine.passwords;
        let password = Password::offered(&check.password, &self.engine.config.password, "/users");
        let is_right = match (password, &user.password_hash) {
            (Ok(password), Some(hash)) if is_verifiable => {
                passwords.hasher.verify(&password, Some(hash.expose()))?.valid
            }
            _ => false,
        };
        if !is_right {
            self.problems.add(Problem::PasswordMismatch);
        }
        Ok(())
    }

    /// Returns the password as the store keeps it.
    fn password(&mut self, id: Id, user: &ImportedUser) -> Result<Kept> {
        let past = self.past(user);
        let set_at = self.problems.time(user.password_set_at, self.latest).unwrap_or(self.now);
        let expires_at = self.problems.expiry(user.password_expires_at);
        let Some(hash) = &user.password_hash else {
            return Ok(Kept { must_change: user.must_change_password == Some(true), ..Kept::default() });
        };
        Ok(Kept {
            hash: Some(self.engine.passwords.as_kept(id, hash.expose())?),
            past: self.engine.passwords.past_as_kept(id, &past)?,
            must_change: user.must_change_password == Some(true) || expires_at.is_some(),
            set_at: Some(set_at),
            expires_at,
        })
    }

    /// Returns the hashes of past passwords, as many as are to be kept. The first that cannot be verified is a problem.
    fn past<'b>(&mut self, user: &'b ImportedUser) -> Vec<&'b str> {
        let given = user.past_password_hashes.as_deref().unwrap_or_default();
        let kept = given.iter().take(self.engine.passwords.most_past());
        kept.take_while(|hash| self.scheme(hash).is_some()).map(Secret::expose).collect()
    }

    fn public(&mut self, id: Id, user: ImportedUser) -> Result<Option<PublicUser>> {
        let problems = &mut self.problems;
        let is_service_account = user.is_service_account.unwrap_or(false);
        let username = match &user.username {
            None => Some(invented_name()?),
            given => problems.parsed(given.as_ref(), Problem::InvalidUsername),
        };
        let email = problems.parsed(user.email.as_ref(), Problem::InvalidEmail);
        let default_roles = match is_service_account {
            true => &[],
            false => self.engine.config.registration.default_roles.as_slice(),
        };
        let roles = roles_of(user.roles, default_roles, problems);
        let attributes = bounded(user.attributes.unwrap_or_default());
        let attributes = attributes.map_err(|_| problems.add(Problem::InvalidAttributes)).ok();
        let locale = problems.parsed(user.locale.as_ref(), Problem::InvalidLocale);
        let external_id = problems.parsed(user.external_id.as_ref(), Problem::InvalidExternalId);
        let created_at = problems.time(user.created_at, self.latest).unwrap_or(self.now);
        let (Some(username), Some(roles), Some(attributes)) = (username, roles, attributes) else {
            return Ok(None);
        };
        Ok(Some(PublicUser {
            id,
            username,
            email,
            email_verified: user.email_verified.unwrap_or(false),
            is_active: user.is_active.unwrap_or(true),
            is_service_account,
            roles,
            attributes,
            locale,
            external_id,
            created_at,
        }))
    }
}

fn roles_of(given: Option<Vec<Offered>>, default: &[Role], problems: &mut Problems) -> Option<Vec<Role>> {
    let roles = match given {
        Some(roles) => roles.iter().map(|role| role.as_str().parse().map_err(drop)).collect(),
        None => Ok(default.to_vec()),
    };
    let roles = roles.and_then(|roles: Vec<Role>| in_order(roles).map_err(drop));
    roles.map_err(|()| problems.add(Problem::InvalidRoles)).ok()
}
