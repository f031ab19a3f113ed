//! The hooks of the host: an object of Java that takes log records and may tell the time.

use std::cell::Cell;
use std::sync::Arc;

use doorward::{Clock, Level};
use jni::objects::{Global, JObject, JValue};
use jni::{Env, JavaVM, jni_sig, jni_str};

thread_local! {
    /// Whether this thread is inside a hook.
    static IN_HOOK: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside a hook, which may run in the middle of an operation.
pub fn is_inside() -> bool {
    IN_HOOK.get()
}

/// An `io.doorward.Hooks`.
pub struct Hooks {
    vm: JavaVM,
    object: Global<JObject<'static>>,
    has_clock: bool,
}

impl Hooks {
    pub fn new(env: &mut Env<'_>, object: &JObject<'_>) -> jni::errors::Result<Arc<Hooks>> {
        let has_clock = env.call_method(object, jni_str!("hasClock"), jni_sig!("()Z"), &[])?.z()?;
        Ok(Arc::new(Hooks { vm: env.get_java_vm()?, object: env.new_global_ref(object)?, has_clock }))
    }

    /// Returns the hooks in the engine's form.
    pub fn of_engine(self: &Arc<Hooks>) -> doorward::Hooks {
        let hooks = Arc::clone(self);
        let own = doorward::Hooks::new().log(move |level, record| hooks.log(level, record));
        if !self.has_clock {
            return own;
        }
        let hooks = Arc::clone(self);
        own.clock(Clock::custom(move || hooks.now_ms()))
    }

    /// The hook's exceptions end in it: logging must not change a result.
    fn log(&self, level: Level, record: &str) {
        let _ = self.enter(|env| {
            let record = env.byte_array_from_slice(record.as_bytes())?;
            let arguments = [JValue::Int(level as i32), JValue::Object(&record)];
            env.call_method(&self.object, jni_str!("log"), jni_sig!("(I[B)V"), &arguments).map(drop)
        });
    }

    /// Without the time no decision is possible: the panic becomes the failure `internal`.
    fn now_ms(&self) -> i64 {
        let now =
            self.enter(|env| env.call_method(&self.object, jni_str!("nowMs"), jni_sig!("()J"), &[])?.j());
        now.unwrap_or_else(|_| panic!("the clock failed"))
    }

    /// Calls Java. A thread of the engine is attached only for the call, so that it does not keep the JVM running.
    fn enter<T>(&self, hook: impl FnOnce(&mut Env<'_>) -> jni::errors::Result<T>) -> jni::errors::Result<T> {
        let outer = IN_HOOK.replace(true);
        let value = self.vm.attach_current_thread_for_scope(hook);
        IN_HOOK.set(outer);
        value
    }
}
