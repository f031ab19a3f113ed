//! Tests of the command `doorward`, run as a shell runs it.

mod breached;
#[path = "../../../tests/server/cluster.rs"]
mod cluster;
mod failures;
mod importing;
mod log;
mod moving;
mod operating;
mod reading;
mod recovery;
mod restoring;
mod settings;
mod shell;
#[path = "../../../tests/stores/mod.rs"]
mod stores;
mod thief;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use doorward::{Config, Engine, Hooks};
use serde_json::{Value, json};

use shell::{Shell, signal};
use stores::{Store, on_each_store, skips};

/// The folder that holds docs/ and examples/.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

const PASSWORD: &str = "eight wise words";

fn ada() -> Value {
    json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD, "roles": ["admin", "editor"]})
}

#[test]
fn call_exits_with_the_status_of_the_answer() {
    let shell = Shell::with_store();
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
    assert_eq!(shell.exit(&["call", "jwks", "--config", "none.json"]).0, 9);
    assert_eq!(shell.exit(&["--version"]), (0, format!("doorward {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn the_store_may_be_named_in_a_file() {
    let shell = Shell::new();
    std::fs::write(shell.0.path().join("url"), "sqlite:b.db\n").unwrap();
    assert_eq!(shell.exit(&["init", "--store", "@url"]).0, 0);
    assert_eq!(shell.exit(&["call", "jwks", "--store", "@url"]), (0, "{\"keys\":[]}\n".to_owned()));
    assert!(shell.0.path().join("b.db").exists());
}

#[test]
fn doctor_fails_where_there_is_a_problem() {
    let shell = Shell::with_store();
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
    let shell = Shell::with_store();
    shell.call("a.db", "register", ada());
    shell.register_many(600);
    let (_, login) = shell.call("a.db", "login", json!({"username": "ada", "password": PASSWORD}));
    let all = json!({"limit": 1000});
    let (_, before) = shell.call("a.db", "list_users", all.clone());
    assert_eq!(before["users"].as_array().unwrap().len(), 601);
    let (status, text) = shell.exit(&["migrate", "--from", "sqlite:a.db", "--to", "sqlite:b.db"]);
    assert_eq!(status, 0, "{text}");
    let sessions = text.lines().find_map(|line| line.strip_prefix("sessions ")).map(str::trim);
    assert_eq!(sessions, Some("1"), "{text}");

    let (_, after) = shell.call("b.db", "list_users", all);
    assert_eq!(after, before);
    let (status, seen) = shell.call("b.db", "introspect", json!({"token": login["access_token"]}));
    assert_eq!((status, &seen["active"], &seen["user"]), (0, &json!(true), &login["user"]));
    let (status, refreshed) = shell.call("b.db", "refresh", json!({"refresh_token": login["refresh_token"]}));
    assert_eq!(status, 0);

    // Back again.
    let (status, text) = shell.exit(&["migrate", "--json", "--from", "sqlite:b.db", "--to", "sqlite:c.db"]);
    assert_eq!(status, 0, "{text}");
    let (status, _) = shell.call("c.db", "refresh", json!({"refresh_token": refreshed["refresh_token"]}));
    assert_eq!(status, 0);
}

/// A mistyped path creates neither a store nor a backup.
#[test]
fn what_needs_a_store_makes_none() {
    let shell = Shell::new();
    let commands = [
        "user add ada",
        "user list",
        "user show ada",
        "password reset ada",
        "session list ada",
        "service-account create nightly",
        "api-key list ada",
        "keys list",
        "settings",
        "settings adopt",
        "events",
        "import a.json",
        "export",
        "backup copy.db",
        "maintain",
        "doctor",
        "migrate-schema",
        "call list_users",
    ];
    for command in commands {
        let (status, text) = shell.bad(&command.split(' ').collect::<Vec<_>>(), "eight wise words\n");
        let says = text.contains("a.db: there is no such file") && text.contains("/store in a.json");
        assert_eq!((status, says), (9, true), "{command}: {text}");
    }
    let files: Vec<_> =
        std::fs::read_dir(shell.0.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["a.json"]);
    // An empty file is not a store either.
    shell.write("a.db", "");
    for command in commands {
        let (status, text) = shell.bad(&command.split(' ').collect::<Vec<_>>(), "eight wise words\n");
        assert_eq!(
            (status, text.contains("there is no store in this database")),
            (9, true),
            "{command}: {text}"
        );
    }
    assert_eq!(std::fs::read_dir(shell.0.path()).unwrap().count(), 2);
}

/// A lost volume is not replaced by a new store, not even by an application.
#[test]
fn a_store_that_is_lost_is_not_made_anew() {
    let shell = Shell::with_ada();
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(shell.0.path().join(format!("a.db{ending}")));
    }
    let store = format!("sqlite:{}", shell.0.path().join("a.db").display());
    let open = |more: Value| {
        let mut config = json!({"store": store});
        config.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        Engine::open(Config::parse(&config.to_string()).unwrap(), Hooks::default())
    };
    for is_empty in [false, true] {
        let error = open(json!({})).err().unwrap();
        assert_eq!((error.code.name(), error.field.as_deref()), ("invalid_config", Some("/store")));
        assert!(error.detail.unwrap().contains("its key file is: the store is lost, or not mounted"));
        if !is_empty {
            assert!(!shell.0.path().join("a.db").exists());
            shell.write("a.db", "");
        }
    }
    let made = open(json!({"create": true})).unwrap();
    assert_eq!(made.call("list_users", "{}").unwrap(), r#"{"users":[]}"#);
}

/// With `"migrate": false` only the operator creates or changes tables.
#[test]
fn the_schema_is_the_operators() {
    let shell = Shell::new();
    let config = json!({"store": "sqlite:new.db", "migrate": false}).to_string();
    std::fs::write(shell.0.path().join("strict.json"), config).unwrap();
    let (status, text) = shell.exit(&["user", "list", "--config", "strict.json"]);
    assert_eq!((status, text.contains("(/store in strict.json)")), (9, true), "{text}");
    assert!(!shell.0.path().join("new.db").exists());
    let (status, text) = shell.exit(&["migrate-schema", "--config", "strict.json"]);
    assert_eq!(
        (status, text.contains("new.db: there is no such file (/store in strict.json)")),
        (9, true),
        "{text}"
    );
    assert!(!shell.0.path().join("new.db").exists());
    assert_eq!(shell.exit(&["init", "--config", "strict.json"]).0, 0);
    let again = shell.exit(&["migrate-schema", "--config", "strict.json"]);
    assert_eq!(again, (0, "The schema is 1 already.\n".to_owned()));
    let json = shell.exit(&["migrate-schema", "--json", "--config", "strict.json"]);
    assert_eq!(json, (0, "{\"after\":1,\"before\":1}\n".to_owned()));
    assert_eq!(shell.exit(&["user", "list", "--config", "strict.json"]).0, 0);
}

#[test]
fn nothing_is_moved_into_a_store_in_use_or_out_of_none() {
    let shell = Shell::with_store();
    shell.call("a.db", "register", ada());
    shell.good(&["init", "--store", "sqlite:b.db", "--secret-key-file", "a.db.key"], "");
    for (from, to) in [("a.db", "b.db"), ("a.db", "a.db"), ("none.db", "c.db")] {
        let from = format!("sqlite:{from}");
        let to = format!("sqlite:{to}");
        let (status, text) = shell.exit(&["migrate", "--from", &from, "--to", &to]);
        assert_eq!(status, 9, "{text}");
    }
    assert!(!shell.0.path().join("none.db").exists() && !shell.0.path().join("c.db").exists());
    assert_eq!(shell.call("b.db", "list_users", json!({})).1["users"], json!([]));
}

#[test]
fn init_makes_a_store_and_never_overwrites_one() {
    let shell = Shell::new();
    let out = shell.good(&["init"], "");
    assert!(
        out.contains("a.db\n") && out.contains("key:  a.db.key\n") && out.contains("Keep a copy"),
        "{out}"
    );
    for name in ["a.db", "a.db.key"] {
        let mode = std::fs::metadata(shell.0.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let (status, text) = shell.bad(&["init"], "");
    assert_eq!(
        (status, text.contains("a.db: the file exists already (/store in a.json)")),
        (9, true),
        "{text}"
    );
    assert_eq!(shell.bad(&["init", "--store", "sqlite::memory:"], "").0, 9);
    // A failed `init` leaves nothing that the next one would refuse.
    let key = ["init", "--store", "sqlite:b.db", "--secret-key-file", "none/key"];
    assert_eq!(shell.bad(&key, "").0, 9);
    let made = shell.json(&["init", "--store", "sqlite:b.db"], "");
    assert_eq!(made, json!({"store": "b.db", "secret_key_file": "b.db.key"}));
}

/// One of several that begin at once makes the store. The others say that it is there, and delete nothing of it.
#[test]
fn one_init_of_many_makes_the_store() {
    let shell = Shell::new();
    let ends: Vec<_> = std::thread::scope(|scope| {
        let many: Vec<_> = (0..6).map(|_| scope.spawn(|| shell.on(&["init"], ""))).collect();
        many.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let is_refused =
        |(status, _, error): &&(i32, String, String)| *status == 9 && error.contains("exists already");
    assert_eq!(ends.iter().filter(|(status, ..)| *status == 0).count(), 1, "{ends:?}");
    assert_eq!(ends.iter().filter(is_refused).count(), 5, "{ends:?}");
    shell.good(&["user", "list"], "");
}

#[test]
fn accounts_from_a_shell() {
    let shell = Shell::with_ada();
    let ada = shell.json(&["user", "show", "ada"], "")["user"].take();
    assert_eq!((&ada["username"], &ada["roles"]), (&json!("ada"), &json!(["admin", "editor"])));
    let id = ada["id"].as_str().unwrap();
    for who in ["ADA", "Ada@EXAMPLE.com", id] {
        let out = shell.good(&["user", "show", who], "");
        assert!(out.contains(id) && out.contains("roles       admin, editor\n"), "{out}");
    }
    assert_eq!(shell.bad(&["user", "show", "nobody"], "").0, 5);
    assert_eq!(shell.login("ada", PASSWORD).0, 0);

    // The password is a line of standard input with any line ending. The engine's refusals are reported.
    let attributes = r#"{"team": "a"}"#;
    let bob = ["user", "add", "bob", "--email", "bob@example.com", "--attributes", attributes];
    assert_eq!(shell.bad(&bob, "password\n").0, 4);
    let (status, text) = shell.bad(&bob, "");
    assert_eq!((status, text.contains("standard input is not a terminal, and empty")), (64, true), "{text}");
    let bob = shell.json(&bob, &format!("{PASSWORD}\r\nmore\n"))["user"].take();
    assert_eq!((&bob["attributes"], &bob["roles"]), (&json!({"team": "a"}), &json!([])));
    assert_eq!(shell.login("bob", PASSWORD).0, 0);
    assert_eq!(shell.bad(&["user", "add", "bob", "--email", "b@example.com"], PASSWORD).0, 6);
    assert_eq!(shell.bad(&["user", "add", "eve", "--attributes", "[1]"], PASSWORD).0, 64);

    assert_eq!(shell.good(&["user", "roles", "bob", "--add", "z", "--add", "y"], ""), "y\nz\n");
    assert_eq!(shell.good(&["user", "roles", "bob", "--add", "x", "--remove", "z"], ""), "x\ny\n");
    assert_eq!(shell.good(&["user", "roles", "bob"], ""), "x\ny\n");
    shell.good(&["user", "disable", "bob"], "");
    assert_eq!(shell.login("bob", PASSWORD).0, 1);
    let rows = |arguments: &[&str]| {
        let out = shell.good(arguments, "");
        out.lines().skip(1).map(|line| line.split_whitespace().nth(1).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(rows(&["user", "list"]), ["ada", "bob"]);
    assert_eq!(rows(&["user", "list", "--disabled"]), ["bob"]);
    assert_eq!(rows(&["user", "list", "--active"]), ["ada"]);
    assert_eq!(rows(&["user", "list", "--role", "y"]), ["bob"]);
    shell.good(&["user", "set", "ada", "--external-id", "bo-1"], "");
    assert!(shell.good(&["user", "show", "ada"], "").contains("external id bo-1\n"));
    assert_eq!(shell.bad(&["user", "set", "bob", "--external-id", "bo-1"], "").0, 6);
    assert_eq!(rows(&["user", "search", "BO"]), ["bob"]);
    assert_eq!(rows(&["user", "search", "bo"]), ["ada", "bob"]);
    assert_eq!(rows(&["user", "search", "bo", "--order", "newest"]), ["bob", "ada"]);
    assert_eq!(rows(&["user", "search", "bo", "--active"]), ["ada"]);
    assert_eq!(rows(&["user", "search", "bo", "--disabled", "--role", "y"]), ["bob"]);
    shell.good(&["user", "set", "ada", "--external-id", ""], "");
    assert!(shell.good(&["user", "show", "ada"], "").contains("external id none\n"));
    let lines = shell.good(&["user", "list", "--json"], "");
    let names = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["username"].take());
    assert_eq!(names.collect::<Vec<_>>(), ["ada", "bob"]);
    shell.good(&["user", "enable", "bob"], "");
    assert_eq!(shell.login("bob", PASSWORD).0, 0);

    let (_, everything, _) = shell.on(&["user", "export", "bob"], "");
    let everything: Value = serde_json::from_str(&everything).unwrap();
    assert_eq!((&everything["user"]["username"], everything.get("next")), (&json!("bob"), None));
    assert_eq!(everything["sessions"].as_array().unwrap().len(), 2);

    // Only the named account is deleted, and never the last administrator.
    assert_eq!(shell.bad(&["user", "delete", "bob"], "y\n").0, 64);
    shell.good(&["user", "show", "bob"], "");
    shell.good(&["user", "delete", "bob", "--yes"], "");
    assert_eq!(shell.bad(&["user", "show", "bob"], "").0, 5);
    assert_eq!(shell.bad(&["user", "delete", "ada", "--yes"], "").0, 3);
    assert_eq!(shell.bad(&["user", "disable", "ada"], "").0, 3);
}

#[test]
fn an_export_of_a_person_has_every_page() {
    let shell = Shell::with_ada();
    let path = |name| shell.0.path().join(name).display().to_string();
    let config =
        json!({"store": format!("sqlite:{}", path("a.db")), "password": {"memory_kib": 8, "iterations": 1}});
    let engine = Engine::open(Config::parse(&config.to_string()).unwrap(), Hooks::default()).unwrap();
    let ada = json!({"username": "ada", "password": PASSWORD}).to_string();
    (0..1001).for_each(|_| drop(engine.call("login", &ada).unwrap()));
    drop(engine);
    let everything = shell.json(&["user", "export", "ada"], "");
    assert_eq!(everything["sessions"].as_array().unwrap().len(), 1001);
    assert_eq!(everything["events"].as_array().unwrap().len(), 1002);
    assert_eq!(everything.get("next"), None);
    let events = shell.good(&["events", "--user", "ada", "--kind", "logged_in", "--json"], "");
    assert_eq!(events.lines().count(), 1001);
}

#[test]
fn a_password_is_reset_by_hand_or_by_mail() {
    let shell = Shell::with_ada();
    assert_eq!(shell.bad(&["password", "reset", "nobody"], "x\n").0, 5);
    let out = shell.good(&["password", "reset", "ada"], "quite another one\n");
    assert!(out.contains("temporary"), "{out}");
    assert_eq!(shell.login("ada", PASSWORD).0, 1);
    let (status, answer) = shell.login("ada", "quite another one");
    assert_eq!((status, &answer["error"]["code"]), (2, &json!("password_change_required")));

    let (status, text) = shell.bad(&["password", "reset", "ada", "--mail"], "");
    assert_eq!((status, text.contains("(/mail in a.json)")), (9, true), "{text}");
    let config =
        json!({"store": "sqlite:a.db", "mail": {"links": {"reset_password": "https://app.example/{token}"}}});
    shell.write("a.json", config.to_string());
    assert!(shell.good(&["password", "reset", "ada", "--mail"], "").contains("ada@example.com"));
    let mails = shell.call("a.db", "take_mail", json!({})).1["mails"].take();
    let mut kinds: Vec<_> =
        mails.as_array().unwrap().iter().map(|mail| mail["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["password_changed", "reset_password"]);
    // The operation does not disclose why there is no mail; the command does.
    shell.good(&["user", "roles", "ada", "--remove", "editor"], "");
    let bob = ["user", "add", "bob", "--email", "bob@example.com"];
    shell.good(&bob, PASSWORD);
    shell.good(&["user", "disable", "bob"], "");
    let (status, text) = shell.bad(&["password", "reset", "bob", "--mail"], "");
    assert_eq!((status, text.contains("may not log in")), (4, true), "{text}");
}

#[test]
fn keys_for_programs_from_a_shell() {
    let shell = Shell::with_ada();
    let made = shell.good(&["service-account", "create", "nightly", "--role", "reader"], "");
    assert!(made.starts_with("nightly (") && made.ends_with(") is a service account.\n"), "{made}");
    let (status, text) = shell.bad(&["service-account", "create", "Nightly"], "");
    assert_eq!((status, text.contains("(/name)") || text.contains("(NAME)")), (6, true), "{text}");
    let create = ["api-key", "create", "nightly", "--name", "cron", "--scope", "read", "--days", "30"];
    let key = shell.good(&create, "");
    let identified = |key: &str| shell.call("a.db", "authenticate", json!({"token": key.trim()}));
    let (status, found) = identified(&key);
    assert_eq!((status, &found["user"]["username"]), (0, &json!("nightly")));
    assert_eq!((&found["api_key"]["name"], &found["api_key"]["scopes"]), (&json!("cron"), &json!(["read"])));
    assert!(found["api_key"]["expires_at"].is_i64(), "{found}");
    let (status, text) = shell.bad(&["api-key", "create", "ada", "--name", "x", "--role", "root"], "");
    assert_eq!((status, text.contains("(--role")), (3, true), "{text}");
    let of_ada = shell.json(&["api-key", "create", "ada", "--name", "laptop"], "");
    assert_eq!(identified(of_ada["key"].as_str().unwrap()).1["user"]["username"], "ada");

    let listed = shell.good(&["api-key", "list", "nightly"], "");
    assert!(listed.contains("cron") && !listed.contains(key.trim()), "{listed}");
    let id = found["api_key"]["id"].as_str().unwrap();
    assert_eq!(shell.good(&["api-key", "revoke", id], ""), "The API key is revoked.\n");
    assert_eq!(identified(&key).0, 1);
    let (status, text) = shell.bad(&["api-key", "revoke", id], "");
    assert_eq!((status, text.contains("no account has this key (ID)")), (5, true), "{text}");
}

#[test]
fn sessions_and_keys_from_a_shell() {
    let shell = Shell::with_ada();
    let client = json!({"ip": "203.0.113.7", "user_agent": "\u{1b}[2Jevil\u{202e}", "device_id": "phone"});
    let request = json!({"username": "ada", "password": PASSWORD, "client": client});
    let login = || shell.call("a.db", "login", request.clone()).1;
    let first = login();
    let second = login();
    let out = shell.good(&["session", "list", "ada"], "");
    assert_eq!(out.lines().count(), 3, "{out}");
    assert!(out.contains("203.0.113.7") && out.contains("evil\\u{202e}"), "{out}");
    let attributes = json!({"id": shell.json(&["user", "show", "ada"], "")["user"]["id"], "attributes": {"a": "\u{9b}2J\u{202e}"}});
    assert_eq!(shell.call("a.db", "update_user", attributes).0, 0);
    assert!(shell.good(&["user", "show", "ada"], "").contains("\\u{9b}2J\\u{202e}"));

    // No answer contains control sequences for the terminal.
    let call = &["call", "list_users"][..];
    for arguments in
        [&["session", "list", "ada"][..], &["user", "show", "ada"], &["user", "export", "ada"], call]
    {
        for out in [shell.good(arguments, ""), shell.good(&[arguments, &["--json"]].concat(), "")] {
            assert!(!out.contains('\u{9b}') && !out.contains('\u{202e}'), "{out}");
        }
    }
    let session = first["session_id"].as_str().unwrap();
    assert_eq!(shell.good(&["session", "revoke", session], ""), "Sessions ended: 1\n");
    // After a mistyped id the user would otherwise believe that the session has ended.
    let (status, text) = shell.bad(&["session", "revoke", session], "");
    assert_eq!((status, text.contains("no live session has this id (SESSION)")), (5, true), "{text}");
    let seen = |login: &Value| {
        shell.call("a.db", "introspect", json!({"token": login["access_token"]})).1["active"].take()
    };
    assert_eq!((seen(&first), seen(&second)), (json!(false), json!(true)));
    assert_eq!(shell.json(&["session", "revoke", "--user", "ada"], ""), json!({"revoked": 1}));
    assert_eq!(seen(&second), json!(false));
    assert_eq!(shell.bad(&["session", "revoke"], "").0, 64);

    let rotated = shell.json(&["keys", "rotate"], "");
    assert!(rotated["kid"].is_string() && rotated["previous"].is_string());
    assert_eq!(shell.bad(&["keys", "rotate", "--backend", "none"], "").0, 4);
    let keys = shell.json(&["keys", "list"], "");
    let kids: Vec<&Value> = keys["signing_keys"].as_array().unwrap().iter().map(|key| &key["kid"]).collect();
    assert_eq!(kids, [&rotated["kid"], &rotated["previous"]]);
    let out = shell.good(&["keys", "list"], "");
    let [names, signs, verifies, "", titles, secret] = out.lines().collect::<Vec<_>>()[..] else {
        panic!("{out}")
    };
    assert!(
        names.starts_with("KID ") && titles.starts_with("SECRET KEY ") && secret.ends_with("current"),
        "{out}"
    );
    assert!(signs.contains("  default  HS256  20") && signs.ends_with("  signs"), "{out}");
    assert!(
        verifies.contains(rotated["previous"].as_str().unwrap()) && verifies.ends_with("  verifies"),
        "{out}"
    );

    let third = login();
    assert_eq!(shell.bad(&["keys", "rotate", "--retire-now"], "").0, 64, "nobody is asked");
    assert_eq!(shell.bad(&["keys", "rotate", "--keep-totp"], "").0, 64);
    assert_eq!(
        shell.bad(&["keys", "rotate", "--retire-now", "--keep-totp", "--backend", "default"], "").0,
        64
    );
    assert_eq!(seen(&third), json!(true));
    let out = shell.good(&["keys", "rotate", "--retire-now", "--yes"], "");
    assert!(out.contains("Retired signing keys: 2; secret keys: 0.\nEnded sessions: 1;"), "{out}");
    assert!(out.contains("No secret key was retired: the first one stays in use."), "{out}");
    assert_eq!(seen(&third), json!(false));
    let retired = shell.json(&["keys", "rotate", "--retire-now", "--keep-totp", "--yes"], "");
    assert_eq!(retired["retired"]["signing_keys"], 1);
    let retired = shell.json(&["keys", "rotate", "--retire-now", "--backend", "default", "--yes"], "");
    assert_eq!(retired["retired"]["signing_keys"], 1);
    let out = shell.good(&["keys", "rotate", "--retire-now", "--backend", "default", "--yes"], "");
    assert!(!out.contains("No secret key"), "nobody asked for one: {out}");
    shell.write("a.json", r#"{"store": "sqlite:a.db", "signing_algorithm": "ES256"}"#);
    assert_eq!(shell.bad(&["keys", "list"], "").0, 9, "the store has HS256");
    shell.good(&["settings", "adopt"], "");
    let out = shell.good(&["keys", "list"], "");
    assert!(out.contains("  ES256  "), "{out}");

    let old = std::fs::read_to_string(shell.0.path().join("a.db.key")).unwrap();
    let keys = json!({"store": "sqlite:a.db", "secret_keys": ["a new key of thirty-two bytes, and more", old.trim()]});
    shell.write("a.json", keys.to_string());
    let out = shell.good(&["keys", "rotate", "--retire-now", "--yes"], "");
    assert!(out.contains("; secret keys: 1.\n") && !out.contains("No secret key"), "{out}");
}

/// Changes the secret key by files, as the guide says. Everything that the old key made stays valid while it
/// is listed.
#[test]
fn a_secret_key_changes_by_files() {
    let shell = Shell::with_ada();
    let (_, login) = shell.login("ada", PASSWORD);
    let made = shell.json(&["keys", "new-secret", "new.key"], "");
    assert_eq!(made, json!({"secret_key_file": "new.key"}));
    let path = shell.0.path().join("new.key");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!((mode & 0o777, text.trim().len()), (0o600, 43));
    let (status, out) = shell.bad(&["keys", "new-secret", "new.key"], "");
    assert_eq!(
        (
            status,
            out.contains("FILE new.key: the file exists already"),
            std::fs::read_to_string(&path).unwrap()
        ),
        (9, true, text)
    );
    assert_eq!(shell.bad(&["keys", "new-secret", "none/new.key"], "").0, 9);

    let both = ["--secret-key-file", "new.key", "--secret-key-file", "a.db.key"];
    assert_eq!(shell.bad(&[&both[..2], &["keys", "list"]].concat(), "").0, 9);
    let refresh = |files: &[&str], token: &Value| {
        let request = json!({"refresh_token": token}).to_string();
        let (status, out, _) = shell.on(&[files, &["call", "refresh", "-"]].concat(), &request);
        (status, serde_json::from_str::<Value>(&out).unwrap())
    };
    let (status, second) = refresh(&both, &login["refresh_token"]);
    assert_eq!(status, 0, "{second}");
    // The same by the configuration, and then without the old key.
    shell.write(
        "a.json",
        json!({"store": "sqlite:a.db", "secret_key_files": ["new.key", "a.db.key"]}).to_string(),
    );
    let (status, third) = refresh(&[], &second["refresh_token"]);
    assert_eq!(status, 0, "{third}");
    let out = shell.good(&["keys", "list"], "");
    assert!(out.lines().any(|line| line.contains("  listed   ") && line.ends_with("  nothing")), "{out}");
    // The store knows which key is current, in any order of the list.
    let turned = ["--secret-key-file", "a.db.key", "--secret-key-file", "new.key", "keys", "list"];
    assert_eq!(shell.good(&turned, ""), out);
    assert_eq!(refresh(&both[..2], &third["refresh_token"]).0, 0);
    let retired = shell.json(&["keys", "rotate", "--retire-now", "--yes"], "")["retired"].take();
    assert_eq!(retired["secret_keys"], 1);
    assert_eq!(refresh(&both[..2], &third["refresh_token"]).0, 1);
}

/// Problems with an account are reported before its password is asked for.
#[test]
fn an_account_is_judged_before_its_password_is_asked_for() {
    let shell = Shell::with_ada();
    for (arguments, status, code, field) in [
        (&["ada", "--email", "b@example.com"][..], 6, "username_taken", ""),
        (&["bob", "--email", "ADA@example.com"], 6, "email_taken", ""),
        (&["bob@example.com", "--email", "b@example.com"], 4, "invalid_request", "/username"),
        (&["bob", "--email", "example.com"], 4, "invalid_request", "/email"),
        (&["bob"], 4, "invalid_request", "/email"),
        (&["bob", "--email", "b@example.com", "--role", ""], 4, "invalid_request", "/roles"),
        (&["bob", "--email", "b@example.com", "--locale", "?"], 4, "invalid_request", "/locale"),
    ] {
        let mut child = shell.start(&[&["--json", "user", "add"], arguments].concat());
        // Nothing is typed.
        let input = child.stdin.take();
        let output = child.wait_with_output().unwrap();
        drop(input);
        let body: Value = serde_json::from_slice(&output.stdout).unwrap();
        let error = &body["error"];
        assert_eq!(
            (output.status.code(), &error["code"]),
            (Some(status), &json!(code)),
            "{arguments:?}: {body}"
        );
        assert!(error["field"].as_str().unwrap_or_default().starts_with(field), "{body}");
    }
    assert_eq!(shell.good(&["user", "list"], "").lines().count(), 2);
}

/// A signal ends the following of the log, too.
#[test]
fn what_follows_the_log_is_ended_by_a_signal() {
    let shell = Shell::with_ada();
    for number in [libc::SIGINT, libc::SIGTERM] {
        let mut child = shell.start(&["--json", "events", "--follow"]);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.next().unwrap().contains("registered"));
        signal(&child, number);
        assert!(lines.next().unwrap().contains(r#"{"error":{"code":"interrupted","#));
        assert_eq!(child.wait().unwrap().signal(), Some(number));
    }
}

/// The address of a store, given in place of a file's path.
const URL: &str = "postgres://door:s3cret@h/db";
const AT_URL: &str = "@postgres://door:s3cret@h/db";

#[test]
fn backups_maintenance_and_the_log_from_a_shell() {
    let shell = Shell::with_ada();
    let (_, login) = shell.login("ada", PASSWORD);
    let out = shell.good(&["backup", "copy.db"], "");
    assert!(out.contains("copy.db") && out.contains("a.db.key"), "{out}");
    assert_eq!(shell.bad(&["backup", "copy.db"], "").0, 9);
    assert_eq!(shell.json(&["backup", "copy2.db"], "")["bytes"].as_u64().map(|bytes| bytes > 0), Some(true));
    let (status, seen) = shell.call("copy.db", "introspect", json!({"token": login["access_token"]}));
    assert_eq!((status, &seen["active"]), (0, &json!(true)));

    assert!(shell.good(&["maintain"], "").contains("sessions                      0\n"));
    let maintained = shell.json(&["maintain", "--budget-ms", "60000"], "");
    assert_eq!((&maintained["complete"], &maintained["purged"]["events"]), (&json!(true), &json!(0)));
    assert_eq!(shell.bad(&["maintain", "--budget-ms", "0"], "").0, 4);

    let out = shell.good(&["events"], "");
    assert!(out.starts_with("AT ") && out.contains("  registered") && out.contains("logged_in"), "{out}");
    let id = login["user"]["id"].as_str().unwrap();
    let bob = ["user", "add", "bob", "--email", "bob@example.com"];
    let bob = shell.json(&bob, PASSWORD)["user"]["id"].as_str().unwrap().to_owned();
    shell.good(&["user", "delete", "bob", "--yes"], "");
    let kinds = |user: &str| -> Vec<String> {
        let out = shell.good(&["events", "--user", user, "--json"], "");
        let kind =
            |line: &str| serde_json::from_str::<Value>(line).unwrap()["kind"].as_str().unwrap().to_owned();
        out.lines().map(kind).collect()
    };
    assert_eq!(kinds("ada"), ["registered", "logged_in"]);
    assert_eq!(kinds(id), kinds("ada"));
    // A deleted account is found by its id.
    assert_eq!(kinds(&bob), ["registered", "user_deleted"]);
    assert_eq!(shell.bad(&["events", "--user", "bob"], "").0, 5);
    assert_eq!(shell.bad(&["events", "--kind", "none"], "").0, 64);

    for name in ["bash", "zsh", "fish"] {
        assert!(shell.good(&["completion", name], "").contains("rotate"), "{name}");
    }
}

/// The manual has a page for each command, with its options and examples.
#[test]
fn the_manual_is_written_from_the_commands() {
    let shell = Shell::new();
    shell.good(&["man", "manual"], "");
    let page = |name: &str| std::fs::read_to_string(shell.0.path().join("manual").join(name)).unwrap();
    assert!(page("doorward.1").contains(r"doorward\-user(1)"));
    assert!(page("doorward-keys.1").contains(r"doorward\-keys\-rotate(1)"));
    let rotate = page("doorward-keys-rotate.1");
    assert!(
        rotate.contains(r"\fB\-\-retire\-now\fR") && rotate.contains("doorward keys rotate\n"),
        "{rotate}"
    );
    let (_, help) = shell.exit(&["--help"]);
    assert!(!help.contains("manual pages") && help.contains("Examples:\n  doorward init\n"), "{help}");
    let (status, text) = shell.bad(&["man", "a.json"], "");
    assert_eq!((status, text.contains("a.json")), (9, true), "{text}");
}

/// At a terminal a password is asked for twice and not shown, and a deletion has to be confirmed.
#[test]
fn a_terminal_shows_no_password() {
    let shell = Shell::new();
    shell.good(&["init"], "");
    let script = r#"
import os, pty, re, signal, sys, termios
# Fails rather than to wait for ever.
signal.alarm(120)
def is_waiting(pid):
    status = open(f"/proc/{pid}/status").read()
    return re.search(r"^State:\tS", status, re.M) and not re.search(r"^(Sig|Shd)Pnd:\t0*[1-9a-f]", status, re.M)
def converse(answers, *arguments):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.argv[1], [sys.argv[1], "--config", "a.json", *arguments])
    shown = b""
    for question, answer in answers:
        while question not in shown:
            shown += os.read(terminal, 1000)
        shown = shown.replace(question, b"", 1)
        # Nobody types faster than that.
        while question.endswith(b": ") and termios.tcgetattr(terminal)[3] & termios.ECHO:
            pass
        if isinstance(answer, bytes):
            os.write(terminal, answer if answer < b" " else answer + b"\n")
        else:
            os.kill(pid, answer)
            # It waits for an answer again, or has ended.
            while answer == signal.SIGTSTP and not is_waiting(pid):
                pass
    try:
        while more := os.read(terminal, 1000):
            shown += more
    except OSError:
        pass
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), repr(shown))
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
add = ("user", "add", "ada", "--email", "ada@example.com")
password = b"eight wise words"
converse([(b"ada: ", password), (b"again: ", b"eight other words")], *add)
converse([(b"ada: ", password), (b"again: ", password)], *add)
converse([(b"[y/N] ", b"n")], "user", "delete", "ada")
# Ctrl-C at each question: the terminal shows again what is typed. Ctrl-Z and Ctrl-\ do nothing there.
reset = ("password", "reset", "ada")
for answers in [(b"\x1a\x1c\x03",)], [(password,), (b"\x03",)]:
    questions = [(b"): ", *answers[0]), *((b"again: ", *answer) for answer in answers[1:])]
    assert converse(questions, *reset), "the terminal shows nothing any more"
assert converse([(b"): ", b"\x03")], "--json", *reset)
converse([(b"[y/N] ", b"\x03")], "user", "delete", "ada")
converse([(b"): ", signal.SIGTERM)], *reset)
converse([(b"): ", b"\x04")], *reset)
# A signal that does nothing is no answer.
converse([(b"): ", signal.SIGTSTP), (b"", b"\x03")], *reset)
converse([(b"[y/N] ", b"y")], "user", "delete", "ada")
"#;
    let output = Command::new("python3")
        .args(["-c", script, env!("CARGO_BIN_EXE_doorward")])
        .current_dir(shell.0.path())
        .output()
        .unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let codes: Vec<&str> = text.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(codes, ["64", "0", "64", "-2", "-2", "-2", "-2", "-15", "64", "-2", "0"], "{text}");
    assert_eq!(text.matches("interrupted, nothing is changed").count(), 6, "{text}");
    assert_eq!(text.matches(r#"{"error":{"code":"interrupted","#).count(), 1, "{text}");
    assert!(text.contains("the two passwords differ") && !text.contains("eight"), "{text}");
}

/// The command beside an application that has the store open, with the same configuration.
struct Beside<'a> {
    store: &'a Store,
    application: Engine,
}

impl Beside<'_> {
    fn new(store: &Store, keys: Value) -> Beside<'_> {
        let config =
            stores::config(store.url(), json!({"password": {"memory_kib": 8, "iterations": 1}}), keys);
        let config = config.to_string();
        std::fs::write(store.path().join("doorward.json"), &config).unwrap();
        let application = Engine::open(Config::parse(&config).unwrap(), Hooks::default()).unwrap();
        Beside { store, application }
    }

    /// Returns the exit code and the whole output.
    fn run(&self, arguments: &[&str], input: &str) -> (i32, String) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_doorward"))
            .args(["--config", "doorward.json"])
            .args(arguments)
            .current_dir(self.store.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code().unwrap(), text)
    }

    fn good(&self, arguments: &[&str]) -> String {
        let (status, text) = self.run(arguments, "");
        assert_eq!(status, 0, "{arguments:?}: {text}");
        text
    }

    fn login(&self, password: &str) -> Result<String, doorward::Error> {
        self.application.call("login", &json!({"username": "ada", "password": password}).to_string())
    }
}

on_each_store!(the_way_back_of_a_user_who_lost_everything);
fn the_way_back_of_a_user_who_lost_everything(store: &Store) {
    let beside = Beside::new(store, json!({}));
    beside.application.call("register", &ada().to_string()).unwrap();
    // The last administrator cannot be locked.
    let mut grace = ada();
    grace["username"] = json!("grace");
    grace["email"] = json!("grace@example.com");
    beside.application.call("register", &grace.to_string()).unwrap();
    let remove = ["user", "remove-second-factors", "ada", "--reason", "lost the phone"];
    assert_eq!(beside.run(&remove, "").0, 64, "it asks for confirmation");
    let out = beside.good(&[remove.as_slice(), &["--factor", "totp", "--yes"]].concat());
    let none = "authenticator apps: 0; passkeys: 0; recovery codes: 0.\nEnded sessions: 0.\n";
    assert!(out.starts_with("Removed from ada (") && out.ends_with(none), "{out}");
    assert_eq!(beside.run(&["user", "lock", "ada"], "").0, 64, "it needs a reason");
    let out = beside.good(&["user", "lock", "ada", "--reason", "the laptop was stolen"]);
    assert!(out.ends_with(" is locked; its sessions ended.\n"), "{out}");
    assert!(beside.login(PASSWORD).is_err());
    let out = beside.good(&["events"]);
    assert!(out.contains("account_locked") && out.contains("the laptop was stolen"), "{out}");
    beside.good(&["user", "enable", "ada"]);
    beside.login(PASSWORD).unwrap();
}

on_each_store!(why_ada_cannot_log_in);
fn why_ada_cannot_log_in(store: &Store) {
    let beside = Beside::new(store, json!({"require_verified_email": true}));
    beside.application.call("register", &ada().to_string()).unwrap();
    let open = "Nothing about the account keeps ada from logging in.";

    let out = beside.good(&["user", "show", "ada"]);
    assert!(out.contains("ada cannot log in:\n- Its e-mail address is not verified"), "{out}");
    assert_eq!(beside.run(&["user", "verify-email", "ada"], "").0, 64, "it asks for confirmation");
    beside.good(&["user", "verify-email", "ada", "--yes"]);
    assert!(beside.good(&["user", "show", "ada"]).contains("e-mail      ada@example.com (verified)\n"));
    assert_eq!(beside.run(&["user", "verify-email", "ada"], "").0, 64, "its user has proven no address yet");
    let out = beside.good(&["user", "show", "ada"]);
    assert!(out.contains(open) && out.contains("password    argon2id (m=8,t=1,p=1)\n"), "{out}");
    assert!(out.contains("identities  none\nlast login  never\nsessions    0\nmails       none\n"), "{out}");
    beside.login(PASSWORD).unwrap();

    for _ in 0..10 {
        beside.login("not the password").unwrap_err();
    }
    let out = beside.good(&["user", "show", "ada"]);
    let lock = "- It refuses passwords, after 10 failures in a row, until 20";
    let page = include_str!("../../../docs/cannot-log-in.md");
    assert!(page.contains(lock) && page.contains("Z. To unlock it now: doorward user unlock ada\n"));
    assert!(out.contains(lock) && out.contains("Z. To unlock it now: doorward user unlock ada\n"), "{out}");
    let listed = beside.good(&["user", "list", "--locked"]);
    assert!(listed.contains("ada@example.com"), "{listed}");
    assert!(beside.login(PASSWORD).is_err());
    assert!(beside.good(&["user", "unlock", "ada"]).contains("is unlocked"));
    assert!(beside.good(&["user", "unlock", "ada"]).contains("was not locked"));
    assert!(beside.good(&["user", "show", "ada"]).contains(open));
    assert!(!beside.good(&["user", "list", "--locked"]).contains("ada"));
    let login: Value = serde_json::from_str(&beside.login(PASSWORD).unwrap()).unwrap();

    let out = beside.good(&["--json", "user", "show", "ada"]);
    let shown: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(shown["user"], login["user"]);
    assert_eq!((&shown["status"]["obstacles"], &shown["status"]["sessions"]), (&json!([]), &json!(2)));
    assert!(shown["status"]["last_login_at"].is_i64());

    let out = beside.good(&["stats"]);
    assert!(out.contains("active accounts                       1\nbytes "), "{out}");
    let figures: Value = serde_json::from_str(&beside.good(&["--json", "stats"])).unwrap();
    assert_eq!((&figures["sessions"], &figures["estimated"]), (&json!(2), &json!([])));
    let out = beside.good(&["stats", "--prometheus"]);
    assert!(out.starts_with("# HELP doorward_accounts ") && out.contains("\ndoorward_sessions 2\n"), "{out}");

    // Members that are not given stay.
    let set = [
        "user",
        "set",
        "ada",
        "--email",
        "ada@example.org",
        "--locale",
        "de-AT",
        "--must-change-password",
        "true",
    ];
    beside.good(&set);
    let out = beside.good(&["user", "show", "ada"]);
    assert!(
        out.contains("e-mail      ada@example.org (not verified)\n") && out.contains("requires a new one"),
        "{out}"
    );
    assert!(out.contains("- Its e-mail address is not verified"), "{out}");
    assert_eq!(beside.run(&["user", "set", "ada"], "").0, 64, "nothing is given");
    assert_eq!(beside.run(&["user", "set", "ada", "--attributes", "[]"], "").0, 64);
    let taken = json!({"username": "bob", "email": "bob@example.com", "password": PASSWORD});
    beside.application.call("register", &taken.to_string()).unwrap();
    assert_eq!(beside.run(&["user", "set", "bob", "--username", "ADA"], "").0, 6);

    // The access of the account's creator is removed, and the address stays verified for its user.
    let out = beside.good(&["user", "verify-email", "bob", "--reclaim", "--yes"]);
    assert!(out.contains("password and sessions were removed"), "{out}");
    assert!(
        beside.good(&["user", "show", "bob"]).contains("- It has no password: doorward password reset bob\n")
    );
    assert_eq!(
        beside.run(&["user", "verify-email", "bob", "--reclaim", "--yes"], "").0,
        0,
        "bob has proven nothing since"
    );
}

on_each_store!(what_doctor_looks_at_is_on_the_page);
fn what_doctor_looks_at_is_on_the_page(store: &Store) {
    let link = "https://door.example/{token}";
    let links = json!({"verify_email": link, "reset_password": link, "change_email": link});
    let mail = json!({"from": "door@example.com", "smtp": {"host": "127.0.0.1"}, "links": links});
    let beside = Beside::new(store, json!({"mail": mail}));
    let doctor = beside.run(&["--json", "doctor"], "").1;
    let doctor: Value = serde_json::from_str(doctor.lines().next().unwrap()).unwrap();
    let page = include_str!("../../../docs/observability.md").split_once("## Judgement: `doctor`").unwrap().1;
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")).collect::<Vec<_>>();
    let findings = doctor["findings"].as_array().unwrap();
    assert!(findings.len() > 15, "{doctor}");
    for finding in findings {
        let name = format!("{}`", finding["check"].as_str().unwrap());
        let is_told = |row: &&str| row.split(" | ").next().unwrap().split(", `").any(|check| check == name);
        assert!(rows.iter().any(is_told), "{name}");
    }
}

/// A name with shell metacharacters is not part of a suggested command.
#[test]
fn what_is_suggested_can_be_copied() {
    let shell = Shell::new();
    shell.good(&["init"], "");
    shell.good(&["user", "add", "$(reboot)", "--email", "r@example.com"], PASSWORD);
    shell.good(&["user", "disable", "$(reboot)"], "");
    let id = shell.json(&["user", "show", "$(reboot)"], "")["user"]["id"].as_str().unwrap().to_owned();
    let out = shell.good(&["user", "show", "$(reboot)"], "");
    assert!(out.contains(&format!("- It is disabled: doorward user enable {id}\n")), "{out}");
}
