//! The failures between engine and server, in one table: for each SQLSTATE the engine's reaction and the text
//! for the host. The server's own text is never repeated: it could quote a value.

use std::fmt;

use super::url::wrong;
use crate::error::{Code, Error};

/// Why there was no answer, or not the expected one.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// The server refused, with this SQLSTATE.
    Refused(SqlState),
    /// The connection is lost.
    Lost(&'static str),
    /// The other end cannot be used as a store until it is configured otherwise.
    Unusable(&'static str),
}

/// A SQLSTATE: five letters and digits (PostgreSQL documentation, appendix A).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct SqlState(pub [u8; 5]);

impl SqlState {
    pub(super) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or("?????")
    }
}

impl fmt::Debug for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The reaction of the engine to a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Run the transaction again. It may succeed.
    Again,
    /// As [`Remedy::Again`], but only a few times: another transaction inserted the same row at the same
    /// time, and the next run finds it. If it does not, the host's own constraint forbids the row.
    AgainBriefly,
    /// Connect to another server, or to the same one again.
    Elsewhere,
    /// Tell the host.
    None,
}

use Remedy::{Again, AgainBriefly, Elsewhere};

/// The beginnings of SQLSTATEs, the longer before the shorter: remedy, code and words. `invalid_config`: the
/// configuration of this side or of the server must be changed. `store_constraint`: a constraint of the host
/// in the database forbids the change. `store_unavailable`: the failure may pass. `internal`: only a
/// statement of this library could cause it.
const TABLE: [(&str, Remedy, Code, &str); 74] = [
    ("03", Remedy::None, Code::Internal, WRONG_STATEMENT),
    // The server or a pooler is shutting down, or has gone.
    ("08", Elsewhere, Code::StoreUnavailable, "the connection failed"),
    // The host's own rules: triggers, functions, constraints, column types.
    ("09", Remedy::None, Code::StoreConstraint, "a trigger forbids it"),
    ("0A000", Elsewhere, Code::StoreUnavailable, "not possible there, as on a standby"),
    ("0L", Remedy::None, Code::InvalidConfig, "the role lacks the privilege"),
    ("0P", Remedy::None, Code::InvalidConfig, "no such role"),
    ("20", Remedy::None, Code::Internal, WRONG_STATEMENT),
    ("21", Remedy::None, Code::StoreConstraint, "a trigger forbids it"),
    ("22021", Remedy::None, Code::InvalidConfig, NOT_UTF8),
    ("22023", Remedy::None, Code::InvalidConfig, "a setting has a value that the server does not accept"),
    ("22P05", Remedy::None, Code::InvalidConfig, NOT_UTF8),
    ("22", Remedy::None, Code::StoreConstraint, "a value that the table does not accept"),
    ("23503", Remedy::None, Code::StoreConstraint, "rows of another table refer to it"),
    ("23505", AgainBriefly, Code::StoreConstraint, "a unique index forbids it"),
    ("23", Remedy::None, Code::StoreConstraint, "a constraint forbids it"),
    ("24", Remedy::None, Code::Internal, WRONG_STATEMENT),
    ("25006", Elsewhere, Code::StoreUnavailable, READS_ONLY),
    ("25P03", Elsewhere, Code::StoreUnavailable, "the transaction was idle for too long"),
    ("25P04", Elsewhere, Code::StoreUnavailable, "the transaction took too long"),
    ("25", Elsewhere, Code::StoreUnavailable, "the transaction's state changed, as behind a pooler"),
    // Statements are named after their text: if a name is missing or taken, the connection is shared.
    ("26000", Elsewhere, Code::StoreUnavailable, "a prepared statement is gone, as behind a pooler"),
    ("42P05", Elsewhere, Code::StoreUnavailable, "a prepared statement is there, as behind a pooler"),
    ("27", Remedy::None, Code::StoreConstraint, "a trigger forbids it"),
    ("28", Remedy::None, Code::InvalidConfig, "the server does not let this user in"),
    ("2D", Remedy::None, Code::StoreConstraint, "a function forbids it"),
    ("2F", Remedy::None, Code::StoreConstraint, "a function forbids it"),
    ("34", Remedy::None, Code::Internal, WRONG_STATEMENT),
    ("38", Remedy::None, Code::StoreConstraint, "a function forbids it"),
    ("39", Remedy::None, Code::StoreConstraint, "a function forbids it"),
    ("3B", Remedy::None, Code::Internal, WRONG_STATEMENT),
    ("3D000", Remedy::None, Code::InvalidConfig, "no such database"),
    ("3F000", Remedy::None, Code::InvalidConfig, "no schema to make tables in"),
    ("40002", Remedy::None, Code::StoreConstraint, "a constraint forbids it"),
    ("40003", Remedy::None, Code::StoreUnavailable, "the outcome is unknown"),
    ("40001", Again, Code::StoreUnavailable, "a conflict with another transaction"),
    ("40P01", Again, Code::StoreUnavailable, "a deadlock with another transaction"),
    ("40", Again, Code::StoreUnavailable, "the transaction was rolled back"),
    ("42501", Remedy::None, Code::InvalidConfig, "the role lacks the privilege"),
    ("42601", Remedy::None, Code::InvalidConfig, "the server does not speak as PostgreSQL does"),
    ("42883", Remedy::None, Code::InvalidConfig, "the server lacks a function of PostgreSQL's"),
    (NO_TABLE, Remedy::None, Code::InvalidConfig, "a table is missing"),
    ("42703", Remedy::None, Code::InvalidConfig, "a column is missing"),
    ("42704", Remedy::None, Code::InvalidConfig, "the server does not know a setting or name"),
    ("42", Remedy::None, Code::InvalidConfig, "the schema differs from doorward's"),
    ("44", Remedy::None, Code::StoreConstraint, "a view forbids it"),
    ("53100", Remedy::None, Code::StoreUnavailable, "the server's disk is full"),
    ("53200", Remedy::None, Code::StoreUnavailable, "the server is out of memory"),
    ("53300", Remedy::None, Code::StoreUnavailable, "the server has too many connections"),
    ("53400", Remedy::None, Code::StoreUnavailable, "a limit of the server's configuration is reached"),
    ("53", Remedy::None, Code::StoreUnavailable, "the server lacks resources"),
    ("54001", Remedy::None, Code::StoreUnavailable, "the server's stack is too small"),
    // An index row is too long; or the server needs a VACUUM before it takes another transaction.
    ("54", Remedy::None, Code::StoreUnavailable, "a limit of the server is reached"),
    ("55P02", Remedy::None, Code::InvalidConfig, "a setting that only the server's start can change"),
    ("55P03", Remedy::None, Code::StoreUnavailable, "a lock was not available in time"),
    ("55006", Remedy::None, Code::StoreUnavailable, "another session has the table or database exclusively"),
    ("55", Remedy::None, Code::StoreUnavailable, "the server is not ready for it"),
    ("57014", Remedy::None, Code::StoreUnavailable, "the statement took too long"),
    ("57P01", Elsewhere, Code::StoreUnavailable, "the server shuts down"),
    ("57P02", Elsewhere, Code::StoreUnavailable, "the server crashed"),
    ("57P03", Elsewhere, Code::StoreUnavailable, "the server is starting or stopping"),
    ("57P04", Remedy::None, Code::InvalidConfig, "the database was dropped"),
    ("57P05", Elsewhere, Code::StoreUnavailable, "the server ends connections that are idle"),
    ("57", Remedy::None, Code::StoreUnavailable, "an administrator ended the statement"),
    ("58P01", Remedy::None, Code::StoreUnavailable, "a file of the server is missing"),
    ("58", Remedy::None, Code::StoreUnavailable, "the server's system failed"),
    (MOVING, Remedy::None, Code::StoreUnavailable, "the store is being moved"),
    ("72", Again, Code::StoreUnavailable, "the snapshot is too old"),
    ("F0", Remedy::None, Code::InvalidConfig, "the server's configuration is damaged"),
    ("HV", Remedy::None, Code::StoreUnavailable, "a foreign server failed"),
    ("P0", Remedy::None, Code::StoreConstraint, "a trigger forbids it"),
    ("XX001", Remedy::None, Code::InvalidConfig, DAMAGED),
    ("XX002", Remedy::None, Code::InvalidConfig, DAMAGED),
    ("XX", Remedy::None, Code::StoreUnavailable, "the server failed"),
    ("", Remedy::None, Code::StoreUnavailable, "the server refused"),
];

const WRONG_STATEMENT: &str = "a statement that is not allowed in this state";
const NOT_UTF8: &str = "the database's encoding is not UTF8";
const DAMAGED: &str = "the server's data are damaged: restore them";

/// The SQLSTATE that this library's trigger raises.
pub(super) const MOVING: &str = "DW001";
/// The SQLSTATE for a missing table.
pub(super) const NO_TABLE: &str = "42P01";
pub(super) const READS_ONLY: &str = "the server only reads";
pub(super) const STANDBY: &str = "the server is a standby, which may be behind";
pub(super) const NO_PASSWORD: &str = "the server asks for a password";
/// Of poolers: a pooler without startup options, a pooler of statements, and pgpool-II.
pub(super) const NO_OPTIONS: &str = "the pooler takes no startup options";
pub(super) const NO_TRANSACTIONS: &str =
    "the pooler gives each statement another connection: let it pool transactions or sessions";
pub(super) const PGPOOL: &str = "pgpool-II asks standbys, which may be behind: name the servers themselves";
pub(super) const TIMEOUT: &str = "timeout";

impl Failure {
    pub(super) fn remedy(&self) -> Remedy {
        match self {
            Failure::Refused(state) => row(state).1,
            Failure::Lost(TIMEOUT) | Failure::Unusable(_) => Remedy::None,
            Failure::Lost(_) => Elsewhere,
        }
    }

    /// The weight of a failure: of several hosts' failures the heaviest is reported. A failure that needs
    /// another configuration weighs more than one that may pass, and a server's answer more than none.
    pub(super) fn weight(&self) -> u8 {
        match self {
            Failure::Lost(STANDBY | READS_ONLY) => 1,
            failure if failure.error_at_opening().code == Code::InvalidConfig => 3,
            Failure::Lost(_) => 0,
            _ => 2,
        }
    }

    /// Whether the server refused the login.
    pub(super) fn is_login(&self) -> bool {
        matches!(self, Failure::Refused(state) if state.as_str().starts_with("28"))
    }

    /// Whether prepared statements appear and disappear without this engine: the connection is shared.
    pub(super) fn shows_a_pooler(&self) -> bool {
        matches!(self, Failure::Refused(state) if matches!(state.as_str(), "26000" | "42P05"))
    }

    pub(super) fn error(&self) -> Error {
        let (code, detail) = match self {
            Failure::Refused(state) => {
                let (_, _, code, words) = row(state);
                (*code, format!("postgres: {words} ({})", state.as_str()))
            }
            Failure::Lost(why) => (Code::StoreUnavailable, format!("postgres: {why}")),
            Failure::Unusable(why) => (Code::InvalidConfig, format!("postgres: {why}")),
        };
        match code {
            Code::InvalidConfig => wrong(detail),
            code => Error::new(code, detail),
        }
    }

    /// As [`Failure::error`], at opening: a server that allows no writes is configured wrongly.
    pub(super) fn error_at_opening(&self) -> Error {
        match self {
            Failure::Lost(why @ (NO_PASSWORD | READS_ONLY)) => wrong(format!("postgres: {why}")),
            Failure::Refused(state) if state.as_str() == "25006" => wrong(format!("postgres: {READS_ONLY}")),
            other => other.error(),
        }
    }
}

fn row(state: &SqlState) -> &'static (&'static str, Remedy, Code, &'static str) {
    // The last row matches every state.
    TABLE
        .iter()
        .find(|(beginning, ..)| state.as_str().starts_with(beginning))
        .unwrap_or(&TABLE[TABLE.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(state: &[u8; 5]) -> Failure {
        Failure::Refused(SqlState(*state))
    }

    /// No row hides another: the longer beginnings stand before the shorter.
    #[test]
    fn each_row_is_reached() {
        for (beginning, remedy, code, words) in &TABLE {
            let mut state = *b"99999";
            state[..beginning.len()].copy_from_slice(beginning.as_bytes());
            let failure = refused(&state);
            assert_eq!((failure.remedy(), failure.error().code), (*remedy, *code), "{beginning}");
            assert_eq!(failure.error().field.is_some(), *code == Code::InvalidConfig, "{beginning}");
            let detail = failure.error().detail.unwrap();
            assert_eq!(detail, format!("postgres: {words} ({})", str::from_utf8(&state).unwrap()));
        }
    }
}
