//! Watching long work: copies, and checks of whole files.

use std::sync::Arc;

use super::tx::Tx;
use crate::error::Result;

/// Called during long work with its name, the amount done, and the total, which is 0 if it is unknown. The
/// work goes on while this returns `true`.
pub type Watch = Arc<dyn Fn(&'static str, u64, u64) -> bool + Send + Sync>;

/// The result of checking a whole store.
pub(crate) enum Checked {
    Whole,
    /// The check was ended early. It had found no fault.
    InPart,
    /// A fault, in the store's words.
    Damaged(String),
    /// The store cannot be checked: its server does that.
    Nothing,
}

/// Reads the contents of a copy.
pub(crate) type Look<'l> = &'l mut dyn FnMut(&mut Tx) -> Result<()>;
