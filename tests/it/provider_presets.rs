//! Each preset with what its provider sends, as the provider's documentation shows it (`tests/vectors/providers.json`
//! names the pages). The ID tokens are signed here. The host sends the requests, so that nothing is asked.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward::{Code, Error};
use serde_json::{Value, json};

use crate::id_tokens::stage::{Key, NOW, Stage};
use crate::stores::Store;

const CALLBACK: &str = "https://app.example/callback";

/// A provider with a preset, and a service that knows it.
struct Known {
    sends: Value,
    key: Key,
    stage: Stage,
}

/// A login that began.
struct Begun {
    url: String,
    transaction: Value,
    state: String,
}

#[test]
fn each_preset_reads_what_its_provider_sends() {
    let all: Vec<Value> = serde_json::from_str(include_str!("../vectors/providers.json")).unwrap();
    assert_eq!(all.len(), 6);
    for sends in all {
        let known = Known::new(sends);
        for login in known.sends["logins"].as_array().unwrap() {
            known.logs_in(login);
        }
        known.refuses();
    }
}

#[test]
fn apple_gets_a_secret_that_the_key_signs() {
    let all: Vec<Value> = serde_json::from_str(include_str!("../vectors/providers.json")).unwrap();
    let known = Known::new(all.into_iter().find(|sends| sends["preset"] == "apple").unwrap());
    let begun = known.begin();
    assert_eq!(begun.parameter("response_mode"), "form_post");
    let send = known.next(&begun, "code=c", &[]).unwrap();
    let body = send["body"].as_str().unwrap();
    let (_, secret) = body.split_once("&client_secret=").unwrap();
    let part = |index: usize| -> Value {
        let bytes = URL_SAFE_NO_PAD.decode(secret.split('.').nth(index).unwrap()).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    assert_eq!((&part(0)["alg"], &part(0)["kid"]), (&json!("ES256"), &json!("ABC123DEFG")));
    let claims = part(1);
    for (name, value) in [("iss", "DEF123GHIJ"), ("sub", "app"), ("aud", "https://appleid.apple.com")] {
        assert_eq!(claims[name], value);
    }
    // Apple accepts a secret for six months at most.
    assert_eq!((&claims["iat"], &claims["exp"]), (&json!(NOW), &json!(NOW + 300)));
}

/// A private key as Apple's key file has it.
pub fn client_key() -> String {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(pkcs8.as_ref()))
}

fn merge(into: &mut Value, members: &Value) {
    if let Some(members) = members.as_object() {
        into.as_object_mut().unwrap().extend(members.clone());
    }
}

impl Known {
    fn new(sends: Value) -> Known {
        let key = Key::new("RS256", "");
        let mut own = json!({
            "preset": sends["preset"], "client_id": "app", "exchange": "host", "auto_register": true,
            "link_verified_email": true,
        });
        let is_by_key = sends["config"]["client_key_issuer"].is_string();
        merge(
            &mut own,
            &if is_by_key { json!({"client_key": client_key()}) } else { json!({"client_secret": "s"}) },
        );
        if sends["jwk"].is_object() {
            let mut jwk = key.set()["keys"][0].clone();
            merge(&mut jwk, &sends["jwk"]);
            own["jwks"] = json!({"keys": [jwk]});
        }
        if sends["config"]["issuer"].is_string() {
            for name in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint"] {
                own[name] = sends["metadata"][name].clone();
            }
        }
        merge(&mut own, &sends["config"]);
        let registration = json!({"require_email": false});
        let stage = Stage::open(
            &Store::sqlite(),
            json!({"id_token_providers": {"id": own}, "registration": registration}),
        );
        Known { sends, key, stage }
    }

    fn begin(&self) -> Begun {
        let begun = self.stage.call("begin_provider_login", json!({"redirect_uri": CALLBACK})).unwrap();
        let text = |name: &str| begun[name].as_str().unwrap().to_owned();
        let (url, state) = (text("authorization_url"), text("state"));
        Begun { url, state, transaction: begun["transaction"].clone() }
    }

    /// Returns the request that comes after these responses.
    fn next(&self, begun: &Begun, response: &str, received: &[Value]) -> Option<Value> {
        let asked = begun.comes_back(response, received);
        let next = self.stage.call("next_provider_request", asked).unwrap();
        next.get("send").cloned()
    }

    fn finish(&self, begun: &Begun, response: &str, received: &[Value]) -> Result<Value, Error> {
        self.stage.call("finish_provider_login", begun.comes_back(response, received))
    }

    fn logs_in(&self, login: &Value) {
        let what = format!("{}: {}", self.sends["preset"], login["name"]);
        let begun = self.begin();
        let metadata = &self.sends["metadata"];
        if let Some(endpoint) = metadata["authorization_endpoint"].as_str() {
            assert!(begun.url.starts_with(&format!("{endpoint}?")), "{what}");
        }
        let mut token = self.sends["token"].clone();
        if login["claims"].is_object() {
            token["id_token"] = json!(self.id_token(&begun, &login["claims"]));
        }
        let bodies = [&token, &login["userinfo"], &login["emails"]];
        let received: Vec<Value> = bodies
            .into_iter()
            .filter(|body| !body.is_null())
            .map(|body| json!({"status": 200, "body": body.to_string()}))
            .collect();
        let response = login["response"].as_str().unwrap();
        for (count, endpoint) in ["token_endpoint", "userinfo_endpoint"].into_iter().enumerate() {
            let send = self.next(&begun, response, &received[..count.min(received.len())]);
            if count < received.len() && metadata.is_object() {
                assert_eq!(send.unwrap()["url"], metadata[endpoint], "{what}");
            }
        }
        // No request is left.
        assert_eq!(self.next(&begun, response, &received), None, "{what}");

        let entered =
            self.finish(&begun, response, &received).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        let (user, expected) = (&entered["user"], &login["user"]);
        assert_eq!((&entered["created"], &user["email"]), (&json!(true), &expected["email"]), "{what}");
        assert_eq!(user["email_verified"], expected["email_verified"] == true, "{what}");
        let (name, _) = user["username"].as_str().unwrap().rsplit_once('-').unwrap();
        assert_eq!(name, expected["name"], "{what}");
        let identities = self.stage.call("list_identities", json!({"user_id": user["id"]})).unwrap();
        let identity = &identities["identities"][0];
        let subject = login["claims"]["sub"].as_str().map(str::to_owned);
        let subject = subject.unwrap_or_else(|| login["userinfo"]["id"].to_string());
        assert_eq!(identity["subject"], subject, "{what}");
        let issuer = login["claims"]["iss"].as_str().unwrap_or("https://github.com/login/oauth");
        assert_eq!(identity["issuer"], issuer, "{what}");
        // Nothing of what was trusted came from the browser.
        assert!(!user.to_string().contains("forged"), "{what}");
    }

    fn id_token(&self, begun: &Begun, claims: &Value) -> String {
        let mut claims = claims.clone();
        merge(
            &mut claims,
            &json!({"aud": "app", "iat": NOW, "exp": NOW + 3600, "nonce": begun.parameter("nonce")}),
        );
        let jwk = &self.sends["jwk"];
        let mut header = json!({"typ": "JWT", "alg": "RS256", "kid": jwk["kid"]});
        if jwk["x5t"].is_string() {
            header["x5t"] = jwk["x5t"].clone();
        }
        self.key.sign_as(&header, &claims)
    }

    fn refuses(&self) {
        let begun = self.begin();
        for refusal in self.sends["refusals"].as_array().unwrap() {
            let received = [json!({"status": refusal[0], "body": refusal[1].to_string()})];
            let error = self.finish(&begun, "code=c", &received).unwrap_err();
            let is_of_the_code = refusal[2] == "invalid_grant";
            let code = if is_of_the_code { Code::InvalidCredentials } else { Code::AuthServiceUnavailable };
            assert_eq!((error.code, error.detail.as_deref()), (code, refusal[2].as_str()), "{refusal}");
        }
        let error = self.finish(&begun, self.sends["cancelled"].as_str().unwrap(), &[]).unwrap_err();
        assert_eq!((error.code, error.detail.as_deref()), (Code::InvalidCredentials, Some("access_denied")));
    }
}

impl Begun {
    fn parameter(&self, name: &str) -> &str {
        let (_, query) = self.url.split_once('?').unwrap();
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).unwrap().1
    }

    fn comes_back(&self, response: &str, received: &[Value]) -> Value {
        let query = format!("{response}&state={}", self.state);
        json!({
            "transaction": self.transaction, "query": query, "redirect_uri": CALLBACK, "received": received,
        })
    }
}
