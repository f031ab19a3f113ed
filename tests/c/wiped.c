/* Once a caller has freed what holds a token, no copy of the token is left in the process. */

#include "show.h"

enum { LENGTH = 24, MASK = 0x5a };

/* The end of a text, masked, so that the search finds nothing of its own. */
typedef struct secret {
  const char *what;
  unsigned char masked[LENGTH];
} secret;

static secret remember(const char *what, const char *text) {
  secret secret = {what, {0}};
  size_t length = strlen(text);
  if (length < LENGTH) exit(1);
  for (size_t i = 0; i < LENGTH; i++) secret.masked[i] = (unsigned char)text[length - LENGTH + i] ^ MASK;
  return secret;
}

static int copies_between(const secret *secret, const volatile unsigned char *start, const volatile unsigned char *end) {
  int copies = 0;
  for (; end - start >= LENGTH; start++) {
    size_t i = 0;
    while (i < LENGTH && (start[i] ^ MASK) == secret->masked[i]) i++;
    copies += i == LENGTH;
  }
  return copies;
}

/* How many copies the memory of the process holds. */
static void count(const secret *secret) {
  FILE *maps = fopen("/proc/self/maps", "r");
  char line[512], rights[8];
  unsigned long start, end;
  int copies = 0;
  while (maps && fgets(line, sizeof line, maps))
    if (sscanf(line, "%lx-%lx %7s", &start, &end, rights) == 3 && rights[0] == 'r' && rights[1] == 'w')
      copies += copies_between(secret, (unsigned char *)start, (unsigned char *)end);
  if (!maps || fclose(maps)) exit(1);
  printf("%s: %d\n", secret->what, copies);
}

int main(void) {
  doorward_engine *engine = must_open(MEMORY, NULL);
  doorward_free(must_call(engine, "register", ADA));
  char *response = must_call(engine, "login", ADA_LOGIN);
  char *access = doorward_text(response, "/access_token"), *refresh = doorward_text(response, "/refresh_token");
  secret secrets[2] = {remember("access token", access), remember("refresh token", refresh)};
  puts("held: the response, and what was read of it");
  for (size_t i = 0; i < 2; i++) count(&secrets[i]);

  char *request = doorward_json(DOORWARD_TEXT("token", access));
  doorward_free(must_call(engine, "verify", request));
  doorward_free(must_call(engine, "authenticate", request));
  doorward_free(request);
  doorward_free(access);
  request = doorward_json(DOORWARD_TEXT("refresh_token", refresh));
  doorward_free(must_call(engine, "refresh", request));
  doorward_free(request);
  doorward_free(refresh);
  doorward_free(response);
  puts("freed");
  for (size_t i = 0; i < 2; i++) count(&secrets[i]);
  doorward_release(engine);
  return 0;
}
