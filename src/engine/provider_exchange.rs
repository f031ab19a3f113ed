//! The exchanges of one login at a provider, which the engine sends or the host.

use crate::error::{Code, Error, Result};
use crate::outbound::deadline::Deadline;
use crate::outbound::http;
use crate::types::exchange::{ProviderRequest, ProviderResponse};
use crate::types::secret::Secret;
use crate::types::strict::Object;

/// The exchanges of one call, all by one deadline.
pub(crate) struct Exchange<'e> {
    sender: Sender<'e>,
    pub deadline: Deadline,
}

/// The sender of the requests.
enum Sender<'e> {
    Own(&'e http::Client),
    Host(Received),
    /// The caller has no more than what is configured.
    None,
}

/// What the host received so far, in the order of the requests. The requests of a login follow from the responses
/// before, so that they are made again for each call, and nothing is kept between calls.
struct Received {
    responses: std::vec::IntoIter<ProviderResponse>,
    /// The first request without a response.
    wanted: Option<ProviderRequest>,
}

impl<'e> Exchange<'e> {
    /// The engine sends, if it has a client.
    pub(crate) fn of(
        client: Option<&'e http::Client>,
        received: Vec<ProviderResponse>,
        deadline: Deadline,
    ) -> Exchange<'e> {
        let sender = match client {
            Some(client) => Sender::Own(client),
            None => Sender::Host(Received { responses: received.into_iter(), wanted: None }),
        };
        Exchange { sender, deadline }
    }

    /// Only the keys of a provider are asked for.
    pub(crate) fn of_keys(deadline: Deadline) -> Exchange<'e> {
        Exchange { sender: Sender::None, deadline }
    }

    /// Returns whether the engine sends the requests.
    pub(crate) fn is_own(&self) -> bool {
        matches!(self.sender, Sender::Own(_))
    }

    /// Returns the request for which the host has no response yet.
    pub(crate) fn wanted(self) -> Option<ProviderRequest> {
        match self.sender {
            Sender::Host(received) => received.wanted,
            Sender::Own(_) | Sender::None => None,
        }
    }

    /// Sends a request. Failures: `auth_service_unavailable`; `invalid_request`, if the host has no response.
    pub(crate) fn send(&mut self, request: ProviderRequest) -> Result<ProviderResponse> {
        match &mut self.sender {
            Sender::Own(client) => client.exchange(&request, self.deadline),
            Sender::Host(Received { responses, wanted }) => responses.next().ok_or_else(|| {
                *wanted = Some(request);
                Error::at(Code::InvalidRequest, "/received", "expected the response to next_provider_request")
            }),
            Sender::None => Err(Error::new(Code::AuthServiceUnavailable, "host_sends_requests")),
        }
    }

    /// Requests a document.
    pub(crate) fn document(&mut self, request: ProviderRequest) -> Result<Secret> {
        let ProviderResponse { status, body } = self.send(request)?;
        match status {
            200 => Ok(body),
            status => Err(Error::new(Code::AuthServiceUnavailable, format!("http_status_{status}"))),
        }
    }

    /// Requests a JSON document that is read as a `T`.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&mut self, request: ProviderRequest) -> Result<T> {
        parsed(self.document(request)?.expose())
    }
}

/// Reads what a provider sent, objects as strictly as [`Object`] is read.
pub(crate) fn parsed<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    let not_json = |_| Error::new(Code::AuthServiceUnavailable, "not_json");
    serde_json::from_str(text).map_err(not_json)
}

/// Returns a member of an object, if it is a text.
pub(crate) fn text<'o>(Object(object): &'o Object, name: &str) -> Option<&'o str> {
    object.get(name).and_then(|value| value.as_str())
}
