/*
 * Stands between a process and the files or the server of its store (LD_PRELOAD): the call that FAULT names fails, or is the
 * process's last. FAULT is "CLASS:NTH:ERRNO:TIMES": from the NTH call of this class on, TIMES calls fail with
 * ERRNO; ERRNO 0 kills the process after half of what it wanted to write. The file FAULT_HIT tells that it happened.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

static char class[16];
static int nth, error, times;
static atomic_int calls;

__attribute__((constructor)) static void begin(void) {
    const char *fault = getenv("FAULT");
    if (fault == NULL || sscanf(fault, "%15[^:]:%d:%d:%d", class, &nth, &error, &times) != 4) {
        nth = 0;
    }
}

static int of_the_store(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) {
        return 0;
    }
    path[length] = '\0';
    return strstr(path, "/store.db") != NULL;
}

/* Whether this call is to fail. */
static int fails(const char *what, int fd) {
    if (nth == 0 || strcmp(what, class) != 0 || (strcmp(what, "send") != 0 && !of_the_store(fd))) {
        return 0;
    }
    int call = atomic_fetch_add(&calls, 1) + 1;
    if (call < nth || call >= nth + times) {
        return 0;
    }
    close(open(getenv("FAULT_HIT"), O_CREAT | O_WRONLY, 0600));
    errno = error;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define WRITING(name, offset_type)                                                                     \
    ssize_t name(int fd, const void *bytes, size_t length, offset_type offset) {                       \
        if (fails("write", fd)) {                                                                      \
            if (error == 0) {                                                                          \
                REAL(name)(fd, bytes, length / 2, offset);                                             \
                raise(SIGKILL);                                                                        \
            }                                                                                          \
            return -1;                                                                                 \
        }                                                                                              \
        return REAL(name)(fd, bytes, length, offset);                                                  \
    }
WRITING(pwrite, off_t)
WRITING(pwrite64, off64_t)

ssize_t write(int fd, const void *bytes, size_t length) {
    if (fails("write", fd)) {
        if (error == 0) {
            REAL(write)(fd, bytes, length / 2);
            raise(SIGKILL);
        }
        return -1;
    }
    return REAL(write)(fd, bytes, length);
}

ssize_t send(int fd, const void *bytes, size_t length, int flags) {
    if (fails("send", fd)) {
        if (error == 0) {
            raise(SIGKILL);
        }
        return -1;
    }
    return REAL(send)(fd, bytes, length, flags);
}

ssize_t pread(int fd, void *bytes, size_t length, off_t offset) {
    return fails("read", fd) ? -1 : REAL(pread)(fd, bytes, length, offset);
}

ssize_t pread64(int fd, void *bytes, size_t length, off64_t offset) {
    return fails("read", fd) ? -1 : REAL(pread64)(fd, bytes, length, offset);
}

ssize_t read(int fd, void *bytes, size_t length) {
    return fails("read", fd) ? -1 : REAL(read)(fd, bytes, length);
}

/* A sync that kills does nothing before. */
#define SYNCING(name)                                                                                  \
    int name(int fd) {                                                                                 \
        if (fails("sync", fd)) {                                                                       \
            if (error == 0) {                                                                          \
                raise(SIGKILL);                                                                        \
            }                                                                                          \
            return -1;                                                                                 \
        }                                                                                              \
        return REAL(name)(fd);                                                                         \
    }
SYNCING(fsync)
SYNCING(fdatasync)

int rename(const char *from, const char *to) {
    int fd = open(from, O_RDONLY);
    int is_to_fail = fd >= 0 && fails("rename", fd);
    if (fd >= 0) {
        close(fd);
    }
    if (is_to_fail) {
        if (error == 0) {
            raise(SIGKILL);
        }
        return -1;
    }
    return REAL(rename)(from, to);
}

int ftruncate(int fd, off_t length) {
    return fails("truncate", fd) ? -1 : REAL(ftruncate)(fd, length);
}

int ftruncate64(int fd, off64_t length) {
    return fails("truncate", fd) ? -1 : REAL(ftruncate64)(fd, length);
}
