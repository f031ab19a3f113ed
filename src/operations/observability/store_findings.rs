//! What `doctor` finds in the store, and about its disk and its server.

use std::time::{Duration, Instant};

use super::findings::Severity::{Advice, Ok as Good, Problem};
use super::findings::{Finding, Findings, key};
use crate::error::{Error, Result};
use crate::store::figures::Size;
use crate::store::schema::Found;
use crate::store::{Checked, Server, Store};

/// The time that `doctor` spends on looking for damage, unless a full check is requested.
const INTEGRITY_BUDGET: Duration = Duration::from_secs(2);

/// A store with less free disk space than this will soon fail to write.
const LITTLE_SPACE: u64 = 256 << 20;

/// Clocks agree if they differ by at most this many milliseconds.
const MOST_AHEAD_MS: i64 = 1000;

impl Finding {
    pub(super) fn damage(fault: &str) -> Finding {
        let message = format!(
            "The database is damaged: {fault}. Stop the application and put a backup in place with `doorward restore BACKUP`."
        );
        Finding { severity: Problem, check: "integrity", field: key("/store"), message }
    }
}

impl Findings {
    pub(super) fn schema(&mut self, found: &Found, known: i64) {
        let Found { version, needed } = found;
        let (severity, message) = if *needed > known {
            (
                Problem,
                format!(
                    "The store has schema {version}, of a newer version; this one knows {known}. Update."
                ),
            )
        } else if *version > known {
            (
                Advice,
                format!(
                    "The store has schema {version}, of a newer version, beside which this one goes on; it knows {known}. Update."
                ),
            )
        } else {
            (Good, format!("The store has schema {version}."))
        };
        self.add(severity, "schema", None, message);
    }

    pub(super) fn no_answer(&mut self, error: &Error) {
        let why = error.detail.as_deref().unwrap_or("no reason is known");
        let message = format!("The store does not answer: {why}.");
        self.add(Problem, "schema", key("/store"), message);
    }

    pub(super) fn store(&mut self, examined: Result<()>) {
        match examined {
            Ok(()) => self.add(Good, "store", key("/store"), "The store can be read and written."),
            Err(error) => {
                let why = error.detail.as_deref().unwrap_or(error.code.name());
                let message = format!("The store cannot be used fully: {why}.");
                self.add(Problem, "store", error.field.or(key("/store")), message);
            }
        }
    }

    pub(super) fn integrity(&mut self, store: &Store, to_the_end: bool) {
        // Another finding reports why the file cannot be read.
        let (severity, message) = match store.fault(while_looked_through(to_the_end)) {
            Ok(Checked::Nothing) | Err(_) => return,
            Ok(Checked::Damaged(fault)) => return self.0.push(Finding::damage(&fault)),
            Ok(Checked::InPart) => {
                (Good, "No damage was found in two seconds; `doctor --integrity` checks the whole database.")
            }
            Ok(Checked::Whole) => (Good, "The check of the database found no damage."),
        };
        self.add(severity, "integrity", key("/store"), message);
    }

    pub(super) fn write_ahead_log(&mut self, length: u64) {
        self.advise(
            length > 33_554_432,
            "write_ahead_log",
            "/store",
            format!(
                "The write-ahead log has {} MB, which makes every read slower: a process holds a snapshot, that is, it reads in a transaction that does not end. `fuser` on the database names the processes that have it open.",
                length / 1_000_000
            ),
            "The write-ahead log is short.",
        );
    }

    /// Checks the disk of a SQLite file: its free space, and the length of the write-ahead log.
    pub(super) fn disk(&mut self, size: Size) {
        let mib = |bytes: u64| bytes >> 20;
        if let Some(free) = size.free_bytes {
            let field = key("/store");
            let free_mib = mib(free);
            match free {
                _ if free < LITTLE_SPACE => self.add(
                    Problem,
                    "store_disk",
                    field,
                    format!("{free_mib} MiB are free on the store's disk: when it is full, no user can log in. Free some space."),
                ),
                _ if free < size.bytes => self.add(
                    Advice,
                    "store_disk",
                    field,
                    format!(
                        "{free_mib} MiB are free on the store's disk, less than the {} MiB of the store: there may be no space for a backup beside it, or for a step of its schema.",
                        mib(size.bytes)
                    ),
                ),
                _ => self.add(Good, "store_disk", field, format!("{free_mib} MiB are free on the store's disk.")),
            }
        }
    }

    pub(super) fn server(&mut self, server: &Server) {
        self.server_clock(server);
        self.server_tls(server);
        self.server_pooler(server);
        self.server_version(server);
    }

    fn server_clock(&mut self, server: &Server) {
        let ahead = server.ahead_ms;
        self.advise(
            ahead.abs() > MOST_AHEAD_MS,
            "store_clock",
            "/store",
            format!(
                "The clock of the store's server is {ahead} ms ahead of this machine's. Synchronize both (NTP): each machine writes the times of the log, locks and lifetimes by its own clock."
            ),
            "The clock of the store's server agrees with this machine's.",
        );
    }

    fn server_tls(&mut self, server: &Server) {
        let tls = key("/store");
        match server {
            Server { is_local: true, .. } => {
                self.add(Good, "store_tls", tls, "The store's server is on this machine.")
            }
            Server { is_encrypted: false, .. } => {
                let advice = "The connection to the store's server is not encrypted. Add sslmode=verify-full and sslrootcert to the URL.";
                self.add(Problem, "store_tls", tls, advice);
            }
            Server { is_verified: false, .. } => {
                let advice = "The certificate of the store's server is not verified: another machine could impersonate it. Add sslmode=verify-full and sslrootcert to the URL.";
                self.add(Advice, "store_tls", tls, advice);
            }
            _ => self.add(
                Good,
                "store_tls",
                tls,
                "The connection to the store's server is encrypted, and its certificate is verified.",
            ),
        }
    }

    fn server_pooler(&mut self, server: &Server) {
        if server.is_pooled {
            let pools = match server.shares_processes {
                true => "It pools transactions.",
                false => "It was not found to pool transactions: it pools sessions, or had enough processes.",
            };
            let found = format!(
                "The connection to the store's server goes through a pooler: statements are not prepared, and settings are made for each transaction. {pools}"
            );
            self.add(Good, "store_pooler", key("/store"), found);
        }
    }

    fn server_version(&mut self, server: &Server) {
        let major = server.version.split(|c: char| !c.is_ascii_digit()).next().and_then(|it| it.parse().ok());
        match major {
            Some(13_u32..) => {
                let found = format!("The store's server has version {}.", server.version);
                self.add(Good, "store_version", key("/store"), found)
            }
            _ => self.add(
                Problem,
                "store_version",
                key("/store"),
                "The store's server is older than PostgreSQL 13, which is no longer maintained.",
            ),
        }
    }

    pub(super) fn waiting_mail(&mut self, oldest: Option<i64>, now: i64) {
        let minutes = oldest.map_or(0, |oldest| (now - oldest) / 60);
        self.advise(
            minutes > 60,
            "mail_waiting",
            "/mail",
            format!("A mail has waited for {minutes} minutes: no process sends mails, or the server refuses them. Configure smtp, or call take_mail or deliver_mail; `events` gives the reasons of failures."),
            "No mail has waited for more than an hour.",
        );
    }
}

pub(super) fn while_looked_through(to_the_end: bool) -> impl FnMut() -> bool {
    let end = Instant::now() + INTEGRITY_BUDGET;
    move || to_the_end || Instant::now() < end
}
