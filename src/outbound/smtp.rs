//! SMTP (RFC 5321): a conversation with the configured server, message by message.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};

use super::{Letter, Outcome};
use crate::error::{Code, Error, Result};
use crate::mail::{self, Hello, Smtp, Tls};
use crate::types::secret::Secret;
use crate::types::user::Email;
use conversation::{Conversation, Failure, Reply};

mod conversation;

/// Delivers letters to the server.
pub struct Postman {
    host: String,
    port: u16,
    tls: Tls,
    encryption: Option<Encryption>,
    credentials: Option<(String, Secret)>,
    timeout: Duration,
    hello: String,
    from: Mailbox,
}

/// How to encrypt.
struct Encryption {
    config: Arc<ClientConfig>,
    /// The name that the server's certificate must have.
    name: ServerName<'static>,
}

/// A letter in transfer form, and its recipient.
struct Composed {
    message: Vec<u8>,
    to: Address,
}

/// An open conversation.
pub struct Connection<'a> {
    postman: &'a Postman,
    smtp: Conversation,
    is_open: bool,
}

impl Postman {
    /// Failure: `invalid_config`, if the certificates cannot be read.
    pub fn new(smtp: &Smtp, from: &mail::Mailbox) -> Result<Postman> {
        let unusable = || Error::at(Code::InvalidConfig, "/mail/from", "no mail can have this sender");
        let from_address = address(&from.address).ok_or_else(unusable)?;
        let hello = smtp.hello.as_ref().map_or(from_address.domain(), Hello::as_str).to_owned();
        let postman = Postman {
            host: smtp.host.as_str().to_owned(),
            port: smtp.port_number(),
            tls: smtp.tls,
            encryption: (smtp.tls != Tls::None).then(|| encryption(smtp)).transpose()?,
            credentials: smtp.username.clone().zip(smtp.password.clone()),
            timeout: Duration::from_millis(smtp.timeout_ms.get() as u64),
            hello,
            from: Mailbox::new(from.name.clone(), from_address),
        };
        // Detects now a sender that no letter can have.
        let to_itself =
            Letter { message_id: None, to: &from.address, subject: "", text: "", html: "", created_at: 0 };
        match postman.compose(&to_itself) {
            Some(_) => Ok(postman),
            None => Err(unusable()),
        }
    }

    /// Opens a conversation. Failure: `mail_unavailable`.
    pub fn connect(&self) -> Result<Connection<'_>> {
        match self.greeted() {
            Ok(smtp) => Ok(Connection { postman: self, smtp, is_open: true }),
            Err(failure) => Err(Error::new(Code::MailUnavailable, word(&failure))),
        }
    }

    fn greeted(&self) -> Result<Conversation, Failure> {
        let encryption = self.encryption.as_ref();
        let implicit = encryption.filter(|_| self.tls == Tls::Implicit);
        let implicit = implicit.map(|Encryption { config, name }| (config, name));
        let mut smtp = Conversation::begin((&self.host, self.port), implicit, self.timeout)?;
        smtp.greet(&self.hello)?;
        if let Some(Encryption { config, name }) = encryption.filter(|_| self.tls == Tls::Starttls) {
            smtp = smtp.start_tls(config, name)?;
            smtp.greet(&self.hello)?;
        }
        if let Some((name, password)) = &self.credentials {
            smtp.log_in(name, password)?;
        }
        Ok(smtp)
    }
}

impl Connection<'_> {
    /// Sends a letter.
    pub fn send(&mut self, letter: &Letter) -> Outcome {
        let Some(Composed { message, to }) = self.postman.compose(letter) else {
            return Outcome::Refused("address_not_sendable".to_owned());
        };
        let from = &self.postman.from.email;
        let mut sender = format!("MAIL FROM:<{from}>");
        // RFC 6531: a server without this extension must not be given such an address.
        if ![from, &to].iter().all(|address| AsRef::<str>::as_ref(*address).is_ascii()) {
            if self.smtp.offer("SMTPUTF8").is_none() {
                return Outcome::Refused("smtputf8_unsupported".to_owned());
            }
            sender.push_str(" SMTPUTF8");
        }
        if !message.is_ascii() {
            if self.smtp.offer("8BITMIME").is_none() {
                return Outcome::Refused("8bitmime_unsupported".to_owned());
            }
            sender.push_str(" BODY=8BITMIME");
        }
        // A refusal of the sender, or at the beginning of the text, is not about the recipient.
        if let Err(failure) = self.smtp.command(&sender) {
            return self.failed(&failure, None);
        }
        if let Err(failure) = self.smtp.command(&format!("RCPT TO:<{to}>")) {
            return self.failed(&failure, Some(&to));
        }
        match self.smtp.data(&message) {
            Ok(Ok(())) => Outcome::Sent,
            Ok(Err(failure)) => self.failed(&failure, Some(&to)),
            Err(failure) => self.failed(&failure, None),
        }
    }

    /// Returns whether the conversation can go on.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Ends the conversation.
    pub fn close(mut self) {
        let _ = self.smtp.command("QUIT");
    }

    fn failed(&mut self, failure: &Failure, recipient: Option<&Address>) -> Outcome {
        let word = word(failure);
        let Failure::Refused(reply) = failure else {
            self.is_open = false;
            return Outcome::Deferred(word);
        };
        // 421: the server is about to close the connection (RFC 5321 section 3.8).
        self.is_open = reply.code != 421 && self.smtp.command("RSET").is_ok();
        match recipient {
            _ if reply.code < 500 => Outcome::Deferred(word),
            Some(to) if !judges_the_operator(reply, to) => Outcome::Refused(word),
            _ => Outcome::Unwelcome(word),
        }
    }
}

/// Returns whether a permanent refusal concerns the sender, not the recipient: relaying, authentication, the
/// name in `EHLO`, the sender's address, a test account. Decided by the enhanced code (RFC 3463), and by
/// words that known servers use.
fn judges_the_operator(reply: &Reply, to: &Address) -> bool {
    const WORDS: [&str; 15] = [
        "relay",
        "authenticat",
        "auth ",
        "log in",
        "credential",
        "helo",
        "ehlo",
        "sender",
        "send as",
        "sendas",
        "on behalf",
        "sandbox",
        "not verified",
        "permission",
        "spf",
    ];
    let text = reply.lines.join(" ").to_ascii_lowercase();
    // The recipient's own address must not be mistaken for the server's words.
    let text = text.replace(&to.to_string().to_ascii_lowercase(), "");
    let mut enhanced = text.split_ascii_whitespace().next().unwrap_or_default().split('.');
    let enhanced = (enhanced.next(), enhanced.next(), enhanced.next());
    match enhanced {
        // The mailbox or domain does not exist or takes no mail.
        (Some("5"), Some("1"), Some("1" | "2" | "3" | "6" | "10")) | (Some("5"), Some("2"), Some(_)) => false,
        // Problems of the server itself, the protocol, or policy.
        (Some("5"), Some("3" | "5" | "7"), Some(_)) => true,
        _ if WORDS.iter().any(|word| text.contains(word)) => true,
        // Problems of authentication (RFC 4954), syntax or sequence.
        _ => matches!(reply.code, 500..=504 | 530 | 534 | 535 | 538 | 555),
    }
}

impl Postman {
    fn compose(&self, letter: &Letter) -> Option<Composed> {
        let to = address(letter.to)?;
        let written = u64::try_from(letter.created_at).ok()?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            // Otherwise the envelope would be derived from the header, by rules narrower than those of
            // addresses.
            .envelope(Envelope::new(Some(self.from.email.clone()), vec![to.clone()]).ok()?)
            .subject(letter.subject)
            .date(UNIX_EPOCH + Duration::from_secs(written))
            .message_id(letter.message_id.map(str::to_owned))
            // RFC 3834: automatic responders should not answer.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .multipart(MultiPart::alternative_plain_html(letter.text.to_owned(), letter.html.to_owned()));
        Some(Composed { message: message.ok()?.formatted(), to })
    }
}

/// Returns the address for delivery. It was parsed by rules that exclude control characters.
fn address(email: &Email) -> Option<Address> {
    let (local, domain) = email.route()?;
    (!local.chars().any(char::is_control)).then(|| Address::new_dangerous(local, domain))
}

fn encryption(smtp: &Smtp) -> Result<Encryption> {
    let wrong = |field: &'static str, rule: &'static str| Error::at(Code::InvalidConfig, field, rule);
    let name = ServerName::try_from(smtp.host.as_str().to_owned())
        .map_err(|_| wrong("/mail/smtp/host", "no certificate can have this name"))?;
    let mut authorities = RootCertStore::empty();
    match &smtp.ca_file {
        Some(path) => {
            authorities_of(path, &mut authorities).map_err(|rule| wrong("/mail/smtp/ca_file", rule))?
        }
        None => authorities.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| wrong("/mail/smtp", "TLS"))?
        .with_root_certificates(authorities)
        .with_no_client_auth();
    Ok(Encryption { config: Arc::new(config), name })
}

fn authorities_of(file: &Path, authorities: &mut RootCertStore) -> Result<(), &'static str> {
    for certificate in CertificateDer::pem_file_iter(file).map_err(|_| "cannot be read")? {
        let certificate = certificate.map_err(|_| "expected certificates in PEM")?;
        authorities.add(certificate).map_err(|_| "a certificate that cannot be read")?;
    }
    if authorities.is_empty() { Err("expected certificates in PEM") } else { Ok(()) }
}

/// Names the kind of failure only, because the server's words quote addresses.
fn word(failure: &Failure) -> String {
    let error = match failure {
        Failure::Refused(reply) => return format!("smtp_{}", reply.code),
        Failure::NotOffered => return "not_supported".to_owned(),
        Failure::BrokenAnswer => return "broken_answer".to_owned(),
        Failure::Lost(error) => error,
    };
    let word = match error.kind() {
        _ if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => "tls",
        ErrorKind::TimedOut | ErrorKind::WouldBlock => "timeout",
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe => "connection_lost",
        _ => "unreachable",
    };
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of known servers decide, or the enhanced code, or the code alone.
    #[test]
    fn refusals_that_judge_the_operator() {
        let to = Address::new_dangerous("relay", "sandbox.example");
        let judges = |reply: &str| {
            let (code, text) = reply.split_once(' ').unwrap_or((reply, ""));
            judges_the_operator(&Reply { code: code.parse().unwrap(), lines: vec![text.to_owned()] }, &to)
        };
        for reply in [
            "550 relaying is denied",
            "550 unauthenticated",
            "550 Please turn on SMTP AUTH in your client",
            "550 Please log in to the server first",
            "550 Bad credentials",
            "550 HELO is no host",
            "550 EHLO argument does not match the calling host",
            "550 Sender verify failed",
            "550 user may not send as this one",
            "550 SendAsDenied",
            "550 submission on behalf of others",
            "550 Sandbox subdomains are for test purposes only",
            "554 Message rejected: Email address is not verified",
            "550 no permission to use this domain",
            "550 SPF check failed",
            "550 5.3.2 system not accepting messages",
            "550 5.5.1 bad sequence",
            "550 5.7.1 policy",
            "500",
            "501 syntax",
            "502",
            "503 bad sequence",
            "504",
            "530",
            "534",
            "535",
            "538",
            "555 parameters not recognized",
        ] {
            assert!(judges(reply), "{reply}");
        }
        for reply in [
            "550",
            "550 no such user",
            "550 <Relay@Sandbox.example>: user unknown",
            "550 5.1.1 authentication of the mailbox is unknown",
            "550 5.1.2 no such domain behind this relay",
            "550 5.1.3 bad address, sender notified",
            "550 5.1.6 moved",
            "550 5.1.10 null MX, no relay",
            "552 5.2.2 mailbox full, sender notified",
            "551 not local",
            "553 mailbox name not allowed",
            "554",
            "556 takes no mail",
        ] {
            assert!(!judges(reply), "{reply}");
        }
    }
}
