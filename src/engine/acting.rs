//! The actor of a call, if it is not the account itself: an administrator of the host, or a person at a
//! shell. Operations that are called on another's behalf take it as `actor`, and every event of the call
//! records it.

use std::cell::RefCell;

use crate::types::user::Actor;

thread_local! {
    /// The actor of the call that this thread runs.
    static ACTOR: RefCell<Option<Actor>> = const { RefCell::new(None) };
}

/// Runs `f` on behalf of the `actor`, who is recorded in every event of the operations that `f` calls and of
/// the stores that it opens or restores. For hosts in Rust; JSON requests name the actor in their member
/// `actor`.
///
/// ```
/// # use doorward::*;
/// # let engine = doorward::Engine::open(
/// #     doorward::Config::new().store("sqlite::memory:".parse()?), doorward::Hooks::new())?;
/// acting(Some("support: bob".parse()?), || engine.revoke_all_sessions(RevokeAllSessionsRequest::new()))?;
/// # Ok::<(), doorward::Error>(())
/// ```
pub fn acting<T>(actor: Option<Actor>, f: impl FnOnce() -> T) -> T {
    let _restored = Restored(ACTOR.replace(actor));
    f()
}

/// Restores the previous actor when the call ends, even by a panic.
struct Restored(Option<Actor>);

impl Drop for Restored {
    fn drop(&mut self) {
        ACTOR.set(self.0.take());
    }
}

/// Returns the actor of this call.
pub(crate) fn actor() -> Option<Actor> {
    ACTOR.with_borrow(Clone::clone)
}
