//! Organizations: the last owner stays, and an invitation becomes a membership.

use serde::{Deserialize, Serialize};

use super::audit::{Audit, Kind, event};
use super::one_time::Found;
use super::pending::Pending;
use super::step::Step;
use crate::error::{Code, Error, Result};
use crate::mail;
use crate::store::events::Event;
use crate::store::organizations::{self, Invitation, Membership};
use crate::store::users::{self, By, User};
use crate::store::{Tx, damaged, mails};
use crate::types::id::Id;
use crate::types::user::{Email, OrganizationRoles, PublicUser};

/// What the mailed token of an invitation is for, sealed with it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Invited {
    /// The address that the token was mailed to.
    pub address: String,
    /// The id of the invitation.
    pub invitation: Id,
}

impl Invited {
    pub(crate) fn of(found: &Found) -> Result<Invited> {
        serde_json::from_slice(&found.data).map_err(|_| damaged())
    }
}

/// Returns the invitation of a mailed token, unless it was revoked or replaced, or the member who invites may do so no
/// more.
pub(crate) fn invitation(tx: &mut Tx, invited: &Invited, now: i64) -> Result<Invitation> {
    let withdrawn = || Error::new(Code::InvalidMailToken, "withdrawn");
    let found = organizations::invitation(tx, invited.invitation, now)?.ok_or_else(withdrawn)?;
    match found.invited_by {
        Some(inviter) if !may_invite(tx, found.organization_id, inviter)? => Err(withdrawn()),
        _ => Ok(found),
    }
}

/// Whether an account can be the one that invites to an organization: an active member.
pub(crate) fn may_invite(tx: &mut Tx, organization_id: Id, user_id: Id) -> Result<bool> {
    let is_active = users::find(tx, By::Id(user_id))?.is_some_and(|user| user.public.is_active);
    Ok(is_active && organizations::membership(tx, organization_id, user_id)?.is_some())
}

/// Returns the account that has verified an address, spelled as it spells it.
pub(crate) fn owner_of(tx: &mut Tx, address: &Email) -> Result<Option<User>> {
    Ok(users::find(tx, By::Email(&address.key()))?.filter(|owner| {
        let own = owner.public.email.as_ref();
        owner.public.email_verified && own.is_some_and(|own| own.is_mailbox_of(address))
    }))
}

/// Whether the reader of an invitation that was mailed for this account gets it as a new one: it waits still, and no
/// other account has verified the address since.
pub(crate) fn makes_account(tx: &mut Tx, user: &User, address: &Email) -> Result<bool> {
    Ok(Pending::waits(tx, user)? && owner_of(tx, address)?.is_none())
}

/// Withdraws the invitations of an organization to an account, also to the address that it has verified.
pub(crate) fn withdraw(
    audit: &Audit,
    tx: &mut Tx,
    organization_id: Id,
    user: &PublicUser,
    now: i64,
) -> Result<()> {
    let address = user.email.as_ref().filter(|_| user.email_verified).map(Email::key);
    for user_id in organizations::delete_invitations_to(tx, organization_id, user.id, address.as_deref())? {
        record_member(audit, tx, Kind::InvitationRevoked, organization_id, user_id, now)?;
    }
    Ok(())
}

/// Withdraws the invitations to an organization that a member made.
pub(crate) fn withdraw_made_by(
    audit: &Audit,
    tx: &mut Tx,
    organization_id: Id,
    member: Id,
    now: i64,
) -> Result<()> {
    for user_id in organizations::delete_invitations_by(tx, organization_id, member)? {
        record_member(audit, tx, Kind::InvitationRevoked, organization_id, user_id, now)?;
    }
    Ok(())
}

/// Withdraws the invitations of all organizations to an account after its address was changed.
pub(crate) fn withdraw_all(tx: &mut Tx, user_id: Id) -> Result<()> {
    organizations::delete_invitations_of(tx, user_id)?;
    mails::delete_kind(tx, user_id, mail::Kind::MemberInvitation.name())
}

/// Withdraws the invitations of all organizations to an account that is locked, and those that it made: they may be the
/// work of a thief.
pub(crate) fn withdraw_of_locked(tx: &mut Tx, user_id: Id) -> Result<()> {
    withdraw_all(tx, user_id)?;
    organizations::delete_every_invitation_by(tx, user_id)
}

/// Makes an account a member by an invitation, which is used up. Returns false if the account was one before: its roles
/// stay.
pub(crate) fn join(
    audit: &Audit,
    tx: &mut Tx,
    invitation: &Invitation,
    user_id: Id,
    now: i64,
) -> Result<bool> {
    let Invitation { id, organization_id, roles, .. } = invitation;
    organizations::delete_invitation(tx, *organization_id, *id)?;
    if organizations::membership(tx, *organization_id, user_id)?.is_some() {
        return Ok(false);
    }
    let membership = Membership { roles: roles.clone(), created_at: now };
    organizations::put_member(tx, *organization_id, user_id, &membership)?;
    record_member(audit, tx, Kind::MemberAdded, *organization_id, user_id, now)?;
    Ok(true)
}

/// Writes an event about an account in an organization.
pub(crate) fn record_member(
    audit: &Audit,
    tx: &mut Tx,
    kind: Kind,
    organization_id: Id,
    user_id: Id,
    now: i64,
) -> Result<()> {
    let detail = organization_id.to_string();
    audit.record(tx, now, Event { detail: Some(&detail), ..event(kind, user_id) })
}

/// Returns the organization that a login is for, with the roles of its user there. The refusal is the same whether there
/// is such an organization.
pub(crate) fn of_login(
    tx: &mut Tx,
    organization_id: Option<Id>,
    user_id: Id,
) -> Result<Step<Option<OrganizationRoles>>> {
    let Some(id) = organization_id else { return Ok(Step::Done(None)) };
    Ok(match organizations::membership(tx, id, user_id)? {
        Some(Membership { roles, .. }) => Step::Done(Some(OrganizationRoles { id, roles })),
        None => Step::Refused(Error::new(Code::PermissionDenied, "not_a_member").about(Some(user_id), None)),
    })
}

/// Fails unless an organization keeps an owner without this account.
pub(crate) fn another_owner(tx: &mut Tx, organization_id: Id, but: Id) -> Result<()> {
    match organizations::has_other_owner(tx, organization_id, but)? {
        true => Ok(()),
        false => Err(last_owner(but)),
    }
}

/// Fails if an organization would have no owner without this account.
pub(crate) fn other_owners(tx: &mut Tx, but: Id) -> Result<()> {
    match organizations::is_last_owner(tx, but)? {
        true => Err(last_owner(but)),
        false => Ok(()),
    }
}

fn last_owner(user_id: Id) -> Error {
    Error::new(Code::PermissionDenied, "last_owner").about(Some(user_id), None)
}
