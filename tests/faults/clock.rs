//! Tests of clocks that jump or return nonsense.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use doorward::{Clock, Code, Engine, Hooks};
use serde_json::json;

use crate::stage::{PASSWORD, Store, call, config, guess, is_active, login, on_each_store, register};

const NOW: i64 = 1_800_000_000_000;

/// Returns an engine, and the time of its clock.
fn engine(store: &Store) -> (Engine, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(NOW));
    let hand = Arc::clone(&now);
    let clock = Clock::custom(move || hand.load(Ordering::SeqCst));
    let keys = json!({"throttle": {"account_failures": 3, "source_failures": 4}});
    (Engine::open(config(store.url(), keys), Hooks::new().clock(clock)).unwrap(), now)
}

on_each_store!(any_time_is_survived);
fn any_time_is_survived(store: &Store) {
    let (engine, now) = engine(store);
    let times = [i64::MIN, -1, 0, 1, i64::MAX, NOW, 253_402_300_799_999, i64::MAX - 1, i64::MIN + 1];
    for (index, time) in times.into_iter().enumerate() {
        now.store(time, Ordering::SeqCst);
        let name = format!("user{index}");
        register(&engine, &name).unwrap();
        let token = login(&engine, &name).unwrap();
        assert!(is_active(&engine, &token), "at {time}");
        assert_eq!(guess(&engine, &name), Code::InvalidCredentials);
        let claims = json!({"claims": {"sub": "service"}, "lifetime_seconds": 7_776_000});
        call(&engine, "issue_token", claims).unwrap();
        call(&engine, "logout", json!({"token": token, "everywhere": true})).unwrap();
    }
    // Another engine at each of these times, with the data that the others left.
    for time in times {
        now.store(time, Ordering::SeqCst);
        for index in 0..times.len() {
            let name = format!("user{index}");
            assert_eq!(guess(&engine, &name), Code::InvalidCredentials, "{name} at {time}");
            login(&engine, &name).unwrap();
        }
    }
}

on_each_store!(a_lock_ends_when_its_time_has_come);
fn a_lock_ends_when_its_time_has_come(store: &Store) {
    let (engine, now) = engine(store);
    register(&engine, "ada").unwrap();
    for _ in 0..3 {
        assert_eq!(guess(&engine, "ada"), Code::InvalidCredentials);
    }
    assert_eq!(login(&engine, "ada"), Err(Code::TooManyAttempts));
    now.fetch_add(59_000, Ordering::SeqCst);
    assert_eq!(login(&engine, "ada"), Err(Code::TooManyAttempts));
    now.fetch_add(1_000, Ordering::SeqCst);
    assert!(login(&engine, "ada").is_ok());
}

on_each_store!(a_lock_from_the_future_ends);
/// A lock that was set while the clock was years ahead ends, after the clock is corrected, as early as any
/// other lock.
fn a_lock_from_the_future_ends(store: &Store) {
    let (engine, now) = engine(store);
    register(&engine, "ada").unwrap();
    for name in ["ada", "nobody"] {
        now.store(NOW + 1_000_000_000_000, Ordering::SeqCst);
        for _ in 0..3 {
            assert_eq!(guess(&engine, name), Code::InvalidCredentials);
        }
        now.store(NOW, Ordering::SeqCst);
        assert_eq!(guess(&engine, name), Code::TooManyAttempts, "the lock holds");
        now.store(NOW + 59_000, Ordering::SeqCst);
        assert_eq!(guess(&engine, name), Code::TooManyAttempts, "still");
        now.store(NOW + 60_000, Ordering::SeqCst);
        assert_eq!(guess(&engine, name), Code::InvalidCredentials, "and ends");
        now.store(NOW + 60_000 + 3_600_000, Ordering::SeqCst);
    }
    assert!(login(&engine, "ada").is_ok());
}

on_each_store!(a_lock_survives_small_steps_back);
/// Setting the clock back allows no additional guess; setting it far ahead ends the lock as time would.
fn a_lock_survives_small_steps_back(store: &Store) {
    let (engine, now) = engine(store);
    register(&engine, "ada").unwrap();
    for _ in 0..3 {
        assert_eq!(guess(&engine, "ada"), Code::InvalidCredentials);
    }
    for _ in 0..50 {
        now.fetch_sub(1_000, Ordering::SeqCst);
        assert_eq!(guess(&engine, "ada"), Code::TooManyAttempts);
    }
    now.store(i64::MAX, Ordering::SeqCst);
    assert!(login(&engine, "ada").is_ok());
}

on_each_store!(a_success_locks_nobody);
/// After its lock a source stays open for users who know their password: a success is not a failure and sets
/// no lock.
fn a_success_locks_nobody(store: &Store) {
    let (engine, now) = engine(store);
    for name in ["ada", "grace"] {
        register(&engine, name).unwrap();
    }
    let attempt = |name: &str, password: &str| {
        let request = json!({"username": name, "password": password, "client": {"ip": "192.0.2.1"}});
        call(&engine, "login", request).map(|_| ())
    };
    // The fourth attempt succeeds: three failures do not lock.
    for name in ["a", "b", "c"] {
        assert_eq!(attempt(name, "a wrong password"), Err(Code::InvalidCredentials));
    }
    assert_eq!(attempt("ada", PASSWORD), Ok(()));
    assert_eq!(attempt("grace", PASSWORD), Ok(()));
    // The fourth failure locks. After that lock, successes do not cause the next one.
    assert_eq!(attempt("d", "a wrong password"), Err(Code::InvalidCredentials));
    assert_eq!(attempt("ada", PASSWORD), Err(Code::TooManyAttempts));
    now.fetch_add(60_000, Ordering::SeqCst);
    assert_eq!(attempt("ada", PASSWORD), Ok(()));
    assert_eq!(attempt("grace", PASSWORD), Ok(()));
    // But the next failure does.
    assert_eq!(attempt("e", "a wrong password"), Err(Code::InvalidCredentials));
    assert_eq!(attempt("grace", PASSWORD), Err(Code::TooManyAttempts));
}

on_each_store!(what_expired_is_purged_in_batches);
fn what_expired_is_purged_in_batches(store: &Store) {
    let (engine, now) = engine(store);
    register(&engine, "ada").unwrap();
    // Each unknown name has two counters, few of which share a place: more rows than a batch. One more row
    // counts the events that they cause.
    for index in 0..300 {
        assert_eq!(guess(&engine, &format!("nobody{index}")), Code::InvalidCredentials);
    }
    now.fetch_add(1_000_000_000, Ordering::SeqCst);
    let mut purged = 0;
    let is_complete = (0..600).any(|_| {
        let reply = call(&engine, "maintain", json!({"budget_ms": 1})).unwrap();
        purged += reply["purged"]["throttles"].as_u64().unwrap();
        reply["complete"] == true
    });
    assert!(is_complete);
    assert!((580..=601).contains(&purged), "{purged}");
    login(&engine, "ada").unwrap();
}
