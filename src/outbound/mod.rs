//! What leaves the process: requests to services that the host configured, and mails.

#[cfg(feature = "http")]
pub mod http;
#[cfg(not(feature = "http"))]
#[path = "no_http.rs"]
pub mod http;
pub mod introspection;
#[cfg(feature = "smtp")]
pub mod smtp;
#[cfg(not(feature = "smtp"))]
#[path = "no_smtp.rs"]
pub mod smtp;

use crate::user::Email;

/// A mail to send.
#[cfg_attr(not(feature = "smtp"), allow(dead_code, reason = "nobody reads it"))]
pub struct Letter<'a> {
    pub message_id: Option<&'a str>,
    pub to: &'a Email,
    pub subject: &'a str,
    pub text: &'a str,
    pub html: &'a str,
    pub created_at: i64,
}

/// What became of it, and why, in a word.
#[cfg_attr(not(feature = "smtp"), allow(dead_code, reason = "nobody makes it"))]
pub enum Outcome {
    Sent,
    /// Not now.
    Deferred(String),
    /// Not while the operator has not mended something: the server refuses whatever comes from here.
    Unwelcome(String),
    /// Never.
    Refused(String),
}
