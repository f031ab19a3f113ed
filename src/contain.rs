//! Contains bugs of this library: a panic becomes the failure `internal`, and its message, which may contain
//! a secret, is not printed.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::error::{Code, Error, Result};

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
    /// The place of the last contained panic, the only fact about it that may be reported.
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// Runs `f`; a panic inside becomes `internal`. Bindings wrap every call in this.
pub fn contain<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| match CONTAINED.get() {
            true => PLACE.set(info.location().map(|place| format!("{}:{}", place.file(), place.line()))),
            false => hook(info),
        }));
    });
    let outer = CONTAINED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    CONTAINED.set(outer);
    result.unwrap_or_else(|panic| {
        // A payload whose drop panics must not escape either.
        std::mem::forget(panic);
        Err(Error::new(Code::Internal, format!("panic at {}", PLACE.take().unwrap_or_default())))
    })
}
