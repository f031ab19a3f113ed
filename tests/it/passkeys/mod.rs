//! Passkeys, with an authenticator that bends every part of a response. tests/onepassword has one of another's making.

mod bent;
mod ceremonies;
mod device;
mod factors;
mod stage;
