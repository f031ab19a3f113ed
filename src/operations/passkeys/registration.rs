//! Registration of passkeys: `begin_passkey_registration`, `finish_passkey_registration`. The store keeps a
//! registration, because its user is known.

use std::str::FromStr;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PasskeyInfo;
use crate::crypto::webauthn;
use crate::engine::Engine;
use crate::engine::factors::passkeys::{CEREMONY_SECONDS, KIND, handle};
use crate::engine::factors::recovery_codes::RecoveryCode;
use crate::engine::logins::Named;
use crate::engine::one_time::{Making, Purpose};
use crate::error::{Code, Error, Result};
use crate::json;
use crate::store::passkeys as rows;
use crate::store::{Durability, damaged};
use crate::types::id::Id;
use crate::types::parse_error::ParseError;
use crate::types::secret::{IssuedSecret, Secret};
use crate::types::text::text_type;
use crate::types::webauthn::{
    AuthenticatorSelection, CreationOptions, CredentialDescriptor, CredentialParameters, PREFERRED,
    PUBLIC_KEY, RegistrationResponse, RelyingParty, UserEntity,
};

/// Begins to register a passkey for an account. `user_id` or `challenge` names the account. With `user_id` the host
/// must have authenticated its user just now, because a passkey opens the account.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct BeginPasskeyRegistrationRequest {
    /// The user's id; or else give `challenge`.
    pub user_id: Option<Id>,
    /// The challenge of a login, if the account must have a second factor and has none. `complete_login` takes the
    /// answer as `webauthn_registration`.
    pub challenge: Option<Secret>,
    /// The user's name for the passkey: 1 to 64 characters; not with `challenge`.
    pub label: Option<Label>,
}

/// A ceremony that begins; finish it within five minutes.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct BeginPasskeyRegistrationResponse {
    /// The challenge for `finish_passkey_registration`. A registration that succeeds spends it; another call
    /// of this operation replaces it. With a `challenge` of a login it is the same, for `complete_login`.
    pub challenge: IssuedSecret,
    /// The options for `navigator.credentials.create`, as `PublicKeyCredential.parseCreationOptionsFromJSON`
    /// reads them.
    pub options: CreationOptions,
}

/// Registers a passkey.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FinishPasskeyRegistrationRequest {
    /// The challenge of `begin_passkey_registration`.
    pub challenge: Secret,
    /// The answer of `navigator.credentials.create`: the credential's `toJSON()`.
    #[serde(deserialize_with = "crate::types::strict::open_object")]
    pub response: RegistrationResponse,
}

/// The passkey was registered and every session has ended: log in again.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct FinishPasskeyRegistrationResponse {
    /// The passkey.
    pub credential: PasskeyInfo,
    /// Codes that replace a lost second factor; each can be used once. They are shown only now. Empty if the
    /// account has codes already.
    pub recovery_codes: Vec<RecoveryCode>,
}

/// The user's label of a passkey: 1 to 64 characters without control characters.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Label(String);

impl Label {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Label {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Label, ParseError> {
        let valid = (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if valid { Ok(Label(text.to_owned())) } else { Err(ParseError::new("expected 1 to 64 characters")) }
    }
}

text_type!(Label, "minLength": 1, "maxLength": 64);

/// The most pending registrations of one user.
const REGISTRATIONS: u32 = 3;

/// The most passkeys of an account.
const MOST: usize = 20;

impl Engine {
    /// Begins the registration of a passkey.
    ///
    /// Failures: `user_not_found`, `invalid_challenge`, `email_not_verified`, `permission_denied` (it has 20, or is a
    /// service account), `invalid_config` (`passkeys` is not configured), `invalid_request`, `store_unavailable`.
    pub fn begin_passkey_registration(
        &self,
        request: BeginPasskeyRegistrationRequest,
    ) -> Result<BeginPasskeyRegistrationResponse> {
        let BeginPasskeyRegistrationRequest { user_id, challenge, label } = request;
        let named = Named::among(user_id, challenge)?;
        if matches!(named, Named::ByLogin(_)) && label.is_some() {
            return Err(Error::at(Code::InvalidRequest, "/label", "not with challenge"));
        }
        let party = self.factors.passkeys.relying_party()?;
        let now = self.clock.now();
        let data = json::render(&label)?;
        let (challenge, user, passkeys) = self.store.write(Durability::Full, |tx| {
            let user = self.logins.named(tx, &named, now)?;
            self.accounts.may_log_in(&user.public)?;
            self.factors.may_be_taken_by(&user.public)?;
            let passkeys = rows::list(tx, user.public.id)?;
            if passkeys.len() >= MOST {
                let error = Error::new(Code::PermissionDenied, "too_many_passkeys");
                return Err(error.about(Some(user.public.id), None));
            }
            let making = Making {
                purpose: Purpose::PasskeyRegistration,
                lifetime_seconds: CEREMONY_SECONDS,
                most: REGISTRATIONS,
                attempts: 0,
                data: data.as_bytes(),
            };
            let challenge = match &named {
                Named::ById(_) => self.one_time.make(tx, &user, now, &making)?,
                Named::ByLogin(challenge) => challenge.clone(),
            };
            Ok((challenge, user.public, passkeys))
        })?;
        let algorithm = |alg| CredentialParameters { kind: PUBLIC_KEY, alg };
        let options = CreationOptions {
            rp: RelyingParty { id: party.rp_id.as_str().to_owned(), name: party.rp_name.as_str().to_owned() },
            user: UserEntity {
                id: handle(user.id),
                name: user.username.as_str().to_owned(),
                display_name: user.username.as_str().to_owned(),
            },
            challenge: self.factors.passkeys.derived_challenge(&challenge)?,
            pub_key_cred_params: webauthn::ALGORITHMS.into_iter().map(algorithm).collect(),
            timeout: CEREMONY_SECONDS * 1000,
            exclude_credentials: passkeys.into_iter().map(CredentialDescriptor::from).collect(),
            authenticator_selection: AuthenticatorSelection {
                resident_key: PREFERRED,
                require_resident_key: false,
                user_verification: PREFERRED,
            },
            attestation: "none",
        };
        Ok(BeginPasskeyRegistrationResponse { challenge: challenge.into(), options })
    }

    /// Registers the passkey, and ends every session and token of the account, all or nothing. A credential
    /// that any account has is refused.
    ///
    /// Failures: `invalid_challenge`, `invalid_credentials` (the response is not what it should be),
    /// `already_configured`, `invalid_request`, `invalid_config`, `store_unavailable`.
    pub fn finish_passkey_registration(
        &self,
        request: FinishPasskeyRegistrationRequest,
    ) -> Result<FinishPasskeyRegistrationResponse> {
        let FinishPasskeyRegistrationRequest { challenge, response } = request;
        self.factors.passkeys.relying_party()?;
        let now = self.clock.now();
        let purpose = &[Purpose::PasskeyRegistration];
        let found = self.store.read(|tx| self.one_time.peek(tx, challenge.expose(), purpose, now))?;
        let user_id = found.user_id;
        let about = |error: Error| error.about(Some(user_id), None);
        let label: Option<Label> = serde_json::from_slice(&found.data).map_err(|_| damaged())?;
        let label = label.map(|Label(label)| label);
        let passkey = self.factors.passkeys.made(user_id, &challenge, response, label, now)?;
        let recovery_codes = self.mailing.write(|tx| {
            // Registrations that were begun before another passkey was registered are dead, so the limit
            // still holds.
            self.one_time.redeem(tx, challenge.expose(), purpose, now)?;
            if !rows::insert(tx, &passkey)? {
                return Err(about(Error::new(Code::AlreadyConfigured, "credential_id")));
            }
            self.factors.added(tx, user_id, KIND, now)
        })?;
        Ok(FinishPasskeyRegistrationResponse { credential: passkey.into(), recovery_codes })
    }
}
