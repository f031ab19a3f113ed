//! Tests of hostile tokens. The test opens the engine's own signing key, by the documented format of sealed
//! keys alone, so that every forgery here is correctly signed, with one fault.

mod backends;
mod claims;
mod headers;
mod requests;
mod spellings;
mod verified_again;

use std::net::TcpListener;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac::{self, HMAC_SHA256, HMAC_SHA384, HMAC_SHA512};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use doorward::{Clock, Code, Config, Engine, Hooks};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::stores::{self, Store, on_each_store};

const SECRET_KEY: &str = "a secret key that only this test has";

on_each_store!(a_forgery_without_a_flaw_is_accepted);
fn a_forgery_without_a_flaw_is_accepted(store: &Store) {
    let forge = Forge::new(store);
    forge.accepted("as the engine writes it", &forge.sign(&forge.header(), &forge.claims()));
    for (name, token) in [
        ("typ as a media type", forge.with_header(json!({"typ": "application/at+jwt"}))),
        ("typ in capitals", forge.with_header(json!({"typ": "AT+JWT"}))),
        ("typ as a media type in capitals", forge.with_header(json!({"typ": "Application/AT+JWT"}))),
        (
            "another order",
            forge
                .sign(&format!(r#"{{"typ":"at+jwt","kid":"{}","alg":"HS256"}}"#, forge.kid), &forge.claims()),
        ),
        ("white space", forge.sign(&format!(" {}\n", forge.header()), &format!("\t{} ", forge.claims()))),
        ("an escaped name", forge.sign(&forge.header().replace("alg", "\\u0061lg"), &forge.claims())),
        ("aud as a list", forge.with_claims(json!({"aud": ["doorward"]}))),
        ("aud as a list with others", forge.with_claims(json!({"aud": ["other", "", "doorward"]}))),
        ("no iat", forge.with_claims(json!({"iat": null}))),
        ("nbf now", forge.with_claims(json!({"nbf": forge.now}))),
        ("nbf within the leeway", forge.with_claims(json!({"nbf": forge.now + 30}))),
        ("nbf long ago", forge.with_claims(json!({"nbf": i64::MIN}))),
        ("iat within the leeway", forge.with_claims(json!({"iat": forge.now + 30}))),
        ("exp within the leeway", forge.with_claims(json!({"exp": forge.now - 29}))),
        ("exp at a fraction", forge.with_claims(json!({"exp": forge.now as f64 + 900.5}))),
        ("exp at a whole fraction", forge.with_claims(json!({"exp": (forge.now + 900) as f64}))),
        ("exp at the end of time", forge.with_claims(json!({"exp": i64::MAX}))),
        ("other claims", forge.with_claims(json!({"a": 1.5, "b": [true, {"c": "\u{e9}"}], "": "x"}))),
    ] {
        forge.accepted(name, &token);
    }
}

/// An engine, and its signing key.
struct Forge {
    engine: Engine,
    kid: String,
    key: Vec<u8>,
    user: String,
    now: i64,
}

impl Forge {
    fn new(store: &Store) -> Forge {
        // The oracle's clock cannot be set, so the engine uses the same time.
        let now = jsonwebtoken::get_current_timestamp() as i64;
        let defaults = json!({"password": {"memory_kib": 8, "iterations": 1}});
        let config = stores::config(store.url(), defaults, json!({"secret_key": SECRET_KEY}));
        let open = || {
            let hooks = Hooks::new().clock(Clock::custom(move || now * 1000));
            Engine::open(Config::parse(&config.to_string()).unwrap(), hooks).unwrap()
        };
        let user = register(&open(), "ada");
        let row = &store.query("SELECT kid, sealed FROM keys")[0];
        let kid = row["kid"].as_str().unwrap().to_owned();
        let key = unseal(&bytes(row["sealed"].as_str().unwrap()), &format!("signing key {kid}"));
        Forge { engine: open(), kid, key, user, now }
    }

    fn header(&self) -> String {
        json!({"alg": "HS256", "kid": self.kid, "typ": "at+jwt"}).to_string()
    }

    fn claims(&self) -> String {
        json!({"iss": "doorward", "aud": "doorward", "sub": self.user, "iat": self.now, "exp": self.now + 900})
            .to_string()
    }

    /// Returns the object with changed members; `null` removes one.
    fn patched(&self, object: &str, patch: Value) -> String {
        let mut object: Value = serde_json::from_str(object).unwrap();
        for (name, value) in patch.as_object().unwrap() {
            match value {
                Value::Null => drop(object.as_object_mut().unwrap().remove(name)),
                value => object[name] = value.clone(),
            }
        }
        object.to_string()
    }

    fn with_header(&self, patch: Value) -> String {
        self.sign(&self.patched(&self.header(), patch), &self.claims())
    }

    fn with_claims(&self, patch: Value) -> String {
        self.sign(&self.header(), &self.patched(&self.claims(), patch))
    }

    fn input(&self, header: &str, claims: &str) -> String {
        format!("{}.{}", url(header.as_bytes()), url(claims.as_bytes()))
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        self.signed(&self.input(header, claims))
    }

    fn signed(&self, input: &str) -> String {
        let tag = hmac::sign(&hmac::Key::new(HMAC_SHA256, &self.key), input.as_bytes());
        format!("{input}.{}", url(tag.as_ref()))
    }

    fn verify(&self, token: &str) -> bool {
        self.engine.call("verify", &json!({"token": token}).to_string()).is_ok()
    }

    fn introspect(&self, token: &str) -> Value {
        // A token may be longer than the maximum request.
        match self.engine.call("introspect", &json!({"token": token}).to_string()) {
            Ok(reply) => serde_json::from_str(&reply).unwrap(),
            Err(error) => panic!("introspect: {error}"),
        }
    }

    fn accepted(&self, name: &str, token: &str) {
        let request = json!({"token": token}).to_string();
        let claims = self.engine.call("verify", &request).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(url(claims.as_bytes()), token.split('.').nth(1).unwrap(), "{name}: as they were signed");
        let reply = self.engine.call("authenticate", &request);
        let reply: Value =
            serde_json::from_str(&reply.unwrap_or_else(|error| panic!("{name}: {error}"))).unwrap();
        assert_eq!(reply["user"]["id"], self.user, "{name}");
        assert_eq!(self.introspect(token)["active"], true, "{name}");
    }

    fn refused(&self, name: &str, token: &str) {
        let request = json!({"token": token}).to_string();
        for operation in ["verify", "logout"] {
            match self.engine.call(operation, &request) {
                Err(error) => assert_eq!(error.code, Code::InvalidToken, "{operation}, {name}"),
                Ok(reply) => panic!("{operation}, {name}: {token} gave {reply}"),
            }
        }
        self.is_nobody(name, token, Code::InvalidToken);
    }

    fn is_nobody(&self, name: &str, token: &str, code: Code) {
        let error = self.engine.call("authenticate", &json!({"token": token}).to_string()).expect_err(name);
        assert_eq!(error.code, code, "{name}");
        assert!(error.field.is_none() && error.detail.is_some(), "{name}");
        self.is_inactive(name, token);
    }

    fn is_inactive(&self, name: &str, token: &str) {
        let reply = self.introspect(token);
        assert_eq!(reply["active"], false, "{name}");
        let names: Vec<&str> = reply.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["active", "reason"], "{name}");
    }
}

/// Opens an engine that knows the secret key, at one moment.
fn engine(store: &Store, keys: Value, now: u64) -> Engine {
    let defaults = json!({"password": {"memory_kib": 8, "iterations": 1}, "secret_key": SECRET_KEY});
    let config = stores::config(store.url(), defaults, keys);
    let hooks = Hooks::new().clock(Clock::custom(move || now as i64 * 1000));
    Engine::open(Config::parse(&config.to_string()).unwrap(), hooks).unwrap()
}

fn call(engine: &Engine, operation: &str, request: Value) -> Value {
    serde_json::from_str(&engine.call(operation, &request.to_string()).unwrap()).unwrap()
}

/// Returns the id of a new account.
fn register(engine: &Engine, name: &str) -> String {
    let request =
        json!({"username": name, "email": format!("{name}@example.com"), "password": "eight wise words"});
    let reply: Value = serde_json::from_str(&engine.call("register", &request.to_string()).unwrap()).unwrap();
    reply["user"]["id"].as_str().unwrap().to_owned()
}

/// Opens sealed bytes as src/crypto/secrets.rs describes them: the id of the sealing key (4 bytes), a
/// nonce (12 bytes), the ciphertext with its tag; HKDF-SHA256 (RFC 5869) with the salt "doorward" and one
/// label for each purpose; the owner as associated data.
fn unseal(sealed: &[u8], owner: &str) -> Vec<u8> {
    let mac = |key: &[u8], text: &[u8]| hmac::sign(&hmac::Key::new(HMAC_SHA256, key), text).as_ref().to_vec();
    let root = mac(b"doorward", SECRET_KEY.as_bytes());
    let derive = |label: &str| mac(&root, &[label.as_bytes(), &[1]].concat());
    assert_eq!(sealed[..4], derive("key id")[..4]);
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &derive("seal")).unwrap());
    let nonce = Nonce::try_assume_unique_for_key(&sealed[4..16]).unwrap();
    let mut text = sealed[16..].to_vec();
    key.open_in_place(nonce, Aad::from(owner), &mut text).unwrap().to_vec()
}

/// Returns the bytes of `\x…`.
fn bytes(text: &str) -> Vec<u8> {
    let digits = text.strip_prefix("\\x").unwrap().as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// xorshift64: the same numbers every time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }
}
