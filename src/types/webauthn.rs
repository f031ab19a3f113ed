//! The JSON that browsers exchange for passkeys (Web Authentication Level 3): options for
//! `navigator.credentials.create` and `get`, and the `toJSON()` of their credentials.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::types::base64url::{base64url, from_base64url};
use crate::types::parse_error::ParseError;
use crate::types::text::text_type;

pub(crate) const PUBLIC_KEY: &str = "public-key";
pub(crate) const PREFERRED: &str = "preferred";
pub(crate) const REQUIRED: &str = "required";

/// PublicKeyCredentialCreationOptionsJSON (section 5.1.9).
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-secret" = true, "x-passed-on" = true))]
#[non_exhaustive]
pub struct CreationOptions {
    /// The relying party.
    pub rp: RelyingParty,
    /// The user.
    pub user: UserEntity,
    /// The challenge that the authenticator signs.
    pub challenge: Bytes,
    /// The accepted algorithms.
    pub pub_key_cred_params: Vec<CredentialParameters>,
    /// How long the browser waits, in milliseconds.
    pub timeout: i64,
    /// The account's passkeys: an authenticator that has one of them makes no other.
    pub exclude_credentials: Vec<CredentialDescriptor>,
    /// The demands on the authenticator.
    pub authenticator_selection: AuthenticatorSelection,
    /// Always `none`.
    pub attestation: &'static str,
    /// The kinds of authenticator that the page expects, the likeliest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<PasskeyHint>,
}

/// PublicKeyCredentialRequestOptionsJSON (section 5.1.10).
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-secret" = true, "x-passed-on" = true))]
#[non_exhaustive]
pub struct RequestOptions {
    /// The challenge that the authenticator signs.
    pub challenge: Bytes,
    /// How long the browser waits, in milliseconds.
    pub timeout: i64,
    /// The domain of the passkeys.
    pub rp_id: String,
    /// The credentials that are accepted; if empty, any that the authenticator knows for the domain.
    pub allow_credentials: Vec<CredentialDescriptor>,
    /// Whether the authenticator must verify its user: `required`, `preferred`.
    pub user_verification: &'static str,
    /// The kinds of authenticator that the page expects, the likeliest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<PasskeyHint>,
}

/// A kind of authenticator, by which the browser chooses what it offers first (section 5.8.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PasskeyHint {
    /// A security key.
    SecurityKey,
    /// The device itself.
    ClientDevice,
    /// A phone beside the device.
    Hybrid,
}

/// The relying party (section 5.4.2).
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RelyingParty {
    /// `passkeys.rp_id`.
    pub id: String,
    /// `passkeys.rp_name`.
    pub name: String,
}

/// The user of a passkey (section 5.4.3).
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UserEntity {
    /// The user handle: the bytes of the account's id.
    pub id: Bytes,
    /// The username; the address of an invitation.
    pub name: String,
    /// The same.
    pub display_name: String,
}

/// An algorithm (section 5.3).
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct CredentialParameters {
    /// Always `public-key`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The algorithm's number in COSE.
    pub alg: i64,
}

/// A credential (section 5.8.3).
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct CredentialDescriptor {
    /// Always `public-key`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The credential's id.
    pub id: Bytes,
    /// The transports that reach its authenticator, where known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transports: Vec<String>,
}

/// The demands on an authenticator (section 5.4.4).
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AuthenticatorSelection {
    /// Whether the authenticator keeps the passkey, so that it works without a username: `preferred`.
    pub resident_key: &'static str,
    /// The same demand for older browsers.
    pub require_resident_key: bool,
    /// Whether the authenticator verifies its user: `preferred`; `required` for an invitation.
    pub user_verification: &'static str,
}

/// RegistrationResponseJSON (section 5.1), as far as it is read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = true, "x-secret" = true, "x-passed-on" = true))]
#[non_exhaustive]
pub struct RegistrationResponse {
    /// The credential's id.
    pub id: Bytes,
    /// The same.
    pub raw_id: Bytes,
    /// `public-key`.
    #[serde(rename = "type")]
    pub kind: CredentialType,
    /// The authenticator's response.
    pub response: AttestationResponse,
}

/// AuthenticatorAttestationResponseJSON: the members that the engine reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = true))]
#[non_exhaustive]
pub struct AttestationResponse {
    /// The client data that the browser made.
    #[serde(rename = "clientDataJSON")]
    pub client_data_json: Bytes,
    /// The authenticator's attestation object.
    pub attestation_object: Bytes,
    /// The transports that reach the authenticator.
    pub transports: Option<Vec<String>>,
}

/// AuthenticationResponseJSON (section 5.1): the members that the engine reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = true, "x-secret" = true, "x-passed-on" = true))]
#[non_exhaustive]
pub struct AuthenticationResponse {
    /// The credential's id.
    pub id: Bytes,
    /// The credential's id again.
    pub raw_id: Bytes,
    /// `public-key`.
    #[serde(rename = "type")]
    pub kind: CredentialType,
    /// The authenticator's response.
    pub response: AssertionResponse,
}

/// AuthenticatorAssertionResponseJSON: the members that the engine reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = true))]
#[non_exhaustive]
pub struct AssertionResponse {
    /// The client data that the browser made.
    #[serde(rename = "clientDataJSON")]
    pub client_data_json: Bytes,
    /// The authenticator's data.
    pub authenticator_data: Bytes,
    /// The authenticator's signature over both.
    pub signature: Bytes,
    /// The user handle of the credential.
    pub user_handle: Option<Bytes>,
}

/// The type of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum CredentialType {
    /// `public-key`.
    #[serde(rename = "public-key")]
    PublicKey,
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

/// Bytes as base64url without padding.
#[derive(Clone, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl FromStr for Bytes {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Bytes, ParseError> {
        from_base64url(text).map(Bytes).ok_or(ParseError::new("expected base64url without padding"))
    }
}

text_type!(Bytes,);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url(&self.0))
    }
}

/// Some of these bytes are signatures and challenges.
impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("Bytes(…)")
    }
}
