/* Reads and writes that do less than was asked for, and that are interrupted, as POSIX allows (read(2), write(2)). Loaded before
 * the C library: SHORT_STEP is the most bytes of one call, and each SHORT_INTERRUPTED-th call does nothing. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_ulong calls;

static int cut(size_t *count)
{
    const char *step = getenv("SHORT_STEP"), *interrupted = getenv("SHORT_INTERRUPTED"), *proof = getenv("SHORT_PROOF");
    if (!step || !interrupted)
        return 0;
    unsigned long call = atomic_fetch_add(&calls, 1) + 1;
    if (call == 20 && proof)
        close(open(proof, O_CREAT | O_WRONLY, 0600));
    if (call % strtoul(interrupted, 0, 10) == 0) {
        errno = EINTR;
        return -1;
    }
    size_t most = strtoul(step, 0, 10);
    if (*count > most)
        *count = most;
    return 0;
}

ssize_t read(int fd, void *to, size_t count)
{
    ssize_t (*real)(int, void *, size_t) = dlsym(RTLD_NEXT, "read");
    return cut(&count) ? -1 : real(fd, to, count);
}

ssize_t write(int fd, const void *from, size_t count)
{
    ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    return cut(&count) ? -1 : real(fd, from, count);
}

ssize_t pread64(int fd, void *to, size_t count, off64_t at)
{
    ssize_t (*real)(int, void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pread64");
    return cut(&count) ? -1 : real(fd, to, count, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    (void)count;
    return write(fd, parts[0].iov_base, parts[0].iov_len);
}
