#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The init of a Linux guest that does I/O over every device it has and says the
# checksums of what went through, for the host to compare: lines that start
# with "io:", on the serial port and all of them again on the virtio console.
#
#   io: disk NAME read SHA256 wrote SHA256 back SHA256
#   io: net read SHA256 wrote SHA256 back SHA256
#   io: rng HEX
#
# The first half of a disk is read, the second one written and read back.  The
# net has a file on a TFTP server and a service that echoes.  The line of a
# device that does not work is missing after half a minute, or as many seconds
# as "patience" says on the kernel's command line.

PATH=/bin
HALF=32                 # blocks of half a disk
BLOCK=64k

say() {
    echo "io: $*" | tee -a /report
}

sha() {
    sha256sum | cut -c 1-64
}

disk() {
    test -b "/dev/$2" || return
    read=$(dd if="/dev/$2" bs=$BLOCK count=$HALF 2>/dev/null | sha)
    dd if=/random of="/dev/$2" bs=$BLOCK seek=$HALF conv=fsync 2>/dev/null
    wrote=$(sha < /random)
    echo 3 > /proc/sys/vm/drop_caches
    back=$(dd if="/dev/$2" bs=$BLOCK skip=$HALF count=$HALF 2>/dev/null | sha)
    say "disk $1 read $read wrote $wrote back $back"
}

net() {
    test -e /sys/class/net/eth0 || return
    ip link set eth0 up
    ip addr add 10.0.2.15/24 dev eth0
    tftp -g -b 1428 -r data -l /data 10.0.2.2 || return
    back=$(nc 10.0.2.100 9 < /random | sha)
    say "net read $(sha < /data) wrote $(sha < /random) back $back"
}

console() {
    test -c /dev/hvc0 || return
    cat /report > /dev/hvc0
}

rng() {
    test -c /dev/hwrng || return
    say "rng $(dd if=/dev/hwrng bs=32 count=1 2>/dev/null | xxd -p -c 32)"
}

# A driver whose device does not answer may never come back: leave it behind.
within() {
    rm -f /finished
    ("$@"; touch /finished) &
    left=$((10 * ${patience:-30}))
    while test ! -e /finished && test $left -gt 0; do
        usleep 100000
        left=$((left - 1))
    done
}

/bin/busybox mkdir -p /proc /sys /dev
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
say "kernel $(dmesg | grep -o 'Memory Encryption Features active.*')"
for module in /modules/*; do
    within insmod "$module"
done
dd if=/dev/urandom of=/random bs=$BLOCK count=$HALF 2>/dev/null
within disk virtio vda
within disk nvme nvme0n1
within disk ahci sda
within net
within rng
within console
say done
poweroff -n -f
