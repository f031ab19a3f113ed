//! Tests of processes that use the store's files beside the engine, and of files that are removed or replaced
//! under it: no write is acknowledged that is not kept.

use std::fs;
use std::path::PathBuf;

use doorward::Code;
use serde_json::{Value, json};

use crate::stage::{Child, Store, call, is_active, login, logout, open, refused, register, report, told};
use crate::stores::sqlite;

fn companion(store: &Store, ending: &str) -> PathBuf {
    store.path().join(format!("store.db{ending}"))
}

/// Closing any descriptor of a file ends all POSIX locks of the process on it: the next process that closes
/// the store would believe that it is the last, and delete the log under this one.
#[test]
fn a_process_that_reads_the_files_itself() {
    let store = Store::sqlite();
    let mut child = Child::start(&json!({"role": "read files", "store": store.url()}));
    let token = child.report().unwrap();
    // Another process opens the store and closes it.
    register(&store.open(), "grace").unwrap();
    child.tell(&json!("go on"));
    assert_eq!(child.report().unwrap(), "gone on");
    child.kill();
    child.end();
    let engine = store.open();
    for name in ["ada", "grace", "joan"] {
        login(&engine, name).unwrap();
    }
    assert!(!is_active(&engine, token.as_str().unwrap()));
}

/// The child of [`a_process_that_reads_the_files_itself`].
pub fn read_files(store: &str) {
    let engine = open(store, json!({})).unwrap();
    register(&engine, "ada").unwrap();
    let token = login(&engine, "ada").unwrap();
    for ending in ["", "-wal", "-shm"] {
        fs::read(format!("{}{ending}", store.strip_prefix("sqlite:").unwrap())).unwrap();
    }
    report(&json!(token));
    told();
    register(&engine, "joan").unwrap();
    logout(&engine, &token).unwrap();
    report(&json!("gone on"));
    told();
}

/// While its name does not refer to the open file, the engine acknowledges no write and gives no verdict.
/// After that everything works again.
#[test]
fn a_store_whose_files_are_taken_away() {
    let store = Store::sqlite();
    let engine = store.open();
    register(&engine, "ada").unwrap();
    let token = login(&engine, "ada").unwrap();
    for ending in ["", "-wal"] {
        let file = companion(&store, ending);
        let away = store.path().join("away");
        fs::rename(&file, &away).unwrap();
        unavailable(&engine, &token);
        // Another file of that name is not the open one.
        fs::copy(&away, &file).unwrap();
        unavailable(&engine, &token);
        let findings = call(&engine, "doctor", json!({})).unwrap()["findings"].take();
        let tells = |finding: &&Value| finding["message"].as_str().unwrap().contains("was replaced");
        let problem = findings.as_array().unwrap().iter().find(tells).unwrap_or_else(|| panic!("{findings}"));
        assert_eq!(problem["severity"], "problem");
        fs::rename(&away, &file).unwrap();
        assert!(is_active(&engine, &token));
        register(&engine, &format!("back{}", ending.len())).unwrap();
    }
    logout(&engine, &token).unwrap();
    drop(engine);
    assert_eq!(store.count("users"), 3);
}

fn unavailable(engine: &doorward::Engine, token: &str) {
    let before = register(engine, "grace");
    assert_eq!(before, Err(Code::StoreUnavailable));
    assert_eq!(logout(engine, token), Err(Code::StoreUnavailable));
    let verdict = call(engine, "introspect", json!({"token": token}));
    assert_eq!(verdict.map(|reply: Value| reply["active"].clone()), Err(Code::StoreUnavailable));
}

/// A backup is put in place under an engine, which is then opened again.
#[test]
fn a_store_that_is_replaced_by_its_backup() {
    let store = Store::sqlite();
    let engine = store.open();
    register(&engine, "ada").unwrap();
    let backup = store.path().join("backup.db");
    call(&engine, "backup", json!({"path": backup})).unwrap();
    register(&engine, "grace").unwrap();
    fs::rename(&backup, store.file()).unwrap();
    assert_eq!(register(&engine, "joan"), Err(Code::StoreUnavailable));
    assert_eq!(
        call(&engine, "backup", json!({"path": store.path().join("another.db")})),
        Err(Code::StoreUnavailable)
    );
    drop(engine);
    // The log belongs to the file that is gone.
    let _ = (fs::remove_file(companion(&store, "-wal")), fs::remove_file(companion(&store, "-shm")));
    let engine = store.open();
    login(&engine, "ada").unwrap();
    assert_eq!(login(&engine, "grace"), Err(Code::InvalidCredentials));
}

/// The store is opened by other names: a link, a linked folder, a path with dots.
#[test]
fn a_store_by_other_names() {
    let store = Store::sqlite();
    let folder = store.path().join("folder");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(&folder, store.path().join("link")).unwrap();
    register(&open(&sqlite(&folder.join("a.db")), json!({})).unwrap(), "ada").unwrap();
    std::os::unix::fs::symlink(folder.join("a.db"), store.path().join("b.db")).unwrap();
    let key = json!({"secret_key_file": folder.join("a.db.key")});
    for name in ["link/a.db", "folder/../link/./a.db", "b.db"] {
        login(&open(&sqlite(&store.path().join(name)), key.clone()).unwrap(), "ada").unwrap();
    }
    assert_eq!(refused(&sqlite(&store.path().join("link")), json!({})), Code::InvalidConfig);
}

/// A store that was killed, with one account more than its backup; and that backup, made by `backup` or by
/// copying the closed file.
fn killed(store: &Store, begins_anew: bool, is_plain_copy: bool) -> PathBuf {
    let engine = store.open();
    register(&engine, "ada").unwrap();
    let backup = store.path().join("copy");
    if !is_plain_copy {
        call(&engine, "backup", json!({"path": backup})).unwrap();
    }
    drop(engine);
    if is_plain_copy {
        fs::copy(store.file(), &backup).unwrap();
    }
    let mut child =
        Child::start(&json!({"role": "leave a log", "store": store.url(), "begins anew": begins_anew}));
    assert_eq!(child.report().unwrap(), "left");
    child.kill();
    child.end();
    assert!(fs::metadata(companion(store, "-wal")).unwrap().len() > 0);
    backup
}

/// The child of [`killed`].
pub fn leave_a_log(store: &str, task: &Value) {
    let engine = open(store, json!({})).unwrap();
    register(&engine, "user0").unwrap();
    if task["begins anew"] == true {
        let host = rusqlite::Connection::open(store.strip_prefix("sqlite:").unwrap()).unwrap();
        host.query_row("PRAGMA wal_checkpoint", [], |_| Ok(())).unwrap();
        register(&engine, "user1").unwrap();
    }
    report(&json!("left"));
    told();
}

/// The store is refused, by a message that names the file and the remedy. No file changes.
fn refused_for_its_log(store: &Store) {
    let files = [store.file(), companion(store, "-wal")];
    let before = files.each_ref().map(|file| fs::read(file).ok());
    let error = open(store.url(), json!({})).err().unwrap();
    assert_eq!((error.code, error.field.as_deref()), (Code::InvalidConfig, Some("/store")));
    let detail = error.detail.unwrap();
    assert!(
        detail.contains("store.db-wal belongs to another") && detail.contains("doorward restore"),
        "{detail}"
    );
    assert_eq!(files.each_ref().map(|file| fs::read(file).ok()), before);
}

/// The obvious way to restore a backup copies it over the file, whose log still exists. SQLite would apply
/// the log to the backup.
#[test]
fn a_log_beside_a_file_that_is_not_its_own() {
    // Whether the log was begun anew meanwhile.
    for (begins_anew, is_plain_copy) in [(false, false), (true, false), (true, true)] {
        let store = Store::sqlite();
        let backup = killed(&store, begins_anew, is_plain_copy);
        // The killed store works again.
        let mine = (fs::read(store.file()).unwrap(), fs::read(companion(&store, "-wal")).unwrap());
        assert!(store.open().call("list_users", "{}").unwrap().contains("user0"));
        fs::write(store.file(), &mine.0).unwrap();
        fs::write(companion(&store, "-wal"), &mine.1).unwrap();
        fs::copy(&backup, store.file()).unwrap();
        refused_for_its_log(&store);
        fs::remove_file(companion(&store, "-wal")).unwrap();
        login(&store.open(), "ada").unwrap();
        assert_eq!(store.count("users"), 1);
    }
}

/// A file is empty or missing, but its log exists: SQLite would delete the log.
#[test]
fn a_log_without_its_file() {
    let store = Store::sqlite();
    killed(&store, false, false);
    fs::write(store.file(), "").unwrap();
    refused_for_its_log(&store);
    fs::remove_file(store.file()).unwrap();
    refused_for_its_log(&store);
    assert!(!store.file().exists());
}

/// Incomplete logs are treated as by SQLite: they are read up to the first invalid frame.
#[test]
fn a_log_that_is_not_whole() {
    let store = Store::sqlite();
    killed(&store, true, false);
    let file = fs::read(store.file()).unwrap();
    let log = fs::read(companion(&store, "-wal")).unwrap();
    for length in [0, 1, 31, 32, 40, 56, 57, 4151, 4152, 4153, log.len() - 1] {
        for (at, bit) in [(None, 0), (Some(length / 2), 1)] {
            let mut log = log[..length].to_vec();
            if let Some(byte) = at.and_then(|at| log.get_mut(at)) {
                *byte ^= bit;
            }
            fs::write(store.file(), &file).unwrap();
            fs::write(companion(&store, "-wal"), &log).unwrap();
            let _ = fs::remove_file(companion(&store, "-shm"));
            login(&store.open(), "ada").unwrap();
        }
    }
}
