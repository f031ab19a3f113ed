//! Makes SQLite's locks on the files of stores hold, independently of other code in the process.
//!
//! SQLite takes POSIX locks, which belong to the process: two copies of SQLite in it do not see each other's
//! locks, and when any code in it closes a descriptor of the file, all its locks are gone. Then the next
//! connection that closes believes that it is the last, deletes the write-ahead log under the others, and
//! everything that they acknowledge later is lost. So this module replaces SQLite's system calls, and the
//! locks of a store become locks of an open file description (fcntl(2), F_OFD_SETLK). Each file has one
//! descriptor for its locks, because SQLite takes a lock by one descriptor and releases it by another. All
//! others see them as locks of another process.
//!
//! A forked child does not share its parent's locks either. It inherits SQLite's list of them, by device and
//! inode: an engine that it opens on its parent's file would believe that it holds them. So each process sees
//! its own device numbers, and the parent's entries match no file of the child. The child also closes the
//! descriptors that hold its parent's locks, which would otherwise outlive the parent.

#![expect(unsafe_code, reason = "SQLite's system calls are functions of C")]

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::{MaybeUninit, transmute};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use rusqlite::ffi;

/// The process that called [`keep`] first; its children inherit the replaced calls.
static FIRST_PROCESS: AtomicU32 = AtomicU32::new(0);

static LOCKS: Mutex<Locks> = Mutex::new(Locks { paths: Vec::new(), open: Vec::new() });

struct Locks {
    /// The files of the open stores, by the names under which SQLite opens them, each as often as it is open.
    paths: Vec<CString>,
    open: Vec<Open>,
}

/// A descriptor that SQLite has open.
#[derive(Clone, Copy)]
struct Open {
    descriptor: c_int,
    /// The device and inode of the file.
    file: (libc::dev_t, libc::ino_t),
    /// The descriptor that holds the locks: the same for all descriptors of the file.
    lock: c_int,
}

/// While this lives, this module takes the locks on the files of a store.
pub(super) struct Kept(Vec<CString>);

/// Takes over the locks on the store of this canonical path.
pub(super) fn keep(path: &Path) -> Kept {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        FIRST_PROCESS.store(std::process::id(), Ordering::Relaxed);
        come_by_here();
        watch_forks();
    });
    let names = ["", "-shm"].iter().filter_map(|ending| {
        let mut path = path.as_os_str().to_owned();
        path.push(ending);
        CString::new(path.as_bytes()).ok()
    });
    let names: Vec<CString> = names.collect();
    locks().paths.extend(names.iter().cloned());
    Kept(names)
}

impl Drop for Kept {
    fn drop(&mut self) {
        let mut locks = locks();
        for name in &self.0 {
            if let Some(place) = locks.paths.iter().position(|path| path == name) {
                locks.paths.swap_remove(place);
            }
        }
    }
}

/// Whether SQLite opened the file through this module.
pub(super) fn are_kept(path: &Path) -> bool {
    let Ok(status) = std::fs::metadata(path) else { return false };
    use std::os::unix::fs::MetadataExt;
    locks().open.iter().any(|open| open.file == (status.dev(), status.ino()))
}

fn locks() -> MutexGuard<'static, Locks> {
    LOCKS.lock().unwrap_or_else(PoisonError::into_inner)
}

type Call = unsafe extern "C" fn();
type OpenCall = unsafe extern "C" fn(*const c_char, c_int, c_int) -> c_int;
type CloseCall = unsafe extern "C" fn(c_int) -> c_int;
type FcntlCall = unsafe extern "C" fn(c_int, c_int, *mut c_void) -> c_int;
type StatCall = unsafe extern "C" fn(*const c_char, *mut libc::stat) -> c_int;
type FstatCall = unsafe extern "C" fn(c_int, *mut libc::stat) -> c_int;

fn come_by_here() {
    // SAFETY: the default VFS is static and its list of system calls may be changed; SQLite calls each entry
    // by the signature of the system call of that name, which the functions below have. `fcntl` has a
    // variable argument, which 64-bit Linux passes as any other.
    unsafe {
        let calls = [
            (c"open", transmute::<OpenCall, Call>(open)),
            (c"close", transmute::<CloseCall, Call>(close)),
            (c"fcntl", transmute::<FcntlCall, Call>(fcntl)),
            (c"stat", transmute::<StatCall, Call>(stat)),
            (c"fstat", transmute::<FstatCall, Call>(fstat)),
        ];
        if let Some(vfs) = ffi::sqlite3_vfs_find(std::ptr::null()).as_mut()
            && let Some(set) = vfs.xSetSystemCall
        {
            for (name, call) in calls {
                set(vfs, name.as_ptr(), Some(call));
            }
        }
    }
}

unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: c_int) -> c_int {
    // SAFETY: SQLite's arguments, passed on; the path ends in NUL.
    let (descriptor, path) = unsafe { (libc::open(path, flags, mode), CStr::from_ptr(path)) };
    if descriptor < 0 {
        return descriptor;
    }
    let mut locks = locks();
    if locks.are_for(descriptor, path) {
        match locks.lock_of(descriptor, path) {
            Some(open) => locks.open.push(open),
            None => {
                // SAFETY: a descriptor of ours, and this thread's errno, which the caller looks at.
                unsafe {
                    let why = *libc::__errno_location();
                    libc::close(descriptor);
                    *libc::__errno_location() = why;
                }
                return -1;
            }
        }
    }
    descriptor
}

impl Locks {
    /// Whether the file that was just opened belongs to a store. SQLite counts locks by file: a file that is
    /// locked here for one descriptor is locked here for all, under any name.
    fn are_for(&self, descriptor: c_int, path: &CStr) -> bool {
        self.paths.iter().any(|of_a_store| of_a_store.as_c_str() == path)
            || identity(descriptor).is_some_and(|file| self.open.iter().any(|open| open.file == file))
    }

    /// Returns the descriptor for the locks of a file that was just opened; `None`, and errno, if there can
    /// be none.
    fn lock_of(&self, descriptor: c_int, path: &CStr) -> Option<Open> {
        let file = identity(descriptor)?;
        if let Some(open) = self.open.iter().find(|open| open.file == file) {
            return Some(Open { descriptor, ..*open });
        }
        let again = |flags| {
            // SAFETY: a path that ends in NUL.
            let lock = unsafe { libc::open(path.as_ptr(), flags | libc::O_CLOEXEC) };
            (lock >= 0).then_some(lock)
        };
        let lock = again(libc::O_RDWR).or_else(|| again(libc::O_RDONLY))?;
        if identity(lock) == Some(file) {
            return Some(Open { descriptor, file, lock });
        }
        // SAFETY: a descriptor of ours, and this thread's errno: another file has the name by now.
        unsafe {
            libc::close(lock);
            *libc::__errno_location() = libc::ESTALE;
        }
        None
    }
}

fn identity(descriptor: c_int) -> Option<(libc::dev_t, libc::ino_t)> {
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: a call that succeeds writes the status.
    unsafe {
        (libc::fstat(descriptor, status.as_mut_ptr()) == 0).then(|| {
            let status = status.assume_init();
            (status.st_dev, status.st_ino)
        })
    }
}

unsafe extern "C" fn close(descriptor: c_int) -> c_int {
    let mut locks = locks();
    let place = locks.open.iter().position(|open| open.descriptor == descriptor);
    let closed = place.map(|place| locks.open.swap_remove(place));
    let unused = closed.filter(|closed| locks.open.iter().all(|open| open.lock != closed.lock));
    // SAFETY: SQLite's argument, passed on, and a descriptor of ours that is no longer used.
    unsafe {
        let result = libc::close(descriptor);
        if let Some(unused) = unused {
            libc::close(unused.lock);
        }
        result
    }
}

unsafe extern "C" fn fcntl(descriptor: c_int, command: c_int, argument: *mut c_void) -> c_int {
    let of_the_description = match command {
        libc::F_SETLK => libc::F_OFD_SETLK,
        libc::F_GETLK => libc::F_OFD_GETLK,
        // SAFETY: SQLite's arguments, passed on.
        _ => return unsafe { libc::fcntl(descriptor, command, argument) },
    };
    let lock = locks().open.iter().find(|open| open.descriptor == descriptor).map(|open| open.lock);
    // SAFETY: SQLite's arguments, passed on; of these commands the last one is a lock, whose process has to
    // be 0.
    unsafe {
        let Some(lock) = lock else { return libc::fcntl(descriptor, command, argument) };
        (*argument.cast::<libc::flock>()).l_pid = 0;
        match libc::fcntl(lock, of_the_description, argument) {
            // The kernel has no such locks.
            -1 if *libc::__errno_location() == libc::EINVAL => libc::fcntl(lock, command, argument),
            result => result,
        }
    }
}

unsafe extern "C" fn stat(path: *const c_char, status: *mut libc::stat) -> c_int {
    // SAFETY: SQLite's arguments, passed on.
    own(unsafe { libc::stat(path, status) }, status)
}

unsafe extern "C" fn fstat(file: c_int, status: *mut libc::stat) -> c_int {
    // SAFETY: SQLite's arguments, passed on.
    own(unsafe { libc::fstat(file, status) }, status)
}

/// Gives a forked child its own device numbers: Linux keeps device numbers in the lower 33 bits. In the
/// process that began nothing changes, so that the files which a Rust host already has open stay the same.
fn own(result: c_int, status: *mut libc::stat) -> c_int {
    let process = std::process::id();
    if result == 0 && process != FIRST_PROCESS.load(Ordering::Relaxed) {
        // SAFETY: a call that succeeded wrote it.
        unsafe { (*status).st_dev ^= libc::dev_t::from(process) << 40 };
    }
    result
}

thread_local! {
    /// Held while this thread forks, so that no other thread changes the list meanwhile.
    static FORKING: Cell<Option<MutexGuard<'static, Locks>>> = const { Cell::new(None) };
}

fn watch_forks() {
    extern "C" fn before() {
        FORKING.set(Some(locks()));
    }
    extern "C" fn in_parent() {
        drop(FORKING.take());
    }
    extern "C" fn in_child() {
        if let Some(mut locks) = FORKING.take() {
            for open in locks.open.drain(..) {
                // SAFETY: a descriptor of ours; one that several share is closed once and then unknown. It
                // ends no lock: the parent has the description open, too.
                unsafe { libc::close(open.lock) };
            }
        }
    }
    // SAFETY: functions of this library, which is never unloaded; what runs in the child is
    // async-signal-safe.
    unsafe {
        libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rusqlite::Connection;

    use super::*;
    use crate::store::schema::Plan;
    use crate::store::sqlite::Sqlite;

    fn descriptors(path: &Path) -> usize {
        use std::os::unix::fs::MetadataExt;
        let status = std::fs::metadata(path).unwrap();
        locks().open.iter().filter(|open| open.file == (status.dev(), status.ino())).count()
    }

    fn names(folder: &Path) -> usize {
        let folder = folder.as_os_str().as_bytes();
        locks().paths.iter().filter(|path| path.as_bytes().starts_with(folder)).count()
    }

    /// A host in Rust shares this copy of SQLite. Its connections to the file of an open store use the same
    /// locks; a closed store leaves nothing behind.
    #[test]
    fn a_store_and_its_host_have_one_kind_of_locks() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let path = folder.join("store.db");
        let link = folder.join("link.db");
        let open = || Sqlite::open(&path, 1, Duration::from_secs(1), Plan::new(true)).unwrap();
        let store = open();
        let again = open();
        std::fs::hard_link(&path, &link).unwrap();
        assert_eq!((names(&folder), descriptors(&path)), (4, 2));
        let by_link = Connection::open(&link).unwrap();
        assert_eq!(descriptors(&path), 3);
        drop(store);
        assert_eq!(names(&folder), 2);
        drop(again);
        assert_eq!(names(&folder), 0);
        drop(by_link);
        assert_eq!(descriptors(&path), 0);
    }
}
