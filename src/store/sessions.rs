//! Rows of `sessions`: one for each session, however often it is refreshed.

use super::keys::Retirement;
use super::organizations::{self, Membership};
use super::row::{Row, damaged};
use super::tx::{Share, Tx};
use super::users::{self, User, select};
use super::value::Value;
use crate::error::Result;
use crate::json;
use crate::types::id::Id;
use crate::types::user::{Act, Amr, OrganizationRoles, Proofs, ProviderLogin};

/// A session and its user.
pub(crate) struct Session {
    pub user: User,
    /// The backend for which the session was opened.
    pub backend: String,
    pub epoch: i64,
    pub generations: Generations,
    pub auth_time: i64,
    pub proofs: Proofs,
    pub provider: Option<ProviderLogin>,
    pub idle_at: i64,
    pub expires_at: i64,
    pub is_revoked: bool,
    pub scope: Option<String>,
    /// The time without a refresh, if it is shorter than the backend's.
    pub idle_seconds: Option<i64>,
    /// Whether the session outlasts the browser, if the host said so.
    pub persistent: Option<bool>,
    /// The organization that the login was for.
    pub organization: Option<Placed>,
    /// The person who acts as the user, if another one does.
    pub actor: Option<Actor>,
    /// The retirement in force when the session was read.
    pub retirement: Retirement,
    /// Whether the session has claims of the host's own.
    pub has_claims: bool,
}

/// The organization of a session.
pub(crate) struct Placed {
    pub id: Id,
    /// The user's membership there now, if there is one.
    pub membership: Option<Membership>,
}

impl Placed {
    /// Returns the roles of the user, who is a member.
    pub(crate) fn roles(self) -> Option<OrganizationRoles> {
        self.membership.map(|membership| OrganizationRoles { id: self.id, roles: membership.roles })
    }
}

/// A person who acts as the user of a session.
pub(crate) struct Actor {
    pub act: Act,
    session_id: Id,
    /// The session from which the person acts; none if it was forgotten.
    pub session: Option<Box<Session>>,
}

/// The refresh tokens of a session.
pub(crate) struct Generations {
    /// The generation of the newest token.
    pub newest: i64,
    /// When the newest token was issued.
    pub rotated_at: i64,
    /// When the previous token was issued.
    pub replaced_at: i64,
    /// When spent tokens were presented again, the latest last.
    pub repeats: Vec<i64>,
}

/// Returns the session with its user, if there is one.
pub(crate) fn find(tx: &mut Tx, id: Id) -> Result<Option<Session>> {
    let mut session = find_alone(tx, id)?;
    if let Some(actor) = session.as_mut().and_then(|session| session.actor.as_mut()) {
        actor.session = find_alone(tx, actor.session_id)?.map(Box::new);
    }
    Ok(session)
}

/// Returns the session without that of an actor.
fn find_alone(tx: &mut Tx, id: Id) -> Result<Option<Session>> {
    const SQL: &str = concat!(
        select!(
            "sessions s JOIN users u ON u.id = s.user_id LEFT JOIN organization_members m \
             ON m.organization_id = s.organization_id AND m.user_id = s.user_id",
            "s.epoch, s.generation, s.rotated_at, s.replaced_at, s.repeats, s.auth_time, s.idle_at, \
             s.expires_at, s.revoked_at, s.scope, s.backend, s.amr, s.provider, \
             s.actor_id, s.actor_session_id, s.idle_seconds, s.persistent, \
             (SELECT value FROM meta WHERE name = 'retired_keys'), s.organization_id, m.is_owner, m.roles, m.created_at, \
             CASE WHEN s.claims IS NULL THEN 0 ELSE 1 END"
        ),
        "WHERE s.id = ?1 ORDER BY r.role"
    );
    // Each row has one role of the user; the session's columns are the same in all.
    let mut session: Option<Session> = None;
    tx.query(SQL, &[Value::Bytes(id.as_bytes())], |row| {
        match &mut session {
            Some(session) => users::add_role(&mut session.user, row)?,
            None => session = Some(read(row)?),
        }
        Ok(())
    })?;
    Ok(session)
}

fn read(row: &Row) -> Result<Session> {
    let column = |column| users::COLUMNS + column;
    Ok(Session {
        user: users::read(row)?,
        epoch: row.integer(column(0))?,
        generations: Generations {
            newest: row.integer(column(1))?,
            rotated_at: row.integer(column(2))?,
            replaced_at: row.integer(column(3))?,
            repeats: stored_repeats(&row.text(column(4))?)?,
        },
        auth_time: row.integer(column(5))?,
        idle_at: row.integer(column(6))?,
        expires_at: row.integer(column(7))?,
        is_revoked: row.optional_integer(column(8))?.is_some(),
        scope: row.optional_text(column(9))?,
        backend: row.text(column(10))?,
        proofs: stored_proofs(&row.text(column(11))?)?,
        provider: provider(row, column(12))?,
        actor: match (row.optional_id(column(13))?, row.optional_id(column(14))?) {
            (Some(sub), Some(session_id)) => Some(Actor { act: Act { sub }, session_id, session: None }),
            _ => None,
        },
        idle_seconds: row.optional_integer(column(15))?,
        persistent: switch(row, column(16))?,
        retirement: Retirement::stored(row.optional_bytes(column(17))?),
        organization: match row.optional_id(column(18))? {
            Some(id) => Some(Placed { id, membership: organizations::read_joined(row, column(19))? }),
            None => None,
        },
        has_claims: row.boolean(column(22))?,
    })
}

fn switch(row: &Row, column: usize) -> Result<Option<bool>> {
    Ok(row.optional_integer(column)?.map(|number| number != 0))
}

fn stored_repeats(text: &str) -> Result<Vec<i64>> {
    text.split_whitespace().map(str::parse).collect::<Result<_, _>>().map_err(|_| damaged())
}

fn provider(row: &Row, column: usize) -> Result<Option<ProviderLogin>> {
    let text = row.optional_text(column)?;
    text.map(|text| serde_json::from_str(&text).map_err(|_| damaged())).transpose()
}

fn stored_proofs(text: &str) -> Result<Proofs> {
    Proofs::stored(text).ok_or_else(damaged)
}

/// A new session.
pub(crate) struct NewSession<'a> {
    pub id: Id,
    pub backend: &'a str,
    pub user_id: Id,
    pub epoch: i64,
    pub created_at: i64,
    pub amr: &'a Amr,
    pub provider: Option<&'a ProviderLogin>,
    pub idle_at: i64,
    pub expires_at: i64,
    pub scope: Option<&'a str>,
    pub ip: Option<&'a str>,
    pub user_agent: Option<&'a str>,
    pub device_id: Option<&'a str>,
    pub label: Option<&'a str>,
    /// The host's own claims, sealed.
    pub claims: Option<&'a [u8]>,
    pub idle_seconds: Option<i64>,
    pub persistent: Option<bool>,
    pub organization_id: Option<Id>,
    /// The account of a person who acts as the user, and the session from which they do.
    pub actor: Option<(Id, Id)>,
}

/// Stores a new session, at generation 0.
pub(crate) fn insert(tx: &mut Tx, new: &NewSession) -> Result<()> {
    let provider = new.provider.map(json::render).transpose()?;
    let actor = new.actor.as_ref();
    tx.run(
        "INSERT INTO sessions (id, user_id, epoch, generation, rotated_at, replaced_at, repeats, auth_time, \
         created_at, idle_at, expires_at, scope, ip, user_agent, device_id, backend, amr, provider, \
         actor_id, actor_session_id, label, claims, idle_seconds, persistent, organization_id) \
         VALUES (?1, ?2, ?3, 0, ?4, ?4, '', ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, \
         ?18, ?19, ?20)",
        &[
            Value::Bytes(new.id.as_bytes()),
            Value::Bytes(new.user_id.as_bytes()),
            Value::Integer(new.epoch),
            Value::Integer(new.created_at),
            Value::Integer(new.idle_at),
            Value::Integer(new.expires_at),
            Value::optional_text(new.scope),
            Value::optional_text(new.ip),
            Value::optional_text(new.user_agent),
            Value::optional_text(new.device_id),
            Value::Text(new.backend),
            Value::Text(&Proofs::at(new.created_at, new.amr).to_text()),
            Value::optional_text(provider.as_deref()),
            Value::optional_bytes(actor.map(|(id, _)| id.as_bytes().as_slice())),
            Value::optional_bytes(actor.map(|(_, session_id)| session_id.as_bytes().as_slice())),
            Value::optional_text(new.label),
            Value::optional_bytes(new.claims),
            Value::optional_integer(new.idle_seconds),
            Value::optional_integer(new.persistent.map(i64::from)),
            Value::optional_bytes(new.organization_id.as_ref().map(|id| id.as_bytes().as_slice())),
        ],
    )
}

/// Advances the session to its next generation.
pub(crate) fn advance(tx: &mut Tx, id: Id, generation: i64, now: i64, idle_at: i64) -> Result<()> {
    tx.run(
        "UPDATE sessions SET generation = ?2, replaced_at = rotated_at, rotated_at = ?3, idle_at = ?4 WHERE id = ?1",
        &[
            Value::Bytes(id.as_bytes()),
            Value::Integer(generation),
            Value::Integer(now),
            Value::Integer(idle_at),
        ],
    )
}

/// Replaces the label of a session; none removes it.
pub(crate) fn put_label(tx: &mut Tx, id: Id, label: Option<&str>) -> Result<()> {
    tx.run(
        "UPDATE sessions SET label = ?2 WHERE id = ?1",
        &[Value::Bytes(id.as_bytes()), Value::optional_text(label)],
    )
}

/// Returns the host's own claims of a session, sealed. They are long, so only what needs them reads them.
pub(crate) fn claims(tx: &mut Tx, id: Id) -> Result<Option<Vec<u8>>> {
    let found =
        tx.first("SELECT claims FROM sessions WHERE id = ?1", &[Value::Bytes(id.as_bytes())], |row| {
            row.optional_bytes(0)
        })?;
    Ok(found.flatten())
}

/// Replaces the host's own claims of a session, sealed.
pub(crate) fn put_claims(tx: &mut Tx, id: Id, claims: Option<&[u8]>) -> Result<()> {
    tx.run(
        "UPDATE sessions SET claims = ?2 WHERE id = ?1",
        &[Value::Bytes(id.as_bytes()), Value::optional_bytes(claims)],
    )
}

/// Records when spent refresh tokens were presented again.
pub(crate) fn put_repeats(tx: &mut Tx, id: Id, repeats: &[i64]) -> Result<()> {
    let repeats: Vec<String> = repeats.iter().map(i64::to_string).collect();
    tx.run(
        "UPDATE sessions SET repeats = ?2 WHERE id = ?1",
        &[Value::Bytes(id.as_bytes()), Value::Text(&repeats.join(" "))],
    )
}

/// Records that the session's user authenticated again.
pub(crate) fn reauthenticate(tx: &mut Tx, id: Id, auth_time: i64, proofs: &Proofs) -> Result<()> {
    tx.run(
        "UPDATE sessions SET auth_time = ?2, amr = ?3 WHERE id = ?1",
        &[Value::Bytes(id.as_bytes()), Value::Integer(auth_time), Value::Text(&proofs.to_text())],
    )
}

/// A session that was ended.
pub(crate) struct Revoked {
    pub user_id: Id,
    pub act: Option<Act>,
}

/// Ends a session, which then needs no claims; ending it again changes nothing. Returns it, if it was ended now.
pub(crate) fn revoke(tx: &mut Tx, id: Id, now: i64) -> Result<Option<Revoked>> {
    tx.first(
        "UPDATE sessions SET revoked_at = ?2, claims = NULL WHERE id = ?1 AND revoked_at IS NULL \
         RETURNING user_id, actor_id",
        &[Value::Bytes(id.as_bytes()), Value::Integer(now)],
        |row| Ok(Revoked { user_id: row.id(0)?, act: row.optional_id(1)?.map(|sub| Act { sub }) }),
    )
}

/// Ends the own sessions of a user that are live, except so many that were used last. Returns their ids.
pub(crate) fn end_oldest(tx: &mut Tx, user_id: Id, except: i64, now: i64) -> Result<Vec<Id>> {
    const SQL: &str = "UPDATE sessions SET revoked_at = ?3, claims = NULL WHERE id IN \
         (SELECT id FROM sessions WHERE user_id = ?1 AND actor_id IS NULL AND revoked_at IS NULL \
          AND expires_at > ?3 AND idle_at > ?3 AND epoch = (SELECT epoch FROM users WHERE users.id = ?1) \
          ORDER BY rotated_at DESC, id DESC LIMIT 9223372036854775807 OFFSET ?2) RETURNING id";
    let parameters = [Value::Bytes(user_id.as_bytes()), Value::Integer(except), Value::Integer(now)];
    tx.all(SQL, &parameters, |row| row.id(0))
}

/// Ends every live session of a user but `except`. Returns how many.
pub(crate) fn revoke_all(tx: &mut Tx, user_id: Id, except: Option<Id>, now: i64) -> Result<usize> {
    let except = except.map_or([0; 16], |id| *id.as_bytes());
    tx.execute(
        "UPDATE sessions SET revoked_at = ?3, claims = NULL WHERE user_id = ?1 AND id <> ?2 AND revoked_at IS NULL \
         AND expires_at > ?3 AND idle_at > ?3 \
         AND epoch = (SELECT epoch FROM users WHERE id = ?1)",
        &[Value::Bytes(user_id.as_bytes()), Value::Bytes(&except), Value::Integer(now)],
    )
}

/// Ends at most so many live sessions in an organization. Returns the user of each.
pub(crate) fn revoke_in(tx: &mut Tx, organization_id: Id, limit: i64, now: i64) -> Result<Vec<Id>> {
    const SQL: &str = "UPDATE sessions SET revoked_at = ?2, claims = NULL WHERE id IN \
         (SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.organization_id = ?1 \
          AND s.revoked_at IS NULL AND s.expires_at > ?2 AND s.idle_at > ?2 AND s.epoch = u.epoch LIMIT ?3) \
         RETURNING user_id";
    let parameters = [Value::Bytes(organization_id.as_bytes()), Value::Integer(now), Value::Integer(limit)];
    tx.all(SQL, &parameters, |row| row.id(0))
}

/// Ends every live session of a member in an organization. Returns how many.
pub(crate) fn revoke_of_member(tx: &mut Tx, organization_id: Id, user_id: Id, now: i64) -> Result<usize> {
    let (organization_id, user_id) = (organization_id.as_bytes(), user_id.as_bytes());
    tx.execute(
        "UPDATE sessions SET revoked_at = ?3, claims = NULL \
         WHERE organization_id = ?1 AND user_id = ?2 AND revoked_at IS NULL AND expires_at > ?3 AND idle_at > ?3 \
         AND epoch = (SELECT epoch FROM users WHERE id = ?2)",
        &[Value::Bytes(organization_id), Value::Bytes(user_id), Value::Integer(now)],
    )
}

/// Ends `limit` sessions of all users after an id that had not been ended. Returns their ids in order.
pub(crate) fn revoke_after(tx: &mut Tx, after: Id, limit: usize, now: i64) -> Result<Vec<Id>> {
    const SQL: &str = "UPDATE sessions SET revoked_at = ?1, claims = NULL WHERE id IN (SELECT id FROM sessions \
                       WHERE id > ?2 AND revoked_at IS NULL ORDER BY id LIMIT ?3) RETURNING id";
    let parameters = [Value::Integer(now), Value::Bytes(after.as_bytes()), Value::Integer(limit as i64)];
    let mut ids = Vec::new();
    tx.query(SQL, &parameters, |row| {
        ids.push(row.id(0)?);
        Ok(())
    })?;
    ids.sort_unstable();
    Ok(ids)
}

/// Ends every live session of the accounts after one id up to another. Returns how many.
pub(crate) fn revoke_between(tx: &mut Tx, after: Id, last: Id, now: i64) -> Result<usize> {
    tx.execute(
        "UPDATE sessions SET revoked_at = ?3, claims = NULL WHERE user_id > ?1 AND user_id <= ?2 AND revoked_at IS NULL \
         AND expires_at > ?3 AND idle_at > ?3 \
         AND epoch = (SELECT epoch FROM users WHERE users.id = sessions.user_id)",
        &[Value::Bytes(after.as_bytes()), Value::Bytes(last.as_bytes()), Value::Integer(now)],
    )
}

/// Ends every session of all users. Returns how many had not been ended.
pub(crate) fn revoke_every(tx: &mut Tx, now: i64) -> Result<usize> {
    tx.execute(
        "UPDATE sessions SET revoked_at = ?1, claims = NULL WHERE revoked_at IS NULL",
        &[Value::Integer(now)],
    )
}

/// Carries a live session over into the next epoch of its user.
pub(crate) fn carry_over(tx: &mut Tx, user_id: Id, id: Id) -> Result<()> {
    tx.execute(
        "UPDATE sessions SET epoch = epoch + 1 \
         WHERE id = ?2 AND user_id = ?1 AND epoch = (SELECT epoch FROM users WHERE id = ?1)",
        &[Value::Bytes(user_id.as_bytes()), Value::Bytes(id.as_bytes())],
    )?;
    Ok(())
}

/// Deletes sessions that had ended by a time.
pub(crate) fn forget_ended(tx: &mut Tx, ended_by: i64, share: Share) -> Result<usize> {
    tx.forget(
        "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE idle_at <= ?1 ORDER BY idle_at LIMIT ?2)",
        Value::Integer(ended_by),
        share,
    )
}

/// A stored session.
pub(crate) struct Kept {
    pub id: Id,
    pub backend: String,
    pub scope: Option<String>,
    pub amr: Amr,
    pub provider: Option<ProviderLogin>,
    pub created_at: i64,
    pub refreshed_at: i64,
    pub expires_at: i64,
    pub revoked_at: Option<i64>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub device_id: Option<String>,
    pub label: Option<String>,
    pub idle_seconds: Option<i64>,
    pub persistent: Option<bool>,
    pub organization_id: Option<Id>,
    pub act: Option<Act>,
}

macro_rules! select_kept {
    ($which:literal) => {
        concat!(
            "SELECT id, backend, scope, created_at, rotated_at, idle_at, expires_at, revoked_at, ip, user_agent, ",
            "device_id, amr, provider, actor_id, label, idle_seconds, persistent, organization_id ",
            "FROM sessions WHERE ",
            $which
        )
    };
}

/// Returns a session, alive or not.
pub(crate) fn kept(tx: &mut Tx, id: Id) -> Result<Option<Kept>> {
    tx.first(select_kept!("id = ?1"), &[Value::Bytes(id.as_bytes())], read_kept)
}

/// Lists the sessions of a user, alive or not, in the order of their ids.
pub(crate) fn list_all(tx: &mut Tx, user_id: Id, after: Option<Id>, limit: usize) -> Result<Vec<Kept>> {
    const SQL: &str = select_kept!("user_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3");
    let after = after.map_or([0; 16], |id| *id.as_bytes());
    let limit = Value::Integer(limit as i64);
    tx.all(SQL, &[Value::Bytes(user_id.as_bytes()), Value::Bytes(&after), limit], read_kept)
}

/// Lists the live sessions of a user, the oldest first. Those in which another person acts as the user may be over with
/// that person's permission.
pub(crate) fn list(tx: &mut Tx, user_id: Id, limit: usize, now: i64) -> Result<Vec<Kept>> {
    const SQL: &str = select_kept!(
        "user_id = ?1 AND revoked_at IS NULL AND expires_at > ?2 AND idle_at > ?2 \
         AND epoch = (SELECT epoch FROM users WHERE id = ?1) ORDER BY id LIMIT ?3"
    );
    let limit = Value::Integer(limit as i64);
    tx.all(SQL, &[Value::Bytes(user_id.as_bytes()), Value::Integer(now), limit], read_kept)
}

fn read_kept(row: &Row) -> Result<Kept> {
    let act = row.optional_id(13)?.map(|sub| Act { sub });
    // The network and the device of a person who acts as the user are not the user's to see.
    let own = |text: Option<String>| text.filter(|_| act.is_none());
    Ok(Kept {
        id: row.id(0)?,
        backend: row.text(1)?,
        scope: row.optional_text(2)?,
        created_at: row.integer(3)?,
        refreshed_at: row.integer(4)?,
        expires_at: row.integer(5)?.min(row.integer(6)?),
        revoked_at: row.optional_integer(7)?,
        ip: own(row.optional_text(8)?),
        user_agent: own(row.optional_text(9)?),
        device_id: own(row.optional_text(10)?),
        amr: stored_proofs(&row.text(11)?)?.amr(),
        provider: provider(row, 12)?,
        label: row.optional_text(14)?,
        idle_seconds: row.optional_integer(15)?,
        persistent: switch(row, 16)?,
        organization_id: row.optional_id(17)?,
        act,
    })
}

/// Counts the live sessions of a user. Those in which another person acts as the user may be over with that person's
/// permission.
pub(crate) fn count(tx: &mut Tx, user_id: Id, now: i64) -> Result<i64> {
    const SQL: &str = "SELECT count(*) FROM sessions WHERE user_id = ?1 AND revoked_at IS NULL \
                       AND expires_at > ?2 AND idle_at > ?2 AND epoch = (SELECT epoch FROM users WHERE id = ?1)";
    let count =
        tx.first(SQL, &[Value::Bytes(user_id.as_bytes()), Value::Integer(now)], |row| row.integer(0))?;
    count.ok_or_else(damaged)
}

/// Lists the sessions of a user in which another person acts as the user, unless they were ended or expired.
pub(crate) fn acting_as(tx: &mut Tx, user_id: Id, now: i64) -> Result<Vec<Id>> {
    const SQL: &str = "SELECT id FROM sessions WHERE user_id = ?1 AND actor_id IS NOT NULL AND revoked_at IS NULL \
                       AND expires_at > ?2 AND idle_at > ?2 AND epoch = (SELECT epoch FROM users WHERE id = ?1)";
    tx.all(SQL, &[Value::Bytes(user_id.as_bytes()), Value::Integer(now)], |row| row.id(0))
}

/// Lists the sessions of all users in which another person acts as the user, unless they were ended or expired.
pub(crate) fn acting(tx: &mut Tx, now: i64) -> Result<Vec<Id>> {
    const SQL: &str = "SELECT id FROM sessions WHERE actor_id IS NOT NULL AND revoked_at IS NULL \
                       AND expires_at > ?1 AND idle_at > ?1";
    tx.all(SQL, &[Value::Integer(now)], |row| row.id(0))
}

/// Counts the live sessions of all users.
pub(crate) fn count_alive(tx: &mut Tx, now: i64) -> Result<i64> {
    const SQL: &str = "SELECT count(*) FROM sessions WHERE revoked_at IS NULL AND expires_at > ?1 AND idle_at > ?1 \
                       AND epoch = (SELECT users.epoch FROM users WHERE users.id = user_id)";
    tx.first(SQL, &[Value::Integer(now)], |row| row.integer(0))?.ok_or_else(damaged)
}

/// Returns when the newest stored session of a user was opened, by the user.
pub(crate) fn newest(tx: &mut Tx, user_id: Id) -> Result<Option<i64>> {
    const SQL: &str =
        "SELECT created_at FROM sessions WHERE user_id = ?1 AND actor_id IS NULL ORDER BY id DESC LIMIT 1";
    tx.first(SQL, &[Value::Bytes(user_id.as_bytes())], |row| row.integer(0))
}
