//! The audit log: `events`, `verify_events`.

use std::net::IpAddr;
use std::str::FromStr;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::engine::audit::Kind;
use crate::engine::chain::{ChainHead, ChainProblem, Verdict};
use crate::error::{Code, Error, Result};
use crate::store::events::{self, Filter, Listed, Place, Placed};
use crate::types::id::Id;
use crate::types::parse_error::ParseError;
use crate::types::text::text_type;
use crate::types::user::Actor;

/// Reads the audit log.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct EventsRequest {
    /// Only events that concern this account, which may be deleted.
    pub user_id: Option<Id>,
    /// Only events of this kind.
    pub kind: Option<Kind>,
    /// Only events of this IP address, as the host gave it.
    #[schemars(with = "Option<String>")]
    pub ip: Option<IpAddr>,
    /// Only what this actor did.
    pub actor: Option<Actor>,
    /// Only events at this time or later, in Unix seconds.
    pub since: Option<i64>,
    /// Only events at this time or earlier, in Unix seconds.
    pub until: Option<i64>,
    /// The order: `written` (default), in which an event comes after all events that were written before it,
    /// by any clock; `oldest` or `newest` first, by time.
    pub order: Option<EventOrder>,
    /// Only events after the one with this id, in the order asked for: `next` of the previous page, or
    /// `resume` of an earlier answer. If that event was purged, all events that remain come after it.
    pub after: Option<Id>,
    /// The most to return: 1 to 1000, default 100.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u32>,
}

/// The order in which events are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventOrder {
    /// In the order of the log.
    #[default]
    Written,
    /// By time, oldest first.
    Oldest,
    /// By time, newest first.
    Newest,
}

impl FromStr for EventOrder {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<EventOrder, ParseError> {
        match text {
            "written" => Ok(EventOrder::Written),
            "oldest" => Ok(EventOrder::Oldest),
            "newest" => Ok(EventOrder::Newest),
            _ => Err(ParseError::new("expected written, oldest or newest")),
        }
    }
}

text_type!(shape "EventOrder", EventOrder, "enum": ["written", "oldest", "newest"], "description": "The order of a list of events.");

/// A page of the audit log.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct EventsResponse {
    /// The events.
    pub events: Vec<EventInfo>,
    /// The id to give as `after` for the next page; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Id>,
    /// How far the log was read in the order `written`. Given as `after`, it returns exactly the events
    /// written later. Absent if the log is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume: Option<Id>,
}

/// An event of the audit log.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Event")]
#[non_exhaustive]
pub struct EventInfo {
    /// The event's id; ids are ordered by time.
    pub id: Id,
    /// When the event happened, in Unix seconds.
    pub at: i64,
    /// The kind of event.
    #[schemars(extend("x-values" = "EventKind"))]
    pub kind: String,
    /// The account's id, if the event concerns an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Id>,
    /// The session's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Id>,
    /// The client's IP address, if the host gave it; forgotten with the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The actor that the host named, if it was not the account itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Details, by kind: the reason, the backend, the names of the changed fields. They are for the host
    /// only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl From<Listed> for EventInfo {
    fn from(event: Listed) -> EventInfo {
        EventInfo {
            id: event.id,
            at: event.at,
            kind: event.kind,
            user_id: event.user_id,
            session_id: event.session_id,
            ip: event.ip,
            actor: event.actor,
            detail: event.detail,
        }
    }
}

/// Verifies the chain over the audit log: no event was changed, removed or added.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct VerifyEventsRequest {
    /// A head that an earlier call returned and that the host kept elsewhere. The log up to it must be
    /// unchanged. This shows a change even if its author has the secret key.
    pub head: Option<ChainHead>,
}

/// The result of the verification.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct VerifyEventsResponse {
    /// Whether the log is as it was written.
    pub intact: bool,
    /// The number of verified events.
    pub events: u64,
    /// When the first verified event happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// The head of the chain, if there is a chain: keep it elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<ChainHead>,
    /// The problems, at most a hundred.
    pub problems: Vec<ChainProblem>,
}

/// Events, and how far the log was read.
struct Page {
    listed: Vec<Listed>,
    /// The last event that was read.
    resume: Option<Id>,
}

impl Engine {
    /// Reads the audit log.
    ///
    /// Failures: `invalid_request`, `store_unavailable`.
    pub fn events(&self, request: EventsRequest) -> Result<EventsResponse> {
        let limit = request.limit.unwrap_or(100) as usize;
        if !(1..=1000).contains(&limit) {
            return Err(Error::at(Code::InvalidRequest, "/limit", "expected 1 to 1000"));
        }
        let ip = request.ip.map(|ip| ip.to_string());
        let which = Filter {
            user_id: request.user_id,
            kind: request.kind.map(Kind::name),
            ip: ip.as_deref(),
            actor: request.actor.as_ref().map(Actor::as_str),
            since: request.since,
            until: request.until,
            oldest: self.audit.oldest(),
        };
        let order = request.order.unwrap_or_default();
        let Page { listed, resume } = match order {
            EventOrder::Written => self.list_written(&which, request.after, limit)?,
            EventOrder::Oldest | EventOrder::Newest => {
                while self.audit.give_places()? {}
                self.store.read(|tx| {
                    // Events that are written from now on may be listed now and again on the next page. None
                    // is lost.
                    let last = events::last(tx)?;
                    let is_newest_first = order == EventOrder::Newest;
                    let listed = events::list_by_time(tx, &which, request.after, is_newest_first, limit)?;
                    Ok(Page { listed, resume: last.map(|last| last.id) })
                })?
            }
        };
        let events: Vec<EventInfo> = listed.into_iter().map(EventInfo::from).collect();
        let next = events.last().filter(|_| events.len() == limit).map(|event| event.id);
        Ok(EventsResponse { events, next, resume })
    }

    /// Lists events after another one in the order of the log.
    fn list_written(&self, which: &Filter, after: Option<Id>, limit: usize) -> Result<Page> {
        loop {
            let is_behind = self.audit.give_places()?;
            let page = self.store.read(|tx| {
                let place = after.map_or(Ok(Place::Unknown), |after| events::place_of(tx, after))?;
                let position = match place {
                    Place::At(position) => position,
                    // A purged event came before all that remain.
                    Place::Unknown => 0,
                    Place::None => return Ok(Page { listed: Vec::new(), resume: after }),
                };
                let last = events::last(tx)?;
                let listed = events::list_by_place(tx, which, position, limit)?;
                // Events that were written meanwhile may lie beyond `last`.
                let end =
                    listed.last().and_then(|event| Some(Placed { id: event.id, position: event.position? }));
                let resume = match listed.len() == limit {
                    true => end,
                    false => [end, last].into_iter().flatten().max_by_key(|placed| placed.position),
                };
                Ok(Page { listed, resume: resume.map(|resume| resume.id) })
            })?;
            if page.listed.len() == limit || !is_behind {
                return Ok(page);
            }
        }
    }

    /// Links the events that are not linked yet, and verifies the chain of the audit log.
    ///
    /// Failures: `invalid_request`, `store_unavailable`.
    pub fn verify_events(&self, request: VerifyEventsRequest) -> Result<VerifyEventsResponse> {
        let Verdict { events, since, head, problems } = self.audit.verify(request.head.as_ref())?;
        Ok(VerifyEventsResponse { intact: problems.is_empty(), events, since, head, problems })
    }
}
