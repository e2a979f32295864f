"""
Disks that go wrong on purpose: the Nth operation fails. (Those whose power goes are in `power.py`.)

They stand where `vigil.store.disk.Calls` stands. Count the operations of a run
without a fault first (`nth=0` never fires; `seen` says how many there were),
then repeat the run for each N until `fired` stays false:

    for nth in itertools.count(1):
        calls = FaultyCalls(nth, mode="EIO")
        ...
        if not calls.fired:
            break
"""

import errno
import os
from pathlib import Path

from vigil.store.disk import Calls

WRITES = frozenset({"write", "pwrite"})
GROWS = WRITES | {"create", "posix_fallocate", "mkdir", "rename", "fdatasync", "fsync"}
EVERY = GROWS | {"open", "pread", "ftruncate", "unlink", "rmdir"}
BEFALLS = {"EIO": EVERY, "ENOSPC": GROWS, "EROFS": EVERY - {"open", "pread"}, "short": WRITES}


class FaultyCalls(Calls):
    """
    Lets the Nth operation that `mode` can befall fail, or all from the Nth on where it is `lasting`.

    EIO befalls every operation, ENOSPC those that need room, EROFS those that
    change something; both of them and EIO tear the write that they befall.
    `short` writes a part and says so, as write(2) may. `only` narrows the
    operations by name (``create`` is an open that creates).
    """

    def __init__(self, nth, *, mode="EIO", lasting=False, only=None):
        self.nth = nth
        self.seen = 0
        self.fired = False
        self.healed = False
        self.befell = ""
        self._mode = mode
        self._lasting = lasting
        self._befalls = BEFALLS[mode] if only is None else BEFALLS[mode] & set(only)

    def heal(self):
        """The disk is good again, for ever."""
        self.healed = True

    def _hit(self, operation):
        if self.healed or operation not in self._befalls:
            return False
        self.seen += 1
        hit = self.seen == self.nth or (self._lasting and self.nth and self.seen > self.nth)
        if hit:
            self.fired = True
            self.befell = self.befell or operation
        return hit

    def _fail(self, operation):
        if self._hit(operation):
            self._refuse()

    def _refuse(self):
        number = getattr(errno, self._mode)
        raise OSError(number, os.strerror(number))

    def open(self, path, flags, mode=0o640):
        self._fail("create" if flags & os.O_CREAT and not path.exists() else "open")
        return super().open(path, flags, mode)

    def write(self, fd, data):
        return self._write("write", data, lambda part: super(FaultyCalls, self).write(fd, part))

    def pwrite(self, fd, data, offset):
        return self._write("pwrite", data, lambda part: super(FaultyCalls, self).pwrite(fd, part, offset))

    def _write(self, operation, data, really):
        if not self._hit(operation):
            return really(data)
        part = memoryview(data)[: len(data) // 2]
        done = really(part) if part else 0
        if self._mode != "short":
            self._refuse()
        return done or really(memoryview(data)[:1])

    def pread(self, fd, size, offset):
        self._fail("pread")
        return super().pread(fd, size, offset)

    def fdatasync(self, fd):
        # Not really synced: no test pulls the machine's own plug, and hundreds of runs wait for the disk otherwise.
        self._fail("fdatasync")

    def fsync(self, fd):
        self._fail("fsync")

    def ftruncate(self, fd, size):
        self._fail("ftruncate")
        super().ftruncate(fd, size)

    def posix_fallocate(self, fd, size):
        self._fail("posix_fallocate")
        super().posix_fallocate(fd, size)

    def rename(self, old, new):
        self._fail("rename")
        super().rename(old, new)

    def unlink(self, path):
        self._fail("unlink")
        super().unlink(path)

    def mkdir(self, path):
        self._fail("mkdir")
        super().mkdir(path)

    def rmdir(self, path):
        self._fail("rmdir")
        super().rmdir(path)


class BadSectors(Calls):
    """A disk that has lost bytes: reading the files in `lost`, or writing over them, fails every time."""

    def __init__(self, *lost):
        self.lost = set(lost)
        self._fds = {}

    def open(self, path, flags, mode=0o640):
        fd = super().open(path, flags, mode)
        self._fds[fd] = Path(path)
        return fd

    def pread(self, fd, size, offset):
        self._touch(fd)
        return super().pread(fd, size, offset)

    def pwrite(self, fd, data, offset):
        self._touch(fd)
        return super().pwrite(fd, data, offset)

    def _touch(self, fd):
        if self._fds.get(fd) in self.lost:
            raise OSError(errno.EIO, os.strerror(errno.EIO))


class RottenFiles(Calls):
    """
    A disk that has lost the content of some files: reading it fails, with EIO or, as dm-integrity says it, EILSEQ.

    What is written in their place is whole again, for it lies elsewhere.
    """

    def __init__(self, *lost, number=errno.EILSEQ):
        self.number = number
        self._inodes = {path.stat().st_ino for path in lost}

    def pread(self, fd, size, offset):
        if os.fstat(fd).st_ino in self._inodes:
            raise OSError(self.number, os.strerror(self.number))
        return super().pread(fd, size, offset)
