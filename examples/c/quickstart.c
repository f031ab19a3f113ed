/*
 * doorward from C: register, log in, verify, introspect, hash, log out, on an SQLite file.
 *
 *   cc quickstart.c $(pkg-config --cflags --libs doorward) -o quickstart && ./quickstart app.db
 *
 * Every request is built by doorward_json, and every response read by a JSON pointer. Never put a value into JSON
 * with printf: a name or a token with a quote in it would say what the request asks for.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <doorward.h>

static const char *const STATUS[] = {
    "OK",       "DENIED",    "STEP_UP",     "FORBIDDEN", "INVALID_REQUEST", "NOT_FOUND",
    "CONFLICT", "THROTTLED", "UNAVAILABLE", "CONFIG",    "MISUSE",          "INTERNAL",
};

static void die(const char *why) {
  fprintf(stderr, "quickstart: %s\n", why);
  exit(1);
}

/* Prints JSON with long strings (tokens, hashes) cut short. */
static void print_json(const char *json) {
  const size_t longest = 56, kept = 20;
  while (*json) {
    const char *end = json + 1;
    if (*json == '"') {
      while (*end && *end != '"') end += *end == '\\' && end[1] ? 2 : 1;
      if (*end) end++;
    }
    if ((size_t)(end - json) > longest)
      printf("%.*s…\"", (int)kept, json);
    else
      printf("%.*s", (int)(end - json), json);
    json = end;
  }
  putchar('\n');
}

typedef doorward_status operation(const doorward_engine *, const char *, char **);

static doorward_engine *engine;

/* Runs an operation, shows request and response, frees the request, and returns the response, to be freed. */
static char *run(const char *name, operation *named, char *request, doorward_status *status) {
  char *response;
  *status = named(engine, request, &response);
  printf("\n%s ", name);
  print_json(request);
  printf("  %s ", STATUS[*status & 0xff]);
  print_json(response);
  doorward_free(request);
  return response;
}

/* The same, where nothing but OK will do. */
static char *must(const char *name, operation *named, char *request) {
  doorward_status status;
  char *response = run(name, named, request, &status);
  if (status != DOORWARD_OK) die("unexpected status");
  return response;
}

static void expect(char *response, const char *pointer, int expected) {
  if (doorward_boolean(response, pointer, -1) != expected) die("unexpected response");
  doorward_free(response);
}

static void open_engine(const char *file) {
  const size_t length = strlen("sqlite:") + strlen(file) + 1;
  char *store = malloc(length), *response;
  if (!store) die("no memory");
  snprintf(store, length, "sqlite:%s", file);
  char *config = doorward_json(DOORWARD_TEXT("store", store));
  printf("doorward %s\n\nopen ", doorward_version());
  print_json(config);
  const doorward_status status = doorward_open(config, NULL, &engine, &response);
  printf("  %s ", STATUS[status & 0xff]);
  print_json(response);
  doorward_free(response);
  doorward_free(config);
  free(store);
  if (status != DOORWARD_OK) die("cannot open the engine");
}

int main(int argc, char **argv) {
  const char *name = "ada", *password = "eight wise words", *other = "correct horse battery staple";
  doorward_status status;

  if (doorward_abi() != DOORWARD_ABI) die("another ABI than the header's");
  open_engine(argc > 1 ? argv[1] : "quickstart.db");

  char *response = run("register", doorward_register,
                       doorward_json(DOORWARD_TEXT("username", name), DOORWARD_TEXT("email", "ada@example.com"),
                                     DOORWARD_TEXT("password", password)),
                       &status);
  char *code = doorward_text(response, "/error/code");
  if (code && strcmp(code, "username_taken") == 0)
    printf("  (she has been here before)\n");
  else if (status != DOORWARD_OK)
    die("cannot register");
  doorward_free(code);
  doorward_free(response);

  char *client = doorward_json(DOORWARD_TEXT("ip", "192.0.2.7"), DOORWARD_OPTIONAL("user_agent", NULL));
  /* The host's own claims are in every access token of the session; the label is in the user's list of sessions. */
  char *claims = doorward_json(DOORWARD_TEXT("tenant", "acme"));
  response = must("login", doorward_login,
                  doorward_json(DOORWARD_TEXT("username", name), DOORWARD_TEXT("password", password),
                                DOORWARD_JSON("client", client), DOORWARD_JSON("claims", claims),
                                DOORWARD_TEXT("label", "quick start")));
  char *token = doorward_text(response, "/access_token");
  printf("  (she is %s", doorward_boolean(response, "/user/is_active", 0) ? "active" : "not active");
  printf(", her token is good for %lld seconds)\n", (long long)doorward_integer(response, "/expires_in", 0));
  doorward_free(response);
  doorward_free(claims);
  doorward_free(client);

  /* Signature and claims only: cheap, for every request of a web service. */
  response = must("verify", doorward_verify, doorward_json(DOORWARD_TEXT("token", token)));
  char *tenant = doorward_text(response, "/tenant");
  if (!tenant || strcmp(tenant, "acme") != 0) die("unexpected claims");
  doorward_free(tenant);
  doorward_free(response);

  /* Against the store: whether the session is still alive. */
  expect(must("introspect", doorward_introspect, doorward_json(DOORWARD_TEXT("token", token))), "/active", 1);

  response = must("hash_password", doorward_hash_password, doorward_json(DOORWARD_TEXT("password", other)));
  char *hash = doorward_text(response, "/hash");
  doorward_free(response);
  expect(must("verify_password", doorward_verify_password,
              doorward_json(DOORWARD_TEXT("password", other), DOORWARD_TEXT("hash", hash))),
         "/valid", 1);
  doorward_free(hash);

  doorward_free(must("logout", doorward_logout, doorward_json(DOORWARD_TEXT("token", token))));
  expect(must("introspect", doorward_introspect, doorward_json(DOORWARD_TEXT("token", token))), "/active", 0);
  doorward_free(token);

  doorward_release(engine);
  return 0;
}
