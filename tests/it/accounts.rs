//! Administration of accounts: attributes that several callers change, and searches.

use std::thread;

use doorward::{Code, Config, Engine, Hooks};
use serde_json::{Value, json};

use crate::stores::{self, Store, on_each_store};

/// Of patches at the same time, and of other changes beside them, none is lost.
fn merges_at_once(store: &Store) {
    let engine = open(store);
    let ada = json!({"username": "ada", "email": "ada@example.com"});
    call(&engine, "import_users", json!({"users": [ada]})).unwrap();
    let id = call(&engine, "get_user", json!({"username": "ada"})).unwrap()["user"]["id"].clone();
    thread::scope(|scope| {
        for writer in 0..6 {
            let (engine, id) = (&engine, &id);
            scope.spawn(move || {
                for turn in 0..8 {
                    let patch =
                        json!({"shared": {format!("{writer}.{turn}"): true}, writer.to_string(): turn});
                    call(engine, "merge_attributes", json!({"user_id": id, "patch": patch})).unwrap();
                }
            });
        }
        scope.spawn(|| {
            for turn in 0..8 {
                let change =
                    json!({"id": id, "add_roles": [turn.to_string()], "external_id": turn.to_string()});
                call(&engine, "update_user", change).unwrap();
            }
        });
    });
    let user = call(&engine, "get_user", json!({"id": id})).unwrap()["user"].take();
    let attributes = &user["attributes"];
    assert_eq!(attributes["shared"].as_object().unwrap().len(), 6 * 8);
    assert!((0..6).all(|writer| attributes[writer.to_string()] == 7), "{attributes}");
    assert_eq!((user["roles"].as_array().unwrap().len(), &user["external_id"]), (8, &json!("7")));
    drop(engine);
    assert_eq!(store.count("events WHERE kind = 'user_updated'"), 6 * 8 + 8);
}
on_each_store!(merges_at_once);

/// The result of a patch is bounded, and not only the patch.
fn merged_attributes_have_a_bound(store: &Store) {
    let engine = open(store);
    let ada = json!({"username": "ada", "email": "ada@example.com"});
    call(&engine, "import_users", json!({"users": [ada]})).unwrap();
    let id = call(&engine, "get_user", json!({"username": "ada"})).unwrap()["user"]["id"].clone();
    let merge = |name: &str, bytes: usize| {
        let patch = json!({name: "x".repeat(bytes)});
        call(&engine, "merge_attributes", json!({"user_id": id, "patch": patch}))
    };
    assert_eq!(merge("a", 16_384), Err(Code::InvalidRequest));
    merge("a", 10_000).unwrap();
    assert_eq!(merge("b", 10_000), Err(Code::InvalidRequest));
    // `{"a":"…","b":"…"}`
    merge("b", 16_384 - 10_000 - 15).unwrap();
    assert_eq!(merge("b", 16_384 - 10_000 - 14), Err(Code::InvalidRequest));
    merge("a", 10_000).unwrap();
    drop(engine);
    assert_eq!(store.count("events WHERE kind = 'user_updated'"), 2);
}
on_each_store!(merged_attributes_have_a_bound);

/// Of two accounts that get one external id at the same time, one has it.
fn external_ids_at_once(store: &Store) {
    let engine = open(store);
    let names: Vec<String> = (0..6).map(|index| format!("user{index}")).collect();
    let users: Vec<Value> =
        names.iter().map(|name| json!({"username": name, "email": format!("{name}@example.com")})).collect();
    call(&engine, "import_users", json!({"users": users})).unwrap();
    let outcomes: Vec<Result<Value, Code>> = thread::scope(|scope| {
        let claim = |name: &String| {
            let user = call(&engine, "get_user", json!({"username": name})).unwrap()["user"].take();
            call(&engine, "update_user", json!({"id": user["id"], "external_id": "1"}))
        };
        let threads: Vec<_> = names.iter().map(|name| scope.spawn(move || claim(name))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let others = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    assert!(others.clone().all(|code| *code == Code::ExternalIdTaken), "{:?}", others.collect::<Vec<_>>());
}
on_each_store!(external_ids_at_once);

fn open(store: &Store) -> Engine {
    let config = stores::config(store.url(), json!({}), json!({"limits": {"request_bytes": 10_000_000}}));
    Engine::open(Config::parse(&config.to_string()).unwrap(), Hooks::default()).unwrap()
}

fn call(engine: &Engine, operation: &str, request: Value) -> Result<Value, Code> {
    match engine.call(operation, &request.to_string()) {
        Ok(reply) => Ok(serde_json::from_str(&reply).unwrap()),
        Err(error) => Err(error.code),
    }
}
