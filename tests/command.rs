//! The command `doorward`, as a shell runs it.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};

use doorward::{Config, Engine, Hooks};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The command on stores in a folder of its own.
struct Shell(TempDir);

impl Shell {
    fn new() -> Shell {
        let folder = TempDir::new().unwrap();
        let config = json!({"store": "sqlite:a.db", "password": {"memory_kib": 64, "iterations": 1}});
        std::fs::write(folder.path().join("a.json"), config.to_string()).unwrap();
        Shell(folder)
    }

    fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_doorward"))
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    fn exit(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments, "");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code().unwrap(), text)
    }

    /// More accounts than travel at once.
    fn register_many(&self, count: usize) {
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

    /// Runs an operation on the store `file`, with the secret key of the first one.
    fn call(&self, file: &str, operation: &str, request: Value) -> (i32, Value) {
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
}

const PASSWORD: &str = "eight wise words";

fn ada() -> Value {
    json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD, "roles": ["admin", "editor"]})
}

#[test]
fn call_exits_with_the_status_of_the_answer() {
    let shell = Shell::new();
    assert_eq!(shell.call("a.db", "register", ada()).0, 0);
    let (status, answer) = shell.call("a.db", "register", ada());
    assert_eq!((status, &answer["error"]["code"]), (6, &json!("username_taken")));
    let wrong = json!({"username": "ada", "password": "nine wise words"});
    let (status, answer) = shell.call("a.db", "login", wrong);
    assert_eq!((status, &answer["error"]["code"]), (1, &json!("invalid_credentials")));
    assert_eq!(shell.exit(&["call", "no_such", "--store", "sqlite:a.db"]).0, 9);
    let (status, text) = shell.exit(&["call", "list_users", "--store", "sqlite:a.db"]);
    assert_eq!((status, text.contains("\"ada\"")), (0, true));
    assert_eq!(shell.exit(&["cal"]).0, 64);
    assert_eq!(shell.exit(&["call", "jwks", "--config", "none.json"]).0, 64);
    assert_eq!(shell.exit(&["--version"]), (0, format!("doorward {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn the_store_may_be_named_in_a_file() {
    let shell = Shell::new();
    std::fs::write(shell.0.path().join("url"), "sqlite:b.db\n").unwrap();
    assert_eq!(shell.exit(&["call", "jwks", "--store", "@url"]), (0, "{\"keys\":[]}\n".to_owned()));
    assert!(shell.0.path().join("b.db").exists());
}

#[test]
fn doctor_fails_where_there_is_a_problem() {
    let shell = Shell::new();
    let (status, text) = shell.exit(&["doctor", "--config", "a.json"]);
    assert_eq!((status, text.contains("advice   audience")), (0, true), "{text}");
    let database = shell.0.path().join("a.db");
    std::fs::set_permissions(database, std::fs::Permissions::from_mode(0o666)).unwrap();
    let (status, text) = shell.exit(&["doctor", "--config", "a.json"]);
    assert_eq!((status, text.contains("problem  database_file")), (9, true), "{text}");
    let (status, text) = shell.exit(&["doctor", "--json", "--config", "a.json"]);
    assert_eq!((status, text.contains("\"findings\"")), (9, true), "{text}");
}

#[test]
fn a_store_moves_with_all_that_is_in_it() {
    let shell = Shell::new();
    shell.call("a.db", "register", ada());
    shell.register_many(600);
    let (_, login) = shell.call("a.db", "login", json!({"username": "ada", "password": PASSWORD}));
    let all = json!({"limit": 1000});
    let (_, before) = shell.call("a.db", "list_users", all.clone());
    assert_eq!(before["users"].as_array().unwrap().len(), 601);
    let (status, text) = shell.exit(&["migrate", "--from", "sqlite:a.db", "--to", "sqlite:b.db"]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("sessions                1"), "{text}");

    let (_, after) = shell.call("b.db", "list_users", all);
    assert_eq!(after, before);
    let (status, seen) = shell.call("b.db", "introspect", json!({"token": login["access_token"]}));
    assert_eq!((status, &seen["active"], &seen["user"]), (0, &json!(true), &login["user"]));
    let (status, refreshed) = shell.call("b.db", "refresh", json!({"refresh_token": login["refresh_token"]}));
    assert_eq!(status, 0);

    // And back.
    let (status, text) = shell.exit(&["migrate", "--json", "--from", "sqlite:b.db", "--to", "sqlite:c.db"]);
    assert_eq!(status, 0, "{text}");
    let (status, _) = shell.call("c.db", "refresh", json!({"refresh_token": refreshed["refresh_token"]}));
    assert_eq!(status, 0);
}

#[test]
fn nothing_is_moved_into_a_store_in_use_or_out_of_none() {
    let shell = Shell::new();
    shell.call("a.db", "register", ada());
    shell.call("b.db", "jwks", json!({}));
    for (from, to) in [("a.db", "b.db"), ("a.db", "a.db"), ("none.db", "c.db")] {
        let (from, to) = (format!("sqlite:{from}"), format!("sqlite:{to}"));
        let (status, text) = shell.exit(&["migrate", "--from", &from, "--to", &to]);
        assert_eq!(status, 9, "{text}");
    }
    assert!(!shell.0.path().join("none.db").exists() && !shell.0.path().join("c.db").exists());
    assert_eq!(shell.call("b.db", "list_users", json!({})).1["users"], json!([]));
}
