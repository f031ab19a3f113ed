//! Tests of API keys under races: a revocation that was acknowledged holds in every thread and process.

use std::sync::atomic::{AtomicBool, Ordering};

use doorward::{Code, Engine};
use serde_json::{Value, json};

use crate::stage::{Child, Store, call, is_active, on_each_store, open, register, report, together, told};

fn give_key(engine: &Engine, user: &Value) -> Value {
    call(engine, "create_api_key", json!({"user_id": user["user"]["id"], "name": "a program"})).unwrap()
}

fn use_key(engine: &Engine, key: &Value) -> Result<(), Code> {
    let request = json!({"method": "GET", "path": "/", "api_key": key["key"]});
    call(engine, "authenticate_request", request).map(drop)
}

fn revoke(engine: &Engine, key: &Value) {
    let revoked = call(engine, "revoke_api_key", json!({"api_key_id": key["api_key"]["id"]})).unwrap();
    assert_eq!(revoked, json!({"revoked": true}));
}

on_each_store!(a_revoked_key_is_refused_in_every_thread);
/// Of 200 threads one revokes the key, beside the first writes of its last use.
fn a_revoked_key_is_refused_in_every_thread(store: &Store) {
    let engine = store.open();
    let user = register(&engine, "ada").unwrap();
    let key = give_key(&engine, &user);
    let is_revoked = AtomicBool::new(false);
    let outcomes = together(200, |index| {
        if index == 100 {
            revoke(&engine, &key);
            is_revoked.store(true, Ordering::SeqCst);
        }
        let was_revoked = is_revoked.load(Ordering::SeqCst);
        (was_revoked, use_key(&engine, &key))
    });
    for (was_revoked, outcome) in outcomes {
        match outcome {
            Ok(()) => assert!(!was_revoked),
            Err(code) => assert_eq!(code, Code::InvalidToken),
        }
    }
    assert_eq!(store.count("api_keys"), 0, "a late write of the last use brought the key back");
}

on_each_store!(a_revoked_key_is_refused_in_every_process);
fn a_revoked_key_is_refused_in_every_process(store: &Store) {
    let engine = store.open();
    let user = register(&engine, "ada").unwrap();
    let key = give_key(&engine, &user);
    let task = json!({"role": "use a key", "store": store.url(), "key": key["key"]});
    let mut children: Vec<Child> = (0..8).map(|_| Child::start(&task)).collect();
    for child in &mut children {
        assert_eq!(child.report(), Some(json!(true)));
    }
    revoke(&engine, &key);
    children.iter_mut().for_each(|child| child.tell(&json!("revoked")));
    for mut child in children {
        assert_eq!(child.report(), Some(json!(false)));
        child.succeed();
    }
}

/// A child of [`a_revoked_key_is_refused_in_every_process`].
pub fn use_until_told(store: &str, task: &Value) {
    let engine = open(store, json!({})).unwrap();
    let key = task["key"].as_str().unwrap();
    report(&json!(is_active(&engine, key)));
    told();
    report(&json!(is_active(&engine, key)));
}

on_each_store!(a_strangers_keys_leave_no_row);
/// A key that no account has is looked up and nothing more, however often it is tried. A text of another form is not
/// even looked up.
fn a_strangers_keys_leave_no_row(store: &Store) {
    let engine = store.open();
    let user = register(&engine, "ada").unwrap();
    let key = give_key(&engine, &user);
    revoke(&engine, &key);
    let tables = ["api_keys", "events", "throttles", "users"];
    let before = tables.map(|table| store.dump(table));
    let wrong = json!({"key": "dw_0000000000000000000000000000000000000000000000000"});
    for _ in 0..50 {
        assert_eq!(use_key(&engine, &key), Err(Code::InvalidToken));
        assert_eq!(use_key(&engine, &wrong), Err(Code::InvalidToken));
    }
    assert_eq!(tables.map(|table| store.dump(table)), before);
}

on_each_store!(no_row_tells_a_key);
fn no_row_tells_a_key(store: &Store) {
    let engine = store.open();
    let user = register(&engine, "ada").unwrap();
    let key = give_key(&engine, &user);
    use_key(&engine, &key).unwrap();
    let text = key["key"].as_str().unwrap();
    for table in ["api_keys", "events", "event_order", "meta"] {
        for row in store.dump(table) {
            assert!(!row.contains(&text[9..]), "{table}: {row}");
        }
    }
    assert_eq!(store.count("api_keys WHERE last_used_at IS NOT NULL"), 1);
}
