//! What an operator sees: events, figures, findings.

mod configuration_findings;
pub(crate) mod doctor;
pub(crate) mod events;
#[cfg(unix)]
mod file_findings;
mod findings;
pub(crate) mod stats;
mod store_findings;
