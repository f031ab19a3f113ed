//! What an operator sees: events, figures, findings.

pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod stats;
