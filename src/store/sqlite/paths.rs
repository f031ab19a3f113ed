//! The files of a store: the database and what SQLite keeps beside it.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::io::Errno;

use crate::error::{Code, Error, Result};

/// Appends to a path.
pub(crate) fn longer(path: &Path, more: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(more);
    path.into()
}

/// Whether there is a log with changes, or one that a process has open, which has its index beside it.
pub(super) fn has_log(path: &Path) -> bool {
    let is_open = || longer(path, "-shm").exists();
    fs::metadata(longer(path, "-wal")).is_ok_and(|log| log.len() > 0 || is_open())
}

/// Creates an empty file that only its owner may read and write.
pub(super) fn create_new(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Creates the file if there is none, for its owner only; SQLite gives its companions the same mode.
pub(super) fn create_private(path: &Path) -> Result<()> {
    match create_new(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(no_file(&error)),
    }
}

/// The error for a file that existed, or could be created, a moment ago.
pub(super) fn no_file(error: &std::io::Error) -> Error {
    Error::new(Code::StoreUnavailable, format!("cannot create the file: {}", error.kind()))
}

/// Returns the fault of a path, such as missing rights or a missing folder; `None` if there is none. Opens no
/// file.
pub(crate) fn unusable(path: &Path) -> Option<String> {
    let path = std::path::absolute(path).ok()?;
    let because = |path: &Path, why: &str| Some(format!("{}: {why}", path.display()));
    let Some(folder) = path.parent() else { return because(&path, "not a file") };
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return because(folder, "the folder does not exist");
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return because(folder, "the folder may not be entered");
        }
        _ => return because(folder, "not a folder"),
    }
    match (path.symlink_metadata(), fs::metadata(&path)) {
        (_, Ok(found)) if !found.is_file() => return because(&path, "not a file"),
        (Ok(_), Err(error)) if error.kind() == ErrorKind::NotFound => {
            return because(&path, "a link that leads nowhere");
        }
        _ => {}
    }
    for name in [path.clone(), longer(&path, "-wal"), longer(&path, "-shm")] {
        match may_use(&name, Access::empty()) {
            Some(why) if name.exists() => return because(&name, why),
            _ => {}
        }
    }
    // SQLite creates the log beside the file.
    may_use(folder, Access::EXEC_OK).and_then(|why| because(folder, why))
}

/// Returns why this process may not read and write there, or do `more`.
fn may_use(path: &Path, more: Access) -> Option<&'static str> {
    match accessat(CWD, path, Access::READ_OK | Access::WRITE_OK | more, AtFlags::EACCESS) {
        Err(Errno::ACCESS | Errno::PERM) => Some("this user may not read and write it"),
        Err(Errno::ROFS) => Some("the file system is read-only"),
        _ => None,
    }
}

/// Whether this process may read a file and its companions.
pub(super) fn is_readable(path: &Path) -> bool {
    let companions = [longer(path, "-wal"), longer(path, "-shm")];
    let may_read = |path: &Path| accessat(CWD, path, Access::READ_OK, AtFlags::EACCESS);
    path.is_file()
        && may_read(path).is_ok()
        && companions.iter().all(|name| matches!(may_read(name), Ok(()) | Err(Errno::NOENT)))
}
