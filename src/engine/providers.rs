//! Providers: the users they may log in, how they are asked, and how their tokens are verified.

use std::sync::Arc;
use std::time::Duration;

use super::accounts::in_order;
use super::log::Reporter;
use super::provider_client::{ProviderClient, Redeemed};
use super::provider_exchange::Exchange;
use super::provider_keys::ProviderKeys;
use super::provider_metadata::Metadata;
use super::remote_document::RemoteDocument;
use crate::clock::Clock;
use crate::config::{AutoRegister, Config, ExchangeBy, IdTokenProvider, ProviderName, TENANT_ID, Tenant};
use crate::crypto::id_token::{IdClaims, ProviderUser};
use crate::crypto::jwks::{BadMember, Signed};
use crate::error::{Code, Error, Result};
use crate::outbound::deadline::Deadline;
use crate::outbound::http;
use crate::store::Store;
use crate::store::identities::{self, Identity};
use crate::types::exchange::ProviderResponse;
use crate::types::id::Id;
use crate::types::secret::Secret;
use crate::types::token::Token;
use crate::types::user::{ProviderLogin, Role};

/// A provider, and how far it is trusted.
pub(crate) struct Provider {
    pub name: ProviderName,
    issuer: String,
    tenants: Option<Vec<Tenant>>,
    client_ids: Vec<String>,
    keys: ProviderKeys,
    client: Option<ProviderClient>,
    /// What the engine sends by, unless the host sends.
    http: Option<Arc<http::Client>>,
    /// The time that one call may spend on the provider.
    timeout: Duration,
    exchange: ExchangeBy,
    /// The roles of accounts that it creates, if it may create any.
    pub roles_of_new: Option<Vec<Role>>,
    pub vouches_for_addresses: bool,
    /// The claim that says that the address is verified.
    email_verified_claim: String,
}

/// The providers of a configuration.
pub(crate) struct Providers {
    pub all: Vec<Provider>,
    leeway_seconds: i64,
    clock: Arc<Clock>,
}

impl Providers {
    /// Failures: `invalid_config`, `feature_not_built`.
    pub(crate) fn new(config: &Config, reporter: &Arc<Reporter>) -> Result<Providers> {
        let all = config
            .id_token_providers
            .iter()
            .map(|(name, provider)| {
                Provider::new(config, name, provider, reporter).map_err(|error| {
                    let place = error.field.as_deref().unwrap_or_default();
                    Error { field: Some(format!("/id_token_providers/{}{place}", name.as_str())), ..error }
                })
            })
            .collect::<Result<Vec<_>>>()?;
        Providers::check_issuers(&all)?;
        let leeway_seconds = config.leeway_seconds.seconds();
        let clock = Arc::clone(&reporter.clock);
        Ok(Providers { all, leeway_seconds, clock })
    }

    /// Checks that a provider without ID tokens has an issuer of its own: nothing else keeps its ids apart from those
    /// of another provider. Failure: `invalid_config`.
    fn check_issuers(all: &[Provider]) -> Result<()> {
        let is_described =
            |it: &&Provider| it.client.as_ref().is_some_and(|client| client.userinfo.is_some());
        for it in all.iter().filter(is_described) {
            if all.iter().filter(|other| other.has_issued_as(&it.issuer)).count() > 1 {
                let field = format!("/id_token_providers/{}/issuer", it.name());
                return Err(Error::at(Code::InvalidConfig, field, "another provider has this issuer"));
            }
        }
        Ok(())
    }

    /// Returns the account that an ID token's identity is linked to, if it is. Failures: as of
    /// `login_with_id_token`.
    pub(crate) fn owner(
        &self,
        store: &Store,
        provider: Option<&ProviderName>,
        id_token: &Token,
        nonce: Option<&Secret>,
    ) -> Result<Option<Id>> {
        let provider = self.named(provider)?;
        let user = self.user_of(provider, id_token, nonce)?;
        let identity = Identity { issuer: &user.iss, subject: &user.sub };
        store.read(|tx| identities::find(tx, identity))
    }

    /// Returns the provider of this name; without a name, the only one. Failure: `invalid_request`.
    pub(crate) fn named(&self, name: Option<&ProviderName>) -> Result<&Provider> {
        let unknown = |detail: &'static str| Error::at(Code::InvalidRequest, "/provider", detail);
        match (name, self.all.as_slice()) {
            (Some(name), all) => {
                all.iter().find(|provider| provider.name == *name).ok_or(unknown("no such provider"))
            }
            (None, [only]) => Ok(only),
            (None, _) => Err(unknown("there is not exactly one provider")),
        }
    }

    /// Returns the provider of an identity with this issuer, if one is configured.
    pub(crate) fn of_issuer(&self, issuer: &str) -> Option<&Provider> {
        self.all.iter().find(|provider| provider.has_issued_as(issuer))
    }

    /// Returns the user of this token. Failures: `invalid_token`, `auth_service_unavailable`.
    pub(crate) fn user_of(
        &self,
        provider: &Provider,
        token: &Token,
        nonce: Option<&Secret>,
    ) -> Result<ProviderUser> {
        self.user_by_token(provider, token, nonce, &mut Exchange::of_keys(provider.deadline()))
    }

    /// Returns the user who logged in for this code. Failures: `invalid_credentials`, `invalid_token`,
    /// `auth_service_unavailable`, `invalid_config`; `invalid_request`, if the host has yet to send a request.
    pub(crate) fn user_by_code(
        &self,
        provider: &Provider,
        redeemed: &Redeemed,
        exchange: &mut Exchange,
    ) -> Result<ProviderUser> {
        let client = provider.client()?;
        provider.keys.prepare(exchange, &self.clock)?;
        let tokens = client.redeem(redeemed, exchange, &self.clock)?;
        if let Some(userinfo) = &client.userinfo {
            return client.described(userinfo, &tokens, exchange);
        }
        let no_token = || Error::new(Code::InvalidToken, "no_id_token");
        let id_token = tokens.id_token.as_ref().ok_or_else(no_token)?;
        let user = self.user_by_token(provider, id_token, Some(redeemed.nonce), exchange)?;
        client.complete(user, &provider.email_verified_claim, &tokens, exchange, &self.clock)
    }

    fn user_by_token(
        &self,
        provider: &Provider,
        token: &Token,
        nonce: Option<&Secret>,
        exchange: &mut Exchange,
    ) -> Result<ProviderUser> {
        let Signed { claims, key_issuer } = provider.keys.verify(token.expose(), exchange, &self.clock)?;
        let claims = IdClaims::parse(&claims, &provider.email_verified_claim)?;
        let leeway = self.leeway_seconds;
        let accepted = provider.accept(&claims, key_issuer.as_deref(), nonce, self.clock.now(), leeway);
        accepted.map(|()| claims.user)
    }
}

impl Provider {
    fn new(
        config: &Config,
        name: &ProviderName,
        provider: &IdTokenProvider,
        reporter: &Arc<Reporter>,
    ) -> Result<Provider> {
        let roles_of_new = match &provider.auto_register {
            AutoRegister::No => None,
            AutoRegister::Yes(None) => Some(config.registration.default_roles.clone()),
            AutoRegister::Yes(Some(roles)) => Some(roles.clone()),
        };
        let too_many = |_| Error::at(Code::InvalidConfig, "/auto_register", "too many roles");
        let provider = provider.completed();
        let http = Provider::http(&provider)?;
        let metadata = Provider::metadata(&provider, http.as_ref());
        let issuer = provider.issuer.as_ref().map(|issuer| issuer.as_str().to_owned());
        Ok(Provider {
            name: name.clone(),
            issuer: issuer.ok_or(Error::at(Code::InvalidConfig, "/issuer", "missing"))?,
            tenants: provider.tenants.clone(),
            client_ids: provider.client_id.members().to_vec(),
            keys: ProviderKeys::new(name, &provider, http.as_ref(), metadata.as_ref(), reporter)?,
            client: ProviderClient::new(&provider, metadata.as_ref())?,
            http,
            timeout: Duration::from_millis(provider.timeout_ms.get() as u64),
            exchange: provider.exchange,
            roles_of_new: roles_of_new.map(in_order).transpose().map_err(too_many)?,
            vouches_for_addresses: provider.link_verified_email,
            email_verified_claim: provider.email_verified_claim.unwrap_or("email_verified".to_owned()),
        })
    }

    /// Returns the engine's client; none if the host sends, or if a build without the feature `http` only verifies
    /// ID tokens.
    fn http(provider: &IdTokenProvider) -> Result<Option<Arc<http::Client>>> {
        if provider.exchange == ExchangeBy::Host {
            return Ok(None);
        }
        match http::Client::new(provider.ca_file.as_deref()) {
            Ok(client) => Ok(Some(Arc::new(client))),
            Err(error) if error.code == Code::FeatureNotBuilt && provider.jwks.is_some() => Ok(None),
            Err(error) => {
                let key = if error.code == Code::InvalidConfig { "/ca_file" } else { "/jwks_uri" };
                Err(Error { field: Some(key.to_owned()), ..error })
            }
        }
    }

    fn metadata(
        provider: &IdTokenProvider,
        http: Option<&Arc<http::Client>>,
    ) -> Option<Arc<RemoteDocument<Metadata>>> {
        let (url, client) = provider.metadata_url().zip(http.map(Arc::clone))?;
        let issuer = provider.issuer.as_ref()?.as_str().to_owned();
        Some(Arc::new(RemoteDocument::new(move |deadline| {
            Metadata::read(&client.get(&url, deadline)?, &issuer)
        })))
    }

    /// Returns this service as a client of the provider. Failures: `invalid_config`, `feature_not_built`.
    pub(crate) fn client(&self) -> Result<&ProviderClient> {
        let field = || format!("/id_token_providers/{}", self.name.as_str());
        if self.http.is_none() && self.exchange != ExchangeBy::Host {
            return Err(Error::at(Code::FeatureNotBuilt, field(), "http"));
        }
        let lacking =
            || Error::at(Code::InvalidConfig, field(), "no endpoints, or no client_secret or client_key");
        self.client.as_ref().ok_or_else(lacking)
    }

    /// Returns who sends the requests of a login, which begin now.
    pub(crate) fn exchange(&self, received: Vec<ProviderResponse>) -> Exchange<'_> {
        Exchange::of(self.http.as_deref(), received, self.deadline())
    }

    /// Returns when a call that begins now must be done with the provider.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::after(self.timeout)
    }

    /// Returns the provider's name and the members of its key set that are not usable keys.
    pub(crate) fn bad_keys(&self) -> (&ProviderName, Vec<BadMember>) {
        (&self.name, self.keys.bad())
    }

    /// Returns the provider's issuer, unless it has one for each tenant.
    pub(crate) fn only_issuer(&self) -> Option<&str> {
        Some(self.issuer.as_str()).filter(|issuer| !issuer.contains(TENANT_ID))
    }

    /// Returns the provider's name in the configuration.
    pub(crate) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Returns the provider's issuer, as configured.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns whether a linked identity of this issuer may be from this provider.
    pub(crate) fn has_issued_as(&self, issuer: &str) -> bool {
        match self.issuer.split_once(TENANT_ID) {
            Some((before, after)) => issuer.strip_prefix(before).is_some_and(|rest| rest.ends_with(after)),
            None => self.issuer == issuer,
        }
    }

    /// Checks that the claims are from this provider, for this service and valid now (OpenID Connect Core
    /// section 3.1.3.7).
    fn accept(
        &self,
        claims: &IdClaims,
        key_issuer: Option<&str>,
        nonce: Option<&Secret>,
        now: i64,
        leeway: i64,
    ) -> Result<()> {
        let is_ours = |client_id: &String| self.client_ids.contains(client_id);
        let refused = |reason: &'static str| Err(Error::new(Code::InvalidToken, reason));
        if self.issuer_for(&self.issuer, claims).as_ref() != Some(&claims.user.iss) {
            refused("wrong_issuer")
        } else if key_issuer.is_some_and(|issuer| self.is_of_another(issuer, claims)) {
            // The key is one of the set, but belongs to another issuer.
            refused("wrong_key_issuer")
        } else if !self.admits(claims.tid.as_deref()) {
            refused("wrong_tenant")
        } else if claims.aud.is_empty() || !claims.aud.iter().all(is_ours) {
            // Any other audience of the token could present it here.
            refused("wrong_audience")
        } else if !claims.azp.as_ref().map_or(claims.aud.len() == 1, is_ours) {
            refused("wrong_authorized_party")
        } else if claims.exp + leeway <= now {
            refused("expired")
        } else if claims.nbf.is_some_and(|nbf| nbf > now + leeway) {
            refused("not_yet_valid")
        } else if claims.iat > now + leeway {
            refused("issued_in_the_future")
        } else if nonce.is_some_and(|nonce| !is_nonce_of(claims, nonce.expose())) {
            refused("wrong_nonce")
        } else {
            Ok(())
        }
    }
}

/// Returns whether the token has this nonce. An empty nonce is none: a host sends it where it has lost its own.
fn is_nonce_of(claims: &IdClaims, nonce: &str) -> bool {
    !nonce.is_empty() && claims.nonce.as_deref() == Some(nonce)
}

impl Provider {
    fn is_of_many_tenants(&self) -> bool {
        self.issuer.contains(TENANT_ID)
    }

    /// Returns whether a key was published for another issuer than that of the claims. For a single tenant
    /// this is checked only if the key's issuer is at the same host: `issuer` of a JWK is not registered, and
    /// the issuers of Entra's older tokens are at another host than those of its keys.
    fn is_of_another(&self, key_issuer: &str, claims: &IdClaims) -> bool {
        let host = |issuer: &str| issuer.split('/').nth(2).map(str::to_owned);
        let is_asked = self.is_of_many_tenants() || host(key_issuer) == host(&self.issuer);
        is_asked && self.issuer_for(key_issuer, claims).as_ref() != Some(&claims.user.iss)
    }

    /// Returns an issuer's name for the tenant of the claims; none if it needs a tenant and the claims name
    /// none.
    fn issuer_for(&self, issuer: &str, claims: &IdClaims) -> Option<String> {
        if !issuer.contains(TENANT_ID) {
            return Some(issuer.to_owned());
        }
        let tenant: Tenant = claims.tid.as_ref()?.parse().ok()?;
        Some(issuer.replace(TENANT_ID, tenant.as_str()))
    }

    /// Returns what is recorded of a login, in the provider's own words.
    pub(crate) fn login(&self, user: &ProviderUser) -> ProviderLogin {
        let acr = user.acr.clone();
        let amr = user.amr.clone();
        let auth_time = user.auth_time;
        ProviderLogin { name: self.name.as_str().to_owned(), acr, amr, auth_time }
    }

    /// Returns whether users of this tenant may log in.
    fn admits(&self, tenant: Option<&str>) -> bool {
        let is_it = |it: &Tenant| Some(it.as_str()) == tenant;
        self.tenants.as_ref().is_none_or(|tenants| tenants.iter().any(is_it))
    }
}
