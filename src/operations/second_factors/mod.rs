//! Second factors: authenticator apps, and the codes that replace a lost one.

pub mod recovery_codes;
pub mod totp;
