//! Measures how the store scales: 1,000 to 1,000,000 users on SQLite and, if `DOORWARD_TEST_POSTGRES` is set,
//! on PostgreSQL; one to eight processes. `make bench-scale` runs it, prints a table, and writes
//! target/scale.json, from which `benches/plot.py` draws the pictures in docs/. `DOORWARD_BENCH_USERS` sets
//! other sizes: "1000,10000".

mod users;

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use users::{PASSWORD, call, fill, login, open};

/// The number of users in the queries, spread evenly over all of them.
const SAMPLE: usize = 2_000;

/// How long each rate is measured.
const WINDOW: Duration = Duration::from_secs(2);

const OPERATIONS: [&str; 4] = ["introspect", "refresh", "login", "register"];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == "--test") {
        return; // `cargo test --benches` only builds it.
    }
    if let Some(at) = arguments.iter().position(|argument| argument == "--work") {
        return work(&arguments[at + 1]);
    }
    let sizes = std::env::var_os("DOORWARD_BENCH_USERS").and_then(|text| text.into_string().ok());
    let sizes = sizes.unwrap_or_else(|| "1000,100000,1000000".to_owned());
    let mut measured = Vec::new();
    println!("{:9} {:>9} {:10} {:>3} {:>12} {:>12}", "store", "users", "what", "by", "a second", "median");
    let sizes: Vec<usize> = sizes.split(',').map(|size| size.parse().unwrap()).collect();
    for size in &sizes {
        // Many processes only on the largest store: the others show how one process scales.
        let processes: &[usize] = if size == sizes.iter().max().unwrap() { &[1, 2, 4, 8] } else { &[1] };
        Store::sqlite().measure(*size, processes, &mut measured);
        if let Some(store) = Store::postgres() {
            store.measure(*size, processes, &mut measured);
        }
    }
    std::fs::write("target/scale.json", serde_json::to_string_pretty(&measured).unwrap()).unwrap();
}

/// An empty store for the benchmark.
struct Store {
    name: &'static str,
    folder: PathBuf,
    url: String,
    /// The server's own database, in which this one is created and dropped.
    server: Option<String>,
}

const DATABASE: &str = "doorward_bench_scale";

impl Store {
    fn sqlite() -> Store {
        let folder = std::env::temp_dir().join(format!("doorward-scale-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let url = format!("sqlite:{}", folder.join("store.db").display());
        Store { name: "sqlite", folder, url, server: None }
    }

    fn postgres() -> Option<Store> {
        let server = std::env::var_os("DOORWARD_TEST_POSTGRES")?.into_string().ok()?;
        let url = format!("{}/{DATABASE}", server.rsplit_once('/')?.0);
        let store = Store { name: "postgres", folder: PathBuf::new(), url, server: Some(server) };
        store.psql(&format!("DROP DATABASE IF EXISTS {DATABASE}"));
        store.psql(&format!("CREATE DATABASE {DATABASE}"));
        Some(store)
    }

    fn psql(&self, sql: &str) -> String {
        let server = self.server.as_deref().unwrap();
        let output = Command::new("psql").args(["-qAtX", server, "-c", sql]).output().unwrap();
        assert!(output.status.success(), "psql {sql}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn config(&self) -> Value {
        json!({
            "store": self.url,
            "secret_key": "a secret key of this bench, and of nothing else",
            "password": {"memory_kib": 8, "iterations": 1, "blocklist": false},
            "throttle": {"source_failures": 1_000_000},
            "limits": {"request_bytes": 4 << 20, "store_timeout_ms": 60_000},
        })
    }

    fn bytes(&self) -> u64 {
        match &self.server {
            Some(_) => self.psql(&format!("SELECT pg_database_size('{DATABASE}')")).trim().parse().unwrap(),
            None => std::fs::metadata(self.folder.join("store.db")).unwrap().len(),
        }
    }

    fn measure(&self, users: usize, by: &[usize], measured: &mut Vec<Value>) {
        let mut add = |what: &str, processes: usize, rate: f64, median: f64, unit: &str| {
            println!("{:9} {users:9} {what:10} {processes:3} {rate:12.0} {median:9.1} {unit}", self.name);
            measured.push(json!({"store": self.name, "users": users, "what": what, "processes": processes,
                "rate": rate, "median": median, "unit": unit}));
        };
        // The engine is opened and closed around each step, so that the data are in the file and not in the
        // log.
        let empty = self.settled();
        let begin = Instant::now();
        fill(&open(&self.config()), users);
        let rate = users as f64 / begin.elapsed().as_secs_f64();
        let filled = self.settled();
        add("import", 1, rate, (filled - empty) as f64 / users as f64, "bytes a user");

        let sessions = users.min(20_000);
        let engine = open(&self.config());
        (0..sessions).for_each(|user| drop(login(&engine, user * (users / sessions))));
        drop(engine);
        let bytes = (self.settled() - filled) as f64 / sessions as f64;
        add("sessions", 1, sessions as f64, bytes, "bytes a session");

        let engine = open(&self.config());
        let hash = median(|| drop(call(&engine, "hash_password", json!({"password": PASSWORD}))));
        let whole = median(|| drop(login(&engine, users / 2)));
        add("overhead", 1, 1.0 / (whole - hash), (whole - hash) * 1e6, "µs of a login beside its hash");
        drop(engine);
        for operation in OPERATIONS {
            for &processes in by {
                let (rate, median) = self.rate(operation, users, processes);
                add(operation, processes, rate, median * 1e6, "µs");
            }
        }
    }

    fn settled(&self) -> u64 {
        drop(open(&self.config()));
        self.bytes()
    }

    /// Returns how many times a second these processes complete the operation together, and its median
    /// latency.
    fn rate(&self, operation: &str, users: usize, processes: usize) -> (f64, f64) {
        let start = |process: usize| {
            let work = json!({"config": self.config(), "operation": operation, "users": users,
                "process": process, "processes": processes});
            Worker::start(&work)
        };
        let mut workers: Vec<Worker> = (0..processes).map(start).collect();
        workers.iter_mut().for_each(|worker| drop(worker.line()));
        workers.iter_mut().for_each(|worker| writeln!(worker.input, "go").unwrap());
        let results: Vec<Value> = workers.iter_mut().map(Worker::line).collect();
        let number = |result: &Value, key: &str| result[key].as_f64().unwrap();
        let rate = results.iter().map(|result| number(result, "rate")).sum();
        let medians: f64 = results.iter().map(|result| number(result, "median")).sum();
        (rate, medians / processes as f64)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        match self.server {
            Some(_) => drop(self.psql(&format!("DROP DATABASE {DATABASE}"))),
            None => drop(std::fs::remove_dir_all(&self.folder)),
        }
    }
}

/// This program in another process.
struct Worker {
    process: Child,
    input: ChildStdin,
    output: BufReader<std::process::ChildStdout>,
}

impl Worker {
    fn start(work: &Value) -> Worker {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--work", &work.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let input = process.stdin.take().unwrap();
        let output = process.stdout.take().unwrap();
        Worker { process, input, output: BufReader::new(output) }
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.wait();
    }
}

/// The work of a worker: it gets ready, waits for the others, and runs the operation until the window ends.
fn work(work: &str) {
    let work: Value = serde_json::from_str(work).unwrap();
    let number = |key: &str| usize::try_from(work[key].as_u64().unwrap()).unwrap();
    let users = number("users");
    let process = number("process");
    let processes = number("processes");
    let engine = open(&work["config"]);
    // Each process has its own users, spread over all.
    let mine: Vec<usize> = (0..SAMPLE.min(users) / processes)
        .map(|index| (index * processes + process) * (users / SAMPLE.min(users)))
        .collect();
    let operation = work["operation"].as_str().unwrap();
    let mut sessions: Vec<Value> = match operation {
        "introspect" | "refresh" => mine.iter().map(|user| login(&engine, *user)).collect(),
        _ => Vec::new(),
    };
    let mut once = |round: usize| match operation {
        "introspect" => {
            let token = &sessions[round * 7919 % sessions.len()]["access_token"];
            assert_eq!(call(&engine, operation, json!({"token": token}))["active"], true);
        }
        "refresh" => {
            let at = round % sessions.len();
            let token = sessions[at]["refresh_token"].take();
            sessions[at] = call(&engine, operation, json!({"refresh_token": token}));
        }
        "login" => drop(login(&engine, mine[round * 7919 % mine.len()])),
        _ => {
            let name = format!("new{}x{round}", std::process::id());
            let email = format!("{name}@example.com");
            call(&engine, operation, json!({"username": name, "email": email, "password": PASSWORD}));
        }
    };
    (0..20).for_each(&mut once);
    println!("\"ready\"");
    std::io::stdin().read_line(&mut String::new()).unwrap();

    let begin = Instant::now();
    let mut latencies = Vec::new();
    while begin.elapsed() < WINDOW {
        let start = Instant::now();
        once(20 + latencies.len());
        latencies.push(start.elapsed().as_secs_f64());
    }
    let rate = latencies.len() as f64 / begin.elapsed().as_secs_f64();
    latencies.sort_by(f64::total_cmp);
    println!("{}", json!({"rate": rate, "median": latencies[latencies.len() / 2]}));
}

fn median(mut f: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..301)
        .map(|_| {
            let start = Instant::now();
            f();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
