#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Write well-formed inputs for qemu-sev-fuzz.c into the named files."""

import base64
import json
import struct
import sys
import uuid


METADATA = struct.pack('<4sIIIIII', b'ASEV', 28, 1, 1, 0x800000, 4096, 1)


def firmware():
    """An image with all entries that a launch reads, and metadata."""
    table = b''
    for guid, data in (
            ('7255371f-3a3b-4b04-927b-1da6efa8d454', bytes(8)),
            ('4c2eb361-7d9b-4cc3-8081-127c90d3d294', bytes(8)),
            ('dc886566-984a-4798-a75e-5585a7bf67cc', struct.pack('<I', 252)),
            ('00f771de-1a7e-4fcb-890e-68c77e2fb44e', bytes(4))):
        table += data + struct.pack('<H', len(data) + 18)
        table += uuid.UUID(guid).bytes_le
    table += struct.pack('<H', len(table) + 18)
    table += uuid.UUID('96b582de-1fb2-45f7-baea-a366c55a082d').bytes_le
    image = bytes(300) + table + bytes(32)
    return image[:-252] + METADATA + image[-252 + len(METADATA):]


def old_firmware():
    """An image with the reset block in the table's place."""
    return (bytes(64) + struct.pack('<IH', 0x80b004, 22) +
            uuid.UUID('00f771de-1a7e-4fcb-890e-68c77e2fb44e').bytes_le +
            bytes(32))


def qmp(answer):
    """What a QEMU says to one question."""
    lines = ({'QMP': {}}, {'return': {}}, {'event': 'X'}, {'return': answer})
    return b''.join(json.dumps(line).encode() + b'\n' for line in lines)


def base64_zeros(size):
    """Certificates and the like."""
    return base64.b64encode(bytes(size)).decode()


CAPABILITIES = {'pdh': base64_zeros(2084), 'cpu0-id': base64_zeros(64),
                'cert-chain': base64_zeros(3 * 2084)}
STATUS = {'enabled': True, 'api-major': 1, 'api-minor': 55, 'build-id': 7,
          'state': 'running', 'handle': 3, 'policy': 5, 'sev-type': 'sev'}

SEEDS = (
    b'\0' + base64.b64encode(bytes(range(48))),
    b'\1736869e5-84f0-4973-92ec-06879ce3da0b:file',
    b'\2' + firmware(),
    b'\3\x09' + struct.pack('<IBBHIII', 1, 1, 51, 0, 0x1003, 3, 2),
    b'\x040x11000005',
    b'\5' + struct.pack('<I', len(METADATA)) + METADATA,
    b'\2' + old_firmware(),
    b'\6' + qmp(CAPABILITIES),
    b'\7' + qmp(STATUS),
    b'\7' + qmp({**STATUS, 'sev-type': 'sev-snp', 'snp-policy': 0x30000}),
)

for path, seed in zip(sys.argv[1:], SEEDS, strict=True):
    with open(path, 'wb') as file:
        file.write(seed)
