//! Providers of ID tokens: whom they speak for, and what makes a token theirs.

use std::sync::Arc;

use super::accounts::in_order;
use super::log::Reporter;
use super::provider_keys::ProviderKeys;
use crate::clock::Clock;
use crate::config::{AutoRegister, Config, IdTokenProvider, ProviderName, TENANT_ID, Tenant};
use crate::crypto::id_token::IdClaims;
use crate::crypto::jwks::{BadMember, Signed};
use crate::error::{Code, Error, Result};
use crate::password::Secret;
use crate::store::Store;
use crate::store::identities::{self, Identity};
use crate::token::Token;
use crate::user::{Id, ProviderLogin, Role};

/// A provider, and how far it is trusted.
pub(crate) struct Provider {
    pub name: ProviderName,
    issuer: String,
    tenants: Option<Vec<Tenant>>,
    client_ids: Vec<String>,
    keys: ProviderKeys,
    /// The roles of whom it brings, where it may bring anybody.
    pub roles_of_new: Option<Vec<Role>>,
    pub vouches_for_addresses: bool,
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
            .collect::<Result<_>>();
        let (leeway_seconds, clock) = (config.leeway_seconds.seconds(), Arc::clone(&reporter.clock));
        Ok(Providers { all: all?, leeway_seconds, clock })
    }

    /// The account that the identity of an ID token opens, if it opens one. Failures: as of `login_with_id_token`.
    pub(crate) fn owner(
        &self,
        store: &Store,
        provider: Option<&ProviderName>,
        id_token: &Token,
        nonce: Option<&Secret>,
    ) -> Result<Option<Id>> {
        let provider = self.named(provider)?;
        let claims = self.claims_of(provider, id_token, nonce)?;
        let identity = Identity { issuer: &claims.iss, subject: &claims.sub };
        store.read(|tx| identities::find(tx, identity))
    }

    /// The provider of this name; none means the only one. Failure: `invalid_request`.
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

    /// What the provider says in this token. Failures: `invalid_token`, `auth_service_unavailable`.
    pub(crate) fn claims_of(
        &self,
        provider: &Provider,
        token: &Token,
        nonce: Option<&Secret>,
    ) -> Result<IdClaims> {
        let Signed { claims, key_issuer } = provider.keys.verify(token.expose(), &self.clock)?;
        let claims = IdClaims::parse(&claims)?;
        let leeway = self.leeway_seconds;
        let accepted = provider.accept(&claims, key_issuer.as_deref(), nonce, self.clock.now(), leeway);
        accepted.map(|()| claims)
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
        Ok(Provider {
            name: name.clone(),
            issuer: provider.issuer.as_str().to_owned(),
            tenants: provider.tenants.clone(),
            client_ids: provider.client_id.members().to_vec(),
            keys: ProviderKeys::new(name, provider, reporter)?,
            roles_of_new: roles_of_new.map(in_order).transpose().map_err(too_many)?,
            vouches_for_addresses: provider.link_verified_email,
        })
    }

    /// What it is called, and the members of its key set that are no good keys.
    pub(crate) fn bad_keys(&self) -> (&ProviderName, Vec<BadMember>) {
        (&self.name, self.keys.bad())
    }

    /// What it is called in the configuration.
    pub(crate) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Whether a linked identity of this issuer may be from here.
    pub(crate) fn has_issued_as(&self, issuer: &str) -> bool {
        match self.issuer.split_once(TENANT_ID) {
            Some((before, after)) => issuer.strip_prefix(before).is_some_and(|rest| rest.ends_with(after)),
            None => self.issuer == issuer,
        }
    }

    /// Whether the claims are this provider's, for this service and for now (OpenID Connect Core section 3.1.3.7).
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
        if self.issuer_for(&self.issuer, claims).as_ref() != Some(&claims.iss) {
            refused("wrong_issuer")
        } else if key_issuer.is_some_and(|issuer| self.is_of_another(issuer, claims)) {
            // It is one of the set, and another issuer's.
            refused("wrong_key_issuer")
        } else if !self.admits(claims.tid.as_deref()) {
            refused("wrong_tenant")
        } else if claims.aud.is_empty() || !claims.aud.iter().all(is_ours) {
            // Whoever else it was made for could offer it here.
            refused("wrong_audience")
        } else if !claims.azp.as_ref().map_or(claims.aud.len() == 1, is_ours) {
            refused("wrong_authorized_party")
        } else if claims.exp + leeway <= now {
            refused("expired")
        } else if claims.nbf.is_some_and(|nbf| nbf > now + leeway) {
            refused("not_yet_valid")
        } else if claims.iat > now + leeway {
            refused("issued_in_the_future")
        } else if nonce.is_some_and(|nonce| claims.nonce.as_deref() != Some(nonce.expose())) {
            refused("wrong_nonce")
        } else {
            Ok(())
        }
    }
}

impl Provider {
    fn is_of_many_tenants(&self) -> bool {
        self.issuer.contains(TENANT_ID)
    }

    /// Whether a key that is published for this issuer is not that of the claims. Of a single tenant that is asked only
    /// where the key's issuer is at the same host: `issuer` of a JWK is registered nowhere, and the issuers of
    /// Entra's older tokens are at another host than those of its keys.
    fn is_of_another(&self, key_issuer: &str, claims: &IdClaims) -> bool {
        let host = |issuer: &str| issuer.split('/').nth(2).map(str::to_owned);
        let is_asked = self.is_of_many_tenants() || host(key_issuer) == host(&self.issuer);
        is_asked && self.issuer_for(key_issuer, claims).as_ref() != Some(&claims.iss)
    }

    /// What an issuer is called for the tenant of the claims; nothing, where it wants one and they name none.
    fn issuer_for(&self, issuer: &str, claims: &IdClaims) -> Option<String> {
        if !issuer.contains(TENANT_ID) {
            return Some(issuer.to_owned());
        }
        let tenant: Tenant = claims.tid.as_ref()?.parse().ok()?;
        Some(issuer.replace(TENANT_ID, tenant.as_str()))
    }

    /// What is kept of a login, in the provider's own words.
    pub(crate) fn login(&self, claims: &IdClaims) -> ProviderLogin {
        let (acr, amr, auth_time) = (claims.acr.clone(), claims.amr.clone(), claims.auth_time);
        ProviderLogin { name: self.name.as_str().to_owned(), acr, amr, auth_time }
    }

    /// Whether users of this tenant may log in.
    fn admits(&self, tenant: Option<&str>) -> bool {
        let is_it = |it: &Tenant| Some(it.as_str()) == tenant;
        self.tenants.as_ref().is_none_or(|tenants| tenants.iter().any(is_it))
    }
}
