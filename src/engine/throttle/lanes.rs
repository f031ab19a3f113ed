//! Lanes: each is one count of attempts. What a lane counts gives its id, its limit and how long it is kept.

use std::net::IpAddr;
use std::sync::Arc;

use crate::config::Config;
use crate::crypto::secrets::{KeyId, Purpose, Secrets};
use crate::error::Result;
use crate::mail::Kind as MailKind;
use crate::store::Tx;
use crate::store::events::Event;
use crate::store::throttles::{self, Count};
use crate::types::base64url::base64url;
use crate::types::id::Id;

/// How many wrong guesses in a row an authenticator takes, however slowly they come (NIST SP 800-63B-4
/// section 3.2.2).
pub(super) const MOST_IN_A_ROW: i64 = 100;

/// How long a device stays known after the last login there: half a year.
pub(super) const DEVICE_SECONDS: i64 = 180 * 86_400;

/// How many mails all accounts together may send to an unverified address within `throttle.window_seconds`
/// before further ones are thinned out. A stranger needs as many accounts to suppress another user's mail.
const MAILS_TO_ONE_ADDRESS: i64 = 50;

/// How many mailed logins one source, or one known device, may request for an address in a row.
const LOGIN_MAILS: i64 = 3;

/// How many of these mails one source may cause, so that a stranger needs several sources, too.
const MAILS_FROM_ONE_SOURCE: i64 = 10;

/// What a lane counts.
#[derive(Clone, Copy)]
pub(super) enum LaneKind<'a> {
    /// Logins by a name as it was offered, whether or not an account has it.
    Name(&'a str),
    /// Logins to an account, by any of its names.
    Account(Id),
    /// Logins by a name that no account has: the stand-in for the lane of the account.
    NoAccount(&'a str),
    /// Codes of an account's app.
    SecondFactor(Id),
    /// Failures of a source.
    Source(IpAddr),
    /// Unknown API keys of a source, which are counted in the process.
    UnknownKeys(IpAddr),
    /// Registrations by a source.
    Registrant(IpAddr),
    /// Requests for mails by a source.
    MailSource(IpAddr),
    /// Changes of an account's address.
    AddressChange(Id),
    /// Mails of a kind about an account, or about none, to an address.
    Mail(MailKind, Option<Id>, &'a str),
    /// Mailed logins to an address that a source requests, or a client without one.
    LoginMailsFrom(Option<IpAddr>, &'a str),
    /// Mailed logins to an address that all sources request.
    LoginMailsTo(&'a str),
    /// Mailed codes of an account.
    MailCode(Id),
    /// Mailed codes for an address that no account has: the stand-in for the lane of the account.
    NoMailCode(&'a str),
    /// Mails to an unverified address that a source causes.
    MailsFrom(IpAddr, &'a str),
    /// Mails to an unverified address that all accounts cause.
    MailsTo(&'a str),
    /// Invitations of an organization to an address.
    InvitationsOf(Id, &'a str),
    /// Invitations of all organizations to an address.
    InvitationsTo(&'a str),
    /// Notices to an account about its membership of an organization.
    MemberNoticesOf(Id, Id),
    /// Notices to an account about its memberships of all organizations.
    MemberNoticesTo(Id),
    /// Events that tell the same about an account, or about none.
    Event(&'a Event<'a>),
}

/// What strangers can invent. Entries of one class share places.
#[derive(Clone, Copy)]
enum MadeUp {
    Name,
    NoAccount,
    Source,
    Registrant,
    MailSource,
    Mail,
    LoginMailsFrom,
    LoginMailsTo,
    NoMailCode,
}

/// A device on which the account logged in before, identified by a keyed code.
#[derive(Clone, Copy)]
pub(crate) struct KnownDevice(pub(super) [u8; 32]);

/// One count of attempts.
pub(super) struct Lane {
    pub id: [u8; 32],
    /// The number of failures that locks it.
    pub limit: i64,
    /// When its count may be forgotten.
    pub expires_at: i64,
}

impl LaneKind<'_> {
    /// Returns the text that distinguishes the lane from all others.
    fn text(self) -> String {
        match self {
            LaneKind::Name(name) => format!("name {name}"),
            LaneKind::Account(id) => format!("account {id}"),
            LaneKind::NoAccount(name) => format!("no account {name}"),
            LaneKind::SecondFactor(id) => format!("second factor {id}"),
            LaneKind::Source(ip) => format!("source {}", network(ip)),
            LaneKind::UnknownKeys(ip) => format!("unknown keys {}", network(ip)),
            LaneKind::Registrant(ip) => format!("registrant {}", network(ip)),
            LaneKind::MailSource(ip) => format!("mail source {}", network(ip)),
            LaneKind::AddressChange(id) => format!("mail change {id}"),
            LaneKind::Mail(kind, Some(id), address) => format!("mail {} {id} {address}", kind.name()),
            LaneKind::Mail(kind, None, address) => format!("mail {} {address}", kind.name()),
            LaneKind::LoginMailsFrom(Some(ip), address) => format!("login mails {} {address}", network(ip)),
            LaneKind::LoginMailsFrom(None, address) => format!("login mails {address}"),
            LaneKind::LoginMailsTo(address) => format!("all login mails {address}"),
            LaneKind::MailCode(id) => format!("mail code {id}"),
            LaneKind::NoMailCode(address) => format!("no mail code {address}"),
            LaneKind::MailsFrom(ip, address) => format!("mails {} {address}", network(ip)),
            LaneKind::MailsTo(address) => format!("mails {address}"),
            LaneKind::InvitationsOf(id, address) => format!("invitations {id} {address}"),
            LaneKind::InvitationsTo(address) => format!("all invitations {address}"),
            LaneKind::MemberNoticesOf(organization, id) => format!("member notices {organization} {id}"),
            LaneKind::MemberNoticesTo(id) => format!("all member notices {id}"),
            LaneKind::Event(event) => {
                let about = event.user_id.map_or("no account".to_owned(), |id| id.to_string());
                format!("event {} {} {about}", event.kind, event.detail.unwrap_or_default())
            }
        }
    }

    /// Returns the class of what a stranger can invent. None for what only existing accounts can multiply.
    fn made_up(self, device: Option<KnownDevice>) -> Option<MadeUp> {
        match self {
            LaneKind::Name(_) if device.is_none() => Some(MadeUp::Name),
            LaneKind::NoAccount(_) => Some(MadeUp::NoAccount),
            LaneKind::Source(_) => Some(MadeUp::Source),
            LaneKind::Registrant(_) => Some(MadeUp::Registrant),
            LaneKind::MailSource(_) => Some(MadeUp::MailSource),
            LaneKind::Mail(_, None, _) => Some(MadeUp::Mail),
            LaneKind::LoginMailsFrom(..) if device.is_none() => Some(MadeUp::LoginMailsFrom),
            LaneKind::LoginMailsTo(_) => Some(MadeUp::LoginMailsTo),
            LaneKind::NoMailCode(_) => Some(MadeUp::NoMailCode),
            _ => None,
        }
    }
}

/// Makes lanes, and computes their counts.
pub(crate) struct Lanes {
    pub config: Arc<Config>,
    pub secrets: Arc<Secrets>,
}

impl Lanes {
    /// Returns the lane of attempts of this kind. A known `device` has lanes of its own.
    pub(super) fn lane(&self, kind: LaneKind, device: Option<KnownDevice>, now: i64) -> Result<Lane> {
        let config = &self.config.throttle;
        let limit = match kind {
            LaneKind::Source(_)
            | LaneKind::UnknownKeys(_)
            | LaneKind::Registrant(_)
            | LaneKind::MailSource(_) => config.source_failures.count(),
            LaneKind::Mail(..) => 1,
            LaneKind::LoginMailsFrom(..) => LOGIN_MAILS,
            LaneKind::MailsFrom(..) => MAILS_FROM_ONE_SOURCE,
            LaneKind::LoginMailsTo(_)
            | LaneKind::MailsTo(_)
            | LaneKind::InvitationsTo(_)
            | LaneKind::MemberNoticesTo(_) => MAILS_TO_ONE_ADDRESS,
            _ => config.account_failures.count(),
        };
        let expires_at = match kind {
            // Kept until an attempt succeeds, or for as long as the device is known.
            LaneKind::Account(_) | LaneKind::SecondFactor(_) | LaneKind::MailCode(_) => match device {
                None => throttles::NEVER,
                Some(_) => now + DEVICE_SECONDS,
            },
            _ => now + config.window_seconds.seconds() + config.lock_max_seconds.seconds(),
        };
        Ok(Lane { id: self.id(kind, device)?, limit, expires_at })
    }

    /// Returns the id of a lane. What strangers can invent takes one of the 65,536 places of its class.
    pub(super) fn id(&self, kind: LaneKind, device: Option<KnownDevice>) -> Result<[u8; 32]> {
        let mut id = self.code(&format!("{}{}", kind.text(), on(device)))?;
        if let Some(class) = kind.made_up(device) {
            let start = size_of::<KeyId>();
            let end = throttles::PLACE_LEN - 2;
            id[start..end].fill(class as u8);
        }
        Ok(id)
    }

    /// Returns the keyed code of a text.
    pub(super) fn code(&self, text: &str) -> Result<[u8; 32]> {
        self.secrets.mac(Purpose::LookUp, text.as_bytes())
    }

    /// Returns the count of a lane.
    pub(super) fn count(&self, tx: &mut Tx, lane: &Lane, now: i64) -> Result<Count> {
        Ok(self.as_of(now, throttles::find(tx, &lane.id)?.unwrap_or_default()))
    }

    /// Returns the count with no time after `now`, so that a lock set by a clock that ran ahead lasts as long
    /// from now on as was intended.
    pub(super) fn as_of(&self, now: i64, kept: Count) -> Count {
        let ahead = kept.failed_at.saturating_sub(now).max(0);
        let failed_at = kept.failed_at - ahead;
        let longest = failed_at.saturating_add(self.config.throttle.lock_max_seconds.seconds());
        let locked_until = kept.locked_until.saturating_sub(ahead).min(longest);
        Count { failed_at, locked_until, ..kept }
    }

    /// Adds one failure. From the lane's limit on, each failure locks twice as long as the one before.
    pub(super) fn one_more(&self, before: Count, lane: &Lane, now: i64) -> Count {
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

/// The suffix that tells the lanes of a known device from the others.
fn on(device: Option<KnownDevice>) -> String {
    device.map_or(String::new(), |KnownDevice(id)| format!(" on {}", base64url(&id)))
}

/// One subscriber's network: an IPv4 address, or the /64 that an IPv6 subscriber gets at least.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() >> 64 << 64).into()),
        ip => ip,
    }
}
