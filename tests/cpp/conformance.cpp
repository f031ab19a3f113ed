// Runs tests/conformance/*.json (the README beside them says what they mean) through doorward.hpp.
//
//   conformance FOLDER raw      by doorward_call; the types lose nothing of an answer
//   conformance FOLDER typed    by the methods, wherever the types can say the request

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <doorward.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>

using doorward::json;
namespace fs = std::filesystem;

namespace {

struct failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct answer {
  std::int32_t status = 0;
  json body{};
};

const std::string &text(const json &value) {
  static const std::string none;
  return value.text() ? *value.text() : none;
}

std::string as_text(const json &value) { return value.text() ? *value.text() : value.dump(); }

json parsed(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) throw failure("not JSON: " + std::string(text));
  return *value;
}

// Whether two values are the same; 1 and 1.0 are.
bool same(const json &a, const json &b) {
  if (a.members() && b.members()) {
    return a.members()->size() == b.members()->size() &&
           std::equal(a.members()->begin(), a.members()->end(), b.members()->begin(),
                      [](const auto &one, const auto &other) {
                        return one.first == other.first && same(one.second, other.second);
                      });
  }
  if (a.items() && b.items()) {
    return std::equal(a.items()->begin(), a.items()->end(), b.items()->begin(), b.items()->end(), same);
  }
  const auto number = [](const json &value) {
    return value.integer() ? static_cast<double>(*value.integer()) : *value.number();
  };
  if ((a.integer() || a.number()) && (b.integer() || b.number())) return number(a) == number(b);
  return a == b;
}

json without_null(const json &value) {
  if (!value.members()) return value;
  json::object members;
  for (const auto &[name, member] : *value.members()) {
    if (!member.is_null()) members[name] = without_null(member);
  }
  return members;
}

template <class T>
json written(const T &value) {
  doorward::detail::writer out(true);
  out.value(value);
  return parsed(out.text());
}

// A compatibility backend has tokens without `iss` or `sub`: the types have empty texts for them, which stand
// in no other token.
json as_answered(const json &body) {
  if (!body.members()) return body;
  json::object members;
  for (const auto &[name, member] : *body.members()) {
    if ((name != "iss" && name != "sub") || member != json("")) members[name] = as_answered(member);
  }
  return members;
}

// The answer of the method, if the types can say this request.
template <class Request, class Response>
std::optional<answer> typed(doorward::result<Response> (doorward::engine::*method)(const Request &) const,
                            const doorward::engine &engine, const std::string &text) {
  const auto json = json::parse(text);
  Request request;
  if (!json || !doorward::detail::read(text, request)) return std::nullopt;
  if (!same(without_null(written(request)), without_null(*json))) return std::nullopt;
  const auto result = (engine.*method)(request);
  if (result) return answer{0, as_answered(written(*result))};
  return answer{static_cast<std::int32_t>(result.error().status), written(result)};
}

std::optional<answer> by_method(const doorward::engine &engine, const std::string &name,
                                const std::string &request) {
#define OPERATION(operation, method, Request, Response)                                               \
  if (name == #operation) {                                                                           \
    doorward::result<doorward::Response> (doorward::engine::*const called)(const doorward::Request &) \
        const = &doorward::engine::method;                                                            \
    return typed<doorward::Request, doorward::Response>(called, engine, request);                     \
  }
#include "operations.inc"
#undef OPERATION
  return std::nullopt;
}

// Fails if reading an answer into its type loses something.
template <class Response>
void expect_no_loss(std::int32_t status, const std::string &text) {
  const auto result = doorward::detail::result_of<Response>(status, text);
  const json back = as_answered(result ? written(*result) : written(result)), whole = parsed(text);
  if (!same(back, whole)) throw failure("its type says " + back.dump());
}

answer by_call(const doorward::engine &engine, const std::string &name, const std::string &request) {
  doorward::detail::body body;
  const auto status = doorward_call(engine.handle(), doorward::detail::whole(name),
                                    doorward::detail::whole(request), body.place());
  const std::string text(body.text());
#define OPERATION(operation, method, Request, Response) \
  if (name == #operation) expect_no_loss<doorward::Response>(status, text);
#include "operations.inc"
#undef OPERATION
  return {status, parsed(text)};
}

// What an authenticator app shows (RFC 6238 with SHA-1).
using hash = std::array<std::uint32_t, 5>;

hash sha1(std::string message) {
  hash state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  const std::uint64_t bits = message.size() * 8;
  message += '\x80';
  while (message.size() % 64 != 56) message += '\0';
  for (int shift = 56; shift >= 0; shift -= 8) message += static_cast<char>(bits >> shift);
  const auto rotated = [](std::uint32_t word, int by) { return word << by | word >> (32 - by); };
  for (std::size_t block = 0; block < message.size(); block += 64) {
    std::array<std::uint32_t, 80> words{};
    for (std::size_t byte = 0; byte < 64; byte++) {
      words[byte / 4] = words[byte / 4] << 8 | static_cast<unsigned char>(message[block + byte]);
    }
    for (std::size_t i = 16; i < 80; i++) {
      words[i] = rotated(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
    }
    auto [a, b, c, d, e] = state;
    for (std::size_t i = 0; i < 80; i++) {
      const std::uint32_t mixed = i < 20   ? ((b & c) | (~b & d)) + 0x5a827999
                                  : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1
                                  : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
                                           : (b ^ c ^ d) + 0xca62c1d6;
      const std::uint32_t next = rotated(a, 5) + mixed + e + words[i];
      e = d, d = c, c = rotated(b, 30), b = a, a = next;
    }
    state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d, state[4] + e};
  }
  return state;
}

std::string bytes_of(const hash &hash) {
  std::string bytes;
  for (const std::uint32_t word : hash) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(word >> shift);
  }
  return bytes;
}

std::string totp(const std::string &secret, std::int64_t seconds) {
  std::string key, inner, outer, counter;
  std::uint32_t bits = 0, count = 0;
  for (const char letter : secret) {
    bits = bits << 5 |
           static_cast<std::uint32_t>(std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").find(letter));
    if (count += 5; count >= 8) key += static_cast<char>(bits >> (count -= 8));
  }
  key.resize(64);
  for (const char byte : key)
    inner += static_cast<char>(byte ^ 0x36), outer += static_cast<char>(byte ^ 0x5c);
  for (int shift = 56; shift >= 0; shift -= 8) counter += static_cast<char>(seconds / 30 >> shift);
  const std::string tag = bytes_of(sha1(outer + bytes_of(sha1(inner + counter))));
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; i++) {
    number = number << 8 | static_cast<unsigned char>(tag[(static_cast<std::size_t>(tag[19]) & 15) + i]);
  }
  char code[16];
  std::snprintf(code, sizeof code, "%06u", (number & 0x7fffffff) % 1000000);
  return code;
}

// The value at a JSON pointer (RFC 6901).
const json *at(const json &value, const std::string &pointer) {
  const json *found = &value;
  std::istringstream steps(pointer);
  std::string name;
  for (std::getline(steps, name, '/'); std::getline(steps, name, '/');) {
    name = std::regex_replace(std::regex_replace(name, std::regex("~1"), "/"), std::regex("~0"), "~");
    if (found->members() && found->members()->count(name)) {
      found = &found->members()->at(name);
    } else if (found->items() && std::stoul(name) < found->items()->size()) {
      found = &found->items()->at(std::stoul(name));
    } else {
      return nullptr;
    }
  }
  return found;
}

// JSON Merge Patch (RFC 7396).
json merged(const json &target, const json &patch) {
  if (!patch.members()) return patch.is_null() ? target : patch;
  json::object members = target.members() ? *target.members() : json::object();
  for (const auto &[name, member] : *patch.members()) {
    const json before = members.count(name) ? members[name] : json();
    members.erase(name);
    if (!member.is_null()) members[name] = merged(before, member);
  }
  return members;
}

json filled(const json &value, const json::object &variables) {
  if (value.text()) {
    std::string filled = *value.text();
    for (const auto &[name, variable] : variables) {
      const std::string place = "${" + name + "}";
      if (filled == place) return variable;
      for (std::size_t at = 0; (at = filled.find(place, at)) != std::string::npos;) {
        const std::string with = as_text(variable);
        filled.replace(at, place.size(), with);
        at += with.size();
      }
    }
    return filled;
  }
  if (value.items()) {
    json::list items;
    for (const json &item : *value.items()) items.push_back(filled(item, variables));
    return items;
  }
  if (value.members()) {
    json::object members;
    for (const auto &[name, member] : *value.members()) members[name] = filled(member, variables);
    return members;
  }
  return value;
}

std::string kind(const json &value) {
  return value.boolean()                     ? "boolean"
         : value.integer() || value.number() ? "number"
         : value.text()                      ? "string"
         : value.items()                     ? "array"
         : value.members()                   ? "object"
                                             : "null";
}

bool matches(const json &pattern, const json *value) {
  if (pattern.members() && pattern.members()->size() == 1) {
    const auto &[matcher, inner] = *pattern.members()->begin();
    if (matcher == "$absent") return !value;
    if (value && matcher == "$not") return !matches(inner, value);
    if (value && matcher == "$type") return kind(*value) == text(inner);
    if (value && matcher == "$regex")
      return value->text() && std::regex_search(*value->text(), std::regex(text(inner)));
    if (value && matcher == "$only") {
      return matches(inner, value) && value->members() && value->members()->size() <= inner.members()->size();
    }
  }
  if (!value) return false;
  if (pattern.members() && value->members()) {
    for (const auto &[name, member] : *pattern.members()) {
      const auto found = value->members()->find(name);
      if (!matches(member, found == value->members()->end() ? nullptr : &found->second)) return false;
    }
    return true;
  }
  if (pattern.items() && value->items()) {
    return std::equal(pattern.items()->begin(), pattern.items()->end(), value->items()->begin(),
                      value->items()->end(),
                      [](const json &one, const json &other) { return matches(one, &other); });
  }
  return same(pattern, *value);
}

class runner {
 public:
  explicit runner(bool is_typed) : is_typed_(is_typed), library_(doorward::describe().value()) {}

  void run(const json &scenario) {
    std::string folder = (fs::temp_directory_path() / "doorward-XXXXXX").string();
    if (!mkdtemp(folder.data())) throw failure("no temporary folder");
    try {
      run_in(scenario, folder);
    } catch (...) {
      fs::remove_all(folder);
      throw;
    }
    fs::remove_all(folder);
  }

  int steps = 0;
  int by_types = 0;
  // The operations that succeeded by their methods.
  std::set<std::string> succeeded{};

 private:
  void run_in(const json &scenario, const std::string &folder) {
    const auto now =
        std::make_shared<std::int64_t>(scenario["now"].integer() ? *scenario["now"].integer() : 1767225600);
    json::object variables{{"folder", folder}, {"store", "sqlite:" + folder + "/store.db"}};
    if (scenario["variables"].members()) {
      for (const auto &[name, value] : *scenario["variables"].members()) variables[name] = value;
    }
    const json base = merged(json::object{{"store", "sqlite::memory:"},
                                          {"password", json::object{{"memory_kib", 8}, {"iterations", 1}}}},
                             scenario["config"]);
    std::optional<doorward::engine> engine;
    const auto open = [&](const json &patch) -> answer {
      engine.reset();
      const json config = filled(patch.text() ? patch : merged(base, patch), variables);
      auto opened = opened_with(as_text(config), {nullptr, [now] { return *now * 1000; }});
      if (!opened) return {static_cast<std::int32_t>(opened.error().status), written(opened)};
      engine = std::move(*opened);
      return {0, json::object()};
    };
    for (const json &step : *scenario["steps"].items()) {
      const std::int64_t times = step["times"].integer() ? *step["times"].integer() : 1;
      for (std::int64_t left = times; left > 0; left--) {
        steps++;
        if (step["advance"].integer()) *now += *step["advance"].integer();
        if (step["totp"].members()) {
          for (const auto &[name, secret] : *step["totp"].members()) {
            variables[name] = totp(text(filled(secret, variables)), *now);
          }
        }
        answer answered;
        try {
          if (!step["call"].text()) {
            answered = open(step["open"]);
          } else {
            if (!engine && open(json::object()).status != 0) throw failure("the engine does not open");
            const json request = step["request"].is_null() ? json::object() : step["request"];
            answered = called(*engine, text(step["call"]), as_text(filled(request, variables)));
          }
          check(step, answered, variables);
        } catch (const std::exception &why) {
          throw failure(step.dump() + "\nanswered " + std::to_string(answered.status) + " " +
                        answered.body.dump() + "\n" + why.what());
        }
        if (!step["capture"].members()) continue;
        for (const auto &[name, pointer] : *step["capture"].members()) {
          const json *found = at(answered.body, text(pointer));
          if (!found) throw failure(step.dump() + ": no " + text(pointer));
          variables[name] = *found;
        }
      }
    }
  }

  doorward::result<doorward::engine> opened_with(const std::string &text, doorward::hooks hooks) const {
    const auto json = json::parse(text);
    doorward::config config;
    const bool can_say = is_typed_ && json && doorward::detail::read(text, config) &&
                         same(without_null(written(config)), without_null(*json));
    return can_say ? doorward::engine::open(config, std::move(hooks))
                   : doorward::engine::open_json(text, std::move(hooks));
  }

  answer called(const doorward::engine &engine, const std::string &name, const std::string &request) {
    if (auto answered = is_typed_ ? by_method(engine, name, request) : std::nullopt) {
      by_types++;
      if (answered->status == 0) succeeded.insert(name);
      return *answered;
    }
    return by_call(engine, name, request);
  }

  void check(const json &step, const answer &answered, const json::object &variables) const {
    const std::string status = step["status"].text() ? text(step["status"]) : "OK";
    const json *row = nullptr, *code = nullptr;
    for (const json &one : *library_["statuses"].items()) row = text(one["name"]) == status ? &one : row;
    if (!row || *(*row)["value"].integer() != answered.status) throw failure("expected status " + status);
    if (status == "OK") {
      if (!answered.body["error"].is_null()) throw failure("an error in a success");
    } else {
      for (const json &one : *library_["codes"].items()) {
        if (one["code"] == step["code"] && text(one["status"]) == status) code = &one;
      }
      if (!code) throw failure("there is no such code of this status");
      const json expected = json::object{
          {"code", step["code"]}, {"message", (*code)["message"]}, {"http_status", (*row)["http_status"]}};
      if (!matches(expected, &answered.body["error"])) throw failure("expected " + expected.dump());
    }
    const json pattern = filled(step["body"], variables);
    if (!pattern.is_null() && !matches(pattern, &answered.body)) throw failure("expected " + pattern.dump());
  }

  bool is_typed_;
  json library_;
};

}  // namespace

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  std::set<fs::path> files;
  for (const auto &entry : fs::directory_iterator(argv[1])) {
    if (entry.path().extension() == ".json") files.insert(entry.path());
  }
  runner runner(std::string_view(argv[2]) == "typed");
  int scenarios = 0, failures = 0;
  for (const fs::path &file : files) {
    std::ostringstream content;
    content << std::ifstream(file).rdbuf();
    const json all = parsed(content.str());
    for (const json &scenario : *all.items()) {
      scenarios++;
      try {
        runner.run(scenario);
      } catch (const std::exception &why) {
        failures++;
        std::cout << file.stem().string() << ", " << text(scenario["name"]) << ": " << why.what() << '\n';
      }
    }
  }
  std::cerr << scenarios << " scenarios, " << runner.steps << " steps, by types " << runner.by_types
            << ", operations " << runner.succeeded.size() << '\n';
  std::cout << "failures: " << failures << '\n';
  if (runner.by_types > 0) {
    std::cout << "never a success by its method:";
#define OPERATION(operation, method, Request, Response) \
  if (!runner.succeeded.count(#operation)) std::cout << " " #operation;
#include "operations.inc"
#undef OPERATION
    std::cout << '\n';
  }
  return failures > 0 || scenarios == 0;
}
