//! What `doctor` finds about the files of the store and of the secret keys: who may use them.

use std::path::{Path, PathBuf};

use super::findings::Severity::{Advice, Ok as Good, Problem};
use super::findings::{Findings, key};
use crate::config::{Config, StoreUrl};
use crate::store;

impl Findings {
    pub(super) fn files(&mut self, config: &Config) {
        let key_files = config.named_key_files();
        if let StoreUrl::SqliteFile(database) = &config.store {
            let with = |suffix: &str| {
                let mut path = database.as_os_str().to_owned();
                path.push(suffix);
                PathBuf::from(path)
            };
            let companions = [with(""), with("-wal"), with("-shm")];
            let open = companions.iter().filter_map(|path| others_may(path)).max();
            self.mode("database_file", "/store", "database", open);
            match store::unusable(database) {
                Some(why) => self.add(
                    Problem,
                    "database_rights",
                    key("/store"),
                    format!("The store cannot be used: {why}."),
                ),
                None => self.add(
                    Good,
                    "database_rights",
                    key("/store"),
                    "This process may use the database and its folder.",
                ),
            }
            for (field, _) in key_files.iter().filter(|(_, file)| file.parent() == database.parent()) {
                let advice = "The key file is in the folder of the database: a copy of the folder contains both. Keep the key elsewhere, and back it up separately.";
                self.add(Advice, "key_file_place", key(field), advice);
            }
        }
        for (field, file) in &key_files {
            let open = others_may(file).filter(|_| !is_lent(file));
            self.mode("key_file", field, "key file", open);
        }
    }

    fn mode(&mut self, check: &'static str, field: &str, what: &str, open_to: Option<u32>) {
        match open_to {
            Some(mode) => self.add(
                Problem,
                check,
                key(field),
                format!("Users other than its owner may use the {what} (mode {mode:03o}). Run chmod 600."),
            ),
            None => self.add(Good, check, key(field), format!("Only its owner may use the {what}.")),
        }
    }
}

/// Whether root owns this file and only a group of this process may read it, or its user by an access control
/// list (0440). systemd, Docker and Kubernetes provide secrets like this.
fn is_lent(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Ok(metadata) = std::fs::metadata(path) else { return false };
    let groups = rustix::process::getgroups().unwrap_or_default();
    let own = groups.into_iter().chain([rustix::process::getegid()]).map(|group| group.as_raw());
    let root = 0;
    metadata.uid() == root
        && metadata.mode() & 0o037 == 0
        && own.chain([root]).any(|group| group == metadata.gid())
}

/// Returns the mode of a file if users other than its owner may use it.
fn others_may(path: &Path) -> Option<u32> {
    let metadata = std::fs::metadata(path).ok()?;
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}
