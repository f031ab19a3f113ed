/*
 * doorward from C: accounts with bcrypt hashes of another system move here, and log in as ever.
 *
 *   cc import_users.c $(pkg-config --cflags --libs doorward) -o import_users && ./import_users
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <doorward.h>

/* A batch of the old table as JSON; a real program uses its JSON library. The password is "password". */
static const char *const USERS =
    "[{\"username\":\"ada\",\"email\":\"ada@example.com\",\"email_verified\":true,"
    "\"password_hash\":\"$2b$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm\"},"
    "{\"username\":\"grace\",\"email\":\"ADA@example.com\"}]";

static doorward_engine *engine;

/* Runs an operation that must succeed; its response must hold `expected`. */
static void must(const char *operation, const char *request, const char *expected) {
  char *response;
  const doorward_status status = doorward_call(engine, operation, request, &response);
  const int is_good = status == DOORWARD_OK && strstr(response, expected);
  if (!is_good || strcmp(operation, "import_users") == 0) printf("%s\n", response);
  doorward_free(response);
  if (!is_good) {
    fprintf(stderr, "import_users: %s: status %d\n", operation, (int)status);
    exit(1);
  }
}

int main(void) {
  char request[1024], *response;
  if (doorward_open("{\"store\":\"sqlite::memory:\"}", NULL, &engine, &response) != DOORWARD_OK) {
    fprintf(stderr, "import_users: %s\n", response);
    return 1;
  }
  doorward_free(response);

  /* What would happen: the second account has the address of the first. */
  snprintf(request, sizeof request, "{\"users\":%s,\"dry_run\":true}", USERS);
  must("import_users", request, "{\"index\":1,\"code\":\"email_repeated\"}");

  /* Without it. */
  snprintf(request, sizeof request, "{\"users\":%s,\"on_conflict\":\"skip\"}", USERS);
  must("import_users", request, "\"imported\":1,\"skipped\":1");

  must("login", "{\"username\":\"ada\",\"password\":\"password\"}", "\"access_token\"");
  puts("ada logged in with her old password");
  doorward_release(engine);
  return 0;
}
