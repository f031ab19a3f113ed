//! Tests of invented later steps: two that let older engines go on, one of which rebuilds `users` on SQLite,
//! and one that shuts them out. Several processes run them at once, are killed at every write, and work
//! beside older engines.

use std::io::{BufRead, BufReader, Write};
use std::ops::ControlFlow;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Plan, STEPS, Step};
use crate::config::{Config, StoreUrl};
use crate::error::Code;
use crate::store::moves::{migrate, unseal};
use crate::store::{Durability, Store as Opened};
use crate::{Engine, Hooks};

#[path = "../../../tests/stores/mod.rs"]
mod stores;
use stores::Store;

const PASSWORD: &str = "eight wise words";

/// Rebuilds `users`, as SQLite requires for what ALTER TABLE cannot do (www.sqlite.org/lang_altertable.html).
static REBUILD: LazyLock<String> = LazyLock::new(|| {
    let schema = STEPS[0].sqlite;
    let statement = |beginning: &str| {
        let (_, rest) = schema.split_once(beginning).unwrap();
        format!("{beginning}{};", rest.split_once(';').unwrap().0)
    };
    let table = statement("CREATE TABLE users (").replace("TABLE users", "TABLE users_anew");
    let (columns, _) = table.rsplit_once("\n)").unwrap();
    let indexes: Vec<&str> =
        schema.split_inclusive(';').filter(|text| text.contains(" ON users (")).collect();
    format!(
        "{columns},\n  nickname TEXT) WITHOUT ROWID;
         INSERT INTO users_anew SELECT * FROM users;
         ALTER TABLE users_anew ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
         DROP TABLE users; ALTER TABLE users_anew RENAME TO users; {}",
        indexes.concat()
    )
});

fn steps(count: usize) -> &'static [Step] {
    static ALL: LazyLock<Vec<Step>> = LazyLock::new(|| {
        let first =
            Step { is_additive: STEPS[0].is_additive, sqlite: STEPS[0].sqlite, postgres: STEPS[0].postgres };
        let notes = "CREATE TABLE notes (id INTEGER NOT NULL PRIMARY KEY, text TEXT NOT NULL);
                     ALTER TABLE users ADD COLUMN nickname TEXT;";
        vec![
            first,
            Step { sqlite: notes, postgres: notes, is_additive: true },
            Step {
                sqlite: &REBUILD,
                postgres: "ALTER TABLE users ADD COLUMN rank BIGINT NOT NULL DEFAULT 0",
                is_additive: true,
            },
            Step {
                sqlite: "ALTER TABLE users RENAME COLUMN rank TO grade",
                postgres: "ALTER TABLE users RENAME COLUMN rank TO grade",
                is_additive: false,
            },
        ]
    });
    &ALL[..count]
}

/// Opens the store as an engine that knows so many steps.
fn open(url: &str, count: usize, migrates: bool, timeout: Duration) -> crate::Result<Opened> {
    let url: StoreUrl = url.parse().unwrap();
    Opened::connect(&url, 2, timeout, Plan { steps: steps(count), ..Plan::new(migrates) })
}

const TIMEOUT: Duration = Duration::from_secs(20);

fn version(store: &Opened) -> i64 {
    store.schema().unwrap().0.version
}

/// An engine of the current version: it knows the first step.
fn engine(store: &Store) -> crate::Result<Engine> {
    let password = json!({"memory_kib": 64, "iterations": 1, "blocklist": false});
    let config = stores::config(store.url(), json!({"password": password}), json!({}));
    Engine::open(Config::parse(&config.to_string()).unwrap(), Hooks::default())
}

fn call(engine: &Engine, operation: &str, request: Value) -> Result<Value, Code> {
    let reply = engine.call(operation, &request.to_string()).map_err(|error| error.code)?;
    Ok(serde_json::from_str(&reply).unwrap())
}

fn register(engine: &Engine, name: &str) -> Result<Value, Code> {
    let email = format!("{name}@example.com");
    call(
        engine,
        "register",
        json!({"username": name, "email": email, "password": PASSWORD, "roles": ["admin"]}),
    )
}

fn login(engine: &Engine, name: &str) -> Result<Value, Code> {
    Ok(call(engine, "login", json!({"username": name, "password": PASSWORD}))?["access_token"].take())
}

fn is_active(engine: &Engine, token: &Value) -> bool {
    call(engine, "introspect", json!({"token": token})).unwrap()["active"] == true
}

stores::on_each_store!(no_row_is_lost_and_the_older_engine_goes_on);
/// A store of the first version, with an engine open on it, goes to the third.
fn no_row_is_lost_and_the_older_engine_goes_on(store: &Store) {
    let store = store.another().without_tables();
    let older = engine(&store).unwrap();
    register(&older, "ada").unwrap();
    let token = login(&older, "ada").unwrap();
    assert_eq!(version(&open(store.url(), 2, true, TIMEOUT).unwrap()), 2);
    assert!(is_active(&older, &token));
    let newer = open(store.url(), 3, true, TIMEOUT).unwrap();
    assert_eq!((newer.found(), version(&newer)), (2, 3));
    assert!(is_active(&older, &token), "a session went with the table that was made anew");
    register(&older, "grace").unwrap();
    let restarted = engine(&store).unwrap();
    let token = login(&older, "grace").unwrap();
    assert!(is_active(&restarted, &token));
    let findings = call(&restarted, "doctor", json!({})).unwrap()["findings"].take();
    let schema = findings.as_array().unwrap().iter().find(|finding| finding["check"] == "schema").unwrap();
    assert_eq!(schema["severity"], "advice");
    // A move would lose the additions of the newer engine.
    let elsewhere = store.path().join("copy.db");
    let to = stores::sqlite(&elsewhere).parse().unwrap();
    assert_eq!(
        migrate(&store.url().parse().unwrap(), &to, |_| ControlFlow::Continue(())).unwrap_err().code,
        Code::SchemaTooNew
    );
    drop((older, restarted));
    assert_eq!(store.count("users WHERE rank = 0"), 2);
    assert_eq!(store.count("user_roles WHERE user_id IN (SELECT id FROM users)"), 2);
    assert_eq!(store.count("sessions WHERE user_id IN (SELECT id FROM users)"), 2);
    // Rows are still deleted with the account that they refer to, also by the connection that migrated.
    newer.write(Durability::Full, |tx| tx.execute("DELETE FROM users", &[]).map(drop)).unwrap();
    assert_eq!((store.count("user_roles"), store.count("sessions")), (0, 0));
}

stores::on_each_store!(a_store_that_was_moved_takes_no_steps);
/// The tables of a moved store have other names until it is given back.
fn a_store_that_was_moved_takes_no_steps(store: &Store) {
    let store = store.another().without_tables();
    register(&engine(&store).unwrap(), "ada").unwrap();
    let from = store.url().parse().unwrap();
    let to = stores::sqlite(&store.path().join("copy.db")).parse().unwrap();
    migrate(&from, &to, |_| ControlFlow::Continue(())).unwrap();
    let refused = open(store.url(), 4, true, TIMEOUT).err().unwrap();
    assert_eq!(refused.code, Code::InvalidConfig);
    let says = refused.detail.unwrap();
    assert!(says.starts_with("the store was moved to "), "{says}");
    unseal(&from).unwrap();
    assert_eq!(version(&open(store.url(), 4, true, TIMEOUT).unwrap()), 4);
    assert_eq!(store.count("users WHERE grade = 0"), 1);
}

stores::on_each_store!(an_engine_that_is_shut_out);
fn an_engine_that_is_shut_out(store: &Store) {
    let store = store.another().without_tables();
    let older = engine(&store).unwrap();
    register(&older, "ada").unwrap();
    let newest = open(store.url(), 4, true, TIMEOUT).unwrap();
    assert_eq!(version(&newest), 4);
    let refused = json!({"username": "grace", "email": "grace@example.com", "password": PASSWORD});
    let refused = older.call("register", &refused.to_string()).unwrap_err();
    let why = "schema_too_new: schema 4 is needed";
    assert_eq!((refused.code, refused.detail.as_deref()), (Code::StoreUnavailable, Some(why)));
    assert_eq!(store.count("users"), 1);
    assert_eq!(engine(&store).err().unwrap().code, Code::SchemaTooNew);
    assert_eq!(open(store.url(), 3, true, TIMEOUT).err().unwrap().code, Code::SchemaTooNew);
}

/// An older engine's write is completed before the step that shuts it out, or does not happen.
#[test]
fn a_step_waits_for_who_writes() {
    let Some(store) = Store::postgres() else { return };
    let store = store.without_tables();
    let older = open(store.url(), 1, true, TIMEOUT).unwrap();
    let write = |before_the_end: &dyn Fn()| {
        older.write(Durability::Full, |tx| {
            tx.execute("UPDATE meta SET value = value", &[])?;
            before_the_end();
            Ok(())
        })
    };
    std::thread::scope(|scope| {
        let written = write(&|| {
            let newest = scope.spawn(|| drop(open(store.url(), 4, true, TIMEOUT).unwrap()));
            let waiting = "pg_locks WHERE NOT granted AND relation = 'doorward_schema'::regclass";
            while store.count(waiting) == 0 {
                assert!(!newest.is_finished(), "the step was taken beside an older engine's transaction");
            }
        });
        written.unwrap();
    });
    assert_eq!(store.count("doorward_schema"), 4);
    assert_eq!(write(&|| ()).unwrap_err().code, Code::StoreUnavailable);
}

stores::on_each_store!(operators_decide_when);
fn operators_decide_when(store: &Store) {
    let store = store.another().without_tables();
    let refused = |count, field| {
        let error = open(store.url(), count, false, TIMEOUT).err().unwrap();
        assert_eq!((error.code, error.field.as_deref()), (Code::InvalidConfig, Some(field)));
    };
    // Nothing is created, not even the file.
    refused(1, if store.is_sqlite() { "/store" } else { "/migrate" });
    assert!(!store.file().exists());
    register(&engine(&store).unwrap(), "ada").unwrap();
    refused(2, "/migrate");
    assert_eq!(version(&open(store.url(), 1, false, TIMEOUT).unwrap()), 1);
    assert_eq!(version(&open(store.url(), 3, true, TIMEOUT).unwrap()), 3);
    assert_eq!(version(&open(store.url(), 3, false, TIMEOUT).unwrap()), 3);
    assert_eq!(version(&open(store.url(), 1, false, TIMEOUT).unwrap()), 3);
}

/// A step that fails undoes the steps before it.
#[test]
fn a_step_that_fails() {
    let store = Store::sqlite();
    register(&engine(&store).unwrap(), "ada").unwrap();
    let orphan = "INSERT INTO user_roles (user_id, role) VALUES (x'00', 'admin')";
    for wrong in ["CREATE TABLE users (id BLOB)", "no statement", orphan] {
        let steps: Vec<Step> = [STEPS[0].sqlite, "CREATE TABLE notes (id BLOB)", wrong]
            .map(|sqlite| Step { sqlite, postgres: "", is_additive: true })
            .into();
        let plan = Plan { steps: steps.leak(), ..Plan::new(true) };
        let failed = Opened::connect(&store.url().parse().unwrap(), 1, TIMEOUT, plan);
        assert_eq!(failed.err().unwrap().code, Code::StoreUnavailable, "{wrong}");
        assert_eq!(store.count("doorward_schema"), 1);
        assert_eq!(store.count("sqlite_schema WHERE name = 'notes'"), 0);
    }
}

stores::on_each_store!(eight_processes_at_once);
/// The time limit is far below the duration of eight migrations in a row. Waiting for a migrating process is
/// not limited by it.
fn eight_processes_at_once(store: &Store) {
    for round in 0..3 {
        let store = store.another().without_tables();
        register(&engine(&store).unwrap(), "ada").unwrap();
        let timeout_ms = if store.is_sqlite() { 20 } else { 5_000 };
        let task = json!({"store": store.url(), "timeout_ms": timeout_ms});
        let mut children: Vec<Process> = (0..8).map(|_| Process::start(&task, &[])).collect();
        children.iter_mut().for_each(|child| assert_eq!(child.says(), "ready"));
        children.iter_mut().for_each(Process::go);
        for mut child in children {
            assert_eq!(child.says(), "3", "round {round}");
            assert!(child.end().success());
        }
        assert_eq!(store.count("doorward_schema"), 3);
        login(&engine(&store).unwrap(), "ada").unwrap();
    }
}

#[test]
fn kill_9_at_every_write() {
    dies_at_every("write", Store::sqlite, 10);
    dies_at_every("sync", Store::sqlite, 2);
}

#[test]
fn kill_9_at_every_message() {
    if Store::postgres().is_some() {
        dies_at_every("send", || Store::postgres().unwrap(), 8);
    }
}

fn dies_at_every(class: &str, new: impl Fn() -> Store, at_least: usize) {
    let folder = tempfile::tempdir().unwrap();
    let shim = shim(folder.path());
    let hit = folder.path().join("hit");
    for nth in 1.. {
        let store = new().without_tables();
        let older = engine(&store).unwrap();
        register(&older, "ada").unwrap();
        let token = login(&older, "ada").unwrap();
        drop(older);
        let task = json!({"store": store.url(), "timeout_ms": 20_000});
        let fault = format!("{class}:{nth}:0:1");
        let environment =
            [("LD_PRELOAD", shim.as_str()), ("FAULT", &fault), ("FAULT_HIT", hit.to_str().unwrap())];
        let mut child = Process::start(&task, &environment);
        assert_eq!(child.says(), "ready");
        child.go();
        let said = child.says();
        let status = child.end();
        let was_hit = std::fs::remove_file(&hit).is_ok();
        assert_eq!(status.signal(), was_hit.then_some(libc::SIGKILL), "{fault}");
        // The store has all steps or none of them, and every row.
        let engine = engine(&store).unwrap();
        assert!(is_active(&engine, &token), "{fault}");
        login(&engine, "ada").unwrap();
        let found = open(store.url(), 1, false, TIMEOUT).unwrap();
        assert!([1, 3].contains(&version(&found)), "{fault}: {}", version(&found));
        assert_eq!(version(&open(store.url(), 3, true, TIMEOUT).unwrap()), 3);
        assert!(is_active(&engine, &token), "{fault}");
        if !was_hit {
            assert_eq!(said, "3");
            assert!((at_least..500).contains(&nth), "{class} was met {} times", nth - 1);
            return;
        }
    }
}

fn shim(folder: &Path) -> String {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/shim.c");
    let library = folder.join("shim.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl");
    assert!(compiler.status().expect("cc, a C compiler").success());
    library.to_str().unwrap().to_owned()
}

/// A process that migrates to the third version: this test binary, which then runs only [`child`].
struct Process {
    process: Child,
    reports: BufReader<std::process::ChildStderr>,
}

const TASK: &str = "DOORWARD_TEST_MIGRATION";

impl Process {
    fn start(task: &Value, environment: &[(&str, &str)]) -> Process {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::schema::tests::child", "--nocapture"])
            .env(TASK, task.to_string())
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let reports = BufReader::new(process.stderr.take().unwrap());
        Process { process, reports }
    }

    /// Reads a line of the child; `None` once it has died.
    fn says(&mut self) -> String {
        let mut line = String::new();
        self.reports.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn go(&mut self) {
        self.process.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
    }

    fn end(mut self) -> ExitStatus {
        assert_eq!(self.says(), "");
        self.process.wait().unwrap()
    }
}

/// The work of the child processes. In the test run itself there is no task and nothing to do.
#[test]
#[expect(clippy::disallowed_methods, reason = "the engine reads no environment, its tests may")]
fn child() {
    let Ok(task) = std::env::var(TASK) else { return };
    let task: Value = serde_json::from_str(&task).unwrap();
    let say = |what: &str| std::io::stderr().write_all(format!("{what}\n").as_bytes()).unwrap();
    say("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let timeout = Duration::from_millis(task["timeout_ms"].as_u64().unwrap());
    let store = open(task["store"].as_str().unwrap(), 3, true, timeout).unwrap();
    // The store can be written.
    store.write(Durability::Full, |_| Ok(())).unwrap();
    say(&version(&store).to_string());
}
