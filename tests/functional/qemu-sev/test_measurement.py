#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""qemu-sev measurement, vmsa: against known and independent values."""

import base64
import hashlib
import os

import sevformats as sev
from harness import UNVERIFIED, USAGE, ToolTest, main

# SHA-256 of initial CPU states with signature 0x800f12; APs at 0x80b004
VMSA = {
    ('0', ''): '30a76bd1aa5adf81f02832d38c21e31b'
               '073cf0663dd2337455db2a3c210666af',
    ('0', '--init2'): '8295cef559b57130391d59605890ef93'
                      '297720b48bef9a8c3c985b9c3fb0788c',
    ('1', ''): '3d1cd8f98c320cb09405dae226a8bd6e'
               '18d8bfc0b4babda508c10963a6f3df19',
    ('1', '--init2'): '7ff723da33f39dedbe8336bb697e0a2f'
                      '76471690074d5902e1a8177cd5312c95',
}


class Measurement(ToolTest):
    """measurement build and verify."""

    def setUp(self):
        super().setUp()
        self.tik = os.urandom(16)
        self.nonce = os.urandom(16)
        self.write('tik', self.tik)
        self.image = sev.firmware(entries=[sev.HASH_AREA, sev.RESET_BLOCK])
        self.write('fw', self.image)
        self.write('kernel', os.urandom(100_000))
        self.write('initrd', os.urandom(200_001))

    def args(self, policy=1, api=(1, 51), build=3):
        """The options that every measurement needs."""
        return ['--api-major', str(api[0]), '--api-minor', str(api[1]),
                '--build-id', str(build), '--policy', hex(policy),
                '--tik', 'tik']

    def build(self, *args, **kwargs):
        """Run measurement build; returns the blob."""
        out, _ = self.tool('measurement', 'build', *self.args(**kwargs),
                           '--nonce', base64.b64encode(self.nonce).decode(),
                           *args)
        return base64.b64decode(out)

    def expect(self, content, policy=1, api=(1, 51), build=3):
        """The same, computed here."""
        return sev.measurement(self.tik, api, build, policy,
                               hashlib.sha256(content).digest(), self.nonce)

    def test_sevtool_example(self):
        self.write('tik', bytes.fromhex('66320db73158a35a255d051758e95ed4'))
        digest = base64.b64encode(hashlib.sha256().digest()).decode()
        nonce = bytes.fromhex('4fbe0bedbad6c86ae8f68971d103e554')
        told = self.json('measurement', 'build', *self.args(0, (0, 18), 15),
                         '--launch-digest', digest, '--nonce',
                         base64.b64encode(nonce).decode())
        self.assertEqual(told['measure'], '6faab2daae389bcd3405a05d6cafe33c'
                                          '0414f7bedd0bae19ba5f38b7fd1664ea')
        self.assertEqual(told['nonce'], nonce.hex())

    def test_sevctl_example(self):
        self.write('tik', bytes.fromhex('3569cf61a32a602b87185ac6e0f55913'))
        out, _ = self.tool(
            'measurement', 'build', '--api-major', '01', '--api-minor', '40',
            '--build-id', '40', '--policy', '0x03', '--tik', 'tik',
            '--nonce', 'wxP6tRHCFrFQWxsuqZA8QA==', '--launch-digest',
            'xkvRAfyaSizgonxAjZIAkR8TmolUabBKQKb6KJCDDSM=')
        self.assertEqual(out, 'lswbxWxI9gckya16JQvdFtpYmNO4b+3inAPpqsgoBI7D'
                              'E/q1EcIWsVBbGy6pkDxA\n')

    def test_digest_example(self):
        """The worked example: firmware, kernel hashes and a CPU state."""
        self.write('tik', bytes(range(0x20, 0x30)))
        self.write('fw', bytes((7 * i + 3) % 256 for i in range(4096)))
        self.write('k', b'kernel-bytes')
        self.write('i', b'initrd-bytes')
        out, err = self.tool(
            'measurement', 'build', *self.args(0x11000005, (0, 24), 15),
            '--firmware', 'fw', '--kernel', 'k', '--initrd', 'i', '--cmdline',
            'console=ttyS0', '--cpu-family', '23', '--cpu-model', '1',
            '--cpu-stepping', '2', '--nonce', 'QEFCQ0RFRkdISUpLTE1OTw==')
        self.assertEqual(out, 'D3EfR0LxBxXCzelXxlwUKB+39R4LdQYYSTSNDmyaBmhA'
                              'QUJDREVGR0hJSktMTU5P\n')
        self.assertIn('no room for kernel hashes', err)

    def test_own_output(self):
        """What the tool prints it takes: digest and nonce in hexadecimal."""
        told = self.json('measurement', 'build', *self.args(), '--firmware',
                         'fw', '--nonce', self.nonce.hex())
        self.assertEqual(told['nonce'], self.nonce.hex())
        digest = bytes.fromhex(told['launch-digest'])
        for text in (digest.hex(), digest.hex().upper(),
                     base64.b64encode(digest).decode()):
            again = self.json('measurement', 'build', *self.args(),
                              '--launch-digest', text, '--nonce', told['nonce'])
            self.assertEqual(again, told)
        blob = told['measure'] + told['nonce']
        self.write('blob', blob.encode())
        for measured in (blob, told['data'], 'blob'):
            self.tool('measurement', 'verify', *self.args(), '--firmware',
                      'fw', '-m', measured)
        for bad in (digest.hex()[:-1], digest.hex()[:-2], digest.hex() + '00',
                    'g' + digest.hex()[1:]):
            self.refused('measurement', 'build', *self.args(), '--nonce',
                         told['nonce'], '--launch-digest', bad,
                         names=['--launch-digest', 32])

    def test_missing_blob(self):
        """A file that is not there is called so, not bad base64."""
        for name in ('measurement.b64', 'no/such', 'x' * 300):
            err = self.refused('measurement', 'verify', *self.args(),
                               '--firmware', 'fw', '-m', name)
            self.assertIn('there is no file', err)
        self.write('file', b'x')
        self.refused('measurement', 'verify', *self.args(), '--firmware',
                     'fw', '-m', 'file', names=['file has 1 byte'])
        self.assertIn('there is no file', self.refused(
            'measurement', 'verify', *self.args(), '--firmware', 'fw', '-m',
            'file/x'))

    def test_pair_of_keys(self):
        """sev-tool has TEK and TIK in one file, in that order."""
        self.write('tk', os.urandom(16) + self.tik)
        args = self.args()
        at = args.index('--tik')
        pair = args[:at] + ['--tk', 'tk'] + args[at + 2:]
        out, _ = self.tool('measurement', 'build', *pair, '--firmware', 'fw',
                           '--nonce', self.nonce.hex())
        self.assertEqual(base64.b64decode(out), self.expect(self.image))
        err = self.refused('measurement', 'build', *args[:at], '--tik', 'tk',
                           *args[at + 2:], '--firmware', 'fw', '--nonce',
                           self.nonce.hex(), names=['tk', '32 bytes'])
        self.assertIn('--tk', err)
        self.refused('measurement', 'build', *args, '--tk', 'tk',
                     '--firmware', 'fw', '--nonce', self.nonce.hex(),
                     status=USAGE, names=['--tk'])
        self.refused('measurement', 'build', *args[:at], '--tk', 'tik',
                     *args[at + 2:], '--firmware', 'fw', '--nonce',
                     self.nonce.hex(), names=['16', '32'])

    def test_firmware(self):
        self.assertEqual(self.build('--firmware', 'fw'),
                         self.expect(self.image))
        self.assertEqual(self.build('--firmware', 'fw', policy=0xff000003,
                                    api=(0, 255), build=255),
                         self.expect(self.image, 0xff000003, (0, 255), 255))

    def test_kernel(self):
        kernel, initrd = self.read('kernel'), self.read('initrd')
        for args, table in (
                ([], sev.kernel_hashes(kernel)),
                (['--initrd', 'initrd'], sev.kernel_hashes(kernel, initrd)),
                (['--cmdline', 'quiet'],
                 sev.kernel_hashes(kernel, cmdline=b'quiet')),
                (['--cmdline', ''], sev.kernel_hashes(kernel)),
                (['--initrd', 'initrd', '--cmdline', b'caf\xe9 =\t"x"'],
                 sev.kernel_hashes(kernel, initrd, b'caf\xe9 =\t"x"'))):
            self.assertEqual(self.build('--firmware', 'fw', '--kernel',
                                        'kernel', *args),
                             self.expect(self.image + table))

    def test_cpus(self):
        cpu0, cpu1 = os.urandom(4096), os.urandom(4096)
        self.write('cpu0', cpu0)
        self.write('cpu1', cpu1)
        one = self.build('--firmware', 'fw', '--vmsa-cpu0', 'cpu0', policy=5)
        self.assertEqual(one, self.expect(self.image + cpu0, 5))
        four = self.build('--firmware', 'fw', '--vmsa-cpu0', 'cpu0',
                          '--vmsa-cpu1', 'cpu1', '--num-cpus', '4', policy=5)
        self.assertEqual(four, self.expect(self.image + cpu0 + 3 * cpu1, 5))

    def test_made_cpus(self):
        for (cpu, init2), digest in VMSA.items():
            name = f'cpu{cpu}{init2}'
            self.tool('vmsa', 'build', name, '--userspace', 'qemu',
                      '--family', '23', '--model', '1', '--stepping', '2',
                      '--firmware', 'fw', '--cpu', cpu, *init2.split())
            self.assertEqual(hashlib.sha256(self.read(name)).hexdigest(),
                             digest)
        for init2 in ('', '--init2'):
            blob = self.build('--firmware', 'fw', '--cpu-family', '23',
                              '--cpu-model', '1', '--cpu-stepping', '2',
                              '--num-cpus', '3', *init2.split(), policy=5)
            states = self.read(f'cpu0{init2}') + 2 * self.read(f'cpu1{init2}')
            self.assertEqual(blob, self.expect(self.image + states, 5))

    def test_signature(self):
        for family, model, stepping, want in ((6, 0x3a, 9, 0x306a9),
                                              (25, 1, 1, 0xa00f11),
                                              (15, 6, 1, 0xf61)):
            self.tool('vmsa', 'build', 'v', '--family', str(family),
                      '--model', hex(model), '--stepping', str(stepping))
            self.assertEqual(sev.be(self.read('v')[0x310:0x318]), want)

    def test_blob(self):
        """The blob as argument, as base64 file and as binary file."""
        want = self.expect(self.image)
        text = base64.b64encode(want).decode()
        self.write('blob.b64', text.encode() + b'\n')
        self.write('blob.bin', want)
        for blob in (text, 'blob.b64', 'blob.bin'):
            args = [*self.args(), '--launch-measure-blob', blob,
                    '--firmware', 'fw']
            out, _ = self.tool('measurement', 'build', *args)
            self.assertEqual(out, text + '\n')
            told = self.json('measurement', 'verify', *args)
            self.assertIs(told['verified'], True)
            self.assertEqual(told['reported'], want[:32].hex())

    def test_outfile(self):
        self.assertEqual(self.build('--firmware', 'fw', '-o', 'out'), b'')
        self.assertEqual(self.read('out'), self.expect(self.image))

    def test_refuses_each_change(self):
        table = sev.kernel_hashes(self.read('kernel'), self.read('initrd'),
                                  b'quiet')
        blob = self.expect(self.image + table)
        good = dict(zip(
            ('--api-major', '--api-minor', '--build-id', '--policy', '--tik',
             '--firmware', '--kernel', '--initrd', '--cmdline', '-m'),
            ('1', '51', '3', '1', 'tik', 'fw', 'kernel', 'initrd', 'quiet',
             base64.b64encode(blob).decode())))
        self.write('other', os.urandom(16))
        flipped = bytearray(blob)
        flipped[31] ^= 0x80
        changes = {'--api-major': '2', '--api-minor': '52', '--build-id': '4',
                   '--policy': '3', '--tik': 'other', '--firmware': 'kernel',
                   '--kernel': 'initrd', '--initrd': 'kernel',
                   '--cmdline': 'quiet ', '-m':
                   base64.b64encode(flipped).decode()}

        def options(change):
            return [part for pair in {**good, **change}.items()
                    for part in pair]
        self.tool('measurement', 'verify', *options({}))
        for option, value in changes.items():
            with self.subTest(change=option):
                told = self.json('measurement', 'verify',
                                 *options({option: value}), status=UNVERIFIED)
                self.assertIs(told['verified'], False)

    def test_usage(self):
        self.write('page', bytes(4096))
        blob = ['-m', base64.b64encode(bytes(48)).decode()]
        for args in (
                [], ['--firmware', 'fw'], blob, [*blob, '--kernel', 'kernel'],
                [*blob, '--firmware', 'fw', '--initrd', 'initrd'],
                [*blob, '--firmware', 'fw', '--cmdline', 'x'],
                [*blob, '--firmware', 'fw', '--vmsa-cpu0', 'page'],
                [*blob, '--firmware', 'fw', '--policy', '5'],
                [*blob, '--firmware', 'fw', '--policy', '5', '--vmsa-cpu0',
                 'page', '--num-cpus', '2'],
                [*blob, '--firmware', 'fw', '--policy', '5', '--vmsa-cpu0',
                 'page', '--num-cpus', '0'],
                [*blob, '--firmware', 'fw', '--policy', '5', '--vmsa-cpu0',
                 'page', '--cpu-family', '6'],
                [*blob, '--firmware', 'fw', '--policy', '5', '--cpu-family',
                 '6'],
                [*blob, '--firmware', 'fw', '--policy', '5', '--cpu-family',
                 '271', '--cpu-model', '0', '--cpu-stepping', '0'],
                [*blob, '--firmware', 'fw', '--nonce', 'AAAA'],
                [*blob, '--firmware', 'fw', '--api-major', '256'],
                [*blob, '--firmware', 'fw', '--launch-digest', 'AAAA']):
            with self.subTest(args=args):
                self.refused('measurement', 'build', *self.args(), *args,
                             status=USAGE)
        for missing in ('--api-major', '--api-minor', '--build-id', '--policy',
                        '--tik'):
            args = self.args()
            del args[args.index(missing):args.index(missing) + 2]
            self.refused('measurement', 'build', *args, *blob, '--firmware',
                         'fw', status=USAGE, names=[missing])

    def test_bad_files(self):
        blob = base64.b64encode(bytes(48)).decode()
        self.write('empty', b'')
        self.write('short', bytes(15))
        self.write('long', bytes(17))
        for name in ('empty', 'short', 'long', 'missing', '.'):
            self.refused('measurement', 'build', *self.args(), '--tik', name,
                         '-m', blob, '--firmware', 'fw', names=[name])
        for name in ('empty', 'missing', '.'):
            self.refused('measurement', 'build', *self.args(), '-m', blob,
                         '--firmware', name, names=[name])
        self.refused('measurement', 'build', *self.args(), '-m', blob,
                     '--firmware', '/dev/zero', names=['/dev/zero'])
        for option in ('--kernel', '--initrd'):
            self.refused('measurement', 'build', *self.args(), '-m', blob,
                         '--firmware', 'fw', '--kernel', 'kernel', option,
                         'missing', names=['missing'])
        for name in ('empty', 'short', 'missing', 'fw2'):
            self.write('fw2', bytes(4097))
            self.refused('measurement', 'build', *self.args(5), '-m', blob,
                         '--firmware', 'fw', '--vmsa-cpu0', name,
                         names=[name])

    def test_bad_blobs(self):
        self.write('blob47', bytes(47))
        self.write('blob49', bytes(49))
        self.write('blob0', b'')
        for blob in ('', '=', 'A', 'AAA', '????', 'A' * 63, 'A' * 68,
                     'A' * 62 + '=A', '=' + 'A' * 63, 'blob47', 'blob49',
                     'blob0'):
            with self.subTest(blob=blob):
                self.refused('measurement', 'build', *self.args(), '-m', blob,
                             '--firmware', 'fw', names=['measure'])
        for nonce in ('AAAA', 'A' * 25, '!' * 24):
            self.refused('measurement', 'build', *self.args(), '--nonce',
                         nonce, '--firmware', 'fw', names=['--nonce'])

    def test_bad_firmware_tables(self):
        """A firmware without a sound table has no reset address."""
        good = self.image
        total = len(good) - 32 - 18
        images = {'none': bytes(4096), 'tiny': bytes(10),
                  'long': good[:total] + b'\xff\xff' + good[total + 2:],
                  'short': good[:total] + b'\x11\0' + good[total + 2:]}
        entry = total - 18
        images['entry'] = (good[:entry] + b'\xff\x7f' + good[entry + 2:])
        images['zero'] = (good[:entry] + b'\0\0' + good[entry + 2:])
        for name, image in images.items():
            with self.subTest(image=name):
                self.write(name, image)
                self.refused('vmsa', 'build', 'v', '--family', '6', '--model',
                             '1', '--stepping', '1', '--cpu', '1',
                             '--firmware', name, names=[name])


if __name__ == '__main__':
    main()
