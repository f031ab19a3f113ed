//! ID tokens that this test signs as a provider on loopback does, and what a provider can get wrong or do on
//! purpose. With a provider of others' making: bindings/python/tests/test_id_tokens.py.

#![cfg(feature = "http")]

mod services;
mod stores;

use std::io::Write;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::{Clock, Code, Config, Engine, Error, Hooks};
use serde_json::{Value, json};
use services::Service;
use stores::{Store, on_each_store};

const ISSUER: &str = "https://id.example";
const NOW: i64 = 1_800_000_000;
const PASSWORD: &str = "eight wise words";

on_each_store!(who_enters_which_account);
fn who_enters_which_account(store: &Store) {
    let key = Key::new("ES256", "k");
    let stage =
        Stage::on(store, &key, json!({"auto_register": {"roles": ["guest"]}, "link_verified_email": true}));
    let enter = |claims: Value| stage.login(&key.sign(&claims_of(claims)));
    let ada = json!({"sub": "1", "email": "Ada@example.com", "email_verified": true, "preferred_username": "ada", "locale": "de"});

    let first = enter(ada.clone()).unwrap();
    let user = &first["user"];
    assert_eq!((&first["created"], &user["roles"]), (&json!(true), &json!(["guest"])));
    assert_eq!((&user["email"], &user["email_verified"]), (&json!("Ada@example.com"), &json!(true)));
    assert!(user["username"].as_str().unwrap().starts_with("ada-"));
    let again = enter(ada).unwrap();
    assert_eq!((&again["created"], &again["user"]), (&json!(false), user));
    // What the provider calls somebody decides, whatever address comes with it.
    let moved = enter(json!({"sub": "1", "email": "other@example.com", "email_verified": true})).unwrap();
    assert_eq!(moved["user"], *user);

    // A password opens it only once one is set, and then the other way in stays.
    let by_password = json!({"username": "ada@example.com", "password": PASSWORD});
    assert_eq!(stage.call("login", by_password.clone()).unwrap_err().code, Code::InvalidCredentials);
    stage
        .call("set_password", json!({"user_id": user["id"], "new_password": PASSWORD, "temporary": false}))
        .unwrap();
    stage.call("login", by_password).unwrap();
    assert_eq!(enter(json!({"sub": "1"})).unwrap()["user"]["id"], user["id"]);

    let exported = stage.call("export_user", json!({"id": user["id"]})).unwrap();
    let identity = json!({"issuer": ISSUER, "subject": "1", "created_at": NOW});
    assert_eq!((&exported["identities"], &exported["user"]["locale"]), (&json!([identity]), &json!("de")));
    let kinds = exported["events"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap());
    assert!(
        ["registered", "identity_linked", "logged_in"].iter().all(|kind| kinds.clone().any(|it| it == *kind))
    );

    // Gone with the account.
    stage.call("delete_user", json!({"id": user["id"]})).unwrap();
    let anew = enter(json!({"sub": "1", "email": "ada@example.com", "email_verified": true})).unwrap();
    assert_eq!((&anew["created"], anew["user"]["id"] == user["id"]), (&json!(true), false));
}

on_each_store!(an_address_links_only_where_both_sides_verified_it);
fn an_address_links_only_where_both_sides_verified_it(store: &Store) {
    let key = Key::new("ES256", "k");
    let of = |sub: &str, email: &str, verified: Value| {
        key.sign(&claims_of(json!({"sub": sub, "email": email, "email_verified": verified})))
    };
    let trusted = json!({"auto_register": true, "link_verified_email": true});
    {
        let stage = Stage::on(store, &key, trusted);
        let ada = stage.register("ada", "ada@example.com", true);
        // What the provider does not say, or not so, is not said.
        for verified in [json!(false), json!("true"), json!(1), json!([true]), json!(null)] {
            let error = stage.login(&of("1", "ada@example.com", verified.clone())).unwrap_err();
            assert_eq!(
                (error.code, error.detail.as_deref()),
                (Code::EmailTaken, Some("taken")),
                "{verified}"
            );
        }
        let login = stage.login(&of("1", "ADA@EXAMPLE.com", json!(true))).unwrap();
        assert_eq!((&login["user"]["id"], &login["created"]), (&ada, &json!(false)));
        // The password stays, and so do sessions.
        stage.call("login", json!({"username": "ada", "password": PASSWORD})).unwrap();

        // An address that merely compares as equal may be another's.
        stage.register("sharp", "stra\u{df}e@example.com", true);
        let error = stage.login(&of("2", "strasse@example.com", json!(true))).unwrap_err();
        assert_eq!(error.code, Code::EmailTaken);
        // Nor does a second identity of the address's next owner get in by the first.
        assert_eq!(stage.login(&of("3", "ada@example.com", json!(true))).unwrap()["user"]["id"], ada);
    }
    let store = store.another();
    let stage = Stage::on(&store, &key, json!({"auto_register": true}));
    stage.register("ada", "ada@example.com", true);
    let error = stage.login(&of("1", "ada@example.com", json!(true))).unwrap_err();
    assert_eq!(error.code, Code::EmailTaken);
    // Of a provider that is not trusted with addresses a new one is not verified, either.
    let bob = stage.login(&of("2", "bob@example.com", json!(true))).unwrap();
    assert_eq!((&bob["created"], &bob["user"]["email_verified"]), (&json!(true), &json!(false)));
}

on_each_store!(an_account_that_never_verified_its_address_is_taken_over_bare);
/// Somebody registers with another's address and waits for them.
fn an_account_that_never_verified_its_address_is_taken_over_bare(store: &Store) {
    let key = Key::new("ES256", "k");
    let other = Key::new("ES256", "o");
    let mallory_at = json!({"issuer": "https://other.example", "client_id": "app", "jwks": other.set(),
        "algorithms": ["ES256"], "auto_register": true});
    let ours = json!({"issuer": ISSUER, "client_id": "app", "jwks": key.set(), "algorithms": ["ES256"],
        "link_verified_email": true});
    let stage = Stage::of(store, json!({"id": ours, "other": mallory_at}));
    let by = |provider: &str, token: String| {
        stage.call("login_with_id_token", json!({"provider": provider, "id_token": token}))
    };
    let hers = json!({"sub": "m", "iss": "https://other.example", "email": "ADA@example.com", "email_verified": true});
    let entered = by("other", other.sign(&claims_of(hers.clone()))).unwrap();
    let account = &entered["user"]["id"];
    assert_eq!(entered["user"]["email_verified"], false);
    stage
        .call("set_password", json!({"user_id": account, "new_password": PASSWORD, "temporary": false}))
        .unwrap();
    let by_password = || stage.call("login", json!({"username": "ada@example.com", "password": PASSWORD}));
    let session = by_password().unwrap();

    let his = key.sign(&claims_of(json!({"sub": "a", "email": "ada@example.com", "email_verified": true})));
    let login = by("id", his.clone()).unwrap();
    assert_eq!((&login["user"]["id"], &login["created"]), (account, &json!(false)));
    assert_eq!(
        (&login["user"]["email"], &login["user"]["email_verified"]),
        (&json!("ada@example.com"), &json!(true))
    );
    assert_eq!(by_password().unwrap_err().code, Code::InvalidCredentials);
    let refresh = stage.call("refresh", json!({"refresh_token": session["refresh_token"]}));
    assert_eq!(refresh.unwrap_err().code, Code::InvalidToken);
    let token = json!({"token": session["access_token"]});
    assert_eq!(stage.call("authenticate", token).unwrap_err().code, Code::InvalidToken);
    assert_eq!(by("other", other.sign(&claims_of(hers))).unwrap_err().code, Code::EmailTaken);
    assert_eq!(by("id", his).unwrap()["user"]["id"], *account);
    let reclaimed = stage.call("events", json!({"kind": "account_reclaimed"})).unwrap();
    assert_eq!(reclaimed["events"].as_array().unwrap().len(), 1);
}

on_each_store!(a_reset_of_an_address_that_was_not_verified_ends_its_identities);
/// As above, with a mailed token instead.
fn a_reset_of_an_address_that_was_not_verified_ends_its_identities(store: &Store) {
    let key = Key::new("ES256", "k");
    let stage = Stage::on(store, &key, json!({"auto_register": true}));
    let mallory = key.sign(&claims_of(json!({"sub": "m", "email": "ada@example.com"})));
    let account = stage.login(&mallory).unwrap()["user"]["id"].clone();
    let reset = || {
        stage.now.fetch_add(100, Ordering::SeqCst);
        stage.call("request_password_reset", json!({"email": "ada@example.com"})).unwrap();
        let mails = stage.call("take_mail", json!({"limit": 100})).unwrap();
        let mails = mails["mails"].as_array().unwrap();
        let mail = mails.iter().find(|mail| mail["kind"] == "reset_password").unwrap();
        stage.call("reset_password", json!({"token": mail["token"], "new_password": PASSWORD})).unwrap()
    };
    assert_eq!(reset()["user"]["id"], account);
    assert_eq!(stage.login(&mallory).unwrap_err().code, Code::EmailTaken);
    // Whoever links it from now on keeps it.
    let stage = Stage::of(
        store,
        json!({"id": {"issuer": ISSUER, "client_id": "app", "jwks": key.set(), "algorithms": ["ES256"],
            "link_verified_email": true}}),
    );
    let ada = key.sign(&claims_of(json!({"sub": "a", "email": "ada@example.com", "email_verified": true})));
    assert_eq!(stage.login(&ada).unwrap()["user"]["id"], account);
    stage.now.fetch_add(300, Ordering::SeqCst);
    stage.call("request_password_reset", json!({"email": "ada@example.com"})).unwrap();
    let mails = stage.call("take_mail", json!({"limit": 100})).unwrap();
    let mail =
        mails["mails"].as_array().unwrap().iter().find(|mail| mail["kind"] == "reset_password").unwrap();
    stage
        .call("reset_password", json!({"token": mail["token"], "new_password": "nine wise words more"}))
        .unwrap();
    assert_eq!(stage.login(&ada).unwrap()["user"]["id"], account);
}

on_each_store!(who_gets_no_account);
fn who_gets_no_account(store: &Store) {
    let key = Key::new("ES256", "k");
    let token = |claims: Value| key.sign(&claims_of(claims));
    let refused = |stage: &Stage, claims: Value| {
        let error = stage.login(&token(claims)).unwrap_err();
        (error.code, error.detail.unwrap().into_owned())
    };
    let credentials = |detail: &str| (Code::InvalidCredentials, detail.to_owned());
    {
        let stage = Stage::on(store, &key, json!({}));
        assert_eq!(refused(&stage, json!({"sub": "1"})), credentials("unknown_identity"));
        stage.register("ada", "ada@example.com", true);
        let ada = json!({"sub": "1", "email": "ada@example.com", "email_verified": true});
        assert_eq!(refused(&stage, ada), credentials("unknown_identity"));
    }
    {
        let store = store.another();
        let stage = Stage::on(&store, &key, json!({"auto_register": true}));
        assert_eq!(refused(&stage, json!({"sub": "1"})), credentials("no_email"));
        assert_eq!(refused(&stage, json!({"sub": "1", "email": "no address"})), credentials("no_email"));
        let ada = json!({"sub": "1", "email": "ada@example.com"});
        let id = stage.login(&token(ada.clone())).unwrap()["user"]["id"].clone();
        stage.call("update_user", json!({"id": id, "is_active": false})).unwrap();
        assert_eq!(refused(&stage, ada), credentials("inactive_user"));
        assert_eq!(stage.call("list_sessions", json!({"user_id": id})).unwrap()["sessions"], json!([]));
    }
    // An account that is not active is neither linked nor taken over.
    let trusted = json!({"link_verified_email": true});
    for verified in [true, false] {
        let store = store.another();
        let stage = Stage::on(&store, &key, trusted.clone());
        let ada = stage.register("ada", "ada@example.com", verified);
        stage.call("update_user", json!({"id": ada, "is_active": false})).unwrap();
        let claims = json!({"sub": "1", "email": "ada@example.com", "email_verified": true});
        assert_eq!(refused(&stage, claims), credentials("inactive_user"));
        stage.call("update_user", json!({"id": ada, "is_active": true})).unwrap();
        stage.call("login", json!({"username": "ada", "password": PASSWORD})).unwrap();
    }
}

on_each_store!(an_address_that_must_be_verified_first);
/// An account may wait for its address to be verified, and mail goes out for that.
fn an_address_that_must_be_verified_first(store: &Store) {
    let key = Key::new("ES256", "k");
    let provider = json!({"issuer": ISSUER, "client_id": "app", "jwks": key.set(), "algorithms": ["ES256"], "auto_register": true});
    let link = "https://app.example/{token}";
    let stage = Stage::open(
        store,
        json!({
            "id_token_providers": {"id": provider},
            "require_verified_email": true,
            "mail": {"links": {"verify_email": link, "reset_password": link, "change_email": link}},
        }),
    );
    let ada = key.sign(&claims_of(json!({"sub": "1", "email": "ada@example.com"})));
    for _ in 0..2 {
        let error = stage.login(&ada).unwrap_err();
        assert_eq!(
            (error.code, error.detail.as_deref()),
            (Code::InvalidCredentials, Some("unverified_email"))
        );
    }
    let mails = stage.call("take_mail", json!({})).unwrap();
    assert_eq!(mails["mails"].as_array().unwrap().len(), 1);
    stage.call("verify_email", json!({"token": mails["mails"][0]["token"]})).unwrap();
    assert_eq!(stage.login(&ada).unwrap()["created"], false);
}

on_each_store!(where_addresses_are_concealed_nothing_is_told);
fn where_addresses_are_concealed_nothing_is_told(store: &Store) {
    let key = Key::new("ES256", "k");
    let provider = json!({"issuer": ISSUER, "client_id": "app", "jwks": key.set(), "algorithms": ["ES256"], "auto_register": true});
    let stage = Stage::open(
        store,
        json!({"id_token_providers": {"id": provider}, "registration": {"conceal_existing": true}}),
    );
    let ada = stage.register("ada", "ada@example.com", true);
    let of = |sub: &str, email: &str| {
        key.sign(&claims_of(json!({"sub": sub, "email": email, "email_verified": true})))
    };
    for (sub, email) in [("1", "ada@example.com"), ("2", "nobody@example.com")] {
        let login = stage.login(&of(sub, email)).unwrap();
        assert_eq!((&login["created"], &login["user"]["email"]), (&json!(true), &json!(email)));
        assert_eq!(login["user"]["email_verified"], false);
    }
    let found = stage.call("get_user", json!({"email": "ada@example.com"})).unwrap();
    assert_eq!(found["user"]["id"], ada);
    assert_eq!(
        stage.call("get_user", json!({"email": "nobody@example.com"})).unwrap_err().code,
        Code::UserNotFound
    );
}

#[test]
fn names_are_nobodys_and_no_addresses() {
    let key = Key::new("ES256", "k");
    let stage = Stage::on(&Store::sqlite(), &key, json!({"auto_register": true}));
    for (index, (name, begin)) in [
        (json!("admin"), "admin-"),
        (json!("admin"), "admin-"),
        (json!("ada@example.com"), "user-"),
        (json!("two words"), "user-"),
        (json!("x".repeat(41)), "user-"),
        (json!(""), "user-"),
        (json!("\u{5d0}\u{5d1}"), "user-"),
        (json!("\u{e9}lodie"), "\u{e9}lodie-"),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("{index}@example.com");
        let claims = json!({"sub": email, "email": email, "preferred_username": name});
        let login = stage.login(&key.sign(&claims_of(claims))).unwrap();
        let username = login["user"]["username"].as_str().unwrap();
        let suffix = username.strip_prefix(begin).unwrap_or_else(|| panic!("{username}"));
        assert!(suffix.len() == 8 && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{username}");
    }
}

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
        // What the configuration does not allow is no key.
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

/// Headers, signatures and claims that are not what they should be.
#[test]
fn what_is_no_id_token_of_this_provider_for_this_service() {
    let (key, other) = (Key::new("RS256", "k"), Key::new("RS256", "k"));
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
        (json!({"email": ["ada@example.com"]}), "malformed_claims"),
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

    // Signatures, and what is not even a token.
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

/// Keys that nobody should sign with, and sets that are none.
#[test]
fn what_is_in_a_set_beside_good_keys() {
    let (key, other) = (Key::new("ES256", "k"), Key::new("EdDSA", "e"));
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
    // Which of two, is not guessed.
    let two = json!({"keys": [key.set()["keys"][0], key.set()["keys"][0]]});
    let stage = stage_with(json!({"jwks": two, "algorithms": ["ES256"]}));
    let error = stage.login(&key.sign(&claims)).unwrap_err();
    assert_eq!((error.code, error.detail.as_deref()), (Code::InvalidToken, Some("ambiguous_key")));
}

/// However many strangers name keys that do not exist, and whenever.
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

    // Not before it is needed, and then once.
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
    // A rotation is found out by the first token of the new key, but for those within the pause.
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
    // A key that is withdrawn is forgotten, though nobody names another.
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
        // Days later, the old ones still do; a new key may be one, so that is no verdict.
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

/// One asks for all who wait; and who needs nothing new does not wait.
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
    let (entered, barrier) = (AtomicUsize::new(0), Barrier::new(CALLERS + 1));
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

/// Slow, endless, or never there: whoever waits gets an answer.
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

#[test]
fn a_source_that_fails_too_often_is_locked_out() {
    let key = Key::new("ES256", "k");
    let stage = Stage::open(
        &Store::sqlite(),
        json!({
            "id_token_providers": {"id": provider(json!({"jwks": key.set(), "algorithms": ["ES256"], "auto_register": true}))},
            "throttle": {"source_failures": 3},
        }),
    );
    let good = key.sign(&claims_of(json!({"sub": "1", "email": "ada@example.com", "exp": NOW + 10_000})));
    let from = |ip: &str, token: &str| {
        let login = json!({"id_token": token, "client": {"ip": ip}});
        stage.call("login_with_id_token", login).map_err(|error| (error.code, error.retry_after_seconds))
    };
    for _ in 0..5 {
        from("192.0.2.1", &good).unwrap();
    }
    for _ in 0..3 {
        assert_eq!(from("192.0.2.1", "x.y.z").unwrap_err(), (Code::InvalidToken, None));
    }
    for token in ["x.y.z", &good] {
        assert_eq!(from("192.0.2.1", token).unwrap_err(), (Code::TooManyAttempts, Some(60)));
    }
    // So is the source's password login, and nobody else.
    let login = json!({"username": "ada", "password": PASSWORD, "client": {"ip": "192.0.2.1"}});
    assert_eq!(stage.call("login", login).unwrap_err().code, Code::TooManyAttempts);
    from("192.0.2.2", &good).unwrap();
    stage.now.fetch_add(60, Ordering::SeqCst);
    from("192.0.2.1", &good).unwrap();
    let failed = stage.call("events", json!({"kind": "login_failed"})).unwrap();
    let failed: Vec<&Value> =
        failed["events"].as_array().unwrap().iter().map(|event| &event["detail"]).collect();
    assert_eq!(failed, ["malformed_signature"; 3]);
}

on_each_store!(one_account_for_one_identity);
/// Of several who come with one new identity at once, one gets an account made and all get in.
fn one_account_for_one_identity(store: &Store) {
    let key = Key::new("ES256", "k");
    let stage = Stage::on(store, &key, json!({"auto_register": true}));
    let token = key.sign(&claims_of(json!({"sub": "1", "email": "ada@example.com"})));
    let (made, barrier) = (Mutex::new(Vec::new()), Barrier::new(8));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                barrier.wait();
                let login = stage.login(&token).unwrap();
                made.lock().unwrap().push((login["user"]["id"].clone(), login["created"] == true));
            });
        }
    });
    let made = made.into_inner().unwrap();
    assert!(made.iter().all(|(id, _)| *id == made[0].0));
    assert_eq!(made.iter().filter(|(_, created)| *created).count(), 1);
}

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
        (base.clone(), ""),
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

/// An engine and its clock.
struct Stage {
    engine: Engine,
    now: Arc<AtomicI64>,
}

impl Stage {
    /// With one provider, `id`, whose key this is.
    fn on(store: &Store, key: &Key, change: Value) -> Stage {
        let mut own = json!({"jwks": key.set(), "algorithms": ["ES256"]});
        own.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        Stage::of(store, json!({"id": provider(own)}))
    }

    fn of(store: &Store, providers: Value) -> Stage {
        Stage::open(store, json!({"id_token_providers": providers}))
    }

    fn open(store: &Store, patch: Value) -> Stage {
        let now = clock();
        Stage { engine: open(store, patch, &now).unwrap(), now }
    }

    fn call(&self, operation: &str, request: Value) -> Result<Value, Error> {
        self.engine.call(operation, &request.to_string()).map(|body| serde_json::from_str(&body).unwrap())
    }

    fn login(&self, id_token: &str) -> Result<Value, Error> {
        self.call("login_with_id_token", json!({"provider": "id", "id_token": id_token}))
    }

    /// The id of a new account.
    fn register(&self, name: &str, email: &str, verified: bool) -> Value {
        let register = json!({"username": name, "email": email, "password": PASSWORD});
        let id = self.call("register", register).unwrap()["user"]["id"].clone();
        if verified {
            self.call("request_email_verification", json!({"email": email})).unwrap();
            let mails = self.call("take_mail", json!({})).unwrap();
            let token = &mails["mails"][0]["token"];
            self.call("verify_email", json!({"token": token})).unwrap();
        }
        id
    }
}

fn clock() -> Arc<AtomicI64> {
    Arc::new(AtomicI64::new(NOW))
}

fn open(store: &Store, patch: Value, now: &Arc<AtomicI64>) -> Result<Engine, Error> {
    let defaults = json!({"password": {"memory_kib": 8, "iterations": 1, "blocklist": false}});
    let config = Config::parse(&stores::config(store.url(), defaults, patch).to_string())?;
    let now = Arc::clone(now);
    let clock = Clock::custom(move || now.load(Ordering::SeqCst) * 1000);
    Engine::open(config, Hooks { clock, log: None })
}

/// A provider called `ISSUER`, for `app`.
fn provider(change: Value) -> Value {
    let mut provider = json!({"issuer": ISSUER, "client_id": "app"});
    provider.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    provider
}

/// In a file of its own.
fn stage_with(change: Value) -> Stage {
    Stage::of(&Store::sqlite(), json!({"id": provider(change)}))
}

/// Claims of the provider for `app`, now.
fn claims_of(own: Value) -> Value {
    let mut claims = json!({"iss": ISSUER, "aud": "app", "iat": NOW, "exp": NOW + 600});
    claims.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    claims
}

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A key that signs as a provider's does.
struct Key {
    algorithm: &'static str,
    kid: &'static str,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Key {
    fn new(algorithm: &'static str, kid: &'static str) -> Key {
        let random = SystemRandom::new();
        let pair = match algorithm {
            "ES256" => {
                let document =
                    EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
                Pair::Ec(
                    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).unwrap(),
                )
            }
            "EdDSA" => {
                let document = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
                Pair::Ed(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
            }
            _ => Pair::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())),
        };
        Key { algorithm, kid, pair }
    }

    /// As it is published.
    fn set(&self) -> Value {
        let mut jwk = match &self.pair {
            Pair::Rsa(pair) => {
                let public = PublicKeyComponents::from(pair.public_key());
                json!({"kty": "RSA", "n": base64(&public.n), "e": base64(&public.e)})
            }
            Pair::Ec(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "x": base64(&point[1..33]), "y": base64(&point[33..])})
            }
            Pair::Ed(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": base64(pair.public_key().as_ref())})
            }
        };
        jwk.as_object_mut().unwrap().extend(
            json!({"kid": self.kid, "alg": self.algorithm, "use": "sig"}).as_object().unwrap().clone(),
        );
        json!({"keys": [jwk]})
    }

    fn sign(&self, claims: &Value) -> String {
        self.sign_as(&json!({"alg": self.algorithm, "kid": self.kid}), claims)
    }

    fn sign_as(&self, header: &Value, claims: &Value) -> String {
        self.sign_bytes(header, claims.to_string().as_bytes())
    }

    fn sign_bytes(&self, header: &Value, payload: &[u8]) -> String {
        let input = format!("{}.{}", base64(header.to_string().as_bytes()), base64(payload));
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Ec(pair) => pair.sign(&random, input.as_bytes()).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(input.as_bytes()).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let encoding: &dyn aws_lc_rs::signature::RsaEncoding =
                    if self.algorithm == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                pair.sign(encoding, &random, input.as_bytes(), &mut signature).unwrap();
                signature
            }
        };
        format!("{input}.{}", base64(&signature))
    }
}

/// A token whose header names a key that nobody has.
fn key_named(key: &Key, kid: &str, claims: &Value) -> String {
    key.sign_as(&json!({"alg": key.algorithm, "kid": format!("no-{kid}")}), claims)
}

/// A provider's `jwks_uri`, which can be held up.
struct KeyService {
    service: Service,
    answer: Arc<Mutex<String>>,
    gate: Arc<Mutex<()>>,
}

impl KeyService {
    fn new(keys: &[&Key]) -> KeyService {
        let answer = Arc::new(Mutex::new(String::new()));
        let gate = Arc::new(Mutex::new(()));
        let (said, held) = (Arc::clone(&answer), Arc::clone(&gate));
        let service = Service::start(move |request, stream| {
            let read = request.read(stream);
            assert!(read.head.is_empty() || read.head.starts_with("GET /jwks HTTP/1.1\r\n"), "{}", read.head);
            drop(held.lock());
            let said = said.lock().unwrap().clone();
            let _ = stream.write_all(said.as_bytes());
        });
        let service = KeyService { service, answer, gate };
        service.publish(keys);
        service
    }

    fn publish(&self, keys: &[&Key]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.set()["keys"][0].clone()).collect();
        let body = json!({"keys": keys}).to_string();
        self.break_with(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
    }

    fn break_with(&self, answer: &str) {
        *self.answer.lock().unwrap() = answer.to_owned();
    }

    /// Answers wait until this is dropped.
    fn hold(&self) -> std::sync::MutexGuard<'_, ()> {
        self.gate.lock().unwrap()
    }

    fn fetches(&self) -> usize {
        self.service.requests().len()
    }

    fn wait_for_fetches(&self, count: usize) {
        while self.fetches() < count {
            thread::yield_now();
        }
    }

    fn stage(&self, timeout_ms: u64) -> Stage {
        let url = format!("http://{}/jwks", self.service.address);
        stage_with(
            json!({"jwks_uri": url, "timeout_ms": timeout_ms, "algorithms": ["ES256"], "auto_register": true}),
        )
    }
}
