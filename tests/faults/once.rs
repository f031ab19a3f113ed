//! Tests with kill -9 between two writes of what spends a challenge, a token or a code: it was done once, or
//! it can be done as if it had not begun.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

use doorward::{Code, Engine};
use serde_json::{Value, json};

use crate::device::{Device, Key, ORIGIN, RP_ID};
use crate::injected::{shim, start};
use crate::second_factors::{NOW, challenge, engine_at, enrol};
use crate::stage::{PASSWORD, Store, call, register, report};
use crate::totp;

fn keys() -> Value {
    let passkeys = json!({"rp_id": RP_ID, "rp_name": "Example", "origins": [ORIGIN]});
    json!({"passkeys": passkeys, "trusted_devices": {}, "require_second_factor": true})
}

/// The writes of the log are the head of a page and its body, in turn: every third write is one and then the
/// other, and falls into each step several times.
#[test]
fn death_at_the_writes_of_what_is_done_once() {
    let prepared = Store::sqlite();
    let shim = shim(&prepared);
    let steps = steps(&prepared);
    let (died, undisturbed) = live(&prepared, &shim, &steps, 0);
    assert_eq!(died, None);
    let mut interrupted = vec![0; steps.len() + 1];
    for nth in (1..2000).step_by(3) {
        let (died, found) = live(&prepared, &shim, &steps, nth);
        assert_eq!(found, undisturbed, "write {nth}");
        let Some(done) = died else { break };
        interrupted[done] += 1;
    }
    assert!(interrupted[..steps.len()].iter().all(|deaths| *deaths > 1), "{interrupted:?}");
}

/// Does the steps on a copy of the store, in a child that is killed at this write, and then those left. Returns
/// after how many steps the child died, and what is in the store.
fn live(prepared: &Store, shim: &Path, steps: &[Value], nth: usize) -> (Option<usize>, Vec<i64>) {
    let store = Store::sqlite();
    fs::copy(prepared.file(), store.file()).unwrap();
    fs::copy(prepared.key_file(), store.key_file()).unwrap();
    let task = json!({"role": "do each once", "store": store.url(), "steps": steps});
    let mut child = start(shim, &store, &task, &format!("write:{nth}:0:1"));
    let mut done = 0;
    while child.report().is_some() {
        done += 1;
    }
    let status = child.end();
    let is_dead = status.signal() == Some(libc::SIGKILL);
    assert!(is_dead || (status.success() && done == steps.len()), "{status}");
    let engine = engine_at(store.url(), NOW, keys());
    for (index, step) in steps.iter().enumerate() {
        match step_on(&engine, step) {
            Ok(_) => assert!(index >= done, "done twice: {step}"),
            // The child may have died between the last write of a step and its report.
            Err(code) => {
                assert!(code == step["spent"] && index <= done, "write {nth}: {code} after {done}: {step}")
            }
        }
    }
    drop(engine);
    store.rows();
    (is_dead.then_some(done), rows(&store))
}

/// The child.
pub fn do_each(store: &str, task: &Value) {
    let engine = engine_at(store, NOW, keys());
    for step in task["steps"].as_array().unwrap() {
        step_on(&engine, step).unwrap();
        report(&json!("done"));
    }
}

fn step_on(engine: &Engine, step: &Value) -> Result<Value, &'static str> {
    let operation = step["operation"].as_str().unwrap();
    call(engine, operation, step["request"].clone()).map_err(|code| code.name())
}

/// Counts the rows of every table that the steps write, but those of the attempts that were refused.
fn rows(store: &Store) -> Vec<i64> {
    let tables = [
        "users",
        "sessions",
        "passkeys",
        "totp",
        "pending_totp",
        "recovery_codes",
        "trusted_devices",
        "mails",
        "one_time_secrets",
        "organization_members",
        "organization_invitations",
        "spent_challenges",
        "events WHERE kind NOT IN ('login_failed', 'second_factor_failed')",
    ];
    tables.map(|table| store.count(table)).to_vec()
}

/// Makes the store, and the steps: a passkey is registered and opens a session, a device is trusted, a recovery
/// code used, an app replaced, another enrolled by a login, and an invitation to an organization accepted.
fn steps(store: &Store) -> Vec<Value> {
    let [bob, eve, joan] =
        ["bob", "eve", "joan"].map(|name| enrol(&engine_at(store.url(), NOW - 30, keys()), name, NOW - 30));
    let engine = engine_at(store.url(), NOW, keys());
    let code = |setup: &Value| totp::code(setup["secret"].as_str().unwrap(), NOW);
    let setup = call(&engine, "setup_totp", json!({"user_id": joan.id})).unwrap();
    let replace = json!({"user_id": joan.id, "code": code(&setup)});
    register(&engine, "alan").unwrap();
    let alan = challenge(&engine, "alan");
    let setup = call(&engine, "setup_totp", json!({"challenge": alan})).unwrap();
    let enrolment = json!({"challenge": alan, "two_fa_code": code(&setup)});
    let bobs_code = totp::code(&bob.secret, NOW);
    let trust =
        json!({"challenge": challenge(&engine, "bob"), "two_fa_code": bobs_code, "trust_device": true});
    let recover = json!({"username": "eve", "password": PASSWORD, "recovery_code": eve.recovery_codes[0]});
    let [create, enter] = passkey(&engine);
    vec![
        step("finish_passkey_registration", create, Code::InvalidChallenge),
        step("finish_passkey_login", enter, Code::InvalidChallenge),
        step("complete_login", trust, Code::InvalidChallenge),
        step("login", recover, Code::InvalidCode),
        step("confirm_totp", replace, Code::AlreadyConfigured),
        step("complete_login", enrolment, Code::InvalidChallenge),
        step("accept_invitation", invitation(&engine, &joan.id), Code::InvalidMailToken),
    ]
}

fn step(operation: &str, request: Value, spent: Code) -> Value {
    json!({"operation": operation, "request": request, "spent": spent.name()})
}

/// The requests that finish a registration, and a login by it.
fn passkey(engine: &Engine) -> [Value; 2] {
    let ada = register(engine, "ada").unwrap()["user"]["id"].clone();
    let mut device = Device::new(Key::es256());
    let begun = call(engine, "begin_passkey_registration", json!({"user_id": ada})).unwrap();
    let create = json!({"challenge": begun["challenge"], "response": device.create(&begun["options"])});
    let begun = call(engine, "begin_passkey_login", json!({})).unwrap();
    [create, json!({"challenge": begun["challenge"], "response": device.get(&begun["options"])})]
}

fn invitation(engine: &Engine, owner: &Value) -> Value {
    let request = json!({"name": "Analysts", "owner_id": owner});
    let id = call(engine, "create_organization", request).unwrap()["organization"]["id"].clone();
    call(engine, "invite_member", json!({"organization_id": id, "email": "grace@example.com"})).unwrap();
    let mails = call(engine, "take_mail", json!({"limit": 100, "lease_seconds": 3600})).unwrap();
    let mut mails = mails["mails"].as_array().unwrap().iter();
    let mail = mails.find(|mail| mail["kind"] == "member_invitation").unwrap();
    json!({"token": mail["token"], "username": "grace", "password": PASSWORD})
}
