//! Tests of `backup` and `restore` beside an application.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;

use doorward::{Config, Engine, Hooks};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::{PASSWORD, Shell, signal};

impl Shell {
    /// Returns the names in the folder.
    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.path().join(name)).unwrap()
    }

    /// Opens an application on the first store.
    fn application(&self) -> Engine {
        let path = |name| self.0.path().join(name).display().to_string();
        let config = json!({"store": format!("sqlite:{}", path("a.db")), "secret_key_file": path("a.db.key"),
            "password": {"memory_kib": 64, "iterations": 1}});
        Engine::open(Config::parse(&config.to_string()).unwrap(), Hooks::default()).unwrap()
    }

    fn is_active(&self, login: &Value) -> bool {
        self.call("a.db", "introspect", json!({"token": login["access_token"]})).1["active"] == true
    }

    /// Makes a backup with ada and her session, and a store that also has bob and in which she changed her
    /// password.
    fn with_a_backup() -> (Shell, Value) {
        let shell = Shell::with_ada();
        let (_, login) = shell.login("ada", PASSWORD);
        shell.good(&["backup", "backup.db"], "");
        shell.good(&["user", "add", "bob", "--email", "bob@example.com"], &format!("{PASSWORD}\n"));
        let change = json!({"token": login["access_token"], "old_password": PASSWORD,
            "new_password": "nine wiser words"});
        assert_eq!(shell.call("a.db", "change_password", change).0, 0);
        (shell, login)
    }

    fn has(&self, name: &str) -> bool {
        self.on(&["user", "show", name], "").0 == 0
    }

    fn kinds(&self) -> Vec<String> {
        let events = self.good(&["events", "--json"], "");
        let kind =
            |line: &str| serde_json::from_str::<Value>(line).unwrap()["kind"].as_str().unwrap().to_owned();
        events.lines().map(kind).collect()
    }

    /// Returns the names of files that belong neither to the first store nor to its backup.
    fn litter(&self) -> Vec<String> {
        let known = ["a.db", "a.db-shm", "a.db-wal", "a.db.key", "a.json", "backup.db"];
        self.names().into_iter().filter(|name| !known.contains(&name.as_str())).collect()
    }
}

#[test]
fn a_backup_takes_the_place_of_the_store() {
    let (shell, login) = Shell::with_a_backup();
    assert!(!shell.is_active(&login));
    let out = shell.good(&["restore", "backup.db"], "");
    assert!(
        out.contains("The store was restored from backup.db.") && out.contains("revoked or\nchanged since"),
        "{out}"
    );
    assert!(!shell.has("bob") && shell.login("ada", PASSWORD).0 == 0);
    assert!(shell.is_active(&login), "as the page says");
    assert_eq!(shell.kinds().iter().filter(|kind| *kind == "store_restored").count(), 1);

    // The replaced store is kept as a whole, under a dated name.
    let [kept] = &shell.litter()[..] else { panic!("{:?}", shell.names()) };
    assert!(kept.starts_with("a.db.before-20") && kept.ends_with("Z") && out.contains(kept), "{kept}: {out}");
    let (_, users) = shell.call(kept, "list_users", json!({}));
    assert_eq!(users["users"].as_array().unwrap().len(), 2);

    // Restoring also works where there is no store.
    fs::remove_file(shell.0.path().join("a.db")).unwrap();
    let answer = shell.json(&["restore", "backup.db"], "");
    assert_eq!(answer, json!({"kept": null, "retired": null, "sessions": null}));
    assert!(shell.has("ada"));
    let mode = fs::metadata(shell.0.path().join("a.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// The one step that ends everything the backup brings back.
#[test]
fn what_was_revoked_since_the_backup_ends_with_its_restoring() {
    let (shell, login) = Shell::with_a_backup();
    let answer = shell.json(&["restore", "backup.db", "--end-all-sessions"], "");
    assert_eq!((&answer["sessions"], &answer["retired"]), (&json!(1), &Value::Null));
    assert!(!shell.is_active(&login));
    let ended = |kinds: Vec<String>| kinds.iter().filter(|kind| *kind == "sessions_revoked").count();
    assert_eq!(ended(shell.kinds()), 1);

    let (_, later) = shell.login("ada", PASSWORD);
    let keys = shell.good(&["restore", "backup.db", "--retire-keys"], "");
    assert!(
        keys.contains("Retired signing keys: 1; secret keys: 0.") && !keys.contains("brings back"),
        "{keys}"
    );
    let verified = shell.call("a.db", "verify", json!({"token": later["access_token"]}));
    assert_eq!(verified.0, 1, "{verified:?}");
    let both = shell.json(&["restore", "backup.db", "--retire-keys", "--end-all-sessions"], "");
    assert_eq!(both["retired"]["sessions"], 1);
    assert_eq!(shell.login("ada", PASSWORD).0, 0);
}

#[test]
fn everybodys_sessions_end() {
    let shell = Shell::with_ada();
    let (_, login) = shell.login("ada", PASSWORD);
    assert_eq!(shell.good(&["session", "revoke", "--all"], ""), "Sessions ended: 1\n");
    assert!(!shell.is_active(&login));
    assert_eq!(shell.json(&["session", "revoke", "--all"], ""), json!({"revoked": 0}));
    assert_eq!(shell.bad(&["session", "revoke", "--all", "--user", "ada"], "").0, 64);
}

/// A store that another process has open is not replaced: an application before and after its first call, or
/// another program.
#[test]
fn a_store_that_is_open_is_not_replaced() {
    let (shell, _) = Shell::with_a_backup();
    let refused = |who: &str| {
        let (status, text) = shell.bad(&["restore", "backup.db"], "");
        assert_eq!((status, text.contains("the store is open")), (8, true), "{who}: {text}");
        assert_eq!(shell.litter(), [] as [&str; 0], "{who}");
    };
    let application = shell.application();
    refused("an application");
    application.call("list_users", "{}").unwrap();
    refused("an application that has read");
    drop(application);
    let other = Connection::open(shell.0.path().join("a.db")).unwrap();
    other.execute_batch("BEGIN; SELECT count(*) FROM users").unwrap();
    refused("another program that reads");
    other.execute_batch("COMMIT; BEGIN IMMEDIATE").unwrap();
    refused("another program that writes");
    drop(other);
    assert!(shell.has("bob"));
    shell.good(&["restore", "backup.db"], "");
}

/// Removes a row from an index. Every page stays valid.
fn lose_a_row(shell: &Shell, name: &str) {
    let index = Connection::open(shell.0.path().join(name)).unwrap();
    index
        .execute_batch(
            "PRAGMA writable_schema = ON; \
             UPDATE sqlite_schema SET sql = replace(sql, '(is_active, id)', '(is_active, id) WHERE 0') \
             WHERE name = 'users_by_activity'; PRAGMA writable_schema = RESET; DELETE FROM sessions",
        )
        .unwrap();
    index.execute_batch("UPDATE users SET is_active = 1 - is_active").unwrap();
    index
        .execute_batch(
            "PRAGMA writable_schema = ON; \
             UPDATE sqlite_schema SET sql = replace(sql, ' WHERE 0', '') WHERE name = 'users_by_activity'; \
             PRAGMA writable_schema = RESET",
        )
        .unwrap();
}

#[test]
fn what_is_no_backup_is_not_restored() {
    let (shell, _) = Shell::with_a_backup();
    let whole = shell.bytes("backup.db");
    let mut torn = whole.clone();
    torn[4096 * 3..4096 * 5].fill(0x5a);
    shell.write("torn", torn);
    shell.write("short", &whole[..whole.len() / 2]);
    shell.write("text", "no database");
    shell.write("empty", "");
    shell.write("log-wal", "half of it is here");
    shell.write("log", &whole);
    let other = Connection::open(shell.0.path().join("other")).unwrap();
    other.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(other);
    shell.write("index", &whole);
    lose_a_row(&shell, "index");
    shell.write("lacking", &whole);
    let lacking = Connection::open(shell.0.path().join("lacking")).unwrap();
    lacking.execute_batch("DROP TABLE known_devices").unwrap();
    drop(lacking);
    let before = (shell.bytes("a.db"), shell.names());
    for (name, why) in [
        ("torn", ""),
        ("short", ""),
        ("text", "not a database"),
        ("empty", "empty"),
        ("log", "log-wal belongs to it"),
        ("other", "another program"),
        ("index", "users_by_activity"),
        ("lacking", "are missing: table known_devices, index known_devices_by_user"),
        ("a.db", "the store itself"),
        (".", "not a file"),
    ] {
        let (status, text) = shell.bad(&["restore", name], "");
        assert_eq!((status, text.contains(why)), (4, true), "{name}: {text}");
        assert!(text.contains(&format!("(BACKUP {name})")), "{name}: {text}");
    }
    let (status, text) = shell.bad(&["restore", "none"], "");
    assert_eq!((status, text.contains("BACKUP none: No such file or directory\n")), (9, true), "{text}");
    shell.write("key", "another key of thirty-two bytes!!");
    let (status, text) = shell.bad(&["restore", "backup.db", "--secret-key-file", "key"], "");
    assert_eq!(status, 9, "{text}");
    fs::remove_file(shell.0.path().join("key")).unwrap();
    let (status, text) = shell.bad(&["restore", "backup.db", "--store", "sqlite:none/a.db"], "");
    assert_eq!(status, 9, "{text}");
    assert_eq!((shell.bytes("a.db"), shell.names()), before);
}

/// Damage with which a store opens, and damage with which it does not open.
#[test]
fn the_doctor_tells_of_damage_and_of_what_mends_it() {
    let (shell, _) = Shell::with_a_backup();
    let whole = shell.bytes("a.db");
    let damage = |what: &str, words: &str| {
        let (status, text) = shell.exit(&["doctor", "--integrity", "--config", "a.json"]);
        assert_eq!(status, 9, "{what}: {text}");
        let is_told = |line: &str| line.starts_with("problem") && line.contains(" integrity ");
        let line = text.lines().find(|line| is_told(line)).unwrap_or_else(|| panic!("{what}: {text}"));
        assert!(line.contains(words) && line.contains("`doorward restore BACKUP`"), "{what}: {line}");
        assert!(!line.contains("***") && !line.contains("\\u{a}"), "{what}: {line}");
        let json = shell.exit(&["doctor", "--integrity", "--json", "--config", "a.json"]).1;
        assert!(json.contains(r#""check":"integrity""#) && json.contains(r#""version""#), "{what}: {json}");
        // The message does not suggest trying again.
        let (status, text) = shell.bad(&["backup", "torn.db", "--verify"], "");
        assert_eq!(status, 9, "{what}: {text}");
    };
    lose_a_row(&shell, "a.db");
    damage("an index", "users_by_activity");
    for page in [0, 1, 2, 3, 4, 8] {
        let mut torn = whole.clone();
        torn[4096 * page..4096 * (page + 1)].fill(0x5a);
        shell.write("a.db", torn);
        damage(&format!("page {page}"), "");
    }
    shell.write("a.db", "no database");
    damage("a text", "not a database");
    let (status, text) = shell.bad(&["user", "list"], "");
    assert_eq!((status, text.contains("/store")), (9, true), "{text}");
    shell.good(&["restore", "backup.db"], "");
    assert!(!shell.exit(&["doctor", "--integrity", "--config", "a.json"]).1.contains("damaged"));
}

/// A log that a killed application left; a log of another file; a damaged store.
#[test]
fn what_is_in_pieces_is_kept_in_pieces() {
    let (shell, _) = Shell::with_a_backup();
    let path = |name: &str| shell.0.path().join(name);
    // A log of another state of the file.
    let application = shell.application();
    application.call("revoke_all_sessions", "{}").unwrap();
    let log = shell.bytes("a.db-wal");
    drop(application);
    fs::copy(path("backup.db"), path("a.db")).unwrap();
    shell.write("a.db-wal", &log);
    let (status, text) = shell.bad(&["user", "list"], "");
    assert_eq!((status, text.contains("a.db-wal belongs to another")), (9, true), "{text}");
    shell.good(&["restore", "backup.db"], "");
    let kept = shell.litter();
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(kept[1].ends_with("Z-wal") && kept[1].starts_with(&kept[0]), "{kept:?}");
    assert_eq!(shell.bytes(&kept[1]), log);
    assert!(shell.has("ada"));

    // A log without its file, and a file that is no longer a database.
    for name in &kept {
        fs::remove_file(path(name)).unwrap();
    }
    fs::remove_file(path("a.db")).unwrap();
    shell.write("a.db-wal", &log);
    shell.good(&["restore", "backup.db"], "");
    let kept = shell.litter();
    assert_eq!((kept.len(), shell.bytes(&kept[0])), (1, log));
    fs::remove_file(path(&kept[0])).unwrap();
    shell.write("a.db", "no database");
    let before = fs::metadata(path("a.db")).unwrap();
    fs::set_permissions(path("a.db"), fs::Permissions::from_mode(0o640)).unwrap();
    shell.good(&["restore", "backup.db"], "");
    let kept = shell.litter();
    assert_eq!((kept.len(), shell.bytes(&kept[0])), (1, b"no database".to_vec()));
    // Users who could use the old file can use the new one.
    let after = fs::metadata(path("a.db")).unwrap();
    assert_eq!((after.uid(), after.gid(), after.mode() & 0o777), (before.uid(), before.gid(), 0o640));
    assert!(shell.has("ada"));
}

#[test]
fn a_backup_is_verified_before_it_has_its_name() {
    let (shell, _) = Shell::with_a_backup();
    let out = shell.good(&["backup", "b.db", "--verify"], "");
    assert!(
        out.contains("complete, opens with the secret key, and has 2 accounts, 0 live sessions, "),
        "{out}"
    );
    let answer = shell.json(&["backup", "c.db", "--verify"], "");
    assert_eq!((&answer["verified"]["users"], &answer["verified"]["sessions"]), (&json!(2), &json!(0)));
    // A damaged store cannot be copied.
    let mut torn = shell.bytes("a.db");
    torn[4096 * 3..4096 * 5].fill(0x5a);
    shell.write("a.db", torn);
    let before = shell.names();
    let (status, text) = shell.bad(&["backup", "d.db", "--verify"], "");
    assert_eq!((status, text.contains("damaged")), (9, true), "{text}");
    assert_eq!(shell.names(), before);
}

/// Signals end the commands, which clean up.
#[test]
fn a_signal_leaves_nothing_half_done() {
    let (shell, _) = Shell::with_a_backup();
    let large = Connection::open(shell.0.path().join("a.db")).unwrap();
    large
        .execute_batch(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 40000) \
             INSERT INTO events (id, at, kind, detail) SELECT randomblob(16), 1, 'registered', hex(randomblob(500)) FROM n",
        )
        .unwrap();
    drop(large);
    fs::remove_file(shell.0.path().join("backup.db")).unwrap();
    let interrupted = |arguments: &[&str], number: i32, begins: &str| {
        let before = shell.names();
        let child = shell.start(arguments);
        while !shell.names().iter().any(|name| name.starts_with(begins)) {
            std::thread::yield_now();
        }
        signal(&child, number);
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.signal(), Some(number), "{arguments:?}: {text}");
        assert!(text.contains("interrupted, nothing is changed"), "{text}");
        let after: Vec<_> = shell.names().into_iter().filter(|name| !before.contains(name)).collect();
        assert_eq!(after, [] as [&str; 0]);
    };
    interrupted(&["backup", "backup.db"], libc::SIGINT, "backup.db.");
    interrupted(&["backup", "backup.db", "--verify"], libc::SIGTERM, "backup.db.");
    shell.good(&["backup", "backup.db"], "");
    interrupted(&["restore", "backup.db"], libc::SIGTERM, "a.db.restoring-");
    assert!(shell.has("bob"));
}
