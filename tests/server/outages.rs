//! Tests of a server that stops, falls silent, refuses, or loses an answer, and returns.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use doorward::{Clock, Engine, Hooks};
use serde_json::{Value, json};

use crate::cluster::{Cluster, PASSWORD, call, config, is_active, login, open, refused, register, why};
use crate::relay::{Mode, Relay};

/// Returns the detail of `store_unavailable`.
pub fn unavailable<T: std::fmt::Debug>(result: Result<T, doorward::Error>) -> String {
    let (code, detail) = why(result.unwrap_err());
    assert_eq!(code, "store_unavailable");
    detail
}

/// Opens as many connections as the engine may have.
fn warm(engine: &doorward::Engine, token: &str) {
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..20).for_each(|_| assert!(is_active(engine, token).unwrap())));
        }
    });
}

#[test]
fn a_restart_is_not_noticed() {
    let Some(cluster) = Cluster::start("") else { return };
    let engine = open(&cluster.url(), json!({})).unwrap();
    register(&engine, "ada").unwrap();
    let token = login(&engine, "ada").unwrap();
    for mode in ["fast", "immediate"] {
        warm(&engine, &token);
        cluster.control(&["restart", "--mode", mode]);
        for _ in 0..8 {
            assert!(is_active(&engine, &token).unwrap());
        }
        warm(&engine, &token);
        cluster.control(&["restart", "--mode", mode]);
        assert!(login(&engine, "ada").is_ok());
    }
    cluster.control(&["stop"]);
    assert_eq!(unavailable(login(&engine, "ada")), "postgres: connection refused");
    assert_eq!(unavailable(is_active(&engine, &token)), "postgres: connection refused");
    cluster.control(&["start"]);
    assert!(login(&engine, "ada").is_ok());
}

/// A connection that is lost before the commit loses nothing: the transaction is run again on a new one.
#[test]
fn a_terminated_transaction_is_run_again() {
    let Some(cluster) = Cluster::start("") else { return };
    let engine = open(&cluster.url(), json!({})).unwrap();
    register(&engine, "ada").unwrap();
    let token = login(&engine, "ada").unwrap();
    // The calls wait for a lock until their connections are terminated.
    let mut lock = cluster.lock("users");
    thread::scope(|scope| {
        let writer = scope.spawn(|| register(&engine, "grace"));
        let reader = scope.spawn(|| is_active(&engine, &token));
        cluster.wait_for(
            "SELECT 1 FROM pg_stat_activity WHERE usename = 'door' AND wait_event_type = 'Lock' OFFSET 1",
        );
        cluster.sql("door", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'door'");
        lock.let_go();
        assert!(writer.join().unwrap().is_ok());
        assert!(reader.join().unwrap().unwrap());
    });
    assert_eq!(cluster.sql("door", "SELECT count(*) FROM users").trim(), "2");
}

/// A commit with a lost answer is never reported as a success, whether or not it happened.
#[test]
fn a_commit_with_unknown_outcome() {
    let Some(cluster) = Cluster::start("") else { return };
    let relay = Relay::start(cluster.port);
    let engine = open(&cluster.url_at("door", "127.0.0.1", relay.port), json!({})).unwrap();
    for (mode, name, happened) in [(Mode::CutBeforeCommit, "ada", 0), (Mode::CutAfterCommit, "grace", 1)] {
        relay.set(mode);
        let detail = unavailable(register(&engine, name));
        assert_eq!(detail, "postgres: commit outcome unknown: closed by the server");
        let count = format!("SELECT count(*) FROM users WHERE username_key = '{name}'");
        assert_eq!(cluster.sql("door", &count).trim(), happened.to_string());
        // A retry is safe, and shows the outcome.
        match register(&engine, name) {
            Ok(_) => assert_eq!(happened, 0),
            Err(error) => assert_eq!((happened, error.code.name()), (1, "username_taken")),
        }
        assert!(login(&engine, name).is_ok());
    }
}

#[test]
fn a_refresh_with_unknown_outcome_gets_the_same_successor() {
    let Some(cluster) = Cluster::start("") else { return };
    let relay = Relay::start(cluster.port);
    let engine = open(&cluster.url_at("door", "127.0.0.1", relay.port), json!({})).unwrap();
    register(&engine, "ada").unwrap();
    let opened = call(&engine, "login", json!({"username": "ada", "password": PASSWORD})).unwrap();
    let refresh = || call(&engine, "refresh", json!({"refresh_token": opened["refresh_token"]}));
    relay.set(Mode::CutAfterCommit);
    assert!(unavailable(refresh()).contains("commit outcome unknown"));
    let one = refresh().unwrap();
    let two = refresh().unwrap();
    assert_eq!(one["refresh_token"], two["refresh_token"]);
    assert_eq!(cluster.sql("door", "SELECT generation FROM sessions").trim(), "1");
}

/// A server that accepts everything and says nothing: the call ends, and so does opening.
#[test]
fn silence_has_an_end() {
    let Some(cluster) = Cluster::start("") else { return };
    let keys = json!({"limits": {"store_timeout_ms": 300}});
    let patient = open(&cluster.url(), json!({})).unwrap();
    register(&patient, "ada").unwrap();
    let token = login(&patient, "ada").unwrap();
    let engine = again(|| open(&cluster.url(), keys.clone()));
    cluster.signal("-STOP");
    let opened = open(&cluster.url(), keys.clone()).err().unwrap();
    let calls = [is_active(&engine, &token).map(drop), register(&engine, "grace").map(drop), Err(opened)];
    cluster.signal("-CONT");
    for call in calls {
        assert!(unavailable(call).ends_with("timeout"));
    }
    assert!(again(|| is_active(&engine, &token)));

    // The same through a network that loses everything.
    let relay = Relay::start(cluster.port);
    let engine = again(|| open(&cluster.url_at("door", "127.0.0.1", relay.port), keys.clone()));
    assert!(again(|| is_active(&engine, &token)));
    relay.set(Mode::Silent);
    assert!(unavailable(is_active(&engine, &token)).ends_with("timeout"));
    assert!(unavailable(login(&engine, "ada")).ends_with("timeout"));
    relay.set(Mode::Open);
    assert!(again(|| is_active(&engine, &token)));
    again(|| login(&engine, "ada"));
}

/// Repeats `f`: a busy machine may need longer than the tested limit, but not for ever.
pub fn again<T>(f: impl Fn() -> Result<T, doorward::Error>) -> T {
    (0..100).find_map(|_| f().ok()).expect("an answer")
}

#[test]
fn out_of_connections() {
    let Some(cluster) = Cluster::start("max_connections = 8\nsuperuser_reserved_connections = 3") else {
        return;
    };
    let engines: Vec<_> = (0..5).map(|_| open(&cluster.url(), json!({})).unwrap()).collect();
    let (code, detail) = why(open(&cluster.url(), json!({})).err().unwrap());
    assert_eq!(
        (code, detail.as_str()),
        ("store_unavailable", "postgres: the server has too many connections (53300)")
    );
    register(&engines[0], "ada").unwrap();
    drop(engines);
    cluster.wait_for("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE usename = 'door')");
    assert!(login(&open(&cluster.url(), json!({})).unwrap(), "ada").is_ok());
}

/// One connection for all callers: a caller that waits too long gets a failure.
#[test]
fn all_connections_busy() {
    let Some(cluster) = Cluster::start("") else { return };
    // With enough time to create the tables.
    register(&open(&cluster.url(), json!({})).unwrap(), "ada").unwrap();
    let keys = json!({"limits": {"store_connections": 1, "store_timeout_ms": 1000}});
    let engine = again(|| open(&cluster.url(), keys.clone()));
    let mut lock = cluster.lock("users");
    let details: Vec<String> = thread::scope(|scope| {
        let calls: Vec<_> = (0..20)
            .map(|_| scope.spawn(|| unavailable(call(&engine, "get_user", json!({"username": "ada"})))))
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert!(details.iter().any(|detail| detail == "all connections busy"), "{details:?}");
    lock.let_go();
    again(|| call(&engine, "get_user", json!({"username": "ada"})));
}

#[test]
fn read_only() {
    let Some(cluster) = Cluster::start("") else { return };
    let engine = open(&cluster.url(), json!({})).unwrap();
    register(&engine, "ada").unwrap();
    let token = login(&engine, "ada").unwrap();
    let set = |to: &str| {
        cluster.sql("door", &format!("ALTER ROLE door SET default_transaction_read_only = {to}"));
        // The same for open connections.
        cluster.sql("door", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'door'");
    };
    set("on");
    assert!(is_active(&engine, &token).unwrap());
    assert_eq!(unavailable(register(&engine, "grace")), "postgres: the server only reads");
    // With several servers, another one is tried.
    let choosy = format!("{}?target_session_attrs=read-write", cluster.url());
    for url in [&choosy, &cluster.url()] {
        assert_eq!(refused(url), ("invalid_config", "postgres: the server only reads".to_owned()));
    }
    set("off");
    assert!(register(&engine, "grace").is_ok());
    assert!(open(&choosy, json!({})).is_ok());
}

/// The host that answers is used, and remembered.
#[test]
fn several_hosts() {
    let Some(cluster) = Cluster::start("") else { return };
    let relay = Relay::start(cluster.port);
    let url = cluster.url_at("door", "127.0.0.1:1,127.0.0.1", relay.port);
    let engine = open(&url, json!({})).unwrap();
    register(&engine, "ada").unwrap();
    cluster.control(&["restart"]);
    assert!(login(&engine, "ada").is_ok());
}

/// The work of a request for a mail, and of a registration, discloses nothing: the statements are the same,
/// whether or not the address is taken.
#[test]
fn an_unknown_address_is_as_much_work() {
    let settings = "log_statement = all\nlog_parameter_max_length = 0\nlog_line_prefix = ''";
    let Some(cluster) = Cluster::start(settings) else { return };
    let now = Arc::new(AtomicI64::new(1_800_000_000_000));
    let hand = Arc::clone(&now);
    let clock = Clock::custom(move || hand.load(Ordering::SeqCst));
    let keys = json!({
        "registration": {"conceal_existing": true},
        "mail": {"links": {"verify_email": "https://app.example/{token}"}},
        "mailed_login": {"create": true},
    });
    let engine = Engine::open(config(&cluster.url(), keys).unwrap(), Hooks::new().clock(clock)).unwrap();
    let ada = register(&engine, "ada").unwrap();
    register(&engine, "grace").unwrap();
    let mails = call(&engine, "take_mail", json!({})).unwrap();
    let token = mails["mails"].as_array().unwrap().iter().find(|mail| mail["to"] == "grace@example.com");
    let proof = json!({"token": token.unwrap()["token"], "username": "grace", "password": PASSWORD});
    call(&engine, "verify_email", proof).unwrap();
    let log = || fs::read_to_string(cluster.folder().join("log")).unwrap();
    // Housekeeping adds a statement now and then.
    let fewest = |operation: &str, request: &dyn Fn(i64) -> Value| {
        let statements = |_| {
            let time = now.fetch_add(7_200_000, Ordering::SeqCst);
            let before = log().len();
            // Every guess at a mailed code is wrong.
            assert_eq!(call(&engine, operation, request(time)).is_ok(), operation != "complete_login");
            // Of an insertion only the table counts.
            let executed = |line: &str| {
                let (_, statement) = line.strip_prefix("LOG:  execute ")?.split_once(": ")?;
                statement.split(" (").next().map(str::to_owned)
            };
            log()[before..].lines().filter_map(executed).collect::<Vec<String>>()
        };
        (0..30).map(statements).min_by_key(Vec::len).unwrap()
    };
    let asks = |email: &'static str| move |_| json!({"email": email});
    let changes = |email: &'static str| {
        let ada = ada.clone();
        move |_| json!({"user_id": ada["user"]["id"], "new_email": email})
    };
    let asks_also_new = |email: &'static str| move |_| json!({"email": email, "create": true});
    let guesses = |email: &'static str| {
        let engine = &engine;
        move |_| {
            let asked = call(engine, "request_login_code", json!({"email": email})).unwrap();
            json!({"challenge": asked["challenge"], "mail_code": "BBBB-BBBB"})
        }
    };
    let registers = |email: &'static str| move |time| json!({"username": format!("eve{time}"), "email": email, "password": PASSWORD});
    let same = |operation, known: &dyn Fn(i64) -> Value, unknown: &dyn Fn(i64) -> Value| {
        let known = fewest(operation, known);
        assert_eq!(known, fewest(operation, unknown), "{operation}");
        known
    };
    let known = "grace@example.com";
    let unknown = "nobody@example.com";
    same("request_email_verification", &asks(known), &asks(unknown));
    for statements in [
        same("request_password_reset", &asks(known), &asks(unknown)),
        same("request_login_code", &asks(known), &asks(unknown)),
        same("request_login_code", &asks_also_new(known), &asks_also_new(unknown)),
        same("complete_login", &guesses(known), &guesses(unknown)),
        same("request_email_change", &changes(known), &changes(unknown)),
        same("register", &registers(known), &registers(unknown)),
    ] {
        assert!(statements.iter().any(|one| one.starts_with("INSERT INTO mails")), "{statements:?}");
    }
}

/// A bad API key is as much work whatever is wrong with it, and writes nothing.
#[test]
fn every_bad_api_key_is_as_much_work() {
    let settings = "log_statement = all\nlog_parameter_max_length = 0\nlog_line_prefix = ''";
    let Some(cluster) = Cluster::start(settings) else { return };
    let engine = open(&cluster.url(), json!({})).unwrap();
    let ada = register(&engine, "ada").unwrap();
    let make = || {
        let request = json!({"user_id": ada["user"]["id"], "name": "a program"});
        call(&engine, "create_api_key", request).unwrap()
    };
    let (revoked, good) = (make(), make());
    call(&engine, "revoke_api_key", json!({"api_key_id": revoked["api_key"]["id"]})).unwrap();
    // The key of another store: well-formed, and never known here.
    let other = Engine::open(config("sqlite::memory:", json!({})).unwrap(), Hooks::new()).unwrap();
    let eve = register(&other, "eve").unwrap();
    let request = json!({"user_id": eve["user"]["id"], "name": "a program"});
    let unknown = call(&other, "create_api_key", request).unwrap();
    let log = || fs::read_to_string(cluster.folder().join("log")).unwrap();
    let statements = |key: &Value, operation: &str| {
        let client = json!({"ip": "192.0.2.1"});
        let request = match operation {
            "authenticate" => json!({"token": key["key"], "client": client}),
            _ => json!({"method": "GET", "path": "/", "api_key": key["key"], "client": client}),
        };
        let before = log().len();
        assert_eq!(call(&engine, operation, request).is_ok(), key == &good);
        let log = log();
        let executed = log[before..].lines().filter_map(|line| line.strip_prefix("LOG:  execute "));
        executed.filter_map(|line| Some(line.split_once(": ")?.1.to_owned())).collect::<Vec<_>>()
    };
    for operation in ["authenticate", "authenticate_request"] {
        // The first use of a good key writes its time.
        statements(&good, operation);
        let expected = statements(&good, operation);
        assert!(expected.iter().any(|one| one.contains("api_keys")), "{expected:?}");
        for key in [&revoked, &unknown] {
            assert_eq!(statements(key, operation), expected, "{operation}");
        }
        assert!(expected.iter().all(|one| one.starts_with("SELECT")), "{expected:?}");
    }
    assert_eq!(cluster.sql("door", "SELECT count(*) FROM throttles WHERE failures > 1").trim(), "0");
}

/// Round trips are the cost over a network. Housekeeping adds one now and then.
#[test]
fn few_round_trips() {
    let Some(cluster) = Cluster::start("") else { return };
    let relay = Relay::start(cluster.port);
    let engine = open(&cluster.url_at("door", "127.0.0.1", relay.port), json!({})).unwrap();
    register(&engine, "ada").unwrap();
    let token = login(&engine, "ada").unwrap();
    let fewest = |f: &dyn Fn()| {
        let count = |_| {
            let before = relay.round_trips();
            f();
            relay.round_trips() - before
        };
        (0..40).map(count).min().unwrap()
    };
    assert_eq!(fewest(&|| assert!(is_active(&engine, &token).unwrap())), 1, "introspect");
    let request = json!({"username": "ada", "password": PASSWORD, "client": {"ip": "192.0.2.1"}});
    let opened = call(&engine, "login", request.clone()).unwrap();
    let refresh_token = std::cell::RefCell::new(opened["refresh_token"].clone());
    let refresh = || {
        let reply = call(&engine, "refresh", json!({"refresh_token": *refresh_token.borrow()})).unwrap();
        *refresh_token.borrow_mut() = reply["refresh_token"].clone();
    };
    assert_eq!(fewest(&refresh), 2, "refresh");
    assert_eq!(fewest(&|| drop(call(&engine, "login", request.clone()).unwrap())), 7, "login");
}
