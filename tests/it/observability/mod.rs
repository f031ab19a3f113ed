//! Tests of the operator's tools: audit log, figures, log records, doctor. Cases that fit a file are in
//! tests/conformance.

mod chain;
mod doctor;
mod events;
mod figures;
mod impersonation;

use std::collections::{HashMap, HashSet};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use crate::stores::{self, Store, on_each_store};
use doorward::{
    Clock, Code, CompleteLoginRequest, Config, Engine, GetUserRequest, Hooks, JwksRequest, Level, Log, Login,
    LoginRequest, NextStep, VerifyRequest,
};
use regex::Regex;
use serde_json::{Value, json};

const PASSWORD: &str = "eight wise words";

/// 2026-01-01T00:00:00Z
const START: i64 = 1_767_225_600;

/// A store, a clock, and the configuration of its engines.
struct Stage<'a> {
    store: &'a Store,
    now_ms: Arc<AtomicI64>,
    config: Value,
}

impl Stage<'_> {
    fn new(store: &Store, keys: Value) -> Stage<'_> {
        let defaults = json!({"password": {"memory_kib": 8, "iterations": 1}});
        let config = stores::config(store.url(), defaults, keys);
        Stage { store, now_ms: Arc::new(AtomicI64::new(START * 1000)), config }
    }

    fn open(&self) -> Engine {
        self.open_with(None)
    }

    /// Opens an engine with a clock that is behind the others'.
    fn open_late(&self, ms: i64) -> Engine {
        let now_ms = Arc::clone(&self.now_ms);
        let hooks = Hooks::new().clock(Clock::custom(move || now_ms.load(Ordering::SeqCst) - ms));
        Engine::open(Config::parse(&self.config.to_string()).unwrap(), hooks).unwrap()
    }

    fn open_with(&self, log: Option<Box<Log>>) -> Engine {
        let now_ms = Arc::clone(&self.now_ms);
        let mut hooks = Hooks::new().clock(Clock::custom(move || now_ms.load(Ordering::SeqCst)));
        hooks.log = log;
        Engine::open(Config::parse(&self.config.to_string()).unwrap(), hooks).unwrap()
    }

    fn advance(&self, seconds: i64) {
        self.now_ms.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Returns the store's accounts, sessions, keys and events, as text.
    fn dump(&self) -> String {
        let tables = ["users", "user_roles", "sessions", "keys", "events", "event_order"];
        tables.map(|table| self.store.dump(table).join("\n")).join("\n")
    }
}

/// Calls an operation. Returns the code of a failure.
fn call(engine: &Engine, operation: &str, request: Value) -> Result<Value, &'static str> {
    match engine.call(operation, &request.to_string()) {
        Ok(reply) => Ok(serde_json::from_str(&reply).unwrap()),
        Err(error) => Err(error.code.name()),
    }
}

/// Creates an account. Returns its id.
fn register(engine: &Engine, name: &str) -> Value {
    let email = format!("{name}@example.com");
    let request = json!({"username": name, "email": email, "password": PASSWORD});
    call(engine, "register", request).unwrap()["user"]["id"].clone()
}

fn login(engine: &Engine, name: &str) -> Result<Value, &'static str> {
    call(engine, "login", json!({"username": name, "password": PASSWORD}))
}

/// Returns the kinds of the events that a request lists.
fn kinds(engine: &Engine, request: Value) -> Vec<String> {
    let reply = call(engine, "events", request).unwrap();
    reply["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["kind"].as_str().unwrap().to_owned())
        .collect()
}

fn findings(engine: &Engine) -> Vec<Value> {
    call(engine, "doctor", json!({})).unwrap()["findings"].as_array().unwrap().clone()
}
