//! Tests of the configuration of providers.

use doorward::{Code, Config};
use serde_json::{Value, json};

use super::stage::{ISSUER, Key, clock, open};
use crate::stores::Store;

#[test]
fn which_providers_can_be_configured() {
    let set = Key::new("RS256", "k").set();
    let with = |change: Value| json!({"id_token_providers": {"id": change}});
    let base = json!({"issuer": ISSUER, "client_id": "app"});
    let and = |change: Value| {
        let mut provider = base.clone();
        provider.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        with(provider)
    };
    for good in [
        with(base.clone()),
        and(json!({"jwks": set})),
        and(json!({"jwks": set, "jwks_uri": null, "auto_register": false})),
        and(json!({"jwks_uri": "https://id.example/jwks"})),
        and(
            json!({"jwks_uri": "http://127.0.0.1:1/jwks", "timeout_ms": 1, "auto_register": {"roles": ["a", "b"]}}),
        ),
    ] {
        open(&Store::sqlite(), good.clone(), &clock()).unwrap_or_else(|error| panic!("{good}: {error}"));
    }
    for (bad, field) in [
        // Without keys their place is read from the issuer's metadata, which this one cannot have.
        (json!({"issuer": "id.example", "client_id": "app"}), ""),
        (json!({"client_id": "app", "jwks": set}), "/issuer"),
        (json!({"issuer": ISSUER, "jwks": set}), "/client_id"),
        (json!({"issuer": "", "client_id": "app", "jwks": set}), "/issuer"),
        (json!({"issuer": ISSUER, "client_id": [], "jwks": set}), "/client_id"),
        (json!({"issuer": ISSUER, "client_id": "app", "jwks": set, "jwks_uri": "https://id.example/"}), ""),
        (json!({"issuer": ISSUER, "client_id": "app", "jwks": [set]}), "/jwks"),
        (json!({"issuer": ISSUER, "client_id": "app", "jwks_uri": "http://id.example/"}), "/jwks_uri"),
        (json!({"issuer": ISSUER, "client_id": "app", "jwks_uri": "file:///etc/passwd"}), "/jwks_uri"),
        (json!({"issuer": ISSUER, "client_id": "app", "jwks": set, "algorithms": []}), "/algorithms"),
        (
            json!({"issuer": ISSUER, "client_id": "app", "jwks": set, "algorithms": ["HS256"]}),
            "/algorithms/0",
        ),
        (json!({"issuer": ISSUER, "client_id": "app", "jwks": set, "algorithms": ["none"]}), "/algorithms/0"),
        (
            json!({"issuer": ISSUER, "client_id": "app", "jwks": set, "algorithms": ["RS256", "RS256"]}),
            "/algorithms",
        ),
        (
            json!({"issuer": ISSUER, "client_id": "app", "jwks": set, "auto_register": "yes"}),
            "/auto_register",
        ),
        (json!({"issuer": ISSUER, "client_id": "app", "jwks": set, "auto_register": {}}), "/auto_register"),
        (
            json!({"issuer": ISSUER, "client_id": "app", "jwks": set, "auto_register": {"roles": [" "]}}),
            "/auto_register",
        ),
        (
            json!({"issuer": ISSUER, "client_id": "app", "jwks": set, "auto_register": {"roles": (0..65).map(|n| n.to_string()).collect::<Vec<_>>()}}),
            "/auto_register",
        ),
        (
            json!({"issuer": ISSUER, "client_id": "app", "jwks_uri": "https://id.example/", "ca_file": "/no/such/file"}),
            "/ca_file",
        ),
        (json!({"issuer": ISSUER, "client_id": "app", "jwks": set, "secret": "x"}), "/secret"),
    ] {
        let error =
            open(&Store::sqlite(), with(bad.clone()), &clock()).err().unwrap_or_else(|| panic!("{bad}"));
        let expected = format!("/id_token_providers/id{field}");
        assert_eq!((error.code, error.field), (Code::InvalidConfig, Some(expected)), "{bad}");
    }
    let named = |name: &str| json!({"id_token_providers": {name: {"issuer": ISSUER, "client_id": "app", "jwks": set}}});
    assert!(open(&Store::sqlite(), named("a/b"), &clock()).is_err());
    let shown = format!(
        "{:?}",
        Config::parse(&and(json!({"jwks": {"keys": [{"kty": "oct", "k": "SECRET"}]}})).to_string()).unwrap()
    );
    assert!(shown.contains(ISSUER) && !shown.contains("SECRET"), "{shown}");
}
