//! Recovery codes, each of which opens an account once if its other factors are lost. The store keeps a keyed
//! code of each.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use crate::crypto::secrets::{Purpose, Secrets};
use crate::engine::audit::{Audit, Kind, event};
use crate::engine::outbox::Outbox;
use crate::engine::retired_keys;
use crate::error::Result;
use crate::mail;
use crate::store::events::Event;
use crate::store::{Tx, second_factors};
use crate::totp::stripped;
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::secret::Secret;

/// A recovery code: 80 random bits as four groups of base32. It is a secret and not shown in `Debug`.
pub struct RecoveryCode(Zeroizing<String>);

/// How many codes an account gets.
const CODES: usize = 10;

/// The length of a code without its hyphens: 80 bits, more than need throttling (NIST SP 800-63B-4 section
/// 3.1.2.2).
const CODE_LEN: usize = 16;

impl RecoveryCode {
    fn new() -> Result<RecoveryCode> {
        let bytes = Zeroizing::new(crate::types::random::random::<{ CODE_LEN * 5 / 8 }>()?);
        let text = Zeroizing::new(data_encoding::BASE32_NOPAD.encode(&*bytes).to_lowercase());
        let groups: Vec<&str> = (0..CODE_LEN).step_by(4).map(|at| &text[at..at + 4]).collect();
        Ok(RecoveryCode(Zeroizing::new(groups.join("-"))))
    }

    /// Returns the text, as the user keeps it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns whether a text has the form of a recovery code and not that of an app's code.
    pub(crate) fn looks_like(text: &Secret) -> bool {
        let is_of_app = |plain: &str| plain.len() <= 8 && plain.bytes().all(|byte| byte.is_ascii_digit());
        canonical(text.expose()).is_some_and(|plain| !is_of_app(&plain))
    }

    /// Returns whether a text may be a code of another system that is so short that it could be guessed.
    pub(crate) fn can_be_guessed(text: &Secret) -> bool {
        canonical(text.expose()).is_some_and(|plain| plain.len() < CODE_LEN)
    }
}

/// Returns the canonical spelling of a code: case, spaces and hyphens do not matter. Codes of other systems have other
/// lengths.
fn canonical(text: &str) -> Option<Zeroizing<String>> {
    // A longer text is not a code, even with its hyphens.
    let plain = (text.len() <= 4 * CODE_LEN).then(|| stripped(text))?;
    let plain = Zeroizing::new(plain.to_ascii_lowercase());
    (plain.len() >= CODE_LEN / 2 && plain.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(plain)
}

impl From<&RecoveryCode> for Secret {
    fn from(code: &RecoveryCode) -> Secret {
        Secret::new(code.expose())
    }
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

/// The message that a user's code is stored under, so that it is valid for that user only. A secret key that is retired
/// opens no short code of another system: its thief could guess them.
fn message(user_id: Id, plain: &str) -> (Purpose, Zeroizing<Vec<u8>>) {
    let (purpose, label): (_, &[u8]) = match plain.len() {
        ..CODE_LEN => (Purpose::LookUp, b"recovery code "),
        _ => (Purpose::RecoveryCode, b""),
    };
    (purpose, Zeroizing::new([label, user_id.as_bytes(), plain.as_bytes()].concat()))
}

/// Makes and redeems recovery codes.
pub(crate) struct RecoveryCodes {
    pub audit: Arc<Audit>,
    pub outbox: Arc<Outbox>,
    pub secrets: Arc<Secrets>,
}

impl RecoveryCodes {
    /// Makes recovery codes, in the caller's transaction, which replace the earlier ones. A privileged caller gives
    /// the reason.
    pub(crate) fn renew(
        &self,
        tx: &mut Tx,
        user_id: Id,
        reason: Option<&str>,
        now: i64,
    ) -> Result<Vec<RecoveryCode>> {
        let codes: Vec<RecoveryCode> = (0..CODES).map(|_| RecoveryCode::new()).collect::<Result<_>>()?;
        second_factors::delete_recovery_codes(tx, user_id)?;
        retired_keys::follow_and_hold(tx, &self.secrets)?;
        for code in &codes {
            let Some(id) = self.id_of(user_id, &code.0)? else { continue };
            second_factors::insert_recovery_code(tx, &id, user_id, now)?;
        }
        let event = event(Kind::RecoveryCodesGenerated, user_id);
        self.audit.record(tx, now, Event { detail: reason, ..event })?;
        Ok(codes)
    }

    /// Returns what the store keeps of a user's code; none for a text that is no code.
    pub(crate) fn id_of(&self, user_id: Id, code: &str) -> Result<Option<[u8; 32]>> {
        let Some(plain) = canonical(code) else { return Ok(None) };
        let (purpose, message) = message(user_id, &plain);
        self.secrets.mac(purpose, &message).map(Some)
    }

    /// Uses up a recovery code of an account, or returns why it is refused.
    pub(crate) fn redeem(
        &self,
        tx: &mut Tx,
        user_id: Id,
        code: &Secret,
        client: &Client,
        now: i64,
    ) -> Result<Option<&'static str>> {
        const WRONG: Option<&str> = Some("wrong_recovery_code");
        let Some(plain) = canonical(code.expose()) else { return Ok(WRONG) };
        let (purpose, message) = message(user_id, &plain);
        for id in self.secrets.macs(purpose, &message) {
            if second_factors::delete_recovery_code(tx, &id, user_id)? {
                let ip = client.ip_text();
                let event = event(Kind::RecoveryCodeUsed, user_id);
                self.audit.record(tx, now, Event { ip: ip.as_deref(), ..event })?;
                self.outbox.tell_owner(tx, mail::Kind::RecoveryCodeUsed, user_id, now)?;
                return Ok(None);
            }
        }
        Ok(WRONG)
    }
}
