# SPDX-License-Identifier: GPL-2.0-or-later
"""
Examples of the manual: found in the pages' sources, and run as they stand.

shell     commands that have to work; a QEMU among them goes on running
console   "$ COMMAND" or "(qemu) COMMAND", then what it prints
QMP       "->" is sent, "<-" is the answer or an event

"..." in what is printed stands for any text, and a long line may be broken.
The comment ".. save KEY FILE" puts a member of the last answer into a file.
"""

import json
import os
import re
import subprocess
import time
from dataclasses import dataclass

import common
from sev_client.qmp import Qmp

KINDS = ('shell', 'console', 'QMP')
ANY = '...'


@dataclass
class Example:
    """A block of a page; @line is where it begins."""
    kind: str
    line: int
    text: str


def indent_of(line):
    """How far a line is moved to the right."""
    return len(line) - len(line.lstrip())


def block_after(lines, number, indent):
    """The lines below lines[number] that are moved to the right of it."""
    body = []
    for line in lines[number + 1:]:
        if line.strip() and indent_of(line) <= indent:
            break
        body.append(line)
    depth = min(indent_of(line) for line in body if line.strip())
    return '\n'.join(line[depth:] for line in body).strip('\n')


def examples(page):
    """All examples of a page, in order."""
    lines = page.read_text(encoding='utf-8').splitlines()
    for number, line in enumerate(lines):
        code = re.fullmatch(r' *\.\. code-block:: (\S+)', line)
        save = re.fullmatch(r' *\.\. (save \S+ \S+)', line)
        if code and code[1] in KINDS:
            yield Example(code[1], number + 1,
                          block_after(lines, number, indent_of(line)))
        elif save:
            yield Example('save', number + 1, save[1])


def matches(expected, got):
    """Is @got what the manual shows?"""
    if expected == ANY:
        return True
    if isinstance(expected, str):
        pattern = '.*'.join(map(re.escape, expected.split(ANY)))
        return isinstance(got, str) and \
            bool(re.fullmatch(pattern, got, re.S))
    if isinstance(expected, dict):
        return isinstance(got, dict) and expected.keys() == got.keys() and \
            all(matches(expected[key], got[key]) for key in expected)
    if isinstance(expected, list):
        return isinstance(got, list) and len(expected) == len(got) and \
            all(map(matches, expected, got))
    return expected == got


class Reader:
    """Somebody who types in what a page says, in @folder, as @user."""

    def __init__(self, test, folder, env, user=None):
        self._test = test
        self._folder = folder
        self._env = env
        self._user = user or {}
        self._assignments = []
        self._process = self.qmp = self._answer = None
        self._count = 0

    def do(self, example):
        """Run one example."""
        getattr(self, f'_do_{example.kind.lower()}')(example.text)

    def close(self):
        """End the QEMU that still runs."""
        if self._process:
            if self.qmp:
                self.qmp.close()
            self._process.kill()
            self._process.wait()
        self._process = self.qmp = None

    def _run(self, command):
        """A command of the shell; exit status and words."""
        done = subprocess.run(
            ['sh', '-e', '-c', '\n'.join([*self._assignments, command])],
            cwd=self._folder, env=self._env, check=False, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=common.PATIENCE,
            **self._user)
        return done.returncode, done.stdout

    def _do_shell(self, text):
        for command in text.replace('\\\n', '').splitlines():
            if re.match(r'[A-Z_]+=', command):
                self._assignments.append(command)
            elif command.startswith('qemu-system-x86_64 '):
                self.start(command)
            elif command:
                status, words = self._run(command)
                self._test.assertEqual(status, 0, words)

    def start(self, command):
        """A QEMU in the background, with a monitor for us."""
        self.close()
        self._count += 1
        path = os.path.join(self._folder, f'monitor{self._count}')
        log = os.path.join(self._folder, 'log')
        script = [*self._assignments,
                  f'exec {command} -qmp unix:{path},server=on,wait=off']
        with open(log, 'wb') as out:
            self._process = subprocess.Popen(
                ['sh', '-c', '\n'.join(script)], cwd=self._folder,
                env=self._env, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT)
        end = time.monotonic() + common.PATIENCE
        while not self.qmp:
            try:
                self.qmp = Qmp.connect(path)
            except OSError:
                with open(log, encoding='utf-8', errors='replace') as out:
                    words = out.read()
                self._test.assertIsNone(self._process.poll(), words)
                self._test.assertLess(time.monotonic(), end, words)
                time.sleep(0.05)

    def _do_console(self, text):
        text = text.replace('\\\n', '')
        for part in re.split(r'^(?=\$ |\(qemu\) )', text, flags=re.M)[1:]:
            command, _, expected = part.partition('\n')
            if command.startswith('$ '):
                _, words = self._run(command[2:])
            else:
                words = self.qmp.execute(
                    'human-monitor-command',
                    command_line=command[len('(qemu) '):])
            self._test.assertTrue(
                matches(' '.join(expected.split()), ' '.join(words.split())),
                f'{command}\nis said to print\n{expected}\nand prints\n{words}')

    def _do_qmp(self, text):
        for part in re.split(r'^(?=-> |<- )', text, flags=re.M)[1:]:
            message = json.loads(part[3:])
            if part.startswith('-> '):
                self._answer = self.qmp.raw(self._fill_in(message))
                continue
            if 'event' in message:
                got = self.qmp.wait_event(message['event'])
                got.pop('timestamp')
            else:
                got = self._answer
            self._test.assertTrue(matches(message, got),
                                  f'{message} is not {got}')

    def _fill_in(self, message):
        """Put the contents of files where the manual says @FILE."""
        for name, value in message.get('arguments', {}).items():
            if isinstance(value, str) and value.startswith('@'):
                with open(os.path.join(self._folder, value[1:]),
                          encoding='ascii') as file:
                    message['arguments'][name] = file.read().strip()
        return message

    def _do_save(self, text):
        _, key, name = text.split()
        with open(os.path.join(self._folder, name), 'w',
                  encoding='ascii') as file:
            file.write(self._answer['return'][key])
