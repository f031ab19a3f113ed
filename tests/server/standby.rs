//! Tests of a primary and its standby. A standby, which may be behind, is never asked, not even through a
//! pooler.

use serde_json::json;

use crate::cluster::{Cluster, call, is_active, login, open, register, why};
use crate::outages::{again, unavailable};
use crate::pooler::Pooler;

const STANDBY: &str = "postgres: the server is a standby, which may be behind";

/// Returns the URL of both, the primary first.
fn both(primary: &Cluster, standby: &Cluster) -> String {
    primary.url_at("door", &format!("127.0.0.1:{},127.0.0.1", primary.port), standby.port)
}

#[test]
fn a_standby_answers_no_live_question() {
    let Some(primary) = Cluster::start("") else { return };
    let elsewhere = open(&primary.url(), json!({})).unwrap();
    register(&elsewhere, "ada").unwrap();
    let token = login(&elsewhere, "ada").unwrap();
    let standby = primary.standby();
    primary.wait_for_replay(&standby);
    let engine = open(&both(&primary, &standby), json!({})).unwrap();
    assert!(is_active(&engine, &token).unwrap());

    // From now on the standby is behind: the session is still alive there.
    standby.sql("postgres", "SELECT pg_wal_replay_pause()");
    standby.wait_for("SELECT 1 WHERE pg_get_wal_replay_pause_state() = 'paused'");
    call(&elsewhere, "logout", json!({"token": token})).unwrap();
    primary.control(&["stop", "--mode=immediate"]);
    for _ in 0..3 {
        assert_eq!(unavailable(is_active(&engine, &token)), STANDBY);
        assert_eq!(unavailable(login(&engine, "ada")), STANDBY);
    }
    for attributes in ["", "?target_session_attrs=any", "?target_session_attrs=primary"] {
        let alone = format!("{}{attributes}", standby.url());
        assert_eq!(why(open(&alone, json!({})).err().unwrap()), ("store_unavailable", STANDBY.to_owned()));
    }
    primary.control(&["start"]);
    assert!(!is_active(&engine, &token).unwrap());
    login(&engine, "ada").unwrap();
}

#[test]
fn a_failover() {
    let Some(primary) = Cluster::start("") else { return };
    let standby = primary.standby();
    let engine = open(&both(&primary, &standby), json!({})).unwrap();
    register(&engine, "ada").unwrap();
    let token = login(&engine, "ada").unwrap();
    primary.wait_for_replay(&standby);
    primary.control(&["stop", "--mode=immediate"]);
    assert_eq!(unavailable(is_active(&engine, &token)), STANDBY);
    standby.control(&["promote"]);
    assert!(is_active(&engine, &token).unwrap());
    register(&engine, "grace").unwrap();
}

/// The engine leaves a server that no longer accepts writes for one that does.
#[test]
fn who_stops_writing_is_left() {
    let Some(primary) = Cluster::start("") else { return };
    let Some(other) = Cluster::start("") else { return };
    register(&open(&other.url(), json!({})).unwrap(), "ada").unwrap();
    let engine = open(&both(&primary, &other), json!({})).unwrap();
    register(&engine, "ada").unwrap();
    // Open connections notice it with their next transaction.
    primary.sql("postgres", "ALTER SYSTEM SET default_transaction_read_only = on");
    primary.sql("postgres", "SELECT pg_reload_conf()");
    primary.wait_for("SELECT 1 FROM pg_file_settings WHERE name = 'default_transaction_read_only'");
    again(|| register(&engine, "grace"));
    assert_eq!(other.sql("door", "SELECT count(*) FROM users").trim(), "2");
}

/// A pooler switches to a standby while its clients stay connected.
#[test]
fn a_standby_behind_a_pooler() {
    let Some(primary) = Cluster::start("") else { return };
    let engine = open(&primary.url(), json!({})).unwrap();
    register(&engine, "ada").unwrap();
    let token = login(&engine, "ada").unwrap();
    let standby = primary.standby();
    primary.wait_for_replay(&standby);
    let Some(pooler) = Pooler::start(&primary, "transaction", "server_lifetime = 1") else { return };
    let engine = open(&pooler.url(&primary), json!({"limits": {"store_connections": 1}})).unwrap();
    assert!(is_active(&engine, &token).unwrap());
    pooler.redirect(&primary, &standby);
    let reaches_standby = || {
        let found = "SELECT 1 FROM pg_stat_activity WHERE usename = 'door'";
        !standby.sql("door", found).is_empty()
    };
    while !reaches_standby() {
        // Until then the primary answers.
        if let Err(error) = is_active(&engine, &token) {
            unavailable(Err::<(), _>(error));
        }
    }
    for _ in 0..3 {
        assert_eq!(unavailable(is_active(&engine, &token)), STANDBY);
        assert_eq!(unavailable(login(&engine, "ada")), STANDBY);
    }
    pooler.redirect(&standby, &primary);
    assert!(again(|| is_active(&engine, &token)));
    again(|| login(&engine, "ada"));
}
