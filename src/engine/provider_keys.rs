//! The keys of a provider of ID tokens: those of the configuration, or those at its `jwks_uri`, which the engine
//! fetches or the host.

use std::sync::Arc;

use super::log::Reporter;
use super::provider_exchange::Exchange;
use super::provider_metadata::Metadata;
use super::remote_document::RemoteDocument;
use crate::clock::Clock;
use crate::config::{IdTokenAlgorithm, IdTokenProvider, ProviderName};
use crate::crypto::jwks::{BadMember, Jwks, ReadSet, Signed};
use crate::crypto::jws::{Flaw, UNKNOWN_KEY};
use crate::error::{Code, Error, Result};
use crate::json;
use crate::outbound::http;
use crate::types::exchange::ProviderRequest;

pub(crate) enum ProviderKeys {
    Given(Published),
    Remote(RemoteDocument<Published>),
    /// The host fetches them from this URL for each login.
    Host(String, Vec<IdTokenAlgorithm>),
    /// The provider has no ID tokens.
    None,
}

/// A set of keys.
pub(crate) struct Published {
    keys: Jwks,
    /// The members of the set that are not usable keys.
    bad: Vec<BadMember>,
}

impl ProviderKeys {
    /// `client` is the engine's own, and none if the host sends all requests. Failure: `invalid_config`.
    pub(crate) fn new(
        name: &ProviderName,
        provider: &IdTokenProvider,
        client: Option<&Arc<http::Client>>,
        metadata: Option<&Arc<RemoteDocument<Metadata>>>,
        reporter: &Arc<Reporter>,
    ) -> Result<ProviderKeys> {
        let algorithms = provider.algorithms.members();
        if provider.userinfo.is_some() {
            return Ok(ProviderKeys::None);
        }
        if let Some(given) = &provider.jwks {
            let ReadSet { keys, bad } = Jwks::read(&given.0, algorithms);
            reporter.bad_provider_keys(name, &bad);
            return match keys {
                Ok(keys) => Ok(ProviderKeys::Given(Published { keys, bad })),
                Err(flaw) => Err(Error::at(Code::InvalidConfig, "/jwks", flaw.0)),
            };
        }
        let url = provider.jwks_uri.as_ref().map(|url| url.as_str().to_owned());
        let Some(client) = client else {
            return Ok(ProviderKeys::Host(url.unwrap_or_default(), algorithms.to_vec()));
        };
        let source = match (url, metadata) {
            (Some(url), _) => Source::Given(url),
            (None, Some(metadata)) => Source::Metadata(Arc::clone(metadata)),
            (None, None) => return Err(Error::at(Code::InvalidConfig, "/jwks_uri", "missing")),
        };
        let (name, client, reporter) = (name.clone(), Arc::clone(client), Arc::clone(reporter));
        let algorithms = algorithms.to_vec();
        Ok(ProviderKeys::Remote(RemoteDocument::new(move |deadline| {
            let text = match &source {
                Source::Given(url) => client.get(url, deadline)?,
                Source::Metadata(metadata) => {
                    let newest = metadata.newest(None, &reporter.clock, deadline)?;
                    client.get(&newest.jwks_uri, deadline)?
                }
            };
            let ReadSet { keys, bad } = read(&text, &algorithms)?;
            reporter.bad_provider_keys(&name, &bad);
            keys.map(|keys| Published { keys, bad }).map_err(|flaw| unusable(flaw.0))
        })))
    }

    /// Returns the members of the newest set that are not usable keys.
    pub(crate) fn bad(&self) -> Vec<BadMember> {
        match self {
            ProviderKeys::Given(published) => published.bad.clone(),
            ProviderKeys::Remote(remote) => {
                remote.known().map(|published| published.bad.clone()).unwrap_or_default()
            }
            ProviderKeys::Host(..) | ProviderKeys::None => Vec::new(),
        }
    }

    /// Fetches the keys if they are old, so that the token of a code is not lost for want of them.
    ///
    /// Failure: `auth_service_unavailable`.
    pub(crate) fn prepare(&self, exchange: &Exchange, clock: &Clock) -> Result<()> {
        match self {
            ProviderKeys::Remote(remote) => remote.newest(None, clock, exchange.deadline).map(drop),
            ProviderKeys::Given(_) | ProviderKeys::Host(..) | ProviderKeys::None => Ok(()),
        }
    }

    /// Returns the claims of an ID token that the provider signed.
    ///
    /// Failures: `invalid_token`; `auth_service_unavailable`, if the key cannot be fetched now that may
    /// verify it.
    pub(crate) fn verify(&self, token: &str, exchange: &mut Exchange, clock: &Clock) -> Result<Signed> {
        match self {
            ProviderKeys::Given(published) => Ok(published.keys.verify(token)?),
            ProviderKeys::Remote(remote) => {
                let published = remote.newest(None, clock, exchange.deadline)?;
                match published.keys.verify(token) {
                    Err(UNKNOWN_KEY) => {
                        let newer = remote.newest(Some(&published), clock, exchange.deadline)?;
                        Ok(newer.keys.verify(token)?)
                    }
                    result => Ok(result?),
                }
            }
            ProviderKeys::Host(url, algorithms) => {
                let text = exchange.document(ProviderRequest::get(url, None))?;
                let keys = read(text.expose(), algorithms)?.keys.map_err(|flaw| unusable(flaw.0))?;
                Ok(keys.verify(token)?)
            }
            ProviderKeys::None => Err(Flaw("no_id_tokens").into()),
        }
    }
}

/// Where a provider's keys are.
enum Source {
    Given(String),
    Metadata(Arc<RemoteDocument<Metadata>>),
}

fn read(text: &str, algorithms: &[IdTokenAlgorithm]) -> Result<ReadSet> {
    let set = json::parse(text, Code::AuthServiceUnavailable).map_err(|_| unusable("not_json"))?;
    Ok(Jwks::read(&set, algorithms))
}

fn unusable(reason: &'static str) -> Error {
    Error::new(Code::AuthServiceUnavailable, reason)
}
