//! The outcome of a login: a session, or the next step.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use super::id::Id;
use super::secret::IssuedSecret;
use super::webauthn::RequestOptions;

/// The outcome of a login whose proof was right.
#[derive(Debug)]
#[must_use]
pub enum Login<S> {
    /// The session was opened.
    Session(S),
    /// The user is not authenticated yet: another step is required. In JSON this is a body with status STEP_UP.
    StepUp(Box<StepUp>),
}

impl<S> Login<S> {
    /// Converts the session.
    pub(crate) fn try_map<T, E>(self, convert: impl FnOnce(S) -> Result<T, E>) -> Result<Login<T>, E> {
        match self {
            Login::Session(session) => convert(session).map(Login::Session),
            Login::StepUp(step) => Ok(Login::StepUp(step)),
        }
    }
}

/// The schema is that of the session. The next step has a status of its own.
impl<S: JsonSchema> JsonSchema for Login<S> {
    fn schema_name() -> Cow<'static, str> {
        S::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        S::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        S::json_schema(generator)
    }
}

/// The next step of a login. Its members stand beside `error` in the body.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct StepUp {
    /// The code of the failure, which names the step.
    #[schemars(with = "String", extend("x-values" = "NextStep"))]
    pub status: NextStep,
    /// The challenge for `complete_login`: it proves the steps so far and can be used once. If the account must have
    /// a second factor and has none, it is also for `setup_totp` and `begin_passkey_registration`.
    pub challenge: IssuedSecret,
    /// The challenge's lifetime in seconds.
    pub expires_in: i64,
    /// The id of the user who logs in.
    pub user_id: Id,
    /// With `second_factor_required`: the factors that can be used.
    #[serde(flatten)]
    pub second_factors: Option<SecondFactors>,
    /// With `webauthn_supported`, if `passkeys` is configured: the options for `navigator.credentials.get`,
    /// as `PublicKeyCredential.parseRequestOptionsFromJSON` reads them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webauthn_options: Option<RequestOptions>,
    /// With `password_change_required`, if `complete_login` just gave the account its first factor: the recovery
    /// codes. They are shown only now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recovery_codes: Vec<IssuedSecret>,
}

/// What a login requires before its session is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub enum NextStep {
    /// A second factor.
    #[serde(rename = "second_factor_required")]
    SecondFactor,
    /// A new password.
    #[serde(rename = "password_change_required")]
    PasswordChange,
}

/// The second factors of an account. If it has none but must have one, set one up by the challenge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct SecondFactors {
    /// Whether a code of an authenticator app is accepted: `two_fa_code`.
    pub totp_supported: bool,
    /// Whether a passkey is accepted: `webauthn_response`.
    pub webauthn_supported: bool,
    /// Whether a recovery code is accepted: `recovery_code`.
    pub recovery_codes_supported: bool,
}

impl SecondFactors {
    /// Returns whether a login requires one of them. Recovery codes only replace a lost factor.
    pub(crate) fn any(self) -> bool {
        self.totp_supported || self.webauthn_supported
    }
}
