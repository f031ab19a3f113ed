//! Tests with a full disk of the server: that of the tables, and that of the write-ahead log.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::Command;

use doorward::{Engine, Error};
use serde_json::json;
use tempfile::TempDir;

use crate::cluster::{Cluster, PASSWORD, call, chown_to_postgres, is_active, login, open, register};
use crate::outages::{again, unavailable};
use crate::skips::not_run;

/// A file system of a few megabytes, until it is dropped.
struct Disk {
    folder: TempDir,
}

impl Disk {
    /// Mounts the file system; none if that is impossible, which `test` reports.
    fn new(test: &str) -> Option<Disk> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64m", "tmpfs"]).arg(folder.path());
        if !mount.output().is_ok_and(|output| output.status.success()) {
            not_run(test, "no file system may be mounted here");
            return None;
        }
        chown_to_postgres(folder.path());
        Some(Disk { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Fills the remaining space.
    fn fill(&self) {
        let mut file = File::create(self.path("filler")).unwrap();
        let mut size = 1 << 20;
        while size > 0 {
            match file.write_all(&vec![0; size]) {
                Ok(()) => {}
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::StorageFull);
                    size /= 2;
                }
            }
        }
    }

    fn free(&self) {
        fs::remove_file(self.path("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.folder.path()).output();
    }
}

/// Registers accounts with many attributes until that fails. Returns the names of the registered ones, and
/// the failure.
fn register_until_full(engine: &Engine) -> (Vec<String>, Error) {
    let mut registered = Vec::new();
    for index in 0..20_000_u64 {
        let name = format!("user{index}");
        // Nothing that could be compressed.
        let mut state = index;
        let text: String = (0..12_000).map(|_| next_character(&mut state)).collect();
        let request = json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD, "attributes": {"text": text}});
        match call(engine, "register", request) {
            Ok(_) => registered.push(name),
            Err(error) => return (registered, error),
        }
    }
    panic!("a disk that is never full");
}

/// Returns the next character, by a linear congruential generator (Knuth).
fn next_character(state: &mut u64) -> char {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    char::from(b' ' + (*state >> 58) as u8)
}

#[test]
fn the_tables_disk_is_full() {
    let Some(disk) = Disk::new("the_tables_disk_is_full") else { return };
    let Some(cluster) = Cluster::start("") else { return };
    let space = disk.path("space");
    fs::create_dir(&space).unwrap();
    chown_to_postgres(&space);
    cluster.sql("postgres", &format!("CREATE TABLESPACE small LOCATION '{}'", space.display()));
    cluster.sql("postgres", "ALTER DATABASE door SET TABLESPACE small");
    let engine = open(&cluster.url(), json!({})).unwrap();
    register(&engine, "ada").unwrap();
    let token = login(&engine, "ada").unwrap();
    disk.fill();
    let (registered, error) = register_until_full(&engine);
    assert_eq!(unavailable(Err::<(), _>(error)), "postgres: the server's disk is full (53100)");
    // Sessions are still valid.
    assert!(is_active(&engine, &token).unwrap());
    assert!(call(&engine, "get_user", json!({"username": "ada"})).is_ok());
    disk.free();
    // The failed registration left nothing, and every acknowledged one is there.
    let count = || cluster.sql("door", "SELECT count(*) FROM users").trim().parse::<usize>().unwrap();
    assert_eq!(count(), 1 + registered.len());
    for name in &registered {
        assert!(call(&engine, "get_user", json!({"username": name})).is_ok(), "{name}");
    }
    register(&engine, "grace").unwrap();
    login(&engine, "grace").unwrap();
    assert_eq!(count(), 2 + registered.len());
}

/// Without space for its log the server stops, and starts when there is space.
#[test]
fn the_logs_disk_is_full() {
    let Some(disk) = Disk::new("the_logs_disk_is_full") else { return };
    let log = format!("--waldir={}", disk.path("log").display());
    // No checkpoint runs, which would let segments be reused: every segment needs new space.
    let settings = "max_wal_size = 1GB\ncheckpoint_timeout = 1d\nwal_recycle = off";
    let Some(cluster) = Cluster::make(settings, &[&log, "--wal-segsize=1"]) else { return };
    // With enough time to create the tables.
    open(&cluster.url(), json!({})).unwrap();
    let engine = again(|| open(&cluster.url(), json!({"limits": {"store_timeout_ms": 1000}})));
    again(|| register(&engine, "ada"));
    let token = again(|| login(&engine, "ada"));
    disk.fill();
    let (registered, error) = register_until_full(&engine);
    unavailable(Err::<(), _>(error));
    // The server may come back for a while. A live session is never reported as ended.
    for _ in 0..10 {
        match is_active(&engine, &token) {
            Ok(is_active) => assert!(is_active),
            Err(error) => drop(unavailable(Err::<(), _>(error))),
        }
    }
    disk.free();
    cluster.control(&["restart"]);
    assert!(again(|| is_active(&engine, &token)));
    for name in &registered {
        assert!(again(|| call(&engine, "get_user", json!({"username": name})))["user"].is_object(), "{name}");
    }
    // The last registration may have been committed, although its caller got a failure.
    let count: usize = cluster.sql("door", "SELECT count(*) FROM users").trim().parse().unwrap();
    assert!((1 + registered.len()..=2 + registered.len()).contains(&count), "{count}");
    again(|| login(&engine, "ada"));
}
