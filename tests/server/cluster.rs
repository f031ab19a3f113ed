//! The test's own server, and engines on it.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crate::skips::not_run;
use doorward::{Config, Engine, Error, Hooks};
use serde_json::{Value, json};
use tempfile::TempDir;

pub const PASSWORD: &str = "eight wise words";

/// The password of the role `door`, with every kind of character that a URL has to encode.
pub const DOOR_PASSWORD: &str = "pass/wörd@:?&%";
const DOOR_PASSWORD_ENCODED: &str = "pass%2Fw%C3%B6rd%40%3A%3F%26%25";

/// A server on the loopback interface, with the database `door`, whose owner of the same name logs in by
/// password. It ends with the test.
pub struct Cluster {
    folder: TempDir,
    pub port: u16,
}

impl Cluster {
    /// Starts a server; none without PostgreSQL.
    pub fn start(settings: &str) -> Option<Cluster> {
        Cluster::make(settings, &[])
    }

    /// Starts a server with arguments of initdb.
    pub fn make(settings: &str, more: &[&str]) -> Option<Cluster> {
        is_there().then(|| {
            let folder = tempfile::tempdir().unwrap();
            chown_to_postgres(folder.path());
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let cluster = Cluster { folder, port };
            let data = cluster.data();
            let arguments = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
            succeed(server_program("initdb").arg("--pgdata").arg(&data).args(arguments).args(more));
            let rules = "local all all trust\n\
                         hostnossl all encrypted all reject\n\
                         host all postgres all trust\n\
                         host all all all scram-sha-256\n";
            fs::write(data.join("pg_hba.conf"), rules).unwrap();
            let mut file = fs::OpenOptions::new().append(true).open(data.join("postgresql.conf")).unwrap();
            write!(
                file,
                "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\nfsync = off\n{settings}\n",
                cluster.folder.path().display()
            )
            .unwrap();
            cluster.control(&["start"]);
            for role in ["door", "encrypted"] {
                cluster.sql("postgres", &format!("CREATE ROLE {role} LOGIN PASSWORD '{DOOR_PASSWORD}'"));
            }
            cluster.sql("postgres", "GRANT door TO encrypted");
            cluster.sql("postgres", "CREATE DATABASE door OWNER door");
            cluster
        })
    }

    /// Starts a standby of this server, which answers reads and may be behind.
    pub fn standby(&self) -> Cluster {
        let rules = self.data().join("pg_hba.conf");
        let old = fs::read_to_string(&rules).unwrap();
        fs::write(&rules, format!("local replication all trust\n{old}")).unwrap();
        self.sql("postgres", "SELECT pg_reload_conf()");
        let folder = tempfile::tempdir().unwrap();
        chown_to_postgres(folder.path());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let standby = Cluster { folder, port };
        let mut copy = server_program("pg_basebackup");
        copy.args(["--username=postgres", "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]);
        copy.arg(format!("--host={}", self.folder.path().display())).arg(format!("--port={}", self.port));
        succeed(copy.arg("--pgdata").arg(standby.data()));
        let mut file =
            fs::OpenOptions::new().append(true).open(standby.data().join("postgresql.conf")).unwrap();
        let sockets = standby.folder.path().display();
        write!(file, "port = {port}\nunix_socket_directories = '{sockets}'\n").unwrap();
        standby.control(&["start"]);
        standby
    }

    /// Waits until a standby has everything of this server.
    pub fn wait_for_replay(&self, standby: &Cluster) {
        let position = self.sql("postgres", "SELECT pg_current_wal_lsn()");
        standby.wait_for(&format!("SELECT 1 WHERE pg_last_wal_replay_lsn() >= '{}'", position.trim()));
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the URL of the database.
    pub fn url(&self) -> String {
        self.url_at("door", "127.0.0.1", self.port)
    }

    pub fn url_at(&self, role: &str, host: &str, port: u16) -> String {
        format!("postgres://{role}:{DOOR_PASSWORD_ENCODED}@{host}:{port}/door")
    }

    /// Runs a command of pg_ctl.
    pub fn control(&self, arguments: &[&str]) {
        let log = self.folder.path().join("log");
        let mut command = server_program("pg_ctl");
        command
            .args(arguments)
            .args(["--wait", "--silent", "--pgdata"])
            .arg(self.data())
            .arg("--log")
            .arg(log);
        succeed(&mut command);
    }

    /// Runs SQL as the superuser.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        succeed(&mut self.psql(database, sql))
    }

    pub fn psql(&self, database: &str, sql: &str) -> Command {
        let mut command = Command::new("psql");
        command
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"])
            .arg(format!("--host={}", self.folder.path().display()))
            .args([&format!("--port={}", self.port), "--username=postgres", &format!("--dbname={database}")])
            .args(["--command", sql])
            .env("PGOPTIONS", "-c default_transaction_read_only=off");
        command
    }

    /// Sends a signal to every process of the server, the first one first.
    pub fn signal(&self, signal: &str) {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let parent = file.lines().next().unwrap();
        succeed(Command::new("kill").args([signal, parent]));
        let children = Command::new("pgrep").args(["-P", parent]).output().unwrap();
        for child in String::from_utf8(children.stdout).unwrap().split_whitespace() {
            let _ = Command::new("kill").args([signal, child]).output();
        }
    }

    /// Locks a table: statements on it wait.
    pub fn lock(&self, table: &str) -> Lock<'_> {
        let held = format!("BEGIN; LOCK TABLE {table}; SELECT pg_sleep(600)");
        let mut holder = self.psql("door", &held);
        let holder = holder.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        self.wait_for(&format!("SELECT 1 {HOLDER} AND wait_event = 'PgSleep'"));
        Lock { cluster: self, holder }
    }

    /// Waits until a query returns a row.
    pub fn wait_for(&self, sql: &str) {
        while self.sql("door", sql).is_empty() {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A locked table.
pub struct Lock<'c> {
    cluster: &'c Cluster,
    holder: Child,
}

const HOLDER: &str = "FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' AND pid <> pg_backend_pid()";

impl Lock<'_> {
    pub fn let_go(&mut self) {
        self.cluster.sql("door", &format!("SELECT pg_terminate_backend(pid) {HOLDER}"));
        let _ = self.holder.wait();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.data();
        let _ = server_program("pg_ctl")
            .args(["stop", "--mode=immediate", "--silent", "--pgdata"])
            .arg(data)
            .output();
    }
}

pub fn chown_to_postgres(path: &Path) {
    if is_root() {
        let user = succeed(Command::new("id").args(["--user", "postgres"]));
        chown(path, user.trim().parse().ok(), None).unwrap();
    }
}

pub fn config(store: &str, keys: Value) -> Result<Config, Error> {
    let mut config = json!({
        "store": store,
        "secret_key": "a secret key that the tests share",
        "password": {"memory_kib": 64, "iterations": 1, "blocklist": false},
    });
    for (key, value) in keys.as_object().unwrap() {
        config[key] = value.clone();
    }
    Config::parse(&config.to_string())
}

pub fn open(store: &str, keys: Value) -> Result<Engine, Error> {
    Engine::open(config(store, keys)?, Hooks::default())
}

/// Returns why a store does not open: code and detail.
pub fn refused(store: &str) -> (&'static str, String) {
    why(open(store, json!({})).err().expect("a store that does not open"))
}

/// Returns code and detail of a failure.
pub fn why(error: Error) -> (&'static str, String) {
    (error.code.name(), error.detail.unwrap_or_default().into_owned())
}

pub fn call(engine: &Engine, operation: &str, request: Value) -> Result<Value, Error> {
    engine.call(operation, &request.to_string()).map(|reply| serde_json::from_str(&reply).unwrap())
}

pub fn register(engine: &Engine, name: &str) -> Result<Value, Error> {
    let email = format!("{name}@example.com");
    call(engine, "register", json!({"username": name, "email": email, "password": PASSWORD}))
}

/// Logs in. Returns the access token.
pub fn login(engine: &Engine, name: &str) -> Result<String, Error> {
    let reply = call(engine, "login", json!({"username": name, "password": PASSWORD}))?;
    Ok(reply["access_token"].as_str().unwrap().to_owned())
}

pub fn is_active(engine: &Engine, token: &str) -> Result<bool, Error> {
    call(engine, "introspect", json!({"token": token})).map(|reply| reply["active"].as_bool().unwrap())
}

/// Returns a program of the server, which refuses to run as root. tests/postgres puts them into PATH.
pub fn server_program(name: &str) -> Command {
    if !is_root() {
        return Command::new(name);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", name]).current_dir("/");
    command
}

fn is_root() -> bool {
    // SAFETY: it only asks.
    unsafe { libc::geteuid() == 0 }
}

#[expect(clippy::disallowed_methods, reason = "the engine reads no environment, its tests may")]
fn is_there() -> bool {
    let is_there = std::env::var("DOORWARD_TEST_POSTGRES").is_ok_and(|server| !server.is_empty());
    if !is_there {
        not_run("PostgreSQL", "tests/postgres starts one");
    }
    is_there
}

pub fn succeed(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{command:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}
