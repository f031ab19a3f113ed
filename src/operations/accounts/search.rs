//! Searching accounts: `search_users`.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::str::FromStr;

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::crypto::secrets::Secrets;
use crate::engine::Engine;
use crate::error::{Code, Error, Result};
use crate::json;
use crate::precis;
use crate::store::Tx;
use crate::store::user_search::{self, AT_ONCE, Candidate, Place, Range, Source, Wanted};
use crate::store::users;
use crate::types::base64url::{base64url, from_base64url};
use crate::types::id::Id;
use crate::types::parse_error::ParseError;
use crate::types::text::text_type;
use crate::types::user::{Email, ExternalId, Offered, PublicUser, Role};

/// The most accounts that one call looks at in their order.
const MOST_LOOKED_AT: usize = 20_000;

/// Searches accounts: for administrators. Everything that is given must be true of an account.
#[derive(Debug, Default, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SearchUsersRequest {
    /// How the username, the e-mail address that the account has claimed, or the external id begins; at most 255
    /// bytes. Names and addresses are compared by their canonical form, external ids to the letter. An empty text is
    /// none.
    #[schemars(length(max = 255))]
    pub text: Option<Offered>,
    /// Further conditions.
    #[serde(deserialize_with = "crate::types::strict::optional_object")]
    pub filters: Option<UserFilters>,
    /// The order: `oldest` (default) or `newest` first, by creation; or `username`, by its canonical form.
    pub order: Option<UserOrder>,
    /// The most to return: 1 to 1000, default 100.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u32>,
    /// Only accounts after this place: `next` of the previous page, with the same `text`, `filters` and `order`.
    pub after: Option<String>,
}

/// Conditions of a search.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct UserFilters {
    /// Only active accounts, or only inactive ones.
    pub is_active: Option<bool>,
    /// Only accounts with this role.
    pub role: Option<Role>,
    /// Only service accounts, or only accounts of people.
    pub is_service_account: Option<bool>,
    /// Only accounts with a verified address, or only those without one.
    pub email_verified: Option<bool>,
    /// Only accounts that have an authenticator app or a passkey, or only those without both.
    pub has_second_factor: Option<bool>,
    /// Only accounts that were created at this time or later, in Unix seconds.
    pub created_since: Option<i64>,
    /// Only accounts that were created at this time or earlier, in Unix seconds.
    pub created_until: Option<i64>,
}

/// The order in which accounts are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UserOrder {
    /// By creation, oldest first.
    #[default]
    Oldest,
    /// By creation, newest first.
    Newest,
    /// By the canonical form of the username.
    Username,
}

impl FromStr for UserOrder {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<UserOrder, ParseError> {
        match text {
            "oldest" => Ok(UserOrder::Oldest),
            "newest" => Ok(UserOrder::Newest),
            "username" => Ok(UserOrder::Username),
            _ => Err(ParseError::new("expected oldest, newest or username")),
        }
    }
}

text_type!(shape "UserOrder", UserOrder, "enum": ["oldest", "newest", "username"], "description": "The order of a list of accounts.");

/// A page of the accounts found.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct SearchUsersResponse {
    /// The accounts. A page may have fewer than `limit`, or none, and still a `next`: if few accounts of many are
    /// wanted, one call looks at up to 20,000, and at up to 20,000 that each index finds for the text.
    pub users: Vec<PublicUser>,
    /// The place to give as `after` for the next page; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Engine {
    /// Searches accounts by indexes, with bounded work.
    ///
    /// Failures: `invalid_request`, `store_unavailable`.
    pub fn search_users(&self, mut request: SearchUsersRequest) -> Result<SearchUsersResponse> {
        let limit = request.limit.unwrap_or(100) as usize;
        if !(1..=1000).contains(&limit) {
            return Err(Error::at(Code::InvalidRequest, "/limit", "expected 1 to 1000"));
        }
        let filters = request.filters.take().unwrap_or_default();
        let search = Search::of(&request, &filters)?;
        let mut start = search.start();
        if let Some(cursor) = &request.after {
            start = search.place(cursor, &self.secrets).ok_or_else(|| {
                let why = "expected next of a page with the same text, filters and order";
                Error::at(Code::InvalidRequest, "/after", why)
            })?;
        }
        self.store.read(|tx| {
            let mut page = Page { limit, ids: Vec::new(), place: start.clone(), is_full: false };
            let is_over = search.fill(tx, &mut page)?;
            let found = users::find_all(tx, &page.ids)?.into_iter().map(|user| (user.public.id, user.public));
            let mut found: HashMap<Id, PublicUser> = found.collect();
            let users = page.ids.iter().filter_map(|id| found.remove(id)).collect();
            let next = (!is_over).then(|| search.cursor(&page.place, &self.secrets)).transpose()?;
            Ok(SearchUsersResponse { users, next })
        })
    }
}

/// A search that is understood.
struct Search<'a> {
    wanted: Wanted<'a>,
    has_text: bool,
    order: UserOrder,
    /// What is searched for: a cursor of another search cannot be opened.
    subject: String,
}

impl<'a> Search<'a> {
    fn of(request: &SearchUsersRequest, filters: &'a UserFilters) -> Result<Search<'a>> {
        let text = request.text.as_ref().map(Offered::as_str).filter(|text| !text.is_empty());
        // No name, no address and no external id is longer than an external id, or has other characters.
        if let Some(Err(error)) = text.map(str::parse::<ExternalId>) {
            return Err(Error::from(error).at_field("/text"));
        }
        let order = request.order.unwrap_or_default();
        let created = [filters.created_since.unwrap_or(i64::MIN), filters.created_until.unwrap_or(i64::MAX)];
        let wanted = Wanted {
            is_active: filters.is_active,
            email_verified: filters.email_verified,
            is_service_account: filters.is_service_account,
            has_second_factor: filters.has_second_factor,
            role: filters.role.as_ref().map(Role::as_str),
            created,
            username: text.map_or(Range::all(), |text| Range::mapped(text, precis::case_mapped)),
            email: text.map_or(Range::none(), emails),
            external_id: text.map_or(Range::none(), Range::beginning),
        };
        let subject = format!("search of users {}", json::render(&(text, filters, order))?);
        Ok(Search { wanted, has_text: text.is_some(), order, subject })
    }

    /// Fills a page. Returns whether there are no more accounts.
    fn fill(&self, tx: &mut Tx, page: &mut Page) -> Result<bool> {
        if let Some(few) = self.few(tx)? {
            page.take(self, few);
            return Ok(!page.is_full);
        }
        for turn in 0..MOST_LOOKED_AT / AT_ONCE {
            // What the text finds is neither rare, nor so frequent that the next thousand accounts filled the page.
            if turn == 1
                && self.has_text
                && let Some(found) = user_search::find_text(tx, &self.wanted, MOST_LOOKED_AT)?
            {
                page.take(self, found);
                return Ok(!page.is_full);
            }
            let read = user_search::walk(tx, &self.wanted, &page.place)?;
            let are_last = read.len() < AT_ONCE;
            page.take(self, read);
            let is_over = !page.is_full && (are_last || self.is_past(&page.place));
            if is_over || page.ids.len() == page.limit {
                return Ok(is_over);
            }
        }
        Ok(false)
    }

    /// Returns all accounts that can be wanted, if an index finds them and they are few.
    fn few(&self, tx: &mut Tx) -> Result<Option<Vec<Candidate>>> {
        if self.has_text
            && let Some(found) = user_search::find_text(tx, &self.wanted, AT_ONCE)?
        {
            return Ok(Some(found));
        }
        let is_limited = self.wanted.created != [i64::MIN, i64::MAX];
        let indexes = [
            (self.wanted.role.is_some(), Source::Role),
            (self.wanted.is_active == Some(false), Source::Inactive),
            (self.wanted.is_service_account == Some(true), Source::ServiceAccounts),
            // The other orders begin and end at these times.
            (self.order == UserOrder::Username && is_limited, Source::Created),
        ];
        for (_, source) in indexes.into_iter().filter(|(is_asked_for, _)| *is_asked_for) {
            let found = user_search::find(tx, &self.wanted, source)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn place_of(&self, candidate: &Candidate) -> Place {
        let created = (candidate.created_at, candidate.id);
        match self.order {
            UserOrder::Oldest => Place::Oldest(created),
            UserOrder::Newest => Place::Newest(Reverse(created)),
            UserOrder::Username => Place::Username(candidate.username_key.clone()),
        }
    }

    /// Whether all accounts after a place were created too late or too early.
    fn is_past(&self, place: &Place) -> bool {
        let [since, until] = self.wanted.created;
        match place {
            Place::Oldest((created_at, _)) => *created_at > until,
            Place::Newest(Reverse((created_at, _))) => *created_at < since,
            Place::Username(_) => false,
        }
    }

    /// The place before all accounts that can be wanted.
    fn start(&self) -> Place {
        let [since, until] = self.wanted.created;
        match self.order {
            UserOrder::Oldest => Place::Oldest((since, Id::from_bytes([0; 16]))),
            UserOrder::Newest => Place::Newest(Reverse((until, Id::from_bytes([0xff; 16])))),
            UserOrder::Username => Place::Username(String::new()),
        }
    }

    /// Returns the cursor of a place. It is sealed, because the place may be an account that is not wanted.
    fn cursor(&self, place: &Place, secrets: &Secrets) -> Result<String> {
        let plain = match place {
            Place::Oldest((created_at, id)) | Place::Newest(Reverse((created_at, id))) => {
                [&created_at.to_be_bytes()[..], id.as_bytes()].concat()
            }
            Place::Username(key) => key.as_bytes().to_vec(),
        };
        Ok(base64url(&secrets.seal(&self.subject, &plain)?))
    }

    /// Returns the place of a cursor of this search.
    fn place(&self, cursor: &str, secrets: &Secrets) -> Option<Place> {
        let plain = secrets.open(&self.subject, &from_base64url(cursor)?)?;
        if self.order == UserOrder::Username {
            return Some(Place::Username(str::from_utf8(&plain).ok()?.to_owned()));
        }
        let (created_at, id) = plain.split_first_chunk()?;
        let created = (i64::from_be_bytes(*created_at), Id::from_bytes(id.try_into().ok()?));
        match self.order {
            UserOrder::Newest => Some(Place::Newest(Reverse(created))),
            _ => Some(Place::Oldest(created)),
        }
    }
}

/// The accounts of a page.
struct Page {
    limit: usize,
    ids: Vec<Id>,
    /// The place up to which accounts were looked at.
    place: Place,
    /// Whether there is an account for which there was no room.
    is_full: bool,
}

impl Page {
    /// Takes the accounts that are wanted, in their order.
    fn take(&mut self, search: &Search, candidates: Vec<Candidate>) {
        let placed = candidates.into_iter().map(|candidate| (search.place_of(&candidate), candidate));
        let mut placed: Vec<_> = placed.filter(|(place, _)| *place > self.place).collect();
        placed.sort_by(|(one, _), (other, _)| one.cmp(other));
        // An account may have a name and an address that begin alike.
        placed.dedup_by(|(one, _), (other, _)| one == other);
        for (place, candidate) in placed {
            if candidate.is_wanted {
                if self.ids.len() == self.limit {
                    self.is_full = true;
                    return;
                }
                self.ids.push(candidate.id);
            }
            self.place = place;
        }
    }
}

/// The addresses that begin with a text. The name of a mailbox may have no more letters after its `@`.
fn emails(text: &str) -> Range {
    match text.contains('@') {
        true => Range::beginning(&Email::beginning_of_key(text)),
        false => Range::mapped(text, Email::beginning_of_key),
    }
}
