#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Make inputs for asp-fuzz that reach far: whole launches, and parsers' food.

usage: asp-seeds.py FOLDER | --list
"""

import os
import struct
import sys

COMMANDS, SESSION, CHAIN, CA, SECRET, STATE, CPUID, IDENTITY = range(8)
CHAIN_VERIFY, STATE_FILE = range(8, 10)
RAW, SHAPED, INIT, START, START_SESSION, ACTIVATE, POKE, INJECT = range(8)
RMP, SNP_GUEST, SNP_SHAPED, PUT_IDENTITY, REQUEST = range(8, 13)
IMPORT, INIT_EX, SNP_SHUTDOWN_EX, GUEST_STATUS, MAILBOX = range(13, 18)

NO_CHANGE = 0xff
LEN_16, LEN_48, LEN_208, LEN_2084, LEN_4096 = 1, 2, 6, 7, 8


def raw(command, data=b''):
    """A command with this very buffer."""
    return bytes([RAW, command, len(data)]) + data


def shaped(command, length=0, where=NO_CHANGE, word=0):
    """A command for the latest guest; length is an index."""
    return bytes([SHAPED, command, length, where]) + struct.pack('<I', word)


def launch(start, asid, init=0):
    """Up to LUPDATE, with an ASID."""
    return (bytes([COMMANDS, INIT, init]) + start +
            bytes([ACTIVATE]) + struct.pack('<I', asid))


def start(policy, share=0):
    """LAUNCH_START without a session."""
    return bytes([START, share]) + struct.pack('<I', policy)


def start_session(policy, flip=0, mask=0):
    """LAUNCH_START with one."""
    return bytes([START_SESSION]) + struct.pack('<IIB', policy, flip, mask)


def snp(command, kind=0, where=NO_CHANGE, word=0):
    """A command for the guest with SEV-SNP."""
    return bytes([SNP_SHAPED, command, kind, where]) + struct.pack('<I', word)


def snp_page(kind):
    """LAUNCH_UPDATE of a page that was made the guest's."""
    return bytes([RMP, 0x20, 0xc3]) + snp(0xa1, kind)


SNP_LAUNCH = (bytes([COMMANDS, SNP_GUEST]) + struct.pack('<I', 0x30000)
              + b''.join(map(snp_page, range(1, 7))))

# LAUNCH_UPDATE_DATA and MEASURE (which goes to AT_OUT), both in shaped form
AT_OUT = 0x80003000
UPDATE = shaped(0x31, LEN_4096)
MEASURE = shaped(0x33, LEN_48, 2, AT_OUT)
END = shaped(0x35) + shaped(0x36, LEN_208) + shaped(0x22) + shaped(0x20)

SEEDS = {
    'flow': launch(start(0), 200) + UPDATE + MEASURE + bytes([INJECT, 4]) +
            shaped(0x60, LEN_4096) + shaped(0x61, LEN_16) + END,
    'flow-es': launch(start(4), 5, init=1) + UPDATE +
               shaped(0x32, LEN_4096) + MEASURE + END + raw(0x02),
    'flow-session': launch(start_session(1), 300) + UPDATE + MEASURE +
                    bytes([INJECT, 255]) + END,
    'session-flipped': launch(start_session(0, 0x14, 1), 300) + UPDATE,
    'share': launch(start(0), 101) + start(0, 1) + bytes([ACTIVATE]) +
             struct.pack('<I', 102) + UPDATE + MEASURE,
    'platform': bytes([COMMANDS]) + bytes([INIT, 0]) +
                shaped(0x06, LEN_2084, 2, 2084) + raw(0x09) + raw(0x05) +
                raw(0x04, bytes(12)) + raw(0x0c, struct.pack('<QI', 0, 0)) +
                raw(0x08, bytes(28)) + raw(0x02) + raw(0x03),
    'poke': launch(start(0), 100) + bytes([POKE]) +
            struct.pack('<IB', 0x10000, 16) + bytes(range(16)) + UPDATE,
    'session': bytes([SESSION]) + bytes(128) +
               struct.pack('<IBBHIII', 1, 0, 0, 0, 0x1003, 3, 2) + bytes(2064),
    'chain': bytes([CHAIN]) + struct.pack('<IB', 0, 6) +
             struct.pack('<IB', 0x414, 2),
    'chain-cek': bytes([CHAIN]) + struct.pack('<IB', 0, 2),
    'chain-root': bytes([CHAIN]) + struct.pack('<IB', 1600, 0),
    'ca': bytes([CA]) + b''.join(
        struct.pack('<I16s16sI16xII', 1, b'EMULATED ASK KEY', b'k' * 16, usage,
                    2048, 2048) + bytes(768) for usage in (0x13, 0)),
    'secret': bytes([SECRET]) + bytes(32 + 32 + 52) + bytes(64),
    'state': bytes([STATE, 1]) + struct.pack('<IB', 5397, 1),
    'snp': SNP_LAUNCH + snp(0xa2, 4) + snp(0x90),
    'snp-identity': SNP_LAUNCH + bytes([PUT_IDENTITY]) + snp(0xa2, 3),
    'snp-report': SNP_LAUNCH + snp(0xa2) + bytes([REQUEST, 0, 0])
                  + bytes(0x60) + bytes([REQUEST, 0x34, 1]) + bytes(0x60),
    'snp-pages': SNP_LAUNCH + bytes([RMP, 0x20, 0xc3]) + snp(0xc7)
                 + bytes([RMP, 5, 3]) + snp(0x83, 0, 0, 0x80005000)
                 + bytes([RMP, 0x20, 0x73]) + snp(0xa1, 1, 2, 3),
    'snp-cpuid': SNP_LAUNCH + bytes([POKE]) + struct.pack(
        '<IB', 0x20000, 68) + struct.pack('<IIQ', 1, 0, 0) + struct.pack(
        '<IIQQIIII', 1, 0, 0, 0, 0, 0, 1 << 24, 0) + bytes(12)
                 + snp_page(6),
    'cpuid': bytes([CPUID]) + struct.pack('<IIBI', 7, 0, 1, 2)
             + struct.pack('<IIQ', 3, 0, 0)
             + struct.pack('<IIQQIIIIQ', 7, 0, 0, 0, 0, 0xff, 0, 0, 0)
             + struct.pack('<IIQQIIIIQ', 13, 0, 7, 0, 7, 0x240, 0, 0, 0)
             + struct.pack('<IIQQIIIIQ', 13, 2, 0, 0, 0x100, 0x240, 0, 0, 0),
    'identity': bytes([IDENTITY]),
    'identity-changed': bytes([IDENTITY]) + struct.pack('<IB', 0x70, 1),
    'state-short': bytes([STATE, 0]) + struct.pack('<I', 5000),
    'import': bytes([COMMANDS, INIT, 0, IMPORT]) + struct.pack('<IBB', 0, 0, 0)
              + bytes([IMPORT]) + struct.pack('<IBB', 0, 0, 0),
    'import-second': bytes([COMMANDS, INIT, 0, IMPORT])
                     + struct.pack('<IBB', 0, 1, 0),
    'import-flipped': bytes([COMMANDS, INIT, 0, IMPORT])
                      + struct.pack('<IBB', 2 * 0x414, 0, 1)
                      + bytes([IMPORT]) + struct.pack('<IBB', 0x11, 0, 4),
    'init-ex': bytes([COMMANDS, INIT_EX, 0, 0xff, 0]) + raw(0x02)
               + bytes([INIT_EX, 1, 0xff, 0]) + raw(0x02)
               + bytes([INIT_EX, 1, 8, 1, INIT_EX, 0, 0x18, 1]),
    'snp-shutdown': SNP_LAUNCH + bytes([SNP_SHUTDOWN_EX, 8, 0]) + snp(0x90)
                    + bytes([SNP_SHUTDOWN_EX, 8, 4, SNP_SHUTDOWN_EX, 8, 1]),
    'status': launch(start(0), 200) + bytes([GUEST_STATUS, 0]) + UPDATE
              + MEASURE + bytes([GUEST_STATUS, 0]) + END,
    'snp-status': SNP_LAUNCH + bytes([GUEST_STATUS, 0]) + snp(0xa2)
                  + bytes([GUEST_STATUS, 0xff, GUEST_STATUS, 0xfe]),
    'mailbox': bytes([COMMANDS, POKE]) + struct.pack('<IB', 0x10000, 0x24)
               + bytes(0x24) + bytes([MAILBOX, 1]) + struct.pack('<I', 0x10000)
               + bytes([MAILBOX, 0x30]) + struct.pack('<I', 0x10000)
               + bytes([SNP_GUEST]) + struct.pack('<I', 0x30000)
               + bytes([MAILBOX, 4]) + struct.pack('<I', 0x10000)
               + bytes([MAILBOX, 4]) + struct.pack('<I', 0x40ff8),
    'chain-verify': bytes([CHAIN_VERIFY]),
    'chain-verify-pek': bytes([CHAIN_VERIFY]) + struct.pack('<IB', 2100, 1),
    'state-file': bytes([STATE_FILE, 1]),
    'state-file-short': bytes([STATE_FILE, 0]) + struct.pack('<I', 64),
    'state-file-changed': bytes([STATE_FILE, 1])
                          + struct.pack('<IB', 5397, 1),
}


def main():
    """Write every input to a file, or only tell their names."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if sys.argv[1] == '--list':
        print('\n'.join(f'asp-{name}.seed' for name in SEEDS))
        return
    for name, data in SEEDS.items():
        with open(os.path.join(sys.argv[1], f'asp-{name}.seed'), 'wb') as out:
            out.write(data)


if __name__ == '__main__':
    main()
