//! Rows of `users` and `user_roles`.

use super::row::{Row, Sealed, damaged};
use super::tx::Tx;
use super::value::Value;
use crate::error::Result;
use crate::types::id::Id;
use crate::types::strict::Object;
use crate::types::user::{Email, ExternalId, Locale, PublicUser, Role, Username};

/// A stored account.
pub(crate) struct User {
    pub public: PublicUser,
    /// Whether the present address, or an earlier one, was ever verified.
    pub was_verified: bool,
    /// Whether its user proved an address; otherwise an administrator or an import declared it verified.
    pub has_proven: bool,
    /// The stored hash: sealed if a pepper is configured.
    pub password_hash: Option<String>,
    pub must_change_password: bool,
    /// The time until which a password that was set by another person is valid.
    pub password_expires_at: Option<i64>,
    /// When the password was set.
    pub password_set_at: Option<i64>,
    /// Increases whenever every session ends: a session of an older epoch is dead.
    pub epoch: i64,
    /// The time of the last increase that ended everything the account has: a token without a session that
    /// another library issued until then is dead.
    pub epoch_at: i64,
    /// Increases with `epoch_at`: a token without a session that has another number is dead. Times in seconds
    /// are not enough, because clocks may be set back.
    pub token_epoch: i64,
}

/// The key by which an account is found; texts are canonical.
#[derive(Clone, Copy)]
pub(crate) enum By<'a> {
    Id(Id),
    Username(&'a str),
    Email(&'a str),
    ExternalId(&'a str),
}

/// Selects one row for each role, and one for an account without any.
macro_rules! select {
    ($from:literal $(, $more:expr)?) => {
        concat!(
            "SELECT u.id, u.username, u.email, u.email_verified, u.is_active, u.attributes, u.created_at, ",
            "u.password_hash, u.epoch, u.epoch_at, u.must_change_password, u.password_expires_at, u.locale, ",
            "u.was_verified, u.token_epoch, r.role, u.is_service_account, u.external_id, u.password_set_at",
            $(", ", $more,)?
            " FROM ",
            $from,
            " LEFT JOIN user_roles r ON r.user_id = u.id "
        )
    };
}

pub(super) use select;

/// The number of columns that `select!` names before those of its caller.
pub(super) const COLUMNS: usize = 19;

/// Returns the account, if there is one.
pub(crate) fn find(tx: &mut Tx, by: By) -> Result<Option<User>> {
    let (sql, key) = match &by {
        By::Id(id) => {
            (concat!(select!("users u"), "WHERE u.id = ?1 ORDER BY r.role"), Value::Bytes(id.as_bytes()))
        }
        By::Username(key) => {
            (concat!(select!("users u"), "WHERE u.username_key = ?1 ORDER BY r.role"), Value::Text(key))
        }
        By::Email(key) => {
            (concat!(select!("users u"), "WHERE u.email_key = ?1 ORDER BY r.role"), Value::Text(key))
        }
        By::ExternalId(id) => {
            (concat!(select!("users u"), "WHERE u.external_id = ?1 ORDER BY r.role"), Value::Text(id))
        }
    };
    Ok(collect(tx, sql, &[key])?.pop())
}

/// The number of ids in the statement of [`find_all`].
const IDS: usize = 100;

/// Returns the accounts that there are among these, in any order.
pub(crate) fn find_all(tx: &mut Tx, ids: &[Id]) -> Result<Vec<User>> {
    const SQL: &str = concat!(
        select!("users u"),
        "WHERE u.id IN (",
        "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ",
        "?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42, ",
        "?43, ?44, ?45, ?46, ?47, ?48, ?49, ?50, ?51, ?52, ?53, ?54, ?55, ?56, ?57, ?58, ?59, ?60, ?61, ?62, ",
        "?63, ?64, ?65, ?66, ?67, ?68, ?69, ?70, ?71, ?72, ?73, ?74, ?75, ?76, ?77, ?78, ?79, ?80, ?81, ?82, ",
        "?83, ?84, ?85, ?86, ?87, ?88, ?89, ?90, ?91, ?92, ?93, ?94, ?95, ?96, ?97, ?98, ?99, ?100",
        ") ORDER BY u.id, r.role"
    );
    let mut found = Vec::new();
    for some in ids.chunks(IDS) {
        // The last id stands for those that are missing.
        let parameters: Vec<Value> =
            (0..IDS).map(|place| Value::Bytes(some[place.min(some.len() - 1)].as_bytes())).collect();
        found.extend(collect(tx, SQL, &parameters)?);
    }
    Ok(found)
}

/// Returns any account, if there is one.
pub(crate) fn any(tx: &mut Tx) -> Result<Option<User>> {
    const SQL: &str = concat!(select!("(SELECT * FROM users ORDER BY id LIMIT 1) u"), "ORDER BY r.role");
    Ok(collect(tx, SQL, &[])?.pop())
}

/// A page of accounts.
pub(crate) struct Listing<'a> {
    pub is_active: Option<bool>,
    pub role: Option<&'a str>,
    /// Only service accounts, or only people.
    pub is_service_account: Option<bool>,
    pub after: Option<Id>,
    pub skip: usize,
    pub limit: usize,
}

/// Lists accounts in the order of their ids. Each kind of listing has a statement of its own that walks an
/// index from `after` on.
pub(crate) fn list(tx: &mut Tx, listing: &Listing) -> Result<Vec<User>> {
    macro_rules! page {
        ($from:literal) => {
            concat!(select!($from), "ORDER BY u.id, r.role")
        };
    }
    let after = listing.after.map_or([0; 16], |id| *id.as_bytes());
    let after = Value::Bytes(&after);
    let limit = Value::Integer(listing.limit as i64);
    let skip = Value::Integer(listing.skip as i64);
    let active = |is_active: bool| Value::Integer(is_active.into());
    // There are few service accounts: they have an index, and a walk of the others leaves them out.
    if listing.is_service_account == Some(true) {
        let least = active(listing.is_active == Some(true));
        let most = active(listing.is_active != Some(false));
        return match listing.role {
            None => collect(
                tx,
                page!(
                    "(SELECT * FROM users WHERE is_service_account = 1 AND id > ?1 AND is_active BETWEEN ?4 AND ?5 \
                     ORDER BY id LIMIT ?2 OFFSET ?3) u"
                ),
                &[after, limit, skip, least, most],
            ),
            Some(role) => collect(
                tx,
                page!(
                    "(SELECT v.* FROM users v WHERE v.is_service_account = 1 AND v.id > ?1 \
                     AND v.is_active BETWEEN ?4 AND ?5 \
                     AND EXISTS (SELECT 1 FROM user_roles f WHERE f.user_id = v.id AND f.role = ?6) \
                     ORDER BY v.id LIMIT ?2 OFFSET ?3) u"
                ),
                &[after, limit, skip, least, most, Value::Text(role)],
            ),
        };
    }
    let most = Value::Integer((listing.is_service_account != Some(false)).into());
    match (listing.role, listing.is_active) {
        (None, None) => collect(
            tx,
            page!(
                "(SELECT * FROM users WHERE id > ?1 AND is_service_account <= ?4 ORDER BY id LIMIT ?2 OFFSET ?3) u"
            ),
            &[after, limit, skip, most],
        ),
        (None, Some(is_active)) => collect(
            tx,
            page!(
                "(SELECT * FROM users WHERE is_active = ?4 AND id > ?1 AND is_service_account <= ?5 \
                 ORDER BY id LIMIT ?2 OFFSET ?3) u"
            ),
            &[after, limit, skip, active(is_active), most],
        ),
        (Some(role), None) => collect(
            tx,
            page!(
                "(SELECT v.* FROM user_roles f JOIN users v ON v.id = f.user_id \
                 WHERE f.role = ?4 AND f.user_id > ?1 AND v.is_service_account <= ?5 \
                 ORDER BY f.user_id LIMIT ?2 OFFSET ?3) u"
            ),
            &[after, limit, skip, Value::Text(role), most],
        ),
        (Some(role), Some(is_active)) => collect(
            tx,
            page!(
                "(SELECT v.* FROM user_roles f JOIN users v ON v.id = f.user_id \
                 WHERE f.role = ?4 AND f.user_id > ?1 AND v.is_active = ?5 \
                 AND v.is_service_account <= ?6 ORDER BY f.user_id LIMIT ?2 OFFSET ?3) u"
            ),
            &[after, limit, skip, Value::Text(role), active(is_active), most],
        ),
    }
}

/// A new account.
pub(crate) struct NewUser<'a> {
    pub public: &'a PublicUser,
    pub username_key: &'a str,
    pub email_key: Option<&'a str>,
    pub password_hash: Option<&'a str>,
}

/// What else an account brings from another system.
#[derive(Default)]
pub(crate) struct Moved<'a> {
    pub must_change_password: bool,
    pub past_passwords: Option<&'a str>,
    pub password_set_at: Option<i64>,
    pub password_expires_at: Option<i64>,
    pub was_verified: bool,
    pub has_proven: bool,
    pub epoch_at: i64,
    pub token_epoch: i64,
}

/// Stores an account that was made here.
pub(crate) fn insert(tx: &mut Tx, new: &NewUser) -> Result<()> {
    let password_set_at = new.password_hash.map(|_| new.public.created_at);
    move_in(tx, new, &Moved { password_set_at, ..Moved::default() })
}

/// Stores an account of another system.
pub(crate) fn move_in(tx: &mut Tx, new: &NewUser, moved: &Moved) -> Result<()> {
    let NewUser { public, .. } = new;
    let was_verified = match (moved.has_proven, moved.was_verified) {
        (true, _) => PROVEN,
        (false, true) => VERIFIED,
        (false, false) => 0,
    };
    let attributes = crate::json::render(&public.attributes)?;
    tx.run(
        "INSERT INTO users (id, username, username_key, email, email_key, email_verified, is_active, \
         password_hash, must_change_password, attributes, locale, epoch, epoch_at, token_epoch, created_at, \
         was_verified, is_service_account, external_id, password_set_at, past_passwords, password_expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?15, ?9, ?10, 0, ?16, ?17, ?11, ?18, ?12, ?13, ?14, ?19, ?20)",
        &[
            Value::Bytes(public.id.as_bytes()),
            Value::Text(public.username.as_str()),
            Value::Text(new.username_key),
            Value::optional_text(public.email.as_ref().map(Email::as_str)),
            Value::optional_text(new.email_key),
            Value::Integer(public.email_verified.into()),
            Value::Integer(public.is_active.into()),
            Value::optional_text(new.password_hash),
            Value::Text(&attributes),
            Value::optional_text(public.locale.as_ref().map(Locale::as_str)),
            Value::Integer(public.created_at),
            Value::Integer(public.is_service_account.into()),
            Value::optional_text(public.external_id.as_ref().map(ExternalId::as_str)),
            moved.password_set_at.map_or(Value::Null, Value::Integer),
            Value::Integer(moved.must_change_password.into()),
            Value::Integer(moved.epoch_at),
            Value::Integer(moved.token_epoch),
            Value::Integer(was_verified),
            Value::optional_text(moved.past_passwords),
            moved.password_expires_at.map_or(Value::Null, Value::Integer),
        ],
    )?;
    insert_roles(tx, public)
}

fn insert_roles(tx: &mut Tx, public: &PublicUser) -> Result<()> {
    for role in &public.roles {
        tx.run(
            "INSERT INTO user_roles (user_id, role) VALUES (?1, ?2)",
            &[Value::Bytes(public.id.as_bytes()), Value::Text(role.as_str())],
        )?;
    }
    Ok(())
}

/// An address of the account was declared verified.
const VERIFIED: i64 = 1;

/// The account's user proved an address.
const PROVEN: i64 = 2;

/// Updates an account. The record that one of its addresses was verified is never removed.
pub(crate) fn update(
    tx: &mut Tx,
    public: &PublicUser,
    username_key: &str,
    email_key: Option<&str>,
) -> Result<()> {
    let attributes = crate::json::render(&public.attributes)?;
    tx.run(
        "UPDATE users SET username = ?2, username_key = ?3, email = ?4, email_key = ?5, email_verified = ?6, \
         was_verified = CASE WHEN email_verified = 1 AND was_verified = 0 THEN ?10 ELSE was_verified END, \
         is_active = ?7, attributes = ?8, locale = ?9, external_id = ?11 WHERE id = ?1",
        &[
            Value::Bytes(public.id.as_bytes()),
            Value::Text(public.username.as_str()),
            Value::Text(username_key),
            Value::optional_text(public.email.as_ref().map(Email::as_str)),
            Value::optional_text(email_key),
            Value::Integer(public.email_verified.into()),
            Value::Integer(public.is_active.into()),
            Value::Text(&attributes),
            Value::optional_text(public.locale.as_ref().map(Locale::as_str)),
            Value::Integer(VERIFIED),
            Value::optional_text(public.external_id.as_ref().map(ExternalId::as_str)),
        ],
    )?;
    tx.run("DELETE FROM user_roles WHERE user_id = ?1", &[Value::Bytes(public.id.as_bytes())])?;
    insert_roles(tx, public)
}

/// Replaces the attributes of an account, a JSON object.
pub(crate) fn set_attributes(tx: &mut Tx, id: Id, attributes: &str) -> Result<()> {
    let sql = "UPDATE users SET attributes = ?2 WHERE id = ?1";
    tx.run(sql, &[Value::Bytes(id.as_bytes()), Value::Text(attributes)])
}

/// Deletes an account; its roles and sessions go with it.
pub(crate) fn delete(tx: &mut Tx, id: Id) -> Result<()> {
    tx.run("DELETE FROM users WHERE id = ?1", &[Value::Bytes(id.as_bytes())])
}

/// The names by which an account is found, in canonical form.
pub(crate) struct Canonical {
    pub id: Id,
    pub username: String,
    /// The address, if the account has claimed it.
    pub email: Option<String>,
}

/// Returns the names of an account.
pub(crate) fn canonical(tx: &mut Tx, id: Id) -> Result<Option<Canonical>> {
    const SQL: &str = "SELECT id, username_key, email_key FROM users WHERE id = ?1";
    tx.first(SQL, &[Value::Bytes(id.as_bytes())], read_canonical)
}

/// Returns the names of so many accounts after an id, in the order of their ids.
pub(crate) fn walk(tx: &mut Tx, after: Id, limit: usize) -> Result<Vec<Canonical>> {
    const SQL: &str = "SELECT id, username_key, email_key FROM users WHERE id > ?1 ORDER BY id LIMIT ?2";
    tx.after(SQL, after, limit, read_canonical)
}

fn read_canonical(row: &Row) -> Result<Canonical> {
    Ok(Canonical { id: row.id(0)?, username: row.text(1)?, email: row.optional_text(2)? })
}

/// The condition of an active account `u` of a person. An account that waits for its owner does not count: it may
/// never be opened. Its sub-select looks up a single key: PostgreSQL may read the whole table of an `EXISTS` into a hash.
macro_rules! is_active_person {
    () => {
        "u.is_active = 1 AND u.is_service_account = 0 \
         AND (u.password_hash IS NOT NULL OR u.email_key IS NOT NULL OR u.was_verified <> 0 \
              OR COALESCE((SELECT 1 FROM identities i WHERE i.user_id = u.id AND i.unlinked_at IS NULL LIMIT 1), 0) = 1)"
    };
}

pub(super) use is_active_person;

pub(super) const ANOTHER_ACTIVE: &str = concat!(
    "SELECT 1 FROM user_roles r JOIN users u ON u.id = r.user_id WHERE r.role = ?1 AND r.user_id <> ?2 AND ",
    is_active_person!(),
    " LIMIT 1"
);

/// Whether another active account of a person has the role.
pub(crate) fn has_other_active(tx: &mut Tx, role: &str, but: Id) -> Result<bool> {
    Ok(tx.first(ANOTHER_ACTIVE, &[Value::Text(role), Value::Bytes(but.as_bytes())], |_| Ok(()))?.is_some())
}

/// Whether a name, an address or an external id belongs to an account.
pub(crate) fn is_taken(tx: &mut Tx, by: By) -> Result<bool> {
    let (sql, key) = match &by {
        By::Id(id) => ("SELECT 1 FROM users WHERE id = ?1", Value::Bytes(id.as_bytes())),
        By::Username(key) => ("SELECT 1 FROM users WHERE username_key = ?1", Value::Text(key)),
        By::Email(key) => ("SELECT 1 FROM users WHERE email_key = ?1", Value::Text(key)),
        By::ExternalId(id) => ("SELECT 1 FROM users WHERE external_id = ?1", Value::Text(id)),
    };
    Ok(tx.first(sql, &[key], |_| Ok(()))?.is_some())
}

/// Records that the account's user proved its address.
pub(crate) fn has_proven_email(tx: &mut Tx, id: Id) -> Result<()> {
    let sql = "UPDATE users SET was_verified = ?2 WHERE id = ?1";
    tx.run(sql, &[Value::Bytes(id.as_bytes()), Value::Integer(PROVEN)])
}

/// Removes the account's claim to its address, which another account has verified.
pub(crate) fn give_up_email(tx: &mut Tx, id: Id) -> Result<()> {
    tx.run("UPDATE users SET email_key = NULL WHERE id = ?1", &[Value::Bytes(id.as_bytes())])
}

/// A new password, as the store keeps it.
pub(crate) struct NewPassword<'a> {
    pub hash: &'a str,
    /// The hashes of the passwords before it that stay.
    pub past: Option<&'a str>,
    /// When it expires; such a password must be changed.
    pub expires_at: Option<i64>,
    pub set_at: i64,
}

/// Sets the account's password.
pub(crate) fn set_password(tx: &mut Tx, id: Id, new: &NewPassword) -> Result<()> {
    tx.run(
        "UPDATE users SET password_hash = ?2, must_change_password = ?3, password_expires_at = ?4, \
         password_set_at = ?5, past_passwords = ?6 WHERE id = ?1",
        &[
            Value::Bytes(id.as_bytes()),
            Value::Text(new.hash),
            Value::Integer(new.expires_at.is_some().into()),
            new.expires_at.map_or(Value::Null, Value::Integer),
            Value::Integer(new.set_at),
            Value::optional_text(new.past),
        ],
    )
}

/// Returns the hashes of the account's past passwords, as they are kept.
pub(crate) fn past_passwords(tx: &mut Tx, id: Id) -> Result<Option<String>> {
    const SQL: &str = "SELECT past_passwords FROM users WHERE id = ?1";
    Ok(tx.first(SQL, &[Value::Bytes(id.as_bytes())], |row| row.optional_text(0))?.flatten())
}

/// Replaces the hashes of the account's past passwords by the same in another form, unless they changed meanwhile.
pub(crate) fn reseal_past_passwords(tx: &mut Tx, id: Id, old: &str, new: &str) -> Result<()> {
    tx.run(
        "UPDATE users SET past_passwords = ?3 WHERE id = ?1 AND past_passwords = ?2",
        &[Value::Bytes(id.as_bytes()), Value::Text(old), Value::Text(new)],
    )
}

/// Removes the account's password, and those before it.
pub(crate) fn delete_password(tx: &mut Tx, id: Id) -> Result<()> {
    tx.run(
        "UPDATE users SET password_hash = NULL, must_change_password = 0, password_expires_at = NULL, \
         password_set_at = NULL, past_passwords = NULL WHERE id = ?1",
        &[Value::Bytes(id.as_bytes())],
    )
}

/// Sets whether the next login by password must change it. A password that need not be changed does not
/// expire.
pub(crate) fn must_change_password(tx: &mut Tx, id: Id, must_change: bool) -> Result<()> {
    let sql = match must_change {
        true => "UPDATE users SET must_change_password = 1 WHERE id = ?1",
        false => "UPDATE users SET must_change_password = 0, password_expires_at = NULL WHERE id = ?1",
    };
    tx.run(sql, &[Value::Bytes(id.as_bytes())])
}

/// Replaces a hash by a better one of the same password, unless the password was changed meanwhile.
pub(crate) fn upgrade_hash(tx: &mut Tx, id: Id, old: &str, new: &str) -> Result<()> {
    tx.run(
        "UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2",
        &[Value::Bytes(id.as_bytes()), Value::Text(old), Value::Text(new)],
    )
}

/// Lists the sealed hashes, in the order of their users' ids.
pub(crate) fn sealed_hashes(tx: &mut Tx, after: Id, limit: usize) -> Result<Vec<Sealed<String>>> {
    const SQL: &str = "SELECT id, password_hash FROM users WHERE id > ?1 AND password_hash LIKE '$sealed$%' \
                       ORDER BY id LIMIT ?2";
    tx.after(SQL, after, limit, |row| Ok(Sealed { id: row.id(0)?, sealed: row.text(1)? }))
}

/// Lists the sealed hashes of past passwords, in the order of their users' ids.
pub(crate) fn sealed_past_passwords(tx: &mut Tx, after: Id, limit: usize) -> Result<Vec<Sealed<String>>> {
    const SQL: &str = "SELECT id, past_passwords FROM users WHERE id > ?1 AND past_passwords LIKE '$sealed$%' \
                       ORDER BY id LIMIT ?2";
    tx.after(SQL, after, limit, |row| Ok(Sealed { id: row.id(0)?, sealed: row.text(1)? }))
}

/// Ends at once every session of the account, and every token without one.
pub(crate) fn bump_epoch(tx: &mut Tx, id: Id, now: i64) -> Result<()> {
    tx.run(
        "UPDATE users SET epoch = epoch + 1, epoch_at = ?2, token_epoch = token_epoch + 1 WHERE id = ?1",
        &[Value::Bytes(id.as_bytes()), Value::Integer(now)],
    )
}

/// Returns the last of so many accounts after an id, if there is one.
pub(crate) fn last_of_batch(tx: &mut Tx, after: Id, limit: usize) -> Result<Option<Id>> {
    const SQL: &str = "SELECT id FROM users WHERE id > ?1 ORDER BY id LIMIT ?2";
    Ok(tx.after(SQL, after, limit, |row| row.array(0).map(Id::from_bytes))?.pop())
}

/// As [`bump_epoch`], for the accounts after one id up to another.
pub(crate) fn bump_epochs(tx: &mut Tx, after: Id, last: Id, now: i64) -> Result<()> {
    tx.run(
        "UPDATE users SET epoch = epoch + 1, epoch_at = ?3, token_epoch = token_epoch + 1 WHERE id > ?1 AND id <= ?2",
        &[Value::Bytes(after.as_bytes()), Value::Bytes(last.as_bytes()), Value::Integer(now)],
    )
}

/// Ends every session of the account that is not carried over, including those that pending logins would
/// open.
pub(crate) fn next_epoch(tx: &mut Tx, id: Id) -> Result<()> {
    tx.execute("UPDATE users SET epoch = epoch + 1 WHERE id = ?1", &[Value::Bytes(id.as_bytes())])?;
    Ok(())
}

fn collect(tx: &mut Tx, sql: &'static str, parameters: &[Value]) -> Result<Vec<User>> {
    let mut users: Vec<User> = Vec::new();
    tx.query(sql, parameters, |row| {
        match users.last_mut() {
            Some(user) if user.public.id == row.id(0)? => add_role(user, row)?,
            _ => users.push(read(row)?),
        }
        Ok(())
    })?;
    Ok(users)
}

/// Adds the role of another row of the same account.
pub(super) fn add_role(user: &mut User, row: &Row) -> Result<()> {
    user.public.roles.extend(row.optional_text(15)?.map(Role::stored));
    Ok(())
}

/// Reads the account, with the first of its roles.
pub(super) fn read(row: &Row) -> Result<User> {
    let attributes = row.text(5)?;
    Ok(User {
        public: PublicUser {
            id: row.id(0)?,
            username: Username::stored(row.text(1)?),
            email: row.optional_text(2)?.map(Email::stored),
            email_verified: row.boolean(3)?,
            is_active: row.boolean(4)?,
            is_service_account: row.boolean(16)?,
            roles: row.optional_text(15)?.map(Role::stored).into_iter().collect(),
            attributes: if attributes == "{}" {
                Object::default()
            } else {
                serde_json::from_str(&attributes).map_err(|_| damaged())?
            },
            locale: row.optional_text(12)?.map(Locale::stored),
            external_id: row.optional_text(17)?.map(ExternalId::stored),
            created_at: row.integer(6)?,
        },
        password_hash: row.optional_text(7)?,
        epoch: row.integer(8)?,
        epoch_at: row.integer(9)?,
        token_epoch: row.integer(14)?,
        must_change_password: row.boolean(10)?,
        password_expires_at: row.optional_integer(11)?,
        password_set_at: row.optional_integer(18)?,
        was_verified: row.boolean(3)? || row.boolean(13)?,
        has_proven: row.integer(13)? == PROVEN,
    })
}
