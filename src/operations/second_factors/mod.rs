//! Second factors: authenticator apps, the codes that replace a lost one, and their removal by a privileged caller.

pub(crate) mod recovery_codes;
pub(crate) mod removal;
pub(crate) mod totp;
