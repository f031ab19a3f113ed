//! A value in several copies, so that threads that use it at once do not write to one cache line.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of copies. More threads share them evenly.
const COPIES: usize = 16;

/// A value in several copies, each on cache lines of its own (processors fetch them in pairs).
pub(crate) struct Spread<T>([Apart<T>; COPIES]);

#[repr(align(128))]
struct Apart<T>(T);

impl<T> Spread<T> {
    /// Makes each copy.
    pub(crate) fn new(mut make: impl FnMut() -> T) -> Spread<T> {
        Spread(std::array::from_fn(|_| Apart(make())))
    }

    /// Returns the copy of this thread. Every thread keeps to one.
    pub(crate) fn own(&self) -> &T {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local!(static OWN: usize = THREADS.fetch_add(1, Ordering::Relaxed) % COPIES);
        let Apart(copy) = &self.0[OWN.with(|own| *own)];
        copy
    }

    /// Returns every copy.
    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|Apart(copy)| copy)
    }
}
