// Answers lines by doorward.hpp: see languages.py.

#include <doorward.hpp>
#include <iostream>

using doorward::json;

namespace {

// A text is a request that is sent unchanged; the methods take none.
std::string answer(const doorward::engine &engine, const std::string &operation, const json &request) {
  doorward::detail::body body;
  std::int32_t status = 0;
  std::string response;
  if (request.text()) {
    status = doorward_call(engine.handle(), doorward::detail::whole(operation),
                           doorward::detail::whole(*request.text()), body.place());
    response = body.text();
  } else {
    const auto result = engine.call(operation, request);
    doorward::detail::writer out(true);
    if (result) {
      out.value(*result);
    } else {
      status = static_cast<std::int32_t>(result.error().status);
      out.value(result);
    }
    response = out.text();
  }
  return "{\"status\":" + std::to_string(status) + ",\"response\":" + response + "}";
}

}  // namespace

int main(int argc, char **argv) {
  const auto engine = doorward::engine::open_json(argc > 1 ? argv[1] : "");
  if (!engine) return std::cerr << engine.error().code_name << '\n', 1;
  for (std::string line; std::getline(std::cin, line);) {
    const auto given = json::parse(line);
    if (!given) return 1;
    const auto &operation = (*given)["operation"];
    std::cout << answer(*engine, operation.text() ? *operation.text() : "", (*given)["request"]) << std::endl;
  }
  return 0;
}
