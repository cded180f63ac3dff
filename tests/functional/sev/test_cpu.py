# SPDX-License-Identifier: GPL-2.0-or-later
"""What an unmodified Debian kernel makes of the CPU's features under TCG."""

import subprocess
import unittest

import common
from common import KERNEL, QEMU

CMDLINE = 'console=ttyS0 panic=-1'


@common.need(KERNEL)
class CpuTest(unittest.TestCase):
    """Plain guests: the features are theirs too."""

    def console(self, cpu, *more):
        """All that the kernel says until it finds no root and reboots."""
        done = subprocess.run(
            [QEMU, '-accel', 'tcg', '-machine', 'q35', '-m', '512',
             '-nodefaults', '-display', 'none', '-serial', 'stdio',
             '-no-reboot', '-cpu', cpu, '-kernel', str(KERNEL),
             '-append', CMDLINE, *more],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, timeout=common.PATIENCE, check=True)
        text = done.stdout.decode(errors='replace')
        self.assertIn('Unable to mount root fs', text)
        return text

    def test_compacted(self):
        """The kernel switches tasks by XSAVES."""
        for cpu in 'max', 'EPYC-Milan':
            text = self.console(cpu)
            self.assertIn("using 'compacted' format", text)
            self.assertNotIn('XSAVE consistency problem', text)

    def test_standard(self):
        """A model without the format is left with the other one."""
        self.assertIn("using 'standard' format",
                      self.console('max,-xsavec,-xsaves'))


if __name__ == '__main__':
    common.main()
