//! The client of a call: the other end of the connection, where known.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::types::parse_error::ParseError;
use crate::types::text::text_type;

/// The client's connection, where known.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Client {
    /// The client's IP address; failures are counted for it.
    #[schemars(with = "Option<String>")]
    pub ip: Option<IpAddr>,
    /// The `User-Agent` header, shown with the session; truncated after 512 characters.
    pub user_agent: Option<UserAgent>,
    /// A random id by which the host knows the device. On a device where the account logged in before,
    /// failures elsewhere do not lock the user out.
    pub device_id: Option<DeviceId>,
}

/// A `User-Agent` header: without control characters, at most 512 characters.
#[derive(Clone, Debug, Serialize)]
pub struct UserAgent(String);

impl UserAgent {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for UserAgent {
    fn from(text: &str) -> UserAgent {
        UserAgent(text.chars().filter(|c| !c.is_control()).take(512).collect())
    }
}

impl FromStr for UserAgent {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<UserAgent, ParseError> {
        Ok(text.into())
    }
}

text_type!(UserAgent,);

/// A host's identifier of a device: 1 to 128 visible ASCII characters. It is a secret, because it exempts the
/// device from locks, and not shown in `Debug`.
#[derive(Clone, Serialize)]
pub struct DeviceId(String);

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("DeviceId(…)")
    }
}

impl DeviceId {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeviceId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<DeviceId, ParseError> {
        let valid = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if valid {
            Ok(DeviceId(text.to_owned()))
        } else {
            Err(ParseError::new("expected 1 to 128 visible ASCII characters"))
        }
    }
}

text_type!(DeviceId, "minLength": 1, "maxLength": 128, "x-secret": true);

impl Client {
    pub(crate) fn ip_text(&self) -> Option<String> {
        self.ip.map(|ip| ip.to_string())
    }

    pub(crate) fn user_agent_text(&self) -> Option<&str> {
        self.user_agent.as_ref().map(|UserAgent(text)| text.as_str())
    }

    pub(crate) fn device_id_text(&self) -> Option<&str> {
        self.device_id.as_ref().map(|DeviceId(text)| text.as_str())
    }
}
