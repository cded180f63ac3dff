#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Write well-formed inputs for qemu-sev-fuzz.c into the named files."""

import base64
import struct
import sys
import uuid


def firmware():
    """An image with the three entries that qemu-sev reads."""
    table = b''
    for guid, data in (
            ('7255371f-3a3b-4b04-927b-1da6efa8d454', bytes(8)),
            ('4c2eb361-7d9b-4cc3-8081-127c90d3d294', bytes(8)),
            ('00f771de-1a7e-4fcb-890e-68c77e2fb44e', bytes(4))):
        table += data + struct.pack('<H', len(data) + 18)
        table += uuid.UUID(guid).bytes_le
    table += struct.pack('<H', len(table) + 18)
    table += uuid.UUID('96b582de-1fb2-45f7-baea-a366c55a082d').bytes_le
    return bytes(64) + table + bytes(32)


SEEDS = (
    b'\0' + base64.b64encode(bytes(range(48))),
    b'\1736869e5-84f0-4973-92ec-06879ce3da0b:file',
    b'\2' + firmware(),
    b'\3\x09' + struct.pack('<IBBHIII', 1, 1, 51, 0, 0x1003, 3, 2),
    b'\x040x11000005',
    b'\5' + struct.pack('<I4sIIIIII', 28, b'ASEV', 28, 1, 1, 0x800000, 4096, 1),
)

for path, seed in zip(sys.argv[1:], SEEDS, strict=True):
    with open(path, 'wb') as file:
        file.write(seed)
