//! The audit log: what is written to it, who reads it, and what it keeps.

use super::*;

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
    let start = Barrier::new(THREADS + 3);
    let working = AtomicUsize::new(THREADS);
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
        let work = &work;
        let follow = &follow;
        let engines = &engines;
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
    let verdict = call(&engine, "verify_events", json!({})).unwrap();
    assert_eq!(verdict["intact"], true, "{verdict}");
    let head = verdict["head"].clone();
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
    let keys = json!({"audit": {"retention_days": 10, "chain": true}, "throttle": {"account_failures": 2},
        "mail": {"notices": {"account_deleted": false}}});
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
