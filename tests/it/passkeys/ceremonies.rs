//! Tests of ceremonies and their effects: logins, ended sessions, stored data, and no disclosure to
//! strangers.

use std::collections::BTreeSet;
use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use aws_lc_rs::rsa::KeySize;
use doorward::Code;
use doorward::capi::*;
use serde_json::{Value, json};

use super::device::{BE, BS, Device, Key, UP, UV, decoded, encoded};
use super::stage::{NOW, PASSWORD, Stage, Store};
use crate::stores::on_each_store;

fn challenge(reason: &str) -> (Code, String) {
    (Code::InvalidChallenge, reason.to_owned())
}

fn invalid(reason: &str) -> (Code, String) {
    (Code::InvalidCredentials, reason.to_owned())
}

fn finish(begun: &Value, response: &Value) -> Value {
    json!({"challenge": begun["challenge"], "response": response})
}

on_each_store!(each_algorithm);
fn each_algorithm(store: &Store) {
    let stage = Stage::new(store);
    let user_id = stage.register("ada");
    let keys: [(i64, fn() -> Key); 4] = [
        (-7, Key::es256),
        (-8, Key::eddsa),
        (-257, || Key::rs256(KeySize::Rsa2048)),
        (-257, || Key::rs256(KeySize::Rsa4096)),
    ];
    for (algorithm, key) in keys {
        // Without attestation, and with self attestation.
        for packed in [None, Some(algorithm)] {
            let begun = stage.begin(&user_id);
            let accepted = begun["options"]["pubKeyCredParams"].as_array().unwrap();
            assert!(accepted.contains(&json!({"type": "public-key", "alg": algorithm})));
            let mut device = Device::new(key());
            let response = device.create_bent(&begun["options"], |made| made.packed = packed);
            stage.call("finish_passkey_registration", finish(&begun, &response));
            let login = stage.login(&mut device).unwrap();
            assert_eq!(login["user"]["username"], "ada");
        }
    }
}

/// A passkey of another system goes on working, by the handle that its authenticator has. The first use says what the
/// other system did not.
fn passkeys_of_another_system(store: &Store) {
    let stage = Stage::new(store);
    let keys = [Key::es256(), Key::eddsa(), Key::rs256(KeySize::Rsa2048)];
    for (index, key) in keys.into_iter().enumerate() {
        let mut device = Device::new(key);
        device.user_handle = vec![index as u8; 64];
        device.flags = UP | UV | BE | BS;
        let (id, public_key) = (encoded(&device.id), encoded(&device.key.spki()));
        let passkey = |name: &str, handle: &[u8], is_verified: bool| {
            json!({"username": format!("{name}{index}"), "passkeys": [{
                "id": id, "public_key": public_key, "user_handle": encoded(handle), "user_verified": is_verified,
            }]})
        };
        let import = |user: Value| stage.call("import_users", json!({"users": [user]}))["imported"] == 1;
        let own = device.user_handle.clone();
        for (name, handle, is_verified, refused) in [
            ("ada", &b"other"[..], true, Some("user_handle")),
            ("bob", &own, false, Some("user_verification_is_new")),
            ("eve", &own, true, None),
        ] {
            assert!(import(passkey(name, handle, is_verified)));
            let begun = stage.begin_login();
            let request = finish(&begun, &device.get(&begun["options"]));
            let user = stage.call("get_user", json!({"username": format!("{name}{index}")}));
            match refused {
                None => assert_eq!(stage.call("finish_passkey_login", request)["user"], user["user"]),
                Some(flaw) => {
                    assert_eq!(stage.refused("finish_passkey_login", request), invalid(flaw));
                    stage.call("delete_user", json!({"id": user["user"]["id"]}));
                }
            }
        }
        device.flags = UP | UV;
        assert!(stage.login(&mut device).is_err());
        device.flags = UP | UV | BE;
        stage.login(&mut device).unwrap();
    }
}
on_each_store!(passkeys_of_another_system);

on_each_store!(what_is_kept_of_a_passkey);
fn what_is_kept_of_a_passkey(store: &Store) {
    let stage = Stage::new(store);
    let user_id = stage.register("ada");
    let begun = stage.call("begin_passkey_registration", json!({"user_id": user_id, "label": "Schlüssel"}));
    let mut device = Device::new(Key::es256());
    (device.flags, device.count) = (UP | UV | BE | BS, 3);
    let transports = json!(["usb", "internal", "usb", "", "NFC", "what is that", "x-y"]);
    let response = device.create_bent(&begun["options"], |made| made.transports = transports);
    let made = stage.call("finish_passkey_registration", finish(&begun, &response));
    let mut expected = json!({
        "id": response["id"], "label": "Schlüssel", "created_at": NOW, "backup_eligible": true, "backed_up": true,
        "transports": ["internal", "usb", "x-y"], "aaguid": "07070707-0707-0707-0707-070707070707",
    });
    assert_eq!(made["credential"], expected);
    stage.pass(5);
    (device.flags, device.count) = (UP | UV | BE, 4);
    stage.login(&mut device).unwrap();
    (expected["backed_up"], expected["last_used_at"]) = (json!(false), json!(NOW + 5));
    let listed = stage.call("list_passkeys", json!({"user_id": user_id}));
    assert_eq!(listed, json!({"passkeys": [expected]}));
    // The user's own export contains it, and no other does.
    let export = stage.call("export_user", json!({"id": user_id}));
    assert_eq!(export["passkeys"], listed["passkeys"]);
    // The next registration lists it, so that its authenticator makes no other.
    let options = &stage.begin(&user_id)["options"];
    let excluded =
        json!([{"type": "public-key", "id": response["id"], "transports": ["internal", "usb", "x-y"]}]);
    assert_eq!(options["excludeCredentials"], excluded);
    assert_eq!(decoded(&options["user"]["id"]), device.user_handle);
    assert_eq!(options["rp"], json!({"id": "example.com", "name": "Example"}));
    assert_eq!(options["attestation"], "none");
    // A deleted account leaves nothing.
    stage.call("delete_user", json!({"id": user_id}));
    assert_eq!(stage.login(&mut device), Err(Code::InvalidCredentials));
    drop(stage);
    assert_eq!((store.count("passkeys"), store.count("users")), (0, 0));
}

on_each_store!(a_login_by_passkey_gives_its_session_what_the_host_says);
fn a_login_by_passkey_gives_its_session_what_the_host_says(store: &Store) {
    let stage = Stage::new(store);
    let ada = stage.register("ada");
    let mut device = stage.device(&ada);
    let begun = stage.begin_login();
    let mut request = finish(&begun, &device.get(&begun["options"]));
    request["claims"] = json!({"tenant": "acme"});
    request["label"] = json!("phone");
    request["lifetime"] = json!({"idle_seconds": 600, "absolute_seconds": 700, "persistent": false});
    let answer = stage.call("finish_passkey_login", request);
    assert_eq!((&answer["refresh_expires_in"], &answer["persistent"]), (&json!(600), &json!(false)));
    let claims = stage.call("verify", json!({"token": answer["access_token"]}));
    assert_eq!((&claims["tenant"], &claims["amr"]), (&json!("acme"), &json!(["hwk", "user", "mfa"])));
    let sessions = stage.call("list_sessions", json!({"user_id": answer["user"]["id"]}));
    assert_eq!(sessions["sessions"][0]["label"], "phone");
}

on_each_store!(a_login_by_passkey_is_for_an_organization_of_its_user);
fn a_login_by_passkey_is_for_an_organization_of_its_user(store: &Store) {
    let stage = Stage::new(store);
    let ada = stage.register("ada");
    let mut device = stage.device(&ada);
    let created = stage.call("create_organization", json!({"name": "Analysts", "owner_id": ada}));
    let own = &created["organization"]["id"];
    let begin = |id: &Value| stage.call("begin_passkey_login", json!({"organization_id": id}));
    let begun = begin(own);
    let answer = stage.call("finish_passkey_login", finish(&begun, &device.get(&begun["options"])));
    assert_eq!(&answer["organization_id"], own);
    // The id of no organization.
    let begun = begin(&json!(ada));
    let request = finish(&begun, &device.get(&begun["options"]));
    let refused = (Code::PermissionDenied, "not_a_member".to_owned());
    assert_eq!(stage.refused("finish_passkey_login", request), refused);
}

on_each_store!(a_challenge_is_for_one_ceremony);
fn a_challenge_is_for_one_ceremony(store: &Store) {
    let stage = Stage::new(store);
    let ada = stage.register("ada");
    let bob = stage.register("bob");
    let mut adas = stage.device(&ada);
    let mut bobs = stage.device(&bob);
    let first = stage.begin_login();
    let second = stage.begin_login();
    // Challenges of another ceremony, of another kind, and of no account.
    let response = adas.get(&first["options"]);
    let mixed = json!({"challenge": second["challenge"], "response": response});
    assert_eq!(stage.refused("finish_passkey_login", mixed), invalid("challenge"));
    let registration = stage.begin(&ada);
    let mixed = json!({"challenge": registration["challenge"], "response": response});
    assert_eq!(stage.refused("finish_passkey_login", mixed), challenge("unknown"));
    let made = Device::new(Key::es256()).create(&registration["options"]);
    let mixed = json!({"challenge": first["challenge"], "response": made});
    assert_eq!(stage.refused("finish_passkey_registration", mixed), challenge("malformed"));
    // The authenticator's signed data for a registration do not disclose its challenge.
    let mixed = json!({"challenge": registration["options"]["challenge"], "response": made});
    assert_eq!(stage.refused("finish_passkey_registration", mixed), challenge("unknown"));
    let text = first["challenge"].as_str().unwrap();
    let mut flipped = text.to_owned().into_bytes();
    flipped[30] = if flipped[30] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    for (bad, reason) in [
        ("", "unknown"),
        ("x", "malformed"),
        (&text[4..], "unknown"),
        (&flipped, "unknown"),
        (&"A".repeat(1 << 16), "malformed"),
    ] {
        let request = json!({"challenge": bad, "response": response});
        assert_eq!(stage.refused("finish_passkey_login", request), challenge(reason), "{bad:.60}");
    }
    // Passkeys of another user, once with a name, and once by the handle.
    let named = stage.call("begin_passkey_login", json!({"username": "ada"}));
    let response = bobs.get(&named["options"]);
    assert_eq!(stage.refused("finish_passkey_login", finish(&named, &response)), invalid("other_user"));
    let handle = adas.user_handle.clone();
    let response = bobs.get_bent(&first["options"], |it| it.user_handle = Some(handle));
    assert_eq!(stage.refused("finish_passkey_login", finish(&first, &response)), invalid("user_handle"));
    // A name may replace the handle, and an empty handle counts as absent.
    for handle in [None, Some(Vec::new())] {
        let named = stage.call("begin_passkey_login", json!({"username": "ada"}));
        let response = adas.get_bent(&named["options"], |it| it.user_handle = handle);
        stage.call("finish_passkey_login", finish(&named, &response));
    }
    let response = adas.get_bent(&named["options"], |it| it.user_handle = None);
    stage.call("finish_passkey_login", finish(&named, &response));
    assert_eq!(stage.refused("finish_passkey_login", finish(&named, &response)), challenge("spent"));
    // It expires.
    let response = adas.get(&first["options"]);
    stage.pass(300);
    assert_eq!(stage.refused("finish_passkey_login", finish(&first, &response)), challenge("expired"));
    let made = Device::new(Key::es256()).create(&registration["options"]);
    let late = finish(&registration, &made);
    assert_eq!(stage.refused("finish_passkey_registration", late).0, Code::InvalidChallenge);
    // A redeemed challenge stays redeemed while clocks go back, and is forgotten in the end.
    let begun = stage.begin_login();
    let response = adas.get(&begun["options"]);
    stage.call("finish_passkey_login", finish(&begun, &response));
    stage.pass(3600);
    stage.call("maintain", json!({}));
    stage.pass(-3600);
    assert_eq!(stage.refused("finish_passkey_login", finish(&begun, &response)), challenge("spent"));
    stage.pass(2 * 86_400);
    assert_eq!(stage.call("maintain", json!({}))["purged"]["spent_challenges"], 4);
}

on_each_store!(one_of_many_threads_finishes);
fn one_of_many_threads_finishes(store: &Store) {
    let stage = Stage::new(store);
    let user_id = stage.register("ada");
    let registration = stage.begin(&user_id);
    let made = Device::new(Key::es256()).create(&registration["options"]);
    let mut device = stage.device(&user_id);
    // The first passkey ended the other registration.
    let request = finish(&registration, &made);
    assert_eq!(stage.refused("finish_passkey_registration", request).0, Code::InvalidChallenge);

    let race = |operation: &'static str, request: &Value| {
        let all: Vec<Result<Value, Code>> = thread::scope(|scope| {
            let one = || stage.try_call(operation, request.clone());
            let threads: Vec<_> = (0..200).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(all.iter().filter(|result| result.is_ok()).count(), 1, "{operation}");
        let codes: BTreeSet<&str> =
            all.iter().filter_map(|result| result.as_ref().err()).map(|code| code.name()).collect();
        assert_eq!(codes, BTreeSet::from(["invalid_challenge"]), "{operation}");
    };
    let login = stage.begin_login();
    race("finish_passkey_login", &finish(&login, &device.get(&login["options"])));
    let sessions = stage.call("list_sessions", json!({"user_id": user_id}));
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1);

    let registration = stage.begin(&user_id);
    let made = Device::new(Key::es256()).create(&registration["options"]);
    race("finish_passkey_registration", &finish(&registration, &made));
    let listed = stage.call("list_passkeys", json!({"user_id": user_id}));
    assert_eq!(listed["passkeys"].as_array().unwrap().len(), 2);
}

on_each_store!(counters);
fn counters(store: &Store) {
    let stage = Stage::new(store);
    let user_id = stage.register("ada");
    let mut fixed = stage.device(&user_id);
    let mut synchronized = Device::new(Key::es256());
    synchronized.flags = UP | UV | BE;
    let mut synchronized = stage.enrolled(&user_id, synchronized);
    // Neither authenticator has a counter.
    for device in [&mut fixed, &mut synchronized] {
        stage.login(device).unwrap();
        stage.login(device).unwrap();
    }
    for (count, is_good) in
        [(1, true), (1, false), (0, false), (7, true), (6, false), (7, false), (u32::MAX, true), (1, false)]
    {
        for device in [&mut fixed, &mut synchronized] {
            device.count = count;
        }
        let begun = stage.begin_login();
        let request = finish(&begun, &fixed.get(&begun["options"]));
        match is_good {
            true => drop(stage.call("finish_passkey_login", request)),
            false => assert_eq!(stage.refused("finish_passkey_login", request), invalid("sign_count")),
        }
        // A passkey that may be on several devices is accepted, and the log records that its counter went
        // back.
        stage.login(&mut synchronized).unwrap();
    }
    let failed = stage.events("login_failed");
    assert_eq!(failed.len(), 5);
    assert!(
        failed.iter().all(|event| event["detail"] == "sign_count" && event["user_id"] == user_id.as_str())
    );
    assert_eq!(stage.events("passkey_counter_regressed").len(), 5);
}

on_each_store!(an_account_that_may_not_log_in);
fn an_account_that_may_not_log_in(store: &Store) {
    let stage = Stage::new(store);
    let user_id = stage.register("ada");
    let mut device = stage.device(&user_id);
    let update = |field: &str, value: bool| stage.call("update_user", json!({"id": user_id, field: value}));
    update("is_active", false);
    assert_eq!(stage.login(&mut device), Err(Code::InvalidCredentials));
    update("is_active", true);
    // No password is used: neither a required change of it nor failed guesses matter.
    update("must_change_password", true);
    stage.login(&mut device).unwrap();
    for _ in 0..12 {
        let _ = stage.try_call("login", json!({"username": "ada", "password": "a wrong one"}));
    }
    let login = json!({"username": "ada", "password": PASSWORD});
    assert_eq!(stage.try_call("login", login), Err(Code::TooManyAttempts));
    stage.login(&mut device).unwrap();
    drop(stage);
    let stage = Stage::with(store, json!({"require_verified_email": true}));
    let begun = stage.begin_login();
    let request = finish(&begun, &device.get(&begun["options"]));
    assert_eq!(stage.refused("finish_passkey_login", request), invalid("unverified_email"));
}

on_each_store!(what_a_new_passkey_ends);
fn what_a_new_passkey_ends(store: &Store) {
    let stage = Stage::new(store);
    let user_id = stage.register("ada");
    let login = stage.call("login", json!({"username": "ada", "password": PASSWORD}));
    let is_alive = |login: &Value| {
        stage.call("introspect", json!({"token": login["access_token"]}))["active"] == json!(true)
    };
    let mut device = stage.device(&user_id);
    assert!(!is_alive(&login));
    let login = stage.login(&mut device).unwrap();
    assert!(is_alive(&login));
    // A failed registration ends nothing, and neither does the removal of an unknown passkey.
    let begun = stage.begin(&user_id);
    let response = Device::new(Key::es256()).create_bent(&begun["options"], |made| made.flags &= !UP);
    assert_eq!(
        stage.refused("finish_passkey_registration", finish(&begun, &response)).0,
        Code::InvalidCredentials
    );
    let none = json!({"user_id": user_id, "credential_id": "AAAA"});
    assert_eq!(stage.call("remove_passkey", none), json!({"removed": false}));
    assert!(is_alive(&login));
    let second = stage.device(&user_id);
    assert!(!is_alive(&login));
    let login = stage.login(&mut device).unwrap();
    // Another user's passkey is unknown for this user.
    let bob = stage.register("bob");
    let id = &super::device::encoded(&second.id);
    assert_eq!(stage.call("remove_passkey", json!({"user_id": bob, "credential_id": id}))["removed"], false);
    assert_eq!(
        stage.call("remove_passkey", json!({"user_id": user_id, "credential_id": id}))["removed"],
        true
    );
    assert!(!is_alive(&login));
    let mut second = second;
    assert_eq!(stage.login(&mut second), Err(Code::InvalidCredentials));
    stage.login(&mut device).unwrap();
}

on_each_store!(a_credential_belongs_to_one_account);
fn a_credential_belongs_to_one_account(store: &Store) {
    let stage = Stage::new(store);
    let ada = stage.register("ada");
    let bob = stage.register("bob");
    let mut device = stage.device(&ada);
    for user_id in [&bob, &ada] {
        let begun = stage.begin(user_id);
        let mut other = Device::new(Key::es256());
        other.id.clone_from(&device.id);
        let request = finish(&begun, &other.create(&begun["options"]));
        let refused = stage.refused("finish_passkey_registration", request);
        assert_eq!(refused, (Code::AlreadyConfigured, "credential_id".to_owned()));
    }
    assert_eq!(stage.login(&mut device).unwrap()["user"]["id"], ada.as_str());
    assert_eq!(stage.call("list_passkeys", json!({"user_id": bob})), json!({"passkeys": []}));
}

#[test]
fn an_account_has_twenty_at_most() {
    let stage = Stage::new(&Store::sqlite());
    let user_id = stage.register("ada");
    for _ in 0..19 {
        stage.device(&user_id);
    }
    // Two registrations compete for the last place.
    let first = stage.begin(&user_id);
    let second = stage.begin(&user_id);
    let finish_one = |begun: &Value| {
        let response = Device::new(Key::es256()).create(&begun["options"]);
        stage.try_call("finish_passkey_registration", finish(begun, &response))
    };
    finish_one(&first).unwrap();
    assert_eq!(finish_one(&second), Err(Code::InvalidChallenge));
    let refused = stage.refused("begin_passkey_registration", json!({"user_id": user_id}));
    assert_eq!(refused, (Code::PermissionDenied, "too_many_passkeys".to_owned()));
    let listed = stage.call("list_passkeys", json!({"user_id": user_id}));
    assert_eq!(listed["passkeys"].as_array().unwrap().len(), 20);
}

on_each_store!(the_only_way_in_stays);
fn the_only_way_in_stays(store: &Store) {
    let stage = Stage::new(store);
    // A user without a password, imported from another system.
    let ada = json!({"users": [{"username": "ada", "email": "ada@example.com"}]});
    stage.call("import_users", ada);
    let user = stage.call("get_user", json!({"username": "ada"}));
    let user_id = user["user"]["id"].as_str().unwrap();
    let first = stage.device(user_id);
    let mut second = stage.device(user_id);
    let remove =
        |device: &Device| json!({"user_id": user_id, "credential_id": super::device::encoded(&device.id)});
    assert_eq!(stage.call("remove_passkey", remove(&first))["removed"], true);
    let refused = stage.refused("remove_passkey", remove(&second));
    assert_eq!(refused, (Code::PermissionDenied, "last_credential".to_owned()));
    let login = stage.login(&mut second).unwrap();
    let set = json!({"user_id": user_id, "new_password": PASSWORD, "temporary": false});
    stage.call("set_password", set);
    assert_eq!(stage.call("remove_passkey", remove(&second))["removed"], true);
    assert_eq!(stage.call("introspect", json!({"token": login["access_token"]}))["active"], false);
}

on_each_store!(a_reset_by_mail_takes_no_passkey_away);
/// The reader of the mail may not own the passkey: the passkey stays a second factor, and while it does, an
/// unverified address stays unverified.
fn a_reset_by_mail_takes_no_passkey_away(store: &Store) {
    let stage = Stage::new(store);
    let user_id = stage.register("ada");
    stage.device(&user_id);
    stage.call("request_password_reset", json!({"email": "ada@example.com"}));
    let mails = stage.call("take_mail", json!({}));
    let mut mails = mails["mails"].as_array().unwrap().iter();
    let token = &mails.find(|mail| mail["kind"] == "reset_password").unwrap()["token"];
    let reset = stage.call("reset_password", json!({"token": token, "new_password": "seven wise words"}));
    assert_eq!(reset["user"]["email_verified"], false);
    let login = json!({"username": "ada", "password": "seven wise words"});
    assert_eq!(stage.try_call("login", login), Err(Code::SecondFactorRequired));
    let passkeys = stage.call("list_passkeys", json!({"user_id": user_id}));
    assert_eq!(passkeys["passkeys"].as_array().unwrap().len(), 1);
}

on_each_store!(a_planted_passkey_goes_with_what_else_was_planted);
/// Proving an address that the account never verified removes the passkeys that were set up before.
fn a_planted_passkey_goes_with_what_else_was_planted(store: &Store) {
    let stage = Stage::new(store);
    let user_id = stage.register("mallory");
    let mut device = stage.device(&user_id);
    stage.pass(1);
    stage.login(&mut device).unwrap();
    stage.call("update_user", json!({"id": user_id, "email_verified": true, "reclaim": true}));
    assert_eq!(stage.login(&mut device), Err(Code::InvalidCredentials));
    assert_eq!(stage.call("list_passkeys", json!({"user_id": user_id})), json!({"passkeys": []}));
}

on_each_store!(no_passkey_before_the_address_is_verified);
/// Where addresses are verified, a person who registered with another's address cannot add a passkey.
fn no_passkey_before_the_address_is_verified(store: &Store) {
    let links = json!({"verify_email": "https://app.example/{token}"});
    let stage = Stage::with(store, json!({"mail": {"links": links}}));
    let user = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
    let registered = stage.call("register", user);
    let user_id = json!({"user_id": registered["user"]["id"]});
    let (code, _) = stage.refused("begin_passkey_registration", user_id.clone());
    assert_eq!(code, Code::EmailNotVerified);
    let mails = stage.call("take_mail", json!({}));
    let proven = json!({"token": mails["mails"][0]["token"], "verification": registered["verification"]});
    stage.call("verify_email", proven);
    stage.call("begin_passkey_registration", user_id);
}

on_each_store!(strangers_learn_nothing);
fn strangers_learn_nothing(store: &Store) {
    let stage = Stage::new(store);
    let ada = stage.register("ada");
    let bob = stage.register("bob");
    let device = stage.device(&ada);
    let begin = |stage: &Stage, name: &str| stage.call("begin_passkey_login", json!({"username": name}));
    let names: Vec<String> = (0..200).map(|number| format!("nobody{number}")).collect();
    let real = begin(&stage, "ada");
    assert_eq!(real["options"]["allowCredentials"][0]["id"], super::device::encoded(&device.id));
    let lists: Vec<Value> = names
        .iter()
        .map(String::as_str)
        .chain(["bob", "bob@example.com", "nobody@example.com", "not a name", ""])
        .map(|name| {
            let one = begin(&stage, name);
            let two = begin(&stage, name);
            // All challenges have the same length, and the rest is equal, for every name.
            for begun in [&one, &two] {
                let len = |begun: &Value| begun["challenge"].as_str().unwrap().len();
                assert_eq!(len(begun), len(&real), "{name}");
                let shape = |begun: &Value| {
                    let mut options = begun["options"].clone();
                    (options["challenge"], options["allowCredentials"]) = (json!(""), json!([]));
                    options
                };
                assert_eq!(shape(begun), shape(&real));
            }
            assert_ne!(one["challenge"], two["challenge"]);
            assert_ne!(one["options"]["challenge"], two["options"]["challenge"]);
            assert_eq!(one["options"]["allowCredentials"], two["options"]["allowCredentials"]);
            one["options"]["allowCredentials"].clone()
        })
        .collect();
    let members = |list: &Value| list.as_array().unwrap().clone();
    for list in &lists {
        assert!((1..=2).contains(&members(list).len()));
        for credential in members(list) {
            assert_eq!(credential["type"], "public-key");
            assert!([16, 20, 32, 64].contains(&decoded(&credential["id"]).len()));
            assert!(!credential["transports"].as_array().unwrap().is_empty());
        }
    }
    let ids: BTreeSet<String> =
        lists.iter().flat_map(members).map(|credential| credential["id"].to_string()).collect();
    assert_eq!(ids.len(), lists.iter().map(|list| members(list).len()).sum::<usize>());
    // A challenge for an unknown name opens no account with any passkey.
    let mut bobs = stage.device(&bob);
    for name in ["nobody1", "ada"] {
        let begun = begin(&stage, name);
        let response = bobs.get(&begun["options"]);
        assert_eq!(stage.refused("finish_passkey_login", finish(&begun, &response)), invalid("other_user"));
    }
    // A deactivated account looks as before.
    stage.call("update_user", json!({"id": ada, "is_active": false}));
    assert_eq!(begin(&stage, "ada")["options"]["allowCredentials"], real["options"]["allowCredentials"]);
    // The same holds in another process, and after a new secret key.
    drop(stage);
    let stage = Stage::new(store);
    assert_eq!(begin(&stage, "nobody7")["options"]["allowCredentials"], lists[7]);
}

on_each_store!(a_name_and_an_address_show_nothing_of_each_other);
/// Otherwise a stranger could confirm that an address belongs to a name.
fn a_name_and_an_address_show_nothing_of_each_other(store: &Store) {
    let mut device = None;
    for (kind, shown, hidden) in [
        (json!(null), "ada", "ada@example.com"),
        (json!("username"), "ADA", "ada@example.com"),
        (json!("email"), "Ada@EXAMPLE.com", "ada"),
    ] {
        let stage = Stage::with(store, json!({"passkeys": {"login_name": kind}}));
        let device = device.get_or_insert_with(|| stage.device(&stage.register("ada")));
        let begin = |name: &str| stage.call("begin_passkey_login", json!({"username": name}));
        let ids = |begun: &Value| -> BTreeSet<String> {
            let credentials = begun["options"]["allowCredentials"].as_array().unwrap();
            credentials.iter().map(|credential| credential["id"].as_str().unwrap().to_owned()).collect()
        };
        let own = BTreeSet::from([encoded(&device.id)]);
        assert_eq!(ids(&begin(shown)), own);
        let decoys = begin(hidden);
        assert!(!ids(&decoys).is_empty() && ids(&decoys).is_disjoint(&own));
        assert_eq!(ids(&begin(hidden)), ids(&decoys));
        // The challenge is valid, independently of the name.
        let response = device.get(&decoys["options"]);
        stage.call("finish_passkey_login", finish(&decoys, &response));
    }
}

/// A change during a login to the passkey with this id.
type Happening = Box<dyn FnOnce(&Stage, Vec<u8>) + Send>;

on_each_store!(a_login_beside_what_ends_it);
/// A change that ends sessions or removes the passkey, between reading the passkey and opening the session,
/// makes that login fail, too.
fn a_login_beside_what_ends_it(store: &Store) {
    let open = || Stage::with(store, json!({"require_verified_email": true}));
    let stage = open();
    let other = Arc::new(open());
    let verified = |name: &str| {
        let id = stage.register(name);
        stage.call("update_user", json!({"id": id, "email_verified": true}));
        id
    };
    let ada = verified("ada");
    let refused = |happen: Happening| {
        let mut device = stage.device(&ada);
        let begun = stage.begin_login();
        let id = device.id.clone();
        let response = device.get(&begun["options"]);
        let happened = Arc::new(AtomicBool::new(false));
        let beside = Arc::clone(&other);
        let done = Arc::clone(&happened);
        stage.beside(1, move || {
            happen(&beside, id);
            done.store(true, Ordering::SeqCst);
        });
        let refused = stage.refused("finish_passkey_login", finish(&begun, &response));
        assert!(happened.load(Ordering::SeqCst));
        refused
    };
    let user = ada.clone();
    let revoke = move |other: &Stage, _: Vec<u8>| {
        other.call("revoke_user_sessions", json!({"user_id": user}));
    };
    assert_eq!(refused(Box::new(revoke)), invalid("changed_meanwhile"));
    // The same id with another key, of the same user and of another one.
    for owner in [ada.clone(), verified("bob")] {
        let user = ada.clone();
        let anew = move |other: &Stage, id: Vec<u8>| {
            other.call("remove_passkey", json!({"user_id": user, "credential_id": encoded(&id)}));
            let mut device = Device::new(Key::es256());
            device.id = id;
            other.enrolled(&owner, device);
        };
        assert_eq!(refused(Box::new(anew)), invalid("changed_meanwhile"));
    }
    // An address that is no longer verified ends no session, but refuses this login.
    let user = ada.clone();
    let unverify = move |other: &Stage, _: Vec<u8>| {
        other.call("update_user", json!({"id": user, "email_verified": false}));
    };
    assert_eq!(refused(Box::new(unverify)), invalid("unverified_email"));
    assert_eq!(stage.call("list_sessions", json!({"user_id": ada}))["sessions"], json!([]));
}

on_each_store!(a_new_secret_key);
fn a_new_secret_key(store: &Store) {
    let [old, new] = ["an old key of thirty-two bytes or more", "a new key of thirty-two bytes or more"];
    let stage = Stage::with(store, json!({"secret_keys": [old]}));
    let user_id = stage.register("ada");
    let mut device = stage.device(&user_id);
    let begun = stage.begin_login();
    let nobody = stage.call("begin_passkey_login", json!({"username": "nobody"}));
    drop(stage);
    let stage = Stage::with(store, json!({"secret_keys": [new, old]}));
    let request = finish(&begun, &device.get(&begun["options"]));
    stage.call("finish_passkey_login", request.clone());
    assert_eq!(stage.refused("finish_passkey_login", request), challenge("spent"));
    let same = stage.call("begin_passkey_login", json!({"username": "nobody"}));
    assert_eq!(same["options"]["allowCredentials"], nobody["options"]["allowCredentials"]);
    drop(stage);
    // No data of a passkey are sealed: the old key can be removed.
    let stage = Stage::with(store, json!({"secret_keys": [new]}));
    stage.login(&mut device).unwrap();
}

on_each_store!(to_begin_a_login_writes_nothing);
/// Any number of callers can begin a login: nothing is written, and no ceremony is replaced.
fn to_begin_a_login_writes_nothing(store: &Store) {
    let stage = Stage::new(store);
    let user_id = stage.register("ada");
    let mut device = stage.device(&user_id);
    let begun = stage.begin_login();
    const TABLES: [&str; 5] = ["events", "one_time_secrets", "spent_challenges", "throttles", "users"];
    let before = stage.events("logged_in").len();
    for number in 0..500 {
        stage.call("begin_passkey_login", json!({"username": format!("name{}", number % 7)}));
    }
    stage.call("finish_passkey_login", finish(&begun, &device.get(&begun["options"])));
    assert_eq!(stage.events("logged_in").len(), before + 1);
    drop(stage);
    let counts = TABLES.map(|table| store.count(table));
    let stage = Stage::new(store);
    (0..100).for_each(|_| drop(stage.begin_login()));
    drop(stage);
    assert_eq!(TABLES.map(|table| store.count(table)), counts);
}

on_each_store!(failures_lock_a_source);
fn failures_lock_a_source(store: &Store) {
    let stage = Stage::with(store, json!({"throttle": {"source_failures": 3, "lock_seconds": 60}}));
    let user_id = stage.register("ada");
    let mut device = stage.device(&user_id);
    let mut on = |client: Value, is_good: bool| {
        let begun = stage.begin_login();
        let response = device.get_bent(&begun["options"], |it| {
            if !is_good {
                it.flags = 0;
            }
        });
        let mut request = finish(&begun, &response);
        request["client"] = client;
        stage.try_call("finish_passkey_login", request).map(drop)
    };
    assert_eq!(on(json!({"ip": "192.0.2.1", "device_id": "laptop"}), true), Ok(()));
    for _ in 0..3 {
        assert_eq!(on(json!({"ip": "192.0.2.1"}), false), Err(Code::InvalidCredentials));
    }
    let phone = json!({"ip": "192.0.2.1", "device_id": "phone"});
    assert_eq!(on(phone, true), Err(Code::TooManyAttempts));
    // On a device where the account logged in before, failures of others in the same network do not matter.
    assert_eq!(on(json!({"ip": "192.0.2.1", "device_id": "laptop"}), true), Ok(()));
    let mut attempt = |ip: &str, is_good: bool| on(json!({"ip": ip}), is_good);
    assert_eq!(attempt("192.0.2.1", true), Err(Code::TooManyAttempts));
    assert_eq!(attempt("192.0.2.2", true), Ok(()));
    // Passwords share this lock.
    let login = json!({"username": "ada", "password": PASSWORD, "client": {"ip": "192.0.2.1"}});
    assert_eq!(stage.try_call("login", login), Err(Code::TooManyAttempts));
    stage.pass(60);
    assert_eq!(attempt("192.0.2.1", true), Ok(()));
    let throttled = stage.events("throttled");
    assert_eq!(throttled.len(), 1);
    assert_eq!(throttled[0]["detail"], "source");
}

/// Neither the answers and log records of failures nor the store contain the signed data or the signer.
#[test]
fn no_record_repeats_a_value() {
    let stage = Stage::new(&Store::sqlite());
    let user_id = stage.register("ada");
    let mut device = stage.device(&user_id);
    let begun = stage.begin_login();
    let response = device.get_bent(&begun["options"], |it| it.flags = 0);
    let error =
        stage.engine.call("finish_passkey_login", &finish(&begun, &response).to_string()).unwrap_err();
    let records = [stage.records(), vec![error.to_json(), format!("{error:?}")]].concat();
    assert!(records.len() > 2);
    for record in records {
        for secret in [
            &begun["challenge"],
            &begun["options"]["challenge"],
            &response["id"],
            &response["response"]["signature"],
        ] {
            assert!(!record.contains(secret.as_str().unwrap()), "{record}");
        }
    }
}

/// The whole ceremony through the C ABI, by the named functions.
#[test]
fn through_the_c_abi() {
    type Named =
        unsafe extern "C" fn(*const doorward_engine, *const c_char, *mut *mut c_char) -> doorward_status;
    let config = json!({
        "store": "sqlite::memory:", "password": {"memory_kib": 8, "iterations": 1},
        "passkeys": {"rp_id": "example.com", "rp_name": "Example", "origins": [super::device::ORIGIN]},
    });
    let config = CString::new(config.to_string()).unwrap();
    let mut engine = null_mut();
    let mut response = null_mut();
    unsafe {
        assert_eq!(doorward_open(config.as_ptr(), null(), &mut engine, &mut response), DOORWARD_OK);
        doorward_free(response);
    }
    let call = |named: Named, request: Value| -> Value {
        let request = CString::new(request.to_string()).unwrap();
        let mut response = null_mut();
        unsafe {
            let status = named(engine, request.as_ptr(), &mut response);
            let text = CStr::from_ptr(response).to_str().unwrap().to_owned();
            doorward_free(response);
            assert_eq!(status, DOORWARD_OK, "{text}");
            serde_json::from_str(&text).unwrap()
        }
    };
    let ada = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
    let user = call(doorward_register, ada);
    let user_id = json!({"user_id": user["user"]["id"]});
    let begun = call(doorward_begin_passkey_registration, user_id.clone());
    let mut device = Device::new(Key::es256());
    let made = finish(&begun, &device.create(&begun["options"]));
    call(doorward_finish_passkey_registration, made);
    let begun = call(doorward_begin_passkey_login, json!({}));
    let login = call(doorward_finish_passkey_login, finish(&begun, &device.get(&begun["options"])));
    assert_eq!(login["user"]["id"], user["user"]["id"]);
    let listed = call(doorward_list_passkeys, user_id.clone());
    let remove = json!({"user_id": user["user"]["id"], "credential_id": listed["passkeys"][0]["id"]});
    assert_eq!(call(doorward_remove_passkey, remove), json!({"removed": true}));
    unsafe { doorward_release(engine) };
}
