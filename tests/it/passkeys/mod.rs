//! Tests of passkeys with an authenticator that can change every part of a response. tests/onepassword uses
//! an independent one.

mod bent;
mod ceremonies;
mod device;
mod factors;
mod people;
mod stage;
