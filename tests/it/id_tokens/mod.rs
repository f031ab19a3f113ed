//! Tests of ID tokens that the test signs like a provider on loopback, with a provider's mistakes and
//! attacks. bindings/python/tests/test_id_tokens.py uses an independent provider.

#![cfg(feature = "http")]

mod accounts;
mod configuration;
mod keys;
pub mod stage;
mod tokens;
