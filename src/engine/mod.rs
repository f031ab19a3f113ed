//! The rooms: one file per capability. Each begins with the requests and responses it answers, then
//! says how, as methods of [`Engine`].

pub mod accounts;
pub mod authorization;
pub mod login;
pub mod passwords;
pub mod sessions;
mod throttle;
pub mod tokens;

use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::hasher::Hasher;
use crate::crypto::jws;
use crate::crypto::secrets::Secrets;
use crate::error::{Code, Error, Result, Status};
use crate::store::keys::{self, SealedKey};
use crate::store::{Durability, Store, Tx, damaged};
use crate::{operations, secret_key};

/// An open engine: share it between threads by reference.
pub struct Engine {
    config: Config,
    clock: Clock,
    log: Option<Box<Log>>,
    store: Store,
    secrets: Secrets,
    keys: Vec<jws::Key>,
    hasher: Hasher,
}

/// Receives structured records (JSON) of what the host should know; never a secret.
pub type Log = dyn Fn(Level, &str) + Send + Sync;

/// How much a log record matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    /// A bug was contained.
    Error = 1,
    /// Something the operator should see to: the store does not answer.
    Warn = 2,
    /// A refusal.
    Info = 3,
}

/// What the host lends to the engine.
pub struct Hooks {
    /// The source of time.
    pub clock: Clock,
    /// The receiver of log records.
    pub log: Option<Box<Log>>,
}

impl Default for Hooks {
    fn default() -> Hooks {
        Hooks { clock: Clock::system(), log: None }
    }
}

impl Engine {
    /// Opens the store, makes what a new one needs, and loads the keys.
    ///
    /// Failures: `invalid_config`, `feature_not_built`, `wrong_secret_key`, `schema_too_new`,
    /// `store_unavailable`.
    pub fn open(config: Config, hooks: Hooks) -> Result<Engine> {
        let hasher = Hasher::new(&config.password)?;
        let store = Store::open(&config.store, &config.limits)?;
        let proof = store.read(|tx| keys::meta(tx, KEY_PROOF))?;
        let secrets = Secrets::new(&secret_key::load(&config, proof.is_none())?)?;
        let now = hooks.clock.now();
        let mut keys = store.read(|tx| signing_keys(tx, &config, &secrets))?;
        if keys.is_empty() {
            keys = store.write(Durability::Full, |tx| {
                // Another process may have been faster.
                let keys = signing_keys(tx, &config, &secrets)?;
                if !keys.is_empty() {
                    return Ok(keys);
                }
                if keys::meta(tx, KEY_PROOF)?.is_none() {
                    keys::insert_meta(tx, KEY_PROOF, &secrets.seal(KEY_PROOF, b"doorward")?)?;
                }
                keys::insert(tx, &new_signing_key(&config, &secrets)?, now)?;
                signing_keys(tx, &config, &secrets)
            })?;
        }
        Ok(Engine { config, clock: hooks.clock, log: hooks.log, store, secrets, keys, hasher })
    }

    /// Runs an operation by name: JSON in, JSON out. What every binding builds on.
    ///
    /// Failures: `unknown_operation`, and those of the operation.
    pub fn call(&self, operation: &str, request: &str) -> Result<String> {
        let operation = operations::find(operation).ok_or(Error::from(Code::UnknownOperation))?;
        self.run(operation, request)
    }

    /// Runs an operation of the table; an empty request means `{}`.
    pub(crate) fn run(&self, operation: &operations::Operation, request: &str) -> Result<String> {
        let limit = self.config.limits.request_bytes.get();
        let result = match request {
            _ if request.len() > limit => Err(Error::new(
                Code::InvalidRequest,
                format!("longer than {limit} bytes (limits.request_bytes)"),
            )),
            "" => (operation.call)(self, "{}"),
            _ => (operation.call)(self, request),
        };
        result.inspect_err(|error| self.log_failure(operation.name, error))
    }

    /// Tells the host's log why an operation failed.
    pub fn log_failure(&self, operation: &str, error: &Error) {
        let Some(log) = &self.log else { return };
        let level = match error.status() {
            Status::Internal => Level::Error,
            Status::Unavailable | Status::Config | Status::Misuse => Level::Warn,
            _ => Level::Info,
        };
        let record = serde_json::json!({
            "event": "operation_failed",
            "operation": operation,
            "code": error.code.name(),
            "field": error.field,
            "detail": error.detail,
            "at": self.clock.now(),
        });
        log(level, &record.to_string());
    }
}

/// Under this name `meta` holds a sealed text that only the right secret key opens.
const KEY_PROOF: &str = "secret_key_proof";

/// The signing keys; none in a store that is new. Failure: `wrong_secret_key`.
fn signing_keys(tx: &mut Tx, config: &Config, secrets: &Secrets) -> Result<Vec<jws::Key>> {
    if let Some(proof) = keys::meta(tx, KEY_PROOF)?
        && secrets.open(KEY_PROOF, &proof).is_none()
    {
        return Err(Code::WrongSecretKey.into());
    }
    keys::all(tx)?.iter().map(|key| unseal(config, secrets, key)).collect()
}

fn new_signing_key(config: &Config, secrets: &Secrets) -> Result<SealedKey> {
    let (kid, secret) = jws::Key::generate()?;
    let sealed = secrets.seal(&owner(&kid), &secret)?;
    Ok(SealedKey { kid, algorithm: config.signing_algorithm.to_string(), sealed })
}

fn unseal(config: &Config, secrets: &Secrets, key: &SealedKey) -> Result<jws::Key> {
    let secret = secrets.open(&owner(&key.kid), &key.sealed).ok_or(Error::from(Code::WrongSecretKey))?;
    if key.algorithm != config.signing_algorithm.to_string() {
        return Err(damaged());
    }
    Ok(jws::Key::new(key.kid.clone(), config.signing_algorithm, &secret))
}

fn owner(kid: &str) -> String {
    format!("signing key {kid}")
}
