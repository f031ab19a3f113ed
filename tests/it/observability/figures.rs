//! Counts of calls and rows, searches in large stores, and log records.

use super::*;

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
           is_service_account, attributes, epoch, epoch_at, token_epoch, created_at) \
         {} SELECT {id}, 'u' || i, 'u' || i, 0, 0, 1, 0, 0, '', 0, 0, 0, 1 FROM numbers; \
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
        let name = operation["operation"].as_str().unwrap();
        let latency = &operation["latency"];
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
    let mut family = String::new();
    let mut families = Vec::new();
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
