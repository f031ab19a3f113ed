//! The origin of the host's secret keys: the configuration, files, or, for a store in memory, the random
//! generator.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::{Zeroize, Zeroizing};

use crate::config::{Config, StoreUrl, beside};
use crate::error::{Code, Error, Result};
use crate::strength;
use crate::types::secret::{Secret, collected};

/// The bytes of a secret key.
pub(crate) type Bytes = Zeroizing<Vec<u8>>;

const MIN_BYTES: usize = 32;
const MAX_FILE_BYTES: u64 = 4096;

/// Returns the secret keys, the current one first. A key file is created only while `store_is_new`: a sealed
/// store needs the key that sealed it.
pub(crate) fn load(config: &Config, store_is_new: bool) -> Result<Vec<Bytes>> {
    if let Some(keys) = given(config)? {
        return Ok(keys);
    }
    match (config.named_key_files().first(), &config.store) {
        (Some((field, path)), _) => Ok(vec![made_or_read(path, field, store_is_new)?]),
        (None, StoreUrl::Postgres(_)) => {
            Err(Error::at(Code::InvalidConfig, "/secret_key", "required for PostgreSQL"))
        }
        (None, _) => Ok(vec![Zeroizing::new(crate::types::random::random::<MIN_BYTES>()?.to_vec())]),
    }
}

/// Refuses invalid keys in the configuration.
pub(crate) fn check(config: &Config) -> Result<()> {
    given(config).map(drop)
}

/// Returns the keys that must exist: those in the configuration, and those of the files that it lists.
fn given(config: &Config) -> Result<Option<Vec<Bytes>>> {
    if let Some(secret) = &config.secret_key {
        return Ok(Some(vec![configured(secret, "/secret_key")?]));
    }
    if let Some(secrets) = &config.secret_keys {
        let each = secrets.iter().enumerate();
        let keys = each.map(|(index, secret)| configured(secret, &format!("/secret_keys/{index}")));
        return listed(keys.collect::<Result<_>>()?, "/secret_keys").map(Some);
    }
    if config.secret_key_files.is_some() {
        let keys = config.named_key_files().into_iter().map(|(field, path)| read(&path, &field));
        return listed(keys.collect::<Result<_>>()?, "/secret_key_files").map(Some);
    }
    Ok(None)
}

fn listed(keys: Vec<Bytes>, field: &'static str) -> Result<Vec<Bytes>> {
    match keys.is_empty() {
        true => Err(Error::at(Code::InvalidConfig, field, "expected at least one key")),
        false => Ok(keys),
    }
}

/// Creates a file with a new secret key, readable by its owner only, for `secret_key_file` or
/// `secret_key_files`. An existing file is never overwritten.
///
/// Failures: `invalid_config` if the file exists or cannot be created there; `store_unavailable` if the disk
/// fails.
///
/// ```no_run
/// use std::path::Path;
///
/// doorward::new_secret_key_file(Path::new("/etc/app/secret.key"))?;
/// # Ok::<(), doorward::Error>(())
/// ```
pub fn new_secret_key_file(path: &Path) -> Result<()> {
    let failed = |kind| key_file(kind, "/secret_key_file");
    match create(path).map_err(|error| failed(error.kind()))? {
        true => Ok(()),
        false => Err(failed(ErrorKind::AlreadyExists)),
    }
}

/// Returns whether a key file of the store exists: one that the configuration names, or the one that opening
/// creates.
pub(crate) fn has_file(config: &Config) -> bool {
    let made = match &config.store {
        StoreUrl::SqliteFile(path) => Some(beside(path)),
        _ => None,
    };
    config.named_key_files().into_iter().map(|(_, path)| path).chain(made).any(|path| path.exists())
}

/// Estimates how many bits of guessing a secret is worth, up to 64: by the variety of its bytes (Shannon),
/// and by the words and patterns in it.
pub(crate) fn bits(secret: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    secret.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let length = secret.len() as f64;
    let used = counts.into_iter().filter(|count| *count > 0).map(f64::from);
    let variety: f64 = used.map(|count| count * (length / count).log2()).sum();
    let guesses = |text: &str| {
        let beginning = collected(text.chars().take(100), 400);
        strength::estimate(&beginning, &[]).guesses.log2()
    };
    str::from_utf8(secret).map_or(variety, |text| variety.min(guesses(text)))
}

fn configured(secret: &Secret, field: &str) -> Result<Bytes> {
    strong(secret.expose().as_bytes()).ok_or(Error::at(
        Code::InvalidConfig,
        field,
        "expected at least 32 bytes",
    ))
}

fn strong(secret: &[u8]) -> Option<Bytes> {
    (secret.len() >= MIN_BYTES).then(|| Zeroizing::new(secret.to_vec()))
}

fn made_or_read(path: &Path, field: &str, may_create: bool) -> Result<Bytes> {
    if may_create && !path.exists() {
        create(path).map_err(|error| key_file(error.kind(), field))?;
    }
    read(path, field)
}

/// Returns the key in a file. White space around it is ignored, because editors end a file with a newline.
fn read(path: &Path, field: &str) -> Result<Bytes> {
    let mut text = Zeroizing::new(Vec::new());
    match File::open(path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut text)) {
        // A longer file is refused rather than truncated.
        Ok(length) if length as u64 > MAX_FILE_BYTES => {
            Err(Error::at(Code::InvalidConfig, field.to_owned(), "expected at most 4096 bytes"))
        }
        Ok(_) => strong(text.trim_ascii())
            .ok_or_else(|| Error::at(Code::InvalidConfig, field.to_owned(), "expected at least 32 bytes")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(Error::at(Code::WrongSecretKey, field.to_owned(), "the key file is missing"))
        }
        Err(error) => Err(key_file(error.kind(), field)),
    }
}

/// A wrong path or missing permission is permanent; a full or failing disk may recover.
fn key_file(kind: ErrorKind, field: &str) -> Error {
    use ErrorKind::{
        AlreadyExists, IsADirectory, NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem,
    };
    let stays = [AlreadyExists, IsADirectory, NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem]
        .contains(&kind);
    let code = if stays { Code::InvalidConfig } else { Code::StoreUnavailable };
    let why = match kind {
        // Only creating it fails so: a missing key file is `wrong_secret_key`.
        NotFound => "the folder does not exist".to_owned(),
        kind => kind.to_string(),
    };
    Error::at(code, field.to_owned(), format!("key file: {why}"))
}

/// Creates the file whole or not at all, readable by its owner only. Returns whether this process created it.
/// If two processes try, the first wins and both read the same key.
fn create(path: &Path) -> std::io::Result<bool> {
    let random = |_| std::io::Error::from(ErrorKind::Other);
    let mut text = Zeroizing::new(crate::types::base64url::base64url(
        &crate::types::random::random::<MIN_BYTES>().map_err(random)?,
    ));
    text.push('\n');
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(
        ".{}",
        crate::types::base64url::base64url(&crate::types::random::random::<9>().map_err(random)?)
    ));
    let draft = PathBuf::from(draft);
    let written = write_private(&draft, text.as_bytes()).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        other => other.map(|()| true),
    });
    text.zeroize();
    let removed = fs::remove_file(&draft);
    let is_made = written?;
    removed?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    Ok(is_made)
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
