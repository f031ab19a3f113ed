//! The engine: its parts, and how it opens.

pub(crate) mod account_proof;
pub mod account_status;
pub(crate) mod accounts;
pub mod acting;
pub(crate) mod api_keys;
pub mod audit;
pub(crate) mod backends;
pub(crate) mod background;
pub mod chain;
pub mod claims;
pub(crate) mod claims_template;
pub(crate) mod counters;
pub mod credentials;
pub mod factors;
pub(crate) mod key_ring;
pub(crate) mod log;
pub(crate) mod logins;
pub(crate) mod one_time;
pub(crate) mod opening;
pub(crate) mod organizations;
pub(crate) mod outbox;
pub(crate) mod own_claims;
pub(crate) mod passwords;
pub(crate) mod pending;
pub(crate) mod provider_client;
pub(crate) mod provider_exchange;
pub(crate) mod provider_keys;
pub(crate) mod provider_logins;
pub(crate) mod provider_metadata;
pub(crate) mod providers;
pub(crate) mod remote_document;
pub(crate) mod retired_keys;
pub(crate) mod retirement;
pub(crate) mod rotation;
pub(crate) mod search;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod shared;
pub(crate) mod step;
pub(crate) mod terms;
pub(crate) mod throttle;
pub(crate) mod tokens;
pub(crate) mod trusted_devices;
pub(crate) mod verified_tokens;
pub(crate) mod ways_in;

use std::sync::Arc;

use self::account_proof::Proofs;
use self::accounts::Accounts;
use self::api_keys::ApiKeys;
use self::audit::Audit;
use self::background::Mailing;
use self::counters::Counters;
use self::credentials::Credentials;
use self::factors::Factors;
use self::key_ring::KeyRing;
pub(crate) use self::log::Reporter;
pub use self::log::{Level, Log};
use self::logins::Logins;
use self::one_time::OneTime;
use self::opening::Opened;
use self::passwords::Passwords;
use self::pending::Pending;
use self::provider_logins::ProviderLogins;
use self::providers::Providers;
use self::sessions::Sessions;
use self::shared::Shared;
use self::throttle::Throttle;
use self::tokens::Tokens;
use self::trusted_devices::TrustedDevices;
use self::ways_in::WaysIn;
use crate::breached::Breached;
use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::hasher::Hasher;
use crate::crypto::secrets::Secrets;
use crate::error::Result;
use crate::outbound::introspection::RemoteService;
use crate::requests::RuleSets;
use crate::secret_key;
use crate::settings::{Difference, Settings};
use crate::store::Store;

/// The parts of an open engine. Hosts hold it as [`crate::Engine`].
pub(crate) struct Engine {
    pub(crate) config: Arc<Config>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) retention: Arc<settings::Retention>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) reporter: Arc<Reporter>,
    pub(crate) store: Arc<Store>,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) throttle: Arc<Throttle>,
    pub(crate) audit: Arc<Audit>,
    pub(crate) one_time: Arc<OneTime>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) trusted_devices: Arc<TrustedDevices>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) mailing: Arc<Mailing>,
    pub(crate) factors: Arc<Factors>,
    pub(crate) passwords: Arc<Passwords>,
    pub(crate) pending: Pending,
    pub(crate) logins: Arc<Logins>,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) api_keys: Arc<ApiKeys>,
    pub(crate) credentials: Credentials,
    pub(crate) proofs: Proofs,
    pub(crate) remote_service: Option<RemoteService>,
    pub(crate) providers: Arc<Providers>,
    pub(crate) provider_logins: ProviderLogins,
    pub(crate) ways_in: WaysIn,
    pub(crate) rule_sets: RuleSets,
    pub(crate) counters: Counters,
}

/// Callbacks supplied by the host: by default none.
#[non_exhaustive]
pub struct Hooks {
    /// The source of time.
    pub clock: Clock,
    /// The receiver of log records.
    pub log: Option<Box<Log>>,
}

impl Hooks {
    /// Makes hooks that use the machine's clock and log nothing.
    #[must_use]
    pub fn new() -> Hooks {
        Hooks::default()
    }

    /// Sets the source of time, so that tests can move it.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Hooks {
        Hooks { clock, ..self }
    }

    /// Sets the receiver of log records (JSON objects). It must not call the engine.
    ///
    /// ```
    /// use doorward::Hooks;
    ///
    /// let hooks = Hooks::new().log(|level, record| eprintln!("{level:?} {record}"));
    /// ```
    #[must_use]
    pub fn log(self, log: impl Fn(Level, &str) + Send + Sync + 'static) -> Hooks {
        Hooks { log: Some(Box::new(log)), ..self }
    }
}

impl Default for Hooks {
    fn default() -> Hooks {
        Hooks { clock: Clock::system(), log: None }
    }
}

impl Engine {
    /// Opens the store, creates what a new store needs, and loads the keys. An existing store keeps its own
    /// settings: a configuration with other settings is refused, unless it has `change_settings`.
    ///
    /// Failures: `invalid_config`, `feature_not_built`, `wrong_secret_key`, `schema_too_new`,
    /// `store_unavailable`.
    pub fn open(config: Config, hooks: Hooks) -> Result<Engine> {
        // Errors of the configuration alone are reported before anything is created.
        config.check()?;
        backends::check(&config)?;
        secret_key::check(&config)?;
        let hasher = Hasher::new(&config.password)?;
        let breached = passwords::breached(&config)?;
        let remote_service = config.introspection_service.as_ref().map(RemoteService::new).transpose()?;
        let clock = Arc::new(hooks.clock);
        let reporter = Arc::new(Reporter { log: hooks.log, clock: Arc::clone(&clock) });
        let providers = Arc::new(Providers::new(&config, &reporter)?);
        let store = Store::open(&config)?;
        let secrets = opening::load_secrets(&store, &config)?;
        let now = clock.now();
        let Opened { recorded, backends, ring } = opening::read_or_make(&store, &secrets, &config, now)?;
        let shared = Shared::new(config, clock, store, secrets, recorded);
        let keys = KeyRing::open(&shared, backends, ring, now);
        Engine::assemble(shared, keys, hasher, breached, providers, remote_service, reporter)
    }

    /// Makes the parts, each from those that it uses.
    fn assemble(
        shared: Shared,
        keys: KeyRing,
        hasher: Hasher,
        breached: Option<Breached>,
        providers: Arc<Providers>,
        remote_service: Option<RemoteService>,
        reporter: Arc<Reporter>,
    ) -> Result<Engine> {
        let keys = Arc::new(keys);
        let one_time = Arc::new(OneTime { secrets: Arc::clone(&shared.secrets) });
        let mailing = Arc::new(Mailing::open(&shared, &one_time, &reporter)?);
        let throttle = Arc::new(Throttle::new(&shared));
        let audit = Arc::new(Audit::new(&shared, &throttle));
        let tokens = Arc::new(Tokens::new(&shared, &keys)?);
        let api_keys = Arc::new(ApiKeys::new(&shared, &audit, &throttle));
        let trusted_devices = Arc::new(TrustedDevices::new(&shared, &audit));
        let sessions = Arc::new(Sessions {
            audit: Arc::clone(&audit),
            keys: Arc::clone(&keys),
            outbox: Arc::clone(&mailing.outbox),
            secrets: Arc::clone(&shared.secrets),
            settings: Arc::clone(&shared.settings),
            throttle: Arc::clone(&throttle),
            tokens: Arc::clone(&tokens),
            trusted_devices: Arc::clone(&trusted_devices),
        });
        let factors = Arc::new(Factors::new(&shared, &audit, &mailing.outbox, &sessions, &throttle));
        let passwords = Arc::new(Passwords::new(
            &shared,
            (hasher, breached),
            &audit,
            &mailing,
            &reporter,
            &sessions,
            &throttle,
        ));
        let logins =
            Logins::new(&shared.settings, &audit, &factors, &keys, &one_time, &sessions, &trusted_devices);
        let logins = Arc::new(logins);
        let accounts = Accounts::new(&shared, &audit, &factors, &mailing, &one_time, &sessions, &throttle);
        let accounts = Arc::new(accounts);
        let provider_logins = ProviderLogins {
            accounts: Arc::clone(&accounts),
            audit: Arc::clone(&audit),
            config: Arc::clone(&shared.config),
            factors: Arc::clone(&factors),
            logins: Arc::clone(&logins),
            mailing: Arc::clone(&mailing),
            sessions: Arc::clone(&sessions),
            store: Arc::clone(&shared.store),
            throttle: Arc::clone(&throttle),
        };
        Ok(Engine {
            logins,
            accounts,
            provider_logins,
            ways_in: WaysIn::new(&shared, &providers),
            proofs: Proofs::new(&shared, &keys, &passwords, &providers, &throttle, &tokens),
            pending: Pending { secrets: Arc::clone(&shared.secrets) },
            credentials: Credentials {
                api_keys: Arc::clone(&api_keys),
                keys: Arc::clone(&keys),
                tokens: Arc::clone(&tokens),
            },
            api_keys,
            rule_sets: RuleSets::default(),
            counters: Counters::default(),
            audit,
            clock: shared.clock,
            config: shared.config,
            factors,
            keys,
            mailing,
            one_time,
            passwords,
            providers,
            remote_service,
            reporter,
            retention: shared.retention,
            secrets: shared.secrets,
            sessions,
            settings: shared.settings,
            store: shared.store,
            throttle,
            tokens,
            trusted_devices,
        })
    }

    /// Returns the settings that this engine was opened with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the settings in which a configuration differs from the store.
    ///
    /// Failures: `invalid_config`, if no store could have these settings.
    pub fn differences(&self, config: &Config) -> Result<Vec<Difference>> {
        let wanted = self.settings.with(config);
        backends::check(config).and_then(|()| backends::backends(&wanted))?;
        Ok(self.settings.differences(&wanted))
    }

    /// Returns how many events of the audit log would expire, and be purged, under the settings of a
    /// configuration.
    ///
    /// Failures: `store_unavailable`.
    pub fn events_to_purge(&self, config: &Config) -> Result<i64> {
        let now = self.clock.now();
        let kept = self.settings.with(config).retention_days.count() * 86_400;
        let oldest = self.retention.oldest(now);
        let then = (now - kept).max(0);
        if then <= oldest {
            return Ok(0);
        }
        self.store.read(|tx| crate::store::events::count_between(tx, oldest, then))
    }
}
