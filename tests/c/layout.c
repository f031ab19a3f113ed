/* The layout that callers compiled against must not move; compiled as every C and C++ there is, as are requests and
   responses. */

#include <doorward.h>

#define HOLDS(name, condition) typedef char name[(condition) ? 1 : -1]
#define AT(member, words) HOLDS(at_##member, offsetof(doorward_hooks, member) == (words) * sizeof(void *))
#define OF(member, bytes) HOLDS(of_##member, offsetof(doorward_member, member) == (bytes))

HOLDS(size_of_status, sizeof(doorward_status) == 4);
HOLDS(status_is_signed, (doorward_status)-1 < 0);
AT(struct_size, 0);
AT(context, 1);
AT(log, 2);
AT(now_ms, 3);
AT(destroy, 4);
HOLDS(size_of_hooks, sizeof(doorward_hooks) == 5 * sizeof(void *));
OF(name, 0);
OF(text, sizeof(void *));
OF(length, 2 * sizeof(void *));
OF(integer, 2 * sizeof(void *) + sizeof(size_t));
OF(kind, 2 * sizeof(void *) + sizeof(size_t) + 8);
HOLDS(kinds, DOORWARD_IS_TEXT == 1 && DOORWARD_IS_JSON == 2 && DOORWARD_IS_INTEGER == 3 && DOORWARD_IS_BOOLEAN == 4 &&
                 DOORWARD_IS_ABSENT == 5);
HOLDS(statuses, DOORWARD_OK == 0 && DOORWARD_DENIED == 1 && DOORWARD_STEP_UP == 2 && DOORWARD_FORBIDDEN == 3 &&
                    DOORWARD_INVALID_REQUEST == 4 && DOORWARD_NOT_FOUND == 5 && DOORWARD_CONFLICT == 6 &&
                    DOORWARD_THROTTLED == 7 && DOORWARD_UNAVAILABLE == 8 && DOORWARD_CONFIG == 9 &&
                    DOORWARD_MISUSE == 10 && DOORWARD_INTERNAL == 11);
HOLDS(levels, DOORWARD_LOG_ERROR == 1 && DOORWARD_LOG_WARN == 2 && DOORWARD_LOG_INFO == 3);
#if DOORWARD_ABI != 1
#error "the soname is libdoorward.so.1"
#endif

int main(void) {
  char *roles = doorward_json_list(DOORWARD_TEXT(NULL, "a\"b"), DOORWARD_TEXT(NULL, "c"));
  char *request = doorward_json(DOORWARD_JSON("roles", roles), DOORWARD_INTEGER("n", 7), DOORWARD_OPTIONAL("x", NULL),
                                DOORWARD_BOOLEAN("yes", 1), DOORWARD_BYTES("text", "ada and more", 3));
  char *role = doorward_text(request, "/roles/0"), *text = doorward_text(request, "/text");
  int is_right = doorward_abi() == DOORWARD_ABI && role && !strcmp(role, "a\"b") && text && !strcmp(text, "ada") &&
                 doorward_integer(request, "/n", 0) == 7 && doorward_boolean(request, "/yes", 0) == 1 &&
                 doorward_boolean(request, "/x", -1) == -1;
  doorward_free(roles);
  doorward_free(request);
  doorward_free(role);
  doorward_free(text);
  return is_right ? 0 : 1;
}
