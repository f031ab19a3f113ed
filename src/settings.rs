//! The settings that belong to the store and not to the process that opens it. The store keeps them; in a
//! configuration each is optional.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use crate::config::{
    AccessTokenSeconds, Audience, BackendConfig, BackendName, Config, Issuer, MaxSessionsPerUser,
    PasskeyFactor, PasswordHistory, PasswordMaxAgeDays, RefreshTokenSeconds, RetentionDays,
    SessionMaxSeconds, SigningAlgorithm, SubjectClaim,
};
use crate::types::secret::Secret;

/// The settings of a store.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Settings {
    /// The `iss` of every token.
    pub issuer: Issuer,
    /// The `aud` of every token.
    pub audience: Audience,
    /// How access tokens are signed.
    pub signing_algorithm: SigningAlgorithm,
    /// The lifetime of an access token.
    pub access_token_seconds: AccessTokenSeconds,
    /// The lifetime of an unused refresh token.
    pub refresh_token_seconds: RefreshTokenSeconds,
    /// The lifetime of a session.
    pub session_max_seconds: SessionMaxSeconds,
    /// How many sessions a user may have at once.
    pub max_sessions_per_user: MaxSessionsPerUser,
    /// The backends besides `default`.
    pub(crate) backends: BTreeMap<BackendName, Backend>,
    /// How long an event is kept.
    pub retention_days: RetentionDays,
    /// Whether the audit log is chained.
    pub chain: bool,
    /// Whether password hashes are sealed.
    pub pepper: bool,
    /// How many passwords of an account may not be chosen again.
    pub password_history: PasswordHistory,
    /// After how many days a password must be changed; 0: never.
    pub password_max_age_days: PasswordMaxAgeDays,
    /// Whether an account with a passkey needs a second factor beside its password.
    pub passkey_factor: PasskeyFactor,
}

/// A named backend; absent members are as in `default`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Backend {
    pub audience: Option<Audience>,
    pub access_token_seconds: Option<AccessTokenSeconds>,
    pub refresh_token_seconds: Option<RefreshTokenSeconds>,
    pub signing_algorithm: Option<SigningAlgorithm>,
    #[serde(serialize_with = "exposed")]
    pub secret: Option<Secret>,
    pub subject_claim: SubjectClaim,
    pub refresh: Option<bool>,
}

/// A setting in which a configuration differs from the store.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Difference {
    /// The key, as a JSON pointer.
    pub field: String,
    /// The store's value, as JSON; without secrets.
    pub store: String,
    /// The configuration's value, as JSON; without secrets.
    pub given: String,
}

impl Settings {
    /// Returns these settings, overridden by those of a configuration.
    pub(crate) fn with(&self, config: &Config) -> Settings {
        let backend = |(name, given): (&BackendName, &BackendConfig)| {
            let own = self.backends.get(name).cloned().unwrap_or_default();
            (name.clone(), own.with(given))
        };
        Settings {
            issuer: config.issuer.clone().unwrap_or_else(|| self.issuer.clone()),
            audience: config.audience.clone().unwrap_or_else(|| self.audience.clone()),
            signing_algorithm: config.signing_algorithm.unwrap_or(self.signing_algorithm),
            access_token_seconds: config.access_token_seconds.unwrap_or(self.access_token_seconds),
            refresh_token_seconds: config.refresh_token_seconds.unwrap_or(self.refresh_token_seconds),
            session_max_seconds: config.session_max_seconds.unwrap_or(self.session_max_seconds),
            max_sessions_per_user: config.max_sessions_per_user.unwrap_or(self.max_sessions_per_user),
            backends: match &config.backends {
                Some(given) => given.iter().map(backend).collect(),
                None => self.backends.clone(),
            },
            retention_days: config.audit.retention_days.unwrap_or(self.retention_days),
            chain: config.audit.chain.unwrap_or(self.chain),
            pepper: config.password.pepper.unwrap_or(self.pepper),
            password_history: config.password.history.unwrap_or(self.password_history),
            password_max_age_days: config.password.max_age_days.unwrap_or(self.password_max_age_days),
            passkey_factor: config
                .passkeys
                .as_ref()
                .and_then(|passkeys| passkeys.second_factor)
                .unwrap_or(self.passkey_factor),
        }
    }

    /// Returns the settings in which others differ from these.
    pub(crate) fn differences(&self, others: &Settings) -> Vec<Difference> {
        let mut found = Vec::new();
        compare("", &self.to_json(), &others.to_json(), &mut found);
        for (name, backend) in &self.backends {
            let Some(other) = others.backends.get(name) else { continue };
            let secrets = [&backend.secret, &other.secret].map(|secret| secret.as_ref().map(Secret::expose));
            let (store, given) = match secrets {
                [store, other] if store == other => continue,
                [None, _] => ("none", "a secret"),
                [_, None] => ("a secret", "none"),
                _ => ("a secret", "another"),
            };
            found.push(Difference {
                field: format!("/backends/{}/secret", name.as_str()),
                store: store.to_owned(),
                given: given.to_owned(),
            });
        }
        // Derived settings come after those that they are derived from.
        found.sort_by_key(|one| (one.field.starts_with("/backends/"), one.field.clone()));
        found
    }

    /// Returns the settings as a configuration would give them, with every default but without the secrets of
    /// backends.
    pub fn to_json(&self) -> Value {
        let backend = |(name, backend): (&BackendName, &Backend)| {
            let audience = self.audience_of(name.as_str(), backend);
            let shown = json!({
                "audience": audience,
                "access_token_seconds": backend.access_token_seconds.unwrap_or(self.access_token_seconds),
                "refresh_token_seconds": backend.refresh_token_seconds.unwrap_or(self.refresh_token_seconds),
                "signing_algorithm": self.algorithm_of(backend),
                "subject_claim": backend.subject_claim,
                "refresh": backend.can_refresh(),
            });
            (name.as_str().to_owned(), shown)
        };
        json!({
            "issuer": self.issuer,
            "audience": self.audience,
            "signing_algorithm": self.signing_algorithm,
            "access_token_seconds": self.access_token_seconds,
            "refresh_token_seconds": self.refresh_token_seconds,
            "session_max_seconds": self.session_max_seconds,
            "max_sessions_per_user": self.max_sessions_per_user,
            "backends": self.backends.iter().map(backend).collect::<serde_json::Map<_, _>>(),
            "audit": {"retention_days": self.retention_days, "chain": self.chain},
            "password": {
                "pepper": self.pepper,
                "history": self.password_history,
                "max_age_days": self.password_max_age_days,
            },
            "passkeys": {"second_factor": self.passkey_factor},
        })
    }

    /// Returns whether a password that was set at a time must be changed because of its age.
    pub(crate) fn is_outdated(&self, set_at: Option<i64>, now: i64) -> bool {
        let days = self.password_max_age_days.count();
        days > 0 && set_at.is_some_and(|at| now.saturating_sub(at) >= days * 86_400)
    }

    /// Returns the audience of a backend's tokens.
    pub(crate) fn audience_of(&self, name: &str, backend: &Backend) -> Audience {
        backend.audience.clone().unwrap_or_else(|| self.audience.named(name))
    }

    /// Returns the algorithm of a backend's access tokens: with a secret, HS256.
    pub(crate) fn algorithm_of(&self, backend: &Backend) -> SigningAlgorithm {
        backend.signing_algorithm.unwrap_or(match backend.secret {
            Some(_) => SigningAlgorithm::Hs256,
            None => self.signing_algorithm,
        })
    }
}

impl Backend {
    fn with(self, given: &BackendConfig) -> Backend {
        Backend {
            audience: given.audience.clone().or(self.audience),
            access_token_seconds: given.access_token_seconds.or(self.access_token_seconds),
            refresh_token_seconds: given.refresh_token_seconds.or(self.refresh_token_seconds),
            signing_algorithm: given.signing_algorithm.or(self.signing_algorithm),
            secret: given.secret.clone().or(self.secret),
            subject_claim: given.subject_claim.unwrap_or(self.subject_claim),
            refresh: given.refresh.or(self.refresh),
        }
    }

    /// Returns whether the backend's sessions can be refreshed.
    pub(crate) fn can_refresh(&self) -> bool {
        self.refresh.unwrap_or(true)
    }
}

/// Collects the differences of two values below `place`.
fn compare(place: &str, store: &Value, given: &Value, found: &mut Vec<Difference>) {
    match (store, given) {
        (Value::Object(store), Value::Object(given)) => {
            let names = store.keys().chain(given.keys().filter(|name| !store.contains_key(*name)));
            for name in names {
                let side = |object: &serde_json::Map<String, Value>| object.get(name).cloned();
                let store = side(store).unwrap_or_default();
                let given = side(given).unwrap_or_default();
                compare(&format!("{place}/{name}"), &store, &given, found);
            }
        }
        _ if store != given => {
            found.push(Difference { field: place.to_owned(), store: shown(store), given: shown(given) });
        }
        _ => {}
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Object(_) => "one".to_owned(),
        value => value.to_string(),
    }
}

/// Serializes a secret, for the text that is sealed.
fn exposed<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(serializer)
}
