//! A build without the feature `http` says so, rather than that a service is down.

#![cfg(not(feature = "http"))]

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
    let features = doorward::describe()["features"].clone();
    assert!(!features.as_array().unwrap().contains(&"http".into()));
}
