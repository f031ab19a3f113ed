//! Tests of rules that the host made in the store: rows of its own tables that refer to accounts,
//! constraints, triggers. A change that they forbid is not retried.

use doorward::{Code, DoctorRequest, Engine, Severity};
use serde_json::{Value, json};

use crate::stage::{PASSWORD, Store, call, login, on_each_store, open, register, together};

/// Returns the detail of a forbidden operation.
fn forbidden(engine: &Engine, operation: &str, request: Value) -> String {
    let error = engine.call(operation, &request.to_string()).unwrap_err();
    assert_eq!((error.code.name(), error.status().http()), ("store_constraint", 409));
    error.detail.unwrap().into_owned()
}

fn rows_of_the_hosts_refer_to_an_account(store: &Store) {
    let id = register(&store.open(), "ada").unwrap()["user"]["id"].clone();
    let bytes = if store.is_sqlite() { "BLOB" } else { "BYTEA" };
    for when in ["", "DEFERRABLE INITIALLY DEFERRED"] {
        store.execute(&format!("CREATE TABLE orders (user_id {bytes} REFERENCES users (id) {when})"));
        store.execute("INSERT INTO orders SELECT id FROM users");
        let engine = store.open();
        let detail = forbidden(&engine, "delete_user", json!({"id": id}));
        assert!(detail.contains("rows of another table refer to it"), "{detail}");
        // Nothing has changed.
        login(&engine, "ada").unwrap();
        drop(engine);
        store.execute("DROP TABLE orders");
    }
    call(&store.open(), "delete_user", json!({"id": id})).unwrap();
}
on_each_store!(rows_of_the_hosts_refer_to_an_account);

fn a_trigger_and_an_index_of_the_hosts(store: &Store) {
    store.open();
    let trigger = match store.is_sqlite() {
        true => {
            "CREATE TRIGGER no BEFORE INSERT ON users WHEN new.username = 'grace' \
             BEGIN SELECT RAISE(ABORT, 'grace may not'); END"
        }
        false => {
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN IF new.username = 'grace' THEN RAISE 'grace may not'; END IF; RETURN new; END $$; \
             CREATE TRIGGER no BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION no()"
        }
    };
    store.execute(trigger);
    store.execute("CREATE UNIQUE INDEX one_language ON users (locale)");
    let engine = store.open();
    let account = |name: &str, locale: &str| json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD, "locale": locale});
    let detail = forbidden(&engine, "register", account("grace", "de"));
    // The trigger's own text is not repeated.
    assert!(detail.contains("a trigger forbids it") && !detail.contains("grace"), "{detail}");
    call(&engine, "register", account("hedy", "de")).unwrap();
    let detail = forbidden(&engine, "register", account("mary", "de"));
    assert!(detail.contains("a unique index forbids it"), "{detail}");
    call(&engine, "register", account("mary", "fr")).unwrap();
    drop(engine);
    store.execute(match store.is_sqlite() {
        true => "DROP TRIGGER no; DROP INDEX one_language",
        false => "DROP TRIGGER no ON users; DROP FUNCTION no; DROP INDEX one_language",
    });
}
on_each_store!(a_trigger_and_an_index_of_the_hosts);

/// A rule that is checked at the commit stops all members of a group, but is permanent only for the member
/// that it forbids.
#[test]
fn who_shares_a_commit_may_try_again() {
    let store = Store::sqlite();
    let id = register(&store.open(), "ada").unwrap()["user"]["id"].clone();
    store.execute("CREATE TABLE orders (user_id BLOB REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED)");
    store.execute("INSERT INTO orders SELECT id FROM users");
    let engine = store.open();
    let outcomes = together(8, |index| {
        let account = |round| {
            let name = format!("user{index}x{round}");
            json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD})
        };
        let task = |round| match index {
            0 => call(&engine, "delete_user", json!({"id": id})).unwrap_err(),
            _ => call(&engine, "register", account(round)).err().unwrap_or(Code::AlreadyConfigured),
        };
        (0..20).map(task).collect::<Vec<_>>()
    });
    for (index, outcomes) in outcomes.into_iter().enumerate() {
        let may_be = if index == 0 { Code::StoreConstraint } else { Code::AlreadyConfigured };
        assert!(
            outcomes.iter().all(|code| *code == may_be || *code == Code::StoreUnavailable),
            "{outcomes:?}"
        );
    }
    assert_eq!(call(&engine, "delete_user", json!({"id": id})).unwrap_err(), Code::StoreConstraint);
}

/// A schema that was changed is a permanent failure, because no retry repairs it.
fn a_table_or_column_is_missing(store: &Store) {
    let engine = store.open();
    let why = |operation: &str, request: Value| {
        let error = engine.call(operation, &request.to_string()).unwrap_err();
        assert_eq!(
            (error.code.name(), error.field.as_deref()),
            ("invalid_config", Some("/store")),
            "{error}"
        );
        let detail = error.detail.unwrap();
        detail.split_once(": ").unwrap().1.split_once(" (").unwrap().0.to_owned()
    };
    let examined = || {
        let response = engine.doctor(DoctorRequest::new()).unwrap();
        let finding = response.findings.into_iter().find(|finding| finding.check == "store").unwrap();
        (finding.severity, finding.message)
    };
    assert_eq!(examined().0, Severity::Ok);
    store.execute("ALTER TABLE users RENAME COLUMN locale TO language");
    assert!(matches!(examined(), (Severity::Problem, why) if why.contains("missing: column users.locale.")));
    assert_eq!(why("list_users", json!({})), "a column is missing");
    let new = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
    assert_eq!(why("register", new), "a column is missing");
    store.execute("ALTER TABLE users RENAME COLUMN language TO locale");
    store.execute("ALTER TABLE known_devices RENAME TO devices");
    let login = json!({"username": "ada", "password": PASSWORD, "client": {"device_id": "phone"}});
    assert_eq!(why("login", login), "a table is missing");
    assert!(matches!(examined(), (Severity::Problem, why) if why.contains("known_devices")));
    // On a server, opening asks for the rights on each table.
    if !store.is_sqlite() {
        let error = open(store.url(), json!({})).err().unwrap();
        assert!(error.detail.unwrap().contains("missing: table known_devices."));
    }
    // Other tests use the database.
    store.execute("ALTER TABLE devices RENAME TO known_devices");
    // Without an index every call succeeds, but slowly.
    store.execute("DROP INDEX users_by_activity");
    call(&engine, "list_users", json!({})).unwrap();
    assert!(
        matches!(examined(), (Severity::Problem, why) if why.contains("missing: index users_by_activity."))
    );
    store.execute("CREATE INDEX users_by_activity ON users (is_active, id)");
    assert_eq!(examined().0, Severity::Ok);
}
on_each_store!(a_table_or_column_is_missing);
