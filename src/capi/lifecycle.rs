//! Version, description, and the lifecycle of an engine.

use std::ffi::c_char;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::boundary::{answer, boundary, forks, free, hooks as host_hooks, in_hook, text, watch_forks};
use super::types::{DOORWARD_ABI, doorward_engine, doorward_hooks, doorward_status};
use crate::config::Config;
use crate::contain::contain;
use crate::engine::Engine;
use crate::error::{Code, Error};
use crate::operations;
use crate::types::spread::Spread;

/// The ABI version of the loaded library: DOORWARD_ABI of the header that it was built with.
#[unsafe(no_mangle)]
pub extern "C" fn doorward_abi() -> u32 {
    DOORWARD_ABI
}

/// The version of the loaded library, such as "0.1.0". A static text: do not free it.
#[unsafe(no_mangle)]
pub extern "C" fn doorward_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Describes the library: operations with the JSON Schemas of their requests and responses, statuses, codes,
/// the schema of the configuration, features.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_describe(response: *mut *mut c_char) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { answer(response, || Ok(operations::describe::describe().to_string())) }
}

/// Opens an engine. `config` is a JSON object; NULL or "" means {}. `hooks` may be NULL; it is copied. With
/// DOORWARD_OK `*engine` is the caller's until doorward_release, and `*response` is {}. Otherwise `*engine`
/// is NULL, and `*response` says why. In either case `hooks->destroy` is called once, unless `struct_size` is
/// not set.
///
/// Codes: invalid_json, invalid_config, feature_not_built, wrong_secret_key, schema_too_new,
/// store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_open(
    config: *const c_char,
    hooks: *const doorward_hooks,
    engine: *mut *mut doorward_engine,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe {
        // Taken over first, so that `destroy` is called in every case.
        let hooks = host_hooks(hooks);
        let mut engine = engine.as_mut();
        if let Some(engine) = &mut engine {
            **engine = std::ptr::null_mut();
        }
        answer(response, || {
            let engine = engine.ok_or(Error::new(Code::NullArgument, "engine"))?;
            let config = text(config, "config")?.filter(|config| !config.is_empty()).unwrap_or("{}");
            let open = Arc::new(Engine::open(Config::parse(config)?, hooks?)?);
            watch_forks();
            *engine = Box::into_raw(Box::new(doorward_engine {
                is_closed: AtomicBool::new(false),
                forks: forks(),
                open: Spread::new(|| RwLock::new(Some(Arc::clone(&open)))),
            }));
            Ok("{}".to_owned())
        })
    }
}

/// Runs the operation of this name. `request` is a JSON object; NULL or "" means {}. `*response` is written
/// in every case and is the caller's until doorward_free.
///
/// Codes: unknown_operation, and those of the operation.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_call(
    engine: *const doorward_engine,
    operation: *const c_char,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe {
        boundary(engine, response, |engine| {
            let operation =
                text(operation, "operation")?.ok_or(Error::new(Code::NullArgument, "operation"))?;
            engine.call(operation, text(request, "request")?.unwrap_or_default())
        })
    }
}

/// Closes the engine: waits for calls in progress, closes the store, calls the destroy hook. Later calls get
/// MISUSE, code `engine_closed`. May be called from any thread and more than once; the handle stays valid
/// until doorward_release. In a forked child nothing is closed, because the store is the parent's. Called
/// from inside a hook, the engine only stops answering; it is closed when it is released.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_close(engine: *const doorward_engine) {
    // SAFETY: the header's rules.
    let Some(engine) = (unsafe { engine.as_ref() }) else { return };
    engine.is_closed.store(true, Ordering::Release);
    if engine.forks == forks() && !in_hook() {
        let take =
            |open: &RwLock<Option<Arc<Engine>>>| open.write().unwrap_or_else(PoisonError::into_inner).take();
        let open: Vec<_> = engine.open.all().map(take).collect();
        let _ = contain(|| {
            drop(open);
            Ok(())
        });
    }
}

/// Releases the handle, once, after its last use; closes the engine first if necessary. In a forked child,
/// and from inside a hook, the memory is left to the process instead.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_release(engine: *mut doorward_engine) {
    // SAFETY: by the header's rules the handle came from doorward_open and is no longer used.
    unsafe {
        doorward_close(engine);
        if engine.as_ref().is_some_and(|engine| engine.forks == forks()) && !in_hook() {
            drop(Box::from_raw(engine));
        }
    }
}

/// Wipes and frees a response. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_free(response: *mut c_char) {
    // SAFETY: the header's rules.
    unsafe { free(response) }
}
