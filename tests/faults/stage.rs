//! Where a test plays: a folder of its own, engines on the store in it, and child processes, which are
//! this test binary once more.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, Command, ExitStatus, Stdio};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use doorward::{Code, Config, Engine, Error, Hooks};
use serde_json::{Value, json};

pub const PASSWORD: &str = "eight wise words";

/// A folder that goes with the test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("doorward-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the store is.
    pub fn database(&self) -> PathBuf {
        self.0.join("store.db")
    }

    pub fn key_file(&self) -> PathBuf {
        self.0.join("store.db.key")
    }

    pub fn open(&self) -> Engine {
        open(&self.database(), json!({})).unwrap()
    }

    /// A connection of the test's own, for when no engine is open in this process: a file is not to be
    /// opened beside another copy of SQLite, and this is the same copy.
    pub fn sqlite(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.database()).unwrap()
    }

    /// What the store holds, checked for damage: how many rows each table has.
    pub fn rows(&self) -> Value {
        let sqlite = self.sqlite();
        let text: String = sqlite.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(text, "ok");
        let count = |what: &str| -> i64 {
            sqlite.query_row(&format!("SELECT count(*) FROM {what}"), [], |row| row.get(0)).unwrap()
        };
        assert_eq!(count("pragma_foreign_key_check"), 0);
        assert_eq!(count("users WHERE password_hash IS NULL"), 0);
        assert_eq!(count("sessions WHERE user_id NOT IN (SELECT id FROM users)"), 0);
        assert_eq!((count("keys"), count("meta")), (1, 1));
        json!({"users": count("users"), "roles": count("user_roles"), "sessions": count("sessions")})
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A configuration with the cheapest hash; `keys` are set above it.
pub fn config(database: &Path, keys: Value) -> Config {
    let mut config = json!({
        "store": format!("sqlite:{}", database.display()),
        "password": {"memory_kib": 64, "iterations": 1, "blocklist": false, "max_queued": 1000},
    });
    merge(&mut config, keys);
    Config::parse(&config.to_string()).unwrap()
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            from.into_iter().for_each(|(key, value)| merge(into.entry(key).or_insert(Value::Null), value));
        }
        (into, from) => *into = from,
    }
}

pub fn open(database: &Path, keys: Value) -> Result<Engine, Error> {
    Engine::open(config(database, keys), Hooks::default())
}

/// The code of a store that does not open.
pub fn refused(database: &Path, keys: Value) -> Code {
    open(database, keys).err().expect("a store that does not open").code
}

/// Calls an operation.
pub fn call(engine: &Engine, operation: &str, request: Value) -> Result<Value, Code> {
    match engine.call(operation, &request.to_string()) {
        Ok(reply) => Ok(serde_json::from_str(&reply).unwrap()),
        Err(error) => Err(error.code),
    }
}

pub fn register(engine: &Engine, name: &str) -> Result<Value, Code> {
    let email = format!("{name}@example.com");
    call(engine, "register", json!({"username": name, "email": email, "password": PASSWORD}))
}

/// Logs in; the access token.
pub fn login(engine: &Engine, name: &str) -> Result<String, Code> {
    let reply = call(engine, "login", json!({"username": name, "password": PASSWORD}))?;
    Ok(reply["access_token"].as_str().unwrap().to_owned())
}

/// Logs in with a wrong password.
pub fn guess(engine: &Engine, name: &str) -> Code {
    call(engine, "login", json!({"username": name, "password": "a wrong password"})).unwrap_err()
}

pub fn logout(engine: &Engine, token: &str) -> Result<Value, Code> {
    call(engine, "logout", json!({"token": token}))
}

pub fn is_active(engine: &Engine, token: &str) -> bool {
    call(engine, "introspect", json!({"token": token})).unwrap()["active"].as_bool().unwrap()
}

/// Runs `f` in so many threads that begin together; their results.
pub fn together<T: Send>(threads: usize, f: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(threads);
    thread::scope(|scope| {
        let run = |index| {
            let (f, start) = (&f, &start);
            scope.spawn(move || {
                start.wait();
                f(index)
            })
        };
        let running: Vec<_> = (0..threads).map(run).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// How many of the results are this failure.
pub fn count<T>(results: &[Result<T, Code>], code: Code) -> usize {
    results.iter().filter(|result| result.as_ref().err() == Some(&code)).count()
}

/// A child process: this binary, doing [`child`] and nothing else.
pub struct Child {
    process: std::process::Child,
    reports: BufReader<ChildStderr>,
}

const TASK: &str = "DOORWARD_TEST_TASK";

impl Child {
    /// Begins `task`, whose `role` says what to do.
    pub fn start(task: &Value) -> Child {
        Child::start_with(task, &[])
    }

    /// The same, with more in its environment.
    pub fn start_with(task: &Value, environment: &[(&str, &str)]) -> Child {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "stage::child", "--nocapture"])
            .env(TASK, task.to_string())
            .env("RUST_BACKTRACE", "0")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let reports = BufReader::new(process.stderr.take().unwrap());
        Child { process, reports }
    }

    /// What the child reports next, if it still does.
    pub fn report(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.reports.read_line(&mut line).unwrap();
        // A line that was cut off was never reported.
        let line = line.strip_suffix('\n')?;
        Some(serde_json::from_str(line).unwrap_or_else(|_| {
            self.kill();
            let mut rest = String::new();
            self.reports.read_to_string(&mut rest).unwrap();
            panic!("the child says: {line}{rest}")
        }))
    }

    /// What the child has reported already, if there is something: without waiting.
    pub fn reported(&mut self) -> Option<Value> {
        let mut poll =
            libc::pollfd { fd: self.reports.get_ref().as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one structure, of an open file.
        let is_there = !self.reports.buffer().is_empty() || unsafe { libc::poll(&mut poll, 1, 0) } > 0;
        if is_there { self.report() } else { None }
    }

    /// Tells the child something that it waits for.
    pub fn tell(&mut self, what: &Value) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{what}").unwrap();
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
    }

    /// SIGSTOP, until [`Child::resume`].
    pub fn pause(&self) {
        self.signal(libc::SIGSTOP);
    }

    pub fn resume(&self) {
        self.signal(libc::SIGCONT);
    }

    fn signal(&self, signal: i32) {
        // SAFETY: a signal to a child that was not waited for.
        assert_eq!(unsafe { libc::kill(self.process.id() as i32, signal) }, 0);
    }

    /// Waits for the child's end.
    pub fn end(mut self) -> ExitStatus {
        assert_eq!(self.report(), None);
        self.process.wait().unwrap()
    }

    /// Waits for the child's end, which is a good one.
    pub fn succeed(self) {
        let status = self.end();
        assert!(status.success(), "{status}, signal {:?}", status.signal());
    }
}

/// A test that fails leaves no child behind.
impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a child reports to the test that started it.
pub fn report(what: &Value) {
    std::io::stderr().write_all(format!("{what}\n").as_bytes()).unwrap();
}

/// What the test tells its child.
pub fn told() -> Value {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}

/// The body of the child processes; in the test run itself there is no task and nothing to do.
#[test]
#[allow(clippy::disallowed_methods, reason = "the engine reads no environment, its tests may")]
fn child() {
    let Ok(task) = std::env::var(TASK) else { return };
    let task: Value = serde_json::from_str(&task).unwrap();
    let database = PathBuf::from(task["database"].as_str().unwrap());
    match task["role"].as_str().unwrap() {
        "contend" => crate::races::contend(&database),
        "guess" => crate::races::guess_often(&database),
        "many logins" => crate::hasher::many_logins(&database),
        "no memory" => crate::hasher::no_memory(&database),
        "refresh" | "revoke" => crate::sessions::session(&database, &task),
        "work" => crate::crash::work(&database),
        "work until the limit" => crate::crash::work_until_the_limit(&database, &task),
        "faulted" => crate::injected::faulted(&database),
        "unprivileged" => crate::store::unprivileged(&database, &task),
        "full" => crate::store::full(&database, &task),
        other => panic!("{other}"),
    }
}

/// Bounds a resource of this process.
pub fn limit(resource: libc::__rlimit_resource_t, bytes: u64) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls read or fill the one structure given.
    unsafe {
        assert_eq!(libc::getrlimit(resource, &mut limit), 0);
        limit.rlim_cur = bytes.min(limit.rlim_max);
        assert_eq!(libc::setrlimit(resource, &limit), 0);
    }
}
