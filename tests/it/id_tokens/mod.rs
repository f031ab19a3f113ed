//! ID tokens that this test signs as a provider on loopback does, and what a provider can get wrong or do on
//! purpose. With a provider of others' making: bindings/python/tests/test_id_tokens.py.

#![cfg(feature = "http")]

mod accounts;
mod configuration;
mod keys;
mod stage;
mod tokens;
