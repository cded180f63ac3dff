# SPDX-License-Identifier: GPL-2.0-or-later
"""
Every ioctl that QEMU issues fails once: nothing hangs, QEMU says what failed
if it ends, and a guest that runs is launched and protected as ever.

Which ioctls there are is not written down here: the double tells it of each
kind of guest that starts, runs, is reset where it can be, and ends.  What they
are is mostly not about SEV, and neither are the ways in which QEMU ends.
"""

import errno
import os
import re
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import double
from double import DoubleTest, QmpError

ERRNOS = (errno.EINVAL, errno.ENOMEM, errno.EIO)

# Of these every call is another question, not only the first and the last
QUESTIONS = ('KVM_CHECK_EXTENSION', 'KVM_GET_DEVICE_ATTR')

# Where the base aborts with any guest under KVM, and with which words: none of
# it is about SEV.  Where the base learns to fail, the table is to follow.
ABORTS = {
    'KVM_CHECK_EXTENSION': 'gsi',       # no KVM_CAP_IRQ_ROUTING after all
    'KVM_GET_CLOCK': 'KVM_GET_CLOCK',
    'KVM_GET_PIT2': 'KVM_GET_PIT2',
    'KVM_IRQ_LINE_STATUS': 'kvm_set_irq',
    'KVM_SET_CLOCK': 'KVM_SET_CLOCK',
    'KVM_SET_GSI_ROUTING': 'kvm_irqchip_commit_routes',
    'KVM_SET_IRQCHIP': 'KVM_SET_IRQCHIP',
    'KVM_SET_LAPIC': 'KVM_SET_LAPIC',
    'KVM_SET_MSRS': 'kvm_init_msrs|kvm_put_apicbase',
    'KVM_SET_PIT2': 'KVM_SET_PIT2',
    'KVM_SET_USER_MEMORY_REGION': 'error (un)?registering slot',
    'KVM_SET_USER_MEMORY_REGION2': 'error (un)?registering slot',
    'KVM_SET_VAPIC_ADDR': 'VAPIC',
}

# Lines of the log that a guest's protection is made of
PROTECTION = re.compile(
    'KVM_CREATE_VM|KVM_SEV_|KVM_MEMORY_ENCRYPT_|KVM_CREATE_GUEST_MEMFD|'
    'KVM_SET_MEMORY_ATTRIBUTES|KVM_ENABLE_CAP KVM_CAP_EXIT_HYPERCALL|'
    'KVM_SET_USER_MEMORY_REGION2')


class Life:
    """What became of one QEMU."""

    def __init__(self, qemu, stage, status):
        self.stage, self.status, self.words = stage, status, qemu.words()
        calls = qemu.log_file.with_name('calls')
        self.calls = calls.read_text().split() if calls.exists() else []
        lines = [line for line in qemu.log().splitlines()
                 if not line.endswith('on demand')]
        self.protection = list(filter(PROTECTION.match, lines))
        self.registers = [line for line in lines
                          if line.startswith('  vCPU')]

    def runs_early(self):
        """Whether a vCPU ran before the launch was complete."""
        if 'KVM_RUN' not in self.calls:
            return False
        before = self.calls[:self.calls.index('KVM_RUN')]
        return not any(call.endswith('LAUNCH_FINISH') for call in before)


class IoctlTest(DoubleTest):
    """A test for each kind of guest."""

    def live(self, number, options, fault=''):
        """Start, run, reset, end; with one fault."""
        folder, env = self.apart(number, fault, ('calls',))
        qemu = double.Qemu(folder, self.arguments(options, '-smp', '2'), env)
        stage = 'start'
        try:
            if qemu.greet():
                for stage in self.stages(qemu, options):
                    pass
            return Life(qemu, stage, qemu.wait())
        except (EOFError, BrokenPipeError):
            return Life(qemu, stage, qemu.wait())
        except (TimeoutError, QmpError) as error:
            return Life(qemu, stage, str(error))
        finally:
            qemu.stop()

    def stages(self, qemu, options):
        """What happens to a guest."""
        yield 'cont'
        qemu.qmp('cont')
        self.wait(qemu, lambda: 'KVM_RUN\n' in qemu.log_file.with_name(
            'calls').read_text())
        if options == '':
            yield 'reset'
            qemu.qmp('system_reset')
            self.wait(qemu, lambda: 'RESET' in qemu.events)
        yield 'end'
        qemu.qmp('quit')

    @staticmethod
    def wait(qemu, found):
        """Until something happened, or the VM does not run any more."""
        end = time.monotonic() + double.PATIENCE
        while not found():
            if time.monotonic() > end:
                raise TimeoutError('the VM hangs')
            qemu.qmp('query-status')
            time.sleep(0.005)

    @staticmethod
    def judge(life, good, name, error):
        """What is wrong, or None."""
        if life.runs_early():
            return 'runs before the launch is complete'
        if life.status == 0 and life.protection != good.protection:
            return f'lacks protection: {life.protection}'
        if life.status == 0:
            # A kernel without XCR0, say, has other vCPUs, and measures them
            return (None if life.registers == good.registers
                    or name in QUESTIONS else 'other registers are measured')
        if life.status == -signal.SIGABRT and re.search(
                ABORTS.get(name, '^$'), life.words):
            return None
        if life.status == 1 and life.words and (
                name in QUESTIONS or os.strerror(error) in life.words):
            return None
        return f'status {life.status}'

    def matrix(self, options):
        """All calls of a guest."""
        good = self.live('good', options)
        self.assertEqual((good.status, good.stage), (0, 'end'), good.words)
        self.assertFalse(good.runs_early())
        self.assertTrue(good.protection)
        cases = []
        for name, count in Counter(good.calls).items():
            each = name in QUESTIONS
            cases += [(name, nth, error)
                      for nth in (range(1, count + 1) if each
                                  else sorted({1, count}))
                      for error in (ERRNOS[:1] if each else ERRNOS)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = [pool.submit(self.live, number, options,
                                f'{name} {nth} errno {error}')
                    for number, (name, nth, error) in enumerate(cases)]
        wrong, aborts = [], set()
        for (name, nth, error), job in zip(cases, jobs):
            life = job.result()
            if life.status == -signal.SIGABRT:
                aborts.add(name)
            what = self.judge(life, good, name, error)
            if what:
                wrong.append(f'{name} {nth} errno {error}, {life.stage}: '
                             f'{what}: {life.words}')
        self.assertEqual(wrong, [], '\n'.join(wrong))
        self.assertEqual(aborts, set(ABORTS) & set(good.calls))

    def test_sev(self):
        """SEV."""
        self.matrix('')

    def test_sev_es(self):
        """SEV-ES."""
        self.matrix(',policy=5')

    def test_sev_snp(self):
        """SEV-SNP."""
        self.matrix('snp')


if __name__ == '__main__':
    double.main()
