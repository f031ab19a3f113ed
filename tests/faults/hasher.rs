//! Tests of the password hasher under load: its memory stays within the configuration, its queue is bounded
//! and fair, and missing memory is reported.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use doorward::{Code, Engine};
use serde_json::json;

use crate::stage::{
    Child, PASSWORD, Store, call, count, guess, is_active, limit, login, open, register, report, together,
};

/// 200 logins at the same time, each with 8 MiB, in two places: they take 16 MiB, not 1600.
#[test]
fn two_hundred_logins_at_once() {
    let store = Store::sqlite();
    let mut child = Child::start(&json!({"role": "many logins", "store": store.url()}));
    let grown_kib = child.report().unwrap().as_u64().unwrap();
    child.succeed();
    // The rest is for 200 threads, their requests, and the store's caches.
    assert!(grown_kib < 2 * 8192 + 65_536, "{grown_kib} KiB");
    assert_eq!(store.rows()["sessions"], 200);
}

/// The child of [`two_hundred_logins_at_once`].
pub fn many_logins(store: &str) {
    let keys = json!({
        "password": {"memory_kib": 8192, "iterations": 3, "max_concurrent": 2, "max_queued": 200},
        "throttle": {"account_failures": 100},
    });
    let engine = open(store, keys).unwrap();
    (0..10).for_each(|index| drop(register(&engine, &format!("user{index}")).unwrap()));
    let before = status_kib("VmHWM");
    let results = together(200, |index| login(&engine, &format!("user{}", index % 10)));
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    report(&json!(status_kib("VmHWM") - before));
}

/// Reads a number of `/proc/self/status`.
fn status_kib(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A call that finds the queue full gets `hash_queue_full`. That is no failed attempt, because the password
/// was not checked.
#[test]
fn an_overflow_is_no_failed_attempt() {
    let store = Store::sqlite();
    Child::start(&json!({"role": "an overflow", "store": store.url()})).succeed();
}

/// The child of [`an_overflow_is_no_failed_attempt`]: the places are the process's.
pub fn overflow(store: &str) {
    let keys = json!({"password": {"max_concurrent": 1, "max_queued": 1, "memory_kib": 1024}});
    let engine = open(store, keys).unwrap();
    register(&engine, "ada").unwrap();
    let mut overflowed = 0;
    for _ in 0..10 {
        let busy = AtomicBool::new(true);
        thread::scope(|scope| {
            for _ in 0..2 {
                // Two callers occupy the place and fill the queue, and may overflow it themselves.
                scope.spawn(|| {
                    while busy.load(Ordering::Relaxed) {
                        let _ = call(&engine, "hash_password", json!({"password": PASSWORD}));
                    }
                });
            }
            let results = together(9, |_| login(&engine, "ada").map(|_| ()));
            busy.store(false, Ordering::Relaxed);
            let full = count(&results, Code::HashQueueFull);
            assert_eq!(results.iter().filter(|result| result.is_ok()).count() + full, 9, "{results:?}");
            overflowed += full;
        });
    }
    assert!(overflowed > 10, "{overflowed}");
    assert!(login(&engine, "ada").is_ok());
    // The number of allowed guesses has not changed.
    let guesses: Vec<Code> = (0..11).map(|_| guess(&engine, "ada")).collect();
    assert_eq!(guesses[..10], [Code::InvalidCredentials; 10]);
    assert_eq!(guesses[10], Code::TooManyAttempts);
}

/// Places are given in the order of arrival: a caller that hashes in a loop does not keep others waiting for
/// ever.
#[test]
fn the_queue_is_fair() {
    let store = Store::sqlite();
    Child::start(&json!({"role": "a fair queue", "store": store.url()})).succeed();
}

/// The child of [`the_queue_is_fair`]: the places are the process's.
pub fn fair_queue(store: &str) {
    let engine = open(store, json!({"password": {"max_concurrent": 1}})).unwrap();
    let hash = || drop(call(&engine, "hash_password", json!({"password": PASSWORD})).unwrap());
    let done = AtomicBool::new(false);
    let greedy = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                hash();
                greedy.fetch_add(1, Ordering::Relaxed);
            }
        });
        (0..100).for_each(|_| hash());
        done.store(true, Ordering::Relaxed);
    });
    let greedy = greedy.into_inner();
    assert!(greedy < 1000, "{greedy} beside 100");
}

/// Two engines with one place hash one at a time: while one of them does, the other refuses callers that may
/// not wait. A child that is forked meanwhile hashes at once, because it has its own places.
#[test]
fn the_places_are_the_processes() {
    let store = Store::sqlite();
    Child::start(&json!({"role": "two engines", "store": store.url()})).succeed();
}

/// The child of [`the_places_are_the_processes`]: the places are the process's.
pub fn two_engines(store: &str) {
    let keys =
        json!({"password": {"max_concurrent": 1, "max_queued": 0, "memory_kib": 65_536, "iterations": 60}});
    let slow = open(store, keys.clone()).unwrap();
    let other = open(store, keys).unwrap();
    let load = |engine| call(engine, "stats", json!({})).unwrap()["hash_queue"].clone();
    let hash = |engine: &Engine| call(engine, "hash_password", json!({"password": PASSWORD}));
    assert_eq!(load(&other), json!({"slots": 1, "busy": 0, "waiting": 0}));
    thread::scope(|scope| {
        let hashing = scope.spawn(|| hash(&slow));
        while load(&other)["busy"] == 0 {
            thread::yield_now();
        }
        assert_eq!(hash(&other), Err(Code::HashQueueFull));
        assert_eq!(forked(|| open("sqlite::memory:", json!({})).is_ok_and(|own| hash(&own).is_ok())), 0);
        assert!(!hashing.is_finished(), "the hash was too quick for this test");
        hashing.join().unwrap().unwrap();
    });
    assert!(hash(&other).is_ok());
    // An engine with a larger demand adds places for all engines, and removes them when it closes.
    let wide = open(store, json!({"password": {"max_concurrent": 3}})).unwrap();
    assert_eq!(load(&other)["slots"], 3);
    drop(wide);
    assert_eq!(load(&other)["slots"], 1);
}

/// Returns how a forked child ends: with 0 if `f` holds.
fn forked(f: impl FnOnce() -> bool) -> i32 {
    // SAFETY: the child runs `f` and ends at once.
    match unsafe { libc::fork() } {
        0 => {
            let code = i32::from(!f());
            unsafe { libc::_exit(code) }
        }
        child => {
            let mut status = 0;
            // SAFETY: `status` is written.
            assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
            libc::WEXITSTATUS(status)
        }
    }
}

/// If the system has no memory for a hash, one call fails. That is no failed attempt, and calls without a
/// hash work.
#[test]
fn no_memory_is_an_answer() {
    let store = Store::sqlite();
    let child = Child::start(&json!({"role": "no memory", "store": store.url()}));
    child.succeed();
    assert_eq!(store.rows()["sessions"], 2);
}

/// The child of [`no_memory_is_an_answer`].
pub fn no_memory(store: &str) {
    let engine = open(store, json!({})).unwrap();
    register(&engine, "ada").unwrap();
    let token = login(&engine, "ada").unwrap();
    drop(engine);

    let engine = open(store, json!({"password": {"memory_kib": 65_536}})).unwrap();
    assert!(is_active(&engine, &token));
    limit(libc::RLIMIT_AS, (status_kib("VmSize") + 32_768) * 1024);
    for _ in 0..20 {
        assert_eq!(login(&engine, "ada"), Err(Code::HashQueueFull));
        assert_eq!(login(&engine, "nobody"), Err(Code::HashQueueFull));
    }
    let hash = json!({"password": PASSWORD});
    assert_eq!(call(&engine, "hash_password", hash.clone()), Err(Code::HashQueueFull));
    assert_eq!(register(&engine, "grace"), Err(Code::HashQueueFull));
    assert!(is_active(&engine, &token));

    limit(libc::RLIMIT_AS, libc::RLIM_INFINITY);
    login(&engine, "ada").unwrap();
    call(&engine, "hash_password", hash).unwrap();
}
