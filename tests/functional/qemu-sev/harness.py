# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of qemu-sev share: a scratch folder, the tool, TAP."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOL = os.environ.get('QEMU_SEV', 'qemu-sev')

# Exit status, as the manual gives it
OK, FAILED, USAGE, UNVERIFIED = 0, 1, 2, 3


class ToolTest(unittest.TestCase):
    """A test with a folder of its own as working folder of the tool."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix='qemu-sev-')
        self.addCleanup(scratch.cleanup)
        self.dir = Path(scratch.name)

    def write(self, name, data):
        """Make a file in the scratch folder; returns its name."""
        (self.dir / name).write_bytes(data)
        return name

    def read(self, name):
        """The content of a file in the scratch folder."""
        return (self.dir / name).read_bytes()

    def tool(self, *args, status=OK, **kwargs):
        """Run qemu-sev and check its exit status."""
        done = subprocess.run([TOOL, *map(os.fspath, args)], cwd=self.dir,
                              stdout=kwargs.pop('stdout', subprocess.PIPE),
                              stderr=subprocess.PIPE, timeout=60,
                              check=False, **kwargs)
        out = (done.stdout or b'').decode()
        err = done.stderr.decode(errors='replace')
        self.assertEqual(done.returncode, status,
                         f'{args}\nstdout: {out}\nstderr: {err}')
        if status != OK:
            self.assertNotEqual(err, '', 'a failure without a word')
        return out, err

    def json(self, *args, status=OK):
        """Run qemu-sev --json and parse what it prints."""
        out, _ = self.tool(*args, '--json', status=status)
        return json.loads(out)

    def refused(self, *args, status=FAILED, names=()):
        """The tool must fail and its error must name all of @names."""
        _, err = self.tool(*args, status=status)
        for name in names:
            self.assertIn(str(name), err)
        return err


class TapResult(unittest.TestResult):
    """Print results as meson reads them."""

    number = 0

    def line(self, good, test, note=''):
        """One result."""
        self.number += 1
        print(f'{"ok" if good else "not ok"} {self.number} '
              f'{test.id().split(".", 1)[-1]}{note}', flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.line(True, test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.line(True, test, f' # SKIP {reason}')

    def bad(self, test, err):
        """A failure with its traceback as comments."""
        for text in self._exc_info_to_string(err, test).splitlines():
            print(f'# {text}')
        self.line(False, test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.bad(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self.bad(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.bad(subtest, err)


def main():
    """Run the tests of the calling script."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(
        sys.modules['__main__'])
    result = TapResult()
    suite.run(result)
    print(f'1..{result.number}')
    sys.exit(0 if result.wasSuccessful() else 1)
