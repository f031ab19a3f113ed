//! Connects to the server: chooses among several hosts, with or without TLS, directly or through a pooler,
//! and sets up a new connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustls::ClientConfig;

use super::failures::{Failure, NO_OPTIONS, NO_TRANSACTIONS, READS_ONLY, STANDBY};
use super::tls;
use super::url::{Host, Mode, Url};
use super::wire::Connection;
use crate::error::Result;

/// The address of the server.
pub(super) struct Address {
    pub url: Url,
    tls: Option<Arc<ClientConfig>>,
    /// The host that answered last is asked first.
    last: AtomicUsize,
    /// Whether a pooler gives each transaction any of its connections.
    is_pooled: AtomicBool,
    timeout: Duration,
}

/// The purpose of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// As the URL says.
    Any,
    /// The connection must be able to write.
    Writing,
}

impl Address {
    /// Failure: `invalid_config`.
    pub(super) fn new(url: &str, timeout: Duration) -> Result<Address> {
        let url = Url::parse(url)?;
        let tls = tls::config(&url.tls)?;
        let first = if url.balances { u16::from_be_bytes(crate::types::random::random()?).into() } else { 0 };
        let is_pooled = AtomicBool::new(false);
        Ok(Address { url, tls, last: AtomicUsize::new(first), is_pooled, timeout })
    }

    pub(super) fn is_pooled(&self) -> bool {
        self.is_pooled.load(Ordering::Relaxed)
    }

    /// Treats connections as shared from now on.
    pub(super) fn set_pooled(&self) {
        self.is_pooled.store(true, Ordering::Relaxed);
    }

    pub(super) fn connect(&self, purpose: Purpose, deadline: Instant) -> Result<Connection, Failure> {
        let count = self.url.hosts.len();
        let last = self.last.load(Ordering::Relaxed);
        let mut worst: Option<Failure> = None;
        for index in 0..count {
            let host = (last + index) % count;
            let left = deadline.saturating_duration_since(Instant::now()) / (count - index) as u32;
            let left = self.url.connect_timeout.map_or(left, |most| left.min(most));
            match self.connect_to(host, purpose, Instant::now() + left) {
                Ok(mut connection) => {
                    self.last.store(host, Ordering::Relaxed);
                    connection.set_deadline(deadline);
                    return Ok(connection);
                }
                Err(failure) => {
                    let is_worse = worst.as_ref().is_none_or(|worst| failure.weight() >= worst.weight());
                    worst = if is_worse { Some(failure) } else { worst };
                }
            }
        }
        Err(worst.unwrap_or(Failure::Lost("no host")))
    }

    /// Connects with or without TLS, as `sslmode` asks.
    fn connect_to(&self, host: usize, purpose: Purpose, deadline: Instant) -> Result<Connection, Failure> {
        let host = &self.url.hosts[host];
        let open = |tls| self.open(host, tls, deadline);
        let tls = self.tls.as_ref();
        let mut connection = match (self.url.tls.mode, host) {
            (Mode::Allow, Host::Tcp { .. }) => open(None).or_else(|failure| match failure {
                failure if failure.is_login() => open(tls),
                failure => Err(failure),
            }),
            (Mode::Prefer, Host::Tcp { .. }) => open(tls).or_else(|failure| match failure {
                failure if failure.is_login() => open(None),
                Failure::Lost(why) if why.starts_with("tls") => open(None),
                failure => Err(failure),
            }),
            _ => open(tls),
        }?;
        self.examine(&mut connection, purpose)?;
        self.prepare(&mut connection)?;
        Ok(connection)
    }

    /// Opens a connection. A pooler that takes no startup options is asked without them: they are set for
    /// each transaction.
    fn open(
        &self,
        host: &Host,
        tls: Option<&Arc<ClientConfig>>,
        deadline: Instant,
    ) -> Result<Connection, Failure> {
        let open = |options| Connection::open(host, &self.url, tls, options, deadline);
        match open(self.url.options.as_deref()) {
            Err(Failure::Unusable(NO_OPTIONS)) => {
                self.set_pooled();
                open(None)
            }
            other => other,
        }
    }

    /// Examines the other end: a pooler, which has other cancel keys than the server; a standby, which may be
    /// behind and is never used; a server that only reads.
    fn examine(&self, connection: &mut Connection, purpose: Purpose) -> Result<(), Failure> {
        let reply = connection.run(
            "SELECT pg_backend_pid(), pg_is_in_recovery(), current_setting('transaction_read_only'), \
             current_setting('server_encoding')",
        )?;
        let found = reply.texts().ok_or(Failure::Lost("a garbled answer"))?;
        let [process, is_standby, reads_only, encoding] = &found[..] else {
            return Err(Failure::Lost("a garbled answer"));
        };
        if is_standby == "t" {
            return Err(Failure::Lost(STANDBY));
        }
        if reads_only == "on" && (purpose == Purpose::Writing || self.url.read_write) {
            return Err(Failure::Lost(READS_ONLY));
        }
        if encoding != "UTF8" {
            return Err(Failure::Unusable("the database's encoding is not UTF8"));
        }
        if *process != connection.process().to_string() {
            self.set_pooled();
        }
        if self.is_pooled() {
            connection.run("BEGIN")?;
            if !connection.is_in_transaction() {
                return Err(Failure::Unusable(NO_TRANSACTIONS));
            }
            connection.run("ROLLBACK")?;
        }
        Ok(())
    }

    /// Sets time limits that hold even when this end is gone, and plans that suit small rows found by key:
    /// for the connection or, if it is shared, for each transaction.
    fn prepare(&self, connection: &mut Connection) -> Result<(), Failure> {
        let is_pooled = self.is_pooled();
        let milliseconds = self.timeout.as_millis().to_string();
        let bounds = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];
        let mut settings: Vec<String> =
            bounds.iter().map(|name| set(name, &milliseconds, is_pooled)).collect();
        if is_pooled {
            let given = self.url.settings().ok_or(Failure::Unusable(NO_OPTIONS))?;
            settings.extend(given.iter().map(|(name, value)| set(name, value, is_pooled)));
        }
        connection.run(&format!("SELECT {}", settings.join(", ")))?;
        // Not every server that speaks PostgreSQL's protocol has these. A sequential scan of a small table
        // would conflict with every write to it; an index scan conflicts with neighbouring rows only. A bitmap scan
        // would read all rows of a range of which the first ones are asked for, and a hash or merge join all rows of
        // a table of which a few are asked for by key.
        let plans = [
            ("enable_seqscan", "off"),
            ("enable_bitmapscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            ("plan_cache_mode", "force_generic_plan"),
            ("jit", "off"),
        ];
        for (name, value) in plans {
            let setting = set(name, value, is_pooled);
            if accepts(connection, &setting)? {
                settings.push(setting);
            }
        }
        // An acknowledged write is on the disk, however the server is configured.
        let durable = format!(
            "CASE WHEN current_setting('synchronous_commit') = 'off' THEN {} END",
            set("synchronous_commit", "on", is_pooled)
        );
        connection.can_relax = accepts(connection, &durable)?;
        if connection.can_relax {
            settings.push(durable);
        }
        connection.each_transaction = is_pooled.then(|| format!("SELECT {}", settings.join(", ")));
        Ok(())
    }
}

/// Returns the call that sets a parameter for the connection, or for the transaction.
fn set(name: &str, value: &str, is_local: bool) -> String {
    format!("set_config({}, {}, {is_local})", quoted(name), quoted(value))
}

/// Quotes a string constant, for any `standard_conforming_strings` (PostgreSQL documentation, 4.1.2.2).
fn quoted(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// Whether the server accepts an expression.
fn accepts(connection: &mut Connection, expression: &str) -> Result<bool, Failure> {
    match connection.run(&format!("SELECT {expression}")) {
        Ok(_) => Ok(true),
        Err(Failure::Refused(_)) => Ok(false),
        Err(lost) => Err(lost),
    }
}
