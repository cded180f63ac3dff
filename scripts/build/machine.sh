# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fresh Debian machines to try the README's commands on: debootstrap trees in
# build/bare, entered with chroot.  Sourced after common.sh, never run.
#
# The mirror is the one of the machine's own apt.  The downloaded base and
# packages are not shared: fetching them is part of the proof.

test "$(id -u)" = 0 || die "this needs root: debootstrap, mount, chroot"
mirror=$("$scripts/private-apt" mirror)
test -n "$mirror" || die "apt knows no Debian mirror"
root=

# The reverse of enter_mounts, also when something failed half-way.
leave_mounts() {
    test -n "$root" || return 0
    for point in /assets /sys /dev/shm /dev/pts /dev /proc ''; do
        while mountpoint -q "$root$point"; do
            umount "$root$point" || umount -l "$root$point"
        done
    done
}

# A tree that is a mount of its own may have namespaces in it.
enter_mounts() {
    mkdir -p "$root/assets"
    mount --bind "$root" "$root"
    mount --make-private "$root"
    mount -t proc proc "$root/proc"
    mount --bind /dev "$root/dev"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
    mount -t tmpfs tmpfs "$root/dev/shm"
    mount -t sysfs -o ro sysfs "$root/sys"
    if test -n "$assets"; then
        mount --bind -o ro "$(realpath "$assets")" "$root/assets"
    fi
}

# make_tree RELEASE NAME: what a user has, a minimal system, make, and
# certificates, in build/bare/NAME
make_tree() {
    root=$build/bare/$2
    say "$2: debootstrap"
    leave_mounts
    rm -rf "$root"
    mkdir -p "$build/bare"
    debootstrap --variant=minbase --include=make,ca-certificates \
        "$1" "$root" "$mirror" > "$root.log" 2>&1 || {
        tail -n 20 "$root.log" >&2
        die "debootstrap of $1 failed, see $root.log"
    }
    # The same way to the archive as outside, and the same view of its age.
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-)' \
        > "$root/etc/apt/apt.conf.d/90machine" || true
}

# What a clone would hold, with changes that are not committed yet, in the
# folder /qemu-sev of the tree.
copy_checkout() {
    mkdir -p "$root/qemu-sev"
    (cd "$top" && git -c safe.directory="$top" ls-files -z -co --exclude-standard) |
        (cd "$top" && xargs -0 sh -c \
            'for f; do test ! -e "$f" || printf "%s\0" "$f"; done' sh) |
        tar -C "$top" --null -T - -cf - | tar -C "$root/qemu-sev" -xf -
}

# run_inside LABEL COMMAND [VARIABLE=VALUE...]: in the checkout, as root or, if
# $user is set, as that user
run_inside() {
    log=$root-$1.log
    label=$1
    command=$2
    shift 2
    chroot ${user:+--userspec="$user:$user"} "$root" \
        env -i HOME="${user:+/home/}${user:-/root}" TERM="${TERM:-dumb}" \
        LC_ALL=C.UTF-8 ${assets:+QEMU_SEV_ASSETS=/assets} \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        "$@" sh -c "cd /qemu-sev && $command" > "$log" 2>&1 || {
        tail -n 40 "$log" >&2
        die "${root##*/}: $label failed, see ${log#"$top"/}"
    }
    say "${root##*/}: $label: $(tail -n 1 "$log")"
}

trap leave_mounts EXIT
trap 'exit 1' HUP INT TERM
