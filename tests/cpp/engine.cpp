// doorward.hpp: ownership, results, errors, secrets, hooks that throw, texts with NUL inside. It compiles as
// C++17.

#include <clocale>
#include <cstdio>
#include <doorward.hpp>
#include <iostream>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

using doorward::code;
using doorward::engine;
using doorward::secret;

namespace {

static_assert(std::is_nothrow_move_constructible_v<engine> && std::is_nothrow_move_assignable_v<engine>);
static_assert(!std::is_copy_constructible_v<engine>);
static_assert(std::is_aggregate_v<doorward::login_request> && std::is_aggregate_v<doorward::config>);
static_assert(std::is_nothrow_move_constructible_v<secret>);

template <class T, class = void>
constexpr bool is_printed = false;
template <class T>
constexpr bool is_printed<T, std::void_t<decltype(std::cout << std::declval<const T &>())>> = true;
template <class T, class = void>
constexpr bool is_compared = false;
template <class T>
constexpr bool is_compared<T, std::void_t<decltype(std::declval<const T &>() == std::declval<const T &>())>> =
    true;
static_assert(is_printed<std::string> && !is_printed<secret> && !is_printed<std::optional<secret>>);
static_assert(is_compared<std::string> && !is_compared<secret>);

int failures = 0;

void expect(bool is_so, const std::string &what) {
  if (is_so) return;
  failures++;
  std::cout << "FAILED: " << what << '\n';
}

template <class T>
bool failed(const doorward::result<T> &result, code code) {
  if (result || result.error().code == code) return !result;
  std::cout << result.error().code_name << " instead of " << doorward::name(code) << '\n';
  return false;
}

doorward::config memory() {
  return doorward::config()
      .set_store("sqlite::memory:")
      .set_password(doorward::password_config().set_memory_kib(64).set_iterations(1));
}

doorward::register_request ada(const std::string &name = "ada",
                               const std::string &email = "ada@example.com") {
  return doorward::register_request().set_username(name).set_email(email).set_password("eight wise words");
}

void opening() {
  try {
    engine opened(doorward::config().set_store("nothing:"));
    expect(false, "a store of no kind opens");
  } catch (const doorward::exception &why) {
    expect(why.error().code == code::invalid_config && why.error().status == doorward::status::config,
           "its code");
    expect(why.error().field == "/store", "its field");
    const std::string said = why.what();
    expect(said.find("invalid_config: ") == 0 && said.find("/store") != std::string::npos,
           "what() says which");
    expect(!why.error().detail || said.find(*why.error().detail) == std::string::npos, "and no detail");
  }
  expect(failed(engine::open(doorward::config().set_store("\xff")), code::invalid_utf8),
         "a store that is not UTF-8");
  expect(failed(engine::open_json(R"({"stoer":"x"})"), code::invalid_config), "a key that there is not");
  expect(failed(engine::open_json(std::string("{}\0x", 4)), code::invalid_json), "NUL in a configuration");
  expect(engine::open_json(R"({"store":"sqlite::memory:"})").has_value(), "a configuration as JSON");
}

void calls() {
  engine first(memory());
  const auto registered = first.register_(ada());
  expect(registered && registered->user.username == "ada" && registered->user.email == "ada@example.com",
         "register");
  const auto eve = first.register_(ada(R"(eve","roles":["admin)", "eve@example.com"));
  expect(eve && eve->user.roles.empty() && eve->user.username == R"(eve","roles":["admin)",
         "a name stays a name");
  expect(failed(first.register_(ada("ada", "other@example.com")), code::username_taken),
         "a name that is taken");
  expect(failed(first.register_(ada(std::string("a\0b", 3), "nul@example.com")), code::invalid_request),
         "NUL in a name");
  expect(failed(first.register_(ada("\xff", "x@example.com")), code::invalid_utf8),
         "a name that is not UTF-8");

  const auto weak = first.register_(ada("bob", "bob@example.com").set_password("bob"));
  expect(failed(weak, code::weak_password) && weak.error().reasons && !weak.error().reasons->empty(),
         "its reasons");
  const auto wrong = first.login(doorward::login_request().set_username("ada").set_password("wrong words"));
  expect(failed(wrong, code::invalid_credentials) && wrong.error().http_status == 401 && !wrong.step_up(),
         "a wrong word");
  expect(wrong.error().detail.has_value(), "the host hears why");
  expect(doorward::to_json(wrong.error()) ==
             R"({"code":"invalid_credentials","message":"The credentials are not valid.","http_status":401})",
         "a client does not");
  expect(doorward::to_json(wrong) == "{\"error\":" + doorward::to_json(wrong.error()) + '}',
         "the body of a failure");
  try {
    (void)wrong->access_token;
    expect(false, "the answer of what failed");
  } catch (const doorward::exception &why) {
    expect(why.error().code == code::invalid_credentials, "says why");
  }
  try {
    (void)registered.error();
    expect(false, "the error of what succeeded");
  } catch (const std::logic_error &) {
  }

  auto session = first.login(doorward::login_request().set_username("ada").set_password("eight wise words"));
  expect(session && !session.step_up() && !session->access_token.empty() && session->refresh_token, "login");
  const auto claims = first.verify(doorward::verify_request().set_token(session->access_token));
  expect(claims && claims->sub == session->user.id && std::get<std::string>(claims->aud) == "doorward",
         "verify");
  const auto denied = first.introspect(doorward::introspect_request().set_token("x"));
  expect(denied && !denied->active && denied->reason, "introspect");
  expect(doorward::to_json(*denied) == R"({"active":false})", "the reason is for the host only");

  first
      .update_user(
          doorward::update_user_request()
              .set_id(session->user.id)
              .set_attributes({{"team", "red"}, {"seats", doorward::json::list{1, 2.5, nullptr, true}}}))
      .value();
  const auto user = first.get_user(doorward::get_user_request().set_username("ada"));
  expect(user && doorward::to_json(user->user.attributes) == R"({"seats":[1,2.5,null,true],"team":"red"})",
         "attributes");

  doorward::issue_token_request numbers;
  numbers.claims = {{"sub", "service"}, {"x", std::numeric_limits<double>::infinity()}};
  expect(failed(first.issue_token(numbers), code::invalid_json),
         "what JSON cannot say is refused, not left out");
  expect(failed(first.import_users(
                    doorward::import_users_request().set_on_conflict(doorward::on_conflict::unknown)),
                code::invalid_request),
         "a value of no name is refused");

  const auto called = first.call("get_user", doorward::json::object{{"username", "ada"}});
  expect(called && *(*called)["user"]["username"].text() == "ada", "by name");
  expect(failed(first.call(std::string("list_users\0x", 12)), code::unknown_operation),
         "NUL in a name of an operation");
  expect(failed(first.call("no_such"), code::unknown_operation), "an operation that there is not");

  engine second(std::move(first));
  expect(failed(first.list_users(), code::null_argument), "moved from");
  expect(second.list_users().has_value(), "moved to");
  first = engine(memory());
  expect(first.list_users() && first.list_users()->users.empty(), "assigned");
  second.close();
  expect(failed(second.list_users(), code::engine_closed), "closed");
}

void step_up() {
  std::int64_t now = 1800000000000;
  engine auth(memory(), {nullptr, [&now] { return now; }});
  const std::string id = auth.register_(ada())->user.id;
  auth.set_password(doorward::set_password_request().set_user_id(id).set_new_password("another wise word"))
      .value();
  auto r = auth.login(doorward::login_request().set_username("ada").set_password("another wise word"));
  expect(failed(r, code::password_change_required) && r.error().status == doorward::status::step_up,
         "a step up");
  const auto step = r.step_up();
  expect(step && step->user_id == id && step->expires_in > 0, "is a value");
  const auto body = doorward::json::parse(doorward::to_json(r));
  expect(body && step && *(*body)["challenge"].text() == step->challenge.view(),
         "its body has the challenge");
  expect(body && *(*body)["error"]["code"].text() == "password_change_required", "and the error");
  if (step) {
    r = auth.complete_login(doorward::complete_login_request()
                                .set_challenge(step->challenge)
                                .set_new_password("some wise last words"));
  }
  expect(r && r->user.id == id && !r.step_up(), "the login goes on");
}

void hooks() {
  int records = 0;
  const auto alive = std::make_shared<int>(0);
  {
    engine auth(memory(), {[&records, alive](doorward::level, std::string_view json) {
                             expect(doorward::json::parse(json).has_value(), "a record is JSON");
                             records++;
                             throw std::runtime_error("from the log hook");
                           },
                           []() -> std::int64_t { throw 1; }});
    expect(alive.use_count() == 2, "the hooks are held");
    expect(auth.register_(ada()).has_value(), "a clock that throws");
    expect(failed(auth.login({}), code::invalid_request), "a refusal");
  }
  expect(records > 0 && alive.use_count() == 1, "the hooks are given back");
}

void secrets() {
  secret one("a token");
  secret two = std::move(one);
  expect(two.view() == "a token" && secret(nullptr).empty() &&
             doorward::to_json(secret(std::string("a\0b", 3))) == R"("a\u0000b")",
         "secrets");
  secret copy = two;
  two.clear();
  expect(two.empty() && copy.view() == "a token", "a copy is its own");
  const auto names = doorward::describe();
  expect(names && names->members() && (*names)["operations"].items()->size() > 60, "describe");
  expect(doorward::name(code::hash_queue_full) == "hash_queue_full" && doorward::name(code::unknown).empty(),
         "names");
  expect(doorward::name(static_cast<code>(9999)).empty(), "of what is none");
}

}  // namespace

#include "json.hpp"

int main() {
  opening();
  calls();
  step_up();
  hooks();
  secrets();
  texts();
  numbers();
  structure();
  types();
  locale();
  std::cout << "failures: " << failures << '\n';
  return failures > 0;
}
