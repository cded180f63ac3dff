# SPDX-License-Identifier: GPL-2.0-or-later
#
# What every build script shares: where things are, and how to speak.
# Sourced, never run.

set -eu

top=$(cd "$(dirname "$0")" && while ! test -e scripts/build/common.sh; do cd ..; done; pwd)
build=$top/build
scripts=$top/scripts/build
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/qemu-sev
assets=${QEMU_SEV_ASSETS:-}

# Words of apt, dpkg and others are read here, and they speak many languages.
export LC_ALL=C.UTF-8
unset LANGUAGE

# The distribution's Python: a private one that comes first in PATH does not
# see the distribution's modules (meson, cryptography ...).
python=/usr/bin/python3

say() {
    echo "  $*"
}

warn() {
    echo "warning: $*" >&2
}

die() {
    echo "error: $*" >&2
    exit 1
}

# The newest file of the assets folder that matches a pattern, or nothing.
asset() {
    test -n "$assets" || return 0
    find -L "$assets" -maxdepth 1 -type f -name "$1" | sort -V | tail -n 1
}

# Write stdin to a file, but leave the file alone when nothing changed, so
# that nothing that depends on it is built again.
write_if_changed() {
    cat > "$1.new"
    if cmp -s "$1.new" "$1"; then
        rm "$1.new"
    else
        mv "$1.new" "$1"
    fi
}
