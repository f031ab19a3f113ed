// doorward for C++17 and later: typed requests and responses, one method for each operation. Header only;
// link the C library. In C++20 requests are written with designated initializers:
//
//   doorward::engine auth{{.store = "sqlite:app.db"}};
//   auto r = auth.login({.username = name, .password = password});
//   if (auto step = r.step_up()) r = auth.complete_login({.challenge = step->challenge, .two_fa_code =
//   code}); if (!r) return refuse(r.error().code); use(r->access_token);
//
// and in C++17 with setters: auth.login(doorward::login_request().set_username(name).set_password(password)).
//
// An outcome is a value, and the next step of a login is one, too. Only what has no other way to say so
// throws: the constructor of `engine`, and access to the value of a `result` that has none. Requests,
// responses and codes: docs/operations.md. This class: docs/cpp.md.

#ifndef DOORWARD_HPP
#define DOORWARD_HPP

#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "doorward.h"
#include "doorward_json.hpp"
#include "doorward_types.hpp"

namespace doorward {

// The name of a value of an enumeration, as it is in JSON.
template <class Enumeration, class = decltype(detail::names<Enumeration>::all)>
[[nodiscard]] std::string_view name(Enumeration value) noexcept {
  return detail::name_of(value);
}

// Why an operation did not happen.
struct [[nodiscard]] error {
  doorward::status status = status::internal;
  // `unknown` for what a newer library says; `code_name` has it.
  doorward::code code = code::internal;
  std::string code_name = "internal";
  // A sentence that may be shown to the end user.
  std::string message{};
  // What a web host answers.
  std::int64_t http_status = 500;
  // The member of the request or of the configuration that is at fault, as a JSON pointer.
  std::optional<std::string> field{};
  // Why a password is weak, in the codes of `check_password`.
  std::optional<std::vector<std::string>> reasons{};
  // The seconds to wait before the next attempt.
  std::optional<std::int64_t> retry_after{};
  // The exact reason, for the host's logs only. It is in no message.
  std::optional<std::string> detail{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("code", self.code_name);
    visit("message", self.message);
    visit("http_status", self.http_status);
    visit("field", self.field);
    visit("reasons", self.reasons);
    visit("retry_after_seconds", self.retry_after);
    visit.host_only("detail", self.detail);
  }
};

// What is thrown where a failure cannot be a value.
class exception : public std::runtime_error {
 public:
  explicit exception(doorward::error why)
      : std::runtime_error(why.code_name + ": " + why.message +
                           (why.field.value_or("").empty() ? "" : " " + *why.field)),
        why_(std::make_shared<const doorward::error>(std::move(why))) {}

  [[nodiscard]] const doorward::error &error() const noexcept { return *why_; }

 private:
  std::shared_ptr<const doorward::error> why_;
};

// What an operation answered, or why it did not happen.
template <class T>
class [[nodiscard]] result {
 public:
  result(T value) : value_(std::move(value)) {}
  result(doorward::error why) : why_(std::move(why)) {}
  result(doorward::error why, doorward::step_up step) : why_(std::move(why)), step_(std::move(step)) {}

  [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }

  // The answer. Each throws `exception` where there is none, so `value()` alone says "it must have happened".
  const T &value() const & { return must(), *value_; }
  T &value() & { return must(), *value_; }
  T &&value() && { return must(), *std::move(value_); }
  [[nodiscard]] const T &operator*() const & { return value(); }
  [[nodiscard]] T &operator*() & { return value(); }
  [[nodiscard]] T &&operator*() && { return std::move(*this).value(); }
  [[nodiscard]] const T *operator->() const { return &value(); }
  [[nodiscard]] T *operator->() { return &value(); }

  // Why it did not happen. Throws std::logic_error where it did.
  [[nodiscard]] const doorward::error &error() const & {
    if (has_value()) throw std::logic_error("doorward: the error of what succeeded");
    return why_;
  }
  const doorward::error &error() const && = delete;

  // The next step of a login, if it has one.
  [[nodiscard]] const std::optional<doorward::step_up> &step_up() const & {
    static_assert(detail::may_step_up<T>, "this operation has no next step");
    return step_;
  }
  std::optional<doorward::step_up> step_up() && { return static_cast<const result &>(*this).step_up(); }

  // The body of a failure: the error, and beside it the next step of a login.
  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    if (self.step_) doorward::step_up::each_member(*self.step_, visit);
    visit("error", self.why_);
  }

 private:
  void must() const {
    if (!has_value()) throw exception(why_);
  }

  std::optional<T> value_{};
  doorward::error why_{};
  std::optional<doorward::step_up> step_{};
};

// What an operation answered as JSON for a client, without what only the host may read. It is the library's
// own body, of a failure as well.
template <class T>
[[nodiscard]] std::string to_json(const result<T> &result) {
  if (result) return to_json(*result);
  detail::writer out(false);
  out.value(result);
  return std::string(out.text());
}

// How much a log record matters.
enum class level : std::int32_t {
  error = DOORWARD_LOG_ERROR,
  warn = DOORWARD_LOG_WARN,
  info = DOORWARD_LOG_INFO,
};

// What the host lends to an engine; each may be empty, is called from any thread that calls the engine, and
// must not call the engine. What it throws ends there: the record is lost, the machine's clock stands in.
struct hooks {
  // A JSON object, without secrets, as long as the call lasts.
  std::function<void(doorward::level level, std::string_view json)> log{};
  // Unix time in milliseconds.
  std::function<std::int64_t()> now_ms{};
};

namespace detail {

struct release {
  void operator()(doorward_engine *engine) const noexcept { doorward_release(engine); }
};

// NUL would end the text early. It stands in no valid JSON and in no name, so what replaces such a text is
// refused as NUL itself would be.
inline const char *whole(const std::string &text) noexcept {
  return text.find('\0') == std::string::npos ? text.c_str() : "\\0";
}

// A response of the library, which is wiped when it goes.
class body {
 public:
  body() = default;
  ~body() { doorward_free(text_); }
  body(const body &) = delete;
  body &operator=(const body &) = delete;

  [[nodiscard]] char **place() noexcept { return &text_; }
  [[nodiscard]] std::string_view text() const noexcept { return text_ ? text_ : std::string_view(); }

 private:
  char *text_ = nullptr;
};

// The body of a failure.
struct failure {
  doorward::error error{};

  template <class Self, class Visitor>
  static void each_member(Self &self, Visitor &visit) {
    visit("error", self.error);
  }
};

template <class T>
[[nodiscard]] bool read(std::string_view text, T &to) {
  reader in(text);
  in.value(to);
  return in.is_done();
}

// What is not as this header knows it is no success, whatever the status.
inline error error_of(doorward_status status, std::string_view body) {
  failure failed;
  if (!read(body, failed) || status == DOORWARD_OK) return {};
  failed.error.status = static_cast<doorward::status>(status & 0xff);
  failed.error.code = named<code>(failed.error.code_name);
  return std::move(failed.error);
}

template <class T>
result<T> result_of(doorward_status status, std::string_view body) {
  if (status == DOORWARD_OK) {
    T value{};
    if (read(body, value)) return value;
  }
  if constexpr (may_step_up<T>) {
    doorward::step_up step;
    if ((status & 0xff) == DOORWARD_STEP_UP && read(body, step))
      return {error_of(status, body), std::move(step)};
  }
  return error_of(status, body);
}

}  // namespace detail

// An open engine. Any number of threads may call it at once; a moved-from one answers MISUSE.
class engine : public operations<engine, result> {
 public:
  // Throws `exception`.
  explicit engine(const doorward::config &config = {}, doorward::hooks hooks = {})
      : engine(open(config, std::move(hooks)).value()) {}

  // The same, where a failure is a value.
  static result<engine> open(const doorward::config &config = {}, doorward::hooks hooks = {}) {
    detail::writer text(true);
    text.value(config);
    return open_text(text.c_str(), std::move(hooks));
  }

  // The same with a configuration that is JSON already, such as a file.
  static result<engine> open_json(const std::string &config, doorward::hooks hooks = {}) {
    return open_text(detail::whole(config), std::move(hooks));
  }

  // Waits for calls in flight; later calls answer MISUSE, code `engine_closed`. The destructor closes, too.
  void close() noexcept { doorward_close(handle_.get()); }

  // Runs an operation that this header does not know.
  result<json> call(const std::string &operation, const json &request = json::object()) const {
    detail::writer text(true);
    text.value(request);
    detail::body body;
    const char *const name = detail::whole(operation);
    const doorward_status status = doorward_call(handle(), name, text.c_str(), body.place());
    return detail::result_of<json>(status, body.text());
  }

  // For the C functions. It stays the engine's.
  [[nodiscard]] doorward_engine *handle() const noexcept { return handle_.get(); }

 private:
  friend class operations<engine, result>;
  using named = doorward_status (*)(const doorward_engine *, const char *, char **);

  explicit engine(doorward_engine *handle) noexcept : handle_(handle) {}

  static result<engine> open_text(const char *config, doorward::hooks hooks) {
    if (doorward_abi() != DOORWARD_ABI) {
      return doorward::error{status::config, code::unknown, "wrong_abi",
                             "The library is not of the version of this header."};
    }
    auto context = std::make_unique<doorward::hooks>(std::move(hooks));
    doorward_hooks lent{};
    lent.struct_size = sizeof lent;
    if (context->log) lent.log = log;
    if (context->now_ms) lent.now_ms = now_ms;
    lent.destroy = destroy;
    lent.context = context.release();
    detail::body body;
    doorward_engine *handle = nullptr;
    const doorward_status status = doorward_open(config, &lent, &handle, body.place());
    if (status != DOORWARD_OK) return detail::error_of(status, body.text());
    return engine(handle);
  }

  template <class Response, class Request>
  result<Response> run(named operation, const Request &request) const {
    detail::writer text(true);
    text.value(request);
    detail::body body;
    const doorward_status status = operation(handle(), text.c_str(), body.place());
    return detail::result_of<Response>(status, body.text());
  }

  static void log(void *context, std::int32_t level, const char *json) noexcept {
    try {
      static_cast<doorward::hooks *>(context)->log(static_cast<doorward::level>(level), json);
    } catch (...) {
    }
  }

  static std::int64_t now_ms(void *context) noexcept {
    try {
      return static_cast<doorward::hooks *>(context)->now_ms();
    } catch (...) {
      std::timespec now{};
      (void)std::timespec_get(&now, TIME_UTC);
      return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
    }
  }

  static void destroy(void *context) noexcept { delete static_cast<doorward::hooks *>(context); }

  std::unique_ptr<doorward_engine, detail::release> handle_;
};

// The library as data: operations with their JSON Schemas, statuses, codes, configuration, features.
inline result<json> describe() {
  detail::body body;
  const doorward_status status = doorward_describe(body.place());
  return detail::result_of<json>(status, body.text());
}

}  // namespace doorward

#endif  // DOORWARD_HPP
