//! The findings of the doctor.

use super::*;

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
        (json!({"mailed_login": {}}), "mailed_login", "/mailed_login", "advice"),
        (
            json!({"require_second_factor": ["admin"], "trusted_devices": {"except_roles": ["root"]}}),
            "trusted_devices",
            "/trusted_devices/except_roles",
            "advice",
        ),
        (
            json!({"impersonation": {"roles": ["support"]}, "roles": {"board": ["pay"], "support": ["read"]}}),
            "impersonation_roles",
            "/impersonation/protected_roles",
            "advice",
        ),
        (
            json!({"impersonation": {"roles": ["support"]}, "mail": {"notices": {"impersonated": false}}}),
            "impersonation_notice",
            "/mail/notices/impersonated",
            "advice",
        ),
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
    let mut config = json!({"requests": requests, "mailed_login": {}, "require_second_factor": true});
    if cfg!(feature = "http") {
        config["introspection_service"] = asking(json!({"bearer": random}))["introspection_service"].clone();
    }
    let found = findings(&Stage::new(&Store::sqlite(), config).open());
    let of =
        |check: &str| -> Vec<Value> { found.iter().filter(|one| one["check"] == check).cloned().collect() };
    let fields: Vec<Value> = of("requests").iter().map(|one| one["field"].clone()).collect();
    assert_eq!(fields, ["/requests/exclude_http_methods", "/requests/connections", "/requests/cookie"]);
    assert_eq!(of("introspection_service").len(), usize::from(cfg!(feature = "http")));
    assert_eq!(of("mailed_login").len(), 1);
    let all = [of("requests"), of("introspection_service"), of("mailed_login")].concat();
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
