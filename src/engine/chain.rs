//! The chain over the audit log, which reveals changed and removed events.
//!
//! Each event has a digest and a link: a hash of the previous link, the event's place and its digest. Links
//! are made together with the places, so that writers do not wait for each other. The hashes take no secret,
//! so that any reader can verify the links. The last link, the head, is sealed by the secret key, so that
//! access to the database alone is not enough to forge another chain. The head is made with the store, before
//! there is a chain, so that its absence is noticed. The address, which may be forgotten, is in no digest. The
//! digest of an expired event stays as long as an older event is kept.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::retired_keys;
use crate::crypto::secrets::Secrets;
use crate::crypto::sha256;
use crate::error::Result;
use crate::store::events::{self, Linked, Listed, Placed};
use crate::store::{Store, Tx};
use crate::types::base64url::{base64url, from_base64url};
use crate::types::id::Id;
use crate::types::parse_error::ParseError;
use crate::types::text::text_type;

/// The last link of a chain: the place of its event in the log, a colon, and the link in base64url.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainHead {
    position: i64,
    link: Link,
}

impl FromStr for ChainHead {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<ChainHead, ParseError> {
        let parse = || {
            let (position, link) = text.split_once(':')?;
            Some(ChainHead { position: position.parse().ok()?, link: from_base64url(link)?.try_into().ok()? })
        };
        parse()
            .filter(|head| head.to_string() == text)
            .ok_or(ParseError::new("expected a head of the chain, as a response contains it"))
    }
}

impl fmt::Display for ChainHead {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}", self.position, base64url(&self.link))
    }
}

impl Serialize for ChainHead {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

text_type!(ChainHead, "pattern": "^[0-9]+:[A-Za-z0-9_-]{43}$");

/// A problem at one place of the log.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ChainProblem {
    /// The problem: `changed` (the event differs from what was written), `missing` (the event disappeared
    /// before its time), `added` (the event does not belong to the chain), `broken` (earlier events were
    /// removed or moved), `unlisted` (the event has no place in the log, so readers that follow the log do
    /// not see it), `head` (the chain does not end where the sealed head says: its end or
    /// the head was removed, the head is an older one, or another secret key sealed it; no further events are
    /// linked), `other_head` (the head in the request belongs neither to this chain nor to a part that was
    /// purged), `no_chain` (the log has no chain).
    pub reason: &'static str,
    /// The event's place in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// The event's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<Id>,
}

/// The context to which [`Secrets::seal`] seals the head.
const OWNER: &str = "head of the audit chain";

/// How many problems are reported.
const MOST_PROBLEMS: usize = 100;

/// How many events get their places and links at once.
pub(crate) const PLACES: usize = 1000;

type Link = [u8; 32];

/// The digest of an event that was gone before it was linked.
const GONE: Link = [0; 32];

/// The state of the chain as a whole.
#[derive(Clone, Copy, Default)]
struct Head {
    /// The place of the first linked event; 0 before there is one.
    start: i64,
    /// The place of the last linked event.
    position: i64,
    /// The time before which events were expired when the head was written, or when the settings that expired
    /// them were changed.
    oldest: i64,
    link: Link,
}

impl Head {
    fn open(secrets: &Secrets, sealed: &[u8]) -> Option<Head> {
        let plain = secrets.open(OWNER, sealed)?;
        let number =
            |index: usize| plain.get(index * 8..)?.first_chunk().map(|bytes| i64::from_be_bytes(*bytes));
        Some(Head {
            start: number(0)?,
            position: number(1)?,
            oldest: number(2)?,
            link: plain.get(24..)?.try_into().ok()?,
        })
    }

    fn seal(&self, secrets: &Secrets) -> Result<Vec<u8>> {
        let numbers = [self.start, self.position, self.oldest].map(i64::to_be_bytes);
        secrets.seal(OWNER, &[numbers.as_flattened(), &self.link].concat())
    }
}

/// Makes the head of a new store. If its log has events already, the head was removed: none is made.
pub(crate) fn make_head(tx: &mut Tx, secrets: &Secrets) -> Result<()> {
    let sealed = events::lock(tx)?;
    match sealed.is_empty() && events::is_empty(tx)? {
        true => events::put_head(tx, &Head::default().seal(secrets)?),
        false => Ok(()),
    }
}

/// Seals the head anew if another secret key sealed it. Waits for a process that links, which may do so by a key that
/// this transaction retires.
pub(crate) fn reseal(tx: &mut Tx, secrets: &Secrets) -> Result<()> {
    let sealed = events::lock(tx)?;
    match secrets.reseal(OWNER, &sealed)? {
        Some(anew) => events::put_head(tx, &anew),
        None => Ok(()),
    }
}

/// Records in the head that events before `oldest` had expired when the settings changed, so that they are
/// not reported as missing under longer retention. Also done before there is a chain.
pub(crate) fn keep_oldest(tx: &mut Tx, secrets: &Secrets, oldest: i64) -> Result<()> {
    let sealed = events::lock(tx)?;
    match Head::open(secrets, &sealed) {
        Some(head) => events::put_head(tx, &Head { oldest: head.oldest.max(oldest), ..head }.seal(secrets)?),
        None => Ok(()),
    }
}

/// Links events that have places, if a chain is kept.
pub(crate) struct Chain {
    pub is_kept: bool,
    pub secrets: Arc<Secrets>,
}

impl Chain {
    /// Returns whether events with places are yet to be linked.
    pub(crate) fn is_due(&self, tx: &mut Tx) -> Result<bool> {
        if !self.is_kept {
            return Ok(false);
        }
        let sealed = events::head(tx)?;
        // Nothing is added to a chain without a head of this secret key: `verify_events` reports it.
        let Some(head) = Head::open(&self.secrets, &sealed) else { return Ok(false) };
        Ok(events::last(tx)?.is_some_and(|last| last.position > head.position))
    }

    /// Links more events to the chain, in the transaction that gives them places. Events before `oldest` are
    /// expired.
    pub(crate) fn link(&self, tx: &mut Tx, sealed: &[u8], oldest: i64) -> Result<()> {
        retired_keys::follow(tx, &self.secrets)?;
        let Some(mut head) = Head::open(&self.secrets, sealed) else { return Ok(()) };
        let mut rows = events::list_links(tx, head.position, i64::MAX, PLACES)?;
        // A linked event after the head was linked under a newer head: `verify_events` reports it.
        let unlinked = rows.iter().take_while(|row| row.digest.is_none() && row.link.is_none()).count();
        rows.truncate(unlinked);
        for row in &rows {
            // An event that is already gone is linked, too, so that the next link continues from the one
            // before it.
            let digest = row.event.as_ref().map_or(GONE, digest);
            head.position = row.position;
            head.link = link(&head.link, row.position, row.event_id, &digest);
            events::put_link(tx, row.event_id, &digest, &head.link)?;
        }
        let Some(first) = rows.first() else { return Ok(()) };
        if head.start == 0 {
            head.start = first.position;
        }
        head.oldest = head.oldest.max(oldest);
        events::put_head(tx, &head.seal(&self.secrets)?)
    }

    /// Verifies the links that the store has, and that the chain passes through the `wanted` head. Events
    /// before `oldest` are expired.
    pub(crate) fn verify(&self, store: &Store, oldest: i64, wanted: Option<&ChainHead>) -> Result<Verdict> {
        let mut verdict = Verdict::default();
        // In this order: a process that links meanwhile moves the head past the links that were there before.
        let linked = store.read(events::last_linked)?;
        let sealed = store.read(events::head)?;
        let Some(head) = Head::open(&self.secrets, &sealed) else {
            verdict.problem("head", None, None);
            verdict.not_met(wanted);
            return Ok(verdict);
        };
        if let Some(last) = linked.filter(|last| last.position > head.position) {
            verdict.problem("head", Some(last.position), Some(last.id));
        }
        if head.start == 0 {
            if linked.is_none() {
                verdict.problem("no_chain", None, None);
            }
            verdict.not_met(wanted);
            return Ok(verdict);
        }
        let oldest = head.oldest.max(oldest);
        let mut walk = Walk { before: Link::default(), is_old: true, began: None, wanted };
        let mut position = head.start - 1;
        loop {
            let rows = store.read(|tx| events::list_links(tx, position, head.position, PLACES))?;
            let Some(last) = rows.last() else { break };
            position = last.position;
            rows.iter().for_each(|row| walk.step(oldest, row, &mut verdict));
        }
        walk.end(&mut verdict);
        if (position, walk.before) != (head.position, head.link) {
            verdict.problem("head", Some(head.position), None);
        }
        verdict.not_met(walk.wanted);
        for id in store.read(|tx| events::list_unlisted(tx, MOST_PROBLEMS))? {
            verdict.problem("unlisted", None, Some(id));
        }
        verdict.head = Some(ChainHead { position: head.position, link: head.link });
        Ok(verdict)
    }
}

/// The result of a verification.
#[derive(Default)]
pub(crate) struct Verdict {
    /// The number of verified events.
    pub events: u64,
    /// The time of the first of them.
    pub since: Option<i64>,
    pub head: Option<ChainHead>,
    pub problems: Vec<ChainProblem>,
}

impl Verdict {
    pub(super) fn problem(&mut self, reason: &'static str, position: Option<i64>, event_id: Option<Id>) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(ChainProblem { reason, position, event_id });
        }
    }

    /// Reports a wanted head through which the chain does not pass.
    fn not_met(&mut self, wanted: Option<&ChainHead>) {
        if let Some(wanted) = wanted {
            self.problem("other_head", Some(wanted.position), None);
        }
    }
}

/// The progress along the chain.
struct Walk<'a> {
    /// The link before the present event.
    before: Link,
    /// Whether every event so far is expired.
    is_old: bool,
    /// The oldest link that is left, until the next one confirms it.
    began: Option<Placed>,
    /// A head that is yet to be met.
    wanted: Option<&'a ChainHead>,
}

impl Walk<'_> {
    fn step(&mut self, oldest: i64, row: &Linked, verdict: &mut Verdict) {
        let position = row.position;
        let id = row.event_id;
        let is_old = id.unix_ms() < oldest.saturating_mul(1000);
        self.is_old &= is_old;
        let mut problem = |reason| verdict.problem(reason, Some(position), Some(id));
        let Some((own, found)) = row.digest.zip(row.link) else { return problem("added") };
        match &row.event {
            Some(event) if digest(event) != own => problem("changed"),
            None if !is_old => problem("missing"),
            _ => {}
        }
        // Expired events are deleted from the beginning, even during this walk, so the oldest link that is
        // left stands for those before it. No row can prove its own age, so the event after it must be
        // expired as well: otherwise one inserted row could hide the removal of everything before it.
        let may_begin = self.is_old && row.event.is_none();
        let is_next = link(&self.before, position, id, &own) == found;
        let is_proved = is_next && (self.began.take().is_none() || may_begin);
        match is_proved {
            true => {}
            false if may_begin => self.began = Some(Placed { id, position }),
            false => problem("broken"),
        }
        self.before = found;
        if self.wanted.is_some_and(|wanted| wanted.position == position && wanted.link == found) {
            self.wanted = None;
        }
        if let Some(event) = &row.event {
            verdict.events += 1;
            verdict.since.get_or_insert(event.at);
        }
    }

    /// Reports an oldest link that no event follows, because it is unconfirmed.
    fn end(&self, verdict: &mut Verdict) {
        if let Some(Placed { id, position }) = self.began {
            verdict.problem("broken", Some(position), Some(id));
        }
    }
}

/// Returns the digest of an event: for each of its members a byte for its type (0 absent, 1 number, 2 text, 3
/// id), its length in 8 bytes, and its bytes.
fn digest(event: &Listed) -> Link {
    let id = |id: Option<Id>| id.map_or((0, Vec::new()), |id| (3, id.as_bytes().to_vec()));
    let text = |text: Option<&str>| text.map_or((0, Vec::new()), |text| (2, text.as_bytes().to_vec()));
    let mut said = Vec::new();
    for (kind, bytes) in [
        id(Some(event.id)),
        (1, event.at.to_be_bytes().to_vec()),
        text(Some(&event.kind)),
        id(event.user_id),
        id(event.session_id),
        text(event.actor.as_deref()),
        text(event.detail.as_deref()),
    ] {
        said.push(kind);
        said.extend((bytes.len() as u64).to_be_bytes());
        said.extend(bytes);
    }
    sha256(&said)
}

fn link(before: &Link, position: i64, id: Id, digest: &Link) -> Link {
    sha256(&[&before[..], &position.to_be_bytes(), id.as_bytes(), digest].concat())
}
