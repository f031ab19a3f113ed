// doorward for C++17 and later: the C functions as one move-only class. Header only; link the C library.
//
//   doorward::engine engine(R"({"store":"sqlite:app.db"})");
//   doorward::response reply = engine.login(R"({"username":"ada","password":"…"})");
//   if (reply.ok()) use(reply.body());
//
// An outcome is a value: no operation throws for what the library answers. Only the constructor of
// `engine` throws (`doorward::error`), because there is no engine then. Requests, responses and codes:
// docs/operations.md.

#ifndef DOORWARD_HPP
#define DOORWARD_HPP

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

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

}  // namespace detail

// What an operation answered: a status and a JSON body. The body is wiped when the response goes.
class response {
 public:
  response(doorward_status status, char *body) noexcept : status_(status), body_(body) {}

  bool ok() const noexcept { return status_ == DOORWARD_OK; }
  doorward_status status() const noexcept { return status_; }
  // Valid as long as this response.
  std::string_view body() const & noexcept { return body_ ? std::string_view(body_.get()) : std::string_view(); }
  std::string_view body() const && = delete;

 private:
  doorward_status status_;
  std::unique_ptr<char, detail::free_response> body_;
};

// Why an engine could not be opened. what() is the JSON body of the failure.
class error : public std::runtime_error {
 public:
  explicit error(const response &failure) : std::runtime_error(std::string(failure.body())), status_(failure.status()) {}

  doorward_status status() const noexcept { return status_; }

 private:
  doorward_status status_;
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
  explicit engine(const std::string &config = "{}", hooks host = {}) {
    auto context = std::make_unique<hooks>(std::move(host));
    doorward_hooks lent{};
    lent.struct_size = sizeof lent;
    if (context->log) lent.log = log;
    if (context->now_ms) lent.now_ms = now_ms;
    lent.destroy = destroy;
    lent.context = context.release();
    doorward_engine *opened = nullptr;
    char *body = nullptr;
    const doorward_status status = doorward_open(detail::text(config), &lent, &opened, &body);
    const response answer(status, body);
    if (!answer.ok()) throw error(answer);
    handle_.reset(opened);
  }

  // Waits for calls in flight; later calls answer MISUSE, code `engine_closed`. The destructor closes too.
  void close() noexcept { doorward_close(handle_.get()); }

  // Runs the operation of this name; an empty request means {}.
  response call(const std::string &operation, const std::string &request = {}) const {
    char *body = nullptr;
    const doorward_status status =
        doorward_call(handle_.get(), detail::text(operation), detail::text(request), &body);
    return {status, body};
  }

  response register_(const std::string &request) const { return run(doorward_register, request); }
  response get_user(const std::string &request) const { return run(doorward_get_user, request); }
  response list_users(const std::string &request = {}) const { return run(doorward_list_users, request); }
  response update_user(const std::string &request) const { return run(doorward_update_user, request); }
  response delete_user(const std::string &request) const { return run(doorward_delete_user, request); }
  response import_users(const std::string &request) const { return run(doorward_import_users, request); }
  response export_user(const std::string &request) const { return run(doorward_export_user, request); }
  response hash_password(const std::string &request) const { return run(doorward_hash_password, request); }
  response verify_password(const std::string &request) const { return run(doorward_verify_password, request); }
  response check_password(const std::string &request) const { return run(doorward_check_password, request); }
  response change_password(const std::string &request) const { return run(doorward_change_password, request); }
  response set_password(const std::string &request) const { return run(doorward_set_password, request); }
  response login(const std::string &request) const { return run(doorward_login, request); }
  response complete_login(const std::string &request) const { return run(doorward_complete_login, request); }
  response login_with_id_token(const std::string &request) const { return run(doorward_login_with_id_token, request); }
  response reauthenticate(const std::string &request) const { return run(doorward_reauthenticate, request); }
  response refresh(const std::string &request) const { return run(doorward_refresh, request); }
  response logout(const std::string &request) const { return run(doorward_logout, request); }
  response list_sessions(const std::string &request) const { return run(doorward_list_sessions, request); }
  response revoke_session(const std::string &request) const { return run(doorward_revoke_session, request); }
  response revoke_user_sessions(const std::string &request) const { return run(doorward_revoke_user_sessions, request); }
  response revoke_token(const std::string &request) const { return run(doorward_revoke_token, request); }
  response verify(const std::string &request) const { return run(doorward_verify, request); }
  response authenticate(const std::string &request) const { return run(doorward_authenticate, request); }
  response authenticate_request(const std::string &request) const { return run(doorward_authenticate_request, request); }
  response introspect(const std::string &request) const { return run(doorward_introspect, request); }
  response introspect_remote(const std::string &request) const { return run(doorward_introspect_remote, request); }
  response authorize(const std::string &request) const { return run(doorward_authorize, request); }
  response issue_token(const std::string &request) const { return run(doorward_issue_token, request); }
  response jwks(const std::string &request = {}) const { return run(doorward_jwks, request); }
  response rotate_keys(const std::string &request = {}) const { return run(doorward_rotate_keys, request); }
  response request_email_verification(const std::string &request) const { return run(doorward_request_email_verification, request); }
  response request_email_change(const std::string &request) const { return run(doorward_request_email_change, request); }
  response request_password_reset(const std::string &request) const { return run(doorward_request_password_reset, request); }
  response reset_password(const std::string &request) const { return run(doorward_reset_password, request); }
  response verify_email(const std::string &request) const { return run(doorward_verify_email, request); }
  response check_mail_token(const std::string &request) const { return run(doorward_check_mail_token, request); }
  response generate_totp_secret(const std::string &request = {}) const { return run(doorward_generate_totp_secret, request); }
  response totp_provisioning_uri(const std::string &request) const { return run(doorward_totp_provisioning_uri, request); }
  response verify_totp(const std::string &request) const { return run(doorward_verify_totp, request); }
  response setup_totp(const std::string &request) const { return run(doorward_setup_totp, request); }
  response confirm_totp(const std::string &request) const { return run(doorward_confirm_totp, request); }
  response totp_status(const std::string &request) const { return run(doorward_totp_status, request); }
  response disable_totp(const std::string &request) const { return run(doorward_disable_totp, request); }
  response generate_recovery_codes(const std::string &request) const { return run(doorward_generate_recovery_codes, request); }
  response recovery_codes_status(const std::string &request) const { return run(doorward_recovery_codes_status, request); }
  response take_mail(const std::string &request = {}) const { return run(doorward_take_mail, request); }
  response acknowledge_mail(const std::string &request) const { return run(doorward_acknowledge_mail, request); }
  response deliver_mail(const std::string &request = {}) const { return run(doorward_deliver_mail, request); }
  response begin_passkey_registration(const std::string &request) const { return run(doorward_begin_passkey_registration, request); }
  response finish_passkey_registration(const std::string &request) const { return run(doorward_finish_passkey_registration, request); }
  response begin_passkey_login(const std::string &request = {}) const { return run(doorward_begin_passkey_login, request); }
  response finish_passkey_login(const std::string &request) const { return run(doorward_finish_passkey_login, request); }
  response list_passkeys(const std::string &request) const { return run(doorward_list_passkeys, request); }
  response remove_passkey(const std::string &request) const { return run(doorward_remove_passkey, request); }
  response events(const std::string &request = {}) const { return run(doorward_events, request); }
  response maintain(const std::string &request = {}) const { return run(doorward_maintain, request); }
  response backup(const std::string &request) const { return run(doorward_backup, request); }
  response stats(const std::string &request = {}) const { return run(doorward_stats, request); }
  response doctor(const std::string &request = {}) const { return run(doorward_doctor, request); }

  // For what this class does not cover. Stays the engine's.
  doorward_engine *handle() const noexcept { return handle_.get(); }

 private:
  using operation = doorward_status (*)(const doorward_engine *, const char *, char **);

  response run(operation named, const std::string &request) const {
    char *body = nullptr;
    const doorward_status status = named(handle_.get(), detail::text(request), &body);
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
