//! Mails that the engine sends: `deliver_mail`.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::engine::background::Done;
use crate::error::{Code, Error, Result};

/// Sends the mails that are due.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct DeliverMailRequest {
    /// The most mails to send: 1 to 1000, default 100.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u32>,
}

/// The outcome for the mails that were due.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct DeliverMailResponse {
    /// The number of mails that the server took.
    pub delivered: u32,
    /// The number of mails that the server did not take now. They are due again later.
    pub deferred: u32,
    /// The number of mails that the server will never take. They are given up.
    pub refused: u32,
}

impl Engine {
    /// Sends the mails that are due by SMTP, one after another, until none is left or `limit` is reached. If
    /// the server is unreachable, the current mail is due again later, and the other mails stay due.
    ///
    /// Failures: `mail_unavailable`, `invalid_config` where no server is configured, `feature_not_built`,
    /// `invalid_request`, `store_unavailable`.
    pub fn deliver_mail(&self, request: DeliverMailRequest) -> Result<DeliverMailResponse> {
        let limit = request.limit.unwrap_or(100);
        if !(1..=1000).contains(&limit) {
            return Err(Error::at(Code::InvalidRequest, "/limit", "expected 1 to 1000"));
        }
        let Done { delivered, deferred, refused, unwelcome } = self.mailing.outbox.deliver(limit, || true)?;
        if let Some(error) = unwelcome {
            self.reporter.failed(Some("deliver_mail"), &error);
        }
        Ok(DeliverMailResponse { delivered, deferred, refused })
    }
}
