/* Each operation's own function exists and answers byte for byte like doorward_call, on a thread with a small stack.
   Arguments: the names of the operations. */

#include "show.h"

#include <dlfcn.h>
#include <pthread.h>

typedef doorward_status operation(const doorward_engine *, const char *, char **);

static int64_t now_ms(void *unused) { return (void)unused, 1800000000000; }

static doorward_engine *engine;
static int failures, alike;

static void compare(const char *name, operation *named, const doorward_engine *target, const char *request) {
  char *first = stale(), *second = stale(), *own = stale();
  doorward_status status = doorward_call(target, name, request, &first);
  doorward_status own_status = named(target, request, &own);
  doorward_status again = doorward_call(target, name, request, &second);
  /* What holds random bytes, as a new token does, or is measured anew differs from call to call: then the status
     must do. */
  int is_measured = status == DOORWARD_OK && (!strcmp(name, "doctor") || !strcmp(name, "stats"));
  int is_random = is_measured || strcmp(first, second) != 0;
  if (status != own_status || status != again || (!is_random && strcmp(first, own) != 0)) {
    printf("%s %s: doorward_call says %d %s, doorward_%s %d %s\n", name, request, status, first, name, own_status, own);
    failures++;
  }
  alike += !is_random;
  doorward_free(first);
  doorward_free(second);
  doorward_free(own);
}

static int argc;
static char **argv;

static void *run(void *unused) {
  doorward_hooks hooks = {sizeof hooks, NULL, NULL, now_ms, NULL};
  engine = must_open(MEMORY, &hooks);
  doorward_free(must_call(engine, "register", ADA));
  char *token = token_request(engine);
  const char *requests[] = {
      NULL,
      "",
      "{}",
      "{",
      "[]",
      "null",
      "\xff",
      "{\"nonsense\":1}",
      "{\"token\":1}",
      "{\"username\":null}",
      "{\"token\":\"eyJhbGciOiJub25lIn0.e30.\"}",
      "{\"stateless\":true}",
      "{\"username\":\"ada\"}",
      "{\"username\":\"nobody\"}",
      ADA,
      "{\"username\":\"ada\",\"password\":\"not her wise words\"}",
      "{\"password\":\"eight wise words\",\"hash\":\"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$Zm9yZ2VkIGhhc2g\"}",
      token,
  };
  for (int i = 1; i < argc; i++) {
    char symbol[128];
    operation *named;
    snprintf(symbol, sizeof symbol, "doorward_%s", argv[i]);
    *(void **)&named = dlsym(RTLD_DEFAULT, symbol);
    if (!named) {
      printf("%s is not exported\n", symbol);
      failures++;
      continue;
    }
    for (size_t k = 0; k < sizeof requests / sizeof *requests; k++) compare(argv[i], named, engine, requests[k]);
    compare(argv[i], named, NULL, "{}");
    compare(argv[i], named, NULL, NULL);
    if (named(engine, "{}", NULL) != DOORWARD_MISUSE || named(NULL, NULL, NULL) != DOORWARD_MISUSE) {
      printf("%s: no MISUSE where the response is NULL\n", symbol);
      failures++;
    }
  }
  doorward_free(token);
  doorward_close(engine);
  for (int i = 1; i < argc; i++) {
    char symbol[128];
    operation *named;
    snprintf(symbol, sizeof symbol, "doorward_%s", argv[i]);
    *(void **)&named = dlsym(RTLD_DEFAULT, symbol);
    if (named) compare(argv[i], named, engine, "{}");
  }
  doorward_release(engine);
  printf("%d operations, %s, failures: %d\n", argc - 1, alike > 10 * (argc - 1) ? "compared" : "hardly compared",
         failures);
  return unused;
}

int main(int count, char **arguments) {
  pthread_attr_t small;
  pthread_t thread;
  argc = count;
  argv = arguments;
  pthread_attr_init(&small);
  if (pthread_attr_setstacksize(&small, STACK_KIB * 1024) || pthread_create(&thread, &small, run, NULL)) return 1;
  return pthread_join(thread, NULL);
}
