//! The native half of the Python package: opens engines, runs operations, and converts JSON text into Python
//! objects. The Python half has the names, types and models; the engine makes the decisions.

#![forbid(unsafe_code)]

mod hooks;
mod objects;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use doorward::{Code, Config, Error, Result, VerifyRequest, contain};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCFunction, PyDict, PyString};

use crate::hooks::Hooks;

/// The number of forks that led to this process.
static FORKS: AtomicU32 = AtomicU32::new(0);

#[pymodule]
mod _doorward {
    use super::*;

    #[pymodule_export]
    use super::{Engine, describe};

    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");

    /// Starts counting forks. Python reports them, so that no call needs a system call.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        let os = py.import("os")?;
        if !os.hasattr("register_at_fork")? {
            return Ok(());
        }
        let in_child = PyCFunction::new_closure(py, None, None, |_, _| {
            FORKS.fetch_add(1, Ordering::Relaxed);
        })?;
        let arguments = PyDict::new(py);
        arguments.set_item("after_in_child", in_child)?;
        os.call_method("register_at_fork", (), Some(&arguments)).map(drop)
    }
}

/// Describes the library as data: operations with their JSON Schemas, statuses, codes, features.
#[pyfunction]
fn describe(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    objects::from_json(py, &doorward::describe().to_string())
}

/// An open engine.
#[pyclass(frozen, subclass, module = "doorward._doorward")]
struct Engine {
    /// `FORKS` when the engine was opened.
    forks: u32,
    /// Locked only briefly: a call clones the reference to the engine and releases the lock.
    open: RwLock<Option<Arc<doorward::Engine>>>,
    hooks: Arc<Hooks>,
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (config=None, log=None, now_ms=None))]
    fn new(
        py: Python<'_>,
        config: Option<&Bound<'_, PyString>>,
        log: Option<Bound<'_, PyAny>>,
        now_ms: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Engine> {
        let hooks = Arc::new(Hooks::new(log, now_ms)?);
        let config = config.map_or(Ok("{}"), utf8);
        let open = py.detach(|| {
            hooks::refuse_inside()?;
            contain(|| {
                let config = config.map(|text| if text.is_empty() { "{}" } else { text })?;
                doorward::Engine::open(Config::parse(config)?, Hooks::of_engine(&hooks))
            })
        });
        let open = RwLock::new(Some(Arc::new(open.map_err(|error| failure(py, error))?)));
        Ok(Engine { forks: FORKS.load(Ordering::Relaxed), open, hooks })
    }

    /// Verifies an access token by signature and claims alone, without the store: a session that was revoked
    /// still passes until the token expires. Returns the claims.
    #[pyo3(signature = (token, *, backend=None))]
    fn verify<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'py, PyString>,
        backend: Option<String>,
    ) -> PyResult<Bound<'py, PyAny>> {
        // A text that is not UTF-8 is not a token, and neither is the empty text.
        let mut request = VerifyRequest::new(utf8(token).unwrap_or_default());
        request.backend = backend;
        // Usually the call only computes, for so short a time that releasing the interpreter would cost more.
        // A call that may wait releases the interpreter.
        let claims = self.run(|engine| match engine.verify_at_once(&request)? {
            Some(claims) => Ok(claims),
            None => py.detach(|| engine.verify(request)),
        });
        objects::from_json(py, claims.map_err(|error| failure(py, error))?.as_str())
    }

    /// Runs the operation with this name: JSON text in, Python objects out.
    #[pyo3(signature = (operation, request=None))]
    fn call<'py>(
        &self,
        py: Python<'py>,
        operation: &Bound<'py, PyString>,
        request: Option<&Bound<'py, PyString>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let request = request.map_or(Ok("{}"), utf8);
        let operation = utf8(operation);
        let response = py.detach(|| self.run(|engine| engine.call(operation?, request?)));
        objects::from_json(py, &response.map_err(|error| failure(py, error))?)
    }

    /// Closes the engine. Closing it again changes nothing. Calls in progress finish; later calls fail with
    /// code `engine_closed`.
    fn close(&self, py: Python<'_>) {
        if self.forks == FORKS.load(Ordering::Relaxed) {
            let open = self.open.write().unwrap_or_else(PoisonError::into_inner).take();
            py.detach(|| drop_contained(open));
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.hooks.traverse(&visit)
    }
}

impl Engine {
    fn run<T>(&self, f: impl FnOnce(&doorward::Engine) -> Result<T>) -> Result<T> {
        hooks::refuse_inside()?;
        if self.forks != FORKS.load(Ordering::Relaxed) {
            return Err(Code::Forked.into());
        }
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner).clone();
        let engine = open.ok_or(Error::from(Code::EngineClosed))?;
        contain(move || f(&engine))
    }
}

/// A forked child closes nothing, because the store is the parent's.
impl Drop for Engine {
    fn drop(&mut self) {
        let open = self.open.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if self.forks != FORKS.load(Ordering::Relaxed) {
            std::mem::forget(open);
            return;
        }
        // Without the interpreter: the thread that sends mails may be waiting for it, inside a hook.
        let mut open = Some(open);
        if Python::try_attach(|py| py.detach(|| drop_contained(open.take().flatten()))).is_none() {
            drop_contained(open.flatten());
        }
    }
}

fn drop_contained(engine: Option<Arc<doorward::Engine>>) {
    let _ = contain(|| {
        drop(engine);
        Ok(())
    });
}

/// Returns a Python text as UTF-8; a text with lone surrogates is refused.
fn utf8<'a>(text: &'a Bound<'_, PyString>) -> Result<&'a str> {
    text.to_str().map_err(|_| Code::InvalidUtf8.into())
}

/// Makes the Python exception of a failure.
fn failure(py: Python<'_>, error: Error) -> PyErr {
    static FAILURE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let status = error.status();
    let exception = FAILURE.import(py, "doorward.exceptions", "failure").and_then(|failure| {
        let reasons: Vec<_> = error.reasons.iter().map(|reason| reason.name()).collect();
        let step_up = error.step_up.and_then(|step| serde_json::to_string(&step).ok());
        failure.call1((
            error.code.name(),
            status as i32,
            error.code.message(),
            status.http(),
            error.field,
            error.retry_after_seconds,
            error.detail,
            reasons,
            step_up,
        ))
    });
    exception.map_or_else(|error| error, PyErr::from_value)
}
