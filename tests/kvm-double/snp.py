# SPDX-License-Identifier: GPL-2.0-or-later
"""
What the owner of a SEV-SNP guest computes: the launch digest, and the ID block
that names it (SNP firmware ABI, SNP_LAUNCH_UPDATE and SNP_LAUNCH_FINISH).
"""

import hashlib
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

PAGE = 4096
POLICY = 0x30000
NORMAL, VMSA, ZERO, SECRETS, CPUID = 1, 2, 3, 5, 6
VMSA_GPA = 0xfffffffff000


def extend(digest, kind, gpa, data=None):
    """The launch digest after one page."""
    contents = hashlib.sha384(data).digest() if data else bytes(48)
    return hashlib.sha384(digest + contents + struct.pack(
        '<HBBIQ', 0x70, kind, 0, 0, gpa)).digest()


def extend_range(digest, kind, gpa, size, data=None):
    """The launch digest after a range of pages; DATA: if it is measured."""
    for at in range(0, size, PAGE):
        digest = extend(digest, kind, gpa + at,
                        data[at:at + PAGE] if data else None)
    return digest


def key():
    """A new key of the guest's owner."""
    return ec.generate_private_key(ec.SECP384R1())


def public(private):
    """Its public part as the firmware wants it."""
    numbers = private.public_key().public_numbers()
    return struct.pack('<I72s72s', 2, numbers.x.to_bytes(48, 'little'),
                       numbers.y.to_bytes(48, 'little')).ljust(0x404, b'\0')


def signature(private, data):
    """Of DATA, likewise."""
    r, s = utils.decode_dss_signature(
        private.sign(data, ec.ECDSA(hashes.SHA384())))
    return struct.pack('<72s72s', r.to_bytes(48, 'little'),
                       s.to_bytes(48, 'little')).ljust(0x200, b'\0')


def id_block(digest, policy=POLICY):
    """Who a guest with this launch digest is."""
    return struct.pack('<48s16s16sIIQ', digest, b'family', b'image', 1, 7,
                       policy)


def id_auth(block, id_key, author=None):
    """Keys and signatures that go with the block."""
    auth = bytearray(PAGE)
    struct.pack_into('<II', auth, 0, 1, 1 if author else 0)
    auth[0x40:0x240] = signature(id_key, block)
    auth[0x240:0x644] = public(id_key)
    if author:
        auth[0x680:0x880] = signature(author, public(id_key))
        auth[0x880:0xc84] = public(author)
    return bytes(auth)
