//! Recovery codes: `generate_recovery_codes`, `recovery_codes_status`. What opens an account whose other factors are
//! lost, each once. The store keeps a keyed code of each.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::client::Client;
use crate::crypto::{self, secrets};
use crate::engine::Engine;
use crate::engine::audit::{Kind, event};
use crate::error::{Code, Error, Result};
use crate::password::Secret;
use crate::store::events::Event;
use crate::store::users::{self, By};
use crate::store::{Durability, Tx, second_factors};
use crate::totp::stripped;
use crate::user::Id;

/// Replaces the recovery codes of an account. Whoever asks must be its user, who logged in just now.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GenerateRecoveryCodesRequest {
    /// Whose.
    pub user_id: Id,
}

/// The codes, shown now and never again. Every session has ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GenerateRecoveryCodesResponse {
    /// Ten codes, each good once.
    pub codes: Vec<RecoveryCode>,
}

/// Asks how many recovery codes an account has left.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoveryCodesStatusRequest {
    /// Whose.
    pub user_id: Id,
}

/// How many are left.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RecoveryCodesStatusResponse {
    /// Codes that were not used.
    pub remaining: i64,
}

/// A recovery code: 80 random bits as four groups of base32. As a secret it is not shown.
pub struct RecoveryCode(Zeroizing<String>);

/// How many codes an account gets.
const CODES: usize = 10;

/// Characters of a code without its hyphens: 80 bits, more than need throttling (NIST SP 800-63B-4 section 3.1.2.2).
const CODE_LEN: usize = 16;

impl RecoveryCode {
    fn new() -> Result<RecoveryCode> {
        let bytes = Zeroizing::new(crypto::random::<{ CODE_LEN * 5 / 8 }>()?);
        let text = Zeroizing::new(data_encoding::BASE32_NOPAD.encode(&*bytes).to_lowercase());
        let groups: Vec<&str> = (0..CODE_LEN).step_by(4).map(|at| &text[at..at + 4]).collect();
        Ok(RecoveryCode(Zeroizing::new(groups.join("-"))))
    }

    /// Whether a text has the form of one, as no code of an app has.
    pub(crate) fn looks_like(text: &Secret) -> bool {
        canonical(text.expose()).is_some()
    }
}

/// The one spelling of a code: either case, spaces and hyphens are passed over.
fn canonical(text: &str) -> Option<Zeroizing<String>> {
    // Anything longer is no code with its hyphens.
    let plain = (text.len() <= 4 * CODE_LEN).then(|| stripped(text))?;
    let plain = Zeroizing::new(plain.to_ascii_lowercase());
    (plain.len() == CODE_LEN && plain.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(plain)
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

impl Serialize for RecoveryCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl JsonSchema for RecoveryCode {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RecoveryCode".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "x-secret": true})
    }
}

impl Engine {
    /// Makes recovery codes in the place of those before, for an account that has a second factor, and ends every
    /// session.
    ///
    /// Failures: `user_not_found`, `permission_denied`, `store_unavailable`.
    pub fn generate_recovery_codes(
        &self,
        request: GenerateRecoveryCodesRequest,
    ) -> Result<GenerateRecoveryCodesResponse> {
        let (user_id, now) = (request.user_id, self.clock.now());
        let codes = self.store.write(Durability::Full, |tx| {
            known(tx, user_id)?;
            if !self.second_factors(tx, user_id)?.any() {
                let error = Error::new(Code::PermissionDenied, "no_second_factor");
                return Err(error.about(Some(user_id), None));
            }
            self.sessions.revoke_everything(tx, user_id, now)?;
            self.new_recovery_codes(tx, user_id, now)
        })?;
        Ok(GenerateRecoveryCodesResponse { codes })
    }

    /// Says how many recovery codes an account has left.
    ///
    /// Failures: `user_not_found`, `store_unavailable`.
    pub fn recovery_codes_status(
        &self,
        request: RecoveryCodesStatusRequest,
    ) -> Result<RecoveryCodesStatusResponse> {
        let count = self.store.read(|tx| {
            known(tx, request.user_id)?;
            second_factors::count(tx, request.user_id)
        })?;
        Ok(RecoveryCodesStatusResponse { remaining: count.recovery_codes })
    }

    /// Makes recovery codes, in the caller's transaction, in the place of those before.
    pub(crate) fn new_recovery_codes(&self, tx: &mut Tx, user_id: Id, now: i64) -> Result<Vec<RecoveryCode>> {
        let codes: Vec<RecoveryCode> = (0..CODES).map(|_| RecoveryCode::new()).collect::<Result<_>>()?;
        second_factors::delete_recovery_codes(tx, user_id)?;
        for code in &codes {
            let Some(plain) = canonical(&code.0) else { continue };
            let id = self.secrets.mac(secrets::Purpose::RecoveryCode, &message(user_id, &plain))?;
            second_factors::insert_recovery_code(tx, &id, user_id, now)?;
        }
        self.audit.record(tx, now, event(Kind::RecoveryCodesGenerated, user_id))?;
        Ok(codes)
    }

    /// Uses a recovery code of an account up; why not, if not.
    pub(crate) fn redeem_recovery_code(
        &self,
        tx: &mut Tx,
        user_id: Id,
        code: &Secret,
        client: &Client,
        now: i64,
    ) -> Result<Option<&'static str>> {
        const WRONG: Option<&str> = Some("wrong_recovery_code");
        let Some(plain) = canonical(code.expose()) else { return Ok(WRONG) };
        for id in self.secrets.macs(secrets::Purpose::RecoveryCode, &message(user_id, &plain)) {
            if second_factors::delete_recovery_code(tx, &id, user_id)? {
                let ip = client.ip();
                let event = event(Kind::RecoveryCodeUsed, user_id);
                self.audit.record(tx, now, Event { ip: ip.as_deref(), ..event })?;
                return Ok(None);
            }
        }
        Ok(WRONG)
    }
}

/// Codes of one user are none of another's.
fn message(user_id: Id, plain: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([user_id.as_bytes(), plain.as_bytes()].concat())
}

fn known(tx: &mut Tx, user_id: Id) -> Result<()> {
    if users::is_taken(tx, By::Id(user_id))? { Ok(()) } else { Err(Code::UserNotFound.into()) }
}
