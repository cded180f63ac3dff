#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Make builtin-identity.c.inc: the public half of the built-in identity.

Everything follows from the published seed (docs/specs/sev-asp-state.rst), so
running this again gives the same bytes; "--check" says whether the file is
what it ought to be.  The library derives the private keys of the chip and of
its owner from the same seed by itself; only what would cost it time at each
start is in the file.

This is a second implementation of the formulas on purpose: it shares nothing
with the C code and needs nothing but Python.
"""

import hashlib
import hmac
import os
import struct
import sys

SEED = b'QEMU emulated AMD SEV platform: everybody knows these keys'
API = (1, 51)
OUTPUT = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      'builtin-identity.c.inc')

# P-384 (FIPS 186-4, D.1.2.4)
P = 2**384 - 2**128 - 2**96 + 2**32 - 1
N = int('ffffffffffffffffffffffffffffffffffffffffffffffff'
        'c7634d81f4372ddf581a0db248b0a77aecec196accc52973', 16)
G = (int('aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b98'
         '59f741e082542a385502f25dbf55296c3a545e3872760ab7', 16),
     int('3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147c'
         'e9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f', 16))

ARK, ASK, NONE = 0x0000, 0x0013, 0x1000
OCA, PEK, PDH, CEK = 0x1001, 0x1002, 0x1003, 0x1004
ECDSA, ECDH, RSA_SHA384 = 0x002, 0x003, 0x101
RSA_SIZE, SALT_SIZE = 512, 48


def kdf(key, label, size):
    """SEV API, appendix A: SP 800-108, counter and length little-endian."""
    out = b''
    count = 0
    while len(out) < size:
        count += 1
        out += hmac.new(key, struct.pack('<I', count) + label.encode() +
                        b'\0' + struct.pack('<I', size * 8), 'sha256').digest()
    return out[:size]


ROOT = hashlib.sha256(SEED).digest()


def derive(what, size):
    """Bytes of the identity that serve the purpose WHAT."""
    return kdf(ROOT, 'sev-builtin-' + what, size)


# --- P-384 and ECDSA with the nonces of RFC 6979

def add(a, b):
    """Affine addition; None is the point at infinity."""
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def multiply(k, point):
    """k * POINT, by doubling and adding."""
    result = None
    while k:
        if k & 1:
            result = add(result, point)
        point = add(point, point)
        k >>= 1
    return result


def private_from_seed(seed):
    """How CEK follows from fuses, used for the other keys, too."""
    return int.from_bytes(seed, 'little') % (N - 1) + 1


def nonce(d, digest):
    """RFC 6979, 3.2, with SHA-256."""
    v, k = b'\1' * 32, b'\0' * 32
    seed = d.to_bytes(48, 'big') + (int.from_bytes(digest, 'big') %
                                    N).to_bytes(48, 'big')
    for byte in (b'\0', b'\1'):
        k = hmac.new(k, v + byte + seed, 'sha256').digest()
        v = hmac.new(k, v, 'sha256').digest()
    while True:
        t = b''
        while len(t) < 48:
            v = hmac.new(k, v, 'sha256').digest()
            t += v
        result = int.from_bytes(t[:48], 'big')
        if 0 < result < N:
            return result
        k = hmac.new(k, v + b'\0', 'sha256').digest()
        v = hmac.new(k, v, 'sha256').digest()


def ecdsa(d, data):
    """The signature (r, s) of SHA-256 of DATA."""
    digest = hashlib.sha256(data).digest()
    k = nonce(d, digest)
    r = multiply(k, G)[0] % N
    return r, pow(k, -1, N) * (int.from_bytes(digest, 'big') + r * d) % N


def body(usage, point):
    """The signed part of a SEV certificate."""
    algo = ECDH if usage == PDH else ECDSA
    return (struct.pack('<IBBHIII', 1, API[0], API[1], 0, usage, algo, 2) +
            point[0].to_bytes(72, 'little') + point[1].to_bytes(72, 'little') +
            bytes(880))


# --- RSA

SMALL_PRIMES = [n for n in range(3, 2000, 2)
                if all(n % m for m in range(3, int(n ** 0.5) + 1, 2))]


def is_prime(n):
    """Miller-Rabin with bases that nobody chose for this number."""
    if any(n % p == 0 for p in SMALL_PRIMES):
        return False
    odd = n - 1
    twos = (odd & -odd).bit_length() - 1
    odd >>= twos
    for base in SMALL_PRIMES[:40]:
        x = pow(base, odd, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def prime(what):
    """The first prime from a derived number on, two highest bits set."""
    bits = RSA_SIZE * 4
    n = int.from_bytes(derive(what, bits // 8), 'big') | 3 << bits - 2 | 1
    while (n - 1) % 65537 == 0 or not is_prime(n):
        n += 2
    return n


def rsa_key(name):
    """Modulus and private exponent."""
    p, q = prime(name + '-p'), prime(name + '-q')
    return p * q, pow(65537, -1, (p - 1) * (q - 1))


def mgf1(seed, size):
    """RFC 8017, B.2.1, with SHA-384."""
    return b''.join(hashlib.sha384(seed + struct.pack('>I', i)).digest()
                    for i in range(-(-size // 48)))[:size]


def pss(key, name, data):
    """RSASSA-PSS (RFC 8017, 9.1.1) with a derived salt; little-endian."""
    salt = derive(name + '-salt', SALT_SIZE)
    digest = hashlib.sha384(bytes(8) + hashlib.sha384(data).digest() +
                            salt).digest()
    block = bytes(RSA_SIZE - 2 * SALT_SIZE - 2) + b'\1' + salt
    masked = bytearray(a ^ b for a, b in zip(block, mgf1(digest, len(block))))
    masked[0] &= 0x7f
    encoded = int.from_bytes(bytes(masked) + digest + b'\xbc', 'big')
    return pow(encoded, key[1], key[0]).to_bytes(RSA_SIZE, 'little')


def amd_body(usage, key_id, key):
    """The signed part of an AMD certificate."""
    return (struct.pack('<I16s16sI16xII', 1, key_id, b'EMULATED NOT AMD',
                        usage, RSA_SIZE * 8, RSA_SIZE * 8) +
            (65537).to_bytes(RSA_SIZE, 'little') +
            key[0].to_bytes(RSA_SIZE, 'little'))


# --- The file

def initializer(data):
    """Lines of bytes in C."""
    lines = []
    for start in range(0, len(data), 12):
        lines.append('    ' + ' '.join(f'0x{byte:02x},'
                                       for byte in data[start:start + 12]))
    return '\n'.join(lines)


def array(name, data):
    """A definition in C."""
    return (f'static const uint8_t builtin_{name}[{len(data)}] = {{\n'
            f'{initializer(data)}\n}};\n')


def pair(name, kind, numbers):
    """An AspEcPoint or an AspEcSig in C."""
    halves = ['{\n' + initializer(n.to_bytes(48, 'big')) + '\n}'
              for n in numbers]
    return (f'static const {kind} builtin_{name} = {{\n' +
            ', '.join(halves) + '\n};\n')


def owner_arrays(cek):
    """OCA, PEK and PDH: points and signatures."""
    keys = {name: private_from_seed(derive(name, 56))
            for name in ('oca', 'pek', 'pdh')}
    points = {name: multiply(d, G) for name, d in keys.items()}
    usages = {'oca': OCA, 'pek': PEK, 'pdh': PDH}
    bodies = {name: body(usages[name], points[name]) for name in keys}
    for name, point in points.items():
        yield pair(name + '_pub', 'AspEcPoint', point)
    for name, signer in (('oca', keys['oca']), ('pek', keys['oca']),
                         ('pdh', keys['pek'])):
        yield pair(name + '_sig', 'AspEcSig', ecdsa(signer, bodies[name]))
    yield pair('pek_cek_sig', 'AspEcSig', ecdsa(cek, bodies['pek']))


def chip_arrays(cek):
    """CEK, ASK and ARK."""
    point = multiply(cek, G)
    ark, ask = rsa_key('ark'), rsa_key('ask')
    yield pair('cek_pub', 'AspEcPoint', point)
    yield array('cek_sig', pss(ask, 'cek', body(CEK, point)))
    for name, usage, key_id, key in (
            ('ask', ASK, b'EMULATED ASK KEY', ask),
            ('ark', ARK, b'EMULATED NOT AMD', ark)):
        yield array(name + '_modulus', key[0].to_bytes(RSA_SIZE, 'little'))
        yield array(name + '_sig', pss(ark, name, amd_body(usage, key_id,
                                                           key)))


def generate():
    """The whole file."""
    fuses = derive('fuses', 32)
    cek = private_from_seed(kdf(hashlib.sha256(fuses).digest(),
                                'sev-chip-endorsement-key', 56))
    head = ('/*\n * The public half of the built-in identity\n *\n'
            ' * SPDX-' 'License-Identifier: GPL-2.0-or-later\n *\n'
            ' * Made by gen-builtin.py: do not edit.\n */\n\n'
            f'#define BUILTIN_SEED \\\n    "{SEED.decode()}"\n'
            f'#define BUILTIN_API_MAJOR {API[0]}\n'
            f'#define BUILTIN_API_MINOR {API[1]}\n')
    return '\n'.join([head, *owner_arrays(cek), *chip_arrays(cek)])


def main():
    """Write the file, or compare it."""
    text = generate()
    if sys.argv[1:] == ['--check']:
        with open(OUTPUT, encoding='ascii') as old:
            if old.read() != text:
                sys.exit(f'{OUTPUT} is not what the seed gives')
        return
    with open(OUTPUT, 'w', encoding='ascii') as new:
        new.write(text)


if __name__ == '__main__':
    main()
