//! What stands around every entry, and the only places that touch the caller's memory.

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

/// How often this process is a fork's child. One number for the process, because a fork is.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// Runs `f` on the open engine and writes `*response`; the status is that of what was written.
///
/// # Safety
/// The pointers are as the header asks.
pub(super) unsafe fn boundary(
    engine: *const doorward_engine,
    response: *mut *mut c_char,
    f: impl FnOnce(&Engine) -> Result<String>,
) -> doorward_status {
    // SAFETY: the header's rule: NULL or a handle that was not released.
    let engine = unsafe { engine.as_ref() };
    // SAFETY: as this function's.
    unsafe {
        answer(response, || {
            let engine = engine.ok_or(Error::new(Code::NullArgument, "engine"))?;
            if engine.forks != forks() {
                return Err(Code::Forked.into());
            }
            if engine.is_closed.load(Ordering::Acquire) {
                return Err(Code::EngineClosed.into());
            }
            let open = engine.open.read().unwrap_or_else(PoisonError::into_inner);
            f(open.as_ref().ok_or(Error::from(Code::EngineClosed))?)
        })
    }
}

/// Runs an operation of the table with the caller's request.
///
/// # Safety
/// The pointers are as the header asks.
pub(super) unsafe fn run(
    operation: &Operation,
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: as this function's.
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
    // SAFETY: the header's rule: NULL or writable.
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
    *response = handed_over(&Zeroizing::new(body));
    status
}

/// A copy of a text without NUL, as JSON is, for the caller to give to `doorward_free`. Its memory is taken once: no
/// other copy of a token is left behind.
pub(super) fn handed_over(text: &str) -> *mut c_char {
    let mut bytes = Vec::with_capacity(text.len() + 1);
    bytes.extend_from_slice(text.as_bytes());
    // If there were a NUL, the answer would be an empty text.
    CString::new(bytes).unwrap_or_default().into_raw()
}

/// The text of the caller; NULL is nothing.
///
/// # Safety
/// `text` is NULL or ends in NUL and stays as it is for `'a`.
pub(super) unsafe fn text<'a>(text: *const c_char, name: &'static str) -> Result<Option<&'a str>> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: as this function's.
    match unsafe { CStr::from_ptr(text) }.to_str() {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(Error::new(Code::InvalidUtf8, name)),
    }
}

/// Wipes a response and gives its memory back.
///
/// # Safety
/// `response` is NULL or came from [`answer`] and was not freed.
pub(super) unsafe fn free(response: *mut c_char) {
    if !response.is_null() {
        // SAFETY: as this function's.
        let mut bytes = unsafe { CString::from_raw(response) }.into_bytes();
        bytes.fill(0);
        // The compiler must not see that nobody reads the zeros.
        std::hint::black_box(&mut bytes);
    }
}

/// How often this process is a fork's child, from the first call on.
pub(super) fn forks() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

/// From now on forks are counted.
pub(super) fn watch_forks() {
    static ONCE: Once = Once::new();
    extern "C" fn in_child() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
    ONCE.call_once(|| {
        #[cfg(unix)]
        // SAFETY: `in_child` is a function of this library, which is never unloaded, and does nothing
        // that is not async-signal-safe.
        unsafe {
            libc::pthread_atfork(None, None, Some(in_child));
        }
    });
}

/// Whether this thread is inside a hook.
pub(super) fn in_hook() -> bool {
    IN_HOOK.get()
}

/// The host's hooks. They are destroyed with the last closure that can call one.
struct Host(doorward_hooks);

// SAFETY: the header asks that hooks may be called from any thread.
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
            // SAFETY: the header's rule for the function and its context.
            self.call(|context| unsafe { destroy(context) });
        }
    }
}

/// The hooks of the caller; members that its `struct_size` does not reach are NULL.
///
/// # Safety
/// `hooks` is NULL or points to a structure of `struct_size` bytes.
pub(super) unsafe fn hooks(hooks: *const doorward_hooks) -> Result<Hooks> {
    if hooks.is_null() {
        return Ok(Hooks::default());
    }
    let mut own = MaybeUninit::<doorward_hooks>::zeroed();
    // SAFETY: the caller's structure begins with `struct_size`, of which no more is read than both
    // sides have; all zeros is a valid `doorward_hooks`.
    let own = unsafe {
        let size = (*hooks).struct_size.min(size_of::<doorward_hooks>());
        ptr::copy_nonoverlapping(hooks.cast::<u8>(), own.as_mut_ptr().cast::<u8>(), size);
        own.assume_init()
    };
    if own.struct_size < size_of::<usize>() + size_of::<*mut c_void>() {
        return Err(Error::new(Code::InvalidConfig, "hooks: struct_size is not set"));
    }
    let (now_ms, log) = (own.now_ms, own.log);
    let host = Arc::new(Host(own));
    Ok(Hooks {
        clock: match now_ms {
            Some(now_ms) => {
                let host = Arc::clone(&host);
                // SAFETY: the header's rule for the function and its context.
                Clock::custom(move || host.call(|context| unsafe { now_ms(context) }))
            }
            None => Clock::system(),
        },
        // Without a log hook the closure still owns the host, whose `destroy` is due at the end.
        log: Some(Box::new(move |level: Level, record: &str| {
            if let (Some(log), Ok(record)) = (log, CString::new(record)) {
                // SAFETY: as above; `record` lives until the hook returns.
                host.call(|context| unsafe { log(context, level as i32, record.as_ptr()) });
            }
        })),
    })
}
