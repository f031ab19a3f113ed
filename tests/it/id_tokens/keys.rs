//! Tests of a provider's keys: the members of its set, the rate of fetches, and providers that are down or
//! hostile.

use std::io::Write;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use doorward::Code;
use serde_json::{Value, json};

use super::stage::{
    Key, KeyService, NOW, Stage, base64, claims_of, clock, key_named, open, provider, stage_with,
};
use crate::services::Service;
use crate::stores::Store;

/// Weak keys, and malformed sets.
#[test]
fn what_is_in_a_set_beside_good_keys() {
    let key = Key::new("ES256", "k");
    let other = Key::new("EdDSA", "e");
    let mut private = key.set()["keys"][0].clone();
    private["d"] = json!("AAAA");
    let with = |change: Value| {
        let mut jwk = key.set()["keys"][0].clone();
        jwk.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        jwk
    };
    let bad = [
        json!({"kty": "oct", "kid": "k", "alg": "ES256", "k": "c2VjcmV0"}),
        json!({"kty": "oct", "kid": "k", "alg": "HS256", "k": "c2VjcmV0"}),
        private,
        with(json!({"use": "enc"})),
        with(json!({"use": 1})),
        with(json!({"key_ops": ["sign"]})),
        with(json!({"key_ops": "verify"})),
        with(json!({"alg": "ES384"})),
        with(json!({"alg": 1})),
        with(json!({"kid": 1})),
        with(json!({"crv": "P-384"})),
        with(json!({"kty": "OKP"})),
        with(json!({"x": "AAAA"})),
        with(json!({"y": key.set()["keys"][0]["x"]})),
        json!({"kty": "RSA", "kid": "k", "n": "AAAA", "e": "AQAB"}),
        json!({"kty": "EC", "crv": "P-256", "kid": "k"}),
        json!("k"),
        json!(null),
        json!({}),
    ];
    let algorithms = json!(["RS256", "PS256", "ES256", "EdDSA"]);
    let refused = |set: Value| {
        let provider = provider(json!({"jwks": set, "algorithms": algorithms}));
        let error = open(&Store::sqlite(), json!({"id_token_providers": {"id": provider}}), &clock());
        error.err().unwrap().detail.unwrap().into_owned()
    };
    for jwk in &bad {
        assert_eq!(refused(json!({"keys": [jwk]})), "no_usable_key", "{jwk}");
    }
    assert_eq!(refused(json!({})), "no_key_set");
    assert_eq!(refused(json!({"keys": {}})), "no_key_set");
    assert_eq!(refused(json!({"keys": []})), "no_usable_key");
    assert_eq!(refused(json!({"keys": vec![json!({}); 101]})), "too_many_keys");

    let mut all = bad.to_vec();
    all.extend([key.set()["keys"][0].clone(), other.set()["keys"][0].clone()]);
    let stage = stage_with(json!({"jwks": {"keys": all}, "algorithms": algorithms, "auto_register": true}));
    let claims = claims_of(json!({"sub": "1", "email": "ada@example.com"}));
    for key in [&key, &other] {
        stage.login(&key.sign(&claims)).unwrap();
    }
}

/// The signing key is found if the set or the token does not name it.
#[test]
fn keys_without_a_name_and_keys_twice() {
    let keys = [Key::new("ES256", "1"), Key::new("ES256", "2"), Key::new("ES256", "3")];
    let jwk = |key: &Key, kid: Value| {
        let mut jwk = key.set()["keys"][0].clone();
        jwk["kid"] = kid;
        jwk
    };
    let claims = claims_of(json!({"sub": "1", "email": "ada@example.com"}));
    let stage = |members: Vec<Value>| {
        stage_with(json!({"jwks": {"keys": members}, "algorithms": ["ES256"], "auto_register": true}))
    };
    let nameless = |key: &Key| key.sign_as(&json!({"alg": "ES256"}), &claims);
    let refused = |stage: &Stage, token: &str, reason: &str| {
        let error = stage.login(token).unwrap_err();
        assert_eq!((error.code, error.detail.as_deref()), (Code::InvalidToken, Some(reason)));
    };
    // The same key twice, and two keys with one name.
    let twice = stage(vec![
        jwk(&keys[0], json!("1")),
        jwk(&keys[0], json!("1")),
        jwk(&keys[1], json!("1")),
        jwk(&keys[1], json!("2")),
    ]);
    for token in [keys[0].sign(&claims), keys[1].sign_as(&json!({"alg": "ES256", "kid": "1"}), &claims)] {
        twice.login(&token).unwrap();
    }
    refused(&twice, &keys[0].sign_as(&json!({"alg": "ES256", "kid": "2"}), &claims), "bad_signature");
    // Tokens that name no key, and keys without a name beside a key with one.
    let mixed =
        stage(vec![jwk(&keys[0], json!(null)), jwk(&keys[1], json!(null)), jwk(&keys[2], json!("3"))]);
    for key in &keys {
        mixed.login(&nameless(key)).unwrap();
        mixed.login(&key.sign(&claims)).unwrap();
    }
    refused(&mixed, &keys[0].sign_as(&json!({"alg": "ES256", "kid": "3"}), &claims), "bad_signature");
    refused(&mixed, &nameless(&Key::new("ES256", "4")), "unknown_key");
    refused(&mixed, &Key::new("ES256", "4").sign(&claims), "unknown_key");
    // The number of tries is limited.
    let eleven: Vec<Key> = (0..11).map(|_| Key::new("ES256", "k")).collect();
    let many = stage(eleven.iter().map(|key| jwk(key, json!(null))).collect());
    refused(&many, &nameless(&eleven[0]), "ambiguous_key");
    let ten = stage(eleven[1..].iter().map(|key| jwk(key, json!(null))).collect());
    ten.login(&nameless(&eleven[10])).unwrap();
}

/// A key is what its numbers say. A certificate, its digest and a URL of one, in the set or in the header, say nothing
/// (RFC 7517 section 4.7, RFC 7515 section 4.1). Sets of Microsoft Entra name no algorithm.
#[test]
fn certificates_are_no_keys() {
    let keys = [Key::new("RS256", "1"), Key::new("RS256", "2")];
    let mut jwk = keys[0].set()["keys"][0].clone();
    let certified = json!({
        "kid": "1", "x5t": "1", "x5t#S256": "x", "x5c": ["MIIC/TCC"], "x5u": "https://id.example/x", "alg": null,
    });
    jwk.as_object_mut().unwrap().extend(certified.as_object().unwrap().clone());
    let of_a_certificate = json!({"kty": "RSA", "use": "sig", "kid": "2", "x5c": ["MIIC/TCC"]});
    let stage = stage_with(json!({
        "jwks": {"keys": [of_a_certificate, jwk]}, "algorithms": ["RS256", "PS256"], "auto_register": true,
    }));
    let claims = claims_of(json!({"sub": "1", "email": "ada@example.com"}));
    let reason = |key: &Key, header: Value| {
        let mut named = json!({"alg": "RS256", "x5t": "1", "x5c": ["MIIC/TCC"], "jwk": key.set()["keys"][0]});
        named.as_object_mut().unwrap().extend(header.as_object().unwrap().clone());
        stage.login(&key.sign_as(&named, &claims)).err().map(|error| error.detail.unwrap().into_owned())
    };
    assert_eq!(reason(&keys[0], json!({"kid": "1"})), None);
    assert_eq!(reason(&keys[0], json!({"kid": "1", "x5t": "2"})), None);
    // Without `kid` each key is tried, and `x5t` names none.
    assert_eq!(reason(&keys[0], json!({})), None);
    assert_eq!(reason(&keys[1], json!({"kid": "1"})).as_deref(), Some("bad_signature"));
    for header in [json!({}), json!({"kid": "2"}), json!({"kid": "2", "x5u": "https://evil.example/x"})] {
        assert_eq!(reason(&keys[1], header).as_deref(), Some("unknown_key"));
    }
    let chain = json!({"kid": "1", "x5c": ["x".repeat(1024)]});
    assert_eq!(reason(&keys[0], chain).as_deref(), Some("too_long"));
}

/// A bad member is reported, and does not affect the others.
#[test]
fn bad_members_are_named() {
    let keys = [Key::new("RS256", "1"), Key::new("RS256", "2")];
    let with = |key: &Key, change: Value| {
        let mut jwk = key.set()["keys"][0].clone();
        jwk.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        jwk
    };
    // Null means absent, and padding does not change a number.
    let n = keys[0].set()["keys"][0]["n"].as_str().unwrap().to_owned();
    let padded = format!("{n}{}", "=".repeat((4 - n.len() % 4) % 4));
    assert_ne!(n, padded);
    let nulls =
        json!({"n": padded, "use": null, "key_ops": null, "alg": null, "x5c": null, "d": null, "crv": null});
    let members = json!([
        null,
        with(&keys[0], nulls),
        with(&keys[1], json!({"n": format!("{padded}=")})),
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "RSA", "use": "enc", "n": "AAAA"},
        {"kty": "EC", "crv": "P-521", "x": "AAAA"},
        with(&keys[1], json!({"e": "AQ"})),
    ]);
    let named = [(0, "not_an_object"), (2, "malformed"), (3, "secret_key"), (6, "rsa_exponent")];
    let claims = claims_of(json!({"sub": "1", "email": "ada@example.com"}));

    let given = stage_with(json!({"jwks": {"keys": members}, "auto_register": true}));
    let service = KeyService::new(&[]);
    let url = format!("http://{}/jwks", service.service.address);
    let fetched = stage_with(json!({"jwks_uri": url, "auto_register": true}));
    let body = json!({"keys": members}).to_string();
    service.break_with(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
    for stage in [&given, &fetched] {
        stage.login(&keys[0].sign(&claims)).unwrap();
        stage.login(&keys[1].sign(&claims)).unwrap_err();
        let records = stage.records();
        let noted: Vec<Value> = records.iter().map(|record| serde_json::from_str(record).unwrap()).collect();
        let noted = noted.iter().filter(|record| record["event"] == "provider_key_passed_over");
        let noted: Vec<_> = noted.map(|record| (record["field"].clone(), record["detail"].clone())).collect();
        let expected = named
            .map(|(index, reason)| (json!(format!("/id_token_providers/id/keys/{index}")), json!(reason)));
        assert_eq!(noted, expected);
        let findings = stage.call("doctor", json!({})).unwrap()["findings"].as_array().unwrap().clone();
        let finding = findings.iter().find(|finding| finding["check"] == "provider_keys").unwrap();
        assert_eq!(
            (&finding["severity"], &finding["field"]),
            (&json!("advice"), &json!("/id_token_providers/id"))
        );
        let message = finding["message"].as_str().unwrap();
        assert!(
            named.iter().all(|(index, reason)| message.contains(&format!("{index} ({reason})"))),
            "{message}"
        );
    }
}

/// The keys of many issuers are in one set: a key for one tenant signs for no other.
#[test]
fn keys_of_many_tenants() {
    let keys = [Key::new("ES256", "1"), Key::new("ES256", "2"), Key::new("ES256", "3")];
    let with = |key: &Key, issuer: Value| {
        let mut jwk = key.set()["keys"][0].clone();
        jwk["issuer"] = issuer;
        jwk
    };
    let issuers = ["https://login.example/{tenantid}/v2.0", "https://login.example/a/v2.0", ""];
    let issuers = [json!(issuers[0]), json!(issuers[1]), json!(null)];
    let members: Vec<Value> = keys.iter().zip(&issuers).map(|(key, it)| with(key, it.clone())).collect();
    let set = json!({"keys": members});
    let stage = stage_with(json!({
        "issuer": issuers[0], "jwks": set, "algorithms": ["ES256"], "auto_register": true,
    }));
    let of = |key: &Key, tenant: &str| {
        let iss = format!("https://login.example/{tenant}/v2.0");
        key.sign(&claims_of(
            json!({"sub": "1", "iss": iss, "tid": tenant, "email": format!("ada@{tenant}.example")}),
        ))
    };
    for (key, tenant) in [(0, "a"), (0, "b"), (1, "a"), (2, "a"), (2, "b")] {
        stage.login(&of(&keys[key], tenant)).unwrap();
    }
    let error = stage.login(&of(&keys[1], "b")).unwrap_err();
    assert_eq!((error.code, error.detail.as_deref()), (Code::InvalidToken, Some("wrong_key_issuer")));
    // A tenant that would change the path.
    for tenant in ["a/../b", "", "A"] {
        let error = stage.login(&of(&keys[0], tenant)).unwrap_err();
        assert_eq!(
            (error.code, error.detail.as_deref()),
            (Code::InvalidToken, Some("wrong_issuer")),
            "{tenant}"
        );
    }
    // It is refused for one trusted tenant, too. The older issuers of Entra are at another host than their
    // keys.
    for (issuer, is_asked) in [("https://login.example/b/v2.0", true), ("https://sts.example/b/", false)] {
        let stage = stage_with(json!({
            "issuer": issuer, "jwks": set, "algorithms": ["ES256"], "auto_register": true,
        }));
        let login = |key: &Key| {
            let claims = json!({"sub": "1", "iss": issuer, "tid": "b", "email": "ada@b.example"});
            stage.login(&key.sign(&claims_of(claims)))
        };
        login(&keys[0]).unwrap();
        login(&keys[2]).unwrap();
        let reason = login(&keys[1]).err().and_then(|error| error.detail);
        assert_eq!(reason.as_deref(), is_asked.then_some("wrong_key_issuer"), "{issuer}");
    }
}

/// The keys that passkeys may not have, either.
#[test]
fn keys_that_nobody_may_have() {
    let keys: Vec<Value> = serde_json::from_str(include_str!("../../vectors/bad_keys.json")).unwrap();
    let bytes = |value: &Value| {
        let hex = value.as_str().unwrap();
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        base64(&(0..hex.len()).step_by(2).map(byte).collect::<Vec<_>>())
    };
    for key in &keys {
        let own = &key["key"];
        let jwk = match key["kind"].as_str().unwrap() {
            "rsa" => json!({"kty": "RSA", "n": bytes(&own["n"]), "e": bytes(&own["e"])}),
            "ed25519" => json!({"kty": "OKP", "crv": "Ed25519", "x": bytes(own)}),
            _ => json!({"kty": "EC", "crv": "P-256", "x": bytes(&own["x"]), "y": bytes(&own["y"])}),
        };
        let algorithms = json!(["RS256", "PS256", "ES256", "EdDSA"]);
        let provider = provider(json!({"jwks": {"keys": [jwk]}, "algorithms": algorithms}));
        let opened = open(&Store::sqlite(), json!({"id_token_providers": {"id": provider}}), &clock());
        match opened {
            Ok(_) => assert_eq!(key["is_good"], true, "{}", key["name"]),
            Err(error) => {
                assert_eq!(key["is_good"], false, "{}", key["name"]);
                assert_eq!(error.detail.as_deref(), Some("no_usable_key"));
            }
        }
    }
}

/// Strangers who name unknown keys, in any number and at any time, cause few fetches.
#[test]
fn keys_are_fetched_at_a_bounded_rate() {
    let provider = KeyService::new(&[&Key::new("ES256", "1")]);
    let keys = [Key::new("ES256", "1"), Key::new("ES256", "2"), Key::new("ES256", "3")];
    provider.publish(&[&keys[0]]);
    let stage = provider.stage(60_000);
    let claims =
        claims_of(json!({"sub": "1", "email": "ada@example.com", "iat": NOW - 10_000, "exp": NOW + 100_000}));
    let login =
        |key: &Key| stage.login(&key.sign(&claims)).map_err(|error| error.detail.unwrap().into_owned());
    let stranger = |name: &str| key_named(&keys[0], name, &claims);
    let later = |seconds: i64| stage.now.fetch_add(seconds, Ordering::SeqCst);

    // The keys are fetched when they are first needed, and then once.
    assert_eq!(provider.fetches(), 0);
    for _ in 0..3 {
        login(&keys[0]).unwrap();
    }
    assert_eq!(provider.fetches(), 1);
    for turn in 0..100 {
        let error = stage.login(&stranger(&turn.to_string())).unwrap_err();
        assert_eq!((error.code, error.detail.as_deref()), (Code::InvalidToken, Some("unknown_key")));
    }
    assert_eq!(provider.fetches(), 1);
    // The first token of a new key reveals a rotation, except within the pause.
    provider.publish(&[&keys[0], &keys[1]]);
    assert_eq!(login(&keys[1]).unwrap_err(), "unknown_key");
    later(10);
    login(&keys[1]).unwrap();
    login(&keys[0]).unwrap();
    assert_eq!(provider.fetches(), 2);
    later(9);
    stage.login(&stranger("x")).unwrap_err();
    assert_eq!(provider.fetches(), 2);
    later(1);
    stage.login(&stranger("x")).unwrap_err();
    assert_eq!(provider.fetches(), 3);
    // A withdrawn key is forgotten, even if no token names another.
    provider.publish(&[&keys[2]]);
    later(599);
    login(&keys[1]).unwrap();
    assert_eq!(provider.fetches(), 3);
    later(1);
    assert_eq!(login(&keys[1]).unwrap_err(), "unknown_key");
    assert_eq!(provider.fetches(), 4);
    login(&keys[2]).unwrap();
    assert_eq!(provider.fetches(), 4);
    // A clock that was set back does not stop it.
    later(-5_000);
    provider.publish(&[&keys[1]]);
    login(&keys[1]).unwrap();
    assert_eq!(provider.fetches(), 5);
    for _ in 0..10 {
        stage.login(&stranger("x")).unwrap_err();
    }
    assert_eq!(provider.fetches(), 5);
}

#[test]
fn while_the_provider_is_down_the_known_keys_verify() {
    let keys = [Key::new("ES256", "1"), Key::new("ES256", "2")];
    let provider = KeyService::new(&[&keys[0]]);
    let stage = provider.stage(60_000);
    let claims =
        claims_of(json!({"sub": "1", "email": "ada@example.com", "iat": NOW - 10_000, "exp": NOW + 100_000}));
    let login = |key: &Key| stage.login(&key.sign(&claims));
    provider.break_with("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
    for _ in 0..5 {
        let error = login(&keys[0]).unwrap_err();
        assert_eq!(
            (error.code, error.detail.as_deref()),
            (Code::AuthServiceUnavailable, Some("http_status_503"))
        );
    }
    assert_eq!(provider.fetches(), 1);
    stage.now.fetch_add(10, Ordering::SeqCst);
    provider.publish(&[&keys[0]]);
    login(&keys[0]).unwrap();
    assert_eq!(provider.fetches(), 2);
    for broken in [
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 21\r\n\r\n<!doctype html><p>Hi!",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"keys\":[]}",
        "HTTP/1.1 200 OK\r\ncontent-length: 22\r\n\r\n{\"keys\":[],\"keys\":[{}]",
        "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"keys\":[",
        "",
    ] {
        provider.break_with(broken);
        // Days later, the old keys still verify. An unknown key may be a new one, so there is no verdict
        // about it.
        stage.now.fetch_add(1_000, Ordering::SeqCst);
        let fetches = provider.fetches();
        for _ in 0..3 {
            login(&keys[0]).unwrap();
            assert_eq!(login(&keys[1]).unwrap_err().code, Code::AuthServiceUnavailable, "{broken}");
        }
        assert_eq!(provider.fetches(), fetches + 1, "{broken}");
    }
    provider.publish(&[&keys[1]]);
    stage.now.fetch_add(10, Ordering::SeqCst);
    login(&keys[1]).unwrap();
    assert_eq!(login(&keys[0]).unwrap_err().code, Code::InvalidToken);
}

/// One caller fetches for all who wait. A caller that needs no new key does not wait.
#[test]
fn callers_share_a_fetch() {
    const CALLERS: usize = 16;
    let keys = [Key::new("ES256", "1"), Key::new("ES256", "2")];
    let provider = KeyService::new(&[&keys[0]]);
    let stage = provider.stage(60_000);
    let claims =
        claims_of(json!({"sub": "1", "email": "ada@example.com", "iat": NOW - 10_000, "exp": NOW + 100_000}));
    stage.login(&keys[0].sign(&claims)).unwrap();
    provider.publish(&[&keys[0], &keys[1]]);
    stage.now.fetch_add(10, Ordering::SeqCst);
    let gate = provider.hold();
    let entered = AtomicUsize::new(0);
    let barrier = Barrier::new(CALLERS + 1);
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                barrier.wait();
                stage.login(&keys[1].sign(&claims)).unwrap();
                entered.fetch_add(1, Ordering::SeqCst);
            });
        }
        barrier.wait();
        provider.wait_for_fetches(2);
        stage.login(&keys[0].sign(&claims)).unwrap();
        assert_eq!(entered.load(Ordering::SeqCst), 0);
        drop(gate);
    });
    assert_eq!((entered.into_inner(), provider.fetches()), (CALLERS, 2));
}

/// A provider that is slow, endless, or silent: every waiting caller gets an answer.
#[test]
fn a_provider_that_is_hostile() {
    let key = Key::new("ES256", "1");
    let token = key.sign(&claims_of(json!({"sub": "1", "email": "ada@example.com"})));
    let ask = |service: &Service, timeout_ms: u64| {
        let url = format!("http://{}/jwks", service.address);
        let stage = stage_with(json!({"jwks_uri": url, "timeout_ms": timeout_ms, "algorithms": ["ES256"]}));
        let error = stage.login(&token).unwrap_err();
        assert_eq!(error.code, Code::AuthServiceUnavailable);
        error.detail.unwrap().into_owned()
    };
    let silent = Service::start(|request, stream| {
        request.read(stream);
        request.until_closed(stream, b"");
    });
    assert_eq!(ask(&silent, 200), "timeout");
    let trickling = Service::start(|request, stream| {
        request.read(stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"keys\":[");
        request.until_closed(stream, b" ");
    });
    assert_eq!(ask(&trickling, 200), "timeout");
    let endless = Service::start(|request, stream| {
        request.read(stream);
        let mut sent = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"keys\":[");
        while sent.is_ok() {
            sent = stream.write_all(&[b' '; 65_536]);
        }
    });
    assert_eq!(ask(&endless, 60_000), "answer_too_long");
    let set = key.set().to_string();
    let target = Service::answering(set);
    let location = format!("http://{}/jwks", target.address);
    let redirecting = Service::start(move |request, stream| {
        request.read(stream);
        let head = format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        let _ = stream.write_all(head.as_bytes());
    });
    assert_eq!(ask(&redirecting, 60_000), "http_status_302");
    assert!(target.requests().is_empty());
    let secret = json!({"keys": [{"kty": "oct", "kid": "1", "alg": "HS256", "k": "c2VjcmV0"}]});
    assert_eq!(ask(&Service::answering(secret.to_string()), 60_000), "no_usable_key");
    assert_eq!(ask(&Service::answering("[]".to_owned()), 60_000), "not_json");
}
