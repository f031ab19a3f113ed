/* A process on a store. It answers each line of its input, `OPERATION REQUEST`, with a line `STATUS RESPONSE`;
   first comes `open CONFIG`, and `close {}` before another store. */

#include <doorward.h>

#include <stdio.h>
#include <string.h>

int main(void) {
  static char line[65536];
  doorward_engine *engine = NULL;
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    char *request = strchr(line, ' '), *response;
    if (!request) return 2;
    *request++ = 0;
    if (strcmp(line, "close") == 0) {
      doorward_release(engine);
      engine = NULL;
      puts("0 {}");
    } else {
      doorward_status status = strcmp(line, "open") == 0 ? doorward_open(request, NULL, &engine, &response)
                                                         : doorward_call(engine, line, request, &response);
      printf("%d %s\n", (int)status, response);
      doorward_free(response);
    }
    fflush(stdout);
  }
  doorward_release(engine);
  return 0;
}
