//! HTTP, as little of it as the engine needs: one exchange with a service that the host configured, bounded
//! in time and size. It goes where the configuration says and nowhere else: no redirect is followed, no
//! proxy used, no cookie kept.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use ureq::http::Response;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::error::{Code, Error, Result};

/// The longest answer to a form.
const MAX_ANSWER_BYTES: u64 = 64 << 10;

/// The longest document. Key sets with certificates in them have tens of kilobytes.
const MAX_DOCUMENT_BYTES: u64 = 512 << 10;

/// The largest file of certificates; all that Mozilla trusts are a quarter of it.
const MAX_CA_FILE_BYTES: u64 = 1 << 20;

/// Each exchange has a connection of its own: one that is kept may be closed by the service just as it is used
/// again, and then a service that is there would seem to be down.
pub struct Client(Agent);

impl Client {
    /// A client whose exchanges take `timeout` at most, from the look-up of the name, on a thread of its own
    /// while it lasts, to the last byte. Certificates are verified by the authorities of `ca_file`, without it by
    /// the public ones.
    ///
    /// Failure: `invalid_config`, where the file holds none, or what cannot be read.
    pub fn new(timeout: Duration, ca_file: Option<&Path>) -> Result<Client> {
        let roots = ca_file.map_or(Ok(RootCerts::WebPki), authorities)?;
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .root_certs(roots)
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            // In its place stands what ureq takes from the environment.
            .proxy(None)
            .max_idle_connections(0)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("doorward/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(timeout))
            .timeout_connect(Some(timeout))
            .build();
        Ok(Client(config.new_agent()))
    }

    /// Posts a form and returns the body of the answer, when that is 200 and text.
    ///
    /// Failure: `auth_service_unavailable`, with a `detail` that holds nothing of the exchange but the status.
    pub fn post_form(&self, url: &str, authorization: Option<&str>, form: &[(&str, &str)]) -> Result<String> {
        let mut request = self.0.post(url).header("accept", "application/json");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        text_of(request.send_form(form.iter().copied()), MAX_ANSWER_BYTES)
    }

    /// Gets a document, as [`Client::post_form`] does an answer.
    pub fn get(&self, url: &str) -> Result<String> {
        text_of(self.0.get(url).header("accept", "application/json").call(), MAX_DOCUMENT_BYTES)
    }
}

fn text_of(answer: Result<Response<Body>, ureq::Error>, most: u64) -> Result<String> {
    let mut answer = answer.map_err(unavailable)?;
    match answer.status().as_u16() {
        200 => {}
        status => return Err(Error::new(Code::AuthServiceUnavailable, format!("http_status_{status}"))),
    }
    let body = answer.body_mut().with_config().limit(most).read_to_vec();
    String::from_utf8(body.map_err(unavailable)?)
        .map_err(|_| Error::new(Code::AuthServiceUnavailable, "not_utf8"))
}

/// The authorities of a file: every certificate in it must be good for one.
fn authorities(file: &Path) -> Result<RootCerts> {
    let refused = |detail: &'static str| Error::new(Code::InvalidConfig, detail);
    let mut pem = Vec::new();
    File::open(file)
        .and_then(|file| file.take(MAX_CA_FILE_BYTES + 1).read_to_end(&mut pem))
        .map_err(|_| refused("cannot be read"))?;
    if pem.len() as u64 > MAX_CA_FILE_BYTES {
        return Err(refused("more than 1 MiB"));
    }
    let mut roots = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|_| refused("not PEM"))?;
        roots.push(Certificate::from_der(&certificate).to_owned());
        RootCertStore::empty().add(certificate).map_err(|_| refused("a certificate that cannot be read"))?;
    }
    if roots.is_empty() { Err(refused("no certificate")) } else { Ok(roots.into()) }
}

/// Says what kind of failure it was; the texts of the errors may quote the exchange.
fn unavailable(error: ureq::Error) -> Error {
    let detail = match error {
        ureq::Error::Timeout(_) => "timeout",
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "tls",
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => "unreachable",
        ureq::Error::BodyExceedsLimit(_) | ureq::Error::LargeResponseHeader(..) => "answer_too_long",
        ureq::Error::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => "tls",
        ureq::Error::Io(error) => match error.kind() {
            ErrorKind::TimedOut => "timeout",
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => "broken_answer",
            _ => "unreachable",
        },
        _ => "broken_answer",
    };
    Error::new(Code::AuthServiceUnavailable, detail)
}
