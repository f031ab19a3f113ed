//! Invitations to organizations: `invite_member`, `list_invitations`, `revoke_invitation`. `accept_invitation` accepts
//! them.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{known, page};
use crate::engine::Engine;
use crate::engine::accounts::in_order;
use crate::engine::audit::Kind as EventKind;
use crate::engine::organizations::{Invited, may_invite, owner_of, record_member};
use crate::engine::outbox::{Behind, INVITATION_SECONDS};
use crate::engine::pending::{INVITED_SECONDS, Newcomer};
use crate::error::{Code, Error, Result};
use crate::json;
use crate::mail::Kind;
use crate::store::organizations::{self as rows, Invitation, Organization};
use crate::store::{Durability, Share, Tx};
use crate::types::id::Id;
use crate::types::user::{Email, Locale, Role};

/// Invites the reader of an address to an organization.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct InviteMemberRequest {
    /// The organization's id.
    pub organization_id: Id,
    /// The address. It does not matter whether an account has it.
    pub email: Email,
    /// The roles in the organization; default: none.
    pub roles: Option<Vec<Role>>,
    /// The member who invites. The invitation is withdrawn when that member is removed, loses a role or is locked.
    pub invited_by: Option<Id>,
    /// The language of the mail. Default: that of the account.
    pub locale: Option<Locale>,
}

/// The invitation, the same whether or not an account has the address.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct InviteMemberResponse {
    /// The invitation.
    pub invitation: InvitationInfo,
}

/// Lists the invitations to an organization that were not accepted yet, in the order of their ids.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ListInvitationsRequest {
    /// The organization's id.
    pub organization_id: Id,
    /// The most to return: 1 to 1000, default 100.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u32>,
    /// Only invitations after this id: `next` of the previous page.
    pub after: Option<Id>,
}

/// A page of invitations.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ListInvitationsResponse {
    /// The invitations.
    pub invitations: Vec<InvitationInfo>,
    /// The id to give as `after` for the next page; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Id>,
}

/// Revokes an invitation to an organization.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RevokeInvitationRequest {
    /// The organization's id.
    pub organization_id: Id,
    /// The invitation's id.
    pub invitation_id: Id,
}

/// The invitation can be accepted no more.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RevokeInvitationResponse {
    /// Whether the organization had the invitation.
    pub revoked: bool,
}

/// An invitation to an organization.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Invitation")]
#[non_exhaustive]
pub struct InvitationInfo {
    /// The invitation's id.
    pub id: Id,
    /// The organization's id.
    pub organization_id: Id,
    /// The address as it was given.
    pub email: Email,
    /// The member who invites, if the request named one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invited_by: Option<Id>,
    /// The roles that the member gets in the organization, in alphabetical order.
    pub roles: Vec<Role>,
    /// When the invitation was made.
    pub created_at: i64,
    /// When the invitation expires.
    pub expires_at: i64,
}

/// The invitation to make.
struct Wanted<'a> {
    email: &'a Email,
    roles: &'a [Role],
    invited_by: Option<Id>,
    locale: Option<&'a Locale>,
}

impl Engine {
    /// Invites the reader of an address to an organization by a mail. Another invitation to the same address replaces
    /// it. Whether an account has the address is not disclosed: the answer and the work are the same.
    ///
    /// Failures: `organization_not_found`, `member_not_found` (`invited_by` is no active one), `already_member`,
    /// `too_many_attempts` (too many invitations to this address), `invalid_request`, `store_unavailable`.
    pub fn invite_member(&self, request: InviteMemberRequest) -> Result<InviteMemberResponse> {
        let InviteMemberRequest { organization_id, email, roles, invited_by, locale } = request;
        let roles = in_order(roles.unwrap_or_default())?;
        let now_ms = self.clock.now_ms();
        self.accounts.forget_expired(now_ms / 1000, Share::AFew)?;
        let invitation = self.mailing.write(|tx| {
            let organization = known(tx, organization_id)?;
            if let Some(inviter) = invited_by
                && !may_invite(tx, organization_id, inviter)?
            {
                return Err(Error::at(Code::MemberNotFound, "/invited_by", "no_active_member"));
            }
            self.throttle.count_invitation(tx, organization_id, &email.key(), now_ms / 1000)?;
            let wanted = Wanted { email: &email, roles: &roles, invited_by, locale: locale.as_ref() };
            self.invite(tx, &organization, &wanted, now_ms)
        })?;
        Ok(InviteMemberResponse { invitation: invitation.into() })
    }

    /// Lists the invitations to an organization that can still be accepted.
    ///
    /// Failures: `organization_not_found`, `invalid_request`, `store_unavailable`.
    pub fn list_invitations(&self, request: ListInvitationsRequest) -> Result<ListInvitationsResponse> {
        let ListInvitationsRequest { organization_id, limit, after } = request;
        let limit = page(limit)?;
        let after = after.unwrap_or(Id::from_bytes([0; 16]));
        let now = self.clock.now();
        let listed = self.store.read(|tx| {
            known(tx, organization_id)?;
            rows::invitations(tx, organization_id, after, limit, now)
        })?;
        let invitations: Vec<InvitationInfo> = listed.into_iter().map(InvitationInfo::from).collect();
        let next = invitations.last().filter(|_| invitations.len() == limit).map(|last| last.id);
        Ok(ListInvitationsResponse { invitations, next })
    }

    /// Revokes an invitation to an organization. An unknown or accepted one is not a failure.
    ///
    /// Failures: `store_unavailable`.
    pub fn revoke_invitation(&self, request: RevokeInvitationRequest) -> Result<RevokeInvitationResponse> {
        let RevokeInvitationRequest { organization_id, invitation_id } = request;
        let now = self.clock.now();
        let revoked = self.store.write(Durability::Full, |tx| {
            let Some(user_id) = rows::delete_invitation(tx, organization_id, invitation_id)? else {
                return Ok(false);
            };
            let kind = EventKind::InvitationRevoked;
            record_member(&self.audit, tx, kind, organization_id, user_id, now)?;
            Ok(true)
        })?;
        Ok(RevokeInvitationResponse { revoked })
    }

    fn invite(
        &self,
        tx: &mut Tx,
        organization: &Organization,
        wanted: &Wanted,
        now_ms: i64,
    ) -> Result<Invitation> {
        let Wanted { email, roles, invited_by, locale } = *wanted;
        let now = now_ms / 1000;
        let owner = owner_of(tx, email)?;
        let owner_id = owner.as_ref().map(|owner| owner.public.id);
        // No account has an id of zeros; the look-up is the same without an owner.
        let membership = rows::membership(tx, organization.id, owner_id.unwrap_or(Id::from_bytes([0; 16])))?;
        if membership.is_some() {
            return Err(Error::from(Code::AlreadyMember).about(owner_id, None));
        }
        let default_roles = &self.config.registration.default_roles;
        let newcomer = Newcomer { email, locale, roles: default_roles, waits_seconds: INVITED_SECONDS };
        let waiting = self.pending.account(tx, &newcomer, owner.is_none(), now_ms)?;
        waiting.settle(tx, now_ms)?;
        let user = owner.as_ref().unwrap_or(&waiting.user);
        let invitation = Invitation {
            id: Id::new(now_ms)?,
            organization_id: organization.id,
            user_id: user.public.id,
            email: email.clone(),
            invited_by,
            roles: roles.to_vec(),
            created_at: now,
            expires_at: now + INVITATION_SECONDS,
        };
        rows::forget_expired(tx, now, Share::AFew)?;
        // The mail goes to the address as the account spells it. The token of a locked account would be dead.
        let addressee = Some(user).filter(|user| user.public.is_active);
        let to = user.public.email.as_ref().unwrap_or(email);
        let invited = Invited { address: to.as_str().to_owned(), invitation: invitation.id };
        let data = json::render(&invited)?;
        let behind = Behind {
            data: data.as_bytes(),
            // An organization has one for each address.
            most: u32::MAX,
            attempts: 0,
            code: None,
            organization: Some(organization.name.as_str()),
        };
        let kind = Kind::MemberInvitation;
        let secret_id = self.mailing.outbox.put_token_for(tx, kind, addressee, to, locale, &behind, now)?;
        rows::put_invitation(tx, &invitation, &secret_id)?;
        let kind = EventKind::MemberInvited;
        record_member(&self.audit, tx, kind, organization.id, invitation.user_id, now)?;
        Ok(invitation)
    }
}

impl From<Invitation> for InvitationInfo {
    fn from(invitation: Invitation) -> InvitationInfo {
        let Invitation { id, organization_id, email, invited_by, roles, created_at, expires_at, .. } =
            invitation;
        InvitationInfo { id, organization_id, email, invited_by, roles, created_at, expires_at }
    }
}
