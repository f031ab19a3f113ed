//! What appears in signatures.

#![allow(non_camel_case_types)]

use std::ffi::{c_char, c_void};
use std::sync::RwLock;
use std::sync::atomic::AtomicBool;

use crate::engine::Engine;

/// The version of this ABI, the number in the soname. Compare with doorward_abi() after loading.
pub const DOORWARD_ABI: u32 = 1;

/// The class of an outcome: `status & 0xff`; the upper bits are reserved. The body's `code` says more.
pub type doorward_status = i32;

/// Level of a log record: a bug was contained.
pub const DOORWARD_LOG_ERROR: i32 = 1;
/// Level of a log record: something the operator should see to.
pub const DOORWARD_LOG_WARN: i32 = 2;
/// Level of a log record: a refusal.
pub const DOORWARD_LOG_INFO: i32 = 3;

/// An open engine. Any number of threads may use it at once.
pub struct doorward_engine {
    pub(super) is_closed: AtomicBool,
    /// How often the process had been forked when the engine was opened.
    pub(super) forks: u32,
    pub(super) open: RwLock<Option<Engine>>,
}

/// What the host lends to an engine. Every function is optional (NULL), may be called from any thread
/// that calls the engine, must not call back into the library (that gets MISUSE, code `reentered`),
/// and must neither throw nor jump out.
#[repr(C)]
pub struct doorward_hooks {
    /// sizeof(doorward_hooks) of the caller. Later versions add members at the end only.
    pub struct_size: usize,
    /// Handed to every function below.
    pub context: *mut c_void,
    /// Receives log records: a level, and a JSON object that lives until it returns. Never a secret.
    pub log: Option<unsafe extern "C" fn(context: *mut c_void, level: i32, json: *const c_char)>,
    /// The time in Unix milliseconds, for tests that travel. NULL: the machine's clock.
    pub now_ms: Option<unsafe extern "C" fn(context: *mut c_void) -> i64>,
    /// Called once, when no other hook will be called any more: after the engine was closed, or
    /// before doorward_open returns without one. Not where struct_size is not set.
    pub destroy: Option<unsafe extern "C" fn(context: *mut c_void)>,
}

/// A member of a JSON object, or an item of a list, for doorward_object and doorward_list. Written by DOORWARD_TEXT and
/// the functions beside it.
#[repr(C)]
pub struct doorward_member {
    /// Its name. Not read in a list.
    pub name: *const c_char,
    /// DOORWARD_IS_TEXT, DOORWARD_IS_JSON: `length` bytes of UTF-8, borrowed.
    pub text: *const c_char,
    /// How many bytes `text` has.
    pub length: usize,
    /// DOORWARD_IS_INTEGER: the number. DOORWARD_IS_BOOLEAN: 0 is false, all else true.
    pub integer: i64,
    /// What it is: DOORWARD_IS_TEXT or another.
    pub kind: i32,
}

/// Kind of a member: a text.
pub const DOORWARD_IS_TEXT: i32 = 1;
/// Kind of a member: JSON, as a builder or doorward_value gave it, or as somebody sent it whole.
pub const DOORWARD_IS_JSON: i32 = 2;
/// Kind of a member: an integer.
pub const DOORWARD_IS_INTEGER: i32 = 3;
/// Kind of a member: true or false.
pub const DOORWARD_IS_BOOLEAN: i32 = 4;
/// Kind of a member: left out.
pub const DOORWARD_IS_ABSENT: i32 = 5;

/// A handle is used from any thread at any time.
const _: () = {
    const fn assert_shared<T: Send + Sync>() {}
    assert_shared::<doorward_engine>();
};
