//! Importing accounts of another system: `import_users`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::str::FromStr;

use aws_lc_rs::digest;
use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::crypto::hasher::Unverifiable;
use crate::engine::Engine;
use crate::engine::accounts::{bounded, in_order};
use crate::engine::audit::{Kind, event};
use crate::engine::passwords::Passwords;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::store::events::Event;
use crate::store::rehearsal::Taken;
use crate::store::users::{self, By, NewUser};
use crate::store::{Durability, Tx};
use crate::types::id::Id;
use crate::types::parse_error::ParseError;
use crate::types::secret::Secret;
use crate::types::strict::Object;
use crate::types::text::text_type;
use crate::types::user::{Email, ExternalId, Locale, Offered, PublicUser, Role, Username};

/// The most accounts of one call. One transaction looks up and writes them all.
const MAX_USERS: usize = 10_000;

/// Creates accounts with the password hashes of another system.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ImportUsersRequest {
    /// The accounts, in the order in which they are tried; at most 10,000.
    #[serde(deserialize_with = "crate::types::strict::objects")]
    #[schemars(length(max = 10_000))]
    pub users: Vec<ImportedUser>,
    /// Whether to create nothing and only report.
    pub dry_run: Option<bool>,
    /// The effect of a problem with one account on the others: `fail`, the default, imports nothing; `skip`
    /// imports the others.
    pub on_conflict: Option<OnConflict>,
}

/// An account of another system. A fault in it is reported as a problem of the account and does not refuse
/// the request. An empty text means none, except for the username.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ImportedUser {
    /// The name to log in with.
    pub username: Offered,
    /// The e-mail address; required unless `registration.require_email` is off.
    pub email: Option<Offered>,
    /// The hash of the other system. Without it the account has no password until one is set.
    pub password_hash: Option<Secret>,
    /// Whether the next login by password requires a new password; default: false.
    pub must_change_password: Option<bool>,
    /// The roles; default: `registration.default_roles`, and none for a service account.
    pub roles: Option<Vec<Offered>>,
    /// Other data that the host keeps with the account: at most 16 KiB.
    pub attributes: Option<Object>,
    /// Whether the other system had proof that the address belongs to the user.
    pub email_verified: Option<bool>,
    /// Whether the account may log in; default: true.
    pub is_active: Option<bool>,
    /// Whether the account is a program's, without an address and a password; default: false.
    pub is_service_account: Option<bool>,
    /// The language of mails to this user (BCP 47).
    pub locale: Option<Offered>,
    /// The host's own id of the account, which no other account has: 1 to 255 bytes without control characters.
    pub external_id: Option<Offered>,
}

/// The effect of a problem with one account on the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnConflict {
    /// Nothing is imported.
    Fail,
    /// The others are imported.
    Skip,
}

impl FromStr for OnConflict {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<OnConflict, ParseError> {
        match text {
            "fail" => Ok(OnConflict::Fail),
            "skip" => Ok(OnConflict::Skip),
            _ => Err(ParseError::new("expected fail or skip")),
        }
    }
}

text_type!(shape "OnConflict", OnConflict, "enum": ["fail", "skip"], "description": "What a problem with one account means for the others.");

/// The result of the import; with `dry_run`, the result that it would have.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ImportUsersResponse {
    /// The number of accounts created.
    pub imported: usize,
    /// The number of accounts not imported because of a problem.
    pub skipped: usize,
    /// The number of accounts that exist already with the same name, kind, address, roles, attributes, language
    /// and external id. They are left alone and are not problems. Passwords are not compared, because a login may have
    /// changed the hash.
    pub present: usize,
    /// The problems, in the order of the accounts.
    pub problems: Vec<ImportProblem>,
    /// The number of hashes by scheme among the new accounts without problems. Until they are upgraded, they
    /// decide what logins cost.
    #[schemars(with = "BTreeMap<String, i64>")]
    pub hashes: BTreeMap<&'static str, usize>,
}

/// A reason why an account cannot be imported.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ImportProblem {
    /// The account's place in `users`, counted from 0.
    pub index: usize,
    /// The problem: `invalid_username`, `username_taken` (in the store, by another account),
    /// `username_repeated` (in the request), `invalid_email`, `missing_email` (required, or said to be
    /// verified), `email_taken`, `email_repeated`, `invalid_password_hash`, `password_hash_too_costly`,
    /// `invalid_roles`, `invalid_attributes`, `invalid_locale`, `invalid_external_id`, `external_id_taken`,
    /// `external_id_repeated`, `invalid_service_account`.
    #[schemars(with = "String")]
    pub code: Problem,
    /// What a password hash that is refused seems to be, for people. It quotes nothing of the hash but its cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The problem with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Problem {
    /// No username (RFC 8265 UsernameCaseMapped, without `@`).
    InvalidUsername,
    /// Another account of the store has the name.
    UsernameTaken,
    /// Another account before it in the request has the name.
    UsernameRepeated,
    /// No e-mail address.
    InvalidEmail,
    /// There is no address, but it is required or said to be verified.
    MissingEmail,
    /// An account of the store has the address.
    EmailTaken,
    /// An account before it in the request has the address.
    EmailRepeated,
    /// A hash in none of the forms that are read.
    InvalidPasswordHash,
    /// A hash whose cost is out of bounds: it would never be verified.
    PasswordHashTooCostly,
    /// A role that is none, or too many.
    InvalidRoles,
    /// Attributes of more than 16 KiB.
    InvalidAttributes,
    /// No language tag.
    InvalidLocale,
    /// No external id.
    InvalidExternalId,
    /// An account of the store has the external id.
    ExternalIdTaken,
    /// An account before it in the request has the external id.
    ExternalIdRepeated,
    /// A service account with an address or a password.
    InvalidServiceAccount,
}

impl Engine {
    /// Creates accounts with password hashes of another system, in one transaction. The first login replaces
    /// the hash by one of this engine's. Problems with accounts do not fail the operation.
    ///
    /// Failures: `invalid_request`, `store_unavailable`.
    pub fn import_users(&self, request: ImportUsersRequest) -> Result<ImportUsersResponse> {
        let ImportUsersRequest { users, dry_run, on_conflict } = request;
        if users.len() > MAX_USERS {
            return Err(Error::at(Code::InvalidRequest, "/users", format!("more than {MAX_USERS}")));
        }
        let now = self.clock.now();
        let candidates = users.into_iter().map(|user| self.candidate(user, now));
        let candidates: Vec<Candidate> = candidates.collect::<Result<_>>()?;
        let skips = on_conflict == Some(OnConflict::Skip);
        if dry_run == Some(true) {
            return self.store.read(|tx| Ok(judge(tx, &candidates, None)?.report(skips)));
        }
        self.store.write(Durability::Full, |tx| {
            let judged = judge(tx, &candidates, None)?;
            let report = judged.report(skips);
            if report.imported > 0 {
                for account in &judged.accounts {
                    account.insert(tx, &self.passwords)?;
                }
                let imported = report.imported.to_string();
                self.audit.record(
                    tx,
                    now,
                    Event { detail: Some(&imported), ..event(Kind::UsersImported, None) },
                )?;
            }
            Ok(report)
        })
    }

    /// Starts a dry run for more accounts than one call takes.
    ///
    /// Failures: `store_unavailable`.
    pub fn rehearse_imports(&self) -> Result<Rehearsal<'_>> {
        Ok(Rehearsal { engine: self, taken: Taken::new()? })
    }

    /// Builds the account for an imported one, or lists its own problems.
    fn candidate(&self, mut user: ImportedUser, now: i64) -> Result<Candidate> {
        let registration = &self.config.registration;
        // Many tools write a missing value as an empty text.
        user.email.take_if(|text| text.as_str().is_empty());
        user.locale.take_if(|text| text.as_str().is_empty());
        user.external_id.take_if(|text| text.as_str().is_empty());
        user.password_hash.take_if(|text| text.expose().is_empty());
        let mut problems = Vec::new();
        let username = parsed::<Username>(&user.username, Problem::InvalidUsername, &mut problems);
        let email = user.email.as_ref();
        let email = email.and_then(|text| parsed::<Email>(text, Problem::InvalidEmail, &mut problems));
        let email_verified = user.email_verified.unwrap_or(false);
        let is_service_account = user.is_service_account.unwrap_or(false);
        let may_log_in = user.email.is_some() || email_verified || user.password_hash.is_some();
        if is_service_account && (may_log_in || user.must_change_password == Some(true)) {
            problems.push(Problem::InvalidServiceAccount.into());
        }
        let needs_email = !is_service_account && (registration.require_email || email_verified);
        if user.email.is_none() && needs_email {
            problems.push(Problem::MissingEmail.into());
        }
        let scheme = user.password_hash.as_ref().and_then(|hash| self.scheme_of(hash, &mut problems));
        let default_roles = if is_service_account { &[] } else { registration.default_roles.as_slice() };
        let roles = roles_of(user.roles, default_roles, &mut problems);
        let attributes = bounded(user.attributes.unwrap_or_default());
        let attributes = attributes.map_err(|_| problems.push(Problem::InvalidAttributes.into())).ok();
        let locale = user.locale.as_ref();
        let locale = locale.and_then(|text| parsed::<Locale>(text, Problem::InvalidLocale, &mut problems));
        let external_id = user.external_id.as_ref();
        let external_id = external_id
            .and_then(|text| parsed::<ExternalId>(text, Problem::InvalidExternalId, &mut problems));
        let (Some(username), Some(roles), Some(attributes), true) =
            (username, roles, attributes, problems.is_empty())
        else {
            return Ok(Err(problems));
        };
        let claims_email = email_verified || !registration.conceal_existing;
        let id = Id::new(self.clock.now_ms())?;
        let password_hash = user.password_hash.map(|hash| self.passwords.as_kept(id, hash.expose()));
        Ok(Ok(Account {
            username_key: username.key(),
            email_key: email.as_ref().filter(|_| claims_email).map(Email::key),
            public: PublicUser {
                id,
                username,
                email,
                email_verified,
                is_active: user.is_active.unwrap_or(true),
                is_service_account,
                roles,
                attributes,
                locale,
                external_id,
                created_at: now,
            },
            password_hash: password_hash.transpose()?,
            must_change_password: user.must_change_password.unwrap_or(false),
            scheme,
        }))
    }

    /// Returns the scheme of a password hash, if the engine can verify it.
    fn scheme_of(&self, hash: &Secret, problems: &mut Vec<Fault>) -> Option<&'static str> {
        let hasher = &self.passwords.hasher;
        let fault = |why| Fault {
            code: match why {
                Unverifiable::Malformed => Problem::InvalidPasswordHash,
                Unverifiable::TooCostly(_) => Problem::PasswordHashTooCostly,
            },
            reason: hasher.refusal(hash.expose()),
        };
        hasher.scheme(hash.expose()).map_err(|why| problems.push(fault(why))).ok()
    }
}

fn roles_of(given: Option<Vec<Offered>>, default: &[Role], problems: &mut Vec<Fault>) -> Option<Vec<Role>> {
    let roles = match given {
        Some(roles) => roles.iter().map(|role| role.as_str().parse().map_err(drop)).collect(),
        None => Ok(default.to_vec()),
    };
    let roles = roles.and_then(|roles: Vec<Role>| in_order(roles).map_err(drop));
    roles.map_err(|()| problems.push(Problem::InvalidRoles.into())).ok()
}

/// A dry run of several imports. Each import sees the accounts that the earlier ones would have created. It
/// only reads the store, and its memory does not grow with the number of accounts.
pub struct Rehearsal<'a> {
    engine: &'a Engine,
    taken: Taken,
}

impl Rehearsal<'_> {
    /// Returns what an import of these accounts would do with `on_conflict: "skip"`.
    ///
    /// Failures: `store_unavailable`.
    pub fn import_users(&mut self, users: Vec<ImportedUser>) -> Result<ImportUsersResponse> {
        let now = self.engine.clock.now();
        let candidates = users.into_iter().map(|user| self.engine.candidate(user, now));
        let candidates: Vec<Candidate> = candidates.collect::<Result<_>>()?;
        let judged = self.engine.store.read(|tx| judge(tx, &candidates, Some(&self.taken)))?;
        for account in &judged.accounts {
            self.taken.add(NAME, &account.username_key, &content(&account.public)?)?;
            for (kind, key) in account.claims() {
                self.taken.add(kind, key, &[])?;
            }
        }
        Ok(judged.report(true))
    }
}

/// The kinds of keys that are taken in a [`Rehearsal`].
const NAME: &str = "name";
const ADDRESS: &str = "address";
const EXTERNAL_ID: &str = "external id";

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
}

/// A valid account, or its problems.
type Candidate = Result<Account, Vec<Fault>>;

/// A problem, and what the host is told of it.
#[derive(Clone)]
struct Fault {
    code: Problem,
    reason: Option<String>,
}

impl From<Problem> for Fault {
    fn from(code: Problem) -> Fault {
        Fault { code, reason: None }
    }
}

struct Account {
    public: PublicUser,
    username_key: String,
    email_key: Option<String>,
    password_hash: Option<String>,
    must_change_password: bool,
    scheme: Option<&'static str>,
}

impl Account {
    /// Returns what no other account may have, besides the name: the address and the external id, with their kinds.
    fn claims(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let address = self.email_key.as_deref().map(|key| (ADDRESS, key));
        let external_id = self.public.external_id.as_ref().map(|id| (EXTERNAL_ID, id.as_str()));
        address.into_iter().chain(external_id)
    }

    fn insert(&self, tx: &mut Tx, passwords: &Passwords) -> Result<()> {
        let hash = self.password_hash.as_deref();
        let hash = hash.map(|kept| passwords.to_write(tx, self.public.id, kept)).transpose()?;
        let new = NewUser {
            public: &self.public,
            username_key: &self.username_key,
            email_key: self.email_key.as_deref(),
            password_hash: hash.as_deref(),
        };
        users::insert(tx, &new)?;
        match self.must_change_password {
            true => users::must_change_password(tx, self.public.id, true),
            false => Ok(()),
        }
    }
}

/// A digest of the content by which two accounts are the same.
fn content(account: &PublicUser) -> Result<Vec<u8>> {
    let PublicUser { username, email, is_service_account, roles, attributes, locale, external_id, .. } =
        account;
    let text = json::render(&(username, email, is_service_account, roles, attributes, locale, external_id))?;
    Ok(digest::digest(&digest::SHA256, text.as_bytes()).as_ref().to_vec())
}

/// The accounts without problems, and every problem with its position.
#[derive(Default)]
struct Judged<'a> {
    accounts: Vec<&'a Account>,
    problems: Vec<(usize, Fault)>,
    skipped: usize,
    present: usize,
}

/// Checks the accounts against the store, against what is `taken`, and against each other. The first of two accounts
/// in the list gets a name.
fn judge<'a>(tx: &mut Tx, candidates: &'a [Candidate], taken: Option<&'a Taken>) -> Result<Judged<'a>> {
    let mut judged = Judged::default();
    let mut earlier = Earlier { taken, usernames: HashMap::new(), others: HashSet::new() };
    for (index, candidate) in candidates.iter().enumerate() {
        let mut problems = Vec::new();
        match candidate {
            Err(found) => problems.extend_from_slice(found),
            Ok(account) => {
                match earlier.name_of(tx, account)? {
                    Name::Free => {}
                    Name::Present => {
                        judged.present += 1;
                        continue;
                    }
                    Name::Refused(problem) => problems.push(problem.into()),
                }
                problems.extend(earlier.problems_of(tx, account)?.into_iter().map(Fault::from));
                if problems.is_empty() {
                    earlier.add(account);
                    judged.accounts.push(account);
                }
            }
        }
        judged.skipped += usize::from(!problems.is_empty());
        judged.problems.extend(problems.into_iter().map(|fault| (index, fault)));
    }
    Ok(judged)
}

/// The names, addresses and external ids of accounts that were judged before.
struct Earlier<'a> {
    taken: Option<&'a Taken>,
    usernames: HashMap<&'a str, &'a PublicUser>,
    /// Addresses and external ids, each with its kind.
    others: HashSet<(&'static str, &'a str)>,
}

/// The verdict on a username.
enum Name {
    Free,
    /// The same account is there already.
    Present,
    Refused(Problem),
}

impl<'a> Earlier<'a> {
    fn name_of(&self, tx: &mut Tx, account: &Account) -> Result<Name> {
        let name = account.username_key.as_str();
        let repeated = match (self.usernames.get(name), self.taken) {
            (Some(first), _) => Some(content(first)?),
            (None, Some(taken)) => taken.find(NAME, name)?,
            (None, None) => None,
        };
        let kept = match repeated {
            Some(_) => None,
            None => users::find(tx, By::Username(name))?,
        };
        let kept = kept.map(|user| content(&user.public)).transpose()?;
        let problem = if repeated.is_some() { Problem::UsernameRepeated } else { Problem::UsernameTaken };
        match repeated.or(kept) {
            None => Ok(Name::Free),
            Some(other) if other == content(&account.public)? => Ok(Name::Present),
            Some(_) => Ok(Name::Refused(problem)),
        }
    }

    /// Returns the problems with the address and the external id.
    fn problems_of(&self, tx: &mut Tx, account: &Account) -> Result<Vec<Problem>> {
        let mut problems = Vec::new();
        let claims = account.claims().map(|(kind, key)| match kind {
            ADDRESS => (kind, key, By::Email(key), Problem::EmailRepeated, Problem::EmailTaken),
            _ => (kind, key, By::ExternalId(key), Problem::ExternalIdRepeated, Problem::ExternalIdTaken),
        });
        for (kind, key, by, repeated, taken) in claims {
            let before = self.taken.map_or(Ok(None), |taken| taken.find(kind, key))?;
            if self.others.contains(&(kind, key)) || before.is_some() {
                problems.push(repeated);
            } else if users::is_taken(tx, by)? {
                problems.push(taken);
            }
        }
        Ok(problems)
    }

    fn add(&mut self, account: &'a Account) {
        self.usernames.insert(&account.username_key, &account.public);
        self.others.extend(account.claims());
    }
}

impl Judged<'_> {
    fn report(&self, skips: bool) -> ImportUsersResponse {
        let problem = |(index, Fault { code, reason }): &(usize, Fault)| ImportProblem {
            index: *index,
            code: *code,
            reason: reason.clone(),
        };
        let imports = skips || self.problems.is_empty();
        let mut hashes = BTreeMap::new();
        for scheme in self.accounts.iter().filter_map(|account| account.scheme) {
            *hashes.entry(scheme).or_default() += 1;
        }
        ImportUsersResponse {
            imported: if imports { self.accounts.len() } else { 0 },
            skipped: if imports { self.skipped } else { 0 },
            present: self.present,
            problems: self.problems.iter().map(problem).collect(),
            hashes,
        }
    }
}

/// Parses a value, or adds a problem.
fn parsed<T: FromStr>(text: &Offered, problem: Problem, problems: &mut Vec<Fault>) -> Option<T> {
    text.as_str().parse().map_err(|_| problems.push(problem.into())).ok()
}
