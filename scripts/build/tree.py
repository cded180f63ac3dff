# SPDX-License-Identifier: GPL-2.0-or-later
"""
The build tree: pristine base + overlay links + hooks.

build/base is never edited.  build/src starts as a copy of it; every file of
the overlay is a symbolic link in it; every base file that a hook names holds
the pristine file plus that one hook.  build/src.json remembers what we left
behind, so that a developer's edits can be told from our own work.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / 'build'
BASE = BUILD / 'base'
SRC = BUILD / 'src'
STATE = BUILD / 'src.json'
PATCHES = TOP / 'patches'

OVERLAY = ('docs', 'hw', 'include', 'qapi', 'scripts', 'target', 'tests',
           'tools')
MACHINERY = 'scripts/build/'

# Large and never edited: sources of firmware that we take from packages.
UNWATCHED = ('.git', '__pycache__', 'roms')


class TreeError(Exception):
    """Something that the developer has to decide."""


def digest(path):
    """SHA-256 of a file, or None when there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None


def lock():
    """Two builds may run at once, but only one may change the tree."""
    handle = open(BUILD / 'src.lock', 'w', encoding='ascii')
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def load_state():
    """What the last run left: overlay paths, hooks and their results."""
    if STATE.exists() and SRC.is_dir():
        return json.loads(STATE.read_text(encoding='utf-8'))
    return {'overlay': [], 'hooks': {}, 'files': {}}


def save_state(state):
    """Written aside first: an interrupted run must not lose the old one."""
    aside = STATE.with_suffix('.tmp')
    aside.write_text(json.dumps(state, indent=1), encoding='utf-8')
    aside.replace(STATE)


# -- overlay ---------------------------------------------------------------

def overlay_from_git():
    """Tracked and new files, without what .gitignore hides."""
    cmd = ['git', '-c', 'safe.directory=*', '-C', str(TOP), 'ls-files', '-z',
           '-co', '--exclude-standard', '--', *OVERLAY]
    out = subprocess.run(cmd, stdout=subprocess.PIPE, check=True,
                         stderr=subprocess.DEVNULL).stdout
    return [os.fsdecode(name) for name in out.split(b'\0') if name]


def overlay_from_walk():
    """The same for a copy of the project that is no git checkout."""
    for part in OVERLAY:
        for path in (TOP / part).rglob('*'):
            if '__pycache__' not in path.parts:
                yield str(path.relative_to(TOP))


def overlay_paths():
    """Every overlay file, as paths relative to the top."""
    try:
        names = overlay_from_git()
    except (OSError, subprocess.CalledProcessError):
        names = overlay_from_walk()
    return sorted(name for name in set(names)
                  if not name.startswith(MACHINERY)
                  and (TOP / name).is_file())


def restore(name):
    """Put the pristine file back, or nothing where the base has none."""
    path = SRC / name
    if path.is_symlink() or path.exists():
        path.unlink()
    if (BASE / name).exists():
        shutil.copy(BASE / name, path)      # of now: it replaces something newer


def link(name):
    """Make one overlay file visible in the build tree."""
    path = SRC / name
    target = os.path.relpath(TOP / name, path.parent)
    if path.is_symlink() and os.readlink(path) == target:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        path.unlink()
        # What lay here may have been compiled, and later than ours was written
        os.utime(TOP / name)
    path.symlink_to(target)


def sync_overlay(state):
    """Links for new files; links of files that are gone removed."""
    names = overlay_paths()
    for name in set(state['overlay']) - set(names):
        restore(name)
    for name in names:
        if name in state['files']:
            raise TreeError(f'{name} is in the overlay and in a hook')
        link(name)
    state['overlay'] = names


# -- hooks -----------------------------------------------------------------

def hook_files(patch):
    """The base files that a hook changes."""
    text = patch.read_text(encoding='utf-8')
    names = re.findall(r'^--- (\S+)\n\+\+\+ (\S+)', text, re.M)
    for old, new in names:
        if old[:2] != 'a/' or new[:2] != 'b/' or old[2:] != new[2:]:
            raise TreeError(f'{patch.name}: a hook only edits base files; '
                            f'{old} -> {new} belongs into the overlay')
    return [new[2:] for _, new in names]


def hooks():
    """All hooks in order; each base file belongs to exactly one of them."""
    owner = {}
    result = {}
    for patch in sorted(PATCHES.glob('*.patch')):
        result[patch.name] = hook_files(patch)
        for name in result[patch.name]:
            if name in owner:
                raise TreeError(f'{name} is in {owner[name]} and in '
                                f'{patch.name}; a base file belongs to one')
            if not (BASE / name).is_file():
                raise TreeError(f'{patch.name}: the base has no {name}')
            owner[name] = patch.name
    return result


def apply_hook(patch, names):
    """A hook's result as {file: content}, made in a scratch folder."""
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        for name in names:
            path = Path(scratch, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(BASE / name, path)
        done = subprocess.run(['patch', '-p1', '-s', '--fuzz=0',
                               '--no-backup-if-mismatch', '-d', scratch,
                               '-i', str(patch)],
                              stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            raise TreeError(f'{patch.name} does not apply to the base:\n'
                            f'{done.stdout}')
        return {name: Path(scratch, name).read_bytes() for name in names}


def is_edited(state, name):
    """Did somebody change this file after us?"""
    left = state['files'].get(name) or digest(BASE / name)
    return digest(SRC / name) != left


def write_result(state, name, content):
    """Touch the file only when it really differs: ninja looks at its time."""
    path = SRC / name
    if not path.exists() or path.read_bytes() != content:
        shutil.copymode(BASE / name, path)
        path.write_bytes(content)
    state['files'][name] = digest(path)


def stale_hooks(state, current):
    """Hooks whose patch file changed, appeared or went away."""
    for name in set(state['hooks']) | set(current):
        old = state['hooks'].get(name)
        if name not in current or not old \
                or old['patch'] != digest(PATCHES / name):
            yield name


def sync_hooks(state):
    """Bring every base file to 'pristine + its hook'."""
    current = hooks()
    stale = sorted(stale_hooks(state, current))
    touched = {f for name in stale
               for f in (state['hooks'].get(name, {}).get('files', [])
                         + current.get(name, []))}
    results = {}
    for name in stale:
        if name in current:
            results.update(apply_hook(PATCHES / name, current[name]))
    refuse_to_clobber(state, results, touched)
    for name in touched:
        if name in results:
            write_result(state, name, results[name])
        else:
            restore(name)
            state['files'].pop(name, None)
    for name in stale:
        state['hooks'].pop(name, None)
        if name in current:
            state['hooks'][name] = {'patch': digest(PATCHES / name),
                                    'files': current[name]}


def refuse_to_clobber(state, results, touched):
    """Edits in the build tree that the new hooks do not hold are kept."""
    lost = []
    for name in sorted(touched):
        content = results.get(name)
        wanted = hashlib.sha256(content).hexdigest() if content is not None \
            else digest(BASE / name)
        if is_edited(state, name) and digest(SRC / name) != wanted:
            lost.append(f'  build/src/{name}')
    if lost:
        raise TreeError('a hook changed, and these files have edits of '
                        'yours that it does not hold:\n' + '\n'.join(lost)
                        + '\nkeep them:  scripts/build/hook refresh '
                        'patches/NAME.patch\nlose them:  '
                        'scripts/build/hook revert FILE...')


def edited_files(state):
    """Base files of the build tree that were edited and not refreshed."""
    skip = set(state['overlay']) | set(state['files'])
    for folder, dirs, files in os.walk(BASE):
        where = os.path.relpath(folder, BASE)
        dirs[:] = [d for d in dirs if d not in UNWATCHED]
        for name in files:
            rel = os.path.normpath(os.path.join(where, name))
            if rel not in skip and looks_different(rel):
                yield rel
    for name in state['files']:
        if is_edited(state, name):
            yield name


def looks_different(name):
    """Cheap first: a copy keeps size and time; only then the content."""
    old = os.lstat(BASE / name)
    try:
        new = os.lstat(SRC / name)
    except FileNotFoundError:
        return True
    if (old.st_size, old.st_mtime_ns) == (new.st_size, new.st_mtime_ns):
        return False
    return digest(BASE / name) != digest(SRC / name)


# -- the whole -------------------------------------------------------------

def sync():
    """Make build/src what base, overlay and hooks say now."""
    with lock():
        state = load_state()
        if not state['files'] and not state['overlay']:
            fresh_copy()
        try:
            sync_overlay(state)
            sync_hooks(state)
        finally:
            save_state(state)
        for name in sorted(edited_files(state)):
            print(f'warning: build/src/{name} has edits that are in no hook '
                  f'yet (scripts/build/hook refresh)', file=sys.stderr)


def fresh_copy():
    """The copy keeps all times, so that nothing looks newer than it is."""
    if SRC.is_dir():
        shutil.rmtree(SRC)
    subprocess.run(['cp', '-a', '--reflink=auto', str(BASE), str(SRC)],
                   check=True)
