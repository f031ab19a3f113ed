/* The library stays when it is unloaded: a thread may still return through it. Argument: the library. */

#include "show.h"

#include <dlfcn.h>

int main(int argc, char **argv) {
  if (argc != 2) return 1;
  for (int round = 1; round <= 3; round++) {
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      puts(dlerror());
      return 1;
    }
    uint32_t (*abi)(void);
    doorward_status (*describe)(char **);
    void (*free_response)(char *);
    *(void **)&abi = dlsym(library, "doorward_abi");
    *(void **)&describe = dlsym(library, "doorward_describe");
    *(void **)&free_response = dlsym(library, "doorward_free");
    printf("round %d: abi %u\n", round, abi());
    dlclose(library);
    char *response;
    printf("after dlclose: %s\n", describe(&response) == DOORWARD_OK ? "OK" : "failure");
    free_response(response);
    void *again = dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD);
    printf("still loaded: %s\n", again ? "yes" : "no");
    if (again) dlclose(again);
  }
  return 0;
}
