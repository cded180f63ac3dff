# SPDX-License-Identifier: GPL-2.0-or-later
"""
SEV's formats and formulas, written again for the tests.

From the SEV API (AMD publication 55766) with python3-cryptography, so that
qemu-sev is not its own judge.
"""

import hashlib
import hmac
import struct
import uuid

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

CERT_SIZE = 2084
BODY_SIZE = 0x414
SLOTS = (0x414, 0x61c)

ARK, ASK, NONE, OCA, PEK, PDH, CEK = (0, 0x13, 0x1000, 0x1001, 0x1002, 0x1003,
                                      0x1004)
RSA_SHA256, ECDSA_SHA256, ECDH_SHA256, RSA_SHA384 = 1, 2, 3, 0x101


def le(number, size):
    """A little-endian number."""
    return number.to_bytes(size, 'little')


def be(data):
    """A little-endian number back."""
    return int.from_bytes(data, 'little')


def new_key():
    """A P-384 key pair."""
    return ec.generate_private_key(ec.SECP384R1())


def public_numbers(data):
    """The public key in a SEV certificate."""
    x, y = be(data[0x14:0x5c]), be(data[0x5c:0xa4])
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP384R1()).public_key()


def cert(usage, key, api=(1, 51)):
    """An unsigned SEV certificate."""
    numbers = key.public_key().public_numbers()
    algo = ECDH_SHA256 if usage == PDH else ECDSA_SHA256
    body = struct.pack('<IBBHIII', 1, *api, 0, usage, algo, 2)
    body += le(numbers.x, 72) + le(numbers.y, 72)
    body = body.ljust(BODY_SIZE, b'\0')
    slot = struct.pack('<II', NONE, 0) + bytes(512)
    return body + slot + slot


def set_slot(data, slot, usage, algo, signature):
    """Put a signature into a SEV certificate."""
    at = SLOTS[slot]
    return (data[:at] + struct.pack('<II', usage, algo)
            + signature.ljust(512, b'\0') + data[at + 520:])


def sign(data, slot, usage, key):
    """Sign a SEV certificate with ECDSA."""
    der = key.sign(data[:BODY_SIZE], ec.ECDSA(hashes.SHA256()))
    r, s = utils.decode_dss_signature(der)
    return set_slot(data, slot, usage, ECDSA_SHA256, le(r, 72) + le(s, 72))


def signed_by(data, signer):
    """Whether one SEV certificate carries a signature of another."""
    usage = be(signer[8:12])
    for at in SLOTS:
        if be(data[at:at + 4]) != usage:
            continue
        r, s = be(data[at + 8:at + 80]), be(data[at + 80:at + 152])
        try:
            public_numbers(signer).verify(utils.encode_dss_signature(r, s),
                                          data[:BODY_SIZE],
                                          ec.ECDSA(hashes.SHA256()))
            return True
        except InvalidSignature:
            pass
    return False


class Amd:
    """An RSA key pair with an AMD certificate, 2048 or 4096 bits."""

    def __init__(self, usage, bits, key_id, signer=None):
        self.key = rsa.generate_private_key(65537, bits)
        self.usage, self.bits, self.key_id = usage, bits, key_id
        self.hash = hashes.SHA256() if bits == 2048 else hashes.SHA384()
        self.algo = RSA_SHA256 if bits == 2048 else RSA_SHA384
        signer = signer or self
        numbers = self.key.public_key().public_numbers()
        body = struct.pack('<I16s16sI16sII', 1, key_id, signer.key_id, usage,
                           bytes(16), bits, bits)
        body += le(numbers.e, bits // 8) + le(numbers.n, bits // 8)
        self.cert = body + signer.sign(body)

    def sign(self, data):
        """RSASSA-PSS, little-endian."""
        pss = padding.PSS(padding.MGF1(self.hash), self.hash.digest_size)
        return self.key.sign(data, pss, self.hash)[::-1]

    def sign_cek(self, data):
        """Sign a SEV certificate."""
        return set_slot(data, 0, self.usage, self.algo,
                        self.sign(data[:BODY_SIZE]))


def amd_verify(signer, data, signature):
    """Whether the key in an AMD certificate made a signature."""
    bits = be(signer[0x3c:0x40])
    size = bits // 8
    numbers = rsa.RSAPublicNumbers(be(signer[0x40:0x40 + size]),
                                   be(signer[0x40 + size:0x40 + 2 * size]))
    hash_ = hashes.SHA256() if bits == 2048 else hashes.SHA384()
    pss = padding.PSS(padding.MGF1(hash_), hash_.digest_size)
    numbers.public_key().verify(signature[:size][::-1], data, pss, hash_)


class Chain:
    """A complete platform with a root of its own."""

    def __init__(self, bits, ark_id=b'test root of our',
                 ask_id=b'test ask of ours'):
        self.ark = Amd(ARK, bits, ark_id)
        self.ask = Amd(ASK, bits, ask_id, self.ark)
        cek, oca, pek, pdh = (new_key() for _ in range(4))
        self.pdh_key = pdh
        self.cek = self.ask.sign_cek(cert(CEK, cek))
        self.oca = sign(cert(OCA, oca), 0, OCA, oca)
        self.pek = sign(sign(cert(PEK, pek), 0, OCA, oca), 1, CEK, cek)
        self.pdh = sign(cert(PDH, pdh), 0, PEK, pek)

    @property
    def certs(self):
        """As a chain file."""
        return self.pdh + self.pek + self.oca + self.cek

    @property
    def ca(self):
        """As a CA file."""
        return self.ask.cert + self.ark.cert


def mac(key, *parts):
    """HMAC-SHA-256."""
    return hmac.new(key, b''.join(parts), hashlib.sha256).digest()


def kdf(key, label, context=b''):
    """The first 128 bits of SEV's key derivation."""
    return mac(key, struct.pack('<I', 1), label, b'\0', context,
               struct.pack('<I', 128))[:16]


def ctr(key, iv, data):
    """AES-128-CTR."""
    cipher = Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor()
    return cipher.update(data) + cipher.finalize()


def open_session(pdh_key, godh, session, policy):
    """The firmware's side of a session: TEK and TIK, all MACs checked."""
    z = pdh_key.exchange(ec.ECDH(), public_numbers(godh))
    nonce, wrapped, iv, wrap_mac, policy_mac = struct.unpack(
        '16s32s16s32s32s', session)
    master = kdf(z, b'sev-master-secret', nonce)
    assert wrap_mac == mac(kdf(master, b'sev-kik'), wrapped), 'wrap MAC'
    keys = ctr(kdf(master, b'sev-kek'), iv, wrapped)
    tek, tik = keys[:16], keys[16:]
    assert policy_mac == mac(tik, struct.pack('<I', policy)), 'policy MAC'
    return tek, tik


def measurement(tik, api, build, policy, digest, nonce):
    """MEASURE and nonce."""
    return mac(tik, struct.pack('<BBBBI', 4, *api, build, policy), digest,
               nonce) + nonce


def kernel_hashes(kernel, initrd=b'', cmdline=b''):
    """The table that kernel-hashes=on measures."""
    def entry(guid, data):
        return (uuid.UUID(guid).bytes_le + struct.pack('<H', 50)
                + hashlib.sha256(data).digest())
    entries = entry('97d02dd8-bd20-4c94-aa78-e7714d36ab2a', cmdline + b'\0')
    entries += entry('44baf731-3a2f-4bd7-9af1-41e29169781d', initrd)
    entries += entry('4de79437-abd2-427f-b835-d5b172d2045b', kernel)
    table = uuid.UUID('9438d606-4f22-4cc9-b479-a793d411fd21').bytes_le
    return table + struct.pack('<H', 168) + entries + bytes(8)


def open_secret(tek, tik, measure, header, payload):
    """The firmware's side of a secret packet, its MAC checked."""
    flags, iv, tag = struct.unpack('<I16s32s', header)
    assert flags == 0, 'flags'
    size = struct.pack('<II', len(payload), len(payload))
    assert tag == mac(tik, b'\1', header[:4], iv, size, payload, measure), \
        'packet MAC'
    return ctr(tek, iv, payload)


def secrets_of(table):
    """The entries of a table of secrets, as {guid: data}, and the padding."""
    guid, size = struct.unpack_from('<16sI', table)
    assert uuid.UUID(bytes_le=guid) == uuid.UUID(
        '1e74f542-71dd-4d66-963e-ef4287ff173b'), 'table GUID'
    found, at = {}, 20
    while at < size:
        guid, length = struct.unpack_from('<16sI', table, at)
        found[str(uuid.UUID(bytes_le=guid))] = table[at + 20:at + length]
        at += length
    assert at == size, 'table length'
    return found, table[size:]


def firmware(size=4096, entries=()):
    """An image with a GUIDed table of (guid, data)."""
    table = b''
    for guid, data in entries:
        table += data + struct.pack('<H', len(data) + 18)
        table += uuid.UUID(guid).bytes_le
    table += struct.pack('<H', len(table) + 18)
    table += uuid.UUID('96b582de-1fb2-45f7-baea-a366c55a082d').bytes_le
    body = bytes((7 * i + 3) % 256 for i in range(size - 32 - len(table)))
    return body + table + bytes(32)


RESET_BLOCK = ('00f771de-1a7e-4fcb-890e-68c77e2fb44e',
               struct.pack('<I', 0x80b004))
HASH_AREA = ('7255371f-3a3b-4b04-927b-1da6efa8d454',
             struct.pack('<II', 0x810c00, 0x400))
