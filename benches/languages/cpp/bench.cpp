// doorward beside libjwt, cpp-jwt, libargon2 and libsodium, from C++. `run.py` starts it and says what it
// prints.

#include <argon2.h>
// libjwt has a structure with the name of cpp-jwt's namespace.
#define jwt libjwt
#include <jwt.h>
#undef jwt
#include <sodium.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <doorward.hpp>
#include <functional>
#include <iomanip>
#include <iostream>
#include <jwt/jwt.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

constexpr const char *password = "eight wise words";
constexpr std::size_t mebibytes_19 = std::size_t{19456} * 1024;
constexpr int warm_up_rounds = 3;

// The claims of a token of doorward, as a user of another library would write them.
struct token_claims {
  std::string iss;
  std::string sub;
  std::string aud;
  long exp = 0;
  long iat = 0;
  std::string jti;
  std::string sid;
  std::string client_id;
  long auth_time = 0;

  bool operator==(const token_claims &) const = default;
};

struct contender {
  std::string who;
  std::string token;
  // Returns whether the token is valid.
  std::function<bool(const std::string &)> verify;
};

// Prints a measurement, unless the round was to warm up.
void report(const char *what, const std::string &who, int round, double value) {
  if (round < 0) return;
  std::cout << R"({"what": ")" << what << R"(", "who": ")" << who << R"(", "round": )" << round
            << R"(, "value": )" << value << "}\n";
}

[[noreturn]] void fail(const std::string &what) {
  std::cerr << what << '\n';
  std::exit(1);
}

double microseconds(const std::function<void()> &f) {
  const auto begin = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
}

std::string text(const char *value) { return value == nullptr ? "" : value; }

token_claims read(const doorward::claims &claims) {
  return {claims.iss.value_or(""),
          claims.sub.value_or(""),
          std::get<std::string>(claims.aud),
          static_cast<long>(claims.exp),
          static_cast<long>(claims.iat.value_or(0)),
          claims.jti.value_or(""),
          claims.sid.value_or(""),
          claims.client_id.value_or(""),
          static_cast<long>(claims.auth_time.value_or(0))};
}

// libjwt 1.10 checks the signature; the claims are left to its user.
std::optional<token_claims> verify_libjwt(const std::string &token, const std::string &secret) {
  jwt_t *decoded = nullptr;
  const auto *key = reinterpret_cast<const unsigned char *>(secret.data());
  if (jwt_decode(&decoded, token.c_str(), key, static_cast<int>(secret.size())) != 0) return {};
  const std::unique_ptr<jwt_t, decltype(&jwt_free)> jwt{decoded, &jwt_free};
  const auto grant = [&](const char *name) { return text(jwt_get_grant(jwt.get(), name)); };
  token_claims claims{grant("iss"),
                      grant("sub"),
                      grant("aud"),
                      jwt_get_grant_int(jwt.get(), "exp"),
                      jwt_get_grant_int(jwt.get(), "iat"),
                      grant("jti"),
                      grant("sid"),
                      grant("client_id"),
                      jwt_get_grant_int(jwt.get(), "auth_time")};
  const bool is_valid = jwt_get_alg(jwt.get()) == JWT_ALG_HS256 && claims.iss == "doorward" &&
                        claims.aud == "doorward" && !claims.sub.empty() && claims.exp > std::time(nullptr);
  if (!is_valid) return {};
  return claims;
}

std::optional<token_claims> verify_cpp_jwt(const std::string &token, const std::string &secret) {
  using namespace jwt::params;
  std::error_code error;
  const auto decoded = jwt::decode(token, algorithms({"HS256"}), error, jwt::params::secret(secret),
                                   issuer("doorward"), aud("doorward"), verify(true));
  if (error) return {};
  const auto &payload = decoded.payload();
  const auto grant = [&](const char *name) {
    return payload.has_claim(name) ? payload.get_claim_value<std::string>(name) : std::string();
  };
  const auto number = [&](const char *name) { return payload.get_claim_value<long>(name); };
  return token_claims{grant("iss"), grant("sub"), grant("aud"),       number("exp"),      number("iat"),
                      grant("jti"), grant("sid"), grant("client_id"), number("auth_time")};
}

// Signs claims in JSON. Both peers know the type "JWT" alone.
std::string sign(
    const std::string &claims, const std::string &secret,
    const std::function<void(jwt_t *)> &change = [](jwt_t *) {}) {
  jwt_t *made = nullptr;
  const auto *key = reinterpret_cast<const unsigned char *>(secret.data());
  if (jwt_new(&made) != 0) fail("libjwt makes no token");
  const std::unique_ptr<jwt_t, decltype(&jwt_free)> jwt{made, &jwt_free};
  if (jwt_add_grants_json(made, claims.c_str()) != 0) fail("libjwt takes no claims");
  change(made);
  jwt_set_alg(made, JWT_ALG_HS256, key, static_cast<int>(secret.size()));
  jwt_add_header(made, "kid", "0123456789ab");
  const std::unique_ptr<char, decltype(&std::free)> encoded{jwt_encode_str(made), &std::free};
  return encoded.get();
}

// Returns the token with another signature.
std::string tampered(std::string token) {
  char &letter = token.at(token.rfind('.') + 1);
  letter = letter == 'A' ? 'B' : 'A';
  return token;
}

void set(jwt_t *jwt, const char *name, const char *value) {
  jwt_del_grants(jwt, name);
  jwt_add_grant(jwt, name, value);
}

// Verifies a token with the same claims by each contender.
void compare_verify(const doorward::engine &engine, const std::string &token, int rounds, int calls) {
  const auto verified = engine.verify({.token = token});
  if (!verified) fail("doorward refuses a token");
  const token_claims claims = read(*verified);
  const std::string json = doorward::to_json(verified);
  std::string secret(32, '\0');
  randombytes_buf(secret.data(), secret.size());
  const std::string theirs = sign(json, secret);
  const std::vector<std::string> hostile{
      sign(json, secret,
           [](jwt_t *jwt) {
             jwt_del_grants(jwt, "exp");
             jwt_add_grant_int(jwt, "exp", std::time(nullptr) - 3600);
           }),
      sign(json, secret, [](jwt_t *jwt) { set(jwt, "iss", "other"); }),
      sign(json, secret, [](jwt_t *jwt) { set(jwt, "aud", "other"); }),
      tampered(theirs),
  };
  const auto expect = [&claims](const std::optional<token_claims> &read) { return read && *read == claims; };
  if (!expect(verify_libjwt(theirs, secret)) || !expect(verify_cpp_jwt(theirs, secret)))
    fail("a contender reads other claims");
  const std::vector<contender> contenders{
      {"doorward", token, [&](const std::string &t) { return engine.verify({.token = t}).has_value(); }},
      {"libjwt " LIBJWT_VERSION, theirs,
       [&](const std::string &t) { return verify_libjwt(t, secret).has_value(); }},
      {"cpp-jwt " LIBCPP_JWT_VERSION, theirs,
       [&](const std::string &t) { return verify_cpp_jwt(t, secret).has_value(); }},
  };
  for (const auto &each : contenders) {
    if (!each.verify(each.token)) fail("a contender refuses its token: " + each.who);
    const auto others = each.who == "doorward" ? std::vector{tampered(token)} : hostile;
    for (const auto &other : others)
      if (each.verify(other)) fail("a contender accepts a token that it must refuse: " + each.who);
  }
  for (int round = -warm_up_rounds; round < rounds; ++round)
    for (const auto &each : contenders)
      report("verify", each.who, round, microseconds([&] {
                                          for (int call = 0; call < calls; ++call) each.verify(each.token);
                                        }) / calls);
}

// Hashes a password by each contender.
void compare_hashes(const doorward::engine &engine, int rounds) {
  const auto ours = [&] {
    return std::string(std::string_view(engine.hash_password({.password = password})->hash));
  };
  const auto argon2 = []() -> std::string {
    std::string encoded(128, '\0');
    unsigned char salt[16];
    randombytes_buf(salt, sizeof salt);
    argon2id_hash_encoded(2, 19456, 1, password, std::strlen(password), salt, sizeof salt, 32, encoded.data(),
                          encoded.size());
    return encoded;
  };
  const auto sodium = []() -> std::string {
    std::string encoded(crypto_pwhash_STRBYTES, '\0');
    if (crypto_pwhash_str(encoded.data(), password, std::strlen(password), 2, mebibytes_19) != 0)
      fail("libsodium does not hash");
    return encoded;
  };
  const std::vector<std::pair<std::string, std::function<std::string()>>> contenders{
      {"doorward", ours}, {"libargon2 " LIBARGON2_VERSION, argon2}, {"libsodium " LIBSODIUM_VERSION, sodium}};
  for (int round = -warm_up_rounds; round < rounds; ++round)
    for (const auto &[who, hash] : contenders) {
      std::string made;
      report("hash_password", who, round, microseconds([&] { made = hash(); }) / 1e3);
      if (made.rfind("$argon2id$v=19$m=19456,t=2,p=1$", 0) != 0) fail("a contender hashes otherwise: " + who);
    }
}

}  // namespace

int main(int, char **arguments) {
  if (sodium_init() < 0) fail("libsodium does not start");
  std::cout << std::setprecision(6);
  const std::string folder = arguments[1];
  const doorward::engine engine{{.store = "sqlite:" + folder + "/app.db"}};
  const auto registered =
      engine.register_({.username = "ada", .password = password, .email = "ada@example.com"});
  const auto session = engine.login({.username = "ada", .password = password});
  if (!registered || !session) fail("nobody logs in");
  compare_verify(engine, std::string(std::string_view(session->access_token)), std::stoi(arguments[2]),
                 std::stoi(arguments[3]));
  compare_hashes(engine, std::stoi(arguments[2]));
}
