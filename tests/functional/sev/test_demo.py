# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo, and what it says when something is not as it should be."""

import subprocess
import sys
import unittest

import common
from common import GUEST_DIR, KERNEL, OVMF

DEMO = common.HERE.parents[2] / 'scripts/sev-demo'
INIT = GUEST_DIR / 'sev-init'

EXIT_OK, EXIT_ERROR, EXIT_USAGE, EXIT_REFUSED = range(4)


def demo(*more):
    """Run the demo; its exit status and its words."""
    done = subprocess.run(
        [sys.executable, str(DEMO), '--qemu', common.QEMU, '--qemu-sev',
         common.QEMU_SEV, '--firmware', str(OVMF), '--kernel', str(KERNEL),
         '--init', str(INIT), '--timeout', str(common.PATIENCE), *more],
        check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


@common.need(OVMF, KERNEL, INIT)
class DemoTest(unittest.TestCase):
    """Exit status and the lines that matter."""

    def test_demo(self):
        """The honest launch works, the tampered one is refused."""
        status, words = demo()
        self.assertEqual(status, EXIT_OK, words)
        for line in ('Memory Encryption Features active: AMD SEV',
                     'guest: reads its secret',
                     'owner: refuses, no secret leaves'):
            self.assertIn(line, words)

    def test_foreign_root(self):
        """An owner who trusts another root does not go on."""
        amd = common.HERE / 'common.py'
        status, words = demo('--ca', str(amd))
        self.assertIn(status, (EXIT_ERROR, EXIT_REFUSED), words)
        self.assertNotIn('lets the guest run', words)

    def test_missing_file(self):
        """A wrong command line is told from a failure."""
        status, words = demo('--firmware', '/nonexistent')
        self.assertEqual(status, EXIT_USAGE, words)
        self.assertIn('/nonexistent', words)

    def test_firmware_without_areas(self):
        """QEMU's own reason reaches the user."""
        if not common.OVMF_WITHOUT_AREAS.exists():
            self.skipTest('run make guest')
        status, words = demo('--firmware', str(common.OVMF_WITHOUT_AREAS))
        self.assertEqual(status, EXIT_ERROR, words)
        self.assertIn('kernel-hashes', words)


if __name__ == '__main__':
    common.main()
