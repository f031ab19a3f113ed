//! Tests of power failures: the synced data on the disk are complete at every moment. The store is on a file
//! system in an image. The image is copied while its unsynced pages are in memory only, and a machine that
//! starts from the copy finds every acknowledged write.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::crash::Acknowledged;
use crate::stage::{Child, Store};
use crate::stores::skips::not_run;
use crate::stores::sqlite;

#[test]
fn a_power_cut_loses_nothing_acknowledged() {
    let store = Store::sqlite();
    let image = store.path().join("disk");
    let Some(disk) = Disk::new(&image, &store.path().join("mounted")) else {
        not_run("a_power_cut_loses_nothing_acknowledged", "no image may be mounted here");
        return;
    };
    let mut child = Child::start(&json!({"role": "work", "store": sqlite(&disk.0.join("store.db"))}));
    let mut acknowledged = Acknowledged::default();
    let mut seed = 0x51ed_270b_u32;
    for round in 0..12 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        for _ in 0..1 + seed % 61 {
            acknowledged.add(&child.report().unwrap());
        }
        // No more writes are acknowledged while the copy is made.
        child.pause();
        while let Some(report) = child.reported() {
            acknowledged.add(&report);
        }
        let cut = store.path().join(format!("cut{round}"));
        copy_when_still(&image, &cut);
        child.resume();
        let woken = Disk::mount(&cut, &store.path().join(format!("woken{round}"))).expect("a file system");
        acknowledged.check_store(&sqlite(&woken.0.join("store.db")));
        drop(woken);
        fs::remove_file(cut).unwrap();
    }
    child.kill();
    drop(child);
    assert!(acknowledged.left.len() > 20);
}

/// The kernel may still be writing for a moment: two equal copies show one moment.
fn copy_when_still(image: &Path, copy: &Path) {
    let mut last = fs::read(image).unwrap();
    loop {
        let next = fs::read(image).unwrap();
        if next == last {
            return fs::write(copy, next).unwrap();
        }
        last = next;
    }
}

/// A file system in an image, mounted until it is dropped.
struct Disk(PathBuf);

impl Disk {
    fn new(image: &Path, at: &Path) -> Option<Disk> {
        fs::File::create(image).unwrap().set_len(48 << 20).unwrap();
        let made = Command::new("mkfs.ext4").args(["-q", "-F"]).arg(image).status();
        made.is_ok_and(|status| status.success()).then(|| Disk::mount(image, at)).flatten()
    }

    fn mount(image: &Path, at: &Path) -> Option<Disk> {
        fs::create_dir(at).unwrap();
        let status = Command::new("mount").args(["-o", "loop"]).args([image, at]).status();
        status.is_ok_and(|status| status.success()).then(|| Disk(at.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}
