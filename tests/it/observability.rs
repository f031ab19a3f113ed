//! Tests of the operator's tools: audit log, figures, log records, doctor. Cases that fit a file are in
//! tests/conformance.

use std::collections::{HashMap, HashSet};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use crate::stores::{self, Store, on_each_store};
use doorward::{
    Clock, Code, CompleteLoginRequest, Config, Engine, GetUserRequest, Hooks, JwksRequest, Level, Log, Login,
    LoginRequest, NextStep, VerifyRequest,
};
use regex::Regex;
use serde_json::{Value, json};

const PASSWORD: &str = "eight wise words";

/// 2026-01-01T00:00:00Z
const START: i64 = 1_767_225_600;

on_each_store!(what_is_past_its_time_leaves_the_store);
fn what_is_past_its_time_leaves_the_store(store: &Store) {
    let stage = Stage::new(store, json!({"audit": {"retention_days": 10}}));
    let engine = stage.open();
    (0..20).for_each(|index| drop(register(&engine, &format!("old{index}"))));
    stage.advance(11 * 86_400);
    // In a file every new event deletes a few old ones; on a server one in a few deletes all.
    register(&engine, "new0");
    drop(engine);
    let events = if store.is_sqlite() { 5 } else { 200 };
    assert!(!store.is_sqlite() || store.count("events") == 20 + 1 - 4);
    let engine = stage.open();
    (1..events).for_each(|index| drop(register(&engine, &format!("new{index}"))));
    assert_eq!(kinds(&engine, json!({"limit": 1000})), vec!["registered"; events]);
    drop(engine);
    assert_eq!(store.count("events"), events as i64);
}

on_each_store!(no_act_without_its_event);
/// A change that cannot be logged does not happen.
fn no_act_without_its_event(store: &Store) {
    let stage = Stage::new(store, json!({}));
    let engine = stage.open();
    let id = register(&engine, "ada");
    let login = login(&engine, "ada").unwrap();
    drop(engine);
    store.execute(if store.is_sqlite() {
        "CREATE TRIGGER no BEFORE INSERT ON events BEGIN SELECT RAISE(FAIL, 'no'); END"
    } else {
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
         CREATE TRIGGER no BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION no()"
    });
    let before = stage.dump();
    let engine = stage.open();
    for (operation, request) in [
        ("register", json!({"username": "bob", "email": "b@example.com", "password": PASSWORD})),
        ("login", json!({"username": "ada", "password": PASSWORD})),
        ("login", json!({"username": "ada", "password": "a wrong password"})),
        ("login", json!({"username": "nobody", "password": "a wrong password"})),
        ("logout", json!({"token": login["access_token"]})),
        ("logout", json!({"token": login["access_token"], "everywhere": true})),
        ("revoke_token", json!({"token": login["refresh_token"]})),
        ("revoke_session", json!({"session_id": login["session_id"]})),
        ("revoke_user_sessions", json!({"user_id": id})),
        ("update_user", json!({"id": id, "roles": ["x"]})),
        ("update_user", json!({"id": id, "is_active": false})),
        ("delete_user", json!({"id": id})),
        ("rotate_keys", json!({})),
    ] {
        assert_eq!(call(&engine, operation, request).unwrap_err(), "store_constraint", "{operation}");
    }
    drop(engine);
    assert_eq!(stage.dump(), before);
    store.execute(if store.is_sqlite() { "DROP TRIGGER no" } else { "DROP FUNCTION no CASCADE" });
}

on_each_store!(who_follows_the_log_hears_everything_once);
/// Engines with different clocks log in, log out and fail concurrently, and a follower reopens the store
/// between pages: it reads every event once. Two concurrent searches find the same.
fn who_follows_the_log_hears_everything_once(store: &Store) {
    const THREADS: usize = 8;
    const ROUNDS: usize = 8;
    let stage = Stage::new(store, json!({"throttle": {"account_failures": 100}, "audit": {"chain": true}}));
    let engines = [stage.open(), stage.open_late(1500)];
    (0..THREADS).for_each(|index| drop(register(&engines[0], &format!("user{index}"))));
    let (start, working) = (Barrier::new(THREADS + 3), AtomicUsize::new(THREADS));
    let work = |engine: &Engine, name: &str| {
        start.wait();
        for _ in 0..ROUNDS {
            let reply = login(engine, name).unwrap();
            call(engine, "logout", json!({"token": reply["access_token"]})).unwrap();
            let wrong = json!({"username": name, "password": "a wrong password"});
            assert_eq!(call(engine, "login", wrong).unwrap_err(), "invalid_credentials");
        }
        working.fetch_sub(1, Ordering::SeqCst);
    };
    let follow = |mut request: Value| {
        start.wait();
        let mut heard = Vec::<Value>::new();
        loop {
            // Read before the page, so that this round contains everything that was written before.
            let is_over = working.load(Ordering::SeqCst) == 0;
            let engine = stage.open();
            loop {
                let page = call(&engine, "events", request.clone()).unwrap();
                heard.extend(page["events"].as_array().unwrap().iter().cloned());
                request["after"] = page["resume"].clone();
                if page["next"].is_null() {
                    break;
                }
            }
            if is_over {
                break heard;
            }
        }
    };
    let (followed, failures) = thread::scope(|scope| {
        let (work, follow, engines) = (&work, &follow, &engines);
        for index in 0..THREADS {
            scope.spawn(move || work(&engines[index % 2], &format!("user{index}")));
        }
        let search = || follow(json!({"kind": "login_failed", "limit": 3}));
        let searching = [scope.spawn(search), scope.spawn(search)];
        let followed = follow(json!({"limit": 7}));
        (followed, searching.map(|thread| thread.join().unwrap()))
    });
    let ids = |events: &[Value]| events.iter().map(|event| event["id"].to_string()).collect::<Vec<_>>();
    let count = |kind: &str| followed.iter().filter(|event| event["kind"] == kind).count();
    let each = THREADS * ROUNDS;
    assert_eq!(
        [count("registered"), count("logged_in"), count("logged_out"), count("login_failed")],
        [THREADS, each, each, each]
    );
    assert_eq!(HashSet::<String>::from_iter(ids(&followed)).len(), THREADS + 3 * each);
    assert_eq!(followed.len(), THREADS + 3 * each);
    let failed: Vec<Value> =
        followed.iter().filter(|event| event["kind"] == "login_failed").cloned().collect();
    failures.iter().for_each(|heard| assert_eq!(ids(heard), ids(&failed)));
    // Read again later, the log is the same, and its chain is intact.
    let again = call(&engines[1], "events", json!({"limit": 1000})).unwrap();
    assert_eq!(ids(again["events"].as_array().unwrap()), ids(&followed));
    let verdict = call(&engines[0], "verify_events", json!({})).unwrap();
    assert_eq!((&verdict["intact"], &verdict["events"]), (&json!(true), &json!(followed.len())), "{verdict}");
    drop(engines);
    assert_eq!(store.count("events"), followed.len() as i64);
}

/// A transaction is open while others write, and commits after its events were overtaken: the follower reads
/// them after the commit.
#[test]
fn a_late_commit_is_heard() {
    let Some(store) = Store::postgres() else { return };
    let stage = Stage::new(&store, json!({}));
    let engine = stage.open();
    register(&engine, "ada");
    let first = call(&engine, "events", json!({})).unwrap();
    let held = store.hold(
        "INSERT INTO events (id, at, kind) VALUES ('\\x00000000000070008000000000000001', 1767225600, 'held'); \
         INSERT INTO event_order (event_id) VALUES ('\\x00000000000070008000000000000001')",
    );
    let mut resume = first["resume"].clone();
    for name in ["bob", "eve"] {
        register(&engine, name);
        let page = call(&engine, "events", json!({"after": resume})).unwrap();
        assert_eq!(page["events"].as_array().unwrap().len(), 1, "{page}");
        resume = page["resume"].clone();
    }
    held.commit();
    let page = call(&engine, "events", json!({"after": resume})).unwrap();
    assert_eq!(page["events"].as_array().unwrap().len(), 1, "{page}");
    assert_eq!(page["events"][0]["kind"], "held");
}

on_each_store!(a_cursor_outlives_its_event_and_its_store);
/// All remaining events come after a purged one. In a moved store the log continues where it was, with its
/// chain, and with the events that had no place yet.
fn a_cursor_outlives_its_event_and_its_store(store: &Store) {
    let keys = json!({"secret_key": "the secret key of both of the stores", "audit": {"retention_days": 10, "chain": true}});
    let stage = Stage::new(store, keys.clone());
    let engine = stage.open();
    register(&engine, "ada");
    let cursor = call(&engine, "events", json!({})).unwrap()["resume"].clone();
    register(&engine, "bob");
    stage.advance(11 * 86_400);
    register(&engine, "eve");
    call(&engine, "maintain", json!({"budget_ms": 60_000})).unwrap();
    register(&engine, "dan");
    assert_eq!(kinds(&engine, json!({"after": cursor})), ["registered"; 2]);
    let seen = call(&engine, "events", json!({"after": cursor, "limit": 1})).unwrap()["next"].clone();
    register(&engine, "joe");
    let head = call(&engine, "verify_events", json!({})).unwrap()["head"].clone();
    register(&engine, "ian");
    drop(engine);
    let other = store.another();
    let url = |store: &Store| store.url().parse().unwrap();
    doorward::migrate(&url(store), &url(&other), |_| std::ops::ControlFlow::Continue(())).unwrap();
    let moved = Stage { now_ms: Arc::clone(&stage.now_ms), ..Stage::new(&other, keys) };
    let engine = moved.open();
    assert_eq!(kinds(&engine, json!({"after": seen})), ["registered"; 3]);
    let verdict = call(&engine, "verify_events", json!({"head": head})).unwrap();
    assert_eq!((&verdict["intact"], &verdict["events"]), (&json!(true), &json!(4)), "{verdict}");
}

/// An engine with a role that may only add to the audit log does everything except shorten the log; one with
/// a read-only role reads the events that have places.
#[test]
fn a_log_that_is_append_only() {
    let Some(store) = Store::postgres() else { return };
    let keys = json!({"audit": {"retention_days": 10, "chain": true}, "throttle": {"account_failures": 2}});
    let owner = Stage::new(&store, keys.clone());
    drop(owner.open());
    let role = format!("app_{}", std::process::id());
    store.execute(&format!(
        "CREATE ROLE {role} LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}; \
         REVOKE UPDATE, DELETE ON events FROM {role}"
    ));
    let config = stages_config(&owner.config, &store.url().replace("postgres@", &format!("{role}@")));
    let stage = Stage { store: &store, now_ms: Arc::clone(&owner.now_ms), config };
    let engine = stage.open();
    let id = register(&engine, "ada");
    let from = json!({"ip": "203.0.113.7"});
    call(&engine, "login", json!({"username": "ada", "password": PASSWORD, "client": from})).unwrap();
    for _ in 0..6 {
        let wrong = json!({"username": "nobody", "password": "a wrong password"});
        assert!(
            ["invalid_credentials", "too_many_attempts"]
                .contains(&call(&engine, "login", wrong).unwrap_err())
        );
    }
    call(&engine, "delete_user", json!({"id": id})).unwrap();
    assert_eq!(kinds(&engine, json!({"ip": "203.0.113.7"})), Vec::<String>::new());
    stage.advance(11 * 86_400);
    (0..40).for_each(|index| drop(register(&engine, &format!("user{index}"))));
    let maintained = call(&engine, "maintain", json!({"budget_ms": 60_000})).unwrap();
    assert_eq!((&maintained["complete"], &maintained["purged"]["events"]), (&json!(true), &json!(0)));
    let found = findings(&engine);
    assert!(found.iter().any(|one| one["check"] == "audit_log" && one["severity"] == "advice"), "{found:?}");
    assert!(found.iter().any(|one| one["check"] == "store" && one["severity"] == "ok"), "{found:?}");
    assert_eq!(kinds(&engine, json!({})), ["registered"; 40]);
    assert_eq!(call(&engine, "verify_events", json!({})).unwrap()["intact"], json!(true));
    // A role with the right does the rest.
    let purged =
        call(&owner.open(), "maintain", json!({"budget_ms": 60_000})).unwrap()["purged"]["events"].take();
    assert!(purged.as_i64().unwrap() >= 6, "{purged}");
    assert_eq!(call(&engine, "verify_events", json!({})).unwrap()["intact"], json!(true));
    register(&engine, "last");
    store.execute(&format!("REVOKE INSERT, UPDATE, DELETE ON event_order, meta FROM {role}"));
    assert_eq!(kinds(&engine, json!({})), ["registered"; 40]);
    assert_eq!(kinds(&engine, json!({"order": "newest", "limit": 41})), ["registered"; 41]);
    drop(engine);
    store.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

/// Returns the same configuration for another address of the store.
fn stages_config(config: &Value, url: &str) -> Value {
    let mut config = config.clone();
    config["store"] = json!(url);
    config
}

on_each_store!(what_is_rare_is_found);
/// Rare events are found far into the log, by each of the filters.
fn what_is_rare_is_found(store: &Store) {
    let stage = Stage::new(store, json!({}));
    let engine = stage.open();
    let id = register(&engine, "ada");
    for _ in 0..510 {
        call(&engine, "issue_token", json!({"claims": {"sub": "a service"}})).unwrap();
    }
    stage.advance(60);
    let from = json!({"ip": "203.0.113.7"});
    call(&engine, "login", json!({"username": "ada", "password": PASSWORD, "client": from})).unwrap();
    call(&engine, "update_user", json!({"id": id, "roles": ["x"], "actor": "eve"})).unwrap();
    let first = call(&engine, "events", json!({"limit": 1})).unwrap()["next"].take();
    for (filter, kind) in [
        (json!({"kind": "logged_in"}), "logged_in"),
        (json!({"user_id": id}), "logged_in"),
        (json!({"ip": "203.0.113.7"}), "logged_in"),
        (json!({"actor": "eve"}), "user_updated"),
        (json!({"since": START + 60}), "logged_in"),
        (json!({"since": START + 60, "until": START + 60, "kind": "user_updated"}), "user_updated"),
    ] {
        let mut request = filter.clone();
        (request["after"], request["limit"]) = (first.clone(), json!(1));
        assert_eq!(kinds(&engine, request), [kind], "{filter}");
    }
}

on_each_store!(a_chain_is_verified_by_the_retention_of_now);
/// The store's present retention decides about expiry, also for engines that opened the store before it
/// changed.
fn a_chain_is_verified_by_the_retention_of_now(store: &Store) {
    let stage = Stage::new(store, json!({"audit": {"chain": true}}));
    let engine = stage.open();
    register(&engine, "ada");
    assert_eq!(call(&engine, "verify_events", json!({})).unwrap()["events"], 1);
    let mut config = stage.config.clone();
    (config["change_settings"], config["audit"]) =
        (json!(true), json!({"chain": true, "retention_days": 10}));
    let other = Stage { store, now_ms: Arc::clone(&stage.now_ms), config };
    let shorter = other.open();
    stage.advance(11 * 86_400);
    let purged = call(&shorter, "maintain", json!({"budget_ms": 60_000})).unwrap()["purged"].take();
    assert_eq!(purged["events"], 2);
    register(&shorter, "bob");
    let verdict = call(&engine, "verify_events", json!({})).unwrap();
    assert_eq!((&verdict["intact"], &verdict["events"]), (&json!(true), &json!(1)), "{verdict}");
}

on_each_store!(a_store_with_very_many_rows);
/// Large counts are estimates on a server, and exact in a file. Locked accounts are searched among 20,000
/// accounts in a call, and further ones by the next call.
fn a_store_with_very_many_rows(store: &Store) {
    let stage = Stage::new(store, json!({"throttle": {"account_failures": 1}}));
    register(&stage.open(), "ada");
    let numbers = |most: u32| {
        format!(
            "WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {most}) "
        )
    };
    let id = if store.is_sqlite() {
        "unhex(printf('%032x', i))"
    } else {
        "decode(lpad(to_hex(i), 32, '0'), 'hex')"
    };
    store.execute(&format!(
        "INSERT INTO users (id, username, username_key, email_verified, was_verified, is_active, must_change_password, \
           attributes, epoch, epoch_at, token_epoch, created_at) \
         {} SELECT {id}, 'u' || i, 'u' || i, 0, 0, 1, 0, '', 0, 0, 0, 1 FROM numbers; \
         INSERT INTO events (id, at, kind) {} SELECT {id}, 1, 'x' FROM numbers; ANALYZE",
        numbers(20_000),
        numbers(110_000)
    ));
    let engine = stage.open();
    let wrong = json!({"username": "ada", "password": "a wrong password"});
    call(&engine, "login", wrong).unwrap_err();
    let locked = |after: &Value| {
        let mut page = call(&engine, "list_users", json!({"locked": true, "after": after})).unwrap();
        (page["users"].as_array().unwrap().len(), page["next"].take())
    };
    let (found, next) = locked(&Value::Null);
    assert_eq!((found, next.is_string()), (0, true));
    assert_eq!(locked(&next), (1, Value::Null));
    let figures = call(&engine, "stats", json!({"store": true})).unwrap()["store"].take();
    assert_eq!(figures["active_accounts"], 20_001);
    let events = figures["events"].as_i64().unwrap();
    drop(engine);
    let kept = store.count("events");
    match store.is_sqlite() {
        true => assert_eq!((&figures["estimated"], events), (&json!([]), kept)),
        false => {
            assert_eq!(figures["estimated"], json!(["events"]));
            assert!(events > 100_000 && (events - kept).abs() < kept / 10, "{events} of {kept}");
        }
    }
}

on_each_store!(a_chain_begins_only_with_what_is_past_its_time);
/// Expired events disappear from the beginning of a chain. One inserted row there hides no other removal.
fn a_chain_begins_only_with_what_is_past_its_time(store: &Store) {
    let stage = Stage::new(store, json!({"audit": {"retention_days": 10, "chain": true}}));
    let engine = stage.open();
    for name in ["ada", "bob", "eve", "dan", "joe"] {
        register(&engine, name);
    }
    let verify = || call(&engine, "verify_events", json!({})).unwrap();
    assert_eq!(verify()["events"], 5);
    stage.advance(11 * 86_400);
    call(&engine, "maintain", json!({"budget_ms": 60_000})).unwrap();
    let verdict = verify();
    assert_eq!((&verdict["intact"], &verdict["events"]), (&json!(true), &json!(0)), "{verdict}");
    for name in ["ian", "kay", "lee", "may"] {
        register(&engine, name);
    }
    call(&engine, "maintain", json!({"budget_ms": 60_000})).unwrap();
    let verdict = verify();
    assert_eq!((&verdict["intact"], &verdict["events"]), (&json!(true), &json!(4)), "{verdict}");
    // The links themselves are unchanged.
    let last = "(SELECT max(position) FROM event_order)";
    let ancient = "00000000000070008000000000000001";
    let ancient = if store.is_sqlite() { format!("x'{ancient}'") } else { format!("'\\x{ancient}'") };
    store.execute(&format!(
        "DELETE FROM events WHERE id IN (SELECT event_id FROM event_order WHERE position < {last})"
    ));
    store.execute(&format!("DELETE FROM event_order WHERE position < {last} - 1"));
    store.execute(&format!("UPDATE event_order SET event_id = {ancient} WHERE position < {last}"));
    let verdict = verify();
    assert_eq!((&verdict["intact"], &verdict["events"]), (&json!(false), &json!(1)), "{verdict}");
    assert_eq!(verdict["problems"][0]["reason"], "broken");
}

on_each_store!(a_chain_does_not_begin_anew);
/// An attacker who can write the store removes the head of the chain, restores an older one, or removes the
/// rest of the chain: the log is not found intact, and no later engine links the changed events.
fn a_chain_does_not_begin_anew(store: &Store) {
    let keys = json!({"secret_key": "the secret key of both of the engines", "audit": {"chain": true}});
    let stage = Stage::new(store, keys);
    let engine = stage.open();
    let verify = |engine: &doorward::Engine| call(engine, "verify_events", json!({})).unwrap();
    for name in ["ada", "bob"] {
        register(&engine, name);
    }
    assert_eq!(verify(&engine)["intact"], true);
    store.execute("CREATE TABLE older AS SELECT name, value FROM meta WHERE name = 'event_order'");
    for name in ["eve", "dan"] {
        register(&engine, name);
    }
    let head = verify(&engine)["head"].clone();
    drop(engine);
    for table in ["meta", "events", "event_order"] {
        store.execute(&format!("CREATE TABLE {table}_before AS SELECT * FROM {table}"));
    }
    let empty = if store.is_sqlite() { "x''" } else { "'\\x'" };
    let emptied = format!("UPDATE meta SET value = {empty} WHERE name = 'event_order'");
    let unlinked = "UPDATE event_order SET digest = NULL, link = NULL";
    let older = "UPDATE meta SET value = (SELECT value FROM older) WHERE name = 'event_order'";
    let forgotten =
        "DELETE FROM meta WHERE name IN ('event_order', 'settings', 'secret_key_proof', 'secret_keys')";
    for attack in [
        emptied.clone(),
        format!("{emptied}; {unlinked}"),
        format!("DELETE FROM meta WHERE name = 'event_order'; {unlinked}"),
        older.to_owned(),
        // Unlinked events may hide those that are linked after the head.
        format!("{older}; {unlinked} WHERE position = 3"),
        // A store that looks new, except for its contents.
        format!("{forgotten}; {unlinked}"),
    ] {
        store.execute(&attack);
        store.execute("UPDATE events SET actor = 'somebody else' WHERE kind = 'registered'");
        let engine = stage.open();
        for name in ["joe", "ian"] {
            register(&engine, name);
            let verdict = verify(&engine);
            let reasons: Vec<_> =
                verdict["problems"].as_array().unwrap().iter().map(|it| &it["reason"]).collect();
            assert!(reasons.contains(&&json!("head")), "{attack}: {verdict}");
        }
        drop(engine);
        // Another configuration does not avoid the check.
        let mut config = stage.config.clone();
        for chain in [false, true] {
            (config["change_settings"], config["audit"]["chain"]) = (json!(true), json!(chain));
            let config = config.clone();
            let verdict = verify(&Stage { store, now_ms: Arc::clone(&stage.now_ms), config }.open());
            assert_eq!(verdict["problems"][0]["reason"], "head", "{attack}: {verdict}");
        }
        for table in ["meta", "events", "event_order"] {
            store.execute(&format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {table}_before"));
        }
        store.execute("DELETE FROM users WHERE username IN ('joe', 'ian')");
    }
    let verdict = call(&stage.open(), "verify_events", json!({"head": head})).unwrap();
    assert_eq!((&verdict["intact"], &verdict["events"]), (&json!(true), &json!(4)), "{verdict}");
    // So is a store that drops the links which are written, and it does not keep `maintain` busy.
    let targets = [("OF digest ON event_order", "links"), ("ON meta", "heads")];
    for (target, name) in targets {
        store.execute(&match store.is_sqlite() {
            true => format!("CREATE TRIGGER {name} BEFORE UPDATE {target} BEGIN SELECT RAISE(IGNORE); END"),
            false => format!(
                "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; \
                 CREATE TRIGGER {name} BEFORE UPDATE {target} FOR EACH ROW EXECUTE FUNCTION {name}()"
            ),
        });
    }
    let engine = stage.open();
    register(&engine, "kim");
    let verdict = verify(&engine);
    assert_eq!(verdict["problems"], json!([{"reason": "head"}]), "{verdict}");
    assert_eq!(call(&engine, "maintain", json!({})).unwrap()["complete"], true);
}

on_each_store!(a_store_that_lost_its_settings_is_damaged);
/// A store without its settings, or without the proof of its secret key, is refused: it would take the settings of the
/// next process that opens it.
fn a_store_that_lost_its_settings_is_damaged(store: &Store) {
    let keys = json!({"secret_key": "the secret key of both of the engines"});
    let stage = Stage::new(store, keys);
    register(&stage.open(), "ada");
    store.execute("CREATE TABLE meta_before AS SELECT * FROM meta");
    for name in ["settings", "secret_key_proof"] {
        store.execute(&format!("DELETE FROM meta WHERE name = '{name}'"));
        let mut config = stage.config.clone();
        for issuer in ["doorward", "another issuer"] {
            config["issuer"] = json!(issuer);
            let config = Config::parse(&config.to_string()).unwrap();
            let refused = Engine::open(config, Hooks::default()).err().expect(name);
            assert_eq!(
                (refused.code, refused.field.as_deref()),
                (Code::InvalidConfig, Some("/store")),
                "{name}"
            );
        }
        store.execute("DELETE FROM meta; INSERT INTO meta SELECT * FROM meta_before");
    }
    stage.open();
}

on_each_store!(damaged_rows_are_not_to_be_tried_again);
/// A row that this library did not write is a permanent failure, and the chain does not skip it.
fn damaged_rows_are_not_to_be_tried_again(store: &Store) {
    let stage = Stage::new(store, json!({"audit": {"chain": true}}));
    let engine = stage.open();
    let id = register(&engine, "ada");
    assert_eq!(call(&engine, "verify_events", json!({})).unwrap()["intact"], true);
    register(&engine, "bob");
    store.execute("UPDATE users SET attributes = '{' WHERE username = 'ada'");
    assert_eq!(call(&engine, "get_user", json!({"id": id})).unwrap_err(), "invalid_config");
    let short = if store.is_sqlite() { "x'00'" } else { "'\\x00'" };
    store.execute(&format!(
        "UPDATE events SET session_id = {short} WHERE id = (SELECT event_id FROM event_order ORDER BY event_id DESC LIMIT 1)"
    ));
    assert_eq!(call(&engine, "verify_events", json!({})).unwrap_err(), "invalid_config");
}

on_each_store!(a_log_that_cannot_be_read_on_is_not_intact);
/// A store with a missing or damaged table is not treated as read-only.
fn a_log_that_cannot_be_read_on_is_not_intact(store: &Store) {
    let stage = Stage::new(store, json!({"audit": {"chain": true}}));
    let engine = stage.open();
    register(&engine, "ada");
    store.execute(if store.is_sqlite() {
        "CREATE TRIGGER no BEFORE UPDATE ON events BEGIN SELECT 1 FROM nowhere; END; \
         CREATE TRIGGER no_order BEFORE UPDATE ON event_order BEGIN SELECT 1 FROM nowhere; END"
    } else {
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 FROM nowhere; END $$; \
         CREATE TRIGGER no BEFORE UPDATE ON event_order FOR EACH ROW EXECUTE FUNCTION no()"
    });
    for (operation, request) in
        [("verify_events", json!({})), ("events", json!({})), ("events", json!({"order": "oldest"}))]
    {
        assert_eq!(call(&engine, operation, request).unwrap_err(), "invalid_config", "{operation}");
    }
    drop(engine);
    store.execute(match store.is_sqlite() {
        true => "DROP TRIGGER no; DROP TRIGGER no_order",
        false => "DROP FUNCTION no CASCADE",
    });
}

on_each_store!(a_chain_outlives_the_keys_that_sealed_it);
/// A process with an outdated order of secret keys sealed the head, and those keys are retired.
fn a_chain_outlives_the_keys_that_sealed_it(store: &Store) {
    let (old, new) = ("the secret key of yesterday's store", "the secret key of today's good store");
    let open =
        |keys: &[&str]| Stage::new(store, json!({"secret_keys": keys, "audit": {"chain": true}})).open();
    register(&open(&[old]), "ada");
    let (engine, late) = (open(&[new, old]), open(&[old, new]));
    register(&late, "bob");
    assert_eq!(call(&late, "verify_events", json!({})).unwrap()["events"], 2);
    call(&engine, "rotate_keys", json!({"retire": "now"})).unwrap();
    let verdict = call(&engine, "verify_events", json!({})).unwrap();
    assert_eq!(verdict["intact"], true, "{verdict}");
}

on_each_store!(a_race_leaves_one_event);
/// Several callers end one session at the same time: it is ended once, and logged once.
fn a_race_leaves_one_event(store: &Store) {
    let stage = Stage::new(store, json!({}));
    let engine = stage.open();
    let id = register(&engine, "ada");
    let session = login(&engine, "ada").unwrap()["session_id"].clone();
    let start = Barrier::new(16);
    let revoked: i64 = thread::scope(|scope| {
        let revoke = |_| {
            scope.spawn(|| {
                start.wait();
                let reply = call(&engine, "revoke_session", json!({"session_id": session})).unwrap();
                reply["revoked"].as_i64().unwrap()
            })
        };
        let running: Vec<_> = (0..16).map(revoke).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(revoked, 1);
    assert_eq!(kinds(&engine, json!({"user_id": id})), ["registered", "logged_in", "session_revoked"]);
}

on_each_store!(a_clock_that_was_set_back);
/// A clock that was ahead for a while does not change the order of later events.
fn a_clock_that_was_set_back(store: &Store) {
    let stage = Stage::new(store, json!({}));
    let engine = stage.open();
    register(&engine, "now0");
    stage.advance(8_640_000);
    register(&engine, "future");
    stage.advance(-8_640_000);
    register(&engine, "now1");
    stage.advance(-60);
    register(&engine, "before");
    let at = |request: Value| {
        let events = call(&engine, "events", request).unwrap()["events"].take();
        let at = |event: &Value| event["at"].as_i64().unwrap() - START;
        events.as_array().unwrap().iter().map(at).collect::<Vec<_>>()
    };
    assert_eq!(at(json!({"order": "oldest"})), [-60, 0, 0, 8_640_000]);
    assert_eq!(at(json!({"order": "newest", "limit": 2})), [8_640_000, 0]);
    assert_eq!(at(json!({"order": "oldest", "since": START, "until": START})), [0, 0]);
}

on_each_store!(a_deleted_account_leaves_nothing_personal);
/// The log of a deleted account contains only its id, even if a login was in progress.
fn a_deleted_account_leaves_nothing_personal(store: &Store) {
    let stage = Stage::new(store, json!({}));
    let engine = stage.open();
    let id = register(&engine, "ada");
    let client = json!({"ip": "203.0.113.7", "user_agent": "a browser", "device_id": "a-device"});
    call(&engine, "login", json!({"username": "ada", "password": PASSWORD, "client": client})).unwrap();
    call(&engine, "login", json!({"username": "ada", "password": "a wrong password", "client": client}))
        .unwrap_err();
    call(&engine, "update_user", json!({"id": id, "email": "lovelace@example.com"})).unwrap();
    call(&engine, "delete_user", json!({"id": id})).unwrap();
    assert_eq!(
        kinds(&engine, json!({"user_id": id})),
        ["registered", "logged_in", "login_failed", "user_updated", "user_deleted"]
    );
    drop(engine);
    let dump = stage.dump();
    for personal in ["ada", "lovelace", "203.0.113.7", "a browser", "a-device"] {
        assert!(!dump.contains(personal), "{personal}");
    }
}

on_each_store!(an_unknown_name_is_not_kept);
/// The names of unknown users are not in the log.
fn an_unknown_name_is_not_kept(store: &Store) {
    let stage = Stage::new(store, json!({}));
    let engine = stage.open();
    for name in ["correct-horse-7", "correct-horse-7@example.com", "correct horse 7"] {
        call(&engine, "login", json!({"username": name, "password": PASSWORD})).unwrap_err();
    }
    assert_eq!(kinds(&engine, json!({})), ["login_failed"; 3]);
    drop(engine);
    assert!(!stage.dump().contains("correct"));
}

/// A contained bug is counted.
#[test]
fn a_call_that_panics_is_counted() {
    let is_broken = Arc::new(AtomicI64::new(0));
    let hook = Arc::clone(&is_broken);
    let clock = Clock::custom(move || match hook.load(Ordering::SeqCst) {
        0 => START * 1000,
        _ => std::panic::resume_unwind(Box::new(())),
    });
    let config = Config::parse(r#"{"store": "sqlite::memory:"}"#).unwrap();
    let engine = Engine::open(config, Hooks::new().clock(clock)).unwrap();
    is_broken.store(1, Ordering::SeqCst);
    let panicked = std::panic::catch_unwind(AssertUnwindSafe(|| engine.get_user(GetUserRequest::default())));
    assert!(panicked.is_err());
    is_broken.store(0, Ordering::SeqCst);
    let stats = call(&engine, "stats", json!({})).unwrap();
    let row =
        stats["operations"].as_array().unwrap().iter().find(|row| row["operation"] == "get_user").unwrap();
    assert_eq!(row["outcomes"], json!([{"status": "INTERNAL", "count": 1}]));
}

/// Every call is counted on each path, and Prometheus can parse the text.
#[test]
fn what_prometheus_reads() {
    let store = Store::sqlite();
    let stage = Stage::new(&store, json!({}));
    let engine = stage.open();
    register(&engine, "ada");
    let token = login(&engine, "ada").unwrap()["access_token"].clone();
    (0..100).for_each(|_| drop(call(&engine, "verify", json!({"token": token})).unwrap()));
    let nonsense = || VerifyRequest::new("nonsense");
    assert_eq!(engine.verify(nonsense()).unwrap_err().code, Code::InvalidToken);
    assert_eq!(engine.verify_at_once(&nonsense()).unwrap_err().code, Code::InvalidToken);
    engine.jwks(JwksRequest::default()).unwrap();

    let stats = call(&engine, "stats", json!({})).unwrap();
    let text = stats["prometheus"].as_str().unwrap();
    let samples = samples(text);
    let sample = |name: &str| *samples.get(name).unwrap_or_else(|| panic!("{name} is not in\n{text}"));
    let total = |operation: &str, status: &str| {
        sample(&format!("doorward_operations_total{{operation=\"{operation}\",status=\"{status}\"}}"))
    };
    assert_eq!(total("verify", "OK"), 100.0);
    assert_eq!(total("verify", "DENIED"), 2.0);
    assert_eq!(total("login", "OK"), 1.0);
    assert_eq!(total("jwks", "OK"), 1.0);
    assert_eq!(sample("doorward_hash_busy"), 0.0);
    for operation in stats["operations"].as_array().unwrap() {
        let (name, latency) = (operation["operation"].as_str().unwrap(), &operation["latency"]);
        let of = |what: &str| format!("doorward_operation_duration_seconds_{what}{{operation=\"{name}\"");
        let buckets = |name: &String| name.starts_with(&of("bucket"));
        let mut cumulative: Vec<(f64, f64)> = samples
            .iter()
            .filter(|(name, _)| buckets(name))
            .map(|(name, count)| (name.split('"').nth(3).unwrap().parse().unwrap(), *count))
            .collect();
        cumulative.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(cumulative.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{cumulative:?}");
        let (last, count) = *cumulative.last().unwrap();
        assert_eq!((last, count), (f64::INFINITY, sample(&format!("{}}}", of("count")))));
        assert_eq!(json!(count as u64), latency["count"]);
        let calls: u64 =
            operation["outcomes"].as_array().unwrap().iter().map(|row| row["count"].as_u64().unwrap()).sum();
        match name {
            "verify" => assert_eq!(count, 7.0), // The 1st, the 17th, …, the 97th of 101.
            _ => assert_eq!(count, calls as f64, "{name}"),
        }
        let in_buckets =
            latency["buckets"].as_array().unwrap().iter().map(|row| row["count"].as_u64().unwrap());
        assert_eq!(in_buckets.sum::<u64>(), count as u64);
        assert_eq!(json!(sample(&format!("{}}}", of("sum")))), latency["sum_seconds"]);
    }
}

/// Parses a text in Prometheus' format into its samples, each of which occurs once, below the TYPE of its
/// family.
fn samples(text: &str) -> HashMap<String, f64> {
    let line = Regex::new(
        r#"^([a-z_]+)((?:\{[a-z]+="[A-Za-z0-9_.+-]*"(?:,[a-z]+="[A-Za-z0-9_.+-]*")*\})?) ([0-9.]+(?:e-?[0-9]+)?)$"#,
    )
    .unwrap();
    let mut samples = HashMap::new();
    let (mut family, mut families) = (String::new(), Vec::new());
    assert!(text.ends_with('\n'));
    for text in text.lines() {
        if let Some(about) = text.strip_prefix("# HELP ") {
            family = about.split_once(' ').unwrap().0.to_owned();
            assert!(!families.contains(&family), "{family} twice");
            families.push(family.clone());
        } else if let Some(about) = text.strip_prefix("# TYPE ") {
            let (name, kind) = about.split_once(' ').unwrap();
            assert_eq!(name, family);
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{kind}");
        } else {
            let parts = line.captures(text).unwrap_or_else(|| panic!("{text}"));
            let name =
                parts[1].trim_end_matches("_bucket").trim_end_matches("_sum").trim_end_matches("_count");
            assert_eq!(name, family);
            let value = parts[3].parse().unwrap();
            assert_eq!(samples.insert(format!("{}{}", &parts[1], &parts[2]), value), None, "{text}");
        }
    }
    samples
}

/// Calls from many threads are all counted.
#[test]
fn no_call_is_lost() {
    let store = Store::sqlite();
    let stage = Stage::new(&store, json!({}));
    let engine = stage.open();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..1000).for_each(|_| drop(call(&engine, "verify", json!({"token": "x"})))));
        }
    });
    let stats = call(&engine, "stats", json!({})).unwrap();
    assert_eq!(stats["operations"][0]["outcomes"], json!([{"status": "DENIED", "count": 8000}]));
}

/// A failure writes one record, without the members that have no value; a success writes none.
#[test]
fn log_records() {
    let store = Store::sqlite();
    let stage = Stage::new(&store, json!({}));
    let records = Arc::new(Mutex::new(Vec::new()));
    let engine = stage.open_with(Some({
        let records = Arc::clone(&records);
        Box::new(move |level, record: &str| records.lock().unwrap().push((level, record.to_owned())))
    }));
    let id = register(&engine, "ada");
    call(&engine, "login", json!({"username": "ada", "password": "a wrong password"})).unwrap_err();
    call(&engine, "login", json!({"username": "nobody", "password": "a wrong password"})).unwrap_err();
    call(&engine, "authenticate", json!({})).unwrap_err();
    call(&engine, "list_users", json!({"limit": 0})).unwrap_err();
    call(&engine, "correct-horse-7", json!({})).unwrap_err();
    let ada = login(&engine, "ada").unwrap();
    call(&engine, "logout", json!({"token": ada["access_token"]})).unwrap();
    call(&engine, "authenticate", json!({"token": ada["access_token"]})).unwrap_err();
    call(&engine, "refresh", json!({"refresh_token": ada["refresh_token"]})).unwrap_err();
    call(&engine, "logout", json!({"token": ada["access_token"], "everywhere": true})).unwrap_err();
    stage.advance(3600);
    call(&engine, "verify", json!({"token": ada["access_token"]})).unwrap_err();
    let records: Vec<(Level, Value)> = records
        .lock()
        .unwrap()
        .iter()
        .map(|(level, record)| (*level, serde_json::from_str(record).unwrap()))
        .collect();
    let record = |rest: Value| {
        let mut record = json!({"event": "operation_failed", "at": START});
        record.as_object_mut().unwrap().append(&mut rest.as_object().unwrap().clone());
        record
    };
    let refused = |operation: &str, detail: &str, at: i64| {
        json!({"event": "operation_failed", "operation": operation, "code": "invalid_token", "detail": detail,
            "user_id": id, "session_id": ada["session_id"], "at": at})
    };
    assert_eq!(
        records,
        [
            (
                Level::Info,
                record(
                    json!({"operation": "login", "code": "invalid_credentials", "detail": "wrong_password", "user_id": id})
                )
            ),
            (
                Level::Info,
                record(
                    json!({"operation": "login", "code": "invalid_credentials", "detail": "unknown_user"})
                )
            ),
            (Level::Info, record(json!({"operation": "authenticate", "code": "not_authenticated"}))),
            (
                Level::Info,
                record(
                    json!({"operation": "list_users", "code": "invalid_request", "field": "/limit", "detail": "expected 1 to 1000"})
                )
            ),
            (Level::Warn, record(json!({"code": "unknown_operation"}))),
            (Level::Info, refused("authenticate", "revoked", START)),
            (Level::Info, refused("refresh", "revoked", START)),
            (Level::Info, refused("logout", "revoked", START)),
            (Level::Info, refused("verify", "expired", START + 3600)),
        ]
    );
}

/// A login that requires another step is an outcome in Rust and a failure in JSON. Both are counted and logged alike.
#[test]
fn a_step_up_is_observed_alike_in_rust_and_in_json() {
    let store = Store::sqlite();
    let stage = Stage::new(&store, json!({}));
    let records = Arc::new(Mutex::new(Vec::new()));
    let engine = stage.open_with(Some({
        let records = Arc::clone(&records);
        Box::new(move |_, record: &str| records.lock().unwrap().push(record.to_owned()))
    }));
    let id = register(&engine, "ada");
    call(&engine, "update_user", json!({"id": id, "must_change_password": true})).unwrap();
    let request = json!({"username": "ada", "password": PASSWORD}).to_string();

    let error = engine.call("login", &request).unwrap_err();
    let typed = engine.login(serde_json::from_str::<LoginRequest>(&request).unwrap()).unwrap();
    let Login::StepUp(step) = typed else { panic!("a session") };
    assert_eq!(step.status, NextStep::PasswordChange);
    let mut in_json = serde_json::to_value(error.step_up.unwrap()).unwrap();
    in_json["challenge"] = json!(step.challenge.expose());
    assert_eq!(serde_json::to_value(&step).unwrap(), in_json);

    let change = json!({"challenge": step.challenge.expose(), "new_password": "nine other wise words"});
    let typed = serde_json::from_value::<CompleteLoginRequest>(change).unwrap();
    assert!(
        matches!(engine.complete_login(typed).unwrap(), Login::Session(session) if session.user.username.as_str() == "ada")
    );

    let records = records.lock().unwrap();
    assert!(records[0].contains("password_change_required") && records[0].contains(id.as_str().unwrap()));
    assert_eq!(*records, [records[0].clone(), records[0].clone()]);
    let stats = call(&engine, "stats", json!({})).unwrap();
    let rows = stats["operations"].as_array().unwrap();
    let outcomes = |name: &str| &rows.iter().find(|row| row["operation"] == name).unwrap()["outcomes"];
    assert_eq!(*outcomes("login"), json!([{"status": "STEP_UP", "count": 2}]));
    assert_eq!(*outcomes("complete_login"), json!([{"status": "OK", "count": 1}]));
}

/// Every finding changes with the condition that it judges.
#[test]
fn what_the_doctor_finds() {
    let random = "Zk9vQ1x3mB7tR2yW8sLpE5uH0aJcNfVd4gKiXbTq6MY=";
    let good = json!({"secret_key": random, "audience": "https://api.example.com", "password": {"memory_kib": 8192, "iterations": 1}});
    for (patch, check, field, severity) in [
        (json!({"password": {"memory_kib": 1024}}), "hash_memory", "/password/memory_kib", "advice"),
        (json!({"secret_key": "password".repeat(5)}), "secret_key", "/secret_key", "problem"),
        (json!({"secret_key": "x".repeat(64)}), "secret_key", "/secret_key", "problem"),
        (
            json!({"secret_key": null, "secret_keys": [random, "0".repeat(64)]}),
            "secret_key",
            "/secret_keys/1",
            "problem",
        ),
        (json!({"secret_key": null}), "key_file_place", "/secret_key_file", "advice"),
        (
            json!({"backends": {"old": {"secret": "short", "allow_weak_secret": true}}}),
            "backend_secret",
            "/backends/old/secret",
            "problem",
        ),
        (
            json!({"backends": {"old": {"secret": "secret".repeat(6)}}}),
            "backend_secret",
            "/backends/old/secret",
            "problem",
        ),
        (json!({"access_token_seconds": 3601}), "access_token_seconds", "/access_token_seconds", "advice"),
        (
            json!({"backends": {"b": {"access_token_seconds": 3601}}}),
            "access_token_seconds",
            "/backends/b/access_token_seconds",
            "advice",
        ),
        (json!({"session_max_seconds": 31_536_001}), "session_max_seconds", "/session_max_seconds", "advice"),
        (json!({"leeway_seconds": 61}), "leeway_seconds", "/leeway_seconds", "advice"),
        (json!({"throttle": {"account_failures": 21}}), "throttle", "/throttle/account_failures", "advice"),
        (json!({"throttle": {"source_failures": 1001}}), "throttle", "/throttle/source_failures", "advice"),
        (json!({"throttle": {"lock_max_seconds": 59}}), "throttle", "/throttle/lock_max_seconds", "advice"),
        (json!({"audience": "doorward"}), "audience", "/audience", "advice"),
        (
            json!({"requests": {"exclude_http_methods": ["options", "GET"]}}),
            "requests",
            "/requests/exclude_http_methods",
            "advice",
        ),
        (json!({"requests": {"connections": []}}), "requests", "/requests/connections", "advice"),
        (json!({"requests": {"cookie": "token"}}), "requests", "/requests/cookie", "advice"),
        (json!({"require_verified_email": true}), "mail_verification", "/mail/links/verify_email", "advice"),
        (json!({"mail": {"click_verifies": true}}), "mail_click_verifies", "/mail/click_verifies", "advice"),
        (
            json!({"mail": {"links": {"reset_password": "http://app.example/{token}"}}}),
            "mail_links",
            "/mail/links/reset_password",
            "advice",
        ),
        (
            json!({"mail": {"links": {"verify_email": "HTTP://user@app.example:80?{token}"}}}),
            "mail_links",
            "/mail/links/verify_email",
            "advice",
        ),
        #[cfg(feature = "smtp")]
        (sending(json!({"allow_plaintext": true, "tls": "none"})), "mail_tls", "/mail/smtp/tls", "problem"),
        #[cfg(feature = "http")]
        (asking(json!({})), "introspection_service", "/introspection_service", "problem"),
        #[cfg(feature = "http")]
        (
            asking(json!({"bearer": "password".repeat(5)})),
            "introspection_service",
            "/introspection_service/bearer",
            "problem",
        ),
        #[cfg(feature = "http")]
        (
            asking(json!({"basic": {"username": "us", "password": "passwordpass"}})),
            "introspection_service",
            "/introspection_service/basic/password",
            "problem",
        ),
    ] {
        let judge = |patch: &Value| {
            let mut config = good.clone();
            patch.as_object().unwrap().iter().for_each(|(key, value)| config[key] = value.clone());
            let store = Store::sqlite();
            findings(&Stage::new(&store, config).open())
        };
        let found = |findings: &[Value]| {
            let is_this = |one: &&Value| one["check"] == check && one["field"] == field;
            findings.iter().find(is_this).map(|one| one["severity"].as_str().unwrap().to_owned())
        };
        let bad = judge(&patch);
        assert_eq!(found(&bad).as_deref(), Some(severity), "{patch}: {bad:?}");
        assert_ne!(found(&judge(&json!({}))).as_deref(), Some(severity), "{check}");
        // No secret is in any of it.
        let text = format!("{bad:?}");
        for secret in [random, "passwordpass", "xxxx", "0000", "\"short\"", "secretsecret"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

/// The conditions for findings of `ok`.
#[test]
fn what_the_doctor_finds_well() {
    let random = "Zk9vQ1x3mB7tR2yW8sLpE5uH0aJcNfVd4gKiXbTq6MY=";
    let requests = json!({"cookie": "__Host-token", "exclude": ["/health"], "exclude_http_methods": []});
    let mut config = json!({"requests": requests});
    if cfg!(feature = "http") {
        config["introspection_service"] = asking(json!({"bearer": random}))["introspection_service"].clone();
    }
    let found = findings(&Stage::new(&Store::sqlite(), config).open());
    let of =
        |check: &str| -> Vec<Value> { found.iter().filter(|one| one["check"] == check).cloned().collect() };
    let fields: Vec<Value> = of("requests").iter().map(|one| one["field"].clone()).collect();
    assert_eq!(fields, ["/requests/exclude_http_methods", "/requests/connections", "/requests/cookie"]);
    assert_eq!(of("introspection_service").len(), usize::from(cfg!(feature = "http")));
    let all = [of("requests"), of("introspection_service")].concat();
    assert!(all.iter().all(|one| one["severity"] == "ok"), "{all:?}");
}

/// The links that do not cross a network.
#[test]
fn what_the_doctor_finds_well_of_mail() {
    for link in [
        "https://app.example/{token}",
        "app:{token}",
        "http://localhost:3000/{token}",
        "http://[::1]/{token}",
    ] {
        let config = json!({"mail": {"links": {"verify_email": link}}, "require_verified_email": true});
        let found = findings(&Stage::new(&Store::sqlite(), config).open());
        let mail = found.iter().filter(|one| one["check"].as_str().unwrap().starts_with("mail_"));
        let severities: Vec<&str> = mail.map(|one| one["severity"].as_str().unwrap()).collect();
        assert_eq!(severities, ["ok"; 4], "{link}");
    }
}

#[test]
fn the_doctor_finds_a_mail_that_nobody_takes() {
    let store = Store::sqlite();
    let stage = Stage::new(&store, json!({}));
    let engine = stage.open();
    let severity = || {
        let found = findings(&engine);
        found.iter().find(|one| one["check"] == "mail_waiting").unwrap()["severity"].clone()
    };
    register(&engine, "ada");
    call(&engine, "request_password_reset", json!({"email": "ada@example.com"})).unwrap();
    assert_eq!(severity(), "ok");
    stage.advance(3660);
    assert_eq!(severity(), "advice");
    stage.advance(86_400);
    call(&engine, "take_mail", json!({})).unwrap();
    assert_eq!(severity(), "ok");
}

#[cfg(feature = "smtp")]
fn sending(smtp: Value) -> Value {
    let mut server = json!({"host": "mail.example.com"});
    server.as_object_mut().unwrap().extend(smtp.as_object().unwrap().clone());
    let link = "https://app.example/{token}";
    let links = json!({"verify_email": link, "reset_password": link, "change_email": link});
    json!({"mail": {"from": "a@example.com", "smtp": server, "links": links}})
}

fn asking(credentials: Value) -> Value {
    let mut service = json!({"url": "https://auth.example/introspect"});
    service.as_object_mut().unwrap().extend(credentials.as_object().unwrap().clone());
    json!({"introspection_service": service})
}

#[test]
fn what_the_doctor_finds_on_disk() {
    let store = Store::sqlite();
    let stage = Stage::new(&store, json!({}));
    let engine = stage.open();
    let severity = |check: &str| {
        let findings = findings(&engine);
        let found = findings.iter().find(|one| one["check"] == check).map(|one| one["severity"].clone());
        found.unwrap_or_else(|| panic!("{check}: {findings:?}"))
    };
    let chmod = |name: &str, mode| {
        std::fs::set_permissions(store.path().join(name), Permissions::from_mode(mode)).unwrap();
    };
    for (name, check) in
        [("store.db", "database_file"), ("store.db-wal", "database_file"), ("store.db.key", "key_file")]
    {
        assert_eq!(severity(check), "ok");
        // A group may read a key file that root provides.
        for mode in [if check == "key_file" { 0o660 } else { 0o640 }, 0o602, 0o604] {
            chmod(name, mode);
            assert_eq!(severity(check), "problem", "{name} {mode:o}");
        }
        chmod(name, 0o600);
        assert_eq!(severity(check), "ok");
    }
    assert_eq!(severity("secret_key"), "ok");
    std::fs::rename(store.path().join("store.db.key"), store.path().join("elsewhere")).unwrap();
    assert_eq!(severity("secret_key"), "problem");

    assert_eq!(severity("store_disk"), "ok");

    // The clock of the stage is in the past.
    assert_eq!(severity("clock"), "advice");
    let config = Config::parse(r#"{"store": "sqlite::memory:", "password": {"memory_kib": 8}}"#).unwrap();
    let on_time = findings(&Engine::open(config, Hooks::default()).unwrap());
    assert!(on_time.iter().any(|one| one["check"] == "clock" && one["severity"] == "ok"), "{on_time:?}");

    assert_eq!(severity("schema"), "ok");
    store.execute("INSERT INTO doorward_schema (version, additive) VALUES (98, 1)");
    assert_eq!(severity("schema"), "advice");
    store.execute("INSERT INTO doorward_schema (version, additive) VALUES (99, 0)");
    assert_eq!(severity("schema"), "problem");
}

fn findings(engine: &Engine) -> Vec<Value> {
    call(engine, "doctor", json!({})).unwrap()["findings"].as_array().unwrap().clone()
}

/// A store, a clock, and the configuration of its engines.
struct Stage<'a> {
    store: &'a Store,
    now_ms: Arc<AtomicI64>,
    config: Value,
}

impl Stage<'_> {
    fn new(store: &Store, keys: Value) -> Stage<'_> {
        let defaults = json!({"password": {"memory_kib": 8, "iterations": 1}});
        let config = stores::config(store.url(), defaults, keys);
        Stage { store, now_ms: Arc::new(AtomicI64::new(START * 1000)), config }
    }

    fn open(&self) -> Engine {
        self.open_with(None)
    }

    /// Opens an engine with a clock that is behind the others'.
    fn open_late(&self, ms: i64) -> Engine {
        let now_ms = Arc::clone(&self.now_ms);
        let hooks = Hooks::new().clock(Clock::custom(move || now_ms.load(Ordering::SeqCst) - ms));
        Engine::open(Config::parse(&self.config.to_string()).unwrap(), hooks).unwrap()
    }

    fn open_with(&self, log: Option<Box<Log>>) -> Engine {
        let now_ms = Arc::clone(&self.now_ms);
        let mut hooks = Hooks::new().clock(Clock::custom(move || now_ms.load(Ordering::SeqCst)));
        hooks.log = log;
        Engine::open(Config::parse(&self.config.to_string()).unwrap(), hooks).unwrap()
    }

    fn advance(&self, seconds: i64) {
        self.now_ms.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Returns the store's accounts, sessions, keys and events, as text.
    fn dump(&self) -> String {
        let tables = ["users", "user_roles", "sessions", "keys", "events", "event_order"];
        tables.map(|table| self.store.dump(table).join("\n")).join("\n")
    }
}

/// Calls an operation. Returns the code of a failure.
fn call(engine: &Engine, operation: &str, request: Value) -> Result<Value, &'static str> {
    match engine.call(operation, &request.to_string()) {
        Ok(reply) => Ok(serde_json::from_str(&reply).unwrap()),
        Err(error) => Err(error.code.name()),
    }
}

/// Creates an account. Returns its id.
fn register(engine: &Engine, name: &str) -> Value {
    let email = format!("{name}@example.com");
    let request = json!({"username": name, "email": email, "password": PASSWORD});
    call(engine, "register", request).unwrap()["user"]["id"].clone()
}

fn login(engine: &Engine, name: &str) -> Result<Value, &'static str> {
    call(engine, "login", json!({"username": name, "password": PASSWORD}))
}

/// Returns the kinds of the events that a request lists.
fn kinds(engine: &Engine, request: Value) -> Vec<String> {
    let reply = call(engine, "events", request).unwrap();
    reply["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["kind"].as_str().unwrap().to_owned())
        .collect()
}
