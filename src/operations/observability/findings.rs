//! The findings of `doctor`.

use schemars::JsonSchema;
use serde::Serialize;

use self::Severity::{Advice, Ok as Good};

/// A finding.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Finding {
    /// `problem`: change it; `advice`: think about it; `ok`.
    pub severity: Severity,
    /// The name of the check.
    pub check: &'static str,
    /// The key of the configuration to change, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The finding and what to do about it, for people.
    pub message: String,
}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "FindingSeverity")]
#[non_exhaustive]
pub enum Severity {
    /// The configuration should be changed.
    Problem,
    /// The configuration may be improved.
    Advice,
    /// Nothing needs to be done.
    Ok,
}

pub(super) struct Findings(pub(super) Vec<Finding>);

impl Findings {
    pub(super) fn add(
        &mut self,
        severity: Severity,
        check: &'static str,
        field: Option<String>,
        message: impl Into<String>,
    ) {
        self.0.push(Finding { severity, check, field, message: message.into() });
    }

    /// Adds advice if `is_bad`, or else an `ok`.
    pub(super) fn advise(
        &mut self,
        is_bad: bool,
        check: &'static str,
        field: &str,
        advice: String,
        good: &str,
    ) {
        match is_bad {
            true => self.add(Advice, check, key(field), advice),
            false => self.add(Good, check, key(field), good),
        }
    }
}

/// Returns the JSON pointer to a key of the configuration, as findings have it.
pub(super) fn key(field: &str) -> Option<String> {
    Some(field.to_owned())
}
