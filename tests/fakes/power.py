"""Disks whose power goes at the Nth operation: what was not synced may be there, be gone, or be half there."""

import os
import random
import shutil
from pathlib import Path

from vigil.store.disk import Calls

SECTOR, BLOCK = 512, 4096


class PowerCut(BaseException):
    """The power went. No handler of the program may catch it, as none could."""


class CutCalls(Calls):
    """
    Cuts the power at the Nth operation that changes the disk, and knows what such a cut leaves.

    Works on a real directory, which must be empty. From the cut on every
    operation raises `PowerCut`. `survivor(target, …)` then writes what is left:

    * ``"synced"``: nothing but what was synced, names included;
    * ``"written"``: all that was written (the process was killed, the kernel was not);
    * a `random.Random`: for each file and each directory something in between, as a journalling file system leaves
      it: overwritten sectors in any order, appended bytes up to somewhere, names in the order of their changes.
    """

    def __init__(self, root, nth):
        self.root = Path(root)
        self.nth = nth
        self.seen = 0
        self.fired = False
        self._next = 1
        self._ids = {self.root: 0}  # what is called so now
        self._kinds = {0: "directory"}
        self._contents = {}  # id of a file: what is durable of it
        self._listings = {0: {}}  # id of a directory: the durable names in it
        self._passed = {}  # id of a directory: what it listed since, change after change
        self._fds = {}

    def adopt(self):
        """Take everything that lies in the directory for durable: what an earlier cut left."""
        for path in sorted(self.root.rglob("*")):
            number = self._born(path, "directory" if path.is_dir() else "file")
            if path.is_dir():
                self._listings[number] = {}
            else:
                self._contents[number] = path.read_bytes()
            self._listings[self._ids[path.parent]][path.name] = number
        self._passed.clear()

    def open(self, path, flags, mode=0o640):
        creates = bool(flags & os.O_CREAT) and not path.exists()
        if creates:
            self._count()
        elif self.fired:
            raise PowerCut
        fd = super().open(path, flags, mode)
        if creates:
            self._born(path, "file")
        self._fds[fd] = path
        return fd

    def write(self, fd, data):
        return self._write(data, lambda part: super(CutCalls, self).write(fd, part))

    def pwrite(self, fd, data, offset):
        return self._write(data, lambda part: super(CutCalls, self).pwrite(fd, part, offset))

    def _write(self, data, really):
        try:
            self._count()
        except PowerCut:
            # A write that the cut meets may have begun.
            if self.seen == self.nth and len(data) > 1:
                really(memoryview(data)[: len(data) // 2])
            raise
        return really(data)

    def pread(self, fd, size, offset):
        if self.fired:
            raise PowerCut
        return super().pread(fd, size, offset)

    def fdatasync(self, fd):
        self._count()
        self._synced(fd)

    def fsync(self, fd):
        self._count()
        self._synced(fd)

    def ftruncate(self, fd, size):
        self._count()
        super().ftruncate(fd, size)

    def posix_fallocate(self, fd, size):
        self._count()
        super().posix_fallocate(fd, size)

    def rename(self, old, new):
        self._count()
        super().rename(old, new)
        self._ids = {
            (new / path.relative_to(old) if path.is_relative_to(old) else path): number
            for path, number in self._ids.items()
            if not path.is_relative_to(new)
        }
        self._fds = {
            fd: (new / path.relative_to(old) if path.is_relative_to(old) else path) for fd, path in self._fds.items()
        }
        self._renamed(old.parent)
        self._renamed(new.parent)

    def unlink(self, path):
        self._count()
        super().unlink(path)
        self._ids.pop(path, None)
        self._renamed(path.parent)

    def mkdir(self, path):
        self._count()
        super().mkdir(path)
        self._listings[self._born(path, "directory")] = {}

    def rmdir(self, path):
        self._count()
        super().rmdir(path)
        self._ids.pop(path, None)
        self._renamed(path.parent)

    def close(self, fd):
        # Closing loses nothing and keeps nothing, and a test may tidy up after the cut.
        self._fds.pop(fd, None)
        super().close(fd)

    def survivor(self, target, left):
        """Write what the cut left of the directory to `target` (which must not exist) and return it."""
        target = Path(target)
        if left == "written":
            shutil.copytree(self.root, target)
            return target
        self._leave(0, target, left)
        return target

    def _leave(self, number, target, left):
        target.mkdir()
        listing = self._listings[number]
        if isinstance(left, random.Random):
            listing = left.choice([listing, *self._passed.get(number, ())])
        for name, each in sorted(listing.items()):
            if self._kinds[each] == "directory":
                self._leave(each, target / name, left)
            else:
                (target / name).write_bytes(self._content(each, left))

    def _content(self, number, left):
        durable = self._contents.get(number, b"")
        path = self._path(number)
        if not isinstance(left, random.Random) or path is None:
            return durable
        now = path.read_bytes()
        if now == durable:
            return now
        return left.choice([durable, now, _torn(durable, now, left), _mixed(durable, now, left)])

    def _path(self, number):
        return next((path for path, each in self._ids.items() if each == number), None)

    def _born(self, path, kind):
        number, self._next = self._next, self._next + 1
        self._ids[path] = number
        self._kinds[number] = kind
        self._renamed(path.parent)
        return number

    def _renamed(self, directory):
        """Remember what `directory` lists now: the cut may leave that, or anything before it that was not synced."""
        listing = {each.name: number for each, number in self._ids.items() if each.parent == directory and number}
        self._passed.setdefault(self._ids[directory], []).append(listing)

    def _synced(self, fd):
        path = self._fds[fd]
        number = self._ids.get(path)
        if number is None:
            return
        if self._kinds[number] == "directory":
            self._listings[number] = {each.name: n for each, n in self._ids.items() if each.parent == path and n}
            self._passed.pop(number, None)
        else:
            self._contents[number] = path.read_bytes()

    def _count(self):
        if self.fired:
            raise PowerCut
        self.seen += 1
        if self.seen == self.nth:
            self.fired = True
            raise PowerCut


def _torn(old, new, rng):
    """The new bytes up to somewhere in what changed, and the old ones from there on."""
    same = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    at = rng.randint(same, max(len(old), len(new)))
    return new[:at] + old[at:]


def _mixed(old, new, rng):
    """
    Of what was overwritten each sector old or new, as the disk got to it; of what was appended a part.

    File systems write appended blocks before the size that covers them, but may
    lengthen a file within its last block first: that reads as zeros.
    """
    size = min(len(old), len(new))
    whole = b"".join(rng.choice([old[:size], new[:size]])[at : at + SECTOR] for at in range(0, size, SECTOR))
    if rng.random() < 0.5:
        return whole + new[size : rng.randint(size, len(new))]
    written = rng.randrange(size, len(new) + SECTOR, SECTOR) // SECTOR * SECTOR
    return (whole + new[size:written]).ljust(min(len(new), -(-max(size, written) // BLOCK) * BLOCK), b"\0")
