//! Failures as the host sees them. Each reason has a [`Code`], which maps to a [`Status`] and a text. None of
//! them contains a secret, a password, a token or an e-mail address.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use crate::types::id::Id;
use crate::types::login::{NextStep, StepUp};
use crate::types::parse_error::ParseError;
use crate::types::random::NoRandomness;
use crate::types::strict::HostOnly;
use crate::types::weakness::Weakness;

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! statuses {
    ($($(#[doc = $about:literal])+ $variant:ident = $value:literal, $name:literal;)*) => {
        /// The class of an outcome, as the C ABI returns it. New codes may appear; classes do not change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(i32)]
        pub enum Status { $($(#[doc = $about])+ $variant = $value,)* }

        impl Status {
            /// Every status, in the order of its values.
            pub const ALL: &'static [Status] = &[$(Status::$variant,)*];

            /// The name as the C header spells it after `DOORWARD_`.
            pub fn name(self) -> &'static str {
                match self { $(Status::$variant => $name,)* }
            }

            /// Its meaning, in a sentence.
            pub(crate) fn about(self) -> &'static str {
                match self { $(Status::$variant => concat!($($about),+),)* }
            }
        }
    };
}

statuses! {
    /// The operation succeeded. From a login operation: a session was opened, never anything less.
    Ok = 0, "OK";
    /// The proof (password, token, code) was rejected.
    Denied = 1, "DENIED";
    /// The user is not authenticated yet; the body carries the challenge of the next step.
    StepUp = 2, "STEP_UP";
    /// The user is authenticated, but not allowed to do this.
    Forbidden = 3, "FORBIDDEN";
    /// The request breaks the operation's schema or a policy.
    InvalidRequest = 4, "INVALID_REQUEST";
    /// The thing that the request names does not exist.
    NotFound = 5, "NOT_FOUND";
    /// The change conflicts with what is there already.
    Conflict = 6, "CONFLICT";
    /// Too many attempts; `retry_after_seconds` says how long to wait.
    Throttled = 7, "THROTTLED";
    /// The store, the hash queue, the mail server or a remote service cannot answer now; a retry is safe.
    Unavailable = 8, "UNAVAILABLE";
    /// The configuration is wrong, the operation is unknown, or the feature is not built in.
    Config = 9, "CONFIG";
    /// The host called the library wrongly: NULL, a closed engine, a forked process, a call from inside a hook.
    Misuse = 10, "MISUSE";
    /// The library contained a bug of its own; treat the request as denied.
    Internal = 11, "INTERNAL";
}

impl Status {
    /// The HTTP status code a web host would answer with.
    pub fn http(self) -> u16 {
        match self {
            Status::Ok => 200,
            Status::Denied | Status::StepUp => 401,
            Status::Forbidden => 403,
            Status::InvalidRequest => 400,
            Status::NotFound => 404,
            Status::Conflict => 409,
            Status::Throttled => 429,
            Status::Unavailable => 503,
            Status::Config | Status::Misuse | Status::Internal => 500,
        }
    }
}

macro_rules! codes {
    ($($(#[doc = $about:literal])+ $variant:ident = $name:literal, $status:ident, $message:literal;)*) => {
        /// Why an operation failed: the stable, fine-grained part of the contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[doc = $about])+ $variant,)* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The code as JSON bodies spell it.
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// When an operation fails with it, in a sentence or two.
            pub(crate) fn about(self) -> &'static str {
                match self { $(Code::$variant => concat!($($about),+),)* }
            }

            /// The status that a failure with this code has.
            pub fn status(self) -> Status {
                match self { $(Code::$variant => Status::$status,)* }
            }

            /// A sentence that may be shown to the end user; it reveals nothing more than the code.
            pub fn message(self) -> &'static str {
                match self { $(Code::$variant => $message,)* }
            }
        }
    };
}

codes! {
    /// The user is unknown, the password is wrong, or the account is inactive or locked: one answer for all.
    InvalidCredentials = "invalid_credentials", Denied, "The credentials are not valid.";
    /// The token is missing, malformed, expired or revoked, or was issued elsewhere.
    InvalidToken = "invalid_token", Denied, "The token is not valid.";
    /// The mailed token is spent, expired or malformed. No session has ended, so the user need not log in again.
    InvalidMailToken = "invalid_token", InvalidRequest, "The token is not valid.";
    /// The token is valid, but its account no longer exists.
    TokenUserNotFound = "user_not_found", Denied, "There is no such user.";
    /// No account matches the request.
    UserNotFound = "user_not_found", NotFound, "There is no such user.";
    /// No account has this API key.
    ApiKeyNotFound = "api_key_not_found", NotFound, "There is no such API key.";
    /// The account has no such session, or it has ended.
    SessionNotFound = "session_not_found", NotFound, "There is no such session.";
    /// The account has no such passkey.
    PasskeyNotFound = "passkey_not_found", NotFound, "There is no such passkey.";
    /// No organization has this id.
    OrganizationNotFound = "organization_not_found", NotFound, "There is no such organization.";
    /// The account is no member of the organization.
    MemberNotFound = "member_not_found", NotFound, "There is no such member.";
    /// Authentication is required, and the request offers none.
    NotAuthenticated = "not_authenticated", Denied, "Authentication is required.";
    /// The `Authorization` header is not `Bearer <token>`.
    InvalidAuthorizationHeader = "invalid_authorization_header", Denied,
        "The Authorization header is not valid.";
    /// The password is right, but must be changed before a session is opened.
    PasswordChangeRequired = "password_change_required", StepUp, "The password must be changed.";
    /// The password is right, but a second factor is required before a session is opened.
    SecondFactorRequired = "second_factor_required", StepUp, "A second factor is required.";
    /// The second factor is wrong or was used before.
    InvalidCode = "invalid_code", Denied, "The code is not valid.";
    /// The challenge is unknown, spent or expired.
    InvalidChallenge = "invalid_challenge", Denied, "The challenge is not valid.";
    /// The user may not do this, or the change would leave no active administrator, or an organization without an
    /// owner.
    PermissionDenied = "permission_denied", Forbidden, "Permission denied.";
    /// The account must verify its address before it takes a second factor, a passkey or an API key.
    EmailNotVerified = "email_not_verified", Forbidden, "The e-mail address must be verified first.";
    /// The request is not JSON.
    InvalidJson = "invalid_json", InvalidRequest, "The request is not valid JSON.";
    /// The request breaks the schema or a limit of the operation; `field` says where.
    InvalidRequest = "invalid_request", InvalidRequest, "The request is not valid.";
    /// The new password breaks the policy; `reasons` says why.
    WeakPassword = "weak_password", InvalidRequest, "The password is too weak.";
    /// Another account has this username.
    UsernameTaken = "username_taken", Conflict, "The username is taken.";
    /// Another account has this e-mail address.
    EmailTaken = "email_taken", Conflict, "The e-mail address is taken.";
    /// Another account has this external id.
    ExternalIdTaken = "external_id_taken", Conflict, "The external id is taken.";
    /// The account already has one in force.
    AlreadyConfigured = "already_configured", Conflict, "It is configured already.";
    /// The account is a member of the organization.
    AlreadyMember = "already_member", Conflict, "The account is a member already.";
    /// There were too many failures; wait `retry_after_seconds`.
    TooManyAttempts = "too_many_attempts", Throttled, "Too many attempts. Try again later.";
    /// Rows or rules that the host added to the store forbid the change.
    StoreConstraint = "store_constraint", Conflict, "A rule of the store forbids the change.";
    /// The store cannot answer now.
    StoreUnavailable = "store_unavailable", Unavailable, "The service is not available right now.";
    /// The remote service cannot be reached or gives no valid answer.
    AuthServiceUnavailable = "auth_service_unavailable", Unavailable, "The service is not available right now.";
    /// Too many password hashes are waiting, or there is no memory for another.
    HashQueueFull = "hash_queue_full", Unavailable, "The service is not available right now.";
    /// Mail cannot be sent now.
    MailUnavailable = "mail_unavailable", Unavailable, "The service is not available right now.";
    /// The configuration is wrong; `field` says where.
    InvalidConfig = "invalid_config", Config, "The configuration is not valid.";
    /// No operation has this name.
    UnknownOperation = "unknown_operation", Config, "There is no such operation.";
    /// This build does not contain the feature.
    FeatureNotBuilt = "feature_not_built", Config, "This build does not have the feature.";
    /// Another secret key sealed the store.
    WrongSecretKey = "wrong_secret_key", Config, "The secret key does not open this store.";
    /// A newer version wrote the store.
    SchemaTooNew = "schema_too_new", Config, "The store was written by a newer version.";
    /// A required pointer is NULL.
    NullArgument = "null_argument", Misuse, "A required argument is NULL.";
    /// A text is not UTF-8.
    InvalidUtf8 = "invalid_utf8", Misuse, "A text is not valid UTF-8.";
    /// The engine was closed.
    EngineClosed = "engine_closed", Misuse, "The engine is closed.";
    /// The parent opened the engine before it forked; the child opens one of its own.
    Forked = "forked", Misuse, "The engine was opened before a fork; open one in the child.";
    /// A hook called the library.
    Reentered = "reentered", Misuse, "A hook must not call the library.";
    /// The library contained a bug of its own.
    Internal = "internal", Internal, "An internal error was contained.";
}

/// A failed operation. `Display` writes the code and its message, which a client may see; `detail` is for logs.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}: {}", .code.name(), .code.message())]
#[non_exhaustive]
pub struct Error {
    /// The stable, fine-grained reason.
    pub code: Code,
    /// A JSON pointer to the field of the request or configuration that is at fault.
    pub field: Option<String>,
    /// The seconds to wait before the next attempt.
    pub retry_after_seconds: Option<u64>,
    /// Why a password is too weak, as `check_password` says it. The reasons may be shown.
    pub reasons: Vec<Weakness>,
    /// The next step of a login, if JSON was asked for. A typed call returns it as
    /// [`Login::StepUp`](crate::types::login::Login::StepUp).
    pub step_up: Option<Box<StepUp>>,
    /// The exact reason, for the host's logs only.
    pub detail: Option<Cow<'static, str>>,
    /// The account and session concerned, for the host's logs only.
    pub about: Option<Box<About>>,
}

/// The account and session that a failure was about, where known.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct About {
    /// The account.
    pub user_id: Option<Id>,
    /// The session.
    pub session_id: Option<Id>,
}

impl From<NoRandomness> for Error {
    fn from(_: NoRandomness) -> Error {
        Error::new(Code::Internal, "no randomness")
    }
}

/// A value that cannot be made fails the request: `invalid_request`.
impl From<ParseError> for Error {
    fn from(error: ParseError) -> Error {
        Error::new(Code::InvalidRequest, error)
    }
}

/// The body of the next step of a login is that of a failure.
impl From<Box<StepUp>> for Error {
    fn from(step: Box<StepUp>) -> Error {
        let error = Error::from(Code::from(step.status)).about(Some(step.user_id), None);
        Error { step_up: Some(step), ..error }
    }
}

impl From<NextStep> for Code {
    fn from(step: NextStep) -> Code {
        match step {
            NextStep::SecondFactor => Code::SecondFactorRequired,
            NextStep::PasswordChange => Code::PasswordChangeRequired,
        }
    }
}

impl Error {
    /// Makes a failure with the host-only reason `detail`.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Error {
        Error { detail: Some(detail.into()), ..Error::from(code) }
    }

    /// Makes a failure caused by the field at the JSON pointer `field`.
    pub fn at(code: Code, field: impl Into<String>, detail: impl Into<Cow<'static, str>>) -> Error {
        Error { field: Some(field.into()), ..Error::new(code, detail) }
    }

    /// Returns the same failure, caused by the field at this JSON pointer.
    pub(crate) fn at_field(self, field: &'static str) -> Error {
        Error { field: Some(field.to_owned()), ..self }
    }

    /// Returns the same failure, about this account and session unless others are known.
    pub(crate) fn about(self, user_id: Option<Id>, session_id: Option<Id>) -> Error {
        let known = self.about.as_deref().copied().unwrap_or(About { user_id: None, session_id: None });
        let about = About { user_id: known.user_id.or(user_id), session_id: known.session_id.or(session_id) };
        Error { about: Some(Box::new(about)), ..self }
    }

    /// Returns the class of this failure.
    pub fn status(&self) -> Status {
        self.code.status()
    }

    /// Returns the body of the failure: `{"error":{"code":…,"message":…,"http_status":…,…}}`, with the
    /// members of [`StepUp`] beside it if there is one.
    ///
    /// ```
    /// use doorward::{Code, Error};
    ///
    /// let error = Error::new(Code::InvalidCredentials, "wrong password");
    /// assert!(error.to_json().contains(r#""code":"invalid_credentials""#));
    /// assert_eq!(error.to_string(), "invalid_credentials: The credentials are not valid.");
    /// ```
    pub fn to_json(&self) -> String {
        let body = Failure {
            error: FailureError {
                code: self.code.name(),
                message: self.code.message(),
                http_status: self.status().http(),
                field: self.field.as_deref(),
                retry_after_seconds: self.retry_after_seconds,
                reasons: &self.reasons,
                detail: self.detail.as_deref().map(HostOnly),
            },
            step_up: self.step_up.as_deref(),
        };
        serde_json::to_string(&body).unwrap_or_default()
    }
}

/// The body of a failure. With status STEP_UP the members of StepUp stand beside `error`.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Failure<'a> {
    /// The failure.
    error: FailureError<'a>,
    #[serde(flatten)]
    #[schemars(skip)]
    step_up: Option<&'a StepUp>,
}

/// A failure.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Error")]
struct FailureError<'a> {
    /// The code of the failure: the stable, fine-grained part of the contract. New codes may appear.
    code: &'a str,
    /// A sentence that may be shown to the end user; it reveals nothing more than the code.
    message: &'a str,
    /// The HTTP status code of a web host's answer.
    http_status: u16,
    /// A JSON pointer (RFC 6901) to the member of the request or the configuration that is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    /// The seconds to wait before the next attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
    /// With `weak_password`: the reasons, in the codes of `check_password`. They may be shown to the end user.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    reasons: &'a [Weakness],
    /// The exact reason, for the host's logs only. It holds no secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<HostOnly<&'a str>>,
}

impl From<Code> for Error {
    fn from(code: Code) -> Error {
        Error {
            code,
            field: None,
            retry_after_seconds: None,
            reasons: Vec::new(),
            step_up: None,
            detail: None,
            about: None,
        }
    }
}
