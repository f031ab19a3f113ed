//! The engine: its parts, and how it opens.

pub(crate) mod account_proof;
pub mod account_status;
pub(crate) mod accounts;
pub mod acting;
pub mod audit;
pub(crate) mod backends;
pub(crate) mod background;
pub mod chain;
pub(crate) mod counters;
pub mod factors;
pub(crate) mod key_ring;
pub(crate) mod log;
pub(crate) mod logins;
pub(crate) mod one_time;
pub(crate) mod outbox;
pub(crate) mod passwords;
pub(crate) mod provider_keys;
pub(crate) mod providers;
pub(crate) mod retirement;
pub(crate) mod rotation;
pub(crate) mod search;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod step;
pub(crate) mod throttle;
pub(crate) mod tokens;

use self::audit::{Kind, append, event};
use crate::store::events::Event;
use std::sync::Arc;

use self::account_proof::Proofs;
use self::accounts::Accounts;
use self::audit::Audit;
use self::backends::Backend;
use self::background::{Background, Mailing};
use self::chain::Chain;
use self::counters::Counters;
use self::factors::Factors;
use self::factors::passkeys::PasskeyProofs;
use self::factors::recovery_codes::RecoveryCodes;
use self::factors::totp::Apps;
use self::key_ring::{KeyRing, Ring, Turning};
pub(crate) use self::log::Reporter;
pub use self::log::{Level, Log};
use self::logins::Logins;
use self::one_time::OneTime;
use self::outbox::Outbox;
use self::passwords::Passwords;
use self::providers::Providers;
use self::sessions::Sessions;
use self::settings::{Opening, Recorded};
use self::throttle::{Lanes, Throttle};
use self::tokens::Tokens;
use crate::clock::Clock;
use crate::config::{Config, StoreUrl};
use crate::crypto::hasher::Hasher;
use crate::crypto::secrets::{KeyId, Secrets};
use crate::error::{Code, Error, Result};
use crate::mail::Delivery;
use crate::outbound::introspection::RemoteService;
use crate::requests::RuleSets;
use crate::secret_key;
use crate::settings::{Difference, Settings};
use crate::store::keys::{self as sealed, KEY_PROOF};
use crate::store::{Durability, Store, Tx, damaged, mails, moves};

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
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) mailing: Arc<Mailing>,
    pub(crate) factors: Arc<Factors>,
    pub(crate) passwords: Arc<Passwords>,
    pub(crate) logins: Logins,
    pub(crate) accounts: Accounts,
    pub(crate) proofs: Proofs,
    pub(crate) remote_service: Option<RemoteService>,
    pub(crate) providers: Arc<Providers>,
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
        let hasher = Arc::new(Hasher::new(&config.password)?);
        let remote_service = config.introspection_service.as_ref().map(RemoteService::new);
        let remote_service = remote_service.transpose()?;
        let clock = Arc::new(hooks.clock);
        let reporter = Arc::new(Reporter { log: hooks.log, clock: Arc::clone(&clock) });
        let providers = Arc::new(Providers::new(&config, &reporter)?);
        let store = Store::open(&config)?;
        let is_new = store.read(|tx| sealed::meta(tx, KEY_PROOF))?.is_none();
        if is_new && !may_create(&config) {
            return Err(no_store());
        }
        let secrets = Secrets::new(&secret_key::load(&config, is_new)?)?;
        secrets.retire(&store.read(sealed::retirement)?.secret_keys());
        if secrets.ids().next().is_none() {
            return Err(Error::new(Code::WrongSecretKey, "the secret key was retired"));
        }
        let now = clock.now();
        let Opened { recorded, backends, ring } =
            match store.read(|tx| opened(tx, &secrets, &config, store.may_write()))? {
                Some(opened) => opened,
                None => make(&store, &secrets, &config, now)?,
            };
        let retention = Arc::new(settings::Retention::new(&recorded));
        let settings = Arc::new(recorded.settings);
        let store = Arc::new(store);
        let secrets = Arc::new(secrets);
        let one_time = Arc::new(OneTime { secrets: Arc::clone(&secrets) });
        let outbox = Arc::new(Outbox::new(
            &config,
            &settings.issuer,
            Arc::clone(&retention),
            Arc::clone(&one_time),
            Arc::clone(&store),
            Arc::clone(&secrets),
            Arc::clone(&clock),
        )?);
        let background = (config.mail.delivery == Delivery::Background)
            .then(|| Background::new(Arc::clone(&outbox), Arc::clone(&reporter)));
        // Another process may have left mails behind.
        if let Some(background) = &background
            && store.read(mails::any)?
        {
            background.wake();
        }
        let config = Arc::new(config);
        let throttle = Arc::new(Throttle {
            config: Arc::clone(&config),
            lanes: Lanes { config: Arc::clone(&config), secrets: Arc::clone(&secrets) },
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
        });
        let audit = Arc::new(Audit {
            chain: Chain { is_kept: settings.chain, secrets: Arc::clone(&secrets) },
            clock: Arc::clone(&clock),
            retention: Arc::clone(&retention),
            store: Arc::clone(&store),
            throttle: Arc::clone(&throttle),
        });
        let keys = Arc::new(KeyRing {
            backends,
            clock: Arc::clone(&clock),
            retention: Arc::clone(&retention),
            secrets: Arc::clone(&secrets),
            settings: Arc::clone(&settings),
            store: Arc::clone(&store),
            turning: Turning::new(ring, now),
        });
        let tokens = Arc::new(Tokens {
            clock: Arc::clone(&clock),
            config: Arc::clone(&config),
            keys: Arc::clone(&keys),
            secrets: Arc::clone(&secrets),
            settings: Arc::clone(&settings),
            store: Arc::clone(&store),
        });
        let sessions = Arc::new(Sessions {
            audit: Arc::clone(&audit),
            keys: Arc::clone(&keys),
            secrets: Arc::clone(&secrets),
            settings: Arc::clone(&settings),
            throttle: Arc::clone(&throttle),
            tokens: Arc::clone(&tokens),
        });
        let mailing = Arc::new(Mailing { outbox, background });
        let factors = Arc::new(Factors {
            apps: Apps {
                config: Arc::clone(&config),
                secrets: Arc::clone(&secrets),
                settings: Arc::clone(&settings),
            },
            audit: Arc::clone(&audit),
            config: Arc::clone(&config),
            passkeys: PasskeyProofs {
                audit: Arc::clone(&audit),
                config: Arc::clone(&config),
                keys: Arc::clone(&keys),
                secrets: Arc::clone(&secrets),
            },
            recovery_codes: RecoveryCodes { audit: Arc::clone(&audit), secrets: Arc::clone(&secrets) },
            sessions: Arc::clone(&sessions),
            throttle: Arc::clone(&throttle),
        });
        let passwords = Arc::new(Passwords {
            audit: Arc::clone(&audit),
            clock: Arc::clone(&clock),
            config: Arc::clone(&config),
            hasher,
            mailing: Arc::clone(&mailing),
            secrets: Arc::clone(&secrets),
            sessions: Arc::clone(&sessions),
            settings: Arc::clone(&settings),
            store: Arc::clone(&store),
            throttle: Arc::clone(&throttle),
        });
        let logins = Logins {
            audit: Arc::clone(&audit),
            factors: Arc::clone(&factors),
            keys: Arc::clone(&keys),
            one_time: Arc::clone(&one_time),
            sessions: Arc::clone(&sessions),
        };
        let accounts = Accounts {
            audit: Arc::clone(&audit),
            config: Arc::clone(&config),
            factors: Arc::clone(&factors),
            mailing: Arc::clone(&mailing),
            one_time: Arc::clone(&one_time),
            sessions: Arc::clone(&sessions),
            throttle: Arc::clone(&throttle),
        };
        let proofs = Proofs {
            clock: Arc::clone(&clock),
            config: Arc::clone(&config),
            keys: Arc::clone(&keys),
            passwords: Arc::clone(&passwords),
            providers: Arc::clone(&providers),
            secrets: Arc::clone(&secrets),
            store: Arc::clone(&store),
            throttle: Arc::clone(&throttle),
            tokens: Arc::clone(&tokens),
        };
        Ok(Engine {
            config,
            throttle,
            audit,
            one_time,
            tokens,
            sessions,
            settings,
            retention,
            clock,
            reporter,
            store,
            secrets,
            keys,
            mailing,
            factors,
            passwords,
            logins,
            accounts,
            proofs,
            remote_service,
            providers,
            rule_sets: RuleSets::default(),
            counters: Counters::default(),
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

/// Returns whether the configuration allows a store to be created. A store in memory is always new.
fn may_create(config: &Config) -> bool {
    config.create != Some(false) || matches!(config.store, StoreUrl::SqliteMemory)
}

fn no_store() -> Error {
    Error::at(Code::InvalidConfig, "/store", "there are tables, but no store in them yet")
}

/// The data that are read from a store when it is opened.
struct Opened {
    recorded: Recorded,
    backends: Vec<Backend>,
    ring: Ring,
}

/// Reads an existing store. Returns none if the store is new or incomplete, sealed by an older key, or to be
/// changed. Otherwise opening only reads, so that a store in use is not disturbed.
fn opened(tx: &mut Tx, secrets: &Secrets, config: &Config, may_write: bool) -> Result<Option<Opened>> {
    let Some(proof) = proof(tx, secrets)? else { return Ok(None) };
    let Some(recorded) = settings::recorded(tx, secrets)? else { return Ok(None) };
    let Opening::Follows(recorded) = Opening::of(recorded, config)? else { return Ok(None) };
    if may_write && is_to_seal(tx, secrets, &proof)? {
        return Ok(None);
    }
    let backends = backends::backends(&recorded.settings)?;
    let ring = key_ring::load(tx, secrets, &backends)?;
    // A move may have filled the store since this process connected.
    moves::admit(tx)?;
    Ok(ring.map(|ring| Opened { recorded, backends, ring }))
}

/// Creates what the store lacks, seals it by the newest key, and changes the settings if the configuration
/// says so.
fn make(store: &Store, secrets: &Secrets, config: &Config, now: i64) -> Result<Opened> {
    let wanted = store.read(|tx| settings::recorded(tx, secrets))?.map(|recorded| recorded.settings);
    let backends = backends::backends(&wanted.unwrap_or_default().with(config))?;
    let made = key_ring::make_missing(store, secrets, &backends)?;
    store.write(Durability::Full, |tx| {
        moves::admit(tx)?;
        let proof = proof(tx, secrets)?;
        if proof.as_ref().map_or(Ok(true), |proof| is_to_seal(tx, secrets, proof))? {
            // In a new store the others count as older.
            let came = if proof.is_none() { usize::MAX } else { 1 };
            let came: Vec<KeyId> = secrets.ids().take(came).collect();
            sealed::add_secret_keys(tx, came.into_iter().rev(), now)?;
            sealed::put_meta(tx, KEY_PROOF, &secrets.seal(KEY_PROOF, b"doorward")?)?;
            key_ring::reseal(tx, secrets)?;
            settings::reseal(tx, secrets)?;
            chain::reseal(tx, secrets)?;
        }
        let before = settings::recorded(tx, secrets)?;
        // A store is created with both. Without its settings it would take those of the next process that opens it.
        if proof.is_some() != before.is_some() {
            return Err(damaged());
        }
        // Tokens signed under the earlier settings live as long as those said.
        let longest = before.as_ref().map_or(0, |before| key_ring::retire_at(&before.settings, now));
        let oldest = before.as_ref().map_or(0, |before| settings::oldest(&before.settings, now));
        let recorded = match before {
            None if !may_create(config) => return Err(no_store()),
            None => {
                chain::make_head(tx, secrets)?;
                settings::record(tx, secrets, Settings::default().with(config))?
            }
            Some(recorded) => match Opening::of(recorded, config)? {
                Opening::Follows(recorded) => recorded,
                Opening::Changes(settings, differences) => {
                    tell_change(tx, &differences, now)?;
                    chain::keep_oldest(tx, secrets, oldest)?;
                    settings::record(tx, secrets, settings)?
                }
            },
        };
        let backends = backends::backends(&recorded.settings)?;
        let retire_at = key_ring::retire_at(&recorded.settings, now).max(longest);
        let ring = key_ring::complete(tx, secrets, &backends, &made, retire_at, now)?;
        Ok(Opened { recorded, backends, ring })
    })
}

/// Writes the event of a change, in the caller's transaction.
fn tell_change(tx: &mut Tx, differences: &[Difference], now: i64) -> Result<()> {
    let fields: Vec<_> = differences.iter().map(|difference| difference.field.as_str()).collect();
    let detail = fields.join(" ");
    append(tx, now, Event { detail: Some(&detail), ..event(Kind::SettingsChanged, None) })
}

/// Returns whether the current secret key is newer than the key that sealed the store. A key that was current
/// before seals nothing anew, so that a process with an outdated order of `secret_keys` does not revert the
/// store.
fn is_to_seal(tx: &mut Tx, secrets: &Secrets, proof: &[u8]) -> Result<bool> {
    let known = sealed::secret_keys(tx)?;
    let is_newer = secrets.ids().next().is_some_and(|current| known.iter().all(|known| known.id != current));
    Ok(is_newer && !secrets.is_current(proof))
}

/// Returns the proof that the secret key is the store's; none in a new store. Failure: `wrong_secret_key`.
pub(crate) fn proof(tx: &mut Tx, secrets: &Secrets) -> Result<Option<Vec<u8>>> {
    match sealed::meta(tx, KEY_PROOF)? {
        Some(proof) if secrets.open(KEY_PROOF, &proof).is_none() => {
            let newest = sealed::secret_keys(tx)?.pop().map(|key| data_encoding::HEXLOWER.encode(&key.id));
            let given: Vec<_> = secrets.ids().map(|id| data_encoding::HEXLOWER.encode(&id)).collect();
            let detail = format!(
                "the store has the secret key {}, and given is {}",
                newest.as_deref().unwrap_or("of another store"),
                given.join(", ")
            );
            Err(Error::new(Code::WrongSecretKey, detail))
        }
        proof => Ok(proof),
    }
}
