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

/* The configuration of a store that stays: the server's database that the runner names, or a file. */
static inline const char *lasting(int number, const char *secret_key) {
  static char config[512], file[32];
  const char *server = getenv("STORE");
  snprintf(file, sizeof file, "sqlite:store%d.db", number);
  snprintf(config, sizeof config, "{\"store\":\"%s\",\"secret_key\":\"%s\"," CHEAP "}", server ? server : file,
           secret_key);
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
  static const char failure[] = "{\"error\":{\"code\":\"";
  const char *code = response ? response : "(nothing)";
  if (strncmp(code, failure, sizeof failure - 1) == 0) code += sizeof failure - 1;
  if (status == DOORWARD_OK)
    printf("%s: OK\n", step);
  else
    printf("%s: %s %.*s\n", step, name_of(status), (int)strcspn(code, "\""), code);
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
  char *login = must_call(engine, "login", ADA_LOGIN);
  const char *token = strstr(login, "\"access_token\":\"");
  size_t length = token ? strcspn(token += strlen("\"access_token\":\""), "\"") : 0;
  char *request = malloc(length + 16);
  if (!token || !request) exit(1);
  snprintf(request, length + 16, "{\"token\":\"%.*s\"}", (int)length, token);
  doorward_free(login);
  return request;
}

#endif
