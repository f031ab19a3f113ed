//! Tests of `introspect_remote` with real services on loopback: one that is itself doorward, and others that
//! are slow, down, malicious, or not the configured one. A call without a timeout would hang its test.

#![cfg(feature = "http")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::alone;
use crate::services::Service;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward::{Code, Config, Engine, Error, Hooks, Level};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Long enough for any loopback exchange, for tests that are not about time.
const PATIENT_MS: u64 = 60_000;

#[test]
fn a_service_that_is_doorward() {
    let other = Arc::new(open(json!({"issuer": "other"}), None));
    let register = json!({"username": "ada", "email": "ada@example.com", "password": "eight wise words"});
    call(&other, "register", register).unwrap();
    let login = json!({"username": "ada", "password": "eight wise words", "scope": "read"});
    let login = call(&other, "login", login).unwrap();
    let service = doorward_service(Arc::clone(&other), "Bearer abc.def");
    let records = Arc::new(Mutex::new(Vec::new()));
    let engine = open(
        json!({"introspection_service": {"url": service.url(), "bearer": "abc.def", "timeout_ms": PATIENT_MS}}),
        Some(Arc::clone(&records)),
    );
    for (kind, type_name) in [("access_token", "Bearer"), ("refresh_token", "refresh_token")] {
        let token = &login[kind];
        let remote =
            call(&engine, "introspect_remote", json!({"token": token, "token_type_hint": kind})).unwrap();
        assert_eq!(remote, call(&other, "introspect", json!({"token": token})).unwrap());
        assert_eq!((&remote["iss"], &remote["token_type"]), (&json!("other"), &json!(type_name)));
        assert_eq!(remote["user"]["username"], "ada");
    }
    let request = service.requests().remove(0);
    assert!(request.head.starts_with("POST /introspect?v=1 HTTP/1.1\r\n"), "{}", request.head);
    assert_eq!(request.header("accept"), "application/json");
    assert_eq!(request.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(request.field("token_type_hint").unwrap(), "access_token");

    // Tokens that would change their meaning in a form, in a header or for a parser.
    for token in ["x", "a&token=b", "a+b c%20d=", "\r\nx: y", "é\u{1f600}\u{7f}", &"x".repeat(100_000)] {
        let error = call(&engine, "introspect_remote", json!({"token": token})).unwrap_err();
        assert_eq!((error.code, error.detail.as_deref()), (Code::InvalidToken, Some("inactive")));
        assert_eq!(service.requests().last().unwrap().field("token").unwrap(), token);
    }
    let token = login["access_token"].as_str().unwrap();
    call(&other, "logout", json!({"token": token})).unwrap();
    let error = call(&engine, "introspect_remote", json!({"token": token})).unwrap_err();
    assert_eq!(error.code, Code::InvalidToken);
    let shown = format!("{error:?} {error} {} {:?}", error.to_json(), records.lock().unwrap());
    assert!(shown.contains("introspect_remote") && !shown.contains(token) && !shown.contains("abc.def"));
}

/// Every environment variable for proxies names an unreachable one.
#[test]
fn the_environment_names_no_proxy() {
    alone("remote::a_service_that_is_doorward", |child| {
        for name in ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "http_proxy", "https_proxy"] {
            child.env(name, "http://127.0.0.1:1");
        }
        child.env_remove("NO_PROXY").env_remove("no_proxy");
    });
}

#[test]
fn name_and_password() {
    let other = Arc::new(open(json!({}), None));
    let token = call(&other, "issue_token", json!({"claims": {"sub": "x"}})).unwrap()["token"].clone();
    // RFC 7617 section 2.1 has this pair: UTF-8, and a colon in the password.
    let service = doorward_service(other, "Basic dGVzdDoxMjPCow==");
    let ask = |basic: Value| {
        let service = json!({"url": service.url(), "basic": basic, "timeout_ms": PATIENT_MS});
        let engine = open(json!({"introspection_service": service}), None);
        call(&engine, "introspect_remote", json!({"token": token})).unwrap_err()
    };
    // There is no account x: a verdict, so the pair was accepted.
    assert_eq!(ask(json!({"username": "test", "password": "123£"})).code, Code::InvalidToken);
    // The service did not authenticate itself, so it says nothing about the token.
    let error = ask(json!({"username": "test", "password": "124£"}));
    assert_eq!(
        (error.code, error.detail.as_deref()),
        (Code::AuthServiceUnavailable, Some("http_status_401"))
    );
}

#[test]
fn what_the_service_says_is_passed_on_but_for_what_is_its_own() {
    let service = Service::answering(
        json!({"active": true, "reason": "for me", "sub": "ada", "big": 9007199254740993u64, "deep": {"reason": [1.5, null]}})
            .to_string(),
    );
    let answer = service.ask(PATIENT_MS).unwrap();
    assert_eq!(
        answer,
        json!({"active": true, "sub": "ada", "big": 9007199254740993u64, "deep": {"reason": [1.5, null]}})
    );
    // A number keeps its digits, in any nesting.
    let wide = r#"{"active": true, "n": 123456789012345678901, "in": {"a": [-9223372036854775809, 1.10]}}"#;
    let service = Service::answering(wide.to_owned());
    assert_eq!(
        service.engine(PATIENT_MS).call("introspect_remote", r#"{"token": "x"}"#).unwrap(),
        r#"{"active":true,"in":{"a": [-9223372036854775809, 1.10]},"n":123456789012345678901}"#
    );
    let service = Service::answering(r#"{"active": false, "reason": "for me", "sub": "ada"}"#.to_owned());
    let error = service.ask(PATIENT_MS).unwrap_err();
    assert_eq!(error.code, Code::InvalidToken);
    assert!(!error.to_json().contains("for me"));
}

#[test]
fn lies_and_accidents_are_no_verdict() {
    let ok = |body: &str| format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let head = |head: &str| format!("HTTP/1.1 {head}\r\ncontent-length: 15\r\n\r\n{{\"active\":true}}");
    let nested = format!(r#"{{"active":true,"a":{}{}}}"#, "[".repeat(32), "]".repeat(32));
    for (answer, detail) in [
        (ok("<!doctype html><title>Welcome</title>"), "not_json"),
        (ok(""), "not_json"),
        (ok("null"), "not_json"),
        (ok("true"), "not_json"),
        (ok(r#"[{"active":true}]"#), "not_json"),
        (ok(r#"{"active":true}{}"#), "not_json"),
        (ok(r#"{"active":true"#), "not_json"),
        (ok(r#"{"active":false,"active":true}"#), "not_json"),
        (ok(r#"{"active":true,"a":"\u0000"}"#), "not_json"),
        (ok(&nested), "not_json"),
        (ok("\u{feff}{\"active\":true}"), "not_json"),
        (ok("{}"), "no_verdict"),
        (ok(r#"{"active":"true"}"#), "no_verdict"),
        (ok(r#"{"active":1}"#), "no_verdict"),
        (ok(r#"{"active":null}"#), "no_verdict"),
        (ok(r#"{"active":[true]}"#), "no_verdict"),
        (ok(r#"{"Active":true}"#), "no_verdict"),
        (ok(r#"{"error":"invalid_client"}"#), "no_verdict"),
        (head("201 Created"), "http_status_201"),
        (head("203 Non-Authoritative Information"), "http_status_203"),
        ("HTTP/1.1 204 No Content\r\n\r\n".to_owned(), "http_status_204"),
        (head("206 Partial Content"), "http_status_206"),
        (head("302 Found"), "http_status_302"),
        (head("400 Bad Request"), "http_status_400"),
        (head("401 Unauthorized"), "http_status_401"),
        (head("403 Forbidden"), "http_status_403"),
        (head("404 Not Found"), "http_status_404"),
        (head("407 Proxy Authentication Required"), "http_status_407"),
        (head("429 Too Many Requests"), "http_status_429"),
        (head("500 Internal Server Error"), "http_status_500"),
        (head("503 Service Unavailable"), "http_status_503"),
        // Longer than announced, shorter, and other lengths.
        ("HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{\"active\":true}".to_owned(), "not_json"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n{\"active\":true}".to_owned(), "broken_answer"),
        ("HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n{\"active\":true}".to_owned(), "broken_answer"),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nf\r\n{\"active\":true}".to_owned(),
            "broken_answer",
        ),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n".to_owned(), "broken_answer"),
        (ok(&format!(r#"{{"active":true,"a":"{}"}}"#, "x".repeat(64 << 10))), "answer_too_long"),
        (format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(1 << 20)), "answer_too_long"),
        (
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n\x1f\x08\x08\x00"
                .to_owned(),
            "not_json",
        ),
        ("SSH-2.0-OpenSSH_10.0\r\n".to_owned(), "broken_answer"),
        (String::new(), "broken_answer"),
    ] {
        let what = answer.chars().take(200).collect::<String>();
        let service = Service::start(move |request, stream| {
            request.read(stream);
            let _ = stream.write_all(answer.as_bytes());
        });
        expect(&service, PATIENT_MS, detail, &what);
    }
    let service = Service::start(|request, stream| {
        request.read(stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\xff\xfe");
    });
    expect(&service, PATIENT_MS, "not_utf8", "bytes");
}

#[test]
fn a_body_without_end_is_not_read_to_its_end() {
    for start in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"] {
        let is_chunked = start.contains("chunked");
        let service = Service::start(move |request, stream| {
            request.read(stream);
            let spaces = " ".repeat(4096);
            let more = if is_chunked { format!("1000\r\n{spaces}\r\n") } else { spaces };
            let mut sent = stream.write_all(start.as_bytes());
            // Ends when the client hangs up.
            while sent.is_ok() {
                sent = stream.write_all(more.as_bytes());
            }
        });
        expect(&service, PATIENT_MS, "answer_too_long", start);
    }
}

#[test]
fn no_redirect_is_followed() {
    let target = Service::answering(r#"{"active":true}"#.to_owned());
    for status in [301, 302, 303, 307, 308] {
        let location = target.url();
        let service = Service::start(move |request, stream| {
            request.read(stream);
            let head =
                format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
            let _ = stream.write_all(head.as_bytes());
        });
        expect(&service, PATIENT_MS, &format!("http_status_{status}"), "redirect");
    }
    assert!(target.requests().is_empty());
}

#[test]
fn no_cookie_and_no_connection_is_kept() {
    let service = Service::start(|request, stream| {
        let read = request.read(stream);
        assert!(read.header("cookie").is_empty(), "{}", read.head);
        let body = r#"{"active":true}"#;
        let head =
            format!("HTTP/1.1 200 OK\r\nset-cookie: a=b; Path=/\r\ncontent-length: {}\r\n\r\n", body.len());
        let _ = stream.write_all((head + body).as_bytes());
    });
    let engine = service.engine(PATIENT_MS);
    for _ in 0..20 {
        call(&engine, "introspect_remote", json!({"token": "x"})).unwrap();
    }
    assert_eq!(service.requests().len(), 20);
}

#[test]
fn a_service_that_is_slow_is_not_waited_for() {
    // Never an answer; a head without an end, byte by byte; a body that stops half way.
    let silent = Service::start(|request, stream| {
        request.read(stream);
        request.until_closed(stream, b"");
    });
    let dripping = Service::start(|request, stream| {
        request.read(stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        request.until_closed(stream, b"x-a: b\r\n");
    });
    let stalled = Service::start(|request, stream| {
        request.read(stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{\"active\"");
        request.until_closed(stream, b"");
    });
    let trickling = Service::start(|request, stream| {
        request.read(stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"active\":true");
        request.until_closed(stream, b" ");
    });
    // Reads nothing, and the form is larger than the buffers of the sockets.
    let deaf = Service::start(|request, stream| request.wait_for_end(stream));
    for (service, what) in
        [(&silent, "silent"), (&dripping, "dripping"), (&stalled, "stalled"), (&trickling, "trickling")]
    {
        expect(service, 200, "timeout", what);
    }
    let engine = open(
        json!({
            "limits": {"request_bytes": 67_108_864},
            "introspection_service": {"url": deaf.url(), "timeout_ms": 200},
        }),
        None,
    );
    let error = call(&engine, "introspect_remote", json!({"token": "x".repeat(60 << 20)})).unwrap_err();
    assert_eq!((error.code, error.detail.as_deref()), (Code::AuthServiceUnavailable, Some("timeout")));
}

/// A listener with a full queue: the connection is neither accepted nor refused.
#[test]
fn a_service_that_does_not_accept_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_eq!(unsafe { libc::listen(listener.as_raw_fd(), 0) }, 0);
    let address = listener.local_addr().unwrap();
    let queue = std::iter::from_fn(|| TcpStream::connect_timeout(&address, Duration::from_millis(100)).ok());
    let queue: Vec<TcpStream> = queue.take(64).collect();
    assert!(queue.len() < 64);
    let service = json!({"url": format!("http://{address}/"), "timeout_ms": 200});
    let engine = open(json!({"introspection_service": service}), None);
    let error = call(&engine, "introspect_remote", json!({"token": "x"})).unwrap_err();
    assert_eq!((error.code, error.detail.as_deref()), (Code::AuthServiceUnavailable, Some("timeout")));
}

/// The port belongs to the service all the time, but at first nothing listens on it.
#[test]
fn a_service_that_comes_back_is_asked_again() {
    let mut any = unsafe { std::mem::zeroed::<libc::sockaddr_in>() };
    any.sin_family = libc::AF_INET as libc::sa_family_t;
    any.sin_addr.s_addr = u32::from_ne_bytes([127, 0, 0, 1]);
    let listener = unsafe {
        let socket = libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0);
        assert_eq!(libc::bind(socket, (&raw const any).cast(), size_of_val(&any) as libc::socklen_t), 0);
        TcpListener::from_raw_fd(socket)
    };
    let address = listener.local_addr().unwrap();
    let service = json!({"url": format!("http://{address}/"), "timeout_ms": PATIENT_MS});
    let engine = open(json!({"introspection_service": service}), None);
    let ask = || call(&engine, "introspect_remote", json!({"token": "x"}));
    let error = ask().unwrap_err();
    assert_eq!((error.code, error.detail.as_deref()), (Code::AuthServiceUnavailable, Some("unreachable")));
    assert_eq!(unsafe { libc::listen(listener.as_raw_fd(), 16) }, 0);
    let _service = Service::on(listener, |request, stream| {
        request.read(stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{\"active\":true}");
    });
    assert_eq!(ask().unwrap(), json!({"active": true}));
}

#[test]
fn each_caller_gets_the_answer_about_its_own_token() {
    let service = Service::start(|request, stream| {
        let token = request.read(stream).field("token").unwrap();
        let body = json!({"active": !token.starts_with("bad"), "sub": token}).to_string();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        let _ = stream.write_all((head + &body).as_bytes());
        // The service would accept more requests; the client hangs up.
        request.until_closed(stream, b"");
    });
    let engine = service.engine(PATIENT_MS);
    thread::scope(|scope| {
        for caller in 0..16 {
            let engine = &engine;
            scope.spawn(move || {
                for turn in 0..25 {
                    let token = format!("{}-{caller}-{turn}", if turn % 3 == 0 { "bad" } else { "good" });
                    match call(engine, "introspect_remote", json!({"token": token})) {
                        Ok(answer) => assert_eq!((turn % 3 != 0, &answer["sub"]), (true, &json!(token))),
                        Err(error) => assert_eq!((turn % 3, error.code), (0, Code::InvalidToken), "{error}"),
                    }
                }
            });
        }
    });
    assert_eq!(service.requests().len(), 16 * 25);
}

/// A certificate of an untrusted authority, one for another name, an expired one; and plain HTTP instead of
/// TLS.
#[test]
fn a_service_that_cannot_prove_who_it_is() {
    let folder = TempDir::new().unwrap();
    let authority = Authority::new();
    let stranger = Authority::new();
    let trusted = authority.file(&folder, "trusted.pem");
    let plain = Service::start(|_, stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{\"active\":true}");
    });
    let over = |parameters: &mut CertificateParams| parameters.not_after = rcgen::date_time_ymd(2020, 1, 1);
    for (service, ca_file, what) in [
        (&authority.service("localhost", |_| {}), None, "a public authority is asked for"),
        (&stranger.service("localhost", |_| {}), Some(&trusted), "another authority"),
        (&authority.service("example.com", |_| {}), Some(&trusted), "another name"),
        (&authority.service("localhost", over), Some(&trusted), "expired"),
        (&plain, Some(&trusted), "no TLS"),
    ] {
        let error = ask_securely(service, ca_file).unwrap_err();
        let found = (error.code, error.detail.as_deref());
        assert_eq!(found, (Code::AuthServiceUnavailable, Some("tls")), "{what}");
        assert!(service.requests().iter().all(|request| request.head.is_empty()), "{what}");
    }
}

#[test]
fn a_service_that_an_authority_of_the_hosts_vouches_for() {
    let folder = TempDir::new().unwrap();
    let authority = Authority::new();
    let stranger = Authority::new();
    let service = authority.service("localhost", |_| {});
    let trusted = authority.file(&folder, "trusted.pem");
    assert_eq!(ask_securely(&service, Some(&trusted)).unwrap(), json!({"active": true, "sub": "x"}));
    // One of several certificates, with text between them.
    let both = format!("# ours\n{}\n# theirs\n{}", stranger.pem(), authority.pem());
    std::fs::write(&trusted, both).unwrap();
    assert!(ask_securely(&service, Some(&trusted)).is_ok());
}

#[test]
fn a_file_of_authorities_is_read_at_open() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("ca.pem");
    let pem = Authority::new().pem();
    for (text, detail) in [
        (String::new(), "no certificate"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".to_owned(), "no certificate"),
        (pem.replace("-----END CERTIFICATE-----", ""), "not PEM"),
        (pem.replace("MI", "??"), "not PEM"),
        (
            format!("{pem}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "a certificate that cannot be read",
        ),
        ("#".repeat(1 + (1 << 20)), "more than 1 MiB"),
    ] {
        std::fs::write(&file, text).unwrap();
        assert_eq!(refused(&file), detail);
    }
    assert_eq!(refused(&folder.path().join("none.pem")), "cannot be read");
    assert_eq!(refused(folder.path()), "cannot be read");

    fn refused(file: &Path) -> String {
        let service = json!({"url": "https://localhost/", "ca_file": file});
        let config = json!({"store": "sqlite::memory:", "introspection_service": service});
        let config = Config::parse(&config.to_string()).unwrap();
        let error = Engine::open(config, Hooks::default()).err().unwrap();
        assert_eq!(error.code, Code::InvalidConfig);
        assert_eq!(error.field.as_deref(), Some("/introspection_service/ca_file"));
        error.detail.unwrap().into_owned()
    }
}

/// Asks by TLS, at `localhost`.
fn ask_securely(service: &Service, ca_file: Option<&PathBuf>) -> Result<Value, Error> {
    let url = format!("https://localhost:{}/", service.address.port());
    let service = json!({"url": url, "ca_file": ca_file, "bearer": "abc", "timeout_ms": PATIENT_MS});
    call(&open(json!({"introspection_service": service}), None), "introspect_remote", json!({"token": "x"}))
}

/// A certificate authority of the test.
struct Authority {
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Authority {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        Authority { certificate, issuer: Issuer::new(parameters, key) }
    }

    fn pem(&self) -> String {
        let text = STANDARD.encode(self.certificate.der());
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    fn file(&self, folder: &TempDir, name: &str) -> PathBuf {
        let file = folder.path().join(name);
        std::fs::write(&file, self.pem()).unwrap();
        file
    }

    /// Starts a service with a certificate of this authority for this name. It calls every token valid.
    fn service(&self, name: &str, change: impl Fn(&mut CertificateParams)) -> Service {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut parameters);
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap().der().clone();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config =
            rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let key = rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = config.unwrap().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
        let config = Arc::new(config);
        Service::start(move |request, stream| {
            let mut tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::Stream::new(&mut tls, stream);
            let token = request.read(&mut stream).field("token");
            let body = json!({"active": true, "sub": token}).to_string();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all((head + &body).as_bytes());
        })
    }
}

/// Serves the result of this engine's `introspect` to clients that know the secret.
fn doorward_service(engine: Arc<Engine>, authorization: &'static str) -> Service {
    Service::start(move |request, stream| {
        let read = request.read(stream);
        let (status, body) = match read.field("token") {
            _ if read.header("authorization") != authorization => ("401 Unauthorized", json!({})),
            None => ("400 Bad Request", json!({"error": "invalid_request"})),
            Some(token) => ("200 OK", call(&engine, "introspect", json!({"token": token})).unwrap()),
        };
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let _ = stream.write_all((head + &body).as_bytes());
    })
}

impl Service {
    fn engine(&self, timeout_ms: u64) -> Engine {
        let service = json!({"url": self.url(), "timeout_ms": timeout_ms});
        open(json!({"introspection_service": service}), None)
    }

    fn ask(&self, timeout_ms: u64) -> Result<Value, Error> {
        call(&self.engine(timeout_ms), "introspect_remote", json!({"token": "x"}))
    }
}

/// Checks that there is no verdict, for this reason.
fn expect(service: &Service, timeout_ms: u64, detail: &str, what: &str) {
    match service.ask(timeout_ms) {
        Ok(answer) => panic!("{what}: {answer}"),
        Err(error) => assert_eq!(
            (error.code, error.detail.as_deref()),
            (Code::AuthServiceUnavailable, Some(detail)),
            "{what}"
        ),
    }
}

fn call(engine: &Engine, operation: &str, request: Value) -> Result<Value, Error> {
    engine.call(operation, &request.to_string()).map(|body| serde_json::from_str(&body).unwrap())
}

/// Opens an engine in memory, with cheap hashes.
fn open(patch: Value, records: Option<Arc<Mutex<Vec<String>>>>) -> Engine {
    let mut config = json!({"store": "sqlite::memory:", "password": {"memory_kib": 8, "iterations": 1}});
    config.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
    let log = records.map(|records| -> Box<doorward::Log> {
        Box::new(move |_: Level, record: &str| records.lock().unwrap().push(record.to_owned()))
    });
    let mut hooks = Hooks::new();
    hooks.log = log;
    Engine::open(Config::parse(&config.to_string()).unwrap(), hooks).unwrap()
}
