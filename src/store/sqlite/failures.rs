//! The failures of a SQLite file, in one table: for each result code the text for the host.

use rusqlite::{ErrorCode, ffi};

use crate::error::{Code, Error};

/// The detail of the error for work that its watch cancelled.
pub(super) const INTERRUPTED: &str = "interrupted";

/// Returns the kind of damage, if damage is the failure.
pub(super) fn damage(error: &rusqlite::Error) -> Option<&'static str> {
    match error.sqlite_error_code()? {
        ErrorCode::DatabaseCorrupt => Some("malformed pages"),
        ErrorCode::NotADatabase => Some("not a database"),
        _ => None,
    }
}

/// Translates a failure of SQLite into this library's words, because SQLite's text could quote a value.
pub(crate) fn failed(error: rusqlite::Error) -> Error {
    if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) {
        return Error::new(Code::StoreUnavailable, INTERRUPTED);
    }
    let (failure, text) = match &error {
        rusqlite::Error::SqliteFailure(failure, text) => (failure, text.as_deref()),
        rusqlite::Error::SqlInputError { error, msg, .. } => (error, Some(msg.as_str())),
        _ => return Error::new(Code::StoreUnavailable, "sqlite"),
    };
    let (code, words) = class(failure, text.unwrap_or_default());
    let detail = format!("sqlite: {words} ({})", failure.extended_code);
    match code {
        Code::InvalidConfig => Error::at(code, "/store", detail),
        code => Error::new(code, detail),
    }
}

/// Returns the code and the words for a failure, as for PostgreSQL. `invalid_config`: something must be
/// configured or repaired. `store_constraint`: a rule that the host made in the file forbids the change.
/// `store_unavailable`: the failure may pass. `internal`: only this library could cause it. `text` is
/// SQLite's own.
fn class(failure: &ffi::Error, text: &str) -> (Code, &'static str) {
    use ErrorCode as E;
    match (failure.code, failure.extended_code) {
        (E::ConstraintViolation, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => {
            (Code::StoreConstraint, "rows of another table refer to it")
        }
        (E::ConstraintViolation, ffi::SQLITE_CONSTRAINT_TRIGGER) => {
            (Code::StoreConstraint, "a trigger forbids it")
        }
        (E::ConstraintViolation, ffi::SQLITE_CONSTRAINT_UNIQUE) => {
            (Code::StoreConstraint, "a unique index forbids it")
        }
        (E::ConstraintViolation, _) => (Code::StoreConstraint, "a constraint forbids it"),
        (E::TypeMismatch | E::TooBig, _) => (Code::StoreConstraint, "a value that the table does not accept"),
        (E::Unknown, _) if text.starts_with("no such table") => (Code::InvalidConfig, "a table is missing"),
        (E::Unknown, _) if text.starts_with("no such column") || text.contains("has no column") => {
            (Code::InvalidConfig, "a column is missing")
        }
        (E::NotADatabase, _) => (Code::InvalidConfig, "not a database"),
        (E::ReadOnly, ffi::SQLITE_READONLY_DBMOVED) => (Code::StoreUnavailable, "the file was replaced"),
        (E::ReadOnly, _) => (Code::InvalidConfig, "the file is read-only"),
        (E::PermissionDenied, _) => (Code::InvalidConfig, "the file may not be used"),
        (E::NoLargeFileSupport, _) => (Code::InvalidConfig, "the file system takes no file of this length"),
        (E::DiskFull, _) => (Code::StoreUnavailable, "the disk is full"),
        (E::OutOfMemory, _) => (Code::StoreUnavailable, "out of memory"),
        (E::SystemIoFailure, _) => (Code::StoreUnavailable, "the disk failed"),
        // SQLite reports a read error of the disk (EIO) by the same number.
        (E::DatabaseCorrupt, _) => (
            Code::InvalidConfig,
            "the file is damaged, or its disk cannot be read: where that stays so, put a backup in its place by \
             doorward restore BACKUP",
        ),
        (E::DatabaseBusy | E::DatabaseLocked | E::FileLockingProtocolFailed, _) => {
            (Code::StoreUnavailable, "another process is writing")
        }
        (E::SchemaChanged, _) => (Code::StoreUnavailable, "the schema was changed meanwhile"),
        (E::OperationInterrupted | E::OperationAborted, _) => (Code::StoreUnavailable, "interrupted"),
        // The process may open no more files; missing rights are found before a file is opened.
        (E::CannotOpen, _) => (Code::StoreUnavailable, "a file cannot be opened"),
        (
            E::InternalMalfunction
            | E::ApiMisuse
            | E::ParameterOutOfRange
            | E::NotFound
            | E::AuthorizationForStatementDenied,
            _,
        ) => (Code::Internal, "a call that is not allowed in this state"),
        _ => (Code::StoreUnavailable, "failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each primary result code of SQLite's, by its number (sqlite.org/rescode.html), and some of the longer
    /// ones.
    #[test]
    fn each_result_code_has_its_class() {
        use crate::error::Status::{Config, Conflict, Internal, Unavailable};
        let expected = [
            (1, "", Unavailable),
            (1, "no such table: users", Config),
            (1, "no such column: u.locale", Config),
            (1, "table users has no column named locale", Config),
            (2, "", Internal),
            (3, "", Config),
            (4, "", Unavailable),
            (5, "", Unavailable),
            (6, "", Unavailable),
            (7, "", Unavailable),
            (8, "", Config),
            (8 | 4 << 8, "", Unavailable),
            (10, "", Unavailable),
            (11, "", Config),
            (11 | 1 << 8, "", Config),
            (12, "", Internal),
            (13, "", Unavailable),
            (14, "", Unavailable),
            (15, "", Unavailable),
            (17, "", Unavailable),
            (18, "", Conflict),
            (19, "", Conflict),
            (19 | 3 << 8, "", Conflict),
            (20, "", Conflict),
            (21, "", Internal),
            (22, "", Config),
            (23, "", Internal),
            (25, "", Internal),
            (26, "", Config),
        ];
        for (code, text, status) in expected {
            let error = failed(rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some(text.to_owned())));
            assert_eq!(error.status(), status, "{code} {text}");
            let detail = error.detail.unwrap();
            assert!(detail.ends_with(&format!(" ({code})")) && !detail.contains("users"), "{detail}");
        }
    }
}
