# SPDX-License-Identifier: GPL-2.0-or-later
"""Text that others wrote, on its way to a terminal."""

TEXT_MAX = 1000


def printable(text):
    """
    @text as one line without anything that a terminal acts on: an owner's
    reason, QEMU's words.
    """
    text = str(text).strip()
    if len(text) > TEXT_MAX:
        text = text[:TEXT_MAX] + ' ...'
    return ''.join(c if c.isprintable() else
                   c.encode('unicode_escape', 'surrogatepass').decode('ascii')
                   for c in text)
