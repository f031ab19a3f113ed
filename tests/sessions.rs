//! Sessions under concurrency: one refresh token offered from everywhere at once, in threads and in
//! processes; revocations that hold.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::thread;

use doorward::{Code, Config, Engine, Hooks};
use serde_json::{Value, json};
use tempfile::TempDir;

const PASSWORD: &str = "eight wise words";

#[test]
fn sixty_four_threads_refresh_one_token_and_get_one_successor() {
    let folder = TempDir::new().unwrap();
    let engine = open(folder.path(), &json!({}));
    register(&engine);
    let mut token = text(&login(&engine), "refresh_token");
    for _ in 0..8 {
        let barrier = Barrier::new(64);
        let successors: HashSet<String> = thread::scope(|scope| {
            let refresh = || {
                barrier.wait();
                text(&call(&engine, "refresh", json!({"refresh_token": token})).unwrap(), "refresh_token")
            };
            let threads: Vec<_> = (0..64).map(|_| scope.spawn(refresh)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(successors.len(), 1);
        token = successors.into_iter().next().unwrap();
    }
    drop(engine);
    let rows: i64 = rusqlite::Connection::open(folder.path().join("store.db"))
        .unwrap()
        .query_row("SELECT count(*) FROM sessions", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 1, "refreshing adds no rows");
}

#[test]
fn eight_processes_refresh_one_token_and_get_one_successor() {
    let folder = TempDir::new().unwrap();
    let engine = open(folder.path(), &json!({}));
    register(&engine);
    let token = text(&login(&engine), "refresh_token");
    let children: Vec<Child> = (0..8).map(|_| child("refresh", folder.path(), &token)).collect();
    let successors: HashSet<String> = children.into_iter().map(last_words).collect();
    assert_eq!(successors.len(), 1);
    let successor = successors.into_iter().next().unwrap();
    call(&engine, "refresh", json!({"refresh_token": successor})).unwrap();
}

/// Threads that offer the oldest token they know, while others go on: whatever the order, the stale token
/// is refused, and from then on the session is dead for everybody.
#[test]
fn a_stale_token_ends_the_session_for_everybody() {
    let folder = TempDir::new().unwrap();
    let engine = open(folder.path(), &json!({"refresh_grace_seconds": 0}));
    register(&engine);
    let first = text(&login(&engine), "refresh_token");
    let mut newest = first.clone();
    for _ in 0..3 {
        newest = text(&call(&engine, "refresh", json!({"refresh_token": newest})).unwrap(), "refresh_token");
    }
    let barrier = Barrier::new(16);
    thread::scope(|scope| {
        for number in 0..16 {
            let (engine, barrier, token) =
                (&engine, &barrier, if number % 2 == 0 { &first } else { &newest });
            scope.spawn(move || {
                barrier.wait();
                let result = call(engine, "refresh", json!({"refresh_token": token}));
                assert!(number % 2 == 1 || result.unwrap_err() == Code::InvalidToken);
            });
        }
    });
    assert_eq!(call(&engine, "refresh", json!({"refresh_token": newest})).unwrap_err(), Code::InvalidToken);
}

/// A child logs in and logs out and says so; it is killed after it spoke. What it said holds.
#[test]
fn an_acknowledged_revocation_survives_kill_9() {
    let folder = TempDir::new().unwrap();
    let engine = open(folder.path(), &json!({}));
    register(&engine);
    for _ in 0..20 {
        let token = text(&login(&engine), "refresh_token");
        assert_eq!(last_words(child("revoke", folder.path(), &token)), "revoked");
        let reply = call(&engine, "introspect", json!({"token": token})).unwrap();
        assert_eq!(reply, json!({"active": false, "reason": "revoked"}));
    }
}

/// A crash between the commit and the reply: the client asks again with the token it has.
#[test]
fn a_refresh_whose_reply_was_lost_is_asked_again() {
    let folder = TempDir::new().unwrap();
    let engine = open(folder.path(), &json!({}));
    register(&engine);
    let token = text(&login(&engine), "refresh_token");
    let lost = last_words(child("refresh", folder.path(), &token));
    let again = text(&call(&engine, "refresh", json!({"refresh_token": token})).unwrap(), "refresh_token");
    assert_eq!(again, lost);
    call(&engine, "refresh", json!({"refresh_token": again})).unwrap();
}

/// Not a test of its own: what the children of the others run.
#[test]
fn child_process() {
    let Some(role) = std::env::var_os("DOORWARD_CHILD") else { return };
    let folder = std::env::var_os("DOORWARD_FOLDER").unwrap();
    let token = std::env::var_os("DOORWARD_TOKEN").unwrap().into_string().unwrap();
    let engine = open(Path::new(&folder), &json!({}));
    match role.to_str().unwrap() {
        "refresh" => {
            say(&text(&call(&engine, "refresh", json!({"refresh_token": token})).unwrap(), "refresh_token"));
        }
        _ => {
            call(&engine, "revoke_token", json!({"token": token})).unwrap();
            say("revoked");
        }
    }
    loop {
        thread::park();
    }
}

/// What a child says stands behind this, in a line of its own: the test harness writes to the same pipe.
const SAYS: &str = "child says: ";

fn say(text: &str) {
    println!("\n{SAYS}{text}");
}

fn child(role: &str, folder: &Path, token: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["child_process", "--exact", "--nocapture", "--test-threads=1"])
        .env("DOORWARD_CHILD", role)
        .env("DOORWARD_FOLDER", folder)
        .env("DOORWARD_TOKEN", token)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What the child says; it is killed after that.
fn last_words(mut child: Child) -> String {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = lines.map(Result::unwrap).find_map(|line| line.strip_prefix(SAYS).map(str::to_owned));
    child.kill().unwrap();
    child.wait().unwrap();
    said.expect("the child said nothing")
}

fn open(folder: &Path, patch: &Value) -> Engine {
    let mut config = json!({
        "store": format!("sqlite:{}", folder.join("store.db").display()),
        "password": {"memory_kib": 8, "iterations": 1},
    });
    config.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
    Engine::open(Config::parse(&config.to_string()).unwrap(), Hooks::default()).unwrap()
}

fn call(engine: &Engine, operation: &str, request: Value) -> Result<Value, Code> {
    let reply = engine.call(operation, &request.to_string()).map_err(|error| error.code)?;
    Ok(serde_json::from_str(&reply).unwrap())
}

fn register(engine: &Engine) {
    call(engine, "register", json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD}))
        .unwrap();
}

fn login(engine: &Engine) -> Value {
    call(engine, "login", json!({"username": "ada", "password": PASSWORD})).unwrap()
}

fn text(reply: &Value, field: &str) -> String {
    reply[field].as_str().unwrap().to_owned()
}
