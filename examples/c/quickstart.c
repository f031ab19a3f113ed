/*
 * doorward from C: register, log in, verify, introspect, hash, log out, on an SQLite file.
 *
 *   cc quickstart.c $(pkg-config --cflags --libs doorward) -o quickstart && ./quickstart app.db
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

/* The text of a member of a JSON object, to be freed. Good for tokens and hashes, whose letters JSON does
   not escape, in the library's own compact responses; a real program uses its JSON library. */
static char *member(const char *json, const char *name) {
  char key[64];
  snprintf(key, sizeof key, "\"%s\":\"", name);
  const char *start = strstr(json, key);
  const char *end = start ? strchr(start + strlen(key), '"') : NULL;
  if (!end) die("the response lacks an expected member");
  start += strlen(key);
  char *text = malloc((size_t)(end - start) + 1);
  if (!text) die("no memory");
  memcpy(text, start, (size_t)(end - start));
  text[end - start] = 0;
  return text;
}

typedef doorward_status operation(const doorward_engine *, const char *, char **);

static doorward_engine *engine;

/* Runs an operation, shows request and response, and returns the response, to be freed by doorward_free. */
static char *run(const char *name, operation *named, const char *request, doorward_status *status) {
  char *response;
  *status = named(engine, request, &response);
  printf("\n%s ", name);
  print_json(request);
  printf("  %s ", STATUS[*status & 0xff]);
  print_json(response);
  return response;
}

/* The same, where nothing but OK will do. */
static char *must(const char *name, operation *named, const char *request) {
  doorward_status status;
  char *response = run(name, named, request, &status);
  if (status != DOORWARD_OK) die("unexpected status");
  return response;
}

static void expect(const char *response, const char *text) {
  if (!strstr(response, text)) die("unexpected response");
}

int main(int argc, char **argv) {
  const char *file = argc > 1 ? argv[1] : "quickstart.db";
  char config[4096], request[4096], *response;
  doorward_status status;

  if (doorward_abi() != DOORWARD_ABI) die("another ABI than the header's");
  if (strpbrk(file, "\"\\") || strlen(file) > 4000) die("a file name that would need JSON escapes");
  snprintf(config, sizeof config, "{\"store\":\"sqlite:%s\"}", file);
  printf("doorward %s\n\nopen ", doorward_version());
  print_json(config);
  status = doorward_open(config, NULL, &engine, &response);
  printf("  %s ", STATUS[status & 0xff]);
  print_json(response);
  doorward_free(response);
  if (status != DOORWARD_OK) die("cannot open the engine");

  response = run("register", doorward_register,
                 "{\"username\":\"ada\",\"email\":\"ada@example.com\",\"password\":\"eight wise words\"}", &status);
  if (status == DOORWARD_CONFLICT && strstr(response, "\"username_taken\""))
    printf("  (she has been here before)\n");
  else if (status != DOORWARD_OK)
    die("cannot register");
  doorward_free(response);

  response = must("login", doorward_login, "{\"username\":\"ada\",\"password\":\"eight wise words\"}");
  char *token = member(response, "access_token");
  doorward_free(response);

  /* Signature and claims only: cheap, for every request of a web service. */
  snprintf(request, sizeof request, "{\"token\":\"%s\"}", token);
  doorward_free(must("verify", doorward_verify, request));

  /* Against the store: whether the session is still alive. */
  response = must("introspect", doorward_introspect, request);
  expect(response, "\"active\":true");
  doorward_free(response);

  response = must("hash_password", doorward_hash_password, "{\"password\":\"correct horse battery staple\"}");
  char *hash = member(response, "hash");
  doorward_free(response);

  char check[1024];
  snprintf(check, sizeof check, "{\"password\":\"correct horse battery staple\",\"hash\":\"%s\"}", hash);
  response = must("verify_password", doorward_verify_password, check);
  expect(response, "\"valid\":true");
  doorward_free(response);
  free(hash);

  doorward_free(must("logout", doorward_logout, request));

  response = must("introspect", doorward_introspect, request);
  expect(response, "\"active\":false");
  doorward_free(response);
  free(token);

  doorward_release(engine);
  return 0;
}
