//! Tests of backups: complete although others write, never over an existing file, and not at all rather than
//! in part.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use doorward::{Code, Engine, Restoring};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::injected::shim;
use crate::stage::{
    Child, Store, call, config, is_active, login, on_each_store, open, register, report, together,
};
use crate::stores;

fn back_up(engine: &Engine, path: &Path) -> Result<Value, Code> {
    call(engine, "backup", json!({"path": path}))
}

/// Opens the copy with the key of the first store. It is undamaged.
fn restored(store: &Store, copy: &Path) -> Engine {
    let connection = Connection::open(copy).unwrap();
    let check = |sql: &str| -> String { connection.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(check("PRAGMA integrity_check"), "ok");
    drop(connection);
    open(&stores::sqlite(copy), json!({"secret_key_file": store.key_file()})).unwrap()
}

/// Returns the files in the folder, except for the store itself.
fn beside(store: &Store) -> Vec<PathBuf> {
    let names = fs::read_dir(store.path()).unwrap().map(|entry| entry.unwrap().path());
    let is_other = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        !["store.db", "store.db-wal", "store.db-shm", "store.db.key", "shim.so", "hit"].contains(&name)
    };
    names.filter(is_other).collect()
}

#[test]
fn a_backup_is_whole_while_others_write() {
    let store = Store::sqlite();
    let engine = store.open();
    register(&engine, "ada").unwrap();
    let token = login(&engine, "ada").unwrap();
    let done = AtomicBool::new(false);
    let kept = together(3, |thread| {
        let mut kept = Vec::new();
        if thread > 0 {
            while !done.load(Ordering::SeqCst) {
                let name = format!("user-{thread}-{}", kept.len());
                register(&engine, &name).unwrap();
                kept.push(name);
            }
            return kept;
        }
        for round in 0..5 {
            let name = format!("before-{round}");
            register(&engine, &name).unwrap();
            let copy = store.path().join(format!("copy-{round}.db"));
            let bytes = back_up(&engine, &copy).unwrap()["bytes"].as_u64().unwrap();
            let metadata = fs::metadata(&copy).unwrap();
            assert_eq!((metadata.len(), metadata.permissions().mode() & 0o777), (bytes, 0o600));
            kept.push(name);
        }
        done.store(true, Ordering::SeqCst);
        kept
    });
    for (round, name) in kept[0].iter().enumerate() {
        let copy = restored(&store, &store.path().join(format!("copy-{round}.db")));
        assert!(is_active(&copy, &token));
        // The copy has every account that was acknowledged before it, and each of the others completely or
        // not at all.
        login(&copy, name).unwrap();
        for names in &kept[1..] {
            let is_there = |name: &&String| call(&copy, "get_user", json!({"username": name})).is_ok();
            let there = names.iter().filter(is_there).count();
            assert!(names.iter().take(there).all(|name| is_there(&name)));
            if let Some(last) = there.checked_sub(1) {
                login(&copy, &names[last]).unwrap();
            }
        }
    }
}

#[test]
fn a_store_in_memory_is_kept_by_a_backup() {
    let folder = Store::sqlite();
    let key = json!({"secret_key": "a secret key of thirty-two bytes."});
    let engine = open("sqlite::memory:", key.clone()).unwrap();
    register(&engine, "ada").unwrap();
    let token = login(&engine, "ada").unwrap();
    back_up(&engine, &folder.file()).unwrap();
    let copy = open(folder.url(), key).unwrap();
    assert!(is_active(&copy, &token));
}

#[test]
fn nothing_is_overwritten() {
    let store = Store::sqlite();
    let engine = store.open();
    let path = |name: &str| store.path().join(name);
    fs::write(path("file"), "kept").unwrap();
    fs::create_dir(path("folder")).unwrap();
    symlink(path("nowhere"), path("link")).unwrap();
    let there = beside(&store);
    let too_long = "x".repeat(300);
    for name in
        ["file", "folder", "link", "store.db", "store.db.key", "file/x", "none/x", "", &too_long, "x\0"]
    {
        let wanted = if name.is_empty() { PathBuf::new() } else { path(name) };
        let request = json!({"path": wanted}).to_string();
        let error = engine.call("backup", &request).unwrap_err();
        assert_eq!((error.code, error.field.as_deref()), (Code::InvalidRequest, Some("/path")), "{name}");
    }
    assert_eq!(beside(&store), there);
    assert_eq!(fs::read_to_string(path("file")).unwrap(), "kept");
}

on_each_store!(postgres_has_tools_of_its_own);
fn postgres_has_tools_of_its_own(store: &Store) {
    let copy = store.path().join("copy.db");
    let expected = if store.is_sqlite() { Ok(()) } else { Err(Code::FeatureNotBuilt) };
    assert_eq!(back_up(&store.open(), &copy).map(drop), expected);
    assert_eq!(copy.exists(), store.is_sqlite());
}

/// Every write fails because the disk is full, or is the process's last action; so does every sync.
#[test]
fn there_is_a_whole_backup_or_none() {
    let store = Store::sqlite();
    let engine = store.open();
    register(&engine, "ada").unwrap();
    let token = login(&engine, "ada").unwrap();
    drop(engine);
    let shim = shim(&store);
    let hit = store.path().join("hit");
    let copy = store.path().join("store.db.copy");
    for (class, error) in [("write", libc::ENOSPC), ("write", 0), ("sync", libc::EIO), ("sync", 0)] {
        let mut met = 0;
        for nth in 1.. {
            let fault = format!("{class}:{nth}:{error}:3");
            let task = json!({"role": "back up", "store": store.url(), "to": copy});
            let environment = [
                ("LD_PRELOAD", shim.to_str().unwrap()),
                ("FAULT", &fault),
                ("FAULT_HIT", hit.to_str().unwrap()),
            ];
            let mut child = Child::start_with(&task, &environment);
            let result = child.report();
            let status = child.end();
            assert!(
                status.success() || (error == 0 && status.signal() == Some(libc::SIGKILL)),
                "{fault}: {status}"
            );
            if copy.exists() {
                assert!(is_active(&restored(&store, &copy), &token), "{fault}");
            } else {
                assert_ne!(result, Some(json!("ok")), "{fault}");
            }
            // A killed process leaves its draft.
            let left = beside(&store);
            let is_whole = result == Some(json!("ok"));
            assert!(error == 0 || left.is_empty() != is_whole, "{fault}: {result:?} {left:?}");
            left.iter().for_each(|path| fs::remove_file(path).unwrap());
            if fs::remove_file(&hit).is_err() {
                break;
            }
            met += 1;
        }
        assert!(met >= 2, "{class} was met {met} times");
    }
}

/// The child of [`there_is_a_whole_backup_or_none`].
pub fn child(store: &str, task: &Value) {
    let to = Path::new(task["to"].as_str().unwrap());
    let result = open(store, json!({})).map_err(|error| error.code).and_then(|engine| back_up(&engine, to));
    report(&match result {
        Ok(_) => json!("ok"),
        Err(Code::StoreUnavailable) => json!("unavailable"),
        Err(code) => panic!("{code:?}"),
    });
}

/// Makes a closed store with two accounts, and its backup with one.
fn with_a_backup() -> (Store, PathBuf) {
    let store = Store::sqlite();
    let engine = store.open();
    register(&engine, "ada").unwrap();
    let backup = store.path().join("backup");
    back_up(&engine, &backup).unwrap();
    register(&engine, "bob").unwrap();
    (store, backup)
}

fn restoring() -> Restoring {
    Restoring::new(".kept").end_all_sessions(true).retire_keys(true)
}

/// The watch cancels at every moment: nothing has changed then, and nothing is left behind.
#[test]
fn a_restoring_that_is_ended_changes_nothing() {
    let (store, backup) = with_a_backup();
    let before = (fs::read(store.file()).unwrap(), beside(&store));
    for last in 0.. {
        let seen = AtomicUsize::new(0);
        let watch: doorward::Watch = Arc::new(move |_, _, _| seen.fetch_add(1, Ordering::SeqCst) < last);
        match doorward::restore(&config(store.url(), json!({})), &backup, &restoring(), &watch) {
            Ok(restored) => {
                assert!(last > 1);
                assert_eq!(restored.kept, Some(store.path().canonicalize().unwrap().join("store.db.kept")));
                break;
            }
            Err(error) => {
                assert_eq!(
                    (error.code, error.detail.as_deref()),
                    (Code::StoreUnavailable, Some("interrupted"))
                );
                assert_eq!((fs::read(store.file()).unwrap(), beside(&store)), before);
            }
        }
    }
    assert_eq!(store.count("users"), 1);
}

/// Every write, sync and renaming fails, or is the process's last action: the store is the old one or the new
/// one.
#[test]
fn there_is_the_old_store_or_the_restored_one() {
    let (store, backup) = with_a_backup();
    let old = fs::read(store.file()).unwrap();
    let shim = shim(&store);
    let hit = store.path().join("hit");
    for (class, error, step) in [
        ("write", libc::ENOSPC, 7),
        ("write", 0, 7),
        ("sync", libc::EIO, 1),
        ("sync", 0, 1),
        ("rename", libc::EIO, 1),
        ("rename", 0, 1),
    ] {
        let mut met = 0;
        for nth in (1..).step_by(step) {
            let fault = format!("{class}:{nth}:{error}:3");
            let task = json!({"role": "restore", "store": store.url(), "backup": backup});
            let environment = [
                ("LD_PRELOAD", shim.to_str().unwrap()),
                ("FAULT", &fault),
                ("FAULT_HIT", hit.to_str().unwrap()),
            ];
            let mut child = Child::start_with(&task, &environment);
            let result = child.report();
            let status = child.end();
            assert!(
                status.success() || (error == 0 && status.signal() == Some(libc::SIGKILL)),
                "{fault}: {status}"
            );
            let users = store.count("users");
            assert_eq!(store.query("PRAGMA integrity_check")[0]["integrity_check"], "ok", "{fault}");
            match result {
                Some(result) if result == json!("ok") => assert_eq!(users, 1, "{fault}"),
                // A failure after the exchange is a failure, too: the old store is kept then.
                Some(_) if class == "sync" || class == "rename" => {
                    let is_kept = store.path().join("store.db.kept").exists();
                    assert_eq!(users, if is_kept { 1 } else { 2 }, "{fault}");
                }
                Some(_) => assert_eq!((users, beside(&store).len()), (2, 1), "{fault}: {:?}", beside(&store)),
                None => assert!(users == 2 || (users == 1 && beside(&store).len() > 1), "{fault}"),
            }
            login(&store.open(), "ada").unwrap();
            for path in beside(&store).into_iter().filter(|path| *path != backup) {
                let _ = (fs::remove_dir_all(&path), fs::remove_file(&path));
            }
            fs::write(store.file(), &old).unwrap();
            if fs::remove_file(&hit).is_err() {
                break;
            }
            met += 1;
        }
        assert!(met >= 1, "{class} was met {met} times");
    }
}

/// The child of [`there_is_the_old_store_or_the_restored_one`].
pub fn restoring_child(store: &str, task: &Value) {
    let backup = Path::new(task["backup"].as_str().unwrap());
    let watch: doorward::Watch = Arc::new(|_, _, _| true);
    match doorward::restore(&config(store, json!({})), backup, &restoring(), &watch) {
        Ok(_) => report(&json!("ok")),
        Err(error) => report(&json!(error.code.name())),
    }
}
