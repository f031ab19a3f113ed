//! The schema in steps, and an engine's reaction to a store that has fewer steps than it knows, or more.
//!
//! A released step is never changed. An additive step adds things that older engines need not know: tables,
//! indexes, columns that are null or have a default. An older engine can open such a store and work beside a
//! newer one. Any other step needs a new major version and shuts older engines out: they can no longer open
//! the store, and those that have it open can no longer write. Such a step also renames the tables and
//! columns that they must not read.

use std::collections::HashSet;
use std::time::Duration;

use super::tables::TABLES;
use crate::config::{Config, StoreUrl};
use crate::error::{Code, Error, Result};
use crate::secret_key;

/// One step, in the SQL of each store.
pub(super) struct Step {
    pub sqlite: &'static str,
    #[cfg(feature = "postgres")]
    pub postgres: &'static str,
    pub is_additive: bool,
}

const STEPS: &[Step] = &[Step {
    sqlite: include_str!("migrations/sqlite/1.sql"),
    #[cfg(feature = "postgres")]
    postgres: include_str!("migrations/postgres/1.sql"),
    is_additive: false,
}];

/// The table of the steps, a row for each. The first row's `moving` has the [`Note`](super::move_note::Note).
pub(super) const TABLE: &str = "CREATE TABLE doorward_schema \
    (version BIGINT NOT NULL PRIMARY KEY, additive BIGINT NOT NULL DEFAULT 0, moving TEXT)";

/// Selects the [`Note`](super::move_note::Note) in [`TABLE`], as a text that is empty if there is none.
pub(super) const NOTE: &str = "SELECT coalesce(max(moving), '') FROM doorward_schema";

/// Selects the two numbers of [`Found`] from [`TABLE`].
pub(super) const FOUND: &str =
    "SELECT max(version), max(CASE WHEN additive = 0 THEN version END) FROM doorward_schema";

/// Selects the names of all tables and indexes of a SQLite file, and of the columns as TABLE.COLUMN, in one text.
pub(super) const SQLITE_NAMES: &str = "SELECT coalesce(group_concat(name), '') FROM (\
    SELECT name FROM sqlite_schema UNION ALL SELECT t.name || '.' || c.name \
    FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table')";

/// As [`SQLITE_NAMES`], of the tables that the role finds without naming a schema.
#[cfg(feature = "postgres")]
pub(super) const POSTGRES_NAMES: &str = "SELECT coalesce(string_agg(name, ','), '') FROM (\
    WITH ours AS (SELECT oid, relname FROM pg_catalog.pg_class WHERE pg_catalog.pg_table_is_visible(oid) \
      AND relnamespace <> 'pg_catalog'::regnamespace) \
    SELECT relname::text AS name FROM ours UNION ALL SELECT relname || '.' || attname \
      FROM ours JOIN pg_catalog.pg_attribute ON attrelid = oid WHERE attnum > 0 AND NOT attisdropped) AS names";

/// The longest time that opening waits for another process that migrates, and that a step may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);

/// The steps of a store.
#[derive(Clone, Copy, Default)]
pub(crate) struct Found {
    /// The number of steps.
    pub version: i64,
    /// The number of steps that an engine must know.
    pub needed: i64,
}

/// The plan for missing steps when a store is opened.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub steps: &'static [Step],
    pub migrates: bool,
    pub creation: Creation,
    /// Whether to open a store that was moved, or that is the target of an unfinished move.
    pub admits_moved: bool,
    /// Whether to open a file for reading if it may not be written.
    pub may_only_read: bool,
}

/// Whether a store may be created if there is none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Creation {
    Allowed,
    /// The configuration forbids it.
    Forbidden,
    /// The key file exists, so there was a store, which is lost.
    Lost,
}

impl Creation {
    /// Follows the configuration. The key file is looked for first, because the process that creates a store
    /// creates this file before the tables.
    pub(super) fn of(config: &Config) -> Creation {
        match (config.create, &config.store) {
            (_, StoreUrl::SqliteMemory) | (Some(true), _) => Creation::Allowed,
            (Some(false), _) => Creation::Forbidden,
            (None, StoreUrl::SqliteFile(_)) if secret_key::has_file(config) => Creation::Lost,
            (None, _) => Creation::Allowed,
        }
    }

    /// Returns the refusal to create a store; `place` describes what is missing.
    pub(super) fn refusal(self, place: &str) -> Option<Error> {
        let why = match self {
            Creation::Allowed => return None,
            Creation::Forbidden => String::new(),
            Creation::Lost => {
                ", but its key file is: the store is lost, or not mounted. Restore it, or make a new one by \
                               \"create\": true"
                    .to_owned()
            }
        };
        Some(Error::at(Code::InvalidConfig, "/store", format!("{place}{why}")))
    }
}

impl Plan {
    pub(super) fn new(migrates: bool) -> Plan {
        let creation = Creation::Allowed;
        Plan { steps: STEPS, migrates, creation, admits_moved: false, may_only_read: false }
    }

    /// The newest version of the schema that this engine knows.
    pub(super) fn newest(self) -> i64 {
        self.steps.len() as i64
    }

    /// The number of steps that an engine must know for a store with all of these.
    #[cfg(feature = "postgres")]
    pub(super) fn needed(self) -> i64 {
        let numbered = (1..).zip(self.steps);
        numbered.filter(|(_, step)| !step.is_additive).map(|(number, _)| number).last().unwrap_or(0)
    }

    /// Returns the missing steps with their numbers. Failures: `schema_too_new`; `invalid_config` if steps
    /// are missing and opening may not run them, or may not create a store.
    pub(super) fn missing(self, found: Found) -> Result<Vec<(i64, &'static Step)>> {
        let newest = self.newest();
        if found.needed > newest || found.version < 0 {
            let detail = format!("schema {}, known are {newest}", found.version);
            return Err(Error::new(Code::SchemaTooNew, detail));
        }
        if found.version == 0
            && let Some(refusal) = self.creation.refusal("there is no store in this database")
        {
            return Err(refusal);
        }
        let numbered = (1..).zip(self.steps);
        let missing: Vec<_> = numbered.filter(|(number, _)| *number > found.version).collect();
        if !missing.is_empty() && !self.migrates {
            let detail =
                format!("schema {} where {newest} is needed: run doorward migrate-schema", found.version);
            return Err(Error::at(Code::InvalidConfig, "/migrate", detail));
        }
        Ok(missing)
    }
}

/// Refuses a store of the newest schema that lacks a table, a column or an index, which was dropped by other
/// means. Without an index the store answers, but slowly. `found` has the names that the store has.
pub(super) fn refuse_incomplete(found: &str) -> Result<()> {
    let found: HashSet<&str> = found.split(',').collect();
    let mut missing = Vec::new();
    for table in TABLES {
        if !found.contains(table.name) {
            missing.push(format!("table {}", table.name));
            continue;
        }
        let columns = table.columns.iter().map(|(column, _)| format!("{}.{column}", table.name));
        missing.extend(
            columns.filter(|name| !found.contains(name.as_str())).map(|name| format!("column {name}")),
        );
    }
    let indexes = STEPS.iter().flat_map(|step| step.sqlite.split("CREATE INDEX ").skip(1));
    let names = indexes.filter_map(|rest| rest.split(' ').next());
    missing.extend(names.filter(|name| !found.contains(name)).map(|name| format!("index {name}")));
    if missing.is_empty() {
        return Ok(());
    }
    let why = format!(
        "these parts of the schema are missing: {}. Restore a backup, or create them as in a new store",
        missing.join(", ")
    );
    Err(Error::at(Code::InvalidConfig, "/store", why))
}

#[cfg(test)]
mod tests;
