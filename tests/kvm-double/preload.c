/*
 * A double of /dev/kvm and /dev/sev: the calls that it takes over
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each descriptor that QEMU gets is a memory file, so it can be mapped,
 * inherited and polled like any; only open and ioctl have to be ours.
 */

/* They would rename open(), which is to be defined here */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "double.h"

#define MAX_FDS 4096

typedef struct DoubleFd {
    DoubleKind kind;
    unsigned index;
    ino_t inode;                /* tells a closed one from its successor */
} DoubleFd;

static DoubleFd fds[MAX_FDS];
static GRecMutex lock;

int double_fail(int err)
{
    errno = -err;
    return -1;
}

int double_fd_new(DoubleKind kind, unsigned index, size_t size)
{
    int fd = memfd_create("kvm-double", MFD_CLOEXEC);
    struct stat st;

    if (fd < 0 || fd >= MAX_FDS || ftruncate(fd, size) < 0 ||
        fstat(fd, &st) < 0) {
        return double_fail(-EMFILE);
    }
    fds[fd] = (DoubleFd) { .kind = kind, .index = index, .inode = st.st_ino };
    return fd;
}

DoubleKind double_fd_kind(int fd, unsigned *index)
{
    struct stat st;

    if (fd < 0 || fd >= MAX_FDS || fds[fd].kind == DOUBLE_NONE) {
        return DOUBLE_NONE;
    }
    if (fstat(fd, &st) < 0 || st.st_ino != fds[fd].inode) {
        return DOUBLE_NONE;
    }
    if (index) {
        *index = fds[fd].index;
    }
    return fds[fd].kind;
}

static int open_sev(int flags)
{
    DoubleFault fault = double_fault("open");
    int err = !double_has_sev() ? ENOENT :
              fault.kind == FAULT_ERRNO ? (int)fault.value : 0;

    double_log("open /dev/sev%s%s", err ? ": " : "", err ? strerror(err) : "");
    return err ? double_fail(-err)
               : double_fd_new(DOUBLE_SEV, (flags & O_ACCMODE) != O_RDONLY, 0);
}

/* Whether @path is ours; then @fd is set to what open() returns */
static bool take_over(const char *path, int flags, int *fd)
{
    if (strcmp(path, "/dev/kvm") == 0) {
        *fd = double_fd_new(DOUBLE_KVM, 0, 0);
        return true;
    }
    if (strcmp(path, "/dev/sev") == 0) {
        *fd = open_sev(flags);
        return true;
    }
    return false;
}

/* Without a mode nobody looks at it */
static mode_t mode_of(int flags, va_list ap)
{
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}

#define INTERPOSE_OPEN(name)                                            \
    int name(const char *path, int flags, ...)                          \
    {                                                                   \
        static int (*real)(const char *, int, ...);                     \
        va_list ap;                                                     \
        mode_t mode;                                                    \
        int fd;                                                         \
                                                                        \
        va_start(ap, flags);                                            \
        mode = mode_of(flags, ap);                                      \
        va_end(ap);                                                     \
        if (take_over(path, flags, &fd)) {                                     \
            return fd;                                                  \
        }                                                               \
        if (!real) {                                                    \
            real = dlsym(RTLD_NEXT, #name);                             \
        }                                                               \
        return real(path, flags, mode);                                 \
    }

/* The checking variants of _FORTIFY_SOURCE take no mode */
#define INTERPOSE_OPEN_2(name)                                          \
    int name(const char *path, int flags)                               \
    {                                                                   \
        static int (*real)(const char *, int);                          \
        int fd;                                                         \
                                                                        \
        if (take_over(path, flags, &fd)) {                                     \
            return fd;                                                  \
        }                                                               \
        if (!real) {                                                    \
            real = dlsym(RTLD_NEXT, #name);                             \
        }                                                               \
        return real(path, flags);                                       \
    }

INTERPOSE_OPEN(open)
INTERPOSE_OPEN(open64)
INTERPOSE_OPEN_2(__open_2)
INTERPOSE_OPEN_2(__open64_2)

/* A hole in a guest_memfd: memory that stops to be private.  Or in a file */
#define INTERPOSE_FALLOCATE(name, offset_type)                          \
    int name(int fd, int mode, offset_type offset, offset_type len)     \
    {                                                                   \
        static int (*real)(int, int, offset_type, offset_type);         \
        unsigned index;                                                 \
        int err = 0;                                                    \
                                                                        \
        if (mode & FALLOC_FL_PUNCH_HOLE &&                              \
            double_fd_kind(fd, &index) == DOUBLE_GUEST_MEMFD) {         \
            g_rec_mutex_lock(&lock);                                    \
            err = double_discard(index, offset, len);                   \
            g_rec_mutex_unlock(&lock);                                  \
        } else if (mode & FALLOC_FL_PUNCH_HOLE) {                       \
            err = double_fault_errno("fallocate");                      \
        }                                                               \
        if (err) {                                                      \
            return double_fail(err);                                    \
        }                                                               \
        if (!real) {                                                    \
            real = dlsym(RTLD_NEXT, #name);                             \
        }                                                               \
        return real(fd, mode, offset, len);                             \
    }

INTERPOSE_FALLOCATE(fallocate, off_t)
INTERPOSE_FALLOCATE(fallocate64, off64_t)

/* What was shared is given back */
int madvise(void *addr, size_t len, int advice)
{
    static int (*real)(void *, size_t, int);
    int err = advice == MADV_DONTNEED || advice == MADV_REMOVE ?
              double_fault_errno("madvise") : 0;

    if (err) {
        return double_fail(err);
    }
    if (!real) {
        real = dlsym(RTLD_NEXT, "madvise");
    }
    return real(addr, len, advice);
}

static int dispatch(DoubleKind kind, unsigned index,
                    unsigned long request, void *arg)
{
    const char *name = double_ioctl_name(request);
    int ret = name ? double_fault_errno(name) : 0;

    if (ret) {
        return double_fail(ret);
    }
    /* A vCPU that runs must not keep the others from their calls */
    if (kind == DOUBLE_VCPU) {
        return double_vcpu_ioctl(&double_vm.vcpus[index], request, arg);
    }
    g_rec_mutex_lock(&lock);
    ret = kind == DOUBLE_KVM ? double_kvm_ioctl(request, arg) :
          kind == DOUBLE_VM ? double_vm_ioctl(request, arg) :
          double_sev_ioctl(request, arg, index);
    g_rec_mutex_unlock(&lock);
    return ret;
}

int ioctl(int fd, unsigned long request, ...)
{
    static int (*real)(int, unsigned long, void *);
    unsigned index = 0;
    DoubleKind kind = double_fd_kind(fd, &index);
    va_list ap;
    void *arg;

    va_start(ap, request);
    arg = va_arg(ap, void *);
    va_end(ap);
    if (kind != DOUBLE_NONE) {
        return dispatch(kind, index, request, arg);
    }
    if (!real) {
        real = dlsym(RTLD_NEXT, "ioctl");
    }
    return real(fd, request, arg);
}
