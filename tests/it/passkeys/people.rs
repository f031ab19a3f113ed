//! Tests of passkeys as people use them: sessions that continue, names, another way in, autofill, what authenticators
//! are told.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::Code;
use serde_json::{Value, json};

use super::device::{BE, BS, Device, Key, RP_ID, UP, UV, encoded};
use super::stage::{NOW, PASSWORD, Stage, Store};
use crate::stores::on_each_store;

fn login(stage: &Stage) -> Value {
    stage.call("login", json!({"username": "ada", "password": PASSWORD}))["access_token"].clone()
}

fn is_alive(stage: &Stage, token: &Value) -> bool {
    stage.call("introspect", json!({"token": token}))["active"] == json!(true)
}

/// Begins a registration by a token.
fn begin(stage: &Stage, token: &Value, more: &Value) -> Value {
    let mut request = json!({"token": token});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    stage.call("begin_passkey_registration", request)
}

fn finish(stage: &Stage, begun: &Value, response: &Value) -> Result<Value, Code> {
    let request = json!({"challenge": begun["challenge"], "response": response});
    stage.try_call("finish_passkey_registration", request)
}

on_each_store!(a_session_continues_after_a_fresh_proof);
fn a_session_continues_after_a_fresh_proof(store: &Store) {
    let stage = Stage::with(store, json!({"trusted_devices": {}}));
    let ada = stage.register("ada");
    let (first, second) = (login(&stage), login(&stage));
    // Another registration, which is dead with the first that is finished.
    let other = begin(&stage, &first, &json!({"keep_session": true}));
    let begun = begin(&stage, &first, &json!({"keep_session": true, "label": "my phone"}));
    let mut device = Device::new(Key::es256());
    let made = finish(&stage, &begun, &device.create(&begun["options"])).unwrap();
    assert_eq!(made["recovery_codes"].as_array().unwrap().len(), 10);
    // Another one may be an intruder's.
    assert!(is_alive(&stage, &first) && !is_alive(&stage, &second));
    let response = Device::new(Key::es256()).create(&other["options"]);
    assert_eq!(finish(&stage, &other, &response), Err(Code::InvalidChallenge));

    // Now the account has a second factor, and a password of a moment ago is no fresh proof.
    let request = json!({"token": first, "keep_session": true});
    let stale = (Code::PermissionDenied, "reauthentication_required".to_owned());
    assert_eq!(stage.refused("begin_passkey_registration", request.clone()), stale);
    let fresh = stage.login(&mut device).unwrap()["access_token"].clone();
    let begun = begin(&stage, &fresh, &json!({"keep_session": true}));
    // The session that gave the proof ends before the passkey is made.
    stage.call("logout", json!({"token": fresh}));
    let response = Device::new(Key::es256()).create(&begun["options"]);
    assert_eq!(finish(&stage, &begun, &response), Err(Code::InvalidChallenge));
    // Not lately.
    let fresh = stage.login(&mut device).unwrap()["access_token"].clone();
    stage.pass(901);
    let old = json!({"token": fresh, "keep_session": true});
    assert_eq!(stage.refused("begin_passkey_registration", old), stale);
    // Without the wish they end as ever.
    let fresh = stage.login(&mut device).unwrap()["access_token"].clone();
    let begun = begin(&stage, &fresh, &json!({}));
    finish(&stage, &begun, &Device::new(Key::es256()).create(&begun["options"])).unwrap();
    assert!(!is_alive(&stage, &fresh) && !is_alive(&stage, &first));
    for wish in ["keep_session", "conditional"] {
        let refused = stage.try_call("begin_passkey_registration", json!({"user_id": ada, wish: true}));
        assert_eq!(refused, Err(Code::InvalidRequest));
    }
}

on_each_store!(a_time_that_a_token_claims_is_no_proof);
fn a_time_that_a_token_claims_is_no_proof(store: &Store) {
    let secret = "a secret of at least thirty-two bytes";
    let stage =
        Stage::with(store, json!({"backends": {"shop": {"secret": secret, "access_token_seconds": 3600}}}));
    stage.register("ada");
    let request = json!({"username": "ada", "password": PASSWORD, "backend": "shop"});
    let token = stage.call("login", request)["access_token"].as_str().unwrap().to_owned();
    stage.pass(870);
    let mut parts = token.split('.');
    let (header, payload) = (parts.next().unwrap(), parts.next().unwrap());
    let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    let later = payload.replace(&format!("\"auth_time\":{NOW}"), &format!("\"auth_time\":{}", NOW + 60));
    assert_ne!(later, payload);
    let unsigned = format!("{header}.{}", encoded(later.as_bytes()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), unsigned.as_bytes());
    let forged = json!({"token": format!("{unsigned}.{}", encoded(tag.as_ref())), "backend": "shop"});
    stage.call("begin_passkey_registration", forged.clone());
    let stale = (Code::PermissionDenied, "reauthentication_required".to_owned());
    stage.pass(31);
    assert_eq!(stage.refused("begin_passkey_registration", forged), stale);
}

on_each_store!(a_passkey_gets_another_name);
fn a_passkey_gets_another_name(store: &Store) {
    let named = json!({"07070707-0707-0707-0707-070707070707": "A password manager"});
    let party = json!({"rp_id": RP_ID, "rp_name": "Example", "origins": ["https://login.example.com"],
        "authenticator_names": named});
    let stage = Stage::with(store, json!({"passkeys": party}));
    let (ada, bob) = (stage.register("ada"), stage.register("bob"));
    let mut device = stage.device(&ada);
    let token = stage.login(&mut device).unwrap()["access_token"].clone();
    let request =
        |user: &str| json!({"user_id": user, "credential_id": encoded(&device.id), "label": "my phone"});
    let credential = stage.call("update_passkey", request(&ada))["credential"].clone();
    assert_eq!(credential["label"], "my phone");
    assert_eq!(credential["authenticator"], "A password manager");
    assert_eq!(stage.call("list_passkeys", json!({"user_id": ada}))["passkeys"], json!([credential]));
    assert!(is_alive(&stage, &token));
    assert_eq!(stage.try_call("update_passkey", request(&bob)), Err(Code::PasskeyNotFound));
    assert_eq!(stage.events("passkey_renamed").len(), 1);
}

on_each_store!(a_passkey_as_another_way_in);
fn a_passkey_as_another_way_in(store: &Store) {
    let party = |second_factor: &str| {
        json!({"passkeys": {"rp_id": RP_ID, "rp_name": "Example", "origins": ["https://login.example.com"],
            "second_factor": second_factor}})
    };
    let mut keys = party("never");
    keys["require_second_factor"] = json!(["editor"]);
    let stage = Stage::with(store, keys);
    let ada = stage.register("ada");
    let begun = stage.begin(&ada);
    let mut device = Device::new(Key::es256());
    let made = finish(&stage, &begun, &device.create(&begun["options"])).unwrap();
    // No login needs them yet.
    let codes = made["recovery_codes"].as_array().unwrap().clone();
    assert_eq!(codes.len(), 10);
    let findings = stage.call("doctor", json!({}))["findings"].as_array().unwrap().clone();
    assert!(findings.iter().any(|it| it["check"] == "passkeys" && it["severity"] == "advice"));
    let by_password = login(&stage);
    stage.login(&mut device).unwrap();
    let fresh = json!({"token": by_password, "by_second_factor": true});
    assert_eq!(stage.call("authorize", fresh)["authorized"], true);
    // Where a factor must be given, the passkey is one.
    stage.call("update_user", json!({"id": ada, "roles": ["editor"]}));
    let request = json!({"username": "ada", "password": PASSWORD});
    let error = stage.engine.call("login", &request.to_string()).unwrap_err();
    let step: Value = serde_json::from_str(&error.to_json()).unwrap();
    assert_eq!(step["webauthn_supported"], true);
    let response = device.get(&step["webauthn_options"]);
    stage.call("complete_login", json!({"challenge": step["challenge"], "webauthn_response": response}));
    stage.call("update_user", json!({"id": ada, "roles": []}));
    login(&stage);
    drop(stage);
    let mut keys = party("always");
    keys["change_settings"] = json!(true);
    let stage = Stage::with(store, keys);
    assert_eq!(stage.try_call("login", request.clone()), Err(Code::SecondFactorRequired));
    let mut with_code = request;
    with_code["recovery_code"] = codes[0].clone();
    stage.call("login", with_code);
}

on_each_store!(a_passkey_that_the_browser_makes_by_itself);
fn a_passkey_that_the_browser_makes_by_itself(store: &Store) {
    let stage = Stage::new(store);
    let ada = stage.register("ada");
    let conditional = json!({"conditional": true, "keep_session": true});
    // It does not turn a second factor on.
    let request = json!({"token": login(&stage), "conditional": true});
    let refused = (Code::PermissionDenied, "no_second_factor".to_owned());
    assert_eq!(stage.refused("begin_passkey_registration", request), refused);
    let mut first = stage.device(&ada);
    let token = stage.login(&mut first).unwrap()["access_token"].clone();
    let begun = begin(&stage, &token, &conditional);
    assert_eq!(begun["mediation"], "conditional");
    let mut device = Device::new(Key::es256());
    device.flags = UP | UV | BE | BS;
    let response = device.create_bent(&begun["options"], |made| made.flags &= !(UP | UV));
    finish(&stage, &begun, &response).unwrap();
    assert!(is_alive(&stage, &token));
    // It opens the account by itself, with its user present and verified.
    let absent = stage.begin_login();
    let response = device.get_bent(&absent["options"], |it| it.flags &= !UP);
    let request = json!({"challenge": absent["challenge"], "response": response});
    let refused = (Code::InvalidCredentials, "user_not_present".to_owned());
    assert_eq!(stage.refused("finish_passkey_login", request), refused);
    let fresh = stage.login(&mut device).unwrap()["access_token"].clone();

    // In every other registration the user is present.
    let begun = begin(&stage, &fresh, &json!({}));
    assert!(begun.get("mediation").is_none());
    let response = Device::new(Key::es256()).create_bent(&begun["options"], |made| made.flags &= !UP);
    assert_eq!(finish(&stage, &begun, &response), Err(Code::InvalidCredentials));
    // A key that stays on its device verifies its user for the first time beside another factor, as ever.
    let begun = begin(&stage, &fresh, &json!({"conditional": true}));
    let mut bound = Device::new(Key::es256());
    let response = bound.create_bent(&begun["options"], |made| made.flags &= !(UP | UV));
    finish(&stage, &begun, &response).unwrap();
    assert_eq!(stage.login(&mut bound), Err(Code::InvalidCredentials));
}

on_each_store!(autofill_has_an_hour);
fn autofill_has_an_hour(store: &Store) {
    let stage = Stage::new(store);
    let ada = stage.register("ada");
    let mut device = stage.device(&ada);
    let begun = stage.call("begin_passkey_login", json!({"conditional": true, "hints": ["client-device"]}));
    assert_eq!(
        (&begun["mediation"], &begun["options"]["hints"]),
        (&json!("conditional"), &json!(["client-device"]))
    );
    assert_eq!(begun["options"]["timeout"], 3_600_000);
    let late = stage.call("begin_passkey_login", json!({"conditional": true}));
    // The answer only logs in.
    let token = stage.login(&mut device).unwrap()["access_token"].clone();
    let response = device.get(&begun["options"]);
    let unfit = (Code::InvalidCode, "wrong_purpose".to_owned());
    let request = json!({"token": token, "webauthn_response": response});
    assert_eq!(stage.refused("reauthenticate", request), unfit);
    let request = json!({"username": "ada", "password": PASSWORD, "webauthn_response": response});
    assert_eq!(stage.refused("login", request), unfit);
    stage.pass(3599);
    let request = json!({"challenge": begun["challenge"], "response": device.get(&begun["options"])});
    stage.call("finish_passkey_login", request.clone());
    assert_eq!(stage.try_call("finish_passkey_login", request), Err(Code::InvalidChallenge));
    stage.pass(1);
    let request = json!({"challenge": late["challenge"], "response": device.get(&late["options"])});
    assert_eq!(stage.try_call("finish_passkey_login", request), Err(Code::InvalidChallenge));
}

on_each_store!(what_authenticators_are_told);
fn what_authenticators_are_told(store: &Store) {
    let stage = Stage::new(store);
    let ada = stage.register("ada");
    let device = stage.device(&ada);
    let signals = stage.call("passkey_signals", json!({"user_id": ada}));
    let handle = encoded(&device.user_handle);
    assert_eq!(
        signals,
        json!({
            "all_accepted_credentials":
                {"rpId": RP_ID, "userId": handle, "allAcceptedCredentialIds": [encoded(&device.id)]},
            "current_user_details": {"rpId": RP_ID, "userId": handle, "name": "ada", "displayName": "ada"},
        })
    );
}

on_each_store!(an_invitation_is_accepted_by_a_passkey);
fn an_invitation_is_accepted_by_a_passkey(store: &Store) {
    let links = json!({"invitation": "https://login.example.com/invitation#{token}"});
    let stage = Stage::with(store, json!({"mail": {"links": links}}));
    stage.call("invite_user", json!({"email": "ada@example.com"}));
    let token = stage.call("take_mail", json!({}))["mails"][0]["token"].clone();
    let begun = stage.call("begin_passkey_registration", json!({"invitation": token}));
    let mut device = Device::new(Key::es256());
    let accept = |response: &Value| {
        let request = json!({"token": token, "username": "ada", "webauthn_registration": response});
        stage.try_call("accept_invitation", request)
    };
    // Nothing else opens the account, so its authenticator verifies the user from the beginning.
    let unverified = device.create_bent(&begun["options"], |made| made.flags &= !UV);
    assert_eq!(accept(&unverified), Err(Code::InvalidCredentials));
    let response = device.create(&begun["options"]);
    let accepted = accept(&response).unwrap();
    assert_eq!(
        (&accepted["user"]["username"], &accepted["user"]["email_verified"]),
        (&json!("ada"), &json!(true))
    );
    assert_eq!(accept(&response), Err(Code::InvalidMailToken));
    stage.login(&mut device).unwrap();
    // A passkey is a second factor of an account that has a password, too.
    let codes = accepted["recovery_codes"].as_array().unwrap();
    assert_eq!(codes.len(), 10);
    stage.call(
        "set_password",
        json!({"user_id": accepted["user"]["id"], "new_password": PASSWORD, "temporary": false}),
    );
    let by_code = json!({"username": "ada", "password": PASSWORD, "recovery_code": codes[0]});
    stage.call("login", by_code);

    // A credential that another account has.
    stage.call("invite_user", json!({"email": "bob@example.com"}));
    let mails = stage.call("take_mail", json!({"limit": 10}));
    let mails = mails["mails"].as_array().unwrap();
    let token = mails.iter().find(|mail| mail["to"] == "bob@example.com").unwrap()["token"].clone();
    let begun = stage.call("begin_passkey_registration", json!({"invitation": token}));
    let request = json!({"token": token, "webauthn_registration": device.create(&begun["options"])});
    let taken = (Code::AlreadyConfigured, "credential_id".to_owned());
    assert_eq!(stage.refused("accept_invitation", request), taken);
}
