//! A build without the features `http` and `postgres` says so, rather than that a service is down.

#![cfg(not(any(feature = "http", feature = "postgres")))]

use doorward::{Code, Config, Engine, Hooks};

#[test]
fn what_is_left_out_says_so() {
    let open = |config: &str| Engine::open(Config::parse(config).unwrap(), Hooks::default());
    let service =
        r#"{"store": "sqlite::memory:", "introspection_service": {"url": "https://auth.example/"}}"#;
    assert_eq!(open(service).err().unwrap().code, Code::FeatureNotBuilt);
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
