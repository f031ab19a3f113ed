//! Tests that the write-ahead log stays short with busy readers, and that the doctor reports a reader that
//! keeps it long.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use doorward::Engine;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::stage::{Store, call};

/// One batch of accounts and the next look at the log stay below this length.
const SHORT: u64 = 20_000_000;

/// Ends the readers, even if the test fails.
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

/// Writes a little, repeatedly, until the log is short.
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

/// Keeps reading for a moment, so that others commit meanwhile.
fn work(connection: &Connection) {
    let numbers = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2000) SELECT count(*) FROM n";
    connection.query_row(numbers, [], |row| row.get::<_, i64>(0)).unwrap();
}

/// Two readers take turns, so that at every moment one of them reads.
#[test]
fn readers_that_overlap_do_not_keep_the_log_long() {
    let store = Store::sqlite();
    let engine = store.open();
    let done = AtomicBool::new(false);
    let ((to_first, of_second), (to_second, of_first)) = (channel(), channel());
    thread::scope(|scope| {
        for (inbox, other, begins) in [(of_second, to_second, true), (of_first, to_first, false)] {
            let done = &done;
            let file = store.file();
            scope.spawn(move || {
                let connection = Connection::open(file).unwrap();
                if begins {
                    read(&connection);
                    other.send(()).unwrap();
                    work(&connection);
                }
                // A reader that learns that the other one reads ends, and begins again before it tells the
                // other.
                while inbox.recv().is_ok() && !done.load(Ordering::SeqCst) {
                    if !connection.is_autocommit() {
                        connection.execute_batch("COMMIT").unwrap();
                    }
                    read(&connection);
                    if other.send(()).is_err() {
                        break;
                    }
                    work(&connection);
                }
            });
        }
        let _end = End(&done);
        let other = Connection::open(store.file()).unwrap();
        other.execute_batch("PRAGMA wal_autocheckpoint = 0").unwrap();
        for name in 0..24 {
            let sql = "INSERT INTO meta (name, value) VALUES (?1, randomblob(1000000))";
            other.execute(sql, [name.to_string()]).unwrap();
        }
        drop(other);
        assert!(log(&store) > SHORT);
        shortens(&engine, &store, 0);
    });
}

/// A snapshot keeps the log long. After it ends, the log gets short again, even if the engine's own readers
/// are busy.
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
