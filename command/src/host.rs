//! The open engine, and how it is opened.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use doorward::config::Delivery;
use doorward::config::StoreUrl;
use doorward::{Code, Config, Engine, Error, Hooks, On};
use serde_json::{Map, Value, json};

use crate::actor;
use crate::failure::{Failure, Outcome};
use crate::show;
use crate::signals;

/// The heading of the options that every command has.
pub const GLOBAL: &str = "Global options";

/// The options that say which engine to open.
#[derive(Args)]
pub struct Source {
    /// A file with the host's configuration, as JSON.
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL)]
    config: Option<PathBuf>,
    /// The store, instead of the configuration's: sqlite:PATH, postgres://…, or @FILE that contains it.
    #[arg(long, global = true, value_name = "URL", help_heading = GLOBAL)]
    store: Option<String>,
    /// The file with the secret key, instead of the configuration's; repeat it for several keys, the newest
    /// first.
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL)]
    secret_key_file: Vec<PathBuf>,
}

impl Source {
    /// Opens an existing store: creates none, changes no schema, and uses its own settings where none are
    /// given.
    pub fn open(&self) -> Outcome<Host> {
        self.open_as(self.config()?)
    }

    pub fn open_as(&self, config: Config) -> Outcome<Host> {
        Ok(Host { engine: Engine::open(config, Hooks::default())? })
    }

    /// Adds the configuration's file to a failure that names no key of it.
    fn in_file(&self, error: Error) -> Error {
        match &self.config {
            Some(path) if error.field.as_deref().unwrap_or_default().is_empty() => {
                let what = if error.code == Code::InvalidJson { "not JSON: " } else { "" };
                let detail =
                    format!("{what}{} (--config {})", error.detail.unwrap_or_default(), show::path(path));
                Error::new(Code::InvalidConfig, detail)
            }
            _ => error,
        }
    }

    /// Returns where a setting comes from, by its JSON pointer.
    pub fn of_setting(&self, pointer: &str) -> String {
        let mut parts = pointer.split('/').skip(1);
        match parts.next().unwrap_or_default() {
            "store" => self.store(),
            name if name.starts_with("secret_key") => {
                let index: usize = parts.next().and_then(|index| index.parse().ok()).unwrap_or(0);
                match (self.secret_key_file.get(index), &self.config) {
                    (Some(path), _) => secret_key_option(path),
                    (None, Some(config)) if self.has(name) => {
                        let file =
                            self.config().ok().and_then(|config| config.key_files().into_iter().nth(index));
                        let file = file.map(|file| format!(": {}", show::path(&file))).unwrap_or_default();
                        format!("{pointer} in {}{file}", show::path(config))
                    }
                    _ => self.secret_keys().unwrap_or_else(|| "--secret-key-file names it".to_owned()),
                }
            }
            _ => match &self.config {
                Some(config) => format!("{pointer} in {}", show::path(config)),
                None => format!("{pointer}; no --config is given"),
            },
        }
    }

    /// Returns where the store comes from.
    pub fn store(&self) -> String {
        match (&self.store, &self.config) {
            (Some(store), _) => show::store_option("--store", store),
            (None, Some(config)) if self.has("store") => format!("/store in {}", show::path(config)),
            _ => "doorward.db is the default; --store names another".to_owned(),
        }
    }

    /// Returns where the secret keys come from.
    pub fn secret_keys(&self) -> Option<String> {
        let config = self.config().ok()?;
        let files: Vec<_> = config.key_files().iter().map(|path| show::path(path)).collect();
        Some(match (&self.secret_key_file[..], &self.config, files.is_empty()) {
            ([_, ..], ..) => {
                let options = self.secret_key_file.iter().map(|path| secret_key_option(path));
                options.collect::<Vec<_>>().join(" ")
            }
            (_, Some(config), true) => format!("secret_key in {}", show::path(config)),
            (_, Some(config), false) if self.has("secret_key_file") || self.has("secret_key_files") => {
                format!("{} in {}", files.join(", "), show::path(config))
            }
            (.., false) => {
                format!("{} beside the store; --secret-key-file names another", files.join(", "))
            }
            (.., true) => "--secret-key-file names it".to_owned(),
        })
    }

    /// Returns whether the configuration has a key.
    fn has(&self, name: &str) -> bool {
        let text = self.config.as_ref().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        serde_json::from_str::<Map<String, Value>>(&text).is_ok_and(|config| config.contains_key(name))
    }

    /// Returns whether a configuration was given.
    pub fn has_config(&self) -> bool {
        self.config.is_some()
    }

    pub fn config(&self) -> Outcome<Config> {
        let text = match &self.config {
            Some(path) => fs::read_to_string(path)
                .map_err(|error| Failure::file(&format!("--config {}", show::path(path)), &error))?,
            None => "{}".to_owned(),
        };
        // The engine checks the text itself before options override it.
        let mut parsed = Config::parse(&text).map_err(|error| self.in_file(error))?;
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
        // The command does not do the host's work: listing users, for example, must not send mails, create a
        // store or change its schema.
        parsed.mail.delivery = Delivery::Manual;
        parsed.create = Some(false);
        parsed.migrate = On::from(false);
        parsed.change_settings = false;
        parsed.may_only_read = true;
        Ok(parsed)
    }
}

fn secret_key_option(path: &Path) -> String {
    format!("--secret-key-file {}", show::path(path))
}

/// Parses a store's address.
pub fn store_url(text: &str, option: &'static str) -> Outcome<StoreUrl> {
    let field = option.replacen("--", "/", 1);
    let expected = |reason| Failure::from(Error::at(Code::InvalidConfig, field, reason));
    named_or_in_file(text, option)?.parse().map_err(expected)
}

/// Returns a text, or the content of the file named after `@`.
fn named_or_in_file(text: &str, option: &str) -> Outcome<String> {
    match text.strip_prefix('@') {
        Some(path) => {
            let content = fs::read_to_string(path)
                .map_err(|error| Failure::file(&show::store_option(option, text), &error))?;
            Ok(content.trim_end().to_owned())
        }
        None => Ok(text.to_owned()),
    }
}

pub struct Host {
    pub engine: Engine,
}

impl Host {
    pub fn call(&self, operation: &str, request: &Value) -> Outcome<Value> {
        let request = request.to_string();
        let answer = self.engine.call(operation, &actor::sign(operation, &request).unwrap_or(request))?;
        serde_json::from_str(&answer)
            .map_err(|_| Error::new(Code::Internal, "an answer that is not JSON").into())
    }

    /// Returns the account with this id, name or e-mail address.
    pub fn user(&self, who: &str) -> Outcome<Value> {
        self.find(who, false).map(|mut answer| answer["user"].take())
    }

    /// Returns the account together with its state.
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
        let unknown = "no account has this id, name or e-mail address";
        Err(Error::at(Code::UserNotFound, "/user_id", unknown).into())
    }

    /// Passes every page of a list to a function: the items under `key`, and after the last page the id to
    /// continue from.
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
                // A page may be empty and still have a next one.
                (next, _) => request["after"] = next.clone(),
            }
        }
    }
}
