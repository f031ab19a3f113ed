//! Tests with kill -9: every acknowledged write is kept, and nothing is half done.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::thread;

use doorward::Engine;
use serde_json::{Value, json};

use crate::stage::{
    Child, Store, call, is_active, limit, login, logout, on_each_store, open, register, report,
};

/// The steps that a child reported as done, and the step that it was about to do.
#[derive(Default)]
pub struct Acknowledged {
    names: BTreeSet<String>,
    tokens: BTreeSet<String>,
    leaving: BTreeSet<String>,
    pub left: BTreeSet<String>,
    keys: BTreeSet<String>,
}

impl Acknowledged {
    pub fn add(&mut self, report: &Value) {
        let (what, text) = report.as_object().unwrap().iter().next().unwrap();
        let list = match what.as_str() {
            "registered" => &mut self.names,
            "logged in" => &mut self.tokens,
            "leaving" => &mut self.leaving,
            "left" => &mut self.left,
            "given" => &mut self.keys,
            other => panic!("{other}"),
        };
        list.insert(text.as_str().unwrap().to_owned());
    }

    /// Checks that all of it is there, and that the store is undamaged.
    pub fn check(&self, store: &Store) {
        self.check_store(store.url());
        let rows = store.rows();
        assert!(rows["users"].as_u64().unwrap() >= self.names.len() as u64);
        assert!(rows["sessions"].as_u64().unwrap() >= self.tokens.len() as u64);
    }

    /// Checks that all of it is there.
    pub fn check_store(&self, store: &str) {
        let engine = open(store, json!({})).unwrap();
        for name in &self.names {
            call(&engine, "get_user", json!({"username": name})).unwrap();
        }
        for token in self.tokens.union(&self.keys).filter(|token| !self.leaving.contains(*token)) {
            assert!(is_active(&engine, token));
        }
        for token in &self.left {
            assert!(!is_active(&engine, token));
        }
        if let Some(name) = self.names.first() {
            login(&engine, name).unwrap();
        }
    }
}

on_each_store!(kill_9_loses_nothing_acknowledged);
/// A child with three busy threads is killed after a number of acknowledgements that a seed determines.
fn kill_9_loses_nothing_acknowledged(store: &Store) {
    let mut acknowledged = Acknowledged::default();
    let mut seed = 0x9e37_79b9_u32;
    for _ in 0..12 {
        let mut child = Child::start(&json!({"role": "work", "store": store.url()}));
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        for _ in 0..1 + seed % 97 {
            acknowledged.add(&child.report().unwrap());
        }
        child.kill();
        while let Some(report) = child.report() {
            acknowledged.add(&report);
        }
        assert_eq!(child.end().signal(), Some(libc::SIGKILL));
        acknowledged.check(store);
    }
    assert!(acknowledged.left.len() > 20);
}

/// The child of [`kill_9_loses_nothing_acknowledged`].
pub fn work(store: &str) {
    let engine = open(store, json!({})).unwrap();
    thread::scope(|scope| {
        for thread in 0..3 {
            let engine = &engine;
            scope.spawn(move || {
                for round in 0.. {
                    live(engine, &format!("user-{thread}-{round}"));
                }
            });
        }
    });
}

/// The calls of an account's life. Each step is reported after its acknowledgement.
fn live(engine: &Engine, name: &str) {
    let name = format!("{name}-{}", std::process::id());
    register(engine, &name).unwrap();
    report(&json!({"registered": name}));
    let stays = login(engine, &name).unwrap();
    report(&json!({"logged in": stays}));
    let leaves = login(engine, &name).unwrap();
    report(&json!({"logged in": leaves}));
    report(&json!({"leaving": leaves}));
    logout(engine, &leaves).unwrap();
    report(&json!({"left": leaves}));
    let stays = give_key(engine, &name);
    report(&json!({"given": stays["key"]}));
    let goes = give_key(engine, &name);
    report(&json!({"given": goes["key"]}));
    report(&json!({"leaving": goes["key"]}));
    call(engine, "revoke_api_key", json!({"api_key_id": goes["api_key"]["id"]})).unwrap();
    report(&json!({"left": goes["key"]}));
}

fn give_key(engine: &Engine, name: &str) -> Value {
    let user = call(engine, "get_user", json!({"username": name})).unwrap();
    call(engine, "create_api_key", json!({"user_id": user["user"]["id"], "name": "a program"})).unwrap()
}

/// A child dies in the middle of the write that extends a file beyond a limit (SIGXFSZ): so it dies in every
/// kind of write, from the key file and the first page of the schema to the checkpoint at the end, with that
/// write cut off at any byte.
#[test]
fn dying_in_any_write_loses_nothing_acknowledged() {
    let mut died = 0;
    let mut lived = 0;
    let sizes = [0, 1, 40, 44, 100, 4095, 4096, 8192, 32_767, 32_768, 32_800].into_iter();
    for bytes in sizes.chain((0..32).map(|step| 36_000 + 9_007 * step)).chain([u64::MAX]) {
        let store = Store::sqlite();
        let task = json!({"role": "work until the limit", "store": store.url(), "bytes": bytes});
        let mut child = Child::start(&task);
        let mut acknowledged = Acknowledged::default();
        while let Some(report) = child.report() {
            acknowledged.add(&report);
        }
        let status = child.end();
        match status.signal() {
            Some(libc::SIGXFSZ) => died += 1,
            _ => {
                assert!(status.success(), "{status}");
                assert_eq!(acknowledged.left.len(), 8);
                lived += 1;
            }
        }
        acknowledged.check(&store);
    }
    assert!(died > 20 && lived > 0, "{died} died, {lived} lived");
}

/// The child of [`dying_in_any_write_loses_nothing_acknowledged`].
pub fn work_until_the_limit(store: &str, task: &Value) {
    limit(libc::RLIMIT_CORE, 0);
    limit(libc::RLIMIT_FSIZE, task["bytes"].as_u64().unwrap());
    let engine = open(store, json!({})).unwrap();
    (0..4).for_each(|round| live(&engine, &format!("user{round}")));
}
