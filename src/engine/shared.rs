//! What the parts of an engine share.

use std::sync::Arc;

use super::settings::{Recorded, Retention};
use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::secrets::Secrets;
use crate::settings::Settings;
use crate::store::Store;

/// What the parts of an engine share. Each part keeps what it needs of it.
pub(crate) struct Shared {
    pub clock: Arc<Clock>,
    pub config: Arc<Config>,
    pub retention: Arc<Retention>,
    pub secrets: Arc<Secrets>,
    pub settings: Arc<Settings>,
    pub store: Arc<Store>,
}

impl Shared {
    pub(crate) fn new(
        config: Config,
        clock: Arc<Clock>,
        store: Store,
        secrets: Secrets,
        recorded: Recorded,
    ) -> Shared {
        Shared {
            clock,
            config: Arc::new(config),
            retention: Arc::new(Retention::new(&recorded)),
            secrets: Arc::new(secrets),
            settings: Arc::new(recorded.settings),
            store: Arc::new(store),
        }
    }
}
