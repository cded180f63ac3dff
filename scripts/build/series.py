# SPDX-License-Identifier: GPL-2.0-or-later
"""Read patches/series: which hook and which overlay file is in which commit."""

import fnmatch
import re

import tree

TABLE = tree.PATCHES / 'series'


class Step:
    """One commit to be."""

    def __init__(self, subject):
        self.subject = subject
        self.body = []
        self.hooks = []
        self.patterns = []
        self.files = []

    def message(self):
        """Subject and body; those of the hook where the table has none."""
        if not self.subject:
            if len(self.hooks) != 1:
                raise tree.TreeError(f'{TABLE.name}: a commit without a '
                                     'subject takes exactly one hook')
            return hook_message(self.hooks[0])
        return '\n'.join([self.subject, '', *self.body]).strip() + '\n'

    def claims(self, name):
        """Does one of the patterns name this file?"""
        return any(name.startswith(p) if p.endswith('/')
                   else fnmatch.fnmatchcase(name, p) for p in self.patterns)


def hook_message(name):
    """The mail at the top of a hook, as a commit message."""
    text = (tree.PATCHES / name).read_text(encoding='utf-8')
    text = text.split('diff --git ', 1)[0]
    head, _, body = text.partition('\n\n')
    subject = re.search(r'^Subject: (?:\[PATCH\] )?((?:.|\n )*)', head, re.M)
    if not subject:
        raise tree.TreeError(f'{name} has no Subject')
    body = re.split(r'^---$', body, maxsplit=1, flags=re.M)[0]
    return subject.group(1).replace('\n', '') + '\n\n' + body.strip() + '\n'


def parse():
    """The table as a list of steps, files not yet given out."""
    steps = []
    for number, line in enumerate(TABLE.read_text('utf-8').splitlines(), 1):
        word, _, rest = line.partition(' ')
        if not line.strip() or line.startswith('#'):
            continue
        if word == 'commit':
            steps.append(Step(rest.strip()))
        elif not steps:
            raise tree.TreeError(f'{TABLE.name}:{number}: no commit yet')
        elif word == '|':
            steps[-1].body.append(rest)
        elif word == 'hook':
            steps[-1].hooks += [f'{name}.patch' for name in rest.split()]
        elif word == 'files':
            steps[-1].patterns += rest.split()
        else:
            raise tree.TreeError(f'{TABLE.name}:{number}: "{word}"?')
    return steps


def load():
    """The steps with all their files; everything has its place, once."""
    steps = parse()
    for name in tree.overlay_paths():
        owner = next((s for s in steps if s.claims(name)), None)
        if owner is None:
            raise tree.TreeError(f'{name} is in no commit of patches/series')
        owner.files.append(name)
    listed = [hook for step in steps for hook in step.hooks]
    for hook in tree.hooks():
        if listed.count(hook) != 1:
            raise tree.TreeError(f'{hook} is {listed.count(hook)} times in '
                                 'patches/series')
    for hook in set(listed) - set(tree.hooks()):
        raise tree.TreeError(f'patches/series: there is no {hook}')
    return steps
