//! The end of the time that one call may spend on a service.

use std::time::{Duration, Instant};

use crate::error::{Code, Error, Result};

/// When the exchanges of a call must be over, however many there are.
#[derive(Clone, Copy)]
pub struct Deadline {
    end: Instant,
    /// All of the time that the call had.
    whole: Duration,
}

impl Deadline {
    /// Returns the deadline of a call that begins now.
    pub fn after(time: Duration) -> Deadline {
        Deadline { end: Instant::now() + time, whole: time }
    }

    /// Returns whether most of the time is over.
    pub(crate) fn is_late(self) -> bool {
        self.left().map_or(true, |left| left < self.whole / 2)
    }

    /// Returns the deadline of a call that began long ago.
    #[cfg(test)]
    pub(crate) fn late(left: Duration) -> Deadline {
        Deadline { whole: left * 100, ..Deadline::after(left) }
    }

    /// Returns the time that is left. Failure: `auth_service_unavailable`, if none is.
    pub fn left(self) -> Result<Duration> {
        match self.end.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(Error::new(Code::AuthServiceUnavailable, "timeout")),
            left => Ok(left),
        }
    }
}
