//! Checks of the running configuration: `doctor`.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::findings::Severity::{Advice, Problem};
pub use super::findings::{Finding, Severity};
use super::findings::{Findings, key};
use super::store_findings::while_looked_through;
use crate::config::StoreUrl;
use crate::engine::Engine;
use crate::error::{Code, Result};
use crate::store::{self, events, mails};

/// Checks the running configuration on this machine.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct DoctorRequest {
    /// Whether to check every page, row and index of a SQLite file, however long that takes. Default: check
    /// for two seconds.
    pub integrity: Option<bool>,
}

/// The result of the checks.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct DoctorResponse {
    /// The findings, always in the same order.
    pub findings: Vec<Finding>,
    /// How long a password hash takes on this machine; absent if none could be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash_milliseconds: Option<f64>,
    /// The version of the library.
    pub version: &'static str,
}

impl Engine {
    /// Checks the running configuration on this machine: measures a hash, and looks at secrets, lifetimes,
    /// files and the clock. It takes as long as two hashes, and two seconds more if a SQLite file is large.
    pub fn doctor(&self, request: DoctorRequest) -> Result<DoctorResponse> {
        let mut findings = Findings(Vec::new());
        let hash = self.passwords.hasher.measure().ok();
        findings.hash_cost(&self.config, hash);
        findings.secret_keys(&self.config);
        findings.backend_secrets(&self.settings);
        findings.introspection_service(&self.config);
        findings.lifetimes(&self.settings, self.config.leeway_seconds.seconds());
        findings.throttle(&self.config);
        findings.audience(&self.settings.audience);
        findings.requests(&self.config.requests);
        findings.passkeys(&self.config, &self.settings);
        findings.mail(&self.config);
        findings.impersonation(&self.config);
        if let Some(reason) = self.mailing.outbox.unwelcome() {
            let message = format!(
                "The mail server refuses every mail of this engine ({reason}): it requires another login, sender or name in EHLO, or this is a test account. Mails wait until this is repaired."
            );
            findings.add(Problem, "mail_server", key("/mail"), message);
        }
        for provider in &self.providers.all {
            findings.provider_keys(provider);
        }
        findings.breached(self.passwords.check_breached());
        #[cfg(unix)]
        findings.files(&self.config);
        findings.clock(self.clock.ahead_seconds());
        self.examine_store(&mut findings, request.integrity.unwrap_or(false));
        Ok(DoctorResponse {
            findings: findings.0,
            hash_milliseconds: hash.map(|hash| (hash.as_secs_f64() * 1e5).round() / 100.0),
            version: env!("CARGO_PKG_VERSION"),
        })
    }

    /// Examines the store. The first failure ends the examination, because each query may wait for
    /// `limits.store_timeout_ms`.
    fn examine_store(&self, findings: &mut Findings, to_the_end: bool) {
        match self.store.schema() {
            Ok((found, known)) => findings.schema(&found, known),
            Err(error) => {
                findings.no_answer(&error);
                if error.code == Code::InvalidConfig {
                    findings.integrity(&self.store, to_the_end);
                }
                return;
            }
        }
        findings.store(self.store.examine());
        findings.integrity(&self.store, to_the_end);
        if let Ok(Some(length)) = self.store.log_length() {
            findings.write_ahead_log(length);
        }
        if let Ok(true) = self.store.read(|tx| Ok(events::is_append_only(tx))) {
            let message = "The store's role may add to the audit log, and neither change nor shorten it: events older than audit.retention_days stay in the store, hidden, until a role that may delete them runs maintain.";
            findings.add(Advice, "audit_log", key("/audit/retention_days"), message);
        }
        let now = self.clock.now();
        if let Ok(oldest) = self.store.read(mails::oldest) {
            findings.waiting_mail(oldest, now);
        }
        if let Ok(size) = self.store.size() {
            findings.disk(size);
        }
        if let Ok(Some(server)) = self.store.server() {
            findings.server(&server);
        }
    }
}

/// Looks for damage in a store that does not open, for two seconds or to the end. Returns the finding that
/// [`doctor`](crate::Engine::doctor) would give, or `None` if there is no damage.
#[doc(hidden)]
pub fn damage(store: &StoreUrl, to_the_end: bool) -> Option<Finding> {
    let StoreUrl::SqliteFile(path) = store else { return None };
    store::damage(path, while_looked_through(to_the_end)).map(|fault| Finding::damage(&fault))
}
