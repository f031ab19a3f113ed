//! A function for each operation: `doorward_call` with the operation fixed.
//! Written by `make header` from the description: do not edit.

use std::ffi::c_char;

use super::boundary::run;
use super::types::{doorward_engine, doorward_status};
use crate::operations::rows;

/// Creates an account.
/// INVALID_REQUEST: weak_password. CONFLICT: username_taken, email_taken. THROTTLED: too_many_attempts.
/// UNAVAILABLE: hash_queue_full, store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_register(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::register, engine, request, response) }
}

/// Finds an account by id, username, e-mail address or external id.
/// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_get_user(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::get_user, engine, request, response) }
}

/// Lists accounts in the order of their ids.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_list_users(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::list_users, engine, request, response) }
}

/// Searches accounts by the beginning of a name, by filters, in an order.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_search_users(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::search_users, engine, request, response) }
}

/// Changes an account.
/// NOT_FOUND: user_not_found. CONFLICT: username_taken, email_taken, external_id_taken. FORBIDDEN:
/// permission_denied. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_update_user(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::update_user, engine, request, response) }
}

/// Changes single attributes of an account by a JSON Merge Patch.
/// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_merge_attributes(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::merge_attributes, engine, request, response) }
}

/// Locks an account and ends everything that is open.
/// NOT_FOUND: user_not_found. FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_lock_user(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::lock_user, engine, request, response) }
}

/// Deletes an account and all data about it.
/// NOT_FOUND: user_not_found. FORBIDDEN: permission_denied. CONFLICT: store_constraint. UNAVAILABLE:
/// store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_delete_user(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::delete_user, engine, request, response) }
}

/// Creates accounts with the password hashes and second factors of another system.
/// UNAVAILABLE: hash_queue_full, store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_import_users(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::import_users, engine, request, response) }
}

/// Reads accounts, with secrets if they are asked for, in the form of `import_users`.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_export_users(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::export_users, engine, request, response) }
}

/// Reads everything that the store keeps about a person.
/// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_export_user(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::export_user, engine, request, response) }
}

/// Hashes a password with Argon2id.
/// UNAVAILABLE: hash_queue_full.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_hash_password(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::hash_password, engine, request, response) }
}

/// Verifies a password against a hash.
/// UNAVAILABLE: hash_queue_full.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_verify_password(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::verify_password, engine, request, response) }
}

/// Checks whether a password may be chosen, and says why not.
/// CONFIG: invalid_config.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_check_password(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::check_password, engine, request, response) }
}

/// Changes a password by the old one and ends every session.
/// DENIED: invalid_credentials, invalid_token. NOT_FOUND: user_not_found. FORBIDDEN: permission_denied.
/// INVALID_REQUEST: weak_password. THROTTLED: too_many_attempts. UNAVAILABLE: hash_queue_full,
/// store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_change_password(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::change_password, engine, request, response) }
}

/// Sets a user's password, to be changed at the next login, and ends every session.
/// NOT_FOUND: user_not_found. FORBIDDEN: permission_denied. INVALID_REQUEST: weak_password. UNAVAILABLE:
/// hash_queue_full, store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_set_password(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::set_password, engine, request, response) }
}

/// Logs in by password and opens a session.
/// DENIED: invalid_credentials, invalid_code. STEP_UP: second_factor_required, password_change_required.
/// FORBIDDEN: permission_denied. THROTTLED: too_many_attempts. UNAVAILABLE: hash_queue_full,
/// store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_login(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::login, engine, request, response) }
}

/// Takes the next step of a login and opens its session.
/// DENIED: invalid_challenge, invalid_code, invalid_credentials. FORBIDDEN: email_not_verified,
/// permission_denied. CONFLICT: already_configured. STEP_UP: second_factor_required,
/// password_change_required. THROTTLED: too_many_attempts. INVALID_REQUEST: weak_password. UNAVAILABLE:
/// hash_queue_full, store_unavailable. CONFIG: invalid_config.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_complete_login(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::complete_login, engine, request, response) }
}

/// Logs in by an ID token of a configured OpenID provider and opens a session.
/// DENIED: invalid_credentials, invalid_token. STEP_UP: second_factor_required. CONFLICT: email_taken.
/// FORBIDDEN: permission_denied. THROTTLED: too_many_attempts. UNAVAILABLE: auth_service_unavailable,
/// store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_login_with_id_token(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::login_with_id_token, engine, request, response) }
}

/// Begins a login at a provider: returns the URL to send the browser to.
/// DENIED: invalid_token, user_not_found. FORBIDDEN: permission_denied, email_not_verified. UNAVAILABLE:
/// auth_service_unavailable, store_unavailable. CONFIG: invalid_config, feature_not_built.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_begin_provider_login(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::begin_provider_login, engine, request, response) }
}

/// Returns the next request to a provider, for a host that sends them itself.
/// DENIED: invalid_challenge. CONFIG: invalid_config. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_next_provider_request(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::next_provider_request, engine, request, response) }
}

/// Finishes a login at a provider and opens a session, or links the identity to an account.
/// DENIED: invalid_challenge, invalid_credentials, invalid_token, user_not_found. FORBIDDEN:
/// permission_denied, email_not_verified. STEP_UP: second_factor_required. CONFLICT: email_taken,
/// already_configured. THROTTLED: too_many_attempts. UNAVAILABLE: auth_service_unavailable,
/// store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_finish_provider_login(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::finish_provider_login, engine, request, response) }
}

/// Lists the identities of providers that open an account.
/// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_list_identities(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::list_identities, engine, request, response) }
}

/// Unlinks an identity of a provider from an account and ends every session.
/// NOT_FOUND: user_not_found. FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_unlink_identity(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::unlink_identity, engine, request, response) }
}

/// Authenticates the user of a session again.
/// DENIED: invalid_token, user_not_found, invalid_credentials, invalid_code. FORBIDDEN: permission_denied.
/// THROTTLED: too_many_attempts. UNAVAILABLE: hash_queue_full, store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_reauthenticate(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::reauthenticate, engine, request, response) }
}

/// Opens a session in which the user of a token acts as another user.
/// DENIED: invalid_token, user_not_found. NOT_FOUND: user_not_found. FORBIDDEN: permission_denied. CONFIG:
/// invalid_config. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_impersonate(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::impersonate, engine, request, response) }
}

/// Exchanges a refresh token for the next pair of tokens.
/// DENIED: invalid_token. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_refresh(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::refresh, engine, request, response) }
}

/// Ends a session, or every session of its user.
/// DENIED: invalid_token. FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_logout(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::logout, engine, request, response) }
}

/// Lists the live sessions of a user.
/// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_list_sessions(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::list_sessions, engine, request, response) }
}

/// Gives a session another label or other claims.
/// DENIED: invalid_token, user_not_found. NOT_FOUND: session_not_found. FORBIDDEN: permission_denied.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_update_session(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::update_session, engine, request, response) }
}

/// Ends one session.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_revoke_session(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::revoke_session, engine, request, response) }
}

/// Ends every session of a user, except one if asked.
/// NOT_FOUND: user_not_found. FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_revoke_user_sessions(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::revoke_user_sessions, engine, request, response) }
}

/// Ends every session of every user.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_revoke_all_sessions(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::revoke_all_sessions, engine, request, response) }
}

/// Revokes a token with its session (RFC 7009), or an API key.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_revoke_token(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::revoke_token, engine, request, response) }
}

/// Verifies an access token by signature and claims, without the store.
/// DENIED: invalid_token. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_verify(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::verify, engine, request, response) }
}

/// Identifies the user of a live token or API key.
/// DENIED: not_authenticated, invalid_authorization_header, invalid_token, user_not_found. THROTTLED:
/// too_many_attempts. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_authenticate(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::authenticate, engine, request, response) }
}

/// Tells whether a token or API key is valid now (RFC 7662); an invalid one is no failure.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_introspect(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::introspect, engine, request, response) }
}

/// Issues an access token with the host's own claims.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_issue_token(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::issue_token, engine, request, response) }
}

/// Decides whether a request may pass, and identifies its user.
/// DENIED: not_authenticated, invalid_authorization_header, invalid_token, user_not_found. FORBIDDEN:
/// permission_denied. THROTTLED: too_many_attempts. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_authenticate_request(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::authenticate_request, engine, request, response) }
}

/// Asks another service whether a token is valid now (RFC 7662).
/// DENIED: invalid_token. UNAVAILABLE: auth_service_unavailable. CONFIG: invalid_config, feature_not_built.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_introspect_remote(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::introspect_remote, engine, request, response) }
}

/// Checks whether the bearer of a token or API key may do something, by the account as it is now.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_authorize(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::authorize, engine, request, response) }
}

/// Creates an account for a program, which has API keys and cannot log in.
/// CONFLICT: username_taken. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_create_service_account(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::create_service_account, engine, request, response) }
}

/// Creates an API key, which is shown once.
/// NOT_FOUND: user_not_found. FORBIDDEN: email_not_verified, permission_denied. UNAVAILABLE:
/// store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_create_api_key(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::create_api_key, engine, request, response) }
}

/// Lists the API keys of an account, without the keys themselves.
/// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_list_api_keys(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::list_api_keys, engine, request, response) }
}

/// Changes the name, scopes, roles or expiry of an API key.
/// NOT_FOUND: api_key_not_found. FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_update_api_key(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::update_api_key, engine, request, response) }
}

/// Revokes an API key.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_revoke_api_key(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::revoke_api_key, engine, request, response) }
}

/// Creates an organization with its first owner.
/// NOT_FOUND: user_not_found. FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_create_organization(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::create_organization, engine, request, response) }
}

/// Finds an organization by its id.
/// NOT_FOUND: organization_not_found. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_get_organization(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::get_organization, engine, request, response) }
}

/// Lists organizations: all of them, or those of an account.
/// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_list_organizations(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::list_organizations, engine, request, response) }
}

/// Changes an organization.
/// NOT_FOUND: organization_not_found. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_update_organization(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::update_organization, engine, request, response) }
}

/// Deletes an organization with its memberships.
/// NOT_FOUND: organization_not_found. CONFLICT: store_constraint. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_delete_organization(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::delete_organization, engine, request, response) }
}

/// Makes an account a member of an organization.
/// NOT_FOUND: organization_not_found, user_not_found. CONFLICT: already_member. UNAVAILABLE:
/// store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_add_member(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::add_member, engine, request, response) }
}

/// Changes the roles of a member of an organization.
/// NOT_FOUND: member_not_found. FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_update_member(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::update_member, engine, request, response) }
}

/// Removes a member from an organization.
/// FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_remove_member(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::remove_member, engine, request, response) }
}

/// Lists the members of an organization.
/// NOT_FOUND: organization_not_found. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_list_members(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::list_members, engine, request, response) }
}

/// Invites a person by mail to an organization.
/// NOT_FOUND: organization_not_found, member_not_found. CONFLICT: already_member. THROTTLED:
/// too_many_attempts. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_invite_member(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::invite_member, engine, request, response) }
}

/// Lists the invitations to an organization that were not accepted yet.
/// NOT_FOUND: organization_not_found. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_list_invitations(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::list_invitations, engine, request, response) }
}

/// Revokes an invitation to an organization.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_revoke_invitation(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::revoke_invitation, engine, request, response) }
}

/// Returns the public keys, for services that verify tokens themselves.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_jwks(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::jwks, engine, request, response) }
}

/// Makes a new signing key; the old one verifies until everything that it signed has expired.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_rotate_keys(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::rotate_keys, engine, request, response) }
}

/// Lists signing keys and secret keys, without secrets, and the data that needs an older one.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_list_keys(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::list_keys, engine, request, response) }
}

/// Mails a token that verifies the address of an account.
/// DENIED: invalid_token, user_not_found, invalid_credentials, invalid_challenge. NOT_FOUND: user_not_found.
/// FORBIDDEN: permission_denied. THROTTLED: too_many_attempts. UNAVAILABLE: hash_queue_full,
/// store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_request_email_verification(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::request_email_verification, engine, request, response) }
}

/// Mails a token to the new address of an account, and a notice to the present one.
/// DENIED: invalid_token, user_not_found. NOT_FOUND: user_not_found. FORBIDDEN: permission_denied. CONFLICT:
/// email_taken. THROTTLED: too_many_attempts. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_request_email_change(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::request_email_change, engine, request, response) }
}

/// Mails a token that sets a new password.
/// THROTTLED: too_many_attempts. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_request_password_reset(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::request_password_reset, engine, request, response) }
}

/// Sets a new password by a mailed token and ends every session.
/// INVALID_REQUEST: invalid_token, weak_password. UNAVAILABLE: hash_queue_full, store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_reset_password(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::reset_password, engine, request, response) }
}

/// Mails a code and a link that log in.
/// THROTTLED: too_many_attempts. CONFIG: invalid_config. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_request_login_code(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::request_login_code, engine, request, response) }
}

/// Logs in by a mailed link and opens a session.
/// INVALID_REQUEST: invalid_token. STEP_UP: second_factor_required. FORBIDDEN: permission_denied. CONFIG:
/// invalid_config. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_login_with_mail_token(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::login_with_mail_token, engine, request, response) }
}

/// Invites a person by mail to an account with these roles.
/// CONFLICT: email_taken, external_id_taken. FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_invite_user(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::invite_user, engine, request, response) }
}

/// Accepts an invitation: to an account, which gets a name and a way in, or to an organization.
/// INVALID_REQUEST: invalid_token, weak_password. DENIED: not_authenticated, user_not_found,
/// invalid_credentials. FORBIDDEN: permission_denied. CONFLICT: username_taken, already_configured,
/// already_member. CONFIG: invalid_config. UNAVAILABLE: auth_service_unavailable, hash_queue_full,
/// store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_accept_invitation(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::accept_invitation, engine, request, response) }
}

/// Verifies or changes an address by the token mailed to it and a proof of the account.
/// INVALID_REQUEST: invalid_token. DENIED: not_authenticated, user_not_found, invalid_credentials,
/// invalid_challenge. FORBIDDEN: permission_denied. CONFLICT: email_taken. THROTTLED: too_many_attempts.
/// UNAVAILABLE: auth_service_unavailable, hash_queue_full, store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_verify_email(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::verify_email, engine, request, response) }
}

/// Tells what a mailed token is for, without redeeming it.
/// INVALID_REQUEST: invalid_token. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_check_mail_token(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::check_mail_token, engine, request, response) }
}

/// Takes mails out of the outbox, for hosts that send mails themselves.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_take_mail(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::take_mail, engine, request, response) }
}

/// Reports whether a mail that was taken was sent.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_acknowledge_mail(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::acknowledge_mail, engine, request, response) }
}

/// Sends the mails that are due by SMTP.
/// UNAVAILABLE: mail_unavailable, store_unavailable. CONFIG: invalid_config, feature_not_built.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_deliver_mail(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::deliver_mail, engine, request, response) }
}

/// Makes a secret for an authenticator app.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_generate_totp_secret(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::generate_totp_secret, engine, request, response) }
}

/// Writes a secret as a URI and a QR code for an authenticator app.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_totp_provisioning_uri(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::totp_provisioning_uri, engine, request, response) }
}

/// Verifies a code by its secret alone, any number of times.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_verify_totp(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::verify_totp, engine, request, response) }
}

/// Sets up an authenticator app for an account; it is not a factor until it is confirmed.
/// NOT_FOUND: user_not_found. DENIED: invalid_challenge. FORBIDDEN: email_not_verified, permission_denied.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_setup_totp(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::setup_totp, engine, request, response) }
}

/// Activates an authenticator app by its first code and ends every session.
/// NOT_FOUND: user_not_found. FORBIDDEN: email_not_verified. DENIED: invalid_code. CONFLICT:
/// already_configured. THROTTLED: too_many_attempts. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_confirm_totp(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::confirm_totp, engine, request, response) }
}

/// Tells whether an account has an active authenticator app.
/// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_totp_status(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::totp_status, engine, request, response) }
}

/// Removes an authenticator app by a code and ends every session.
/// NOT_FOUND: user_not_found. DENIED: invalid_code. FORBIDDEN: permission_denied. THROTTLED:
/// too_many_attempts. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_disable_totp(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::disable_totp, engine, request, response) }
}

/// Replaces the recovery codes of an account and ends every session.
/// DENIED: invalid_token, user_not_found. NOT_FOUND: user_not_found. FORBIDDEN: permission_denied.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_generate_recovery_codes(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::generate_recovery_codes, engine, request, response) }
}

/// Counts the unused recovery codes of an account.
/// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_recovery_codes_status(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::recovery_codes_status, engine, request, response) }
}

/// Removes the second factors of an account without a proof of its user, and ends every session.
/// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_remove_second_factors(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::remove_second_factors, engine, request, response) }
}

/// Lists the devices on which a user needs no second factor.
/// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_list_trusted_devices(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::list_trusted_devices, engine, request, response) }
}

/// Revokes the trust in a device of a user, or in all of them.
/// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_revoke_trusted_device(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::revoke_trusted_device, engine, request, response) }
}

/// Begins to register a passkey for an account.
/// DENIED: invalid_token, user_not_found, invalid_challenge. NOT_FOUND: user_not_found. INVALID_REQUEST:
/// invalid_token. FORBIDDEN: email_not_verified, permission_denied. CONFIG: invalid_config. UNAVAILABLE:
/// store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_begin_passkey_registration(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::begin_passkey_registration, engine, request, response) }
}

/// Registers the passkey and ends every session, unless they are to be kept.
/// DENIED: invalid_challenge, invalid_credentials. CONFLICT: already_configured. CONFIG: invalid_config.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_finish_passkey_registration(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::finish_passkey_registration, engine, request, response) }
}

/// Begins a login by passkey.
/// CONFIG: invalid_config. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_begin_passkey_login(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::begin_passkey_login, engine, request, response) }
}

/// Logs in by a passkey alone and opens a session.
/// DENIED: invalid_credentials, invalid_challenge. FORBIDDEN: permission_denied. THROTTLED:
/// too_many_attempts. CONFIG: invalid_config. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_finish_passkey_login(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::finish_passkey_login, engine, request, response) }
}

/// Lists the passkeys of an account.
/// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_list_passkeys(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::list_passkeys, engine, request, response) }
}

/// Gives a passkey another name.
/// NOT_FOUND: passkey_not_found. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_update_passkey(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::update_passkey, engine, request, response) }
}

/// Returns what a page tells the authenticator about an account's passkeys.
/// NOT_FOUND: user_not_found. CONFIG: invalid_config. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_passkey_signals(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::passkey_signals, engine, request, response) }
}

/// Returns the origins that may use the passkeys, for `/.well-known/webauthn`.
/// CONFIG: invalid_config.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_related_origins(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::related_origins, engine, request, response) }
}

/// Removes a passkey and ends every session.
/// NOT_FOUND: user_not_found. FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_remove_passkey(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::remove_passkey, engine, request, response) }
}

/// Reads the audit log.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_events(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::events, engine, request, response) }
}

/// Verifies the chain over the audit log.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_verify_events(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::verify_events, engine, request, response) }
}

/// Returns figures: calls by operation and status, their durations, and the contents of the store.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_stats(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::stats, engine, request, response) }
}

/// Checks the running configuration on this machine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_doctor(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::doctor, engine, request, response) }
}

/// Purges expired data.
/// UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_maintain(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::maintain, engine, request, response) }
}

/// Copies a SQLite store into a file while it is in use.
/// CONFIG: feature_not_built. UNAVAILABLE: store_unavailable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn doorward_backup(
    engine: *const doorward_engine,
    request: *const c_char,
    response: *mut *mut c_char,
) -> doorward_status {
    // SAFETY: the header's rules.
    unsafe { run(&rows::backup, engine, request, response) }
}
