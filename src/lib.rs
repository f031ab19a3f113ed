//! An authentication engine: users, passwords, sessions and tokens, the same for every language.
//!
//! Your program opens an [`Engine`] with a [`Config`] and calls its operations. It keeps everything else: its
//! web framework, its pages, its policies.
//!
//! ```
//! use doorward::{Config, Engine, Error, Hooks, Login, LoginRequest, RegisterRequest, VerifyRequest};
//!
//! # fn main() -> Result<(), Error> {
//! let engine = Engine::open(Config::new().store("sqlite::memory:".parse()?), Hooks::new())?;
//! let request = RegisterRequest::new("ada".parse()?, "eight wise words").email("ada@example.com".parse()?);
//! let user = engine.register(request)?.user;
//!
//! match engine.login(LoginRequest::new("ada", "eight wise words"))? {
//!     Login::Session(session) => {
//!         engine.verify(VerifyRequest::new(&session.access_token))?;
//!         assert_eq!(session.user.id, user.id);
//!     }
//!     Login::StepUp(step) => println!("ask for {:?}", step.status),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A larger program is `examples/rust/quickstart.rs`.
//!
//! # Requests and responses
//!
//! Each operation is a method that takes one request and returns one response. `new` of a request takes the
//! members that must be given; each optional member has a setter. Requests, responses and errors gain members,
//! so they are `#[non_exhaustive]`: make requests with `new`, and ignore what you do not know in responses.
//!
//! Names, addresses, ids and numbers are types that exist only valid: [`Username`], [`Email`], [`Role`], [`Id`].
//! They are parsed from text (`"ada".parse()?`) and fail with [`ParseError`], which converts into an [`Error`].
//! Passwords and tokens are [`Secret`], [`IssuedSecret`], [`RecoveryCode`] and [`Token`]: `Debug` does not show
//! them, and they are wiped when they are dropped. `expose` returns the text.
//!
//! [`Engine::call`] takes the same operations by name, with JSON in and out. Other languages use it, and it
//! suits a program that only passes requests on. [`describe`] returns the description of all operations, with
//! JSON schemas.
//!
//! # Operations
//!
//! | | |
//! |---|---|
//! | accounts | [`register`](Engine::register), [`get_user`](Engine::get_user), [`list_users`](Engine::list_users), [`search_users`](Engine::search_users), [`update_user`](Engine::update_user), [`merge_attributes`](Engine::merge_attributes), [`lock_user`](Engine::lock_user), [`delete_user`](Engine::delete_user), [`import_users`](Engine::import_users), [`export_users`](Engine::export_users), [`export_user`](Engine::export_user) |
//! | passwords | [`hash_password`](Engine::hash_password), [`verify_password`](Engine::verify_password), [`check_password`](Engine::check_password), [`change_password`](Engine::change_password), [`set_password`](Engine::set_password), [`request_password_reset`](Engine::request_password_reset), [`reset_password`](Engine::reset_password) |
//! | logins | [`login`](Engine::login), [`complete_login`](Engine::complete_login), [`login_with_id_token`](Engine::login_with_id_token), [`request_login_code`](Engine::request_login_code), [`login_with_mail_token`](Engine::login_with_mail_token), [`reauthenticate`](Engine::reauthenticate), [`impersonate`](Engine::impersonate) |
//! | providers | [`begin_provider_login`](Engine::begin_provider_login), [`next_provider_request`](Engine::next_provider_request), [`finish_provider_login`](Engine::finish_provider_login), [`list_identities`](Engine::list_identities), [`unlink_identity`](Engine::unlink_identity) |
//! | sessions | [`refresh`](Engine::refresh), [`logout`](Engine::logout), [`list_sessions`](Engine::list_sessions), [`update_session`](Engine::update_session), [`revoke_session`](Engine::revoke_session), [`revoke_user_sessions`](Engine::revoke_user_sessions), [`revoke_all_sessions`](Engine::revoke_all_sessions), [`revoke_token`](Engine::revoke_token) |
//! | checks | [`verify`](Engine::verify), [`authenticate`](Engine::authenticate), [`authenticate_request`](Engine::authenticate_request), [`introspect`](Engine::introspect), [`introspect_remote`](Engine::introspect_remote), [`authorize`](Engine::authorize) |
//! | tokens and keys | [`issue_token`](Engine::issue_token), [`jwks`](Engine::jwks), [`rotate_keys`](Engine::rotate_keys), [`list_keys`](Engine::list_keys) |
//! | e-mail | [`request_email_verification`](Engine::request_email_verification), [`request_email_change`](Engine::request_email_change), [`verify_email`](Engine::verify_email), [`invite_user`](Engine::invite_user), [`accept_invitation`](Engine::accept_invitation), [`check_mail_token`](Engine::check_mail_token), [`take_mail`](Engine::take_mail), [`acknowledge_mail`](Engine::acknowledge_mail), [`deliver_mail`](Engine::deliver_mail) |
//! | authenticator apps | [`setup_totp`](Engine::setup_totp), [`confirm_totp`](Engine::confirm_totp), [`totp_status`](Engine::totp_status), [`disable_totp`](Engine::disable_totp), [`generate_totp_secret`](Engine::generate_totp_secret), [`totp_provisioning_uri`](Engine::totp_provisioning_uri), [`verify_totp`](Engine::verify_totp) |
//! | ways back | [`remove_second_factors`](Engine::remove_second_factors), [`generate_recovery_codes`](Engine::generate_recovery_codes), [`recovery_codes_status`](Engine::recovery_codes_status) |
//! | passkeys | [`begin_passkey_registration`](Engine::begin_passkey_registration), [`finish_passkey_registration`](Engine::finish_passkey_registration), [`begin_passkey_login`](Engine::begin_passkey_login), [`finish_passkey_login`](Engine::finish_passkey_login), [`list_passkeys`](Engine::list_passkeys), [`update_passkey`](Engine::update_passkey), [`passkey_signals`](Engine::passkey_signals), [`related_origins`](Engine::related_origins), [`remove_passkey`](Engine::remove_passkey) |
//! | trusted devices | [`list_trusted_devices`](Engine::list_trusted_devices), [`revoke_trusted_device`](Engine::revoke_trusted_device) |
//! | API keys, service accounts | [`create_service_account`](Engine::create_service_account), [`create_api_key`](Engine::create_api_key), [`list_api_keys`](Engine::list_api_keys), [`update_api_key`](Engine::update_api_key), [`revoke_api_key`](Engine::revoke_api_key) |
//! | organizations | [`create_organization`](Engine::create_organization), [`get_organization`](Engine::get_organization), [`list_organizations`](Engine::list_organizations), [`update_organization`](Engine::update_organization), [`delete_organization`](Engine::delete_organization), [`add_member`](Engine::add_member), [`update_member`](Engine::update_member), [`remove_member`](Engine::remove_member), [`list_members`](Engine::list_members), [`invite_member`](Engine::invite_member), [`list_invitations`](Engine::list_invitations), [`revoke_invitation`](Engine::revoke_invitation) |
//! | audit log | [`events`](Engine::events), [`verify_events`](Engine::verify_events) |
//! | running it | [`maintain`](Engine::maintain), [`backup`](Engine::backup), [`stats`](Engine::stats), [`doctor`](Engine::doctor) |
//!
//! [`acting`] names the person on whose behalf a privileged operation is called. [`restore`], [`migrate`],
//! [`migrate_schema`], [`unseal`], [`Building`] and [`new_secret_key_file`] are for operators, who usually call them by the
//! command `doorward`.
//!
//! # Errors
//!
//! An operation fails with an [`Error`]. Its [`Code`] is the reason, and its [`Status`] is the class of the
//! reason, with an HTTP status. [`Error::to_json`] is the body for a client, except for `detail`, which is for
//! your logs. `Display` writes the code and a sentence for the user; `Debug` shows the `detail`, too.
//!
//! A required next step of a login is not an error: it is [`Login::StepUp`], also where the list of failures
//! has [`Code::SecondFactorRequired`] or [`Code::PasswordChangeRequired`]. [`complete_login`](Engine::complete_login)
//! shows the whole login. Only [`Engine::call`] returns such a step as an error, because its answers are JSON.
//!
//! ```
//! # use doorward::*;
//! # let engine = Engine::open(Config::new().store("sqlite::memory:".parse()?), Hooks::new())?;
//! let error = engine.login(LoginRequest::new("nobody", "eight wise words")).unwrap_err();
//! assert_eq!(error.code, Code::InvalidCredentials);
//! assert_eq!(error.status().http(), 401);
//! assert_eq!(error.code.message(), "The credentials are not valid.");
//! # Ok::<(), Error>(())
//! ```
//!
//! # Configuration and hooks
//!
//! [`Config::new`] and its methods make a configuration; the types of its members are in [`config`].
//! [`Config::parse`] reads one from JSON, such as a file. Some keys are settings of the store: the engine takes
//! them from there if the configuration leaves them out, and [`Engine::settings`] returns them.
//!
//! [`Hooks`] has the receiver of log records and the clock. A test gives its own [`Clock`] and moves it:
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
//!
//! use doorward::{AuthenticateRequest, Clock, Code, Config, Engine, Hooks, Login, LoginRequest, RegisterRequest};
//!
//! // Hashes that cost little are for tests only.
//! let config = Config::parse(r#"{"store": "sqlite::memory:", "password": {"memory_kib": 8, "iterations": 1}}"#)?;
//! let now = Arc::new(AtomicI64::new(1_800_000_000_000));
//! let shown = Arc::clone(&now);
//! let engine = Engine::open(config, Hooks::new().clock(Clock::custom(move || shown.load(Relaxed))))?;
//!
//! engine.register(RegisterRequest::new("ada".parse()?, "eight wise words").email("ada@example.com".parse()?))?;
//! let Login::Session(session) = engine.login(LoginRequest::new("ada", "eight wise words"))? else {
//!     panic!("no second factor is set up");
//! };
//! now.fetch_add((900 + 30) * 1000, Relaxed);
//! let request = AuthenticateRequest::new().token(&session.access_token);
//! assert_eq!(engine.authenticate(request).unwrap_err().code, Code::InvalidToken);
//! # Ok::<(), doorward::Error>(())
//! ```
//!
//! # Threads
//!
//! An engine is `Send` and `Sync`. Open one in each process and share it, in an `Arc` or by reference. It has
//! no runtime: a call runs on the calling thread, and most calls wait for the store or for a password hash. In
//! an asynchronous program call it where threads may block, such as in `tokio::task::spawn_blocking`. Only
//! [`Engine::verify_at_once`] never waits. After a fork, open another engine in the child. Dropping the engine
//! closes it.
//!
//! # Features
//!
//! - `http`: asking other services over HTTP: `introspect_remote`, the keys of OpenID providers
//! - `smtp`: sending mails by SMTP
//! - `postgres`: a store in PostgreSQL
//! - `capi`: the C ABI
//!
//! All are on by default.
//!
//! # Debug builds
//!
//! Without optimization a password hash takes many times as long. Let cargo optimize these two crates in the
//! debug builds of your program, too:
//!
//! ```toml
//! [profile.dev.package]
//! argon2.opt-level = 3
//! blake2.opt-level = 3
//! ```

// What lives where. Dependencies go in one direction, and without circles (`tests/it/structure.rs`):
//
// - `capi`: the C ABI; the only module with `unsafe`, but for a few lines in `crypto` and `store`
// - `host`: the engine that a host uses; `restore`: a backup in the place of a store
// - `operations`: the table of operations, and one file per capability: its requests, its responses, the
//   methods that answer
// - `engine`: what an engine is made of
// - `store`: rows and transactions, in SQLite and PostgreSQL; `outbound`: what leaves the process: HTTP, SMTP
// - `crypto`: password hashes, the codecs of tokens, sealing; `secret_key`, `settings`
// - `config`: one JSON object
// - `types`: values that exist only valid, and what all of these share
//
// All public types are exported here, but for the parts of the configuration, which are in `config`. What is
// `#[doc(hidden)]` is for the other crates of this workspace and may change at any time.

#![deny(unsafe_code)]
// clippy sees the build with all features only.
#![cfg_attr(
    not(any(feature = "capi", feature = "http", feature = "postgres", feature = "smtp")),
    deny(warnings)
)]
#![warn(missing_docs, unnameable_types)]

mod breached;
#[cfg(feature = "capi")]
#[doc(hidden)]
pub mod capi;
mod clock;
pub mod config;
mod contain;
mod crypto;
mod engine;
mod error;
mod host;
mod json;
mod mail;
mod operations;
mod outbound;
mod password;
mod precis;
mod requests;
mod restore;
mod secret_key;
mod settings;
mod store;
mod strength;
mod totp;
mod types;

pub use breached::{Building, Built, Unbuilt};
pub use clock::Clock;
pub use config::Config;
#[doc(hidden)]
pub use contain::contain;
pub use engine::account_status::{AccountStatus, PasswordStatus, SecondFactorStatus, WaitingMail};
pub use engine::acting::acting;
pub use engine::audit::Kind as EventKind;
pub use engine::chain::{ChainHead, ChainProblem};
pub use engine::claims::Claims;
pub use engine::credentials::CredentialKind;
pub use engine::factors::recovery_codes::RecoveryCode;
pub use engine::retirement::{Retire, Retired};
pub use engine::throttle::locks::AccountLock;
pub use engine::{Hooks, Level, Log};
pub use error::{About, Code, Error, Result, Status};
pub use host::Engine;
pub use mail::Kind as MailKind;
pub use operations::describe::describe;
#[doc(hidden)]
pub use operations::describe::generate as generate_description;
#[doc(hidden)]
pub use operations::{Cost, OPERATIONS, Operation};
pub use operations::{
    accounts::attributes::*, accounts::lock::*, accounts::search::*, accounts::update::*, accounts::*,
    api_keys::*, authorization::*, exports::*, id_tokens::*, impersonation::*, imports::account::*,
    imports::credentials::*, imports::leaving::*, imports::problems::*, imports::*, introspection::*,
    keys::list::*, keys::*, login::*, mail::addresses::*, mail::delivery::*, mail::invitations::*,
    mail::login::*, mail::password_reset::*, mail::*, maintenance::*, observability::doctor::*,
    observability::events::*, observability::stats::*, organizations::invitations::*,
    organizations::members::*, organizations::*, passkeys::login::*, passkeys::registration::*,
    passkeys::signals::*, passkeys::*, passwords::*, providers::login::*, providers::*, reauthentication::*,
    requests::*, second_factors::recovery_codes::*, second_factors::removal::*, second_factors::totp::*,
    sessions::update::*, sessions::*, tokens::*, trusted_devices::*,
};
pub use requests::Rules;
pub use restore::{Restored, Restoring, restore};
pub use secret_key::new_secret_key_file;
pub use settings::{Difference, Settings};
pub use store::copy::Moved;
pub use store::moves::{migrate, unseal};
pub use store::{Migrated, Watch, migrate_schema};
pub use totp::{AccountName, Provisioning, Seed};
pub use types::client::{Client, DeviceId, UserAgent};
pub use types::exchange::{ProviderRequest, ProviderRequestHeader, ProviderResponse};
pub use types::id::Id;
pub use types::login::{Login, NextStep, SecondFactors, StepUp};
pub use types::parse_error::ParseError;
pub use types::secret::{IssuedSecret, Secret};
pub use types::session::{SessionLabel, SessionLifetime};
pub use types::strict::{HostOnly, Object};
pub use types::token::Token;
pub use types::user::{
    Act, ActingReason, Actor, Amr, Email, ExternalId, Locale, Offered, OrganizationRoles, Permission,
    ProviderLogin, PublicUser, Role, Scope, Username,
};
pub use types::weakness::Weakness as PasswordWeakness;
pub use types::webauthn::{
    AssertionResponse, AttestationResponse, AuthenticationResponse, AuthenticatorSelection, Bytes,
    CreationOptions, CredentialDescriptor, CredentialParameters, CredentialType, Label, PasskeyHint,
    RegistrationResponse, RelyingParty, RequestOptions, UserEntity,
};
pub use types::whole::{On, Seconds, Whole};

/// The version of the C ABI: the number in the shared library's SONAME.
#[doc(hidden)]
pub const ABI: u32 = 1;
