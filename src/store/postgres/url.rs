//! `postgres://…`: the URLs of libpq, as far as this library supports them. Unknown parameters are refused.
//! Neither environment variables nor ~/.pgpass are read. No error repeats a part of the URL.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Code, Error, Result};
use crate::types::secret::Secret;

/// A parsed URL.
pub(super) struct Url {
    pub hosts: Vec<Host>,
    pub user: String,
    pub password: Option<Secret>,
    pub database: String,
    pub tls: Tls,
    pub channel_binding: ChannelBinding,
    pub require_auth: LoginMethods,
    /// The longest time for connecting to each host.
    pub connect_timeout: Option<Duration>,
    pub keep_alive: KeepAlive,
    /// Whether servers that only read are skipped.
    pub read_write: bool,
    /// Whether the first host is chosen at random.
    pub balances: bool,
    /// `options` and `application_name`, for the server.
    pub options: Option<String>,
    pub application_name: String,
}

/// The address at which a server listens.
pub(super) enum Host {
    Tcp {
        /// The name in its certificate.
        name: String,
        /// `hostaddr`: its address, without a look-up of the name.
        address: Option<IpAddr>,
        port: u16,
    },
    /// The socket in a folder.
    Unix(PathBuf),
}

/// `sslmode` and what goes with it.
pub(super) struct Tls {
    pub mode: Mode,
    pub root_certificates: Roots,
    /// `sslcert` and `sslkey`.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// `sslsni`: whether the server learns the host's name before it shows its certificate.
    pub names_host: bool,
    /// `ssl_min_protocol_version` and `ssl_max_protocol_version`; versions below TLS 1.2 are never used.
    pub speaks_1_2: bool,
    pub speaks_1_3: bool,
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

/// `require_auth`: the authentication methods that the server may request.
pub(super) struct LoginMethods {
    named: Vec<&'static str>,
    /// Whether only the named methods are allowed; otherwise all but these.
    are_allowed: bool,
}

impl LoginMethods {
    pub(super) fn allow(&self, method: &str) -> bool {
        self.named.contains(&method) == self.are_allowed
    }

    /// A list of names, or of names with `!` before each.
    fn parse(list: Option<&str>) -> Result<LoginMethods> {
        const METHODS: [&str; 4] = ["password", "md5", "scram-sha-256", "none"];
        let Some(list) = list else { return Ok(LoginMethods { named: Vec::new(), are_allowed: false }) };
        let are_allowed = !list.starts_with('!');
        let named = list.split(',').map(|name| {
            let name = if are_allowed { Some(name) } else { name.strip_prefix('!') };
            METHODS.into_iter().find(|method| Some(*method) == name)
        });
        let named = named.collect::<Option<_>>();
        let named = named.ok_or_else(|| {
            wrong("require_auth is password, md5, scram-sha-256 or none, several by commas, or each with !")
        })?;
        Ok(LoginMethods { named, are_allowed })
    }
}

/// `keepalives` and its companions, by which a vanished server is noticed.
pub(super) struct KeepAlive {
    pub is_on: bool,
    pub idle: Duration,
    pub interval: Duration,
    pub count: u32,
    /// `tcp_user_timeout`: the longest time that sent data may stay unacknowledged.
    pub user_timeout_ms: u32,
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
        for (index, pair) in query.split('&').enumerate().filter(|(_, pair)| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(|| wrong("a parameter without a value"))?;
            match (name, value) {
                // As libpq does, for URLs of JDBC.
                ("ssl", "true") => given.put("sslmode", "require")?,
                _ if KNOWN.contains(&name) => given.put(name, value)?,
                _ => return Err(unknown(name, index)),
            }
        }
        given.read(hosts)
    }

    /// Returns the settings in `options`, as the server reads them: `-c name=value`, `-cname=value`,
    /// `--name=value`; a backslash escapes the next character. `None` if there is anything else.
    pub(super) fn settings(&self) -> Option<Vec<(String, String)>> {
        let mut words = words(self.options.as_deref().unwrap_or("")).into_iter();
        let mut settings = Vec::new();
        while let Some(word) = words.next() {
            let setting = match word.strip_prefix("-c").or_else(|| word.strip_prefix("--")) {
                Some("") => words.next()?,
                Some(setting) => setting.to_owned(),
                None => return None,
            };
            let (name, value) = setting.split_once('=')?;
            settings.push((name.replace('-', "_"), value.to_owned()));
        }
        Some(settings)
    }
}

fn words(options: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = options.chars();
    while let Some(character) = rest.next() {
        match character {
            '\\' => word.get_or_insert_default().extend(rest.next()),
            space if space.is_ascii_whitespace() => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

/// Other parameters of libpq, which this library does not support. They are refused rather than ignored,
/// because a user may rely on them.
const REFUSED: [(&str, &str); 18] = [
    ("ssl", "it is sslmode"),
    ("passfile", "files beside the URL are not read: put the password into the URL"),
    ("service", "files beside the URL are not read"),
    ("servicefile", "files beside the URL are not read"),
    ("sslpassword", "the key is read as it is: decrypt it"),
    ("sslcrl", "revocation lists are not read"),
    ("sslcrldir", "revocation lists are not read"),
    ("sslkeylogfile", "keys are not logged"),
    (
        "requirepeer",
        "the owner of a socket is not looked at: put the socket into a folder of the server's own",
    ),
    ("requiressl", "it is sslmode=require now"),
    ("replication", "replication connections are not supported"),
    ("scram_client_key", "give the password"),
    ("scram_server_key", "give the password"),
    ("oauth_issuer", "logging in by OAuth is not supported"),
    ("oauth_client_id", "logging in by OAuth is not supported"),
    ("oauth_client_secret", "logging in by OAuth is not supported"),
    ("oauth_scope", "logging in by OAuth is not supported"),
    ("oauth_ca_file", "logging in by OAuth is not supported"),
];

/// Names a parameter of libpq in an error; anything else could be a piece of a password that was not
/// percent-encoded.
fn unknown(name: &str, index: usize) -> Error {
    match REFUSED.iter().find(|(refused, _)| *refused == name) {
        Some((name, why)) => wrong(format!("{name} is not supported: {why}")),
        None => wrong(format!("parameter {} of the URL is not one of libpq's", index + 1)),
    }
}

/// The parameters of a URL, decoded.
#[derive(Default)]
struct Parameters(Vec<(&'static str, Secret)>);

const KNOWN: [&str; 36] = [
    "user",
    "password",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslcertmode",
    "sslsni",
    "sslnegotiation",
    "sslcompression",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "min_protocol_version",
    "max_protocol_version",
    "channel_binding",
    "require_auth",
    "gssencmode",
    "krbsrvname",
    "gsslib",
    "gssdelegation",
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "target_session_attrs",
    "load_balance_hosts",
    "options",
    "application_name",
    "fallback_application_name",
    "client_encoding",
];

impl Parameters {
    fn put(&mut self, name: &str, value: &str) -> Result<()> {
        let known = KNOWN.iter().find(|known| **known == name);
        let name = known.ok_or_else(|| wrong("a parameter that is not one of libpq's"))?;
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

    /// Reads one of a parameter's possible values; the first is the default.
    fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<T> {
        let Some(value) = self.find(name).or(choices.first().map(|(value, _)| *value)) else {
            return Err(wrong(format!("{name} has no value")));
        };
        let found = choices.iter().find(|(choice, _)| *choice == value);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let names: Vec<&str> = choices.iter().map(|(choice, _)| *choice).collect();
            wrong(format!("{name} is {}", names.join(", ")))
        })
    }

    /// Reads a whole number, if there is one above zero.
    fn number(&self, name: &str) -> Result<Option<u32>> {
        let number = self.find(name).map(str::parse::<i32>).transpose();
        let number = number.map_err(|_| wrong(format!("{name} is not a whole number")))?;
        Ok(number.and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0))
    }

    fn read(&self, authority: &str) -> Result<Url> {
        let text = |name| self.find(name).map(str::to_owned);
        let user = text("user").ok_or_else(|| wrong("no user in the URL"))?;
        if self.find("client_encoding").is_some_and(|name| !is_utf8(name)) {
            return Err(wrong("client_encoding is UTF8"));
        }
        self.judge_without_effect()?;
        let hosts = self.hosts(authority)?;
        let seconds = |name| -> Result<Option<Duration>> {
            Ok(self.number(name)?.map(|seconds| Duration::from_secs(seconds.into())))
        };
        Ok(Url {
            database: text("dbname").unwrap_or_else(|| user.clone()),
            user,
            password: self.find("password").map(Secret::new),
            tls: self.tls()?,
            channel_binding: self.choice(
                "channel_binding",
                &[
                    ("prefer", ChannelBinding::Prefer),
                    ("disable", ChannelBinding::Disable),
                    ("require", ChannelBinding::Require),
                ],
            )?,
            require_auth: LoginMethods::parse(self.find("require_auth"))?,
            connect_timeout: seconds("connect_timeout")?,
            keep_alive: KeepAlive {
                is_on: self.choice("keepalives", &[("1", true), ("0", false)])?,
                idle: seconds("keepalives_idle")?.unwrap_or(Duration::from_secs(30)),
                interval: seconds("keepalives_interval")?.unwrap_or(Duration::from_secs(10)),
                count: self.number("keepalives_count")?.unwrap_or(3),
                user_timeout_ms: self.number("tcp_user_timeout")?.unwrap_or(30_000),
            },
            read_write: self.must_be_writable(hosts.len())?,
            balances: self.choice("load_balance_hosts", &[("disable", false), ("random", true)])?,
            hosts,
            options: text("options"),
            application_name: text("application_name")
                .or_else(|| text("fallback_application_name"))
                .unwrap_or_else(|| "doorward".to_owned()),
        })
    }

    /// Returns whether only a server that takes writes will do; of several hosts, by default.
    fn must_be_writable(&self, hosts: usize) -> Result<bool> {
        match self.find("target_session_attrs") {
            None => Ok(hosts > 1),
            Some("read-write") => Ok(true),
            Some("any" | "primary") => Ok(false),
            Some("standby" | "read-only" | "prefer-standby") => {
                Err(wrong("target_session_attrs is read-write, primary or any: a standby may be behind"))
            }
            Some(_) => Err(wrong("target_session_attrs is read-write, primary or any")),
        }
    }

    /// Refuses parameters of unsupported features: Kerberos, compression.
    fn judge_without_effect(&self) -> Result<()> {
        self.choice("gssencmode", &[("prefer", ()), ("disable", ())])?;
        self.choice("sslcompression", &[("0", ()), ("1", ())])?;
        self.choice("sslnegotiation", &[("postgres", ())])?;
        self.choice("min_protocol_version", &[("3.0", ())])?;
        self.choice("max_protocol_version", &[("3.0", ()), ("3.2", ()), ("latest", ())])
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
            // As libpq does: a user who names authorities wants the certificate checked.
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
        let shows_identity = self.choice("sslcertmode", &[("allow", true), ("disable", false)])?;
        let versions = [("TLSv1.2", 2), ("TLSv1", 0), ("TLSv1.1", 1), ("TLSv1.3", 3)];
        let oldest = self.choice("ssl_min_protocol_version", &versions)?;
        let newest = match self.find("ssl_max_protocol_version") {
            None => 3,
            Some(_) => self.choice("ssl_max_protocol_version", &versions)?,
        };
        if newest < oldest.max(2) {
            return Err(wrong(
                "ssl_max_protocol_version is older than TLSv1.2, or than ssl_min_protocol_version",
            ));
        }
        Ok(Tls {
            mode,
            root_certificates,
            identity: identity.filter(|_| shows_identity),
            names_host: self.choice("sslsni", &[("1", true), ("0", false)])?,
            speaks_1_2: oldest <= 2,
            speaks_1_3: newest == 3,
        })
    }

    /// `host:port,host:port`, or the parameters `host`, `hostaddr` and `port`.
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
        let addresses = self.find("hostaddr").map(|list| list.split(',').map(str::to_owned).collect());
        let addresses: Vec<String> = addresses.unwrap_or_default();
        if given.is_empty() {
            given.extend(addresses.iter().map(|address| (address.clone(), None)));
        }
        if given.is_empty() {
            return Err(wrong("no host in the URL"));
        }
        if !matches!(ports.len(), 0 | 1) && ports.len() != given.len() {
            return Err(wrong("port has more or fewer than one for each host"));
        }
        if !addresses.is_empty() && addresses.len() != given.len() {
            return Err(wrong("hostaddr has more or fewer than one for each host"));
        }
        let host = |(index, (name, port)): (usize, (String, Option<String>))| {
            let port = port.as_deref().or(ports.get(index).or(ports.first()).copied());
            let port = port.filter(|port| !port.is_empty()).unwrap_or("5432");
            let port: u16 = port.parse().map_err(|_| wrong("a port is not a number"))?;
            let address = addresses.get(index).filter(|address| !address.is_empty());
            let address = address.map(|address| address.parse()).transpose();
            let address = address.map_err(|_| wrong("hostaddr is not an IP address"))?;
            Ok(match name.starts_with('/') {
                true => Host::Unix(PathBuf::from(name).join(format!(".s.PGSQL.{port}"))),
                false if name.is_empty() => return Err(wrong("no host in the URL")),
                false => Host::Tcp { name, address, port },
            })
        };
        given.into_iter().enumerate().map(host).collect()
    }
}

/// `auto` would take the locale's encoding, which is not read.
fn is_utf8(encoding: &str) -> bool {
    ["utf8", "utf-8", "unicode"].iter().any(|name| encoding.eq_ignore_ascii_case(name))
}

/// Decodes percent-encoding (RFC 3986 section 2.1); `+` is itself.
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

/// Returns the location of the store, without credentials and options.
pub(crate) fn place(url: &str) -> Result<String> {
    let url = Url::parse(url)?;
    let hosts = url.hosts.iter().map(|host| match host {
        Host::Tcp { name, port, .. } => format!("{name}:{port}"),
        Host::Unix(path) => path.display().to_string(),
    });
    Ok(format!("postgres://{}/{}", hosts.collect::<Vec<_>>().join(","), url.database))
}

pub(super) fn wrong(rule: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::at(Code::InvalidConfig, "/store", rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(parameters: &str) -> Result<Url> {
        Url::parse(&format!("postgres://door:secret@db.example/door?{parameters}"))
    }

    fn refusal(parameters: &str) -> String {
        let error = parse(parameters).err().expect("a refusal");
        assert_eq!((error.code, error.field.as_deref()), (Code::InvalidConfig, Some("/store")));
        error.detail.unwrap_or_default().into_owned()
    }

    /// Each parameter of libpq 18 is accepted or refused by its name.
    #[test]
    fn every_parameter_of_libpq_is_known() {
        let taken = [
            "hostaddr=192.0.2.1",
            "user=x",
            "passfile=x",
            "channel_binding=require",
            "require_auth=scram-sha-256",
            "require_auth=!password,!md5",
            "connect_timeout=3",
            "client_encoding=UTF8",
            "options=-csearch_path%3Ddoor",
            "application_name=x",
            "fallback_application_name=x",
            "keepalives=0",
            "keepalives_idle=5",
            "keepalives_interval=5",
            "keepalives_count=5",
            "tcp_user_timeout=5000",
            "replication=x",
            "gssencmode=disable",
            "gssencmode=prefer",
            "sslmode=require",
            "requiressl=1",
            "sslnegotiation=postgres",
            "sslcompression=0",
            "sslcert=a&sslkey=b",
            "sslkeylogfile=x",
            "sslpassword=x",
            "sslcertmode=disable",
            "sslrootcert=system",
            "sslcrl=x",
            "sslcrldir=x",
            "sslsni=0",
            "requirepeer=x",
            "ssl_min_protocol_version=TLSv1.3",
            "ssl_max_protocol_version=TLSv1.2",
            "min_protocol_version=3.0",
            "max_protocol_version=latest",
            "krbsrvname=x",
            "gsslib=x",
            "gssdelegation=x",
            "scram_client_key=x",
            "scram_server_key=x",
            "service=x",
            "servicefile=x",
            "target_session_attrs=primary",
            "load_balance_hosts=random",
            "oauth_issuer=x",
            "oauth_client_id=x",
            "oauth_client_secret=x",
            "oauth_scope=x",
        ];
        for parameters in taken {
            let (name, _) = parameters.split_once('=').unwrap_or((parameters, ""));
            match parse(parameters) {
                Ok(_) => assert!(!REFUSED.iter().any(|(refused, _)| *refused == name), "{name}"),
                Err(_) if name == "user" => assert_eq!(refusal(parameters), "user is given twice"),
                Err(_) => {
                    assert!(refusal(parameters).starts_with(&format!("{name} is not supported: ")), "{name}");
                }
            }
        }
    }

    #[test]
    fn a_value_that_cannot_be_has_its_parameter_named() {
        let wrong = [
            "gssencmode=require",
            "sslnegotiation=direct",
            "sslcertmode=require",
            "sslmode=sometimes",
            "sslsni=maybe",
            "require_auth=gss",
            "require_auth=!password,md5",
            "keepalives=maybe",
            "keepalives_idle=soon",
            "connect_timeout=soon",
            "tcp_user_timeout=soon",
            "target_session_attrs=standby",
            "target_session_attrs=prefer-standby",
            "target_session_attrs=read-only",
            "load_balance_hosts=all",
            "client_encoding=LATIN1",
            "hostaddr=db.example",
            "hostaddr=192.0.2.1,192.0.2.2",
            "ssl_min_protocol_version=SSLv3",
            "ssl_max_protocol_version=TLSv1.1",
            "ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2",
            "max_protocol_version=4.0",
        ];
        for parameters in wrong {
            let (name, _) = parameters.split_once('=').unwrap_or((parameters, ""));
            let refusal = refusal(parameters);
            assert!(refusal.contains(name) || name.starts_with("ssl_m"), "{parameters}: {refusal}");
            assert!(
                !refusal.contains("secret") && !refusal.contains("db.example"),
                "{parameters}: {refusal}"
            );
        }
    }

    /// A parameter's name may be a piece of a password that was not percent-encoded.
    #[test]
    fn what_is_none_of_libpqs_is_not_repeated() {
        assert_eq!(refusal("sslmode=require&pa55=x"), "parameter 2 of the URL is not one of libpq's");
        assert_eq!(refusal("pa55"), "a parameter without a value");
    }

    #[test]
    fn several_hosts_want_one_that_writes() {
        let url = |url: &str| Url::parse(url).expect("a URL");
        assert!(!url("postgres://door@one/door").read_write);
        assert_eq!(url("postgres://door@one/door?ssl=true").tls.mode, Mode::Require);
        assert!(url("postgres://door@one,two/door").read_write);
        assert!(!url("postgres://door@one,two/door?target_session_attrs=any").read_write);
        assert!(url("postgres://door@one/door?target_session_attrs=read-write").read_write);
    }

    #[test]
    fn settings_of_options() {
        let settings = |options: &str| {
            let url = parse(&format!("options={options}")).expect("a URL");
            let settings = url.settings()?;
            Some(settings.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>())
        };
        let expected = |settings: &[&str]| Some(settings.iter().map(|it| (*it).to_owned()).collect());
        assert_eq!(settings("-csearch_path%3Ddoor"), expected(&["search_path=door"]));
        assert_eq!(settings("-c%20a%3D1%20%20--b-c%3D2%20-cd%3D"), expected(&["a=1", "b_c=2", "d="]));
        assert_eq!(settings("-ca%3Done%5C%20two%5C%5C"), expected(&["a=one two\\"]));
        for other in ["-e", "-c", "-ca", "endpoint%3Dx", "x"] {
            assert_eq!(settings(other), None, "{other}");
        }
    }

    #[test]
    fn login_methods() {
        let allows = |list: &str, method| LoginMethods::parse(Some(list)).is_ok_and(|it| it.allow(method));
        assert!(allows("scram-sha-256", "scram-sha-256") && !allows("scram-sha-256", "password"));
        assert!(allows("md5,scram-sha-256", "md5") && !allows("md5,scram-sha-256", "none"));
        assert!(!allows("!password,!none", "password") && allows("!password,!none", "md5"));
        assert!(LoginMethods::parse(None).is_ok_and(|it| it.allow("password") && it.allow("none")));
    }
}
