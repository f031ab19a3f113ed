//! The keys of a provider of ID tokens: those of the configuration, or those at its `jwks_uri`. The latter
//! are fetched when a token needs them, by one caller for all who wait, and at most once in
//! [`PAUSE_SECONDS`], however many strangers name keys that do not exist. While the provider does not answer,
//! the known keys go on verifying.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::log::Reporter;
use crate::clock::Clock;
use crate::config::{IdTokenAlgorithm, IdTokenProvider, ProviderName};
use crate::crypto::jwks::{BadMember, Jwks, ReadSet, Signed};
use crate::crypto::jws::UNKNOWN_KEY;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::outbound::http;

/// How long fetched keys count as the provider's newest. A withdrawn key verifies for as long.
const FRESH_SECONDS: i64 = 600;

/// The time between two fetches.
const PAUSE_SECONDS: i64 = 10;

pub(crate) enum ProviderKeys {
    Given(Jwks, Vec<BadMember>),
    Remote(Box<Remote>),
}

/// Keys that are fetched.
pub(crate) struct Remote {
    name: ProviderName,
    reporter: Arc<Reporter>,
    client: http::Client,
    url: String,
    algorithms: Vec<IdTokenAlgorithm>,
    state: Mutex<State>,
    landed: Condvar,
}

#[derive(Default)]
struct State {
    known: Option<Arc<Jwks>>,
    /// Members of the newest set that are not usable keys.
    bad: Vec<BadMember>,
    /// When the known keys were requested.
    fetched_at: i64,
    /// When the keys were last requested, and why that failed.
    tried_at: Option<i64>,
    failure: Option<Error>,
    /// Whether a fetch is in progress.
    is_fetching: bool,
}

impl ProviderKeys {
    /// Failures: `invalid_config`, `feature_not_built`.
    pub fn new(
        name: &ProviderName,
        provider: &IdTokenProvider,
        reporter: &Arc<Reporter>,
    ) -> Result<ProviderKeys> {
        let algorithms = provider.algorithms.members();
        if let Some(url) = &provider.jwks_uri {
            let timeout = Duration::from_millis(provider.timeout_ms.get() as u64);
            let client = http::Client::new(timeout, provider.ca_file.as_deref()).map_err(|error| {
                let key = if error.code == Code::InvalidConfig { "/ca_file" } else { "/jwks_uri" };
                Error { field: Some(key.to_owned()), ..error }
            })?;
            return Ok(ProviderKeys::Remote(Box::new(Remote {
                name: name.clone(),
                reporter: Arc::clone(reporter),
                client,
                url: url.as_str().to_owned(),
                algorithms: algorithms.to_vec(),
                state: Mutex::default(),
                landed: Condvar::new(),
            })));
        }
        let given = provider.jwks.as_ref().ok_or(Error::from(Code::InvalidConfig))?;
        let ReadSet { keys, bad } = Jwks::read(&given.0, algorithms);
        reporter.bad_provider_keys(name, &bad);
        match keys {
            Ok(keys) => Ok(ProviderKeys::Given(keys, bad)),
            Err(flaw) => Err(Error::at(Code::InvalidConfig, "/jwks", flaw.0)),
        }
    }

    /// Returns the members of the newest set that are not usable keys.
    pub fn bad(&self) -> Vec<BadMember> {
        match self {
            ProviderKeys::Given(_, bad) => bad.clone(),
            ProviderKeys::Remote(remote) => remote.lock().bad.clone(),
        }
    }

    /// Returns the claims of an ID token that the provider signed.
    ///
    /// Failures: `invalid_token`; `auth_service_unavailable`, if the key cannot be fetched now that may
    /// verify it.
    pub fn verify(&self, token: &str, clock: &Clock) -> Result<Signed> {
        let remote = match self {
            ProviderKeys::Given(keys, _) => return Ok(keys.verify(token)?),
            ProviderKeys::Remote(remote) => remote,
        };
        let keys = remote.keys(None, clock)?;
        match keys.verify(token) {
            Err(UNKNOWN_KEY) => Ok(remote.keys(Some(&keys), clock)?.verify(token)?),
            result => Ok(result?),
        }
    }
}

impl Remote {
    /// Returns the newest keys that can be had now. The caller already found the `insufficient` ones not to
    /// suffice.
    ///
    /// Failure: `auth_service_unavailable`, if there are no keys, or only the insufficient ones.
    fn keys(&self, insufficient: Option<&Arc<Jwks>>, clock: &Clock) -> Result<Arc<Jwks>> {
        loop {
            // The clock may be the host's code, so no lock is held while it runs.
            let now = clock.now();
            let mut state = self.lock();
            // A time noted by a clock that ran ahead does not count.
            let within = |since: i64, seconds: i64| (since..since + seconds).contains(&now);
            let is_fresh = within(state.fetched_at, FRESH_SECONDS);
            let has_paused = !state.tried_at.is_some_and(|tried_at| within(tried_at, PAUSE_SECONDS));
            let known = state.known.clone();
            let will_do = known.clone().filter(|keys| !insufficient.is_some_and(|it| Arc::ptr_eq(it, keys)));
            match will_do {
                Some(keys) if is_fresh || state.is_fetching || !has_paused => return Ok(keys),
                _ if state.is_fetching => {
                    drop(self.landed.wait(state).unwrap_or_else(PoisonError::into_inner));
                }
                _ if has_paused => {
                    state.is_fetching = true;
                    state.tried_at = Some(now);
                    drop(state);
                    self.fetch(now);
                }
                _ => {
                    let failure = state.failure.clone();
                    let nothing = || Error::from(Code::AuthServiceUnavailable);
                    return failure.map_or_else(|| known.ok_or_else(nothing), Err);
                }
            }
        }
    }

    /// Fetches the keys, on behalf of all callers who wait.
    fn fetch(&self, now: i64) {
        let mut landing = Landing { remote: self, now, fetched: Err(Code::Internal.into()), bad: Vec::new() };
        landing.fetched = self.client.get(&self.url).and_then(|text| {
            let unusable = |reason| Error::new(Code::AuthServiceUnavailable, reason);
            let set = json::parse(&text, Code::AuthServiceUnavailable).map_err(|_| unusable("not_json"))?;
            let ReadSet { keys, bad } = Jwks::read(&set, &self.algorithms);
            self.reporter.bad_provider_keys(&self.name, &bad);
            landing.bad = bad;
            keys.map(Arc::new).map_err(|flaw| unusable(flaw.0))
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a fetch however it came out, even by a panic, so that its waiters go on.
struct Landing<'a> {
    remote: &'a Remote,
    now: i64,
    fetched: Result<Arc<Jwks>>,
    bad: Vec<BadMember>,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        let mut state = self.remote.lock();
        state.is_fetching = false;
        match &self.fetched {
            Ok(keys) => {
                (state.known, state.fetched_at, state.failure) = (Some(Arc::clone(keys)), self.now, None);
                state.bad = std::mem::take(&mut self.bad);
            }
            Err(error) => state.failure = Some(error.clone()),
        }
        drop(state);
        self.remote.landed.notify_all();
    }
}
