/* Stands between a process and the files of one folder (LD_PRELOAD).
 *
 * Notes every write, truncation, removal and wait for the disk in the file DISK_NOTES, in the order in which they happen; while
 * there is a file DISK_FAILS, waiting for the disk fails as it does on a bad one. The disk itself is not waited for:
 * what would have been on it is made from the notes.
 *
 * A note is a letter, the length of a name and the name, two numbers of 8 bytes in the order of this machine, and the
 * bytes that were written. The name of the folder itself is empty.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* The name of a file below the folder; NULL for any other, and for memory that processes share. */
static const char *below(const char *path) {
    const char *folder = getenv("DISK_FOLDER");
    size_t prefix = folder ? strlen(folder) : 0;
    if (prefix == 0 || strncmp(path, folder, prefix) != 0 || (path[prefix] != '/' && path[prefix] != 0))
        return NULL;
    const char *name = path + prefix + (path[prefix] == '/');
    size_t left = strlen(name);
    return left > 4 && strcmp(name + left - 4, "-shm") == 0 ? NULL : name;
}

/* The same for an open file. */
static const char *watched(int descriptor, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0)
        return NULL;
    path[length] = 0;
    return below(path);
}

static void put(int notes, const void *bytes, size_t length) {
    __typeof__(&write) real = REAL(write);
    for (const char *next = bytes; length > 0;) {
        ssize_t wrote = real(notes, next, length);
        if (wrote <= 0)
            abort();
        next += wrote;
        length -= (size_t)wrote;
    }
}

static void note(char kind, const char *name, uint64_t place, const void *bytes, uint64_t length) {
    static int notes = -1;
    if (notes < 0)
        notes = open(getenv("DISK_NOTES"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    unsigned char head[2] = {(unsigned char)kind, (unsigned char)strlen(name)};
    put(notes, head, sizeof head);
    put(notes, name, head[1]);
    put(notes, &place, sizeof place);
    put(notes, &length, sizeof length);
    put(notes, bytes, length);
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
    char path[PATH_MAX];
    const char *name = watched(descriptor, path);
    if (!name)
        return REAL(write)(descriptor, bytes, length);
    pthread_mutex_lock(&one_at_a_time);
    off_t place = lseek(descriptor, 0, SEEK_CUR);
    ssize_t wrote = REAL(write)(descriptor, bytes, length);
    if (wrote > 0)
        note('w', name, (uint64_t)place, bytes, (uint64_t)wrote);
    pthread_mutex_unlock(&one_at_a_time);
    return wrote;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t place) {
    char path[PATH_MAX];
    const char *name = watched(descriptor, path);
    if (!name)
        return REAL(pwrite)(descriptor, bytes, length, place);
    pthread_mutex_lock(&one_at_a_time);
    ssize_t wrote = REAL(pwrite)(descriptor, bytes, length, place);
    if (wrote > 0)
        note('w', name, (uint64_t)place, bytes, (uint64_t)wrote);
    pthread_mutex_unlock(&one_at_a_time);
    return wrote;
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t place) {
    return pwrite(descriptor, bytes, length, (off_t)place);
}

int ftruncate(int descriptor, off_t length) {
    char path[PATH_MAX];
    const char *name = watched(descriptor, path);
    if (!name)
        return REAL(ftruncate)(descriptor, length);
    pthread_mutex_lock(&one_at_a_time);
    int failed = REAL(ftruncate)(descriptor, length);
    if (!failed)
        note('t', name, (uint64_t)length, "", 0);
    pthread_mutex_unlock(&one_at_a_time);
    return failed;
}

int ftruncate64(int descriptor, off64_t length) { return ftruncate(descriptor, (off_t)length); }

int unlink(const char *path) {
    const char *name = below(path);
    if (!name)
        return REAL(unlink)(path);
    pthread_mutex_lock(&one_at_a_time);
    int failed = REAL(unlink)(path);
    if (!failed)
        note('u', name, 0, "", 0);
    pthread_mutex_unlock(&one_at_a_time);
    return failed;
}

static int waited(int descriptor, int (*real)(int)) {
    char path[PATH_MAX];
    const char *name = watched(descriptor, path);
    if (!name)
        return real(descriptor);
    pthread_mutex_lock(&one_at_a_time);
    int fails = access(getenv("DISK_FAILS"), F_OK) == 0;
    note(fails ? 'f' : 's', name, 0, "", 0);
    pthread_mutex_unlock(&one_at_a_time);
    if (fails)
        errno = EIO;
    return fails ? -1 : 0;
}

int fsync(int descriptor) { return waited(descriptor, REAL(fsync)); }

int fdatasync(int descriptor) { return waited(descriptor, REAL(fdatasync)); }
