//! The common parts of the tests: engines on their store, and child processes, which run this test binary
//! again.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{ChildStderr, Command, ExitStatus, Stdio};
use std::sync::Barrier;
use std::thread;

use doorward::{Code, Config, Engine, Error, Hooks};
use serde_json::{Value, json};

use crate::stores;
pub use crate::stores::Store;
pub(crate) use crate::stores::on_each_store;

pub const PASSWORD: &str = "eight wise words";

impl Store {
    pub fn open(&self) -> Engine {
        open(self.url(), json!({})).unwrap()
    }

    /// Checks the store for damage. Returns the number of rows of each table.
    pub fn rows(&self) -> Value {
        if self.is_sqlite() {
            assert_eq!(self.query("PRAGMA integrity_check"), [json!({"integrity_check": "ok"})]);
            assert_eq!(self.count("pragma_foreign_key_check"), 0);
        }
        // Without a password are accounts that wait for the reader of an invitation, and those of a provider's users.
        let waits = "was_verified = 0 AND id IN (SELECT user_id FROM waiting_accounts)";
        let enters = format!("({waits}) OR id IN (SELECT user_id FROM identities)");
        assert_eq!(self.count(&format!("users WHERE password_hash IS NULL AND NOT ({enters})")), 0);
        assert_eq!(self.count("sessions WHERE user_id NOT IN (SELECT id FROM users)"), 0);
        let has_factor = "user_id IN (SELECT user_id FROM totp UNION SELECT user_id FROM passkeys)";
        assert_eq!(self.count(&format!("recovery_codes WHERE NOT {has_factor}")), 0);
        // The proof of the secret key, the order of the older keys, the settings, and the head of the log.
        assert_eq!((self.count("keys"), self.count("meta")), (1, 4));
        let [users, roles, sessions] = ["users", "user_roles", "sessions"].map(|table| self.count(table));
        json!({"users": users, "roles": roles, "sessions": sessions})
    }
}

/// Returns a configuration with the cheapest hash; `keys` override it.
pub fn config(store: &str, keys: Value) -> Config {
    let password = json!({"memory_kib": 64, "iterations": 1, "blocklist": false, "max_queued": 1000});
    Config::parse(&stores::config(store, json!({"password": password}), keys).to_string()).unwrap()
}

pub fn open(store: &str, keys: Value) -> Result<Engine, Error> {
    Engine::open(config(store, keys), Hooks::default())
}

/// Returns the code of a store that does not open.
pub fn refused(store: &str, keys: Value) -> Code {
    open(store, keys).err().expect("a store that does not open").code
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

/// Logs in. Returns the access token.
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

/// Runs `f` in so many threads that begin together. Returns their results.
pub fn together<T: Send>(threads: usize, f: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(threads);
    thread::scope(|scope| {
        let run = |index| {
            let f = &f;
            let start = &start;
            scope.spawn(move || {
                start.wait();
                f(index)
            })
        };
        let running: Vec<_> = (0..threads).map(run).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Returns how many of the results are this failure.
pub fn count<T>(results: &[Result<T, Code>], code: Code) -> usize {
    results.iter().filter(|result| result.as_ref().err() == Some(&code)).count()
}

/// A child process: this binary, which runs only [`child`].
pub struct Child {
    process: std::process::Child,
    reports: BufReader<ChildStderr>,
}

const TASK: &str = "DOORWARD_TEST_TASK";

impl Child {
    /// Starts `task`; its `role` selects the work.
    pub fn start(task: &Value) -> Child {
        Child::start_with(task, &[])
    }

    /// Starts `task` with additional environment variables.
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

    /// Returns the next report of the child, if it is still alive.
    pub fn report(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.reports.read_line(&mut line).unwrap();
        // A truncated line was not a complete report.
        let line = line.strip_suffix('\n')?;
        Some(serde_json::from_str(line).unwrap_or_else(|_| {
            self.kill();
            let mut rest = String::new();
            self.reports.read_to_string(&mut rest).unwrap();
            panic!("the child says: {line}{rest}")
        }))
    }

    /// Returns the child's next report if it has already arrived, without waiting.
    pub fn reported(&mut self) -> Option<Value> {
        let mut poll =
            libc::pollfd { fd: self.reports.get_ref().as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one structure, of an open file.
        let is_there = !self.reports.buffer().is_empty() || unsafe { libc::poll(&mut poll, 1, 0) } > 0;
        if is_there { self.report() } else { None }
    }

    /// Sends the child a message that it waits for.
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
        let mut status = 0;
        let process = self.process.id() as i32;
        // SAFETY: waits for the stop of a child that was not waited for: until then its threads go on.
        assert_eq!(unsafe { libc::waitpid(process, &mut status, libc::WUNTRACED) }, process);
        assert!(libc::WIFSTOPPED(status));
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

    /// Waits for the child to end successfully.
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

/// Sends a report to the test that started this child.
pub fn report(what: &Value) {
    std::io::stderr().write_all(format!("{what}\n").as_bytes()).unwrap();
}

/// Returns the next message of the test.
pub fn told() -> Value {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}

/// The work of the child processes. In the test run itself there is no task and nothing to do.
#[test]
#[expect(clippy::disallowed_methods, reason = "the engine reads no environment, its tests may")]
fn child() {
    let Ok(task) = std::env::var(TASK) else { return };
    let task: Value = serde_json::from_str(&task).unwrap();
    let store = task["store"].as_str().unwrap();
    match task["role"].as_str().unwrap() {
        "contend" => crate::races::contend(store),
        "enter" => crate::second_factors::enter(store, &task["code"]),
        "enter by mail" => crate::races::enter_by_mail(store, &task),
        "do once" => crate::races::do_often(store, &task),
        "guess" => crate::races::guess_often(store),
        "a fair queue" => crate::hasher::fair_queue(store),
        "an overflow" => crate::hasher::overflow(store),
        "many logins" => crate::hasher::many_logins(store),
        "two engines" => crate::hasher::two_engines(store),
        "no memory" => crate::hasher::no_memory(store),
        "refresh" | "revoke" => crate::sessions::session(store, &task),
        "use a key" => crate::api_keys::use_until_told(store, &task),
        "work" => crate::crash::work(store),
        "work until the limit" => crate::crash::work_until_the_limit(store, &task),
        "restore" => crate::backup::restoring_child(store, &task),
        "back up" => crate::backup::child(store, &task),
        "leave a log" => crate::copies::leave_a_log(store, &task),
        "read files" => crate::copies::read_files(store),
        "do each once" => crate::once::do_each(store, &task),
        "faulted" => crate::injected::faulted(store),
        "unprivileged" => crate::store::unprivileged(store, &task),
        "full" => crate::store::full(store, &task),
        other => panic!("{other}"),
    }
}

/// Limits a resource of this process.
pub fn limit(resource: libc::__rlimit_resource_t, bytes: u64) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls read or fill the one structure given.
    unsafe {
        assert_eq!(libc::getrlimit(resource, &mut limit), 0);
        limit.rlim_cur = bytes.min(limit.rlim_max);
        assert_eq!(libc::setrlimit(resource, &limit), 0);
    }
}
