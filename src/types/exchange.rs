//! A request to a provider and its response, whether the engine sends it or the host.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::secret::{IssuedSecret, Secret};

/// An HTTP request to a provider.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ProviderRequest {
    /// The method: `GET` or `POST`.
    pub method: &'static str,
    /// The URL: https; http only for a loopback host.
    pub url: String,
    /// The headers.
    pub headers: Vec<ProviderRequestHeader>,
    /// The body, if there is one: a form, as the header `content-type` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<IssuedSecret>,
}

/// A header of a request.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ProviderRequestHeader {
    /// The name.
    pub name: &'static str,
    /// The value.
    pub value: IssuedSecret,
}

/// The response of a provider.
#[derive(Clone, Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ProviderResponse {
    /// The HTTP status.
    pub status: u16,
    /// The body, as text.
    pub body: Secret,
}

impl ProviderRequest {
    /// Makes a request for a document.
    pub(crate) fn get(url: &str, authorization: Option<String>) -> ProviderRequest {
        ProviderRequest::new("GET", url, authorization, None)
    }

    /// Makes a request that posts a form.
    pub(crate) fn post(url: &str, authorization: Option<String>, form: IssuedSecret) -> ProviderRequest {
        ProviderRequest::new("POST", url, authorization, Some(form))
    }

    fn new(
        method: &'static str,
        url: &str,
        authorization: Option<String>,
        body: Option<IssuedSecret>,
    ) -> ProviderRequest {
        let form = body.as_ref().map(|_| "application/x-www-form-urlencoded".to_owned());
        // Some services answer only those who say who they are.
        let software = concat!("doorward/", env!("CARGO_PKG_VERSION")).to_owned();
        let headers = [
            ("accept", Some("application/json".to_owned())),
            ("user-agent", Some(software)),
            ("content-type", form),
            ("authorization", authorization),
        ];
        let given = |(name, value): (&'static str, Option<String>)| {
            Some(ProviderRequestHeader { name, value: IssuedSecret::new(value?) })
        };
        ProviderRequest {
            method,
            url: url.to_owned(),
            headers: headers.into_iter().filter_map(given).collect(),
            body,
        }
    }
}
