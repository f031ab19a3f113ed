//! The host's log, and what an engine reports to it.

use std::sync::Arc;

use serde::Serialize;

use crate::clock::Clock;
use crate::config::ProviderName;
use crate::crypto::jwks::BadMember;
use crate::error::{Error, Status};
use crate::json;
use crate::types::id::Id;

/// A receiver of log records (JSON objects). They contain no secrets.
pub type Log = dyn Fn(Level, &str) + Send + Sync;

/// The level of a log record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
#[non_exhaustive]
pub enum Level {
    /// A bug was contained.
    Error = 1,
    /// The operator should act, for example because the store does not answer.
    Warn = 2,
    /// An operation was refused.
    Info = 3,
}

/// Reports to the host's log.
pub(crate) struct Reporter {
    pub log: Option<Box<Log>>,
    pub clock: Arc<Clock>,
}

impl Reporter {
    /// Reports why an operation failed.
    pub(crate) fn failed(&self, operation: Option<&str>, error: &Error) {
        #[derive(Serialize)]
        struct Record<'a> {
            event: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            operation: Option<&'a str>,
            code: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            field: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            detail: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            user_id: Option<Id>,
            #[serde(skip_serializing_if = "Option::is_none")]
            session_id: Option<Id>,
            at: i64,
        }
        let Some(log) = &self.log else { return };
        let level = match error.status() {
            Status::Internal => Level::Error,
            Status::Unavailable | Status::Config | Status::Misuse => Level::Warn,
            _ => Level::Info,
        };
        let record = Record {
            event: "operation_failed",
            operation,
            code: error.code.name(),
            field: error.field.as_deref(),
            detail: error.detail.as_deref(),
            user_id: error.about.as_ref().and_then(|about| about.user_id),
            session_id: error.about.as_ref().and_then(|about| about.session_id),
            at: self.clock.now(),
        };
        log(level, &json::render(&record).unwrap_or_default());
    }
}

impl Reporter {
    /// Reports that logins go on without the file of passwords that leaked, and why.
    pub(crate) fn unreadable_breached(&self, error: &Error) {
        #[derive(Serialize)]
        struct Record<'a> {
            event: &'a str,
            field: Option<&'a str>,
            detail: Option<&'a str>,
            at: i64,
        }
        let Some(log) = &self.log else { return };
        let record = Record {
            event: "breached_passed_over",
            field: error.field.as_deref(),
            detail: error.detail.as_deref(),
            at: self.clock.now(),
        };
        log(Level::Warn, &json::render(&record).unwrap_or_default());
    }

    /// Reports the members of a provider's key set that are not usable keys, and why.
    pub(crate) fn bad_provider_keys(&self, provider: &ProviderName, bad: &[BadMember]) {
        #[derive(Serialize)]
        struct Record<'a> {
            event: &'a str,
            field: String,
            detail: &'a str,
            at: i64,
        }
        let Some(log) = &self.log else { return };
        for BadMember { index, reason } in bad {
            let record = Record {
                event: "provider_key_passed_over",
                field: format!("/id_token_providers/{}/keys/{index}", provider.as_str()),
                detail: reason,
                at: self.clock.now(),
            };
            log(Level::Warn, &json::render(&record).unwrap_or_default());
        }
    }
}
