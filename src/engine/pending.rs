//! Accounts that wait for their owner: without a password, and without a claim to their address until its reader
//! proves it.

use std::sync::Arc;

use crate::crypto::secrets::{Purpose, Secrets};
use crate::error::{Code, Error, Result};
use crate::store::users::{self, By, NewUser, User};
use crate::store::{Tx, api_keys, identities, passkeys, unexpected, waiting_accounts};
use crate::types::id::Id;
use crate::types::random::random;
use crate::types::strict::Object;
use crate::types::user::{Email, Locale, PublicUser, Role, Username};

/// How long an account waits after its last invitation.
pub(crate) const INVITED_SECONDS: i64 = 30 * 86_400;

/// Makes accounts that wait for their owner. An address has at most one, however often it is asked for.
pub(crate) struct Pending {
    pub secrets: Arc<Secrets>,
}

/// The account to make for an address.
pub(crate) struct Newcomer<'a> {
    pub email: &'a Email,
    pub locale: Option<&'a Locale>,
    pub roles: &'a [Role],
    /// How long the account waits, at least.
    pub waits_seconds: i64,
}

/// The account that waits for the owner of an address.
pub(crate) struct Waiting {
    pub user: User,
    /// A row that was written so that the statements are the same as for a new account.
    superfluous: Option<Id>,
}

impl Pending {
    /// Returns the waiting account of an address, and makes it if there is none yet. If none `is_wanted`, it
    /// does the same work, and the account is gone with [`Waiting::settle`].
    pub(crate) fn account(
        &self,
        tx: &mut Tx,
        newcomer: &Newcomer,
        is_wanted: bool,
        now_ms: i64,
    ) -> Result<Waiting> {
        let mailbox = newcomer.email.mailbox().ok_or_else(unexpected)?;
        let text = format!("pending account {mailbox}");
        let row = self.secrets.lasting_mac(Purpose::LookUp, text.as_bytes())?;
        let id = Id::new(now_ms)?;
        let holder = waiting_accounts::find(tx, &row)?.unwrap_or(id);
        let holder = users::find(tx, By::Id(holder))?;
        let pending = holder.filter(|holder| is_pending(holder, newcomer.email));
        let stays = is_wanted && pending.is_none();
        let user = PublicUser {
            id,
            username: invented_name()?,
            email: Some(newcomer.email.clone()),
            email_verified: false,
            is_active: true,
            is_service_account: false,
            roles: newcomer.roles.to_vec(),
            attributes: Object::default(),
            locale: newcomer.locale.cloned(),
            external_id: None,
            created_at: now_ms / 1000,
        };
        let username_key = user.username.key();
        let new =
            NewUser { public: &user, username_key: &username_key, email_key: None, password_hash: None };
        users::insert(tx, &new)?;
        let made = users::find(tx, By::Id(user.id))?.ok_or_else(unexpected)?;
        let (row, waiting) = match is_wanted {
            true => (row, pending.unwrap_or(made)),
            // The row of the superfluous account goes with it.
            false => (random()?, made),
        };
        let expires_at = now_ms / 1000 + newcomer.waits_seconds;
        waiting_accounts::put(tx, &row, waiting.public.id, expires_at)?;
        Ok(Waiting { user: waiting, superfluous: (!stays).then_some(user.id) })
    }

    /// Whether an account has no way in and no address was ever verified for it: it waits for its reader. An account
    /// whose address counts as verified no more is in use all the same.
    pub(crate) fn waits(tx: &mut Tx, user: &User) -> Result<bool> {
        let id = user.public.id;
        let has_way_in = user.was_verified || user.password_hash.is_some();
        Ok(!has_way_in && identities::list(tx, id)?.is_empty() && passkeys::list(tx, id)?.is_empty())
    }

    /// Whether an account waits for its reader and has no key, so that it was never used.
    pub(crate) fn is_unused(tx: &mut Tx, user: &User) -> Result<bool> {
        Ok(Pending::waits(tx, user)? && api_keys::list(tx, user.public.id)?.is_empty())
    }
}

impl Waiting {
    /// Deletes what was written for the sake of equal work.
    pub(crate) fn settle(&self, tx: &mut Tx, now_ms: i64) -> Result<()> {
        users::delete(tx, self.superfluous.map_or_else(|| Id::new(now_ms), Ok)?)
    }
}

/// Whether this account still waits for the reader of an address.
fn is_pending(user: &User, email: &Email) -> bool {
    let is_own = user.public.email.as_ref().is_some_and(|own| own.is_mailbox_of(email));
    is_own && !user.was_verified && user.password_hash.is_none()
}

/// Returns a name of 60 bits, which keeps names from being taken in advance.
pub(crate) fn invented_name() -> Result<Username> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letter = |byte: &u8| LETTERS[usize::from(byte % 32)] as char;
    let suffix: String = random::<12>()?.iter().map(letter).collect();
    format!("user-{suffix}").parse().map_err(|_| Error::new(Code::Internal, "username"))
}
