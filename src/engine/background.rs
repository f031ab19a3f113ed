//! Sending mails, and the thread that does so in the background if one is configured.

use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::log::Reporter;
use super::one_time::OneTime;
use super::outbox::{Fate, Outbox};
use super::shared::Shared;
use crate::contain::contain;
use crate::error::{Code, Error, Result};
use crate::mail::Delivery;
use crate::outbound::Outcome;
use crate::store::{Share, Tx, mails};
use crate::types::id::Id;

/// The outbox, and the thread that empties it.
pub(crate) struct Mailing {
    pub outbox: Arc<Outbox>,
    pub background: Option<Background>,
}

impl Mailing {
    /// Opens the outbox, and makes its thread if one is configured.
    pub(crate) fn open(
        shared: &Shared,
        one_time: &Arc<OneTime>,
        reporter: &Arc<Reporter>,
    ) -> Result<Mailing> {
        let outbox = Arc::new(Outbox::new(shared, one_time)?);
        let background = (shared.config.mail.delivery == Delivery::Background)
            .then(|| Background::new(Arc::clone(&outbox), Arc::clone(reporter)));
        // Another process may have left mails behind.
        if let Some(background) = &background
            && shared.store.read(mails::any)?
        {
            background.wake();
        }
        Ok(Mailing { outbox, background })
    }

    /// Runs a transaction that may put a mail into the outbox, and has it sent.
    pub(crate) fn write<T>(&self, f: impl FnMut(&mut Tx) -> Result<T>) -> Result<T> {
        let before = self.outbox.written();
        let value = self.outbox.write(f)?;
        if self.outbox.written() == before {
            return Ok(value);
        }
        if let Some(background) = &self.background {
            background.wake();
        } else if crate::types::random::random::<1>().is_ok_and(|random| random[0] < 32) {
            // Mails may never be fetched. Tidying may fail: the next writer tries again.
            let _ = self.outbox.tidy(Share::Batch(32));
        }
        Ok(value)
    }
}

/// How long a mail is leased: longer than any conversation about it takes.
const LEASE_SECONDS: i64 = 1800;

impl Outbox {
    /// Sends due mails while `goes_on` returns true. The store's lock is not held during the conversation with the server.
    pub(crate) fn deliver(&self, limit: u32, goes_on: impl Fn() -> bool) -> Result<Done> {
        let postman = match &self.postman {
            Some(postman) => postman,
            None if !cfg!(feature = "smtp") => return Err(Code::FeatureNotBuilt.into()),
            None => return Err(Error::at(Code::InvalidConfig, "/mail/smtp", "no server is configured")),
        };
        self.tidy(Share::AFew)?;
        let mut done = Done::default();
        let mut open = None;
        for _ in 0..limit {
            if !goes_on() {
                break;
            }
            let Some(taken) = self.take(1, LEASE_SECONDS)?.pop() else { break };
            let id = taken.waiting.id;
            let mut connection = match open.take().map_or_else(|| postman.connect(), Ok) {
                Ok(connection) => connection,
                Err(error) => {
                    self.settle(id, &Fate::Deferred(error.detail.as_deref().unwrap_or_default()))?;
                    return Err(error);
                }
            };
            let message_id = self.message_id(id);
            let outcome = connection.send(&taken.letter(message_id.as_deref()));
            self.settle_outcome(id, &outcome, &mut done)?;
            open = match outcome {
                _ if connection.is_open() => Some(connection),
                Outcome::Deferred(reason) | Outcome::Unwelcome(reason) => {
                    return Err(Error::new(Code::MailUnavailable, reason));
                }
                _ => None,
            };
        }
        if let Some(connection) = open {
            connection.close();
        }
        Ok(done)
    }

    /// Settles a mail after the server's answer, and counts it.
    fn settle_outcome(&self, id: Id, outcome: &Outcome, done: &mut Done) -> Result<()> {
        match outcome {
            Outcome::Sent => {
                self.settle(id, &Fate::Sent)?;
                self.is_unwelcome(None);
                done.delivered += 1;
            }
            Outcome::Deferred(reason) => {
                self.settle(id, &Fate::Deferred(reason))?;
                done.deferred += 1;
            }
            Outcome::Unwelcome(reason) => {
                self.settle(id, &Fate::Deferred(reason))?;
                self.is_unwelcome(Some(reason));
                done.unwelcome = Some(Error::at(Code::MailUnavailable, "/mail", reason.clone()));
                done.deferred += 1;
            }
            Outcome::Refused(reason) => {
                self.settle(id, &Fate::Refused(reason))?;
                done.refused += 1;
            }
        }
        Ok(())
    }
}

/// The counts of mails sent, deferred and given up.
#[derive(Default)]
pub(crate) struct Done {
    pub delivered: u32,
    pub deferred: u32,
    pub refused: u32,
    /// The problem for the operator, if the server refuses every mail of this engine.
    pub unwelcome: Option<Error>,
}

/// The thread that sends mails. It starts with the first mail and ends with the engine.
pub(crate) struct Background {
    outbox: Arc<Outbox>,
    reporter: Arc<Reporter>,
    /// The process that may use the thread. A forked child does not inherit threads, and a lock that one held
    /// stays locked.
    process: u32,
    running: Mutex<Option<Running>>,
}

struct Running {
    signal: Arc<Signal>,
    thread: JoinHandle<()>,
}

/// The messages between engine and thread.
#[derive(Default)]
struct Signal {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    has_mail: bool,
    must_end: bool,
    has_ended: bool,
}

/// How many mails are sent in one conversation.
const AT_ONCE: u32 = 50;

/// How long the thread waits for a mail before it looks on its own, for mails that were deferred and those of
/// other processes.
const PAUSE: Duration = Duration::from_secs(60);

/// How long closing the engine waits for a conversation. One with an unresponsive server is left to its
/// timeout.
const PATIENCE: Duration = Duration::from_secs(5);

impl Background {
    pub(crate) fn new(outbox: Arc<Outbox>, reporter: Arc<Reporter>) -> Background {
        Background { outbox, reporter, process: process::id(), running: Mutex::new(None) }
    }

    /// Wakes the thread, because there may be a mail. If no thread can be started, the next mail tries again.
    pub(crate) fn wake(&self) {
        if self.process != process::id() {
            return;
        }
        let mut running = lock(&self.running);
        if running.is_none() {
            let signal = Arc::new(Signal::default());
            let outbox = Arc::clone(&self.outbox);
            let reporter = Arc::clone(&self.reporter);
            let theirs = Arc::clone(&signal);
            let body = move || send_until_the_end(&outbox, &reporter, &theirs);
            let thread = thread::Builder::new().name("doorward-mail".to_owned()).spawn(body);
            *running = thread.ok().map(|thread| Running { signal, thread });
        }
        if let Some(running) = &*running {
            running.signal.tell(|state| state.has_mail = true);
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let running = self.running.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Running { signal, thread }) = running else { return };
        if self.process != process::id() {
            std::mem::forget((signal, thread));
            return;
        }
        signal.tell(|state| state.must_end = true);
        // A garbage collector may drop the engine on this very thread, inside a hook.
        if thread.thread().id() != thread::current().id() && signal.has_ended_within(PATIENCE) {
            let _ = thread.join();
        }
    }
}

fn send_until_the_end(outbox: &Outbox, reporter: &Reporter, signal: &Signal) {
    while !signal.must_end() {
        match contain(|| outbox.deliver(AT_ONCE, || !signal.must_end())) {
            Ok(done) => {
                if let Some(error) = &done.unwelcome {
                    report(reporter, error);
                }
                if done.delivered + done.deferred + done.refused < AT_ONCE {
                    signal.wait(|state| state.must_end || state.has_mail);
                }
            }
            Err(error) => {
                report(reporter, &error);
                // A server that is down is not asked again for each new mail.
                signal.wait(|state| state.must_end);
            }
        }
    }
    signal.tell(|state| state.has_ended = true);
}

fn report(reporter: &Reporter, error: &Error) {
    let _ = contain(|| {
        reporter.failed(Some("deliver_mail"), error);
        Ok(())
    });
}

impl Signal {
    fn tell(&self, what: impl FnOnce(&mut State)) {
        what(&mut lock(&self.state));
        self.changed.notify_all();
    }

    fn must_end(&self) -> bool {
        lock(&self.state).must_end
    }

    /// Waits until `what` holds or the pause is over.
    fn wait(&self, what: impl Fn(&State) -> bool) {
        let state = lock(&self.state);
        let waited = self.changed.wait_timeout_while(state, PAUSE, |state| !what(state));
        waited.unwrap_or_else(PoisonError::into_inner).0.has_mail = false;
    }

    fn has_ended_within(&self, patience: Duration) -> bool {
        let state = lock(&self.state);
        let waited = self.changed.wait_timeout_while(state, patience, |state| !state.has_ended);
        waited.unwrap_or_else(PoisonError::into_inner).0.has_ended
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
