//! Outgoing traffic: requests to services that the host configured, and mails.

pub mod deadline;
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

use crate::types::user::Email;

/// A mail to send.
#[cfg_attr(not(feature = "smtp"), expect(dead_code, reason = "only the feature reads it"))]
pub struct Letter<'a> {
    pub message_id: Option<&'a str>,
    pub to: &'a Email,
    pub subject: &'a str,
    pub text: &'a str,
    pub html: &'a str,
    pub created_at: i64,
}

/// The outcome of sending a mail, with a short reason.
#[cfg_attr(not(feature = "smtp"), expect(dead_code, reason = "only the feature makes it"))]
pub enum Outcome {
    Sent,
    /// To be tried again.
    Deferred(String),
    /// Refused until the operator changes something, because the server refuses everything from this sender.
    Unwelcome(String),
    /// Refused for good.
    Refused(String),
}
