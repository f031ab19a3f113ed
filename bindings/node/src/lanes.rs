//! The threads on which operations run. A call may wait for the store or a hash, so it must not run on the thread of
//! JavaScript; and libuv has four threads only, for which files and names of hosts wait, too.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use doorward::config::PasswordPolicy;
use doorward::{Code, Cost, Engine, Error, Result, contain};
use napi::JsDeferred;
use zeroize::Zeroizing;

use crate::answer::{Answer, Resolver};

/// A call that waits for a thread.
pub struct Job {
    /// The number by which it is withdrawn.
    pub ticket: u32,
    pub operation: String,
    pub request: Zeroizing<String>,
    pub deferred: JsDeferred<Answer, Resolver>,
}

impl Job {
    fn run(self, engine: &Engine) {
        let Job { operation, request, deferred, .. } = self;
        deferred.resolve(Answer::of(contain(|| engine.call(&operation, &request))).resolver());
    }

    /// Answers without running the operation.
    pub fn refuse(self, answer: Answer) {
        self.deferred.resolve(answer.resolver());
    }
}

/// A lane for each kind of operations, so that none waits for another kind.
pub struct Lanes {
    store: Lane,
    hash: Lane,
    network: Lane,
    long: Lane,
}

impl Lanes {
    pub fn new(policy: &PasswordPolicy) -> Lanes {
        let processors = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let places = policy.max_concurrent.map_or_else(processors, |most| most.get());
        Lanes {
            store: Lane::new(64, None),
            // More than places, so that none is idle while another call writes.
            hash: Lane::new(4 * places, Some(policy.max_queued.get())),
            network: Lane::new(32, None),
            long: Lane::new(8, None),
        }
    }

    /// Runs a job on a thread of its kind, as soon as one is free.
    pub fn add(&self, engine: &Arc<Engine>, cost: Cost, job: Job) {
        let lane = match cost {
            Cost::Instant | Cost::Store => &self.store,
            Cost::Hash => &self.hash,
            Cost::Network => &self.network,
            _ => &self.long,
        };
        lane.add(engine, job);
    }

    /// Takes a job back, if it has not begun.
    pub fn withdraw(&self, ticket: u32) -> Option<Job> {
        self.all().into_iter().find_map(|lane| lane.withdraw(ticket))
    }

    /// Refuses the jobs that have not begun, and ends the threads after those that have.
    pub fn close(&self) -> Vec<JoinHandle<()>> {
        self.all().into_iter().flat_map(Lane::close).collect()
    }

    fn all(&self) -> [&Lane; 4] {
        [&self.store, &self.hash, &self.network, &self.long]
    }
}

/// Threads for one kind of operations. They start when they are needed.
struct Lane {
    shared: Arc<Shared>,
    most_threads: usize,
    /// How many jobs may wait; further ones are refused.
    most_waiting: Option<usize>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    threads: Vec<JoinHandle<()>>,
    idle: usize,
    is_closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    fn new(most_threads: usize, most_waiting: Option<usize>) -> Lane {
        Lane { shared: Arc::default(), most_threads, most_waiting }
    }

    fn add(&self, engine: &Arc<Engine>, job: Job) {
        let mut state = self.shared.lock();
        let is_busy = state.waiting.len() >= state.idle && state.threads.len() >= self.most_threads;
        let refused = match state.is_closed {
            true => Some(Code::EngineClosed),
            false if is_busy && self.most_waiting.is_some_and(|most| state.waiting.len() >= most) => {
                Some(Code::HashQueueFull)
            }
            false => None,
        };
        if let Some(code) = refused {
            drop(state);
            return job.refuse(Answer::of(Err(code.into())));
        }
        state.waiting.push_back(job);
        if state.waiting.len() > state.idle && state.threads.len() < self.most_threads {
            let shared = Arc::clone(&self.shared);
            let engine = Arc::clone(engine);
            let work = move || work(&shared, &engine);
            match thread::Builder::new().name("doorward".to_owned()).spawn(work) {
                Ok(thread) => state.threads.push(thread),
                // Others take the job. Without any it would wait forever.
                Err(_) if !state.threads.is_empty() => {}
                Err(error) => {
                    let job = state.waiting.pop_back();
                    drop(state);
                    let failure = Error::new(Code::Internal, format!("no thread: {}", error.kind()));
                    return job.into_iter().for_each(|job| job.refuse(Answer::of(Err(failure.clone()))));
                }
            }
        }
        drop(state);
        self.shared.changed.notify_one();
    }

    fn withdraw(&self, ticket: u32) -> Option<Job> {
        let waiting = &mut self.shared.lock().waiting;
        let place = waiting.iter().position(|job| job.ticket == ticket)?;
        waiting.remove(place)
    }

    fn close(&self) -> Vec<JoinHandle<()>> {
        let mut state = self.shared.lock();
        state.is_closed = true;
        let waiting = std::mem::take(&mut state.waiting);
        let threads = std::mem::take(&mut state.threads);
        drop(state);
        self.shared.changed.notify_all();
        waiting.into_iter().for_each(|job| job.refuse(Answer::of(Err(Code::EngineClosed.into()))));
        threads
    }
}

/// Runs jobs until the lane is closed.
fn work(shared: &Shared, engine: &Engine) {
    let mut state = shared.lock();
    loop {
        if let Some(job) = state.waiting.pop_front() {
            drop(state);
            job.run(engine);
            state = shared.lock();
        } else if state.is_closed {
            return;
        } else {
            state.idle += 1;
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }
}

/// Drops an engine: its last user waits until it is closed.
pub fn drop_contained(engine: Arc<Engine>) {
    let _: Result<()> = contain(|| {
        drop(engine);
        Ok(())
    });
}
