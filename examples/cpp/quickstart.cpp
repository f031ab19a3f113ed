// doorward from C++20: register, log in, verify, introspect, hash, log out, on an SQLite file. C++17 has
// setters instead of designated initializers: docs/cpp.md.
//
//   c++ -std=c++20 quickstart.cpp $(pkg-config --cflags --libs doorward) -o quickstart && ./quickstart app.db

#include <cstdlib>
#include <doorward.hpp>
#include <iostream>
#include <string>

namespace {

// The answer of a step that must succeed. A failure has a message for people; `detail` would be for the logs.
template <class T>
T must(const char *step, doorward::result<T> result) {
  std::cout << step << ": " << (result ? "OK" : doorward::to_json(result)) << '\n';
  return std::move(result).value();
}

void expect(bool is_so) {
  if (!is_so) throw std::runtime_error("unexpected response");
}

void quickstart(const std::string &file) {
  const std::string name = "ada", password = "eight wise words", other = "correct horse battery staple";
  const doorward::engine auth{{.store = "sqlite:" + file}};

  const auto registered =
      auth.register_({.username = name, .password = password, .email = "ada@example.com"});
  std::cout << "register: " << (registered ? "OK" : doorward::to_json(registered)) << '\n';
  expect(registered || registered.error().code == doorward::code::username_taken);

  const auto session = must(
      "login",
      auth.login({.username = name, .password = password, .client = doorward::client{.ip = "192.0.2.7"}}));
  const auto &token = session.access_token;

  expect(must("verify", auth.verify({.token = token})).sub == session.user.id);
  expect(must("introspect", auth.introspect({.token = token})).active);

  const auto hashed = must("hash_password", auth.hash_password({.password = other}));
  expect(must("verify_password", auth.verify_password({.password = other, .hash = hashed.hash})).valid);

  must("logout", auth.logout({.token = token}));
  expect(!must("introspect", auth.introspect({.token = token})).active);
}

}  // namespace

int main(int argc, char **argv) {
  try {
    quickstart(argc > 1 ? argv[1] : "quickstart.db");
  } catch (const std::exception &failure) {
    std::cerr << "quickstart: " << failure.what() << '\n';
    return EXIT_FAILURE;
  }
}
