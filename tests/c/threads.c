/* One thread closes while eight are inside calls: each call ends with OK or engine_closed. */

#define _POSIX_C_SOURCE 200809L

#include "show.h"

#include <pthread.h>

enum { THREADS = 8, ENOUGH = 400 };

static doorward_engine *engine;
static char *token;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t progress = PTHREAD_COND_INITIALIZER;
static int finished, other_ends, closed_ends;

static void *work(void *kind) {
  static const char *const operations[] = {"verify", "introspect", "login", "list_users"};
  const size_t own = (size_t)kind % 4;
  for (int open = 1; open;) {
    char *response = NULL;
    const char *request = own < 2 ? token : own == 2 ? ADA_LOGIN : "{}";
    doorward_status status = doorward_call(engine, operations[own], request, &response);
    int closed = response && strstr(response, "\"engine_closed\"") != NULL;
    pthread_mutex_lock(&mutex);
    finished++;
    if (closed && status == DOORWARD_MISUSE)
      closed_ends++, open = 0;
    else if (status != DOORWARD_OK && ++other_ends == 1)
      printf("%s: %s %s\n", operations[own], name_of(status), response ? response : "(nothing)");
    pthread_cond_signal(&progress);
    pthread_mutex_unlock(&mutex);
    doorward_free(response);
  }
  return NULL;
}

static void *close_it(void *unused) {
  doorward_close(engine);
  return unused;
}

int main(void) {
  engine = must_open_lasting(1, NULL);
  doorward_free(must_call(engine, "register", ADA));
  token = token_request(engine);
  pthread_t threads[THREADS], closers[2];
  for (size_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, (void *)i);
  pthread_mutex_lock(&mutex);
  while (finished < ENOUGH) pthread_cond_wait(&progress, &mutex);
  pthread_mutex_unlock(&mutex);
  for (int i = 0; i < 2; i++) pthread_create(&closers[i], NULL, close_it, NULL);
  for (int i = 0; i < 2; i++) pthread_join(closers[i], NULL);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  printf("threads that were told engine_closed: %d\n", closed_ends);
  printf("calls that ended otherwise than OK: %d\n", other_ends);
  doorward_release(engine);
  doorward_free(token);
  return 0;
}
