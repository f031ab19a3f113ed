//! What a host gives a session as it opens: claims of its own, a shorter life, a label.

use serde::{Deserialize, Serialize};

use super::backends::Backend;
use super::own_claims::OwnClaims;
use crate::error::{Code, Error, Result};
use crate::settings::Settings;
use crate::types::session::{SessionLabel, SessionLifetime};
use crate::types::strict::Object;

/// The terms of a session. A login that waits for its next step keeps them with its challenge.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Terms {
    pub claims: OwnClaims,
    pub label: Option<SessionLabel>,
    pub idle_seconds: Option<i64>,
    pub absolute_seconds: Option<i64>,
    pub persistent: Option<bool>,
}

impl Terms {
    /// Failure: `invalid_request`, if a claim is not the host's to give, or the life would be longer than the
    /// configuration allows.
    pub(crate) fn of(
        claims: Option<Object>,
        lifetime: Option<SessionLifetime>,
        label: Option<SessionLabel>,
        backend: &Backend,
        settings: &Settings,
    ) -> Result<Terms> {
        let SessionLifetime { idle_seconds, absolute_seconds, persistent } = lifetime.unwrap_or_default();
        let [idle, absolute] = [backend.idle_seconds(None), settings.session_max_seconds.seconds()];
        Ok(Terms {
            claims: OwnClaims::of(claims.unwrap_or_default())?,
            label,
            idle_seconds: within(idle_seconds, idle, "/lifetime/idle_seconds")?,
            absolute_seconds: within(absolute_seconds, absolute, "/lifetime/absolute_seconds")?,
            persistent,
        })
    }
}

fn within(wanted: Option<u64>, most: i64, field: &'static str) -> Result<Option<i64>> {
    let Some(wanted) = wanted else { return Ok(None) };
    let seconds = i64::try_from(wanted).ok().filter(|seconds| (1..=most).contains(seconds));
    let refused = || Error::at(Code::InvalidRequest, field, format!("expected 1 to {most}"));
    seconds.ok_or_else(refused).map(Some)
}
