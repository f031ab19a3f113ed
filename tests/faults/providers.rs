//! Logins at a provider whose responses the test brings. A transaction is spent once, whatever competes or dies.

use doorward::{Code, Engine};
use serde_json::{Value, json};

use crate::races::in_every_process;
use crate::stage::{PASSWORD, Store, call, count, login, on_each_store, open, register, together};

const CALLBACK: &str = "https://app.example/callback";

/// The keys of a configuration with each way into an account.
pub fn every_way_in() -> Value {
    let hub = json!({
        "preset": "github", "client_id": "app", "client_secret": "s", "exchange": "host", "auto_register": true,
    });
    json!({"mailed_login": {}, "id_token_providers": {"hub": hub}})
}

/// Begins a login, or a link to the account of a token. Returns the request that finishes it.
pub fn begun(engine: &Engine, subject: u32, user_token: Option<&str>) -> Result<Value, Code> {
    let begin = json!({"redirect_uri": CALLBACK, "user_token": user_token});
    let begun = call(engine, "begin_provider_login", begin)?;
    let email = format!("grace{subject}@example.com");
    let received = [
        json!({"access_token": "t"}),
        json!({"id": subject, "login": "grace"}),
        json!([{"email": email, "primary": true, "verified": true}]),
    ]
    .map(|body| json!({"status": 200, "body": body.to_string()}));
    Ok(json!({
        "transaction": begun["transaction"], "query": format!("code=c&state={}", begun["state"].as_str().unwrap()),
        "redirect_uri": CALLBACK, "user_token": user_token, "received": received,
    }))
}

on_each_store!(a_transaction_is_spent_once);
/// Of 200 threads and of eight processes, one logs in; and one links an identity.
fn a_transaction_is_spent_once(store: &Store) {
    let engine = open(store.url(), every_way_in()).unwrap();
    register(&engine, "ada").unwrap();
    let token = login(&engine, "ada").unwrap();
    let before = store.rows();
    // Any number of strangers begin a login, and write nothing.
    let requests = [begun(&engine, 1, None), begun(&engine, 2, None), begun(&engine, 3, Some(&token))];
    let [first, second, link] = requests.map(Result::unwrap);
    assert_eq!(store.rows(), before);
    assert_eq!(store.count("spent_challenges"), 0);

    let results = together(200, |_| call(&engine, "finish_provider_login", first.clone()));
    assert_eq!(results.iter().flatten().filter(|login| login["created"] == true).count(), 1);
    assert_eq!(count(&results, Code::InvalidChallenge), 199);
    drop(engine);
    for (request, done) in [(&second, "created"), (&link, "linked")] {
        let answers = in_every_process(store, &every_way_in(), "finish_provider_login", request);
        let spent = Code::InvalidChallenge.name();
        assert_eq!(answers.iter().filter(|answer| answer[done] == true).count(), 1, "{answers:?}");
        assert_eq!(answers.iter().filter(|answer| **answer == spent).count(), 31, "{answers:?}");
    }
    assert_eq!((store.count("identities"), store.count("events WHERE kind = 'identity_linked'")), (3, 3));
    assert_eq!((&store.rows()["users"], &store.rows()["sessions"]), (&json!(3), &json!(3)));
    let engine = open(store.url(), json!({})).unwrap();
    call(&engine, "login", json!({"username": "ada", "password": PASSWORD})).unwrap();
}
