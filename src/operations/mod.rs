//! The table of operations, and one file or folder per capability: its requests, its responses, and the methods of
//! [`Engine`] that perform it. Everything that the C ABI, a binding or the reference offers has a row in the
//! table: a name, a request, a response, a method, and the version that added it.

pub mod accounts;
pub mod api_keys;
pub mod authorization;
pub mod describe;
pub mod exports;
pub mod id_tokens;
pub mod impersonation;
pub mod imports;
pub mod introspection;
pub mod keys;
pub mod login;
pub mod mail;
pub mod maintenance;
pub mod observability;
pub mod organizations;
pub mod passkeys;
pub mod passwords;
pub mod providers;
pub mod reauthentication;
pub mod requests;
pub mod second_factors;
pub mod sessions;
pub mod tokens;
pub mod trusted_devices;

use crate::engine::counters::PLACES;
use schemars::{Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

use crate::engine::Engine;
use crate::engine::acting::acting;
use crate::engine::claims::Claims;
use crate::engine::counters::Call;
use crate::error::{Code, Error, Result, Status};
use crate::json::{self, Response};
use crate::types::empties::document;
use crate::types::login::Login;
use crate::types::user::Actor;

/// The longest wait of a call of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cost {
    /// Nothing: it computes for microseconds. Only `verify` may wait for the store: one call a minute, and if a token
    /// names an unknown key, at most ten calls a second, and none for a second after the store did not answer.
    /// [`crate::Engine::verify_at_once`] never waits.
    Instant,
    /// The store.
    Store,
    /// A slot for a password hash, and the hash; or the check of a new password, which takes milliseconds.
    Hash,
    /// Another service.
    Network,
    /// Seconds, or as long as the caller allows.
    Long,
}

impl Cost {
    /// The name in the description.
    pub fn name(self) -> &'static str {
        match self {
            Cost::Instant => "instant",
            Cost::Store => "store",
            Cost::Hash => "hash",
            Cost::Network => "network",
            Cost::Long => "long",
        }
    }
}

/// A row of the table.
pub struct Operation {
    /// The name: `doorward_<name>` in C, a method in the other languages.
    pub name: &'static str,
    /// The version that brought it.
    pub since: &'static str,
    /// The longest wait of a call, which decides whether it may run on an event loop.
    pub cost: Cost,
    /// Whether a call that got no answer may be made again: nothing happens twice, and the second answer is as good as
    /// the first.
    pub retry: bool,
    /// The summary, in one line.
    pub summary: &'static str,
    /// Why it can fail, beside what every operation can: `invalid_json`, `invalid_request`, `internal`
    /// and the codes of MISUSE; and with `store_unavailable`, `store_constraint` (a rule that the host made in the
    /// store forbids the change) and `invalid_config` (the store is set up so that it cannot be used).
    pub codes: &'static [Code],
    /// Whether it is called on another's behalf: then the request has a member `actor`, and the events of the call keep
    /// it.
    pub takes_actor: bool,
    /// The index in the table.
    pub(crate) index: usize,
    pub(crate) call: fn(&Engine, &str) -> Result<String>,
    /// The path of the request, which begins with the capability.
    path: &'static str,
}

/// The schemas of an operation's request and response. No row refers to them, so that the linker leaves them out of
/// libraries: only the writing of the description needs them.
struct Schemas {
    request: fn(&mut SchemaGenerator) -> Schema,
    response: fn(&mut SchemaGenerator) -> Schema,
}

impl Operation {
    /// The capability: the name of its file or folder here, of its page and of its scenarios.
    pub fn capability(&self) -> &'static str {
        self.path.split("::").next().unwrap_or_default().trim()
    }

    /// Whether reading the clock twice would take longer than a call.
    pub(crate) fn is_fast(&self) -> bool {
        self.index == rows::verify.index
    }
}

/// Whether a row marks its operation as taking an actor.
macro_rules! takes_actor {
    () => {
        false
    };
    (actor) => {
        true
    };
}

/// The row's answer to whether a call may be repeated.
macro_rules! retry {
    (again) => {
        true
    };
    (once) => {
        false
    };
}

macro_rules! operations {
    ($($(#[doc = $example:literal])+ $name:ident: $request:ty => $response:ty, $since:literal, $cost:ident $retry:ident $($by:ident)?, $summary:literal, [$($code:ident),*];)*) => {
        /// The rows under their names.
        #[expect(non_upper_case_globals, reason = "named as the operation")]
        pub(crate) mod rows {
            use super::*;

            #[expect(non_camel_case_types, reason = "named as the operation")]
            enum Index { $($name,)* }

            $(pub(crate) static $name: Operation = Operation {
                name: stringify!($name),
                since: $since,
                cost: Cost::$cost,
                summary: $summary,
                codes: &[$(Code::$code),*],
                retry: retry!($retry),
                takes_actor: takes_actor!($($by)?),
                index: Index::$name as usize,
                call: |engine, text| {
                    type Parsed<T> = Acted<T, { takes_actor!($($by)?) }>;
                    let mended;
                    let Acted { actor, request }: Parsed<$request> = match json::parse(text, Code::InvalidRequest) {
                        Ok(request) => request,
                        Err(error) => {
                            let parse =
                                |text: &str| json::parse::<Parsed<$request>>(text, Code::InvalidRequest).map(drop);
                            mended = json::with_other_empties(text, error, &parse)?;
                            json::parse(&mended, Code::InvalidRequest)?
                        }
                    };
                    let response: $response = acting(actor, || engine.$name(request))?;
                    response.into_json()
                },
                path: stringify!($request),
            };)*
        }

        /// The operations. Each call is counted, timed, and logged when it fails.
        impl crate::Engine {
            $(
                #[doc = $summary]
                ///
                #[doc = concat!("Failures: [`InvalidRequest`](Code::InvalidRequest), [`Internal`](Code::Internal)", $(", [`", stringify!($code), "`](Code::", stringify!($code), ")",)* ".")]
                ///
                /// ```
                /// # use doorward::*;
                /// # let passkeys = r#"{"rp_id": "example.com", "rp_name": "Example", "origins": ["https://example.com"]}"#;
                /// # let config = format!(r#"{{"store": "sqlite::memory:", "passkeys": {passkeys}, "audit": {{"chain": true}}, "mailed_login": {{}}}}"#);
                /// # let engine = Engine::open(Config::parse(&config)?, Hooks::new())?;
                /// # let request = RegisterRequest::new("ada".parse()?, "eight wise words");
                /// # let ada = engine.register(request.email("ada@example.com".parse()?))?.user;
                /// # let login = engine.login(LoginRequest::new("ada", "eight wise words"))?;
                /// # let Login::Session(session) = login else { return Err(Code::Internal.into()) };
                $(#[doc = $example])+
                /// # Ok::<(), Error>(())
                /// ```
                pub fn $name(&self, request: $request) -> Result<$response> {
                    self.0.observe(&rows::$name, || self.0.$name(request))
                }
            )*
        }

        /// Every operation.
        pub static OPERATIONS: &[&Operation] = &[$(&rows::$name,)*];

        /// The schemas of every operation, in the order of the table.
        static SCHEMAS: &[Schemas] = &[$(Schemas {
            request: |generator| generator.subschema_for::<$request>(),
            response: |generator| generator.subschema_for::<$response>(),
        },)*];
    };
}

operations! {
    /// let request = RegisterRequest::new("grace".parse()?, "nine wiser words").email("grace@example.com".parse()?);
    /// assert_eq!(engine.register(request)?.user.username.as_str(), "grace");
    register: accounts::RegisterRequest => accounts::RegisterResponse, "0.1.0", Hash once actor,
        "Creates an account.",
        [WeakPassword, UsernameTaken, EmailTaken, TooManyAttempts, HashQueueFull, StoreUnavailable];
    /// let found = engine.get_user(GetUserRequest::new().username("ADA"))?;
    /// assert_eq!(found.user.id, ada.id);
    get_user: accounts::GetUserRequest => accounts::GetUserResponse, "0.1.0", Store again,
        "Finds an account by id, username, e-mail address or external id.",
        [UserNotFound, StoreUnavailable];
    /// let page = engine.list_users(ListUsersRequest::new().limit(10))?;
    /// assert_eq!(page.users.len(), 1);
    list_users: accounts::ListUsersRequest => accounts::ListUsersResponse, "0.1.0", Store again,
        "Lists accounts in the order of their ids.",
        [StoreUnavailable];
    /// let request = SearchUsersRequest::new().text("ad").filters(UserFilters::new().is_active(true));
    /// assert_eq!(engine.search_users(request)?.users[0].id, ada.id);
    search_users: accounts::search::SearchUsersRequest => accounts::search::SearchUsersResponse, "0.1.0", Store again,
        "Searches accounts by the beginning of a name, by filters, in an order.",
        [StoreUnavailable];
    /// let request = UpdateUserRequest::new(ada.id).add_roles(vec!["editor".parse()?]);
    /// assert_eq!(engine.update_user(request)?.user.roles[0].as_str(), "editor");
    update_user: accounts::update::UpdateUserRequest => accounts::UserResponse, "0.1.0", Store again actor,
        "Changes an account.",
        [UserNotFound, UsernameTaken, EmailTaken, ExternalIdTaken, PermissionDenied, StoreUnavailable];
    /// let patch = serde_json::json!({"department": "analysis", "desk": null}).try_into()?;
    /// let user = engine.merge_attributes(MergeAttributesRequest::new(ada.id, patch))?.user;
    /// assert_eq!(user.attributes.members()["department"], "analysis");
    merge_attributes: accounts::attributes::MergeAttributesRequest => accounts::UserResponse, "0.1.0", Store again actor,
        "Changes single attributes of an account by a JSON Merge Patch.",
        [UserNotFound, StoreUnavailable];
    /// let request = LockUserRequest::new(ada.id, "the laptop was stolen".parse()?);
    /// assert_eq!(engine.lock_user(request)?.revoked_sessions, 1);
    /// engine.update_user(UpdateUserRequest::new(ada.id).is_active(true))?;
    lock_user: accounts::lock::LockUserRequest => accounts::lock::LockUserResponse, "0.1.0", Store again actor,
        "Locks an account and ends everything that is open.",
        [UserNotFound, PermissionDenied, StoreUnavailable];
    /// assert!(engine.delete_user(DeleteUserRequest::new(ada.id))?.deleted);
    delete_user: accounts::DeleteUserRequest => accounts::DeleteUserResponse, "0.1.0", Store once actor,
        "Deletes an account and all data about it.",
        [UserNotFound, PermissionDenied, StoreConstraint, StoreUnavailable];
    /// let grace = ImportedUser::new().username("grace").email("grace@example.com");
    /// let answer = engine.import_users(ImportUsersRequest::new(vec![grace]))?;
    /// assert_eq!(answer.imported, 1);
    import_users: imports::ImportUsersRequest => imports::ImportUsersResponse, "0.1.0", Long once actor,
        "Creates accounts with the password hashes and second factors of another system.",
        [HashQueueFull, StoreUnavailable];
    /// let page = engine.export_users(ExportUsersRequest::new().with_hashes(true))?;
    /// assert_eq!(page.users[0].account.id, ada.id);
    export_users: imports::leaving::ExportUsersRequest => imports::leaving::ExportUsersResponse, "0.1.0", Long again actor,
        "Reads accounts, with secrets if they are asked for, in the form of `import_users`.",
        [StoreUnavailable];
    /// let export = engine.export_user(ExportUserRequest::new(ada.id))?;
    /// assert_eq!(export.user.id, ada.id);
    export_user: exports::ExportUserRequest => exports::ExportUserResponse, "0.1.0", Store again,
        "Reads everything that the store keeps about a person.",
        [UserNotFound, StoreUnavailable];
    /// let hash = engine.hash_password(HashPasswordRequest::new("nine wiser words"))?.hash;
    /// assert!(hash.expose().starts_with("$argon2id$"));
    hash_password: passwords::HashPasswordRequest => passwords::HashPasswordResponse, "0.1.0", Hash again,
        "Hashes a password with Argon2id.",
        [HashQueueFull];
    /// let hash = engine.hash_password(HashPasswordRequest::new("nine wiser words"))?.hash;
    /// assert!(engine.verify_password(VerifyPasswordRequest::new("nine wiser words", &hash))?.valid);
    verify_password: passwords::VerifyPasswordRequest => passwords::VerifyPasswordResponse, "0.1.0", Hash again,
        "Verifies a password against a hash.",
        [HashQueueFull];
    /// let answer = engine.check_password(CheckPasswordRequest::new("password"))?;
    /// assert!(!answer.acceptable);
    check_password: passwords::CheckPasswordRequest => passwords::CheckPasswordResponse, "0.1.0", Hash again,
        "Checks whether a password may be chosen, and says why not.",
        [InvalidConfig];
    /// let request = ChangePasswordRequest::new("eight wise words", "nine wiser words").user_id(ada.id);
    /// assert_eq!(engine.change_password(request)?.revoked_sessions, 1);
    change_password: passwords::ChangePasswordRequest => passwords::ChangePasswordResponse, "0.1.0", Hash once,
        "Changes a password by the old one and ends every session.",
        [InvalidCredentials, InvalidToken, UserNotFound, PermissionDenied, WeakPassword, TooManyAttempts, HashQueueFull, StoreUnavailable];
    /// let user = engine.set_password(SetPasswordRequest::new(ada.id, "nine wiser words"))?.user;
    /// assert_eq!(user.id, ada.id);
    set_password: passwords::SetPasswordRequest => accounts::UserResponse, "0.1.0", Hash again actor,
        "Sets a user's password, to be changed at the next login, and ends every session.",
        [UserNotFound, PermissionDenied, WeakPassword, HashQueueFull, StoreUnavailable];
    /// match engine.login(LoginRequest::new("ada", "eight wise words"))? {
    ///     Login::Session(session) => assert_eq!(session.user.id, ada.id),
    ///     Login::StepUp(step) => println!("ask for {:?}", step.status),
    /// }
    login: login::LoginRequest => Login<login::LoginResponse>, "0.1.0", Hash once,
        "Logs in by password and opens a session.",
        [InvalidCredentials, SecondFactorRequired, InvalidCode, PasswordChangeRequired, PermissionDenied, TooManyAttempts, HashQueueFull, StoreUnavailable];
    /// fn log_in(engine: &Engine, name: &str, password: &str, code: &str) -> Result<Login<LoginResponse>> {
    ///     match engine.login(LoginRequest::new(name, password))? {
    ///         Login::StepUp(step) if step.second_factors.as_ref().is_some_and(|factors| factors.totp_supported) => {
    ///             engine.complete_login(CompleteLoginRequest::new(&step.challenge).two_fa_code(code))
    ///         }
    ///         other => Ok(other),
    ///     }
    /// }
    /// // The account of this example has no second factor, so its login needs no other step.
    /// assert!(matches!(log_in(&engine, "ada", "eight wise words", "123456")?, Login::Session(_)));
    complete_login: login::CompleteLoginRequest => Login<login::LoginResponse>, "0.1.0", Hash once,
        "Takes the next step of a login and opens its session.",
        [InvalidChallenge, InvalidCode, InvalidCredentials, EmailNotVerified, AlreadyConfigured, SecondFactorRequired, PasswordChangeRequired, PermissionDenied, TooManyAttempts, WeakPassword, HashQueueFull, InvalidConfig, StoreUnavailable];
    /// fn login(engine: &Engine, id_token: &str) -> Result<Login<LoginWithIdTokenResponse>> {
    ///     engine.login_with_id_token(LoginWithIdTokenRequest::new(id_token).provider("example".parse()?))
    /// }
    login_with_id_token: id_tokens::LoginWithIdTokenRequest => Login<id_tokens::LoginWithIdTokenResponse>, "0.1.0", Network once,
        "Logs in by an ID token of a configured OpenID provider and opens a session.",
        [InvalidCredentials, InvalidToken, SecondFactorRequired, EmailTaken, PermissionDenied, TooManyAttempts, AuthServiceUnavailable, StoreUnavailable];
    /// fn begin(engine: &Engine) -> Result<BeginProviderLoginResponse> {
    ///     let redirect_uri = "https://app.example/callback/google".parse()?;
    ///     engine.begin_provider_login(BeginProviderLoginRequest::new(redirect_uri).provider("google".parse()?))
    /// }
    begin_provider_login: providers::login::BeginProviderLoginRequest => providers::login::BeginProviderLoginResponse, "0.1.0", Network again,
        "Begins a login at a provider: returns the URL to send the browser to.",
        [InvalidToken, TokenUserNotFound, PermissionDenied, EmailNotVerified, AuthServiceUnavailable, InvalidConfig, FeatureNotBuilt, StoreUnavailable];
    /// fn next(engine: &Engine, transaction: &str, query: &str, url: &str) -> Result<Option<ProviderRequest>> {
    ///     let request = NextProviderRequestRequest::new(transaction, query, url.parse()?);
    ///     Ok(engine.next_provider_request(request)?.send)
    /// }
    next_provider_request: providers::login::NextProviderRequestRequest => providers::login::NextProviderRequestResponse, "0.1.0", Store again,
        "Returns the next request to a provider, for a host that sends them itself.",
        [InvalidChallenge, InvalidConfig, StoreUnavailable];
    /// fn finish(
    ///     engine: &Engine, transaction: &str, query: &str, url: &str,
    /// ) -> Result<Login<FinishProviderLoginResponse>> {
    ///     engine.finish_provider_login(FinishProviderLoginRequest::new(transaction, query, url.parse()?))
    /// }
    finish_provider_login: providers::login::FinishProviderLoginRequest => Login<providers::login::FinishProviderLoginResponse>, "0.1.0", Network once,
        "Finishes a login at a provider and opens a session, or links the identity to an account.",
        [InvalidChallenge, InvalidCredentials, InvalidToken, TokenUserNotFound, PermissionDenied, SecondFactorRequired, EmailTaken, EmailNotVerified, AlreadyConfigured, TooManyAttempts, AuthServiceUnavailable, StoreUnavailable];
    /// assert!(engine.list_identities(ListIdentitiesRequest::new(ada.id))?.identities.is_empty());
    list_identities: providers::ListIdentitiesRequest => providers::ListIdentitiesResponse, "0.1.0", Store again,
        "Lists the identities of providers that open an account.",
        [UserNotFound, StoreUnavailable];
    /// let request = UnlinkIdentityRequest::new(ada.id, "https://accounts.google.com", "110169484474386276334");
    /// assert!(!engine.unlink_identity(request)?.unlinked);
    unlink_identity: providers::UnlinkIdentityRequest => providers::UnlinkIdentityResponse, "0.1.0", Store again actor,
        "Unlinks an identity of a provider from an account and ends every session.",
        [UserNotFound, PermissionDenied, StoreUnavailable];
    /// let request = ReauthenticateRequest::new(&session.access_token).password("eight wise words");
    /// assert_eq!(engine.reauthenticate(request)?.expires_in, 900);
    reauthenticate: reauthentication::ReauthenticateRequest => reauthentication::ReauthenticateResponse, "0.1.0", Hash once,
        "Authenticates the user of a session again.",
        [InvalidToken, TokenUserNotFound, PermissionDenied, InvalidCredentials, InvalidCode, TooManyAttempts, HashQueueFull, StoreUnavailable];
    /// let request = ImpersonateRequest::new(&session.access_token, ada.id, "she cannot find her bill".parse()?);
    /// // The configuration names no roles that allow it.
    /// assert_eq!(engine.impersonate(request).unwrap_err().code, Code::InvalidConfig);
    impersonate: impersonation::ImpersonateRequest => login::LoginResponse, "0.1.0", Store once,
        "Opens a session in which the user of a token acts as another user.",
        [InvalidToken, TokenUserNotFound, UserNotFound, PermissionDenied, InvalidConfig, StoreUnavailable];
    /// let token = session.refresh_token.ok_or(Code::InvalidToken)?;
    /// let refreshed = engine.refresh(RefreshRequest::new(&token))?;
    /// assert_ne!(refreshed.refresh_token.expose(), token.expose());
    refresh: sessions::RefreshRequest => sessions::RefreshResponse, "0.1.0", Store again,
        "Exchanges a refresh token for the next pair of tokens.",
        [InvalidToken, StoreUnavailable];
    /// engine.logout(LogoutRequest::new().token(&session.access_token))?;
    logout: sessions::LogoutRequest => sessions::LogoutResponse, "0.1.0", Store once,
        "Ends a session, or every session of its user.",
        [InvalidToken, PermissionDenied, StoreUnavailable];
    /// let sessions = engine.list_sessions(ListSessionsRequest::new(ada.id))?.sessions;
    /// assert_eq!(sessions[0].id, session.session_id);
    list_sessions: sessions::ListSessionsRequest => sessions::ListSessionsResponse, "0.1.0", Store again,
        "Lists the live sessions of a user.",
        [UserNotFound, StoreUnavailable];
    /// let request = UpdateSessionRequest::new().token(&session.access_token).label("Ada's laptop");
    /// assert_eq!(engine.update_session(request)?.session.label.as_deref(), Some("Ada's laptop"));
    update_session: sessions::update::UpdateSessionRequest => sessions::update::UpdateSessionResponse, "0.1.0", Store again actor,
        "Gives a session another label or other claims.",
        [InvalidToken, TokenUserNotFound, SessionNotFound, PermissionDenied, StoreUnavailable];
    /// assert_eq!(engine.revoke_session(RevokeSessionRequest::new(session.session_id))?.revoked, 1);
    revoke_session: sessions::RevokeSessionRequest => sessions::RevokedResponse, "0.1.0", Store again actor,
        "Ends one session.",
        [StoreUnavailable];
    /// let request = RevokeUserSessionsRequest::new(ada.id).except_session_id(session.session_id);
    /// assert_eq!(engine.revoke_user_sessions(request)?.revoked, 0);
    revoke_user_sessions: sessions::RevokeUserSessionsRequest => sessions::RevokedResponse, "0.1.0", Store again actor,
        "Ends every session of a user, except one if asked.",
        [UserNotFound, PermissionDenied, StoreUnavailable];
    /// assert_eq!(engine.revoke_all_sessions(RevokeAllSessionsRequest::new())?.revoked, 1);
    revoke_all_sessions: sessions::RevokeAllSessionsRequest => sessions::RevokedResponse, "0.1.0", Long again actor,
        "Ends every session of every user.",
        [StoreUnavailable];
    /// engine.revoke_token(RevokeTokenRequest::new().token(&session.access_token))?;
    revoke_token: sessions::RevokeTokenRequest => sessions::RevokeTokenResponse, "0.1.0", Store again actor,
        "Revokes a token with its session (RFC 7009), or an API key.",
        [StoreUnavailable];
    /// let claims = engine.verify(VerifyRequest::new(&session.access_token))?;
    /// assert_eq!((claims.sub(), claims.sid()), (ada.id.to_string().as_str(), Some(session.session_id)));
    verify: tokens::VerifyRequest => Claims, "0.1.0", Instant again,
        "Verifies an access token by signature and claims, without the store.",
        [InvalidToken, StoreUnavailable];
    /// let request = AuthenticateRequest::new().token(&session.access_token);
    /// assert_eq!(engine.authenticate(request)?.user.id, ada.id);
    authenticate: tokens::AuthenticateRequest => tokens::AuthenticateResponse, "0.1.0", Store again,
        "Identifies the user of a live token or API key.",
        [NotAuthenticated, InvalidAuthorizationHeader, InvalidToken, TokenUserNotFound, TooManyAttempts, StoreUnavailable];
    /// assert!(engine.introspect(IntrospectRequest::new(&session.access_token))?.active);
    introspect: tokens::IntrospectRequest => tokens::IntrospectResponse, "0.1.0", Store again,
        "Tells whether a token or API key is valid now (RFC 7662); an invalid one is no failure.",
        [StoreUnavailable];
    /// let claims = Object::try_from(serde_json::json!({"sub": "report-7"}))?;
    /// let issued = engine.issue_token(IssueTokenRequest::new(claims).lifetime_seconds(60))?;
    /// engine.verify(VerifyRequest::new(&issued.token))?;
    issue_token: tokens::IssueTokenRequest => tokens::IssueTokenResponse, "0.1.0", Store once actor,
        "Issues an access token with the host's own claims.",
        [StoreUnavailable];
    /// let request = AuthenticateRequestRequest::new("GET", "/account").token(&session.access_token);
    /// let authenticated = engine.authenticate_request(request)?.authenticated;
    /// assert!(authenticated.is_some_and(|it| it.user.id == ada.id));
    authenticate_request: requests::AuthenticateRequestRequest => requests::AuthenticateRequestResponse, "0.1.0", Store again,
        "Decides whether a request may pass, and identifies its user.",
        [
            NotAuthenticated,
            InvalidAuthorizationHeader,
            InvalidToken,
            TokenUserNotFound,
            PermissionDenied,
            TooManyAttempts,
            StoreUnavailable
        ];
    /// // The configuration names no service.
    /// let error = engine.introspect_remote(IntrospectRemoteRequest::new("a token")).unwrap_err();
    /// assert_eq!(error.code, Code::InvalidConfig);
    introspect_remote: introspection::IntrospectRemoteRequest => introspection::IntrospectRemoteResponse, "0.1.0", Network again,
        "Asks another service whether a token is valid now (RFC 7662).",
        [InvalidToken, AuthServiceUnavailable, InvalidConfig, FeatureNotBuilt];
    /// let request = AuthorizeRequest::new(&session.access_token).roles(vec!["admin".parse()?]);
    /// assert!(!engine.authorize(request)?.authorized);
    authorize: authorization::AuthorizeRequest => authorization::AuthorizeResponse, "0.1.0", Store again,
        "Checks whether the bearer of a token or API key may do something, by the account as it is now.",
        [StoreUnavailable];
    /// let robot = CreateServiceAccountRequest::new("robot".parse()?, vec!["reader".parse()?]);
    /// assert!(engine.create_service_account(robot)?.user.is_service_account);
    create_service_account: api_keys::CreateServiceAccountRequest => accounts::UserResponse, "0.1.0", Store once actor,
        "Creates an account for a program, which has API keys and cannot log in.",
        [UsernameTaken, StoreUnavailable];
    /// let request = CreateApiKeyRequest::new("nightly report".parse()?).user_id(ada.id).scopes(vec!["read".parse()?]);
    /// let created = engine.create_api_key(request)?;
    /// let request = AuthenticateRequest::new().token(created.key.expose());
    /// assert_eq!(engine.authenticate(request)?.user.id, ada.id);
    create_api_key: api_keys::CreateApiKeyRequest => api_keys::CreateApiKeyResponse, "0.1.0", Store once actor,
        "Creates an API key, which is shown once.",
        [UserNotFound, EmailNotVerified, PermissionDenied, StoreUnavailable];
    /// assert!(engine.list_api_keys(ListApiKeysRequest::new(ada.id))?.api_keys.is_empty());
    list_api_keys: api_keys::ListApiKeysRequest => api_keys::ListApiKeysResponse, "0.1.0", Store again,
        "Lists the API keys of an account, without the keys themselves.",
        [UserNotFound, StoreUnavailable];
    /// # let request = CreateApiKeyRequest::new("nightly report".parse()?).user_id(ada.id);
    /// # let id = engine.create_api_key(request)?.api_key.id;
    /// let request = UpdateApiKeyRequest::new(id).scopes(vec!["read".parse()?, "write".parse()?]);
    /// assert_eq!(engine.update_api_key(request)?.api_key.scopes, ["read", "write"]);
    update_api_key: api_keys::UpdateApiKeyRequest => api_keys::UpdateApiKeyResponse, "0.1.0", Store again actor,
        "Changes the name, scopes, roles or expiry of an API key.",
        [ApiKeyNotFound, PermissionDenied, StoreUnavailable];
    /// # let request = CreateApiKeyRequest::new("nightly report".parse()?).user_id(ada.id);
    /// # let id = engine.create_api_key(request)?.api_key.id;
    /// assert!(engine.revoke_api_key(RevokeApiKeyRequest::new(id).user_id(ada.id))?.revoked);
    revoke_api_key: api_keys::RevokeApiKeyRequest => api_keys::RevokeApiKeyResponse, "0.1.0", Store again actor,
        "Revokes an API key.",
        [StoreUnavailable];
    /// let created = engine.create_organization(CreateOrganizationRequest::new("Analysts".parse()?, ada.id))?;
    /// assert_eq!(created.organization.name, "Analysts");
    create_organization: organizations::CreateOrganizationRequest => organizations::OrganizationResponse, "0.1.0", Store once actor,
        "Creates an organization with its first owner.",
        [UserNotFound, PermissionDenied, StoreUnavailable];
    /// # let analysts = engine.create_organization(CreateOrganizationRequest::new("Analysts".parse()?, ada.id))?.organization;
    /// let found = engine.get_organization(GetOrganizationRequest::new(analysts.id))?;
    /// assert_eq!(found.organization.name, "Analysts");
    get_organization: organizations::GetOrganizationRequest => organizations::OrganizationResponse, "0.1.0", Store again,
        "Finds an organization by its id.",
        [OrganizationNotFound, StoreUnavailable];
    /// # engine.create_organization(CreateOrganizationRequest::new("Analysts".parse()?, ada.id))?;
    /// let page = engine.list_organizations(ListOrganizationsRequest::new().user_id(ada.id))?;
    /// assert_eq!(page.organizations.len(), 1);
    list_organizations: organizations::ListOrganizationsRequest => organizations::ListOrganizationsResponse, "0.1.0", Store again,
        "Lists organizations: all of them, or those of an account.",
        [UserNotFound, StoreUnavailable];
    /// # let analysts = engine.create_organization(CreateOrganizationRequest::new("Analysts".parse()?, ada.id))?.organization;
    /// let request = UpdateOrganizationRequest::new(analysts.id).name("Engines".parse()?);
    /// assert_eq!(engine.update_organization(request)?.organization.name, "Engines");
    update_organization: organizations::UpdateOrganizationRequest => organizations::OrganizationResponse, "0.1.0", Store again actor,
        "Changes an organization.",
        [OrganizationNotFound, StoreUnavailable];
    /// # let analysts = engine.create_organization(CreateOrganizationRequest::new("Analysts".parse()?, ada.id))?.organization;
    /// assert!(engine.delete_organization(DeleteOrganizationRequest::new(analysts.id))?.deleted);
    delete_organization: organizations::DeleteOrganizationRequest => organizations::DeleteOrganizationResponse, "0.1.0", Store once actor,
        "Deletes an organization with its memberships.",
        [OrganizationNotFound, StoreConstraint, StoreUnavailable];
    /// # let analysts = engine.create_organization(CreateOrganizationRequest::new("Analysts".parse()?, ada.id))?.organization;
    /// # let request = RegisterRequest::new("grace".parse()?, "nine wiser words").email("grace@example.com".parse()?);
    /// # let grace = engine.register(request)?.user;
    /// let request = AddMemberRequest::new(analysts.id, grace.id).roles(vec!["editor".parse()?]);
    /// assert_eq!(engine.add_member(request)?.member.roles[0].as_str(), "editor");
    add_member: organizations::members::AddMemberRequest => organizations::members::MemberResponse, "0.1.0", Store once actor,
        "Makes an account a member of an organization.",
        [OrganizationNotFound, UserNotFound, AlreadyMember, StoreUnavailable];
    /// # let analysts = engine.create_organization(CreateOrganizationRequest::new("Analysts".parse()?, ada.id))?.organization;
    /// let request = UpdateMemberRequest::new(analysts.id, ada.id, vec!["owner".parse()?, "editor".parse()?]);
    /// assert_eq!(engine.update_member(request)?.member.roles.len(), 2);
    update_member: organizations::members::UpdateMemberRequest => organizations::members::MemberResponse, "0.1.0", Store again actor,
        "Changes the roles of a member of an organization.",
        [MemberNotFound, PermissionDenied, StoreUnavailable];
    /// # let analysts = engine.create_organization(CreateOrganizationRequest::new("Analysts".parse()?, ada.id))?.organization;
    /// // The last owner stays.
    /// let error = engine.remove_member(RemoveMemberRequest::new(analysts.id, ada.id)).unwrap_err();
    /// assert_eq!(error.code, Code::PermissionDenied);
    remove_member: organizations::members::RemoveMemberRequest => organizations::members::RemoveMemberResponse, "0.1.0", Store again actor,
        "Removes a member from an organization.",
        [PermissionDenied, StoreUnavailable];
    /// # let analysts = engine.create_organization(CreateOrganizationRequest::new("Analysts".parse()?, ada.id))?.organization;
    /// let page = engine.list_members(ListMembersRequest::new(analysts.id))?;
    /// assert_eq!(page.members[0].user.id, ada.id);
    list_members: organizations::members::ListMembersRequest => organizations::members::ListMembersResponse, "0.1.0", Store again,
        "Lists the members of an organization.",
        [OrganizationNotFound, StoreUnavailable];
    /// # let analysts = engine.create_organization(CreateOrganizationRequest::new("Analysts".parse()?, ada.id))?.organization;
    /// let request = InviteMemberRequest::new(analysts.id, "grace@example.com".parse()?).roles(vec!["editor".parse()?]);
    /// assert_eq!(engine.invite_member(request)?.invitation.email.as_str(), "grace@example.com");
    invite_member: organizations::invitations::InviteMemberRequest => organizations::invitations::InviteMemberResponse, "0.1.0", Store once actor,
        "Invites a person by mail to an organization.",
        [OrganizationNotFound, MemberNotFound, AlreadyMember, TooManyAttempts, StoreUnavailable];
    /// # let analysts = engine.create_organization(CreateOrganizationRequest::new("Analysts".parse()?, ada.id))?.organization;
    /// assert!(engine.list_invitations(ListInvitationsRequest::new(analysts.id))?.invitations.is_empty());
    list_invitations: organizations::invitations::ListInvitationsRequest => organizations::invitations::ListInvitationsResponse, "0.1.0", Store again,
        "Lists the invitations to an organization that were not accepted yet.",
        [OrganizationNotFound, StoreUnavailable];
    /// # let analysts = engine.create_organization(CreateOrganizationRequest::new("Analysts".parse()?, ada.id))?.organization;
    /// # let request = InviteMemberRequest::new(analysts.id, "grace@example.com".parse()?);
    /// let invitation = engine.invite_member(request)?.invitation;
    /// assert!(engine.revoke_invitation(RevokeInvitationRequest::new(analysts.id, invitation.id))?.revoked);
    revoke_invitation: organizations::invitations::RevokeInvitationRequest => organizations::invitations::RevokeInvitationResponse, "0.1.0", Store again actor,
        "Revokes an invitation to an organization.",
        [StoreUnavailable];
    /// // Tokens of the default algorithm, HS256, have no public keys.
    /// assert!(engine.jwks(JwksRequest::new())?.keys.is_empty());
    jwks: keys::JwksRequest => keys::JwksResponse, "0.1.0", Store again,
        "Returns the public keys, for services that verify tokens themselves.",
        [StoreUnavailable];
    /// let rotated = engine.rotate_keys(RotateKeysRequest::new())?;
    /// engine.verify(VerifyRequest::new(&session.access_token))?;
    rotate_keys: keys::RotateKeysRequest => keys::RotateKeysResponse, "0.1.0", Long once actor,
        "Makes a new signing key; the old one verifies until everything that it signed has expired.",
        [StoreUnavailable];
    /// assert_eq!(engine.list_keys(ListKeysRequest::new())?.signing_keys.len(), 1);
    list_keys: keys::list::ListKeysRequest => keys::list::ListKeysResponse, "0.1.0", Long again,
        "Lists signing keys and secret keys, without secrets, and the data that needs an older one.",
        [StoreUnavailable];
    /// let request = RequestEmailVerificationRequest::new().token(&session.access_token);
    /// assert!(engine.request_email_verification(request)?.sent);
    request_email_verification: mail::addresses::RequestEmailVerificationRequest => mail::addresses::SentResponse, "0.1.0", Hash once actor,
        "Mails a token that verifies the address of an account.",
        [InvalidToken, TokenUserNotFound, UserNotFound, PermissionDenied, InvalidCredentials, InvalidChallenge, TooManyAttempts, HashQueueFull, StoreUnavailable];
    /// let request = RequestEmailChangeRequest::new("lovelace@example.com".parse()?).user_id(ada.id);
    /// assert!(engine.request_email_change(request)?.sent);
    request_email_change: mail::addresses::RequestEmailChangeRequest => mail::addresses::RequestEmailChangeResponse, "0.1.0", Store once actor,
        "Mails a token to the new address of an account, and a notice to the present one.",
        [InvalidToken, TokenUserNotFound, UserNotFound, PermissionDenied, EmailTaken, TooManyAttempts, StoreUnavailable];
    /// let request = RequestPasswordResetRequest::new("ada@example.com".parse()?);
    /// assert!(engine.request_password_reset(request)?.sent);
    request_password_reset: mail::password_reset::RequestPasswordResetRequest => mail::addresses::SentResponse, "0.1.0", Store once actor,
        "Mails a token that sets a new password.",
        [TooManyAttempts, StoreUnavailable];
    /// let request = ResetPasswordRequest::new("a mailed token", "nine wiser words");
    /// assert_eq!(engine.reset_password(request).unwrap_err().code, Code::InvalidMailToken);
    reset_password: mail::password_reset::ResetPasswordRequest => accounts::UserResponse, "0.1.0", Hash once,
        "Sets a new password by a mailed token and ends every session.",
        [InvalidMailToken, WeakPassword, HashQueueFull, StoreUnavailable];
    /// /// `code` is what the user typed.
    /// fn complete(engine: &Engine, asked: &RequestLoginCodeResponse, code: &str) -> Result<Login<LoginResponse>> {
    ///     engine.complete_login(CompleteLoginRequest::new(&asked.challenge).mail_code(code))
    /// }
    /// let asked = engine.request_login_code(RequestLoginCodeRequest::new("ada@example.com".parse()?))?;
    /// // Her address is yet to be verified, so no mail was sent; the answer does not tell.
    /// assert_eq!(complete(&engine, &asked, "WDJB-MJHT").unwrap_err().code, Code::InvalidCode);
    request_login_code: mail::login::RequestLoginCodeRequest => mail::login::RequestLoginCodeResponse, "0.1.0", Store once,
        "Mails a code and a link that log in.",
        [TooManyAttempts, InvalidConfig, StoreUnavailable];
    /// let request = LoginWithMailTokenRequest::new("a mailed token");
    /// assert_eq!(engine.login_with_mail_token(request).unwrap_err().code, Code::InvalidMailToken);
    login_with_mail_token: mail::login::LoginWithMailTokenRequest => Login<login::LoginResponse>, "0.1.0", Store once,
        "Logs in by a mailed link and opens a session.",
        [InvalidMailToken, SecondFactorRequired, PermissionDenied, InvalidConfig, StoreUnavailable];
    /// let request = InviteUserRequest::new("grace@example.com".parse()?).roles(vec!["editor".parse()?]);
    /// assert!(!engine.invite_user(request)?.user.email_verified);
    invite_user: mail::invitations::InviteUserRequest => mail::invitations::InviteUserResponse, "0.1.0", Store once actor,
        "Invites a person by mail to an account with these roles.",
        [EmailTaken, ExternalIdTaken, PermissionDenied, StoreUnavailable];
    /// engine.invite_user(InviteUserRequest::new("grace@example.com".parse()?))?;
    /// let mail = engine.take_mail(TakeMailRequest::new())?.mails.remove(0);
    /// let token = mail.token.ok_or(Code::InvalidMailToken)?;
    /// let request = AcceptInvitationRequest::new(&token).username("grace".parse()?).password("nine wiser words");
    /// assert_eq!(engine.accept_invitation(request)?.user.username.as_str(), "grace");
    accept_invitation: mail::invitations::AcceptInvitationRequest => mail::invitations::AcceptInvitationResponse, "0.1.0", Network once,
        "Accepts an invitation: to an account, which gets a name and a way in, or to an organization.",
        [InvalidMailToken, NotAuthenticated, TokenUserNotFound, PermissionDenied, WeakPassword, InvalidCredentials, UsernameTaken, AlreadyConfigured, AlreadyMember, InvalidConfig, AuthServiceUnavailable, HashQueueFull, StoreUnavailable];
    /// # engine.request_email_verification(RequestEmailVerificationRequest::new().token(&session.access_token))?;
    /// let mail = engine.take_mail(TakeMailRequest::new())?.mails.remove(0);
    /// let token = mail.token.ok_or(Code::InvalidMailToken)?;
    /// let request = VerifyEmailRequest::new(&token).access_token(&session.access_token);
    /// assert!(engine.verify_email(request)?.user.email_verified);
    verify_email: mail::addresses::VerifyEmailRequest => accounts::UserResponse, "0.1.0", Network once,
        "Verifies or changes an address by the token mailed to it and a proof of the account.",
        [InvalidMailToken, NotAuthenticated, TokenUserNotFound, PermissionDenied, InvalidCredentials, InvalidChallenge, EmailTaken, TooManyAttempts, AuthServiceUnavailable, HashQueueFull, StoreUnavailable];
    /// # engine.request_email_verification(RequestEmailVerificationRequest::new().token(&session.access_token))?;
    /// let mail = engine.take_mail(TakeMailRequest::new())?.mails.remove(0);
    /// let token = mail.token.ok_or(Code::InvalidMailToken)?;
    /// engine.check_mail_token(CheckMailTokenRequest::new(&token))?;
    check_mail_token: mail::addresses::CheckMailTokenRequest => mail::addresses::CheckMailTokenResponse, "0.1.0", Store again,
        "Tells what a mailed token is for, without redeeming it.",
        [InvalidMailToken, StoreUnavailable];
    /// # engine.request_email_verification(RequestEmailVerificationRequest::new().token(&session.access_token))?;
    /// for mail in engine.take_mail(TakeMailRequest::new().limit(10))?.mails {
    ///     // Send it.
    ///     engine.acknowledge_mail(AcknowledgeMailRequest::new(mail.id, true))?;
    /// }
    take_mail: mail::TakeMailRequest => mail::TakeMailResponse, "0.1.0", Store again,
        "Takes mails out of the outbox, for hosts that send mails themselves.",
        [StoreUnavailable];
    /// # engine.request_email_verification(RequestEmailVerificationRequest::new().token(&session.access_token))?;
    /// let mail = engine.take_mail(TakeMailRequest::new())?.mails.remove(0);
    /// engine.acknowledge_mail(AcknowledgeMailRequest::new(mail.id, true))?;
    acknowledge_mail: mail::AcknowledgeMailRequest => mail::AcknowledgeMailResponse, "0.1.0", Store again,
        "Reports whether a mail that was taken was sent.",
        [StoreUnavailable];
    /// // The configuration names no mail server.
    /// let error = engine.deliver_mail(DeliverMailRequest::new()).unwrap_err();
    /// assert_eq!(error.code, Code::InvalidConfig);
    deliver_mail: mail::delivery::DeliverMailRequest => mail::delivery::DeliverMailResponse, "0.1.0", Network again,
        "Sends the mails that are due by SMTP.",
        [MailUnavailable, InvalidConfig, FeatureNotBuilt, StoreUnavailable];
    /// let secret = engine.generate_totp_secret(GenerateTotpSecretRequest::new())?.secret;
    generate_totp_secret: second_factors::totp::GenerateTotpSecretRequest => second_factors::totp::GenerateTotpSecretResponse, "0.1.0", Instant again,
        "Makes a secret for an authenticator app.",
        [];
    /// let secret = engine.generate_totp_secret(GenerateTotpSecretRequest::new())?.secret;
    /// let shown = engine.totp_provisioning_uri(TotpProvisioningUriRequest::new(secret, "ada@example.com".parse()?))?;
    /// assert!(shown.otpauth_uri.expose().starts_with("otpauth://totp/"));
    totp_provisioning_uri: second_factors::totp::TotpProvisioningUriRequest => crate::totp::Provisioning, "0.1.0", Instant again,
        "Writes a secret as a URI and a QR code for an authenticator app.",
        [];
    /// let request = VerifyTotpRequest::new("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".parse()?, "no code");
    /// assert!(!engine.verify_totp(request)?.valid);
    verify_totp: second_factors::totp::VerifyTotpRequest => second_factors::totp::VerifyTotpResponse, "0.1.0", Instant again,
        "Verifies a code by its secret alone, any number of times.",
        [];
    /// let app = engine.setup_totp(SetupTotpRequest::new().user_id(ada.id))?;
    /// assert!(app.provisioning.otpauth_uri.expose().contains(app.secret.to_base32().expose()));
    setup_totp: second_factors::totp::SetupTotpRequest => second_factors::totp::SetupTotpResponse, "0.1.0", Store again,
        "Sets up an authenticator app for an account; it is not a factor until it is confirmed.",
        [UserNotFound, InvalidChallenge, EmailNotVerified, PermissionDenied, StoreUnavailable];
    /// fn confirm(engine: &Engine, user_id: Id, code: &str) -> Result<()> {
    ///     let confirmed = engine.confirm_totp(ConfirmTotpRequest::new(user_id, code))?;
    ///     confirmed.recovery_codes.iter().for_each(|code| println!("{}", code.expose()));
    ///     Ok(())
    /// }
    /// engine.setup_totp(SetupTotpRequest::new().user_id(ada.id))?;
    /// assert_eq!(confirm(&engine, ada.id, "no code").unwrap_err().code, Code::InvalidCode);
    confirm_totp: second_factors::totp::ConfirmTotpRequest => second_factors::totp::ConfirmTotpResponse, "0.1.0", Store once actor,
        "Activates an authenticator app by its first code and ends every session.",
        [UserNotFound, EmailNotVerified, InvalidCode, AlreadyConfigured, TooManyAttempts, StoreUnavailable];
    /// assert!(!engine.totp_status(TotpStatusRequest::new(ada.id))?.is_configured);
    totp_status: second_factors::totp::TotpStatusRequest => second_factors::totp::TotpStatusResponse, "0.1.0", Store again,
        "Tells whether an account has an active authenticator app.",
        [UserNotFound, StoreUnavailable];
    /// let request = DisableTotpRequest::new(ada.id, "no code");
    /// // The account has no app.
    /// assert!(!engine.disable_totp(request)?.is_configured);
    disable_totp: second_factors::totp::DisableTotpRequest => second_factors::totp::TotpStatusResponse, "0.1.0", Store once actor,
        "Removes an authenticator app by a code and ends every session.",
        [UserNotFound, InvalidCode, PermissionDenied, TooManyAttempts, StoreUnavailable];
    /// // The account has no second factor that a code could replace.
    /// let request = GenerateRecoveryCodesRequest::new().user_id(ada.id).reason("lost the list".parse()?);
    /// assert_eq!(engine.generate_recovery_codes(request).unwrap_err().code, Code::PermissionDenied);
    generate_recovery_codes: second_factors::recovery_codes::GenerateRecoveryCodesRequest => second_factors::recovery_codes::GenerateRecoveryCodesResponse, "0.1.0", Store once actor,
        "Replaces the recovery codes of an account and ends every session.",
        [InvalidToken, TokenUserNotFound, UserNotFound, PermissionDenied, StoreUnavailable];
    /// assert_eq!(engine.recovery_codes_status(RecoveryCodesStatusRequest::new(ada.id))?.remaining, 0);
    recovery_codes_status: second_factors::recovery_codes::RecoveryCodesStatusRequest => second_factors::recovery_codes::RecoveryCodesStatusResponse, "0.1.0", Store again,
        "Counts the unused recovery codes of an account.",
        [UserNotFound, StoreUnavailable];
    /// let request = RemoveSecondFactorsRequest::new(ada.id, "lost the phone; identity card seen".parse()?);
    /// let removed = acting(Some("support: bob".parse()?), || engine.remove_second_factors(request))?;
    /// assert!(!removed.totp);
    remove_second_factors: second_factors::removal::RemoveSecondFactorsRequest => second_factors::removal::RemoveSecondFactorsResponse, "0.1.0", Store again actor,
        "Removes the second factors of an account without a proof of its user, and ends every session.",
        [UserNotFound, StoreUnavailable];
    /// assert!(engine.list_trusted_devices(ListTrustedDevicesRequest::new(ada.id))?.trusted_devices.is_empty());
    list_trusted_devices: trusted_devices::ListTrustedDevicesRequest => trusted_devices::ListTrustedDevicesResponse, "0.1.0", Store again,
        "Lists the devices on which a user needs no second factor.",
        [UserNotFound, StoreUnavailable];
    /// assert_eq!(engine.revoke_trusted_device(RevokeTrustedDeviceRequest::new(ada.id))?.revoked, 0);
    revoke_trusted_device: trusted_devices::RevokeTrustedDeviceRequest => trusted_devices::RevokeTrustedDeviceResponse, "0.1.0", Store again actor,
        "Revokes the trust in a device of a user, or in all of them.",
        [UserNotFound, StoreUnavailable];
    /// let begun = engine.begin_passkey_registration(BeginPasskeyRegistrationRequest::new().user_id(ada.id))?;
    /// assert_eq!(begun.options.rp.id, "example.com");
    begin_passkey_registration: passkeys::registration::BeginPasskeyRegistrationRequest => passkeys::registration::BeginPasskeyRegistrationResponse, "0.1.0", Store again,
        "Begins to register a passkey for an account.",
        [InvalidToken, TokenUserNotFound, UserNotFound, InvalidChallenge, InvalidMailToken, EmailNotVerified, PermissionDenied, InvalidConfig, StoreUnavailable];
    /// /// `answer` is the `toJSON()` of the credential that the browser made.
    /// fn finish(engine: &Engine, challenge: &str, answer: RegistrationResponse) -> Result<FinishPasskeyRegistrationResponse> {
    ///     engine.finish_passkey_registration(FinishPasskeyRegistrationRequest::new(challenge, answer))
    /// }
    finish_passkey_registration: passkeys::registration::FinishPasskeyRegistrationRequest => passkeys::registration::FinishPasskeyRegistrationResponse, "0.1.0", Store once actor,
        "Registers the passkey and ends every session, unless they are to be kept.",
        [InvalidChallenge, InvalidCredentials, AlreadyConfigured, InvalidConfig, StoreUnavailable];
    /// let begun = engine.begin_passkey_login(BeginPasskeyLoginRequest::new())?;
    /// assert_eq!(begun.options.rp_id, "example.com");
    begin_passkey_login: passkeys::login::BeginPasskeyLoginRequest => passkeys::login::BeginPasskeyLoginResponse, "0.1.0", Store again,
        "Begins a login by passkey.",
        [InvalidConfig, StoreUnavailable];
    /// /// `answer` is the `toJSON()` of the credential that the browser returned.
    /// fn finish(engine: &Engine, challenge: &str, answer: AuthenticationResponse) -> Result<LoginResponse> {
    ///     engine.finish_passkey_login(FinishPasskeyLoginRequest::new(challenge, answer))
    /// }
    finish_passkey_login: passkeys::login::FinishPasskeyLoginRequest => login::LoginResponse, "0.1.0", Store once,
        "Logs in by a passkey alone and opens a session.",
        [InvalidCredentials, InvalidChallenge, PermissionDenied, TooManyAttempts, InvalidConfig, StoreUnavailable];
    /// assert!(engine.list_passkeys(ListPasskeysRequest::new(ada.id))?.passkeys.is_empty());
    list_passkeys: passkeys::ListPasskeysRequest => passkeys::ListPasskeysResponse, "0.1.0", Store again,
        "Lists the passkeys of an account.",
        [UserNotFound, StoreUnavailable];
    /// let request = UpdatePasskeyRequest::new(ada.id, "AAAAAAAAAAAAAAAAAAAAAA".parse()?, "my phone".parse()?);
    /// assert_eq!(engine.update_passkey(request).unwrap_err().code, Code::PasskeyNotFound);
    update_passkey: passkeys::UpdatePasskeyRequest => passkeys::UpdatePasskeyResponse, "0.1.0", Store again actor,
        "Gives a passkey another name.",
        [PasskeyNotFound, StoreUnavailable];
    /// let signals = engine.passkey_signals(PasskeySignalsRequest::new(ada.id))?;
    /// assert!(signals.all_accepted_credentials.all_accepted_credential_ids.is_empty());
    passkey_signals: passkeys::signals::PasskeySignalsRequest => passkeys::signals::PasskeySignalsResponse, "0.1.0", Store again,
        "Returns what a page tells the authenticator about an account's passkeys.",
        [UserNotFound, InvalidConfig, StoreUnavailable];
    /// assert_eq!(engine.related_origins(RelatedOriginsRequest::new())?.origins, ["https://example.com"]);
    related_origins: passkeys::signals::RelatedOriginsRequest => passkeys::signals::RelatedOriginsResponse, "0.1.0", Instant again,
        "Returns the origins that may use the passkeys, for `/.well-known/webauthn`.",
        [InvalidConfig];
    /// let request = RemovePasskeyRequest::new(ada.id, "AAAAAAAAAAAAAAAAAAAAAA".parse()?);
    /// assert!(!engine.remove_passkey(request)?.removed);
    remove_passkey: passkeys::RemovePasskeyRequest => passkeys::RemovePasskeyResponse, "0.1.0", Store again actor,
        "Removes a passkey and ends every session.",
        [UserNotFound, PermissionDenied, StoreUnavailable];
    /// let events = engine.events(EventsRequest::new().user_id(ada.id).limit(10))?.events;
    /// assert_eq!(events[0].kind, EventKind::Registered.name());
    events: observability::events::EventsRequest => observability::events::EventsResponse, "0.1.0", Store again,
        "Reads the audit log.",
        [StoreUnavailable];
    /// let answer = engine.verify_events(VerifyEventsRequest::new())?;
    /// assert!(answer.problems.is_empty());
    verify_events: observability::events::VerifyEventsRequest => observability::events::VerifyEventsResponse, "0.1.0", Long again,
        "Verifies the chain over the audit log.",
        [StoreUnavailable];
    /// let stats = engine.stats(StatsRequest::new())?;
    /// assert!(!stats.operations.is_empty());
    stats: observability::stats::StatsRequest => observability::stats::StatsResponse, "0.1.0", Store again,
        "Returns figures: calls by operation and status, their durations, and the contents of the store.",
        [StoreUnavailable];
    /// for finding in engine.doctor(DoctorRequest::new())?.findings {
    ///     println!("{:?} {}", finding.severity, finding.check);
    /// }
    doctor: observability::doctor::DoctorRequest => observability::doctor::DoctorResponse, "0.1.0", Long again,
        "Checks the running configuration on this machine.",
        [];
    /// engine.maintain(MaintainRequest::new().budget_ms(1000))?;
    maintain: maintenance::MaintainRequest => maintenance::MaintainResponse, "0.1.0", Long again,
        "Purges expired data.",
        [StoreUnavailable];
    /// # let folder = tempfile::tempdir().map_err(|_| Code::Internal)?;
    /// # let path = folder.path().join("backup.db");
    /// let answer = engine.backup(BackupRequest::new(path).verify(true))?;
    /// assert_eq!(answer.verified.map(|copy| copy.users), Some(1));
    backup: maintenance::BackupRequest => maintenance::BackupResponse, "0.1.0", Long once,
        "Copies a SQLite store into a file while it is in use.",
        [FeatureNotBuilt, StoreUnavailable];
}

impl Engine {
    /// Runs an operation by name, JSON in, JSON out. Every binding builds on this.
    ///
    /// Failures: `unknown_operation`, and those of the operation.
    pub fn call(&self, operation: &str, request: &str) -> Result<String> {
        self.run(self.operation(operation)?, request)
    }

    /// Runs an operation of the table; an empty request means `{}`.
    pub(crate) fn run(&self, operation: &Operation, request: &str) -> Result<String> {
        self.observe(operation, || {
            self.refuse_too_long(request.len())?;
            match request {
                "" => (operation.call)(self, "{}"),
                _ => match operation.is_fast().then(|| self.verify_plain(request)).flatten() {
                    Some(claims) => claims?.into_json(),
                    None => (operation.call)(self, document(request)),
                },
            }
        })
    }

    /// Refuses a request of more bytes than `limits.request_bytes`.
    fn refuse_too_long(&self, bytes: usize) -> Result<()> {
        let limit = self.config.limits.request_bytes.get();
        match bytes > limit {
            true => Err(Error::new(
                Code::InvalidRequest,
                format!("longer than {limit} bytes (limits.request_bytes)"),
            )),
            false => Ok(()),
        }
    }

    /// Runs `f` as a call of this operation: it is counted, timed, and logged if it fails.
    pub(crate) fn observe<T: Response>(
        &self,
        operation: &Operation,
        f: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let call = self.begun(operation);
        self.ended(operation, call, f())
    }

    /// Runs `f` as [`Engine::observe`] does. If `f` returns `None`, no call is recorded.
    pub(crate) fn observe_answer<T: Response>(
        &self,
        operation: &Operation,
        f: impl FnOnce() -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        let call = self.begun(operation);
        match f().transpose() {
            Some(answer) => self.ended(operation, call, answer).map(Some),
            None => {
                call.forget();
                Ok(None)
            }
        }
    }

    fn begun(&self, operation: &Operation) -> Call<'_> {
        self.counters.begin(operation.index, operation.name, operation.is_fast())
    }

    fn ended<T: Response>(&self, operation: &Operation, mut call: Call, answer: Result<T>) -> Result<T> {
        let in_json = answer.as_ref().ok().and_then(Response::failure);
        let failure = answer.as_ref().err().or(in_json.as_ref());
        call.status = failure.map_or(Status::Ok, Error::status);
        drop(call);
        if let Some(error) = failure {
            self.reporter.failed(Some(operation.name), error);
        }
        answer
    }

    fn operation(&self, name: &str) -> Result<&'static Operation> {
        // The name is not logged, because it may contain anything.
        let found = find(name).ok_or(Error::from(Code::UnknownOperation));
        found.inspect_err(|error| self.reporter.failed(None, error))
    }
}

/// A request, with its actor if the operation takes one.
struct Acted<T, const TAKES_ACTOR: bool> {
    actor: Option<Actor>,
    request: T,
}

impl<'de, T: Deserialize<'de>, const TAKES_ACTOR: bool> Deserialize<'de> for Acted<T, TAKES_ACTOR> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match TAKES_ACTOR {
            true => json::with_member(deserializer, "actor").map(|(actor, request)| Acted { actor, request }),
            false => T::deserialize(deserializer).map(|request| Acted { actor: None, request }),
        }
    }
}

const _: () = assert!(OPERATIONS.len() <= PLACES, "an operation without a counter");

/// The operation of this name.
pub(crate) fn find(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().copied().find(|operation| operation.name == name)
}

#[cfg(test)]
mod tests {
    use super::{Cost, OPERATIONS};
    use crate::error::Code;

    #[test]
    fn the_front_page_names_every_operation() {
        for operation in OPERATIONS {
            let link = format!("[`{0}`](Engine::{0})", operation.name);
            assert!(include_str!("../lib.rs").contains(&link), "{}", operation.name);
        }
    }

    #[test]
    fn a_summary_is_one_line_in_every_language() {
        for operation in OPERATIONS {
            assert!(operation.summary.len() < 100, "{}", operation.name);
        }
    }

    #[test]
    fn the_cost_of_an_operation_is_what_it_can_fail_by() {
        for operation in OPERATIONS {
            let fails_by = |code| operation.codes.contains(&code);
            let expected = if fails_by(Code::AuthServiceUnavailable) || fails_by(Code::MailUnavailable) {
                [Cost::Network].as_slice()
            } else if fails_by(Code::HashQueueFull) {
                // `import_users` may compare passwords.
                &[Cost::Hash, Cost::Long]
            } else if fails_by(Code::StoreUnavailable) {
                if operation.name == "verify" {
                    &[Cost::Instant]
                } else {
                    [Cost::Store, Cost::Long].as_slice()
                }
            } else {
                // The operations that compute, and `doctor`, which reports every failure as a finding.
                &[Cost::Instant, Cost::Hash, Cost::Store, Cost::Long]
            };
            assert!(expected.contains(&operation.cost), "{}: {:?}", operation.name, operation.cost);
        }
    }
}
