//! The ways into an account. Its user never removes the last one.

use std::sync::Arc;

use super::providers::Providers;
use super::shared::Shared;
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::store::users::User;
use crate::store::{Tx, identities, passkeys};

/// Knows what opens accounts.
pub(crate) struct WaysIn {
    pub config: Arc<Config>,
    pub providers: Arc<Providers>,
}

impl WaysIn {
    pub(crate) fn new(shared: &Shared, providers: &Arc<Providers>) -> WaysIn {
        WaysIn { config: Arc::clone(&shared.config), providers: Arc::clone(providers) }
    }

    /// Checks that something still opens the account, after one way was removed in this transaction. Failure:
    /// `permission_denied`.
    pub(crate) fn remain(&self, tx: &mut Tx, user: &User) -> Result<()> {
        let id = user.public.id;
        let is_open = user.password_hash.is_some()
            || (self.config.mailed_login.is_some() && user.public.email_verified)
            || (self.config.passkeys.is_some() && passkeys::count(tx, id)? > 0)
            || identities::list(tx, id)?
                .iter()
                .any(|linked| self.providers.of_issuer(&linked.issuer).is_some());
        match is_open {
            true => Ok(()),
            false => Err(Error::new(Code::PermissionDenied, "last_credential").about(Some(id), None)),
        }
    }
}
