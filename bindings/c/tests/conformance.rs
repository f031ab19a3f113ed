//! Runs tests/conformance/*.json through the C ABI, by `doorward_call` and by the named functions. The responses must have the shape of those of `Engine::call`. Each call runs on a thread with a
//! small stack.

use std::ffi::{CStr, CString, c_char, c_void};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use doorward::capi::{doorward_engine, doorward_hooks, doorward_status};
use libloading::Library;
use serde_json::Value;

use scenarios::{DESCRIPTION, Door, InProcess, Way, array};
use stores::Store;

#[path = "../../../tests/scenarios/mod.rs"]
mod scenarios;
#[path = "../../../tests/stores/mod.rs"]
mod stores;
#[path = "../../../tests/totp/mod.rs"]
mod totp;

#[test]
fn every_way_gives_the_same_truth() {
    let library = library();
    scenarios::each(|scenario| {
        let shapes = scenarios::run(scenario, &InProcess, &Store::sqlite())?;
        for named in [false, true] {
            let by = if named { "the named functions" } else { "doorward_call" };
            match scenarios::run(scenario, &Abi { library: &library, named }, &Store::sqlite()) {
                Ok(same) if same == shapes => {}
                Ok(_) => return Err(format!("{by}: the answers have another shape")),
                Err(failure) => return Err(format!("{by}: {failure}")),
            }
        }
        Ok(())
    });
}

/// The shared library that was built with this test.
struct Abi<'a> {
    library: &'a Library,
    /// Whether each operation is called by its own function.
    named: bool,
}

struct Handle<'a> {
    abi: &'a Abi<'a>,
    engine: *mut doorward_engine,
}

type Open = unsafe extern "C" fn(
    *const c_char,
    *const doorward_hooks,
    *mut *mut doorward_engine,
    *mut *mut c_char,
) -> doorward_status;
type Call = unsafe extern "C" fn(
    *const doorward_engine,
    *const c_char,
    *const c_char,
    *mut *mut c_char,
) -> doorward_status;
type Named = unsafe extern "C" fn(*const doorward_engine, *const c_char, *mut *mut c_char) -> doorward_status;

impl Way for Abi<'_> {
    fn open(&self, config: &str, clock: &Arc<AtomicI64>) -> Result<Box<dyn Door + '_>, (i32, String)> {
        unsafe extern "C" fn now_ms(context: *mut c_void) -> i64 {
            unsafe { &*context.cast::<AtomicI64>() }.load(Ordering::SeqCst)
        }
        unsafe extern "C" fn destroy(context: *mut c_void) {
            drop(unsafe { Arc::from_raw(context.cast::<AtomicI64>()) });
        }
        let hooks = doorward_hooks {
            struct_size: size_of::<doorward_hooks>(),
            context: Arc::into_raw(Arc::clone(clock)).cast_mut().cast(),
            log: None,
            now_ms: Some(now_ms),
            destroy: Some(destroy),
        };
        let config = CString::new(config).unwrap();
        let mut engine = std::ptr::null_mut();
        let (status, body) = self.answer(|response| unsafe {
            self.symbol::<Open>("open")(config.as_ptr(), &hooks, &mut engine, response)
        });
        assert_eq!(status == 0, !engine.is_null());
        if status == 0 { Ok(Box::new(Handle { abi: self, engine })) } else { Err((status, body)) }
    }
}

impl Abi<'_> {
    fn symbol<T: Copy>(&self, name: &str) -> T {
        *unsafe { self.library.get::<T>(format!("doorward_{name}").as_bytes()) }.unwrap()
    }

    fn answer(&self, call: impl FnOnce(*mut *mut c_char) -> doorward_status) -> (i32, String) {
        let mut response = std::ptr::null_mut();
        let status = on_a_small_stack(|| call(&mut response));
        let body = unsafe { CStr::from_ptr(response) }.to_str().unwrap().to_owned();
        unsafe { self.symbol::<unsafe extern "C" fn(*mut c_char)>("free")(response) };
        (status, body)
    }
}

impl Door for Handle<'_> {
    fn call(&self, operation: &str, request: &str) -> (i32, String) {
        let request = CString::new(request).unwrap();
        let is_known = |row: &Value| row["name"] == operation;
        let named = self.abi.named && array(&DESCRIPTION["operations"]).iter().any(is_known);
        self.abi.answer(|response| match named {
            true => unsafe { self.abi.symbol::<Named>(operation)(self.engine, request.as_ptr(), response) },
            false => {
                let operation = CString::new(operation).unwrap();
                let call = self.abi.symbol::<Call>("call");
                unsafe { call(self.engine, operation.as_ptr(), request.as_ptr(), response) }
            }
        })
    }
}

impl Drop for Handle<'_> {
    fn drop(&mut self) {
        unsafe { self.abi.symbol::<unsafe extern "C" fn(*mut doorward_engine)>("release")(self.engine) }
    }
}

/// Runs a call on a thread with a stack of 128 KiB, as with musl; an unoptimized library gets more.
fn on_a_small_stack(call: impl FnOnce() -> doorward_status) -> doorward_status {
    /// The caller waits for the thread, so the borrowed data stay valid and only one thread uses them at a
    /// time.
    struct Lent<T>(T);
    unsafe impl<T> Send for Lent<T> {}
    impl<T: FnOnce() -> doorward_status> Lent<T> {
        fn call(self) -> doorward_status {
            (self.0)()
        }
    }
    let lent = Lent(call);
    let is_optimized = shipped().is_some_and(|file| file.components().any(|part| part.as_os_str() == "dist"));
    let kib = if is_optimized { 128 } else { 512 };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(kib * 1024);
        thread.spawn_scoped(scope, move || lent.call()).unwrap().join().unwrap()
    })
}

/// Loads the library that `make test` names, as it is shipped, or else that of `cargo build --package
/// doorward-c`, which Cargo does not build with the tests.
fn library() -> Library {
    let built = || std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("libdoorward.so");
    let file = shipped().unwrap_or_else(built);
    unsafe { Library::new(&file) }.unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn shipped() -> Option<PathBuf> {
    std::env::var_os("DOORWARD_LIBRARY").map(PathBuf::from)
}
