//! The metadata of a provider (OpenID Connect Discovery section 3): where it is asked.

use serde_json::{Map, Value};

use crate::error::{Code, Error, Result};
use crate::json;
use crate::types::strict::Object;
use crate::types::url::ServiceUrl;

/// The parts of the metadata that are used.
pub(crate) struct Metadata {
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: Option<String>,
    pub jwks_uri: String,
    /// Whether each response of the provider has `iss` (RFC 9207 section 3).
    pub sends_iss: bool,
}

impl Metadata {
    /// Reads the metadata of an issuer. They must be about this issuer (section 4.3): otherwise one provider could
    /// name the endpoints of another.
    ///
    /// Failure: `auth_service_unavailable`.
    pub(crate) fn read(text: &str, issuer: &str) -> Result<Metadata> {
        let Object(metadata) =
            json::parse(text, Code::AuthServiceUnavailable).map_err(|_| wrong("not_json"))?;
        if metadata.get("issuer").and_then(Value::as_str) != Some(issuer) {
            return Err(wrong("wrong_issuer"));
        }
        let required = |name| url(&metadata, name, issuer)?.ok_or(wrong("missing_endpoint"));
        Ok(Metadata {
            authorization_endpoint: required("authorization_endpoint")?,
            token_endpoint: required("token_endpoint")?,
            userinfo_endpoint: url(&metadata, "userinfo_endpoint", issuer)?,
            jwks_uri: required("jwks_uri")?,
            sends_iss: metadata.get("authorization_response_iss_parameter_supported") == Some(&true.into()),
        })
    }
}

/// Returns a URL of the metadata. Only a provider on loopback may name URLs there.
fn url(metadata: &Map<String, Value>, name: &str, issuer: &str) -> Result<Option<String>> {
    let Some(value) = metadata.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let url = value.as_str().and_then(|text| text.parse::<ServiceUrl>().ok());
    let may_be = |url: &ServiceUrl| url.as_str().starts_with("https:") || issuer.starts_with("http:");
    url.filter(may_be).map(|url| Some(url.as_str().to_owned())).ok_or(wrong("bad_endpoint"))
}

fn wrong(detail: &'static str) -> Error {
    Error::new(Code::AuthServiceUnavailable, detail)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::Metadata;

    /// What the providers of the presets publish.
    #[test]
    fn metadata_of_real_providers() {
        let all: Vec<Value> =
            serde_json::from_str(include_str!("../../tests/vectors/providers.json")).unwrap();
        for metadata in all.iter().map(|sends| &sends["metadata"]).filter(|metadata| metadata.is_object()) {
            let issuer = metadata["issuer"].as_str().unwrap();
            let read = Metadata::read(&metadata.to_string(), issuer).ok().unwrap();
            assert_eq!(metadata["authorization_endpoint"], read.authorization_endpoint);
            assert_eq!(metadata["token_endpoint"], read.token_endpoint);
            assert_eq!(metadata["jwks_uri"], read.jwks_uri);
            assert_eq!(metadata["userinfo_endpoint"].as_str(), read.userinfo_endpoint.as_deref());
            assert_eq!(read.sends_iss, issuer.contains("/realms/"));
        }
    }
}
