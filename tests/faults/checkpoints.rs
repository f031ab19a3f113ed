//! The write-ahead log stays short, whatever readers do, and the doctor tells where one keeps it long.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use doorward::Engine;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::stage::{Store, call};

/// A length that one batch of accounts and the next look at the log do not reach.
const SHORT: u64 = 20_000_000;

/// Lets the readers end, also where the test fails.
struct End<'d>(&'d AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn log(store: &Store) -> u64 {
    fs::metadata(store.path().join("store.db-wal")).unwrap().len()
}

fn import(engine: &Engine, batch: usize, accounts: usize) {
    let text = "x".repeat(4000);
    let account = |number| {
        json!({"username": format!("user-{batch}-{number}"), "email": format!("u{batch}-{number}@example.com"),
            "attributes": {"text": text}})
    };
    let users: Vec<Value> = (0..accounts).map(account).collect();
    call(engine, "import_users", json!({"users": users})).unwrap();
}

/// Writes a little again and again until the log is short.
fn shortens(engine: &Engine, store: &Store, first: usize) {
    for batch in first.. {
        if log(store) <= SHORT {
            return;
        }
        assert!(batch < first + 3_000, "the log has {} bytes", log(store));
        import(engine, batch, 1);
    }
}

fn read(connection: &Connection) {
    connection.execute_batch("BEGIN").unwrap();
    connection.query_row("SELECT count(*) FROM meta", [], |row| row.get::<_, i64>(0)).unwrap();
}

/// One that holds a snapshot keeps it; when it goes, the log is short again, whatever the engine's own readers do.
#[test]
fn a_log_that_a_snapshot_keeps_long_is_told_and_then_shortened() {
    let store = Store::sqlite();
    let engine = store.open();
    let other = Connection::open(store.file()).unwrap();
    read(&other);
    for batch in 0..50 {
        import(&engine, batch, 200);
    }
    let finding = || {
        let findings = call(&engine, "doctor", json!({})).unwrap()["findings"].take();
        findings.as_array().unwrap().iter().find(|it| it["check"] == "write_ahead_log").unwrap().clone()
    };
    let long = finding();
    assert_eq!(long["severity"], "advice");
    let message = long["message"].as_str().unwrap();
    assert!(message.contains(" MB") && message.contains("snapshot"), "{message}");
    other.execute_batch("COMMIT").unwrap();
    let done = &AtomicBool::new(false);
    thread::scope(|scope| {
        let backup = store.path().join("copy");
        scope.spawn({
            let engine = &engine;
            move || {
                call(engine, "backup", json!({"path": backup})).unwrap();
                while !done.load(Ordering::SeqCst) {
                    call(engine, "list_users", json!({"limit": 1000})).unwrap();
                    call(engine, "events", json!({"limit": 1000})).unwrap();
                }
            }
        });
        let _end = End(done);
        shortens(&engine, &store, 50);
    });
    assert_eq!(finding()["severity"], "ok");
}
