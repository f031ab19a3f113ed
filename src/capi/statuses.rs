//! The classes of outcomes. Written by `make header` from the description: do not edit.

use super::types::doorward_status;

/// The operation succeeded. From a login operation: a session was opened, never anything less. HTTP 200.
pub const DOORWARD_OK: doorward_status = 0;
/// The proof (password, token, code) was rejected. HTTP 401.
pub const DOORWARD_DENIED: doorward_status = 1;
/// The user is not authenticated yet; the body carries the challenge of the next step. HTTP 401.
pub const DOORWARD_STEP_UP: doorward_status = 2;
/// The user is authenticated, but not allowed to do this. HTTP 403.
pub const DOORWARD_FORBIDDEN: doorward_status = 3;
/// The request breaks the operation's schema or a policy. HTTP 400.
pub const DOORWARD_INVALID_REQUEST: doorward_status = 4;
/// The thing that the request names does not exist. HTTP 404.
pub const DOORWARD_NOT_FOUND: doorward_status = 5;
/// The change conflicts with what is there already. HTTP 409.
pub const DOORWARD_CONFLICT: doorward_status = 6;
/// Too many attempts; `retry_after_seconds` says how long to wait. HTTP 429.
pub const DOORWARD_THROTTLED: doorward_status = 7;
/// The store, the hash queue, the mail server or a remote service cannot answer now; a retry is safe. HTTP
/// 503.
pub const DOORWARD_UNAVAILABLE: doorward_status = 8;
/// The configuration is wrong, the operation is unknown, or the feature is not built in. HTTP 500.
pub const DOORWARD_CONFIG: doorward_status = 9;
/// The host called the library wrongly: NULL, a closed engine, a forked process, a call from inside a hook.
/// HTTP 500.
pub const DOORWARD_MISUSE: doorward_status = 10;
/// The library contained a bug of its own; treat the request as denied. HTTP 500.
pub const DOORWARD_INTERNAL: doorward_status = 11;
