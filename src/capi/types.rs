//! The types of the C ABI's signatures.

#![expect(non_camel_case_types, reason = "these are the names of the header")]

use std::ffi::{c_char, c_void};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, RwLock};

use crate::engine::Engine;
use crate::types::spread::Spread;

/// The version of this ABI, which is also the number in the soname. Compare it with doorward_abi() after
/// loading.
pub const DOORWARD_ABI: u32 = 1;

/// The class of an outcome: `status & 0xff`; the upper bits are reserved. The body's `code` is more specific.
pub type doorward_status = i32;

/// Level of a log record: a bug was contained.
pub const DOORWARD_LOG_ERROR: i32 = 1;
/// Level of a log record: the operator should act.
pub const DOORWARD_LOG_WARN: i32 = 2;
/// Level of a log record: an operation was refused.
pub const DOORWARD_LOG_INFO: i32 = 3;

/// An open engine. Any number of threads may use it at once.
pub struct doorward_engine {
    pub(super) is_closed: AtomicBool,
    /// How often the process had been forked when the engine was opened.
    pub(super) forks: u32,
    /// A call holds the lock of its thread; closing takes all of them.
    pub(super) open: Spread<RwLock<Option<Arc<Engine>>>>,
}

/// Callbacks supplied by the host. Every function is optional (NULL), may be called from any thread that
/// calls the engine, must not call back into the library (that gets MISUSE, code `reentered`), and must
/// neither throw nor jump out.
#[repr(C)]
pub struct doorward_hooks {
    /// The caller's sizeof(doorward_hooks). Later versions add members at the end only.
    pub struct_size: usize,
    /// Passed to every function below.
    pub context: *mut c_void,
    /// Receives log records: a level, and a JSON object that is valid until the function returns. They
    /// contain no secrets.
    pub log: Option<unsafe extern "C" fn(context: *mut c_void, level: i32, json: *const c_char)>,
    /// Returns the time in Unix milliseconds, for tests that move time. NULL: the machine's clock.
    pub now_ms: Option<unsafe extern "C" fn(context: *mut c_void) -> i64>,
    /// Called once, after the last call of any other hook: when the engine was closed, or before
    /// doorward_open returns without one. Not called if struct_size is not set.
    pub destroy: Option<unsafe extern "C" fn(context: *mut c_void)>,
}

/// A member of a JSON object, or an item of a list, for doorward_object and doorward_list. Made by
/// DOORWARD_TEXT and the functions beside it.
#[repr(C)]
pub struct doorward_member {
    /// The member's name. Not read in a list.
    pub name: *const c_char,
    /// DOORWARD_IS_TEXT, DOORWARD_IS_JSON: `length` bytes of UTF-8, borrowed.
    pub text: *const c_char,
    /// The number of bytes in `text`.
    pub length: usize,
    /// DOORWARD_IS_INTEGER: the number. DOORWARD_IS_BOOLEAN: 0 is false, any other number true.
    pub integer: i64,
    /// The member's kind: DOORWARD_IS_TEXT or another.
    pub kind: i32,
}

/// Kind of a member: a text.
pub const DOORWARD_IS_TEXT: i32 = 1;
/// Kind of a member: JSON, from a builder, from doorward_value, or received as a whole.
pub const DOORWARD_IS_JSON: i32 = 2;
/// Kind of a member: an integer.
pub const DOORWARD_IS_INTEGER: i32 = 3;
/// Kind of a member: true or false.
pub const DOORWARD_IS_BOOLEAN: i32 = 4;
/// Kind of a member: left out.
pub const DOORWARD_IS_ABSENT: i32 = 5;

/// A handle may be used from any thread at any time.
const _: () = {
    const fn assert_shared<T: Send + Sync>() {}
    assert_shared::<doorward_engine>();
};
