// doorward.hpp: ownership, errors, hooks that throw, texts with NUL inside.

#include <doorward.hpp>

#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

using doorward::engine;

static_assert(std::is_nothrow_move_constructible<engine>::value, "an engine moves");
static_assert(std::is_nothrow_move_assignable<engine>::value, "an engine moves");
static_assert(!std::is_copy_constructible<engine>::value, "and is not copied");
static_assert(std::is_nothrow_move_constructible<doorward::response>::value, "so does a response");
static_assert(!std::is_copy_constructible<doorward::response>::value, "and is not copied");

using doorward::list;
using doorward::object;

static object memory(const char *key = "store") {
  return {{key, "sqlite::memory:"}, {"password", object{{"memory_kib", 64}, {"iterations", 1}}}};
}

static object ada(const std::string &name = "ada", const std::string &email = "ada@example.com") {
  return {{"username", name}, {"email", email}, {"password", "eight wise words"}};
}

static void show(const char *step, const doorward::response &response) {
  std::cout << step << ": " << response.status() << (response.ok() ? "" : " " + response.code())
            << '\n';
}

static void failed_open(const char *step, const object &config) {
  try {
    engine opened(config);
    std::cout << step << ": opened\n";
  } catch (const doorward::error &failure) {
    std::cout << step << ": " << failure.status() << ' ' << failure.code() << '\n';
  }
}

// What is built, shown.
static void built(const char *step, const doorward::json &json) { std::cout << step << ": " << json.c_str() << '\n'; }

static void values() {
  const char *nothing = nullptr;
  built("texts", object{{"a", "ada"}, {"b", std::string("a\0b", 3)}, {"c", std::string_view("ada lovelace", 3)},
                        {"d", std::string_view()}, {"e", std::string(R"(ada","roles":["admin)")}});
  built("numbers", object{{"a", 1}, {"b", std::int64_t{INT64_MIN}}, {"c", 4294967295u}, {"d", true}, {"e", false}});
  built("what may be missing", object{{"a", std::optional<std::string>()}, {"b", std::optional<std::string>("b")},
                                      {"c", std::optional<bool>(false)}, {"d", std::optional<int>()}});
  built("nested", object{{"client", object{{"ip", "192.0.2.7"}}}, {"roles", list{"editor", R"("])"}},
                         {"mixed", list{1, true, object{{"x", 1}}, list{"y"}}}, {"none", object{}}});
  const std::vector<std::string> roles{"editor", "admin"};
  built("a vector", object{{"roles", list(roles)}, {"flags", list(std::vector<bool>{true, false})}});
  std::vector<object> users;
  users.push_back(ada());
  users.push_back(ada("grace"));
  built("objects", object{{"users", list(users)}});
  built("one and one alone", object{{"a", list{"b"}}});
  built("NULL", object{{"ip", nothing}});
  built("not UTF-8", object{{"client", object{{"ip", "\xff"}}}});
  built("twice", object{{"a", 1}, {"a", 2}});
  built("raw", object::raw(R"( {"a": [1]} )"));
  built("raw, and no JSON", object::raw("{"));
  built("raw, with NUL", object::raw(std::string("{}\0x", 4)));
  object moved = ada();
  const object to = std::move(moved);
  built("moved from", moved);
}

static void reading(const engine &engine) {
  const auto user = engine.get_user({{"username", "ada"}});
  std::cout << user.text("/user/username").value_or("none") << ' ' << user.text("/user/absent").value_or("none") << ' '
            << user.text("/user/is_active").value_or("none") << ' ' << user.boolean("/user/is_active", false) << ' '
            << user.boolean("/user/absent", true) << ' ' << (user.integer("/user/created_at", -1) > 0) << ' '
            << user.integer("/user/absent", -1) << ' ' << user.value("/user/roles").value_or("none") << ' '
            << user.value("/user/absent").value_or("none") << ' ' << user.text(std::string("/user\0", 6)).value_or("none")
            << " '" << user.code() << "'\n";
}

int main() {
  values();
  failed_open("unknown key", memory("stoer"));
  failed_open("not built", object{{"store", "\xff"}});

  engine first(memory());
  show("register", first.register_(ada()));
  const auto eve = first.register_(ada(R"(eve","roles":["admin)", "eve@example.com"));
  std::cout << "a name that would be more: " << eve.status() << ' ' << eve.value("/user/roles").value_or("none") << '\n';
  show("a request with NUL", first.list_users(object::raw(std::string("{}\0x", 4))));
  show("an operation with NUL", first.call(std::string("list_users\0x", 12)));
  show("no request", first.call("list_users"));
  reading(first);

  engine second(std::move(first));
  show("moved from", first.list_users());
  first.close();
  show("moved to", second.call("get_user", {{"username", "ada"}}));
  first = engine(memory());
  show("assigned", first.get_user({{"username", "ada"}}));
  second.close();
  show("closed", second.list_users());

  int records = 0;
  std::int64_t now = 1800000000000;
  const auto alive = std::make_shared<int>(0);
  {
    engine hooked(memory(), {[&records, alive](std::int32_t, std::string_view) {
                             records++;
                             throw std::runtime_error("from the log hook");
                           },
                           [&now] { return now; }});
    std::cout << "the hook is held: " << alive.use_count() << '\n';
    show("a refusal", hooked.login(object::raw("{")));
    const auto issued = hooked.issue_token({{"claims", object{{"sub", "service"}}}, {"lifetime_seconds", 60}});
    std::cout << "expires_at: " << issued.integer("/expires_at", 0) << '\n';
  }
  std::cout << "records: " << records << ", the hook is held: " << alive.use_count() << '\n';
  {
    engine hooked(memory(), {nullptr, []() -> std::int64_t { throw 1; }});
    show("a clock that throws", hooked.register_(ada()));
  }
  std::cout << "describe: " << doorward::describe().ok() << '\n';
}
