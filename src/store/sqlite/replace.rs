//! Puts a backup in the place of a SQLite store: completely or not at all, and without losing anything of the
//! old store.
//!
//! The new store is completed in a folder of its own beside the old one. The old store is folded into one
//! file, then the two are exchanged in one step, and the old one gets another name.

use std::cell::Cell;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use rustix::fs::{CWD, FlockOperation, RenameFlags, fcntl_lock, renameat_with};
use rustix::io::Errno;

use super::paths::{longer, unusable};
use super::{inspection, log};
use crate::error::{Code, Error, Result};
use crate::store::watch::Watch;

/// The files that SQLite keeps beside a database.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// The path of a store that exists or is to be created.
pub(crate) struct Place(PathBuf);

/// A store that is being made, in a folder that is deleted on drop.
pub(crate) struct Draft {
    folder: PathBuf,
    /// Whether the folder holds the old store, because it could not be put back.
    has_old: Cell<bool>,
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.has_old.get() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

impl Draft {
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.join("store.db")
    }
}

impl Place {
    /// Failures: `invalid_config` if this process may not put a file there; `store_unavailable` while a
    /// process has the store open.
    pub(crate) fn of(path: &Path) -> Result<Place> {
        if let Some(why) = unusable(path) {
            return Err(Error::at(Code::InvalidConfig, "/store", why));
        }
        let path = match path.canonicalize() {
            Ok(path) => path,
            Err(_) => std::path::absolute(path).map_err(|error| failed("find the place", &error))?,
        };
        let place = Place(path);
        place.lock().map(|_| place)
    }

    /// Copies a backup into a folder beside the store.
    ///
    /// Failures: `invalid_request` if the file is not a backup; `store_unavailable`.
    pub(crate) fn draft(&self, backup: &Path, watch: &Watch) -> Result<Draft> {
        let mut from = open_backup(backup)?;
        let of = from.metadata().map_err(|error| no_backup(&error.to_string()))?;
        if fs::metadata(&self.0).is_ok_and(|store| (store.dev(), store.ino()) == (of.dev(), of.ino())) {
            return Err(no_backup("this is the store itself"));
        }
        let ending = format!(
            ".restoring-{}",
            crate::types::base64url::base64url(&crate::types::random::random::<6>()?)
        );
        let draft = Draft { folder: longer(&self.0, &ending), has_old: Cell::new(false) };
        let copied = DirBuilder::new().mode(0o700).create(&draft.folder).and_then(|()| {
            let to = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft.file())?;
            copy(&mut from, to, of.len(), watch)
        });
        copied.map_err(|error| failed("copy the backup", &error))?;
        inspection::inspect(&draft.file(), watch)?;
        Ok(draft)
    }

    /// Puts the draft, which no process has open, in place. Returns the new name of the old store, which ends
    /// with `ending`.
    pub(crate) fn put(&self, draft: &Draft, ending: &str) -> Result<Option<PathBuf>> {
        let new = draft.file();
        let kept = self.kept(ending);
        for companion in COMPANIONS {
            if fs::metadata(longer(&new, companion)).is_ok_and(|file| file.len() > 0) {
                return Err(Error::new(Code::Internal, "the draft was not closed"));
            }
        }
        self.fold()?;
        let lock = self.lock()?;
        self.exchange(draft, &kept, lock.as_ref()).map_err(|error| match draft.has_old.get() {
            true => {
                let why = format!(
                    "cannot put the backup in place, or back what was there: {}. That is {}, and what belongs to it \
                     begins with {}",
                    error.kind(),
                    new.display(),
                    kept.display()
                );
                Error::new(Code::StoreUnavailable, why)
            }
            false => failed("put the backup in place", &error),
        })
    }

    fn exchange(&self, draft: &Draft, kept: &Path, old: Option<&File>) -> io::Result<Option<PathBuf>> {
        let new = &draft.file();
        let file = File::open(new)?;
        if let Some(old) = old {
            let old = old.metadata()?;
            let made = file.metadata()?;
            file.set_permissions(old.permissions())?;
            if (old.uid(), old.gid()) != (made.uid(), made.gid()) {
                chown(new, Some(old.uid()), Some(old.gid()))?;
            }
        }
        file.sync_all()?;
        let folder = File::open(self.0.parent().unwrap_or(&self.0))?;
        let mut moved = Vec::new();
        // No companion of another file lies beside the new one at any moment.
        let swapped = self.move_companions(kept, &mut moved).and_then(|()| {
            folder.sync_all()?;
            self.swap(draft, kept, old.is_some())
        });
        swapped.inspect_err(|_| {
            // The old file keeps its companions.
            for companion in moved.iter().filter(|_| !draft.has_old.get()) {
                let _ = fs::rename(longer(kept, companion), longer(&self.0, companion));
            }
        })?;
        folder.sync_all()?;
        Ok((old.is_some() || !moved.is_empty()).then(|| kept.to_owned()))
    }

    /// Moves the companions of the store to the new name. `moved` lists those that were moved, also after a
    /// failure.
    fn move_companions(&self, kept: &Path, moved: &mut Vec<&'static str>) -> io::Result<()> {
        for companion in COMPANIONS {
            match fs::rename(longer(&self.0, companion), longer(kept, companion)) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                renamed => {
                    renamed?;
                    moved.push(companion);
                }
            }
        }
        Ok(())
    }

    /// Exchanges the two files, or changes nothing.
    fn swap(&self, draft: &Draft, kept: &Path, is_there: bool) -> io::Result<()> {
        let new = &draft.file();
        if !is_there {
            return fs::rename(new, &self.0);
        }
        match self.exchange_names(new) {
            // The old file is now in the draft's folder, which is deleted with the draft.
            Ok(()) => fs::rename(new, kept).inspect_err(|_| self.swap_back(draft)),
            // Not every file system can exchange names.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                fs::hard_link(&self.0, kept)?;
                fs::rename(new, &self.0).inspect_err(|_| drop(fs::remove_file(kept)))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn exchange_names(&self, new: &Path) -> Result<(), Errno> {
        renameat_with(CWD, new, CWD, &self.0, RenameFlags::EXCHANGE)
    }

    /// Puts the old store back in its place. If that fails, it stays in the draft's folder, which is then
    /// kept.
    fn swap_back(&self, draft: &Draft) {
        draft.has_old.set(self.exchange_names(&draft.file()).is_err());
    }

    /// Writes the log of the old store back into it, so that it is one file. A damaged store stays in pieces,
    /// which are kept.
    fn fold(&self) -> Result<()> {
        if !self.0.exists() || log::check(&self.0).is_err() {
            return Ok(());
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let folded = Connection::open_with_flags(&self.0, flags).and_then(|connection| {
            connection.busy_timeout(Duration::from_millis(100))?;
            connection.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))
        });
        match folded {
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
                Err(in_use())
            }
            _ => Ok(()),
        }
    }

    /// Takes the locks that open stores hold: while the file is open, no other process has them.
    fn lock(&self) -> Result<Option<File>> {
        let file = match OpenOptions::new().read(true).write(true).open(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|error| failed("open the store", &error))?,
        };
        match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(file)),
            Err(Errno::AGAIN | Errno::ACCESS) => Err(in_use()),
            Err(error) => Err(failed("lock the store", &error.into())),
        }
    }

    /// Returns a name that is free.
    fn kept(&self, ending: &str) -> PathBuf {
        let name = |count: u32| match count {
            1 => longer(&self.0, ending),
            count => longer(&self.0, &format!("{ending}-{count}")),
        };
        let is_free = |name: &PathBuf| {
            !name.exists() && COMPANIONS.iter().all(|companion| !longer(name, companion).exists())
        };
        (1..).map(name).find(is_free).unwrap_or_else(|| name(1))
    }
}

fn open_backup(path: &Path) -> Result<File> {
    for companion in ["-wal", "-journal"] {
        let companion = longer(path, companion);
        if fs::metadata(&companion).is_ok_and(|file| file.len() > 0) {
            let why = format!("{} belongs to it: this file alone is not whole", companion.display());
            return Err(no_backup(&why));
        }
    }
    let file = File::open(path).map_err(|error| no_backup(&error.to_string()))?;
    match file.metadata() {
        Ok(metadata) if metadata.is_file() => Ok(file),
        Ok(_) => Err(no_backup("not a file")),
        Err(error) => Err(no_backup(&error.to_string())),
    }
}

fn copy(from: &mut File, mut to: File, of: u64, watch: &Watch) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 20];
    let mut copied = 0;
    loop {
        if !watch("copy", copied, of) {
            return Err(ErrorKind::Interrupted.into());
        }
        match from.read(&mut buffer)? {
            0 => return to.sync_all(),
            read => {
                to.write_all(&buffer[..read])?;
                copied += read as u64;
            }
        }
    }
}

fn no_backup(why: &str) -> Error {
    Error::at(Code::InvalidRequest, "/backup", why.to_owned())
}

fn in_use() -> Error {
    Error::new(Code::StoreUnavailable, "the store is open: stop every process that has it open")
}

fn failed(what: &str, error: &io::Error) -> Error {
    match error.kind() {
        ErrorKind::Interrupted => Error::new(Code::StoreUnavailable, "interrupted"),
        kind => Error::new(Code::StoreUnavailable, format!("cannot {what}: {kind}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Companions that were moved are put back if another cannot be moved, or the files cannot be exchanged.
    #[test]
    fn companions_stay_with_their_store() {
        let companions = ["", "-wal", "-shm"];
        for obstacle in ["-shm", ""] {
            let folder = tempfile::tempdir().unwrap();
            let place = Place(folder.path().join("store.db"));
            let draft = Draft { folder: folder.path().join("draft"), has_old: Cell::new(false) };
            fs::create_dir(&draft.folder).unwrap();
            fs::write(draft.file(), "new").unwrap();
            let kept = folder.path().join("kept.db");
            for ending in companions {
                fs::write(longer(&place.0, ending), "old").unwrap();
            }
            // No file can have the name of a folder.
            fs::create_dir(longer(&kept, obstacle)).unwrap();
            let old = File::open(&place.0).unwrap();
            assert!(place.exchange(&draft, &kept, Some(&old)).is_err());
            for ending in companions {
                assert_eq!(
                    fs::read_to_string(longer(&place.0, ending)).unwrap(),
                    "old",
                    "{obstacle} {ending}"
                );
            }
            assert!(!longer(&kept, "-wal").exists());
        }
    }

    /// The old store is never deleted with the draft's folder.
    #[test]
    fn what_cannot_be_put_back_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place(folder.path().join("store.db"));
        for can_be_put_back in [true, false] {
            let draft = Draft { folder: folder.path().join("draft"), has_old: Cell::new(false) };
            fs::create_dir(&draft.folder).unwrap();
            // The two are exchanged already.
            fs::write(draft.file(), "old").unwrap();
            if can_be_put_back {
                fs::write(&place.0, "new").unwrap();
            }
            place.swap_back(&draft);
            let old = if can_be_put_back { place.0.clone() } else { draft.file() };
            drop(draft);
            assert_eq!(fs::read_to_string(old).unwrap(), "old");
            assert_eq!(folder.path().join("draft").exists(), !can_be_put_back);
            let _ = fs::remove_file(&place.0);
        }
    }
}
