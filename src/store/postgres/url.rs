//! `postgres://…`: the URLs of libpq, as far as this library understands them; what it does not know is
//! refused. Neither environment variables nor ~/.pgpass are read. No failure repeats a part of the URL.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Code, Error, Result};
use crate::password::Secret;

/// A URL that was read.
pub(super) struct Url {
    pub hosts: Vec<Host>,
    pub user: String,
    pub password: Option<Secret>,
    pub database: String,
    pub tls: Tls,
    pub channel_binding: ChannelBinding,
    /// How long each host may take to be reached.
    pub connect_timeout: Option<Duration>,
    /// Pass over servers that only read.
    pub read_write: bool,
    /// `options` and `application_name`, for the server.
    pub options: Option<String>,
    pub application_name: String,
}

/// Where a server listens.
pub(super) enum Host {
    Tcp(String, u16),
    /// The socket in a folder.
    Unix(PathBuf),
}

/// `sslmode` and what goes with it.
pub(super) struct Tls {
    pub mode: Mode,
    pub root_certificates: Roots,
    /// `sslcert` and `sslkey`.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// `sslrootcert`.
pub(super) enum Roots {
    None,
    File(PathBuf),
    /// The public certificate authorities.
    System,
}

/// `channel_binding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChannelBinding {
    Disable,
    Prefer,
    Require,
}

impl Url {
    /// Failure: `invalid_config`.
    pub(super) fn parse(url: &str) -> Result<Url> {
        let (_, rest) = url.split_once("://").ok_or_else(|| wrong("expected postgres://…"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (Some(user), hosts),
            None => (None, authority),
        };
        let mut given = Parameters::default();
        if let Some(user) = user {
            let (user, password) = user.split_once(':').map_or((user, None), |(a, b)| (a, Some(b)));
            given.put("user", user)?;
            password.map_or(Ok(()), |password| given.put("password", password))?;
        }
        if !path.is_empty() {
            given.put("dbname", path)?;
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(|| wrong("a parameter without a value"))?;
            given.put(name, value)?;
        }
        given.read(hosts)
    }
}

/// The parameters of a URL, decoded.
#[derive(Default)]
struct Parameters(Vec<(&'static str, Secret)>);

const KNOWN: [&str; 15] = [
    "user",
    "password",
    "host",
    "port",
    "dbname",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "channel_binding",
    "connect_timeout",
    "target_session_attrs",
    "options",
    "application_name",
    "client_encoding",
];

impl Parameters {
    fn put(&mut self, name: &str, value: &str) -> Result<()> {
        let known = KNOWN.iter().find(|known| **known == name);
        let name = known.ok_or_else(|| wrong("an unknown parameter in the URL"))?;
        if self.0.iter().any(|(given, _)| given == name) {
            return Err(wrong(format!("{name} is given twice")));
        }
        self.0.push((name, Secret::new(decoded(value)?)));
        Ok(())
    }

    fn find(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(given, _)| *given == name);
        found.map(|(_, value)| value.expose()).filter(|value| !value.is_empty())
    }

    fn read(&self, authority: &str) -> Result<Url> {
        let text = |name| self.find(name).map(str::to_owned);
        let user = text("user").ok_or_else(|| wrong("no user in the URL"))?;
        if self.find("client_encoding").is_some_and(|name| !name.eq_ignore_ascii_case("utf8")) {
            return Err(wrong("client_encoding is UTF8"));
        }
        let connect_timeout = match self.find("connect_timeout").map(str::parse) {
            None | Some(Ok(0)) => None,
            Some(Ok(seconds)) => Some(Duration::from_secs(seconds)),
            Some(Err(_)) => return Err(wrong("connect_timeout is no number of seconds")),
        };
        Ok(Url {
            hosts: self.hosts(authority)?,
            database: text("dbname").unwrap_or_else(|| user.clone()),
            user,
            password: self.find("password").map(Secret::new),
            tls: self.tls()?,
            channel_binding: match self.find("channel_binding") {
                Some("disable") => ChannelBinding::Disable,
                None | Some("prefer") => ChannelBinding::Prefer,
                Some("require") => ChannelBinding::Require,
                Some(_) => return Err(wrong("channel_binding is disable, prefer or require")),
            },
            connect_timeout,
            read_write: match self.find("target_session_attrs") {
                None | Some("any") => false,
                Some("read-write" | "primary") => true,
                Some(_) => return Err(wrong("target_session_attrs is any, read-write or primary")),
            },
            options: text("options"),
            application_name: text("application_name").unwrap_or_else(|| "doorward".to_owned()),
        })
    }

    fn tls(&self) -> Result<Tls> {
        let root_certificates = match self.find("sslrootcert") {
            None => Roots::None,
            Some("system") => Roots::System,
            Some(path) => Roots::File(path.into()),
        };
        let mode = match (self.find("sslmode"), &root_certificates) {
            (None | Some("verify-full"), Roots::System) => Mode::VerifyFull,
            (_, Roots::System) => return Err(wrong("sslrootcert=system needs sslmode=verify-full")),
            (Some("disable"), _) => Mode::Disable,
            (Some("allow"), _) => Mode::Allow,
            (None | Some("prefer"), _) => Mode::Prefer,
            // As libpq has it: who names authorities wants them asked.
            (Some("require"), Roots::File(_)) => Mode::VerifyCa,
            (Some("require"), Roots::None) => Mode::Require,
            (Some("verify-ca" | "verify-full"), Roots::None) => {
                return Err(wrong("verify-ca and verify-full need sslrootcert: a file, or system"));
            }
            (Some("verify-ca"), _) => Mode::VerifyCa,
            (Some("verify-full"), _) => Mode::VerifyFull,
            (Some(_), _) => {
                return Err(wrong("sslmode is disable, allow, prefer, require, verify-ca or verify-full"));
            }
        };
        let identity = match (self.find("sslcert"), self.find("sslkey")) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((certificate.into(), key.into())),
            _ => return Err(wrong("sslcert and sslkey go together")),
        };
        Ok(Tls { mode, root_certificates, identity })
    }

    /// `host:port,host:port`, or the parameters `host` and `port`.
    fn hosts(&self, authority: &str) -> Result<Vec<Host>> {
        let mut given: Vec<(String, Option<String>)> = Vec::new();
        for host in authority.split(',').filter(|host| !host.is_empty()) {
            let (name, port) = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
                Some((address, "")) => (address, None),
                Some((address, port)) => (address, port.strip_prefix(':')),
                None => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
            };
            given.push((decoded(name)?, port.map(str::to_owned)));
        }
        let ports: Vec<&str> = self.find("port").map_or(Vec::new(), |ports| ports.split(',').collect());
        match self.find("host") {
            Some(_) if !given.is_empty() => return Err(wrong("host is given twice")),
            Some(hosts) => given.extend(hosts.split(',').map(|host| (host.to_owned(), None))),
            None => {}
        }
        if given.is_empty() {
            return Err(wrong("no host in the URL"));
        }
        if !matches!(ports.len(), 0 | 1) && ports.len() != given.len() {
            return Err(wrong("port has more or fewer than one for each host"));
        }
        let host = |(index, (name, port)): (usize, (String, Option<String>))| {
            let port = port.as_deref().or(ports.get(index).or(ports.first()).copied());
            let port = port.filter(|port| !port.is_empty()).unwrap_or("5432");
            let port: u16 = port.parse().map_err(|_| wrong("a port is no number"))?;
            Ok(match name.starts_with('/') {
                true => Host::Unix(PathBuf::from(name).join(format!(".s.PGSQL.{port}"))),
                false if name.is_empty() => return Err(wrong("no host in the URL")),
                false => Host::Tcp(name, port),
            })
        };
        given.into_iter().enumerate().map(host).collect()
    }
}

/// Percent-encoding (RFC 3986 section 2.1); `+` is itself.
fn decoded(text: &str) -> Result<String> {
    let bad = || wrong("bad percent-encoding in the URL");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16)).ok_or_else(bad);
        bytes.push(match byte {
            b'%' => u8::try_from(digit()? * 16 + digit()?).map_err(|_| bad())?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).ok_or_else(bad)
}

pub(super) fn wrong(rule: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::at(Code::InvalidConfig, "/store", rule)
}
