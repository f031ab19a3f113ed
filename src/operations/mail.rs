//! Mails that the host sends: `take_mail`, `acknowledge_mail`.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::engine::outbox::{Fate, Outbox, Taken};
use crate::error::{Code, Error, Result};
use crate::mail::Mailbox;
use crate::password::IssuedSecret;
use crate::store::Share;
use crate::token::Token;
use crate::user::{Email, Id, Locale, text_type};

/// Takes mails out of the outbox for a while, to send them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TakeMailRequest {
    /// How many at most: 1 to 100, default 10.
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
    /// For how long nobody else gets them: 1 to 3600 seconds, default 60. A mail that is not acknowledged by
    /// then is taken again.
    #[schemars(range(min = 1, max = 3600))]
    pub lease_seconds: Option<u32>,
}

/// Mails to send.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TakeMailResponse {
    /// The mails, those first that wait for the longest time.
    pub mails: Vec<MailInfo>,
}

/// A mail to send.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Mail")]
pub struct MailInfo {
    /// Its id, for `acknowledge_mail`.
    pub id: Id,
    /// What it is about: `verify_email`, `reset_password`, `change_email`, `email_change_requested`,
    /// `email_changed`, `account_exists`, `password_changed`.
    pub kind: &'static str,
    /// To whom, as the address was given; its domain may be international.
    pub to: Email,
    /// From whom, where `mail.from` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The value for `Message-ID`: the same at every attempt, so that a mail that was sent twice is shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The language of the texts.
    pub locale: Locale,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: IssuedSecret,
    /// The same as HTML.
    pub html: IssuedSecret,
    /// The token, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Token<'static>>,
    /// The link with the token, where `mail.links` has one for this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<IssuedSecret>,
    /// For whom it is.
    pub user_id: Id,
    /// When it was written.
    pub created_at: i64,
    /// When it is no longer worth sending.
    pub expires_at: i64,
    /// Which attempt this is, from 1.
    pub attempt: i64,
}

/// Says what became of a mail.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeMailRequest {
    /// Which.
    pub id: Id,
    /// Whether it was sent. One that was not is due again later: after a minute, then after twice as long each
    /// time, up to six hours.
    pub delivered: bool,
    /// Why it was not, in a word: it is kept for the audit log, so it must not name anybody.
    pub error: Option<Reason>,
    /// Give it up: the address does not take mail.
    pub permanent: Option<bool>,
}

/// It is known.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AcknowledgeMailResponse {
    /// Whether the mail was still in the outbox.
    pub acknowledged: bool,
}

/// Why a mail was not sent: 1 to 64 of the characters a-z, 0-9, `_`, `-` and `.`.
#[derive(Clone, Debug)]
pub struct Reason(String);

impl FromStr for Reason {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Reason, &'static str> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.".contains(&byte);
        let valid = (1..=64).contains(&text.len()) && text.bytes().all(allowed);
        if valid { Ok(Reason(text.to_owned())) } else { Err("expected a word: a-z, 0-9, _, -, .") }
    }
}

text_type!(Reason, "pattern": "^[a-z0-9_.-]{1,64}$");

impl Engine {
    /// Takes mails out of the outbox, for a host that sends them itself. Of many callers each gets others.
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

    /// Says what became of a mail that was taken. Saying it again, or of a mail that is gone, changes nothing.
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
    let Taken { waiting, kind, to, token, rendered } = taken;
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
        link: rendered.link.map(IssuedSecret::new),
        user_id: waiting.user_id,
        created_at: waiting.created_at,
        expires_at: waiting.expires_at,
        attempt: waiting.attempts,
    }
}
