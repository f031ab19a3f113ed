// doorward from C++17: register, log in, verify, introspect, hash, log out, on an SQLite file.
//
//   c++ -std=c++17 quickstart.cpp $(pkg-config --cflags --libs doorward) -o quickstart && ./quickstart app.db
//
// Requests are built from values and responses read by JSON pointers. Never join a value into JSON: a name or a token
// with a quote in it would say what the request asks for.

#include <cstdlib>
#include <iostream>
#include <string>

#include <doorward.hpp>

namespace {

// What is shown of a response; tokens are not for the screen.
doorward::response shown(const char *step, doorward::response response) {
  std::cout << step << ": " << (response.ok() ? "OK" : std::string(response.body())) << '\n';
  return response;
}

doorward::response must(const char *step, doorward::response response) {
  doorward::response answer = shown(step, std::move(response));
  if (!answer.ok()) throw std::runtime_error(std::string(step) + " failed");
  return answer;
}

void expect(bool is_so) {
  if (!is_so) throw std::runtime_error("unexpected response");
}

void quickstart(const std::string &file) {
  const std::string name = "ada", password = "eight wise words", other = "correct horse battery staple";
  const doorward::engine engine({{"store", "sqlite:" + file}});

  const auto registered = shown("register", engine.register_({{"username", name},
                                                              {"email", "ada@example.com"},
                                                              {"password", password}}));
  expect(registered.ok() || registered.code() == "username_taken");

  const auto login = must("login", engine.login({{"username", name},
                                                 {"password", password},
                                                 {"client", doorward::object{{"ip", "192.0.2.7"}}}}));
  const std::string token = login.text("/access_token").value();

  expect(must("verify", engine.verify({{"token", token}})).text("/sub") == login.text("/user/id"));
  expect(must("introspect", engine.introspect({{"token", token}})).boolean("/active", false));

  const std::string hash = must("hash_password", engine.hash_password({{"password", other}})).text("/hash").value();
  expect(must("verify_password", engine.verify_password({{"password", other}, {"hash", hash}})).boolean("/valid", false));

  expect(must("logout", engine.logout({{"token", token}})).ok());
  expect(!must("introspect", engine.introspect({{"token", token}})).boolean("/active", true));
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
