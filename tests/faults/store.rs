//! Tests of files that are no store, or that are read-only, locked, damaged, or on a full disk.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use doorward::{Code, Engine};
use serde_json::{Value, json};

use crate::stage::{
    Child, Store, call, count, is_active, limit, login, logout, open, refused, register, report, together,
    told,
};
use crate::stores::skips::not_run;
use crate::stores::sqlite;

/// `nobody`
const UNPRIVILEGED: u32 = 65_534;

fn is_root() -> bool {
    // SAFETY: it only answers.
    unsafe { libc::geteuid() == 0 }
}

#[test]
fn a_file_that_is_no_database() {
    let store = Store::sqlite();
    for bytes in [b"x".repeat(7), b"not a database\n".repeat(1000), vec![0; 4096]] {
        fs::write(store.file(), &bytes).unwrap();
        assert_eq!(refused(store.url(), json!({})), Code::InvalidConfig, "{} bytes", bytes.len());
        assert_eq!(fs::read(store.file()).unwrap(), bytes, "untouched");
        assert!(!store.key_file().exists());
    }
    // An empty file is a store that has yet to be created.
    fs::write(store.file(), "").unwrap();
    register(&store.open(), "ada").unwrap();
}

#[test]
fn a_database_of_another_program() {
    let begun = [
        "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine')",
        "CREATE TABLE users (id BLOB); PRAGMA user_version = 1",
        "PRAGMA application_id = 7; VACUUM",
        "PRAGMA user_version = 7; VACUUM",
    ];
    for sql in begun {
        for mode in ["delete", "wal"] {
            let store = Store::sqlite();
            let other = store.connection();
            other.pragma_update(None, "journal_mode", mode).unwrap();
            other.execute_batch(sql).unwrap();
            drop(other);
            let bytes = fs::read(store.file()).unwrap();
            assert!(!bytes.is_empty());
            assert_eq!(refused(store.url(), json!({})), Code::InvalidConfig, "{sql}, {mode}");
            assert!(fs::read(store.file()).unwrap() == bytes, "untouched: {sql}, {mode}");
            assert_eq!(fs::read_dir(store.path()).unwrap().count(), 1, "no key, no log: {sql}, {mode}");
        }
    }
}

#[test]
fn a_schema_of_a_newer_version() {
    let store = Store::sqlite();
    register(&store.open(), "ada").unwrap();
    store.execute("INSERT INTO doorward_schema (version) VALUES (1000)");
    let bytes = fs::read(store.file()).unwrap();
    assert_eq!(refused(store.url(), json!({})), Code::SchemaTooNew);
    assert!(fs::read(store.file()).unwrap() == bytes, "untouched");
    // A step with which older engines may go on.
    store.execute("UPDATE doorward_schema SET additive = 1 WHERE version = 1000");
    login(&store.open(), "ada").unwrap();
}

#[test]
fn a_path_that_is_no_file() {
    let store = Store::sqlite();
    let text = store.path().join("text");
    fs::write(&text, "x").unwrap();
    std::os::unix::fs::symlink(store.path().join("nowhere"), store.path().join("link")).unwrap();
    let wrong = [
        (store.path().to_owned(), "not a file"),
        (store.path().join("no/such/folder/a.db"), "the folder does not exist"),
        (text.join("a.db"), "not a folder"),
        (store.path().join("link"), "a link that leads nowhere"),
        ("/dev/null".into(), "not a file"),
    ];
    for (path, why) in wrong {
        let error = open(&sqlite(&path), json!({})).err().unwrap();
        assert_eq!((error.code, error.field.as_deref()), (Code::InvalidConfig, Some("/store")), "{why}");
        let detail = error.detail.unwrap();
        assert!(
            detail.starts_with(store.path().to_str().unwrap()) || detail.starts_with("/dev/"),
            "{detail}"
        );
        assert!(detail.ends_with(why), "{detail}");
    }
    // A path is used literally, in any form.
    let odd = store.path().join("file:a.db&x='\"; %41 \u{e4}");
    register(&open(&sqlite(&odd), json!({})).unwrap(), "ada").unwrap();
    assert!(fs::metadata(&odd).unwrap().len() > 0);
    login(&open(&sqlite(&odd), json!({})).unwrap(), "ada").unwrap();
}

/// A relative path may look like a URI; no part of it is interpreted.
#[test]
fn a_path_that_looks_like_a_uri() {
    let store = Store::sqlite();
    let task = json!({"role": "unprivileged", "store": store.url(), "folder": store.path(), "try": "uri"});
    Child::start(&task).succeed();
    assert!(fs::metadata(store.path().join("file:a.db")).unwrap().len() > 0);
}

#[test]
fn a_damaged_store() {
    let whole = {
        let store = Store::sqlite();
        let engine = store.open();
        for index in 0..40 {
            register(&engine, &format!("user{index}")).unwrap();
        }
        let token = login(&engine, "user7").unwrap();
        drop(engine);
        (fs::read(store.file()).unwrap(), fs::read(store.key_file()).unwrap(), token)
    };
    let (bytes, key, token) = whole;
    let survive = |damaged: &[u8]| {
        let store = Store::sqlite();
        fs::write(store.file(), damaged).unwrap();
        fs::write(store.key_file(), &key).unwrap();
        let engine = open(store.url(), json!({"limits": {"store_timeout_ms": 100}}))?;
        // Each of these may fail with a clear error.
        let results = [
            login(&engine, "user7").map(Value::String),
            register(&engine, "grace"),
            call(&engine, "get_user", json!({"username": "user3"})),
            call(&engine, "list_users", json!({})),
            call(&engine, "introspect", json!({"token": token})),
            logout(&engine, &token),
        ];
        Ok::<_, doorward::Error>(results.into_iter().filter_map(Result::err).collect::<Vec<_>>())
    };
    assert!(survive(&bytes).unwrap().is_empty(), "whole");
    for length in [2, 15, 16, 99, 100, 511, 512, 1000, 4095] {
        assert!(survive(&bytes[..length]).is_err(), "cut to {length}");
    }
    let cut = survive(&bytes[..bytes.len() / 2]);
    assert!(cut.is_err_and(|error| error.code == Code::InvalidConfig));
    let expected = [
        Code::StoreUnavailable,
        Code::InvalidConfig,
        Code::WrongSecretKey,
        Code::SchemaTooNew,
        Code::InvalidCredentials,
        Code::InvalidToken,
        Code::UserNotFound,
        Code::TokenUserNotFound,
    ];
    let mut seed = 7_u64;
    let mut failures = 0;
    for _ in 0..150 {
        let mut damaged = bytes.clone();
        for _ in 0..8 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let place = (seed >> 33) as usize % (damaged.len() - 64);
            let length = 1 + (seed >> 20) as usize % 64;
            damaged[place..place + length].fill((seed >> 12) as u8);
        }
        let codes = match survive(&damaged) {
            Ok(codes) => codes,
            Err(error) => vec![error.code],
        };
        assert!(codes.iter().all(|code| expected.contains(code)), "{codes:?}");
        failures += usize::from(!codes.is_empty());
    }
    assert!(failures > 50, "{failures}");
}

/// Another process that holds the write lock for longer than `store_timeout_ms` blocks no caller for ever:
/// writes fail, reads work, and afterwards everything does.
#[test]
fn a_store_that_another_has_locked() {
    let store = Store::sqlite();
    let timeout = json!({"limits": {"store_timeout_ms": 50}});
    let engine = open(store.url(), timeout.clone()).unwrap();
    register(&engine, "ada").unwrap();
    let token = login(&engine, "ada").unwrap();
    let other = store.connection();
    for begin in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
        other.execute_batch(begin).unwrap();
        assert_eq!(register(&engine, "grace"), Err(Code::StoreUnavailable));
        assert_eq!(logout(&engine, &token), Err(Code::StoreUnavailable));
        let results = together(16, |_| login(&engine, "ada"));
        assert_eq!(count(&results, Code::StoreUnavailable), 16);
        assert!(is_active(&engine, &token));
        // An engine that has nothing to write opens.
        assert!(is_active(&open(store.url(), timeout.clone()).unwrap(), &token));
        other.execute_batch("COMMIT").unwrap();
        assert!(login(&engine, "ada").is_ok());
    }
    drop(other);
    register(&engine, "grace").unwrap();
    logout(&engine, &token).unwrap();
    assert!(!is_active(&engine, &token));
}

/// A program that locks the whole file makes every call fail, but none hang.
#[test]
fn a_store_that_another_keeps_to_itself() {
    let store = Store::sqlite();
    let timeout = json!({"limits": {"store_timeout_ms": 50}});
    register(&open(store.url(), timeout.clone()).unwrap(), "ada").unwrap();
    let other = store.connection();
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT").unwrap();
    assert_eq!(refused(store.url(), timeout.clone()), Code::StoreUnavailable);
    drop(other);
    login(&open(store.url(), timeout).unwrap(), "ada").unwrap();
}

/// Another process is about to create the new store: this one waits, and fails after the timeout.
#[test]
fn a_new_store_that_another_has_locked() {
    let store = Store::sqlite();
    let other = store.connection();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(refused(store.url(), json!({"limits": {"store_timeout_ms": 50}})), Code::StoreUnavailable);
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    register(&store.open(), "ada").unwrap();
}

/// Files that an unprivileged process may not write.
#[test]
fn files_that_may_not_be_written() {
    let store = Store::sqlite();
    register(&store.open(), "ada").unwrap();
    let mode = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for path in [store.path().to_owned(), store.file(), store.key_file()] {
        if is_root() {
            chown(path, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).unwrap();
        }
    }
    let outcome = |file: PathBuf| {
        let mut child =
            Child::start(&json!({"role": "unprivileged", "store": sqlite(&file), "try": "login"}));
        let outcome = child.report().unwrap();
        child.succeed();
        outcome
    };
    assert_eq!(outcome(store.file()), "logged in");

    // A failure that no retry repairs is an error of the configuration, and names the file.
    let refused = |file: PathBuf, named: &Path, why: &str| {
        let expected = format!("invalid_config /store {}: {why}", named.display());
        assert_eq!(outcome(file), expected.as_str());
    };
    let rights = "this user may not read and write it";
    mode(&store.file(), 0o400);
    refused(store.file(), &store.file(), rights);
    mode(&store.file(), 0o000);
    refused(store.file(), &store.file(), rights);
    mode(&store.file(), 0o600);

    // Companions of another user, as after a call by root.
    let other = store.open();
    let log = store.path().join("store.db-wal");
    mode(&log, 0o400);
    refused(store.file(), &log, rights);
    mode(&log, 0o600);
    for ending in ["-wal", "-shm"] {
        if is_root() {
            chown(store.path().join(format!("store.db{ending}")), Some(UNPRIVILEGED), Some(UNPRIVILEGED))
                .unwrap();
        }
    }
    drop(other);

    mode(store.path(), 0o500);
    refused(store.file(), store.path(), rights);
    refused(store.path().join("new.db"), store.path(), rights);
    mode(store.path(), 0o000);
    refused(store.file(), store.path(), rights);
    let inner = store.path().join("inner");
    refused(inner.join("a.db"), &inner, "the folder may not be entered");
    mode(store.path(), 0o700);

    mode(&store.key_file(), 0o000);
    assert_eq!(outcome(store.file()), "invalid_config /secret_key_file key file: permission denied");
    mode(&store.key_file(), 0o600);
    assert_eq!(outcome(store.file()), "logged in");
}

/// A child that has dropped its privileges, if it had any, and tries to log in.
pub fn unprivileged(store: &str, task: &Value) {
    if task["try"] == "uri" {
        std::env::set_current_dir(task["folder"].as_str().unwrap()).unwrap();
        let odd = Path::new("./file:a.db");
        register(&open(&sqlite(odd), json!({})).unwrap(), "ada").unwrap();
        login(&open(&sqlite(odd), json!({})).unwrap(), "ada").unwrap();
        return;
    }
    if is_root() {
        // SAFETY: both only change who this process is.
        unsafe {
            assert_eq!(libc::setgroups(0, std::ptr::null()), 0);
            assert_eq!(libc::setgid(UNPRIVILEGED), 0);
            assert_eq!(libc::setuid(UNPRIVILEGED), 0);
        }
    }
    report(&match open(store, json!({})) {
        Ok(engine) => login(&engine, "ada").map_or_else(|code| json!(code.name()), |_| json!("logged in")),
        Err(error) => json!(format!(
            "{} {} {}",
            error.code.name(),
            error.field.unwrap_or_default(),
            error.detail.unwrap_or_default()
        )),
    });
}

/// On a read-only file system no store is opened.
#[test]
fn a_read_only_file_system() {
    let store = Store::sqlite();
    register(&store.open(), "ada").unwrap();
    let Some(mounted) = Mounted::read_only(store.path()) else {
        not_run("a_read_only_file_system", "no file system may be mounted here");
        return;
    };
    let error = open(store.url(), json!({})).err().unwrap();
    let expected = format!("{}: the file system is read-only", store.file().display());
    assert_eq!((error.code, error.detail.as_deref()), (Code::InvalidConfig, Some(expected.as_str())));
    drop(mounted);
    login(&store.open(), "ada").unwrap();
}

/// A file may not grow: every write fails, the process lives, and everything works again after that.
#[test]
fn a_file_that_may_not_grow() {
    let store = Store::sqlite();
    fill(&store, &json!({"role": "full", "store": store.url()}));
}

/// A disk is full.
#[test]
fn a_full_disk() {
    let store = Store::sqlite();
    if !is_root() {
        not_run("a_full_disk", "only root may mount a small file system");
        return;
    }
    let Some(mounted) = Mounted::small(store.path()) else {
        not_run("a_full_disk", "no file system may be mounted here");
        return;
    };
    let filler = store.path().join("filler");
    fill(&store, &json!({"role": "full", "store": store.url(), "filler": filler}));
    // A store cannot be created on a full disk, and can be after space is freed.
    let new = store.path().join("new.db");
    let filler = Filler::new(&filler);
    assert_eq!(refused(&sqlite(&new), json!({})), Code::StoreUnavailable);
    drop(filler);
    register(&open(&sqlite(&new), json!({})).unwrap(), "ada").unwrap();
    drop(mounted);
}

/// A small file system, until it is dropped.
struct Mounted(PathBuf);

impl Mounted {
    fn small(path: &Path) -> Option<Mounted> {
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(path).status();
        status.is_ok_and(|status| status.success()).then(|| Mounted(path.to_owned()))
    }

    /// Mounts the folder over itself, read-only.
    fn read_only(path: &Path) -> Option<Mounted> {
        let mount = |options: &[&str]| {
            let status = Command::new("mount").args(options).arg(path).status();
            status.is_ok_and(|status| status.success())
        };
        let folder = path.to_str()?;
        let bound = mount(&["--bind", folder]).then(|| Mounted(path.to_owned()))?;
        mount(&["-o", "remount,bind,ro"]).then_some(bound)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// A file that fills the disk, until it is dropped.
struct Filler(PathBuf);

impl Filler {
    fn new(path: &Path) -> Filler {
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        for size in [65_536, 4096, 512, 1] {
            while file.write_all(&vec![b'x'; size]).is_ok() {}
        }
        Filler(path.to_owned())
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Runs a child through a store that fills up and is emptied. Every acknowledged write is there.
fn fill(store: &Store, task: &Value) {
    let mut child = Child::start(task);
    let kept = child.report().unwrap();
    let refused = child.report().unwrap();
    child.tell(&json!("end"));
    child.succeed();
    let engine = store.open();
    for name in kept.as_array().unwrap() {
        call(&engine, "get_user", json!({"username": name})).unwrap();
    }
    for name in refused.as_array().unwrap() {
        assert_eq!(call(&engine, "get_user", json!({"username": name})), Err(Code::UserNotFound));
    }
    drop(engine);
    let users = store.rows()["users"].as_u64().unwrap();
    assert_eq!(users, kept.as_array().unwrap().len() as u64);
    // Each account with its mail and the mailed token, or neither.
    for table in ["mails", "one_time_secrets"] {
        assert_eq!(store.count(&format!("users WHERE id NOT IN (SELECT user_id FROM {table})")), 0);
        assert_eq!(store.count(table), store.count("users"));
    }
}

/// The child of [`fill`].
pub fn full(store: &str, task: &Value) {
    // SAFETY: the disposition of one signal; a write beyond the bound then fails with EFBIG.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    let links = json!({"verify_email": "https://app.example/{token}"});
    let engine: Engine = open(store, json!({"mail": {"links": links}})).unwrap();
    register(&engine, "ada").unwrap();
    let mut token = login(&engine, "ada").unwrap();
    let mut kept = vec!["ada".to_owned()];
    let mut refused = Vec::new();
    for round in 0..3 {
        let filler = match &task["filler"] {
            Value::String(path) => Some(Filler::new(Path::new(path))),
            _ => {
                let log = format!("{}-wal", store.strip_prefix("sqlite:").unwrap());
                limit(libc::RLIMIT_FSIZE, fs::metadata(log).unwrap().len() + 20_000 * round);
                None
            }
        };
        // Four threads: if a group fails, each member gets the failure.
        for step in 0..50 {
            let results = together(4, |thread| {
                let name = format!("user-{round}-{step}-{thread}");
                (register(&engine, &name), name)
            });
            let before = refused.len();
            for (result, name) in results {
                match result {
                    Ok(_) => kept.push(name),
                    Err(Code::StoreUnavailable) => refused.push(name),
                    Err(code) => panic!("{code:?}"),
                }
            }
            if refused.len() > before + 3 {
                break;
            }
        }
        assert!(refused.len() >= 4, "the disk is full");
        // A login is smaller: a few may still find space.
        assert!((0..50).any(|_| login(&engine, "ada") == Err(Code::StoreUnavailable)));
        // So may a logout. Reading works in any case.
        let left = logout(&engine, &token);
        assert_eq!(is_active(&engine, &token), left == Err(Code::StoreUnavailable));

        drop(filler);
        limit(libc::RLIMIT_FSIZE, libc::RLIM_INFINITY);
        let name = format!("after-{round}");
        register(&engine, &name).unwrap();
        kept.push(name);
        token = login(&engine, "ada").unwrap();
    }
    logout(&engine, &token).unwrap();
    assert!(!is_active(&engine, &token));
    report(&json!(kept));
    report(&json!(refused));
    told();
}
