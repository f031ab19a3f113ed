//! URLs of services and web origins (RFC 6454).

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::text::text_type;
use crate::types::parse_error::ParseError;

/// The URL of a service: `https://…`; `http://…` only if the host is `localhost` or a loopback address,
/// because a token is worth as much as a password. Neither user nor fragment.
#[derive(Clone)]
pub struct ServiceUrl(String);

impl ServiceUrl {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceUrl {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<ServiceUrl, ParseError> {
        const EXPECTED: &str = "expected https://HOST… or, for a loopback host, http://HOST…";
        let is_text = text.len() <= 2048 && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        let (scheme, rest) = text.split_once("://").filter(|_| is_text).ok_or(ParseError::new(EXPECTED))?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        // A name, or an address in brackets (RFC 3986 section 3.2.2), and an optional port.
        let (host, port) = match authority.rfind(':').filter(|colon| authority.find(']') < Some(*colon)) {
            Some(colon) => (&authority[..colon], Some(&authority[colon + 1..])),
            None => (authority, None),
        };
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let (is_host, is_loopback) = match address.map(str::parse::<Ipv6Addr>) {
            Some(address) => (address.is_ok(), address.is_ok_and(|address| address.is_loopback())),
            None => {
                let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
                let is_loopback = host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
                (
                    !host.is_empty() && host.bytes().all(is_name),
                    is_loopback || host.eq_ignore_ascii_case("localhost"),
                )
            }
        };
        let is_port = port.is_none_or(|port| {
            port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        match scheme {
            _ if !is_host || !is_port => Err(ParseError::new(EXPECTED)),
            "https" => Ok(ServiceUrl(text.to_owned())),
            "http" if is_loopback => Ok(ServiceUrl(text.to_owned())),
            _ => Err(ParseError::new(EXPECTED)),
        }
    }
}

/// Shows the URL without its query, in which some services expect a key.
impl fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.0.split('?').next().unwrap_or_default())
    }
}

text_type!(ServiceUrl, "format": "uri", "maxLength": 2048);

/// An origin as browsers write it, or the origin of an Android app: the hash of its signing certificate.
#[derive(Clone, Debug)]
pub struct Origin(String);

impl Origin {
    /// Returns the text, which is compared exactly.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Origin, ParseError> {
        let is_app = text.strip_prefix("android:apk-key-hash:").is_some_and(|hash| {
            hash.len() == 43 && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        });
        // Nothing may follow host and port, and the spelling must be a browser's (RFC 6454 section 6.2).
        let is_page = text.parse::<ServiceUrl>().is_ok()
            && text.split_once("://").is_some_and(|(_, rest)| !rest.contains(['/', '?']))
            && !text.bytes().any(|byte| byte.is_ascii_uppercase())
            && !text.rsplit_once(':').is_some_and(|(_, port)| port.starts_with('0') && !port.ends_with(']'))
            && !(text.starts_with("https:") && text.ends_with(":443"))
            && !(text.starts_with("http:") && text.ends_with(":80"));
        match is_app || is_page {
            true => Ok(Origin(text.to_owned())),
            false => Err(ParseError::new(
                "expected an origin: https://HOST or, for a loopback host, http://HOST, in lower case",
            )),
        }
    }
}

text_type!(Origin, "minLength": 1, "maxLength": 2048);
