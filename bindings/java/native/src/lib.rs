//! The native half of the Java binding: it opens engines and runs operations, with bytes of UTF-8 in and out.
//! `io.doorward.Native` declares these functions, and guarantees that a handle lives as long as its calls.

mod hooks;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use doorward::{Code, Config, Engine, Error, Result, VerifyRequest, contain};
use jni::errors::ThrowRuntimeExAndDefault;
use jni::objects::{JByteArray, JClass, JLongArray, JObject};
use jni::sys::{jint, jlong};
use jni::{Env, EnvUnowned};

use crate::hooks::Hooks;

/// An engine of Java. Closing it does not end the handle, because other threads may still hold its address.
struct Handle {
    is_closed: AtomicBool,
    open: RwLock<Option<Engine>>,
}

impl Handle {
    fn with<T>(&self, f: impl FnOnce(&Engine) -> Result<T>) -> Result<T> {
        if self.is_closed.load(Ordering::Acquire) {
            return Err(Code::EngineClosed.into());
        }
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        f(open.as_ref().ok_or(Error::from(Code::EngineClosed))?)
    }
}

/// Bytes that are wiped when they are dropped: as a whole, because the crate zeroize writes one after the other.
struct Wiped(Vec<u8>);

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.fill(0);
        // Keeps the compiler from removing the write, which is never read.
        std::hint::black_box(&mut self.0);
    }
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_doorward_Native_abi(_: EnvUnowned<'_>, _: JClass<'_>) -> jint {
    doorward::ABI.cast_signed()
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_doorward_Native_describe<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
) -> JByteArray<'local> {
    env.with_env(|env| answer(env, || Ok(doorward::describe().to_string())))
        .resolve::<ThrowRuntimeExAndDefault>()
}

/// Opens an engine, and writes its handle into `handle`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_doorward_Native_open<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    config: JByteArray<'local>,
    hooks: JObject<'local>,
    handle: JLongArray<'local>,
) -> JByteArray<'local> {
    env.with_env(|env| {
        let config = Wiped(env.convert_byte_array(&config)?);
        let hooks = Hooks::new(env, &hooks)?;
        let mut opened = None;
        let body = answer(env, || {
            let config = text(&config.0).map(|text| if text.is_empty() { "{}" } else { text })?;
            opened = Some(Engine::open(Config::parse(config)?, hooks.of_engine())?);
            Ok("{}".to_owned())
        })?;
        if let Some(engine) = opened {
            let own = Handle { is_closed: AtomicBool::new(false), open: RwLock::new(Some(engine)) };
            handle.set_region(env, 0, &[Box::into_raw(Box::new(own)) as jlong])?;
        }
        Ok::<_, jni::errors::Error>(body)
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// Runs the operation with this name.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_doorward_Native_call<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    handle: jlong,
    operation: JByteArray<'local>,
    request: JByteArray<'local>,
) -> JByteArray<'local> {
    env.with_env(|env| {
        let operation = env.convert_byte_array(&operation)?;
        let request = Wiped(env.convert_byte_array(&request)?);
        // SAFETY: Java calls with the handle of an engine that it has not released.
        let handle = unsafe { handle_of(handle) };
        answer(env, || handle.with(|engine| engine.call(text(&operation)?, text(&request.0)?)))
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// Verifies an access token. Writes the claims over it, with spaces behind them, and returns null; or returns an
/// answer, if the token is refused or has no room for them.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_doorward_Native_verify<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    handle: jlong,
    token: JByteArray<'local>,
) -> JByteArray<'local> {
    let (raw, array) = (env.as_raw(), token.as_raw());
    // SAFETY: the environment and the array are those of this call. The methods of the crate ask four times whether
    // an exception was thrown, which takes longer than the copies.
    let length = unsafe { ((**raw).v1_1.GetArrayLength)(raw, array) };
    let mut bytes = Wiped(vec![0; usize::try_from(length).unwrap_or_default()]);
    // SAFETY: as above, and the array has this length.
    unsafe { ((**raw).v1_1.GetByteArrayRegion)(raw, array, 0, length, bytes.0.as_mut_ptr().cast()) };
    // SAFETY: as above.
    let handle = unsafe { handle_of(handle) };
    let verified = guarded(|| {
        let request = VerifyRequest::new(text(&bytes.0)?);
        handle.with(|engine| match engine.verify_at_once(&request)? {
            Some(claims) => Ok(claims),
            None => engine.verify(request),
        })
    });
    match &verified {
        Ok(claims) if claims.as_str().len() <= bytes.0.len() => {
            let (begin, end) = bytes.0.split_at_mut(claims.as_str().len());
            begin.copy_from_slice(claims.as_str().as_bytes());
            end.fill(b' ');
            // SAFETY: as above. A hook may have left an exception, with which nothing may be written; Java throws it.
            if unsafe { ((**raw).v1_2.ExceptionCheck)(raw) } {
                return JByteArray::null();
            }
            // SAFETY: as above.
            unsafe { ((**raw).v1_1.SetByteArrayRegion)(raw, array, 0, length, bytes.0.as_ptr().cast()) };
            JByteArray::null()
        }
        _ => {
            let answer = verified.map(|claims| claims.as_str().to_owned());
            env.with_env(|env| answered(env, answer)).resolve::<ThrowRuntimeExAndDefault>()
        }
    }
}

/// Closes the engine: waits for calls in progress. Inside a hook the engine only stops answering.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_doorward_Native_close(_: EnvUnowned<'_>, _: JClass<'_>, handle: jlong) {
    // SAFETY: as above.
    close(unsafe { handle_of(handle) });
}

/// Closes the engine and releases the handle, which is used no more.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_doorward_Native_release(_: EnvUnowned<'_>, _: JClass<'_>, handle: jlong) {
    // SAFETY: Java releases a handle once, when nothing refers to its engine.
    let handle = unsafe { Box::from_raw(handle as *mut Handle) };
    close(&handle);
}

fn close(handle: &Handle) {
    handle.is_closed.store(true, Ordering::Release);
    if !hooks::is_inside() {
        let open = handle.open.write().unwrap_or_else(PoisonError::into_inner).take();
        let _ = contain(|| {
            drop(open);
            Ok(())
        });
    }
}

/// # Safety
/// The handle came from `open` and is released only after `'a`.
unsafe fn handle_of<'a>(handle: jlong) -> &'a Handle {
    // SAFETY: the caller guarantees it.
    unsafe { &*(handle as *const Handle) }
}

/// Runs `f`, unless this thread is inside a hook.
fn guarded<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
    match hooks::is_inside() {
        true => Err(Code::Reentered.into()),
        false => contain(f),
    }
}

/// Runs `f`, and returns the answer.
fn answer<'local>(
    env: &mut Env<'local>,
    f: impl FnOnce() -> Result<String>,
) -> jni::errors::Result<JByteArray<'local>> {
    answered(env, guarded(f))
}

/// Returns the status in one byte, followed by the body.
fn answered<'local>(
    env: &mut Env<'local>,
    result: Result<String>,
) -> jni::errors::Result<JByteArray<'local>> {
    let (status, body) = match result {
        Ok(body) => (0, Wiped(body.into_bytes())),
        Err(error) => (error.status() as i8, Wiped(error.to_json().into_bytes())),
    };
    let bytes = JByteArray::new(env, body.0.len() + 1)?;
    bytes.set_region(env, 0, &[status])?;
    bytes.set_region(env, 1, signed(&body.0))?;
    Ok(bytes)
}

/// Returns the bytes as Java has them.
fn signed(bytes: &[u8]) -> &[i8] {
    // SAFETY: both types are one byte, and every byte is a value of both.
    unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len()) }
}

fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| Code::InvalidUtf8.into())
}
