// doorward from C++17: register, log in, verify, introspect, hash, log out, on an SQLite file.
//
//   c++ -std=c++17 quickstart.cpp $(pkg-config --cflags --libs doorward) -o quickstart && ./quickstart app.db

#include <cstdlib>
#include <iostream>
#include <string>

#include <doorward.hpp>

namespace {

// The text of a member of a JSON object. Good for tokens and hashes, whose letters JSON does not escape, in
// the library's own compact responses; a real program uses its JSON library.
std::string member(std::string_view json, const std::string &name) {
  const std::string key = "\"" + name + "\":\"";
  const auto start = json.find(key);
  if (start == std::string_view::npos) throw std::runtime_error("the response lacks " + name);
  const auto text = json.substr(start + key.size());
  return std::string(text.substr(0, text.find('"')));
}

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

void expect(const doorward::response &response, std::string_view text) {
  if (response.body().find(text) == std::string_view::npos) throw std::runtime_error("unexpected response");
}

void quickstart(const std::string &file) {
  const doorward::engine engine(R"({"store":"sqlite:)" + file + R"("})");

  const auto registered = shown(
      "register", engine.register_(R"({"username":"ada","email":"ada@example.com","password":"eight wise words"})"));
  if (!registered.ok()) expect(registered, "\"username_taken\"");

  const auto login = must("login", engine.login(R"({"username":"ada","password":"eight wise words"})"));
  const std::string token = R"({"token":")" + member(login.body(), "access_token") + R"("})";

  must("verify", engine.verify(token));
  expect(must("introspect", engine.introspect(token)), R"("active":true)");

  const auto hashed = must("hash_password", engine.hash_password(R"({"password":"correct horse battery staple"})"));
  const std::string hash = member(hashed.body(), "hash");
  expect(must("verify_password", engine.verify_password(
                                     R"({"password":"correct horse battery staple","hash":")" + hash + R"("})")),
         R"("valid":true)");

  must("logout", engine.logout(token));
  expect(must("introspect", engine.introspect(token)), R"("active":false)");
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
