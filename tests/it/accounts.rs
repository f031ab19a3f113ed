//! Administration of accounts: attributes that several callers change, and searches.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::thread;

use doorward::{Clock, Code, Config, Engine, Hooks};
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

/// Searches find what a comparison with every account finds, in the same order, page by page.
fn searches_find_all(store: &Store) {
    let accounts = accounts(store);
    let engine = open(store);
    for text in
        ["", "A", "anna0", "ÄRGER12", "bob", "HR-", "HR-12", "hr-12", "3x", "3x1@EXAMPLE.com", "@", "zz"]
    {
        for order in ["oldest", "newest", "username"] {
            compare(&engine, &accounts, json!({"text": text, "order": order, "limit": 1000}));
        }
    }
    // The text finds more than are compared at once, and the next accounts of the order do not fill the page.
    for order in ["oldest", "newest", "username"] {
        let filters = json!({"email_verified": true});
        compare(&engine, &accounts, json!({"text": "a", "filters": filters, "order": order, "limit": 200}));
    }
    for filters in [
        json!({"is_active": true}),
        json!({"is_active": false, "email_verified": true}),
        json!({"role": "staff"}),
        json!({"role": "auditor", "is_active": true}),
        json!({"role": "nothing"}),
        json!({"is_service_account": true}),
        json!({"is_service_account": false, "email_verified": false}),
        json!({"has_second_factor": true}),
        json!({"has_second_factor": false, "role": "staff"}),
        json!({"created_since": BEGIN + 300, "created_until": BEGIN + 1200}),
        json!({"created_since": BEGIN + 500}),
        json!({"created_until": BEGIN - 1}),
    ] {
        for order in ["oldest", "newest", "username"] {
            compare(&engine, &accounts, json!({"filters": filters, "order": order, "limit": 97}));
        }
        compare(
            &engine,
            &accounts,
            json!({"filters": filters, "text": "b", "order": "username", "limit": 1}),
        );
    }
}
on_each_store!(searches_find_all);

const BEGIN: i64 = 1_767_225_600;

/// Imports accounts of many kinds, more than are ever compared at once. Returns them, with whether each has a second
/// factor, the oldest first.
fn accounts(store: &Store) -> Vec<(Value, bool)> {
    let now = Arc::new(AtomicI64::new(BEGIN * 1000));
    let shown = Arc::clone(&now);
    let engine = open_with(store, Hooks::new().clock(Clock::custom(move || shown.load(Relaxed))));
    let account = |index: usize| {
        let each = |number: usize| index.is_multiple_of(number);
        let name = ["Anna", "bob", "Ärger", "Alma"][index % 4];
        let mut account = json!({"username": format!("{name}{index:04}"), "is_active": !each(9),
            "is_service_account": each(300), "roles": [], "external_id": ""});
        if !each(5) {
            account["email"] = json!(format!("{}x{index}@Example.com", index % 7));
            account["email_verified"] = json!(each(6));
        }
        if each(4) {
            account["external_id"] = json!(format!("HR-{index}"));
        }
        if each(2) {
            account["roles"] = if each(64) { json!(["auditor", "staff"]) } else { json!(["staff"]) };
        }
        account
    };
    for batch in 0..24 {
        let users: Vec<Value> = (batch * 100..batch * 100 + 100).map(account).collect();
        let report = call(&engine, "import_users", json!({"users": users})).unwrap();
        assert_eq!(report["imported"], 100, "{report}");
        now.fetch_add(100_000, Relaxed);
    }
    let mut all = Vec::new();
    let mut request = json!({"limit": 1000});
    while all.len() < 2400 {
        let mut page = call(&engine, "list_users", request.clone()).unwrap();
        all.append(page["users"].as_array_mut().unwrap());
        request["after"] = page["next"].clone();
    }
    drop(engine);
    store.execute("INSERT INTO totp SELECT id, id, 6, 30, 0, 0, 0 FROM users WHERE username LIKE '%7'");
    let passkey =
        "INSERT INTO passkeys SELECT id, id, NULL, NULL, id, id, 0, 0, 0, 0, '', 0, NULL FROM users";
    store.execute(&format!("{passkey} WHERE username LIKE '%77' OR username LIKE '%83'"));
    let has_factor = |user: &Value| {
        let name = user["username"].as_str().unwrap();
        name.ends_with('7') || name.ends_with("83")
    };
    all.into_iter().map(|user| (user.clone(), has_factor(&user))).collect()
}

/// Compares every page of a search with what each account says.
fn compare(engine: &Engine, accounts: &[(Value, bool)], mut request: Value) {
    let key = |user: &Value| user["username"].as_str().unwrap().to_lowercase();
    let is_wanted = |(user, has_factor): &&(Value, bool)| {
        let text = request["text"].as_str().unwrap_or_default();
        let begins = |name: &str| {
            user[name].as_str().is_some_and(|value| value.to_lowercase().starts_with(&text.to_lowercase()))
        };
        let is_external = user["external_id"].as_str().is_some_and(|id| id.starts_with(text));
        let is_named = text.is_empty() || begins("username") || begins("email") || is_external;
        let filters = request["filters"].as_object();
        is_named
            && filters.into_iter().flatten().all(|(name, wanted)| match name.as_str() {
                "role" => user["roles"].as_array().unwrap().contains(wanted),
                "has_second_factor" => wanted == has_factor,
                "created_since" => user["created_at"].as_i64() >= wanted.as_i64(),
                "created_until" => user["created_at"].as_i64() <= wanted.as_i64(),
                "is_service_account" => *wanted == (user[name] == true),
                _ => user[name] == *wanted,
            })
    };
    let mut expected: Vec<Value> = accounts.iter().filter(is_wanted).map(|(user, _)| user.clone()).collect();
    match request["order"].as_str().unwrap() {
        "newest" => expected.reverse(),
        "username" => expected.sort_by_key(key),
        _ => {}
    }
    let mut found = Vec::new();
    loop {
        let mut page = call(engine, "search_users", request.clone()).unwrap();
        request["after"] = page["next"].clone();
        let users = page["users"].as_array_mut().unwrap();
        assert!(request["after"].is_null() || request["limit"] == users.len(), "{request}");
        found.append(users);
        if request["after"].is_null() {
            break;
        }
    }
    assert_eq!(found, expected, "{request}");
}

/// Accounts that come and go while a search is paged make it find no other account twice or never.
fn pages_are_stable(store: &Store) {
    let engine = open(store);
    let import = |names: &[String]| {
        let user = |name: &String| json!({"username": name, "email": format!("{name}@example.com")});
        let users: Vec<Value> = names.iter().map(user).collect();
        call(&engine, "import_users", json!({"users": users})).unwrap();
    };
    for order in ["username", "oldest", "newest"] {
        let first: Vec<String> = (0..40).map(|index| format!("{order}{index:02}")).collect();
        import(&first);
        let mut request = json!({"text": order, "order": order, "limit": 7});
        let mut seen = Vec::new();
        for turn in 0.. {
            let page = call(&engine, "search_users", request.clone()).unwrap();
            let users = page["users"].as_array().unwrap();
            seen.extend(users.iter().map(|user| user["username"].as_str().unwrap().to_owned()));
            request["after"] = page["next"].clone();
            if request["after"].is_null() || turn == 20 {
                break;
            }
            // The place may be an account that is not wanted, and tells nothing of it.
            let place = request["after"].as_str().unwrap().as_bytes();
            let place = data_encoding::BASE64URL_NOPAD.decode(place).unwrap();
            assert!(!place.windows(order.len()).any(|part| part == order.as_bytes()));
            import(&[format!("{order}0{turn}new"), format!("{order}99{turn}new")]);
            // The place is found again without its account.
            call(&engine, "delete_user", json!({"id": users.last().unwrap()["id"]})).unwrap();
        }
        seen.retain(|name| !name.ends_with("new"));
        seen.sort();
        assert_eq!(seen, first, "{order}");
    }
}
on_each_store!(pages_are_stable);

/// One call looks at a bounded number of accounts. What is rare is found at once by an index, or by further calls.
fn searches_are_bounded(store: &Store) {
    many_accounts(store);
    let verified = json!({"filters": {"email_verified": true}});
    let requests = [
        (json!({"text": "zoe"}), "zoe", 10),
        (json!({"text": "zoe@example.o"}), "zoe", 10),
        (json!({"text": "HR-"}), "zoe", 10),
        (json!({"filters": {"role": "rare"}, "order": "username"}), "zoe", 10),
        (json!({"text": "user", "filters": {"role": "rare"}}), "", 2000),
        (json!({"text": "zlate", "order": "username", "limit": 1}), "zlate0", 4000),
        (json!({"order": "newest", "limit": 1}), "zoe", 2000),
        (json!({"text": "user", "order": "username", "limit": 1}), "user0", 3000),
        (json!({"filters": {"email_verified": true}, "order": "newest", "limit": 1}), "zoe", 2000),
        (json!({"filters": {"role": "user"}, "order": "username", "limit": 1}), "user0", 6000),
        (json!({"filters": {"has_second_factor": true}, "order": "newest", "limit": 1}), "zoe", 4000),
        (verified.clone(), "", 21_000),
        (json!({"filters": {"has_second_factor": false}}), "", 42_000),
    ];
    for statistics in ["", "VACUUM", "ANALYZE"] {
        store.execute(statistics);
        for (request, expected, most) in &requests {
            let (found, [scanned, read]) = counted(store, "search_users", request);
            let first = found["users"][0]["username"].as_str().unwrap_or_default();
            assert_eq!(first, *expected, "{request}: {found}");
            let why = format!("{request}, after {statistics:?}: {scanned} scanned, {read} read");
            assert!(scanned == 0 && read <= *most, "{why}");
        }
    }
    let engine = open(store);
    let next = call(&engine, "search_users", verified.clone()).unwrap()["next"].take();
    let rest = json!({"filters": verified["filters"], "after": next});
    let rest = call(&engine, "search_users", rest).unwrap();
    assert_eq!(rest["users"][0]["username"], "zoe");
    assert!(rest["next"].is_null());
    drop(engine);
    // SQLite does not count what is read.
    if !store.is_sqlite() {
        those_who_stay_are_found_at_once(store);
    }
}
on_each_store!(searches_are_bounded);

/// Whether another administrator or owner stays is known from the first of many.
fn those_who_stay_are_found_at_once(store: &Store) {
    store.execute("UPDATE user_roles SET role = 'admin' WHERE role = 'user'");
    store.execute("INSERT INTO organizations SELECT id, 'All', '{}', 0 FROM users WHERE username = 'zoe'");
    store.execute(
        "INSERT INTO organization_members SELECT o.id, u.id, 1, '', 0 FROM organizations o, users u",
    );
    let id =
        |name: &str| call(&open(store), "get_user", json!({"username": name})).unwrap()["user"]["id"].clone();
    let all = id("zoe");
    for (statistics, turn) in [("", "1"), ("ANALYZE", "2")] {
        store.execute(statistics);
        let [active, member, user] = ["user1", "user2", "user3"].map(|name| id(&format!("{name}{turn}")));
        let requests = [
            ("update_user", json!({"id": active, "is_active": false})),
            ("remove_member", json!({"organization_id": all, "user_id": member})),
            ("delete_user", json!({"id": user})),
        ];
        for (operation, request) in requests {
            let [scanned, read] = counted(store, operation, &request).1;
            let why = format!("{operation}, after {statistics:?}: {scanned} scanned, {read} read");
            assert!(scanned == 0 && read <= 200, "{why}");
        }
    }
}

/// Returns the response of an operation, and how many rows it read by scans and by indexes, which only PostgreSQL counts.
fn counted(store: &Store, operation: &str, request: &Value) -> (Value, [i64; 2]) {
    if !store.is_sqlite() {
        await_statistics(store);
        store.execute("SELECT pg_stat_reset()");
    }
    let engine = open(store);
    let response =
        engine.call(operation, &request.to_string()).unwrap_or_else(|error| panic!("{operation}: {error:?}"));
    let response: Value = serde_json::from_str(&response).unwrap();
    drop(engine);
    if store.is_sqlite() {
        return (response, [0, 0]);
    }
    await_statistics(store);
    (response, rows_read(store))
}

/// Imports more accounts than one call looks at, all with a role and a second factor.
fn many_accounts(store: &Store) {
    let engine = open(store);
    let import = |users: Vec<Value>| {
        let imported = users.len();
        assert_eq!(call(&engine, "import_users", json!({"users": users})).unwrap()["imported"], imported);
    };
    let user = |name: &str, index| {
        let name = format!("{name}{index}");
        json!({"username": name, "email": format!("{index}@{name}.example")})
    };
    import((0..10_000).map(|index| user("user", index)).collect());
    import((10_000..20_000).map(|index| user("user", index)).collect());
    import((0..1500).map(|index| user("zlate", index)).collect());
    import(vec![json!({"username": "zoe", "email": "zoe@example.org", "email_verified": true,
        "roles": ["rare"], "external_id": "HR-1"})]);
    drop(engine);
    store.execute("INSERT INTO user_roles SELECT id, 'user' FROM users WHERE username <> 'zoe'");
    store.execute("INSERT INTO totp SELECT id, id, 6, 30, 0, 0, 0 FROM users WHERE username LIKE '%7'");
    let passkey =
        "INSERT INTO passkeys SELECT id, id, NULL, NULL, id, id, 0, 0, 0, 0, '', 0, NULL FROM users";
    store.execute(&format!("{passkey} WHERE username NOT LIKE '%7'"));
}

/// Waits until the server has counted what every closed connection read. A connection counts when its backend ends, which
/// can be after the client has gone.
fn await_statistics(store: &Store) {
    let others = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                  AND backend_type = 'client backend'";
    while store.count(others) > 0 {
        thread::yield_now();
    }
}

/// Returns how many rows of accounts and of what belongs to them were read by scans and by indexes.
fn rows_read(store: &Store) -> [i64; 2] {
    let tables =
        "WHERE relname IN ('users', 'user_roles', 'totp', 'passkeys', 'identities', 'organization_members')";
    let sql = format!(
        "SELECT CAST((SELECT sum(seq_tup_read) FROM pg_stat_user_tables {tables}) AS BIGINT) AS scanned, \
         CAST((SELECT sum(idx_tup_read) FROM pg_stat_user_indexes {tables}) AS BIGINT) AS found"
    );
    let row = store.query(&sql).remove(0);
    ["scanned", "found"].map(|name| row[name].as_i64().unwrap())
}

fn open(store: &Store) -> Engine {
    open_with(store, Hooks::default())
}

fn open_with(store: &Store, hooks: Hooks) -> Engine {
    let limits = json!({"request_bytes": 10_000_000, "store_timeout_ms": 60_000});
    let keys = json!({"limits": limits, "registration": {"require_email": false}});
    let config = stores::config(store.url(), json!({}), keys);
    Engine::open(Config::parse(&config.to_string()).unwrap(), hooks).unwrap()
}

fn call(engine: &Engine, operation: &str, request: Value) -> Result<Value, Code> {
    match engine.call(operation, &request.to_string()) {
        Ok(reply) => Ok(serde_json::from_str(&reply).unwrap()),
        Err(error) => Err(error.code),
    }
}
