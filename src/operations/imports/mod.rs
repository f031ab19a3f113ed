//! Accounts that move in and out: `import_users`, `export_users`.

pub(crate) mod account;
pub(crate) mod credentials;
mod judging;
pub(crate) mod leaving;
pub(crate) mod problems;

use std::collections::BTreeMap;
use std::str::FromStr;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::account::{Candidate, ImportedUser, Reading};
use self::judging::{Judged, judge, remember};
use self::problems::{Found, ImportProblem};
use crate::crypto::secrets::{KeyId, no_key};
use crate::engine::Engine;
use crate::engine::audit::{Kind, event};
use crate::engine::retired_keys;
use crate::error::{Code, Error, Result};
use crate::store::events::Event;
use crate::store::rehearsal::Taken;
use crate::store::{Durability, Tx};
use crate::types::parse_error::ParseError;
use crate::types::text::text_type;

/// The most accounts of one call. One transaction looks up and writes them all.
const MAX_USERS: usize = 10_000;

/// The most passwords that one call compares.
const MAX_CHECKS: usize = 20;

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
    /// and external id, and the same id if one is given. They are left alone and are not problems. Passwords and second factors are not compared, because
    /// their users may have changed them.
    pub present: usize,
    /// The problems, in the order of the accounts.
    pub problems: Vec<ImportProblem>,
    /// The number of hashes by scheme among the new accounts without problems. Until they are upgraded, they
    /// decide what logins cost.
    #[schemars(with = "BTreeMap<String, i64>")]
    pub hashes: BTreeMap<&'static str, usize>,
}

impl Engine {
    /// Creates accounts with password hashes of another system, in one transaction. The first login replaces
    /// the hash by one of this engine's. Problems with accounts do not fail the operation.
    ///
    /// Failures: `invalid_request`, `hash_queue_full` (to compare `check`), `store_unavailable`.
    pub fn import_users(&self, request: ImportUsersRequest) -> Result<ImportUsersResponse> {
        let ImportUsersRequest { users, dry_run, on_conflict } = request;
        if users.len() > MAX_USERS {
            return Err(Error::at(Code::InvalidRequest, "/users", format!("more than {MAX_USERS}")));
        }
        let now = self.clock.now();
        let key = self.store.read(|tx| self.key_in_force(tx))?;
        let candidates = self.candidates(users, now)?;
        let skips = on_conflict == Some(OnConflict::Skip);
        if dry_run == Some(true) {
            return self.store.read(|tx| Ok(report(&judge(tx, &candidates, None)?, skips)));
        }
        self.store.write(Durability::Full, |tx| {
            if self.key_in_force(tx)? != key {
                return Err(no_key());
            }
            let judged = judge(tx, &candidates, None)?;
            let report = report(&judged, skips);
            if report.imported > 0 {
                for account in &judged.accounts {
                    account.insert(tx, now)?;
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

    /// Returns the secret key that seals what is imported. It must not be retired before the accounts are written.
    fn key_in_force(&self, tx: &mut Tx) -> Result<Option<KeyId>> {
        retired_keys::follow(tx, &self.secrets)?;
        Ok(self.secrets.ids().next())
    }

    /// Reads the accounts. Failures: `invalid_request`, `hash_queue_full`, `store_unavailable`.
    fn candidates(&self, users: Vec<ImportedUser>, now: i64) -> Result<Vec<Candidate>> {
        if users.iter().filter(|user| user.check.is_some()).count() > MAX_CHECKS {
            return Err(Error::at(
                Code::InvalidRequest,
                "/users",
                format!("more than {MAX_CHECKS} with check"),
            ));
        }
        users.into_iter().map(|user| Reading::new(self, now).account(user)).collect()
    }
}

fn report(judged: &Judged, skips: bool) -> ImportUsersResponse {
    let imports = skips || judged.problems.is_empty();
    let mut hashes = BTreeMap::new();
    for scheme in judged.accounts.iter().filter_map(|account| account.scheme) {
        *hashes.entry(scheme).or_default() += 1;
    }
    let problem = |(index, (code, reason)): &(usize, Found)| ImportProblem {
        index: *index,
        code: *code,
        reason: reason.clone(),
    };
    ImportUsersResponse {
        imported: if imports { judged.accounts.len() } else { 0 },
        skipped: if imports { judged.skipped } else { 0 },
        present: judged.present,
        problems: judged.problems.iter().map(problem).collect(),
        hashes,
    }
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
    /// Failures: `invalid_request`, `hash_queue_full`, `store_unavailable`.
    pub fn import_users(&mut self, users: Vec<ImportedUser>) -> Result<ImportUsersResponse> {
        let now = self.engine.clock.now();
        let candidates = self.engine.candidates(users, now)?;
        let judged = self.engine.store.read(|tx| judge(tx, &candidates, Some(&self.taken)))?;
        remember(&self.taken, &judged.accounts)?;
        Ok(report(&judged, true))
    }
}
