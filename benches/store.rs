//! Measures the store's part of live checks and of writes: `introspect` with few and with many users,
//! `refresh` by many callers and by one. `make bench` runs it; `DOORWARD_BENCH_USERS` sets the large number
//! of users (default 1,000,000).

mod users;

use std::path::PathBuf;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use doorward::Engine;
use serde_json::{Value, json};
use users::{call, fill, login, open};

/// The number of users that log in and are queried, spread evenly over all of them.
const SAMPLE: usize = 4_000;

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return; // `cargo test --benches` only builds it.
    }
    let many = std::env::var_os("DOORWARD_BENCH_USERS")
        .and_then(|text| text.to_str()?.parse().ok())
        .unwrap_or(1_000_000);
    let few = introspect(1_000);
    let much = introspect(many);
    println!("introspect, median of {many} users : of 1,000 users {:>22.2}  ≤ 1.5", much / few);
    refresh();
}

/// Checks live tokens on one and on two threads. Returns the median latency in seconds.
fn introspect(users: usize) -> f64 {
    let folder = Folder::new();
    let engine = folder.open();
    fill(&engine, users);
    let step = (users / SAMPLE).max(1);
    let tokens: Vec<String> = (0..users)
        .step_by(step)
        .take(SAMPLE)
        .map(|user| text(&login(&engine, user), "access_token"))
        .collect();
    let ask = |index: usize| {
        let token = &tokens[index * 7919 % tokens.len()];
        let reply = engine.call("introspect", &format!(r#"{{"token":"{token}"}}"#)).unwrap();
        assert!(reply.starts_with(r#"{"active":true"#));
    };
    (0..2 * SAMPLE).for_each(ask);

    let mut latencies: Vec<f64> = (0..20_000)
        .map(|index| {
            let start = Instant::now();
            ask(index);
            start.elapsed().as_secs_f64()
        })
        .collect();
    latencies.sort_by(f64::total_cmp);
    let median = latencies[latencies.len() / 2];
    let rate = rate(2, |thread, round| ask(thread * 31 + round));
    let bytes = std::fs::metadata(folder.0.join("store.db")).unwrap().len() / users as u64;
    println!(
        "introspect, {users} users: {:.1} µs median, {rate:.0} a second by 2 threads, {bytes} bytes a user",
        median * 1e6
    );
    median
}

/// Refreshes sessions, by one caller and by eight, each with its own sessions.
fn refresh() {
    let folder = Folder::new();
    let engine = folder.open();
    fill(&engine, 16);
    let by = |callers: usize| {
        let tokens: Vec<_> = (0..callers)
            .map(|user| std::sync::Mutex::new(text(&login(&engine, user), "refresh_token")))
            .collect();
        rate(callers, |thread, _| {
            let mut token = tokens[thread].lock().unwrap();
            let reply = call(&engine, "refresh", json!({"refresh_token": *token}));
            *token = text(&reply, "refresh_token");
        })
    };
    let ratios: Vec<f64> = (0..5)
        .map(|_| {
            let one = by(1);
            let eight = by(8);
            println!("refresh: {one:.0} a second by 1 caller, {eight:.0} by 8");
            eight / one
        })
        .collect();
    let mut sorted = ratios;
    sorted.sort_by(f64::total_cmp);
    println!("refresh, 8 callers : one commit each {:>34.2}  ≥ 4", sorted[sorted.len() / 2]);
}

/// Returns how many times a second `f` runs on so many threads. It gets the number of the thread and of the
/// round.
fn rate(threads: usize, f: impl Fn(usize, usize) + Sync) -> f64 {
    const WINDOW: Duration = Duration::from_secs(2);
    let start = Barrier::new(threads);
    let counts: Vec<(usize, Duration)> = thread::scope(|scope| {
        let run = |thread| {
            let f = &f;
            let start = &start;
            scope.spawn(move || {
                start.wait();
                let begin = Instant::now();
                let mut rounds = 0;
                while begin.elapsed() < WINDOW {
                    f(thread, rounds);
                    rounds += 1;
                }
                (rounds, begin.elapsed())
            })
        };
        let running: Vec<_> = (0..threads).map(run).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    counts.iter().map(|(rounds, took)| *rounds as f64 / took.as_secs_f64()).sum()
}

/// A folder with a store, which is deleted at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let path = std::env::temp_dir().join(format!("doorward-bench-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn open(&self) -> Engine {
        let config = json!({
            "store": format!("sqlite:{}", self.0.join("store.db").display()),
            "password": {"memory_kib": 8, "iterations": 1},
            "limits": {"request_bytes": 4 << 20},
        });
        open(&config)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn text(reply: &Value, member: &str) -> String {
    reply[member].as_str().unwrap().to_owned()
}
