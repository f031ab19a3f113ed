//! Values that exist only valid, and know nothing of the rest.

pub(crate) mod base64url;
pub mod client;
pub(crate) mod empties;
pub mod exchange;
pub(crate) mod form;
pub mod id;
pub(crate) mod located;
pub mod login;
pub(crate) mod mail_code;
pub(crate) mod merge_patch;
pub mod parse_error;
pub(crate) mod random;
pub mod secret;
pub mod session;
pub(crate) mod spread;
pub mod strict;
pub(crate) mod text;
pub mod token;
pub mod url;
pub mod user;
pub mod weakness;
pub mod webauthn;
pub mod whole;
pub(crate) mod written;
