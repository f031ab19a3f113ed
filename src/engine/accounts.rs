//! Accounts: what they may have.

use crate::error::{Code, Error, Result};
use crate::json::{self, Object};
use crate::user::Role;

/// The most bytes that the attributes of one account may have as JSON.
const MAX_ATTRIBUTES: usize = 16_384;

/// The most roles that one account may have.
const MAX_ROLES: usize = 64;

/// Attributes of no more than the allowed size.
pub(crate) fn bounded(attributes: Object) -> Result<Object> {
    match json::render(&attributes)?.len() {
        0..=MAX_ATTRIBUTES => Ok(attributes),
        _ => Err(Error::at(Code::InvalidRequest, "/attributes", format!("more than {MAX_ATTRIBUTES} bytes"))),
    }
}

/// Roles in alphabetical order, each once, no more than the allowed number.
pub(crate) fn in_order(mut roles: Vec<Role>) -> Result<Vec<Role>> {
    roles.sort();
    roles.dedup();
    match roles.len() {
        0..=MAX_ROLES => Ok(roles),
        _ => Err(Error::at(Code::InvalidRequest, "/roles", format!("more than {MAX_ROLES} roles"))),
    }
}
