//! Authorization: `authorize`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::ProviderName;
use crate::engine::Engine;
use crate::engine::tokens::Bearer;
use crate::error::{Code, Result};
use crate::store::organizations;
use crate::types::id::Id;
use crate::types::strict::HostOnly;
use crate::types::token::Token;
use crate::types::user::{Email, Offered, Permission, Role, Scope};

/// Checks whether the bearer of a token or API key may do something. All conditions that are given must hold.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AuthorizeRequest<'a> {
    /// The access token or API key.
    #[serde(borrow)]
    pub token: Token<'a>,
    /// The backend that must have issued the token, or that the API key is for; default: `default`.
    pub backend: Option<String>,
    /// The account is a member of this organization, and the token is of no session in another. `roles` and `permissions` are then those in the organization.
    pub organization_id: Option<Id>,
    /// The account has at least one of these roles, and an API key has it, too. An empty list admits no user.
    pub roles: Option<Vec<Role>>,
    /// The roles of the account give all of these permissions (`roles` of the configuration, in an organization
    /// `organization_roles`), and those of an API key give them, too.
    pub permissions: Option<Vec<Permission>>,
    /// The account has this id.
    pub user_id: Option<String>,
    /// The account has this address, in any case of letters. It must be verified, unless
    /// `require_verified_email` is false.
    pub email: Option<Offered>,
    /// The token or API key carries all of these scopes (RFC 6749 section 3.3).
    pub scopes: Option<Vec<Scope>>,
    /// The account's address is verified; default: true if `email` is given.
    pub require_verified_email: Option<bool>,
    /// The user authenticated at most this many seconds ago. An API key is no such proof.
    pub max_age_seconds: Option<u32>,
    /// The user authenticated in the token's session by one of these methods (RFC 8176; `mfa`: by a factor
    /// beside another), at most `max_age_seconds` ago if that is given.
    pub amr: Option<Vec<String>>,
    /// The token's session was opened by a login at a provider of which this holds, in the provider's words.
    #[serde(default, deserialize_with = "crate::types::strict::optional_object")]
    pub provider: Option<ProviderCondition>,
    /// If the account has a second factor, the same as `"amr": ["mfa"]`: the condition for adding or removing
    /// a factor. An API key never meets it.
    pub by_second_factor: Option<bool>,
}

/// A login at a provider. All conditions that are given must hold. Only a provider that is trusted with them should be
/// asked for `acr` and `amr`.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ProviderCondition {
    /// The provider's name in `id_token_providers`.
    pub name: Option<ProviderName>,
    /// The authentication context class is one of these (OpenID Connect Core section 2).
    pub acr: Option<Vec<String>>,
    /// The user authenticated there by all of these methods (RFC 8176).
    pub amr: Option<Vec<String>>,
    /// The user authenticated there at most this many seconds ago.
    pub max_age_seconds: Option<u32>,
}

/// The verdict.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct AuthorizeResponse {
    /// Whether the bearer may.
    pub authorized: bool,
    /// Why not. It is for the host only: do not pass it on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<HostOnly<String>>,
}

impl Engine {
    /// Decides whether the bearer of a token or API key is authorized, by the account as it is now and not by the
    /// token's claims about it. Any problem with the token means no.
    ///
    /// Failures: `invalid_request`, `store_unavailable`.
    pub fn authorize(&self, request: AuthorizeRequest) -> Result<AuthorizeResponse> {
        let backend = self.keys.backend(request.backend.as_deref())?;
        let reason = match self.credentials.bearer(&request.token, backend) {
            Ok(bearer) => self.objection(&request, &bearer)?.map(str::to_owned),
            Err(error) => match error.code {
                Code::InvalidToken => Some(error.detail.unwrap_or_default().into_owned()),
                Code::TokenUserNotFound => Some("unknown_user".to_owned()),
                _ => return Err(error),
            },
        };
        Ok(AuthorizeResponse { authorized: reason.is_none(), reason: reason.map(HostOnly) })
    }

    fn objection(&self, request: &AuthorizeRequest, bearer: &Bearer) -> Result<Option<&'static str>> {
        let Bearer { user, scope, auth_time, proofs, .. } = bearer;
        let granted = scope.as_deref().unwrap_or_default();
        let now = self.clock.now();
        let latest = now + self.config.leeway_seconds.seconds();
        // Where addresses are concealed, an address belongs to an account only once it is verified.
        let is_theirs = user.email_verified || !self.config.registration.conceal_existing;
        let is_address = |email: &str| {
            // Two mailboxes may have addresses with the same key.
            let offered = email.parse::<Email>().ok();
            let is_own =
                offered.zip(user.email.as_ref()).is_some_and(|(offered, own)| own.is_mailbox_of(&offered));
            is_theirs && is_own
        };
        let elsewhere =
            bearer.organization_id.filter(|id| request.organization_id.is_some_and(|asked| asked != *id));
        if elsewhere.is_some() {
            return Ok(Some("another_organization"));
        }
        let Some(Standing { roles, gives }) = self.standing(request, bearer)? else {
            return Ok(Some("not_a_member"));
        };
        let gives = |role, permission| gives.get(role).is_some_and(|all| all.contains(permission));
        let is_given = |permission| roles.iter().any(|role| gives(role, permission));
        let needs_verified = request.require_verified_email.unwrap_or(request.email.is_some());
        // A time in the future was written while a clock was wrong, and would stay recent until then.
        let is_young = |time: i64| {
            let most = request.max_age_seconds.map(i64::from);
            most.is_none_or(|most| (now - most..=latest).contains(&time))
        };
        let is_recent = |time: Option<i64>| time.is_some_and(is_young);
        let by_one_of = |methods: &[String]| methods.iter().any(|method| is_recent(proofs.time_of(method)));
        // An API key proves nothing about a person, and a person who acts as the user is not the user.
        let proves_no_person = bearer.is_api_key || bearer.act.is_some();
        let wants_factor = request.by_second_factor == Some(true)
            && (proves_no_person || self.store.read(|tx| self.factors.demanded_of(tx, user))?.any());
        Ok(if request.roles.as_ref().is_some_and(|wanted| !wanted.iter().any(|role| roles.contains(role))) {
            Some("missing_role")
        } else if request.permissions.iter().flatten().any(|permission| !is_given(permission)) {
            Some("missing_permission")
        } else if request.user_id.as_ref().is_some_and(|id| *id != user.id.to_string()) {
            Some("another_user")
        } else if request.email.as_ref().is_some_and(|email| !is_address(email.as_str())) {
            Some("another_email")
        } else if request.scopes.iter().flatten().any(|scope| !scope.is_within(granted)) {
            Some("missing_scope")
        } else if needs_verified && !user.email_verified {
            Some("unverified_email")
        } else if bearer.act.is_some()
            && (request.max_age_seconds.is_some() || request.amr.is_some() || wants_factor)
        {
            Some("impersonated")
        } else if (request.max_age_seconds.is_some() && !is_recent(*auth_time))
            || request.amr.as_ref().is_some_and(|methods| !by_one_of(methods))
            || (wants_factor && !is_recent(proofs.time_of("mfa")))
        {
            Some("reauthentication_required")
        } else if request.provider.as_ref().is_some_and(|wanted| !wanted.is_met(bearer, now, latest)) {
            Some("provider_login_required")
        } else {
            None
        })
    }
}

/// The roles that count, and the permissions that each of them gives.
struct Standing<'a> {
    roles: Cow<'a, [Role]>,
    gives: &'a BTreeMap<Role, Vec<Permission>>,
}

impl Engine {
    /// Returns the roles of the account, or those in the organization; none if the account is no member of it.
    fn standing<'a>(
        &'a self,
        request: &AuthorizeRequest,
        bearer: &'a Bearer,
    ) -> Result<Option<Standing<'a>>> {
        let Some(organization_id) = request.organization_id else {
            let roles = Cow::Borrowed(bearer.user.roles.as_slice());
            return Ok(Some(Standing { roles, gives: &self.config.roles }));
        };
        let membership =
            self.store.read(|tx| organizations::membership(tx, organization_id, bearer.user.id))?;
        // An API key that has not all roles of its account has not all in an organization either.
        let has_key = |role: &Role| bearer.key_roles.as_ref().is_none_or(|roles| roles.contains(role));
        Ok(membership.map(|membership| Standing {
            roles: membership.roles.into_iter().filter(has_key).collect(),
            gives: &self.config.organization_roles,
        }))
    }
}

impl ProviderCondition {
    fn is_met(&self, bearer: &Bearer, now: i64, latest: i64) -> bool {
        let Some(login) = &bearer.provider else { return false };
        let is_named = self.name.as_ref().is_none_or(|name| name.as_str() == login.name);
        let is_of_class =
            self.acr.as_ref().is_none_or(|classes| login.acr.iter().any(|acr| classes.contains(acr)));
        let is_by_all =
            self.amr.as_ref().is_none_or(|methods| methods.iter().all(|method| login.amr.contains(method)));
        let is_recent = self.max_age_seconds.is_none_or(|most| {
            login.auth_time.is_some_and(|time| (now - i64::from(most)..=latest).contains(&time))
        });
        is_named && is_of_class && is_by_all && is_recent
    }
}
