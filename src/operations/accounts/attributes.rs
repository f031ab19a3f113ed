//! Changes of single attributes: `merge_attributes`.

use doorward_derive::Build;
use schemars::JsonSchema;
use serde::Deserialize;

use super::UserResponse;
use crate::engine::Engine;
use crate::engine::accounts::bounded;
use crate::engine::audit::{Kind, event};
use crate::error::{Code, Error, Result};
use crate::json;
use crate::store::Durability;
use crate::store::events::Event;
use crate::store::users::{self, By};
use crate::types::id::Id;
use crate::types::strict::Object;

/// Changes single attributes of an account. The others stay, also if another caller changes them at the same time.
#[derive(Debug, Deserialize, JsonSchema, Build)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MergeAttributesRequest {
    /// The user's id.
    pub user_id: Id,
    /// The changes, as a JSON Merge Patch (RFC 7396): a member that is `null` is removed, an object is merged into the
    /// one that is there, and any other value, also a list, replaces what is there. The result has at most 16 KiB.
    pub patch: Object,
}

impl Engine {
    /// Merges a patch into the attributes of an account, in one transaction.
    ///
    /// Failures: `user_not_found`, `invalid_request`, `store_unavailable`.
    pub fn merge_attributes(&self, request: MergeAttributesRequest) -> Result<UserResponse> {
        let MergeAttributesRequest { user_id, patch } = request;
        let now = self.clock.now();
        let user = self.store.write(Durability::Full, |tx| {
            let mut user = users::find(tx, By::Id(user_id))?.ok_or(Error::from(Code::UserNotFound))?.public;
            let before = json::render(&user.attributes)?;
            user.attributes =
                bounded(user.attributes.merged(patch.clone())).map_err(|error| error.at_field("/patch"))?;
            let attributes = json::render(&user.attributes)?;
            if attributes != before {
                users::set_attributes(tx, user_id, &attributes)?;
                let updated = event(Kind::UserUpdated, user_id);
                self.audit.record(tx, now, Event { detail: Some("attributes"), ..updated })?;
            }
            Ok(user)
        })?;
        Ok(UserResponse { user })
    }
}
