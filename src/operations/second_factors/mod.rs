//! Second factors: authenticator apps, and the codes that replace a lost one.

pub(crate) mod recovery_codes;
pub(crate) mod totp;
