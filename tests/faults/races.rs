//! Tests of threads and processes that compete at the same moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use doorward::{Clock, Code, Engine, Hooks};
use serde_json::{Value, json};

use crate::device::{Device, Key, ORIGIN, RP_ID};
use crate::second_factors::challenge;
use crate::stage::{
    Child, PASSWORD, Store, call, config, count, guess, is_active, login, logout, on_each_store, open,
    register, report, together, told,
};
use crate::totp;

on_each_store!(one_thread_gets_the_name);
fn one_thread_gets_the_name(store: &Store) {
    let engine = store.open();
    let results = together(64, |index| {
        let email = format!("ada{index}@example.com");
        call(&engine, "register", json!({"username": "Ada", "email": email, "password": PASSWORD}))
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(count(&results, Code::UsernameTaken), 63);
    drop(engine);
    assert_eq!(store.rows()["users"], 1);
}

on_each_store!(one_thread_gets_the_address);
fn one_thread_gets_the_address(store: &Store) {
    let engine = store.open();
    let results = together(64, |index| {
        let name = format!("ada{index}");
        let email = if index % 2 == 0 { "ada@example.com" } else { "ADA@Example.COM" };
        call(&engine, "register", json!({"username": name, "email": email, "password": PASSWORD}))
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(count(&results, Code::EmailTaken), 63);
    drop(engine);
    assert_eq!(store.rows()["users"], 1);
}

on_each_store!(processes_share_a_new_store);
/// Eight processes open a new path at the same time: they make one key and one schema, one of them gets the
/// name, one the address, and each accepts the tokens of all.
fn processes_share_a_new_store(store: &Store) {
    for _ in 0..4 {
        let store = store.another().without_tables();
        let task = json!({"role": "contend", "store": store.url()});
        let mut children: Vec<Child> = (0..8).map(|_| Child::start(&task)).collect();
        for child in &mut children {
            assert_eq!(child.report(), Some(json!("ready")));
        }
        children.iter_mut().for_each(|child| child.tell(&json!("go")));
        let reports: Vec<Value> = children.iter_mut().map(|child| child.report().unwrap()).collect();
        for contest in ["name", "address"] {
            let won = reports.iter().filter(|report| report[contest] == "won").count();
            assert_eq!(won, 1, "{contest}: {reports:?}");
        }
        assert!(reports.iter().all(|report| report["name"] == "won" || report["name"] == "username_taken"));
        assert!(
            reports.iter().all(|report| report["address"] == "won" || report["address"] == "email_taken")
        );

        let tokens: Vec<&Value> = reports.iter().map(|report| &report["token"]).collect();
        children.iter_mut().for_each(|child| child.tell(&json!(tokens)));
        for mut child in children {
            assert_eq!(child.report(), Some(json!("all active")));
            child.succeed();
        }
        assert_eq!(store.rows(), json!({"users": 10, "roles": 0, "sessions": 8}));
    }
}

/// A child of [`processes_share_a_new_store`].
pub fn contend(store: &str) {
    report(&json!("ready"));
    told();
    let engine = open(store, json!({})).unwrap();
    let own = format!("user{}", std::process::id());
    let outcome = |request: Value| match call(&engine, "register", request) {
        Ok(_) => "won",
        Err(code) => code.name(),
    };
    let email = format!("{own}-1@example.com");
    let name = outcome(json!({"username": "ada", "email": email, "password": PASSWORD}));
    let username = format!("{own}-2");
    let address = outcome(json!({"username": username, "email": "ada@example.com", "password": PASSWORD}));
    register(&engine, &own).unwrap();
    let token = login(&engine, &own).unwrap();
    report(&json!({"name": name, "address": address, "token": token}));

    for token in told().as_array().unwrap() {
        assert!(is_active(&engine, token.as_str().unwrap()));
    }
    report(&json!("all active"));
}

on_each_store!(groups_keep_each_members_outcome);
/// Writes of many threads are committed as groups: each gets its own result, and a failure in a group does
/// not disturb the other members.
fn groups_keep_each_members_outcome(store: &Store) {
    let engine = store.open();
    register(&engine, "ada").unwrap();
    let tokens = together(16, |thread| {
        let mut tokens = Vec::new();
        for round in 0..6 {
            let name = format!("user-{thread}-{round}");
            let request = json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD,
                                 "roles": ["reader", "writer"]});
            call(&engine, "register", request).unwrap();
            assert_eq!(register(&engine, "ada"), Err(Code::UsernameTaken));
            let token = login(&engine, &name).unwrap();
            if round % 2 == 0 {
                logout(&engine, &token).unwrap();
            }
            assert_eq!(guess(&engine, &name), Code::InvalidCredentials);
            tokens.push((token, round % 2 != 0));
        }
        tokens
    });
    for (token, active) in tokens.into_iter().flatten() {
        assert_eq!(is_active(&engine, &token), active);
    }
    drop(engine);
    assert_eq!(store.rows(), json!({"users": 97, "roles": 192, "sessions": 96}));
}

on_each_store!(refusals_leave_no_trace);
/// A refused request leaves no row behind.
fn refusals_leave_no_trace(store: &Store) {
    let keys = json!({"throttle": {"account_failures": 2, "source_failures": 3}});
    let engine = open(store.url(), keys.clone()).unwrap();
    register(&engine, "ada").unwrap();
    drop(engine);
    let engine = open(store.url(), keys.clone()).unwrap();
    let request =
        json!({"username": "grace", "email": "ada@example.com", "password": PASSWORD, "roles": ["admin"]});
    assert_eq!(call(&engine, "register", request), Err(Code::EmailTaken));
    let client = json!({"ip": "192.0.2.1"});
    let attempt = |name: &str| {
        let request = json!({"username": name, "password": "a wrong password", "client": client});
        call(&engine, "login", request).unwrap_err()
    };
    assert_eq!([attempt("ada"), attempt("ada")], [Code::InvalidCredentials; 2]);
    assert_eq!(attempt("nobody"), Code::InvalidCredentials);
    drop(engine);
    let before = store.dump("throttles");
    let counted = "ada and her account, nobody and its stand-in, the source, and four kinds of events";
    assert_eq!(before.len(), 5 + 4, "{counted}");
    assert_eq!(store.rows(), json!({"users": 1, "roles": 0, "sessions": 0}));

    // The account and the source are locked: no counter changes, and no name gets a row.
    let engine = open(store.url(), keys).unwrap();
    for name in ["ada", "nobody", "grace"] {
        let request = json!({"username": name, "password": PASSWORD, "client": client});
        assert_eq!(call(&engine, "login", request), Err(Code::TooManyAttempts));
    }
    drop(engine);
    assert_eq!(store.dump("throttles"), before);
}

on_each_store!(threads_get_no_more_guesses);
/// Concurrent guesses are checked no more often than the throttle allows.
fn threads_get_no_more_guesses(store: &Store) {
    let engine = store.open();
    register(&engine, "ada").unwrap();
    for name in ["ada", "nobody"] {
        let guesses = together(200, |_| Err::<(), _>(guess(&engine, name)));
        assert_eq!(count(&guesses, Code::InvalidCredentials), 10);
        assert_eq!(count(&guesses, Code::TooManyAttempts), 190);
    }
    assert_eq!(login(&engine, "ada"), Err(Code::TooManyAttempts));
}

on_each_store!(processes_get_no_more_guesses);
fn processes_get_no_more_guesses(store: &Store) {
    register(&store.open(), "ada").unwrap();
    let task = json!({"role": "guess", "store": store.url()});
    let mut children: Vec<Child> = (0..4).map(|_| Child::start(&task)).collect();
    for child in &mut children {
        assert_eq!(child.report(), Some(json!("ready")));
    }
    children.iter_mut().for_each(|child| child.tell(&json!("go")));
    let mut looked_at = 0;
    for mut child in children {
        looked_at += child.report().unwrap().as_u64().unwrap();
        child.succeed();
    }
    assert_eq!(looked_at, 10);
}

/// A child of [`processes_get_no_more_guesses`].
pub fn guess_often(store: &str) {
    let engine = open(store, json!({})).unwrap();
    report(&json!("ready"));
    told();
    let guesses = together(50, |_| Err::<(), _>(guess(&engine, "ada")));
    let looked_at = count(&guesses, Code::InvalidCredentials);
    assert_eq!(count(&guesses, Code::TooManyAttempts), 50 - looked_at);
    report(&json!(looked_at));
}

/// Asks for a login by mail. Returns the challenge of the browser with the code and the token of the mail.
fn mailed_login(engine: &Engine) -> Value {
    let asked = call(engine, "request_login_code", json!({"email": "ada@example.com"})).unwrap();
    let mails = call(engine, "take_mail", json!({"lease_seconds": 3600})).unwrap();
    let mail = mails["mails"].as_array().unwrap().iter().find(|mail| mail["kind"] == "login").unwrap();
    json!({"challenge": asked["challenge"], "code": mail["code"], "token": mail["token"]})
}

/// Uses a mailed login from many threads at once: every other one has the code, and the rest the link.
fn enter_often(engine: &Engine, threads: usize, login: &Value) -> usize {
    let results = together(threads, |index| match index % 2 {
        0 => {
            let request = json!({"challenge": login["challenge"], "mail_code": login["code"]});
            call(engine, "complete_login", request)
        }
        _ => call(engine, "login_with_mail_token", json!({"token": login["token"]})),
    });
    let lost = count(&results, Code::InvalidCode) + count(&results, Code::InvalidMailToken);
    assert_eq!(results.iter().filter(|result| result.is_ok()).count() + lost, threads);
    threads - lost
}

/// An engine that logs in by mail, with an account that has verified its address.
fn mailing(store: &Store) -> Engine {
    let engine = open(store.url(), json!({"mailed_login": {}})).unwrap();
    let ada = register(&engine, "ada").unwrap();
    call(&engine, "update_user", json!({"id": ada["user"]["id"], "email_verified": true})).unwrap();
    engine
}

on_each_store!(one_thread_enters_by_a_mail);
/// Of many who use the code and the link of one mail at once, one enters.
fn one_thread_enters_by_a_mail(store: &Store) {
    let engine = mailing(store);
    assert_eq!(enter_often(&engine, 200, &mailed_login(&engine)), 1);
    drop(engine);
    assert_eq!(store.rows()["sessions"], 1);
}

on_each_store!(one_process_enters_by_a_mail);
fn one_process_enters_by_a_mail(store: &Store) {
    let login = mailed_login(&mailing(store));
    let task = json!({"role": "enter by mail", "store": store.url(), "login": login});
    let mut children: Vec<Child> = (0..8).map(|_| Child::start(&task)).collect();
    for child in &mut children {
        assert_eq!(child.report(), Some(json!("ready")));
    }
    children.iter_mut().for_each(|child| child.tell(&json!("go")));
    let mut entered = 0;
    for mut child in children {
        entered += child.report().unwrap().as_u64().unwrap();
        child.succeed();
    }
    assert_eq!(entered, 1);
    assert_eq!(store.rows()["sessions"], 1);
}

/// A child of [`one_process_enters_by_a_mail`].
pub fn enter_by_mail(store: &str, task: &Value) {
    let engine = open(store, json!({"mailed_login": {}})).unwrap();
    report(&json!("ready"));
    told();
    report(&json!(enter_often(&engine, 4, &task["login"])));
}

on_each_store!(one_process_has_the_effect);
/// Of eight processes with four threads each, one accepts an invitation, one logs in by a recovery code, one
/// replaces an app, one enrols another by a login, and one removes the factors of an account.
fn one_process_has_the_effect(store: &Store) {
    let throttle = json!({"account_failures": 100});
    let keys = json!({"throttle": throttle, "totp": {"skew_steps": 10}, "require_second_factor": true});
    let engine = mailing(store);
    call(&engine, "invite_user", json!({"email": "grace@example.com"})).unwrap();
    let mails = call(&engine, "take_mail", json!({"lease_seconds": 3600})).unwrap();
    let mail = mails["mails"].as_array().unwrap().iter().find(|mail| mail["kind"] == "invitation").unwrap();
    let accept = json!({"token": mail["token"], "username": "grace", "password": PASSWORD});
    drop(engine);
    let engine = open(store.url(), keys.clone()).unwrap();
    let ada = call(&engine, "get_user", json!({"username": "ada"})).unwrap()["user"]["id"].clone();
    let first_code = |request: Value| {
        let setup = call(&engine, "setup_totp", request).unwrap();
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;
        totp::code(setup["secret"].as_str().unwrap(), now)
    };
    let request = json!({"user_id": ada, "code": first_code(json!({"user_id": ada}))});
    let codes = call(&engine, "confirm_totp", request).unwrap()["recovery_codes"].clone();
    let recover = json!({"username": "ada", "password": PASSWORD, "recovery_code": codes[0]});
    let replace = json!({"user_id": ada, "code": first_code(json!({"user_id": ada}))});
    register(&engine, "alan").unwrap();
    let challenge = challenge(&engine, "alan");
    let code = first_code(json!({"challenge": challenge}));
    let enrol = json!({"challenge": challenge, "two_fa_code": code});
    drop(engine);

    winner(store, &keys, "accept_invitation", &accept, Code::InvalidMailToken);
    winner(store, &keys, "login", &recover, Code::InvalidCode);
    assert_eq!((store.count("recovery_codes"), store.rows()["sessions"].clone()), (9, json!(1)));
    winner(store, &keys, "confirm_totp", &replace, Code::AlreadyConfigured);
    assert_eq!((store.count("recovery_codes"), store.count("pending_totp")), (9, 1));
    winner(store, &keys, "complete_login", &enrol, Code::InvalidChallenge);
    assert_eq!((store.count("recovery_codes"), store.count("totp")), (19, 2));
    let remove = json!({"user_id": ada, "reason": "a lost phone"});
    let removed = in_every_process(store, &keys, "remove_second_factors", &remove);
    assert_eq!(removed.iter().filter(|answer| answer["totp"] == true).count(), 1, "{removed:?}");
    assert_eq!(removed.iter().filter(|answer| answer["totp"] == false).count(), 31);
    assert_eq!(store.count("events WHERE kind = 'second_factors_removed'"), 1);
    assert_eq!(store.rows()["users"], 3);
}

on_each_store!(one_process_finishes_a_ceremony);
/// Of eight processes with four threads each, one registers a passkey, one logs in by it, one trusts the device that
/// completes a login by it, and one accepts an invitation to an organization in the session of that login.
fn one_process_finishes_a_ceremony(store: &Store) {
    let passkeys = json!({"rp_id": RP_ID, "rp_name": "Example", "origins": [ORIGIN]});
    let keys = json!({"passkeys": passkeys, "trusted_devices": {}});
    let engine = mailing(store);
    let owner = register(&engine, "owner").unwrap()["user"]["id"].clone();
    let request = json!({"name": "Analysts", "owner_id": owner});
    let id = call(&engine, "create_organization", request).unwrap()["organization"]["id"].clone();
    call(&engine, "invite_member", json!({"organization_id": id, "email": "ada@example.com"})).unwrap();
    let mails = call(&engine, "take_mail", json!({})).unwrap();
    let engine = open(store.url(), keys.clone()).unwrap();
    let ada = call(&engine, "get_user", json!({"username": "ada"})).unwrap()["user"]["id"].clone();
    let winner = |operation, request, refused| winner(store, &keys, operation, request, refused);

    let mut device = Device::new(Key::es256());
    let begun = call(&engine, "begin_passkey_registration", json!({"user_id": ada})).unwrap();
    let response = device.create(&begun["options"]);
    let request = json!({"challenge": begun["challenge"], "response": response});
    winner("finish_passkey_registration", &request, Code::InvalidChallenge);
    let begun = call(&engine, "begin_passkey_login", json!({})).unwrap();
    let response = device.get(&begun["options"]);
    let request = json!({"challenge": begun["challenge"], "response": response});
    winner("finish_passkey_login", &request, Code::InvalidChallenge);
    let login = json!({"username": "ada", "password": PASSWORD}).to_string();
    let step = json!(engine.call("login", &login).unwrap_err().step_up.unwrap());
    let response = device.get(&step["webauthn_options"]);
    let request =
        json!({"challenge": step["challenge"], "webauthn_response": response, "trust_device": true});
    let session = winner("complete_login", &request, Code::InvalidChallenge);
    let request = json!({"token": mails["mails"][0]["token"], "access_token": session["access_token"]});
    winner("accept_invitation", &request, Code::InvalidMailToken);
    assert_eq!((store.count("passkeys"), store.count("trusted_devices")), (1, 1));
    assert_eq!((store.count("organization_members"), store.rows()["sessions"].clone()), (2, json!(2)));
}

/// Calls an operation from eight processes at once: it succeeds once. Returns that answer.
fn winner(store: &Store, keys: &Value, operation: &str, request: &Value, refused: Code) -> Value {
    let answers = in_every_process(store, keys, operation, request);
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Value::is_object);
    assert_eq!((won.len(), lost.len()), (1, 31), "{operation}");
    assert!(lost.iter().all(|code| *code == refused.name()), "{lost:?}");
    won[0].clone()
}

/// Calls an operation from eight processes at once, with these keys of the configuration. Returns every answer, or the
/// code of a failure.
pub fn in_every_process(store: &Store, keys: &Value, operation: &str, request: &Value) -> Vec<Value> {
    let task = json!({
        "role": "do once", "store": store.url(), "keys": keys, "operation": operation, "request": request
    });
    let mut children: Vec<Child> = (0..8).map(|_| Child::start(&task)).collect();
    for child in &mut children {
        assert_eq!(child.report(), Some(json!("ready")));
    }
    children.iter_mut().for_each(|child| child.tell(&json!("go")));
    let mut answers = Vec::new();
    for mut child in children {
        answers.extend(child.report().unwrap().as_array().unwrap().clone());
        child.succeed();
    }
    answers
}

/// A child of [`in_every_process`].
pub fn do_often(store: &str, task: &Value) {
    let engine = open(store, task["keys"].clone()).unwrap();
    report(&json!("ready"));
    told();
    let answers = together(4, |_| {
        let answer = call(&engine, task["operation"].as_str().unwrap(), task["request"].clone());
        answer.unwrap_or_else(|code| json!(code.name()))
    });
    report(&json!(answers));
}

on_each_store!(threads_get_no_more_guesses_at_a_mailed_code);
/// Of many guesses at once, five are compared with the code; the link of the mail stays good.
fn threads_get_no_more_guesses_at_a_mailed_code(store: &Store) {
    let engine = mailing(store);
    let login = mailed_login(&engine);
    let request = json!({"challenge": login["challenge"], "mail_code": "BBBB-BBBB"}).to_string();
    let guesses = together(64, |_| engine.call("complete_login", &request).unwrap_err().detail);
    let compared = guesses.iter().filter(|detail| detail.as_deref() == Some("wrong_code")).count();
    assert_eq!(compared, 5);
    assert!(call(&engine, "login_with_mail_token", json!({"token": login["token"]})).is_ok());
}

on_each_store!(engines_see_each_other);
fn engines_see_each_other(store: &Store) {
    let one = store.open();
    let other = store.open();
    register(&one, "ada").unwrap();
    assert_eq!(register(&other, "ada"), Err(Code::UsernameTaken));
    let token = login(&other, "ada").unwrap();
    assert!(is_active(&one, &token));
    logout(&one, &token).unwrap();
    assert!(!is_active(&other, &token));
    drop(one);
    assert!(login(&other, "ada").is_ok());
}

on_each_store!(logins_beside_an_upgrade_of_the_hash);
/// The first login after a change of the cost upgrades the hash. Concurrent logins with the same right
/// password succeed.
fn logins_beside_an_upgrade_of_the_hash(store: &Store) {
    register(&store.open(), "ada").unwrap();
    let engine = open(store.url(), json!({"password": {"iterations": 2, "max_concurrent": 8}})).unwrap();
    let results = together(8, |_| login(&engine, "ada"));
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    drop(engine);
    let rows = store.query("SELECT password_hash FROM users");
    let hash = rows[0]["password_hash"].as_str().unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=64,t=2,p=1$"), "upgraded");
}

on_each_store!(a_login_beside_a_revocation);
/// Ending all sessions, or all but the caller's own, while a login computes its hash makes that login fail,
/// too.
fn a_login_beside_a_revocation(store: &Store) {
    beside_a_login(store, "ada", "logout", |token, _| json!({"token": token, "everywhere": true}), false);
    let all = |_: &str, who: &Value| json!({"user_id": who["user"]["id"]});
    beside_a_login(store, "bob", "revoke_user_sessions", all, false);
    let but_one =
        |_: &str, who: &Value| json!({"user_id": who["user"]["id"], "except_session_id": who["session_id"]});
    beside_a_login(store, "eve", "revoke_user_sessions", but_one, true);
    assert_eq!(store.rows()["sessions"], 3 * 2);
}

fn beside_a_login(
    store: &Store,
    name: &str,
    operation: &'static str,
    request: fn(&str, &Value) -> Value,
    survives: bool,
) {
    let other = Arc::new(store.open());
    register(&other, name).unwrap();
    let token = login(&other, name).unwrap();
    let who = call(&other, "authenticate", json!({"token": token})).unwrap();
    let request = request(&token, &who);
    // The clock is read before the hash, for the throttle, and after it, for the session.
    let asked = Arc::new(AtomicUsize::new(0));
    let armed = Arc::new(AtomicBool::new(false));
    let clock = {
        let asked = asked.clone();
        let armed = armed.clone();
        let other = other.clone();
        Clock::custom(move || {
            if armed.load(Ordering::SeqCst) && asked.fetch_add(1, Ordering::SeqCst) == 1 {
                call(&other, operation, request.clone()).unwrap();
            }
            std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64
        })
    };
    let engine = Engine::open(config(store.url(), json!({})), Hooks::new().clock(clock)).unwrap();
    armed.store(true, Ordering::SeqCst);
    assert_eq!(login(&engine, name), Err(Code::InvalidCredentials));
    assert!(asked.load(Ordering::SeqCst) >= 2);
    assert_eq!(is_active(&other, &token), survives, "{operation}");
    assert!(login(&engine, name).is_ok());
}

on_each_store!(readers_are_not_starved);
/// Readers take turns for a connection: each of many gets its answer.
fn readers_are_not_starved(store: &Store) {
    let keys = json!({"limits": {"store_connections": 1, "store_timeout_ms": 5000}});
    let engine = open(store.url(), keys).unwrap();
    register(&engine, "ada").unwrap();
    let token = login(&engine, "ada").unwrap();
    together(32, |_| (0..100).for_each(|_| assert!(is_active(&engine, &token))));
}
