//! A build without the features `http`, `smtp` and `postgres` reports the missing feature, and not that a
//! service is down.

use doorward::{Code, Config, Engine, Hooks};

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
