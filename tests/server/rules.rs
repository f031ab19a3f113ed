//! Tests of a database with the host's own rules: permanent failures and their texts; acknowledged writes,
//! and their order.

use std::thread;

use serde_json::{Value, json};

use crate::cluster::{Cluster, call, login, open, refused, register, why};
use crate::outages::unavailable;
use crate::pooler::Pooler;
use crate::relay::{Mode, Relay};

/// Rules of the host, and the codes that they cause: a retry helps with none of them.
#[test]
fn the_hosts_own_rules() {
    let Some(cluster) = Cluster::start("") else { return };
    let engine = open(&cluster.url(), json!({})).unwrap();
    let ada = register(&engine, "ada").unwrap()["user"]["id"].clone();
    cluster.sql("door", "CREATE TABLE orders (user_id BYTEA REFERENCES users (id))");
    cluster.sql("door", "INSERT INTO orders SELECT id FROM users");
    let delete = |id: &Value| call(&engine, "delete_user", json!({"id": id}));
    let expect = |result: Result<Value, doorward::Error>, detail: &str| {
        let error = result.unwrap_err();
        assert_eq!(error.status().http(), 409);
        assert_eq!(why(error), ("store_constraint", format!("postgres: {detail}")));
    };
    expect(delete(&ada), "rows of another table refer to it (23503)");
    // Also a rule that is checked at the commit.
    cluster
        .sql("door", "ALTER TABLE orders ALTER CONSTRAINT orders_user_id_fkey DEFERRABLE INITIALLY DEFERRED");
    expect(delete(&ada), "rows of another table refer to it (23503)");
    assert!(login(&engine, "ada").is_ok());
    cluster.sql("door", "DELETE FROM orders");
    delete(&ada).unwrap();

    let rules = [
        ("ALTER TABLE users ADD CHECK (username <> 'grace')", "a constraint forbids it (23514)"),
        ("CREATE UNIQUE INDEX ON users (locale)", "a unique index forbids it (23505)"),
        ("ALTER TABLE users ALTER locale SET NOT NULL", "a constraint forbids it (23502)"),
        (
            "ALTER TABLE users ALTER attributes TYPE VARCHAR(10)",
            "a value that the table does not accept (22001)",
        ),
        (
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'grace may not'; END $$; \
             CREATE TRIGGER no BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION no()",
            "a trigger forbids it (P0001)",
        ),
    ];
    for (rule, detail) in rules {
        cluster.sql("door", "DROP TABLE IF EXISTS orders CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION door");
        let engine = open(&cluster.url(), json!({})).unwrap();
        let register = |name: &str, locale: Option<&str>| {
            let attributes = json!({"text": "longer than ten"});
            let request = json!({"username": name, "email": format!("{name}@example.com"),
                "password": crate::cluster::PASSWORD, "attributes": attributes, "locale": locale});
            call(&engine, "register", request)
        };
        if detail.contains("unique") {
            register("ada", Some("de")).unwrap();
        }
        cluster.sql("door", rule);
        let locale = (!detail.contains("23502")).then_some("de");
        expect(register("grace", locale), detail);
        assert_eq!(cluster.sql("door", "SELECT count(*) FROM users WHERE username = 'grace'").trim(), "0");
    }
}

/// An opened store is usable: a read-only one is refused at once, and the doctor reports it if it becomes so
/// later.
#[test]
fn a_store_that_cannot_be_written() {
    let Some(cluster) = Cluster::start("") else { return };
    let engine = open(&cluster.url(), json!({})).unwrap();
    register(&engine, "ada").unwrap();
    let problem = || {
        let doctor = call(&engine, "doctor", json!({})).unwrap();
        let findings = doctor["findings"].as_array().unwrap();
        let finding = findings.iter().find(|finding| finding["check"] == "store").unwrap();
        (finding["severity"] != "ok").then(|| finding["message"].as_str().unwrap().to_owned())
    };
    assert_eq!(problem(), None);
    let told = |detail: &str| Some(format!("The store cannot be used fully: {detail}."));
    let is_told = |detail: &str| {
        assert_eq!(refused(&cluster.url()), ("invalid_config", detail.to_owned()));
        assert_eq!(problem(), told(detail));
    };

    cluster.sql("door", "REASSIGN OWNED BY door TO postgres; GRANT CREATE ON SCHEMA public TO door");
    cluster.sql("door", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO door");
    let (code, detail) = refused(&cluster.url());
    assert_eq!(code, "invalid_config");
    assert!(
        detail.starts_with("postgres: the role lacks the privilege DELETE, INSERT, UPDATE on "),
        "{detail}"
    );
    assert!(
        detail.ends_with(", user_roles, users, waiting_accounts; INSERT on events")
            && detail.contains(" meta, "),
        "every table: {detail}"
    );
    is_told(&detail);
    assert_eq!(why(register(&engine, "grace").unwrap_err()).0, "invalid_config");
    cluster.sql("door", "GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO door");
    cluster.sql("door", "REVOKE DELETE ON throttles FROM door");
    is_told("postgres: the role lacks the privilege DELETE on throttles");
    cluster.sql("door", "REVOKE UPDATE ON users, mails FROM door");
    is_told("postgres: the role lacks the privilege DELETE on throttles; UPDATE on mails, users");
    cluster.sql("door", "GRANT UPDATE ON users, mails TO door");
    cluster.sql("door", "GRANT DELETE ON throttles TO door; REVOKE SELECT ON doorward_schema FROM door");
    assert_eq!(refused(&cluster.url()).1, "postgres: the role lacks the privilege (42501)");
    cluster.sql("door", "GRANT SELECT ON doorward_schema TO door");
    assert_eq!(problem(), None);
    // Privileges on the rows are enough, and the schema's own table need only be readable.
    cluster.sql("door", "REVOKE INSERT, UPDATE, DELETE ON doorward_schema FROM door");
    cluster.sql("door", "REVOKE CREATE ON SCHEMA public FROM door, public");
    assert!(open(&cluster.url(), json!({})).is_ok());

    for scope in ["ROLE door", "DATABASE door"] {
        cluster.sql("postgres", &format!("ALTER {scope} SET default_transaction_read_only = on"));
        is_told("postgres: the server only reads");
        cluster.sql("postgres", &format!("ALTER {scope} RESET default_transaction_read_only"));
    }
    let engine = open(&cluster.url(), json!({})).unwrap();

    // A server with another clock; and a stopped server, which gets no more queries.
    assert_eq!(severity(&engine, "store_clock").as_deref(), Some("ok"));
    cluster.sql(
        "door",
        "CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql AS \
         $$ SELECT pg_catalog.clock_timestamp() - interval '3 seconds' $$; \
         ALTER ROLE door SET search_path = public, pg_catalog",
    );
    let engine = open(&cluster.url(), json!({})).unwrap();
    assert_eq!(severity(&engine, "store_clock").as_deref(), Some("advice"));
    cluster.control(&["stop", "--mode=immediate"]);
    assert_eq!((severity(&engine, "schema").as_deref(), severity(&engine, "store")), (Some("problem"), None));
}

/// The server's SQLSTATEs and their translations: a trigger raises each of them, except for some that only
/// make the engine try again.
#[test]
fn what_the_server_says() {
    let Some(cluster) = Cluster::start("") else { return };
    let engine = open(&cluster.url(), json!({})).unwrap();
    cluster.sql(
        "door",
        "CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         RAISE EXCEPTION USING ERRCODE = substr(NEW.username, 6), MESSAGE = NEW.email || ' may not'; END $$; \
         CREATE TRIGGER say BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION say()",
    );
    let config = "invalid_config";
    let constraint = "store_constraint";
    let unavailable = "store_unavailable";
    for (state, code) in [
        ("22023", config),
        ("22P05", config),
        ("22001", constraint),
        ("23503", constraint),
        ("23505", constraint),
        ("23514", constraint),
        ("28000", config),
        ("28P01", config),
        ("2F002", constraint),
        ("34000", "internal"),
        ("3B001", "internal"),
        ("3D000", config),
        ("3F000", config),
        ("40003", unavailable),
        ("42501", config),
        ("42601", config),
        ("42703", config),
        ("42P01", config),
        ("53100", unavailable),
        ("53200", unavailable),
        ("53300", unavailable),
        ("54000", unavailable),
        ("55000", unavailable),
        ("55P02", config),
        ("55P03", unavailable),
        ("57014", unavailable),
        ("58030", unavailable),
        ("F0000", config),
        ("P0001", constraint),
        ("XX000", unavailable),
        ("XX001", config),
        ("ZZ999", unavailable),
    ] {
        let user = json!({"username": format!("state{state}"), "email": "ada@example.com"});
        let (found, detail) = why(call(&engine, "import_users", json!({"users": [user]})).unwrap_err());
        assert_eq!(found, code, "{state}: {detail}");
        let words =
            detail.strip_prefix("postgres: ").and_then(|text| text.strip_suffix(&format!(" ({state})")));
        assert!(
            words.is_some_and(|words| !words.is_empty() && !words.contains("may not")),
            "{state}: {detail}"
        );
    }
    cluster.sql("door", "DROP TRIGGER say ON users");
    register(&engine, "ada").unwrap();
}

fn severity(engine: &doorward::Engine, check: &str) -> Option<String> {
    let doctor = call(engine, "doctor", json!({})).unwrap();
    let findings = doctor["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["check"] == check);
    found.map(|finding| finding["severity"].as_str().unwrap().to_owned())
}

#[test]
fn an_encoding_that_has_not_every_character() {
    let Some(cluster) = Cluster::start("") else { return };
    for encoding in ["LATIN1", "SQL_ASCII"] {
        cluster.sql(
            "postgres",
            &format!("CREATE DATABASE other OWNER door ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"),
        );
        let url = format!("{}/other", cluster.url().strip_suffix("/door").unwrap());
        let expected = ("invalid_config", "postgres: the database's encoding is not UTF8".to_owned());
        assert_eq!(refused(&url), expected);
        cluster.sql("postgres", "DROP DATABASE other");
    }
}

/// An acknowledged write is on the disk, even if the server is configured to write its log later.
#[test]
fn what_is_acknowledged_is_on_the_disk() {
    let lazy = "wal_writer_delay = 10s\nwal_writer_flush_after = 1GB";
    for more in ["", "synchronous_commit = off"] {
        let Some(cluster) = Cluster::start(&format!("{lazy}\n{more}")) else { return };
        let pooler = Pooler::start(&cluster, "transaction", "");
        for (name, url) in
            [("ada", Some(cluster.url())), ("grace", pooler.as_ref().map(|pooler| pooler.url(&cluster)))]
        {
            let Some(url) = url else { continue };
            let engine = open(&url, json!({})).unwrap();
            register(&engine, name).unwrap();
            cluster.control(&["stop", "--mode=immediate"]);
            cluster.control(&["start"]);
            let engine = open(&cluster.url(), json!({})).unwrap();
            assert!(call(&engine, "get_user", json!({"username": name})).is_ok(), "{name}: {more}");
        }
    }
}

/// Two changes that exclude each other run at the same time: one of them succeeds.
#[test]
fn two_administrators_switch_each_other_off() {
    let Some(cluster) = Cluster::start("") else { return };
    let engines = [(); 2].map(|()| open(&cluster.url(), json!({})).unwrap());
    let ids: Vec<Value> = ["ada", "grace"]
        .iter()
        .map(|name| {
            let id = register(&engines[0], name).unwrap()["user"]["id"].clone();
            call(&engines[0], "update_user", json!({"id": id, "roles": ["admin"]})).unwrap();
            id
        })
        .collect();
    for _ in 0..20 {
        // Both have begun, and wait for the same lock.
        let mut lock = cluster.lock("users");
        let outcomes = thread::scope(|scope| {
            let calls = [0, 1].map(|index| {
                let engine = &engines[index];
                let id = &ids[index];
                scope.spawn(move || call(engine, "update_user", json!({"id": id, "is_active": false})))
            });
            cluster.wait_for(
                "SELECT 1 FROM pg_stat_activity WHERE usename = 'door' AND wait_event_type = 'Lock' OFFSET 1",
            );
            lock.let_go();
            calls.map(|call| call.join().unwrap())
        });
        let denied = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
        let denied: Vec<&str> = denied.map(|error| error.code.name()).collect();
        assert_eq!(denied, ["permission_denied"]);
        let active = "SELECT count(*) FROM users WHERE is_active = 1";
        assert_eq!(cluster.sql("door", active).trim(), "1");
        cluster.sql("door", "UPDATE users SET is_active = 1");
    }
}

/// A server that answers COMMIT by ROLLBACK has stored nothing.
#[test]
fn a_commit_that_rolls_back() {
    let Some(cluster) = Cluster::start("") else { return };
    let relay = Relay::start(cluster.port);
    let engine = open(&cluster.url_at("door", "127.0.0.1", relay.port), json!({})).unwrap();
    register(&engine, "ada").unwrap();
    relay.set(Mode::RollBack);
    assert_eq!(unavailable(register(&engine, "grace")), "rolled back");
    relay.set(Mode::Open);
    assert_eq!(cluster.sql("door", "SELECT count(*) FROM users").trim(), "1");
    register(&engine, "grace").unwrap();
}
