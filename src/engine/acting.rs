//! Who acts, where it is not the account itself: an administrator of the host, somebody at a shell. The operations that
//! are called on another's behalf take it as `actor`, and every event of the call keeps it.

use std::cell::RefCell;

use crate::user::Actor;

thread_local! {
    /// Who acts in the call that this thread runs.
    static ACTOR: RefCell<Option<Actor>> = const { RefCell::new(None) };
}

/// Runs `f`, in which operations are called, or a store is opened or restored, on behalf of the `actor`: the events of
/// that keep it. For hosts in Rust; in JSON it is the member `actor` of the requests that have one.
pub fn acting<T>(actor: Option<Actor>, f: impl FnOnce() -> T) -> T {
    let _restored = Restored(ACTOR.replace(actor));
    f()
}

/// Whoever acted before the call acts after it, however it ends.
struct Restored(Option<Actor>);

impl Drop for Restored {
    fn drop(&mut self) {
        ACTOR.set(self.0.take());
    }
}

/// Who acts in this call.
pub(crate) fn actor() -> Option<Actor> {
    ACTOR.with_borrow(Clone::clone)
}
