//! Searches in `users`. Each statement reads a bounded number of rows in the order of an index, and says of each
//! whether it is wanted, so that the work does not depend on how rare that is.

use std::cmp::Reverse;

use super::row::Row;
use super::tx::Tx;
use super::value::Value;
use crate::error::Result;
use crate::types::id::Id;

/// The most rows that [`walk`] reads at once, and that [`find`] finds.
pub(crate) const AT_ONCE: usize = 1000;

/// The accounts that are wanted.
pub(crate) struct Wanted<'a> {
    pub is_active: Option<bool>,
    pub email_verified: Option<bool>,
    pub is_service_account: Option<bool>,
    /// Whether the account has an authenticator app or a passkey.
    pub has_second_factor: Option<bool>,
    pub role: Option<&'a str>,
    /// The first and the last time of creation.
    pub created: [i64; 2],
    pub username: Range,
    pub email: Range,
    pub external_id: Range,
}

/// Texts from the first on, and before the second.
pub(crate) struct Range {
    from: String,
    before: String,
}

impl Range {
    /// Every text that is stored: none has a hundred of the last character.
    pub(crate) fn all() -> Range {
        Range { from: String::new(), before: char::MAX.to_string().repeat(100) }
    }

    pub(crate) fn none() -> Range {
        Range { from: String::new(), before: String::new() }
    }

    /// The mapped forms of the texts that begin with this one. The last letter of the text may be another one where
    /// more follows: a sigma.
    pub(crate) fn mapped(text: &str, map: impl Fn(&str) -> String) -> Range {
        let alone = map(text);
        let mut continued = map(&format!("{text}x"));
        continued.pop();
        let range = Range::beginning(&continued);
        // The final sigma is the code point before the other one.
        if alone.ends_with('ς') { Range { from: alone, ..range } } else { range }
    }

    /// The texts that begin with this one, in the order of their bytes, which is that of their code points.
    pub(crate) fn beginning(text: &str) -> Range {
        let mut before = text.to_owned();
        while let Some(last) = before.pop() {
            // The next code point after the last before the surrogates is the first after them.
            let next = (last..=char::MAX).nth(1);
            if let Some(next) = next {
                before.push(next);
                return Range { from: text.to_owned(), before };
            }
        }
        Range { from: text.to_owned(), ..Range::all() }
    }
}

/// A row that was read.
pub(crate) struct Candidate {
    pub id: Id,
    pub created_at: i64,
    pub username_key: String,
    pub is_wanted: bool,
}

/// Rows that an index finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Role,
    Inactive,
    ServiceAccounts,
    Created,
}

/// The place in an order after which rows are read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// By creation, the oldest first.
    Oldest((i64, Id)),
    /// By creation, the newest first.
    Newest(Reverse<(i64, Id)>),
    Username(String),
}

/// Selects rows of users, and whether each is wanted. Its sub-selects look up single keys: PostgreSQL may read the
/// whole table of an `EXISTS` into a hash.
macro_rules! candidates {
    ($from:literal) => {
        concat!(
            "SELECT v.id, v.created_at, v.username_key, CAST(CASE WHEN v.is_active BETWEEN ?1 AND ?2 ",
            "AND v.email_verified BETWEEN ?3 AND ?4 AND v.is_service_account BETWEEN ?5 AND ?6 ",
            "AND v.created_at BETWEEN ?7 AND ?8 ",
            "AND (v.username_key >= ?9 AND v.username_key < ?10 OR v.email_key >= ?11 AND v.email_key < ?12 ",
            "OR v.external_id >= ?13 AND v.external_id < ?14) ",
            "AND (CAST(?15 AS BIGINT) = 0 ",
            "OR COALESCE((SELECT 1 FROM user_roles r WHERE r.user_id = v.id AND r.role = ?16), 0) = 1) ",
            "AND (CAST(?17 AS BIGINT) = 0 OR CAST(?18 AS BIGINT) = ",
            "COALESCE((SELECT 1 FROM totp t WHERE t.user_id = v.id), ",
            "(SELECT 1 FROM passkeys p WHERE p.user_id = v.id LIMIT 1), 0)) ",
            "THEN 1 ELSE 0 END AS BIGINT) FROM (SELECT u.id, u.created_at, u.username_key, u.email_key, ",
            "u.external_id, u.is_active, u.email_verified, u.is_service_account FROM ",
            $from,
            ") v"
        )
    };
}

const BY_USERNAME: &str = candidates!(
    "users u WHERE u.username_key >= ?9 AND u.username_key < ?10 ORDER BY u.username_key LIMIT ?19"
);
const BY_EMAIL: &str =
    candidates!("users u WHERE u.email_key >= ?11 AND u.email_key < ?12 ORDER BY u.email_key LIMIT ?19");
const BY_EXTERNAL_ID: &str = candidates!(
    "users u WHERE u.external_id >= ?13 AND u.external_id < ?14 ORDER BY u.external_id LIMIT ?19"
);
const BY_ROLE: &str = candidates!(
    "(SELECT user_id FROM user_roles WHERE role = ?16 ORDER BY user_id LIMIT 1001) f \
     JOIN users u ON u.id = f.user_id"
);
const INACTIVE: &str = candidates!("users u WHERE u.is_active = 0 ORDER BY u.id LIMIT 1001");
const SERVICE_ACCOUNTS: &str = candidates!("users u WHERE u.is_service_account = 1 ORDER BY u.id LIMIT 1001");
const CREATED: &str =
    candidates!("users u WHERE u.created_at BETWEEN ?7 AND ?8 ORDER BY u.created_at, u.id LIMIT 1001");
const OLDEST: &str =
    candidates!("users u WHERE (u.created_at, u.id) > (?19, ?20) ORDER BY u.created_at, u.id LIMIT 1000");
const NEWEST: &str = candidates!(
    "users u WHERE (u.created_at, u.id) < (?19, ?20) ORDER BY u.created_at DESC, u.id DESC LIMIT 1000"
);
const AFTER_USERNAME: &str =
    candidates!("users u WHERE u.username_key > ?19 ORDER BY u.username_key LIMIT 1000");

/// Returns the rows that the text finds, in any order and perhaps repeated, if each index finds at most `most`.
pub(crate) fn find_text(tx: &mut Tx, wanted: &Wanted, most: usize) -> Result<Option<Vec<Candidate>>> {
    let mut parameters = wanted.parameters().to_vec();
    parameters.push(Value::Integer(most as i64 + 1));
    let mut all = Vec::new();
    for sql in [BY_USERNAME, BY_EMAIL, BY_EXTERNAL_ID] {
        let found = tx.all(sql, &parameters, read)?;
        if found.len() > most {
            return Ok(None);
        }
        all.extend(found);
    }
    Ok(Some(all))
}

/// Returns the rows of an index, in any order, if there are at most [`AT_ONCE`].
pub(crate) fn find(tx: &mut Tx, wanted: &Wanted, source: Source) -> Result<Option<Vec<Candidate>>> {
    let sql = match source {
        Source::Role => BY_ROLE,
        Source::Inactive => INACTIVE,
        Source::ServiceAccounts => SERVICE_ACCOUNTS,
        Source::Created => CREATED,
    };
    let found = tx.all(sql, &wanted.parameters(), read)?;
    Ok(Some(found).filter(|found| found.len() <= AT_ONCE))
}

/// Returns up to [`AT_ONCE`] rows after a place, in any order; fewer if they are the last.
pub(crate) fn walk(tx: &mut Tx, wanted: &Wanted, after: &Place) -> Result<Vec<Candidate>> {
    let mut parameters = wanted.parameters().to_vec();
    let sql = match after {
        Place::Oldest((created_at, id)) => {
            parameters.extend([Value::Integer(*created_at), Value::Bytes(id.as_bytes())]);
            OLDEST
        }
        Place::Newest(Reverse((created_at, id))) => {
            parameters.extend([Value::Integer(*created_at), Value::Bytes(id.as_bytes())]);
            NEWEST
        }
        Place::Username(key) => {
            parameters.push(Value::Text(key));
            AFTER_USERNAME
        }
    };
    tx.all(sql, &parameters, read)
}

fn read(row: &Row) -> Result<Candidate> {
    Ok(Candidate {
        id: row.id(0)?,
        created_at: row.integer(1)?,
        username_key: row.text(2)?,
        is_wanted: row.boolean(3)?,
    })
}

impl Wanted<'_> {
    fn parameters(&self) -> [Value<'_>; 18] {
        let least = |flag: Option<bool>| Value::Integer((flag == Some(true)).into());
        let most = |flag: Option<bool>| Value::Integer((flag != Some(false)).into());
        [
            least(self.is_active),
            most(self.is_active),
            least(self.email_verified),
            most(self.email_verified),
            least(self.is_service_account),
            most(self.is_service_account),
            Value::Integer(self.created[0]),
            Value::Integer(self.created[1]),
            Value::Text(&self.username.from),
            Value::Text(&self.username.before),
            Value::Text(&self.email.from),
            Value::Text(&self.email.before),
            Value::Text(&self.external_id.from),
            Value::Text(&self.external_id.before),
            Value::Integer(self.role.is_some().into()),
            Value::Text(self.role.unwrap_or_default()),
            Value::Integer(self.has_second_factor.is_some().into()),
            least(self.has_second_factor),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::organizations::{ANOTHER_OWNER, LAST_OWNER};
    use crate::store::users::ANOTHER_ACTIVE;

    fn plan(store: &rusqlite::Connection, sql: &str) -> Vec<String> {
        let mut plan = store.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let parameters = vec![0; plan.parameter_count()];
        let plan = plan.query_map(rusqlite::params_from_iter(parameters), |row| row.get::<_, String>(3));
        plan.unwrap().map(Result::unwrap).collect()
    }

    /// Another administrator or owner is found without a scan.
    #[test]
    fn those_who_stay_are_found_by_an_index() {
        let store = rusqlite::Connection::open_in_memory().unwrap();
        store.execute_batch(include_str!("migrations/sqlite/1.sql")).unwrap();
        for sql in [ANOTHER_ACTIVE, ANOTHER_OWNER, LAST_OWNER] {
            let plan = plan(&store, sql);
            assert!(plan.iter().any(|step| step == "SEARCH u USING PRIMARY KEY (id=?)"), "{plan:#?}");
            let identities = "SEARCH i USING INDEX identities_by_user (user_id=?)";
            assert!(plan.iter().any(|step| step == identities), "{plan:#?}");
            assert!(!plan.iter().any(|step| step.starts_with("SCAN")), "{plan:#?}");
        }
    }

    /// SQLite never reads a whole table for a statement, and sorts nothing before the limit.
    #[test]
    fn every_statement_walks_an_index() {
        let store = rusqlite::Connection::open_in_memory().unwrap();
        store.execute_batch(include_str!("migrations/sqlite/1.sql")).unwrap();
        let statements = [
            (
                BY_USERNAME,
                "SEARCH u USING INDEX sqlite_autoindex_users_2 (username_key>? AND username_key<?)",
            ),
            (BY_EMAIL, "SEARCH u USING INDEX sqlite_autoindex_users_3 (email_key>? AND email_key<?)"),
            (
                BY_EXTERNAL_ID,
                "SEARCH u USING INDEX sqlite_autoindex_users_4 (external_id>? AND external_id<?)",
            ),
            (BY_ROLE, "SEARCH user_roles USING COVERING INDEX user_roles_by_role (role=?)"),
            (INACTIVE, "SEARCH u USING INDEX users_by_activity (is_active=?)"),
            (SERVICE_ACCOUNTS, "SCAN u USING INDEX service_accounts"),
            (CREATED, "SEARCH u USING INDEX users_by_creation (created_at>? AND created_at<?)"),
            (OLDEST, "SEARCH u USING INDEX users_by_creation ((created_at,id)>(?,?))"),
            (NEWEST, "SEARCH u USING INDEX users_by_creation ((created_at,id)<(?,?))"),
            (AFTER_USERNAME, "SEARCH u USING INDEX sqlite_autoindex_users_2 (username_key>?)"),
        ];
        for (sql, expected) in statements {
            let plan = plan(&store, sql);
            assert!(plan.iter().any(|step| step == expected), "{expected}: {plan:#?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
            let scans = plan.iter().filter(|step| step.starts_with("SCAN") && *step != expected);
            assert!(scans.clone().all(|step| step == "SCAN v" || step == "SCAN f"), "{plan:#?}");
        }
    }

    #[test]
    fn a_range_has_all_texts_that_begin_so() {
        let range = |text: &str| Range::beginning(text).before;
        assert_eq!(range("ada"), "adb");
        assert_eq!(range("ad\u{d7ff}"), "ad\u{e000}");
        assert_eq!(range("ad\u{10ffff}"), "ae");
        let Range { from, before } = Range::beginning("\u{10ffff}");
        assert!(from == "\u{10ffff}" && before > "\u{10ffff}".repeat(63) + "zzz");
        let Range { from, before } = Range::none();
        assert!(from >= before);
    }
}
