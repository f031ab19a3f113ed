//! The outcome of a transaction that commits in either case.

use crate::error::{Error, Result};

/// The outcome of a transaction that commits in either case, because a refusal, too, has been counted or has
/// ended a session. An error rolls the transaction back instead.
#[must_use]
pub(crate) enum Step<T> {
    Done(T),
    Refused(Error),
}

impl<T> Step<T> {
    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> Step<U> {
        match self {
            Step::Done(value) => Step::Done(f(value)),
            Step::Refused(error) => Step::Refused(error),
        }
    }

    /// Returns the outcome to the caller, after the transaction.
    pub(crate) fn result(self) -> Result<T> {
        match self {
            Step::Done(value) => Ok(value),
            Step::Refused(error) => Err(error),
        }
    }
}
