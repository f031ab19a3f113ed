//! The providers by which users log in: `id_token_providers`.

use crate::types::parse_error::ParseError;
use crate::types::url::ServiceUrl;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use doorward_derive::Build;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::lists::Audience;
use super::providers::{ClientAuth, ExchangeBy, Known, Preset, ResponseMode, Userinfo};
use super::values::{Issuer, is_name};
use crate::error::{Code, Error, Result};
use crate::types::secret::Secret;
use crate::types::user::{Role, Scope};
use crate::types::whole::Whole;

/// A provider by which users log in, and how far it is trusted.
#[derive(Clone, Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "IdTokenProviderConfig")]
#[non_exhaustive]
pub struct IdTokenProvider {
    /// A known provider, for what is not given here: its issuer, and where and how it is asked. The endpoints of
    /// the known provider are not used for another `issuer`.
    pub preset: Option<Preset>,
    /// The `iss` of its tokens, exactly. `{tenantid}` in it, as Microsoft Entra writes it for applications of
    /// many tenants, stands for the token's `tid`. Required without `preset`.
    pub issuer: Option<Issuer>,
    /// The tenants that may log in users, for an issuer with `{tenantid}`. Default: all.
    pub tenants: Option<Vec<Tenant>>,
    /// The client id of this service at the provider: a text, or a list if several programs have ids. Every
    /// member of `aud`, and `azp`, must be in it.
    pub client_id: Audience,
    /// The provider's public keys, a JWK Set (RFC 7517).
    pub jwks: Option<KeySet>,
    /// Or their URL: https; http only for a loopback host. The keys are fetched when they are needed, cached,
    /// and fetched again every ten minutes; for an unknown key at most every ten seconds. Default: as the
    /// provider's metadata says, which are found below the issuer (OpenID Connect Discovery).
    pub jwks_uri: Option<ServiceUrl>,
    /// A file with the certificates (PEM) of the authorities that may vouch for the provider's hosts; read when
    /// the engine opens. Default: the public authorities.
    pub ca_file: Option<PathBuf>,
    /// The time limit for all exchanges of one call with the provider together.
    #[serde(default)]
    pub timeout_ms: Whole<1, 60_000, 5_000>,
    /// The algorithms with which the provider signs: others are refused even if a key supports them. Default:
    /// RS256.
    #[serde(default)]
    pub algorithms: IdTokenAlgorithms,
    /// Whether an unknown user gets an account: `true` with `registration.default_roles`, or with these
    /// `roles`.
    #[serde(default)]
    pub auto_register: AutoRegister,
    /// Whether to trust this provider that an address is verified: its token then opens the account that has
    /// verified the same address, and takes over an account that never did. Only for a provider that verifies
    /// addresses itself.
    #[serde(default)]
    pub link_verified_email: bool,
    /// The claim of ID tokens and of `userinfo_endpoint` that says that the address is verified. Default:
    /// `email_verified`.
    pub email_verified_claim: Option<String>,
    /// The secret of this service at the provider, for `begin_provider_login`.
    pub client_secret: Option<Secret>,
    /// Or the private key of this service (PKCS #8 in PEM): P-256, Ed25519 or RSA. The provider knows its public
    /// half.
    pub client_key: Option<Secret>,
    /// The name of `client_key` at the provider: the `kid` of what it signs.
    pub client_key_id: Option<String>,
    /// With `signed_secret`: the `iss` of the secret, Apple's id of the team.
    pub client_key_issuer: Option<String>,
    /// How this service authenticates itself to the provider. Default: `client_secret_basic` with a secret,
    /// `private_key_jwt` with a key, `none` without either.
    pub client_auth: Option<ClientAuth>,
    /// What the user is asked to permit, separated by spaces. Default: `openid email profile`.
    pub scope: Option<Scope>,
    /// Where the user logs in (RFC 6749 section 3.1). Give it together with `token_endpoint`. Default: as the
    /// provider's metadata says.
    pub authorization_endpoint: Option<ServiceUrl>,
    /// Where codes are exchanged (RFC 6749 section 3.2).
    pub token_endpoint: Option<ServiceUrl>,
    /// Where data about the user is read: if the ID token has no address, and for a provider without ID tokens.
    /// Default: as the provider's metadata says; none if `authorization_endpoint` is given.
    pub userinfo_endpoint: Option<ServiceUrl>,
    /// For a provider without ID tokens (OAuth 2.0 only): where the response of `userinfo_endpoint` has what is
    /// needed.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub userinfo: Option<Userinfo>,
    /// How the provider sends the browser back. Default: with a query.
    pub response_mode: Option<ResponseMode>,
    /// Whether the provider names itself in each response (`iss`, RFC 9207), so that a response without `iss` is
    /// refused. Default: as the provider's metadata says; `false` if `authorization_endpoint` is given.
    pub requires_iss: Option<bool>,
    /// The sender of the requests to the provider.
    #[serde(default)]
    pub exchange: ExchangeBy,
}

/// The name of a provider: ASCII letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProviderName(String);

impl ProviderName {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProviderName {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<ProviderName, ParseError> {
        let expected = "expected 1 to 64 of ASCII letters, digits, `-` and `_`";
        if is_name(text) { Ok(ProviderName(text.to_owned())) } else { Err(ParseError::new(expected)) }
    }
}

crate::types::text::text_type!(ProviderName, "minLength": 1, "maxLength": 64);

/// The id of a tenant of Microsoft Entra, in lower case as tokens write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant(String);

impl Tenant {
    /// Returns the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tenant {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Tenant, ParseError> {
        let valid = is_name(text) && !text.bytes().any(|byte| byte.is_ascii_uppercase());
        if valid {
            Ok(Tenant(text.to_owned()))
        } else {
            Err(ParseError::new("expected a tenant's id, in lower case"))
        }
    }
}

crate::types::text::text_type!(Tenant, "minLength": 1, "maxLength": 64);

impl IdTokenProvider {
    /// Returns the provider with what its preset adds.
    pub(crate) fn completed(&self) -> IdTokenProvider {
        let mut whole = self.clone();
        let Some(known) = self.preset.as_ref().map(Preset::values) else { return whole };
        if self.is_preset(&known) {
            whole.issuer = known.issuer;
            whole.authorization_endpoint = whole.authorization_endpoint.or(known.authorization_endpoint);
            whole.token_endpoint = whole.token_endpoint.or(known.token_endpoint);
            whole.userinfo_endpoint = whole.userinfo_endpoint.or(known.userinfo_endpoint);
            whole.userinfo = whole.userinfo.or(known.userinfo);
            whole.jwks_uri = whole.jwks_uri.or(known.jwks_uri.filter(|_| self.jwks.is_none()));
        }
        whole.client_auth = whole.client_auth.or(known.client_auth.filter(|by| self.may_authenticate(*by)));
        whole.email_verified_claim = whole.email_verified_claim.or(known.email_verified_claim);
        whole.scope = whole.scope.or(known.scope);
        whole.response_mode = whole.response_mode.or(known.response_mode);
        whole
    }

    /// Whether this is the known provider, and not another of its kind.
    fn is_preset(&self, known: &Known) -> bool {
        self.issuer.as_ref().is_none_or(|own| Some(own) == known.issuer.as_ref())
    }

    /// Whether the way of a preset fits what is given: a key is not sent as a secret.
    fn may_authenticate(&self, by: ClientAuth) -> bool {
        let is_by_secret = matches!(by, ClientAuth::ClientSecretBasic | ClientAuth::ClientSecretPost);
        !(is_by_secret && self.client_key.is_some())
    }

    /// Returns how this service authenticates itself.
    pub(crate) fn authentication(&self) -> ClientAuth {
        let by_credential = match (&self.client_secret, &self.client_key) {
            (None, None) => ClientAuth::None,
            (Some(_), _) => ClientAuth::ClientSecretBasic,
            (None, Some(_)) => ClientAuth::PrivateKeyJwt,
        };
        self.client_auth.unwrap_or(by_credential)
    }

    /// Checks the rules between members. The error's field is within the provider.
    pub(super) fn check(&self) -> Result<()> {
        self.check_preset()?;
        let whole = self.completed();
        whole.check_issuer()?;
        whole.check_authentication()?;
        whole.check_endpoints()
    }

    /// A user without an ID token is identified by the issuer and what an endpoint says, so another endpoint is
    /// another issuer.
    fn check_preset(&self) -> Result<()> {
        let Some(known) = self.preset.as_ref().map(Preset::values) else { return Ok(()) };
        let own = [&self.authorization_endpoint, &self.token_endpoint, &self.userinfo_endpoint];
        let has_own = own.iter().any(|endpoint| endpoint.is_some());
        match has_own && known.userinfo.is_some() && self.is_preset(&known) {
            true => wrong("/issuer", "expected an issuer of its own for other endpoints than the preset's"),
            false => Ok(()),
        }
    }

    fn check_issuer(&self) -> Result<()> {
        let Some(issuer) = &self.issuer else { return wrong("/issuer", "missing field `issuer`") };
        let tenants = self.tenants.as_deref();
        match issuer.as_str().matches(TENANT_ID).count() {
            0 if tenants.is_some() => wrong("/tenants", "the issuer has no {tenantid}"),
            1 if tenants.is_some_and(<[Tenant]>::is_empty) => wrong("/tenants", "none"),
            // Each tenant's administrator decides which address belongs to which user.
            1 if tenants.is_none() && self.link_verified_email => {
                wrong("/link_verified_email", "expected tenants, each trusted with addresses")
            }
            0 | 1 => Ok(()),
            _ => wrong("/issuer", "expected {tenantid} once"),
        }
    }

    fn check_authentication(&self) -> Result<()> {
        let has_both = self.client_secret.is_some() && self.client_key.is_some();
        match self.authentication() {
            _ if has_both => wrong("/client_key", "both client_secret and client_key"),
            ClientAuth::ClientSecretBasic | ClientAuth::ClientSecretPost if self.client_secret.is_none() => {
                // A preset says how its provider is asked; the service may only verify its ID tokens.
                if self.preset.is_some() { Ok(()) } else { wrong("/client_secret", "missing") }
            }
            ClientAuth::PrivateKeyJwt if self.client_key.is_none() => wrong("/client_key", "missing"),
            ClientAuth::SignedSecret if self.client_key.is_some() && self.client_key_issuer.is_none() => {
                wrong("/client_key_issuer", "missing")
            }
            ClientAuth::SignedSecret if self.client_key.is_none() && self.preset.is_none() => {
                wrong("/client_key", "missing")
            }
            _ => Ok(()),
        }
    }

    fn check_endpoints(&self) -> Result<()> {
        let has_keys = self.jwks.is_some() || self.jwks_uri.is_some();
        let has_endpoints = self.authorization_endpoint.is_some();
        if self.jwks.is_some() && self.jwks_uri.is_some() {
            return wrong("", "expected one of jwks, jwks_uri");
        }
        if has_endpoints != self.token_endpoint.is_some() {
            return wrong(
                "/token_endpoint",
                "expected authorization_endpoint and token_endpoint, or neither",
            );
        }
        if self.userinfo.is_some() && !(has_endpoints && self.userinfo_endpoint.is_some()) {
            let rule = "expected authorization_endpoint, token_endpoint and userinfo_endpoint";
            return wrong("/userinfo", rule);
        }
        if self.userinfo.is_some() && has_keys {
            return wrong("/userinfo", "a provider with ID tokens needs none");
        }
        if self.userinfo.is_some() && self.email_verified_claim.is_some() {
            return wrong(
                "/email_verified_claim",
                "a provider without ID tokens has email_verified of userinfo",
            );
        }
        if self.userinfo.is_none() && !has_keys && self.metadata_url().is_none() {
            return wrong("", "expected one of jwks, jwks_uri, or an issuer with metadata");
        }
        let is_complete = has_endpoints && (has_keys || self.userinfo.is_some());
        if self.exchange == ExchangeBy::Host && !is_complete {
            return wrong("/exchange", "expected the endpoints and the keys, or their URL");
        }
        Ok(())
    }

    /// Returns where the provider's metadata are (OpenID Connect Discovery section 4), if its issuer is a URL.
    pub(crate) fn metadata_url(&self) -> Option<String> {
        let issuer = self.issuer.as_ref().map(Issuer::as_str)?;
        issuer.parse::<ServiceUrl>().ok().filter(|_| !issuer.contains(['?', '{']))?;
        Some(format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))
    }
}

fn wrong(field: &str, rule: &'static str) -> Result<()> {
    Err(Error::at(Code::InvalidConfig, field, rule))
}

/// The placeholder for a tenant in an issuer.
pub(crate) const TENANT_ID: &str = "{tenantid}";

/// A JWK Set as given. It should be public, but may contain secrets by mistake: it is not shown in `Debug`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct KeySet(pub crate::types::strict::Object);

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("KeySet(…)")
    }
}

/// The signature algorithm of ID tokens (RFC 7518, RFC 8037), with published public keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum IdTokenAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519, under its name of RFC 8037.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl IdTokenAlgorithm {
    /// Returns whether `alg` of a header or a key names this algorithm.
    pub(crate) fn is_named(self, alg: &str) -> bool {
        match self {
            IdTokenAlgorithm::Rs256 => alg == "RS256",
            IdTokenAlgorithm::Ps256 => alg == "PS256",
            IdTokenAlgorithm::Es256 => alg == "ES256",
            IdTokenAlgorithm::EdDsa => alg == "EdDSA" || alg == "Ed25519",
        }
    }
}

/// A non-empty list of algorithms without repetition.
#[derive(Clone, Debug)]
pub struct IdTokenAlgorithms(Vec<IdTokenAlgorithm>);

impl IdTokenAlgorithms {
    /// Returns the members.
    pub fn members(&self) -> &[IdTokenAlgorithm] {
        &self.0
    }
}

impl TryFrom<Vec<IdTokenAlgorithm>> for IdTokenAlgorithms {
    type Error = ParseError;

    fn try_from(members: Vec<IdTokenAlgorithm>) -> Result<IdTokenAlgorithms, ParseError> {
        let is_first = |(index, member): (usize, &IdTokenAlgorithm)| !members[..index].contains(member);
        match !members.is_empty() && members.iter().enumerate().all(is_first) {
            true => Ok(IdTokenAlgorithms(members)),
            false => Err(ParseError::new("expected algorithms, each once")),
        }
    }
}

/// OpenID Connect Core section 3.1.3.7, rule 7.
impl Default for IdTokenAlgorithms {
    fn default() -> IdTokenAlgorithms {
        IdTokenAlgorithms(vec![IdTokenAlgorithm::Rs256])
    }
}

impl<'de> Deserialize<'de> for IdTokenAlgorithms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<IdTokenAlgorithms, D::Error> {
        Vec::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for IdTokenAlgorithms {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "IdTokenAlgorithms".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "items": {"type": "string", "enum": ["RS256", "PS256", "ES256", "EdDSA"]},
            "minItems": 1,
            "uniqueItems": true,
            "default": ["RS256"],
        })
    }
}

/// Whether an identity without an account gets an account.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum AutoRegister {
    /// It does not.
    #[default]
    No,
    /// It does, with these roles; without any, with `registration.default_roles`.
    Yes(Option<Vec<Role>>),
}

impl<'de> Deserialize<'de> for AutoRegister {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<AutoRegister, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Account {
            roles: Vec<Role>,
        }
        match Value::deserialize(deserializer)? {
            Value::Bool(false) => Ok(AutoRegister::No),
            Value::Bool(true) => Ok(AutoRegister::Yes(None)),
            object @ Value::Object(_) => serde_json::from_value(object)
                .map(|Account { roles }| AutoRegister::Yes(Some(roles)))
                .map_err(|_| serde::de::Error::custom("expected {\"roles\": [role, …]}")),
            _ => Err(serde::de::Error::custom("expected a boolean or {\"roles\": [role, …]}")),
        }
    }
}

impl JsonSchema for AutoRegister {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AutoRegister".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                {"type": "boolean"},
                {
                    "type": "object",
                    "properties": {
                        "roles": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 64}},
                    },
                    "required": ["roles"],
                    "additionalProperties": false,
                },
            ],
            "default": false,
        })
    }
}
