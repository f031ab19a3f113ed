//! Keys and backends: `jwks`, `rotate_keys`, and the ring of keys that sign and verify.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::sessions::LONGEST_LEEWAY;
use crate::config::{self, Audience, Config, Settings, SigningAlgorithm, SubjectClaim};
use crate::crypto::jws;
use crate::crypto::secrets::{Secrets, no_key};
use crate::engine::Engine;
use crate::engine::audit::{Kind, append, event};
use crate::engine::retirement::{Retire, Retired};
use crate::engine::search::Search;
use crate::engine::settings::{self, Recorded};
use crate::error::{Code, Error, Result};
use crate::json::Object;
use crate::password::Secret;
use crate::store::events::Event;
use crate::store::keys::{self, Retirement, SealedKey};
use crate::store::{Durability, Store, Tx, damaged};

/// Asks for the public keys.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JwksRequest {}

/// A JWK Set (RFC 7517 section 5): publish it for services that verify on their own.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JwksResponse {
    /// The public keys of every backend; a backend that signs with an HMAC has none.
    #[schemars(with = "Vec<Object>")]
    pub keys: Vec<Value>,
}

/// Makes a new signing key.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RotateKeysRequest {
    /// The backend whose key it is; default: `default`, and with `retire` all of them.
    pub backend: Option<String>,
    /// `now`: something leaked. The signing keys of the backend verify nothing any more, at once. Without `backend`
    /// those of all backends, and with them goes everything that a leaked secret key opens together with a copy of
    /// the store: every secret key but the first of `secret_keys`, every session, mailed token and challenge, the mails
    /// that wait with a token, and the seeds of authenticator apps. The first must be the newest, and each of the others
    /// have been the first before: a list in the wrong order is refused.
    pub retire: Option<Retire>,
    /// Authenticator apps stay good: no copy of the store leaked. With `retire` and without `backend` only.
    pub keep_totp: Option<bool>,
}

/// The ring has turned.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RotateKeysResponse {
    /// The key that signs from now on, of the backend or of `default`.
    pub kid: String,
    /// The key that signed until now. It verifies until nothing that it signed is alive, or, where it was retired,
    /// nothing any more.
    pub previous: Option<String>,
    /// What was retired, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired: Option<Retired>,
}

impl Engine {
    /// The public keys that tokens verify with, old ones included while they do.
    ///
    /// Failures: `store_unavailable`.
    pub fn jwks(&self, _: JwksRequest) -> Result<JwksResponse> {
        self.reload_keys()?;
        let now = self.clock.now();
        let ring = self.ring.keys();
        Ok(JwksResponse {
            keys: ring.keys.iter().filter(|key| key.verifies(now)).filter_map(|key| key.key.jwk()).collect(),
        })
    }

    /// Makes a new signing key. What the old one signed stays valid until it expires; other processes
    /// verify with the new one at once and sign with it within a minute. Keys that are retired are dead for the live
    /// questions at once, in every process, and for `verify` in another process within a minute.
    ///
    /// Failures: `invalid_request`, `store_unavailable`.
    pub fn rotate_keys(&self, request: RotateKeysRequest) -> Result<RotateKeysResponse> {
        let RotateKeysRequest { backend: name, retire, keep_totp } = request;
        if keep_totp.is_some() && (retire.is_none() || name.is_some()) {
            return Err(Error::at(Code::InvalidRequest, "/keep_totp", "only with retire, without backend"));
        }
        // As the store has them now: another process may have changed the algorithm.
        let recorded = self.store.read(|tx| self.settings_now(tx))?;
        let backends = backends(&recorded.settings)?;
        let own = self.backend(name.as_deref())?;
        let backend = backends.iter().find(|backend| backend.name == own.name).unwrap_or(own);
        if backend.fixed.is_some() {
            return Err(Error::at(Code::InvalidRequest, "/backend", "its secret is fixed by the settings"));
        }
        match (retire, name) {
            (None, _) => self.rotate(backend, &recorded),
            (Some(Retire::Now), Some(_)) => self.retire_backend(backend, recorded.stamp),
            (Some(Retire::Now), None) => {
                self.retire_everything(&backends, recorded.stamp, keep_totp.unwrap_or(false))
            }
        }
    }

    fn rotate(&self, backend: &Backend, recorded: &Recorded) -> Result<RotateKeysResponse> {
        let now = self.clock.now();
        let retire_at = retire_at(&recorded.settings, now).max(retire_at(&self.settings, now));
        let key = new_key(&self.secrets, backend)?;
        let previous = self.store.write(Durability::Full, |tx| {
            self.follow_secret_keys(tx)?;
            settings::unchanged(tx, recorded.stamp)?;
            let previous = backend.current(&keys::all(tx)?).map(|key| key.kid.clone());
            keys::retire(tx, &backend.name, retire_at, now)?;
            begin(tx, &self.secrets, &key, previous.is_some(), now)?;
            Ok(previous)
        })?;
        self.reload_keys()?;
        Ok(RotateKeysResponse { kid: key.kid, previous, retired: None })
    }
}

/// A backend as the settings describe it.
pub(crate) struct Backend {
    /// Its place among the backends.
    index: usize,
    pub name: String,
    pub audience: Audience,
    pub access_token_seconds: i64,
    pub refresh_token_seconds: i64,
    pub algorithm: SigningAlgorithm,
    pub subject_claim: SubjectClaim,
    pub can_refresh: bool,
    /// The key of a compatibility backend.
    pub fixed: Option<Arc<RingKey>>,
}

/// A key of the ring.
pub(crate) struct RingKey {
    /// The index of its backend.
    pub backend: usize,
    pub key: jws::Key,
    expires_at: Option<i64>,
}

impl RingKey {
    fn verifies(&self, now: i64) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

impl AsRef<jws::Key> for RingKey {
    fn as_ref(&self) -> &jws::Key {
        &self.key
    }
}

/// The keys of all backends, those that sign before those that only verify. It follows the store, where
/// other processes turn it too.
pub(crate) struct KeyRing {
    keys: RwLock<Keys>,
    /// From when on whoever signs or verifies looks whether the store has other keys.
    look_at: AtomicI64,
    /// For keys that are not known: whoever makes up key ids must not be able to keep the store busy.
    search: Search,
}

type Keys = Arc<Ring>;

/// The ring as the store had it.
pub(crate) struct Ring {
    keys: Vec<Arc<RingKey>>,
    /// What was retired before the keys were read.
    retirement: Retirement,
}

/// A token that a key of the ring signed.
pub(crate) struct Signed<'e> {
    /// Its claims.
    pub text: String,
    /// The backend that the key is of.
    pub backend: &'e Backend,
    ring: Keys,
}

/// How long keys sign and verify before somebody looks whether the store has others.
const LOOK_SECONDS: i64 = 60;

impl KeyRing {
    pub(crate) fn new(ring: Ring, now: i64) -> KeyRing {
        KeyRing {
            keys: RwLock::new(Arc::new(ring)),
            look_at: AtomicI64::new(now + LOOK_SECONDS),
            search: Search::new(Duration::from_secs(1)),
        }
    }

    fn keys(&self) -> Keys {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts `newer` in the place of `known`, unless something else is there meanwhile: an older ring never replaces a
    /// newer.
    fn replace(&self, known: &Keys, newer: Ring) -> bool {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let is_as_known = Arc::ptr_eq(&keys, known);
        if is_as_known {
            *keys = Arc::new(newer);
        }
        is_as_known
    }

    /// When somebody should have looked for other keys, if that is past. A clock that was set back does not put it off.
    fn due(&self, now: i64) -> Option<i64> {
        let look_at = self.look_at.load(Ordering::Relaxed);
        (now >= look_at || now < look_at - LOOK_SECONDS).then_some(look_at)
    }

    /// Whether the caller is the one who looks now for other keys.
    fn is_to_look(&self, now: i64) -> bool {
        let (next, order) = (now + LOOK_SECONDS, Ordering::Relaxed);
        self.due(now).is_some_and(|due| self.look_at.compare_exchange(due, next, order, order).is_ok())
    }
}

/// The backends, `default` first. Failure: `invalid_config`, also where two backends have one secret: their
/// tokens could not be told apart.
pub(crate) fn backends(settings: &Settings) -> Result<Vec<Backend>> {
    let default = config::Backend { audience: Some(settings.audience.clone()), ..config::Backend::default() };
    let named = settings.backends.iter().map(|(name, backend)| (name.as_str(), backend));
    let secret = |backend: &config::Backend| backend.secret.as_ref().map(|secret| secret.expose().to_owned());
    for (name, backend) in named.clone() {
        let has_same = |(other, one): (&str, &config::Backend)| {
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

/// Refuses what a configuration gives that could be the settings of no store.
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
    fn new(settings: &Settings, index: usize, name: &str, backend: &config::Backend) -> Backend {
        let fixed = backend.secret.as_ref().map(|secret| {
            let key = jws::Key::compatible(secret.expose().as_bytes());
            Arc::new(RingKey { backend: index, key, expires_at: None })
        });
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
    /// Whether it has a key that signs with its algorithm.
    fn has_key(&self, sealed: &[SealedKey]) -> bool {
        let is_its = |key: &SealedKey| key.algorithm == self.algorithm.to_string();
        self.fixed.is_some() || self.current(sealed).is_some_and(is_its)
    }

    /// The key that signs for it.
    pub(crate) fn current<'k>(&self, sealed: &'k [SealedKey]) -> Option<&'k SealedKey> {
        sealed.iter().find(|key| key.backend == self.name && key.expires_at.is_none())
    }
}

/// The ring of the store, unless a key is missing.
pub(crate) fn load(tx: &mut Tx, secrets: &Secrets, backends: &[Backend]) -> Result<Option<Ring>> {
    let sealed = keys::all(tx)?;
    let is_complete = backends.iter().all(|backend| backend.has_key(&sealed));
    is_complete.then(|| read(tx, secrets, backends, Unopened::Refused)).transpose()
}

/// Keys that the store lacks, for [`complete`]. An RSA key takes a while, in which no transaction should wait.
pub(crate) fn make_missing(store: &Store, secrets: &Secrets, backends: &[Backend]) -> Result<Vec<SealedKey>> {
    let sealed = store.read(keys::all)?;
    let missing = backends.iter().filter(|backend| !backend.has_key(&sealed));
    missing.map(|backend| new_key(secrets, backend)).collect()
}

/// The ring of the store, after adding those of the keys `made` that it still lacks. A key of another algorithm, which
/// the settings had before, signs no more; it verifies until `retire_at`.
pub(crate) fn complete(
    tx: &mut Tx,
    secrets: &Secrets,
    backends: &[Backend],
    made: &[SealedKey],
    retire_at: i64,
    now: i64,
) -> Result<Ring> {
    let sealed = keys::all(tx)?;
    for backend in backends.iter().filter(|backend| !backend.has_key(&sealed)) {
        let is_change = backend.current(&sealed).is_some();
        if is_change {
            keys::retire(tx, &backend.name, retire_at, now)?;
        }
        let is_its =
            |key: &&SealedKey| key.backend == backend.name && key.algorithm == backend.algorithm.to_string();
        match made.iter().find(is_its) {
            Some(key) => begin(tx, secrets, key, is_change, now)?,
            // It was there a moment ago.
            None => begin(tx, secrets, &new_key(secrets, backend)?, is_change, now)?,
        }
    }
    read(tx, secrets, backends, Unopened::Refused)
}

/// The ring of the store. What was retired is read first: where keys are retired meanwhile, the ring counts as the older.
fn read(tx: &mut Tx, secrets: &Secrets, backends: &[Backend], unopened: Unopened<'_>) -> Result<Ring> {
    let retirement = keys::retirement(tx)?;
    secrets.retire(&retirement.secret_keys());
    Ok(Ring { keys: unseal(secrets, backends, &keys::all(tx)?, unopened)?, retirement })
}

/// Seals every key anew with the current secret key, in the caller's transaction, so that the older ones may
/// go.
pub(crate) fn reseal(tx: &mut Tx, secrets: &Secrets) -> Result<()> {
    for key in keys::all(tx)?.iter().filter(|key| !secrets.is_current(&key.sealed)) {
        let owner = owner(&key.kid);
        let secret = secrets.open(&owner, &key.sealed).ok_or(Error::from(Code::WrongSecretKey))?;
        keys::reseal(tx, &key.kid, &secrets.seal(&owner, &secret)?)?;
    }
    Ok(())
}

/// What becomes of a key that the secret key does not open.
#[derive(Clone, Copy)]
enum Unopened<'a> {
    /// The secret key is wrong.
    Refused,
    /// It stays as this ring knows it, or is left out.
    KeptFrom(&'a [Arc<RingKey>]),
}

fn unseal(
    secrets: &Secrets,
    backends: &[Backend],
    sealed: &[SealedKey],
    unopened: Unopened<'_>,
) -> Result<Vec<Arc<RingKey>>> {
    let mut ring: Vec<Arc<RingKey>> = backends.iter().filter_map(|backend| backend.fixed.clone()).collect();
    for key in sealed {
        // A backend that is not configured any more: its tokens are nobody's.
        let Some(backend) = backends.iter().position(|backend| backend.name == key.backend) else { continue };
        let algorithm = key.algorithm.parse().map_err(|()| damaged())?;
        let secret = match secrets.open(&owner(&key.kid), &key.sealed) {
            Some(secret) => secret,
            None => match unopened {
                Unopened::Refused => return Err(Code::WrongSecretKey.into()),
                Unopened::KeptFrom(known) => {
                    ring.extend(known.iter().find(|one| one.key.kid() == Some(&key.kid)).cloned());
                    continue;
                }
            },
        };
        let parsed = jws::Key::new(&key.kid, algorithm, &secret)?;
        ring.push(Arc::new(RingKey { backend, key: parsed, expires_at: key.expires_at }));
    }
    Ok(ring)
}

/// Keeps a new key, which signs from now on; `is_change` where the backend had one before. Not one that another secret
/// key sealed than the current one: where that was retired meanwhile, no process could open the store again.
pub(crate) fn begin(
    tx: &mut Tx,
    secrets: &Secrets,
    key: &SealedKey,
    is_change: bool,
    now: i64,
) -> Result<()> {
    if !secrets.is_current(&key.sealed) {
        return Err(no_key());
    }
    keys::insert(tx, key, now)?;
    if is_change {
        let detail = format!("{} {}", key.backend, key.kid);
        append(tx, now, Event { detail: Some(&detail), ..event(Kind::KeysRotated, None) })?;
    }
    Ok(())
}

pub(crate) fn new_key(secrets: &Secrets, backend: &Backend) -> Result<SealedKey> {
    let (kid, secret) = jws::Key::generate(backend.algorithm)?;
    Ok(SealedKey {
        sealed: secrets.seal(&owner(&kid), &secret)?,
        kid,
        backend: backend.name.clone(),
        algorithm: backend.algorithm.to_string(),
        expires_at: None,
    })
}

fn owner(kid: &str) -> String {
    format!("signing key {kid}")
}

impl Engine {
    /// The backend of this name; none means `default`. Failure: `invalid_request`.
    pub(crate) fn backend(&self, name: Option<&str>) -> Result<&Backend> {
        let name = name.unwrap_or("default");
        let found = self.backends.iter().find(|backend| backend.name == name);
        found.ok_or(Error::at(Code::InvalidRequest, "/backend", "no such backend"))
    }

    /// A token that a key of this backend signed (of any, when none is given).
    pub(crate) fn signed(&self, token: &str, backend: Option<&Backend>) -> Result<Signed<'_>> {
        // Whoever has to look twice waits no longer for that.
        let (now, deadline) = (self.clock.now(), self.store.deadline());
        // Another process may have retired keys. Where the store does not answer, those that are known will do.
        if self.ring.is_to_look(now) {
            let _ = self.reload_keys_until(deadline);
        }
        let keys = self.ring.keys();
        match self.signed_by(&keys, token, backend, now)? {
            Some(signed) => Ok(signed),
            None => {
                // Another process may have turned the ring.
                let newer = self.search_keys(&keys, deadline)?;
                let is_newer = !Arc::ptr_eq(&keys, &newer);
                let signed = if is_newer { self.signed_by(&newer, token, backend, now)? } else { None };
                signed.ok_or(jws::UNKNOWN_KEY.into())
            }
        }
    }

    /// As [`Engine::signed`], by the keys that are known; none, where the token names another, or somebody should look
    /// for other keys.
    pub(crate) fn signed_by_known(
        &self,
        token: &str,
        backend: Option<&Backend>,
    ) -> Result<Option<Signed<'_>>> {
        let now = self.clock.now();
        match self.ring.due(now) {
            Some(_) => Ok(None),
            None => self.signed_by(&self.ring.keys(), token, backend, now),
        }
    }

    fn signed_by(
        &self,
        ring: &Keys,
        token: &str,
        backend: Option<&Backend>,
        now: i64,
    ) -> Result<Option<Signed<'_>>> {
        let verify = |backend: Option<&Backend>| {
            let of = |key: &&RingKey| backend.is_none_or(|backend| backend.index == key.backend);
            let keys = ring.keys.iter().map(Arc::as_ref).filter(|key| key.verifies(now)).filter(of);
            jws::verify(token, keys).map(|(text, key)| (text, &self.backends[key.backend]))
        };
        match verify(backend) {
            Err(jws::UNKNOWN_KEY) if backend.is_some() && verify(None).is_ok() => {
                Err(Error::new(Code::InvalidToken, "other_backend"))
            }
            Err(jws::UNKNOWN_KEY) => Ok(None),
            Ok((text, backend)) => Ok(Some(Signed { text, backend, ring: Arc::clone(ring) })),
            Err(flaw) => Err(flaw.into()),
        }
    }

    /// Verifies a signature again where keys were retired since, as the store says now.
    pub(crate) fn still_signed(&self, token: &str, signed: &Signed, retirement: &Retirement) -> Result<()> {
        if signed.ring.retirement == *retirement {
            return Ok(());
        }
        self.reload_keys()?;
        self.signed(token, Some(signed.backend)).map(drop)
    }

    /// Takes the secret keys out of force that the store says are retired, in the caller's transaction, before something
    /// is sealed or opened in it.
    pub(crate) fn follow_secret_keys(&self, tx: &mut Tx) -> Result<()> {
        self.secrets.retire(&keys::retirement(tx)?.secret_keys());
        Ok(())
    }

    /// Follows the store where keys were retired, before something is signed. Where it does not answer any more, the
    /// key that is known will do.
    pub(crate) fn follow(&self, retirement: &Retirement) {
        if self.ring.keys().retirement != *retirement {
            let _ = self.reload_keys();
        }
    }

    /// The key that signs for this backend.
    pub(crate) fn signing_key(&self, backend: &Backend) -> Result<Arc<RingKey>> {
        // Another process may have turned the ring: one caller looks once a minute. Where the store does not answer,
        // the key that is known will do.
        if self.ring.is_to_look(self.clock.now()) {
            let _ = self.reload_keys();
        }
        let signs = |key: &&Arc<RingKey>| key.backend == backend.index && key.expires_at.is_none();
        // Who makes a store or changes its settings makes the keys of its backends.
        self.ring
            .keys()
            .keys
            .iter()
            .find(signs)
            .cloned()
            .ok_or(Error::new(Code::StoreUnavailable, "no_signing_key"))
    }

    /// The ring after a look into the store, unless somebody has just looked or too many do.
    fn search_keys(&self, seen: &Keys, deadline: Instant) -> Result<Keys> {
        let is_newer = || !Arc::ptr_eq(seen, &self.ring.keys());
        self.ring.search.run(deadline, is_newer, |deadline| self.reload_keys_until(deadline))?;
        Ok(self.ring.keys())
    }

    /// Puts the ring of the store in place of this one, if it is another. A key that a newer secret key has
    /// sealed, which this process has not been given yet, stays as it is known.
    pub(crate) fn reload_keys(&self) -> Result<()> {
        self.reload_keys_until(self.store.deadline())
    }

    fn reload_keys_until(&self, deadline: Instant) -> Result<()> {
        loop {
            let known = self.ring.keys();
            let unopened = Unopened::KeptFrom(&known.keys);
            let reading = |tx: &mut Tx| {
                self.follow_retention(tx)?;
                read(tx, &self.secrets, &self.backends, unopened)
            };
            let found = self.store.read_until(deadline, reading)?;
            let names = |ring: &Ring| -> Vec<_> {
                ring.keys.iter().map(|key| (key.key.kid().map(str::to_owned), key.expires_at)).collect()
            };
            let is_known = found.retirement == known.retirement && names(&found) == names(&known);
            if is_known || self.ring.replace(&known, found) {
                return Ok(());
            }
        }
    }
}

/// Until when a key that stops signing now goes on verifying: as long as a token can live, and the minute in which
/// another process may still sign with it.
pub(crate) fn retire_at(settings: &Settings, now: i64) -> i64 {
    now + settings.session_max_seconds.seconds() + LONGEST_LEEWAY + 60
}
