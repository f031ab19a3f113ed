/*
 * doorward from C: accounts with bcrypt hashes of another system move here, and log in as ever.
 *
 *   cc import_users.c $(pkg-config --cflags --libs doorward) -o import_users && ./import_users
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <doorward.h>

/* A batch of the old table. The password is "password"; the second account has the address of the first. */
static const struct account {
  const char *username, *email, *password_hash;
  int email_verified;
} ACCOUNTS[] = {
    {"ada", "ada@example.com", "$2b$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm", 1},
    {"grace", "ADA@example.com", NULL, 0},
};
enum { COUNT = sizeof ACCOUNTS / sizeof *ACCOUNTS };

static doorward_engine *engine;

/* The accounts as a JSON list, to be freed. */
static char *users(void) {
  char *objects[COUNT];
  doorward_member items[COUNT];
  for (int i = 0; i < COUNT; i++) {
    const struct account *account = &ACCOUNTS[i];
    objects[i] = doorward_json(DOORWARD_TEXT("username", account->username), DOORWARD_TEXT("email", account->email),
                               DOORWARD_OPTIONAL("password_hash", account->password_hash),
                               DOORWARD_BOOLEAN("email_verified", account->email_verified));
    items[i] = DOORWARD_JSON(NULL, objects[i]);
  }
  char *list = doorward_list(items, COUNT);
  for (int i = 0; i < COUNT; i++) doorward_free(objects[i]);
  return list;
}

static void check(int is_good, const char *operation, const char *response) {
  if (is_good) return;
  fprintf(stderr, "import_users: %s: %s\n", operation, response);
  exit(1);
}

int main(void) {
  char *list = users(), *request, *response;
  request = doorward_json(DOORWARD_TEXT("store", "sqlite::memory:"));
  check(doorward_open(request, NULL, &engine, &response) == DOORWARD_OK, "open", response);
  doorward_free(response);
  doorward_free(request);

  /* What would happen: the second account has the address of the first. */
  request = doorward_json(DOORWARD_JSON("users", list), DOORWARD_BOOLEAN("dry_run", 1));
  doorward_status status = doorward_import_users(engine, request, &response);
  puts(response);
  char *problem = doorward_text(response, "/problems/0/code");
  check(status == DOORWARD_OK && problem && !strcmp(problem, "email_repeated"), "import_users", response);
  doorward_free(problem);
  doorward_free(response);
  doorward_free(request);

  /* Without it. */
  request = doorward_json(DOORWARD_JSON("users", list), DOORWARD_TEXT("on_conflict", "skip"));
  status = doorward_import_users(engine, request, &response);
  puts(response);
  check(status == DOORWARD_OK && doorward_integer(response, "/imported", 0) == 1, "import_users", response);
  doorward_free(response);
  doorward_free(request);
  doorward_free(list);

  request = doorward_json(DOORWARD_TEXT("username", "ada"), DOORWARD_TEXT("password", "password"));
  status = doorward_login(engine, request, &response);
  check(status == DOORWARD_OK, "login", response);
  doorward_free(response);
  doorward_free(request);
  puts("ada logged in with her old password");
  doorward_release(engine);
  return 0;
}
