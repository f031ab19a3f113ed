//! The native half of the Node package doorward: opens engines and runs operations, JSON text in and out, on threads
//! of its own. The JavaScript half has the names, types and errors; the engine makes the decisions.
//!
//! Node has no fork without exec: `child_process` and `cluster` start new programs, and a worker thread has its own
//! copy of this module. So an engine is never in a process that did not open it.

#![deny(unsafe_code)]

mod answer;
mod lanes;

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use doorward::{Code, Config, Engine, Error, Hooks, Level, OPERATIONS, Result, VerifyRequest, contain};
use napi::bindgen_prelude::{Either, FnArgs, Function, Object, Status};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, JsDeferred};
use napi_derive::napi;
use zeroize::Zeroizing;

use crate::answer::{Answer, Resolver};
use crate::lanes::{Job, Lanes, drop_contained};

/// A function of JavaScript that gets log records. It does not keep the process alive.
type Log = ThreadsafeFunction<FnArgs<(i32, String)>, (), FnArgs<(i32, String)>, Status, false, true>;

/// Describes the library: operations with their JSON Schemas, statuses, codes, features.
#[napi]
pub fn describe() -> String {
    doorward::describe().to_string()
}

/// The version of the library.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// A clock that stands until it is moved, for tests. Engines read it on other threads, so it is no function of
/// JavaScript.
#[napi]
pub struct NativeClock(Arc<AtomicI64>);

#[napi]
impl NativeClock {
    #[napi(constructor)]
    pub fn new(now_ms: i64) -> NativeClock {
        NativeClock(Arc::new(AtomicI64::new(now_ms)))
    }

    #[napi(getter)]
    pub fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    #[napi(setter)]
    pub fn set_now_ms(&self, now_ms: i64) {
        self.0.store(now_ms, Ordering::Relaxed);
    }
}

/// An open engine. JavaScript uses it on one thread; only the threads of the lanes share the engine itself.
#[napi]
pub struct NativeEngine {
    open: RefCell<Option<Open>>,
    last_ticket: Cell<u32>,
}

struct Open {
    engine: Arc<Engine>,
    lanes: Lanes,
}

/// Opens an engine on a thread, because that waits for the store. A text that is not Unicode comes as `null`.
#[napi]
pub fn open<'env>(
    env: &'env Env,
    config: Option<String>,
    clock: Option<&NativeClock>,
    log: Option<Function<'_, FnArgs<(i32, String)>, ()>>,
) -> napi::Result<Object<'env>> {
    let config = config.map(Zeroizing::new);
    let mut hooks = Hooks::new();
    if let Some(clock) = clock {
        let now = Arc::clone(&clock.0);
        hooks = hooks.clock(doorward::Clock::custom(move || now.load(Ordering::Relaxed)));
    }
    if let Some(log) = log {
        let log: Log = log.build_threadsafe_function().weak::<true>().build()?;
        hooks = hooks.log(move |level: Level, record: &str| {
            let record = FnArgs::from((level as i32, record.to_owned()));
            log.call(record, ThreadsafeFunctionCallMode::NonBlocking);
        });
    }
    let (deferred, promise) = env.create_deferred::<Either<NativeEngine, Answer>, _>()?;
    let opened = move || {
        let opened = contain(|| {
            let config = Config::parse(&config.ok_or(Code::InvalidUtf8)?)?;
            let lanes = Lanes::new(&config.password);
            Ok(Open { engine: Arc::new(Engine::open(config, hooks)?), lanes })
        });
        deferred.resolve(|_| {
            Ok(match opened {
                Ok(open) => {
                    Either::A(NativeEngine { open: RefCell::new(Some(open)), last_ticket: Cell::new(0) })
                }
                Err(error) => Either::B(Answer::of(Err(error))),
            })
        });
    };
    spawn(opened)?;
    Ok(promise)
}

#[napi]
impl NativeEngine {
    /// The number of the next call of `run`, by which it can be withdrawn.
    #[napi(getter)]
    pub fn next_ticket(&self) -> u32 {
        self.last_ticket.get().wrapping_add(1)
    }

    /// Runs an operation on another thread. A text that is not Unicode comes as `null`.
    #[napi]
    pub fn run<'env>(
        &self,
        env: &'env Env,
        operation: String,
        request: Option<String>,
    ) -> napi::Result<Object<'env>> {
        let ticket = self.next_ticket();
        self.last_ticket.set(ticket);
        let (deferred, promise): (JsDeferred<Answer, Resolver>, _) = env.create_deferred()?;
        let row = OPERATIONS.iter().find(|row| row.name == operation);
        let is_unicode = request.is_some();
        let request = Zeroizing::new(request.unwrap_or_default());
        let job = Job { ticket, operation, request, deferred };
        match (&*self.open.borrow(), row) {
            (None, _) => job.refuse(refusal(Code::EngineClosed.into())),
            (_, None) => job.refuse(refusal(Code::UnknownOperation.into())),
            _ if !is_unicode => job.refuse(refusal(Code::InvalidUtf8.into())),
            (Some(open), Some(row)) => open.lanes.add(&open.engine, row.cost, job),
        }
        Ok(promise)
    }

    /// Withdraws a call that has not begun, which is then answered with `WITHDRAWN`.
    #[napi]
    pub fn withdraw(&self, ticket: u32) {
        let job = self.open.borrow().as_ref().and_then(|open| open.lanes.withdraw(ticket));
        job.into_iter().for_each(|job| job.refuse(Answer::withdrawn()));
    }

    /// Runs an operation that only computes, on this thread.
    #[napi]
    pub fn run_at_once(&self, operation: String, request: String) -> Answer {
        let request = Zeroizing::new(request);
        Answer::of(self.with(|engine| engine.call(&operation, &request)))
    }

    /// Verifies an access token on this thread, and returns the claims.
    #[napi]
    pub fn verify(&self, token: String) -> Either<String, Answer> {
        let request = VerifyRequest::new(token);
        let claims = self.with(|engine| match engine.verify_at_once(&request)? {
            Some(claims) => Ok(claims),
            None => engine.verify(request),
        });
        match claims {
            Ok(claims) => Either::A(claims.as_str().to_owned()),
            Err(error) => Either::B(refusal(error)),
        }
    }

    /// Closes the engine after the calls that have begun; the others are refused.
    #[napi]
    pub fn close<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred::<(), _>()?;
        let open = self.open.take();
        spawn(move || {
            open.into_iter().for_each(Open::close);
            deferred.resolve(|_| Ok(()));
        })?;
        Ok(promise)
    }

    fn with<T>(&self, f: impl FnOnce(&Engine) -> Result<T>) -> Result<T> {
        let open = self.open.borrow();
        let open = open.as_ref().ok_or(Error::from(Code::EngineClosed))?;
        contain(|| f(&open.engine))
    }
}

/// An engine that is garbage is closed, too, without waiting.
impl Drop for NativeEngine {
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            // Without a thread the engine ends with the process.
            let _ = spawn(move || open.close());
        }
    }
}

impl Open {
    fn close(self) {
        for thread in self.lanes.close() {
            // A thread that panicked has ended, too.
            let _ = thread.join();
        }
        drop_contained(self.engine);
    }
}

fn refusal(error: Error) -> Answer {
    Answer::of(Err(error))
}

/// Runs something that waits, on a thread of its own.
fn spawn(f: impl FnOnce() + Send + 'static) -> napi::Result<()> {
    let spawned = thread::Builder::new().name("doorward".to_owned()).spawn(f);
    spawned.map(drop).map_err(|error| napi::Error::from_reason(format!("no thread: {}", error.kind())))
}
