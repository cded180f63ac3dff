# SPDX-License-Identifier: GPL-2.0-or-later
"""
A guest owner of the tests' own, who shares no code with QEMU or qemu-sev: the
formulas are in sevformats, the cryptography is python3-cryptography's.
"""

import base64
import hashlib
import os
import struct
import uuid
from pathlib import Path

import sevformats as sev
import vmsa
from sev_client.owner import Packet, Session

RESET_BLOCK_GUID = uuid.UUID('00f771de-1a7e-4fcb-890e-68c77e2fb44e')

POLICY_ES = 1 << 2

# EAX of CPUID leaf 1
SIGNATURES = {'EPYC': vmsa.EPYC, 'EPYC-Milan': 0xa00f11,
              'Skylake-Server': 0x50654}

TABLE_GUID = uuid.UUID('1e74f542-71dd-4d66-963e-ef4287ff173b')


def secret_table(secrets):
    """The table of (GUID, bytes) that firmware hands to the guest."""
    entries = b''.join(uuid.UUID(guid).bytes_le
                       + struct.pack('<I', 20 + len(data)) + data
                       for guid, data in secrets)
    table = (TABLE_GUID.bytes_le + struct.pack('<I', 20 + len(entries))
             + entries)
    return table.ljust(-len(table) % 16 + len(table), b'\0')


def reset_address(firmware):
    """Where the firmware image says that other processors than the first start."""
    entry = firmware.rindex(RESET_BLOCK_GUID.bytes_le)
    return struct.unpack_from('<I', firmware, entry - 6)[0]


def registers(guest):
    """The pages with the first registers of all processors of @guest."""
    start = reset_address(Path(guest.firmware).read_bytes())
    signature = SIGNATURES[guest.cpu_model]
    return (vmsa.build(signature=signature)
            + (guest.cpus - 1) * vmsa.build(start, signature))


def launch_digest(guest):
    """SHA-256 of what the platform measures when it launches @guest."""
    measured = Path(guest.firmware).read_bytes()
    if guest.kernel:
        measured += sev.kernel_hashes(
            Path(guest.kernel).read_bytes(),
            Path(guest.initrd).read_bytes() if guest.initrd else b'',
            (guest.cmdline or '').encode())
    if guest.policy & POLICY_ES:
        measured += registers(guest)
    return hashlib.sha256(measured).digest()


class GuestOwner:
    """One owner, one session at a time; files for the host go to @folder."""

    def __init__(self, folder):
        self._folder = Path(folder)
        self.tek = self.tik = None

    def make_session(self, pdh, policy):
        """
        Fresh transport keys, wrapped for the platform with this PDH: the ECDH
        secret gives the master secret, that gives the wrapping keys.
        """
        self.tek, self.tik = os.urandom(16), os.urandom(16)
        key = sev.new_key()
        shared = key.exchange(sev.ec.ECDH(), sev.public_numbers(pdh))
        nonce, iv = os.urandom(16), os.urandom(16)
        master = sev.kdf(shared, b'sev-master-secret', nonce)
        wrapped = sev.ctr(sev.kdf(master, b'sev-kek'), iv,
                          self.tek + self.tik)
        session = (nonce + wrapped + iv
                   + sev.mac(sev.kdf(master, b'sev-kik'), wrapped)
                   + sev.mac(self.tik, struct.pack('<I', policy)))
        files = Session(str(self._folder / 'godh.b64'),
                        str(self._folder / 'session.b64'))
        for name, data in ((files.dh_cert, sev.cert(sev.PDH, key, (0, 0))),
                           (files.session, session)):
            Path(name).write_bytes(base64.b64encode(data))
        return files

    def expected_blob(self, evidence, digest):
        """The measurement that the platform must give for this digest."""
        nonce = base64.b64decode(evidence.blob)[32:]
        return sev.measurement(self.tik,
                               (evidence.api_major, evidence.api_minor),
                               evidence.build_id, evidence.policy, digest,
                               nonce)

    def trusts(self, evidence, guest):
        """Did the platform measure exactly @guest, under our policy?"""
        blob = base64.b64decode(evidence.blob)
        return (len(blob) == 48 and evidence.policy == guest.policy
                and blob == self.expected_blob(evidence,
                                               launch_digest(guest)))

    def make_packet(self, evidence, secrets, gpa=None):
        """Encrypt (GUID, bytes) pairs for the launch with this measurement."""
        table, iv = secret_table(secrets), os.urandom(16)
        payload = sev.ctr(self.tek, iv, table)
        flags, size = bytes(4), struct.pack('<I', len(table))
        measure = base64.b64decode(evidence.blob)[:32]
        tag = sev.mac(self.tik, b'\1', flags, iv, size, size, payload,
                      measure)
        return Packet(base64.b64encode(flags + iv + tag).decode(),
                      base64.b64encode(payload).decode(), gpa)
