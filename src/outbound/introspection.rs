//! The remote service that validates its own tokens (RFC 7662).

use std::time::Duration;

use base64_simd::STANDARD;

use super::deadline::Deadline;
use super::http;
use crate::config::IntrospectionService;
use crate::error::{Error, Result};
use crate::types::secret::Secret;

/// The configured service.
pub(crate) struct RemoteService {
    client: http::Client,
    timeout: Duration,
    url: String,
    authorization: Option<Secret>,
}

impl RemoteService {
    /// Failures: `feature_not_built`, `invalid_config`.
    pub fn new(config: &IntrospectionService) -> Result<RemoteService> {
        let basic = config.basic.as_ref().map(|basic| {
            let pair = Secret::new(format!("{}:{}", basic.username.as_str(), basic.password.expose()));
            let encoded = Secret::new(STANDARD.encode_to_string(pair.expose()));
            Secret::new(format!("Basic {}", encoded.expose()))
        });
        let bearer = config.bearer.as_ref().map(|bearer| Secret::new(format!("Bearer {}", bearer.expose())));
        let client = http::Client::new(config.ca_file.as_deref())
            .map_err(|error| Error { field: Some("/introspection_service/ca_file".to_owned()), ..error });
        Ok(RemoteService {
            client: client?,
            timeout: Duration::from_millis(config.timeout_ms.get() as u64),
            url: config.url.as_str().to_owned(),
            authorization: bearer.or(basic),
        })
    }

    /// Returns the service's answer, unchanged.
    pub fn ask(&self, token: &str, hint: Option<&str>) -> Result<String> {
        let mut form = vec![("token", token)];
        form.extend(hint.map(|hint| ("token_type_hint", hint)));
        let authorization = self.authorization.as_ref().map(Secret::expose);
        self.client.post_form(&self.url, authorization, &form, Deadline::after(self.timeout))
    }
}
