/* The hooks: when they are called, what they must not do, and that `destroy` comes once and last. */

#include "show.h"

typedef struct host {
  int64_t now_ms;
  int records, destroyed;
  int secrets; /* records that held one */
  char last[4096];
  const doorward_engine *engine;
  const char *misdeed; /* what the log hook does */
} host;

static void misbehave(host *host);

/* Takes the ids out, which are others in each run and may spell a name. */
static void without_ids(char *json) {
  for (char *id = json; (id = strstr(id, "_id\":\"")) != NULL;) {
    id += 6;
    if (strlen(id) >= 36) memmove(id, id + 36, strlen(id + 36) + 1);
  }
}

static void on_log(void *context, int32_t level, const char *record) {
  host *host = context;
  char json[1024];
  snprintf(json, sizeof json, "%s", record);
  without_ids(json);
  host->records++;
  host->secrets += strstr(json, "wise words") || strstr(json, "ada") || strstr(json, "eyJ");
  snprintf(host->last, sizeof host->last, "level %d %s", (int)level, json);
  if (host->destroyed) puts("log after destroy");
  if (host->misdeed) misbehave(host);
}

static int64_t on_now_ms(void *context) {
  host *host = context;
  if (host->destroyed) puts("now_ms after destroy");
  return host->now_ms;
}

static void on_destroy(void *context) { ((host *)context)->destroyed++; }

static doorward_hooks hooks_of(host *host) {
  doorward_hooks hooks = {sizeof hooks, host, on_log, on_now_ms, on_destroy};
  return hooks;
}

static void misbehave(host *host) {
  const char *misdeed = host->misdeed;
  char *response = stale();
  host->misdeed = NULL;
  if (!strcmp(misdeed, "call")) {
    doorward_status status = doorward_call(host->engine, "list_users", "{}", &response);
    show("  call from inside", status, response);
    status = doorward_list_users(host->engine, "{}", &response);
    show("  named call from inside", status, response);
    status = doorward_describe(&response);
    show("  describe from inside", status, response);
    struct host inner = {0};
    doorward_hooks hooks = hooks_of(&inner);
    doorward_engine *engine = NULL;
    status = doorward_open(MEMORY, &hooks, &engine, &response);
    show("  open from inside", status, response);
    printf("  destroyed: %d\n", inner.destroyed);
    doorward_free(NULL);
  } else {
    doorward_close(host->engine);
    printf("  close from inside; destroyed: %d\n", host->destroyed);
  }
}

static void clock_and_log(void) {
  host host = {.now_ms = 1800000000000};
  doorward_hooks hooks = hooks_of(&host);
  doorward_engine *engine = must_open("{\"leeway_seconds\":0,\"store\":\"sqlite::memory:\"," CHEAP "}", &hooks);
  memset(&hooks, 0xff, sizeof hooks); /* it was copied */
  call("register", engine, "register", ADA);
  char *token = token_request(engine);
  char *claims = must_call(engine, "verify", token);
  printf("issued by the hook's clock: %s\n", doorward_integer(claims, "/iat", -1) == 1800000000 ? "yes" : "no");
  doorward_free(claims);
  host.now_ms += 899 * 1000;
  call("verify, a second before the end", engine, "verify", token);
  host.now_ms += 1000;
  call("verify, at the end", engine, "verify", token);
  printf("log: %s\n", host.last);
  host.now_ms -= 1000;
  call("verify, back in time", engine, "verify", token);
  doorward_free(token);
  host.now_ms = INT64_MIN;
  call("a clock at its least", engine, "login", ADA_LOGIN);
  host.now_ms = INT64_MAX;
  call("a clock at its most", engine, "login", ADA_LOGIN);
  host.now_ms = 1800000000000;

  host.records = 0;
  call("a failed login", engine, "login", "{\"username\":\"ada\",\"password\":\"not her wise words\"}");
  printf("log: %s\n", host.last);
  call("a misplaced secret", engine, "login", "{\"username\":\"ada\",\"password\":[\"eight wise words\"]}");
  call("a taken name", engine, "register", ADA);
  printf("records: %d, with a secret or a name: %d\n", host.records, host.secrets);
  doorward_release(engine);
  printf("destroyed: %d\n\n", host.destroyed);
}

static void reentry(void) {
  host host = {0};
  doorward_hooks hooks = hooks_of(&host);
  host.engine = must_open(MEMORY, &hooks);
  host.misdeed = "call";
  call("re-entry", host.engine, "login", "{");
  call("and all is well", host.engine, "list_users", "{}");
  host.misdeed = "close";
  call("close in a hook", host.engine, "login", "{");
  call("after it", host.engine, "list_users", "{}");
  printf("destroyed: %d\n", host.destroyed);
  doorward_release((doorward_engine *)host.engine);
  printf("released; destroyed: %d\n\n", host.destroyed);
}

static void destroyed_once(void) {
  char *response;
  host released = {0}, closed = {0}, failed = {0}, no_engine = {0}, no_response = {0};

  doorward_hooks hooks = hooks_of(&released);
  doorward_release(must_open(MEMORY, &hooks));
  printf("release: destroyed %d\n", released.destroyed);

  hooks = hooks_of(&closed);
  doorward_engine *engine = must_open(MEMORY, &hooks);
  doorward_close(engine);
  printf("close: destroyed %d\n", closed.destroyed);
  doorward_close(engine);
  doorward_release(engine);
  printf("and close, release: destroyed %d\n", closed.destroyed);

  hooks = hooks_of(&failed);
  doorward_status status = doorward_open("{\"nonsense\":true}", &hooks, &engine, &response);
  show("failed open", status, response);
  printf("destroyed %d\n", failed.destroyed);

  hooks = hooks_of(&no_engine);
  status = doorward_open(MEMORY, &hooks, NULL, &response);
  show("open without engine", status, response);
  printf("destroyed %d\n", no_engine.destroyed);

  hooks = hooks_of(&no_response);
  show("open without response", doorward_open(MEMORY, &hooks, &engine, NULL), NULL);
  printf("destroyed %d\n\n", no_response.destroyed);
}

/* A caller of an older header knows fewer members: what lies behind them is not read. */
static void older_callers(void) {
  host host = {.now_ms = 0};
  doorward_hooks hooks = hooks_of(&host);
  doorward_engine *engine;
  char *response;

  hooks.struct_size = offsetof(doorward_hooks, now_ms);
  engine = must_open(MEMORY, &hooks);
  call("without now_ms", engine, "register", ADA);
  char *token = token_request(engine);
  char *claims = must_call(engine, "verify", token);
  printf("issued in 1970: %s\n", doorward_integer(claims, "/iat", -1) == 0 ? "yes" : "no");
  doorward_free(claims);
  doorward_free(token);
  call("a refusal", engine, "login", "{");
  printf("records: %d\n", host.records);
  doorward_release(engine);
  printf("without destroy: destroyed %d\n", host.destroyed);

  hooks.struct_size = offsetof(doorward_hooks, destroy);
  doorward_release(must_open(MEMORY, &hooks));
  printf("all but destroy: destroyed %d\n", host.destroyed);

  hooks.struct_size = offsetof(doorward_hooks, log);
  doorward_release(must_open(MEMORY, &hooks));
  puts("nothing but a context: OK");

  hooks.struct_size = 0;
  doorward_status status = doorward_open(MEMORY, &hooks, &engine, &response);
  show("struct_size 0", status, response);
  hooks.struct_size = sizeof(size_t);
  status = doorward_open(MEMORY, &hooks, &engine, &response);
  show("struct_size of itself", status, response);

  /* A caller of a newer header knows more members. */
  struct {
    doorward_hooks hooks;
    void *later[4];
  } newer = {{sizeof newer, &host, NULL, NULL, on_destroy}, {stale(), stale(), stale(), stale()}};
  doorward_release(must_open(MEMORY, &newer.hooks));
  printf("a newer caller: destroyed %d\n", host.destroyed);

  doorward_hooks none = {sizeof none, NULL, NULL, NULL, NULL};
  doorward_release(must_open(MEMORY, &none));
  puts("no hook at all: OK");
}

int main(void) {
  clock_and_log();
  reentry();
  destroyed_once();
  older_callers();
  return 0;
}
