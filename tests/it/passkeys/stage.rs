//! The common parts of the tests: an engine on its store with passkeys, and the time of its clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use doorward::{Clock, Code, Config, Engine, Hooks};
use serde_json::{Value, json};

use super::device::{Device, Key, ORIGIN, RP_ID};
use crate::stores;
pub use crate::stores::Store;

pub const NOW: i64 = 1_800_000_000;
pub const PASSWORD: &str = "eight wise words";

pub struct Stage {
    pub engine: Engine,
    pub now: Arc<AtomicI64>,
    beside: Arc<Mutex<Option<Beside>>>,
    records: Arc<Mutex<Vec<String>>>,
}

/// The action to run, and the number of clock readings before it.
type Beside = (usize, Box<dyn FnOnce() + Send>);

impl Stage {
    pub fn new(store: &Store) -> Stage {
        Stage::with(store, json!({}))
    }

    pub fn with(store: &Store, keys: Value) -> Stage {
        let now = Arc::new(AtomicI64::new(NOW * 1000));
        let hand = Arc::clone(&now);
        let beside = Arc::<Mutex<Option<Beside>>>::default();
        let due = Arc::clone(&beside);
        let passing = move || {
            let mut due = due.lock().unwrap();
            match due.take() {
                Some((0, happen)) => {
                    drop(due);
                    happen();
                }
                Some((times, happen)) => *due = Some((times - 1, happen)),
                None => {}
            }
        };
        let defaults = json!({
            "password": {"memory_kib": 8, "iterations": 1},
            "passkeys": {"rp_id": RP_ID, "rp_name": "Example", "origins": ["https://example.com", ORIGIN]},
        });
        let config = stores::config(store.url(), defaults, keys);
        let records = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&records);
        let clock = Clock::custom(move || {
            passing();
            hand.load(Ordering::SeqCst)
        });
        let hooks =
            Hooks::new().clock(clock).log(move |_, record| kept.lock().unwrap().push(record.to_owned()));
        let config = Config::parse(&config.to_string()).unwrap();
        Stage { engine: Engine::open(config, hooks).unwrap(), now, beside, records }
    }

    pub fn try_call(&self, operation: &str, request: Value) -> Result<Value, Code> {
        match self.engine.call(operation, &request.to_string()) {
            Ok(reply) => Ok(serde_json::from_str(&reply).unwrap()),
            Err(error) => Err(error.code),
        }
    }

    pub fn call(&self, operation: &str, request: Value) -> Value {
        self.engine
            .call(operation, &request.to_string())
            .map(|reply| serde_json::from_str(&reply).unwrap())
            .unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    /// Returns the code of a failure, and its detail for the host's logs.
    pub fn refused(&self, operation: &str, request: Value) -> (Code, String) {
        match self.engine.call(operation, &request.to_string()) {
            Ok(reply) => panic!("{operation}: {reply}"),
            Err(error) => (error.code, error.detail.unwrap_or_default().into_owned()),
        }
    }

    /// Creates an account. Returns its id.
    pub fn register(&self, name: &str) -> String {
        let email = format!("{name}@example.com");
        let user = self.call("register", json!({"username": name, "email": email, "password": PASSWORD}));
        user["user"]["id"].as_str().unwrap().to_owned()
    }

    pub fn begin(&self, user_id: &str) -> Value {
        self.call("begin_passkey_registration", json!({"user_id": user_id}))
    }

    /// Returns a device with a passkey of the user.
    pub fn device(&self, user_id: &str) -> Device {
        self.enrolled(user_id, Device::new(Key::es256()))
    }

    pub fn enrolled(&self, user_id: &str, mut device: Device) -> Device {
        let begun = self.begin(user_id);
        let response = device.create(&begun["options"]);
        let request = json!({"challenge": begun["challenge"], "response": response});
        self.call("finish_passkey_registration", request);
        device
    }

    pub fn begin_login(&self) -> Value {
        self.call("begin_passkey_login", json!({}))
    }

    /// Logs in by a passkey alone.
    pub fn login(&self, device: &mut Device) -> Result<Value, Code> {
        let begun = self.begin_login();
        let response = device.get(&begun["options"]);
        self.try_call("finish_passkey_login", json!({"challenge": begun["challenge"], "response": response}))
    }

    pub fn events(&self, kind: &str) -> Vec<Value> {
        self.call("events", json!({"kind": kind, "limit": 1000}))["events"].as_array().unwrap().clone()
    }

    pub fn records(&self) -> Vec<String> {
        self.records.lock().unwrap().clone()
    }

    /// Runs an action in the middle of the next operation: after the clock was read so many times.
    pub fn beside(&self, times: usize, happen: impl FnOnce() + Send + 'static) {
        *self.beside.lock().unwrap() = Some((times, Box::new(happen)));
    }

    pub fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}
