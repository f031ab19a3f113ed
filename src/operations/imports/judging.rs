//! The verdict on accounts that are to be imported: against the store, against what is taken, and against each other.

use std::collections::HashMap;

use aws_lc_rs::digest;

use super::account::{Account, Candidate, Claim};
use super::problems::{Found, Problem};
use crate::error::Result;
use crate::json;
use crate::store::Tx;
use crate::store::rehearsal::Taken;
use crate::store::users::{self, By};
use crate::types::user::PublicUser;

/// The kinds of keys that are taken in a rehearsal.
const NAME: &str = "name";
const CLAIM: &str = "claim";

/// The reason why an account that is otherwise the same is another.
const ANOTHER_ID: &str = "expected the id of the account that has the name";

/// The accounts without problems, and every problem with its position.
#[derive(Default)]
pub(super) struct Judged<'a> {
    pub accounts: Vec<&'a Account>,
    pub problems: Vec<(usize, Found)>,
    pub skipped: usize,
    pub present: usize,
}

/// Checks the accounts. The first of two accounts in the list gets a name.
pub(super) fn judge<'a>(
    tx: &mut Tx,
    candidates: &'a [Candidate],
    taken: Option<&'a Taken>,
) -> Result<Judged<'a>> {
    let mut judged = Judged::default();
    let mut earlier = Earlier { taken, usernames: HashMap::new(), claims: HashMap::new() };
    for (index, candidate) in candidates.iter().enumerate() {
        let problems = match candidate {
            Err(found) => found.clone(),
            Ok(account) => match earlier.problems_of(tx, account)? {
                None => {
                    judged.present += 1;
                    continue;
                }
                Some(problems) => {
                    if problems.is_empty() {
                        earlier.add(account);
                        judged.accounts.push(account);
                    }
                    problems
                }
            },
        };
        judged.skipped += usize::from(!problems.is_empty());
        judged.problems.extend(problems.into_iter().map(|found| (index, found)));
    }
    Ok(judged)
}

/// Remembers the accounts, for later calls of the same rehearsal.
pub(super) fn remember(taken: &Taken, accounts: &[&Account]) -> Result<()> {
    for account in accounts {
        let public = &account.public;
        taken.add(NAME, &account.username_key, &content(public, true)?)?;
        for claim in &account.claims {
            taken.add(CLAIM, &claim.text(), &content(public, false)?)?;
        }
    }
    Ok(())
}

/// The length of a digest of the content.
const DIGEST: usize = digest::SHA256_OUTPUT_LEN;

/// A digest of the content by which two accounts are the same, and the id.
fn content(account: &PublicUser, has_name: bool) -> Result<Vec<u8>> {
    let PublicUser { username, email, is_service_account, roles, attributes, locale, external_id, .. } =
        account;
    let username = Some(username).filter(|_| has_name);
    let text = json::render(&(username, email, is_service_account, roles, attributes, locale, external_id))?;
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    Ok([digest.as_ref(), account.id.as_bytes()].concat())
}

/// The content of an earlier account, and of one of the store.
type Others = (Option<Vec<u8>>, Option<Vec<u8>>);

/// The names of accounts that were judged before, and what else they have.
struct Earlier<'a> {
    taken: Option<&'a Taken>,
    usernames: HashMap<&'a str, &'a PublicUser>,
    claims: HashMap<&'a Claim, &'a PublicUser>,
}

impl<'a> Earlier<'a> {
    /// Returns the problems with an account; none if the same account is there already.
    fn problems_of(&self, tx: &mut Tx, account: &Account) -> Result<Option<Vec<Found>>> {
        let mut problems: Vec<Found> = Vec::new();
        let own = content(&account.public, account.is_named)?;
        let is_same = |other: &[u8]| other.get(..DIGEST) == own.get(..DIGEST);
        // An id that was not given is a new one.
        let has_same_id =
            |other: &[u8]| account.given_id().is_none() || other.get(DIGEST..) == own.get(DIGEST..);
        let others = match account.is_named {
            true => self.named(tx, &account.username_key)?,
            false => match account.identifying() {
                Some(claim) => self.claimed(tx, claim)?,
                None => (None, None),
            },
        };
        match others {
            (Some(other), _) | (None, Some(other)) if is_same(&other) && has_same_id(&other) => {
                return Ok(None);
            }
            (repeated, taken) if account.is_named => {
                let problem = repeated.as_ref().map_or(Problem::UsernameTaken, |_| Problem::UsernameRepeated);
                let reason = |other: Vec<u8>| is_same(&other).then_some(ANOTHER_ID.into());
                problems.extend(repeated.or(taken).map(|other| (problem, reason(other))));
            }
            _ => {}
        }
        for claim in &account.claims {
            let (repeated, taken) = claim.problems();
            let found = match self.claimed(tx, claim)? {
                (Some(_), _) => repeated,
                (None, Some(_)) => taken,
                (None, None) => continue,
            };
            // One problem with the recovery codes of an account is enough.
            if !problems.contains(&(found, None)) {
                problems.push((found, None));
            }
        }
        Ok(Some(problems))
    }

    /// Returns the content of the earlier account that has the name, or else of that of the store.
    fn named(&self, tx: &mut Tx, key: &str) -> Result<Others> {
        let repeated = match (self.usernames.get(key), self.taken) {
            (Some(first), _) => Some(content(first, true)?),
            (None, Some(taken)) => taken.find(NAME, key)?,
            (None, None) => None,
        };
        let kept = match repeated {
            Some(_) => None,
            None => users::find(tx, By::Username(key))?,
        };
        Ok((repeated, kept.map(|user| content(&user.public, true)).transpose()?))
    }

    /// Returns the same of the accounts that have this, without their names.
    fn claimed(&self, tx: &mut Tx, claim: &Claim) -> Result<Others> {
        let repeated = match (self.claims.get(claim), self.taken) {
            (Some(first), _) => Some(content(first, false)?),
            (None, Some(taken)) => taken.find(CLAIM, &claim.text())?,
            (None, None) => None,
        };
        let holder = match repeated {
            Some(_) => None,
            None => claim.holder(tx)?,
        };
        let kept = holder.map(|id| users::find(tx, By::Id(id))).transpose()?.flatten();
        Ok((repeated, kept.map(|user| content(&user.public, false)).transpose()?))
    }

    fn add(&mut self, account: &'a Account) {
        self.usernames.insert(&account.username_key, &account.public);
        self.claims.extend(account.claims.iter().map(|claim| (claim, &account.public)));
    }
}
