/* A forked child is told so, opens an engine of its own on the same store, and keeps what it acknowledges
   when its parent closes. */

#define _POSIX_C_SOURCE 200809L

#include "show.h"

#include <sys/wait.h>
#include <unistd.h>

static void wait_for(int pipe) {
  char byte;
  if (read(pipe, &byte, 1) < 0) exit(1);
}

static void tell(int pipe) {
  fflush(stdout);
  if (write(pipe, "!", 1) != 1) exit(1);
}

static void on_destroy(void *context) { printf("destroyed in the %s\n", *(const char **)context); }

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  const char *process = "parent";
  doorward_hooks hooks = {sizeof hooks, &process, NULL, NULL, on_destroy};
  int to_child[2], to_parent[2];
  char *response;

  doorward_engine *engine = must_open_lasting(1, &hooks);
  call("parent registers", engine, "register", ADA);
  if (pipe(to_child) || pipe(to_parent)) return 1;

  pid_t child = fork();
  if (child == 0) {
    process = "child";
    call("child uses its parent's engine", engine, "list_users", "{}");
    doorward_status status = doorward_list_users(engine, "{}", &response);
    show("child uses it by name", status, response);
    doorward_close(engine);
    call("child closed it", engine, "list_users", "{}");
    doorward_release(engine);
    doorward_engine *own = must_open_lasting(1, NULL);
    call("child finds ada in its own", own, "get_user", "{\"username\":\"ada\"}");
    tell(to_parent[1]);
    wait_for(to_child[0]);
    call("child registers", own, "register",
         "{\"username\":\"eve\",\"email\":\"eve@example.com\",\"password\":\"eight wise words\"}");
    fflush(stdout);
    _exit(0); /* as if it were killed */
  }

  wait_for(to_parent[0]);
  call("parent goes on", engine, "login", ADA_LOGIN);
  doorward_release(engine);
  tell(to_child[1]);
  int status;
  waitpid(child, &status, 0);
  printf("child ended: %d\n", status);

  engine = must_open_lasting(1, NULL);
  call("ada is there", engine, "get_user", "{\"username\":\"ada\"}");
  call("eve is there", engine, "get_user", "{\"username\":\"eve\"}");
  doorward_release(engine);
  return 0;
}
