//! The chain over the audit log, and stores that were changed behind it.

use super::*;

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
    let error = engine.call("get_user", &json!({"id": id}).to_string()).unwrap_err();
    assert_eq!((error.code.name(), error.field.as_deref()), ("invalid_config", Some("/store")));
    assert!(error.detail.unwrap().starts_with("a row of users is damaged"));
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
    let old = "the secret key of yesterday's store";
    let new = "the secret key of today's good store";
    let open =
        |keys: &[&str]| Stage::new(store, json!({"secret_keys": keys, "audit": {"chain": true}})).open();
    register(&open(&[old]), "ada");
    let engine = open(&[new, old]);
    let late = open(&[old, new]);
    register(&late, "bob");
    assert_eq!(call(&late, "verify_events", json!({})).unwrap()["events"], 2);
    call(&engine, "rotate_keys", json!({"retire": "now"})).unwrap();
    let verdict = call(&engine, "verify_events", json!({})).unwrap();
    assert_eq!(verdict["intact"], true, "{verdict}");
}
