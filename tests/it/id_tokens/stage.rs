//! The test's own provider: its keys and its service, and an engine that knows it.

use std::io::Write;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::services::Service;
use crate::stores::{self, Store};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::{Clock, Config, Engine, Error, Hooks, Log};
use serde_json::{Value, json};

pub const ISSUER: &str = "https://id.example";
pub const NOW: i64 = 1_800_000_000;
pub const PASSWORD: &str = "eight wise words";

/// An engine and its clock.
pub struct Stage {
    pub engine: Engine,
    pub now: Arc<AtomicI64>,
    records: Arc<Mutex<Vec<String>>>,
}

impl Stage {
    /// Opens an engine with one provider, `id`, that has this key.
    pub fn on(store: &Store, key: &Key, change: Value) -> Stage {
        let mut own = json!({"jwks": key.set(), "algorithms": ["ES256"]});
        own.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        Stage::of(store, json!({"id": provider(own)}))
    }

    pub fn of(store: &Store, providers: Value) -> Stage {
        Stage::open(store, json!({"id_token_providers": providers}))
    }

    pub fn open(store: &Store, patch: Value) -> Stage {
        let now = clock();
        let records = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&records);
        let log = move |_, record: &str| kept.lock().unwrap().push(record.to_owned());
        let engine = open_with(store, patch, &now, Some(Box::new(log))).unwrap();
        Stage { engine, now, records }
    }

    pub fn records(&self) -> Vec<String> {
        self.records.lock().unwrap().clone()
    }

    pub fn call(&self, operation: &str, request: Value) -> Result<Value, Error> {
        self.engine.call(operation, &request.to_string()).map(|body| serde_json::from_str(&body).unwrap())
    }

    pub fn login(&self, id_token: &str) -> Result<Value, Error> {
        self.call("login_with_id_token", json!({"provider": "id", "id_token": id_token}))
    }

    /// Returns the id of a new account.
    pub fn register(&self, name: &str, email: &str, verified: bool) -> Value {
        let register = json!({"username": name, "email": email, "password": PASSWORD});
        let id = self.call("register", register).unwrap()["user"]["id"].clone();
        if verified {
            self.call("request_email_verification", json!({"user_id": id})).unwrap();
            let mails = self.call("take_mail", json!({})).unwrap();
            // The account that an identity was linked to has a notice, too.
            let mut mails = mails["mails"].as_array().unwrap().iter();
            let mail = mails.find(|mail| mail["kind"] == "verify_email").unwrap();
            let verify = json!({"token": mail["token"], "username": name, "password": PASSWORD});
            self.call("verify_email", verify).unwrap();
        }
        id
    }
}

pub fn clock() -> Arc<AtomicI64> {
    Arc::new(AtomicI64::new(NOW))
}

pub fn open(store: &Store, patch: Value, now: &Arc<AtomicI64>) -> Result<Engine, Error> {
    open_with(store, patch, now, None)
}

fn open_with(
    store: &Store,
    patch: Value,
    now: &Arc<AtomicI64>,
    log: Option<Box<Log>>,
) -> Result<Engine, Error> {
    let defaults = json!({"password": {"memory_kib": 8, "iterations": 1, "blocklist": false}});
    let config = Config::parse(&stores::config(store.url(), defaults, patch).to_string())?;
    let now = Arc::clone(now);
    let clock = Clock::custom(move || now.load(Ordering::SeqCst) * 1000);
    let mut hooks = Hooks::new().clock(clock);
    hooks.log = log;
    Engine::open(config, hooks)
}

/// Returns a provider called `ISSUER`, for `app`.
pub fn provider(change: Value) -> Value {
    let mut provider = json!({"issuer": ISSUER, "client_id": "app"});
    provider.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    provider
}

/// Opens an engine on a new store.
pub fn stage_with(change: Value) -> Stage {
    Stage::of(&Store::sqlite(), json!({"id": provider(change)}))
}

/// Returns claims of the provider for `app`, as of now.
pub fn claims_of(own: Value) -> Value {
    let mut claims = json!({"iss": ISSUER, "aud": "app", "iat": NOW, "exp": NOW + 600});
    claims.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    claims
}

pub fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A signing key of a provider.
pub struct Key {
    pub algorithm: &'static str,
    pub kid: &'static str,
    pub pair: Pair,
}

pub enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Key {
    pub fn new(algorithm: &'static str, kid: &'static str) -> Key {
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

    /// Returns the key as it is published.
    pub fn set(&self) -> Value {
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

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(&json!({"alg": self.algorithm, "kid": self.kid}), claims)
    }

    pub fn sign_as(&self, header: &Value, claims: &Value) -> String {
        self.sign_bytes(header, claims.to_string().as_bytes())
    }

    pub fn sign_bytes(&self, header: &Value, payload: &[u8]) -> String {
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

/// Returns a token whose header names an unknown key.
pub fn key_named(key: &Key, kid: &str, claims: &Value) -> String {
    key.sign_as(&json!({"alg": key.algorithm, "kid": format!("no-{kid}")}), claims)
}

/// A provider's `jwks_uri`, whose answers can be delayed.
pub struct KeyService {
    pub service: Service,
    pub answer: Arc<Mutex<String>>,
    pub gate: Arc<Mutex<()>>,
}

impl KeyService {
    pub fn new(keys: &[&Key]) -> KeyService {
        let answer = Arc::new(Mutex::new(String::new()));
        let gate = Arc::new(Mutex::new(()));
        let said = Arc::clone(&answer);
        let held = Arc::clone(&gate);
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

    pub fn publish(&self, keys: &[&Key]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.set()["keys"][0].clone()).collect();
        let body = json!({"keys": keys}).to_string();
        self.break_with(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
    }

    pub fn break_with(&self, answer: &str) {
        *self.answer.lock().unwrap() = answer.to_owned();
    }

    /// Delays answers until the guard is dropped.
    pub fn hold(&self) -> std::sync::MutexGuard<'_, ()> {
        self.gate.lock().unwrap()
    }

    pub fn fetches(&self) -> usize {
        self.service.requests().len()
    }

    pub fn wait_for_fetches(&self, count: usize) {
        while self.fetches() < count {
            thread::yield_now();
        }
    }

    pub fn stage(&self, timeout_ms: u64) -> Stage {
        let url = format!("http://{}/jwks", self.service.address);
        stage_with(
            json!({"jwks_uri": url, "timeout_ms": timeout_ms, "algorithms": ["ES256"], "auto_register": true}),
        )
    }
}
