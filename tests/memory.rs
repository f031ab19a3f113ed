//! Memory that the library has freed contains no password, no token and no seed. The allocator of this program
//! keeps every freed block, including reallocated ones, and the test searches them.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::{CString, c_char};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use doorward::capi;
use serde_json::{Value, json};

/// Frees nothing while it keeps blocks.
struct Keeper;

#[global_allocator]
static KEEPER: Keeper = Keeper;

const MOST: usize = 1 << 20;
static KEEPS: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicUsize = AtomicUsize::new(0);
static BLOCKS: [(AtomicUsize, AtomicUsize); MOST] =
    [const { (AtomicUsize::new(0), AtomicUsize::new(0)) }; MOST];

// SAFETY: as `System`, except that nothing is freed. New blocks are zeroed: anything found in one was written
// by its last owner.
unsafe impl GlobalAlloc for Keeper {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as this function's.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if KEEPS.load(Ordering::Relaxed) {
            let index = COUNT.fetch_add(1, Ordering::Relaxed);
            assert!(index < MOST, "more blocks than are kept");
            BLOCKS[index].0.store(block as usize, Ordering::Relaxed);
            BLOCKS[index].1.store(layout.size(), Ordering::Relaxed);
        } else {
            // SAFETY: as this function's.
            unsafe { System.dealloc(block, layout) }
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as this function's; always moved, so that the old block is searched.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                ptr::copy_nonoverlapping(block, moved, size.min(layout.size()));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

/// Returns the end of a secret in the forms that tell it: in UTF-8, and its characters and their distances.
fn forms(secret: &str) -> [Vec<u8>; 3] {
    let text = &secret.as_bytes()[secret.len().saturating_sub(16)..];
    let mut characters: Vec<u32> = secret.chars().map(u32::from).collect();
    characters.drain(..characters.len().saturating_sub(8));
    let distances = characters.windows(2).map(|pair| i64::from(pair[1]) - i64::from(pair[0]));
    let distances = distances.flat_map(i64::to_ne_bytes).collect();
    [text.to_vec(), characters.into_iter().flat_map(u32::to_ne_bytes).collect(), distances]
}

/// Returns the sizes of the freed blocks that contain the end of a secret.
fn found(secret: &str) -> Vec<usize> {
    let forms = forms(secret);
    let blocks = &BLOCKS[..COUNT.load(Ordering::Relaxed)];
    let blocks = blocks.iter().map(|(block, size)| {
        // SAFETY: a block that was kept.
        unsafe {
            std::slice::from_raw_parts(
                block.load(Ordering::Relaxed) as *const u8,
                size.load(Ordering::Relaxed),
            )
        }
    });
    let has = |block: &&[u8]| forms.iter().any(|form| block.windows(form.len()).any(|part| part == form));
    blocks.filter(has).map(<[u8]>::len).collect()
}

struct Host(*mut capi::doorward_engine);

impl Host {
    fn open(config: &Value) -> Host {
        let config = CString::new(config.to_string()).unwrap();
        let mut engine = ptr::null_mut();
        let mut response = ptr::null_mut();
        // SAFETY: the header's rules.
        unsafe {
            assert_eq!(capi::doorward_open(config.as_ptr(), ptr::null(), &mut engine, &mut response), 0);
            capi::doorward_free(response);
        }
        Host(engine)
    }

    /// Calls an operation like a host that wipes its own memory: the remaining copies are the library's.
    fn call(&self, operation: &str, request: &Value) -> Value {
        let operation = CString::new(operation).unwrap();
        let request = CString::new(request.to_string()).unwrap();
        let mut response: *mut c_char = ptr::null_mut();
        KEEPS.store(true, Ordering::Relaxed);
        // SAFETY: the header's rules.
        let status =
            unsafe { capi::doorward_call(self.0, operation.as_ptr(), request.as_ptr(), &mut response) };
        KEEPS.store(false, Ordering::Relaxed);
        // SAFETY: as above.
        let text = unsafe { std::ffi::CStr::from_ptr(response) }.to_str().unwrap().to_owned();
        assert_eq!(status & 0xff, 0, "{operation:?}: {text}");
        KEEPS.store(true, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { capi::doorward_free(response) };
        KEEPS.store(false, Ordering::Relaxed);
        serde_json::from_str(&text).unwrap()
    }
}

#[test]
fn what_is_given_back_holds_no_secret() {
    let password = "seven Wise \"words\" and \u{fc}";
    let other = "eight other \u{e4} words";
    let host =
        Host::open(&json!({"store": "sqlite::memory:", "password": {"memory_kib": 8, "iterations": 1}}));
    let user = json!({"username": "ada", "email": "ada@example.com", "password": password});
    let id = host.call("register", &user)["user"]["id"].clone();
    let login = host.call("login", &json!({"username": "ada", "password": password}));
    let access = &login["access_token"];
    let refresh = &login["refresh_token"];
    host.call("verify", &json!({"token": access}));
    host.call("authenticate", &json!({"token": access}));
    host.call("introspect", &json!({"token": access}));
    host.call("introspect", &json!({"token": refresh}));
    let refreshed = host.call("refresh", &json!({"refresh_token": refresh}));
    let proven = host.call("reauthenticate", &json!({"token": access, "password": password}));
    host.call("change_password", &json!({"user_id": id, "old_password": password, "new_password": other}));
    host.call("check_password", &json!({"password": other}));
    host.call("issue_token", &json!({"claims": {"sub": "x"}}));
    host.call("request_password_reset", &json!({"email": "ada@example.com"}));
    let seed = host.call("setup_totp", &json!({"user_id": id}));
    // Not the password with quotes: serde_json decodes escapes in a buffer of its own, which it does not wipe.
    let mut secrets = vec![other.to_owned()];
    for (reply, name) in [
        (&login, "access_token"),
        (&login, "refresh_token"),
        (&refreshed, "access_token"),
        (&refreshed, "refresh_token"),
        (&proven, "access_token"),
        (&seed, "secret"),
        (&seed, "otpauth_uri"),
        (&seed, "qr_svg"),
    ] {
        secrets.push(reply[name].as_str().unwrap().to_owned());
    }
    let found: Vec<(String, Vec<usize>)> = secrets
        .into_iter()
        .map(|secret| (secret.clone(), found(&secret)))
        .filter(|(_, found)| !found.is_empty())
        .collect();
    assert!(COUNT.load(Ordering::Relaxed) > 100);
    assert_eq!(found, []);
}
