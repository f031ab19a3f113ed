// doorward for C++17 and later: the C functions as one move-only class. Header only; link the C library.
//
//   doorward::engine engine({{"store", "sqlite:app.db"}});
//   const auto reply = engine.login({{"username", name}, {"password", password}, {"client", doorward::object{{"ip", ip}}}});
//   if (reply.ok()) use(*reply.text("/access_token"));
//   else refuse(reply.code());
//
// Requests are built from values, never from text: a value with a quote in it stays a value. Responses are read by JSON
// pointers (RFC 6901). An outcome is a value: no operation throws for what the library answers. Only the constructor of
// `engine` throws (`doorward::error`), because there is no engine then. Requests, responses and codes:
// docs/operations.md.

#ifndef DOORWARD_HPP
#define DOORWARD_HPP

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "doorward.h"

namespace doorward {

namespace detail {

struct free_response {
  void operator()(char *body) const noexcept { doorward_free(body); }
};

struct release_engine {
  void operator()(doorward_engine *engine) const noexcept { doorward_release(engine); }
};

// NUL would end the text early. It stands in no valid JSON and in no name, so what replaces such a text
// is refused as NUL itself would be.
inline const char *text(const std::string &text) noexcept {
  return text.find('\0') == std::string::npos ? text.c_str() : "\\0";
}

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

}  // namespace detail

// JSON that was built, wiped when it goes. What could not be built says so to every operation: `invalid_json`.
class json {
 public:
  const char *c_str() const noexcept { return text_ ? text_.get() : "not JSON"; }

 protected:
  explicit json(char *text) noexcept : text_(text) {}

 private:
  std::unique_ptr<char, detail::free_response> text_;
};

// A member of an object: a name, and a text, an integer, true or false, an object, a list. std::nullopt leaves it out; a
// NULL is refused. It borrows both: for an initializer list only.
class member {
 public:
  template <class T>
  member(const char *name, const T &value) : member_(of(name, value)) {}

  doorward_member get() const noexcept { return member_; }

 private:
  template <class T>
  static doorward_member of(const char *name, const T &value) {
    if constexpr (detail::is_optional<T>::value) {
      return value ? of(name, *value) : DOORWARD_OPTIONAL(name, nullptr);
    } else if constexpr (std::is_base_of_v<json, T>) {
      return DOORWARD_JSON(name, value.c_str());
    } else if constexpr (std::is_same_v<T, bool>) {
      return DOORWARD_BOOLEAN(name, value);
    } else if constexpr (std::is_convertible_v<const T &, const char *>) {
      return DOORWARD_TEXT(name, value);
    } else if constexpr (std::is_convertible_v<const T &, std::string_view>) {
      const std::string_view text = value;
      return DOORWARD_BYTES(name, text.data() ? text.data() : "", text.size());
    } else {
      static_assert(std::is_integral_v<T> && (std::is_signed_v<T> || sizeof(T) < sizeof(std::int64_t)),
                    "a text, a boolean, an object, a list, or an integer that fits in std::int64_t");
      return DOORWARD_INTEGER(name, value);
    }
  }

  doorward_member member_;
};

// An item of a list.
struct item : member {
  template <class T>
  item(const T &value) : member(nullptr, value) {}
};

namespace detail {

template <class Member>
std::vector<doorward_member> members(std::initializer_list<Member> all) {
  std::vector<doorward_member> members;
  for (const Member &each : all) members.push_back(each.get());
  return members;
}

template <class T>
std::vector<doorward_member> items(const std::vector<T> &all) {
  std::vector<doorward_member> items;
  for (const T &each : all) items.push_back(item(each).get());
  return items;
}

}  // namespace detail

// A JSON object, as every request is one.
class object : public json {
 public:
  object() : object(std::initializer_list<member>{}) {}
  object(std::initializer_list<member> all) : object(detail::members(all)) {}

  // The JSON that another library built. Never a text that was joined from values.
  static object raw(const std::string &text) { return object(doorward_value(detail::text(text), "")); }

 private:
  explicit object(char *text) noexcept : json(text) {}
  explicit object(const std::vector<doorward_member> &all) : json(doorward_object(all.data(), all.size())) {}
};

// A JSON list: of items, or of a vector's.
class list : public json {
 public:
  list(std::initializer_list<item> all) : list(detail::members(all)) {}

  template <class T>
  explicit list(const std::vector<T> &all) : list(detail::items(all)) {}

 private:
  explicit list(const std::vector<doorward_member> &all) : json(doorward_list(all.data(), all.size())) {}
};

// What an operation answered: a status and a JSON body. The body is wiped when the response goes.
class [[nodiscard]] response {
 public:
  response(doorward_status status, char *body) noexcept : status_(status), body_(body) {}

  bool ok() const noexcept { return status_ == DOORWARD_OK; }
  doorward_status status() const noexcept { return status_; }
  // Why not, as "invalid_credentials"; empty where it happened.
  std::string code() const { return text("/error/code").value_or(""); }
  // Valid as long as this response.
  std::string_view body() const & noexcept { return body_ ? std::string_view(body_.get()) : std::string_view(); }
  std::string_view body() const && = delete;

  // The text at a JSON pointer, as "/user/id"; nothing where there is none.
  std::optional<std::string> text(const std::string &pointer) const { return taken(doorward_text, pointer); }
  // The integer at a JSON pointer, or `otherwise`.
  std::int64_t integer(const std::string &pointer, std::int64_t otherwise) const {
    return doorward_integer(body_.get(), detail::text(pointer), otherwise);
  }
  // The boolean at a JSON pointer, or `otherwise`.
  bool boolean(const std::string &pointer, bool otherwise) const {
    return doorward_boolean(body_.get(), detail::text(pointer), otherwise) != 0;
  }
  // The value at a JSON pointer as JSON, to pass on; nothing where there is none.
  std::optional<std::string> value(const std::string &pointer) const { return taken(doorward_value, pointer); }

 private:
  std::optional<std::string> taken(char *(*read)(const char *, const char *), const std::string &pointer) const {
    const std::unique_ptr<char, detail::free_response> found(read(body_.get(), detail::text(pointer)));
    return found ? std::optional<std::string>(found.get()) : std::nullopt;
  }

  doorward_status status_;
  std::unique_ptr<char, detail::free_response> body_;
};

// Why an engine could not be opened. what() is the JSON body of the failure.
class error : public std::runtime_error {
 public:
  explicit error(const response &failure)
      : std::runtime_error(std::string(failure.body())), status_(failure.status()), code_(failure.code()) {}

  doorward_status status() const noexcept { return status_; }
  const std::string &code() const noexcept { return code_; }

 private:
  doorward_status status_;
  std::string code_;
};

// What the host lends to an engine; each may be empty, is called from any thread that calls the engine,
// and must not call the engine. What it throws ends there: the record is lost, the machine's clock
// stands in.
struct hooks {
  // A level (DOORWARD_LOG_*) and a JSON object.
  std::function<void(std::int32_t level, std::string_view json)> log;
  // Unix time in milliseconds.
  std::function<std::int64_t()> now_ms;
};

// An open engine. Any number of threads may call it at once; a moved-from one answers MISUSE.
class engine {
 public:
  // Throws doorward::error.
  explicit engine(const object &config = {}, hooks host = {}) {
    auto context = std::make_unique<hooks>(std::move(host));
    doorward_hooks lent{};
    lent.struct_size = sizeof lent;
    if (context->log) lent.log = log;
    if (context->now_ms) lent.now_ms = now_ms;
    lent.destroy = destroy;
    lent.context = context.release();
    doorward_engine *opened = nullptr;
    char *body = nullptr;
    const doorward_status status = doorward_open(config.c_str(), &lent, &opened, &body);
    const response answer(status, body);
    if (!answer.ok()) throw error(answer);
    handle_.reset(opened);
  }

  // Waits for calls in flight; later calls answer MISUSE, code `engine_closed`. The destructor closes too.
  void close() noexcept { doorward_close(handle_.get()); }

  // Runs the operation of this name.
  response call(const std::string &operation, const object &request = {}) const {
    char *body = nullptr;
    const doorward_status status =
        doorward_call(handle_.get(), detail::text(operation), request.c_str(), &body);
    return {status, body};
  }

  // The operations, written by `make header`.
  response register_(const object &request) const { return run(doorward_register, request); }
  response get_user(const object &request = {}) const { return run(doorward_get_user, request); }
  response list_users(const object &request = {}) const { return run(doorward_list_users, request); }
  response update_user(const object &request) const { return run(doorward_update_user, request); }
  response delete_user(const object &request) const { return run(doorward_delete_user, request); }
  response import_users(const object &request) const { return run(doorward_import_users, request); }
  response export_user(const object &request) const { return run(doorward_export_user, request); }
  response hash_password(const object &request) const { return run(doorward_hash_password, request); }
  response verify_password(const object &request) const { return run(doorward_verify_password, request); }
  response check_password(const object &request) const { return run(doorward_check_password, request); }
  response change_password(const object &request) const { return run(doorward_change_password, request); }
  response set_password(const object &request) const { return run(doorward_set_password, request); }
  response login(const object &request) const { return run(doorward_login, request); }
  response complete_login(const object &request) const { return run(doorward_complete_login, request); }
  response login_with_id_token(const object &request) const { return run(doorward_login_with_id_token, request); }
  response reauthenticate(const object &request) const { return run(doorward_reauthenticate, request); }
  response refresh(const object &request) const { return run(doorward_refresh, request); }
  response logout(const object &request = {}) const { return run(doorward_logout, request); }
  response list_sessions(const object &request) const { return run(doorward_list_sessions, request); }
  response revoke_session(const object &request) const { return run(doorward_revoke_session, request); }
  response revoke_user_sessions(const object &request) const { return run(doorward_revoke_user_sessions, request); }
  response revoke_all_sessions(const object &request = {}) const { return run(doorward_revoke_all_sessions, request); }
  response revoke_token(const object &request = {}) const { return run(doorward_revoke_token, request); }
  response verify(const object &request) const { return run(doorward_verify, request); }
  response authenticate(const object &request = {}) const { return run(doorward_authenticate, request); }
  response introspect(const object &request) const { return run(doorward_introspect, request); }
  response issue_token(const object &request) const { return run(doorward_issue_token, request); }
  response authenticate_request(const object &request) const { return run(doorward_authenticate_request, request); }
  response introspect_remote(const object &request) const { return run(doorward_introspect_remote, request); }
  response authorize(const object &request) const { return run(doorward_authorize, request); }
  response jwks(const object &request = {}) const { return run(doorward_jwks, request); }
  response rotate_keys(const object &request = {}) const { return run(doorward_rotate_keys, request); }
  response list_keys(const object &request = {}) const { return run(doorward_list_keys, request); }
  response request_email_verification(const object &request = {}) const { return run(doorward_request_email_verification, request); }
  response request_email_change(const object &request) const { return run(doorward_request_email_change, request); }
  response request_password_reset(const object &request) const { return run(doorward_request_password_reset, request); }
  response reset_password(const object &request) const { return run(doorward_reset_password, request); }
  response verify_email(const object &request) const { return run(doorward_verify_email, request); }
  response check_mail_token(const object &request) const { return run(doorward_check_mail_token, request); }
  response take_mail(const object &request = {}) const { return run(doorward_take_mail, request); }
  response acknowledge_mail(const object &request) const { return run(doorward_acknowledge_mail, request); }
  response deliver_mail(const object &request = {}) const { return run(doorward_deliver_mail, request); }
  response generate_totp_secret(const object &request = {}) const { return run(doorward_generate_totp_secret, request); }
  response totp_provisioning_uri(const object &request) const { return run(doorward_totp_provisioning_uri, request); }
  response verify_totp(const object &request) const { return run(doorward_verify_totp, request); }
  response setup_totp(const object &request) const { return run(doorward_setup_totp, request); }
  response confirm_totp(const object &request) const { return run(doorward_confirm_totp, request); }
  response totp_status(const object &request) const { return run(doorward_totp_status, request); }
  response disable_totp(const object &request) const { return run(doorward_disable_totp, request); }
  response generate_recovery_codes(const object &request) const { return run(doorward_generate_recovery_codes, request); }
  response recovery_codes_status(const object &request) const { return run(doorward_recovery_codes_status, request); }
  response begin_passkey_registration(const object &request) const { return run(doorward_begin_passkey_registration, request); }
  response finish_passkey_registration(const object &request) const { return run(doorward_finish_passkey_registration, request); }
  response begin_passkey_login(const object &request = {}) const { return run(doorward_begin_passkey_login, request); }
  response finish_passkey_login(const object &request) const { return run(doorward_finish_passkey_login, request); }
  response list_passkeys(const object &request) const { return run(doorward_list_passkeys, request); }
  response remove_passkey(const object &request) const { return run(doorward_remove_passkey, request); }
  response events(const object &request = {}) const { return run(doorward_events, request); }
  response verify_events(const object &request = {}) const { return run(doorward_verify_events, request); }
  response stats(const object &request = {}) const { return run(doorward_stats, request); }
  response doctor(const object &request = {}) const { return run(doorward_doctor, request); }
  response maintain(const object &request = {}) const { return run(doorward_maintain, request); }
  response backup(const object &request) const { return run(doorward_backup, request); }

  // For what this class does not cover. Stays the engine's.
  doorward_engine *handle() const noexcept { return handle_.get(); }

 private:
  using operation = doorward_status (*)(const doorward_engine *, const char *, char **);

  response run(operation named, const object &request) const {
    char *body = nullptr;
    const doorward_status status = named(handle_.get(), request.c_str(), &body);
    return {status, body};
  }

  static void log(void *context, std::int32_t level, const char *json) noexcept {
    try {
      static_cast<hooks *>(context)->log(level, json);
    } catch (...) {
    }
  }

  static std::int64_t now_ms(void *context) noexcept {
    try {
      return static_cast<hooks *>(context)->now_ms();
    } catch (...) {
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    }
  }

  static void destroy(void *context) noexcept { delete static_cast<hooks *>(context); }

  std::unique_ptr<doorward_engine, detail::release_engine> handle_;
};

// The library as data: operations with their JSON Schemas, statuses, codes, configuration, features.
inline response describe() {
  char *body = nullptr;
  const doorward_status status = doorward_describe(&body);
  return {status, body};
}

}  // namespace doorward

#endif  // DOORWARD_HPP
