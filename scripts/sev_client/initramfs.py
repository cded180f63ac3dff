# SPDX-License-Identifier: GPL-2.0-or-later
"""An initramfs in the kernel's cpio format ("newc")."""

import stat


def _entry(name, mode, content=b'', rdev=(0, 0)):
    """One file; header and content are padded to four bytes."""
    fields = [0, mode, 0, 0, 1, 0, len(content), 0, 0, *rdev,
              len(name) + 1, 0]
    head = b'070701' + b''.join(b'%08X' % field for field in fields)
    head += name.encode() + b'\0'
    return head.ljust(-len(head) % 4 + len(head), b'\0') \
        + content.ljust(-len(content) % 4 + len(content), b'\0')


def build(init, files=None):
    """
    An archive whose /init is the program @init, which needs nothing else or
    what is in @files: content by path, all executable.
    """
    files = files or {}
    folders = sorted({path.rsplit('/', 1)[0] for path in files if '/' in path})
    return (_entry('dev', stat.S_IFDIR | 0o755)
            + _entry('dev/console', stat.S_IFCHR | 0o600, rdev=(5, 1))
            + b''.join(_entry(name, stat.S_IFDIR | 0o755) for name in folders)
            + b''.join(_entry(name, stat.S_IFREG | 0o755, content)
                       for name, content in files.items())
            + _entry('init', stat.S_IFREG | 0o755, init)
            + _entry('TRAILER!!!', 0))
