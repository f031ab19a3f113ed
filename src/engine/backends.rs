//! Backends: the audiences of access tokens, as the store's settings describe them.

use std::sync::Arc;

use crate::config::{Audience, Config, SigningAlgorithm, SubjectClaim};
use crate::crypto::jws;
use crate::error::{Code, Error, Result};
use crate::settings::Settings;
use crate::store::keys::SealedKey;
use crate::types::secret::Secret;

/// A backend as the settings describe it.
pub(crate) struct Backend {
    /// The backend's index.
    pub index: usize,
    pub name: String,
    pub audience: Audience,
    pub access_token_seconds: i64,
    pub refresh_token_seconds: i64,
    pub algorithm: SigningAlgorithm,
    pub subject_claim: SubjectClaim,
    pub can_refresh: bool,
    /// The fixed key of a compatibility backend.
    pub fixed: Option<Arc<jws::Key>>,
}

/// Returns the backends, `default` first. Failure: `invalid_config`, also if two backends share a secret,
/// because their tokens could not be told apart.
pub(crate) fn backends(settings: &Settings) -> Result<Vec<Backend>> {
    let default = crate::settings::Backend {
        audience: Some(settings.audience.clone()),
        ..crate::settings::Backend::default()
    };
    let named = settings.backends.iter().map(|(name, backend)| (name.as_str(), backend));
    let secret =
        |backend: &crate::settings::Backend| backend.secret.as_ref().map(|secret| secret.expose().to_owned());
    for (name, backend) in named.clone() {
        let has_same = |(other, one): (&str, &crate::settings::Backend)| {
            other < name && one.secret.is_some() && secret(one) == secret(backend)
        };
        let wrong = |member: &str, why: &'static str| {
            Err(Error::at(Code::InvalidConfig, format!("/backends/{name}/{member}"), why))
        };
        if named.clone().any(has_same) {
            return wrong("secret", "the secret of another backend");
        }
        if backend.secret.is_some() && settings.algorithm_of(backend) != SigningAlgorithm::Hs256 {
            return wrong("signing_algorithm", "a secret signs with HS256");
        }
    }
    let all = std::iter::once(("default", &default)).chain(named).enumerate();
    Ok(all.map(|(index, (name, backend))| Backend::new(settings, index, name, backend)).collect())
}

/// Refuses a configuration that could not be the settings of any store.
pub(crate) fn check(config: &Config) -> Result<()> {
    for (name, backend) in config.backends.iter().flatten() {
        let is_weak = |secret: &Secret| secret.expose().len() < 32 && !backend.allow_weak_secret;
        if backend.secret.as_ref().is_some_and(is_weak) {
            let field = format!("/backends/{}/secret", name.as_str());
            return Err(Error::at(
                Code::InvalidConfig,
                field,
                "expected at least 32 bytes (allow_weak_secret)",
            ));
        }
    }
    backends(&Settings::default().with(config)).map(drop)
}

impl Backend {
    fn new(settings: &Settings, index: usize, name: &str, backend: &crate::settings::Backend) -> Backend {
        let fixed =
            backend.secret.as_ref().map(|secret| Arc::new(jws::Key::compatible(secret.expose().as_bytes())));
        Backend {
            index,
            name: name.to_owned(),
            audience: settings.audience_of(name, backend),
            access_token_seconds: backend
                .access_token_seconds
                .unwrap_or(settings.access_token_seconds)
                .seconds()
                .min(settings.session_max_seconds.seconds()),
            refresh_token_seconds: backend
                .refresh_token_seconds
                .unwrap_or(settings.refresh_token_seconds)
                .seconds(),
            algorithm: settings.algorithm_of(backend),
            subject_claim: backend.subject_claim,
            can_refresh: backend.can_refresh(),
            fixed,
        }
    }
}

impl Backend {
    /// Returns whether the backend has a key that signs with its algorithm.
    pub(crate) fn has_key(&self, sealed: &[SealedKey]) -> bool {
        let is_its = |key: &SealedKey| key.algorithm == self.algorithm.to_string();
        self.fixed.is_some() || self.current(sealed).is_some_and(is_its)
    }

    /// Returns how long a session goes on without a refresh: as long as wanted, but not longer than the backend allows
    /// now. A session that cannot be refreshed ends with its access token.
    pub(crate) fn idle_seconds(&self, wanted: Option<i64>) -> i64 {
        let most = if self.can_refresh { self.refresh_token_seconds } else { self.access_token_seconds };
        wanted.map_or(most, |wanted| wanted.min(most))
    }

    /// Returns the key that signs for the backend.
    pub(crate) fn current<'k>(&self, sealed: &'k [SealedKey]) -> Option<&'k SealedKey> {
        sealed.iter().find(|key| key.backend == self.name && key.expires_at.is_none())
    }
}
