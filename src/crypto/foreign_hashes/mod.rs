//! Password hashes of other systems, as their tables contain them, parsed into a type that is always valid,
//! and verified. docs/imports.md lists the formats.

mod bcrypt;
mod crypt;
mod digest;
mod pbkdf2;
mod phpass;
mod recognized;
mod salted;
mod scrypt;
mod text;
mod wrapped;
mod yescrypt;

use argon2::Block;
use aws_lc_rs::constant_time::verify_slices_are_equal;

use self::bcrypt::Bcrypt;
use self::crypt::Crypt;
use self::pbkdf2::Pbkdf2;
use self::phpass::Phpass;
pub(super) use self::recognized::recognized;
use self::salted::Salted;
use self::scrypt::Scrypt;
pub(super) use self::text::number;
pub(super) use self::wrapped::{is_braced_whole, unwrapped};
use self::yescrypt::Yescrypt;
use crate::error::Result;

/// The maximum of rounds of SHA-crypt, phpass and Drupal.
const MOST_ROUNDS: u32 = 1 << 20;

/// A hash that can be verified. It has no `Debug`, because some contain a pepper or a key.
pub(super) enum ForeignHash {
    Bcrypt(Bcrypt),
    Crypt(Crypt),
    Pbkdf2(Pbkdf2),
    Phpass(Phpass),
    Salted(Salted),
    Scrypt(Scrypt),
    Yescrypt(Yescrypt),
}

impl ForeignHash {
    pub(super) fn parse(text: &str) -> Option<ForeignHash> {
        let bcrypt = || Bcrypt::parse(text).map(ForeignHash::Bcrypt);
        let pbkdf2 = || Pbkdf2::parse(text).map(ForeignHash::Pbkdf2);
        let scrypt = || Scrypt::parse(text).map(ForeignHash::Scrypt);
        let crypt = || Crypt::parse(text).map(ForeignHash::Crypt);
        let phpass = || Phpass::parse(text).map(ForeignHash::Phpass);
        let salted = || Salted::parse(text).map(ForeignHash::Salted);
        let yescrypt = || Yescrypt::parse(text).map(ForeignHash::Yescrypt);
        bcrypt()
            .or_else(pbkdf2)
            .or_else(scrypt)
            .or_else(crypt)
            .or_else(phpass)
            .or_else(salted)
            .or_else(yescrypt)
    }

    /// Returns the name of the scheme, for people and reports.
    pub(super) fn scheme(&self) -> &'static str {
        match self {
            ForeignHash::Bcrypt(hash) => hash.scheme(),
            ForeignHash::Crypt(hash) => hash.scheme(),
            ForeignHash::Pbkdf2(hash) => hash.scheme(),
            ForeignHash::Phpass(hash) => hash.scheme(),
            ForeignHash::Salted(hash) => hash.scheme(),
            ForeignHash::Scrypt(hash) => hash.scheme(),
            ForeignHash::Yescrypt(_) => "yescrypt",
        }
    }

    /// Returns the cost.
    pub(super) fn parameters(&self) -> String {
        match self {
            ForeignHash::Bcrypt(hash) => format!("cost={}", hash.cost),
            ForeignHash::Crypt(hash) => format!("rounds={}", hash.rounds),
            ForeignHash::Pbkdf2(hash) => format!("iterations={}", hash.iterations),
            ForeignHash::Phpass(hash) => format!("rounds={}", 1_u32 << hash.log_rounds),
            ForeignHash::Salted(_) => "rounds=1".to_owned(),
            ForeignHash::Scrypt(Scrypt { cost, .. }) | ForeignHash::Yescrypt(Yescrypt { cost, .. }) => {
                format!("ln={},r={},p={}", cost.log_n, cost.r, cost.p)
            }
        }
    }

    /// Returns the memory that a verification takes, in KiB.
    pub(super) fn memory_kib(&self) -> u64 {
        match self {
            ForeignHash::Scrypt(hash) => hash.cost.memory_kib(),
            ForeignHash::Yescrypt(hash) => hash.cost.memory_kib(),
            _ => 0,
        }
    }

    /// Returns whether the hash is cheap enough to verify, because its author may be hostile. The limits cost
    /// at most a few seconds of an ordinary processor: cost 14 of bcrypt, 5 million iterations of PBKDF2 for
    /// all blocks of its output, 512 MiB of memory accesses by scrypt and yescrypt, a million rounds of the
    /// others.
    pub(super) fn is_bearable(&self, most_kib: u32) -> bool {
        match self {
            ForeignHash::Bcrypt(hash) => hash.cost <= 14,
            ForeignHash::Crypt(hash) => hash.rounds <= MOST_ROUNDS,
            ForeignHash::Pbkdf2(hash) => hash.work() <= 5_000_000,
            ForeignHash::Phpass(hash) => 1 << hash.log_rounds <= MOST_ROUNDS,
            ForeignHash::Salted(_) => true,
            ForeignHash::Scrypt(Scrypt { cost, .. }) | ForeignHash::Yescrypt(Yescrypt { cost, .. }) => {
                cost.memory_kib() <= most_kib.into()
                    && cost.r <= 64
                    && cost.p <= 16
                    && cost.memory_kib() * u64::from(cost.p) <= 524_288
            }
        }
    }

    /// Returns whether the hash is the password's; not if the password is too long for the rounds. `memory`
    /// has at least `memory_kib()` blocks.
    pub(super) fn verify(&self, password: &[u8], memory: &mut [Block]) -> Result<bool> {
        let is = |output: &[u8], expected: &[u8]| verify_slices_are_equal(output, expected).is_ok();
        Ok(match self {
            ForeignHash::Bcrypt(hash) => is(&hash.hash(password), hash.output()),
            ForeignHash::Crypt(hash) => hash.hash(password).is_some_and(|output| is(&output, hash.output())),
            ForeignHash::Pbkdf2(hash) => hash.verify(password),
            ForeignHash::Phpass(hash) => hash.hash(password).is_some_and(|output| is(&output, hash.output())),
            ForeignHash::Salted(hash) => is(&hash.hash(password), hash.output()),
            ForeignHash::Scrypt(hash) => is(&hash.hash(password, memory)?, hash.output()),
            ForeignHash::Yescrypt(hash) => is(&hash.hash(password, memory), hash.output()),
        })
    }
}
