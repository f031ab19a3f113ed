//! Runs tests/conformance/*.json in this process or over another path to the engine; the README beside them
//! describes the format.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;

use doorward::{Clock, Config, Engine, Hooks};
use serde_json::{Map, Value, json};

use crate::stores::{Store, with_secret_key};
use crate::totp;

/// The description of the library.
pub static DESCRIPTION: LazyLock<Value> = LazyLock::new(doorward::describe);

/// Runs every scenario by `attempt`, several at a time; panics with all failed ones.
pub fn each(attempt: impl Fn(&Value) -> Result<(), String> + Sync) {
    let scenarios = scenarios();
    let next = AtomicUsize::new(0);
    let work = || {
        let all = std::iter::from_fn(|| scenarios.get(next.fetch_add(1, Ordering::Relaxed)));
        let failure = |(file, scenario): &(String, Value)| {
            attempt(scenario).err().map(|failure| format!("{file}, {}, {failure}", scenario["name"]))
        };
        all.filter_map(failure).collect::<Vec<_>>()
    };
    let failures: Vec<String> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Runs a scenario. Returns the shapes of the answers, or the failed step.
pub fn run(scenario: &Value, way: &dyn Way, store: &Store) -> Result<Vec<Value>, String> {
    let clock = Arc::new(AtomicI64::new(scenario["now"].as_i64().unwrap_or(1_767_225_600) * 1000));
    let mut variables = Map::from_iter([
        ("folder".to_owned(), json!(store.path())),
        ("store".to_owned(), json!(store.url())),
    ]);
    variables.extend(scenario["variables"].as_object().cloned().unwrap_or_default());
    let usual = if store.is_sqlite() { "sqlite::memory:" } else { store.url() };
    let base = json!({"store": usual, "password": {"memory_kib": 8, "iterations": 1}});
    let base = merged(base, &scenario["config"]);
    let mut door: Option<Box<dyn Door>> = None;
    let mut shapes = Vec::new();
    for (index, step) in array(&scenario["steps"]).iter().enumerate() {
        for _ in 0..step["times"].as_u64().unwrap_or(1) {
            clock.fetch_add(step["advance"].as_i64().unwrap_or(0) * 1000, Ordering::SeqCst);
            for (name, secret) in step["totp"].as_object().into_iter().flatten() {
                let secret = filled(secret, &variables);
                let code = totp::code(text(&secret), clock.load(Ordering::SeqCst) / 1000);
                variables.insert(name.clone(), code.into());
            }
            let open = |patch: &Value| {
                let config = if patch.is_string() { patch.clone() } else { merged(base.clone(), patch) };
                way.open(&as_text(&with_secret_key(filled(&config, &variables))), &clock)
            };
            let (status, body) = if step["call"].is_string() {
                let request = if step["request"].is_null() { json!({}) } else { step["request"].clone() };
                let request = as_text(&filled(&request, &variables));
                if door.is_none() {
                    door = Some(open(&json!({})).map_err(|(_, body)| body)?);
                }
                door.as_ref().map(|door| door.call(text(&step["call"]), &request)).unwrap_or_default()
            } else {
                drop(door.take());
                match open(&step["open"]) {
                    Ok(opened) => (door = Some(opened), (0, "{}".to_owned())).1,
                    Err(failure) => failure,
                }
            };
            let fail = |why: String| format!("step {}: {step}\nanswered {status} {body}\n{why}", index + 1);
            let body = serde_json::from_str(&body).map_err(|error| fail(error.to_string()))?;
            check(step, status, &body, &variables).map_err(fail)?;
            for (name, pointer) in step["capture"].as_object().into_iter().flatten() {
                let value = body.pointer(text(pointer)).ok_or_else(|| fail(format!("no {pointer}")))?;
                variables.insert(name.clone(), value.clone());
            }
            shapes.push(shape(&body));
        }
    }
    Ok(shapes)
}

/// Whether an answer is the one that the step expects.
fn check(step: &Value, status: i32, body: &Value, variables: &Map<String, Value>) -> Result<(), String> {
    let expected = step["status"].as_str().unwrap_or("OK");
    let row = array(&DESCRIPTION["statuses"]).iter().find(|row| row["name"] == expected);
    let row = row.ok_or("there is no such status")?;
    if row["value"] != status {
        return Err(format!("expected status {}", row["value"]));
    }
    if expected == "OK" {
        matches(&json!({"error": {"$absent": true}}), Some(body))?;
    } else {
        let is_row = |row: &&Value| row["code"] == step["code"] && row["status"] == expected;
        let code = array(&DESCRIPTION["codes"]).iter().find(is_row).ok_or("no such code of this status")?;
        let error =
            json!({"code": step["code"], "message": code["message"], "http_status": row["http_status"]});
        matches(&json!({"error": error}), Some(body))?;
    }
    step.get("body").map_or(Ok(()), |pattern| matches(&filled(pattern, variables), Some(body)))
}

/// Whether a value, or its absence, matches a pattern. Returns the difference if not.
fn matches(pattern: &Value, value: Option<&Value>) -> Result<(), String> {
    let matcher = pattern.as_object().filter(|object| object.len() == 1);
    let matcher = matcher.and_then(|object| object.iter().next()).map(|(name, inner)| (name.as_str(), inner));
    let is_good = match (pattern, matcher, value) {
        (_, Some(("$absent", _)), value) => value.is_none(),
        (_, _, None) => false,
        (_, Some(("$not", inner)), value) => matches(inner, value).is_err(),
        (_, Some(("$type", name)), Some(value)) => kind(value) == name,
        (_, Some(("$regex", expression)), Some(value)) => {
            value.as_str().is_some_and(|value| regex::Regex::new(text(expression)).unwrap().is_match(value))
        }
        (_, Some(("$only", inner)), Some(value)) => {
            matches(inner, Some(value))?;
            value.as_object().is_some_and(|object| object.keys().all(|name| inner.get(name).is_some()))
        }
        (Value::Object(patterns), _, Some(Value::Object(members))) => {
            for (name, pattern) in patterns {
                matches(pattern, members.get(name)).map_err(|difference| format!("{name}: {difference}"))?;
            }
            true
        }
        (Value::Array(patterns), _, Some(Value::Array(items))) => {
            for (pattern, item) in patterns.iter().zip(items) {
                matches(pattern, Some(item))?;
            }
            patterns.len() == items.len()
        }
        (pattern, _, Some(value)) => pattern == value,
    };
    let found = || value.map_or("nothing".to_owned(), Value::to_string);
    if is_good { Ok(()) } else { Err(format!("expected {pattern}, got {}", found())) }
}

/// Returns an answer without its values: names, types and codes.
fn shape(body: &Value) -> Value {
    match body {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| match name == "code" && members.contains_key("message") {
                true => (name.clone(), value.clone()),
                // The code of a mail is random.
                false => (name.clone(), shape(value)),
            })
            .collect(),
        // Random ids decide the order of some lists, so the order is not part of the shape.
        Value::Array(items) => {
            let mut shapes: Vec<Value> = items.iter().map(shape).collect();
            shapes.sort_by_key(Value::to_string);
            shapes.into()
        }
        value => kind(value).into(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Returns `value` with its variables replaced.
fn filled(value: &Value, variables: &Map<String, Value>) -> Value {
    match value {
        Value::String(text) => {
            let whole = variables.iter().find(|(name, _)| *text == format!("${{{name}}}"));
            whole.map_or_else(
                || {
                    let fill = |text: String, (name, value): (&String, &Value)| {
                        text.replace(&format!("${{{name}}}"), &as_text(value))
                    };
                    variables.iter().fold(text.clone(), fill).into()
                },
                |(_, value)| value.clone(),
            )
        }
        Value::Array(items) => items.iter().map(|item| filled(item, variables)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), filled(value, variables))).collect()
        }
        value => value.clone(),
    }
}

/// Applies a JSON Merge Patch (RFC 7396).
fn merged(target: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return if patch.is_null() { target } else { patch.clone() } };
    let mut members = match target {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for (name, value) in patch {
        let before = members.remove(name).unwrap_or_default();
        if !value.is_null() {
            members.insert(name.clone(), merged(before, value));
        }
    }
    members.into()
}

/// Returns a text unchanged, and any other value as JSON.
fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A path to the engine.
pub trait Way {
    fn open(&self, config: &str, clock: &Arc<AtomicI64>) -> Result<Box<dyn Door + '_>, (i32, String)>;
}

/// An open engine: operation and request in, status and body out.
pub trait Door {
    fn call(&self, operation: &str, request: &str) -> (i32, String);
}

pub struct InProcess;

impl Way for InProcess {
    fn open(&self, config: &str, clock: &Arc<AtomicI64>) -> Result<Box<dyn Door + '_>, (i32, String)> {
        let clock = Arc::clone(clock);
        let hooks = Hooks::new().clock(Clock::custom(move || clock.load(Ordering::SeqCst)));
        match Config::parse(config).and_then(|config| Engine::open(config, hooks)) {
            Ok(engine) => Ok(Box::new(engine)),
            Err(error) => Err((error.status() as i32, error.to_json())),
        }
    }
}

impl Door for Engine {
    fn call(&self, operation: &str, request: &str) -> (i32, String) {
        match Engine::call(self, operation, request) {
            Ok(body) => (0, body),
            Err(error) => (error.status() as i32, error.to_json()),
        }
    }
}

/// Returns every scenario with the name of its file.
pub fn scenarios() -> Vec<(String, Value)> {
    // The manifest is that of the crate or of the C library.
    let folders =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|root| root.join("tests/conformance"));
    let folder = folders.into_iter().find(|folder| folder.is_dir()).unwrap();
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let scenarios: Value = serde_json::from_str(&fs::read_to_string(path).unwrap())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        array(&scenarios).iter().map(|scenario| (name.clone(), scenario.clone())).collect::<Vec<_>>()
    };
    files.iter().flat_map(read).collect()
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
