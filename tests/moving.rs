//! Moving a store: from a SQLite file into either kind of store, and back. Nobody is logged out.

mod stores;

use doorward::config::StoreUrl;
use doorward::{Code, Config, Engine, Hooks, migrate};
use serde_json::{Value, json};
use stores::{Store, config, on_each_store};

const PASSWORD: &str = "eight wise words";

fn open(store: &Store) -> Engine {
    let defaults = json!({"password": {"memory_kib": 8, "iterations": 1, "blocklist": false},
        "signing_algorithm": "ES256", "limits": {"request_bytes": 1 << 20}});
    let keys = json!({"secret_key": "the secret key of both stores, which moves with the host"});
    let config = config(store.url(), defaults, keys);
    Engine::open(Config::parse(&config.to_string()).unwrap(), Hooks::default()).unwrap()
}

fn call(engine: &Engine, operation: &str, request: Value) -> Result<Value, Code> {
    let reply = engine.call(operation, &request.to_string());
    reply.map(|reply| serde_json::from_str(&reply).unwrap()).map_err(|error| error.code)
}

fn url(store: &Store) -> StoreUrl {
    store.url().parse().unwrap()
}

/// Every table, row by row.
fn everything(store: &Store) -> Vec<(String, Vec<String>)> {
    let tables = if store.is_sqlite() {
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'doorward_schema'"
    } else {
        "SELECT table_name AS name FROM information_schema.tables \
         WHERE table_schema = 'public' AND table_name <> 'doorward_schema'"
    };
    let mut names: Vec<String> =
        store.query(tables).iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names.into_iter().map(|name| (name.clone(), store.dump(&name))).collect()
}

/// More accounts than travel at once, among them one with everything that there is.
fn fill(store: &Store) -> (String, Value) {
    let engine = open(store);
    for number in 0..300 {
        let request = json!({"username": format!("user{number}"), "email": format!("u{number}@example.com"),
            "password": PASSWORD, "attributes": {"number": number, "text": "ä\u{1F600}\n"}});
        call(&engine, "register", request).unwrap();
    }
    let ada = json!({"username": "Ada", "email": "Ada@Bücher.example", "password": PASSWORD, "roles": ["admin", "editor"]});
    let ada = call(&engine, "register", ada).unwrap()["user"]["id"].as_str().unwrap().to_owned();
    call(&engine, "update_user", json!({"id": ada, "must_change_password": true})).unwrap();
    let login = json!({"username": "ada", "password": PASSWORD});
    let step = engine.call("login", &login.to_string()).unwrap_err();
    assert_eq!(step.code, Code::PasswordChangeRequired);
    call(&engine, "update_user", json!({"id": ada, "must_change_password": false})).unwrap();
    for _ in 0..3 {
        let wrong = json!({"username": "user1", "password": "wrong", "client": {"ip": "192.0.2.7"}});
        assert_eq!(call(&engine, "login", wrong), Err(Code::InvalidCredentials));
    }
    call(&engine, "rotate_keys", json!({})).unwrap();
    let client = json!({"ip": "2001:db8::7", "user_agent": "a browser", "device_id": "phone"});
    let login = json!({"username": "ada", "password": PASSWORD, "client": client, "scope": "read write"});
    (ada, call(&engine, "login", login).unwrap())
}

/// What the host held before goes on.
fn goes_on(store: &Store, ada: &str, login: &Value) -> Value {
    let engine = open(store);
    let seen = call(&engine, "introspect", json!({"token": login["access_token"]})).unwrap();
    assert_eq!((&seen["active"], &seen["user"]["id"]), (&json!(true), &json!(ada)));
    assert_eq!(call(&engine, "verify", json!({"token": login["access_token"]})).unwrap()["sub"], *ada);
    let again = json!({"username": "ADA@bücher.EXAMPLE", "password": PASSWORD});
    assert_eq!(call(&engine, "login", again).unwrap()["user"], login["user"]);
    call(&engine, "refresh", json!({"refresh_token": login["refresh_token"]})).unwrap()
}

fn there_and_back(there: &Store) {
    let (here, back) = (Store::sqlite(), Store::sqlite());
    let (ada, login) = fill(&here);
    let before = everything(&here);
    let mut seen = Vec::new();
    let moved = migrate(&url(&here), &url(there), |moved| seen.push(moved)).unwrap();
    assert_eq!(everything(there), before);
    assert_eq!(everything(&here), before);
    for moved in &moved {
        let (_, rows) = before.iter().find(|(table, _)| table == moved.table).unwrap();
        assert_eq!((moved.rows, moved.of), (rows.len() as u64, rows.len() as u64));
        assert_eq!(rows.is_empty(), !seen.contains(moved));
    }
    let filled = moved.iter().filter(|moved| moved.rows > 0).map(|moved| moved.table);
    let expected =
        ["meta", "users", "user_roles", "sessions", "known_devices", "keys", "events", "throttles"];
    let filled: Vec<_> = filled.collect();
    assert!(expected.iter().all(|table| filled.contains(table)), "{filled:?}");
    let refreshed = goes_on(there, &ada, &login);

    let before = everything(there);
    migrate(&url(there), &url(&back), |_| ()).unwrap();
    assert_eq!(everything(&back), before);
    let login = json!({"access_token": refreshed["access_token"], "refresh_token": refreshed["refresh_token"],
        "user": login["user"]});
    goes_on(&back, &ada, &login);
}
on_each_store!(there_and_back);

/// A store that is in use is not filled, and one that was never used is not moved.
fn refusals(store: &Store) {
    let here = Store::sqlite();
    let nothing = migrate(&url(&here), &url(store), |_| ()).unwrap_err();
    assert_eq!((nothing.code, nothing.field.as_deref()), (Code::InvalidConfig, Some("/from")));
    drop(open(&here));
    drop(open(store));
    let before = everything(store);
    let in_use = migrate(&url(&here), &url(store), |_| ()).unwrap_err();
    assert_eq!((in_use.code, in_use.field.as_deref()), (Code::InvalidConfig, Some("/to")));
    assert_eq!(everything(store), before);
}
on_each_store!(refusals);
