//! Tests of hostile JSON: no body crashes, hangs or is half processed, and no answer, log record or Debug
//! text repeats a value of the input. Cases that fit a file are in tests/conformance.

use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut};
use std::sync::{Arc, Mutex};

use doorward::capi::*;
use doorward::{
    AuthenticateRequest, AuthenticateRequestRequest, ChangePasswordRequest, CheckMailTokenRequest,
    CheckPasswordRequest, Code, CompleteLoginRequest, Config, Engine, HashPasswordRequest, Hooks,
    ImportUsersRequest, IntrospectRemoteRequest, IntrospectRequest, Login, LoginRequest,
    LoginWithIdTokenRequest, LogoutRequest, RegisterRequest, RequestEmailVerificationRequest,
    RequestPasswordResetRequest, ResetPasswordRequest, SetPasswordRequest, VerifyEmailRequest,
    VerifyPasswordRequest, VerifyRequest,
};
use serde_json::{Value, json};

/// Marks a value that a user typed into the wrong field.
const MARKER: &str = "correct-horse-7";

#[test]
fn bodies_without_end() {
    let engine = open("{}", None);
    let huge = 100 << 20;
    for body in [" ".repeat(huge), "[".repeat(huge), format!("{{\"username\":\"{}\"}}", "x".repeat(huge))] {
        for operation in names() {
            assert_eq!(code(&engine, &operation, &body), Code::InvalidRequest, "{operation}");
        }
    }
    // The maximum length of a request, and one byte more.
    let body = |len: usize| format!("{{\"username\":\"{}\"}}", "x".repeat(len - 15));
    assert_eq!(code(&engine, "get_user", &body(1 << 20)), Code::UserNotFound);
    assert_eq!(code(&engine, "get_user", &body((1 << 20) + 1)), Code::InvalidRequest);
}

/// PHP and Lua write a configuration without members as an empty list.
#[test]
fn a_configuration_that_is_an_empty_list() {
    assert!(Config::parse(" [ ] ").is_ok());
    assert!(Config::parse("[[]]").is_err_and(|error| error.code == Code::InvalidConfig));
}

#[test]
fn nesting_without_end() {
    let engine = open("{}", None);
    // More levels than a stack of 2 MiB has frames, if each level took one.
    let lists = "[".repeat(20_000) + &"]".repeat(20_000);
    let objects = "{\"a\":".repeat(20_000) + "1" + &"}".repeat(20_000);
    for operation in names() {
        for deep in [&lists, &objects] {
            assert_eq!(code(&engine, &operation, deep), Code::InvalidRequest, "{operation}");
            assert_eq!(code(&engine, &operation, &deep[..deep.len() - 1]), Code::InvalidJson, "{operation}");
            for field in fields(&operation) {
                let body = format!("{{\"{field}\":{deep}}}");
                assert_eq!(code(&engine, &operation, &body), Code::InvalidRequest, "{operation} {field}");
                let body = format!("{{\"{field}\":{}", &deep[..deep.len() - 1]);
                assert_eq!(code(&engine, &operation, &body), Code::InvalidJson, "{operation} {field}");
            }
        }
    }
    for deep in [&lists, &objects] {
        for config in [deep.clone(), format!("{{\"store\":{deep}}}"), format!("{{\"a\":{deep}}}")] {
            assert_eq!(Config::parse(&config).unwrap_err().code, Code::InvalidConfig);
        }
    }
}

#[test]
fn numbers_and_texts_beyond_what_can_be() {
    let engine = open("{}", None);
    let attributes = |value: &str| {
        let body = r#"{"username":"ada","email":"ada@example.com","password":"","attributes":{"a":?}}"#;
        engine.call("register", &body.replace('?', value)).unwrap_err()
    };
    for bad in [
        "1e400",
        "-1e400",
        &"9".repeat(400),
        r#""\ud800""#,
        r#""\ud800\ud800""#,
        r#""\udc00x""#,
        r#""\u0000""#,
    ] {
        let error = attributes(bad);
        assert_eq!(
            (error.code, error.field.as_deref()),
            (Code::InvalidRequest, Some("/attributes/a")),
            "{bad}"
        );
    }
    for bad in [
        "01",
        "+1",
        ".5",
        "1.",
        "0x1",
        "NaN",
        "Infinity",
        "-",
        "1e",
        "'x'",
        r#""\x""#,
        r#""\u12""#,
        "\"\n\"",
        "\"\0\"",
        "tru",
        "undefined",
        "[1,]",
        "{\"a\"}",
        "{a:1}",
        "/**/1",
    ] {
        assert_eq!(attributes(bad).code, Code::InvalidJson, "{bad}");
    }
    // These are well formed: the empty password is refused.
    for good in [
        "1e308",
        "-0",
        "18446744073709551615",
        "\"123456789012345678901234567890\"",
        "\"\\ud83d\\ude00\"",
        "[[[{}]]]",
        "null",
        "\"\u{2028}\u{7f}\"",
    ] {
        assert_eq!(attributes(good).field.as_deref(), Some("/password"), "{good}");
    }
    // An integer beyond 64 bits would come back as another number.
    for bad in ["18446744073709551616", "-9223372036854775809", "[[{\"a\":123456789012345678901234567890}]]"]
    {
        assert_eq!((attributes(bad).code, attributes(bad).field), (Code::InvalidRequest, None), "{bad}");
    }
    let error = engine.call("issue_token", r#"{"claims":{"sub":"x"},"lifetime_seconds":1e400}"#).unwrap_err();
    assert_eq!((error.code, error.field.as_deref()), (Code::InvalidRequest, Some("/lifetime_seconds")));
}

/// The description names every object of the configuration and of the requests, so that new objects are
/// tested, too.
#[test]
fn unknown_keys_are_refused_in_every_object() {
    let description = doorward::describe();
    let mut places = Vec::new();
    closed_objects(&description, &description["configuration"], String::new(), &mut places);
    assert!(
        ["", "/audit", "/mail/smtp", "/passkeys", "/totp"]
            .iter()
            .all(|place| places.contains(&(*place).into()))
    );
    for place in places {
        let error = Config::parse(&with_unknown_key(&place)).unwrap_err();
        assert_eq!((error.code, error.field), (Code::InvalidConfig, Some(place_of_unknown_key(&place))));
    }
    let engine = open("{}", None);
    for operation in description["operations"].as_array().unwrap() {
        let name = operation["name"].as_str().unwrap();
        let mut places = Vec::new();
        closed_objects(&description, &operation["request"], String::new(), &mut places);
        for place in places {
            let mut request = good_request(name);
            let unknown: Value = serde_json::from_str(&with_unknown_key(&place)).unwrap();
            request.as_object_mut().unwrap().extend(unknown.as_object().unwrap().clone());
            let error = engine.call(name, &request.to_string()).unwrap_err();
            let expected = (Code::InvalidRequest, Some(place_of_unknown_key(&place)));
            assert_eq!((error.code, error.field), expected, "{name}");
        }
    }
}

/// Returns the JSON pointers of the objects of a schema that refuse unknown keys: all but the responses of passkeys.
fn closed_objects(description: &Value, schema: &Value, place: String, places: &mut Vec<String>) {
    let schema = resolved(description, schema);
    if schema["properties"].is_object() {
        // The response of a passkey may have more members in later browsers.
        let is_open = place.ends_with("response") || place.ends_with("webauthn_registration");
        assert_eq!(schema["additionalProperties"], is_open, "{place}");
    }
    if schema["additionalProperties"] == false {
        places.push(place.clone());
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        closed_objects(description, member, format!("{place}/{name}"), places);
    }
    if schema["additionalProperties"].is_object() {
        closed_objects(description, &schema["additionalProperties"], format!("{place}/en"), places);
    }
    for choice in schema["anyOf"].as_array().into_iter().flatten() {
        closed_objects(description, choice, place.clone(), places);
    }
    if schema["items"].is_object() {
        closed_objects(description, &schema["items"], format!("{place}/0"), places);
    }
}

/// Returns the schema itself, or the type that it refers to.
fn resolved<'a>(description: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => description.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// If a text or a boolean is allowed instead of the object, the error names the object and not the key.
fn place_of_unknown_key(place: &str) -> String {
    let is_one_form_of_several = place.ends_with("/auto_register") || place.ends_with("/exclude/0");
    if is_one_form_of_several { place.to_owned() } else { format!("{place}/unknown_key") }
}

/// Returns JSON with an object that has an unknown key at this place, and nothing else.
fn with_unknown_key(place: &str) -> String {
    let wrap = |inner: Value, name: &str| if name == "0" { json!([inner]) } else { json!({ name: inner }) };
    place.rsplit('/').filter(|name| !name.is_empty()).fold(json!({"unknown_key": 1}), wrap).to_string()
}

#[test]
fn attributes_have_a_bound() {
    let engine = open("{}", None);
    let register = |len: usize| {
        let attributes = json!({"a": "x".repeat(len - r#"{"a":""}"#.len())});
        let request = json!({"username": "ada", "email": "a@example.com", "password": "eight wise words", "attributes": attributes});
        engine.call("register", &request.to_string())
    };
    let error = register(16_385).unwrap_err();
    assert_eq!((error.code, error.field.as_deref()), (Code::InvalidRequest, Some("/attributes")));
    assert!(register(16_384).is_ok());
}

/// Invalid UTF-8 cannot reach Rust; through the C ABI it can.
#[test]
fn texts_that_are_not_utf8() {
    let mut engine = null_mut();
    let mut response = null_mut();
    let code = |status: i32, response: &mut *mut c_char| {
        let body: Value =
            serde_json::from_str(unsafe { CStr::from_ptr(*response) }.to_str().unwrap()).unwrap();
        unsafe { doorward_free(*response) };
        assert_eq!(status, DOORWARD_MISUSE, "{body}");
        body["error"]["code"].as_str().unwrap().to_owned()
    };
    let config = CString::new(config("{}")).unwrap();
    let opened = unsafe { doorward_open(config.as_ptr(), null(), &mut engine, &mut response) };
    assert_eq!(opened, DOORWARD_OK);
    unsafe { doorward_free(response) };
    for bad in [
        &b"{\"token\":\"\xff\"}"[..],
        b"\xc0\x80",
        b"{\"token\":\"\xed\xa0\x80\"}",
        b"{}\xf4\x90\x80\x80",
        b"\xe2\x82",
    ] {
        let bad = CString::new(bad).unwrap();
        let status = unsafe { doorward_call(engine, c"verify".as_ptr(), bad.as_ptr(), &mut response) };
        assert_eq!(code(status, &mut response), "invalid_utf8");
        let status = unsafe { doorward_verify(engine, bad.as_ptr(), &mut response) };
        assert_eq!(code(status, &mut response), "invalid_utf8");
        let status = unsafe { doorward_call(engine, bad.as_ptr(), c"{}".as_ptr(), &mut response) };
        assert_eq!(code(status, &mut response), "invalid_utf8");
        let mut none = null_mut();
        let status = unsafe { doorward_open(bad.as_ptr(), null(), &mut none, &mut response) };
        assert_eq!(code(status, &mut response), "invalid_utf8");
        assert!(none.is_null());
    }
    unsafe { doorward_release(engine) };
}

/// A password in a wrong field, or one that makes the request invalid, is not repeated.
#[test]
fn no_answer_and_no_log_record_repeats_a_value() {
    let records = Arc::new(Mutex::new(Vec::new()));
    let engine = open(r#"{"throttle": {"account_failures": 3}}"#, Some(Arc::clone(&records)));
    let mut refused = 0;
    for operation in names() {
        let mut bodies = vec![
            format!("{MARKER}"),
            format!("\"{MARKER}\""),
            format!("[\"{MARKER}\"]"),
            format!("{{\"{MARKER}"),
            format!("{{}} \"{MARKER}\""),
        ];
        let good = good_request(&operation);
        for field in fields(&operation) {
            for value in hostile_values() {
                let mut request = good.clone();
                request[&field] = value.clone();
                bodies.push(request.to_string());
                // Truncated, and given twice.
                let text = json!({&field: &value}).to_string();
                bodies.push(text[..text.len() - 1].to_owned());
                bodies.push(format!("{},{}", &text[..text.len() - 1], &text[1..]));
            }
        }
        for body in bodies {
            match engine.call(&operation, &body) {
                Ok(_) if operation == "backup" => {
                    let request: Value = serde_json::from_str(&body).unwrap();
                    std::fs::remove_file(request["path"].as_str().unwrap()).unwrap();
                }
                Ok(_) => {}
                Err(error) => {
                    refused += 1;
                    for text in [error.to_json(), error.to_string(), format!("{error:?}")] {
                        assert!(!text.contains(MARKER), "{operation} {body}: {text}");
                    }
                }
            }
        }
    }
    let records = records.lock().unwrap();
    assert_eq!(records.len(), refused);
    for record in records.iter() {
        assert!(!record.contains(MARKER), "{record}");
        assert!(serde_json::from_str::<Value>(record).unwrap()["code"].is_string());
    }
}

#[test]
fn no_failure_to_open_repeats_a_value() {
    let description = doorward::describe();
    let configuration = resolved(&description, &description["configuration"]);
    for (name, schema) in configuration["properties"].as_object().unwrap() {
        let inner = resolved(&description, schema)["properties"].as_object().into_iter().flatten();
        for value in hostile_values() {
            let mut configs = vec![json!({ name: &value })];
            configs.extend(inner.clone().map(|(inner, _)| json!({ name: { inner: &value } })));
            for config in configs {
                let opened = Config::parse(&config.to_string());
                // A value that is a valid issuer need not make opening fail.
                let Err(error) = opened else { continue };
                for text in [error.to_json(), error.to_string(), format!("{error:?}")] {
                    assert!(!text.contains(MARKER), "{config}: {text}");
                }
            }
        }
    }
    let folder = std::env::temp_dir().join("no such folder");
    for (config, is_path) in [
        (json!({"store": format!("sqlite:{}/{MARKER}/x.db", folder.display())}), true),
        (json!({"store": "sqlite::memory:", "secret_key_file": folder.join(MARKER)}), true),
        (
            json!({"store": format!("postgres://u:{MARKER}@localhost/x"), "secret_key": MARKER.repeat(3)}),
            false,
        ),
        (json!({"store": "sqlite::memory:", "secret_key": MARKER}), false),
        (json!({"store": "sqlite::memory:", "secret_keys": [MARKER.repeat(3), MARKER]}), false),
    ] {
        let config = Config::parse(&config.to_string()).unwrap();
        // A path is not secret.
        assert!(is_path || !format!("{config:?}").contains(MARKER), "{config:?}");
        let mut error = Engine::open(config, Hooks::default()).err().unwrap();
        if is_path {
            // An error of a file names the file to the host.
            error.detail = None;
        }
        for text in [error.to_json(), error.to_string(), format!("{error:?}")] {
            assert!(!text.contains(MARKER), "{text}");
        }
    }
}

#[test]
fn debug_shows_no_secret() {
    let shown = [
        debug::<RegisterRequest>(
            json!({"username": "ada", "email": format!("{MARKER}@example.com"), "password": MARKER}),
        ),
        debug::<ImportUsersRequest>(
            json!({"users": [{"username": MARKER, "email": MARKER, "password_hash": MARKER, "roles": [MARKER]}]}),
        ),
        debug::<LoginRequest>(
            json!({"username": "ada", "password": MARKER, "client": {"device_id": MARKER}}),
        ),
        debug::<HashPasswordRequest>(json!({"password": MARKER})),
        debug::<VerifyPasswordRequest>(json!({"password": MARKER, "hash": MARKER})),
        debug::<CheckPasswordRequest>(json!({"password": MARKER, "user_inputs": [MARKER]})),
        debug::<ChangePasswordRequest>(
            json!({"token": MARKER, "old_password": MARKER, "new_password": MARKER}),
        ),
        debug::<SetPasswordRequest>(
            json!({"user_id": "01890a5d-ac96-774b-bcce-b302099a8057", "new_password": MARKER}),
        ),
        debug::<CompleteLoginRequest>(json!({"challenge": MARKER, "new_password": MARKER})),
        debug::<LoginWithIdTokenRequest>(json!({"id_token": MARKER, "nonce": MARKER})),
        debug::<LogoutRequest>(json!({"token": MARKER, "refresh_token": MARKER})),
        debug::<VerifyRequest>(json!({"token": MARKER})),
        debug::<AuthenticateRequest>(json!({"token": MARKER, "authorization": MARKER})),
        debug::<IntrospectRequest>(json!({"token": MARKER})),
        debug::<AuthenticateRequestRequest>(
            json!({"method": "GET", "path": "/", "token": MARKER, "authorization": MARKER, "cookies": {"a": MARKER}}),
        ),
        debug::<IntrospectRemoteRequest>(json!({"token": MARKER})),
        debug::<RequestEmailVerificationRequest>(json!({"email": format!("{MARKER}@example.com")})),
        debug::<RequestPasswordResetRequest>(json!({"email": format!("{MARKER}@example.com")})),
        debug::<ResetPasswordRequest>(json!({"token": MARKER, "new_password": MARKER})),
        debug::<VerifyEmailRequest>(json!({"token": MARKER})),
        debug::<CheckMailTokenRequest>(json!({"token": MARKER})),
    ];
    for text in shown {
        assert!(text.contains("Request {") && !text.contains(MARKER), "{text}");
    }
    for credentials in [json!({"bearer": MARKER}), json!({"basic": {"username": "a", "password": MARKER}})] {
        let mut service = json!({"url": format!("https://a.example/x?key={MARKER}")});
        service.as_object_mut().unwrap().extend(credentials.as_object().unwrap().clone());
        let config = Config::parse(&json!({"introspection_service": service}).to_string()).unwrap();
        let shown = format!("{config:?}");
        assert!(shown.contains("https://a.example/x") && !shown.contains(MARKER), "{shown}");
    }
    let engine = open("{}", None);
    let request = |value: Value| value.to_string();
    let hash = request(json!({"password": MARKER}));
    let hash = engine.hash_password(serde_json::from_str(&hash).unwrap()).unwrap();
    assert!(!format!("{hash:?}").contains("$argon2id$"));
    let register =
        request(json!({"username": "ada", "email": "ada@example.com", "password": "eight wise words"}));
    engine.register(serde_json::from_str(&register).unwrap()).unwrap();
    let login = request(json!({"username": "ada", "password": "eight wise words"}));
    let Login::Session(login) = engine.login(serde_json::from_str(&login).unwrap()).unwrap() else {
        panic!()
    };
    let shown = format!("{login:?}");
    assert!(shown.contains("LoginResponse {"));
    for secret in
        [login.access_token.expose(), login.refresh_token.as_ref().unwrap().expose(), "ada@example.com"]
    {
        assert!(!shown.contains(secret), "{shown}");
    }
    let must_change = request(json!({"id": login.user.id, "must_change_password": true}));
    engine.update_user(serde_json::from_str(&must_change).unwrap()).unwrap();
    let login = request(json!({"username": "ada", "password": "eight wise words"}));
    let Login::StepUp(step) = engine.login(serde_json::from_str(&login).unwrap()).unwrap() else { panic!() };
    let error = engine.call("login", &login).unwrap_err();
    for challenge in [&step.challenge, &error.step_up.as_ref().unwrap().challenge] {
        for shown in [format!("{step:?}"), format!("{error:?}"), error.to_string()] {
            assert!(shown.contains("hange") && !shown.contains(challenge.expose()), "{shown}");
        }
    }
    assert!(error.to_json().contains(error.step_up.as_ref().unwrap().challenge.expose()));
}

fn debug<'a, T: serde::Deserialize<'a> + std::fmt::Debug>(request: Value) -> String {
    let text: &'static str = request.to_string().leak();
    format!("{:?}", serde_json::from_str::<T>(text).unwrap())
}

/// The marker in every type, and in texts that look like ends and middles of error messages.
fn hostile_values() -> Vec<Value> {
    vec![
        json!(MARKER),
        json!([MARKER]),
        json!([[MARKER]]),
        json!({"a": MARKER}),
        json!({"a": [MARKER, {"b": MARKER}]}),
        json!(format!("{MARKER}\0")),
        json!(format!("x, expected {MARKER}")),
        json!(format!("x, expected {MARKER} at line 1 column 1")),
        json!(format!("unknown field `{MARKER}`")),
        json!(format!("missing field `{MARKER}`, expected `{MARKER}`")),
        json!([format!("x, expected {MARKER} at line 1 column 1")]),
        json!(MARKER.repeat(1000)),
    ]
}

/// Returns a request whose fields can be replaced one by one.
fn good_request(operation: &str) -> Value {
    match operation {
        "register" => json!({"username": "ada", "email": "ada@example.com", "password": "x"}),
        "import_users" => json!({"users": []}),
        "hash_password" => json!({"password": "x"}),
        "verify_password" => json!({"password": "x", "hash": "x"}),
        "check_password" => json!({"password": "x"}),
        "change_password" => json!({"token": "x", "old_password": "x", "new_password": "x"}),
        "set_password" => json!({"user_id": "01890a5d-ac96-774b-bcce-b302099a8057", "new_password": "x"}),
        "login" => json!({"username": "ada", "password": "x"}),
        "complete_login" => json!({"challenge": "x", "new_password": "x"}),
        "login_with_id_token" => json!({"id_token": "x"}),
        "verify" | "introspect" | "introspect_remote" | "authorize" | "revoke_token" => json!({"token": "x"}),
        "refresh" => json!({"refresh_token": "x"}),
        "update_user" | "delete_user" | "export_user" => {
            json!({"id": "01890a5d-ac96-774b-bcce-b302099a8057"})
        }
        "list_sessions" | "revoke_user_sessions" | "setup_totp" | "totp_status" | "recovery_codes_status" => {
            json!({"user_id": "01890a5d-ac96-774b-bcce-b302099a8057"})
        }
        "lock_user" | "remove_second_factors" => {
            json!({"user_id": "01890a5d-ac96-774b-bcce-b302099a8057", "reason": "x"})
        }
        "generate_recovery_codes" => json!({"token": "x"}),
        "confirm_totp" | "disable_totp" => {
            json!({"user_id": "01890a5d-ac96-774b-bcce-b302099a8057", "code": "x"})
        }
        "totp_provisioning_uri" => json!({"secret": "JBSWY3DPEHPK3PXP", "email": "ada@example.com"}),
        "verify_totp" => json!({"secret": "JBSWY3DPEHPK3PXP", "code": "x"}),
        "reauthenticate" => json!({"token": "x", "password": "x"}),
        "revoke_session" => json!({"session_id": "01890a5d-ac96-774b-bcce-b302099a8057"}),
        "reset_password" => json!({"token": "x", "new_password": "x"}),
        "request_email_verification" | "request_password_reset" | "request_login_code" | "invite_user" => {
            json!({"email": "ada@example.com"})
        }
        "request_email_change" => {
            json!({"user_id": "01890a5d-ac96-774b-bcce-b302099a8057", "new_email": "ada@example.com"})
        }
        "verify_email" | "check_mail_token" | "login_with_mail_token" | "accept_invitation" => {
            json!({"token": "x"})
        }
        "acknowledge_mail" => json!({"id": "01890a5d-ac96-774b-bcce-b302099a8057", "delivered": true}),
        "begin_passkey_registration" | "list_passkeys" => {
            json!({"user_id": "01890a5d-ac96-774b-bcce-b302099a8057"})
        }
        "finish_passkey_registration" => json!({"challenge": "x", "response": {
            "id": "AA", "rawId": "AA", "type": "public-key",
            "response": {"clientDataJSON": "AA", "attestationObject": "AA"}}}),
        "finish_passkey_login" => json!({"challenge": "x", "response": {
            "id": "AA", "rawId": "AA", "type": "public-key",
            "response": {"clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA"}}}),
        "remove_passkey" => {
            json!({"user_id": "01890a5d-ac96-774b-bcce-b302099a8057", "credential_id": "AA"})
        }
        "authenticate_request" => json!({"method": "GET", "path": "/"}),
        "issue_token" => json!({"claims": {"sub": ""}}),
        _ => json!({}),
    }
}

fn names() -> Vec<String> {
    let description = doorward::describe();
    let operations = description["operations"].as_array().unwrap();
    operations.iter().map(|operation| operation["name"].as_str().unwrap().to_owned()).collect()
}

/// Returns the fields of an operation's request.
fn fields(operation: &str) -> Vec<String> {
    let description = doorward::describe();
    let operations = description["operations"].as_array().unwrap();
    let row = operations.iter().find(|row| row["name"] == operation).unwrap();
    let request = resolved(&description, &row["request"]);
    request["properties"].as_object().into_iter().flat_map(|fields| fields.keys().cloned()).collect()
}

fn code(engine: &Engine, operation: &str, body: &str) -> Code {
    match engine.call(operation, body) {
        Err(error) => error.code,
        Ok(reply) => panic!("{operation}: {reply}"),
    }
}

/// Returns a configuration in memory, with cheap hashes.
fn config(patch: &str) -> String {
    let mut config: Value = serde_json::from_str(patch).unwrap();
    config["store"] = "sqlite::memory:".into();
    config["password"] = json!({"memory_kib": 8, "iterations": 1});
    config.to_string()
}

fn open(patch: &str, records: Option<Arc<Mutex<Vec<String>>>>) -> Engine {
    let log = records.map(|records| -> Box<doorward::Log> {
        Box::new(move |_, record| records.lock().unwrap().push(record.to_owned()))
    });
    let mut hooks = Hooks::new();
    hooks.log = log;
    Engine::open(Config::parse(&config(patch)).unwrap(), hooks).unwrap()
}
