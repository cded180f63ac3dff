# SPDX-License-Identifier: GPL-2.0-or-later
"""
A guest owner's HTTP service: a POST of a JSON object is answered with one.

Whoever reaches the port may ask, so a request is bounded: so many bytes, so
many seconds from connection to answer, so many clients at a time.  A client
that does not keep to that loses its connection, and keeps nobody else waiting.
"""

import http.server
import json
import socket
import threading

from .owner import OwnerError, Refused

REQUEST_MAX = 1 << 20
REQUEST_TIME = 30       # seconds to send a request
CLIENTS_MAX = 64

BAD_REQUEST, FORBIDDEN, LENGTH_REQUIRED, TOO_LARGE = 400, 403, 411, 413
UNAVAILABLE = 503


class BadRequest(Exception):
    """The request is none: an HTTP status and words."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def content_length(headers):
    """How long the body is, which must be told beforehand."""
    lengths = headers.get_all('Content-Length') or []
    if len(lengths) != 1 or headers.get('Transfer-Encoding'):
        raise BadRequest(LENGTH_REQUIRED, 'one Content-Length is needed')
    if not (lengths[0].isascii() and lengths[0].isdigit()):
        raise BadRequest(BAD_REQUEST, 'Content-Length is not a number')
    # no more digits than it takes: int() of a megabyte of them takes a while
    if len(lengths[0]) > 16 or int(lengths[0]) > REQUEST_MAX:
        raise BadRequest(TOO_LARGE, f'a request has at most {REQUEST_MAX} '
                                    f'bytes')
    return int(lengths[0])


class Handler(http.server.BaseHTTPRequestHandler):
    """One request; a connection ends with its answer."""

    def setup(self):
        """The time runs from here."""
        super().setup()
        self._clock = threading.Timer(self.server.request_time, self._late)
        self._clock.daemon = True
        self._clock.start()

    def finish(self):
        """Nobody is late any more."""
        self._clock.cancel()
        try:
            super().finish()
        except OSError:                 # it did not wait for the answer
            pass

    def _late(self):
        """End what the connection waits for, be it to read or to write."""
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def handle(self):
        """A client that hangs up is no error of ours."""
        try:
            super().handle()
        except OSError:
            pass

    def _request(self):
        length = content_length(self.headers)
        body = self.rfile.read(length)
        if len(body) != length:
            raise BadRequest(BAD_REQUEST, 'the request is cut off')
        # it is here: what follows is our own time
        self._clock.cancel()
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise BadRequest(BAD_REQUEST, 'the request is no JSON') from None

    def do_POST(self):                  # pylint: disable=invalid-name
        """The request is the body."""
        try:
            answer = json.dumps(self.server.answer(self._request()))
            self._reply(200, 'application/json', answer)
        except Refused as err:
            self._reply(FORBIDDEN, 'text/plain', str(err))
        except BadRequest as err:
            self._reply(err.status, 'text/plain', str(err))
        except (OwnerError, OSError) as err:
            self._reply(BAD_REQUEST, 'text/plain', str(err))

    def _reply(self, status, kind, text):
        body = text.encode(errors='replace')
        self.close_connection = True
        self.connection.settimeout(self.server.request_time)
        self.send_response(status)
        self.send_header('Content-Type', f'{kind}; charset=utf-8')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words):     # pylint: disable=arguments-differ
        """Silence."""


class Service(http.server.ThreadingHTTPServer):
    """
    Let @answer answer on @port of the loopback interface; 0 chooses one.
    A context manager, which waits for the answers under way at the end.
    """

    daemon_threads = False
    request_queue_size = CLIENTS_MAX

    def __init__(self, port, answer, request_time=REQUEST_TIME):
        super().__init__(('127.0.0.1', port), Handler)
        self.answer = answer
        self.request_time = request_time
        self._free = threading.BoundedSemaphore(CLIENTS_MAX)

    def process_request(self, request, client_address):
        """A thread for each client, but not for any number of them."""
        if not self._free.acquire(blocking=False):
            try:
                request.settimeout(0)
                request.send(b'HTTP/1.0 %d Busy\r\n\r\n' % UNAVAILABLE)
            except OSError:
                pass
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request, client_address):
        """In the client's thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()
