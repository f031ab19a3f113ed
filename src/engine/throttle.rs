//! Throttles. An attempt is counted as failed, in a transaction of its own, before its proof is checked, and
//! the count is taken back when the attempt succeeds. So no number of threads or processes gets more guesses
//! than allowed. A device on which the account logged in before has lanes of its own: an attacker elsewhere,
//! or on the same network, does not lock the owner out.
//!
//! Strangers can invent names and sources without end. These share a bounded number of places, and each place
//! keeps the count of the entry that came last: a flood displaces its own entries and has no other effect. It
//! does not disclose which names accounts have, because a name is counted and forgotten in the same way
//! whether or not an account has it. It does not win more guesses: besides the lane of its name, an account
//! has a lane that is as strict, shares no place, and is reset by success alone.

use super::step::Step;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::secrets::{KeyId, Purpose, Secrets};
use crate::error::{Code, Error, Result};
use crate::mail::Kind as MailKind;
use crate::store::events::Event;
use crate::store::throttles::{self, Count};
use crate::store::users::{self, By};
use crate::store::{Durability, Share, Store, Tx, known_devices};
use crate::types::client::Client;
use crate::types::id::Id;
use crate::types::user::PublicUser;

/// How many wrong guesses in a row an authenticator takes, however slowly they come (NIST SP 800-63B-4
/// section 3.2.2).
const MOST_IN_A_ROW: i64 = 100;

/// How long a device stays known after the last login there: half a year.
const DEVICE_SECONDS: i64 = 180 * 86_400;

/// How many devices of an account are known.
const MOST_DEVICES: i64 = 20;

/// How many mails all accounts together may send to an unverified address within `throttle.window_seconds`
/// before further ones are thinned out. A stranger needs as many accounts to suppress another user's mail.
const MAILS_TO_ONE_ADDRESS: i64 = 50;

/// How many of these mails one source may cause, so that a stranger needs several sources, too.
const MAILS_FROM_ONE_SOURCE: i64 = 10;

/// The classes of made-up entries; entries of one class share places.
#[derive(Clone, Copy)]
enum MadeUp {
    /// A name offered to a login.
    Name,
    /// The stand-in for the account of a name that no account has.
    NoAccount,
    /// The source of failures.
    Source,
    /// The source of registrations.
    Registrant,
    /// The source of requests for mails.
    MailSource,
    /// An address that a mail is asked for and that no account has.
    Mail,
}

/// A device on which the account logged in before, identified by a keyed code.
#[derive(Clone, Copy)]
pub(crate) struct KnownDevice([u8; 32]);

/// An attempt, which counts as failed until it is taken back.
pub(crate) struct Attempt {
    name: Lane,
    account: Lane,
    source: Option<Lane>,
    /// Whether the account is locked: even the right password is refused. The answer must not disclose this,
    /// nor that there is an account.
    pub account_is_closed: bool,
}

/// One count of failures: of a name as it was offered, whether or not an account has it; of an account, under
/// all its names; or of a source.
struct Lane {
    id: [u8; 32],
    /// The number of failures that locks it.
    limit: i64,
    /// When its count may be forgotten.
    expires_at: i64,
    /// The end of the lock that this attempt caused, or 0.
    locked_until: i64,
    /// Whether this attempt locked it or was the last that is allowed in a row.
    locks: bool,
}

/// How many accounts are checked for one page of locked accounts, and how many are read at once.
const MOST_LOOKED_AT: usize = 20_000;
const LOOKED_AT_ONCE: usize = 1000;

/// A lane in which failures of an account are counted.
struct LaneOfAccount {
    of: &'static str,
    known_device: bool,
    id: [u8; 32],
}

/// A lock that keeps guesses away from an account.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AccountLock {
    /// The locked thing: `account` (logins by any name), `username` or `email` (logins by that name),
    /// `second_factor` (codes of an authenticator app).
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

impl AccountLock {
    /// Whether only codes of an app are locked.
    pub(crate) fn is_of_app(&self) -> bool {
        self.of == SECOND_FACTOR
    }
}

/// Counts failures, and locks a lane that fails too often.
pub(crate) struct Throttle {
    pub config: Arc<Config>,
    pub secrets: Arc<Secrets>,
    pub store: Arc<Store>,
    pub clock: Arc<Clock>,
}

impl Throttle {
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
                let lasts = matches!(lane.of, ACCOUNT | SECOND_FACTOR) && count.in_a_row >= MOST_IN_A_ROW;
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
            add(ACCOUNT, self.account_lane(account, device)?);
            add("username", self.name_lane(username, device)?);
            if let Some(email) = email {
                add("email", self.name_lane(email, device)?);
            }
            add(SECOND_FACTOR, self.own(&second_factor(account, device))?);
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
    ) -> Result<(Vec<PublicUser>, Option<Id>)> {
        let closed = throttles::closed(tx, now, MOST_IN_A_ROW)?;
        let mut locked = Vec::new();
        let mut after = after.unwrap_or(Id::from_bytes([0; 16]));
        if closed.is_empty() {
            return Ok((locked, None));
        }
        for _ in 0..MOST_LOOKED_AT / LOOKED_AT_ONCE {
            let accounts = users::walk(tx, after, LOOKED_AT_ONCE)?;
            let (Some(first), Some(last)) = (accounts.first(), accounts.last()) else {
                return Ok((locked, None));
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
                    return Ok((locked, Some(after)));
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
        Ok((locked, Some(after)))
    }

    /// Counts an attempt as failed: at the `account` that has this `name`, or at a name that no account has,
    /// in the lanes of the known `device` if it comes from one. The same rows are written in either case.
    /// Failure: `too_many_attempts`, for the name or the source.
    pub(crate) fn count_attempt(
        &self,
        account: Option<Id>,
        name: &str,
        source: Option<IpAddr>,
        device: Option<KnownDevice>,
    ) -> Result<Attempt> {
        let config = &self.config.throttle;
        let now = self.clock.now();
        let forgotten_at = now + config.window_seconds.seconds() + config.lock_max_seconds.seconds();
        let failures = config.account_failures.count();
        let lane = |id: [u8; 32], expires_at: i64| Lane {
            id,
            limit: failures,
            expires_at,
            locked_until: 0,
            locks: false,
        };
        let mut attempt = Attempt {
            name: lane(self.name_lane(name, device)?, forgotten_at),
            account: match (account, device) {
                // Kept until it succeeds, or for as long as the device is known. The stand-in for a missing
                // account expires instead.
                (Some(id), Some(_)) => lane(self.account_lane(id, device)?, now + DEVICE_SECONDS),
                (Some(id), None) => lane(self.account_lane(id, None)?, throttles::NEVER),
                (None, _) => lane(self.shared(MadeUp::NoAccount, name)?, forgotten_at),
            },
            // A client that shares its IP address with others is recognized by its device, which is limited
            // as strictly.
            source: self.source(source.filter(|_| device.is_none()), now)?,
            account_is_closed: false,
        };
        let refused_for = self.store.write(Durability::Relaxed, |tx| {
            let mut counts = Vec::with_capacity(3);
            let mut is_closed = false;
            let mut refused_for = None;
            let source = attempt.source.as_ref().unwrap_or(&attempt.account);
            let kept = throttles::find_all(tx, [&attempt.name.id, &attempt.account.id, &source.id])?;
            for (lane, kept) in attempt.lanes().zip(kept) {
                let kept = kept.unwrap_or_default();
                let count = Count { expires_at: lane.expires_at, ..self.as_of(now, kept) };
                if count.failed_at != kept.failed_at {
                    throttles::put(tx, &lane.id, count)?;
                }
                let is_locked = count.locked_until > now;
                if lane.id == attempt.account.id && (is_locked || count.in_a_row >= MOST_IN_A_ROW) {
                    is_closed = true;
                    counts.push(count);
                } else if is_locked {
                    refused_for = refused_for.max(Some(count.locked_until - now));
                } else {
                    counts.push(self.one_more(count, lane, now));
                }
            }
            if refused_for.is_some() {
                return Ok(refused_for);
            }
            attempt.account_is_closed = is_closed;
            throttles::forget_expired(tx, now, Share::AFew)?;
            let account = attempt.account.id;
            for (lane, count) in attempt.lanes_mut().zip(counts) {
                throttles::put(tx, &lane.id, count)?;
                lane.locked_until = count.locked_until;
                let is_last = lane.id == account && count.in_a_row >= MOST_IN_A_ROW;
                lane.locks = count.failed_at == now && (count.locked_until > now || is_last);
            }
            Ok(None)
        })?;
        match refused_for {
            Some(seconds) => Err(throttled(seconds)),
            None => Ok(attempt),
        }
    }

    /// Returns how often an account's second factor was guessed at; the caller counts one more in the same
    /// transaction if the next code is wrong. A known `device` has a count of its own. Refuses with
    /// `too_many_attempts`.
    pub(crate) fn guesses(
        &self,
        tx: &mut Tx,
        account: Id,
        device: Option<KnownDevice>,
        now: i64,
    ) -> Result<Step<Guesses>> {
        let lane = Lane {
            id: self.own(&second_factor(account, device))?,
            limit: self.config.throttle.account_failures.count(),
            expires_at: if device.is_some() { now + DEVICE_SECONDS } else { throttles::NEVER },
            locked_until: 0,
            locks: false,
        };
        let count = self.as_of(now, throttles::find(tx, &lane.id)?.unwrap_or_default());
        match count.locked_until - now {
            seconds @ 1.. => Ok(Step::Refused(throttled(seconds))),
            _ => Ok(Step::Done(Guesses { lane, count })),
        }
    }

    /// Counts one wrong guess. Returns whether that locks the lane.
    pub(crate) fn count_guess(&self, tx: &mut Tx, guesses: Guesses, now: i64) -> Result<bool> {
        if guesses.are_too_many() {
            return Ok(false);
        }
        let Guesses { lane, count } = guesses;
        let count = self.one_more(count, &lane, now);
        throttles::put(tx, &lane.id, count)?;
        Ok(count.locked_until > now || count.in_a_row >= MOST_IN_A_ROW)
    }

    /// Counts a failure of a source, together with its guesses at passwords. Returns whether that locks the
    /// source. Only for proofs that cannot be guessed, which may be checked before they are counted.
    pub(crate) fn source_failed(&self, tx: &mut Tx, source: Option<IpAddr>, now: i64) -> Result<bool> {
        let Some(lane) = self.source(source, now)? else { return Ok(false) };
        let count = self.as_of(now, throttles::find(tx, &lane.id)?.unwrap_or_default());
        throttles::forget_expired(tx, now, Share::AFew)?;
        let count = self.one_more(count, &lane, now);
        throttles::put(tx, &lane.id, count)?;
        Ok(count.locked_until > now)
    }

    /// Returns whether another event of this kind deserves a row, for this account or for none. Such events
    /// cost their cause next to nothing, and a flood of them must not fill the disk. The statements are the
    /// same in either case.
    pub(crate) fn is_noteworthy(&self, tx: &mut Tx, event: &Event, now: i64) -> Result<bool> {
        let about = event.user_id.map_or("no account".to_owned(), |id| id.to_string());
        let like = event.detail.unwrap_or_default();
        let id = self.own(&format!("event {} {like} {about}", event.kind))?;
        let lane = self.expiring(id, self.config.throttle.account_failures.count(), now);
        let count = self.as_of(now, throttles::find(tx, &lane.id)?.unwrap_or_default());
        let is_noteworthy = count.locked_until <= now;
        throttles::forget_expired(tx, now, Share::AFew)?;
        throttles::put(tx, &lane.id, if is_noteworthy { self.one_more(count, &lane, now) } else { count })?;
        Ok(is_noteworthy)
    }

    fn source(&self, source: Option<IpAddr>, now: i64) -> Result<Option<Lane>> {
        let Some(ip) = source else { return Ok(None) };
        let id = self.shared(MadeUp::Source, &network(ip).to_string())?;
        Ok(Some(self.expiring(id, self.config.throttle.source_failures.count(), now)))
    }

    /// Counts a request for a mail. Failure: `too_many_attempts`, for the source.
    pub(crate) fn count_mail_request(&self, tx: &mut Tx, source: Option<IpAddr>, now: i64) -> Result<()> {
        let Some(ip) = source else { return Ok(()) };
        let limit = self.config.throttle.source_failures.count();
        self.admit_one(tx, self.shared(MadeUp::MailSource, &network(ip).to_string())?, limit, now)
    }

    /// Counts a registration, with any outcome, because it costs a hash and a mail. Its mail counts among
    /// the requests of the source. Failure: `too_many_attempts`, for the source.
    pub(crate) fn count_registration(&self, source: Option<IpAddr>, now: i64) -> Result<()> {
        let Some(ip) = source else { return Ok(()) };
        let limit = self.config.throttle.source_failures.count();
        self.store.write(Durability::Relaxed, |tx| {
            self.admit_one(tx, self.shared(MadeUp::Registrant, &network(ip).to_string())?, limit, now)?;
            if self.config.mail.links.verify_email.is_some() {
                self.count_mail_request(tx, source, now)?;
            }
            Ok(())
        })
    }

    /// Checks that a client may offer a proof of this account that cannot be guessed. Only the failures of
    /// its source count here, together with those of its logins; a known device is always admitted. Failure:
    /// `too_many_attempts`.
    pub(crate) fn admit_client(
        &self,
        tx: &mut Tx,
        account: Option<Id>,
        client: &Client,
        now: i64,
    ) -> Result<()> {
        let is_known = self.known_device(tx, account, client, now)?.is_some();
        let Some(lane) = self.source(client.ip.filter(|_| !is_known), now)? else { return Ok(()) };
        match self.as_of(now, throttles::find(tx, &lane.id)?.unwrap_or_default()).locked_until - now {
            seconds @ 1.. => Err(throttled(seconds)),
            _ => Ok(()),
        }
    }

    /// Counts a failure of a source that [`Throttle::admit_client`] admitted. Failure: `too_many_attempts`,
    /// as there.
    pub(crate) fn count_failure(&self, tx: &mut Tx, source: Option<IpAddr>, now: i64) -> Result<()> {
        let Some(ip) = source else { return Ok(()) };
        let limit = self.config.throttle.source_failures.count();
        self.admit_one(tx, self.shared(MadeUp::Source, &network(ip).to_string())?, limit, now)
    }

    /// Counts a change of an account's address, because each sends a mail to an address of the user's choice.
    /// Failure: `too_many_attempts`.
    pub(crate) fn count_address_change(&self, tx: &mut Tx, account: Id, now: i64) -> Result<()> {
        let limit = self.config.throttle.account_failures.count();
        self.admit_one(tx, self.own(&format!("mail change {account}"))?, limit, now)
    }

    /// Returns whether a mail of this kind about this account may go to this address now. It waits while the
    /// one before is fresh, longer each time. The count is per account, so that requests about one account do
    /// not suppress the mail of another. All accounts together may send [`MAILS_TO_ONE_ADDRESS`] mails to an
    /// address that they are yet to prove; mails to the account that has the address are not among them. A
    /// request without an account is counted in the same way.
    pub(crate) fn may_mail(
        &self,
        tx: &mut Tx,
        kind: MailKind,
        account: Option<Id>,
        address_key: &str,
        source: Option<IpAddr>,
        now: i64,
    ) -> Result<bool> {
        let one = match account {
            Some(id) => self.own(&format!("mail {} {id} {address_key}", kind.name()))?,
            None => self.shared(MadeUp::Mail, &format!("{} {address_key}", kind.name()))?,
        };
        if self.count_one(tx, one, 1, now)? > 0 {
            return Ok(false);
        }
        if !matches!(kind, MailKind::VerifyEmail | MailKind::ChangeEmail) {
            return Ok(true);
        }
        if let Some(ip) = source {
            let from_one = self.own(&format!("mails {} {address_key}", network(ip)))?;
            if self.count_one(tx, from_one, MAILS_FROM_ONE_SOURCE, now)? > 0 {
                return Ok(false);
            }
        }
        let all = self.own(&format!("mails {address_key}"))?;
        Ok(self.count_one(tx, all, MAILS_TO_ONE_ADDRESS, now)? == 0)
    }

    /// Counts an attempt in a lane of its own. Failure: `too_many_attempts`, while that lane is locked.
    fn admit_one(&self, tx: &mut Tx, lane: [u8; 32], limit: i64, now: i64) -> Result<()> {
        match self.count_one(tx, lane, limit, now)? {
            0 => Ok(()),
            seconds => Err(throttled(seconds)),
        }
    }

    /// Counts an attempt in a lane of its own. Returns the seconds that remain if the lane is locked; a
    /// locked lane is not counted.
    fn count_one(&self, tx: &mut Tx, lane: [u8; 32], limit: i64, now: i64) -> Result<i64> {
        let lane = self.expiring(lane, limit, now);
        let count = self.as_of(now, throttles::find(tx, &lane.id)?.unwrap_or_default());
        if count.locked_until > now {
            return Ok(count.locked_until - now);
        }
        throttles::forget_expired(tx, now, Share::AFew)?;
        throttles::put(tx, &lane.id, self.one_more(count, &lane, now))?;
        Ok(0)
    }

    /// Returns a lane that is forgotten once it has been quiet for long enough.
    fn expiring(&self, id: [u8; 32], limit: i64, now: i64) -> Lane {
        let config = &self.config.throttle;
        let expires_at = now + config.window_seconds.seconds() + config.lock_max_seconds.seconds();
        Lane { id, limit, expires_at, locked_until: 0, locks: false }
    }

    fn name_lane(&self, name: &str, device: Option<KnownDevice>) -> Result<[u8; 32]> {
        match device {
            Some(_) => self.own(&format!("name {name}{}", on(device))),
            None => self.shared(MadeUp::Name, name),
        }
    }

    fn account_lane(&self, account: Id, device: Option<KnownDevice>) -> Result<[u8; 32]> {
        self.own(&format!("account {account}{}", on(device)))
    }

    /// Returns the id of a lane of its own, for things that only existing accounts can multiply.
    fn own(&self, text: &str) -> Result<[u8; 32]> {
        self.secrets.mac(Purpose::LookUp, text.as_bytes())
    }

    /// Returns the id of a lane for something invented: it takes one of 65,536 places of its class.
    fn shared(&self, class: MadeUp, text: &str) -> Result<[u8; 32]> {
        let mut lane = self.own(&format!("made up {} {text}", class as u8))?;
        let start = size_of::<KeyId>();
        let end = throttles::PLACE_LEN - 2;
        lane[start..end].fill(class as u8);
        Ok(lane)
    }

    /// Takes back an attempt whose proof was not checked. If the store does not answer, the attempt stays
    /// counted.
    pub(crate) fn take_back_attempt(&self, attempt: &Attempt) {
        // The lane of a closed account was not counted.
        let was_counted = |lane: &&Lane| !(attempt.account_is_closed && lane.id == attempt.account.id);
        let _ = self.store.write(Durability::Relaxed, |tx| {
            attempt.lanes().filter(was_counted).try_for_each(|lane| lane.take_back(tx))
        });
    }

    /// Returns the client's device if the account logged in there. Queries even without an account, so that
    /// both cases take equal time.
    pub(crate) fn known_device(
        &self,
        tx: &mut Tx,
        account: Option<Id>,
        client: &Client,
        now: i64,
    ) -> Result<Option<KnownDevice>> {
        let Some(device) = client.device_id_text() else { return Ok(None) };
        let id = self.device(account, device)?;
        Ok(known_devices::is_known(tx, &id, now)?.then_some(KnownDevice(id)))
    }

    /// Remembers the client's device after a login to the account.
    pub(crate) fn keep_device(&self, tx: &mut Tx, account: Id, client: &Client, now: i64) -> Result<()> {
        let Some(device) = client.device_id_text() else { return Ok(()) };
        known_devices::forget_expired(tx, now, Share::AFew)?;
        known_devices::put(
            tx,
            &self.device(Some(account), device)?,
            account,
            now + DEVICE_SECONDS,
            MOST_DEVICES,
        )
    }

    fn device(&self, account: Option<Id>, device: &str) -> Result<[u8; 32]> {
        let account = account.map_or(String::new(), |id| id.to_string());
        self.own(&format!("device {account} {device}"))
    }

    /// Forgets the wrong guesses at codes of an account's app, after the app was removed, another factor was
    /// proven, or an administrator unlocked the account.
    pub(crate) fn forget_guesses(&self, tx: &mut Tx, account: Id) -> Result<()> {
        self.lanes_of_app(tx, account)?.iter().try_for_each(|lane| throttles::delete(tx, lane))
    }

    /// Allows codes of an account's app again after too many wrong ones in a row, because the user proved
    /// their identity by something less than another factor. The temporary locks stay, so that guesses remain
    /// rare.
    pub(crate) fn ease_guesses(&self, tx: &mut Tx, account: Id) -> Result<()> {
        self.lanes_of_app(tx, account)?.iter().try_for_each(|lane| throttles::start_row_anew(tx, lane))
    }

    /// Returns the lanes in which guesses at codes of an account's app are counted: one per known device, and
    /// one for all others.
    fn lanes_of_app(&self, tx: &mut Tx, account: Id) -> Result<Vec<[u8; 32]>> {
        let devices = known_devices::ids(tx, account)?.into_iter().map(|id| Some(KnownDevice(id)));
        let lanes = devices.chain([None]).map(|device| second_factor(account, device));
        lanes.map(|lane| self.own(&lane)).collect()
    }

    /// Forgets every failure of an account and of its names, when it is deleted or unlocked.
    pub(crate) fn forget_attempts(&self, tx: &mut Tx, account: Id, names: &[&str]) -> Result<()> {
        // Devices trusted under the old password are forgotten, and so are their failure counts.
        let devices = known_devices::delete_all(tx, account)?.into_iter().map(|id| Some(KnownDevice(id)));
        for device in devices.chain([None]) {
            for name in names {
                throttles::delete(tx, &self.name_lane(name, device)?)?;
            }
            throttles::delete(tx, &self.account_lane(account, device)?)?;
        }
        Ok(())
    }

    /// Returns the count with no time after `now`, so that a lock set by a clock that ran ahead lasts as long
    /// from now on as was intended.
    fn as_of(&self, now: i64, kept: Count) -> Count {
        let ahead = kept.failed_at.saturating_sub(now).max(0);
        let failed_at = kept.failed_at - ahead;
        let longest = failed_at.saturating_add(self.config.throttle.lock_max_seconds.seconds());
        let locked_until = kept.locked_until.saturating_sub(ahead).min(longest);
        Count { failed_at, locked_until, ..kept }
    }

    /// Adds one failure. From the lane's limit on, each failure locks twice as long as the one before.
    fn one_more(&self, before: Count, lane: &Lane, now: i64) -> Count {
        let config = &self.config.throttle;
        let last = before.failed_at.max(before.locked_until);
        let is_forgotten = last.saturating_add(config.window_seconds.seconds()) <= now;
        let failures = if is_forgotten { 1 } else { before.failures.saturating_add(1) };
        let lock_max = config.lock_max_seconds.seconds();
        let locked_until = match failures - lane.limit {
            beyond @ 0..=16 => now + (config.lock_seconds.seconds() << beyond).min(lock_max),
            17.. => now + lock_max,
            _ => 0,
        };
        Count {
            failures,
            in_a_row: before.in_a_row.saturating_add(1),
            failed_at: now,
            locked_until,
            expires_at: lane.expires_at,
        }
    }
}

/// The wrong guesses at an account's second factor, on one device or on all unknown devices together.
pub(crate) struct Guesses {
    lane: Lane,
    count: Count,
}

impl Guesses {
    /// Returns whether the account takes no more guesses.
    pub(crate) fn are_too_many(&self) -> bool {
        self.count.in_a_row >= MOST_IN_A_ROW
    }

    /// Resets the count after a right guess.
    pub(crate) fn forget(&self, tx: &mut Tx) -> Result<()> {
        if self.count.in_a_row > 0 { throttles::delete(tx, &self.lane.id) } else { Ok(()) }
    }
}

impl Attempt {
    /// Takes the attempt back after it succeeded: the account's count is reset, the source has one failure
    /// less.
    pub(crate) fn succeeded(&self, tx: &mut Tx) -> Result<()> {
        throttles::delete(tx, &self.name.id)?;
        throttles::delete(tx, &self.account.id)?;
        self.source.iter().try_for_each(|lane| lane.take_back(tx))
    }

    /// Returns the names of what the attempt locked: `account`, `source`.
    pub(crate) fn locks(&self) -> impl Iterator<Item = &'static str> {
        let account = self.account.locks && !self.account_is_closed;
        let source = self.source.as_ref().is_some_and(|lane| lane.locks);
        [(account, "account"), (source, "source")]
            .into_iter()
            .filter(|(locks, _)| *locks)
            .map(|(_, name)| name)
    }

    fn lanes(&self) -> impl Iterator<Item = &Lane> {
        [&self.name, &self.account].into_iter().chain(&self.source)
    }

    fn lanes_mut(&mut self) -> impl Iterator<Item = &mut Lane> {
        [&mut self.name, &mut self.account].into_iter().chain(&mut self.source)
    }
}

impl Lane {
    fn take_back(&self, tx: &mut Tx) -> Result<()> {
        throttles::take_back(tx, &self.id, self.limit, self.locked_until)
    }
}

fn second_factor(account: Id, device: Option<KnownDevice>) -> String {
    format!("second factor {account}{}", on(device))
}

/// The suffix that tells the lanes of a known device from the others.
fn on(device: Option<KnownDevice>) -> String {
    device.map_or(String::new(), |KnownDevice(id)| format!(" on {}", crate::types::base64url::base64url(&id)))
}

fn throttled(seconds: i64) -> Error {
    Error { retry_after_seconds: u64::try_from(seconds).ok(), ..Code::TooManyAttempts.into() }
}

/// One subscriber's network: an IPv4 address, or the /64 that an IPv6 subscriber gets at least.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() >> 64 << 64).into()),
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::config::Config;
    use crate::engine::{Engine, Hooks};

    const ROWS: &str = "SELECT count(*) FROM throttles";

    fn engine() -> Engine {
        Engine::open(Config::parse(r#"{"store": "sqlite::memory:"}"#).unwrap(), Hooks::default()).unwrap()
    }

    /// Returns an engine that takes three failures of a source, and the hand of its clock.
    fn engine_with_clock() -> (Engine, Arc<AtomicI64>) {
        let hand = Arc::new(AtomicI64::new(1_767_225_600_000));
        let now_ms = Arc::clone(&hand);
        let clock = Clock::custom(move || now_ms.load(Ordering::SeqCst));
        let config = r#"{"store": "sqlite::memory:", "throttle": {"source_failures": 3}}"#;
        let hooks = Hooks { clock, log: None };
        (Engine::open(Config::parse(config).unwrap(), hooks).unwrap(), hand)
    }

    fn rows(engine: &Engine) -> i64 {
        engine.store.read(|tx| tx.first(ROWS, &[], |row| row.integer(0))).unwrap().unwrap()
    }

    fn source(number: u32) -> Option<IpAddr> {
        Some(IpAddr::V4(number.into()))
    }

    /// Endless names, sources and addresses fill a bounded number of places.
    #[test]
    fn a_flood_of_made_up_names_is_bounded() {
        let engine = engine();
        for number in 0..3000 {
            let name = format!("nobody{number}");
            engine.throttle.count_attempt(None, &name, source(number), None).unwrap();
            engine
                .store
                .write(Durability::Relaxed, |tx| {
                    engine.throttle.count_mail_request(tx, source(number), 1)?;
                    engine.throttle.may_mail(tx, MailKind::ResetPassword, None, &name, source(number), 1)
                })
                .unwrap();
            engine.throttle.count_registration(source(number), 1).unwrap();
        }
        let mut places = HashSet::new();
        let keep = |row: &crate::store::row::Row| {
            places.insert(row.array::<32>(0)?[..throttles::PLACE_LEN].to_vec());
            Ok(())
        };
        engine.store.read(|tx| tx.query("SELECT id FROM throttles", &[], keep)).unwrap();
        assert_eq!(places.len() as i64, rows(&engine), "two in one place");
        // Besides the place's number, of 16 bits, and the key's id, a row has only its class: name, missing
        // account, source, registrant, source of requests, mail.
        let classes: HashSet<&[u8]> = places.iter().map(|place| &place[..throttles::PLACE_LEN - 2]).collect();
        assert_eq!(classes.len(), 6);
        assert!(rows(&engine) < 6 * 3000, "no two share a place");
    }

    /// A name's failures can be displaced without those of its account; a name without an account is refused
    /// and forgotten in the same way as one with an account.
    #[test]
    fn a_place_that_is_taken_tells_nothing_and_gives_no_guesses() {
        let engine = engine();
        for (account, name) in [(Some(Id::new(0).unwrap()), "ada"), (None, "nobody")] {
            let attempt = || engine.throttle.count_attempt(account, name, None, None);
            for _ in 0..10 {
                assert!(!attempt().unwrap().account_is_closed);
            }
            assert_eq!(attempt().err().unwrap().code, Code::TooManyAttempts);
            // Another name takes the place of this one.
            let mut other = engine.throttle.name_lane(name, None).unwrap();
            other[31] ^= 1;
            engine.store.write(Durability::Full, |tx| throttles::put(tx, &other, Count::default())).unwrap();
            for _ in 0..10 {
                assert!(attempt().unwrap().account_is_closed);
            }
            assert_eq!(attempt().err().unwrap().code, Code::TooManyAttempts);
        }
    }

    /// A locked account took no attempt, so that taking one back opens nothing.
    #[test]
    fn an_attempt_at_a_locked_account_takes_nothing_back() {
        let engine = engine();
        let account = Some(Id::new(0).unwrap());
        let attempt = |name| engine.throttle.count_attempt(account, name, None, None).unwrap();
        for _ in 0..10 {
            assert!(!attempt("ada").account_is_closed);
        }
        for name in ["ada@example.com", "eve@example.com"] {
            let at_other_name = attempt(name);
            assert!(at_other_name.account_is_closed);
            engine.throttle.take_back_attempt(&at_other_name);
        }
        assert!(attempt("somebody@example.com").account_is_closed);
    }

    /// Attempts whose proof nobody looked at are no failures in a row.
    #[test]
    fn attempts_that_are_taken_back_lock_nothing() {
        let engine = engine();
        let account = Some(Id::new(0).unwrap());
        for _ in 0..=MOST_IN_A_ROW {
            let attempt = engine.throttle.count_attempt(account, "ada", None, None).unwrap();
            assert!(!attempt.account_is_closed);
            engine.throttle.take_back_attempt(&attempt);
        }
    }

    /// The last of several successes at once had locked the source; each of the others ends the lock, too.
    #[test]
    fn a_source_that_only_succeeds_is_not_locked() {
        let (engine, _) = engine_with_clock();
        let attempt = |name| engine.throttle.count_attempt(None, name, source(1), None);
        let three = ["ada", "bob", "eve"].map(|name| attempt(name).unwrap());
        assert_eq!(attempt("joe").err().unwrap().code, Code::TooManyAttempts);
        engine.throttle.take_back_attempt(&three[0]);
        attempt("joe").unwrap();
    }

    /// A success whose attempt the window forgot gives no further guess.
    #[test]
    fn no_count_falls_below_zero() {
        let (engine, hand) = engine_with_clock();
        let attempt = |name| engine.throttle.count_attempt(None, name, source(1), None);
        let slow = ["ada", "bob"].map(|name| attempt(name).unwrap());
        hand.fetch_add(900_000, Ordering::SeqCst);
        engine.throttle.take_back_attempt(&attempt("eve").unwrap());
        slow.iter().for_each(|attempt| engine.throttle.take_back_attempt(attempt));
        for name in ["n1", "n2", "n3"] {
            attempt(name).unwrap();
        }
        assert_eq!(attempt("joe").err().unwrap().code, Code::TooManyAttempts);
    }
}
