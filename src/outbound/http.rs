//! A minimal HTTP client: single exchanges with services that the host configured, bounded in time and size.
//! It contacts only the configured hosts: it follows no redirect, uses no proxy and keeps no cookie.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use ureq::http::{Request, Response};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, AsSendBody, Body};

use super::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::types::exchange::{ProviderRequest, ProviderResponse};

/// The maximum size of an answer to a form.
const MAX_ANSWER_BYTES: u64 = 64 << 10;

/// The maximum size of a document. Key sets with certificates take tens of kilobytes.
const MAX_DOCUMENT_BYTES: u64 = 512 << 10;

/// The maximum size of a file of certificates, four times as much as all that Mozilla trusts.
const MAX_CA_FILE_BYTES: u64 = 1 << 20;

/// A client that opens a connection for each exchange. A service may close a kept connection just when it is
/// used again, and would then seem to be down.
pub struct Client(Agent);

impl Client {
    /// Makes a client whose exchanges end by their deadline, from the look-up of the name, which runs on a thread of
    /// its own, to the last byte. Certificates are verified by the authorities of `ca_file`, or else by the public
    /// ones.
    ///
    /// Failure: `invalid_config`, if the file contains no certificate, or an unreadable one.
    pub fn new(ca_file: Option<&Path>) -> Result<Client> {
        let roots = ca_file.map_or(Ok(RootCerts::WebPki), authorities)?;
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .root_certs(roots)
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            // Replaces the proxy that ureq takes from the environment.
            .proxy(None)
            .max_idle_connections(0)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("doorward/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Client(config.new_agent()))
    }

    /// Posts a form and returns the body of the answer, if its status is 200 and it is text.
    ///
    /// Failure: `auth_service_unavailable`, with a `detail` that contains nothing of the exchange but the
    /// status.
    pub fn post_form(
        &self,
        url: &str,
        authorization: Option<&str>,
        fields: &[(&str, &str)],
        deadline: Deadline,
    ) -> Result<String> {
        let left = Some(deadline.left()?);
        let request = self.0.post(url).config().timeout_global(left).timeout_connect(left).build();
        let mut request = request.header("accept", "application/json");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let answer = request.send_form(fields.iter().copied());
        text_of(&mut answer.map_err(unavailable)?, MAX_ANSWER_BYTES)
    }

    /// Sends a request to a provider and returns the response, whatever its status.
    ///
    /// Failure: `auth_service_unavailable`, as of [`Client::post_form`].
    pub fn exchange(&self, request: &ProviderRequest, deadline: Deadline) -> Result<ProviderResponse> {
        let mut sent = Request::builder().method(request.method).uri(&request.url);
        for header in &request.headers {
            sent = sent.header(header.name, header.value.expose());
        }
        let mut answer = match &request.body {
            Some(body) => self.send(sent.body(body.expose()), deadline)?,
            None => self.send(sent.body(()), deadline)?,
        };
        let status = answer.status().as_u16();
        Ok(ProviderResponse { status, body: text_within(&mut answer, MAX_ANSWER_BYTES)?.into() })
    }

    /// Gets a document, under the same rules as [`Client::post_form`].
    pub fn get(&self, url: &str, deadline: Deadline) -> Result<String> {
        let request = Request::get(url).header("accept", "application/json").body(());
        text_of(&mut self.send(request, deadline)?, MAX_DOCUMENT_BYTES)
    }

    /// Sends a request in what is left of the call's time.
    fn send(
        &self,
        request: ureq::http::Result<Request<impl AsSendBody>>,
        deadline: Deadline,
    ) -> Result<Response<Body>> {
        let request = request.map_err(|_| Error::new(Code::AuthServiceUnavailable, "broken_request"))?;
        let left = Some(deadline.left()?);
        let request = self.0.configure_request(request).timeout_global(left).timeout_connect(left).build();
        self.0.run(request).map_err(unavailable)
    }
}

fn text_of(answer: &mut Response<Body>, most: u64) -> Result<String> {
    match answer.status().as_u16() {
        200 => text_within(answer, most),
        status => Err(Error::new(Code::AuthServiceUnavailable, format!("http_status_{status}"))),
    }
}

fn text_within(answer: &mut Response<Body>, most: u64) -> Result<String> {
    let body = answer.body_mut().with_config().limit(most).read_to_vec();
    String::from_utf8(body.map_err(unavailable)?)
        .map_err(|_| Error::new(Code::AuthServiceUnavailable, "not_utf8"))
}

/// Reads the authorities in a file: every certificate in it must be valid.
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

/// Names the kind of failure only, because the errors' own texts may quote the exchange.
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
