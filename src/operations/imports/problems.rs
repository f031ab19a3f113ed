//! The problems with accounts that are to be imported.

use std::borrow::Cow;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Serialize;

use crate::types::parse_error::ParseError;
use crate::types::user::Offered;

/// A reason why an account cannot be imported.
#[derive(Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ImportProblem {
    /// The account's place in `users`, counted from 0.
    pub index: usize,
    /// The problem: `invalid_id`, `id_taken` (in the store), `id_repeated` (in the request), `missing_username`
    /// (and no address that could stand for it), `invalid_username`, `username_taken`, `username_repeated`,
    /// `invalid_email`, `missing_email` (but said to be verified), `email_taken`, `email_repeated`,
    /// `email_not_verified` (but the account has a second factor or an identity), `invalid_password_hash`,
    /// `password_hash_too_costly`, `password_mismatch` (of `check`), `invalid_roles`, `invalid_attributes`,
    /// `invalid_locale`, `invalid_time`, `invalid_external_id`, `external_id_taken`, `external_id_repeated`,
    /// `invalid_totp`, `invalid_recovery_codes`, `recovery_codes_taken`, `recovery_codes_repeated`,
    /// `invalid_identities`, `identity_taken`, `identity_repeated`, `invalid_passkeys`, `passkey_taken`, `passkey_repeated`, `invalid_service_account`.
    #[schemars(with = "String")]
    pub code: Problem,
    /// What was expected, or what a password hash that is refused seems to be, where the code alone does not say it. It
    /// quotes nothing of the account but the cost of a hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub reason: Option<Cow<'static, str>>,
}

/// The problem with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Problem {
    /// No UUID.
    InvalidId,
    /// An account of the store has the id.
    IdTaken,
    /// An account before it in the request has the id.
    IdRepeated,
    /// Neither a username nor an address that stands for it.
    MissingUsername,
    /// No username (RFC 8265 UsernameCaseMapped, without `@`).
    InvalidUsername,
    /// Another account of the store has the name.
    UsernameTaken,
    /// Another account before it in the request has the name.
    UsernameRepeated,
    /// No e-mail address.
    InvalidEmail,
    /// There is no address, but it is said to be verified.
    MissingEmail,
    /// An account of the store has the address.
    EmailTaken,
    /// An account before it in the request has the address.
    EmailRepeated,
    /// A second factor, or an identity beside a password, of an account whose address is not verified.
    EmailNotVerified,
    /// A hash in none of the forms that are read.
    InvalidPasswordHash,
    /// A hash whose cost is out of bounds: it would never be verified.
    PasswordHashTooCostly,
    /// The hash is not that of the password in `check`.
    PasswordMismatch,
    /// A role that is none, or too many.
    InvalidRoles,
    /// Attributes of more than 16 KiB.
    InvalidAttributes,
    /// No language tag.
    InvalidLocale,
    /// A time before 1970, or in the future where there is none to be.
    InvalidTime,
    /// No external id.
    InvalidExternalId,
    /// An account of the store has the external id.
    ExternalIdTaken,
    /// An account before it in the request has the external id.
    ExternalIdRepeated,
    /// An authenticator app that would never be verified.
    InvalidTotp,
    /// A recovery code that is none, or too many.
    InvalidRecoveryCodes,
    /// Another account of the store has a recovery code.
    RecoveryCodesTaken,
    /// An account before it in the request has a recovery code.
    RecoveryCodesRepeated,
    /// An identity that is none, or too many.
    InvalidIdentities,
    /// An account of the store has the identity.
    IdentityTaken,
    /// An account before it in the request has the identity.
    IdentityRepeated,
    /// A passkey that would never be verified, or too many.
    InvalidPasskeys,
    /// An account of the store has the passkey.
    PasskeyTaken,
    /// An account before it in the request has the passkey.
    PasskeyRepeated,
    /// A service account with an address or a way to log in.
    InvalidServiceAccount,
}

/// A problem, and what was expected where that says more.
pub(super) type Found = (Problem, Option<Cow<'static, str>>);

/// The first second that RFC 3339 cannot write.
const YEAR_10000: i64 = 253_402_300_800;

/// The problems of one account.
#[derive(Default)]
pub(super) struct Problems(pub Vec<Found>);

impl Problems {
    pub(super) fn add(&mut self, problem: Problem) {
        self.0.push((problem, None));
    }

    /// Adds a problem with what there is to tell about it.
    pub(super) fn told(&mut self, problem: Problem, reason: Option<String>) {
        self.0.push((problem, reason.map(Cow::Owned)));
    }

    pub(super) fn because(&mut self, problem: Problem, reason: impl Into<Cow<'static, str>>) {
        self.0.push((problem, Some(reason.into())));
    }

    /// Returns the problems in the order of the members that have them.
    pub(super) fn in_order(mut self) -> Vec<Found> {
        self.0.sort_by_key(|(problem, _)| *problem as u8);
        self.0
    }

    /// Parses a value, or adds a problem.
    pub(super) fn parsed<T: FromStr<Err = ParseError>>(
        &mut self,
        text: Option<&Offered>,
        problem: Problem,
    ) -> Option<T> {
        text?.as_str().parse().map_err(|error: ParseError| self.because(problem, error)).ok()
    }

    /// Returns the time that is given, or adds a problem if it is later than `latest`.
    pub(super) fn time(&mut self, given: Option<i64>, latest: i64) -> Option<i64> {
        let is_past = given.is_none_or(|given| (0..=latest).contains(&given));
        if !is_past {
            self.because(Problem::InvalidTime, "expected Unix seconds, not in the future");
        }
        given.filter(|_| is_past)
    }

    /// Returns the time that is given, in the past or in the future, or adds a problem.
    pub(super) fn expiry(&mut self, given: Option<i64>) -> Option<i64> {
        let is_time = given.is_none_or(|given| (0..YEAR_10000).contains(&given));
        if !is_time {
            self.because(Problem::InvalidTime, "expected Unix seconds before the year 10000");
        }
        given.filter(|_| is_time)
    }
}
