/* A whole life, for tools that watch memory: operations on a store, with success and failure.
   Argument: how many lives; each has a file of its own. */

#include "show.h"

static void on_log(void *context, int32_t level, const char *json) {
  (void)level;
  *(size_t *)context += strlen(json);
}

static int64_t now_ms(void *unused) { return (void)unused, 1800000000000; }

static void live(int number) {
  char *config = lasting(number, KEY);
  size_t logged = 0;
  doorward_hooks hooks = {sizeof hooks, &logged, on_log, now_ms, NULL};
  doorward_engine *engine = must_open(config, &hooks), *other;
  char *response;

  call("register", engine, "register", ADA);
  call("register again", engine, "register", ADA);
  call("get_user", engine, "get_user", "{\"username\":\"ADA\"}");
  call("list_users", engine, "list_users", "{}");
  call("hash_password", engine, "hash_password", "{\"password\":\"eight wise words\"}");
  call("verify_password", engine, "verify_password", "{\"password\":\"eight wise words\",\"hash\":\"nonsense\"}");
  call("login refused", engine, "login", "{\"username\":\"ada\",\"password\":\"not her wise words\"}");
  char *token = token_request(engine);
  call("verify", engine, "verify", token);
  call("authenticate", engine, "authenticate", token);
  call("introspect", engine, "introspect", token);
  call("issue_token", engine, "issue_token", "{\"claims\":{\"sub\":\"service\"}}");
  call("logout", engine, "logout", token);
  call("authenticate after logout", engine, "authenticate", token);
  call("not JSON", engine, "login", "{");
  call("unknown operation", engine, "nonsense", "{}");
  doorward_free(token);

  doorward_status status = doorward_open("{\"store\":\"sqlite:/no such folder/x.db\"}", NULL, &other, &response);
  printf("no such folder: %s\n", name_of(status));
  doorward_free(response);
  status = doorward_open(config, NULL, &other, &response);
  show("a second engine", status, response);
  doorward_free(config);
  doorward_close(other);
  doorward_release(other);
  printf("logged: %s\n", logged ? "something" : "nothing");
  doorward_release(engine);
  status = doorward_describe(&response);
  show("describe", status, response);
}

int main(int argc, char **argv) {
  int lives = argc > 1 ? atoi(argv[1]) : 1;
  for (int number = 1; number <= lives; number++) live(number);
  return 0;
}
