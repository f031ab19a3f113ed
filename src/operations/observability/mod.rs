//! What an operator sees: events, figures, findings.

pub mod doctor;
pub mod events;
pub mod stats;
