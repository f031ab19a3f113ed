//! Passwords that leaked, in a file that is made once and asked without a network: a binary fuse filter (Graf and
//! Lemire, "Binary Fuse Filters", 2022). It never misses a password of its list, and takes another for one of the
//! list once in 256 or in 65,536 times, as it was made.

mod build;
mod file;
mod shape;

pub use self::build::{Building, Built, Unbuilt};
pub(crate) use self::file::Breached;
