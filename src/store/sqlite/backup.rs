//! Backups: copies of a store as it is at one moment.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, ErrorCode};

use super::failures::failed;
use super::inspection::{look_at, watched};
use super::log::Mark;
use super::migration::note;
use super::paths::{create_new, longer};
use crate::error::{Code, Error, Result};
use crate::store::move_note::Note;
use crate::store::watch::{Look, Watch};

/// Makes a backup that only its owner can read: `copy` writes it into an empty file. Returns its length. The
/// file gets its name after all of it is on the disk and `look` has read it.
pub(super) fn make(
    path: &Path,
    watch: &Watch,
    look: Option<Look>,
    copy: impl FnOnce(&Path) -> Result<()>,
) -> Result<u64> {
    let path = std::path::absolute(path).map_err(|error| no_backup(&error))?;
    if path.symlink_metadata().is_ok() {
        return Err(no_backup(&ErrorKind::AlreadyExists.into()));
    }
    let draft = longer(
        &path,
        &format!(".{}", crate::types::base64url::base64url(&crate::types::random::random::<9>()?)),
    );
    create_new(&draft).map_err(|error| no_backup(&error))?;
    let copied = copy(&draft).and_then(|()| {
        if let Some(look) = look {
            look_at(&draft, watch, look)?;
        }
        let mark = Mark::new()?;
        publish(&draft, &path, mark).map_err(|error| no_backup(&error))
    });
    if copied.is_err() {
        // SQLite may have left its journal.
        let _ = (fs::remove_file(&draft), fs::remove_file(longer(&draft, "-journal")));
    }
    copied
}

/// Copies a database into an empty file while others use it. The copy has everything that was committed
/// before it began.
pub(super) fn copy(connection: &mut Connection, empty: &Path, watch: &Watch) -> Result<()> {
    let name = empty.to_str().ok_or(Error::from(Code::InvalidRequest))?;
    let of = (pragma(connection, "page_count")? - pragma(connection, "freelist_count")?)
        * pragma(connection, "page_size")?;
    let watch = Arc::clone(watch);
    let draft = empty.to_owned();
    let copied = move || fs::metadata(&draft).map_or(0, |draft| draft.len());
    watched(
        connection,
        move || watch("backup", copied().min(of), of),
        |connection| {
            let copied = connection.execute("VACUUM INTO ?1", [name]);
            copied.map(drop).map_err(|error| match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => failed(error).at_field("/path"),
                _ => failed(error),
            })
        },
    )?;
    // VACUUM asks for no table by name, so that it does not fail in a store that was moved.
    note(connection)?.filter(Note::is_left).map_or(Ok(()), |note| Err(note.refusal()))
}

fn pragma(connection: &Connection, name: &str) -> Result<u64> {
    let value = connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(failed)?;
    Ok(value.max(0).cast_unsigned())
}
/// Gives a finished file its name, unless that is taken. Returns its length. The file gets its own mark, so
/// that no log of the store belongs to it.
fn publish(draft: &Path, path: &Path, mark: Mark) -> std::io::Result<u64> {
    let file = OpenOptions::new().read(true).write(true).open(draft)?;
    mark.write(&file)?;
    file.sync_all()?;
    // This reserves the name, because not every file system has hard links.
    create_new(path)?;
    let folder = path.parent().unwrap_or(path);
    let renamed = fs::rename(draft, path).and_then(|()| File::open(folder)?.sync_all());
    if renamed.is_err() {
        let _ = fs::remove_file(path);
    }
    renamed.and_then(|()| Ok(file.metadata()?.len()))
}

/// The error for a backup that cannot be written: a taken or impossible name needs another request; any other
/// failure may pass.
fn no_backup(error: &std::io::Error) -> Error {
    use ErrorKind::{
        AlreadyExists, InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound,
        PermissionDenied, ReadOnlyFilesystem,
    };
    let why = match error.kind() {
        AlreadyExists => "the file exists already",
        NotFound | NotADirectory => "the folder does not exist",
        InvalidFilename | InvalidInput | IsADirectory => "not a file name",
        PermissionDenied | ReadOnlyFilesystem => "no file may be created there",
        kind => {
            return Error::at(Code::StoreUnavailable, "/path", format!("cannot write the backup: {kind}"));
        }
    };
    Error::at(Code::InvalidRequest, "/path", why)
}
