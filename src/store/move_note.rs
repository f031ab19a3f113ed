//! The note that a store keeps of a move in which it is the source or the target: see [`super::moves`].

use serde::{Deserialize, Serialize};

use super::row::damaged;
use super::schema;
use super::tx::Tx;
use super::value::Value;
use crate::error::{Code, Error, Result};
use crate::json;

/// The note of a store about a move: a JSON text in [`schema::TABLE`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    pub state: State,
    /// The move's id, the same in both stores.
    pub id: String,
    /// The other store, without credentials.
    pub store: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// The store is being moved, or an attempt was killed: it is still in use.
    Leaving,
    /// The store was moved: it must not be opened.
    Left,
    /// The store is the target of a move that is not finished: it must not be opened.
    Arriving,
}

impl Note {
    /// Parses the result of [`schema::NOTE`]. An empty text means that there is no note.
    pub(super) fn parse(text: &str) -> Result<Option<Note>> {
        if text.is_empty() {
            return Ok(None);
        }
        serde_json::from_str(text).map(Some).map_err(|_| damaged())
    }

    pub(super) fn read(tx: &mut Tx) -> Result<Option<Note>> {
        let text = tx.first(schema::NOTE, &[], |row| row.text(0))?;
        Note::parse(&text.unwrap_or_default())
    }

    pub(super) fn keep(note: Option<&Note>, tx: &mut Tx) -> Result<()> {
        let text = note.map(json::render).transpose()?;
        let text = Value::optional_text(text.as_deref());
        tx.run("UPDATE doorward_schema SET moving = ?1 WHERE version = 1", &[text])
    }

    /// Whether the store was left: its tables have other names.
    pub(super) fn is_left(&self) -> bool {
        self.state == State::Left
    }

    /// Refuses to open a store that was moved or is being filled. Failure: `invalid_config`.
    pub(super) fn admit(&self) -> Result<()> {
        let store = &self.store;
        let why = match self.state {
            State::Leaving => return Ok(()),
            State::Left => {
                format!("the store was moved to {store}: open that one (back: doorward migrate --unseal)")
            }
            State::Arriving => {
                format!("the move from {store} into this store is not finished: run doorward migrate again")
            }
        };
        Err(Error::at(Code::InvalidConfig, "/store", why))
    }

    /// The error for an engine that had the store open before the move.
    pub(super) fn refusal(&self) -> Error {
        let how = if self.state == State::Leaving { "is being moved" } else { "was moved" };
        Error::new(Code::StoreUnavailable, format!("the store {how} to {}", self.store))
    }
}
