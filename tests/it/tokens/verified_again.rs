//! `verify` remembers what it accepted. It must forget a token as soon as the token is no longer accepted.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

use super::*;

const START: i64 = 1_800_000_000;

/// Engines on one store, and the time that their clocks show.
struct Stage<'s> {
    store: &'s Store,
    now: Arc<AtomicI64>,
}

impl Stage<'_> {
    fn new(store: &Store) -> Stage<'_> {
        Stage { store, now: Arc::new(AtomicI64::new(START)) }
    }

    fn open(&self, keys: Value) -> Engine {
        let defaults = json!({"password": {"memory_kib": 8, "iterations": 1}, "secret_key": SECRET_KEY});
        let config = stores::config(self.store.url(), defaults, keys);
        let now = Arc::clone(&self.now);
        let hooks = Hooks::new().clock(Clock::custom(move || now.load(SeqCst) * 1000));
        Engine::open(Config::parse(&config.to_string()).unwrap(), hooks).unwrap()
    }

    fn at(&self, now: i64) {
        self.now.store(now, SeqCst);
    }
}

fn issue(engine: &Engine, request: Value) -> String {
    call(engine, "issue_token", request)["token"].as_str().unwrap().to_owned()
}

/// Verifies twice: the second time the token is remembered.
fn accepted(engine: &Engine, token: &str) {
    let claims = call(engine, "verify", json!({"token": token}));
    assert_eq!(claims, call(engine, "verify", json!({"token": token})));
}

/// Returns why a token is refused.
fn refused(engine: &Engine, request: Value) -> String {
    let error = engine.call("verify", &request.to_string()).unwrap_err();
    assert_eq!(error.code, Code::InvalidToken);
    error.detail.unwrap().into_owned()
}

on_each_store!(a_remembered_token_is_accepted_while_it_is_valid);
fn a_remembered_token_is_accepted_while_it_is_valid(store: &Store) {
    let stage = Stage::new(store);
    let engine = stage.open(json!({"leeway_seconds": 30, "backends": {"other": {}}}));
    let token = issue(&engine, json!({"claims": {"sub": "x"}}));
    let bare = json!({"token": token});
    accepted(&engine, &token);
    // Another backend's, although it is remembered.
    assert_eq!(refused(&engine, json!({"token": token, "backend": "other"})), "other_backend");
    let others = issue(&engine, json!({"claims": {"sub": "x"}, "backend": "other"}));
    let request = json!({"token": others, "backend": "other"});
    assert_eq!(call(&engine, "verify", request.clone()), call(&engine, "verify", request));
    assert_eq!(refused(&engine, json!({"token": others})), "other_backend");

    stage.at(START + 929);
    accepted(&engine, &token);
    stage.at(START + 930);
    assert_eq!(refused(&engine, bare.clone()), "expired");
    // The clock goes back: to when it was valid, and to when it is not valid yet.
    stage.at(START + 10);
    accepted(&engine, &token);
    stage.at(START - 30);
    accepted(&engine, &token);
    stage.at(START - 31);
    assert_eq!(refused(&engine, bare), "issued_in_the_future");
}

on_each_store!(a_remembered_token_is_forgotten_with_its_key);
fn a_remembered_token_is_forgotten_with_its_key(store: &Store) {
    let stage = Stage::new(store);
    let engine = stage.open(json!({}));
    let token = issue(&engine, json!({"claims": {"sub": "x"}, "lifetime_seconds": 100_000}));
    accepted(&engine, &token);
    call(&engine, "rotate_keys", json!({}));
    accepted(&engine, &token);
    // The key ends before the token does.
    store.execute(&format!("UPDATE keys SET expires_at = {} WHERE expires_at IS NOT NULL", START + 1000));
    let other = stage.open(json!({}));
    stage.at(START + 999);
    accepted(&other, &token);
    stage.at(START + 1000);
    assert_eq!(refused(&other, json!({"token": token})), "unknown_key");

    let token = issue(&other, json!({"claims": {"sub": "x"}, "lifetime_seconds": 100_000}));
    accepted(&other, &token);
    // `engine` finds the new key, and later that another process retired it; `other` retires it.
    accepted(&engine, &token);
    call(&other, "rotate_keys", json!({"retire": "now"}));
    assert_eq!(refused(&other, json!({"token": token})), "unknown_key");
    stage.at(START + 1061);
    assert_eq!(refused(&engine, json!({"token": token})), "unknown_key");
}

on_each_store!(a_live_check_does_not_remember);
fn a_live_check_does_not_remember(store: &Store) {
    let stage = Stage::new(store);
    let engine = stage.open(json!({}));
    register(&engine, "ada");
    let login = call(&engine, "login", json!({"username": "ada", "password": "eight wise words"}));
    let token = login["access_token"].as_str().unwrap();
    accepted(&engine, token);
    call(&engine, "revoke_session", json!({"session_id": login["session_id"]}));
    accepted(&engine, token);
    let error = engine.call("authenticate", &json!({"token": token}).to_string()).unwrap_err();
    assert_eq!(error.code, Code::InvalidToken);
    assert_eq!(call(&engine, "introspect", json!({"token": token}))["active"], false);
}

/// A token becomes valid between two readings of the clock. If the clock then goes back, it is not valid yet.
#[test]
fn a_token_is_remembered_from_when_it_was_judged() {
    let [now, step] = [START, 0].map(|number| Arc::new(AtomicI64::new(number)));
    let (shown, passed) = (Arc::clone(&now), Arc::clone(&step));
    let clock = Clock::custom(move || shown.fetch_add(passed.load(SeqCst), SeqCst) * 1000);
    let config = Config::parse(r#"{"store": "sqlite::memory:", "leeway_seconds": 30}"#).unwrap();
    let engine = Engine::open(config, Hooks::new().clock(clock)).unwrap();
    now.store(START + 40, SeqCst);
    let request = json!({"token": issue(&engine, json!({"claims": {"sub": "x"}}))}).to_string();
    for begin in START..START + 10 {
        now.store(begin, SeqCst);
        step.store(1, SeqCst);
        let _ = engine.call("verify", &request);
        step.store(0, SeqCst);
        for second in begin..=now.load(SeqCst) {
            now.store(second, SeqCst);
            assert_eq!(engine.call("verify", &request).is_ok(), second >= START + 10, "{begin} {second}");
        }
    }
}

/// With any room, and none, and for each algorithm, a token is accepted as often as it is valid.
#[test]
fn more_tokens_than_are_remembered() {
    let store = Store::sqlite();
    let stage = Stage::new(&store);
    for (algorithm, room) in [("HS256", 0), ("HS256", 1), ("ES256", 8), ("EdDSA", 4096)] {
        let keys = json!({"signing_algorithm": algorithm, "change_settings": true, "limits": {"verified_tokens": room}});
        let engine = stage.open(keys);
        let claims = |number: usize| json!({"claims": {"sub": number.to_string()}});
        let tokens: Vec<String> = (0..40).map(|number| issue(&engine, claims(number))).collect();
        for _ in 0..3 {
            for (number, token) in tokens.iter().enumerate() {
                let claims = call(&engine, "verify", json!({"token": token}));
                assert_eq!(claims["sub"], number.to_string());
                let (input, signature) = token.rsplit_once('.').unwrap();
                let forged = format!("{input}.{}", signature.chars().rev().collect::<String>());
                assert!(engine.call("verify", &json!({"token": forged}).to_string()).is_err());
            }
        }
    }
}
