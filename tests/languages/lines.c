/* Answers lines by the C ABI: see languages.py. */

#include <doorward.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  doorward_engine *engine = NULL;
  char *line = NULL, *response;
  size_t size = 0;
  doorward_status status = doorward_open(argc > 1 ? argv[1] : NULL, NULL, &engine, &response);
  if (status != DOORWARD_OK) return fputs(response, stderr), 1;
  doorward_free(response);
  while (getline(&line, &size, stdin) > 0) {
    char *operation = doorward_text(line, "/operation"), *request = doorward_text(line, "/request");
    if (!request) request = doorward_value(line, "/request");
    status = doorward_call(engine, operation, request, &response);
    char *answer = doorward_json(DOORWARD_INTEGER("status", status), DOORWARD_JSON("response", response));
    puts(answer);
    fflush(stdout);
    doorward_free(answer);
    doorward_free(response);
    doorward_free(request);
    doorward_free(operation);
  }
  free(line);
  doorward_release(engine);
  return 0;
}
