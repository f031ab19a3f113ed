//! Fills stores with users.

use doorward::{Config, Engine, Hooks};
use serde_json::{Value, json};

pub const PASSWORD: &str = "eight wise words";

pub fn open(config: &Value) -> Engine {
    Engine::open(Config::parse(&config.to_string()).unwrap(), Hooks::default()).unwrap()
}

/// Creates accounts that share one password, a thousand at a time.
pub fn fill(engine: &Engine, users: usize) {
    let hash = call(engine, "hash_password", json!({"password": PASSWORD}));
    for first in (0..users).step_by(1000) {
        let batch: Vec<Value> = (first..users.min(first + 1000))
            .map(|user| {
                json!({"username": name(user), "email": format!("{}@example.com", name(user)),
                    "password_hash": hash["hash"], "roles": ["user"]})
            })
            .collect();
        call(engine, "import_users", json!({"users": batch}));
    }
}

pub fn name(user: usize) -> String {
    format!("user{user:07}")
}

pub fn login(engine: &Engine, user: usize) -> Value {
    call(engine, "login", json!({"username": name(user), "password": PASSWORD}))
}

pub fn call(engine: &Engine, operation: &str, request: Value) -> Value {
    let reply = engine.call(operation, &request.to_string());
    serde_json::from_str(&reply.unwrap_or_else(|error| panic!("{operation}: {error:?}"))).unwrap()
}
