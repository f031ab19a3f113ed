//! Tests of the outbox and of the mails that need several engines or times, which conformance cases cannot
//! show.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use doorward::{Clock, Code, Config, Engine, Hooks, MailKind};
use serde_json::{Value, json};

use crate::stores::{self, Store, on_each_store};

#[cfg(feature = "smtp")]
mod smtp;

const NOW: i64 = 1_800_000_000;
const PASSWORD: &str = "eight wise words";

/// An engine, and the time of its clock.
struct Stage {
    engine: Engine,
    now: Arc<AtomicI64>,
}

impl Stage {
    fn new(store: &Store, keys: Value) -> Stage {
        let now = Arc::new(AtomicI64::new(NOW * 1000));
        Stage { engine: open(store, &now, keys), now }
    }

    fn call(&self, operation: &str, request: Value) -> Value {
        call(&self.engine, operation, &request).unwrap()
    }

    fn refused(&self, operation: &str, request: Value) -> Code {
        call(&self.engine, operation, &request).unwrap_err()
    }

    /// Creates an account. Returns its id.
    fn register(&self, name: &str) -> String {
        let email = format!("{name}@example.com");
        let user = self.call("register", json!({"username": name, "email": email, "password": PASSWORD}));
        user["user"]["id"].as_str().unwrap().to_owned()
    }

    /// Requests a mail that verifies the address of this account.
    fn ask(&self, id: &str) {
        self.call("request_email_verification", json!({"user_id": id}));
    }

    /// Redeems a mailed token, with the password of this account.
    fn verify(&self, name: &str, token: &Value) -> Value {
        let request = json!({"token": token, "username": name, "password": PASSWORD});
        self.call("verify_email", request)
    }

    /// Takes every mail that is due, and acknowledges it.
    fn mails(&self) -> Vec<Value> {
        let taken = self.call("take_mail", json!({"limit": 100}))["mails"].as_array().unwrap().clone();
        for mail in &taken {
            self.call("acknowledge_mail", json!({"id": mail["id"], "delivered": true}));
        }
        taken
    }

    fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    fn count(&self, event: &str) -> usize {
        self.call("events", json!({"kind": event, "limit": 1000}))["events"].as_array().unwrap().len()
    }
}

fn open(store: &Store, now: &Arc<AtomicI64>, keys: Value) -> Engine {
    let hand = Arc::clone(now);
    let defaults = json!({"password": {"memory_kib": 8, "iterations": 1}});
    let config = stores::config(store.url(), defaults, keys);
    let hooks = Hooks::new().clock(Clock::custom(move || hand.load(Ordering::SeqCst)));
    Engine::open(Config::parse(&config.to_string()).unwrap(), hooks).unwrap()
}

fn call(engine: &Engine, operation: &str, request: &Value) -> Result<Value, Code> {
    match engine.call(operation, &request.to_string()) {
        Ok(reply) => Ok(serde_json::from_str(&reply).unwrap()),
        Err(error) => Err(error.code),
    }
}

/// Returns the kinds of mails and their recipients, in alphabetical order.
fn kinds(mails: &[Value]) -> Vec<(String, String)> {
    let text = |mail: &Value, name: &str| mail[name].as_str().unwrap().to_owned();
    let mut kinds: Vec<_> = mails.iter().map(|mail| (text(mail, "kind"), text(mail, "to"))).collect();
    kinds.sort();
    kinds
}

fn token(mails: &[Value], kind: &str) -> Value {
    mails.iter().find(|mail| mail["kind"] == kind).unwrap()["token"].clone()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.into_iter().map(|(kind, to)| (kind.to_owned(), to.to_owned())).collect()
}

on_each_store!(eight_threads_of_two_engines_take_each_mail_once);
fn eight_threads_of_two_engines_take_each_mail_once(store: &Store) {
    let stage =
        Stage::new(store, json!({"mail": {"links": {"verify_email": "https://app.example/{token}"}}}));
    let other = open(store, &stage.now, json!({}));
    let users: BTreeSet<String> = (0..40).map(|index| stage.register(&format!("user{index}"))).collect();
    let take = |lease_seconds: u32| {
        let start = Barrier::new(8);
        thread::scope(|scope| {
            let run = |index: usize| {
                let engine = if index.is_multiple_of(2) { &stage.engine } else { &other };
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    let request = json!({"limit": 3, "lease_seconds": lease_seconds});
                    let mut taken = Vec::new();
                    loop {
                        let reply = call(engine, "take_mail", &request).unwrap();
                        match reply["mails"].as_array().unwrap().as_slice() {
                            [] => return taken,
                            mails => taken.extend(
                                mails.iter().map(|mail| mail["user_id"].as_str().unwrap().to_owned()),
                            ),
                        }
                    }
                })
            };
            let running: Vec<_> = (0..8).map(run).collect();
            running.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<String>>()
        })
    };
    for _ in 0..2 {
        let taken = take(60);
        assert_eq!(taken.len(), 40);
        assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), users);
        assert_eq!(take(60), Vec::<String>::new());
        stage.pass(60);
    }
}

#[test]
fn neither_token_nor_address_lies_in_the_outbox() {
    let store = Store::sqlite();
    let stage = Stage::new(&store, json!({}));
    let id = stage.register("ada");
    stage.call("request_email_change", json!({"user_id": id, "new_email": "quite.another@example.net"}));
    let mails = stage.call("take_mail", json!({}));
    let token = token(mails["mails"].as_array().unwrap(), "change_email");
    for file in ["store.db", "store.db-wal"] {
        let bytes = std::fs::read(store.path().join(file)).unwrap();
        for secret in [token.as_str().unwrap(), "quite.another"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{file}");
        }
    }
}

on_each_store!(both_addresses_hear_of_a_change);
fn both_addresses_hear_of_a_change(store: &Store) {
    let stage = Stage::new(store, json!({}));
    let id = stage.register("ada");
    stage.call("request_email_change", json!({"user_id": id, "new_email": "new@example.com"}));
    let mails = stage.mails();
    let expected = [("change_email", "new@example.com"), ("email_change_requested", "ada@example.com")];
    assert_eq!(kinds(&mails), pairs(expected));
    stage.verify("ada", &token(&mails, "change_email"));
    assert_eq!(kinds(&stage.mails()), pairs([("email_changed", "ada@example.com")]));
    assert_eq!((stage.count("email_changed"), stage.count("mail_sent")), (1, 3));
}

on_each_store!(a_change_ends_what_the_old_address_could_do);
/// A change of the address ends sessions and every other token, so that the reader of the old address has
/// nothing.
fn a_change_ends_what_the_old_address_could_do(store: &Store) {
    let stage = Stage::new(store, json!({}));
    let id = stage.register("ada");
    stage.ask(&id);
    stage.call("request_email_change", json!({"user_id": id, "new_email": "first@example.com"}));
    stage.call("request_email_change", json!({"user_id": id, "new_email": "second@example.com"}));
    let session = stage.call("login", json!({"username": "ada", "password": PASSWORD}));
    let mails = stage.mails();
    let to =
        |address: &str| mails.iter().find(|mail| mail["to"] == address && mail["token"].is_string()).unwrap();
    let verify = json!({"token": to("ada@example.com")["token"], "username": "ada", "password": PASSWORD});
    let first = to("first@example.com");
    let second = to("second@example.com");
    stage.verify("ada", &first["token"]);
    assert_eq!(
        stage.refused("refresh", json!({"refresh_token": session["refresh_token"]})),
        Code::InvalidToken
    );
    assert_eq!(stage.refused("verify_email", verify), Code::InvalidMailToken);
    assert_eq!(
        stage.refused(
            "verify_email",
            json!({"token": second["token"], "username": "ada", "password": PASSWORD})
        ),
        Code::InvalidMailToken
    );
}

on_each_store!(a_token_of_another_store_is_none);
fn a_token_of_another_store_is_none(store: &Store) {
    let elsewhere = store.another();
    let stage = Stage::new(store, json!({}));
    let other = Stage::new(&elsewhere, json!({}));
    for stage in [&stage, &other] {
        let id = stage.register("ada");
        stage.ask(&id);
    }
    let foreign = json!({"token": token(&other.mails(), "verify_email")});
    assert_eq!(stage.refused("verify_email", foreign.clone()), Code::InvalidMailToken);
    assert_eq!(stage.refused("check_mail_token", foreign), Code::InvalidMailToken);
}

on_each_store!(nobody_learns_who_has_an_address);
/// With `conceal_existing`, a request for a taken address looks the same to a stranger as one for a free
/// address.
fn nobody_learns_who_has_an_address(store: &Store) {
    let links = json!({"verify_email": "https://app.example/{token}"});
    let stage =
        Stage::new(store, json!({"registration": {"conceal_existing": true}, "mail": {"links": links}}));
    stage.register("ada");
    stage.verify("ada", &token(&stage.mails(), "verify_email"));
    stage.pass(3600);
    let eve = stage.register("eve");
    assert_eq!(kinds(&stage.mails()), pairs([("verify_email", "eve@example.com")]));
    let ask = |address: &str| {
        let reply = stage.call("request_email_change", json!({"user_id": eve, "new_email": address}));
        (reply["sent"].clone(), reply["verification"].as_str().unwrap().len())
    };
    assert_eq!(ask("ada@example.com"), ask("fay@example.com"));
    let expected = [
        ("account_exists", "ada@example.com"),
        ("change_email", "fay@example.com"),
        ("email_change_requested", "eve@example.com"),
        ("email_change_requested", "eve@example.com"),
    ];
    assert_eq!(kinds(&stage.mails()), pairs(expected));
    assert_eq!(stage.count("mail_failed"), 0);
}

on_each_store!(asking_for_nobody_leaves_nothing_and_takes_nothing);
/// If no account has the address, the written rows are removed again: nothing stays, and other rows are not
/// affected.
fn asking_for_nobody_leaves_nothing_and_takes_nothing(store: &Store) {
    let stage = Stage::new(store, json!({}));
    let ada = stage.register("ada");
    for round in 0..3 {
        stage.pass(3600 * round);
        stage.ask(&ada);
    }
    let mails = stage.mails();
    for index in 0..20 {
        stage.call("request_password_reset", json!({"email": format!("nobody{index}@example.com")}));
    }
    assert!(stage.mails().is_empty());
    for mail in &mails {
        stage.call("check_mail_token", json!({"token": mail["token"]}));
    }
    drop(stage);
    assert_eq!((store.count("mails"), store.count("one_time_secrets")), (0, 3));
}

on_each_store!(an_address_gets_so_many_mails_from_all_and_no_more);
/// Many accounts that are registered with one address cause fifty mails to it, and then fewer. The callers do
/// not learn it.
fn an_address_gets_so_many_mails_from_all_and_no_more(store: &Store) {
    let links = json!({"verify_email": "https://app.example/{token}"});
    let stage =
        Stage::new(store, json!({"registration": {"conceal_existing": true}, "mail": {"links": links}}));
    let register = |name: String| {
        let request = json!({"username": name, "email": "victim@example.com", "password": PASSWORD});
        stage.call("register", request)
    };
    for index in 0..60 {
        let reply = register(format!("mallory{index}"));
        assert!(reply["verification"].is_string());
    }
    assert_eq!(stage.mails().len(), 50);
    stage.pass(60);
    let late = register("late".to_owned());
    let mails = stage.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0]["user_id"], late["user"]["id"]);
}

on_each_store!(no_number_of_accounts_keeps_back_the_mail_of_who_has_the_address);
/// Mails to the account that verified the address are not among those that strangers can use up.
fn no_number_of_accounts_keeps_back_the_mail_of_who_has_the_address(store: &Store) {
    let links = json!({"verify_email": "https://app.example/{token}"});
    let stage =
        Stage::new(store, json!({"registration": {"conceal_existing": true}, "mail": {"links": links}}));
    stage.register("victim");
    stage.verify("victim", &token(&stage.mails(), "verify_email"));
    for index in 0..60 {
        let name = format!("mallory{index}");
        let request = json!({"username": name, "email": "victim@example.com", "password": PASSWORD});
        stage.call("register", request);
    }
    stage.mails();
    stage.call("request_password_reset", json!({"email": "victim@example.com"}));
    assert_eq!(kinds(&stage.mails()), pairs([("reset_password", "victim@example.com")]));
}

on_each_store!(one_source_keeps_back_no_newcomers_mail);
/// One source may cause few mails to an address: mails for a newcomer from elsewhere are still sent.
fn one_source_keeps_back_no_newcomers_mail(store: &Store) {
    let links = json!({"verify_email": "https://app.example/{token}"});
    let stage =
        Stage::new(store, json!({"registration": {"conceal_existing": true}, "mail": {"links": links}}));
    let register = |name: String, ip: &str| {
        let email = "victim@example.com";
        let client = json!({"ip": ip});
        let request = json!({"username": name, "email": email, "password": PASSWORD, "client": client});
        stage.call("register", request)
    };
    for index in 0..60 {
        register(format!("mallory{index}"), "192.0.2.1");
    }
    assert_eq!(stage.mails().len(), 10);
    let victim = register("victim".to_owned(), "198.51.100.7");
    let mails = stage.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0]["user_id"], victim["user"]["id"]);
}

on_each_store!(of_two_who_verify_one_address_at_once_one_gets_it);
/// Two accounts with one address redeem their mailed tokens at the same moment, each with its own proof.
fn of_two_who_verify_one_address_at_once_one_gets_it(store: &Store) {
    let links = json!({"verify_email": "https://app.example/{token}"});
    let stage =
        Stage::new(store, json!({"registration": {"conceal_existing": true}, "mail": {"links": links}}));
    let requests: Vec<Value> = (0..8)
        .map(|index| {
            let request =
                json!({"username": format!("user{index}"), "email": "one@example.com", "password": PASSWORD});
            let verification = stage.call("register", request)["verification"].clone();
            json!({"token": token(&stage.mails(), "verify_email"), "verification": verification})
        })
        .collect();
    let start = Barrier::new(requests.len());
    let won: Vec<Result<Value, Code>> = thread::scope(|scope| {
        let run = |request| {
            let engine = &stage.engine;
            let start = &start;
            scope.spawn(move || {
                start.wait();
                call(engine, "verify_email", request)
            })
        };
        let running: Vec<_> = requests.iter().map(run).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(won.iter().filter(|won| won.is_ok()).count(), 1);
    assert!(won.iter().all(|won| won.is_ok() || *won == Err(Code::EmailTaken)));
}

on_each_store!(a_reset_happens_once);
/// Of many who redeem one token at the same time, one sets the password.
fn a_reset_happens_once(store: &Store) {
    let stage = Stage::new(store, json!({}));
    stage.register("ada");
    stage.call("request_password_reset", json!({"email": "ada@example.com"}));
    let token = token(&stage.mails(), "reset_password");
    let start = Barrier::new(8);
    let passwords: Vec<String> = (0..8).map(|index| format!("{index} quite other words")).collect();
    let won: Vec<bool> = thread::scope(|scope| {
        let run = |password| {
            let engine = &stage.engine;
            let start = &start;
            let token = &token;
            scope.spawn(move || {
                start.wait();
                call(engine, "reset_password", &json!({"token": token, "new_password": password})).is_ok()
            })
        };
        let running: Vec<_> = passwords.iter().map(run).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    for (password, won) in passwords.iter().zip(won) {
        let login = call(&stage.engine, "login", &json!({"username": "ada", "password": password}));
        assert_eq!(login.is_ok(), won);
    }
}

on_each_store!(a_reset_opens_what_a_hundred_failures_closed);
/// A hundred failures in a row lock an account for good; the mailed link unlocks it.
fn a_reset_opens_what_a_hundred_failures_closed(store: &Store) {
    let stage =
        Stage::new(store, json!({"throttle": {"account_failures": 100, "source_failures": 1_000_000}}));
    stage.register("ada");
    let login = |name: &str, password: &str| {
        call(&stage.engine, "login", &json!({"username": name, "password": password}))
    };
    for _ in 0..100 {
        assert_eq!(login("ada", "a wrong password"), Err(Code::InvalidCredentials));
    }
    stage.pass(30 * 86_400);
    assert_eq!(login("ada", PASSWORD), Err(Code::InvalidCredentials));
    stage.call("request_password_reset", json!({"email": "ada@example.com"}));
    let token = token(&stage.mails(), "reset_password");
    stage.call("reset_password", json!({"token": token, "new_password": "nine quite other words"}));
    login("ada", "nine quite other words").unwrap();
}

on_each_store!(an_address_that_looks_alike_gets_nothing);
/// A mail goes to the address as the account spells it, not to another one that compares as equal.
fn an_address_that_looks_alike_gets_nothing(store: &Store) {
    let stage = Stage::new(store, json!({}));
    let request = json!({"username": "ada", "email": "strasse@example.com", "password": PASSWORD});
    stage.call("register", request);
    stage.call("request_password_reset", json!({"email": "stra\u{df}e@EXAMPLE.com"}));
    assert_eq!(kinds(&stage.mails()), pairs([("reset_password", "strasse@example.com")]));
}

on_each_store!(a_mail_outlives_a_rotation_of_the_secret_key);
fn a_mail_outlives_a_rotation_of_the_secret_key(store: &Store) {
    let keys = ["an old key of thirty-two bytes or more", "a new key of thirty-two bytes or more"];
    let stage = Stage::new(store, json!({"secret_keys": [keys[0]]}));
    let id = stage.register("ada");
    stage.ask(&id);
    let Stage { engine, now } = stage;
    drop(engine);
    let stage = Stage { engine: open(store, &now, json!({"secret_keys": [keys[1], keys[0]]})), now };
    let token = token(&stage.mails(), "verify_email");
    assert_eq!(stage.verify("ada", &token)["user"]["email_verified"], true);
}

on_each_store!(a_mail_that_no_key_opens_is_given_up);
/// A mail that no key opens is given up, and delays no other.
fn a_mail_that_no_key_opens_is_given_up(store: &Store) {
    let keys = ["an old key of thirty-two bytes or more", "a new key of thirty-two bytes or more"];
    let Stage { engine, now } = Stage::new(store, json!({"secret_keys": [keys[0]]}));
    let ask = |engine: &Engine, name: &str| {
        let email = format!("{name}@example.com");
        let request = json!({"username": name, "email": email, "password": PASSWORD});
        let user = call(engine, "register", &request).unwrap()["user"]["id"].clone();
        call(engine, "request_email_verification", &json!({"user_id": user})).unwrap();
    };
    ask(&engine, "ada");
    drop(engine);
    let engine = open(store, &now, json!({"secret_keys": [keys[1], keys[0]]}));
    ask(&engine, "bob");
    drop(engine);
    let stage = Stage { engine: open(store, &now, json!({"secret_keys": [keys[1]]})), now };
    assert_eq!(kinds(&stage.mails()), pairs([("verify_email", "bob@example.com")]));
    assert_eq!(stage.count("mail_failed"), 1);
}

#[test]
fn the_built_in_texts_are_whole_in_every_language() {
    let files = ["en", "de", "fr", "es", "zh"];
    let read = |name: &str| -> Value {
        let path = format!("{}/src/mail/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let placeholders = regex::Regex::new(r"\{[a-z_]+\}").unwrap();
    let of = |template: &Value, part: &str| -> BTreeSet<String> {
        let text = template[part].as_str().unwrap();
        placeholders.find_iter(text).map(|found| found.as_str().to_owned()).collect()
    };
    let english = read("en");
    for name in files {
        let templates = read(name);
        assert_eq!(templates.as_object().unwrap().len(), MailKind::ALL.len(), "{name}");
        for (kind, template) in templates.as_object().unwrap() {
            for part in ["subject", "text"] {
                assert_eq!(of(template, part), of(&english[kind], part), "{name} {kind} {part}");
            }
            // The reader of an address may be a stranger, who must not get a text under a name of the
            // sender's choice.
            assert!(!template.to_string().contains("{username}"), "{name} {kind}");
            // If no page is configured for a link, the mail contains none.
            let typed = if kind == "login" { "{code}" } else { "{token}" };
            match of(template, "text").contains("{link}") {
                true => {
                    let service = BTreeSet::from(["{service}".to_owned()]);
                    let without_link = &of(template, "text_without_link") - &service;
                    assert_eq!(without_link, [typed.to_owned()].into());
                }
                false => assert!(template["text_without_link"].is_null(), "{name} {kind}"),
            }
            // The same rules apply to templates of the configuration.
            let config = json!({"store": "sqlite::memory:", "mail": {"templates": {kind: {name: template}}}});
            Engine::open(Config::parse(&config.to_string()).unwrap(), Hooks::default()).unwrap();
        }
    }
}
