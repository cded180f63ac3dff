# SPDX-License-Identifier: GPL-2.0-or-later
"""
The register state of a SEV-ES guest's processors at launch, as the guest
owner has to compute it: from the reset state of the architecture (AMD64
Architecture Programmer's Manual, volume 2, 14.1.3 and appendix B) and from
what KVM puts into it.
"""

import struct

# Family, model and stepping of the CPU model EPYC
EPYC = 0x800f12

SIZE = 4096


def segment(selector, attributes, base=0, limit=0xffff):
    """A segment register in the save area."""
    return struct.pack('<HHIQ', selector, attributes, limit, base)


def build(start=0xfffffff0, signature=EPYC, with_fpu=False, features=0):
    """
    The page of one processor.

    start: linear address of its first instruction; signature: EAX of CPUID
    leaf 1; with_fpu: KVM_SEV_INIT2 also saves the control words of the FPU;
    features: SEV_FEATURES, in which bit 0 stands for SEV-SNP.
    """
    fields = {0x010: segment(0xf000, 0x9b, start & 0xffff0000),
              0x060: segment(0, 0), 0x080: segment(0, 0),
              0x070: segment(0, 0x82), 0x090: segment(0, 0x8b)}
    for offset in (0x000, 0x020, 0x030, 0x040, 0x050):
        fields[offset] = segment(0, 0x93)
    for offset, value in ((0x0d0, 0x1000),                  # efer: SVME
                          (0x148, 0x40), (0x158, 0x10),     # cr4, cr0
                          (0x160, 0x400), (0x168, 0xffff0ff0),
                          (0x170, 2), (0x178, start & 0xffff),
                          (0x268, 0x0007040600070406),      # pat
                          (0x310, signature), (0x3e8, 1)):  # rdx, xcr0
        fields[offset] = struct.pack('<Q', value)
    if with_fpu:
        fields[0x408] = struct.pack('<I', 0x1f80)           # mxcsr
        fields[0x410] = struct.pack('<H', 0x37f)            # fcw
    if features:
        fields[0x3b0] = struct.pack('<Q', features)
    page = bytearray(SIZE)
    for offset, data in fields.items():
        page[offset:offset + len(data)] = data
    return bytes(page)
