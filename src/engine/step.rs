//! What a transaction that is kept comes to.

use crate::error::{Error, Result};

/// The outcome of a transaction that is kept either way: a refusal, too, has been counted or has ended a session. An
/// error takes the transaction back instead.
#[must_use]
pub(crate) enum Step<T> {
    Done(T),
    Refused(Error),
}

impl<T> Step<T> {
    /// The outcome for the caller, after the transaction.
    pub(crate) fn result(self) -> Result<T> {
        match self {
            Step::Done(value) => Ok(value),
            Step::Refused(error) => Err(error),
        }
    }
}
