//! Tests of logins at a provider on loopback that is hostile or broken. bindings/python/tests/test_providers.py uses
//! independent providers.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::{Code, Error};
use serde_json::{Value, json};

use crate::id_tokens::stage::{Key, PASSWORD, Stage, base64, claims_of};
use crate::provider_presets::client_key;
use crate::services::Service;
use crate::stores::Store;

const CALLBACK: &str = "https://app.example/callback";

/// A provider, and what it answers at each path.
struct Provider {
    service: Service,
    answers: Arc<Mutex<BTreeMap<String, String>>>,
    /// Where a request that is "held" waits twice: when it has arrived, and for its refusal.
    gate: Arc<Barrier>,
    /// The time that it takes for everything but its metadata.
    delay: Arc<Mutex<Duration>>,
    key: Key,
}

impl Provider {
    fn new() -> Provider {
        let answers = Arc::new(Mutex::new(BTreeMap::<String, String>::new()));
        let said = Arc::clone(&answers);
        let gate = Arc::new(Barrier::new(2));
        let held = Arc::clone(&gate);
        let delay = Arc::new(Mutex::new(Duration::ZERO));
        let taken = Arc::clone(&delay);
        let service = Service::start(move |request, stream| {
            let read = request.read(stream);
            let path = read.head.split(' ').nth(1).unwrap_or_default();
            let answer = said.lock().unwrap().get(path).cloned().unwrap_or_default();
            if !path.starts_with("/.well-known/") {
                let time = *taken.lock().unwrap();
                thread::sleep(time);
            }
            match answer.as_str() {
                "slow" => request.wait_for_end(stream),
                "held" => {
                    held.wait();
                    held.wait();
                    let refusal = r#"{"error":"invalid_grant"}"#;
                    let head = format!("HTTP/1.1 400 Bad\r\ncontent-length: {}\r\n\r\n", refusal.len());
                    drop(stream.write_all(format!("{head}{refusal}").as_bytes()));
                }
                answer => drop(stream.write_all(answer.as_bytes())),
            }
        });
        let provider = Provider { service, answers, gate, delay, key: Key::new("ES256", "k") };
        provider.answer("/.well-known/openid-configuration", &provider.metadata());
        provider.answer("/jwks", &provider.key.set().to_string());
        provider
    }

    fn issuer(&self) -> String {
        format!("http://{}", self.service.address)
    }

    fn metadata(&self) -> String {
        let at = |path: &str| format!("{}/{path}", self.issuer());
        json!({
            "issuer": self.issuer(),
            "authorization_endpoint": at("authorize"),
            "token_endpoint": at("token"),
            "userinfo_endpoint": at("userinfo"),
            "jwks_uri": at("jwks"),
        })
        .to_string()
    }

    fn answer(&self, path: &str, body: &str) {
        self.says(path, &format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
    }

    fn says(&self, path: &str, answer: &str) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer.to_owned());
    }

    fn stage(&self) -> Stage {
        self.stage_that_waits(1000)
    }

    fn stage_that_waits(&self, timeout_ms: u32) -> Stage {
        let own = json!({
            "issuer": self.issuer(), "client_id": "app", "client_secret": "s", "algorithms": ["ES256"],
            "auto_register": true, "timeout_ms": timeout_ms,
        });
        Stage::of(&Store::sqlite(), json!({"id": own}))
    }

    /// Answers the code of this login by an ID token.
    fn signs_in(&self, begun: &Begun) {
        self.answer("/token", &json!({"id_token": self.key.sign(&self.claims(begun))}).to_string());
    }

    fn claims(&self, begun: &Begun) -> Value {
        claims_of(json!({
            "iss": self.issuer(), "sub": "1", "email": "ada@example.com", "nonce": begun.parameter("nonce"),
        }))
    }
}

/// A login that began.
struct Begun(Value);

impl Begun {
    fn parameter(&self, name: &str) -> String {
        let url = self.0["authorization_url"].as_str().unwrap();
        let (_, query) = url.split_once('?').unwrap();
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).unwrap().1.to_owned()
    }

    fn finish(&self, stage: &Stage) -> Result<Value, Error> {
        self.finish_from(stage, json!({}))
    }

    fn finish_from(&self, stage: &Stage, client: Value) -> Result<Value, Error> {
        let query = format!("code=c&state={}", self.parameter("state"));
        stage.call(
            "finish_provider_login",
            json!({
                "transaction": self.0["transaction"], "query": query, "redirect_uri": CALLBACK, "client": client,
            }),
        )
    }
}

fn begin(stage: &Stage) -> Result<Begun, Error> {
    stage.call("begin_provider_login", json!({"redirect_uri": CALLBACK})).map(Begun)
}

#[test]
fn metadata_that_are_none() {
    let provider = Provider::new();
    let stage = provider.stage();
    let of = |change: Value| {
        let mut metadata: Value = serde_json::from_str(&provider.metadata()).unwrap();
        metadata.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let metadata = metadata.to_string();
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{metadata}", metadata.len())
    };
    for (answer, reason) in [
        (of(json!({"issuer": "https://id.example"})), "wrong_issuer"),
        (of(json!({"issuer": format!("{}/", provider.issuer())})), "wrong_issuer"),
        (of(json!({"token_endpoint": "http://192.0.2.1/token"})), "bad_endpoint"),
        (of(json!({"token_endpoint": "file:///etc/passwd"})), "bad_endpoint"),
        (of(json!({"token_endpoint": null})), "missing_endpoint"),
        (of(json!({"jwks_uri": ["a"]})), "bad_endpoint"),
        (of(json!({"filler": "x".repeat(600_000)})), "answer_too_long"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>".to_owned(), "not_json"),
        ("HTTP/1.1 301 Moved\r\nlocation: /\r\ncontent-length: 0\r\n\r\n".to_owned(), "http_status_301"),
    ] {
        provider.says("/.well-known/openid-configuration", &answer);
        let error = begin(&stage).err().unwrap();
        assert_eq!((error.code, error.detail.as_deref()), (Code::AuthServiceUnavailable, Some(reason)));
        stage.now.fetch_add(10, std::sync::atomic::Ordering::SeqCst);
    }
    // Any number of strangers cause one request in ten seconds.
    let before = provider.service.requests().len();
    assert!((0..20).all(|_| begin(&stage).is_err()));
    assert_eq!(provider.service.requests().len(), before + 1);
    stage.now.fetch_add(10, std::sync::atomic::Ordering::SeqCst);
    provider.says("/.well-known/openid-configuration", &of(json!({})));
    assert_eq!(begin(&stage).unwrap().parameter("client_id"), "app");
}

#[test]
fn answers_to_a_code_that_are_none() {
    let provider = Provider::new();
    let stage = provider.stage();
    let begun = begin(&stage).unwrap();
    let refused = |code: Code, reason: &str| {
        let error = begun.finish(&stage).unwrap_err();
        assert_eq!((error.code, error.detail.as_deref()), (code, Some(reason)));
    };
    for (answer, reason) in [
        ("slow", "timeout"),
        ("", "broken_answer"),
        ("HTTP/1.1 302 Found\r\nlocation: /jwks\r\ncontent-length: 0\r\n\r\n", "http_status_302"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\u{80}", "not_json"),
    ] {
        provider.says("/token", answer);
        refused(Code::AuthServiceUnavailable, reason);
    }
    provider.answer("/token", &json!({"id_token": "x".repeat(65_536)}).to_string());
    refused(Code::AuthServiceUnavailable, "answer_too_long");

    let claims = provider.claims(&begun);
    let unsigned = format!("{}.{}.", base64(br#"{"alg":"none"}"#), base64(claims.to_string().as_bytes()));
    let mut of_another_login = claims.clone();
    of_another_login["nonce"] = json!("another");
    for (token, reason) in [
        (unsigned, "wrong_algorithm"),
        (Key::new("ES256", "k").sign(&claims), "bad_signature"),
        (provider.key.sign(&of_another_login), "wrong_nonce"),
    ] {
        provider.answer("/token", &json!({"id_token": token}).to_string());
        refused(Code::InvalidToken, reason);
    }
    provider.signs_in(&begun);
    assert_eq!(begun.finish(&stage).unwrap()["created"], true);
    // What was spent is not sent to the provider again.
    let before = provider.service.requests().len();
    refused(Code::InvalidChallenge, "spent");
    assert_eq!(provider.service.requests().len(), before);
    let form = provider.service.requests().into_iter().rfind(|request| !request.body.is_empty()).unwrap();
    assert_eq!(form.field("redirect_uri").as_deref(), Some(CALLBACK));
    assert_eq!(form.field("code_verifier").unwrap().len(), 43);
}

/// Keys, token and userinfo: each of them arrives in time, but all of them together do not.
#[test]
fn one_deadline_for_all_exchanges_of_a_login() {
    for (timeout_ms, is_in_time) in [(500, false), (60_000, true)] {
        let provider = Provider::new();
        let stage = provider.stage_that_waits(timeout_ms);
        let begun = begin(&stage).unwrap();
        let mut claims = provider.claims(&begun);
        claims["email"] = Value::Null;
        let token = json!({"id_token": provider.key.sign(&claims), "access_token": "t"});
        provider.answer("/token", &token.to_string());
        provider.answer("/userinfo", r#"{"sub": "1", "email": "ada@example.com"}"#);
        *provider.delay.lock().unwrap() = Duration::from_millis(200);
        match begun.finish(&stage) {
            Ok(login) => assert!(is_in_time && login["user"]["email"] == "ada@example.com"),
            Err(error) => {
                let expected = (Code::AuthServiceUnavailable, Some("timeout"));
                assert_eq!(
                    (error.code, error.detail.as_deref(), is_in_time),
                    (expected.0, expected.1, false)
                );
            }
        }
    }
}

/// A code is not sent while the keys that its ID token needs cannot be had: the browser may come back again.
#[test]
fn no_code_is_spent_without_keys() {
    let provider = Provider::new();
    let stage = provider.stage();
    let begun = begin(&stage).unwrap();
    provider.signs_in(&begun);
    provider.says("/jwks", "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
    let error = begun.finish(&stage).unwrap_err();
    assert_eq!(
        (error.code, error.detail.as_deref()),
        (Code::AuthServiceUnavailable, Some("http_status_503"))
    );
    assert!(provider.service.requests().iter().all(|request| request.body.is_empty()));
    provider.answer("/jwks", &provider.key.set().to_string());
    stage.now.fetch_add(10, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(begun.finish(&stage).unwrap()["created"], true);
}

#[test]
fn a_login_is_for_an_organization_of_its_user() {
    let provider = Provider::new();
    let stage = provider.stage();
    let begin = |organization: &Value| {
        let request = json!({"redirect_uri": CALLBACK, "organization_id": organization});
        let begun = stage.call("begin_provider_login", request).map(Begun).unwrap();
        provider.signs_in(&begun);
        begun
    };
    let ada = begin(&Value::Null).finish(&stage).unwrap()["user"]["id"].clone();
    let created = stage.call("create_organization", json!({"name": "Analysts", "owner_id": ada})).unwrap();
    let own = &created["organization"]["id"];
    assert_eq!(&begin(own).finish(&stage).unwrap()["organization_id"], own);
    let error = begin(&ada).finish(&stage).unwrap_err();
    assert_eq!((error.code, error.detail.as_deref()), (Code::PermissionDenied, Some("not_a_member")));
}

#[test]
fn a_transaction_is_spent_once() {
    let provider = Provider::new();
    let stage = provider.stage();
    let begun = begin(&stage).unwrap();
    provider.signs_in(&begun);
    let together = Barrier::new(8);
    let won = thread::scope(|scope| {
        let finish = || {
            together.wait();
            begun.finish(&stage)
        };
        let all: Vec<_> = (0..8).map(|_| scope.spawn(finish)).collect();
        let all: Vec<_> = all.into_iter().map(|it| it.join().unwrap()).collect();
        assert!(all.iter().flatten().all(|login| login["created"] == true));
        all.iter().filter(|it| it.is_ok()).count()
    });
    assert_eq!(won, 1);
}

#[test]
fn a_code_that_is_sent_twice_is_no_guess() {
    let provider = Provider::new();
    let stage = provider.stage_that_waits(60_000);
    let begun = begin(&stage).unwrap();
    provider.says("/token", "held");
    let error = thread::scope(|scope| {
        let late = scope.spawn(|| begun.finish(&stage));
        provider.gate.wait();
        provider.signs_in(&begun);
        assert_eq!(begun.finish(&stage).unwrap()["created"], true);
        provider.gate.wait();
        late.join().unwrap().unwrap_err()
    });
    assert_eq!((error.code, error.detail.as_deref()), (Code::InvalidCredentials, Some("invalid_grant")));
    let failed = json!({"kind": "login_failed"});
    assert_eq!(stage.call("events", failed).unwrap()["events"], json!([]));
}

#[test]
fn an_account_that_may_not_be_entered_is_recorded_and_counted() {
    let provider = Provider::new();
    let stage = provider.stage();
    let begun = begin(&stage).unwrap();
    provider.signs_in(&begun);
    let id = begun.finish(&stage).unwrap()["user"]["id"].clone();
    stage.call("update_user", json!({"id": id, "is_active": false})).unwrap();
    let begun = begin(&stage).unwrap();
    provider.signs_in(&begun);
    let error = begun.finish(&stage).unwrap_err();
    assert_eq!((error.code, error.detail.as_deref()), (Code::InvalidCredentials, Some("inactive_user")));
    // The transaction is spent, and the refusal kept.
    assert_eq!(begun.finish(&stage).unwrap_err().code, Code::InvalidChallenge);
    let failed = stage.call("events", json!({"kind": "login_failed"})).unwrap()["events"].clone();
    assert_eq!(failed.as_array().unwrap().len(), 1, "{failed}");
    assert_eq!((&failed[0]["user_id"], &failed[0]["detail"]), (&id, &json!("inactive_user")));
    // An ID token that the host brings is recorded once, too.
    let token = provider.key.sign(&claims_of(json!({"iss": provider.issuer(), "sub": "1"})));
    assert_eq!(stage.login(&token).unwrap_err().code, Code::InvalidCredentials);
    let failed = stage.call("events", json!({"kind": "login_failed"})).unwrap()["events"].clone();
    assert_eq!(failed.as_array().unwrap().len(), 2, "{failed}");
    // The source is locked after as many as wrong passwords.
    let refused = || {
        let begun = begin(&stage).unwrap();
        provider.signs_in(&begun);
        begun.finish_from(&stage, json!({"ip": "192.0.2.1"})).unwrap_err().code
    };
    let codes: Vec<Code> = (0..=SOURCE_FAILURES).map(|_| refused()).collect();
    let (last, counted) = codes.split_last().unwrap();
    assert!(counted.iter().all(|code| *code == Code::InvalidCredentials), "{codes:?}");
    assert_eq!(*last, Code::TooManyAttempts);
}

/// The default of `throttle.source_failures`.
const SOURCE_FAILURES: usize = 100;

/// A provider without ID tokens, whose responses the host brings.
fn stage_of_host(settings: Value) -> Stage {
    let at = |path: &str| format!("https://code.example/{path}");
    let own = json!({
        "issuer": "https://code.example", "client_id": "app", "exchange": "host", "userinfo": {"subject": "/id"},
        "authorization_endpoint": at("a"), "token_endpoint": at("t"), "userinfo_endpoint": at("u"),
    });
    let mut patch = json!({"id_token_providers": {"id": own}});
    patch.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    Stage::open(&Store::sqlite(), patch)
}

fn said(body: Value) -> Value {
    json!({"status": 200, "body": body.to_string()})
}

/// Registers Ada, logs her in with these claims, and returns the session.
fn ada(stage: &Stage, claims: Value) -> Value {
    let ada = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
    stage.call("register", ada).unwrap();
    stage.call("login", json!({"username": "ada", "password": PASSWORD, "claims": claims})).unwrap()
}

/// Begins to link an identity, and returns the request that finishes it.
fn linking(stage: &Stage, token: &Value, subject: u32) -> Value {
    let begin = json!({"redirect_uri": CALLBACK, "user_token": token});
    let begun = stage.call("begin_provider_login", begin).unwrap();
    let query = format!("code=c&state={}", begun["state"].as_str().unwrap());
    let received = [said(json!({"access_token": "t"})), said(json!({"id": subject}))];
    json!({
        "transaction": begun["transaction"], "query": query, "redirect_uri": CALLBACK, "user_token": token,
        "received": received,
    })
}

/// The refusal leaves no identity, no event and no mail, and spends nothing.
#[test]
fn no_identity_is_linked_for_a_token_that_would_be_too_long() {
    let audience: Vec<String> = (0..40).map(|index| format!("{index:0100}")).collect();
    let stage = stage_of_host(json!({"audience": audience}));
    let session = ada(&stage, json!({"long": "x".repeat(4000)}));
    let id = &session["user"]["id"];
    let roles: Vec<String> = (0..64).map(|index| format!("{index:064}")).collect();
    stage.call("update_user", json!({"id": id, "roles": roles})).unwrap();
    let finish = linking(&stage, &session["access_token"], 1);
    let error = stage.call("finish_provider_login", finish.clone()).unwrap_err();
    assert_eq!((error.code, error.field.as_deref()), (Code::InvalidRequest, Some("/claims")));
    let linked = || {
        let identities = stage.call("list_identities", json!({"user_id": id})).unwrap();
        let events = stage.call("events", json!({"user_id": id, "kind": "identity_linked"})).unwrap();
        let mails = stage.call("take_mail", json!({})).unwrap();
        let mails = mails["mails"].as_array().unwrap().iter();
        let told = mails.filter(|mail| mail["kind"] == "identity_linked").count();
        [identities["identities"].as_array().unwrap().len(), events["events"].as_array().unwrap().len(), told]
    };
    assert_eq!(linked(), [0, 0, 0]);
    stage.call("update_user", json!({"id": id, "roles": []})).unwrap();
    assert_eq!(stage.call("finish_provider_login", finish).unwrap()["linked"], true);
    assert_eq!(linked(), [1, 1, 1]);
}

#[test]
fn an_account_has_twenty_identities_at_most() {
    let stage = stage_of_host(json!({}));
    let token = ada(&stage, json!({}))["access_token"].clone();
    let link = |subject: u32| stage.call("finish_provider_login", linking(&stage, &token, subject));
    assert!((1..=20).all(|subject| link(subject).unwrap()["linked"] == true));
    let error = link(21).unwrap_err();
    assert_eq!((error.code, error.detail.as_deref()), (Code::PermissionDenied, Some("too_many_identities")));
    // What is linked already is no more than before.
    assert_eq!(link(20).unwrap()["linked"], true);
}

#[test]
fn a_key_where_each_tenant_is_an_issuer() {
    let own =
        json!({"preset": "microsoft", "client_id": "app", "client_key": client_key(), "exchange": "host"});
    let stage = Stage::of(&Store::sqlite(), json!({"id": own}));
    let begun = begin(&stage).unwrap();
    let query = format!("code=c&state={}", begun.parameter("state"));
    let next = json!({"transaction": begun.0["transaction"], "query": query, "redirect_uri": CALLBACK});
    let send = stage.call("next_provider_request", next).unwrap()["send"].clone();
    let body = send["body"].as_str().unwrap();
    assert!(!body.contains("client_secret"));
    let (_, assertion) = body.split_once("&client_assertion=").unwrap();
    let claims = URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("app"), &send["url"]));
}
