/*
 * The only program of a small Linux guest: a driver, in user space, that lets a
 * device read and write its own memory.  A SEV guest's user memory is private,
 * so this driver is a broken one there.
 *
 * The device is QEMU's "edu", which copies up to 4 KiB to itself and back.
 * Lines on the console that start with "sev-dma:" are for the host to read.
 *
 *   sev-dma: source 0xGPA target 0xGPA same|different
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE            4096u
#define PCI_COMMAND     4
#define PCI_USABLE      6               /* memory, bus master */
#define BAR_SIZE        0x100000

/* Registers of edu */
#define DMA_SOURCE      0x80
#define DMA_TARGET      0x88
#define DMA_COUNT       0x90
#define DMA_COMMAND     0x98
#define DMA_START       1
#define DMA_TO_RAM      2
#define DMA_BUFFER      0x40000         /* in the device's address space */

typedef volatile uint64_t Register;     /* volatile: a device changes it */

static uint8_t *registers;

static void die(const char *what)
{
    printf("sev-dma: error: %s\n", what);
    reboot(RB_POWER_OFF);
    exit(1);
}

static void prepare(void)
{
    int fd = open("/dev/console", O_RDWR);

    for (int i = 0; fd >= 0 && i < 3; i++) {
        dup2(fd, i);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    mkdir("/proc", 0555);
    mkdir("/sys", 0555);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sysfs", "/sys", "sysfs", 0, NULL);
}

/* A file of the device, which is the only one of its class */
static int open_file(const char *name)
{
    char path[256];
    glob_t found;
    int fd = -1;

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/0*/%s", name);
    glob(path, 0, NULL, &found);
    for (size_t i = 0; i < found.gl_pathc && fd < 0; i++) {
        char id[64] = "", *slash;
        FILE *uevent;

        strcpy(path, found.gl_pathv[i]);
        slash = strrchr(path, '/');
        strcpy(slash, "/uevent");
        uevent = fopen(path, "r");
        while (uevent && fgets(id, sizeof(id), uevent) &&
               strncmp(id, "PCI_ID=", 7)) {
            continue;
        }
        if (uevent) {
            fclose(uevent);
        }
        if (!strcmp(id, "PCI_ID=1234:11E8\n")) {
            fd = open(found.gl_pathv[i], O_RDWR);
        }
    }
    globfree(&found);
    return fd;
}

static void start_device(void)
{
    uint16_t command = PCI_USABLE;
    int fd = open_file("config");

    if (fd < 0 || pwrite(fd, &command, 2, PCI_COMMAND) != 2) {
        die("no device");
    }
    close(fd);
    fd = open_file("resource0");
    registers = mmap(NULL, BAR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                     0);
    if (registers == MAP_FAILED) {
        die("no registers");
    }
}

static uint64_t physical(const void *address)
{
    int fd = open("/proc/self/pagemap", O_RDONLY);
    uint64_t entry = 0;

    if (fd < 0 || pread(fd, &entry, 8, (uintptr_t)address / PAGE * 8) != 8 ||
        !(entry >> 63)) {
        die("no physical address");
    }
    close(fd);
    return (entry & ((1ULL << 55) - 1)) * PAGE;
}

static Register *at(unsigned reg)
{
    return (Register *)(registers + reg);
}

static void move(uint64_t to, uint64_t from, uint64_t command)
{
    *at(DMA_SOURCE) = from;
    *at(DMA_TARGET) = to;
    *at(DMA_COUNT) = PAGE;
    *at(DMA_COMMAND) = command | DMA_START;
    while (*at(DMA_COMMAND) & DMA_START) {
        usleep(1000);
    }
}

int main(void)
{
    uint8_t *source, *target;
    uint64_t source_gpa, target_gpa;

    prepare();
    start_device();
    source = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
    if (source == MAP_FAILED) {
        die("no memory");
    }
    target = source + PAGE;
    memset(source, 'S', PAGE);
    memset(target, 'T', PAGE);
    source_gpa = physical(source);
    target_gpa = physical(target);
    move(DMA_BUFFER, source_gpa, 0);
    move(target_gpa, DMA_BUFFER, DMA_TO_RAM);
    printf("sev-dma: source 0x%llx target 0x%llx %s\n",
           (unsigned long long)source_gpa, (unsigned long long)target_gpa,
           memcmp(source, target, PAGE) ? "different" : "same");
    printf("sev-dma: done\n");
    reboot(RB_POWER_OFF);
    return 0;
}
