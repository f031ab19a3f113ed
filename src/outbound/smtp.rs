//! SMTP (RFC 5321): one conversation with the server that the host configured, message by message.

use std::error::Error as _;
use std::fs;
use std::io;
use std::time::{Duration, UNIX_EPOCH};

use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{Certificate, CertificateStore, SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::{Address, transport::smtp};

use super::{Letter, Outcome};
use crate::error::{Code, Error, Result};
use crate::mail::{self, Hello, Smtp, Tls};
use crate::user::Email;

/// Takes letters to the server.
pub struct Postman {
    host: String,
    port: u16,
    tls: Tls,
    parameters: Option<TlsParameters>,
    credentials: Option<Credentials>,
    timeout: Duration,
    hello: ClientId,
    from: Mailbox,
}

/// A conversation.
pub struct Connection<'a> {
    postman: &'a Postman,
    smtp: SmtpConnection,
    is_open: bool,
}

impl Postman {
    /// Failure: `invalid_config`, where the certificates cannot be read.
    pub fn new(smtp: &Smtp, from: &mail::Mailbox) -> Result<Postman> {
        let host = smtp.host.as_str();
        let parameters = (smtp.tls != Tls::None).then(|| parameters(smtp)).transpose()?;
        let unusable = || Error::at(Code::InvalidConfig, "/mail/from", "no mail can have this sender");
        let from_address = address(&from.address).ok_or_else(unusable)?;
        let hello = smtp.hello.as_ref().map_or(from_address.domain(), Hello::as_str);
        let hello = ClientId::Domain(hello.to_owned());
        let credentials = smtp.username.as_ref().zip(smtp.password.as_ref());
        let postman = Postman {
            host: host.to_owned(),
            port: smtp.port(),
            tls: smtp.tls,
            parameters,
            credentials: credentials
                .map(|(name, password)| Credentials::new(name.clone(), password.expose().to_owned())),
            timeout: Duration::from_millis(smtp.timeout_ms.get() as u64),
            hello,
            from: Mailbox::new(from.name.clone(), from_address),
        };
        // A sender that no letter can name is found out now.
        let to_itself =
            Letter { message_id: None, to: &from.address, subject: "", text: "", html: "", created_at: 0 };
        match postman.compose(&to_itself) {
            Some(_) => Ok(postman),
            None => Err(unusable()),
        }
    }

    /// Begins a conversation. Failure: `mail_unavailable`.
    pub fn connect(&self) -> Result<Connection<'_>> {
        let hello = &self.hello;
        let (implicit, starttls) = match self.tls {
            Tls::Implicit => (self.parameters.as_ref(), None),
            Tls::Starttls => (None, self.parameters.as_ref()),
            Tls::None => (None, None),
        };
        let open = || {
            let server = (self.host.as_str(), self.port);
            let mut smtp = SmtpConnection::connect(server, Some(self.timeout), hello, implicit, None)?;
            if let Some(parameters) = starttls {
                smtp.starttls(parameters, hello)?;
            }
            if let Some(credentials) = &self.credentials {
                smtp.auth(DEFAULT_MECHANISMS, credentials)?;
            }
            Ok(smtp)
        };
        match open() {
            Ok(smtp) => Ok(Connection { postman: self, smtp, is_open: true }),
            Err(error) => Err(Error::new(Code::MailUnavailable, word(&error))),
        }
    }
}

impl Connection<'_> {
    /// Sends a letter.
    pub fn send(&mut self, letter: &Letter) -> Outcome {
        let Some((message, to)) = self.postman.compose(letter) else {
            return Outcome::Refused("address_not_sendable".to_owned());
        };
        let supports = |extension| self.smtp.server_info().supports_feature(extension);
        let mut parameters = Vec::new();
        let from = &self.postman.from.email;
        // RFC 6531: a server that does not know such addresses must not be given one.
        if ![from, &to].iter().all(|address| AsRef::<str>::as_ref(*address).is_ascii()) {
            if !supports(Extension::SmtpUtfEight) {
                return Outcome::Refused("smtputf8_unsupported".to_owned());
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !message.is_ascii() {
            if !supports(Extension::EightBitMime) {
                return Outcome::Refused("8bitmime_unsupported".to_owned());
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        // Who refuses the sender, or to begin with the text, says nothing of the recipient.
        let sender = Mail::new(Some(from.clone()), parameters);
        if let Err(error) = bare_is_good(self.smtp.command(sender).map(drop)) {
            return self.failed(&error, None);
        }
        if let Err(error) = bare_is_good(self.smtp.command(Rcpt::new(to.clone(), Vec::new())).map(drop)) {
            return self.failed(&error, Some(&to));
        }
        if let Err(error) = self.smtp.command(Data) {
            return self.failed(&error, None);
        }
        match bare_is_good(self.smtp.message(&message).map(drop)) {
            Ok(()) => Outcome::Sent,
            Err(error) => self.failed(&error, Some(&to)),
        }
    }

    /// Whether it goes on.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Says goodbye.
    pub fn close(mut self) {
        let _ = self.smtp.quit();
    }

    fn failed(&mut self, error: &smtp::Error, recipient: Option<&Address>) -> Outcome {
        let word = word(error);
        // 421: the server is about to close the connection (RFC 5321 section 3.8).
        self.is_open = error.status().is_some() && word != "smtp_421" && self.smtp.command(Rset).is_ok();
        match error.is_permanent() {
            false => Outcome::Deferred(word),
            true if recipient.is_some_and(|to| !judges_the_operator(error, to)) => Outcome::Refused(word),
            true => Outcome::Unwelcome(word),
        }
    }
}

/// A reply is good without a text (RFC 5321 section 4.2), which the reader of replies does not know. Its code is
/// lost: if it was a refusal, the next command is one too many, and is refused. After the last there is none; who
/// writes texts before and none then takes the letter, and it is not sent twice.
fn bare_is_good(reply: std::result::Result<(), smtp::Error>) -> std::result::Result<(), smtp::Error> {
    let is_bare = |error: &smtp::Error| {
        error.is_response() && error.source().is_some_and(|source| source.to_string().ends_with("at: \r\n"))
    };
    reply.or_else(|error| if is_bare(&error) { Ok(()) } else { Err(error) })
}

/// Whether a refusal for good is about who sends, not about who should receive: relaying, authentication, the name in
/// `EHLO`, the sender, an account for tests. By the enhanced code (RFC 3463), and by words that servers are known for.
fn judges_the_operator(error: &smtp::Error, to: &Address) -> bool {
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
    let text = error.source().map(|source| source.to_string().to_ascii_lowercase()).unwrap_or_default();
    // What somebody calls their mailbox is no word of the server's.
    let text = text.replace(&to.to_string().to_ascii_lowercase(), "");
    let mut enhanced = text.split_ascii_whitespace().next().unwrap_or_default().split('.');
    let enhanced = (enhanced.next(), enhanced.next(), enhanced.next());
    match enhanced {
        // No such mailbox or domain, or it takes no mail.
        (Some("5"), Some("1"), Some("1" | "2" | "3" | "6" | "10")) | (Some("5"), Some("2"), Some(_)) => false,
        // The server itself, the protocol, policy.
        (Some("5"), Some("3" | "5" | "7"), Some(_)) => true,
        _ if WORDS.iter().any(|word| text.contains(word)) => true,
        // Authentication (RFC 4954), syntax and sequence.
        _ => matches!(error.status().map(u16::from), Some(500..=504 | 530 | 534 | 535 | 538 | 555)),
    }
}

impl Postman {
    /// A letter as it travels, and to whom.
    fn compose(&self, letter: &Letter) -> Option<(Vec<u8>, Address)> {
        let to = address(letter.to)?;
        let written = u64::try_from(letter.created_at).ok()?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            // Else it would be read from the header, by rules that are narrower than those of addresses.
            .envelope(Envelope::new(Some(self.from.email.clone()), vec![to.clone()]).ok()?)
            .subject(letter.subject)
            .date(UNIX_EPOCH + Duration::from_secs(written))
            .message_id(letter.message_id.map(str::to_owned))
            // RFC 3834: no robot need answer.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .multipart(MultiPart::alternative_plain_html(letter.text.to_owned(), letter.html.to_owned()));
        Some((message.ok()?.formatted(), to))
    }
}

/// Where mail goes. The address was read by rules that allow no control character.
fn address(email: &Email) -> Option<Address> {
    let (local, domain) = email.route()?;
    (!local.chars().any(char::is_control)).then(|| Address::new_dangerous(local, domain))
}

fn parameters(smtp: &Smtp) -> Result<TlsParameters> {
    let mut builder = TlsParameters::builder(smtp.host.as_str().to_owned());
    if let Some(path) = &smtp.ca_file {
        let wrong = |rule: &'static str| Error::at(Code::InvalidConfig, "/mail/smtp/ca_file", rule);
        let pem = fs::read(path).map_err(|_| wrong("cannot be read"))?;
        let authorities = Certificate::from_pem(&pem).map_err(|_| wrong("expected certificates in PEM"))?;
        builder = builder.certificate_store(CertificateStore::None).add_root_certificate(authorities);
    }
    builder.build().map_err(|_| Error::at(Code::InvalidConfig, "/mail/smtp", "TLS"))
}

/// Says what kind of failure it was; the texts of the errors quote the server, which quotes addresses.
fn word(error: &smtp::Error) -> String {
    if let Some(code) = error.status() {
        return format!("smtp_{code}");
    }
    let mut source = error.source();
    while let Some(inner) = source {
        if inner.is::<rustls::Error>() {
            return "tls".to_owned();
        }
        if let Some(error) = inner.downcast_ref::<io::Error>() {
            if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) {
                return "tls".to_owned();
            }
            return match error.kind() {
                io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "timeout",
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe => "connection_lost",
                _ => "unreachable",
            }
            .to_owned();
        }
        source = inner.source();
    }
    let word = if error.is_tls() {
        "tls"
    } else if error.is_client() {
        "not_supported"
    } else if error.is_response() {
        "broken_answer"
    } else {
        "unreachable"
    };
    word.to_owned()
}
