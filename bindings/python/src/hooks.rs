//! The hooks of the host: Python callables for log records and the time.

use std::cell::Cell;
use std::sync::Arc;

use doorward::{Clock, Code, Level, Result};
use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::objects;

thread_local! {
    /// Whether this thread is inside a hook.
    static IN_HOOK: Cell<bool> = const { Cell::new(false) };
}

/// Refuses a call from inside a hook, which may run in the middle of an operation.
pub fn refuse_inside() -> Result<()> {
    if IN_HOOK.get() { Err(Code::Reentered.into()) } else { Ok(()) }
}

pub struct Hooks {
    log: Option<Py<PyAny>>,
    now_ms: Option<Py<PyAny>>,
}

impl Hooks {
    pub fn new(log: Option<Bound<'_, PyAny>>, now_ms: Option<Bound<'_, PyAny>>) -> PyResult<Hooks> {
        for (name, hook) in [("log", &log), ("now_ms", &now_ms)] {
            if hook.as_ref().is_some_and(|hook| !hook.is_callable()) {
                return Err(PyTypeError::new_err(format!("{name} must be callable")));
            }
        }
        Ok(Hooks { log: log.map(Bound::unbind), now_ms: now_ms.map(Bound::unbind) })
    }

    /// Returns the hooks in the engine's form.
    pub fn of_engine(hooks: &Arc<Hooks>) -> doorward::Hooks {
        let mut own = doorward::Hooks::default();
        if hooks.now_ms.is_some() {
            let hooks = Arc::clone(hooks);
            own.clock = Clock::custom(move || hooks.now_ms());
        }
        if hooks.log.is_some() {
            let hooks = Arc::clone(hooks);
            own.log = Some(Box::new(move |level, record: &str| hooks.log(level, record)));
        }
        own
    }

    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.log)?;
        visit.call(&self.now_ms)
    }

    /// An exception of the hook is reported and dropped: logging must not change a result.
    fn log(&self, level: Level, record: &str) {
        enter(|py| {
            let Some(log) = &self.log else { return Ok(()) };
            log.call1(py, (level as i32, objects::from_json(py, record)?)).map(drop)
        });
    }

    /// Without the time no decision is possible: the panic becomes the failure `internal`.
    fn now_ms(&self) -> i64 {
        let now = enter(|py| self.now_ms.as_ref().map(|now_ms| now_ms.call0(py)?.extract(py)).transpose());
        now.flatten().unwrap_or_else(|| panic!("the hook now_ms failed"))
    }
}

fn enter<T>(hook: impl FnOnce(Python<'_>) -> PyResult<T>) -> Option<T> {
    let outer = IN_HOOK.replace(true);
    // None while the interpreter shuts down.
    let value = Python::try_attach(|py| hook(py).map_err(|error| error.write_unraisable(py, None)).ok());
    IN_HOOK.set(outer);
    value.flatten()
}
