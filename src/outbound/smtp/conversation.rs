//! The SMTP protocol (RFC 5321): commands to the server, and its replies.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64_simd::STANDARD as BASE64;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use zeroize::Zeroizing;

use crate::types::secret::Secret;

/// The maximum size of a reply. RFC 5321 section 4.5.3.1.5 limits one line to 512 bytes.
const MAX_REPLY_BYTES: usize = 64 << 10;

const MAX_REPLY_LINES: usize = 500;

type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a step of a conversation failed.
pub(super) enum Failure {
    /// The server refused.
    Refused(Reply),
    /// The server does not offer a required extension.
    NotOffered,
    /// The server sent something that is not a reply, or not one to this command.
    BrokenAnswer,
    Lost(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Lost(error)
    }
}

/// A server's reply to a command (RFC 5321 section 4.2). The text may be empty.
pub(super) struct Reply {
    pub code: u16,
    pub lines: Vec<String>,
}

impl Reply {
    /// Returns the first digit: 2 done, 3 continue, 4 temporary failure, 5 permanent failure.
    fn class(&self) -> u16 {
        self.code / 100
    }
}

pub(super) struct Conversation {
    stream: Stream,
    /// Bytes that were received and not yet parsed.
    incoming: Vec<u8>,
    timeout: Duration,
    /// The server's extensions: the lines of its reply to `EHLO`, in capitals.
    offers: Vec<String>,
}

impl Conversation {
    /// Connects. With `implicit`, TLS begins at once.
    pub(super) fn begin(
        server: (&str, u16),
        implicit: Option<(&Arc<ClientConfig>, &ServerName<'static>)>,
        timeout: Duration,
    ) -> Result<Conversation> {
        let mut stream = Stream::Plain(Socket::connect(server, timeout)?);
        if let Some((config, name)) = implicit {
            stream = stream.encrypted(config, name)?;
        }
        let mut conversation = Conversation { stream, incoming: Vec::new(), timeout, offers: Vec::new() };
        conversation.step();
        conversation.expect(2)?;
        Ok(conversation)
    }

    /// Sends `EHLO` and stores the server's extensions.
    pub(super) fn greet(&mut self, hello: &str) -> Result<()> {
        let reply = self.command(&format!("EHLO {hello}"))?;
        self.offers = reply.lines.iter().skip(1).map(|line| line.to_ascii_uppercase()).collect();
        Ok(())
    }

    /// Returns the parameters of an extension, if the server offers it (RFC 5321 section 4.1.1.1).
    pub(super) fn offer(&self, keyword: &str) -> Option<impl Iterator<Item = &str>> {
        self.offers.iter().find_map(|line| {
            let mut words = line.split_ascii_whitespace();
            (words.next() == Some(keyword)).then_some(words)
        })
    }

    /// Encrypts the rest of the conversation (RFC 3207). Greet the server again afterwards.
    pub(super) fn start_tls(
        mut self,
        config: &Arc<ClientConfig>,
        name: &ServerName<'static>,
    ) -> Result<Self> {
        if self.offer("STARTTLS").is_none() {
            return Err(Failure::NotOffered);
        }
        self.command("STARTTLS")?;
        // An attacker on the network may have injected it.
        if !self.incoming.is_empty() {
            return Err(Failure::BrokenAnswer);
        }
        Ok(Conversation { stream: self.stream.encrypted(config, name)?, offers: Vec::new(), ..self })
    }

    /// Logs in (RFC 4954), by PLAIN (RFC 4616) or by LOGIN, the only mechanism of some servers.
    pub(super) fn log_in(&mut self, name: &str, password: &Secret) -> Result<()> {
        let offers =
            |mechanism| self.offer("AUTH").is_some_and(|mut offers| offers.any(|word| word == mechanism));
        let encoded = |text: &str| Zeroizing::new(BASE64.encode_to_string(text));
        let password = password.expose();
        if offers("PLAIN") {
            let both = Zeroizing::new(format!("\0{name}\0{password}"));
            let command = Zeroizing::new(format!("AUTH PLAIN {}", *encoded(&both)));
            self.command(&command)?;
        } else if offers("LOGIN") {
            self.command_for("AUTH LOGIN", 3)?;
            self.command_for(&encoded(name), 3)?;
            self.command(&encoded(password))?;
        } else {
            return Err(Failure::NotOffered);
        }
        Ok(())
    }

    /// Sends a command and expects its completion.
    pub(super) fn command(&mut self, command: &str) -> Result<Reply> {
        self.command_for(command, 2)
    }

    /// Announces the text of a mail and sends it. Failure: the server's refusal of the announcement, or, as
    /// the inner one, of the text.
    pub(super) fn data(&mut self, text: &[u8]) -> Result<Result<()>> {
        self.command_for("DATA", 3)?;
        self.refuse_early()?;
        self.step();
        let stuffed = stuffed(text);
        Ok(self.stream.write_all(&stuffed).map_err(Failure::from).and_then(|()| {
            // A mail whose reply is not awaited arrives twice (RFC 5321 section 4.5.3.2.6).
            self.step_of(self.timeout * 2);
            self.expect(2).map(drop)
        }))
    }

    fn command_for(&mut self, command: &str, class: u16) -> Result<Reply> {
        self.refuse_early()?;
        self.step();
        let line = Zeroizing::new(format!("{command}\r\n"));
        self.stream.write_all(line.as_bytes())?;
        self.expect(class)
    }

    /// Refuses a reply that came before its command, except one that ends the conversation (RFC 5321 section
    /// 3.8).
    fn refuse_early(&mut self) -> Result<()> {
        if self.incoming.is_empty() {
            return Ok(());
        }
        match self.incoming.starts_with(b"421") {
            true => self.expect(2).and(Err(Failure::BrokenAnswer)),
            false => Err(Failure::BrokenAnswer),
        }
    }

    /// Starts the timeout of the next step.
    fn step(&mut self) {
        self.step_of(self.timeout);
    }

    fn step_of(&mut self, timeout: Duration) {
        self.stream.socket().deadline = Instant::now() + timeout;
    }

    /// Reads a reply and expects this class.
    fn expect(&mut self, class: u16) -> Result<Reply> {
        let reply = self.reply()?;
        match reply.class() {
            is if is == class => Ok(reply),
            4 | 5 => Err(Failure::Refused(reply)),
            _ => Err(Failure::BrokenAnswer),
        }
    }

    /// Reads a reply: lines with one code, where a hyphen follows the code in all but the last.
    fn reply(&mut self) -> Result<Reply> {
        let mut reply: Option<Reply> = None;
        let mut bytes = 0;
        loop {
            let most = MAX_REPLY_BYTES.checked_sub(bytes).ok_or(Failure::BrokenAnswer)?;
            let line = self.line(most)?;
            bytes += line.len();
            let (code, rest) = line.split_at_checked(3).ok_or(Failure::BrokenAnswer)?;
            let code = match code {
                [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9'] => {
                    code.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'))
                }
                _ => return Err(Failure::BrokenAnswer),
            };
            let (goes_on, text) = match rest {
                [] => (false, rest),
                [b' ', text @ ..] => (false, text),
                [b'-', text @ ..] => (true, text),
                _ => return Err(Failure::BrokenAnswer),
            };
            let whole = reply.get_or_insert(Reply { code, lines: Vec::new() });
            if whole.code != code || whole.lines.len() == MAX_REPLY_LINES {
                return Err(Failure::BrokenAnswer);
            }
            whole.lines.push(String::from_utf8_lossy(text).into_owned());
            if let Some(reply) = reply.take_if(|_| !goes_on) {
                return Ok(reply);
            }
        }
    }

    /// Reads a line of at most this many bytes, without its end.
    fn line(&mut self, most: usize) -> Result<Vec<u8>> {
        let mut searched = 0;
        loop {
            if let Some(end) = self.incoming[searched..].iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.incoming.drain(..=searched + end).collect();
                line.pop();
                line.pop_if(|byte| *byte == b'\r');
                return if line.len() > most { Err(Failure::BrokenAnswer) } else { Ok(line) };
            }
            searched = self.incoming.len();
            if searched > most {
                return Err(Failure::BrokenAnswer);
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer)? {
                0 => return Err(io::Error::from(ErrorKind::UnexpectedEof).into()),
                count => self.incoming.extend_from_slice(&buffer[..count]),
            }
        }
    }
}

/// Escapes a text for transfer (RFC 5321 section 4.5.2), so that no line of it is the end mark, a single dot.
fn stuffed(text: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(text.len() + 64);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(line);
    }
    if !stuffed.ends_with(b"\r\n") {
        stuffed.extend_from_slice(b"\r\n");
    }
    stuffed.extend_from_slice(b".\r\n");
    stuffed
}

enum Stream {
    Plain(Socket),
    Tls(Box<StreamOwned<ClientConnection, Socket>>),
}

impl Stream {
    fn encrypted(self, config: &Arc<ClientConfig>, name: &ServerName<'static>) -> Result<Stream> {
        match self {
            Stream::Plain(socket) => {
                let connection = ClientConnection::new(Arc::clone(config), name.clone());
                let connection = connection.map_err(io::Error::other)?;
                Ok(Stream::Tls(Box::new(StreamOwned::new(connection, socket))))
            }
            Stream::Tls(_) => Ok(self),
        }
    }

    fn socket(&mut self) -> &mut Socket {
        match self {
            Stream::Plain(socket) => socket,
            Stream::Tls(stream) => &mut stream.sock,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(socket) => socket.read(buffer),
            Stream::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(socket) => socket.write(bytes),
            Stream::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(socket) => socket.flush(),
            Stream::Tls(stream) => stream.flush(),
        }
    }
}

/// A connection with a deadline that holds however slowly the other end sends.
struct Socket {
    stream: TcpStream,
    deadline: Instant,
}

impl Socket {
    fn connect(server: (&str, u16), timeout: Duration) -> io::Result<Socket> {
        let mut failure = io::Error::from(ErrorKind::NotFound);
        for address in server.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, timeout) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(Socket { stream, deadline: Instant::now() + timeout });
                }
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
