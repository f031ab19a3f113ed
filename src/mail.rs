//! Mails: the sender, the transport, and the texts. Texts contain placeholders in braces. The built-in texts
//! are in `mail/*.json`, in the form of the configuration.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::str::FromStr;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::{Code, Error, Result};
use crate::types::parse_error::ParseError;
use crate::types::secret::Secret;
use crate::types::text::text_type;
use crate::types::user::{Email, Locale, ascii_domain};
use crate::types::whole::Whole;

/// Mails to users. By default they wait for the host to take them.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "MailConfig")]
#[non_exhaustive]
pub struct Mail {
    /// The sender: `address` or `name <address>`. The texts use the name for the service, or else the issuer.
    pub from: Option<Mailbox>,
    /// The mail server; it needs `from` and all `links`. Default: none, and the host takes the mails.
    #[serde(deserialize_with = "crate::types::strict::optional_object")]
    pub smtp: Option<Smtp>,
    /// When SMTP sends mails. Default: `manual`, by `deliver_mail`.
    pub delivery: Delivery,
    /// The pages that users open from mails. If `verify_email` is given, registering sends a mail.
    #[serde(deserialize_with = "crate::types::strict::object")]
    pub links: Links,
    /// The language of mails to users who have not chosen one. Default: `en`.
    pub locale: Option<Locale>,
    /// Whether a mailed link alone verifies the first address of an account, without a proof of the account.
    /// The owner of the mailbox then gets the account without everything that opened it before: password,
    /// sessions, second factors, passkeys and identities.
    pub click_verifies: bool,
    /// The host's own texts: by kind of mail, then by language.
    pub templates: BTreeMap<Kind, BTreeMap<Locale, Template>>,
}

/// A mail server (RFC 5321, RFC 6409).
#[derive(Clone, Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SmtpConfig")]
#[non_exhaustive]
pub struct Smtp {
    /// The server's name or address.
    pub host: SmtpHost,
    /// The server's port. Default: 465, with `starttls` 587, with `none` 25.
    pub port: Option<Whole<1, 65_535, 465>>,
    /// The encryption of the connection.
    #[serde(default)]
    pub tls: Tls,
    /// The name that this client gives (`EHLO`): a domain, or an address in brackets. Some servers require
    /// the name that its address has in DNS. Default: the domain of `from`.
    pub hello: Option<Hello>,
    /// The name to log in with.
    pub username: Option<String>,
    /// The password to log in with.
    pub password: Option<Secret>,
    /// A file with the certificates (PEM) of the authorities to trust, instead of the public ones.
    pub ca_file: Option<PathBuf>,
    /// The time limit for each step of the conversation.
    #[serde(default)]
    pub timeout_ms: Whole<100, 60_000, 10_000>,
    /// Whether to allow `none` for a host that is not this machine.
    #[serde(default)]
    pub allow_plaintext: bool,
}

impl Smtp {
    /// Returns the port, which depends on `tls` if none was set.
    pub fn port_number(&self) -> u16 {
        let port = match (self.port, self.tls) {
            (Some(port), _) => port.get(),
            (None, Tls::Implicit) => 465,
            (None, Tls::Starttls) => 587,
            (None, Tls::None) => 25,
        };
        u16::try_from(port).unwrap_or(u16::MAX)
    }
}

/// The encryption of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SmtpTls")]
#[non_exhaustive]
pub enum Tls {
    /// Encrypted from the first byte (RFC 8314).
    #[default]
    Implicit,
    /// Encrypted after a command (RFC 3207); a server without it gets no mail.
    Starttls,
    /// Not encrypted.
    None,
}

/// When SMTP sends mails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MailDelivery")]
#[non_exhaustive]
pub enum Delivery {
    /// When the host calls `deliver_mail`.
    #[default]
    Manual,
    /// At once, by a thread of the engine.
    Background,
}

/// The pages that users open from mails: URLs of the host, each with `{token}` once.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "MailLinks")]
#[non_exhaustive]
pub struct Links {
    /// The page that calls `verify_email`.
    pub verify_email: Option<Link>,
    /// The page that calls `reset_password`.
    pub reset_password: Option<Link>,
    /// The page that calls `verify_email` for a new address.
    pub change_email: Option<Link>,
}

impl Mail {
    /// Checks the rules between keys.
    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |field: &str, rule: &'static str| Err(Error::at(Code::InvalidConfig, field, rule));
        let Some(smtp) = &self.smtp else {
            return match self.delivery {
                Delivery::Manual => Ok(()),
                Delivery::Background => wrong("/mail/delivery", "background needs smtp"),
            };
        };
        let links = [
            ("/mail/links/verify_email", &self.links.verify_email),
            ("/mail/links/reset_password", &self.links.reset_password),
            ("/mail/links/change_email", &self.links.change_email),
        ];
        if self.from.is_none() {
            wrong("/mail/from", "smtp needs it")
        } else if let Some((field, _)) = links.iter().find(|(_, link)| link.is_none()) {
            wrong(field, "smtp needs it")
        } else if smtp.username.is_some() != smtp.password.is_some() {
            wrong("/mail/smtp", "one of username and password without the other")
        } else if smtp.tls == Tls::None && !smtp.host.is_loopback() && !smtp.allow_plaintext {
            wrong("/mail/smtp/tls", "none is for a loopback host only, unless allow_plaintext is set")
        } else if smtp.tls == Tls::None && smtp.ca_file.is_some() {
            wrong("/mail/smtp/ca_file", "not used without TLS")
        } else {
            Ok(())
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $has_token:literal;)*) => {
        /// The kind of a mail.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind,)*];

            /// Returns the name in templates and mails.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)* }
            }

            /// Returns whether the mail carries a token.
            pub fn has_token(self) -> bool {
                match self { $(Kind::$kind => $has_token,)* }
            }
        }

        impl FromStr for Kind {
            type Err = ParseError;

            fn from_str(name: &str) -> Result<Kind, ParseError> {
                match name { $($name => Ok(Kind::$kind),)* _ => Err(ParseError::new("expected a kind of mail")) }
            }
        }

        text_type!(shape "MailKind", Kind, "enum": [$($name),*], "description": "A kind of mail.");
    };
}

kinds! {
    /// The token verifies the address.
    VerifyEmail = "verify_email", true;
    /// The token sets a new password.
    ResetPassword = "reset_password", true;
    /// The token makes this the account's address.
    ChangeEmail = "change_email", true;
    /// To the old address: another one was requested.
    EmailChangeRequested = "email_change_requested", false;
    /// To the old address: another one replaced it.
    EmailChanged = "email_changed", false;
    /// This address was requested for an account and already has one.
    AccountExists = "account_exists", false;
    /// The password was changed.
    PasswordChanged = "password_changed", false;
}

impl Links {
    fn of(&self, kind: Kind) -> Option<&Link> {
        match kind {
            Kind::VerifyEmail => self.verify_email.as_ref(),
            Kind::ResetPassword => self.reset_password.as_ref(),
            Kind::ChangeEmail => self.change_email.as_ref(),
            _ => None,
        }
    }
}

/// The text of one kind of mail in one language. Placeholders: `{service}`, `{username}`; for a mail with a
/// token also `{token}` and `{link}`, which is the token itself if no link is configured.
#[derive(Clone, Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MailTemplate")]
#[non_exhaustive]
pub struct Template {
    /// The subject, on one line.
    pub subject: String,
    /// The text. Paragraphs are separated by empty lines.
    pub text: String,
    /// The text if no link is configured for this kind; it contains the token. Default: `text`.
    pub text_without_link: Option<String>,
    /// The HTML; values are escaped. Default: the paragraphs of the text.
    pub html: Option<String>,
}

impl Template {
    /// Refuses a subject of several lines, and placeholders that a mail of this kind does not have.
    fn check(&self, kind: Kind) -> Result<(), (&'static str, &'static str)> {
        if self.subject.is_empty() || self.subject.len() > 256 || self.subject.chars().any(char::is_control) {
            return Err(("subject", "expected one line of 1 to 256 bytes"));
        }
        let parts = [
            ("subject", Some(&self.subject)),
            ("text", Some(&self.text)),
            ("text_without_link", self.text_without_link.as_ref()),
            ("html", self.html.as_ref()),
        ];
        for (name, text) in parts.into_iter().filter_map(|(name, text)| Some((name, text?))) {
            let mut is_known = true;
            let mut leads = false;
            substitute(text, |placeholder| {
                match placeholder {
                    "service" | "username" => {}
                    // Subjects appear where a token must not be seen, in notifications.
                    "link" | "token" if kind.has_token() && name != "subject" => leads = true,
                    _ => is_known = false,
                }
                String::new()
            });
            if !is_known {
                return Err((name, "an unknown placeholder"));
            }
            if kind.has_token() && !leads && name != "subject" {
                return Err((name, "neither {link} nor {token}"));
            }
        }
        Ok(())
    }
}

/// The texts of an engine.
pub(crate) struct Templates {
    own: BTreeMap<Kind, BTreeMap<Locale, Template>>,
    built_in: BTreeMap<Locale, BTreeMap<Kind, Template>>,
    default: Locale,
    service: String,
    links: Links,
}

/// A mail as the recipient reads it.
pub(crate) struct Rendered {
    pub locale: Locale,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub link: Option<String>,
}

const BUILT_IN: [(&str, &str); 5] = [
    ("en", include_str!("mail/en.json")),
    ("de", include_str!("mail/de.json")),
    ("fr", include_str!("mail/fr.json")),
    ("es", include_str!("mail/es.json")),
    ("zh", include_str!("mail/zh.json")),
];

impl Templates {
    pub(crate) fn new(mail: &Mail, issuer: &str) -> Result<Templates> {
        for (kind, by_locale) in &mail.templates {
            for (locale, template) in by_locale {
                template.check(*kind).map_err(|(part, rule)| {
                    let place = format!("/mail/templates/{}/{}/{part}", kind.name(), locale.as_str());
                    Error::at(Code::InvalidConfig, place, rule)
                })?;
            }
        }
        let broken = || Error::new(Code::Internal, "templates");
        let mut built_in = BTreeMap::new();
        for (locale, text) in BUILT_IN {
            let templates = serde_json::from_str(text).map_err(|_| broken())?;
            built_in.insert(locale.parse().map_err(|_| broken())?, templates);
        }
        let name = mail.from.as_ref().and_then(|from| from.name.as_deref());
        Ok(Templates {
            own: mail.templates.clone(),
            built_in,
            default: mail.locale.clone().map_or_else(|| "en".parse().map_err(|_| broken()), Ok)?,
            service: name.unwrap_or(issuer).to_owned(),
            links: mail.links.clone(),
        })
    }

    /// Writes a mail in the best language available: the requested one, else the default, else English.
    pub(crate) fn render(
        &self,
        kind: Kind,
        locale: Option<&str>,
        username: &str,
        token: Option<&str>,
    ) -> Result<Rendered> {
        let wanted = locale.and_then(|locale| locale.parse::<Locale>().ok());
        let english = self.built_in.keys().find(|locale| locale.as_str() == "en");
        let order = wanted.iter().chain([&self.default]).chain(english);
        let (locale, template) = order
            .filter_map(|locale| self.find(kind, locale))
            .next()
            .ok_or(Error::new(Code::Internal, "no template"))?;
        let token = token.unwrap_or_default();
        let link = self.links.of(kind).map(|link| link.0.replace(TOKEN, token));
        let value = |name: &str| match name {
            "service" => self.service.clone(),
            "username" => username.to_owned(),
            "link" => link.as_deref().unwrap_or(token).to_owned(),
            _ => token.to_owned(),
        };
        let subject = substitute(&template.subject, value);
        let text = match &template.text_without_link {
            Some(text) if link.is_none() => text,
            _ => &template.text,
        };
        let html = match &template.html {
            Some(html) => substitute(html, |name| escaped(&value(name))),
            None => html(locale, &subject, text, link.as_deref(), value),
        };
        Ok(Rendered { locale: locale.clone(), text: substitute(text, value), subject, html, link })
    }

    /// Finds the template for a language, or for the nearest wider one (RFC 4647 section 3.4). The host's own
    /// come first.
    fn find(&self, kind: Kind, locale: &Locale) -> Option<(&Locale, &Template)> {
        let mut range = locale.as_str();
        loop {
            let is_it = |locale: &Locale| locale.as_str().eq_ignore_ascii_case(range);
            let own = self.own.get(&kind).and_then(|templates| templates.iter().find(|(key, _)| is_it(key)));
            let built_in = || {
                let (locale, templates) = self.built_in.iter().find(|(key, _)| is_it(key))?;
                Some((locale, templates.get(&kind)?))
            };
            if let Some(found) = own.or_else(built_in) {
                return Some(found);
            }
            range = range.rsplit_once('-')?.0;
        }
    }
}

/// Converts the paragraphs of a text to HTML. A paragraph that consists of the link becomes clickable.
fn html(
    locale: &Locale,
    subject: &str,
    text: &str,
    link: Option<&str>,
    value: impl Fn(&str) -> String + Copy,
) -> String {
    let paragraph = |paragraph: &str| match (paragraph.trim(), link) {
        ("{link}", Some(link)) => {
            let link = escaped(link);
            format!("<p><a href=\"{link}\">{link}</a></p>\n")
        }
        (text, _) => {
            let text = escaped(text).replace('\n', "<br>\n");
            format!("<p>{}</p>\n", substitute(&text, |name| escaped(&value(name))))
        }
    };
    let paragraphs: String = text.split("\n\n").map(paragraph).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><title>{}</title></head>\n<body>\n{paragraphs}</body>\n</html>\n",
        locale.as_str(),
        escaped(subject),
    )
}

/// Replaces each `{name}` in the text once; other braces stay.
fn substitute(text: &str, mut value: impl FnMut(&str) -> String) -> String {
    let mut filled = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let is_name =
            |name: &&str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        match after.split_once('}').filter(|(name, _)| is_name(name)) {
            Some((name, after)) => {
                filled.push_str(&value(name));
                rest = after;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

const TOKEN: &str = "{token}";

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
