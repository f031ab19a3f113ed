//! Compares doorward with its peers, in one process and in turn: `make bench`. Every figure is the median of
//! rounds in which all contenders of a row ran one after the other. The ratio is computed per round, so
//! it stays right if the machine becomes slower or faster between rounds.
//!
//! doorward is measured as users have it: as the shared library, through the C ABI.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::hint::black_box;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Barrier;
use std::time::Instant;
use std::{ptr, thread};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256,
    RsaEncoding, RsaKeyPair,
};
use base64_simd::URL_SAFE_NO_PAD;
use libloading::{Library, Symbol};

const PASSWORD: &str = "eight wise words, said slowly";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [STARTED, store, token] = *arguments.iter().map(String::as_str).collect::<Vec<_>>() {
        return started(store, token);
    }
    if arguments.iter().any(|argument| argument == "--test") {
        return; // `cargo test --benches` only builds it.
    }
    println!("{:<52} {:>12} {:>12} {:>8}  target", "doorward : peer", "doorward", "peer", "ratio");
    start();
    verify();
    verify_asymmetric();
    verify_on_two_threads();
    hash_password();
    login();
}

/// The argument by which the bench calls itself, with the folder of a store and a token.
const STARTED: &str = "start";

/// A process that loads the library, opens a store and verifies a token, until the token is verified.
fn start() {
    let folder = Folder::new();
    let engine = Doorward::open_store(&folder.store(), "{}");
    let token = engine.token();
    drop(engine);
    let mut times: Vec<f64> = (0..21)
        .map(|_| {
            let mut started = Command::new(std::env::current_exe().unwrap());
            let output = started.args([STARTED, &folder.store(), &token]).output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{:<52} {:>12} {:>12} {:>8}  ≤ 3 ms", "first open to first verify", duration(times[10]), "", "");
}

/// Prints the seconds from the loading of the library to the first verified token.
fn started(store: &str, token: &str) {
    let start = Instant::now();
    let engine = Doorward::open_store(store, "{}");
    engine.call("verify", &format!(r#"{{"token":"{token}"}}"#));
    println!("{}", start.elapsed().as_secs_f64());
}

/// An engine that verifies every token anew.
const REMEMBERS_NONE: &str = r#"{"limits":{"verified_tokens":0}}"#;

fn verify() {
    let engine = Doorward::open(REMEMBERS_NONE);
    let token = engine.token();
    let request = CString::new(format!(r#"{{"token":"{token}"}}"#)).unwrap();
    let verify = engine.function("doorward_verify");
    let ours = || assert_eq!(engine.run(verify, &request), 0);

    let secret = [7u8; 32];
    let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
    let (input, _) = token.rsplit_once('.').unwrap();
    let same = hmac::sign(&key, input.as_bytes());
    let bare = &|| hmac::verify(&key, black_box(input.as_bytes()), same.as_ref()).unwrap();
    row("verify HS256 : HMAC alone (aws-lc-rs)", 2_000, ours, bare, "≤ 1.6");
    verified_before("HS256", 2_000, bare);

    let Some(libjwt) = load(&["libjwt.so.0", "libjwt.so.2"]) else { return absent("libjwt") };
    type Decode = unsafe extern "C" fn(*mut *mut c_void, *const c_char, *const u8, c_int) -> c_int;
    type Free = unsafe extern "C" fn(*mut c_void);
    // libjwt knows no `at+jwt`; the claims are the same.
    let header = URL_SAFE_NO_PAD.encode_to_string(r#"{"alg":"HS256","kid":"0123456789ab","typ":"JWT"}"#);
    let claims = input.split_once('.').unwrap().1;
    let input = format!("{header}.{claims}");
    let theirs = format!("{input}.{}", URL_SAFE_NO_PAD.encode_to_string(hmac::sign(&key, input.as_bytes())));
    let theirs = CString::new(theirs).unwrap();
    // SAFETY: the prototypes of libjwt 1.10.
    unsafe {
        let decode: Symbol<Decode> = libjwt.get(b"jwt_decode").unwrap();
        let free: Symbol<Free> = libjwt.get(b"jwt_free").unwrap();
        let libjwt = || {
            let mut jwt = ptr::null_mut();
            assert_eq!(decode(&mut jwt, theirs.as_ptr(), secret.as_ptr(), 32), 0);
            free(jwt);
        };
        row("verify HS256 : libjwt", 2_000, ours, libjwt, "≤ 0.20");
    }
}

/// `verify` of a token that it accepted before, beside the operation alone.
fn verified_before(algorithm: &str, batch: u32, bare: impl Fn()) {
    let engine = Doorward::open(&format!(r#"{{"signing_algorithm":"{algorithm}"}}"#));
    let request = CString::new(format!(r#"{{"token":"{}"}}"#, engine.token())).unwrap();
    let verify = engine.function("doorward_verify");
    let ours = || assert_eq!(engine.run(verify, &request), 0);
    row(&format!("verify {algorithm}, accepted before : the same"), batch, ours, bare, "≤ 0.5");
}

/// `verify` for each other algorithm, compared with the bare operation on the same bytes.
fn verify_asymmetric() {
    let random = SystemRandom::new();
    let public = |algorithm, key: &[u8]| ParsedPublicKey::new(algorithm, key).unwrap();
    for algorithm in ["ES256", "EdDSA", "RS256", "PS256"] {
        let config = format!(r#"{{"signing_algorithm":"{algorithm}","limits":{{"verified_tokens":0}}}}"#);
        let engine = Doorward::open(&config);
        let reply =
            engine.call("issue_token", r#"{"claims":{"sub":"01a20406-b3cb-77c2-92bc-e1aa00b94207"}}"#);
        let token = reply["token"].as_str().unwrap().to_owned();
        let request = CString::new(format!(r#"{{"token":"{token}"}}"#)).unwrap();
        let verify = engine.function("doorward_verify");
        let ours = || assert_eq!(engine.run(verify, &request), 0);

        let input = token.rsplit_once('.').unwrap().0.as_bytes();
        let (key, signature) = match algorithm {
            "ES256" => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
                let signature = pair.sign(&random, input).unwrap().as_ref().to_vec();
                (public(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref()), signature)
            }
            "EdDSA" => {
                let pair = Ed25519KeyPair::generate().unwrap();
                (public(&ED25519, pair.public_key().as_ref()), pair.sign(input).as_ref().to_vec())
            }
            _ => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
                let mut signature = vec![0; pair.public_modulus_len()];
                let is_pss = algorithm == "PS256";
                let encoding: &dyn RsaEncoding = if is_pss { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                pair.sign(encoding, &random, input, &mut signature).unwrap();
                let verification =
                    if is_pss { &RSA_PSS_2048_8192_SHA256 } else { &RSA_PKCS1_2048_8192_SHA256 };
                (public(verification, pair.public_key().as_ref()), signature)
            }
        };
        let bare = &|| key.verify_sig(black_box(input), &signature).unwrap();
        row(&format!("verify {algorithm} : the operation alone (aws-lc-rs)"), 300, ours, bare, "");
        verified_before(algorithm, 300, bare);
    }
}

/// Two threads that verify, beside one: what they share slows them.
fn verify_on_two_threads() {
    let engine = Doorward::open(REMEMBERS_NONE);
    let token = engine.token();
    let request = CString::new(format!(r#"{{"token":"{token}"}}"#)).unwrap();
    let verify = engine.function("doorward_verify");
    let one = || (0..100).for_each(|_| assert_eq!(engine.run(verify, &request), 0));
    let barrier = Barrier::new(2);
    let time = |threads: usize| {
        let timed = || {
            if threads == 2 {
                barrier.wait();
            }
            let start = Instant::now();
            (0..200).for_each(|_| one());
            start.elapsed().as_secs_f64() / 20_000.0
        };
        thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(timed)).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).sum::<f64>() / threads as f64
        })
    };
    print("verify HS256, two threads : one", || (time(2), time(1)), "≤ 1.1");
}

fn hash_password() {
    let engine = Doorward::open(r#"{"password":{"max_concurrent":1}}"#);
    let request = CString::new(format!(r#"{{"password":"{PASSWORD}"}}"#)).unwrap();
    let hash = engine.function("doorward_hash_password");
    let ours = || assert_eq!(engine.run(hash, &request), 0);
    let password = CString::new(PASSWORD).unwrap();
    let length = PASSWORD.len();

    match load(&["libsodium.so.23", "libsodium.so.26"]) {
        None => absent("libsodium"),
        // SAFETY: the prototypes of libsodium 1.0.18.
        Some(libsodium) => unsafe {
            type Init = unsafe extern "C" fn() -> c_int;
            type Hash = unsafe extern "C" fn(*mut c_char, *const c_char, u64, u64, usize) -> c_int;
            let init: Symbol<Init> = libsodium.get(b"sodium_init").unwrap();
            assert!(init() >= 0);
            let hash: Symbol<Hash> = libsodium.get(b"crypto_pwhash_str").unwrap();
            let libsodium = || {
                let mut out = [0 as c_char; 128];
                assert_eq!(hash(out.as_mut_ptr(), password.as_ptr(), length as u64, 2, 19_456 * 1024), 0);
            };
            row("hash_password 19 MiB/2/1 : libsodium", 3, ours, libsodium, "≤ 0.55");
        },
    }
    match load(&["libargon2.so.1"]) {
        None => absent("libargon2"),
        // SAFETY: the prototype of libargon2 20171227.
        Some(libargon2) => unsafe {
            type Hash = unsafe extern "C" fn(
                u32,
                u32,
                u32,
                *const c_char,
                usize,
                *const u8,
                usize,
                usize,
                *mut c_char,
                usize,
            ) -> c_int;
            let hash: Symbol<Hash> = libargon2.get(b"argon2id_hash_encoded").unwrap();
            let libargon2 = || {
                let mut out = [0 as c_char; 128];
                let salt = [3u8; 16];
                let p = password.as_ptr();
                let s = salt.as_ptr();
                let o = out.as_mut_ptr();
                assert_eq!(hash(2, 19_456, 1, p, length, s, 16, 32, o, 128), 0);
            };
            row("hash_password 19 MiB/2/1 : libargon2", 3, ours, libargon2, "");
        },
    }
}

fn login() {
    let folder = Folder::new();
    let engine = Doorward::open_store(&folder.store(), "{}");
    engine.register();
    let request = CString::new(format!(r#"{{"username":"ada","password":"{PASSWORD}"}}"#)).unwrap();
    let login = engine.function("doorward_login");
    let bare = CString::new(format!(r#"{{"password":"{PASSWORD}"}}"#)).unwrap();
    let hash = engine.function("doorward_hash_password");
    let logs_in = || assert_eq!(engine.run(login, &request), 0);
    let hashes = || assert_eq!(engine.run(hash, &bare), 0);
    row("login, SQLite file : hash_password", 3, logs_in, hashes, "≤ 1.05");
}

/// Runs both in turn, after a warm-up, and prints a line.
fn row(title: &str, batch: u32, ours: impl Fn(), theirs: impl Fn(), target: &str) {
    let time = |f: &dyn Fn()| {
        let start = Instant::now();
        (0..batch).for_each(|_| f());
        start.elapsed().as_secs_f64() / f64::from(batch)
    };
    print(title, || (time(&ours), time(&theirs)), target);
}

/// Measures both in rounds, after a warm-up, and prints a line.
fn print(title: &str, both: impl Fn() -> (f64, f64), target: &str) {
    const ROUNDS: usize = 21;
    both();
    let rounds: Vec<(f64, f64)> = (0..ROUNDS).map(|_| both()).collect();
    let median = |figure: &dyn Fn(&(f64, f64)) -> f64| {
        let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[ROUNDS / 2]
    };
    let ratio = median(&|(ours, theirs)| ours / theirs);
    let ours = median(&|round| round.0);
    let theirs = median(&|round| round.1);
    println!("{title:<52} {:>12} {:>12} {ratio:>8.2}  {target}", duration(ours), duration(theirs));
}

fn absent(peer: &str) {
    println!("{peer}: not installed, left out");
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1e-5 => format!("{:.0} ns", s * 1e9),
        s if s < 1e-2 => format!("{:.1} µs", s * 1e6),
        s => format!("{:.2} ms", s * 1e3),
    }
}

fn load(names: &[&str]) -> Option<Library> {
    // SAFETY: well-known libraries, whose initializers do nothing.
    names.iter().find_map(|name| unsafe { Library::new(name).ok() })
}

/// A folder for a store.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let folder = std::env::temp_dir().join(format!("doorward-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    fn store(&self) -> String {
        format!("sqlite:{}", self.0.join("bench.db").display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

// SAFETY: any thread may call an engine at any time (doorward.h).
unsafe impl Sync for Doorward {}

/// An engine of the loaded shared library.
struct Doorward {
    library: Library,
    engine: *mut c_void,
    free: unsafe extern "C" fn(*mut c_char),
}

type Operation = unsafe extern "C" fn(*const c_void, *const c_char, *mut *mut c_char) -> c_int;

impl Doorward {
    fn open(config: &str) -> Doorward {
        Doorward::open_store("sqlite::memory:", config)
    }

    fn open_store(store: &str, config: &str) -> Doorward {
        type Open =
            unsafe extern "C" fn(*const c_char, *const c_void, *mut *mut c_void, *mut *mut c_char) -> c_int;
        const BUILT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/dist/libdoorward.so");
        let path = std::env::var_os("DOORWARD_LIBRARY").unwrap_or(BUILT.into());
        let mut config: serde_json::Value = serde_json::from_str(config).unwrap();
        config["store"] = store.into();
        let config = CString::new(config.to_string()).unwrap();
        let mut engine = ptr::null_mut();
        let mut response = ptr::null_mut();
        // SAFETY: the prototypes of doorward.h.
        unsafe {
            let library = Library::new(path).expect("build the shared library first: make library");
            let open: Symbol<Open> = library.get(b"doorward_open").unwrap();
            let status = open(config.as_ptr(), ptr::null(), &mut engine, &mut response);
            assert_eq!(status, 0, "{:?}", CStr::from_ptr(response));
            let free = *library.get(b"doorward_free").unwrap();
            Doorward { library, engine, free }
        }
    }

    fn function(&self, name: &str) -> Operation {
        // SAFETY: every operation has this prototype.
        unsafe { *self.library.get::<Operation>(name.as_bytes()).unwrap() }
    }

    fn run(&self, operation: Operation, request: &CStr) -> c_int {
        // SAFETY: as doorward.h asks.
        unsafe {
            let mut response = ptr::null_mut();
            let status = operation(self.engine, request.as_ptr(), &mut response);
            (self.free)(black_box(response));
            status
        }
    }

    fn call(&self, operation: &str, request: &str) -> serde_json::Value {
        let request = CString::new(request).unwrap();
        let mut response = ptr::null_mut();
        // SAFETY: as above; the response is read before the next call and then dropped.
        unsafe {
            let status =
                self.function(&format!("doorward_{operation}"))(self.engine, request.as_ptr(), &mut response);
            let body = CStr::from_ptr(response).to_str().unwrap();
            assert_eq!(status, 0, "{body}");
            serde_json::from_str(body).unwrap()
        }
    }

    fn register(&self) {
        let request = format!(r#"{{"username":"ada","email":"ada@example.com","password":"{PASSWORD}"}}"#);
        self.call("register", &request);
    }

    /// Returns the access token of a login.
    fn token(&self) -> String {
        self.register();
        let reply = self.call("login", &format!(r#"{{"username":"ada","password":"{PASSWORD}"}}"#));
        reply["access_token"].as_str().unwrap().to_owned()
    }
}

impl Drop for Doorward {
    fn drop(&mut self) {
        // SAFETY: the handle came from doorward_open and is no longer used.
        unsafe {
            let release: Symbol<unsafe extern "C" fn(*mut c_void)> =
                self.library.get(b"doorward_release").unwrap();
            release(self.engine);
        }
    }
}
