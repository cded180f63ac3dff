# SPDX-License-Identifier: GPL-2.0-or-later
"""
The tables of docs/devel/sev-hardware.rst say what users of QEMU 10.0 rely on:
they must be true of QEMU, and the tests that they name must exist.
"""

import re

import double
from double import HERE, DoubleTest

TESTS = HERE.parent
DOCUMENT = TESTS.parent / 'docs/devel/sev-hardware.rst'
OBJECTS = ('sev-guest', 'sev-snp-guest')


def table(head):
    """The rows of the simple table whose first line starts with HEAD."""
    lines = DOCUMENT.read_text().splitlines()
    start = next(i for i, line in enumerate(lines)
                 if re.match(rf'{head}\s+\w', line))
    columns = [m.start() for m in re.finditer('=+', lines[start - 1])]
    rows = []
    for line in lines[start + 2:]:
        if line.startswith('==='):
            break
        cells = [line[a:b].strip() for a, b in
                 zip(columns, columns[1:] + [None])]
        if cells[0] and not (rows and rows[-1][-1].endswith((',', ':', ';'))):
            rows.append(cells)
        else:
            rows[-1] = [f'{old} {new}'.strip()
                        for old, new in zip(rows[-1], cells)]
    return rows


def value(text):
    """A default as QMP has it."""
    if re.fullmatch('(0x)?[0-9a-f]+', text):
        return int(text, 0)
    return {'true': True, 'false': False, 'none': ''}.get(text, text)


class ContractTest(DoubleTest):
    """Each method is about one table."""

    def properties(self):
        """(object, name, type, default) of the table."""
        for name, owner, kind, default, _ in table('property'):
            for obj in OBJECTS if owner == 'both' else (owner,):
                yield obj, name.strip('`'), kind, value(default)

    def test_properties(self):
        """Names, types and defaults."""
        qemu = self.start(None, machine='none')
        count = 0
        for obj in OBJECTS:
            qemu.qmp('object-add', **{'qom-type': obj, 'id': 'x'})
            types = {p['name']: p['type']
                     for p in qemu.qmp('qom-list', path='/objects/x')}
            for owner, name, kind, default in self.properties():
                if owner == obj:
                    count += 1
                    with self.subTest(object=obj, property=name):
                        self.assertEqual(types[name], kind)
                        found = qemu.qmp('qom-get', path='/objects/x',
                                         property=name)
                        self.assertEqual(found, default)
            qemu.qmp('object-del', id='x')
        self.assertEqual(count, 20)

    def test_help(self):
        """Help lists them all, with a description."""
        for obj in OBJECTS:
            qemu = double.Qemu(self.dir, ['-object', f'{obj},help'],
                               self.env())
            self.addCleanup(qemu.stop)
            self.assertEqual(qemu.wait(), 0)
            text = qemu.buffer.decode()
            for owner, name, kind, _ in self.properties():
                if owner == obj:
                    self.assertRegex(text, rf'(?m)^  {name}=<{kind}> +- \w')

    def test_fields(self):
        """The commands have their fields, says QMP's schema; maybe more."""
        qemu = self.start(None, machine='none')
        schema = {entry['name']: entry
                  for entry in qemu.qmp('query-qmp-schema')}

        def members(name):
            entry = schema[name]
            found = {m['name'] for m in entry.get('members', ())}
            for variant in entry.get('variants', ()):
                found |= members(variant['type'])
            return found

        rows = [row for row in table('command') if row[0].startswith('`')]
        self.assertEqual(len(rows), 5)
        for name, fields, _ in rows:
            command = schema[name.strip('`')]
            with self.subTest(command=name):
                self.assertLessEqual(
                    set(fields.split(', ')),
                    members(command['ret-type']) | members(command['arg-type'])
                )

    def test_tests(self):
        """Every test that is named exists."""
        python = {name: set(re.findall(
            r'def (test_\w+)', (HERE / f'test_{name}.py').read_text()))
            for name in ('launch', 'measurement', 'faults', 'snp', 'contract',
                         'debug', 'running')}
        paths = set()
        for source in (*TESTS.glob('qtest/sev*.c'),
                       *TESTS.glob('unit/test-sev*.c')):
            paths |= {path.lstrip('/') for path in re.findall(
                r'test_add_(?:data_)?func\("([^"]+)"', source.read_text())}
        for head in ('property', 'command', 'contract'):
            for row in table(head):
                self.check(row, python, paths)

    def check(self, row, python, paths):
        """The tests of one row."""
        group, named = None, 0
        for word in re.findall(r'/sev/[\w/-]+|\w+:|test_\w+', row[-1]):
            named += 1
            if word.startswith('/'):
                self.assertIn(word.lstrip('/'), paths, row)
            elif word.endswith(':'):
                group = word[:-1]
            else:
                self.assertIn(word, python[group], row)
        self.assertTrue(named or row[-1].startswith('no test:'), row)


if __name__ == '__main__':
    double.main()
