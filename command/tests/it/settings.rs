//! Tests of the command beside an application on one store: opening the store changes nothing in it.

use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::UNIX_EPOCH;

use doorward::{Clock, Config, Engine, Hooks};
use serde_json::{Value, json};

use crate::stores::{Store, on_each_store};

const DAY: i64 = 86_400;

/// An application, and a shell beside it.
struct Stage<'s> {
    store: &'s Store,
    /// How far the application's clock is ahead of the shell's.
    ahead: Arc<AtomicI64>,
}

impl Stage<'_> {
    fn new(store: &Store) -> Stage<'_> {
        Stage { store, ahead: Arc::default() }
    }

    /// Returns the configuration of the application, with these settings.
    fn config(&self, settings: &Value) -> Value {
        let mut config = settings.clone();
        config["store"] = json!(self.store.url());
        config["secret_key_file"] = json!(self.store.key_file());
        for (name, value) in [("memory_kib", 8), ("iterations", 1)] {
            config["password"][name] = json!(value);
        }
        config
    }

    fn open(&self, settings: &Value) -> doorward::Result<Engine> {
        let ahead = Arc::clone(&self.ahead);
        let now = move || UNIX_EPOCH.elapsed().unwrap().as_millis() as i64 + ahead.load(Ordering::SeqCst);
        let hooks = Hooks::new().clock(Clock::custom(now));
        Engine::open(Config::parse(&self.config(settings).to_string())?, hooks)
    }

    fn advance(&self, seconds: i64) {
        self.ahead.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Runs the command without `--config`. Returns its output.
    fn run(&self, arguments: &str) -> (i32, String) {
        let place = ["--store", self.store.url(), "--secret-key-file"].map(str::to_owned);
        let place = place.into_iter().chain([self.store.key_file().display().to_string()]);
        text(self.shell().args(place).args(arguments.split(' ')).output().unwrap())
    }

    /// Runs the command with a configuration that has these settings.
    fn run_with(&self, settings: &Value, arguments: &str) -> (i32, String) {
        std::fs::write(self.store.path().join("app.json"), self.config(settings).to_string()).unwrap();
        text(self.shell().args(["--config", "app.json"]).args(arguments.split(' ')).output().unwrap())
    }

    fn shell(&self) -> Command {
        let mut shell = Command::new(env!("CARGO_BIN_EXE_doorward"));
        shell.current_dir(self.store.path());
        shell
    }

    /// Returns the stored keys and settings, but not the record that the audit log was read. No engine is open.
    fn kept(&self) -> [Vec<String>; 2] {
        ["keys", "meta"].map(|table| {
            let rows = self.store.dump(table);
            rows.into_iter().filter(|row| !row.contains("event_order")).collect()
        })
    }
}

fn text(output: Output) -> (i32, String) {
    (output.status.code().unwrap(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

fn call(engine: &Engine, operation: &str, request: Value) -> Value {
    let answer = engine.call(operation, &request.to_string());
    serde_json::from_str(&answer.unwrap_or_else(|error| panic!("{operation}: {}", error.to_json()))).unwrap()
}

fn kinds(engine: &Engine, kind: &str) -> usize {
    call(engine, "events", json!({"kind": kind}))["events"].as_array().unwrap().len()
}

/// Settings that differ from all defaults.
fn settings() -> Value {
    json!({
        "issuer": "https://door.example", "audience": ["api", "web"], "signing_algorithm": "ES256",
        "session_max_seconds": 31_536_000,
        "backends": {"admin": {"signing_algorithm": "EdDSA"}, "old": {"secret": "a secret of another library, of old"}},
        "password": {"pepper": true, "history": 5, "max_age_days": 3650}, "audit": {"retention_days": 3650},
        "passkeys": {"rp_id": "example.com", "rp_name": "Example", "origins": ["https://example.com"],
            "second_factor": "never"},
    })
}

fn ada() -> Value {
    json!({"username": "ada", "password": "eight wise words"})
}

on_each_store!(the_command_follows_the_store);
fn the_command_follows_the_store(store: &Store) {
    let stage = Stage::new(store);
    let app = stage.open(&settings()).unwrap();
    // These events would be purged under the default.
    stage.advance(-1000 * DAY);
    for name in ["ada", "bob", "cy"] {
        let user =
            json!({"username": name, "email": format!("{name}@example.com"), "password": "eight wise words"});
        call(&app, "register", user);
    }
    stage.advance(1000 * DAY);
    let login = call(&app, "login", ada());
    let keys = call(&app, "jwks", json!({}));
    drop(app);
    let kept = stage.kept();

    let app = stage.open(&settings()).unwrap();
    let reads = [
        "user list",
        "user show ada",
        "doctor",
        "events",
        "export",
        "call stats",
        "keys list",
        "settings",
        "session list ada",
        "call jwks",
        "maintain",
    ];
    let writes = ["user disable bob", "user enable bob", "user disable bob", "user roles cy --add editor"];
    for command in reads.into_iter().chain(writes).chain(store.is_sqlite().then_some("backup copy.db")) {
        let (status, text) = stage.run(command);
        assert_eq!(status, 0, "{command}: {text}");
    }
    let accounts = "{\"username\":\"dan\",\"email\":\"dan@example.com\",\"password_hash\":\"$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\"}\n";
    std::fs::write(store.path().join("users.ndjson"), accounts).unwrap();
    assert_eq!(stage.run("import users.ndjson").0, 0);
    let token = stage.run(r#"call issue_token {"claims":{"sub":"x"}}"#).1;
    let token: Value = serde_json::from_str(&token).unwrap();
    let claims = call(&app, "verify", json!({"token": token["token"]}));
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("https://door.example"), &json!(["api", "web"])));

    // The application continues, and so do services that verify by `jwks`.
    assert_eq!(call(&app, "jwks", json!({})), keys);
    let refreshed = call(&app, "refresh", json!({"refresh_token": login["refresh_token"]}));
    let header = refreshed["access_token"].as_str().unwrap().split('.').next().unwrap();
    let newer = stage.run(&format!("call introspect {}", json!({"token": refreshed["access_token"]}))).1;
    assert!(newer.contains(r#""active":true"#), "{newer}");
    assert_eq!(
        header,
        login["access_token"].as_str().unwrap().split('.').next().unwrap(),
        "another key signed"
    );
    assert_eq!(
        (kinds(&app, "registered"), kinds(&app, "keys_rotated"), kinds(&app, "settings_changed")),
        (3, 0, 0)
    );
    drop(app);
    assert_eq!(stage.kept(), kept);
    let sealed = store.query("SELECT password_hash FROM users WHERE username = 'dan'");
    assert!(sealed[0]["password_hash"].as_str().unwrap().starts_with("$sealed$"), "without the pepper");
}

on_each_store!(who_gives_other_settings_is_refused);
fn who_gives_other_settings_is_refused(store: &Store) {
    let stage = Stage::new(store);
    drop(stage.open(&settings()).unwrap());
    let kept = stage.kept();
    let app = stage.open(&settings()).unwrap();
    let events = call(&app, "events", json!({}));
    for (field, other) in [
        ("/signing_algorithm", json!({"signing_algorithm": "HS256"})),
        ("/issuer", json!({"issuer": "https://other.example"})),
        ("/audience", json!({"audience": "api"})),
        ("/backends/admin", json!({"backends": {"old": {}}})),
        ("/backends/partner", json!({"backends": {"old": {}, "admin": {}, "partner": {}}})),
        (
            "/backends/old/secret",
            json!({"backends": {"old": {"secret": "quite another secret of 32 bytes."}, "admin": {}}}),
        ),
        ("/session_max_seconds", json!({"session_max_seconds": 1_000_000})),
        ("/password/pepper", json!({"password": {"pepper": false}})),
        ("/password/history", json!({"password": {"history": 4}})),
        ("/password/max_age_days", json!({"password": {"max_age_days": 0}})),
        ("/audit/retention_days", json!({"audit": {"retention_days": 400}})),
        (
            "/passkeys/second_factor",
            json!({"passkeys": {"rp_id": "example.com", "rp_name": "Example", "origins": ["https://example.com"],
                "second_factor": "always"}}),
        ),
    ] {
        for command in ["user list", "maintain", "user disable ada", "call rotate_keys"] {
            let (status, text) = stage.run_with(&other, command);
            assert_eq!((status, text.contains(field)), (9, true), "{command}: {text}");
            assert!(text.contains("the store has ") && !text.contains("another library"), "{text}");
        }
        let error = stage.open(&other).err().unwrap();
        assert_eq!((error.code.name(), error.field.as_deref()), ("invalid_config", Some(field)));
        let changes: Value =
            serde_json::from_str(&stage.run_with(&other, "--json settings adopt --dry-run").1).unwrap();
        assert_eq!(changes["changes"][0]["field"], field);
    }
    assert_eq!(call(&app, "events", json!({})), events);
    drop(app);
    assert_eq!(stage.kept(), kept);
}

on_each_store!(a_running_application_follows_what_is_adopted);
fn a_running_application_follows_what_is_adopted(store: &Store) {
    let stage = Stage::new(store);
    let app = stage.open(&json!({})).unwrap();
    let person = |name| json!({"username": name, "email": format!("{name}@example.com"), "password": "eight wise words"});
    call(&app, "register", person("ada"));
    let old = call(&app, "login", ada());
    // An event that is past the present retention.
    stage.advance(-1000 * DAY);
    call(&app, "register", person("bob"));
    stage.advance(1000 * DAY);
    let adopted =
        json!({"signing_algorithm": "ES256", "audit": {"retention_days": 3650}, "backends": {"admin": {}}});
    let (status, text) = stage.run_with(&adopted, "settings adopt");
    assert!(status == 0 && text.contains("/signing_algorithm \"HS256\" -> \"ES256\"\n"), "{text}");
    let (_, text) = stage.run_with(&adopted, "settings adopt");
    assert_eq!(text, "The store has these settings already.\n");
    let change = call(&app, "events", json!({"kind": "settings_changed"}))["events"][0].take();
    assert!(change["actor"].as_str().is_some_and(|actor| actor.contains('@')), "{change}");

    // The running application no longer purges by the old retention, and signs with the new key within a
    // minute.
    for _ in 0..20 {
        call(&app, "login", ada());
    }
    call(&app, "maintain", json!({}));
    stage.advance(61);
    let login = call(&app, "login", ada());
    assert_eq!(call(&app, "jwks", json!({}))["keys"][0]["alg"], "ES256");
    let rotated = call(&app, "rotate_keys", json!({}));
    assert_eq!(call(&app, "jwks", json!({}))["keys"][0]["kid"], rotated["kid"], "another algorithm");

    // The new application accepts the old one's tokens, and the old one the new one's.
    let new = stage.open(&adopted).unwrap();
    for token in [&old, &login] {
        call(&new, "authenticate", json!({"token": token["access_token"]}));
    }
    let newer = call(&new, "login", ada());
    call(&app, "authenticate", json!({"token": newer["access_token"]}));
    assert_eq!((kinds(&new, "registered"), kinds(&new, "settings_changed")), (2, 1));
    call(&new, "login", json!({"username": "ada", "password": "eight wise words", "backend": "admin"}));
    let error = stage.open(&json!({"signing_algorithm": "HS256"})).err().unwrap();
    assert_eq!(error.field.as_deref(), Some("/signing_algorithm"));

    // An application changes the settings itself, for one deployment.
    let shorter = json!({"audit": {"retention_days": 30}, "change_settings": true});
    drop(stage.open(&shorter).unwrap());
    let purged = call(&app, "maintain", json!({}));
    assert_eq!(purged["purged"]["events"], 1);
    assert_eq!((kinds(&new, "registered"), kinds(&new, "settings_changed")), (1, 2));
}

on_each_store!(what_a_shorter_retention_purges_is_asked_for);
fn what_a_shorter_retention_purges_is_asked_for(store: &Store) {
    let stage = Stage::new(store);
    let app = stage.open(&json!({})).unwrap();
    stage.advance(-100 * DAY);
    for name in ["ada", "bob"] {
        let user =
            json!({"username": name, "email": format!("{name}@example.com"), "password": "eight wise words"});
        call(&app, "register", user);
    }
    stage.advance(100 * DAY);
    drop(app);
    let shorter = json!({"audit": {"retention_days": 30}});
    let told = "/audit/retention_days 400 -> 30\nEvents that expire then, and are purged: 2\n";
    let (status, text) = stage.run_with(&shorter, "settings adopt --dry-run");
    assert_eq!((status, text.contains(told)), (0, true), "{text}");
    let (status, text) = stage.run_with(&shorter, "settings adopt");
    assert_eq!((status, text.contains(told), text.contains("--yes")), (64, true, true), "{text}");
    let (_, text) = stage.run("settings");
    assert!(text.contains("/audit/retention_days 400\n"), "{text}");
    let (status, text) = stage.run_with(&shorter, "--json settings adopt --yes");
    assert_eq!((status, text.contains(r#""events_purged":2"#)), (0, true), "{text}");
    // A change that purges nothing needs no confirmation.
    let (status, text) = stage.run_with(&json!({"audit": {"retention_days": 3650}}), "settings adopt");
    assert_eq!((status, text.contains("purged")), (0, false), "{text}");
}

/// On a server, only `init`, `migrate-schema` and applications create tables.
#[test]
fn nothing_else_makes_tables_on_a_server() {
    let Some(store) = Store::postgres().map(Store::without_tables) else { return };
    let stage = Stage::new(&store);
    std::fs::write(store.key_file(), "a key of thirty-two bytes, or more").unwrap();
    let tables = || {
        store.query("SELECT count(*) AS count FROM pg_tables WHERE schemaname = 'public'")[0]["count"].clone()
    };
    for command in ["doctor", "user list", "events", "maintain", "call jwks", "settings", "export"] {
        let (status, text) = stage.run(command);
        assert_eq!(
            (status, text.contains("there is no store in this database")),
            (9, true),
            "{command}: {text}"
        );
    }
    let from = store.url();
    let to = format!("sqlite:{}", store.path().join("to.db").display());
    let (status, text) = text(stage.shell().args(["migrate", "--from", from, "--to", &to]).output().unwrap());
    assert_eq!((status, text.contains("(--from)")), (9, true), "{text}");
    assert!(!store.path().join("to.db").exists());
    assert_eq!(tables(), 0);
    assert_eq!(stage.run("migrate-schema").0, 0);
    let (status, text) = stage.run("user list");
    assert_eq!((status, text.contains("there are tables, but no store in them yet")), (9, true), "{text}");
    assert_eq!(stage.run("init").0, 0);
    assert_eq!(stage.run("user list").0, 0);
}
