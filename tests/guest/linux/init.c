/*
 * The only program of a small Linux guest: what the kernel says about memory
 * encryption, and the launch secret that the firmware hands on
 *
 * Lines on the console that start with "sev-init:" are for the host to read.
 * Linked statically, so that the initramfs needs nothing else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/sysmacros.h>
#include <sys/stat.h>
#include <unistd.h>
#include "secret-table.h"

static void mount_all(void)
{
    mkdir("/proc", 0555);
    mkdir("/sys", 0555);
    mkdir("/dev", 0755);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sysfs", "/sys", "sysfs", 0, NULL);
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
}

/* A kernel without a console at hand starts us without open files. */
static void open_console(void)
{
    int fd = open("/dev/console", O_RDWR);

    for (int i = 0; fd >= 0 && i < 3; i++) {
        dup2(fd, i);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
}

/* Each read gives one record: "priority,number,time,flags;text\n". */
static void print_kernel_words(void)
{
    char record[1024];
    int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
    ssize_t size;

    while (fd >= 0 && (size = read(fd, record, sizeof(record) - 1)) > 0) {
        char *text;

        record[size] = '\0';
        record[strcspn(record, "\n")] = '\0';
        text = strchr(record, ';');
        if (text && strstr(text, "Memory Encryption")) {
            printf("sev-init: kernel: %s\n", text + 1);
        }
    }
    close(fd);
}

/* Bytes that are text as text, anything else in hexadecimal digits. */
static void print_entry(const char *guid, const uint8_t *data, size_t size)
{
    bool text = size > 0;

    for (size_t i = 0; i < size; i++) {
        text &= data[i] >= ' ' && data[i] <= '~';
    }
    printf("sev-init: secret %s %s ", guid, text ? "text" : "hex");
    for (size_t i = 0; i < size; i++) {
        printf(text ? "%c" : "%02x", data[i]);
    }
    printf("\n");
}

static void print_cmdline(void)
{
    char text[4096];
    int fd = open("/proc/cmdline", O_RDONLY);
    ssize_t size = read(fd, text, sizeof(text));

    if (size > 0) {
        printf("sev-init: cmdline: %.*s", (int)size, text);
    }
    close(fd);
}

int main(void)
{
    const char *problem;

    mount_all();
    open_console();
    printf("sev-init: start\n");
    print_cmdline();
    print_kernel_words();
    problem = secret_table_for_each(print_entry);
    if (problem) {
        printf("sev-init: no secret: %s\n", problem);
    }
    printf("sev-init: done\n");
    sync();
    reboot(RB_POWER_OFF);
    return 1;
}
