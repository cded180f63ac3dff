# SPDX-License-Identifier: GPL-2.0-or-later
"""A QEMU process with a monitor, and the text on its first serial port."""

import os
import socket
import subprocess
import tempfile
import time

from .qmp import Qmp, QmpClosed

POLL = 0.02


class VmError(Exception):
    """QEMU did not start, or the guest did not do what it should."""


class Vm:
    """
    Start QEMU with @options, to which the monitor and the serial port are
    added.  A context manager: QEMU ends with it.
    """

    def __init__(self, qemu, options):
        self._folder = tempfile.TemporaryDirectory(prefix='sev-vm-')
        self.console_file = os.path.join(self._folder.name, 'console')
        self.socket_path = os.path.join(self._folder.name, 'qmp')
        self._log = os.path.join(self._folder.name, 'log')
        self._qemu = qemu
        self._options = list(options)
        self._process = None
        self.qmp = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_exception):
        self.stop()

    def start(self):
        """Start QEMU and wait for its monitor."""
        ours, theirs = socket.socketpair()
        command = [
            self._qemu, '-nodefaults', '-display', 'none', '-no-reboot',
            '-chardev', f'socket,id=qmp0,fd={theirs.fileno()}',
            '-mon', 'chardev=qmp0,mode=control',
            '-qmp', f'unix:{self.socket_path},server=on,wait=off',
            '-serial', f'file:{self.console_file}',
            *self._options]
        with open(self._log, 'wb') as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=[theirs.fileno()])
        theirs.close()
        try:
            self.qmp = Qmp(ours)
        except QmpClosed:
            ours.close()
            self._end()
            raise VmError(f'QEMU does not start:\n{self.log()}') from None

    def log(self):
        """What QEMU itself wrote."""
        with open(self._log, encoding='utf-8', errors='replace') as log:
            return log.read().strip()

    def console(self):
        """What the guest wrote to its serial port."""
        try:
            with open(self.console_file, encoding='utf-8',
                      errors='replace') as console:
                return console.read()
        except FileNotFoundError:
            return ''

    def running(self):
        """Is the process alive?"""
        return self._process.poll() is None

    def wait_console(self, text, timeout):
        """Wait until the guest has written @text; all it wrote so far."""
        end = time.monotonic() + timeout
        while True:
            alive = self.running()
            console = self.console()
            if text in console:
                return console
            if not alive or time.monotonic() > end:
                state = 'takes too long' if alive else 'ended'
                raise VmError(f'the guest {state} without "{text}":\n'
                              f'{console[-2000:]}\n{self.log()}')
            time.sleep(POLL)

    def wait_exit(self, timeout):
        """Wait for QEMU's end and return its exit status."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise VmError('QEMU does not end') from None

    def stop(self):
        """End QEMU, politely at first."""
        if self.qmp:
            self.qmp.close()
            self.qmp = None
        if self._process:
            self._end()
        self._folder.cleanup()

    def _end(self):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
