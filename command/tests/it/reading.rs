//! Tests of the command on a store that it may not write.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

use doorward::{Config, Engine, Hooks};
use serde_json::{Value, json};

use super::stores::skips::not_run;
use super::{PASSWORD, Shell};

const NOBODY: u32 = 65_534;

/// The commands that only read.
const READING: [&[&str]; 12] = [
    &["user", "list"],
    &["user", "show", "ada"],
    &["user", "export", "ada"],
    &["session", "list", "ada"],
    &["keys", "list"],
    &["settings"],
    &["events"],
    &["call", "verify_events"],
    &["export"],
    &["call", "stats"],
    &["call", "jwks"],
    &["call", "get_user", r#"{"query": "ada", "status": true}"#],
];

/// A folder with a store in which ada has logged in. Some events are not linked to the chain yet.
fn stage() -> Shell {
    let shell = Shell::new();
    let config = json!({"store": "sqlite:a.db", "audit": {"chain": true}}).to_string();
    fs::write(shell.0.path().join("chain.json"), config).unwrap();
    assert_eq!(shell.exit(&["init", "--config", "chain.json"]).0, 0);
    let engine = application(&shell);
    let ada = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
    engine.call("register", &ada.to_string()).unwrap();
    engine.call("login", &json!({"username": "ada", "password": PASSWORD}).to_string()).unwrap();
    drop(engine);
    shell
}

fn application(shell: &Shell) -> Engine {
    let path = |name: &str| shell.0.path().join(name);
    let config = json!({"store": format!("sqlite:{}", path("a.db").display()),
        "secret_key_file": path("a.db.key"), "password": {"memory_kib": 8, "iterations": 1}});
    Engine::open(Config::parse(&config.to_string()).unwrap(), Hooks::default()).unwrap()
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Makes the files readable for all users, and writable for root only.
fn lock_up(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        mode(&entry.unwrap().path(), 0o444);
    }
    mode(folder, 0o555);
}

fn is_root() -> bool {
    // SAFETY: it only answers.
    unsafe { libc::geteuid() == 0 }
}

/// Runs the command in the folder as a user with only the rights that all users have.
fn as_nobody(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    told(&command.args(["--config", "a.json"]).args(arguments).current_dir(folder).output().unwrap())
}

fn told(output: &Output) -> (i32, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
}

fn all_read(run: impl Fn(&[&str]) -> (i32, String)) {
    for arguments in READING {
        let (status, text) = run(arguments);
        assert_eq!(status, 0, "{arguments:?}: {text}");
    }
    assert!(run(&["user", "list"]).1.contains("ada"));
    assert!(run(&["events"]).1.contains("logged_in"));
}

/// Commands that write are refused with the reason.
fn none_writes(run: impl Fn(&[&str]) -> (i32, String), why: &str) {
    for arguments in [
        &["user", "disable", "ada"][..],
        &["session", "revoke", "--user", "ada"],
        &["keys", "rotate"],
        &["maintain"],
        &["call", "login", r#"{"username": "ada", "password": "eight wise words"}"#],
    ] {
        let (status, text) = run(arguments);
        assert_eq!(status, 9, "{arguments:?}: {text}");
        assert!(text.contains(why) && text.contains("can only be read here"), "{arguments:?}: {text}");
    }
    let (status, text) = run(&["doctor"]);
    assert_eq!(status, 9, "{text}");
    assert!(text.contains(why) && text.contains("database_rights") && text.contains("integrity"), "{text}");
}

#[test]
fn what_only_reads_works_on_a_file_that_may_not_be_written() {
    let shell = stage();
    let folder = shell.0.path();
    lock_up(folder);
    let before = contents(folder);
    all_read(|arguments| as_nobody(folder, arguments));
    none_writes(|arguments| as_nobody(folder, arguments), "this user may not read and write it");
    assert_eq!(contents(folder), before, "nothing was written");

    // A backup is written into another folder.
    let elsewhere = tempfile::tempdir().unwrap();
    mode(elsewhere.path(), 0o777);
    let backup = elsewhere.path().join("backup.db");
    let (status, text) = as_nobody(folder, &["backup", "--verify", backup.to_str().unwrap()]);
    assert_eq!((status, text.contains("1 accounts, 1 live sessions")), (0, true), "{text}");
    assert_eq!(contents(folder), before, "nothing was written");

    // A read-only file in a writable folder: nothing is created there, either.
    mode(folder, 0o777);
    all_read(|arguments| as_nobody(folder, arguments));
    assert_eq!(contents(folder), before, "nothing was written");
    mode(&folder.join("a.db"), 0o000);
    if is_root() {
        assert_eq!(as_nobody(folder, &["user", "list"]).0, 9, "what may not be read");
    }
}

#[test]
fn a_log_with_changes_is_read_or_the_store_is_refused() {
    let shell = stage();
    let folder = shell.0.path();
    mode(&folder.join("a.db"), 0o644);
    let engine = application(&shell);
    let bea = json!({"username": "bea", "email": "bea@example.com", "password": PASSWORD});
    engine.call("register", &bea.to_string()).unwrap();
    // Another user reads the files of a running application.
    if is_root() {
        mode(&folder.join("a.db.key"), 0o644);
        mode(folder, 0o755);
        let before = contents(folder);
        all_read(|arguments| as_nobody(folder, arguments));
        let (_, text) = as_nobody(folder, &["user", "list"]);
        assert!(text.contains("bea"), "{text}");
        none_writes(|arguments| as_nobody(folder, arguments), "this user may not read and write it");
        let after = contents(folder);
        let is_index = |name: &String| name.ends_with("-shm");
        assert!(before.iter().all(|(name, bytes)| is_index(name) || after[name] == *bytes));
        assert_eq!(before.len(), after.len());
    }

    // A killed process leaves files like these: with the index they are read, without it they are refused.
    let copy = tempfile::tempdir().unwrap();
    for name in ["a.db", "a.db-wal", "a.db-shm", "a.db.key", "a.json"] {
        fs::copy(folder.join(name), copy.path().join(name)).unwrap();
    }
    lock_up(copy.path());
    let before = contents(copy.path());
    let (status, text) = as_nobody(copy.path(), &["user", "list"]);
    assert_eq!((status, text.contains("bea")), (0, true), "{text}");
    assert_eq!(contents(copy.path()), before, "nothing was written");
    mode(copy.path(), 0o755);
    fs::remove_file(copy.path().join("a.db-shm")).unwrap();
    mode(copy.path(), 0o555);
    let (status, text) = as_nobody(copy.path(), &["user", "list"]);
    assert_eq!(status, 9, "{text}");
    assert!(text.contains("a.db-wal has changes") && !text.contains("bea@"), "{text}");
    mode(copy.path(), 0o755);

    // A log without changes hides nothing.
    fs::write(copy.path().join("empty"), "").unwrap();
    fs::rename(copy.path().join("empty"), copy.path().join("a.db-wal")).unwrap();
    lock_up(copy.path());
    let (status, text) = as_nobody(copy.path(), &["user", "list"]);
    assert_eq!((status, text.contains("ada")), (0, true), "{text}");
    mode(copy.path(), 0o755);
}

/// An unfinished change in the file is not taken for the store's state.
#[test]
fn a_journal_that_is_not_rolled_back_is_refused() {
    let shell = stage();
    let folder = shell.0.path();
    mode(&folder.join("a.db"), 0o644);
    let other = rusqlite::Connection::open(folder.join("a.db")).unwrap();
    other.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(())).unwrap();
    other
        .execute_batch("PRAGMA cache_size = 1; BEGIN; UPDATE users SET username = 'eve'; SAVEPOINT s")
        .unwrap();
    // This makes it write before it ends.
    other
        .execute_batch(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 500) \
             INSERT INTO meta (name, value) SELECT 'junk' || n, randomblob(500) FROM n",
        )
        .unwrap();
    let copy = tempfile::tempdir().unwrap();
    for name in ["a.db", "a.db-journal", "a.db.key", "a.json"] {
        fs::copy(folder.join(name), copy.path().join(name)).unwrap();
    }
    drop(other);
    lock_up(copy.path());
    let (status, text) = as_nobody(copy.path(), &["user", "list"]);
    assert_eq!((status, text.contains("a.db-journal")), (9, true), "{text}");
    mode(copy.path(), 0o755);
    if is_root() {
        let open = Command::new(env!("CARGO_BIN_EXE_doorward"))
            .args(["--config", "a.json", "user", "list"])
            .current_dir(copy.path())
            .output()
            .unwrap();
        let (status, text) = told(&open);
        assert_eq!((status, text.contains("ada")), (0, true), "rolled back: {text}");
    }
}

/// The folder of an application, mounted read-only for the command: before, while and after the application
/// is open.
#[test]
fn what_only_reads_works_on_a_read_only_mount() {
    let shell = stage();
    let folder = shell.0.path();
    let mounted = |arguments: &[&str]| {
        let script = "mount --bind . . && mount -o remount,bind,ro . && cd \"$PWD\" && exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", script, "sh"]).args(arguments).current_dir(folder);
        told(&command.output().unwrap())
    };
    if !mounted(&["true"]).0.eq(&0) {
        not_run("what_only_reads_works_on_a_read_only_mount", "no file system may be mounted here");
        return;
    }
    let run = |arguments: &[&str]| {
        let command = [env!("CARGO_BIN_EXE_doorward"), "--config", "a.json"];
        mounted(&[&command[..], arguments].concat())
    };
    let before = contents(folder);
    all_read(run);
    none_writes(run, "the file system is read-only");
    assert_eq!(contents(folder), before, "nothing was written");

    let engine = application(&shell);
    let bea = json!({"username": "bea", "email": "bea@example.com", "password": PASSWORD});
    engine.call("register", &bea.to_string()).unwrap();
    all_read(run);
    assert!(run(&["user", "list"]).1.contains("bea"), "what the log has");
    none_writes(run, "the file system is read-only");
    let login = json!({"username": "bea", "password": PASSWORD}).to_string();
    let answer: Value = serde_json::from_str(&engine.call("login", &login).unwrap()).unwrap();
    assert!(answer["access_token"].is_string(), "the application goes on");
    drop(engine);
    all_read(run);
}
