//! The open engine, and where it comes from.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use doorward::config::{On, StoreUrl};
use doorward::mail::Delivery;
use doorward::{Code, Config, Engine, Error, Hooks};
use serde_json::{Map, Value, json};

use crate::actor;
use crate::failure::{Failure, Outcome};
use crate::signals;

/// Which engine to open.
#[derive(Args)]
pub struct Source {
    /// A file with the configuration that the host opens the engine with, as JSON.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The store, instead of the configuration's: sqlite:PATH, postgres://…, or @FILE that holds it.
    #[arg(long, global = true, value_name = "URL")]
    store: Option<String>,
    /// The file with the secret key, instead of the configuration's; several times where there are several, the current
    /// one first.
    #[arg(long, global = true, value_name = "FILE")]
    secret_key_file: Vec<PathBuf>,
}

impl Source {
    /// Opens the store as it is: makes none, changes no schema, and follows it where no setting is given.
    pub fn open(&self) -> Outcome<Door> {
        self.open_as(self.config()?)
    }

    pub fn open_as(&self, config: Config) -> Outcome<Door> {
        Ok(Door { engine: Engine::open(config, Hooks::default())? })
    }

    /// Whether a configuration was given.
    pub fn has_config(&self) -> bool {
        self.config.is_some()
    }

    pub fn config(&self) -> Outcome<Config> {
        let text = match &self.config {
            Some(path) => fs::read_to_string(path).map_err(|error| Failure::file("--config", &error))?,
            None => "{}".to_owned(),
        };
        // The engine judges the text itself, before anything is set above it.
        let mut parsed = Config::parse(&text)?;
        if self.store.is_some() || !self.secret_key_file.is_empty() {
            let mut config: Map<String, Value> = serde_json::from_str(&text).unwrap_or_default();
            if let Some(store) = &self.store {
                config.insert("store".to_owned(), json!(named_or_in_file(store, "--store")?));
            }
            let (name, files) = match &self.secret_key_file[..] {
                [one] => ("secret_key_file", json!(one)),
                several => ("secret_key_files", json!(several)),
            };
            if !self.secret_key_file.is_empty() {
                for key in ["secret_key", "secret_keys", "secret_key_file", "secret_key_files"] {
                    config.remove(key);
                }
                config.insert(name.to_owned(), files);
            }
            parsed = Config::parse(&Value::Object(config).to_string())?;
        }
        // What is the host's is not done by the way, while somebody lists users: mails are not sent, and the store
        // is neither made nor changed.
        parsed.mail.delivery = Delivery::Manual;
        parsed.create = Some(false);
        parsed.migrate = On::from(false);
        parsed.change_settings = false;
        parsed.may_only_read = true;
        Ok(parsed)
    }
}

/// A store's address.
pub fn store_url(text: &str, field: &'static str) -> Outcome<StoreUrl> {
    let expected = |reason| Failure::from(Error::at(Code::InvalidConfig, field, reason));
    named_or_in_file(text, field)?.parse().map_err(expected)
}

/// A text, or, after `@`, the file that holds it.
fn named_or_in_file(text: &str, option: &str) -> Outcome<String> {
    match text.strip_prefix('@') {
        Some(path) => {
            let text = fs::read_to_string(path).map_err(|error| Failure::file(option, &error))?;
            Ok(text.trim_end().to_owned())
        }
        None => Ok(text.to_owned()),
    }
}

pub struct Door {
    pub engine: Engine,
}

impl Door {
    pub fn call(&self, operation: &str, request: &Value) -> Outcome<Value> {
        let request = request.to_string();
        let answer = self.engine.call(operation, &actor::sign(operation, &request).unwrap_or(request))?;
        serde_json::from_str(&answer)
            .map_err(|_| Error::new(Code::Internal, "an answer that is no JSON").into())
    }

    /// The account of this id, name or e-mail address.
    pub fn user(&self, who: &str) -> Outcome<Value> {
        self.find(who, false).map(|mut answer| answer["user"].take())
    }

    /// The same, with how it stands.
    pub fn user_with_status(&self, who: &str) -> Outcome<Value> {
        self.find(who, true)
    }

    fn find(&self, who: &str, status: bool) -> Outcome<Value> {
        for request in [json!({"id": who, "status": status}), json!({"query": who, "status": status})] {
            match self.call("get_user", &request) {
                Err(Failure::Engine(error)) if error.code == Code::UserNotFound => {}
                answer => return answer,
            }
        }
        Err(Error::from(Code::UserNotFound).into())
    }

    /// Every page of a list: the items under `key`, and after the last page the id to go on from.
    pub fn pages(
        &self,
        operation: &str,
        mut request: Value,
        key: &str,
        mut each: impl FnMut(&[Value]) -> Outcome,
    ) -> Outcome<Value> {
        request["limit"] = json!(1000);
        loop {
            let answer = self.call(operation, &request)?;
            let items = answer[key].as_array().map_or(&[][..], Vec::as_slice);
            each(items)?;
            if signals::arrived().is_some() {
                return Err(Failure::Interrupted("interrupted".to_owned()));
            }
            match (&answer["next"], items.last()) {
                (Value::Null, Some(last)) => return Ok(last["id"].clone()),
                (Value::Null, None) => return Ok(request["after"].take()),
                // A page may have no items, and a next one.
                (next, _) => request["after"] = next.clone(),
            }
        }
    }
}
