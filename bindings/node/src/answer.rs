//! What the native half answers with: a status and JSON text. The JavaScript half makes values and errors of it.

use doorward::Result;
use napi::Env;
use napi_derive::napi;

/// The outcome of a call.
#[napi(object)]
pub struct Answer {
    /// The number of the status; `WITHDRAWN` if the call has not begun.
    pub status: i32,
    /// The response, or the body of the failure.
    pub body: String,
}

/// Makes the value of a promise, on the thread of JavaScript.
pub type Resolver = Box<dyn FnOnce(Env) -> napi::Result<Answer> + Send>;

/// No status of the engine: the caller withdrew the call before it began.
pub const WITHDRAWN: i32 = -1;

impl Answer {
    pub fn of(result: Result<String>) -> Answer {
        match result {
            Ok(body) => Answer { status: 0, body },
            Err(error) => Answer { status: error.status() as i32, body: error.to_json() },
        }
    }

    pub fn withdrawn() -> Answer {
        Answer { status: WITHDRAWN, body: String::new() }
    }

    pub fn resolver(self) -> Resolver {
        Box::new(|_| Ok(self))
    }
}
