//! Mails that the host sends: `take_mail`, `acknowledge_mail`. Beside this file: mails that the engine sends, and
//! what mailed tokens are for.

pub(crate) mod addresses;
pub(crate) mod delivery;
pub(crate) mod invitations;
pub(crate) mod login;
pub(crate) mod password_reset;

use std::str::FromStr;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::engine::outbox::{Fate, Outbox, Taken};
use crate::error::{Code, Error, Result};
use crate::mail::Mailbox;
use crate::store::Share;
use crate::types::id::Id;
use crate::types::parse_error::ParseError;
use crate::types::secret::IssuedSecret;
use crate::types::text::text_type;
use crate::types::token::Token;
use crate::types::user::{Email, Locale};

/// Takes mails out of the outbox on a lease, to send them.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct TakeMailRequest {
    /// The most mails to take: 1 to 100, default 10.
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    /// How long the mails are leased to the caller: 1 to 3600 seconds, default 60. A mail that is not
    /// acknowledged by then can be taken again.
    #[schemars(range(min = 1, max = 3600))]
    pub lease_seconds: Option<u32>,
}

/// Mails to send.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct TakeMailResponse {
    /// The mails, the longest waiting first.
    pub mails: Vec<MailInfo>,
}

/// A mail to send.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Mail")]
#[non_exhaustive]
pub struct MailInfo {
    /// The mail's id, for `acknowledge_mail`.
    pub id: Id,
    /// The kind of mail: `verify_email`, `reset_password`, `change_email`, `login`, `invitation`,
    /// `email_change_requested`, `email_changed`, `account_exists`, `password_changed`.
    #[schemars(extend("x-values" = "MailKind"))]
    pub kind: &'static str,
    /// The recipient's address as it was given; its domain may be international.
    pub to: Email,
    /// The sender, if `mail.from` is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The value of `Message-ID`, the same at every attempt, so that a mail sent twice is shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The language of the texts.
    pub locale: Locale,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: IssuedSecret,
    /// The text as HTML.
    pub html: IssuedSecret,
    /// The token, if the mail has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Token<'static>>,
    /// The code, if the mail has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<IssuedSecret>,
    /// The link with the token, if `mail.links` has one for this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<IssuedSecret>,
    /// The recipient's user id.
    pub user_id: Id,
    /// When the mail was written.
    pub created_at: i64,
    /// When the mail is no longer worth sending.
    pub expires_at: i64,
    /// The number of this attempt, from 1.
    pub attempt: i64,
}

/// Reports whether a mail that was taken was sent.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AcknowledgeMailRequest {
    /// The mail's id.
    pub id: Id,
    /// Whether the mail was sent. A mail that was not is due again later: after a minute, then after twice as
    /// long each time, up to six hours.
    pub delivered: bool,
    /// Why the mail was not sent, in one word. The audit log keeps it, so it must not identify a person.
    pub error: Option<Reason>,
    /// Whether to give the mail up, because the address takes no mail.
    pub permanent: Option<bool>,
}

/// The result of the acknowledgement.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct AcknowledgeMailResponse {
    /// Whether the mail was still in the outbox.
    pub acknowledged: bool,
}

/// The reason why a mail was not sent: 1 to 64 of the characters a-z, 0-9, `_`, `-` and `.`.
#[derive(Clone, Debug)]
pub struct Reason(String);

impl Reason {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Reason {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Reason, ParseError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.".contains(&byte);
        let valid = (1..=64).contains(&text.len()) && text.bytes().all(allowed);
        if valid {
            Ok(Reason(text.to_owned()))
        } else {
            Err(ParseError::new("expected a word: a-z, 0-9, _, -, ."))
        }
    }
}

text_type!(Reason, "pattern": "^[a-z0-9_.-]{1,64}$");

impl Engine {
    /// Takes mails from the outbox, for a host that sends them itself. Concurrent callers get different
    /// mails.
    ///
    /// Failures: `invalid_request`, `store_unavailable`.
    pub fn take_mail(&self, request: TakeMailRequest) -> Result<TakeMailResponse> {
        let limit = request.limit.unwrap_or(10);
        let lease = request.lease_seconds.unwrap_or(60);
        if !(1..=100).contains(&limit) {
            return Err(Error::at(Code::InvalidRequest, "/limit", "expected 1 to 100"));
        }
        if !(1..=3600).contains(&lease) {
            return Err(Error::at(Code::InvalidRequest, "/lease_seconds", "expected 1 to 3600"));
        }
        self.mailing.outbox.tidy(Share::AFew)?;
        let taken = self.mailing.outbox.take(limit as usize, lease.into())?;
        let mails = taken.into_iter().map(|taken| info(&self.mailing.outbox, taken)).collect();
        Ok(TakeMailResponse { mails })
    }

    /// Reports the outcome of a mail that was taken. A repeated report, or one of a mail that is gone,
    /// changes nothing.
    ///
    /// Failures: `invalid_request`, `store_unavailable`.
    pub fn acknowledge_mail(&self, request: AcknowledgeMailRequest) -> Result<AcknowledgeMailResponse> {
        let AcknowledgeMailRequest { id, delivered, error, permanent } = request;
        let reason = error.as_ref().map(|Reason(reason)| reason.as_str());
        let fate = match (delivered, permanent.unwrap_or(false)) {
            (true, false) if reason.is_none() => Fate::Sent,
            (true, _) => {
                let rule = "neither error nor permanent with delivered";
                return Err(Error::at(Code::InvalidRequest, "/delivered", rule));
            }
            (false, true) => Fate::Refused(reason.unwrap_or("refused")),
            (false, false) => Fate::Deferred(reason.unwrap_or("deferred")),
        };
        Ok(AcknowledgeMailResponse { acknowledged: self.mailing.outbox.settle(id, &fate)? })
    }
}

fn info(outbox: &Outbox, taken: Taken) -> MailInfo {
    let Taken { waiting, kind, to, token, code, rendered } = taken;
    MailInfo {
        id: waiting.id,
        kind: kind.name(),
        to,
        from: outbox.from.as_ref().map(Mailbox::to_string),
        message_id: outbox.message_id(waiting.id),
        locale: rendered.locale,
        subject: rendered.subject,
        text: IssuedSecret::new(rendered.text),
        html: IssuedSecret::new(rendered.html),
        token: token.map(|token| Token::new(token.as_str().to_owned())),
        code: code.map(|code| IssuedSecret::new(code.as_str())),
        link: rendered.link.map(IssuedSecret::new),
        user_id: waiting.user_id,
        created_at: waiting.created_at,
        expires_at: waiting.expires_at,
        attempt: waiting.attempts,
    }
}
