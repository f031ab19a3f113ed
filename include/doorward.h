/*
 * doorward: an authentication engine in one shared library. For C99 and later, and C++11 and later; for C++17
 * there is doorward.hpp.
 *
 * Open an engine, call operations with JSON, free the responses:
 *
 *   doorward_engine *engine;
 *   char *response;
 *   if (doorward_open("{\"store\":\"sqlite:app.db\"}", NULL, &engine, &response) == DOORWARD_OK) {
 *     doorward_free(response);
 *     char *request = doorward_json(DOORWARD_TEXT("username", name), DOORWARD_TEXT("password", password));
 *     doorward_status status = doorward_login(engine, request, &response);
 *     doorward_free(request);
 *     char *token = status == DOORWARD_OK ? doorward_text(response, "/access_token") : NULL;
 *     ...
 *     doorward_free(token);
 *     doorward_free(response);
 *     doorward_release(engine);
 *   }
 *
 * NEVER PUT A VALUE INTO JSON WITH PRINTF OR BY JOINING TEXTS. The name  ada","roles":["admin  makes an
 * administrator, the token  eyJ…","backend":"partner  passes for another backend. Build every request with
 * doorward_json and read every response with doorward_text, doorward_integer, doorward_boolean, doorward_value.
 * If you want a whole JSON library, take Jansson.
 *
 * The rules, for every function:
 *
 * - Texts are UTF-8 and end in NUL. Arguments are borrowed for the call and never kept or changed.
 * - A response is written on every path, success or failure, and is the caller's until doorward_free,
 *   which wipes it. Only where the pointer to it is NULL nothing is written and MISUSE returned.
 * - A failure's response is {"error":{"code","message","http_status"}} with, where they apply, "field",
 *   "retry_after_seconds", "reasons" and "detail". "reasons" stands in weak_password and lists why, as
 *   check_password does. "message" and "reasons" may be shown to the end user; "detail" is for logs.
 * - Each operation's comment lists the failures of its own, by status and code. Beside them every operation can
 *   fail by INVALID_REQUEST: invalid_json, invalid_request. MISUSE: null_argument, invalid_utf8, engine_closed,
 *   forked, reentered. INTERNAL: internal.
 *   One that can fail by store_unavailable can also fail by CONFLICT: store_constraint. CONFIG: invalid_config.
 * - NULL never crashes: it is MISUSE, code "null_argument", or means "nothing" where said so.
 * - Every function may be called from any thread at any time, but a handle not after doorward_release. Inside
 *   a hook only doorward_free and the functions that build and read JSON may be called.
 * - After fork() the child opens an engine of its own; the parent's gets MISUSE, code "forked".
 * - Nothing is thrown, nothing aborts, and no error is kept in a thread or global.
 */

#ifndef DOORWARD_H
#define DOORWARD_H

/* Generated from src/capi and cbindgen.toml. Do not edit. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The version of this header; doorward_version() is that of the library that runs. */
#define DOORWARD_VERSION "0.1.0"
#define DOORWARD_VERSION_MAJOR 0
#define DOORWARD_VERSION_MINOR 1
#define DOORWARD_VERSION_PATCH 0

/* The compiler warns where the result of a function is thrown away. */
#if (defined(__cplusplus) && __cplusplus >= 201703L) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L)
#define DOORWARD_NODISCARD [[nodiscard]]
#elif defined(__GNUC__)
#define DOORWARD_NODISCARD __attribute__((warn_unused_result))
#else
#define DOORWARD_NODISCARD
#endif

// The version of this ABI, which is also the number in the soname. Compare it with doorward_abi() after
// loading.
#define DOORWARD_ABI 1

// Level of a log record: a bug was contained.
#define DOORWARD_LOG_ERROR 1

// Level of a log record: the operator should act.
#define DOORWARD_LOG_WARN 2

// Level of a log record: an operation was refused.
#define DOORWARD_LOG_INFO 3

// Kind of a member: a text.
#define DOORWARD_IS_TEXT 1

// Kind of a member: JSON, from a builder, from doorward_value, or received as a whole.
#define DOORWARD_IS_JSON 2

// Kind of a member: an integer.
#define DOORWARD_IS_INTEGER 3

// Kind of a member: true or false.
#define DOORWARD_IS_BOOLEAN 4

// Kind of a member: left out.
#define DOORWARD_IS_ABSENT 5

// An open engine. Any number of threads may use it at once.
typedef struct doorward_engine doorward_engine;

// The class of an outcome: `status & 0xff`; the upper bits are reserved. The body's `code` is more specific.
typedef int32_t doorward_status;

// Callbacks supplied by the host. Every function is optional (NULL), may be called from any thread that
// calls the engine, must not call back into the library (that gets MISUSE, code `reentered`), and must
// neither throw nor jump out.
typedef struct doorward_hooks {
  // The caller's sizeof(doorward_hooks). Later versions add members at the end only.
  size_t struct_size;
  // Passed to every function below.
  void *context;
  // Receives log records: a level, and a JSON object that is valid until the function returns. They
  // contain no secrets.
  void (*log)(void *context, int32_t level, const char *json);
  // Returns the time in Unix milliseconds, for tests that move time. NULL: the machine's clock.
  int64_t (*now_ms)(void *context);
  // Called once, after the last call of any other hook: when the engine was closed, or before
  // doorward_open returns without one. Not called if struct_size is not set.
  void (*destroy)(void *context);
} doorward_hooks;

// A member of a JSON object, or an item of a list, for doorward_object and doorward_list. Made by
// DOORWARD_TEXT and the functions beside it.
typedef struct doorward_member {
  // The member's name. Not read in a list.
  const char *name;
  // DOORWARD_IS_TEXT, DOORWARD_IS_JSON: `length` bytes of UTF-8, borrowed.
  const char *text;
  // The number of bytes in `text`.
  size_t length;
  // DOORWARD_IS_INTEGER: the number. DOORWARD_IS_BOOLEAN: 0 is false, any other number true.
  int64_t integer;
  // The member's kind: DOORWARD_IS_TEXT or another.
  int32_t kind;
} doorward_member;

// The operation succeeded. From a login operation: a session was opened, never anything less. HTTP 200.
#define DOORWARD_OK 0

// The proof (password, token, code) was rejected. HTTP 401.
#define DOORWARD_DENIED 1

// The user is not authenticated yet; the body carries the challenge of the next step. HTTP 401.
#define DOORWARD_STEP_UP 2

// The user is authenticated, but not allowed to do this. HTTP 403.
#define DOORWARD_FORBIDDEN 3

// The request breaks the operation's schema or a policy. HTTP 400.
#define DOORWARD_INVALID_REQUEST 4

// The thing that the request names does not exist. HTTP 404.
#define DOORWARD_NOT_FOUND 5

// The change conflicts with what is there already. HTTP 409.
#define DOORWARD_CONFLICT 6

// Too many attempts; `retry_after_seconds` says how long to wait. HTTP 429.
#define DOORWARD_THROTTLED 7

// The store, the hash queue, the mail server or a remote service cannot answer now; a retry is safe. HTTP
// 503.
#define DOORWARD_UNAVAILABLE 8

// The configuration is wrong, the operation is unknown, or the feature is not built in. HTTP 500.
#define DOORWARD_CONFIG 9

// The host called the library wrongly: NULL, a closed engine, a forked process, a call from inside a hook.
// HTTP 500.
#define DOORWARD_MISUSE 10

// The library contained a bug of its own; treat the request as denied. HTTP 500.
#define DOORWARD_INTERNAL 11

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The ABI version of the loaded library: DOORWARD_ABI of the header that it was built with.
DOORWARD_NODISCARD
uint32_t doorward_abi(void);

// The version of the loaded library, such as "0.1.0". A static text: do not free it.
const char *doorward_version(void);

// Describes the library: operations with the JSON Schemas of their requests and responses, statuses, codes,
// the schema of the configuration, features.
DOORWARD_NODISCARD
doorward_status doorward_describe(char **response);

// Opens an engine. `config` is a JSON object; NULL or "" means {}. `hooks` may be NULL; it is copied. With
// DOORWARD_OK `*engine` is the caller's until doorward_release, and `*response` is {}. Otherwise `*engine`
// is NULL, and `*response` says why. In either case `hooks->destroy` is called once, unless `struct_size` is
// not set.
//
// Codes: invalid_json, invalid_config, feature_not_built, wrong_secret_key, schema_too_new,
// store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_open(const char *config,
                              const struct doorward_hooks *hooks,
                              struct doorward_engine **engine,
                              char **response);

// Runs the operation of this name. `request` is a JSON object; NULL or "" means {}. `*response` is written
// in every case and is the caller's until doorward_free.
//
// Codes: unknown_operation, and those of the operation.
DOORWARD_NODISCARD
doorward_status doorward_call(const struct doorward_engine *engine,
                              const char *operation,
                              const char *request,
                              char **response);

// Closes the engine: waits for calls in progress, closes the store, calls the destroy hook. Later calls get
// MISUSE, code `engine_closed`. May be called from any thread and more than once; the handle stays valid
// until doorward_release. In a forked child nothing is closed, because the store is the parent's. Called
// from inside a hook, the engine only stops answering; it is closed when it is released.
void doorward_close(const struct doorward_engine *engine);

// Releases the handle, once, after its last use; closes the engine first if necessary. In a forked child,
// and from inside a hook, the memory is left to the process instead.
void doorward_release(struct doorward_engine *engine);

// Wipes and frees a response. NULL is allowed.
void doorward_free(char *response);

// Creates an account.
// INVALID_REQUEST: weak_password. CONFLICT: username_taken, email_taken. THROTTLED: too_many_attempts.
// UNAVAILABLE: hash_queue_full, store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_register(const struct doorward_engine *engine, const char *request, char **response);

// Finds an account by id, username, e-mail address or external id.
// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_get_user(const struct doorward_engine *engine, const char *request, char **response);

// Lists accounts in the order of their ids.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_list_users(const struct doorward_engine *engine,
                                    const char *request,
                                    char **response);

// Searches accounts by the beginning of a name, by filters, in an order.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_search_users(const struct doorward_engine *engine,
                                      const char *request,
                                      char **response);

// Changes an account.
// NOT_FOUND: user_not_found. CONFLICT: username_taken, email_taken, external_id_taken. FORBIDDEN:
// permission_denied. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_update_user(const struct doorward_engine *engine,
                                     const char *request,
                                     char **response);

// Changes single attributes of an account by a JSON Merge Patch.
// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_merge_attributes(const struct doorward_engine *engine,
                                          const char *request,
                                          char **response);

// Locks an account and ends everything that is open.
// NOT_FOUND: user_not_found. FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_lock_user(const struct doorward_engine *engine,
                                   const char *request,
                                   char **response);

// Deletes an account and all data about it.
// NOT_FOUND: user_not_found. FORBIDDEN: permission_denied. CONFLICT: store_constraint. UNAVAILABLE:
// store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_delete_user(const struct doorward_engine *engine,
                                     const char *request,
                                     char **response);

// Creates accounts with the password hashes and second factors of another system.
// UNAVAILABLE: hash_queue_full, store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_import_users(const struct doorward_engine *engine,
                                      const char *request,
                                      char **response);

// Reads accounts, with secrets if they are asked for, in the form of `import_users`.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_export_users(const struct doorward_engine *engine,
                                      const char *request,
                                      char **response);

// Reads everything that the store keeps about a person.
// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_export_user(const struct doorward_engine *engine,
                                     const char *request,
                                     char **response);

// Hashes a password with Argon2id.
// UNAVAILABLE: hash_queue_full.
DOORWARD_NODISCARD
doorward_status doorward_hash_password(const struct doorward_engine *engine,
                                       const char *request,
                                       char **response);

// Verifies a password against a hash.
// UNAVAILABLE: hash_queue_full.
DOORWARD_NODISCARD
doorward_status doorward_verify_password(const struct doorward_engine *engine,
                                         const char *request,
                                         char **response);

// Checks whether a password may be chosen, and says why not.
// CONFIG: invalid_config.
DOORWARD_NODISCARD
doorward_status doorward_check_password(const struct doorward_engine *engine,
                                        const char *request,
                                        char **response);

// Changes a password by the old one and ends every session.
// DENIED: invalid_credentials, invalid_token. NOT_FOUND: user_not_found. FORBIDDEN: permission_denied.
// INVALID_REQUEST: weak_password. THROTTLED: too_many_attempts. UNAVAILABLE: hash_queue_full,
// store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_change_password(const struct doorward_engine *engine,
                                         const char *request,
                                         char **response);

// Sets a user's password, to be changed at the next login, and ends every session.
// NOT_FOUND: user_not_found. FORBIDDEN: permission_denied. INVALID_REQUEST: weak_password. UNAVAILABLE:
// hash_queue_full, store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_set_password(const struct doorward_engine *engine,
                                      const char *request,
                                      char **response);

// Logs in by password and opens a session.
// DENIED: invalid_credentials, invalid_code. STEP_UP: second_factor_required, password_change_required.
// FORBIDDEN: permission_denied. THROTTLED: too_many_attempts. UNAVAILABLE: hash_queue_full,
// store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_login(const struct doorward_engine *engine, const char *request, char **response);

// Takes the next step of a login and opens its session.
// DENIED: invalid_challenge, invalid_code, invalid_credentials. FORBIDDEN: email_not_verified,
// permission_denied. CONFLICT: already_configured. STEP_UP: second_factor_required,
// password_change_required. THROTTLED: too_many_attempts. INVALID_REQUEST: weak_password. UNAVAILABLE:
// hash_queue_full, store_unavailable. CONFIG: invalid_config.
DOORWARD_NODISCARD
doorward_status doorward_complete_login(const struct doorward_engine *engine,
                                        const char *request,
                                        char **response);

// Logs in by an ID token of a configured OpenID provider and opens a session.
// DENIED: invalid_credentials, invalid_token. STEP_UP: second_factor_required. CONFLICT: email_taken.
// FORBIDDEN: permission_denied. THROTTLED: too_many_attempts. UNAVAILABLE: auth_service_unavailable,
// store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_login_with_id_token(const struct doorward_engine *engine,
                                             const char *request,
                                             char **response);

// Begins a login at a provider: returns the URL to send the browser to.
// DENIED: invalid_token, user_not_found. FORBIDDEN: permission_denied, email_not_verified. UNAVAILABLE:
// auth_service_unavailable, store_unavailable. CONFIG: invalid_config, feature_not_built.
DOORWARD_NODISCARD
doorward_status doorward_begin_provider_login(const struct doorward_engine *engine,
                                              const char *request,
                                              char **response);

// Returns the next request to a provider, for a host that sends them itself.
// DENIED: invalid_challenge. CONFIG: invalid_config. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_next_provider_request(const struct doorward_engine *engine,
                                               const char *request,
                                               char **response);

// Finishes a login at a provider and opens a session, or links the identity to an account.
// DENIED: invalid_challenge, invalid_credentials, invalid_token, user_not_found. FORBIDDEN:
// permission_denied, email_not_verified. STEP_UP: second_factor_required. CONFLICT: email_taken,
// already_configured. THROTTLED: too_many_attempts. UNAVAILABLE: auth_service_unavailable,
// store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_finish_provider_login(const struct doorward_engine *engine,
                                               const char *request,
                                               char **response);

// Lists the identities of providers that open an account.
// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_list_identities(const struct doorward_engine *engine,
                                         const char *request,
                                         char **response);

// Unlinks an identity of a provider from an account and ends every session.
// NOT_FOUND: user_not_found. FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_unlink_identity(const struct doorward_engine *engine,
                                         const char *request,
                                         char **response);

// Authenticates the user of a session again.
// DENIED: invalid_token, user_not_found, invalid_credentials, invalid_code. FORBIDDEN: permission_denied.
// THROTTLED: too_many_attempts. UNAVAILABLE: hash_queue_full, store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_reauthenticate(const struct doorward_engine *engine,
                                        const char *request,
                                        char **response);

// Opens a session in which the user of a token acts as another user.
// DENIED: invalid_token, user_not_found. NOT_FOUND: user_not_found. FORBIDDEN: permission_denied. CONFIG:
// invalid_config. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_impersonate(const struct doorward_engine *engine,
                                     const char *request,
                                     char **response);

// Exchanges a refresh token for the next pair of tokens.
// DENIED: invalid_token. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_refresh(const struct doorward_engine *engine, const char *request, char **response);

// Ends a session, or every session of its user.
// DENIED: invalid_token. FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_logout(const struct doorward_engine *engine, const char *request, char **response);

// Lists the live sessions of a user.
// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_list_sessions(const struct doorward_engine *engine,
                                       const char *request,
                                       char **response);

// Gives a session another label or other claims.
// DENIED: invalid_token, user_not_found. NOT_FOUND: session_not_found. FORBIDDEN: permission_denied.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_update_session(const struct doorward_engine *engine,
                                        const char *request,
                                        char **response);

// Ends one session.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_revoke_session(const struct doorward_engine *engine,
                                        const char *request,
                                        char **response);

// Ends every session of a user, except one if asked.
// NOT_FOUND: user_not_found. FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_revoke_user_sessions(const struct doorward_engine *engine,
                                              const char *request,
                                              char **response);

// Ends every session of every user.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_revoke_all_sessions(const struct doorward_engine *engine,
                                             const char *request,
                                             char **response);

// Revokes a token with its session (RFC 7009), or an API key.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_revoke_token(const struct doorward_engine *engine,
                                      const char *request,
                                      char **response);

// Verifies an access token by signature and claims, without the store.
// DENIED: invalid_token. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_verify(const struct doorward_engine *engine, const char *request, char **response);

// Identifies the user of a live token or API key.
// DENIED: not_authenticated, invalid_authorization_header, invalid_token, user_not_found. THROTTLED:
// too_many_attempts. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_authenticate(const struct doorward_engine *engine,
                                      const char *request,
                                      char **response);

// Tells whether a token or API key is valid now (RFC 7662); an invalid one is no failure.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_introspect(const struct doorward_engine *engine,
                                    const char *request,
                                    char **response);

// Issues an access token with the host's own claims.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_issue_token(const struct doorward_engine *engine,
                                     const char *request,
                                     char **response);

// Decides whether a request may pass, and identifies its user.
// DENIED: not_authenticated, invalid_authorization_header, invalid_token, user_not_found. FORBIDDEN:
// permission_denied. THROTTLED: too_many_attempts. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_authenticate_request(const struct doorward_engine *engine,
                                              const char *request,
                                              char **response);

// Asks another service whether a token is valid now (RFC 7662).
// DENIED: invalid_token. UNAVAILABLE: auth_service_unavailable. CONFIG: invalid_config, feature_not_built.
DOORWARD_NODISCARD
doorward_status doorward_introspect_remote(const struct doorward_engine *engine,
                                           const char *request,
                                           char **response);

// Checks whether the bearer of a token or API key may do something, by the account as it is now.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_authorize(const struct doorward_engine *engine,
                                   const char *request,
                                   char **response);

// Creates an account for a program, which has API keys and cannot log in.
// CONFLICT: username_taken. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_create_service_account(const struct doorward_engine *engine,
                                                const char *request,
                                                char **response);

// Creates an API key, which is shown once.
// NOT_FOUND: user_not_found. FORBIDDEN: email_not_verified, permission_denied. UNAVAILABLE:
// store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_create_api_key(const struct doorward_engine *engine,
                                        const char *request,
                                        char **response);

// Lists the API keys of an account, without the keys themselves.
// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_list_api_keys(const struct doorward_engine *engine,
                                       const char *request,
                                       char **response);

// Changes the name, scopes, roles or expiry of an API key.
// NOT_FOUND: api_key_not_found. FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_update_api_key(const struct doorward_engine *engine,
                                        const char *request,
                                        char **response);

// Revokes an API key.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_revoke_api_key(const struct doorward_engine *engine,
                                        const char *request,
                                        char **response);

// Creates an organization with its first owner.
// NOT_FOUND: user_not_found. FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_create_organization(const struct doorward_engine *engine,
                                             const char *request,
                                             char **response);

// Finds an organization by its id.
// NOT_FOUND: organization_not_found. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_get_organization(const struct doorward_engine *engine,
                                          const char *request,
                                          char **response);

// Lists organizations: all of them, or those of an account.
// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_list_organizations(const struct doorward_engine *engine,
                                            const char *request,
                                            char **response);

// Changes an organization.
// NOT_FOUND: organization_not_found. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_update_organization(const struct doorward_engine *engine,
                                             const char *request,
                                             char **response);

// Deletes an organization with its memberships.
// NOT_FOUND: organization_not_found. CONFLICT: store_constraint. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_delete_organization(const struct doorward_engine *engine,
                                             const char *request,
                                             char **response);

// Makes an account a member of an organization.
// NOT_FOUND: organization_not_found, user_not_found. CONFLICT: already_member. UNAVAILABLE:
// store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_add_member(const struct doorward_engine *engine,
                                    const char *request,
                                    char **response);

// Changes the roles of a member of an organization.
// NOT_FOUND: member_not_found. FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_update_member(const struct doorward_engine *engine,
                                       const char *request,
                                       char **response);

// Removes a member from an organization.
// FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_remove_member(const struct doorward_engine *engine,
                                       const char *request,
                                       char **response);

// Lists the members of an organization.
// NOT_FOUND: organization_not_found. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_list_members(const struct doorward_engine *engine,
                                      const char *request,
                                      char **response);

// Invites a person by mail to an organization.
// NOT_FOUND: organization_not_found, member_not_found. CONFLICT: already_member. THROTTLED:
// too_many_attempts. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_invite_member(const struct doorward_engine *engine,
                                       const char *request,
                                       char **response);

// Lists the invitations to an organization that were not accepted yet.
// NOT_FOUND: organization_not_found. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_list_invitations(const struct doorward_engine *engine,
                                          const char *request,
                                          char **response);

// Revokes an invitation to an organization.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_revoke_invitation(const struct doorward_engine *engine,
                                           const char *request,
                                           char **response);

// Returns the public keys, for services that verify tokens themselves.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_jwks(const struct doorward_engine *engine, const char *request, char **response);

// Makes a new signing key; the old one verifies until everything that it signed has expired.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_rotate_keys(const struct doorward_engine *engine,
                                     const char *request,
                                     char **response);

// Lists signing keys and secret keys, without secrets, and the data that needs an older one.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_list_keys(const struct doorward_engine *engine,
                                   const char *request,
                                   char **response);

// Mails a token that verifies the address of an account.
// DENIED: invalid_token, user_not_found, invalid_credentials, invalid_challenge. NOT_FOUND: user_not_found.
// FORBIDDEN: permission_denied. THROTTLED: too_many_attempts. UNAVAILABLE: hash_queue_full,
// store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_request_email_verification(const struct doorward_engine *engine,
                                                    const char *request,
                                                    char **response);

// Mails a token to the new address of an account, and a notice to the present one.
// DENIED: invalid_token, user_not_found. NOT_FOUND: user_not_found. FORBIDDEN: permission_denied. CONFLICT:
// email_taken. THROTTLED: too_many_attempts. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_request_email_change(const struct doorward_engine *engine,
                                              const char *request,
                                              char **response);

// Mails a token that sets a new password.
// THROTTLED: too_many_attempts. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_request_password_reset(const struct doorward_engine *engine,
                                                const char *request,
                                                char **response);

// Sets a new password by a mailed token and ends every session.
// INVALID_REQUEST: invalid_token, weak_password. UNAVAILABLE: hash_queue_full, store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_reset_password(const struct doorward_engine *engine,
                                        const char *request,
                                        char **response);

// Mails a code and a link that log in.
// THROTTLED: too_many_attempts. CONFIG: invalid_config. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_request_login_code(const struct doorward_engine *engine,
                                            const char *request,
                                            char **response);

// Logs in by a mailed link and opens a session.
// INVALID_REQUEST: invalid_token. STEP_UP: second_factor_required. FORBIDDEN: permission_denied. CONFIG:
// invalid_config. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_login_with_mail_token(const struct doorward_engine *engine,
                                               const char *request,
                                               char **response);

// Invites a person by mail to an account with these roles.
// CONFLICT: email_taken, external_id_taken. FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_invite_user(const struct doorward_engine *engine,
                                     const char *request,
                                     char **response);

// Accepts an invitation: to an account, which gets a name and a way in, or to an organization.
// INVALID_REQUEST: invalid_token, weak_password. DENIED: not_authenticated, user_not_found,
// invalid_credentials. FORBIDDEN: permission_denied. CONFLICT: username_taken, already_configured,
// already_member. CONFIG: invalid_config. UNAVAILABLE: auth_service_unavailable, hash_queue_full,
// store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_accept_invitation(const struct doorward_engine *engine,
                                           const char *request,
                                           char **response);

// Verifies or changes an address by the token mailed to it and a proof of the account.
// INVALID_REQUEST: invalid_token. DENIED: not_authenticated, user_not_found, invalid_credentials,
// invalid_challenge. FORBIDDEN: permission_denied. CONFLICT: email_taken. THROTTLED: too_many_attempts.
// UNAVAILABLE: auth_service_unavailable, hash_queue_full, store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_verify_email(const struct doorward_engine *engine,
                                      const char *request,
                                      char **response);

// Tells what a mailed token is for, without redeeming it.
// INVALID_REQUEST: invalid_token. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_check_mail_token(const struct doorward_engine *engine,
                                          const char *request,
                                          char **response);

// Takes mails out of the outbox, for hosts that send mails themselves.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_take_mail(const struct doorward_engine *engine,
                                   const char *request,
                                   char **response);

// Reports whether a mail that was taken was sent.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_acknowledge_mail(const struct doorward_engine *engine,
                                          const char *request,
                                          char **response);

// Sends the mails that are due by SMTP.
// UNAVAILABLE: mail_unavailable, store_unavailable. CONFIG: invalid_config, feature_not_built.
DOORWARD_NODISCARD
doorward_status doorward_deliver_mail(const struct doorward_engine *engine,
                                      const char *request,
                                      char **response);

// Makes a secret for an authenticator app.
DOORWARD_NODISCARD
doorward_status doorward_generate_totp_secret(const struct doorward_engine *engine,
                                              const char *request,
                                              char **response);

// Writes a secret as a URI and a QR code for an authenticator app.
DOORWARD_NODISCARD
doorward_status doorward_totp_provisioning_uri(const struct doorward_engine *engine,
                                               const char *request,
                                               char **response);

// Verifies a code by its secret alone, any number of times.
DOORWARD_NODISCARD
doorward_status doorward_verify_totp(const struct doorward_engine *engine,
                                     const char *request,
                                     char **response);

// Sets up an authenticator app for an account; it is not a factor until it is confirmed.
// NOT_FOUND: user_not_found. DENIED: invalid_challenge. FORBIDDEN: email_not_verified, permission_denied.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_setup_totp(const struct doorward_engine *engine,
                                    const char *request,
                                    char **response);

// Activates an authenticator app by its first code and ends every session.
// NOT_FOUND: user_not_found. FORBIDDEN: email_not_verified. DENIED: invalid_code. CONFLICT:
// already_configured. THROTTLED: too_many_attempts. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_confirm_totp(const struct doorward_engine *engine,
                                      const char *request,
                                      char **response);

// Tells whether an account has an active authenticator app.
// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_totp_status(const struct doorward_engine *engine,
                                     const char *request,
                                     char **response);

// Removes an authenticator app by a code and ends every session.
// NOT_FOUND: user_not_found. DENIED: invalid_code. FORBIDDEN: permission_denied. THROTTLED:
// too_many_attempts. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_disable_totp(const struct doorward_engine *engine,
                                      const char *request,
                                      char **response);

// Replaces the recovery codes of an account and ends every session.
// DENIED: invalid_token, user_not_found. NOT_FOUND: user_not_found. FORBIDDEN: permission_denied.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_generate_recovery_codes(const struct doorward_engine *engine,
                                                 const char *request,
                                                 char **response);

// Counts the unused recovery codes of an account.
// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_recovery_codes_status(const struct doorward_engine *engine,
                                               const char *request,
                                               char **response);

// Removes the second factors of an account without a proof of its user, and ends every session.
// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_remove_second_factors(const struct doorward_engine *engine,
                                               const char *request,
                                               char **response);

// Lists the devices on which a user needs no second factor.
// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_list_trusted_devices(const struct doorward_engine *engine,
                                              const char *request,
                                              char **response);

// Revokes the trust in a device of a user, or in all of them.
// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_revoke_trusted_device(const struct doorward_engine *engine,
                                               const char *request,
                                               char **response);

// Begins to register a passkey for an account.
// DENIED: invalid_token, user_not_found, invalid_challenge. NOT_FOUND: user_not_found. INVALID_REQUEST:
// invalid_token. FORBIDDEN: email_not_verified, permission_denied. CONFIG: invalid_config. UNAVAILABLE:
// store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_begin_passkey_registration(const struct doorward_engine *engine,
                                                    const char *request,
                                                    char **response);

// Registers the passkey and ends every session, unless they are to be kept.
// DENIED: invalid_challenge, invalid_credentials. CONFLICT: already_configured. CONFIG: invalid_config.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_finish_passkey_registration(const struct doorward_engine *engine,
                                                     const char *request,
                                                     char **response);

// Begins a login by passkey.
// CONFIG: invalid_config. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_begin_passkey_login(const struct doorward_engine *engine,
                                             const char *request,
                                             char **response);

// Logs in by a passkey alone and opens a session.
// DENIED: invalid_credentials, invalid_challenge. FORBIDDEN: permission_denied. THROTTLED:
// too_many_attempts. CONFIG: invalid_config. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_finish_passkey_login(const struct doorward_engine *engine,
                                              const char *request,
                                              char **response);

// Lists the passkeys of an account.
// NOT_FOUND: user_not_found. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_list_passkeys(const struct doorward_engine *engine,
                                       const char *request,
                                       char **response);

// Gives a passkey another name.
// NOT_FOUND: passkey_not_found. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_update_passkey(const struct doorward_engine *engine,
                                        const char *request,
                                        char **response);

// Returns what a page tells the authenticator about an account's passkeys.
// NOT_FOUND: user_not_found. CONFIG: invalid_config. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_passkey_signals(const struct doorward_engine *engine,
                                         const char *request,
                                         char **response);

// Returns the origins that may use the passkeys, for `/.well-known/webauthn`.
// CONFIG: invalid_config.
DOORWARD_NODISCARD
doorward_status doorward_related_origins(const struct doorward_engine *engine,
                                         const char *request,
                                         char **response);

// Removes a passkey and ends every session.
// NOT_FOUND: user_not_found. FORBIDDEN: permission_denied. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_remove_passkey(const struct doorward_engine *engine,
                                        const char *request,
                                        char **response);

// Reads the audit log.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_events(const struct doorward_engine *engine, const char *request, char **response);

// Verifies the chain over the audit log.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_verify_events(const struct doorward_engine *engine,
                                       const char *request,
                                       char **response);

// Returns figures: calls by operation and status, their durations, and the contents of the store.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_stats(const struct doorward_engine *engine, const char *request, char **response);

// Checks the running configuration on this machine.
DOORWARD_NODISCARD
doorward_status doorward_doctor(const struct doorward_engine *engine, const char *request, char **response);

// Purges expired data.
// UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_maintain(const struct doorward_engine *engine, const char *request, char **response);

// Copies a SQLite store into a file while it is in use.
// CONFIG: feature_not_built. UNAVAILABLE: store_unavailable.
DOORWARD_NODISCARD
doorward_status doorward_backup(const struct doorward_engine *engine, const char *request, char **response);

// Builds the JSON object of `count` members. `doorward_json(DOORWARD_TEXT("username", name), …)` calls it
// and counts. The result is never NULL and is the caller's until doorward_free.
//
// A value cannot break out of its place. A duplicate name, a NULL, a text that is not UTF-8, a DOORWARD_JSON
// that is not JSON, and nesting deeper than 32 are refused: the result then gives the reason, for logs, such
// as "not JSON: /client/ip: NULL". That text is not JSON, so every operation refuses it with invalid_json,
// and a builder refuses it as a value, too.
DOORWARD_NODISCARD
char *doorward_object(const struct doorward_member *members, size_t count);

// Builds the JSON list of the values of `count` members, whose names are not read.
// `doorward_json_list(DOORWARD_TEXT(NULL, role), …)` calls it. Otherwise it works as doorward_object.
DOORWARD_NODISCARD
char *doorward_list(const struct doorward_member *members, size_t count);

// Reads a text from JSON. `pointer` is a JSON pointer (RFC 6901), such as "/user/id" or "/users/0/username";
// "" is the whole. The result is the caller's until doorward_free. It is NULL if the member is absent, null
// or of another type, if the text contains a NUL, and if `json` is NULL or not JSON.
DOORWARD_NODISCARD
char *doorward_text(const char *json, const char *pointer);

// Reads an integer as doorward_text reads a text. Returns `otherwise` if there is none, or if it has a
// fraction or an exponent, or does not fit.
DOORWARD_NODISCARD
int64_t doorward_integer(const char *json, const char *pointer, int64_t otherwise);

// Reads a boolean, 1 or 0, as doorward_text reads a text. Returns `otherwise` if there is none.
DOORWARD_NODISCARD
int32_t doorward_boolean(const char *json, const char *pointer, int32_t otherwise);

// Reads any value as JSON, as doorward_text reads a text: an object or a list to pass on or to read from.
DOORWARD_NODISCARD
char *doorward_value(const char *json, const char *pointer);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

/* Members of a request. A NULL refuses the whole request, so that no condition is lost by mistake. A text that
   may be missing is a DOORWARD_OPTIONAL. */

// The text `text`, up to its NUL.
static inline doorward_member DOORWARD_TEXT(const char *name, const char *text) {
  const doorward_member member = {name, text, text ? strlen(text) : 0, 0, DOORWARD_IS_TEXT};
  return member;
}

// The text of `length` bytes.
static inline doorward_member DOORWARD_BYTES(const char *name, const char *text, size_t length) {
  const doorward_member member = {name, text, length, 0, DOORWARD_IS_TEXT};
  return member;
}

// The text `text`, or no member at all where it is NULL.
static inline doorward_member DOORWARD_OPTIONAL(const char *name, const char *text) {
  doorward_member member = DOORWARD_TEXT(name, text);
  if (!text) member.kind = DOORWARD_IS_ABSENT;
  return member;
}

// An integer.
static inline doorward_member DOORWARD_INTEGER(const char *name, int64_t integer) {
  const doorward_member member = {name, NULL, 0, integer, DOORWARD_IS_INTEGER};
  return member;
}

// true, or false where `boolean` is 0.
static inline doorward_member DOORWARD_BOOLEAN(const char *name, int boolean) {
  const doorward_member member = {name, NULL, 0, boolean, DOORWARD_IS_BOOLEAN};
  return member;
}

// A JSON value as it is: the result of doorward_json, doorward_json_list or doorward_value, or a JSON text that
// a client sent whole, as the response of a passkey. It is validated and cannot reach beyond its place.
static inline doorward_member DOORWARD_JSON(const char *name, const char *json) {
  doorward_member member = DOORWARD_TEXT(name, json);
  member.kind = DOORWARD_IS_JSON;
  return member;
}

// doorward_json(DOORWARD_TEXT("username", name), …) is doorward_object of one member or more, and
// doorward_json_list(DOORWARD_TEXT(NULL, role), …) is doorward_list.
#ifdef __cplusplus
template <class... Members>
DOORWARD_NODISCARD inline char *doorward_json(const doorward_member &first, const Members &...others) {
  const doorward_member members[] = {first, others...};
  return doorward_object(members, 1 + sizeof...(others));
}

template <class... Members>
DOORWARD_NODISCARD inline char *doorward_json_list(const doorward_member &first, const Members &...others) {
  const doorward_member members[] = {first, others...};
  return doorward_list(members, 1 + sizeof...(others));
}
#else
#define DOORWARD_MEMBERS(...) (const doorward_member[]){__VA_ARGS__}
#define DOORWARD_COUNT(...) (sizeof DOORWARD_MEMBERS(__VA_ARGS__) / sizeof(doorward_member))
#define doorward_json(...) doorward_object(DOORWARD_MEMBERS(__VA_ARGS__), DOORWARD_COUNT(__VA_ARGS__))
#define doorward_json_list(...) doorward_list(DOORWARD_MEMBERS(__VA_ARGS__), DOORWARD_COUNT(__VA_ARGS__))
#endif

#endif /* DOORWARD_H */
