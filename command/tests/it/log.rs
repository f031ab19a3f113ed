//! Tests of the audit log in a shell: searching, following, verifying the chain.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{PASSWORD, Shell, signal};

/// A follower shows the events of other processes, and ends quietly when its reader has gone.
#[test]
fn the_log_is_followed() {
    let shell = Shell::with_ada();
    let mut child = Command::new(env!("CARGO_BIN_EXE_doorward"))
        .args(["--config", "a.json", "--json", "events", "--follow"])
        .current_dir(shell.0.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut events = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(events.next().unwrap().unwrap().contains("registered"));
    shell.login("ada", "not the password");
    assert!(events.next().unwrap().unwrap().contains("login_failed"));
    drop(events);
    shell.login("ada", "not the password");
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.is_empty()), (Some(141), true));
}

/// The log can be searched in a shell, and names the actor of an event.
#[test]
fn the_log_is_searched_and_says_who_did_it() {
    let shell = Shell::with_ada();
    let client = json!({"ip": "203.0.113.7"});
    let login = json!({"username": "ada", "password": PASSWORD, "client": client});
    shell.call("a.db", "login", login);
    let run = |arguments: &[&str], name: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        command.args(["--config", "a.json"]).args(arguments).current_dir(shell.0.path());
        assert!(command.env("SUDO_USER", name).output().unwrap().status.success());
    };
    run(&["user", "roles", "ada", "--add", "x"], "grace");
    run(&["call", "update_user", &format!(r#"{{"id":"{}","roles":["admin"]}}"#, shell.id("ada"))], "linus");
    std::fs::write(shell.0.path().join("users"), r#"{"username":"bob","email":"bob@example.com"}"#).unwrap();
    run(&["import", "users"], "joan");
    let events = |arguments: &[&str]| -> Vec<Value> {
        let out = shell.good(&[&["events", "--json"], arguments].concat(), "");
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let kinds = |arguments: &[&str]| {
        events(arguments).iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = events(&[]);
    let actors: Vec<_> =
        all.iter().map(|event| event["actor"].as_str().unwrap_or("").split('@').next().unwrap()).collect();
    assert_eq!(actors[1..], ["", "grace", "linus", "joan"], "{all:?}");
    let host = actors_host(&all[2]);
    assert_eq!(kinds(&["--actor", &format!("linus@{host}")]), ["user_updated"]);
    assert_eq!(kinds(&["--ip", "203.0.113.7"]), ["logged_in"]);
    assert_eq!(kinds(&["--last", "2"]), ["user_updated", "users_imported"]);
    assert_eq!(kinds(&["--last", "9000", "--kind", "logged_in"]), ["logged_in"]);
    assert_eq!(kinds(&["--since", "1h", "--until", "2100-01-01"]).len(), all.len());
    assert_eq!(kinds(&["--since", "2100-01-01T00:00:00Z"]).len(), 0);
    assert_eq!(kinds(&["--until", "1h"]).len(), 0);
    // The text output ends with the place to continue from.
    let text = shell.good(&["events", "--kind", "logged_in"], "");
    let id = text.lines().nth(1).unwrap().split_whitespace().nth(1).unwrap();
    assert_eq!(events(&["--after", id]), all[2..]);
    for wrong in [["--since", "yesterday"], ["--last", "0"]] {
        assert_eq!(shell.bad(&[&["events"], &wrong[..]].concat(), "").0, 64);
    }
    assert_eq!(shell.bad(&["events", "--ip", "somewhere"], "").0, 4);
}

fn actors_host(event: &Value) -> String {
    event["actor"].as_str().unwrap().split_once('@').unwrap().1.to_owned()
}

/// The last events, then new ones, each once, even if the store was restored meanwhile, which is reported.
#[test]
fn who_follows_the_log_survives_an_outage() {
    let shell = Shell::with_ada();
    shell.login("ada", PASSWORD);
    let mut child = shell.start(&["--json", "events", "--last", "1", "--follow"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().contains("logged_in"));
    shell.login("ada", "not the password");
    assert!(lines.next().unwrap().contains("login_failed"));
    let path = |name: &str| shell.0.path().join(name);
    std::fs::rename(path("a.db"), path("away.db")).unwrap();
    assert!(said.next().unwrap().ends_with("trying again"));
    std::fs::rename(path("away.db"), path("a.db")).unwrap();
    assert!(said.next().unwrap().ends_with("the store answers again"));
    shell.good(&["user", "roles", "ada", "--add", "x"], "");
    assert!(lines.next().unwrap().contains("user_updated"));
    signal(&child, libc::SIGTERM);
    child.wait().unwrap();
}

/// The chain reveals changed, removed and added events.
#[test]
fn the_chain_of_the_log_is_verified_from_a_shell() {
    let shell = Shell::with_ada();
    let (status, text) = shell.bad(&["events", "verify"], "");
    assert_eq!((status, text.contains("the store keeps no chain over its audit log")), (5, true), "{text}");
    let (_, out, _) = shell.on(&["--json", "events", "verify"], "");
    assert!(out.contains(r#"{"error":{"code":"no_chain","#), "{out}");
    // Of an empty log it is unknown whether it was always empty.
    shell.write("new.json", r#"{"store": "sqlite:new.db", "audit": {"chain": true}}"#);
    let new = |command: &[&str]| shell.exit(&[&["--config", "new.json"], command].concat());
    assert_eq!(new(&["init"]).0, 0);
    let (status, text) = new(&["events", "verify"]);
    assert_eq!((status, text.contains("the audit log is empty")), (5, true), "{text}");
    let head = format!("3:{}", "A".repeat(43));
    assert_eq!(new(&["events", "verify", "--head", &head]).0, 65);
    shell.write(
        "a.json",
        json!({"store": "sqlite:a.db", "password": {"memory_kib": 64, "iterations": 1},
        "audit": {"chain": true}})
        .to_string(),
    );
    shell.good(&["settings", "adopt"], "");
    (0..5).for_each(|_| drop(shell.login("ada", PASSWORD)));
    let verdict = shell.json(&["events", "verify"], "");
    // The account, the settings, and the logins.
    assert_eq!((&verdict["intact"], &verdict["events"]), (&json!(true), &json!(7)));
    let head = verdict["head"].as_str().unwrap();
    let original = std::fs::read(shell.0.path().join("a.db")).unwrap();
    let nth = |position: i64| format!("(SELECT event_id FROM event_order WHERE position = {position})");
    for (attack, reasons) in [
        (format!("UPDATE events SET kind = 'logged_out' WHERE id = {}", nth(3)), &["changed"][..]),
        (format!("UPDATE events SET actor = 'root' WHERE id = {}", nth(1)), &["changed"]),
        (format!("DELETE FROM events WHERE id = {}", nth(3)), &["missing"]),
        (
            format!("DELETE FROM events WHERE id = {0}; DELETE FROM event_order WHERE position = 3", nth(3)),
            &["broken"],
        ),
        (
            format!("DELETE FROM events WHERE id = {0}; DELETE FROM event_order WHERE position = 1", nth(1)),
            &["broken"],
        ),
        (
            format!("DELETE FROM events WHERE id = {0}; DELETE FROM event_order WHERE position = 7", nth(7)),
            &["head"],
        ),
        ("DELETE FROM event_order WHERE position = 3".to_owned(), &["broken", "unlisted"]),
        (
            "UPDATE event_order SET position = 9 - position WHERE position IN (4, 5)".to_owned(),
            &["broken", "broken", "broken"],
        ),
        (
            "UPDATE event_order SET digest = NULL, link = NULL WHERE position = 2".to_owned(),
            &["added", "broken"],
        ),
        (
            "INSERT INTO events (id, at, kind) VALUES (x'00000000000070008000000000000001', 1, 'x')"
                .to_owned(),
            &["unlisted"],
        ),
        ("UPDATE meta SET value = x'00' WHERE name = 'event_order'".to_owned(), &["head"]),
        ("DELETE FROM meta WHERE name = 'event_order'".to_owned(), &["head"]),
    ] {
        let store = rusqlite::Connection::open(shell.0.path().join("a.db")).unwrap();
        store.execute_batch(&attack).unwrap();
        store.close().unwrap();
        let (status, out, error) = shell.on(&["--json", "events", "verify"], "");
        let verdict: Value = serde_json::from_str(out.lines().next().unwrap_or(&error)).expect(&error);
        let found: Vec<_> =
            verdict["problems"].as_array().unwrap().iter().map(|it| it["reason"].as_str().unwrap()).collect();
        assert_eq!((status, &found[..]), (65, reasons), "{attack}");
        assert!(out.contains(r#"{"error":{"code":"log_changed","#), "{attack}: {out}");
        for name in ["a.db-wal", "a.db-shm"] {
            let _ = std::fs::remove_file(shell.0.path().join(name));
        }
        std::fs::write(shell.0.path().join("a.db"), &original).unwrap();
    }
    let again = shell.json(&["events", "verify", "--head", head], "");
    assert_eq!(again["intact"], true);
}

/// Following until a time ends then; if that time is past, it ends after the existing events.
#[test]
fn the_log_is_followed_until_a_time() {
    let shell = Shell::with_ada();
    shell.login("ada", PASSWORD);
    let out = shell.good(&["--json", "events", "--follow", "--since", "1h", "--until", "0s"], "");
    let now = shell.good(&["--json", "events"], "");
    assert!(now.starts_with(&out), "{out}");
    assert_eq!(shell.good(&["--json", "events", "--follow", "--until", "1h"], ""), "");
    assert_eq!(shell.good(&["--json", "events", "--follow", "--last", "3", "--until", "1h"], ""), "");
}
