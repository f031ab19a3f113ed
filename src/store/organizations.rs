//! Rows of `organizations`, `organization_members` and `organization_invitations`.

use super::one_time_secrets;
use super::row::{Row, damaged};
use super::tx::{Share, Tx};
use super::users::{self, is_active_person, select};
use super::value::Value;
use crate::error::Result;
use crate::json;
use crate::types::id::Id;
use crate::types::strict::Object;
use crate::types::user::{Email, OWNER, PublicUser, Role};

/// A stored organization.
pub(crate) struct Organization {
    pub id: Id,
    pub name: String,
    pub attributes: Object,
    pub created_at: i64,
}

/// What an account is in an organization.
pub(crate) struct Membership {
    /// The roles in the organization, in alphabetical order.
    pub roles: Vec<Role>,
    pub created_at: i64,
}

impl Membership {
    pub(crate) fn is_owner(&self) -> bool {
        is_owner(&self.roles)
    }
}

/// Deletes invitations, and returns what [`withdraw`] reads.
macro_rules! withdrawing {
    ($which:literal) => {
        concat!("DELETE FROM organization_invitations WHERE ", $which, " RETURNING user_id, secret_id")
    };
}

/// Deletes the secrets of invitations of which there may be many, in one statement.
macro_rules! deleting_secrets {
    ($which:literal) => {
        concat!(
            "DELETE FROM one_time_secrets WHERE id IN (SELECT secret_id FROM organization_invitations WHERE ",
            $which,
            ")"
        )
    };
}

macro_rules! select_organization {
    ($from:literal $(, $more:literal)?) => {
        concat!("SELECT o.id, o.name, o.attributes, o.created_at ", $(", ", $more,)? " FROM ", $from)
    };
}

/// Returns the organization with this id.
pub(crate) fn find(tx: &mut Tx, id: Id) -> Result<Option<Organization>> {
    const SQL: &str = select_organization!("organizations o WHERE o.id = ?1");
    tx.first(SQL, &[Value::Bytes(id.as_bytes())], read)
}

/// Lists organizations after an id, in the order of their ids.
pub(crate) fn list(tx: &mut Tx, after: Id, limit: usize) -> Result<Vec<Organization>> {
    const SQL: &str = select_organization!("organizations o WHERE o.id > ?1 ORDER BY o.id LIMIT ?2");
    tx.after(SQL, after, limit, read)
}

/// Lists the organizations of a member after an id, in the order of their ids.
pub(crate) fn list_of(
    tx: &mut Tx,
    user_id: Id,
    after: Id,
    limit: usize,
) -> Result<Vec<(Organization, Membership)>> {
    const SQL: &str = select_organization!(
        "organization_members m JOIN organizations o ON o.id = m.organization_id \
         WHERE m.user_id = ?1 AND m.organization_id > ?2 ORDER BY m.organization_id LIMIT ?3",
        "m.is_owner, m.roles, m.created_at"
    );
    let limit = Value::Integer(limit as i64);
    let values = [Value::Bytes(user_id.as_bytes()), Value::Bytes(after.as_bytes()), limit];
    tx.all(SQL, &values, |row| Ok((read(row)?, read_membership(row, 4)?)))
}

/// Stores a new organization.
pub(crate) fn insert(tx: &mut Tx, new: &Organization) -> Result<()> {
    let attributes = json::render(&new.attributes)?;
    tx.run(
        "INSERT INTO organizations (id, name, attributes, created_at) VALUES (?1, ?2, ?3, ?4)",
        &[
            Value::Bytes(new.id.as_bytes()),
            Value::Text(&new.name),
            Value::Text(&attributes),
            Value::Integer(new.created_at),
        ],
    )
}

/// Updates the name and the attributes of an organization.
pub(crate) fn update(tx: &mut Tx, changed: &Organization) -> Result<()> {
    let attributes = json::render(&changed.attributes)?;
    tx.run(
        "UPDATE organizations SET name = ?2, attributes = ?3 WHERE id = ?1",
        &[Value::Bytes(changed.id.as_bytes()), Value::Text(&changed.name), Value::Text(&attributes)],
    )
}

/// Deletes an organization; its memberships and invitations go with it. Returns whether it was there.
pub(crate) fn delete(tx: &mut Tx, id: Id) -> Result<bool> {
    tx.run(deleting_secrets!("organization_id = ?1"), &[Value::Bytes(id.as_bytes())])?;
    Ok(tx.execute("DELETE FROM organizations WHERE id = ?1", &[Value::Bytes(id.as_bytes())])? == 1)
}

/// Returns the membership of an account in an organization, if there is one.
pub(crate) fn membership(tx: &mut Tx, organization_id: Id, user_id: Id) -> Result<Option<Membership>> {
    const SQL: &str = "SELECT is_owner, roles, created_at FROM organization_members \
                       WHERE organization_id = ?1 AND user_id = ?2";
    let values = [Value::Bytes(organization_id.as_bytes()), Value::Bytes(user_id.as_bytes())];
    tx.first(SQL, &values, |row| read_membership(row, 0))
}

/// A member of an organization.
pub(crate) struct Member {
    pub user: PublicUser,
    pub membership: Membership,
}

/// Lists the members of an organization after an account's id, in the order of these ids.
pub(crate) fn members(tx: &mut Tx, organization_id: Id, after: Id, limit: usize) -> Result<Vec<Member>> {
    const SQL: &str = concat!(
        select!(
            "(SELECT * FROM organization_members WHERE organization_id = ?1 AND user_id > ?2 \
             ORDER BY user_id LIMIT ?3) m JOIN users u ON u.id = m.user_id",
            "m.is_owner, m.roles, m.created_at"
        ),
        "ORDER BY u.id, r.role"
    );
    let limit = Value::Integer(limit as i64);
    let values = [Value::Bytes(organization_id.as_bytes()), Value::Bytes(after.as_bytes()), limit];
    // Each row has one role of the account; the columns of the membership are the same in all.
    let mut members: Vec<(users::User, Membership)> = Vec::new();
    tx.query(SQL, &values, |row| {
        match members.last_mut() {
            Some((user, _)) if user.public.id == row.id(0)? => users::add_role(user, row)?,
            _ => members.push((users::read(row)?, read_membership(row, users::COLUMNS)?)),
        }
        Ok(())
    })?;
    Ok(members.into_iter().map(|(user, membership)| Member { user: user.public, membership }).collect())
}

/// Stores a membership, or gives an existing one these roles.
pub(crate) fn put_member(
    tx: &mut Tx,
    organization_id: Id,
    user_id: Id,
    membership: &Membership,
) -> Result<()> {
    tx.run(
        "INSERT INTO organization_members (organization_id, user_id, is_owner, roles, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (organization_id, user_id) DO UPDATE SET is_owner = excluded.is_owner, roles = excluded.roles",
        &[
            Value::Bytes(organization_id.as_bytes()),
            Value::Bytes(user_id.as_bytes()),
            Value::Integer(membership.is_owner().into()),
            Value::Text(&others(&membership.roles)),
            Value::Integer(membership.created_at),
        ],
    )
}

/// Deletes a membership.
pub(crate) fn remove_member(tx: &mut Tx, organization_id: Id, user_id: Id) -> Result<()> {
    tx.run(
        "DELETE FROM organization_members WHERE organization_id = ?1 AND user_id = ?2",
        &[Value::Bytes(organization_id.as_bytes()), Value::Bytes(user_id.as_bytes())],
    )
}

pub(super) const ANOTHER_OWNER: &str = concat!(
    "SELECT 1 FROM organization_members m JOIN users u ON u.id = m.user_id \
     WHERE m.organization_id = ?1 AND m.is_owner = 1 AND m.user_id <> ?2 AND ",
    is_active_person!(),
    " LIMIT 1"
);

pub(super) const LAST_OWNER: &str = concat!(
    "SELECT 1 FROM organization_members own WHERE own.user_id = ?1 AND own.is_owner = 1 AND NOT EXISTS \
     (SELECT 1 FROM organization_members m JOIN users u ON u.id = m.user_id \
     WHERE m.organization_id = own.organization_id AND m.is_owner = 1 AND m.user_id <> ?1 AND ",
    is_active_person!(),
    ") LIMIT 1"
);

/// Whether an organization has an owner beside this account: an active account of a person.
pub(crate) fn has_other_owner(tx: &mut Tx, organization_id: Id, but: Id) -> Result<bool> {
    let values = [Value::Bytes(organization_id.as_bytes()), Value::Bytes(but.as_bytes())];
    Ok(tx.first(ANOTHER_OWNER, &values, |_| Ok(()))?.is_some())
}

/// Whether some organization would have no owner without this account.
pub(crate) fn is_last_owner(tx: &mut Tx, user_id: Id) -> Result<bool> {
    Ok(tx.first(LAST_OWNER, &[Value::Bytes(user_id.as_bytes())], |_| Ok(()))?.is_some())
}

/// An invitation to an organization.
pub(crate) struct Invitation {
    pub id: Id,
    pub organization_id: Id,
    /// The account that has verified the address, or that waits for its reader.
    pub user_id: Id,
    pub email: Email,
    /// The member who invites, if the host names one.
    pub invited_by: Option<Id>,
    /// The roles in the organization, in alphabetical order.
    pub roles: Vec<Role>,
    pub created_at: i64,
    pub expires_at: i64,
}

macro_rules! select_invitation {
    ($which:literal) => {
        concat!(
            "SELECT id, organization_id, user_id, email, is_owner, roles, created_at, expires_at, invited_by ",
            "FROM organization_invitations WHERE ",
            $which
        )
    };
}

/// Stores an invitation with the id of its one-time secret, in the place of an earlier one of the same address.
pub(crate) fn put_invitation(tx: &mut Tx, new: &Invitation, secret_id: &[u8; 32]) -> Result<()> {
    let email_key = new.email.key();
    let place = [Value::Bytes(new.organization_id.as_bytes()), Value::Text(&email_key)];
    withdraw(tx, withdrawing!("organization_id = ?1 AND email_key = ?2"), &place)?;
    tx.run(
        "INSERT INTO organization_invitations (id, organization_id, user_id, email, email_key, is_owner, roles, \
         created_at, expires_at, invited_by, secret_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
         ON CONFLICT (organization_id, email_key) DO UPDATE SET id = excluded.id, user_id = excluded.user_id, \
         email = excluded.email, is_owner = excluded.is_owner, roles = excluded.roles, \
         created_at = excluded.created_at, expires_at = excluded.expires_at, \
         invited_by = excluded.invited_by, secret_id = excluded.secret_id",
        &[
            Value::Bytes(new.id.as_bytes()),
            Value::Bytes(new.organization_id.as_bytes()),
            Value::Bytes(new.user_id.as_bytes()),
            Value::Text(new.email.as_str()),
            Value::Text(&email_key),
            Value::Integer(is_owner(&new.roles).into()),
            Value::Text(&others(&new.roles)),
            Value::Integer(new.created_at),
            Value::Integer(new.expires_at),
            Value::optional_bytes(new.invited_by.as_ref().map(|id| id.as_bytes().as_slice())),
            Value::Bytes(secret_id),
        ],
    )
}

/// Returns the invitation with this id, if it has not expired.
pub(crate) fn invitation(tx: &mut Tx, id: Id, now: i64) -> Result<Option<Invitation>> {
    const SQL: &str = select_invitation!("id = ?1 AND expires_at > ?2");
    tx.first(SQL, &[Value::Bytes(id.as_bytes()), Value::Integer(now)], read_invitation)
}

/// Lists the invitations to an organization that have not expired after an id, in the order of their ids.
pub(crate) fn invitations(
    tx: &mut Tx,
    organization_id: Id,
    after: Id,
    limit: usize,
    now: i64,
) -> Result<Vec<Invitation>> {
    const SQL: &str =
        select_invitation!("organization_id = ?1 AND id > ?2 AND expires_at > ?4 ORDER BY id LIMIT ?3");
    let (limit, now) = (Value::Integer(limit as i64), Value::Integer(now));
    let values = [Value::Bytes(organization_id.as_bytes()), Value::Bytes(after.as_bytes()), limit, now];
    tx.all(SQL, &values, read_invitation)
}

/// Lists the invitations of an account, also those that expired and are not yet forgotten.
pub(crate) fn invitations_of(tx: &mut Tx, user_id: Id) -> Result<Vec<Invitation>> {
    const SQL: &str = select_invitation!("user_id = ?1 ORDER BY id");
    tx.all(SQL, &[Value::Bytes(user_id.as_bytes())], read_invitation)
}

/// Deletes an invitation to an organization. Returns its account, if it was there.
pub(crate) fn delete_invitation(tx: &mut Tx, organization_id: Id, id: Id) -> Result<Option<Id>> {
    let values = [Value::Bytes(id.as_bytes()), Value::Bytes(organization_id.as_bytes())];
    Ok(withdraw(tx, withdrawing!("id = ?1 AND organization_id = ?2"), &values)?.pop())
}

/// Deletes the invitations of an organization to an account or to its address. Returns the account of each.
pub(crate) fn delete_invitations_to(
    tx: &mut Tx,
    organization_id: Id,
    user_id: Id,
    email_key: Option<&str>,
) -> Result<Vec<Id>> {
    let values = [
        Value::Bytes(organization_id.as_bytes()),
        Value::Bytes(user_id.as_bytes()),
        // No address is empty.
        Value::Text(email_key.unwrap_or_default()),
    ];
    withdraw(tx, withdrawing!("organization_id = ?1 AND (user_id = ?2 OR email_key = ?3)"), &values)
}

/// Deletes the invitations to an organization that an account made. Returns the invited account of each.
pub(crate) fn delete_invitations_by(tx: &mut Tx, organization_id: Id, invited_by: Id) -> Result<Vec<Id>> {
    let values = [Value::Bytes(organization_id.as_bytes()), Value::Bytes(invited_by.as_bytes())];
    withdraw(tx, withdrawing!("organization_id = ?1 AND invited_by = ?2"), &values)
}

/// Deletes the invitations to all organizations of an account.
pub(crate) fn delete_invitations_of(tx: &mut Tx, user_id: Id) -> Result<()> {
    withdraw(tx, withdrawing!("user_id = ?1"), &[Value::Bytes(user_id.as_bytes())]).map(drop)
}

/// Deletes the invitations to all organizations that an account made.
pub(crate) fn delete_every_invitation_by(tx: &mut Tx, invited_by: Id) -> Result<()> {
    let invited_by = [Value::Bytes(invited_by.as_bytes())];
    tx.run(deleting_secrets!("invited_by = ?1"), &invited_by)?;
    tx.run("DELETE FROM organization_invitations WHERE invited_by = ?1", &invited_by)
}

/// Deletes every invitation. Their secrets go with all others.
pub(crate) fn delete_every_invitation(tx: &mut Tx) -> Result<()> {
    tx.run("DELETE FROM organization_invitations", &[])
}

/// Runs a statement that deletes invitations, and deletes their secrets. Returns the account of each.
fn withdraw(tx: &mut Tx, sql: &'static str, values: &[Value]) -> Result<Vec<Id>> {
    let gone: Vec<(Id, [u8; 32])> = tx.all(sql, values, |row| Ok((row.id(0)?, row.array(1)?)))?;
    gone.iter().try_for_each(|(_, secret_id)| one_time_secrets::discard(tx, secret_id))?;
    Ok(gone.into_iter().map(|(user_id, _)| user_id).collect())
}

/// Deletes invitations that have expired.
pub(crate) fn forget_expired(tx: &mut Tx, now: i64, share: Share) -> Result<usize> {
    tx.forget(
        "DELETE FROM organization_invitations WHERE id IN \
         (SELECT id FROM organization_invitations WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        Value::Integer(now),
        share,
    )
}

fn read_invitation(row: &Row) -> Result<Invitation> {
    Ok(Invitation {
        id: row.id(0)?,
        organization_id: row.id(1)?,
        user_id: row.id(2)?,
        email: Email::stored(row.text(3)?),
        roles: roles(row.boolean(4)?, &row.text(5)?),
        created_at: row.integer(6)?,
        expires_at: row.integer(7)?,
        invited_by: row.optional_id(8)?,
    })
}

fn read(row: &Row) -> Result<Organization> {
    Ok(Organization {
        id: row.id(0)?,
        name: row.text(1)?,
        attributes: serde_json::from_str(&row.text(2)?).map_err(|_| damaged())?,
        created_at: row.integer(3)?,
    })
}

fn read_membership(row: &Row, first: usize) -> Result<Membership> {
    let roles = roles(row.boolean(first)?, &row.text(first + 1)?);
    Ok(Membership { roles, created_at: row.integer(first + 2)? })
}

/// Reads the membership of a row, unless it was joined to none.
pub(super) fn read_joined(row: &Row, first: usize) -> Result<Option<Membership>> {
    match row.optional_integer(first)? {
        Some(_) => read_membership(row, first).map(Some),
        None => Ok(None),
    }
}

fn is_owner(roles: &[Role]) -> bool {
    roles.iter().any(|role| role.as_str() == OWNER)
}

/// Returns the roles beside `owner` as they are stored. They contain no spaces.
fn others(roles: &[Role]) -> String {
    let others = roles.iter().map(Role::as_str).filter(|role| *role != OWNER);
    others.collect::<Vec<_>>().join(" ")
}

/// Returns the roles of a member, as they are stored, in alphabetical order.
fn roles(is_owner: bool, others: &str) -> Vec<Role> {
    let owner = is_owner.then_some(OWNER);
    let roles = others.split_whitespace().chain(owner).map(|role| Role::stored(role.to_owned()));
    let mut roles: Vec<Role> = roles.collect();
    roles.sort();
    roles
}
