//! Password hashes: Argon2 (RFC 9106) in PHC strings, and the verification of other systems' hashes. They are
//! computed in a bounded pool of reused memory. The pool's size caps both concurrency and memory; a bounded
//! number of callers may wait. All engines of a process share one pool, with as many places as the engine
//! that asks for most.

use std::num::NonZeroUsize;
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64_simd::STANDARD_NO_PAD;
use zeroize::Zeroizing;

#[cfg(target_arch = "x86_64")]
use super::argon2id::Kernel;
use super::foreign_hashes::{ForeignHash, is_braced_whole, number, recognized, unwrapped};
use super::memory::Memory;
use crate::error::{Code, Error, Result};
use crate::password::{Password, PasswordPolicy};
use crate::types::random::random;

const SALT_LEN: usize = 16;
const OUTPUT_LEN: usize = 32;

/// The maximum length of a hash, in bytes.
const MOST_TEXT: usize = 2048;

/// The memory limit for an imported hash, in KiB, unless more is configured.
const MOST_KIB: u32 = 131_072;

/// Computes and verifies password hashes with the configured cost.
pub(crate) struct Hasher {
    cost: Cost,
    places: Places,
    /// The hash that is verified when there is no account: the same work, never a match.
    decoy: StoredHash,
}

/// The result of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub valid: bool,
    /// Whether the hash was made otherwise than with the current algorithm and cost, from the password's
    /// normal form.
    pub needs_rehash: bool,
}

/// Why a hash cannot be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unverifiable {
    Malformed,
    /// The hash, of this scheme, costs too much.
    TooCostly(&'static str),
}

impl Hasher {
    pub(crate) fn new(policy: &PasswordPolicy) -> Result<Hasher> {
        let processors = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let cost = Cost {
            memory_kib: policy.memory_kib.get() as u32,
            iterations: policy.iterations.get() as u32,
            parallelism: policy.parallelism.get() as u32,
        };
        let slots = policy.max_concurrent.map_or_else(processors, |max| max.get());
        Ok(Hasher {
            cost,
            places: Places::new(cost.memory_kib as usize, slots, policy.max_queued.get()),
            decoy: StoredHash::Argon2(Phc {
                algorithm: Algorithm::Argon2id,
                version: Version::V0x13,
                cost,
                salt: random::<SALT_LEN>()?.to_vec(),
                output: random::<OUTPUT_LEN>()?.to_vec(),
            }),
        })
    }

    /// Returns the PHC string of a new hash.
    pub(crate) fn hash(&self, password: &Password) -> Result<String> {
        let mut phc = Phc {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            cost: self.cost,
            salt: random::<SALT_LEN>()?.to_vec(),
            output: vec![0; OUTPUT_LEN],
        };
        let output = self.places.slot()?.compute(password.as_bytes(), &phc)?;
        phc.output.copy_from_slice(&output);
        Ok(phc.to_string())
    }

    /// Verifies a password against `stored`. Without a hash, or with a malformed or too costly one, it does
    /// the work of one hash and reports that nothing matches.
    ///
    /// Other systems hashed the bytes as typed: if these differ from the password's normal form, both are
    /// tried.
    pub(crate) fn verify(&self, password: &Password, stored: Option<&str>) -> Result<Verdict> {
        let readable = stored.and_then(|text| self.readable(text).ok());
        let hash = readable.as_ref().unwrap_or(&self.decoy);
        let is_current = readable.is_some() && self.is_current(hash);
        let mut forms = [Some(password.as_bytes()), password.as_typed()];
        if !is_current {
            forms.reverse();
        }
        let mut slot = self.places.slot()?;
        for form in forms.into_iter().flatten() {
            let valid = slot.verify(form, hash)?;
            if valid && readable.is_some() {
                let is_normal = form == password.as_bytes();
                return Ok(Verdict { valid, needs_rehash: !is_current || !is_normal });
            }
        }
        if readable.is_some() && !is_current {
            // A hash of another cost must not reveal that there is an account. The verdict is already known
            // and stays.
            let _ = slot.verify(password.as_bytes(), &self.decoy);
        }
        Ok(Verdict { valid: false, needs_rehash: readable.is_some() && !is_current })
    }

    /// Returns the name of a hash's scheme, if the hash can be verified here.
    pub(crate) fn scheme(&self, stored: &str) -> Result<&'static str, Unverifiable> {
        self.readable(stored).map(|hash| hash.scheme())
    }

    /// Returns the scheme and the cost of a hash, whether or not it can be verified here.
    pub(crate) fn describe(&self, stored: &str) -> Option<HashDescription> {
        let hash = StoredHash::parse(stored)?;
        Some(HashDescription { scheme: hash.scheme(), parameters: hash.parameters() })
    }

    /// Returns what a hash that cannot be verified is, for the host; none if that is unknown. It quotes
    /// nothing of the hash but its cost.
    pub(crate) fn refusal(&self, stored: &str) -> Option<String> {
        match self.describe(stored) {
            Some(HashDescription { scheme, parameters }) => Some(format!("{scheme} with {parameters}")),
            None => recognized(stored).map(str::to_owned),
        }
    }

    fn readable(&self, text: &str) -> Result<StoredHash, Unverifiable> {
        let hash = StoredHash::parse(text).ok_or(Unverifiable::Malformed)?;
        let is_bearable = match &hash {
            StoredHash::Argon2(phc) => phc.cost.is_bearable(self.cost),
            StoredHash::Foreign(hash) => hash.is_bearable(self.cost.memory_kib.max(MOST_KIB)),
        };
        if is_bearable { Ok(hash) } else { Err(Unverifiable::TooCostly(hash.scheme())) }
    }

    fn is_current(&self, hash: &StoredHash) -> bool {
        matches!(hash, StoredHash::Argon2(phc) if phc.algorithm == Algorithm::Argon2id
            && phc.version == Version::V0x13
            && phc.cost == self.cost
            && phc.salt.len() >= SALT_LEN
            && phc.output.len() == OUTPUT_LEN)
    }

    /// Measures one hash, in a place of its own whose memory is warm.
    pub(crate) fn measure(&self) -> Result<Duration> {
        let mut slot = self.places.slot()?;
        slot.verify(b"a password", &self.decoy)?;
        let began = Instant::now();
        slot.verify(b"a password", &self.decoy)?;
        Ok(began.elapsed())
    }

    /// Returns how busy the places are.
    pub(crate) fn load(&self) -> Load {
        let state = self.places.pool.lock();
        Load { slots: state.slots(), busy: state.busy, waiting: state.waiting }
    }
}

/// How busy the places are.
pub(crate) struct Load {
    /// The number of places.
    pub slots: usize,
    /// The number of occupied places.
    pub busy: usize,
    /// The number of callers that wait for a place.
    pub waiting: usize,
}

/// What is known of a hash without its password.
pub(crate) struct HashDescription {
    pub scheme: &'static str,
    /// The cost.
    pub parameters: String,
}

impl Slot<'_> {
    fn verify(&mut self, password: &[u8], hash: &StoredHash) -> Result<bool> {
        match hash {
            StoredHash::Argon2(phc) => {
                let output = self.compute(password, phc)?;
                Ok(verify_slices_are_equal(&output, &phc.output).is_ok())
            }
            StoredHash::Foreign(hash) => match hash.memory_kib() {
                0 => hash.verify(password, &mut []),
                kib => hash.verify(password, self.memory(kib as usize)?.blocks()),
            },
        }
    }

    fn compute(&mut self, password: &[u8], phc: &Phc) -> Result<Zeroizing<Vec<u8>>> {
        let Cost { memory_kib, iterations, parallelism } = phc.cost;
        let failed = |error: argon2::Error| Error::new(Code::Internal, error.to_string());
        let params =
            Params::new(memory_kib, iterations, parallelism, Some(phc.output.len())).map_err(failed)?;
        #[cfg(target_arch = "x86_64")]
        if phc.has_a_kernel()
            && let Some(kernel) = Kernel::fastest()
        {
            return self.compute_by(kernel, password, phc);
        }
        let memory = self.memory(params.block_count())?;
        let mut output = Zeroizing::new(vec![0; phc.output.len()]);
        Argon2::new(phc.algorithm, phc.version, params)
            .hash_password_into_with_memory(password, &phc.salt, &mut output, memory.blocks())
            .map_err(failed)?;
        Ok(output)
    }

    #[cfg(target_arch = "x86_64")]
    fn compute_by(&mut self, kernel: Kernel, password: &[u8], phc: &Phc) -> Result<Zeroizing<Vec<u8>>> {
        let Cost { memory_kib, iterations, .. } = phc.cost;
        // A kernel uses a multiple of four blocks (RFC 9106 section 3.2).
        let memory = self.memory(memory_kib as usize)?;
        let output = kernel.hash(password, &phc.salt, memory_kib, iterations, memory.blocks());
        output.ok_or(Error::new(Code::Internal, "Argon2id"))
    }
}

/// The cost of a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    memory_kib: u32,
    iterations: u32,
    parallelism: u32,
}

impl Cost {
    /// Returns whether a stored hash is cheap enough to verify, because its author may be hostile. The limits
    /// are 128 MiB, 16 passes and 512 MiB of memory accesses, or the configured cost.
    fn is_bearable(self, configured: Cost) -> bool {
        let walk = |cost: Cost| u64::from(cost.memory_kib) * u64::from(cost.iterations);
        self.memory_kib <= configured.memory_kib.max(MOST_KIB)
            && self.iterations <= configured.iterations.max(16)
            && self.parallelism <= configured.parallelism.max(16)
            && walk(self) <= walk(configured).max(524_288)
    }
}

/// A hash that can be verified, whichever system made it.
enum StoredHash {
    Argon2(Phc),
    Foreign(ForeignHash),
}

impl StoredHash {
    fn parse(text: &str) -> Option<StoredHash> {
        // A salt may be any text, but PostgreSQL cannot store NUL. JSON may be in several lines.
        let is_space = |c: char| is_braced_whole(text) && matches!(c, '\t' | '\n' | '\r');
        if text.len() > MOST_TEXT || text.chars().any(|c| c.is_control() && !is_space(c)) {
            return None;
        }
        let text = unwrapped(text)?;
        // Django prefixes the PHC string with the scheme.
        let phc = text.strip_prefix("argon2").unwrap_or(&text);
        match Phc::parse(phc) {
            Some(phc) => Some(StoredHash::Argon2(phc)),
            None => ForeignHash::parse(&text).map(StoredHash::Foreign),
        }
    }

    /// Returns the name of the scheme, for people and reports.
    fn scheme(&self) -> &'static str {
        match self {
            StoredHash::Argon2(phc) => phc.algorithm.as_str(),
            StoredHash::Foreign(hash) => hash.scheme(),
        }
    }

    /// Returns the cost, as the scheme's own strings write it.
    fn parameters(&self) -> String {
        match self {
            StoredHash::Argon2(Phc { cost: Cost { memory_kib, iterations, parallelism }, .. }) => {
                format!("m={memory_kib},t={iterations},p={parallelism}")
            }
            StoredHash::Foreign(hash) => hash.parameters(),
        }
    }
}

/// A hash in PHC string format: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<output>`.
struct Phc {
    algorithm: Algorithm,
    version: Version,
    cost: Cost,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Phc {
    /// Returns whether our own code may compute the hash.
    #[cfg(target_arch = "x86_64")]
    fn has_a_kernel(&self) -> bool {
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && self.cost.parallelism == 1
            && self.output.len() == OUTPUT_LEN
    }

    /// Parses a string whose every part is within the limits of RFC 9106 and 64 bytes. Nothing is computed
    /// and no memory taken before this is known.
    fn parse(text: &str) -> Option<Phc> {
        let mut parts = text.strip_prefix('$')?.split('$');
        let algorithm = match parts.next()? {
            "argon2id" => Algorithm::Argon2id,
            "argon2i" => Algorithm::Argon2i,
            "argon2d" => Algorithm::Argon2d,
            _ => return None,
        };
        let mut part = parts.next()?;
        let version = match part.strip_prefix("v=") {
            Some(version) => {
                part = parts.next()?;
                if version == "19" { Version::V0x13 } else { (version == "16").then_some(Version::V0x10)? }
            }
            None => Version::V0x10,
        };
        let mut costs = part.split(',');
        let mut cost = |name: &str| number(costs.next()?.strip_prefix(name)?);
        let cost = Cost { memory_kib: cost("m=")?, iterations: cost("t=")?, parallelism: cost("p=")? };
        let salt = bytes(parts.next()?)?;
        let output = bytes(parts.next()?)?;
        let valid = costs.next().is_none()
            && parts.next().is_none()
            && (1..=16_777_215).contains(&cost.parallelism)
            && cost.iterations >= 1
            && cost.memory_kib / 8 >= cost.parallelism
            && (8..=64).contains(&salt.len())
            && (12..=64).contains(&output.len());
        valid.then_some(Phc { algorithm, version, cost, salt, output })
    }
}

impl std::fmt::Display for Phc {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let Cost { memory_kib, iterations, parallelism } = self.cost;
        let salt = STANDARD_NO_PAD.encode_to_string(&self.salt);
        let output = STANDARD_NO_PAD.encode_to_string(&self.output);
        write!(f, "${}$v=19$m={memory_kib},t={iterations},p={parallelism}${salt}${output}", self.algorithm)
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    (text.len() <= 88).then(|| STANDARD_NO_PAD.decode_to_vec(text).ok()).flatten()
}

/// The pool's places, as one engine uses them.
struct Places {
    /// The engine's demand.
    demand: Demand,
    /// How many callers may wait when another comes to this engine.
    queue: usize,
    pool: Arc<Pool>,
}

/// An engine's demand on the pool: the memory of a hash, and the number of hashes at once.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Demand {
    kib: usize,
    slots: usize,
}

#[derive(Default)]
struct Pool {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    /// One for each open engine.
    demands: Vec<Demand>,
    idle: Vec<Memory>,
    busy: usize,
    waiting: usize,
}

/// The pool of this process, while an engine is open. A forked child gets a pool of its own: places that are
/// occupied in the parent's would never become free in the child.
static POOL: Mutex<Known> = Mutex::new(Known { process: 0, pool: Weak::new() });

struct Known {
    /// The process that made the pool.
    process: u32,
    pool: Weak<Pool>,
}

impl Pool {
    fn of_process() -> Arc<Pool> {
        let process = process::id();
        let Some(mut known) = shared() else { return Arc::default() };
        match known.pool.upgrade().filter(|_| known.process == process) {
            Some(pool) => pool,
            None => {
                let pool = Arc::default();
                *known = Known { process, pool: Arc::downgrade(&pool) };
                pool
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Locks the known pool. The lock is held for moments only; longer only in a child that was forked in such a
/// moment, where it is never released.
fn shared() -> Option<MutexGuard<'static, Known>> {
    for _ in 0..1000 {
        match POOL.try_lock() {
            Ok(known) => return Some(known),
            Err(TryLockError::Poisoned(known)) => return Some(known.into_inner()),
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(1)),
        }
    }
    None
}

impl Places {
    fn new(kib: usize, slots: usize, queue: usize) -> Places {
        let demand = Demand { kib, slots };
        let pool = Pool::of_process();
        pool.lock().demands.push(demand);
        // Waiting callers learn of additional places.
        pool.freed.notify_all();
        Places { demand, queue, pool }
    }

    /// Waits for a place. Failure: `hash_queue_full`.
    fn slot(&self) -> Result<Slot<'_>> {
        let mut state = self.pool.lock();
        if state.busy >= state.slots() {
            if state.waiting >= self.queue {
                return Err(Code::HashQueueFull.into());
            }
            state.waiting += 1;
            while state.busy >= state.slots() {
                state = self.pool.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.waiting -= 1;
        }
        state.busy += 1;
        Ok(Slot { places: self, memory: state.idle.pop() })
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        if let Some(at) = state.demands.iter().position(|demand| *demand == self.demand) {
            state.demands.swap_remove(at);
        }
        state.forget_idle();
    }
}

impl State {
    fn slots(&self) -> usize {
        self.demands.iter().map(|demand| demand.slots).max().unwrap_or(1)
    }

    fn kib(&self) -> usize {
        self.demands.iter().map(|demand| demand.kib).max().unwrap_or(0)
    }

    /// Frees memory that no open engine needs.
    fn forget_idle(&mut self) {
        let slots = self.slots();
        let kib = self.kib();
        self.idle.retain(|memory| memory.len() <= kib);
        self.idle.truncate(slots);
    }
}

/// A place in the pool. Dropping it admits the next caller.
struct Slot<'a> {
    places: &'a Places,
    memory: Option<Memory>,
}

impl Slot<'_> {
    /// Returns memory of at least `kib` blocks. Failure: `hash_queue_full`, if the system has none.
    fn memory(&mut self, kib: usize) -> Result<&mut Memory> {
        if self.memory.as_ref().is_none_or(|memory| memory.len() < kib) {
            self.memory = None;
            self.memory = Memory::new(kib.max(self.places.demand.kib));
        }
        self.memory.as_mut().ok_or(Error::new(Code::HashQueueFull, "no memory"))
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut state = self.places.pool.lock();
        state.busy -= 1;
        state.idle.extend(self.memory.take());
        // Memory beyond the configured size served a single imported hash.
        state.forget_idle();
        drop(state);
        self.places.pool.freed.notify_one();
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    /// Debug builds use no kernel by themselves, so this hands each one in.
    #[test]
    fn a_place_computes_the_same_with_each_kernel_and_without() {
        let config = r#"{"password": {"memory_kib": 9, "iterations": 1}}"#;
        let hasher = Hasher::new(&crate::config::Config::parse(config).unwrap().password).unwrap();
        let StoredHash::Argon2(phc) = &hasher.decoy else { panic!() };
        let mut slot = hasher.places.slot().unwrap();
        let by_the_crate = slot.compute(b"a password", phc).unwrap();
        for kernel in Kernel::available() {
            assert_eq!(*slot.compute_by(kernel, b"a password", phc).unwrap(), *by_the_crate, "{kernel:?}");
        }
    }
}
