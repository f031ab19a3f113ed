/* NULL and invalid UTF-8 in every position of every function of the life cycle. The functions named
   after operations have the same in operations.c. */

#include "show.h"

#define NOT_UTF8 "\xff\xfe"

int main(void) {
  doorward_engine *engine = must_open(MEMORY, NULL), *other;
  char *response;
  doorward_status status;

  puts("nothing happens");
  doorward_free(NULL);
  doorward_close(NULL);
  doorward_release(NULL);

  show("describe(NULL)", doorward_describe(NULL), NULL);
  other = engine;
  show("open(…, response NULL)", doorward_open(MEMORY, NULL, &other, NULL), NULL);
  printf("  engine: %s\n", other ? "something" : "NULL");
  response = stale();
  status = doorward_open(MEMORY, NULL, NULL, &response);
  show("open(…, engine NULL)", status, response);
  show("open(…, engine NULL, response NULL)", doorward_open(MEMORY, NULL, NULL, NULL), NULL);
  other = engine;
  response = stale();
  status = doorward_open(NOT_UTF8, NULL, &other, &response);
  show("open(not UTF-8)", status, response);
  printf("  engine: %s\n", other ? "something" : "NULL");
  other = engine;
  status = doorward_open("{\"stoer\":1}", NULL, &other, &response);
  show("open(unknown key)", status, response);
  printf("  engine: %s\n", other ? "something" : "NULL");
  status = doorward_open("[1]", NULL, &other, &response);
  show("open([1])", status, response);

  call("call(engine NULL)", NULL, "list_users", "{}");
  call("call(engine NULL, operation NULL, request NULL)", NULL, NULL, NULL);
  call("call(operation NULL)", engine, NULL, "{}");
  call("call(request NULL)", engine, "list_users", NULL);
  call("call(request empty)", engine, "list_users", "");
  show("call(response NULL)", doorward_call(engine, "list_users", "{}", NULL), NULL);
  show("call(all NULL)", doorward_call(NULL, NULL, NULL, NULL), NULL);
  call("call(operation not UTF-8)", engine, NOT_UTF8, "{}");
  call("call(request not UTF-8)", engine, "list_users", "{\"cursor\":\"" NOT_UTF8 "\"}");
  call("call(request with a UTF-16 surrogate)", engine, "get_user", "{\"username\":\"\xed\xa0\x80\"}");
  call("call(operation empty)", engine, "", "{}");
  call("call(operation with an end)", engine, "login ", "{}");
  call("call(operation with a prefix)", engine, "doorward_login", "{}");
  doorward_release(engine);
  return 0;
}
