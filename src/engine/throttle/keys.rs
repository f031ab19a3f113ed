//! Unknown API keys, counted by their source. No key can be guessed, and a right one passes from every source. So the count
//! is that of the process alone: an unknown key writes nothing, but for one event when it locks its source.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::lanes::{LaneKind, Lanes};
use crate::error::Result;
use crate::store::throttles::Count;

/// The number of places. Sources share them, and each keeps the count of the source that came last.
const PLACES: usize = 1024;

/// The counts of sources, by place; empty until the first unknown key.
#[derive(Default)]
pub(crate) struct UnknownKeys(Mutex<Vec<Place>>);

/// The count of one source.
#[derive(Clone, Copy, Default)]
struct Place {
    id: [u8; 32],
    count: Count,
}

/// What an unknown key does.
pub(super) enum UnknownKey {
    Counted,
    /// It locks its source.
    Locks,
    /// Its source is locked for so many seconds, and it is not counted.
    Refused(i64),
}

impl UnknownKeys {
    /// Counts an unknown key of a source.
    pub(super) fn count(&self, lanes: &Lanes, source: IpAddr, now: i64) -> Result<UnknownKey> {
        let lane = lanes.lane(LaneKind::UnknownKeys(source), None, now)?;
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.resize(PLACES, Place::default());
        let number = usize::from(u16::from_le_bytes([lane.id[30], lane.id[31]])) % PLACES;
        let Some(place) = places.get_mut(number) else { return Ok(UnknownKey::Counted) };
        let kept = if place.id == lane.id { place.count } else { Count::default() };
        let count = lanes.as_of(now, kept);
        if count.locked_until > now {
            return Ok(UnknownKey::Refused(count.locked_until - now));
        }
        let count = lanes.one_more(count, &lane, now);
        *place = Place { id: lane.id, count };
        Ok(if count.locked_until > now { UnknownKey::Locks } else { UnknownKey::Counted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::engine::{Engine, Hooks};

    /// Endless sources fill a bounded number of places, and write nothing.
    #[test]
    fn a_flood_of_unknown_keys_is_bounded() {
        let config = Config::parse(r#"{"store": "sqlite::memory:"}"#).unwrap();
        let engine = Engine::open(config, Hooks::default()).unwrap();
        for number in 0..5000_u32 {
            assert!(!engine.throttle.count_unknown_key(IpAddr::V4(number.into())).unwrap());
        }
        let places = engine.throttle.unknown_keys.0.lock().unwrap();
        assert_eq!(places.len(), PLACES);
        assert!(places.iter().filter(|place| place.count.failures == 1).count() > PLACES / 2);
    }
}
