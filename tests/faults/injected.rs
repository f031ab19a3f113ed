//! Tests with faults between the process and the disk, one call later each time until the work succeeds: I/O
//! errors, a full disk and kill at every read, write, sync and truncation of the store's files.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use doorward::{Code, Engine};
use serde_json::{Value, json};

use crate::crash::Acknowledged;
use crate::providers::{begun, every_way_in};
use crate::stage::{Child, PASSWORD, Store, call, login, logout, open, register, report};
use crate::totp;

/// Compiles the library that injects the faults.
pub fn shim(store: &Store) -> PathBuf {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/shim.c");
    let library = store.path().join("shim.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&library).arg(source);
    assert!(compiler.arg("-ldl").status().expect("cc, a C compiler").success());
    library
}

/// Runs a life with the fault `class:nth:error:times`. Returns whether the fault occurred. `None` as `error`
/// kills.
fn inject(shim: &Path, class: &str, nth: usize, error: Option<i32>, times: usize) -> bool {
    let store = Store::sqlite();
    let fault = format!("{class}:{nth}:{}:{times}", error.unwrap_or(0));
    let task = json!({"role": "faulted", "store": store.url()});
    let mut child = start(shim, &store, &task, &fault);
    let mut acknowledged = Acknowledged::default();
    while let Some(report) = child.report() {
        acknowledged.add(&report);
    }
    let status = child.end();
    let was_hit = store.path().join("hit").exists();
    if was_hit && error.is_none() {
        assert_eq!(status.signal(), Some(libc::SIGKILL), "{fault}: {status}");
    } else {
        assert!(status.success(), "{fault}: {status}");
    }
    acknowledged.check(&store);
    was_hit
}

/// Starts a child with this fault. The file `hit` beside its store tells that it occurred.
pub fn start(shim: &Path, store: &Store, task: &Value, fault: &str) -> Child {
    let hit = store.path().join("hit");
    let environment =
        [("LD_PRELOAD", shim.to_str().unwrap()), ("FAULT", fault), ("FAULT_HIT", hit.to_str().unwrap())];
    Child::start_with(task, &environment)
}

fn until_it_passes(class: &str, error: Option<i32>, times: usize, at_least: usize) {
    let store = Store::sqlite();
    let shim = shim(&store);
    let met = (1..2000).take_while(|nth| inject(&shim, class, *nth, error, times)).count();
    assert!((at_least..1999).contains(&met), "{class} was met {met} times");
}

#[test]
fn a_write_that_fails() {
    until_it_passes("write", Some(libc::EIO), 1, 10);
}

#[test]
fn writes_without_room() {
    until_it_passes("write", Some(libc::ENOSPC), 3, 10);
}

#[test]
fn death_at_every_write() {
    until_it_passes("write", None, 1, 10);
}

#[test]
fn a_sync_that_fails() {
    until_it_passes("sync", Some(libc::EIO), 1, 4);
}

#[test]
fn death_at_every_sync() {
    until_it_passes("sync", None, 1, 4);
}

#[test]
fn a_read_that_fails() {
    until_it_passes("read", Some(libc::EIO), 1, 4);
}

#[test]
fn a_truncation_that_fails() {
    until_it_passes("truncate", Some(libc::EIO), 1, 1);
}

/// The child: a life in which every failure is clear, leaves no trace, and is temporary.
pub fn faulted(store: &str) {
    let engine = again(|| open(store, every_way_in()).map_err(|error| error.code));
    live(&engine);
    // Another life, with the log begun anew: closing wrote it into the file.
    drop(engine);
    let engine = again(|| open(store, json!({})).map_err(|error| error.code));
    let token = again(|| login(&engine, "ada"));
    assert!(again_active(&engine, &token));
}

fn live(engine: &Engine) {
    let email = "ada@example.com";
    let request = json!({"username": "ada", "email": email, "password": PASSWORD});
    again(|| {
        register(engine, "ada").inspect_err(|_| {
            let found = again(|| match call(engine, "get_user", json!({"username": "ada"})) {
                Err(Code::UserNotFound) => Ok(false),
                other => other.map(|_| true),
            });
            assert!(!found, "a registration that failed left an account");
        })
    });
    report(&json!({"registered": "ada"}));
    assert_eq!(again(|| taken(call(engine, "register", request.clone()))), Code::UsernameTaken);
    // A mailed token and its message: both are there, or neither.
    let mails = || again(|| call(engine, "take_mail", json!({})))["mails"].as_array().unwrap().clone();
    again(|| {
        call(engine, "request_password_reset", json!({"email": email}))
            .inspect_err(|_| assert_eq!(mails(), [] as [Value; 0], "a request that failed left a message"))
    });
    let mails = mails();
    assert_eq!(mails.len(), 1);
    again(|| call(engine, "check_mail_token", json!({"token": mails[0]["token"]})));
    enter_by_mail(engine, email);
    if is_death() {
        accept_an_invitation(engine);
        lose_the_factors(engine);
        enter_by_provider(engine);
    }
    let token = again(|| login(engine, "ada"));
    report(&json!({"logged in": token}));
    report(&json!({"leaving": token}));
    again(|| logout(engine, &token));
    report(&json!({"left": token}));
    assert!(!again_active(engine, &token));
}

/// A mailed login: its token, its code and its message are there, or none; and a use of the code that fails leaves
/// the code as it was.
fn enter_by_mail(engine: &Engine, email: &str) {
    let id = again(|| call(engine, "get_user", json!({"username": "ada"})))["user"]["id"].clone();
    again(|| call(engine, "update_user", json!({"id": id, "email_verified": true})));
    let asked = again(|| call(engine, "request_login_code", json!({"email": email})));
    let mails = again(|| call(engine, "take_mail", json!({})));
    let mail = mails["mails"].as_array().unwrap().iter().find(|mail| mail["kind"] == "login").unwrap();
    let request = json!({"challenge": asked["challenge"], "mail_code": mail["code"]});
    again(|| call(engine, "complete_login", request.clone()));
}

/// An invitation: the account has a name and a password, or waits with a token that is good. `Store::rows` looks for
/// anything between.
fn accept_an_invitation(engine: &Engine) {
    again(|| call(engine, "invite_user", json!({"email": "grace@example.com"})));
    let mails = again(|| call(engine, "take_mail", json!({})));
    let mail = mails["mails"].as_array().unwrap().iter().find(|mail| mail["kind"] == "invitation").unwrap();
    let request = json!({"token": mail["token"], "username": "grace", "password": PASSWORD});
    again(|| call(engine, "accept_invitation", request.clone()));
    report(&json!({"registered": "grace"}));
}

/// Factors that are removed: all of them go, or none.
fn lose_the_factors(engine: &Engine) {
    let id = again(|| call(engine, "get_user", json!({"username": "grace"})))["user"]["id"].clone();
    let setup = again(|| call(engine, "setup_totp", json!({"user_id": id})));
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;
    let code = totp::code(setup["secret"].as_str().unwrap(), now);
    again(|| call(engine, "confirm_totp", json!({"user_id": id, "code": code})));
    again(|| call(engine, "remove_second_factors", json!({"user_id": id, "reason": "a lost phone"})));
    let token = again(|| login(engine, "grace"));
    report(&json!({"logged in": token}));
}

/// A login at a provider: the account has its identity and its session, or the transaction is as good as before.
fn enter_by_provider(engine: &Engine) {
    let request = again(|| begun(engine, 1, None));
    let entered = again(|| call(engine, "finish_provider_login", request.clone()));
    report(&json!({"registered": entered["user"]["username"]}));
    report(&json!({"logged in": entered["access_token"]}));
}

/// Whether the fault is a kill.
#[expect(clippy::disallowed_methods, reason = "the engine reads no environment, its tests may")]
fn is_death() -> bool {
    std::env::var("FAULT").is_ok_and(|fault| fault.split(':').nth(2) == Some("0"))
}

fn taken(result: Result<Value, Code>) -> Result<Code, Code> {
    match result {
        Err(code) if is_of_the_fault(code) => Err(code),
        other => Ok(other.expect_err("a name that is taken")),
    }
}

fn again_active(engine: &Engine, token: &str) -> bool {
    again(|| call(engine, "introspect", json!({"token": token})))["active"].as_bool().unwrap()
}

/// Repeats `f` until it succeeds. Before that it fails as the fault does, and in no other way.
fn again<T>(mut f: impl FnMut() -> Result<T, Code>) -> T {
    for _ in 0..8 {
        match f() {
            Ok(value) => return value,
            Err(code) => assert!(is_of_the_fault(code), "{code:?}"),
        }
    }
    panic!("the engine does not recover")
}

/// The store does not answer. SQLite takes a read that fails with EIO for a damaged file
/// (SQLITE_IOERR_CORRUPTFS).
#[expect(clippy::disallowed_methods, reason = "the engine reads no environment, its tests may")]
fn is_of_the_fault(code: Code) -> bool {
    let is_read = || std::env::var("FAULT").is_ok_and(|fault| fault.starts_with("read:"));
    code == Code::StoreUnavailable || (code == Code::InvalidConfig && is_read())
}
