//! Sessions under concurrency: one refresh token offered from everywhere at once, in threads and in
//! processes; what was acknowledged holds after kill -9.

use std::path::Path;

use doorward::{Code, Engine};
use serde_json::{Value, json};

use crate::stage::{Child, Folder, PASSWORD, call, count, open, register, report, together, told};

#[test]
fn threads_refresh_one_token_and_get_one_successor() {
    let folder = Folder::new();
    let engine = folder.open();
    register(&engine, "ada").unwrap();
    let mut token = refresh_token(&engine);
    for _ in 0..8 {
        let successors: Vec<String> = together(64, |_| refresh(&engine, &token).unwrap());
        assert!(successors.iter().all(|successor| *successor == successors[0] && *successor != token));
        token = successors[0].clone();
    }
    drop(engine);
    assert_eq!(folder.rows()["sessions"], 1);
}

#[test]
fn processes_refresh_one_token_and_get_one_successor() {
    let folder = Folder::new();
    let engine = folder.open();
    register(&engine, "ada").unwrap();
    let token = refresh_token(&engine);
    let task = json!({"role": "refresh", "database": folder.database(), "token": token});
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

/// The process that refreshed dies before anybody hears of it: asking again gives the same answer.
#[test]
fn a_refresh_whose_reply_was_lost_is_asked_again() {
    let folder = Folder::new();
    let engine = folder.open();
    register(&engine, "ada").unwrap();
    let token = refresh_token(&engine);
    let lost = told_by(&json!({"role": "refresh", "database": folder.database(), "token": token}));
    let again = refresh(&engine, &token).unwrap();
    assert_eq!(lost, again);
    refresh(&engine, &again).unwrap();
}

#[test]
fn a_revocation_that_was_acknowledged_holds_after_kill_9() {
    let folder = Folder::new();
    let engine = folder.open();
    register(&engine, "ada").unwrap();
    for _ in 0..10 {
        let token = refresh_token(&engine);
        told_by(&json!({"role": "revoke", "database": folder.database(), "token": token}));
        assert_eq!(refresh(&engine, &token), Err(Code::InvalidToken));
        let reply = call(&engine, "introspect", json!({"token": token})).unwrap();
        assert_eq!(reply, json!({"active": false, "reason": "revoked"}));
    }
}

/// Half of the threads offer the newest token, half one that is long spent: whatever the order, the spent
/// one is refused, and when all is over the session is dead for everybody.
#[test]
fn a_spent_token_ends_the_session_for_everybody() {
    let folder = Folder::new();
    let engine = open(&folder.database(), json!({"refresh_grace_seconds": 0})).unwrap();
    register(&engine, "ada").unwrap();
    let spent = refresh_token(&engine);
    let newest = (0..3).fold(spent.clone(), |token, _| refresh(&engine, &token).unwrap());
    let results = together(16, |index| refresh(&engine, if index % 2 == 0 { &spent } else { &newest }));
    assert!(results.iter().step_by(2).all(|result| *result == Err(Code::InvalidToken)));
    assert!(count(&results, Code::InvalidToken) >= 8);
    assert_eq!(refresh(&engine, &newest), Err(Code::InvalidToken));
}

/// Two processes share a ring: what one signs after turning it, the other verifies at once.
#[test]
fn a_rotation_is_seen_without_reopening() {
    let folder = Folder::new();
    let (one, other) = (folder.open(), folder.open());
    for _ in 0..3 {
        call(&one, "rotate_keys", json!({})).unwrap();
        let issued = call(&one, "issue_token", json!({"claims": {"sub": "x"}})).unwrap();
        call(&other, "verify", json!({"token": issued["token"]})).unwrap();
        let issued = call(&other, "issue_token", json!({"claims": {"sub": "x"}})).unwrap();
        call(&one, "verify", json!({"token": issued["token"]})).unwrap();
    }
}

/// A child that refreshes or revokes and then waits for its end.
pub fn session(database: &Path, task: &Value) {
    let engine = open(database, json!({})).unwrap();
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

/// What a child reports, before it is killed.
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
