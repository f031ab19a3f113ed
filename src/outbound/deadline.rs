//! The end of the time that one call may spend on a service.

use std::time::{Duration, Instant};

use crate::error::{Code, Error, Result};

/// When the exchanges of a call must be over, however many there are.
#[derive(Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// Returns the deadline of a call that begins now.
    pub fn after(time: Duration) -> Deadline {
        Deadline(Instant::now() + time)
    }

    /// Returns the time that is left. Failure: `auth_service_unavailable`, if none is.
    pub fn left(self) -> Result<Duration> {
        match self.0.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(Error::new(Code::AuthServiceUnavailable, "timeout")),
            left => Ok(left),
        }
    }
}
