# SPDX-License-Identifier: GPL-2.0-or-later
"""A QMP socket that says what a test wants."""

import json
import socket
import threading

GREETING = {'QMP': {}}


class FakeQmp:
    """
    Serve one client in @folder/qmp: a message for each line that it sends, and
    the first one before.  A message is an object, bytes as they are, or a
    function that gets the socket.  With @port, on TCP instead.
    """

    def __init__(self, folder, *messages, tcp=False):
        self._path = folder / 'qmp'
        self._messages = messages
        self._tcp = tcp
        self._server = socket.socket(socket.AF_INET if tcp
                                     else socket.AF_UNIX)
        self._thread = threading.Thread(target=self._run)
        self.port = None

    def __enter__(self):
        if self._tcp:
            self._server.bind(('127.0.0.1', 0))
            self.port = self._server.getsockname()[1]
        else:
            self._server.bind(str(self._path))
        self._server.listen()
        self._thread.start()
        return self

    def __exit__(self, *_what):
        self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._server.close()
        if not self._tcp:
            self._path.unlink()

    def _say(self, client, message):
        if callable(message):
            message(client)
        elif isinstance(message, bytes):
            client.sendall(message)
        else:
            client.sendall(json.dumps(message).encode() + b'\n')

    def _run(self):
        try:
            client, _ = self._server.accept()
        except OSError:                 # nobody came
            return
        with client, client.makefile('rb') as lines:
            try:
                for message in self._messages:
                    self._say(client, message)
                    lines.readline()
            except OSError:             # the tool had heard enough
                pass
