//! Tests of codes that are offered concurrently, at other times, by other users, and from other rows.

use std::sync::atomic::{AtomicBool, Ordering};

use doorward::{Clock, Code, Engine, Hooks};
use serde_json::{Value, json};

use crate::stage::{
    Child, PASSWORD, Store, call, config, count, on_each_store, register, report, together, told,
};
use crate::totp;

pub const NOW: i64 = 1_800_000_000;

/// An engine whose clock stands still.
pub fn engine_at(store: &str, unix_seconds: i64, keys: Value) -> Engine {
    let clock = Clock::custom(move || unix_seconds.saturating_mul(1000));
    Engine::open(config(store, keys), Hooks::new().clock(clock)).unwrap()
}

/// An account with an authenticator app that was confirmed at this time.
pub struct Enrolled {
    pub id: Value,
    pub secret: String,
    pub recovery_codes: Vec<Value>,
}

pub fn enrol(engine: &Engine, name: &str, unix_seconds: i64) -> Enrolled {
    let id = register(engine, name).unwrap()["user"]["id"].clone();
    let setup = call(engine, "setup_totp", json!({"user_id": id})).unwrap();
    let secret = setup["secret"].as_str().unwrap().to_owned();
    let request = json!({"user_id": id, "code": totp::code(&secret, unix_seconds)});
    let confirmed = call(engine, "confirm_totp", request).unwrap();
    Enrolled { id, secret, recovery_codes: confirmed["recovery_codes"].as_array().unwrap().clone() }
}

pub fn challenge(engine: &Engine, name: &str) -> Value {
    let request = json!({"username": name, "password": PASSWORD}).to_string();
    let error = engine.call("login", &request).unwrap_err();
    assert_eq!(error.code, Code::SecondFactorRequired);
    json!(error.step_up.unwrap().challenge.expose())
}

on_each_store!(a_code_is_good_once);
/// Of many callers who offer one code at once, in many logins and for one challenge, one succeeds.
fn a_code_is_good_once(store: &Store) {
    let keys = json!({"throttle": {"account_failures": 100}, "password": {"max_concurrent": 2}});
    let ada = enrol(&engine_at(store.url(), NOW - 30, json!({})), "ada", NOW - 30);
    let engine = engine_at(store.url(), NOW, keys);
    let code = totp::code(&ada.secret, NOW);
    let login = json!({"username": "ada", "password": PASSWORD, "two_fa_code": code});
    let results = together(64, |_| call(&engine, "login", login.clone()));
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(count(&results, Code::InvalidCode), 63);

    let engine = engine_at(store.url(), NOW + 30, json!({}));
    let request =
        json!({"challenge": challenge(&engine, "ada"), "two_fa_code": totp::code(&ada.secret, NOW + 30)});
    let results = together(200, |_| call(&engine, "complete_login", request.clone()));
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(count(&results, Code::InvalidChallenge), 199);
    drop(engine);
    assert_eq!(store.rows()["sessions"], 2);
}

on_each_store!(a_code_is_good_once_in_all_processes);
fn a_code_is_good_once_in_all_processes(store: &Store) {
    let ada = enrol(&engine_at(store.url(), NOW - 30, json!({})), "ada", NOW - 30);
    let code = totp::code(&ada.secret, NOW);
    let task = json!({"role": "enter", "store": store.url(), "code": code});
    let mut children: Vec<Child> = (0..4).map(|_| Child::start(&task)).collect();
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

/// A child of [`a_code_is_good_once_in_all_processes`].
pub fn enter(store: &str, code: &Value) {
    let engine = engine_at(store, NOW, json!({"throttle": {"account_failures": 100}}));
    report(&json!("ready"));
    told();
    let login = json!({"username": "ada", "password": PASSWORD, "two_fa_code": code});
    let results = together(16, |_| call(&engine, "login", login.clone()));
    let entered = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(count(&results, Code::InvalidCode), 16 - entered);
    report(&json!(entered));
}

on_each_store!(an_app_is_confirmed_once);
fn an_app_is_confirmed_once(store: &Store) {
    let engine = engine_at(store.url(), NOW, json!({}));
    let id = register(&engine, "ada").unwrap()["user"]["id"].clone();
    let setup = call(&engine, "setup_totp", json!({"user_id": id})).unwrap();
    let request = json!({"user_id": id, "code": totp::code(setup["secret"].as_str().unwrap(), NOW)});
    let results = together(64, |_| call(&engine, "confirm_totp", request.clone()));
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(count(&results, Code::AlreadyConfigured), 63);
    drop(engine);
    assert_eq!(store.count("recovery_codes"), 10);
}

on_each_store!(an_app_is_replaced_once);
fn an_app_is_replaced_once(store: &Store) {
    let engine = engine_at(store.url(), NOW, json!({"throttle": {"account_failures": 100}}));
    let ada = enrol(&engine, "ada", NOW);
    let setup = call(&engine, "setup_totp", json!({"user_id": ada.id})).unwrap();
    let request = json!({"user_id": ada.id, "code": totp::code(setup["secret"].as_str().unwrap(), NOW)});
    let results = together(200, |_| call(&engine, "confirm_totp", request.clone()));
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(count(&results, Code::AlreadyConfigured), 199);
    drop(engine);
    assert_eq!(store.count("recovery_codes"), 10);
    assert_eq!(store.count("events WHERE kind = 'second_factor_removed'"), 1);
}

on_each_store!(a_login_enrols_once);
fn a_login_enrols_once(store: &Store) {
    let engine = engine_at(store.url(), NOW, json!({"require_second_factor": true}));
    register(&engine, "ada").unwrap();
    let challenge = challenge(&engine, "ada");
    let setup = call(&engine, "setup_totp", json!({"challenge": challenge})).unwrap();
    let code = totp::code(setup["secret"].as_str().unwrap(), NOW);
    let request = json!({"challenge": challenge, "two_fa_code": code});
    let results = together(200, |_| call(&engine, "complete_login", request.clone()));
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(count(&results, Code::InvalidChallenge), 199);
    drop(engine);
    assert_eq!((store.rows()["sessions"].clone(), store.count("recovery_codes")), (json!(1), 10));
    assert_eq!(store.count("mails"), 1);
}

on_each_store!(lost_factors_are_removed_once);
/// Of many callers one removes them, and the user gets one mail.
fn lost_factors_are_removed_once(store: &Store) {
    let engine = engine_at(store.url(), NOW, json!({}));
    let ada = enrol(&engine, "ada", NOW);
    let request = json!({"user_id": ada.id, "reason": "lost"});
    let results = together(200, |_| call(&engine, "remove_second_factors", request.clone()).unwrap());
    assert_eq!(results.iter().filter(|removed| removed["totp"] == true).count(), 1);
    drop(engine);
    assert_eq!(store.count("events WHERE kind = 'second_factors_removed'"), 1);
    assert_eq!(store.count("mails WHERE kind = 'second_factor_removed'"), 1);
}

on_each_store!(a_recovery_code_is_good_once);
fn a_recovery_code_is_good_once(store: &Store) {
    let engine = engine_at(store.url(), NOW, json!({"throttle": {"account_failures": 100}}));
    let ada = enrol(&engine, "ada", NOW);
    let login = json!({"username": "ada", "password": PASSWORD, "recovery_code": ada.recovery_codes[3]});
    let results = together(200, |_| call(&engine, "login", login.clone()));
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    // A hundred failures lock the account.
    assert_eq!(count(&results, Code::InvalidCode) + count(&results, Code::TooManyAttempts), 199);
    let status = call(&engine, "recovery_codes_status", json!({"user_id": ada.id})).unwrap();
    assert_eq!(status["remaining"], 9);
}

on_each_store!(threads_get_no_more_guesses_at_codes);
/// Concurrent guesses are checked no more often than the throttle and the challenge allow.
fn threads_get_no_more_guesses_at_codes(store: &Store) {
    let engine = engine_at(store.url(), NOW, json!({}));
    let ada = enrol(&engine, "ada", NOW);
    let guesses =
        together(200, |_| call(&engine, "disable_totp", json!({"user_id": ada.id, "code": "12345"})));
    assert_eq!((count(&guesses, Code::InvalidCode), count(&guesses, Code::TooManyAttempts)), (10, 190));

    let engine = engine_at(store.url(), NOW, json!({"throttle": {"account_failures": 100}}));
    enrol(&engine, "bob", NOW);
    let request = json!({"challenge": challenge(&engine, "bob"), "two_fa_code": "12345"});
    let guesses = together(200, |_| call(&engine, "complete_login", request.clone()));
    assert_eq!((count(&guesses, Code::InvalidCode), count(&guesses, Code::InvalidChallenge)), (10, 190));
    drop(engine);
    assert_eq!(store.count("events WHERE kind = 'second_factor_failed'"), 20);
}

on_each_store!(codes_at_any_time);
fn codes_at_any_time(store: &Store) {
    // The clock is kept between 1970 and the year 10000.
    let year_10000 = 253_402_300_800;
    for (index, time) in [0, 29, 30, NOW, year_10000 - 60, year_10000].into_iter().enumerate() {
        let name = format!("user{index}");
        let ada = enrol(&engine_at(store.url(), time, json!({})), &name, time);
        let later = (time + 30).min(year_10000);
        let engine = engine_at(store.url(), later, json!({}));
        let code = totp::code(&ada.secret, time + 30);
        let login = json!({"username": name, "password": PASSWORD, "two_fa_code": code});
        call(&engine, "login", login.clone()).unwrap();
        assert_eq!(call(&engine, "login", login), Err(Code::InvalidCode), "at {time}");
    }
    for time in [i64::MIN, i64::MAX] {
        let engine = engine_at(store.url(), time, json!({}));
        let request = json!({"secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "code": "12345"});
        assert_eq!(call(&engine, "verify_totp", request), Ok(json!({"valid": false})));
    }
}

on_each_store!(a_seed_is_its_users);
/// A sealed seed in another user's row opens for no user, and a recovery code is valid for its own user only.
fn a_seed_is_its_users(store: &Store) {
    let engine = engine_at(store.url(), NOW, json!({}));
    let ada = enrol(&engine, "ada", NOW);
    let bob = enrol(&engine, "bob", NOW);
    let login = json!({"username": "bob", "password": PASSWORD, "recovery_code": ada.recovery_codes[0]});
    assert_eq!(call(&engine, "login", login), Err(Code::InvalidCode));
    drop(engine);
    store.execute(
        "UPDATE totp SET sealed = (SELECT sealed FROM totp t JOIN users u ON u.id = t.user_id \
         WHERE u.username = 'ada') WHERE user_id = (SELECT id FROM users WHERE username = 'bob')",
    );
    let engine = engine_at(store.url(), NOW + 30, json!({}));
    for secret in [&ada.secret, &bob.secret] {
        let code = totp::code(secret, NOW + 30);
        let login = json!({"username": "bob", "password": PASSWORD, "two_fa_code": code});
        assert_eq!(call(&engine, "login", login), Err(Code::InvalidCode));
    }
    let login = json!({"username": "bob", "password": PASSWORD, "recovery_code": bob.recovery_codes[0]});
    assert!(call(&engine, "login", login).is_ok());
}

on_each_store!(no_row_tells_a_code);
fn no_row_tells_a_code(store: &Store) {
    let engine = engine_at(store.url(), NOW, json!({}));
    let ada = enrol(&engine, "ada", NOW);
    drop(engine);
    let seed = data_encoding::BASE32_NOPAD.decode(ada.secret.as_bytes()).unwrap();
    let hex = |bytes: &[u8]| data_encoding::HEXUPPER.encode(bytes);
    let code = ada.recovery_codes[0].as_str().unwrap();
    let plain = code.replace('-', "");
    let told = [ada.secret.clone(), hex(&seed), code.to_owned(), plain.clone(), hex(plain.as_bytes())];
    for table in ["totp", "recovery_codes", "events", "users"] {
        let rows = store.dump(table);
        assert!(!rows.is_empty());
        for row in rows {
            assert!(!told.iter().any(|told| row.contains(told)), "{table}: {row}");
        }
    }
}

on_each_store!(a_deleted_user_leaves_no_factor);
fn a_deleted_user_leaves_no_factor(store: &Store) {
    let engine = engine_at(store.url(), NOW, json!({}));
    let ada = enrol(&engine, "ada", NOW);
    let wrong = json!({"user_id": ada.id, "code": "12345"});
    assert_eq!(call(&engine, "disable_totp", wrong), Err(Code::InvalidCode));
    call(&engine, "delete_user", json!({"id": ada.id})).unwrap();
    drop(engine);
    for table in ["totp", "recovery_codes"] {
        assert_eq!(store.count(table), 0, "{table}");
    }
    // The guesses no longer count. The number of events that the last one caused stays until it expires.
    assert_eq!(store.count("throttles"), 1);
}

on_each_store!(a_device_is_trusted_once_and_not_after_its_end);
/// One challenge makes one trusted device, however many offer it. One thread of many then ends
/// everything: no login that begins afterwards skips the factor.
fn a_device_is_trusted_once_and_not_after_its_end(store: &Store) {
    let keys = json!({"trusted_devices": {}, "throttle": {"account_failures": 100}});
    let ada = enrol(&engine_at(store.url(), NOW - 30, json!({})), "ada", NOW - 30);
    let engine = engine_at(store.url(), NOW, keys);
    let request = json!({
        "challenge": challenge(&engine, "ada"), "two_fa_code": totp::code(&ada.secret, NOW), "trust_device": true
    });
    let results = together(200, |_| call(&engine, "complete_login", request.clone()));
    let entered: Vec<&Value> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
    assert_eq!(entered.len(), 1);
    assert_eq!(store.count("trusted_devices"), 1);

    let token = &entered[0]["trusted_device_token"];
    let login = json!({"username": "ada", "password": PASSWORD, "trusted_device_token": token});
    let is_over = AtomicBool::new(false);
    // Each attempt counts until it has succeeded, so that more at once would be refused.
    let outcomes = together(64, |index| {
        if index == 32 {
            call(&engine, "revoke_user_sessions", json!({"user_id": ada.id})).unwrap();
            is_over.store(true, Ordering::SeqCst);
        }
        let was_over = is_over.load(Ordering::SeqCst);
        (was_over, call(&engine, "login", login.clone()))
    });
    for (was_over, outcome) in outcomes {
        match outcome {
            Ok(_) => assert!(!was_over),
            // A login may also have been overtaken by the end.
            Err(code) => assert!([Code::SecondFactorRequired, Code::InvalidCredentials].contains(&code)),
        }
    }
    assert_eq!(call(&engine, "login", login), Err(Code::SecondFactorRequired));
    assert_eq!(store.count("trusted_devices"), 0);
}
