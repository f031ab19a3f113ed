//! Tests of the account that an ID token opens, and of new accounts.

use std::sync::atomic::Ordering;
use std::sync::{Barrier, Mutex};
use std::thread;

use doorward::Code;
use serde_json::{Value, json};

use super::stage::{ISSUER, Key, NOW, PASSWORD, Stage, claims_of, provider};
use crate::stores::{Store, on_each_store};

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
    // The provider's subject decides, with any address beside it.
    let moved = enter(json!({"sub": "1", "email": "other@example.com", "email_verified": true})).unwrap();
    assert_eq!(moved["user"], *user);

    // A password opens the account only after one is set; then the other way into it stays.
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

    // The identity is deleted with the account.
    stage.call("delete_user", json!({"id": user["id"]})).unwrap();
    let anew = enter(json!({"sub": "1", "email": "ada@example.com", "email_verified": true})).unwrap();
    assert_eq!((&anew["created"], anew["user"]["id"] == user["id"]), (&json!(true), false));
}

on_each_store!(a_password_that_must_be_changed_is_asked_for_where_it_is_used);
fn a_password_that_must_be_changed_is_asked_for_where_it_is_used(store: &Store) {
    let key = Key::new("ES256", "k");
    let stage = Stage::on(store, &key, json!({"link_verified_email": true}));
    let ada = stage.register("ada", "ada@example.com", true);
    stage.call("update_user", json!({"id": ada, "must_change_password": true})).unwrap();
    let claims = json!({"sub": "1", "email": "ada@example.com", "email_verified": true});
    let login = stage.login(&key.sign(&claims_of(claims))).unwrap();
    assert_eq!((&login["user"]["id"], &login["created"]), (&ada, &json!(false)));
    let by_password = json!({"username": "ada", "password": PASSWORD});
    let error = stage.call("login", by_password.clone()).unwrap_err();
    assert_eq!(error.code, Code::PasswordChangeRequired);
    // The account is as it was after the login by the provider, and that session lives on.
    let authenticated = stage.call("authenticate", json!({"token": login["access_token"]})).unwrap();
    assert_eq!(authenticated["user"]["id"], ada);
    assert_eq!(stage.call("login", by_password).unwrap_err().code, Code::PasswordChangeRequired);
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
        // A missing or malformed claim of the provider is not passed on.
        for verified in
            [json!(false), json!("True"), json!("yes"), json!(""), json!(1), json!([true]), json!(null)]
        {
            let error = stage.login(&of("1", "ada@example.com", verified.clone())).unwrap_err();
            assert_eq!(
                (error.code, error.detail.as_deref()),
                (Code::EmailTaken, Some("taken")),
                "{verified}"
            );
        }
        let login = stage.login(&of("1", "ADA@EXAMPLE.com", json!(true))).unwrap();
        assert_eq!((&login["user"]["id"], &login["created"]), (&ada, &json!(false)));
        // The password and the sessions stay.
        stage.call("login", json!({"username": "ada", "password": PASSWORD})).unwrap();

        // An address that only compares as equal may belong to another user.
        stage.register("sharp", "stra\u{df}e@example.com", true);
        let error = stage.login(&of("2", "strasse@example.com", json!(true))).unwrap_err();
        assert_eq!(error.code, Code::EmailTaken);
        // A second identity of the address's next owner does not get in by the first one, either.
        assert_eq!(stage.login(&of("3", "ada@example.com", json!(true))).unwrap()["user"]["id"], ada);
    }
    let store = store.another();
    let stage = Stage::on(&store, &key, json!({"auto_register": true}));
    stage.register("ada", "ada@example.com", true);
    let error = stage.login(&of("1", "ada@example.com", json!(true))).unwrap_err();
    assert_eq!(error.code, Code::EmailTaken);
    // A provider that is not trusted with addresses does not verify a new one, either.
    let bob = stage.login(&of("2", "bob@example.com", json!(true))).unwrap();
    assert_eq!((&bob["created"], &bob["user"]["email_verified"]), (&json!(true), &json!(false)));
}

on_each_store!(an_account_that_never_verified_its_address_is_taken_over_bare);
/// Another person registers with the user's address and waits for the user.
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
    // An identity that is linked from now on stays.
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
    // An inactive account is neither linked nor taken over.
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
/// An account may wait for its address to be verified, and a mail is sent for that.
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
    // The ID token proves the account, too.
    let mallory = key.sign(&claims_of(json!({"sub": "2", "email": "ada@example.com"})));
    // This identity opens another account.
    let bob = key.sign(&claims_of(json!({"sub": "3", "email": "bob@example.com"})));
    stage.login(&bob).unwrap_err();
    let by = |id_token: &str| {
        stage.call("verify_email", json!({"token": mails["mails"][0]["token"], "id_token": id_token}))
    };
    for id_token in [mallory.as_str(), bob.as_str(), "x.y.z"] {
        let error = by(id_token).unwrap_err();
        assert_eq!((error.code, error.field.as_deref()), (Code::InvalidToken, Some("/id_token")));
    }
    by(&ada).unwrap();
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
    let on_laptop = json!({"id_token": good, "client": {"ip": "192.0.2.1", "device_id": "laptop"}});
    stage.call("login_with_id_token", on_laptop.clone()).unwrap();
    for _ in 0..3 {
        assert_eq!(from("192.0.2.1", "x.y.z").unwrap_err(), (Code::InvalidToken, None));
    }
    for token in ["x.y.z", &good] {
        assert_eq!(from("192.0.2.1", token).unwrap_err(), (Code::TooManyAttempts, Some(60)));
    }
    // On a device where the account logged in before, failures of others in the same network do not matter.
    stage.call("login_with_id_token", on_laptop).unwrap();
    // Password logins of this source are locked, too, but no other source.
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
/// Of several concurrent logins by one new identity, one creates the account and all succeed.
fn one_account_for_one_identity(store: &Store) {
    let key = Key::new("ES256", "k");
    let stage = Stage::on(store, &key, json!({"auto_register": true}));
    let token = key.sign(&claims_of(json!({"sub": "1", "email": "ada@example.com"})));
    let made = Mutex::new(Vec::new());
    let barrier = Barrier::new(8);
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
