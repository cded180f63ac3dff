# SPDX-License-Identifier: GPL-2.0-or-later
"""
The firmware descriptors: valid by QEMU's own schema, one of them usable for
systemd-vmspawn, and true.
"""

import copy
import json
import os
import subprocess
import sys

import common
from common import BOOT_DIR, KERNEL, OVMF

sys.path.insert(1, str(BOOT_DIR / 'src/scripts'))

# pylint: disable=wrong-import-position,import-error
from qapi.schema import QAPISchema, QAPISchemaArrayType     # noqa: E402
from qapi.schema import QAPISchemaEnumType                  # noqa: E402
from qapi.schema import QAPISchemaObjectType                # noqa: E402


def members(value, of_type):
    """The members that @value may have, with those of its branch."""
    yield from of_type.members
    if of_type.branches:
        tag = value[of_type.branches.tag_member.name]
        for variant in of_type.branches.variants:
            if variant.name == tag:
                yield from members(value, variant.type)


def check(value, of_type):
    """Raise ValueError if @value is not of a type of the schema."""
    def demand(good):
        if not good:
            raise ValueError(f'{value!r} is no {of_type.name}')

    if isinstance(of_type, QAPISchemaEnumType):
        demand(value in [member.name for member in of_type.members])
    elif isinstance(of_type, QAPISchemaArrayType):
        demand(isinstance(value, list))
        for item in value:
            check(item, of_type.element_type)
    elif isinstance(of_type, QAPISchemaObjectType):
        demand(isinstance(value, dict))
        for member in of_type.members:
            demand(member.optional or member.name in value)
        fields = {member.name: member for member in members(value, of_type)}
        demand(value.keys() <= fields.keys())
        for name, member in fields.items():
            demand(member.optional or name in value)
            if name in value:
                check(value[name], member.type)
    else:
        demand(of_type.name == 'str' and isinstance(value, str))


def vmspawn_takes(told):
    """Does systemd-vmspawn (256 and later) use it on this architecture?"""
    mapping = told['mapping']
    return (mapping.keys() == {'device', 'executable', 'nvram-template'} and
            'enrolled-keys' not in told['features'] and
            'x86_64' in [part['architecture'] for part in told['targets']])


class DescriptorsTest(common.LaunchTest):
    """Each of them."""

    def setUp(self):
        super().setUp()
        self.told = {name: json.loads(text) for name, text
                     in common.descriptors(self.path('nvram'))}
        self.assertEqual(len(self.told), 2)

    def test_schema(self):
        """Valid; and the test sees it if they are not."""
        schema = QAPISchema(str(BOOT_DIR / 'src/docs/interop/firmware.json'))
        firmware = schema.lookup_type('Firmware')
        for name, told in self.told.items():
            with self.subTest(name):
                check(told, firmware)
            for spoil in (lambda bad: bad.pop('tags'),
                          lambda bad: bad['features'].append('amd-seves'),
                          lambda bad: bad['mapping'].pop('executable'),
                          lambda bad: bad['mapping'].update(filename='x'),
                          lambda bad: bad.update(targets='x86_64')):
                bad = copy.deepcopy(told)
                spoil(bad)
                with self.assertRaises(ValueError):
                    check(bad, firmware)

    def test_vmspawn(self):
        """One of them is for systemd-vmspawn, which wants NVRAM."""
        self.assertEqual([name for name, told in self.told.items()
                          if vmspawn_takes(told)],
                         ['91-qemu-sev-ovmf-nvram.json'])

    def test_vmspawn_itself(self):
        """A systemd-vmspawn that can say so takes that one."""
        folder = self.dir / 'qemu/firmware'
        folder.mkdir(parents=True)
        for name, told in self.told.items():
            # Before those that the machine has, in the same order
            (folder / f'00-{name}').write_text(json.dumps(told),
                                               encoding='ascii')
        try:
            vmspawn = subprocess.run(
                ['systemd-vmspawn', '--user', '--firmware-features=amd-sev',
                 '--firmware=describe'], stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, check=False, text=True,
                env=dict(os.environ, XDG_CONFIG_HOME=str(self.dir)))
        except FileNotFoundError:
            self.skipTest('no systemd-vmspawn')
        if 'unrecognized option' in vmspawn.stderr:
            self.skipTest('this systemd-vmspawn does not describe firmware')
        self.assertEqual(vmspawn.returncode, 0, vmspawn.stderr)
        self.assertEqual(json.loads(vmspawn.stdout),
                         self.told['91-qemu-sev-ovmf-nvram.json'])

    @common.need(OVMF, KERNEL)
    def test_boot(self):
        """QEMU as a descriptor says, up to a kernel that knows SEV."""
        for name, told in self.told.items():
            with self.subTest(name):
                self.boot(told['mapping'])

    def boot(self, mapping):
        """Only the firmware is measured, and NVRAM does not matter."""
        self.assertEqual(mapping['device'], 'flash')
        options = ['-accel', 'tcg', '-m', '1G', '-S',
                   '-machine', 'q35,memory-encryption=sev0',
                   '-object', 'sev-guest,id=sev0,kernel-hashes=on',
                   '-kernel', str(KERNEL), '-append', 'console=ttyS0']
        for unit, key in enumerate(('executable', 'nvram-template')):
            if key in mapping:
                options += ['-drive', f'if=pflash,unit={unit},'
                            f'readonly={"off" if unit else "on"},'
                            f'format={mapping[key]["format"]},'
                            f'file={mapping[key]["filename"]}']
        vm = self.vm(options)
        ranges = vm.qmp.execute('query-sev-measured-ranges')
        self.assertEqual([(part['kind'], part['size']) for part in ranges],
                         [('firmware', OVMF.stat().st_size),
                          ('kernel-hashes', 176)])
        vm.qmp.execute('cont')
        vm.wait_console('Memory Encryption Features active: AMD SEV',
                        common.PATIENCE)
        self.assertEqual((self.dir / 'nvram').read_bytes(), b'\xff' * 4096)


if __name__ == '__main__':
    common.main()
