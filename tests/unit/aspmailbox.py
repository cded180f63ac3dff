# SPDX-License-Identifier: GPL-2.0-or-later
"""
A software AMD Secure Processor at the other end of a pipe: asp-mailbox.

To be imported before "cryptography", as without that a test ends here, and
before modules of the tests of qemu-sev, as they are found from here.
"""

import subprocess
import sys
from pathlib import Path

try:
    import cryptography  # noqa: F401
except ImportError:
    print('1..0 # SKIP there is no python3-cryptography')
    sys.exit(0)

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] /
                       'functional/qemu-sev'))
import harness  # noqa: E402


class Mailbox:
    """asp-mailbox, see the top of asp-mailbox.c."""

    program = None

    def __init__(self, *args):
        self.process = subprocess.Popen([self.program, *args],
                                        stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def close(self):
        """End it, in good health."""
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait() == 0

    def ask(self, *words):
        """One request; returns the words of the answer."""
        print(*words, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().split()

    def write(self, addr, data):
        """Put bytes into memory."""
        assert self.ask('write', f'{addr:x}', data.hex()) == ['ok']

    def read(self, addr, size):
        """Get bytes from memory."""
        return bytes.fromhex(self.ask('read', f'{addr:x}', f'{size:x}')[0])

    def try_command(self, command, data=b''):
        """The status and the buffer."""
        status, *buf = self.ask('cmd', f'{command:x}', data.hex())
        return int(status, 16), bytes.fromhex(buf[0] if buf else '')

    def command(self, command, data=b''):
        """The same for a command that has to succeed."""
        status, buf = self.try_command(command, data)
        assert status == 0, f'command 0x{command:x}: status 0x{status:x}'
        return buf


def main():
    """Run the tests of the calling script on the ASP-MAILBOX it was given."""
    Mailbox.program = sys.argv.pop(1)
    harness.main()
