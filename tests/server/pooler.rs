//! Tests of PgBouncer between engines and server: sharing connections mixes nothing up, and unsupported modes
//! are refused by name.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use doorward::Engine;
use serde_json::{Value, json};

use crate::cluster::{
    Cluster, DOOR_PASSWORD, PASSWORD, call, is_active, login, open, refused, register, server_program,
    succeed,
};
use crate::relay::Relay;
use crate::skips::not_run;

/// A pooler in front of the test's server. It ends with the test.
pub struct Pooler {
    process: Child,
    pub port: u16,
    file: PathBuf,
}

impl Pooler {
    /// Starts a pooler; none without PgBouncer, which is reported. `settings` are lines of its configuration.
    pub fn start(cluster: &Cluster, mode: &str, settings: &str) -> Option<Pooler> {
        if !is_there() {
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = cluster.folder().join(format!("pooler{port}"));
        fs::create_dir(&folder).unwrap();
        let users = folder.join("users");
        fs::write(&users, format!("\"door\" \"{DOOR_PASSWORD}\"\n")).unwrap();
        let file = folder.join("pgbouncer.ini");
        let configuration = format!(
            "[databases]\n\
             door = host=127.0.0.1 port={}\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {port}\n\
             unix_socket_dir =\n\
             auth_type = scram-sha-256\n\
             auth_file = {}\n\
             pool_mode = {mode}\n\
             {settings}\n",
            cluster.port,
            users.display()
        );
        fs::write(&file, configuration).unwrap();
        let log = fs::File::create(folder.join("log")).unwrap();
        let mut command = server_program("pgbouncer");
        let process = command.arg(&file).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let mut pooler = Pooler { process, port, file };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                pooler.process.try_wait().unwrap().is_none(),
                "{:?}",
                fs::read_to_string(folder.join("log"))
            );
            thread::sleep(Duration::from_millis(5));
        }
        Some(pooler)
    }

    pub fn url(&self, cluster: &Cluster) -> String {
        cluster.url_at("door", "127.0.0.1", self.port)
    }

    /// Redirects the pooler to another server, for connected clients, too.
    pub fn redirect(&self, from: &Cluster, to: &Cluster) {
        let old = fs::read_to_string(&self.file).unwrap();
        let place = |cluster: &Cluster| format!("port={}\n", cluster.port);
        fs::write(&self.file, old.replace(&place(from), &place(to))).unwrap();
        succeed(Command::new("kill").args(["-HUP", &self.process.id().to_string()]));
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_there() -> bool {
    let is_there = is_installed("pgbouncer");
    if !is_there {
        not_run("PgBouncer", "it is not installed");
    }
    is_there
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// Few connections for many clients.
const FEW: &str = "default_pool_size = 3\nmax_client_conn = 200";

/// Several engines make concurrent calls over fewer connections than they believe to have: each answer is
/// right.
fn no_verdict_is_wrong(cluster: &Cluster, url: &str) {
    const ROUNDS: usize = 32;
    // Each engine begins with another call, so that each prepares the statements in another order.
    let engines: Vec<Engine> = (0..3).map(|_| open(url, json!({})).unwrap()).collect();
    let names = ["ada", "grace", "hedy", "mary", "joan", "lise"];
    names.iter().for_each(|name| drop(register(&engines[0], name).unwrap()));
    let calls = AtomicUsize::new(0);
    thread::scope(|scope| {
        for (index, name) in names.into_iter().enumerate() {
            let engine = &engines[index % 3];
            let other = &engines[(index + 1) % 3];
            let calls = &calls;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let made = judge(engine, other, name, &format!("nobody{round}_{index}"));
                    calls.fetch_add(made, Ordering::Relaxed);
                }
            });
        }
    });
    assert!(calls.load(Ordering::Relaxed) >= 3_000);
    assert_eq!(cluster.sql("door", "SELECT count(*) FROM users").trim(), names.len().to_string());
}

/// Runs the life of a session, with known answers. Returns the number of calls.
fn judge(engine: &Engine, other: &Engine, name: &str, nobody: &str) -> usize {
    let request = json!({"username": name, "password": PASSWORD});
    let opened = call(engine, "login", request).unwrap();
    assert_eq!(opened["user"]["username"], name);
    let token = opened["access_token"].as_str().unwrap();
    for engine in [engine, other] {
        assert!(is_active(engine, token).unwrap(), "{name}");
        let found = call(engine, "authenticate", json!({"token": token})).unwrap();
        assert_eq!(found["user"]["username"], name);
        assert_eq!(call(engine, "verify", json!({"token": token})).unwrap()["sid"], opened["session_id"]);
        assert_eq!(call(engine, "get_user", json!({"query": name})).unwrap()["user"], opened["user"]);
    }
    let refreshed = call(other, "refresh", json!({"refresh_token": opened["refresh_token"]})).unwrap();
    let wrong = json!({"username": name, "password": "another eight words"});
    assert_eq!(call(engine, "login", wrong).unwrap_err().code.name(), "invalid_credentials");
    let request = json!({"username": nobody, "password": PASSWORD});
    assert_eq!(call(other, "login", request).unwrap_err().code.name(), "invalid_credentials");
    let missing = call(other, "get_user", json!({"username": nobody})).unwrap_err();
    assert_eq!(missing.code.name(), "user_not_found");
    call(engine, "logout", json!({"token": refreshed["access_token"]})).unwrap();
    for engine in [engine, other] {
        assert!(!is_active(engine, token).unwrap(), "{name}");
    }
    17
}

#[test]
fn transactions_are_pooled() {
    let Some(cluster) = Cluster::start("") else { return };
    let Some(pooler) = Pooler::start(&cluster, "transaction", FEW) else { return };
    no_verdict_is_wrong(&cluster, &pooler.url(&cluster));
    // An engine leaves nothing behind on a shared connection.
    let engine = open(&pooler.url(&cluster), json!({})).unwrap();
    assert_eq!(finding(&engine, "store_pooler"), Some(json!("ok")));
    assert!(pools(&engine).ends_with("It pools transactions."), "{}", pools(&engine));
    let mut shared = Command::new("psql");
    let sql = "SELECT count(*) FROM pg_prepared_statements; SHOW statement_timeout; SHOW enable_seqscan";
    let shared = shared.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--command", sql]);
    let left = succeed(shared.arg("--dbname").arg(pooler.url(&cluster)));
    assert_eq!(left.split_whitespace().collect::<Vec<_>>(), ["0", "0", "on"]);
}

#[test]
fn sessions_are_pooled() {
    let Some(cluster) = Cluster::start("") else { return };
    let Some(pooler) = Pooler::start(&cluster, "session", "default_pool_size = 20") else { return };
    no_verdict_is_wrong(&cluster, &pooler.url(&cluster));
    let engine = open(&pooler.url(&cluster), json!({})).unwrap();
    assert!(pools(&engine).contains("not found to pool transactions"), "{}", pools(&engine));
}

/// Newer versions separate prepared statements by themselves.
#[test]
fn a_pooler_that_prepares() {
    let Some(cluster) = Cluster::start("") else { return };
    let settings = format!("{FEW}\nmax_prepared_statements = 100");
    if !prepares() {
        drop(writeln!(std::io::stderr(), "a_pooler_that_prepares: not run, it takes PgBouncer 1.21"));
        return;
    }
    let Some(pooler) = Pooler::start(&cluster, "transaction", &settings) else { return };
    no_verdict_is_wrong(&cluster, &pooler.url(&cluster));
}

fn prepares() -> bool {
    let Ok(output) = Command::new("pgbouncer").arg("--version").output() else { return false };
    let text = String::from_utf8(output.stdout).unwrap();
    let version = text.lines().next().and_then(|line| line.split('.').nth(1)?.parse().ok());
    version.is_some_and(|minor: u32| minor >= 21)
}

/// No transaction has a connection of its own: the engine refuses to open a store, with this reason.
#[test]
fn statements_are_pooled() {
    let Some(cluster) = Cluster::start("") else { return };
    let Some(pooler) = Pooler::start(&cluster, "statement", FEW) else { return };
    let (code, detail) = refused(&pooler.url(&cluster));
    let expected =
        "postgres: the pooler gives each statement another connection: let it pool transactions or sessions";
    assert_eq!((code, detail.as_str()), ("invalid_config", expected));
}

/// pgpool-II sends reads to standbys.
#[test]
fn pgpool_is_refused() {
    let Some(cluster) = Cluster::start("") else { return };
    if !is_installed("pgpool") {
        return not_run("pgpool_is_refused", "pgpool-II is not installed");
    }
    let [port, control] =
        [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port());
    let folder = cluster.folder().display();
    let [file, hba, passwords, controllers] =
        ["pgpool.conf", "pool_hba.conf", "pool_passwd", "pcp.conf"].map(|name| cluster.folder().join(name));
    let configuration = format!(
        "listen_addresses = '127.0.0.1'\nport = {port}\npcp_port = {control}\nunix_socket_directories = '{folder}'\n\
         pcp_socket_dir = '{folder}'\npid_file_name = '{folder}/pgpool.pid'\nlogdir = '{folder}'\n\
         backend_hostname0 = '127.0.0.1'\nbackend_port0 = {}\nnum_init_children = 2\n",
        cluster.port
    );
    fs::write(&file, configuration).unwrap();
    for empty in [&hba, &passwords, &controllers] {
        fs::write(empty, "").unwrap();
    }
    let mut command = server_program("pgpool");
    command.arg("-n").arg("-f").arg(&file).arg("-a").arg(&hba).arg("-F").arg(&controllers);
    let log = fs::File::create(cluster.folder().join("pgpool.log")).unwrap();
    let process = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
    let mut pgpool = Pooler { process, port, file };
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(pgpool.process.try_wait().unwrap().is_none());
        thread::sleep(Duration::from_millis(5));
    }
    let expected = "postgres: pgpool-II asks standbys, which may be behind: name the servers themselves";
    let url = format!("postgres://postgres@127.0.0.1:{port}/door");
    assert_eq!(refused(&url), ("invalid_config", expected.to_owned()));
    // pgpool ends its own children.
    succeed(Command::new("kill").args(["-INT", &pgpool.process.id().to_string()]));
    pgpool.process.wait().unwrap();
}

/// A pooler that the engine did not recognize: statements that come and go reveal it, and no verdict is wrong
/// before.
#[test]
fn an_unseen_pooler() {
    let Some(cluster) = Cluster::start("") else { return };
    let Some(pooler) = Pooler::start(&cluster, "transaction", FEW) else { return };
    let relay = Relay::start(pooler.port);
    relay.hide_the_process();
    let url = cluster.url_at("door", "127.0.0.1", relay.port);
    let engine = open(&url, json!({})).unwrap();
    assert_eq!(finding(&engine, "store_pooler"), None);
    no_verdict_is_wrong(&cluster, &url);
}

/// A pooler that the engine does not notice gives it the process on which another engine prepared statements. A
/// name means the same statement in every process, so no engine runs another's.
#[test]
fn statements_of_others_behind_an_unseen_pooler() {
    let Some(cluster) = Cluster::start("") else { return };
    let Some(pooler) = Pooler::start(&cluster, "transaction", "default_pool_size = 2") else { return };
    let relay = Relay::start(pooler.port);
    relay.hide_the_process();
    let url = cluster.url_at("door", "127.0.0.1", relay.port);
    let open = || open(&url, json!({"limits": {"store_connections": 1}})).unwrap();
    let engine = open();
    let id = register(&engine, "ada").unwrap()["user"]["id"].clone();
    let token = login(&engine, "ada").unwrap();
    assert!(is_active(&engine, &token).unwrap());
    let of_the_first = statements(&pooler.url(&cluster));
    // Another client occupies this process. So one other process is left for both engines.
    let kept = "BEGIN; SELECT pg_sleep(600)";
    let mut keeper = Command::new("psql");
    keeper.args(["--no-psqlrc", "--command", kept]).arg("--dbname").arg(pooler.url(&cluster));
    let mut keeper = keeper.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    cluster.wait_for(&format!("SELECT 1 FROM pg_stat_activity WHERE query = '{kept}' AND usename = 'door'"));
    let other = open();
    for (operation, request) in [
        ("list_users", json!({})),
        ("events", json!({})),
        ("list_passkeys", json!({"user_id": id})),
        ("totp_status", json!({"user_id": id})),
        ("export_user", json!({"id": id})),
    ] {
        call(&other, operation, request).unwrap();
    }
    let of_the_second = statements(&pooler.url(&cluster));
    let both = of_the_first.iter().filter(|(name, _)| of_the_second.contains_key(*name));
    let both: Vec<_> = both.map(|(name, text)| (text, &of_the_second[name])).collect();
    assert!(!both.is_empty() && both.len() < of_the_second.len());
    assert!(both.iter().all(|(first, second)| first == second), "{both:?}");
    assert!(is_active(&engine, &token).unwrap());
    assert_eq!(call(&engine, "authenticate", json!({"token": token})).unwrap()["user"]["username"], "ada");
    call(&engine, "logout", json!({"token": token})).unwrap();
    for engine in [&engine, &other] {
        assert!(!is_active(engine, &token).unwrap());
    }
    keeper.kill().unwrap();
    keeper.wait().unwrap();
}

/// Returns the prepared statements of the free process, by name.
fn statements(url: &str) -> BTreeMap<String, String> {
    let sql = "SELECT name, md5(statement) FROM pg_prepared_statements";
    let mut psql = Command::new("psql");
    psql.args(["--no-psqlrc", "--tuples-only", "--no-align", "--command", sql]).arg("--dbname").arg(url);
    let pair = |line: &str| line.split_once('|').map(|(name, text)| (name.to_owned(), text.to_owned()));
    succeed(&mut psql).lines().filter_map(pair).collect()
}

/// PgBouncer has one SQLSTATE for all refusals; the engine distinguishes them.
#[test]
fn who_may_not_in() {
    let Some(cluster) = Cluster::start("") else { return };
    let Some(pooler) = Pooler::start(&cluster, "transaction", FEW) else { return };
    let wrong = refused(&pooler.url(&cluster).replace("pass%2F", "pass"));
    let detail = "postgres: the server does not let this user in (28P01)".to_owned();
    assert_eq!(wrong, ("invalid_config", detail));
    let elsewhere = format!("{}/elsewhere", pooler.url(&cluster).strip_suffix("/door").unwrap());
    assert_eq!(refused(&elsewhere), ("invalid_config", "postgres: no such database (3D000)".to_owned()));
}

/// The URL's settings for the server also apply behind a pooler, whether or not it accepts startup options.
#[test]
fn options_reach_the_server() {
    let Some(cluster) = Cluster::start("") else { return };
    cluster.sql("door", "CREATE SCHEMA apart AUTHORIZATION door");
    for settings in ["", "ignore_startup_parameters = options"] {
        let settings = format!("{FEW}\n{settings}");
        let Some(pooler) = Pooler::start(&cluster, "transaction", &settings) else { return };
        let here = open(&pooler.url(&cluster), json!({})).unwrap();
        let options = "options=-csearch_path%3Dapart%20--work_mem%3D4MB";
        let apart = open(&format!("{}?{options}", pooler.url(&cluster)), json!({})).unwrap();
        let name = format!("ada{}", pooler.port);
        register(&apart, &name).unwrap();
        login(&apart, &name).unwrap();
        assert_eq!(
            call(&here, "get_user", json!({"username": name})).unwrap_err().code.name(),
            "user_not_found"
        );
        let count = format!("SELECT count(*) FROM apart.users WHERE username_key = '{name}'");
        assert_eq!(cluster.sql("door", &count).trim(), "1");
        for options in ["-csearch_path", "-e", "-cno_such_setting=1"] {
            let (code, detail) = refused(&format!("{}?options={options}", pooler.url(&cluster)));
            assert_eq!(code, "invalid_config", "{options}: {detail}");
        }
    }
}

/// Returns the severity of a finding of the doctor, if it exists.
fn finding(engine: &Engine, check: &str) -> Option<Value> {
    found(engine, check).map(|mut finding| finding["severity"].take())
}

/// Returns the doctor's finding about the pooler.
fn pools(engine: &Engine) -> String {
    found(engine, "store_pooler").unwrap()["message"].as_str().unwrap().to_owned()
}

fn found(engine: &Engine, check: &str) -> Option<Value> {
    let doctor = call(engine, "doctor", json!({})).unwrap();
    let findings = doctor["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["check"] == check).cloned()
}
