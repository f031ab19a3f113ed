//! What an operator sees: the audit log. What fits a file is in tests/conformance.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use doorward::{Clock, Config, Engine, Hooks};
use serde_json::{Value, json};
use tempfile::TempDir;

const PASSWORD: &str = "eight wise words";

/// 2026-01-01T00:00:00Z
const START: i64 = 1_767_225_600;

#[test]
fn what_is_past_its_time_leaves_the_store() {
    let stage = Stage::new(json!({"audit": {"retention_days": 10}}));
    let engine = stage.open();
    (0..20).for_each(|index| drop(register(&engine, &format!("old{index}"))));
    stage.advance(11 * 86_400);
    // Every new event takes a few old ones along.
    register(&engine, "new0");
    drop(engine);
    assert_eq!(stage.count("events"), 20 + 1 - 4);
    let engine = stage.open();
    (1..5).for_each(|index| drop(register(&engine, &format!("new{index}"))));
    assert_eq!(kinds(&engine, json!({})), ["registered"; 5]);
    drop(engine);
    assert_eq!(stage.count("events"), 5);
}

/// An act that cannot be logged does not happen.
#[test]
fn no_act_without_its_event() {
    let stage = Stage::new(json!({}));
    let engine = stage.open();
    let id = register(&engine, "ada");
    let login = login(&engine, "ada").unwrap();
    drop(engine);
    stage
        .sqlite()
        .execute_batch("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(FAIL, 'no'); END")
        .unwrap();
    let before = stage.dump();
    let engine = stage.open();
    for (operation, request) in [
        ("register", json!({"username": "bob", "email": "b@example.com", "password": PASSWORD})),
        ("login", json!({"username": "ada", "password": PASSWORD})),
        ("login", json!({"username": "ada", "password": "a wrong password"})),
        ("login", json!({"username": "nobody", "password": "a wrong password"})),
        ("logout", json!({"token": login["access_token"]})),
        ("logout", json!({"token": login["access_token"], "everywhere": true})),
        ("revoke_token", json!({"token": login["refresh_token"]})),
        ("revoke_session", json!({"session_id": login["session_id"]})),
        ("revoke_user_sessions", json!({"user_id": id})),
        ("update_user", json!({"id": id, "roles": ["x"]})),
        ("update_user", json!({"id": id, "is_active": false})),
        ("delete_user", json!({"id": id})),
        ("rotate_keys", json!({})),
    ] {
        assert_eq!(call(&engine, operation, request).unwrap_err(), "store_unavailable", "{operation}");
    }
    drop(engine);
    assert_eq!(stage.dump(), before);
}

/// Threads and engines that log in, log out and fail at once: what is in the log is what happened, and
/// who follows it by `after` misses nothing.
#[test]
fn the_log_has_no_gaps() {
    const THREADS: usize = 8;
    const ROUNDS: usize = 8;
    let stage = Stage::new(json!({"throttle": {"account_failures": 100}}));
    let engines = [stage.open(), stage.open()];
    (0..THREADS).for_each(|index| drop(register(&engines[0], &format!("user{index}"))));
    let start = Barrier::new(THREADS + 1);
    let followed = thread::scope(|scope| {
        let working: Vec<_> = (0..THREADS)
            .map(|index| {
                let (engine, start) = (&engines[index % 2], &start);
                scope.spawn(move || {
                    let name = format!("user{index}");
                    start.wait();
                    for _ in 0..ROUNDS {
                        let reply = login(engine, &name).unwrap();
                        call(engine, "logout", json!({"token": reply["access_token"]})).unwrap();
                        let wrong = json!({"username": name, "password": "a wrong password"});
                        assert_eq!(call(engine, "login", wrong).unwrap_err(), "invalid_credentials");
                    }
                })
            })
            .collect();
        start.wait();
        let mut followed: Vec<Value> = Vec::new();
        loop {
            let is_over = working.iter().all(|thread| thread.is_finished());
            let after = followed.last().map_or(Value::Null, |event| event["id"].clone());
            let page = call(&engines[0], "events", json!({"after": after, "limit": 1000})).unwrap();
            followed.extend(page["events"].as_array().unwrap().clone());
            if is_over {
                break followed;
            }
        }
    });
    let count = |kind: &str| followed.iter().filter(|event| event["kind"] == kind).count();
    let each = THREADS * ROUNDS;
    assert_eq!(
        [count("registered"), count("logged_in"), count("logged_out"), count("login_failed")],
        [THREADS, each, each, each]
    );
    assert_eq!(followed.len(), THREADS + 3 * each);
    drop(engines);
    assert_eq!(stage.count("events"), followed.len() as i64);
}

/// One session that many end at once is ended once, and logged once.
#[test]
fn a_race_leaves_one_event() {
    let stage = Stage::new(json!({}));
    let engine = stage.open();
    let id = register(&engine, "ada");
    let session = login(&engine, "ada").unwrap()["session_id"].clone();
    let start = Barrier::new(16);
    let revoked: i64 = thread::scope(|scope| {
        let revoke = |_| {
            scope.spawn(|| {
                start.wait();
                let reply = call(&engine, "revoke_session", json!({"session_id": session})).unwrap();
                reply["revoked"].as_i64().unwrap()
            })
        };
        let running: Vec<_> = (0..16).map(revoke).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(revoked, 1);
    assert_eq!(kinds(&engine, json!({"user_id": id})), ["registered", "logged_in", "session_revoked"]);
}

/// A clock that was ahead for a while does not keep later events out of their place in time.
#[test]
fn a_clock_that_was_set_back() {
    let stage = Stage::new(json!({}));
    let engine = stage.open();
    register(&engine, "now0");
    stage.advance(8_640_000);
    register(&engine, "future");
    stage.advance(-8_640_000);
    register(&engine, "now1");
    stage.advance(-5);
    register(&engine, "just_before");
    let events = call(&engine, "events", json!({})).unwrap();
    let at: Vec<i64> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["at"].as_i64().unwrap() - START)
        .collect();
    assert_eq!(at, [-5, 0, 0, 8_640_000]);
}

/// The log of a deleted account names it by its id alone, also where a login was under way.
#[test]
fn a_deleted_account_leaves_nothing_personal() {
    let stage = Stage::new(json!({}));
    let engine = stage.open();
    let id = register(&engine, "ada");
    let client = json!({"ip": "203.0.113.7", "user_agent": "a browser", "device_id": "a-device"});
    call(&engine, "login", json!({"username": "ada", "password": PASSWORD, "client": client})).unwrap();
    call(&engine, "login", json!({"username": "ada", "password": "a wrong password", "client": client}))
        .unwrap_err();
    call(&engine, "update_user", json!({"id": id, "email": "lovelace@example.com"})).unwrap();
    call(&engine, "delete_user", json!({"id": id})).unwrap();
    assert_eq!(
        kinds(&engine, json!({"user_id": id})),
        ["registered", "logged_in", "login_failed", "user_updated", "user_deleted"]
    );
    drop(engine);
    let dump = stage.dump();
    for personal in ["ada", "lovelace", "203.0.113.7", "a browser", "a-device"] {
        assert!(!dump.contains(personal), "{personal}");
    }
}

/// The strangers whose names were tried are not in the log.
#[test]
fn an_unknown_name_is_not_kept() {
    let stage = Stage::new(json!({}));
    let engine = stage.open();
    for name in ["correct-horse-7", "correct-horse-7@example.com", "correct horse 7"] {
        call(&engine, "login", json!({"username": name, "password": PASSWORD})).unwrap_err();
    }
    assert_eq!(kinds(&engine, json!({})), ["login_failed"; 3]);
    drop(engine);
    assert!(!stage.dump().contains("correct"));
}

/// A store, a clock, and the configuration of the engines on them.
struct Stage {
    folder: TempDir,
    now_ms: Arc<AtomicI64>,
    config: Value,
}

impl Stage {
    fn new(patch: Value) -> Stage {
        let folder = tempfile::tempdir().unwrap();
        let mut config = json!({
            "store": format!("sqlite:{}", folder.path().join("store.db").display()),
            "password": {"memory_kib": 8, "iterations": 1},
        });
        for (key, value) in patch.as_object().unwrap() {
            config[key] = value.clone();
        }
        Stage { folder, now_ms: Arc::new(AtomicI64::new(START * 1000)), config }
    }

    fn open(&self) -> Engine {
        let now_ms = Arc::clone(&self.now_ms);
        let hooks = Hooks { clock: Clock::custom(move || now_ms.load(Ordering::SeqCst)), log: None };
        Engine::open(Config::parse(&self.config.to_string()).unwrap(), hooks).unwrap()
    }

    fn advance(&self, seconds: i64) {
        self.now_ms.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// A connection of the test's own, while no engine is open.
    fn sqlite(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.path().join("store.db")).unwrap()
    }

    fn count(&self, table: &str) -> i64 {
        self.sqlite().query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    /// What the store holds of accounts, sessions, keys and events, as text.
    fn dump(&self) -> String {
        let sqlite = self.sqlite();
        let mut dump = String::new();
        for table in ["users", "user_roles", "sessions", "keys", "events"] {
            let mut statement = sqlite.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = statement.column_count();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for column in 0..columns {
                    match row.get_ref(column).unwrap() {
                        rusqlite::types::ValueRef::Text(text) => dump.push_str(str::from_utf8(text).unwrap()),
                        other => dump.push_str(&format!("{other:?}")),
                    }
                    dump.push('|');
                }
            }
        }
        dump
    }
}

/// Calls an operation; the code of a failure.
fn call(engine: &Engine, operation: &str, request: Value) -> Result<Value, &'static str> {
    match engine.call(operation, &request.to_string()) {
        Ok(reply) => Ok(serde_json::from_str(&reply).unwrap()),
        Err(error) => Err(error.code.name()),
    }
}

/// Creates an account; its id.
fn register(engine: &Engine, name: &str) -> Value {
    let email = format!("{name}@example.com");
    let request = json!({"username": name, "email": email, "password": PASSWORD});
    call(engine, "register", request).unwrap()["user"]["id"].clone()
}

fn login(engine: &Engine, name: &str) -> Result<Value, &'static str> {
    call(engine, "login", json!({"username": name, "password": PASSWORD}))
}

/// The kinds of the events that a request lists.
fn kinds(engine: &Engine, request: Value) -> Vec<String> {
    let reply = call(engine, "events", request).unwrap();
    reply["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["kind"].as_str().unwrap().to_owned())
        .collect()
}
