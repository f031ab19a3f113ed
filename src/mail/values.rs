//! The values of the configuration of mails, which are valid by construction.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::types::parse_error::ParseError;
use crate::types::text::text_type;
use crate::types::user::{Email, ascii_domain};

/// The place of the token in a link.
pub(super) const TOKEN: &str = "{token}";

/// A URL of the host with `{token}` once: `https://…`, or another scheme, such as that of an app. Visible
/// ASCII (RFC 3986).
#[derive(Clone, Debug)]
pub struct Link(String);

impl FromStr for Link {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Link, ParseError> {
        let is_text = text.len() <= 1024 && text.bytes().all(|byte| byte.is_ascii_graphic());
        let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let is_html_safe = !text.contains(['"', '\'', '<', '>', '`', '\\']);
        if is_text && is_scheme && is_html_safe && text.matches(TOKEN).count() == 1 {
            Ok(Link(text.to_owned()))
        } else {
            Err(ParseError::new("expected an address that holds {token} once"))
        }
    }
}

impl Link {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the link leads over a network without TLS.
    pub(crate) fn is_in_the_clear(&self) -> bool {
        let Some((scheme, rest)) = self.0.split_once("://") else { return false };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        let host = match host.strip_prefix('[') {
            Some(host) => host.split(']').next(),
            None => host.split(':').next(),
        };
        let is_loopback =
            host.is_some_and(|host| host.parse::<SmtpHost>().is_ok_and(|host| host.is_loopback()));
        scheme.eq_ignore_ascii_case("http") && !is_loopback
    }
}

text_type!(Link, "format": "uri-template", "maxLength": 1024);

/// A sender (RFC 5322 section 3.4): `address` or `name <address>`.
#[derive(Clone)]
#[non_exhaustive]
pub struct Mailbox {
    /// The name, unquoted.
    pub name: Option<String>,
    /// The address.
    pub address: Email,
}

impl FromStr for Mailbox {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Mailbox, ParseError> {
        const EXPECTED: &str = "expected an address, or a name and an address in angle brackets";
        if text.len() > 512 || text.chars().any(char::is_control) {
            return Err(ParseError::new(EXPECTED));
        }
        let (name, address) = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((name, address)) => (name.trim(), address),
            None => ("", text),
        };
        let unquoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
        let name = Some(unquoted.to_owned()).filter(|name| !name.is_empty());
        Ok(Mailbox { name, address: address.parse().map_err(|_| ParseError::new(EXPECTED))? })
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address.as_str()),
            None => f.write_str(self.address.as_str()),
        }
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Mailbox(…)")
    }
}

text_type!(Mailbox, "minLength": 3, "maxLength": 512);

/// A host name or address.
#[derive(Clone, Debug)]
pub struct SmtpHost(String);

impl SmtpHost {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_loopback(&self) -> bool {
        let is_loopback = |address: IpAddr| address.to_canonical().is_loopback();
        self.0.eq_ignore_ascii_case("localhost") || self.0.parse().is_ok_and(is_loopback)
    }
}

impl FromStr for SmtpHost {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<SmtpHost, ParseError> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let is_name = (1..=253).contains(&text.len()) && text.bytes().all(is_name);
        if is_name || text.parse::<IpAddr>().is_ok() {
            Ok(SmtpHost(text.to_owned()))
        } else {
            Err(ParseError::new("expected a name or an address"))
        }
    }
}

text_type!(SmtpHost, "minLength": 1, "maxLength": 253);

/// A domain, or an address literal (RFC 5321 sections 4.1.1.1 and 4.1.3).
#[derive(Clone, Debug)]
pub struct Hello(String);

impl Hello {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Hello {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Hello, ParseError> {
        let literal = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        let is_literal = literal.is_some_and(|address| match address.strip_prefix("IPv6:") {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => address.parse::<Ipv4Addr>().is_ok(),
        });
        match ascii_domain(text).filter(|domain| !domain.is_empty()) {
            _ if is_literal => Ok(Hello(text.to_owned())),
            Some(domain) => Ok(Hello(domain)),
            None => Err(ParseError::new("expected a domain, or an address in brackets")),
        }
    }
}

text_type!(Hello, "minLength": 1, "maxLength": 253);
