//! How providers are asked: known ones as data, the authentication of this service, the data of a user.

use std::collections::BTreeMap;
use std::str::FromStr;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::Deserialize;

use super::values::Issuer;
use crate::types::parse_error::ParseError;
use crate::types::url::ServiceUrl;
use crate::types::user::Scope;

/// A known provider: one of `provider_presets.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset(String);

impl Preset {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns what is known of the provider.
    pub(super) fn values(&self) -> Known {
        known().remove(&self.0).unwrap_or_default()
    }
}

/// What is known of a provider: members of its configuration.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Known {
    pub issuer: Option<Issuer>,
    pub authorization_endpoint: Option<ServiceUrl>,
    pub token_endpoint: Option<ServiceUrl>,
    pub userinfo_endpoint: Option<ServiceUrl>,
    pub userinfo: Option<Userinfo>,
    pub jwks_uri: Option<ServiceUrl>,
    pub client_auth: Option<ClientAuth>,
    pub email_verified_claim: Option<String>,
    pub scope: Option<Scope>,
    pub response_mode: Option<ResponseMode>,
}

fn known() -> BTreeMap<String, Known> {
    serde_json::from_str(include_str!("provider_presets.json")).unwrap_or_default()
}

impl FromStr for Preset {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Preset, ParseError> {
        let known = known();
        let names = || known.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        match known.contains_key(text) {
            true => Ok(Preset(text.to_owned())),
            false => Err(ParseError::new(format!("expected one of {}", names()))),
        }
    }
}

crate::types::text::text_type!(Preset, "enum": known().keys().collect::<Vec<_>>());

/// How this service authenticates itself to a provider (OpenID Connect Core section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientAuth {
    /// By the secret, in the header `authorization`.
    ClientSecretBasic,
    /// By the secret, in the form.
    ClientSecretPost,
    /// By an assertion that the key signs (RFC 7523).
    PrivateKeyJwt,
    /// By a secret that the key signs, as Apple has it.
    SignedSecret,
    /// Not at all: the service is a public client. PKCE protects the code.
    None,
}

/// How a provider sends the browser back with its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ResponseMode {
    /// With a query.
    Query,
    /// With a form that the browser posts (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

/// The sender of the requests to a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExchangeBy {
    /// The engine, with the feature `http`.
    #[default]
    Engine,
    /// The host, as `next_provider_request` says.
    Host,
}

/// Where the response of a provider without ID tokens has what is needed.
#[derive(Clone, Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UserinfoConfig")]
#[non_exhaustive]
pub struct Userinfo {
    /// The user's id, a text or an integer. The provider must never give it to another user: a name that can be
    /// changed is not fit for it.
    pub subject: Pointer,
    /// The user's name.
    pub username: Option<Pointer>,
    /// The address.
    pub email: Option<Pointer>,
    /// Whether the address is verified. Default: it is not.
    pub email_verified: Option<Pointer>,
    /// The URL of a list of addresses, each with `email`, `primary` and `verified`, as GitHub has it. The primary
    /// one is taken instead of `email`.
    pub emails_endpoint: Option<ServiceUrl>,
}

/// A place in a JSON document (RFC 6901).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer(String);

impl Pointer {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Pointer {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Pointer, ParseError> {
        match text.starts_with('/') && text.len() <= 256 {
            true => Ok(Pointer(text.to_owned())),
            false => Err(ParseError::new("expected a JSON pointer, such as /id")),
        }
    }
}

crate::types::text::text_type!(Pointer, "pattern": "^/", "maxLength": 256);

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{ClientAuth, Known, Preset, known};
    use crate::config::Config;

    #[test]
    fn each_preset_is_a_provider() {
        let file: std::collections::BTreeMap<String, Known> =
            serde_json::from_str(include_str!("provider_presets.json")).unwrap();
        assert_eq!(file.len(), known().len());
        for name in file.keys() {
            let provider = serde_json::json!({
                "preset": name.parse::<Preset>().unwrap().as_str(),
                "client_id": "app",
                "issuer": if name == "keycloak" { Some("https://id.example/realms/main") } else { None },
            });
            let config = serde_json::json!({"id_token_providers": {name: provider}});
            Config::parse(&config.to_string()).unwrap();
        }
    }

    #[test]
    fn each_preset_is_what_its_provider_publishes() {
        let all: Vec<Value> =
            serde_json::from_str(include_str!("../../tests/vectors/providers.json")).unwrap();
        for (preset, metadata) in all.iter().map(|sends| (&sends["preset"], &sends["metadata"])) {
            let known = known().remove(preset.as_str().unwrap()).unwrap();
            let Some(issuer) = known.issuer.filter(|_| metadata.is_object()) else { continue };
            assert_eq!(metadata["issuer"], issuer.as_str());
            let own = [
                ("authorization_endpoint", known.authorization_endpoint),
                ("token_endpoint", known.token_endpoint),
                ("jwks_uri", known.jwks_uri),
            ];
            for (name, url) in own {
                assert_eq!(metadata[name], url.unwrap().as_str(), "{preset}");
            }
            let by = match known.client_auth.unwrap() {
                ClientAuth::ClientSecretBasic => "client_secret_basic",
                _ => "client_secret_post",
            };
            let methods = metadata["token_endpoint_auth_methods_supported"].as_array().unwrap();
            assert!(methods.iter().any(|method| method == by), "{preset}");
        }
    }
}
