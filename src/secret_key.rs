//! Where the host's secret key comes from: the configuration, a file, or, for a store in memory, the
//! random generator.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::{Zeroize, Zeroizing};

use crate::config::{Config, StoreUrl};
use crate::crypto;
use crate::error::{Code, Error, Result};
use crate::password::{Secret, collected};

/// Bytes of a secret key.
pub(crate) type Bytes = Zeroizing<Vec<u8>>;

const MIN_BYTES: usize = 32;
const MAX_FILE_BYTES: u64 = 4096;

/// The secret keys, the current one first. A key file is made only while `store_is_new`: a store that
/// is already sealed needs the key that sealed it.
pub(crate) fn load(config: &Config, store_is_new: bool) -> Result<Vec<Bytes>> {
    if let Some(keys) = given(config)? {
        return Ok(keys);
    }
    match (file(config), &config.store) {
        (Some(path), _) => Ok(vec![from_file(&path, store_is_new)?]),
        (None, StoreUrl::Postgres(_)) => {
            Err(Error::at(Code::InvalidConfig, "/secret_key", "required for PostgreSQL"))
        }
        (None, _) => Ok(vec![Zeroizing::new(crypto::random::<MIN_BYTES>()?.to_vec())]),
    }
}

/// Refuses keys of the configuration that are none.
pub(crate) fn check(config: &Config) -> Result<()> {
    given(config).map(drop)
}

/// The keys that the configuration itself holds.
fn given(config: &Config) -> Result<Option<Vec<Bytes>>> {
    if let Some(secret) = &config.secret_key {
        return Ok(Some(vec![configured(secret, "/secret_key")?]));
    }
    let Some(secrets) = &config.secret_keys else { return Ok(None) };
    if secrets.is_empty() {
        return Err(Error::at(Code::InvalidConfig, "/secret_keys", "expected at least one key"));
    }
    let each = secrets.iter().enumerate();
    each.map(|(index, secret)| configured(secret, &format!("/secret_keys/{index}")))
        .collect::<Result<_>>()
        .map(Some)
}

/// The file that the secret key is in, where it is in one.
pub(crate) fn file(config: &Config) -> Option<PathBuf> {
    match (&config.secret_key_file, &config.store) {
        _ if config.secret_key.is_some() || config.secret_keys.is_some() => None,
        (Some(path), _) => Some(path.clone()),
        (None, StoreUrl::SqliteFile(path)) => Some(beside(path)),
        (None, _) => None,
    }
}

/// About how many bits of guessing a secret is worth, up to 64: by the variety of its bytes (Shannon), and
/// by the words and patterns that are found in it.
pub(crate) fn bits(secret: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    secret.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let length = secret.len() as f64;
    let used = counts.into_iter().filter(|count| *count > 0).map(f64::from);
    let variety: f64 = used.map(|count| count * (length / count).log2()).sum();
    let guesses = |text: &str| {
        let beginning = collected(text.chars().take(100), 400);
        zxcvbn::zxcvbn(&beginning, &[]).guesses_log10() * std::f64::consts::LOG2_10
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

/// `<db>.key`
fn beside(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".key");
    path.into()
}

fn from_file(path: &Path, may_create: bool) -> Result<Bytes> {
    if may_create && !path.exists() {
        create(path).map_err(|error| key_file(error.kind()))?;
    }
    let mut text = Zeroizing::new(Vec::new());
    match File::open(path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut text)) {
        // A longer file is refused rather than cut.
        Ok(length) if length as u64 > MAX_FILE_BYTES => {
            Err(Error::at(Code::InvalidConfig, "/secret_key_file", "expected at most 4096 bytes"))
        }
        Ok(_) => strong(text.trim_ascii()).ok_or(Error::at(
            Code::InvalidConfig,
            "/secret_key_file",
            "expected at least 32 bytes",
        )),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(Error::new(Code::WrongSecretKey, "the key file is missing"))
        }
        Err(error) => Err(key_file(error.kind())),
    }
}

/// A wrong path, or the wrong rights to it, stay so; a full or failing disk may pass.
fn key_file(kind: ErrorKind) -> Error {
    use ErrorKind::{IsADirectory, NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem};
    let stays = [IsADirectory, NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem].contains(&kind);
    let code = if stays { Code::InvalidConfig } else { Code::StoreUnavailable };
    Error::at(code, "/secret_key_file", format!("key file: {kind}"))
}

/// Makes the file whole or not at all, readable by its owner only. Where two processes try, the first
/// wins and both read the same key.
fn create(path: &Path) -> std::io::Result<()> {
    let random = |_| std::io::Error::from(ErrorKind::Other);
    let mut text = Zeroizing::new(crypto::base64url(&crypto::random::<MIN_BYTES>().map_err(random)?));
    text.push('\n');
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", crypto::base64url(&crypto::random::<9>().map_err(random)?)));
    let draft = PathBuf::from(draft);
    let written = write_private(&draft, text.as_bytes()).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    text.zeroize();
    let removed = fs::remove_file(&draft);
    written.and(removed)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
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
