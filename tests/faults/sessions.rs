//! Tests of concurrent sessions: one refresh token offered by many threads and processes at once;
//! acknowledged changes survive kill -9.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use doorward::{Clock, Code, Engine, Hooks};
use serde_json::{Value, json};

use crate::stage::{
    Child, PASSWORD, Store, call, config, count, on_each_store, open, register, report, together, told,
};

on_each_store!(threads_refresh_one_token_and_get_one_successor);
fn threads_refresh_one_token_and_get_one_successor(store: &Store) {
    let engine = store.open();
    register(&engine, "ada").unwrap();
    let mut token = refresh_token(&engine);
    for _ in 0..8 {
        let successors: Vec<String> = together(64, |_| refresh(&engine, &token).unwrap());
        assert!(successors.iter().all(|successor| *successor == successors[0] && *successor != token));
        token = successors[0].clone();
    }
    drop(engine);
    assert_eq!(store.rows()["sessions"], 1);
}

on_each_store!(processes_refresh_one_token_and_get_one_successor);
fn processes_refresh_one_token_and_get_one_successor(store: &Store) {
    let engine = store.open();
    register(&engine, "ada").unwrap();
    let token = refresh_token(&engine);
    let task = json!({"role": "refresh", "store": store.url(), "token": token});
    let mut children: Vec<Child> = (0..8).map(|_| Child::start(&task)).collect();
    for child in &mut children {
        assert_eq!(child.report(), Some(json!("ready")));
    }
    children.iter_mut().for_each(|child| child.tell(&json!("go")));
    let successors: Vec<Value> = children.iter_mut().map(|child| child.report().unwrap()).collect();
    assert!(successors.iter().all(|successor| *successor == successors[0]), "{successors:?}");
    children.iter_mut().for_each(Child::kill);
    refresh(&engine, successors[0].as_str().unwrap()).unwrap();
}

on_each_store!(a_refresh_whose_reply_was_lost_is_asked_again);
/// The process that refreshed dies before its client gets the answer: a repeated request gets the same
/// answer.
fn a_refresh_whose_reply_was_lost_is_asked_again(store: &Store) {
    let engine = store.open();
    register(&engine, "ada").unwrap();
    let token = refresh_token(&engine);
    let lost = told_by(&json!({"role": "refresh", "store": store.url(), "token": token}));
    let again = refresh(&engine, &token).unwrap();
    assert_eq!(lost, again);
    refresh(&engine, &again).unwrap();
}

on_each_store!(a_revocation_that_was_acknowledged_holds_after_kill_9);
fn a_revocation_that_was_acknowledged_holds_after_kill_9(store: &Store) {
    let engine = store.open();
    register(&engine, "ada").unwrap();
    for _ in 0..10 {
        let token = refresh_token(&engine);
        told_by(&json!({"role": "revoke", "store": store.url(), "token": token}));
        assert_eq!(refresh(&engine, &token), Err(Code::InvalidToken));
        let reply = call(&engine, "introspect", json!({"token": token})).unwrap();
        assert_eq!(reply, json!({"active": false, "reason": "revoked"}));
    }
}

on_each_store!(a_spent_token_ends_the_session_for_everybody);
/// Half of the threads offer the newest token, half a token that was spent long ago: in any order the spent
/// one is refused, and at the end the session is dead for all.
fn a_spent_token_ends_the_session_for_everybody(store: &Store) {
    let engine = open(store.url(), json!({"refresh_grace_seconds": 0})).unwrap();
    register(&engine, "ada").unwrap();
    let spent = refresh_token(&engine);
    let newest = (0..3).fold(spent.clone(), |token, _| refresh(&engine, &token).unwrap());
    let results = together(16, |index| refresh(&engine, if index % 2 == 0 { &spent } else { &newest }));
    assert!(results.iter().step_by(2).all(|result| *result == Err(Code::InvalidToken)));
    assert!(count(&results, Code::InvalidToken) >= 8);
    assert_eq!(refresh(&engine, &newest), Err(Code::InvalidToken));
}

on_each_store!(a_lost_reply_that_many_ask_for_at_once_is_one_repeat);
/// Three days after the reply was lost, twenty tabs of the client send the token at the same time.
fn a_lost_reply_that_many_ask_for_at_once_is_one_repeat(store: &Store) {
    let (engine, now) = clocked(store);
    register(&engine, "ada").unwrap();
    let token = refresh_token(&engine);
    let lost = refresh(&engine, &token).unwrap();
    now.fetch_add(3 * 86_400_000, Ordering::SeqCst);
    let successors: Vec<String> = together(20, |_| refresh(&engine, &token).unwrap());
    assert!(successors.iter().all(|successor| *successor == lost));
    assert_eq!(repeats(&engine), ["1"]);
    refresh(&engine, &lost).unwrap();
}

on_each_store!(a_clock_set_back_two_hours_ends_no_session);
fn a_clock_set_back_two_hours_ends_no_session(store: &Store) {
    let (engine, now) = clocked(store);
    register(&engine, "ada").unwrap();
    let first = refresh_token(&engine);
    now.fetch_add(60_000, Ordering::SeqCst);
    let second = refresh(&engine, &first).unwrap();
    now.fetch_sub(7_200_000, Ordering::SeqCst);
    assert_eq!(refresh(&engine, &first).unwrap(), second);
    let third = refresh(&engine, &second).unwrap();
    assert_eq!(refresh(&engine, &second).unwrap(), third);
    refresh(&engine, &third).unwrap();
    assert!(repeats(&engine).is_empty());
}

on_each_store!(a_thief_one_step_behind_is_audited_at_once_and_cut_off);
/// Owner and thief refresh every fifteen minutes for sixty days, the thief with the token that the owner has
/// just replaced.
fn a_thief_one_step_behind_is_audited_at_once_and_cut_off(store: &Store) {
    let (engine, now) = clocked(store);
    register(&engine, "ada").unwrap();
    let mut stolen = refresh_token(&engine);
    let mut owners = stolen.clone();
    let mut thefts = 0;
    for _ in 0..60 * 96 {
        now.fetch_add(450_000, Ordering::SeqCst);
        let Ok(next) = refresh(&engine, &owners) else { break };
        owners = next;
        now.fetch_add(450_000, Ordering::SeqCst);
        let Ok(next) = refresh(&engine, &stolen) else { break };
        stolen = next;
        thefts += 1;
        assert_eq!(repeats(&engine).len(), thefts, "audited from the first step");
    }
    assert_eq!(thefts, 3);
    assert_eq!(
        [&stolen, &owners].map(|token| refresh(&engine, token)),
        [const { Err(Code::InvalidToken) }; 2]
    );
    let ended = call(&engine, "events", json!({"kind": "refresh_token_reused"})).unwrap();
    assert_eq!(ended["events"][0]["detail"], "repeated");
}

/// Returns an engine, and the time of its clock.
fn clocked(store: &Store) -> (Engine, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(1_800_000_000_000));
    let hand = Arc::clone(&now);
    let clock = Clock::custom(move || hand.load(Ordering::SeqCst));
    (Engine::open(config(store.url(), json!({})), Hooks::new().clock(clock)).unwrap(), now)
}

/// Returns the repeats in the log.
fn repeats(engine: &Engine) -> Vec<String> {
    let answer = call(engine, "events", json!({"kind": "refresh_repeated"})).unwrap();
    let events = answer["events"].as_array().unwrap();
    events.iter().map(|event| event["detail"].as_str().unwrap().to_owned()).collect()
}

on_each_store!(a_rotation_is_seen_without_reopening);
/// Two processes share a ring: after one rotates it and signs, the other verifies at once.
fn a_rotation_is_seen_without_reopening(store: &Store) {
    let one = store.open();
    let other = store.open();
    for _ in 0..3 {
        call(&one, "rotate_keys", json!({})).unwrap();
        let issued = call(&one, "issue_token", json!({"claims": {"sub": "x"}})).unwrap();
        call(&other, "verify", json!({"token": issued["token"]})).unwrap();
        let issued = call(&other, "issue_token", json!({"claims": {"sub": "x"}})).unwrap();
        call(&one, "verify", json!({"token": issued["token"]})).unwrap();
    }
}

on_each_store!(claims_that_were_changed_in_the_store_open_no_token);
/// An attacker who can write to the store, but has no secret key, neither invents claims of a session nor gives it those
/// of another one. That claims were removed, or are its earlier ones, is not seen.
fn claims_that_were_changed_in_the_store_open_no_token(store: &Store) {
    let engine = store.open();
    register(&engine, "ada").unwrap();
    let [reader, admin] = ["reader", "administrator"].map(|may| {
        let request = json!({"username": "ada", "password": PASSWORD, "claims": {"may": may}});
        let answer = call(&engine, "login", request).unwrap();
        ["access_token", "refresh_token"].map(|name| answer[name].as_str().unwrap().to_owned())
    });
    drop(engine);
    let kept = store.query("SELECT claims FROM sessions ORDER BY id");
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02X}")).collect::<String>();
    assert!(kept.iter().all(|row| !row["claims"].as_str().unwrap().contains(&hex("reader"))));
    let first = "WHERE id = (SELECT id FROM sessions ORDER BY id LIMIT 1)";
    let garbage = if store.is_sqlite() { "X'00112233'" } else { r"'\x00112233'" };
    for claims in ["(SELECT claims FROM sessions ORDER BY id DESC LIMIT 1)", garbage] {
        store.execute(&format!("UPDATE sessions SET claims = {claims} {first}"));
        let engine = store.open();
        let refused = |operation: &str, request: Value| {
            let error = engine.call(operation, &request.to_string()).unwrap_err();
            assert_eq!(
                (error.code, error.detail.as_deref()),
                (Code::InvalidToken, Some("claims_sealed_by_unknown_key"))
            );
        };
        let [access, refresh_token] = &reader;
        refused("refresh", json!({"refresh_token": refresh_token}));
        refused("reauthenticate", json!({"token": access, "password": PASSWORD}));
        let answer = call(&engine, "refresh", json!({"refresh_token": admin[1]})).unwrap();
        let claims = call(&engine, "verify", json!({"token": answer["access_token"]})).unwrap();
        assert_eq!(claims["may"], "administrator");
    }
}

on_each_store!(claims_are_not_sealed_by_a_key_that_was_retired);
/// Two processes do not know yet that another one has retired the key that is their first.
fn claims_are_not_sealed_by_a_key_that_was_retired(store: &Store) {
    let with = |keys: &[&str]| open(store.url(), json!({"secret_keys": keys})).unwrap();
    register(&with(&[OLD]), "ada").unwrap();
    let behind = [(); 2].map(|()| with(&[OLD, NEW]));
    let engine = with(&[NEW, OLD]);
    call(&engine, "rotate_keys", json!({"retire": "now"})).unwrap();
    let login = |engine: &Engine, claims: Value| {
        let request = json!({"username": "ada", "password": PASSWORD, "claims": claims});
        call(engine, "login", request).unwrap()
    };
    let tenant = |session: &Value| {
        let request = json!({"refresh_token": session["refresh_token"]});
        let tokens = call(&engine, "refresh", request).unwrap();
        call(&engine, "verify", json!({"token": tokens["access_token"]})).unwrap()["tenant"].clone()
    };
    assert_eq!(tenant(&login(&behind[0], json!({"tenant": "acme"}))), "acme");
    let session = login(&engine, json!({}));
    let request = json!({"session_id": session["session_id"], "claims": {"tenant": "bolt"}});
    call(&behind[1], "update_session", request).unwrap();
    assert_eq!(tenant(&session), "bolt");
}

on_each_store!(a_secret_key_is_needed_while_claims_are_sealed_by_it);
/// The session was opened under the newer key, and a process that has the older one first changes its claims.
fn a_secret_key_is_needed_while_claims_are_sealed_by_it(store: &Store) {
    let with = |keys: &[&str]| open(store.url(), json!({"secret_keys": keys})).unwrap();
    register(&with(&[OLD]), "ada").unwrap();
    let behind = with(&[OLD, NEW]);
    let engine = with(&[NEW, OLD]);
    let needed =
        || call(&engine, "list_keys", json!({})).unwrap()["secret_keys"][0]["needed_by"]["sessions"].clone();
    let session = call(&engine, "login", json!({"username": "ada", "password": PASSWORD})).unwrap();
    assert_eq!(needed(), 0);
    let request = json!({"session_id": session["session_id"], "claims": {"tenant": "acme"}});
    call(&behind, "update_session", request).unwrap();
    assert_eq!(needed(), 1);
    // Each operation that makes a token seals them anew.
    let request = json!({"token": session["access_token"], "password": PASSWORD});
    call(&engine, "reauthenticate", request).unwrap();
    assert_eq!(needed(), 0);
}

on_each_store!(no_claims_stay_when_a_session_ends);
fn no_claims_stay_when_a_session_ends(store: &Store) {
    let engine = open(store.url(), json!({"max_sessions_per_user": 1})).unwrap();
    let id = register(&engine, "ada").unwrap()["user"]["id"].clone();
    let claims = || store.query("SELECT id FROM sessions WHERE claims IS NOT NULL").len();
    let login = || {
        let request = json!({"username": "ada", "password": PASSWORD, "claims": {"tenant": "acme"}});
        let session = call(&engine, "login", request).unwrap();
        // The one before it, if there was one, is over.
        assert_eq!(claims(), 1);
        session
    };
    login();
    let session = login();
    call(&engine, "logout", json!({"token": session["access_token"]})).unwrap();
    assert_eq!(claims(), 0);
    let ends = [
        ("revoke_user_sessions", json!({"user_id": id})),
        ("revoke_all_sessions", json!({})),
        ("update_user", json!({"id": id, "is_active": false})),
    ];
    for (end, request) in ends {
        login();
        call(&engine, end, request).unwrap();
        assert_eq!(claims(), 0, "{end}");
    }
}

on_each_store!(logins_at_once_leave_no_more_sessions_than_allowed);
/// Threads of two engines log one user in, again and again, while others refresh.
fn logins_at_once_leave_no_more_sessions_than_allowed(store: &Store) {
    let keys = json!({"max_sessions_per_user": 3});
    let engines = [(); 2].map(|()| open(store.url(), keys.clone()).unwrap());
    let id = register(&engines[0], "ada").unwrap()["user"]["id"].clone();
    let live = || {
        let answer = call(&engines[0], "list_sessions", json!({"user_id": id})).unwrap();
        answer["sessions"].as_array().unwrap().len()
    };
    let opened: usize = together(16, |index| {
        let engine = &engines[index % 2];
        let mut opened = 0;
        for _ in 0..4 {
            // Under such a contest a login may be given up, which changes nothing.
            let request = json!({"username": "ada", "password": PASSWORD});
            let Ok(answer) = call(engine, "login", request) else { continue };
            opened += 1;
            assert!(live() <= 3);
            let _ = call(engine, "refresh", json!({"refresh_token": answer["refresh_token"]}));
        }
        opened
    })
    .into_iter()
    .sum();
    assert_eq!(live(), 3);
    let ended = call(&engines[0], "events", json!({"kind": "session_revoked", "limit": 1000})).unwrap();
    assert_eq!(ended["events"].as_array().unwrap().len(), opened - 3);
}

const OLD: &str = "an old secret of more than thirty-two bytes";
const NEW: &str = "a new secret of more than thirty-two bytes!";

/// A child that refreshes or revokes and then waits for its end.
pub fn session(store: &str, task: &Value) {
    let engine = open(store, json!({})).unwrap();
    let token = task["token"].as_str().unwrap();
    report(&json!("ready"));
    told();
    if task["role"] == "refresh" {
        report(&json!(refresh(&engine, token).unwrap()));
    } else {
        call(&engine, "revoke_token", json!({"token": token})).unwrap();
        report(&json!("revoked"));
    }
    told();
}

/// Returns the report of a child, which is then killed.
fn told_by(task: &Value) -> String {
    let mut child = Child::start(task);
    assert_eq!(child.report(), Some(json!("ready")));
    child.tell(&json!("go"));
    let answer = child.report().unwrap();
    child.kill();
    child.end();
    answer.as_str().unwrap().to_owned()
}

fn refresh_token(engine: &Engine) -> String {
    let reply = call(engine, "login", json!({"username": "ada", "password": PASSWORD})).unwrap();
    reply["refresh_token"].as_str().unwrap().to_owned()
}

fn refresh(engine: &Engine, token: &str) -> Result<String, Code> {
    let reply = call(engine, "refresh", json!({"refresh_token": token}))?;
    Ok(reply["refresh_token"].as_str().unwrap().to_owned())
}
