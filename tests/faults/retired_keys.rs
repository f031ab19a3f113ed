//! Tests of processes that do not know yet that another one has retired the secret key that is their first: what they
//! write is not sealed by it.

use std::cell::RefCell;
use std::thread;
use std::time::{Duration, Instant};

use doorward::Engine;
use serde_json::{Value, json};

use crate::second_factors::{Enrolled, NOW, challenge, engine_at, enrol};
use crate::stage::{PASSWORD, Store, call, on_each_store, register};
use crate::totp;

const OLD: &str = "an old secret of more than thirty-two bytes";
const NEW: &str = "a new secret of more than thirty-two bytes!";
const CHOSEN: &str = "nine even wiser words";

/// Processes on one store, of which one retires a key.
struct Retirement<'s> {
    store: &'s Store,
    keys: Value,
    /// Those that do not know of it yet.
    behind: RefCell<Vec<Engine>>,
}

impl Retirement<'_> {
    fn open(&self, keys: &[&str]) -> Engine {
        let mut config = self.keys.clone();
        config["secret_keys"] = json!(keys);
        engine_at(self.store.url(), NOW, config)
    }

    /// Retires the first key. Returns the process that did.
    fn happens(&self, behind: usize) -> Engine {
        self.behind.replace((0..behind).map(|_| self.open(&[OLD, NEW])).collect());
        let engine = self.open(&[NEW, OLD]);
        call(&engine, "rotate_keys", json!({"retire": "now", "keep_totp": true})).unwrap();
        engine
    }

    /// Calls an operation in a process that does not know of the retirement.
    fn behind(&self, operation: &str, request: Value) -> Value {
        call(&self.behind.borrow_mut().pop().unwrap(), operation, request).unwrap()
    }
}

/// Returns the data that need the retired key.
fn needed(engine: &Engine) -> Value {
    call(engine, "list_keys", json!({})).unwrap()["secret_keys"][0]["needed_by"].clone()
}

fn nothing() -> Value {
    json!({
        "password_hashes": 0, "totp_seeds": 0, "mails": 0, "recovery_codes": 0, "api_keys": 0, "sessions": 0
    })
}

/// Runs `begun` in one thread until it waits for rows that another connection locks, and then `after` in another
/// thread, until that has ended or waits, too.
fn overlapping(store: &Store, locked: &str, begun: impl FnOnce() + Send, after: impl FnOnce() + Send) {
    const WAITING: &str = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let until = |done: &dyn Fn() -> bool| {
        let end = Instant::now() + Duration::from_secs(4);
        while !done() {
            assert!(Instant::now() < end);
            thread::sleep(Duration::from_millis(10));
        }
    };
    let held = store.hold(locked);
    thread::scope(|scope| {
        scope.spawn(begun);
        until(&|| store.count(WAITING) == 1);
        let after = scope.spawn(after);
        until(&|| after.is_finished() || store.count(WAITING) == 2);
        held.commit();
    });
}

/// Another process links while a key is retired: the head is sealed by the new key.
#[test]
fn the_head_of_the_chain_is_sealed_by_the_new_key() {
    let Some(store) = Store::postgres() else { return };
    let retirement =
        Retirement { store: &store, keys: json!({"audit": {"chain": true}}), behind: RefCell::default() };
    register(&retirement.open(&[OLD]), "ada").unwrap();
    let behind = retirement.open(&[OLD, NEW]);
    let engine = retirement.open(&[NEW, OLD]);
    call(&engine, "verify_events", json!({})).unwrap();
    register(&engine, "bob").unwrap();
    // It has its place, and is yet to be linked.
    store.execute("UPDATE event_order SET position = (SELECT max(position) + 1 FROM event_order) WHERE position IS NULL");
    overlapping(
        &store,
        "SELECT 1 FROM event_order FOR UPDATE",
        || drop(call(&behind, "verify_events", json!({})).unwrap()),
        || drop(call(&engine, "rotate_keys", json!({"retire": "now"})).unwrap()),
    );
    let newer = retirement.open(&[NEW]);
    assert_eq!(call(&newer, "verify_events", json!({})).unwrap()["problems"], json!([]));
}

/// Another process makes a code while a key is retired: one that needs the key is there when it is retired.
#[test]
fn a_code_under_a_key_is_there_when_it_is_retired() {
    let Some(store) = Store::postgres() else { return };
    let retirement = Retirement { store: &store, keys: json!({}), behind: RefCell::default() };
    let ada = register(&retirement.open(&[OLD]), "ada").unwrap()["user"]["id"].clone();
    let behind = retirement.open(&[OLD, NEW]);
    let engine = retirement.open(&[NEW, OLD]);
    let mut after = Value::Null;
    overlapping(
        &store,
        "LOCK TABLE api_keys IN SHARE MODE",
        || drop(call(&behind, "create_api_key", json!({"user_id": ada, "name": "a program"})).unwrap()),
        || {
            call(&engine, "rotate_keys", json!({"retire": "now"})).unwrap();
            after = needed(&engine);
        },
    );
    assert_eq!(after["api_keys"], 1);
}

fn imported(engine: &Engine, name: &str) -> Value {
    let hash = call(engine, "hash_password", json!({"password": PASSWORD})).unwrap()["hash"].clone();
    let email = format!("{name}@example.com");
    json!({"users": [{"username": name, "email": email, "password_hash": hash, "email_verified": true}]})
}

on_each_store!(no_factor_is_sealed_by_a_key_that_was_retired);
fn no_factor_is_sealed_by_a_key_that_was_retired(store: &Store) {
    let keys =
        json!({"audit": {"chain": true}, "trusted_devices": {}, "throttle": {"account_failures": 100}});
    let retirement = Retirement { store, keys, behind: RefCell::default() };
    let first = retirement.open(&[OLD]);
    let Enrolled { id: ada, secret, .. } = enrol(&first, "ada", NOW - 30);
    let bob = register(&first, "bob").unwrap()["user"]["id"].clone();
    let key =
        call(&first, "create_api_key", json!({"user_id": ada, "name": "a program"})).unwrap()["key"].clone();
    let engine = retirement.happens(6);
    call(&engine, "authenticate", json!({"token": key})).unwrap();

    let request = json!({
        "challenge": challenge(&engine, "ada"), "two_fa_code": totp::code(&secret, NOW), "trust_device": true
    });
    let trusted = retirement.behind("complete_login", request)["trusted_device_token"].clone();
    let newer = retirement.open(&[NEW]);
    let login = json!({"username": "ada", "password": PASSWORD, "trusted_device_token": trusted});
    call(&newer, "login", login).unwrap();
    let setup = retirement.behind("setup_totp", json!({"user_id": bob}));
    let codes = retirement.behind("generate_recovery_codes", json!({"user_id": ada, "reason": "asked"}));
    retirement.behind("authenticate", json!({"token": key}));
    let other = retirement.behind("create_api_key", json!({"user_id": bob, "name": "a program"}));
    retirement.behind("verify_events", json!({}));

    assert_eq!(needed(&engine), nothing());
    let code = totp::code(setup["secret"].as_str().unwrap(), NOW);
    call(&newer, "confirm_totp", json!({"user_id": bob, "code": code})).unwrap();
    let login = json!({"username": "ada", "password": PASSWORD, "recovery_code": codes["codes"][0]});
    call(&newer, "login", login).unwrap();
    for key in [&key, &other["key"]] {
        call(&newer, "authenticate", json!({"token": key})).unwrap();
    }
    assert_eq!(call(&newer, "verify_events", json!({})).unwrap()["problems"], json!([]));
}

on_each_store!(no_password_or_mail_is_sealed_by_a_key_that_was_retired);
fn no_password_or_mail_is_sealed_by_a_key_that_was_retired(store: &Store) {
    let keys = json!({"password": {"pepper": true, "history": 2}});
    let retirement = Retirement { store, keys, behind: RefCell::default() };
    let first = retirement.open(&[OLD]);
    for name in ["bob", "carol"] {
        call(&first, "import_users", imported(&first, name)).unwrap();
    }
    let bob = call(&first, "get_user", json!({"username": "bob"})).unwrap()["user"]["id"].clone();
    let engine = retirement.happens(5);

    retirement
        .behind("register", json!({"username": "dora", "email": "dora@example.com", "password": PASSWORD}));
    retirement.behind("import_users", imported(&engine, "eve"));
    retirement.behind("login", json!({"username": "carol", "password": PASSWORD}));
    let request = json!({"user_id": bob, "new_password": CHOSEN, "temporary": false});
    retirement.behind("set_password", request);
    retirement.behind("request_password_reset", json!({"email": "carol@example.com"}));

    assert_eq!(needed(&engine), nothing());
    let newer = retirement.open(&[NEW]);
    for (name, password) in [("dora", PASSWORD), ("eve", PASSWORD), ("bob", CHOSEN), ("carol", PASSWORD)] {
        call(&newer, "login", json!({"username": name, "password": password})).unwrap();
    }
    // The last two of bob.
    for password in [PASSWORD, CHOSEN] {
        let request = json!({"user_id": bob, "old_password": CHOSEN, "new_password": password});
        assert!(call(&newer, "change_password", request).is_err());
    }
    let mails = call(&newer, "take_mail", json!({"limit": 10, "lease_seconds": 60})).unwrap();
    let is_reset = |mail: &&Value| mail["kind"] == "reset_password";
    let token = mails["mails"].as_array().unwrap().iter().find(is_reset).unwrap()["token"].clone();
    call(&newer, "reset_password", json!({"token": token, "new_password": CHOSEN})).unwrap();
}
