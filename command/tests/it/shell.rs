//! Runs the command in a temporary folder.

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};

use doorward::{Config, Engine, Hooks};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::PASSWORD;

/// The command on stores in a temporary folder.
pub(crate) struct Shell(pub(crate) TempDir);

impl Shell {
    pub(crate) fn new() -> Shell {
        let folder = TempDir::new().unwrap();
        let config = json!({"store": "sqlite:a.db", "password": {"memory_kib": 64, "iterations": 1}});
        std::fs::write(folder.path().join("a.json"), config.to_string()).unwrap();
        Shell(folder)
    }

    /// Creates the folder with the first store.
    pub(crate) fn with_store() -> Shell {
        let shell = Shell::new();
        shell.good(&["init"], "");
        shell
    }

    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_doorward"))
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that ends early does not read its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    pub(crate) fn exit(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments, "");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code().unwrap(), text)
    }

    /// Registers more accounts than one page has.
    pub(crate) fn register_many(&self, count: usize) {
        let path = |name| self.0.path().join(name).display().to_string();
        let config = json!({"store": format!("sqlite:{}", path("a.db")), "secret_key_file": path("a.db.key"),
            "password": {"memory_kib": 8, "iterations": 1}});
        let engine = Engine::open(Config::parse(&config.to_string()).unwrap(), Hooks::default()).unwrap();
        for number in 0..count {
            let user = json!({"username": format!("user{number}"), "email": format!("u{number}@example.com"),
                "password": PASSWORD});
            engine.call("register", &user.to_string()).unwrap();
        }
    }

    /// Runs an operation on the store `file`, with the secret key of the first store.
    pub(crate) fn call(&self, file: &str, operation: &str, request: Value) -> (i32, Value) {
        let store = format!("sqlite:{file}");
        let arguments = [
            "call",
            operation,
            "-",
            "--config",
            "a.json",
            "--store",
            &store,
            "--secret-key-file",
            "a.db.key",
        ];
        let output = self.run(&arguments, &request.to_string());
        (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
    }

    /// Runs the command on the first store.
    pub(crate) fn on(&self, arguments: &[&str], input: &str) -> (i32, String, String) {
        let output = self.run(&[&["--config", "a.json"], arguments].concat(), input);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// Runs a command that must succeed. Returns its output.
    pub(crate) fn good(&self, arguments: &[&str], input: &str) -> String {
        let (status, out, error) = self.on(arguments, input);
        assert_eq!(status, 0, "{arguments:?}: {out}{error}");
        out
    }

    pub(crate) fn json(&self, arguments: &[&str], input: &str) -> Value {
        serde_json::from_str(&self.good(&[&["--json"], arguments].concat(), input)).unwrap()
    }

    /// Runs a command that must fail. Returns the exit code and the output.
    pub(crate) fn bad(&self, arguments: &[&str], input: &str) -> (i32, String) {
        let (status, out, error) = self.on(arguments, input);
        assert_ne!(status, 0, "{arguments:?}: {out}{error}");
        (status, out + &error)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.0.path().join(name), content).unwrap();
    }

    /// Creates the first store with one account.
    pub(crate) fn with_ada() -> Shell {
        let shell = Shell::with_store();
        let add = ["user", "add", "ada", "--email", "ada@example.com", "--role", "admin", "--role", "editor"];
        shell.good(&add, &format!("{PASSWORD}\n"));
        shell
    }

    pub(crate) fn id(&self, name: &str) -> String {
        self.json(&["user", "show", name], "")["user"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn login(&self, name: &str, password: &str) -> (i32, Value) {
        self.call("a.db", "login", json!({"username": name, "password": password}))
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_doorward"))
            .args([&["--config", "a.json"], arguments].concat())
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

pub(crate) fn signal(child: &Child, signal: i32) {
    // SAFETY: a signal to a child that was not waited for.
    assert_eq!(unsafe { libc::kill(child.id() as i32, signal) }, 0);
}
