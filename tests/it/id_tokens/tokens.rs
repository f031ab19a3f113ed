//! Tests of the requirements on ID tokens.

use doorward::Code;
use serde_json::{Value, json};

use super::stage::{ISSUER, Key, NOW, base64, claims_of, clock, open, provider, stage_with};
use crate::stores::Store;

#[test]
fn every_algorithm() {
    for (algorithm, names) in [
        ("RS256", &["RS256"][..]),
        ("PS256", &["PS256"]),
        ("ES256", &["ES256"]),
        ("EdDSA", &["EdDSA", "Ed25519"]),
    ] {
        let key = Key::new(algorithm, "k");
        let all = json!(["RS256", "PS256", "ES256", "EdDSA"]);
        for bare in [false, true] {
            let mut set = key.set();
            if bare {
                set["keys"][0].as_object_mut().unwrap().retain(|name, _| name != "alg" && name != "use");
            }
            let allowed = stage_with(json!({"jwks": set, "algorithms": all, "auto_register": true}));
            for name in names {
                let token = key.sign_as(
                    &json!({"alg": name, "kid": "k"}),
                    &claims_of(json!({"sub": "1", "email": "a@b.c"})),
                );
                allowed.login(&token).unwrap();
            }
            for other in ["RS256", "PS256", "ES256", "EdDSA", "HS256", "none", "rs256", ""] {
                if names.contains(&other) {
                    continue;
                }
                let token = key.sign_as(&json!({"alg": other, "kid": "k"}), &claims_of(json!({"sub": "1"})));
                let error = allowed.login(&token).unwrap_err();
                let reasons = ["wrong_algorithm", "bad_signature"];
                assert_eq!(error.code, Code::InvalidToken);
                assert!(reasons.contains(&error.detail.as_deref().unwrap()), "{algorithm} {other}");
            }
        }
        // A key for an algorithm that the configuration does not allow is not used.
        let not_it = json!(
            ["RS256", "PS256", "ES256", "EdDSA"]
                .into_iter()
                .filter(|it| *it != algorithm)
                .collect::<Vec<_>>()
        );
        let error = open(
            &Store::sqlite(),
            json!({"id_token_providers": {"id": provider(json!({"jwks": key.set(), "algorithms": not_it}))}}),
            &clock(),
        );
        let error = error.err().unwrap();
        assert_eq!(
            (error.code, error.field.as_deref(), error.detail.as_deref()),
            (Code::InvalidConfig, Some("/id_token_providers/id/jwks"), Some("no_usable_key"))
        );
    }
}

/// Headers, signatures and claims that break a requirement.
#[test]
fn what_is_no_id_token_of_this_provider_for_this_service() {
    let key = Key::new("RS256", "k");
    let other = Key::new("RS256", "k");
    let stage =
        stage_with(json!({"jwks": key.set(), "auto_register": true, "client_id": ["app", "app-for-phones"]}));
    let ok = json!({"sub": "1", "email": "ada@example.com"});
    let good = key.sign(&claims_of(ok.clone()));
    stage.login(&good).unwrap();
    let refused = |token: &str, reason: &str| {
        let error = stage.login(token).unwrap_err();
        assert_eq!((error.code, error.detail.as_deref()), (Code::InvalidToken, Some(reason)), "{token}");
    };

    // Claims.
    for (change, reason) in [
        (json!({"iss": "https://other.example"}), "wrong_issuer"),
        (json!({"iss": "https://id.example/"}), "wrong_issuer"),
        (json!({"iss": null}), "malformed_claims"),
        (json!({"iss": [ISSUER]}), "malformed_claims"),
        (json!({"aud": "other"}), "wrong_audience"),
        (json!({"aud": "App"}), "wrong_audience"),
        (json!({"aud": []}), "wrong_audience"),
        (json!({"aud": ["app", "other"], "azp": "app"}), "wrong_audience"),
        (json!({"aud": null}), "malformed_claims"),
        (json!({"aud": {"app": true}}), "malformed_claims"),
        (json!({"aud": ["app", 1]}), "malformed_claims"),
        (json!({"aud": ["app", "app-for-phones"]}), "wrong_authorized_party"),
        (json!({"azp": "other"}), "wrong_authorized_party"),
        (json!({"azp": 1}), "malformed_claims"),
        (json!({"exp": NOW - 30}), "expired"),
        (json!({"exp": null}), "malformed_claims"),
        (json!({"exp": "9999999999"}), "malformed_claims"),
        (json!({"exp": -1}), "malformed_claims"),
        (json!({"exp": 1e300}), "malformed_claims"),
        (json!({"exp": u64::MAX}), "malformed_claims"),
        (json!({"iat": NOW + 31}), "issued_in_the_future"),
        (json!({"iat": null}), "malformed_claims"),
        (json!({"iat": true}), "malformed_claims"),
        (json!({"nbf": NOW + 31}), "not_yet_valid"),
        (json!({"nbf": "now"}), "malformed_claims"),
        (json!({"sub": ""}), "malformed_claims"),
        (json!({"sub": null}), "malformed_claims"),
        (json!({"sub": 1}), "malformed_claims"),
        (json!({"sub": "x".repeat(256)}), "malformed_claims"),
        (json!({"azp": ["app"]}), "malformed_claims"),
        (json!({"azp": ""}), "wrong_authorized_party"),
        (json!({"aud": ["app", "app"], "azp": null}), "wrong_authorized_party"),
        (json!({"aud": ""}), "wrong_audience"),
        (json!({"aud": [""]}), "wrong_audience"),
        (json!({"nbf": ""}), "malformed_claims"),
        (json!({"nbf": []}), "malformed_claims"),
        (json!({"nbf": NOW + 32, "iat": NOW}), "not_yet_valid"),
        (json!({"exp": NOW as f64 - 30.5}), "expired"),
        (json!({"exp": -0.5}), "malformed_claims"),
        (json!({"a": "\0"}), "malformed_claims"),
    ] {
        let mut claims = claims_of(ok.clone());
        for (name, value) in change.as_object().unwrap() {
            claims.as_object_mut().unwrap().retain(|own, _| own != name);
            if !value.is_null() {
                claims[name] = value.clone();
            }
        }
        refused(&key.sign(&claims), reason);
    }
    for good in [
        json!({"exp": NOW - 29}),
        json!({"exp": NOW as f64 + 0.5, "iat": NOW as f64 - 0.5}),
        json!({"iat": NOW + 30}),
        json!({"aud": ["app"]}),
        json!({"aud": ["app-for-phones"], "azp": "app"}),
        json!({"aud": ["app", "app-for-phones"], "azp": "app-for-phones"}),
        json!({"nonce": "n"}),
        json!({"nbf": NOW as f64 + 30.5}),
        json!({"azp": null, "nonce": null, "nbf": null}),
        // Claims that only describe the user.
        json!({"nonce": 1, "email": ["ada@example.com"], "email_verified": {}, "preferred_username": 1, "locale": 1}),
        json!({"email": "", "preferred_username": "x".repeat(256), "locale": "", "acr": "", "amr": [1], "auth_time": -1}),
        json!({"email": "no address", "acr": "x".repeat(256), "amr": vec!["x"; 17], "auth_time": {}, "tid": 1}),
    ] {
        let mut claims = claims_of(ok.clone());
        claims.as_object_mut().unwrap().extend(good.as_object().unwrap().clone());
        stage.login(&key.sign(&claims)).unwrap_or_else(|error| panic!("{good}: {error}"));
    }
    let sign_text = |text: &str| key.sign_bytes(&json!({"alg": "RS256", "kid": "k"}), text.as_bytes());
    let text = claims_of(ok.clone()).to_string();
    refused(&sign_text(&text.replace("{", "{\"sub\":\"2\",")), "malformed_claims");
    refused(&sign_text(&format!("{text} {{}}")), "malformed_claims");
    refused(&sign_text(&format!("[{text}]")), "malformed_claims");
    refused(&key.sign_bytes(&json!({"alg": "RS256", "kid": "k"}), b"\xff\xfe"), "malformed_claims");

    // Headers.
    let claims = claims_of(ok);
    for (header, reason) in [
        (json!({"alg": "RS256", "kid": "k", "typ": "at+jwt"}), "wrong_type"),
        (json!({"alg": "RS256", "kid": "k", "typ": "application/at+jwt"}), "wrong_type"),
        (json!({"alg": "RS256", "kid": "k", "typ": "logout+jwt"}), "wrong_type"),
        (json!({"alg": "RS256", "kid": "k", "typ": ""}), "wrong_type"),
        (json!({"alg": "RS256", "kid": "k", "typ": 1}), "malformed_header"),
        (json!({"alg": "RS256", "kid": "k", "crit": ["exp"], "exp": 1}), "critical_extension"),
        (json!({"alg": "RS256", "kid": "k", "b64": true}), "critical_extension"),
        (json!({"alg": "RS256", "kid": "other"}), "unknown_key"),
        (json!({"alg": "RS256", "kid": ""}), "unknown_key"),
        (json!({"alg": "PS256", "kid": "k"}), "wrong_algorithm"),
        (json!({"alg": "RS512", "kid": "k"}), "wrong_algorithm"),
        (json!({"alg": "none", "kid": "k"}), "wrong_algorithm"),
        (json!({"alg": "none"}), "wrong_algorithm"),
        (json!({"alg": "HS256", "kid": "k"}), "wrong_algorithm"),
        (json!({"kid": "k"}), "wrong_algorithm"),
        (json!({"alg": "RS256", "kid": "k", "x": "x".repeat(2000)}), "too_long"),
    ] {
        refused(&key.sign_as(&header, &claims), reason);
    }
    for header in [
        json!({"alg": "RS256"}),
        json!({"alg": "RS256", "kid": "k", "typ": "JWT"}),
        json!({"alg": "RS256", "kid": "k", "typ": "application/jwt"}),
        json!({"alg": "RS256", "kid": "k", "jku": "http://127.0.0.1:1/", "jwk": {"kty": "oct", "k": "AAAA"}}),
    ] {
        stage.login(&key.sign_as(&header, &claims)).unwrap();
    }

    // Signatures, and texts that are not even tokens.
    refused(&other.sign(&claims), "bad_signature");
    refused(&other.sign_as(&json!({"alg": "RS256"}), &claims), "unknown_key");
    let (input, signature) = good.rsplit_once('.').unwrap();
    refused(&format!("{input}."), "bad_signature");
    refused(&format!("{input}.{signature}="), "malformed_signature");
    refused(&format!("{input}.{signature}\n"), "malformed_signature");
    refused(input, "malformed");
    refused(&format!("{good}.{signature}"), "bad_signature");
    let hmac = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key.set().to_string().as_bytes());
    let unsigned =
        format!("{}.{}", base64(br#"{"alg":"HS256","kid":"k"}"#), base64(claims.to_string().as_bytes()));
    let forged = aws_lc_rs::hmac::sign(&hmac, unsigned.as_bytes());
    refused(&format!("{unsigned}.{}", base64(forged.as_ref())), "wrong_algorithm");
    refused("", "malformed");
    refused("x.y", "malformed");
    refused(&"x".repeat(20_000), "too_long");

    // This engine's own tokens.
    let login = stage.login(&good).unwrap();
    refused(login["access_token"].as_str().unwrap(), "wrong_type");
    refused(login["refresh_token"].as_str().unwrap(), "malformed");
}

#[test]
fn the_nonce_binds_the_token_to_a_request() {
    let key = Key::new("ES256", "k");
    let stage = stage_with(json!({"jwks": key.set(), "algorithms": ["ES256"], "auto_register": true}));
    let ada = json!({"sub": "1", "email": "ada@example.com"});
    let with = key.sign(&claims_of(json!({"sub": "1", "email": "ada@example.com", "nonce": "n-1"})));
    let without = key.sign(&claims_of(ada));
    let login = |token: &str, nonce: Value| {
        stage.call("login_with_id_token", json!({"id_token": token, "nonce": nonce}))
    };
    login(&with, json!("n-1")).unwrap();
    login(&with, json!(null)).unwrap();
    for (token, nonce) in [(&with, "n-2"), (&with, ""), (&with, "N-1"), (&without, "n-1"), (&without, "")] {
        let error = login(token, json!(nonce)).unwrap_err();
        assert_eq!((error.code, error.detail.as_deref()), (Code::InvalidToken, Some("wrong_nonce")));
    }
}
