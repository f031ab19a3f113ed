/* The layout that callers compiled against must not move; compiled as every C and C++ there is. */

#include <doorward.h>

#define HOLDS(name, condition) typedef char name[(condition) ? 1 : -1]
#define AT(member, words) HOLDS(at_##member, offsetof(doorward_hooks, member) == (words) * sizeof(void *))

HOLDS(size_of_status, sizeof(doorward_status) == 4);
HOLDS(status_is_signed, (doorward_status)-1 < 0);
AT(struct_size, 0);
AT(context, 1);
AT(log, 2);
AT(now_ms, 3);
AT(destroy, 4);
HOLDS(size_of_hooks, sizeof(doorward_hooks) == 5 * sizeof(void *));
HOLDS(statuses, DOORWARD_OK == 0 && DOORWARD_DENIED == 1 && DOORWARD_STEP_UP == 2 && DOORWARD_FORBIDDEN == 3 &&
                    DOORWARD_INVALID_REQUEST == 4 && DOORWARD_NOT_FOUND == 5 && DOORWARD_CONFLICT == 6 &&
                    DOORWARD_THROTTLED == 7 && DOORWARD_UNAVAILABLE == 8 && DOORWARD_CONFIG == 9 &&
                    DOORWARD_MISUSE == 10 && DOORWARD_INTERNAL == 11);
HOLDS(levels, DOORWARD_LOG_ERROR == 1 && DOORWARD_LOG_WARN == 2 && DOORWARD_LOG_INFO == 3);
#if DOORWARD_ABI != 1
#error "the soname is libdoorward.so.1"
#endif

int main(void) { return doorward_abi() == DOORWARD_ABI ? 0 : 1; }
