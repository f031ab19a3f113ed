//! Codes of an authenticator app (RFC 6238): `generate_totp_secret`, `totp_provisioning_uri`, `verify_totp`,
//! `setup_totp`, `confirm_totp`, `totp_status`, `disable_totp`.

use crate::engine::factors::totp::{KIND, owner};
use crate::engine::logins::Named;
use crate::engine::retired_keys;
use crate::engine::step::Step;
use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::engine::factors::Proof;
use crate::engine::factors::recovery_codes::RecoveryCode;
use crate::error::{Code, Error, Result};
use crate::store::second_factors::{self, StoredSeed};
use crate::store::users::{self, By, User};
use crate::store::{Durability, Tx};
use crate::totp::{AccountName, Provisioning, Seed};
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::secret::Secret;
use crate::types::user::Email;

/// Makes a secret for an authenticator app.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct GenerateTotpSecretRequest {}

/// A secret. The engine does not keep it.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct GenerateTotpSecretResponse {
    /// 160 random bits in base32.
    pub secret: Seed,
}

/// Writes a secret as a URI and a QR code for an authenticator app.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TotpProvisioningUriRequest {
    /// The secret in base32.
    pub secret: Seed,
    /// The address of the account, or another name that the app shows for it.
    pub email: AccountName,
}

/// Verifies a code by a secret.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct VerifyTotpRequest {
    /// The secret in base32.
    pub secret: Seed,
    /// The code; spaces and hyphens are ignored.
    pub code: Secret,
}

/// The verdict.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct VerifyTotpResponse {
    /// Whether the code is the present one, or one of `totp.skew_steps` steps before or after.
    pub valid: bool,
}

/// Sets up an authenticator app for an account. `user_id` or `challenge` names the account. With `user_id` the host must
/// have authenticated its user just now, because the app shuts out all other users.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SetupTotpRequest {
    /// The user's id; or else give `challenge`.
    pub user_id: Option<Id>,
    /// The challenge of a login, if the account must have a second factor and has none. `complete_login` takes the
    /// app's code.
    pub challenge: Option<Secret>,
}

/// The app's secret. The app is not a factor until `confirm_totp` or, by a challenge, `complete_login`.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct SetupTotpResponse {
    /// The secret in base32, for users who cannot scan the picture.
    pub secret: Seed,
    /// As URI and picture.
    #[serde(flatten)]
    pub provisioning: Provisioning,
}

/// Activates an authenticator app.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ConfirmTotpRequest {
    /// The user's id.
    pub user_id: Id,
    /// The code that the app shows. It is used up: the first login needs the next code.
    pub code: Secret,
    /// The client's connection, where known; failures on a known device are counted separately.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub client: Option<Client>,
}

/// The app is active and every session has ended: log in again.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ConfirmTotpResponse {
    /// Always true.
    pub is_configured: bool,
    /// Codes that open the account if the app is lost; each can be used once. They are shown only now. Empty
    /// if the account has codes already.
    pub recovery_codes: Vec<RecoveryCode>,
}

/// Tells whether an authenticator app is active.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TotpStatusRequest {
    /// The user's id.
    pub user_id: Id,
}

/// The state of an authenticator app.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct TotpStatusResponse {
    /// Whether a login requires the app's code. An app that is set up but not confirmed does not count.
    pub is_configured: bool,
}

/// Removes an authenticator app.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DisableTotpRequest {
    /// The user's id.
    pub user_id: Id,
    /// A code of the app or, if it is lost, a recovery code. Ignored if no app is active.
    pub code: Secret,
    /// The client's connection, where known; failures on a known device are counted separately.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub client: Option<Client>,
}

impl Engine {
    /// Makes a secret, for hosts that keep it themselves.
    ///
    /// Failures: none.
    pub fn generate_totp_secret(&self, _: GenerateTotpSecretRequest) -> Result<GenerateTotpSecretResponse> {
        Ok(GenerateTotpSecretResponse { secret: Seed::new()? })
    }

    /// Writes a secret as a URI and a QR code for an authenticator app.
    ///
    /// Failures: `invalid_request`.
    pub fn totp_provisioning_uri(&self, request: TotpProvisioningUriRequest) -> Result<Provisioning> {
        let parameters = self.factors.apps.parameters();
        Provisioning::new(&parameters.uri(
            &request.secret,
            self.factors.apps.issuer().as_str(),
            request.email.as_str(),
        ))
    }

    /// Verifies a code by a secret alone. The same code can be used repeatedly while it is valid.
    ///
    /// Failures: `invalid_request`.
    pub fn verify_totp(&self, request: VerifyTotpRequest) -> Result<VerifyTotpResponse> {
        let now = self.clock.now();
        let skew = self.config.totp.skew_steps.count();
        let step =
            self.factors.apps.parameters().step_of(&request.secret, request.code.expose(), now, skew, -1);
        Ok(VerifyTotpResponse { valid: step.is_some() })
    }

    /// Makes a secret for an account. It replaces a secret that was not confirmed. An app that is in use stays in
    /// use until the new one is confirmed.
    ///
    /// Failures: `user_not_found`, `invalid_challenge`, `email_not_verified`, `permission_denied` (a service account),
    /// `invalid_request`, `store_unavailable`.
    pub fn setup_totp(&self, request: SetupTotpRequest) -> Result<SetupTotpResponse> {
        let named = Named::among(request.user_id, request.challenge)?;
        let now = self.clock.now();
        let parameters = self.factors.apps.parameters();
        let secret = Seed::new()?;
        let user = self.store.write(Durability::Full, |tx| {
            let user = self.logins.named(tx, &named, now)?;
            let user_id = user.public.id;
            self.accounts.may_log_in(&user.public)?;
            self.factors.may_be_taken_by(&user.public)?;
            retired_keys::follow(tx, &self.secrets)?;
            let pending = StoredSeed {
                sealed: self.secrets.seal(&owner(user_id), secret.bytes())?,
                digits: parameters.digits.into(),
                period_seconds: parameters.period_seconds,
                created_at: now,
            };
            second_factors::put_pending(tx, user_id, &pending)?;
            // Guesses at the old pending secret no longer count. Those at an app in use do.
            if !self.factors.of(tx, user_id)?.totp_supported {
                self.throttle.forget_guesses(tx, user_id)?;
            }
            Ok(user.public)
        })?;
        let account = user.email.as_ref().map_or(user.username.as_str(), Email::as_str);
        let uri = parameters.uri(&secret, self.factors.apps.issuer().as_str(), account);
        Ok(SetupTotpResponse { secret, provisioning: Provisioning::new(&uri)? })
    }

    /// Activates the secret of `setup_totp` by a code, which shows that the app has it, and ends every
    /// session. The new app replaces the one in use. Wrong codes are counted like those of a login.
    ///
    /// Failures: `user_not_found`, `email_not_verified`, `invalid_code`, `already_configured`, `too_many_attempts`,
    /// `store_unavailable`.
    pub fn confirm_totp(&self, request: ConfirmTotpRequest) -> Result<ConfirmTotpResponse> {
        let user_id = request.user_id;
        let now = self.clock.now();
        let client = request.client.unwrap_or_default();
        let confirmed = self.mailing.write(|tx| {
            let user = known(tx, user_id)?.public;
            self.factors.confirm_app(tx, &user, &request.code, &client, now)
        })?;
        Ok(ConfirmTotpResponse { is_configured: true, recovery_codes: confirmed.result()? })
    }

    /// Returns whether an account has an active authenticator app.
    ///
    /// Failures: `user_not_found`, `store_unavailable`.
    pub fn totp_status(&self, request: TotpStatusRequest) -> Result<TotpStatusResponse> {
        let factors = self.store.read(|tx| {
            known(tx, request.user_id)?;
            self.factors.of(tx, request.user_id)
        })?;
        Ok(TotpStatusResponse { is_configured: factors.totp_supported })
    }

    /// Removes an account's authenticator app, and one that is set up and not confirmed. If one was active, every
    /// session ends. Without an app nothing changes. Wrong codes are counted like those of a login.
    ///
    /// Failures: `user_not_found`, `invalid_code`, `permission_denied`, `too_many_attempts`, `store_unavailable`.
    pub fn disable_totp(&self, request: DisableTotpRequest) -> Result<TotpStatusResponse> {
        let user_id = request.user_id;
        let now = self.clock.now();
        let client = request.client.unwrap_or_default();
        let is_recovery_code = RecoveryCode::looks_like(&request.code);
        let proof =
            if is_recovery_code { Proof::RecoveryCode(request.code) } else { Proof::Totp(request.code) };
        let disabled = self.mailing.write(|tx| {
            let user = known(tx, user_id)?;
            let is_in_force = self.factors.of(tx, user_id)?.totp_supported;
            if is_in_force
                && let Step::Refused(refused) = self.factors.prove(tx, user_id, &proof, &client, now)?
            {
                return Ok(Step::Refused(refused));
            }
            second_factors::delete_pending_totp(tx, user_id)?;
            if second_factors::delete_totp(tx, user_id)? {
                self.throttle.forget_guesses(tx, user_id)?;
                self.factors.removed(tx, &user.public, KIND, now)?;
            }
            Ok(Step::Done(()))
        })?;
        disabled.result().map(|()| TotpStatusResponse { is_configured: false })
    }
}

fn known(tx: &mut Tx, user_id: Id) -> Result<User> {
    users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))
}
