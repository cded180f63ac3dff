# SPDX-License-Identifier: GPL-2.0-or-later
"""
An attested launch, seen from the host.

The host starts the guest paused, hands the platform's measurement to the
guest owner, injects the secret that the owner made for just this launch, and
lets the guest run.  It never learns a key or the secret.
"""

import base64
import subprocess
from dataclasses import dataclass

from .vm import Vm, VmError


@dataclass
class Platform:
    """What query-sev-capabilities tells of a host."""
    pdh: bytes
    cert_chain: bytes
    cbitpos: int
    reduced_phys_bits: int

    @property
    def chain(self):
        """PDH, PEK, OCA and CEK in one file, as the field's tools take it."""
        return self.pdh + self.cert_chain


@dataclass
class Evidence:
    """What a guest owner needs to judge a launch; all from query-sev*."""
    api_major: int
    api_minor: int
    build_id: int
    policy: int
    blob: str


@dataclass
class Guest:
    """What is to be launched.  @kernel may be None, then with its kin."""
    firmware: str
    policy: int = 1
    kernel: str = None
    initrd: str = None
    cmdline: str = None
    memory: str = '512M'
    cpus: int = 2
    cpu_model: str = 'max'
    machine: str = 'q35'
    accel: str = 'tcg'
    more: str = ''          # properties of sev-guest, each after a comma


def machine_options(guest, platform, session):
    """QEMU's options for @guest; @session has the owner's two files."""
    sev = (f'sev-guest,id=sev0,policy={guest.policy},'
           f'cbitpos={platform.cbitpos},'
           f'reduced-phys-bits={platform.reduced_phys_bits}')
    if session:
        sev += (f',dh-cert-file={session.dh_cert},'
                f'session-file={session.session}')
    options = ['-accel', guest.accel, '-cpu', guest.cpu_model,
               '-m', guest.memory, '-smp', str(guest.cpus),
               '-machine', f'{guest.machine},memory-encryption=sev0',
               '-drive', 'if=pflash,format=raw,unit=0,readonly=on,'
                         f'file={guest.firmware}']
    if guest.kernel:
        sev += ',kernel-hashes=on'
        options += ['-kernel', guest.kernel]
        if guest.initrd:
            options += ['-initrd', guest.initrd]
        if guest.cmdline is not None:
            options += ['-append', guest.cmdline]
    return options + ['-object', sev + guest.more]


def read_platform(qmp):
    """The host's platform, through any monitor of its QEMU."""
    caps = qmp.execute('query-sev-capabilities')
    return Platform(base64.b64decode(caps['pdh']),
                    base64.b64decode(caps['cert-chain']),
                    caps['cbitpos'], caps['reduced-phys-bits'])


def export_chain(tool, vm, file):
    """
    Write the platform's certificates to @file, as far up as it has them; @tool
    is the command qemu-sev, @vm any running QEMU.
    """
    done = subprocess.run([tool, 'export', '--quiet', '--full',
                           '--qmp', vm.socket_path, file],
                          stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise VmError(done.stderr.strip())


def probe_options(accel):
    """QEMU's options to ask about the platform, without a guest."""
    return ['-accel', accel, '-machine', 'q35', '-S']


class Launch(Vm):
    """A guest that waits for its owner's approval."""

    def __init__(self, qemu, guest, platform, session, more=()):
        super().__init__(qemu, ['-S', *more,
                                *machine_options(guest, platform, session)])

    def evidence(self):
        """The measurement and what it depends on."""
        info = self.qmp.execute('query-sev')
        blob = self.qmp.execute('query-sev-launch-measure')['data']
        return Evidence(info['api-major'], info['api-minor'],
                        info['build-id'], info['policy'], blob)

    def measured_ranges(self):
        """What the measurement covers, for explanations only."""
        return self.qmp.execute('query-sev-measured-ranges')

    def inject(self, packet):
        """Hand the owner's packet to the platform."""
        arguments = {'packet_header': packet.header, 'secret': packet.payload}
        if packet.gpa is not None:
            arguments['gpa'] = packet.gpa
        self.qmp.execute('sev-inject-launch-secret', **arguments)

    def resume(self):
        """Let the guest run; from now on nothing can be injected."""
        self.qmp.execute('cont')
