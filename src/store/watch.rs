//! Watching what takes long: copies, and checks of whole files.

use std::sync::Arc;

use super::tx::Tx;
use crate::error::Result;

/// Called while something takes long, with its name, how much of it is done, and the whole; the whole is 0
/// where it is not known. The work goes on while this returns `true`.
pub type Watch = Arc<dyn Fn(&'static str, u64, u64) -> bool + Send + Sync>;

/// The result of checking a whole store.
pub(crate) enum Checked {
    Whole,
    /// The check was ended early. It found no fault until then.
    InPart,
    /// A fault, in the store's words.
    Damaged(String),
    /// The store is not checked: its server does that.
    Nothing,
}

/// Reads what is in a copy.
pub(crate) type Look<'l> = &'l mut dyn FnMut(&mut Tx) -> Result<()>;
