/* Open, close, release: in any order that the header allows. */

#include "show.h"

int main(void) {
  char *response;
  printf("abi %u, version %s\n", doorward_abi(), strcmp(doorward_version(), DOORWARD_VERSION) ? "another" : "the header's");

  doorward_status status = doorward_describe(&response);
  char *first = doorward_text(response, "/operations/0/name");
  printf("describe: %s, %s\n", name_of(status), first ? "operations" : "none");
  doorward_free(first);
  doorward_free(response);

  doorward_engine *engine = must_open(MEMORY, NULL);
  call("register", engine, "register", ADA);
  doorward_close(engine);
  call("after close", engine, "list_users", "{}");
  status = doorward_list_users(engine, "{}", &response);
  show("after close, by name", status, response);
  doorward_close(engine);
  call("after a second close", engine, "no such operation", NULL);
  doorward_release(engine);

  engine = must_open(MEMORY, NULL);
  doorward_release(engine);
  puts("released without close");

  /* Engines are independent: closing one leaves the other. */
  doorward_engine *one = must_open(MEMORY, NULL), *two = must_open(MEMORY, NULL);
  call("one registers", one, "register", ADA);
  call("two does not know her", two, "get_user", "{\"username\":\"ada\"}");
  doorward_release(one);
  call("two registers", two, "register", ADA);
  doorward_release(two);

  /* A store is what it was, for the next engine and for one beside it. */
  one = must_open_lasting(1, NULL);
  two = must_open_lasting(1, NULL);
  call("one registers in a store", one, "register", ADA);
  call("two sees it", two, "get_user", "{\"username\":\"ada\"}");
  doorward_release(one);
  call("two logs in", two, "login", ADA_LOGIN);
  doorward_release(two);
  one = must_open_lasting(1, NULL);
  call("the next finds it", one, "get_user", "{\"username\":\"ada\"}");
  doorward_release(one);
  char *config = lasting(1, "another key, of more than 32 bytes");
  status = doorward_open(config, NULL, &one, &response);
  show("with another key", status, response);
  doorward_free(config);
  return 0;
}
