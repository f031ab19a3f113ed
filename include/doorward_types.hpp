// The operations of doorward as C++ types: requests, responses, the configuration, and a method for each
// operation. Written by `make header` from the description of the library: do not edit. Include doorward.hpp.

#ifndef DOORWARD_TYPES_HPP
#define DOORWARD_TYPES_HPP

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "doorward.h"
#include "doorward_json.hpp"

namespace doorward {

// The class of an outcome. Treat one that is not listed as a refusal.
enum class status : std::int32_t {
  // The operation succeeded. From a login operation: a session was opened, never anything less. HTTP 200.
  ok = 0,
  // The proof (password, token, code) was rejected. HTTP 401.
  denied = 1,
  // The user is not authenticated yet; the body carries the challenge of the next step. HTTP 401.
  step_up = 2,
  // The user is authenticated, but not allowed to do this. HTTP 403.
  forbidden = 3,
  // The request breaks the operation's schema or a policy. HTTP 400.
  invalid_request = 4,
  // The thing that the request names does not exist. HTTP 404.
  not_found = 5,
  // The change conflicts with what is there already. HTTP 409.
  conflict = 6,
  // Too many attempts; `retry_after_seconds` says how long to wait. HTTP 429.
  throttled = 7,
  // The store, the hash queue, the mail server or a remote service cannot answer now; a retry is safe. HTTP
  // 503.
  unavailable = 8,
  // The configuration is wrong, the operation is unknown, or the feature is not built in. HTTP 500.
  config = 9,
  // The host called the library wrongly: NULL, a closed engine, a forked process, a call from inside a hook.
  // HTTP 500.
  misuse = 10,
  // The library contained a bug of its own; treat the request as denied. HTTP 500.
  internal = 11,
};

// Why an operation failed.
enum class code {
  // A value that this header does not know.
  unknown,
  // The user is unknown, the password is wrong, or the account is inactive or locked: one answer for all.
  invalid_credentials,
  // The token is missing, malformed, expired or revoked, or was issued elsewhere.
  invalid_token,
  // The token is valid, but its account no longer exists.
  user_not_found,
  // No account has this API key.
  api_key_not_found,
  // The account has no such session, or it has ended.
  session_not_found,
  // The account has no such passkey.
  passkey_not_found,
  // No organization has this id.
  organization_not_found,
  // The account is no member of the organization.
  member_not_found,
  // Authentication is required, and the request offers none.
  not_authenticated,
  // The `Authorization` header is not `Bearer <token>`.
  invalid_authorization_header,
  // The password is right, but must be changed before a session is opened.
  password_change_required,
  // The password is right, but a second factor is required before a session is opened.
  second_factor_required,
  // The second factor is wrong or was used before.
  invalid_code,
  // The challenge is unknown, spent or expired.
  invalid_challenge,
  // The user may not do this, or the change would leave no active administrator, or an organization without
  // an owner.
  permission_denied,
  // The account must verify its address before it takes a second factor, a passkey or an API key.
  email_not_verified,
  // The request is not JSON.
  invalid_json,
  // The request breaks the schema or a limit of the operation; `field` says where.
  invalid_request,
  // The new password breaks the policy; `reasons` says why.
  weak_password,
  // Another account has this username.
  username_taken,
  // Another account has this e-mail address.
  email_taken,
  // Another account has this external id.
  external_id_taken,
  // The account already has one in force.
  already_configured,
  // The account is a member of the organization.
  already_member,
  // There were too many failures; wait `retry_after_seconds`.
  too_many_attempts,
  // Rows or rules that the host added to the store forbid the change.
  store_constraint,
  // The store cannot answer now.
  store_unavailable,
  // The remote service cannot be reached or gives no valid answer.
  auth_service_unavailable,
  // Too many password hashes are waiting, or there is no memory for another.
  hash_queue_full,
  // Mail cannot be sent now.
  mail_unavailable,
  // The configuration is wrong; `field` says where.
  invalid_config,
  // No operation has this name.
  unknown_operation,
  // This build does not contain the feature.
  feature_not_built,
  // Another secret key sealed the store.
  wrong_secret_key,
  // A newer version wrote the store.
  schema_too_new,
  // A required pointer is NULL.
  null_argument,
  // A text is not UTF-8.
  invalid_utf8,
  // The engine was closed.
  engine_closed,
  // The parent opened the engine before it forked; the child opens one of its own.
  forked,
  // A hook called the library.
  reentered,
  // The library contained a bug of its own.
  internal,
};

namespace detail {

template <>
struct names<code> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "invalid_credentials",
      "invalid_token",
      "user_not_found",
      "api_key_not_found",
      "session_not_found",
      "passkey_not_found",
      "organization_not_found",
      "member_not_found",
      "not_authenticated",
      "invalid_authorization_header",
      "password_change_required",
      "second_factor_required",
      "invalid_code",
      "invalid_challenge",
      "permission_denied",
      "email_not_verified",
      "invalid_json",
      "invalid_request",
      "weak_password",
      "username_taken",
      "email_taken",
      "external_id_taken",
      "already_configured",
      "already_member",
      "too_many_attempts",
      "store_constraint",
      "store_unavailable",
      "auth_service_unavailable",
      "hash_queue_full",
      "mail_unavailable",
      "invalid_config",
      "unknown_operation",
      "feature_not_built",
      "wrong_secret_key",
      "schema_too_new",
      "null_argument",
      "invalid_utf8",
      "engine_closed",
      "forked",
      "reentered",
      "internal",
  };
  // clang-format on
};

}  // namespace detail

// The public data of an account. A password hash never leaves the store.
struct user {
  // The immutable id, `sub` in tokens.
  std::string id{};
  // The username as it was given.
  std::string username{};
  // The e-mail address as it was given, if there is one.
  std::optional<std::string> email{};
  // Whether the user proved that the address is theirs.
  bool email_verified{};
  // Whether the account may log in.
  bool is_active{};
  // The roles, in alphabetical order.
  std::vector<std::string> roles{};
  // Other data that the host keeps with the account.
  std::map<std::string, doorward::json> attributes{};
  // When the account was created, in Unix seconds.
  std::int64_t created_at{};
  // The host's own id of the account, if it has one.
  std::optional<std::string> external_id{};
  // True for an account of `create_service_account`, which has API keys and cannot log in; otherwise absent.
  std::optional<bool> is_service_account{};
  // The language of mails to this user, if one was chosen.
  std::optional<std::string> locale{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("username", self.username);
    visit.nullable("email", self.email);
    visit("email_verified", self.email_verified);
    visit("is_active", self.is_active);
    visit("roles", self.roles);
    visit("attributes", self.attributes);
    visit("created_at", self.created_at);
    visit("external_id", self.external_id);
    visit("is_service_account", self.is_service_account);
    visit("locale", self.locale);
  }
};

// The new account.
struct register_response {
  // The account.
  doorward::user user{};
  // A challenge for `verify_email`: it proves, together with the mailed token, that the account belongs to
  // the browser that registered it. It is valid for a week; keep it in a cookie that scripts cannot read.
  // Absent without an address.
  std::optional<doorward::secret> verification{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user", self.user);
    visit("verification", self.verification);
  }
};

// A lock that keeps guesses away from an account.
struct account_lock {
  // The locked thing: `account` (logins by any name), `username` or `email` (logins by that name),
  // `second_factor` (codes of an authenticator app), `mail_code` (mailed codes; a mailed link is not locked).
  std::string of{};
  // Whether the lock applies only to one of the devices on which the account logged in before. Otherwise it
  // applies only to all other devices.
  bool known_device{};
  // The number of consecutive failures.
  std::int64_t failures{};
  // When the lock ends. Absent if it lasts: after 100 consecutive failures, until an administrator unlocks
  // the account, its password is reset by mail, or, for codes of an app, the user proves another factor.
  std::optional<std::int64_t> locked_until{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("of", self.of);
    visit("known_device", self.known_device);
    visit("failures", self.failures);
    visit("locked_until", self.locked_until);
  }
};

// A mail that waits to be sent.
struct waiting_mail {
  // The kind of mail.
  std::string kind{};
  // When the mail was written.
  std::int64_t created_at{};
  // The number of attempts to send the mail.
  std::int64_t attempts{};
  // Why the last attempt failed, if one did.
  std::optional<std::string> last_error{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("kind", self.kind);
    visit("created_at", self.created_at);
    visit("attempts", self.attempts);
    visit("last_error", self.last_error);
  }
};

// The state of a password.
struct password_status {
  // Whether a secret key seals the hash.
  bool peppered{};
  // When the password expires, if an administrator set it.
  std::optional<std::int64_t> expires_at{};
  // The cost of its hash: `m=19456,t=2,p=1`. Absent if the hash cannot be read.
  std::optional<std::string> parameters{};
  // The scheme of its hash: `argon2id`, `bcrypt`, … Absent if the hash cannot be read.
  std::optional<std::string> scheme{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("peppered", self.peppered);
    visit("expires_at", self.expires_at);
    visit("parameters", self.parameters);
    visit("scheme", self.scheme);
  }
};

// The second factors of an account.
struct second_factor_status {
  // Whether an authenticator app is active.
  bool totp{};
  // The number of passkeys.
  std::int64_t passkeys{};
  // The number of unused recovery codes.
  std::int64_t recovery_codes{};
  // Whether the account must have a second factor (`require_second_factor`).
  bool required{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("totp", self.totp);
    visit("passkeys", self.passkeys);
    visit("recovery_codes", self.recovery_codes);
    visit("required", self.required);
  }
};

// The state of an account, for administrators: do not pass it on to the user or a browser.
struct account_status {
  // The reasons why the right password, or the factor after it, would be refused now; empty if the account
  // itself gives none: `locked`, `no_password`, `sealed_by_unknown_key`, `password_hash_too_costly`,
  // `invalid_password_hash`, `inactive_user`, `temporary_password_expired`, `unverified_email`;
  // `second_factor_missing` (the account must have a second factor and has none); for codes of an app
  // `second_factor_locked`, `retired_seed`, `app_sealed_by_unknown_key`. A locked source is not listed,
  // because it belongs to no account.
  std::vector<std::string> obstacles{};
  // The names by which a login finds the account: `username`, and `email` if the account has claimed its
  // address.
  std::vector<std::string> found_by{};
  // The locks in force.
  std::vector<doorward::account_lock> locks{};
  // Whether the next login by password requires a new password.
  bool must_change_password{};
  // Whether the account ever verified an address, the present one or an earlier one.
  bool was_verified{};
  // Whether the user ever proved an address, by a mail or an ID token, not by an administrator's word. Until
  // then, an administrator may reclaim the account (`reclaim` of `update_user`).
  bool has_proven{};
  // Whether a login requires a verified address (`require_verified_email`).
  bool verification_required{};
  // The second factors.
  doorward::second_factor_status second_factors{};
  // The number of live sessions.
  std::int64_t sessions{};
  // The providers whose ID tokens log in to the account: their names in the configuration, or else their
  // issuers.
  std::vector<std::string> identities{};
  // The mails to the user that wait to be sent, the oldest first.
  std::vector<doorward::waiting_mail> mails{};
  // When a session was last opened, as far as sessions and the newest thousand events of the account show.
  std::optional<std::int64_t> last_login_at{};
  // The password; absent if the account has none.
  std::optional<doorward::password_status> password{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("obstacles", self.obstacles);
    visit("found_by", self.found_by);
    visit("locks", self.locks);
    visit("must_change_password", self.must_change_password);
    visit("was_verified", self.was_verified);
    visit("has_proven", self.has_proven);
    visit("verification_required", self.verification_required);
    visit("second_factors", self.second_factors);
    visit("sessions", self.sessions);
    visit("identities", self.identities);
    visit("mails", self.mails);
    visit("last_login_at", self.last_login_at);
    visit("password", self.password);
  }
};

// The account.
struct get_user_response {
  // The account.
  doorward::user user{};
  // The account's state, if it was asked for.
  std::optional<doorward::account_status> status{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user", self.user);
    visit("status", self.status);
  }
};

// A page of accounts.
struct list_users_response {
  // The accounts.
  std::vector<doorward::user> users{};
  // The id to give as `after` for the next page; absent if there is none.
  std::optional<std::string> next{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("users", self.users);
    visit("next", self.next);
  }
};

// A page of the accounts found.
struct search_users_response {
  // The accounts. A page may have fewer than `limit`, or none, and still a `next`: if few accounts of many
  // are wanted, one call looks at up to 20,000, and at up to 20,000 that each index finds for the text.
  std::vector<doorward::user> users{};
  // The place to give as `after` for the next page; absent if there is none.
  std::optional<std::string> next{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("users", self.users);
    visit("next", self.next);
  }
};

// An account.
struct user_response {
  // The account.
  doorward::user user{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user", self.user);
  }
};

// The account is locked.
struct lock_user_response {
  // The account.
  doorward::user user{};
  // The number of sessions that ended.
  std::int64_t revoked_sessions{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user", self.user);
    visit("revoked_sessions", self.revoked_sessions);
  }
};

// The account was deleted.
struct delete_user_response {
  // Always true.
  bool deleted{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("deleted", self.deleted);
  }
};

// A reason why an account cannot be imported.
struct import_problem {
  // The account's place in `users`, counted from 0.
  std::int64_t index{};
  // The problem: `invalid_id`, `id_taken` (in the store), `id_repeated` (in the request), `missing_username`
  // (and no address that could stand for it), `invalid_username`, `username_taken`, `username_repeated`,
  // `invalid_email`, `missing_email` (but said to be verified), `email_taken`, `email_repeated`,
  // `email_not_verified` (but the account has a second factor or an identity), `invalid_password_hash`,
  // `password_hash_too_costly`, `password_mismatch` (of `check`), `invalid_roles`, `invalid_attributes`,
  // `invalid_locale`, `invalid_time`, `invalid_external_id`, `external_id_taken`, `external_id_repeated`,
  // `invalid_totp`, `invalid_recovery_codes`, `recovery_codes_taken`, `recovery_codes_repeated`,
  // `invalid_identities`, `identity_taken`, `identity_repeated`, `invalid_passkeys`, `passkey_taken`,
  // `passkey_repeated`, `invalid_service_account`.
  std::string code{};
  // What was expected, or what a password hash that is refused seems to be, where the code alone does not say
  // it. It quotes nothing of the account but the cost of a hash.
  std::optional<std::string> reason{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("index", self.index);
    visit("code", self.code);
    visit("reason", self.reason);
  }
};

// The result of the import; with `dry_run`, the result that it would have.
struct import_users_response {
  // The number of accounts created.
  std::int64_t imported{};
  // The number of accounts not imported because of a problem.
  std::int64_t skipped{};
  // The number of accounts that exist already with the same name, kind, address, roles, attributes, language
  // and external id, and the same id if one is given. They are left alone and are not problems. Passwords and
  // second factors are not compared, because their users may have changed them.
  std::int64_t present{};
  // The problems, in the order of the accounts.
  std::vector<doorward::import_problem> problems{};
  // The number of hashes by scheme among the new accounts without problems. Until they are upgraded, they
  // decide what logins cost.
  std::map<std::string, std::int64_t> hashes{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("imported", self.imported);
    visit("skipped", self.skipped);
    visit("present", self.present);
    visit("problems", self.problems);
    visit("hashes", self.hashes);
  }
};

// A user of an identity provider.
struct portable_identity {
  // The provider's issuer: `iss`.
  std::string issuer{};
  // The user's id at the provider: `sub`.
  std::string subject{};
  // When the identity was linked to the account.
  std::int64_t created_at{};
  // When the identity was unlinked.
  std::optional<std::int64_t> unlinked_at{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("issuer", self.issuer);
    visit("subject", self.subject);
    visit("created_at", self.created_at);
    visit("unlinked_at", self.unlinked_at);
  }
};

// A passkey with its public key.
struct portable_passkey {
  // The credential's id.
  std::string id{};
  // The public key: a COSE_Key.
  std::string public_key{};
  // The last value of the authenticator's counter.
  std::int64_t sign_count{};
  // Whether the authenticator verified its user before.
  bool user_verified{};
  // Whether the passkey is on several devices.
  bool backed_up{};
  // The transports that reach its authenticator.
  std::vector<std::string> transports{};
  // The model of authenticator.
  std::string aaguid{};
  // When the passkey was registered.
  std::int64_t created_at{};
  // Whether the passkey may be on several devices, if known.
  std::optional<bool> backup_eligible{};
  // The user's name for the passkey.
  std::optional<std::string> label{};
  // When the passkey was last used.
  std::optional<std::int64_t> last_used_at{};
  // The user handle, if it is not the bytes of the user's id.
  std::optional<std::string> user_handle{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("public_key", self.public_key);
    visit("sign_count", self.sign_count);
    visit("user_verified", self.user_verified);
    visit("backed_up", self.backed_up);
    visit("transports", self.transports);
    visit("aaguid", self.aaguid);
    visit("created_at", self.created_at);
    visit("backup_eligible", self.backup_eligible);
    visit("label", self.label);
    visit("last_used_at", self.last_used_at);
    visit("user_handle", self.user_handle);
  }
};

// An authenticator app with its secret.
struct portable_totp {
  // The secret in base32.
  doorward::secret secret{};
  // The number of digits of a code.
  std::int64_t digits{};
  // How long a code is shown.
  std::int64_t period_seconds{};
  // When the app was set up.
  std::int64_t created_at{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("secret", self.secret);
    visit("digits", self.digits);
    visit("period_seconds", self.period_seconds);
    visit("created_at", self.created_at);
  }
};

// An account in the form of `import_users`. What is absent is as an import has it by default.
struct portable_user {
  // The immutable id, `sub` in tokens.
  std::string id{};
  // The username as it was given.
  std::string username{};
  // The e-mail address as it was given, if there is one.
  std::optional<std::string> email{};
  // Whether the user proved that the address is theirs.
  bool email_verified{};
  // Whether the account may log in.
  bool is_active{};
  // The roles, in alphabetical order.
  std::vector<std::string> roles{};
  // Other data that the host keeps with the account.
  std::map<std::string, doorward::json> attributes{};
  // When the account was created, in Unix seconds.
  std::int64_t created_at{};
  // False if the address is not claimed: another account may have it.
  std::optional<bool> email_claimed{};
  // Whether the user proved an address.
  std::optional<bool> email_proven{};
  // Whether an address was verified before, though the present one is not.
  std::optional<bool> email_was_verified{};
  // The host's own id of the account, if it has one.
  std::optional<std::string> external_id{};
  // The users of identity providers that log in to the account, or did.
  std::optional<std::vector<doorward::portable_identity>> identities{};
  // True for an account of `create_service_account`, which has API keys and cannot log in; otherwise absent.
  std::optional<bool> is_service_account{};
  // The language of mails to this user, if one was chosen.
  std::optional<std::string> locale{};
  // Whether the next login by password requires a new password.
  std::optional<bool> must_change_password{};
  // The passkeys.
  std::optional<std::vector<doorward::portable_passkey>> passkeys{};
  // When the password expires.
  std::optional<std::int64_t> password_expires_at{};
  // The hash of the password, without the pepper. Absent if no secret key opens it.
  std::optional<doorward::secret> password_hash{};
  // When the password was set.
  std::optional<std::int64_t> password_set_at{};
  // The hashes of earlier passwords, the newest first.
  std::optional<std::vector<doorward::secret>> past_password_hashes{};
  // What the store keeps of the recovery codes. Only an engine with the same secret key can verify them.
  std::optional<std::vector<doorward::secret>> recovery_code_hashes{};
  // When all tokens of the account were last revoked.
  std::optional<std::int64_t> tokens_revoked_at{};
  // The authenticator app. Absent if no secret key opens its secret.
  std::optional<doorward::portable_totp> totp{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("username", self.username);
    visit.nullable("email", self.email);
    visit("email_verified", self.email_verified);
    visit("is_active", self.is_active);
    visit("roles", self.roles);
    visit("attributes", self.attributes);
    visit("created_at", self.created_at);
    visit("email_claimed", self.email_claimed);
    visit("email_proven", self.email_proven);
    visit("email_was_verified", self.email_was_verified);
    visit("external_id", self.external_id);
    visit("identities", self.identities);
    visit("is_service_account", self.is_service_account);
    visit("locale", self.locale);
    visit("must_change_password", self.must_change_password);
    visit("passkeys", self.passkeys);
    visit("password_expires_at", self.password_expires_at);
    visit("password_hash", self.password_hash);
    visit("password_set_at", self.password_set_at);
    visit("past_password_hashes", self.past_password_hashes);
    visit("recovery_code_hashes", self.recovery_code_hashes);
    visit("tokens_revoked_at", self.tokens_revoked_at);
    visit("totp", self.totp);
  }
};

// A page of accounts.
struct export_users_response {
  // The accounts. Those that wait for the reader of an invitation are left out.
  std::vector<doorward::portable_user> users{};
  // The id to give as `after` for the next page; absent if there is none.
  std::optional<std::string> next{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("users", self.users);
    visit("next", self.next);
  }
};

// An API key, without the key itself.
struct api_key {
  // The key's id.
  std::string id{};
  // The id of its account.
  std::string user_id{};
  // The owner's name for the key.
  std::string name{};
  // The first characters of the key, by which its owner recognizes it.
  std::string beginning{};
  // The backend that the key is for.
  std::string backend{};
  // The scopes.
  std::vector<std::string> scopes{};
  // When the key was created.
  std::int64_t created_at{};
  // When the key expires; absent if it does not.
  std::optional<std::int64_t> expires_at{};
  // When the key was last used, to the minute; absent if it never was.
  std::optional<std::int64_t> last_used_at{};
  // The roles of its account that the key has; absent if it has all of them.
  std::optional<std::vector<std::string>> roles{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("user_id", self.user_id);
    visit("name", self.name);
    visit("beginning", self.beginning);
    visit("backend", self.backend);
    visit("scopes", self.scopes);
    visit("created_at", self.created_at);
    visit("expires_at", self.expires_at);
    visit("last_used_at", self.last_used_at);
    visit("roles", self.roles);
  }
};

// An event of the audit log.
struct event {
  // The event's id; ids are ordered by time.
  std::string id{};
  // When the event happened, in Unix seconds.
  std::int64_t at{};
  // The kind of event.
  std::string kind{};
  // The actor that the host named, if it was not the account itself.
  std::optional<std::string> actor{};
  // Details, by kind: the reason, the backend, the names of the changed fields. They are for the host only.
  std::optional<std::string> detail{};
  // The client's IP address, if the host gave it; forgotten with the account.
  std::optional<std::string> ip{};
  // The session's id.
  std::optional<std::string> session_id{};
  // The account's id, if the event concerns an account.
  std::optional<std::string> user_id{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("at", self.at);
    visit("kind", self.kind);
    visit("actor", self.actor);
    visit("detail", self.detail);
    visit("ip", self.ip);
    visit("session_id", self.session_id);
    visit("user_id", self.user_id);
  }
};

// Canonical forms (RFC 8265 UsernameCaseMapped; the address folded, its domain as an A-label).
struct identifiers {
  // The form of the username.
  std::string username{};
  // The form of the address, if the account has claimed it.
  std::optional<std::string> email{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("username", self.username);
    visit("email", self.email);
  }
};

// An identity at a provider of ID tokens.
struct exported_identity {
  // The provider's issuer: `iss`.
  std::string issuer{};
  // The user's id at the provider: `sub`.
  std::string subject{};
  // When the identity was linked to the account.
  std::int64_t created_at{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("issuer", self.issuer);
    visit("subject", self.subject);
    visit("created_at", self.created_at);
  }
};

// An invitation to an organization.
struct invitation {
  // The invitation's id.
  std::string id{};
  // The organization's id.
  std::string organization_id{};
  // The address as it was given.
  std::string email{};
  // The roles that the member gets in the organization, in alphabetical order.
  std::vector<std::string> roles{};
  // When the invitation was made.
  std::int64_t created_at{};
  // When the invitation expires.
  std::int64_t expires_at{};
  // The member who invites, if the request named one.
  std::optional<std::string> invited_by{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("organization_id", self.organization_id);
    visit("email", self.email);
    visit("roles", self.roles);
    visit("created_at", self.created_at);
    visit("expires_at", self.expires_at);
    visit("invited_by", self.invited_by);
  }
};

// A mail in the outbox.
struct exported_mail {
  // The kind of mail.
  std::string kind{};
  // When the mail was written.
  std::int64_t created_at{};
  // When the mail is no longer worth sending.
  std::int64_t expires_at{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("kind", self.kind);
    visit("created_at", self.created_at);
    visit("expires_at", self.expires_at);
  }
};

// A mailed token or a challenge, without the secret.
struct exported_secret {
  // The secret's purpose.
  std::string purpose{};
  // When the secret was made.
  std::int64_t created_at{};
  // When the secret expires.
  std::int64_t expires_at{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("purpose", self.purpose);
    visit("created_at", self.created_at);
    visit("expires_at", self.expires_at);
  }
};

// The membership in an organization.
struct exported_membership {
  // The organization's id.
  std::string organization_id{};
  // The organization's name.
  std::string name{};
  // The roles in the organization, in alphabetical order.
  std::vector<std::string> roles{};
  // When the account became a member.
  std::int64_t created_at{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("organization_id", self.organization_id);
    visit("name", self.name);
    visit("roles", self.roles);
    visit("created_at", self.created_at);
  }
};

// A passkey, for its user's own list.
struct passkey {
  // The credential's id.
  std::string id{};
  // When the passkey was registered.
  std::int64_t created_at{};
  // Whether the passkey may be on several devices, because it is synchronized.
  bool backup_eligible{};
  // Whether the passkey is on several devices now, as far as known.
  bool backed_up{};
  // The transports that reach its authenticator: `internal`, `hybrid`, `usb`, `nfc`, `ble`, …
  std::vector<std::string> transports{};
  // The model of authenticator, if it tells; not verified.
  std::string aaguid{};
  // The name of that model in `passkeys.authenticator_names`.
  std::optional<std::string> authenticator{};
  // The user's name for the passkey.
  std::optional<std::string> label{};
  // When the passkey was last used.
  std::optional<std::int64_t> last_used_at{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("created_at", self.created_at);
    visit("backup_eligible", self.backup_eligible);
    visit("backed_up", self.backed_up);
    visit("transports", self.transports);
    visit("aaguid", self.aaguid);
    visit("authenticator", self.authenticator);
    visit("label", self.label);
    visit("last_used_at", self.last_used_at);
  }
};

// An authenticator app.
struct exported_totp {
  // When the app was set up.
  std::int64_t created_at{};
  // When the app was activated.
  std::optional<std::int64_t> confirmed_at{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("created_at", self.created_at);
    visit("confirmed_at", self.confirmed_at);
  }
};

// The person who acts in a session as its user (RFC 8693 section 4.1).
struct act {
  // The id of the person's own account.
  std::string sub{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("sub", self.sub);
  }
};

// A login at an identity provider, and what the provider says about it. The engine concludes nothing from it.
struct provider_login {
  // The provider's name in `id_token_providers`.
  std::string name{};
  // The authentication context class (OpenID Connect Core section 2).
  std::optional<std::string> acr{};
  // The authentication methods (RFC 8176).
  std::optional<std::vector<std::string>> amr{};
  // When the user authenticated at the provider, in Unix seconds.
  std::optional<std::int64_t> auth_time{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("name", self.name);
    visit("acr", self.acr);
    visit("amr", self.amr);
    visit("auth_time", self.auth_time);
  }
};

// A session as the store keeps it.
struct exported_session {
  // The session's id: `sid` in tokens.
  std::string id{};
  // The backend that its tokens are for.
  std::string backend{};
  // The methods by which the user authenticated (RFC 8176).
  std::vector<std::string> amr{};
  // When the session was opened.
  std::int64_t created_at{};
  // When the session was last refreshed, or else opened.
  std::int64_t refreshed_at{};
  // When the session ends or ended, unless it is refreshed or revoked.
  std::int64_t expires_at{};
  // The person who acts or acted as the user in this session, if it is not the user's own.
  std::optional<doorward::act> act{};
  // The host's own claims in its tokens. Left out if no secret key opens them: one that sealed them was
  // removed.
  std::optional<std::map<std::string, doorward::json>> claims{};
  // The device that opened the session.
  std::optional<doorward::secret> device_id{};
  // The longest time without a refresh, if the login gave a shorter one than the backend's.
  std::optional<std::int64_t> idle_seconds{};
  // The IP address that opened the session.
  std::optional<std::string> ip{};
  // The label, if the session has one.
  std::optional<std::string> label{};
  // The organization that the session is in, if the login was for one.
  std::optional<std::string> organization_id{};
  // Whether the session outlasts the browser, if the login said so.
  std::optional<bool> persistent{};
  // The login at an identity provider that opened the session, if one did.
  std::optional<doorward::provider_login> provider{};
  // When the session was revoked.
  std::optional<std::int64_t> revoked_at{};
  // The scopes of its tokens.
  std::optional<std::string> scope{};
  // The `User-Agent` that opened the session.
  std::optional<std::string> user_agent{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("backend", self.backend);
    visit("amr", self.amr);
    visit("created_at", self.created_at);
    visit("refreshed_at", self.refreshed_at);
    visit("expires_at", self.expires_at);
    visit("act", self.act);
    visit("claims", self.claims);
    visit("device_id", self.device_id);
    visit("idle_seconds", self.idle_seconds);
    visit("ip", self.ip);
    visit("label", self.label);
    visit("organization_id", self.organization_id);
    visit("persistent", self.persistent);
    visit("provider", self.provider);
    visit("revoked_at", self.revoked_at);
    visit("scope", self.scope);
    visit("user_agent", self.user_agent);
  }
};

// A device that its user trusts, for the user's own list.
struct trusted_device {
  // The device's id.
  std::string id{};
  // When the device was trusted.
  std::int64_t created_at{};
  // When the trust ends.
  std::int64_t expires_at{};
  // When the device last took the place of a second factor.
  std::optional<std::int64_t> last_used_at{};
  // The `User-Agent` of the login that trusted it.
  std::optional<std::string> user_agent{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("created_at", self.created_at);
    visit("expires_at", self.expires_at);
    visit("last_used_at", self.last_used_at);
    visit("user_agent", self.user_agent);
  }
};

// Everything that the store keeps about a person, without secrets; one page of sessions and events.
struct export_user_response {
  // The account.
  doorward::user user{};
  // The canonical forms by which the account's name and address are compared.
  doorward::identifiers identifiers{};
  // Whether the next login by password requires a new password.
  bool must_change_password{};
  // The number of earlier passwords of which the store keeps the hashes (`password.history`).
  std::int64_t past_passwords{};
  // The identities of ID token providers that log in to the account.
  std::vector<doorward::exported_identity> identities{};
  // The mails that wait to be sent, without their content (the address and a token).
  std::vector<doorward::exported_mail> mails{};
  // The number of unused recovery codes.
  std::int64_t recovery_codes{};
  // The mailed tokens and challenges that can still be redeemed or are not yet forgotten.
  std::vector<doorward::exported_secret> one_time_secrets{};
  // The passkeys.
  std::vector<doorward::passkey> passkeys{};
  // The API keys, without the keys themselves, with those that expired and are not yet forgotten.
  std::vector<doorward::api_key> api_keys{};
  // The organizations of which the user is a member.
  std::vector<doorward::exported_membership> organizations{};
  // The invitations to organizations, with those that expired and are not yet forgotten.
  std::vector<doorward::invitation> invitations{};
  // The devices that the user trusts, with those that expired and are not yet forgotten.
  std::vector<doorward::trusted_device> trusted_devices{};
  // When each known device of the user will be forgotten. The store does not keep which device it is.
  std::vector<std::int64_t> known_devices{};
  // The sessions, the oldest first, with those that ended and are not yet forgotten.
  std::vector<doorward::exported_session> sessions{};
  // The account's events in the audit log, the oldest first.
  std::vector<doorward::event> events{};
  // The id to give as `after` for the next page of sessions and events; absent if there is none.
  std::optional<std::string> next{};
  // When the password expires, if an administrator set it.
  std::optional<std::int64_t> password_expires_at{};
  // The scheme of the password's hash, if there is a password. The hash stays in the store.
  std::optional<std::string> password_scheme{};
  // When the password was set.
  std::optional<std::int64_t> password_set_at{};
  // The authenticator app that is set up and not confirmed, without its secret.
  std::optional<doorward::exported_totp> pending_totp{};
  // The authenticator app without its secret, if one is in use.
  std::optional<doorward::exported_totp> totp{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user", self.user);
    visit("identifiers", self.identifiers);
    visit("must_change_password", self.must_change_password);
    visit("past_passwords", self.past_passwords);
    visit("identities", self.identities);
    visit("mails", self.mails);
    visit("recovery_codes", self.recovery_codes);
    visit("one_time_secrets", self.one_time_secrets);
    visit("passkeys", self.passkeys);
    visit("api_keys", self.api_keys);
    visit("organizations", self.organizations);
    visit("invitations", self.invitations);
    visit("trusted_devices", self.trusted_devices);
    visit("known_devices", self.known_devices);
    visit("sessions", self.sessions);
    visit("events", self.events);
    visit("next", self.next);
    visit("password_expires_at", self.password_expires_at);
    visit("password_scheme", self.password_scheme);
    visit("password_set_at", self.password_set_at);
    visit("pending_totp", self.pending_totp);
    visit("totp", self.totp);
  }
};

// A password hash.
struct hash_password_response {
  // Argon2id in PHC string format.
  doorward::secret hash{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("hash", self.hash);
  }
};

// The result of the verification.
struct verify_password_response {
  // Whether the hash is of this password. False for a malformed hash and for one whose cost is out of bounds.
  bool valid{};
  // Whether the password should be hashed again with the present cost.
  bool needs_rehash{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("valid", self.valid);
    visit("needs_rehash", self.needs_rehash);
  }
};

// A reason why a password is too weak.
enum class password_weakness {
  // A value that this header does not know.
  unknown,
  too_short,
  too_long,
  invalid_characters,
  common,
  repetition,
  sequence,
  date,
  contains_username,
  contains_email,
  contains_issuer,
  contains_user_input,
  easily_guessed,
  breached,
  same_as_old,
  used_before,
};

namespace detail {

template <>
struct names<password_weakness> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "too_short",
      "too_long",
      "invalid_characters",
      "common",
      "repetition",
      "sequence",
      "date",
      "contains_username",
      "contains_email",
      "contains_issuer",
      "contains_user_input",
      "easily_guessed",
      "breached",
      "same_as_old",
      "used_before",
  };
  // clang-format on
};

}  // namespace detail

// The policy's verdict on a password.
struct check_password_response {
  // Whether the password may be chosen.
  bool acceptable{};
  // How hard the password is to guess, from 0 to 4 (zxcvbn): for a meter beside the field.
  std::int64_t score{};
  // Why the password may not be chosen; they may be shown to the user.
  std::vector<doorward::password_weakness> reasons{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("acceptable", self.acceptable);
    visit("score", self.score);
    visit("reasons", self.reasons);
  }
};

// The password was changed and every session ended, the caller's included: log in again.
struct change_password_response {
  // The number of sessions that ended.
  std::int64_t revoked_sessions{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("revoked_sessions", self.revoked_sessions);
  }
};

// An opened session. Keep both tokens secret.
struct login_response {
  // The access token (RFC 9068); send it as `Authorization: Bearer …`.
  doorward::secret access_token{};
  // Always `Bearer`.
  std::string token_type{};
  // The life of the access token in seconds.
  std::int64_t expires_in{};
  // The session's id: `sid` in the token.
  std::string session_id{};
  // The backend that the token is for.
  std::string backend{};
  // The user who logged in.
  doorward::user user{};
  // The organization that the session is in, if the login was for one.
  std::optional<std::string> organization_id{};
  // Whether the user stays logged in when the browser is closed, if the login's `lifetime` said so.
  std::optional<bool> persistent{};
  // If this login gave the account its first second factor: the recovery codes. They are shown only now.
  std::optional<std::vector<doorward::secret>> recovery_codes{};
  // The life of the refresh token in seconds.
  std::optional<std::int64_t> refresh_expires_in{};
  // The refresh token, which gets the next access token; absent if the backend does not refresh.
  std::optional<doorward::secret> refresh_token{};
  // The life of that token in seconds.
  std::optional<std::int64_t> trusted_device_expires_in{};
  // With `trust_device`: the token for `trusted_device_token` of `login`, for a cookie that scripts cannot
  // read. Absent if the user may trust no device.
  std::optional<doorward::secret> trusted_device_token{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("access_token", self.access_token);
    visit("token_type", self.token_type);
    visit("expires_in", self.expires_in);
    visit("session_id", self.session_id);
    visit("backend", self.backend);
    visit("user", self.user);
    visit("organization_id", self.organization_id);
    visit("persistent", self.persistent);
    visit("recovery_codes", self.recovery_codes);
    visit("refresh_expires_in", self.refresh_expires_in);
    visit("refresh_token", self.refresh_token);
    visit("trusted_device_expires_in", self.trusted_device_expires_in);
    visit("trusted_device_token", self.trusted_device_token);
  }
};

// An opened session. Keep both tokens secret.
struct login_with_id_token_response {
  // The access token (RFC 9068); send it as `Authorization: Bearer …`.
  doorward::secret access_token{};
  // Always `Bearer`.
  std::string token_type{};
  // The life of the access token in seconds.
  std::int64_t expires_in{};
  // The session's id: `sid` in the token.
  std::string session_id{};
  // The backend that the token is for.
  std::string backend{};
  // The user who logged in.
  doorward::user user{};
  // Whether this login created the account.
  bool created{};
  // The organization that the session is in, if the login was for one.
  std::optional<std::string> organization_id{};
  // Whether the user stays logged in when the browser is closed, if the login's `lifetime` said so.
  std::optional<bool> persistent{};
  // If this login gave the account its first second factor: the recovery codes. They are shown only now.
  std::optional<std::vector<doorward::secret>> recovery_codes{};
  // The life of the refresh token in seconds.
  std::optional<std::int64_t> refresh_expires_in{};
  // The refresh token, which gets the next access token; absent if the backend does not refresh.
  std::optional<doorward::secret> refresh_token{};
  // The life of that token in seconds.
  std::optional<std::int64_t> trusted_device_expires_in{};
  // With `trust_device`: the token for `trusted_device_token` of `login`, for a cookie that scripts cannot
  // read. Absent if the user may trust no device.
  std::optional<doorward::secret> trusted_device_token{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("access_token", self.access_token);
    visit("token_type", self.token_type);
    visit("expires_in", self.expires_in);
    visit("session_id", self.session_id);
    visit("backend", self.backend);
    visit("user", self.user);
    visit("created", self.created);
    visit("organization_id", self.organization_id);
    visit("persistent", self.persistent);
    visit("recovery_codes", self.recovery_codes);
    visit("refresh_expires_in", self.refresh_expires_in);
    visit("refresh_token", self.refresh_token);
    visit("trusted_device_expires_in", self.trusted_device_expires_in);
    visit("trusted_device_token", self.trusted_device_token);
  }
};

// A login that begins; finish it within fifteen minutes.
struct begin_provider_login_response {
  // The URL to which to send the browser.
  doorward::secret authorization_url{};
  // The transaction for `finish_provider_login`. Keep it in this browser, in a cookie that scripts cannot
  // read, and nowhere else. A login that succeeds spends it.
  doorward::secret transaction{};
  // The `state` with which the browser comes back, by which the host finds the transaction if the browser has
  // several.
  doorward::secret state{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("authorization_url", self.authorization_url);
    visit("transaction", self.transaction);
    visit("state", self.state);
  }
};

// A header of a request.
struct provider_request_header {
  // The name.
  std::string name{};
  // The value.
  doorward::secret value{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("name", self.name);
    visit("value", self.value);
  }
};

// An HTTP request to a provider.
struct provider_request {
  // The method: `GET` or `POST`.
  std::string method{};
  // The URL: https; http only for a loopback host.
  std::string url{};
  // The headers.
  std::vector<doorward::provider_request_header> headers{};
  // The body, if there is one: a form, as the header `content-type` says.
  std::optional<doorward::secret> body{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("method", self.method);
    visit("url", self.url);
    visit("headers", self.headers);
    visit("body", self.body);
  }
};

// The next request.
struct next_provider_request_response {
  // The request to send, without following redirects. Absent if `finish_provider_login` needs no more.
  std::optional<doorward::provider_request> send{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("send", self.send);
  }
};

// An opened session, or that of `user_token`. Keep the tokens secret.
struct finish_provider_login_response {
  // The access token (RFC 9068); send it as `Authorization: Bearer …`.
  doorward::secret access_token{};
  // Always `Bearer`.
  std::string token_type{};
  // The life of the access token in seconds.
  std::int64_t expires_in{};
  // The session's id: `sid` in the token.
  std::string session_id{};
  // The backend that the token is for.
  std::string backend{};
  // The user who logged in.
  doorward::user user{};
  // Whether this login created the account.
  bool created{};
  // Whether the identity was linked to the account of `user_token`. Then the session is the one of that
  // token, with a new access token and no other refresh token.
  bool linked{};
  // The organization that the session is in, if the login was for one.
  std::optional<std::string> organization_id{};
  // Whether the user stays logged in when the browser is closed, if the login's `lifetime` said so.
  std::optional<bool> persistent{};
  // If this login gave the account its first second factor: the recovery codes. They are shown only now.
  std::optional<std::vector<doorward::secret>> recovery_codes{};
  // The life of the refresh token in seconds.
  std::optional<std::int64_t> refresh_expires_in{};
  // The refresh token, which gets the next access token; absent if the backend does not refresh.
  std::optional<doorward::secret> refresh_token{};
  // The life of that token in seconds.
  std::optional<std::int64_t> trusted_device_expires_in{};
  // With `trust_device`: the token for `trusted_device_token` of `login`, for a cookie that scripts cannot
  // read. Absent if the user may trust no device.
  std::optional<doorward::secret> trusted_device_token{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("access_token", self.access_token);
    visit("token_type", self.token_type);
    visit("expires_in", self.expires_in);
    visit("session_id", self.session_id);
    visit("backend", self.backend);
    visit("user", self.user);
    visit("created", self.created);
    visit("linked", self.linked);
    visit("organization_id", self.organization_id);
    visit("persistent", self.persistent);
    visit("recovery_codes", self.recovery_codes);
    visit("refresh_expires_in", self.refresh_expires_in);
    visit("refresh_token", self.refresh_token);
    visit("trusted_device_expires_in", self.trusted_device_expires_in);
    visit("trusted_device_token", self.trusted_device_token);
  }
};

// A user of a provider who is let into an account.
struct linked_identity {
  // The provider's issuer: `iss`.
  std::string issuer{};
  // The user's id at the provider: `sub`.
  std::string subject{};
  // When the identity was linked to the account.
  std::int64_t created_at{};
  // The provider's name in `id_token_providers`; absent if it is not configured any more.
  std::optional<std::string> provider{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("issuer", self.issuer);
    visit("subject", self.subject);
    visit("created_at", self.created_at);
    visit("provider", self.provider);
  }
};

// Identities, the oldest first.
struct list_identities_response {
  // The identities.
  std::vector<doorward::linked_identity> identities{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("identities", self.identities);
  }
};

// The identity opens the account no more. If it did before, every session has ended.
struct unlink_identity_response {
  // Whether the identity was linked to the account.
  bool unlinked{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("unlinked", self.unlinked);
  }
};

// A fresh access token of the same session.
struct reauthenticate_response {
  // The access token, whose `auth_time` is now. The previous token stays valid, with its own `auth_time`.
  doorward::secret access_token{};
  // The token's lifetime in seconds.
  std::int64_t expires_in{};
  // Whether the user stays logged in when the browser is closed, if the login's `lifetime` said so.
  std::optional<bool> persistent{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("access_token", self.access_token);
    visit("expires_in", self.expires_in);
    visit("persistent", self.persistent);
  }
};

// The next tokens. The refresh token that was given is spent.
struct refresh_response {
  // The next access token.
  doorward::secret access_token{};
  // The next refresh token. All callers that offer the same token get the same next one.
  doorward::secret refresh_token{};
  // Always `Bearer`.
  std::string token_type{};
  // The life of the access token in seconds.
  std::int64_t expires_in{};
  // The life of the refresh token in seconds.
  std::int64_t refresh_expires_in{};
  // Whether the user stays logged in when the browser is closed, if the login's `lifetime` said so.
  std::optional<bool> persistent{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("access_token", self.access_token);
    visit("refresh_token", self.refresh_token);
    visit("token_type", self.token_type);
    visit("expires_in", self.expires_in);
    visit("refresh_expires_in", self.refresh_expires_in);
    visit("persistent", self.persistent);
  }
};

// The session ended.
struct logout_response {
  // The next step for the client.
  std::string message{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("message", self.message);
  }
};

// A session, for its user's own list.
struct session {
  // The session's id: `sid` in tokens.
  std::string id{};
  // Whether it is the session of `current_session_id`.
  bool current{};
  // The backend that its tokens are for.
  std::string backend{};
  // When the session was opened.
  std::int64_t created_at{};
  // When the session was last refreshed, or else opened.
  std::int64_t refreshed_at{};
  // When the session ends unless it is refreshed.
  std::int64_t expires_at{};
  // The methods by which the user authenticated (RFC 8176).
  std::vector<std::string> amr{};
  // The person who acts as the user in this session, if it is not the user's own (`impersonate`).
  std::optional<doorward::act> act{};
  // The device that opened the session.
  std::optional<doorward::secret> device_id{};
  // The IP address that opened the session. Left out, as the next two, where another person acts as the user.
  std::optional<std::string> ip{};
  // The label, if the session has one.
  std::optional<std::string> label{};
  // The organization that the session is in, if the login was for one.
  std::optional<std::string> organization_id{};
  // The login at an identity provider that opened the session, if one did.
  std::optional<doorward::provider_login> provider{};
  // The `User-Agent` that opened the session.
  std::optional<std::string> user_agent{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("current", self.current);
    visit("backend", self.backend);
    visit("created_at", self.created_at);
    visit("refreshed_at", self.refreshed_at);
    visit("expires_at", self.expires_at);
    visit("amr", self.amr);
    visit("act", self.act);
    visit("device_id", self.device_id);
    visit("ip", self.ip);
    visit("label", self.label);
    visit("organization_id", self.organization_id);
    visit("provider", self.provider);
    visit("user_agent", self.user_agent);
  }
};

// Sessions, the oldest first.
struct list_sessions_response {
  // The sessions.
  std::vector<doorward::session> sessions{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("sessions", self.sessions);
  }
};

// The session after its change.
struct update_session_response {
  // The session.
  doorward::session session{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("session", self.session);
  }
};

// The number of sessions that ended.
struct revoked_response {
  // The number of live sessions that ended.
  std::int64_t revoked{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("revoked", self.revoked);
  }
};

// The token is revoked, or there was nothing to revoke.
struct revoke_token_response {
  template <class Self, class Visitor>
  static void each_member(Self &, Visitor &) {}
};

// The claims of a verified token (RFC 7519, RFC 9068).
struct claims {
  // The token's audience.
  std::variant<std::string, std::vector<std::string>> aud{};
  // When the token expires.
  double exp{};
  // In a token without a session: the account's epoch, which every revocation of all its sessions raises.
  std::optional<std::int64_t> account_epoch{};
  // The person who acts as the user, if another one does (RFC 8693 section 4.1).
  std::optional<doorward::act> act{};
  // The methods by which the user authenticated (RFC 8176).
  std::optional<std::vector<std::string>> amr{};
  // When the user authenticated.
  std::optional<double> auth_time{};
  // The backend that issued the token.
  std::optional<std::string> client_id{};
  // When the token was issued, in Unix seconds.
  std::optional<double> iat{};
  // The issuer. Only tokens of another library (`backends.*.secret`) may lack it.
  std::optional<std::string> iss{};
  // The id of the token.
  std::optional<std::string> jti{};
  // When the token becomes valid.
  std::optional<double> nbf{};
  // The organization of the session, if the login was for one.
  std::optional<std::string> org_id{};
  // The roles in that organization when the token was issued; `authorize` checks the present ones.
  std::optional<std::vector<std::string>> org_roles{};
  // In a session that an identity provider opened: the provider, and what it says of the login.
  std::optional<doorward::provider_login> provider{};
  // The roles when the token was issued (RFC 9068); `authorize` checks the present ones.
  std::optional<std::vector<std::string>> roles{};
  // The scopes, separated by spaces.
  std::optional<std::string> scope{};
  // The session's id.
  std::optional<std::string> sid{};
  // The id of the account, or the subject that `issue_token` was given. Absent if the backend has
  // `subject_claim` `user_id`.
  std::optional<std::string> sub{};
  // The same as `sub`, if the backend has `subject_claim` `user_id`.
  std::optional<std::string> user_id{};
  // The other members.
  std::map<std::string, doorward::json> others{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("aud", self.aud);
    visit("exp", self.exp);
    visit("account_epoch", self.account_epoch);
    visit("act", self.act);
    visit("amr", self.amr);
    visit("auth_time", self.auth_time);
    visit("client_id", self.client_id);
    visit("iat", self.iat);
    visit("iss", self.iss);
    visit("jti", self.jti);
    visit("nbf", self.nbf);
    visit("org_id", self.org_id);
    visit("org_roles", self.org_roles);
    visit("provider", self.provider);
    visit("roles", self.roles);
    visit("scope", self.scope);
    visit("sid", self.sid);
    visit("sub", self.sub);
    visit("user_id", self.user_id);
    visit.others(self.others);
  }
};

// The kind of a credential.
enum class credential_kind {
  // A value that this header does not know.
  unknown,
  // An access token of a session.
  session,
  // An access token without a session: of `issue_token`, or of another library.
  token,
  // An API key.
  api_key,
};

namespace detail {

template <>
struct names<credential_kind> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "session",
      "token",
      "api_key",
  };
  // clang-format on
};

}  // namespace detail

// An organization, and the roles of a member there.
struct organization_roles {
  // The organization's id.
  std::string id{};
  // The user's roles in it, in alphabetical order.
  std::vector<std::string> roles{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("roles", self.roles);
  }
};

// The user of a live token or API key.
struct authenticate_response {
  // The account as it is now. With an API key that has fewer roles, these are its `roles`.
  doorward::user user{};
  // The kind of the credential.
  doorward::credential_kind credential{};
  // The person who acts as the user, if another one does (RFC 8693 section 4.1). The host lets that person
  // change no password, factor, address or API key.
  std::optional<doorward::act> act{};
  // The API key, without the key itself, if the credential is one.
  std::optional<doorward::api_key> api_key{};
  // The token's claims; absent for an API key.
  std::optional<doorward::claims> claims{};
  // The organization that the session is in, if the login was for one, and the user's roles there now.
  std::optional<doorward::organization_roles> organization{};
  // The session's id, if the token belongs to a session.
  std::optional<std::string> session_id{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user", self.user);
    visit("credential", self.credential);
    visit("act", self.act);
    visit("api_key", self.api_key);
    visit("claims", self.claims);
    visit("organization", self.organization);
    visit("session_id", self.session_id);
  }
};

// The token's state. An inactive token discloses nothing else.
struct introspect_response {
  // Whether the token is valid now.
  bool active{};
  // The person who acts as the user, if another one does (RFC 8693 section 4.1).
  std::optional<doorward::act> act{};
  // The API key, without the key itself, if it is one.
  std::optional<doorward::api_key> api_key{};
  // The token's audience.
  std::optional<std::vector<std::string>> aud{};
  // The backend that issued the token, or that the API key is for.
  std::optional<std::string> client_id{};
  // When the token expires, in Unix seconds; absent for an API key that does not.
  std::optional<std::int64_t> exp{};
  // When the token was issued.
  std::optional<std::int64_t> iat{};
  // The issuer.
  std::optional<std::string> iss{};
  // The organization that the session is in, if the login was for one.
  std::optional<std::string> org_id{};
  // The user's roles in that organization now.
  std::optional<std::vector<std::string>> org_roles{};
  // Why the token is not active. It is for the host only: do not pass it on.
  std::optional<std::string> reason{};
  // The scopes, separated by spaces.
  std::optional<std::string> scope{};
  // The session's id, if the token belongs to a session.
  std::optional<std::string> sid{};
  // The id of the account.
  std::optional<std::string> sub{};
  // `Bearer`, `refresh_token` or `api_key`.
  std::optional<std::string> token_type{};
  // The account as it is now. With an API key that has fewer roles, these are its `roles`.
  std::optional<doorward::user> user{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("active", self.active);
    visit("act", self.act);
    visit("api_key", self.api_key);
    visit("aud", self.aud);
    visit("client_id", self.client_id);
    visit("exp", self.exp);
    visit("iat", self.iat);
    visit("iss", self.iss);
    visit("org_id", self.org_id);
    visit("org_roles", self.org_roles);
    visit.host_only("reason", self.reason);
    visit("scope", self.scope);
    visit("sid", self.sid);
    visit("sub", self.sub);
    visit("token_type", self.token_type);
    visit("user", self.user);
  }
};

// An access token.
struct issue_token_response {
  // The access token.
  doorward::secret token{};
  // When the token expires, in Unix seconds.
  std::int64_t expires_at{};
  // The token's id, by which `revoke_token` revokes it.
  std::string jti{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("token", self.token);
    visit("expires_at", self.expires_at);
    visit("jti", self.jti);
  }
};

// The request may pass.
struct authenticate_request_response {
  // Whether the request needs no authentication; the other members are then absent.
  bool skipped{};
  // The person who acts as the user, if another one does (RFC 8693 section 4.1). The host lets that person
  // change no password, factor, address or API key.
  std::optional<doorward::act> act{};
  // The API key, without the key itself, if the credential is one.
  std::optional<doorward::api_key> api_key{};
  // The token's claims; absent for an API key.
  std::optional<doorward::claims> claims{};
  // The kind of the credential.
  std::optional<doorward::credential_kind> credential{};
  // The organization that the session is in, if the login was for one, and the user's roles there now.
  std::optional<doorward::organization_roles> organization{};
  // The session's id, if the token belongs to a session.
  std::optional<std::string> session_id{};
  // The account as it is now. With an API key that has fewer roles, these are its `roles`.
  std::optional<doorward::user> user{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("skipped", self.skipped);
    visit("act", self.act);
    visit("api_key", self.api_key);
    visit("claims", self.claims);
    visit("credential", self.credential);
    visit("organization", self.organization);
    visit("session_id", self.session_id);
    visit("user", self.user);
  }
};

// The service's own answer about a valid token (RFC 7662 section 2.2), without `reason`, which is for its
// host only.
struct introspect_remote_response {
  // Always true: the token is valid now.
  bool active{};
  // The other members.
  std::map<std::string, doorward::json> others{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("active", self.active);
    visit.others(self.others);
  }
};

// The verdict.
struct authorize_response {
  // Whether the bearer may.
  bool authorized{};
  // Why not. It is for the host only: do not pass it on.
  std::optional<std::string> reason{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("authorized", self.authorized);
    visit.host_only("reason", self.reason);
  }
};

// The new key.
struct create_api_key_response {
  // The key itself. It is shown only now: the store keeps a code of it.
  doorward::secret key{};
  // The key as lists show it.
  doorward::api_key api_key{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("key", self.key);
    visit("api_key", self.api_key);
  }
};

// The keys that have not expired, the oldest first.
struct list_api_keys_response {
  // The keys.
  std::vector<doorward::api_key> api_keys{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("api_keys", self.api_keys);
  }
};

// The key after its change.
struct update_api_key_response {
  // The key.
  doorward::api_key api_key{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("api_key", self.api_key);
  }
};

// No account has the key any more.
struct revoke_api_key_response {
  // Whether the account had the key.
  bool revoked{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("revoked", self.revoked);
  }
};

// An organization.
struct organization {
  // The organization's id.
  std::string id{};
  // The name for people.
  std::string name{};
  // Other data that the host keeps with the organization.
  std::map<std::string, doorward::json> attributes{};
  // When the organization was created, in Unix seconds.
  std::int64_t created_at{};
  // In a list of one account's organizations: the account's roles there, in alphabetical order.
  std::optional<std::vector<std::string>> roles{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("name", self.name);
    visit("attributes", self.attributes);
    visit("created_at", self.created_at);
    visit("roles", self.roles);
  }
};

// An organization.
struct organization_response {
  // The organization.
  doorward::organization organization{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("organization", self.organization);
  }
};

// A page of organizations.
struct list_organizations_response {
  // The organizations.
  std::vector<doorward::organization> organizations{};
  // The id to give as `after` for the next page; absent if there is none.
  std::optional<std::string> next{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("organizations", self.organizations);
    visit("next", self.next);
  }
};

// The organization was deleted.
struct delete_organization_response {
  // Always true.
  bool deleted{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("deleted", self.deleted);
  }
};

// A member of an organization.
struct member {
  // The account. Its `roles` are those outside of the organization.
  doorward::user user{};
  // The roles in the organization, in alphabetical order.
  std::vector<std::string> roles{};
  // When the account became a member.
  std::int64_t created_at{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user", self.user);
    visit("roles", self.roles);
    visit("created_at", self.created_at);
  }
};

// A member of an organization.
struct member_response {
  // The member.
  doorward::member member{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("member", self.member);
  }
};

// The account is no member any more.
struct remove_member_response {
  // Whether the account was a member.
  bool removed{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("removed", self.removed);
  }
};

// A page of members.
struct list_members_response {
  // The members.
  std::vector<doorward::member> members{};
  // The id to give as `after` for the next page; absent if there is none.
  std::optional<std::string> next{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("members", self.members);
    visit("next", self.next);
  }
};

// The invitation, the same whether or not an account has the address.
struct invite_member_response {
  // The invitation.
  doorward::invitation invitation{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("invitation", self.invitation);
  }
};

// A page of invitations.
struct list_invitations_response {
  // The invitations.
  std::vector<doorward::invitation> invitations{};
  // The id to give as `after` for the next page; absent if there is none.
  std::optional<std::string> next{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("invitations", self.invitations);
    visit("next", self.next);
  }
};

// The invitation can be accepted no more.
struct revoke_invitation_response {
  // Whether the organization had the invitation.
  bool revoked{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("revoked", self.revoked);
  }
};

// A JWK Set (RFC 7517 section 5). Publish it for services that verify tokens themselves.
struct jwks_response {
  // The public keys of every backend; a backend that signs with an HMAC has none.
  std::vector<std::map<std::string, doorward::json>> keys{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("keys", self.keys);
  }
};

// The retired keys, and the data that ended with them.
struct retired_secrets {
  // The number of signing keys: all that signed or verified.
  std::int64_t signing_keys{};
  // The number of secret keys: all that this process was given, except the first.
  std::int64_t secret_keys{};
  // The number of sessions that ended.
  std::int64_t sessions{};
  // The number of mailed tokens and challenges that can no longer be redeemed.
  std::int64_t one_time_secrets{};
  // The number of mails with such a token, which are no longer sent.
  std::int64_t mails{};
  // The number of authenticator apps whose codes no longer work.
  std::int64_t totp_seeds{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("signing_keys", self.signing_keys);
    visit("secret_keys", self.secret_keys);
    visit("sessions", self.sessions);
    visit("one_time_secrets", self.one_time_secrets);
    visit("mails", self.mails);
    visit("totp_seeds", self.totp_seeds);
  }
};

// The new signing key.
struct rotate_keys_response {
  // The id of the new signing key, of the backend or of `default`.
  std::string kid{};
  // The id of the previous signing key. It verifies until everything that it signed has expired, or, if it
  // was retired, nothing any more.
  std::optional<std::string> previous{};
  // The retired keys, if keys were to be retired.
  std::optional<doorward::retired_secrets> retired{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("kid", self.kid);
    visit.nullable("previous", self.previous);
    visit("retired", self.retired);
  }
};

// The data that needs an older secret key.
struct needed_by {
  // The number of password hashes that it sealed (`password.pepper`). The next login seals each anew.
  std::int64_t password_hashes{};
  // The number of authenticator seeds that it sealed.
  std::int64_t totp_seeds{};
  // The number of waiting mails.
  std::int64_t mails{};
  // The number of recovery codes made under it.
  std::int64_t recovery_codes{};
  // The number of API keys whose code was made under it. The next use of each makes the code anew.
  std::int64_t api_keys{};
  // The number of live sessions that were last refreshed while it was current, or have claims that it sealed.
  // Without the key their users must log in again.
  std::int64_t sessions{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("password_hashes", self.password_hashes);
    visit("totp_seeds", self.totp_seeds);
    visit("mails", self.mails);
    visit("recovery_codes", self.recovery_codes);
    visit("api_keys", self.api_keys);
    visit("sessions", self.sessions);
  }
};

// The use of a secret key in a process.
enum class secret_key_state {
  // A value that this header does not know.
  unknown,
  // The newest key of the store. It seals new data, even if it is not the first in this process's list.
  current,
  // An older key, which opens what it sealed.
  listed,
  // A key that this process was not given.
  missing,
  // A retired key, which only finds recovery codes and API keys.
  retired,
};

namespace detail {

template <>
struct names<secret_key_state> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "current",
      "listed",
      "missing",
      "retired",
  };
  // clang-format on
};

}  // namespace detail

// A secret key.
struct secret_key {
  // The key's id, which tells nothing about the key.
  std::string id{};
  // When the key first became current, in Unix seconds.
  std::int64_t since{};
  // The use of the key in this process.
  doorward::secret_key_state state{};
  // The data that needs the key in the list, if it is not the current one. The key may be removed once all of
  // these are 0 and the newer key is first in every process.
  std::optional<doorward::needed_by> needed_by{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("since", self.since);
    visit("state", self.state);
    visit("needed_by", self.needed_by);
  }
};

// A key that signs access tokens or only verifies them.
struct signing_key {
  // The key's id: `kid` in the header of the tokens that it signed.
  std::string kid{};
  // The backend's name.
  std::string backend{};
  // The algorithm. `jwks` does not publish `HS256` keys.
  std::string algorithm{};
  // When the key was made, in Unix seconds.
  std::int64_t created_at{};
  // When the key stops verifying, in Unix seconds; absent while it signs.
  std::optional<std::int64_t> expires_at{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("kid", self.kid);
    visit("backend", self.backend);
    visit("algorithm", self.algorithm);
    visit("created_at", self.created_at);
    visit("expires_at", self.expires_at);
  }
};

// The keys, without their secrets.
struct list_keys_response {
  // The signing keys in the store; for each backend the signing one first. The fixed secret of a
  // compatibility backend is not listed.
  std::vector<doorward::signing_key> signing_keys{};
  // The secret keys that were ever the first of the list, in order of their first use; the last is the
  // newest.
  std::vector<doorward::secret_key> secret_keys{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("signing_keys", self.signing_keys);
    visit("secret_keys", self.secret_keys);
  }
};

// The same answer whether or not a mail was sent.
struct sent_response {
  // Always true.
  bool sent{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("sent", self.sent);
  }
};

// The same answer whether or not another account has the address.
struct request_email_change_response {
  // Always true.
  bool sent{};
  // A challenge for `verify_email`: it proves, together with the mailed token, that the account belongs to
  // the browser that asked. It is valid for a week; keep it in a cookie that scripts cannot read.
  doorward::secret verification{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("sent", self.sent);
    visit("verification", self.verification);
  }
};

// The same answer whether or not a mail was sent.
struct request_login_code_response {
  // The challenge for `complete_login`, which ties the mailed code to the browser that asked: keep it in a
  // cookie that scripts cannot read.
  doorward::secret challenge{};
  // How long the code and the link are valid, in seconds.
  std::int64_t expires_in{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("challenge", self.challenge);
    visit("expires_in", self.expires_in);
  }
};

// The account of an invitation.
struct invite_user_response {
  // The account, which waits for its user. Delete it to withdraw the invitation.
  doorward::user user{};
  // When the invitation expires.
  std::int64_t expires_at{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user", self.user);
    visit("expires_at", self.expires_at);
  }
};

// The account, which can be logged in to from now on.
struct accept_invitation_response {
  // The account.
  doorward::user user{};
  // With a passkey: codes that replace it where it is a second factor; each can be used once. They are shown
  // only now.
  std::vector<doorward::secret> recovery_codes{};
  // The organization of which the account is a member now, if the invitation was to one.
  std::optional<std::string> organization_id{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user", self.user);
    visit("recovery_codes", self.recovery_codes);
    visit("organization_id", self.organization_id);
  }
};

// A token that can be redeemed.
struct check_mail_token_response {
  // The token's purpose: `verify_email`, `reset_password`, `change_email`, `login`, `invitation`, or
  // `membership`: an invitation to an organization, for an account that logs in and accepts it with
  // `access_token`.
  std::string purpose{};
  // When the token expires.
  std::int64_t expires_at{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("purpose", self.purpose);
    visit("expires_at", self.expires_at);
  }
};

// A mail to send.
struct mail {
  // The mail's id, for `acknowledge_mail`.
  std::string id{};
  // The kind of mail: `verify_email`, `reset_password`, `change_email`, `login`, `invitation`,
  // `email_change_requested`, `email_changed`, `account_exists`, `password_changed`.
  std::string kind{};
  // The recipient's address as it was given; its domain may be international.
  std::string to{};
  // The language of the texts.
  std::string locale{};
  // The subject.
  std::string subject{};
  // The text.
  doorward::secret text{};
  // The text as HTML.
  doorward::secret html{};
  // The recipient's user id.
  std::string user_id{};
  // When the mail was written.
  std::int64_t created_at{};
  // When the mail is no longer worth sending.
  std::int64_t expires_at{};
  // The number of this attempt, from 1.
  std::int64_t attempt{};
  // The code, if the mail has one.
  std::optional<doorward::secret> code{};
  // The sender, if `mail.from` is configured.
  std::optional<std::string> from{};
  // The link with the token, if `mail.links` has one for this kind.
  std::optional<doorward::secret> link{};
  // The value of `Message-ID`, the same at every attempt, so that a mail sent twice is shown once.
  std::optional<std::string> message_id{};
  // The token, if the mail has one.
  std::optional<doorward::secret> token{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("kind", self.kind);
    visit("to", self.to);
    visit("locale", self.locale);
    visit("subject", self.subject);
    visit("text", self.text);
    visit("html", self.html);
    visit("user_id", self.user_id);
    visit("created_at", self.created_at);
    visit("expires_at", self.expires_at);
    visit("attempt", self.attempt);
    visit("code", self.code);
    visit("from", self.from);
    visit("link", self.link);
    visit("message_id", self.message_id);
    visit("token", self.token);
  }
};

// Mails to send.
struct take_mail_response {
  // The mails, the longest waiting first.
  std::vector<doorward::mail> mails{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("mails", self.mails);
  }
};

// The result of the acknowledgement.
struct acknowledge_mail_response {
  // Whether the mail was still in the outbox.
  bool acknowledged{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("acknowledged", self.acknowledged);
  }
};

// The outcome for the mails that were due.
struct deliver_mail_response {
  // The number of mails that the server took.
  std::int64_t delivered{};
  // The number of mails that the server did not take now. They are due again later.
  std::int64_t deferred{};
  // The number of mails that the server will never take. They are given up.
  std::int64_t refused{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("delivered", self.delivered);
    visit("deferred", self.deferred);
    visit("refused", self.refused);
  }
};

// A secret. The engine does not keep it.
struct generate_totp_secret_response {
  // 160 random bits in base32.
  doorward::secret secret{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("secret", self.secret);
  }
};

// An authenticator app's secret as a URI and as a picture.
struct provisioning {
  // The URI that an authenticator app reads: `otpauth://totp/…`.
  doorward::secret otpauth_uri{};
  // The URI as a QR code: an `<svg>` element that can be put into a page as it is.
  doorward::secret qr_svg{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("otpauth_uri", self.otpauth_uri);
    visit("qr_svg", self.qr_svg);
  }
};

// The verdict.
struct verify_totp_response {
  // Whether the code is the present one, or one of `totp.skew_steps` steps before or after.
  bool valid{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("valid", self.valid);
  }
};

// The app's secret. The app is not a factor until `confirm_totp` or, by a challenge, `complete_login`.
struct setup_totp_response {
  // The secret in base32, for users who cannot scan the picture.
  doorward::secret secret{};
  // The URI that an authenticator app reads: `otpauth://totp/…`.
  doorward::secret otpauth_uri{};
  // The URI as a QR code: an `<svg>` element that can be put into a page as it is.
  doorward::secret qr_svg{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("secret", self.secret);
    visit("otpauth_uri", self.otpauth_uri);
    visit("qr_svg", self.qr_svg);
  }
};

// The app is active and every session has ended: log in again.
struct confirm_totp_response {
  // Always true.
  bool is_configured{};
  // Codes that open the account if the app is lost; each can be used once. They are shown only now. Empty if
  // the account has codes already.
  std::vector<doorward::secret> recovery_codes{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("is_configured", self.is_configured);
    visit("recovery_codes", self.recovery_codes);
  }
};

// The state of an authenticator app.
struct totp_status_response {
  // Whether a login requires the app's code. An app that is set up but not confirmed does not count.
  bool is_configured{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("is_configured", self.is_configured);
  }
};

// New recovery codes, shown only now. Every session has ended.
struct generate_recovery_codes_response {
  // Ten codes; each can be used once.
  std::vector<doorward::secret> codes{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("codes", self.codes);
  }
};

// The number of unused recovery codes.
struct recovery_codes_status_response {
  // The number of unused codes.
  std::int64_t remaining{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("remaining", self.remaining);
  }
};

// What was removed. If that was anything, every session has ended.
struct remove_second_factors_response {
  // Whether an authenticator app was removed.
  bool totp{};
  // The number of passkeys that were removed.
  std::int64_t passkeys{};
  // The number of recovery codes that were removed.
  std::int64_t recovery_codes{};
  // The number of sessions that ended.
  std::int64_t revoked_sessions{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("totp", self.totp);
    visit("passkeys", self.passkeys);
    visit("recovery_codes", self.recovery_codes);
    visit("revoked_sessions", self.revoked_sessions);
  }
};

// Trusted devices, the oldest first.
struct list_trusted_devices_response {
  // The devices.
  std::vector<doorward::trusted_device> trusted_devices{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("trusted_devices", self.trusted_devices);
  }
};

// The next login on these devices needs a second factor. Sessions continue.
struct revoke_trusted_device_response {
  // The number of devices.
  std::int64_t revoked{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("revoked", self.revoked);
  }
};

// The demands on an authenticator (section 5.4.4).
struct authenticator_selection {
  // Whether the authenticator keeps the passkey, so that it works without a username: `preferred`.
  std::string residentKey{};
  // The same demand for older browsers.
  bool requireResidentKey{};
  // Whether the authenticator verifies its user: `preferred`; `required` for an invitation.
  std::string userVerification{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("residentKey", self.residentKey);
    visit("requireResidentKey", self.requireResidentKey);
    visit("userVerification", self.userVerification);
  }
};

// A credential (section 5.8.3).
struct credential_descriptor {
  // Always `public-key`.
  std::string type{};
  // The credential's id.
  std::string id{};
  // The transports that reach its authenticator, where known.
  std::optional<std::vector<std::string>> transports{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("type", self.type);
    visit("id", self.id);
    visit("transports", self.transports);
  }
};

// A kind of authenticator, by which the browser chooses what it offers first (section 5.8.7).
enum class passkey_hint {
  // A value that this header does not know.
  unknown,
  // A security key.
  security_key,
  // The device itself.
  client_device,
  // A phone beside the device.
  hybrid,
};

namespace detail {

template <>
struct names<passkey_hint> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "security-key",
      "client-device",
      "hybrid",
  };
  // clang-format on
};

}  // namespace detail

// An algorithm (section 5.3).
struct credential_parameters {
  // Always `public-key`.
  std::string type{};
  // The algorithm's number in COSE.
  std::int64_t alg{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("type", self.type);
    visit("alg", self.alg);
  }
};

// The relying party (section 5.4.2).
struct relying_party {
  // `passkeys.rp_id`.
  std::string id{};
  // `passkeys.rp_name`.
  std::string name{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("name", self.name);
  }
};

// The user of a passkey (section 5.4.3).
struct user_entity {
  // The user handle: the bytes of the account's id.
  std::string id{};
  // The username; the address of an invitation.
  std::string name{};
  // The same.
  std::string displayName{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("name", self.name);
    visit("displayName", self.displayName);
  }
};

// A ceremony that begins; finish it within five minutes, or as long as `challenge` or `invitation` is valid.
struct begin_passkey_registration_response {
  // The challenge for `finish_passkey_registration`. A registration that succeeds spends it; another call of
  // this operation replaces it. With `challenge` or `invitation` it is the same, for `complete_login` or
  // `accept_invitation`.
  doorward::secret challenge{};
  // The options for `navigator.credentials.create`, as `PublicKeyCredential.parseCreationOptionsFromJSON`
  // reads them.
  doorward::json options{};
  // With `conditional`: `conditional`, to be passed to `navigator.credentials.create` beside the options.
  std::optional<std::string> mediation{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("challenge", self.challenge);
    visit("options", self.options);
    visit("mediation", self.mediation);
  }
};

// The passkey was registered. Every session has ended, except that of the token with `keep_session`.
struct finish_passkey_registration_response {
  // The passkey.
  doorward::passkey credential{};
  // Codes that replace a lost second factor; each can be used once. They are shown only now. Empty if the
  // account has codes already.
  std::vector<doorward::secret> recovery_codes{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("credential", self.credential);
    visit("recovery_codes", self.recovery_codes);
  }
};

// A ceremony that begins; finish it within five minutes, or an hour with `conditional`.
struct begin_passkey_login_response {
  // The challenge for `finish_passkey_login`. A login that succeeds spends it.
  doorward::secret challenge{};
  // The options for `navigator.credentials.get`, as `PublicKeyCredential.parseRequestOptionsFromJSON` reads
  // them.
  doorward::json options{};
  // With `conditional`: `conditional`, to be passed to `navigator.credentials.get` beside the options.
  std::optional<std::string> mediation{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("challenge", self.challenge);
    visit("options", self.options);
    visit("mediation", self.mediation);
  }
};

// Passkeys, the oldest first.
struct list_passkeys_response {
  // The passkeys.
  std::vector<doorward::passkey> passkeys{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("passkeys", self.passkeys);
  }
};

// The passkey with its new name.
struct update_passkey_response {
  // The passkey.
  doorward::passkey credential{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("credential", self.credential);
  }
};

// The arguments for the methods of `PublicKeyCredential`.
struct passkey_signals_response {
  // For `signalAllAcceptedCredentials`.
  doorward::json all_accepted_credentials{};
  // For `signalCurrentUserDetails`.
  doorward::json current_user_details{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("all_accepted_credentials", self.all_accepted_credentials);
    visit("current_user_details", self.current_user_details);
  }
};

// The document for `https://<rp_id>/.well-known/webauthn`.
struct related_origins_response {
  // The origins of web pages in `passkeys.origins`.
  std::vector<std::string> origins{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("origins", self.origins);
  }
};

// The passkey is gone. If it existed, every session has ended.
struct remove_passkey_response {
  // Whether the account had the passkey.
  bool removed{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("removed", self.removed);
  }
};

// A page of the audit log.
struct events_response {
  // The events.
  std::vector<doorward::event> events{};
  // The id to give as `after` for the next page; absent if there is none.
  std::optional<std::string> next{};
  // How far the log was read in the order `written`. Given as `after`, it returns exactly the events written
  // later. Absent if the log is empty.
  std::optional<std::string> resume{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("events", self.events);
    visit("next", self.next);
    visit("resume", self.resume);
  }
};

// A problem at one place of the log.
struct chain_problem {
  // The problem: `changed` (the event differs from what was written), `missing` (the event disappeared before
  // its time), `added` (the event does not belong to the chain), `broken` (earlier events were removed or
  // moved), `unlisted` (the event has no place in the log, so readers that follow the log do not see it),
  // `head` (the chain does not end where the sealed head says: its end or the head was removed, the head is
  // an older one, or another secret key sealed it; no further events are linked), `other_head` (the head in
  // the request belongs neither to this chain nor to a part that was purged), `no_chain` (the log has no
  // chain).
  std::string reason{};
  // The event's id.
  std::optional<std::string> event_id{};
  // The event's place in the log.
  std::optional<std::int64_t> position{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("reason", self.reason);
    visit("event_id", self.event_id);
    visit("position", self.position);
  }
};

// The result of the verification.
struct verify_events_response {
  // Whether the log is as it was written.
  bool intact{};
  // The number of verified events.
  std::int64_t events{};
  // The problems, at most a hundred.
  std::vector<doorward::chain_problem> problems{};
  // The head of the chain, if there is a chain: keep it elsewhere.
  std::optional<std::string> head{};
  // When the first verified event happened.
  std::optional<std::int64_t> since{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("intact", self.intact);
    visit("events", self.events);
    visit("problems", self.problems);
    visit("head", self.head);
    visit("since", self.since);
  }
};

// The queue for password hashes, now.
struct hash_queue_stats {
  // The number of hashes that may run at once.
  std::int64_t slots{};
  // The number of hashes that run.
  std::int64_t busy{};
  // The number of callers that wait.
  std::int64_t waiting{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("slots", self.slots);
    visit("busy", self.busy);
    visit("waiting", self.waiting);
  }
};

// The calls of about one duration. Each bucket reaches twice as far as the previous one.
struct latency_bucket {
  // The number of calls.
  std::int64_t count{};
  // The longest duration in this bucket; absent for the last one.
  std::optional<double> up_to_seconds{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("count", self.count);
    visit("up_to_seconds", self.up_to_seconds);
  }
};

// The durations of calls.
struct latency {
  // The number of timed calls: all of them, but about one in 16 for `verify`.
  std::int64_t count{};
  // The sum of the durations.
  double sum_seconds{};
  // A histogram.
  std::vector<doorward::latency_bucket> buckets{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("count", self.count);
    visit("sum_seconds", self.sum_seconds);
    visit("buckets", self.buckets);
  }
};

// The number of calls with one outcome.
struct operation_outcome {
  // The name of the status.
  std::string status{};
  // The number of calls.
  std::int64_t count{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("status", self.status);
    visit("count", self.count);
  }
};

// The figures of one operation.
struct operation_stats {
  // The operation's name.
  std::string operation{};
  // The outcomes of its calls.
  std::vector<doorward::operation_outcome> outcomes{};
  // The durations of its calls.
  doorward::latency latency{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("operation", self.operation);
    visit("outcomes", self.outcomes);
    visit("latency", self.latency);
  }
};

// The figures of a store.
struct store_stats {
  // The number of accounts that may log in.
  std::int64_t active_accounts{};
  // The number of accounts that may not log in.
  std::int64_t disabled_accounts{};
  // The number of live sessions: neither revoked nor expired, nor those in which a person may no longer act
  // as the user.
  std::int64_t sessions{};
  // The number of events in the audit log.
  std::int64_t events{};
  // The number of mails that wait to be sent.
  std::int64_t mails{};
  // The number of signing keys, with those that only verify.
  std::int64_t keys{};
  // The size of the SQLite file, or of the tables on the server with their indexes.
  std::int64_t bytes{};
  // The counts that a PostgreSQL server estimates: those above 100,000. The others are exact.
  std::vector<std::string> estimated{};
  // The free space on the disk of the SQLite file.
  std::optional<std::int64_t> free_bytes{};
  // The length of the SQLite file's write-ahead log.
  std::optional<std::int64_t> log_bytes{};
  // When the oldest waiting mail was written.
  std::optional<std::int64_t> oldest_mail_at{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("active_accounts", self.active_accounts);
    visit("disabled_accounts", self.disabled_accounts);
    visit("sessions", self.sessions);
    visit("events", self.events);
    visit("mails", self.mails);
    visit("keys", self.keys);
    visit("bytes", self.bytes);
    visit("estimated", self.estimated);
    visit("free_bytes", self.free_bytes);
    visit("log_bytes", self.log_bytes);
    visit("oldest_mail_at", self.oldest_mail_at);
  }
};

// The figures of this engine since it was opened.
struct stats_response {
  // The operations that were called, in the order of the reference.
  std::vector<doorward::operation_stats> operations{};
  // The queue for password hashes.
  doorward::hash_queue_stats hash_queue{};
  // All figures in the text format of Prometheus: answer a scraper with it, as `text/plain; version=0.0.4`.
  std::string prometheus{};
  // The store's figures, if they were asked for: the same for every engine on the store.
  std::optional<doorward::store_stats> store{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("operations", self.operations);
    visit("hash_queue", self.hash_queue);
    visit("prometheus", self.prometheus);
    visit("store", self.store);
  }
};

// The severity of a finding.
enum class finding_severity {
  // A value that this header does not know.
  unknown,
  // The configuration should be changed.
  problem,
  // The configuration may be improved.
  advice,
  // Nothing needs to be done.
  ok,
};

namespace detail {

template <>
struct names<finding_severity> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "problem",
      "advice",
      "ok",
  };
  // clang-format on
};

}  // namespace detail

// A finding.
struct finding {
  // `problem`: change it; `advice`: think about it; `ok`.
  doorward::finding_severity severity{};
  // The name of the check.
  std::string check{};
  // The finding and what to do about it, for people.
  std::string message{};
  // The key of the configuration to change, as a JSON pointer.
  std::optional<std::string> field{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("severity", self.severity);
    visit("check", self.check);
    visit("message", self.message);
    visit("field", self.field);
  }
};

// The result of the checks.
struct doctor_response {
  // The findings, always in the same order.
  std::vector<doorward::finding> findings{};
  // The version of the library.
  std::string version{};
  // How long a password hash takes on this machine; absent if none could be made.
  std::optional<double> hash_milliseconds{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("findings", self.findings);
    visit("version", self.version);
    visit("hash_milliseconds", self.hash_milliseconds);
  }
};

// The number of purged rows by kind.
struct purged_rows {
  // Sessions that ended a day ago or more.
  std::int64_t sessions{};
  // Counts of failed attempts.
  std::int64_t throttles{};
  // One-time secrets that expired unused.
  std::int64_t one_time_secrets{};
  // Used challenges of logins by passkey.
  std::int64_t spent_challenges{};
  // Devices without a login for a long time.
  std::int64_t known_devices{};
  // Mails that could not be sent in time.
  std::int64_t mails{};
  // Trusted devices that have expired.
  std::int64_t trusted_devices{};
  // API keys that expired a day ago or more.
  std::int64_t api_keys{};
  // Signing keys that no longer verify anything.
  std::int64_t keys{};
  // Revoked tokens that have expired.
  std::int64_t revoked_tokens{};
  // Accounts of invitations and of logins by mail that waited for their owner in vain.
  std::int64_t waiting_accounts{};
  // Invitations to organizations that have expired.
  std::int64_t invitations{};
  // Events older than `audit.retention_days` of the store.
  std::int64_t events{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("sessions", self.sessions);
    visit("throttles", self.throttles);
    visit("one_time_secrets", self.one_time_secrets);
    visit("spent_challenges", self.spent_challenges);
    visit("known_devices", self.known_devices);
    visit("mails", self.mails);
    visit("trusted_devices", self.trusted_devices);
    visit("api_keys", self.api_keys);
    visit("keys", self.keys);
    visit("revoked_tokens", self.revoked_tokens);
    visit("waiting_accounts", self.waiting_accounts);
    visit("invitations", self.invitations);
    visit("events", self.events);
  }
};

// The result of a purge.
struct maintain_response {
  // The number of purged rows by kind.
  doorward::purged_rows purged{};
  // Whether nothing is left; if false, call again.
  bool complete{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("purged", self.purged);
    visit("complete", self.complete);
  }
};

// The contents of a copy.
struct verified_backup {
  // The number of accounts.
  std::int64_t users{};
  // The number of live sessions.
  std::int64_t sessions{};
  // The number of events in the audit log.
  std::int64_t events{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("users", self.users);
    visit("sessions", self.sessions);
    visit("events", self.events);
  }
};

// A copy on the disk.
struct backup_response {
  // The length of the file.
  std::int64_t bytes{};
  // The contents of the copy, if it was verified.
  std::optional<doorward::verified_backup> verified{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("bytes", self.bytes);
    visit("verified", self.verified);
  }
};

// The next step of a login. Its members stand beside `error` in the body.
struct step_up {
  // The code of the failure, which names the step.
  std::string status{};
  // The challenge for `complete_login`: it proves the steps so far and can be used once. If the account must
  // have a second factor and has none, it is also for `setup_totp` and `begin_passkey_registration`.
  doorward::secret challenge{};
  // The challenge's lifetime in seconds.
  std::int64_t expires_in{};
  // The id of the user who logs in.
  std::string user_id{};
  // With `password_change_required`, if `complete_login` just gave the account its first factor: the recovery
  // codes. They are shown only now.
  std::optional<std::vector<doorward::secret>> recovery_codes{};
  // Whether a recovery code is accepted: `recovery_code`.
  std::optional<bool> recovery_codes_supported{};
  // Whether a code of an authenticator app is accepted: `two_fa_code`.
  std::optional<bool> totp_supported{};
  // With `webauthn_supported`, if `passkeys` is configured: the options for `navigator.credentials.get`, as
  // `PublicKeyCredential.parseRequestOptionsFromJSON` reads them.
  std::optional<doorward::json> webauthn_options{};
  // Whether a passkey is accepted: `webauthn_response`.
  std::optional<bool> webauthn_supported{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("status", self.status);
    visit("challenge", self.challenge);
    visit("expires_in", self.expires_in);
    visit("user_id", self.user_id);
    visit("recovery_codes", self.recovery_codes);
    visit("recovery_codes_supported", self.recovery_codes_supported);
    visit("totp_supported", self.totp_supported);
    visit("webauthn_options", self.webauthn_options);
    visit("webauthn_supported", self.webauthn_supported);
  }
};

// The client's connection, where known.
struct client {
  // A random id by which the host knows the device. On a device where the account logged in before, failures
  // elsewhere do not lock the user out.
  std::optional<doorward::secret> device_id{};
  // The client's IP address; failures are counted for it.
  std::optional<std::string> ip{};
  // The `User-Agent` header, shown with the session; truncated after 512 characters.
  std::optional<std::string> user_agent{};

  template <class Value = doorward::secret>
  client &set_device_id(Value &&value) {
    device_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  client &set_ip(Value &&value) {
    ip = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  client &set_user_agent(Value &&value) {
    user_agent = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("device_id", self.device_id);
    visit("ip", self.ip);
    visit("user_agent", self.user_agent);
  }
};

// Creates an account.
struct register_request {
  // The name to log in with; RFC 8265 UsernameCaseMapped, without `@`.
  std::string username{};
  // The password. The engine keeps only its Argon2id hash.
  doorward::secret password{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // Other data that the host keeps with the account: at most 16 KiB.
  std::optional<std::map<std::string, doorward::json>> attributes{};
  // The client's connection: too many registrations from one network address are refused.
  std::optional<doorward::client> client{};
  // The e-mail address; required unless `registration.require_email` is off.
  std::optional<std::string> email{};
  // The language of mails to this user (BCP 47).
  std::optional<std::string> locale{};
  // The roles; default: `registration.default_roles`.
  std::optional<std::vector<std::string>> roles{};

  template <class Value = std::string>
  register_request &set_username(Value &&value) {
    username = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  register_request &set_password(Value &&value) {
    password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  register_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::json>>
  register_request &set_attributes(Value &&value) {
    attributes = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::client>
  register_request &set_client(Value &&value) {
    client = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  register_request &set_email(Value &&value) {
    email = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  register_request &set_locale(Value &&value) {
    locale = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  register_request &set_roles(Value &&value) {
    roles = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("username", self.username);
    visit("password", self.password);
    visit("actor", self.actor);
    visit("attributes", self.attributes);
    visit("client", self.client);
    visit("email", self.email);
    visit("locale", self.locale);
    visit("roles", self.roles);
  }
};

// Finds one account. Give exactly one of `id`, `username`, `email`, `external_id`, `query`.
struct get_user_request {
  // The account's e-mail address.
  std::optional<std::string> email{};
  // The host's own id of the account, to the letter.
  std::optional<std::string> external_id{};
  // The account's id.
  std::optional<std::string> id{};
  // The account's username or else its e-mail address.
  std::optional<std::string> query{};
  // Whether to return the account's state, for administrators; default: false.
  std::optional<bool> status{};
  // The account's username.
  std::optional<std::string> username{};

  template <class Value = std::string>
  get_user_request &set_email(Value &&value) {
    email = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  get_user_request &set_external_id(Value &&value) {
    external_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  get_user_request &set_id(Value &&value) {
    id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  get_user_request &set_query(Value &&value) {
    query = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  get_user_request &set_status(Value &&value) {
    status = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  get_user_request &set_username(Value &&value) {
    username = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("email", self.email);
    visit("external_id", self.external_id);
    visit("id", self.id);
    visit("query", self.query);
    visit("status", self.status);
    visit("username", self.username);
  }
};

// Lists accounts in the order of their ids, which is that of their creation, to the millisecond.
struct list_users_request {
  // Only accounts after this id: `next` of the previous page.
  std::optional<std::string> after{};
  // Only active accounts, or only inactive ones.
  std::optional<bool> is_active{};
  // Only service accounts, or only accounts of people.
  std::optional<bool> is_service_account{};
  // The most to return: 1 to 1000, default 100.
  std::optional<std::int64_t> limit{};
  // Only accounts that a lock keeps a user out of now (see `status` of `get_user`). One call compares up to
  // 20,000 accounts with the locks, so a page may have fewer accounts than `limit`, or none, and still a
  // `next`.
  std::optional<bool> locked{};
  // Only accounts with this role.
  std::optional<std::string> role{};
  // The number of accounts to skip; not with `locked`. From 0 to 1000000000.
  std::optional<std::int64_t> skip{};

  template <class Value = std::string>
  list_users_request &set_after(Value &&value) {
    after = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  list_users_request &set_is_active(Value &&value) {
    is_active = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  list_users_request &set_is_service_account(Value &&value) {
    is_service_account = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  list_users_request &set_limit(Value &&value) {
    limit = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  list_users_request &set_locked(Value &&value) {
    locked = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  list_users_request &set_role(Value &&value) {
    role = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  list_users_request &set_skip(Value &&value) {
    skip = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("after", self.after);
    visit("is_active", self.is_active);
    visit("is_service_account", self.is_service_account);
    visit("limit", self.limit);
    visit("locked", self.locked);
    visit("role", self.role);
    visit("skip", self.skip);
  }
};

// Conditions of a search.
struct user_filters {
  // Only accounts that were created at this time or later, in Unix seconds.
  std::optional<std::int64_t> created_since{};
  // Only accounts that were created at this time or earlier, in Unix seconds.
  std::optional<std::int64_t> created_until{};
  // Only accounts with a verified address, or only those without one.
  std::optional<bool> email_verified{};
  // Only accounts that have an authenticator app or a passkey, or only those without both.
  std::optional<bool> has_second_factor{};
  // Only active accounts, or only inactive ones.
  std::optional<bool> is_active{};
  // Only service accounts, or only accounts of people.
  std::optional<bool> is_service_account{};
  // Only accounts with this role.
  std::optional<std::string> role{};

  template <class Value = std::int64_t>
  user_filters &set_created_since(Value &&value) {
    created_since = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  user_filters &set_created_until(Value &&value) {
    created_until = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  user_filters &set_email_verified(Value &&value) {
    email_verified = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  user_filters &set_has_second_factor(Value &&value) {
    has_second_factor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  user_filters &set_is_active(Value &&value) {
    is_active = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  user_filters &set_is_service_account(Value &&value) {
    is_service_account = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  user_filters &set_role(Value &&value) {
    role = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("created_since", self.created_since);
    visit("created_until", self.created_until);
    visit("email_verified", self.email_verified);
    visit("has_second_factor", self.has_second_factor);
    visit("is_active", self.is_active);
    visit("is_service_account", self.is_service_account);
    visit("role", self.role);
  }
};

// The order of a list of accounts.
enum class user_order {
  // A value that this header does not know.
  unknown,
  oldest,
  newest,
  username,
};

namespace detail {

template <>
struct names<user_order> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "oldest",
      "newest",
      "username",
  };
  // clang-format on
};

}  // namespace detail

// Searches accounts: for administrators. Everything that is given must be true of an account.
struct search_users_request {
  // Only accounts after this place: `next` of the previous page, with the same `text`, `filters` and `order`.
  std::optional<std::string> after{};
  // Further conditions.
  std::optional<doorward::user_filters> filters{};
  // The most to return: 1 to 1000, default 100.
  std::optional<std::int64_t> limit{};
  // The order: `oldest` (default) or `newest` first, by creation; or `username`, by its canonical form.
  std::optional<doorward::user_order> order{};
  // How the username, the e-mail address that the account has claimed, or the external id begins; at most 255
  // bytes. Names and addresses are compared by their canonical form, external ids to the letter. An empty
  // text is none.
  std::optional<std::string> text{};

  template <class Value = std::string>
  search_users_request &set_after(Value &&value) {
    after = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::user_filters>
  search_users_request &set_filters(Value &&value) {
    filters = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  search_users_request &set_limit(Value &&value) {
    limit = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::user_order>
  search_users_request &set_order(Value &&value) {
    order = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  search_users_request &set_text(Value &&value) {
    text = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("after", self.after);
    visit("filters", self.filters);
    visit("limit", self.limit);
    visit("order", self.order);
    visit("text", self.text);
  }
};

// Changes an account. Members that are absent stay as they are.
struct update_user_request {
  // The user's id.
  std::string id{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // Roles to add; not with `roles`.
  std::optional<std::vector<std::string>> add_roles{};
  // The new attributes, which replace the old ones; `merge_attributes` changes single ones.
  std::optional<std::map<std::string, doorward::json>> attributes{};
  // The new address. It counts as unverified, unless it is the same to the letter or `email_verified` is
  // true.
  std::optional<std::string> email{};
  // Whether the address counts as verified, because the caller checked it by other means. False makes tokens
  // void that were mailed before. Password, sessions and factors stay, even if another person set them up:
  // see `reclaim`. Refused if another account verified this address; an account that claims it unverified
  // loses the claim.
  std::optional<bool> email_verified{};
  // The host's own id of the account, which no other account has: 1 to 255 bytes without control characters,
  // compared to the letter. An empty text removes it.
  std::optional<std::string> external_id{};
  // Whether the account may log in. Setting it to false ends the account's sessions; setting it to true also
  // unlocks an account that failed logins had locked.
  std::optional<bool> is_active{};
  // The language of mails to this user.
  std::optional<std::string> locale{};
  // Whether the next login by password requires a new password. Sessions stay.
  std::optional<bool> must_change_password{};
  // With `email_verified`, for an account whose user never proved an address: removes everything that opened
  // it before, because another person may have made it: password, sessions, second factors, passkeys and
  // identities. An earlier `email_verified` by a caller is not such a proof. Default: false.
  std::optional<bool> reclaim{};
  // Roles to remove, also from those added; not with `roles`.
  std::optional<std::vector<std::string>> remove_roles{};
  // The new roles, which replace the old ones.
  std::optional<std::vector<std::string>> roles{};
  // Whether to unlock an account that failures had locked, for every name, on every device and for codes of
  // an app. Whether it may log in stays as it is.
  std::optional<bool> unlock{};
  // The new name.
  std::optional<std::string> username{};

  template <class Value = std::string>
  update_user_request &set_id(Value &&value) {
    id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_user_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  update_user_request &set_add_roles(Value &&value) {
    add_roles = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::json>>
  update_user_request &set_attributes(Value &&value) {
    attributes = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_user_request &set_email(Value &&value) {
    email = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  update_user_request &set_email_verified(Value &&value) {
    email_verified = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_user_request &set_external_id(Value &&value) {
    external_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  update_user_request &set_is_active(Value &&value) {
    is_active = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_user_request &set_locale(Value &&value) {
    locale = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  update_user_request &set_must_change_password(Value &&value) {
    must_change_password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  update_user_request &set_reclaim(Value &&value) {
    reclaim = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  update_user_request &set_remove_roles(Value &&value) {
    remove_roles = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  update_user_request &set_roles(Value &&value) {
    roles = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  update_user_request &set_unlock(Value &&value) {
    unlock = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_user_request &set_username(Value &&value) {
    username = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("actor", self.actor);
    visit("add_roles", self.add_roles);
    visit("attributes", self.attributes);
    visit("email", self.email);
    visit("email_verified", self.email_verified);
    visit("external_id", self.external_id);
    visit("is_active", self.is_active);
    visit("locale", self.locale);
    visit("must_change_password", self.must_change_password);
    visit("reclaim", self.reclaim);
    visit("remove_roles", self.remove_roles);
    visit("roles", self.roles);
    visit("unlock", self.unlock);
    visit("username", self.username);
  }
};

// Changes single attributes of an account. The others stay, also if another caller changes them at the same
// time.
struct merge_attributes_request {
  // The user's id.
  std::string user_id{};
  // The changes, as a JSON Merge Patch (RFC 7396): a member that is `null` is removed, an object is merged
  // into the one that is there, and any other value, also a list, replaces what is there. The result has at
  // most 16 KiB.
  std::map<std::string, doorward::json> patch{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};

  template <class Value = std::string>
  merge_attributes_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::json>>
  merge_attributes_request &set_patch(Value &&value) {
    patch = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  merge_attributes_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
    visit("patch", self.patch);
    visit("actor", self.actor);
  }
};

// Locks an account: a privileged act. `update_user` with `is_active` opens it again.
struct lock_user_request {
  // The user's id.
  std::string user_id{};
  // Why, for the audit log.
  std::string reason{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};

  template <class Value = std::string>
  lock_user_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  lock_user_request &set_reason(Value &&value) {
    reason = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  lock_user_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
    visit("reason", self.reason);
    visit("actor", self.actor);
  }
};

// Deletes an account and everything about it.
struct delete_user_request {
  // The user's id.
  std::string id{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};

  template <class Value = std::string>
  delete_user_request &set_id(Value &&value) {
    id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  delete_user_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("actor", self.actor);
  }
};

// What a problem with one account means for the others.
enum class on_conflict {
  // A value that this header does not know.
  unknown,
  fail,
  skip,
};

namespace detail {

template <>
struct names<on_conflict> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "fail",
      "skip",
  };
  // clang-format on
};

}  // namespace detail

// A password that an account is known to have.
struct import_check {
  // The password. It is compared with the hash, and not kept.
  doorward::secret password{};

  template <class Value = doorward::secret>
  import_check &set_password(Value &&value) {
    password = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("password", self.password);
  }
};

// A user of an identity provider.
struct imported_identity {
  // The user's id at the provider: `sub` of its ID tokens.
  std::string subject{};
  // When the identity was linked to the account. Default: now.
  std::optional<std::int64_t> created_at{};
  // The provider's issuer: `iss` of its ID tokens.
  std::optional<std::string> issuer{};
  // The provider's name in `id_token_providers`. Give it or `issuer`.
  std::optional<std::string> provider{};
  // When the identity was unlinked. It opens no account, and its address does not link it again.
  std::optional<std::int64_t> unlinked_at{};

  template <class Value = std::string>
  imported_identity &set_subject(Value &&value) {
    subject = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  imported_identity &set_created_at(Value &&value) {
    created_at = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  imported_identity &set_issuer(Value &&value) {
    issuer = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  imported_identity &set_provider(Value &&value) {
    provider = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  imported_identity &set_unlinked_at(Value &&value) {
    unlinked_at = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("subject", self.subject);
    visit("created_at", self.created_at);
    visit("issuer", self.issuer);
    visit("provider", self.provider);
    visit("unlinked_at", self.unlinked_at);
  }
};

// A passkey of another system, for the same `passkeys.rp_id`.
struct imported_passkey {
  // The credential's id.
  std::string id{};
  // The public key, for ES256, EdDSA or RS256: a COSE_Key or a SubjectPublicKeyInfo (DER), in base64url
  // without padding.
  std::string public_key{};
  // The model of authenticator, a UUID. Default: unknown.
  std::optional<std::string> aaguid{};
  // Whether the passkey is on several devices. Default: false.
  std::optional<bool> backed_up{};
  // Whether the passkey may be on several devices. Default: what the authenticator says at the first use.
  std::optional<bool> backup_eligible{};
  // When the passkey was registered. Default: now.
  std::optional<std::int64_t> created_at{};
  // The user's name for the passkey: 1 to 64 characters.
  std::optional<std::string> label{};
  // When the passkey was last used.
  std::optional<std::int64_t> last_used_at{};
  // The last value of the authenticator's counter. Default: 0.
  std::optional<std::int64_t> sign_count{};
  // The transports that reach its authenticator.
  std::optional<std::vector<std::string>> transports{};
  // The user handle that the other system gave to the authenticator. Default: the bytes of the user's id.
  std::optional<std::string> user_handle{};
  // Whether the authenticator verified its user before. Without it the passkey is only a second factor.
  // Default: false.
  std::optional<bool> user_verified{};

  template <class Value = std::string>
  imported_passkey &set_id(Value &&value) {
    id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  imported_passkey &set_public_key(Value &&value) {
    public_key = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  imported_passkey &set_aaguid(Value &&value) {
    aaguid = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  imported_passkey &set_backed_up(Value &&value) {
    backed_up = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  imported_passkey &set_backup_eligible(Value &&value) {
    backup_eligible = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  imported_passkey &set_created_at(Value &&value) {
    created_at = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  imported_passkey &set_label(Value &&value) {
    label = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  imported_passkey &set_last_used_at(Value &&value) {
    last_used_at = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  imported_passkey &set_sign_count(Value &&value) {
    sign_count = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  imported_passkey &set_transports(Value &&value) {
    transports = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  imported_passkey &set_user_handle(Value &&value) {
    user_handle = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  imported_passkey &set_user_verified(Value &&value) {
    user_verified = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("public_key", self.public_key);
    visit("aaguid", self.aaguid);
    visit("backed_up", self.backed_up);
    visit("backup_eligible", self.backup_eligible);
    visit("created_at", self.created_at);
    visit("label", self.label);
    visit("last_used_at", self.last_used_at);
    visit("sign_count", self.sign_count);
    visit("transports", self.transports);
    visit("user_handle", self.user_handle);
    visit("user_verified", self.user_verified);
  }
};

// An authenticator app (RFC 6238) of another system. Codes that it showed until the import are used up.
struct imported_totp {
  // The hash: only `SHA1`, which every app supports. Default: what the URI says, or else `SHA1`.
  std::optional<std::string> algorithm{};
  // When the app was set up. Default: now.
  std::optional<std::int64_t> created_at{};
  // The number of digits of a code: 6 to 8. Default: what the URI says, or else 6.
  std::optional<std::int64_t> digits{};
  // The URI by which the app was set up: `otpauth://totp/…`.
  std::optional<doorward::secret> otpauth_uri{};
  // How long a code is shown: 15 to 300 seconds. Default: what the URI says, or else 30.
  std::optional<std::int64_t> period_seconds{};
  // The secret in base32. Give it or `otpauth_uri`.
  std::optional<doorward::secret> secret{};

  template <class Value = std::string>
  imported_totp &set_algorithm(Value &&value) {
    algorithm = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  imported_totp &set_created_at(Value &&value) {
    created_at = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  imported_totp &set_digits(Value &&value) {
    digits = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  imported_totp &set_otpauth_uri(Value &&value) {
    otpauth_uri = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  imported_totp &set_period_seconds(Value &&value) {
    period_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  imported_totp &set_secret(Value &&value) {
    secret = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("algorithm", self.algorithm);
    visit("created_at", self.created_at);
    visit("digits", self.digits);
    visit("otpauth_uri", self.otpauth_uri);
    visit("period_seconds", self.period_seconds);
    visit("secret", self.secret);
  }
};

// An account of another system. A fault in it is reported as a problem of the account and does not refuse the
// request. An empty `id`, `username`, `email`, `password_hash`, `locale` or `external_id` means none.
struct imported_user {
  // Other data that the host keeps with the account: at most 16 KiB.
  std::optional<std::map<std::string, doorward::json>> attributes{};
  // A password to compare with the hash, in a dry run, too. An import has at most 20 of them.
  std::optional<doorward::import_check> check{};
  // When the account was created, in Unix seconds. Default: now.
  std::optional<std::int64_t> created_at{};
  // The e-mail address.
  std::optional<std::string> email{};
  // Whether no other account may claim the address before it verified it. Default: true, unless
  // `registration.conceal_existing` is on. A verified address is always claimed.
  std::optional<bool> email_claimed{};
  // Whether the user proved an address to an engine of this kind, so that a reset by mail leaves identities
  // alone. Default: false.
  std::optional<bool> email_proven{};
  // Whether the other system had proof that the address belongs to the user.
  std::optional<bool> email_verified{};
  // Whether an address of the account was verified before, though `email_verified` is false. Default: false.
  std::optional<bool> email_was_verified{};
  // The host's own id of the account, which no other account has: 1 to 255 bytes without control characters.
  std::optional<std::string> external_id{};
  // The id, which becomes `sub`: a UUID of any version, in lower case with hyphens. Default: a new one.
  std::optional<std::string> id{};
  // The users of identity providers that log in to the account.
  std::optional<std::vector<doorward::imported_identity>> identities{};
  // Whether the account may log in; default: true.
  std::optional<bool> is_active{};
  // Whether the account is a program's, without an address and a way to log in; default: false.
  std::optional<bool> is_service_account{};
  // The language of mails to this user (BCP 47).
  std::optional<std::string> locale{};
  // Whether the next login by password requires a new password; default: false.
  std::optional<bool> must_change_password{};
  // The passkeys.
  std::optional<std::vector<doorward::imported_passkey>> passkeys{};
  // When the password expires; it must be changed before then.
  std::optional<std::int64_t> password_expires_at{};
  // The hash of the other system. Without it the account has no password until one is set.
  std::optional<doorward::secret> password_hash{};
  // When the password was set. Default: now.
  std::optional<std::int64_t> password_set_at{};
  // The hashes of earlier passwords that may not be chosen again (`password.history`), the newest first.
  std::optional<std::vector<doorward::secret>> past_password_hashes{};
  // The same of an export of an engine with this secret key, for the same `id`.
  std::optional<std::vector<doorward::secret>> recovery_code_hashes{};
  // Recovery codes as the user has them: each 8 or more ASCII letters and digits, and with spaces and hyphens
  // at most 64. The store keeps only keyed codes of them.
  std::optional<std::vector<doorward::secret>> recovery_codes{};
  // The roles; default: `registration.default_roles`, and none for a service account.
  std::optional<std::vector<std::string>> roles{};
  // When all tokens of the account were last revoked: what a backend issued until then opens nothing.
  // Default: when an account of this store with the same `id` was deleted, if the log still says so.
  std::optional<std::int64_t> tokens_revoked_at{};
  // The authenticator app.
  std::optional<doorward::imported_totp> totp{};
  // The name to log in with. Default: an invented one, for an account with an address.
  std::optional<std::string> username{};

  template <class Value = std::map<std::string, doorward::json>>
  imported_user &set_attributes(Value &&value) {
    attributes = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::import_check>
  imported_user &set_check(Value &&value) {
    check = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  imported_user &set_created_at(Value &&value) {
    created_at = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  imported_user &set_email(Value &&value) {
    email = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  imported_user &set_email_claimed(Value &&value) {
    email_claimed = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  imported_user &set_email_proven(Value &&value) {
    email_proven = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  imported_user &set_email_verified(Value &&value) {
    email_verified = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  imported_user &set_email_was_verified(Value &&value) {
    email_was_verified = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  imported_user &set_external_id(Value &&value) {
    external_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  imported_user &set_id(Value &&value) {
    id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<doorward::imported_identity>>
  imported_user &set_identities(Value &&value) {
    identities = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  imported_user &set_is_active(Value &&value) {
    is_active = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  imported_user &set_is_service_account(Value &&value) {
    is_service_account = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  imported_user &set_locale(Value &&value) {
    locale = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  imported_user &set_must_change_password(Value &&value) {
    must_change_password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<doorward::imported_passkey>>
  imported_user &set_passkeys(Value &&value) {
    passkeys = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  imported_user &set_password_expires_at(Value &&value) {
    password_expires_at = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  imported_user &set_password_hash(Value &&value) {
    password_hash = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  imported_user &set_password_set_at(Value &&value) {
    password_set_at = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<doorward::secret>>
  imported_user &set_past_password_hashes(Value &&value) {
    past_password_hashes = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<doorward::secret>>
  imported_user &set_recovery_code_hashes(Value &&value) {
    recovery_code_hashes = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<doorward::secret>>
  imported_user &set_recovery_codes(Value &&value) {
    recovery_codes = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  imported_user &set_roles(Value &&value) {
    roles = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  imported_user &set_tokens_revoked_at(Value &&value) {
    tokens_revoked_at = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::imported_totp>
  imported_user &set_totp(Value &&value) {
    totp = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  imported_user &set_username(Value &&value) {
    username = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("attributes", self.attributes);
    visit("check", self.check);
    visit("created_at", self.created_at);
    visit("email", self.email);
    visit("email_claimed", self.email_claimed);
    visit("email_proven", self.email_proven);
    visit("email_verified", self.email_verified);
    visit("email_was_verified", self.email_was_verified);
    visit("external_id", self.external_id);
    visit("id", self.id);
    visit("identities", self.identities);
    visit("is_active", self.is_active);
    visit("is_service_account", self.is_service_account);
    visit("locale", self.locale);
    visit("must_change_password", self.must_change_password);
    visit("passkeys", self.passkeys);
    visit("password_expires_at", self.password_expires_at);
    visit("password_hash", self.password_hash);
    visit("password_set_at", self.password_set_at);
    visit("past_password_hashes", self.past_password_hashes);
    visit("recovery_code_hashes", self.recovery_code_hashes);
    visit("recovery_codes", self.recovery_codes);
    visit("roles", self.roles);
    visit("tokens_revoked_at", self.tokens_revoked_at);
    visit("totp", self.totp);
    visit("username", self.username);
  }
};

// Creates accounts with the password hashes of another system.
struct import_users_request {
  // The accounts, in the order in which they are tried; at most 10,000.
  std::vector<doorward::imported_user> users{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // Whether to create nothing and only report.
  std::optional<bool> dry_run{};
  // The effect of a problem with one account on the others: `fail`, the default, imports nothing; `skip`
  // imports the others.
  std::optional<doorward::on_conflict> on_conflict{};

  template <class Value = std::vector<doorward::imported_user>>
  import_users_request &set_users(Value &&value) {
    users = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  import_users_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  import_users_request &set_dry_run(Value &&value) {
    dry_run = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::on_conflict>
  import_users_request &set_on_conflict(Value &&value) {
    on_conflict = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("users", self.users);
    visit("actor", self.actor);
    visit("dry_run", self.dry_run);
    visit("on_conflict", self.on_conflict);
  }
};

// Reads accounts for a move to another engine or another system, in the order of their ids.
struct export_users_request {
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // Only accounts after this id: `next` of the previous page.
  std::optional<std::string> after{};
  // The most to return: 1 to 1000, default 100.
  std::optional<std::int64_t> limit{};
  // Whether to return second factors with their secrets, passkeys and identities; default: false.
  std::optional<bool> with_factors{};
  // Whether to return the hashes of passwords; default: false.
  std::optional<bool> with_hashes{};

  template <class Value = std::string>
  export_users_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  export_users_request &set_after(Value &&value) {
    after = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  export_users_request &set_limit(Value &&value) {
    limit = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  export_users_request &set_with_factors(Value &&value) {
    with_factors = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  export_users_request &set_with_hashes(Value &&value) {
    with_hashes = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("actor", self.actor);
    visit("after", self.after);
    visit("limit", self.limit);
    visit("with_factors", self.with_factors);
    visit("with_hashes", self.with_hashes);
  }
};

// Reads everything that the store keeps about a person.
struct export_user_request {
  // The user's id.
  std::string id{};
  // Only sessions and events after this id: `next` of the previous page.
  std::optional<std::string> after{};

  template <class Value = std::string>
  export_user_request &set_id(Value &&value) {
    id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  export_user_request &set_after(Value &&value) {
    after = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("after", self.after);
  }
};

// Hashes a password.
struct hash_password_request {
  // The password, not longer than `password.max_bytes`. The policy for new passwords does not apply.
  doorward::secret password{};

  template <class Value = doorward::secret>
  hash_password_request &set_password(Value &&value) {
    password = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("password", self.password);
  }
};

// Verifies a password against a hash.
struct verify_password_request {
  // The password.
  doorward::secret password{};
  // The hash: Argon2, bcrypt, scrypt, PBKDF2 or an older one in the form of the system that made it
  // (docs/imports.md).
  doorward::secret hash{};

  template <class Value = doorward::secret>
  verify_password_request &set_password(Value &&value) {
    password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  verify_password_request &set_hash(Value &&value) {
    hash = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("password", self.password);
    visit("hash", self.hash);
  }
};

// Judges a password that a user may choose. The engine keeps and counts nothing.
struct check_password_request {
  // The password.
  doorward::secret password{};
  // Words that an attacker would try first, such as the user's names: at most 100.
  std::optional<std::vector<std::string>> user_inputs{};

  template <class Value = doorward::secret>
  check_password_request &set_password(Value &&value) {
    password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  check_password_request &set_user_inputs(Value &&value) {
    user_inputs = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("password", self.password);
    visit("user_inputs", self.user_inputs);
  }
};

// Changes a password for a user who knows the old one. `token` or `user_id` names the user.
struct change_password_request {
  // The present password; a wrong one counts as a failed login.
  doorward::secret old_password{};
  // The new password.
  doorward::secret new_password{};
  // The backend that `token` is for; default: `default`.
  std::optional<std::string> backend{};
  // The client's connection, where known.
  std::optional<doorward::client> client{};
  // A live access token of the user.
  std::optional<doorward::secret> token{};
  // The user's id, if the host has authenticated the user.
  std::optional<std::string> user_id{};

  template <class Value = doorward::secret>
  change_password_request &set_old_password(Value &&value) {
    old_password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  change_password_request &set_new_password(Value &&value) {
    new_password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  change_password_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::client>
  change_password_request &set_client(Value &&value) {
    client = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  change_password_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  change_password_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("old_password", self.old_password);
    visit("new_password", self.new_password);
    visit("backend", self.backend);
    visit("client", self.client);
    visit("token", self.token);
    visit("user_id", self.user_id);
  }
};

// Sets a user's password without the old one: a privileged act. It ends every session and unlocks an account
// that failed logins had locked.
struct set_password_request {
  // The user's id.
  std::string user_id{};
  // The new password. It is not compared with the present and earlier ones, so the caller learns nothing
  // about these.
  doorward::secret new_password{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // Whether the user must change it at the next login, within `password.temporary_seconds`; default: true, so
  // that only the user knows the next password.
  std::optional<bool> temporary{};

  template <class Value = std::string>
  set_password_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  set_password_request &set_new_password(Value &&value) {
    new_password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  set_password_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  set_password_request &set_temporary(Value &&value) {
    temporary = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
    visit("new_password", self.new_password);
    visit("actor", self.actor);
    visit("temporary", self.temporary);
  }
};

// The life of a session, if it is to be shorter than the configuration allows. ``` use
// doorward::{LoginRequest, SessionLifetime}; let on_a_shared_computer =
// SessionLifetime::new().absolute_seconds(3600).persistent(false); let request = LoginRequest::new("ada",
// "eight wise words").lifetime(on_a_shared_computer); ```
struct session_lifetime {
  // When the session ends, however often it is refreshed: at most after `session_max_seconds`. Default: then.
  std::optional<std::int64_t> absolute_seconds{};
  // How long an unused refresh token is valid: at most as long as the backend's (`refresh_token_seconds`).
  // Default: as long.
  std::optional<std::int64_t> idle_seconds{};
  // Whether the user stays logged in when the browser is closed. The engine keeps it and repeats it in each
  // response with tokens of the session; with `false` the host sets cookies without `Max-Age`.
  std::optional<bool> persistent{};

  template <class Value = std::int64_t>
  session_lifetime &set_absolute_seconds(Value &&value) {
    absolute_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  session_lifetime &set_idle_seconds(Value &&value) {
    idle_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  session_lifetime &set_persistent(Value &&value) {
    persistent = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("absolute_seconds", self.absolute_seconds);
    visit("idle_seconds", self.idle_seconds);
    visit("persistent", self.persistent);
  }
};

// AuthenticatorAssertionResponseJSON: the members that the engine reads.
struct assertion_response {
  // The client data that the browser made.
  std::string clientDataJSON{};
  // The authenticator's data.
  std::string authenticatorData{};
  // The authenticator's signature over both.
  std::string signature{};
  // The user handle of the credential.
  std::optional<std::string> userHandle{};
  // The other members.
  std::map<std::string, doorward::json> others{};

  template <class Value = std::string>
  assertion_response &set_clientDataJSON(Value &&value) {
    clientDataJSON = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  assertion_response &set_authenticatorData(Value &&value) {
    authenticatorData = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  assertion_response &set_signature(Value &&value) {
    signature = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  assertion_response &set_userHandle(Value &&value) {
    userHandle = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("clientDataJSON", self.clientDataJSON);
    visit("authenticatorData", self.authenticatorData);
    visit("signature", self.signature);
    visit("userHandle", self.userHandle);
    visit.others(self.others);
  }
};

// The type of a credential.
enum class credential_type {
  // A value that this header does not know.
  unknown,
  // `public-key`.
  public_key,
};

namespace detail {

template <>
struct names<credential_type> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "public-key",
  };
  // clang-format on
};

}  // namespace detail

// Authenticates a user by password and opens a session.
struct login_request {
  // The username or the e-mail address.
  std::string username{};
  // The password.
  doorward::secret password{};
  // The backend that the session's tokens are for; default: `default`.
  std::optional<std::string> backend{};
  // The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine are
  // refused.
  std::optional<std::map<std::string, doorward::json>> claims{};
  // The client's connection, where known.
  std::optional<doorward::client> client{};
  // A label for the session in the user's list, such as the name of the device.
  std::optional<std::string> label{};
  // A shorter life of the session than the configuration gives it.
  std::optional<doorward::session_lifetime> lifetime{};
  // The organization that the session is in. Its user must be a member: otherwise the right proof is refused
  // with `permission_denied`. The tokens have `org_id` and `org_roles`.
  std::optional<std::string> organization_id{};
  // A recovery code instead, which is used up.
  std::optional<doorward::secret> recovery_code{};
  // The scopes of the access token, separated by spaces. The engine grants what the host asks for: a host
  // that passes on a client's wish decides first what the client may have.
  std::optional<std::string> scope{};
  // The token of a trusted device, which `complete_login` returned. If it is valid, no second factor is
  // required, and the tokens' `amr` names none. An invalid token is ignored.
  std::optional<doorward::secret> trusted_device_token{};
  // The code of the account's authenticator app. Ignored if the account has no second factor.
  std::optional<doorward::secret> two_fa_code{};
  // A passkey's answer to a challenge of `begin_passkey_login` instead, which is spent: the credential's
  // `toJSON()`.
  std::optional<doorward::json> webauthn_response{};

  template <class Value = std::string>
  login_request &set_username(Value &&value) {
    username = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  login_request &set_password(Value &&value) {
    password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  login_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::json>>
  login_request &set_claims(Value &&value) {
    claims = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::client>
  login_request &set_client(Value &&value) {
    client = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  login_request &set_label(Value &&value) {
    label = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::session_lifetime>
  login_request &set_lifetime(Value &&value) {
    lifetime = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  login_request &set_organization_id(Value &&value) {
    organization_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  login_request &set_recovery_code(Value &&value) {
    recovery_code = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  login_request &set_scope(Value &&value) {
    scope = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  login_request &set_trusted_device_token(Value &&value) {
    trusted_device_token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  login_request &set_two_fa_code(Value &&value) {
    two_fa_code = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::json>
  login_request &set_webauthn_response(Value &&value) {
    webauthn_response = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("username", self.username);
    visit("password", self.password);
    visit("backend", self.backend);
    visit("claims", self.claims);
    visit("client", self.client);
    visit("label", self.label);
    visit("lifetime", self.lifetime);
    visit("organization_id", self.organization_id);
    visit("recovery_code", self.recovery_code);
    visit("scope", self.scope);
    visit("trusted_device_token", self.trusted_device_token);
    visit("two_fa_code", self.two_fa_code);
    visit("webauthn_response", self.webauthn_response);
  }
};

// AuthenticatorAttestationResponseJSON: the members that the engine reads.
struct attestation_response {
  // The client data that the browser made.
  std::string clientDataJSON{};
  // The authenticator's attestation object.
  std::string attestationObject{};
  // The transports that reach the authenticator.
  std::optional<std::vector<std::string>> transports{};
  // The other members.
  std::map<std::string, doorward::json> others{};

  template <class Value = std::string>
  attestation_response &set_clientDataJSON(Value &&value) {
    clientDataJSON = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  attestation_response &set_attestationObject(Value &&value) {
    attestationObject = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  attestation_response &set_transports(Value &&value) {
    transports = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("clientDataJSON", self.clientDataJSON);
    visit("attestationObject", self.attestationObject);
    visit("transports", self.transports);
    visit.others(self.others);
  }
};

// Takes the next step of a login. Give the one proof that the login asked for.
struct complete_login_request {
  // The login's challenge. It can be used once and allows ten attempts.
  doorward::secret challenge{};
  // The mailed code, if the challenge is of `request_login_code`. It allows five attempts, and refuses every
  // wrong or spent code alike.
  std::optional<doorward::secret> mail_code{};
  // The new password, if the password must be changed.
  std::optional<doorward::secret> new_password{};
  // A recovery code, which is used up.
  std::optional<doorward::secret> recovery_code{};
  // Whether the user trusts this device: the response then has a token that takes the place of the second
  // factor in later logins by password on it. Only beside a second factor; needs `trusted_devices`. Ignored
  // if the login began without a password.
  std::optional<bool> trust_device{};
  // The code of the authenticator app, also of one that `setup_totp` made for this challenge.
  std::optional<doorward::secret> two_fa_code{};
  // The answer of `navigator.credentials.create` to what `begin_passkey_registration` made for this
  // challenge: the credential's `toJSON()`.
  std::optional<doorward::json> webauthn_registration{};
  // The answer of `navigator.credentials.get` to the login's `webauthn_options`: the credential's `toJSON()`.
  std::optional<doorward::json> webauthn_response{};

  template <class Value = doorward::secret>
  complete_login_request &set_challenge(Value &&value) {
    challenge = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  complete_login_request &set_mail_code(Value &&value) {
    mail_code = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  complete_login_request &set_new_password(Value &&value) {
    new_password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  complete_login_request &set_recovery_code(Value &&value) {
    recovery_code = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  complete_login_request &set_trust_device(Value &&value) {
    trust_device = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  complete_login_request &set_two_fa_code(Value &&value) {
    two_fa_code = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::json>
  complete_login_request &set_webauthn_registration(Value &&value) {
    webauthn_registration = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::json>
  complete_login_request &set_webauthn_response(Value &&value) {
    webauthn_response = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("challenge", self.challenge);
    visit("mail_code", self.mail_code);
    visit("new_password", self.new_password);
    visit("recovery_code", self.recovery_code);
    visit("trust_device", self.trust_device);
    visit("two_fa_code", self.two_fa_code);
    visit("webauthn_registration", self.webauthn_registration);
    visit("webauthn_response", self.webauthn_response);
  }
};

// Authenticates a user by an ID token and opens a session.
struct login_with_id_token_request {
  // The ID token (OpenID Connect Core section 2); not an access token.
  doorward::secret id_token{};
  // The backend that the session's tokens are for; default: `default`.
  std::optional<std::string> backend{};
  // The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine are
  // refused.
  std::optional<std::map<std::string, doorward::json>> claims{};
  // The client's connection, where known.
  std::optional<doorward::client> client{};
  // A label for the session in the user's list, such as the name of the device.
  std::optional<std::string> label{};
  // A shorter life of the session than the configuration gives it.
  std::optional<doorward::session_lifetime> lifetime{};
  // The nonce that the host sent with its authentication request. The token must repeat it, so that it
  // answers this browser's request and no other.
  std::optional<doorward::secret> nonce{};
  // The organization that the session is in, as in `login`.
  std::optional<std::string> organization_id{};
  // The name of the issuer in `id_token_providers`; optional if there is only one.
  std::optional<std::string> provider{};
  // The scopes of the access token, separated by spaces. The engine grants what the host asks for.
  std::optional<std::string> scope{};

  template <class Value = doorward::secret>
  login_with_id_token_request &set_id_token(Value &&value) {
    id_token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  login_with_id_token_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::json>>
  login_with_id_token_request &set_claims(Value &&value) {
    claims = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::client>
  login_with_id_token_request &set_client(Value &&value) {
    client = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  login_with_id_token_request &set_label(Value &&value) {
    label = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::session_lifetime>
  login_with_id_token_request &set_lifetime(Value &&value) {
    lifetime = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  login_with_id_token_request &set_nonce(Value &&value) {
    nonce = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  login_with_id_token_request &set_organization_id(Value &&value) {
    organization_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  login_with_id_token_request &set_provider(Value &&value) {
    provider = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  login_with_id_token_request &set_scope(Value &&value) {
    scope = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id_token", self.id_token);
    visit("backend", self.backend);
    visit("claims", self.claims);
    visit("client", self.client);
    visit("label", self.label);
    visit("lifetime", self.lifetime);
    visit("nonce", self.nonce);
    visit("organization_id", self.organization_id);
    visit("provider", self.provider);
    visit("scope", self.scope);
  }
};

// What a provider asks the user for.
enum class provider_prompt {
  // A value that this header does not know.
  unknown,
  // Nothing: the login fails if the user would have to be asked.
  none,
  // To authenticate again.
  login,
  // To consent again.
  consent,
  // To choose an account.
  select_account,
};

namespace detail {

template <>
struct names<provider_prompt> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "none",
      "login",
      "consent",
      "select_account",
  };
  // clang-format on
};

}  // namespace detail

// Begins a login at a provider.
struct begin_provider_login_request {
  // The URL of this service to which the provider sends the browser back; the provider must know it. Use
  // another one for each provider.
  std::string redirect_uri{};
  // The authentication context classes that are wished for, separated by spaces. The provider may ignore
  // them: see `provider` of `authorize`.
  std::optional<std::string> acr_values{};
  // The backend that the session's tokens are for, and `user_token` too; default: `default`.
  std::optional<std::string> backend{};
  // The name that the user probably logs in with.
  std::optional<std::string> login_hint{};
  // How long ago the user may have authenticated at the provider. The ID token must prove it.
  std::optional<std::int64_t> max_age_seconds{};
  // The organization that the session is in, as in `login`; not for linking.
  std::optional<std::string> organization_id{};
  // What the provider asks the user for (`prompt` of OpenID Connect Core section 3.1.2.1). Like `acr_values`
  // and `max_age_seconds`, only for a provider with ID tokens.
  std::optional<doorward::provider_prompt> prompt{};
  // The name of the provider in `id_token_providers`; optional if there is only one.
  std::optional<std::string> provider{};
  // The scopes of the access token, as in `login`.
  std::optional<std::string> scope{};
  // An access token of the account to which the identity is linked. Without it the identity logs in. Its user
  // must have authenticated in the last fifteen minutes (`reauthenticate`), by a second factor if a login
  // demands one.
  std::optional<doorward::secret> user_token{};

  template <class Value = std::string>
  begin_provider_login_request &set_redirect_uri(Value &&value) {
    redirect_uri = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  begin_provider_login_request &set_acr_values(Value &&value) {
    acr_values = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  begin_provider_login_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  begin_provider_login_request &set_login_hint(Value &&value) {
    login_hint = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  begin_provider_login_request &set_max_age_seconds(Value &&value) {
    max_age_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  begin_provider_login_request &set_organization_id(Value &&value) {
    organization_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::provider_prompt>
  begin_provider_login_request &set_prompt(Value &&value) {
    prompt = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  begin_provider_login_request &set_provider(Value &&value) {
    provider = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  begin_provider_login_request &set_scope(Value &&value) {
    scope = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  begin_provider_login_request &set_user_token(Value &&value) {
    user_token = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("redirect_uri", self.redirect_uri);
    visit("acr_values", self.acr_values);
    visit("backend", self.backend);
    visit("login_hint", self.login_hint);
    visit("max_age_seconds", self.max_age_seconds);
    visit("organization_id", self.organization_id);
    visit("prompt", self.prompt);
    visit("provider", self.provider);
    visit("scope", self.scope);
    visit("user_token", self.user_token);
  }
};

// The response of a provider.
struct provider_response {
  // The HTTP status.
  std::int64_t status{};
  // The body, as text.
  doorward::secret body{};

  template <class Value = std::int64_t>
  provider_response &set_status(Value &&value) {
    status = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  provider_response &set_body(Value &&value) {
    body = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("status", self.status);
    visit("body", self.body);
  }
};

// Asks for the next request to a provider.
struct next_provider_request_request {
  // The transaction of `begin_provider_login`.
  doorward::secret transaction{};
  // The query of the URL with which the browser came back, or the form that it posted, unchanged.
  doorward::secret query{};
  // The URL at which the browser really came back, without its query. Another one than that of
  // `begin_provider_login` is refused.
  std::string redirect_uri{};
  // The responses so far, in the order of the requests: from the provider itself, never through a browser.
  std::optional<std::vector<doorward::provider_response>> received{};

  template <class Value = doorward::secret>
  next_provider_request_request &set_transaction(Value &&value) {
    transaction = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  next_provider_request_request &set_query(Value &&value) {
    query = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  next_provider_request_request &set_redirect_uri(Value &&value) {
    redirect_uri = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<doorward::provider_response>>
  next_provider_request_request &set_received(Value &&value) {
    received = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("transaction", self.transaction);
    visit("query", self.query);
    visit("redirect_uri", self.redirect_uri);
    visit("received", self.received);
  }
};

// Finishes a login at a provider.
struct finish_provider_login_request {
  // The transaction of `begin_provider_login`, from the browser that came back.
  doorward::secret transaction{};
  // The query of the URL with which the browser came back, or the form that it posted, unchanged.
  doorward::secret query{};
  // The URL at which the browser really came back, without its query. Another one than that of
  // `begin_provider_login` is refused.
  std::string redirect_uri{};
  // The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine are
  // refused. A login that began with `user_token` opens no session: its session keeps what it has, whatever
  // is given here and in the next two.
  std::optional<std::map<std::string, doorward::json>> claims{};
  // The client's connection, where known.
  std::optional<doorward::client> client{};
  // A label for the session in the user's list, such as the name of the device.
  std::optional<std::string> label{};
  // A shorter life of the session than the configuration gives it.
  std::optional<doorward::session_lifetime> lifetime{};
  // If the host sends the requests (`exchange`): the responses, in the order of the requests. They open any
  // account, so they must come from the provider itself, never through a browser.
  std::optional<std::vector<doorward::provider_response>> received{};
  // The access token of this browser's user, if there is one. A login that began with `user_token` needs one
  // of the same session; others ignore it.
  std::optional<doorward::secret> user_token{};

  template <class Value = doorward::secret>
  finish_provider_login_request &set_transaction(Value &&value) {
    transaction = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  finish_provider_login_request &set_query(Value &&value) {
    query = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  finish_provider_login_request &set_redirect_uri(Value &&value) {
    redirect_uri = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::json>>
  finish_provider_login_request &set_claims(Value &&value) {
    claims = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::client>
  finish_provider_login_request &set_client(Value &&value) {
    client = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  finish_provider_login_request &set_label(Value &&value) {
    label = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::session_lifetime>
  finish_provider_login_request &set_lifetime(Value &&value) {
    lifetime = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<doorward::provider_response>>
  finish_provider_login_request &set_received(Value &&value) {
    received = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  finish_provider_login_request &set_user_token(Value &&value) {
    user_token = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("transaction", self.transaction);
    visit("query", self.query);
    visit("redirect_uri", self.redirect_uri);
    visit("claims", self.claims);
    visit("client", self.client);
    visit("label", self.label);
    visit("lifetime", self.lifetime);
    visit("received", self.received);
    visit("user_token", self.user_token);
  }
};

// Lists the identities that open an account.
struct list_identities_request {
  // The user's id.
  std::string user_id{};

  template <class Value = std::string>
  list_identities_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
  }
};

// Unlinks an identity from an account. The host must have authenticated its user just now.
struct unlink_identity_request {
  // The user's id.
  std::string user_id{};
  // The provider's issuer, as `list_identities` has it.
  std::string issuer{};
  // The user's id at the provider.
  std::string subject{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};

  template <class Value = std::string>
  unlink_identity_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  unlink_identity_request &set_issuer(Value &&value) {
    issuer = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  unlink_identity_request &set_subject(Value &&value) {
    subject = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  unlink_identity_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
    visit("issuer", self.issuer);
    visit("subject", self.subject);
    visit("actor", self.actor);
  }
};

// Authenticates the user of a session again, before an important act. Give one proof; the host decides which
// are enough.
struct reauthenticate_request {
  // An access token of the session.
  doorward::secret token{};
  // The backend that `token` is for; default: `default`.
  std::optional<std::string> backend{};
  // The client's connection, where known.
  std::optional<doorward::client> client{};
  // The password; a wrong one counts as a failed login.
  std::optional<doorward::secret> password{};
  // The code of the authenticator app instead.
  std::optional<doorward::secret> two_fa_code{};
  // A passkey's answer to a challenge of `begin_passkey_login` instead, which is spent: the credential's
  // `toJSON()`. The authenticator must have verified its user.
  std::optional<doorward::json> webauthn_response{};

  template <class Value = doorward::secret>
  reauthenticate_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  reauthenticate_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::client>
  reauthenticate_request &set_client(Value &&value) {
    client = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  reauthenticate_request &set_password(Value &&value) {
    password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  reauthenticate_request &set_two_fa_code(Value &&value) {
    two_fa_code = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::json>
  reauthenticate_request &set_webauthn_response(Value &&value) {
    webauthn_response = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("token", self.token);
    visit("backend", self.backend);
    visit("client", self.client);
    visit("password", self.password);
    visit("two_fa_code", self.two_fa_code);
    visit("webauthn_response", self.webauthn_response);
  }
};

// Opens a session in which the user of a token acts as another user.
struct impersonate_request {
  // An access token of the person who is to act, from a session of their own. The person must have
  // authenticated in the last 15 minutes, by a second factor if their logins need one (`reauthenticate`).
  doorward::secret actor_token{};
  // The id of the user that the person acts as.
  std::string user_id{};
  // Why, for the audit log.
  std::string reason{};
  // The backend that `actor_token` is for; default: `default`.
  std::optional<std::string> actor_backend{};
  // The backend that the session's tokens are for; default: `default`.
  std::optional<std::string> backend{};
  // The connection of the person's client, where known.
  std::optional<doorward::client> client{};
  // When the session ends, however often it is refreshed; default 900. From 1 to 3600.
  std::optional<std::int64_t> lifetime_seconds{};
  // The scopes of the access token, separated by spaces. The engine grants what the host asks for.
  std::optional<std::string> scope{};

  template <class Value = doorward::secret>
  impersonate_request &set_actor_token(Value &&value) {
    actor_token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  impersonate_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  impersonate_request &set_reason(Value &&value) {
    reason = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  impersonate_request &set_actor_backend(Value &&value) {
    actor_backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  impersonate_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::client>
  impersonate_request &set_client(Value &&value) {
    client = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  impersonate_request &set_lifetime_seconds(Value &&value) {
    lifetime_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  impersonate_request &set_scope(Value &&value) {
    scope = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("actor_token", self.actor_token);
    visit("user_id", self.user_id);
    visit("reason", self.reason);
    visit("actor_backend", self.actor_backend);
    visit("backend", self.backend);
    visit("client", self.client);
    visit("lifetime_seconds", self.lifetime_seconds);
    visit("scope", self.scope);
  }
};

// Gets the next tokens of a session.
struct refresh_request {
  // The newest refresh token.
  doorward::secret refresh_token{};
  // Fewer scopes than the session has, for this access token (RFC 6749 section 6).
  std::optional<std::string> scope{};

  template <class Value = doorward::secret>
  refresh_request &set_refresh_token(Value &&value) {
    refresh_token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  refresh_request &set_scope(Value &&value) {
    scope = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("refresh_token", self.refresh_token);
    visit("scope", self.scope);
  }
};

// Ends a session. Give either token.
struct logout_request {
  // Whether to end every session of the user.
  std::optional<bool> everywhere{};
  // The refresh token.
  std::optional<doorward::secret> refresh_token{};
  // Whether to change nothing and only confirm. The client then forgets its tokens, which stay valid until
  // they expire.
  std::optional<bool> stateless{};
  // The access token.
  std::optional<doorward::secret> token{};

  template <class Value = bool>
  logout_request &set_everywhere(Value &&value) {
    everywhere = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  logout_request &set_refresh_token(Value &&value) {
    refresh_token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  logout_request &set_stateless(Value &&value) {
    stateless = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  logout_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("everywhere", self.everywhere);
    visit("refresh_token", self.refresh_token);
    visit("stateless", self.stateless);
    visit("token", self.token);
  }
};

// Lists the live sessions of a user.
struct list_sessions_request {
  // The user's id.
  std::string user_id{};
  // The session from which the user asks, if one does: `session_id` of `authenticate`.
  std::optional<std::string> current_session_id{};

  template <class Value = std::string>
  list_sessions_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  list_sessions_request &set_current_session_id(Value &&value) {
    current_session_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
    visit("current_session_id", self.current_session_id);
  }
};

// Changes a session. Members that are absent stay as they are; at least one of `label` and `claims` is
// needed.
struct update_session_request {
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // The backend that `token` is for; default: `default`.
  std::optional<std::string> backend{};
  // The new claims of the host, which replace all the old ones: `{}` removes them. The session's next access
  // token has them; tokens that were issued before keep theirs.
  std::optional<std::map<std::string, doorward::json>> claims{};
  // The new label, as of a login; empty: none.
  std::optional<std::string> label{};
  // The session's id instead.
  std::optional<std::string> session_id{};
  // An access token of the session.
  std::optional<doorward::secret> token{};
  // With `session_id`: the account that must have the session. Give it if the id comes from a client.
  std::optional<std::string> user_id{};

  template <class Value = std::string>
  update_session_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_session_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::json>>
  update_session_request &set_claims(Value &&value) {
    claims = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_session_request &set_label(Value &&value) {
    label = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_session_request &set_session_id(Value &&value) {
    session_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  update_session_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_session_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("actor", self.actor);
    visit("backend", self.backend);
    visit("claims", self.claims);
    visit("label", self.label);
    visit("session_id", self.session_id);
    visit("token", self.token);
    visit("user_id", self.user_id);
  }
};

// Ends one session.
struct revoke_session_request {
  // The session's id.
  std::string session_id{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};

  template <class Value = std::string>
  revoke_session_request &set_session_id(Value &&value) {
    session_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  revoke_session_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("session_id", self.session_id);
    visit("actor", self.actor);
  }
};

// Ends every session of a user.
struct revoke_user_sessions_request {
  // The user's id.
  std::string user_id{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // The session to keep: the one that the user asks from.
  std::optional<std::string> except_session_id{};

  template <class Value = std::string>
  revoke_user_sessions_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  revoke_user_sessions_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  revoke_user_sessions_request &set_except_session_id(Value &&value) {
    except_session_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
    visit("actor", self.actor);
    visit("except_session_id", self.except_session_id);
  }
};

// Ends every session of every user.
struct revoke_all_sessions_request {
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};

  template <class Value = std::string>
  revoke_all_sessions_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("actor", self.actor);
  }
};

// Revokes a token with its session, or by itself if it belongs to none (RFC 7009).
struct revoke_token_request {
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // The backend that issued the token of this `jti`; default: `default`.
  std::optional<std::string> backend{};
  // The `jti` of a token of `issue_token` instead, from its answer or the event `token_issued`.
  std::optional<std::string> jti{};
  // An access or a refresh token.
  std::optional<doorward::secret> token{};
  // `access_token` or `refresh_token`; optional, and any text is accepted.
  std::optional<std::string> token_type_hint{};

  template <class Value = std::string>
  revoke_token_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  revoke_token_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  revoke_token_request &set_jti(Value &&value) {
    jti = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  revoke_token_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  revoke_token_request &set_token_type_hint(Value &&value) {
    token_type_hint = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("actor", self.actor);
    visit("backend", self.backend);
    visit("jti", self.jti);
    visit("token", self.token);
    visit("token_type_hint", self.token_type_hint);
  }
};

// Verifies an access token by signature and claims alone, without the store: a session that was revoked still
// passes until the token expires.
struct verify_request {
  // The access token.
  doorward::secret token{};
  // The backend that must have issued the token; default: `default`.
  std::optional<std::string> backend{};

  template <class Value = doorward::secret>
  verify_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  verify_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("token", self.token);
    visit("backend", self.backend);
  }
};

// Identifies the user of a live access token or API key: the account is active, and the session has not ended
// or the key was not revoked.
struct authenticate_request {
  // The value of an `Authorization` header instead: `Bearer <token>` (RFC 6750).
  std::optional<doorward::secret> authorization{};
  // The backend that must have issued the token, or that the API key is for; default: `default`.
  std::optional<std::string> backend{};
  // The client's connection, where known: too many unknown API keys from one network address are refused.
  std::optional<doorward::client> client{};
  // The access token or API key.
  std::optional<doorward::secret> token{};

  template <class Value = doorward::secret>
  authenticate_request &set_authorization(Value &&value) {
    authorization = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  authenticate_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::client>
  authenticate_request &set_client(Value &&value) {
    client = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  authenticate_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("authorization", self.authorization);
    visit("backend", self.backend);
    visit("client", self.client);
    visit("token", self.token);
  }
};

// Checks a token or API key for another service (RFC 7662), as of now.
struct introspect_request {
  // An access token, a refresh token or an API key.
  doorward::secret token{};
  // The service that asks: a token for another audience is not active.
  std::optional<std::string> audience{};
  // `access_token` or `refresh_token`; optional, and any text is accepted.
  std::optional<std::string> token_type_hint{};

  template <class Value = doorward::secret>
  introspect_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  introspect_request &set_audience(Value &&value) {
    audience = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  introspect_request &set_token_type_hint(Value &&value) {
    token_type_hint = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("token", self.token);
    visit("audience", self.audience);
    visit("token_type_hint", self.token_type_hint);
  }
};

// Issues an access token that belongs to no session. If `sub` is not the id of an account, `verify` accepts
// the token, but the live checks (`authenticate`, `introspect`, `authorize`) do not.
struct issue_token_request {
  // The claims: `sub`, a text, and any of the host's own. The claims that the engine makes (`iss`, `aud`,
  // `exp`, `nbf`, `iat`, `jti`, `sid`, `client_id`, `auth_time`, `acr`, `amr`, `provider`, `cnf`, `org_id`,
  // `org_roles`, `act`, `account_epoch`) are refused.
  std::map<std::string, doorward::json> claims{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // The backend that issues the token; default: `default`.
  std::optional<std::string> backend{};
  // The token's lifetime; default `access_token_seconds`, at most `session_max_seconds`.
  std::optional<std::int64_t> lifetime_seconds{};

  template <class Value = std::map<std::string, doorward::json>>
  issue_token_request &set_claims(Value &&value) {
    claims = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  issue_token_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  issue_token_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  issue_token_request &set_lifetime_seconds(Value &&value) {
    lifetime_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("claims", self.claims);
    visit("actor", self.actor);
    visit("backend", self.backend);
    visit("lifetime_seconds", self.lifetime_seconds);
  }
};

struct requests_config_exclude {
  std::optional<std::string> exact{};
  std::optional<std::string> glob{};
  std::optional<std::string> prefix{};
  std::optional<std::string> regex{};

  template <class Value = std::string>
  requests_config_exclude &set_exact(Value &&value) {
    exact = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  requests_config_exclude &set_glob(Value &&value) {
    glob = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  requests_config_exclude &set_prefix(Value &&value) {
    prefix = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  requests_config_exclude &set_regex(Value &&value) {
    regex = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("exact", self.exact);
    visit("glob", self.glob);
    visit("prefix", self.prefix);
    visit("regex", self.regex);
  }
};

// The rules of `authenticate_request`.
struct requests_config {
  // The kinds of connection that may send requests; any other is refused for every path. Default: `http`,
  // `websocket`.
  std::optional<std::vector<std::string>> connections{};
  // The cookie that holds the token, if neither the host nor the header gives one. Default: none.
  std::optional<std::string> cookie{};
  // The paths that need no authentication. A text is an exact path or, with `*` (within a segment) or `**`
  // (across segments), a glob; `{"exact": …}`, `{"prefix": …}`, `{"glob": …}` and `{"regex": …}` state the
  // kind. All match the whole path; a pattern that matches every path is refused.
  std::optional<std::vector<std::variant<std::string, doorward::requests_config_exclude>>> exclude{};
  // The methods that need no authentication, in any case; `GET` does not imply `HEAD`. Default: `OPTIONS`.
  std::optional<std::vector<std::string>> exclude_http_methods{};
  // The header from which the host reads `authorization`. Default: `authorization`.
  std::optional<std::string> header{};
  // The origins whose pages may send the cookie (RFC 6454), if a request names its page's `origin`. Default:
  // only that of `host`.
  std::optional<std::vector<std::string>> origins{};

  template <class Value = std::vector<std::string>>
  requests_config &set_connections(Value &&value) {
    connections = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  requests_config &set_cookie(Value &&value) {
    cookie = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::variant<std::string, doorward::requests_config_exclude>>>
  requests_config &set_exclude(Value &&value) {
    exclude = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  requests_config &set_exclude_http_methods(Value &&value) {
    exclude_http_methods = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  requests_config &set_header(Value &&value) {
    header = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  requests_config &set_origins(Value &&value) {
    origins = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("connections", self.connections);
    visit("cookie", self.cookie);
    visit("exclude", self.exclude);
    visit("exclude_http_methods", self.exclude_http_methods);
    visit("header", self.header);
    visit("origins", self.origins);
  }
};

// Decides whether a request to the host may pass, by the rules under `requests` in the configuration. The
// engine takes the token from `token`, else from `authorization`, else an API key from `api_key`, else a
// token from the configured cookie.
struct authenticate_request_request {
  // The HTTP method, in any case.
  std::string method{};
  // The path as the router sees it; a query is cut off. A path that two readers could take for different
  // paths is never skipped.
  std::string path{};
  // The value of the `X-API-Key` header. It counts if there is no `token` and no `authorization`, and if it
  // begins with `dw_`: other software uses this header, too.
  std::optional<doorward::secret> api_key{};
  // The value of the `Authorization` header, or of the header that `requests.header` names: `Bearer <token>`
  // (RFC 6750), where the token may be an API key.
  std::optional<doorward::secret> authorization{};
  // The backend that must have issued the token, or that the API key is for; default: `default`.
  std::optional<std::string> backend{};
  // The client's connection, where known: too many unknown API keys from one network address are refused.
  std::optional<doorward::client> client{};
  // The kind of connection, as `requests.connections` names it; default: `http`.
  std::optional<std::string> connection{};
  // The cookies by name.
  std::optional<std::map<std::string, doorward::secret>> cookies{};
  // Whether the route opted out of authentication.
  std::optional<bool> excluded{};
  // The value of the `Host` header: the host and port that the request was sent to. Pages of this host may
  // send the cookie, unless `requests.origins` lists others.
  std::optional<std::string> host{};
  // Whether to check only that the page that sent the request may send cookies. The response is then
  // `skipped`.
  std::optional<bool> only_origin{};
  // The value of the `Origin` header, if there is one: the page that sent the request (RFC 6454). It decides
  // whether the cookie counts.
  std::optional<std::string> origin{};
  // Rules that replace those of the configuration, in the same form. The engine compiles them once and keeps
  // them while they are in use; at most 16 KiB.
  std::optional<doorward::requests_config> rules{};
  // The access token or API key, if the host has it already.
  std::optional<doorward::secret> token{};

  template <class Value = std::string>
  authenticate_request_request &set_method(Value &&value) {
    method = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  authenticate_request_request &set_path(Value &&value) {
    path = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  authenticate_request_request &set_api_key(Value &&value) {
    api_key = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  authenticate_request_request &set_authorization(Value &&value) {
    authorization = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  authenticate_request_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::client>
  authenticate_request_request &set_client(Value &&value) {
    client = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  authenticate_request_request &set_connection(Value &&value) {
    connection = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::secret>>
  authenticate_request_request &set_cookies(Value &&value) {
    cookies = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  authenticate_request_request &set_excluded(Value &&value) {
    excluded = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  authenticate_request_request &set_host(Value &&value) {
    host = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  authenticate_request_request &set_only_origin(Value &&value) {
    only_origin = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  authenticate_request_request &set_origin(Value &&value) {
    origin = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::requests_config>
  authenticate_request_request &set_rules(Value &&value) {
    rules = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  authenticate_request_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("method", self.method);
    visit("path", self.path);
    visit("api_key", self.api_key);
    visit("authorization", self.authorization);
    visit("backend", self.backend);
    visit("client", self.client);
    visit("connection", self.connection);
    visit("cookies", self.cookies);
    visit("excluded", self.excluded);
    visit("host", self.host);
    visit("only_origin", self.only_origin);
    visit("origin", self.origin);
    visit("rules", self.rules);
    visit("token", self.token);
  }
};

// Asks the configured `introspection_service` about a token (RFC 7662).
struct introspect_remote_request {
  // A token of the other service.
  doorward::secret token{};
  // The kind of token, for the service: `access_token` or `refresh_token`.
  std::optional<std::string> token_type_hint{};

  template <class Value = doorward::secret>
  introspect_remote_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  introspect_remote_request &set_token_type_hint(Value &&value) {
    token_type_hint = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("token", self.token);
    visit("token_type_hint", self.token_type_hint);
  }
};

// A login at a provider. All conditions that are given must hold. Only a provider that is trusted with them
// should be asked for `acr` and `amr`.
struct provider_condition {
  // The authentication context class is one of these (OpenID Connect Core section 2).
  std::optional<std::vector<std::string>> acr{};
  // The user authenticated there by all of these methods (RFC 8176).
  std::optional<std::vector<std::string>> amr{};
  // The user authenticated there at most this many seconds ago.
  std::optional<std::int64_t> max_age_seconds{};
  // The provider's name in `id_token_providers`.
  std::optional<std::string> name{};

  template <class Value = std::vector<std::string>>
  provider_condition &set_acr(Value &&value) {
    acr = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  provider_condition &set_amr(Value &&value) {
    amr = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  provider_condition &set_max_age_seconds(Value &&value) {
    max_age_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  provider_condition &set_name(Value &&value) {
    name = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("acr", self.acr);
    visit("amr", self.amr);
    visit("max_age_seconds", self.max_age_seconds);
    visit("name", self.name);
  }
};

// Checks whether the bearer of a token or API key may do something. All conditions that are given must hold.
struct authorize_request {
  // The access token or API key.
  doorward::secret token{};
  // The user authenticated in the token's session by one of these methods (RFC 8176; `mfa`: by a factor
  // beside another), at most `max_age_seconds` ago if that is given.
  std::optional<std::vector<std::string>> amr{};
  // The backend that must have issued the token, or that the API key is for; default: `default`.
  std::optional<std::string> backend{};
  // If the account has a second factor, the same as `"amr": ["mfa"]`: the condition for adding or removing a
  // factor. An API key never meets it.
  std::optional<bool> by_second_factor{};
  // The account has this address, in any case of letters. It must be verified, unless
  // `require_verified_email` is false.
  std::optional<std::string> email{};
  // The user authenticated at most this many seconds ago. An API key is no such proof.
  std::optional<std::int64_t> max_age_seconds{};
  // The account is a member of this organization, and the token is of no session in another. `roles` and
  // `permissions` are then those in the organization.
  std::optional<std::string> organization_id{};
  // The roles of the account give all of these permissions (`roles` of the configuration, in an organization
  // `organization_roles`), and those of an API key give them, too.
  std::optional<std::vector<std::string>> permissions{};
  // The token's session was opened by a login at a provider of which this holds, in the provider's words.
  std::optional<doorward::provider_condition> provider{};
  // The account's address is verified; default: true if `email` is given.
  std::optional<bool> require_verified_email{};
  // The account has at least one of these roles, and an API key has it, too. An empty list admits no user.
  std::optional<std::vector<std::string>> roles{};
  // The token or API key carries all of these scopes (RFC 6749 section 3.3).
  std::optional<std::vector<std::string>> scopes{};
  // The account has this id.
  std::optional<std::string> user_id{};

  template <class Value = doorward::secret>
  authorize_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  authorize_request &set_amr(Value &&value) {
    amr = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  authorize_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  authorize_request &set_by_second_factor(Value &&value) {
    by_second_factor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  authorize_request &set_email(Value &&value) {
    email = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  authorize_request &set_max_age_seconds(Value &&value) {
    max_age_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  authorize_request &set_organization_id(Value &&value) {
    organization_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  authorize_request &set_permissions(Value &&value) {
    permissions = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::provider_condition>
  authorize_request &set_provider(Value &&value) {
    provider = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  authorize_request &set_require_verified_email(Value &&value) {
    require_verified_email = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  authorize_request &set_roles(Value &&value) {
    roles = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  authorize_request &set_scopes(Value &&value) {
    scopes = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  authorize_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("token", self.token);
    visit("amr", self.amr);
    visit("backend", self.backend);
    visit("by_second_factor", self.by_second_factor);
    visit("email", self.email);
    visit("max_age_seconds", self.max_age_seconds);
    visit("organization_id", self.organization_id);
    visit("permissions", self.permissions);
    visit("provider", self.provider);
    visit("require_verified_email", self.require_verified_email);
    visit("roles", self.roles);
    visit("scopes", self.scopes);
    visit("user_id", self.user_id);
  }
};

// Creates an account for a program. It has no password, address or second factor, and nothing can give it
// one.
struct create_service_account_request {
  // The name, a username that no account has.
  std::string name{};
  // The roles.
  std::vector<std::string> roles{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};

  template <class Value = std::string>
  create_service_account_request &set_name(Value &&value) {
    name = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  create_service_account_request &set_roles(Value &&value) {
    roles = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  create_service_account_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("name", self.name);
    visit("roles", self.roles);
    visit("actor", self.actor);
  }
};

// Creates an API key of a person's account or of a service account. Give exactly one of `user_id` and
// `service_account_id`. The host must have authenticated the person just now, because a key opens the
// account.
struct create_api_key_request {
  // The owner's name for the key: 1 to 64 characters.
  std::string name{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // The backend that the key is for; default: `default`.
  std::optional<std::string> backend{};
  // When the key expires, in Unix seconds; default: never.
  std::optional<std::int64_t> expires_at{};
  // The roles of its account that the key has; default: those that the account has at the time of each use.
  std::optional<std::vector<std::string>> roles{};
  // The scopes of the key; default: none.
  std::optional<std::vector<std::string>> scopes{};
  // The id of a service account.
  std::optional<std::string> service_account_id{};
  // The id of a person's account.
  std::optional<std::string> user_id{};

  template <class Value = std::string>
  create_api_key_request &set_name(Value &&value) {
    name = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  create_api_key_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  create_api_key_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  create_api_key_request &set_expires_at(Value &&value) {
    expires_at = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  create_api_key_request &set_roles(Value &&value) {
    roles = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  create_api_key_request &set_scopes(Value &&value) {
    scopes = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  create_api_key_request &set_service_account_id(Value &&value) {
    service_account_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  create_api_key_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("name", self.name);
    visit("actor", self.actor);
    visit("backend", self.backend);
    visit("expires_at", self.expires_at);
    visit("roles", self.roles);
    visit("scopes", self.scopes);
    visit("service_account_id", self.service_account_id);
    visit("user_id", self.user_id);
  }
};

// Lists the API keys of an account.
struct list_api_keys_request {
  // The id of a person's account or of a service account.
  std::string user_id{};

  template <class Value = std::string>
  list_api_keys_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
  }
};

// Changes an API key. Members that are absent stay as they are.
struct update_api_key_request {
  // The key's id.
  std::string api_key_id{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // When the key expires, in Unix seconds.
  std::optional<std::int64_t> expires_at{};
  // The new name.
  std::optional<std::string> name{};
  // The new roles, which replace the old ones.
  std::optional<std::vector<std::string>> roles{};
  // The new scopes, which replace the old ones.
  std::optional<std::vector<std::string>> scopes{};
  // The account that must have the key. Give it if the id comes from a client.
  std::optional<std::string> user_id{};

  template <class Value = std::string>
  update_api_key_request &set_api_key_id(Value &&value) {
    api_key_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_api_key_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  update_api_key_request &set_expires_at(Value &&value) {
    expires_at = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_api_key_request &set_name(Value &&value) {
    name = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  update_api_key_request &set_roles(Value &&value) {
    roles = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  update_api_key_request &set_scopes(Value &&value) {
    scopes = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_api_key_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("api_key_id", self.api_key_id);
    visit("actor", self.actor);
    visit("expires_at", self.expires_at);
    visit("name", self.name);
    visit("roles", self.roles);
    visit("scopes", self.scopes);
    visit("user_id", self.user_id);
  }
};

// Revokes an API key.
struct revoke_api_key_request {
  // The key's id.
  std::string api_key_id{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // The account that must have the key. Give it if the id comes from a client.
  std::optional<std::string> user_id{};

  template <class Value = std::string>
  revoke_api_key_request &set_api_key_id(Value &&value) {
    api_key_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  revoke_api_key_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  revoke_api_key_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("api_key_id", self.api_key_id);
    visit("actor", self.actor);
    visit("user_id", self.user_id);
  }
};

// Creates an organization with its first owner.
struct create_organization_request {
  // The name for people: 1 to 100 characters. Several organizations may have the same.
  std::string name{};
  // The account that becomes the first member, with the role `owner`: an active account of a person.
  std::string owner_id{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // Other data that the host keeps with the organization: at most 16 KiB.
  std::optional<std::map<std::string, doorward::json>> attributes{};

  template <class Value = std::string>
  create_organization_request &set_name(Value &&value) {
    name = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  create_organization_request &set_owner_id(Value &&value) {
    owner_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  create_organization_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::json>>
  create_organization_request &set_attributes(Value &&value) {
    attributes = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("name", self.name);
    visit("owner_id", self.owner_id);
    visit("actor", self.actor);
    visit("attributes", self.attributes);
  }
};

// Finds an organization.
struct get_organization_request {
  // The organization's id.
  std::string organization_id{};

  template <class Value = std::string>
  get_organization_request &set_organization_id(Value &&value) {
    organization_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("organization_id", self.organization_id);
  }
};

// Lists organizations in the order of their ids, which is that of their creation, to the millisecond.
struct list_organizations_request {
  // Only organizations after this id: `next` of the previous page.
  std::optional<std::string> after{};
  // The most to return: 1 to 1000, default 100.
  std::optional<std::int64_t> limit{};
  // Only those of which this account is a member.
  std::optional<std::string> user_id{};

  template <class Value = std::string>
  list_organizations_request &set_after(Value &&value) {
    after = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  list_organizations_request &set_limit(Value &&value) {
    limit = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  list_organizations_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("after", self.after);
    visit("limit", self.limit);
    visit("user_id", self.user_id);
  }
};

// Changes an organization. Members that are absent stay as they are.
struct update_organization_request {
  // The organization's id.
  std::string organization_id{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // The new attributes, which replace the old ones.
  std::optional<std::map<std::string, doorward::json>> attributes{};
  // The new name.
  std::optional<std::string> name{};

  template <class Value = std::string>
  update_organization_request &set_organization_id(Value &&value) {
    organization_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_organization_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::json>>
  update_organization_request &set_attributes(Value &&value) {
    attributes = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_organization_request &set_name(Value &&value) {
    name = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("organization_id", self.organization_id);
    visit("actor", self.actor);
    visit("attributes", self.attributes);
    visit("name", self.name);
  }
};

// Deletes an organization and its memberships. The accounts of its members stay.
struct delete_organization_request {
  // The organization's id.
  std::string organization_id{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};

  template <class Value = std::string>
  delete_organization_request &set_organization_id(Value &&value) {
    organization_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  delete_organization_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("organization_id", self.organization_id);
    visit("actor", self.actor);
  }
};

// Makes an account a member of an organization, without asking its user, who gets a mail.
struct add_member_request {
  // The organization's id.
  std::string organization_id{};
  // The account's id.
  std::string user_id{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // The roles in the organization; default: none.
  std::optional<std::vector<std::string>> roles{};

  template <class Value = std::string>
  add_member_request &set_organization_id(Value &&value) {
    organization_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  add_member_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  add_member_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  add_member_request &set_roles(Value &&value) {
    roles = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("organization_id", self.organization_id);
    visit("user_id", self.user_id);
    visit("actor", self.actor);
    visit("roles", self.roles);
  }
};

// Changes the roles of a member.
struct update_member_request {
  // The organization's id.
  std::string organization_id{};
  // The account's id.
  std::string user_id{};
  // The new roles in the organization, which replace the old ones.
  std::vector<std::string> roles{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};

  template <class Value = std::string>
  update_member_request &set_organization_id(Value &&value) {
    organization_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_member_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  update_member_request &set_roles(Value &&value) {
    roles = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_member_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("organization_id", self.organization_id);
    visit("user_id", self.user_id);
    visit("roles", self.roles);
    visit("actor", self.actor);
  }
};

// Removes a member from an organization. The account stays.
struct remove_member_request {
  // The organization's id.
  std::string organization_id{};
  // The account's id.
  std::string user_id{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};

  template <class Value = std::string>
  remove_member_request &set_organization_id(Value &&value) {
    organization_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  remove_member_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  remove_member_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("organization_id", self.organization_id);
    visit("user_id", self.user_id);
    visit("actor", self.actor);
  }
};

// Lists the members of an organization in the order of their accounts' ids.
struct list_members_request {
  // The organization's id.
  std::string organization_id{};
  // Only members after this account: `next` of the previous page.
  std::optional<std::string> after{};
  // The most to return: 1 to 1000, default 100.
  std::optional<std::int64_t> limit{};

  template <class Value = std::string>
  list_members_request &set_organization_id(Value &&value) {
    organization_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  list_members_request &set_after(Value &&value) {
    after = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  list_members_request &set_limit(Value &&value) {
    limit = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("organization_id", self.organization_id);
    visit("after", self.after);
    visit("limit", self.limit);
  }
};

// Invites the reader of an address to an organization.
struct invite_member_request {
  // The organization's id.
  std::string organization_id{};
  // The address. It does not matter whether an account has it.
  std::string email{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // The member who invites. The invitation is withdrawn when that member is removed, loses a role or is
  // locked.
  std::optional<std::string> invited_by{};
  // The language of the mail. Default: that of the account.
  std::optional<std::string> locale{};
  // The roles in the organization; default: none.
  std::optional<std::vector<std::string>> roles{};

  template <class Value = std::string>
  invite_member_request &set_organization_id(Value &&value) {
    organization_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  invite_member_request &set_email(Value &&value) {
    email = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  invite_member_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  invite_member_request &set_invited_by(Value &&value) {
    invited_by = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  invite_member_request &set_locale(Value &&value) {
    locale = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  invite_member_request &set_roles(Value &&value) {
    roles = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("organization_id", self.organization_id);
    visit("email", self.email);
    visit("actor", self.actor);
    visit("invited_by", self.invited_by);
    visit("locale", self.locale);
    visit("roles", self.roles);
  }
};

// Lists the invitations to an organization that were not accepted yet, in the order of their ids.
struct list_invitations_request {
  // The organization's id.
  std::string organization_id{};
  // Only invitations after this id: `next` of the previous page.
  std::optional<std::string> after{};
  // The most to return: 1 to 1000, default 100.
  std::optional<std::int64_t> limit{};

  template <class Value = std::string>
  list_invitations_request &set_organization_id(Value &&value) {
    organization_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  list_invitations_request &set_after(Value &&value) {
    after = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  list_invitations_request &set_limit(Value &&value) {
    limit = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("organization_id", self.organization_id);
    visit("after", self.after);
    visit("limit", self.limit);
  }
};

// Revokes an invitation to an organization.
struct revoke_invitation_request {
  // The organization's id.
  std::string organization_id{};
  // The invitation's id.
  std::string invitation_id{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};

  template <class Value = std::string>
  revoke_invitation_request &set_organization_id(Value &&value) {
    organization_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  revoke_invitation_request &set_invitation_id(Value &&value) {
    invitation_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  revoke_invitation_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("organization_id", self.organization_id);
    visit("invitation_id", self.invitation_id);
    visit("actor", self.actor);
  }
};

// Returns the public keys.
struct jwks_request {
  template <class Self, class Visitor>
  static void each_member(Self &, Visitor &) {}
};

// Makes a new signing key.
struct rotate_keys_request {
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // The backend whose key is replaced; default: `default`, or with `retire` all of them.
  std::optional<std::string> backend{};
  // Whether authenticator apps stay valid, because no copy of the store leaked. Only with `retire` and
  // without `backend`.
  std::optional<bool> keep_totp{};
  // `now`, after a leak: the signing keys of the backend stop verifying at once. Without `backend` this
  // applies to all backends, and also retires everything that a leaked secret key opens together with a copy
  // of the store: every secret key but the first of `secret_keys`, every session, mailed token and challenge,
  // the waiting mails with a token, and the seeds of authenticator apps. The first key must be the newest,
  // and each of the others must have been the first before: a list in the wrong order is refused.
  std::optional<std::string> retire{};

  template <class Value = std::string>
  rotate_keys_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  rotate_keys_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  rotate_keys_request &set_keep_totp(Value &&value) {
    keep_totp = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  rotate_keys_request &set_retire(Value &&value) {
    retire = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("actor", self.actor);
    visit("backend", self.backend);
    visit("keep_totp", self.keep_totp);
    visit("retire", self.retire);
  }
};

// Lists the keys.
struct list_keys_request {
  template <class Self, class Visitor>
  static void each_member(Self &, Visitor &) {}
};

// Requests a mail that verifies the address of an account. Give one of `token`, `user_id`, `verification`,
// `username` with `password`, and `email`.
struct request_email_verification_request {
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // The backend that `token` is for; default: `default`.
  std::optional<std::string> backend{};
  // The client's connection: too many mails for one network address are refused.
  std::optional<doorward::client> client{};
  // An address. By itself it names no account with an unverified address: nothing is mailed, and the answer
  // is the same for every address.
  std::optional<std::string> email{};
  // The language of the mail. Default: that of the account.
  std::optional<std::string> locale{};
  // The password; a wrong one counts as a failed login.
  std::optional<doorward::secret> password{};
  // A live access token of the account.
  std::optional<doorward::secret> token{};
  // The account's id, if the host has authenticated the user.
  std::optional<std::string> user_id{};
  // The username or the address, for users who cannot log in before the address is verified.
  std::optional<std::string> username{};
  // The challenge that `register` returned.
  std::optional<doorward::secret> verification{};

  template <class Value = std::string>
  request_email_verification_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  request_email_verification_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::client>
  request_email_verification_request &set_client(Value &&value) {
    client = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  request_email_verification_request &set_email(Value &&value) {
    email = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  request_email_verification_request &set_locale(Value &&value) {
    locale = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  request_email_verification_request &set_password(Value &&value) {
    password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  request_email_verification_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  request_email_verification_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  request_email_verification_request &set_username(Value &&value) {
    username = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  request_email_verification_request &set_verification(Value &&value) {
    verification = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("actor", self.actor);
    visit("backend", self.backend);
    visit("client", self.client);
    visit("email", self.email);
    visit("locale", self.locale);
    visit("password", self.password);
    visit("token", self.token);
    visit("user_id", self.user_id);
    visit("username", self.username);
    visit("verification", self.verification);
  }
};

// Requests another address for an account. `token` or `user_id` names the account.
struct request_email_change_request {
  // The new address.
  std::string new_email{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // The backend that `token` is for; default: `default`.
  std::optional<std::string> backend{};
  // The language of the mails. Default: that of the account.
  std::optional<std::string> locale{};
  // A live access token of the user. A person who acts as the user is refused.
  std::optional<doorward::secret> token{};
  // The account's id, if the host has authenticated the user.
  std::optional<std::string> user_id{};

  template <class Value = std::string>
  request_email_change_request &set_new_email(Value &&value) {
    new_email = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  request_email_change_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  request_email_change_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  request_email_change_request &set_locale(Value &&value) {
    locale = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  request_email_change_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  request_email_change_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("new_email", self.new_email);
    visit("actor", self.actor);
    visit("backend", self.backend);
    visit("locale", self.locale);
    visit("token", self.token);
    visit("user_id", self.user_id);
  }
};

// Requests a mail with a token that sets a new password.
struct request_password_reset_request {
  // The address of the account.
  std::string email{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // The client's connection: too many mails for one network address are refused.
  std::optional<doorward::client> client{};
  // The language of the mail. Default: that of the account.
  std::optional<std::string> locale{};

  template <class Value = std::string>
  request_password_reset_request &set_email(Value &&value) {
    email = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  request_password_reset_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::client>
  request_password_reset_request &set_client(Value &&value) {
    client = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  request_password_reset_request &set_locale(Value &&value) {
    locale = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("email", self.email);
    visit("actor", self.actor);
    visit("client", self.client);
    visit("locale", self.locale);
  }
};

// Sets a new password by a mailed token.
struct reset_password_request {
  // The mailed token.
  doorward::secret token{};
  // The new password.
  doorward::secret new_password{};

  template <class Value = doorward::secret>
  reset_password_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  reset_password_request &set_new_password(Value &&value) {
    new_password = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("token", self.token);
    visit("new_password", self.new_password);
  }
};

// Requests a mail with a code and a link that log in.
struct request_login_code_request {
  // The address. Only an account that has verified it gets a mail.
  std::string email{};
  // The backend that the session's tokens are for; default: `default`.
  std::optional<std::string> backend{};
  // The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine are
  // refused. `scope`, `organization_id` and these three are for the session that the code opens, in the
  // browser that asks. Another person may open the link, so `login_with_mail_token` has its own.
  std::optional<std::map<std::string, doorward::json>> claims{};
  // The client's connection: too many mails for one network address are refused. Pass it on, so that a
  // stranger elsewhere cannot use up the mails of a user.
  std::optional<doorward::client> client{};
  // Whether an account may be created for the address; needs `mailed_login.create`. It has no password, and
  // it is found by its address once the mail was used.
  std::optional<bool> create{};
  // A label for the session in the user's list, such as the name of the device.
  std::optional<std::string> label{};
  // A shorter life of the session than the configuration gives it.
  std::optional<doorward::session_lifetime> lifetime{};
  // The language of the mail. Default: that of the account.
  std::optional<std::string> locale{};
  // The organization that the session is in, as in `login`.
  std::optional<std::string> organization_id{};
  // The scopes of the access token, separated by spaces. The engine grants what the host asks for.
  std::optional<std::string> scope{};

  template <class Value = std::string>
  request_login_code_request &set_email(Value &&value) {
    email = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  request_login_code_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::json>>
  request_login_code_request &set_claims(Value &&value) {
    claims = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::client>
  request_login_code_request &set_client(Value &&value) {
    client = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  request_login_code_request &set_create(Value &&value) {
    create = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  request_login_code_request &set_label(Value &&value) {
    label = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::session_lifetime>
  request_login_code_request &set_lifetime(Value &&value) {
    lifetime = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  request_login_code_request &set_locale(Value &&value) {
    locale = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  request_login_code_request &set_organization_id(Value &&value) {
    organization_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  request_login_code_request &set_scope(Value &&value) {
    scope = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("email", self.email);
    visit("backend", self.backend);
    visit("claims", self.claims);
    visit("client", self.client);
    visit("create", self.create);
    visit("label", self.label);
    visit("lifetime", self.lifetime);
    visit("locale", self.locale);
    visit("organization_id", self.organization_id);
    visit("scope", self.scope);
  }
};

// Logs in by a mailed link.
struct login_with_mail_token_request {
  // The token of the link.
  doorward::secret token{};
  // The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine are
  // refused.
  std::optional<std::map<std::string, doorward::json>> claims{};
  // The connection of the client that opened the link, where known.
  std::optional<doorward::client> client{};
  // A label for the session in the user's list, such as the name of the device.
  std::optional<std::string> label{};
  // A shorter life of the session than the configuration gives it.
  std::optional<doorward::session_lifetime> lifetime{};
  // The organization that the session is in, as in `login`.
  std::optional<std::string> organization_id{};
  // The scopes of the access token, separated by spaces. The engine grants what the host asks for.
  std::optional<std::string> scope{};

  template <class Value = doorward::secret>
  login_with_mail_token_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::json>>
  login_with_mail_token_request &set_claims(Value &&value) {
    claims = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::client>
  login_with_mail_token_request &set_client(Value &&value) {
    client = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  login_with_mail_token_request &set_label(Value &&value) {
    label = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::session_lifetime>
  login_with_mail_token_request &set_lifetime(Value &&value) {
    lifetime = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  login_with_mail_token_request &set_organization_id(Value &&value) {
    organization_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  login_with_mail_token_request &set_scope(Value &&value) {
    scope = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("token", self.token);
    visit("claims", self.claims);
    visit("client", self.client);
    visit("label", self.label);
    visit("lifetime", self.lifetime);
    visit("organization_id", self.organization_id);
    visit("scope", self.scope);
  }
};

// Invites a person, who chooses a name and a password.
struct invite_user_request {
  // The address, which no account may have verified.
  std::string email{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // Other data that the host keeps with the account: at most 16 KiB.
  std::optional<std::map<std::string, doorward::json>> attributes{};
  // The host's own id of the account, which no other account has.
  std::optional<std::string> external_id{};
  // The language of mails to this user (BCP 47).
  std::optional<std::string> locale{};
  // The roles; default: `registration.default_roles`.
  std::optional<std::vector<std::string>> roles{};

  template <class Value = std::string>
  invite_user_request &set_email(Value &&value) {
    email = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  invite_user_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::json>>
  invite_user_request &set_attributes(Value &&value) {
    attributes = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  invite_user_request &set_external_id(Value &&value) {
    external_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  invite_user_request &set_locale(Value &&value) {
    locale = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  invite_user_request &set_roles(Value &&value) {
    roles = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("email", self.email);
    visit("actor", self.actor);
    visit("attributes", self.attributes);
    visit("external_id", self.external_id);
    visit("locale", self.locale);
    visit("roles", self.roles);
  }
};

// Accepts an invitation. Give one of `password`, `webauthn_registration` and `id_token`; with `mailed_login`
// none is needed. An account that is in use accepts an invitation to an organization by its `access_token`
// alone.
struct accept_invitation_request {
  // The mailed token.
  doorward::secret token{};
  // A live access token of an account that has verified the address: for an invitation to an organization.
  std::optional<doorward::secret> access_token{};
  // The backend that `access_token` is for; default: `default`.
  std::optional<std::string> backend{};
  // An ID token of the identity that is to open the account.
  std::optional<doorward::secret> id_token{};
  // The nonce that the ID token must repeat.
  std::optional<doorward::secret> nonce{};
  // The password.
  std::optional<doorward::secret> password{};
  // The provider of the ID token; default: the only one.
  std::optional<std::string> provider{};
  // The name to log in with. Default: a random one.
  std::optional<std::string> username{};
  // The passkey that is to open the account: the answer of `navigator.credentials.create` to what
  // `begin_passkey_registration` made for this invitation. The authenticator must have verified its user.
  std::optional<doorward::json> webauthn_registration{};

  template <class Value = doorward::secret>
  accept_invitation_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  accept_invitation_request &set_access_token(Value &&value) {
    access_token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  accept_invitation_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  accept_invitation_request &set_id_token(Value &&value) {
    id_token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  accept_invitation_request &set_nonce(Value &&value) {
    nonce = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  accept_invitation_request &set_password(Value &&value) {
    password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  accept_invitation_request &set_provider(Value &&value) {
    provider = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  accept_invitation_request &set_username(Value &&value) {
    username = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::json>
  accept_invitation_request &set_webauthn_registration(Value &&value) {
    webauthn_registration = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("token", self.token);
    visit("access_token", self.access_token);
    visit("backend", self.backend);
    visit("id_token", self.id_token);
    visit("nonce", self.nonce);
    visit("password", self.password);
    visit("provider", self.provider);
    visit("username", self.username);
    visit("webauthn_registration", self.webauthn_registration);
  }
};

// Redeems a mailed token, with one proof of the account: `access_token`, `username` with `password`,
// `verification`, or `id_token`. Without a proof the request is refused, unless `mail.click_verifies` is set
// and the account never verified an address.
struct verify_email_request {
  // The mailed token, of either purpose.
  doorward::secret token{};
  // A live access token of the account.
  std::optional<doorward::secret> access_token{};
  // The backend that `access_token` is for; default: `default`.
  std::optional<std::string> backend{};
  // The client's connection, where known.
  std::optional<doorward::client> client{};
  // An ID token of an identity that opens the account, for users who cannot log in before the address is
  // verified.
  std::optional<doorward::secret> id_token{};
  // The nonce that the ID token must repeat.
  std::optional<doorward::secret> nonce{};
  // The account's password; a wrong one counts as a failed login.
  std::optional<doorward::secret> password{};
  // The provider of the ID token; default: the only one.
  std::optional<std::string> provider{};
  // The username or the address of the account.
  std::optional<std::string> username{};
  // The challenge that `register` or `request_email_change` returned for this address.
  std::optional<doorward::secret> verification{};

  template <class Value = doorward::secret>
  verify_email_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  verify_email_request &set_access_token(Value &&value) {
    access_token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  verify_email_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::client>
  verify_email_request &set_client(Value &&value) {
    client = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  verify_email_request &set_id_token(Value &&value) {
    id_token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  verify_email_request &set_nonce(Value &&value) {
    nonce = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  verify_email_request &set_password(Value &&value) {
    password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  verify_email_request &set_provider(Value &&value) {
    provider = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  verify_email_request &set_username(Value &&value) {
    username = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  verify_email_request &set_verification(Value &&value) {
    verification = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("token", self.token);
    visit("access_token", self.access_token);
    visit("backend", self.backend);
    visit("client", self.client);
    visit("id_token", self.id_token);
    visit("nonce", self.nonce);
    visit("password", self.password);
    visit("provider", self.provider);
    visit("username", self.username);
    visit("verification", self.verification);
  }
};

// Tells what a mailed token is for, without redeeming it.
struct check_mail_token_request {
  // The mailed token.
  doorward::secret token{};

  template <class Value = doorward::secret>
  check_mail_token_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("token", self.token);
  }
};

// Takes mails out of the outbox on a lease, to send them.
struct take_mail_request {
  // How long the mails are leased to the caller: 1 to 3600 seconds, default 60. A mail that is not
  // acknowledged by then can be taken again.
  std::optional<std::int64_t> lease_seconds{};
  // The most mails to take: 1 to 100, default 10.
  std::optional<std::int64_t> limit{};

  template <class Value = std::int64_t>
  take_mail_request &set_lease_seconds(Value &&value) {
    lease_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  take_mail_request &set_limit(Value &&value) {
    limit = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("lease_seconds", self.lease_seconds);
    visit("limit", self.limit);
  }
};

// Reports whether a mail that was taken was sent.
struct acknowledge_mail_request {
  // The mail's id.
  std::string id{};
  // Whether the mail was sent. A mail that was not is due again later: after a minute, then after twice as
  // long each time, up to six hours.
  bool delivered{};
  // Why the mail was not sent, in one word. The audit log keeps it, so it must not identify a person.
  std::optional<std::string> error{};
  // Whether to give the mail up, because the address takes no mail.
  std::optional<bool> permanent{};

  template <class Value = std::string>
  acknowledge_mail_request &set_id(Value &&value) {
    id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  acknowledge_mail_request &set_delivered(Value &&value) {
    delivered = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  acknowledge_mail_request &set_error(Value &&value) {
    error = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  acknowledge_mail_request &set_permanent(Value &&value) {
    permanent = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("id", self.id);
    visit("delivered", self.delivered);
    visit("error", self.error);
    visit("permanent", self.permanent);
  }
};

// Sends the mails that are due.
struct deliver_mail_request {
  // The most mails to send: 1 to 1000, default 100.
  std::optional<std::int64_t> limit{};

  template <class Value = std::int64_t>
  deliver_mail_request &set_limit(Value &&value) {
    limit = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("limit", self.limit);
  }
};

// Makes a secret for an authenticator app.
struct generate_totp_secret_request {
  template <class Self, class Visitor>
  static void each_member(Self &, Visitor &) {}
};

// Writes a secret as a URI and a QR code for an authenticator app.
struct totp_provisioning_uri_request {
  // The secret in base32.
  doorward::secret secret{};
  // The address of the account, or another name that the app shows for it.
  std::string email{};

  template <class Value = doorward::secret>
  totp_provisioning_uri_request &set_secret(Value &&value) {
    secret = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  totp_provisioning_uri_request &set_email(Value &&value) {
    email = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("secret", self.secret);
    visit("email", self.email);
  }
};

// Verifies a code by a secret.
struct verify_totp_request {
  // The secret in base32.
  doorward::secret secret{};
  // The code; spaces and hyphens are ignored.
  doorward::secret code{};

  template <class Value = doorward::secret>
  verify_totp_request &set_secret(Value &&value) {
    secret = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  verify_totp_request &set_code(Value &&value) {
    code = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("secret", self.secret);
    visit("code", self.code);
  }
};

// Sets up an authenticator app for an account. `user_id` or `challenge` names the account. With `user_id` the
// host must have authenticated its user just now, because the app shuts out all other users.
struct setup_totp_request {
  // The challenge of a login, if the account must have a second factor and has none. `complete_login` takes
  // the app's code.
  std::optional<doorward::secret> challenge{};
  // The user's id; or else give `challenge`.
  std::optional<std::string> user_id{};

  template <class Value = doorward::secret>
  setup_totp_request &set_challenge(Value &&value) {
    challenge = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  setup_totp_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("challenge", self.challenge);
    visit("user_id", self.user_id);
  }
};

// Activates an authenticator app.
struct confirm_totp_request {
  // The user's id.
  std::string user_id{};
  // The code that the app shows. It is used up: the first login needs the next code.
  doorward::secret code{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // The client's connection, where known; failures on a known device are counted separately.
  std::optional<doorward::client> client{};

  template <class Value = std::string>
  confirm_totp_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  confirm_totp_request &set_code(Value &&value) {
    code = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  confirm_totp_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::client>
  confirm_totp_request &set_client(Value &&value) {
    client = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
    visit("code", self.code);
    visit("actor", self.actor);
    visit("client", self.client);
  }
};

// Tells whether an authenticator app is active.
struct totp_status_request {
  // The user's id.
  std::string user_id{};

  template <class Value = std::string>
  totp_status_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
  }
};

// Removes an authenticator app.
struct disable_totp_request {
  // The user's id.
  std::string user_id{};
  // A code of the app or, if it is lost, a recovery code. Ignored if no app is active.
  doorward::secret code{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // The client's connection, where known; failures on a known device are counted separately.
  std::optional<doorward::client> client{};

  template <class Value = std::string>
  disable_totp_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  disable_totp_request &set_code(Value &&value) {
    code = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  disable_totp_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::client>
  disable_totp_request &set_client(Value &&value) {
    client = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
    visit("code", self.code);
    visit("actor", self.actor);
    visit("client", self.client);
  }
};

// Replaces the recovery codes of an account: for its user, by a `token` whose session gave a second factor in
// the last fifteen minutes (`reauthenticate`); or by `user_id` and `reason`, for a privileged caller.
struct generate_recovery_codes_request {
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // The backend that `token` is for; default: `default`.
  std::optional<std::string> backend{};
  // With `user_id`: why, for the audit log.
  std::optional<std::string> reason{};
  // A live access token of the user.
  std::optional<doorward::secret> token{};
  // The user's id, if a privileged caller acts without the user.
  std::optional<std::string> user_id{};

  template <class Value = std::string>
  generate_recovery_codes_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  generate_recovery_codes_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  generate_recovery_codes_request &set_reason(Value &&value) {
    reason = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  generate_recovery_codes_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  generate_recovery_codes_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("actor", self.actor);
    visit("backend", self.backend);
    visit("reason", self.reason);
    visit("token", self.token);
    visit("user_id", self.user_id);
  }
};

// Counts the unused recovery codes of an account.
struct recovery_codes_status_request {
  // The user's id.
  std::string user_id{};

  template <class Value = std::string>
  recovery_codes_status_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
  }
};

// A kind of second factor.
enum class factor_kind {
  // A value that this header does not know.
  unknown,
  // The authenticator app.
  totp,
  // Every passkey.
  passkeys,
  // The recovery codes.
  recovery_codes,
};

namespace detail {

template <>
struct names<factor_kind> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "totp",
      "passkeys",
      "recovery_codes",
  };
  // clang-format on
};

}  // namespace detail

// Removes the second factors of an account without a proof of its user: a privileged act. Verify who asks by
// other means before.
struct remove_second_factors_request {
  // The user's id.
  std::string user_id{};
  // Why, for the audit log.
  std::string reason{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // The factors to remove; default: all of them. The recovery codes go with the last other factor.
  std::optional<std::vector<doorward::factor_kind>> factors{};

  template <class Value = std::string>
  remove_second_factors_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  remove_second_factors_request &set_reason(Value &&value) {
    reason = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  remove_second_factors_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<doorward::factor_kind>>
  remove_second_factors_request &set_factors(Value &&value) {
    factors = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
    visit("reason", self.reason);
    visit("actor", self.actor);
    visit("factors", self.factors);
  }
};

// Lists the devices on which a user needs no second factor.
struct list_trusted_devices_request {
  // The user's id.
  std::string user_id{};

  template <class Value = std::string>
  list_trusted_devices_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
  }
};

// Revokes the trust in a device of a user, or in all of them.
struct revoke_trusted_device_request {
  // The user's id.
  std::string user_id{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};
  // The device's id; default: every device of the user.
  std::optional<std::string> trusted_device_id{};

  template <class Value = std::string>
  revoke_trusted_device_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  revoke_trusted_device_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  revoke_trusted_device_request &set_trusted_device_id(Value &&value) {
    trusted_device_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
    visit("actor", self.actor);
    visit("trusted_device_id", self.trusted_device_id);
  }
};

// Begins to register a passkey for an account: that of `token`, `user_id`, `challenge` or `invitation`. With
// `user_id` the host must have authenticated its user just now, because a passkey opens the account.
struct begin_passkey_registration_request {
  // The backend that `token` is for; default: `default`.
  std::optional<std::string> backend{};
  // The challenge of a login, if the account must have a second factor and has none. `complete_login` takes
  // the answer as `webauthn_registration`.
  std::optional<doorward::secret> challenge{};
  // With `token`: whether the browser makes the passkey without asking its user (conditional creation). It
  // needs an account that has a second factor, or `passkeys.second_factor` `never`. Default: false.
  std::optional<bool> conditional{};
  // The kinds of authenticator that the page expects, the likeliest first.
  std::optional<std::vector<doorward::passkey_hint>> hints{};
  // The mailed token of an invitation. `accept_invitation` then takes the answer as `webauthn_registration`.
  std::optional<doorward::secret> invitation{};
  // With `token`: whether its session continues when the passkey is made. Default: false.
  std::optional<bool> keep_session{};
  // The user's name for the passkey: 1 to 64 characters; not with `challenge` and `invitation`.
  std::optional<std::string> label{};
  // A live access token of the user. The user must have authenticated in the last 15 minutes, by a second
  // factor if the account's logins need one (`reauthenticate`).
  std::optional<doorward::secret> token{};
  // The user's id.
  std::optional<std::string> user_id{};

  template <class Value = std::string>
  begin_passkey_registration_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  begin_passkey_registration_request &set_challenge(Value &&value) {
    challenge = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  begin_passkey_registration_request &set_conditional(Value &&value) {
    conditional = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<doorward::passkey_hint>>
  begin_passkey_registration_request &set_hints(Value &&value) {
    hints = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  begin_passkey_registration_request &set_invitation(Value &&value) {
    invitation = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  begin_passkey_registration_request &set_keep_session(Value &&value) {
    keep_session = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  begin_passkey_registration_request &set_label(Value &&value) {
    label = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  begin_passkey_registration_request &set_token(Value &&value) {
    token = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  begin_passkey_registration_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("backend", self.backend);
    visit("challenge", self.challenge);
    visit("conditional", self.conditional);
    visit("hints", self.hints);
    visit("invitation", self.invitation);
    visit("keep_session", self.keep_session);
    visit("label", self.label);
    visit("token", self.token);
    visit("user_id", self.user_id);
  }
};

// Registers a passkey.
struct finish_passkey_registration_request {
  // The challenge of `begin_passkey_registration`.
  doorward::secret challenge{};
  // The answer of `navigator.credentials.create`: the credential's `toJSON()`.
  doorward::json response{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};

  template <class Value = doorward::secret>
  finish_passkey_registration_request &set_challenge(Value &&value) {
    challenge = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::json>
  finish_passkey_registration_request &set_response(Value &&value) {
    response = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  finish_passkey_registration_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("challenge", self.challenge);
    visit("response", self.response);
    visit("actor", self.actor);
  }
};

// Begins a login by passkey.
struct begin_passkey_login_request {
  // The backend that the session's tokens are for; default: `default`.
  std::optional<std::string> backend{};
  // Whether the passkeys are offered in a form as the page opens (autofill), so that the ceremony has an
  // hour; not with `username`. The answer is taken by `finish_passkey_login` only. Default: false.
  std::optional<bool> conditional{};
  // The kinds of authenticator that the page expects, the likeliest first.
  std::optional<std::vector<doorward::passkey_hint>> hints{};
  // The organization that the session is in, as in `login`.
  std::optional<std::string> organization_id{};
  // The scopes of the access token, as in `login`.
  std::optional<std::string> scope{};
  // The username or the e-mail address. Without it the authenticator offers the accounts that it knows.
  std::optional<std::string> username{};

  template <class Value = std::string>
  begin_passkey_login_request &set_backend(Value &&value) {
    backend = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  begin_passkey_login_request &set_conditional(Value &&value) {
    conditional = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<doorward::passkey_hint>>
  begin_passkey_login_request &set_hints(Value &&value) {
    hints = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  begin_passkey_login_request &set_organization_id(Value &&value) {
    organization_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  begin_passkey_login_request &set_scope(Value &&value) {
    scope = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  begin_passkey_login_request &set_username(Value &&value) {
    username = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("backend", self.backend);
    visit("conditional", self.conditional);
    visit("hints", self.hints);
    visit("organization_id", self.organization_id);
    visit("scope", self.scope);
    visit("username", self.username);
  }
};

// Logs in by a passkey alone.
struct finish_passkey_login_request {
  // The challenge of `begin_passkey_login`.
  doorward::secret challenge{};
  // The answer of `navigator.credentials.get`: the credential's `toJSON()`.
  doorward::json response{};
  // The host's own claims in the session's access tokens: at most 4 KiB of JSON. Claims of the engine are
  // refused.
  std::optional<std::map<std::string, doorward::json>> claims{};
  // The client's connection, where known.
  std::optional<doorward::client> client{};
  // A label for the session in the user's list, such as the name of the device.
  std::optional<std::string> label{};
  // A shorter life of the session than the configuration gives it.
  std::optional<doorward::session_lifetime> lifetime{};

  template <class Value = doorward::secret>
  finish_passkey_login_request &set_challenge(Value &&value) {
    challenge = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::json>
  finish_passkey_login_request &set_response(Value &&value) {
    response = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::json>>
  finish_passkey_login_request &set_claims(Value &&value) {
    claims = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::client>
  finish_passkey_login_request &set_client(Value &&value) {
    client = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  finish_passkey_login_request &set_label(Value &&value) {
    label = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::session_lifetime>
  finish_passkey_login_request &set_lifetime(Value &&value) {
    lifetime = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("challenge", self.challenge);
    visit("response", self.response);
    visit("claims", self.claims);
    visit("client", self.client);
    visit("label", self.label);
    visit("lifetime", self.lifetime);
  }
};

// Lists the passkeys of an account.
struct list_passkeys_request {
  // The user's id.
  std::string user_id{};

  template <class Value = std::string>
  list_passkeys_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
  }
};

// Gives a passkey another name.
struct update_passkey_request {
  // The user's id.
  std::string user_id{};
  // The credential's id.
  std::string credential_id{};
  // The user's name for the passkey: 1 to 64 characters.
  std::string label{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};

  template <class Value = std::string>
  update_passkey_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_passkey_request &set_credential_id(Value &&value) {
    credential_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_passkey_request &set_label(Value &&value) {
    label = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  update_passkey_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
    visit("credential_id", self.credential_id);
    visit("label", self.label);
    visit("actor", self.actor);
  }
};

// Asks what the page tells the authenticator of the user who is logged in, so that it forgets passkeys that
// are gone: after a login, or a change of the account.
struct passkey_signals_request {
  // The user's id.
  std::string user_id{};

  template <class Value = std::string>
  passkey_signals_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
  }
};

// Asks for the origins that may use the passkeys.
struct related_origins_request {
  template <class Self, class Visitor>
  static void each_member(Self &, Visitor &) {}
};

// Removes a passkey. The host must have authenticated its user just now.
struct remove_passkey_request {
  // The user's id.
  std::string user_id{};
  // The credential's id.
  std::string credential_id{};
  // The name or id of the person who makes this call, as the host knows them, if it is not the user. The
  // call's events record it.
  std::optional<std::string> actor{};

  template <class Value = std::string>
  remove_passkey_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  remove_passkey_request &set_credential_id(Value &&value) {
    credential_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  remove_passkey_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("user_id", self.user_id);
    visit("credential_id", self.credential_id);
    visit("actor", self.actor);
  }
};

// A kind of event of the audit log.
enum class event_kind {
  // A value that this header does not know.
  unknown,
  registered,
  invited,
  logged_in,
  impersonated,
  login_failed,
  step_up_required,
  password_changed,
  password_change_failed,
  password_set,
  password_breached,
  passkey_renamed,
  passkey_counter_regressed,
  throttled,
  reauthenticated,
  reauthentication_failed,
  second_factor_added,
  second_factor_removed,
  second_factors_removed,
  second_factor_failed,
  recovery_codes_generated,
  recovery_code_used,
  device_trusted,
  trusted_device_used,
  trusted_device_revoked,
  logged_out,
  session_updated,
  session_revoked,
  sessions_revoked,
  refresh_repeated,
  refresh_token_reused,
  user_updated,
  account_locked,
  user_deleted,
  users_imported,
  users_exported,
  mail_requested,
  mail_sent,
  mail_failed,
  email_verified,
  email_changed,
  password_reset,
  identity_linked,
  identity_unlinked,
  account_reclaimed,
  token_issued,
  token_revoked,
  service_account_created,
  api_key_created,
  api_key_updated,
  api_key_revoked,
  organization_created,
  organization_updated,
  organization_deleted,
  member_added,
  member_updated,
  member_removed,
  member_invited,
  invitation_revoked,
  keys_rotated,
  store_restored,
  keys_retired,
  settings_changed,
};

namespace detail {

template <>
struct names<event_kind> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "registered",
      "invited",
      "logged_in",
      "impersonated",
      "login_failed",
      "step_up_required",
      "password_changed",
      "password_change_failed",
      "password_set",
      "password_breached",
      "passkey_renamed",
      "passkey_counter_regressed",
      "throttled",
      "reauthenticated",
      "reauthentication_failed",
      "second_factor_added",
      "second_factor_removed",
      "second_factors_removed",
      "second_factor_failed",
      "recovery_codes_generated",
      "recovery_code_used",
      "device_trusted",
      "trusted_device_used",
      "trusted_device_revoked",
      "logged_out",
      "session_updated",
      "session_revoked",
      "sessions_revoked",
      "refresh_repeated",
      "refresh_token_reused",
      "user_updated",
      "account_locked",
      "user_deleted",
      "users_imported",
      "users_exported",
      "mail_requested",
      "mail_sent",
      "mail_failed",
      "email_verified",
      "email_changed",
      "password_reset",
      "identity_linked",
      "identity_unlinked",
      "account_reclaimed",
      "token_issued",
      "token_revoked",
      "service_account_created",
      "api_key_created",
      "api_key_updated",
      "api_key_revoked",
      "organization_created",
      "organization_updated",
      "organization_deleted",
      "member_added",
      "member_updated",
      "member_removed",
      "member_invited",
      "invitation_revoked",
      "keys_rotated",
      "store_restored",
      "keys_retired",
      "settings_changed",
  };
  // clang-format on
};

}  // namespace detail

// The order of a list of events.
enum class event_order {
  // A value that this header does not know.
  unknown,
  written,
  oldest,
  newest,
};

namespace detail {

template <>
struct names<event_order> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "written",
      "oldest",
      "newest",
  };
  // clang-format on
};

}  // namespace detail

// Reads the audit log.
struct events_request {
  // Only what this actor did.
  std::optional<std::string> actor{};
  // Only events after the one with this id, in the order asked for: `next` of the previous page, or `resume`
  // of an earlier answer. If that event was purged, all events that remain come after it.
  std::optional<std::string> after{};
  // Only events of this IP address, as the host gave it.
  std::optional<std::string> ip{};
  // Only events of this kind.
  std::optional<doorward::event_kind> kind{};
  // The most to return: 1 to 1000, default 100.
  std::optional<std::int64_t> limit{};
  // The order: `written` (default), in which an event comes after all events that were written before it, by
  // any clock; `oldest` or `newest` first, by time.
  std::optional<doorward::event_order> order{};
  // Only events at this time or later, in Unix seconds.
  std::optional<std::int64_t> since{};
  // Only events at this time or earlier, in Unix seconds.
  std::optional<std::int64_t> until{};
  // Only events that concern this account, which may be deleted.
  std::optional<std::string> user_id{};

  template <class Value = std::string>
  events_request &set_actor(Value &&value) {
    actor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  events_request &set_after(Value &&value) {
    after = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  events_request &set_ip(Value &&value) {
    ip = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::event_kind>
  events_request &set_kind(Value &&value) {
    kind = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  events_request &set_limit(Value &&value) {
    limit = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::event_order>
  events_request &set_order(Value &&value) {
    order = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  events_request &set_since(Value &&value) {
    since = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  events_request &set_until(Value &&value) {
    until = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  events_request &set_user_id(Value &&value) {
    user_id = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("actor", self.actor);
    visit("after", self.after);
    visit("ip", self.ip);
    visit("kind", self.kind);
    visit("limit", self.limit);
    visit("order", self.order);
    visit("since", self.since);
    visit("until", self.until);
    visit("user_id", self.user_id);
  }
};

// Verifies the chain over the audit log: no event was changed, removed or added.
struct verify_events_request {
  // A head that an earlier call returned and that the host kept elsewhere. The log up to it must be
  // unchanged. This shows a change even if its author has the secret key.
  std::optional<std::string> head{};

  template <class Value = std::string>
  verify_events_request &set_head(Value &&value) {
    head = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("head", self.head);
  }
};

// Returns figures since the engine was opened.
struct stats_request {
  // Whether to include the store's figures, which takes a few reads; default: false.
  std::optional<bool> store{};

  template <class Value = bool>
  stats_request &set_store(Value &&value) {
    store = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("store", self.store);
  }
};

// Checks the running configuration on this machine.
struct doctor_request {
  // Whether to check every page, row and index of a SQLite file, however long that takes. Default: check for
  // two seconds.
  std::optional<bool> integrity{};

  template <class Value = bool>
  doctor_request &set_integrity(Value &&value) {
    integrity = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("integrity", self.integrity);
  }
};

// Purges expired data. Ordinary writes do a little of it; a scheduled job that calls this operation does the
// rest.
struct maintain_request {
  // The time to spend, in milliseconds: 1 to 60000, default 1000. The engine finishes the batch that runs
  // when the time is up.
  std::optional<std::int64_t> budget_ms{};

  template <class Value = std::int64_t>
  maintain_request &set_budget_ms(Value &&value) {
    budget_ms = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("budget_ms", self.budget_ms);
  }
};

// Copies the store into a file, while it is in use.
struct backup_request {
  // The path of the file to make, with mode 0600. No file may have this name.
  std::string path{};
  // Whether to verify the copy before it gets its name: every page, row and index, and that the secret key
  // opens it. This takes about as long as the copy. Default: false.
  std::optional<bool> verify{};

  template <class Value = std::string>
  backup_request &set_path(Value &&value) {
    path = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  backup_request &set_verify(Value &&value) {
    verify = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("path", self.path);
    visit("verify", self.verify);
  }
};

// The audit log.
struct audit_config {
  // Whether the log is chained, so that `verify_events` reveals changed and removed events. Default: the
  // store's; for a new store false.
  std::optional<bool> chain{};
  // How long an event is kept. Default: the store's; for a new store 400. From 1 to 36500.
  std::optional<std::int64_t> retention_days{};

  template <class Value = bool>
  audit_config &set_chain(Value &&value) {
    chain = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  audit_config &set_retention_days(Value &&value) {
    retention_days = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("chain", self.chain);
    visit("retention_days", self.retention_days);
  }
};

// The signature algorithm of tokens (RFC 7518).
enum class signing_algorithm {
  // A value that this header does not know.
  unknown,
  // HMAC with SHA-256.
  HS256,
  // ECDSA on P-256 with SHA-256.
  ES256,
  // Ed25519 (RFC 8037).
  EdDSA,
  // RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits.
  RS256,
  // RSASSA-PSS with SHA-256, 2048 bits.
  PS256,
};

namespace detail {

template <>
struct names<signing_algorithm> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "HS256",
      "ES256",
      "EdDSA",
      "RS256",
      "PS256",
  };
  // clang-format on
};

}  // namespace detail

// The claim that names the account.
enum class subject_claim {
  // A value that this header does not know.
  unknown,
  // `sub` (RFC 7519).
  sub,
  // `user_id`, as older versions of fastapi-users wrote it.
  user_id,
};

namespace detail {

template <>
struct names<subject_claim> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "sub",
      "user_id",
  };
  // clang-format on
};

}  // namespace detail

// A named backend. What is absent is as in the store; the defaults are those of a new store.
struct backend_config {
  // The lifetime of an access token. Default: as in `default`. From 1 to 2592000.
  std::optional<std::int64_t> access_token_seconds{};
  // Whether to accept a `secret` of fewer than 32 bytes, which can be guessed from any token.
  std::optional<bool> allow_weak_secret{};
  // The `aud` of its tokens. Default: the first audience, a colon and the backend's name.
  std::optional<std::variant<std::string, std::vector<std::string>>> audience{};
  // Whether its sessions can be refreshed; otherwise they end with their access token. Default: true.
  std::optional<bool> refresh{};
  // The lifetime of an unused refresh token. Default: as in `default`. From 1 to 31536000.
  std::optional<std::int64_t> refresh_token_seconds{};
  // Makes it a compatibility backend: HS256 with this secret, `typ` JWT, no `kid`, `iss` not needed.
  std::optional<doorward::secret> secret{};
  // How its access tokens are signed. Default: as in `default`.
  std::optional<doorward::signing_algorithm> signing_algorithm{};
  // The claim that names the account. Default: `sub`.
  std::optional<doorward::subject_claim> subject_claim{};

  template <class Value = std::int64_t>
  backend_config &set_access_token_seconds(Value &&value) {
    access_token_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  backend_config &set_allow_weak_secret(Value &&value) {
    allow_weak_secret = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::variant<std::string, std::vector<std::string>>>
  backend_config &set_audience(Value &&value) {
    audience = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  backend_config &set_refresh(Value &&value) {
    refresh = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  backend_config &set_refresh_token_seconds(Value &&value) {
    refresh_token_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  backend_config &set_secret(Value &&value) {
    secret = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::signing_algorithm>
  backend_config &set_signing_algorithm(Value &&value) {
    signing_algorithm = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::subject_claim>
  backend_config &set_subject_claim(Value &&value) {
    subject_claim = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("access_token_seconds", self.access_token_seconds);
    visit("allow_weak_secret", self.allow_weak_secret);
    visit("audience", self.audience);
    visit("refresh", self.refresh);
    visit("refresh_token_seconds", self.refresh_token_seconds);
    visit("secret", self.secret);
    visit("signing_algorithm", self.signing_algorithm);
    visit("subject_claim", self.subject_claim);
  }
};

struct id_token_provider_config_auto_register {
  std::vector<std::string> roles{};

  template <class Value = std::vector<std::string>>
  id_token_provider_config_auto_register &set_roles(Value &&value) {
    roles = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("roles", self.roles);
  }
};

// How this service authenticates itself to a provider (OpenID Connect Core section 9).
enum class client_auth {
  // A value that this header does not know.
  unknown,
  // By the secret, in the header `authorization`.
  client_secret_basic,
  // By the secret, in the form.
  client_secret_post,
  // By an assertion that the key signs (RFC 7523).
  private_key_jwt,
  // By a secret that the key signs, as Apple has it.
  signed_secret,
  // Not at all: the service is a public client. PKCE protects the code.
  none,
};

namespace detail {

template <>
struct names<client_auth> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "client_secret_basic",
      "client_secret_post",
      "private_key_jwt",
      "signed_secret",
      "none",
  };
  // clang-format on
};

}  // namespace detail

// The sender of the requests to a provider.
enum class exchange_by {
  // A value that this header does not know.
  unknown,
  // The engine, with the feature `http`.
  engine,
  // The host, as `next_provider_request` says.
  host,
};

namespace detail {

template <>
struct names<exchange_by> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "engine",
      "host",
  };
  // clang-format on
};

}  // namespace detail

// How a provider sends the browser back with its response.
enum class response_mode {
  // A value that this header does not know.
  unknown,
  // With a query.
  query,
  // With a form that the browser posts (OAuth 2.0 Form Post Response Mode).
  form_post,
};

namespace detail {

template <>
struct names<response_mode> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "query",
      "form_post",
  };
  // clang-format on
};

}  // namespace detail

// Where the response of a provider without ID tokens has what is needed.
struct userinfo_config {
  // The user's id, a text or an integer. The provider must never give it to another user: a name that can be
  // changed is not fit for it.
  std::string subject{};
  // The address.
  std::optional<std::string> email{};
  // Whether the address is verified. Default: it is not.
  std::optional<std::string> email_verified{};
  // The URL of a list of addresses, each with `email`, `primary` and `verified`, as GitHub has it. The
  // primary one is taken instead of `email`.
  std::optional<std::string> emails_endpoint{};
  // The user's name.
  std::optional<std::string> username{};

  template <class Value = std::string>
  userinfo_config &set_subject(Value &&value) {
    subject = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  userinfo_config &set_email(Value &&value) {
    email = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  userinfo_config &set_email_verified(Value &&value) {
    email_verified = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  userinfo_config &set_emails_endpoint(Value &&value) {
    emails_endpoint = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  userinfo_config &set_username(Value &&value) {
    username = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("subject", self.subject);
    visit("email", self.email);
    visit("email_verified", self.email_verified);
    visit("emails_endpoint", self.emails_endpoint);
    visit("username", self.username);
  }
};

// A provider by which users log in, and how far it is trusted.
struct id_token_provider_config {
  // The client id of this service at the provider: a text, or a list if several programs have ids. Every
  // member of `aud`, and `azp`, must be in it.
  std::variant<std::string, std::vector<std::string>> client_id{};
  // The algorithms with which the provider signs: others are refused even if a key supports them. Default:
  // RS256.
  std::optional<std::vector<std::string>> algorithms{};
  // Where the user logs in (RFC 6749 section 3.1). Give it together with `token_endpoint`. Default: as the
  // provider's metadata says.
  std::optional<std::string> authorization_endpoint{};
  // Whether an unknown user gets an account: `true` with `registration.default_roles`, or with these `roles`.
  std::optional<std::variant<bool, doorward::id_token_provider_config_auto_register>> auto_register{};
  // A file with the certificates (PEM) of the authorities that may vouch for the provider's hosts; read when
  // the engine opens. Default: the public authorities.
  std::optional<std::string> ca_file{};
  // How this service authenticates itself to the provider. Default: `client_secret_basic` with a secret,
  // `private_key_jwt` with a key, `none` without either.
  std::optional<doorward::client_auth> client_auth{};
  // Or the private key of this service (PKCS #8 in PEM): P-256, Ed25519 or RSA. The provider knows its public
  // half.
  std::optional<doorward::secret> client_key{};
  // The name of `client_key` at the provider: the `kid` of what it signs.
  std::optional<std::string> client_key_id{};
  // With `signed_secret`: the `iss` of the secret, Apple's id of the team.
  std::optional<std::string> client_key_issuer{};
  // The secret of this service at the provider, for `begin_provider_login`.
  std::optional<doorward::secret> client_secret{};
  // The claim of ID tokens and of `userinfo_endpoint` that says that the address is verified. Default:
  // `email_verified`.
  std::optional<std::string> email_verified_claim{};
  // The sender of the requests to the provider.
  std::optional<doorward::exchange_by> exchange{};
  // The `iss` of its tokens, exactly. `{tenantid}` in it, as Microsoft Entra writes it for applications of
  // many tenants, stands for the token's `tid`. Required without `preset`.
  std::optional<std::string> issuer{};
  // The provider's public keys, a JWK Set (RFC 7517).
  std::optional<doorward::json> jwks{};
  // Or their URL: https; http only for a loopback host. The keys are fetched when they are needed, cached,
  // and fetched again every ten minutes; for an unknown key at most every ten seconds. Default: as the
  // provider's metadata says, which are found below the issuer (OpenID Connect Discovery).
  std::optional<std::string> jwks_uri{};
  // Whether to trust this provider that an address is verified: its token then opens the account that has
  // verified the same address, and takes over an account that never did. Only for a provider that verifies
  // addresses itself.
  std::optional<bool> link_verified_email{};
  // A known provider, for what is not given here: its issuer, and where and how it is asked. The endpoints of
  // the known provider are not used for another `issuer`.
  std::optional<std::string> preset{};
  // Whether the provider names itself in each response (`iss`, RFC 9207), so that a response without `iss` is
  // refused. Default: as the provider's metadata says; `false` if `authorization_endpoint` is given.
  std::optional<bool> requires_iss{};
  // How the provider sends the browser back. Default: with a query.
  std::optional<doorward::response_mode> response_mode{};
  // What the user is asked to permit, separated by spaces. Default: `openid email profile`.
  std::optional<std::string> scope{};
  // The tenants that may log in users, for an issuer with `{tenantid}`. Default: all.
  std::optional<std::vector<std::string>> tenants{};
  // The time limit for all exchanges of one call with the provider together. From 1 to 60000. Default: 5000.
  std::optional<std::int64_t> timeout_ms{};
  // Where codes are exchanged (RFC 6749 section 3.2).
  std::optional<std::string> token_endpoint{};
  // For a provider without ID tokens (OAuth 2.0 only): where the response of `userinfo_endpoint` has what is
  // needed.
  std::optional<doorward::userinfo_config> userinfo{};
  // Where data about the user is read: if the ID token has no address, and for a provider without ID tokens.
  // Default: as the provider's metadata says; none if `authorization_endpoint` is given.
  std::optional<std::string> userinfo_endpoint{};

  template <class Value = std::variant<std::string, std::vector<std::string>>>
  id_token_provider_config &set_client_id(Value &&value) {
    client_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  id_token_provider_config &set_algorithms(Value &&value) {
    algorithms = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  id_token_provider_config &set_authorization_endpoint(Value &&value) {
    authorization_endpoint = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::variant<bool, doorward::id_token_provider_config_auto_register>>
  id_token_provider_config &set_auto_register(Value &&value) {
    auto_register = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  id_token_provider_config &set_ca_file(Value &&value) {
    ca_file = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::client_auth>
  id_token_provider_config &set_client_auth(Value &&value) {
    client_auth = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  id_token_provider_config &set_client_key(Value &&value) {
    client_key = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  id_token_provider_config &set_client_key_id(Value &&value) {
    client_key_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  id_token_provider_config &set_client_key_issuer(Value &&value) {
    client_key_issuer = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  id_token_provider_config &set_client_secret(Value &&value) {
    client_secret = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  id_token_provider_config &set_email_verified_claim(Value &&value) {
    email_verified_claim = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::exchange_by>
  id_token_provider_config &set_exchange(Value &&value) {
    exchange = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  id_token_provider_config &set_issuer(Value &&value) {
    issuer = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::json>
  id_token_provider_config &set_jwks(Value &&value) {
    jwks = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  id_token_provider_config &set_jwks_uri(Value &&value) {
    jwks_uri = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  id_token_provider_config &set_link_verified_email(Value &&value) {
    link_verified_email = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  id_token_provider_config &set_preset(Value &&value) {
    preset = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  id_token_provider_config &set_requires_iss(Value &&value) {
    requires_iss = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::response_mode>
  id_token_provider_config &set_response_mode(Value &&value) {
    response_mode = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  id_token_provider_config &set_scope(Value &&value) {
    scope = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  id_token_provider_config &set_tenants(Value &&value) {
    tenants = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  id_token_provider_config &set_timeout_ms(Value &&value) {
    timeout_ms = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  id_token_provider_config &set_token_endpoint(Value &&value) {
    token_endpoint = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::userinfo_config>
  id_token_provider_config &set_userinfo(Value &&value) {
    userinfo = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  id_token_provider_config &set_userinfo_endpoint(Value &&value) {
    userinfo_endpoint = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("client_id", self.client_id);
    visit("algorithms", self.algorithms);
    visit("authorization_endpoint", self.authorization_endpoint);
    visit("auto_register", self.auto_register);
    visit("ca_file", self.ca_file);
    visit("client_auth", self.client_auth);
    visit("client_key", self.client_key);
    visit("client_key_id", self.client_key_id);
    visit("client_key_issuer", self.client_key_issuer);
    visit("client_secret", self.client_secret);
    visit("email_verified_claim", self.email_verified_claim);
    visit("exchange", self.exchange);
    visit("issuer", self.issuer);
    visit("jwks", self.jwks);
    visit("jwks_uri", self.jwks_uri);
    visit("link_verified_email", self.link_verified_email);
    visit("preset", self.preset);
    visit("requires_iss", self.requires_iss);
    visit("response_mode", self.response_mode);
    visit("scope", self.scope);
    visit("tenants", self.tenants);
    visit("timeout_ms", self.timeout_ms);
    visit("token_endpoint", self.token_endpoint);
    visit("userinfo", self.userinfo);
    visit("userinfo_endpoint", self.userinfo_endpoint);
  }
};

// Acting as another user: `impersonate`.
struct impersonation_config {
  // The roles that allow a person to act as another user. At least one.
  std::vector<std::string> roles{};
  // No person acts as a user with one of these roles, with `admin`, or with a role that allows acting.
  std::optional<std::vector<std::string>> protected_roles{};

  template <class Value = std::vector<std::string>>
  impersonation_config &set_roles(Value &&value) {
    roles = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  impersonation_config &set_protected_roles(Value &&value) {
    protected_roles = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("roles", self.roles);
    visit("protected_roles", self.protected_roles);
  }
};

// Name and password at the service (RFC 7617).
struct basic_credentials {
  // The name, without a colon.
  std::string username{};
  // The password.
  doorward::secret password{};

  template <class Value = std::string>
  basic_credentials &set_username(Value &&value) {
    username = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  basic_credentials &set_password(Value &&value) {
    password = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("username", self.username);
    visit("password", self.password);
  }
};

// Another service that validates tokens (RFC 7662), and how to ask it.
struct introspection_service_config {
  // The URL of its endpoint: https; http only for a loopback host.
  std::string url{};
  // Or a name and password for the same (RFC 7617).
  std::optional<doorward::basic_credentials> basic{};
  // The access token with which the engine authenticates itself to the service (RFC 6750).
  std::optional<doorward::secret> bearer{};
  // A file with the certificates (PEM) of the authorities that may vouch for the service; read when the
  // engine opens. Default: the public authorities.
  std::optional<std::string> ca_file{};
  // The time limit of the whole exchange. From 1 to 60000. Default: 5000.
  std::optional<std::int64_t> timeout_ms{};

  template <class Value = std::string>
  introspection_service_config &set_url(Value &&value) {
    url = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::basic_credentials>
  introspection_service_config &set_basic(Value &&value) {
    basic = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  introspection_service_config &set_bearer(Value &&value) {
    bearer = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  introspection_service_config &set_ca_file(Value &&value) {
    ca_file = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  introspection_service_config &set_timeout_ms(Value &&value) {
    timeout_ms = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("url", self.url);
    visit("basic", self.basic);
    visit("bearer", self.bearer);
    visit("ca_file", self.ca_file);
    visit("timeout_ms", self.timeout_ms);
  }
};

// Limits of memory and time.
struct limits_config {
  // The maximum size of a request. From 1024 to 67108864. Default: 1048576.
  std::optional<std::int64_t> request_bytes{};
  // The number of connections to the store; with SQLite, the number of readers. From 1 to 256. Default: 4.
  std::optional<std::int64_t> store_connections{};
  // How long an operation waits for the store. From 1 to 600000. Default: 5000.
  std::optional<std::int64_t> store_timeout_ms{};
  // How many tokens that `verify` accepted are remembered, so that it need not verify their signatures again:
  // 64 bytes of memory for each. 0: none. From 0 to 1048576. Default: 4096.
  std::optional<std::int64_t> verified_tokens{};

  template <class Value = std::int64_t>
  limits_config &set_request_bytes(Value &&value) {
    request_bytes = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  limits_config &set_store_connections(Value &&value) {
    store_connections = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  limits_config &set_store_timeout_ms(Value &&value) {
    store_timeout_ms = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  limits_config &set_verified_tokens(Value &&value) {
    verified_tokens = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("request_bytes", self.request_bytes);
    visit("store_connections", self.store_connections);
    visit("store_timeout_ms", self.store_timeout_ms);
    visit("verified_tokens", self.verified_tokens);
  }
};

// When SMTP sends mails.
enum class mail_delivery {
  // A value that this header does not know.
  unknown,
  // When the host calls `deliver_mail`.
  manual,
  // At once, by a thread of the engine.
  background,
};

namespace detail {

template <>
struct names<mail_delivery> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "manual",
      "background",
  };
  // clang-format on
};

}  // namespace detail

// The pages that users open from mails: URLs of the host, each with `{token}` once.
struct mail_links {
  // The page that calls `verify_email` for a new address.
  std::optional<std::string> change_email{};
  // The page that calls `accept_invitation`.
  std::optional<std::string> invitation{};
  // The page that calls `login_with_mail_token`. Without it, a mail that logs in has the code alone.
  std::optional<std::string> login{};
  // The page that calls `reset_password`.
  std::optional<std::string> reset_password{};
  // The page that calls `verify_email`.
  std::optional<std::string> verify_email{};

  template <class Value = std::string>
  mail_links &set_change_email(Value &&value) {
    change_email = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  mail_links &set_invitation(Value &&value) {
    invitation = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  mail_links &set_login(Value &&value) {
    login = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  mail_links &set_reset_password(Value &&value) {
    reset_password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  mail_links &set_verify_email(Value &&value) {
    verify_email = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("change_email", self.change_email);
    visit("invitation", self.invitation);
    visit("login", self.login);
    visit("reset_password", self.reset_password);
    visit("verify_email", self.verify_email);
  }
};

// Whether each kind of notice is written. Default: all of them.
struct mail_config_notices {
  std::optional<bool> account_changed{};
  std::optional<bool> account_deleted{};
  std::optional<bool> account_exists{};
  std::optional<bool> account_locked{};
  std::optional<bool> api_key_created{};
  std::optional<bool> api_key_widened{};
  std::optional<bool> change_email{};
  std::optional<bool> device_trusted{};
  std::optional<bool> email_change_requested{};
  std::optional<bool> email_changed{};
  std::optional<bool> identity_linked{};
  std::optional<bool> impersonated{};
  std::optional<bool> invitation{};
  std::optional<bool> login{};
  std::optional<bool> member_added{};
  std::optional<bool> member_invitation{};
  std::optional<bool> member_removed{};
  std::optional<bool> new_device{};
  std::optional<bool> password_changed{};
  std::optional<bool> recovery_code_used{};
  std::optional<bool> recovery_codes_generated{};
  std::optional<bool> reset_password{};
  std::optional<bool> second_factor_added{};
  std::optional<bool> second_factor_removed{};
  std::optional<bool> verify_email{};

  template <class Value = bool>
  mail_config_notices &set_account_changed(Value &&value) {
    account_changed = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_account_deleted(Value &&value) {
    account_deleted = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_account_exists(Value &&value) {
    account_exists = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_account_locked(Value &&value) {
    account_locked = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_api_key_created(Value &&value) {
    api_key_created = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_api_key_widened(Value &&value) {
    api_key_widened = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_change_email(Value &&value) {
    change_email = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_device_trusted(Value &&value) {
    device_trusted = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_email_change_requested(Value &&value) {
    email_change_requested = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_email_changed(Value &&value) {
    email_changed = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_identity_linked(Value &&value) {
    identity_linked = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_impersonated(Value &&value) {
    impersonated = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_invitation(Value &&value) {
    invitation = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_login(Value &&value) {
    login = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_member_added(Value &&value) {
    member_added = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_member_invitation(Value &&value) {
    member_invitation = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_member_removed(Value &&value) {
    member_removed = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_new_device(Value &&value) {
    new_device = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_password_changed(Value &&value) {
    password_changed = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_recovery_code_used(Value &&value) {
    recovery_code_used = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_recovery_codes_generated(Value &&value) {
    recovery_codes_generated = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_reset_password(Value &&value) {
    reset_password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_second_factor_added(Value &&value) {
    second_factor_added = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_second_factor_removed(Value &&value) {
    second_factor_removed = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  mail_config_notices &set_verify_email(Value &&value) {
    verify_email = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("account_changed", self.account_changed);
    visit("account_deleted", self.account_deleted);
    visit("account_exists", self.account_exists);
    visit("account_locked", self.account_locked);
    visit("api_key_created", self.api_key_created);
    visit("api_key_widened", self.api_key_widened);
    visit("change_email", self.change_email);
    visit("device_trusted", self.device_trusted);
    visit("email_change_requested", self.email_change_requested);
    visit("email_changed", self.email_changed);
    visit("identity_linked", self.identity_linked);
    visit("impersonated", self.impersonated);
    visit("invitation", self.invitation);
    visit("login", self.login);
    visit("member_added", self.member_added);
    visit("member_invitation", self.member_invitation);
    visit("member_removed", self.member_removed);
    visit("new_device", self.new_device);
    visit("password_changed", self.password_changed);
    visit("recovery_code_used", self.recovery_code_used);
    visit("recovery_codes_generated", self.recovery_codes_generated);
    visit("reset_password", self.reset_password);
    visit("second_factor_added", self.second_factor_added);
    visit("second_factor_removed", self.second_factor_removed);
    visit("verify_email", self.verify_email);
  }
};

// The encryption of a connection.
enum class smtp_tls {
  // A value that this header does not know.
  unknown,
  // Encrypted from the first byte (RFC 8314).
  implicit,
  // Encrypted after a command (RFC 3207); a server without it gets no mail.
  starttls,
  // Not encrypted.
  none,
};

namespace detail {

template <>
struct names<smtp_tls> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "implicit",
      "starttls",
      "none",
  };
  // clang-format on
};

}  // namespace detail

// A mail server (RFC 5321, RFC 6409).
struct smtp_config {
  // The server's name or address.
  std::string host{};
  // Whether to allow `none` for a host that is not this machine.
  std::optional<bool> allow_plaintext{};
  // A file with the certificates (PEM) of the authorities to trust, instead of the public ones.
  std::optional<std::string> ca_file{};
  // The name that this client gives (`EHLO`): a domain, or an address in brackets. Some servers require the
  // name that its address has in DNS. Default: the domain of `from`.
  std::optional<std::string> hello{};
  // The password to log in with.
  std::optional<doorward::secret> password{};
  // The server's port. Default: 465, with `starttls` 587, with `none` 25. From 1 to 65535.
  std::optional<std::int64_t> port{};
  // The time limit for each step of the conversation. From 100 to 60000. Default: 10000.
  std::optional<std::int64_t> timeout_ms{};
  // The encryption of the connection.
  std::optional<doorward::smtp_tls> tls{};
  // The name to log in with.
  std::optional<std::string> username{};

  template <class Value = std::string>
  smtp_config &set_host(Value &&value) {
    host = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  smtp_config &set_allow_plaintext(Value &&value) {
    allow_plaintext = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  smtp_config &set_ca_file(Value &&value) {
    ca_file = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  smtp_config &set_hello(Value &&value) {
    hello = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  smtp_config &set_password(Value &&value) {
    password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  smtp_config &set_port(Value &&value) {
    port = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  smtp_config &set_timeout_ms(Value &&value) {
    timeout_ms = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::smtp_tls>
  smtp_config &set_tls(Value &&value) {
    tls = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  smtp_config &set_username(Value &&value) {
    username = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("host", self.host);
    visit("allow_plaintext", self.allow_plaintext);
    visit("ca_file", self.ca_file);
    visit("hello", self.hello);
    visit("password", self.password);
    visit("port", self.port);
    visit("timeout_ms", self.timeout_ms);
    visit("tls", self.tls);
    visit("username", self.username);
  }
};

// The text of one kind of mail in one language. Placeholders: `{service}`, `{username}`; for a mail with a
// token also `{token}` and `{link}`, which is the token itself if no link is configured; for `login` also
// `{code}`, for `member_invitation`, `member_added` and `member_removed` also `{organization}`.
struct mail_template {
  // The subject, on one line.
  std::string subject{};
  // The text. Paragraphs are separated by empty lines.
  std::string text{};
  // The HTML; values are escaped. Default: the paragraphs of the text.
  std::optional<std::string> html{};
  // The text if no link is configured for this kind; it contains the token. Default: `text`.
  std::optional<std::string> text_without_link{};

  template <class Value = std::string>
  mail_template &set_subject(Value &&value) {
    subject = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  mail_template &set_text(Value &&value) {
    text = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  mail_template &set_html(Value &&value) {
    html = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  mail_template &set_text_without_link(Value &&value) {
    text_without_link = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("subject", self.subject);
    visit("text", self.text);
    visit("html", self.html);
    visit("text_without_link", self.text_without_link);
  }
};

// The host's own texts: by kind of mail, then by language.
struct mail_config_templates {
  std::optional<std::map<std::string, doorward::mail_template>> account_changed{};
  std::optional<std::map<std::string, doorward::mail_template>> account_deleted{};
  std::optional<std::map<std::string, doorward::mail_template>> account_exists{};
  std::optional<std::map<std::string, doorward::mail_template>> account_locked{};
  std::optional<std::map<std::string, doorward::mail_template>> api_key_created{};
  std::optional<std::map<std::string, doorward::mail_template>> api_key_widened{};
  std::optional<std::map<std::string, doorward::mail_template>> change_email{};
  std::optional<std::map<std::string, doorward::mail_template>> device_trusted{};
  std::optional<std::map<std::string, doorward::mail_template>> email_change_requested{};
  std::optional<std::map<std::string, doorward::mail_template>> email_changed{};
  std::optional<std::map<std::string, doorward::mail_template>> identity_linked{};
  std::optional<std::map<std::string, doorward::mail_template>> impersonated{};
  std::optional<std::map<std::string, doorward::mail_template>> invitation{};
  std::optional<std::map<std::string, doorward::mail_template>> login{};
  std::optional<std::map<std::string, doorward::mail_template>> member_added{};
  std::optional<std::map<std::string, doorward::mail_template>> member_invitation{};
  std::optional<std::map<std::string, doorward::mail_template>> member_removed{};
  std::optional<std::map<std::string, doorward::mail_template>> new_device{};
  std::optional<std::map<std::string, doorward::mail_template>> password_changed{};
  std::optional<std::map<std::string, doorward::mail_template>> recovery_code_used{};
  std::optional<std::map<std::string, doorward::mail_template>> recovery_codes_generated{};
  std::optional<std::map<std::string, doorward::mail_template>> reset_password{};
  std::optional<std::map<std::string, doorward::mail_template>> second_factor_added{};
  std::optional<std::map<std::string, doorward::mail_template>> second_factor_removed{};
  std::optional<std::map<std::string, doorward::mail_template>> verify_email{};

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_account_changed(Value &&value) {
    account_changed = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_account_deleted(Value &&value) {
    account_deleted = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_account_exists(Value &&value) {
    account_exists = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_account_locked(Value &&value) {
    account_locked = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_api_key_created(Value &&value) {
    api_key_created = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_api_key_widened(Value &&value) {
    api_key_widened = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_change_email(Value &&value) {
    change_email = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_device_trusted(Value &&value) {
    device_trusted = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_email_change_requested(Value &&value) {
    email_change_requested = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_email_changed(Value &&value) {
    email_changed = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_identity_linked(Value &&value) {
    identity_linked = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_impersonated(Value &&value) {
    impersonated = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_invitation(Value &&value) {
    invitation = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_login(Value &&value) {
    login = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_member_added(Value &&value) {
    member_added = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_member_invitation(Value &&value) {
    member_invitation = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_member_removed(Value &&value) {
    member_removed = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_new_device(Value &&value) {
    new_device = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_password_changed(Value &&value) {
    password_changed = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_recovery_code_used(Value &&value) {
    recovery_code_used = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_recovery_codes_generated(Value &&value) {
    recovery_codes_generated = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_reset_password(Value &&value) {
    reset_password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_second_factor_added(Value &&value) {
    second_factor_added = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_second_factor_removed(Value &&value) {
    second_factor_removed = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::mail_template>>
  mail_config_templates &set_verify_email(Value &&value) {
    verify_email = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("account_changed", self.account_changed);
    visit("account_deleted", self.account_deleted);
    visit("account_exists", self.account_exists);
    visit("account_locked", self.account_locked);
    visit("api_key_created", self.api_key_created);
    visit("api_key_widened", self.api_key_widened);
    visit("change_email", self.change_email);
    visit("device_trusted", self.device_trusted);
    visit("email_change_requested", self.email_change_requested);
    visit("email_changed", self.email_changed);
    visit("identity_linked", self.identity_linked);
    visit("impersonated", self.impersonated);
    visit("invitation", self.invitation);
    visit("login", self.login);
    visit("member_added", self.member_added);
    visit("member_invitation", self.member_invitation);
    visit("member_removed", self.member_removed);
    visit("new_device", self.new_device);
    visit("password_changed", self.password_changed);
    visit("recovery_code_used", self.recovery_code_used);
    visit("recovery_codes_generated", self.recovery_codes_generated);
    visit("reset_password", self.reset_password);
    visit("second_factor_added", self.second_factor_added);
    visit("second_factor_removed", self.second_factor_removed);
    visit("verify_email", self.verify_email);
  }
};

// Mails to users. By default they wait for the host to take them.
struct mail_config {
  // Whether a mailed link alone verifies the first address of an account, without a proof of the account. The
  // owner of the mailbox then gets the account without everything that opened it before: password, sessions,
  // second factors, passkeys and identities.
  std::optional<bool> click_verifies{};
  // When SMTP sends mails. Default: `manual`, by `deliver_mail`.
  std::optional<doorward::mail_delivery> delivery{};
  // The sender: `address` or `name <address>`. The texts use the name for the service, or else the issuer.
  std::optional<std::string> from{};
  // The pages that users open from mails. If `verify_email` is given, registering sends a mail.
  std::optional<doorward::mail_links> links{};
  // The language of mails to users who have not chosen one. Default: `en`.
  std::optional<std::string> locale{};
  // Whether each kind of notice is written. Default: all of them.
  std::optional<doorward::mail_config_notices> notices{};
  // The mail server; it needs `from` and all `links`. Default: none, and the host takes the mails.
  std::optional<doorward::smtp_config> smtp{};
  // The host's own texts: by kind of mail, then by language.
  std::optional<doorward::mail_config_templates> templates{};

  template <class Value = bool>
  mail_config &set_click_verifies(Value &&value) {
    click_verifies = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::mail_delivery>
  mail_config &set_delivery(Value &&value) {
    delivery = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  mail_config &set_from(Value &&value) {
    from = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::mail_links>
  mail_config &set_links(Value &&value) {
    links = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  mail_config &set_locale(Value &&value) {
    locale = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::mail_config_notices>
  mail_config &set_notices(Value &&value) {
    notices = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::smtp_config>
  mail_config &set_smtp(Value &&value) {
    smtp = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::mail_config_templates>
  mail_config &set_templates(Value &&value) {
    templates = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("click_verifies", self.click_verifies);
    visit("delivery", self.delivery);
    visit("from", self.from);
    visit("links", self.links);
    visit("locale", self.locale);
    visit("notices", self.notices);
    visit("smtp", self.smtp);
    visit("templates", self.templates);
  }
};

// Logins by a mailed code or link, to accounts whose address is verified.
struct mailed_login_config {
  // Whether such a login may create an account without a password, for an address that no account has
  // verified (`create` of `request_login_code`).
  std::optional<bool> create{};

  template <class Value = bool>
  mailed_login_config &set_create(Value &&value) {
    create = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("create", self.create);
  }
};

// A kind of name.
enum class mailed_login_name {
  // A value that this header does not know.
  unknown,
  // The username.
  username,
  // The e-mail address.
  email,
};

namespace detail {

template <>
struct names<mailed_login_name> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "username",
      "email",
  };
  // clang-format on
};

}  // namespace detail

// Whether passkeys make logins by password need a second factor.
enum class passkey_factor {
  // A value that this header does not know.
  unknown,
  // An account with a passkey needs a second factor beside its password.
  always,
  // A passkey is another way in beside the password. It is a second factor only of an account that has an
  // authenticator app, or must have a second factor.
  never,
};

namespace detail {

template <>
struct names<passkey_factor> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "always",
      "never",
  };
  // clang-format on
};

}  // namespace detail

// The relying party of WebAuthn.
struct passkeys_config {
  // The domain of the passkeys: that of the pages or a parent of it, such as `example.com`. Passkeys work
  // only for the domain that they were made for, so it cannot change.
  std::string rp_id{};
  // The service's name in authenticators.
  std::string rp_name{};
  // The origins of the pages, as browsers write them: `https://login.example.com`; `http://localhost:8000`
  // during development; `android:apk-key-hash:…` for an app. At least one.
  std::vector<std::string> origins{};
  // Names of models of authenticators, by their AAGUID, for `list_passkeys`: a public list, or one of your
  // own.
  std::optional<std::map<std::string, std::string>> authenticator_names{};
  // The kind of name that the page asks for, if it asks for one. For this kind `begin_passkey_login` returns
  // the account's passkeys. For the other kind it answers as for an unknown name, because the same passkeys
  // for both would reveal which address belongs to which name.
  std::optional<doorward::mailed_login_name> login_name{};
  // Whether an account with a passkey needs a second factor beside its password. Default: as in the store;
  // `always` in a new one.
  std::optional<doorward::passkey_factor> second_factor{};

  template <class Value = std::string>
  passkeys_config &set_rp_id(Value &&value) {
    rp_id = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  passkeys_config &set_rp_name(Value &&value) {
    rp_name = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  passkeys_config &set_origins(Value &&value) {
    origins = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, std::string>>
  passkeys_config &set_authenticator_names(Value &&value) {
    authenticator_names = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::mailed_login_name>
  passkeys_config &set_login_name(Value &&value) {
    login_name = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::passkey_factor>
  passkeys_config &set_second_factor(Value &&value) {
    second_factor = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("rp_id", self.rp_id);
    visit("rp_name", self.rp_name);
    visit("origins", self.origins);
    visit("authenticator_names", self.authenticator_names);
    visit("login_name", self.login_name);
    visit("second_factor", self.second_factor);
  }
};

// What a login does by a password that leaked.
enum class breached_login {
  // A value that this header does not know.
  unknown,
  // Nothing more.
  ignore,
  // It writes an event.
  record,
  // It writes an event, and requires a new password.
  change,
};

namespace detail {

template <>
struct names<breached_login> {
  // clang-format off
  static constexpr std::string_view all[] = {
      "",
      "ignore",
      "record",
      "change",
  };
  // clang-format on
};

}  // namespace detail

// Cost of the password hash (Argon2id, RFC 9106) and the policy for new passwords.
struct password_config {
  // Whether common passwords, sequences, repetitions and the account's own name are refused. Default: true.
  std::optional<bool> blocklist{};
  // A file of passwords that leaked, made by `doorward breached build`: none of them may be chosen. It is
  // opened with the engine. Default: none.
  std::optional<std::string> breached{};
  // What a login does by a password that is in that file.
  std::optional<doorward::breached_login> breached_login{};
  // Words that an attacker would try first, such as names of the service, at most 100: no password may be
  // little more than one of them. The account's names and the issuer are such words in any case.
  std::optional<std::vector<std::string>> context_words{};
  // How many passwords of an account, the present one included, its user may not choose again. Their hashes
  // are kept, and each is one more hash for every new password. Default: the store's; for a new store 0. From
  // 0 to 24.
  std::optional<std::int64_t> history{};
  // The number of passes over that memory. From 1 to 64. Default: 2.
  std::optional<std::int64_t> iterations{};
  // After how many days a login by password requires a new one; 0: never. Default: the store's; for a new
  // store 0. From 0 to 3650.
  std::optional<std::int64_t> max_age_days{};
  // The maximum length of a password, in bytes of UTF-8; a longer one is refused, never truncated. From 64 to
  // 4096. Default: 1024.
  std::optional<std::int64_t> max_bytes{};
  // How many hashes run at once in the process; each takes `memory_kib`. Engines of one process share these
  // places, as many as the largest request among them. Default: the number of processors. From 1 to 1024.
  std::optional<std::int64_t> max_concurrent{};
  // How many more callers may wait; further ones get `hash_queue_full`. From 0 to 100000. Default: 256.
  std::optional<std::int64_t> max_queued{};
  // The memory of one hash in KiB. From 8 to 4194304. Default: 19456.
  std::optional<std::int64_t> memory_kib{};
  // The minimum length of a new password, in code points. From 8 to 128. Default: 8.
  std::optional<std::int64_t> min_length{};
  // The number of lanes. From 1 to 64. Default: 1.
  std::optional<std::int64_t> parallelism{};
  // Whether password hashes are sealed under the secret key, so that a copy of the store alone does not allow
  // guessing. After a change, each hash follows at the next login. Default: the store's; for a new store
  // false.
  std::optional<bool> pepper{};
  // The lifetime of a temporary password (`set_password`), within which the user has to replace it. From 60
  // to 31536000. Default: 604800.
  std::optional<std::int64_t> temporary_seconds{};

  template <class Value = bool>
  password_config &set_blocklist(Value &&value) {
    blocklist = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  password_config &set_breached(Value &&value) {
    breached = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::breached_login>
  password_config &set_breached_login(Value &&value) {
    breached_login = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  password_config &set_context_words(Value &&value) {
    context_words = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  password_config &set_history(Value &&value) {
    history = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  password_config &set_iterations(Value &&value) {
    iterations = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  password_config &set_max_age_days(Value &&value) {
    max_age_days = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  password_config &set_max_bytes(Value &&value) {
    max_bytes = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  password_config &set_max_concurrent(Value &&value) {
    max_concurrent = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  password_config &set_max_queued(Value &&value) {
    max_queued = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  password_config &set_memory_kib(Value &&value) {
    memory_kib = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  password_config &set_min_length(Value &&value) {
    min_length = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  password_config &set_parallelism(Value &&value) {
    parallelism = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  password_config &set_pepper(Value &&value) {
    pepper = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  password_config &set_temporary_seconds(Value &&value) {
    temporary_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("blocklist", self.blocklist);
    visit("breached", self.breached);
    visit("breached_login", self.breached_login);
    visit("context_words", self.context_words);
    visit("history", self.history);
    visit("iterations", self.iterations);
    visit("max_age_days", self.max_age_days);
    visit("max_bytes", self.max_bytes);
    visit("max_concurrent", self.max_concurrent);
    visit("max_queued", self.max_queued);
    visit("memory_kib", self.memory_kib);
    visit("min_length", self.min_length);
    visit("parallelism", self.parallelism);
    visit("pepper", self.pepper);
    visit("temporary_seconds", self.temporary_seconds);
  }
};

// Rules of `register`.
struct registration_config {
  // Whether to answer alike whether or not an e-mail address has an account. An address then belongs to an
  // account, for logins and look-ups, only once it is verified.
  std::optional<bool> conceal_existing{};
  // The roles of an account that is registered without any.
  std::optional<std::vector<std::string>> default_roles{};
  // Whether an account needs an e-mail address. Default: true.
  std::optional<bool> require_email{};

  template <class Value = bool>
  registration_config &set_conceal_existing(Value &&value) {
    conceal_existing = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  registration_config &set_default_roles(Value &&value) {
    default_roles = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  registration_config &set_require_email(Value &&value) {
    require_email = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("conceal_existing", self.conceal_existing);
    visit("default_roles", self.default_roles);
    visit("require_email", self.require_email);
  }
};

// Failed logins: how many lock an account or a source, within which time, and for how long.
struct throttle_config {
  // Failures for one account before it is locked. From 1 to 100. Default: 10.
  std::optional<std::int64_t> account_failures{};
  // The longest lock. From 1 to 86400. Default: 3600.
  std::optional<std::int64_t> lock_max_seconds{};
  // The first lock; each further failure doubles it. From 1 to 86400. Default: 60.
  std::optional<std::int64_t> lock_seconds{};
  // Failures from one IP address (IPv6: one /64) before it is locked, except for known devices. Registrations
  // and requests for mails from one address are limited to the same number, and so are unknown API keys, in
  // each process. From 1 to 1000000. Default: 100.
  std::optional<std::int64_t> source_failures{};
  // The time after which failures are forgotten. From 1 to 86400. Default: 900.
  std::optional<std::int64_t> window_seconds{};

  template <class Value = std::int64_t>
  throttle_config &set_account_failures(Value &&value) {
    account_failures = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  throttle_config &set_lock_max_seconds(Value &&value) {
    lock_max_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  throttle_config &set_lock_seconds(Value &&value) {
    lock_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  throttle_config &set_source_failures(Value &&value) {
    source_failures = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  throttle_config &set_window_seconds(Value &&value) {
    window_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("account_failures", self.account_failures);
    visit("lock_max_seconds", self.lock_max_seconds);
    visit("lock_seconds", self.lock_seconds);
    visit("source_failures", self.source_failures);
    visit("window_seconds", self.window_seconds);
  }
};

// Codes of an authenticator app (RFC 6238). An app keeps the digits and the period with which it was set up.
struct totp_config {
  // The number of digits of a code. From 6 to 8. Default: 6.
  std::optional<std::int64_t> digits{};
  // The service's name in the app. Default: `issuer`, without its scheme if it is a URL.
  std::optional<std::string> issuer{};
  // How long a code is shown. From 15 to 300. Default: 30.
  std::optional<std::int64_t> period_seconds{};
  // How many codes before and after the current one are accepted: clocks differ, and people need time to
  // type. From 0 to 10. Default: 1.
  std::optional<std::int64_t> skew_steps{};

  template <class Value = std::int64_t>
  totp_config &set_digits(Value &&value) {
    digits = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  totp_config &set_issuer(Value &&value) {
    issuer = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  totp_config &set_period_seconds(Value &&value) {
    period_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  totp_config &set_skew_steps(Value &&value) {
    skew_steps = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("digits", self.digits);
    visit("issuer", self.issuer);
    visit("period_seconds", self.period_seconds);
    visit("skew_steps", self.skew_steps);
  }
};

// Devices that users trust when they give a second factor (`trust_device` of `complete_login`).
struct trusted_devices_config {
  // Users with one of these roles give a second factor at every login.
  std::optional<std::vector<std::string>> except_roles{};
  // How long a device is trusted. From 60 to 7776000. Default: 2592000.
  std::optional<std::int64_t> lifetime_seconds{};

  template <class Value = std::vector<std::string>>
  trusted_devices_config &set_except_roles(Value &&value) {
    except_roles = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  trusted_devices_config &set_lifetime_seconds(Value &&value) {
    lifetime_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("except_roles", self.except_roles);
    visit("lifetime_seconds", self.lifetime_seconds);
  }
};

// The configuration of an engine.
struct config {
  // The lifetime of an access token. Default: the store's; for a new store 900. From 1 to 2592000.
  std::optional<std::int64_t> access_token_seconds{};
  // The `aud` of every token: a text or a list. Default: the store's; for a new store `doorward`.
  std::optional<std::variant<std::string, std::vector<std::string>>> audience{};
  // The audit log: `events`.
  std::optional<doorward::audit_config> audit{};
  // Named backends besides `default`, which the keys above describe: a token of one backend is never accepted
  // by another. A name is 1 to 64 ASCII letters, digits, `-` and `_`. Default: the store's backends.
  std::optional<std::map<std::string, doorward::backend_config>> backends{};
  // Whether this configuration may change the store's settings (`issuer`, `audience`, `signing_algorithm`,
  // the lifetimes, `max_sessions_per_user`, `backends`, `password.pepper`, `audit`). Set it for one
  // deployment. Without it, a configuration that differs from the store is refused.
  std::optional<bool> change_settings{};
  // Whether opening creates a missing store. Default: yes, unless the key file exists, which means that there
  // was a store and it is lost.
  std::optional<bool> create{};
  // The providers by which users log in (`begin_provider_login`, `login_with_id_token`), by names that the
  // host chooses. Default: none.
  std::optional<std::map<std::string, doorward::id_token_provider_config>> id_token_providers{};
  // The roles that may act as another user (`impersonate`). Default: none.
  std::optional<doorward::impersonation_config> impersonation{};
  // Another service that `introspect_remote` asks about tokens (RFC 7662). Default: none.
  std::optional<doorward::introspection_service_config> introspection_service{};
  // The `iss` of every token. Default: the store's; for a new store `doorward`.
  std::optional<std::string> issuer{};
  // How far the clock of another machine may deviate that made `iat`, `nbf` and `exp`. From 0 to 600.
  // Default: 30.
  std::optional<std::int64_t> leeway_seconds{};
  // Limits of memory and time.
  std::optional<doorward::limits_config> limits{};
  // Mails to users.
  std::optional<doorward::mail_config> mail{};
  // Logins by a mailed code or link. Default: none. The reader of a user's mails can then log in as the user,
  // as far as no second factor is required.
  std::optional<doorward::mailed_login_config> mailed_login{};
  // How many sessions a user may have at once: one more ends the least recently used. 0: any number. Default:
  // the store's; for a new store 0. From 0 to 1000.
  std::optional<std::int64_t> max_sessions_per_user{};
  // Whether opening creates the tables of a new store and upgrades an older schema. With `false` an outdated
  // store is refused, and the operator runs `doorward migrate-schema`. Default: true.
  std::optional<bool> migrate{};
  // The same for the roles of members in their organization, for `authorize` with `organization_id`.
  std::optional<std::map<std::string, std::vector<std::string>>> organization_roles{};
  // Passkeys: the relying party and its pages. Default: none are made or accepted.
  std::optional<doorward::passkeys_config> passkeys{};
  // Cost of password hashes, and policy for passwords.
  std::optional<doorward::password_config> password{};
  // How long after a refresh the token before the last still returns the answer of its first use, for two
  // tabs or a lost reply. `docs/security.md` explains this deviation from RFC 9700 section 4.14.2. From 0 to
  // 600. Default: 30.
  std::optional<std::int64_t> refresh_grace_seconds{};
  // The lifetime of an unused refresh token. Default: the store's; for a new store 2592000. From 1 to
  // 31536000.
  std::optional<std::int64_t> refresh_token_seconds{};
  // Rules of `register`.
  std::optional<doorward::registration_config> registration{};
  // Rules of `authenticate_request`.
  std::optional<doorward::requests_config> requests{};
  // The users who must have a second factor: none (`false`), all (`true`), or those with one of these roles.
  std::optional<std::variant<bool, std::vector<std::string>>> require_second_factor{};
  // Whether an account must verify its address before it can log in.
  std::optional<bool> require_verified_email{};
  // The permissions that each role gives, for `permissions` of `authorize`. Default: none gives any.
  std::optional<std::map<std::string, std::vector<std::string>>> roles{};
  // The secret from which all keys are derived, at least 32 bytes. Give at most one of `secret_key`,
  // `secret_keys`, `secret_key_file` and `secret_key_files`. Default: a key file beside a SQLite file,
  // `<db>.key`; a random key for a store in memory.
  std::optional<doorward::secret> secret_key{};
  // A file with the secret; created with mode 0600 for a new store if it is missing. White space around the
  // secret, such as a newline at its end, is ignored.
  std::optional<std::string> secret_key_file{};
  // Files with several secrets, as `secret_keys`: the first is current. They are never created.
  std::optional<std::vector<std::string>> secret_key_files{};
  // Several secrets: the first is current, and the others still open what they sealed.
  std::optional<std::vector<doorward::secret>> secret_keys{};
  // The lifetime of a session, however often it is refreshed. Default: the store's; for a new store 7776000.
  // From 1 to 315360000.
  std::optional<std::int64_t> session_max_seconds{};
  // How access tokens are signed. Default: the store's; for a new store `HS256`.
  std::optional<doorward::signing_algorithm> signing_algorithm{};
  // The store: `sqlite:PATH`, `sqlite::memory:` or `postgres://…`. A path is relative to the current folder
  // or begins with one `/`, and takes no parameters. Default `sqlite:doorward.db`.
  std::optional<doorward::secret> store{};
  // When failed logins lock an account or a source.
  std::optional<doorward::throttle_config> throttle{};
  // Codes of an authenticator app.
  std::optional<doorward::totp_config> totp{};
  // Devices on which logins need no second factor for a time. Default: none. On such a device the password
  // alone logs in.
  std::optional<doorward::trusted_devices_config> trusted_devices{};

  template <class Value = std::int64_t>
  config &set_access_token_seconds(Value &&value) {
    access_token_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::variant<std::string, std::vector<std::string>>>
  config &set_audience(Value &&value) {
    audience = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::audit_config>
  config &set_audit(Value &&value) {
    audit = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::backend_config>>
  config &set_backends(Value &&value) {
    backends = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  config &set_change_settings(Value &&value) {
    change_settings = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  config &set_create(Value &&value) {
    create = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, doorward::id_token_provider_config>>
  config &set_id_token_providers(Value &&value) {
    id_token_providers = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::impersonation_config>
  config &set_impersonation(Value &&value) {
    impersonation = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::introspection_service_config>
  config &set_introspection_service(Value &&value) {
    introspection_service = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  config &set_issuer(Value &&value) {
    issuer = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  config &set_leeway_seconds(Value &&value) {
    leeway_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::limits_config>
  config &set_limits(Value &&value) {
    limits = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::mail_config>
  config &set_mail(Value &&value) {
    mail = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::mailed_login_config>
  config &set_mailed_login(Value &&value) {
    mailed_login = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  config &set_max_sessions_per_user(Value &&value) {
    max_sessions_per_user = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  config &set_migrate(Value &&value) {
    migrate = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, std::vector<std::string>>>
  config &set_organization_roles(Value &&value) {
    organization_roles = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::passkeys_config>
  config &set_passkeys(Value &&value) {
    passkeys = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::password_config>
  config &set_password(Value &&value) {
    password = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  config &set_refresh_grace_seconds(Value &&value) {
    refresh_grace_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  config &set_refresh_token_seconds(Value &&value) {
    refresh_token_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::registration_config>
  config &set_registration(Value &&value) {
    registration = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::requests_config>
  config &set_requests(Value &&value) {
    requests = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::variant<bool, std::vector<std::string>>>
  config &set_require_second_factor(Value &&value) {
    require_second_factor = std::forward<Value>(value);
    return *this;
  }

  template <class Value = bool>
  config &set_require_verified_email(Value &&value) {
    require_verified_email = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::map<std::string, std::vector<std::string>>>
  config &set_roles(Value &&value) {
    roles = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  config &set_secret_key(Value &&value) {
    secret_key = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::string>
  config &set_secret_key_file(Value &&value) {
    secret_key_file = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<std::string>>
  config &set_secret_key_files(Value &&value) {
    secret_key_files = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::vector<doorward::secret>>
  config &set_secret_keys(Value &&value) {
    secret_keys = std::forward<Value>(value);
    return *this;
  }

  template <class Value = std::int64_t>
  config &set_session_max_seconds(Value &&value) {
    session_max_seconds = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::signing_algorithm>
  config &set_signing_algorithm(Value &&value) {
    signing_algorithm = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::secret>
  config &set_store(Value &&value) {
    store = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::throttle_config>
  config &set_throttle(Value &&value) {
    throttle = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::totp_config>
  config &set_totp(Value &&value) {
    totp = std::forward<Value>(value);
    return *this;
  }

  template <class Value = doorward::trusted_devices_config>
  config &set_trusted_devices(Value &&value) {
    trusted_devices = std::forward<Value>(value);
    return *this;
  }

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("access_token_seconds", self.access_token_seconds);
    visit("audience", self.audience);
    visit("audit", self.audit);
    visit("backends", self.backends);
    visit("change_settings", self.change_settings);
    visit("create", self.create);
    visit("id_token_providers", self.id_token_providers);
    visit("impersonation", self.impersonation);
    visit("introspection_service", self.introspection_service);
    visit("issuer", self.issuer);
    visit("leeway_seconds", self.leeway_seconds);
    visit("limits", self.limits);
    visit("mail", self.mail);
    visit("mailed_login", self.mailed_login);
    visit("max_sessions_per_user", self.max_sessions_per_user);
    visit("migrate", self.migrate);
    visit("organization_roles", self.organization_roles);
    visit("passkeys", self.passkeys);
    visit("password", self.password);
    visit("refresh_grace_seconds", self.refresh_grace_seconds);
    visit("refresh_token_seconds", self.refresh_token_seconds);
    visit("registration", self.registration);
    visit("requests", self.requests);
    visit("require_second_factor", self.require_second_factor);
    visit("require_verified_email", self.require_verified_email);
    visit("roles", self.roles);
    visit("secret_key", self.secret_key);
    visit("secret_key_file", self.secret_key_file);
    visit("secret_key_files", self.secret_key_files);
    visit("secret_keys", self.secret_keys);
    visit("session_max_seconds", self.session_max_seconds);
    visit("signing_algorithm", self.signing_algorithm);
    visit("store", self.store);
    visit("throttle", self.throttle);
    visit("totp", self.totp);
    visit("trusted_devices", self.trusted_devices);
  }
};

namespace detail {

// Whether the next step of a login may come in the place of this response.
template <class Response>
inline constexpr bool may_step_up = false;
template <>
inline constexpr bool may_step_up<finish_provider_login_response> = true;
template <>
inline constexpr bool may_step_up<login_response> = true;
template <>
inline constexpr bool may_step_up<login_with_id_token_response> = true;

}  // namespace detail

// The operations, as methods of `engine`.
template <class Engine, template <class> class Result>
class operations {
 public:
  // Creates an account. Cost: hash; not to be repeated. Failures: weak_password, username_taken, email_taken,
  // too_many_attempts, hash_queue_full, store_unavailable.
  Result<doorward::register_response> register_(const doorward::register_request &request) const {
    return run<register_response>(doorward_register, request);
  }

  // Finds an account by id, username, e-mail address or external id. Cost: store; may be repeated. Failures:
  // user_not_found, store_unavailable.
  Result<doorward::get_user_response> get_user(const doorward::get_user_request &request = {}) const {
    return run<get_user_response>(doorward_get_user, request);
  }

  // Lists accounts in the order of their ids. Cost: store; may be repeated. Failures: store_unavailable.
  Result<doorward::list_users_response> list_users(const doorward::list_users_request &request = {}) const {
    return run<list_users_response>(doorward_list_users, request);
  }

  // Searches accounts by the beginning of a name, by filters, in an order. Cost: store; may be repeated.
  // Failures: store_unavailable.
  Result<doorward::search_users_response> search_users(
      const doorward::search_users_request &request = {}) const {
    return run<search_users_response>(doorward_search_users, request);
  }

  // Changes an account. Cost: store; may be repeated. Failures: user_not_found, username_taken, email_taken,
  // external_id_taken, permission_denied, store_unavailable.
  Result<doorward::user_response> update_user(const doorward::update_user_request &request) const {
    return run<user_response>(doorward_update_user, request);
  }

  // Changes single attributes of an account by a JSON Merge Patch. Cost: store; may be repeated. Failures:
  // user_not_found, store_unavailable.
  Result<doorward::user_response> merge_attributes(const doorward::merge_attributes_request &request) const {
    return run<user_response>(doorward_merge_attributes, request);
  }

  // Locks an account and ends everything that is open. Cost: store; may be repeated. Failures:
  // user_not_found, permission_denied, store_unavailable.
  Result<doorward::lock_user_response> lock_user(const doorward::lock_user_request &request) const {
    return run<lock_user_response>(doorward_lock_user, request);
  }

  // Deletes an account and all data about it. Cost: store; not to be repeated. Failures: user_not_found,
  // permission_denied, store_constraint, store_unavailable.
  Result<doorward::delete_user_response> delete_user(const doorward::delete_user_request &request) const {
    return run<delete_user_response>(doorward_delete_user, request);
  }

  // Creates accounts with the password hashes and second factors of another system. Cost: long; not to be
  // repeated. Failures: hash_queue_full, store_unavailable.
  Result<doorward::import_users_response> import_users(const doorward::import_users_request &request) const {
    return run<import_users_response>(doorward_import_users, request);
  }

  // Reads accounts, with secrets if they are asked for, in the form of `import_users`. Cost: long; may be
  // repeated. Failures: store_unavailable.
  Result<doorward::export_users_response> export_users(
      const doorward::export_users_request &request = {}) const {
    return run<export_users_response>(doorward_export_users, request);
  }

  // Reads everything that the store keeps about a person. Cost: store; may be repeated. Failures:
  // user_not_found, store_unavailable.
  Result<doorward::export_user_response> export_user(const doorward::export_user_request &request) const {
    return run<export_user_response>(doorward_export_user, request);
  }

  // Hashes a password with Argon2id. Cost: hash; may be repeated. Failures: hash_queue_full.
  Result<doorward::hash_password_response> hash_password(
      const doorward::hash_password_request &request) const {
    return run<hash_password_response>(doorward_hash_password, request);
  }

  // Verifies a password against a hash. Cost: hash; may be repeated. Failures: hash_queue_full.
  Result<doorward::verify_password_response> verify_password(
      const doorward::verify_password_request &request) const {
    return run<verify_password_response>(doorward_verify_password, request);
  }

  // Checks whether a password may be chosen, and says why not. Cost: hash; may be repeated. Failures:
  // invalid_config.
  Result<doorward::check_password_response> check_password(
      const doorward::check_password_request &request) const {
    return run<check_password_response>(doorward_check_password, request);
  }

  // Changes a password by the old one and ends every session. Cost: hash; not to be repeated. Failures:
  // invalid_credentials, invalid_token, user_not_found, permission_denied, weak_password, too_many_attempts,
  // hash_queue_full, store_unavailable.
  Result<doorward::change_password_response> change_password(
      const doorward::change_password_request &request) const {
    return run<change_password_response>(doorward_change_password, request);
  }

  // Sets a user's password, to be changed at the next login, and ends every session. Cost: hash; may be
  // repeated. Failures: user_not_found, permission_denied, weak_password, hash_queue_full, store_unavailable.
  Result<doorward::user_response> set_password(const doorward::set_password_request &request) const {
    return run<user_response>(doorward_set_password, request);
  }

  // Logs in by password and opens a session. Cost: hash; not to be repeated. Failures: invalid_credentials,
  // second_factor_required, invalid_code, password_change_required, permission_denied, too_many_attempts,
  // hash_queue_full, store_unavailable.
  Result<doorward::login_response> login(const doorward::login_request &request) const {
    return run<login_response>(doorward_login, request);
  }

  // Takes the next step of a login and opens its session. Cost: hash; not to be repeated. Failures:
  // invalid_challenge, invalid_code, invalid_credentials, email_not_verified, already_configured,
  // second_factor_required, password_change_required, permission_denied, too_many_attempts, weak_password,
  // hash_queue_full, invalid_config, store_unavailable.
  Result<doorward::login_response> complete_login(const doorward::complete_login_request &request) const {
    return run<login_response>(doorward_complete_login, request);
  }

  // Logs in by an ID token of a configured OpenID provider and opens a session. Cost: network; not to be
  // repeated. Failures: invalid_credentials, invalid_token, second_factor_required, email_taken,
  // permission_denied, too_many_attempts, auth_service_unavailable, store_unavailable.
  Result<doorward::login_with_id_token_response> login_with_id_token(
      const doorward::login_with_id_token_request &request) const {
    return run<login_with_id_token_response>(doorward_login_with_id_token, request);
  }

  // Begins a login at a provider: returns the URL to send the browser to. Cost: network; may be repeated.
  // Failures: invalid_token, user_not_found, permission_denied, email_not_verified, auth_service_unavailable,
  // invalid_config, feature_not_built, store_unavailable.
  Result<doorward::begin_provider_login_response> begin_provider_login(
      const doorward::begin_provider_login_request &request) const {
    return run<begin_provider_login_response>(doorward_begin_provider_login, request);
  }

  // Returns the next request to a provider, for a host that sends them itself. Cost: store; may be repeated.
  // Failures: invalid_challenge, invalid_config, store_unavailable.
  Result<doorward::next_provider_request_response> next_provider_request(
      const doorward::next_provider_request_request &request) const {
    return run<next_provider_request_response>(doorward_next_provider_request, request);
  }

  // Finishes a login at a provider and opens a session, or links the identity to an account. Cost: network;
  // not to be repeated. Failures: invalid_challenge, invalid_credentials, invalid_token, user_not_found,
  // permission_denied, second_factor_required, email_taken, email_not_verified, already_configured,
  // too_many_attempts, auth_service_unavailable, store_unavailable.
  Result<doorward::finish_provider_login_response> finish_provider_login(
      const doorward::finish_provider_login_request &request) const {
    return run<finish_provider_login_response>(doorward_finish_provider_login, request);
  }

  // Lists the identities of providers that open an account. Cost: store; may be repeated. Failures:
  // user_not_found, store_unavailable.
  Result<doorward::list_identities_response> list_identities(
      const doorward::list_identities_request &request) const {
    return run<list_identities_response>(doorward_list_identities, request);
  }

  // Unlinks an identity of a provider from an account and ends every session. Cost: store; may be repeated.
  // Failures: user_not_found, permission_denied, store_unavailable.
  Result<doorward::unlink_identity_response> unlink_identity(
      const doorward::unlink_identity_request &request) const {
    return run<unlink_identity_response>(doorward_unlink_identity, request);
  }

  // Authenticates the user of a session again. Cost: hash; not to be repeated. Failures: invalid_token,
  // user_not_found, permission_denied, invalid_credentials, invalid_code, too_many_attempts, hash_queue_full,
  // store_unavailable.
  Result<doorward::reauthenticate_response> reauthenticate(
      const doorward::reauthenticate_request &request) const {
    return run<reauthenticate_response>(doorward_reauthenticate, request);
  }

  // Opens a session in which the user of a token acts as another user. Cost: store; not to be repeated.
  // Failures: invalid_token, user_not_found, permission_denied, invalid_config, store_unavailable.
  Result<doorward::login_response> impersonate(const doorward::impersonate_request &request) const {
    return run<login_response>(doorward_impersonate, request);
  }

  // Exchanges a refresh token for the next pair of tokens. Cost: store; may be repeated. Failures:
  // invalid_token, store_unavailable.
  Result<doorward::refresh_response> refresh(const doorward::refresh_request &request) const {
    return run<refresh_response>(doorward_refresh, request);
  }

  // Ends a session, or every session of its user. Cost: store; not to be repeated. Failures: invalid_token,
  // permission_denied, store_unavailable.
  Result<doorward::logout_response> logout(const doorward::logout_request &request = {}) const {
    return run<logout_response>(doorward_logout, request);
  }

  // Lists the live sessions of a user. Cost: store; may be repeated. Failures: user_not_found,
  // store_unavailable.
  Result<doorward::list_sessions_response> list_sessions(
      const doorward::list_sessions_request &request) const {
    return run<list_sessions_response>(doorward_list_sessions, request);
  }

  // Gives a session another label or other claims. Cost: store; may be repeated. Failures: invalid_token,
  // user_not_found, session_not_found, permission_denied, store_unavailable.
  Result<doorward::update_session_response> update_session(
      const doorward::update_session_request &request = {}) const {
    return run<update_session_response>(doorward_update_session, request);
  }

  // Ends one session. Cost: store; may be repeated. Failures: store_unavailable.
  Result<doorward::revoked_response> revoke_session(const doorward::revoke_session_request &request) const {
    return run<revoked_response>(doorward_revoke_session, request);
  }

  // Ends every session of a user, except one if asked. Cost: store; may be repeated. Failures:
  // user_not_found, permission_denied, store_unavailable.
  Result<doorward::revoked_response> revoke_user_sessions(
      const doorward::revoke_user_sessions_request &request) const {
    return run<revoked_response>(doorward_revoke_user_sessions, request);
  }

  // Ends every session of every user. Cost: long; may be repeated. Failures: store_unavailable.
  Result<doorward::revoked_response> revoke_all_sessions(
      const doorward::revoke_all_sessions_request &request = {}) const {
    return run<revoked_response>(doorward_revoke_all_sessions, request);
  }

  // Revokes a token with its session (RFC 7009), or an API key. Cost: store; may be repeated. Failures:
  // store_unavailable.
  Result<doorward::revoke_token_response> revoke_token(
      const doorward::revoke_token_request &request = {}) const {
    return run<revoke_token_response>(doorward_revoke_token, request);
  }

  // Verifies an access token by signature and claims, without the store. Cost: instant; may be repeated.
  // Failures: invalid_token, store_unavailable.
  Result<doorward::claims> verify(const doorward::verify_request &request) const {
    return run<claims>(doorward_verify, request);
  }

  // Identifies the user of a live token or API key. Cost: store; may be repeated. Failures:
  // not_authenticated, invalid_authorization_header, invalid_token, user_not_found, too_many_attempts,
  // store_unavailable.
  Result<doorward::authenticate_response> authenticate(
      const doorward::authenticate_request &request = {}) const {
    return run<authenticate_response>(doorward_authenticate, request);
  }

  // Tells whether a token or API key is valid now (RFC 7662); an invalid one is no failure. Cost: store; may
  // be repeated. Failures: store_unavailable.
  Result<doorward::introspect_response> introspect(const doorward::introspect_request &request) const {
    return run<introspect_response>(doorward_introspect, request);
  }

  // Issues an access token with the host's own claims. Cost: store; not to be repeated. Failures:
  // store_unavailable.
  Result<doorward::issue_token_response> issue_token(const doorward::issue_token_request &request) const {
    return run<issue_token_response>(doorward_issue_token, request);
  }

  // Decides whether a request may pass, and identifies its user. Cost: store; may be repeated. Failures:
  // not_authenticated, invalid_authorization_header, invalid_token, user_not_found, permission_denied,
  // too_many_attempts, store_unavailable.
  Result<doorward::authenticate_request_response> authenticate_request(
      const doorward::authenticate_request_request &request) const {
    return run<authenticate_request_response>(doorward_authenticate_request, request);
  }

  // Asks another service whether a token is valid now (RFC 7662). Cost: network; may be repeated. Failures:
  // invalid_token, auth_service_unavailable, invalid_config, feature_not_built.
  Result<doorward::introspect_remote_response> introspect_remote(
      const doorward::introspect_remote_request &request) const {
    return run<introspect_remote_response>(doorward_introspect_remote, request);
  }

  // Checks whether the bearer of a token or API key may do something, by the account as it is now. Cost:
  // store; may be repeated. Failures: store_unavailable.
  Result<doorward::authorize_response> authorize(const doorward::authorize_request &request) const {
    return run<authorize_response>(doorward_authorize, request);
  }

  // Creates an account for a program, which has API keys and cannot log in. Cost: store; not to be repeated.
  // Failures: username_taken, store_unavailable.
  Result<doorward::user_response> create_service_account(
      const doorward::create_service_account_request &request) const {
    return run<user_response>(doorward_create_service_account, request);
  }

  // Creates an API key, which is shown once. Cost: store; not to be repeated. Failures: user_not_found,
  // email_not_verified, permission_denied, store_unavailable.
  Result<doorward::create_api_key_response> create_api_key(
      const doorward::create_api_key_request &request) const {
    return run<create_api_key_response>(doorward_create_api_key, request);
  }

  // Lists the API keys of an account, without the keys themselves. Cost: store; may be repeated. Failures:
  // user_not_found, store_unavailable.
  Result<doorward::list_api_keys_response> list_api_keys(
      const doorward::list_api_keys_request &request) const {
    return run<list_api_keys_response>(doorward_list_api_keys, request);
  }

  // Changes the name, scopes, roles or expiry of an API key. Cost: store; may be repeated. Failures:
  // api_key_not_found, permission_denied, store_unavailable.
  Result<doorward::update_api_key_response> update_api_key(
      const doorward::update_api_key_request &request) const {
    return run<update_api_key_response>(doorward_update_api_key, request);
  }

  // Revokes an API key. Cost: store; may be repeated. Failures: store_unavailable.
  Result<doorward::revoke_api_key_response> revoke_api_key(
      const doorward::revoke_api_key_request &request) const {
    return run<revoke_api_key_response>(doorward_revoke_api_key, request);
  }

  // Creates an organization with its first owner. Cost: store; not to be repeated. Failures: user_not_found,
  // permission_denied, store_unavailable.
  Result<doorward::organization_response> create_organization(
      const doorward::create_organization_request &request) const {
    return run<organization_response>(doorward_create_organization, request);
  }

  // Finds an organization by its id. Cost: store; may be repeated. Failures: organization_not_found,
  // store_unavailable.
  Result<doorward::organization_response> get_organization(
      const doorward::get_organization_request &request) const {
    return run<organization_response>(doorward_get_organization, request);
  }

  // Lists organizations: all of them, or those of an account. Cost: store; may be repeated. Failures:
  // user_not_found, store_unavailable.
  Result<doorward::list_organizations_response> list_organizations(
      const doorward::list_organizations_request &request = {}) const {
    return run<list_organizations_response>(doorward_list_organizations, request);
  }

  // Changes an organization. Cost: store; may be repeated. Failures: organization_not_found,
  // store_unavailable.
  Result<doorward::organization_response> update_organization(
      const doorward::update_organization_request &request) const {
    return run<organization_response>(doorward_update_organization, request);
  }

  // Deletes an organization with its memberships. Cost: store; not to be repeated. Failures:
  // organization_not_found, store_constraint, store_unavailable.
  Result<doorward::delete_organization_response> delete_organization(
      const doorward::delete_organization_request &request) const {
    return run<delete_organization_response>(doorward_delete_organization, request);
  }

  // Makes an account a member of an organization. Cost: store; not to be repeated. Failures:
  // organization_not_found, user_not_found, already_member, store_unavailable.
  Result<doorward::member_response> add_member(const doorward::add_member_request &request) const {
    return run<member_response>(doorward_add_member, request);
  }

  // Changes the roles of a member of an organization. Cost: store; may be repeated. Failures:
  // member_not_found, permission_denied, store_unavailable.
  Result<doorward::member_response> update_member(const doorward::update_member_request &request) const {
    return run<member_response>(doorward_update_member, request);
  }

  // Removes a member from an organization. Cost: store; may be repeated. Failures: permission_denied,
  // store_unavailable.
  Result<doorward::remove_member_response> remove_member(
      const doorward::remove_member_request &request) const {
    return run<remove_member_response>(doorward_remove_member, request);
  }

  // Lists the members of an organization. Cost: store; may be repeated. Failures: organization_not_found,
  // store_unavailable.
  Result<doorward::list_members_response> list_members(const doorward::list_members_request &request) const {
    return run<list_members_response>(doorward_list_members, request);
  }

  // Invites a person by mail to an organization. Cost: store; not to be repeated. Failures:
  // organization_not_found, member_not_found, already_member, too_many_attempts, store_unavailable.
  Result<doorward::invite_member_response> invite_member(
      const doorward::invite_member_request &request) const {
    return run<invite_member_response>(doorward_invite_member, request);
  }

  // Lists the invitations to an organization that were not accepted yet. Cost: store; may be repeated.
  // Failures: organization_not_found, store_unavailable.
  Result<doorward::list_invitations_response> list_invitations(
      const doorward::list_invitations_request &request) const {
    return run<list_invitations_response>(doorward_list_invitations, request);
  }

  // Revokes an invitation to an organization. Cost: store; may be repeated. Failures: store_unavailable.
  Result<doorward::revoke_invitation_response> revoke_invitation(
      const doorward::revoke_invitation_request &request) const {
    return run<revoke_invitation_response>(doorward_revoke_invitation, request);
  }

  // Returns the public keys, for services that verify tokens themselves. Cost: store; may be repeated.
  // Failures: store_unavailable.
  Result<doorward::jwks_response> jwks(const doorward::jwks_request &request = {}) const {
    return run<jwks_response>(doorward_jwks, request);
  }

  // Makes a new signing key; the old one verifies until everything that it signed has expired. Cost: long;
  // not to be repeated. Failures: store_unavailable.
  Result<doorward::rotate_keys_response> rotate_keys(
      const doorward::rotate_keys_request &request = {}) const {
    return run<rotate_keys_response>(doorward_rotate_keys, request);
  }

  // Lists signing keys and secret keys, without secrets, and the data that needs an older one. Cost: long;
  // may be repeated. Failures: store_unavailable.
  Result<doorward::list_keys_response> list_keys(const doorward::list_keys_request &request = {}) const {
    return run<list_keys_response>(doorward_list_keys, request);
  }

  // Mails a token that verifies the address of an account. Cost: hash; not to be repeated. Failures:
  // invalid_token, user_not_found, permission_denied, invalid_credentials, invalid_challenge,
  // too_many_attempts, hash_queue_full, store_unavailable.
  Result<doorward::sent_response> request_email_verification(
      const doorward::request_email_verification_request &request = {}) const {
    return run<sent_response>(doorward_request_email_verification, request);
  }

  // Mails a token to the new address of an account, and a notice to the present one. Cost: store; not to be
  // repeated. Failures: invalid_token, user_not_found, permission_denied, email_taken, too_many_attempts,
  // store_unavailable.
  Result<doorward::request_email_change_response> request_email_change(
      const doorward::request_email_change_request &request) const {
    return run<request_email_change_response>(doorward_request_email_change, request);
  }

  // Mails a token that sets a new password. Cost: store; not to be repeated. Failures: too_many_attempts,
  // store_unavailable.
  Result<doorward::sent_response> request_password_reset(
      const doorward::request_password_reset_request &request) const {
    return run<sent_response>(doorward_request_password_reset, request);
  }

  // Sets a new password by a mailed token and ends every session. Cost: hash; not to be repeated. Failures:
  // invalid_token, weak_password, hash_queue_full, store_unavailable.
  Result<doorward::user_response> reset_password(const doorward::reset_password_request &request) const {
    return run<user_response>(doorward_reset_password, request);
  }

  // Mails a code and a link that log in. Cost: store; not to be repeated. Failures: too_many_attempts,
  // invalid_config, store_unavailable.
  Result<doorward::request_login_code_response> request_login_code(
      const doorward::request_login_code_request &request) const {
    return run<request_login_code_response>(doorward_request_login_code, request);
  }

  // Logs in by a mailed link and opens a session. Cost: store; not to be repeated. Failures: invalid_token,
  // second_factor_required, permission_denied, invalid_config, store_unavailable.
  Result<doorward::login_response> login_with_mail_token(
      const doorward::login_with_mail_token_request &request) const {
    return run<login_response>(doorward_login_with_mail_token, request);
  }

  // Invites a person by mail to an account with these roles. Cost: store; not to be repeated. Failures:
  // email_taken, external_id_taken, permission_denied, store_unavailable.
  Result<doorward::invite_user_response> invite_user(const doorward::invite_user_request &request) const {
    return run<invite_user_response>(doorward_invite_user, request);
  }

  // Accepts an invitation: to an account, which gets a name and a way in, or to an organization. Cost:
  // network; not to be repeated. Failures: invalid_token, not_authenticated, user_not_found,
  // permission_denied, weak_password, invalid_credentials, username_taken, already_configured,
  // already_member, invalid_config, auth_service_unavailable, hash_queue_full, store_unavailable.
  Result<doorward::accept_invitation_response> accept_invitation(
      const doorward::accept_invitation_request &request) const {
    return run<accept_invitation_response>(doorward_accept_invitation, request);
  }

  // Verifies or changes an address by the token mailed to it and a proof of the account. Cost: network; not
  // to be repeated. Failures: invalid_token, not_authenticated, user_not_found, permission_denied,
  // invalid_credentials, invalid_challenge, email_taken, too_many_attempts, auth_service_unavailable,
  // hash_queue_full, store_unavailable.
  Result<doorward::user_response> verify_email(const doorward::verify_email_request &request) const {
    return run<user_response>(doorward_verify_email, request);
  }

  // Tells what a mailed token is for, without redeeming it. Cost: store; may be repeated. Failures:
  // invalid_token, store_unavailable.
  Result<doorward::check_mail_token_response> check_mail_token(
      const doorward::check_mail_token_request &request) const {
    return run<check_mail_token_response>(doorward_check_mail_token, request);
  }

  // Takes mails out of the outbox, for hosts that send mails themselves. Cost: store; may be repeated.
  // Failures: store_unavailable.
  Result<doorward::take_mail_response> take_mail(const doorward::take_mail_request &request = {}) const {
    return run<take_mail_response>(doorward_take_mail, request);
  }

  // Reports whether a mail that was taken was sent. Cost: store; may be repeated. Failures:
  // store_unavailable.
  Result<doorward::acknowledge_mail_response> acknowledge_mail(
      const doorward::acknowledge_mail_request &request) const {
    return run<acknowledge_mail_response>(doorward_acknowledge_mail, request);
  }

  // Sends the mails that are due by SMTP. Cost: network; may be repeated. Failures: mail_unavailable,
  // invalid_config, feature_not_built, store_unavailable.
  Result<doorward::deliver_mail_response> deliver_mail(
      const doorward::deliver_mail_request &request = {}) const {
    return run<deliver_mail_response>(doorward_deliver_mail, request);
  }

  // Makes a secret for an authenticator app. Cost: instant; may be repeated.
  Result<doorward::generate_totp_secret_response> generate_totp_secret(
      const doorward::generate_totp_secret_request &request = {}) const {
    return run<generate_totp_secret_response>(doorward_generate_totp_secret, request);
  }

  // Writes a secret as a URI and a QR code for an authenticator app. Cost: instant; may be repeated.
  Result<doorward::provisioning> totp_provisioning_uri(
      const doorward::totp_provisioning_uri_request &request) const {
    return run<provisioning>(doorward_totp_provisioning_uri, request);
  }

  // Verifies a code by its secret alone, any number of times. Cost: instant; may be repeated.
  Result<doorward::verify_totp_response> verify_totp(const doorward::verify_totp_request &request) const {
    return run<verify_totp_response>(doorward_verify_totp, request);
  }

  // Sets up an authenticator app for an account; it is not a factor until it is confirmed. Cost: store; may
  // be repeated. Failures: user_not_found, invalid_challenge, email_not_verified, permission_denied,
  // store_unavailable.
  Result<doorward::setup_totp_response> setup_totp(const doorward::setup_totp_request &request = {}) const {
    return run<setup_totp_response>(doorward_setup_totp, request);
  }

  // Activates an authenticator app by its first code and ends every session. Cost: store; not to be repeated.
  // Failures: user_not_found, email_not_verified, invalid_code, already_configured, too_many_attempts,
  // store_unavailable.
  Result<doorward::confirm_totp_response> confirm_totp(const doorward::confirm_totp_request &request) const {
    return run<confirm_totp_response>(doorward_confirm_totp, request);
  }

  // Tells whether an account has an active authenticator app. Cost: store; may be repeated. Failures:
  // user_not_found, store_unavailable.
  Result<doorward::totp_status_response> totp_status(const doorward::totp_status_request &request) const {
    return run<totp_status_response>(doorward_totp_status, request);
  }

  // Removes an authenticator app by a code and ends every session. Cost: store; not to be repeated. Failures:
  // user_not_found, invalid_code, permission_denied, too_many_attempts, store_unavailable.
  Result<doorward::totp_status_response> disable_totp(const doorward::disable_totp_request &request) const {
    return run<totp_status_response>(doorward_disable_totp, request);
  }

  // Replaces the recovery codes of an account and ends every session. Cost: store; not to be repeated.
  // Failures: invalid_token, user_not_found, permission_denied, store_unavailable.
  Result<doorward::generate_recovery_codes_response> generate_recovery_codes(
      const doorward::generate_recovery_codes_request &request = {}) const {
    return run<generate_recovery_codes_response>(doorward_generate_recovery_codes, request);
  }

  // Counts the unused recovery codes of an account. Cost: store; may be repeated. Failures: user_not_found,
  // store_unavailable.
  Result<doorward::recovery_codes_status_response> recovery_codes_status(
      const doorward::recovery_codes_status_request &request) const {
    return run<recovery_codes_status_response>(doorward_recovery_codes_status, request);
  }

  // Removes the second factors of an account without a proof of its user, and ends every session. Cost:
  // store; may be repeated. Failures: user_not_found, store_unavailable.
  Result<doorward::remove_second_factors_response> remove_second_factors(
      const doorward::remove_second_factors_request &request) const {
    return run<remove_second_factors_response>(doorward_remove_second_factors, request);
  }

  // Lists the devices on which a user needs no second factor. Cost: store; may be repeated. Failures:
  // user_not_found, store_unavailable.
  Result<doorward::list_trusted_devices_response> list_trusted_devices(
      const doorward::list_trusted_devices_request &request) const {
    return run<list_trusted_devices_response>(doorward_list_trusted_devices, request);
  }

  // Revokes the trust in a device of a user, or in all of them. Cost: store; may be repeated. Failures:
  // user_not_found, store_unavailable.
  Result<doorward::revoke_trusted_device_response> revoke_trusted_device(
      const doorward::revoke_trusted_device_request &request) const {
    return run<revoke_trusted_device_response>(doorward_revoke_trusted_device, request);
  }

  // Begins to register a passkey for an account. Cost: store; may be repeated. Failures: invalid_token,
  // user_not_found, invalid_challenge, invalid_token, email_not_verified, permission_denied, invalid_config,
  // store_unavailable.
  Result<doorward::begin_passkey_registration_response> begin_passkey_registration(
      const doorward::begin_passkey_registration_request &request = {}) const {
    return run<begin_passkey_registration_response>(doorward_begin_passkey_registration, request);
  }

  // Registers the passkey and ends every session, unless they are to be kept. Cost: store; not to be
  // repeated. Failures: invalid_challenge, invalid_credentials, already_configured, invalid_config,
  // store_unavailable.
  Result<doorward::finish_passkey_registration_response> finish_passkey_registration(
      const doorward::finish_passkey_registration_request &request) const {
    return run<finish_passkey_registration_response>(doorward_finish_passkey_registration, request);
  }

  // Begins a login by passkey. Cost: store; may be repeated. Failures: invalid_config, store_unavailable.
  Result<doorward::begin_passkey_login_response> begin_passkey_login(
      const doorward::begin_passkey_login_request &request = {}) const {
    return run<begin_passkey_login_response>(doorward_begin_passkey_login, request);
  }

  // Logs in by a passkey alone and opens a session. Cost: store; not to be repeated. Failures:
  // invalid_credentials, invalid_challenge, permission_denied, too_many_attempts, invalid_config,
  // store_unavailable.
  Result<doorward::login_response> finish_passkey_login(
      const doorward::finish_passkey_login_request &request) const {
    return run<login_response>(doorward_finish_passkey_login, request);
  }

  // Lists the passkeys of an account. Cost: store; may be repeated. Failures: user_not_found,
  // store_unavailable.
  Result<doorward::list_passkeys_response> list_passkeys(
      const doorward::list_passkeys_request &request) const {
    return run<list_passkeys_response>(doorward_list_passkeys, request);
  }

  // Gives a passkey another name. Cost: store; may be repeated. Failures: passkey_not_found,
  // store_unavailable.
  Result<doorward::update_passkey_response> update_passkey(
      const doorward::update_passkey_request &request) const {
    return run<update_passkey_response>(doorward_update_passkey, request);
  }

  // Returns what a page tells the authenticator about an account's passkeys. Cost: store; may be repeated.
  // Failures: user_not_found, invalid_config, store_unavailable.
  Result<doorward::passkey_signals_response> passkey_signals(
      const doorward::passkey_signals_request &request) const {
    return run<passkey_signals_response>(doorward_passkey_signals, request);
  }

  // Returns the origins that may use the passkeys, for `/.well-known/webauthn`. Cost: instant; may be
  // repeated. Failures: invalid_config.
  Result<doorward::related_origins_response> related_origins(
      const doorward::related_origins_request &request = {}) const {
    return run<related_origins_response>(doorward_related_origins, request);
  }

  // Removes a passkey and ends every session. Cost: store; may be repeated. Failures: user_not_found,
  // permission_denied, store_unavailable.
  Result<doorward::remove_passkey_response> remove_passkey(
      const doorward::remove_passkey_request &request) const {
    return run<remove_passkey_response>(doorward_remove_passkey, request);
  }

  // Reads the audit log. Cost: store; may be repeated. Failures: store_unavailable.
  Result<doorward::events_response> events(const doorward::events_request &request = {}) const {
    return run<events_response>(doorward_events, request);
  }

  // Verifies the chain over the audit log. Cost: long; may be repeated. Failures: store_unavailable.
  Result<doorward::verify_events_response> verify_events(
      const doorward::verify_events_request &request = {}) const {
    return run<verify_events_response>(doorward_verify_events, request);
  }

  // Returns figures: calls by operation and status, their durations, and the contents of the store. Cost:
  // store; may be repeated. Failures: store_unavailable.
  Result<doorward::stats_response> stats(const doorward::stats_request &request = {}) const {
    return run<stats_response>(doorward_stats, request);
  }

  // Checks the running configuration on this machine. Cost: long; may be repeated.
  Result<doorward::doctor_response> doctor(const doorward::doctor_request &request = {}) const {
    return run<doctor_response>(doorward_doctor, request);
  }

  // Purges expired data. Cost: long; may be repeated. Failures: store_unavailable.
  Result<doorward::maintain_response> maintain(const doorward::maintain_request &request = {}) const {
    return run<maintain_response>(doorward_maintain, request);
  }

  // Copies a SQLite store into a file while it is in use. Cost: long; not to be repeated. Failures:
  // feature_not_built, store_unavailable.
  Result<doorward::backup_response> backup(const doorward::backup_request &request) const {
    return run<backup_response>(doorward_backup, request);
  }

 private:
  template <class Response, class Named, class Request>
  Result<Response> run(Named named, const Request &request) const {
    return static_cast<const Engine *>(this)->template run<Response>(named, request);
  }
};

}  // namespace doorward

#endif  // DOORWARD_TYPES_HPP
