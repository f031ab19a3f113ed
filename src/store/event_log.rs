//! Ids of events, and one engine's knowledge of an audit log to which several processes write.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::mutex::lock;
use crate::error::Result;
use crate::types::id::Id;

/// Clocks that differ by no more than this count as one clock.
pub(super) const ONE_MOMENT_MS: i64 = 10_000;

/// The knowledge that one engine on a server has of the audit log.
#[derive(Default)]
pub(super) struct EventLog {
    /// The newest id that it wrote.
    newest: Mutex<Option<Id>>,
    /// Whether the engine's role may add events, but neither change nor delete them.
    is_append_only: AtomicBool,
}

impl EventLog {
    /// The id of the next event.
    pub(super) fn next(&self, now_ms: i64) -> Result<Id> {
        let mut newest = lock(&self.newest);
        let id = after(*newest, now_ms)?;
        *newest = Some(id);
        Ok(id)
    }

    pub(super) fn is_append_only(&self) -> bool {
        self.is_append_only.load(Ordering::Relaxed)
    }

    #[cfg(feature = "postgres")]
    pub(super) fn set_append_only(&self, is_append_only: bool) {
        self.is_append_only.store(is_append_only, Ordering::Relaxed);
    }
}

/// Makes a new id (RFC 9562 section 6.2), above the newest unless the clock was set.
pub(super) fn after(newest: Option<Id>, now_ms: i64) -> Result<Id> {
    let id = Id::new(now_ms)?;
    Ok(match newest {
        Some(newest) if id <= newest && newest.unix_ms() - now_ms < ONE_MOMENT_MS => newest.next(),
        _ => id,
    })
}
