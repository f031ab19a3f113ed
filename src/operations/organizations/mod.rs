//! Organizations: `create_organization`, `get_organization`, `list_organizations`, `update_organization`,
//! `delete_organization`. Beside this file: their members, and invitations.

pub(crate) mod invitations;
pub(crate) mod members;

use std::collections::BTreeMap;
use std::str::FromStr;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::engine::accounts::bounded;
use crate::engine::audit::{Kind, event};
use crate::engine::organizations::another_owner;
use crate::error::{Code, Error, Result};
use crate::store::events::Event;
use crate::store::organizations::{self as rows, Membership, Organization};
use crate::store::users::{self, By};
use crate::store::{Durability, Tx, sessions};
use crate::types::id::Id;
use crate::types::parse_error::ParseError;
use crate::types::strict::Object;
use crate::types::text::text_type;
use crate::types::user::{OWNER, Role};

/// Creates an organization with its first owner.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CreateOrganizationRequest {
    /// The name for people: 1 to 100 characters. Several organizations may have the same.
    pub name: OrganizationName,
    /// The account that becomes the first member, with the role `owner`: an active account of a person.
    pub owner_id: Id,
    /// Other data that the host keeps with the organization: at most 16 KiB.
    pub attributes: Option<Object>,
}

/// Finds an organization.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GetOrganizationRequest {
    /// The organization's id.
    pub organization_id: Id,
}

/// Lists organizations in the order of their ids, which is that of their creation, to the millisecond.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ListOrganizationsRequest {
    /// Only those of which this account is a member.
    pub user_id: Option<Id>,
    /// The most to return: 1 to 1000, default 100.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u32>,
    /// Only organizations after this id: `next` of the previous page.
    pub after: Option<Id>,
}

/// A page of organizations.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ListOrganizationsResponse {
    /// The organizations.
    pub organizations: Vec<OrganizationInfo>,
    /// The id to give as `after` for the next page; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Id>,
}

/// Changes an organization. Members that are absent stay as they are.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UpdateOrganizationRequest {
    /// The organization's id.
    pub organization_id: Id,
    /// The new name.
    pub name: Option<OrganizationName>,
    /// The new attributes, which replace the old ones.
    pub attributes: Option<Object>,
}

/// Deletes an organization and its memberships. The accounts of its members stay.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DeleteOrganizationRequest {
    /// The organization's id.
    pub organization_id: Id,
}

/// The organization was deleted.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct DeleteOrganizationResponse {
    /// Always true.
    pub deleted: bool,
}

/// An organization.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct OrganizationResponse {
    /// The organization.
    pub organization: OrganizationInfo,
}

/// An organization.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Organization")]
#[non_exhaustive]
pub struct OrganizationInfo {
    /// The organization's id.
    pub id: Id,
    /// The name for people.
    pub name: String,
    /// Other data that the host keeps with the organization.
    pub attributes: Object,
    /// When the organization was created, in Unix seconds.
    pub created_at: i64,
    /// In a list of one account's organizations: the account's roles there, in alphabetical order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-absent" = true))]
    pub roles: Option<Vec<Role>>,
}

/// The name of an organization: 1 to 100 characters without control characters.
#[derive(Clone, Debug)]
pub struct OrganizationName(String);

impl OrganizationName {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OrganizationName {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<OrganizationName, ParseError> {
        let valid = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        match valid && !text.trim().is_empty() {
            true => Ok(OrganizationName(text.to_owned())),
            false => Err(ParseError::new("expected a name of 1 to 100 characters")),
        }
    }
}

text_type!(OrganizationName, "minLength": 1, "maxLength": 100);

/// How many sessions a short transaction ends. It bounds how long other writers wait.
const BATCH: usize = 500;

impl Engine {
    /// Creates an organization. Its owner is an active account of a person.
    ///
    /// Failures: `user_not_found`, `permission_denied` (the account is not active, is a service account or waits for its
    /// user), `invalid_request`, `store_unavailable`.
    pub fn create_organization(&self, request: CreateOrganizationRequest) -> Result<OrganizationResponse> {
        let CreateOrganizationRequest { name, owner_id, attributes } = request;
        let now_ms = self.clock.now_ms();
        let now = now_ms / 1000;
        let attributes = bounded(attributes.unwrap_or_default())?;
        let organization = Organization { id: Id::new(now_ms)?, name: name.0, attributes, created_at: now };
        let owner = Membership { roles: vec![Role::stored(OWNER.to_owned())], created_at: now };
        self.store.write(Durability::Full, |tx| {
            users::find(tx, By::Id(owner_id))?.ok_or(Error::from(Code::UserNotFound))?;
            rows::insert(tx, &organization)?;
            rows::put_member(tx, organization.id, owner_id, &owner)?;
            // No account has an id of zeros.
            let counts = another_owner(tx, organization.id, Id::from_bytes([0; 16]));
            counts.map_err(|error| match error.code {
                Code::PermissionDenied => Error::at(Code::PermissionDenied, "/owner_id", "no_active_person"),
                _ => error,
            })?;
            let detail = organization.id.to_string();
            let created = event(Kind::OrganizationCreated, owner_id);
            self.audit.record(tx, now, Event { detail: Some(&detail), ..created })
        })?;
        Ok(OrganizationResponse { organization: organization.into() })
    }

    /// Finds an organization.
    ///
    /// Failures: `organization_not_found`, `store_unavailable`.
    pub fn get_organization(&self, request: GetOrganizationRequest) -> Result<OrganizationResponse> {
        let organization = self.store.read(|tx| known(tx, request.organization_id))?;
        Ok(OrganizationResponse { organization: organization.into() })
    }

    /// Lists all organizations, or those of one account.
    ///
    /// Failures: `user_not_found`, `invalid_request`, `store_unavailable`.
    pub fn list_organizations(&self, request: ListOrganizationsRequest) -> Result<ListOrganizationsResponse> {
        let limit = page(request.limit)?;
        let after = request.after.unwrap_or(Id::from_bytes([0; 16]));
        let organizations: Vec<OrganizationInfo> = self.store.read(|tx| match request.user_id {
            None => Ok(rows::list(tx, after, limit)?.into_iter().map(OrganizationInfo::from).collect()),
            Some(user_id) => {
                users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))?;
                let listed = rows::list_of(tx, user_id, after, limit)?.into_iter();
                Ok(listed.map(|(organization, own)| OrganizationInfo::of(organization, own)).collect())
            }
        })?;
        let next = organizations.last().filter(|_| organizations.len() == limit).map(|last| last.id);
        Ok(ListOrganizationsResponse { organizations, next })
    }

    /// Changes an organization.
    ///
    /// Failures: `organization_not_found`, `invalid_request`, `store_unavailable`.
    pub fn update_organization(&self, request: UpdateOrganizationRequest) -> Result<OrganizationResponse> {
        let UpdateOrganizationRequest { organization_id, name, attributes } = request;
        let attributes = attributes.map(bounded).transpose()?;
        let now = self.clock.now();
        let organization = self.store.write(Durability::Full, |tx| {
            let before = known(tx, organization_id)?;
            let changed = Organization {
                name: name.as_ref().map_or_else(|| before.name.clone(), |name| name.0.clone()),
                attributes: attributes.as_ref().unwrap_or(&before.attributes).clone(),
                ..before
            };
            rows::update(tx, &changed)?;
            self.record_organization(tx, Kind::OrganizationUpdated, organization_id, now)?;
            Ok(changed)
        })?;
        Ok(OrganizationResponse { organization: organization.into() })
    }

    /// Deletes an organization with its memberships and invitations, all or nothing, and ends the sessions in it. The
    /// accounts stay. Sessions, of which there may be very many, end in short transactions before: they stay ended also
    /// if the organization cannot be deleted.
    ///
    /// Failures: `organization_not_found`, `store_constraint` (rows of the host's own tables refer to it),
    /// `store_unavailable`.
    pub fn delete_organization(
        &self,
        request: DeleteOrganizationRequest,
    ) -> Result<DeleteOrganizationResponse> {
        let DeleteOrganizationRequest { organization_id } = request;
        let now = self.clock.now();
        let end = |tx: &mut Tx| self.end_sessions_in(tx, organization_id, BATCH, now);
        while self.store.write(Durability::Full, end)? {}
        self.store.write(Durability::Full, |tx| {
            if !rows::delete(tx, organization_id)? {
                return Err(Code::OrganizationNotFound.into());
            }
            // Those that were opened meanwhile.
            self.end_sessions_in(tx, organization_id, usize::MAX, now)?;
            self.record_organization(tx, Kind::OrganizationDeleted, organization_id, now)
        })?;
        Ok(DeleteOrganizationResponse { deleted: true })
    }

    /// Ends at most so many sessions in an organization. Returns whether there may be more.
    fn end_sessions_in(&self, tx: &mut Tx, organization_id: Id, most: usize, now: i64) -> Result<bool> {
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        let users = sessions::revoke_in(tx, organization_id, limit, now)?;
        let mut ended: BTreeMap<Id, usize> = BTreeMap::new();
        users.iter().for_each(|user_id| *ended.entry(*user_id).or_default() += 1);
        for (user_id, ended) in ended {
            self.sessions.ended_with_membership(tx, user_id, ended, now)?;
        }
        Ok(users.len() >= most)
    }

    fn record_organization(&self, tx: &mut Tx, kind: Kind, organization_id: Id, now: i64) -> Result<()> {
        let detail = organization_id.to_string();
        self.audit.record(tx, now, Event { detail: Some(&detail), ..event(kind, None) })
    }
}

impl OrganizationInfo {
    /// Shows the organization to a member.
    pub(super) fn of(organization: Organization, own: Membership) -> OrganizationInfo {
        OrganizationInfo { roles: Some(own.roles), ..organization.into() }
    }
}

impl From<Organization> for OrganizationInfo {
    fn from(organization: Organization) -> OrganizationInfo {
        let Organization { id, name, attributes, created_at } = organization;
        OrganizationInfo { id, name, attributes, created_at, roles: None }
    }
}

fn known(tx: &mut Tx, id: Id) -> Result<Organization> {
    rows::find(tx, id)?.ok_or(Code::OrganizationNotFound.into())
}

/// Returns the number of items of a page.
fn page(limit: Option<u32>) -> Result<usize> {
    match limit.unwrap_or(100) {
        limit @ 1..=1000 => Ok(limit as usize),
        _ => Err(Error::at(Code::InvalidRequest, "/limit", "expected 1 to 1000")),
    }
}
