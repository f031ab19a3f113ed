//! Tests of passwords that change while another caller uses them, and of stored hashes.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use doorward::{Building, Clock, Code, Engine, Hooks};
use serde_json::{Value, json};

use crate::stage::{
    PASSWORD, Store, call, config, count, is_active, login, on_each_store, open, refused, register, together,
};

const NEW: &str = "nine wiser words yet";
const TEMPORARY: &str = "a word for one day only";

/// Returns the id of a new account.
fn registered(engine: &Engine, name: &str) -> String {
    register(engine, name).unwrap()["user"]["id"].as_str().unwrap().to_owned()
}

fn login_with(engine: &Engine, name: &str, password: &str) -> Result<Value, Code> {
    call(engine, "login", json!({"username": name, "password": password}))
}

/// Returns the stored hash. No engine has the store open.
fn kept_hash(store: &Store, name: &str) -> String {
    let rows = store.query(&format!("SELECT password_hash FROM users WHERE username = '{name}'"));
    rows[0]["password_hash"].as_str().unwrap().to_owned()
}

on_each_store!(one_challenge_opens_one_session);
fn one_challenge_opens_one_session(store: &Store) {
    let engine = store.open();
    let id = registered(&engine, "ada");
    call(&engine, "set_password", json!({"user_id": id, "new_password": TEMPORARY})).unwrap();
    let request = json!({"username": "ada", "password": TEMPORARY}).to_string();
    let challenge = engine.call("login", &request).unwrap_err().step_up.unwrap().challenge;
    let results = together(64, |index| {
        let request =
            json!({"challenge": challenge.expose(), "new_password": format!("{NEW} by thread {index}")});
        call(&engine, "complete_login", request)
    });
    assert_eq!(count(&results, Code::InvalidChallenge), 63);
    let winner = results.iter().position(Result::is_ok).unwrap();
    let token = results[winner].as_ref().unwrap()["access_token"].as_str().unwrap();
    assert!(is_active(&engine, token));
    assert!(login_with(&engine, "ada", &format!("{NEW} by thread {winner}")).is_ok());
    drop(engine);
    assert_eq!(store.rows()["sessions"], 2);
}

on_each_store!(one_of_many_changes_wins);
fn one_of_many_changes_wins(store: &Store) {
    let engine = open(store.url(), json!({"throttle": {"account_failures": 100}})).unwrap();
    let id = registered(&engine, "ada");
    let results = together(32, |index| {
        let new = format!("{NEW} by thread {index}");
        call(
            &engine,
            "change_password",
            json!({"user_id": id, "old_password": PASSWORD, "new_password": new}),
        )
    });
    assert_eq!(count(&results, Code::InvalidCredentials), 31, "{results:?}");
    let winner = results.iter().position(Result::is_ok).unwrap();
    assert!(login_with(&engine, "ada", &format!("{NEW} by thread {winner}")).is_ok());
}

on_each_store!(threads_get_no_more_guesses_at_the_old_password);
fn threads_get_no_more_guesses_at_the_old_password(store: &Store) {
    let engine = store.open();
    let id = registered(&engine, "ada");
    let guesses = together(200, |_| {
        let request = json!({"user_id": id, "old_password": "a wrong password", "new_password": NEW});
        call(&engine, "change_password", request)
    });
    assert_eq!(count(&guesses, Code::InvalidCredentials), 10);
    assert_eq!(count(&guesses, Code::TooManyAttempts), 190);
    assert_eq!(login(&engine, "ada"), Err(Code::TooManyAttempts));
}

/// An engine that changes the store when its clock is read for the n-th time after `armed`.
struct Interrupted {
    engine: Engine,
    asked: Arc<AtomicUsize>,
    at: Arc<AtomicUsize>,
}

impl Interrupted {
    fn open(store: &Store, keys: Value, interrupt: impl Fn() + Send + Sync + 'static) -> Interrupted {
        let asked = Arc::new(AtomicUsize::new(0));
        let at = Arc::new(AtomicUsize::new(usize::MAX));
        let clock = {
            let asked = asked.clone();
            let at = at.clone();
            Clock::custom(move || {
                if asked.fetch_add(1, Ordering::SeqCst) == at.load(Ordering::SeqCst) {
                    interrupt();
                }
                std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64
            })
        };
        let hooks = Hooks::new().clock(clock);
        let engine = Engine::open(config(store.url(), keys), hooks).unwrap();
        Interrupted { engine, asked, at }
    }

    /// Returns how often `f` reads the clock.
    fn asks(&self, f: impl FnOnce(&Engine)) -> usize {
        let before = self.asked.load(Ordering::SeqCst);
        f(&self.engine);
        self.asked.load(Ordering::SeqCst) - before
    }

    fn arm(&self, nth: usize) {
        self.at.store(self.asked.load(Ordering::SeqCst) + nth, Ordering::SeqCst);
    }
}

on_each_store!(a_login_beside_a_change);
/// A login computes a better hash of the old password while the password is changed: it neither succeeds nor
/// brings the old password back.
fn a_login_beside_a_change(store: &Store) {
    let other = Arc::new(store.open());
    let id = registered(&other, "ada");
    let changing = {
        let other = other.clone();
        let id = id.clone();
        move || {
            let request = json!({"user_id": id, "old_password": PASSWORD, "new_password": NEW});
            call(&other, "change_password", request).unwrap();
        }
    };
    let stage = Interrupted::open(store, json!({"password": {"iterations": 2}}), changing);
    // The clock is read before the hash, for the throttle, and after it, for the session.
    stage.arm(1);
    assert_eq!(login(&stage.engine, "ada"), Err(Code::InvalidCredentials));
    assert_eq!(login(&stage.engine, "ada"), Err(Code::InvalidCredentials));
    assert!(login_with(&other, "ada", NEW).is_ok());
    assert!(login_with(&stage.engine, "ada", NEW).is_ok());
    drop((stage, other));
    assert!(kept_hash(store, "ada").starts_with("$argon2id$v=19$m=64,t=2,p=1$"), "upgraded now");
}

on_each_store!(a_change_beside_a_revoked_session);
/// Ending a session while it changes the password makes that change fail, too.
fn a_change_beside_a_revoked_session(store: &Store) {
    let other = Arc::new(store.open());
    registered(&other, "ada");
    let session = login_with(&other, "ada", PASSWORD).unwrap();
    let revoking = {
        let other = other.clone();
        let id = session["session_id"].clone();
        move || drop(call(&other, "revoke_session", json!({"session_id": id})).unwrap())
    };
    let stage = Interrupted::open(store, json!({}), revoking);
    let change = |engine: &Engine, new: &str| {
        let token = &session["access_token"];
        let request = json!({"token": token, "old_password": PASSWORD, "new_password": new});
        call(engine, "change_password", request)
    };
    // The last reading comes just before the transaction.
    let until_then = stage.asks(|engine| assert_eq!(change(engine, PASSWORD), Err(Code::WeakPassword)));
    stage.arm(until_then);
    assert_eq!(change(&stage.engine, NEW), Err(Code::InvalidToken));
    assert!(login(&other, "ada").is_ok());
}

on_each_store!(a_reauthentication_beside_a_change_and_a_logout);
/// A reauthentication during a change of the password, or during a logout, makes no session fresh, at any
/// moment.
fn a_reauthentication_beside_a_change_and_a_logout(store: &Store) {
    let other = Arc::new(store.open());
    let too_late = ["change_password", "logout"].map(|operation| {
        let beside = |name: &str| {
            let id = registered(&other, name);
            let token = login_with(&other, name, PASSWORD).unwrap()["access_token"].clone();
            let request = match operation {
                "logout" => json!({"token": token}),
                _ => json!({"user_id": id, "old_password": PASSWORD, "new_password": NEW}),
            };
            let ending = {
                let other = other.clone();
                move || drop(call(&other, operation, request.clone()).unwrap())
            };
            (Interrupted::open(store, json!({}), ending), token)
        };
        let prove = |engine: &Engine, token: &Value| {
            call(engine, "reauthenticate", json!({"token": token, "password": PASSWORD}))
        };
        let (stage, token) = beside(operation);
        let questions = stage.asks(|engine| drop(prove(engine, &token).unwrap()));
        let outcome = |question| {
            let (stage, token) = beside(&format!("{operation}-{question}"));
            stage.arm(question);
            prove(&stage.engine, &token).err()
        };
        let outcomes: Vec<Option<Code>> = (0..questions).map(outcome).collect();
        // A change after the transaction comes too late. The last one before it comes after the hash, which
        // was right.
        let refused: Vec<Code> = outcomes.iter().map_while(|code| *code).collect();
        let refusals = [Code::InvalidToken, Code::InvalidCredentials];
        assert!(refused.iter().all(|code| refusals.contains(code)), "{operation}: {outcomes:?}");
        assert_eq!(refused.last(), Some(&Code::InvalidToken), "{operation}: {outcomes:?}");
        assert!(outcomes[refused.len()..].iter().all(Option::is_none), "{operation}: {outcomes:?}");
        refused.len()
    });
    assert_eq!(too_late[0], too_late[1], "both are noticed until the transaction");
}

on_each_store!(changes_win_over_better_hashes);
/// Logins with the old password, each with a better hash computed, run beside a change: the new password
/// stays.
fn changes_win_over_better_hashes(store: &Store) {
    let mut password = PASSWORD.to_owned();
    let id = registered(&store.open(), "ada");
    for round in 0..6 {
        let keys = json!({"password": {"iterations": 1 + round % 2, "max_concurrent": 4}});
        let engine = open(store.url(), keys).unwrap();
        let new = format!("{NEW} of round {round}");
        let results = together(4, |index| match index {
            0 => {
                let request = json!({"user_id": id, "old_password": password, "new_password": new});
                call(&engine, "change_password", request)
            }
            _ => login_with(&engine, "ada", &password),
        });
        assert!(results[0].is_ok(), "{results:?}");
        assert_eq!(login_with(&engine, "ada", &password), Err(Code::InvalidCredentials));
        assert!(login_with(&engine, "ada", &new).is_ok());
        password = new;
    }
}

on_each_store!(a_pepper_seals_what_is_kept);
fn a_pepper_seals_what_is_kept(store: &Store) {
    let [on, off] =
        [true, false].map(|pepper| json!({"password": {"pepper": pepper}, "change_settings": true}));
    let at = |keys: &Value| open(store.url(), keys.clone()).unwrap();
    let engine = at(&on);
    for name in ["ada", "grace"] {
        registered(&engine, name);
    }
    assert!(login(&engine, "ada").is_ok());
    drop(engine);
    let ada = kept_hash(store, "ada");
    let grace = kept_hash(store, "grace");
    assert!(ada.starts_with("$sealed$") && !ada.contains("argon2"), "{ada}");

    // A hash in the current form stays. Any other hash follows at the next login, and only then.
    assert!(login(&at(&on), "ada").is_ok());
    assert_eq!(kept_hash(store, "ada"), ada);
    assert!(login(&at(&off), "ada").is_ok());
    let plain = kept_hash(store, "ada");
    assert!(plain.starts_with("$argon2id$"), "{plain}");
    assert_eq!(kept_hash(store, "grace"), grace);
    assert!(login(&at(&on), "ada").is_ok());
    assert!(kept_hash(store, "ada").starts_with("$sealed$"));

    // A writer to the store gains nothing by the hash of another account, or by an invented hash.
    for forged in [grace.as_str(), "$sealed$", "$sealed$AAAA", &format!("{ada}A"), &ada[..ada.len() - 4]] {
        store.execute(&format!("UPDATE users SET password_hash = '{forged}' WHERE username = 'ada'"));
        for keys in [&on, &off] {
            assert_eq!(login(&at(keys), "ada"), Err(Code::InvalidCredentials), "{forged}");
        }
    }
    assert!(login(&at(&on), "grace").is_ok());
}

on_each_store!(a_pepper_follows_the_secret_key);
fn a_pepper_follows_the_secret_key(store: &Store) {
    let [old, new] = ["an old key of thirty-two bytes or more", "a new key of thirty-two bytes or more"];
    let with = |keys: &[&str]| json!({"secret_keys": keys, "password": {"pepper": true}});
    registered(&open(store.url(), with(&[old])).unwrap(), "ada");
    let before = kept_hash(store, "ada");
    let engine = open(store.url(), with(&[new, old])).unwrap();
    assert_eq!(call(&engine, "get_user", json!({"username": "ada"})).unwrap()["user"]["username"], "ada");
    drop(engine);
    assert_eq!(kept_hash(store, "ada"), before, "nobody logged in");
    assert!(login(&open(store.url(), with(&[new, old])).unwrap(), "ada").is_ok());
    let sealed_anew = kept_hash(store, "ada");
    assert_ne!(sealed_anew, before);
    assert!(login(&open(store.url(), with(&[new])).unwrap(), "ada").is_ok());
    assert_eq!(kept_hash(store, "ada"), sealed_anew);
    assert_eq!(refused(store.url(), with(&[old])), Code::WrongSecretKey);
}

on_each_store!(past_hashes_are_kept_as_the_present_one);
/// The hashes of past passwords are as many as configured, sealed as the present one is, and gone with the account.
fn past_hashes_are_kept_as_the_present_one(store: &Store) {
    let [old, new] = ["an old key of thirty-two bytes or more", "a new key of thirty-two bytes or more"];
    let at = |keys: &[&str], history: u64, pepper: bool| {
        let password = json!({"history": history, "pepper": pepper});
        open(store.url(), json!({"secret_keys": keys, "password": password, "change_settings": true}))
            .unwrap()
    };
    let words = |number: usize| format!("wise words number {number}");
    let change = |engine: &Engine, number: usize| {
        let request = json!({"user_id": engine_user(engine), "old_password": words(number), "new_password": words(number + 1)});
        call(engine, "change_password", request).map(drop)
    };
    let kept = || store.query("SELECT past_passwords FROM users")[0]["past_passwords"].clone();
    let engine = at(&[old], 4, false);
    let request = json!({"username": "ada", "email": "ada@example.com", "password": words(0)});
    call(&engine, "register", request).unwrap();
    (0..6).for_each(|number| change(&engine, number).unwrap());
    drop(engine);
    let plain: Vec<String> = serde_json::from_str(kept().as_str().unwrap()).unwrap();
    assert_eq!(plain.len(), 3);
    assert!(plain.iter().all(|hash| hash.starts_with("$argon2id$")));

    // The pepper follows with the next login, and so does another secret key.
    let engine = at(&[old], 4, true);
    login_with(&engine, "ada", &words(6)).unwrap();
    drop(engine);
    let sealed = kept().as_str().unwrap().to_owned();
    assert!(sealed.starts_with("$sealed$"), "{sealed}");
    let engine = at(&[new, old], 4, true);
    let needed = || {
        let keys = call(&engine, "list_keys", json!({})).unwrap()["secret_keys"].take();
        let old = keys.as_array().unwrap().iter().find(|key| !key["needed_by"].is_null()).cloned();
        old.unwrap()["needed_by"]["password_hashes"].clone()
    };
    assert_eq!(needed(), 1);
    login_with(&engine, "ada", &words(6)).unwrap();
    assert_eq!(needed(), 0);
    call(&engine, "rotate_keys", json!({"retire": "now"})).unwrap();
    let weak = json!({"user_id": engine_user(&engine), "old_password": words(6), "new_password": words(4)});
    assert_eq!(call(&engine, "change_password", weak).unwrap_err(), Code::WeakPassword);
    drop(engine);
    assert_ne!(kept(), sealed);

    // Fewer stay with the next password, and none without a history.
    let engine = at(&[new], 2, false);
    change(&engine, 6).unwrap();
    drop(engine);
    let plain: Vec<String> = serde_json::from_str(kept().as_str().unwrap()).unwrap();
    assert_eq!(plain.len(), 1);
    let engine = at(&[new], 0, false);
    change(&engine, 7).unwrap();
    drop(engine);
    assert_eq!(kept(), Value::Null);
    let engine = at(&[new], 2, false);
    change(&engine, 8).unwrap();
    let exported = call(&engine, "export_user", json!({"id": engine_user(&engine)})).unwrap();
    assert_eq!(exported["past_passwords"], 1);
    assert!(!exported.to_string().contains("argon2id$v"), "no hash");
    call(&engine, "delete_user", json!({"id": engine_user(&engine)})).unwrap();
    assert_eq!(store.count("users"), 0);
}

/// Returns the id of the only account.
fn engine_user(engine: &Engine) -> Value {
    call(engine, "list_users", json!({})).unwrap()["users"][0]["id"].clone()
}

on_each_store!(an_address_verified_beside_a_logout);
/// The session that proves the account ends while the mailed token is redeemed: the address stays unverified,
/// and the token valid.
fn an_address_verified_beside_a_logout(store: &Store) {
    let keys = json!({"mail": {"links": {"verify_email": "https://app.example/{token}"}}});
    let other = Arc::new(open(store.url(), keys.clone()).unwrap());
    let beside = |name: &str| {
        register(&other, name).unwrap();
        let mail = call(&other, "take_mail", json!({"limit": 1})).unwrap()["mails"][0].clone();
        let access_token = login(&other, name).unwrap();
        let engine = other.clone();
        let logout = json!({"token": access_token});
        let ending = move || drop(call(&engine, "logout", logout.clone()).unwrap());
        let request = json!({"token": mail["token"], "access_token": access_token});
        (Interrupted::open(store, keys.clone(), ending), request)
    };
    let verify = |engine: &Engine, request: &Value| call(engine, "verify_email", request.clone());
    let (stage, request) = beside("ada");
    let questions = stage.asks(|engine| drop(verify(engine, &request).unwrap()));
    let outcome = |question| {
        let (stage, request) = beside(&format!("bob{question}"));
        stage.arm(question);
        let outcome = verify(&stage.engine, &request).err();
        let is_good = call(&other, "check_mail_token", json!({"token": request["token"]})).is_ok();
        assert_eq!(is_good, outcome.is_some());
        outcome
    };
    let outcomes: Vec<Option<Code>> = (0..questions).map(outcome).collect();
    let refused = outcomes.iter().take_while(|code| **code == Some(Code::InvalidToken)).count();
    assert!(refused > 0 && outcomes[refused..].iter().all(Option::is_none), "{outcomes:?}");
}

/// Makes the file of leaked passwords beside a store, and returns its path.
fn leaked(store: &Store, passwords: &[&str]) -> PathBuf {
    let digest = |password: &&str| {
        let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        format!("{}:1\n", data_encoding::HEXUPPER.encode(digest.as_ref()))
    };
    let mut lines: Vec<String> = passwords.iter().map(digest).collect();
    lines.sort();
    let path = store.path().join("breached");
    let mut building = Building::new();
    building.own_list = true;
    building.build(&mut lines.concat().as_bytes(), &path, &mut |_| true).unwrap();
    path
}

/// Returns the reasons why a password is too weak.
fn reasons(engine: &Engine, operation: &str, request: Value) -> Vec<&'static str> {
    let error = engine.call(operation, &request.to_string()).unwrap_err();
    assert_eq!(error.code, Code::WeakPassword, "{operation}");
    error.reasons.iter().map(|reason| reason.name()).collect()
}

const LEAKED: &str = "a password that leaked";

/// Returns the newest mailed token.
fn mailed(engine: &Engine) -> Value {
    let mails = call(engine, "take_mail", json!({"lease_seconds": 3600})).unwrap();
    let mut tokens = mails["mails"].as_array().unwrap().iter().filter(|mail| mail.get("token").is_some());
    tokens.next_back().unwrap()["token"].clone()
}

on_each_store!(a_password_that_leaked_is_not_chosen);
fn a_password_that_leaked_is_not_chosen(store: &Store) {
    let path = leaked(store, &[LEAKED, "pass\u{a0}word that leaked"]);
    let engine = open(store.url(), json!({"password": {"breached": path, "blocklist": false}})).unwrap();
    let id = registered(&engine, "ada");
    let breached = ["breached"];
    let request = json!({"username": "bob", "email": "bob@example.com", "password": LEAKED});
    assert_eq!(reasons(&engine, "register", request.clone()), breached);
    // The list has the password as it was typed.
    let typed =
        json!({"username": "bob", "email": "bob@example.com", "password": "pass\u{a0}word that leaked"});
    assert_eq!(reasons(&engine, "register", typed), breached);
    let request = json!({"user_id": id, "old_password": PASSWORD, "new_password": LEAKED});
    assert_eq!(reasons(&engine, "change_password", request), breached);
    let request = json!({"user_id": id, "new_password": LEAKED});
    assert_eq!(reasons(&engine, "set_password", request), breached);
    call(&engine, "request_password_reset", json!({"email": "ada@example.com"})).unwrap();
    let request = json!({"token": mailed(&engine), "new_password": LEAKED});
    assert_eq!(reasons(&engine, "reset_password", request), breached);
    call(&engine, "invite_user", json!({"email": "eve@example.com"})).unwrap();
    let request = json!({"token": mailed(&engine), "password": LEAKED});
    assert_eq!(reasons(&engine, "accept_invitation", request), breached);
    call(&engine, "update_user", json!({"id": id, "must_change_password": true})).unwrap();
    let request = json!({"username": "ada", "password": PASSWORD}).to_string();
    let challenge = engine.call("login", &request).unwrap_err().step_up.unwrap().challenge;
    let request = json!({"challenge": challenge.expose(), "new_password": LEAKED});
    assert_eq!(reasons(&engine, "complete_login", request), breached);
    let verdict = call(&engine, "check_password", json!({"password": LEAKED})).unwrap();
    assert_eq!(verdict, json!({"acceptable": false, "score": 0, "reasons": ["breached"]}));
    let verdict = call(&engine, "check_password", json!({"password": NEW})).unwrap();
    assert_eq!(verdict["acceptable"], true);
}

on_each_store!(a_login_by_a_password_that_leaked);
/// The policy says what such a login does. A wrong password is refused as ever, also if it leaked.
fn a_login_by_a_password_that_leaked(store: &Store) {
    let id = registered(&store.open(), "ada");
    let path = leaked(store, &[PASSWORD, LEAKED]);
    let opened = |policy: &str| {
        let password = json!({"breached": path, "breached_login": policy});
        open(store.url(), json!({"password": password})).unwrap()
    };
    let events = |engine: &Engine| {
        let request = json!({"user_id": id, "kind": "password_breached"});
        call(engine, "events", request).unwrap()["events"].as_array().unwrap().len()
    };
    let engine = opened("ignore");
    login(&engine, "ada").unwrap();
    assert_eq!(events(&engine), 0);
    drop(engine);
    let engine = opened("record");
    login(&engine, "ada").unwrap();
    assert_eq!(events(&engine), 1);
    drop(engine);
    let engine = opened("change");
    assert_eq!(login_with(&engine, "ada", LEAKED), Err(Code::InvalidCredentials));
    assert_eq!(login_with(&engine, "nobody", LEAKED), Err(Code::InvalidCredentials));
    assert_eq!(events(&engine), 1);
    let request = json!({"username": "ada", "password": PASSWORD}).to_string();
    let refused = engine.call("login", &request).unwrap_err();
    assert_eq!(refused.code, Code::PasswordChangeRequired);
    assert_eq!(events(&engine), 2);
    let challenge = refused.step_up.unwrap().challenge;
    let request = json!({"challenge": challenge.expose(), "new_password": NEW});
    call(&engine, "complete_login", request).unwrap();
    login_with(&engine, "ada", NEW).unwrap();
    assert_eq!(events(&engine), 2);
    drop(engine);
    // A program that logs in again and again fills no log.
    let id = registered(&store.open(), "eve");
    let password = json!({"breached": path, "breached_login": "record"});
    let engine =
        open(store.url(), json!({"password": password, "throttle": {"account_failures": 2}})).unwrap();
    for _ in 0..6 {
        login(&engine, "eve").unwrap();
    }
    let request = json!({"user_id": id, "kind": "password_breached"});
    let noted = call(&engine, "events", request).unwrap();
    assert_eq!(noted["events"].as_array().unwrap().len(), 2);
}

/// A file that cannot be read keeps passwords from being chosen, and no user from logging in.
#[test]
fn a_file_of_leaked_passwords_that_cannot_be_used() {
    let store = Store::sqlite();
    let path = leaked(&store, &[LEAKED]);
    let keys = json!({"password": {"breached": path, "breached_login": "change"}});
    let records = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&records);
    let mut hooks = Hooks::default();
    hooks.log = Some(Box::new(move |_, record| log.lock().unwrap().push(record.to_owned())));
    let engine = Engine::open(config(store.url(), keys.clone()), hooks).unwrap();
    let found = || {
        let found = call(&engine, "doctor", json!({})).unwrap();
        let findings = found["findings"].as_array().unwrap().iter();
        findings
            .filter(|one| one["check"] == "breached")
            .map(|one| one["severity"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(found(), ["ok"]);
    registered(&engine, "ada");
    std::fs::write(&path, "no such file").unwrap();
    assert_eq!(found(), ["problem"]);
    let failures = ["check_password", "register"].map(|operation| {
        let request = match operation {
            "register" => json!({"username": "bob", "email": "bob@example.com", "password": NEW}),
            _ => json!({"password": NEW}),
        };
        engine.call(operation, &request.to_string()).unwrap_err()
    });
    for failure in failures {
        assert_eq!(
            (failure.code, failure.field.as_deref()),
            (Code::InvalidConfig, Some("/password/breached"))
        );
    }
    records.lock().unwrap().clear();
    login(&engine, "ada").unwrap();
    login(&engine, "ada").unwrap();
    let told = records.lock().unwrap().clone();
    assert_eq!(told.len(), 1, "{told:?}");
    let told: Value = serde_json::from_str(&told[0]).unwrap();
    assert_eq!(
        (&told["event"], &told["field"]),
        (&json!("breached_passed_over"), &json!("/password/breached"))
    );
    drop(engine);
    for what in ["no such file", "", "gone"] {
        if what == "gone" {
            std::fs::remove_file(&path).unwrap();
        }
        assert_eq!(refused(store.url(), keys.clone()), Code::InvalidConfig);
    }
}
