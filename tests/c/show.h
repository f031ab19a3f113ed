/* What the programs share. Each prints what happened; the .exp file beside it says what must. */

#ifndef SHOW_H
#define SHOW_H

#include <doorward.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As little work for a hash as there can be. */
#define CHEAP "\"password\":{\"memory_kib\":64,\"iterations\":1}"
#define MEMORY "{\"store\":\"sqlite::memory:\"," CHEAP "}"
#define ADA "{\"username\":\"ada\",\"email\":\"ada@example.com\",\"password\":\"eight wise words\"}"
#define ADA_LOGIN "{\"username\":\"ada\",\"password\":\"eight wise words\"}"

#define KEY "a secret key that the programs share"

/* The configuration of a store that stays: the server's database that the runner names, or a file. To be freed. */
static inline char *lasting(int number, const char *secret_key) {
  char file[32];
  const char *server = getenv("STORE");
  snprintf(file, sizeof file, "sqlite:store%d.db", number);
  char *cheap = doorward_json(DOORWARD_INTEGER("memory_kib", 64), DOORWARD_INTEGER("iterations", 1));
  char *config = doorward_json(DOORWARD_TEXT("store", server ? server : file), DOORWARD_TEXT("secret_key", secret_key),
                               DOORWARD_JSON("password", cheap));
  doorward_free(cheap);
  return config;
}

static inline const char *name_of(doorward_status status) {
  static const char *const names[] = {
      "OK",       "DENIED",    "STEP_UP",     "FORBIDDEN", "INVALID_REQUEST", "NOT_FOUND",
      "CONFLICT", "THROTTLED", "UNAVAILABLE", "CONFIG",    "MISUSE",          "INTERNAL",
  };
  return status >= 0 && status <= 11 ? names[status] : "unknown status";
}

/* Prints a step and its outcome: a failure by status and code, success as OK. Frees the response. */
static inline void show(const char *step, doorward_status status, char *response) {
  char *code = doorward_text(response, "/error/code");
  if (status == DOORWARD_OK)
    printf("%s: OK\n", step);
  else
    printf("%s: %s %s\n", step, name_of(status), code ? code : response ? response : "(nothing)");
  doorward_free(code);
  doorward_free(response);
}

/* A pointer that is not NULL, to see that it is overwritten. */
static inline char *stale(void) {
  static char text[] = "stale";
  return text;
}

static inline void call(const char *step, const doorward_engine *engine, const char *operation, const char *request) {
  char *response = stale();
  doorward_status status = doorward_call(engine, operation, request, &response);
  show(step, status, response);
}

/* Opens an engine or ends the program. */
static inline doorward_engine *must_open(const char *config, const doorward_hooks *hooks) {
  doorward_engine *engine;
  char *response;
  if (doorward_open(config, hooks, &engine, &response) != DOORWARD_OK) {
    printf("cannot open: %s\n", response);
    exit(1);
  }
  doorward_free(response);
  return engine;
}

/* An engine on the store that stays. */
static inline doorward_engine *must_open_lasting(int number, const doorward_hooks *hooks) {
  char *config = lasting(number, KEY);
  doorward_engine *engine = must_open(config, hooks);
  doorward_free(config);
  return engine;
}

/* The response of a call that must succeed; to be freed. */
static inline char *must_call(const doorward_engine *engine, const char *operation, const char *request) {
  char *response;
  doorward_status status = doorward_call(engine, operation, request, &response);
  if (status != DOORWARD_OK) {
    printf("%s failed: %s %s\n", operation, name_of(status), response);
    exit(1);
  }
  return response;
}

/* `{"token":"…"}` of a fresh session of ada's; to be freed. */
static inline char *token_request(const doorward_engine *engine) {
  char *login = must_call(engine, "login", ADA_LOGIN), *token = doorward_text(login, "/access_token");
  char *request = doorward_json(DOORWARD_TEXT("token", token));
  doorward_free(token);
  doorward_free(login);
  return request;
}

#endif
