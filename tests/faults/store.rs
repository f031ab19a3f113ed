//! Files that are no store, that may not be written, that are locked, damaged, or on a full disk.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use doorward::{Code, Engine};
use serde_json::{Value, json};

use crate::stage::{
    Child, Folder, call, count, is_active, limit, login, logout, open, refused, register, report, together,
    told,
};

/// `nobody`
const UNPRIVILEGED: u32 = 65_534;

fn is_root() -> bool {
    // SAFETY: it only answers.
    unsafe { libc::geteuid() == 0 }
}

#[test]
fn a_file_that_is_no_database() {
    let folder = Folder::new();
    for bytes in [b"x".repeat(7), b"not a database\n".repeat(1000), vec![0; 4096]] {
        fs::write(folder.database(), &bytes).unwrap();
        assert_eq!(refused(&folder.database(), json!({})), Code::InvalidConfig, "{} bytes", bytes.len());
        assert_eq!(fs::read(folder.database()).unwrap(), bytes, "untouched");
        assert!(!folder.key_file().exists());
    }
    // An empty file is a store that has yet to begin.
    fs::write(folder.database(), "").unwrap();
    register(&folder.open(), "ada").unwrap();
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
            let folder = Folder::new();
            let other = folder.sqlite();
            other.pragma_update(None, "journal_mode", mode).unwrap();
            other.execute_batch(sql).unwrap();
            drop(other);
            let bytes = fs::read(folder.database()).unwrap();
            assert!(!bytes.is_empty());
            assert_eq!(refused(&folder.database(), json!({})), Code::InvalidConfig, "{sql}, {mode}");
            assert!(fs::read(folder.database()).unwrap() == bytes, "untouched: {sql}, {mode}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no key, no log: {sql}, {mode}");
        }
    }
}

#[test]
fn a_schema_of_a_newer_version() {
    let folder = Folder::new();
    register(&folder.open(), "ada").unwrap();
    folder.sqlite().pragma_update(None, "user_version", 1_000).unwrap();
    let bytes = fs::read(folder.database()).unwrap();
    assert_eq!(refused(&folder.database(), json!({})), Code::SchemaTooNew);
    assert!(fs::read(folder.database()).unwrap() == bytes, "untouched");
    folder.sqlite().pragma_update(None, "user_version", -1).unwrap();
    assert_eq!(refused(&folder.database(), json!({})), Code::SchemaTooNew);
}

#[test]
fn a_path_that_is_no_file() {
    let folder = Folder::new();
    assert_eq!(refused(folder.path(), json!({})), Code::StoreUnavailable, "a folder");
    assert_eq!(refused(&folder.path().join("no/such/folder/a.db"), json!({})), Code::InvalidConfig);
    let text = folder.path().join("text");
    fs::write(&text, "x").unwrap();
    assert_eq!(refused(&text.join("a.db"), json!({})), Code::StoreUnavailable, "below a file");
    std::os::unix::fs::symlink(folder.path().join("nowhere"), folder.path().join("link")).unwrap();
    assert_eq!(refused(&folder.path().join("link"), json!({})), Code::StoreUnavailable, "a dangling link");
    // A path is a path, whatever it looks like.
    let odd = folder.path().join("file:a.db?mode=memory&x='\"; %41 \u{e4}");
    register(&open(&odd, json!({})).unwrap(), "ada").unwrap();
    assert!(fs::metadata(&odd).unwrap().len() > 0);
    login(&open(&odd, json!({})).unwrap(), "ada").unwrap();
}

/// A relative path may look like a URI; nothing of it is interpreted.
#[test]
fn a_path_that_looks_like_a_uri() {
    let folder = Folder::new();
    let task =
        json!({"role": "unprivileged", "database": folder.database(), "folder": folder.path(), "try": "uri"});
    Child::start(&task).succeed();
    assert!(fs::metadata(folder.path().join("file:a.db?mode=memory")).unwrap().len() > 0);
}

#[test]
fn a_damaged_store() {
    let whole = {
        let folder = Folder::new();
        let engine = folder.open();
        for index in 0..40 {
            register(&engine, &format!("user{index}")).unwrap();
        }
        let token = login(&engine, "user7").unwrap();
        drop(engine);
        (fs::read(folder.database()).unwrap(), fs::read(folder.key_file()).unwrap(), token)
    };
    let (bytes, key, token) = whole;
    let survive = |damaged: &[u8]| {
        let folder = Folder::new();
        fs::write(folder.database(), damaged).unwrap();
        fs::write(folder.key_file(), &key).unwrap();
        let engine = open(&folder.database(), json!({"limits": {"store_timeout_ms": 100}}))?;
        // Each may fail, and says so.
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
    assert!(cut.is_err_and(|error| error.code == Code::StoreUnavailable));
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
    let (mut seed, mut failures) = (7_u64, 0);
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

/// Who holds the write lock for longer than `store_timeout_ms` keeps nobody for ever: writes fail, reads
/// go on, and afterwards everything does.
#[test]
fn a_store_that_another_has_locked() {
    let folder = Folder::new();
    let timeout = json!({"limits": {"store_timeout_ms": 50}});
    let engine = open(&folder.database(), timeout.clone()).unwrap();
    register(&engine, "ada").unwrap();
    let token = login(&engine, "ada").unwrap();
    let other = folder.sqlite();
    for begin in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
        other.execute_batch(begin).unwrap();
        assert_eq!(register(&engine, "grace"), Err(Code::StoreUnavailable));
        assert_eq!(logout(&engine, &token), Err(Code::StoreUnavailable));
        let results = together(16, |_| login(&engine, "ada"));
        assert_eq!(count(&results, Code::StoreUnavailable), 16);
        assert!(is_active(&engine, &token));
        // An engine that has nothing to write opens.
        assert!(is_active(&open(&folder.database(), timeout.clone()).unwrap(), &token));
        other.execute_batch("COMMIT").unwrap();
        assert!(login(&engine, "ada").is_ok());
    }
    drop(other);
    register(&engine, "grace").unwrap();
    logout(&engine, &token).unwrap();
    assert!(!is_active(&engine, &token));
}

/// A program that keeps the whole file to itself keeps out everybody, but hangs nobody.
#[test]
fn a_store_that_another_keeps_to_itself() {
    let folder = Folder::new();
    let timeout = json!({"limits": {"store_timeout_ms": 50}});
    register(&open(&folder.database(), timeout.clone()).unwrap(), "ada").unwrap();
    let other = folder.sqlite();
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT").unwrap();
    assert_eq!(refused(&folder.database(), timeout.clone()), Code::StoreUnavailable);
    drop(other);
    login(&open(&folder.database(), timeout).unwrap(), "ada").unwrap();
}

/// A new store that another is just about to write waits its turn, and fails when that takes too long.
#[test]
fn a_new_store_that_another_has_locked() {
    let folder = Folder::new();
    let other = folder.sqlite();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(
        refused(&folder.database(), json!({"limits": {"store_timeout_ms": 50}})),
        Code::StoreUnavailable
    );
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    register(&folder.open(), "ada").unwrap();
}

/// What an unprivileged process may not write.
#[test]
fn files_that_may_not_be_written() {
    let folder = Folder::new();
    register(&folder.open(), "ada").unwrap();
    let mode = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for path in [folder.path().to_owned(), folder.database(), folder.key_file()] {
        if is_root() {
            chown(path, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).unwrap();
        }
    }
    let outcome = |database: PathBuf| {
        let mut child = Child::start(&json!({"role": "unprivileged", "database": database, "try": "login"}));
        let outcome = child.report().unwrap();
        child.succeed();
        outcome
    };
    assert_eq!(outcome(folder.database()), "logged in");

    mode(&folder.database(), 0o400);
    assert_eq!(outcome(folder.database()), "store_unavailable", "a file that is read-only");
    mode(&folder.database(), 0o000);
    assert_eq!(outcome(folder.database()), "store_unavailable", "a file that is not readable");
    mode(&folder.database(), 0o600);

    mode(folder.path(), 0o500);
    assert_eq!(outcome(folder.database()), "store_unavailable", "a folder that is read-only");
    assert_eq!(outcome(folder.path().join("new.db")), "store_unavailable", "and a new store in it");
    mode(folder.path(), 0o700);

    mode(&folder.key_file(), 0o000);
    assert_eq!(outcome(folder.database()), "invalid_config", "a key that is not readable");
    mode(&folder.key_file(), 0o600);
    assert_eq!(outcome(folder.database()), "logged in");
}

/// A child that has laid down its rights, if it had any, and tries to log in.
pub fn unprivileged(database: &Path, task: &Value) {
    if task["try"] == "uri" {
        std::env::set_current_dir(task["folder"].as_str().unwrap()).unwrap();
        let odd = Path::new("file:a.db?mode=memory");
        register(&open(odd, json!({})).unwrap(), "ada").unwrap();
        login(&open(odd, json!({})).unwrap(), "ada").unwrap();
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
    report(&match open(database, json!({})) {
        Ok(engine) => login(&engine, "ada").map_or_else(|code| json!(code.name()), |_| json!("logged in")),
        Err(error) => json!(error.code.name()),
    });
}

/// A file may not grow: every write fails, the process lives, and when it may, all goes on.
#[test]
fn a_file_that_may_not_grow() {
    let folder = Folder::new();
    fill(&folder, &json!({"role": "full", "database": folder.database()}));
}

/// A disk is full.
#[test]
fn a_full_disk() {
    let folder = Folder::new();
    if !is_root() {
        println!("a_full_disk: not run, only root may mount a small file system");
        return;
    }
    let Some(mounted) = Mounted::on(folder.path()) else {
        println!("a_full_disk: not run, no file system may be mounted here");
        return;
    };
    let filler = folder.path().join("filler");
    fill(&folder, &json!({"role": "full", "database": folder.database(), "filler": filler}));
    // A store can not be begun on a disk that is full, and can when there is room.
    let (new, filler) = (folder.path().join("new.db"), Filler::new(&filler));
    assert_eq!(refused(&new, json!({})), Code::StoreUnavailable);
    drop(filler);
    register(&open(&new, json!({})).unwrap(), "ada").unwrap();
    drop(mounted);
}

/// A small file system, until it is dropped.
struct Mounted(PathBuf);

impl Mounted {
    fn on(path: &Path) -> Option<Mounted> {
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(path).status();
        status.is_ok_and(|status| status.success()).then(|| Mounted(path.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// A file that takes all the room there is, until it is dropped.
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

/// Runs a child through a store that fills up and is emptied; what it says was written is there.
fn fill(folder: &Folder, task: &Value) {
    let mut child = Child::start(task);
    let kept = child.report().unwrap();
    let refused = child.report().unwrap();
    child.tell(&json!("end"));
    child.succeed();
    let engine = folder.open();
    for name in kept.as_array().unwrap() {
        call(&engine, "get_user", json!({"username": name})).unwrap();
    }
    for name in refused.as_array().unwrap() {
        assert_eq!(call(&engine, "get_user", json!({"username": name})), Err(Code::UserNotFound));
    }
    drop(engine);
    let users = folder.rows()["users"].as_u64().unwrap();
    assert_eq!(users, kept.as_array().unwrap().len() as u64);
}

/// The child of [`fill`].
pub fn full(database: &Path, task: &Value) {
    // SAFETY: the disposition of one signal; a write beyond the bound then fails with EFBIG.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    let engine: Engine = open(database, json!({})).unwrap();
    register(&engine, "ada").unwrap();
    let mut token = login(&engine, "ada").unwrap();
    let (mut kept, mut refused) = (vec!["ada".to_owned()], Vec::new());
    for round in 0..3 {
        let filler = match &task["filler"] {
            Value::String(path) => Some(Filler::new(Path::new(path))),
            _ => {
                let log = database.with_extension("db-wal");
                limit(libc::RLIMIT_FSIZE, fs::metadata(log).unwrap().len() + 20_000 * round);
                None
            }
        };
        // Four threads: what fails together fails for each of them.
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
        assert_eq!(login(&engine, "ada"), Err(Code::StoreUnavailable));
        // A smaller write may still find room; reading goes on in any case.
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
