//! Checks of the running configuration: `doctor`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{Audience, Config, StoreUrl};
use crate::engine::Engine;
use crate::engine::providers::Provider;
use crate::error::{Code, Result};
use crate::mail::{Link, Tls};
use crate::requests::{Name, Requests};
use crate::secret_key;
use crate::settings::Settings;
use crate::store::figures::Size;
use crate::store::{self, Checked, Server, Store, events, mails};

/// Checks the running configuration on this machine.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct DoctorRequest {
    /// Whether to check every page, row and index of a SQLite file, however long that takes. Default: check
    /// for two seconds.
    pub integrity: Option<bool>,
}

/// The result of the checks.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct DoctorResponse {
    /// The findings, always in the same order.
    pub findings: Vec<Finding>,
    /// How long a password hash takes on this machine; absent if none could be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash_milliseconds: Option<f64>,
    /// The version of the library.
    pub version: &'static str,
}

/// A finding.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Finding {
    /// `problem`: change it; `advice`: think about it; `ok`.
    pub severity: Severity,
    /// The name of the check.
    pub check: &'static str,
    /// The key of the configuration to change, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The finding and what to do about it, for people.
    pub message: String,
}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "FindingSeverity")]
#[non_exhaustive]
pub enum Severity {
    /// The configuration should be changed.
    Problem,
    /// The configuration may be improved.
    Advice,
    /// Nothing needs to be done.
    Ok,
}

use Severity::{Advice, Ok as Good, Problem};

/// The time that `doctor` spends on looking for damage, unless a full check is requested.
const INTEGRITY_BUDGET: Duration = Duration::from_secs(2);

/// Secrets with fewer estimated bits are weak. The estimate ends at 64.
const MIN_BITS: f64 = 63.0;

/// A store with less free disk space than this will soon fail to write.
const LITTLE_SPACE: u64 = 256 << 20;

/// Clocks agree if they differ by at most this many milliseconds.
const MOST_AHEAD_MS: i64 = 1000;

impl Engine {
    /// Checks the running configuration on this machine: measures a hash, and looks at secrets, lifetimes,
    /// files and the clock. It takes as long as two hashes, and two seconds more if a SQLite file is large.
    pub fn doctor(&self, request: DoctorRequest) -> Result<DoctorResponse> {
        let mut findings = Findings(Vec::new());
        let hash = self.passwords.hasher.measure().ok();
        findings.hash_cost(&self.config, hash);
        findings.secret_keys(&self.config);
        findings.backend_secrets(&self.settings);
        findings.introspection_service(&self.config);
        findings.lifetimes(&self.settings, self.config.leeway_seconds.seconds());
        findings.throttle(&self.config);
        findings.audience(&self.settings.audience);
        findings.requests(&self.config.requests);
        findings.mail(&self.config);
        if let Some(reason) = self.mailing.outbox.unwelcome() {
            let message = format!(
                "The mail server refuses every mail of this engine ({reason}): it requires another login, sender or name in EHLO, or this is a test account. Mails wait until this is repaired."
            );
            findings.add(Problem, "mail_server", key("/mail"), message);
        }
        for provider in &self.providers.all {
            findings.provider_keys(provider);
        }
        findings.files(&self.config);
        findings.clock(self.clock.ahead_seconds());
        self.examine_store(&mut findings, request.integrity.unwrap_or(false));
        Ok(DoctorResponse {
            findings: findings.0,
            hash_milliseconds: hash.map(|hash| (hash.as_secs_f64() * 1e5).round() / 100.0),
            version: env!("CARGO_PKG_VERSION"),
        })
    }

    /// Examines the store. The first failure ends the examination, because each query may wait for
    /// `limits.store_timeout_ms`.
    fn examine_store(&self, findings: &mut Findings, to_the_end: bool) {
        match self.store.schema() {
            Ok((found, known)) if found.needed > known => findings.add(
                Problem,
                "schema",
                None,
                format!(
                    "The store has schema {}, of a newer version; this one knows {known}. Update.",
                    found.version
                ),
            ),
            Ok((found, known)) if found.version > known => findings.add(
                Advice,
                "schema",
                None,
                format!(
                    "The store has schema {}, of a newer version, beside which this one goes on; it knows {known}. Update.",
                    found.version
                ),
            ),
            Ok((found, _)) => {
                findings.add(Good, "schema", None, format!("The store has schema {}.", found.version))
            }
            Err(error) => {
                let why = error.detail.as_deref().unwrap_or("no reason is known");
                let message = format!("The store does not answer: {why}.");
                findings.add(Problem, "schema", key("/store"), message);
                if error.code == Code::InvalidConfig {
                    findings.integrity(&self.store, to_the_end);
                }
                return;
            }
        }
        findings.store(self.store.examine());
        findings.integrity(&self.store, to_the_end);
        if let Ok(Some(length)) = self.store.log_length() {
            findings.write_ahead_log(length);
        }
        if let Ok(true) = self.store.read(|tx| Ok(events::is_append_only(tx))) {
            let message = "The store's role may add to the audit log, and neither change nor shorten it: events older than audit.retention_days stay in the store, hidden, until a role that may delete them runs maintain.";
            findings.add(Advice, "audit_log", key("/audit/retention_days"), message);
        }
        let now = self.clock.now();
        if let Ok(oldest) = self.store.read(mails::oldest) {
            findings.waiting_mail(oldest, now);
        }
        if let Ok(size) = self.store.size() {
            findings.disk(size);
        }
        if let Ok(Some(server)) = self.store.server() {
            findings.server(&server);
        }
    }
}

/// Looks for damage in a store that does not open, for two seconds or to the end. Returns the finding that
/// [`doctor`](crate::Engine::doctor) would give, or `None` if there is no damage.
#[doc(hidden)]
pub fn damage(store: &StoreUrl, to_the_end: bool) -> Option<Finding> {
    let StoreUrl::SqliteFile(path) = store else { return None };
    store::damage(path, while_looked_through(to_the_end)).map(|fault| Finding::damage(&fault))
}

fn while_looked_through(to_the_end: bool) -> impl FnMut() -> bool {
    let end = Instant::now() + INTEGRITY_BUDGET;
    move || to_the_end || Instant::now() < end
}

impl Finding {
    fn damage(fault: &str) -> Finding {
        let message = format!(
            "The database is damaged: {fault}. Stop the application and put a backup in place with `doorward restore BACKUP`."
        );
        Finding { severity: Problem, check: "integrity", field: key("/store"), message }
    }
}

struct Findings(Vec<Finding>);

impl Findings {
    fn add(
        &mut self,
        severity: Severity,
        check: &'static str,
        field: Option<String>,
        message: impl Into<String>,
    ) {
        self.0.push(Finding { severity, check, field, message: message.into() });
    }

    /// Adds advice if `is_bad`, or else an `ok`.
    fn advise(&mut self, is_bad: bool, check: &'static str, field: &str, advice: String, good: &str) {
        match is_bad {
            true => self.add(Advice, check, key(field), advice),
            false => self.add(Good, check, key(field), good),
        }
    }

    fn hash_cost(&mut self, config: &Config, hash: Option<Duration>) {
        let memory_kib = config.password.memory_kib.get();
        self.advise(
            memory_kib < 7 * 1024,
            "hash_memory",
            "/password/memory_kib",
            format!("A password hash uses {memory_kib} KiB, less than 7 MiB: guessing is cheap on graphics cards. Raise it; the default is 19456."),
            "A password hash uses enough memory.",
        );
        let Some(hash) = hash else {
            let queue = key("/password/max_concurrent");
            return self.add(
                Problem,
                "hash_time",
                queue,
                "No password hash could be made: there is no memory, or too many callers wait.",
            );
        };
        let milliseconds = hash.as_millis();
        let field = key("/password/iterations");
        if hash < Duration::from_millis(5) {
            let advice =
                "A password hash takes less than 5 ms on this machine. Raise password.memory_kib or this.";
            self.add(Advice, "hash_time", field, advice);
        } else if hash > Duration::from_secs(1) {
            let advice = format!(
                "A password hash takes {milliseconds} ms on this machine: every login takes as long. Lower this or password.memory_kib."
            );
            self.add(Advice, "hash_time", field, advice);
        } else {
            self.add(
                Good,
                "hash_time",
                field,
                format!("A password hash takes {milliseconds} ms on this machine."),
            );
        }
    }

    fn secret_keys(&mut self, config: &Config) {
        let field = |index: usize| match (&config.secret_key, &config.secret_keys) {
            (Some(_), _) => key("/secret_key"),
            (None, Some(_)) => key(&format!("/secret_keys/{index}")),
            (None, None) => config.named_key_files().into_iter().nth(index).map(|(field, _)| field),
        };
        match secret_key::load(config, false) {
            Ok(secrets) => secrets
                .iter()
                .enumerate()
                .for_each(|(index, secret)| self.secret("secret_key", field(index), secret)),
            Err(error) => self.add(
                Problem,
                "secret_key",
                error.field.or(field(0)),
                "The key file can no longer be read: the store will not open again without it.",
            ),
        }
    }

    fn backend_secrets(&mut self, settings: &Settings) {
        for (name, backend) in &settings.backends {
            let Some(secret) = &backend.secret else { continue };
            let field = key(&format!("/backends/{}/secret", name.as_str()));
            match secret.expose().len() {
                32.. => self.secret("backend_secret", field, secret.expose().as_bytes()),
                length => self.add(
                    Problem,
                    "backend_secret",
                    field,
                    format!("The secret has {length} bytes: an attacker with one token can guess it. Use 32 random bytes."),
                ),
            }
        }
    }

    fn introspection_service(&mut self, config: &Config) {
        let Some(service) = &config.introspection_service else { return };
        let check = "introspection_service";
        match (&service.bearer, &service.basic) {
            (Some(bearer), _) => {
                self.secret(check, key("/introspection_service/bearer"), bearer.expose().as_bytes())
            }
            (None, Some(basic)) => {
                let field = key("/introspection_service/basic/password");
                self.secret(check, field, basic.password.expose().as_bytes());
            }
            (None, None) => self.add(
                Problem,
                check,
                key("/introspection_service"),
                "The service is asked without credentials: a service that answers such requests answers every holder of a token. Set bearer or basic, and let the service refuse all others (RFC 7662 section 2.1).",
            ),
        }
    }

    fn secret(&mut self, check: &'static str, field: Option<String>, secret: &[u8]) {
        match secret_key::bits(secret) {
            bits if bits < MIN_BITS => self.add(
                Problem,
                check,
                field,
                format!("The secret can be guessed: it has about {bits:.0} bits. Use 32 random bytes, for example of `openssl rand -base64 32`."),
            ),
            _ => self.add(Good, check, field, "The secret is long and varied enough."),
        }
    }

    fn lifetimes(&mut self, settings: &Settings, leeway: i64) {
        let access = settings.access_token_seconds.seconds();
        let named = settings.backends.iter().filter_map(|(name, backend)| {
            let seconds = backend.access_token_seconds?.seconds();
            Some((format!("/backends/{}/access_token_seconds", name.as_str()), seconds))
        });
        for (field, seconds) in std::iter::once(("/access_token_seconds".to_owned(), access)).chain(named) {
            self.advise(
                seconds > 3600,
                "access_token_seconds",
                &field,
                format!("Access tokens live for {seconds} seconds: for this time `verify` accepts a token after its session was revoked. Use an hour at most, and let clients refresh."),
                "Access tokens live for an hour at most.",
            );
        }
        let seconds = settings.session_max_seconds.seconds();
        self.advise(
            seconds > 31_536_000,
            "session_max_seconds",
            "/session_max_seconds",
            format!("Sessions live for {seconds} seconds, more than a year, without a new login."),
            "Sessions live for a year at most.",
        );
        self.advise(
            leeway > 60,
            "leeway_seconds",
            "/leeway_seconds",
            format!("Tokens are accepted {leeway} seconds after they expire. Machines with synchronized clocks need a minute at most."),
            "Tokens are accepted for at most a minute after they expire.",
        );
    }

    fn throttle(&mut self, config: &Config) {
        let account = config.throttle.account_failures.get();
        let source = config.throttle.source_failures.get();
        self.advise(
            account > 20,
            "throttle",
            "/throttle/account_failures",
            format!("An account is locked only after {account} wrong passwords. Users need ten at most."),
            "An account is locked after a few wrong passwords.",
        );
        self.advise(
            source > 1000,
            "throttle",
            "/throttle/source_failures",
            format!("An address is locked only after {source} failed logins: one machine can try a password on so many accounts."),
            "An address is locked after some failed logins.",
        );
        self.advise(
            config.throttle.lock_max_seconds.seconds() < config.throttle.lock_seconds.seconds(),
            "throttle",
            "/throttle/lock_max_seconds",
            "The longest lock is shorter than the first lock, and limits it.".to_owned(),
            "Locks grow.",
        );
    }

    fn audience(&mut self, audience: &Audience) {
        self.advise(
            *audience == Audience::default(),
            "audience",
            "/audience",
            "The audience is the default, `doorward`: tokens of another service with the same secret and issuer would be accepted here. Set your own."
                .to_owned(),
            "The audience is your own.",
        );
    }

    fn requests(&mut self, rules: &Requests) {
        let is_preflight = |method: &&str| method.eq_ignore_ascii_case("OPTIONS");
        let methods = rules.exclude_http_methods.iter().map(Name::as_str);
        let open: Vec<&str> = methods.filter(|method| !is_preflight(method)).collect();
        self.advise(
            !open.is_empty(),
            "requests",
            "/requests/exclude_http_methods",
            format!(
                "{} passes without authentication on every path. Exclude the paths that are public instead.",
                open.join(", ")
            ),
            "No method but OPTIONS passes without authentication on every path.",
        );
        self.advise(
            rules.connections.is_empty(),
            "requests",
            "/requests/connections",
            "No kind of connection is listed: every request is refused.".to_owned(),
            "Connections of the listed kinds are admitted.",
        );
        if let Some(cookie) = &rules.cookie {
            self.advise(
                !cookie.as_str().starts_with("__Host-"),
                "requests",
                "/requests/cookie",
                "Other hosts of the domain, and attackers on the network, can set a cookie of this name. Let the name begin with `__Host-` (RFC 6265bis section 4.1.3).".to_owned(),
                "No other host can set the cookie.",
            );
        }
    }

    fn mail(&mut self, config: &Config) {
        let mail = &config.mail;
        self.advise(
            config.require_verified_email && mail.links.verify_email.is_none(),
            "mail_verification",
            "/mail/links/verify_email",
            "Users can log in only after verifying their address, but registering mails them no link for that. Configure this link, or call request_email_verification for every user.".to_owned(),
            "Users can verify the addresses that must be verified.",
        );
        self.advise(
            mail.click_verifies,
            "mail_click_verifies",
            "/mail/click_verifies",
            "A mailed link alone verifies the first address of an account: the account then belongs to the reader of the mail, even if another person made it, and needs a new password. Without this setting, verify_email requires a proof of the account.".to_owned(),
            "A mailed link verifies an address together with a proof of the account.",
        );
        let links = [
            ("verify_email", &mail.links.verify_email),
            ("reset_password", &mail.links.reset_password),
            ("change_email", &mail.links.change_email),
        ];
        let in_the_clear =
            links.into_iter().find(|(_, link)| link.as_ref().is_some_and(Link::is_in_the_clear));
        self.advise(
            in_the_clear.is_some(),
            "mail_links",
            &in_the_clear.map_or("/mail/links".to_owned(), |(name, _)| format!("/mail/links/{name}")),
            "The link's page has no TLS: attackers on the network can read the token. Use https.".to_owned(),
            "Mailed links use TLS.",
        );
        let Some(smtp) = &mail.smtp else { return };
        let field = key("/mail/smtp/tls");
        match smtp.tls == Tls::None && !smtp.host.is_loopback() {
            true => self.add(
                Problem,
                "mail_tls",
                field,
                "Mails are sent unencrypted: attackers on the network can read the tokens and set passwords with them. Use implicit or starttls.",
            ),
            false => self.add(Good, "mail_tls", field, "Mails are sent encrypted, or to this machine."),
        }
    }

    fn provider_keys(&mut self, provider: &Provider) {
        let (name, bad) = provider.bad_keys();
        let field = format!("/id_token_providers/{}", name.as_str());
        let bad: Vec<String> =
            bad.iter().map(|member| format!("{} ({})", member.index, member.reason)).collect();
        self.advise(
            !bad.is_empty(),
            "provider_keys",
            &field,
            format!(
                "Some members of the provider's key set are ignored: {}. Tokens that they signed are refused.",
                bad.join(", ")
            ),
            "Every key of the provider's key set is usable.",
        );
    }

    fn waiting_mail(&mut self, oldest: Option<i64>, now: i64) {
        let minutes = oldest.map_or(0, |oldest| (now - oldest) / 60);
        self.advise(
            minutes > 60,
            "mail_waiting",
            "/mail",
            format!("A mail has waited for {minutes} minutes: no process sends mails, or the server refuses them. Configure smtp, or call take_mail or deliver_mail; `events` gives the reasons of failures."),
            "No mail has waited for more than an hour.",
        );
    }

    #[cfg(unix)]
    fn files(&mut self, config: &Config) {
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

    #[cfg(not(unix))]
    fn files(&mut self, _: &Config) {}

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

    fn store(&mut self, examined: Result<()>) {
        match examined {
            Ok(()) => self.add(Good, "store", key("/store"), "The store can be read and written."),
            Err(error) => {
                let why = error.detail.as_deref().unwrap_or(error.code.name());
                let message = format!("The store cannot be used fully: {why}.");
                self.add(Problem, "store", error.field.or(key("/store")), message);
            }
        }
    }

    fn integrity(&mut self, store: &Store, to_the_end: bool) {
        // Another finding reports why the file cannot be read.
        let (severity, message) = match store.fault(while_looked_through(to_the_end)) {
            Ok(Checked::Nothing) | Err(_) => return,
            Ok(Checked::Damaged(fault)) => return self.0.push(Finding::damage(&fault)),
            Ok(Checked::InPart) => {
                (Good, "No damage was found in two seconds; `doctor --integrity` checks the whole database.")
            }
            Ok(Checked::Whole) => (Good, "The database is undamaged."),
        };
        self.add(severity, "integrity", key("/store"), message);
    }

    fn write_ahead_log(&mut self, length: u64) {
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
    fn disk(&mut self, size: Size) {
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

    fn server(&mut self, server: &Server) {
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

    fn clock(&mut self, ahead: i64) {
        match ahead {
            -60..=60 => self.add(Good, "clock", None, "The clock agrees with the machine's."),
            _ => self.add(
                Advice,
                "clock",
                None,
                format!("The host's clock is {ahead} seconds ahead of the machine's. Correct the `now_ms` hook, unless this is a test."),
            ),
        }
    }
}

fn key(field: &str) -> Option<String> {
    Some(field.to_owned())
}

/// Whether root owns this file and only a group of this process may read it, or its user by an access control
/// list (0440). systemd, Docker and Kubernetes provide secrets like this.
#[cfg(unix)]
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
#[cfg(unix)]
fn others_may(path: &Path) -> Option<u32> {
    let metadata = std::fs::metadata(path).ok()?;
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}
