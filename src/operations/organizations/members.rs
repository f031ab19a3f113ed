//! Members of organizations: `add_member`, `update_member`, `remove_member`, `list_members`.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{known, page};
use crate::engine::Engine;
use crate::engine::accounts::in_order;
use crate::engine::audit::Kind;
use crate::engine::organizations::{another_owner, record_member, withdraw, withdraw_made_by};
use crate::error::{Code, Error, Result};
use crate::mail;
use crate::store::organizations::{self as rows, Member, Membership};
use crate::store::users::{self, By};
use crate::store::{Durability, sessions};
use crate::types::id::Id;
use crate::types::user::{PublicUser, Role};

/// Makes an account a member of an organization, without asking its user, who gets a mail.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AddMemberRequest {
    /// The organization's id.
    pub organization_id: Id,
    /// The account's id.
    pub user_id: Id,
    /// The roles in the organization; default: none.
    pub roles: Option<Vec<Role>>,
}

/// Changes the roles of a member.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UpdateMemberRequest {
    /// The organization's id.
    pub organization_id: Id,
    /// The account's id.
    pub user_id: Id,
    /// The new roles in the organization, which replace the old ones.
    pub roles: Vec<Role>,
}

/// A member of an organization.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct MemberResponse {
    /// The member.
    pub member: MemberInfo,
}

/// Removes a member from an organization. The account stays.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RemoveMemberRequest {
    /// The organization's id.
    pub organization_id: Id,
    /// The account's id.
    pub user_id: Id,
}

/// The account is no member any more.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RemoveMemberResponse {
    /// Whether the account was a member.
    pub removed: bool,
}

/// Lists the members of an organization in the order of their accounts' ids.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ListMembersRequest {
    /// The organization's id.
    pub organization_id: Id,
    /// The most to return: 1 to 1000, default 100.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u32>,
    /// Only members after this account: `next` of the previous page.
    pub after: Option<Id>,
}

/// A page of members.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ListMembersResponse {
    /// The members.
    pub members: Vec<MemberInfo>,
    /// The id to give as `after` for the next page; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Id>,
}

/// A member of an organization.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Member")]
#[non_exhaustive]
pub struct MemberInfo {
    /// The account. Its `roles` are those outside of the organization.
    pub user: PublicUser,
    /// The roles in the organization, in alphabetical order.
    pub roles: Vec<Role>,
    /// When the account became a member.
    pub created_at: i64,
}

impl Engine {
    /// Makes an account a member of an organization, and tells the user by mail. Invitations of the organization to it
    /// are withdrawn.
    ///
    /// Failures: `organization_not_found`, `user_not_found`, `already_member`, `invalid_request`, `store_unavailable`.
    pub fn add_member(&self, request: AddMemberRequest) -> Result<MemberResponse> {
        let AddMemberRequest { organization_id, user_id, roles } = request;
        let roles = in_order(roles.unwrap_or_default())?;
        let now = self.clock.now();
        self.mailing.write(|tx| {
            known(tx, organization_id)?;
            let user = users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))?.public;
            if rows::membership(tx, organization_id, user_id)?.is_some() {
                return Err(Error::from(Code::AlreadyMember).about(Some(user_id), None));
            }
            let membership = Membership { roles: roles.clone(), created_at: now };
            rows::put_member(tx, organization_id, user_id, &membership)?;
            // Otherwise the member would return by it after a removal.
            withdraw(&self.audit, tx, organization_id, &user, now)?;
            record_member(&self.audit, tx, Kind::MemberAdded, organization_id, user_id, now)?;
            self.mailing.outbox.tell_member(
                tx,
                &self.throttle,
                mail::Kind::MemberAdded,
                &user,
                organization_id,
                now,
            )?;
            Ok(MemberResponse { member: Member { user, membership }.into() })
        })
    }

    /// Changes the roles of a member. The last owner stays one. If the member loses a role, the invitations that name
    /// the member as `invited_by` are withdrawn.
    ///
    /// Failures: `member_not_found`, `permission_denied` (no other owner would remain), `invalid_request`,
    /// `store_unavailable`.
    pub fn update_member(&self, request: UpdateMemberRequest) -> Result<MemberResponse> {
        let UpdateMemberRequest { organization_id, user_id, roles } = request;
        let roles = in_order(roles)?;
        let now = self.clock.now();
        self.store.write(Durability::Full, |tx| {
            let before = rows::membership(tx, organization_id, user_id)?;
            let before = before.ok_or(Error::from(Code::MemberNotFound))?;
            let user = users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::MemberNotFound))?.public;
            let (was_owner, is_changed) = (before.is_owner(), before.roles != roles);
            let before_roles = before.roles.clone();
            let membership = Membership { roles: roles.clone(), ..before };
            if was_owner && !membership.is_owner() {
                another_owner(tx, organization_id, user_id)?;
            }
            if is_changed {
                rows::put_member(tx, organization_id, user_id, &membership)?;
                if before_roles.iter().any(|role| !roles.contains(role)) {
                    withdraw_made_by(&self.audit, tx, organization_id, user_id, now)?;
                }
                record_member(&self.audit, tx, Kind::MemberUpdated, organization_id, user_id, now)?;
            }
            Ok(MemberResponse { member: Member { user, membership }.into() })
        })
    }

    /// Removes a member from an organization, ends the member's sessions in it, and withdraws its invitations to the
    /// account and those that name it as `invited_by`. The user gets a mail. The last owner stays. An account that is no
    /// member is not a failure.
    ///
    /// Failures: `permission_denied` (no other owner would remain), `store_unavailable`.
    pub fn remove_member(&self, request: RemoveMemberRequest) -> Result<RemoveMemberResponse> {
        let RemoveMemberRequest { organization_id, user_id } = request;
        let now = self.clock.now();
        let removed = self.mailing.write(|tx| {
            let Some(before) = rows::membership(tx, organization_id, user_id)? else { return Ok(false) };
            if before.is_owner() {
                another_owner(tx, organization_id, user_id)?;
            }
            rows::remove_member(tx, organization_id, user_id)?;
            if let Some(user) = users::find(tx, By::Id(user_id))? {
                withdraw(&self.audit, tx, organization_id, &user.public, now)?;
                let kind = mail::Kind::MemberRemoved;
                self.mailing.outbox.tell_member(
                    tx,
                    &self.throttle,
                    kind,
                    &user.public,
                    organization_id,
                    now,
                )?;
            }
            withdraw_made_by(&self.audit, tx, organization_id, user_id, now)?;
            let ended = sessions::revoke_of_member(tx, organization_id, user_id, now)?;
            self.sessions.ended_with_membership(tx, user_id, ended, now)?;
            record_member(&self.audit, tx, Kind::MemberRemoved, organization_id, user_id, now)?;
            Ok(true)
        })?;
        Ok(RemoveMemberResponse { removed })
    }

    /// Lists the members of an organization.
    ///
    /// Failures: `organization_not_found`, `invalid_request`, `store_unavailable`.
    pub fn list_members(&self, request: ListMembersRequest) -> Result<ListMembersResponse> {
        let ListMembersRequest { organization_id, limit, after } = request;
        let limit = page(limit)?;
        let after = after.unwrap_or(Id::from_bytes([0; 16]));
        let listed = self.store.read(|tx| {
            known(tx, organization_id)?;
            rows::members(tx, organization_id, after, limit)
        })?;
        let members: Vec<MemberInfo> = listed.into_iter().map(MemberInfo::from).collect();
        let next = members.last().filter(|_| members.len() == limit).map(|last| last.user.id);
        Ok(ListMembersResponse { members, next })
    }
}

impl From<Member> for MemberInfo {
    fn from(member: Member) -> MemberInfo {
        let Member { user, membership: Membership { roles, created_at } } = member;
        MemberInfo { user, roles, created_at }
    }
}
