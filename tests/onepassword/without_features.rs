//! A build without the features `http`, `smtp` and `postgres` reports the missing feature, and not that a
//! service is down.

use doorward::{Code, Config, Engine, Hooks};
use serde_json::{Value, json};

#[test]
fn what_is_left_out_says_so() {
    let open = |config: &str| Engine::open(Config::parse(config).unwrap(), Hooks::default());
    let service =
        r#"{"store": "sqlite::memory:", "introspection_service": {"url": "https://auth.example/"}}"#;
    assert_eq!(open(service).err().unwrap().code, Code::FeatureNotBuilt);
    let provider =
        r#"{"issuer": "https://id.example", "client_id": "app", "jwks_uri": "https://id.example/"}"#;
    let providers = format!(r#"{{"store": "sqlite::memory:", "id_token_providers": {{"id": {provider}}}}}"#);
    let error = open(&providers).err().unwrap();
    let place = Some("/id_token_providers/id/jwks_uri");
    assert_eq!((error.code, error.field.as_deref()), (Code::FeatureNotBuilt, place));
    let engine = open(r#"{"store": "sqlite::memory:"}"#).unwrap();
    let error = engine.call("introspect_remote", r#"{"token": "x"}"#).unwrap_err();
    assert_eq!(error.code, Code::FeatureNotBuilt);
    let store =
        r#"{"store": "postgres://door@localhost/door", "secret_key": "a key that is long enough to be one"}"#;
    let error = open(store).err().unwrap();
    assert_eq!((error.code, error.field.as_deref()), (Code::FeatureNotBuilt, Some("/store")));
    let features = doorward::describe()["features"].clone();
    assert!(!features.as_array().unwrap().iter().any(|name| name == "http" || name == "postgres"));
}

#[test]
fn a_server_that_no_mail_can_be_sent_to_is_refused() {
    let open = |config: &str| Engine::open(Config::parse(config).unwrap(), Hooks::default());
    let link = "https://app.example/{token}";
    let links =
        format!(r#"{{"verify_email": "{link}", "reset_password": "{link}", "change_email": "{link}"}}"#);
    let mail = format!(r#"{{"from": "a@example.com", "smtp": {{"host": "localhost"}}, "links": {links}}}"#);
    let config = format!(r#"{{"store": "sqlite::memory:", "mail": {mail}}}"#);
    assert_eq!(open(&config).err().unwrap().code, Code::FeatureNotBuilt);
    let engine = open(r#"{"store": "sqlite::memory:"}"#).unwrap();
    assert_eq!(engine.call("deliver_mail", "{}").unwrap_err().code, Code::FeatureNotBuilt);
}

/// The host sends the requests of a login at a provider.
#[test]
fn a_login_at_a_provider_needs_no_http() {
    let provider = json!({
        "preset": "github", "client_id": "app", "client_secret": "s", "exchange": "host", "auto_register": true,
    });
    let config = json!({"store": "sqlite::memory:", "id_token_providers": {"hub": provider}}).to_string();
    let engine = Engine::open(Config::parse(&config).unwrap(), Hooks::default()).unwrap();
    let call = |operation: &str, request: Value| -> Value {
        serde_json::from_str(&engine.call(operation, &request.to_string()).unwrap()).unwrap()
    };
    let callback = "https://app.example/callback";
    let begun = call("begin_provider_login", json!({"redirect_uri": callback}));
    let query = format!("code=c&state={}", begun["state"].as_str().unwrap());
    let mut back = json!({"transaction": begun["transaction"], "query": query, "redirect_uri": callback});
    let mut answers = [
        json!({"access_token": "t", "token_type": "bearer"}),
        json!({"id": 1, "login": "ada"}),
        json!([{"email": "ada@example.com", "primary": true, "verified": true}]),
    ]
    .into_iter();
    let mut received = Vec::new();
    while call("next_provider_request", back.clone()).get("send").is_some() {
        received.push(json!({"status": 200, "body": answers.next().unwrap().to_string()}));
        back["received"] = json!(received);
    }
    let login = call("finish_provider_login", back);
    assert_eq!((&login["created"], &login["user"]["email"]), (&json!(true), &json!("ada@example.com")));
}
