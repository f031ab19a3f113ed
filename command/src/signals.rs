//! SIGINT (Ctrl-C) and SIGTERM. A command that does several things in turn watches for them, ends between two
//! steps, and reports how far it got; a second signal ends the process at once. A command that does one
//! thing, whole or not at all, is simply ended.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// The signal that arrived; 0 if none did.
static ARRIVED: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// Becomes readable when a signal arrives.
pub struct Signals(UnixStream);

/// A signal arrived, after this much was done.
pub struct Interrupted(pub String);

/// Watches for signals from now on.
pub fn watch() -> io::Result<&'static Signals> {
    static SIGNALS: OnceLock<Signals> = OnceLock::new();
    if let Some(signals) = SIGNALS.get() {
        return Ok(signals);
    }
    let (reader, writer) = UnixStream::pair()?;
    let is_second = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_default(signal, Arc::clone(&is_second))?;
        flag::register(signal, Arc::clone(&is_second))?;
        flag::register_usize(signal, Arc::clone(&ARRIVED), signal as usize)?;
        low_level::pipe::register(signal, writer.try_clone()?)?;
    }
    Ok(SIGNALS.get_or_init(|| Signals(reader)))
}

/// Returns the signal that arrived, if one did.
pub fn arrived() -> Option<i32> {
    i32::try_from(ARRIVED.load(Ordering::Relaxed)).ok().filter(|signal| *signal != 0)
}

impl Signals {
    /// Fails if a signal arrived, after this much was done.
    pub fn check(&self, done: impl FnOnce() -> String) -> Result<(), Interrupted> {
        match arrived() {
            Some(_) => Err(Interrupted(done())),
            None => Ok(()),
        }
    }

    /// Waits until `input` is readable, the time is over, or a signal arrives. Returns whether a signal
    /// arrived.
    pub fn wait(&self, input: Option<BorrowedFd>, time: Option<Duration>) -> io::Result<bool> {
        let mut sources = vec![PollFd::new(&self.0, PollFlags::IN)];
        sources.extend(input.map(|input| PollFd::from_borrowed_fd(input, PollFlags::IN)));
        let time = time.and_then(|time| Timespec::try_from(time).ok());
        loop {
            match poll(&mut sources, time.as_ref()) {
                // A signal that is ignored makes no input.
                Err(Errno::INTR) if arrived().is_none() => {}
                Ok(_) | Err(Errno::INTR) => return Ok(arrived().is_some()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Standard input; a signal ends its reading.
pub struct Input(pub &'static Signals);

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let stdin = io::stdin();
        match self.0.wait(Some(stdin.as_fd()), None)? {
            true => Err(io::Error::other("interrupted")),
            false => Ok(rustix::io::read(stdin.as_fd(), buffer)?),
        }
    }
}

/// Ends the process as the signal would have, so that a script ends with it and the shell reports 128 plus
/// its number.
pub fn end() -> ExitCode {
    let signal = arrived().unwrap_or(SIGINT);
    // By default no signal ends the first process of a container.
    if std::process::id() != 1 {
        let _ = low_level::emulate_default_handler(signal);
    }
    ExitCode::from(128 + signal as u8)
}
