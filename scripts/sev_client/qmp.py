# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's monitor protocol over a Unix socket, as far as a launch needs it."""

import json
import socket

LINE_MAX = 1 << 24


class QmpError(Exception):
    """A command that QEMU refused; str() is QEMU's own description."""


class QmpClosed(Exception):
    """QEMU is gone."""


class Qmp:
    """
    One monitor.  @sock is connected; commands are sent one at a time, and
    events that arrive in between are kept.
    """

    def __init__(self, sock, timeout=60):
        self._sock = sock
        self._sock.settimeout(timeout)
        self._lines = self._sock.makefile('r', encoding='utf-8')
        self.events = []
        self._receive()                         # the greeting
        self.execute('qmp_capabilities')

    @classmethod
    def connect(cls, path, timeout=60):
        """The monitor that listens at @path."""
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(path)
        return cls(sock, timeout)

    def _receive(self):
        try:
            line = self._lines.readline(LINE_MAX)
        except (ConnectionError, socket.timeout) as err:
            raise QmpClosed(f'no answer from QEMU: {err}') from err
        if not line:
            raise QmpClosed('QEMU closed the monitor')
        try:
            return json.loads(line)
        except (ValueError, RecursionError):
            raise QmpClosed('what QEMU says is no QMP') from None

    def execute(self, command, **arguments):
        """Run @command; underscores in argument names mean hyphens."""
        request = {'execute': command}
        if arguments:
            request['arguments'] = {name.replace('_', '-'): value
                                    for name, value in arguments.items()}
        reply = self.raw(request)
        if 'error' in reply:
            raise QmpError(reply['error']['desc'])
        return reply['return']

    def raw(self, request):
        """Send @request as it is; the answer as it is."""
        self._sock.sendall(json.dumps(request).encode() + b'\n')
        while True:
            reply = self._receive()
            if 'event' not in reply:
                return reply
            self.events.append(reply)

    def wait_event(self, name):
        """The next event with this name; earlier ones of others are kept."""
        for event in self.events:
            if event['event'] == name:
                self.events.remove(event)
                return event
        while True:
            event = self._receive()
            if event.get('event') == name:
                return event
            self.events.append(event)

    def close(self):
        """Leave; QEMU goes on."""
        self._lines.close()
        self._sock.close()
