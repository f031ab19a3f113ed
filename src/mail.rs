//! Mails: the sender, the transport, and the texts.

mod kind;
mod template;
pub(crate) mod templates;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::Deserialize;

pub use self::kind::Kind;
pub use self::template::Template;
pub use self::values::{Hello, Link, Mailbox, SmtpHost};
use crate::error::{Code, Error, Result};
use crate::types::secret::Secret;
use crate::types::user::Locale;
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
    /// Whether each kind of notice is written. Default: all of them.
    pub notices: BTreeMap<Kind, bool>,
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
    /// The page that calls `login_with_mail_token`. Without it, a mail that logs in has the code alone.
    pub login: Option<Link>,
    /// The page that calls `accept_invitation`.
    pub invitation: Option<Link>,
}

impl Links {
    fn of(&self, kind: Kind) -> Option<&Link> {
        match kind {
            Kind::VerifyEmail => self.verify_email.as_ref(),
            Kind::ResetPassword => self.reset_password.as_ref(),
            Kind::ChangeEmail => self.change_email.as_ref(),
            Kind::Login => self.login.as_ref(),
            Kind::Invitation | Kind::MemberInvitation => self.invitation.as_ref(),
            _ => None,
        }
    }
}

impl Mail {
    /// Checks the rules between keys.
    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |field: &str, rule: &'static str| Err(Error::at(Code::InvalidConfig, field, rule));
        if let Some(kind) = self.notices.keys().find(|kind| !kind.is_notice()) {
            return wrong(&format!("/mail/notices/{}", kind.name()), "not a notice");
        }
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
