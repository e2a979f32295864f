/* Ends a program instead of its write number CUT_AT to a file, as a cut of power does: preloaded by the dynamic linker. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENDED 99

static void count(int fd)
{
    static long writes;
    const char *at = getenv("CUT_AT");
    struct stat about;

    if (at && !fstat(fd, &about) && S_ISREG(about.st_mode) && ++writes == atol(at))
        _exit(ENDED);
}

ssize_t write(int fd, const void *data, size_t size)
{
    ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");

    count(fd);
    return real(fd, data, size);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
    ssize_t (*real)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pwrite64");

    count(fd);
    return real(fd, data, size, at);
}
