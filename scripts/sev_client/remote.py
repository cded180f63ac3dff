# SPDX-License-Identifier: GPL-2.0-or-later
"""
A guest owner somewhere else: a command, or an HTTP service.

Both get a JSON object and answer with one:

  { "request": "session", "chain": BASE64 }
      chain: PDH, PEK, OCA and CEK of the host's platform, and its root if
      the host has it
  { "id": ANY, "policy": NUMBER, "dh-cert": BASE64, "session": BASE64 }

  { "request": "secret", "id": ANY, "api-major": NUMBER, "api-minor": NUMBER,
    "build-id": NUMBER, "policy": NUMBER, "measurement": BASE64 }
  { "packet-header": BASE64, "secret": BASE64, "gpa": NUMBER }
      without gpa the secret goes where the firmware wants it

A command reads its request from standard input, and refuses with exit status
3 and a reason on standard error.  A service gets a POST, and refuses with
status 403 and the reason as its body.
"""

import base64
import http.client
import json
import os
import subprocess
import urllib.error
import urllib.request

from .owner import EXIT_REFUSED, OwnerError, Packet, Refused, Session

HTTP_FORBIDDEN = 403
TIMEOUT = 60
ANSWER_MAX = 1 << 20


def ask_command(command, request):
    """Ask a command of the shell."""
    done = subprocess.run(['sh', '-c', command], input=json.dumps(request),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)
    if done.returncode == EXIT_REFUSED:
        raise Refused(done.stderr.strip())
    if done.returncode:
        raise OwnerError(f'the owner\'s command ends with exit status '
                         f'{done.returncode}: {done.stderr.strip()}')
    return done.stdout


def ask_service(url, request):
    """Ask an HTTP service."""
    post = urllib.request.Request(
        url, json.dumps(request).encode(),
        {'Content-Type': 'application/json'})
    try:
        with urllib.request.urlopen(post, timeout=TIMEOUT) as answer:
            text = answer.read(ANSWER_MAX + 1)
    except urllib.error.HTTPError as err:
        reason = err.read(ANSWER_MAX).decode(errors='replace').strip()
        if err.code == HTTP_FORBIDDEN:
            raise Refused(reason) from None
        raise OwnerError(f'{url}: {err}: {reason}') from None
    except urllib.error.URLError as err:
        raise OwnerError(f'{url}: {err.reason}') from None
    except http.client.HTTPException as err:
        raise OwnerError(f'{url}: no answer of HTTP: {err!r}') from None
    if len(text) > ANSWER_MAX:
        raise OwnerError(f'{url}: the answer has more than {ANSWER_MAX} bytes')
    return text.decode(errors='replace')


class RemoteOwner:
    """@ask sends a request; files for the host go to @folder."""

    def __init__(self, ask, folder):
        self._ask = ask
        self._folder = folder
        self._id = None

    def _request(self, request, fields):
        text = self._ask(request)
        try:
            answer = json.loads(text)
            for name, kind in fields.items():
                if not isinstance(answer[name], kind):
                    raise ValueError(f'{name} is no {kind.__name__}')
        except (KeyError, TypeError, ValueError, RecursionError) as err:
            raise OwnerError(f'the owner\'s answer cannot be understood: '
                             f'{err!r}') from None
        return answer

    def _write(self, name, text):
        path = os.path.join(self._folder, name)
        with open(path, 'w', encoding='ascii', errors='strict') as file:
            file.write(text)
        return path

    def make_session(self, chain):
        """Policy and session for the platform whose chain is in a file."""
        with open(chain, 'rb') as file:
            chain = file.read()
        answer = self._request(
            {'request': 'session',
             'chain': base64.b64encode(chain).decode()},
            {'id': object, 'policy': int, 'dh-cert': str, 'session': str})
        self._id = answer['id']
        return answer['policy'], Session(
            self._write('godh.b64', answer['dh-cert']),
            self._write('session.b64', answer['session']))

    def make_packet(self, evidence):
        """The secret for a launch that the owner finds good."""
        answer = self._request(
            {'request': 'secret', 'id': self._id,
             'api-major': evidence.api_major,
             'api-minor': evidence.api_minor,
             'build-id': evidence.build_id, 'policy': evidence.policy,
             'measurement': evidence.blob},
            {'packet-header': str, 'secret': str})
        return Packet(answer['packet-header'], answer['secret'],
                      answer.get('gpa'))
