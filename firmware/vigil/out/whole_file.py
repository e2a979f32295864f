"""
A file that appears only when it is whole.

What is decrypted must not stay behind when something goes wrong. So the file
has no name until it is finished: even `kill -9` leaves nothing. File systems
which cannot do that (FAT on a USB stick) get a `.part` that is removed on
every way out but that one, and taken over by the next try.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from vigil.errors import StoreFault
from vigil.store.disk import Calls, DiskFile, named

_CANNOT = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT, errno.ENOSYS)


@contextlib.contextmanager
def whole_file(path: Path, *, replace: bool, calls: Calls | None = None) -> Iterator[Callable[[bytes], None]]:
    """
    Yield a function that writes; when the block ends well, all of it is durable at `path`, readable by the owner.

    Raises `StoreFault` where the disk refuses, or where `path` exists and is
    not to be replaced.
    """
    calls = calls or Calls()
    if path.exists() and not replace:
        raise _exists(path)
    part = path.with_name(path.name + ".part")
    with named(path, "create"):
        fd = _nameless(calls, path.parent)
        has_name = fd is None
        if fd is None:
            fd = _part(calls, part)
    file = DiskFile(calls, fd, path)
    try:
        yield file.append
        file.sync()
        with named(path, "finish"):
            if not has_name:
                _give_name(fd, part if replace else path)
            if has_name or replace:
                _rename(calls, part, path, replace=replace)
    except BaseException:
        if has_name:
            part.unlink(missing_ok=True)
        raise
    finally:
        file.close()
    with named(path, "sync the directory of"):
        _sync_directory(calls, path.parent)


def _nameless(calls: Calls, directory: Path) -> int | None:
    """Open a file without a name, None where the file system has none."""
    try:
        return calls.open(directory, os.O_TMPFILE | os.O_WRONLY, 0o600)
    except OSError as error:
        if error.errno in _CANNOT and directory.is_dir():
            return None
        raise


def _part(calls: Calls, part: Path) -> int:
    fd = calls.open(part, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        calls.ftruncate(fd, 0)
    except BlockingIOError:
        calls.close(fd)
        raise OSError(errno.EBUSY, f"another export is writing {part.name}") from None
    return fd


def _give_name(fd: int, path: Path) -> None:
    path_fd = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(FileNotFoundError):
            if path.suffix == ".part":
                path.unlink()
        # Only with directories given does Python ask for linkat(2), which follows the link in /proc to the file.
        os.link(f"/proc/self/fd/{fd}", path.name, src_dir_fd=path_fd, dst_dir_fd=path_fd, follow_symlinks=True)
    finally:
        os.close(path_fd)


def _rename(calls: Calls, part: Path, path: Path, *, replace: bool) -> None:
    if path.exists() and not replace:
        raise FileExistsError(errno.EEXIST, "it was made by somebody else meanwhile")
    calls.rename(part, path)


def _sync_directory(calls: Calls, directory: Path) -> None:
    fd = calls.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        calls.fsync(fd)
    finally:
        calls.close(fd)


def _exists(path: Path) -> StoreFault:
    fault = StoreFault(f"{path} exists: choose another name, or replace it with --force")
    fault.errno = errno.EEXIST
    return fault
