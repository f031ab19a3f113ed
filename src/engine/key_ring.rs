//! The ring of keys that sign and verify.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::audit::{Kind, append, event};
use super::backends::Backend;
use super::search::Search;
use super::settings::{self, Recorded, Retention};
use crate::clock::Clock;
use crate::config::Settings;
use crate::crypto::jws;
use crate::crypto::secrets::{Secrets, no_key};
use crate::error::{Code, Error, Result};
use crate::store::events::Event;
use crate::store::keys::{self, Retirement, SealedKey};
use crate::store::{Durability, Store, Tx, damaged};

/// A key of the ring.
pub(crate) struct RingKey {
    /// The index of its backend.
    pub backend: usize,
    pub key: Arc<jws::Key>,
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
    pub backends: Vec<Backend>,
    pub clock: Arc<Clock>,
    pub retention: Arc<Retention>,
    pub secrets: Arc<Secrets>,
    pub settings: Arc<Settings>,
    pub store: Arc<Store>,
    pub turning: Turning,
}

/// The ring as it is known, and when to look whether the store has another.
pub(crate) struct Turning {
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

/// The key that signs from now on, and the one that signed until now.
pub(crate) struct Turned {
    pub kid: String,
    pub previous: Option<String>,
}

/// How long keys sign and verify before somebody looks whether the store has others.
const LOOK_SECONDS: i64 = 60;

impl Turning {
    pub(crate) fn new(ring: Ring, now: i64) -> Turning {
        Turning {
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
    let mut ring: Vec<Arc<RingKey>> = backends
        .iter()
        .filter_map(|backend| {
            let key = Arc::clone(backend.fixed.as_ref()?);
            Some(Arc::new(RingKey { backend: backend.index, key, expires_at: None }))
        })
        .collect();
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
        ring.push(Arc::new(RingKey { backend, key: Arc::new(parsed), expires_at: key.expires_at }));
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

impl KeyRing {
    /// The public keys that tokens verify with now.
    pub(crate) fn public(&self) -> Result<Vec<Value>> {
        self.reload()?;
        let (now, ring) = (self.clock.now(), self.turning.keys());
        Ok(ring.keys.iter().filter(|key| key.verifies(now)).filter_map(|key| key.key.jwk()).collect())
    }

    /// Makes a new signing key for a backend; the one before goes on verifying.
    pub(crate) fn rotate(&self, backend: &Backend, recorded: &Recorded) -> Result<Turned> {
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
        self.reload()?;
        Ok(Turned { kid: key.kid, previous })
    }

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
        if self.turning.is_to_look(now) {
            let _ = self.reload_until(deadline);
        }
        let keys = self.turning.keys();
        match self.signed_by(&keys, token, backend, now)? {
            Some(signed) => Ok(signed),
            None => {
                // Another process may have turned the ring.
                let newer = self.search(&keys, deadline)?;
                let is_newer = !Arc::ptr_eq(&keys, &newer);
                let signed = if is_newer { self.signed_by(&newer, token, backend, now)? } else { None };
                signed.ok_or(jws::UNKNOWN_KEY.into())
            }
        }
    }

    /// As [`KeyRing::signed`], by the keys that are known; none, where the token names another, or somebody should look
    /// for other keys.
    pub(crate) fn signed_by_known(
        &self,
        token: &str,
        backend: Option<&Backend>,
    ) -> Result<Option<Signed<'_>>> {
        let now = self.clock.now();
        match self.turning.due(now) {
            Some(_) => Ok(None),
            None => self.signed_by(&self.turning.keys(), token, backend, now),
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
        self.reload()?;
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
        if self.turning.keys().retirement != *retirement {
            let _ = self.reload();
        }
    }

    /// The key that signs for this backend.
    pub(crate) fn signing_key(&self, backend: &Backend) -> Result<Arc<RingKey>> {
        // Another process may have turned the ring: one caller looks once a minute. Where the store does not answer,
        // the key that is known will do.
        if self.turning.is_to_look(self.clock.now()) {
            let _ = self.reload();
        }
        let signs = |key: &&Arc<RingKey>| key.backend == backend.index && key.expires_at.is_none();
        // Who makes a store or changes its settings makes the keys of its backends.
        self.turning
            .keys()
            .keys
            .iter()
            .find(signs)
            .cloned()
            .ok_or(Error::new(Code::StoreUnavailable, "no_signing_key"))
    }

    /// The ring after a look into the store, unless somebody has just looked or too many do.
    fn search(&self, seen: &Keys, deadline: Instant) -> Result<Keys> {
        let is_newer = || !Arc::ptr_eq(seen, &self.turning.keys());
        self.turning.search.run(deadline, is_newer, |deadline| self.reload_until(deadline))?;
        Ok(self.turning.keys())
    }

    /// Puts the ring of the store in place of this one, if it is another. A key that a newer secret key has
    /// sealed, which this process has not been given yet, stays as it is known.
    pub(crate) fn reload(&self) -> Result<()> {
        self.reload_until(self.store.deadline())
    }

    fn reload_until(&self, deadline: Instant) -> Result<()> {
        loop {
            let known = self.turning.keys();
            let unopened = Unopened::KeptFrom(&known.keys);
            let reading = |tx: &mut Tx| {
                self.retention.follow_store(tx, &self.secrets)?;
                read(tx, &self.secrets, &self.backends, unopened)
            };
            let found = self.store.read_until(deadline, reading)?;
            let names = |ring: &Ring| -> Vec<_> {
                ring.keys.iter().map(|key| (key.key.kid().map(str::to_owned), key.expires_at)).collect()
            };
            let is_known = found.retirement == known.retirement && names(&found) == names(&known);
            if is_known || self.turning.replace(&known, found) {
                return Ok(());
            }
        }
    }
}

/// The longest that `leeway_seconds` lets a token outlive its end.
pub(crate) const LONGEST_LEEWAY: i64 = 600;

/// Until when a key that stops signing now goes on verifying: as long as a token can live, and the minute in which
/// another process may still sign with it.
pub(crate) fn retire_at(settings: &Settings, now: i64) -> i64 {
    now + settings.session_max_seconds.seconds() + LONGEST_LEEWAY + 60
}
