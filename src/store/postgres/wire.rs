//! One connection to a PostgreSQL server (protocol 3.0), on the caller's thread. No call exceeds its
//! deadline, even if the server is silent. Statements are queued and sent together; after a failed one the
//! server skips the rest.

use std::cmp;
use std::collections::{HashMap, VecDeque};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::IsNull;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{self, ScramSha256};
use postgres_protocol::message::backend::{self, DataRowBody, ErrorResponseBody, Message};
use postgres_protocol::message::frontend;
use rustix::net::RecvFlags;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use zeroize::{Zeroize, Zeroizing};

use super::failures::{Failure, NO_OPTIONS, NO_PASSWORD, NO_TRANSACTIONS, SqlState, TIMEOUT};
use super::tls;
use super::url::{ChannelBinding, Host, KeepAlive, Mode, Url};
use crate::store::pool;
use crate::store::tx::Durability;
use crate::store::value::Value;

/// The longest answer that is accepted; a row of a store is a few kilobytes.
const MAX_MESSAGE_BYTES: i32 = 64 << 20;

/// The memory for a row of an answer, beside its bytes.
const ROW_BYTES: usize = 64;

/// The number of waiting bytes at which statements are sent, so that neither end blocks the other.
const MOST_QUEUED_BYTES: usize = 16 << 10;

/// The most rounds for a password. The server chooses their number, and the caller waits for them.
const MOST_SCRAM_ROUNDS: u32 = 1_000_000;

type Result<T, E = Failure> = std::result::Result<T, E>;

/// The outcome of the statements that were sent together.
#[derive(Default)]
pub(super) struct Reply {
    /// The rows of the last statement that has parameters.
    pub rows: Vec<DataRowBody>,
    /// The number of rows that it changed or returned.
    pub count: usize,
}

impl Reply {
    /// Returns the first row, if its columns are texts that are not NULL.
    pub(super) fn texts(&self) -> Option<Vec<String>> {
        let row = self.rows.first()?;
        let column =
            |range: Option<Range<usize>>| str::from_utf8(row.buffer().get(range?)?).ok().map(str::to_owned);
        row.ranges().iterator().map(|range| column(range.ok()?)).collect()
    }
}

pub(super) struct Connection {
    channel: Channel,
    incoming: BytesMut,
    outgoing: BytesMut,
    /// The number of statements that were not sent yet.
    queued: usize,
    /// The number of the statement that should return its rows, counted from 1.
    wanted: usize,
    /// The statements that the server is asked to prepare, in order; `None` for one without a name.
    preparing: VecDeque<Option<&'static str>>,
    /// Statements and their names.
    prepared: HashMap<&'static str, Prepared>,
    state: State,
    /// Whether the server said that it committed what was sent last.
    has_committed: bool,
    server_version: String,
    /// The server's id of its process.
    process: i32,
    /// Whether the server can commit without waiting for the disk.
    pub can_relax: bool,
    /// Set behind a pooler that gives each transaction any of its connections. Nothing outlives a transaction
    /// there: statements have no names, and this statement makes the settings that a connection otherwise
    /// keeps.
    pub each_transaction: Option<String>,
}

struct Prepared {
    name: Arc<str>,
    /// Whether the server has confirmed it.
    is_ready: bool,
}

/// How a transaction begins.
#[derive(Clone, Copy)]
pub(super) enum Isolation {
    Serializable,
    ReadCommitted,
    /// For a transaction that only reads, declared as one that may write: a standby refuses that.
    Live,
}

impl Isolation {
    fn begin(self) -> &'static str {
        match self {
            Isolation::Serializable => "BEGIN ISOLATION LEVEL SERIALIZABLE",
            Isolation::ReadCommitted => "BEGIN ISOLATION LEVEL READ COMMITTED",
            Isolation::Live => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    InTransaction,
    Broken,
}

impl pool::Connection for Connection {
    fn is_reusable(&self) -> bool {
        self.state == State::Idle && self.queued == 0
    }
}

impl Connection {
    /// Connects to this server and logs in, with TLS if there is a `config`. With `prefer` this goes on
    /// without TLS if the server has none.
    pub(super) fn open(
        host: &Host,
        url: &Url,
        config: Option<&Arc<ClientConfig>>,
        options: Option<&str>,
        deadline: Instant,
    ) -> Result<Connection> {
        let mut socket = Socket::connect(host, &url.keep_alive, deadline)?;
        let channel = match (host, config) {
            (Host::Tcp { name, .. }, Some(config)) => {
                if socket.offers_tls()? {
                    Channel::Tls(Box::new(handshake(socket, name, config)?))
                } else if url.tls.mode <= Mode::Prefer {
                    Channel::Plain(socket)
                } else {
                    return Err(Failure::Lost("the server has no TLS"));
                }
            }
            _ => Channel::Plain(socket),
        };
        let mut connection = Connection {
            channel,
            incoming: BytesMut::with_capacity(8 << 10),
            outgoing: BytesMut::with_capacity(4 << 10),
            queued: 0,
            wanted: 0,
            preparing: VecDeque::new(),
            prepared: HashMap::new(),
            state: State::Broken,
            has_committed: false,
            server_version: String::new(),
            process: 0,
            can_relax: false,
            each_transaction: None,
        };
        connection.log_in(url, options)?;
        connection.state = State::Idle;
        Ok(connection)
    }

    /// Sets the time until which the server may answer what follows.
    pub(super) fn set_deadline(&mut self, deadline: Instant) {
        self.channel.socket().deadline = deadline;
    }

    /// Whether the server seems to be there: a connection that has ended, or on which the server sent
    /// something unasked, is not used again.
    pub(super) fn is_alive(&mut self) -> bool {
        self.incoming.is_empty() && self.channel.socket().is_silent()
    }

    pub(super) fn is_local(&mut self) -> bool {
        match &self.channel.socket().stream {
            Stream::Tcp(stream) => {
                stream.peer_addr().is_ok_and(|address| address.ip().to_canonical().is_loopback())
            }
            Stream::Unix(_) => true,
        }
    }

    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self.channel, Channel::Tls(_))
    }

    pub(super) fn server_version(&self) -> &str {
        &self.server_version
    }

    /// The process that cancel requests would name. A pooler invents one.
    pub(super) fn process(&self) -> i32 {
        self.process
    }

    pub(super) fn is_in_transaction(&self) -> bool {
        self.state == State::InTransaction
    }

    /// Queues the beginning of a transaction.
    pub(super) fn queue_begin(&mut self, isolation: Isolation, durability: Durability) -> Result<()> {
        self.queue_control(isolation.begin())?;
        if let Some(settings) = self.each_transaction.clone() {
            self.queue_control(&settings)?;
        }
        if self.can_relax && durability == Durability::Relaxed {
            self.queue_control("SET LOCAL synchronous_commit = off")?;
        }
        Ok(())
    }

    /// Begins a transaction, for statements that are run one by one.
    pub(super) fn begin(&mut self, isolation: Isolation) -> Result<()> {
        self.queue_begin(isolation, Durability::Full)?;
        self.send().map(drop)
    }

    /// Queues a statement that is to be a transaction of its own.
    pub(super) fn queue_alone(&mut self, sql: &'static str, parameters: &[Value]) -> Result<()> {
        if self.each_transaction.is_none() {
            return self.queue(sql, parameters);
        }
        self.queue_begin(Isolation::Live, Durability::Full)?;
        self.queue(sql, parameters)?;
        self.queue_control("COMMIT")
    }

    /// Queues a statement; its outcome comes with the next [`Connection::send`]. Parameters are `?1`, `?2`, …
    pub(super) fn queue(&mut self, sql: &'static str, parameters: &[Value]) -> Result<()> {
        if self.outgoing.len() > MOST_QUEUED_BYTES {
            self.send()?;
        }
        let name = match self.each_transaction {
            Some(_) => self.queue_parse(Arc::from(""), sql, None)?,
            None => {
                let unknown = || Prepared { name: name(sql), is_ready: false };
                let prepared = self.prepared.entry(sql).or_insert_with(unknown);
                let name = Arc::clone(&prepared.name);
                let is_ready = prepared.is_ready;
                match is_ready || self.preparing.contains(&Some(sql)) {
                    true => name,
                    false => self.queue_parse(name, sql, Some(sql))?,
                }
            }
        };
        self.bind(&name, parameters)?;
        self.wanted = self.queued;
        Ok(())
    }

    fn queue_parse(&mut self, name: Arc<str>, sql: &str, prepared: Option<&'static str>) -> Result<Arc<str>> {
        let sql_there = sql.replace('?', "$");
        frontend::parse(&name, &sql_there, [], &mut self.outgoing).map_err(unsendable)?;
        self.preparing.push_back(prepared);
        Ok(name)
    }

    /// Queues a statement without preparing it: one that begins or ends a transaction.
    pub(super) fn queue_control(&mut self, sql: &str) -> Result<()> {
        frontend::parse("", sql, [], &mut self.outgoing).map_err(unsendable)?;
        self.preparing.push_back(None);
        self.bind("", &[])
    }

    fn bind(&mut self, name: &str, parameters: &[Value]) -> Result<()> {
        const BINARY: [i16; 1] = [1];
        let buffer = &mut self.outgoing;
        frontend::bind("", name, BINARY, parameters, write_value, BINARY, buffer)
            .map_err(|_| Failure::Lost("a statement is too long"))?;
        frontend::execute("", 0, buffer).map_err(unsendable)?;
        self.queued += 1;
        Ok(())
    }

    /// Sends what is queued and waits for the answer. After a refusal the connection stays usable, in a
    /// failed transaction.
    pub(super) fn send(&mut self) -> Result<Reply> {
        frontend::sync(&mut self.outgoing);
        self.exchange()
    }

    /// Runs statements without parameters, separated by semicolons.
    pub(super) fn run(&mut self, sql: &str) -> Result<Reply> {
        frontend::query(sql, &mut self.outgoing).map_err(unsendable)?;
        self.exchange()
    }

    /// Whether the server confirmed a COMMIT among the statements sent last.
    pub(super) fn has_committed(&self) -> bool {
        self.has_committed
    }

    pub(super) fn is_lost(&self) -> bool {
        self.state == State::Broken
    }

    fn exchange(&mut self) -> Result<Reply> {
        let state = std::mem::replace(&mut self.state, State::Broken);
        if state == State::Broken {
            return Err(Failure::Lost("closed"));
        }
        self.has_committed = false;
        self.flush()?;
        let queued = std::mem::take(&mut self.queued);
        let wanted = std::mem::take(&mut self.wanted);
        let mut done = 0;
        let mut reply = Reply::default();
        let mut refusal = None;
        let mut bytes = 0;
        loop {
            match self.receive() {
                Ok(Message::ParseComplete) => {
                    if let Some(Some(sql)) = self.preparing.pop_front()
                        && let Some(prepared) = self.prepared.get_mut(sql)
                    {
                        prepared.is_ready = true;
                    }
                }
                Ok(Message::DataRow(row)) => {
                    bytes += row.buffer().len() + ROW_BYTES;
                    if bytes > MAX_MESSAGE_BYTES as usize {
                        return Err(Failure::Lost("an answer is too long"));
                    }
                    reply.rows.push(row);
                }
                Ok(Message::CommandComplete(body)) => {
                    let tag = body.tag().map_err(garbled)?;
                    done += 1;
                    self.has_committed |= tag == "COMMIT";
                    match done.cmp(&wanted) {
                        cmp::Ordering::Less => reply.rows.clear(),
                        cmp::Ordering::Equal => {
                            let count = tag.rsplit(' ').next().and_then(|count| count.parse().ok());
                            reply.count = count.unwrap_or(0);
                        }
                        cmp::Ordering::Greater => {}
                    }
                }
                Ok(Message::ErrorResponse(body)) => refusal = refusal.or(Some(refused(&body))),
                Ok(Message::ReadyForQuery(_)) if refusal.is_none() && done < queued => {
                    return Err(Failure::Lost("fewer answers than statements"));
                }
                Ok(Message::ReadyForQuery(body)) => {
                    self.state = if body.status() == b'I' { State::Idle } else { State::InTransaction };
                    self.preparing.clear();
                    return refusal.map_or(Ok(reply), Err);
                }
                Ok(
                    Message::BindComplete
                    | Message::NoData
                    | Message::EmptyQueryResponse
                    | Message::RowDescription(_)
                    | Message::NoticeResponse(_)
                    | Message::NotificationResponse(_)
                    | Message::ParameterStatus(_),
                ) => {}
                Ok(_) => return Err(Failure::Lost("an unexpected answer")),
                // A server that shuts down first reports why.
                Err(lost) => {
                    return Err(match refusal {
                        None => lost,
                        Some(unusable @ Failure::Unusable(_)) => unusable,
                        Some(refusal) if refusal.shows_a_pooler() => refusal,
                        Some(_) => Failure::Lost("closed by the server"),
                    });
                }
            }
        }
    }

    fn flush(&mut self) -> Result<()> {
        let written = self.channel.write_all(&self.outgoing).and_then(|()| self.channel.flush());
        self.outgoing.clear();
        written.map_err(lost)
    }

    fn receive(&mut self) -> Result<Message> {
        loop {
            if let Some(header) = backend::Header::parse(&self.incoming).map_err(garbled)?
                && header.len() > MAX_MESSAGE_BYTES
            {
                return Err(Failure::Lost("an answer is too long"));
            }
            if let Some(message) = Message::parse(&mut self.incoming).map_err(garbled)? {
                return Ok(message);
            }
            let mut chunk = [0; 8 << 10];
            match self.channel.read(&mut chunk).map_err(lost)? {
                0 => return Err(Failure::Lost("closed by the server")),
                length => self.incoming.extend_from_slice(&chunk[..length]),
            }
        }
    }
}

/// Logging in.
impl Connection {
    fn log_in(&mut self, url: &Url, options: Option<&str>) -> Result<()> {
        let options = options.map(|options| ("options", options));
        let parameters = [
            ("client_encoding", "UTF8"),
            ("user", &url.user),
            ("database", &url.database),
            ("application_name", &url.application_name),
        ];
        let parameters = parameters.into_iter().chain(options);
        frontend::startup_message(parameters, &mut self.outgoing).map_err(unsendable)?;
        self.flush()?;
        self.authenticate(url)?;
        loop {
            match self.receive()? {
                Message::ParameterStatus(body) => {
                    if body.name().map_err(garbled)? == "server_version" {
                        self.server_version = body.value().map_err(garbled)?.to_owned();
                    }
                }
                Message::BackendKeyData(body) => self.process = body.process_id(),
                Message::NoticeResponse(_) => {}
                Message::ReadyForQuery(_) => return Ok(()),
                Message::ErrorResponse(body) => return Err(refused(&body)),
                _ => return Err(Failure::Lost("an unexpected answer")),
            }
        }
    }

    fn authenticate(&mut self, url: &Url) -> Result<()> {
        let password = || url.password.as_ref().map(|it| it.expose()).ok_or(Failure::Lost(NO_PASSWORD));
        let asked = self.receive()?;
        let method = match &asked {
            Message::AuthenticationOk => Some("none"),
            Message::AuthenticationSasl(_) => Some("scram-sha-256"),
            Message::AuthenticationCleartextPassword => Some("password"),
            Message::AuthenticationMd5Password(_) => Some("md5"),
            _ => None,
        };
        if method.is_some_and(|method| !url.require_auth.allow(method)) {
            return Err(Failure::Unusable(
                "the server asks for an authentication method that require_auth excludes",
            ));
        }
        let is_bound = match asked {
            Message::AuthenticationOk if url.channel_binding != ChannelBinding::Require => return Ok(()),
            Message::AuthenticationSasl(body) => self.scram(url, password()?, body)?,
            _ if url.channel_binding == ChannelBinding::Require => false,
            Message::AuthenticationCleartextPassword => {
                self.answer(|buffer| {
                    frontend::password_message(password()?.as_bytes(), buffer).map_err(unsendable)
                })?;
                false
            }
            Message::AuthenticationMd5Password(body) => {
                let hash = md5_hash(url.user.as_bytes(), password()?.as_bytes(), body.salt());
                let hash = Zeroizing::new(hash);
                self.answer(|buffer| {
                    frontend::password_message(hash.as_bytes(), buffer).map_err(unsendable)
                })?;
                false
            }
            Message::ErrorResponse(body) => return Err(refused(&body)),
            _ => return Err(Failure::Lost("an authentication method that is not supported")),
        };
        if !is_bound && url.channel_binding == ChannelBinding::Require {
            return Err(Failure::Lost("no channel binding"));
        }
        match self.receive()? {
            Message::AuthenticationOk => Ok(()),
            Message::ErrorResponse(body) => Err(refused(&body)),
            _ => Err(Failure::Lost("an unexpected answer")),
        }
    }

    /// Logs in by SCRAM-SHA-256 (RFC 7677). Returns whether that was bound to the TLS channel.
    fn scram(&mut self, url: &Url, password: &str, body: backend::AuthenticationSaslBody) -> Result<bool> {
        let mechanisms: Vec<&str> = body.mechanisms().collect().map_err(garbled)?;
        let has = |mechanism| mechanisms.contains(&mechanism);
        let end_point = self.channel.end_point().filter(|_| url.channel_binding != ChannelBinding::Disable);
        let (binding, mechanism) = match end_point {
            Some(end_point) if has(sasl::SCRAM_SHA_256_PLUS) => {
                (sasl::ChannelBinding::tls_server_end_point(end_point), sasl::SCRAM_SHA_256_PLUS)
            }
            Some(_) => (sasl::ChannelBinding::unrequested(), sasl::SCRAM_SHA_256),
            None => (sasl::ChannelBinding::unsupported(), sasl::SCRAM_SHA_256),
        };
        if !has(mechanism) {
            return Err(Failure::Lost("an authentication method that is not supported"));
        }
        let is_bound = mechanism == sasl::SCRAM_SHA_256_PLUS;
        if !is_bound && url.channel_binding == ChannelBinding::Require {
            return Err(Failure::Lost("no channel binding"));
        }
        let mut scram = ScramSha256::new(password.as_bytes(), binding);
        self.answer(|buffer| {
            frontend::sasl_initial_response(mechanism, scram.message(), buffer).map_err(unsendable)
        })?;
        match self.receive()? {
            Message::AuthenticationSaslContinue(body) if rounds(body.data()) <= MOST_SCRAM_ROUNDS => {
                scram.update(body.data()).map_err(garbled)?;
            }
            Message::ErrorResponse(body) => return Err(refused(&body)),
            _ => return Err(Failure::Lost("an unexpected answer")),
        }
        self.answer(|buffer| frontend::sasl_response(scram.message(), buffer).map_err(unsendable))?;
        match self.receive()? {
            // The server's proof that it knows the password.
            Message::AuthenticationSaslFinal(body) => scram.finish(body.data()).map_err(garbled)?,
            Message::ErrorResponse(body) => return Err(refused(&body)),
            _ => return Err(Failure::Lost("an unexpected answer")),
        }
        Ok(is_bound)
    }

    /// Sends a message with a secret, and wipes it.
    fn answer(&mut self, write: impl FnOnce(&mut BytesMut) -> Result<()>) -> Result<()> {
        let mut buffer = BytesMut::with_capacity(8 << 10);
        let sent = write(&mut buffer)
            .and_then(|()| self.channel.write_all(&buffer).and_then(|()| self.channel.flush()).map_err(lost));
        buffer.as_mut().zeroize();
        sent
    }
}

/// Returns the rounds that a server-first-message asks for (RFC 5802 section 7).
fn rounds(message: &[u8]) -> u32 {
    let mut attributes = message.split(|byte| *byte == b',');
    let rounds = attributes.find_map(|attribute| attribute.strip_prefix(b"i="));
    rounds.and_then(|rounds| str::from_utf8(rounds).ok()?.parse().ok()).unwrap_or(u32::MAX)
}

/// Integers are 64 bits wide, as are all columns of them.
fn write_value(
    value: &Value,
    buffer: &mut BytesMut,
) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
    match *value {
        Value::Null => return Ok(IsNull::Yes),
        Value::Integer(number) => buffer.extend_from_slice(&number.to_be_bytes()),
        Value::Text(text) => buffer.extend_from_slice(text.as_bytes()),
        Value::Bytes(bytes) => buffer.extend_from_slice(bytes),
    }
    Ok(IsNull::No)
}

/// Names a statement by its text, so that all users of a shared connection give it the same name.
fn name(sql: &str) -> Arc<str> {
    let hash = digest::digest(&digest::SHA256, sql.as_bytes());
    let hexadecimal = hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}"));
    Arc::from(format!("doorward_{}", hexadecimal.collect::<String>()))
}

fn refused(body: &ErrorResponseBody) -> Failure {
    let mut state = None;
    let mut pooler = None;
    let mut fields = body.fields();
    while let Ok(Some(field)) = fields.next() {
        match field.type_() {
            b'C' => state = field.value_bytes().try_into().ok(),
            b'M' => pooler = refusal_of_a_pooler(field.value_bytes()),
            _ => {}
        }
    }
    let state = state.map(|state| Failure::Refused(SqlState(state)));
    pooler.or(state).unwrap_or(Failure::Lost("a refusal without a SQLSTATE"))
}

/// PgBouncer has one SQLSTATE for almost everything.
fn refusal_of_a_pooler(message: &[u8]) -> Option<Failure> {
    const REFUSALS: [(&str, Failure); 8] = [
        ("unsupported startup parameter", Failure::Unusable(NO_OPTIONS)),
        ("unsupported options startup parameter", Failure::Unusable(NO_OPTIONS)),
        ("transaction blocks not allowed in statement pooling mode", Failure::Unusable(NO_TRANSACTIONS)),
        // The server skips what follows the statement that is prepared again, even a COMMIT.
        ("prepared statement name is already in use", Failure::Refused(SqlState(*b"42P05"))),
        ("password authentication failed", Failure::Refused(SqlState(*b"28P01"))),
        ("SASL authentication failed", Failure::Refused(SqlState(*b"28P01"))),
        ("no such user", Failure::Refused(SqlState(*b"28P01"))),
        ("no such database", Failure::Refused(SqlState(*b"3D000"))),
    ];
    let message = str::from_utf8(message).ok()?;
    let refusal = REFUSALS.into_iter().find(|(beginning, _)| message.starts_with(beginning));
    refusal.map(|(_, failure)| failure)
}

fn lost(error: io::Error) -> Failure {
    let is_tls = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
    Failure::Lost(match error.kind() {
        _ if is_tls => "tls",
        ErrorKind::TimedOut | ErrorKind::WouldBlock => TIMEOUT,
        ErrorKind::ConnectionRefused => "connection refused",
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            "closed by the server"
        }
        ErrorKind::NotFound | ErrorKind::PermissionDenied => "no such socket",
        _ => "unreachable",
    })
}

fn garbled(_: io::Error) -> Failure {
    Failure::Lost("a garbled answer")
}

fn unsendable(_: io::Error) -> Failure {
    Failure::Lost("a statement is too long")
}

/// The socket, encrypted or not.
enum Channel {
    Plain(Socket),
    Tls(Box<StreamOwned<ClientConnection, Socket>>),
}

impl Channel {
    fn socket(&mut self) -> &mut Socket {
        match self {
            Channel::Plain(socket) => socket,
            Channel::Tls(stream) => &mut stream.sock,
        }
    }

    fn end_point(&self) -> Option<Vec<u8>> {
        match self {
            Channel::Plain(_) => None,
            Channel::Tls(stream) => tls::end_point(stream.conn.peer_certificates()?.first()?),
        }
    }
}

impl Read for Channel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Channel::Plain(socket) => socket.read(buffer),
            Channel::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Channel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Channel::Plain(socket) => socket.write(bytes),
            Channel::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Channel::Plain(socket) => socket.flush(),
            Channel::Tls(stream) => stream.flush(),
        }
    }
}

fn handshake(
    mut socket: Socket,
    name: &str,
    config: &Arc<ClientConfig>,
) -> Result<StreamOwned<ClientConnection, Socket>> {
    let name = ServerName::try_from(name.to_owned()).map_err(|_| Failure::Lost("tls: no valid host name"))?;
    let mut connection = ClientConnection::new(Arc::clone(config), name).map_err(|_| Failure::Lost("tls"))?;
    while connection.is_handshaking() {
        connection.complete_io(&mut socket).map_err(|error| match error.get_ref() {
            Some(inner) => match inner.downcast_ref() {
                Some(rustls::Error::InvalidCertificate(error)) => Failure::Lost(certificate(error)),
                Some(_) => Failure::Lost("tls"),
                None => lost(error),
            },
            None => lost(error),
        })?;
    }
    Ok(StreamOwned::new(connection, socket))
}

/// Returns what is wrong with the certificate.
fn certificate(error: &rustls::CertificateError) -> &'static str {
    use rustls::CertificateError as E;
    match error {
        E::UnknownIssuer => "tls: the certificate is of an unknown authority",
        E::NotValidForName | E::NotValidForNameContext { .. } => "tls: the certificate is for another host",
        E::Expired | E::ExpiredContext { .. } => "tls: the certificate has expired",
        E::NotValidYet | E::NotValidYetContext { .. } => "tls: the certificate is not valid yet",
        _ => "tls: the certificate is not valid",
    }
}

/// A socket on which every wait ends at the deadline.
struct Socket {
    stream: Stream,
    deadline: Instant,
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    fn connect(host: &Host, keep_alive: &KeepAlive, deadline: Instant) -> Result<Socket> {
        match host {
            Host::Unix(path) => {
                let stream = Stream::Unix(connect_unix(path, deadline).map_err(lost)?);
                Ok(Socket { stream, deadline })
            }
            Host::Tcp { name, address, port } => {
                let addresses = match address {
                    Some(address) => vec![SocketAddr::new(*address, *port)],
                    None => resolve(name, *port, deadline)?,
                };
                let mut failure = Failure::Lost("no address of the host");
                for (index, address) in addresses.iter().enumerate() {
                    // The remaining time is shared, so that the first address does not use it up.
                    let share = left(deadline).map_err(lost)? / (addresses.len() - index) as u32;
                    match TcpStream::connect_timeout(address, share) {
                        Ok(stream) => {
                            tune(&stream, keep_alive).map_err(lost)?;
                            return Ok(Socket { stream: Stream::Tcp(stream), deadline });
                        }
                        Err(error) => failure = lost(error),
                    }
                }
                Err(failure)
            }
        }
    }

    /// Asks for TLS.
    fn offers_tls(&mut self) -> Result<bool> {
        let mut request = BytesMut::new();
        frontend::ssl_request(&mut request);
        self.write_all(&request).map_err(lost)?;
        // Only one byte is read: anyone could have sent the unencrypted bytes after it (CVE-2021-23222).
        let mut answer = [0];
        self.read_exact(&mut answer).map_err(lost)?;
        match &answer {
            b"S" => Ok(true),
            b"N" => Ok(false),
            _ => Err(Failure::Lost("an unexpected answer")),
        }
    }

    /// Whether nothing was received, not even the end.
    fn is_silent(&self) -> bool {
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        let mut byte = [0_u8];
        let seen = match &self.stream {
            Stream::Tcp(stream) => rustix::net::recv(stream, &mut byte, flags),
            Stream::Unix(stream) => rustix::net::recv(stream, &mut byte, flags),
        };
        seen.is_err_and(|error| error == rustix::io::Errno::AGAIN)
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = Some(left(self.deadline)?);
            let read = match &mut self.stream {
                Stream::Tcp(stream) => stream.set_read_timeout(left).and_then(|()| stream.read(buffer)),
                Stream::Unix(stream) => stream.set_read_timeout(left).and_then(|()| stream.read(buffer)),
            };
            match read {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(ErrorKind::TimedOut.into()),
                read => return read,
            }
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let left = Some(left(self.deadline)?);
            let written = match &mut self.stream {
                Stream::Tcp(stream) => stream.set_write_timeout(left).and_then(|()| stream.write(bytes)),
                Stream::Unix(stream) => stream.set_write_timeout(left).and_then(|()| stream.write(bytes)),
            };
            match written {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(ErrorKind::TimedOut.into()),
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the time left until the deadline. Failure: it is over.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// Returns the addresses of a host. A look-up has no time limit, so a thread of its own does it.
fn resolve(name: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, receiver) = mpsc::channel();
    let name = name.to_owned();
    let look_up = move || {
        let addresses = (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
        let _ = sender.send(addresses);
    };
    thread::Builder::new().spawn(look_up).map_err(lost)?;
    match receiver.recv_timeout(left(deadline).map_err(lost)?) {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(_)) => Err(Failure::Lost("unknown host")),
        Err(_) => Err(Failure::Lost(TIMEOUT)),
    }
}

/// Lets the system notice a server that vanished before its connection is needed again.
fn tune(stream: &TcpStream, keep_alive: &KeepAlive) -> io::Result<()> {
    use rustix::net::sockopt;
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, keep_alive.is_on)?;
    sockopt::set_tcp_keepidle(stream, keep_alive.idle)?;
    sockopt::set_tcp_keepintvl(stream, keep_alive.interval)?;
    sockopt::set_tcp_keepcnt(stream, keep_alive.count)?;
    #[cfg(target_os = "linux")]
    sockopt::set_tcp_user_timeout(stream, keep_alive.user_timeout_ms)?;
    Ok(())
}

/// As [`UnixStream::connect`], which could wait for ever for a server that does not accept.
fn connect_unix(path: &Path, deadline: Instant) -> io::Result<UnixStream> {
    use rustix::net::sockopt::{Timeout, set_socket_timeout};
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    set_socket_timeout(&socket, Timeout::Send, Some(left(deadline)?))?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket.into())
}
