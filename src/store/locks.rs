//! SQLite's locks on the files of stores, made to hold whatever else the process does.
//!
//! SQLite takes POSIX locks, which belong to the process: two copies of SQLite in it do not meet, and when anybody in
//! it closes a descriptor of the file, all its locks are gone. Then the next one who closes believes to be the last,
//! deletes the write-ahead log under the others, and what they acknowledge from then on is lost. So SQLite's calls
//! come by here, and the locks of a store become locks of an open file description (fcntl(2), F_OFD_SETLK): that of
//! a descriptor of our own, one for each file, because SQLite takes a lock by one descriptor and gives it back by
//! another. To everybody else they are locks of another process.
//!
//! A forked child shares no locks with its parent, either. It inherits SQLite's list of them, by device and inode: an
//! engine that it opens on its parent's file would believe itself protected. So each process sees devices of its
//! own: entries of the parent match no file of the child. And it gives up the descriptors that hold its parent's
//! locks, which would outlive the parent.

#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::{MaybeUninit, transmute};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use rusqlite::ffi;

/// The process that called [`keep`] first; its children inherit that it was called.
static FIRST_PROCESS: AtomicU32 = AtomicU32::new(0);

static LOCKS: Mutex<Locks> = Mutex::new(Locks { paths: Vec::new(), open: Vec::new() });

struct Locks {
    /// The files of stores that are locked, by the names that SQLite opens them by.
    paths: Vec<CString>,
    open: Vec<Open>,
}

/// A descriptor that SQLite has open.
#[derive(Clone, Copy)]
struct Open {
    descriptor: c_int,
    /// Device and inode.
    file: (libc::dev_t, libc::ino_t),
    /// What holds the locks: the same for all descriptors of the file.
    lock: c_int,
}

/// From now on the locks on this store, by its canonical path, are kept here.
pub(super) fn keep(path: &Path) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        FIRST_PROCESS.store(std::process::id(), Ordering::Relaxed);
        come_by_here();
        watch_forks();
    });
    let mut locks = locks();
    for ending in ["", "-shm"] {
        let mut path = path.as_os_str().to_owned();
        path.push(ending);
        if let Ok(path) = CString::new(path.as_bytes())
            && !locks.paths.contains(&path)
        {
            locks.paths.push(path);
        }
    }
}

/// Whether SQLite has the file open by here.
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
    // SAFETY: the default VFS is static and its list of system calls may be changed; SQLite calls each entry by the
    // signature of the system call of that name, which the functions below have. `fcntl` has a variable argument,
    // which 64-bit Linux passes as any other.
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
    if locks.paths.iter().any(|of_a_store| of_a_store.as_c_str() == path) {
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
    /// What is to hold the locks of a file that was just opened; `None`, and errno, where nothing can.
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
    // SAFETY: SQLite's argument, passed on, and a descriptor of ours that nobody uses any more.
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
    // SAFETY: SQLite's arguments, passed on; of these commands the last one is a lock, whose process has to be 0.
    unsafe {
        let Some(lock) = lock else { return libc::fcntl(descriptor, command, argument) };
        (*argument.cast::<libc::flock>()).l_pid = 0;
        match libc::fcntl(lock, of_the_description, argument) {
            // A kernel that has no such locks.
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

thread_local! {
    /// Held while this thread forks, so that no other one is changing the list at that moment.
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
                // SAFETY: a descriptor of ours; one that several share is closed once and then unknown. It ends
                // no lock: the parent has the description open, too.
                unsafe { libc::close(open.lock) };
            }
        }
    }
    // SAFETY: functions of this library, which is never unloaded; what runs in the child is async-signal-safe.
    unsafe {
        libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child));
    }
}
