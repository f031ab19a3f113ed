//! Tests of races, crashes and faults: concurrent threads and processes, kill -9, full disks, files that are
//! no store, lost keys, missing memory, clocks that jump. Nothing crashes, hangs or is half done.

mod api_keys;
mod backup;
mod checkpoints;
mod clock;
mod copies;
mod crash;
#[allow(dead_code, reason = "the other tests bend what it answers")]
#[path = "../it/passkeys/device.rs"]
mod device;
mod hasher;
mod injected;
mod once;
mod organizations;
mod passwords;
mod power;
mod providers;
mod races;
mod remains;
mod retired_keys;
mod rules;
mod second_factors;
mod secret_key;
mod sessions;
mod stage;
mod store;
#[path = "../stores/mod.rs"]
mod stores;
#[path = "../totp/mod.rs"]
mod totp;
