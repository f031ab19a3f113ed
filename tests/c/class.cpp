// doorward.hpp: ownership, errors, hooks that throw, texts with NUL inside.

#include <doorward.hpp>

#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

using doorward::engine;

static_assert(std::is_nothrow_move_constructible<engine>::value, "an engine moves");
static_assert(std::is_nothrow_move_assignable<engine>::value, "an engine moves");
static_assert(!std::is_copy_constructible<engine>::value, "and is not copied");
static_assert(std::is_nothrow_move_constructible<doorward::response>::value, "so does a response");
static_assert(!std::is_copy_constructible<doorward::response>::value, "and is not copied");

static const std::string memory = R"({"store":"sqlite::memory:","password":{"memory_kib":64,"iterations":1}})";
static const std::string ada = R"({"username":"ada","email":"ada@example.com","password":"eight wise words"})";

static std::string code_of(const std::string &failure) {
  const std::string key = R"({"error":{"code":")";
  return failure.compare(0, key.size(), key) == 0 ? failure.substr(key.size(), failure.find('"', key.size()) - key.size())
                                                  : failure;
}

static void show(const char *step, const doorward::response &response) {
  std::cout << step << ": " << response.status() << (response.ok() ? "" : " " + code_of(std::string(response.body())))
            << '\n';
}

static void failed_open(const char *step, const std::string &config) {
  try {
    engine opened(config);
    std::cout << step << ": opened\n";
  } catch (const doorward::error &failure) {
    std::cout << step << ": " << failure.status() << ' ' << code_of(failure.what()) << '\n';
  }
}

int main() {
  failed_open("unknown key", R"({"stoer":1})");
  failed_open("NUL in the configuration", memory + std::string(1, '\0') + "x");

  engine first(memory);
  show("register", first.register_(ada));
  show("a request with NUL", first.list_users(std::string("{}\0x", 4)));
  show("an operation with NUL", first.call(std::string("list_users\0x", 12)));
  show("no request", first.call("list_users"));

  engine second(std::move(first));
  show("moved from", first.list_users());
  first.close();
  show("moved to", second.call("get_user", R"({"username":"ada"})"));
  first = engine(memory);
  show("assigned", first.get_user(R"({"username":"ada"})"));
  second.close();
  show("closed", second.list_users());

  int records = 0;
  std::int64_t now = 1800000000000;
  const auto alive = std::make_shared<int>(0);
  {
    engine hooked(memory, {[&records, alive](std::int32_t, std::string_view) {
                             records++;
                             throw std::runtime_error("from the log hook");
                           },
                           [&now] { return now; }});
    std::cout << "the hook is held: " << alive.use_count() << '\n';
    show("a refusal", hooked.login("{"));
    const auto issued = hooked.issue_token(R"({"claims":{"sub":"service"},"lifetime_seconds":60})");
    std::cout << issued.body().substr(issued.body().find("\"expires_at\"")) << '\n';
  }
  std::cout << "records: " << records << ", the hook is held: " << alive.use_count() << '\n';
  {
    engine hooked(memory, {nullptr, []() -> std::int64_t { throw 1; }});
    show("a clock that throws", hooked.register_(ada));
  }
  std::cout << "describe: " << doorward::describe().ok() << '\n';
}
