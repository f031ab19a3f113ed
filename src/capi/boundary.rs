//! The guards around every entry point, and the only code that touches the caller's memory.

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::{MaybeUninit, size_of};
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Once, PoisonError};

use zeroize::Zeroizing;

use super::statuses::DOORWARD_OK;
use super::types::{doorward_engine, doorward_hooks, doorward_status};
use crate::clock::Clock;
use crate::contain::contain;
use crate::engine::{Engine, Hooks, Level};
use crate::error::{Code, Error, Result};
use crate::operations::Operation;

thread_local! {
    /// Whether this thread is inside a hook.
    static IN_HOOK: Cell<bool> = const { Cell::new(false) };
}

/// How many forks led to this process since the first call. One number for the process, because a fork concerns
/// all of it.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// Runs `f` on the open engine and writes `*response`. Returns the status of what was written.
///
/// # Safety
/// The pointers must satisfy the header's rules.
pub(super) unsafe fn boundary(
    engine: *const doorward_engine,
    response: *mut *mut c_char,
    f: impl FnOnce(&Engine) -> Result<String>,
) -> doorward_status {
    // SAFETY: by the header's rule the pointer is NULL or a handle that was not released.
    let engine = unsafe { engine.as_ref() };
    // SAFETY: the caller of this function guarantees it.
    unsafe {
        answer(response, || {
            let engine = engine.ok_or_else(|| Error::new(Code::NullArgument, "engine"))?;
            if engine.forks != forks() {
                return Err(Code::Forked.into());
            }
            if engine.is_closed.load(Ordering::Acquire) {
                return Err(Code::EngineClosed.into());
            }
            let open = engine.open.own().read().unwrap_or_else(PoisonError::into_inner);
            f(open.as_ref().ok_or_else(|| Error::from(Code::EngineClosed))?)
        })
    }
}

/// Runs an operation of the table with the caller's request.
///
/// # Safety
/// The pointers must satisfy the header's rules.
pub(super) unsafe fn run(
    operation: &Operation,
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the caller of this function guarantees it.
    unsafe {
        boundary(engine, response, |engine| {
            engine.run(operation, text(request, "request")?.unwrap_or_default())
        })
    }
}

/// Runs `f` and writes `*response`, for entries that need no engine.
///
/// # Safety
/// `response` is NULL or may be written.
pub(super) unsafe fn answer(
    response: *mut *mut c_char,
    f: impl FnOnce() -> Result<String>,
) -> doorward_status {
    // SAFETY: by the header's rule the pointer is NULL or writable.
    let Some(response) = (unsafe { response.as_mut() }) else {
        return Code::NullArgument.status() as doorward_status;
    };
    let result = match IN_HOOK.get() {
        true => Err(Code::Reentered.into()),
        false => contain(f),
    };
    let (status, body) = match result {
        Ok(body) => (DOORWARD_OK, body),
        Err(error) => (error.status() as doorward_status, error.to_json()),
    };
    *response = handed_over_whole(body);
    status
}

/// Hands over a text as [`handed_over`] does: without a copy, if it has room for the NUL and no more.
fn handed_over_whole(text: String) -> *mut c_char {
    match text.capacity() == text.len() + 1 {
        true => without_nul(text.into_bytes()).into_raw(),
        false => handed_over(&Zeroizing::new(text)),
    }
}

/// Ends the bytes with a NUL. If there were another, which JSON has not, the answer would be an empty text. C's strlen
/// looks for it, because the standard library's search was a tenth of the time of a verified token.
fn without_nul(mut bytes: Vec<u8>) -> CString {
    bytes.push(0);
    // SAFETY: the bytes end in NUL.
    let end = unsafe { CStr::from_ptr(bytes.as_ptr().cast()) }.count_bytes();
    match end + 1 == bytes.len() {
        // SAFETY: the only NUL is the last byte.
        true => unsafe { CString::from_vec_with_nul_unchecked(bytes) },
        false => CString::default(),
    }
}

/// Copies a text without NUL, such as JSON, for the caller to release with `doorward_free`. It allocates
/// once, so that no other copy of a token is left behind.
pub(super) fn handed_over(text: &str) -> *mut c_char {
    let mut bytes = Vec::with_capacity(text.len() + 1);
    bytes.extend_from_slice(text.as_bytes());
    without_nul(bytes).into_raw()
}

/// Returns the caller's text; none for NULL.
///
/// # Safety
/// `text` is NULL, or ends in NUL and does not change during `'a`.
pub(super) unsafe fn text<'a>(text: *const c_char, name: &'static str) -> Result<Option<&'a str>> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller of this function guarantees it.
    match unsafe { CStr::from_ptr(text) }.to_str() {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(Error::new(Code::InvalidUtf8, name)),
    }
}

/// Wipes a response and frees its memory.
///
/// # Safety
/// `response` is NULL or came from [`answer`] and was not freed.
pub(super) unsafe fn free(response: *mut c_char) {
    if !response.is_null() {
        // SAFETY: the caller of this function guarantees it.
        let mut bytes = unsafe { CString::from_raw(response) }.into_bytes();
        bytes.fill(0);
        // Keeps the compiler from removing the write, which is never read.
        std::hint::black_box(&mut bytes);
    }
}

/// Returns how many forks led to this process since the first call.
pub(super) fn forks() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

/// Starts counting forks.
pub(super) fn watch_forks() {
    static ONCE: Once = Once::new();
    extern "C" fn in_child() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
    ONCE.call_once(|| {
        #[cfg(unix)]
        // SAFETY: `in_child` is a function of this library, which is never unloaded, and it does only what is
        // async-signal-safe.
        unsafe {
            libc::pthread_atfork(None, None, Some(in_child));
        }
    });
}

/// Whether this thread is inside a hook.
pub(super) fn in_hook() -> bool {
    IN_HOOK.get()
}

/// The host's hooks. They are destroyed together with the last closure that can call one.
struct Host(doorward_hooks);

// SAFETY: the header requires hooks to be callable from any thread.
unsafe impl Send for Host {}
// SAFETY: as above.
unsafe impl Sync for Host {}

impl Host {
    fn call<T>(&self, hook: impl FnOnce(*mut c_void) -> T) -> T {
        let outer = IN_HOOK.replace(true);
        let value = hook(self.0.context);
        IN_HOOK.set(outer);
        value
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(destroy) = self.0.destroy {
            // SAFETY: the header's rules for the function and its context.
            self.call(|context| unsafe { destroy(context) });
        }
    }
}

/// Copies the caller's hooks; members beyond its `struct_size` are NULL.
///
/// # Safety
/// `hooks` is NULL or points to a structure of `struct_size` bytes.
pub(super) unsafe fn hooks(hooks: *const doorward_hooks) -> Result<Hooks> {
    if hooks.is_null() {
        return Ok(Hooks::default());
    }
    let mut own = MaybeUninit::<doorward_hooks>::zeroed();
    // SAFETY: the caller's structure begins with `struct_size`, and no more is read than both sides have; all
    // zeros is a valid `doorward_hooks`.
    let own = unsafe {
        let size = (*hooks).struct_size.min(size_of::<doorward_hooks>());
        ptr::copy_nonoverlapping(hooks.cast::<u8>(), own.as_mut_ptr().cast::<u8>(), size);
        own.assume_init()
    };
    if own.struct_size < size_of::<usize>() + size_of::<*mut c_void>() {
        return Err(Error::new(Code::InvalidConfig, "hooks: struct_size is not set"));
    }
    let now_ms = own.now_ms;
    let log = own.log;
    let host = Arc::new(Host(own));
    Ok(Hooks {
        clock: match now_ms {
            Some(now_ms) => {
                let host = Arc::clone(&host);
                // SAFETY: the header's rules for the function and its context.
                Clock::custom(move || host.call(|context| unsafe { now_ms(context) }))
            }
            None => Clock::system(),
        },
        // Even without a log hook the closure owns the host, so that `destroy` is called at the end.
        log: Some(Box::new(move |level: Level, record: &str| {
            if let (Some(log), Ok(record)) = (log, CString::new(record)) {
                // SAFETY: as above; `record` lives until the hook returns.
                host.call(|context| unsafe { log(context, level as i32, record.as_ptr()) });
            }
        })),
    })
}
