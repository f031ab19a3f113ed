//! Locks of accounts, for those who operate them.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::lanes::{KnownDevice, LaneKind, Lanes, MOST_IN_A_ROW};
use crate::error::Result;
use crate::store::users::{self, By};
use crate::store::{Tx, known_devices, throttles};
use crate::types::id::Id;
use crate::types::user::PublicUser;

/// How many accounts are checked for one page of locked accounts, and how many are read at once.
const MOST_LOOKED_AT: usize = 20_000;
const LOOKED_AT_ONCE: usize = 1000;

/// A lane in which failures of an account are counted.
struct LaneOfAccount {
    of: &'static str,
    known_device: bool,
    id: [u8; 32],
}

/// Locked accounts, and the id after which the next page begins.
pub(crate) struct LockedAccounts {
    pub users: Vec<PublicUser>,
    pub next: Option<Id>,
}

/// A lock that keeps guesses away from an account.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct AccountLock {
    /// The locked thing: `account` (logins by any name), `username` or `email` (logins by that name),
    /// `second_factor` (codes of an authenticator app), `mail_code` (mailed codes; a mailed link is not locked).
    pub of: &'static str,
    /// Whether the lock applies only to one of the devices on which the account logged in before. Otherwise
    /// it applies only to all other devices.
    pub known_device: bool,
    /// The number of consecutive failures.
    pub failures: i64,
    /// When the lock ends. Absent if it lasts: after 100 consecutive failures, until an administrator unlocks
    /// the account, its password is reset by mail, or, for codes of an app, the user proves another factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<i64>,
}

pub(crate) const ACCOUNT: &str = "account";

pub(crate) const SECOND_FACTOR: &str = "second_factor";

pub(crate) const MAIL_CODE: &str = "mail_code";

impl AccountLock {
    /// Whether only codes of an app are locked.
    pub(crate) fn is_of_app(&self) -> bool {
        self.of == SECOND_FACTOR
    }

    /// Whether a login by password is refused.
    pub(crate) fn is_of_password(&self) -> bool {
        !matches!(self.of, SECOND_FACTOR | MAIL_CODE)
    }
}

impl Lanes {
    /// Returns the locks of an account that hold now. Locks of sources are not among them: they belong to no
    /// account.
    pub(crate) fn locks_of(
        &self,
        tx: &mut Tx,
        account: Id,
        username: &str,
        email: Option<&str>,
        now: i64,
    ) -> Result<Vec<AccountLock>> {
        let devices = known_devices::ids(tx, account)?;
        let lanes = self.lanes_of(account, username, email, &devices)?;
        let mut locks = Vec::new();
        for three in lanes.chunks(3) {
            let ids = [0, 1, 2].map(|place| &three[place.min(three.len() - 1)].id);
            let kept = throttles::find_all(tx, ids)?;
            for (lane, kept) in three.iter().zip(kept) {
                let count = self.as_of(now, kept.unwrap_or_default());
                let lasts =
                    matches!(lane.of, ACCOUNT | SECOND_FACTOR | MAIL_CODE) && count.in_a_row >= MOST_IN_A_ROW;
                if lasts || count.locked_until > now {
                    locks.push(AccountLock {
                        of: lane.of,
                        known_device: lane.known_device,
                        failures: count.in_a_row,
                        locked_until: (!lasts).then_some(count.locked_until),
                    });
                }
            }
        }
        Ok(locks)
    }

    /// Returns every lane of an account that can be locked.
    fn lanes_of(
        &self,
        account: Id,
        username: &str,
        email: Option<&str>,
        devices: &[[u8; 32]],
    ) -> Result<Vec<LaneOfAccount>> {
        let mut lanes = Vec::new();
        for device in [None].into_iter().chain(devices.iter().map(|id| Some(KnownDevice(*id)))) {
            let mut add = |of, id| lanes.push(LaneOfAccount { of, known_device: device.is_some(), id });
            add(ACCOUNT, self.id(LaneKind::Account(account), device)?);
            add("username", self.id(LaneKind::Name(username), device)?);
            if let Some(email) = email {
                add("email", self.id(LaneKind::Name(email), device)?);
            }
            add(SECOND_FACTOR, self.id(LaneKind::SecondFactor(account), device)?);
            add(MAIL_CODE, self.id(LaneKind::MailCode(account), device)?);
        }
        Ok(lanes)
    }

    /// Returns up to `limit` locked accounts after an id, and the id after which the next page begins. Lanes
    /// are stored by keyed codes that do not name an account, so the codes of each account have to be
    /// computed and compared; one call does so for at most [`MOST_LOOKED_AT`] accounts.
    pub(crate) fn locked_accounts(
        &self,
        tx: &mut Tx,
        after: Option<Id>,
        limit: usize,
        now: i64,
        is_wanted: impl Fn(&PublicUser) -> bool,
    ) -> Result<LockedAccounts> {
        let closed = throttles::closed(tx, now, MOST_IN_A_ROW)?;
        let mut locked = Vec::new();
        let mut after = after.unwrap_or(Id::from_bytes([0; 16]));
        if closed.is_empty() {
            return Ok(LockedAccounts { users: locked, next: None });
        }
        for _ in 0..MOST_LOOKED_AT / LOOKED_AT_ONCE {
            let accounts = users::walk(tx, after, LOOKED_AT_ONCE)?;
            let (Some(first), Some(last)) = (accounts.first(), accounts.last()) else {
                return Ok(LockedAccounts { users: locked, next: None });
            };
            let mut devices: HashMap<Id, Vec<[u8; 32]>> = HashMap::new();
            for device in known_devices::walk(tx, first.id, last.id)? {
                devices.entry(device.user_id).or_default().push(device.id);
            }
            for users::Canonical { id, username, email } in &accounts {
                let devices = devices.get(id).map_or(&[][..], Vec::as_slice);
                let lanes = self.lanes_of(*id, username, email.as_deref(), devices)?;
                if !lanes.iter().any(|lane| closed.contains(&lane.id)) {
                    continue;
                }
                if locked.len() == limit {
                    return Ok(LockedAccounts { users: locked, next: Some(after) });
                }
                after = *id;
                let user = users::find(tx, By::Id(*id))?.map(|user| user.public).filter(&is_wanted);
                if let Some(user) = user
                    && !self.locks_of(tx, *id, username, email.as_deref(), now)?.is_empty()
                {
                    locked.push(user);
                }
            }
            after = last.id;
        }
        Ok(LockedAccounts { users: locked, next: Some(after) })
    }
}
