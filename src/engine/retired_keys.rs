//! Secret keys that another process retired.

use crate::crypto::secrets::Secrets;
use crate::error::Result;
use crate::store::{Tx, keys};

/// Takes the secret keys out of use that the store records as retired. Called in a transaction before it seals or opens
/// anything, or stores a code: under a retired key that could be read by a thief only.
pub(crate) fn follow(tx: &mut Tx, secrets: &Secrets) -> Result<()> {
    secrets.retire(&keys::retirement(tx)?.secret_keys());
    Ok(())
}
