//! Tests of PostgreSQL's failures: a server that stops and returns, falls silent, refuses, loses an answer,
//! fills its disk, shows a certificate. The servers are the tests' own. If tests/postgres has found no
//! PostgreSQL, the tests report that.

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
