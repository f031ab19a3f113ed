//! Whole ceremonies with 1Password's client and authenticator, which read the options and write the responses.

#![cfg(test)]

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use doorward::{Config, Engine, Hooks};
use passkey::authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey::client::{Client, DefaultClientData};
use passkey::crypto::aws_lc_rs::AwsLcRsBackend;
use passkey::types::Passkey;
use passkey::types::ctap2::{Aaguid, Ctap2Error};
use passkey::types::webauthn::{CredentialCreationOptions, CredentialRequestOptions};
use serde_json::{Value, json};
use url::Url;

/// A user who is present and verified, but makes no second passkey for one account.
struct User;

type Checked<'f> = Pin<Box<dyn Future<Output = Result<UserCheck, Ctap2Error>> + Send + 'f>>;

impl UserValidationMethod for User {
    type PasskeyItem = Passkey;

    fn check_user<'a, 'life0, 'async_trait>(
        &'life0 self,
        hint: UiHint<'a, Passkey>,
        presence: bool,
        verification: bool,
    ) -> Checked<'async_trait>
    where
        'a: 'async_trait,
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        let is_excluded = matches!(hint, UiHint::InformExcludedCredentialFound(_));
        let check = match is_excluded {
            true => Err(Ctap2Error::CredentialExcluded),
            false => Ok(UserCheck { presence, verification }),
        };
        Box::pin(async move { check })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

/// A browser with an authenticator that keeps one passkey.
struct Browser {
    passkey: Option<Passkey>,
    counts: bool,
}

impl Browser {
    fn new(counts: bool) -> Browser {
        Browser { passkey: None, counts }
    }

    fn authenticator(&self) -> Authenticator<Option<Passkey>, User, AwsLcRsBackend> {
        let passkey = self.passkey.clone();
        let mut authenticator = Authenticator::new(Aaguid::new_empty(), passkey, User, AwsLcRsBackend);
        authenticator.set_make_credentials_with_signature_counter(self.counts);
        authenticator
    }

    fn create(&mut self, options: &Value) -> Result<Value, String> {
        let options: CredentialCreationOptions =
            serde_json::from_value(json!({"publicKey": options})).unwrap();
        let mut client = Client::new(self.authenticator());
        let origin = Url::parse(ORIGIN).unwrap();
        let created = now(client.register(&origin, options, DefaultClientData));
        self.passkey = client.authenticator().store().clone();
        created.map(|created| serde_json::to_value(created).unwrap()).map_err(|error| format!("{error:?}"))
    }

    fn get(&mut self, options: &Value) -> Result<Value, String> {
        let options: CredentialRequestOptions =
            serde_json::from_value(json!({"publicKey": options})).unwrap();
        let mut client = Client::new(self.authenticator());
        let origin = Url::parse(ORIGIN).unwrap();
        let got = now(client.authenticate(&origin, options, DefaultClientData));
        self.passkey = client.authenticator().store().clone();
        got.map(|got| serde_json::to_value(got).unwrap()).map_err(|error| format!("{error:?}"))
    }
}

/// Returns the result of a future that waits for nothing.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

const ORIGIN: &str = "https://login.example.com";

fn call(engine: &Engine, operation: &str, request: Value) -> Value {
    let reply = engine.call(operation, &request.to_string());
    serde_json::from_str(&reply.unwrap_or_else(|error| panic!("{operation}: {error}"))).unwrap()
}

fn refused(engine: &Engine, operation: &str, request: &Value) -> &'static str {
    engine.call(operation, &request.to_string()).unwrap_err().code.name()
}

#[test]
fn a_passkey_is_made_and_logs_in() {
    let config = json!({
        "store": "sqlite::memory:", "password": {"memory_kib": 8, "iterations": 1},
        "passkeys": {"rp_id": "example.com", "rp_name": "Example", "origins": [ORIGIN]},
    });
    let engine = Engine::open(Config::parse(&config.to_string()).unwrap(), Hooks::default()).unwrap();
    let ada = json!({"username": "ada", "email": "ada@example.com", "password": "eight wise words"});
    let user_id = call(&engine, "register", ada)["user"]["id"].clone();
    for counts in [false, true] {
        let mut browser = Browser::new(counts);
        let label = json!({"user_id": user_id, "label": "Ada's phone"});
        let begun = call(&engine, "begin_passkey_registration", label);
        let response = browser.create(&begun["options"]).unwrap();
        let finish = json!({"challenge": begun["challenge"], "response": response});
        let made = call(&engine, "finish_passkey_registration", finish.clone());
        assert_eq!(made["credential"]["id"], response["id"]);
        assert_eq!(made["credential"]["label"], "Ada's phone");
        assert_eq!(refused(&engine, "finish_passkey_registration", &finish), "invalid_challenge");

        // CTAP2_ERR_CREDENTIAL_EXCLUDED: the authenticator makes no other passkey for the account.
        let again = call(&engine, "begin_passkey_registration", json!({"user_id": user_id}));
        assert_eq!(browser.create(&again["options"]).unwrap_err(), "AuthenticatorError(25)");
        // It logs in without a name and with one,
        for request in [json!({}), json!({"username": "ada"}), json!({"username": "ADA"})] {
            let begun = call(&engine, "begin_passkey_login", request);
            let response = browser.get(&begun["options"]).unwrap();
            let finish = json!({"challenge": begun["challenge"], "response": response});
            let login = call(&engine, "finish_passkey_login", finish.clone());
            assert_eq!(login["user"]["id"], user_id);
            call(&engine, "authenticate", json!({"token": login["access_token"]}));
            assert_eq!(refused(&engine, "finish_passkey_login", &finish), "invalid_challenge");
        }
        // but not with the address, for which the passkeys are decoys (`passkeys.login_name`),
        let begun = call(&engine, "begin_passkey_login", json!({"username": "ada@example.com"}));
        assert_eq!(browser.get(&begun["options"]).unwrap_err(), "CredentialNotFound");
        // and is the second factor beside a password.
        let login = json!({"username": "ada", "password": "eight wise words"});
        let step: Value =
            serde_json::from_str(&engine.call("login", &login.to_string()).unwrap_err().to_json()).unwrap();
        let response = browser.get(&step["webauthn_options"]).unwrap();
        let complete = json!({"challenge": step["challenge"], "webauthn_response": response});
        call(&engine, "complete_login", complete);
    }
    let listed = call(&engine, "list_passkeys", json!({"user_id": user_id}));
    assert_eq!(listed["passkeys"].as_array().unwrap().len(), 2);
    // A browser without a passkey of the account finds none among those in the options.
    let begun = call(&engine, "begin_passkey_login", json!({"username": "ada"}));
    assert!(Browser::new(false).get(&begun["options"]).is_err());
}
