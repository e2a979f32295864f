"""
The only door to the disk: few operations, each of which either happened or raised.

`Disk` is what the rest of the program sees. It is written against `Calls`, a
thin copy of the operating system's own calls, so that a test can let the Nth
call fail, write short, or run out of space, without any of the code above
knowing.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from vigil.errors import StoreFault

log = logging.getLogger(__name__)

_KEEP_SIZE = 1
"""FALLOC_FL_KEEP_SIZE of linux/falloc.h."""

UNREADABLE = {errno.EIO, errno.EILSEQ, errno.EUCLEAN, errno.EBADMSG, errno.ENODATA}
"""What a disk answers that has lost the bytes; EILSEQ is dm-integrity's."""


class Calls:
    """The operating system's calls that Vigil's stores are made of."""

    def open(self, path: Path, flags: int, mode: int = 0o660) -> int:
        """open(2), always close-on-exec."""
        return os.open(path, flags | os.O_CLOEXEC, mode)

    def write(self, fd: int, data: bytes | memoryview) -> int:
        """write(2): may be short."""
        return os.write(fd, data)

    def pwrite(self, fd: int, data: bytes | memoryview, offset: int) -> int:
        """pwrite(2): may be short."""
        return os.pwrite(fd, data, offset)

    def pread(self, fd: int, size: int, offset: int) -> bytes:
        """pread(2): may be short."""
        return os.pread(fd, size, offset)

    def fdatasync(self, fd: int) -> None:
        """fdatasync(2)."""
        os.fdatasync(fd)

    def fsync(self, fd: int) -> None:
        """fsync(2)."""
        os.fsync(fd)

    def ftruncate(self, fd: int, size: int) -> None:
        """ftruncate(2)."""
        os.ftruncate(fd, size)

    def posix_fallocate(self, fd: int, size: int) -> None:
        """posix_fallocate(3) from the start."""
        os.posix_fallocate(fd, 0, size)

    def fallocate_behind(self, fd: int, offset: int, size: int) -> None:
        """fallocate(2) with FALLOC_FL_KEEP_SIZE, which Python does not offer."""
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.fallocate(fd, _KEEP_SIZE, ctypes.c_int64(offset), ctypes.c_int64(size)):
            raise OSError(ctypes.get_errno(), "fallocate")

    def rename(self, old: Path, new: Path) -> None:
        """rename(2)."""
        os.rename(old, new)

    def unlink(self, path: Path) -> None:
        """unlink(2)."""
        os.unlink(path)

    def mkdir(self, path: Path) -> None:
        """mkdir(2)."""
        os.mkdir(path, 0o770)

    def rmdir(self, path: Path) -> None:
        """rmdir(2)."""
        os.rmdir(path)

    def close(self, fd: int) -> None:
        """close(2)."""
        os.close(fd)


class DiskFile:
    """An open file. Every method raises `StoreFault` when the disk refuses."""

    def __init__(self, calls: Calls, fd: int, path: Path) -> None:
        self._calls = calls
        self._fd = fd
        self.path = path

    def append(self, data: bytes | memoryview) -> None:
        """Write all of `data` at the end (or at the current position)."""
        view = memoryview(data)
        with named(self.path, "write to"):
            while view:
                done = self._calls.write(self._fd, view)
                if done == 0:
                    raise OSError(errno.EIO, "write made no progress")
                view = view[done:]

    def write_at(self, offset: int, data: bytes) -> None:
        """Write all of `data` at `offset`."""
        view = memoryview(data)
        with named(self.path, "write to"):
            while view:
                done = self._calls.pwrite(self._fd, view, offset)
                if done == 0:
                    raise OSError(errno.EIO, "write made no progress")
                view, offset = view[done:], offset + done

    def read_at(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset`; fewer only at the end of the file."""
        parts = []
        with named(self.path, "read"):
            while size and (part := self._calls.pread(self._fd, min(size, 1 << 20), offset)):
                parts.append(part)
                offset, size = offset + len(part), size - len(part)
        return b"".join(parts)

    def sync(self) -> None:
        """Make what was written durable (fdatasync)."""
        with named(self.path, "sync"):
            self._calls.fdatasync(self._fd)

    def truncate(self, size: int) -> None:
        """Cut or extend the file to `size` bytes."""
        with named(self.path, "truncate"):
            self._calls.ftruncate(self._fd, size)

    def reserve(self, size: int) -> None:
        """Allocate `size` bytes of real blocks."""
        with named(self.path, "allocate"):
            self._calls.posix_fallocate(self._fd, size)

    def forget_cached(self, offset: int = 0, size: int = 0) -> None:
        """
        Ask the kernel to forget what it holds of this file, so that the next read is one of the disk.

        Of all of it, unless `size` bytes from `offset` are named.
        """
        os.posix_fadvise(self._fd, offset, size, os.POSIX_FADV_DONTNEED)

    def prepare(self, offset: int, size: int) -> None:
        """
        Ask for blocks behind the file's end, without making it longer: then appending costs no search for them.

        A hint: file systems that cannot, and full ones, are left alone.
        """
        with contextlib.suppress(OSError):
            self._calls.fallocate_behind(self._fd, offset, size)

    def size(self) -> int:
        """Return the file's size in bytes."""
        return os.fstat(self._fd).st_size

    def close(self) -> None:
        """Close. A second close does nothing."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            with named(self.path, "close"):
                self._calls.close(fd)

    def __enter__(self) -> DiskFile:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Disk:
    """Files and directories, with nothing buffered on our side."""

    def __init__(self, calls: Calls | None = None) -> None:
        self._calls = calls or Calls()
        self._unsynced: set[Path] = set()

    def create(self, path: Path) -> DiskFile:
        """Create `path` for appending; it must not exist yet. The directory is not synced."""
        return self._open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND)

    def create_in_place(self, path: Path) -> DiskFile:
        """Create `path`, to be written at places of our choice; it must not exist yet."""
        return self._open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)

    def append(self, path: Path) -> DiskFile:
        """Open `path` for appending, creating it where missing."""
        return self._open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)

    def change(self, path: Path) -> DiskFile:
        """Open the existing `path` for reading and for writing in place."""
        return self._open(path, os.O_RDWR)

    def read(self, path: Path) -> DiskFile:
        """Open the existing `path` for reading."""
        return self._open(path, os.O_RDONLY)

    def read_bytes(self, path: Path) -> bytes:
        """Return the whole content of `path`."""
        with self.read(path) as file:
            return file.read_at(0, file.size())

    def read_unless_lost(self, path: Path) -> bytes | None:
        """Return the content of `path`; None where there is none, or the disk has lost it, which is logged."""
        try:
            return self.read_bytes(path) if path.exists() else None
        except StoreFault as fault:
            if fault.errno not in UNREADABLE:
                raise
            log.error("what was there is lost: %s", fault)
            return None

    def replace(self, path: Path, data: bytes) -> None:
        """Put `data` at `path`, durably, so that a reader finds the old or the new content, never a part."""
        temporary = path.with_name(path.name + ".new")
        if temporary.exists():
            self.unlink(temporary)
        with self.create(temporary) as file:
            file.append(data)
            file.sync()
        self.rename(temporary, path)
        self.sync_directory(path.parent)

    def write_again(self, path: Path, offset: int, data: bytes) -> None:
        """
        Make `data`, which stands at `offset` of `path` already, durable, whoever wrote it.

        A sync alone would not do: after one that failed, the system may believe pages to be written that are not.
        """
        with self.change(path) as file:
            file.write_at(offset, data)
            file.sync()

    def rename(self, old: Path, new: Path) -> None:
        """Rename; the directory is not synced."""
        with named(new, "rename to"):
            self._calls.rename(old, new)

    def unlink(self, path: Path) -> None:
        """Remove a file; that it is already gone is no error. The directory is not synced."""
        with named(path, "delete"), contextlib.suppress(FileNotFoundError):
            self._calls.unlink(path)

    def make_directory(self, path: Path) -> None:
        """Create `path` and what is missing above it, each made durable in its parent."""
        if path.is_dir() and path not in self._unsynced:
            return
        self.make_directory(path.parent)
        # Until its parent is synced it may be gone tomorrow with everything in it: a fault in between is not forgotten.
        self._unsynced.add(path)
        with named(path, "create directory"), contextlib.suppress(FileExistsError):
            self._calls.mkdir(path)
        self.sync_directory(path.parent)
        self._unsynced.discard(path)

    def remove_directory(self, path: Path) -> bool:
        """Remove `path` where it is empty; say whether it is gone."""
        try:
            self._calls.rmdir(path)
        except OSError:
            return not path.exists()
        return True

    def sync_directory(self, path: Path) -> None:
        """Make the names in `path` durable (fsync of the directory)."""
        with named(path, "sync"):
            fd = self._calls.open(path, os.O_RDONLY | os.O_DIRECTORY)
            try:
                self._calls.fsync(fd)
            finally:
                self._calls.close(fd)

    def free_bytes(self, path: Path) -> int:
        """Return the bytes an unprivileged process may still write below `path`."""
        with named(path, "ask for free space of"):
            stat = os.statvfs(path)
        return stat.f_bavail * stat.f_frsize

    @contextlib.contextmanager
    def locked(self, path: Path) -> Iterator[None]:
        """Hold an exclusive lock on the file `path` (flock), waiting for it; released by the kernel on death."""
        with named(path, "lock"):
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def try_lock(self, path: Path) -> int | None:
        """
        Take an exclusive lock on the file `path` without waiting; None where somebody else has it.

        Returns a descriptor; the lock lasts until it is closed (`unlock`) or the process dies.
        """
        with named(path, "lock"):
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        return fd

    def unlock(self, lock: int) -> None:
        """Give back what `try_lock` returned."""
        os.close(lock)

    def _open(self, path: Path, flags: int) -> DiskFile:
        with named(path, "open"):
            return DiskFile(self._calls, self._calls.open(path, flags), path)


@contextlib.contextmanager
def named(path: Path, doing: str) -> Iterator[None]:
    """Turn an `OSError` into a `StoreFault` that names what was being done to which file; errno is kept."""
    try:
        yield
    except OSError as error:
        fault = StoreFault(f"cannot {doing} {path}: {error.strerror or error}")
        fault.errno = error.errno or errno.EIO
        raise fault from error
