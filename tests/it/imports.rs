//! Tests of imported accounts, and of the data about a user: their export and their deletion. Cases that fit
//! a file are in tests/conformance/imports.json.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Barrier;
use std::thread;

use crate::stores::{self, Store, on_each_store};
use doorward::{Code, Config, Engine, Hooks};
use serde_json::{Value, json};

const PASSWORD: &str = "eight wise words";

/// The hash of `password`, with bcrypt's lowest cost.
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm";

/// Marks personal data.
const MARKER: &str = "zanzibar";
const ADDRESS: &str = "203.0.113.77";

fn deleting_leaves_nothing_personal(store: &Store) {
    let engine = open(store);
    let user = json!({
        "username": MARKER,
        "email": format!("{MARKER}@{MARKER}.example"),
        "password": PASSWORD,
        "attributes": {MARKER: [MARKER]},
        "locale": format!("de-{MARKER}"),
    });
    let id = call(&engine, "register", user).unwrap()["user"]["id"].clone();
    let client = json!({"ip": ADDRESS, "user_agent": MARKER, "device_id": MARKER});
    let login = |username: &str, password: &str| {
        let request = json!({"username": username, "password": password, "client": client, "scope": MARKER});
        call(&engine, "login", request)
    };
    let tokens = login(MARKER, PASSWORD).unwrap();
    login(MARKER, "wrong").unwrap_err();
    login(&format!("{MARKER}@{MARKER}.example"), "wrong").unwrap_err();
    let kept = login(MARKER, PASSWORD).unwrap();
    call(&engine, "refresh", json!({"refresh_token": kept["refresh_token"]})).unwrap();
    call(&engine, "logout", json!({"refresh_token": tokens["refresh_token"]})).unwrap();
    let email = format!("other@{MARKER}.example");
    call(&engine, "update_user", json!({"id": id, "email": email, "roles": [MARKER]})).unwrap();
    let imported = json!([{"username": "grace", "email": "grace@example.com", "password_hash": BCRYPT}]);
    call(&engine, "import_users", json!({"users": imported})).unwrap();
    drop(engine);
    let found = tables_with(store, MARKER);
    assert_eq!(found, ["sessions", "user_roles", "users"].map(str::to_owned).into());
    assert!(tables_with(store, ADDRESS).contains("event_order"));

    let engine = open(store);
    call(&engine, "delete_user", json!({"id": id})).unwrap();
    drop(engine);
    for personal in [MARKER, ADDRESS] {
        assert_eq!(tables_with(store, personal), BTreeSet::new());
    }
    // The remaining id shows that there was an account, and when it was created. The mail about the deletion has
    // it until it is sent.
    let id = format!("\\x{}", id.as_str().unwrap().replace('-', "").to_uppercase());
    assert_eq!(tables_with(store, &id), ["events", "mails"].map(str::to_owned).into());
    assert_eq!(store.count("users"), 1);
    if store.is_sqlite() {
        // Nothing is left between the rows, either.
        for file in fs::read_dir(store.path()).unwrap() {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            for personal in [MARKER, ADDRESS] {
                assert!(
                    !bytes.windows(personal.len()).any(|window| window == personal.as_bytes()),
                    "{personal}"
                );
            }
        }
    }
}
on_each_store!(deleting_leaves_nothing_personal);

fn an_export_of_many_pages(store: &Store) {
    let engine = open(store);
    let user = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
    let id = call(&engine, "register", user).unwrap()["user"]["id"].clone();
    let login = json!({"username": "ada", "password": PASSWORD});
    let opened: BTreeSet<String> =
        (0..1003).map(|_| text(&call(&engine, "login", login.clone()).unwrap()["session_id"])).collect();
    let mut sessions = Vec::new();
    let mut events = Vec::new();
    let mut pages = 0;
    let mut request = json!({"id": id});
    loop {
        let page = call(&engine, "export_user", request.clone()).unwrap();
        for (list, name) in [(&mut sessions, "sessions"), (&mut events, "events")] {
            let items = page[name].as_array().unwrap();
            assert!(items.len() <= 1000);
            list.extend(items.iter().map(|item| text(&item["id"])));
        }
        pages += 1;
        request["after"] = page["next"].clone();
        if request["after"].is_null() {
            break;
        }
    }
    assert_eq!((pages, sessions.len(), events.len()), (2, 1003, 1004));
    assert!(sessions.is_sorted() && events.is_sorted());
    assert_eq!(BTreeSet::from_iter(sessions), opened);
    assert_eq!(BTreeSet::from_iter(events).len(), 1004);
}
on_each_store!(an_export_of_many_pages);

/// Of several concurrent imports of one name, one succeeds, and the others report the problem.
fn imports_at_once(store: &Store) {
    let engine = open(store);
    let users: Vec<Value> = (0..20)
        .map(|index| json!({"username": format!("user{index}"), "email": format!("{index}@example.com")}))
        .collect();
    for (users, on_conflict) in [(&users[..10], "fail"), (&users[..], "skip")] {
        let barrier = Barrier::new(6);
        let reports: Vec<Value> = thread::scope(|scope| {
            let import = || {
                barrier.wait();
                call(&engine, "import_users", json!({"users": users, "on_conflict": on_conflict})).unwrap()
            };
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(import)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let mut imported: Vec<u64> =
            reports.iter().map(|report| report["imported"].as_u64().unwrap()).collect();
        imported.sort_unstable();
        assert_eq!(imported, [0, 0, 0, 0, 0, 10], "{on_conflict}");
        let present = reports.iter().map(|report| report["present"].as_u64().unwrap());
        assert_eq!(present.sum::<u64>(), if on_conflict == "fail" { 5 * 10 } else { 10 + 5 * 20 });
    }
    drop(engine);
    assert_eq!((store.count("users"), store.count("events")), (20, 2));
}
on_each_store!(imports_at_once);

/// A login upgrades the hash beside other logins of the same account: each succeeds, and one hash stays.
fn upgrades_at_once(store: &Store) {
    let engine = open(store);
    let users = json!([{"username": "ada", "email": "ada@example.com", "password_hash": BCRYPT}]);
    call(&engine, "import_users", json!({"users": users})).unwrap();
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                call(&engine, "login", json!({"username": "ada", "password": "password"})).unwrap();
            });
        }
    });
    call(&engine, "login", json!({"username": "ada", "password": "password"})).unwrap();
    drop(engine);
    let hashes = store.query("SELECT password_hash FROM users");
    assert!(text(&hashes[0]["password_hash"]).starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hashes:?}");
    assert_eq!(store.count("sessions"), 7);
}
on_each_store!(upgrades_at_once);

#[test]
fn an_import_has_a_bound() {
    let engine = open(&Store::sqlite());
    let users = |count: usize| {
        let user = |index| json!({"username": format!("user{index}"), "email_verified": true});
        json!({"users": (0..count).map(user).collect::<Vec<_>>()})
    };
    let error = engine.call("import_users", &users(10_001).to_string()).unwrap_err();
    assert_eq!((error.code, error.field.as_deref()), (Code::InvalidRequest, Some("/users")));
    let report = call(&engine, "import_users", users(10_000)).unwrap();
    // Without the address that is said to be verified none of them is imported.
    assert_eq!((&report["imported"], report["problems"].as_array().unwrap().len()), (&json!(0), 10_000));
}

/// Problems with an account are reported without its values.
#[test]
fn no_failure_repeats_a_hash_or_a_name() {
    let engine = open(&Store::sqlite());
    for (name, value) in [
        ("password_hash", json!([MARKER])),
        ("password_hash", json!({"a": MARKER})),
        ("username", json!([MARKER])),
        ("email", json!({MARKER: 1})),
        ("attributes", json!(MARKER)),
        ("roles", json!(MARKER)),
        ("roles", json!([[MARKER]])),
        ("is_active", json!(MARKER)),
        ("locale", json!([MARKER])),
        ("id", json!([MARKER])),
        ("totp", json!({"secret": [MARKER]})),
        ("recovery_codes", json!([[MARKER]])),
        ("identities", json!([{"subject": MARKER, "issuer": [MARKER]}])),
        ("passkeys", json!([{"id": MARKER}])),
        ("check", json!({"password": [MARKER]})),
    ] {
        let mut user = json!({"username": "ada"});
        user[name] = value;
        let error = engine.call("import_users", &json!({"users": [user]}).to_string()).unwrap_err();
        assert_eq!(error.code, Code::InvalidRequest);
        assert!(!format!("{error:?} {error} {}", error.to_json()).contains(MARKER), "{error:?}");
    }
    let user = json!({"username": format!("{MARKER} x"), "email": MARKER, "password_hash": MARKER,
        "roles": [format!("{MARKER} x")], "locale": "-", "id": MARKER, "totp": {"secret": MARKER},
        "recovery_codes": [format!("{MARKER}!")], "recovery_code_hashes": [MARKER],
        "identities": [{"subject": MARKER, "provider": MARKER}], "passkeys": [{"id": MARKER, "public_key": MARKER}],
        "check": {"password": MARKER}});
    let report = call(&engine, "import_users", json!({"users": [user]})).unwrap();
    assert!(
        !report.to_string().contains(MARKER) && report["problems"].as_array().unwrap().len() == 12,
        "{report}"
    );
}

/// What one store exports another takes without loss, whichever databases they use.
fn accounts_move_from_store_to_store(store: &Store) {
    let first = Store::sqlite();
    let mut source = open_to_move(&first);
    let key = "pQECAyYgASFYIGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWIlggT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";
    let identity = |number: i64| json!({"issuer": "https://id.example", "subject": number.to_string(), "created_at": 1_500_000_003 + number});
    let mut identities: Vec<Value> = (0..21).map(identity).collect();
    identities[7]["unlinked_at"] = json!(1_600_000_000);
    let users = json!([
        {"username": "Ada", "email": "Ada@EXAMPLE.com", "email_verified": true, "email_proven": true,
            "password_hash": BCRYPT, "password_set_at": 1_500_000_001, "password_expires_at": 4_000_000_000_i64,
            "past_password_hashes": [BCRYPT], "must_change_password": true, "roles": ["admin", "editor"],
            "attributes": {"a": [1, {"b": false}]}, "locale": "de-AT", "external_id": "HR-7", "created_at": 1_500_000_000,
            "totp": {"secret": "GEZDGNBVGY3TQOJQ", "digits": 8, "period_seconds": 60, "created_at": 1_500_000_002},
            "recovery_codes": ["12345678", "abcd-efgh-ijkl-mnop"],
            "identities": identities, "tokens_revoked_at": 1_500_000_008,
            "passkeys": [{"id": "AQID", "public_key": key, "sign_count": 4_294_967_295_i64, "user_handle": "AAEC",
                "user_verified": true, "backup_eligible": true, "backed_up": true, "transports": ["internal", "usb"],
                "aaguid": "fbfc3007-154e-4ecc-8c0b-6e020557d7bd", "label": "phone", "created_at": 1_500_000_006,
                "last_used_at": 1_500_000_007}, {"id": "BAUG", "public_key": key}]},
        {"id": "9221ffc9-640f-4372-86d3-ce642cba5603", "email": "bob@example.com", "email_claimed": false,
            "email_was_verified": true},
        {"username": "carl", "is_active": false, "must_change_password": true},
        {"username": "nightly", "is_service_account": true}]);
    let report = call(&source, "import_users", json!({"users": users})).unwrap();
    assert_eq!((&report["imported"], &report["problems"]), (&json!(4), &json!([])));
    call(&source, "register", json!({"username": "dora", "email": "d@example.com", "password": PASSWORD}))
        .unwrap();
    let exported = exported_users(&source);
    assert_eq!(exported.len(), 5);
    let ada = exported.iter().find(|user| user["username"] == "Ada").unwrap();
    for (member, given) in users[0].as_object().unwrap().iter().filter(|(name, _)| *name != "recovery_codes")
    {
        let kept = match member.as_str() {
            "passkeys" => (&ada[member][0], &given[0]),
            _ => (&ada[member], given),
        };
        assert_eq!(kept.0, kept.1, "{member}");
    }
    let bob = exported.iter().find(|user| user["email"] == "bob@example.com").unwrap();
    assert_eq!((&bob["email_claimed"], &bob["email_was_verified"]), (&json!(false), &json!(true)));
    let [last, third] = [Store::sqlite(), Store::sqlite()];
    for target in [&third, store, &last] {
        let engine = open_to_move(target);
        let report = call(&engine, "import_users", json!({"users": exported})).unwrap();
        assert_eq!((&report["imported"], &report["problems"]), (&json!(5), &json!([])));
        assert_eq!(exported_users(&engine), exported);
        source = engine;
    }
    // The hash and the recovery codes are still valid.
    let login = json!({"username": "dora", "password": PASSWORD});
    call(&source, "login", login).unwrap();
    let login = json!({"username": "ada", "password": "password", "recovery_code": "ABCD efgh ijkl mnop"});
    assert_eq!(call(&source, "login", login), Err(Code::PasswordChangeRequired));
    // Secrets leave only if they are asked for, and the log says so.
    assert_eq!(
        call(&source, "events", json!({"kind": "users_exported"})).unwrap()["events"][0]["detail"],
        "hashes factors"
    );
    let plain = call(&source, "export_users", json!({})).unwrap().to_string();
    for secret in ["$", "GEZDGNBVGY3TQOJQ", "AQID", "id.example"] {
        assert!(!plain.contains(secret), "{secret}");
    }
}
on_each_store!(accounts_move_from_store_to_store);

/// Returns all accounts with their secrets, in several pages.
fn exported_users(engine: &Engine) -> Vec<Value> {
    let mut request = json!({"with_hashes": true, "with_factors": true, "limit": 2});
    let mut users = Vec::new();
    loop {
        let page = call(engine, "export_users", request.clone()).unwrap();
        users.extend(page["users"].as_array().unwrap().iter().cloned());
        request["after"] = page["next"].clone();
        if request["after"].is_null() {
            return users;
        }
    }
}

/// Opens an engine that seals hashes, and keeps those of past passwords.
fn open_to_move(store: &Store) -> Engine {
    let keys = json!({"password": {"memory_kib": 8, "iterations": 1, "pepper": true, "history": 3},
        "secret_key": "a secret key of both engines, long enough",
        "passkeys": {"rp_id": "example.com", "rp_name": "Example", "origins": ["https://example.com"]}});
    let config = stores::config(store.url(), json!({}), keys);
    Engine::open(Config::parse(&config.to_string()).unwrap(), Hooks::default()).unwrap()
}

/// Returns the tables that contain a text.
fn tables_with(store: &Store, text: &str) -> BTreeSet<String> {
    let tables = match store.is_sqlite() {
        true => "SELECT name FROM sqlite_master WHERE type = 'table'",
        false => "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
    };
    let names = store.query(tables).into_iter().map(|row| row["name"].as_str().unwrap().to_owned());
    names.filter(|name| store.dump(name).iter().any(|row| row.contains(text))).collect()
}

fn open(store: &Store) -> Engine {
    let defaults = json!({"password": {"memory_kib": 8, "iterations": 1}});
    let config = stores::config(store.url(), defaults, json!({"limits": {"request_bytes": 10_000_000}}));
    Engine::open(Config::parse(&config.to_string()).unwrap(), Hooks::default()).unwrap()
}

fn call(engine: &Engine, operation: &str, request: Value) -> Result<Value, Code> {
    match engine.call(operation, &request.to_string()) {
        Ok(reply) => Ok(serde_json::from_str(&reply).unwrap()),
        Err(error) => Err(error.code),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
