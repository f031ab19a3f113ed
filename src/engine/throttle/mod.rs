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

mod keys;
mod lanes;
pub mod locks;

use std::net::IpAddr;
use std::sync::Arc;

use self::keys::{UnknownKey, UnknownKeys};
use self::lanes::{DEVICE_SECONDS, Lane, LaneKind, MOST_IN_A_ROW};
pub(crate) use self::lanes::{KnownDevice, Lanes};
use super::shared::Shared;
use super::step::Step;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::mail::Kind as MailKind;
use crate::store::events::Event;
use crate::store::throttles::{self, Count};
use crate::store::{Durability, Share, Store, Tx, known_devices};
use crate::types::client::Client;
use crate::types::id::Id;

/// How many devices of an account are known.
const MOST_DEVICES: i64 = 20;

/// An attempt, which counts as failed until it is taken back.
pub(crate) struct Attempt {
    name: Counted,
    account: Counted,
    source: Option<Counted>,
    /// Whether the account is locked: even the right password is refused. The answer must not disclose this,
    /// nor that there is an account.
    pub account_is_closed: bool,
}

/// A lane in which an attempt is counted.
struct Counted {
    lane: Lane,
    /// The end of the lock that this attempt caused, or 0.
    locked_until: i64,
    /// Whether this attempt locked it or was the last that is allowed in a row.
    locks: bool,
}

/// Counts failures, and locks a lane that fails too often.
pub(crate) struct Throttle {
    pub unknown_keys: UnknownKeys,
    pub config: Arc<Config>,
    pub lanes: Lanes,
    pub store: Arc<Store>,
    pub clock: Arc<Clock>,
}

impl Throttle {
    pub(crate) fn new(shared: &Shared) -> Throttle {
        Throttle {
            unknown_keys: UnknownKeys::default(),
            config: Arc::clone(&shared.config),
            lanes: Lanes { config: Arc::clone(&shared.config), secrets: Arc::clone(&shared.secrets) },
            store: Arc::clone(&shared.store),
            clock: Arc::clone(&shared.clock),
        }
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
        let now = self.clock.now();
        let account = account.map_or(LaneKind::NoAccount(name), LaneKind::Account);
        // A client that shares its IP address with others is recognized by its device, which is limited as
        // strictly.
        let source = source.filter(|_| device.is_none());
        let counted = |kind, device| self.lanes.lane(kind, device, now).map(Counted::from);
        let mut attempt = Attempt {
            name: counted(LaneKind::Name(name), device)?,
            account: counted(account, device)?,
            source: source.map(|ip| counted(LaneKind::Source(ip), None)).transpose()?,
            account_is_closed: false,
        };
        let refused_for =
            self.store.write(Durability::Relaxed, |tx| self.count_in_lanes(tx, &mut attempt, now))?;
        match refused_for {
            Some(seconds) => Err(throttled(seconds)),
            None => Ok(attempt),
        }
    }

    /// Counts an attempt in each of its lanes. Returns the seconds that remain if one of them is locked; then
    /// nothing is counted.
    fn count_in_lanes(&self, tx: &mut Tx, attempt: &mut Attempt, now: i64) -> Result<Option<i64>> {
        let account = attempt.account.lane.id;
        let mut counts = Vec::with_capacity(3);
        let mut is_closed = false;
        let mut refused_for = None;
        let source = attempt.source.as_ref().unwrap_or(&attempt.account);
        let kept = throttles::find_all(tx, [&attempt.name.lane.id, &account, &source.lane.id])?;
        for (Counted { lane, .. }, kept) in attempt.lanes().zip(kept) {
            let kept = kept.unwrap_or_default();
            let count = Count { expires_at: lane.expires_at, ..self.lanes.as_of(now, kept) };
            if count.failed_at != kept.failed_at {
                throttles::put(tx, &lane.id, count)?;
            }
            let is_locked = count.locked_until > now;
            if lane.id == account && (is_locked || count.in_a_row >= MOST_IN_A_ROW) {
                is_closed = true;
                counts.push(count);
            } else if is_locked {
                refused_for = refused_for.max(Some(count.locked_until - now));
            } else {
                counts.push(self.lanes.one_more(count, lane, now));
            }
        }
        if refused_for.is_some() {
            return Ok(refused_for);
        }
        attempt.account_is_closed = is_closed;
        throttles::forget_expired(tx, now, Share::AFew)?;
        for (counted, count) in attempt.lanes_mut().zip(counts) {
            throttles::put(tx, &counted.lane.id, count)?;
            counted.locked_until = count.locked_until;
            let is_last = counted.lane.id == account && count.in_a_row >= MOST_IN_A_ROW;
            counted.locks = count.failed_at == now && (count.locked_until > now || is_last);
        }
        Ok(None)
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
        let lane = self.lanes.lane(LaneKind::SecondFactor(account), device, now)?;
        let count = self.lanes.count(tx, &lane, now)?;
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
        let count = self.lanes.one_more(count, &lane, now);
        throttles::put(tx, &lane.id, count)?;
        Ok(count.locked_until > now || count.in_a_row >= MOST_IN_A_ROW)
    }

    /// Counts a failure of a source, together with its guesses at passwords. Returns whether that locks the
    /// source. Only for proofs that cannot be guessed, which may be checked before they are counted.
    pub(crate) fn source_failed(&self, tx: &mut Tx, source: Option<IpAddr>, now: i64) -> Result<bool> {
        let Some(ip) = source else { return Ok(false) };
        let lane = self.lanes.lane(LaneKind::Source(ip), None, now)?;
        let count = self.lanes.count(tx, &lane, now)?;
        throttles::forget_expired(tx, now, Share::AFew)?;
        let count = self.lanes.one_more(count, &lane, now);
        throttles::put(tx, &lane.id, count)?;
        Ok(count.locked_until > now)
    }

    /// Returns whether another event of this kind deserves a row, for this account or for none. Such events
    /// cost their cause next to nothing, and a flood of them must not fill the disk. The statements are the
    /// same in either case.
    pub(crate) fn is_noteworthy(&self, tx: &mut Tx, event: &Event, now: i64) -> Result<bool> {
        let lane = self.lanes.lane(LaneKind::Event(event), None, now)?;
        let count = self.lanes.count(tx, &lane, now)?;
        let is_noteworthy = count.locked_until <= now;
        throttles::forget_expired(tx, now, Share::AFew)?;
        let count = if is_noteworthy { self.lanes.one_more(count, &lane, now) } else { count };
        throttles::put(tx, &lane.id, count)?;
        Ok(is_noteworthy)
    }

    /// Counts an unknown API key of a source, in this process. Returns whether it locks the source. Failure:
    /// `too_many_attempts`, while the source is locked.
    pub(crate) fn count_unknown_key(&self, source: IpAddr) -> Result<bool> {
        match self.unknown_keys.count(&self.lanes, source, self.clock.now())? {
            UnknownKey::Counted => Ok(false),
            UnknownKey::Locks => Ok(true),
            UnknownKey::Refused(seconds) => Err(throttled(seconds)),
        }
    }

    /// Counts a request for a mail. Failure: `too_many_attempts`, for the source.
    pub(crate) fn count_mail_request(&self, tx: &mut Tx, source: Option<IpAddr>, now: i64) -> Result<()> {
        let Some(ip) = source else { return Ok(()) };
        self.admit_one(tx, LaneKind::MailSource(ip), now)
    }

    /// Counts a registration, with any outcome, because it costs a hash and a mail. Its mail counts among
    /// the requests of the source. Failure: `too_many_attempts`, for the source.
    pub(crate) fn count_registration(&self, source: Option<IpAddr>, now: i64) -> Result<()> {
        if source.is_none() {
            return Ok(());
        }
        self.store.write(Durability::Relaxed, |tx| {
            self.count_newcomer(tx, source, now)?;
            if self.config.mail.links.verify_email.is_some() {
                self.count_mail_request(tx, source, now)?;
            }
            Ok(())
        })
    }

    /// Counts what may create an account. Failure: `too_many_attempts`, for the source.
    pub(crate) fn count_newcomer(&self, tx: &mut Tx, source: Option<IpAddr>, now: i64) -> Result<()> {
        let Some(ip) = source else { return Ok(()) };
        self.admit_one(tx, LaneKind::Registrant(ip), now)
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
        let Some(ip) = client.ip.filter(|_| !is_known) else { return Ok(()) };
        let lane = self.lanes.lane(LaneKind::Source(ip), None, now)?;
        match self.lanes.count(tx, &lane, now)?.locked_until - now {
            seconds @ 1.. => Err(throttled(seconds)),
            _ => Ok(()),
        }
    }

    /// Counts a failure of a source that [`Throttle::admit_client`] admitted. Failure: `too_many_attempts`,
    /// as there.
    pub(crate) fn count_failure(&self, tx: &mut Tx, source: Option<IpAddr>, now: i64) -> Result<()> {
        let Some(ip) = source else { return Ok(()) };
        self.admit_one(tx, LaneKind::Source(ip), now)
    }

    /// Counts a change of an account's address, because each sends a mail to an address of the user's choice.
    /// Failure: `too_many_attempts`.
    pub(crate) fn count_address_change(&self, tx: &mut Tx, account: Id, now: i64) -> Result<()> {
        self.admit_one(tx, LaneKind::AddressChange(account), now)
    }

    /// Counts an invitation of an organization to an address, and those of all organizations to it. Failure:
    /// `too_many_attempts`.
    pub(crate) fn count_invitation(
        &self,
        tx: &mut Tx,
        organization: Id,
        address_key: &str,
        now: i64,
    ) -> Result<()> {
        self.admit_one(tx, LaneKind::InvitationsOf(organization, address_key), now)?;
        self.admit_one(tx, LaneKind::InvitationsTo(address_key), now)
    }

    /// Returns whether an account may be told now that it became a member of an organization or was removed: those who
    /// own an organization can do both without end.
    pub(crate) fn may_tell_member(
        &self,
        tx: &mut Tx,
        organization: Id,
        account: Id,
        now: i64,
    ) -> Result<bool> {
        let of_one = self.count_one(tx, LaneKind::MemberNoticesOf(organization, account), now)?;
        Ok(of_one == 0 && self.count_one(tx, LaneKind::MemberNoticesTo(account), now)? == 0)
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
        if self.count_one(tx, LaneKind::Mail(kind, account, address_key), now)? > 0 {
            return Ok(false);
        }
        if !matches!(kind, MailKind::VerifyEmail | MailKind::ChangeEmail) {
            return Ok(true);
        }
        if let Some(ip) = source
            && self.count_one(tx, LaneKind::MailsFrom(ip, address_key), now)? > 0
        {
            return Ok(false);
        }
        Ok(self.count_one(tx, LaneKind::MailsTo(address_key), now)? == 0)
    }

    /// Returns whether a mailed login may go to this address now. Each source has a few in a row, and then
    /// waits, longer each time; all sources together have [`MAILS_TO_ONE_ADDRESS`]. A device on which the
    /// account logged in before is not counted among them, so that no stranger keeps back the owner's mails.
    /// An address without an account is counted in the same way.
    pub(crate) fn may_mail_login(
        &self,
        tx: &mut Tx,
        address_key: &str,
        source: Option<IpAddr>,
        device: Option<KnownDevice>,
        now: i64,
    ) -> Result<bool> {
        let source = source.filter(|_| device.is_none());
        if self.count_one_on(tx, LaneKind::LoginMailsFrom(source, address_key), device, now)? > 0 {
            return Ok(false);
        }
        Ok(device.is_some() || self.count_one(tx, LaneKind::LoginMailsTo(address_key), now)? == 0)
    }

    /// Returns how often a mailed code of an account, or of an address that no account has, was guessed at,
    /// and whether no guess may be checked now. The caller counts a wrong guess by
    /// [`Throttle::count_code_guess`] in the same transaction.
    pub(crate) fn code_guesses(
        &self,
        tx: &mut Tx,
        account: Option<Id>,
        address_key: &str,
        device: Option<KnownDevice>,
        now: i64,
    ) -> Result<CodeGuesses> {
        let kind = account.map_or(LaneKind::NoMailCode(address_key), LaneKind::MailCode);
        let lane = self.lanes.lane(kind, device, now)?;
        let count = self.lanes.count(tx, &lane, now)?;
        let is_locked = count.locked_until > now || count.in_a_row >= MOST_IN_A_ROW;
        Ok(CodeGuesses { guesses: Guesses { lane, count }, is_locked })
    }

    /// Counts one wrong guess, unless none may be checked now; the statements are the same in either case.
    /// Returns whether the guess locks the lane.
    pub(crate) fn count_code_guess(&self, tx: &mut Tx, guesses: CodeGuesses, now: i64) -> Result<bool> {
        let CodeGuesses { guesses: Guesses { lane, count }, is_locked } = guesses;
        let count = if is_locked { count } else { self.lanes.one_more(count, &lane, now) };
        throttles::put(tx, &lane.id, count)?;
        Ok(!is_locked && (count.locked_until > now || count.in_a_row >= MOST_IN_A_ROW))
    }

    /// Counts an attempt in a lane of its own. Failure: `too_many_attempts`, while that lane is locked.
    fn admit_one(&self, tx: &mut Tx, kind: LaneKind, now: i64) -> Result<()> {
        match self.count_one(tx, kind, now)? {
            0 => Ok(()),
            seconds => Err(throttled(seconds)),
        }
    }

    /// Counts an attempt in a lane of its own. Returns the seconds that remain if the lane is locked; a
    /// locked lane is not counted.
    fn count_one(&self, tx: &mut Tx, kind: LaneKind, now: i64) -> Result<i64> {
        self.count_one_on(tx, kind, None, now)
    }

    /// Does what [`Throttle::count_one`] does, in the lane of a known device.
    fn count_one_on(
        &self,
        tx: &mut Tx,
        kind: LaneKind,
        device: Option<KnownDevice>,
        now: i64,
    ) -> Result<i64> {
        let lane = self.lanes.lane(kind, device, now)?;
        let count = self.lanes.count(tx, &lane, now)?;
        if count.locked_until > now {
            return Ok(count.locked_until - now);
        }
        throttles::forget_expired(tx, now, Share::AFew)?;
        throttles::put(tx, &lane.id, self.lanes.one_more(count, &lane, now))?;
        Ok(0)
    }

    /// Takes back an attempt whose proof was not checked. If the store does not answer, the attempt stays
    /// counted.
    pub(crate) fn take_back_attempt(&self, attempt: &Attempt) {
        // The lane of a closed account was not counted.
        let account = &attempt.account.lane.id;
        let was_counted = |counted: &&Counted| !(attempt.account_is_closed && counted.lane.id == *account);
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

    /// Remembers the client's device after a login to the account. Returns whether the account had other devices
    /// and not this one.
    pub(crate) fn keep_device(&self, tx: &mut Tx, account: Id, client: &Client, now: i64) -> Result<bool> {
        let Some(device) = client.device_id_text() else { return Ok(false) };
        known_devices::forget_expired(tx, now, Share::AFew)?;
        let id = self.device(Some(account), device)?;
        let is_new = !known_devices::is_known(tx, &id, now)? && !known_devices::ids(tx, account)?.is_empty();
        known_devices::put(tx, &id, account, now + DEVICE_SECONDS, MOST_DEVICES)?;
        Ok(is_new)
    }

    fn device(&self, account: Option<Id>, device: &str) -> Result<[u8; 32]> {
        let account = account.map_or(String::new(), |id| id.to_string());
        self.lanes.code(&format!("device {account} {device}"))
    }

    /// Forgets the wrong guesses at codes of an account's app and at its mailed codes, after the app was
    /// removed, another factor was proven, or an administrator unlocked the account.
    pub(crate) fn forget_guesses(&self, tx: &mut Tx, account: Id) -> Result<()> {
        self.lanes_of_codes(tx, account)?.iter().try_for_each(|lane| throttles::delete(tx, lane))
    }

    /// Allows codes of an account's app, and mailed codes, again after too many wrong ones in a row, because the user proved
    /// their identity by something less than another factor. The temporary locks stay, so that guesses remain
    /// rare.
    pub(crate) fn ease_guesses(&self, tx: &mut Tx, account: Id) -> Result<()> {
        self.lanes_of_codes(tx, account)?.iter().try_for_each(|lane| throttles::start_row_anew(tx, lane))
    }

    /// Returns the lanes in which guesses at codes of an account are counted: for codes of its app and for
    /// mailed codes, one per known device, and one for all others.
    fn lanes_of_codes(&self, tx: &mut Tx, account: Id) -> Result<Vec<[u8; 32]>> {
        let devices = known_devices::ids(tx, account)?.into_iter().map(|id| Some(KnownDevice(id)));
        let kinds = [LaneKind::SecondFactor(account), LaneKind::MailCode(account)];
        let lanes = |device| kinds.map(|kind| self.lanes.id(kind, device));
        devices.chain([None]).flat_map(lanes).collect()
    }

    /// Forgets every failure of an account and of its names, when it is deleted or unlocked.
    pub(crate) fn forget_attempts(&self, tx: &mut Tx, account: Id, names: &[&str]) -> Result<()> {
        // Devices trusted under the old password are forgotten, and so are their failure counts.
        let devices = known_devices::delete_all(tx, account)?.into_iter().map(|id| Some(KnownDevice(id)));
        for device in devices.chain([None]) {
            for name in names {
                throttles::delete(tx, &self.lanes.id(LaneKind::Name(name), device)?)?;
            }
            throttles::delete(tx, &self.lanes.id(LaneKind::Account(account), device)?)?;
        }
        Ok(())
    }
}

/// The wrong guesses at an account's second factor, on one device or on all unknown devices together.
pub(crate) struct Guesses {
    lane: Lane,
    count: Count,
}

/// The wrong guesses at an account's mailed codes.
pub(crate) struct CodeGuesses {
    pub guesses: Guesses,
    /// Whether even the right code is refused now.
    pub is_locked: bool,
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
        throttles::delete(tx, &self.name.lane.id)?;
        throttles::delete(tx, &self.account.lane.id)?;
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

    fn lanes(&self) -> impl Iterator<Item = &Counted> {
        [&self.name, &self.account].into_iter().chain(&self.source)
    }

    fn lanes_mut(&mut self) -> impl Iterator<Item = &mut Counted> {
        [&mut self.name, &mut self.account].into_iter().chain(&mut self.source)
    }
}

impl From<Lane> for Counted {
    fn from(lane: Lane) -> Counted {
        Counted { lane, locked_until: 0, locks: false }
    }
}

impl Counted {
    fn take_back(&self, tx: &mut Tx) -> Result<()> {
        throttles::take_back(tx, &self.lane.id, self.lane.limit, self.locked_until)
    }
}

fn throttled(seconds: i64) -> Error {
    Error { retry_after_seconds: u64::try_from(seconds).ok(), ..Code::TooManyAttempts.into() }
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
            let mut other = engine.throttle.lanes.id(LaneKind::Name(name), None).unwrap();
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

    /// Attempts without a check of their proof are not failures in a row.
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
