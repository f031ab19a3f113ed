/* Requests that a host should not send: 100 MB, 100,000 levels deep, lists, nothing at all; on a small stack. */

#define _POSIX_C_SOURCE 200809L

#include "show.h"

#include <pthread.h>

static doorward_engine *engine;

/* `before`, then `unit` that often, then `after`; to be freed. */
static char *repeated(const char *before, const char *unit, size_t times, const char *after) {
  size_t start = strlen(before), step = strlen(unit), end = strlen(after);
  char *text = malloc(start + step * times + end + 1);
  if (!text) exit(1);
  memcpy(text, before, start);
  for (size_t i = 0; i < times; i++) memcpy(text + start + i * step, unit, step);
  memcpy(text + start + step * times, after, end + 1);
  return text;
}

static void send(const char *step, char *request) {
  call(step, engine, "register", request);
  free(request);
}

static void open_with(const char *step, char *config) {
  doorward_engine *other = engine;
  char *response = stale();
  doorward_status status = doorward_open(config, NULL, &other, &response);
  show(step, status, response);
  if (other) puts("  an engine all the same");
  free(config);
}

static void *run(void *unused) {
  const size_t MB = 1 << 20;
  send("100 MB in one text", repeated("{\"username\":\"", "x", 100 * MB, "\"}"));
  send("100 MB of space", repeated("", " ", 100 * MB, ""));
  send("100 MB of brackets", repeated("", "[", 100 * MB, ""));
  send("100 MB of backslashes", repeated("{\"username\":\"", "\\", 100 * MB, "\"}"));
  send("1 MB and not a byte more", repeated("{}", " ", MB - 2, ""));
  send("1 MB and a byte", repeated("{}", " ", MB - 1, ""));
  send("100,000 lists", repeated("", "[", 100000, ""));
  char *opened = repeated("{\"username\":", "[", 100000, "");
  send("100,000 lists, closed", repeated(opened, "]", 100000, "}"));
  free(opened);
  send("100,000 objects", repeated("", "{\"a\":", 100000, ""));
  send("100,000 objects in attributes",
       repeated("{\"username\":\"ada\",\"email\":\"ada@example.com\",\"password\":\"eight wise words\",\"attributes\":",
                "{\"a\":", 100000, ""));
  send("100,000 keys", repeated("{", "\"x\":1,", 100000, "\"y\":1}"));
  call("a list", engine, "register", "[]");
  call("a list of objects", engine, "register", "[{}]");
  call("null", engine, "register", "null");
  call("a text", engine, "register", "\"\"");
  call("a number", engine, "register", "1e999");
  call("empty", engine, "register", "");
  call("space", engine, "register", " ");
  call("two objects", engine, "list_users", "{}{}");
  call("an object and more", engine, "list_users", "{} x");
  call("a byte order mark", engine, "list_users", "\xef\xbb\xbf{}");
  call("an escaped NUL", engine, "get_user", "{\"username\":\"a\\u0000b\"}");
  call("a lone surrogate", engine, "get_user", "{\"username\":\"\\ud800\"}");
  call("a key twice", engine, "get_user", "{\"username\":\"a\",\"username\":\"b\"}");
  open_with("a configuration of 100 MB", repeated("", "[", 100 * MB, ""));
  open_with("a configuration of 100,000 levels", repeated("", "{\"a\":", 100000, ""));
  call("and all is well", engine, "register", ADA);
  call("and she logs in", engine, "login", ADA_LOGIN);
  return unused;
}

int main(void) {
  engine = must_open(MEMORY, NULL);
  pthread_attr_t small;
  pthread_t thread;
  pthread_attr_init(&small);
  if (pthread_attr_setstacksize(&small, STACK_KIB * 1024) || pthread_create(&thread, &small, run, NULL)) return 1;
  pthread_join(thread, NULL);
  doorward_release(engine);
  return 0;
}
