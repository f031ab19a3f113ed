//! Tests of a passkey as the second factor: beside a password, in a login of one step or two, and in a
//! reauthentication.

use doorward::Code;
use serde_json::{Value, json};

use super::device::{Device, Key, UP, UV, encoded};
use super::stage::{PASSWORD, Stage, Store};
use crate::stores::on_each_store;

/// Logs in with the right password. Returns the step that the login requires.
fn step_up(stage: &Stage, name: &str) -> Value {
    let login = json!({"username": name, "password": PASSWORD}).to_string();
    let error = stage.engine.call("login", &login).unwrap_err();
    assert_eq!(error.code, Code::SecondFactorRequired);
    serde_json::from_str(&error.to_json()).unwrap()
}

fn complete(stage: &Stage, challenge: &Value, response: &Value) -> Result<Value, (Code, String)> {
    let request = json!({"challenge": challenge, "webauthn_response": response}).to_string();
    let done = stage.engine.call("complete_login", &request);
    done.map(|reply| serde_json::from_str(&reply).unwrap())
        .map_err(|error| (error.code, error.detail.unwrap_or_default().into_owned()))
}

/// Returns the methods in a token.
fn amr(stage: &Stage, login: &Value) -> Value {
    stage.call("verify", json!({"token": login["access_token"]}))["amr"].clone()
}

fn wrong(reason: &str) -> Result<Value, (Code, String)> {
    Err((Code::InvalidCode, reason.to_owned()))
}

on_each_store!(a_login_in_two_steps);
fn a_login_in_two_steps(store: &Store) {
    let stage = Stage::new(store);
    let ada = stage.register("ada");
    let bob = stage.register("bob");
    let mut adas = stage.device(&ada);
    let mut bobs = stage.device(&bob);
    let first = step_up(&stage, "ada");
    assert_eq!((&first["webauthn_supported"], &first["totp_supported"]), (&json!(true), &json!(false)));
    let options = &first["webauthn_options"];
    assert_eq!(
        (&options["userVerification"], &options["rpId"]),
        (&json!("preferred"), &json!("example.com"))
    );
    assert_eq!(options["allowCredentials"][0]["id"], encoded(&adas.id));
    // The signed bytes differ from the challenge, which opens the session together with them.
    assert_ne!(options["challenge"], first["challenge"]);

    let challenge = &first["challenge"];
    assert_eq!(complete(&stage, challenge, &bobs.get(options)), wrong("other_user"));
    let stolen = adas.id.clone();
    let forged = bobs.get_bent(options, |it| (it.id, it.raw_id) = (stolen.clone(), stolen));
    assert_eq!(complete(&stage, challenge, &forged), wrong("signature"));
    let absent = adas.get_bent(options, |it| it.flags &= !UP);
    assert_eq!(complete(&stage, challenge, &absent), wrong("user_not_present"));
    // Challenges of another step, and of a login by passkey alone.
    let second = step_up(&stage, "ada");
    let other = adas.get(&second["webauthn_options"]);
    assert_eq!(complete(&stage, challenge, &other), wrong("challenge"));
    let alone = stage.begin_login();
    assert_eq!(complete(&stage, challenge, &adas.get(&alone["options"])), wrong("challenge"));
    let mixed = json!({"challenge": alone["challenge"], "response": adas.get(options)});
    assert_eq!(
        stage.refused("finish_passkey_login", mixed),
        (Code::InvalidCredentials, "challenge".to_owned())
    );

    // Beside a password, the user's presence is enough.
    let response = adas.get_bent(options, |it| it.flags &= !UV);
    let login = complete(&stage, challenge, &response).unwrap();
    assert_eq!(amr(&stage, &login), json!(["pwd", "hwk", "user", "mfa"]));
    let again = complete(&stage, challenge, &response);
    assert_eq!(again, Err((Code::InvalidChallenge, "unknown".to_owned())));
    let alone = stage.login(&mut adas).unwrap();
    assert_eq!(amr(&stage, &alone), json!(["hwk", "user", "mfa"]));
    // More than one proof.
    let both = json!({"challenge": second["challenge"], "webauthn_response": other, "two_fa_code": "123456"});
    assert_eq!(stage.try_call("complete_login", both), Err(Code::InvalidRequest));
}

on_each_store!(a_pin_that_came_later);
/// The finder of a security key without a PIN can set one: it verifies no user before the password was
/// proven, too.
fn a_pin_that_came_later(store: &Store) {
    let stage = Stage::new(store);
    let ada = stage.register("ada");
    let mut device = Device::new(Key::es256());
    device.flags &= !UV;
    let mut device = stage.enrolled(&ada, device);
    device.flags |= UV;
    assert_eq!(stage.login(&mut device), Err(Code::InvalidCredentials));
    let first = step_up(&stage, "ada");
    complete(&stage, &first["challenge"], &device.get(&first["webauthn_options"])).unwrap();
    stage.login(&mut device).unwrap();
}

on_each_store!(a_login_in_one_step);
fn a_login_in_one_step(store: &Store) {
    let stage = Stage::new(store);
    let ada = stage.register("ada");
    let bob = stage.register("bob");
    let mut adas = stage.device(&ada);
    let mut bobs = stage.device(&bob);
    let login = |response: &Value| {
        let request =
            json!({"username": "ada", "password": PASSWORD, "webauthn_response": response}).to_string();
        let done = stage.engine.call("login", &request);
        done.map(|reply| serde_json::from_str::<Value>(&reply).unwrap())
            .map_err(|error| (error.code, error.detail.unwrap_or_default().into_owned()))
    };
    let begin = |name: &str| stage.call("begin_passkey_login", json!({"username": name}))["options"].clone();
    let named = begin("ada");
    let nameless = stage.begin_login()["options"].clone();
    let response = adas.get(&named);
    assert_eq!(amr(&stage, &login(&response).unwrap()), json!(["pwd", "hwk", "user", "mfa"]));
    // The challenge is spent for both operations.
    assert_eq!(login(&response), wrong("spent"));
    let spent = json!({"challenge": named["challenge"], "response": response});
    assert_eq!(stage.refused("finish_passkey_login", spent), (Code::InvalidChallenge, "spent".to_owned()));
    login(&adas.get(&nameless)).unwrap();
    assert_eq!(login(&adas.get(&begin("bob"))), wrong("other_user"));
    assert_eq!(login(&bobs.get(&begin("ada"))), wrong("other_user"));
    assert_eq!(login(&adas.get(&json!({"challenge": "AAAA"}))), wrong("unknown"));
    assert_eq!(login(&adas.get(&json!({"challenge": "not base64url!"}))), wrong("malformed"));
    assert_eq!(login(&adas.get_bent(&named, |it| it.client_data.clear())), wrong("client_data"));
    let late = adas.get(&begin("ada"));
    stage.pass(300);
    assert_eq!(login(&late), wrong("expired"));
    let failed = stage.events("second_factor_failed");
    assert_eq!(failed.len(), 7);
}

on_each_store!(somebody_proves_again_who_they_are);
fn somebody_proves_again_who_they_are(store: &Store) {
    let stage = Stage::new(store);
    let ada = stage.register("ada");
    let bob = stage.register("bob");
    let mut adas = stage.device(&ada);
    let mut bobs = stage.device(&bob);
    let token = stage.login(&mut adas).unwrap()["access_token"].clone();
    stage.pass(100);
    let fresh = |token: &Value| {
        stage.call("authorize", json!({"token": token, "max_age_seconds": 50}))["authorized"] == true
    };
    assert!(!fresh(&token));
    let again = |response: &Value| {
        let request = json!({"token": token, "webauthn_response": response});
        stage.try_call("reauthenticate", request)
    };
    let begin = || stage.call("begin_passkey_login", json!({"username": "ada"}))["options"].clone();
    // As the only factor it must have verified its user.
    assert_eq!(again(&adas.get_bent(&begin(), |it| it.flags &= !UV)), Err(Code::InvalidCode));
    assert_eq!(again(&bobs.get(&begin())), Err(Code::InvalidCode));
    let response = adas.get(&begin());
    let proven = again(&response).unwrap();
    assert!(fresh(&proven["access_token"]) && !fresh(&token));
    assert_eq!(amr(&stage, &proven), json!(["hwk", "user", "mfa"]));
    assert_eq!(again(&response), Err(Code::InvalidCode));
    let none = json!({"token": token, "password": PASSWORD, "webauthn_response": response});
    assert_eq!(stage.try_call("reauthenticate", none), Err(Code::InvalidRequest));
}

on_each_store!(recovery_codes_come_with_the_first_factor);
fn recovery_codes_come_with_the_first_factor(store: &Store) {
    let stage = Stage::with(store, json!({"require_second_factor": true}));
    let user_id = stage.register("ada");
    let finish = |device: &mut Device| {
        let begun = stage.begin(&user_id);
        let response = device.create(&begun["options"]);
        stage.call(
            "finish_passkey_registration",
            json!({"challenge": begun["challenge"], "response": response}),
        )
    };
    let mut first = Device::new(Key::es256());
    let mut second = Device::new(Key::es256());
    let codes = finish(&mut first)["recovery_codes"].as_array().unwrap().clone();
    assert_eq!(codes.len(), 10);
    assert_eq!(finish(&mut second)["recovery_codes"], json!([]));
    let step = step_up(&stage, "ada");
    assert_eq!(step["recovery_codes_supported"], true);
    let by_code = json!({"challenge": step["challenge"], "recovery_code": codes[0]});
    stage.call("complete_login", by_code);
    // The last factor of an account that must have one stays.
    let remove = |device: &Device| json!({"user_id": user_id, "credential_id": encoded(&device.id)});
    assert_eq!(stage.call("remove_passkey", remove(&first))["removed"], true);
    let refused = stage.refused("remove_passkey", remove(&second));
    assert_eq!(refused, (Code::PermissionDenied, "last_second_factor".to_owned()));
    stage.login(&mut second).unwrap();
    // A passkey that verified its user counts as two factors.
    let added = stage.events("second_factor_added");
    assert!(added.len() == 2 && added.iter().all(|event| event["detail"] == "passkey"));
}

on_each_store!(a_passkey_is_made_inside_the_login_that_requires_one);
fn a_passkey_is_made_inside_the_login_that_requires_one(store: &Store) {
    let stage = Stage::with(store, json!({"require_second_factor": true}));
    stage.register("ada");
    stage.register("bob");
    let begin = |step: &Value| {
        stage.call("begin_passkey_registration", json!({"challenge": step["challenge"]}))["options"].clone()
    };
    let registration = |step: &Value, response: &Value| json!({"challenge": step["challenge"], "webauthn_registration": response});
    let mut device = Device::new(Key::es256());
    let ada = step_up(&stage, "ada");
    let bob = step_up(&stage, "bob");
    // What was signed for the login of another.
    let foreign = registration(&bob, &device.create(&begin(&ada)));
    assert_eq!(stage.try_call("complete_login", foreign), Err(Code::InvalidCredentials));
    let request = registration(&ada, &device.create(&begin(&ada)));
    let login = stage.call("complete_login", request.clone());
    assert_eq!(amr(&stage, &login), json!(["pwd", "hwk", "user", "mfa"]));
    assert_eq!(login["recovery_codes"].as_array().unwrap().len(), 10);
    stage.call("authenticate", json!({"token": login["access_token"]}));
    assert_eq!(stage.try_call("complete_login", request), Err(Code::InvalidChallenge));
    // A credential belongs to one account.
    let mut other = Device::new(Key::es256());
    other.id.clone_from(&device.id);
    let refused = stage.refused("complete_login", registration(&bob, &other.create(&begin(&bob))));
    assert_eq!(refused, (Code::AlreadyConfigured, "credential_id".to_owned()));
    stage.login(&mut device).unwrap();
}

on_each_store!(lost_passkeys_are_removed);
fn lost_passkeys_are_removed(store: &Store) {
    let stage = Stage::new(store);
    let user_id = stage.register("ada");
    let mut device = stage.device(&user_id);
    let codes = stage.call("recovery_codes_status", json!({"user_id": user_id}))["remaining"].clone();
    let request = json!({"user_id": user_id, "factors": ["passkeys"], "reason": "lost the key"});
    let removed = stage.call("remove_second_factors", request);
    let expected = json!({"totp": false, "passkeys": 1, "recovery_codes": codes, "revoked_sessions": 0});
    assert_eq!(removed, expected);
    assert_eq!(stage.login(&mut device), Err(Code::InvalidCredentials));
    stage.call("login", json!({"username": "ada", "password": PASSWORD}));
    assert_eq!(stage.events("second_factors_removed")[0]["detail"], "passkeys recovery_codes: lost the key");
}

/// The account still has a passkey, but passkeys are no longer configured: nothing opens without it.
#[test]
fn where_passkeys_are_not_configured_any_more() {
    let store = Store::sqlite();
    let stage = Stage::new(&store);
    let user_id = stage.register("ada");
    let begun = stage.begin(&user_id);
    let mut device = Device::new(Key::es256());
    let response = device.create(&begun["options"]);
    let finish = json!({"challenge": begun["challenge"], "response": response});
    let codes = stage.call("finish_passkey_registration", finish)["recovery_codes"].clone();
    let options = step_up(&stage, "ada")["webauthn_options"].clone();
    drop(stage);
    let stage = Stage::with(&store, json!({"passkeys": null}));
    let step = step_up(&stage, "ada");
    assert_eq!((&step["webauthn_supported"], &step["webauthn_options"]), (&json!(true), &json!(null)));
    assert_eq!(complete(&stage, &step["challenge"], &device.get(&options)), wrong("not_configured"));
    stage.call("complete_login", json!({"challenge": step["challenge"], "recovery_code": codes[0]}));
}
