//! A forked child shares no SQLite locks with its parent.
//!
//! SQLite keeps one list of the locks a process holds, by device and inode, because POSIX locks belong to
//! processes. A child inherits the list but not the locks: an engine that it opens on its parent's file
//! would believe itself protected, and when the parent closes, the write-ahead log is deleted under the
//! child and what it acknowledges from then on is lost. So each process sees devices of its own: entries
//! of the parent match no file of the child.

#![allow(unsafe_code)]

use std::ffi::{c_char, c_int};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::ffi;

/// The process that called [`separate_processes`]; its children inherit that it was called.
static FIRST_PROCESS: AtomicU32 = AtomicU32::new(0);

/// From now on SQLite tells its own locks from inherited ones.
pub(super) fn separate_processes() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        FIRST_PROCESS.store(std::process::id(), Ordering::Relaxed);
        // SAFETY: the default VFS is static and its list of system calls may be changed; SQLite calls each entry by the signature of the system call of that name, which
        // `stat` and `fstat` below have.
        unsafe {
            let stat = std::mem::transmute::<Stat, unsafe extern "C" fn()>(stat);
            let fstat = std::mem::transmute::<Fstat, unsafe extern "C" fn()>(fstat);
            if let Some(vfs) = ffi::sqlite3_vfs_find(std::ptr::null()).as_mut()
                && let Some(set) = vfs.xSetSystemCall
            {
                set(vfs, c"stat".as_ptr(), Some(stat));
                set(vfs, c"fstat".as_ptr(), Some(fstat));
            }
        }
    });
}

type Stat = unsafe extern "C" fn(*const c_char, *mut libc::stat) -> c_int;
type Fstat = unsafe extern "C" fn(c_int, *mut libc::stat) -> c_int;

unsafe extern "C" fn stat(path: *const c_char, status: *mut libc::stat) -> c_int {
    // SAFETY: SQLite's arguments, passed on.
    own(unsafe { libc::stat(path, status) }, status)
}

unsafe extern "C" fn fstat(file: c_int, status: *mut libc::stat) -> c_int {
    // SAFETY: SQLite's arguments, passed on.
    own(unsafe { libc::fstat(file, status) }, status)
}

/// Makes the device a forked child's own: Linux keeps device numbers in the lower 33 bits. In the process
/// that began with this nothing changes, so that files which a Rust host has open already stay the same.
fn own(result: c_int, status: *mut libc::stat) -> c_int {
    let process = std::process::id();
    if result == 0 && process != FIRST_PROCESS.load(Ordering::Relaxed) {
        // SAFETY: a call that succeeded wrote it.
        unsafe { (*status).st_dev ^= libc::dev_t::from(process) << 40 };
    }
    result
}
