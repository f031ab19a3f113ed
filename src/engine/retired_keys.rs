//! Secret keys that another process retired.

use crate::crypto::secrets::Secrets;
use crate::error::Result;
use crate::store::{Tx, keys};

/// Takes the secret keys out of use that the store records as retired. Called in a transaction before it seals
/// anything or stores a code: under a retired key that could be read by a thief only. What is opened may be under a key
/// that was retired since this process last looked.
pub(crate) fn follow(tx: &mut Tx, secrets: &Secrets) -> Result<()> {
    if tx.is_to_follow() {
        secrets.retire(&keys::retirement(tx)?.secret_keys());
    }
    Ok(())
}

/// Does what [`follow`] does, and keeps others from retiring secret keys until the transaction ends. Called before it
/// stores a code that a retirement leaves: afterwards `list_keys` counts every code that needs the key.
pub(crate) fn follow_and_hold(tx: &mut Tx, secrets: &Secrets) -> Result<()> {
    keys::hold_secret_keys(tx)?;
    follow(tx, secrets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::engine::{Engine, Hooks};
    use crate::store::Durability;

    /// An import of many accounts does not ask the store for each of them.
    #[test]
    fn the_store_is_asked_once_in_a_transaction() {
        let config = Config::parse(r#"{"store": "sqlite::memory:"}"#).unwrap();
        let Engine { secrets, store, .. } = &Engine::open(config, Hooks::default()).unwrap();
        let follow_in = |tx: &mut Tx| {
            follow(tx, secrets)?;
            Ok(secrets.ids().count())
        };
        let retired: Vec<_> = secrets.ids().collect();
        let left = store.write(Durability::Full, |tx| {
            follow(tx, secrets)?;
            keys::retire_at_once(tx, &retired)?;
            follow_in(tx)
        });
        assert_eq!((left.unwrap(), store.read(follow_in).unwrap()), (1, 0));
    }
}
