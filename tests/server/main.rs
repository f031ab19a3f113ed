//! What PostgreSQL can do to an engine: go away and come back, fall silent, refuse, lose an answer, fill its
//! disk, show a certificate. The servers are the tests' own; where tests/postgres has found none, that is said.

mod cluster;
mod disk;
mod network;
mod opening;
mod outages;
mod pooler;
mod relay;
mod rules;
#[path = "../skips/mod.rs"]
mod skips;
mod standby;
mod tls;
