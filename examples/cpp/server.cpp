// An HTTP service with accounts, in C++20 with cpp-httplib (https://github.com/yhirose/cpp-httplib).
//
//   c++ -std=c++20 server.cpp $(pkg-config --cflags --libs doorward cpp-httplib) -pthread -o server &&
//   ./server app.db 8080
//
// | POST /accounts | username, email, password | creates an account |
// | POST /sessions | username, password | logs in: tokens, or the next step |
// | POST /sessions/next | challenge, and what it asks for | takes the next step |
// | POST /sessions/refresh | refresh_token | the next pair of tokens |
// | DELETE /sessions | | logs out |
// | GET /me | | who it is |
// | POST /me/totp, /me/totp/confirm | , code | sets up an authenticator app, soon after a login |
//
// It speaks HTTP: put a proxy with TLS before it.

#include <httplib.h>

#include <cstdlib>
#include <doorward.hpp>
#include <iostream>
#include <string>

namespace {

using doorward::json;
using httplib::Request;
using httplib::Response;

void answer(Response &to, std::int64_t status, const std::string &body) {
  to.status = static_cast<int>(status);
  to.set_header("Cache-Control", "no-store");
  to.set_content(body, "application/json");
}

// `to_json` leaves out what is for the host only.
template <class T>
void answer(Response &to, const doorward::result<T> &result) {
  if (result) return answer(to, 200, doorward::to_json(result));
  const auto &error = result.error();
  if (error.detail) std::cerr << error.code_name << ": " << *error.detail << '\n';
  if (error.retry_after) to.set_header("Retry-After", std::to_string(*error.retry_after));
  answer(to, error.http_status, doorward::to_json(result));
}

// The body's member, if it is a text.
std::optional<std::string> text(const json &body, const char *name) {
  const std::string *text = body[name].text();
  return text ? std::optional(*text) : std::nullopt;
}

class service {
 public:
  explicit service(const std::string &file) : auth_({.store = "sqlite:" + file}) {
    server_.set_payload_max_length(64 * 1024);
    post("/accounts", [this](const Request &from, const json &body, Response &to) {
      answer(to, auth_.register_({.username = text(body, "username").value_or(""),
                                  .password = text(body, "password").value_or(""),
                                  .client = client(from),
                                  .email = text(body, "email")}));
    });
    post("/sessions", [this](const Request &from, const json &body, Response &to) {
      answer(to, auth_.login({.username = text(body, "username").value_or(""),
                              .password = text(body, "password").value_or(""),
                              .client = client(from)}));
    });
    post("/sessions/next", [this](const Request &, const json &body, Response &to) {
      answer(to, auth_.complete_login({.challenge = text(body, "challenge").value_or(""),
                                       .new_password = text(body, "new_password"),
                                       .recovery_code = text(body, "recovery_code"),
                                       .two_fa_code = text(body, "two_fa_code")}));
    });
    post("/sessions/refresh", [this](const Request &, const json &body, Response &to) {
      answer(to, auth_.refresh({.refresh_token = text(body, "refresh_token").value_or("")}));
    });
    server_.Delete("/sessions", [this](const Request &from, Response &to) {
      answer(to, auth_.logout({.token = token(from)}));
    });
    server_.Get("/me", [this](const Request &from, Response &to) {
      if (const auto who = user(from, to)) answer(to, 200, doorward::to_json(*who));
    });
    post("/me/totp", [this](const Request &from, const json &, Response &to) {
      if (const auto who = fresh_user(from, to)) answer(to, auth_.setup_totp({.user_id = who->id}));
    });
    post("/me/totp/confirm", [this](const Request &from, const json &body, Response &to) {
      const auto who = fresh_user(from, to);
      if (!who) return;
      answer(to, auth_.confirm_totp(
                     {.user_id = who->id, .code = text(body, "code").value_or(""), .client = client(from)}));
    });
  }

  bool run(int port) {
    port = port == 0                                 ? server_.bind_to_any_port("127.0.0.1")
           : server_.bind_to_port("127.0.0.1", port) ? port
                                                     : -1;
    if (port < 0) return false;
    std::cout << "listening on http://127.0.0.1:" << port << std::endl;
    return server_.listen_after_bind();
  }

 private:
  template <class Handler>
  void post(const char *path, Handler handler) {
    server_.Post(path, [handler](const Request &from, Response &to) {
      const auto body = json::parse(from.body.empty() ? "{}" : from.body);
      if (!body) return answer(to, 400, json(json::object{{"error", "The body is not JSON."}}).dump());
      handler(from, *body, to);
    });
  }

  static doorward::client client(const Request &from) {
    return {.ip = from.remote_addr, .user_agent = field(from, "User-Agent")};
  }

  // A field of the header. One that is not UTF-8 counts as empty: the engine would report it as a mistake of
  // this server.
  static std::string field(const Request &from, const char *name) {
    const std::string value = from.get_header_value(name);
    return json::parse(json(value).dump()) ? value : "";
  }

  static std::string token(const Request &from) {
    const std::string header = field(from, "Authorization");
    return header.substr(header.find(' ') + 1);
  }

  // The user of the request's token; answers the request where there is none.
  std::optional<doorward::user> user(const Request &from, Response &to) const {
    doorward::authenticate_request_request request{.method = from.method, .path = from.path};
    if (from.has_header("Authorization")) request.authorization = field(from, "Authorization");
    auto result = auth_.authenticate_request(request);
    if (!result) answer(to, result);
    return result ? result->user : std::nullopt;
  }

  // The same, if the user logged in at most five minutes ago. A stolen token must not be able to add a
  // factor, which would lock the owner out.
  std::optional<doorward::user> fresh_user(const Request &from, Response &to) const {
    auto who = user(from, to);
    if (!who) return who;
    const auto verdict =
        auth_.authorize({.token = token(from), .by_second_factor = true, .max_age_seconds = 300});
    if (verdict && verdict->authorized) return who;
    if (verdict) {
      answer(to, 403, json(json::object{{"error", "Log in again first."}}).dump());
    } else {
      answer(to, verdict);
    }
    return std::nullopt;
  }

  doorward::engine auth_;
  httplib::Server server_;
};

}  // namespace

int main(int argc, char **argv) {
  try {
    service service(argc > 1 ? argv[1] : "app.db");
    return service.run(argc > 2 ? std::atoi(argv[2]) : 8080) ? EXIT_SUCCESS : EXIT_FAILURE;
  } catch (const doorward::exception &failure) {
    std::cerr << "server: " << failure.what() << '\n';
    return EXIT_FAILURE;
  }
}
