//! The ring of keys that sign and verify tokens.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::audit::{Kind, append, event};
use super::backends::Backend;
use super::retired_keys;
use super::search::Search;
use super::settings::{self, Recorded, Retention};
use super::shared::Shared;
use crate::clock::Clock;
use crate::crypto::jws;
use crate::crypto::secrets::{Secrets, no_key};
use crate::error::{Code, Error, Result};
use crate::settings::Settings;
use crate::store::events::Event;
use crate::store::keys::{self, NewKey, Retirement, SealedKey};
use crate::store::{Durability, Store, Tx, damaged};
use crate::types::spread::Spread;

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

/// The keys of all backends, signing keys before those that only verify. The ring follows the store, because
/// other processes rotate keys, too.
pub(crate) struct KeyRing {
    pub backends: Vec<Backend>,
    pub clock: Arc<Clock>,
    pub retention: Arc<Retention>,
    pub secrets: Arc<Secrets>,
    pub settings: Arc<Settings>,
    pub store: Arc<Store>,
    turning: Turning,
}

/// The ring as last read, and when to look for a newer one.
struct Turning {
    keys: Spread<RwLock<Keys>>,
    /// The generation of the ring.
    generation: AtomicU64,
    /// Held while the ring is replaced, in each of the copies.
    replacing: Mutex<()>,
    /// When the next caller who signs or verifies looks for other keys in the store.
    look_at: AtomicI64,
    /// Limits the searches for unknown keys: made-up key ids must not keep the store busy.
    search: Search,
}

type Keys = Arc<Ring>;

/// The ring as read from the store. Each copy is on cache lines of its own, because its users count on it.
#[derive(Clone)]
#[repr(align(128))]
pub(crate) struct Ring {
    /// How often the ring was replaced before.
    generation: u64,
    keys: Vec<Arc<RingKey>>,
    /// The retirement that was in force before the keys were read.
    retirement: Retirement,
}

/// A token that a key of the ring signed. Its claims are yet to be verified, by [`Tokens::verified`](super::tokens).
pub(crate) struct Signed<'e> {
    /// The claims.
    pub(super) text: String,
    /// The backend of the key.
    pub(super) backend: &'e Backend,
    /// When the signature was verified.
    pub(super) at: i64,
    /// When the key stops verifying.
    pub(super) key_expires_at: Option<i64>,
    ring: Keys,
}

impl Signed<'_> {
    /// Returns the generation of the ring whose key signed the token.
    pub(super) fn generation(&self) -> u64 {
        self.ring.generation
    }
}

/// The key that signs from now on, and the key that signed until now.
pub(crate) struct Turned {
    pub kid: String,
    pub previous: Option<String>,
}

/// How long keys are used before the store is asked for others.
const LOOK_SECONDS: i64 = 60;

impl Turning {
    fn new(ring: Ring, now: i64) -> Turning {
        Turning {
            keys: Spread::new(|| RwLock::new(Arc::new(ring.clone()))),
            generation: AtomicU64::new(ring.generation),
            replacing: Mutex::new(()),
            look_at: AtomicI64::new(now + LOOK_SECONDS),
            search: Search::new(Duration::from_secs(1)),
        }
    }

    fn keys(&self) -> Keys {
        Arc::clone(&self.keys.own().read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the ring that the copies of all threads have, after another caller who is just replacing it.
    fn settled(&self) -> Keys {
        let _replacing = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        self.keys()
    }

    /// Replaces `known` by `newer`, unless the ring has changed meanwhile: an older ring never replaces a
    /// newer one.
    fn replace(&self, known: &Ring, newer: Ring) -> bool {
        let _replacing = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let is_as_known = self.keys().generation == known.generation;
        if is_as_known {
            let newer = Ring { generation: known.generation + 1, ..newer };
            self.generation.store(newer.generation, Ordering::Release);
            for copy in self.keys.all() {
                *copy.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(newer.clone());
            }
        }
        is_as_known
    }

    /// Returns when the next look was due, if that is past. A clock that was set back does not postpone it.
    fn due(&self, now: i64) -> Option<i64> {
        let look_at = self.look_at.load(Ordering::Relaxed);
        (now >= look_at || now < look_at - LOOK_SECONDS).then_some(look_at)
    }

    /// Returns whether this caller has to look for other keys now.
    fn is_to_look(&self, now: i64) -> bool {
        let next = now + LOOK_SECONDS;
        let order = Ordering::Relaxed;
        self.due(now).is_some_and(|due| self.look_at.compare_exchange(due, next, order, order).is_ok())
    }
}

/// Returns the ring of the store, or none if a key is missing.
pub(crate) fn load(tx: &mut Tx, secrets: &Secrets, backends: &[Backend]) -> Result<Option<Ring>> {
    let sealed = keys::all(tx)?;
    let is_complete = backends.iter().all(|backend| backend.has_key(&sealed));
    is_complete.then(|| read(tx, secrets, backends, Unopened::Refused)).transpose()
}

/// Makes the keys that the store lacks, for [`complete`]. An RSA key takes a while, and no transaction should
/// wait for it.
pub(crate) fn make_missing(store: &Store, secrets: &Secrets, backends: &[Backend]) -> Result<Vec<NewKey>> {
    let sealed = store.read(keys::all)?;
    let missing = backends.iter().filter(|backend| !backend.has_key(&sealed));
    missing.map(|backend| new_key(secrets, backend)).collect()
}

/// Returns the ring of the store after adding those of the keys `made` that it still lacks. A key of another
/// algorithm, from earlier settings, no longer signs but verifies until `retire_at`.
pub(crate) fn complete(
    tx: &mut Tx,
    secrets: &Secrets,
    backends: &[Backend],
    made: &[NewKey],
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
            |key: &&NewKey| key.backend == backend.name && key.algorithm == backend.algorithm.to_string();
        match made.iter().find(is_its) {
            Some(key) => begin(tx, secrets, key, is_change, now)?,
            // The key was there a moment ago.
            None => begin(tx, secrets, &new_key(secrets, backend)?, is_change, now)?,
        }
    }
    read(tx, secrets, backends, Unopened::Refused)
}

/// Reads the ring of the store. The retirement is read first: if keys are retired meanwhile, the ring counts
/// as older.
fn read(tx: &mut Tx, secrets: &Secrets, backends: &[Backend], unopened: Unopened<'_>) -> Result<Ring> {
    let retirement = keys::retirement(tx)?;
    secrets.retire(&retirement.secret_keys());
    Ok(Ring { generation: 0, keys: unseal(secrets, backends, &keys::all(tx)?, unopened)?, retirement })
}

/// Seals every key anew with the current secret key, in the caller's transaction, so that older secret keys
/// can be dropped.
pub(crate) fn reseal(tx: &mut Tx, secrets: &Secrets) -> Result<()> {
    for key in keys::all(tx)?.iter().filter(|key| !secrets.is_current(&key.sealed)) {
        let owner = owner(&key.kid);
        let secret = secrets.open(&owner, &key.sealed).ok_or(Error::from(Code::WrongSecretKey))?;
        keys::reseal(tx, &key.kid, &secrets.seal(&owner, &secret)?)?;
    }
    Ok(())
}

/// The treatment of a key that the secret key does not open.
#[derive(Clone, Copy)]
enum Unopened<'a> {
    /// Fail: the secret key is wrong.
    Refused,
    /// Keep the key as this ring knows it, or leave it out.
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
        // The backend is no longer configured, and its tokens are no longer accepted.
        let Some(backend) = backends.iter().position(|backend| backend.name == key.backend) else { continue };
        let algorithm = key.algorithm.parse().map_err(|_| damaged())?;
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

/// Stores a new key, which signs from now on; `is_change` where the backend had one before. A key sealed by
/// another than the current secret key is refused: if that secret key was retired meanwhile, no process could
/// open the store again.
pub(crate) fn begin(tx: &mut Tx, secrets: &Secrets, key: &NewKey, is_change: bool, now: i64) -> Result<()> {
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

pub(crate) fn new_key(secrets: &Secrets, backend: &Backend) -> Result<NewKey> {
    let jws::Generated { kid, secret } = jws::Key::generate(backend.algorithm)?;
    Ok(NewKey {
        sealed: secrets.seal(&owner(&kid), &secret)?,
        kid,
        backend: backend.name.clone(),
        algorithm: backend.algorithm.to_string(),
    })
}

fn owner(kid: &str) -> String {
    format!("signing key {kid}")
}

impl KeyRing {
    /// Opens the ring of these backends, with the keys as read at `now`.
    pub(crate) fn open(shared: &Shared, backends: Vec<Backend>, ring: Ring, now: i64) -> KeyRing {
        KeyRing {
            backends,
            clock: Arc::clone(&shared.clock),
            retention: Arc::clone(&shared.retention),
            secrets: Arc::clone(&shared.secrets),
            settings: Arc::clone(&shared.settings),
            store: Arc::clone(&shared.store),
            turning: Turning::new(ring, now),
        }
    }

    /// Returns the public keys that tokens verify with now.
    pub(crate) fn public(&self) -> Result<Vec<Value>> {
        self.reload()?;
        let now = self.clock.now();
        let ring = self.turning.keys();
        Ok(ring.keys.iter().filter(|key| key.verifies(now)).filter_map(|key| key.key.jwk()).collect())
    }

    /// Makes a new signing key for a backend; the earlier key goes on verifying.
    pub(crate) fn rotate(&self, backend: &Backend, recorded: &Recorded) -> Result<Turned> {
        let now = self.clock.now();
        let retire_at = retire_at(&recorded.settings, now).max(retire_at(&self.settings, now));
        let key = new_key(&self.secrets, backend)?;
        let previous = self.store.write(Durability::Full, |tx| {
            retired_keys::follow(tx, &self.secrets)?;
            settings::unchanged(tx, recorded.stamp)?;
            let previous = backend.current(&keys::all(tx)?).map(|key| key.kid.clone());
            keys::retire(tx, &backend.name, retire_at, now)?;
            begin(tx, &self.secrets, &key, previous.is_some(), now)?;
            Ok(previous)
        })?;
        self.reload()?;
        Ok(Turned { kid: key.kid, previous })
    }

    /// Returns the backend of this name; without a name, `default`. Failure: `invalid_request`.
    pub(crate) fn backend(&self, name: Option<&str>) -> Result<&Backend> {
        let name = name.unwrap_or("default");
        let found = self.backends.iter().find(|backend| backend.name == name);
        found.ok_or_else(|| Error::at(Code::InvalidRequest, "/backend", "no such backend"))
    }

    /// Verifies a token's signature by the keys of this backend, or of every backend if none is given.
    pub(crate) fn signed(&self, token: &str, backend: Option<&Backend>) -> Result<Signed<'_>> {
        // Both looks share one deadline.
        let now = self.clock.now();
        let deadline = self.store.deadline();
        // Another process may have retired keys. If the store does not answer, the known keys are used.
        if self.turning.is_to_look(now) {
            let _ = self.reload_until(deadline);
        }
        let keys = self.turning.keys();
        match self.signed_by(&keys, token, backend, now)? {
            Some(signed) => Ok(signed),
            None => {
                // Another process may have rotated the ring.
                let newer = self.search(&keys, deadline)?;
                let is_newer = keys.generation != newer.generation;
                let signed = if is_newer { self.signed_by(&newer, token, backend, now)? } else { None };
                signed.ok_or(jws::UNKNOWN_KEY.into())
            }
        }
    }

    /// Does what [`KeyRing::signed`] does, by the known keys only. Returns none if the token names an unknown
    /// key or a look for other keys is due.
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

    /// Returns the time and the generation of the ring, unless a look for other keys is due.
    pub(super) fn present(&self) -> Option<(i64, u64)> {
        let now = self.clock.now();
        let generation = self.turning.generation.load(Ordering::Acquire);
        self.turning.due(now).is_none().then_some((now, generation))
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
            jws::verify(token, keys)
        };
        match verify(backend) {
            Err(jws::UNKNOWN_KEY) if backend.is_some() && verify(None).is_ok() => {
                Err(Error::new(Code::InvalidToken, "other_backend"))
            }
            Err(jws::UNKNOWN_KEY) => Ok(None),
            Ok(jws::Verified { claims, signer }) => {
                let backend = &self.backends[signer.backend];
                let key_expires_at = signer.expires_at;
                Ok(Some(Signed { text: claims, backend, at: now, key_expires_at, ring: Arc::clone(ring) }))
            }
            Err(flaw) => Err(flaw.into()),
        }
    }

    /// Verifies a signature again if keys were retired since, according to the store's present state.
    pub(crate) fn still_signed(&self, token: &str, signed: &Signed, retirement: &Retirement) -> Result<()> {
        if signed.ring.retirement == *retirement {
            return Ok(());
        }
        self.reload()?;
        self.signed(token, Some(signed.backend)).map(drop)
    }

    /// Reloads the ring if keys were retired, before anything is signed. If the store no longer answers, the
    /// known key is used.
    pub(crate) fn follow(&self, retirement: &Retirement) {
        if self.turning.keys().retirement != *retirement {
            let _ = self.reload();
        }
    }

    /// Returns the key that signs for this backend.
    pub(crate) fn signing_key(&self, backend: &Backend) -> Result<Arc<RingKey>> {
        // Another process may have rotated the ring, so one caller looks once a minute. If the store does not
        // answer, the known key is used.
        if self.turning.is_to_look(self.clock.now()) {
            let _ = self.reload();
        }
        // The process that makes a store or changes its settings makes the keys of its backends.
        self.known_signing_key(backend).ok_or(Error::new(Code::StoreUnavailable, "no_signing_key"))
    }

    /// Returns the key that signs for this backend as far as this process knows. It does not ask the store.
    pub(crate) fn known_signing_key(&self, backend: &Backend) -> Option<Arc<RingKey>> {
        let signs = |key: &&Arc<RingKey>| key.backend == backend.index && key.expires_at.is_none();
        self.turning.keys().keys.iter().find(signs).cloned()
    }

    /// Returns the ring after a look into the store, unless another caller has just looked or too many do.
    fn search(&self, seen: &Keys, deadline: Instant) -> Result<Keys> {
        let is_newer = || seen.generation != self.turning.keys().generation;
        self.turning.search.run(deadline, is_newer, |deadline| self.reload_until(deadline))?;
        Ok(self.turning.keys())
    }

    /// Replaces the ring by the store's if they differ. A key that is sealed by a newer secret key, which
    /// this process does not have yet, stays as it is known.
    pub(crate) fn reload(&self) -> Result<()> {
        self.reload_until(self.store.deadline())
    }

    fn reload_until(&self, deadline: Instant) -> Result<()> {
        loop {
            // If another caller already read what is in the store, the other threads must have it, too, before this
            // one goes on: a key that was retired verifies nowhere when its retirement is acknowledged.
            let known = self.turning.settled();
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

/// The longest time that `leeway_seconds` lets a token outlive its expiry.
pub(crate) const LONGEST_LEEWAY: i64 = 600;

/// Returns until when a key that stops signing now goes on verifying: the longest life of a token, and the
/// minute in which another process may still sign with it.
pub(crate) fn retire_at(settings: &Settings, now: i64) -> i64 {
    now + settings.session_max_seconds.seconds() + LONGEST_LEEWAY + 60
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::{Ring, Turning};
    use crate::store::keys::Retirement;

    fn ring() -> Ring {
        Ring { generation: 0, keys: Vec::new(), retirement: Retirement::default() }
    }

    /// No thread is behind the ring that a caller who reloads it knows.
    #[test]
    fn a_ring_is_settled_when_every_thread_has_it() {
        const TURNS: u64 = 5_000;
        let turning = Turning::new(ring(), 0);
        let mut copies: Vec<_> = turning.keys.all().collect();
        // The copies that are replaced last.
        copies.reverse();
        let never_behind = || {
            loop {
                let known = turning.settled().generation;
                assert!(copies.iter().all(|copy| copy.read().unwrap().generation >= known), "{known}");
                if known == TURNS {
                    break;
                }
            }
        };
        thread::scope(|scope| {
            scope.spawn(|| (0..TURNS).for_each(|_| assert!(turning.replace(&turning.keys(), ring()))));
            (0..3).for_each(|_| drop(scope.spawn(never_behind)));
        });
    }
}
